import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLFieldMap,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  isUnionType,
  parse,
} from 'graphql';
import { isConnectionFailure } from '../platform/database.ts';
import type { Context } from './context.ts';
import type { LiveItem } from './live-hub.ts';

/** An item of a feed as data: what a subscriber receives who selects the whole card. */
export type Card = Readonly<Record<string, unknown>>;

/**
 * Writes items of `liveEvents` outside of a subscription: every field of an event's card, and which record it is about.
 * The document is read off the schema, so that a field that is added to an event is in here as it is in the feed.
 */
export function cardWriter(
  schema: GraphQLSchema,
  maskResult: (result: ExecutionResult) => ExecutionResult,
): (item: LiveItem, context: Context) => Promise<Card> {
  const document = cardDocument(schema);
  return async (item, context) => {
    const result = await execute({ schema, document, rootValue: item, contextValue: context });
    const lost = result.errors?.find((error) => isConnectionFailure(error.originalError));
    if (lost) throw lost;
    await context.settle();
    const { data, errors } = maskResult(result);
    const card = (data as { liveEvents?: Card } | null | undefined)?.liveEvents;
    if (!card) throw new Error(`An event could not be written: ${errors?.[0]?.message}`);
    return card;
  };
}

function cardDocument(schema: GraphQLSchema): DocumentNode {
  const union = schema.getType('LiveEventFeedItem');
  if (!isUnionType(union)) throw new Error('The feed liveEvents has no items.');
  const fragments = union.getTypes().map((type) => {
    const about = type.getFields().subject ? ' subject { __typename id }' : '';
    return `... on ${type.name} { ${cardFields(type.getFields()).join(' ')}${about} }`;
  });
  return parse(`subscription { liveEvents { __typename ${fragments.join(' ')} } }`, { noLocation: true });
}

/** Values of an event that have parts; whatever else has fields is a record, and read by its id. */
const COMPOSITE = new Set(['Money']);

/** Fields that stand for themselves. */
function cardFields(fields: GraphQLFieldMap<unknown, unknown>): string[] {
  return Object.values(fields).flatMap(({ name, args, type: declared }) => {
    const type = getNamedType(declared);
    if (args.length > 0) return [];
    if (isLeafType(type)) return [name];
    if (!isObjectType(type) || !COMPOSITE.has(type.name)) return [];
    return [`${name} { ${cardFields(type.getFields()).join(' ')} }`];
  });
}
