import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A part of a file, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The store has no bytes under this checksum. */
export class BlobMissing extends Error {
  constructor(sha256: string, options?: ErrorOptions) {
    super(`The file store has nothing under ${sha256}.`, options);
  }
}

/** The store cannot be reached, or has no room: the same request may succeed later. */
export class StoreUnavailable extends Error {}

/** Where the bytes of files are, each under the SHA-256 of its content: in a folder, or in an S3-compatible service. */
export interface BlobStore {
  /** Takes a finished file over: it is whole under its checksum, or not there at all. The file may be gone then. */
  put(file: string, sha256: string): Promise<void>;
  /** How many bytes are there; null when there is nothing. */
  size(sha256: string): Promise<number | null>;
  /** Opens the bytes, or a part of them; BlobMissing when there are none. */
  read(sha256: string, range?: ByteRange): Promise<Readable>;
  /** Deletes the bytes; nothing happens where there are none. */
  delete(sha256: string): Promise<void>;
}

/**
 * Files below a folder, `ab/cd/<checksum>`. A file gets its name by a rename after its bytes were written through to
 * the disk, so that no crash leaves half a file under a checksum. Several processes may share the folder.
 */
export function folderStore(folder: string): BlobStore {
  function placeOf(sha256: string): { directory: string; file: string } {
    const directory = join(folder, sha256.slice(0, 2), sha256.slice(2, 4));
    return { directory, file: join(directory, sha256) };
  }
  return {
    async put(file, sha256) {
      const place = placeOf(sha256);
      await mkdir(place.directory, { recursive: true, mode: 0o700 });
      // Over what may be there: the same bytes, or damaged ones that are mended by it.
      await rename(file, place.file);
      await writeThrough(place.directory);
    },
    async size(sha256) {
      try {
        return (await stat(placeOf(sha256).file)).size;
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    },
    async read(sha256, range) {
      try {
        const handle = await open(placeOf(sha256).file);
        return handle.createReadStream(range ? { start: range.start, end: range.end } : {});
      } catch (error) {
        if (isAbsent(error)) throw new BlobMissing(sha256, { cause: error });
        throw error;
      }
    },
    delete: (sha256) => rm(placeOf(sha256).file, { force: true }),
  };
}

/** A rename lasts once the folder itself was written. */
async function writeThrough(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** True for a disk that is full or over its quota. */
export function isNoRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Removes the files of a folder that nobody has written to since then: what an upload left that a crash ended. */
export async function removeLeftovers(folder: string, before: Date): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const found = await stat(file).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw error;
    });
    if (!found || found.mtime >= before) continue;
    await rm(file, { force: true });
    removed += 1;
  }
  return removed;
}
