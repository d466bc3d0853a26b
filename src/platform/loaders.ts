import DataLoader from 'dataloader';
import { entryOf } from '../lib/maps.ts';

/**
 * A batched, per-request read: one statement for all keys that a request asks for at the same depth. Each request
 * has its own memory; nothing read for one viewer is ever seen by another.
 */
export interface Loader<Reader extends object, Key, Value> {
  load(reader: Reader, key: Key): Promise<Value>;
  loadMany(reader: Reader, keys: readonly Key[]): Promise<(Value | Error)[]>;
}

const BATCH = 1_000;

/** Stands for what a reader has read so far. */
const memories = new WeakMap<object, object>();

function memoryOf(reader: object): object {
  return entryOf(memories, reader, () => ({}));
}

/** Has a reader read again what it has read: called between the mutations of one request, each of which shows its own state. */
export function forgetReads(reader: object): void {
  memories.delete(reader);
}

/** `batch` answers in the order of the keys. */
export function defineLoader<Reader extends object, Key extends string, Value>(
  batch: (reader: Reader, keys: readonly Key[]) => Promise<readonly Value[]>,
): Loader<Reader, Key, Value> {
  const byRequest = new WeakMap<object, DataLoader<Key, Value>>();
  function of(reader: Reader): DataLoader<Key, Value> {
    return entryOf(
      byRequest,
      memoryOf(reader),
      () => new DataLoader((keys: readonly Key[]) => batch(reader, keys), { maxBatchSize: BATCH }),
    );
  }
  return {
    load: (reader, key) => of(reader).load(key),
    loadMany: (reader, keys) => of(reader).loadMany([...keys]),
  };
}

/**
 * The same for reads that take arguments beside the parent, such as a nested list: one statement per set of
 * arguments, whatever the number of parents.
 */
export function defineLoaderWith<Reader extends object, Arguments, Value>(
  batch: (reader: Reader, parentIds: readonly string[], args: Arguments) => Promise<readonly Value[]>,
): { load(reader: Reader, parentId: string, args: Arguments): Promise<Value> } {
  const byRequest = new WeakMap<object, Map<string, DataLoader<string, Value>>>();
  return {
    load(reader, parentId, args) {
      const byArguments = entryOf(
        byRequest,
        memoryOf(reader),
        () => new Map<string, DataLoader<string, Value>>(),
      );
      const loader = entryOf(
        byArguments,
        JSON.stringify(args),
        () => new DataLoader((ids: readonly string[]) => batch(reader, ids, args), { maxBatchSize: BATCH }),
      );
      return loader.load(parentId);
    },
  };
}

/** Rows in the order of the ids they were asked for; null where there is none. */
export function inOrder<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): (Row | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
