import type { FormattedExecutionResult } from 'graphql';
import { createClient, type ClientOptions } from 'graphql-ws';
import WebSocket from 'ws';
import { type Caller, type TestServer, waitUntil } from './server.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a document written as a string answers is known to its test alone.
export type Item = any;

type Result = FormattedExecutionResult<Record<string, Item>, unknown>;

/** An open subscription and everything it has delivered. */
export interface Subscription {
  /** What the feed delivered, in order: the value of the selected feed in each frame. */
  readonly items: readonly Item[];
  /** The items that are neither heartbeats nor resets; needs `__typename` in the document. */
  readonly events: readonly Item[];
  /** The frames as they came. */
  readonly results: readonly Result[];
  /** The `id:` lines of an SSE stream; empty over WebSocket. */
  readonly ids: readonly string[];
  /** What ended it: errors of the operation or the close event of the socket; null while it is open or ended well. */
  readonly failure: unknown;
  readonly ended: boolean;
  /** The first item that the predicate accepts, now or within the time given. */
  waitFor(predicate: (item: Item) => unknown, timeoutMs?: number): Promise<Item>;
  /** Waits until the feed has spoken first: whatever is committed from here on is delivered. */
  ready(): Promise<void>;
  /** Waits until it has ended. */
  end(): Promise<unknown>;
  close(): void;
}

function subscription(close: () => void) {
  const results: Result[] = [];
  const ids: string[] = [];
  const state = { failure: null as unknown, ended: false };
  const itemsOf = () => results.flatMap((result) => Object.values(result.data ?? {}));
  const open: Subscription = {
    results,
    ids,
    close,
    get items() {
      return itemsOf();
    },
    get events() {
      return itemsOf().filter(
        (item) => item?.__typename !== 'Heartbeat' && item?.__typename !== 'StreamReset',
      );
    },
    get failure() {
      return state.failure;
    },
    get ended() {
      return state.ended;
    },
    async waitFor(predicate, timeoutMs = 30_000) {
      await waitUntil(() => {
        if (itemsOf().some(predicate)) return true;
        if (state.ended) throw new Error(`The subscription has ended: ${describe(state.failure)}`);
        return false;
      }, timeoutMs);
      return itemsOf().find(predicate);
    },
    async ready() {
      await open.waitFor(() => true);
    },
    async end() {
      await waitUntil(() => state.ended);
      return state.failure;
    },
  };
  return {
    open,
    next: (result: Result, id?: string) => {
      results.push(result);
      if (id !== undefined) ids.push(id);
    },
    end: (failure: unknown) => {
      state.failure ??= failure;
      state.ended = true;
    },
  };
}

function describe(failure: unknown): string {
  if (failure === null) return 'completed';
  const { code, reason } = failure as { code?: number; reason?: string };
  return code === undefined ? JSON.stringify(failure) : `closed with ${code} ${reason}`;
}

export interface WsClient {
  subscribe(document: string, variables?: Readonly<Record<string, unknown>>): Subscription;
  /** Asks a query or mutation over the socket. */
  query(document: string, variables?: Readonly<Record<string, unknown>>): Promise<Result>;
  /** The event with which the socket was last closed. */
  readonly closed: { readonly code: number; readonly reason: string } | null;
  /** Cuts the connection without a goodbye. */
  terminate(): void;
  dispose(): Promise<void>;
}

/** A client over graphql-ws' own; it does not retry unless told so. `token` replaces the caller's. */
export function wsClient(
  server: Pick<TestServer, 'url' | 'token'>,
  caller: Caller,
  options: Partial<ClientOptions> & { readonly token?: string; readonly acceptLanguage?: string } = {},
): WsClient {
  const { token, acceptLanguage, ...given } = options;
  let closed: { code: number; reason: string } | null = null;
  let socket: WebSocket | undefined;
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: async () => ({
      ...(token !== undefined || caller !== null
        ? { authorization: `Bearer ${token ?? (await server.token(caller ?? ''))}` }
        : {}),
      ...(acceptLanguage ? { 'Accept-Language': acceptLanguage } : {}),
    }),
    on: {
      connected: (given) => {
        socket = given as WebSocket;
      },
      closed: (event) => {
        const { code, reason } = event as { code: number; reason: string };
        closed = { code, reason };
      },
    },
    ...given,
  });
  return {
    get closed() {
      return closed;
    },
    subscribe(query, variables = {}) {
      const { open, next, end } = subscription(() => stop());
      const stop = client.subscribe<Record<string, Item>, unknown>(
        { query, variables: { ...variables } },
        { next, error: end, complete: () => end(null) },
      );
      return open;
    },
    async query(query, variables = {}) {
      for await (const result of client.iterate<Record<string, Item>, unknown>({
        query,
        variables: { ...variables },
      }))
        return result;
      throw new Error('The operation completed without a result.');
    },
    terminate: () => socket?.terminate(),
    dispose: async () => client.dispose(),
  };
}

/** With which close code the server has ended an SSE stream; null when it has not said why. */
export function closeCodeOf({ results }: Subscription): number | null {
  return (results.at(-1)?.errors?.[0]?.extensions?.closeCode as number | undefined) ?? null;
}

/** A subscription over SSE, read with fetch as browsers do that must send a token. */
export function sseClient(
  server: Pick<TestServer, 'url' | 'token'>,
  caller: Caller,
  options: { readonly token?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Pick<WsClient, 'subscribe'> {
  return {
    subscribe(query, variables = {}) {
      const abort = new AbortController();
      const { open, next, end } = subscription(() => abort.abort());
      read(query, variables, abort.signal, next).then(
        () => end(null),
        (error: unknown) => end(abort.signal.aborted ? null : error),
      );
      return open;
    },
  };

  async function read(
    query: string,
    variables: object,
    signal: AbortSignal,
    next: (result: Result, id?: string) => void,
  ): Promise<void> {
    const token = options.token ?? (caller === null ? null : await server.token(caller));
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      signal,
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...options.headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new Error(`No stream: ${response.status} ${await response.text()}`);
    }
    let buffered = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      buffered += chunk;
      const blocks = buffered.split('\n\n');
      buffered = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = Object.fromEntries(
          block
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
        );
        if (fields.event === 'next' && fields.data) next(JSON.parse(fields.data), fields.id);
      }
    }
  }
}
