import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type TypeNode,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';

/** The documents that our own clients use, by the SHA-256 of their text. */
export interface TrustedDocuments {
  byHash(hash: string): string | null;
  has(text: string): boolean;
  readonly operationNames: ReadonlySet<string>;
}

export function loadTrustedDocuments(folder: string): TrustedDocuments {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const byHash = new Map(texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]));
  const known = new Set(texts);
  const names = texts.flatMap((text) =>
    [...text.matchAll(/^(?:query|mutation|subscription)\s+(\w+)/gm)].map((match) => match[1] ?? ''),
  );
  return {
    byHash: (hash) => byHash.get(hash) ?? null,
    has: (text) => known.has(text),
    operationNames: new Set(names),
  };
}

/**
 * The text to run for a request: its own, or that of the trusted document whose hash it names. Where only trusted
 * documents are answered, any other text is refused.
 */
export function requestedDocument(
  documents: TrustedDocuments,
  trustedOnly: boolean,
  request: { readonly query?: string | null; readonly extensions?: unknown },
): string | undefined {
  const { query, extensions } = request;
  const hash = (extensions as { persistedQuery?: { sha256Hash?: unknown } | null } | null | undefined)
    ?.persistedQuery?.sha256Hash;
  if (!query && typeof hash === 'string') {
    const text = documents.byHash(hash);
    if (text !== null) return text;
    throw new GraphQLError('There is no trusted document with this SHA-256.', {
      extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', http: { status: 400 } },
    });
  }
  if (trustedOnly && query && !documents.has(query)) {
    throw new GraphQLError(
      'Only the trusted documents of this server are answered, by their text or by its SHA-256.',
      {
        extensions: { code: 'TRUSTED_DOCUMENTS_ONLY', http: { status: 400 } },
      },
    );
  }
  return query ?? undefined;
}

/** Runs a compiled query; its variables are as the client sent them. */
export type CompiledExecution = (
  rootValue: unknown,
  context: unknown,
  variables: Readonly<Record<string, unknown>>,
) => ExecutionResult | Promise<ExecutionResult>;

/**
 * Compiles a trusted query once; null when it is no query or cannot be compiled. Each compiled document costs about
 * 180 KB, which is why others are interpreted.
 */
export function queryCompiler(
  schema: GraphQLSchema,
  onFailure: (operation: string, errors: readonly unknown[]) => void,
): (document: DocumentNode, operationName: string | null) => CompiledExecution | null {
  const compiled = new WeakMap<DocumentNode, Map<string | null, CompiledExecution | null>>();
  return (document, operationName) => {
    const byName = compiled.get(document) ?? new Map<string | null, CompiledExecution | null>();
    compiled.set(document, byName);
    const known = byName.get(operationName);
    if (known !== undefined) return known;
    const operation = getOperationAST(document, operationName);
    const query = operation?.operation === 'query' ? compile(schema, document, operation, onFailure) : null;
    byName.set(operationName, query);
    return query;
  };
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  onFailure: (operation: string, errors: readonly unknown[]) => void,
): CompiledExecution | null {
  const declared = operation.variableDefinitions ?? [];
  // Variables are read by graphql-js: the compiler never ends on an input that holds itself, such as a `where` with
  // AND and OR, and words its errors otherwise. To it each variable is a value that has been read.
  const untyped: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: declared.map(({ variable }) => ({
      kind: Kind.VARIABLE_DEFINITION,
      variable,
      type: ANY_VALUE,
    })),
  };
  const definitions = document.definitions.map((definition) =>
    definition === operation ? untyped : definition,
  );
  const result = compileQuery(schema, { ...document, definitions }, operation.name?.value, {
    disablingCapturingStackErrors: true,
  });
  if (!isCompiledQuery(result)) {
    onFailure(operation.name?.value ?? '', result.errors ?? []);
    return null;
  }
  return (rootValue, context, variables) => {
    const { coerced, errors } = getVariableValues(schema, declared, variables);
    return coerced ? result.query(rootValue, context, coerced) : { errors };
  };
}

const ANY_VALUE: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'JSON' } };
