import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate, postgresConnection } from '../../src/platform/migrate.ts';

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations');

/** A database of a benchmark's own, beside the one that DATABASE_URL names. */
export interface BenchDatabase {
  readonly name: string;
  readonly url: string;
  readonly client: pg.Client;
  drop(): Promise<void>;
}

function serverUrl(database?: string): string {
  const url = new URL(process.env.DATABASE_URL || 'postgresql://postgres@127.0.0.1:5432');
  if (database !== undefined) url.pathname = `/${database}`;
  else if (url.pathname.length <= 1) url.pathname = '/postgres';
  return url.href;
}

async function onServer(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(serverUrl());
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Creates and migrates a database, or opens one that an earlier run kept. */
export async function openBenchDatabase(kept?: string): Promise<BenchDatabase> {
  const name = kept ?? `switchyard_bench_${randomBytes(4).toString('hex')}`;
  if (kept === undefined)
    await onServer(async (server) => void (await server.query(`create database ${name}`)));
  const client = new pg.Client(serverUrl(name));
  await client.connect();
  return {
    name,
    url: serverUrl(name),
    client,
    async drop() {
      const roles = await client.query<{ rolname: string }>(
        'select rolname from pg_roles where starts_with(rolname, $1)',
        [`${name}_`],
      );
      for (const { rolname } of roles.rows)
        await client.query(`drop owned by ${rolname}; drop role ${rolname}`);
      await client.end();
      await onServer(async (server) => void (await server.query(`drop database ${name} with (force)`)));
    },
  };
}

export async function migrateAndFill(
  { client }: BenchDatabase,
  file: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await migrate(postgresConnection(client), { directory: MIGRATIONS, log: () => undefined });
  for (const [name, value] of Object.entries(settings)) {
    await client.query('select set_config($1, $2, false)', [name, value]);
  }
  await client.query(readFileSync(file, 'utf8'));
  // Writes the pages' hint bits and the visibility map now instead of during the first measurement.
  await client.query('vacuum analyze');
  await client.query('checkpoint');
}
