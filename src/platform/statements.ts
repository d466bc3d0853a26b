import type { SqlDriverAdapterFactory, SqlQueryable } from '@prisma/driver-adapter-utils';
import type { Metrics } from './metrics.ts';
import { currentOperation } from './operations.ts';
import { activeSpan } from './tracing.ts';

/** Runs a statement and tells of it. The text carries placeholders, never values. */
export type StatementObserver = <Result>(text: string, run: () => Promise<Result>) => Promise<Result>;

/** Tells nobody. */
export const unobserved: StatementObserver = (_text, run) => run();

const VERBS = ['select', 'with', 'insert', 'update', 'delete', 'commit', 'rollback', 'declare', 'fetch'];

/** Every statement: in the figures, in the count of the operation that asks it, and as a span of its trace. */
export function observeStatements(metrics: Metrics): StatementObserver {
  const other = metrics.statementSeconds.labels('other');
  const byVerb = new Map(VERBS.map((verb) => [verb, metrics.statementSeconds.labels(verb)]));
  return async (text, run) => {
    const operation = currentOperation();
    if (operation) operation.statements += 1;
    const verb = verbOf(text);
    const span = activeSpan()?.child(
      verb.toUpperCase() || 'SQL',
      { 'db.system.name': 'postgresql', 'db.query.text': text.trim() },
      'client',
    );
    const started = performance.now();
    let failure: unknown;
    try {
      return await run();
    } catch (error) {
      failure = error ?? new Error('A statement failed.');
      throw error;
    } finally {
      (byVerb.get(verb) ?? other).observe((performance.now() - started) / 1000);
      span?.end(failure);
    }
  };
}

function verbOf(text: string): string {
  return /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? '';
}

/** The adapter of Prisma's client, telling of every statement: its typed writes never pass through anything of ours. */
export function observedAdapter<Factory extends SqlDriverAdapterFactory>(
  factory: Factory,
  observe: StatementObserver,
): Factory {
  function watch<Target extends SqlQueryable>(target: Target): Target {
    const queryRaw = target.queryRaw.bind(target);
    const executeRaw = target.executeRaw.bind(target);
    target.queryRaw = (query) => observe(query.sql, () => queryRaw(query));
    target.executeRaw = (query) => observe(query.sql, () => executeRaw(query));
    return target;
  }
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = watch(await connect());
    const startTransaction = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (isolation) => watch(await startTransaction(isolation));
    return adapter;
  };
  return factory;
}
