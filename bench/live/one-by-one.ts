import pg from 'pg';

/**
 * The plain way to work off deadlines: each in a transaction of its own that takes one due row, writes the rung and the event,
 * and marks the row; ten at a time. It decides on nobody and names nobody, which favours it.
 */
export async function workOffOneByOne(databaseUrl: string, most: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  let done = 0;
  async function worker(): Promise<void> {
    while (done < most) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const { rows } = await client.query<{ id: string; subject_id: string }>(
          'select id, subject_id from obligation where next_at <= now() order by next_at limit 1 for update skip locked',
        );
        const [row] = rows;
        if (!row) {
          await client.query('rollback');
          return;
        }
        await client.query(
          `insert into escalation (id, ticket_id, cycle, level, reason, named, raised_at)
           values (gen_random_uuid(), $1, 0, 'L2', 'LIMIT_OVERDUE', '[]', now()) on conflict do nothing`,
          [row.subject_id],
        );
        await client.query(
          `insert into outbox (kind, severity, occurred_at, subject_type, subject_id, audience, payload)
           values ('COMPLAINT_OVERDUE', 'HIGH', now(), 'Ticket', $1, '{}', '{}')`,
          [row.subject_id],
        );
        await client.query(
          `update obligation set next_at = null, state = 'OVERDUE', step = 2 where id = $1`,
          [row.id],
        );
        await client.query('commit');
        done += 1;
      } finally {
        client.release();
      }
    }
  }
  await Promise.all(Array.from({ length: 10 }, worker));
  await pool.end();
  return done;
}
