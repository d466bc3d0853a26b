import { GraphQLError, type GraphQLSchema, isObjectType } from 'graphql';
import { isUuid } from '../lib/ids.ts';
import type { Reader } from '../organisation/queries.ts';
import type { Loader } from '../platform/loaders.ts';
import { builder } from './builder.ts';
import { globalId } from './ids.ts';
import type { Context } from './context.ts';

function notAnId(id: string, entity: string): GraphQLError {
  return new GraphQLError(`${JSON.stringify(id)} is no id of a ${entity}.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/**
 * Gives a type its Node id, and `node`/`nodes` over its guarded loader: one statement for any number of ids, and no
 * id answers with more than a list would. The loader gives null for what the viewer may not see. Its rows carry
 * `__typename`.
 */
export function nodeBy<Row extends { readonly id: string }>(
  ref: { readonly name: string },
  loader: Loader<Reader, string, Row | null>,
  /** Notes reads that the rules want recorded. */
  onRead: (rows: readonly Row[], context: Context) => void = () => undefined,
): void {
  builder.nodeRef(
    ref as never,
    {
      id: { resolve: (row: Row) => row.id, description: 'Opaque id, for node and as input of mutations.' },
      isTypeOf: (row: { readonly __typename?: string }) => row.__typename === ref.name,
      loadManyWithoutCache: async (ids: string[], context: Context) => {
        const rows = await loader.loadMany(context.read, ids.filter(isUuid));
        onRead(
          rows.filter((row): row is Row => row !== null && !(row instanceof Error)),
          context,
        );
        return ids.map((id) => (isUuid(id) ? rows.shift() : notAnId(id, ref.name)));
      },
    } as never,
  );
}

/**
 * Answers the ids of nodes without a promise for each: the relay plugin resolves them asynchronously, which cost a
 * tenth of a page of nested rows.
 */
export function resolveNodeIdsAtOnce(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || !type.getInterfaces().some((parent) => parent.name === 'Node')) continue;
    const field = type.getFields().id;
    if (field) field.resolve = (row: { readonly id: string }) => globalId(type.name, row.id);
  }
  return schema;
}
