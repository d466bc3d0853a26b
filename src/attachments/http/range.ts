import type { ByteRange } from '../../platform/blob-store.ts';

/**
 * The one part of a file that a Range header asks for. Null for the whole file: no header, several parts at once, or
 * one that makes no sense, which RFC 9110 lets a server pass over.
 */
export function askedRange(header: string | undefined, bytes: number): ByteRange | 'UNSATISFIABLE' | null {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === '') return last === '' ? null : suffix(Number(last), bytes);
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return null;
  return start >= bytes ? 'UNSATISFIABLE' : { start, end };
}

/** The last bytes of a file. */
function suffix(count: number, bytes: number): ByteRange | 'UNSATISFIABLE' {
  return count === 0 ? 'UNSATISFIABLE' : { start: Math.max(0, bytes - count), end: bytes - 1 };
}
