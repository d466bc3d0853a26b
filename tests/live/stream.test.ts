import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openPostgres } from '../../src/platform/database.ts';
import { writeOutbox } from '../../src/platform/outbox.ts';
import { dropOldEvents, ensureEventPartitions } from '../../src/platform/relay.ts';
import { sql } from '../../src/platform/sql.ts';
import { type Subscription, wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import { services } from '../support/services.ts';

const { postgres } = await services();

const FEED = `subscription ($after: Cursor) {
  complaintEscalations(after: $after) {
    __typename
    ... on ComplaintEscalation { cursor ticketNumber }
    ... on Heartbeat { cursor }
    ... on StreamReset { oldest reason }
  }
}`;

const DAY_MS = 86_400_000;

function escalation(ticketId: string, ticketNumber: string) {
  return {
    kind: 'COMPLAINT_ESCALATED',
    subjectId: ticketId,
    audience: {},
    payload: { ticketNumber, level: 'L1', reason: 'no answer' },
  } as const;
}

async function emit(server: TestServer, ticketId: string, ticketNumber: string): Promise<void> {
  await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
    tx.emit(escalation(ticketId, ticketNumber));
  });
}

function numbers(feed: Subscription): string[] {
  return feed.events.map((event) => event.ticketNumber);
}

/** Needs transactions side by side, which the embedded database has not. */
describe.skipIf(!postgres)('a transaction that commits late', () => {
  let fresh: FreshDatabase;
  let server: TestServer;
  let other: Database;

  beforeAll(async () => {
    fresh = await freshDatabase('postgresql');
    server = await startTestServer({ database: fresh, env: { LIVE_POLL_SECONDS: '0.2' } });
    other = openPostgres(fresh.databaseUrl ?? '', 2, () => {});
  }, 60_000);
  afterAll(async () => {
    await other?.close();
    await server?.stop();
    await fresh?.drop();
  });

  test('is skipped neither by an open subscription nor by a cursor taken meanwhile', async () => {
    const ticket = await makeTicket(server, { customerId: (await makeCustomer(server)).id });
    const client = wsClient(server, 'CS_SUPERVISOR');
    const open = client.subscribe(FEED);
    await open.ready();

    const written = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const late = other.transaction(async (tx) => {
      await writeOutbox(tx, [escalation(ticket.id, 'late')], server.clock.now());
      written.resolve();
      await released.promise;
    });
    await written.promise;
    for (const number of ['first', 'second']) await emit(server, ticket.id, number);
    const second = await open.waitFor((item) => item.ticketNumber === 'second');
    expect(numbers(open)).toEqual(['first', 'second']);

    released.resolve();
    await late;
    await open.waitFor((item) => item.ticketNumber === 'late');
    await emit(server, ticket.id, 'third');
    await open.waitFor((item) => item.ticketNumber === 'third');
    expect(numbers(open)).toEqual(['first', 'second', 'late', 'third']);

    const resumed = client.subscribe(FEED, { after: second.cursor });
    await resumed.waitFor((item) => item.ticketNumber === 'third');
    expect(numbers(resumed)).toEqual(['late', 'third']);
    await client.dispose();
  });
});

describe('events beyond what is kept', () => {
  let fresh: FreshDatabase;
  let server: TestServer;

  beforeAll(async () => {
    fresh = await freshDatabase();
    server = await startTestServer({ database: fresh });
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    await fresh?.drop();
  });

  async function partitions(): Promise<string[]> {
    const rows = await server.services.database.query<{ name: string }>(sql`
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'event'::regclass order by c.relname`);
    return rows.map((row) => row.name);
  }

  /** As if so many events had been relayed; the partitions for what comes next are made. */
  async function moveHead(seq: number): Promise<void> {
    await server.services.database.transaction(async (tx) => {
      await tx.prisma.$executeRaw(sql`update event_head set seq = ${seq}`);
    });
    await ensureEventPartitions(server.services.database);
  }

  test('go with their whole partitions; an older cursor is reset, a younger one resumes', async () => {
    const { database } = server.services;
    const ticket = await makeTicket(server, { customerId: (await makeCustomer(server)).id });
    await server.settled();
    await emit(server, ticket.id, 'old');
    await server.settled();
    const old = server.services.feed.position;
    await moveHead(1_999_999);
    server.clock.advance(15 * DAY_MS);
    for (const number of ['kept', 'newest']) {
      await emit(server, ticket.id, number);
      await server.settled();
    }
    await moveHead(server.services.feed.position);
    expect(await partitions()).toEqual(['event_p0', 'event_p1', 'event_p2', 'event_p3']);

    const daysAgo = (days: number) => new Date(server.clock.now().getTime() - days * DAY_MS);
    // The first partition still holds an event of these days, so nothing behind it goes either.
    expect(await dropOldEvents(database, daysAgo(16))).toBe(0);
    expect(await dropOldEvents(database, daysAgo(14))).toBe(2);
    expect(await partitions()).toEqual(['event_p2', 'event_p3']);
    const [kept] = await database.query<{ count: number }>(sql`select count(*)::int as count from event`);
    expect(kept?.count).toBe(2);

    const client = wsClient(server, 'CS_SUPERVISOR');
    const { epoch } = server.services.feed;
    const beyond = client.subscribe(FEED, { after: `${epoch}.${old - 1}` });
    const reset = await beyond.waitFor((item) => item.__typename === 'StreamReset');
    expect(reset).toMatchObject({ reason: 'RETENTION', oldest: `${epoch}.${old}` });
    const resumed = client.subscribe(FEED, { after: `${epoch}.2000000` });
    await resumed.waitFor((item) => item.ticketNumber === 'newest');
    await emit(server, ticket.id, 'live');
    await waitUntil(() => [beyond, resumed].every((feed) => numbers(feed).includes('live')));
    expect(numbers(resumed)).toEqual(['newest', 'live']);
    expect(numbers(beyond)).toEqual(['live']);
    await client.dispose();
  });
});
