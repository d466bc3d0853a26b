import { type Text, text } from '../lib/text.ts';
import { type Queryable, type Sql, sql } from '../platform/sql.ts';
import type { RowIssue } from './kind.ts';
import type { ImportRow } from './table.ts';

/**
 * Puts the ids of the records that rows name by `field` into their `column`, with one statement for all rows and none
 * when no row names any. `find` selects `name` and `id` of the names given.
 */
export async function resolveNames(
  db: Queryable,
  rows: readonly ImportRow[],
  reference: {
    readonly field: string;
    readonly column: string;
    readonly accepted: Text;
    find(names: string[]): Sql;
  },
): Promise<RowIssue[]> {
  const { field, column, accepted } = reference;
  const naming = rows.filter((row) => row.values[field] != null);
  if (naming.length === 0) return [];
  const names = [...new Set(naming.map((row) => String(row.values[field])))];
  const found = await db.query<{ name: string; id: string }>(reference.find(names));
  const ids = new Map(found.map(({ name, id }) => [name, id]));
  return naming.flatMap((row) => {
    const id = ids.get(String(row.values[field]));
    if (id === undefined) return { row, field, accepted };
    row.columns[column] = id;
    return [];
  });
}

/** `areaCode` to `area_id`. */
export function resolveAreas(db: Queryable, rows: readonly ImportRow[]): Promise<RowIssue[]> {
  return resolveNames(db, rows, {
    field: 'areaCode',
    column: 'area_id',
    accepted: text('the code of an area', '已有区域的代码'),
    find: (codes) => sql`select code as name, id from area where code = any(${codes}::text[])`,
  });
}

/** An employee's number in `field` to the id in `column`. */
export function resolveEmployees(
  db: Queryable,
  rows: readonly ImportRow[],
  field: string,
  column: string,
): Promise<RowIssue[]> {
  return resolveNames(db, rows, {
    field,
    column,
    accepted: text('the number of an employee', '已有员工的工号'),
    find: (numbers) => sql`select number as name, id from employee where number = any(${numbers}::text[])`,
  });
}

/** Rows that mean a record which an earlier row of theirs means already; a row without a key means none. */
export function repeatedRows(
  rows: readonly ImportRow[],
  field: string,
  keyOf: (row: ImportRow) => string | null,
): RowIssue[] {
  const lines = new Map<string, number>();
  return rows.flatMap((row) => {
    const key = keyOf(row);
    if (key === null) return [];
    const before = lines.get(key);
    if (before === undefined) {
      lines.set(key, row.line);
      return [];
    }
    const accepted = text(
      `each record once; it already stands on line ${before}`,
      `每条记录只能出现一次；第 ${before} 行已有`,
    );
    return [{ row, field, accepted }];
  });
}
