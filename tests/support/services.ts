import pg from 'pg';
import { createClient } from 'redis';

/** Where PostgreSQL and Redis answer; null where they do not. */
export interface Services {
  postgres: string | null;
  redis: string | null;
}

/** Where they are when nothing is configured. */
export const LOCAL = {
  postgres: 'postgresql://postgres@127.0.0.1:5432/postgres',
  redis: 'redis://127.0.0.1:6379',
};

/** The services that the suite is told to run on. Without them it runs embedded. */
export const configured: Services = {
  postgres: process.env.TEST_DATABASE_URL || process.env.DATABASE_URL || null,
  redis: process.env.TEST_REDIS_URL || process.env.REDIS_URL || null,
};

let found: Promise<Services> | undefined;

/**
 * The configured services, or else those of this machine at their usual ports: for tests of what needs several
 * processes (`describe.skipIf(!redis)`). A configured service that does not answer is an error, not a skip.
 */
export function services(): Promise<Services> {
  found ??= findServices();
  return found;
}

async function findServices(): Promise<Services> {
  const [postgres, redis] = await Promise.all([
    find(configured.postgres, LOCAL.postgres, probePostgres),
    find(configured.redis, LOCAL.redis, probeRedis),
  ]);
  return { postgres, redis };
}

async function find(
  given: string | null,
  local: string,
  probe: (url: string) => Promise<void>,
): Promise<string | null> {
  const url = given ?? local;
  try {
    await probe(url);
    return url;
  } catch (error) {
    if (given === null) return null;
    throw new Error(`${new URL(given).host} was named for the tests and does not serve them.`, {
      cause: error,
    });
  }
}

async function probePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query(
      'select rolsuper or rolcreatedb as creates from pg_roles where rolname = current_user',
    );
    if (!rows[0]?.creates) throw new Error('The role may not create databases.');
  } finally {
    await client.end();
  }
}

async function probeRedis(url: string): Promise<void> {
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.destroy();
  }
}
