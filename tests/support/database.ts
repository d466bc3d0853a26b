import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createDatabase, dropDatabase, embeddedTemplate } from './migrated.ts';
import { configured, services } from './services.ts';

/** What global-setup.ts made for this run. */
export interface TestDatabases {
  /** Name of the run: prefix of all its databases, and the template's own name. */
  run: string;
  /** Scratch folder of the run. */
  folder: string;
  /** The PostgreSQL server under test; null when the suite runs embedded. */
  server: string | null;
  /** The migrated embedded folder; null when the suite runs on PostgreSQL. */
  embedded: string | null;
  /** One PostgreSQL database per worker. */
  clones: string[];
}

declare module 'vitest' {
  interface ProvidedContext {
    databases: TestDatabases;
  }
}

export interface FreshDatabase {
  databaseUrl: string | null;
  dataDir: string;
  drop(): Promise<void>;
}

/** URL of this worker's own migrated database; null when the suite runs embedded. */
export function testDatabaseUrl(): string | null {
  const { server, clones } = inject('databases');
  const clone = clones[Number(process.env.VITEST_POOL_ID) - 1];
  if (server && !clone) throw new Error(`Worker ${process.env.VITEST_POOL_ID} has no database.`);
  return clone ?? null;
}

/** URL of the Redis under test; null when the suite runs without. */
export function testRedisUrl(): string | null {
  return configured.redis;
}

/**
 * A new data folder: with a migrated embedded database in it when the suite runs embedded, else empty. It is
 * removed after the run.
 */
export function testDataDir(): string {
  return dataDirFrom(inject('databases').embedded);
}

function dataDirFrom(template: string | null): string {
  const dataDir = mkdtempSync(join(inject('databases').folder, 'data-'));
  if (template) cpSync(template, join(dataDir, 'pgdata'), { recursive: true });
  return dataDir;
}

/**
 * A migrated database that nobody else uses: for tests that look at everything in it, damage it, or start several
 * servers on it. A test that needs one kind says so, and for PostgreSQL skips itself where `services()` has none.
 */
export async function freshDatabase(kind?: 'embedded' | 'postgresql'): Promise<FreshDatabase> {
  const databases = inject('databases');
  const wanted = kind ?? (databases.server ? 'postgresql' : 'embedded');
  const dataDir = dataDirFrom(wanted === 'embedded' ? await embeddedTemplate() : null);
  const removeFolder = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  if (wanted === 'embedded') return { databaseUrl: null, dataDir, drop: async () => removeFolder() };
  const server = databases.server ?? (await services()).postgres;
  if (!server) throw new Error('No PostgreSQL answers; set TEST_DATABASE_URL.');
  const name = `${databases.run}_${dataDir.slice(-6).toLowerCase()}`;
  // Without a server under test there is no template to clone; migrating takes a little longer.
  const databaseUrl = await createDatabase(server, name, databases.server ? databases.run : undefined);
  return {
    databaseUrl,
    dataDir,
    async drop() {
      await dropDatabase(server, name);
      removeFolder();
    },
  };
}
