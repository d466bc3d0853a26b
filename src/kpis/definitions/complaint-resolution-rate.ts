import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { receivedComplaints } from './sources/tickets.ts';

export const complaintResolutionRate: KpiDefinition = {
  ...OF_TICKETS,
  key: 'KPI_36',
  rule: 'KPI-36',
  title: text('Complaint resolution rate', '投诉解决率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'complaints received in period and since closed satisfied or agreed ÷ complaints received in period',
  owner: 'CS_AGENT',
  source: 'Ticket',
  measure: { of: [inPeriod(receivedComplaints)], compute: shareOf, waits: true, grows: false },
};
