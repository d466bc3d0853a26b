import type { InputFieldMap } from '@pothos/core';
import { GraphQLError, type GraphQLResolveInfo } from 'graphql';
import { DomainError, InvalidInput } from '../lib/errors.ts';
import { inLocale, text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import {
  countList,
  countListByParent,
  type ListField,
  type ListSource,
  listPage,
  listPagesByParent,
  type OrderTerm,
  PAGE_SIZE,
  type Page,
  type PageArguments,
} from '../platform/list.ts';
import { defineLoaderWith } from '../platform/loaders.ts';
import type { Sql } from '../platform/sql.ts';
import { builder, type Types } from './builder.ts';
import type { Context } from './context.ts';
import { ENUMS, type EnumName } from './enums.ts';
import { localId } from './ids.ts';
import { fieldsOfNodes } from './selection.ts';

const OrderDirection = builder.enumType('OrderDirection', {
  values: ['ASC', 'DESC'] as const,
  description: 'Rising or falling.',
});

const BooleanFilter = builder.inputType('BooleanFilter', {
  fields: (t) => ({ eq: t.boolean(), isNull: t.boolean() }),
});
const FILTERS = {
  ID: builder.inputType('IDFilter', {
    description: 'Compares Node ids.',
    fields: (t) => ({ eq: t.id(), in: t.idList(), isNull: t.boolean() }),
  }),
  String: builder.inputType('StringFilter', {
    description:
      '`contains` finds parts of words; it ignores upper and lower case, full and half width, and how much white space there is.',
    fields: (t) => ({ eq: t.string(), in: t.stringList(), contains: t.string(), isNull: t.boolean() }),
  }),
  Int: builder.inputType('IntFilter', {
    fields: (t) => ({ eq: t.int(), in: t.intList(), gte: t.int(), lt: t.int(), isNull: t.boolean() }),
  }),
  Decimal: builder.inputType('DecimalFilter', {
    fields: (t) => ({
      eq: t.field({ type: 'Decimal' }),
      gte: t.field({ type: 'Decimal' }),
      lt: t.field({ type: 'Decimal' }),
      isNull: t.boolean(),
    }),
  }),
  DateTime: builder.inputType('DateTimeFilter', {
    description: 'From `gte` up to, but not including, `lt`.',
    fields: (t) => ({
      eq: t.field({ type: 'DateTime' }),
      gte: t.field({ type: 'DateTime' }),
      lt: t.field({ type: 'DateTime' }),
      isNull: t.boolean(),
    }),
  }),
  Boolean: BooleanFilter,
} as const;

const enumFilters = new Map<string, unknown>();

function filterOf(field: ListField) {
  if (field.kind !== 'Enum') return FILTERS[field.kind];
  const name = field.enumName as EnumName;
  const known = enumFilters.get(name) as typeof BooleanFilter | undefined;
  if (known) return known;
  const made = builder.inputType(`${name}Filter`, {
    fields: (t) => ({
      eq: t.field({ type: ENUMS[name] }),
      in: t.field({ type: [ENUMS[name]] }),
      isNull: t.boolean(),
    }),
  });
  enumFilters.set(name, made);
  return made as unknown as typeof BooleanFilter;
}

interface NamedType {
  readonly name: string;
}

/** The fields a list can be filtered and ordered by, without their SQL. */
export type ListFields = Readonly<Record<string, ListField>>;

/** The lists of the schema by entity, for what is made over any of them; complete once the areas have added theirs. */
const listsByEntity = new Map<
  string,
  Pick<ListTypes<{ readonly id: string }>, 'fields' | 'where' | 'order'>
>();

export function listOf(
  entity: string,
): Pick<ListTypes<{ readonly id: string }>, 'fields' | 'where' | 'order'> {
  const list = listsByEntity.get(entity);
  if (!list) throw new Error(`There is no list of ${entity}.`);
  return list;
}

/** The GraphQL side of a list of one entity: its `where`, `orderBy`, connection and edge types. */
export interface ListTypes<Row extends { readonly id: string }> {
  readonly entity: string;
  readonly node: NamedType;
  /** Only for the compiler: the rows of the list. */
  readonly row?: Row;
  readonly fields: ListFields;
  readonly where: ReturnType<typeof builder.inputRef<object>>;
  readonly order: ReturnType<typeof builder.inputRef<OrderTerm>>;
  readonly connection: ReturnType<typeof builder.connectionObject>;
}

export function listTypes<Row extends { readonly id: string }>(
  entity: string,
  node: NamedType,
  fields: ListFields,
): ListTypes<Row> {
  const where = builder.inputRef<object>(`${entity}Where`);
  where.implement({
    description: `All given fields must hold. Columns of a protected file are matched only where the viewer may read it.`,
    fields: (t) =>
      ({
        ...Object.fromEntries(
          Object.entries(fields).map(([name, field]) => [name, t.field({ type: filterOf(field) })]),
        ),
        AND: t.field({ type: [where] }),
        OR: t.field({ type: [where] }),
      }) as InputFieldMap,
  });
  const orderable = Object.entries(fields)
    .filter(([, field]) => field.orderable !== false)
    .map(([name]) => name);
  const orderField = builder.enumType(`${entity}OrderField`, {
    description: `What a list of ${entity} can be ordered by; the id breaks ties.`,
    values: orderable as [string, ...string[]],
  });
  const order = builder.inputRef<OrderTerm>(`${entity}Order`);
  order.implement({
    fields: (t) =>
      ({
        field: t.field({ type: orderField, required: true }),
        direction: t.field({ type: OrderDirection, required: true, defaultValue: 'ASC' }),
      }) as never,
  });
  const connection = builder.connectionObject(
    { type: node, name: `${entity}Connection` } as never,
    {
      name: `${entity}Edge`,
    } as never,
  );
  listsByEntity.set(entity, { fields, where, order });
  return { entity, node, fields, where, order, connection } as ListTypes<Row>;
}

export type ArgumentBuilder = PothosSchemaTypes.QueryFieldBuilder<Types, object>['arg'];

interface ListArguments extends PageArguments {
  readonly where?: object | null;
}

/** A connection of a list at the root of the schema: `tickets(where, orderBy, first, after, …)`. */
export function rootList<Row extends { readonly id: string }, Extra extends object = object>(
  name: string,
  types: ListTypes<Row>,
  options: {
    description: string;
    /** `asked` names the fields that the rows are asked for, for lists that read only their columns. */
    source: (reader: Reader, asked: ReadonlySet<string>, args: Extra) => ListSource;
    /** Arguments beside `where`, as a list with its own order takes them instead of `orderBy`. */
    args?: (t: ArgumentBuilder) => object;
    /** Notes reads that the rules want recorded. */
    onRead?: (rows: readonly Row[], context: Context) => void;
  },
): void {
  builder.queryField(name, (t) =>
    t.connection(
      {
        type: types.node,
        description: options.description,
        args: options.args
          ? { where: listArguments(t, types).where, ...options.args(t.arg) }
          : listArguments(t, types),
        complexity: listComplexity,
        resolve: async (
          _root: unknown,
          args: ListArguments & Extra,
          context: Context,
          info: GraphQLResolveInfo,
        ) => {
          return answering(context, async () => {
            const source = options.source(context.read, fieldsOfNodes(info), args);
            const where = decodedWhere(types.fields, args.where, ['where']);
            const page = await listPage<Row>(context.read, source, { ...args, where });
            options.onRead?.(page.rows, context);
            return toConnection(page, () => countList(context.read, source, where));
          });
        },
      } as never,
      types.connection as never,
    ),
  );
}

/**
 * A connection below another entity. All parents of a request share one statement per set of arguments.
 * `parent` is the condition that ties a row to `parent.id`.
 */
export function nestedList<Row extends { readonly id: string }>(
  parentType: string,
  name: string,
  types: ListTypes<Row>,
  options: {
    description: string;
    source: (reader: Reader) => ListSource;
    parent: Sql;
    onRead?: (rows: readonly Row[], context: Context) => void;
  },
): void {
  const pages = defineLoaderWith((reader: Reader, ids, args: PageArguments) =>
    listPagesByParent<Row>(reader, options.source(reader), options.parent, ids, args),
  );
  const counts = defineLoaderWith((reader: Reader, ids, where: unknown) =>
    countListByParent(reader, options.source(reader), options.parent, ids, where),
  );
  builder.objectField(parentType as never, name, (t) =>
    (t as unknown as { connection: (...options: unknown[]) => never }).connection(
      {
        type: types.node,
        description: options.description,
        args: listArguments(t, types),
        complexity: listComplexity,
        resolve: async (parent: { readonly id: string }, args: ListArguments, context: Context) => {
          return answering(context, async () => {
            const where = decodedWhere(types.fields, args.where, ['where']);
            const page = await pages.load(context.read, parent.id, { ...args, where });
            options.onRead?.(page.rows, context);
            return toConnection(page, () => counts.load(context.read, parent.id, where ?? null));
          });
        },
      },
      types.connection,
    ),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: Pothos' field builders differ by parent kind; both have `arg`.
function listArguments(t: { arg: any }, types: Pick<ListTypes<{ readonly id: string }>, 'where' | 'order'>) {
  return { where: t.arg({ type: types.where }), orderBy: t.arg({ type: [types.order] }) };
}

function listComplexity(args: PageArguments) {
  return { field: 2, multiplier: Math.max(1, args.first ?? args.last ?? PAGE_SIZE.default) };
}

function toConnection<Row>(page: Page<Row>, totalCount: () => Promise<number>) {
  const edges = page.rows.map((row) => ({
    // Written only for who asks: most clients need the last one alone.
    get cursor() {
      return page.cursorOf(row);
    },
    node: row,
  }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}

/** Node ids of a `where` become row ids; everything else stays. */
export function decodedWhere(
  fields: ListFields,
  where: object | null | undefined,
  path: readonly string[],
): object | undefined {
  if (!where) return undefined;
  return Object.fromEntries(
    Object.entries(where).map(([name, value]) => {
      if ((name === 'AND' || name === 'OR') && Array.isArray(value)) {
        return [name, value.map((part) => decodedWhere(fields, part as object, [...path, name]))];
      }
      const field = fields[name];
      return [
        name,
        field?.kind === 'ID' && value ? decodedFilter(field, value as object, [...path, name]) : value,
      ];
    }),
  );
}

function decodedFilter(field: ListField, filter: object, path: readonly string[]): object {
  function one(value: unknown): string {
    const id = localId(String(value), field.entity ?? '');
    if (id !== null) return id;
    throw new InvalidInput([
      {
        path,
        message: text(
          `${JSON.stringify(value)} is no id of a ${field.entity}.`,
          `${JSON.stringify(value)} 不是 ${field.entity} 的 id。`,
        ),
      },
    ]);
  }
  return Object.fromEntries(
    Object.entries(filter).map(([operator, value]) => [
      operator,
      operator === 'eq' && value !== null
        ? one(value)
        : operator === 'in' && Array.isArray(value)
          ? value.map(one)
          : value,
    ]),
  );
}

/** Queries have no result union: a wrong argument becomes an error of the request with a stable code. */
export async function answering<Result>(context: Context, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) throw asGraphQLError(error, context);
    throw error;
  }
}

export function asGraphQLError(error: DomainError, context: Pick<Context, 'locale'>): GraphQLError {
  return new GraphQLError(inLocale(error.text, context.locale), {
    extensions: {
      code: error instanceof InvalidInput ? 'BAD_USER_INPUT' : error.code,
      argument: error.path?.join('.'),
    },
  });
}
