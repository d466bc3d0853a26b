import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { dueComplaints } from './sources/tickets.ts';

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
  measure: { of: [inPeriod(dueComplaints)], compute: shareOf, waits: false, grows: false },
};
