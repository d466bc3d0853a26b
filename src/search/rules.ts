/** The most characters that are searched for. */
export const WORD_MOST = 200;

/** How much of a text stands before and after what was found. */
const BEFORE = 30;
const AFTER = 60;

/** A piece of a text, and whether it is what was searched for. */
export interface SnippetPart {
  readonly text: string;
  readonly match: boolean;
}

/** A text as search_text compares it, and where each of its characters stands in the text. */
function folded(text: string): { readonly found: string; readonly places: readonly number[] } {
  let found = '';
  const places: number[] = [];
  let place = 0;
  for (const character of text) {
    for (const part of character
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s\p{Cc}]+/gu, ' ')) {
      if (part === ' ' && found.endsWith(' ')) continue;
      found += part;
      for (let unit = 0; unit < part.length; unit += 1) places.push(place);
    }
    place += character.length;
  }
  places.push(place);
  return { found, places };
}

/** What stands around the first place where a text holds a word, with every place of it marked; its beginning without one. */
export function snippetOf(text: string, word: string): SnippetPart[] {
  const { found, places } = folded(text);
  const wanted = folded(word).found;
  const first = found.indexOf(wanted);
  const from = Math.max(0, first - BEFORE);
  const until = Math.min(found.length, Math.max(first, 0) + wanted.length + AFTER);
  const piece = (start: number, end: number) =>
    text.slice(places[start], places[end]).replaceAll(/\s+/g, ' ');
  const parts: SnippetPart[] = [];
  const add = (part: string, match: boolean) => {
    if (part !== '') parts.push({ text: part, match });
  };
  let at = from;
  for (let next = first; next >= 0 && next + wanted.length <= until; ) {
    add(`${at === from && from > 0 ? '…' : ''}${piece(at, next)}`, false);
    add(piece(next, next + wanted.length), true);
    at = next + wanted.length;
    next = found.indexOf(wanted, at);
  }
  add(`${piece(at, until)}${until < found.length ? '…' : ''}`, false);
  return parts;
}
