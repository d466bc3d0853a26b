import { defineLoader } from '../../platform/loaders.ts';
import type { Reader } from '../../organisation/queries.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import { reportPeriod } from '../rules/work.ts';

/** What the customers of incentives brought in their periods; one statement to find them, one for all of them. */
export async function incentiveRevenues(
  db: Queryable,
  ids: readonly string[],
  timeZone: string,
): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; customerId: string; period: string }>(sql`
    select i.id, k.customer_id as "customerId", i.period
    from key_account_incentive i join key_account k on k.id = i.key_account_id
    where i.id = any(${[...ids]}::uuid[])`);
  const spans = rows.flatMap(({ id, customerId, period: key }) => {
    const period = reportPeriod(key, timeZone);
    return period
      ? [{ id, customer_id: customerId, from: new Date(period.start), until: new Date(period.end) }]
      : [];
  });
  // By the index shipment(delivered_at, customer_id).
  const revenues = await db.query<{ id: string; amount: string }>(sql`
    select i.id, coalesce(sum(s.revenue), 0)::numeric(18, 2)::text as amount
    from jsonb_to_recordset(${JSON.stringify(spans)}::jsonb) as i(
      id uuid, customer_id uuid, "from" timestamptz, until timestamptz)
    left join shipment s on s.customer_id = i.customer_id and s.delivered_at >= i."from" and s.delivered_at < i.until
      and s.cancelled_at is null
    group by i.id`);
  return new Map(revenues.map(({ id, amount }) => [id, amount]));
}

/** The same for what is shown; called for incentives that the viewer reads. */
export const incentiveRevenueOf = defineLoader(async (reader: Reader, ids) => {
  const revenues = await incentiveRevenues(reader, ids, reader.timeZone);
  return ids.map((id) => revenues.get(id) ?? '0.00');
});
