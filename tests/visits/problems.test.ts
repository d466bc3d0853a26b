import { beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { makeContact, makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => server.clock.set(MONDAY_9));

const OWNER = people.ACCOUNT_MANAGER_LOGISTICS;
const TICKET = 'problem ticket { id category channel subject content callerName openedAt }';

async function ownCustomer(facts: object = {}): Promise<{ customer: Named; host: Named }> {
  const customer = await makeCustomer(server, { ownerId: OWNER.id, grade: 'B', ...facts });
  return { customer, host: await makeContact(server, { customerId: customer.id }) };
}

function visit(caller: Caller, { customer, host }: { customer: Named; host: Named }, more: object = {}) {
  return mutate(
    server,
    caller,
    'visitRecord',
    {
      customerId: customer.nodeId,
      hostId: host.nodeId,
      type: 'FOLLOW_UP',
      purpose: '回访',
      content: '满意度一般',
      problem: '上周两次晚到\n司机未电话通知',
      ...more,
    },
    `visit { id ${TICKET} }`,
  );
}

function call(caller: Caller, { customer, host }: { customer: Named; host: Named }, more: object = {}) {
  return mutate(
    server,
    caller,
    'contactLogRecord',
    {
      customerId: customer.nodeId,
      contactId: host.nodeId,
      channel: 'PHONE',
      outcome: 'REACHED',
      followUp: true,
      at: server.clock.now().toISOString(),
      content: '回访电话',
      problem: '账单多收一票运费',
      ...more,
    },
    `contactLog { id followUp ${TICKET} }`,
  );
}

async function ticketsOf({ customer }: { customer: Named }): Promise<number> {
  const [row] = await server.services.database.query<{ count: number }>(sql`
    select count(*)::int as count from ticket where customer_id = ${customer.id}::uuid`);
  return row?.count ?? 0;
}

test('[VIS-11] a return visit or call is owed every 90 days, and a problem that it finds becomes a ticket, once', async () => {
  const one = await ownCustomer();
  const { data } = await server.gql(
    'HEAD',
    `query ($id: ID!) { node(id: $id) { ... on Customer { cadence { dimension sources { window basis } } } } }`,
    { id: one.customer.nodeId },
  );
  expect(data.node.cadence).toContainEqual({
    dimension: 'FOLLOW_UP',
    sources: [{ basis: 'ACTIVE_CUSTOMER', window: 'DAYS_90' }],
  });

  const doneAt = shanghai('2026-11-20 15:00').toISOString();
  const made = await visit('CS_SUPERVISOR', one, { doneAt, idempotencyKey: 'visit-1' });
  expect(made.visit).toMatchObject({
    problem: '上周两次晚到\n司机未电话通知',
    ticket: {
      category: 'COMPLAINT',
      channel: 'ON_SITE',
      subject: '上周两次晚到',
      content: '上周两次晚到\n司机未电话通知',
      callerName: '韩梅梅',
      // Its limits count from when the customer told of it.
      openedAt: doneAt,
    },
  });
  expect(await visit('CS_SUPERVISOR', one, { doneAt, idempotencyKey: 'visit-1' })).toEqual(made);
  expect(await ticketsOf(one)).toBe(1);

  const logged = await call('CS_SUPERVISOR', one, { problemCategory: 'INQUIRY' });
  expect(logged.contactLog.ticket).toMatchObject({
    category: 'INQUIRY',
    channel: 'PHONE',
    content: '账单多收一票运费',
  });
  expect(await ticketsOf(one)).toBe(2);

  // A planned visit, too: it is recorded once, and so is its problem.
  const planned = await mutate(
    server,
    'CS_SUPERVISOR',
    'visitPlan',
    {
      customerId: one.customer.nodeId,
      type: 'FOLLOW_UP',
      purpose: '回访',
      hostId: one.host.nodeId,
      plannedFor: server.clock.now().toISOString(),
    },
    'visit { id }',
  );
  const record = { visitId: planned.visit.id, content: '已回访', problem: '包装破损' };
  const recorded = await mutate(server, 'CS_SUPERVISOR', 'visitRecord', record, `visit { ${TICKET} }`);
  expect(recorded.visit.ticket).toMatchObject({ content: '包装破损', callerName: '韩梅梅' });
  expect((await mutate(server, 'CS_SUPERVISOR', 'visitRecord', record)).__typename).toBe('IllegalTransition');
  expect(await ticketsOf(one)).toBe(3);
});

test('whoever records the contact need not have tickets, and the ticket is shown to whom tickets are shown', async () => {
  const one = await ownCustomer({ ownerId: people.MARKET_DEVELOPER.id });
  const made = await call('MARKET_DEVELOPER', one);
  expect(made.__typename).toBe('ContactLogRecordSuccess');
  expect(await ticketsOf(one)).toBe(1);
  const { data } = await server.gql(
    'FINANCE',
    'query ($id: ID!) { node(id: $id) { ... on ContactLog { problem ticket { id } } } }',
    { id: made.contactLog.id },
  );
  expect(data.node).toBeNull();
});

test('a problem belongs to a return visit or a return call that reached somebody, who has a phone where it is a complaint', async () => {
  const one = await ownCustomer();
  expect(pathsOf(await visit('HEAD', one, { type: 'RELATION' }))).toEqual(['problem']);
  expect(pathsOf(await visit('HEAD', one, { problem: ' ' }))).toEqual(['problem']);
  expect(pathsOf(await visit('HEAD', one, { problem: null, problemCategory: 'INQUIRY' }))).toEqual([
    'problemCategory',
  ]);
  expect(pathsOf(await call('HEAD', one, { followUp: false }))).toEqual(['problem']);
  expect(pathsOf(await call('HEAD', one, { outcome: 'NOT_REACHED' }))).toEqual(['problem']);
  await server.services.database.query(sql`
    update contact set phone = null, mobile = null where id = ${one.host.id}::uuid returning 1 as written`);
  expect(pathsOf(await visit('HEAD', one))).toEqual(['hostId']);
  expect(pathsOf(await call('HEAD', one))).toEqual(['contactId']);
  // Nothing is half written.
  expect(await ticketsOf(one)).toBe(0);
  expect((await visit('HEAD', one, { problemCategory: 'INQUIRY' })).visit.ticket.category).toBe('INQUIRY');
});
