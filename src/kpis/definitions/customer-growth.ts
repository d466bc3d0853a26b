import { text } from '../../lib/text.ts';
import { growthInCount } from '../rules/tables.ts';
import { activity } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const customerGrowth: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_12',
  rule: 'KPI-12',
  title: text('Customer growth', '客户增长量'),
  unit: 'COUNT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'active customers at end (now while the period runs) − at start; active: a shipment or the registration in the customer.inactiveDays days up to it. Contracts of LEASING customers are not in the product yet: they count by the same two',
  owner: 'AM',
  source: 'Customer.registeredAt, Shipment',
  measure: {
    of: [{ periodSource: activity }],
    compute: growthInCount,
    waits: false,
    grows: false,
    signed: true,
  },
};
