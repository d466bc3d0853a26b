import { text } from '../../lib/text.ts';
import { causeShares } from '../rules/tables.ts';
import { receivedComplaints } from './sources/tickets.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';

export const complaintCauses: KpiDefinition = {
  ...OF_TICKETS,
  dimensions: ['COMPANY', 'DEPARTMENT', 'TEAM', 'AREA'],
  severalValues: true,
  key: 'KPI_40',
  rule: 'KPI-40',
  title: text('Complaint causes and trend', '投诉原因与趋势'),
  unit: 'PERCENT',
  direction: 'LOWER_IS_BETTER',
  formula:
    'complaints received in period by root cause ÷ all complaints received; change to the previous period in points',
  owner: 'CS_SUPERVISOR',
  source: 'Ticket.rootCause',
  measure: {
    of: [
      inPeriod(receivedComplaints),
      { source: receivedComplaints, span: 'PERIOD', cut: 'CAUSE' },
      { source: receivedComplaints, span: 'PREVIOUS' },
      { source: receivedComplaints, span: 'PREVIOUS', cut: 'CAUSE' },
    ],
    compute: causeShares,
    waits: true,
    grows: false,
    parts: 'CAUSE',
  },
};
