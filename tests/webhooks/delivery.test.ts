import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EventKind } from '../../src/events.ts';
import { sql } from '../../src/platform/sql.ts';
import { ensureEventPartitions } from '../../src/platform/relay.ts';
import { sseClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer, makeEmployee, makeTicket } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import type { Named } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';
import {
  allowLocal,
  ENDPOINT,
  type MadeEndpoint,
  makeEndpoint,
  openReceiver,
  type Receiver,
} from './receiver.ts';

const DAY_MS = 86_400_000;

let database: FreshDatabase;
let server: TestServer;
let receiver: Receiver;
let ticket: Named;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  await allowLocal(server);
  ticket = await makeTicket(server, { customerId: (await makeCustomer(server)).id });
  await server.settled();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(async () => {
  await receiver.close();
  // What one test has made is no receiver of the next one's events.
  await server.services.database.query(
    sql`update webhook_endpoint set state = 'DISABLED' where state = 'ACTIVE' returning 1 as done`,
  );
});

async function tell(
  ticketNumber: string,
  kind: EventKind = 'COMPLAINT_ESCALATED',
  audience = {},
): Promise<void> {
  await server.services.runner.run(await server.services.systemOrigin(), async (tx) =>
    tx.emit({ kind, subjectId: ticket.id, audience, payload: { ticketNumber, level: 'L1', reason: 'late' } }),
  );
  await server.settled();
}

function deliver(): Promise<number> {
  return server.services.webhooks.runOnce();
}

function numbers(): string[] {
  return receiver.got.filter(({ body }) => body.data.ticketNumber).map(({ body }) => body.data.ticketNumber);
}

async function read({ id }: MadeEndpoint) {
  const { data } = await server.gql(
    'ADMIN',
    `query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { ${ENDPOINT} } } }`,
    { id },
  );
  return data.node;
}

async function log({ id }: MadeEndpoint) {
  const { data } = await server.gql(
    'ADMIN',
    `query($id: ID!) { webhookDeliveries(first: 100, where: { endpoint: { eq: $id } }, orderBy: [{ field: at, direction: ASC }]) {
      edges { node { messageId kind attempt outcome status error } } } }`,
    { id },
  );
  return data.webhookDeliveries.edges.map(({ node }: { node: object }) => node);
}

async function letters({ id }: MadeEndpoint) {
  const { data } = await server.gql(
    'ADMIN',
    `query($id: ID!) { webhookDeadLetters(where: { endpoint: { eq: $id } }, orderBy: [{ field: occurredAt, direction: ASC }]) {
      edges { node { id kind cursor attempts status error redeliverAt } } } }`,
    { id },
  );
  return data.webhookDeadLetters.edges.map(({ node }: { node: object }) => node);
}

function redeliver(endpoint: MadeEndpoint, deadLetterId?: string) {
  const input = { endpointId: endpoint.id, ...(deadLetterId ? { deadLetterId } : {}) };
  return mutate(server, 'ADMIN', 'webhookRedeliver', input, 'count');
}

/** Lets the time pass that a message waits for its next attempt. */
function wait(seconds: number): void {
  server.clock.advance(seconds * 1000);
}

describe('a message', () => {
  test('is the card of the feed, signed as Standard Webhooks says, in the order of commits', async () => {
    const endpoint = await makeEndpoint(server, receiver.url);
    const feed = sseClient(server, 'HEAD').subscribe(`subscription { liveEvents { __typename
      ... on ComplaintEscalation {
        id cursor kind severity occurredAt message subject { __typename id }
        ticketNumber limit dueAt minutesLeft level reason
        complaintSeverity claim { amount currency } customerGrade isKeyAccount }
      ... on Heartbeat { cursor } } }`);
    await feed.ready();
    for (const number of ['T1', 'T2', 'T3']) await tell(number);
    const heard = await feed.waitFor((item) => item.ticketNumber === 'T1');
    expect(await deliver()).toBe(3);
    expect(numbers()).toEqual(['T1', 'T2', 'T3']);

    const [first] = receiver.got;
    expect(first?.body).toMatchObject({
      type: 'COMPLAINT_ESCALATED',
      timestamp: heard.occurredAt,
      data: heard,
    });
    // An independent implementation signs alike; its `verify` would hold the tests' clock against its own.
    const now = server.clock.now();
    const signature = new Webhook(endpoint.secret).sign(
      String(first?.headers['webhook-id']),
      now,
      first?.text ?? '',
    );
    expect(first?.headers['webhook-signature']).toBe(signature);
    expect(first?.headers['webhook-timestamp']).toBe(String(Math.floor(now.getTime() / 1000)));
    expect(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
    expect(receiver.most).toBe(1);
    expect(await deliver()).toBe(0);
    expect((await read(endpoint)).cursor).toBe(receiver.got.at(-1)?.body.data.cursor);
  });

  test('is written in the language of the endpoint, and of the kinds that it asked for', async () => {
    await makeEndpoint(server, receiver.url, { kinds: ['TICKET_OVERDUE'], language: 'ZH_CN' });
    await tell('no', 'COMPLAINT_ESCALATED');
    await tell('special', 'COMPLAINT_OVERDUE');
    await tell('general', 'TICKET_OVERDUE');
    await deliver();
    expect(receiver.got.map(({ body }) => body.data.message)).toEqual([
      expect.stringMatching(/^投诉 special 已超过时限/),
      expect.stringMatching(/^工单 general 已超过时限/),
    ]);
  });

  test('of what happened before the endpoint was approved is not sent', async () => {
    await tell('before');
    await makeEndpoint(server, receiver.url);
    await tell('after');
    await deliver();
    expect(numbers()).toEqual(['after']);
  });
});

describe('the rights of the owner', () => {
  test('decide each message: what they may not see is passed over', async () => {
    const owner = await makeEmployee(server, { roles: ['SALES_REP'] });
    await makeEndpoint(server, receiver.url, { ownerId: owner.nodeId });
    await tell('hidden');
    expect(await deliver()).toBe(0);
    const role = sql`
      insert into role_assignment (id, employee_id, role, valid_from)
      values (gen_random_uuid(), ${owner.id}::uuid, 'CS_SUPERVISOR', '2020-01-01Z') returning 1 as done`;
    await server.services.database.query(role);
    await tell('seen');
    await deliver();
    expect(numbers()).toEqual(['seen']);
  });

  test('are decided again for a message that waits for another attempt', async () => {
    const owner = await makeEmployee(server, { roles: ['CS_SUPERVISOR', 'SALES_REP'] });
    const endpoint = await makeEndpoint(server, receiver.url, { ownerId: owner.nodeId });
    receiver.answer = 500;
    await tell('tried');
    await deliver();
    expect(numbers()).toEqual(['tried']);
    await server.services.database.query(sql`
      delete from role_assignment where employee_id = ${owner.id}::uuid and role = 'CS_SUPERVISOR' returning 1 as done`);
    await server.settled();
    wait(3_600);
    expect(await deliver()).toBe(0);
    expect(await letters(endpoint)).toEqual([]);
  });

  test('taken while messages wait stop the next one at once; an owner who has left disables the endpoint', async () => {
    const owner = await makeEmployee(server, { roles: ['CS_SUPERVISOR'] });
    const endpoint = await makeEndpoint(server, receiver.url, { ownerId: owner.nodeId });
    for (const number of ['first', 'second', 'third']) await tell(number);
    receiver.answer = async () => {
      if (receiver.got.length === 1) {
        await server.services.database.query(
          sql`update employee set left_on = '2026-11-01' where id = ${owner.id}::uuid returning 1 as done`,
        );
        await server.settled();
      }
      return 200;
    };
    await deliver();
    expect(numbers()).toEqual(['first']);
    expect(await read(endpoint)).toMatchObject({ state: 'DISABLED', stateReason: 'OWNER_WITHOUT_RIGHTS' });
    const enabled = await mutate(server, 'ADMIN', 'webhookEndpointEnable', { endpointId: endpoint.id });
    expect(enabled.__typename).toBe('InvalidInput');
    const { data } = await server.gql(
      'INTERNAL_AUDITOR',
      '{ webhookEndpoints(where: { state: { eq: DISABLED } }) { totalCount } }',
    );
    expect(data.webhookEndpoints.totalCount).toBeGreaterThan(0);
  });
});

describe('a receiver that fails', () => {
  test('is tried again later and later, one message at a time, until the message is a dead letter', async () => {
    await setSetting(server, 'webhooks.maxAttempts', 3);
    await setSetting(server, 'webhooks.circuitFailures', 100);
    const endpoint = await makeEndpoint(server, receiver.url);
    receiver.answer = 503;
    await tell('one');
    await tell('two');
    expect(await deliver()).toBe(1);
    expect(await deliver()).toBe(0);
    const waits: number[] = [];
    for (let attempt = 2; attempt <= 3; attempt += 1) {
      const { nextAt } = await read(endpoint);
      waits.push(new Date(nextAt).getTime() - server.clock.now().getTime());
      server.clock.set(nextAt);
      await deliver();
    }
    expect(waits[0]).toBeGreaterThanOrEqual(2_500);
    expect(waits[0]).toBeLessThanOrEqual(5_000);
    expect(waits[1]).toBeGreaterThanOrEqual(5_000);
    expect(waits[1]).toBeLessThanOrEqual(10_000);
    // The third was the last; the next message follows, and is tried for the first time.
    expect(numbers()).toEqual(['one', 'one', 'one', 'two']);
    const ids = receiver.got.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(
      (await log(endpoint)).map(
        ({ attempt, outcome, status }: { attempt: number; outcome: string; status: number }) => [
          attempt,
          outcome,
          status,
        ],
      ),
    ).toEqual([
      [1, 'FAILED', 503],
      [2, 'FAILED', 503],
      [3, 'DEAD', 503],
      [1, 'FAILED', 503],
    ]);
    const [letter] = await letters(endpoint);
    expect(letter).toMatchObject({
      kind: 'COMPLAINT_ESCALATED',
      attempts: 3,
      status: 503,
      redeliverAt: null,
    });

    receiver.answer = 200;
    wait(60);
    await deliver();
    expect((await redeliver(endpoint, letter.id)).count).toBe(1);
    await deliver();
    expect(numbers().slice(4)).toEqual(['two', 'one']);
    expect(receiver.got.at(-1)?.headers['webhook-id']).toBe(ids[0]);
    expect(await letters(endpoint)).toEqual([]);
  });

  test('gets all its dead letters again, oldest first, but for what its owner may no longer see', async () => {
    await setSetting(server, 'webhooks.maxAttempts', 1);
    await setSetting(server, 'webhooks.circuitFailures', 100);
    const owner = await makeEmployee(server, { roles: ['CS_SUPERVISOR', 'SALES_REP'] });
    const endpoint = await makeEndpoint(server, receiver.url, { ownerId: owner.nodeId });
    receiver.answer = 400;
    for (const number of ['one', 'two', 'three']) await tell(number);
    await deliver();
    expect(await letters(endpoint)).toHaveLength(3);
    // In vain: they wait for the next who asks.
    expect((await redeliver(endpoint)).count).toBe(3);
    await deliver();
    expect(
      (await letters(endpoint)).map(({ attempts, redeliverAt }: { attempts: number; redeliverAt: null }) => [
        attempts,
        redeliverAt,
      ]),
    ).toEqual(Array(3).fill([2, null]));
    receiver.answer = 200;
    receiver.got.length = 0;
    await redeliver(endpoint);
    await deliver();
    expect(numbers()).toEqual(['one', 'two', 'three']);
    expect(await letters(endpoint)).toEqual([]);

    receiver.answer = 400;
    await tell('four');
    await deliver();
    await server.services.database.query(sql`
      delete from role_assignment where employee_id = ${owner.id}::uuid and role = 'CS_SUPERVISOR' returning 1 as done`);
    await server.settled();
    await redeliver(endpoint);
    receiver.answer = 200;
    receiver.got.length = 0;
    expect(await deliver()).toBe(0);
    expect(await letters(endpoint)).toEqual([]);
  });

  test('opens its circuit, which is told; one delivery tries it, and closes it', async () => {
    await setSetting(server, 'webhooks.maxAttempts', 50);
    await setSetting(server, 'webhooks.circuitFailures', 3);
    const endpoint = await makeEndpoint(server, receiver.url, { kinds: ['COMPLAINT_ESCALATED'] });
    const alerts = sseClient(server, 'ADMIN').subscribe(`subscription {
      liveEvents(where: { kind: { eq: WEBHOOK_SUSPENDED } }) {
        __typename ... on LiveEvent { message } ... on Heartbeat { cursor } } }`);
    await alerts.ready();
    receiver.answer = 500;
    for (const number of ['one', 'two', 'three']) await tell(number);
    for (let failures = 1; failures <= 3; failures += 1) {
      await deliver();
      expect(await read(endpoint)).toMatchObject({ failures, circuit: failures < 3 ? 'CLOSED' : 'OPEN' });
      wait(failures < 3 ? 100 : 59);
    }
    await server.settled();
    await alerts.waitFor((item) => item.message?.includes('3'));
    expect(await deliver()).toBe(0);
    // The trial fails, and the circuit is open for another while, without another alert.
    wait(3_600);
    expect(await deliver()).toBe(1);
    expect(await read(endpoint)).toMatchObject({ failures: 4, circuit: 'OPEN' });
    receiver.answer = 200;
    wait(3_600);
    expect(await deliver()).toBe(3);
    expect(await read(endpoint)).toMatchObject({ failures: 0, circuit: 'CLOSED' });
    expect(alerts.events).toHaveLength(1);
  });

  test('is sent a heartbeat though its circuit is open, which closes it', async () => {
    await setSetting(server, 'webhooks.circuitFailures', 1);
    const endpoint = await makeEndpoint(server, receiver.url);
    receiver.answer = 500;
    await tell('one');
    await deliver();
    expect(await read(endpoint)).toMatchObject({ circuit: 'OPEN' });
    receiver.answer = 200;
    await mutate(server, 'ADMIN', 'webhookPing', { endpointId: endpoint.id });
    await deliver();
    const [ping, event] = receiver.got.slice(1);
    expect(ping?.body).toMatchObject({
      type: 'HEARTBEAT',
      data: { __typename: 'Heartbeat', at: expect.any(String) },
    });
    expect(event?.body.data.ticketNumber).toBe('one');
    expect(await read(endpoint)).toMatchObject({ circuit: 'CLOSED', failures: 0 });
  });

  test('that redirects, or that nobody may reach, has failed', async () => {
    await setSetting(server, 'webhooks.circuitFailures', 100);
    const endpoint = await makeEndpoint(server, receiver.url);
    receiver.answer = 301;
    receiver.headers = { location: receiver.url };
    await tell('one');
    await deliver();
    expect(receiver.got).toHaveLength(1);
    await setSetting(server, 'webhooks.allowedNetworks', []);
    wait(3_600);
    await deliver();
    await allowLocal(server);
    expect(await log(endpoint)).toMatchObject([
      { outcome: 'FAILED', status: 301, error: null },
      { outcome: 'FAILED', status: null, error: 'ADDRESS_NOT_ALLOWED' },
    ]);
  });
});

test('a secret that is rotated signs beside the one before for a while', async () => {
  const endpoint = await makeEndpoint(server, receiver.url);
  const { secret } = await mutate(
    server,
    'ADMIN',
    'webhookSecretRotate',
    { endpointId: endpoint.id },
    'secret',
  );
  expect(secret).not.toBe(endpoint.secret);
  const signaturesOf = (given: string) => {
    const last = receiver.got.at(-1);
    const sign = new Webhook(given).sign(
      String(last?.headers['webhook-id']),
      server.clock.now(),
      last?.text ?? '',
    );
    return String(last?.headers['webhook-signature']).split(' ').includes(sign);
  };
  await tell('both');
  await deliver();
  expect([signaturesOf(secret), signaturesOf(endpoint.secret)]).toEqual([true, true]);
  wait(25 * 3_600);
  await tell('new');
  await deliver();
  expect([signaturesOf(secret), signaturesOf(endpoint.secret)]).toEqual([true, false]);
});

describe('a cursor that cannot be resumed', () => {
  async function moveHead(seq: number): Promise<void> {
    await server.services.database.transaction(async (tx) => {
      await tx.prisma.$executeRaw(sql`update event_head set seq = ${seq}`);
    });
    await ensureEventPartitions(server.services.database);
  }

  test('of another stream is told as a reset before what follows', async () => {
    const endpoint = await makeEndpoint(server, receiver.url);
    await server.services.database.query(
      sql`update webhook_endpoint set epoch = 'another' where state = 'ACTIVE' returning 1 as done`,
    );
    await tell('next');
    receiver.answer = 500;
    await deliver();
    receiver.answer = 200;
    wait(3_600);
    await deliver();
    expect(receiver.got.map(({ body }) => body.type)).toEqual([
      'STREAM_RESET',
      'STREAM_RESET',
      'COMPLAINT_ESCALATED',
    ]);
    expect(receiver.got[1]?.body.data).toMatchObject({ __typename: 'StreamReset', reason: 'OTHER_STREAM' });
    expect((await read(endpoint)).cursor).toBe(receiver.got[2]?.body.data.cursor);
  });

  test('because its events are no longer kept is told as a reset; all that is kept follows', async () => {
    const endpoint = await makeEndpoint(server, receiver.url);
    receiver.answer = 500;
    await tell('old');
    await deliver();
    await moveHead(2_999_999);
    server.clock.advance(15 * DAY_MS);
    await tell('kept');
    await tell('newest');
    await moveHead(server.services.feed.position);
    await server.services.keepHouse();
    receiver.answer = 200;
    receiver.got.length = 0;
    await deliver();
    expect(receiver.got[0]?.body).toMatchObject({ type: 'STREAM_RESET', data: { reason: 'RETENTION' } });
    expect(numbers()).toEqual(['kept', 'newest']);
    // The log and dead letters of what is no longer kept have gone with it.
    expect((await log(endpoint)).some(({ outcome }: { outcome: string }) => outcome === 'FAILED')).toBe(
      false,
    );
  });
});

test('an endpoint that wants nothing of what happens costs the same however much happens', async () => {
  await makeEndpoint(server, receiver.url, { kinds: ['KPI_OFF_TARGET'] });
  const before = await server.statementsDuring(deliver);
  await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
    for (let index = 0; index < 500; index += 1) {
      tx.emit({
        kind: 'COMPLAINT_OPENED',
        subjectId: ticket.id,
        audience: {},
        payload: { ticketNumber: 'x' },
      });
    }
  });
  await server.settled();
  expect(await server.statementsDuring(deliver)).toBe(before);
  expect(receiver.got).toEqual([]);
});
