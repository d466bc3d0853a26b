import { type CsvError, parse } from 'csv-parse';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { type Text, text } from '../lib/text.ts';
import { ImportStopped } from './stopped.ts';

export const FORMATS = ['csv', 'xlsx', 'json', 'ndjson'] as const;

export type Format = (typeof FORMATS)[number];
/** Read as lines of text. */
export type TextFormat = Exclude<Format, 'xlsx'>;

/** A row of the file: its cells by the names of their columns. */
export interface SourceRow {
  /** The line in the file that the row begins on, from 1. */
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** A row that could not be taken apart into cells. */
export interface BrokenRow {
  readonly line: number;
  readonly value: string;
  readonly accepted: Text;
}

export interface Records {
  /** The columns of the file; null where every row names its own. */
  readonly columns: readonly string[] | null;
  readonly rows: AsyncGenerator<SourceRow | BrokenRow>;
}

/** The format that a file's name tells. */
export function formatOf(path: string): Format | null {
  const extension = extname(path).toLowerCase();
  if (['.csv', '.tsv', '.txt'].includes(extension)) return 'csv';
  if (['.xlsx', '.xlsm'].includes(extension)) return 'xlsx';
  if (extension === '.json') return 'json';
  return extension === '.ndjson' || extension === '.jsonl' ? 'ndjson' : null;
}

/** Takes the lines of a file apart into rows; holds one row at a time. */
export async function readRecords(
  lines: AsyncIterable<string>,
  options: { readonly format: TextFormat; readonly delimiter: string },
): Promise<Records> {
  if (options.format === 'json') return { columns: null, rows: jsonRows(lines) };
  if (options.format === 'ndjson') return { columns: null, rows: ndjsonRows(lines) };
  return tableRecords(csvCells(lines, options.delimiter));
}

/** More characters than this are no row but the sign of a quote that is never closed. */
const RECORD_MAX = 1_000_000;

interface CsvRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** A table whose first row has the names of the columns. */
export async function tableRecords(
  records: AsyncGenerator<{ line: number; cells: string[] }>,
): Promise<Records> {
  const first = await records.next();
  if (first.done) {
    throw new ImportStopped(
      text(
        'The file is empty. Accepted: a first line with the names of the columns.',
        '文件为空，首行应为列名。',
      ),
    );
  }
  const columns = first.value.cells.map((name) => name.trim());
  const repeated = columns.find((name, at) => name !== '' && columns.indexOf(name) < at);
  if (repeated !== undefined) {
    throw new ImportStopped(
      text(
        `Column "${repeated}" stands twice in the first line. Accepted: each name once.`,
        `首行中列名“${repeated}”重复，每个列名只能出现一次。`,
      ),
    );
  }
  return { columns: columns.filter((name) => name !== ''), rows: tableRows(records, columns) };
}

async function* tableRows(
  records: AsyncGenerator<{ line: number; cells: string[] }>,
  columns: readonly string[],
): AsyncGenerator<SourceRow | BrokenRow> {
  for await (const { line, cells } of records) {
    // Blank lines, and the rows of nothing that spreadsheets leave below a table.
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (cells.length < columns.length || cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
      yield {
        line,
        value: cells.join(','),
        accepted: text(
          `${columns.length} cells as in the first line; this row has ${cells.length} (a quote that is not closed joins rows)`,
          `与首行一致的 ${columns.length} 列；该行有 ${cells.length} 列（未闭合的引号会把多行连在一起）`,
        ),
      };
    } else {
      const row = new Map<string, string>();
      for (let at = 0; at < columns.length; at += 1) {
        const name = columns[at];
        if (name) row.set(name, cells[at] as string);
      }
      yield { line, cells: row };
    }
  }
}

async function* csvCells(
  lines: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<{ line: number; cells: string[] }> {
  const parser = parse({
    delimiter,
    record_delimiter: '\n',
    info: true,
    // A quote inside of a cell that is not quoted is a character like any other: 5" pipe.
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: RECORD_MAX,
  });
  const source = Readable.from(lines, { objectMode: false });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let lastLine = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const inside = record.reduce(
        (sum, cell) => sum + (cell.includes('\n') ? cell.split('\n').length - 1 : 0),
        0,
      );
      lastLine = info.lines;
      yield { line: info.lines - inside, cells: record };
    }
  } catch (error) {
    throw isQuoteError(error) ? quoteNotClosed(lastLine + 1) : error;
  } finally {
    source.destroy();
  }
}

function isQuoteError(error: unknown): boolean {
  return ['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE'].includes((error as CsvError).code);
}

function quoteNotClosed(line: number): ImportStopped {
  return new ImportStopped(
    text(
      `A quote in line ${line}, or in a line after it, is not closed. Mend it and run the import again; what was imported before it stays.`,
      `第 ${line} 行或其后有未闭合的引号。请修正后重新导入；此前已导入的保留。`,
    ),
  );
}

const AN_OBJECT = text('a JSON object, {"column": value, …}', 'JSON 对象 {"列": 值, …}');

async function* ndjsonRows(lines: AsyncIterable<string>): AsyncGenerator<SourceRow | BrokenRow> {
  let line = 0;
  for await (const block of lines) {
    for (const value of block.replace(/\n$/, '').split('\n')) {
      line += 1;
      if (value.trim() !== '') yield jsonRow(line, value);
    }
  }
}

/** Takes a list of objects apart element by element, so that the file need not fit into memory. */
async function* jsonRows(lines: AsyncIterable<string>): AsyncGenerator<SourceRow | BrokenRow> {
  let line = 1;
  /** Open brackets: 0 outside of the list, 1 between its elements. */
  let depth = 0;
  let ended = false;
  let inString = false;
  let element = '';
  let elementLine = 1;
  for await (const block of lines) {
    let from = 0;
    for (let at = 0; at < block.length; at += 1) {
      const code = block.charCodeAt(at);
      if (code === NEWLINE) line += 1;
      if (inString) {
        if (code === BACKSLASH) at += 1;
        else if (code === QUOTE) inString = false;
      } else if (depth === 0 || ended) {
        if (code === OPEN_LIST && !ended) {
          depth = 1;
          from = at + 1;
          elementLine = line;
        } else if (code > SPACE) throw notAList(line);
      } else if (depth === 1 && (code === COMMA || code === CLOSE_LIST)) {
        element += block.slice(from, at);
        if (element.trim() !== '') yield jsonRow(elementLine, element);
        element = '';
        from = at + 1;
        if (code === CLOSE_LIST) ended = true;
      } else {
        if (depth === 1 && code > SPACE && (element + block.slice(from, at)).trim() === '')
          elementLine = line;
        if (code === QUOTE) inString = true;
        else if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1;
        else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth -= 1;
      }
    }
    if (depth > 0 && !ended) element += block.slice(from);
    if (element.length > RECORD_MAX) throw notAList(elementLine);
  }
  if (!ended) throw notAList(depth === 0 ? line : elementLine);
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function notAList(line: number): ImportStopped {
  return new ImportStopped(
    text(
      `From line ${line} on the file is no list of objects. Accepted: [{…}, {…}] as .json, or one object per line as .ndjson.`,
      `从第 ${line} 行起不是对象列表。请使用 [{…}, {…}] 形式的 .json，或每行一个对象的 .ndjson。`,
    ),
  );
}

function jsonRow(line: number, value: string): SourceRow | BrokenRow {
  const parsed = parseJson(value);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { line, value: value.trim(), accepted: AN_OBJECT };
  }
  const cells = new Map<string, string>();
  addCells(cells, '', parsed);
  return { line, cells };
}

/** Parsed, with numbers left as they are written: a long id or an amount loses no digit. Undefined for no JSON. */
function parseJson(value: string): unknown {
  try {
    return JSON.parse(value, keepNumberText);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function keepNumberText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

/** An object in an object becomes cells with dotted names; a list stays JSON; null is an empty cell. */
function addCells(cells: Map<string, string>, prefix: string, object: object): void {
  for (const [name, value] of Object.entries(object) as [string, unknown][]) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      addCells(cells, `${prefix}${name}.`, value);
    else cells.set(`${prefix}${name}`, cellText(value));
  }
}

function cellText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
