import { createHash } from 'node:crypto';
import { type InvalidInput, invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { contains } from './search.ts';
import { all, any, join, type Queryable, raw, type Sql, sql } from './sql.ts';

/** Kinds of column a list can be filtered and ordered by; each has its operators. */
export type ListFieldKind = 'ID' | 'String' | 'Enum' | 'Int' | 'Decimal' | 'Boolean' | 'DateTime';

export interface ListField {
  readonly kind: ListFieldKind;
  /** The column or expression, over the list's alias. */
  readonly column: Sql;
  /** Name of the GraphQL enum, for kind Enum. */
  readonly enumName?: string;
  /** Whose Node ids are compared, for kind ID. */
  readonly entity?: string;
  /** Content that a masked row must not reveal: filters act on fully visible rows only, in orders it counts as null. */
  readonly protected?: true;
  /** False for fields that have no useful order. */
  readonly orderable?: false;
  /** An index over search_grams(column) finds parts of it; only where there is one. */
  readonly grams?: true;
}

/** A list of one entity: where its rows come from and what a viewer may see of them. */
export interface ListSource {
  /** `customer c` */
  readonly from: Sql;
  readonly id: Sql;
  readonly select: Sql;
  /** Rows that the viewer sees at all. */
  readonly visible: Sql;
  /** Rows that the viewer sees fully; equal to `visible` for entities without a masked card. */
  readonly full: Sql;
  /**
   * Ids, of a few among many rows, beyond which the viewer sees none fully: where only such rows match, they are looked
   * at instead of all that a filter finds. It narrows; `full` decides.
   */
  readonly fullAmong?: Sql | undefined;
  readonly fields: Readonly<Record<string, ListField>>;
  /**
   * The order of a list that has one of its own and takes no other: its terms rise and are never null, then the id, so
   * that a position is one comparison of rows, which an index over them finds at once.
   */
  readonly order?: readonly { readonly expression: Sql; readonly type: 'int' | 'timestamptz' }[];
  /** Finds the ids of the page first and reads its rows then, where an index alone can decide what is visible. */
  readonly pageFirst?: boolean;
}

export interface OrderTerm {
  readonly field: string;
  readonly direction: 'ASC' | 'DESC';
}

export interface PageArguments {
  readonly where?: unknown;
  readonly orderBy?: readonly OrderTerm[] | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** The place of one of the rows in the list, for `after` and `before`. */
  cursorOf(row: Row): string;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export const PAGE_SIZE = { default: 20, max: 100 } as const;

const CAST: Record<ListFieldKind, Sql> = {
  ID: raw('uuid'),
  String: raw('text'),
  Enum: raw('text'),
  Int: raw('int'),
  Decimal: raw('numeric'),
  Boolean: raw('boolean'),
  DateTime: raw('timestamptz'),
};

/** One page of a list, or one page for each of many parents, with one statement. */
export async function listPage<Row>(
  db: Queryable,
  source: ListSource,
  page: PageArguments,
): Promise<Page<Row>> {
  const plan = planPage(source, page);
  const rows = await read<Row & PageRow>(db, plan.statement(sql``), page);
  return toPage(rows, plan);
}

/**
 * The same page of the same list for each parent: one statement with a lateral part per parent, so that the number
 * of statements does not grow with the parents. `parent` says which rows belong to `parent.id`.
 */
export async function listPagesByParent<Row>(
  db: Queryable,
  source: ListSource,
  parent: Sql,
  parentIds: readonly string[],
  page: PageArguments,
): Promise<Page<Row>[]> {
  // The rows of a parent are few and found by its own index, which decides nothing else.
  const plan = planPage({ ...source, pageFirst: false }, page);
  const statement = sql`
    select parent.id as "parentId", l.*
    from unnest(${[...parentIds]}::uuid[]) as parent(id)
    cross join lateral (${plan.statement(sql`and ${parent}`)}) l`;
  const rows = await read<Row & PageRow & { parentId: string }>(db, statement, page);
  const byParent = Map.groupBy(rows, (row) => row.parentId);
  return parentIds.map((id) => toPage(byParent.get(id) ?? [], plan));
}

/** How many rows of the list match, for a viewer. */
export async function countList(
  db: Queryable,
  source: ListSource,
  where: unknown,
  only: Sql = sql`true`,
): Promise<number> {
  const statement = sql`
    select count(*)::int as count from ${source.from}
    where ${matching(source, where)} and ${only}`;
  const [row] = await read<{ count: number }>(db, statement, {});
  return row?.count ?? 0;
}

/** One statement of its own over the rows of a list that match: `rows` is `from … where …`, to be narrowed by `and`. */
export async function overList<Row>(
  db: Queryable,
  source: ListSource,
  where: unknown,
  statement: (rows: Sql) => Sql,
): Promise<Row[]> {
  const rows = sql`from ${source.from} where ${matching(source, where)}`;
  return read<Row>(db, statement(rows), {});
}

/** Every row of a list in its order, as one statement for a cursor: other columns of the same rows, or fewer rows. */
export function wholeList(
  source: ListSource,
  list: Pick<PageArguments, 'where' | 'orderBy'>,
  rows: { readonly select: Sql; readonly joins: Sql; readonly only: Sql },
): Sql {
  const order = join(
    (source.order ? ownTerms(source.id, source.order) : orderTerms(source, list.orderBy ?? [])).map(
      ({ expression, descending }) =>
        sql`${expression} ${raw(descending ? 'desc nulls first' : 'asc nulls last')}`,
    ),
  );
  return sql`
    select ${rows.select} from ${source.from} ${rows.joins}
    where ${matching(source, list.where)} and ${rows.only}
    order by ${order}`;
}

export async function countListByParent(
  db: Queryable,
  source: ListSource,
  parent: Sql,
  parentIds: readonly string[],
  where: unknown,
): Promise<number[]> {
  const statement = sql`
    select parent.id, (
      select count(*)::int from ${source.from}
      where ${matching(source, where)} and ${parent}) as count
    from unnest(${[...parentIds]}::uuid[]) as parent(id)`;
  const rows = await read<{ id: string; count: number }>(db, statement, {});
  const counts = new Map(rows.map((row) => [row.id, row.count]));
  return parentIds.map((id) => counts.get(id) ?? 0);
}

/** A value that the database cannot read is the client's: one of a cursor that is none of ours, or of the filter. */
async function read<Row>(
  db: Queryable,
  statement: Sql,
  page: Pick<PageArguments, 'after' | 'before'>,
): Promise<Row[]> {
  try {
    return await db.query<Row>(statement);
  } catch (error) {
    if (!isDataException(error)) throw error;
    if (page.after || page.before) throw notACursor(page.after ? 'after' : 'before');
    throw invalid('where', text('values that a column can have', '列可取的值'));
  }
}

/** SQLSTATE class 22: text that is no number, a date that is none, a character that no text can hold. */
function isDataException(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^22\w{3}$/.test(code);
}

/** Beside its own columns a row carries the values it is ordered by, as text, under these names. */
type PageRow = Readonly<Record<`cursorKey${number}`, string | null>>;

interface PagePlan {
  readonly size: number;
  readonly backward: boolean;
  readonly signature: string;
  readonly terms: number;
  readonly continued: boolean;
  statement(extra: Sql): Sql;
}

function planPage(source: ListSource, page: PageArguments): PagePlan {
  const { size, backward } = pageSize(page);
  const { order: own } = source;
  const terms = own ? ownTerms(source.id, own) : orderTerms(source, page.orderBy ?? []);
  const signature = own ? OWN_ORDER : orderSignature(page.orderBy ?? []);
  const past = own ? beyondRow : beyond;
  const cursor = backward ? page.before : page.after;
  const otherCursor = backward ? page.after : page.before;
  const bounds = [
    ...(page.after ? [past(terms, readCursor(page.after, signature, terms.length, 'after'), false)] : []),
    ...(page.before ? [past(terms, readCursor(page.before, signature, terms.length, 'before'), true)] : []),
  ];
  const where = matching(source, page.where);
  const order = join(
    terms.map((term) => {
      const descending = term.descending !== backward;
      return sql`${term.expression} ${raw(descending ? 'desc nulls first' : 'asc nulls last')}`;
    }),
  );
  const keys = join(
    terms.map((term, index) => sql`(${term.expression})::text as ${raw(`"cursorKey${index}"`)}`),
  );
  return {
    size,
    backward,
    signature,
    terms: terms.length,
    continued: Boolean(cursor ?? otherCursor),
    statement(extra) {
      const page = sql`
        from ${source.from}
        where ${where} and ${all(bounds)} ${extra}
        order by ${order}
        limit ${size + 1}::int`;
      return source.pageFirst
        ? sql`
          select ${source.select}, ${keys}
          from (select ${source.id} as "pageId" ${page}) page cross join ${source.from}
          where ${source.id} = page."pageId"
          order by ${order}`
        : sql`select ${source.select}, ${keys} ${page}`;
    },
  };
}

function toPage<Row>(rows: readonly (Row & PageRow)[], plan: PagePlan): Page<Row> {
  const more = rows.length > plan.size;
  const kept = rows.slice(0, plan.size);
  if (plan.backward) kept.reverse();
  return {
    rows: kept,
    cursorOf(row) {
      const keys = Array.from(
        { length: plan.terms },
        (_, index) => (row as PageRow)[`cursorKey${index}`] ?? null,
      );
      return writeCursor(keys, plan.signature);
    },
    hasNextPage: plan.backward ? plan.continued : more,
    hasPreviousPage: plan.backward ? more : plan.continued,
  };
}

function pageSize(page: PageArguments): { size: number; backward: boolean } {
  if (page.first != null && page.last != null) {
    throw invalid('last', text('Give first or last, not both.', 'first 与 last 只能给一个。'));
  }
  const backward = page.last != null || (page.first == null && page.before != null && page.after == null);
  const size = page.first ?? page.last ?? PAGE_SIZE.default;
  if (size < 0 || size > PAGE_SIZE.max) {
    throw invalid(
      page.last != null ? 'last' : 'first',
      text(
        `${size} is not accepted; a page has 0 to ${PAGE_SIZE.max} rows.`,
        `每页 0 到 ${PAGE_SIZE.max} 行，不接受 ${size}。`,
      ),
    );
  }
  return { size, backward };
}

interface SortTerm {
  readonly expression: Sql;
  readonly cast: Sql;
  readonly descending: boolean;
}

/** The order asked for, then the id as tie-break; its direction follows the first term, so that an index serves both. */
function orderTerms(source: ListSource, orderBy: readonly OrderTerm[]): SortTerm[] {
  const terms = orderBy.map(({ field, direction }) => {
    const definition = source.fields[field];
    if (!definition) throw new Error(`The order field ${field} has no column.`);
    const { column } = definition;
    return {
      expression: definition.protected ? sql`(case when ${source.full} then ${column} end)` : column,
      // Codes stand in the order in which they are declared: NORMAL before HIGH before URGENT, not by the alphabet.
      cast: definition.kind === 'Enum' ? raw(`"${definition.enumName}"`) : CAST[definition.kind],
      descending: direction === 'DESC',
    };
  });
  const descending = terms[0]?.descending ?? true;
  return [...terms, { expression: source.id, cast: raw('uuid'), descending }];
}

const OWN_ORDER = 'own';

function ownTerms(id: Sql, order: NonNullable<ListSource['order']>): SortTerm[] {
  return [
    ...order.map(({ expression, type }) => ({ expression, cast: raw(type), descending: false })),
    { expression: id, cast: raw('uuid'), descending: false },
  ];
}

/** Rows after a position (or before it) in an order whose terms all rise and are never null. */
function beyondRow(terms: readonly SortTerm[], keys: readonly (string | null)[], reverse: boolean): Sql {
  const row = join(terms.map(({ expression }) => expression));
  const position = join(terms.map(({ cast }, index) => sql`${keys[index] ?? null}::${cast}`));
  return sql`(${row}) ${raw(reverse ? '<' : '>')} (${position})`;
}

/** Rows after a position in the order (or before it): `a > x or (a = x and (b > y or …))`, nulls last when ascending. */
function beyond(terms: readonly SortTerm[], keys: readonly (string | null)[], reverse: boolean): Sql {
  return terms.reduceRight<Sql>((rest, term, index) => {
    const key = keys[index] ?? null;
    const upward = term.descending === reverse;
    const value = sql`${key}::${term.cast}`;
    if (key === null) {
      // Nulls stand after everything when going upward: only their own group is left; downward, all values follow.
      const inGroup = all([sql`${term.expression} is null`, rest]);
      return upward ? inGroup : any([sql`${term.expression} is not null`, inGroup]);
    }
    const past = upward
      ? sql`(${term.expression} > ${value} or ${term.expression} is null)`
      : sql`${term.expression} < ${value}`;
    const edge = upward
      ? sql`(${term.expression} >= ${value} or ${term.expression} is null)`
      : sql`${term.expression} <= ${value}`;
    // The plain bound in front lets an index start at the position.
    return all([edge, any([past, all([sql`${term.expression} = ${value}`, rest])])]);
  }, sql`false`);
}

function orderSignature(orderBy: readonly OrderTerm[]): string {
  const order = orderBy.map((term) => `${term.field} ${term.direction}`).join();
  return createHash('sha256').update(order).digest('base64url').slice(0, 6);
}

function writeCursor(keys: readonly (string | null)[], signature: string): string {
  return Buffer.from(JSON.stringify([signature, ...keys])).toString('base64url');
}

function readCursor(cursor: string, signature: string, length: number, argument: string): (string | null)[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && parsed.length === length + 1 && parsed[0] === signature) {
      const keys = parsed.slice(1);
      if (keys.every((key) => key === null || typeof key === 'string')) return keys;
    }
  } catch {
    // Not a cursor of ours: answered below, like one of another order.
  }
  throw notACursor(argument);
}

function notACursor(argument: string): InvalidInput {
  return invalid(
    argument,
    text(
      'This is no cursor of this list in this order; take one from pageInfo.',
      '游标与此列表及排序不符，请使用 pageInfo 中的游标。',
    ),
  );
}

/** The rows that the viewer sees and that match. */
function matching(source: ListSource, where: unknown): Sql {
  if (!demandsFull(source, where)) return all([source.visible, condition(source, where, ['where'], false)]);
  const among = source.fullAmong ? [sql`${source.id} = any(array(${source.fullAmong}))`] : [];
  return all([source.full, ...among, condition(source, where, ['where'], true)]);
}

/** True where only fully visible rows can match: a protected field is asked for outside any OR. */
function demandsFull(source: ListSource, where: unknown): boolean {
  return Object.entries((where ?? {}) as Record<string, unknown>).some(([name, value]) => {
    if (value === null || value === undefined || name === 'OR') return false;
    if (name === 'AND') return (value as unknown[]).some((part) => demandsFull(source, part));
    return source.fields[name]?.protected === true;
  });
}

/**
 * The typed `where` of a list as SQL. Every field of one object must hold; AND and OR nest. `full` says that only fully
 * visible rows are looked at.
 */
function condition(source: ListSource, where: unknown, path: readonly string[], full: boolean): Sql {
  if (where === null || where === undefined) return sql`true`;
  const parts = Object.entries(where as Record<string, unknown>).map(([name, value]) => {
    if (value === null || value === undefined) return sql`true`;
    if (name === 'AND')
      return all((value as unknown[]).map((part) => condition(source, part, [...path, name], full)));
    if (name === 'OR')
      return any((value as unknown[]).map((part) => condition(source, part, [...path, name], full)));
    const field = source.fields[name];
    if (!field) throw new Error(`The filter field ${name} has no column.`);
    const holds = comparison(field, value as Record<string, unknown>);
    return field.protected && !full ? all([source.full, holds]) : holds;
  });
  return all(parts);
}

function comparison(field: ListField, operators: Record<string, unknown>): Sql {
  const column = field.kind === 'Enum' ? sql`${field.column}::text` : field.column;
  const cast = CAST[field.kind];
  const parts = Object.entries(operators).map(([operator, value]) => {
    if (value === undefined) return sql`true`;
    if (value === null) {
      throw invalid(operator, text('null is not accepted; use isNull.', '不接受 null，请使用 isNull。'));
    }
    switch (operator) {
      case 'eq':
        return sql`${column} = ${value}::${cast}`;
      case 'in':
        return sql`${column} = any(${value}::${cast}[])`;
      case 'gte':
        return sql`${column} >= ${value}::${cast}`;
      case 'lt':
        return sql`${column} < ${value}::${cast}`;
      case 'contains':
        return contains(column, value as string, field.grams ?? false);
      case 'isNull':
        return value === true ? sql`${column} is null` : sql`${column} is not null`;
      default:
        throw new Error(`The operator ${operator} has no SQL.`);
    }
  });
  return all(parts);
}
