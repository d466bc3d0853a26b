import { text } from '../../lib/text.ts';
import { growthOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { recognisedRevenue } from './sources/shipments.ts';

export const businessGrowth: KpiDefinition = {
  ...OF_SHIPMENTS,
  computedBy: 'DATA_ANALYST',
  key: 'KPI_07',
  rule: 'KPI-07',
  title: text('Business growth rate', '业务增长率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula: "same as KPI-06 over the owner's customers, a customer or an area",
  owner: 'AM',
  source: 'Shipment',
  service: false,
  measure: {
    of: [inPeriod(recognisedRevenue), { source: recognisedRevenue, span: 'YEAR_BEFORE' }],
    compute: growthOf,
    waits: false,
    grows: true,
    signed: true,
  },
};
