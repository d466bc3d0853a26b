import { text } from '../../lib/text.ts';
import { moneyOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { recognisedRevenue } from './sources/shipments.ts';

export const turnover: KpiDefinition = {
  ...OF_SHIPMENTS,
  computedBy: 'DATA_ANALYST',
  key: 'KPI_01',
  rule: 'KPI-01',
  title: text('Turnover', '营业额'),
  unit: 'MONEY',
  direction: 'HIGHER_IS_BETTER',
  formula: 'sum of revenue of the shipment lines delivered in period (it is recognised at delivery)',
  owner: 'HEAD',
  source: 'Shipment',
  service: false,
  measure: { of: [inPeriod(recognisedRevenue)], compute: moneyOf, waits: false, grows: true },
};
