import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { keptOf } from '../rules/tables.ts';
import { activity } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const priorityCustomerRetention: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_15',
  rule: 'KPI-15',
  title: text('Key customer retention', '重点客户保留率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'KPI-13 over the customers that were priority customers at start: a key account or grade A then (customer.priorityRule)',
  owner: 'HEAD, SALES_SUPERVISOR, KA_SUPERVISOR',
  source: 'KeyAccount, GradeHistory, Shipment',
  measure: {
    of: [{ periodSource: activity }],
    compute: (counted) => shareOf(keptOf(counted, ['PRIORITY_START', 'PRIORITY_BOTH'])),
    waits: false,
    grows: false,
  },
};
