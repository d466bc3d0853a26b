import { text } from '../../lib/text.ts';
import { shortfallOf } from '../rules/figures.ts';
import { keptOf } from '../rules/tables.ts';
import { activity } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const customerLoss: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_14',
  rule: 'KPI-14',
  title: text('Customer loss rate', '客户流失率'),
  unit: 'PERCENT',
  direction: 'LOWER_IS_BETTER',
  formula: '1 − KPI-13: customers active at start and no more at end ÷ customers active at start',
  owner: 'HEAD',
  source: 'Customer.registeredAt, Shipment',
  measure: {
    of: [{ periodSource: activity }],
    compute: (counted) => shortfallOf(keptOf(counted)),
    waits: false,
    grows: false,
  },
};
