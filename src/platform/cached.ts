/** A value that is read once and kept until somebody says that it has changed. */
export interface Cached<Value> {
  get(): Promise<Value>;
  /** What is known now, without waiting; undefined before the first read. */
  peek(): Value | undefined;
  invalidate(): void;
}

export function cached<Value>(load: () => Promise<Value>): Cached<Value> {
  let value: Value | undefined;
  let fresh = false;
  let loading: Promise<Value> | undefined;
  let generation = 0;

  function read(): Promise<Value> {
    const started = generation;
    const promise = load().then(
      (loaded) => {
        value = loaded;
        if (loading === promise) loading = undefined;
        // Changed while it was being read: what was read may be the old state.
        fresh = started === generation;
        return loaded;
      },
      (error: unknown) => {
        if (loading === promise) loading = undefined;
        throw error;
      },
    );
    loading = promise;
    return promise;
  }

  return {
    get: async () => (fresh && value !== undefined ? value : (loading ?? read())),
    peek: () => value,
    invalidate() {
      generation += 1;
      fresh = false;
      loading = undefined;
    },
  };
}
