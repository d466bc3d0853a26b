import { describe, expect, it } from 'vitest';
import {
  type BudgetAction,
  type BudgetLineFacts,
  budgetActions,
  checkLines,
  decideBudget,
  remaining,
  totalAmounts,
  usedShare,
} from '../../src/budgets/rules.ts';
import { BUDGET_SETTINGS } from '../../src/budgets/settings.ts';
import type { BudgetState, Role } from '../../src/generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, type InvalidInput, Issues } from '../../src/lib/errors.ts';
import { PERMISSIONS, ROLES, rolesWith } from '../../src/organisation/rules/permissions.ts';
import { viewerOf, type Viewer } from '../../src/organisation/rules/viewer.ts';

const NOW = new Date('2026-11-23T01:00:00Z');
const CHAIN = BUDGET_SETTINGS.draftChain.default;
const WRITER = '01900000-0000-7000-8000-00000000000a';
const OTHER = '01900000-0000-7000-8000-00000000000b';

function viewer(id: string, ...roles: Role[]): Viewer {
  const found = viewerOf(
    {
      id,
      departmentId: OTHER,
      teamId: null,
      hiredOn: '2020-01-01',
      leftOn: null,
      areaIds: [],
      roles: roles.map((role) => ({ role, validFrom: new Date(0), validTo: null })),
    },
    NOW,
    '2026-11-23',
  );
  if (!found) throw new Error('The person holds no role.');
  return found;
}

const STATES: readonly BudgetState[] = [
  'DRAFT',
  'SUBMITTED',
  'FINANCE_APPROVED',
  'APPROVED',
  'ACTIVE',
  'CLOSED',
];
const ACTIONS: readonly BudgetAction[] = ['REVISE', 'SUBMIT', 'APPROVE', 'REFUSE', 'ACTIVATE', 'CLOSE'];

/** Everything that is possible; whatever is not named is refused. */
const POSSIBLE: readonly [BudgetState, BudgetAction, readonly Role[], BudgetState][] = [
  ['DRAFT', 'REVISE', ['SALES_SUPERVISOR', 'HEAD'], 'DRAFT'],
  ['DRAFT', 'SUBMIT', ['HEAD'], 'SUBMITTED'],
  ['SUBMITTED', 'APPROVE', ['FINANCE'], 'FINANCE_APPROVED'],
  ['SUBMITTED', 'REFUSE', ['FINANCE'], 'DRAFT'],
  ['FINANCE_APPROVED', 'APPROVE', ['COMPANY_LEADER'], 'APPROVED'],
  ['FINANCE_APPROVED', 'REFUSE', ['COMPANY_LEADER'], 'DRAFT'],
  ['APPROVED', 'ACTIVATE', ['HEAD', 'FINANCE'], 'ACTIVE'],
  ['ACTIVE', 'CLOSE', ['HEAD', 'FINANCE'], 'CLOSED'],
];

describe('a budget on its way (BUD-01, BUD-04)', () => {
  const cases = STATES.flatMap((state) =>
    ACTIONS.map((action) => ({ state, action, way: POSSIBLE.find(([s, a]) => s === state && a === action) })),
  );

  it.each(cases)('$state, $action: every role is answered', ({ state, action, way }) => {
    for (const role of ROLES) {
      const decide = () => decideBudget({ state, writerIds: [OTHER] }, action, viewer(WRITER, role), CHAIN);
      if (way?.[2].includes(role)) expect(decide(), role).toBe(way[3]);
      else expect(decide, role).toThrow(way ? Forbidden : /Forbidden|IllegalTransition|needs|not possible/);
    }
  });

  it.each(cases.filter(({ way }) => !way))(
    '$state, $action: not even for everybody at once',
    ({ state, action }) => {
      const everybody = viewer(WRITER, ...ROLES);
      expect(() => decideBudget({ state, writerIds: [] }, action, everybody, CHAIN)).toThrow(
        IllegalTransition,
      );
    },
  );

  it('is not approved by anybody who wrote its lines, whatever their roles', () => {
    const approver = viewer(WRITER, 'HEAD', 'FINANCE', 'COMPANY_LEADER');
    for (const state of ['SUBMITTED', 'FINANCE_APPROVED'] as const) {
      const budget = { state, writerIds: [OTHER, WRITER] };
      expect(() => decideBudget(budget, 'APPROVE', approver, CHAIN)).toThrow(
        /Nobody approves what they drafted/,
      );
      expect(decideBudget(budget, 'REFUSE', approver, CHAIN)).toBe('DRAFT');
      expect(decideBudget({ state, writerIds: [OTHER] }, 'APPROVE', approver, CHAIN)).not.toBe(state);
    }
  });

  it('says what a viewer may do, with the reason why not', () => {
    const says = (state: BudgetState, who: Viewer) =>
      Object.fromEntries(
        budgetActions({ state, writerIds: [WRITER] }, who, CHAIN).map((right) => [
          right.action,
          right.reason,
        ]),
      );
    expect(says('DRAFT', viewer(OTHER, 'SALES_SUPERVISOR'))).toEqual({
      budgetRevise: null,
      budgetSubmit: 'FORBIDDEN',
      budgetApprove: 'FORBIDDEN',
      budgetRefuse: 'FORBIDDEN',
      budgetActivate: 'FORBIDDEN',
      budgetClose: 'FORBIDDEN',
    });
    expect(says('SUBMITTED', viewer(WRITER, 'FINANCE', 'HEAD'))).toEqual({
      budgetRevise: 'STATE_SUBMITTED',
      budgetSubmit: 'STATE_SUBMITTED',
      budgetApprove: 'OWN_DRAFT',
      budgetRefuse: null,
      budgetActivate: 'STATE_SUBMITTED',
      budgetClose: 'STATE_SUBMITTED',
    });
  });

  it('is decided by roles that section 23 lets write, approve and see every budget', () => {
    expect([...CHAIN.draft].sort()).toEqual(rolesWith('budget', 'write').sort());
    for (const role of [...CHAIN.finance, ...CHAIN.leader])
      expect(rolesWith('budget', 'approve')).toContain(role);
    for (const role of Object.values(CHAIN).flat()) expect(PERMISSIONS.budget[role].read).toEqual(['ALL']);
  });
});

const LINE: BudgetLineFacts = {
  category: 'PROMOTION',
  item: '展会',
  scope: '华东两场',
  standard: '500.00',
  amount: '80000.00',
  justification: '新客户主要来自展会',
};

describe('the lines of a budget', () => {
  it.each<[string, Partial<BudgetLineFacts>, string | null]>([
    ['as it should be', {}, null],
    ['no standard', { standard: null }, null],
    ['an amount of nothing', { amount: '0' }, null],
    ['one place', { amount: '0.5' }, null],
    ['the most that fits', { amount: '9999999999999999.99' }, null],
    ['a digit more', { amount: '10000000000000000.00' }, 'lines.0.amount'],
    ['below zero', { amount: '-0.01' }, 'lines.0.amount'],
    ['three places', { amount: '1.005' }, 'lines.0.amount'],
    ['no number', { amount: 'NaN' }, 'lines.0.amount'],
    ['a standard below zero', { standard: '-1' }, 'lines.0.standard'],
    ['a standard of three places', { standard: '1.999' }, 'lines.0.standard'],
    ['no reason', { justification: ' \t' }, 'lines.0.justification'],
    ['no item', { item: '' }, 'lines.0.item'],
    ['no scope', { scope: '' }, 'lines.0.scope'],
    ['a novel', { justification: '长'.repeat(2001) }, 'lines.0.justification'],
  ])('%s', (_case, facts, path) => {
    expect(pathsOf([{ ...LINE, ...facts }])).toEqual(path === null ? [] : [path]);
  });

  it('tells everything that is wrong at once', () => {
    expect(
      pathsOf([
        { ...LINE, amount: '-1', justification: '' },
        { ...LINE, standard: 'x' },
      ]),
    ).toEqual(['lines.0.justification', 'lines.0.amount', 'lines.1.standard', 'lines.1.item']);
  });

  it('are at least one, and each item stands once in its category', () => {
    expect(pathsOf([])).toEqual(['lines']);
    expect(pathsOf([LINE, { ...LINE, item: ` ${LINE.item}` }])).toEqual(['lines.1.item']);
    expect(pathsOf([LINE, { ...LINE, category: 'TRAINING' }])).toEqual([]);
  });

  function pathsOf(lines: readonly BudgetLineFacts[]): string[] {
    const issues = new Issues();
    checkLines(issues, lines);
    try {
      issues.throwIfAny();
      return [];
    } catch (error) {
      return (error as InvalidInput).issues.map((issue) => issue.path.join('.'));
    }
  }
});

describe('what a budget has left (BUD-09, BUD-10)', () => {
  it.each([
    ['untouched', '1000.00', '0.00', '0.00', '1000.00', '0.00'],
    ['commitments count', '1000.00', '300.00', '500.50', '199.50', '80.05'],
    ['used up', '1000.00', '0.00', '1000.00', '0.00', '100.00'],
    ['overspent', '1000.00', '0.01', '1000.00', '-0.01', '100.00'],
    ['nothing budgeted', '0.00', '0.00', '0.00', '0.00', null],
    ['beyond doubles', '9007199254740993.01', '0.00', '0.01', '9007199254740993.00', '0.00'],
  ])('%s', (_case, amount, committed, paid, left, share) => {
    expect(remaining({ amount, committed, paid })).toBe(left);
    expect(usedShare({ amount, committed, paid })).toBe(share);
  });

  it('adds up exactly', () => {
    const line = { amount: '0.10', committed: '0.20', paid: '0.70' };
    expect(totalAmounts([line, line, line])).toEqual({ amount: '0.30', committed: '0.60', paid: '2.10' });
    expect(totalAmounts([])).toEqual({ amount: '0.00', committed: '0.00', paid: '0.00' });
  });
});
