import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { collectBlobs } from './attachments/commands/blobs.ts';
import { dropOldUploads } from './attachments/commands/uploads.ts';
import { createFileHandler, type FileHandler } from './attachments/http/files.ts';
import { FILES_PATH } from './attachments/http/host.ts';
import { recordRefusedReads } from './customers/commands/access.ts';
import { withGrantsForA } from './customers/rules.ts';
import { CUSTOMER_SETTINGS } from './customers/settings.ts';
import { watchCustomerDays } from './customers/commands/days.ts';
import { watchDuplicates } from './duplicates/commands/find.ts';
import { createExportDownloads, EXPORT_PATH, type ExportDownloads } from './exports/download.ts';
import { type Context, unauthenticated } from './graphql/context.ts';
import { LIMITS } from './graphql/limits.ts';
import { cardWriter } from './graphql/live-card.ts';
import { createLiveHub, eventItem, type LiveHub, type LiveItem } from './graphql/live-hub.ts';
import {
  loadTrustedDocuments,
  requestedDocument,
  type TrustedDocuments,
} from './graphql/trusted-documents.ts';
import { traceRootFields } from './graphql/watch.ts';
import { serveWebSocket } from './graphql/websocket.ts';
import { buildYoga, maskResult, type ServerContext } from './graphql/yoga.ts';
import { watchNights } from './grading/commands/run.ts';
import { watchKeyAccountNights } from './key-accounts/commands/nightly.ts';
import { watchCadence } from './visits/commands/cadence.ts';
import { watchHandovers } from './handover/commands.ts';
import { watchRunningPeriods } from './kpis/commands/close.ts';
import { watchLedgers } from './ledgers/commands.ts';
import { recordDefinitions } from './kpis/commands/definitions.ts';
import { FIRST_DAYS, nextDays, recountIfDifferent, rollUp } from './kpis/commands/rollup.ts';
import { UNCOUNTED_SINCE } from './kpis/queries/facts.ts';
import { newId } from './lib/ids.ts';
import { type Locale, preferredLocale } from './lib/text.ts';
import { OBLIGATION_KINDS } from './obligations.ts';
import { findViewer, loadOrganisation, type Organisation, type Reader } from './organisation/queries.ts';
import type { Viewer } from './organisation/rules/viewer.ts';
import type { AuditEntry } from './platform/audit.ts';
import {
  bearerToken,
  createAuthenticator,
  rememberTokens,
  TokenRefused,
  type VerifiedToken,
} from './platform/auth.ts';
import { type Bus, inProcessBus, redisBus } from './platform/bus.ts';
import { cached } from './platform/cached.ts';
import type { Clock } from './platform/clock.ts';
import { type CommandOrigin, type CommandRunner, commandRunner } from './platform/command.ts';
import { type Database, observed } from './platform/database.ts';
import type { Environment } from './platform/environment.ts';
import { createFeed, type Feed } from './platform/feed.ts';
import { answer, answerError, redirect } from './platform/http-answers.ts';
import type { Log } from './platform/log.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { migrate } from './platform/migrate.ts';
import { BATCH, createSweeper, type Sweeper, sweepObligations } from './platform/obligations.ts';
import { removeLeftovers } from './platform/blob-store.ts';
import { openDatabase } from './platform/open-database.ts';
import { openStore } from './platform/open-store.ts';
import { apart, createOperations, currentOperation, type Operations } from './platform/operations.ts';
import { answerHealth, answerMetrics, type Probed } from './platform/probes.ts';
import { createRelay, dropOldEvents, type Relay } from './platform/relay.ts';
import { loadSettingChanges, PLATFORM_SETTINGS } from './platform/settings.ts';
import { settingsAt } from './platform/settings-register.ts';
import { openSignedLinks, type SignedLinks } from './platform/signed-links.ts';
import { sql } from './platform/sql.ts';
import { checkNotes, checkStream } from './platform/stream-life.ts';
import { observeStatements } from './platform/statements.ts';
import { openTracing } from './platform/open-tracing.ts';
import { inRound, type Tracing } from './platform/tracing.ts';
import { constantViewer } from './platform/visibility.ts';
import { RIGHTS_BY_SUBJECT, schema } from './schema.ts';
import { watchVolumes } from './volumes/commands.ts';
import { watchReports } from './work-reports/commands.ts';
import { dropOldDeliveries } from './webhooks/commands/delivery.ts';
import { createDeliverer, type Deliverer, type WebhookItem } from './webhooks/deliverer.ts';
import { WEBHOOK_BACKLOG } from './webhooks/queries/delivery.ts';

const ROOT = join(import.meta.dirname, '..');
export const MIGRATIONS = join(ROOT, 'prisma/migrations');
const OPERATIONS = join(ROOT, 'schema/operations');
const HOUSEKEEPING_MS = 10 * 60_000;
const DRAIN_MS = 8_000;
/** A body of GraphQL is small; a large file over a slow line takes its time. */
const BODY_MS = 60_000;
const UPLOAD_MS = 15 * 60_000;
const LEFTOVER_MS = 24 * 3_600_000;
/** A writing transaction that takes longer is told of: it holds its locks that long. */
const SLOW_COMMAND_MS = 1_000;

export interface Server {
  /** Listens, waits for the database, migrates, and answers. */
  start(): Promise<void>;
  /** Takes no new work, lets what runs finish, and closes everything. */
  stop(): Promise<void>;
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly url: string;
  readonly services: Services;
}

/** What commands, tests and the command line use beside HTTP; there once the server has started. */
export interface Services {
  readonly database: Database;
  /** Statements of requests, commands and sweeps so far, for the tests that hold them constant. */
  readonly statements: number;
  readonly runner: CommandRunner;
  readonly sweeper: Sweeper;
  /** Counts what has changed into the rollups that figures are read from. */
  readonly rollups: Sweeper;
  /** Delivers events to webhook endpoints. */
  readonly webhooks: Deliverer;
  readonly feed: Feed;
  readonly relay: Relay;
  readonly bus: Bus;
  readonly hub: LiveHub;
  /** Signs and reads links that open without a token. */
  readonly links: SignedLinks;
  /** Drops what is no longer needed, as the timer does. */
  keepHouse(): Promise<void>;
  /** The origin of something that the system itself does now. */
  systemOrigin(): Promise<CommandOrigin>;
  /** The organisation as it stands in the database. */
  directory(): Promise<{ readonly organisation: Organisation }>;
  /** The zone of days, weeks and months. */
  readonly timeZone: string;
  /** The read side as a viewer has it. */
  readerFor(viewer: Viewer, now: Date): Reader;
  /** A token for an employee; null where tokens come from elsewhere. */
  sign: ((subject: string, lifetimeSeconds: number) => Promise<string>) | null;
}

export interface ServerOptions {
  /** Called after migrations, before the first request is answered: the demo data. */
  readonly seed?: (services: Services) => Promise<void>;
  /** Off where a test works off deadlines itself. */
  readonly sweep?: boolean;
}

export function buildServer(
  environment: Environment,
  clock: Clock,
  log: Log,
  options: ServerOptions = {},
): Server {
  const metrics = createMetrics();
  const authenticator = createAuthenticator(environment);
  const documents = loadTrustedDocuments(OPERATIONS);
  const operations = createOperations({
    log,
    metrics,
    tracing: () => tracing,
    knownNames: documents.operationNames,
  });
  let tracing: Tracing | null = null;
  let parts: Parts | null = null;
  let stopping = false;

  async function handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (path === '/health/live') return answer(response, 200, { status: 'live' });
    if (path === '/health/ready') return answerHealth(response, stopping || !parts ? null : probed(parts));
    if (path === '/metrics') return answerMetrics(response, metrics, parts && probed(parts));
    if (path === '/') return redirect(response, '/graphql');
    const isExport = path === EXPORT_PATH;
    const isFile = path === FILES_PATH;
    if (path !== '/graphql' && !isExport && !isFile)
      return answer(response, 404, { error: 'There is nothing here; the API is at /graphql.' });
    if (!parts || stopping) {
      response.setHeader('retry-after', '2');
      return answerError(
        response,
        503,
        'SERVICE_UNAVAILABLE',
        'The server is starting or stopping; try again.',
      );
    }
    if (isFile) return parts.files.answer(request, response);
    boundBody(request, response);
    if (isExport) return parts.exports.answer(request, response);
    const length = Number(request.headers['content-length'] ?? 0);
    if (request.headers['transfer-encoding'] !== undefined) {
      return answerError(response, 411, 'LENGTH_REQUIRED', 'Send the body with a Content-Length.');
    }
    if (length > LIMITS.bodyBytes) {
      return answerError(response, 413, 'BODY_TOO_LARGE', `A request has at most ${LIMITS.bodyBytes} bytes.`);
    }
    await parts.yoga(request, response);
  }

  const http = createServer(
    { requestTimeout: UPLOAD_MS, headersTimeout: 20_000, keepAliveTimeout: 65_000 },
    (request, response) => {
      const path = placeOf(request);
      operations.http(request, response, path, () => {
        handle(request, response, path).catch((error: unknown) => {
          log.error({ err: error }, 'a request failed outside of GraphQL');
          if (!response.headersSent) answerError(response, 500, 'INTERNAL_SERVER_ERROR', 'Unexpected error.');
          else response.destroy();
        });
      });
    },
  );

  function probed({ services, sockets }: Parts): Probed {
    const { database, bus, feed } = services;
    return {
      database,
      bus,
      feed,
      openSockets: sockets.open,
      uncountedSince: UNCOUNTED_SINCE,
      webhookBacklog: WEBHOOK_BACKLOG,
      now: clock.now(),
    };
  }

  return {
    get url() {
      const { address, port, family } = http.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    get services() {
      if (!parts) throw new Error('The server has not started.');
      return parts.services;
    },
    async start() {
      tracing = await openTracing(environment, log);
      if (tracing) traceRootFields(schema);
      await listen(http, environment);
      const database = await openDatabase(environment, log, () => stopping, observeStatements(metrics));
      if (environment.MIGRATE_ON_START) {
        await database.withConnection((connection) =>
          migrate(connection, { directory: MIGRATIONS, log: (message) => log.info(message) }),
        );
      }
      const built = await assemble({
        environment,
        clock,
        log,
        metrics,
        tracing,
        operations,
        documents,
        authenticator,
        database,
        http,
      });
      const { bus } = built.services;
      await checkStream(database, bus, log);
      bus.onReachable(() => {
        checkNotes(database, bus, log).then(
          () => built.services.feed.wake(),
          (error: unknown) => log.warn({ err: error }, 'the head of the stream could not be compared'),
        );
      });
      await bus.start(() => built.services.feed.wake());
      await built.services.relay.start();
      await built.services.hub.start();
      await options.seed?.(built.services);
      await built.services.directory();
      const origin = await built.services.systemOrigin();
      await built.services.runner.run(origin, async (tx) => {
        await recordDefinitions(tx);
        await recountIfDifferent(tx, environment.BUSINESS_TIME_ZONE);
        await watchRunningPeriods(tx, environment.BUSINESS_TIME_ZONE);
        await watchKeyAccountNights(tx, environment.BUSINESS_TIME_ZONE);
        await watchNights(tx, environment.BUSINESS_TIME_ZONE);
        await watchCustomerDays(tx, environment.BUSINESS_TIME_ZONE);
        await watchDuplicates(tx, environment.BUSINESS_TIME_ZONE);
        await watchCadence(tx, environment.BUSINESS_TIME_ZONE);
        await watchVolumes(tx, environment.BUSINESS_TIME_ZONE);
        await watchLedgers(tx, environment.BUSINESS_TIME_ZONE);
        await watchReports(tx, environment.BUSINESS_TIME_ZONE);
        await watchHandovers(tx);
      });
      if (options.sweep !== false) {
        built.services.sweeper.start();
        built.services.rollups.start();
        built.services.webhooks.start();
      }
      parts = built;
    },
    async stop() {
      stopping = true;
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      const built = parts;
      if (built) {
        await built.services.hub.stop();
        await built.sockets.stop();
        http.closeIdleConnections();
        await Promise.race([closed, setTimeout(DRAIN_MS, undefined, { ref: false })]);
        http.closeAllConnections();
        await built.exports.stop();
        await built.files.stop();
        clearInterval(built.housekeeping);
        await built.services.webhooks.stop();
        await built.services.sweeper.stop();
        await built.services.rollups.stop();
        await built.services.relay.stop();
        await built.services.bus.stop();
        await built.services.database.close();
      } else {
        http.closeAllConnections();
      }
      await tracing?.stop();
    },
  };
}

/** A message of a webhook as the feed `liveEvents` has it. */
function feedItem(item: WebhookItem): LiveItem {
  switch (item.type) {
    case 'EVENT':
      return eventItem(item.event, item.level, item.cursor);
    case 'HEARTBEAT':
      return { __typename: 'Heartbeat', cursor: item.cursor, at: item.at };
    case 'STREAM_RESET':
      return { __typename: 'StreamReset', oldest: item.oldest, reason: item.reason };
  }
}

/** Cuts off a client that does not finish the body of its request. */
function boundBody(request: IncomingMessage, response: ServerResponse): void {
  const timer = globalThis.setTimeout(() => {
    if (!request.complete) request.destroy();
  }, BODY_MS);
  response.once('close', () => clearTimeout(timer));
}

/** The path of a request, as the log may have it: without what a client or a link has put into it. */
function placeOf({ url = '/' }: IncomingMessage): string {
  const path = url.split('?', 1)[0] ?? '/';
  const folder = [EXPORT_PATH, FILES_PATH].find((prefix) => path.startsWith(prefix));
  return folder ?? (PLACES.has(path) ? path : 'elsewhere');
}

const PLACES = new Set(['/', '/graphql', '/health/live', '/health/ready', '/metrics']);

/** The read side of a caller without a token: whatever is asked of it is refused. */
const NOBODY = new Proxy({} as Reader, {
  get() {
    throw unauthenticated('A valid token is needed: Authorization: Bearer <token>.');
  },
});

interface Parts {
  readonly services: Services;
  readonly yoga: ReturnType<typeof buildYoga>;
  readonly sockets: ReturnType<typeof serveWebSocket>;
  readonly exports: ExportDownloads;
  readonly files: FileHandler;
  readonly housekeeping: NodeJS.Timeout;
}

async function assemble(given: {
  environment: Environment;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  tracing: Tracing | null;
  operations: Operations;
  documents: TrustedDocuments;
  authenticator: ReturnType<typeof createAuthenticator>;
  database: Database;
  http: ReturnType<typeof createServer>;
}): Promise<Parts> {
  const { environment, clock, log, metrics, tracing, operations, documents } = given;
  const { authenticator, database, http } = given;
  const now = () => clock.now();
  const timeZone = environment.BUSINESS_TIME_ZONE;
  const pollMs = environment.LIVE_POLL_SECONDS * 1000;
  const bus = environment.REDIS_URL ? redisBus(environment.REDIS_URL, log) : inProcessBus();
  const feed = createFeed({
    database,
    now,
    log,
    pollMs,
    checkStream: () => checkStream(database, bus, log),
  });
  const relay = createRelay({
    database,
    now,
    log,
    tracing,
    pollMs,
    onMoved: () => {
      feed.wake();
      bus.publish();
    },
  });
  // Relay, feed and directory ask in their own time; that belongs to no operation.
  let statements = 0;
  const asked = observed(database, () => {
    statements += 1;
  });
  const runner = commandRunner({
    database: asked,
    afterCommit: () => apart(() => relay.nudge()),
    onRun(milliseconds, { requestId }) {
      metrics.commandSeconds.observe(milliseconds / 1000);
      if (milliseconds < SLOW_COMMAND_MS) return;
      log.warn(
        { operation: currentOperation()?.name ?? null, requestId, ms: Math.round(milliseconds) },
        'slow command',
      );
    },
  });
  const verify = rememberTokens(authenticator.verify);
  const links = await openSignedLinks(database, environment.AUTH_ISSUER);
  const store = openStore(environment);

  // The directory: asked for with every request, read again when an event says that it has changed.
  const directory = cached(async () => {
    const [organisation, settingChanges] = await Promise.all([
      loadOrganisation(database),
      loadSettingChanges(database),
    ]);
    return { organisation, settingChanges };
  });
  let known = await directory.get();
  async function freshDirectory() {
    known = await directory.get();
    return known;
  }

  function readerFor(viewer: Viewer, at: Date): Reader {
    return {
      query: (statement) => asked.query(statement),
      viewer,
      sees: constantViewer(viewer, at),
      now: at,
      timeZone,
      organisation: known.organisation,
      settings: settingsAt(known.settingChanges, at),
    };
  }

  function contextFor(viewer: Viewer | null, at: Date, locale: Locale, requestId: string): Context {
    const refused = new Set<string>();
    // By content: the same read, asked for several times in a request, is one.
    const recorded = new Map<string, AuditEntry>();
    const origin = {
      now: at,
      actorId: viewer?.employeeId ?? null,
      requestId,
      settings: settingsAt(known.settingChanges, at),
    };
    return {
      requestId,
      now: at,
      locale,
      currency: environment.BUSINESS_CURRENCY,
      viewer,
      // A plain property: yoga copies the context's properties, and a getter would run then.
      read: viewer ? readerFor(viewer, at) : NOBODY,
      run(work) {
        if (!viewer) throw unauthenticated('A valid token is needed: Authorization: Bearer <token>.');
        return runner.run(origin, (tx) => work(tx, viewer));
      },
      links,
      refusedRead: (customerId) => void refused.add(customerId),
      recordRead: (entry) => void recorded.set(JSON.stringify(entry), entry),
      async settle() {
        if (!viewer || (refused.size === 0 && recorded.size === 0)) return;
        const [customers, entries] = [[...refused], [...recorded.values()]];
        refused.clear();
        recorded.clear();
        await runner.run(origin, async (tx) => {
          tx.audit(...entries);
          await recordRefusedReads(tx, viewer, customers, timeZone);
        });
      },
    };
  }

  function viewerAt(organisation: Organisation, subject: string, at: Date): Viewer | null {
    const viewer = findViewer(organisation, subject, at, timeZone);
    const settings = settingsAt(known.settingChanges, at);
    return viewer && withGrantsForA(viewer, settings.get(CUSTOMER_SETTINGS.allowGrantForA));
  }

  async function serverContext(caller: VerifiedToken | null, locale: Locale): Promise<ServerContext> {
    const { organisation } = await freshDirectory();
    const at = now();
    const viewer = caller ? viewerAt(organisation, caller.subject, at) : null;
    if (caller && !viewer) throw unauthenticated('The token is valid, but its subject has no role here.');
    const operation = currentOperation();
    if (operation) operation.viewer = viewer;
    return Object.assign(contextFor(viewer, at, locale, operation?.requestId ?? newId()), { caller });
  }

  // Webhooks go no further in the stream than the directory: rights that an event takes away do not deliver the next.
  let heardUpTo: number | null = null;
  const hub = createLiveHub({
    schema,
    database: asked,
    feed,
    rights: RIGHTS_BY_SUBJECT,
    log,
    tracing,
    now,
    heartbeatMs: environment.LIVE_HEARTBEAT_SECONDS * 1000,
    async onEvents(events) {
      if (events.some((event) => event.kind === 'DIRECTORY_CHANGED')) {
        directory.invalidate();
        await freshDirectory();
      }
      heardUpTo = events.at(-1)?.seq ?? heardUpTo;
      bus.note(feed.epoch, feed.position);
      webhooks.wake();
    },
    async onNewStream() {
      directory.invalidate();
      await freshDirectory();
      heardUpTo = null;
      webhooks.wake();
    },
    findViewer: (subject, at) => viewerAt(known.organisation, subject, at),
    contextFor: (viewer, at, locale) => contextFor(viewer, at, locale, newId()),
    onFrames: (count) => metrics.liveFrames.inc(count),
    maskResult: (result) => maskResult(result, log),
  });

  const yoga = buildYoga({
    schema,
    environment,
    documents,
    hub,
    log,
    operations,
    async createContext(request) {
      const locale = preferredLocale(request.headers.get('accept-language'));
      return serverContext(await callerOf(request.headers.get('authorization')), locale);
    },
  });

  async function callerOf(header: string | null): Promise<VerifiedToken | null> {
    try {
      const token = bearerToken(header);
      return token === null ? null : await verify(token, now());
    } catch (error) {
      if (error instanceof TokenRefused) throw unauthenticated(error.message);
      throw error;
    }
  }

  const sockets = serveWebSocket({
    server: http,
    yoga,
    hub,
    now,
    authenticate: (token) => verify(token, now()),
    contextFor: serverContext,
    documentOf: (payload) => requestedDocument(documents, environment.TRUSTED_DOCUMENTS_ONLY, payload) ?? '',
    operations,
    log,
  });

  /** A person whom a signed link names, as they stand now; null for one who is not known here, or has no role. */
  async function personNow(employeeId: string) {
    const { organisation, settingChanges } = await freshDirectory();
    const at = now();
    const employee = organisation.employees.get(employeeId);
    const viewer = employee ? viewerAt(organisation, employee.subject, at) : null;
    if (!viewer) return null;
    const requestId = newId();
    return {
      viewer,
      read: readerFor(viewer, at),
      origin: (): CommandOrigin => ({
        now: now(),
        actorId: employeeId,
        requestId,
        settings: settingsAt(settingChanges, at),
      }),
    };
  }

  const exports = createExportDownloads({
    links,
    database: asked,
    runner,
    clock,
    log,
    subjectOf: async (token) => (await verify(token, now())).subject,
    downloader: personNow,
  });

  const files = createFileHandler({
    store,
    links,
    runner,
    clock,
    log,
    corsOrigin: environment.CORS_ORIGIN ?? null,
    callerOf: personNow,
  });

  async function systemOrigin(): Promise<CommandOrigin> {
    const { settingChanges } = await freshDirectory();
    const at = now();
    return { now: at, actorId: null, requestId: null, settings: settingsAt(settingChanges, at) };
  }

  const writeCard = cardWriter(schema, (result) => maskResult(result, log));
  const webhooks = createDeliverer({
    database,
    runner,
    rights: RIGHTS_BY_SUBJECT,
    links,
    log,
    metrics,
    now,
    everyMs: environment.SWEEP_SECONDS * 1000,
    systemOrigin,
    viewerOf: async (employeeId) => (await personNow(employeeId))?.viewer ?? null,
    write: (item, viewer, at, locale) => writeCard(feedItem(item), contextFor(viewer, at, locale, newId())),
    heardUpTo: () => heardUpTo ?? feed.startedFrom,
  });

  const sweeper = createSweeper({
    name: 'sweep',
    everyMs: environment.SWEEP_SECONDS * 1000,
    log,
    sweep: () =>
      inRound(tracing, 'sweep', async () =>
        sweepObligations({
          runner,
          origin: await systemOrigin(),
          kinds: OBLIGATION_KINDS({ organisation: known.organisation, timeZone }),
          log,
        }),
      ),
    full: BATCH,
    onRun(milliseconds, moved) {
      metrics.sweepSeconds.observe(milliseconds / 1000);
      metrics.obligationsMoved.inc(moved);
    },
  });

  let rollupDays = FIRST_DAYS;
  const rollups = createSweeper({
    name: 'rollup',
    everyMs: environment.SWEEP_SECONDS * 1000,
    log,
    sweep: () =>
      inRound(tracing, 'rollup', async () => {
        const started = performance.now();
        const { partitions } = await runner.run(await systemOrigin(), (tx) =>
          rollUp(tx, timeZone, rollupDays),
        );
        // A pass of nothing says nothing of the next.
        if (partitions > 0) rollupDays = nextDays(rollupDays, performance.now() - started);
        return partitions;
      }),
    onRun: (milliseconds) => metrics.rollupSeconds.observe(milliseconds / 1000),
  });

  const housekeeping = setInterval(() => {
    keepHouse().catch((error: unknown) => log.warn({ err: error }, 'housekeeping failed, it is tried again'));
  }, HOUSEKEEPING_MS);

  /** Drops what is no longer needed: old events, their keys, answered idempotency keys, and files that nothing refers to. */
  async function keepHouse(): Promise<void> {
    const origin = await systemOrigin();
    const { settings, now: at } = origin;
    const daysAgo = (days: number) => new Date(at.getTime() - days * 86_400_000);
    await dropOldEvents(database, daysAgo(settings.get(PLATFORM_SETTINGS.eventRetentionDays)));
    await database.transaction(async (tx) => {
      await tx.prisma.$executeRaw(
        sql`delete from event_key where occurred_at < ${daysAgo(settings.get(PLATFORM_SETTINGS.eventKeyDays))}`,
      );
      await tx.prisma.$executeRaw(sql`delete from idempotency_key where created_at < ${daysAgo(1)}`);
    });
    await runner.run(origin, dropOldDeliveries);
    await runner.run(origin, dropOldUploads);
    await removeLeftovers(store.incoming, new Date(at.getTime() - LEFTOVER_MS));
    await collectBlobs(runner, origin, store.blobs);
  }

  const services: Services = {
    database,
    get statements() {
      return statements;
    },
    runner,
    sweeper,
    rollups,
    webhooks,
    feed,
    relay,
    bus,
    hub,
    links,
    keepHouse,
    systemOrigin,
    async directory() {
      directory.invalidate();
      const { organisation } = await freshDirectory();
      return { organisation };
    },
    timeZone,
    readerFor,
    sign: authenticator.sign
      ? (subject, seconds) => authenticator.sign?.(subject, now(), seconds) ?? Promise.reject()
      : null,
  };
  return { services, yoga, sockets, exports, files, housekeeping };
}

async function listen(http: ReturnType<typeof createServer>, environment: Environment): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(environment.PORT, environment.HOST, () => {
      http.off('error', reject);
      resolve();
    });
  });
}
