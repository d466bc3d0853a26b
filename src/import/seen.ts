/**
 * The ids that a file has had so far, and on which line: 12 bytes per place instead of the hundred and more of a Map
 * of texts, so that a file of millions of rows fits. Ids are told apart by 64 bits of hash: among ten million the
 * chance that any two are mistaken for each other is below one in 300,000.
 */
export class SeenIds {
  #size = 0;
  #places = 1 << 12;
  #high = new Uint32Array(this.#places);
  #low = new Uint32Array(this.#places);
  /** 0 for a free place. */
  #lines = new Uint32Array(this.#places);

  /** Notes the id; the line it already stands on, or 0 when it is new. */
  add(id: string, line: number): number {
    const [high, low] = hash(id);
    const known = this.#put(high, low, line);
    if (known === 0 && ++this.#size * 2 > this.#places) this.#grow();
    return known;
  }

  has(id: string): boolean {
    const [high, low] = hash(id);
    const place = this.#find(high, low);
    return this.#lines[place] !== 0;
  }

  #put(high: number, low: number, line: number): number {
    const place = this.#find(high, low);
    const taken = this.#lines[place] as number;
    if (taken > 0) return taken;
    this.#high[place] = high;
    this.#low[place] = low;
    this.#lines[place] = line;
    return 0;
  }

  /** The place of an id, or the free one where it belongs. */
  #find(high: number, low: number): number {
    const mask = this.#places - 1;
    let place = low & mask;
    while (this.#lines[place] !== 0 && (this.#high[place] !== high || this.#low[place] !== low))
      place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [high, low, lines] = [this.#high, this.#low, this.#lines];
    this.#places *= 2;
    this.#high = new Uint32Array(this.#places);
    this.#low = new Uint32Array(this.#places);
    this.#lines = new Uint32Array(this.#places);
    lines.forEach((line, place) => {
      if (line > 0) this.#put(high[place] as number, low[place] as number, line);
    });
  }
}

/** Two halves of 32 bits each: MurmurHash3's mixing over the characters, from two seeds. */
function hash(id: string): [number, number] {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  return [mix(high ^ Math.imul(low, 0x85ebca6b)), mix(low ^ Math.imul(high, 0xc2b2ae35))];
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
