import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { table, writeReport } from '../support/report.ts';
import { startServer } from '../support/servers.ts';
import { listen } from './client.ts';
import { workOffOneByOne } from './one-by-one.ts';
import { circumstances, percentile, switchyard, tokens } from './support.ts';

export interface ClocksOptions {
  readonly tickets: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const P99_MS = 2_000;
const PER_SECOND = 5_000;
/** Limits that come due one after the other while somebody listens. */
const WATCHED = 600;
const EVERY_MS = 50;
/** Of the reference, which is slow. */
const ONE_BY_ONE = 5_000;
/** With so much fewer tickets that are not due, a due one must not be told sooner. */
const FEW = 1_000;

const DOCUMENT = `subscription { complaintEscalations(where: { kind: { eq: COMPLAINT_OVERDUE } }) { __typename
  ... on ComplaintEscalation { cursor dueAt ticketNumber } ... on Heartbeat { cursor } } }`;

/** Deadlines of many open tickets: how late a due one is told, and how fast a backlog of all of them is worked off. */
export async function clocksBenchmark(options: ClocksOptions): Promise<boolean> {
  const database = await openBenchDatabase(options.database);
  try {
    if (options.database === undefined) {
      await migrateAndFill(database, join(BENCH, 'nested-list/data.sql'), {
        'bench.tickets': String(options.tickets),
        'bench.newest': new Date().toISOString(),
      });
      await database.client.query(readFileSync(join(import.meta.dirname, 'clocks.sql'), 'utf8'));
      await database.client.query('vacuum analyze');
    }
    const report = await measure(database, options);
    console.log(`\n${report.text}\n`);
    writeReport('clocks', report.text);
    return report.met;
  } finally {
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- clocks --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

async function measure(
  database: BenchDatabase,
  options: ClocksOptions,
): Promise<{ text: string; met: boolean }> {
  const { client } = database;
  const many = await lateness(database, options.signal);
  // All but a few are set aside: what is not due must not count.
  await client.query(
    `create table set_aside as select * from obligation where next_at > now() order by id offset ${FEW}`,
  );
  await client.query('delete from obligation o using set_aside s where o.id = s.id');
  const few = await lateness(database, options.signal);
  await client.query('insert into obligation select * from set_aside');
  await client.query('drop table set_aside');

  await makeDue(database, ONE_BY_ONE);
  const slowly = await timed(() => workOffOneByOne(database.url, ONE_BY_ONE));
  await client.query('delete from outbox');
  await makeDue(database, options.tickets);
  const backlog = await workedOff(database, options.signal);

  const p99 = percentile(many, 0.99);
  const perSecond = backlog.count / backlog.seconds;
  const plainly = slowly.result / slowly.seconds;
  const met = p99 < P99_MS && perSecond >= PER_SECOND;
  const row = (name: string, times: readonly number[]) => [
    name,
    ...[0.5, 0.95, 0.99].map((part) => percentile(times, part).toFixed(0)),
    Math.max(...times).toFixed(0),
  ];
  const text = [
    `\`npm run bench -- clocks --tickets ${options.tickets}\``,
    '',
    `${await circumstances(database)}; the sweep looks every second, as it does by default.`,
    '',
    table(
      [`from the due instant to the frame, of ${WATCHED} limits`, 'p50 ms', 'p95 ms', 'p99 ms', 'most'],
      [row(`beside ${options.tickets} tickets that are not due`, many), row(`beside ${FEW}`, few)],
    ),
    '',
    table(
      ['a backlog', 'due', 'seconds', 'per second'],
      [
        [
          'Switchyard, with rung, people named and event',
          String(backlog.count),
          backlog.seconds.toFixed(1),
          perSecond.toFixed(0),
        ],
        [
          'one transaction each, ten at a time',
          String(slowly.result),
          slowly.seconds.toFixed(1),
          plainly.toFixed(0),
        ],
      ],
    ),
    '',
    `Targets: p99 under ${P99_MS} ms, ${PER_SECOND} per second: ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
  return { text, met };
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const started = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - started) / 1000 };
}

/** Milliseconds from the due instant to the frame, of limits that come due while a subscriber listens. */
async function lateness(database: BenchDatabase, signal: AbortSignal): Promise<number[]> {
  const server = await startServer(switchyard(database));
  try {
    const [token = ''] = await tokens();
    const late: number[] = [];
    const listener = await listen(server.url, token, DOCUMENT, {}, (frame) => {
      const dueAt = /"dueAt":"([^"]+)"/.exec(frame)?.[1];
      if (dueAt !== undefined) late.push(Date.now() - Date.parse(dueAt));
    });
    await database.client.query(`
      update obligation o set due_at = d.at, next_at = d.at
      from (select id, date_trunc('milliseconds', now()) + interval '3 seconds' + row_number() over (order by id) * interval '${EVERY_MS} ms' as at
            from (select id from obligation where kind = 'TICKET_FIRST_RESPONSE' and next_at > now() + interval '1 day' limit ${WATCHED}) chosen) d
      where o.id = d.id`);
    const until = Date.now() + WATCHED * EVERY_MS + 20_000;
    while (late.length < WATCHED) {
      signal.throwIfAborted();
      if (Date.now() > until) throw new Error(`Only ${late.length} of ${WATCHED} limits were told.`);
      await sleep(100);
    }
    listener.close();
    return late;
  } finally {
    await server.stop();
  }
}

async function makeDue({ client }: BenchDatabase, count: number): Promise<void> {
  await client.query(
    `update obligation set due_at = now() - interval '1 minute', next_at = now() - interval '1 minute', step = 1, state = 'WARNED'
     where id in (select id from obligation where kind = 'TICKET_FIRST_RESPONSE' order by id limit ${count})`,
  );
  await client.query('delete from escalation');
  await client.query(`delete from obligation where kind <> 'TICKET_FIRST_RESPONSE'`);
  await client.query('vacuum analyze obligation');
}

/** A server that finds everything due when it starts; from the first that is worked off to the last. */
async function workedOff(
  database: BenchDatabase,
  signal: AbortSignal,
): Promise<{ count: number; seconds: number }> {
  const left = async () => {
    const { rows } = await database.client.query<{ left: number }>(
      `select count(*)::int as left from obligation where next_at <= now() and kind = 'TICKET_FIRST_RESPONSE'`,
    );
    return rows[0]?.left ?? 0;
  };
  const all = await left();
  const server = await startServer(switchyard(database));
  try {
    let [started, before] = [performance.now(), await left()];
    // Those that were worked off while it started do not count, nor does their time.
    const count = before;
    while (before > 0) {
      signal.throwIfAborted();
      await sleep(200);
      before = await left();
      if (before === all) started = performance.now();
    }
    return { count, seconds: (performance.now() - started) / 1000 };
  } finally {
    await server.stop();
  }
}
