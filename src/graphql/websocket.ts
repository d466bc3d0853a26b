import type { Server } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Locale } from '../lib/text.ts';
import { preferredLocale } from '../lib/text.ts';
import { bearerToken, TokenRefused, type VerifiedToken } from '../platform/auth.ts';
import type { Log } from '../platform/log.ts';
import { apart, inOperation, type Operation, type Operations } from '../platform/operations.ts';
import { LIMITS } from './limits.ts';
import type { LiveHub } from './live-hub.ts';
import { liveRequest } from './live-request.ts';
import { CLOSE_CODES, LINGER_MS, webSocketSink } from './sinks.ts';
import {
  type buildYoga,
  maskError,
  notAuthenticated,
  type ServerContext,
  withCode,
  withoutHttp,
} from './yoga.ts';
import { noteErrors } from './watch.ts';

export interface WebSocketOptions {
  readonly server: Server;
  readonly yoga: ReturnType<typeof buildYoga>;
  readonly hub: LiveHub;
  readonly now: () => Date;
  readonly authenticate: (token: string) => Promise<VerifiedToken>;
  readonly contextFor: (caller: VerifiedToken, locale: Locale) => Promise<ServerContext>;
  /** The text to run for a request; throws where it may not be run. */
  readonly documentOf: (payload: { readonly query: string; readonly extensions?: unknown }) => string;
  readonly operations: Operations;
  readonly log: Log;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly socket: WebSocket;
  readonly request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> };
  caller?: VerifiedToken;
  locale?: Locale;
}

const TRY_AGAIN = [1013, 'The token could not be verified for the moment; try again.'] as const;

/** At most this many operations at once on one socket. */
const MAX_OPERATIONS = 50;

/**
 * GraphQL over WebSocket on /graphql. graphql-ws keeps the protocol; frames of live feeds are written by the hub,
 * so that a frame is serialised once for all sockets that share it.
 */
export function serveWebSocket(options: WebSocketOptions): { stop(): Promise<void>; readonly open: number } {
  const { server, yoga, hub, operations } = options;

  /** What graphql-ws executes, or the errors that keep it from being executed. */
  async function prepare(
    operation: Operation,
    { caller, locale = 'en', socket }: Extra,
    running: number,
    payload: SubscribePayload,
  ): Promise<EnvelopedArgs | GraphQLError[]> {
    if (!caller || caller.expiresAt <= options.now()) {
      const [code, reason] = CLOSE_CODES.TOKEN_EXPIRED;
      socket.close(code, reason.slice(0, 120));
      return [withoutHttp(notAuthenticated())];
    }
    if (running > MAX_OPERATIONS) {
      return [
        new GraphQLError(`At most ${MAX_OPERATIONS} operations at once on one socket.`, {
          extensions: { code: 'TOO_MANY_OPERATIONS' },
        }),
      ];
    }
    try {
      const { schema, parse, validate, execute } = yoga.getEnveloped({ params: payload });
      operation.text = options.documentOf(payload);
      const document = parse(operation.text) as ExecutionArgs['document'];
      const errors = validate(schema, document) as readonly GraphQLError[];
      if (errors.length > 0) return errors.map(withoutHttp);
      return {
        schema,
        document,
        operationName: payload.operationName ?? null,
        variableValues: payload.variables ?? {},
        // The enveloped context factory would ask for a Request; the socket's own caller is who acts.
        contextValue: await options.contextFor(caller, locale),
        execute,
        operation,
      } as EnvelopedArgs;
    } catch (error) {
      // A syntax error is the one that graphql-js leaves without a code.
      return withCode([maskError(error, options.log)], 'GRAPHQL_PARSE_FAILED').map(withoutHttp);
    }
  }

  // @types/ws does not know closeTimeout yet.
  const socketOptions: ServerOptions & { closeTimeout: number } = {
    server,
    path: '/graphql',
    maxPayload: LIMITS.bodyBytes,
    closeTimeout: LINGER_MS,
  };
  const sockets = new WebSocketServer(socketOptions);
  const protocol = useServer<Record<string, unknown>, Extra>(
    {
      // Whatever goes wrong inside is told to the log, never to the client.
      isProd: true,
      subscribe: (args) => args as never,
      execute: async (args) => {
        const { operation, execute } = args as EnvelopedArgs;
        const result = await inOperation(operation, async () => {
          const answer = await execute(args);
          noteErrors(answer.errors);
          return answer;
        });
        operations.end(operation);
        return result.errors ? { ...result, errors: result.errors.map(withoutHttp) } : result;
      },
      onConnect: async ({ connectionParams, extra }) => {
        extra.locale = preferredLocale(
          String(
            connectionParams?.['Accept-Language'] ??
              connectionParams?.acceptLanguage ??
              extra.request.headers['accept-language'] ??
              '',
          ),
        );
        try {
          const token = bearerToken(
            connectionParams?.authorization ??
              connectionParams?.Authorization ??
              extra.request.headers.authorization,
          );
          if (!token)
            throw new TokenRefused(
              'A token is needed: connectionParams {"authorization": "Bearer <token>"}.',
            );
          extra.caller = await options.authenticate(token);
        } catch (error) {
          const refused = operations.begin('ws');
          refused.codes.add(error instanceof TokenRefused ? 'UNAUTHENTICATED' : 'SERVICE_UNAVAILABLE');
          operations.end(refused);
          if (error instanceof TokenRefused) {
            extra.socket.close(4401, error.message.slice(0, 120));
          } else {
            options.log.warn({ err: error }, 'live: a token could not be verified');
            extra.socket.close(...TRY_AGAIN);
          }
          return false;
        }
        return true;
      },
      onSubscribe: async ({ extra, subscriptions }, _id, payload) => {
        const operation = operations.begin('ws');
        const prepared = await inOperation(operation, async () => {
          const answer = await prepare(operation, extra, Object.keys(subscriptions).length, payload);
          if (Array.isArray(answer)) noteErrors(answer);
          return answer;
        });
        // graphql-ws itself answers a document without the operation that is named.
        if (Array.isArray(prepared) || operation.kind === null) operations.end(operation);
        return prepared as never;
      },
      onOperation: (context, id, _payload, args, result) => {
        if ((result as unknown) !== args) return undefined;
        const { caller, locale = 'en', socket } = context.extra;
        const { operation } = args as EnvelopedArgs;
        if (!caller) return { errors: [withoutHttp(notAuthenticated())] };
        const request = inOperation(operation, () =>
          liveRequest(args, { ...caller, locale }, webSocketSink(socket, id)),
        );
        if ('errors' in request) {
          inOperation(operation, () => noteErrors(request.errors));
          operations.end(operation);
          return { errors: request.errors.map(withoutHttp) };
        }
        const closed = operations.opened(operation);
        const leave = apart(() =>
          hub.join(request, (reason, events) =>
            closed(reason ?? (socket.readyState === socket.OPEN ? 'COMPLETED' : 'DISCONNECTED'), events),
          ),
        );
        return untilReturned(leave) as never;
      },
    },
    sockets,
    // Its own pings would cut a client off without a word.
    0,
  );
  sockets.on('connection', keepAlive);
  // A client that breaks the protocol of WebSocket is no error of ours, as which graphql-ws would print it; ws closes
  // such a socket itself.
  sockets.on('connection', (socket) => {
    socket.removeAllListeners('error');
    socket.on('error', (error) => options.log.debug({ err: error }, 'live: a socket failed'));
  });
  return {
    get open() {
      return sockets.clients.size;
    },
    async stop() {
      for (const socket of sockets.clients) {
        socket.close(...CLOSE_CODES.SHUTTING_DOWN);
        setTimeout(() => socket.terminate(), 1_000).unref();
      }
      await protocol.dispose();
    },
  };
}

const PING_MS = 12_000;

/**
 * Finds out whether anybody is at the other end of an idle socket. One that has not answered by the next ping is closed
 * with a code after which it resumes, should it only have been slow, and cut off LINGER_MS later.
 */
function keepAlive(socket: WebSocket): void {
  let isAnswered = true;
  const timer = setInterval(() => {
    if (socket.readyState !== socket.OPEN) return;
    if (!isAnswered) return socket.close(...CLOSE_CODES.TOO_SLOW);
    isAnswered = false;
    socket.ping();
  }, PING_MS);
  socket.on('pong', () => {
    isAnswered = true;
  });
  socket.once('close', () => clearInterval(timer));
}

interface EnvelopedArgs extends ExecutionArgs {
  readonly operation: Operation;
  execute(args: ExecutionArgs): Promise<ExecutionResult>;
}

/** What graphql-ws waits on while the hub writes the frames: it never yields, and ends when the client completes. */
function untilReturned(leave: () => void): AsyncGenerator<never, void, void> {
  let finish = () => {};
  const finished = new Promise<IteratorResult<never, void>>((resolve) => {
    finish = () => resolve({ done: true, value: undefined });
  });
  async function end(): Promise<IteratorResult<never, void>> {
    leave();
    finish();
    return { done: true, value: undefined };
  }
  return {
    next: () => finished,
    return: end,
    throw: end,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
