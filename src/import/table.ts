import type { Transaction } from '../platform/database.ts';
import { columnName, join, type Queryable, raw, type Sql, sql } from '../platform/sql.ts';
import type { LogEntry } from './log-entry.ts';

/** A row ready to be written. */
export interface ImportRow {
  readonly id: string;
  readonly line: number;
  readonly source: string;
  readonly externalId: string;
  /** By column; an area adds what it looks up. */
  readonly columns: Record<string, unknown>;
  /** Names that stand for other records, by field: a customer's number, an area's code. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Its changes at its source; null where the file is no log. */
  readonly log: readonly LogEntry[] | null;
}

/**
 * The columns that an import writes. One whose fields the file fills is the file's: it is compared and updated by
 * later runs. One without fields, or whose fields the file lacks, is written with a new record only.
 */
export type ImportColumns = Readonly<
  Record<
    string,
    {
      readonly type: string;
      readonly from: readonly string[];
      /** Lies in another table: it is compared here and written by the kind. */
      readonly beside?: true;
    }
  >
>;

export interface ImportTable {
  readonly name: string;
  readonly columns: ImportColumns;
  /** Where its records are told apart by columns of their own. */
  readonly natural?: NaturalKey;
  /** True where people have worked on the record (alias t) here, so that the file no longer speaks for it. */
  readonly workedOn: Sql;
}

/** How records are found again that have no source and external_id, nor created_at and updated_at. */
export interface NaturalKey {
  readonly columns: readonly string[];
  /** Whether a record (alias t) is that of a key (alias k). */
  readonly match: Sql;
  /** What an update writes beside the columns, each after a comma. */
  touch(now: Date): Sql;
  /** The records with what they have in other tables; the table itself unless given. */
  readonly records?: Sql;
}

/** Values by field as values by column; those that are null are left out. */
export function byColumn(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const field in values) {
    if (values[field] !== null) columns[knownColumn(field)] = values[field];
  }
  return columns;
}

const COLUMN_NAMES = new Map<string, string>();

function knownColumn(field: string): string {
  const known = COLUMN_NAMES.get(field) ?? columnName(field);
  COLUMN_NAMES.set(field, known);
  return known;
}

/** A record that a batch made or changed. */
export interface Written {
  readonly id: string;
  readonly row: ImportRow;
  /** By column, [before, after]; null for a new record. */
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>> | null;
}

/** What a batch does to the table. */
export interface Comparison {
  readonly fresh: readonly ImportRow[];
  readonly changed: readonly Written[];
  /** Rows that differ from records that were worked on here; these stay as they are. */
  readonly kept: readonly ImportRow[];
  readonly unchanged: readonly ImportRow[];
}

/** Batches of one kind go one after the other, whoever writes them: two imports at once make no record twice. */
export async function lockImports(tx: Queryable, table: ImportTable): Promise<void> {
  await tx.query(sql`select 1 as locked from pg_advisory_xact_lock(724003, hashtext(${table.name}))`);
}

/**
 * Tells new, changed and unchanged rows apart, with one statement for the keys (index on source and external_id) and
 * one for the rows that are known. `mapped` are the fields that the file fills.
 */
export async function compareRows(
  db: Queryable,
  table: ImportTable,
  rows: readonly ImportRow[],
  options: { readonly mapped: ReadonlySet<string>; readonly lock: boolean },
): Promise<Comparison> {
  const ids = await knownIds(db, table, rows);
  const fresh = rows.filter((row) => !ids.has(row));
  if (ids.size === 0) return { fresh, changed: [], kept: [], unchanged: [] };
  const byId = new Map([...ids].map(([row, id]) => [id, row]));
  const found = await db.query<{ id: string; workedOn: boolean; changes: Written['changes'] }>(sql`
    select t.id, ${table.workedOn} as "workedOn", (
      select jsonb_object_agg(b.key, jsonb_build_array(b.value, a.value))
      from jsonb_each(to_jsonb(t)) b join jsonb_each(to_jsonb(i)) a using (key)
      where a.value <> b.value) as changes
    from ${payload(ownColumns(table, options.mapped), ids.keys(), (row) => ids.get(row))}
    join ${recordsOf(table)} t on t.id = i.id
    where ${differs(ownColumns(table, options.mapped))}
    ${options.lock ? sql`for update of t` : sql``}`);
  const known = new Set(found.map(({ id }) => id));
  const differing = found.map(({ id, workedOn, changes }) => ({
    id,
    row: byId.get(id) as ImportRow,
    workedOn,
    changes,
  }));
  return {
    fresh,
    changed: differing.filter(({ workedOn }) => !workedOn),
    kept: differing.filter(({ workedOn }) => workedOn).map(({ row }) => row),
    unchanged: [...ids].filter(([, id]) => !known.has(id)).map(([row]) => row),
  };
}

async function knownIds(
  db: Queryable,
  table: ImportTable,
  rows: readonly ImportRow[],
): Promise<Map<ImportRow, string>> {
  if (table.natural) return knownByKey(db, table, table.natural, rows);
  const found = await db.query<{ at: number; id: string }>(sql`
    select k.at, t.id
    from unnest(${rows.map((row) => row.source)}::text[], ${rows.map((row) => row.externalId)}::text[])
      with ordinality as k(source, external_id, at)
    join ${raw(table.name)} t on t.source = k.source and t.external_id = k.external_id`);
  return new Map(found.map(({ at, id }) => [rows[at - 1] as ImportRow, id]));
}

async function knownByKey(
  db: Queryable,
  table: ImportTable,
  natural: NaturalKey,
  rows: readonly ImportRow[],
): Promise<Map<ImportRow, string>> {
  const keys = rows.map(({ columns }, at) => ({
    at,
    ...Object.fromEntries(natural.columns.map((name) => [name, columns[name] ?? null])),
  }));
  const types = natural.columns.map((name) => `${name} ${table.columns[name]?.type}`);
  const found = await db.query<{ at: number; id: string }>(sql`
    select k.at, t.id
    from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k(${raw(['at int', ...types].join(', '))})
    join ${raw(table.name)} t on ${natural.match}`);
  return new Map(found.map(({ at, id }) => [rows[at] as ImportRow, id]));
}

function recordsOf({ name, natural }: ImportTable): Sql {
  return natural?.records ? sql`(${natural.records})` : raw(name);
}

/** Writes new records with one statement. */
export async function insertRows(
  tx: Transaction,
  table: ImportTable,
  rows: readonly ImportRow[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.keys(writtenColumns(table.columns));
  const names = raw(['id', ...(table.natural ? [] : ['source', 'external_id']), ...columns].join(', '));
  const [stampNames, stamps] = table.natural
    ? [sql``, sql``]
    : [sql`, created_at, updated_at`, sql`, ${now}::timestamptz, ${now}::timestamptz`];
  await tx.query(sql`
    with written as (
      insert into ${raw(table.name)} (${names}${stampNames})
      select ${names}${stamps}
      from ${payload(columnsIn(table, columns), rows, (row) => row.id)}
      returning 1)
    select count(*)::int as written from written`);
}

/** Writes the file's columns of changed records with one statement. */
export async function updateRows(
  tx: Transaction,
  table: ImportTable,
  changed: readonly Written[],
  options: { readonly mapped: ReadonlySet<string>; readonly now: Date },
): Promise<void> {
  if (changed.length === 0) return;
  const columns = writtenColumns(ownColumns(table, options.mapped));
  if (Object.keys(columns).length === 0) return;
  const ids = new Map(changed.map(({ row, id }) => [row, id]));
  const touch = table.natural
    ? table.natural.touch(options.now)
    : sql`, updated_at = ${options.now}::timestamptz, version = t.version + 1`;
  await tx.query(sql`
    with written as (
      update ${raw(table.name)} t
      set ${join(Object.keys(columns).map((name) => raw(`${name} = i.${name}`)))}${touch}
      from ${payload(columns, ids.keys(), (row) => ids.get(row))}
      where t.id = i.id
      returning 1)
    select count(*)::int as written from written`);
}

function ownColumns(table: ImportTable, mapped: ReadonlySet<string>): ImportColumns {
  return Object.fromEntries(
    Object.entries(table.columns).filter(([, { from }]) => from.some((field) => mapped.has(field))),
  );
}

function writtenColumns(columns: ImportColumns): ImportColumns {
  return Object.fromEntries(Object.entries(columns).filter(([, { beside }]) => !beside));
}

function columnsIn(table: ImportTable, names: readonly string[]): ImportColumns {
  return Object.fromEntries(Object.entries(table.columns).filter(([name]) => names.includes(name)));
}

/** The rows as a typed record set `i`, in one parameter. */
function payload(
  columns: ImportColumns,
  rows: Iterable<ImportRow>,
  idOf: (row: ImportRow) => string | undefined,
): Sql {
  const names = Object.keys(columns);
  const records = Array.from(rows, (row) => {
    const record: Record<string, unknown> = {
      id: idOf(row),
      source: row.source,
      external_id: row.externalId,
    };
    // What is left out is null in the set.
    for (const name of names) if (row.columns[name] != null) record[name] = row.columns[name];
    return record;
  });
  const types = names.map((name) => `${name} ${columns[name]?.type}`);
  return sql`jsonb_to_recordset(${JSON.stringify(records)}::jsonb) as i(${raw(
    ['id uuid', 'source text', 'external_id text', ...types].join(', '),
  )})`;
}

function differs(columns: ImportColumns): Sql {
  const names = Object.keys(columns);
  if (names.length === 0) return sql`false`;
  return raw(
    `(${names.map((name) => `t.${name}`).join(', ')}) is distinct from (${names.map((name) => `i.${name}`).join(', ')})`,
  );
}
