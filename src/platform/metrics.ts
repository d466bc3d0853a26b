import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What an operator watches, in Prometheus' form at /metrics. */
export interface Metrics {
  readonly registry: Registry;
  readonly operations: Counter<'operation' | 'outcome'>;
  readonly operationSeconds: Histogram<'operation'>;
  readonly sweepSeconds: Histogram;
  readonly obligationsMoved: Counter;
  readonly liveFrames: Counter;
  readonly gauges: Record<
    'openSockets' | 'subscribers' | 'feedLag' | 'outboxDepth' | 'obligationsDue' | 'busHealthy',
    Gauge
  >;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  function gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `switchyard_${name}`, help, registers });
  }
  return {
    registry,
    operations: new Counter({
      name: 'switchyard_operations_total',
      help: 'GraphQL operations by name and outcome (ok, error).',
      labelNames: ['operation', 'outcome'],
      registers,
    }),
    operationSeconds: new Histogram({
      name: 'switchyard_operation_seconds',
      help: 'Time to answer a GraphQL operation.',
      labelNames: ['operation'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    sweepSeconds: new Histogram({
      name: 'switchyard_sweep_seconds',
      help: 'Time of one round of the deadline sweep.',
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
      registers,
    }),
    obligationsMoved: new Counter({
      name: 'switchyard_obligations_moved_total',
      help: 'Deadlines that the sweep has acted on.',
      registers,
    }),
    liveFrames: new Counter({
      name: 'switchyard_live_frames_total',
      help: 'Live frames sent to clients.',
      registers,
    }),
    gauges: {
      openSockets: gauge('open_sockets', 'Open WebSocket connections.'),
      subscribers: gauge('live_subscribers', 'Open live subscriptions, WebSocket and SSE.'),
      feedLag: gauge('feed_lag_events', 'Events of the stream that this process has not read yet.'),
      outboxDepth: gauge('outbox_depth', 'Events waiting for the relay.'),
      obligationsDue: gauge('obligations_due', 'Deadlines that are due and not yet worked off.'),
      busHealthy: gauge(
        'bus_healthy',
        '1 while wake-ups travel over the bus, 0 while feeds live by polling.',
      ),
    },
  };
}
