import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from './build.ts';

/** What an operator watches, in Prometheus' form at /metrics; docs/operations.md says what is normal. */
export type Metrics = ReturnType<typeof createMetrics>;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SHORT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  function counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
    return new Counter({ name: `switchyard_${name}`, help, labelNames, registers });
  }
  function gauge<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
    return new Gauge({ name: `switchyard_${name}`, help, labelNames, registers });
  }
  function histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ) {
    return new Histogram({ name: `switchyard_${name}`, help, buckets, labelNames, registers });
  }

  gauge('build_info', 'Always 1; the labels say what runs.', ['version', 'node']).set(
    { version: VERSION, node: process.version },
    1,
  );
  return {
    registry,
    operations: counter(
      'operations_total',
      'GraphQL operations by name (of trusted documents, else other) and outcome: ok, refused, failed, aborted.',
      ['operation', 'outcome'],
    ),
    operationSeconds: histogram(
      'operation_seconds',
      'Time from a request to the end of its answer, live subscriptions apart.',
      SECONDS,
      ['operation', 'outcome'],
    ),
    operationErrors: counter('operation_errors_total', 'Answers with an error, by its code.', ['code']),
    operationCost: histogram(
      'operation_cost',
      'Complexity of operations as the limit counts it.',
      [10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000],
    ),
    commandSeconds: histogram('command_seconds', 'Time of a writing transaction.', SECONDS),
    statementSeconds: histogram(
      'sql_statement_seconds',
      'Time of an SQL statement, the wait for a connection included.',
      SHORT_SECONDS,
      ['verb'],
    ),
    sweepSeconds: histogram('sweep_seconds', 'Time of one round of the deadline sweep.', SHORT_SECONDS),
    rollupSeconds: histogram('rollup_seconds', 'Time of one round of the rollups.', SHORT_SECONDS),
    obligationsMoved: counter('obligations_moved_total', 'Deadlines that the sweep has acted on.'),
    liveFrames: counter('live_frames_total', 'Live frames sent to clients.'),
    subscriptions: gauge('live_subscriptions', 'Open live subscriptions.', ['transport']),
    subscriptionsClosed: counter('live_subscriptions_closed_total', 'Ended live subscriptions, by reason.', [
      'reason',
    ]),
    webhookAttempts: counter(
      'webhook_attempts_total',
      'Attempts to deliver to a webhook, by outcome: DELIVERED, FAILED (tried again), DEAD.',
      ['outcome'],
    ),
    webhookSeconds: histogram(
      'webhook_attempt_seconds',
      'Time until a webhook has answered, or was given up.',
      SECONDS,
    ),
    gauges: {
      databaseUp: gauge('database_up', '1 when the database has answered the scrape in time, else 0.'),
      connections: gauge('database_connections', 'Connections of the pool, and who waits for one.', [
        'state',
      ]),
      connectionsMost: gauge('database_connections_max', 'Connections that the pool may open.'),
      redisConnected: gauge('redis_connected', '1 while Redis is connected; absent without REDIS_URL.'),
      feedMode: gauge('feed_mode', '1 for how the feed hears of new events: redis, in-process, polling.', [
        'mode',
      ]),
      feedLag: gauge('feed_lag_events', 'Events of the stream that this process has not read yet.'),
      openSockets: gauge('open_sockets', 'Open WebSocket connections.'),
      outboxDepth: gauge('outbox_depth', 'Events waiting for the relay.'),
      relayLag: gauge('relay_lag_seconds', 'Age of the oldest event that waits for the relay.'),
      webhookLag: gauge('webhook_lag_seconds', 'Age of the oldest event that a webhook still waits for.'),
      webhooksSuspended: gauge('webhooks_suspended', 'Active webhooks whose circuit is not closed.'),
      webhookDeadLetters: gauge('webhook_dead_letters', 'Events that could not be delivered to a webhook.'),
      obligationsDue: gauge('obligations_due', 'Deadlines that are due and not yet worked off.'),
      sweepLag: gauge('sweep_lag_seconds', 'How long the oldest due deadline has waited for the sweep.'),
      obligationsParked: gauge(
        'obligations_parked',
        'Deadlines whose work failed and that are tried again later.',
      ),
      rollupLag: gauge(
        'rollup_lag_seconds',
        'How long the oldest change waits to be counted in the figures.',
      ),
    },
  };
}
