import { text } from '../../lib/text.ts';
import { countOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { acceptedShipments } from './sources/shipments.ts';

export const volume: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_65',
  rule: 'KPI-65',
  title: text('Volume, throughput', '业务量与吞吐量'),
  unit: 'COUNT',
  direction: 'HIGHER_IS_BETTER',
  formula: 'shipments accepted in period; tonnes and the change to the months before stand in the dashboard',
  owner: 'AM',
  source: 'Shipment',
  service: false,
  measure: { of: [inPeriod(acceptedShipments)], compute: countOf, waits: false, grows: true },
};
