import { text } from '../../lib/text.ts';
import { meanOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { answeredQueries } from './sources/tickets.ts';

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
  measure: { of: [inPeriod(answeredQueries)], compute: meanOf(60n), waits: true, grows: false },
};
