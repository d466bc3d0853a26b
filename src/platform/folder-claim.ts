import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A data folder that cannot be used; one line for the person who set it. */
export class FolderUnusable extends Error {}

/** The embedded database belongs to one process; a second one on the same folder would destroy it. */
export class FolderInUse extends FolderUnusable {}

/** Makes sure that a data folder is there and can be written. */
export function openFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FolderUnusable(
      `DATA_DIR is ${JSON.stringify(folder)}; accepted: a folder that can be written (${code}).`,
    );
  }
}

/**
 * Claims a data folder for this process and returns how to give it back. A claim of a process that is gone
 * (killed, or the machine restarted) is taken over.
 */
export function claimFolder(folder: string): () => void {
  const file = join(folder, 'claimed-by');
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(readFileSync(file, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) {
      throw new FolderInUse(
        `DATA_DIR "${folder}" is in use by process ${owner}; stop it, choose another DATA_DIR, or set DATABASE_URL to share one database.`,
      );
    }
    writeFileSync(file, String(process.pid));
  }
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
