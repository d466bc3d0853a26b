import { type Sql, sql } from '../../../platform/sql.ts';
import type { KpiSource } from '../definition.ts';

/** What every figure of shipments is cut by: the customer, its owner and its area. */
const DIMENSIONS = sql`null::uuid as department_id, null::uuid as team_id, c.owner_id as employee_id, s.customer_id, c.area_id,
  c.area_id::text as area, c.grade::text as grade, s.mode::text as mode, k.level::text as level`;
const OWNERS = sql`join customer c on c.id = s.customer_id
    left join key_account k on k.customer_id = s.customer_id and k.ended_at is null`;
const NEVER = sql`null::timestamptz as changes_at`;

const OF_SHIPMENTS = { facts: 'shipments', cuts: ['AREA', 'GRADE', 'MODE', 'LEVEL'] } as const;

/** Lines that count on a day by when they were accepted, by shipment(counted_at, id, customer_id). */
function countedIn(days: Sql): Sql {
  return sql`${days} join shipment s on s.counted_at >= d.starts_at and s.counted_at < d.ends_at ${OWNERS}`;
}

/** A shipment counts once, with the first of its lines. By shipment(customer_id, shipment_number). */
const IS_FIRST_LINE = sql`not exists (
  select 1 from shipment e
  where e.customer_id = s.customer_id and e.shipment_number = s.shipment_number and e.cancelled_at is null
    and (e.counted_at, e.id) < (s.counted_at, s.id))`;

/** Shipments accepted on the day, and the kilograms of all their lines. */
export const acceptedShipments: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'acceptedShipments',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, coalesce(s.weight_kg, 0) as numerator, (${IS_FIRST_LINE})::int as denominator, ${NEVER}
    from ${countedIn(days)}
    where s.cancelled_at is null`,
};

/** Shipments accepted on the day, and those of them of which a line was lost or damaged. */
export const harmedShipments: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'harmedShipments',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, exists (
             select 1 from shipment e
             where e.customer_id = s.customer_id and e.shipment_number = s.shipment_number and e.cancelled_at is null
               and (e.lost or e.damaged))::int as numerator, 1 as denominator, ${NEVER}
    from ${countedIn(days)}
    where s.cancelled_at is null and ${IS_FIRST_LINE}`,
};

/** Revenue of the lines delivered on the day, when it is recognised. By shipment(delivered_at, customer_id). */
export const recognisedRevenue: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'recognisedRevenue',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, s.revenue as numerator, 1 as denominator, ${NEVER}
    from ${days} join shipment s on s.delivered_at >= d.starts_at and s.delivered_at < d.ends_at ${OWNERS}
    where s.cancelled_at is null`,
};

/** What carriage left over of the lines delivered on the day whose direct cost is known (CUS-27). By shipment(delivered_at, customer_id). */
export const carriageMargin: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'carriageMargin',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, s.revenue - s.freight as numerator, 1 as denominator, ${NEVER}
    from ${days} join shipment s on s.delivered_at >= d.starts_at and s.delivered_at < d.ends_at ${OWNERS}
    where s.cancelled_at is null and s.freight is not null`,
};

/** Lines whose promised time fell on the day and has passed, and those of them delivered by it. By shipment(promised_at). */
export const promisedDeliveries: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'promisedDeliveries',
  rows: ({ days, now }) => sql`
    select d.day, ${DIMENSIONS},
           ((s.delivered_at <= s.promised_at and s.promised_at < ${now}::timestamptz) is true)::int as numerator,
           (s.promised_at < ${now}::timestamptz)::int as denominator,
           case when s.promised_at >= ${now}::timestamptz then s.promised_at end as changes_at
    from ${days} join shipment s on s.promised_at >= d.starts_at and s.promised_at < d.ends_at ${OWNERS}
    where s.cancelled_at is null`,
};

/**
 * Orders whose latest promise fell on the day and has passed, and those of them whose every line was delivered by it. By
 * shipment(promised_at) and shipment(customer_id, order_number).
 */
export const dueOrders: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'dueOrders',
  rows: ({ days, now }) => sql`
    select d.day, ${DIMENSIONS},
           (s.promised_at < ${now}::timestamptz and not exists (
             select 1 from shipment e
             where e.customer_id = s.customer_id and e.order_number = s.order_number and e.cancelled_at is null
               and (e.delivered_at <= s.promised_at) is not true))::int as numerator,
           (s.promised_at < ${now}::timestamptz)::int as denominator,
           case when s.promised_at >= ${now}::timestamptz then s.promised_at end as changes_at
    from ${days} join shipment s on s.promised_at >= d.starts_at and s.promised_at < d.ends_at ${OWNERS}
    where s.cancelled_at is null and s.order_number is not null and not exists (
      select 1 from shipment e
      where e.customer_id = s.customer_id and e.order_number = s.order_number and e.cancelled_at is null
        and (e.promised_at, e.id) > (s.promised_at, s.id))`,
};

/** Seconds from order to delivery of the lines delivered on the day whose order time is known. By shipment(delivered_at, customer_id). */
export const orderCycles: KpiSource = {
  ...OF_SHIPMENTS,
  name: 'orderCycles',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, round(extract(epoch from s.delivered_at - s.ordered_at)) as numerator, 1 as denominator, ${NEVER}
    from ${days} join shipment s on s.delivered_at >= d.starts_at and s.delivered_at < d.ends_at ${OWNERS}
    where s.cancelled_at is null and s.ordered_at <= s.delivered_at`,
};
