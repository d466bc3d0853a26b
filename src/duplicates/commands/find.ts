import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { nextNight, watchNight } from '../../platform/standing.ts';
import { alikes } from '../queries.ts';
import { DUPLICATE_SETTINGS } from '../settings.ts';
import { moveLateRecords } from './relations.ts';

/** The nightly look for customers that may be one. */
export const DUPLICATE_SEARCH = 'DUPLICATE_SEARCH';
const AT = '00:30';
/** Customers of one transaction. */
const BATCH = 200;

/** Has duplicates looked for from the next night on: called when a process starts. */
export function watchDuplicates(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, DUPLICATE_SEARCH, AT, timeZone);
}

/**
 * Looks for the like of all customers whose name or numbers have changed since that was done, a batch at a time. Its cost
 * depends on what has changed, not on what there is.
 */
export function sweepDuplicates(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const waiting = await tx.query<{ id: string }>(sql`
      select customer_id as id from customer_match where sought_at is null
      order by customer_id limit ${BATCH}::int`);
    await seekDuplicates(
      tx,
      waiting.map(({ id }) => id),
    );
    const goesOn = waiting.length === BATCH;
    if (!goesOn) await moveLateRecords(tx);
    const nextAt = goesOn ? tx.now : nextNight(tx.now, AT, timeZone);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step: step + 1, nextAt }));
  };
}

/**
 * Finds the customers that may be the same as these, and keeps the pairs; those that are no longer alike are dropped. A
 * pair that somebody decided on stays decided, whatever is found.
 */
export async function seekDuplicates(tx: Command, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const policy = {
    similarity: tx.settings.get(DUPLICATE_SETTINGS.similarity),
    shared: tx.settings.get(DUPLICATE_SETTINGS.shared),
  };
  await tx.query(sql`
    with found as materialized (
      select least(a.id, a.other_id) as one_id, greatest(a.id, a.other_id) as other_id,
             array_agg(distinct a.reason) as reasons, max(a.similarity) as similarity
      from (${alikes(ids, policy)}) a group by 1, 2),
    gone as (
      delete from duplicate_candidate d
      where d.state = 'OPEN' and (d.one_id = any(${[...ids]}::uuid[]) or d.other_id = any(${[...ids]}::uuid[]))
        and not exists (select 1 from found f where f.one_id = d.one_id and f.other_id = d.other_id) returning 1),
    sought as (
      update customer_match set sought_at = ${tx.now}::timestamptz where customer_id = any(${[...ids]}::uuid[]) returning 1)
    insert into duplicate_candidate as d (id, one_id, other_id, reasons, similarity, found_at)
    select gen_random_uuid(), f.one_id, f.other_id, f.reasons, f.similarity, ${tx.now}::timestamptz from found f
    on conflict (one_id, other_id) do update set
      reasons = excluded.reasons, similarity = excluded.similarity, version = d.version + 1
    where d.state = 'OPEN' and (d.reasons, d.similarity) is distinct from (excluded.reasons, excluded.similarity)
    returning 1 as written`);
}
