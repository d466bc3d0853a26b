// Makes and drops databases with the migrations applied. Used before the run (global-setup.ts) and in it (database.ts).
import { PGlite } from '@electric-sql/pglite';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import type { Connection } from '../../src/platform/database.ts';
import { embeddedConnection, migrate, postgresConnection } from '../../src/platform/migrate.ts';

const ROOT = dirname(dirname(import.meta.dirname));

const MIGRATIONS = join(ROOT, 'prisma/migrations');

/** Kept between runs, and removed with node_modules. */
export const CACHE = join(ROOT, 'node_modules/.cache/switchyard');

const QUIET = { directory: MIGRATIONS, log: () => undefined };

/** Creates a database on the server: a copy of `template`, or without one an empty database that is then migrated. */
export async function createDatabase(server: string, name: string, template?: string): Promise<string> {
  await onServer(server, (connection) =>
    connection.exec(`create database ${name}${template ? ` template ${template}` : ''}`),
  );
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (!template) await onServer(url.href, (connection) => migrate(connection, QUIET));
  return url.href;
}

export async function dropDatabase(server: string, name: string): Promise<void> {
  await onServer(server, (connection) => connection.exec(`drop database if exists ${name} with (force)`));
}

export async function onServer<Result>(
  url: string,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(postgresConnection(client));
  } finally {
    await client.end();
  }
}

/**
 * The folder of a migrated embedded database, to be copied. Its first boot takes seconds, so it is kept from run to
 * run for as long as the migrations stay as they are.
 */
export async function embeddedTemplate(): Promise<string> {
  const template = join(CACHE, `pgdata-${migrationsHash()}`);
  if (existsSync(template)) return template;
  mkdirSync(join(CACHE, 'runs'), { recursive: true });
  const outdated = readdirSync(CACHE).filter((name) => name.startsWith('pgdata-'));
  for (const name of outdated) rmSync(join(CACHE, name), { recursive: true, force: true });
  const making = mkdtempSync(join(CACHE, 'runs', 'template-'));
  try {
    await createEmbedded(making);
    renameSync(making, template);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Unless another run that started at the same moment was first.
    if (!existsSync(template)) throw error;
  }
  return template;
}

async function createEmbedded(folder: string): Promise<void> {
  const lite = await PGlite.create(folder);
  try {
    await migrate(embeddedConnection(lite), QUIET);
  } finally {
    await lite.close();
  }
}

function migrationsHash(): string {
  const manifest = readFileSync(join(ROOT, 'node_modules/@electric-sql/pglite/package.json'), 'utf8');
  const hash = createHash('sha256').update((JSON.parse(manifest) as { version: string }).version);
  for (const path of globSync('*/migration.sql', { cwd: MIGRATIONS }).sort()) {
    hash.update(path).update(readFileSync(join(MIGRATIONS, path)));
  }
  return hash.digest('hex').slice(0, 16);
}
