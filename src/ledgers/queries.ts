import type { MonthlyLedger } from '../generated/prisma/client.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../platform/sql.ts';
import { reached, type ViewerSql } from '../platform/visibility.ts';

export type LedgerRow = MonthlyLedger & { readonly __typename: 'MonthlyLedger' };

const m = sql`m`;

const COLUMNS = sql`${columns('m', [
  'id',
  'month',
  'overall',
  'ownerId',
  'customers',
  'filesComplete',
  'visitsDone',
  'visitsMissed',
  'contactsReached',
  'complaintsReceived',
  'complaintsDue',
  'complaintsInTime',
  'followUpsAnswered',
  'followUpsSatisfied',
  'madeAt',
])}, 'MonthlyLedger' as "__typename"`;

/** All lines for those who read reports on all customers; the own line for everybody (CUS-08: an appraisal's input). */
function ledgerReadable(viewer: ViewerSql, m: Sql): Sql {
  return any([
    reached(viewer, [['customerReport:read:ALL', sql`true`]]),
    sql`${m}.owner_id = ${viewer.employeeId}`,
  ]);
}

export const ledgerById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<LedgerRow>(sql`
      select ${COLUMNS} from monthly_ledger m
      where m.id = any(${[...ids]}::uuid[]) and ${ledgerReadable(reader.sees, m)}`),
  ),
);

export const LEDGER_FIELDS = {
  month: { kind: 'String', column: sql`m.month` },
  overall: { kind: 'Boolean', column: sql`m.overall`, orderable: false },
  owner: { kind: 'ID', entity: 'Employee', column: sql`m.owner_id`, orderable: false },
  customers: { kind: 'Int', column: sql`m.customers` },
  filesComplete: { kind: 'Int', column: sql`m.files_complete` },
  visitsDone: { kind: 'Int', column: sql`m.visits_done` },
  visitsMissed: { kind: 'Int', column: sql`m.visits_missed` },
  contactsReached: { kind: 'Int', column: sql`m.contacts_reached` },
  complaintsReceived: { kind: 'Int', column: sql`m.complaints_received` },
  complaintsDue: { kind: 'Int', column: sql`m.complaints_due` },
  complaintsInTime: { kind: 'Int', column: sql`m.complaints_in_time` },
  followUpsAnswered: { kind: 'Int', column: sql`m.follow_ups_answered` },
  followUpsSatisfied: { kind: 'Int', column: sql`m.follow_ups_satisfied` },
} as const satisfies Record<string, ListField>;

/** By the indexes monthly_ledger(month, id) and (owner_id, month, id). */
export function ledgerList(reader: Reader): ListSource {
  const visible = ledgerReadable(reader.sees, m);
  return {
    from: sql`monthly_ledger m`,
    id: sql`m.id`,
    select: COLUMNS,
    visible,
    full: visible,
    fields: LEDGER_FIELDS,
  };
}
