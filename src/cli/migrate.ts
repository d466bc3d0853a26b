// `npm run migrate`: brings the database of DATABASE_URL, or the embedded one under DATA_DIR, up to date.
import { join } from 'node:path';
import { openEmbedded, openPostgres } from '../platform/database.ts';
import { readEnvironment } from '../platform/environment.ts';
import { migrate } from '../platform/migrate.ts';

const directory = join(import.meta.dirname, '../../prisma/migrations');

async function main(): Promise<void> {
  const { DATABASE_URL, DATA_DIR } = readEnvironment(process.env);
  const database = DATABASE_URL
    ? openPostgres(DATABASE_URL, 2, (error) => console.error(error.message))
    : await openEmbedded(DATA_DIR);
  try {
    const { applied } = await database.withConnection((connection) =>
      migrate(connection, { directory, log: console.log }),
    );
    if (applied.length === 0) console.log('The database is up to date');
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
