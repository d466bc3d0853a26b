import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription, WsClient } from '../support/clients.ts';
import { operations } from '../support/documents.ts';
import { type ServerProcess, startServer } from '../support/processes.ts';
import { BACKLOG, scrape } from '../support/metrics.ts';
import { waitUntil } from '../support/server.ts';
import { ENVIRONMENT, FEED, gql, health, prepare, requestAccess, socketOf, succeeded } from './client.ts';
import { type OwnPostgres, ownPostgres, postgresPrograms } from './own-postgres.ts';

const VIEWER = '{ viewer { roles } }';
/** Runs compiled. */
const TRUSTED = operations.find(({ name }) => name === 'TicketList')?.text ?? '';
const CUSTOMERS = '{ customers(first: 1) { edges { node { id } } } }';

describe.skipIf(!postgresPrograms())('a server whose PostgreSQL comes and goes', { timeout: 150_000 }, () => {
  let postgres: OwnPostgres;
  let server: ServerProcess;
  let customers: string[] = [];
  beforeAll(async () => {
    postgres = await ownPostgres();
    server = await startServer({ ...ENVIRONMENT, DATABASE_URL: postgres.url });
  });
  afterAll(async () => {
    await server?.kill('SIGKILL');
    await postgres?.drop();
  });

  async function expectUnknownBacklog(): Promise<void> {
    const measured = await scrape(server);
    expect(measured.get('switchyard_database_up')).toBe(0);
    for (const gauge of BACKLOG) expect([gauge, measured.get(gauge)]).toEqual([gauge, undefined]);
    expect(measured.get('process_resident_memory_bytes')).toBeGreaterThan(0);
  }

  async function readyAgain(): Promise<void> {
    await waitUntil(async () => (await health(server)).status === 200, 30_000);
  }

  it('waits for a database that is down at its start, with growing pauses, and says so', async () => {
    await waitUntil(() => server.output.includes('trying again in 2 s'), 20_000);
    const pauses = [...server.output.matchAll(/does not answer \((.*?)\); trying again in ([\d.]+) s/g)];
    expect(pauses.map((match) => match[2])).toEqual(['0.5', '1', '2']);
    expect(pauses[0]?.[1]).toContain('ECONNREFUSED');
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    expect((await health(server)).status).toBe(503);
    await expectUnknownBacklog();
    const { status, errors, headers } = await gql(server, 'HEAD', VIEWER);
    expect([status, errors?.[0]?.extensions.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('starts by itself when the database comes', async () => {
    await postgres.start();
    await readyAgain();
    customers = await prepare(postgres.url, 60);
    await waitUntil(async () => (await gql(server, 'HEAD', VIEWER)).status === 200);
    expect(server.exitCode).toBeNull();
  });

  describe('loses it while it runs', () => {
    let client: WsClient;
    let open: Subscription;
    const kept: string[] = [];
    beforeAll(async () => {
      client = socketOf(server, 'HEAD');
      open = client.subscribe(FEED);
      await open.ready();
    });
    afterAll(() => client.dispose());

    const request = async () => {
      const [id = ''] = customers.splice(0, 1);
      const answer = await requestAccess(server, id).catch(() => null);
      if (answer && succeeded(answer)) kept.push(id);
      return answer;
    };

    it('answers SERVICE_UNAVAILABLE within seconds, and lives', async () => {
      for (let round = 0; round < 5; round += 1) await request();
      expect(kept).toHaveLength(5);
      await postgres.crash();
      const started = performance.now();
      for (const document of [CUSTOMERS, TRUSTED, '{ employees(first: 1) { edges { node { id } } } }']) {
        const { status, errors } = await gql(server, 'HEAD', document, { first: 1 });
        expect([status, errors?.[0]?.extensions.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
        expect(JSON.stringify(errors)).not.toMatch(/ECONNREFUSED|postgres/i);
      }
      const refused = await request();
      expect([refused?.status, refused?.errors?.[0]?.extensions.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      expect(performance.now() - started).toBeLessThan(8_000);
      expect((await health(server)).status).toBe(503);
      await expectUnknownBacklog();
      expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
      expect(server.exitCode).toBeNull();
    });

    it('recovers by itself', async () => {
      await postgres.start();
      await readyAgain();
      // Ready is said as soon as the database answers; the feed reads what it missed at its next poll.
      await waitUntil(async () => (await scrape(server)).get('switchyard_feed_lag_events') === 0);
      expect((await scrape(server)).get('switchyard_database_up')).toBe(1);
      expect((await gql(server, 'HEAD', CUSTOMERS)).errors).toBeUndefined();
      for (let round = 0; round < 5; round += 1) await request();
      expect(kept).toHaveLength(10);
    });

    it('tells an open subscription every event that was kept, once, through several losses', async () => {
      for (let answered = 0; answered < 6; answered += 1) {
        // It is lost while requests are answered and what they caused is being delivered, each time a little later.
        const before = kept.length;
        const requests = Array.from({ length: 6 }, () => request());
        await waitUntil(() => kept.length >= before + answered);
        await postgres.crash();
        await Promise.all(requests);
        await postgres.start();
        await readyAgain();
        await request();
      }
      await waitUntil(() => {
        const told = new Set(open.events.map((event) => event.subject?.id));
        return kept.every((id) => told.has(id));
      }, 20_000);
      expect(open.ended).toBe(false);
      expect(open.results.filter((result) => result.errors)).toEqual([]);
      const told = open.events.map((event) => event.cursor);
      expect(new Set(told).size).toBe(told.length);
      const order = told.map((cursor) => Number(cursor.split('.')[1]));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    });
  });

  it('does not wait for ever for a database that hangs', { timeout: 150_000 }, async () => {
    // Some connections are open and idle: what is asked over them finds no failure, only silence.
    await Promise.all(Array.from({ length: 6 }, () => gql(server, 'HEAD', CUSTOMERS)));
    postgres.freeze();
    expect((await health(server)).status).toBe(503);
    const asked = performance.now();
    // Whoever else scrapes meanwhile shares the one question to the database.
    await Promise.all([expectUnknownBacklog(), expectUnknownBacklog()]);
    expect(performance.now() - asked).toBeLessThan(8_000);
    const started = performance.now();
    const { status, errors } = await gql(server, 'HEAD', CUSTOMERS);
    expect([status, errors?.[0]?.extensions.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    expect(performance.now() - started).toBeLessThan(45_000);
    postgres.thaw();
    await readyAgain();
    await waitUntil(async () => (await gql(server, 'HEAD', CUSTOMERS)).errors === undefined);
  });
});
