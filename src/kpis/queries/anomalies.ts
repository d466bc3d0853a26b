import { customerLevel, customerWritable } from '../../customers/queries/visibility.ts';
import type { AnomalyCase } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { all, any, type Sql, sql } from '../../platform/sql.ts';
import { LEVEL, levelOf, reached, type ViewerSql } from '../../platform/visibility.ts';
import { KPIS } from '../definitions/index.ts';

/** A case with its numbers as exact text. */
export type AnomalyCaseRow = Omit<AnomalyCase, 'actual' | 'mean' | 'lower' | 'upper'> & {
  readonly __typename: 'AnomalyCase';
  readonly actual: string;
  readonly mean: string;
  readonly lower: string;
  readonly upper: string;
  /** Whether the viewer may look into it. */
  readonly workable: boolean;
};

const SERVICE_KEYS = KPIS.filter(({ service }) => service).map(({ key }) => key);

const x = sql`x`;

const columnsFor = (
  viewer: ViewerSql,
): Sql => sql`x.id, 'AnomalyCase' as "__typename", x.key, x.dimension_kind as "dimensionKind",
  x.dimension_id as "dimensionId", x.period, x.test, trim_scale(x.actual)::text as actual, trim_scale(x.mean)::text as mean,
  trim_scale(x.lower)::text as lower, trim_scale(x.upper)::text as upper, x.periods, x.state, x.cause, x.measure,
  x.responsible_id as "responsibleId", x.reported_to_id as "reportedToId", x.reported_at as "reportedAt", x.arose_at as "aroseAt", x.opened_at as "openedAt", x.due_at as "dueAt",
  x.closed_by_id as "closedById", x.closed_at as "closedAt", x.updated_at as "updatedAt", x.version,
  ${anomalyWorkable(viewer, x)} as workable`;

/** True where the viewer may look into a case: HEAD and DATA_ANALYST (ORG-08), of a customer whoever writes its file (CUS-32). */
export function anomalyWorkable(viewer: ViewerSql, x: Sql): Sql {
  return any([
    reached(viewer, [['kpi:write:ALL', sql`true`]]),
    sql`(${x}.dimension_kind = 'CUSTOMER' and exists (
      select 1 from customer c where c.id = ${x}.dimension_id and ${customerWritable(viewer, sql`c`)}))`,
  ]);
}

/**
 * The same reaches as rules/figures.ts mayRead: a case is open to whoever may read the value, one of a customer also to
 * whoever reads its file (CUS-32).
 */
export function anomalyReadable(viewer: ViewerSql, x: Sql): Sql {
  const id = sql`${x}.dimension_id`;
  const is = (kind: string, condition: Sql) => sql`(${x}.dimension_kind::text = ${kind} and ${condition})`;
  const customer = (condition: Sql) =>
    sql`exists (select 1 from customer c where c.id = ${id} and ${condition})`;
  return all([
    any([
      is('CUSTOMER', customer(sql`${customerLevel(viewer, sql`c`)} = ${LEVEL.FULL}::int`)),
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
      select ${columnsFor(reader.sees)} from anomaly_case x
      where x.id = any(${[...ids]}::uuid[]) and ${anomalyReadable(reader.sees, x)}`),
  ),
);

export const ANOMALY_CASE_FIELDS = {
  key: { kind: 'String', column: sql`x.key` },
  period: { kind: 'String', column: sql`x.period` },
  dimensionKind: { kind: 'Enum', enumName: 'KpiDimensionKind', column: sql`x.dimension_kind` },
  test: { kind: 'Enum', enumName: 'AnomalyTest', column: sql`x.test` },
  customer: {
    kind: 'ID',
    entity: 'Customer',
    column: sql`case when x.dimension_kind = 'CUSTOMER' then x.dimension_id end`,
    orderable: false,
  },
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
    select: columnsFor(reader.sees),
    visible,
    full: visible,
    fields: ANOMALY_CASE_FIELDS,
  };
}
