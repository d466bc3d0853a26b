import { customerLevel } from '../../customers/queries/visibility.ts';
import type { AnomalyCase } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { all, any, type Sql, sql } from '../../platform/sql.ts';
import { levelOf, reached, type ViewerSql } from '../../platform/visibility.ts';
import { KPIS } from '../definitions/index.ts';

/** A case with its numbers as exact text. */
export type AnomalyCaseRow = Omit<AnomalyCase, 'actual' | 'mean' | 'lower' | 'upper'> & {
  readonly __typename: 'AnomalyCase';
  readonly actual: string;
  readonly mean: string;
  readonly lower: string;
  readonly upper: string;
};

const SERVICE_KEYS = KPIS.filter(({ service }) => service).map(({ key }) => key);

const x = sql`x`;

const COLUMNS = sql`x.id, 'AnomalyCase' as "__typename", x.key, x.dimension_kind as "dimensionKind",
  x.dimension_id as "dimensionId", x.period, trim_scale(x.actual)::text as actual, trim_scale(x.mean)::text as mean,
  trim_scale(x.lower)::text as lower, trim_scale(x.upper)::text as upper, x.periods, x.state, x.cause, x.measure,
  x.responsible_id as "responsibleId", x.arose_at as "aroseAt", x.opened_at as "openedAt", x.due_at as "dueAt",
  x.closed_by_id as "closedById", x.closed_at as "closedAt", x.updated_at as "updatedAt", x.version`;

/** The same reaches as rules/figures.ts mayRead: a case is open to whoever may read the value. */
export function anomalyReadable(viewer: ViewerSql, x: Sql): Sql {
  const id = sql`${x}.dimension_id`;
  const is = (kind: string, condition: Sql) => sql`(${x}.dimension_kind::text = ${kind} and ${condition})`;
  const customer = (condition: Sql) =>
    sql`exists (select 1 from customer c where c.id = ${id} and ${condition})`;
  return all([
    reached(viewer, [
      ['kpi:read:ALL', sql`true`],
      [
        'kpi:read:DEPARTMENT',
        any([
          is('DEPARTMENT', sql`${id} = ${viewer.departmentId}`),
          is(
            'TEAM',
            sql`exists (select 1 from team g where g.id = ${id} and g.department_id = ${viewer.departmentId})`,
          ),
        ]),
      ],
      [
        'kpi:read:AREA',
        any([
          is('AREA', sql`${id} = any(${viewer.areaIds})`),
          is('CUSTOMER', customer(sql`c.area_id = any(${viewer.areaIds})`)),
        ]),
      ],
      ['kpi:read:SERVICE', is('COMPANY', sql`${x}.key = any(${SERVICE_KEYS}::text[])`)],
      [
        'kpi:read:KEY',
        is(
          'CUSTOMER',
          sql`exists (select 1 from key_account k where k.customer_id = ${id} and k.ended_at is null)`,
        ),
      ],
      ['kpi:read:OWN', is('EMPLOYEE', sql`${id} = ${viewer.employeeId}`)],
    ]),
    sql`(${x}.dimension_kind <> 'CUSTOMER' or ${customer(sql`${customerLevel(viewer, sql`c`)} > 0`)})`,
  ]);
}

/** The one visibility fragment of cases: FULL or NONE. */
export function anomalyLevel(viewer: ViewerSql, x: Sql): Sql {
  return levelOf(anomalyReadable(viewer, x), sql`false`);
}

export const anomalyCaseById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<AnomalyCaseRow>(sql`
      select ${COLUMNS} from anomaly_case x
      where x.id = any(${[...ids]}::uuid[]) and ${anomalyReadable(reader.sees, x)}`),
  ),
);

export const ANOMALY_CASE_FIELDS = {
  key: { kind: 'String', column: sql`x.key` },
  period: { kind: 'String', column: sql`x.period` },
  dimensionKind: { kind: 'Enum', enumName: 'KpiDimensionKind', column: sql`x.dimension_kind` },
  state: { kind: 'Enum', enumName: 'AnomalyState', column: sql`x.state` },
  responsible: { kind: 'ID', entity: 'Employee', column: sql`x.responsible_id`, orderable: false },
  openedAt: { kind: 'DateTime', column: sql`x.opened_at` },
  dueAt: { kind: 'DateTime', column: sql`x.due_at` },
  closedAt: { kind: 'DateTime', column: sql`x.closed_at` },
} as const satisfies Record<string, ListField>;

export function anomalyCaseList(reader: Reader): ListSource {
  const visible = anomalyReadable(reader.sees, x);
  return {
    from: sql`anomaly_case x`,
    id: sql`x.id`,
    select: COLUMNS,
    visible,
    full: visible,
    fields: ANOMALY_CASE_FIELDS,
  };
}
