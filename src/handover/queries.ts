import type { HandoverRecord } from '../generated/prisma/client.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { any, columns, sql } from '../platform/sql.ts';
import { reached } from '../platform/visibility.ts';

export type HandoverRow = HandoverRecord & { readonly __typename: 'HandoverRecord' };

const COLUMNS = sql`${columns('h', ['id', 'at', 'subject', 'subjectId', 'reason', 'fromId', 'toId'])},
  'HandoverRecord' as "__typename"`;

export const HANDOVER_FIELDS = {
  subject: { kind: 'Enum', enumName: 'HandoverSubject', column: sql`h.subject` },
  reason: { kind: 'Enum', enumName: 'HandoverReason', column: sql`h.reason` },
  from: { kind: 'ID', entity: 'Employee', column: sql`h.from_id`, orderable: false },
  to: { kind: 'ID', entity: 'Employee', column: sql`h.to_id`, orderable: false },
  at: { kind: 'DateTime', column: sql`h.at` },
} as const satisfies Record<string, ListField>;

/** Of oneself, given or taken over; all for those who work on all tickets, and who read the audit. Index handover_record(at, id). */
export function handoverList(reader: Reader): ListSource {
  const visible = any([
    sql`h.to_id = ${reader.sees.employeeId}`,
    sql`h.from_id = ${reader.sees.employeeId}`,
    reached(reader.sees, [
      ['ticket:write:ALL', sql`true`],
      ['auditLog:read:ALL', sql`true`],
    ]),
  ]);
  return {
    from: sql`handover_record h`,
    id: sql`h.id`,
    select: COLUMNS,
    visible,
    full: visible,
    fields: HANDOVER_FIELDS,
  };
}
