// `npm run bench -- <benchmark> [options]`: measures Switchyard against named references in the same run.
import { parseArgs } from 'node:util';
import { nestedList } from './nested-list/benchmark.ts';

const USAGE = `npm run bench -- nested-list [options]
  --tickets 500000   rows of the main table
  --seconds 10       of each measurement
  --rounds 5         interleaved rounds; the median counts
  --connections 16   open at a time
  --keep             leaves the database, for --database <name> of a later run
  --profile          writes a CPU profile of Switchyard to bench/results
DATABASE_URL names the PostgreSQL server (default postgresql://postgres@127.0.0.1:5432); its user creates databases and roles.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tickets: { type: 'string', default: '500000' },
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '16' },
      keep: { type: 'boolean', default: false },
      database: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== 'nested-list') {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  // Ended from outside, a run still stops its servers and drops its database.
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interruption.abort(new Error(`Ended by ${signal}.`)));
  }
  const met = await nestedList({
    signal: interruption.signal,
    tickets: count('tickets', values.tickets),
    seconds: count('seconds', values.seconds),
    rounds: count('rounds', values.rounds),
    connections: count('connections', values.connections),
    keep: values.keep,
    database: values.database,
    profile: values.profile,
  });
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
