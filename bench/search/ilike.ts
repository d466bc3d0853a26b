// The reference that bench/search names: the same page of customers by a plain ILIKE over their names, and of tickets over
// their texts and messages, from prepared statements behind node:http with the same token. It decides no rights.
import pg from 'pg';
import { serveBare } from '../support/bare-server.ts';

const { DATABASE_URL, DATABASE_POOL } = process.env;

const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: Number(DATABASE_POOL),
  options: '-c jit=off',
});

const { rows: people } = await pool.query<{ subject: string }>('select subject from employee');

const STATEMENTS = {
  customers: `
    select c.id, c.name, c.grade, e.name_en as owner
    from customer c left join employee e on e.id = c.owner_id
    where c.name ilike $1 order by c.id desc limit $2::int`,
  tickets: `
    select t.id, t.number, t.subject, t.status, t.content
    from ticket t
    where t.subject ilike $1 or t.content ilike $1
      or t.id in (select r.ticket_id from ticket_reply r where r.state = 'SENT' and r.body ilike $1)
    order by t.id desc limit $2::int`,
} as const;

interface Asked {
  readonly of: keyof typeof STATEMENTS;
  readonly term: string;
  readonly first: number;
}

async function page({ of, term, first }: Asked): Promise<string> {
  const { rows } = await pool.query({
    name: of,
    text: STATEMENTS[of],
    values: [`%${term.replaceAll(/[\\%_]/g, '\\$&')}%`, first + 1],
  });
  return JSON.stringify({ data: { [of]: rows.slice(0, first), hasNextPage: rows.length > first } });
}

serveBare(new Map(people.map(({ subject }) => [subject, subject])), (_viewer, asked: Asked) => page(asked));
