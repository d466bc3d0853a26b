import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { median, table, writeReport } from '../support/report.ts';
import { type RunningServer, startServer } from '../support/servers.ts';
import { listen } from './client.ts';
import { circumstances, switchyard, tokens } from './support.ts';

export interface ReplayOptions {
  readonly events: number;
  readonly rounds: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const TICKETS = 20_000;
const PER_SECOND = 5_000;
/** What a cursor ten times as far back may take more: less than its own events by far. */
const MOST_MB = 32;
const HEAP_MB = 256;

const DOCUMENT = `subscription ($after: Cursor) { liveEvents(after: $after) { __typename
  ... on Heartbeat { cursor } ... on LiveEvent { cursor kind severity occurredAt message } } }`;

interface Replayed {
  readonly perSecond: number;
  readonly growthMb: number | null;
}

/** A cursor far back: how fast a subscriber catches up, and what the server holds meanwhile. */
export async function replayBenchmark(options: ReplayOptions): Promise<boolean> {
  const database = await openBenchDatabase(options.database);
  try {
    if (options.database === undefined) {
      await migrateAndFill(database, join(BENCH, 'nested-list/data.sql'), {
        'bench.tickets': String(TICKETS),
        'bench.newest': new Date().toISOString(),
      });
    }
    const report = await measure(database, options);
    console.log(`\n${report.text}\n`);
    writeReport('replay', report.text);
    return report.met;
  } finally {
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- replay --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

async function measure(
  database: BenchDatabase,
  options: ReplayOptions,
): Promise<{ text: string; met: boolean }> {
  const short = Math.round(options.events / 10);
  const [token = ''] = await tokens();
  const far = await cursorNow(database, token);
  await makeEvents(database, token, options.events - short);
  const near = await cursorNow(database, token);
  await makeEvents(database, token, short);
  const taken = new Map<string, Replayed[]>();
  const note = (name: string, replayed: Replayed) => {
    taken.set(name, [...(taken.get(name) ?? []), replayed]);
    console.log(
      `${name}: ${replayed.perSecond.toFixed(0)}/s, memory +${replayed.growthMb?.toFixed(0) ?? '–'} MB`,
    );
  };
  for (let round = 1; round <= options.rounds; round += 1) {
    options.signal.throwIfAborted();
    note(`Switchyard, ${short} events`, await replayed(database, token, near, short));
    note(`Switchyard, ${options.events} events`, await replayed(database, token, far, options.events));
    note('rows to a bare socket', await bare(database, options.events));
  }
  const middle = (name: string, value: (one: Replayed) => number | null) => {
    const values = (taken.get(name) ?? []).map(value);
    return values.some((one) => one === null) ? null : median(values as number[]);
  };
  const whole = `Switchyard, ${options.events} events`;
  const perSecond = middle(whole, (one) => one.perSecond) ?? 0;
  const [much, little] = [
    middle(whole, (one) => one.growthMb),
    middle(`Switchyard, ${short} events`, (one) => one.growthMb),
  ];
  const more = much === null || little === null ? null : much - little;
  const met = perSecond >= PER_SECOND && (more === null || more <= MOST_MB);
  const rows = [...taken.keys()].map((name) => [
    name,
    (middle(name, (one) => one.perSecond) ?? 0).toFixed(0),
    middle(name, (one) => one.growthMb)?.toFixed(0) ?? '–',
  ]);
  const text = [
    `\`npm run bench -- replay --events ${options.events} --rounds ${options.rounds}\``,
    '',
    `${await circumstances(database)}; one CS_SUPERVISOR, rights decided for every event; the heap held to ${HEAP_MB} MB; median of ${options.rounds} rounds.`,
    '',
    table(['what', 'events/s', 'server memory above start, MB'], rows),
    '',
    `Targets: ${PER_SECOND} events/s, and ten times the events take at most ${MOST_MB} MB more (${more?.toFixed(0) ?? '–'}): ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
  return { text, met };
}

async function withServer<Result>(
  database: BenchDatabase,
  work: (server: RunningServer) => Promise<Result>,
): Promise<Result> {
  // Held down, so that garbage that nobody has collected yet is not mistaken for what is kept.
  const server = await startServer(switchyard(database, { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` }));
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

function cursorNow(database: BenchDatabase, token: string): Promise<string> {
  return withServer(database, async (server) => {
    const listener = await listen(server.url, token, DOCUMENT, {}, () => undefined);
    listener.close();
    return listener.cursor;
  });
}

/** Events of tickets as commands leave them in the outbox, and the relay of a server that numbers them. */
async function makeEvents(
  { client, ...database }: BenchDatabase,
  token: string,
  count: number,
): Promise<void> {
  await client.query(`
    insert into outbox (kind, severity, occurred_at, subject_type, subject_id, audience, payload)
    select 'COMPLAINT_OVERDUE', 'HIGH', now(), 'Ticket', t.id, '{"roles": ["CS_SUPERVISOR"]}',
           jsonb_build_object('ticketNumber', t.number, 'limit', 'RESOLUTION', 'minutesLeft', 0, 'dueAt', now(), 'reason', 'LIMIT_OVERDUE')
    from generate_series(1, ${count}) i
    join lateral (select id, number from ticket offset i % ${TICKETS} limit 1) t on true`);
  await withServer({ client, ...database }, async (server) => {
    const listener = await listen(server.url, token, DOCUMENT, {}, () => undefined);
    for (let left = count; left > 0; await sleep(200)) {
      const { rows } = await client.query<{ left: number }>('select count(*)::int as left from outbox');
      left = rows[0]?.left ?? 0;
    }
    listener.close();
  });
}

function replayed(database: BenchDatabase, token: string, after: string, events: number): Promise<Replayed> {
  return withServer(database, async (server) => {
    // A short one first, so that its code is loaded.
    await drain(server, token, await cursorOf(server, token), 0);
    const before = memory(server.pid);
    const started = performance.now();
    await drain(server, token, after, events);
    const seconds = (performance.now() - started) / 1000;
    const peak = memoryLine(server.pid, 'VmHWM');
    return {
      perSecond: events / seconds,
      growthMb: before === null || peak === null ? null : peak - before,
    };
  });
}

async function cursorOf(server: RunningServer, token: string): Promise<string> {
  const listener = await listen(server.url, token, DOCUMENT, {}, () => undefined);
  listener.close();
  return listener.cursor;
}

async function drain(server: RunningServer, token: string, after: string, events: number): Promise<void> {
  let count = 0;
  const all = Promise.withResolvers<void>();
  const listener = await listen(server.url, token, DOCUMENT, { after }, () => {
    count += 1;
    if (count === events) all.resolve();
  });
  if (events > 0) await all.promise;
  listener.close();
}

async function bare(database: BenchDatabase, events: number): Promise<Replayed> {
  const server = await startServer({
    name: 'rows to a bare socket',
    program: [join(import.meta.dirname, 'bare-replay.ts')],
    cwd: BENCH,
    env: { NODE_ENV: 'production', DATABASE_URL: database.url },
    path: '',
    body: null,
  });
  try {
    const before = memory(server.pid);
    const started = performance.now();
    let count = 0;
    await new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(server.url.replace('http', 'ws'));
      socket.on('error', reject);
      socket.on('message', () => {
        count += 1;
        if (count < events) return;
        socket.close();
        resolve();
      });
    });
    const seconds = (performance.now() - started) / 1000;
    const peak = memoryLine(server.pid, 'VmHWM');
    return { perSecond: events / seconds, growthMb: before === null || peak === null ? null : peak - before };
  } finally {
    await server.stop();
  }
}

/** Resident memory in MB now; its peak is counted from here on. Null where the system does not tell. */
function memory(pid: number): number | null {
  const now = memoryLine(pid, 'VmRSS');
  if (now !== null) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return now;
}

function memoryLine(pid: number, name: string): number | null {
  if (process.platform !== 'linux') return null;
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  );
  return kilobytes ? Number(kilobytes[1]) / 1024 : null;
}
