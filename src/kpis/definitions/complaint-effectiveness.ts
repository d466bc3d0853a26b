import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { resolvedComplaints } from './sources/tickets.ts';

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
  measure: { of: [inPeriod(resolvedComplaints)], compute: shareOf, waits: true, grows: false },
};
