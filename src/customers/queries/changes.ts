import type { Reader } from '../../organisation/queries.ts';
import { defineLoaderWith } from '../../platform/loaders.ts';
import { sql } from '../../platform/sql.ts';

export interface FileChangeRow {
  readonly customerId: string;
  readonly action: string;
  readonly at: Date;
  readonly actorId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** What changes a file: reads, requests and refusals are told to those who audit, not to readers of the file. */
const CHANGES = [
  'customerCreate',
  'customerUpdate',
  'customerGrade',
  'customerStage',
  'customerContractSigned',
  'customerCustodian',
  'customerVerify',
  'customerAssign',
  'customerUnassign',
] as const;

/** The newest changes of files, with the state before and after; who asks has read the file. By the audit's index on its subject. */
export const changesByCustomer = defineLoaderWith(async (reader: Reader, ids, first: number) => {
  const rows = await reader.query<FileChangeRow>(sql`
    select l.subject_id as "customerId", l.action, l.at, l.actor_id as "actorId", l.before, l.after
    from unnest(${[...ids]}::uuid[]) as wanted(id)
    cross join lateral (
      select * from audit_log a
      where a.subject_type = 'Customer' and a.subject_id = wanted.id and a.action = any(${[...CHANGES]}::text[])
      order by a.at desc, a.id desc limit ${first}::int) l
    order by l.at desc, l.id desc`);
  const by = Map.groupBy(rows, (row) => row.customerId);
  return ids.map((id) => by.get(id) ?? []);
});
