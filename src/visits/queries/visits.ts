import type { Visit } from '../../generated/prisma/client.ts';
import type { CustomerGrade } from '../../generated/prisma/enums.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { visitReadable, visitWritable } from './visibility.ts';

export type VisitRow = Omit<Visit, 'source' | 'externalId' | 'recordedById'> & {
  readonly __typename: 'Visit';
  /** Of the file that it is part of. */
  readonly fileGrade: CustomerGrade | null;
};

const v = sql`v`;
const c = sql`c`;

const VISIT_COLUMNS = sql`${columns('v', [
  'id',
  'customerId',
  'type',
  'state',
  'plannedFor',
  'doneAt',
  'visitorId',
  'hostId',
  'hostSeniority',
  'purpose',
  'content',
  'needs',
  'latentNeeds',
  'competitorInformation',
  'promises',
  'nextStep',
  'significant',
  'fileUpdateNeeded',
  'overrideReason',
  'cancelReason',
  'problem',
  'ticketId',
  'recordedAt',
  'createdAt',
  'updatedAt',
  'version',
])}, c.grade as "fileGrade", 'Visit' as "__typename"`;

export const visitById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<VisitRow>(sql`
      select ${VISIT_COLUMNS} from visit v join customer c on c.id = v.customer_id
      where v.id = any(${[...ids]}::uuid[]) and ${visitReadable(reader.sees, v, c)}`),
  ),
);

/** Whether the viewer may record or cancel the visit. */
export const visitWritableBy = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<{ id: string }>(sql`
    select v.id from visit v join customer c on c.id = v.customer_id
    where v.id = any(${[...ids]}::uuid[]) and ${visitWritable(reader.sees, v, c)}`);
  const writable = new Set(rows.map((row) => row.id));
  return ids.map((id) => writable.has(id));
});

export const VISIT_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`v.customer_id`, orderable: false },
  visitor: { kind: 'ID', entity: 'Employee', column: sql`v.visitor_id`, orderable: false },
  host: { kind: 'ID', entity: 'Contact', column: sql`v.host_id`, orderable: false },
  type: { kind: 'Enum', enumName: 'VisitType', column: sql`v.type` },
  state: { kind: 'Enum', enumName: 'VisitState', column: sql`v.state` },
  hostSeniority: { kind: 'Enum', enumName: 'ContactSeniority', column: sql`v.host_seniority` },
  plannedFor: { kind: 'DateTime', column: sql`v.planned_for` },
  doneAt: { kind: 'DateTime', column: sql`v.done_at` },
  significant: { kind: 'Boolean', column: sql`v.significant`, orderable: false },
  fileUpdateNeeded: { kind: 'Boolean', column: sql`v.file_update_needed`, orderable: false },
  createdAt: { kind: 'DateTime', column: sql`v.created_at` },
} as const satisfies Record<string, ListField>;

/** Visits that the viewer may read. By the indexes visit(customer_id, done_at), (visitor_id, planned_for, id), (planned_for, id). */
export function visitList(reader: Reader): ListSource {
  const visible = visitReadable(reader.sees, v, c);
  return {
    from: sql`visit v join customer c on c.id = v.customer_id`,
    id: sql`v.id`,
    select: VISIT_COLUMNS,
    visible,
    full: visible,
    fields: VISIT_FIELDS,
  };
}

/**
 * When each contact person was last spoken to: a reached contact or a visit (KEY-19). Only where the file may be read; by
 * the indexes contact_log(contact_id, at) and visit(host_id, done_at).
 */
export const lastContactAt = defineLoader(
  async (reader: Reader, contactIds): Promise<readonly (Date | null)[]> => {
    const rows = await reader.query<{ id: string; at: Date | null }>(sql`
      select p.id, greatest(
        (select max(l.at) from contact_log l where l.contact_id = p.id and l.outcome = 'REACHED'),
        (select max(h.done_at) from visit h where h.host_id = p.id and h.state = 'DONE')) as at
      from contact p where p.id = any(${[...contactIds]}::uuid[])`);
    const byId = new Map(rows.map((row) => [row.id, row.at]));
    return contactIds.map((id) => byId.get(id) ?? null);
  },
);
