import type { BlobStore } from '../../platform/blob-store.ts';
import type { Command, CommandOrigin, CommandRunner } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';

/** For so long nobody deletes bytes that an upload has announced; longer than any upload takes to be finished. */
const RESERVED_MS = 3_600_000;
/** Deleted in one go of the housekeeping. */
const COLLECTED_AT_ONCE = 200;

/**
 * Announces bytes before they are put into the store: whatever is in the store has a row, and bytes that an upload
 * is about to rely on are not deleted under it. What becomes of no attachment is collected later.
 */
export async function reserveBlob(tx: Command, sha256: string, bytes: number): Promise<void> {
  const until = new Date(tx.now.getTime() + RESERVED_MS);
  // The row's lock orders this with a collection: either the collection sees the new instant, or this waits for its end.
  await tx.query(sql`
    insert into stored_blob as b (sha_256, bytes, stored_at, collect_at)
    values (${sha256}, ${bytes}::int, ${tx.now}::timestamptz, ${until}::timestamptz)
    on conflict (sha_256) do update
      set collect_at = case when b.collect_at is null then null else greatest(b.collect_at, excluded.collect_at) end
    returning 1 as written`);
}

/** Gives reserved bytes to an attachment: they stay for as long as it has them. */
export async function holdBlob(tx: Command, sha256: string): Promise<void> {
  const held = await tx.query(sql`
    update stored_blob set collect_at = null where sha_256 = ${sha256} returning 1 as written`);
  if (held.length === 0) throw new Error(`Nobody has reserved ${sha256}.`);
}

/** After attachments have given their bytes up: what no other attachment has may be deleted from now on. */
export async function releaseBlobs(tx: Command, checksums: readonly string[]): Promise<void> {
  const ids = [...new Set(checksums)];
  // In one order, so that two who release the same bytes wait for each other instead of for ever.
  await tx.query(sql`
    select 1 as locked from stored_blob where sha_256 = any(${ids}::text[]) order by sha_256 for update`);
  await tx.query(sql`
    update stored_blob b set collect_at = ${tx.now}::timestamptz
    where b.sha_256 = any(${ids}::text[])
      and not exists (select 1 from attachment att where att.blob_sha_256 = b.sha_256)
    returning 1 as written`);
}

/** Deletes bytes that no attachment has any more, each in a transaction of its own; says how many. */
export async function collectBlobs(
  runner: CommandRunner,
  origin: CommandOrigin,
  store: BlobStore,
): Promise<number> {
  const due = await runner.run(origin, (tx) =>
    tx.query<{ sha256: string }>(sql`
      select sha_256 as sha256 from stored_blob where collect_at <= ${tx.now}::timestamptz
      order by collect_at limit ${COLLECTED_AT_ONCE}::int`),
  );
  let collected = 0;
  for (const { sha256 } of due) {
    collected += await runner.run(origin, async (tx) => {
      const gone = await tx.query(sql`
        delete from stored_blob b
        where b.sha_256 = ${sha256} and b.collect_at <= ${tx.now}::timestamptz
          and not exists (select 1 from attachment att where att.blob_sha_256 = b.sha_256)
        returning 1 as deleted`);
      // Under the row's lock: who wants the same bytes again waits, and puts them anew.
      if (gone.length > 0) await store.delete(sha256);
      return gone.length;
    });
  }
  return collected;
}
