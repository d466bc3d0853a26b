import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sweepContactWeeks } from '../../src/key-accounts/commands/contacts.ts';
import type { Command } from '../../src/platform/command.ts';
import { obligationsOf } from '../../src/platform/obligations.ts';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { wsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeContact, makeCustomer, makeCustomers } from '../support/factories.ts';
import { type Named, people } from '../support/people.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import { act, decide, promote, readAccount, recordContact } from './key-account-client.ts';

// A server and a database of its own: the clock moves by weeks, and sweeps work off whatever is due.
let database: FreshDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

const OWNER = people.ACCOUNT_MANAGER_LOGISTICS;

/** Sets the clock to a time in Shanghai and works off what is due. */
async function sweepAt(wallClock: string): Promise<number> {
  server.clock.set(shanghai(wallClock));
  return server.sweep();
}

interface Made {
  readonly customer: Named;
  readonly contact: Named;
  readonly id: string;
  readonly nodeId: string;
}

/** A level B account, which needs 2 calls a week, of a customer that OWNER owns. */
async function makeAccount(input: object = {}, customerFacts: object = {}): Promise<Made> {
  const customer = await makeCustomer(server, { ownerId: OWNER.id, ...customerFacts });
  const contact = await makeContact(server, { customerId: customer.id });
  const { keyAccount } = await promote(server, customer, input, 'HEAD');
  const [row] = await server.services.database.query<{ id: string }>(sql`
    select id from key_account where customer_id = ${customer.id}::uuid`);
  return { customer, contact, id: row?.id ?? '', nodeId: keyAccount.id };
}

async function call(account: Made, wallClock: string, change: object = {}): Promise<void> {
  const answer = await recordContact(server, 'ACCOUNT_MANAGER_LOGISTICS', {
    customerId: account.customer.nodeId,
    contactId: account.contact.nodeId,
    at: shanghai(wallClock).toISOString(),
    ...change,
  });
  expect(answer.__typename).toBe('ContactLogRecordSuccess');
}

function weeksOf(account: { readonly id: string }) {
  return server.services.database.query<{
    period: string;
    state: string;
    nextAt: Date | null;
    metBy: string | null;
  }>(sql`
    select period, state, next_at as "nextAt", met_by as "metBy" from obligation
    where kind = 'KEY_ACCOUNT_CONTACT' and subject_id = ${account.id}::uuid order by period`);
}

async function statesOf(account: { readonly id: string }): Promise<string[]> {
  return (await weeksOf(account)).map(({ period, state }) => `${period} ${state}`);
}

interface Alert {
  readonly severity: string;
  readonly audience: { readonly roles?: string[]; readonly employees?: string[] };
  readonly payload: Readonly<Record<string, unknown>>;
}

function alertsOf(account: { readonly id: string }) {
  return server.services.database.query<Alert>(sql`
    select severity, audience, payload from event
    where kind = 'CONTACT_OVERDUE' and subject_id = ${account.id}::uuid order by seq`);
}

describe('a week of calls', () => {
  beforeEach(() => {
    server.clock.set(shanghai('2026-11-25 10:00'));
  });

  test('the first full week counts; it is due soon at 80 % and missed at its end', async () => {
    const account = await makeAccount();
    expect(await weeksOf(account)).toEqual([
      { period: '2026-W49', state: 'OPEN', nextAt: shanghai('2026-12-05 14:24'), metBy: null },
    ]);
    expect((await readAccount(server, 'HEAD', account.nodeId)).file.contactWeek).toBeNull();

    await sweepAt('2026-12-05 14:23:59.999');
    expect(await statesOf(account)).toEqual(['2026-W49 OPEN']);
    await sweepAt('2026-12-05 14:24');
    expect(await statesOf(account)).toEqual(['2026-W49 WARNED']);
    expect((await readAccount(server, 'HEAD', account.nodeId)).file.contactWeek).toEqual({
      period: '2026-W49',
      required: 2,
      done: 0,
      warnAt: shanghai('2026-12-05 14:24').toISOString(),
      dueAt: shanghai('2026-12-07 00:00').toISOString(),
      state: 'WARNED',
    });
    await sweepAt('2026-12-06 23:59:59.999');
    expect(await alertsOf(account)).toEqual([]);

    await sweepAt('2026-12-07 00:00');
    expect(await statesOf(account)).toEqual(['2026-W49 OVERDUE', '2026-W50 OPEN']);
    expect(await alertsOf(account)).toEqual([
      {
        severity: 'WARNING',
        audience: { roles: [], employees: [OWNER.id] },
        payload: {
          level: 'B',
          required: 2,
          done: 0,
          period: '2026-W49',
          dueAt: shanghai('2026-12-07 00:00').toISOString(),
        },
      },
    ]);
    // Again, and by nobody else: nothing more happens.
    await server.sweep();
    expect(await alertsOf(account)).toHaveLength(1);
  });

  test('the supervisors hear from the second miss in a row on, and of a first one again after a week that was met', async () => {
    const account = await makeAccount();
    await sweepAt('2026-12-07 00:00');
    await sweepAt('2026-12-14 00:00');
    await sweepAt('2026-12-21 00:00');
    await call(account, '2026-12-21 00:00');
    server.clock.set(shanghai('2026-12-27 23:00'));
    await call(account, '2026-12-27 23:00');
    await sweepAt('2026-12-28 00:00');
    await sweepAt('2027-01-04 00:00');
    expect(await statesOf(account)).toEqual([
      '2026-W49 OVERDUE',
      '2026-W50 OVERDUE',
      '2026-W51 OVERDUE',
      '2026-W52 MET',
      '2026-W53 OVERDUE',
      '2027-W01 OPEN',
    ]);
    const alone = { roles: [], employees: [OWNER.id] };
    const both = { roles: ['SALES_SUPERVISOR'], employees: [OWNER.id, people.KA_SUPERVISOR.id] };
    expect((await alertsOf(account)).map(({ audience, payload }) => [payload.period, audience])).toEqual([
      ['2026-W49', alone],
      ['2026-W50', both],
      ['2026-W51', both],
      ['2026-W53', alone],
    ]);
  });

  test('enough reached calls meet it, at once; other contacts do not', async () => {
    const account = await makeAccount();
    server.clock.set(shanghai('2026-12-01 09:00'));
    // Just before the week, and in it what does not count.
    await call(account, '2026-11-29 23:59:59.999');
    await call(account, '2026-11-30 09:00', { outcome: 'NOT_REACHED' });
    for (const channel of ['EMAIL', 'MESSAGE', 'ON_SITE'])
      await call(account, '2026-11-30 09:00', { channel });
    await call(account, '2026-11-30 00:00');
    expect(await statesOf(account)).toEqual(['2026-W49 OPEN']);
    const { file } = await readAccount(server, 'KA_SPECIALIST', account.nodeId);
    expect(file.contactWeek).toMatchObject({ required: 2, done: 1, state: 'OPEN' });

    await call(account, '2026-12-01 09:00');
    const [week] = await weeksOf(account);
    expect(week).toMatchObject({ state: 'MET', nextAt: shanghai('2026-12-07 00:00') });
    expect(week?.metBy).not.toBeNull();
    expect((await readAccount(server, 'KA_SPECIALIST', account.nodeId)).file.contactWeek).toMatchObject({
      done: 2,
      state: 'MET',
    });
    await sweepAt('2026-12-05 14:24');
    expect((await statesOf(account))[0]).toBe('2026-W49 MET');
    await sweepAt('2026-12-07 00:00');
    expect(await statesOf(account)).toEqual(['2026-W49 MET', '2026-W50 OPEN']);
    expect(await alertsOf(account)).toEqual([]);
  });

  test('a call recorded late turns a missed week into a met one, and opens none twice', async () => {
    const account = await makeAccount();
    // Between the end of the week and the sweep.
    server.clock.set(shanghai('2026-12-07 08:00'));
    await call(account, '2026-12-06 10:00');
    await call(account, '2026-12-06 23:59:59.999');
    expect(await statesOf(account)).toEqual(['2026-W49 MET']);
    await server.sweep();
    expect(await statesOf(account)).toEqual(['2026-W49 MET', '2026-W50 OPEN']);
    // After the sweep.
    await sweepAt('2026-12-14 08:00');
    await call(account, '2026-12-08 10:00');
    expect((await statesOf(account))[1]).toBe('2026-W50 OVERDUE');
    await call(account, '2026-12-13 10:00');
    expect(await statesOf(account)).toEqual(['2026-W49 MET', '2026-W50 MET', '2026-W51 OPEN']);
    expect((await weeksOf(account))[1]?.nextAt).toBeNull();
    await sweepAt('2026-12-21 00:00');
    // The miss before was none in truth: this is the first.
    expect((await alertsOf(account)).map(({ audience }) => audience.roles)).toEqual([[], []]);
  });

  test('after a long stop every week is judged once, from its own calls', async () => {
    const account = await makeAccount();
    server.clock.set(shanghai('2026-12-15 09:00'));
    await call(account, '2026-12-09 10:00');
    await call(account, '2026-12-10 10:00');
    await call(account, '2026-12-15 08:00');
    await sweepAt('2026-12-29 09:00');
    const states = [
      '2026-W49 OVERDUE',
      '2026-W50 MET',
      '2026-W51 OVERDUE',
      '2026-W52 OVERDUE',
      '2026-W53 OPEN',
    ];
    expect(await statesOf(account)).toEqual(states);
    const alerts = (await alertsOf(account)).map(({ audience, payload }) => [
      payload.period,
      payload.done,
      audience.roles?.length,
    ]);
    expect(alerts).toEqual([
      ['2026-W49', 0, 0],
      ['2026-W51', 1, 0],
      ['2026-W52', 0, 1],
    ]);
    await server.sweep();
    expect(await statesOf(account)).toEqual(states);
    expect(await alertsOf(account)).toHaveLength(3);
  });

  test('the minimum is that of the level and grade at the end of the week', async () => {
    const account = await makeAccount({ annualRevenueTarget: '500000' });
    server.clock.set(shanghai('2026-12-01 09:00'));
    await call(account, '2026-12-01 09:00');
    expect(await statesOf(account)).toEqual(['2026-W49 MET']);
    const raise = { keyAccountId: account.nodeId, expectedVersion: 1, annualRevenueTarget: '1000000' };
    const raised = await act(server, 'HEAD', 'keyAccountUpdate', raise);
    await decide(server, 'KA_SUPERVISOR', raised.keyAccount.proposal.id);
    expect(await readAccount(server, 'HEAD', account.nodeId)).toMatchObject({
      level: 'C',
      file: { contactWeek: { required: 2, done: 1, state: 'OPEN' } },
    });
    expect(await weeksOf(account)).toMatchObject([{ state: 'OPEN', nextAt: shanghai('2026-12-05 14:24') }]);
    await sweepAt('2026-12-07 00:00');
    expect((await alertsOf(account))[0]?.payload).toMatchObject({ level: 'C', required: 2, done: 1 });
  });

  test('an ended account is asked for nothing; promoted again, it begins anew', async () => {
    const account = await makeAccount();
    await sweepAt('2026-12-07 00:00');
    await act(server, 'HEAD', 'keyAccountEnd', {
      keyAccountId: account.nodeId,
      expectedVersion: 1,
      reason: '降级',
    });
    expect(await statesOf(account)).toEqual(['2026-W49 OVERDUE', '2026-W50 CANCELLED']);
    await sweepAt('2026-12-14 00:00');
    expect(await statesOf(account)).toEqual(['2026-W49 OVERDUE', '2026-W50 CANCELLED']);
    await promote(server, account.customer, {}, 'HEAD');
    // Promoted in the very first instant of a week: that week counts.
    expect((await statesOf(account)).at(-1)).toBe('2026-W51 OPEN');
    await sweepAt('2026-12-21 00:00');
    expect(
      (await alertsOf(account)).map(({ payload, audience }) => [payload.period, audience.roles]),
    ).toEqual([
      ['2026-W49', []],
      ['2026-W51', []],
    ]);
  });

  test('a week of an account that ended past the commands is cancelled by the sweep', async () => {
    const account = await makeAccount();
    await server.services.database.transaction(({ prisma }) =>
      prisma.keyAccount.update({ where: { id: account.id }, data: { endedAt: server.clock.now() } }),
    );
    await sweepAt('2026-12-07 00:00');
    expect(await statesOf(account)).toEqual(['2026-W49 CANCELLED']);
    expect(await alertsOf(account)).toEqual([]);
  });

  test('many accounts take as many statements as one', async () => {
    const customers = await makeCustomers(server, 12, { ownerId: OWNER.id });
    for (const customer of customers) await promote(server, customer, {}, 'HEAD');
    const { services, clock } = server;
    clock.set(shanghai('2026-12-07 00:00'));
    const due = await obligationsOf(
      services.database,
      (
        await services.database.query<{ id: string }>(sql`
          select id from key_account where customer_id = any(${customers.map(({ id }) => id)}::uuid[])`)
      ).map(({ id }) => id),
    );
    const statementsFor = async (obligations: typeof due) =>
      services.runner.run(await services.systemOrigin(), async (tx) => {
        let statements = 0;
        const counting: Command = {
          ...tx,
          query: (statement) => {
            statements += 1;
            return tx.query(statement);
          },
        };
        await sweepContactWeeks('Asia/Shanghai')(counting, obligations);
        return statements;
      });
    expect(await statementsFor(due.slice(0, 1))).toBe(4);
    expect(await statementsFor(due.slice(1))).toBe(4);
    expect(due).toHaveLength(12);
  });
});

describe('the alert, live', () => {
  const DOCUMENT = `subscription All($account: ID!) {
    keyAccountAlerts(where: { subject: $account }) { __typename
      ... on KeyAccountAlert { kind severity message accountLevel period required done dueAt }
      ... on Heartbeat { at }
    } }`;
  const WITH_SUBJECT = `subscription Mine($account: ID!) {
    keyAccountAlerts(where: { subject: $account, addressedToMe: true }) { __typename
      ... on KeyAccountAlert { period subject { id ... on KeyAccount { access { level } customer { name } file { promotedAt } } } }
    } }`;

  test('[EVT-13] reaches who may read the account, and addresses the owner, then the supervisors', async () => {
    server.clock.set(shanghai('2027-03-03 10:00'));
    const account = await makeAccount({}, { grade: 'A', name: '上海远大贸易有限公司' });
    const clients = Object.fromEntries(
      (['ACCOUNT_MANAGER_LOGISTICS', 'KA_SUPERVISOR', 'CS_AGENT', 'FINANCE'] as const).map((name) => [
        name,
        wsClient(server, name),
      ]),
    );
    try {
      const variables = { account: account.nodeId };
      const all = Object.fromEntries(
        Object.entries(clients).map(([name, client]) => [name, client.subscribe(DOCUMENT, variables)]),
      );
      const owner = clients.ACCOUNT_MANAGER_LOGISTICS?.subscribe(WITH_SUBJECT, variables);
      const supervisor = clients.KA_SUPERVISOR?.subscribe(WITH_SUBJECT, variables);
      await Promise.all(
        [...Object.values(all), owner, supervisor].map((subscription) => subscription?.ready()),
      );

      await sweepAt('2027-03-15 00:00');
      const mine = (item: { period?: string }) => item.period === '2027-W10';
      const alert = {
        __typename: 'KeyAccountAlert',
        kind: 'CONTACT_OVERDUE',
        severity: 'WARNING',
        message: 'A level B key account was called 0 of 2 times in 2027-W10.',
        accountLevel: 'B',
        period: '2027-W10',
        required: 2,
        done: 0,
        dueAt: shanghai('2027-03-15 00:00').toISOString(),
      };
      for (const name of ['ACCOUNT_MANAGER_LOGISTICS', 'KA_SUPERVISOR']) {
        expect(await all[name]?.waitFor(mine)).toEqual(alert);
      }
      // The owner reads the account, and of the grade A customer the card alone.
      expect(await owner?.waitFor(mine)).toEqual({
        __typename: 'KeyAccountAlert',
        period: '2027-W10',
        subject: {
          id: account.nodeId,
          access: { level: 'FULL' },
          customer: { name: '上海***' },
          file: { promotedAt: shanghai('2027-03-03 10:00').toISOString() },
        },
      });

      await sweepAt('2027-03-22 00:00');
      await supervisor?.waitFor((item) => item.period === '2027-W11');
      expect(supervisor?.events.map((item) => item.period)).toEqual(['2027-W11']);
      await waitUntil(() => owner?.events.length === 2);
      // How often an account was called is more than its card, which is all that CS_AGENT sees.
      expect(all.CS_AGENT?.events).toEqual([]);
      expect(all.FINANCE?.events).toEqual([]);
    } finally {
      for (const client of Object.values(clients)) await client.dispose();
    }
  });
});
