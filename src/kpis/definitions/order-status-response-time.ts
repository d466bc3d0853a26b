import { text } from '../../lib/text.ts';
import { sql } from '../../platform/sql.ts';
import { meanMinutesOf } from '../rules.ts';
import { type KpiDefinition, type KpiSource, OF_TICKETS } from './definition.ts';

/** Shipment queries received in the period and first answered since, with the seconds that it took. By ticket(opened_at, id). */
const answeredQueries: KpiSource = {
  name: 'answeredQueries',
  facts: ({ start, end, within }) => sql`
    select coalesce(sum(round(extract(epoch from a.answered_at - a.opened_at))), 0)::bigint as numerator,
           count(*)::int as denominator
    from (
      select t.opened_at,
             case when t.cycle = 0 then least(t.first_responded_at, t.resolved_at)
                  else (select o.met_at from obligation o
                        where o.subject_id = t.id and o.kind = 'TICKET_FIRST_RESPONSE' and o.period = '0') end as answered_at
      from ticket t
      where t.category = 'SHIPMENT_QUERY' and t.status <> 'CANCELLED'
        and t.opened_at >= ${start}::timestamptz and t.opened_at < ${end}::timestamptz and ${within}
    ) a
    where a.answered_at is not null`,
};

export const orderStatusResponseTime: KpiDefinition = {
  ...OF_TICKETS,
  key: 'KPI_73',
  rule: 'KPI-73',
  title: text('Order status response time', '订单状态查询响应时间'),
  unit: 'MINUTES',
  direction: 'LOWER_IS_BETTER',
  formula:
    'mean minutes from receipt to first answer of the shipment queries received in period and answered since',
  owner: 'CS_AGENT',
  source: 'Ticket',
  measure: { source: answeredQueries, compute: meanMinutesOf, waits: true },
};
