import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { harmedShipments } from './sources/shipments.ts';

export const lossAndDamage: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_76',
  rule: 'KPI-76',
  title: text('Safety: loss and damage rate', '货物丢失与损坏率'),
  unit: 'PERCENT',
  direction: 'LOWER_IS_BETTER',
  formula: 'shipments lost or damaged ÷ shipments accepted in period',
  owner: 'OPERATIONS',
  source: 'Shipment',
  service: true,
  measure: { of: [inPeriod(harmedShipments)], compute: shareOf, waits: true, grows: false },
};
