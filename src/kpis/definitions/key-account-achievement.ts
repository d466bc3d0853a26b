import { text } from '../../lib/text.ts';
import { moneyShareOf } from '../rules/tables.ts';
import { keyAccountRevenue } from './sources/key-accounts.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const keyAccountAchievement: KpiDefinition = {
  ...OF_CUSTOMERS,
  computedBy: 'KA_SPECIALIST',
  key: 'KPI_67',
  rule: 'KPI-67',
  title: text('Key account revenue achievement', '大客户营业额完成率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'revenue of the accounts that were key accounts at the end of each month of the period ÷ a twelfth of their annual targets for each of these months',
  owner: 'KA_SUPERVISOR',
  source: 'Shipment, KeyAccount.annualRevenueTarget',
  measure: {
    of: [{ periodSource: keyAccountRevenue }],
    compute: moneyShareOf,
    waits: false,
    grows: true,
    periods: ['MONTH', 'QUARTER', 'YEAR'],
  },
};
