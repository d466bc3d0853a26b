import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ensureEventPartitions } from '../../src/platform/relay.ts';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';
import { allowLocal, makeEndpoint, openReceiver, type Receiver } from '../webhooks/receiver.ts';

const DAY_MS = 86_400_000;
/** How often a process keeps house. */
const HOUSEKEEPING_MS = 10 * 60_000;

let database: FreshDatabase;
let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  database = await freshDatabase();
  receiver = await openReceiver();
  // The intervals of the server run when the test says that time has passed.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer({ database });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  vi.useRealTimers();
  await receiver?.close();
  await database?.drop();
});

async function partitions(): Promise<string[]> {
  const rows = await server.services.database.query<{ name: string }>(sql`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'event'::regclass order by c.relname`);
  return rows.map(({ name }) => name);
}

/** As if so many events had been relayed; the partitions for what comes next are made. */
async function moveHead(seq: number): Promise<void> {
  await server.services.database.transaction((tx) =>
    tx.prisma.$executeRaw(sql`update event_head set seq = ${seq}`),
  );
  await ensureEventPartitions(server.services.database);
}

test('the timer drops what is older than events.retentionDays; what resumes before it is reset, a webhook too', async () => {
  await allowLocal(server);
  await setSetting(server, 'events.retentionDays', 3);
  const ticket = await makeTicket(server, { customerId: (await makeCustomer(server)).id });
  const tell = async (ticketNumber: string) => {
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) =>
      tx.emit({
        kind: 'COMPLAINT_ESCALATED',
        subjectId: ticket.id,
        audience: {},
        payload: { ticketNumber, level: 'L1', reason: 'late' },
      }),
    );
    await server.settled();
  };
  await makeEndpoint(server, receiver.url, { kinds: ['COMPLAINT_ESCALATED'] });
  await tell('old');
  const old = `${server.services.feed.epoch}.${server.services.feed.position - 1}`;
  await moveHead(1_999_999);
  server.clock.advance(2 * DAY_MS);
  await tell('newer');
  await moveHead(2_999_999);
  await tell('newest');
  await moveHead(server.services.feed.position);

  // Two days old: within what is kept.
  await server.services.keepHouse();
  expect(await partitions()).toEqual(['event_p0', 'event_p1', 'event_p2', 'event_p3', 'event_p4']);
  server.clock.advance(1.5 * DAY_MS);
  vi.advanceTimersByTime(HOUSEKEEPING_MS - 1);
  expect(await partitions()).toContain('event_p0');
  vi.advanceTimersByTime(1);
  await waitUntil(async () => !(await partitions()).includes('event_p1'));
  expect(await partitions()).toEqual(['event_p2', 'event_p3', 'event_p4']);

  const client = wsClient(server, 'CS_SUPERVISOR');
  const feed = client.subscribe(
    `subscription ($after: Cursor) { liveEvents(after: $after) {
      __typename ... on StreamReset { reason oldest } ... on Heartbeat { cursor } } }`,
    { after: old },
  );
  expect(await feed.waitFor(() => true)).toMatchObject({ __typename: 'StreamReset', reason: 'RETENTION' });
  await client.dispose();

  await server.services.webhooks.runOnce();
  expect(receiver.got.map(({ body }) => body.data.reason ?? body.data.ticketNumber)).toEqual([
    'RETENTION',
    'late',
    'late',
  ]);
  expect(receiver.got.slice(1).map(({ body }) => body.data.ticketNumber)).toEqual(['newer', 'newest']);
  expect(receiver.got[0]?.body.type).toBe('STREAM_RESET');
}, 60_000);
