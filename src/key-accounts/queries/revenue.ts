import { monthsAfter } from '../../lib/periods.ts';
import { type Queryable, type Sql, sql } from '../../platform/sql.ts';

const MONTHS = 12;

/** Where the twelve months before an instant begin. */
export function yearBefore(now: Date, timeZone: string): Date {
  return new Date(monthsAfter(now.getTime(), -MONTHS, timeZone));
}

/** Revenue recognised for each customer in a span; by the index shipment(delivered_at, customer_id). */
export function revenueBetween(from: Sql, until: Sql, only: Sql = sql`true`): Sql {
  return sql`
    select s.customer_id, sum(s.revenue) as amount from shipment s
    where s.delivered_at >= ${from} and s.delivered_at < ${until} and s.cancelled_at is null and ${only}
    group by s.customer_id`;
}

/** What customers brought in the twelve months before an instant; 0.00 where nothing. */
export async function revenueOfYear(
  db: Queryable,
  customerIds: readonly string[],
  now: Date,
  timeZone: string,
): Promise<Map<string, string>> {
  const ids = [...new Set(customerIds)];
  const rows = await db.query<{ id: string; amount: string }>(sql`
    select i.id, coalesce(r.amount, 0)::numeric(18, 2)::text as amount
    from unnest(${ids}::uuid[]) as i(id)
    left join (${revenueBetween(
      sql`${yearBefore(now, timeZone)}::timestamptz`,
      sql`${now}::timestamptz`,
      sql`s.customer_id = any(${ids}::uuid[])`,
    )}) r on r.customer_id = i.id`);
  return new Map(rows.map(({ id, amount }) => [id, amount]));
}
