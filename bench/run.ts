// `npm run bench -- <benchmark> [options]`: measures Switchyard against named references in the same run.
import { parseArgs } from 'node:util';
import { cadenceBenchmark } from './cadence/benchmark.ts';
import { dashboardBenchmark } from './dashboard/benchmark.ts';
import { exportBenchmark } from './export/benchmark.ts';
import { gradingBenchmark } from './grading/benchmark.ts';
import { importBenchmark } from './import/benchmark.ts';
import { clocksBenchmark } from './live/clocks.ts';
import { fanOutBenchmark } from './live/fan-out.ts';
import { replayBenchmark } from './live/replay.ts';
import { nestedList } from './nested-list/benchmark.ts';
import { searchBenchmark } from './search/benchmark.ts';

const USAGE = `npm run bench -- <nested-list | dashboard | export | import | search | grading | fan-out | clocks | replay | cadence> [options]
nested-list
  --tickets 500000   rows of the main table
  --seconds 10       of each measurement
  --rounds 5         interleaved rounds; the median counts
  --connections 16   open at a time
  --keep             leaves the database, for --database <name> of a later run
  --profile          writes a CPU profile of Switchyard to bench/results
dashboard
  --seconds, --rounds, --connections, --keep as above; --database <small>,<large>
export
  --rows 100000      tickets, of the long export; the short one has a tenth
  --rounds 5, --keep, --database as above
import
  --rows 100000      tickets of the long file; the short one has a tenth
  --rounds 5         as above
grading
  --customers 100000 with ten shipments a year and ten contact records each
  --rounds 5, --keep, --database as above
search
  --customers 100000, --tickets 500000
  --requests 200     for each kind of word, viewer and server; a fifth of it for tickets
  --connections 2, --keep, --database as above
fan-out
  --subscribers 2000 sockets of each server
  --rounds 5, --keep, --database as above
clocks
  --tickets 100000   open ones; --keep, --database as above
replay
  --events 100000    that the cursor is back
  --rounds 5, --keep, --database as above
cadence
  --customers 100000 with ten contacts each
  --requests 200     of the due list
  --keep, --database as above
DATABASE_URL names the PostgreSQL server (default postgresql://postgres@127.0.0.1:5432); its user creates databases and roles.`;

const BENCHMARKS = [
  'nested-list',
  'dashboard',
  'export',
  'import',
  'search',
  'grading',
  'fan-out',
  'clocks',
  'replay',
  'cadence',
] as const;

type Benchmark = (typeof BENCHMARKS)[number];

function isBenchmark(name: string): name is Benchmark {
  return BENCHMARKS.some((one) => one === name);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tickets: { type: 'string' },
      subscribers: { type: 'string', default: '2000' },
      events: { type: 'string', default: '100000' },
      rows: { type: 'string', default: '100000' },
      customers: { type: 'string', default: '100000' },
      requests: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '5' },
      connections: { type: 'string' },
      keep: { type: 'boolean', default: false },
      database: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  });
  const [benchmark, ...more] = positionals;
  if (more.length > 0 || !benchmark || !isBenchmark(benchmark)) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  // Ended from outside, a run still stops its servers and drops its database.
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interruption.abort(new Error(`Ended by ${signal}.`)));
  }
  const shared = {
    signal: interruption.signal,
    rounds: count('rounds', values.rounds),
    keep: values.keep,
    database: values.database,
  };
  const connections = (usual: number) => count('connections', values.connections ?? String(usual));
  const load = {
    ...shared,
    seconds: count('seconds', values.seconds),
  };
  const benchmarks: Readonly<Record<Benchmark, () => Promise<boolean>>> = {
    'nested-list': () =>
      nestedList({
        ...load,
        connections: connections(16),
        tickets: count('tickets', values.tickets ?? '500000'),
        profile: values.profile,
      }),
    dashboard: () => dashboardBenchmark({ ...load, connections: connections(16) }),
    import: () => importBenchmark({ ...shared, rows: count('rows', values.rows) }),
    export: () => exportBenchmark({ ...shared, rows: count('rows', values.rows) }),
    grading: () => gradingBenchmark({ ...shared, customers: count('customers', values.customers) }),
    cadence: () =>
      cadenceBenchmark({
        ...shared,
        customers: count('customers', values.customers),
        requests: count('requests', values.requests),
      }),
    search: () =>
      searchBenchmark({
        ...shared,
        customers: count('customers', values.customers),
        tickets: count('tickets', values.tickets ?? '500000'),
        requests: count('requests', values.requests),
        connections: connections(2),
      }),
    'fan-out': () => fanOutBenchmark({ ...shared, subscribers: count('subscribers', values.subscribers) }),
    clocks: () => clocksBenchmark({ ...shared, tickets: count('tickets', values.tickets ?? '100000') }),
    replay: () => replayBenchmark({ ...shared, events: count('events', values.events) }),
  };
  const met = await benchmarks[benchmark]();
  if (!met) process.exitCode = 1;
}

function count(option: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${option} is "${value}"; accepted: a whole number above 0.`);
}

main().catch((error: unknown) => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
});
