import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { keptOf } from '../rules/tables.ts';
import { activity } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const customerRetention: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_13',
  rule: 'KPI-13',
  title: text('Customer retention rate', '客户保留率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'customers active (as in KPI-12) at both start and end ÷ customers active at start; LEASING customers by shipments and registration, their contracts are not in the product yet',
  owner: 'AM, HEAD',
  source: 'Customer.registeredAt, Shipment',
  measure: {
    of: [{ periodSource: activity }],
    compute: (counted) => shareOf(keptOf(counted)),
    waits: false,
    grows: false,
  },
};
