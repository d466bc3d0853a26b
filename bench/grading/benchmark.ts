import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { GRADING_RAISE, sweepNights, sweepProposals } from '../../src/grading/commands/run.ts';
import { gradingDays } from '../../src/grading/queries/engine.ts';
import { newId } from '../../src/lib/ids.ts';
import { commandRunner } from '../../src/platform/command.ts';
import { sweepObligations } from '../../src/platform/obligations.ts';
import { readEnvironment } from '../../src/platform/environment.ts';
import { openDatabase } from '../../src/platform/open-database.ts';
import { settingsAt } from '../../src/platform/settings-register.ts';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { median, table, writeReport } from '../support/report.ts';
import { SECRET } from '../support/token.ts';

export interface GradingOptions {
  readonly customers: number;
  readonly rounds: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const TIME_ZONE = 'Asia/Shanghai';
/** Of each customer in the 12 months; the ones before have half as many. */
const SHIPMENTS = 10;
const CONTACTS = 10;
/** Customers that the loop is measured with; what it would take for all is worked out from them. */
const SAMPLE = 2_000;
/** Seconds within which all customers are scored. */
const TARGET_SECONDS = 60;
const DAY_MS = 86_400_000;

/** Scores all customers of a company in one pass, beside a loop of queries for each of them. */
export async function gradingBenchmark(options: GradingOptions): Promise<boolean> {
  const database = await openBenchDatabase(options.database);
  try {
    if (options.database === undefined) {
      await migrateAndFill(database, join(BENCH, 'grading/company.sql'), {
        'bench.customers': String(options.customers),
        'bench.shipments': String(options.customers * SHIPMENTS),
        'bench.contacts': String(options.customers * CONTACTS),
      });
    }
    const { first, later, loops } = await rounds(database, options);
    const report = await describe(database, { first, later }, loops, options);
    console.log(`\n${report.text}\n`);
    writeReport('grading', report.text);
    return report.met;
  } finally {
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- grading --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

interface Nights {
  /** Nearly every customer gets a proposal. */
  readonly first: number;
  /** A night like any other. */
  readonly later: readonly number[];
}

/** Nights, as the server runs them, and the loop in turn: what disturbs the machine for longer disturbs both. */
async function rounds(
  bench: BenchDatabase,
  options: GradingOptions,
): Promise<Nights & { readonly loops: readonly number[] }> {
  const environment = readEnvironment({
    DATABASE_URL: bench.url,
    AUTH_JWT_SECRET: SECRET,
    NODE_ENV: 'production',
  });
  const log = pino({ level: 'warn', base: null });
  const database = await openDatabase(environment, log, () => false);
  const runner = commandRunner({ database, afterCommit: () => undefined });
  const kinds = { [GRADING_RAISE]: sweepProposals(TIME_ZONE) };
  /** Each a day later than the one before, so that figures move on. */
  async function passed(night: number): Promise<number> {
    options.signal.throwIfAborted();
    const now = new Date(Date.now() + night * DAY_MS);
    const origin = { now, actorId: null, requestId: null, settings: settingsAt([], now) };
    const started = performance.now();
    await runner.run(origin, (tx) => sweepNights(TIME_ZONE)(tx, []));
    while ((await sweepObligations({ runner, origin, kinds, log })) > 0) options.signal.throwIfAborted();
    const seconds = (performance.now() - started) / 1_000;
    console.log(`night ${night + 1}: ${seconds.toFixed(1)} s`);
    return seconds;
  }
  const [later, loops]: [number[], number[]] = [[], []];
  try {
    const first = await passed(0);
    for (let round = 1; round <= options.rounds; round += 1) {
      loops.push(await loopOf(bench, options.customers));
      console.log(`loop, round ${round}: ${loops.at(-1)?.toFixed(1)} s for all, from ${SAMPLE} customers`);
      later.push(await passed(round));
    }
    return { first, later, loops };
  } finally {
    await database.close();
  }
}

/** Seconds that a loop would take for all customers: what each has sold, earned and is said to be, and its score written. */
async function loopOf({ client }: BenchDatabase, customers: number): Promise<number> {
  const days = gradingDays(new Date(), TIME_ZONE);
  const { rows } = await client.query<{ id: string }>(
    `select id from customer where lifecycle in ('ACTIVE', 'DORMANT') order by md5(id::text) limit ${SAMPLE}`,
  );
  const revenue = `select sum(revenue) as sum from shipment
    where customer_id = $1 and delivered_at >= $2::date and delivered_at < $3::date and cancelled_at is null`;
  const margin = `select sum(revenue - freight) as sum from shipment
    where customer_id = $1 and delivered_at >= $2::date and delivered_at < $3::date and cancelled_at is null
      and freight is not null`;
  const asked = (name: string, text: string, values: readonly string[]) =>
    client.query({ name, text, values: [...values] });
  const runId = newId();
  await client.query('begin');
  const started = performance.now();
  for (const { id } of rows) {
    await asked('revenue', revenue, [id, days.yearAgo, days.today]);
    await asked('earlier', revenue, [id, days.twoYearsAgo, days.yearAgo]);
    await asked('margin', margin, [id, days.yearAgo, days.today]);
    await asked('profile', 'select size, likelihood, nature from grading_profile where customer_id = $1', [
      id,
    ]);
    await asked(
      'score',
      `insert into grade_score (run_id, customer_id, rank, population, score, grade, components)
       values ($1, $2, 1, 1, 50, 'C', '[]')`,
      [runId, id],
    );
  }
  const seconds = (performance.now() - started) / 1_000;
  await client.query('rollback');
  return (seconds / rows.length) * customers;
}

async function describe(
  { client }: BenchDatabase,
  nights: Nights,
  loops: readonly number[],
  options: GradingOptions,
): Promise<{ text: string; met: boolean }> {
  const { rows } = await client.query<{
    server: string;
    customers: number;
    shipments: number;
    contacts: number;
    scored: number;
    candidates: number;
  }>(`
    select current_setting('server_version') as server, (select count(*)::int from customer) as customers,
           (select count(*)::int from shipment) as shipments, (select count(*)::int from contact_log) as contacts,
           (select scored from grading_run order by at limit 1) as scored,
           (select candidates from grading_run order by at limit 1) as candidates`);
  const facts = rows[0];
  if (!facts) throw new Error('The database does not say what it holds.');
  const later = median(nights.later);
  const loop = median(loops);
  const slowest = Math.max(nights.first, ...nights.later);
  const met = slowest < TARGET_SECONDS;
  const thousands = (count: number) => count.toLocaleString('en');
  const line = (name: string, seconds: number, all: readonly number[]) => [
    name,
    seconds.toFixed(1),
    `${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)}`,
    (loop / seconds).toFixed(1),
  ];
  const text = [
    `\`npm run bench -- grading --customers ${options.customers} --rounds ${options.rounds}\``,
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${cpus()[0]?.model.split(' ').slice(0, 2).join(' ') ?? 'unknown'}), load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.versions.node}, PostgreSQL ${facts.server.split(' ')[0]}; ${thousands(facts.customers)} customers, ${thousands(facts.shipments)} shipments of two years, ${thousands(facts.contacts)} contact records; ${thousands(facts.scored)} customers scored, ${thousands(facts.candidates)} proposals raised in the first night; median of ${options.rounds}.`,
    table(
      ['pass over all customers', 'seconds', 'from–to', 'ratio'],
      [
        line('Switchyard, first night', nights.first, [nights.first]),
        line('Switchyard, a later night', later, nights.later),
        line(`a loop, worked out from ${thousands(SAMPLE)} customers`, loop, loops),
      ],
    ),
    `Target: every night under ${TARGET_SECONDS} s: ${met ? 'met' : 'missed'}.`,
  ].join('\n\n');
  return { text, met };
}
