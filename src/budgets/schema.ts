import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { subjectLoader } from '../graphql/live-types.ts';
import { type InputFields, mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { ActionRightType } from '../graphql/shared-types.ts';
import type { Money } from '../lib/money.ts';
import {
  budgetActivate,
  budgetApprove,
  budgetClose,
  budgetDraft,
  budgetRefuse,
  budgetRevise,
  budgetSubmit,
} from './commands.ts';
import {
  BUDGET_LINE_FIELDS,
  budgetById,
  budgetLineById,
  budgetLineList,
  type BudgetLineRow,
  budgetsOfYear,
  linesOfBudget,
} from './queries.ts';
import { type BudgetAmounts, budgetActions, remaining, totalAmounts, usedShare } from './rules.ts';
import { BUDGET_SETTINGS } from './settings.ts';

const COMMITTED = 'Approved but not yet paid.';
const REMAINING =
  'Amount less what was paid and what is approved but unpaid (BUD-09); below zero when overspent.';
const USED_SHARE =
  'Paid and committed of the amount, in percent with two places (BUD-10); null where the amount is zero.';

/** Amounts come from the database exact and with two places. */
function inCurrency(amount: string, { currency }: Pick<Context, 'currency'>): Money {
  return { amount, currency };
}

const BudgetTotals = builder.objectRef<BudgetAmounts>('BudgetTotals').implement({
  description: 'The lines of a budget together.',
  fields: (t) => ({
    amount: t.field({
      type: 'Money',
      resolve: (totals, _args, context) => inCurrency(totals.amount, context),
    }),
    committed: t.field({
      type: 'Money',
      description: COMMITTED,
      resolve: (totals, _args, context) => inCurrency(totals.committed, context),
    }),
    paid: t.field({ type: 'Money', resolve: (totals, _args, context) => inCurrency(totals.paid, context) }),
    remaining: t.field({
      type: 'Money',
      description: REMAINING,
      resolve: (totals, _args, context) => inCurrency(remaining(totals), context),
    }),
    usedShare: t.field({ type: 'Decimal', nullable: true, description: USED_SHARE, resolve: usedShare }),
  }),
});

/** The plugin types a line as the model's row; rows from SQL carry amounts as text. */
function asLine(row: unknown): BudgetLineRow {
  return row as BudgetLineRow;
}

const BudgetLineType = builder.prismaObject('BudgetLine', {
  description: 'One item of a budget (BUD-01).',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Place in the budget, from 1.' }),
    category: t.field({ type: ENUMS.BudgetCategory, resolve: (line) => line.category }),
    item: t.exposeString('item', { description: 'What the money is for.' }),
    scope: t.exposeString('scope', { description: 'What the item covers.' }),
    standard: t.field({
      type: 'Money',
      nullable: true,
      description: 'The most that one claim item may cost; null for no standard (BUD-09).',
      resolve: (row, _args, context) => {
        const { standard } = asLine(row);
        return standard === null ? null : inCurrency(standard, context);
      },
    }),
    amount: t.field({
      type: 'Money',
      resolve: (row, _args, context) => inCurrency(asLine(row).amount, context),
    }),
    justification: t.exposeString('justification', { description: 'Why the money is needed (BUD-03).' }),
    committed: t.field({
      type: 'Money',
      description: COMMITTED,
      resolve: (row, _args, context) => inCurrency(asLine(row).committed, context),
    }),
    paid: t.field({ type: 'Money', resolve: (row, _args, context) => inCurrency(asLine(row).paid, context) }),
    remaining: t.field({
      type: 'Money',
      description: REMAINING,
      resolve: (row, _args, context) => inCurrency(remaining(asLine(row)), context),
    }),
    usedShare: t.field({
      type: 'Decimal',
      nullable: true,
      description: USED_SHARE,
      resolve: (row) => usedShare(asLine(row)),
    }),
    paidLastYear: t.field({
      type: 'Money',
      nullable: true,
      description:
        'Paid the year before for the same item of the same department (BUD-03); null when its budget had none.',
      resolve: (row, _args, context) => {
        const { paidLastYear } = asLine(row);
        return paidLastYear === null ? null : inCurrency(paidLastYear, context);
      },
    }),
  }),
});
nodeBy(BudgetLineType, budgetLineById);
rootList('budgetLines', listTypes<BudgetLineRow>('BudgetLine', BudgetLineType, BUDGET_LINE_FIELDS), {
  description: 'Lines of the budgets that the viewer may read, of every year and department.',
  source: budgetLineList,
});

const BudgetType = builder.prismaObject('Budget', {
  description: "A department's expense budget for a year (BUD-01).",
  fields: (t) => ({
    year: t.exposeInt('year'),
    department: t.field({
      type: 'Department',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.departments.get(row.departmentId) ?? null,
    }),
    state: t.field({
      type: ENUMS.BudgetState,
      description: 'FINANCE_APPROVED is the first of two approvals (BUD-04).',
      resolve: (row) => row.state,
    }),
    lines: t.field({
      type: [BudgetLineType],
      description: 'In the order in which they were written.',
      resolve: async (row, _args, context) => (await linesOfBudget.load(context.read, row.id)) as never,
    }),
    totals: t.field({
      type: BudgetTotals,
      resolve: async (row, _args, context) => totalAmounts(await linesOfBudget.load(context.read, row.id)),
    }),
    draftedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.employees.get(row.draftedById) ?? null,
    }),
    submittedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null while it is a draft.',
      resolve: (row) => row.submittedAt,
    }),
    approvedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last step of approval was taken.',
      resolve: (row) => row.approvedAt,
    }),
    refusalReason: t.exposeString('refusalReason', {
      nullable: true,
      description: 'Why it was last sent back to its draft.',
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    updatedAt: t.field({ type: 'DateTime', resolve: (row) => row.updatedAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description:
        'What the viewer may do with this budget now, and why not: FORBIDDEN, OWN_DRAFT (nobody approves what they drafted) or the state.',
      resolve: (row, _args, context) =>
        budgetActions(row, context.read.viewer, context.read.settings.get(BUDGET_SETTINGS.draftChain)),
    }),
  }),
});
nodeBy(BudgetType, budgetById);
subjectLoader('Budget', (id, context) => budgetById.load(context.read, id));

builder.queryField('budgets', (t) =>
  t.field({
    type: [BudgetType],
    description:
      "A year's budgets that the viewer may see, one for each department, by the department's code.",
    args: { year: t.arg.int({ required: true }) },
    resolve: async (_root, { year }, context) => (await budgetsOfYear(context.read, year)) as never,
  }),
);

const BudgetLineInput = builder.inputType('BudgetLineInput', {
  fields: (t) => ({
    category: t.field({ type: ENUMS.BudgetCategory, required: true }),
    item: t.string({ required: true, description: 'What the money is for; once in its category.' }),
    scope: t.string({ required: true, description: 'What the item covers.' }),
    standard: t.field({
      type: 'Decimal',
      description:
        'The most that one claim item may cost, in the business currency; left out for no standard (BUD-09).',
    }),
    amount: t.field({
      type: 'Decimal',
      required: true,
      description: 'In the business currency; 0 or more, at most two places.',
    }),
    justification: t.string({ required: true, description: 'Why the money is needed (BUD-03).' }),
  }),
});

function onBudget(t: InputFields) {
  return {
    budgetId: t.id({ required: true, ...nodeIdOf('Budget') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  };
}

function budgetField(t: SuccessFields<{ budgetId: string }>) {
  return {
    budget: t.field({
      type: BudgetType,
      nullable: true,
      description: 'Null when the viewer may no longer see it.',
      resolve: async (done: { budgetId: string }, _args: unknown, context: Context) =>
        (await budgetById.load(context.read, done.budgetId)) as never,
    }),
  };
}

mutation('budgetDraft', {
  description:
    "Writes the first draft of a department's budget for a year: SALES_SUPERVISOR or HEAD (BUD-01, BUD-04).",
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    year: t.int({ required: true, description: 'One for which the department has no budget yet.' }),
    departmentId: t.id({ required: true, ...nodeIdOf('Department') }),
    lines: t.field({ type: [BudgetLineInput], required: true }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => budgetDraft(tx, viewer, input, read),
  success: budgetField,
});

/** What every mutation of an existing budget can answer with. */
const STEP_ERRORS = ['StaleVersion', 'IllegalTransition'] as const;

mutation('budgetRevise', {
  description: 'Replaces the lines of a draft: SALES_SUPERVISOR or HEAD (BUD-04).',
  errors: STEP_ERRORS,
  input: (t) => ({ ...onBudget(t), lines: t.field({ type: [BudgetLineInput], required: true }) }),
  run: (tx, viewer, input) => budgetRevise(tx, viewer, input),
  success: budgetField,
});

mutation('budgetSubmit', {
  description: 'Hands a draft in for approval: HEAD (BUD-04, CFL-26).',
  errors: STEP_ERRORS,
  input: onBudget,
  run: (tx, viewer, input) => budgetSubmit(tx, viewer, input),
  success: budgetField,
});

mutation('budgetApprove', {
  description:
    'Takes the step of approval that is due: FINANCE, then COMPANY_LEADER; nobody approves what they drafted (BUD-04).',
  errors: STEP_ERRORS,
  input: onBudget,
  run: (tx, viewer, input) => budgetApprove(tx, viewer, input),
  success: budgetField,
});

mutation('budgetRefuse', {
  description:
    'Sends a budget back to its draft with a reason: whoever has the step of approval that is due (BUD-04).',
  errors: STEP_ERRORS,
  input: (t) => ({ ...onBudget(t), reason: t.string({ required: true }) }),
  run: (tx, viewer, input) => budgetRefuse(tx, viewer, input),
  success: budgetField,
});

mutation('budgetActivate', {
  description: 'Puts an approved budget into force: HEAD or FINANCE (BUD-01).',
  errors: STEP_ERRORS,
  input: onBudget,
  run: (tx, viewer, input) => budgetActivate(tx, viewer, input),
  success: budgetField,
});

mutation('budgetClose', {
  description: 'Ends a budget that is in force: HEAD or FINANCE (BUD-01).',
  errors: STEP_ERRORS,
  input: onBudget,
  run: (tx, viewer, input) => budgetClose(tx, viewer, input),
  success: budgetField,
});
