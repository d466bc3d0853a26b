import { fileTypeFromFile } from 'file-type';
import { createReadStream } from 'node:fs';
import { FILE_TYPE_NAMES, FILE_TYPES } from '../../lib/file-types.ts';
import type { FoundType } from '../rules.ts';

/** Tells a file's type by its bytes; whatever its name and headers say. */
export async function findType(file: string): Promise<FoundType> {
  const found = await fileTypeFromFile(file);
  if (found) {
    const type = FILE_TYPE_NAMES.find((name) =>
      (FILE_TYPES[name].extensions as readonly string[]).includes(found.ext),
    );
    return { type: type ?? null, name: type ?? found.ext };
  }
  return (await isPlainText(file)) ? { type: 'txt', name: 'txt' } : { type: null, name: 'unknown' };
}

/** Valid UTF-8 without control characters but tabs, line ends and form feeds. A part of a file is read at a time. */
async function isPlainText(file: string): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(file)) {
      if (CONTROL.test(decoder.decode(chunk as Buffer, { stream: true }))) return false;
    }
    return !CONTROL.test(decoder.decode());
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

const CONTROL = /[^\P{Cc}\t\n\f\r]/u;
