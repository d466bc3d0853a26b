import type { Environment } from './environment.ts';
import type { Log } from './log.ts';
import type { Tracing } from './tracing.ts';

/** OpenTelemetry is loaded only where it is asked for. */
export async function openTracing(environment: Environment, log: Log): Promise<Tracing | null> {
  if (!environment.OTEL_EXPORTER_OTLP_ENDPOINT) return null;
  const { openTelemetry } = await import('./open-telemetry.ts');
  return openTelemetry({
    endpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: environment.OTEL_SERVICE_NAME,
    sampledShare: environment.OTEL_TRACES_SAMPLER_ARG,
    log,
  });
}
