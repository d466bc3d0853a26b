import type { KeyAccountRevenueReport } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';
import type { ReportLine } from '../rules/reports.ts';

export type ReportRow = Omit<KeyAccountRevenueReport, 'lines'> & {
  readonly __typename: 'KeyAccountRevenueReport';
  readonly lines: readonly ReportLine[];
};

const REPORT_COLUMNS = sql`${columns('r', [
  'id',
  'specialistId',
  'period',
  'state',
  'dueAt',
  'lines',
  'remark',
  'submittedAt',
  'forwardedAt',
  'forwardedById',
  'version',
])}, 'KeyAccountRevenueReport' as "__typename"`;

/** Figures of key accounts: who reads all of these, and the specialist's own. */
export function reportReadable(viewer: ViewerSql, r: Sql): Sql {
  return any([
    sql`${r}.specialist_id = ${viewer.employeeId}`,
    reached(viewer, [['keyAccount:read:ALL', sql`true`]]),
  ]);
}

const r = sql`r`;

export const reportById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ReportRow>(sql`
      select ${REPORT_COLUMNS} from key_account_revenue_report r
      where r.id = any(${[...ids]}::uuid[]) and ${reportReadable(reader.sees, r)}`),
  ),
);

export const REPORT_FIELDS = {
  specialist: { kind: 'ID', entity: 'Employee', column: sql`r.specialist_id`, orderable: false },
  period: { kind: 'String', column: sql`r.period` },
  state: { kind: 'Enum', enumName: 'RevenueReportState', column: sql`r.state` },
  dueAt: { kind: 'DateTime', column: sql`r.due_at` },
} as const satisfies Record<string, ListField>;

/** By the index key_account_revenue_report(due_at, id). */
export function reportList(reader: Reader): ListSource {
  const visible = reportReadable(reader.sees, r);
  return {
    from: sql`key_account_revenue_report r`,
    id: sql`r.id`,
    select: REPORT_COLUMNS,
    visible,
    full: visible,
    fields: REPORT_FIELDS,
  };
}
