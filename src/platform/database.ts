import { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import { join } from 'node:path';
import pg from 'pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { PrismaClient } from '../generated/prisma/client.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import { claimFolder, openFolder } from './folder-claim.ts';
import type { Queryable, Sql } from './sql.ts';

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
  /** Runs on one connection of its own, outside any transaction. */
  withConnection<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** An open transaction: Prisma's typed writes, and SQL inside the same transaction. */
export interface Transaction extends Queryable {
  readonly prisma: Prisma.TransactionClient;
}

/** Waiting for a connection, and the life of a writing transaction, in milliseconds. */
const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 30_000 };

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

export function openPostgres(url: string, poolSize: number, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // The server's own limit below does not hold when it hangs, or when the network swallows what is sent.
    query_timeout: 31_000,
    keepAlive: true,
    options:
      '-c timezone=UTC -c idle_in_transaction_session_timeout=30000 -c statement_timeout=30000 -c jit=off',
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        PARSERS[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  });
  // An idle connection that dies must not end the process; the next query opens another.
  pool.on('error', onError);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: false, onConnectionError: onError }),
    transactionOptions: TRANSACTION_LIMITS,
  });
  const nameOf = statementNames();
  const database: Database = {
    kind: 'postgresql',
    async query<Row>(statement: Sql) {
      const { text } = statement;
      const result = await pool.query({ text, values: statement.values as unknown[], name: nameOf(text) });
      return result.rows as Row[];
    },
    transaction: (work) => prisma.$transaction((tx) => work(transactionOver(tx))),
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
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
  return database;
}

export async function openEmbedded(dataDir: string): Promise<Database> {
  openFolder(dataDir);
  const release = claimFolder(dataDir);
  const lite = await PGlite.create(join(dataDir, 'pgdata'));
  await lite.exec('set timezone = UTC');
  const prisma = new PrismaClient({
    adapter: new PrismaPGlite(lite),
    transactionOptions: TRANSACTION_LIMITS,
  });
  return {
    kind: 'embedded',
    async query<Row>(statement: Sql) {
      const result = await lite.query(statement.text, statement.values.map(embeddedValue), {
        parsers: PARSERS,
      });
      return result.rows as Row[];
    },
    transaction: (work) => prisma.$transaction((tx) => work(transactionOver(tx))),
    withConnection: (work) =>
      work({
        exec: async (text) => void (await lite.exec(text)),
        query: async <Row>(text: string, parameters: unknown[] = []) =>
          (await lite.query(text, parameters)).rows as Row[],
      }),
    async close() {
      await prisma.$disconnect();
      await lite.close();
      release();
    },
  };
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
