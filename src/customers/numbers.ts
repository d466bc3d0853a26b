import { type Queryable, sql } from '../platform/sql.ts';

/** New customer numbers, C and seven digits, unique in the company. */
export async function customerNumbers(tx: Queryable, count: number): Promise<string[]> {
  const rows = await tx.query<{ value: number }>(sql`
    select nextval('customer_number_seq') as value from generate_series(1, ${count}::int)`);
  return rows.map((row) => `C${String(row.value).padStart(7, '0')}`);
}
