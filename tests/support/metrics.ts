/** Gauges that only the database knows. */
export const BACKLOG = [
  'switchyard_feed_lag_events',
  'switchyard_outbox_depth',
  'switchyard_relay_lag_seconds',
  'switchyard_obligations_due',
  'switchyard_sweep_lag_seconds',
  'switchyard_obligations_parked',
  'switchyard_rollup_lag_seconds',
];

/** Prometheus' text as numbers by series, such as `switchyard_operations_total{operation="other",outcome="ok"}`. */
export async function scrape(server: { readonly url: string }): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${server.url}/metrics`);
  if (!response.ok) throw new Error(`/metrics answers ${response.status}.`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}
