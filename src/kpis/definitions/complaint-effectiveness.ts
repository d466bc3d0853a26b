import { text } from '../../lib/text.ts';
import { sql } from '../../platform/sql.ts';
import { shareOf } from '../rules.ts';
import { type KpiDefinition, type KpiSource, OF_TICKETS } from './definition.ts';

/**
 * Complaints first resolved in the period, and those of them whose first result satisfied the customer and held:
 * no reopening within the days of TIC-37. What a reopened complaint had before stands in its history and follow-ups.
 * By ticket_complaint_resolved_idx and the few tickets of ticket_reopened_idx.
 */
const resolvedComplaints: KpiSource = {
  name: 'resolvedComplaints',
  facts: ({ start, end, within, reopenDays }) => sql`
    select count(*) filter (where r.satisfied)::int as numerator, count(*)::int as denominator
    from (
      select coalesce(t.satisfaction = 'SATISFIED', false) as satisfied
      from ticket t
      where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.cycle = 0
        and t.resolved_at >= ${start}::timestamptz and t.resolved_at < ${end}::timestamptz and ${within}
      union all
      select f.reopened_at > f.resolved_at + make_interval(days => ${reopenDays}::int) and exists (
               select 1 from follow_up u where u.ticket_id = t.id and u.cycle = 0 and u.result = 'SATISFIED')
      from ticket t
      cross join lateral (
        select min(h.at) filter (where h.action = 'RESOLVE') as resolved_at,
               min(h.at) filter (where h.action = 'REOPEN') as reopened_at
        from ticket_history h where h.ticket_id = t.id) f
      where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.cycle > 0
        and f.resolved_at >= ${start}::timestamptz and f.resolved_at < ${end}::timestamptz and ${within}
    ) r`,
};

export const complaintEffectiveness: KpiDefinition = {
  ...OF_TICKETS,
  key: 'KPI_38',
  rule: 'KPI-38',
  title: text('Complaint effectiveness', '投诉处理有效率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'complaints first resolved in period with satisfied follow-up and not reopened within 30 days (ticket.reopenDays) ÷ complaints first resolved in period',
  owner: 'CS_SUPERVISOR',
  source: 'Ticket, FollowUp',
  measure: { source: resolvedComplaints, compute: shareOf, waits: true },
};
