import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { ROLLUP_LOCK } from '../../src/kpis/commands/rollup.ts';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { copyOut } from '../support/copy-out.ts';
import { median, table, writeReport } from '../support/report.ts';
import { type Contender, type RunningServer, startServer } from '../support/servers.ts';
import { SECRET, tokenOf } from '../support/token.ts';

export interface ExportOptions {
  readonly rows: number;
  readonly rounds: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const ROOT = join(BENCH, '..');
const VIEWER = 'bench-cs-supervisor';
const MINUTE_MS = 60_000;
const MB = 1024 * 1024;
/** The short export that the long one is held against, as a part of it. */
const SHORT = 0.1;
/** What a long export may take beyond a short one: less than its own rows by far. */
const MOST_MB = 64;

const FORMATS = ['CSV', 'XLSX'] as const;
type Format = (typeof FORMATS)[number];

interface Measurement {
  readonly perSecond: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Of the server: how far its memory rose above what it held before; null where the system does not tell. */
  readonly growthMb: number | null;
}

/** Exports 100,000 tickets in both formats beside PostgreSQL's own COPY, and watches the server's memory. */
export async function exportBenchmark(options: ExportOptions): Promise<boolean> {
  const database = await openBenchDatabase(options.database);
  try {
    // One a minute: the newest is the end of a span that the short export is cut from.
    const newest = new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
    if (options.database === undefined) {
      await migrateAndFill(database, join(BENCH, 'nested-list/data.sql'), {
        'bench.tickets': String(options.rows),
        'bench.newest': newest.toISOString(),
      });
    }
    // Whoever holds it counts figures; here nobody does, beside what is measured.
    await database.client.query('select pg_advisory_lock($1)', [ROLLUP_LOCK]);
    const report = await measure(database, options);
    console.log(`\n${report.text}\n`);
    writeReport('export', report.text);
    return report.met;
  } finally {
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- export --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

function contender(database: BenchDatabase): Contender {
  return {
    name: 'Switchyard',
    program: ['src/main.ts'],
    cwd: ROOT,
    env: { NODE_ENV: 'production', DATABASE_URL: database.url, AUTH_JWT_SECRET: SECRET, LOG_LEVEL: 'warn' },
    path: '',
    body: null,
  };
}

async function measure(
  database: BenchDatabase,
  options: ExportOptions,
): Promise<{ text: string; met: boolean }> {
  const short = Math.round(options.rows * SHORT);
  const since = await openedSince(database, short);
  const reference = readFileSync(join(BENCH, 'export/reference.sql'), 'utf8');
  const taken = new Map<string, Measurement[]>();
  function note(name: string, measurement: Measurement): void {
    taken.set(name, [...(taken.get(name) ?? []), measurement]);
    console.log(
      `${name}: ${measurement.perSecond.toFixed(0)} rows/s, memory +${mb(measurement.growthMb)} MB`,
    );
  }
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const format of FORMATS) {
      for (const [rows, from] of [
        [short, since],
        [options.rows, null],
      ] as const) {
        options.signal.throwIfAborted();
        note(`${format} ${rows}`, await exported(database, format, rows, from));
      }
    }
    const started = performance.now();
    const copied = await copyOut(database.client, reference);
    const seconds = (performance.now() - started) / 1000;
    note('COPY', { perSecond: options.rows / seconds, seconds, bytes: copied.bytes, growthMb: null });
  }
  return describe(database, options, taken, short);
}

/** The instant from which on so many tickets were opened. */
async function openedSince({ client }: BenchDatabase, rows: number): Promise<string> {
  const { rows: found } = await client.query<{ at: Date }>(
    'select opened_at as at from ticket order by opened_at desc offset $1 limit 1',
    [rows - 1],
  );
  const at = found[0]?.at;
  if (!at) throw new Error('The database has too few tickets.');
  return at.toISOString();
}

/** One export of a server that has just started and has made a small one before, so that its code is loaded. */
async function exported(
  database: BenchDatabase,
  format: Format,
  rows: number,
  since: string | null,
): Promise<Measurement> {
  const server = await startServer(contender(database));
  try {
    const token = await tokenOf(VIEWER);
    await ask(server, token, 'mutation { secrecyAcknowledge(input: { accept: true }) { __typename } }');
    const latest = await openedSince(database, 1_000);
    await download(server, await link(server, token, format, latest));
    const path = await link(server, token, format, since);
    const before = memory(server.pid);
    const started = performance.now();
    const bytes = await download(server, path);
    const seconds = (performance.now() - started) / 1000;
    const peak = memoryPeak(server.pid);
    const data = await ask(
      server,
      token,
      '{ exports(first: 1) { edges { node { state rowsSent bytes } } } }',
    );
    const [edge] = (data as { exports: { edges: { node: Record<string, unknown> }[] } }).exports.edges;
    const { state, rowsSent, bytes: noted } = edge?.node ?? {};
    if (state !== 'FINISHED' || rowsSent !== rows || noted !== bytes) {
      throw new Error(
        `The export of ${rows} rows ended as ${JSON.stringify(edge?.node)}, ${bytes} bytes came.`,
      );
    }
    return {
      perSecond: rows / seconds,
      seconds,
      bytes,
      growthMb: before === null || peak === null ? null : peak - before,
    };
  } finally {
    await server.stop();
  }
}

async function ask(server: RunningServer, token: string, query: string, variables = {}): Promise<unknown> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Every column, newest first; all tickets without `since`. */
async function link(
  server: RunningServer,
  token: string,
  format: Format,
  since: string | null,
): Promise<string> {
  const data = await ask(
    server,
    token,
    `mutation ($where: TicketWhere, $format: ExportFormat!) {
      exportCreate(input: { list: { tickets: { where: $where, orderBy: [{ field: openedAt, direction: DESC }] } }, format: $format }) {
        ... on ExportCreateSuccess { export { downloadUrl } } ... on Error { code message } } }`,
    { where: since === null ? null : { openedAt: { gte: since } }, format },
  );
  const { exportCreate: made } = data as { exportCreate: { export?: { downloadUrl: string } } };
  if (!made.export) throw new Error(JSON.stringify(made));
  return made.export.downloadUrl;
}

async function download(server: RunningServer, path: string): Promise<number> {
  const response = await fetch(`${server.url}${path}`);
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.length;
  return bytes;
}

/** Resident memory in MB now; its peak is counted from here on. Null where the system does not tell. */
function memory(pid: number): number | null {
  const now = memoryLine(pid, 'VmRSS');
  if (now !== null) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return now;
}

function memoryPeak(pid: number): number | null {
  return memoryLine(pid, 'VmHWM');
}

function memoryLine(pid: number, name: string): number | null {
  if (process.platform !== 'linux') return null;
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  );
  return kilobytes ? Number(kilobytes[1]) / 1024 : null;
}

function mb(value: number | null): string {
  return value === null ? '–' : value.toFixed(0);
}

async function describe(
  { client }: BenchDatabase,
  options: ExportOptions,
  taken: ReadonlyMap<string, readonly Measurement[]>,
  short: number,
): Promise<{ text: string; met: boolean }> {
  const { rows: versions } = await client.query<{ server_version: string }>('show server_version');
  const middle = (name: string, value: (one: Measurement) => number | null) => {
    const values = (taken.get(name) ?? []).map(value);
    return values.some((one) => one === null) ? null : median(values as number[]);
  };
  const copied = middle('COPY', (one) => one.perSecond) ?? Number.NaN;
  const rows = [...taken.keys()].map((name) => {
    const perSecond = middle(name, (one) => one.perSecond) ?? Number.NaN;
    const isCopy = name === 'COPY';
    return [
      isCopy ? `COPY … TO STDOUT, CSV ${options.rows}` : name,
      perSecond.toFixed(0),
      (perSecond / copied).toFixed(2),
      (middle(name, (one) => one.seconds) ?? Number.NaN).toFixed(2),
      ((middle(name, (one) => one.bytes) ?? Number.NaN) / MB).toFixed(1),
      mb(middle(name, (one) => one.growthMb)),
    ];
  });
  const growths = FORMATS.map((format) => {
    const long = middle(`${format} ${options.rows}`, (one) => one.growthMb);
    const little = middle(`${format} ${short}`, (one) => one.growthMb);
    return long === null || little === null ? null : long - little;
  });
  const met = growths.every((growth) => growth === null || growth <= MOST_MB);
  const said = growths.map((growth, place) => `${FORMATS[place]} ${mb(growth)} MB`).join(', ');
  const text = [
    `\`npm run bench -- export --rows ${options.rows} --rounds ${options.rounds}\``,
    '',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.versions.node}, PostgreSQL ${versions[0]?.server_version.split(' ', 1)[0]}; median of ${options.rounds} rounds.`,
    '',
    table(['export', 'rows/s', 'ratio to COPY', 'seconds', 'MB', 'server memory above start, MB'], rows),
    '',
    `Ten times the rows took this much more memory: ${said}. Target: at most ${MOST_MB} MB: ${met ? 'met' : 'missed'}.`,
  ].join('\n');
  return { text, met };
}
