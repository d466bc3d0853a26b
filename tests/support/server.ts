import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Role } from '../../src/generated/prisma/enums.ts';
import { readEnvironment } from '../../src/platform/environment.ts';
import type { Log } from '../../src/platform/log.ts';
import { sql } from '../../src/platform/sql.ts';
import { buildServer, type Services } from '../../src/server.ts';
import { ManualClock } from './clock.ts';
import { type FreshDatabase, testDataDir, testDatabaseUrl, testRedisUrl } from './database.ts';
import { people, type PersonName, writeOrganisation } from './people.ts';

/** Where the clock of a test stands at first: Monday 23 November 2026, 09:00 in Shanghai, an hour after opening. */
export const MONDAY_9 = '2026-11-23T01:00:00.000Z';

export const TEST_SECRET = 'a-secret-of-the-tests-that-is-long-enough';

/** Longer than any test moves its clock. */
const TOKEN_SECONDS = 50 * 365 * 86_400;

export interface TestServerOptions {
  readonly clock?: ManualClock;
  /** Variables of the environment beyond those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another database than the worker's own. */
  readonly database?: FreshDatabase;
  /** On, deadlines are worked off by the timer too; off, only by `sweep()`. */
  readonly sweep?: boolean;
  readonly redisUrl?: string;
  readonly log?: Log;
}

// biome-ignore lint/suspicious/noExplicitAny: what a document written as a string answers is known to its test alone.
export interface Answer<Data = any> {
  readonly data: Data;
  readonly errors?: readonly AnswerError[];
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly extensions?: any;
  /** Of HTTP. */
  readonly status: number;
  readonly headers: Headers;
}

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  // biome-ignore lint/suspicious/noExplicitAny: each code has extensions of its own.
  readonly extensions?: any;
}

/** Who asks: a person of the tests by name (every role is one), any other subject, or nobody at all. */
export type Caller = PersonName | (string & {}) | null;

export interface TestServer {
  readonly url: string;
  readonly clock: ManualClock;
  readonly services: Services;
  // biome-ignore lint/suspicious/noExplicitAny: what a document written as a string answers is known to its test alone.
  gql<Data = any>(
    caller: Caller,
    document: string | TypedDocumentNode<Data, never>,
    variables?: Readonly<Record<string, unknown>>,
    options?: { headers?: Readonly<Record<string, string>> },
  ): Promise<Answer<Data>>;
  /** A token of a person or subject, valid as long as any test needs unless told otherwise. */
  token(caller: string, lifetimeSeconds?: number): Promise<string>;
  /** Works off every deadline that is due, and waits until all that it emitted has been delivered; says how many moved. */
  sweep(): Promise<number>;
  /** Counts what has changed into the rollups that figures are read from. */
  rollUp(): Promise<void>;
  /** Waits until the outbox is empty and this process has read the stream to its end. */
  settled(): Promise<void>;
  /** How many SQL statements the work took. The server does nothing on its own meanwhile. */
  statementsDuring(work: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

let shared: Promise<TestServer> | undefined;

/**
 * Without options: the one server that all test files of this worker share, on the worker's database, its clock set
 * to MONDAY_9 again; `stop()` leaves it running for the next file. With options: a server of one's own, to be stopped.
 * Both have the organisation of people.ts.
 */
export async function startTestServer(options?: TestServerOptions): Promise<TestServer> {
  if (options) return startOwn(options);
  shared ??= startOwn({}).then((server) => ({ ...server, stop: async () => undefined }));
  const server = await shared;
  server.clock.set(MONDAY_9);
  return server;
}

/** The variables that the servers of the tests are started with. */
export function testEnvironment(options: Pick<TestServerOptions, 'env' | 'database' | 'redisUrl'> = {}) {
  const { database } = options;
  const redisUrl = options.redisUrl ?? testRedisUrl();
  const databaseUrl = database ? database.databaseUrl : testDatabaseUrl();
  return {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    AUTH_JWT_SECRET: TEST_SECRET,
    DATA_DIR: database?.dataDir ?? testDataDir(),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
    // A commit wakes relay and feed by itself; without the timer no statement is counted that nobody asked for.
    LIVE_POLL_SECONDS: '600',
    ...options.env,
  };
}

async function startOwn(options: TestServerOptions): Promise<TestServer> {
  const clock = options.clock ?? new ManualClock(MONDAY_9);
  const environment = readEnvironment(testEnvironment(options));
  const log = options.log ?? pino({ level: environment.LOG_LEVEL, base: null });
  const server = buildServer(environment, clock, log, {
    seed: writeOrganisation,
    sweep: options.sweep ?? false,
  });
  await server.start();
  const { url, services } = server;
  const tokens = new Map<string, Promise<string>>();

  function token(caller: string, lifetimeSeconds = TOKEN_SECONDS): Promise<string> {
    const subject = subjectOf(caller);
    const sign = () =>
      services.sign?.(subject, lifetimeSeconds) ?? Promise.reject(new Error('This server signs no tokens.'));
    if (lifetimeSeconds !== TOKEN_SECONDS) return sign();
    const known = tokens.get(subject) ?? sign();
    tokens.set(subject, known);
    return known;
  }

  async function settled(): Promise<void> {
    await waitUntil(async () => {
      services.relay.nudge();
      services.feed.wake();
      const [row] = await services.database.query<{ head: number; waiting: boolean }>(
        sql`select (select seq from event_head where id = 1) as head, exists (select 1 from outbox) as waiting`,
      );
      return row !== undefined && !row.waiting && services.feed.position >= row.head;
    });
  }

  return {
    url,
    clock,
    services,
    token,
    settled,
    async gql(caller, document, variables, { headers = {} } = {}) {
      const query = typeof document === 'string' ? document : print(document);
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json',
          'accept-language': 'en',
          ...(caller === null ? {} : { authorization: `Bearer ${await token(caller)}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      const body = JSON.parse(await response.text());
      return { ...body, status: response.status, headers: response.headers };
    },
    async sweep() {
      const moved = await services.sweeper.runOnce();
      await settled();
      return moved;
    },
    async rollUp() {
      await services.rollups.runOnce();
      await settled();
    },
    async statementsDuring(work) {
      // Events of what came before, still on their way to a subscriber, would be counted too.
      await settled();
      const before = services.statements;
      await work();
      return services.statements - before;
    },
    stop: () => server.stop(),
  };
}

export function subjectOf(caller: string): string {
  return people[caller as Role]?.subject ?? caller;
}

/** Asks again and again until the condition holds; never longer than the time it is given. */
export async function waitUntil(condition: () => unknown, timeoutMs = 10_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`Waited ${timeoutMs} ms in vain: ${condition}`);
    await sleep(10);
  }
}
