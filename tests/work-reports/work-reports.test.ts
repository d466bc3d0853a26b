import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeContact, makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

// Months begin and end, for everybody: a database of its own.
let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  server.clock.set(MONDAY_9);
  await server.sweep();
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const FIELDS = `id kind period state author { id } dueAt isOverdue submittedAt opinions market effect matters other remark
  findings visitIds patrols { customer { id } visits } dailyReportIds urgency facts customer { id } competitor request
  answer answeredBy { id } answeredAt version`;

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
async function reports(caller: Caller, where: object): Promise<any[]> {
  const { data, errors } = await server.gql(
    caller,
    `query ($where: WorkReportWhere) { workReports(where: $where) { totalCount edges { node { ${FIELDS} } } } }`,
    { where },
  );
  expect(errors).toBeUndefined();
  const { totalCount, edges } = data.workReports;
  expect(totalCount).toBe(edges.length);
  return edges.map(({ node }: { node: object }) => node);
}

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller as never, name, input, `report { ${FIELDS} }`);
}

async function sweepAt(wallClock: string): Promise<void> {
  server.clock.set(shanghai(wallClock));
  await server.sweep();
}

async function eventsOf(kind: string) {
  const rows = await server.services.database.query<{
    severity: string;
    audience: object;
    payload: Record<string, unknown>;
  }>(sql`select severity, audience, payload from event where kind = ${kind} order by seq`);
  return rows;
}

const PATROLLER = people.CS_AGENT;

async function patrol(customer: Named, host: Named, wallClock: string): Promise<string> {
  const answer = await mutate(
    server,
    'HEAD',
    'visitRecord',
    {
      customerId: customer.nodeId,
      hostId: host.nodeId,
      visitorId: PATROLLER.nodeId,
      type: 'SERVICE_PATROL',
      purpose: '巡访',
      content: '客户满意',
      doneAt: shanghai(wallClock).toISOString(),
    },
    'visit { id }',
  );
  expect(answer.__typename).toBe('VisitRecordSuccess');
  return answer.visit.id;
}

describe('patrols', () => {
  let customer: Named;
  let host: Named;
  beforeAll(async () => {
    customer = await makeCustomer(server, { grade: 'B' });
    host = await makeContact(server, { customerId: customer.id });
  });

  test('[VIS-07] who made patrols reports on the day by 18:00, with the visits of the day; one hour later it is told', async () => {
    server.clock.set(shanghai('2026-11-24 11:00'));
    const first = await patrol(customer, host, '2026-11-24 09:00');
    const second = await patrol(customer, host, '2026-11-24 10:00');
    const asked = { kind: { eq: 'PATROL_DAILY' }, period: { eq: '2026-11-24' } };
    const [due, ...more] = await reports('CS_AGENT', asked);
    expect(more).toEqual([]);
    expect(due).toMatchObject({
      state: 'DUE',
      author: { id: PATROLLER.nodeId },
      dueAt: shanghai('2026-11-24 18:00').toISOString(),
      isOverdue: false,
      visitIds: [first, second],
    });
    // Only its author submits it, with what was said and what it brought.
    const filled = { reportId: due.id, opinions: '希望夜间提货', effect: '已消除疑虑' };
    expect((await act('CS_SUPERVISOR', 'patrolDailySubmit', filled)).__typename).toBe('Forbidden');
    expect((await act('SALES_REP', 'patrolDailySubmit', filled)).__typename).toBe('NotFound');
    const empty = await act('CS_AGENT', 'patrolDailySubmit', { ...filled, opinions: ' ' });
    expect(pathsOf(empty)).toEqual(['opinions']);
    const done = await act('CS_AGENT', 'patrolDailySubmit', {
      ...filled,
      market: '对手降价',
      matters: '已处理',
      other: '无',
    });
    expect(done.report).toMatchObject({
      state: 'SUBMITTED',
      opinions: '希望夜间提货',
      market: '对手降价',
      effect: '已消除疑虑',
      matters: '已处理',
      other: '无',
      submittedAt: server.clock.now().toISOString(),
    });
    expect((await act('CS_AGENT', 'patrolDailySubmit', filled)).__typename).toBe('IllegalTransition');
    expect(await reports('CS_SUPERVISOR', asked)).toMatchObject([{ id: due.id, opinions: '希望夜间提货' }]);
    await sweepAt('2026-11-24 20:00');
    expect(await eventsOf('REPORT_OVERDUE')).toEqual([]);

    // The next day nobody reports.
    server.clock.set(shanghai('2026-11-25 12:00'));
    await patrol(customer, host, '2026-11-25 10:00');
    await sweepAt('2026-11-25 18:59');
    expect(await eventsOf('REPORT_OVERDUE')).toEqual([]);
    await sweepAt('2026-11-25 19:00');
    await sweepAt('2026-11-25 19:01');
    expect(await eventsOf('REPORT_OVERDUE')).toMatchObject([
      {
        severity: 'WARNING',
        audience: { roles: ['CS_SUPERVISOR'], employees: [PATROLLER.id] },
        payload: { report: 'PATROL_DAILY', period: '2026-11-25' },
      },
    ]);
    const [late] = await reports('CS_AGENT', { kind: { eq: 'PATROL_DAILY' }, state: { eq: 'DUE' } });
    expect(late.isOverdue).toBe(true);
  });

  test('[VIS-08] CS_SUPERVISOR sorts the daily reports of a month for HEAD by the 5th', async () => {
    await sweepAt('2026-12-01 00:00');
    const asked = { kind: { eq: 'PATROL_MONTHLY' } };
    const [due, ...more] = await reports('CS_SUPERVISOR', asked);
    expect(more).toEqual([]);
    const dailies = await reports('CS_SUPERVISOR', { kind: { eq: 'PATROL_DAILY' } });
    expect(due).toMatchObject({
      period: '2026-11',
      state: 'DUE',
      author: null,
      dueAt: shanghai('2026-12-06 00:00').toISOString(),
      patrols: [{ customer: { id: customer.nodeId }, visits: 3 }],
    });
    expect(due.dailyReportIds.toSorted()).toEqual(dailies.map(({ id }) => id).toSorted());
    expect(dailies).toHaveLength(2);
    await sweepAt('2026-12-06 23:59');
    const told = (await eventsOf('REPORT_OVERDUE')).length;
    await sweepAt('2026-12-07 00:00');
    expect((await eventsOf('REPORT_OVERDUE')).slice(told)).toMatchObject([
      {
        audience: { roles: ['CS_SUPERVISOR', 'HEAD'] },
        payload: { report: 'PATROL_MONTHLY', period: '2026-11' },
      },
    ]);
    const findings = { reportId: due.id, findings: '客户普遍关注夜间提货' };
    expect((await act('HEAD', 'patrolMonthlySubmit', findings)).__typename).toBe('Forbidden');
    const done = await act('CS_SUPERVISOR', 'patrolMonthlySubmit', findings);
    expect(done.report).toMatchObject({
      state: 'SUBMITTED',
      author: { id: people.CS_SUPERVISOR.nodeId },
      findings: '客户普遍关注夜间提货',
    });
    expect((await eventsOf('REPORT_SUBMITTED')).at(-1)).toMatchObject({
      audience: { roles: ['HEAD'] },
      payload: { report: 'PATROL_MONTHLY' },
    });
    expect(await reports('HEAD', asked)).toMatchObject([{ id: due.id }]);
    expect(await reports('SALES_SUPERVISOR', asked)).toEqual([]);
  });

  test('[VIS-09] urgent matters reach HEAD at once, who answers within 4 hours', async () => {
    server.clock.set(shanghai('2026-12-08 09:00'));
    const input = {
      urgency: 'COMPETITOR_POLICY',
      facts: '对手全线降价 20 %',
      customerId: customer.nodeId,
      competitor: '某快递',
      request: '请批准价格调整',
    };
    expect((await act('CS_AGENT', 'patrolUrgentReport', input)).__typename).toBe('Forbidden');
    expect(pathsOf(await act('CS_SUPERVISOR', 'patrolUrgentReport', { ...input, facts: '' }))).toEqual([
      'facts',
    ]);
    const { report } = await act('CS_SUPERVISOR', 'patrolUrgentReport', input);
    expect(report).toMatchObject({
      kind: 'PATROL_URGENT',
      state: 'SUBMITTED',
      urgency: 'COMPETITOR_POLICY',
      facts: '对手全线降价 20 %',
      customer: { id: customer.nodeId },
      competitor: '某快递',
      request: '请批准价格调整',
      dueAt: shanghai('2026-12-08 13:00').toISOString(),
    });
    await server.sweep();
    expect(await eventsOf('PATROL_URGENT_REPORT')).toMatchObject([
      {
        severity: 'HIGH',
        audience: { roles: ['HEAD'] },
        payload: { reason: 'COMPETITOR_POLICY', facts: '对手全线降价 20 %' },
      },
    ]);
    const answer = { reportId: report.id, answer: '同意，限两周' };
    expect((await act('CS_SUPERVISOR', 'patrolUrgentAnswer', answer)).__typename).toBe('Forbidden');
    await sweepAt('2026-12-08 12:59');
    expect(await eventsOf('PATROL_URGENT_UNANSWERED')).toEqual([]);
    await sweepAt('2026-12-08 13:00');
    await sweepAt('2026-12-08 13:01');
    expect(await eventsOf('PATROL_URGENT_UNANSWERED')).toMatchObject([
      { severity: 'HIGH', audience: { roles: ['HEAD', 'COMPANY_LEADER'] } },
    ]);
    const done = await act('HEAD', 'patrolUrgentAnswer', answer);
    expect(done.report).toMatchObject({
      state: 'ANSWERED',
      answer: '同意，限两周',
      answeredBy: { id: people.HEAD.nodeId },
      isOverdue: false,
    });
    expect((await act('HEAD', 'patrolUrgentAnswer', answer)).__typename).toBe('IllegalTransition');
    // In time: nothing is told.
    const second = (await act('CS_SUPERVISOR', 'patrolUrgentReport', { urgency: 'OTHER', facts: '仓库停电' }))
      .report;
    await act('HEAD', 'patrolUrgentAnswer', { reportId: second.id, answer: '已知' });
    await sweepAt('2026-12-09 09:00');
    expect(await eventsOf('PATROL_URGENT_UNANSWERED')).toHaveLength(1);
    expect(await eventsOf('PATROL_URGENT_ANSWERED')).toHaveLength(2);
  });
});

test('[VIS-03] at month start visits are planned by the 3rd, more as needed; each is recorded within a day, weighty news reach HEAD', async () => {
  const manager = people.ACCOUNT_MANAGER_LOGISTICS;
  const customer = await makeCustomer(server, { grade: 'B', ownerId: manager.id });
  const host = await makeContact(server, { customerId: customer.id });
  await sweepAt('2027-01-01 00:00');
  const asked = { kind: { eq: 'VISIT_PLAN' }, period: { eq: '2027-01' } };
  // Account managers and SALES_SUPERVISOR, nobody else.
  const planners = (await reports('HEAD', asked)).map(({ author }) => author.id);
  expect(planners.toSorted()).toEqual(
    [
      manager.nodeId,
      people.ACCOUNT_MANAGER_LOGISTICS_2.nodeId,
      people.ACCOUNT_MANAGER_LEASING.nodeId,
      people.SALES_SUPERVISOR.nodeId,
    ].toSorted(),
  );
  const [mine, ...others] = await reports('ACCOUNT_MANAGER_LOGISTICS', asked);
  expect(others).toEqual([]);
  expect(mine).toMatchObject({
    state: 'DUE',
    dueAt: shanghai('2027-01-04 00:00').toISOString(),
    visitIds: [],
  });
  const submitted = { reportId: mine.id, remark: '先拜访重点客户' };
  expect(pathsOf(await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlanSubmit', submitted))).toEqual(['reportId']);
  const plan = (wallClock: string) =>
    mutate(
      server,
      'ACCOUNT_MANAGER_LOGISTICS',
      'visitPlan',
      {
        customerId: customer.nodeId,
        type: 'RELATION',
        purpose: '拜访',
        plannedFor: shanghai(wallClock).toISOString(),
      },
      'visit { id version }',
    );
  const first = (await plan('2027-01-12 10:00')).visit;
  const done = await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlanSubmit', submitted);
  expect(done.report).toMatchObject({ state: 'SUBMITTED', remark: '先拜访重点客户', visitIds: [first.id] });
  const second = (await plan('2027-01-20 10:00')).visit;
  const third = (await plan('2027-01-28 10:00')).visit;
  expect((await reports('SALES_SUPERVISOR', { ...asked, state: { eq: 'SUBMITTED' } }))[0]).toMatchObject({
    visitIds: [first.id, second.id, third.id],
  });
  // Who has not planned by the 3rd, and a day of grace, is told of.
  await sweepAt('2027-01-05 00:00');
  const late = (await eventsOf('REPORT_OVERDUE')).filter(
    ({ payload }) => payload.report === 'VISIT_PLAN' && payload.period === '2027-01',
  );
  expect(late.map(({ audience }) => (audience as { employees: string[] }).employees[0]).toSorted()).toEqual(
    [
      people.ACCOUNT_MANAGER_LOGISTICS_2.id,
      people.ACCOUNT_MANAGER_LEASING.id,
      people.SALES_SUPERVISOR.id,
    ].toSorted(),
  );
  // One is made, one is called off, one is forgotten.
  server.clock.set(shanghai('2027-01-12 15:00'));
  const recorded = await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', {
    visitId: first.id,
    hostId: host.nodeId,
    content: '客户将更换物流商',
    significant: true,
    doneAt: shanghai('2027-01-12 10:00').toISOString(),
  });
  expect(recorded.__typename).toBe('VisitRecordSuccess');
  await server.sweep();
  expect((await eventsOf('SIGNIFICANT_CUSTOMER_INFO')).at(-1)).toMatchObject({
    audience: { roles: ['HEAD'] },
  });
  await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'visitCancel', {
    visitId: second.id,
    reason: '客户出差',
    expectedVersion: second.version,
  });
  await sweepAt('2027-01-29 10:00');
  const { data } = await server.gql(
    'ACCOUNT_MANAGER_LOGISTICS',
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Visit { state } } }',
    { ids: [first.id, second.id, third.id] },
  );
  expect(data.nodes).toEqual([{ state: 'DONE' }, { state: 'CANCELLED' }, { state: 'MISSED' }]);
});

test('a report that the viewer does not receive is not there', async () => {
  const [daily] = await reports('CS_SUPERVISOR', { kind: { eq: 'PATROL_DAILY' } });
  for (const caller of ['SALES_REP', 'FINANCE', 'ADMIN'] as const) {
    const { data } = await server.gql(caller, 'query ($id: ID!) { nodes(ids: [$id]) { id } }', {
      id: daily.id,
    });
    expect(data.nodes).toEqual([null]);
    expect(await reports(caller, {})).toEqual([]);
  }
  expect(
    (
      await act('HEAD', 'patrolUrgentAnswer', {
        reportId: globalId('WorkReport', people.HEAD.id),
        answer: 'x',
      })
    ).__typename,
  ).toBe('NotFound');
});
