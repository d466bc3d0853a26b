import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { text } from '../lib/text.ts';
import { ImportStopped } from './stopped.ts';

/** Encodings a file may be in. `latin1` is Windows-1252, its superset that western office programs write. */
export const ENCODINGS = ['utf-8', 'gb18030', 'utf-16le', 'latin1'] as const;

export type Encoding = (typeof ENCODINGS)[number];

/** The marks that files may begin with, by what they say the encoding is. */
const MARKS = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
] as const;

/** A line of more bytes belongs to no table; without a limit it would be held in memory whole. */
const LINE_MAX = 8 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/**
 * The text of a file in blocks of whole lines, each line ended by LF whatever ended it in the file, without a byte
 * order mark. Bytes that are no text in the encoding stop it with the number of their line. `onBytes` hears how many
 * bytes have been read.
 */
export async function* readLines(
  path: string,
  encoding: Encoding,
  onBytes: (total: number) => void = () => undefined,
): AsyncGenerator<string> {
  const decode = decoderOf(encoding);
  let rest: Buffer = Buffer.alloc(0);
  let total = 0;
  let lines = 0;

  function block(bytes: Buffer): string {
    const decoded = decode(bytes);
    if (decoded === null) throw notEncoded(path, encoding, lines + firstBad(bytes, encoding, decode));
    const unmarked = lines === 0 && decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
    const normal = unmarked.includes('\r') ? unmarked.replaceAll(/\r\n?/g, '\n') : unmarked;
    const nul = normal.indexOf('\0');
    if (nul >= 0) throw notText(path, lines + countLines(normal.slice(0, nul)) + 1);
    lines += countLines(normal);
    return normal;
  }

  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    if (total === 0) checkMark(path, encoding, chunk);
    total += chunk.length;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = lastLineEnd(bytes, encoding);
    rest = bytes.subarray(end);
    if (rest.length > LINE_MAX) throw tooLong(path, lines + 1);
    if (end > 0) yield block(bytes.subarray(0, end));
    onBytes(total);
  }
  if (rest.length > 0) yield block(rest);
}

/** Reads the whole file once, so that nothing is written from a file that turns out unreadable in its middle. */
export async function checkEncoding(path: string, encoding: Encoding): Promise<void> {
  for await (const _ of readLines(path, encoding));
}

type Decode = (bytes: Buffer) => string | null;

function decoderOf(encoding: Encoding): Decode {
  if (encoding === 'utf-8') return (bytes) => (isUtf8(bytes) ? bytes.toString('utf8') : null);
  const decoder = new TextDecoder(encoding === 'latin1' ? 'windows-1252' : encoding, {
    fatal: true,
    ignoreBOM: true,
  });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return null;
      throw error;
    }
  };
}

/** Where the last whole line ends; 0 when there is none. Never between the CR and the LF of one line end. */
function lastLineEnd(bytes: Buffer, encoding: Encoding): number {
  const unit = encoding === 'utf-16le' ? 2 : 1;
  const lf = lastUnit(bytes, LF, unit, bytes.length - unit);
  if (lf >= 0) return lf + unit;
  // Only CR ends lines here; the very last unit may be the first half of a CR LF.
  const cr = lastUnit(bytes, CR, unit, bytes.length - 2 * unit);
  return cr < 0 ? 0 : cr + unit;
}

/** In none of the encodings is the byte of CR or LF a part of another character, but for UTF-16. */
function lastUnit(bytes: Buffer, code: number, unit: 1 | 2, from: number): number {
  for (let at = from; at >= 0; at -= 1) {
    at = bytes.lastIndexOf(code, at);
    if (at < 0 || unit === 1 || (at % 2 === 0 && bytes[at + 1] === 0)) return at;
  }
  return -1;
}

/** The number, from 1, of the first line of the bytes that is no text. */
function firstBad(bytes: Buffer, encoding: Encoding, decode: Decode): number {
  const unit = encoding === 'utf-16le' ? 2 : 1;
  let line = 0;
  for (let from = 0; from < bytes.length; ) {
    let end = from;
    while (end < bytes.length && !isLineEnd(bytes, end, unit)) end += unit;
    line += 1;
    if (decode(bytes.subarray(from, Math.min(end, bytes.length))) === null) return line;
    const crLf = bytes[end] === CR && bytes[end + unit] === LF;
    from = end + (crLf ? 2 * unit : unit);
  }
  return line;
}

function isLineEnd(bytes: Buffer, at: number, unit: 1 | 2): boolean {
  return (bytes[at] === LF || bytes[at] === CR) && (unit === 1 || bytes[at + 1] === 0);
}

function countLines(normal: string): number {
  let lines = 0;
  for (let at = normal.indexOf('\n'); at >= 0; at = normal.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function checkMark(path: string, encoding: Encoding, bytes: Buffer): void {
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))?.[0];
  if (!marked || marked === encoding) return;
  const [en, zh] =
    marked === 'utf-16be'
      ? ['save it as UTF-8', '请另存为 UTF-8']
      : marked === 'utf-8'
        ? ['leave --encoding out', '请去掉 --encoding']
        : [`use --encoding ${marked}`, `请加 --encoding ${marked}`];
  throw new ImportStopped(
    text(
      `Line 1 of ${path} begins with the mark of ${marked}, it is not in ${encoding}: ${en}.`,
      `${path} 第 1 行带有 ${marked} 标记，编码不是 ${encoding}：${zh}。`,
    ),
  );
}

const OTHERS = ENCODINGS.filter((encoding) => encoding !== 'utf-8').join('|');

function notEncoded(path: string, encoding: Encoding, line: number): ImportStopped {
  return new ImportStopped(
    text(
      `Line ${line} of ${path} is not in ${encoding}. Accepted: a file in UTF-8, or its encoding named by --encoding ${OTHERS}.`,
      `${path} 第 ${line} 行不是 ${encoding} 编码。请使用 UTF-8 文件，或用 --encoding ${OTHERS} 指明编码。`,
    ),
  );
}

function notText(path: string, line: number): ImportStopped {
  return new ImportStopped(
    text(
      `Line ${line} of ${path} has a NUL character: it is no text in this encoding. A file in UTF-16 needs --encoding utf-16le.`,
      `${path} 第 ${line} 行含有 NUL 字符，不是该编码的文本。UTF-16 文件请加 --encoding utf-16le。`,
    ),
  );
}

function tooLong(path: string, line: number): ImportStopped {
  return new ImportStopped(
    text(
      `Line ${line} of ${path} is longer than ${LINE_MAX / 1024 / 1024} MB. Accepted: a table with one row per line.`,
      `${path} 第 ${line} 行超过 ${LINE_MAX / 1024 / 1024} MB。请使用每行一条记录的表格文件。`,
    ),
  );
}
