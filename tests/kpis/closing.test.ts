import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { KPIS } from '../../src/kpis/definitions/index.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, departments, type Named, people, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

// Time goes on from test to test: from November 2026, which runs, to the year after, in one database.

let server: TestServer;
let database: FreshDatabase;
let customer: Named;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  server.clock.set(MONDAY_9);
  customer = await makeCustomer(server, { areaId: areas.EAST.id, phone: null });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const at = (instant: string) => new Date(`${instant}+08:00`);

interface Scope {
  readonly kind: string;
  readonly id?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
async function value(key: string, period: string, dimension?: Scope, caller: Caller = 'HEAD'): Promise<any> {
  const { data, errors } = await server.gql(
    caller,
    `query ($key: KpiKey!, $period: String!, $dimension: KpiDimensionInput) {
      kpis(keys: [$key], period: { key: $period }, dimension: $dimension) {
        status value numerator denominator asOf isProvisional definitionVersion closedAt closedValue
        corrections { number value numerator denominator asOf definitionVersion } breakdown { key value } } }`,
    { key, period, dimension },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.kpis[0];
}

/** Counts what changed, then works off what is due. */
async function goOn(to?: Date): Promise<void> {
  if (to) server.clock.set(to);
  await server.rollUp();
  await server.sweep();
}

async function ship(day: string, count: number, facts: Partial<Prisma.ShipmentCreateManyInput> = {}) {
  const now = server.clock.now();
  await server.services.database.transaction(({ prisma }) =>
    prisma.shipment.createMany({
      data: Array.from({ length: count }, () => ({
        id: newId(),
        customerId: customer.id,
        shipmentNumber: newId(),
        countedAt: at(`${day}T10:00`),
        acceptedAt: at(`${day}T10:00`),
        createdAt: now,
        updatedAt: now,
        ...facts,
      })),
    }),
  );
}

const CASES = `query ($where: AnomalyCaseWhere) {
  anomalyCases(where: $where, orderBy: [{ field: key, direction: ASC }]) { totalCount edges { node {
    id kpi { key } period { key } dimension { kind id } actual mean lower upper periods state cause measure
    responsible { id } aroseAt openedAt dueAt isOverdue closedAt closedBy { id } version
    viewerCan { action allowed reason } } } } }`;

/** Customers have cases of their own, found night by night. */
const OF_FIGURES = { dimensionKind: { in: ['COMPANY', 'DEPARTMENT', 'TEAM', 'EMPLOYEE', 'AREA'] } };

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
async function cases(caller: Caller, asked: object = {}, dimensions: object = OF_FIGURES): Promise<any[]> {
  const where = { ...dimensions, ...asked };
  const { data, errors } = await server.gql(caller, CASES, { where });
  if (errors) throw new Error(JSON.stringify(errors));
  const { totalCount, edges } = data.anomalyCases;
  expect(totalCount).toBe(edges.length);
  return edges.map(({ node }: { node: object }) => node);
}

const east: Scope = { kind: 'AREA', id: areas.EAST.nodeId };
const FEED = `subscription { liveEvents(where: { kind: { in: [KPI_ABNORMAL] } }) { __typename
  ... on LiveEvent { kind severity message subject { ... on AnomalyCase { id kpi { key } period { key } } } } } }`;

describe('the close of a period', () => {
  it('[KPM-03] keeps definitions as they stand when a process starts', async () => {
    const rows = await server.services.database.query<{ key: string; version: number; formula: string }>(
      sql`select key, version, formula from kpi_definition`,
    );
    expect(new Map(rows.map(({ key, formula }) => [key, formula]))).toEqual(
      new Map(KPIS.map(({ key, formula }) => [key, formula])),
    );
  });

  it('keeps nothing of a period that runs, or ended a moment ago', async () => {
    const planned = [
      ['KPI_65', '10'],
      ['KPI_10', '4'],
      ['COMPLAINTS_RECEIVED', '0'],
    ];
    for (const [key, target] of planned) {
      await mutate(server, 'HEAD', 'kpiTargetSet', { key, period: { key: '2026' }, value: target });
    }
    // Of a year that runs nothing is final.
    expect(await value('KPI_58', '2026')).toMatchObject({ status: 'NO_DENOMINATOR', breakdown: [] });
    await ship('2026-11-10', 3);
    await makeTicket(server, { openedAt: at('2026-11-05T10:00'), teamId: teams.CUSTOMER_SERVICE.id });
    await mutate(server, 'HEAD', 'kpiTargetSet', {
      key: 'KPI_65',
      period: { key: '2026-11' },
      dimension: { kind: 'CUSTOMER', id: customer.nodeId },
      value: '3',
    });
    await goOn(at('2026-12-01T05:59:59.999'));
    expect(await value('KPI_65', '2026-11')).toMatchObject({ value: '3', closedAt: null, corrections: [] });
  });

  it('waits until everything is counted', async () => {
    server.clock.set(at('2026-12-01T06:00'));
    await ship('2026-11-30', 1);
    await server.sweep();
    expect(await value('KPI_65', '2026-11')).toMatchObject({ closedAt: null });
    await goOn();
    expect(await value('KPI_65', '2026-11')).toMatchObject({
      status: 'OK',
      value: '4',
      numerator: '4',
      denominator: null,
      isProvisional: false,
      asOf: at('2026-12-01T06:00').toISOString(),
      closedAt: at('2026-12-01T06:00').toISOString(),
      closedValue: '4',
      corrections: [],
    });
  });

  it('keeps the values of the company, its departments, teams and areas, and of every target', async () => {
    const closed = async (key: string, dimension: Scope) =>
      (await value(key, '2026-11', dimension)).closedAt !== null;
    expect(await closed('KPI_65', east)).toBe(true);
    expect(await closed('COMPLAINTS_RECEIVED', { kind: 'TEAM', id: teams.CUSTOMER_SERVICE.nodeId })).toBe(
      true,
    );
    expect(await closed('KPI_37', { kind: 'DEPARTMENT', id: departments.MARKETING.nodeId })).toBe(true);
    const ofCustomer = { kind: 'CUSTOMER', id: customer.nodeId };
    expect(await closed('KPI_65', ofCustomer)).toBe(true);
    expect(await closed('KPI_01', ofCustomer)).toBe(false);
    expect(await closed('KPI_65', { kind: 'EMPLOYEE', id: people.SALES_REP.nodeId })).toBe(false);
  });

  it('keeps what waits for later events when they can no longer come', async () => {
    expect(await value('KPI_36', '2026-11')).toMatchObject({ closedAt: null, isProvisional: true });
    await goOn(at('2026-12-31T05:59:59.999'));
    expect(await value('KPI_36', '2026-11')).toMatchObject({ closedAt: null });
    await goOn(at('2026-12-31T06:00'));
    expect(await value('KPI_36', '2026-11')).toMatchObject({
      closedAt: at('2026-12-31T06:00').toISOString(),
      value: '0.00',
      numerator: '0',
      denominator: '1',
    });
  });

  it('keeps what is known only as it stands, whatever becomes of it', async () => {
    const before = await value('KPI_44', '2026-11');
    expect(before).toMatchObject({ status: 'OK', value: '80.00', numerator: '4', denominator: '5' });
    await server.services.database.transaction(({ prisma }) =>
      prisma.customer.update({ where: { id: customer.id }, data: { phone: '+862150000000' } }),
    );
    await goOn();
    expect(await value('KPI_44', '2026-12')).toMatchObject({ value: '100.00', closedAt: null });
    expect(await value('KPI_44', '2026-11')).toEqual(before);
  });

  it('adds what later counts give as corrections, and never changes what was kept', async () => {
    await ship('2026-11-20', 2, { orderedAt: at('2026-11-19T10:00'), deliveredAt: at('2026-12-05T10:00') });
    expect(await value('KPI_65', '2026-11')).toMatchObject({ value: '4', corrections: [] });
    await goOn();
    const corrected = {
      value: '6',
      closedValue: '4',
      closedAt: at('2026-12-01T06:00').toISOString(),
      asOf: at('2026-12-31T06:00').toISOString(),
      corrections: [
        { number: 1, value: '6', asOf: at('2026-12-31T06:00').toISOString(), definitionVersion: 1 },
      ],
    };
    expect(await value('KPI_65', '2026-11')).toMatchObject(corrected);
    expect(await value('KPI_65', '2026-11', east)).toMatchObject(corrected);
    // Counting once more gives the same and adds nothing, neither do days that change nothing.
    await server.services.database.transaction((tx) =>
      tx.query(sql`select 1 as marked from rollup_mark_all()`),
    );
    await goOn();
    expect(await value('KPI_65', '2026-11')).toMatchObject(corrected);
    const kept = await server.services.database.query<{ n: number }>(
      sql`select count(*)::int as n from kpi_value where correction > 0 and period = '2026-11' and key = 'KPI_01'`,
    );
    expect(kept).toEqual([{ n: 0 }]);
    await ship('2026-11-21', 1);
    await goOn();
    expect(
      (await value('KPI_65', '2026-11')).corrections.map(({ value: one }: { value: string }) => one),
    ).toEqual(['6', '7']);
    for (const change of [sql`update kpi_value set value = 0`, sql`delete from kpi_value`]) {
      await expect(
        server.services.database.transaction((tx) => tx.prisma.$executeRaw(change)),
      ).rejects.toThrow(/append-only/);
    }
  });

  it('follows the figures that look back at other periods', async () => {
    // Nobody was active at the start of December but by shipments of November; one of September changes its start.
    await goOn(at('2027-01-01T06:00'));
    expect(await value('KPI_12', '2026-12')).toMatchObject({ value: '0', numerator: '1', denominator: '1' });
    expect(await value('KPI_12', '2026-11')).toMatchObject({ value: '1', corrections: [] });
    await ship('2026-10-02', 1);
    await goOn();
    expect(await value('KPI_12', '2026-11')).toMatchObject({
      value: '0',
      closedValue: '1',
      corrections: [{ number: 1, value: '0' }],
    });
    // The new customer of November turns out to be one of October, and growth is compared with the year before.
    expect(await value('KPI_10', '2026-11')).toMatchObject({ value: '0', closedValue: '1' });
    expect(await value('KPI_40', '2026-12')).toMatchObject({ status: 'NO_DENOMINATOR', breakdown: [] });
  });

  it('goes on from period to period, and closes the quarter and the year', async () => {
    await goOn(at('2027-02-01T06:00'));
    for (const period of ['2026-11', '2026-12', '2026-Q4', '2026', '2027-01']) {
      expect((await value('KPI_65', period)).closedAt, period).not.toBeNull();
    }
    expect((await value('KPI_65', '2027-02')).closedAt).toBeNull();
    expect((await value('KPI_65', '2026-10')).closedAt).toBeNull();
  });
});

describe('the accuracy of yearly targets', () => {
  it('[KPI-58] compares what was kept of the year with what was planned', async () => {
    // 8 shipments of 10 planned: 80 %; 1 new customer of 4: 25 %; nothing can be near zero.
    expect(await value('KPI_58', '2026')).toMatchObject({
      status: 'OK',
      value: '52.50',
      denominator: '2',
      isProvisional: false,
      breakdown: [
        { key: 'COMPLAINTS_RECEIVED', value: null },
        { key: 'KPI_10', value: '25.00' },
        { key: 'KPI_65', value: '80.00' },
      ],
    });
  });
});

describe('an abnormal value', () => {
  it('[KPM-01] opens a case once, is told to HEAD, DATA_ANALYST and the owner, and is due in five working days', async () => {
    expect(await cases('HEAD')).toEqual([]);
    // Twelve calm months, and February 2027 beyond all of them.
    for (let month = 2; month <= 12; month += 1) {
      const day = `2026-${String(month).padStart(2, '0')}-15`;
      await ship(day, 20 + (month % 3), { revenue: '100.00', deliveredAt: at(`${day}T18:00`) });
    }
    await ship('2027-01-15', 21, { revenue: '100.00', deliveredAt: at('2027-01-15T18:00') });
    await goOn();
    expect(await cases('HEAD')).toEqual([]);
    // The year has other figures now, so its targets were less accurate.
    expect(await value('KPI_58', '2026')).toMatchObject({ closedValue: '52.50', value: '12.50' });
    await ship('2027-02-15', 60, { revenue: '100.00', deliveredAt: at('2027-02-15T18:00') });
    server.clock.set(at('2027-02-28T10:00'));
    const clients = (['HEAD', 'DATA_ANALYST', 'SALES_SUPERVISOR', 'COMPANY_LEADER'] as const).map(
      (caller) => ({
        caller,
        socket: wsClient(server, caller),
      }),
    );
    const feeds = clients.map(({ caller, socket }) => ({ caller, feed: socket.subscribe(FEED) }));
    await Promise.all(feeds.map(({ feed }) => feed.ready()));
    // Monday 1 March 2027, six in the morning: the offices open at eight.
    await goOn(at('2027-03-01T06:00'));
    const opened = await cases('HEAD', { key: { eq: 'KPI_01' } });
    expect(opened).toMatchObject([
      {
        kpi: { key: 'KPI_01' },
        period: { key: '2027-02' },
        dimension: { kind: 'COMPANY', id: null },
        actual: '6000',
        periods: 12,
        state: 'OPEN',
        cause: null,
        responsible: null,
        aroseAt: at('2027-03-01T06:00').toISOString(),
        openedAt: at('2027-03-01T06:00').toISOString(),
        dueAt: at('2027-03-05T17:30').toISOString(),
        isOverdue: false,
      },
    ]);
    const [{ lower, mean, upper }] = opened as [{ lower: string; mean: string; upper: string }];
    expect(Number(mean)).toBeGreaterThan(2_000);
    expect(Number(mean)).toBeLessThan(2_400);
    expect(Number(upper) - Number(mean)).toBeCloseTo(Number(mean) - Number(lower), 1);
    // Once: neither the next sweep nor a correction opens another.
    await ship('2027-02-16', 1, { revenue: '100.00', deliveredAt: at('2027-02-16T18:00') });
    await goOn();
    expect(await value('KPI_01', '2027-02')).toMatchObject({ value: '6100.00', closedValue: '6000.00' });
    expect(await cases('HEAD', { key: { eq: 'KPI_01' } })).toMatchObject(opened);
    await server.settled();
    for (const { caller, feed } of feeds) {
      const told = feed.events.filter(({ subject }) => subject?.kpi.key === 'KPI_01');
      const addressed = caller === 'HEAD' || caller === 'DATA_ANALYST';
      expect([caller, told.length]).toEqual([caller, addressed ? 1 : 0]);
      if (addressed) {
        expect(told[0]).toMatchObject({
          kind: 'KPI_ABNORMAL',
          severity: 'HIGH',
          subject: { id: opened[0].id, period: { key: '2027-02' } },
        });
      }
    }
    for (const { feed } of feeds) feed.close();
    await Promise.all(clients.map(({ socket }) => socket.dispose()));
    // KPI-45: every case of March was opened as soon as the value was final.
    const all = await cases('HEAD', {}, {});
    expect(await value('KPI_45', '2027-03')).toMatchObject({
      value: '100.00',
      numerator: String(all.length),
      denominator: String(all.length),
    });
  });

  it('is open to whoever may read the figure', async () => {
    const keys = async (caller: Caller) => new Set((await cases(caller)).map(({ kpi }) => kpi.key));
    const everything = await keys('HEAD');
    expect(everything).toContain('KPI_01');
    for (const caller of ['COMPANY_LEADER', 'SALES_SUPERVISOR', 'FINANCE', 'INTERNAL_AUDITOR'] as const) {
      expect(await keys(caller), caller).toEqual(everything);
    }
    for (const caller of ['CS_AGENT', 'HR', 'ADMIN', 'KA_SUPERVISOR', 'DEPUTY'] as const) {
      expect(await keys(caller), caller).toEqual(new Set());
    }
    const service = new Set(KPIS.filter(({ service }) => service).map(({ key }) => key));
    expect(await keys('OPERATIONS')).toEqual(new Set([...everything].filter((key) => service.has(key))));
    const [{ id }] = (await cases('HEAD', { key: { eq: 'KPI_01' } })) as [{ id: string }];
    const node = 'query ($id: ID!) { node(id: $id) { id } }';
    expect((await server.gql('OPERATIONS', node, { id })).data.node).toBeNull();
    expect((await server.gql('FINANCE', node, { id })).data.node).toEqual({ id });
  });

  it('is looked into and closed by HEAD or DATA_ANALYST, with its cause and a measure', async () => {
    const [first] = await cases('DATA_ANALYST', { key: { eq: 'KPI_01' } });
    const input = { anomalyCaseId: first.id, expectedVersion: first.version };
    const fields =
      'anomalyCase { state cause measure responsible { id } closedBy { id } closedAt version isOverdue }';
    const update = (caller: Caller, more: object) =>
      mutate(server, caller, 'anomalyCaseUpdate', { ...input, ...more }, fields);
    const close = (caller: Caller, more: object) =>
      mutate(server, caller, 'anomalyCaseClose', { ...input, ...more }, fields);
    expect(await update('SALES_SUPERVISOR', { cause: 'x' })).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD', 'DATA_ANALYST'],
    });
    expect(await update('CS_AGENT', { cause: 'x' })).toMatchObject({ __typename: 'NotFound' });
    const nobody = globalId('AnomalyCase', newId());
    expect(await update('HEAD', { anomalyCaseId: nobody })).toMatchObject({ __typename: 'NotFound' });
    expect(pathsOf(await update('HEAD', { cause: ' ', measure: 'x'.repeat(4_001) }))).toEqual([
      'cause',
      'measure',
    ]);
    expect(pathsOf(await update('HEAD', { responsibleId: globalId('Employee', newId()) }))).toEqual([
      'responsibleId',
    ]);
    expect(pathsOf(await close('DATA_ANALYST', { cause: '大客户集中发货' }))).toEqual(['measure']);
    const updated = await update('DATA_ANALYST', {
      cause: '大客户集中发货',
      responsibleId: people.SALES_SUPERVISOR.nodeId,
    });
    expect(updated.anomalyCase).toMatchObject({
      state: 'OPEN',
      cause: '大客户集中发货',
      measure: null,
      responsible: { id: people.SALES_SUPERVISOR.nodeId },
      version: 2,
    });
    expect(await close('HEAD', { measure: '按月签订运量' })).toMatchObject({
      __typename: 'StaleVersion',
      current: 2,
    });
    server.clock.set(at('2027-03-05T17:30:00.001'));
    expect(await cases('HEAD', { key: { eq: 'KPI_01' } })).toMatchObject([{ isOverdue: true }]);
    const closed = await close('HEAD', { expectedVersion: 2, measure: '按月签订运量' });
    expect(closed.anomalyCase).toMatchObject({
      state: 'CLOSED',
      cause: '大客户集中发货',
      measure: '按月签订运量',
      closedBy: { id: people.HEAD.nodeId },
      closedAt: at('2027-03-05T17:30:00.001').toISOString(),
      isOverdue: false,
    });
    expect(await update('HEAD', { expectedVersion: 3, cause: 'x' })).toMatchObject({
      __typename: 'IllegalTransition',
    });
    const [row] = await cases('HEAD', { state: { eq: 'CLOSED' } });
    expect(row.viewerCan).toEqual([
      { action: 'anomalyCaseUpdate', allowed: false, reason: 'STATE_CLOSED' },
      { action: 'anomalyCaseClose', allowed: false, reason: 'STATE_CLOSED' },
    ]);
    const audit = await server.services.database.query<{ action: string }>(sql`
      select action from audit_log where subject_type = 'AnomalyCase' order by at, id`);
    expect(audit.map(({ action }) => action)).toEqual(['anomalyCaseUpdate', 'anomalyCaseClose']);
  });
});
