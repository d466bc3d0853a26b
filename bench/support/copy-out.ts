import type pg from 'pg';

interface CopiedData {
  readonly chunk: Buffer;
}

/** What a `copy (…) to stdout` sent; every message of it is a row. */
export interface Copied {
  readonly rows: number;
  readonly bytes: number;
}

/** Runs a `copy (…) to stdout` on pg's own connection and throws away what comes. */
export function copyOut(client: pg.Client, text: string): Promise<Copied> {
  return new Promise((resolve, reject) => {
    const taken = { rows: 0, bytes: 0 };
    // The interface by which pg lets others speak on its connection, as its cursors do.
    client.query({
      submit: (connection: { query(text: string): void }) => connection.query(text),
      handleRowDescription: () => undefined,
      handleCopyData({ chunk }: CopiedData) {
        taken.rows += 1;
        taken.bytes += chunk.length;
      },
      handleCommandComplete: () => undefined,
      handleError: reject,
      handleReadyForQuery: () => resolve(taken),
    } as unknown as pg.Submittable);
  });
}
