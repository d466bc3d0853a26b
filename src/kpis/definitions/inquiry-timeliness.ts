import { text } from '../../lib/text.ts';
import { sql } from '../../platform/sql.ts';
import { shareOf } from '../rules.ts';
import { type KpiDefinition, type KpiSource, OF_TICKETS } from './definition.ts';

/**
 * Inquiries received in the period, and those of them first answered in their limit; a result without a reply before
 * it answers too. A reopened inquiry has new limits: its first ones stand in the obligation of its first cycle.
 * By ticket(opened_at, id).
 */
const receivedInquiries: KpiSource = {
  name: 'receivedInquiries',
  facts: ({ start, end, within }) => sql`
    select count(*) filter (
             where case when t.cycle = 0 then least(t.first_responded_at, t.resolved_at) <= t.first_response_due_at
                        else (select o.met_at <= o.due_at from obligation o
                              where o.subject_id = t.id and o.kind = 'TICKET_FIRST_RESPONSE' and o.period = '0') end
           )::int as numerator,
           count(*)::int as denominator
    from ticket t
    where t.category = 'INQUIRY' and t.status <> 'CANCELLED'
      and t.opened_at >= ${start}::timestamptz and t.opened_at < ${end}::timestamptz and ${within}`,
};

export const inquiryTimeliness: KpiDefinition = {
  ...OF_TICKETS,
  key: 'KPI_34',
  rule: 'KPI-34',
  title: text('Inquiry response timeliness', '咨询响应及时率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula: 'inquiries first answered in limit ÷ inquiries received in period',
  owner: 'CS_AGENT',
  source: 'Ticket',
  measure: { source: receivedInquiries, compute: shareOf, waits: true },
};
