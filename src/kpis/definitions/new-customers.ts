import { text } from '../../lib/text.ts';
import { countOf } from '../rules/figures.ts';
import { newCustomers } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const newCustomersMetric: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_10',
  rule: 'KPI-10',
  title: text('New customers developed', '新客户开发数量'),
  unit: 'COUNT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'customers whose first shipment was accepted in period; signed contracts are not in the product yet, the first of which may be earlier',
  owner: 'MARKET_DEVELOPER, AM',
  source: 'Shipment',
  measure: { of: [{ periodSource: newCustomers }], compute: countOf, waits: false, grows: true },
};
