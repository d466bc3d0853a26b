import { AsyncLocalStorage } from 'node:async_hooks';
import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '../lib/ids.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type Span, type Tracing, within } from './tracing.ts';

export type Transport = 'http' | 'sse' | 'ws';
export type OperationKind = 'query' | 'mutation' | 'subscription';
/** `refused`: the caller's doing, with a code; `failed`: ours; `aborted`: the caller went before the answer. */
export type Outcome = 'ok' | 'refused' | 'failed' | 'aborted';

/**
 * What is known of an operation while it runs; its line of the log, its figures and its span are made of it. Ids,
 * names of our own and numbers: never a token, a variable, an input or anything of a customer.
 */
export interface Operation {
  /** Of the caller's `x-request-id`, or made here; the audit log has it too. */
  readonly requestId: string;
  readonly startedAt: number;
  readonly span: Span | undefined;
  transport: Transport;
  /** As the document names it; a caller's word that is no name never gets here. */
  name: string | null;
  kind: OperationKind | null;
  /** The document as it came; kept for its hash only. */
  text: string | null;
  /** SHA-256 of the document, as in `extensions.persistedQuery`. */
  hash: string | null;
  viewer: { readonly employeeId: string; readonly roles: readonly string[] } | null;
  /** What the limits count as its complexity. */
  cost: number | null;
  /** SQL statements that it has asked. */
  statements: number;
  /** Codes of the errors it was answered with. */
  readonly codes: Set<string>;
  ended: boolean;
}

export interface Operations {
  /** Watches a request from its first line to the last byte of its answer. */
  http(request: IncomingMessage, response: ServerResponse, path: string, work: () => void): void;
  /** An operation over a WebSocket, or the refusal of the socket itself. */
  begin(transport: Transport): Operation;
  end(operation: Operation, aborted?: boolean): void;
  /**
   * Says that a subscription is open; the returned function says that it has ended: for a reason of the hub's, or
   * COMPLETED or DISCONNECTED by its client.
   */
  opened(operation: Operation): (reason: string, events: number) => void;
}

const current = new AsyncLocalStorage<Operation | undefined>();

export function currentOperation(): Operation | undefined {
  return current.getStore();
}

/** Runs the work as part of the operation and of its span. */
export function inOperation<Result>(operation: Operation, work: () => Result): Result {
  return current.run(operation, () => within(operation.span, work));
}

/** Runs the work as part of nothing: what an operation sets off, but others pay for. */
export function apart<Result>(work: () => Result): Result {
  return current.run(undefined, () => within(undefined, work));
}

/** Notes how an operation was answered. */
export function noteCode(code: unknown): void {
  if (typeof code === 'string') current.getStore()?.codes.add(code);
}

export function noteCost(complexity: number): void {
  const operation = current.getStore();
  if (operation) operation.cost = complexity;
}

const REQUEST_ID = /^[\w.:/+=-]{8,128}$/;
const FAULTS = new Set(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE']);
/** Names come from documents, which may be anybody's. */
const LONGEST_NAME = 100;

/** The caller's own id where it is one that a log can carry. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : newId();
}

export function createOperations(options: {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: () => Tracing | null;
  /** Names that the figures may tell apart; those that clients make up would grow them without bound. */
  readonly knownNames: ReadonlySet<string>;
}): Operations {
  const { metrics, tracing, knownNames } = options;
  // The lines are made here of our own fields; looking through each for secrets would cost as much as writing it.
  const log = options.log.child({}, { redact: [] });

  function make(transport: Transport, requestId: string, span: Span | undefined): Operation {
    return {
      requestId,
      startedAt: performance.now(),
      span,
      transport,
      name: null,
      kind: null,
      text: null,
      hash: null,
      viewer: null,
      cost: null,
      statements: 0,
      codes: new Set(),
      ended: false,
    };
  }

  function labelOf({ name }: Operation): string {
    return name !== null && knownNames.has(name) ? name : 'other';
  }

  /** What every line about the operation carries. */
  function facts(operation: Operation) {
    const { name, kind, text, viewer, transport, cost, requestId, span } = operation;
    return {
      operation: name?.slice(0, LONGEST_NAME) ?? null,
      kind,
      hash: operation.hash ?? (text === null ? null : hash('sha256', text)),
      viewer: viewer?.employeeId ?? null,
      roles: viewer?.roles ?? [],
      transport,
      cost,
      requestId,
      ...(span ? { traceId: span.traceId } : {}),
    };
  }

  function end(operation: Operation, aborted = false, status?: number): void {
    if (operation.ended) return;
    operation.ended = true;
    const outcome = outcomeOf(operation, aborted, status);
    const milliseconds = performance.now() - operation.startedAt;
    const label = labelOf(operation);
    metrics.operations.inc({ operation: label, outcome });
    metrics.operationSeconds.observe({ operation: label, outcome }, milliseconds / 1000);
    for (const code of operation.codes) metrics.operationErrors.inc({ code });
    if (operation.cost !== null) metrics.operationCost.observe(operation.cost);
    operation.span?.set({ 'switchyard.outcome': outcome, 'http.response.status_code': status });
    operation.span?.end(outcome === 'failed' ? new Failed() : undefined);
    if (!log.isLevelEnabled('info')) return;
    log.info(
      {
        ...facts(operation),
        ...(status === undefined ? {} : { status }),
        statements: operation.statements,
        ms: rounded(milliseconds),
        outcome,
        codes: [...operation.codes],
      },
      'operation',
    );
  }

  return {
    http(request, response, path, work) {
      const requestId = requestIdOf(request.headers['x-request-id']);
      response.setHeader('x-request-id', requestId);
      if (path !== '/graphql') {
        const level = PROBES.has(path) ? 'debug' : 'info';
        if (log.isLevelEnabled(level)) logRequest(log[level].bind(log), request, response, path, requestId);
        return work();
      }
      const method = request.method ?? '';
      const span = tracing()?.start(
        `${method} ${path}`,
        { 'http.request.method': method, 'url.path': path, 'switchyard.request_id': requestId },
        'server',
        headerOf(request, 'traceparent'),
      );
      const operation = make('http', requestId, span);
      response.once('close', () => {
        // GraphiQL's page is no operation.
        const isPage = operation.text === null && operation.codes.size === 0 && response.statusCode < 400;
        if (isPage) span?.end();
        else end(operation, !response.writableFinished, response.statusCode);
      });
      inOperation(operation, work);
    },
    begin: (transport) =>
      make(
        transport,
        newId(),
        tracing()?.start('websocket /graphql', { 'url.path': '/graphql' }, 'server') ?? undefined,
      ),
    end,
    opened(operation) {
      // The request is over with the first frame; a span that lasts as long as the stream would tell nothing.
      operation.ended = true;
      operation.span?.end();
      const label = labelOf(operation);
      metrics.operations.inc({ operation: label, outcome: 'ok' });
      metrics.subscriptions.inc({ transport: operation.transport });
      log.info(facts(operation), 'subscription opened');
      let open = true;
      return (reason, events) => {
        if (!open) return;
        open = false;
        metrics.subscriptions.dec({ transport: operation.transport });
        metrics.subscriptionsClosed.inc({ reason });
        log.info(
          { ...facts(operation), reason, events, ms: rounded(performance.now() - operation.startedAt) },
          'subscription closed',
        );
      };
    },
  };
}

/** Marks a span as failed; the log has the story. */
class Failed extends Error {
  override readonly name = 'Failed';
}

function outcomeOf({ codes }: Operation, aborted: boolean, status = 200): Outcome {
  if (status >= 500 || [...codes].some((code) => FAULTS.has(code))) return 'failed';
  if (aborted) return 'aborted';
  return codes.size > 0 || status >= 400 ? 'refused' : 'ok';
}

/** What is asked all the time, and tells little. */
const PROBES = new Set(['/', '/health/live', '/health/ready', '/metrics', 'elsewhere']);

/** Files, and at debug probes. The path is one of our own, without what follows it. */
function logRequest(
  write: Log['info'],
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  requestId: string,
): void {
  const startedAt = performance.now();
  response.once('close', () => {
    const ms = rounded(performance.now() - startedAt);
    write({ method: request.method, path, status: response.statusCode, ms, requestId }, 'request');
  });
}

function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
