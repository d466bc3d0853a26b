import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { type Subscription, wsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import { services } from '../support/services.ts';
import { type OwnPostgres, ownPostgres, postgresPrograms } from './own-postgres.ts';

const { redis } = await services();

const FEED = `subscription ($after: Cursor) {
  liveEvents(after: $after) {
    __typename
    ... on LiveEvent { cursor message }
    ... on Heartbeat { cursor }
    ... on StreamReset { reason }
  }
}`;

const POLLING = { LIVE_POLL_SECONDS: '0.1' };

const servers: TestServer[] = [];

async function start(database: FreshDatabase, options: { redisUrl?: string } = {}): Promise<TestServer> {
  const server = await startTestServer({ database, env: POLLING, ...options });
  servers.push(server);
  return server;
}

async function stopAll(): Promise<void> {
  for (const server of servers.splice(0)) await server.stop();
}
afterEach(stopAll);

async function tell(server: TestServer, ...names: string[]): Promise<void> {
  for (const name of names) {
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) =>
      tx.emit({
        kind: 'WEBHOOK_DISABLED',
        subjectId: null,
        audience: { roles: ['HEAD'] },
        payload: { endpointId: 'x', name },
      }),
    );
  }
  await server.settled();
}

async function headOf(server: TestServer): Promise<{ epoch: string; seq: number }> {
  const [head] = await server.services.database.query<{ epoch: string; seq: number }>(
    sql`select epoch, seq from event_head`,
  );
  if (!head) throw new Error('no head');
  return head;
}

async function cursorOf(server: TestServer): Promise<string> {
  const { epoch, seq } = await headOf(server);
  return `${epoch}.${seq}`;
}

/** What a client hears first that resumes after a cursor. */
async function resumes(server: TestServer, after: string): Promise<string> {
  const client = wsClient(server, 'HEAD');
  const feed = client.subscribe(FEED, { after });
  await waitUntil(() => feed.items.length > 0);
  await client.dispose();
  const [first] = feed.items;
  return first.reason ?? first.__typename;
}

describe('an embedded database', () => {
  test('keeps its stream over a restart, and has another one where its folder was copied', async () => {
    const fresh = await freshDatabase('embedded');
    const copy = mkdtempSync(join(tmpdir(), 'switchyard-copy-'));
    let server = await start(fresh);
    await tell(server, 'one');
    const cursor = await cursorOf(server);
    await stopAll();
    cpSync(fresh.dataDir, copy, { recursive: true, preserveTimestamps: true });
    server = await start(fresh);
    expect(await resumes(server, cursor)).toBe('Heartbeat');
    await stopAll();
    server = await start({ databaseUrl: null, dataDir: copy, drop: async () => {} });
    expect(await resumes(server, cursor)).toBe('OTHER_STREAM');
    await stopAll();
    rmSync(copy, { recursive: true, force: true });
    await fresh.drop();
  }, 90_000);
});

describe.skipIf(!postgresPrograms())('a PostgreSQL database', { timeout: 120_000 }, () => {
  let postgres: OwnPostgres;
  let dataDir: string;
  beforeAll(async () => {
    postgres = await ownPostgres();
    await postgres.start();
    dataDir = mkdtempSync(join(tmpdir(), 'switchyard-restored-'));
  }, 60_000);
  afterAll(async () => {
    await stopAll();
    await postgres?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  function on(name: string): FreshDatabase {
    const databaseUrl = postgres.url.replace(/\w+$/, name);
    return { databaseUrl, dataDir, drop: async () => {} };
  }

  async function begin(name: string, options: { redisUrl?: string } = {}): Promise<TestServer> {
    postgres.run('createdb', '--maintenance-db', postgres.url, name);
    const server = await start(on(name), options);
    await tell(server, 'one', 'two');
    return server;
  }

  test('keeps its stream over restarts of the server and of PostgreSQL', async () => {
    let server = await begin('plain');
    const cursor = await cursorOf(server);
    await stopAll();
    await postgres.crash();
    await postgres.start();
    server = await start(on('plain'));
    expect(await resumes(server, cursor)).toBe('Heartbeat');
  });

  test('has another stream where a dump of it was restored, beside it or over it', async () => {
    let server = await begin('dumped');
    await stopAll();
    const file = join(dataDir, 'dump.sql');
    const url = on('dumped').databaseUrl ?? '';
    // Over it: what it complains of (constraints of partitions) goes with their tables.
    const dump = postgres.run('pg_dump', '--clean', '--if-exists', url);
    server = await start(on('dumped'));
    await tell(server, 'three');
    const cursor = await cursorOf(server);
    await stopAll();

    writeFileSync(file, dump);
    chmodSync(dataDir, 0o755);
    postgres.run('createdb', '--maintenance-db', postgres.url, 'beside');
    for (const name of ['beside', 'dumped']) {
      postgres.run('psql', '--quiet', '--output', '/dev/null', '--file', file, on(name).databaseUrl ?? '');
      server = await start(on(name));
      // The stream has come as far again: only the epoch tells the two lives apart.
      await tell(server, 'another');
      expect((await headOf(server)).seq).toBe(Number(cursor.split('.')[1]));
      expect(await resumes(server, cursor), name).toBe('OTHER_STREAM');
      await stopAll();
    }
  });

  test('has another stream where it was recovered from an archive', async () => {
    await begin('recovered');
    await stopAll();
    await postgres.crash();
    postgres.save();
    await postgres.start();
    const lost = await start(on('recovered'));
    await tell(lost, 'lost');
    const cursor = await cursorOf(lost);
    await stopAll();
    await postgres.crash();
    postgres.restore(true);
    await postgres.start();
    const after = await start(on('recovered'));
    await tell(after, 'another');
    expect(await resumes(after, cursor)).toBe('OTHER_STREAM');
  });

  /** A backup of the files is the same cluster on the same timeline: it can be told by what was known outside alone. */
  async function filesArePutBack(name: string, options: { redisUrl: string }): Promise<string> {
    await begin(name, options);
    await stopAll();
    await postgres.crash();
    postgres.save();
    await postgres.start();
    const lost = await start(on(name), options);
    await tell(lost, 'lost', 'lost too');
    const cursor = await cursorOf(lost);
    const [epoch = '', seq] = cursor.split('.');
    await waitUntil(async () => (await lost.services.bus.noted(epoch)) === Number(seq));
    await stopAll();
    await postgres.crash();
    postgres.restore();
    await postgres.start();
    return cursor;
  }

  test.skipIf(!redis)(
    'has another stream where Redis remembers more than its files, put back, know',
    async () => {
      const options = { redisUrl: redis ?? '' };
      const cursor = await filesArePutBack('noted', options);
      const server = await start(on('noted'), options);
      await waitUntil(async () => (await headOf(server)).epoch !== cursor.split('.')[0]);
      await tell(server, 'another', 'one more');
      expect(await resumes(server, cursor)).toBe('OTHER_STREAM');
    },
  );

  test('that goes back while a server runs resets its open subscriptions', async () => {
    const server = await begin('running');
    const { epoch } = await headOf(server);
    await postgres.crash();
    postgres.save();
    await postgres.start();
    await waitUntil(
      () =>
        tell(server, 'lost').then(
          () => true,
          () => false,
        ),
      20_000,
    );
    const client = wsClient(server, 'HEAD');
    const feed: Subscription = client.subscribe(FEED);
    await feed.ready();
    await postgres.crash();
    postgres.restore();
    await postgres.start();
    await feed.waitFor((item) => item.reason === 'OTHER_STREAM');
    expect((await headOf(server)).epoch).not.toBe(epoch);
    await tell(server, 'another');
    const item = await feed.waitFor((heard) => heard.message?.includes('another'));
    expect(item.cursor.startsWith(`${(await headOf(server)).epoch}.`)).toBe(true);
    await client.dispose();
  });
});
