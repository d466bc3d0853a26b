// `npm run seed -- --size demo|100k|1m`: a made-up company of that many tickets in an empty database, the same every
// time. The sizes beyond the demo's need PostgreSQL (DATABASE_URL).
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SIZES } from '../demo/company.ts';
import { seedCompany } from '../demo/seed.ts';
import { systemClock } from '../platform/clock.ts';
import { commandRunner } from '../platform/command.ts';
import { openEmbedded, openPostgres } from '../platform/database.ts';
import { readEnvironment } from '../platform/environment.ts';
import { migrate } from '../platform/migrate.ts';
import { settingsAt } from '../platform/settings-register.ts';
import { sql } from '../platform/sql.ts';

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations');
/** Longer than the largest size takes on a slow machine. */
const LIMIT_MS = 30 * 60_000;

/** No relay runs here; the server's finds the events. */
function nothing(): void {}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { size: { type: 'string', default: 'demo' } } });
  const name = Object.keys(SIZES).find((size): size is keyof typeof SIZES => size === values.size);
  if (!name) throw new Error(`--size is "${values.size}"; accepted: ${Object.keys(SIZES).join(', ')}.`);
  const { DATABASE_URL, DATA_DIR, BUSINESS_TIME_ZONE } = readEnvironment(process.env);
  if (name !== 'demo' && !DATABASE_URL) {
    throw new Error(`--size ${name} needs PostgreSQL: set DATABASE_URL. The embedded database takes demo.`);
  }
  const database = DATABASE_URL
    ? openPostgres(DATABASE_URL, 2, (error) => console.error(error.message), undefined, LIMIT_MS)
    : await openEmbedded(DATA_DIR);
  try {
    await database.withConnection((connection) =>
      migrate(connection, { directory: MIGRATIONS, log: console.log }),
    );
    const started = performance.now();
    const now = systemClock.now();
    const origin = { now, actorId: null, requestId: null, settings: settingsAt([], now) };
    const written = await commandRunner({ database, afterCommit: nothing, onRun: nothing }).run(
      origin,
      (tx) => seedCompany(tx, BUSINESS_TIME_ZONE, SIZES[name]),
    );
    if (!written)
      throw new Error('The database has a company already; nothing was written. Use an empty one.');
    // Without it the planner would know nothing of what has just been written.
    await database.withConnection((connection) => connection.exec('analyze'));
    const [counted] = await database.query<{ tickets: number; shipments: number; customers: number }>(sql`
      select (select count(*)::int from ticket) as tickets, (select count(*)::int from shipment) as shipments,
             (select count(*)::int from customer) as customers`);
    console.log(
      `Wrote ${counted?.customers} customers, ${counted?.shipments} shipments and ${counted?.tickets} tickets in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
      'The figures are counted when a server runs.',
    );
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
