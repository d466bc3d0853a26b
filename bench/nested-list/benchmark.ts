import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { install, installedVersion } from '../support/install.ts';
import { type Measurement, measureLoad, middleOf, ratioOfRounds, headersOf } from '../support/measure.ts';
import { table, writeReport } from '../support/report.ts';
import { type Contender, type RunningServer, startServer } from '../support/servers.ts';
import { SECRET, tokenOf } from '../support/token.ts';

export interface NestedListOptions {
  readonly tickets: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Writes a CPU profile of Switchyard to bench/results. */
  readonly profile: boolean;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const ROOT = join(BENCH, '..');
const POSTGRAPHILE = join(BENCH, 'peers/postgraphile');
const RESULTS = join(BENCH, 'results');
const PAGE = 50;
const POOL = '10';
const WARM_UP_SECONDS = 4;
const HOUR_MS = 3_600_000;

/** At least this many times the requests per second of PostGraphile. */
const TARGET = 1.2;

const VIEWERS = [
  { subject: 'bench-cs-supervisor', role: 'CS_SUPERVISOR', sees: 'all tickets, most grade A files closed' },
  {
    subject: 'bench-account-manager',
    role: 'ACCOUNT_MANAGER_LOGISTICS',
    sees: 'tickets of own customers, by assignment, ownership or handling',
  },
] as const;

export async function nestedList(options: NestedListOptions): Promise<boolean> {
  install(BENCH);
  install(POSTGRAPHILE);
  const database = await openBenchDatabase(options.database);
  const servers: RunningServer[] = [];
  try {
    if (options.database === undefined) await prepare(database, options.tickets);
    for (const contender of contenders(database, options.profile)) {
      options.signal.throwIfAborted();
      const server = await startServer(contender);
      servers.push(server);
      server.pause();
    }
    const report = await measure(database, servers, options);
    console.log(`\n${report.text}\n`);
    // A profiled run is slower than it would be.
    if (!options.profile) writeReport('nested-list', report.text);
    return report.met;
  } finally {
    for (const server of servers) await server.stop();
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- nested-list --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

async function prepare(database: BenchDatabase, tickets: number): Promise<void> {
  const started = performance.now();
  // Old enough that the newest page shows every state, whenever in the hour the run takes place.
  const newest = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS);
  await migrateAndFill(database, join(BENCH, 'nested-list/data.sql'), {
    'bench.tickets': String(tickets),
    'bench.newest': newest.toISOString(),
  });
  const permissions = readFileSync(join(POSTGRAPHILE, 'permissions.sql'), 'utf8');
  await database.client.query(permissions.replaceAll('ROLE_PREFIX', database.name));
  console.log(`Filled ${database.name} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function contenders(database: BenchDatabase, profile: boolean): Contender[] {
  const document = readFileSync(join(ROOT, 'schema/operations/TicketList.graphql'), 'utf8');
  const sha256Hash = createHash('sha256').update(document).digest('hex');
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    DATABASE_POOL: POOL,
    AUTH_JWT_SECRET: SECRET,
  };
  if (profile) mkdirSync(RESULTS, { recursive: true });
  return [
    {
      name: 'Switchyard',
      program: [...(profile ? ['--cpu-prof', `--cpu-prof-dir=${RESULTS}`] : []), 'src/main.ts'],
      cwd: ROOT,
      env: { ...env, LOG_LEVEL: 'warn' },
      path: '/graphql',
      body: { extensions: { persistedQuery: { version: 1, sha256Hash } }, variables: { first: PAGE } },
    },
    {
      name: 'PostGraphile',
      program: ['server.mjs'],
      cwd: POSTGRAPHILE,
      env: { ...env, GRAPHILE_ENV: 'production', ROLE_PREFIX: database.name },
      path: '/graphql',
      body: {
        query: readFileSync(join(POSTGRAPHILE, 'TicketList.graphql'), 'utf8'),
        variables: { first: PAGE },
      },
    },
    {
      name: 'hand-written SQL',
      program: [join(BENCH, 'nested-list/hand-written.ts')],
      cwd: ROOT,
      env,
      path: '/tickets',
      body: { first: PAGE },
    },
  ];
}

async function measure(
  database: BenchDatabase,
  servers: readonly RunningServer[],
  options: NestedListOptions,
): Promise<{ text: string; met: boolean }> {
  const rows: string[][] = [];
  let met = true;
  for (const viewer of VIEWERS) {
    const token = await tokenOf(viewer.subject);
    const bytes = await expectEqualAnswers(servers, token);
    const taken = new Map<RunningServer, Measurement[]>(servers.map((server) => [server, []]));
    for (const server of servers)
      await measureLoad(database, server, token, { ...options, seconds: WARM_UP_SECONDS });
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const server of servers) {
        const measurement = await measureLoad(database, server, token, options);
        const answered = bytes.get(server) ?? 0;
        if (measurement.bytesPerAnswer < answered) {
          throw new Error(`${server.contender.name} answered with less than it did before the load.`);
        }
        taken.get(server)?.push(measurement);
        console.log(
          `${viewer.role} round ${round}: ${server.contender.name} ${measurement.perSecond.toFixed(0)} requests/s`,
        );
      }
    }
    await expectEqualAnswers(servers, token);
    const peer = taken.get(servers[1] as RunningServer) ?? [];
    servers.forEach((server, place) => {
      const ratio = ratioOfRounds(taken.get(server) ?? [], peer);
      if (place === 0) met &&= ratio >= TARGET;
      rows.push(resultRow(viewer.role, server.contender.name, taken.get(server) ?? [], ratio));
    });
  }
  return { text: await describe(database, rows, options, met), met };
}

/** All answer the same page, and a page that shows the work: masked and open names, several states of limits. */
async function expectEqualAnswers(
  servers: readonly RunningServer[],
  token: string,
): Promise<Map<RunningServer, number>> {
  for (let attempt = 1; ; attempt += 1) {
    const bytes = new Map<RunningServer, number>();
    const answers: unknown[] = [];
    for (const server of servers) {
      server.resume();
      const response = await fetch(server.url, {
        method: 'POST',
        headers: headersOf(token),
        body: JSON.stringify(server.contender.body),
      });
      const text = await response.text();
      server.pause();
      bytes.set(server, Buffer.byteLength(text));
      answers.push(normalised((JSON.parse(text) as { data?: unknown }).data));
    }
    const differing = answers.findIndex((answer) => !isDeepStrictEqual(answer, answers[0]));
    if (differing < 0) {
      expectWork(JSON.stringify(answers[0]));
      return bytes;
    }
    // A limit may have come due between two answers; that does not happen twice.
    if (attempt === 2) throw new Error(difference(servers, answers, differing));
  }
}

function expectWork(answer: string): void {
  const tickets = answer.match(/"Ticket:/g)?.length ?? 0;
  const masked = answer.match(/"name":"[^"]{2,3}\*\*\*"/g)?.length ?? 0;
  const states = new Set(answer.match(/"state":"\w+"/g)).size;
  if (tickets !== PAGE || masked === 0 || masked === PAGE || states < 5) {
    throw new Error(
      `The page shows too little: ${tickets} tickets, ${masked} masked names, ${states} states.`,
    );
  }
}

function difference(servers: readonly RunningServer[], answers: readonly unknown[], place: number): string {
  const lines = (value: unknown) => JSON.stringify(value, null, 1).split('\n');
  const [first, other] = [lines(answers[0]), lines(answers[place])];
  const line = first.findIndex((text, at) => text !== other[at]);
  const name = servers[place]?.contender.name;
  return `${name} answers ${other[line]} where Switchyard answers ${first[line]} (line ${line}).`;
}

/** The same content in one spelling: ids as type and key, instants as milliseconds, cursors by their presence. */
function normalised(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => normalised(item));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, normalised(item, key)]));
  }
  if (typeof value !== 'string') return value;
  if (name === 'id') return nodeKey(Buffer.from(value, 'base64').toString());
  if (name.endsWith('At')) return Date.parse(value);
  if (name === 'endCursor') return 'a cursor';
  return value;
}

/** `Ticket:<uuid>`, which PostGraphile writes as `["Ticket","<uuid>"]`. */
function nodeKey(decoded: string): string {
  return decoded.startsWith('[') ? (JSON.parse(decoded) as string[]).join(':') : decoded;
}

function resultRow(role: string, name: string, taken: readonly Measurement[], ratio: number): string[] {
  return [
    role,
    name,
    middleOf(taken, (one) => one.perSecond, 0),
    ratio.toFixed(2),
    middleOf(taken, (one) => one.p50, 0),
    middleOf(taken, (one) => one.p99, 0),
    middleOf(taken, (one) => one.serverMs, 2),
    middleOf(taken, (one) => one.databaseMs, 2),
  ];
}

async function describe(
  { client }: BenchDatabase,
  rows: readonly (readonly string[])[],
  options: NestedListOptions,
  met: boolean,
): Promise<string> {
  const { rows: server } = await client.query<{ server_version: string }>('show server_version');
  const { rows: size } = await client.query<{ tickets: number }>(
    'select count(*)::int as tickets from ticket',
  );
  const head = [
    'viewer',
    'server',
    'requests/s',
    'ratio',
    'p50 ms',
    'p99 ms',
    'server CPU ms',
    'database CPU ms',
  ];
  return [
    `\`npm run bench -- nested-list --tickets ${size[0]?.tickets} --seconds ${options.seconds} --rounds ${options.rounds}\``,
    '',
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ` +
      `load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.versions.node}, ` +
      `PostgreSQL ${server[0]?.server_version.split(' ')[0]}, ` +
      `PostGraphile ${installedVersion(POSTGRAPHILE, 'postgraphile')}, ` +
      `autocannon ${installedVersion(BENCH, 'autocannon')} with ${options.connections} connections; ` +
      `median of ${options.rounds} interleaved rounds.`,
    '',
    table(head, rows),
    '',
    `Target: at least ${TARGET} times PostGraphile for both viewers: ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
}
