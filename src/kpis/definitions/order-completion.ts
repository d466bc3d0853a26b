import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { dueOrders } from './sources/shipments.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';

export const orderCompletion: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_71',
  rule: 'KPI-71',
  title: text('Order completion rate', '订单完成率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'orders whose every line was delivered by the latest promised time of its lines ÷ orders whose latest promised time fell in period and has passed; lines without an order number belong to no order',
  owner: 'OPERATIONS',
  source: 'Shipment',
  service: true,
  measure: { of: [inPeriod(dueOrders)], compute: shareOf, waits: false, grows: false },
};
