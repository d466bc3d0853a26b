import { type ExportEntity, fromField } from '../exports/entity.ts';
import { type Text, text } from '../lib/text.ts';
import { sql } from '../platform/sql.ts';
import { BUDGET_LINE_FIELDS, budgetLineList } from './queries.ts';

function field(code: keyof typeof BUDGET_LINE_FIELDS, heading: Text) {
  return fromField(BUDGET_LINE_FIELDS, code, heading);
}

/** Budgets tell of no customer: whoever may export everywhere exports the lines that they may read. */
export const budgetLineExport: ExportEntity = {
  list: 'budgetLines',
  entity: 'BudgetLine',
  title: text('Budget lines', '预算明细'),
  source: budgetLineList,
  columns: [
    field('year', text('Year', '年度')),
    field('department', text('Department', '部门')),
    field('state', text('State of the budget', '预算状态')),
    field('number', text('Line', '序号')),
    field('category', text('Category', '类别')),
    field('item', text('Item', '项目')),
    { code: 'scope', heading: text('Scope', '范围'), type: 'text', sql: sql`l.scope` },
    { code: 'standard', heading: text('Standard', '标准'), type: 'money', sql: sql`l.standard` },
    field('amount', text('Amount', '预算金额')),
    field('committed', text('Committed', '已承诺')),
    field('paid', text('Paid', '已支付')),
    {
      code: 'remaining',
      heading: text('Remaining', '剩余'),
      type: 'money',
      sql: sql`(l.amount - l.paid - l.committed)`,
    },
    {
      code: 'justification',
      heading: text('Justification', '理由'),
      type: 'text',
      sql: sql`l.justification`,
    },
  ],
};
