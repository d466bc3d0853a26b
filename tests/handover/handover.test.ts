import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { successorOf } from '../../src/handover/rules.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeEmployee } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { people, teams } from '../support/people.ts';
import { setSetting } from '../support/settings.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600_000;

let database: FreshDatabase;
let server: TestServer;
let clock: ManualClock;

beforeAll(async () => {
  database = await freshDatabase();
  clock = new ManualClock(MONDAY_9);
  server = await startTestServer({ database, clock });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});

async function ticketOf(handler: { readonly nodeId: string }) {
  const customer = await makeCustomer(server, { grade: 'B' });
  const { ticket } = await mutate(
    server,
    'CS_AGENT',
    'ticketOpen',
    {
      category: 'COMPLAINT',
      subject: 'Late',
      content: 'It came late.',
      channel: 'EMAIL',
      callerName: 'Li Lei',
      customerId: customer.nodeId,
    },
    'ticket { id }',
  );
  await mutate(server, 'CS_SUPERVISOR', 'ticketAssign', { ticketId: ticket.id, assigneeId: handler.nodeId });
  return ticket.id as string;
}

async function handlerOf(id: string) {
  const { data } = await server.gql(
    'HEAD',
    'query ($id: ID!) { node(id: $id) { ... on Ticket { assignee { id } history { action actor { id } changes } } } }',
    { id },
  );
  return data.node;
}

const RECORDS = `query ($where: HandoverRecordWhere) { handoverRecords(where: $where) { totalCount edges { node {
  at subject reason from { id } to { id } ticket { id } customer { id } } } } }`;

async function records(who: Caller, from: { readonly nodeId: string }) {
  const { data, errors } = await server.gql(who, RECORDS, { where: { from: { eq: from.nodeId } } });
  expect(errors).toBeUndefined();
  expect(data.handoverRecords.totalCount).toBe(data.handoverRecords.edges.length);
  return data.handoverRecords.edges.map(({ node }: { node: object }) => node);
}

async function inChargeOf(customer: { readonly nodeId: string }) {
  const { data, errors } = await server.gql(
    'HEAD',
    'query ($id: ID!) { node(id: $id) { ... on Customer { owner { id } file { custodian { id } } } } }',
    { id: customer.nodeId },
  );
  expect(errors).toBeUndefined();
  return data.node;
}

async function eventsAbout(employeeId: string) {
  return server.services.database.query<{
    audience: { roles: string[]; employees: string[] };
    payload: object;
  }>(sql`
    select audience, payload from event
    where kind = 'WORK_HANDED_OVER' and payload->>'employeeId' = ${employeeId} order by seq`);
}

test('[PRM-06] who leaves or loses the role gives open work up: tickets to their queue, customers to the superior, on record', async () => {
  const leaver = await makeEmployee(server, {
    roles: ['CS_AGENT', 'ACCOUNT_MANAGER_LOGISTICS'],
    teamId: teams.CUSTOMER_SERVICE.id,
    superiorId: people.SALES_SUPERVISOR.id,
    leftOn: new Date('2026-11-23'),
  });
  const changer = await makeEmployee(server, {
    roles: ['CS_AGENT'],
    teamId: teams.CUSTOMER_SERVICE.id,
    superiorId: people.CS_SUPERVISOR.id,
    roleTo: new Date(clock.now().getTime() + 2 * HOUR),
  });
  const [first, second, third] = [
    await ticketOf(leaver),
    await ticketOf(changer),
    await ticketOf(people.CS_AGENT),
  ];
  const owned = await makeCustomer(server, { grade: 'B', ownerId: leaver.id, custodianId: leaver.id });
  const other = await makeCustomer(server, { grade: 'B', ownerId: people.SALES_REP.id });

  clock.advance(HOUR);
  await server.sweep();
  expect((await handlerOf(first)).assignee).toEqual({ id: leaver.nodeId });
  expect((await handlerOf(second)).assignee).toEqual({ id: changer.nodeId });
  expect(await records('HEAD', leaver)).toEqual([]);

  // The role ends in the middle of the day, employment with the day.
  clock.advance(2 * HOUR);
  await server.sweep();
  expect((await handlerOf(second)).assignee).toBeNull();
  expect((await handlerOf(first)).assignee).toEqual({ id: leaver.nodeId });
  clock.advance(24 * HOUR);
  await server.sweep();
  const given = await handlerOf(first);
  expect(given.assignee).toBeNull();
  expect(given.history.at(-1)).toEqual({
    action: 'HAND_OVER',
    actor: null,
    changes: { assigneeId: [leaver.id, null] },
  });
  expect((await handlerOf(third)).assignee).toEqual({ id: people.CS_AGENT.nodeId });

  const superior = { id: people.SALES_SUPERVISOR.nodeId };
  expect(await Promise.all([inChargeOf(owned), inChargeOf(other)])).toEqual([
    { owner: superior, file: { custodian: superior } },
    { owner: { id: people.SALES_REP.nodeId }, file: { custodian: expect.anything() } },
  ]);

  const from = { id: leaver.nodeId };
  expect(await records('CS_SUPERVISOR', leaver)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        subject: 'TICKET',
        reason: 'LEFT',
        from,
        to: null,
        ticket: { id: first },
        customer: null,
      }),
      expect.objectContaining({
        subject: 'CUSTOMER_OWNER',
        from,
        to: superior,
        ticket: null,
        customer: { id: owned.nodeId },
      }),
      expect.objectContaining({ subject: 'CUSTOMER_CUSTODIAN', from, to: superior }),
    ]),
  );
  expect(await records('CS_SUPERVISOR', changer)).toMatchObject([
    { subject: 'TICKET', reason: 'ROLE_ENDED' },
  ]);
  // Who takes over reads what concerns them, others nothing.
  expect(await records('SALES_SUPERVISOR', leaver)).toHaveLength(2);
  expect(await records('SALES_REP', leaver)).toEqual([]);
  expect(await records('ADMIN', leaver)).toEqual([]);
  expect(await eventsAbout(leaver.id)).toEqual([
    {
      audience: expect.objectContaining({ roles: ['HEAD'], employees: [people.SALES_SUPERVISOR.id] }),
      payload: { employeeId: leaver.id, reason: 'LEFT', tickets: 1, customers: 1 },
    },
  ]);

  // Nothing is handed over twice.
  clock.advance(HOUR);
  await server.sweep();
  expect(await records('HEAD', leaver)).toHaveLength(3);
  expect(await eventsAbout(leaver.id)).toHaveLength(1);
});

test('where queues give tickets out, another handler of the team has them at once', async () => {
  const leaver = await makeEmployee(server, {
    roles: ['CS_AGENT'],
    teamId: teams.CUSTOMER_SERVICE.id,
    leftOn: new Date('2026-11-26'),
  });
  const ticket = await ticketOf(leaver);
  await setSetting(server, 'ticket.assignment', 'ROUND_ROBIN');
  clock.advance(72 * HOUR);
  await server.sweep();
  const taker = (await handlerOf(ticket)).assignee;
  expect(taker).not.toBeNull();
  expect(taker).not.toEqual({ id: leaver.nodeId });
  expect(await records('HEAD', leaver)).toMatchObject([{ subject: 'TICKET', to: taker }]);
});

test('the nearest superior who can have the work takes it over; a circle of superiors ends', () => {
  const superiors: Record<string, string | null> = { a: 'b', b: 'c', c: null, x: 'y', y: 'x' };
  const superiorOf = (id: string) => superiors[id] ?? null;
  expect(successorOf('a', superiorOf, () => true)).toBe('b');
  expect(successorOf('a', superiorOf, (id) => id === 'c')).toBe('c');
  expect(successorOf('a', superiorOf, () => false)).toBeNull();
  expect(successorOf('x', superiorOf, () => false)).toBeNull();
});
