import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { putObligations } from '../../src/platform/obligations.ts';
import { writeOutbox } from '../../src/platform/outbox.ts';
import { sql } from '../../src/platform/sql.ts';
import { sseClient, wsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase, testRedisUrl } from '../support/database.ts';
import { operations } from '../support/documents.ts';
import { BACKLOG, scrape } from '../support/metrics.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';

const LIST = 'query Mine { tickets(first: 3) { totalCount } }';
const TRUSTED = operations.find(({ name }) => name === 'TicketList')?.text ?? '';

let fresh: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  fresh = await freshDatabase();
  server = await startTestServer({ database: fresh });
});
afterAll(async () => {
  await server.stop();
  await fresh.drop();
});

function operationsIn(measured: ReadonlyMap<string, number>): number {
  return [...measured]
    .filter(([series]) => series.startsWith('switchyard_operations_total'))
    .reduce((sum, [, value]) => sum + value, 0);
}

/** By how much each series grew while the work ran. An operation counts when its answer has left, which may be later. */
async function growth(operations: number, work: () => Promise<unknown>): Promise<(series: string) => number> {
  const before = await scrape(server);
  await work();
  let after = before;
  await waitUntil(async () => {
    after = await scrape(server);
    return operationsIn(after) >= operationsIn(before) + operations;
  });
  return (series) => (after.get(series) ?? 0) - (before.get(series) ?? 0);
}

describe('operations', () => {
  it('are counted and timed by the names of trusted documents, and by outcome', async () => {
    const grew = await growth(4, async () => {
      await server.gql('HEAD', TRUSTED, { first: 1 });
      await server.gql('HEAD', LIST);
      await server.gql(null, LIST);
      await server.gql('HEAD', '{ wrong }');
    });
    expect(grew('switchyard_operations_total{operation="TicketList",outcome="ok"}')).toBe(1);
    expect(grew('switchyard_operation_seconds_count{operation="TicketList",outcome="ok"}')).toBe(1);
    expect(grew('switchyard_operations_total{operation="other",outcome="ok"}')).toBe(1);
    expect(grew('switchyard_operations_total{operation="other",outcome="refused"}')).toBe(2);
    expect(grew('switchyard_operation_errors_total{code="UNAUTHENTICATED"}')).toBe(1);
    expect(grew('switchyard_operation_errors_total{code="GRAPHQL_VALIDATION_FAILED"}')).toBe(1);
    expect(grew('switchyard_operation_cost_count')).toBe(3);
  });

  it('add no series for names that clients make up', async () => {
    const own = async () =>
      [...(await scrape(server)).keys()].filter((series) => series.startsWith('switchyard_'));
    await growth(1, () => server.gql('HEAD', LIST));
    const before = await own();
    const grew = await growth(20, async () => {
      for (let index = 0; index < 20; index += 1)
        await server.gql('HEAD', `query MadeUp${index} { tickets(first: 1) { totalCount } }`);
    });
    expect(grew('switchyard_operations_total{operation="other",outcome="ok"}')).toBe(20);
    expect(await own()).toEqual(before);
  });

  it('time their statements, those of Prisma too', async () => {
    const grew = await growth(0, () =>
      server.services.database.transaction((tx) =>
        tx.prisma.eventKey.create({ data: { key: newId(), occurredAt: server.clock.now() } }),
      ),
    );
    expect(grew('switchyard_sql_statement_seconds_count{verb="insert"}')).toBe(1);
  });
});

describe('what waits', () => {
  it('is told with its age', async () => {
    const { database, relay } = server.services;
    const now = server.clock.now();
    const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
    await server.settled();
    const idle = await scrape(server);
    for (const gauge of BACKLOG) expect([gauge, idle.get(gauge)]).toEqual([gauge, 0]);
    // The server that runs here relays at once: what waits is written and measured before it is told.
    await relay.stop();
    await writeOutbox(
      database,
      [{ kind: 'COMPLAINT_OPENED', subjectId: newId(), audience: {}, payload: {} }],
      ago(90),
    );
    const obligation = {
      kind: 'nobody',
      subjectId: newId(),
      ownerId: null,
      startsAt: ago(900),
      warnAt: null,
      dueAt: ago(60),
      state: 'OPEN' as const,
      step: 0,
    };
    await putObligations(database, [
      { ...obligation, period: 'due', nextAt: ago(60) },
      { ...obligation, period: 'later', nextAt: ago(-60) },
      { ...obligation, period: 'parked', nextAt: ago(-60) },
      { ...obligation, period: 'over', nextAt: null },
    ]);
    await database.query(
      sql`update obligation set failures = 2 where period in ('parked', 'over') and kind = 'nobody' returning 1 as n`,
    );
    // What earlier tests have marked is newer.
    await database.query(sql`
      insert into rollup_mark (id, facts, day, marked_at) values (-1, 'tickets', '2026-11-01', ${ago(30)}::timestamptz)
      returning 1 as n`);
    const measured = await scrape(server);
    expect(measured.get('switchyard_rollup_lag_seconds')).toBe(30);
    expect(measured.get('switchyard_outbox_depth')).toBe(1);
    expect(measured.get('switchyard_relay_lag_seconds')).toBe(90);
    expect(measured.get('switchyard_obligations_due')).toBe(1);
    expect(measured.get('switchyard_sweep_lag_seconds')).toBe(60);
    expect(measured.get('switchyard_obligations_parked')).toBe(1);
    await database.query(sql`delete from obligation where kind = 'nobody' returning 1 as n`);
    await relay.start();
    await server.settled();
    expect((await scrape(server)).get('switchyard_feed_lag_events')).toBe(0);
  });
});

describe('live', () => {
  it('tells open sockets, and subscriptions by transport', async () => {
    const feed = 'subscription { liveEvents { __typename } }';
    const client = wsClient(server, 'HEAD');
    const sockets = [client.subscribe(feed), client.subscribe(feed)];
    const stream = sseClient(server, 'HEAD').subscribe(feed);
    await Promise.all([...sockets, stream].map((open) => open.ready()));
    const open = await scrape(server);
    expect(open.get('switchyard_open_sockets')).toBe(1);
    expect(open.get('switchyard_live_subscriptions{transport="ws"}')).toBe(2);
    expect(open.get('switchyard_live_subscriptions{transport="sse"}')).toBe(1);
    stream.close();
    await client.dispose();
    await expect
      .poll(async () => {
        const closed = await scrape(server);
        return [
          closed.get('switchyard_live_subscriptions{transport="ws"}'),
          closed.get('switchyard_live_subscriptions{transport="sse"}'),
          closed.get('switchyard_open_sockets'),
        ];
      })
      .toEqual([0, 0, 0]);
  });
});

describe('the alert rules, the dashboard and the manual', () => {
  it.each(['examples/prometheus-alerts.yml', 'examples/grafana-dashboard.json'])(
    '%s asks for metrics that there are',
    async (file) => {
      const told = await (await fetch(`${server.url}/metrics`)).text();
      const names = new Set([...told.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]));
      const asked = readFileSync(file, 'utf8').match(/\b(switchyard|nodejs|process)_\w+/g) ?? [];
      expect(asked.length).toBeGreaterThan(10);
      expect(asked.filter((name) => !names.has(name.replace(/_bucket$/, '')))).toEqual([]);
    },
  );

  it('docs/operations.md explains each of ours', async () => {
    const told = await (await fetch(`${server.url}/metrics`)).text();
    const names = [...told.matchAll(/^# TYPE switchyard_(\w+)/gm)].map((match) => match[1] ?? '');
    const manual = readFileSync('docs/operations.md', 'utf8');
    expect(names.filter((name) => !new RegExp(`\`${name}(\\{[^}]*\\})?\``).test(manual))).toEqual([]);
  });
});

describe('the process', () => {
  it('tells its version, how its feed is woken, and what it depends on', async () => {
    const measured = await scrape(server);
    const mode = testRedisUrl() ? 'redis' : 'in-process';
    expect([...measured.keys()]).toContainEqual(expect.stringMatching(/^switchyard_build_info\{version="\d/));
    expect(measured.get('switchyard_database_up')).toBe(1);
    for (const each of ['redis', 'in-process', 'polling'])
      expect(measured.get(`switchyard_feed_mode{mode="${each}"}`)).toBe(each === mode ? 1 : 0);
    expect(measured.get('switchyard_redis_connected')).toBe(testRedisUrl() ? 1 : undefined);
    const pool = server.services.database.connections();
    expect(measured.get('switchyard_database_connections_max')).toBe(pool?.most);
    expect(measured.get('switchyard_database_connections{state="waiting"}')).toBe(pool ? 0 : undefined);
    expect(measured.get('process_resident_memory_bytes')).toBeGreaterThan(0);
  });
});
