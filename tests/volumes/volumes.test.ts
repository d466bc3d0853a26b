import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { sweepVolumes } from '../../src/volumes/commands.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import {
  makeAssignment,
  makeCustomer,
  makeCustomers,
  makeKeyAccount,
  makeShipments,
} from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { type Named, people, type PersonName } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';

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

const DAY = 86_400_000;
/** Noon in Shanghai. */
const at = (day: string) => new Date(`${day}T04:00:00Z`);
/** Tuesday 24 November, Wednesday 25 …, 04:00 in Shanghai: an hour after customers were looked at. */
const night = (count: number) => new Date(Date.parse('2026-11-22T20:00:00Z') + count * DAY);

/** What the sweep does in a night; tests go back and forth between nights. */
async function lookAt(instant: Date): Promise<void> {
  server.clock.set(instant);
  const { runner, systemOrigin, timeZone } = server.services;
  const origin = await systemOrigin();
  await runner.run(origin, (tx) => sweepVolumes(timeZone)(tx, []));
}

/** So many shipments on days that follow one another from the first on, in turn. */
function ships(customer: Named, count: number, first: string, days: number) {
  return makeShipments(server, count, (index) => {
    const day = new Date(at(first).getTime() + (index % days) * DAY);
    return { customerId: customer.id, countedAt: day, deliveredAt: null, weightKg: 250 };
  });
}

/** Shipments within the 90 days to 24 October and the 30 to 23 November, also as they stand on the next days; or a year before. */
async function volumeOf(customer: Named, third: number, recent: number, year = 2026) {
  if (third > 0) await ships(customer, third * 3, `${year}-07-30`, 80);
  if (recent > 0) await ships(customer, recent, `${year}-10-28`, 25);
}

async function eventsOf(kind: string) {
  await server.settled();
  return server.services.database.query<{
    audience: { employees: string[]; roles: string[] };
    severity: string;
    payload: Record<string, unknown>;
  }>(sql`select audience, severity, payload from event where kind = ${kind} order by seq`);
}

const CASE = `id test period { key } state actual mean lower upper cause measure version dimension { kind } kpi { key }
  responsible { id } reportedTo { id } reportedAt closedAt viewerCan { action allowed reason }`;

async function casesOf(customer: Named, caller: PersonName = 'HEAD') {
  const { data, errors } = await server.gql(
    caller,
    `{ anomalyCases(where: { customer: { eq: "${customer.nodeId}" } }) { edges { node { ${CASE} } } } }`,
  );
  expect(errors).toBeUndefined();
  return data.anomalyCases.edges.map(({ node }: { node: object }) => node);
}

test('[EVT-15] a key account that ships a fifth less, or another priority customer that ships three tenths less, is told of once a month', async () => {
  const [key, nearlyKey, gradeA, nearlyA, plain, seasonal] = (await makeCustomers(server, 6, (index) => ({
    grade: index === 2 || index === 3 ? 'A' : 'B',
    ownerId: people.ACCOUNT_MANAGER_LOGISTICS.id,
  }))) as [Named, Named, Named, Named, Named, Named];
  for (const customer of [key, nearlyKey, seasonal])
    await makeKeyAccount(server, { customerId: customer.id });
  await volumeOf(key, 10, 8);
  await volumeOf(nearlyKey, 10, 9);
  await volumeOf(gradeA, 10, 7);
  await volumeOf(nearlyA, 10, 8);
  await volumeOf(plain, 10, 0);
  await volumeOf(seasonal, 10, 5);
  await volumeOf(seasonal, 10, 5, 2025);
  await server.rollUp();
  // By the sweep.
  server.clock.set(night(1));
  await server.sweep();

  const told = await eventsOf('KEY_ACCOUNT_VOLUME_DROP');
  expect(
    told.map(({ payload }) => [payload.customerId, payload.change, payload.value, payload.mean]).sort(),
  ).toEqual(
    [
      [key.id, '-0.2', '8', '10'],
      [gradeA.id, '-0.3', '7', '10'],
    ].sort(),
  );
  expect(told[0]).toMatchObject({
    severity: 'HIGH',
    audience: { roles: ['KA_SUPERVISOR', 'HEAD'], employees: [people.ACCOUNT_MANAGER_LOGISTICS.id] },
  });
  expect(await casesOf(key)).toMatchObject([
    {
      test: 'DROP',
      kpi: { key: 'KPI_65' },
      period: { key: '2026-11' },
      state: 'OPEN',
      actual: '8',
      mean: '10',
      lower: '8',
      responsible: { id: people.ACCOUNT_MANAGER_LOGISTICS.nodeId },
    },
  ]);
  expect(await casesOf(seasonal)).toEqual([]);

  // Shipments that come late change the case; nothing is told again, and a closed case stays as it was closed.
  await ships(key, 1, '2026-11-20', 1);
  await server.rollUp();
  await lookAt(night(2));
  expect(await casesOf(key)).toMatchObject([{ actual: '9' }]);
  expect(await eventsOf('KEY_ACCOUNT_VOLUME_DROP')).toHaveLength(2);

  // Without the year before the end of a season is a drop.
  await setSetting(server, 'volume.seasonal', false);
  await lookAt(night(3));
  expect(
    (await eventsOf('KEY_ACCOUNT_VOLUME_DROP')).slice(2).map(({ payload }) => payload.customerId),
  ).toEqual([seasonal.id]);
  await setSetting(server, 'volume.seasonal', true);
  // Another month tells again: from 1 December on, 1 to 30 November are the last 30 days.
  await lookAt(night(8));
  const december = (await eventsOf('KEY_ACCOUNT_VOLUME_DROP')).slice(3);
  expect(december.map(({ payload }) => [payload.customerId, payload.period])).toContainEqual([
    gradeA.id,
    '2026-12',
  ]);
});

test('[CUS-32] [EVT-16] monthly sales outside of their band open a case: cause, action, reported to, closed', async () => {
  server.clock.set('2026-11-23T01:00:00.000Z');
  const [steep, steady, short] = (await makeCustomers(server, 3, (index) => ({
    grade: 'B',
    ownerId: index === 2 ? null : people.ACCOUNT_MANAGER_LOGISTICS.id,
  }))) as [Named, Named, Named];
  const sells = (customer: Named, revenue: number, month: string) =>
    makeShipments(server, 1, {
      customerId: customer.id,
      revenue,
      weightKg: 500,
      countedAt: at(`${month}-12`),
      deliveredAt: at(`${month}-15`),
    });
  const months = ['03', '04', '05', '06', '07', '08', '09'];
  for (const [index, month] of months.entries()) {
    const revenue = 100 + ((index % 3) - 1) * 10;
    await sells(steep, revenue, `2026-${month}`);
    await sells(steady, revenue, `2026-${month}`);
    // Five months are too few to say anything.
    if (index > 1) await sells(short, revenue, `2026-${month}`);
  }
  await sells(steep, 200, '2026-10');
  await sells(steady, 105, '2026-10');
  await sells(short, 900, '2026-10');
  await server.rollUp();
  await lookAt(night(4));

  // 90, 100, 110, 90, 100, 110, 90: mean 98.57, sample standard deviation 8.997.
  const found = {
    actual: '200',
    mean: '98.57',
    lower: '80.58',
    upper: '116.57',
    period: { key: '2026-10' },
    test: 'BAND',
  };
  expect(await casesOf(steep)).toMatchObject([{ ...found, kpi: { key: 'KPI_01' } }]);
  expect(await casesOf(steady)).toEqual([]);
  expect(await casesOf(short)).toEqual([]);
  const [anomaly] = await casesOf(steep, 'ACCOUNT_MANAGER_LOGISTICS');
  expect(await eventsOf('CUSTOMER_SALES_ABNORMAL')).toMatchObject([
    {
      severity: 'WARNING',
      audience: { roles: ['SALES_SUPERVISOR'], employees: [people.ACCOUNT_MANAGER_LOGISTICS.id] },
      payload: { customerId: steep.id, period: '2026-10', actual: '200' },
    },
  ]);

  // Late shipments: of the one the case is refreshed, the other one leaves its band.
  await sells(steep, 50, '2026-10');
  await sells(steady, 50, '2026-10');
  await server.rollUp();
  await lookAt(night(5));
  expect(await casesOf(steep)).toMatchObject([{ actual: '250' }]);
  expect(await casesOf(steady)).toMatchObject([{ actual: '155' }]);
  await lookAt(night(6));
  expect(
    (await eventsOf('CUSTOMER_SALES_ABNORMAL')).map(({ payload }) => [payload.customerId, payload.actual]),
  ).toEqual([
    [steep.id, '200'],
    [steady.id, '155'],
  ]);

  // Cases are seen by who reads the file or the figure, and looked into by who writes the file.
  for (const caller of ['SALES_REP', 'CS_AGENT', 'OPERATIONS', 'HR', 'ADMIN'] as const)
    expect([caller, await casesOf(steep, caller)]).toEqual([caller, []]);
  const update = { anomalyCaseId: anomaly.id, expectedVersion: 1, cause: 'A second warehouse.' };
  expect((await mutate(server, 'SALES_REP', 'anomalyCaseUpdate', update)).__typename).toBe('NotFound');
  expect((await mutate(server, 'FINANCE', 'anomalyCaseUpdate', update)).__typename).toBe('Forbidden');
  await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'anomalyCaseUpdate', update);
  const close = { anomalyCaseId: anomaly.id, expectedVersion: 2, measure: 'Offer a yearly contract.' };
  expect(pathsOf(await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'anomalyCaseClose', close))).toEqual([
    'reportedToId',
  ]);
  const done = await mutate(
    server,
    'ACCOUNT_MANAGER_LOGISTICS',
    'anomalyCaseClose',
    { ...close, reportedToId: people.SALES_SUPERVISOR.nodeId },
    `anomalyCase { ${CASE} }`,
  );
  expect(done.anomalyCase).toMatchObject({
    state: 'CLOSED',
    cause: 'A second warehouse.',
    measure: 'Offer a yearly contract.',
    reportedTo: { id: people.SALES_SUPERVISOR.nodeId },
    reportedAt: server.clock.now().toISOString(),
    closedAt: server.clock.now().toISOString(),
    viewerCan: [
      { action: 'anomalyCaseUpdate', allowed: false, reason: 'STATE_CLOSED' },
      { action: 'anomalyCaseClose', allowed: false, reason: 'STATE_CLOSED' },
    ],
  });

  // What it shipped, by month and by day, for who reads the file.
  const volumes = async (caller: PersonName, span: string) => {
    const { data, errors } = await server.gql(
      caller,
      `query ($id: ID!) { node(id: $id) { ... on Customer { volumes(${span}) { period shipments tonnes revenue { amount } } } } }`,
      { id: steep.nodeId },
    );
    return errors ? errors[0]?.message : data.node.volumes;
  };
  const byMonth = 'by: MONTH, from: "2026-09-01", to: "2026-10-31"';
  expect(await volumes('ACCOUNT_MANAGER_LOGISTICS', byMonth)).toEqual([
    { period: '2026-09', shipments: 1, tonnes: '0.5', revenue: { amount: '90.00' } },
    { period: '2026-10', shipments: 2, tonnes: '1', revenue: { amount: '250.00' } },
  ]);
  expect(await volumes('HEAD', 'by: DAY, from: "2026-10-01", to: "2026-10-31"')).toEqual([
    { period: '2026-10-12', shipments: 2, tonnes: '1', revenue: { amount: '0.00' } },
    { period: '2026-10-15', shipments: 0, tonnes: '0', revenue: { amount: '250.00' } },
  ]);
  expect(await volumes('SALES_REP', byMonth)).toBeNull();
  expect(await volumes('HEAD', 'by: DAY, from: "2026-10-01", to: "2028-10-31"')).toMatch(/at most 366 days/);
});

test('a case of a closed file is read by who is dedicated to it and by who reads all figures', async () => {
  const customer = await makeCustomer(server, { grade: 'A', ownerId: people.SALES_REP.id });
  await server.services.database.transaction(({ prisma }) =>
    prisma.anomalyCase.createMany({
      data: [
        {
          key: 'KPI_01',
          dimensionKind: 'CUSTOMER',
          dimensionId: customer.id,
          period: '2026-08',
          actual: '900',
          mean: '500',
          lower: '400',
          upper: '600',
          periods: 12,
          aroseAt: server.clock.now(),
          openedAt: server.clock.now(),
          dueAt: server.clock.now(),
          updatedAt: server.clock.now(),
        },
      ],
    }),
  );
  expect(await casesOf(customer, 'SALES_REP')).toEqual([]);
  await makeAssignment(server, { customerId: customer.id, employeeId: people.SALES_REP.id, dedicated: true });
  expect(await casesOf(customer, 'SALES_REP')).toMatchObject([
    { viewerCan: [{ allowed: true }, { allowed: true }] },
  ]);
});

test('a night takes as many statements for many customers as for few', async () => {
  const { runner, systemOrigin, timeZone } = server.services;
  const look = async () => {
    const origin = await systemOrigin();
    return server.statementsDuring(() => runner.run(origin, (tx) => sweepVolumes(timeZone)(tx, [])));
  };
  const drops = async (count: number) => {
    const made = await makeCustomers(server, count, { grade: 'B' });
    for (const customer of made) await makeKeyAccount(server, { customerId: customer.id });
    await makeShipments(server, count, (index) => ({
      customerId: made[index]?.id ?? '',
      countedAt: at('2026-09-10'),
      deliveredAt: null,
    }));
    await server.rollUp();
  };
  server.clock.set('2026-11-29T20:00:00Z');
  await drops(1);
  const few = await look();
  const before = (await eventsOf('KEY_ACCOUNT_VOLUME_DROP')).length;
  await drops(30);
  expect(await look()).toBe(few);
  expect((await eventsOf('KEY_ACCOUNT_VOLUME_DROP')).length - before).toBe(30);
});
