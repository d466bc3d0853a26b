import { sql } from '../../../platform/sql.ts';
import type { PeriodSource } from '../definition.ts';
import { factsOfCustomer } from './customers.ts';
import { recognisedRevenue } from './shipments.ts';

/**
 * Revenue of the key accounts with a target, month by month, and a twelfth of their annual targets for each month. A
 * month counts for the accounts that were key accounts at its end: revenue and target are always of the same ones.
 */
export const keyAccountRevenue: PeriodSource = {
  name: 'keyAccountRevenue',
  facts: ['shipments'],
  lookBackDays: () => 0,
  rows: ({ asked, timeZone }) => sql`
    select a.place, 0 as position, '' as cut, sum(r.revenue) as numerator, round(sum(k.annual_revenue_target) / 12, 4) as denominator,
           null::numeric as target
    from ${asked}
    cross join lateral (
      select m.day::date as first_day, (m.day + interval '1 month')::date as until_day,
             (m.day + interval '1 month') at time zone ${timeZone} as ends_at
      from generate_series(a.first_day::timestamp, a.until_day::timestamp - interval '1 day', interval '1 month') as m(day)) m
    join key_account k on k.annual_revenue_target > 0 and k.promoted_at < m.ends_at
      and (k.ended_at is null or k.ended_at >= m.ends_at)
    join customer c on c.id = k.customer_id and (
      a.kind = 'COMPANY' or a.kind = 'AREA' and c.area_id = a.id or a.kind = 'EMPLOYEE' and k.specialist_id = a.id
      or a.kind = 'CUSTOMER' and c.id = a.id)
    cross join lateral (
      select coalesce(sum(f.numerator), 0) as revenue from metric_fact f
      where ${factsOfCustomer(recognisedRevenue, sql`c.id`)} and f.day >= m.first_day and f.day < m.until_day) r
    group by a.place`,
};
