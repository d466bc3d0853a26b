import type { BenchDatabase } from './database.ts';
import { generateLoad, type LoadResult } from './load.ts';
import { median } from './report.ts';
import { processorSeconds, processorSecondsBetween, type RunningServer } from './servers.ts';

export interface Measurement extends LoadResult {
  /** Processor milliseconds per request. */
  readonly serverMs: number | null;
  readonly databaseMs: number | null;
}

/** Puts a server under load for some seconds while the others stand still. */
export async function measureLoad(
  database: BenchDatabase,
  server: RunningServer,
  token: string,
  options: { readonly connections: number; readonly seconds: number; readonly signal: AbortSignal },
): Promise<Measurement> {
  server.resume();
  const before = [processorSeconds([server.pid]), await backendSeconds(database)] as const;
  const result = await generateLoad({
    ...options,
    url: server.url,
    headers: headersOf(token),
    body: JSON.stringify(server.contender.body),
  });
  const after = [processorSeconds([server.pid]), await backendSeconds(database)] as const;
  server.pause();
  return {
    ...result,
    serverMs: perRequest(processorSecondsBetween(before[0], after[0]), result.requests),
    databaseMs: perRequest(processorSecondsBetween(before[1], after[1]), result.requests),
  };
}

function perRequest(seconds: number | null, requests: number): number | null {
  return seconds === null ? null : (seconds * 1000) / requests;
}

/** Processor seconds of the database's own processes, where it runs on this machine. */
async function backendSeconds({ client }: BenchDatabase): Promise<ReadonlyMap<number, number> | null> {
  const { rows } = await client.query<{ pid: number }>(
    'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  return processorSeconds(
    rows.map((row) => row.pid),
    'postgres',
  );
}

export function headersOf(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
}

/** A figure against the peer's of the same round: what disturbs the machine for longer disturbs both. */
export function ratioOfRounds(
  taken: readonly Measurement[],
  peer: readonly Measurement[],
  figure: (one: Measurement) => number = (one) => one.perSecond,
): number {
  return median(
    taken.map((one, round) => {
      const other = peer[round];
      return other ? figure(one) / figure(other) : Number.NaN;
    }),
  );
}

/** The median of the rounds; a dash where the system does not tell. */
export function middleOf(
  taken: readonly Measurement[],
  figure: (one: Measurement) => number | null,
  digits: number,
): string {
  const values = taken.map(figure);
  return values.some((one) => one === null) ? '–' : median(values as number[]).toFixed(digits);
}
