import { text } from '../../lib/text.ts';
import { meanOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { orderCycles } from './sources/shipments.ts';

export const orderCycleTime: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_70',
  rule: 'KPI-70',
  title: text('Order cycle time', '订单周期'),
  unit: 'HOURS',
  direction: 'LOWER_IS_BETTER',
  formula:
    'mean hours from order to delivery of the shipment lines delivered in period whose order time is known',
  owner: 'OPERATIONS',
  source: 'Shipment',
  service: true,
  measure: { of: [inPeriod(orderCycles)], compute: meanOf(3_600n), waits: false, grows: false },
};
