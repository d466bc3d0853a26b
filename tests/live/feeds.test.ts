import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/platform/clock.ts';
import { sql } from '../../src/platform/sql.ts';
import { sseClient, type Subscription, wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';

const FEED = `subscription Feed($after: Cursor, $where: EscalationWhere) {
  complaintEscalations(after: $after, where: $where) {
    __typename
    ... on ComplaintEscalation { id cursor kind severity message ticketNumber level reason }
    ... on Heartbeat { cursor at }
    ... on StreamReset { oldest reason }
  }
}`;

const FEED_WITH_TICKET = `subscription ($after: Cursor) {
  complaintEscalations(after: $after) {
    __typename
    ... on ComplaintEscalation { cursor ticketNumber ticket { number customer { name access { level } } } }
    ... on Heartbeat { cursor }
  }
}`;

/** The live feeds of one process: what a subscriber receives, and what it costs. */
describe('live feeds', () => {
  let database: FreshDatabase;
  let server: TestServer;

  beforeAll(async () => {
    database = await freshDatabase();
    server = await startTestServer({
      database,
      env: { LIVE_HEARTBEAT_SECONDS: '0.3' },
    });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  /** Escalates a complaint of its own by hand and says its number. */
  async function escalate(level = 'L1'): Promise<string> {
    const ticket = await makeTicket(server, { customerId: (await makeCustomer(server, { grade: 'B' })).id });
    const { data } = await server.gql(
      'HEAD',
      `mutation ($input: TicketEscalateInput!) {
        ticketEscalate(input: $input) { ... on TicketEscalateSuccess { ticket { number } } ... on Error { message } }
      }`,
      { input: { ticketId: ticket.nodeId, level, note: 'the customer asks for the manager' } },
    );
    return data.ticketEscalate.ticket.number;
  }

  function numbers(feed: Subscription): string[] {
    return feed.events.map((event) => event.ticketNumber);
  }

  test('the first frame tells the place in the stream, and heartbeats carry it on', async () => {
    const client = wsClient(server, 'CS_SUPERVISOR');
    const feed = client.subscribe(FEED);
    await feed.ready();
    expect(feed.items[0]).toMatchObject({
      __typename: 'Heartbeat',
      cursor: expect.stringMatching(/^\w+\.\d+$/),
    });
    const number = await escalate();
    const event = await feed.waitFor((item) => item.ticketNumber === number);
    await feed.waitFor((item) => item.__typename === 'Heartbeat' && item.cursor === event.cursor);
    await client.dispose();
  });

  test.each(['WebSocket', 'SSE'])('%s: a cursor resumes without gap or repeat', async (transport) => {
    const open = (variables: object) => {
      const client =
        transport === 'SSE' ? sseClient(server, 'CS_SUPERVISOR') : wsClient(server, 'CS_SUPERVISOR');
      return client.subscribe(FEED, { ...variables });
    };
    const first = open({});
    await first.ready();
    const before = [await escalate(), await escalate()];
    await waitUntil(() => numbers(first).includes(before[1] ?? ''));
    first.close();
    const { cursor } = first.events.find((event) => event.ticketNumber === before[0]);
    const missed = [await escalate(), await escalate('L2')];
    const second = open({ after: cursor });
    await waitUntil(() => numbers(second).length === 3);
    const live = await escalate();
    await second.waitFor((item) => item.ticketNumber === live);
    expect(numbers(second)).toEqual([before[1], ...missed, live]);
    if (transport === 'SSE') expect(second.ids.at(-1)).toBe(second.items.at(-1).cursor);
    second.close();
  });

  test.each([
    ['of another stream', () => 'deadbeef.1', 'OTHER_STREAM'],
    ['that is none', () => 'nonsense', 'OTHER_STREAM'],
    ['beyond the head', (epoch: string) => `${epoch}.999999`, 'BEYOND_HEAD'],
  ])('a cursor %s resets the stream and the feed goes on from now', async (_name, cursorOf, reason) => {
    const client = wsClient(server, 'CS_SUPERVISOR');
    const feed = client.subscribe(FEED, { after: cursorOf(server.services.feed.epoch) });
    await feed.waitFor((item) => item.__typename === 'StreamReset' && item.reason === reason && item.oldest);
    const number = await escalate();
    await feed.waitFor((item) => item.ticketNumber === number);
    await client.dispose();
  });

  test('a cursor older than what is kept resets the stream', async () => {
    await escalate();
    await server.settled();
    await server.services.database.transaction(async (tx) => {
      await tx.prisma.$executeRaw(sql`update event_head set oldest = seq`);
    });
    const client = wsClient(server, 'CS_SUPERVISOR');
    const feed = client.subscribe(FEED, { after: `${server.services.feed.epoch}.0` });
    await feed.waitFor((item) => item.__typename === 'StreamReset' && item.reason === 'RETENTION');
    await server.services.database.transaction(async (tx) => {
      await tx.prisma.$executeRaw(sql`update event_head set oldest = 1`);
    });
    await client.dispose();
  });

  test('filters by kind, level and severity; a general kind finds its special cases', async () => {
    const client = wsClient(server, 'CS_SUPERVISOR');
    const high = client.subscribe(FEED, { where: { level: { in: ['L3', 'L4'] } } });
    const overdue = client.subscribe(
      `subscription { liveEvents(where: { kind: { eq: TICKET_AT_RISK } }) { __typename ... on LiveEvent { kind } ... on Heartbeat { cursor } } }`,
    );
    await Promise.all([high.ready(), overdue.ready()]);
    await escalate('L1');
    const wanted = await escalate('L3');
    await high.waitFor((item) => item.ticketNumber === wanted);
    expect(numbers(high)).toEqual([wanted]);
    const ticket = await makeTicket(server, { customerId: (await makeCustomer(server, { grade: 'B' })).id });
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
      tx.emit({
        kind: 'COMPLAINT_AT_RISK',
        subjectId: ticket.id,
        audience: {},
        payload: { ticketNumber: 'T1', limit: 'RESOLUTION', minutesLeft: 5 },
      });
    });
    await overdue.waitFor((item) => item.kind === 'COMPLAINT_AT_RISK');
    await client.dispose();
  });

  test('an event about a ticket that the viewer may not read does not arrive', async () => {
    const [supervisor, analyst, hr] = ['CS_SUPERVISOR', 'DATA_ANALYST', 'HR'].map((role) =>
      wsClient(server, role),
    );
    const feeds = [supervisor, analyst, hr].map((client) => client?.subscribe(FEED)) as Subscription[];
    await Promise.all(feeds.map((feed) => feed.ready()));
    const number = await escalate();
    await feeds[0]?.waitFor((item) => item.ticketNumber === number);
    await feeds[1]?.waitFor((item) => item.ticketNumber === number);
    const beats = feeds[2]?.items.length ?? 0;
    await waitUntil(() => (feeds[2]?.items.length ?? 0) > beats + 1);
    expect(feeds[2]?.events).toEqual([]);
    for (const client of [supervisor, analyst, hr]) await client?.dispose();
  });

  test('the language is that of the connection', async () => {
    const client = wsClient(server, 'CS_SUPERVISOR', { acceptLanguage: 'zh-CN' });
    const feed = client.subscribe(FEED);
    await feed.ready();
    const number = await escalate();
    const event = await feed.waitFor((item) => item.ticketNumber === number);
    expect(event.message).toBe(`投诉 ${number} 已升级至 L1 级。`);
    await client.dispose();
  });

  test('subscribers that agree in document, variables and rights share one execution; SQL does not grow with them', async () => {
    const clients = Array.from({ length: 30 }, () => wsClient(server, 'CS_SUPERVISOR'));
    const feeds = clients.map((client) => client.subscribe(FEED));
    await Promise.all(feeds.map((feed) => feed.ready()));
    const alone = await statementsPerEvent(feeds.slice(0, 1));
    const together = await statementsPerEvent(feeds);
    expect(together).toBe(alone);
    const frames = feeds.map((feed) => JSON.stringify(feed.results.at(-1)));
    expect(new Set(frames).size).toBe(1);
    await Promise.all(clients.map((client) => client.dispose()));

    /** Events emitted in one transaction of our own, so that nothing but their delivery is counted. */
    async function statementsPerEvent(watched: Subscription[]): Promise<number> {
      const ticket = await makeTicket(server, {
        customerId: (await makeCustomer(server, { grade: 'B' })).id,
      });
      await server.settled();
      const before = server.services.statements;
      const level = 'L4';
      await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
        tx.emit({
          kind: 'COMPLAINT_ESCALATED',
          subjectId: ticket.id,
          audience: {},
          payload: { ticketNumber: ticket.id, level, reason: 'RAISED_BY_HAND' },
        });
      });
      for (const feed of watched) await feed.waitFor((item) => item.ticketNumber === ticket.id);
      return server.services.statements - before;
    }
  });

  test('a document that reads beyond the card is executed for each viewer, with their own rights', async () => {
    const customer = await makeCustomer(server, { grade: 'A', name: '上海远航电子商务有限公司' });
    const ticket = await makeTicket(server, { customerId: customer.id });
    const [head, supervisor] = [wsClient(server, 'HEAD'), wsClient(server, 'CS_SUPERVISOR')];
    const [full, masked] = [head.subscribe(FEED_WITH_TICKET), supervisor.subscribe(FEED_WITH_TICKET)];
    await Promise.all([full.ready(), masked.ready()]);
    await server.gql(
      'HEAD',
      `mutation ($input: TicketEscalateInput!) { ticketEscalate(input: $input) { __typename } }`,
      { input: { ticketId: ticket.nodeId, level: 'L1', note: 'x' } },
    );
    const mine = (item: { ticket?: { customer?: { name: string } } }) =>
      item.ticket?.customer?.name.startsWith('上海');
    expect((await full.waitFor(mine)).ticket.customer).toEqual({
      name: '上海远航电子商务有限公司',
      access: { level: 'FULL' },
    });
    expect((await masked.waitFor(mine)).ticket.customer).toEqual({
      name: '上海***',
      access: { level: 'MASKED' },
    });
    await head.dispose();
    await supervisor.dispose();
  });
});

/** A client that stops reading must not fill the server's memory, and must not lose anything. */
test('a socket that is not read is paused, the others go on, and it is complete when it reads again', {
  timeout: 150_000,
}, async () => {
  const database = await freshDatabase();
  const server = await startTestServer({
    database,
    clock: systemClock as never,
    env: { LIVE_POLL_SECONDS: '0.2' },
  });
  const customer = await makeCustomer(server, { grade: 'B' });
  const ticket = await makeTicket(server, { customerId: customer.id });
  const quick = wsClient(server, 'CS_SUPERVISOR');
  const feed = quick.subscribe(FEED);
  await feed.ready();

  const slow = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const received: string[] = [];
  slow.on('message', (data) => {
    const message = JSON.parse(String(data));
    const item = message.payload?.data?.complaintEscalations;
    if (item?.__typename === 'ComplaintEscalation') received.push(item.ticketNumber);
  });
  await new Promise((resolve) => slow.once('open', resolve));
  slow.send(
    JSON.stringify({
      type: 'connection_init',
      payload: { authorization: `Bearer ${await server.token('CS_SUPERVISOR')}` },
    }),
  );
  await new Promise((resolve) => slow.once('message', resolve));
  slow.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FEED } }));
  await waitUntil(() => server.services.hub.subscribers === 2);
  slow.pause();

  const padding = '货'.repeat(2_000);
  const count = 3_000;
  for (let start = 0; start < count; start += 500) {
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
      for (let index = start; index < start + 500; index += 1) {
        tx.emit({
          kind: 'COMPLAINT_ESCALATED',
          subjectId: ticket.id,
          audience: {},
          payload: { ticketNumber: `${index}`, level: 'L1', reason: padding },
        });
      }
    });
  }
  await waitUntil(() => feed.events.length === count, 30_000);
  slow.resume();
  await waitUntil(() => received.length === count, 30_000);
  expect(received).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  slow.terminate();
  await quick.dispose();
  await server.stop();
  await database.drop();
});
