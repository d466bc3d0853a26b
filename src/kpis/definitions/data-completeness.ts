import { text } from '../../lib/text.ts';
import { partOf, shareOf } from '../rules/figures.ts';
import { files } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const dataCompleteness: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_44',
  rule: 'KPI-44',
  title: text('Data completeness', '数据完整率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'filled of the five mandatory facts of CUS-02 ÷ five for each file of an existing customer (customer.fileScope); as the files stand, so an ended period has what was kept at its close',
  owner: 'owner',
  source: 'Customer file',
  measure: {
    of: [{ periodSource: files }],
    compute: (counted) => shareOf(partOf(counted, 'FIELDS')),
    waits: false,
    grows: false,
  },
};
