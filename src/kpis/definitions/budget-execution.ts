import { text } from '../../lib/text.ts';
import { moneyShareOf } from '../rules/tables.ts';
import { budgetToDate } from './sources/budgets.ts';
import type { KpiDefinition } from './definition.ts';

export const budgetExecution: KpiDefinition = {
  version: 1,
  computedBy: 'system',
  dimensions: ['COMPANY', 'DEPARTMENT'],
  key: 'KPI_19',
  rule: 'KPI-19',
  title: text('Budget execution rate', '预算执行率'),
  unit: 'PERCENT',
  direction: 'LOWER_IS_BETTER',
  formula:
    'paid of the year’s budgets in force ÷ a twelfth of their amounts for each month begun by the last day of the period, or by now; lines have no month plan and no dates of payment, so an ended period has what was kept at its close',
  owner: 'HEAD, SALES_SUPERVISOR',
  source: 'BudgetLine',
  service: false,
  severalValues: false,
  measure: {
    of: [{ periodSource: budgetToDate }],
    compute: moneyShareOf,
    waits: false,
    grows: false,
    periods: ['MONTH', 'QUARTER', 'YEAR'],
  },
};
