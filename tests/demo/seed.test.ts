import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedDemo } from '../../src/demo/seed.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { readEnvironment } from '../../src/platform/environment.ts';
import { sql } from '../../src/platform/sql.ts';
import { buildServer, type Server } from '../../src/server.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { MONDAY_9, testEnvironment } from '../support/server.ts';

/** A server with the demo company of one instant. */
async function company(): Promise<{ server: Server; database: FreshDatabase }> {
  const database = await freshDatabase();
  const server = buildServer(
    readEnvironment(testEnvironment({ database })),
    new ManualClock(MONDAY_9),
    pino({ level: 'silent' }),
    { seed: seedDemo, sweep: false },
  );
  await server.start();
  return { server, database };
}

let one: Awaited<ReturnType<typeof company>>;
beforeAll(async () => {
  one = await company();
}, 120_000);
afterAll(async () => {
  await one.server.stop();
  await one.database.drop();
});

function query<Row>(statement: ReturnType<typeof sql>): Promise<Row[]> {
  return one.server.services.database.query<Row>(statement);
}

async function gql(role: string, document: string, variables: object) {
  const token = await one.server.services.sign?.(`demo-${role}`, 3_600);
  const answer = await fetch(`${one.server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: document, variables }),
  });
  return answer.json();
}

describe('the demo company', () => {
  it('has the sizes, grades and states that it promises', async () => {
    const [counts] = await query<Record<string, number>>(sql`
      select (select count(*)::int from customer) as customers, (select count(*)::int from key_account) as accounts,
             (select count(*)::int from ticket) as tickets, (select count(distinct status)::int from ticket) as states,
             (select count(distinct level)::int from key_account) as levels`);
    expect(counts).toMatchObject({ customers: 400, accounts: 40, tickets: 5_010, levels: 4 });
    expect(counts?.states).toBeGreaterThanOrEqual(7);
    const [shares] = await query<Record<string, number>>(sql`
      select avg((grade = 'A')::int)::float as a, avg((grade = 'B')::int)::float as b from customer where grade is not null`);
    expect(shares?.a).toBeCloseTo(0.2, 1);
    expect(shares?.b).toBeCloseTo(0.4, 1);
    const [onTime] = await query<{ share: number }>(sql`
      select avg((delivered_at <= promised_at)::int)::float as share from shipment where delivered_at is not null`);
    expect(onTime?.share).toBeCloseTo(0.93, 1);
  });

  it('has limits as the service clock sets them, for every kind of ticket', async () => {
    const sample = await query<{ id: string; category: string; dueAt: Date; answerDueAt: Date }>(sql`
      select id, category, resolution_due_at as "dueAt", first_response_due_at as "answerDueAt"
      from (select t.*, row_number() over (partition by category, severity order by hashint8(('x' || right(id::text, 8))::bit(32)::int)) as nth
            from ticket t where id < '01901001-0000-7000-8000-000000000000') t
      where nth <= 25`);
    expect(new Set(sample.map(({ category }) => category)).size).toBe(3);
    const { data } = await gql(
      'head',
      `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Ticket { sla { firstResponse { dueAt } resolution { dueAt } } } } }`,
      { ids: sample.map(({ id }) => globalId('Ticket', id)) },
    );
    sample.forEach(({ category, dueAt, answerDueAt }, place) => {
      const { sla } = data.nodes[place];
      expect(sla.resolution.dueAt, category).toBe(dueAt.toISOString());
      expect(sla.firstResponse.dueAt, category).toBe(answerDueAt.toISOString());
    });
  });

  it('has a complaint desk that is manned day and night for a month (TIC-02)', async () => {
    const { data } = await gql(
      'hr',
      '{ dutyDesks { edges { node { team { type } onDuty { phone employee { roles } } nextGap { from } } } } }',
      {},
    );
    const [{ node }, ...others] = data.dutyDesks.edges;
    expect(others).toEqual([]);
    expect(node).toMatchObject({
      team: { type: 'CUSTOMER_SERVICE' },
      onDuty: [{ phone: expect.stringMatching(/^021-5558/), employee: { roles: ['CS_AGENT'] } }],
    });
    expect((Date.parse(node.nextGap.from) - Date.parse(MONDAY_9)) / 86_400_000).toBeGreaterThan(29);
  });

  it('has histories that lead from each state to the next, in the order of time', async () => {
    const breaks = await query(sql`
      select * from (
        select h.ticket_id, h.action, h."from", h.at,
               lag(h."to") over w as before, lag(h.at) over w as earlier
        from ticket_history h where h.ticket_id < '01901001-0000-7000-8000-000000000000'
        window w as (partition by h.ticket_id order by h.at, h.id)
      ) s
      where s."from" is distinct from s.before or s.at < s.earlier limit 3`);
    expect(breaks).toEqual([]);
    const wrong = await query(sql`
      select t.id, t.status, h."to" from ticket t
      cross join lateral (select h."to" from ticket_history h where h.ticket_id = t.id order by h.at desc, h.id desc limit 1) h
      where h."to" <> t.status limit 3`);
    expect(wrong).toEqual([]);
  });

  it('gives every grade A file somebody who may read it, and every role somebody', async () => {
    const closed = await query(sql`
      select c.id from customer c where c.grade = 'A' and not exists (
        select 1 from customer_assignment a where a.customer_id = c.id and a.dedicated)`);
    expect(closed).toEqual([]);
    const { data, errors } = await gql(
      'ka-specialist',
      '{ viewer { employee { id } } keyAccounts { totalCount } tickets { totalCount } }',
      {},
    );
    expect(errors).toBeUndefined();
    expect(data.keyAccounts.totalCount).toBeGreaterThan(0);
  });

  it('raises escalations within minutes of its start', async () => {
    const due = await query<{ within: number }>(sql`
      select count(*)::int as within from obligation
      where next_at > ${new Date(MONDAY_9)}::timestamptz and next_at < ${new Date(Date.parse(MONDAY_9) + 60_000)}::timestamptz`);
    expect(due[0]?.within).toBeGreaterThan(0);
  });
});

describe('two companies of one instant', () => {
  const TABLES = [
    'customer',
    'contact',
    'key_account',
    'shipment',
    'contact_log',
    'kpi_target',
    'budget_line',
    'employee',
  ];

  it('are the same', { timeout: 120_000 }, async () => {
    const other = await company();
    try {
      for (const table of [...TABLES, 'ticket', 'ticket_history', 'follow_up', 'escalation']) {
        const checksum = async (server: Server) => {
          const [row] = await server.services.database.query<{ sum: string; rows: number }>({
            ...sql``,
            text: `select count(*)::int as rows, coalesce(sum(hashtextextended((to_jsonb(t) - 'updated_at' - 'version')::text, 0)), 0)::text as sum
                   from ${table} t where id::text like '0190%'`,
            values: [],
          } as unknown as ReturnType<typeof sql>);
          return row;
        };
        const [first, second] = [await checksum(one.server), await checksum(other.server)];
        expect(first?.rows, table).toBeGreaterThan(0);
        expect(second, table).toEqual(first);
      }
    } finally {
      await other.server.stop();
      await other.database.drop();
    }
  });
});
