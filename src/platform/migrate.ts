import type { PGlite } from '@electric-sql/pglite';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import type { Connection } from './database.ts';

/** The migrations and the database do not fit; the message says what to do. */
export class MigrationError extends Error {}

interface Migration {
  name: string;
  text: string;
  checksum: string;
}

interface AppliedMigration {
  name: string;
  checksum: string;
  finished: boolean;
}

/** The key that Prisma's own `migrate deploy` locks, so that the two exclude each other as well. */
const LOCK = 72707369;

/** Prisma's table, column by column, so that its tools can read the history. */
const HISTORY = `create table if not exists _prisma_migrations (
  id                  varchar(36) primary key not null,
  checksum            varchar(64) not null,
  finished_at         timestamptz,
  migration_name      varchar(255) not null,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

/**
 * Applies what the database lacks, in order, each file in a transaction of its own: a failing file leaves no trace
 * and the ones before it stay. Processes that start together wait for each other. `connection` is one session, used
 * by nobody else meanwhile.
 */
export async function migrate(
  connection: Connection,
  options: { directory: string; log: (message: string) => void },
): Promise<{ applied: string[] }> {
  const migrations = readMigrations(options.directory);
  // Neither waiting for the lock nor rewriting a large table ends after the pool's usual limit.
  await connection.exec('set statement_timeout = 0');
  await takeLock(connection, options.log);
  try {
    await connection.exec(HISTORY);
    const pending = missing(migrations, await appliedTo(connection));
    for (const migration of pending) {
      await apply(connection, migration);
      options.log(`Applied migration ${migration.name}`);
    }
    return { applied: pending.map((migration) => migration.name) };
  } finally {
    await giveBack(connection);
  }
}

export function postgresConnection(client: ClientBase): Connection {
  return {
    exec: async (text) => void (await client.query(text)),
    query: async (text, parameters = []) => (await client.query(text, parameters)).rows,
  };
}

export function embeddedConnection(lite: PGlite): Connection {
  return {
    exec: async (text) => void (await lite.exec(text)),
    query: async <Row>(text: string, parameters: unknown[] = []) =>
      (await lite.query<Row>(text, parameters)).rows,
  };
}

/** What `migrate` would apply. It changes nothing, and stops at the same contradictions. */
export async function pendingMigrations(connection: Connection, directory: string): Promise<string[]> {
  const migrations = readMigrations(directory);
  const [history] = await connection.query<{ exists: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as exists`,
  );
  const applied = history?.exists ? await appliedTo(connection) : [];
  return missing(migrations, applied).map((migration) => migration.name);
}

function readMigrations(directory: string): Migration[] {
  const names = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [];
  const migrations = names
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      // Line endings as in the repository, whatever a checkout made of them; the checksum is then Prisma's own.
      const text = readFileSync(join(directory, name, 'migration.sql'), 'utf8').replaceAll('\r\n', '\n');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (migrations.length === 0) throw new MigrationError(`There are no migrations in ${directory}.`);
  return migrations;
}

async function takeLock(connection: Connection, log: (message: string) => void): Promise<void> {
  const [lock] = await connection.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
    LOCK,
  ]);
  if (lock?.taken) return;
  log('Waiting for another process that is migrating this database');
  await connection.query('select pg_advisory_lock($1)', [LOCK]);
}

async function giveBack(connection: Connection): Promise<void> {
  try {
    await connection.query('select pg_advisory_unlock($1)', [LOCK]);
    await connection.exec('reset statement_timeout');
  } catch {
    // Only a lost connection fails here: it took the lock with it, and the first error says more.
  }
}

function appliedTo(connection: Connection): Promise<AppliedMigration[]> {
  return connection.query<AppliedMigration>(
    `select migration_name as name, checksum, finished_at is not null as finished
       from _prisma_migrations
      where rolled_back_at is null
      order by migration_name`,
  );
}

/** The migrations that are not applied yet; throws when those that are differ from the files. */
function missing(migrations: Migration[], applied: AppliedMigration[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const unknown = applied.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database is ahead of this version: it has ${unknown.join(', ')}. Run the version that brought it, or a later one.`,
    );
  }
  for (const { name, checksum, finished } of applied) {
    if (!finished) {
      throw new MigrationError(
        `Migration ${name} was begun by another tool and did not finish; repair it with that tool.`,
      );
    }
    if (known.get(name)?.checksum !== checksum) {
      throw new MigrationError(
        `Migration ${name} was changed after it had been applied. Restore the file and put the change into a new migration.`,
      );
    }
  }
  const done = new Set(applied.map(({ name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}

async function apply(connection: Connection, { name, text, checksum }: Migration): Promise<void> {
  await connection.exec('begin');
  try {
    await connection.exec(text);
    await connection.query(
      `insert into _prisma_migrations (id, migration_name, checksum, started_at, finished_at, applied_steps_count)
       values (gen_random_uuid()::text, $1, $2, now(), clock_timestamp(), 1)`,
      [name, checksum],
    );
    await connection.exec('commit');
  } catch (error) {
    await connection.exec('rollback').catch(() => undefined);
    // Without the error itself as the cause: it carries the whole file, which would fill the log.
    throw new MigrationError(
      `Migration ${name} failed and was rolled back${lineOf(error, text)}: ${message(error)}`,
    );
  }
}

function lineOf(error: unknown, text: string): string {
  const position = Number((error as { position?: unknown }).position ?? 0);
  return position > 0 ? ` (line ${text.slice(0, position).split('\n').length})` : '';
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
