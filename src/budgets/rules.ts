import type { BudgetCategory, BudgetState, Role } from '../generated/prisma/enums.ts';
import { percent } from '../lib/decimal.ts';
import { Forbidden, type Issues } from '../lib/errors.ts';
import { cents, fromCents, isMoney } from '../lib/money.ts';
import { text } from '../lib/text.ts';
import { allowedActions, transition, type Workflow } from '../lib/workflow.ts';
import { hasRole, type Viewer } from '../organisation/rules/viewer.ts';

export type BudgetAction = 'REVISE' | 'SUBMIT' | 'APPROVE' | 'REFUSE' | 'ACTIVATE' | 'CLOSE';

/** A year's budget from draft to close (BUD-01, BUD-04). A refusal at either step of approval returns it to its draft. */
const WORKFLOW: Workflow<BudgetState, BudgetAction> = {
  DRAFT: { REVISE: 'DRAFT', SUBMIT: 'SUBMITTED' },
  SUBMITTED: { APPROVE: 'FINANCE_APPROVED', REFUSE: 'DRAFT' },
  FINANCE_APPROVED: { APPROVE: 'APPROVED', REFUSE: 'DRAFT' },
  APPROVED: { ACTIVATE: 'ACTIVE' },
  ACTIVE: { CLOSE: 'CLOSED' },
  CLOSED: {},
};

/** Who takes part in what (`budget.draftChain`). */
export interface BudgetChain {
  readonly draft: readonly Role[];
  readonly submit: readonly Role[];
  readonly finance: readonly Role[];
  readonly leader: readonly Role[];
  readonly activate: readonly Role[];
  readonly close: readonly Role[];
}

/** What a decision depends on. */
export interface DecidedBudget {
  readonly state: BudgetState;
  /** Everybody who wrote its lines. */
  readonly writerIds: readonly string[];
}

/** Why a viewer cannot take an action; null when nothing is in the way. */
type Obstacle =
  | { readonly code: 'FORBIDDEN'; readonly roles: readonly Role[] }
  | { readonly code: 'STATE' | 'OWN_DRAFT' };

/** The role comes first, so that a person without it hears no state; then the state; then BUD-04: nobody approves their own draft. */
function obstacle(
  budget: DecidedBudget,
  action: BudgetAction,
  viewer: Viewer,
  chain: BudgetChain,
): Obstacle | null {
  const roles = actors(action, budget.state, chain);
  if (!hasRole(viewer, ...roles)) return { code: 'FORBIDDEN', roles };
  if (!allowedActions(WORKFLOW, budget.state).includes(action)) return { code: 'STATE' };
  if (action === 'APPROVE' && budget.writerIds.includes(viewer.employeeId)) return { code: 'OWN_DRAFT' };
  return null;
}

/** Whose turn it is; for an approval that is not due, those of both its steps. */
function actors(action: BudgetAction, state: BudgetState, chain: BudgetChain): readonly Role[] {
  switch (action) {
    case 'REVISE':
      return chain.draft;
    case 'SUBMIT':
      return chain.submit;
    case 'ACTIVATE':
      return chain.activate;
    case 'CLOSE':
      return chain.close;
    case 'APPROVE':
    case 'REFUSE':
      if (state === 'SUBMITTED') return chain.finance;
      if (state === 'FINANCE_APPROVED') return chain.leader;
      return [...new Set([...chain.finance, ...chain.leader])];
  }
}

/** The state to which the action takes the budget, or the error that says why not. */
export function decideBudget(
  budget: DecidedBudget,
  action: BudgetAction,
  viewer: Viewer,
  chain: BudgetChain,
): BudgetState {
  const found = obstacle(budget, action, viewer, chain);
  if (found?.code === 'FORBIDDEN') throw new Forbidden(found.roles);
  if (found?.code === 'OWN_DRAFT') {
    throw new Forbidden(
      ['another approver'],
      text('Nobody approves what they drafted.', '不能审批自己编制的预算。'),
    );
  }
  return transition(WORKFLOW, budget.state, action);
}

const MUTATIONS: Readonly<Record<BudgetAction, string>> = {
  REVISE: 'budgetRevise',
  SUBMIT: 'budgetSubmit',
  APPROVE: 'budgetApprove',
  REFUSE: 'budgetRefuse',
  ACTIVATE: 'budgetActivate',
  CLOSE: 'budgetClose',
};

/** What a viewer may do with a budget, as data. */
export function budgetActions(
  budget: DecidedBudget,
  viewer: Viewer,
  chain: BudgetChain,
): { action: string; allowed: boolean; reason: string | null }[] {
  return (Object.keys(MUTATIONS) as BudgetAction[]).map((action) => {
    const code = obstacle(budget, action, viewer, chain)?.code ?? null;
    return {
      action: MUTATIONS[action],
      allowed: code === null,
      reason: code === 'STATE' ? `STATE_${budget.state}` : code,
    };
  });
}

/** The years for which the database takes a budget. */
export const YEARS = { first: 2000, last: 2200 } as const;
export const LINES_MAX = 200;
export const TEXT_MAX = 2_000;

export interface BudgetLineFacts {
  readonly category: BudgetCategory;
  readonly item: string;
  readonly scope: string;
  readonly standard?: string | null;
  readonly amount: string;
  readonly justification: string;
}

const ACCEPTED_AMOUNT = text(
  'an amount of 0 or more with at most two places',
  '不小于 0、最多两位小数的金额',
);

/** Notes everything that is wrong with the lines of a budget: each has scope, standard, amount and a reason (BUD-01, BUD-03). */
export function checkLines(issues: Issues, lines: readonly BudgetLineFacts[]): void {
  issues.expect(
    lines.length > 0 && lines.length <= LINES_MAX,
    'lines',
    text(`1 to ${LINES_MAX} lines`, `1 到 ${LINES_MAX} 行`),
  );
  const items = new Set<string>();
  lines.forEach((line, index) => {
    const at = `lines.${index}`;
    expectText(issues, `${at}.item`, line.item, text('what the money is for', '费用项目'));
    expectText(issues, `${at}.scope`, line.scope, text('what the item covers', '费用范围'));
    expectText(
      issues,
      `${at}.justification`,
      line.justification,
      text('why the money is needed (BUD-03)', '费用理由（BUD-03）'),
    );
    issues.expect(isAmount(line.amount), `${at}.amount`, ACCEPTED_AMOUNT);
    issues.expect(line.standard == null || isAmount(line.standard), `${at}.standard`, ACCEPTED_AMOUNT);
    const item = `${line.category} ${line.item.trim()}`;
    issues.expect(
      !items.has(item),
      `${at}.item`,
      text('an item once in its category', '同一类别中不重复的项目'),
    );
    items.add(item);
  });
}

function expectText(issues: Issues, path: string, value: string, what: { en: string; zh: string }): void {
  issues.expect(
    value.trim().length > 0 && value.length <= TEXT_MAX,
    path,
    text(`${what.en}, in at most ${TEXT_MAX} characters`, `${what.zh}，最多 ${TEXT_MAX} 字`),
  );
}

function isAmount(value: string): boolean {
  return isMoney(value) && !value.startsWith('-');
}

export function checkYear(issues: Issues, year: number): void {
  issues.expect(
    year >= YEARS.first && year <= YEARS.last,
    'year',
    text(`a year from ${YEARS.first} to ${YEARS.last}`, `${YEARS.first} 至 ${YEARS.last} 年`),
  );
}

/** Amounts of a line, or of all lines of a budget together. */
export interface BudgetAmounts {
  readonly amount: string;
  readonly committed: string;
  readonly paid: string;
}

export function totalAmounts(lines: readonly BudgetAmounts[]): BudgetAmounts {
  const sum = (of: (line: BudgetAmounts) => string) =>
    fromCents(lines.reduce((total, line) => total + cents(of(line)), 0n));
  return {
    amount: sum((line) => line.amount),
    committed: sum((line) => line.committed),
    paid: sum((line) => line.paid),
  };
}

/** What is left: what is approved but unpaid is gone too (BUD-09); below zero when it was overspent. */
export function remaining({ amount, committed, paid }: BudgetAmounts): string {
  return fromCents(cents(amount) - cents(paid) - cents(committed));
}

/** The used share in percent, commitments included (BUD-10); null where nothing was budgeted. */
export function usedShare({ amount, committed, paid }: BudgetAmounts): string | null {
  return percent(cents(paid) + cents(committed), cents(amount));
}
