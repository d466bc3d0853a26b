// `npm run bench -- <benchmark> [options]`: measures Switchyard against named references in the same run.
import { parseArgs } from 'node:util';
import { dashboardBenchmark } from './dashboard/benchmark.ts';
import { exportBenchmark } from './export/benchmark.ts';
import { importBenchmark } from './import/benchmark.ts';
import { nestedList } from './nested-list/benchmark.ts';

const USAGE = `npm run bench -- <nested-list | dashboard | export | import> [options]
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
DATABASE_URL names the PostgreSQL server (default postgresql://postgres@127.0.0.1:5432); its user creates databases and roles.`;

const BENCHMARKS = ['nested-list', 'dashboard', 'export', 'import'] as const;

type Benchmark = (typeof BENCHMARKS)[number];

function isBenchmark(name: string): name is Benchmark {
  return BENCHMARKS.some((one) => one === name);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tickets: { type: 'string', default: '500000' },
      rows: { type: 'string', default: '100000' },
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
        tickets: count('tickets', values.tickets),
        profile: values.profile,
      }),
    dashboard: () => dashboardBenchmark({ ...load, connections: connections(16) }),
    import: () => importBenchmark({ ...shared, rows: count('rows', values.rows) }),
    export: () => exportBenchmark({ ...shared, rows: count('rows', values.rows) }),
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
