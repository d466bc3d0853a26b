import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { localDate, type Period, periodOf } from '../../src/lib/periods.ts';
import { type BenchDatabase, openBenchDatabase } from '../support/database.ts';
import { install, installedVersion } from '../support/install.ts';
import { headersOf, type Measurement, measureLoad, middleOf, ratioOfRounds } from '../support/measure.ts';
import { table, writeReport } from '../support/report.ts';
import { type Contender, type RunningServer, startServer } from '../support/servers.ts';
import { SECRET, tokenOf } from '../support/token.ts';

export interface DashboardOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
  readonly keep: boolean;
  /** Names of two kept databases, the small company's first, with a comma between them. */
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const ROOT = join(BENCH, '..');
const POSTGRAPHILE = join(BENCH, 'peers/postgraphile');
const POOL = '10';
const WARM_UP_SECONDS = 3;
const TIME_ZONE = 'Asia/Shanghai';
/** Reads the service figures of the whole company. */
const VIEWER = 'demo-cs-supervisor';
const SIZES = ['100k', '1m'] as const;

/** At least so many times PostGraphile's requests per second. */
const OVER_POSTGRAPHILE = 10;
/** At least this share of the requests per second of the statement by hand. */
const OF_HAND_WRITTEN = 0.5;
/** What ten times the tickets may add to the median. */
const GROWTH = 1.2;

/** Asks for the service figures of a company of 1,000,000 tickets, and of one of 100,000 beside it. */
export async function dashboardBenchmark(options: DashboardOptions): Promise<boolean> {
  install(BENCH);
  install(POSTGRAPHILE);
  const kept = options.database?.split(',');
  const databases: BenchDatabase[] = [];
  const servers: RunningServer[] = [];
  try {
    const seeded: string[] = [];
    for (const [place, size] of SIZES.entries()) {
      options.signal.throwIfAborted();
      const database = await openBenchDatabase(kept?.[place]);
      databases.push(database);
      if (!kept) seeded.push(await seed(database, size));
    }
    const [small, large] = databases as [BenchDatabase, BenchDatabase];
    if (!kept) await large.client.query(readFileSync(join(POSTGRAPHILE, 'dashboard.sql'), 'utf8'));
    const periods = [periodOf(Date.now(), 'MONTH', TIME_ZONE), periodOf(Date.now(), 'YEAR', TIME_ZONE)];
    for (const contender of contenders(small, large)) {
      options.signal.throwIfAborted();
      const server = await startServer(contender);
      servers.push(server);
      if (contender.name.startsWith('Switchyard')) {
        const database = contender.env.DATABASE_URL === small.url ? small : large;
        seeded.push(`${contender.name}: ${await counted(database, options.signal)}`);
      }
      server.pause();
    }
    for (const line of seeded) console.log(line);
    const report = await measure([small, large], servers, periods, options);
    console.log(`\n${report.text}\n`);
    writeReport('dashboard', report.text);
    return report.met;
  } finally {
    for (const server of servers) await server.stop();
    for (const database of databases) {
      if (options.keep || kept) await database.client.end();
      else await database.drop();
    }
    if (options.keep || kept) {
      console.log(
        `Kept: npm run bench -- dashboard --database ${databases.map(({ name }) => name).join(',')}`,
      );
    }
  }
}

async function seed(database: BenchDatabase, size: (typeof SIZES)[number]): Promise<string> {
  const said = execFileSync(process.execPath, ['src/cli/seed.ts', '--size', size], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, DATABASE_URL: database.url, BUSINESS_TIME_ZONE: TIME_ZONE },
    encoding: 'utf8',
  });
  await database.client.query('vacuum analyze');
  await database.client.query('checkpoint');
  return said.trim().split('\n').at(-1) ?? '';
}

/** Waits until the figures of a running server are counted and the deadlines that had passed are worked off. */
async function counted({ client }: BenchDatabase, signal: AbortSignal): Promise<string> {
  const started = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await client.query<{ marks: number; due: number; obligations: number }>(`
      select (select count(*)::int from rollup_mark) as marks,
             (select count(*)::int from rollup_partition where next_at < now() - interval '1 minute') as due,
             (select count(*)::int from obligation where next_at < now() - interval '10 seconds') as obligations`);
    const backlog = rows[0];
    if (backlog && backlog.marks === 0 && backlog.due === 0 && backlog.obligations === 0) break;
    await sleep(1_000);
  }
  await client.query('vacuum analyze metric_fact, metric_sample, metric_median');
  return `figures counted within ${((performance.now() - started) / 1000).toFixed(0)} s of its start`;
}

function contenders(small: BenchDatabase, large: BenchDatabase): Contender[] {
  const document = readFileSync(join(ROOT, 'schema/operations/ServiceDashboard.graphql'), 'utf8');
  const sha256Hash = createHash('sha256').update(document).digest('hex');
  const env = { NODE_ENV: 'production', DATABASE_POOL: POOL, AUTH_JWT_SECRET: SECRET };
  const switchyard = (name: string, { url }: BenchDatabase): Contender => ({
    name,
    program: ['src/main.ts'],
    cwd: ROOT,
    env: { ...env, DATABASE_URL: url, LOG_LEVEL: 'warn', BUSINESS_TIME_ZONE: TIME_ZONE },
    path: '/graphql',
    body: { extensions: { persistedQuery: { version: 1, sha256Hash } } },
  });
  return [
    switchyard('Switchyard', large),
    switchyard('Switchyard, 100,000 tickets', small),
    {
      name: 'PostGraphile',
      program: ['dashboard.mjs'],
      cwd: POSTGRAPHILE,
      env: { ...env, DATABASE_URL: large.url, GRAPHILE_ENV: 'production' },
      path: '/graphql',
      body: { query: readFileSync(join(POSTGRAPHILE, 'ServiceDashboard.graphql'), 'utf8') },
    },
    {
      name: 'hand-written SQL',
      program: [join(BENCH, 'dashboard/hand-written.ts')],
      cwd: ROOT,
      env: { ...env, DATABASE_URL: large.url },
      path: '/dashboard',
      body: {},
    },
  ];
}

/** The same question in each contender's own words. */
function asking(server: RunningServer, period: Period): RunningServer {
  const { contender } = server;
  const span = { from: localDate(period.start, TIME_ZONE), until: localDate(period.end, TIME_ZONE) };
  const variables = contender.name.startsWith('Switchyard')
    ? { period: period.key }
    : { from: new Date(period.start).toISOString(), until: new Date(period.end).toISOString() };
  const body =
    contender.path === '/graphql'
      ? { ...(contender.body as object), variables }
      : { period: period.key, ...span };
  return { ...server, contender: { ...contender, body } };
}

/** A server that takes seconds for an answer is measured for longer: it must give some. */
function secondsOf({ contender }: RunningServer, seconds: number): number {
  return contender.name === 'PostGraphile' ? seconds * 5 : seconds;
}

/** A year takes the peer many seconds for each answer: its figures are compared, its speed is measured by the month. */
function isMeasured({ contender }: RunningServer, { kind }: Period): boolean {
  return contender.name !== 'PostGraphile' || kind === 'MONTH';
}

async function measure(
  databases: readonly [BenchDatabase, BenchDatabase],
  running: readonly RunningServer[],
  periods: readonly Period[],
  options: DashboardOptions,
): Promise<{ text: string; met: boolean }> {
  const [small, large] = databases;
  const token = await tokenOf(VIEWER);
  const rows: string[][] = [];
  let met = true;
  for (const period of periods) {
    const servers = running.map((server) => asking(server, period));
    const of = (server: RunningServer) => (server.contender.env.DATABASE_URL === small.url ? small : large);
    await expectEqualAnswers(large, servers, token, options.signal);
    const taken = new Map<string, Measurement[]>(servers.map(({ contender }) => [contender.name, []]));
    const measured = servers.filter((server) => isMeasured(server, period));
    for (const server of measured) {
      await measureLoad(of(server), server, token, {
        ...options,
        seconds: secondsOf(server, WARM_UP_SECONDS),
      });
    }
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const server of measured) {
        const measurement = await measureLoad(of(server), server, token, {
          ...options,
          seconds: secondsOf(server, options.seconds),
        });
        taken.get(server.contender.name)?.push(measurement);
        console.log(
          `${period.key} round ${round}: ${server.contender.name} ${measurement.perSecond.toFixed(1)} requests/s, processor ms ${measurement.serverMs?.toFixed(2)} + ${measurement.databaseMs?.toFixed(2)}`,
        );
      }
    }
    await expectEqualAnswers(large, servers, token, options.signal);
    const [ours, less, postgraphile, byHand] = servers.map(
      ({ contender }) => taken.get(contender.name) ?? [],
    ) as [Measurement[], Measurement[], Measurement[], Measurement[]];
    met &&=
      (postgraphile.length === 0 || ratioOfRounds(ours, postgraphile) >= OVER_POSTGRAPHILE) &&
      ratioOfRounds(ours, byHand) >= OF_HAND_WRITTEN &&
      ratioOfRounds(ours, less, (one) => one.p50) < GROWTH;
    for (const { contender } of measured) {
      rows.push(resultRow(period.key, contender.name, taken.get(contender.name) ?? [], ours));
    }
  }
  return { text: await describe(large, rows, options, met), met };
}

/** All answer the same figures of the same tickets, and figures that show the work. */
async function expectEqualAnswers(
  { client }: BenchDatabase,
  servers: readonly RunningServer[],
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const [ours, , ...others] = servers;
  if (!ours) return;
  let found = '';
  // Limits come due between two answers, and the sweep acts on them; that does not go on for ever.
  for (let attempt = 1; attempt <= 30; attempt += 1) {
    signal.throwIfAborted();
    ours.resume();
    await sleep(1_000);
    await client.query('select 1');
    const answers: Answer[] = await Promise.all([ours, ...others].map((server) => answerOf(server, token)));
    const [first, ...rest] = answers.map(figuresOf);
    const differing = rest.findIndex((answer) => !isDeepStrictEqual(answer, first));
    if (differing < 0) {
      for (const server of [ours, ...others]) server.pause();
      const busy =
        first?.filter(({ open, due, resolved }) => open > 0 && due > 0 && resolved > 0).length ?? 0;
      if (busy < 6) throw new Error(`The figures show too little: ${JSON.stringify(first)}`);
      return;
    }
    found = `${others[differing]?.contender.name} answers ${JSON.stringify(rest[differing])} where Switchyard answers ${JSON.stringify(first)}.`;
  }
  throw new Error(found);
}

async function answerOf(server: RunningServer, token: string): Promise<Answer> {
  server.resume();
  const response = await fetch(server.url, {
    method: 'POST',
    headers: headersOf(token),
    body: JSON.stringify(server.contender.body),
  });
  const answer = (await response.json()) as { readonly data?: Answer; readonly errors?: unknown };
  if (!answer.data) throw new Error(`${server.contender.name}: ${JSON.stringify(answer)}`);
  return answer.data;
}

interface Figures {
  readonly received: number;
  readonly open: number;
  readonly atRisk: number;
  readonly overdue: number;
  readonly due: number;
  readonly onTime: number;
  readonly onTimeShare: string | null;
  readonly resolved: number;
  readonly medianHours: string | null;
}

interface Row extends Figures {
  readonly part: string;
  readonly cut: string;
}

type Answer =
  | { readonly serviceFigures: { readonly nodes: readonly Row[] } }
  | {
      readonly dashboard: {
        readonly tickets: Figures & { readonly byCategory: readonly (Figures & { category: string })[] };
        readonly complaints: Figures & {
          readonly byArea: readonly (Figures & { area: { id: string } })[];
          readonly byGrade: readonly (Figures & { grade: string })[];
        };
      };
    };

/** The same content in one form: a line for the whole and for each part. */
function figuresOf(answer: Answer): Row[] {
  const lines: Row[] = [];
  function add(part: string, cut: string, row: Figures): void {
    const { received, open, atRisk, overdue, due, onTime, onTimeShare, resolved, medianHours } = row;
    lines.push({
      part,
      cut,
      received,
      open,
      atRisk,
      overdue,
      due,
      onTime,
      onTimeShare,
      resolved,
      medianHours,
    });
  }
  if ('serviceFigures' in answer) {
    for (const row of answer.serviceFigures.nodes) {
      add(row.part, row.cut, row);
      if (row.cut === 'COMPLAINT') add('COMPLAINTS', '', row);
    }
  } else {
    const { tickets, complaints } = answer.dashboard;
    add('ALL', '', tickets);
    add('COMPLAINTS', '', complaints);
    for (const row of tickets.byCategory) add('CATEGORY', row.category, row);
    for (const row of complaints.byArea) {
      add('AREA', Buffer.from(row.area.id, 'base64').toString().slice('Area:'.length), row);
    }
    for (const row of complaints.byGrade) add('GRADE', row.grade, row);
  }
  return lines.sort((a, b) => (`${a.part} ${a.cut}` < `${b.part} ${b.cut}` ? -1 : 1));
}

function resultRow(
  period: string,
  name: string,
  taken: readonly Measurement[],
  ours: readonly Measurement[],
): string[] {
  return [
    period,
    name,
    middleOf(taken, (one) => one.perSecond, 1),
    ratioOfRounds(ours, taken).toFixed(2),
    middleOf(taken, (one) => one.p50, 0),
    middleOf(taken, (one) => one.p99, 0),
    middleOf(taken, (one) => one.serverMs, 2),
    middleOf(taken, (one) => one.databaseMs, 2),
  ];
}

async function describe(
  { client }: BenchDatabase,
  rows: readonly (readonly string[])[],
  options: DashboardOptions,
  met: boolean,
): Promise<string> {
  const { rows: server } = await client.query<{ server_version: string }>('show server_version');
  const head = [
    'period',
    'server',
    'requests/s',
    'Switchyard is … times',
    'p50 ms',
    'p99 ms',
    'server CPU ms',
    'database CPU ms',
  ];
  return [
    `\`npm run bench -- dashboard --seconds ${options.seconds} --rounds ${options.rounds}\``,
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
    `Targets: at least ${OVER_POSTGRAPHILE} times PostGraphile, at least ${OF_HAND_WRITTEN} times the statement by hand, ` +
      `and a median less than ${GROWTH} times that of 100,000 tickets: ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
}
