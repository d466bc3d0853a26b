import { text } from '../../lib/text.ts';
import { gradeShares } from '../rules/tables.ts';
import { files } from './sources/customers.ts';
import { type KpiDefinition, OF_CUSTOMERS } from './definition.ts';

export const gradeSharesMetric: KpiDefinition = {
  ...OF_CUSTOMERS,
  dimensions: ['COMPANY', 'EMPLOYEE', 'AREA'],
  severalValues: true,
  key: 'KPI_64',
  rule: 'KPI-64',
  title: text('Grade shares', '客户等级占比'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'graded customers of each grade, D with C ÷ graded customers (customer.fileScope), beside grading.shares; as they stand, so an ended period has what was kept at its close',
  owner: 'HEAD',
  source: 'Customer.grade',
  measure: {
    of: [{ periodSource: files }],
    compute: gradeShares,
    waits: false,
    grows: false,
    parts: 'GRADE',
  },
};
