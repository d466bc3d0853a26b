import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import type { BudgetState, CustomerGrade, RootCause } from '../../src/generated/prisma/enums.ts';
import { newId } from '../../src/lib/ids.ts';
import { parsePeriod } from '../../src/lib/periods.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import {
  type CustomerRow,
  makeContacts,
  makeCustomer,
  makeCustomers,
  makeKeyAccounts,
  makeTickets,
} from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { areas, departments, type Named, people, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

// Figures of customers, their shipments, files and budgets, each counted again here from the rows that were written.

const ZONE = 'Asia/Shanghai';
const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOW = Date.parse(MONDAY_9);

let server: TestServer;
let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => server.clock.set(MONDAY_9));

/** The same numbers every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Scope {
  readonly kind: string;
  readonly id?: string;
}

const VALUE = `status value numerator denominator isProvisional
  breakdown { key label value numerator denominator target change cumulative node { __typename id } }`;

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
type Rows = any[];

async function ask(
  keys: readonly string[],
  period: string,
  dimension?: Scope,
  caller: Caller = 'HEAD',
): Promise<Rows> {
  await server.rollUp();
  const { data, errors } = await server.gql(
    caller,
    `query ($keys: [KpiKey!], $period: String!, $dimension: KpiDimensionInput) {
      kpis(keys: $keys, period: { key: $period }, dimension: $dimension) { ${VALUE} } }`,
    { keys, period, dimension },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.kpis;
}

/** `numerator/denominator = value`, or the status where there is no value. */
async function figure(key: string, period: string, dimension?: Scope): Promise<string> {
  const [row] = await ask([key], period, dimension);
  return row.status === 'OK' ? `${row.numerator}/${row.denominator} = ${row.value}` : row.status;
}

const at = (instant: string) => new Date(`${instant}+08:00`);
const ofCustomer = (customer: Named): Scope => ({ kind: 'CUSTOMER', id: customer.nodeId });

type ShipmentRow = Prisma.ShipmentCreateManyInput;

async function makeShipments(
  rows: readonly (Partial<ShipmentRow> & { customerId: string; countedAt: Date })[],
) {
  const now = server.clock.now();
  await server.services.database.transaction(({ prisma }) =>
    prisma.shipment.createMany({
      data: rows.map((row) => ({
        id: newId(),
        shipmentNumber: newId(),
        acceptedAt: row.countedAt,
        createdAt: now,
        updatedAt: now,
        ...row,
      })),
    }),
  );
}

/** The number of the local day; Shanghai is eight hours ahead all year. */
const dayOf = (instant: number) => Math.floor((instant + 8 * HOUR) / DAY);
const daysOf = (period: string) => {
  const { start, end } = parsePeriod(period, ZONE);
  return { first: dayOf(start), until: dayOf(end), start, end };
};
const share = (part: number, whole: number) => (whole === 0 ? null : ((part / whole) * 100).toFixed(2));

interface MadeCustomer {
  readonly index: number;
  readonly named: Named;
  readonly registeredAt: number | null;
  readonly grade: CustomerGrade | null;
  readonly gradings: readonly {
    readonly at: number;
    readonly from: CustomerGrade | null;
    readonly to: CustomerGrade | null;
  }[];
  readonly account: { readonly target: number; readonly from: number; readonly to: number | null } | null;
  readonly lifecycle: string;
  readonly facts: Partial<CustomerRow>;
  readonly contacts: number;
}

interface MadeShipment {
  readonly customer: number;
  readonly number: string;
  readonly order: string | null;
  readonly countedAt: number;
  readonly promisedAt: number | null;
  readonly deliveredAt: number | null;
  readonly cancelled: boolean;
  readonly revenue: number;
}

const AREAS = [areas.EAST, areas.SOUTH];
const OWNERS = [people.ACCOUNT_MANAGER_LOGISTICS, people.SALES_REP];
const GRADES = ['A', 'B', 'C', 'D', null] as const;
const FILLED = ['contactPerson', 'phone', 'address', 'businessNeeds'] as const;

describe('figures of customers', () => {
  const COUNT = 40;
  let customers: MadeCustomer[];
  let shipments: MadeShipment[];

  beforeAll(async () => {
    server.clock.set(MONDAY_9);
    const next = numbers(11);
    const made = Array.from({ length: COUNT }, (_, index): Omit<MadeCustomer, 'named'> => {
      const grade = GRADES[next(5)] ?? null;
      const before = GRADES[next(5)] ?? null;
      const gradedAt = NOW - next(300) * DAY - next(DAY);
      return {
        index,
        registeredAt: next(3) === 0 ? null : NOW - next(500) * DAY - next(DAY),
        grade,
        gradings: next(2) === 0 ? [] : [{ at: gradedAt, from: before, to: grade }],
        account:
          next(3) === 0
            ? {
                target: next(6) === 0 ? 0 : (1 + next(6)) * 120_000 + 12,
                from: NOW - next(400) * DAY,
                to: next(4) === 0 ? NOW - next(30) * DAY : null,
              }
            : null,
        lifecycle: ['ACTIVE', 'DORMANT', 'LEAD', 'LOST'][next(4)] ?? 'ACTIVE',
        facts: Object.fromEntries(
          FILLED.map((fact) => [fact, [null, '  ', '有'][Math.min(2, next(6))] ?? null]),
        ),
        contacts: next(3),
      };
    });
    const named = await makeCustomers(server, COUNT, (index) => {
      const one = made[index] as MadeCustomer;
      return {
        ...one.facts,
        name: `客户${index}物流有限公司`,
        grade: one.grade,
        lifecycle: one.lifecycle as 'ACTIVE',
        registeredAt: one.registeredAt === null ? null : new Date(one.registeredAt),
        areaId: AREAS[index % 2]?.id ?? null,
        ownerId: OWNERS[index % 3]?.id ?? null,
      };
    });
    customers = made.map((one, index) => ({ ...one, named: named[index] as Named }));
    const accounts = customers.filter(({ account }) => account);
    await makeKeyAccounts(server, accounts.length, (index) => {
      const { named, account, index: place } = accounts[index] as MadeCustomer;
      return {
        customerId: named.id,
        // Who serves it is in charge of its target; here those who own it as well.
        specialistId: OWNERS[place % 3]?.id ?? null,
        annualRevenueTarget: String(account?.target),
        promotedAt: new Date(account?.from ?? 0),
        endedAt: account?.to == null ? null : new Date(account.to),
      };
    });
    const contacts = customers.flatMap(({ named, contacts: count }) =>
      Array.from({ length: count }, () => named.id),
    );
    await makeContacts(server, contacts.length, (index) => ({
      customerId: contacts[index] ?? '',
      archivedAt: index % 4 === 0 ? server.clock.now() : null,
    }));
    await server.services.database.transaction(({ prisma }) =>
      prisma.gradeHistory.createMany({
        data: customers.flatMap(({ named, gradings }) =>
          gradings.map(({ at: instant, from, to }) => ({
            customerId: named.id,
            from,
            to,
            reason: 'test',
            actorId: people.HEAD.id,
            at: new Date(instant),
          })),
        ),
      }),
    );
    // Few shipments for each, in bursts, so that many fall silent for ninety days and some come back.
    shipments = customers.flatMap(({ index }) =>
      Array.from({ length: next(9) }, (_, line): MadeShipment => {
        const countedAt = NOW - next(480) * DAY - next(DAY);
        const promisedAt = next(5) === 0 ? null : countedAt + next(12) * DAY;
        const deliveredAt = next(4) === 0 ? null : countedAt + next(14) * DAY + next(DAY);
        return {
          customer: index,
          number: `S${index}-${line % 6}`,
          order: next(4) === 0 ? null : `O${index}-${line % 4}`,
          countedAt,
          promisedAt,
          deliveredAt: deliveredAt !== null && deliveredAt > NOW ? null : deliveredAt,
          cancelled: next(8) === 0,
          revenue: next(60_000) + next(100) / 100,
        };
      }),
    );
    await makeShipments(
      shipments.map((one) => ({
        customerId: customers[one.customer]?.named.id ?? '',
        shipmentNumber: one.number,
        orderNumber: one.order,
        countedAt: new Date(one.countedAt),
        promisedAt: one.promisedAt === null ? null : new Date(one.promisedAt),
        deliveredAt: one.deliveredAt === null ? null : new Date(one.deliveredAt),
        cancelledAt: one.cancelled ? new Date(NOW) : null,
        revenue: one.revenue.toFixed(2),
      })),
    );
  });

  const real = () => shipments.filter(({ cancelled }) => !cancelled);
  /** Days on which a shipment of a customer was accepted: each counts once, with its first line. */
  function orderDays(customer: number): number[] {
    const byNumber = Map.groupBy(
      real().filter((one) => one.customer === customer),
      ({ number }) => number,
    );
    return [...byNumber.values()].map((lines) => dayOf(Math.min(...lines.map(({ countedAt }) => countedAt))));
  }
  function isActive({ index, registeredAt }: MadeCustomer, day: number): boolean {
    const days = [...orderDays(index), ...(registeredAt === null ? [] : [dayOf(registeredAt)])];
    return days.some((one) => one > day - 90 && one <= day);
  }
  function gradeAt({ gradings: [grading], grade }: MadeCustomer, instant: number): CustomerGrade | null {
    if (!grading) return grade;
    return grading.at <= instant ? grading.to : grading.from;
  }
  function isPriority(customer: MadeCustomer, instant: number): boolean {
    const { account } = customer;
    const isAccount =
      account !== null && account.from <= instant && (account.to === null || account.to > instant);
    return isAccount || gradeAt(customer, instant) === 'A';
  }
  function revenueOf(customer: number, first: number, until: number): number {
    return real()
      .filter((one) => one.customer === customer && one.deliveredAt !== null)
      .filter(({ deliveredAt }) => dayOf(deliveredAt ?? 0) >= first && dayOf(deliveredAt ?? 0) < until)
      .reduce((sum, { revenue }) => sum + Math.round(revenue * 100), 0);
  }
  const firstDay = (customer: MadeCustomer) => Math.min(...orderDays(customer.index));

  /** Scopes with the customers that lie in them. */
  function scopes(): { name: string; scope: Scope | undefined; within: MadeCustomer[] }[] {
    return [
      { name: 'company', scope: undefined, within: customers },
      ...AREAS.map((area, index) => ({
        name: `area ${index}`,
        scope: { kind: 'AREA', id: area.nodeId },
        within: customers.filter((one) => one.index % 2 === index),
      })),
      {
        name: 'owner',
        scope: { kind: 'EMPLOYEE', id: people.SALES_REP.nodeId },
        within: customers.filter(({ index }) => index % 3 === 1),
      },
      ...customers
        .slice(0, 3)
        .map((one) => ({ name: `customer ${one.index}`, scope: ofCustomer(one.named), within: [one] })),
    ];
  }

  const PERIODS = [
    '2026-11',
    '2026-10',
    '2026-08',
    '2026-Q3',
    '2026-Q1',
    '2026',
    '2025',
    '2026-W40',
    '2026-11-20',
  ];

  /** Compares a figure in every scope and period with what `count` makes of the rows. */
  async function compare(
    keys: readonly string[],
    periods: readonly string[],
    count: (within: MadeCustomer[], period: string) => Record<string, string | null>,
  ): Promise<void> {
    let known = 0;
    for (const { name, scope, within } of scopes()) {
      for (const period of periods) {
        const rows = await ask(keys, period, scope);
        const got = Object.fromEntries(keys.map((key, place) => [key, rows[place].value]));
        expect([name, period, got]).toEqual([name, period, count(within, period)]);
        known += Object.values(got).filter((value) => value !== null && Number(value) !== 0).length;
      }
    }
    // What is compared is not all nothing.
    expect(known).toBeGreaterThan(keys.length * 4);
  }

  it('count who is active at both ends of the period', async () => {
    await compare(['KPI_12', 'KPI_13', 'KPI_14', 'KPI_15'], PERIODS, (within, period) => {
      const { first, until, start } = daysOf(period);
      const last = Math.min(until - 1, dayOf(NOW));
      const atStart = within.filter((one) => isActive(one, first - 1));
      const atEnd = within.filter((one) => isActive(one, last));
      const stayed = atStart.filter((one) => atEnd.includes(one));
      const priority = atStart.filter((one) => isPriority(one, start));
      const lost = share(atStart.length - stayed.length, atStart.length);
      return {
        KPI_12: String(atEnd.length - atStart.length),
        KPI_13: share(stayed.length, atStart.length),
        KPI_14: lost,
        KPI_15: share(priority.filter((one) => atEnd.includes(one)).length, priority.length),
      };
    });
  });

  it('count new customers by their first shipment, and the good ones among them', async () => {
    await compare(['KPI_10', 'KPI_11'], PERIODS, (within, period) => {
      const { first, until } = daysOf(period);
      const fresh = within.filter((one) => firstDay(one) >= first && firstDay(one) < until);
      const good = fresh.filter(
        (one) =>
          one.grade === 'A' ||
          one.grade === 'B' ||
          revenueOf(one.index, firstDay(one), firstDay(one) + 90) >= 5_000_000,
      );
      return { KPI_10: String(fresh.length), KPI_11: share(good.length, fresh.length) };
    });
  });

  it('[KPI-67] compare the revenue of key accounts with twelfths of their annual targets', async () => {
    await compare(['KPI_67'], ['2026-11', '2026-10', '2026-Q3', '2026'], (within, period) => {
      const { start, end } = daysOf(period);
      const months = Array.from({ length: 12 }, (_, month) =>
        daysOf(`2026-${String(month + 1).padStart(2, '0')}`),
      );
      let revenue = 0;
      let target = 0;
      for (const month of months.filter((one) => one.start >= start && one.end <= end)) {
        for (const { index, account } of within) {
          if (!account || account.target === 0 || account.from >= month.end) continue;
          if (account.to !== null && account.to < month.end) continue;
          revenue += revenueOf(index, month.first, month.until) / 100;
          target += account.target / 12;
        }
      }
      return { KPI_67: share(revenue, target) };
    });
  });

  it('is not offered for a week where the formula knows only months', async () => {
    expect(await figure('KPI_67', '2026-W40')).toBe('PERIOD_NOT_OFFERED');
    expect(await figure('KPI_58', '2026-10')).toBe('PERIOD_NOT_OFFERED');
  });

  it('[KPI-71] count orders by their latest promise', async () => {
    await compare(['KPI_71'], PERIODS, (within, period) => {
      const { start, end } = daysOf(period);
      const inside = new Set(within.map(({ index }) => index));
      const orders = Map.groupBy(
        real().filter(({ customer, order }) => inside.has(customer) && order !== null),
        ({ order }) => order,
      );
      const due = [...orders.values()].flatMap((lines) => {
        const promise = Math.max(...lines.map(({ promisedAt }) => promisedAt ?? 0));
        return promise >= start && promise < end && promise < NOW ? [{ lines, promise }] : [];
      });
      const done = due.filter(({ lines, promise }) =>
        lines.every(({ deliveredAt }) => deliveredAt !== null && deliveredAt <= promise),
      );
      return { KPI_71: share(done.length, due.length) };
    });
  });

  it('[KPI-66] name the customers that bring the most, and the share of the first fifth', async () => {
    for (const { scope, within } of scopes().slice(0, 4)) {
      for (const period of ['2026', '2026-Q3']) {
        const { first, until } = daysOf(period);
        const ranked = within
          .map((one) => ({ one, revenue: revenueOf(one.index, first, until) }))
          .filter(({ revenue }) => revenue > 0)
          .sort((a, b) => b.revenue - a.revenue);
        const total = ranked.reduce((sum, { revenue }) => sum + revenue, 0);
        const top = ranked
          .slice(0, Math.ceil(ranked.length * 0.2))
          .reduce((sum, { revenue }) => sum + revenue, 0);
        const [row] = await ask(['KPI_66'], period, scope);
        expect(row).toMatchObject({
          status: 'OK',
          value: share(top, total),
          numerator: (top / 100).toFixed(2),
        });
        let sum = 0;
        expect(
          row.breakdown.map(({ key, value, cumulative }: Record<string, string>) => ({
            key,
            value,
            cumulative,
          })),
        ).toEqual(
          ranked.slice(0, 20).map(({ one, revenue }) => {
            sum += revenue;
            return { key: one.named.nodeId, value: share(revenue, total), cumulative: share(sum, total) };
          }),
        );
        expect(row.breakdown.length).toBeGreaterThan(2);
      }
    }
  });

  it('[CUS-17] name grade A customers by their card only to who may not read their file', async () => {
    const [open] = await ask(['KPI_66'], '2026', undefined, 'HEAD');
    const [closed] = await ask(['KPI_66'], '2026', undefined, 'SALES_SUPERVISOR');
    const secret = open.breakdown.findIndex(
      ({ key }: { key: string }) => customers.find(({ named }) => named.nodeId === key)?.grade === 'A',
    );
    expect(secret).toBeGreaterThanOrEqual(0);
    expect(open.breakdown[secret].label).toMatch(/^客户\d+物流有限公司$/);
    expect(closed.breakdown[secret]).toMatchObject({
      key: open.breakdown[secret].key,
      label: '客户***',
      node: { __typename: 'Customer', id: open.breakdown[secret].key },
    });
    expect(JSON.stringify(closed)).not.toContain(open.breakdown[secret].label);
  });

  it('[KPI-44] [KPI-55] [KPI-64] say how the files stand', async () => {
    // A third of the contacts of customers is archived; of whom, the database says.
    const archived = await server.services.database.query<{ id: string }>(sql`
      select distinct customer_id as id from contact where archived_at is null`);
    const reachable = new Set(archived.map(({ id }) => id));
    const asksForMore = await server.services.database.query<{ id: string }>(sql`
      select c.id from customer c
      where c.grade = 'A' or exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null)`);
    const priority = new Set(asksForMore.map(({ id }) => id));
    for (const { name, scope, within } of scopes()) {
      const kept = within.filter(({ lifecycle }) => lifecycle === 'ACTIVE' || lifecycle === 'DORMANT');
      const filled = (one: MadeCustomer) => 1 + FILLED.filter((fact) => one.facts[fact]?.trim()).length;
      const fields = kept.reduce((sum, one) => sum + filled(one), 0);
      // Of priority customers more is asked than any of these files holds (file.requiredPartsPriority).
      const complete = kept.filter(
        (one) => filled(one) === 5 && reachable.has(one.named.id) && !priority.has(one.named.id),
      );
      const [fieldShare, fileShare, grades] = await ask(['KPI_44', 'KPI_55', 'KPI_64'], '2026-11', scope);
      expect([name, fieldShare.value, fileShare.value]).toEqual([
        name,
        share(fields, 5 * kept.length),
        share(complete.length, kept.length),
      ]);
      if (scope?.kind === 'CUSTOMER') {
        expect(grades.status).toBe('DIMENSION_NOT_OFFERED');
        continue;
      }
      const graded = kept.filter(({ grade }) => grade !== null);
      const of = (...wanted: string[]) => graded.filter(({ grade }) => wanted.includes(grade ?? '')).length;
      expect(grades).toMatchObject({
        status: 'SEVERAL_VALUES',
        value: null,
        breakdown: [
          { key: 'A', value: share(of('A'), graded.length), target: '20' },
          { key: 'B', value: share(of('B'), graded.length), target: '40' },
          { key: 'C', label: 'C and D', value: share(of('C', 'D'), graded.length), target: '40' },
        ],
      });
    }
    expect(await figure('KPI_44', '2026-10')).toBe('NOT_KEPT');
    expect(await figure('KPI_44', '2027-01')).toBe('NO_DENOMINATOR');
  });

  it('weigh how long and how regularly customers order', async () => {
    await compare(['KPI_33'], ['2026-11', '2026-06', '2025'], (within, period) => {
      const { until } = daysOf(period);
      const last = Math.min(until - 1, dayOf(NOW));
      const months = (day: number) => new Date(day * DAY).toISOString().slice(0, 7);
      const scores = within.flatMap((one) => {
        const days = orderDays(one.index).filter((day) => day <= last);
        if (days.length === 0) return [];
        const [begin, end] = [new Date(Math.min(...days) * DAY), new Date(last * DAY)];
        const whole =
          (end.getUTCFullYear() - begin.getUTCFullYear()) * 12 +
          end.getUTCMonth() -
          begin.getUTCMonth() -
          (end.getUTCDate() < begin.getUTCDate() ? 1 : 0);
        const lastMonths = Array.from({ length: 12 }, (_, back) =>
          new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
        );
        const ordered = new Set(days.map(months).filter((month) => lastMonths.includes(month)));
        const tenure = Number(Math.min(1, whole / 36).toFixed(4));
        const repeat = Number((ordered.size / 12).toFixed(4));
        return [{ tenure, repeat }];
      });
      const sum = (of: 'tenure' | 'repeat') => scores.reduce((total, one) => total + one[of], 0);
      const score = (100 * (30 * sum('tenure') + 25 * sum('repeat'))) / (55 * scores.length);
      return { KPI_33: scores.length === 0 ? null : score.toFixed(2) };
    });
  });

  it('cost as many statements whatever the periods, dimensions and customers', async () => {
    const asked = (periods: readonly string[]) =>
      `{ ${periods.map((period, index) => `p${index}: kpis(period: { key: "${period}" }) { value breakdown { key } }`).join('\n')} }`;
    const one = await server.statementsDuring(() => server.gql('HEAD', asked(['2026-10'])));
    // Counts by day, whole periods, kept values and targets.
    expect(one).toBe(4);
    expect(await server.statementsDuring(() => server.gql('HEAD', asked(PERIODS)))).toBe(one);
  });
});

describe('the edges of a period', () => {
  it('count a customer as active for ninety days, with the day of its order', async () => {
    const customer = await makeCustomer(server);
    // The last moment of 2 August, local time: the first of ninety days, the last of which is 30 October.
    await makeShipments([{ customerId: customer.id, countedAt: at('2026-08-02T23:59:59.999') }]);
    expect(await figure('KPI_12', '2026-08-02', ofCustomer(customer))).toBe('1/0 = 1');
    expect(await figure('KPI_12', '2026-08', ofCustomer(customer))).toBe('1/0 = 1');
    expect(await figure('KPI_13', '2026-10-30', ofCustomer(customer))).toBe('1/1 = 100.00');
    expect(await figure('KPI_13', '2026-10-31', ofCustomer(customer))).toBe('0/1 = 0.00');
    expect(await figure('KPI_12', '2026-10', ofCustomer(customer))).toBe('0/1 = -1');
    expect(await figure('KPI_14', '2026-10', ofCustomer(customer))).toBe('1/1 = 100.00');
    expect(await figure('KPI_13', '2026-11', ofCustomer(customer))).toBe('NO_DENOMINATOR');
  });

  it('take the registration like an order, a cancelled shipment like none', async () => {
    const customer = await makeCustomer(server, { registeredAt: at('2026-10-31T23:59:59.999') });
    await makeShipments([
      { customerId: customer.id, countedAt: at('2026-09-10T10:00'), cancelledAt: at('2026-09-11T10:00') },
    ]);
    expect(await figure('KPI_12', '2026-09', ofCustomer(customer))).toBe('0/0 = 0');
    expect(await figure('KPI_12', '2026-10', ofCustomer(customer))).toBe('1/0 = 1');
    expect(await figure('KPI_10', '2026-09', ofCustomer(customer))).toBe('0/null = 0');
  });

  it('move a new customer when an earlier shipment becomes known, and follow an order over its shipments', async () => {
    const customer = await makeCustomer(server);
    const line = (day: string, more: Omit<Partial<ShipmentRow>, 'countedAt'>) => ({
      customerId: customer.id,
      countedAt: at(`${day}T10:00`),
      orderNumber: 'PO-1',
      ...more,
    });
    await makeShipments([
      line('2026-10-01', { promisedAt: at('2026-10-05T00:00'), deliveredAt: at('2026-10-04T00:00') }),
      line('2026-10-02', { id: newId(), promisedAt: at('2026-10-06T00:00') }),
    ]);
    expect(await figure('KPI_10', '2026-10', ofCustomer(customer))).toBe('1/null = 1');
    expect(await figure('KPI_71', '2026-10-05', ofCustomer(customer))).toBe('NO_DENOMINATOR');
    expect(await figure('KPI_71', '2026-10-06', ofCustomer(customer))).toBe('0/1 = 0.00');
    // The other shipment of the order arrives; then a third one is promised for later.
    await server.services.database.transaction(({ prisma }) =>
      prisma.shipment.updateMany({
        where: { customerId: customer.id, deliveredAt: null },
        data: { deliveredAt: at('2026-10-06T00:00') },
      }),
    );
    expect(await figure('KPI_71', '2026-10-06', ofCustomer(customer))).toBe('1/1 = 100.00');
    await makeShipments([line('2026-09-03', { promisedAt: at('2026-10-08T00:00') })]);
    expect(await figure('KPI_71', '2026-10-06', ofCustomer(customer))).toBe('NO_DENOMINATOR');
    expect(await figure('KPI_71', '2026-10-08', ofCustomer(customer))).toBe('0/1 = 0.00');
    expect(await figure('KPI_10', '2026-10', ofCustomer(customer))).toBe('0/null = 0');
    expect(await figure('KPI_10', '2026-09', ofCustomer(customer))).toBe('1/null = 1');
  });
});

describe('causes of complaints', () => {
  it('[KPI-40] are shares of all complaints, with the change to the period before', async () => {
    const causes: [string, RootCause | null, number][] = [
      ['2021-05-10T10:00', 'DAMAGE', 1],
      ['2021-05-10T10:00', 'LOSS', 3],
      ['2021-06-10T10:00', 'DAMAGE', 3],
      ['2021-06-10T10:00', 'DELAY', 1],
      ['2021-06-10T10:00', null, 1],
    ];
    for (const [opened, rootCause, count] of causes) {
      await makeTickets(server, count, {
        openedAt: at(opened),
        rootCause,
        teamId: teams.CUSTOMER_SERVICE.id,
      });
    }
    const expected = [
      { key: 'DAMAGE', label: 'Damage', value: '60.00', numerator: '3', denominator: '5', change: '35.00' },
      { key: 'DELAY', label: 'Delay', value: '20.00', numerator: '1', denominator: '5', change: '20.00' },
      { key: 'UNKNOWN', label: 'Not known yet', value: '20.00', numerator: '1', change: '20.00' },
      { key: 'LOSS', label: 'Loss', value: '0.00', numerator: '0', denominator: '5', change: '-75.00' },
    ];
    for (const dimension of [undefined, { kind: 'TEAM', id: teams.CUSTOMER_SERVICE.nodeId }]) {
      const [row] = await ask(['KPI_40'], '2021-06', dimension);
      expect(row).toMatchObject({ status: 'SEVERAL_VALUES', value: null, breakdown: expected });
    }
    const [first] = await ask(['KPI_40'], '2021-05');
    expect(first.breakdown.map(({ change }: { change: string | null }) => change)).toEqual([null, null]);
    expect((await ask(['KPI_40'], '2021-03'))[0]).toMatchObject({ status: 'NO_DENOMINATOR', breakdown: [] });
  });
});

describe('the budget', () => {
  it('[KPI-19] is compared with as many twelfths as months have begun', async () => {
    const budgets: [Named, BudgetState, [string, string][]][] = [
      [
        departments.MARKETING,
        'ACTIVE',
        [
          ['120000.00', '30000.00'],
          ['60000.00', '0.00'],
        ],
      ],
      [departments.QUALITY, 'APPROVED', [['12000.00', '1000.10']]],
      [departments.OPERATIONS, 'DRAFT', [['999999.00', '5.00']]],
    ];
    await server.services.database.transaction(async ({ prisma }) => {
      for (const [department, state, lines] of budgets) {
        const id = newId();
        const now = server.clock.now();
        await prisma.budget.create({
          data: {
            id,
            year: 2026,
            departmentId: department.id,
            state,
            draftedById: people.HEAD.id,
            writerIds: [people.HEAD.id],
            createdAt: now,
            updatedAt: now,
          },
        });
        await prisma.budgetLine.createMany({
          data: lines.map(([amount, paid], index) => ({
            budgetId: id,
            number: index + 1,
            category: 'PROMOTION',
            item: `item ${index}`,
            scope: 'x',
            amount,
            paid,
            justification: 'x',
          })),
        });
      }
    });
    const marketing = { kind: 'DEPARTMENT', id: departments.MARKETING.nodeId };
    // November has begun: eleven twelfths of 180,000 and of 192,000.
    expect(await figure('KPI_19', '2026-11', marketing)).toBe('30000.00/165000.00 = 18.18');
    expect(await figure('KPI_19', '2026', marketing)).toBe('30000.00/165000.00 = 18.18');
    expect(await figure('KPI_19', '2026-Q4')).toBe('31000.10/176000.00 = 17.61');
    expect(await figure('KPI_19', '2026-11', { kind: 'DEPARTMENT', id: departments.OPERATIONS.nodeId })).toBe(
      'NO_DENOMINATOR',
    );
    expect(await figure('KPI_19', '2026-10')).toBe('NOT_KEPT');
    expect(await figure('KPI_19', '2026-11', { kind: 'AREA', id: areas.EAST.nodeId })).toBe(
      'DIMENSION_NOT_OFFERED',
    );
  });
});

describe('the turnover gap', () => {
  it('[KPI-03] is what lies between turnover and its target, by volume and by price', async () => {
    const customer = await makeCustomer(server);
    const dimension = ofCustomer(customer);
    await makeShipments(
      [1, 2, 3].map((day) => ({
        customerId: customer.id,
        countedAt: at(`2026-10-0${day}T10:00`),
        deliveredAt: at('2026-10-20T10:00'),
        revenue: '300.00',
      })),
    );
    expect(await figure('KPI_03', '2026-10', dimension)).toBe('NO_DENOMINATOR');
    const set = (key: string, value: string) =>
      mutate(server, 'HEAD', 'kpiTargetSet', { key, period: { key: '2026-10' }, dimension, value });
    await set('KPI_01', '1000');
    const [bare] = await ask(['KPI_03'], '2026-10', dimension);
    expect(bare).toMatchObject({ value: '-100.00', numerator: '900.00', denominator: '1000.00' });
    expect(bare.breakdown).toMatchObject([
      { key: 'SHARE', value: '-10.00' },
      { key: 'VOLUME_EFFECT', value: null },
      { key: 'PRICE_EFFECT', value: null },
    ]);
    await set('KPI_65', '4');
    const [row] = await ask(['KPI_03'], '2026-10', dimension);
    // One shipment less at 250 each, and 50 more for each of the three.
    expect(row.breakdown).toMatchObject([
      { key: 'SHARE', value: '-10.00' },
      { key: 'VOLUME_EFFECT', value: '-250.00' },
      { key: 'PRICE_EFFECT', value: '150.00' },
    ]);
  });
});

describe('a series', () => {
  const SERIES = `query ($key: KpiKey!, $from: String!, $to: String!, $dimension: KpiDimensionInput) {
    kpiSeries(key: $key, from: { key: $from }, to: { key: $to }, dimension: $dimension) {
      period { key } value status } }`;

  it('[KPM-04] holds the values of consecutive periods, with as many statements as one of them', async () => {
    const customer = await makeCustomer(server);
    await makeShipments(
      ['2026-01-31T23:59', '2026-03-01T00:00', '2026-03-02T00:00'].map((instant) => ({
        customerId: customer.id,
        countedAt: at(instant),
      })),
    );
    await server.rollUp();
    const dimension = ofCustomer(customer);
    const series = async (key: string, from: string, to: string) =>
      (await server.gql('HEAD', SERIES, { key, from, to, dimension })).data.kpiSeries.map(
        ({ period, value }: { period: { key: string }; value: string }) => `${period.key} ${value}`,
      );
    expect(await series('KPI_65', '2025-12', '2026-03')).toEqual([
      '2025-12 0',
      '2026-01 1',
      '2026-02 0',
      '2026-03 2',
    ]);
    expect(await series('KPI_10', '2025-Q4', '2026-Q2')).toEqual(['2025-Q4 0', '2026-Q1 1', '2026-Q2 0']);
    const statements = (key: string, from: string, to: string) =>
      server.statementsDuring(() => server.gql('HEAD', SERIES, { key, from, to, dimension }));
    // The customer, the counts, kept values, targets.
    expect(await statements('KPI_65', '2026-10', '2026-10')).toBe(4);
    expect(await statements('KPI_65', '2021-12', '2026-11')).toBe(4);
    expect(await statements('KPI_12', '2021-12', '2026-11')).toBe(4);
  });

  it('has at most sixty periods of one kind, from the earlier to the later', async () => {
    for (const [from, to] of [
      ['2021-11', '2026-11'],
      ['2026-11', '2026-10'],
      ['2026-10', '2026-W48'],
      ['2026-11-01', '2026-11'],
    ]) {
      const { errors } = await server.gql('HEAD', SERIES, { key: 'KPI_65', from, to });
      expect(errors?.[0]?.extensions, `${from} ${to}`).toMatchObject({
        code: 'BAD_USER_INPUT',
        argument: 'to.key',
      });
    }
    const { data } = await server.gql('HEAD', SERIES, { key: 'KPI_65', from: '2021-12', to: '2026-11' });
    expect(data.kpiSeries).toHaveLength(60);
  });

  it('is refused value by value', async () => {
    const { data } = await server.gql('CS_AGENT', SERIES, { key: 'KPI_65', from: '2026-10', to: '2026-11' });
    expect(data.kpiSeries.map(({ status }: { status: string }) => status)).toEqual([
      'FORBIDDEN',
      'FORBIDDEN',
    ]);
  });
});
