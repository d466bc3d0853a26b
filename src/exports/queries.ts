import type { DisclosureReport, Export } from '../generated/prisma/client.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { any, columns, type Queryable, type Sql, sql } from '../platform/sql.ts';
import { reached } from '../platform/visibility.ts';

export type ExportRecord = Omit<Export, 'bytes'> & {
  readonly __typename: 'Export';
  readonly bytes: number | null;
};
export type DisclosureReportRow = DisclosureReport & { readonly __typename: 'DisclosureReport' };

export const EXPORT_COLUMNS = sql`${columns('x', [
  'id',
  'list',
  'format',
  'state',
  'where',
  'orderBy',
  'columns',
  'labels',
  'purpose',
  'actorId',
  'requestedAt',
  'expiresAt',
  'startedAt',
  'endedAt',
  'rows',
  'rowsSent',
  'customerRows',
  'anonymised',
  'leakSuspected',
  'bytes',
  'checksum',
])}, 'Export' as "__typename"`;

/** The one visibility fragment of exports: one's own; all of them for those who read the audit (section 23). */
function exportReadable({ sees }: Reader): Sql {
  return any([sql`x.actor_id = ${sees.employeeId}`, reached(sees, [['auditLog:read:ALL', sql`true`]])]);
}

export const exportById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ExportRecord>(sql`
      select ${EXPORT_COLUMNS} from export x where x.id = any(${[...ids]}::uuid[]) and ${exportReadable(reader)}`),
  ),
);

export const EXPORT_FIELDS = {
  actor: { kind: 'ID', entity: 'Employee', column: sql`x.actor_id`, orderable: false },
  list: { kind: 'String', column: sql`x.list` },
  format: { kind: 'Enum', enumName: 'ExportFormat', column: sql`x.format` },
  state: { kind: 'Enum', enumName: 'ExportState', column: sql`x.state` },
  requestedAt: { kind: 'DateTime', column: sql`x.requested_at` },
  rows: { kind: 'Int', column: sql`x.rows` },
  customerRows: { kind: 'Int', column: sql`x.customer_rows` },
  leakSuspected: { kind: 'Boolean', column: sql`x.leak_suspected`, orderable: false },
} as const satisfies Record<string, ListField>;

/** By the index export(requested_at, id), or export(actor_id, requested_at) for one's own. */
export function exportList(reader: Reader): ListSource {
  const visible = exportReadable(reader);
  return {
    from: sql`export x`,
    id: sql`x.id`,
    select: EXPORT_COLUMNS,
    visible,
    full: visible,
    fields: EXPORT_FIELDS,
  };
}

/** Until when the employee's newest acknowledgement is valid; null without one. By its index on the employee. */
export async function acknowledgedUntil(db: Queryable, employeeId: string): Promise<Date | null> {
  const [row] = await db.query<{ until: Date | null }>(sql`
    select max(valid_until) as until from secrecy_acknowledgement where employee_id = ${employeeId}::uuid`);
  return row?.until ?? null;
}

const REPORT_COLUMNS = sql`${columns('r', [
  'id',
  'reporterId',
  'suspectedId',
  'customerId',
  'description',
  'rows',
  'occurredAt',
  'reportedAt',
])}, 'DisclosureReport' as "__typename"`;

/** Reporters see what they reported, those who look into it see all; never those who are named in it. */
function reportReadable({ sees }: Reader): Sql {
  return any([
    sql`r.reporter_id = ${sees.employeeId}`,
    sql`(r.suspected_id is distinct from ${sees.employeeId} and ${reached(sees, [['auditLog:read:ALL', sql`true`]])})`,
  ]);
}

export const disclosureReportById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<DisclosureReportRow>(sql`
      select ${REPORT_COLUMNS} from disclosure_report r
      where r.id = any(${[...ids]}::uuid[]) and ${reportReadable(reader)}`),
  ),
);

export const DISCLOSURE_REPORT_FIELDS = {
  reporter: { kind: 'ID', entity: 'Employee', column: sql`r.reporter_id`, orderable: false },
  reportedAt: { kind: 'DateTime', column: sql`r.reported_at` },
} as const satisfies Record<string, ListField>;

/** By the index disclosure_report(reported_at, id). */
export function disclosureReportList(reader: Reader): ListSource {
  const visible = reportReadable(reader);
  return {
    from: sql`disclosure_report r`,
    id: sql`r.id`,
    select: REPORT_COLUMNS,
    visible,
    full: visible,
    fields: DISCLOSURE_REPORT_FIELDS,
  };
}
