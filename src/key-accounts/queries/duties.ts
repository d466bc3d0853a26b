import type { ObligationState } from '../../generated/prisma/enums.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { sql } from '../../platform/sql.ts';

/** Something that is done for an account in a period, and where it stands. */
export interface AccountDuty {
  readonly subjectId: string;
  readonly kind: string;
  readonly period: string;
  readonly dueAt: Date;
  readonly state: ObligationState;
  readonly metAt: Date | null;
}

const SHOWN = 50;

/** The duties of accounts, the latest first; called for accounts that the viewer reads. By the index on subject_id. */
export const dutiesOf = defineLoader(async (reader: Reader, accountIds) => {
  const rows = await reader.query<AccountDuty>(sql`
    select o.* from unnest(${[...accountIds]}::uuid[]) as k(id)
    cross join lateral (
      select subject_id as "subjectId", kind, period, due_at as "dueAt", state, met_at as "metAt" from obligation
      where subject_id = k.id and due_at is not null and kind <> 'KEY_ACCOUNT_CONTACT' and state <> 'CANCELLED'
      order by due_at desc, kind limit ${SHOWN}::int) o`);
  const byAccount = Map.groupBy(rows, (row) => row.subjectId);
  return accountIds.map((id) => byAccount.get(id) ?? []);
});
