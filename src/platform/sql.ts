import { Prisma } from '../generated/prisma/client.ts';

/**
 * A piece of SQL with its values, made with the `sql` tag and composed freely. Values never become part of the
 * text; `raw` is for text of our own only.
 */
export type Sql = Prisma.Sql;

export const { sql, join, raw, empty } = Prisma;

/** Anything that answers SQL: the database for reads, a transaction for commands. */
export interface Queryable {
  query<Row>(statement: Sql): Promise<Row[]>;
}

/** The conditions joined by `and`; true when there are none. */
export function all(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : sql`(${join([...conditions], ' and ')})`;
}

/** The conditions joined by `or`; false when there are none. */
export function any(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`false` : sql`(${join([...conditions], ' or ')})`;
}

/** `openedAt` to `opened_at`: how every column is named after its field. */
export function columnName(field: string): string {
  return field.replace(/[A-Z0-9]+/g, (part, at: number) =>
    /\d/.test(part) ? `_${part}` : `${at > 0 ? '_' : ''}${part.toLowerCase()}`,
  );
}

/** `opened_at as "openedAt", …` of an alias, so that rows carry the names of the models. */
export function columns(alias: string, fields: readonly string[]): Sql {
  return raw(fields.map((field) => `${alias}."${columnName(field)}" as "${field}"`).join(', '));
}
