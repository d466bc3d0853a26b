import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Bus } from './bus.ts';
import type { Database } from './database.ts';
import type { Feed } from './feed.ts';
import { answer } from './http-answers.ts';
import type { Metrics } from './metrics.ts';
import { sql } from './sql.ts';

/** What is looked at from outside. */
export interface Probed {
  readonly database: Database;
  readonly bus: Bus;
  readonly feed: Feed;
  readonly openSockets: number;
  readonly subscribers: number;
  readonly now: Date;
}

/** `/health/ready`: whether requests can be answered, and how live events are delivered; null while it starts or stops. */
export async function answerHealth(response: ServerResponse, probed: Probed | null): Promise<void> {
  if (!probed) return answer(response, 503, { status: 'starting or stopping', database: 'unknown' });
  const { database, bus, feed } = probed;
  const delivery =
    bus.kind === 'in-process' ? 'in-process' : bus.healthy ? 'redis' : 'polling: Redis does not answer';
  try {
    await Promise.race([
      database.query(sql`select 1 as up`),
      setTimeout(3_000, undefined, { ref: false }).then(() =>
        Promise.reject(new Error('no answer within 3 s')),
      ),
    ]);
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

/** `/metrics` in Prometheus' form; what is only known on asking is measured now. */
export async function answerMetrics(
  response: ServerResponse,
  metrics: Metrics,
  probed: Probed | null,
): Promise<void> {
  if (probed) await measure(metrics, probed);
  response.writeHead(200, { 'content-type': metrics.registry.contentType });
  response.end(await metrics.registry.metrics());
}

async function measure({ gauges }: Metrics, probed: Probed): Promise<void> {
  gauges.openSockets.set(probed.openSockets);
  gauges.subscribers.set(probed.subscribers);
  gauges.busHealthy.set(probed.bus.healthy ? 1 : 0);
  try {
    const [row] = await probed.database.query<{ head: number; waiting: number; due: number }>(sql`
      select (select seq from event_head where id = 1) as head,
             (select count(*)::int from outbox) as waiting,
             (select count(*)::int from obligation where next_at <= ${probed.now}::timestamptz) as due`);
    gauges.feedLag.set((row?.head ?? 0) - probed.feed.position);
    gauges.outboxDepth.set(row?.waiting ?? 0);
    gauges.obligationsDue.set(row?.due ?? 0);
  } catch {
    // The database is away: its gauges keep their last values, and /health/ready tells why.
  }
}
