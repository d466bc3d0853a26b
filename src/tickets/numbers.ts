import { type Queryable, sql } from '../platform/sql.ts';

/** New ticket numbers, T and nine digits, unique in the company. */
export async function ticketNumbers(tx: Queryable, count: number): Promise<string[]> {
  const rows = await tx.query<{ value: number }>(sql`
    select nextval('ticket_number_seq') as value from generate_series(1, ${count}::int)`);
  return rows.map((row) => `T${String(row.value).padStart(9, '0')}`);
}
