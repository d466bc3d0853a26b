import { setTimeout } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Database, openPostgres } from '../../src/platform/database.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { people, writeOrganisation } from '../support/people.ts';
import { hasRedisServer, type OwnProcess, spawnRedis, spawnServer, sparePort } from '../support/processes.ts';
import { TEST_SECRET, waitUntil } from '../support/server.ts';
import { services } from '../support/services.ts';

const { postgres } = await services();
const possible = postgres !== null && hasRedisServer();

const COMPLAINTS = 1_000;
/** Their limits come to 80 % one after the other over this time. */
const SPREAD_MS = 15_000;

interface Escalation {
  readonly id: string;
  readonly cursor: string;
  readonly ticketNumber: string;
}

describe.skipIf(!possible)('two processes on PostgreSQL and Redis', () => {
  let fresh: FreshDatabase;
  let database: Database;
  let redis: OwnProcess;
  let redisPort: number;
  let environment: Record<string, string>;
  const processes: (OwnProcess & { url: string })[] = [];

  beforeAll(async () => {
    fresh = await freshDatabase('postgresql');
    database = openPostgres(fresh.databaseUrl ?? '', 4, () => {});
    await writeOrganisation({ database });
    redisPort = await sparePort();
    redis = await spawnRedis(redisPort);
    environment = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATABASE_URL: fresh.databaseUrl ?? '',
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      DATA_DIR: fresh.dataDir,
      AUTH_JWT_SECRET: TEST_SECRET,
      SWEEP_SECONDS: '0.2',
      LIVE_HEARTBEAT_SECONDS: '1',
    };
    processes.push(await spawnServer(environment), await spawnServer(environment));
  }, 90_000);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.kill('SIGKILL')));
    await redis?.kill('SIGKILL');
    await database?.close();
    await fresh?.drop();
  });

  test('1,000 escalations arrive once and in order while socket, Redis and relaying process are killed', {
    timeout: 120_000,
  }, async () => {
    const subscriber = subscribe(() => processes.map((process) => process.url));
    await waitUntil(() => subscriber.cursor !== null);
    await makeComplaints(database);

    await waitUntil(() => subscriber.received.length >= 150, 30_000);
    subscriber.cut();
    await waitUntil(() => subscriber.received.length >= 300, 30_000);
    await redis.kill('SIGKILL');
    await waitUntil(() => subscriber.received.length >= 450, 30_000);
    redis = await spawnRedis(redisPort);
    // The process that the subscriber is connected to relays as well; the other one goes on alone.
    const victim = processes.findIndex((process) => process.url === subscriber.url);
    await processes[victim]?.kill('SIGKILL');
    await waitUntil(() => subscriber.received.length >= 650, 30_000);
    processes[victim] = await spawnServer(environment);
    await processes[1 - victim]?.kill('SIGKILL');

    await waitUntil(() => subscriber.received.length >= COMPLAINTS, 60_000);
    await setTimeout(1_500);
    subscriber.stop();

    const numbers = subscriber.received.map((escalation) => escalation.ticketNumber);
    expect(new Set(numbers).size).toBe(COMPLAINTS);
    expect(numbers.length).toBe(COMPLAINTS);
    const order = subscriber.received.map((escalation) => Number(escalation.cursor.split('.')[1]));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const [stream] = await database.query<{ count: number; rungs: number; warned: number }>(sql`
      select (select count(*)::int from event where kind = 'COMPLAINT_ESCALATED') as count,
             (select count(*)::int from escalation) as rungs,
             (select count(*)::int from event where kind = 'COMPLAINT_AT_RISK') as warned`);
    expect(stream).toEqual({ count: COMPLAINTS, rungs: COMPLAINTS, warned: COMPLAINTS });
  });
});

/** A client that resumes after its last cursor, on whichever process answers. */
function subscribe(urls: () => string[]) {
  const received: Escalation[] = [];
  let cursor: string | null = null;
  let url = '';
  let socket: WebSocket | undefined;
  let stopped = false;

  async function token(): Promise<string> {
    return new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(people.CS_SUPERVISOR.subject)
      .setIssuer('switchyard')
      .setAudience('switchyard')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(TEST_SECRET));
  }

  async function session(at: string): Promise<void> {
    const client = createClient({
      url: `${at.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => {},
      connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
      on: { connected: (opened) => (socket = opened as WebSocket) },
    });
    url = at;
    await new Promise<void>((resolve) => {
      client.subscribe<{ complaintEscalations: { __typename: string } & Escalation }>(
        {
          query: `subscription ($after: Cursor) {
            complaintEscalations(after: $after, where: { kind: { eq: COMPLAINT_ESCALATED } }) {
              __typename
              ... on ComplaintEscalation { id cursor ticketNumber level }
              ... on Heartbeat { cursor }
              ... on StreamReset { reason }
            }
          }`,
          variables: { after: cursor },
        },
        {
          next: ({ data }) => {
            const item = data?.complaintEscalations;
            if (!item) return;
            if (item.__typename === 'ComplaintEscalation') received.push(item);
            if (item.__typename === 'StreamReset') throw new Error('The stream was reset.');
            cursor = item.cursor;
          },
          error: () => resolve(),
          complete: () => resolve(),
        },
      );
    });
    await client.dispose();
  }

  void (async () => {
    for (let attempt = 0; !stopped; attempt += 1) {
      const all = urls();
      await session(all[attempt % all.length] ?? '').catch(() => {});
      await setTimeout(50);
    }
  })();

  return {
    received,
    get cursor() {
      return cursor;
    },
    get url() {
      return url;
    },
    cut: () => socket?.terminate(),
    stop() {
      stopped = true;
      socket?.terminate();
    },
  };
}

/** Complaints whose final limits come to 80 % one after the other, starting now; their clocks are as the sweep finds them. */
async function makeComplaints(database: Database): Promise<void> {
  const now = new Date();
  await database.transaction(async (tx) => {
    await tx.prisma.$executeRaw(sql`
      insert into ticket (id, number, category, status, subject, content, channel, opened_at, registered_at,
                          cycle_started_at, resolution_due_at, resolution_warn_at, created_at, updated_at)
      select gen_random_uuid(), 'L' || lpad(i::text, 9, '0'), 'COMPLAINT', 'RECEIVED', 'Late', 'Late', 'PHONE',
             ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz,
             ${now}::timestamptz + interval '1 day', ${now}::timestamptz + i * ${SPREAD_MS / COMPLAINTS}::float8 * interval '1 ms',
             ${now}::timestamptz, ${now}::timestamptz
      from generate_series(1, ${COMPLAINTS}::int) i`);
    await tx.prisma.$executeRaw(sql`
      insert into obligation (id, kind, subject_id, period, starts_at, warn_at, due_at, next_at, state, step)
      select gen_random_uuid(), 'TICKET_RESOLUTION', id, '0', opened_at, resolution_warn_at, resolution_due_at,
             resolution_warn_at, 'OPEN', 0
      from ticket where number like 'L%'`);
  });
}
