import { createHash } from 'node:crypto';
import { BlobMissing, type BlobStore } from '../platform/blob-store.ts';
import { type Queryable, sql } from '../platform/sql.ts';

/** What is wrong with the content that attachments have. */
export interface Damage {
  readonly sha256: string;
  readonly problem: 'missing' | 'damaged';
  /** Attachments that have it. */
  readonly attachmentIds: readonly string[];
}

const PAGE = 500;

/** Reads everything that attachments have from the store and compares checksums; tells of each damage as it is found. */
export async function verifyAttachments(
  db: Queryable,
  store: BlobStore,
  tell: (damage: Damage) => void,
): Promise<{ readonly verified: number; readonly damaged: number }> {
  let [verified, damaged] = [0, 0];
  for (let after = ''; ; ) {
    const page = await db.query<{ sha256: string; attachmentIds: string[] }>(sql`
      select b.sha_256 as sha256, array_agg(att.id::text order by att.id) as "attachmentIds"
      from stored_blob b join attachment att on att.blob_sha_256 = b.sha_256
      where b.sha_256 > ${after}
      group by b.sha_256 order by b.sha_256 limit ${PAGE}::int`);
    for (const { sha256, attachmentIds } of page) {
      const problem = await problemOf(store, sha256);
      verified += 1;
      if (!problem) continue;
      damaged += 1;
      tell({ sha256, problem, attachmentIds });
    }
    if (page.length < PAGE) return { verified, damaged };
    after = page.at(-1)?.sha256 ?? '';
  }
}

async function problemOf(store: BlobStore, sha256: string): Promise<Damage['problem'] | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of await store.read(sha256)) hash.update(chunk as Buffer);
  } catch (error) {
    if (error instanceof BlobMissing) return 'missing';
    throw error;
  }
  return hash.digest('hex') === sha256 ? null : 'damaged';
}
