import { open as openFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { type Entry, open, type ZipFile } from 'yauzl';
import { text } from '../lib/text.ts';
import { ImportStopped } from './stopped.ts';

/** A row of a sheet: the text of its cells by place, and the number that the sheet shows beside it. */
export interface SheetRow {
  readonly line: number;
  readonly cells: string[];
}

/**
 * Limits of what is held in memory: sheets are read as a stream, but the texts that cells share and the parts that say
 * what a sheet is are not. A file that unpacks to more is no table.
 */
const SHARED_MAX = 512 * 1024 * 1024;
const PART_MAX = 16 * 1024 * 1024;
const TEXT_MAX = 8 * 1024 * 1024;
const COLUMNS_MAX = 16_384;

/**
 * The rows of one sheet of an Excel workbook (ECMA-376), one at a time. Numbers come as they are kept, dates as
 * `YYYY-MM-DD` or `YYYY-MM-DD HH:mm:ss` whatever way the sheet shows them, formulas by their last value. `onShare` hears
 * which share of the sheet has been read.
 */
export async function* readWorkbook(
  path: string,
  sheet: string | null,
  onShare: (share: number) => void = () => undefined,
): AsyncGenerator<SheetRow> {
  await checkSignature(path);
  const zip = await openZip(path);
  try {
    const parts = await partsOf(zip);
    const book = await readBook(path, zip, parts);
    const entry = await chooseSheet(path, zip, parts, book, sheet);
    const shared = await readShared(path, zip, parts.get(book.sharedStrings ?? ''));
    const dates = await readDateStyles(path, zip, parts.get(book.styles ?? ''));
    let read = 0;
    const rows = new RowReader(path, { shared, dates, date1904: book.date1904 });
    for await (const chunk of await streamOf(path, zip, entry)) {
      read += chunk.length;
      yield* rows.write(chunk);
      onShare(read / Math.max(entry.uncompressedSize, 1));
    }
    yield* rows.end();
  } finally {
    zip.close();
  }
}

/** Workbooks of Excel 97 and encrypted ones are kept in another container than the zip files of today. */
const COMPOUND_FILE = Buffer.from([0xd0, 0xcf, 0x11, 0xe0]);

async function checkSignature(path: string): Promise<void> {
  const file = await openFile(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer.equals(COMPOUND_FILE)) {
      throw stopped(
        `${path} is a workbook with a password or of Excel 97 (.xls): save it as .xlsx without a password.`,
        `${path} 是加密的工作簿或 Excel 97 格式（.xls），请另存为不带密码的 .xlsx。`,
      );
    }
  } finally {
    await file.close();
  }
}

function stopped(en: string, zh: string): ImportStopped {
  return new ImportStopped(text(en, zh));
}

function notAWorkbook(path: string, why: string): ImportStopped {
  return stopped(`${path} is no workbook (.xlsx): ${why}.`, `${path} 不是 .xlsx 工作簿：${why}。`);
}

const openLazily = promisify<string, object, ZipFile>(open as never);

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openLazily(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw notAWorkbook(path, (error as Error).message);
  }
}

/** The entries of the archive by their names, without the slash that some writers begin them with. */
async function partsOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const parts = new Map<string, Entry>();
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      parts.set(entry.fileName.replace(/^\//, ''), entry);
      zip.readEntry();
    });
    zip.once('end', resolve);
    zip.once('error', reject);
    zip.readEntry();
  });
  return parts;
}

async function streamOf(path: string, zip: ZipFile, entry: Entry): Promise<Readable> {
  const openStream = promisify<Entry, Readable>(zip.openReadStream.bind(zip) as never);
  try {
    return await openStream(entry);
  } catch (error) {
    throw notAWorkbook(path, (error as Error).message);
  }
}

/** Parses a part that is held in memory while it is read. */
async function parsePart(
  path: string,
  zip: ZipFile,
  entry: Entry,
  most: number,
  handlers: {
    readonly open?: (tag: SaxesTagPlain) => void;
    readonly close?: (tag: SaxesTagPlain) => void;
    readonly text?: (value: string) => void;
  },
): Promise<void> {
  if (entry.uncompressedSize > most) {
    throw notAWorkbook(path, `${entry.fileName} unpacks to more than ${most / 1024 / 1024} MB`);
  }
  const parser = parserOf(path);
  if (handlers.open) parser.on('opentag', handlers.open);
  if (handlers.close) parser.on('closetag', handlers.close);
  if (handlers.text) parser.on('text', handlers.text);
  const decoder = new TextDecoder();
  for await (const chunk of await streamOf(path, zip, entry)) {
    parser.write(decoder.decode(chunk as Buffer, { stream: true }));
  }
  parser.close();
}

function parserOf(path: string): SaxesParser {
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw notAWorkbook(path, error.message);
  });
  // Entities of a document type's own could unpack to anything; spreadsheets have none.
  parser.on('doctype', () => {
    throw notAWorkbook(path, 'a part has a document type');
  });
  return parser;
}

/** Without the prefix that some writers give to all their tags. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

interface Sheet {
  readonly name: string;
  readonly hidden: boolean;
  readonly part: string;
}

interface Book {
  readonly sheets: readonly Sheet[];
  readonly date1904: boolean;
  readonly sharedStrings: string | null;
  readonly styles: string | null;
}

async function readBook(path: string, zip: ZipFile, parts: ReadonlyMap<string, Entry>): Promise<Book> {
  const office = await relationsOf(path, zip, parts, '');
  const bookPart = [...office.values()].find(({ type }) => type === 'officeDocument')?.target;
  const entry = parts.get(bookPart ?? 'xl/workbook.xml');
  if (!entry) throw notAWorkbook(path, 'it has no workbook part');
  const relations = await relationsOf(path, zip, parts, entry.fileName.replace(/^\//, ''));
  const sheets: Sheet[] = [];
  let date1904 = false;
  await parsePart(path, zip, entry, PART_MAX, {
    open({ name, attributes }) {
      if (localName(name) === 'workbookPr') date1904 = ['1', 'true'].includes(attributes.date1904 ?? '');
      if (localName(name) !== 'sheet') return;
      const relation = Object.entries(attributes).find(([key]) => localName(key) === 'id')?.[1] ?? '';
      sheets.push({
        name: attributes.name ?? '',
        hidden: (attributes.state ?? 'visible') !== 'visible',
        part: relations.get(relation)?.target ?? '',
      });
    },
  });
  const ofType = (type: string) => [...relations.values()].find((one) => one.type === type)?.target ?? null;
  return { sheets, date1904, sharedStrings: ofType('sharedStrings'), styles: ofType('styles') };
}

/** What a part refers to, by id: the last word of the relation's type, and the name of the other part. */
async function relationsOf(
  path: string,
  zip: ZipFile,
  parts: ReadonlyMap<string, Entry>,
  part: string,
): Promise<Map<string, { type: string; target: string }>> {
  const folder = posix.dirname(part);
  const entry = parts.get(posix.join(folder, '_rels', `${posix.basename(part)}.rels`));
  const relations = new Map<string, { type: string; target: string }>();
  if (!entry) return relations;
  await parsePart(path, zip, entry, PART_MAX, {
    open({ name, attributes }) {
      if (localName(name) !== 'Relationship') return;
      const target = attributes.Target ?? '';
      relations.set(attributes.Id ?? '', {
        type: (attributes.Type ?? '').split('/').at(-1) ?? '',
        target: target.startsWith('/') ? target.slice(1) : posix.join(folder, target),
      });
    },
  });
  return relations;
}

/** The sheet that is named, by its name or its place among those that are shown; the only one with cells otherwise. */
async function chooseSheet(
  path: string,
  zip: ZipFile,
  parts: ReadonlyMap<string, Entry>,
  { sheets }: Book,
  wanted: string | null,
): Promise<Entry> {
  const shown = sheets.filter(({ hidden }) => !hidden);
  const named = (candidates: readonly Sheet[]) => candidates.map(({ name }) => name).join(', ');
  if (wanted !== null) {
    const found = sheets.find(({ name }) => name === wanted) ?? shown[Number(wanted) - 1];
    const entry = found && parts.get(found.part);
    if (entry) return entry;
    throw stopped(
      `--sheet is "${wanted}"; accepted: the name or the number of one of ${named(shown)}.`,
      `--sheet 为“${wanted}”；可用：以下工作表的名称或序号：${named(shown)}。`,
    );
  }
  const filled: { sheet: Sheet; entry: Entry }[] = [];
  for (const sheet of shown) {
    const entry = parts.get(sheet.part);
    if (entry && (await hasCells(path, zip, entry))) filled.push({ sheet, entry });
  }
  const [only, another] = filled;
  if (only && !another) return only.entry;
  if (!only) throw stopped(`${path} has no sheet with cells.`, `${path} 没有含数据的工作表。`);
  const names = named(filled.map(({ sheet }) => sheet));
  throw stopped(
    `${path} has several sheets: name one of them by --sheet. Accepted: ${names}.`,
    `${path} 有多个工作表，请用 --sheet 指明其一。可用：${names}。`,
  );
}

/** Looks as far as the first cell. */
async function hasCells(path: string, zip: ZipFile, entry: Entry): Promise<boolean> {
  const parser = parserOf(path);
  let found = false;
  parser.on('opentag', ({ name }) => {
    found ||= localName(name) === 'c';
  });
  const decoder = new TextDecoder();
  const stream = await streamOf(path, zip, entry);
  for await (const chunk of stream) {
    parser.write(decoder.decode(chunk as Buffer, { stream: true }));
    if (found) break;
  }
  stream.destroy();
  return found;
}

/** Texts that cells share, in their order; how they are pronounced is left out. */
async function readShared(path: string, zip: ZipFile, entry: Entry | undefined): Promise<string[]> {
  const shared: string[] = [];
  if (!entry) return shared;
  let item = '';
  let inText = false;
  let inPhonetic = false;
  await parsePart(path, zip, entry, SHARED_MAX, {
    open({ name }) {
      const tag = localName(name);
      if (tag === 'si') item = '';
      else if (tag === 't') inText = true;
      else if (tag === 'rPh') inPhonetic = true;
    },
    close({ name }) {
      const tag = localName(name);
      if (tag === 'si') shared.push(unescaped(item));
      else if (tag === 't') inText = false;
      else if (tag === 'rPh') inPhonetic = false;
    },
    text(value) {
      if (inText && !inPhonetic) item += value;
    },
  });
  return shared;
}

/** Characters that XML has no place for are written _x000D_. */
function unescaped(value: string): string {
  return value.includes('_x')
    ? value.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
    : value;
}

/** What of a date a number format shows. */
interface DateStyle {
  readonly day: boolean;
  readonly time: boolean;
}

const DAY: DateStyle = { day: true, time: false };
const TIME: DateStyle = { day: false, time: true };
const BOTH: DateStyle = { day: true, time: true };

/** Formats that have a number instead of a code, those of East Asia among them. */
const BUILT_IN: readonly [from: number, to: number, style: DateStyle][] = [
  [14, 17, DAY],
  [18, 21, TIME],
  [22, 22, BOTH],
  [27, 31, DAY],
  [32, 35, TIME],
  [36, 36, DAY],
  [45, 47, TIME],
  [50, 54, DAY],
  [55, 56, TIME],
  [57, 58, DAY],
];

/** By the number of a cell's style: null where it shows no date. */
async function readDateStyles(
  path: string,
  zip: ZipFile,
  entry: Entry | undefined,
): Promise<(DateStyle | null)[]> {
  const codes = new Map<string, string>();
  const styles: (DateStyle | null)[] = [];
  if (!entry) return styles;
  let inCellFormats = false;
  await parsePart(path, zip, entry, PART_MAX, {
    open({ name, attributes }) {
      const tag = localName(name);
      if (tag === 'numFmt') codes.set(attributes.numFmtId ?? '', attributes.formatCode ?? '');
      else if (tag === 'cellXfs') inCellFormats = true;
      else if (tag === 'xf' && inCellFormats) {
        const id = attributes.numFmtId ?? '0';
        const code = codes.get(id);
        styles.push(code === undefined ? builtIn(Number(id)) : styleOf(code));
      }
    },
    close({ name }) {
      if (localName(name) === 'cellXfs') inCellFormats = false;
    },
  });
  return styles;
}

function builtIn(id: number): DateStyle | null {
  return BUILT_IN.find(([from, to]) => id >= from && id <= to)?.[2] ?? null;
}

/** What a format code such as yyyy"年"m"月"d"日" h:mm shows, its first section counting. */
function styleOf(code: string): DateStyle | null {
  const bare = code
    .replaceAll(/"[^"]*"|\\.|_.|\*./g, '')
    // Colours, conditions and languages; elapsed time [h]:mm is a number of hours and no time of a day.
    .replaceAll(/\[[^\]]*\]/g, (bracketed) => (/^\[(h+|m+|s+)\]$/i.test(bracketed) ? '#' : ''))
    .split(';', 1)[0];
  if (bare === undefined || bare.includes('#') || /general/i.test(bare)) return null;
  const day = /[dyeg]/i.test(bare) || (/m/i.test(bare) && !/[hs]/i.test(bare));
  const time = /[hs]/i.test(bare);
  if (/[0?]/.test(bare.replaceAll(/[.,]0+/g, ''))) return null;
  return day || time ? { day, time } : null;
}

const SECONDS_A_DAY = 86_400;
/** Sheets count days from here; the first sixty days of 1900 have one too few, as a leap day stands in 1900 that was none. */
const DAY_ZERO = Date.UTC(1899, 11, 30);
const DAY_ZERO_1904 = Date.UTC(1904, 0, 1);

/** A date of a sheet as it stands on the wall: no time zone is in it. Null where it is no date. */
export function serialText(serial: number, style: DateStyle, date1904: boolean): string | null {
  if (!Number.isFinite(serial) || serial < 0 || serial > 2_958_466) return null;
  // Times are kept as parts of a day: what is closer to a second than they can tell is that second.
  const milliseconds = Math.round(serial * SECONDS_A_DAY * 1000);
  const second = Math.round(milliseconds / 1000) * 1000;
  const rounded = Math.abs(milliseconds - second) <= 1 ? second : milliseconds;
  const shift = !date1904 && serial < 60 ? SECONDS_A_DAY * 1000 : 0;
  const written = new Date((date1904 ? DAY_ZERO_1904 : DAY_ZERO) + shift + rounded).toISOString();
  const day = written.slice(0, 10);
  const time = written.slice(11, written.endsWith('.000Z') ? 19 : 23);
  if (!style.day && serial < 1) return time;
  return style.time || time !== '00:00:00' ? `${day} ${time}` : day;
}

/** A number as exact as the sheet keeps it, without an exponent and without the digits that binary numbers add. */
export function numberText(written: string): string {
  if (/^-?\d{1,15}$/.test(written)) return written;
  const number = Number(written);
  if (written.trim() === '' || !Number.isFinite(number)) return written;
  const shortest = String(number);
  if (!shortest.includes('e')) return shortest;
  return Number.isInteger(number) ? BigInt(number).toString() : number.toFixed(20).replace(/\.?0+$/, '');
}

/** What the cells of a sheet refer to. */
interface SheetBook {
  readonly shared: readonly string[];
  readonly dates: readonly (DateStyle | null)[];
  readonly date1904: boolean;
}

/** Takes a sheet apart as its XML comes. */
class RowReader {
  readonly #parser: SaxesParser;
  readonly #decoder = new TextDecoder();
  readonly #path: string;
  readonly #book: SheetBook;
  #ready: SheetRow[] = [];
  #line = 0;
  #cells: string[] = [];
  #place = -1;
  #type = 'n';
  #style = 0;
  #value = '';
  #inValue = false;
  #inPhonetic = false;
  #sinceTag = 0;

  constructor(path: string, book: SheetBook) {
    this.#path = path;
    this.#book = book;
    this.#parser = parserOf(path);
    this.#parser.on('opentag', (tag) => this.#open(tag));
    this.#parser.on('closetag', ({ name }) => this.#close(localName(name)));
    this.#parser.on('text', (value) => {
      if (this.#inValue && !this.#inPhonetic) this.#value += value;
    });
  }

  write(chunk: Buffer): SheetRow[] {
    this.#sinceTag += chunk.length;
    this.#parser.write(this.#decoder.decode(chunk, { stream: true }));
    if (this.#sinceTag > TEXT_MAX) {
      throw notAWorkbook(
        this.#path,
        `a cell after row ${this.#line} has more than ${TEXT_MAX / 1024 / 1024} MB`,
      );
    }
    return this.#take();
  }

  end(): SheetRow[] {
    this.#parser.close();
    return this.#take();
  }

  #take(): SheetRow[] {
    const rows = this.#ready;
    this.#ready = [];
    return rows;
  }

  #open({ name, attributes }: SaxesTagPlain): void {
    this.#sinceTag = 0;
    const tag = localName(name);
    if (tag === 'row') {
      // Rows and cells without a place follow the one before.
      this.#line = Number(attributes.r ?? this.#line + 1);
      this.#cells = [];
      this.#place = -1;
    } else if (tag === 'c') {
      this.#place = attributes.r === undefined ? this.#place + 1 : placeOf(attributes.r);
      if (this.#place >= COLUMNS_MAX)
        throw notAWorkbook(this.#path, `row ${this.#line} has a cell ${attributes.r}`);
      this.#type = attributes.t ?? 'n';
      this.#style = Number(attributes.s ?? 0);
      this.#value = '';
    } else if (tag === 'v' || tag === 't') this.#inValue = true;
    else if (tag === 'rPh') this.#inPhonetic = true;
  }

  #close(tag: string): void {
    if (tag === 'v' || tag === 't') this.#inValue = false;
    else if (tag === 'rPh') this.#inPhonetic = false;
    else if (tag === 'c') {
      while (this.#cells.length < this.#place) this.#cells.push('');
      this.#cells[this.#place] = this.#text();
    } else if (tag === 'row') this.#ready.push({ line: this.#line, cells: this.#cells });
  }

  #text(): string {
    const value = this.#value;
    switch (this.#type) {
      case 's':
        return this.#book.shared[Number(value)] ?? '';
      case 'b':
        return value === '' ? '' : value === '1' ? 'true' : 'false';
      case 'd':
        return value.replace('T', ' ');
      case 'n': {
        if (value === '') return '';
        const style = this.#book.dates[this.#style];
        return (style && serialText(Number(value), style, this.#book.date1904)) ?? numberText(value);
      }
      default:
        // Texts of the cell's own, of a formula, and errors such as #N/A.
        return unescaped(value);
    }
  }
}

/** AB12 is the 28th column: 27. */
function placeOf(reference: string): number {
  let place = 0;
  for (const letter of reference) {
    const code = letter.charCodeAt(0) - 64;
    if (code < 1 || code > 26) break;
    place = place * 26 + code;
  }
  return place - 1;
}
