import { text } from '../../lib/text.ts';
import { countOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { receivedComplaints } from './sources/tickets.ts';

/** The numerator of KPI-39, which waits for the number of shipments. */
export const complaintsReceived: KpiDefinition = {
  ...OF_TICKETS,
  key: 'COMPLAINTS_RECEIVED',
  rule: 'KPI-39',
  title: text('Complaints received', '投诉受理量'),
  unit: 'COUNT',
  direction: 'LOWER_IS_BETTER',
  formula: 'complaints received in period, cancelled duplicates left out',
  owner: 'CS_AGENT',
  source: 'Ticket',
  measure: { of: [inPeriod(receivedComplaints)], compute: countOf, waits: false, grows: true },
};
