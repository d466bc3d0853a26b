import type { Text } from '../lib/text.ts';
import type { LogEntry } from './log-entry.ts';
import type { MappedRow, RowMapper } from './mapping.ts';
import type { BrokenRow, SourceRow } from './records.ts';
import type { Problem } from './problem.ts';

/** A record as the file tells it: by one row, or in a log by the rows of all its changes. */
export interface FileRecord {
  /** The line of the row that says what it is now. */
  readonly line: number;
  /** The line of its first row. */
  readonly firstLine: number;
  readonly rows: number;
  /** Of the cells of its rows. */
  readonly characters: number;
  /** Of its last row; null for a row that could not be taken apart. */
  readonly cells: ReadonlyMap<string, string> | null;
  readonly mapped: Pick<MappedRow, 'values' | 'extra'>;
  readonly problems: readonly Problem[];
  /** Its changes in the order of the file; null where the file is no log. */
  readonly log: readonly LogEntry[] | null;
}

const NOTHING: FileRecord['mapped'] = { values: {}, extra: null };

/** Takes the rows of a file together into records; holds one record at a time. */
export async function* fileRecords(
  rows: AsyncIterable<SourceRow | BrokenRow>,
  mapper: RowMapper,
): AsyncGenerator<FileRecord> {
  let open: OpenRecord | null = null;
  for await (const row of rows) {
    if (!('cells' in row)) {
      yield brokenRecord(row.line, row.value, row.accepted);
      continue;
    }
    const mapped = mapper.map(row.cells);
    if (!mapper.isLog) {
      yield new OpenRecord(row, mapped).done(null);
    } else if (open?.isOf(mapped)) {
      open.add(row, mapped);
    } else {
      if (open) yield open.done(open.entries);
      open = new OpenRecord(row, mapped);
    }
  }
  if (open) yield open.done(open.entries);
}

function brokenRecord(line: number, value: string, accepted: Text): FileRecord {
  return {
    line,
    firstLine: line,
    rows: 1,
    characters: 0,
    cells: null,
    mapped: NOTHING,
    problems: [{ line, column: null, value, accepted }],
    log: null,
  };
}

/** A record whose rows are being read: those of a log stand together. */
class OpenRecord {
  readonly #firstLine: number;
  readonly #problems: Problem[] = [];
  readonly entries: LogEntry[] = [];
  #row: SourceRow;
  #mapped: MappedRow;
  #rows = 0;
  #characters = 0;

  constructor(row: SourceRow, mapped: MappedRow) {
    this.#firstLine = row.line;
    this.#row = row;
    this.#mapped = mapped;
    this.#take(row, mapped, null);
  }

  isOf({ values }: MappedRow): boolean {
    const own = this.#mapped.values;
    return own.externalId !== null && own.externalId === values.externalId && own.source === values.source;
  }

  add(row: SourceRow, mapped: MappedRow): void {
    this.#take(row, mapped, this.#mapped);
    this.#row = row;
    this.#mapped = mapped;
  }

  #take(row: SourceRow, mapped: MappedRow, before: MappedRow | null): void {
    this.#rows += 1;
    for (const cell of row.cells.values()) this.#characters += cell.length;
    this.#problems.push(...mapped.issues.map((issue) => ({ line: row.line, ...issue })));
    if (mapped.loggedAt === null) return;
    this.entries.push({
      line: row.line,
      at: mapped.loggedAt,
      values: mapped.values,
      before: before?.values ?? null,
      changes: changesBetween(factsOf(before), factsOf(mapped)),
    });
  }

  done(log: readonly LogEntry[] | null): FileRecord {
    return {
      line: this.#row.line,
      firstLine: this.#firstLine,
      rows: this.#rows,
      characters: this.#characters,
      cells: this.#row.cells,
      mapped: this.#mapped,
      problems: this.#problems,
      log,
    };
  }
}

const IDENTITY: ReadonlySet<string> = new Set(['source', 'externalId']);

/** All that a row says of a record, by the names that histories give it. */
function factsOf(mapped: Pick<MappedRow, 'values' | 'extra'> | null): Map<string, unknown> {
  if (!mapped) return new Map();
  return new Map([
    ...Object.entries(mapped.values).filter(([name]) => !IDENTITY.has(name)),
    ...Object.entries(mapped.extra ?? {}).map(([name, value]): [string, unknown] => [
      `externalFacts.${name}`,
      value,
    ]),
  ]);
}

function changesBetween(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): LogEntry['changes'] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return Object.fromEntries(
    [...names].flatMap((name): [string, [unknown, unknown]][] => {
      const [old, now] = [before.get(name) ?? null, after.get(name) ?? null];
      // As they are written: two instants are the same when their texts are.
      return JSON.stringify(old) === JSON.stringify(now) ? [] : [[name, [old, now]]];
    }),
  );
}
