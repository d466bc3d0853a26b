import { text } from '../../lib/text.ts';
import { partOf, shareOf } from '../rules/figures.ts';
import { files } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const fileCompleteness: KpiDefinition = {
  ...OF_CUSTOMERS,
  key: 'KPI_55',
  rule: 'KPI-55',
  title: text('File supervision completeness', '客户档案督办完整率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'files with all parts of file.requiredParts, priority ones with those of file.requiredPartsPriority too, ÷ files of existing customers (customer.fileScope) in charge; as they stand, so an ended period has what was kept at its close',
  owner: 'CLERK',
  // CUS-08.
  appraises: ['ACCOUNT_MANAGER_LOGISTICS', 'ACCOUNT_MANAGER_LEASING'],
  source: 'Customer file',
  measure: {
    of: [{ periodSource: files }],
    compute: (counted) => shareOf(partOf(counted, 'FILES')),
    waits: false,
    grows: false,
  },
};
