import { sql } from '../../src/platform/sql.ts';
import { MONDAY_9, type TestServer } from '../support/server.ts';

const HOURS_TO_MIDNIGHT = 15;

/** The daily look at customers comes at the end of the first day again, wherever another test has left it. */
export async function endOfToday({ services }: TestServer): Promise<void> {
  const midnight = new Date(new Date(MONDAY_9).getTime() + HOURS_TO_MIDNIGHT * 3_600_000);
  await services.database.query(sql`
    update obligation set next_at = ${midnight}::timestamptz where kind = 'CUSTOMER_DAY' returning 1 as written`);
}
