import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { newCustomers } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const newCustomerQuality: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_11',
  rule: 'KPI-11',
  title: text('New customer quality', '新客户质量'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'new customers (KPI-10) graded A or B now, or with a revenue of at least kpi.newCustomerRevenue within 90 days of their first shipment ÷ new customers',
  owner: 'MARKET_DEVELOPER',
  source: 'Customer.grade, Shipment',
  measure: {
    of: [{ periodSource: newCustomers }],
    compute: shareOf,
    waits: true,
    waitsDays: 90,
    grows: false,
  },
};
