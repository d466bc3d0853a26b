import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { receivedInquiries } from './sources/tickets.ts';

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
  measure: { of: [inPeriod(receivedInquiries)], compute: shareOf, waits: true, grows: false },
};
