import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeContact, makeCustomer, makeTicket } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { type Caller, startTestServer, type TestServer } from '../support/server.ts';

// A month passes, and the ledger takes in all customers: a database of its own.
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

const MANAGER = people.ACCOUNT_MANAGER_LOGISTICS;

interface Line {
  readonly owner: { readonly id: string } | null;
  readonly overall: boolean;
}

async function ledgersOf(caller: Caller, month: string): Promise<Line[]> {
  const { data, errors } = await server.gql(
    caller,
    `query ($where: MonthlyLedgerWhere) { monthlyLedgers(where: $where) { totalCount edges { node {
      month overall owner { id } customers filesComplete visitsDone visitsMissed contactsReached complaintsReceived
      complaintsDue complaintsInTime followUpsAnswered followUpsSatisfied madeAt } } } }`,
    { where: { month: { eq: month } } },
  );
  expect(errors).toBeUndefined();
  const { totalCount, edges } = data.monthlyLedgers;
  expect(totalCount).toBe(edges.length);
  return edges.map(({ node }: { node: Line }) => node);
}

function lineOf(lines: readonly Line[], owner: Named | null): Line | undefined {
  return lines.find((line) => !line.overall && (line.owner?.id ?? null) === (owner?.nodeId ?? null));
}

async function sweepAt(wallClock: string): Promise<void> {
  server.clock.set(shanghai(wallClock));
  await server.rollUp();
  await server.sweep();
}

async function worked(customer: Named): Promise<void> {
  const host = await makeContact(server, { customerId: customer.id });
  const act = { customerId: customer.nodeId, content: '询价' };
  const done = [
    await mutate(server, 'HEAD', 'contactLogRecord', {
      ...act,
      contactId: host.nodeId,
      channel: 'PHONE',
      outcome: 'REACHED',
      at: shanghai('2026-11-10 10:00').toISOString(),
    }),
    await mutate(server, 'HEAD', 'contactLogRecord', {
      ...act,
      contactId: host.nodeId,
      channel: 'PHONE',
      outcome: 'NOT_REACHED',
      at: shanghai('2026-11-11 10:00').toISOString(),
    }),
    await mutate(server, 'HEAD', 'visitRecord', {
      ...act,
      hostId: host.nodeId,
      type: 'RELATION',
      purpose: '拜访',
      doneAt: shanghai('2026-11-12 10:00').toISOString(),
    }),
    await mutate(server, 'HEAD', 'visitPlan', {
      customerId: customer.nodeId,
      type: 'RELATION',
      purpose: '拜访',
      plannedFor: shanghai('2026-11-27 10:00').toISOString(),
    }),
  ];
  expect(done.map(({ __typename }) => __typename)).toEqual([
    'ContactLogRecordSuccess',
    'ContactLogRecordSuccess',
    'VisitRecordSuccess',
    'VisitPlanSuccess',
  ]);
}

test('[CUS-08] when a month ends its ledgers are kept by account manager, HEAD hears of it, and files are appraised', async () => {
  server.clock.set(shanghai('2026-11-23 09:00'));
  const mine = await makeCustomer(server, { ownerId: MANAGER.id, grade: 'B' });
  const nobodys = await makeCustomer(server, { ownerId: null, grade: 'B' });
  await makeCustomer(server, { ownerId: MANAGER.id, lifecycle: 'LEAD' });
  await worked(mine);
  const days = (from: string, due: string, resolved: string | null, facts: object = {}) => ({
    category: 'COMPLAINT' as const,
    customerId: mine.id,
    openedAt: shanghai(from),
    resolutionDueAt: shanghai(due),
    resolvedAt: resolved === null ? null : shanghai(resolved),
    ...facts,
  });
  const kept = await makeTicket(server, days('2026-11-03 10:00', '2026-11-06 10:00', '2026-11-05 10:00'));
  await makeTicket(server, days('2026-10-30 10:00', '2026-11-02 10:00', '2026-11-03 10:00'));
  await makeTicket(server, days('2026-11-29 10:00', '2026-12-02 10:00', null, { customerId: nobodys.id }));
  await makeTicket(server, days('2026-11-04 10:00', '2026-11-07 10:00', null, { status: 'CANCELLED' }));
  await server.services.database.query(sql`
    insert into follow_up (id, ticket_id, cycle, attempt, at, result, actor_id)
    select gen_random_uuid(), ${kept.id}::uuid, 0, v.attempt, ${shanghai('2026-11-09 10:00')}::timestamptz, v.result::"FollowUpResult", ${people.CS_AGENT.id}::uuid
    from (values (1, 'UNREACHABLE'), (2, 'SATISFIED')) v(attempt, result)
    returning 1 as written`);

  await sweepAt('2026-11-30 23:59');
  expect(await ledgersOf('HEAD', '2026-11')).toEqual([]);
  await sweepAt('2026-12-01 00:00');
  await sweepAt('2026-12-01 00:05');

  const lines = await ledgersOf('HEAD', '2026-11');
  const mineThen = {
    customers: 1,
    filesComplete: 1,
    visitsDone: 1,
    visitsMissed: 1,
    contactsReached: 1,
    complaintsReceived: 1,
    complaintsDue: 2,
    complaintsInTime: 1,
    followUpsAnswered: 1,
    followUpsSatisfied: 1,
    madeAt: shanghai('2026-12-01 00:00').toISOString(),
  };
  expect(lineOf(lines, MANAGER)).toMatchObject(mineThen);
  expect(lineOf(lines, null)).toMatchObject({
    customers: 1,
    visitsDone: 0,
    complaintsReceived: 1,
    complaintsDue: 0,
  });
  const overall = { ...mineThen, customers: 2, complaintsReceived: 2, overall: true, owner: null };
  expect(lines.filter((line) => line.overall)).toMatchObject([overall]);

  // Told once, to HEAD and the clerk.
  const told = await server.services.database.query<{ audience: object; payload: object }>(sql`
    select audience, payload from event where kind = 'LEDGER_MONTHLY'`);
  expect(told).toEqual([
    {
      audience: { roles: ['HEAD', 'MARKETING_CLERK'] },
      payload: { month: '2026-11', customers: 2, filesComplete: 1, complaintsReceived: 2 },
    },
  ]);

  // The file completeness of the manager is kept as a value of KPI-55.
  await sweepAt('2026-12-01 06:00');
  const { data } = await server.gql(
    'HEAD',
    `query ($id: ID!) { kpis(keys: [KPI_55], period: { key: "2026-11" }, dimension: { kind: EMPLOYEE, id: $id }) {
      closedAt closedValue } }`,
    { id: MANAGER.nodeId },
  );
  expect(data.kpis).toEqual([
    { closedAt: shanghai('2026-12-01 06:00').toISOString(), closedValue: '100.00' },
  ]);

  // What happens to the customer later changes nothing of it, and the next month has its own.
  await server.services.database.transaction(({ prisma }) =>
    prisma.customer.update({ where: { id: mine.id }, data: { ownerId: people.SALES_REP.id } }),
  );
  await sweepAt('2027-01-01 00:00');
  expect(lineOf(await ledgersOf('HEAD', '2026-11'), MANAGER)).toMatchObject(mineThen);
  const next = await ledgersOf('HEAD', '2026-12');
  expect(lineOf(next, MANAGER)).toBeUndefined();
  expect(lineOf(next, people.SALES_REP)).toMatchObject({ customers: 1, visitsDone: 0 });
});

test('managers read the own line, those who read customer reports all of them, others none', async () => {
  expect(await ledgersOf('ACCOUNT_MANAGER_LOGISTICS', '2026-11')).toMatchObject([
    { owner: { id: MANAGER.nodeId }, overall: false },
  ]);
  expect(await ledgersOf('MARKETING_CLERK', '2026-11')).toHaveLength(3);
  expect(await ledgersOf('SALES_REP', '2026-11')).toEqual([]);
  expect(await ledgersOf('FINANCE', '2026-11')).toEqual([]);
});
