import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer, makeShipments } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, type Named, people, type PersonName } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let database: FreshDatabase;
let server: TestServer;
let open: Named;
let south: Named;
let closed: Named;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  open = await makeCustomer(server, { grade: 'B', areaId: areas.EAST.id, scopeOfBusiness: 'Ceramics' });
  south = await makeCustomer(server, { grade: 'C', areaId: areas.SOUTH.id, industry: 'TOYS' });
  closed = await makeCustomer(server, { grade: 'A', areaId: areas.EAST.id });
  const sold = (customer: Named, goods: string, quantity: number, revenue: number, day = '2026-03-10') =>
    makeShipments(server, 1, {
      customerId: customer.id,
      goods,
      quantity,
      revenue,
      mode: 'ROAD',
      countedAt: new Date(`${day}T04:00:00Z`),
      deliveredAt: new Date(`${day}T04:00:00Z`),
    });
  await sold(open, 'Tiles', 40, 300);
  await sold(open, 'Tiles', 2.5, 100);
  await sold(open, 'Vases', 7, 200);
  await sold(south, 'Tiles', 5, 150);
  await sold(closed, 'Engines', 3, 250);
  await sold(open, 'Tiles', 90, 900, '2025-12-31');
  await server.rollUp();
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const SIGNED = `id state version summary note returnReason preparedBy { id } filledBy { id } reviewedBy { id } reviewedAt
  viewerCan { action allowed reason }`;
const ROWS = `regional { area { code } customer { id } business product quantity shipments }
  sales { productClass product total { amount } places { area { code } amount { amount } } }
  card { area { code } customers amount { amount } ratio }`;

async function prepare(caller: PersonName, kind: string, more: object = {}) {
  return mutate(
    server,
    caller,
    'customerReportPrepare',
    { kind, year: 2026, ...more },
    `customerReport { ${SIGNED} ${ROWS} }`,
  );
}

async function rowsOf(caller: PersonName, id: string) {
  const { data, errors } = await server.gql(
    caller,
    `query ($id: ID!) { node(id: $id) { ... on CustomerReport { ${ROWS} } } }`,
    { id },
  );
  expect(errors).toBeUndefined();
  return data.node;
}

test('[CUS-34] customer analyses of a year are prepared, filled in and reviewed by somebody else', async () => {
  // FRM-10: region, name, kind of business, product, quantity.
  const { customerReport: regional } = await prepare('MARKETING_CLERK', 'REGIONAL_ANALYSIS');
  const rows = [
    {
      area: { code: 'EAST' },
      customer: { id: open.nodeId },
      business: 'Ceramics',
      product: 'Tiles',
      quantity: '42.5',
      shipments: 2,
    },
    {
      area: { code: 'EAST' },
      customer: { id: open.nodeId },
      business: 'Ceramics',
      product: 'Vases',
      quantity: '7',
      shipments: 1,
    },
    {
      area: { code: 'SOUTH' },
      customer: { id: south.nodeId },
      business: 'TOYS',
      product: 'Tiles',
      quantity: '5',
      shipments: 1,
    },
  ];
  expect(regional).toMatchObject({ state: 'PREPARED', regional: rows, sales: null, card: null });
  // A closed file is in nobody's rows but those of who reads it.
  const head = (await rowsOf('HEAD', regional.id)).regional;
  expect(head).toHaveLength(4);
  expect(head).toContainEqual(
    expect.objectContaining({ product: 'Engines', customer: { id: closed.nodeId } }),
  );

  // FRM-11: product class, product by place, total.
  const { customerReport: sales } = await prepare('DATA_ANALYST', 'SALES_ANALYSIS');
  expect(sales.sales).toEqual([
    {
      productClass: 'ROAD',
      product: 'Tiles',
      total: { amount: '550.00' },
      places: [
        { area: { code: 'EAST' }, amount: { amount: '400.00' } },
        { area: { code: 'SOUTH' }, amount: { amount: '150.00' } },
      ],
    },
    {
      productClass: 'ROAD',
      product: 'Vases',
      total: { amount: '200.00' },
      places: [{ area: { code: 'EAST' }, amount: { amount: '200.00' } }],
    },
  ]);

  // FRM-16: number of customers, amount and ratio of logistics operation; figures over all customers.
  const { customerReport: card } = await prepare('CS_SUPERVISOR', 'SUMMARY_CARD');
  const figures = [
    { area: { code: 'EAST' }, customers: 2, amount: { amount: '850.00' }, ratio: '85' },
    { area: { code: 'SOUTH' }, customers: 1, amount: { amount: '150.00' }, ratio: '15' },
    { area: null, customers: 0, amount: { amount: '0.00' }, ratio: '0' },
  ];
  expect(card.card).toEqual(figures);

  const fill = {
    customerReportId: card.id,
    expectedVersion: 1,
    summary: 'East leads.',
    note: 'Toys are new.',
  };
  expect(pathsOf(await mutate(server, 'HEAD', 'customerReportFill', { ...fill, summary: ' ' }))).toEqual([
    'summary',
  ]);
  const early = { customerReportId: card.id, expectedVersion: 1, decision: 'APPROVE' };
  expect((await mutate(server, 'HEAD', 'customerReportReview', early)).__typename).toBe('IllegalTransition');
  const filled = await mutate(
    server,
    'SALES_SUPERVISOR',
    'customerReportFill',
    fill,
    `customerReport { ${SIGNED} }`,
  );
  expect(filled.customerReport).toMatchObject({
    state: 'FILLED',
    summary: 'East leads.',
    note: 'Toys are new.',
    preparedBy: { id: people.CS_SUPERVISOR.nodeId },
    filledBy: { id: people.SALES_SUPERVISOR.nodeId },
    viewerCan: [
      { action: 'customerReportFill', allowed: true, reason: null },
      { action: 'customerReportReview', allowed: false, reason: 'OWN_REPORT' },
    ],
  });
  const review = { customerReportId: card.id, expectedVersion: 2, decision: 'APPROVE' };
  expect((await mutate(server, 'SALES_SUPERVISOR', 'customerReportReview', review)).__typename).toBe(
    'Forbidden',
  );
  expect((await mutate(server, 'DATA_ANALYST', 'customerReportReview', review)).__typename).toBe('Forbidden');
  expect(
    pathsOf(await mutate(server, 'HEAD', 'customerReportReview', { ...review, decision: 'RETURN' })),
  ).toEqual(['reason']);
  await mutate(server, 'HEAD', 'customerReportReview', {
    ...review,
    decision: 'RETURN',
    reason: 'And the west?',
  });
  await mutate(server, 'SALES_SUPERVISOR', 'customerReportFill', { ...fill, expectedVersion: 3 });
  const done = await mutate(
    server,
    'HEAD',
    'customerReportReview',
    { ...review, expectedVersion: 4 },
    `customerReport { ${SIGNED} }`,
  );
  expect(done.customerReport).toMatchObject({
    state: 'REVIEWED',
    reviewedBy: { id: people.HEAD.nodeId },
    reviewedAt: server.clock.now().toISOString(),
    returnReason: null,
  });
  // What was reviewed stays as it was, whatever is delivered later.
  await makeShipments(server, 1, {
    customerId: south.id,
    revenue: 5_000,
    deliveredAt: new Date('2026-06-01T04:00:00Z'),
    countedAt: new Date('2026-06-01T04:00:00Z'),
  });
  await server.rollUp();
  expect((await rowsOf('HEAD', card.id)).card).toEqual(figures);
});

test('reports are read and written by their roles, one of a kind for each year and area', async () => {
  const east = { areaId: areas.EAST.nodeId };
  const { customerReport } = await prepare('HEAD', 'REGIONAL_ANALYSIS', { ...east, year: 2025 });
  expect(pathsOf(await prepare('HEAD', 'REGIONAL_ANALYSIS', { ...east, year: 2025 }))).toEqual(['year']);
  expect(pathsOf(await prepare('HEAD', 'REGIONAL_ANALYSIS', { year: 1_000 }))).toEqual(['year']);
  for (const caller of ['SALES_REP', 'CS_AGENT', 'DEPUTY', 'COMPANY_LEADER', 'HR'] as const)
    expect([caller, (await prepare(caller, 'SALES_ANALYSIS', { year: 2024 })).__typename]).toEqual([
      caller,
      'Forbidden',
    ]);
  const seen = async (caller: PersonName) => {
    const { data } = await server.gql(
      caller,
      '{ customerReports(where: { year: { eq: 2025 } }) { totalCount edges { node { id } } } }',
    );
    return data.customerReports.totalCount;
  };
  const callers = ['HEAD', 'COMPANY_LEADER', 'DEPUTY', 'DEPUTY_SOUTH', 'SALES_REP', 'HR', 'ADMIN'] as const;
  expect(await Promise.all(callers.map(seen))).toEqual([1, 1, 1, 0, 0, 0, 0]);
  const fill = { customerReportId: customerReport.id, expectedVersion: 1, summary: 'x' };
  expect((await mutate(server, 'DEPUTY', 'customerReportFill', fill)).__typename).toBe('Forbidden');
  expect((await mutate(server, 'DEPUTY_SOUTH', 'customerReportFill', fill)).__typename).toBe('NotFound');
  expect(
    (await mutate(server, 'HEAD', 'customerReportFill', { ...fill, expectedVersion: 9 })).__typename,
  ).toBe('StaleVersion');
});
