import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId, localId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import { makeEmployee } from '../support/factories.ts';
import { type MutationAnswer, mutate, pathsOf } from '../support/mutate.ts';
import { departments, type PersonName } from '../support/people.ts';
import { type Caller, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Tests share a database and a department has one budget a year: each takes a year of its own. */
let years = 2150;
const freshYear = () => ++years;

interface Line {
  category?: string;
  item?: string;
  scope?: string;
  standard?: string | null;
  amount?: string | number;
  justification?: string;
}

function line(facts: Line = {}): Line {
  return {
    category: 'PROMOTION',
    item: '展会',
    scope: '华东两场',
    standard: '500.00',
    amount: '80000.00',
    justification: '新客户主要来自展会',
    ...facts,
  };
}

function call(caller: Caller, name: string, input: object, success = 'budget { id version state }') {
  return mutate(server, caller, name, input, success);
}

async function draft(facts: object = {}, caller: Caller = 'SALES_SUPERVISOR'): Promise<MutationAnswer> {
  return call(caller, 'budgetDraft', {
    year: freshYear(),
    departmentId: departments.MARKETING.nodeId,
    lines: [line()],
    ...facts,
  });
}

/** A draft taken along these steps, each by a person. */
async function budgetAfter(
  ...steps: readonly (readonly [PersonName, string])[]
): Promise<{ id: string; version: number }> {
  let { budget } = await draft();
  for (const [person, name] of steps) {
    const answer = await call(person, name, { budgetId: budget.id, expectedVersion: budget.version });
    expect(answer.__typename, JSON.stringify(answer)).toMatch(/Success$/);
    budget = answer.budget;
  }
  return budget;
}

const SUBMITTED = [['HEAD', 'budgetSubmit']] as const;
const FINANCE_APPROVED = [...SUBMITTED, ['FINANCE', 'budgetApprove']] as const;
const APPROVED = [...FINANCE_APPROVED, ['COMPANY_LEADER', 'budgetApprove']] as const;

async function auditOf(budgetNodeId: string) {
  return server.services.database.query<{
    action: string;
    before: MutationAnswer;
    after: MutationAnswer;
    actorId: string;
  }>(sql`
    select action, before, after, actor_id as "actorId" from audit_log
    where subject_type = 'Budget' and subject_id = ${localId(budgetNodeId, 'Budget')}::uuid order by at, id`);
}

describe('a budget', () => {
  it('[BUD-04] [CFL-26] is drafted by the supervisor, submitted by HEAD, approved by finance and the leader', async () => {
    const answer = await draft();
    expect(answer).toMatchObject({
      __typename: 'BudgetDraftSuccess',
      budget: { state: 'DRAFT', version: 1 },
    });
    const id = answer.budget.id;
    const states: string[] = [];
    const steps: [PersonName, string][] = [
      ...APPROVED,
      ['HEAD', 'budgetActivate'],
      ['FINANCE', 'budgetClose'],
    ].map(([person, name]) => [person as PersonName, name as string]);
    for (const [index, [person, name]] of steps.entries()) {
      const { budget } = await call(person, name, { budgetId: id, expectedVersion: index + 1 });
      states.push(budget.state);
    }
    expect(states).toEqual(['SUBMITTED', 'FINANCE_APPROVED', 'APPROVED', 'ACTIVE', 'CLOSED']);
    expect(
      (await auditOf(id)).map(({ action, before, after }) => [action, before?.state ?? null, after.state]),
    ).toEqual([
      ['budget.DRAFT', null, 'DRAFT'],
      ['budget.SUBMIT', 'DRAFT', 'SUBMITTED'],
      ['budget.APPROVE', 'SUBMITTED', 'FINANCE_APPROVED'],
      ['budget.APPROVE', 'FINANCE_APPROVED', 'APPROVED'],
      ['budget.ACTIVATE', 'APPROVED', 'ACTIVE'],
      ['budget.CLOSE', 'ACTIVE', 'CLOSED'],
    ]);
  });

  it('returns to its draft with the reason, from either step of approval, and can be revised and handed in again', async () => {
    for (const [steps, person] of [
      [SUBMITTED, 'FINANCE'],
      [FINANCE_APPROVED, 'COMPANY_LEADER'],
    ] as const) {
      const { id, version } = await budgetAfter(...steps);
      const refusal = { budgetId: id, expectedVersion: version };
      expect(pathsOf(await call(person, 'budgetRefuse', { ...refusal, reason: ' ' }))).toEqual(['reason']);
      const { budget } = await call(
        person,
        'budgetRefuse',
        { ...refusal, reason: '展会费用过高' },
        'budget { state refusalReason submittedAt version }',
      );
      expect(budget).toMatchObject({ state: 'DRAFT', refusalReason: '展会费用过高', submittedAt: null });
      const revised = await call(
        'SALES_SUPERVISOR',
        'budgetRevise',
        {
          budgetId: id,
          expectedVersion: budget.version,
          lines: [line({ amount: '60000' }), line({ item: '广告' })],
        },
        'budget { state version lines { number item amount { amount } } }',
      );
      expect(revised.budget).toMatchObject({
        state: 'DRAFT',
        lines: [
          { number: 1, item: '展会', amount: { amount: '60000.00' } },
          { number: 2, item: '广告', amount: { amount: '80000.00' } },
        ],
      });
      const again = { budgetId: id, expectedVersion: revised.budget.version };
      expect((await call('HEAD', 'budgetSubmit', again)).budget.state).toBe('SUBMITTED');
      const revision = (await auditOf(id)).find(({ action }) => action === 'budget.REVISE');
      expect(revision).toMatchObject({
        before: { lines: [{ item: '展会', amount: '80000' }] },
        after: { lines: [{ amount: '60000' }, { item: '广告' }] },
      });
    }
  });

  it('is refused to roles that have no part in the step, in the words of section 23', async () => {
    const { id, version } = await budgetAfter(...SUBMITTED);
    const input = { budgetId: id, expectedVersion: version };
    expect(await call('HEAD', 'budgetApprove', input)).toMatchObject({
      __typename: 'Forbidden',
      required: ['FINANCE'],
    });
    expect(await call('COMPANY_LEADER', 'budgetApprove', input)).toMatchObject({ required: ['FINANCE'] });
    expect(await call('DEPUTY', 'budgetApprove', input)).toMatchObject({ required: ['FINANCE'] });
    expect(await call('DATA_ANALYST', 'budgetSubmit', input)).toMatchObject({ required: ['HEAD'] });
    expect(await draft({}, 'FINANCE')).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD', 'SALES_SUPERVISOR'],
    });
    expect(await call('CS_AGENT', 'budgetApprove', input)).toMatchObject({
      __typename: 'NotFound',
      path: ['budgetId'],
    });
    const nobodys = { budgetId: globalId('Budget', newId()), expectedVersion: 1 };
    expect(await call('HEAD', 'budgetSubmit', nobodys)).toMatchObject({ __typename: 'NotFound' });
  });

  it('is not approved by whoever drafted or revised it', async () => {
    const both = await makeEmployee(server, { roles: ['SALES_SUPERVISOR', 'FINANCE'] });
    const made = await draft({}, both.subject);
    const submitted = await call('HEAD', 'budgetSubmit', { budgetId: made.budget.id, expectedVersion: 1 });
    const input = { budgetId: made.budget.id, expectedVersion: submitted.budget.version };
    expect(await call(both.subject, 'budgetApprove', input)).toMatchObject({
      __typename: 'Forbidden',
      message: 'Nobody approves what they drafted.',
    });

    const revised = await call(both.subject, 'budgetRevise', {
      budgetId: (await budgetAfter()).id,
      expectedVersion: 1,
      lines: [line()],
    });
    const next = await call('HEAD', 'budgetSubmit', { budgetId: revised.budget.id, expectedVersion: 2 });
    const can = await server.gql(
      both.subject,
      `query ($id: ID!) { node(id: $id) { ... on Budget { viewerCan { action allowed reason } } } }`,
      {
        id: next.budget.id,
      },
    );
    expect(can.data.node.viewerCan).toContainEqual({
      action: 'budgetApprove',
      allowed: false,
      reason: 'OWN_DRAFT',
    });
  });

  it('says which actions its state allows', async () => {
    const { id, version } = await budgetAfter(...SUBMITTED);
    expect(await call('HEAD', 'budgetActivate', { budgetId: id, expectedVersion: version })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'SUBMITTED',
      to: 'ACTIVATE',
      allowed: ['APPROVE', 'REFUSE'],
    });
    const revise = { budgetId: id, expectedVersion: version, lines: [line()] };
    expect(await call('SALES_SUPERVISOR', 'budgetRevise', revise)).toMatchObject({
      __typename: 'IllegalTransition',
    });
  });

  it('is changed in the version that was read: of two decisions at once one is kept', async () => {
    const { id, version } = await budgetAfter(...SUBMITTED);
    const input = { budgetId: id, expectedVersion: version };
    const answers = await Promise.all([
      call('FINANCE', 'budgetApprove', input),
      call('FINANCE', 'budgetRefuse', { ...input, reason: '太高' }),
    ]);
    expect(
      answers.map((answer) => answer.__typename).filter((name) => name.endsWith('Success')),
    ).toHaveLength(1);
    expect(answers).toContainEqual(
      expect.objectContaining({ __typename: 'StaleVersion', current: version + 1 }),
    );
  });

  it('is drafted once: a repeat with the same key answers alike, a second one names the year', async () => {
    const input = { year: freshYear(), lines: [line()], idempotencyKey: newId() };
    const first = await draft(input);
    expect((await draft(input)).budget.id).toBe(first.budget.id);
    expect(await draft({ ...input, lines: [line({ amount: '1' })] })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect(pathsOf(await draft({ year: input.year }))).toEqual(['year']);
    const year = freshYear();
    const both = await Promise.all([draft({ year }), draft({ year }, 'HEAD')]);
    expect(both.map((answer) => answer.__typename).sort()).toEqual(['BudgetDraftSuccess', 'InvalidInput']);
  });

  it('names every field that is wrong', async () => {
    const lines = [line({ amount: '-5' }), line({ amount: '1.005', item: '广告', justification: ' ' })];
    const answer = await draft({ departmentId: globalId('Department', newId()), year: 1999, lines });
    expect(answer.code).toBe('INVALID_INPUT');
    expect(pathsOf(answer)).toEqual([
      'year',
      'departmentId',
      'lines.0.amount',
      'lines.1.justification',
      'lines.1.amount',
    ]);
    expect(pathsOf(await draft({ departmentId: 'Marketing' }))).toEqual(['departmentId']);
    const { id, version } = await budgetAfter();
    const revision = { budgetId: id, expectedVersion: version, lines: [line({ standard: '-1' })] };
    expect(pathsOf(await call('HEAD', 'budgetRevise', revision))).toEqual(['lines.0.standard']);
  });
});

const BUDGETS = `query ($year: Int!) { budgets(year: $year) {
  id year department { code } state draftedBy { id } version
  lines {
    id number category item scope standard { amount currency } amount { amount } committed { amount } paid { amount }
    remaining { amount } usedShare justification paidLastYear { amount }
  }
  totals { amount { amount } committed { amount } paid { amount } remaining { amount } usedShare }
} }`;

describe('the budgets of a year', () => {
  it("show what is used and left, exactly, and [BUD-03] the reason and last year's actual of each line", async () => {
    const year = freshYear();
    years += 1;
    const before = await draft({ year, lines: [line(), line({ item: '广告' })] });
    const now = await draft({
      year: year + 1,
      lines: [line({ standard: null }), line({ category: 'TRAINING' })],
    });
    for (const [node, committed, paid] of [
      [before, '0', '70000.10'],
      [now, '0.01', '20000.00'],
    ] as const) {
      await server.services.database.query(sql`
        update budget_line set committed = ${committed}::numeric, paid = ${paid}::numeric
        where budget_id = ${localId(node.budget.id, 'Budget')}::uuid and number = 1`);
    }
    const { data } = await server.gql('FINANCE', BUDGETS, { year: year + 1 });
    expect(data.budgets).toHaveLength(1);
    expect(data.budgets[0].lines).toMatchObject([
      {
        number: 1,
        category: 'PROMOTION',
        standard: null,
        amount: { amount: '80000.00' },
        committed: { amount: '0.01' },
        paid: { amount: '20000.00' },
        remaining: { amount: '59999.99' },
        usedShare: '25.00',
        justification: '新客户主要来自展会',
        paidLastYear: { amount: '70000.10' },
      },
      { number: 2, standard: { amount: '500.00', currency: 'CNY' }, usedShare: '0.00', paidLastYear: null },
    ]);
    expect(data.budgets[0].totals).toEqual({
      amount: { amount: '160000.00' },
      committed: { amount: '0.01' },
      paid: { amount: '20000.00' },
      remaining: { amount: '139999.99' },
      usedShare: '12.50',
    });
  });

  it('are seen as section 23 says, alike by list, node and nested line', async () => {
    const year = freshYear();
    const own = await draft({ year });
    await draft({ year, departmentId: departments.QUALITY.nodeId });
    const all: PersonName[] = [
      'COMPANY_LEADER',
      'HEAD',
      'SALES_SUPERVISOR',
      'DATA_ANALYST',
      'FINANCE',
      'INTERNAL_AUDITOR',
    ];
    const none: PersonName[] = [
      'CS_AGENT',
      'CS_SUPERVISOR',
      'ADMIN',
      'HR',
      'OTHER_DEPARTMENT',
      'MARKET_DEVELOPER',
    ];
    async function seen(person: PersonName): Promise<string[]> {
      const { data } = await server.gql(person, BUDGETS, { year });
      return data.budgets.map((budget: { department: { code: string } }) => budget.department.code);
    }
    for (const person of all) expect(await seen(person), person).toEqual(['MARKETING', 'QUALITY']);
    for (const person of none) expect(await seen(person), person).toEqual([]);
    expect(await seen('DEPUTY')).toEqual(['MARKETING']);

    const { data: list } = await server.gql('HEAD', BUDGETS, { year });
    const ids = list.budgets.flatMap((budget: { id: string; lines: { id: string }[] }) => [
      budget.id,
      budget.lines[0]?.id,
    ]);
    const nodes = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`;
    const known = async (person: PersonName) =>
      (await server.gql(person, nodes, { ids })).data.nodes.map(
        (node: { __typename: string } | null) => node?.__typename ?? null,
      );
    expect(await known('FINANCE')).toEqual(['Budget', 'BudgetLine', 'Budget', 'BudgetLine']);
    expect(await known('DEPUTY')).toEqual(['Budget', 'BudgetLine', null, null]);
    expect(await known('CS_AGENT')).toEqual([null, null, null, null]);
    expect(ids).toContain(own.budget.id);
  });

  it('take as many statements for many budgets as for one', async () => {
    const [one, many] = [freshYear(), freshYear()];
    await draft({ year: one });
    for (const code of ['MARKETING', 'QUALITY', 'FINANCE', 'OPERATIONS'] as const) {
      await draft({
        year: many,
        departmentId: departments[code].nodeId,
        lines: [line(), line({ item: '广告' })],
      });
    }
    const count = (year: number) => server.statementsDuring(() => server.gql('HEAD', BUDGETS, { year }));
    await count(one);
    expect(await count(many)).toBe(await count(one));
    expect(await count(many)).toBe(2);
  });
});

describe('the approval of a budget', () => {
  it('is told live, once, to whoever may see the budget, and names who is addressed', async () => {
    const { id, version } = await budgetAfter(...FINANCE_APPROVED);
    const watched =
      'subscription ($where: LiveEventWhere) { liveEvents(where: $where) { __typename ... on LiveEvent { kind message subject { id } } } }';
    const where = { subject: id };
    const people: PersonName[] = ['HEAD', 'SALES_SUPERVISOR', 'DATA_ANALYST', 'CS_AGENT'];
    const clients = people.map((person) => wsClient(server, person));
    const feeds = clients.map((client, index) =>
      client.subscribe(watched, { where: { ...where, ...(index === 1 ? { addressedToMe: true } : {}) } }),
    );
    await Promise.all(feeds.map((feed) => feed.ready()));
    const { budget } = await call(
      'COMPANY_LEADER',
      'budgetApprove',
      { budgetId: id, expectedVersion: version },
      'budget { approvedAt state year }',
    );
    expect(budget).toMatchObject({ state: 'APPROVED', approvedAt: server.clock.now().toISOString() });
    await Promise.all(
      feeds.slice(0, 3).map((feed) => feed.waitFor((item) => item.kind === 'BUDGET_APPROVED')),
    );
    await server.settled();
    for (const feed of feeds.slice(0, 3)) {
      expect(feed.events).toEqual([
        expect.objectContaining({
          kind: 'BUDGET_APPROVED',
          message: `The budget for ${budget.year} was approved.`,
          subject: { id },
        }),
      ]);
    }
    expect(feeds[3]?.events).toEqual([]);
    await Promise.all(clients.map((client) => client.dispose()));
  });
});
