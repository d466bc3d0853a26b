import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Bus } from './bus.ts';
import type { Database } from './database.ts';
import type { Feed } from './feed.ts';
import { answer } from './http-answers.ts';
import type { Metrics } from './metrics.ts';
import { type Sql, sql } from './sql.ts';

/** What is looked at from outside. */
export interface Probed {
  readonly database: Database;
  readonly bus: Bus;
  readonly feed: Feed;
  readonly openSockets: number;
  /** When the oldest mark was set whose figures have not been counted again; null when there is none. */
  readonly uncountedSince: Sql;
  /** One row: how many webhooks are `suspended`, how many events `dead`, and `since` when the oldest event waits. */
  readonly webhookBacklog: Sql;
  readonly now: Date;
}

/** A probe that waits longer than this for the database does without it. */
const PATIENCE_MS = 3_000;

async function askBriefly<Row>(database: Database, statement: Sql): Promise<Row[]> {
  const given = new AbortController();
  try {
    return await Promise.race([
      database.query<Row>(statement),
      setTimeout(PATIENCE_MS, undefined, { ref: false, signal: given.signal }).then(() =>
        Promise.reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
      ),
    ]);
  } finally {
    given.abort();
  }
}

/** `/health/ready`: whether requests can be answered, and how live events are delivered; null while it starts or stops. */
export async function answerHealth(response: ServerResponse, probed: Probed | null): Promise<void> {
  if (!probed) return answer(response, 503, { status: 'starting or stopping', database: 'unknown' });
  const { database, bus, feed } = probed;
  const mode = feedMode(bus);
  const delivery = mode === 'polling' ? 'polling: Redis does not answer' : mode;
  try {
    await askBriefly(database, sql`select 1 as up`);
    answer(response, 200, {
      status: 'ready',
      database: database.kind,
      delivery,
      streamReadAt: feed.lastReadAt,
    });
  } catch {
    answer(response, 503, { status: 'not ready', database: `${database.kind}: does not answer`, delivery });
  }
}

const FEED_MODES = ['redis', 'in-process', 'polling'] as const;

function feedMode(bus: Bus): (typeof FEED_MODES)[number] {
  if (bus.kind === 'in-process') return 'in-process';
  return bus.healthy ? 'redis' : 'polling';
}

/** `/metrics` in Prometheus' form; what is only known on asking is measured now. */
export async function answerMetrics(
  response: ServerResponse,
  metrics: Metrics,
  probed: Probed | null,
): Promise<void> {
  if (probed) measureProcess(metrics, probed);
  await (probed ? measureDatabase(metrics, probed) : noDatabase(metrics));
  response.writeHead(200, { 'content-type': metrics.registry.contentType, 'cache-control': 'no-store' });
  response.end(await metrics.registry.metrics());
}

function measureProcess({ gauges }: Metrics, { database, bus, openSockets }: Probed): void {
  gauges.openSockets.set(openSockets);
  if (bus.kind === 'redis') gauges.redisConnected.set(bus.healthy ? 1 : 0);
  else gauges.redisConnected.remove();
  for (const mode of FEED_MODES) gauges.feedMode.set({ mode }, mode === feedMode(bus) ? 1 : 0);
  const connections = database.connections();
  if (!connections) {
    gauges.connectionsMost.remove();
    return;
  }
  gauges.connections.set({ state: 'in_use' }, connections.inUse);
  gauges.connections.set({ state: 'idle' }, connections.idle);
  gauges.connections.set({ state: 'waiting' }, connections.waiting);
  gauges.connectionsMost.set(connections.most);
}

/** One question at a time: scrapes of a database that hangs do not pile up. */
const asking = new WeakMap<Metrics, Promise<void>>();

function measureDatabase(metrics: Metrics, probed: Probed): Promise<void> {
  const running = asking.get(metrics) ?? askDatabase(metrics, probed).finally(() => asking.delete(metrics));
  asking.set(metrics, running);
  return running;
}

interface Backlog {
  readonly head: number;
  readonly waiting: number;
  readonly relayLag: number;
  readonly due: number;
  readonly sweepLag: number;
  readonly parked: number;
  readonly rollupLag: number;
  readonly webhookLag: number;
  readonly suspended: number;
  readonly dead: number;
}

/**
 * One statement: `outbox` is short, due obligations are found by `obligation_next_at_idx`, parked ones by
 * `obligation_parked_idx`. A clock that is behind those of other processes makes no negative age.
 */
async function askDatabase(metrics: Metrics, probed: Probed): Promise<void> {
  const { database, feed, now, uncountedSince, webhookBacklog } = probed;
  const { gauges } = metrics;
  try {
    const [row] = await askBriefly<Backlog>(
      database,
      sql`
      select (select seq from event_head where id = 1) as head,
             (select count(*)::int from outbox) as waiting,
             (select coalesce(greatest(extract(epoch from ${now}::timestamptz - min(occurred_at)), 0), 0)::float8
              from outbox) as "relayLag",
             due.count as due, due.lag as "sweepLag",
             (select count(*)::int from obligation where failures > 0 and next_at is not null) as parked,
             (select coalesce(greatest(extract(epoch from ${now}::timestamptz - (${uncountedSince})), 0), 0)::float8) as "rollupLag",
             webhooks.suspended, webhooks.dead,
             coalesce(greatest(extract(epoch from ${now}::timestamptz - webhooks.since), 0), 0)::float8 as "webhookLag"
      from (select count(*)::int as count,
                   coalesce(extract(epoch from ${now}::timestamptz - min(next_at)), 0)::float8 as lag
            from obligation where next_at <= ${now}::timestamptz) as due,
           (${webhookBacklog}) as webhooks`,
    );
    if (!row) return noDatabase(metrics);
    gauges.databaseUp.set(1);
    // The feed may have gone on while the question was under way.
    gauges.feedLag.set(Math.max(row.head - feed.position, 0));
    gauges.outboxDepth.set(row.waiting);
    gauges.relayLag.set(row.relayLag);
    gauges.obligationsDue.set(row.due);
    gauges.sweepLag.set(row.sweepLag);
    gauges.obligationsParked.set(row.parked);
    gauges.rollupLag.set(row.rollupLag);
    gauges.webhookLag.set(row.webhookLag);
    gauges.webhooksSuspended.set(row.suspended);
    gauges.webhookDeadLetters.set(row.dead);
  } catch {
    // The gauge below and /health/ready tell of it; whatever asks for more meets the error and logs it.
    noDatabase(metrics);
  }
}

/** What cannot be known is left out, rather than told as it was or as 0. */
function noDatabase({ gauges }: Metrics): void {
  gauges.databaseUp.set(0);
  for (const unknown of [
    gauges.feedLag,
    gauges.outboxDepth,
    gauges.relayLag,
    gauges.obligationsDue,
    gauges.sweepLag,
    gauges.obligationsParked,
    gauges.rollupLag,
    gauges.webhookLag,
    gauges.webhooksSuspended,
    gauges.webhookDeadLetters,
  ]) {
    unknown.remove();
  }
}
