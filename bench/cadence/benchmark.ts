import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { commandRunner } from '../../src/platform/command.ts';
import { type Database, openPostgres } from '../../src/platform/database.ts';
import { listPage } from '../../src/platform/list.ts';
import { settingsAt } from '../../src/platform/settings-register.ts';
import { constantViewer } from '../../src/platform/visibility.ts';
import { findViewer, loadOrganisation, type Reader } from '../../src/organisation/queries.ts';
import { PARTS, refreshCadence } from '../../src/visits/commands/cadence.ts';
import { dueContactList } from '../../src/visits/queries/cadence.ts';
import { migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { median, table, writeReport } from '../support/report.ts';

export interface CadenceOptions {
  readonly customers: number;
  readonly requests: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const TIME_ZONE = 'Asia/Shanghai';
/** Monday 23 November 2026, 00:00 in Shanghai, and the two after it. */
const NIGHTS = ['2026-11-22T16:00:00Z', '2026-11-29T16:00:00Z', '2026-12-06T16:00:00Z'];
/** Seconds that a pass may take, and milliseconds that a page of the due list may. */
const MOST_SECONDS = 60;
const MOST_MS = 20;

/** The nightly pass over all customers with ten contacts each, and the due list of one manager after it. */
export async function cadenceBenchmark(options: CadenceOptions): Promise<boolean> {
  const bench = await openBenchDatabase(options.database);
  try {
    if (!options.database)
      await migrateAndFill(bench, join(import.meta.dirname, 'seed.sql'), {
        'bench.customers': String(options.customers),
      });
    const database = openPostgres(bench.url, 2, () => undefined);
    try {
      return await measure(database, options);
    } finally {
      await database.close();
    }
  } finally {
    if (options.keep || options.database !== undefined) {
      await bench.client.end();
      console.log(`Kept: npm run bench -- cadence --database ${bench.name}`);
    } else {
      await bench.drop();
    }
  }
}

async function measure(database: Database, options: CadenceOptions): Promise<boolean> {
  const runner = commandRunner({ database, afterCommit: () => undefined });
  const settings = settingsAt([], new Date(NIGHTS[0] ?? ''));
  const passes: number[] = [];
  for (const [place, night] of NIGHTS.entries()) {
    options.signal.throwIfAborted();
    const before = NIGHTS[place - 1];
    const started = performance.now();
    for (let part = 0; part < PARTS; part++)
      await runner.run({ now: new Date(night), actorId: null, requestId: null, settings }, (tx) =>
        refreshCadence(tx, TIME_ZONE, { part, lastPass: before ? new Date(before) : null }),
      );
    passes.push((performance.now() - started) / 1_000);
    console.log(`pass ${place + 1}: ${passes.at(-1)?.toFixed(1)} s`);
  }
  const pages = await duePages(database, options.requests);
  const [half, most] = [median(pages), pages.toSorted((a, b) => a - b)[Math.floor(pages.length * 0.95)] ?? 0];
  const met = Math.max(...passes) < MOST_SECONDS && most < MOST_MS;
  writeReport(
    'cadence',
    [
      `${options.customers} customers, ten contacts each; ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}`,
      table(
        ['what', 'measured', 'at most'],
        [
          ...passes.map((seconds, place) => [
            `pass ${place + 1}`,
            `${seconds.toFixed(1)} s`,
            `${MOST_SECONDS} s`,
          ]),
          ['due list, median', `${half.toFixed(1)} ms`, ''],
          ['due list, 95 of 100', `${most.toFixed(1)} ms`, `${MOST_MS} ms`],
        ],
      ),
    ].join('\n\n'),
  );
  return met;
}

/** The first page of the due list of a manager of 250 of 100,000 customers, again and again. */
async function duePages(database: Database, requests: number): Promise<number[]> {
  const now = new Date(NIGHTS.at(-1) ?? '');
  const organisation = await loadOrganisation(database);
  const viewer = findViewer(organisation, 'bench-1', now, TIME_ZONE);
  if (!viewer) throw new Error('The seed has no manager bench-1.');
  const reader: Reader = {
    query: (statement) => database.query(statement),
    viewer,
    sees: constantViewer(viewer, now),
    now,
    timeZone: TIME_ZONE,
    organisation,
    settings: settingsAt([], now),
  };
  const taken: number[] = [];
  for (let request = 0; request < requests; request++) {
    const started = performance.now();
    const { rows } = await listPage(reader, dueContactList(reader, viewer.employeeId), { first: 20 });
    if (rows.length !== 20) throw new Error('The due list is empty.');
    taken.push(performance.now() - started);
  }
  return taken;
}
