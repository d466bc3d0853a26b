import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sseClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { NPM_START, type ServerProcess, sparePort, spawnServer, startServer } from '../support/processes.ts';
import { waitUntil } from '../support/server.ts';
import { services } from '../support/services.ts';
import { ENVIRONMENT, FEED, gql, prepare, requestAccess, socketOf, succeeded, token } from './client.ts';

const { postgres } = await services();

/** Asks a process to stop and says after how many milliseconds it has, with which code. */
async function stop(
  server: ServerProcess,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; took: number }> {
  const started = performance.now();
  await server.kill(signal);
  return { code: server.exitCode, took: performance.now() - started };
}

describe.skipIf(!postgres)('a server that is told to stop', { timeout: 150_000 }, () => {
  let fresh: FreshDatabase;
  let holder: pg.Client;
  let customers: string[];
  const started: ServerProcess[] = [];
  beforeAll(async () => {
    fresh = await freshDatabase('postgresql');
    customers = await prepare(fresh.databaseUrl ?? '', 4);
    holder = new pg.Client({ connectionString: fresh.databaseUrl ?? '' });
    await holder.connect();
  });
  afterAll(async () => {
    await Promise.all(started.map((server) => server.kill('SIGKILL')));
    await holder?.end();
    await fresh?.drop();
  });

  async function start(): Promise<ServerProcess> {
    const server = await spawnServer({
      ...ENVIRONMENT,
      DATABASE_URL: fresh.databaseUrl ?? '',
      DATA_DIR: fresh.dataDir,
    });
    started.push(server);
    return server;
  }

  /** A request that waits in the database, until `release` is called. */
  async function hold(server: ServerProcess) {
    await holder.query('begin');
    await holder.query('lock table access_grant in exclusive mode');
    const answer = requestAccess(server, customers.pop() ?? '').catch((error: unknown) => error);
    await waitUntil(async () => {
      const { rows } = await holder.query(
        `select 1 from pg_locks where relation = 'access_grant'::regclass and not granted`,
      );
      return rows.length > 0;
    });
    return { answer, release: () => holder.query('rollback') };
  }

  it('takes nothing new, finishes what runs, says goodbye to subscriptions and ends', async () => {
    const server = await start();
    const client = socketOf(server, 'HEAD');
    const overSocket = client.subscribe(FEED);
    const overSse = sseClient({ url: server.url, token }, 'HEAD').subscribe(FEED);
    await Promise.all([overSocket.ready(), overSse.ready()]);
    const running = await hold(server);

    const stopped = stop(server, 'SIGTERM');
    await overSocket.end();
    expect(client.closed?.code).toBe(1012);
    expect(await overSse.end()).toBeNull();
    await expect(gql(server, 'HEAD', '{ viewer { roles } }')).rejects.toThrow();
    await running.release();
    const answer = await running.answer;
    expect(answer).toMatchObject({ status: 200 });
    expect(succeeded(answer as Awaited<ReturnType<typeof gql>>)).toBe(true);
    const { code, took } = await stopped;
    expect(code, server.output).toBe(0);
    expect(took).toBeLessThan(10_000);
    expect(server.output).toContain('SIGTERM: finishing what runs, then stopping');
  });

  it('ends within 10 seconds whatever still runs', async () => {
    const server = await start();
    const client = socketOf(server, 'HEAD');
    await client.subscribe(FEED).ready();
    const running = await hold(server);
    const { took } = await stop(server, 'SIGINT');
    expect(took).toBeLessThan(10_000);
    await running.release();
    await running.answer;
    await client.dispose();
  });

  it('ends at once while it still waits for its database', async () => {
    const nowhere = `postgresql://postgres@127.0.0.1:${await sparePort()}/postgres`;
    const server = await startServer({ ...ENVIRONMENT, DATABASE_URL: nowhere, DATA_DIR: fresh.dataDir });
    started.push(server);
    await waitUntil(() => server.output.includes('trying again in 1 s'));
    const { code, took } = await stop(server, 'SIGTERM');
    expect(code).toBe(0);
    expect(took).toBeLessThan(2_000);
    expect(server.output).not.toMatch(/^\s+at /m);
  });

  it.skipIf(process.platform === 'win32')('ends with the `npm start` that it runs under', async () => {
    const environment = { ...ENVIRONMENT, DATABASE_URL: fresh.databaseUrl ?? '', DATA_DIR: fresh.dataDir };
    const npm = await spawnServer(environment, NPM_START);
    started.push(npm);
    await npm.kill('SIGTERM');
    await waitUntil(() =>
      gql(npm, 'HEAD', '{ viewer { roles } }').then(
        () => false,
        () => true,
      ),
    );
    await waitUntil(() => npm.output.includes('SIGTERM: finishing what runs, then stopping'));
  });
});

describe.skipIf(!postgres)('servers that start together on an empty database', { timeout: 150_000 }, () => {
  it('write one demo company', async () => {
    const fresh = await freshDatabase('postgresql');
    const environment = {
      ...ENVIRONMENT,
      SEED_DEMO: 'true',
      DATABASE_URL: fresh.databaseUrl ?? '',
      DATA_DIR: fresh.dataDir,
    };
    const servers = await Promise.all(Array.from({ length: 3 }, () => startServer(environment)));
    try {
      const ask = (server: ServerProcess) =>
        gql(server, 'demo-head', '{ customersTotal: customers { totalCount } tickets { totalCount } }');
      for (const server of servers) {
        await waitUntil(
          () =>
            fetch(`${server.url}/health/ready`).then(
              (answer) => answer.ok,
              () => false,
            ),
          30_000,
        );
      }
      const totals = await Promise.all(servers.map(async (server) => (await ask(server)).data));
      for (const total of totals) {
        expect(total).toEqual({ customersTotal: { totalCount: 400 }, tickets: { totalCount: 5_010 } });
      }
    } finally {
      await Promise.all(servers.map((server) => server.kill('SIGKILL')));
      await fresh.drop();
    }
  });
});

describe('a server with the embedded database', { timeout: 120_000 }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-lifecycle-'));
  const environment = { ...ENVIRONMENT, SEED_DEMO: 'true', DATA_DIR: dataDir };
  const started: ServerProcess[] = [];
  afterAll(async () => {
    await Promise.all(started.map((server) => server.kill('SIGKILL')));
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const start = async () => {
    const server = await spawnServer(environment);
    started.push(server);
    return server;
  };
  const CREATE = `mutation($input: CustomerCreateInput!) {
    customerCreate(input: $input) { ... on CustomerCreateSuccess { customer { id } } }
  }`;
  const NAMES = '{ customers(where: { name: { contains: "存续" } }) { edges { node { name } } } }';
  const caller = 'demo-head';

  const create = async (server: ServerProcess, name: string) => {
    const { data } = await gql(server, caller, CREATE, { input: { name } });
    expect(data.customerCreate.customer.id).toBeTruthy();
  };
  const names = async (server: ServerProcess) => {
    const { data } = await gql(server, caller, NAMES);
    return data.customers.edges.map(({ node }: { node: { name: string } }) => node.name).sort();
  };

  it('starts on an empty folder, and finds its data after a stop and after a crash', async () => {
    const first = await start();
    await create(first, '存续一');

    const second = await startServer(environment);
    await waitUntil(() => second.exitCode !== null, 30_000);
    expect(second.exitCode).toBe(1);
    expect(second.output.trim()).toBe(
      `DATA_DIR "${dataDir}" is in use by process ${first.pid}; stop it, choose another DATA_DIR, or set DATABASE_URL to share one database.`,
    );

    const { code, took } = await stop(first, 'SIGTERM');
    expect(code).toBe(0);
    expect(took).toBeLessThan(10_000);
    // What runs beside requests, too, knows the types that the migrations of this very start have made.
    expect(first.output).not.toContain('it failed');
    const third = await start();
    expect(await names(third)).toEqual(['存续一']);
    await create(third, '存续二');
    await third.kill('SIGKILL');
    const fourth = await start();
    expect(await names(fourth)).toEqual(['存续一', '存续二'].sort());
    expect((await stop(fourth, 'SIGTERM')).code).toBe(0);
  });
});
