import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sql, sql } from '../../src/platform/sql.ts';
import { closeCodeOf, sseClient, type Subscription, wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeEmployee } from '../support/factories.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/**
 * How soon a right that has ended closes a subscription to which nothing happens, counted by the timers of the server
 * instead of by how fast a machine is: its intervals run when the test says that time has passed, and five seconds of
 * them must do.
 */
const WITHIN_MS = 5_000;
const STEP_MS = 500;

const FEED = 'subscription { liveEvents { __typename ... on Heartbeat { cursor } } }';

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer({
    database,
    env: { LIVE_POLL_SECONDS: '0.5', LIVE_HEARTBEAT_SECONDS: '600' },
  });
}, 60_000);
afterAll(async () => {
  await server.stop();
  vi.useRealTimers();
  await database.drop();
});

/** Lets the server's timers go on by a while, and what they set off finish. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += STEP_MS) {
    vi.advanceTimersByTime(STEP_MS);
    await server.settled();
  }
}

async function write(statement: Sql): Promise<void> {
  await server.services.database.transaction((tx) => tx.prisma.$executeRaw(statement));
}

const MINUTE_MS = 60_000;

describe.each(['WebSocket', 'SSE'] as const)(
  'over %s an open subscription is closed within 5 s',
  (transport) => {
    async function listen(subject: string, lifetimeSeconds?: number) {
      const token = await server.token(subject, lifetimeSeconds);
      const client = transport === 'SSE' ? null : wsClient(server, subject, { token });
      const feed: Subscription = (client ?? sseClient(server, subject, { token })).subscribe(FEED);
      await feed.ready();
      return {
        feed,
        code: () => (client ? client.closed?.code : closeCodeOf(feed)),
        dispose: () => client?.dispose(),
      };
    }

    interface Given {
      readonly seconds?: number;
      readonly roleMs?: number;
      readonly leftOn?: Date;
      readonly advanceMs?: number;
    }

    test.each<[string, number, Given]>([
      ['its token has expired', 4401, { seconds: 60 }],
      ['its last role has run out', 4403, { roleMs: MINUTE_MS }],
      [
        'the person has left',
        4403,
        { leftOn: new Date('2026-11-23T00:00:00Z'), advanceMs: 24 * 60 * MINUTE_MS },
      ],
    ])('when %s by the clock alone', async (_what, expected, given) => {
      const { seconds, roleMs, leftOn, advanceMs = MINUTE_MS } = given;
      const now = server.clock.now().getTime();
      const { subject } = await makeEmployee(server, {
        roles: ['CS_SUPERVISOR'],
        roleTo: roleMs === undefined ? null : new Date(now + roleMs),
        ...(leftOn ? { leftOn } : {}),
      });
      const { feed, code, dispose } = await listen(subject, seconds);
      // While it holds, no number of looks ends it.
      await pass(2 * WITHIN_MS);
      expect(feed.ended).toBe(false);
      server.clock.advance(advanceMs);
      await pass(WITHIN_MS);
      await feed.end();
      expect(code()).toBe(expected);
      await dispose();
      server.clock.set(new Date(now).toISOString());
    });

    test.each([
      [
        'its last role was taken',
        (id: string) => sql`delete from role_assignment where employee_id = ${id}::uuid`,
      ],
      [
        'the person was let go',
        (id: string) => sql`update employee set left_on = '2026-11-22' where id = ${id}::uuid`,
      ],
    ])('when %s', async (_what, statement) => {
      const { id, subject } = await makeEmployee(server, { roles: ['CS_SUPERVISOR'] });
      const { feed, code, dispose } = await listen(subject);
      await write(statement(id));
      await pass(WITHIN_MS);
      await feed.end();
      expect(code()).toBe(4403);
      await dispose();
    });
  },
);
