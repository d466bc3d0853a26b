import { setTimeout } from 'node:timers/promises';
import { type Database, openEmbedded, openPostgres } from './database.ts';
import type { Environment } from './environment.ts';
import type { Log } from './log.ts';
import { sql } from './sql.ts';
import type { StatementObserver } from './statements.ts';

const RETRY_MAX_MS = 10_000;

/** Opens the database; one that is down is waited for with growing pauses, and `/health/ready` says so meanwhile. */
export async function openDatabase(
  environment: Environment,
  log: Log,
  isStopping: () => boolean,
  observe?: StatementObserver,
): Promise<Database> {
  const { DATABASE_URL: url } = environment;
  if (!url) return openEmbedded(environment.DATA_DIR, observe);
  const database = openPostgres(
    url,
    environment.DATABASE_POOL,
    (error) => log.warn({ err: error }, 'a database connection was lost'),
    observe,
  );
  const { host, pathname } = new URL(url);
  for (let pause = 500; ; pause = Math.min(pause * 2, RETRY_MAX_MS)) {
    try {
      await database.query(sql`select 1 as up`);
      return database;
    } catch (error) {
      if (isStopping()) throw error;
      const reason =
        error instanceof Error ? error.message || (error as { code?: string }).code : String(error);
      log.warn(
        `The database ${host}${pathname} does not answer (${reason}); trying again in ${pause / 1000} s.`,
      );
      await setTimeout(pause);
    }
  }
}
