import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { promisedDeliveries } from './sources/shipments.ts';

export const onTimeDelivery: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_75',
  rule: 'KPI-75',
  title: text('Reliability: on-time delivery', '准时送达率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'shipment lines delivered by their promised time ÷ shipment lines whose promised time fell in period (of a running period: has passed)',
  owner: 'OPERATIONS',
  source: 'Shipment',
  service: true,
  measure: { of: [inPeriod(promisedDeliveries)], compute: shareOf, waits: false, grows: false },
};
