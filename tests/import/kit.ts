import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareImport } from '../../src/import/file.ts';
import { IMPORT_KINDS } from '../../src/import/kinds.ts';
import { type Format, formatOf } from '../../src/import/records.ts';
import type { Problem } from '../../src/import/problem.ts';
import type { ImportCounts } from '../../src/import/run.ts';
import type { Encoding } from '../../src/import/text-file.ts';
import { type Database, openEmbedded, openPostgres } from '../../src/platform/database.ts';
import { ManualClock } from '../support/clock.ts';
import type { FreshDatabase } from '../support/database.ts';

export const NOW = '2026-11-23T01:00:00.000Z';

export const EXAMPLES = join(import.meta.dirname, '../../examples');

const folder = mkdtempSync(join(tmpdir(), 'switchyard-import-'));

/** Writes a file for a test and returns its path. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export function mappingOf(name: string, mapping: unknown): string {
  return fileOf(name, JSON.stringify(mapping));
}

export function openDatabase({ databaseUrl, dataDir }: FreshDatabase): Promise<Database> {
  // A connection that is closing may still be cut when its database is dropped.
  return databaseUrl ? Promise.resolve(openPostgres(databaseUrl, 2, () => undefined)) : openEmbedded(dataDir);
}

export interface Ran {
  readonly counts: Readonly<ImportCounts>;
  readonly problems: readonly Problem[];
  /** `line column: accepted`, the problems in short. */
  readonly told: readonly string[];
}

/** Imports a file as the command does. */
export async function importInto(
  database: Database,
  kind: string,
  path: string,
  options: {
    readonly mapping?: string;
    readonly dryRun?: boolean;
    readonly encoding?: Encoding;
    readonly format?: Format;
    readonly sheet?: string;
    readonly signal?: AbortSignal;
    readonly now?: string;
    readonly onProgress?: (counts: Readonly<ImportCounts>, share: number) => void;
  } = {},
): Promise<Ran> {
  const found = IMPORT_KINDS[kind];
  if (!found) throw new Error(`There is no kind ${kind}.`);
  const prepared = await prepareImport({
    kind: found,
    path,
    mappingPath: options.mapping ?? null,
    format: options.format ?? formatOf(path) ?? 'csv',
    encoding: options.encoding ?? 'utf-8',
    sheet: options.sheet ?? null,
    timeZone: 'Asia/Shanghai',
  });
  const problems: Problem[] = [];
  const counts = await prepared.run({
    reads: database,
    database: options.dryRun ? null : database,
    clock: new ManualClock(options.now ?? NOW),
    onProblem: (problem) => problems.push(problem),
    onProgress: options.onProgress ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
  });
  return {
    counts,
    problems,
    told: problems.map(({ line, column, accepted }) => `${line} ${column}: ${accepted.en}`),
  };
}
