import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refreshCadence } from '../../src/visits/commands/cadence.ts';
import type { Command } from '../../src/platform/command.ts';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeContact, makeCustomer, makeCustomers, makeKeyAccount } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';

// A server and a database of its own: the clock moves by months, and the nightly pass looks at all customers.
let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  // Nobody goes dormant here while months pass.
  await setSetting(server, 'customer.inactiveDays', 730);
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const OWNER = people.ACCOUNT_MANAGER_LOGISTICS;

async function sweepAt(wallClock: string): Promise<void> {
  server.clock.set(shanghai(wallClock));
  await server.sweep();
}

/** Sets the clock, also back: the nightly pass begins anew from there. */
async function begin(wallClock: string): Promise<void> {
  const now = shanghai(wallClock);
  server.clock.set(now);
  await server.services.database.query(sql`
    update obligation set next_at = ${now}::timestamptz, starts_at = ${now}::timestamptz, step = 0
    where kind = 'CADENCE_NIGHT' returning 1 as written`);
}

interface Made {
  readonly customer: Named;
  readonly host: Named;
}

async function made(facts: object = {}): Promise<Made> {
  const customer = await makeCustomer(server, {
    ownerId: OWNER.id,
    registeredAt: server.clock.now(),
    ...facts,
  });
  const host = await makeContact(server, { customerId: customer.id, seniority: 'TOP_LEADER' });
  return { customer, host };
}

async function call({ customer, host }: Made, at: string, more: object = {}): Promise<void> {
  const answer = await mutate(server, 'HEAD', 'contactLogRecord', {
    customerId: customer.nodeId,
    contactId: host.nodeId,
    channel: 'PHONE',
    outcome: 'REACHED',
    content: '询价',
    at: shanghai(at).toISOString(),
    ...more,
  });
  expect(answer.__typename).toBe('ContactLogRecordSuccess');
}

async function visit({ customer, host }: Made, at: string, more: object = {}): Promise<void> {
  const answer = await mutate(server, 'HEAD', 'visitRecord', {
    customerId: customer.nodeId,
    hostId: host.nodeId,
    type: 'RELATION',
    purpose: 'Talk',
    content: 'Talked',
    doneAt: shanghai(at).toISOString(),
    ...more,
  });
  expect(answer.__typename).toBe('VisitRecordSuccess');
}

/** What a customer is owed on one dimension, as it is kept. */
async function statesOf({ customer }: Made, dimension: string): Promise<string[]> {
  const rows = await server.services.database.query<{ told: string }>(sql`
    select period || ' ' || state || ' ' || done || '/' || required as told from obligation
    where kind = ${`CADENCE_${dimension}`} and subject_id = ${customer.id}::uuid order by starts_at`);
  return rows.map(({ told }) => told);
}

function eventsOf(kind: string, subjectId: string) {
  return server.services.database.query<{
    severity: string;
    audience: object;
    payload: Record<string, unknown>;
  }>(sql`
    select severity, audience, payload from event where kind = ${kind} and subject_id = ${subjectId}::uuid order by seq`);
}

async function cadenceOf(id: string, caller: 'HEAD' | 'FINANCE' = 'HEAD') {
  const { data, errors } = await server.gql(
    caller,
    `query ($id: ID!) { node(id: $id) {
      ... on Customer { cadence { ...C } } ... on KeyAccount { cadence { ...C } } } }
     fragment C on Cadence { dimension required done period dueAt state hostSeniority sources { basis of required window strict } }`,
    { id },
  );
  expect(errors).toBeUndefined();
  return data.node.cadence;
}

const alone = { roles: [], employees: [OWNER.id] };

describe('calls by grade', () => {
  beforeEach(() => begin('2027-01-06 10:00'));

  test('[VIS-16] only reached phone calls and done visits that count meet a minimum, at once, also recorded late', async () => {
    const one = await made({ grade: 'B' });
    // The first full week counts.
    await sweepAt('2027-01-07 00:00');
    expect(await statesOf(one, 'CALL')).toEqual([]);
    await sweepAt('2027-01-11 00:00');
    expect(await statesOf(one, 'CALL')).toEqual(['2027-W02 OPEN 0/1']);
    server.clock.set(shanghai('2027-01-12 12:00'));
    await call(one, '2027-01-12 09:00', { outcome: 'NOT_REACHED' });
    for (const channel of ['EMAIL', 'MESSAGE', 'ON_SITE']) await call(one, '2027-01-12 09:00', { channel });
    expect(await statesOf(one, 'CALL')).toEqual(['2027-W02 OPEN 0/1']);
    await call(one, '2027-01-12 09:00');
    expect(await statesOf(one, 'CALL')).toEqual(['2027-W02 MET 1/1']);
    await sweepAt('2027-01-18 00:00');
    await sweepAt('2027-01-25 00:00');
    expect(await statesOf(one, 'CALL')).toEqual([
      '2027-W02 MET 1/1',
      '2027-W03 OVERDUE 0/1',
      '2027-W04 OPEN 0/1',
    ]);
    expect(
      (await eventsOf('CUSTOMER_CONTACT_OVERDUE', one.customer.id)).map(({ audience }) => audience),
    ).toEqual([alone]);
    // Made in time and recorded late.
    await call(one, '2027-01-20 09:00');
    expect((await statesOf(one, 'CALL'))[1]).toBe('2027-W03 MET 1/1');

    // Visits: of three done ones the customer's event does not count, nor does a planned one.
    const account = await makeKeyAccount(server, { customerId: one.customer.id, level: 'B' });
    await sweepAt('2027-02-01 00:00');
    expect(await statesOf(one, 'VISIT')).toEqual(['2027-02 OPEN 0/2']);
    server.clock.set(shanghai('2027-02-10 12:00'));
    for (const type of ['CUSTOMER_EVENT', 'SERVICE_PATROL', 'LEASE'])
      await visit(one, '2027-02-10 09:00', {
        type,
        ...(type === 'SERVICE_PATROL' ? { visitorId: people.CS_AGENT.nodeId } : {}),
      });
    await mutate(server, 'HEAD', 'visitPlan', {
      customerId: one.customer.nodeId,
      type: 'RELATION',
      purpose: 'Talk',
      plannedFor: shanghai('2027-02-10 15:00').toISOString(),
    });
    expect(await statesOf(one, 'VISIT')).toEqual(['2027-02 OPEN 0/2']);
    for (const type of ['FOLLOW_UP', 'EXECUTIVE_EXCHANGE']) await visit(one, '2027-02-10 10:00', { type });
    expect(await statesOf(one, 'VISIT')).toEqual(['2027-02 MET 2/2']);
    expect(account.nodeId).not.toBe('');
  });

  test('the supervisor hears from the second miss in a row on, and nothing is told twice', async () => {
    const one = await made({ grade: 'A' });
    for (const monday of ['11', '18', '25']) await sweepAt(`2027-01-${monday} 00:00`);
    await server.sweep();
    const both = { roles: ['SALES_SUPERVISOR'], employees: [OWNER.id] };
    expect(
      (await eventsOf('CUSTOMER_CONTACT_OVERDUE', one.customer.id)).map(({ payload, audience, severity }) => [
        payload.period,
        audience,
        severity,
      ]),
    ).toEqual([
      ['2027-W02', alone, 'WARNING'],
      ['2027-W03', both, 'WARNING'],
    ]);
  });

  test('after nights that were missed every window is judged once, from its own contacts', async () => {
    const one = await made({ grade: 'B' });
    await sweepAt('2027-01-11 00:00');
    server.clock.set(shanghai('2027-01-29 09:00'));
    await server.services.database.query(sql`
      insert into contact_log (id, customer_id, contact_id, employee_id, channel, outcome, at, content, created_at)
      values (gen_random_uuid(), ${one.customer.id}::uuid, ${one.host.id}::uuid, ${OWNER.id}::uuid, 'PHONE', 'REACHED',
              ${shanghai('2027-01-20 09:00')}::timestamptz, 'x', ${shanghai('2027-01-20 09:00')}::timestamptz)
      returning 1 as written`);
    await sweepAt('2027-02-03 09:00');
    const states = ['2027-W02 OVERDUE 0/1', '2027-W03 MET 1/1', '2027-W04 OVERDUE 0/1', '2027-W05 OPEN 0/1'];
    expect(await statesOf(one, 'CALL')).toEqual(states);
    await server.sweep();
    expect(await statesOf(one, 'CALL')).toEqual(states);
    expect(
      (await eventsOf('CUSTOMER_CONTACT_OVERDUE', one.customer.id)).map(({ payload }) => payload.period),
    ).toEqual(['2027-W02', '2027-W04']);
  });

  test('grade C and D are called once in two weeks; leaving the scope ends what is owed, another grade changes it', async () => {
    const [c, d] = [await made({ grade: 'C' }), await made({ grade: 'D' })];
    await sweepAt('2027-01-25 00:00');
    const [told] = await statesOf(c, 'CALL');
    expect(told).toMatch(/^2027-W\d\d\/2 OPEN 0\/1$/);
    expect(await statesOf(d, 'CALL')).toEqual([told]);
    await server.services.database.query(sql`
      update customer set lifecycle = 'LOST' where id = ${c.customer.id}::uuid returning 1 as written`);
    await server.services.database.query(sql`
      update customer set grade = 'B', graded_at = ${shanghai('2027-01-27 10:00')}::timestamptz
      where id = ${d.customer.id}::uuid returning 1 as written`);
    await sweepAt('2027-02-01 00:00');
    expect((await statesOf(c, 'CALL')).every((state) => state.includes('CANCELLED'))).toBe(true);
    expect((await statesOf(d, 'CALL')).at(-1)).toBe('2027-W05 OPEN 0/1');
    expect((await statesOf(d, 'CALL')).slice(0, -1).every((state) => state.includes('CANCELLED'))).toBe(true);
  });
});

describe('visits', () => {
  test.each([
    ['VIS-04', 'A', 'WEEKS_1', '2027-05-01', 'DIRECTOR_OR_ABOVE', 'TOP_LEADER'],
    ['VIS-05', 'B', 'WEEKS_1', '2027-06-01', 'MIDDLE_SENIOR', 'DIRECTOR_OR_ABOVE'],
    ['VIS-05', 'C', 'WEEKS_2', '2027-07-01', 'STAFF', 'MIDDLE_SENIOR'],
    ['VIS-05', 'D', 'WEEKS_2', '2027-07-01', 'STAFF', 'MIDDLE_SENIOR'],
  ] as const)(
    '[%s] grade %s is called in %s, and visited from the last visit to a host as senior as asked on',
    async (_rule, grade, calls, due, below, host) => {
      await begin('2027-03-01 10:00');
      const gradedAt = shanghai('2027-03-01 10:00');
      const one = await made({ grade, gradedAt });
      await sweepAt('2027-03-02 00:00');
      expect(await statesOf(one, 'EXECUTIVE_VISIT')).toEqual(['2027-03-01 OPEN 0/1']);
      await visit(one, '2027-03-01 23:00', { hostSeniority: below });
      expect(await statesOf(one, 'EXECUTIVE_VISIT')).toEqual(['2027-03-01 OPEN 0/1']);
      const owed = await cadenceOf(one.customer.nodeId);
      const on = (asked: string) => owed.find(({ dimension }: { dimension: string }) => dimension === asked);
      expect(on('CALL')).toMatchObject({
        required: 1,
        sources: [{ basis: 'GRADE', of: grade, required: 1, window: calls }],
      });
      expect(on('EXECUTIVE_VISIT')).toMatchObject({
        hostSeniority: host,
        dueAt: shanghai(`${due} 10:00`).toISOString(),
        sources: [{ basis: 'GRADE', of: grade, required: 1, strict: true }],
      });
      await sweepAt(`${due} 09:59`);
      expect(await eventsOf('EXECUTIVE_VISIT_OVERDUE', one.customer.id)).toEqual([]);
      server.clock.set(shanghai(`${due} 23:00`));
      await server.sweep();
      await sweepAt(`${due.slice(0, 8)}02 00:00`);
      await sweepAt(`${due.slice(0, 8)}03 00:00`);
      expect(await eventsOf('EXECUTIVE_VISIT_OVERDUE', one.customer.id)).toEqual([
        {
          severity: 'WARNING',
          audience: { roles: ['SALES_SUPERVISOR'], employees: [OWNER.id] },
          payload: {
            grade,
            seniority: host,
            required: 1,
            done: 0,
            period: '2027-03-01',
            dueAt: shanghai(`${due} 10:00`).toISOString(),
          },
        },
      ]);
      // A late visit ends the wait, and the next runs from it.
      await visit(one, `${due.slice(0, 8)}02 09:00`, { hostSeniority: host });
      expect(await statesOf(one, 'EXECUTIVE_VISIT')).toEqual([
        '2027-03-01 OVERDUE 1/1',
        `${due.slice(0, 8)}02 OPEN 0/1`,
      ]);
      // One that was made in time and comes to light later turns the miss.
      await visit(one, '2027-04-20 09:00', { hostSeniority: host });
      expect((await statesOf(one, 'EXECUTIVE_VISIT'))[0]).toBe('2027-03-01 MET 1/1');
    },
  );

  test('[VIS-06] a key account is due soon at 80 % and overdue at the end, each told once; the stricter of grade and level holds', async () => {
    await begin('2027-08-10 10:00');
    const one = await made({ grade: 'A' });
    const account = await makeKeyAccount(server, { customerId: one.customer.id, level: 'A' });
    await sweepAt('2027-09-01 00:00');
    expect(await statesOf(one, 'VISIT')).toEqual(['2027-09 OPEN 0/3']);
    expect(await cadenceOf(account.nodeId)).toMatchObject([
      {
        dimension: 'CALL',
        required: 2,
        sources: [
          { basis: 'LEVEL', of: 'A', required: 2, window: 'WEEKS_1', strict: true },
          { basis: 'GRADE', of: 'A', required: 1, window: 'WEEKS_1', strict: false },
        ],
      },
      {
        dimension: 'VISIT',
        required: 3,
        done: 0,
        period: '2027-09',
        state: 'OPEN',
        sources: [{ basis: 'LEVEL', of: 'A' }],
      },
      {
        dimension: 'EXECUTIVE_VISIT',
        hostSeniority: 'TOP_LEADER',
        sources: [{ basis: 'GRADE', window: 'MONTHS_2' }],
      },
      { dimension: 'PATROL', required: 1 },
      { dimension: 'FOLLOW_UP', required: 1, sources: [{ basis: 'ACTIVE_CUSTOMER', window: 'DAYS_90' }] },
    ]);
    server.clock.set(shanghai('2027-09-03 10:00'));
    await visit(one, '2027-09-03 09:00');
    await sweepAt('2027-09-24 00:00');
    expect(await eventsOf('KEY_ACCOUNT_VISIT_OVERDUE', account.id)).toEqual([]);
    await sweepAt('2027-09-25 00:00');
    await sweepAt('2027-09-26 00:00');
    await sweepAt('2027-10-01 00:00');
    await sweepAt('2027-10-02 00:00');
    const facts = {
      level: 'A',
      required: 3,
      done: 1,
      period: '2027-09',
      dueAt: shanghai('2027-10-01 00:00').toISOString(),
    };
    const audience = { roles: [], employees: [people.KA_SPECIALIST.id, people.KA_SUPERVISOR.id] };
    expect(await eventsOf('KEY_ACCOUNT_VISIT_OVERDUE', account.id)).toEqual([
      { severity: 'WARNING', audience, payload: { ...facts, dueSoon: true } },
      { severity: 'HIGH', audience, payload: { ...facts, dueSoon: false } },
    ]);
    expect(await statesOf(one, 'VISIT')).toEqual(['2027-09 OVERDUE 1/3', '2027-10 OPEN 0/3']);
  });

  test('[KEY-15] visits a month and calls a week by level: A 3 and 2, B 2 and 2, C 1 and 2, D 2 and 1', async () => {
    await begin('2031-08-10 10:00');
    const levels = [
      ['A', 3, 2],
      ['B', 2, 2],
      ['C', 1, 2],
      ['D', 2, 1],
    ] as const;
    const accounts: [string, Made, Named][] = [];
    for (const [level] of levels) {
      const one = await made({ grade: null });
      accounts.push([level, one, await makeKeyAccount(server, { customerId: one.customer.id, level })]);
    }
    await sweepAt('2031-09-01 00:00');
    for (const [place, [level, visits, calls]] of levels.entries()) {
      const [, one, account] = accounts[place] ?? [];
      if (!one || !account) throw new Error('An account for each level.');
      expect(await statesOf(one, 'VISIT')).toEqual([`2031-09 OPEN 0/${visits}`]);
      expect(await cadenceOf(account.nodeId)).toMatchObject([
        { dimension: 'CALL', required: calls, sources: [{ basis: 'LEVEL', of: level, window: 'WEEKS_1' }] },
        { dimension: 'VISIT', required: visits, sources: [{ basis: 'LEVEL', of: level, window: 'MONTH' }] },
        { dimension: 'PATROL' },
        { dimension: 'FOLLOW_UP' },
      ]);
    }
    await sweepAt('2031-09-25 00:00');
    await sweepAt('2031-10-01 00:00');
    for (const [place, [level, visits]] of levels.entries()) {
      const told = await eventsOf('KEY_ACCOUNT_VISIT_OVERDUE', accounts[place]?.[2].id ?? '');
      expect(told.map(({ payload }) => payload)).toMatchObject([
        { level, required: visits, done: 0, dueSoon: true },
        { level, required: visits, done: 0, dueSoon: false },
      ]);
    }
  });

  test('[KEY-14] leaders meet those of a special account every quarter', async () => {
    await begin('2027-11-10 10:00');
    const one = await made({ grade: 'B' });
    await makeKeyAccount(server, { customerId: one.customer.id, level: 'A', isSpecial: true });
    await sweepAt('2028-01-01 00:00');
    expect(await statesOf(one, 'EXECUTIVE_EXCHANGE')).toEqual(['2028-Q1 OPEN 0/1']);
    server.clock.set(shanghai('2028-01-05 10:00'));
    await visit(one, '2028-01-05 09:00');
    expect(await statesOf(one, 'EXECUTIVE_EXCHANGE')).toEqual(['2028-Q1 OPEN 0/1']);
    await visit(one, '2028-01-05 09:00', { type: 'EXECUTIVE_EXCHANGE' });
    expect(await statesOf(one, 'EXECUTIVE_EXCHANGE')).toEqual(['2028-Q1 MET 1/1']);
    await sweepAt('2028-04-01 00:00');
    await sweepAt('2028-07-01 00:00');
    const told = (await eventsOf('EXECUTIVE_VISIT_OVERDUE', one.customer.id)).filter(
      ({ payload }) => payload.seniority === 'EXECUTIVE_EXCHANGE',
    );
    expect(told).toMatchObject([
      {
        audience: { roles: ['SALES_SUPERVISOR'], employees: [OWNER.id, people.KA_SUPERVISOR.id] },
        payload: { period: '2028-Q2', required: 1, done: 0 },
      },
    ]);
  });

  test('active customers are owed a patrol every quarter (VIS-01), leasing ones a visit every month (VIS-15)', async () => {
    await begin('2028-08-10 10:00');
    const one = await made({ grade: null, businessLine: 'LEASING' });
    const dormant = await made({ lifecycle: 'DORMANT', registeredAt: null, businessLine: 'LEASING' });
    await sweepAt('2028-09-01 00:00');
    expect(await statesOf(one, 'LEASE')).toEqual(['2028-09 OPEN 0/1']);
    server.clock.set(shanghai('2028-09-05 10:00'));
    await visit(one, '2028-09-05 09:00', { type: 'LEASE' });
    expect(await statesOf(one, 'LEASE')).toEqual(['2028-09 MET 1/1']);
    await sweepAt('2028-10-01 00:00');
    expect(await statesOf(one, 'PATROL')).toEqual(['2028-Q4 OPEN 0/1']);
    await visit(one, '2028-10-01 00:00', { type: 'SERVICE_PATROL', visitorId: people.CS_AGENT.nodeId });
    expect(await statesOf(one, 'PATROL')).toEqual(['2028-Q4 MET 1/1']);
    for (const dimension of ['LEASE', 'PATROL', 'FOLLOW_UP'])
      expect(await statesOf(dormant, dimension)).toEqual([]);
  });

  test('active customers have a return visit or call every 90 days (VIS-11)', async () => {
    await begin('2028-11-10 10:00');
    const one = await made({ grade: null });
    await sweepAt('2028-11-11 00:00');
    expect(await statesOf(one, 'FOLLOW_UP')).toEqual(['2028-11-10 OPEN 0/1']);
    server.clock.set(shanghai('2028-12-01 10:00'));
    await call(one, '2028-12-01 09:00');
    expect(await statesOf(one, 'FOLLOW_UP')).toEqual(['2028-11-10 OPEN 0/1']);
    await call(one, '2028-12-01 09:00', { followUp: true });
    expect(await statesOf(one, 'FOLLOW_UP')).toEqual(['2028-11-10 MET 1/1', '2028-12-01 OPEN 0/1']);
    await visit(one, '2028-12-01 09:30', { type: 'FOLLOW_UP' });
    await sweepAt('2029-03-02 00:00');
    expect((await statesOf(one, 'FOLLOW_UP')).at(-1)).toBe('2028-12-01 OVERDUE 0/1');
  });
});

describe('what is read of it', () => {
  test('the due list of a manager: the most urgent first, of customers whose contacts the viewer may read', async () => {
    await begin('2030-01-07 00:00');
    const manager = people.SALES_REP;
    const one = await made({ ownerId: manager.id, grade: 'B' });
    const gradeA = await made({ ownerId: manager.id, grade: 'A' });
    await sweepAt('2030-01-14 00:00');
    const due = async (caller: 'HEAD' | 'SALES_REP' | 'SALES_REP_2', args: string) => {
      const { data, errors } = await server.gql(
        caller,
        `{ dueContacts(first: 50 ${args}) { totalCount edges { node { customer { id } dimension period required done dueAt state } } } }`,
      );
      expect(errors).toBeUndefined();
      return data.dueContacts.edges.map(({ node }: { node: object }) => node);
    };
    const all = await due('HEAD', `manager: "${manager.nodeId}"`);
    expect(new Set(all.map((node: { customer: { id: string } }) => node.customer.id))).toEqual(
      new Set([one.customer.nodeId, gradeA.customer.nodeId]),
    );
    const dates = all.map((node: { dueAt: string }) => node.dueAt);
    expect(dates).toEqual(dates.toSorted());
    expect(all[0]).toMatchObject({
      dimension: 'CALL',
      period: '2030-W03',
      required: 1,
      done: 0,
      state: 'OPEN',
    });
    // The owner of a grade A file is not dedicated to it.
    const own = await due('SALES_REP', '');
    expect(new Set(own.map((node: { customer: { id: string } }) => node.customer.id))).toEqual(
      new Set([one.customer.nodeId]),
    );
    expect(await due('SALES_REP_2', `manager: "${manager.nodeId}"`)).toEqual([]);
    expect(await due('HEAD', `manager: "${manager.nodeId}" where: { dimension: { eq: CALL } }`)).toHaveLength(
      2,
    );
    expect(await cadenceOf(one.customer.nodeId, 'FINANCE')).toEqual([]);
  });

  test('the contact list has the last contact and the next that is due', async () => {
    await begin('2030-02-04 00:00');
    const one = await made({ grade: 'B' });
    await sweepAt('2030-02-05 00:00');
    server.clock.set(shanghai('2030-02-11 00:00'));
    await call(one, '2030-02-10 10:00');
    await server.sweep();
    const { data } = await server.gql(
      'HEAD',
      `query ($where: ContactListEntryWhere) { contactList(where: $where) { edges { node {
        id name title phone lastContactAt nextDueAt customer { id grade } } } } }`,
      { where: { customer: { eq: one.customer.nodeId } } },
    );
    expect(data.contactList.edges).toEqual([
      {
        node: {
          id: one.host.nodeId,
          name: '韩梅梅',
          title: '物流经理',
          phone: '+862150000001',
          lastContactAt: shanghai('2030-02-10 10:00').toISOString(),
          nextDueAt: shanghai('2030-02-18 00:00').toISOString(),
          customer: { id: one.customer.nodeId, grade: 'B' },
        },
      },
    ]);
    const closed = await server.gql(
      'FINANCE',
      `query ($where: ContactListEntryWhere) { contactList(where: $where) { totalCount } }`,
      { where: { customer: { eq: one.customer.nodeId } } },
    );
    expect(closed.data.contactList.totalCount).toBe(0);
  });

  test('[VIS-14] [KEY-30] coverage of priority customers: who was called and who was visited, by owner', async () => {
    await begin('2030-05-06 10:00');
    const manager = people.MARKET_DEVELOPER;
    const facts = { ownerId: manager.id };
    const [called, visited, neither, ordinary] = [
      await made({ ...facts, grade: 'A' }),
      await made({ ...facts, grade: 'B' }),
      await made({ ...facts, grade: 'A' }),
      await made({ ...facts, grade: 'B' }),
    ];
    await makeKeyAccount(server, { customerId: visited.customer.id });
    await call(called, '2030-05-02 09:00');
    await call(neither, '2030-04-30 09:00');
    await visit(visited, '2030-05-03 09:00');
    await visit(ordinary, '2030-05-03 09:00');
    const coverage = async (caller: 'HEAD' | 'SALES_SUPERVISOR', period: string) => {
      const { data } = await server.gql(
        caller,
        'query ($period: String) { priorityCoverage(period: $period) { owner { id } customers called visited neither } }',
        { period },
      );
      return data.priorityCoverage.filter(
        ({ owner }: { owner: { id: string } | null }) => owner?.id === manager.nodeId,
      );
    };
    expect(await coverage('HEAD', '2030-05')).toEqual([
      { owner: { id: manager.nodeId }, customers: 3, called: 1, visited: 1, neither: 1 },
    ]);
    // Of grade A files SALES_SUPERVISOR is told nothing.
    expect(await coverage('SALES_SUPERVISOR', '2030-05')).toEqual([
      { owner: { id: manager.nodeId }, customers: 1, called: 0, visited: 1, neither: 0 },
    ]);
    const { errors } = await server.gql('HEAD', '{ priorityCoverage(period: "soon") { customers } }');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'period' });
  });
});

test('the pass over many customers takes as many statements as over few', async () => {
  const { services } = server;
  const statements = async () =>
    services.runner.run(await services.systemOrigin(), async (tx) => {
      let count = 0;
      const counting: Command = {
        ...tx,
        query: (statement) => {
          count += 1;
          return tx.query(statement);
        },
      };
      await refreshCadence(counting, 'Asia/Shanghai', { part: 0, lastPass: null });
      return count;
    });
  expect(await statements()).toBe(8);
  await makeCustomers(server, 50, { ownerId: OWNER.id });
  expect(await statements()).toBe(8);
});
