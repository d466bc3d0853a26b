import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount, makeShipments, makeTickets } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beforeFirstNight, read, sweepAt } from './key-account-client.ts';

// A server and a database of its own: the nightly work is over all customers.
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

beforeEach(() => beforeFirstNight(server));

async function delivered(customer: Named, revenue: string, day: string, more: object = {}) {
  await makeShipments(server, 1, {
    customerId: customer.id,
    revenue,
    deliveredAt: shanghai(`${day} 12:00`),
    ...more,
  });
}

async function complained(customer: Named, days: readonly string[], more: object = {}) {
  await makeTickets(server, days.length, (at) => ({
    customerId: customer.id,
    openedAt: shanghai(`${days[at]} 10:00`),
    ...more,
  }));
}

async function missedWeeks(account: Named, weeks: Readonly<Record<string, [state: string, dueAt: string]>>) {
  for (const [period, [state, dueAt]] of Object.entries(weeks))
    await server.services.database.query(sql`
      insert into obligation (id, kind, subject_id, period, starts_at, due_at, state, step)
      values (gen_random_uuid(), 'KEY_ACCOUNT_CONTACT', ${account.id}::uuid, ${period}, ${shanghai(dueAt)}::timestamptz - interval '7 days',
        ${shanghai(dueAt)}::timestamptz, ${state}::"ObligationState", 0)`);
}

function risksOf(customer: Named) {
  return server.services.database.query<{
    severity: string;
    audience: object;
    payload: { reasons: string; score: number };
  }>(sql`
    select severity, audience, payload from event
    where kind = 'CHURN_RISK' and subject_id = ${customer.id}::uuid order by seq`);
}

async function fileOf(account: Named, caller = 'HEAD') {
  const { data } = await read(
    server,
    caller,
    `query F($id: ID!) { node(id: $id) { ... on KeyAccount { file {
      partnershipStatus
      indicators { satisfied activeMonths churnReasons }
      health { score components { component weight value trend points } } } } } }`,
    { id: account.nodeId },
  );
  return data.node.file;
}

describe('the risk of loss', () => {
  test('[EVT-33] two reasons at once are told, once for each set; CRITICAL for a key account', async () => {
    const owned = { ownerId: people.ACCOUNT_MANAGER_LOGISTICS.id };
    const [key, plain, one, lost, steady] = [
      await makeCustomer(server, owned),
      await makeCustomer(server, owned),
      await makeCustomer(server, owned),
      await makeCustomer(server, { ...owned, lifecycle: 'LOST' }),
      await makeCustomer(server, owned),
    ];
    const account = await makeKeyAccount(server, { customerId: key.id });
    for (const customer of [key, plain, one, lost]) await delivered(customer, '1000.00', '2026-10-10');
    await delivered(key, '800.00', '2026-11-10');
    await delivered(plain, '700.00', '2026-11-10');
    await delivered(one, '701.00', '2026-11-10');
    for (const customer of [key, plain, one, lost]) await complained(customer, ['2026-11-01', '2026-11-02']);
    await complained(steady, ['2026-11-01', '2026-11-02', '2026-11-03']);
    await sweepAt(server, '2026-11-24 01:00');
    await sweepAt(server, '2026-11-25 01:00');
    expect(await risksOf(key)).toEqual([
      {
        severity: 'CRITICAL',
        audience: { employees: [people.ACCOUNT_MANAGER_LOGISTICS.id], roles: ['KA_SUPERVISOR', 'HEAD'] },
        payload: { reasons: 'VOLUME_DROP, COMPLAINTS', score: 66 },
      },
    ]);
    expect(await risksOf(plain)).toMatchObject([{ severity: 'HIGH', audience: { roles: ['HEAD'] } }]);
    for (const customer of [one, lost, steady]) expect(await risksOf(customer)).toEqual([]);
    expect((await fileOf(account)).indicators.churnReasons).toEqual(['VOLUME_DROP', 'COMPLAINTS']);
    // Two weeks without their calls: another set of reasons.
    await missedWeeks(account, {
      '2026-W46': ['OVERDUE', '2026-11-16 00:00'],
      '2026-W47': ['OVERDUE', '2026-11-23 00:00'],
    });
    await sweepAt(server, '2026-11-26 01:00');
    await sweepAt(server, '2026-11-27 01:00');
    expect((await risksOf(key)).map(({ payload }) => payload.reasons)).toEqual([
      'VOLUME_DROP, COMPLAINTS',
      'VOLUME_DROP, COMPLAINTS, CONTACT_OVERDUE',
    ]);
    // The complaints are long ago, and trade is as it was: nothing is left.
    await delivered(key, '5000.00', '2026-12-10');
    await sweepAt(server, '2026-12-20 01:00');
    expect((await fileOf(account)).indicators.churnReasons).toEqual([]);
  });
});

describe('the health of an account', () => {
  test('[KEY-02] satisfaction, loyalty and risk of loss stand on the page, with a score that its parts add up to', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id, annualRevenueTarget: '1000.00' });
    const promised = (day: string) => ({ promisedAt: shanghai(`${day} 23:59`) });
    await delivered(customer, '200.00', '2026-11-01', promised('2026-11-01'));
    await delivered(customer, '100.00', '2026-11-02', promised('2026-11-01'));
    await delivered(customer, '200.00', '2026-08-01', promised('2026-08-01'));
    await complained(customer, ['2026-11-10'], {
      status: 'CLOSED',
      closedAt: shanghai('2026-11-12 10:00'),
      satisfaction: 'SATISFIED',
    });
    await missedWeeks(account, {
      '2026-W45': ['MET', '2026-11-09 00:00'],
      '2026-W46': ['OVERDUE', '2026-11-16 00:00'],
    });
    const file = await fileOf(account);
    expect(file.indicators).toEqual({ satisfied: '100.00', activeMonths: 2, churnReasons: [] });
    expect(file.health).toEqual({
      score: '67.00',
      components: [
        { component: 'ACHIEVEMENT', weight: 30, value: 50, trend: 50, points: '15.00' },
        { component: 'GROWTH', weight: 25, value: 100, trend: null, points: '25.00' },
        { component: 'RELIABILITY', weight: 20, value: 50, trend: -50, points: '10.00' },
        { component: 'COMPLAINTS', weight: 15, value: 80, trend: -20, points: '12.00' },
        { component: 'CONTACT', weight: 10, value: 50, trend: null, points: '5.00' },
      ],
    });
    const bare = await makeKeyAccount(server, {
      customerId: (await makeCustomer(server)).id,
      partnershipStatus: '战略合作',
    });
    const empty = await fileOf(bare);
    expect(empty.partnershipStatus).toBe('战略合作');
    expect(empty.health.score).toBe('33.33');
    expect(empty.indicators).toEqual({ satisfied: null, activeMonths: 0, churnReasons: [] });
  });
});

describe('analyses', () => {
  test('[KEY-08] five analyses of every account after a quarter, for leaders and key account staff', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, { customerId: customer.id });
    await delivered(customer, '300.00', '2026-11-01', {
      freight: '100.00',
      promisedAt: shanghai('2026-11-02 00:00'),
    });
    await delivered(customer, '100.00', '2026-08-01');
    await delivered(customer, '200.00', '2025-11-01');
    await complained(customer, ['2026-11-10']);
    await sweepAt(server, '2027-01-01 01:00');
    await sweepAt(server, '2027-01-02 01:00');
    const analyses = async (caller: string) => {
      const { data } = await read(
        server,
        caller,
        'query A($id: ID!) { keyAccountAnalyses(where: { keyAccount: { eq: $id } }, orderBy: [{ field: type }]) { edges { node { period type figures { name value } } } } }',
        { id: account.nodeId },
      );
      return data.keyAccountAnalyses.edges.map(({ node }: { node: object }) => node);
    };
    const made = await analyses('HEAD');
    expect(
      made.map(({ type, period }: { type: string; period: string }) => `${period} ${type}`).sort(),
    ).toEqual([
      '2026-Q4 BEHAVIOUR',
      '2026-Q4 GROWTH',
      '2026-Q4 ONE_TO_ONE',
      '2026-Q4 SATISFACTION',
      '2026-Q4 VALUE',
    ]);
    const figures = (type: string) =>
      Object.fromEntries(
        made
          .find((one: { type: string }) => one.type === type)
          .figures.map(({ name, value }: { name: string; value: string }) => [name, value]),
      );
    expect(figures('GROWTH')).toEqual({
      revenue: '300.00',
      changeToPeriodBefore: '200.00',
      changeToYearBefore: '50.00',
    });
    expect(figures('VALUE')).toMatchObject({ contribution: '200.00', achievementOfAnnualTarget: '0.02' });
    expect(figures('BEHAVIOUR')).toEqual({
      shipmentLines: '1',
      daysWithDeliveries: '1',
      deliveredOnTime: '100.00',
    });
    expect(figures('SATISFACTION')).toEqual({ complaints: '1', complaintsClosedSatisfied: null });
    expect(figures('ONE_TO_ONE')).toMatchObject({ level: 'B', needsOpen: '0' });
    for (const caller of ['COMPANY_LEADER', 'KA_SUPERVISOR', 'KA_SPECIALIST'])
      expect([caller, (await analyses(caller)).length]).toEqual([caller, 5]);
    for (const caller of [
      'KA_SPECIALIST_2',
      'SALES_SUPERVISOR',
      'CS_SUPERVISOR',
      'DATA_ANALYST',
      'CS_AGENT',
      'HR',
    ])
      expect([caller, await analyses(caller)]).toEqual([caller, []]);
  });
});

describe('revenue reports', () => {
  test('[KEY-16] [CFL-22] the specialist submits month, quarter and year to CS_SUPERVISOR, who submits them to HEAD; a late one is told', async () => {
    const customer = await makeCustomer(server);
    const account = await makeKeyAccount(server, {
      customerId: customer.id,
      specialistId: people.KA_SPECIALIST_2.id,
      annualRevenueTarget: '1200.00',
      promotedAt: shanghai('2025-01-01 00:00'),
    });
    await delivered(customer, '150.00', '2027-12-31');
    await delivered(customer, '100.00', '2027-11-30');
    await delivered(await makeCustomer(server), '450.00', '2027-12-05');
    await sweepAt(server, '2028-01-01 01:00');
    const reports = async (caller: string) => {
      const { data } = await read(
        server,
        caller,
        `query R($id: ID!) { keyAccountRevenueReports(where: { specialist: { eq: $id } }, orderBy: [{ field: period }]) { edges { node {
          id period state dueAt version } } } }`,
        { id: people.KA_SPECIALIST_2.nodeId },
      );
      return data.keyAccountRevenueReports.edges.map(({ node }: { node: object }) => node);
    };
    const due = (await reports('KA_SPECIALIST_2')).filter(({ dueAt }: { dueAt: string }) => dueAt > '2028');
    expect(due).toMatchObject(
      ['2027', '2027-12', '2027-Q4'].map((period) => ({
        period,
        state: 'DUE',
        dueAt: shanghai('2028-01-06 00:00').toISOString(),
      })),
    );
    const month = due[1];
    const submit = (caller: string, version: number, input: object = {}) =>
      mutate(
        server,
        caller,
        'keyAccountRevenueReportSubmit',
        { reportId: month.id, expectedVersion: version, ...input },
        `report { state submittedAt remark lines { keyAccount { id } level target { amount } revenue { amount } share change note } }`,
      );
    expect((await submit('KA_SUPERVISOR', 1)).__typename).toBe('Forbidden');
    expect((await submit('KA_SPECIALIST', 1)).__typename).toBe('NotFound');
    const other = await makeKeyAccount(server, { customerId: (await makeCustomer(server)).id });
    expect(
      pathsOf(await submit('KA_SPECIALIST_2', 1, { notes: [{ keyAccountId: other.nodeId, note: '他人' }] })),
    ).toEqual(['notes']);
    const notes = [{ keyAccountId: account.nodeId, note: '年底冲量' }];
    const { report } = await submit('KA_SPECIALIST_2', 1, { notes, remark: '平稳' });
    expect(report).toMatchObject({
      state: 'SUBMITTED',
      remark: '平稳',
      lines: [
        {
          keyAccount: { id: account.nodeId },
          level: 'B',
          target: { amount: '100.00' },
          revenue: { amount: '150.00' },
          share: '25.00',
          change: '50.00',
          note: '年底冲量',
        },
      ],
    });
    const forward = (caller: string, version: number) =>
      mutate(
        server,
        caller,
        'keyAccountRevenueReportForward',
        { reportId: month.id, expectedVersion: version },
        'report { state forwardedBy { id } }',
      );
    expect((await forward('KA_SUPERVISOR', 2)).__typename).toBe('Forbidden');
    expect((await forward('CS_SUPERVISOR', 2)).report).toEqual({
      state: 'FORWARDED',
      forwardedBy: { id: people.CS_SUPERVISOR.nodeId },
    });
    expect((await forward('CS_SUPERVISOR', 3)).__typename).toBe('IllegalTransition');
    await sweepAt(server, '2028-01-06 00:00');
    await sweepAt(server, '2028-01-07 00:00');
    const told = await server.services.database.query<{ kind: string; audience: object; period: string }>(sql`
      select kind, audience, payload ->> 'period' as period from event
      where kind like 'KEY_ACCOUNT_REPORT_%' and payload ->> 'reportId' = any(${due.map(({ id }: { id: string }) => Buffer.from(id, 'base64').toString('utf8').split(':')[1] ?? '')}::text[])
      order by seq`);
    expect(told.map(({ kind, period }) => `${kind} ${period}`).sort()).toEqual([
      'KEY_ACCOUNT_REPORT_FORWARDED 2027-12',
      'KEY_ACCOUNT_REPORT_OVERDUE 2027',
      'KEY_ACCOUNT_REPORT_OVERDUE 2027-Q4',
      'KEY_ACCOUNT_REPORT_SUBMITTED 2027-12',
    ]);
    for (const [caller, count] of [
      ['HEAD', 3],
      ['CS_SUPERVISOR', 3],
      ['KA_SUPERVISOR', 3],
      ['KA_SPECIALIST', 0],
      ['SALES_REP', 0],
      ['HR', 0],
    ] as const)
      expect([
        caller,
        (await reports(caller)).filter(({ dueAt }: { dueAt: string }) => dueAt > '2028').length,
      ]).toEqual([caller, count]);
  });
});
