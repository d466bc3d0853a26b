import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeEmployee, makeKeyAccount, makeShipments } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people, teams } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import {
  act,
  approvalsOf,
  beforeFirstNight,
  decide,
  promote,
  propose,
  read,
  readAccount,
  sweepAt,
} from './key-account-client.ts';

// A server and a database of its own: the clock moves by months, and the nightly work is over all customers.
let database: FreshDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

beforeEach(() => beforeFirstNight(server));

function eventsOf(kind: string, id: string) {
  return server.services.database.query<{ audience: object; payload: object; severity: string }>(sql`
    select audience, payload, severity from event where kind = ${kind} and subject_id = ${id}::uuid order by seq`);
}

async function candidates(caller: string, customer: { readonly nodeId: string }) {
  const { data } = await read(
    server,
    caller,
    `query Candidates($id: ID!) { keyAccountCandidates(where: { customer: { eq: $id } }, orderBy: [{ field: foundAt }]) {
      edges { node { id state level revenue { amount } target { amount } version } } } }`,
    { id: customer.nodeId },
  );
  return data.keyAccountCandidates.edges.map(({ node }: { node: object }) => node);
}

async function earned(customerId: string, revenue: string, day: string) {
  await makeShipments(server, 1, { customerId, revenue, deliveredAt: shanghai(`${day} 12:00`) });
}

describe('the approval of a promotion', () => {
  test('[KEY-17] a specialist asks, KA_SUPERVISOR and then HEAD approve, and only then is it a key account', async () => {
    const customer = await makeCustomer(server, { ownerId: people.KA_SPECIALIST.id });
    const { proposal, keyAccount } = await propose(server, customer, {}, 'KA_SPECIALIST');
    expect([proposal, keyAccount]).toMatchObject([
      { kind: 'PROMOTION', state: 'PENDING', level: 'B', requester: { id: people.KA_SPECIALIST.nodeId } },
      null,
    ]);
    const [approval] = await approvalsOf(server, proposal.id);
    expect(approval.steps).toEqual([
      { number: 1, approvers: [{ role: 'KA_SUPERVISOR' }] },
      { number: 2, approvers: [{ role: 'HEAD' }] },
    ]);
    expect((await decide(server, 'HEAD', proposal.id)).__typename).toBe('Forbidden');
    expect(await decide(server, 'KA_SUPERVISOR', proposal.id)).toMatchObject({
      approval: { state: 'PENDING', step: 2 },
    });
    const waiting = await read(
      server,
      'HEAD',
      'query C($id: ID!) { node(id: $id) { ... on Customer { keyAccount { id } } } }',
      {
        id: customer.nodeId,
      },
    );
    expect(waiting.data.node.keyAccount).toBeNull();
    expect(await decide(server, 'HEAD', proposal.id)).toMatchObject({ approval: { state: 'APPROVED' } });
    const { data } = await read(
      server,
      'KA_SPECIALIST',
      'query C($id: ID!) { node(id: $id) { ... on Customer { keyAccount { level status specialist { id } } } } }',
      { id: customer.nodeId },
    );
    expect(data.node.keyAccount).toEqual({
      level: 'B',
      status: 'ACTIVE',
      specialist: { id: people.KA_SPECIALIST.nodeId },
    });
  });

  test('asking says yes: a supervisor’s goes to HEAD, HEAD’s to the supervisor; a refused one can be asked for again', async () => {
    const customer = await makeCustomer(server);
    const bySupervisor = await propose(server, customer);
    const [first] = await approvalsOf(server, bySupervisor.proposal.id);
    expect(first.steps).toEqual([{ number: 1, approvers: [{ role: 'HEAD' }] }]);
    expect((await decide(server, 'KA_SUPERVISOR', bySupervisor.proposal.id)).__typename).toBe('Forbidden');
    await decide(server, 'HEAD', bySupervisor.proposal.id, 'REFUSE');
    const byHead = await propose(server, customer, {}, 'HEAD');
    const [second] = await approvalsOf(server, byHead.proposal.id);
    expect(second.steps).toEqual([{ number: 1, approvers: [{ role: 'KA_SUPERVISOR' }] }]);
    await decide(server, 'KA_SUPERVISOR', byHead.proposal.id);
    const { data } = await read(
      server,
      'HEAD',
      'query P($id: ID!) { keyAccountProposals(where: { customer: { eq: $id } }, orderBy: [{ field: requestedAt }]) { edges { node { state } } } }',
      { id: customer.nodeId },
    );
    expect(data.keyAccountProposals.edges.map(({ node }: { node: { state: string } }) => node.state)).toEqual(
      ['REFUSED', 'APPROVED'],
    );
  });

  test('what is not true any more when it is approved is refused by name', async () => {
    const customer = await makeCustomer(server);
    const { proposal } = await propose(server, customer);
    await server.services.database.transaction(({ prisma }) =>
      prisma.customer.update({ where: { id: customer.id }, data: { lifecycle: 'LOST' } }),
    );
    expect(pathsOf(await decide(server, 'HEAD', proposal.id))).toEqual(['customerId']);
  });

  test('who may not read key accounts knows of no proposal', async () => {
    const customer = await makeCustomer(server);
    const { proposal } = await propose(server, customer);
    for (const [caller, knows] of [
      ['COMPANY_LEADER', true],
      ['KA_SPECIALIST', false],
      ['SALES_REP', false],
      ['FINANCE', false],
      ['HR', false],
    ] as const) {
      const { data } = await read(server, caller, 'query N($id: ID!) { node(id: $id) { id } }', {
        id: proposal.id,
      });
      expect([caller, data.node !== null]).toEqual([caller, knows]);
      expect([caller, (await approvalsOf(server, proposal.id, caller)).length]).toEqual([
        caller,
        knows ? 1 : 0,
      ]);
    }
  });
});

describe('levels', () => {
  test('[KEY-03] another level follows from target, threshold and review as a candidate, and is in force when approved', async () => {
    const customer = await makeCustomer(server);
    const { keyAccount } = await promote(server, customer);
    await earned(customer.id, '1234.50', '2026-10-01');
    const [row] = await server.services.database.query<{ id: string }>(sql`
      select id from key_account where customer_id = ${customer.id}::uuid`);
    const id = row?.id ?? '';
    const update = (version: number, annualRevenueTarget: string) =>
      act(server, 'KA_SPECIALIST', 'keyAccountUpdate', {
        keyAccountId: keyAccount.id,
        expectedVersion: version,
        annualRevenueTarget,
      });
    const raised = await update(1, '5000000');
    expect(raised.keyAccount).toMatchObject({ level: 'B', proposal: { kind: 'LEVEL_CHANGE', level: 'A' } });
    await server.settled();
    expect(await eventsOf('LEVEL_CHANGE_CANDIDATE', id)).toEqual([
      {
        severity: 'INFO',
        audience: { roles: ['KA_SUPERVISOR', 'HEAD'] },
        payload: { level: 'B', proposed: 'A', target: '5000000', revenue: '1234.50' },
      },
    ]);
    // The target goes back: nothing is left to decide.
    const back = await update(2, '2000000');
    expect(back.keyAccount.proposal).toBeNull();
    const low = await update(3, '1000000.00');
    const [approval] = await approvalsOf(server, low.keyAccount.proposal.id);
    expect(
      approval.steps.map(({ approvers }: { approvers: { role: string }[] }) => approvers[0]?.role),
    ).toEqual(['KA_SUPERVISOR', 'HEAD']);
    await decide(server, 'KA_SUPERVISOR', low.keyAccount.proposal.id);
    expect((await readAccount(server, 'HEAD', keyAccount.id)).level).toBe('B');
    await decide(server, 'HEAD', low.keyAccount.proposal.id);
    expect(await readAccount(server, 'HEAD', keyAccount.id)).toMatchObject({ level: 'C', proposal: null });
    // Another target past the commands: the review of the next quarter finds it, once.
    await server.services.database.transaction(({ prisma }) =>
      prisma.keyAccount.update({ where: { id }, data: { annualRevenueTarget: '600000.00' } }),
    );
    await sweepAt(server, '2027-01-01 01:00');
    await sweepAt(server, '2027-01-02 01:00');
    expect((await readAccount(server, 'HEAD', keyAccount.id)).proposal).toMatchObject({ level: 'D' });
    expect(await eventsOf('LEVEL_CHANGE_CANDIDATE', id)).toHaveLength(3);
  });

  test('a record of the review proposes the level, too', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id, level: 'C' });
    const reviewed = await review(account.nodeId);
    expect(reviewed.keyAccountReview).toMatchObject({ level: 'C', levelByTarget: 'B' });
    expect((await readAccount(server, 'HEAD', account.nodeId)).proposal).toMatchObject({ level: 'B' });
  });

  test('[CFL-02] the level of an account and the grade of its file are two things', async () => {
    const customer = await makeCustomer(server, { grade: 'D' });
    const { keyAccount } = await promote(server, customer, { annualRevenueTarget: '5000000' });
    const { data } = await read(
      server,
      'HEAD',
      'query G($id: ID!) { node(id: $id) { ... on KeyAccount { level customer { grade } } } }',
      { id: keyAccount.id },
    );
    expect(data.node).toEqual({ level: 'A', customer: { grade: 'D' } });
  });
});

function review(keyAccountId: string, caller = 'KA_SPECIALIST', more: object = {}) {
  return mutate(
    server,
    caller,
    'keyAccountReviewRecord',
    { keyAccountId, assessment: '服务稳定', needs: '旺季仓位', measures: '预留仓位', ...more },
    `keyAccountReview { id period assessment needs measures level levelByTarget revenue { amount }
      annualRevenueTarget { amount } recordedBy { id } keyAccount { id } }`,
  );
}

describe('the quarterly review', () => {
  test('[KEY-10] a quarter asks every account for a review, told once when missed; the record keeps the figures', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id });
    await earned(customer.id, '700000.00', '2026-12-20');
    await sweepAt(server, '2027-01-01 01:00');
    const duties = async () =>
      (await readAccount(server, 'HEAD', account.nodeId)).file.duties.filter(
        ({ kind }: { kind: string }) => kind === 'KEY_ACCOUNT_REVIEW',
      );
    expect(await duties()).toEqual([
      {
        kind: 'KEY_ACCOUNT_REVIEW',
        period: '2027-Q1',
        dueAt: shanghai('2027-04-01 00:00').toISOString(),
        state: 'OPEN',
        metAt: null,
      },
    ]);
    const made = await review(account.nodeId);
    expect(made.keyAccountReview).toMatchObject({
      period: '2027-Q1',
      assessment: '服务稳定',
      level: 'B',
      levelByTarget: 'B',
      revenue: { amount: '700000.00' },
      annualRevenueTarget: { amount: '2000000.00' },
      recordedBy: { id: people.KA_SPECIALIST.nodeId },
      keyAccount: { id: account.nodeId },
    });
    expect((await duties())[0]).toMatchObject({ state: 'MET', metAt: server.clock.now().toISOString() });
    expect(pathsOf(await review(account.nodeId))).toEqual(['keyAccountId']);
    await sweepAt(server, '2027-04-01 01:00');
    await sweepAt(server, '2027-07-01 01:00');
    await sweepAt(server, '2027-07-02 01:00');
    expect(
      (await duties()).map(({ period, state }: { period: string; state: string }) => `${period} ${state}`),
    ).toEqual(['2027-Q3 OPEN', '2027-Q2 OVERDUE', '2027-Q1 MET']);
    const missed = await eventsOf('KEY_ACCOUNT_DUTY_OVERDUE', account.id);
    expect(
      missed.filter(({ payload }) => (payload as { duty: string }).duty === 'KEY_ACCOUNT_REVIEW'),
    ).toMatchObject([{ severity: 'WARNING', payload: { period: '2027-Q2' } }]);
    // History is kept: a list, and a node of each.
    const { data } = await read(
      server,
      'HEAD',
      'query R($id: ID!) { node(id: $id) { ... on KeyAccount { keyAccountReviews { totalCount edges { node { period } } } } } }',
      { id: account.nodeId },
    );
    expect(data.node.keyAccountReviews).toEqual({ totalCount: 1, edges: [{ node: { period: '2027-Q1' } }] });
  });

  test.each([
    ['HEAD', 'Forbidden'],
    ['SALES_SUPERVISOR', 'Forbidden'],
    ['KA_SPECIALIST_2', 'Forbidden'],
    ['FINANCE', 'NotFound'],
    ['KA_SUPERVISOR', 'KeyAccountReviewRecordSuccess'],
  ])('[KEY-13] %s records one: %s', async (caller, type) => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id });
    expect((await review(account.nodeId, caller)).__typename).toBe(type);
  });

  test('it says something, and belongs to an account that is served', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id });
    expect(
      pathsOf(await review(account.nodeId, 'KA_SPECIALIST', { assessment: ' ', needs: 'x'.repeat(5001) })),
    ).toEqual(['assessment', 'needs']);
    const ended = await makeKeyAccount(server, {
      customerId: (await makeCustomer(server)).id,
      endedAt: server.clock.now(),
    });
    expect(await review(ended.nodeId, 'KA_SUPERVISOR')).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'ENDED',
    });
  });
});

describe('candidates', () => {
  test('[EVT-32] revenue of twelve months or a target of level D makes a candidate, told once to KA_SUPERVISOR and HEAD', async () => {
    const [rich, targeted, poor, old, served] = await Promise.all(
      Array.from({ length: 5 }, () => makeCustomer(server)),
    );
    if (!rich || !targeted || !poor || !old || !served) throw new Error('Five were made.');
    await earned(rich.id, '999999.99', '2026-11-01');
    await earned(rich.id, '0.01', '2026-11-02');
    await earned(poor.id, '499999.99', '2026-11-01');
    await earned(old.id, '9000000.00', '2025-11-24');
    await earned(served.id, '9000000.00', '2026-11-01');
    await makeKeyAccount(server, { customerId: served.id });
    await server.services.database.transaction(({ prisma }) =>
      prisma.kpiTarget.create({
        data: {
          key: 'KPI_01',
          dimensionKind: 'CUSTOMER',
          dimensionId: targeted.id,
          period: '2026',
          value: '500000',
          tolerance: '0',
          setById: people.HEAD.id,
          setAt: server.clock.now(),
        },
      }),
    );
    await sweepAt(server, '2026-11-25 01:00');
    await sweepAt(server, '2026-11-26 01:00');
    expect(await candidates('KA_SUPERVISOR', rich)).toMatchObject([
      { state: 'OPEN', level: 'C', revenue: { amount: '1000000.00' }, target: null },
    ]);
    expect(await candidates('HEAD', targeted)).toMatchObject([
      {
        state: 'OPEN',
        level: 'D',
        revenue: { amount: '0.00' },
        target: { amount: expect.stringMatching(/^500000/) },
      },
    ]);
    for (const none of [poor, old, served]) expect(await candidates('HEAD', none)).toEqual([]);
    for (const caller of ['KA_SPECIALIST', 'SALES_REP', 'CS_AGENT', 'FINANCE', 'HR'])
      expect(await candidates(caller, rich)).toEqual([]);
    expect(await eventsOf('KEY_ACCOUNT_CANDIDATE', rich.id)).toEqual([
      {
        severity: 'INFO',
        audience: { roles: ['KA_SUPERVISOR', 'HEAD'] },
        payload: { level: 'C', revenue: '1000000.00', target: null },
      },
    ]);
    await promote(server, rich);
    expect(await candidates('HEAD', rich)).toMatchObject([{ state: 'PROMOTED' }]);
  });

  test('one that was decided against comes back for a higher level alone; one that fell again lapses', async () => {
    const [dismissed, fallen] = [await makeCustomer(server), await makeCustomer(server)];
    await earned(dismissed.id, '600000.00', '2026-11-20');
    await earned(fallen.id, '600000.00', '2025-12-10');
    await sweepAt(server, '2026-11-25 01:00');
    const [candidate] = await candidates('HEAD', dismissed);
    const dismiss = (caller: string, version: number, reason = '业务不稳定') =>
      mutate(
        server,
        caller,
        'keyAccountCandidateDismiss',
        { candidateId: candidate.id, expectedVersion: version, reason },
        'candidate { state reason }',
      );
    expect((await dismiss('SALES_SUPERVISOR', 1)).__typename).toBe('Forbidden');
    expect((await dismiss('SALES_REP', 1)).__typename).toBe('NotFound');
    expect((await dismiss('HEAD', 2)).__typename).toBe('StaleVersion');
    expect(pathsOf(await dismiss('HEAD', 1, ' '))).toEqual(['reason']);
    expect((await dismiss('HEAD', 1)).candidate).toEqual({ state: 'DISMISSED', reason: '业务不稳定' });
    expect((await dismiss('HEAD', 2)).__typename).toBe('IllegalTransition');
    await sweepAt(server, '2026-12-20 01:00');
    expect(await candidates('HEAD', dismissed)).toHaveLength(1);
    expect(await candidates('HEAD', fallen)).toMatchObject([{ state: 'LAPSED' }]);
    await earned(dismissed.id, '600000.00', '2026-12-20');
    await sweepAt(server, '2026-12-21 01:00');
    expect(await candidates('HEAD', dismissed)).toMatchObject([
      { state: 'DISMISSED', level: 'D' },
      { state: 'OPEN', level: 'C' },
    ]);
  });

  test('many customers take as many statements as one', async () => {
    const night = async (wallClock: string) => {
      server.clock.set(shanghai(wallClock));
      return server.statementsDuring(() => server.sweep());
    };
    const one = await makeCustomer(server);
    await earned(one.id, '600000.00', '2026-12-28');
    const few = await night('2026-12-29 01:00');
    for (let at = 0; at < 8; at++) {
      const customer = await makeCustomer(server);
      await earned(customer.id, '600000.00', '2026-12-29');
      await makeKeyAccount(server, { customerId: (await makeCustomer(server)).id });
    }
    expect(await night('2026-12-30 01:00')).toBeLessThanOrEqual(few + 2);
  });
});

describe('people', () => {
  test('[KEY-05] a specialist is needed; a change leaves its record; a gap of a working day is told once', async () => {
    const customer = await makeCustomer(server);
    expect(pathsOf(await propose(server, customer, { specialistId: people.HR.nodeId }))).toEqual([
      'specialistId',
    ]);
    const specialist = await makeEmployee(server, {
      roles: ['KA_SPECIALIST'],
      teamId: teams.KEY_ACCOUNT.id,
      roleTo: shanghai('2026-11-25 15:00'),
    });
    const { keyAccount } = await promote(server, customer, { specialistId: specialist.nodeId });
    const [row] = await server.services.database.query<{ id: string }>(sql`
      select id from key_account where customer_id = ${customer.id}::uuid`);
    const id = row?.id ?? '';
    await sweepAt(server, '2026-11-26 01:00');
    await sweepAt(server, '2026-11-26 14:59');
    expect(await eventsOf('KEY_ACCOUNT_UNASSIGNED', id)).toEqual([]);
    await sweepAt(server, '2026-11-26 15:00');
    await sweepAt(server, '2026-11-28 01:00');
    expect(await eventsOf('KEY_ACCOUNT_UNASSIGNED', id)).toEqual([
      {
        severity: 'HIGH',
        audience: { roles: ['KA_SUPERVISOR'] },
        payload: { level: 'B', since: shanghai('2026-11-25 15:00').toISOString() },
      },
    ]);
    await act(server, 'KA_SUPERVISOR', 'keyAccountAssignSpecialist', {
      keyAccountId: keyAccount.id,
      expectedVersion: 1,
      specialistId: people.KA_SPECIALIST_2.nodeId,
      handover: '两项未结事项',
    });
    const { data } = await read(
      server,
      'HEAD',
      `query H($id: ID!) { node(id: $id) { ... on KeyAccount { keyAccountHandovers { edges { node {
        fromSpecialist { id } toSpecialist { id } content recordedBy { id } } } } } } }`,
      { id: keyAccount.id },
    );
    expect(data.node.keyAccountHandovers.edges).toEqual([
      {
        node: {
          fromSpecialist: { id: specialist.nodeId },
          toSpecialist: { id: people.KA_SPECIALIST_2.nodeId },
          content: '两项未结事项',
          recordedBy: { id: people.KA_SUPERVISOR.nodeId },
        },
      },
    ]);
  });

  test('an account that is given a specialist in time is not told', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id, specialistId: null });
    await sweepAt(server, '2026-11-24 01:00');
    await act(server, 'KA_SUPERVISOR', 'keyAccountAssignSpecialist', {
      keyAccountId: account.nodeId,
      expectedVersion: 1,
      specialistId: people.KA_SPECIALIST.nodeId,
      handover: '新接',
    });
    await sweepAt(server, '2026-11-25 01:00');
    expect(await eventsOf('KEY_ACCOUNT_UNASSIGNED', account.id)).toEqual([]);
  });

  test('[KEY-04] who lacks a competence of the profile is assigned with a warning, until somebody else confirms it', async () => {
    const customer = await makeCustomer(server);
    const all = [
      'BUSINESS_KNOWLEDGE',
      'QUALITY',
      'RESPONSIBILITY',
      'TEAM_SPIRIT',
      'PLANNING',
      'PRESENTATION',
      'PUBLIC_RELATIONS',
      'COORDINATION',
    ];
    const confirm = (caller: string, employee: { nodeId: string }, competences: string[]) =>
      mutate(
        server,
        caller,
        'competencesConfirm',
        { employeeId: employee.nodeId, competences },
        'employee { id }',
      );
    expect((await confirm('KA_SPECIALIST', people.KA_SUPERVISOR, all)).__typename).toBe('Forbidden');
    expect(pathsOf(await confirm('KA_SUPERVISOR', people.KA_SUPERVISOR, all))).toEqual(['employeeId']);
    await confirm('HEAD', people.KA_SUPERVISOR, all);
    await confirm('KA_SUPERVISOR', people.KA_SPECIALIST, all.slice(1));
    const asked = await propose(server, customer);
    expect(asked).toMatchObject({
      __typename: 'KeyAccountPromoteSuccess',
      missing: [{ employee: { id: people.KA_SPECIALIST.nodeId }, competences: ['BUSINESS_KNOWLEDGE'] }],
    });
    await confirm('KA_SUPERVISOR', people.KA_SPECIALIST, all);
    const other = await propose(server, await makeCustomer(server));
    expect(other.missing).toEqual([]);
  });

  test('[KEY-22] an industry has one model account at a time', async () => {
    const make = async (industry: string | null) => {
      const customer = await makeCustomer(server, { industry });
      return makeKeyAccount(server, { customerId: customer.id });
    };
    const [first, second, none] = [await make('汽车'), await make('汽车'), await make(null)];
    const set = (
      account: { nodeId: string },
      version: number,
      isIndustryModel: boolean,
      caller = 'KA_SPECIALIST',
    ) =>
      act(server, caller, 'keyAccountUpdate', {
        keyAccountId: account.nodeId,
        expectedVersion: version,
        isIndustryModel,
      });
    expect((await set(first, 1, true)).keyAccount.file.isIndustryModel).toBe(true);
    expect((await set(first, 2, true)).keyAccount.file.isIndustryModel).toBe(true);
    expect(pathsOf(await set(second, 1, true))).toEqual(['isIndustryModel']);
    expect(pathsOf(await set(none, 1, true))).toEqual(['isIndustryModel']);
    expect((await set(second, 1, true, 'HEAD')).__typename).toBe('Forbidden');
    expect((await set(first, 3, false)).keyAccount.file.isIndustryModel).toBe(false);
    expect((await set(second, 1, true)).keyAccount.file.isIndustryModel).toBe(true);
  });

  test('[KEY-24] an account with irregular hours has the phone of who is on duty now', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id });
    const phone = async () => {
      const { data } = await read(
        server,
        'KA_SPECIALIST',
        'query P($id: ID!) { node(id: $id) { ... on KeyAccount { dutyPhone { phone employee { id } until } } } }',
        { id: account.nodeId },
      );
      return data.node.dutyPhone;
    };
    const rota = (teamId: string, number: string, person: { id: string }) =>
      server.services.database.transaction(async ({ prisma }) => {
        const desk = await prisma.dutyDesk.create({
          data: { teamId, calendarCode: 'ALWAYS', openedAt: shanghai('2026-11-01 00:00') },
        });
        await prisma.dutyShift.create({
          data: {
            planId: desk.id,
            deskId: desk.id,
            employeeId: person.id,
            from: shanghai('2026-11-23 08:00'),
            to: shanghai('2026-11-23 20:00'),
            phone: number,
            createdAt: server.clock.now(),
            createdById: people.MARKETING_CLERK.id,
          },
        });
        return desk.id;
      });
    await rota(teams.CUSTOMER_SERVICE.id, '400-1', people.CS_AGENT);
    expect(await phone()).toBeNull();
    await act(server, 'KA_SPECIALIST', 'keyAccountUpdate', {
      keyAccountId: account.nodeId,
      expectedVersion: 1,
      hours24: true,
    });
    const until = shanghai('2026-11-23 20:00').toISOString();
    expect(await phone()).toEqual({ phone: '400-1', employee: { id: people.CS_AGENT.nodeId }, until });
    await rota(teams.KEY_ACCOUNT.id, '400-2', people.KA_SPECIALIST_2);
    expect(await phone()).toMatchObject({ phone: '400-2' });
    server.clock.set(shanghai('2026-11-23 20:00'));
    expect(await phone()).toBeNull();
  });
});
