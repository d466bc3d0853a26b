import { AsyncLocalStorage } from 'node:async_hooks';

export type SpanKind = 'internal' | 'server' | 'client' | 'consumer';
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A timed piece of work in a trace. */
export interface Span {
  /** Of the trace, in hexadecimal, as logs and the tracing backend show it. */
  readonly traceId: string;
  /** As W3C writes it, for whoever goes on with the trace. */
  readonly traceparent: string;
  /** Work that is part of this one. */
  child(name: string, attributes: Attributes, kind?: SpanKind): Span;
  set(attributes: Attributes): void;
  end(error?: unknown): void;
}

/** Where traces begin. There is none unless OTEL_EXPORTER_OTLP_ENDPOINT is set. */
export interface Tracing {
  /** A span of the trace that the caller names (W3C traceparent), or of a new one. */
  start(name: string, attributes: Attributes, kind: SpanKind, traceparent?: string | null): Span;
  /** A span that goes on with what several traces caused: part of the trace when it is one, linked to them otherwise. */
  startCaused(
    name: string,
    attributes: Attributes,
    causes: readonly string[],
    /** Of performance.now(); now unless it is given. */
    startedAt?: number,
  ): Span;
  /** A span of a round that found nothing to do is dropped with all that is below it. */
  startRound(name: string): { readonly span: Span; end(items: number, error?: unknown): void };
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** The span that what runs now is part of. */
const active = new AsyncLocalStorage<Span | undefined>();

export function activeSpan(): Span | undefined {
  return active.getStore();
}

/** Runs the work as part of a span, which whoever started it ends. */
export function within<Result>(span: Span | undefined, work: () => Result): Result {
  return active.run(span, work);
}

/** Runs the work as a span of its own below the active one; without one it just runs. */
export function traced<Result>(name: string, attributes: Attributes, work: () => Result): Result {
  const parent = active.getStore();
  return parent ? spanning(parent.child(name, attributes), work) : work();
}

/** Runs the work within the span and ends the span with it. */
export function spanning<Result>(span: Span, work: () => Result): Result {
  let result: Result;
  try {
    result = active.run(span, work);
  } catch (error) {
    span.end(error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  result.then(
    () => span.end(),
    (error: unknown) => span.end(error),
  );
  return result;
}

const MOST_CAUSES = 32;

/** Runs the work as what the causes of these events brought about; without tracing, or a cause, it just runs. */
export function causedBy<Result>(
  tracing: Tracing | null,
  name: string,
  attributes: Attributes,
  causes: Iterable<string | null>,
  work: () => Result,
): Result {
  if (!tracing) return work();
  const distinct = new Set<string>();
  for (const cause of causes) if (cause !== null && distinct.size < MOST_CAUSES) distinct.add(cause);
  if (distinct.size === 0) return work();
  return spanning(tracing.startCaused(name, attributes, [...distinct]), work);
}

/** A span of what has been done already, once its causes are known. */
export function traceDone(
  tracing: Tracing | null,
  name: string,
  attributes: Attributes,
  causes: readonly string[],
  startedAt: number,
): void {
  if (causes.length > 0)
    tracing?.startCaused(name, attributes, causes.slice(0, MOST_CAUSES), startedAt).end();
}

/** Runs one round of a recurring task as a trace of its own, if it finds something to do. */
export async function inRound(
  tracing: Tracing | null,
  name: string,
  work: () => Promise<number>,
): Promise<number> {
  if (!tracing) return work();
  const round = tracing.startRound(name);
  try {
    const items = await active.run(round.span, work);
    round.end(items);
    return items;
  } catch (error) {
    round.end(0, error);
    throw error;
  }
}
