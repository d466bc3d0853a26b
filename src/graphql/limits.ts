import { complexityFromQuery } from '@pothos/plugin-complexity';
import { type DocumentNode, getOperationAST, GraphQLError, type GraphQLSchema, Kind } from 'graphql';

import { entryOf } from '../lib/maps.ts';
import { noteCost } from '../platform/operations.ts';

/** The most that one operation may ask for. Lists count their page size times what is asked of each row. */
export const LIMITS = {
  depth: 15,
  aliases: 30,
  tokens: 2_000,
  complexity: 20_000,
  bodyBytes: 1_000_000,
  batch: 1,
} as const;

export interface Cost {
  readonly complexity: number;
  readonly depth: number;
}

/** Costs worked out before, by document, operation and variables; documents are parsed once and kept. */
const costs = new WeakMap<DocumentNode, Map<string, Cost | null>>();
const COSTS_KEPT = 100;
const LONGEST_KEY = 500;

/** What an operation costs; refuses one that costs too much. */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): Cost | null {
  const key = `${operationName ?? ''} ${JSON.stringify(variables)}`;
  const workOut = () => workOutCost(schema, document, operationName, variables);
  if (key.length > LONGEST_KEY) return noted(workOut());
  const known = entryOf(costs, document, () => new Map<string, Cost | null>());
  if (known.size >= COSTS_KEPT && !known.has(key)) known.clear();
  return noted(entryOf(known, key, workOut));
}

function noted(cost: Cost | null): Cost | null {
  if (cost) noteCost(cost.complexity);
  return cost;
}

function workOutCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): Cost | null {
  const operation = getOperationAST(document, operationName);
  if (!operation) return null;
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  let cost: Cost;
  try {
    // Coerces the variables itself: a page size written as a variable's default counts too.
    cost = complexityFromQuery(
      { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] },
      { schema, variables },
    );
  } catch (error) {
    // Variables that do not fit: the execution answers with the precise error.
    if (error instanceof GraphQLError) return null;
    throw error;
  }
  if (cost.complexity > LIMITS.complexity) {
    noteCost(cost.complexity);
    throw new GraphQLError(
      `The operation costs ${cost.complexity}, at most ${LIMITS.complexity} is accepted; ask for smaller pages or fewer fields.`,
      {
        extensions: {
          code: 'QUERY_TOO_COMPLEX',
          cost: cost.complexity,
          limit: LIMITS.complexity,
          http: { status: 400 },
        },
      },
    );
  }
  return { complexity: cost.complexity, depth: cost.depth };
}
