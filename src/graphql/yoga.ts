import type { ServerResponse } from 'node:http';
import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth';
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
} from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import { DomainError } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { Locale } from '../lib/text.ts';
import { KeysUnavailable } from '../platform/auth.ts';
import { isConnectionFailure } from '../platform/database.ts';
import type { Environment } from '../platform/environment.ts';
import type { Log } from '../platform/log.ts';
import { apart, currentOperation, type Operations } from '../platform/operations.ts';
import type { Context } from './context.ts';
import { LIMITS, operationCost } from './limits.ts';
import { asGraphQLError } from './lists.ts';
import type { LiveHub } from './live-hub.ts';
import { liveRequest } from './live-request.ts';
import { streamSink } from './sinks.ts';
import { queryCompiler, requestedDocument, type TrustedDocuments } from './trusted-documents.ts';
import { watching } from './watch.ts';

export interface YogaOptions {
  readonly schema: GraphQLSchema;
  readonly environment: Environment;
  readonly documents: TrustedDocuments;
  readonly hub: LiveHub;
  readonly log: Log;
  readonly operations: Operations;
  readonly createContext: (request: Request) => Promise<ServerContext>;
}

/** The context of HTTP and WebSocket: the resolvers' and what only the transports need. */
export interface ServerContext extends Context {
  /** Of the token; null without one. */
  readonly caller: { readonly subject: string; readonly expiresAt: Date } | null;
}

export function buildYoga(options: YogaOptions) {
  const { schema, environment, documents } = options;
  return createYoga<object, ServerContext>({
    schema,
    context: ({ request }) => options.createContext(request),
    graphqlEndpoint: '/graphql',
    landingPage: false,
    batching: false,
    multipart: false,
    logging: false,
    cors: environment.CORS_ORIGIN
      ? { origin: environment.CORS_ORIGIN.split(',').map((origin) => origin.trim()) }
      : false,
    graphiql: environment.GRAPHIQL
      ? {
          title: 'Switchyard',
          subscriptionsProtocol: 'WS',
          defaultQuery: '{ viewer { employee { name } roles } }',
        }
      : false,
    renderGraphiQL,
    maskedErrors: { maskError: (error) => maskError(error, options.log) },
    plugins: [
      csrfPrevention(),
      documentsByHash(documents, environment.TRUSTED_DOCUMENTS_ONLY),
      maxTokensPlugin({ n: LIMITS.tokens, onReject: [refuseAs('TOO_MANY_TOKENS')] }) as Plugin,
      maxAliasesPlugin({ n: LIMITS.aliases, onReject: [refuseAs('TOO_MANY_ALIASES')] }) as Plugin,
      maxDepthPlugin({
        n: LIMITS.depth,
        ignoreIntrospection: true,
        onReject: [refuseAs('QUERY_TOO_DEEP')],
      }) as Plugin,
      introspectionGuard(environment.INTROSPECTION),
      errorCodes(),
      trustedExecution(options),
      watching(),
      costLimit(schema),
      settling(),
      liveOverSse(options),
    ],
  });
}

/** Yoga types the context of plugins by what it adds; ours is in it. */
/** Over HTTP, yoga adds the response to it. */
function contextOf(args: {
  readonly contextValue?: unknown;
}): ServerContext & { readonly res?: ServerResponse } {
  return args.contextValue as ServerContext;
}

/** Headers that a page of another site cannot set without asking first. */
const PREFLIGHT_HEADERS = ['authorization', 'x-graphql-yoga-csrf', 'apollo-require-preflight'];
/** What a form of another site can send. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/** Refuses what a browser would send to us for another site without asking first. */
function csrfPrevention(): Plugin {
  return {
    onRequestParse: ({ request }) => {
      const type = request.headers.get('content-type')?.toLowerCase();
      if (type && !FORM_TYPES.some((formType) => type.startsWith(formType))) return;
      if (PREFLIGHT_HEADERS.some((name) => request.headers.has(name))) return;
      throw new GraphQLError(
        `Send Content-Type: application/json, or one of the headers ${PREFLIGHT_HEADERS.join(', ')}.`,
        {
          extensions: { code: 'CSRF_HEADER_MISSING', http: { status: 403 } },
        },
      );
    },
  };
}

function documentsByHash(documents: TrustedDocuments, trustedOnly: boolean): Plugin {
  return {
    onParams: ({ params, setParams }) => {
      const query = requestedDocument(documents, trustedOnly, params);
      if (query !== params.query) setParams({ ...params, query });
    },
  };
}

/** Throws in place of the plugins' own errors, which have no code and speak of syntax. */
function refuseAs(code: string) {
  return (_context: unknown, error: GraphQLError): never => {
    throw new GraphQLError(error.message.replace('Syntax Error: ', ''), {
      extensions: { code, http: { status: 400 } },
    });
  };
}

/** Where introspection is off, errors do not suggest names either: with patience the schema could be read from them. */
function introspectionGuard(allowed: boolean): Plugin {
  if (allowed) return {};
  return {
    onValidate: ({ addValidationRule }) => {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      return ({ valid, result, setResult }) => {
        if (!valid) setResult((result as readonly GraphQLError[]).map(withoutSuggestion));
      };
    },
    onExecute: () => ({
      onExecuteDone: ({ result, setResult }) => {
        if (isAsyncIterable(result) || !result.errors) return;
        setResult({
          ...result,
          errors: result.errors.map((error) => (error.path ? error : withoutSuggestion(error))),
        });
      },
    }),
  };
}

function withoutSuggestion(error: GraphQLError): GraphQLError {
  const { nodes, source, positions, extensions } = error;
  const message = error.message.replace(/ Did you mean [^?]*\?/, '');
  return new GraphQLError(message, { nodes, source, positions, extensions });
}

/** Gives every error of validation, variables and arguments the stable code that clients act on. */
function errorCodes(): Plugin {
  return {
    onValidate:
      () =>
      ({ valid, result, setResult }) => {
        if (!valid) setResult(withCode(result as readonly GraphQLError[], 'GRAPHQL_VALIDATION_FAILED'));
      },
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result, setResult }) => {
        if (isAsyncIterable(result) || !result.errors) return;
        const { locale } = contextOf(args);
        const errors = result.errors.map((error) => {
          if (error.originalError instanceof DomainError)
            return domainError(error, error.originalError, locale);
          // An error without a path is about the request itself: the executor could not read its variables.
          return error.path || error.extensions?.code ? error : badRequest(error);
        });
        setResult({ ...result, errors });
      },
    }),
  };
}

/** An expected failure where there is no result union to carry it, in the language of the request. */
function domainError(error: GraphQLError, original: DomainError, locale: Locale): GraphQLError {
  const { message, extensions } = asGraphQLError(original, { locale });
  return new GraphQLError(message, { nodes: error.nodes, path: error.path, extensions });
}

/** The errors with a code; those that have one keep it. */
export function withCode(errors: readonly GraphQLError[], code: string): GraphQLError[] {
  return errors.map((error) => (error.extensions?.code ? error : coded(error, code)));
}

function badRequest(error: GraphQLError): GraphQLError {
  const { nodes, source, positions, extensions } = error;
  // As the specification has it: 400, but 200 for clients of application/json.
  const http = { status: 400, spec: true };
  return new GraphQLError(error.message, {
    nodes,
    source,
    positions,
    extensions: { ...extensions, code: 'BAD_USER_INPUT', http },
  });
}

function coded(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions, path } = error;
  return new GraphQLError(error.message, {
    nodes,
    source,
    positions,
    path,
    extensions: { ...error.extensions, code },
  });
}
/** Trusted documents run compiled; everything else is interpreted. A differential test keeps them equal. */
function trustedExecution({ schema, documents, log }: YogaOptions): Plugin {
  const trusted = new WeakSet<DocumentNode>();
  const compile = queryCompiler(schema, (operation, errors) => {
    log.warn({ operation, err: errors[0] }, 'a trusted document cannot be compiled, it is interpreted');
  });
  return {
    onParse: ({ params }) => {
      const text = typeof params.source === 'string' ? params.source : params.source.body;
      return ({ result }) => {
        if (documents.has(text) && result && !(result instanceof Error)) trusted.add(result as DocumentNode);
      };
    },
    onExecute: ({ args, setExecuteFn }) => {
      if (!trusted.has(args.document)) return;
      const query = compile(args.document, args.operationName ?? null);
      if (!query) return;
      setExecuteFn(({ rootValue, contextValue, variableValues }) =>
        query(rootValue, contextValue, variableValues ?? {}),
      );
    },
  };
}

/** Refuses what costs too much, and reports the cost. */
function costLimit(schema: GraphQLSchema): Plugin {
  return {
    onExecute: ({ args, setResultAndStopExecution }) => {
      let cost: ReturnType<typeof operationCost> = null;
      try {
        cost = operationCost(schema, args.document, args.operationName, args.variableValues ?? {});
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        setResultAndStopExecution({ errors: [error] });
        return;
      }
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (cost && !isAsyncIterable(result))
            setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
  };
}

/** Refused and recorded reads are written when the execution is over, before its answer leaves. */
function settling(): Plugin {
  return {
    onExecute: ({ args }) => ({ onExecuteDone: () => contextOf(args).settle() }),
  };
}

/** Subscriptions over SSE are delivered by the live hub, like those over WebSocket. */
function liveOverSse({ hub, operations }: YogaOptions): Plugin {
  return {
    onSubscribe: ({ setSubscribeFn }) => {
      setSubscribeFn((args) => {
        const { caller, locale, res } = contextOf(args);
        if (!caller) return { errors: [notAuthenticated()] };
        let leave = () => {};
        const sink = streamSink(
          () => leave(),
          () => res && !res.writableFinished && res.destroy(),
        );
        const request = liveRequest(args, { ...caller, locale }, sink);
        if ('errors' in request) return { errors: request.errors };
        const operation = currentOperation();
        if (operation) operation.transport = 'sse';
        const closed = operation && operations.opened(operation);
        leave = apart(() =>
          hub.join(request, (reason, events) => closed?.(reason ?? 'DISCONNECTED', events)),
        );
        return sink;
      });
    },
  };
}

export function notAuthenticated(): GraphQLError {
  return new GraphQLError('A valid token is needed: Authorization: Bearer <token>.', {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
  });
}

/**
 * What a client may know of an error: coded errors as they are, a lost database or key set as SERVICE_UNAVAILABLE,
 * anything else an id under which the log has the whole story.
 */
export function maskError(error: unknown, log: Log): GraphQLError {
  const original = error instanceof GraphQLError ? error.originalError : error;
  const place = error instanceof GraphQLError ? { nodes: error.nodes ?? null, path: error.path ?? null } : {};
  if (original instanceof DomainError) return asGraphQLError(original, { locale: 'en' });
  if (error instanceof GraphQLError) {
    if (error.extensions?.code !== undefined) return error;
    // The framework's own word to a client, such as about an id that is none.
    if (original instanceof GraphQLError) return coded(error, 'BAD_USER_INPUT');
    // About the request itself. With a path and no cause it comes from compiled execution: a bug, hidden below.
    if (!original && !error.path) return error;
  }
  const cause = original ?? error;
  const errorId = newId();
  if (isConnectionFailure(cause) || cause instanceof KeysUnavailable) {
    log.warn({ err: cause, errorId }, 'what the server needs could not be reached');
    return new GraphQLError('The service is not available for the moment; try again.', {
      ...place,
      extensions: { code: 'SERVICE_UNAVAILABLE', errorId, http: { status: 503 } },
    });
  }
  log.error({ err: cause, errorId, path: place.path }, 'unexpected error');
  return new GraphQLError(`Unexpected error; the log has it under ${errorId}.`, {
    ...place,
    extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
  });
}

/** The same for results that do not pass through yoga. */
export function maskResult(result: ExecutionResult, log: Log): ExecutionResult {
  return result.errors
    ? { ...result, errors: result.errors.map((error) => withoutHttp(maskError(error, log))) }
    : result;
}

/** An error without what says how HTTP answers it. */
export function withoutHttp(error: GraphQLError): GraphQLError {
  const { http: _http, ...extensions } = error.extensions;
  const { nodes, source, positions, path } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions });
}
