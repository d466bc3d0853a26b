import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  getArgumentValues,
  type getNamedType,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Locale } from '../lib/text.ts';
import type { FeedName, LiveRequest, LiveSink } from './live-hub.ts';
import { operationCost } from './limits.ts';
import { liveFilter } from './live-types.ts';

/** Who subscribes. */
export interface LiveCaller {
  readonly subject: string;
  readonly expiresAt: Date;
  readonly locale: Locale;
}

/** Reads a validated subscription into what the live hub needs; answers with errors when its variables do not fit. */
export function liveRequest(
  args: Pick<ExecutionArgs, 'schema' | 'document' | 'operationName' | 'variableValues'>,
  caller: LiveCaller,
  sink: LiveSink,
): LiveRequest | { readonly errors: readonly GraphQLError[] } {
  const { schema, document } = args;
  const operationName = args.operationName ?? null;
  const operation = getOperationAST(document, operationName);
  const type = schema.getSubscriptionType();
  const field = operation?.selectionSet.selections[0];
  if (!operation || !type || field?.kind !== Kind.FIELD || operation.selectionSet.selections.length !== 1) {
    return {
      errors: [
        new GraphQLError('A subscription selects exactly one feed, not through a fragment.', {
          extensions: { code: 'BAD_USER_INPUT' },
        }),
      ],
    };
  }
  const definition = type.getFields()[field.name.value];
  if (!definition) return { errors: [badInput(new GraphQLError(`There is no feed ${field.name.value}.`))] };
  const variables = getVariableValues(schema, operation.variableDefinitions ?? [], args.variableValues ?? {});
  if (variables.errors) return { errors: variables.errors.map(badInput) };
  try {
    operationCost(schema, document, operationName, args.variableValues ?? {});
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
  const values = getArgumentValues(definition, field, variables.coerced);
  return {
    feed: field.name.value as FeedName,
    document,
    operationName,
    variables: args.variableValues ?? {},
    sharedKey: JSON.stringify(withoutCursor(args.variableValues ?? {}, field)),
    filter: liveFilter(values.where as Parameters<typeof liveFilter>[0]),
    after: (values.after as string | null | undefined) ?? null,
    locale: caller.locale,
    subject: caller.subject,
    expiresAt: caller.expiresAt,
    perViewer: readsBeyondCard(schema, document),
    sink,
  };
}

function badInput(error: GraphQLError): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** Two clients that differ only in where they resume share everything once they are live. */
function withoutCursor(
  variables: Readonly<Record<string, unknown>>,
  field: FieldNode,
): Record<string, unknown> {
  const cursor = field.arguments?.find((argument) => argument.name.value === 'after')?.value;
  if (cursor?.kind !== Kind.VARIABLE) return { ...variables };
  const { [cursor.name.value]: _cursor, ...rest } = variables;
  return rest;
}

const beyondCard = new WeakMap<DocumentNode, boolean>();

/** True when the document selects a field that reads more than the event's own card. */
function readsBeyondCard(schema: GraphQLSchema, document: DocumentNode): boolean {
  const known = beyondCard.get(document);
  if (known !== undefined) return known;
  const typeInfo = new TypeInfo(schema);
  let beyond = false;
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field() {
        const parent = typeInfo.getParentType();
        if (!isObjectType(parent) && !isInterfaceType(parent)) return;
        const definition = typeInfo.getFieldDef();
        if (definition?.extensions.beyondCard === true || isInterfaceField(definition?.name, parent))
          beyond = true;
      },
    }),
  );
  beyondCard.set(document, beyond);
  return beyond;
}

/** An object's field that an interface marks; Pothos copies fields of interfaces but not always their extensions. */
function isInterfaceField(name: string | undefined, parent: ReturnType<typeof getNamedType>): boolean {
  if (!name || !isObjectType(parent)) return false;
  return parent.getInterfaces().some((type) => type.getFields()[name]?.extensions.beyondCard === true);
}
