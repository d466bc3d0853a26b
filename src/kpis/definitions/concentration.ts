import { text } from '../../lib/text.ts';
import { concentrationOf } from '../rules/tables.ts';
import { concentration } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const concentrationMetric: KpiDefinition = {
  ...OF_CUSTOMERS,
  computedBy: 'DATA_ANALYST',
  dimensions: ['COMPANY', 'EMPLOYEE', 'AREA'],
  severalValues: true,
  key: 'KPI_66',
  rule: 'KPI-66',
  title: text('Customer value, contribution, concentration', '客户价值、贡献与集中度'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'revenue of the first 20 % of the customers with revenue in period ÷ revenue of all; rows: of each of the first ones ÷ revenue of all. Profit is not in the product yet',
  owner: 'HEAD',
  source: 'Shipment',
  measure: {
    of: [{ periodSource: concentration }],
    compute: concentrationOf,
    waits: false,
    grows: false,
    parts: 'CUSTOMER',
  },
};
