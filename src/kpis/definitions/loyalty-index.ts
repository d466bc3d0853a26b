import { text } from '../../lib/text.ts';
import { loyaltyIndex } from '../rules/tables.ts';
import { loyalty } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const loyaltyIndexMetric: KpiDefinition = {
  ...OF_CUSTOMERS,
  computedBy: 'DATA_ANALYST',
  key: 'KPI_33',
  rule: 'KPI-33',
  title: text('Loyalty index', '客户忠诚度指数'),
  unit: 'SCORE',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'mean over the customers with a shipment of 100 x (0.30 tenure + 0.25 repeat) ÷ 0.55: months since the first shipment ÷ 36, at most 1, and months of the last 12 with a shipment ÷ 12; satisfaction, share of wallet and recommendation are not asked for yet, so their weights drop out',
  owner: 'HEAD, KA_SUPERVISOR',
  source: 'Shipment',
  measure: {
    of: [{ periodSource: loyalty }],
    compute: loyaltyIndex,
    waits: false,
    grows: false,
    parts: 'LOYALTY',
  },
};
