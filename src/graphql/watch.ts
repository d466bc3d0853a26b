import { hash } from 'node:crypto';
import { type DocumentNode, getOperationAST, type GraphQLError, type GraphQLSchema } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { currentOperation, noteCode } from '../platform/operations.ts';
import { activeSpan, traced } from '../platform/tracing.ts';

const hashes = new WeakMap<DocumentNode, string>();

/** Notes on the operation that runs what its document says. */
function noteDocument(document: DocumentNode, text: string, operationName: unknown): void {
  const running = currentOperation();
  if (!running) return;
  let known = hashes.get(document);
  if (known === undefined) {
    known = hash('sha256', text);
    hashes.set(document, known);
  }
  running.hash = known;
  const operation = getOperationAST(document, typeof operationName === 'string' ? operationName : null);
  running.kind = operation?.operation ?? null;
  running.name = operation?.name?.value ?? null;
}

/** Notes the codes of an answer's errors. */
export function noteErrors(errors: readonly Pick<GraphQLError, 'extensions'>[] | undefined): void {
  for (const error of errors ?? []) noteCode(error.extensions?.code ?? 'UNCODED');
}

/** Fills in what the log, the figures and the traces tell of an operation. Stands behind the plugin that chooses how to execute. */
export function watching(): Plugin {
  return {
    onParams: ({ params }) => {
      // A document that cannot be parsed is told by this alone.
      const running = currentOperation();
      if (running && typeof params.query === 'string') running.text = params.query;
    },
    onParse: ({ params, context }) => {
      const text = typeof params.source === 'string' ? params.source : params.source.body;
      const { operationName } = (context as { params?: { operationName?: unknown } }).params ?? {};
      return ({ result }) => {
        if (result && !(result instanceof Error)) noteDocument(result as DocumentNode, text, operationName);
      };
    },
    onExecute: ({ executeFn, setExecuteFn }) => {
      const running = currentOperation();
      if (!running || !activeSpan()) return;
      const { kind, name, hash: documentHash } = running;
      setExecuteFn((args) =>
        traced(
          name ? `${kind} ${name}` : `${kind}`,
          {
            'graphql.operation.type': kind ?? undefined,
            'graphql.operation.name': name ?? undefined,
            'graphql.document.hash': documentHash ?? undefined,
          },
          () => executeFn(args),
        ),
      );
    },
    onResultProcess: ({ result }) => {
      if (!isAsyncIterable(result) && !Array.isArray(result)) noteErrors(result.errors);
    },
  };
}

const tracedSchemas = new WeakSet<GraphQLSchema>();

/** Makes a span of each root field; fields below it are too many and too short to be worth one. */
export function traceRootFields(schema: GraphQLSchema): void {
  if (tracedSchemas.has(schema)) return;
  tracedSchemas.add(schema);
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const { resolve } = field;
      if (!resolve) continue;
      field.resolve = (root, args, context, info) =>
        traced(`${info.parentType.name}.${field.name}`, { 'graphql.field.name': field.name }, () =>
          resolve(root, args, context, info),
        );
    }
  }
}
