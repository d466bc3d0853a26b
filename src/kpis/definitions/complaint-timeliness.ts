import { text } from '../../lib/text.ts';
import { sql } from '../../platform/sql.ts';
import { shareOf } from '../rules.ts';
import { type KpiDefinition, type KpiSource, OF_TICKETS } from './definition.ts';

/**
 * Complaints whose first final limit fell in the period and has passed, and those of them resolved by it. A
 * reopened complaint has a new limit (TIC-37): its first stands in the obligation of its first cycle, its first
 * resolution in its history. By ticket(resolution_due_at) and the few tickets of ticket_reopened_idx.
 */
const dueComplaints: KpiSource = {
  name: 'dueComplaints',
  facts: ({ start, end, now, within }) => {
    const until = end < now ? end : now;
    return sql`
      select count(*) filter (where d.resolved_at <= d.due_at)::int as numerator, count(*)::int as denominator
      from (
        select t.resolution_due_at as due_at, t.resolved_at
        from ticket t
        where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.cycle = 0
          and t.resolution_due_at >= ${start}::timestamptz and t.resolution_due_at < ${until}::timestamptz and ${within}
        union all
        select o.due_at, (select min(h.at) from ticket_history h where h.ticket_id = t.id and h.action = 'RESOLVE')
        from ticket t join obligation o on o.subject_id = t.id and o.kind = 'TICKET_RESOLUTION' and o.period = '0'
        where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.cycle > 0
          and o.due_at >= ${start}::timestamptz and o.due_at < ${until}::timestamptz and ${within}
      ) d`;
  },
};

export const complaintTimeliness: KpiDefinition = {
  ...OF_TICKETS,
  key: 'KPI_37',
  rule: 'KPI-37',
  title: text('Complaint timeliness', '投诉处理及时率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'complaints first resolved by their final limit ÷ complaints whose final limit fell in period (of a running period: has passed)',
  owner: 'CS_SUPERVISOR',
  source: 'Ticket',
  measure: { source: dueComplaints, compute: shareOf, waits: false },
};
