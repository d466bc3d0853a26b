import type { CustomerGrade } from '../../generated/prisma/enums.ts';
import { invalid } from '../../lib/errors.ts';
import { startOfLocalDay } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { overList } from '../../platform/list.ts';
import { all, raw, type Sql, sql } from '../../platform/sql.ts';
import { daysLate, isOnTime, shipmentList } from './shipments.ts';

/** What lines are grouped by: the text that tells groups apart and the one that they are ordered by. */
const GROUPS = {
  CUSTOMER: { key: () => sql`s.customer_id::text`, label: () => sql`c.name` },
  MODE: { key: () => sql`s.mode::text`, label: () => sql`s.mode` },
  AREA: {
    key: () => sql`c.area_id::text`,
    label: () => sql`(select a.code from area a where a.id = c.area_id)`,
  },
  DAY: byPeriod('YYYY-MM-DD'),
  MONTH: byPeriod('YYYY-MM'),
  QUARTER: byPeriod('YYYY"-Q"Q'),
  YEAR: byPeriod('YYYY'),
} as const;

function byPeriod(format: string) {
  const key = (day: Sql): Sql => sql`to_char(${day}, ${format}::text)`;
  return { key, label: key };
}

export type StatisticsGroup = keyof typeof GROUPS;

export const PERIOD_GROUPS: ReadonlySet<StatisticsGroup> = new Set(['DAY', 'MONTH', 'QUARTER', 'YEAR']);

/** Whose day decides where a line belongs. */
const DAYS = {
  DELIVERED: sql`s.delivered_at`,
  PROMISED: sql`s.promised_at`,
  COUNTED: sql`s.counted_at`,
} as const;

export type StatisticsDay = keyof typeof DAYS;
export type StatisticsOrder = 'REVENUE' | 'GROUP';

export interface StatisticsArguments {
  readonly groupBy: StatisticsGroup;
  readonly day: StatisticsDay;
  readonly from: string | null;
  readonly until: string | null;
  readonly where: object | undefined;
  readonly orderBy: StatisticsOrder;
  readonly first: number;
}

/** Figures of some lines; amounts and measures are exact text. */
export interface ShipmentFigures {
  readonly lines: number;
  readonly orders: number;
  readonly shipments: number;
  readonly revenue: string;
  readonly dueLines: number;
  readonly onTimeLines: number;
  readonly onTimeShare: string | null;
  readonly freight: string | null;
  readonly freightLines: number;
  readonly weightKg: string | null;
  readonly weightLines: number;
  readonly medianDaysLate: string | null;
}

export interface ShipmentGroup extends ShipmentFigures {
  readonly groupBy: StatisticsGroup;
  /** Customer's or area's id, mode or period; null for lines of which it is not known. */
  readonly key: string | null;
  /** The lowest letter among the files that the group tells of. */
  readonly fileGrade: CustomerGrade | null;
}

export interface ShipmentStatistics {
  readonly groups: readonly ShipmentGroup[];
  readonly groupCount: number;
  readonly total: ShipmentFigures;
}

export const GROUPS_MAX = 500;

/** One statement whatever the number of lines. A span of days is found by the index that begins with its instant. */
export async function shipmentStatistics(
  reader: Reader,
  { groupBy, day, from, until, where, orderBy, first }: StatisticsArguments,
): Promise<ShipmentStatistics> {
  if (first < 1 || first > GROUPS_MAX) {
    throw invalid(
      'first',
      text(
        `${first} is not accepted; 1 to ${GROUPS_MAX} groups.`,
        `组数须为 1 到 ${GROUPS_MAX}，不接受 ${first}。`,
      ),
    );
  }
  if (from !== null && until !== null && until <= from)
    throw invalid('until', text('A day after from.', '须晚于 from。'));
  const { timeZone, sees } = reader;
  const instant = DAYS[day];
  const group = GROUPS[groupBy];
  const localDay = sql`(${instant} at time zone ${timeZone}::text)`;
  const span = all([
    sql`s.cancelled_at is null`,
    sql`${instant} is not null`,
    ...(from === null ? [] : [sql`${instant} >= ${new Date(startOfLocalDay(from, timeZone))}::timestamptz`]),
    ...(until === null ? [] : [sql`${instant} < ${new Date(startOfLocalDay(until, timeZone))}::timestamptz`]),
  ]);
  const rows = await overList<ShipmentGroup & { isTotal: boolean; groupCount: number }>(
    reader,
    shipmentList(reader),
    where,
    (matching) => sql`
      with line as (
        select ${group.key(localDay)} as key, ${group.label(localDay)} as label, c.grade as grade,
               s.customer_id, s.order_number, s.shipment_number, s.revenue, s.freight, s.weight_kg,
               coalesce(s.promised_at < ${sees.now}, false) as due, ${isOnTime(sees.now)} as on_time,
               ${daysLate(sees.now, timeZone)} as days_late
        ${matching} and ${span}),
      figures as (
        select grouping(key) = 1 as is_total, key, min(label) as label, min(grade) as grade, count(*)::int as lines,
               count(distinct (customer_id, order_number)) filter (where order_number is not null)::int as orders,
               count(distinct (customer_id, shipment_number))::int as shipments,
               coalesce(sum(revenue), 0.00) as revenue,
               (count(*) filter (where due))::int as due_lines,
               (count(*) filter (where due and on_time))::int as on_time_lines,
               sum(freight) as freight, count(freight)::int as freight_lines,
               trim_scale(sum(weight_kg)) as weight_kg, count(weight_kg)::int as weight_lines,
               (percentile_cont(0.5) within group (order by days_late) filter (where due and not on_time))::numeric as median
        from line
        group by grouping sets ((key), ()))
      select is_total as "isTotal", (count(*) over () - 1)::int as "groupCount", ${groupBy}::text as "groupBy", key,
             grade::text as "fileGrade", lines, orders, shipments, revenue::text as revenue, due_lines as "dueLines",
             on_time_lines as "onTimeLines", round(100.0 * on_time_lines / nullif(due_lines, 0), 2)::text as "onTimeShare",
             freight::text as freight, freight_lines as "freightLines", weight_kg::text as "weightKg",
             weight_lines as "weightLines", round(median, 2)::text as "medianDaysLate"
      from figures
      order by figures.is_total desc, ${raw(orderBy === 'REVENUE' ? 'figures.revenue desc, label, figures.key' : 'label, figures.key')}
      limit ${first + 1}`,
  );
  const [total, ...groups] = rows;
  if (!total) throw new Error('Statistics always have a total.');
  return { groups, groupCount: total.groupCount, total };
}
