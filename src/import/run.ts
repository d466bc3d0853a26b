import { newId } from '../lib/ids.ts';
import { type Text, text } from '../lib/text.ts';
import type { Clock } from '../platform/clock.ts';
import { type Command, commandRunner } from '../platform/command.ts';
import type { Database } from '../platform/database.ts';
import { loadSettingChanges } from '../platform/settings.ts';
import { settingsAt } from '../platform/settings-register.ts';
import type { Queryable } from '../platform/sql.ts';
import { type FileRecord, fileRecords } from './file-records.ts';
import type { ImportContext, ImportKind } from './kind.ts';
import type { RowMapper } from './mapping.ts';
import type { Problem } from './problem.ts';
import type { BrokenRow, SourceRow } from './records.ts';
import { SeenIds } from './seen.ts';
import {
  type Comparison,
  compareRows,
  type ImportRow,
  insertRows,
  lockImports,
  updateRows,
  type Written,
} from './table.ts';

/** What became of the rows so far; in a dry run, what would. */
export interface ImportCounts {
  /** Of the file; in a log several are one record, and the other counts are records. */
  rows: number;
  created: number;
  changed: number;
  /** As they already are here, or as another row of the file says word for word. */
  unchanged: number;
  /** Differ from the file, but people have worked on them here since. */
  kept: number;
  refused: number;
}

/** One transaction each: a run that dies leaves whole batches behind, and the next one goes on from there. */
const BATCH = 1_000;
/** Rows of long texts make smaller batches: what is held in memory does not depend on how long rows are. */
const BATCH_CHARACTERS = 4_000_000;

/** Where an import reads and writes, and who hears of it. */
export interface ImportTarget {
  /** Where what is known is looked up. */
  readonly reads: Queryable;
  /** Where rows are written; null for a dry run, which writes nothing. */
  readonly database: Database | null;
  readonly clock: Clock;
  readonly onProblem: (problem: Problem) => void;
  /** When it is aborted, the run ends after the batch in hand. */
  readonly signal: AbortSignal;
}

/**
 * Imports the rows batch by batch and says what became of them. Rows that are not accepted are told to `onProblem`
 * and left out; the others are written.
 */
export async function runImport(
  options: ImportTarget & {
    readonly kind: ImportKind;
    readonly mapper: RowMapper;
    readonly rows: AsyncIterable<SourceRow | BrokenRow>;
    /** Of business days and periods. */
    readonly timeZone: string;
    /** For the audit. */
    readonly fileName: string;
    readonly onBatch: (counts: Readonly<ImportCounts>) => void;
  },
): Promise<Readonly<ImportCounts>> {
  const counts: ImportCounts = { rows: 0, created: 0, changed: 0, unchanged: 0, kept: 0, refused: 0 };
  const seen: Seen = { ids: new SeenIds(), rows: options.mapper.repeats ? new SeenIds() : null };
  const settingChanges = await loadSettingChanges(options.reads);
  let batch = emptyBatch();
  // One batch is written while the next is read.
  let writing = Promise.resolve();
  try {
    for await (const record of fileRecords(options.rows, options.mapper)) {
      takeRecord(batch, record, options, seen);
      if (batch.fileRows < BATCH && batch.characters < BATCH_CHARACTERS) continue;
      await writing;
      if (options.signal.aborted) return counts;
      writing = finish(batch);
      // Its failure is met at the next await; until then it must not count as one that nobody looks at.
      writing.catch(() => undefined);
      batch = emptyBatch();
    }
    await writing;
    if (!options.signal.aborted) await finish(batch);
    return counts;
  } finally {
    await writing;
  }

  async function finish(done: Batch): Promise<void> {
    const now = options.clock.now();
    const context = { now, timeZone: options.timeZone, settings: settingsAt(settingChanges, now) };
    const outcome = options.database
      ? await commandRunner({ database: options.database, afterCommit: () => undefined }).run(
          { ...context, actorId: null, requestId: null },
          (tx) => writeBatch(tx, done, options, context),
        )
      : await judgeBatch(options.reads, done, options, context, false);
    counts.rows += done.fileRows;
    counts.created += outcome.fresh.length;
    counts.changed += outcome.changed.length;
    counts.unchanged += outcome.unchanged.length + done.repeated;
    counts.kept += outcome.kept.length;
    counts.refused +=
      done.size -
      done.repeated -
      outcome.fresh.length -
      outcome.changed.length -
      outcome.unchanged.length -
      outcome.kept.length;
    for (const problem of done.problems.sort((a, b) => a.line - b.line)) options.onProblem(problem);
    options.onBatch(counts);
  }
}

type Options = Parameters<typeof runImport>[0];

/** What the file has had so far. */
interface Seen {
  readonly ids: SeenIds;
  /** Ids with all that their row says; only where rows may repeat each other. */
  readonly rows: SeenIds | null;
}

interface Batch {
  /** Records. */
  size: number;
  /** Rows of the file that tell of them. */
  fileRows: number;
  /** Of the cells of its rows. */
  characters: number;
  /** Rows that say word for word what an earlier row says. */
  repeated: number;
  readonly rows: ImportRow[];
  readonly cells: Map<ImportRow, ReadonlyMap<string, string>>;
  readonly problems: Problem[];
}

function emptyBatch(): Batch {
  return { size: 0, fileRows: 0, characters: 0, repeated: 0, rows: [], cells: new Map(), problems: [] };
}

/** Takes one record into the batch, or notes what is wrong with it. */
function takeRecord(
  batch: Batch,
  record: FileRecord,
  { kind, mapper, clock }: Pick<Options, 'kind' | 'mapper' | 'clock'>,
  seen: Seen,
): void {
  batch.size += 1;
  batch.fileRows += record.rows;
  batch.characters += record.characters;
  const { line, cells, log } = record;
  const problems = [...record.problems];
  if (cells === null) {
    batch.problems.push(...problems);
    return;
  }
  const { values, extra } = record.mapped;
  const { source, externalId } = identityOf(kind, values, problems.length === 0);
  if (source !== null && externalId !== null) {
    const before = seen.ids.add(`${source}\0${externalId}`, record.firstLine);
    const whole = seen.rows && JSON.stringify([values, extra]);
    if (whole !== null && before === 0) seen.rows?.add(whole, line);
    if (before > 0) {
      if (problems.length === 0 && whole !== null && seen.rows?.has(whole)) {
        batch.repeated += 1;
        return;
      }
      const accepted = log ? together(before) : repeated(before, whole !== null);
      problems.push(
        problemOf(
          kind.identifiedBy?.[0] ?? 'externalId',
          { line: record.firstLine, cells },
          mapper,
          accepted,
        ),
      );
    }
  }
  if (problems.length === 0) {
    const derived = kind.derive(values, clock.now());
    problems.push(
      ...derived.issues.map(({ field, accepted }) => problemOf(field, { line, cells }, mapper, accepted)),
    );
    for (const entry of log ?? []) {
      for (const { field, accepted } of kind.log?.issues(entry, clock.now()) ?? []) {
        problems.push({ line: entry.line, column: mapper.column(field), value: '', accepted });
      }
    }
    if (problems.length === 0) {
      const columns = kind.keepsExtra ? { ...derived.columns, external_facts: extra } : derived.columns;
      const taken = {
        id: newId(),
        line,
        source: source ?? '',
        externalId: externalId ?? '',
        columns,
        values,
        log,
      };
      batch.rows.push(taken);
      batch.cells.set(taken, cells);
    }
  }
  batch.problems.push(...problems);
}

/** What tells the row's record apart; a record of the area's own fields needs all of them to be right. */
function identityOf(
  kind: ImportKind,
  values: Readonly<Record<string, unknown>>,
  readable: boolean,
): { source: string | null; externalId: string | null } {
  if (!kind.identifiedBy) return values as { source: string | null; externalId: string | null };
  const fields = kind.identifiedBy.map((field) => values[field]);
  return { source: '', externalId: readable ? JSON.stringify(fields) : null };
}

function problemOf(field: string, row: SourceRow, mapper: RowMapper, accepted: Text): Problem {
  return { line: row.line, ...mapper.cell(field, row.cells), accepted };
}

function together(before: number): Text {
  return text(
    `the rows of a record one below the other; others of this one begin on line ${before}`,
    `同一记录的各行须连续；该记录已从第 ${before} 行开始`,
  );
}

function repeated(before: number, mayRepeat: boolean): Text {
  if (mayRepeat) {
    return text(
      `the same values as on line ${before}, which has this id`,
      `与第 ${before} 行（同一编号）相同的值`,
    );
  }
  return text(
    `each id once; it already stands on line ${before}`,
    `每个编号只能出现一次；第 ${before} 行已有`,
  );
}

/** Leaves out the rows that name records that do not exist, and compares the others with what is there. */
async function judgeBatch(
  db: Queryable,
  batch: Batch,
  { kind, mapper }: Options,
  context: ImportContext,
  lock: boolean,
): Promise<Comparison> {
  const issues = await kind.resolve(db, batch.rows, context);
  const refused = new Set(issues.map((issue) => issue.row));
  for (const { row, field, accepted } of issues) {
    batch.problems.push({
      line: row.line,
      ...mapper.cell(field, batch.cells.get(row) ?? new Map()),
      accepted,
    });
  }
  const rows = batch.rows.filter((row) => !refused.has(row));
  return compareRows(db, kind.table, rows, { mapped: mapper.mapped, lock });
}

async function writeBatch(
  tx: Command,
  batch: Batch,
  options: Options,
  context: ImportContext,
): Promise<Comparison> {
  const { kind, mapper, fileName } = options;
  await lockImports(tx, kind.table);
  const outcome = await judgeBatch(tx, batch, options, context, true);
  const { fresh, changed } = outcome;
  if (fresh.length === 0 && changed.length === 0) {
    await recordLogs(tx, kind, outcome);
    return outcome;
  }
  if (fresh.length > 0) await kind.complete(tx, fresh);
  await insertRows(tx, kind.table, fresh, tx.now);
  await updateRows(tx, kind.table, changed, { mapped: mapper.mapped, now: tx.now });
  const written: Written[] = [...fresh.map((row) => ({ id: row.id, row, changes: null })), ...changed];
  await kind.record(tx, written, context);
  await recordLogs(tx, kind, outcome);
  const lines = written.map(({ row }) => row.line);
  tx.audit({
    action: 'import',
    subjectType: kind.subject,
    subjectId: null,
    after: {
      file: fileName,
      lines: [Math.min(...lines), Math.max(...lines)],
      created: fresh.length,
      changed: changed.length,
    },
  });
  return outcome;
}

/** A log may have grown by entries that leave its record as it was. */
async function recordLogs(tx: Command, kind: ImportKind, outcome: Comparison): Promise<void> {
  const { fresh, changed, unchanged } = outcome;
  const rows = [...fresh, ...changed.map(({ row }) => row), ...unchanged].filter(({ log }) => log !== null);
  if (rows.length > 0) await kind.log?.record(tx, rows);
}
