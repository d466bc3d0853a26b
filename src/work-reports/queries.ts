import type { WorkReport } from '../generated/prisma/client.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../platform/sql.ts';
import { reached, type ViewerSql } from '../platform/visibility.ts';
import { visitReadable } from '../visits/queries/visibility.ts';

export type WorkReportRow = WorkReport & { readonly __typename: 'WorkReport' };

const r = sql`r`;

const COLUMNS = sql`${columns('r', [
  'id',
  'kind',
  'period',
  'state',
  'authorId',
  'dueAt',
  'submittedAt',
  'opinions',
  'market',
  'effect',
  'matters',
  'other',
  'findings',
  'urgency',
  'customerId',
  'competitor',
  'answer',
  'answeredById',
  'answeredAt',
  'createdAt',
  'version',
])}, 'WorkReport' as "__typename"`;

/** The one visibility fragment of work reports: the own ones, and those one receives (section 23, `workReport`). */
export function workReportReadable(viewer: ViewerSql, r: Sql): Sql {
  return any([
    sql`${r}.author_id = ${viewer.employeeId}`,
    reached(viewer, [
      ['workReport:read:ALL', sql`true`],
      ['workReport:read:PATROLS', sql`${r}.kind <> 'VISIT_PLAN'`],
      ['workReport:read:PLANS', sql`${r}.kind = 'VISIT_PLAN'`],
    ]),
  ]);
}

export const workReportById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<WorkReportRow>(sql`
      select ${COLUMNS} from work_report r
      where r.id = any(${[...ids]}::uuid[]) and ${workReportReadable(reader.sees, r)}`),
  ),
);

export const WORK_REPORT_FIELDS = {
  kind: { kind: 'Enum', enumName: 'WorkReportKind', column: sql`r.kind` },
  state: { kind: 'Enum', enumName: 'WorkReportState', column: sql`r.state` },
  period: { kind: 'String', column: sql`r.period` },
  author: { kind: 'ID', entity: 'Employee', column: sql`r.author_id`, orderable: false },
  dueAt: { kind: 'DateTime', column: sql`r.due_at` },
  createdAt: { kind: 'DateTime', column: sql`r.created_at` },
} as const satisfies Record<string, ListField>;

/** By the indexes work_report(created_at, id) and (author_id, created_at, id). */
export function workReportList(reader: Reader): ListSource {
  const visible = workReportReadable(reader.sees, r);
  return {
    from: sql`work_report r`,
    id: sql`r.id`,
    select: COLUMNS,
    visible,
    full: visible,
    fields: WORK_REPORT_FIELDS,
  };
}

/** Reports that were read, as `s`, with the instants of their periods; urgent ones have none. */
function spansOf(reader: Reader, ids: readonly string[]): Sql {
  return sql`(
    select m.id, m.kind, m.author_id, m.period, m.first at time zone ${reader.timeZone} as starts_at,
           (m.first + case when m.kind = 'PATROL_DAILY' then interval '1 day' else interval '1 month' end)
             at time zone ${reader.timeZone} as ends_at
    from (
      select r.*, (r.period || case when r.kind = 'PATROL_DAILY' then '' else '-01' end)::timestamp as first
      from work_report r where r.id = any(${[...ids]}::uuid[]) and r.kind <> 'PATROL_URGENT') m) s`;
}

const VISIT = sql`v.customer_id = c.id`;

/**
 * The ids of the visits that daily reports and visit plans are about, as far as the viewer may read them: patrols that the
 * author made on the day, and visits planned for the month. By visit(visitor_id, planned_for, id) and visit_patrol_idx.
 */
export const visitsOfReport = defineLoader(async (reader: Reader, ids) => {
  const readable = visitReadable(reader.sees, sql`v`, sql`c`);
  const rows = await reader.query<{ reportId: string; visitId: string }>(sql`
    select f.id as "reportId", f.visit_id as "visitId"
    from (
      select s.id, v.id as visit_id, v.planned_for as at
      from ${spansOf(reader, ids)}
      join visit v on v.visitor_id = s.author_id and v.planned_for >= s.starts_at and v.planned_for < s.ends_at
      join customer c on ${VISIT} and ${readable}
      where s.kind = 'VISIT_PLAN'
      union all
      select s.id, v.id, v.done_at
      from ${spansOf(reader, ids)}
      join visit v on v.visitor_id = s.author_id and v.type = 'SERVICE_PATROL' and v.state = 'DONE'
        and v.done_at >= s.starts_at and v.done_at < s.ends_at
      join customer c on ${VISIT} and ${readable}
      where s.kind = 'PATROL_DAILY') f
    order by f.id, f.at, f.visit_id`);
  const byReport = Map.groupBy(rows, ({ reportId }) => reportId);
  return ids.map((id) => (byReport.get(id) ?? []).map(({ visitId }) => visitId));
});

/** How often a customer was patrolled in the month of a report. */
export interface PatrolCount {
  readonly reportId: string;
  readonly customerId: string;
  readonly visits: number;
}

/** Patrols of the months of monthly reports by customer, most first (FRM-04), as far as the viewer may read the visits. */
export const patrolsOfReport = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<PatrolCount>(sql`
    select s.id as "reportId", v.customer_id as "customerId", count(*)::int as visits
    from ${spansOf(reader, ids)}
    join visit v on v.type = 'SERVICE_PATROL' and v.state = 'DONE' and v.done_at >= s.starts_at and v.done_at < s.ends_at
    join customer c on ${VISIT} and ${visitReadable(reader.sees, sql`v`, sql`c`)}
    where s.kind = 'PATROL_MONTHLY'
    group by s.id, v.customer_id
    order by s.id, visits desc, v.customer_id`);
  const byReport = Map.groupBy(rows, ({ reportId }) => reportId);
  return ids.map((id) => byReport.get(id) ?? []);
});

/** The daily reports that a monthly one is made of, in order, by the index work_report_once_sql. */
export const dailiesOfReport = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<{ reportId: string; dailyId: string }>(sql`
    select s.id as "reportId", r.id as "dailyId"
    from ${spansOf(reader, ids)}
    join work_report r on r.kind = 'PATROL_DAILY' and r.period >= s.period || '-01' and r.period <= s.period || '-31'
    where s.kind = 'PATROL_MONTHLY' and ${workReportReadable(reader.sees, r)}
    order by s.id, r.period, r.id`);
  const byReport = Map.groupBy(rows, ({ reportId }) => reportId);
  return ids.map((id) => (byReport.get(id) ?? []).map(({ dailyId }) => dailyId));
});
