import { beforeAll, describe, expect, test } from 'vitest';
import { makeCustomer, makeShipments } from '../support/factories.ts';
import { areas, type Named } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

async function ask(document: string, variables: object = {}) {
  const { data, errors } = await server.gql('HEAD', document, { ...variables });
  expect(errors).toBeUndefined();
  return data;
}

/** An instant on the wall clock of the company, which is eight hours ahead all the year. */
const local = (wallClock: string) => new Date(`${wallClock}+08:00`);

const PROMISED = local('2015-03-10T23:59:59.999');
const WEIGHT = { weightKg: '12.5' };

/** Lines of one customer, by name; the rest is as the factory has it. */
async function lines<Name extends string>(
  facts: Readonly<Record<Name, object>>,
  customer?: Named,
): Promise<{ customer: Named; ids: Record<Name, string> }> {
  const of = customer ?? (await makeCustomer(server));
  const names = Object.keys(facts) as Name[];
  const made = await makeShipments(server, names.length, (index) => ({
    customerId: of.id,
    ...facts[names[index] as Name],
  }));
  const ids = Object.fromEntries(names.map((name, at) => [name, made[at]?.nodeId])) as Record<Name, string>;
  return { customer: of, ids };
}

describe('how a line stands', () => {
  const CASES = {
    'in the last millisecond of the promised day': [{ deliveredAt: PROMISED }, true, 0],
    'in the first one after it': [{ deliveredAt: local('2015-03-11T00:00') }, false, 1],
    'days before it': [{ deliveredAt: local('2015-03-01T12:00') }, true, 0],
    'twelve days after it': [{ deliveredAt: local('2015-03-22T23:59:59.999') }, false, 12],
    'later on the promised day than at the promised time': [
      { promisedAt: local('2015-03-10T09:00'), deliveredAt: local('2015-03-10T09:00:00.001') },
      false,
      0,
    ],
    'without a promise': [{ promisedAt: null, deliveredAt: PROMISED }, null, null],
    cancelled: [{ deliveredAt: PROMISED, cancelledAt: PROMISED }, null, null],
  } as const;

  test.each(Object.entries(CASES))('delivered %s', async (_name, [facts, isOnTime, daysLate]) => {
    const { ids } = await lines({ line: { promisedAt: PROMISED, ...facts } });
    const { node } = await ask(
      'query ($id: ID!) { node(id: $id) { ... on Shipment { isOnTime daysLate } } }',
      {
        id: ids.line,
      },
    );
    expect(node).toEqual({ isOnTime, daysLate });
  });

  test('under way: open until its promise has passed, then late by the days up to now', async () => {
    const now = server.clock.now().getTime();
    const at = (days: number) => new Date(now + days * 86_400_000);
    const underWay = { deliveredAt: null, countedAt: at(-9) };
    const { customer, ids } = await lines({
      ahead: { ...underWay, promisedAt: at(1) },
      now: { ...underWay, promisedAt: at(0) },
      overdue: { ...underWay, promisedAt: at(-3) },
    });
    const { shipments } = await ask(
      `query ($id: ID!) { shipments(where: { customer: { eq: $id } }) { edges { node { id isOnTime daysLate } } } }`,
      { id: customer.nodeId },
    );
    const found = new Map(
      shipments.edges.map(({ node: { id, ...node } }: { node: { id: string } }) => [id, node]),
    );
    expect(found.get(ids.ahead)).toEqual({ isOnTime: null, daysLate: null });
    expect(found.get(ids.now)).toEqual({ isOnTime: null, daysLate: null });
    expect(found.get(ids.overdue)).toEqual({ isOnTime: false, daysLate: 3 });
  });
});

describe('statistics', () => {
  async function statistics(customer: Named, options: string, figures: string) {
    const { found } = await ask(
      `query ($id: ID!) { found: shipmentStatistics(where: { customer: { eq: $id } }, ${options}) {
        groupCount total { ${figures} } groups { mode period area { code } customer { id } figures { ${figures} } } } }`,
      { id: customer.nodeId },
    );
    return found;
  }

  test('of nothing are zero, and shares and sums of nothing unknown', async () => {
    const customer = await makeCustomer(server);
    expect(
      await statistics(
        customer,
        'groupBy: MODE',
        'lines orders shipments revenue { amount } dueLines onTimeShare freight { amount } weightKg medianDaysLate',
      ),
    ).toEqual({
      groupCount: 0,
      groups: [],
      total: {
        lines: 0,
        orders: 0,
        shipments: 0,
        revenue: { amount: '0.00' },
        dueLines: 0,
        onTimeShare: null,
        freight: null,
        weightKg: null,
        medianDaysLate: null,
      },
    });
  });

  test('count lines, orders and shipments of a group each once, and in the total once', async () => {
    const same = { orderNumber: 'O1', shipmentNumber: 'S1', deliveredAt: PROMISED };
    const { customer } = await lines({
      a: { ...same, mode: 'AIR', revenue: '0.10', freight: '1.05', ...WEIGHT },
      b: { ...same, mode: 'AIR', revenue: '0.20' },
      c: { ...same, mode: 'OCEAN', revenue: '0.40' },
      d: { deliveredAt: PROMISED, shipmentNumber: 'S2', mode: null, revenue: '90071992547409.91' },
      cancelled: { ...same, mode: 'RAIL', cancelledAt: PROMISED },
      underWay: { ...same, mode: 'RAIL', deliveredAt: null },
    });
    const figures = 'lines orders shipments revenue { amount } freight { amount } freightLines weightKg';
    const { groups, total, groupCount } = await statistics(customer, 'groupBy: MODE', figures);
    expect(total).toEqual({
      lines: 4,
      orders: 1,
      shipments: 2,
      revenue: { amount: '90071992547410.61' },
      freight: { amount: '1.05' },
      freightLines: 1,
      weightKg: '12.5',
    });
    expect(groupCount).toBe(3);
    expect(
      groups.map((group: { mode: string; figures: Record<string, unknown> }) => [
        group.mode,
        group.figures.lines,
        group.figures.orders,
        group.figures.shipments,
      ]),
    ).toEqual([
      [null, 1, 0, 1],
      ['OCEAN', 1, 1, 1],
      ['AIR', 2, 1, 1],
    ]);
  });

  test('fall into the local day, from its first instant up to the next', async () => {
    const { customer } = await lines({
      before: { deliveredAt: local('2015-03-09T23:59:59.999') },
      first: { deliveredAt: local('2015-03-10T00:00') },
      last: { deliveredAt: local('2015-03-10T23:59:59.999') },
      after: { deliveredAt: local('2015-03-11T00:00') },
    });
    const { groups, total } = await statistics(
      customer,
      'groupBy: DAY, from: "2015-03-10", until: "2015-03-11"',
      'lines',
    );
    expect(
      groups.map(({ period, figures }: { period: string; figures: object }) => [period, figures]),
    ).toEqual([['2015-03-10', { lines: 2 }]]);
    expect(total).toEqual({ lines: 2 });
    for (const [groupBy, period] of [
      ['MONTH', '2015-03'],
      ['QUARTER', '2015-Q1'],
      ['YEAR', '2015'],
    ]) {
      const found = await statistics(customer, `groupBy: ${groupBy}`, 'lines');
      expect(found.groups).toEqual([expect.objectContaining({ period, figures: { lines: 4 } })]);
    }
  });

  test('go by the day that is asked for, and take the median of even numbers of late lines between them', async () => {
    const day = (which: string) => local(`2015-${which}T12:00`);
    const { customer } = await lines({
      a: { promisedAt: day('01-31'), deliveredAt: day('02-02'), countedAt: day('01-01') },
      b: { promisedAt: day('01-31'), deliveredAt: day('02-05'), countedAt: day('03-01') },
      c: { promisedAt: day('02-28'), deliveredAt: day('02-27'), countedAt: day('03-01') },
      d: { promisedAt: null, deliveredAt: day('02-27'), countedAt: day('03-01') },
    });
    const of = async (which: string) => {
      const figures = 'lines dueLines onTimeLines onTimeShare medianDaysLate';
      const { groups } = await statistics(customer, `groupBy: MONTH, day: ${which}`, figures);
      return groups.map(({ period, figures }: { period: string; figures: object }) => [
        period,
        ...Object.values(figures),
      ]);
    };
    expect(await of('DELIVERED')).toEqual([['2015-02', 4, 3, 1, '33.33', '3.50']]);
    expect(await of('PROMISED')).toEqual([
      ['2015-01', 2, 2, 0, '0.00', '3.50'],
      ['2015-02', 1, 1, 1, '100.00', null],
    ]);
    expect(await of('COUNTED')).toEqual([
      ['2015-01', 1, 1, 0, '0.00', '2.00'],
      ['2015-03', 3, 2, 1, '50.00', '5.00'],
    ]);
  });

  test('group by customer and by area; orders of two customers with one number are two', async () => {
    const customers = [
      await makeCustomer(server, { areaId: areas.EAST.id }),
      await makeCustomer(server, { areaId: null }),
    ];
    const goods = `pallets ${customers[0]?.id}`;
    for (const customer of customers) {
      await lines(
        { one: { orderNumber: 'O1', shipmentNumber: 'S1', goods, deliveredAt: PROMISED } },
        customer,
      );
    }
    const { byCustomer, byArea, one } = await ask(
      `query ($goods: String!) {
        byCustomer: shipmentStatistics(groupBy: CUSTOMER, where: { goods: { eq: $goods } }) {
          total { orders shipments } groups { customer { id } } }
        byArea: shipmentStatistics(groupBy: AREA, orderBy: GROUP, where: { goods: { eq: $goods } }) {
          groups { area { code } figures { lines } } }
        one: shipmentStatistics(groupBy: CUSTOMER, first: 1, where: { goods: { eq: $goods } }) {
          groupCount total { lines } groups { figures { lines } } }
      }`,
      { goods },
    );
    expect(byCustomer.total).toEqual({ orders: 2, shipments: 2 });
    expect(new Set(byCustomer.groups.map(({ customer }: { customer: Named }) => customer.id))).toEqual(
      new Set(customers.map(({ nodeId }) => nodeId)),
    );
    expect(byArea.groups).toEqual([
      { area: { code: 'EAST' }, figures: { lines: 1 } },
      { area: null, figures: { lines: 1 } },
    ]);
    expect(one).toEqual({ groupCount: 2, total: { lines: 2 }, groups: [{ figures: { lines: 1 } }] });
  });

  test.each([
    ['first: 0', 'first'],
    ['first: 501', 'first'],
    ['from: "2015-03-10", until: "2015-03-10"', 'until'],
  ])('refuse %s and name the argument', async (options, argument) => {
    const { errors } = await server.gql(
      'HEAD',
      `{ shipmentStatistics(groupBy: MODE, ${options}) { groupCount } }`,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argument } }]);
  });
});
