import { text } from '../../lib/text.ts';
import { shortfallOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { promisedDeliveries } from './sources/shipments.ts';

export const transportDelay: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_74',
  rule: 'KPI-74',
  title: text('Transport delay rate', '运输延误率'),
  unit: 'PERCENT',
  direction: 'LOWER_IS_BETTER',
  formula:
    'shipment lines not delivered by their promised time ÷ shipment lines whose promised time fell in period (of a running period: has passed)',
  owner: 'OPERATIONS',
  source: 'Shipment',
  service: true,
  measure: { of: [inPeriod(promisedDeliveries)], compute: shortfallOf, waits: false, grows: false },
};
