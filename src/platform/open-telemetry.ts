// The one module that knows OpenTelemetry; src/platform/open-tracing.ts loads it where traces are asked for. Nothing is
// registered globally: which span is active is kept by src/platform/tracing.ts.
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Tracer,
  isSpanContextValid,
  type Span as ApiSpan,
  SpanKind as ApiSpanKind,
} from '@opentelemetry/api';
import { setTimeout } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Span as SdkSpan,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { VERSION } from './build.ts';
import type { Log } from './log.ts';
import type { Attributes, Span, SpanKind, Tracing } from './tracing.ts';

const KINDS: Record<SpanKind, ApiSpanKind> = {
  internal: ApiSpanKind.INTERNAL,
  server: ApiSpanKind.SERVER,
  client: ApiSpanKind.CLIENT,
  consumer: ApiSpanKind.CONSUMER,
};
/** Marks the first span of a round, whose trace is kept back until it is known whether it found anything. */
const ROUND = 'switchyard.round';
const ITEMS = 'switchyard.items';

const STOP_WITHIN_MS = 1_000;
/** A long statement is cut. */
const LONGEST_ATTRIBUTE = 8_000;

export function openTelemetry(options: {
  endpoint: string;
  serviceName: string;
  sampledShare: number;
  log: Log;
}): Tracing {
  const { endpoint, serviceName, sampledShare, log } = options;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': VERSION }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampledShare) }),
    spanLimits: { attributeValueLengthLimit: LONGEST_ATTRIBUTE },
    spanProcessors: [
      withoutIdleRounds(new BatchSpanProcessor({ exporter: tellingFailures(otlpExporter(endpoint), log) })),
    ],
  });
  const tracer = provider.getTracer('switchyard', VERSION);

  return {
    start: (name, attributes, kind, traceparent) =>
      begin(tracer, name, attributes, kind, contextOf(readTraceparent(traceparent ?? null))),
    startCaused(name, attributes, causes, startedAt) {
      const contexts = causes.flatMap((cause) => readTraceparent(cause) ?? []);
      const [only] = contexts;
      return contexts.length === 1 && only
        ? begin(tracer, name, attributes, 'consumer', contextOf(only), [], startedAt)
        : begin(
            tracer,
            name,
            attributes,
            'consumer',
            ROOT_CONTEXT,
            contexts.map((context) => ({ context })),
            startedAt,
          );
    },
    startRound(name) {
      const span = begin(tracer, name, { [ROUND]: true }, 'internal', ROOT_CONTEXT);
      return {
        span,
        end(items, error) {
          span.set({ [ITEMS]: items });
          span.end(error);
        },
      };
    },
    async stop() {
      // A collector that takes nothing does not keep the process from stopping.
      await Promise.race([provider.shutdown(), setTimeout(STOP_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}

function otlpExporter(endpoint: string): SpanExporter {
  return new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
}

function begin(
  tracer: Tracer,
  name: string,
  attributes: Attributes,
  kind: SpanKind,
  parent: Context,
  links: Link[] = [],
  startTime?: number,
): Span {
  const span = tracer.startSpan(name, { kind: KINDS[kind], attributes, links, startTime }, parent);
  return spanOver(tracer, span, parent);
}

function spanOver(tracer: Tracer, span: ApiSpan, parent: Context): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const context = trace.setSpan(parent, span);
  return {
    traceId,
    traceparent: `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`,
    child: (name, attributes, kind = 'internal') => begin(tracer, name, attributes, kind, context),
    set: (attributes) => void span.setAttributes(attributes),
    end(error) {
      // The kind of failure only: messages may carry what was written.
      if (error !== undefined) {
        span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function contextOf(remote: SpanContext | null): Context {
  return remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What a header or an event says of its trace; null for anything that W3C's recommendation has ignored. */
function readTraceparent(text: string | null): SpanContext | null {
  const [, version, traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(text?.trim() ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null;
  const context = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
  return isSpanContextValid(context) ? context : null;
}

/** Tells the log when the collector begins to refuse or miss spans, and when it takes them again. */
function tellingFailures(exporter: SpanExporter, log: Log): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !failing)
          log.warn({ err: result.error }, 'traces: the collector takes no spans, they are lost');
        if (!failed && failing) log.info('traces: the collector takes spans again');
        failing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

/** The sweeps look every second; a trace of each time that they find nothing would hide the others. */
function withoutIdleRounds(next: SpanProcessor): SpanProcessor {
  const rounds = new Map<string, ReadableSpan[]>();
  return {
    onStart(span: SdkSpan, parent: Context) {
      if (span.attributes[ROUND] === true) rounds.set(span.spanContext().traceId, []);
      next.onStart(span, parent);
    },
    onEnd(span) {
      const { traceId } = span.spanContext();
      const waiting = rounds.get(traceId);
      if (!waiting) return next.onEnd(span);
      waiting.push(span);
      if (span.attributes[ROUND] !== true) return;
      rounds.delete(traceId);
      const idle = span.attributes[ITEMS] === 0 && span.status.code !== SpanStatusCode.ERROR;
      if (!idle) for (const each of waiting) next.onEnd(each);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}
