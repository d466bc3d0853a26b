import { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { PrismaClient } from '../generated/prisma/client.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import { claimFolder, openFolder } from './folder-claim.ts';
import { plannedByValue } from './search.ts';
import { type Queryable, type Sql, sql } from './sql.ts';
import { observedAdapter, type StatementObserver, unobserved } from './statements.ts';

/** One connection for migrations: plain text in, rows out. */
export interface Connection {
  exec(text: string): Promise<void>;
  query<Row>(text: string, parameters?: unknown[]): Promise<Row[]>;
}

/**
 * The database behind both doors: PostgreSQL over a pool, or PGlite in the process. Reads are SQL over `query`;
 * writes go through a Prisma transaction that is also Queryable.
 */
export interface Database extends Queryable {
  readonly kind: 'postgresql' | 'embedded';
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /**
   * Runs the statement to its end and hands out its rows bit by bit, all as of one instant, while other work goes on:
   * the result waits in the database (in its memory or its temporary files), and neither a transaction nor locks are
   * held for a slow reader. An aborted signal ends the statement, or the reading.
   */
  withCursor<Result>(
    statement: Sql,
    signal: AbortSignal,
    work: (cursor: Cursor) => Promise<Result>,
  ): Promise<Result>;
  /** Runs on one connection of its own, outside any transaction. */
  withConnection<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
  /** What tells this database from a copy of it, or from itself when it was restored; stays the same otherwise. */
  identity(): Promise<string>;
  /** How the pool stands; null for the embedded database, which has none. */
  connections(): Connections | null;
  close(): Promise<void>;
}

export interface Connections {
  readonly inUse: number;
  readonly idle: number;
  /** Who waits for a connection. */
  readonly waiting: number;
  readonly most: number;
}

/** A result that is read bit by bit. */
export interface Cursor {
  /** Rows in all, known before the first is read. */
  readonly rowCount: number;
  /** The next rows in order, at most so many; none at the end. */
  next<Row>(most: number): Promise<Row[]>;
}

/** An open transaction: Prisma's typed writes, and SQL inside the same transaction. */
export interface Transaction extends Queryable {
  readonly prisma: Prisma.TransactionClient;
}

/** Waiting for a connection, and the life of a writing transaction, in milliseconds. */
const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 30_000 };

/**
 * Cursors have connections of their own, so that people who download keep nobody from working. Their rows are all
 * wanted, not the first tenth; a server that was left alone notices within two seconds.
 */
const CURSOR_CONNECTIONS = 4;
const CURSOR_OPTIONS =
  '-c timezone=UTC -c statement_timeout=120000 -c jit=off -c cursor_tuple_fraction=1 -c client_connection_check_interval=2000';

const OID = { int8: 20, date: 1082, timestamptz: 1184, numeric: 1700 } as const;

/** Both doors answer alike: exact decimals and dates as text, counts as numbers, instants as Date. */
const PARSERS: Record<number, (value: string) => unknown> = {
  [OID.int8]: Number,
  [OID.date]: (value) => value,
  [OID.timestamptz]: instant,
  [OID.numeric]: (value) => value,
};

function instant(value: string): Date {
  // The session speaks UTC: "2026-11-23 05:54:29.123+00" is ISO 8601 but for the T and the Z.
  return new Date(`${value.slice(0, 10)}T${value.slice(11, -3)}Z`);
}

/**
 * `limitMs` ends a statement or a transaction that takes longer: seconds for what a client waits for, minutes for work
 * of the command line.
 */
export function openPostgres(
  url: string,
  poolSize: number,
  onError: (error: Error) => void,
  observe: StatementObserver = unobserved,
  limitMs = TRANSACTION_LIMITS.timeout,
): Database {
  const shared = {
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        PARSERS[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  };
  const pool = new pg.Pool({
    ...shared,
    max: poolSize,
    // The server's own limit below does not hold when it hangs, or when the network swallows what is sent.
    query_timeout: limitMs + 1_000,
    options: `-c timezone=UTC -c idle_in_transaction_session_timeout=${limitMs} -c statement_timeout=${limitMs} -c jit=off`,
  });
  const cursors = new pg.Pool({
    ...shared,
    max: CURSOR_CONNECTIONS,
    // No query_timeout: its timer keeps each batch alive until the next full collection. The reader's signal ends one that hangs.
    options: CURSOR_OPTIONS,
  });
  // An idle connection that dies must not end the process; the next query opens another.
  for (const each of [pool, cursors]) each.on('error', onError);
  const prisma = new PrismaClient({
    adapter: observedAdapter(
      new PrismaPg(pool, { disposeExternalPool: false, onConnectionError: onError }),
      observe,
    ),
    transactionOptions: { ...TRANSACTION_LIMITS, timeout: limitMs },
  });
  const nameOf = statementNames();
  const database: Database = {
    kind: 'postgresql',
    async query<Row>(statement: Sql) {
      const { text } = statement;
      const result = await observe(text, () =>
        pool.query({ text, values: statement.values as unknown[], name: nameOf(text) }),
      );
      return result.rows as Row[];
    },
    transaction: (work) => prisma.$transaction((tx) => work(transactionOver(tx))),
    async withCursor(statement, signal, work) {
      signal.throwIfAborted();
      const client = await cursors.connect();
      // Closing the connection ends whatever it does.
      const cut = () => client.release(true);
      signal.addEventListener('abort', cut, { once: true });
      try {
        return await overCursor(
          (text, values = []) => observe(text, () => answered(client, text, values)),
          () => !signal.aborted,
          statement,
          signal,
          work,
        );
      } finally {
        signal.removeEventListener('abort', cut);
        if (!signal.aborted) client.release();
      }
    },
    async withConnection(work) {
      const client = await pool.connect();
      try {
        return await work({
          exec: async (text) => void (await client.query(text)),
          query: async (text, parameters = []) => (await client.query(text, parameters)).rows,
        });
      } finally {
        client.release();
      }
    },
    identity: () => identityOf(database),
    connections: () => ({
      inUse: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      most: poolSize,
    }),
    async close() {
      await prisma.$disconnect();
      await cursors.end();
      await pool.end();
    },
  };
  return database;
}

/**
 * The cluster, its timeline (another one after a promotion and after a restore to a point in time), the database in it,
 * and the table (another one where a dump was restored over it). A service that keeps the first two to itself is told
 * apart by the others alone.
 */
async function identityOf(database: Queryable): Promise<string> {
  const [place] = await database.query<{ place: string }>(sql`
    select (select oid from pg_database where datname = current_database()) || '.' || 'event_head'::regclass::oid
      as place`);
  const cluster = await database
    .query<{ cluster: string }>(sql`
      select system_identifier || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as cluster
      from pg_control_system()`)
    .then(([row]) => row?.cluster)
    .catch((error: unknown) => {
      if (WITHHELD.has((error as { code?: string }).code ?? '')) return 'unknown';
      throw error;
    });
  return `${cluster}.${place?.place}`;
}

/** Insufficient privilege, feature not supported, undefined function: as services answer that are not quite PostgreSQL. */
const WITHHELD = new Set(['42501', '0A000', '42883']);

/** A copy of a folder has other files than the folder, whatever they are called and say. */
function folderIdentity(folder: string): string {
  return [folder, join(folder, 'PG_VERSION')]
    .map((path) => statSync(path, { bigint: true }).ino.toString(36))
    .join('.');
}

export async function openEmbedded(
  dataDir: string,
  observe: StatementObserver = unobserved,
): Promise<Database> {
  openFolder(dataDir);
  const release = claimFolder(dataDir);
  const lite = await PGlite.create(join(dataDir, 'pgdata'));
  await lite.exec('set timezone = UTC; set cursor_tuple_fraction = 1');
  const prisma = new PrismaClient({
    adapter: observedAdapter(new PrismaPGlite(lite), observe),
    transactionOptions: TRANSACTION_LIMITS,
  });
  return {
    kind: 'embedded',
    async query<Row>(statement: Sql) {
      const result = await observe(statement.text, () =>
        lite.query(statement.text, statement.values.map(embeddedValue), { parsers: PARSERS }),
      );
      return result.rows as Row[];
    },
    transaction: (work) => prisma.$transaction((tx) => work(transactionOver(tx))),
    withCursor: (statement, signal, work) =>
      overCursor(
        async (text, values = []) => {
          const { rows, rowCount } = (await observe(text, () =>
            lite.query(text, values.map(embeddedValue), { parsers: PARSERS }),
          )) as { rows: unknown[]; rowCount?: number };
          return { rows, rowCount: rowCount ?? null };
        },
        () => true,
        statement,
        signal,
        work,
      ),
    async withConnection(work) {
      const done = await work({
        exec: async (text) => void (await lite.exec(text)),
        query: async <Row>(text: string, parameters: unknown[] = []) =>
          (await lite.query(text, parameters)).rows as Row[],
      });
      // Migrations make types; PGlite learns how to write arrays of them only when it is told to look.
      await lite.refreshArrayTypes();
      return done;
    },
    identity: async () => folderIdentity(join(dataDir, 'pgdata')),
    connections: () => null,
    async close() {
      await prisma.$disconnect();
      await lite.close();
      release();
    },
  };
}

/**
 * A query with a promise of our own: of pg's, each keeps the one before it alive until the next full collection, which
 * for the batches of a long result is all of its rows.
 */
function answered(client: pg.ClientBase, text: string, values: unknown[]): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(text, values, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

let cursorsOpened = 0;

/**
 * A cursor that holds its result beyond the transaction of its own statement. Moving to the end and back counts the
 * rows of that very result.
 */
async function overCursor<Result>(
  ask: (text: string, values?: unknown[]) => Promise<{ rows: unknown[]; rowCount: number | null }>,
  isConnected: () => boolean,
  statement: Sql,
  signal: AbortSignal,
  work: (cursor: Cursor) => Promise<Result>,
): Promise<Result> {
  // The embedded door has one session for all cursors.
  cursorsOpened += 1;
  const name = `rows_${cursorsOpened}`;
  signal.throwIfAborted();
  await ask(`declare ${name} scroll cursor with hold for ${statement.text}`, statement.values as unknown[]);
  try {
    const { rowCount } = await ask(`move forward all in ${name}`);
    await ask(`move absolute 0 in ${name}`);
    return await work({
      rowCount: rowCount ?? 0,
      async next<Row>(most: number) {
        signal.throwIfAborted();
        return (await ask(`fetch forward ${most} from ${name}`)).rows as Row[];
      },
    });
  } finally {
    // A connection that was cut has taken its cursor with it.
    if (isConnected()) await ask(`close ${name}`);
  }
}

/** The same database, telling of each statement that goes through it; typed writes of Prisma are not told. */
export function observed(database: Database, onStatement: (statement: Sql) => void): Database {
  function observing(target: Queryable): Queryable['query'] {
    return (statement) => {
      onStatement(statement);
      return target.query(statement);
    };
  }
  return {
    ...database,
    query: observing(database),
    withCursor(statement, signal, work) {
      onStatement(statement);
      return database.withCursor(statement, signal, work);
    },
    transaction: (work) => database.transaction((tx) => work({ prisma: tx.prisma, query: observing(tx) })),
  };
}

/** PGlite refuses numbers where it expects text, where pg sends everything as text. */
function embeddedValue(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function transactionOver(prisma: Prisma.TransactionClient): Transaction {
  return {
    prisma,
    async query<Row>(statement: Sql) {
      const rows = await prisma.$queryRaw<Record<string, unknown>[]>(statement);
      return rows.map(plainRow) as Row[];
    },
  };
}

/** Prisma answers decimals and big integers as objects; rows are to look the same through every door. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  for (const key in row) {
    const value = row[key];
    if (typeof value === 'bigint') row[key] = Number(value);
    else if (typeof value === 'object' && value !== null && 'toFixed' in value) row[key] = String(value);
  }
  return row;
}

/** A statement asked this often is prepared: each connection then parses and plans it once. */
const PREPARED_AFTER = 5;
/** Every filter makes a text of its own; only so many are kept, the others are parsed each time. */
const PREPARED_MOST = 200;
const COUNTED_MOST = 5_000;

function statementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  return (text) => {
    if (plannedByValue(text)) return undefined;
    const known = names.get(text);
    if (known !== undefined || names.size >= PREPARED_MOST) return known;
    const count = (counts.get(text) ?? 0) + 1;
    if (count < PREPARED_AFTER) {
      if (counts.size >= COUNTED_MOST) counts.clear();
      counts.set(text, count);
      return undefined;
    }
    counts.delete(text);
    const name = `s${names.size}`;
    names.set(text, name);
    return name;
  };
}

/** True for a failure of the way to the database rather than of a statement; such a request may be repeated. */
export function isConnectionFailure(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const code = String((cause as { code?: unknown }).code ?? '');
    if (
      /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|57P0[123]|08\d{3}|53300|P1001|P1002|P1008|P1017|P2024|P2028)$/.test(
        code,
      )
    ) {
      return true;
    }
    if (
      /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Can't reach database|DatabaseNotReachable|ConnectionClosed|Server has closed the connection/i.test(
        cause.message,
      )
    ) {
      return true;
    }
  }
  return false;
}
