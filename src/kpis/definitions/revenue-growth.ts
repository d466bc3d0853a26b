import { text } from '../../lib/text.ts';
import { growthOf } from '../rules/figures.ts';
import { COMPANY_ONLY, inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { recognisedRevenue } from './sources/shipments.ts';

export const revenueGrowth: KpiDefinition = {
  ...OF_SHIPMENTS,
  computedBy: 'DATA_ANALYST',
  dimensions: COMPANY_ONLY,
  key: 'KPI_06',
  rule: 'KPI-06',
  title: text('Company business revenue growth rate', '公司业务收入增长率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula: '(revenue − revenue of same period last year) ÷ revenue same period last year',
  owner: 'HEAD, SALES_SUPERVISOR',
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
