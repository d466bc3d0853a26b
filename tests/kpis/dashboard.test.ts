import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import { newId } from '../../src/lib/ids.ts';
import { parsePeriod, periodOf } from '../../src/lib/periods.ts';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomers, makeKeyAccount, makeTickets, type TicketFacts } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { areas, type Named, people, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

const DASHBOARD = readFileSync(new URL('../../schema/operations/Dashboard.graphql', import.meta.url), 'utf8');
const ZONE = 'Asia/Shanghai';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse(MONDAY_9);

let server: TestServer;
let database: FreshDatabase;
let customers: Named[];
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

interface Scope {
  readonly kind: string;
  readonly id?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document kept as text.
async function dashboard(period: string, scope?: Scope, caller: Caller = 'HEAD'): Promise<any> {
  const { data, errors } = await server.gql(caller, DASHBOARD, { period, scope });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.dashboard;
}

/** The same numbers every time: a linear congruence is random enough to shuffle facts. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const CATEGORIES = ['COMPLAINT', 'INQUIRY', 'SHIPMENT_QUERY'] as const;
const GRADES = ['A', 'B', 'C', 'D', null] as const;
const AREAS = [areas.EAST, areas.SOUTH];
const TEAMS = [teams.CUSTOMER_SERVICE, teams.CUSTOMER_SERVICE_2, teams.KEY_ACCOUNT];

interface MadeTicket {
  readonly category: (typeof CATEGORIES)[number];
  readonly status: string;
  readonly openedAt: number;
  readonly warnAt: number;
  readonly dueAt: number;
  readonly resolvedAt: number | null;
  readonly customer: number;
  readonly area: number;
  readonly team: number;
}

/** Tickets of a hundred days in every state, around the present instant and over the edges of months. */
function someTickets(count: number): MadeTicket[] {
  const next = numbers(7);
  return Array.from({ length: count }, () => {
    const openedAt = NOW - next(100 * 24 * 60) * 60_000 - next(60_000);
    const dueAt = openedAt + (1 + next(96)) * HOUR;
    const resolvedAt = openedAt + next(120 * 60) * 60_000 + next(60_000);
    const isResolved = resolvedAt < NOW && next(10) < 8;
    const closes = isResolved && next(10) < 7;
    return {
      category: CATEGORIES[next(3)] ?? 'COMPLAINT',
      status: next(20) === 0 ? 'CANCELLED' : closes ? 'CLOSED' : isResolved ? 'FOLLOW_UP' : 'INVESTIGATING',
      openedAt,
      warnAt: openedAt + (dueAt - openedAt) * 0.8,
      dueAt,
      resolvedAt: isResolved ? resolvedAt : null,
      customer: next(12),
      area: next(2),
      team: next(3),
    };
  });
}

function asRow(ticket: MadeTicket): TicketFacts {
  return {
    category: ticket.category,
    status: ticket.status as 'CLOSED',
    openedAt: new Date(ticket.openedAt),
    resolutionDueAt: new Date(ticket.dueAt),
    resolutionWarnAt: new Date(ticket.warnAt),
    resolvedAt: ticket.resolvedAt === null ? null : new Date(ticket.resolvedAt),
    customerId: customers[ticket.customer]?.id ?? null,
    areaId: AREAS[ticket.area]?.id ?? null,
    teamId: TEAMS[ticket.team]?.id ?? null,
  };
}

/** What the figures mean, counted ticket by ticket. */
function counted(tickets: readonly MadeTicket[], period: string, now = NOW) {
  const { start, end } = parsePeriod(period, ZONE);
  const within = (instant: number | null) => instant !== null && instant >= start && instant < end;
  const real = tickets.filter(({ status }) => status !== 'CANCELLED');
  const open = real.filter(({ status }) => status !== 'CLOSED');
  const waiting = open.filter(({ resolvedAt }) => resolvedAt === null);
  const due = real.filter(({ dueAt }) => within(dueAt) && dueAt < now);
  const onTime = due.filter(({ resolvedAt, dueAt }) => resolvedAt !== null && resolvedAt <= dueAt);
  const seconds = real
    .filter(({ resolvedAt }) => within(resolvedAt))
    .map(({ resolvedAt, openedAt }) => ((resolvedAt ?? 0) - openedAt) / 1000)
    .sort((a, b) => a - b);
  const middle = ((seconds[(seconds.length - 1) >> 1] ?? 0) + (seconds[seconds.length >> 1] ?? 0)) / 2;
  return {
    received: real.filter(({ openedAt }) => within(openedAt)).length,
    open: open.length,
    atRisk: waiting.filter(({ warnAt, dueAt }) => warnAt <= now && dueAt >= now).length,
    overdue: waiting.filter(({ dueAt }) => dueAt < now).length,
    due: due.length,
    onTime: onTime.length,
    onTimeShare: due.length === 0 ? null : ((onTime.length / due.length) * 100).toFixed(2),
    resolved: seconds.length,
    medianHours: seconds.length === 0 ? null : expect.closeToHundredths(middle / 3600),
  };
}

expect.extend({
  /** Halves of a hundredth may round either way in floating point; the API rounds exactly. */
  closeToHundredths(received: string, wanted: number) {
    const pass = Math.abs(Number(received) - wanted) <= 0.005 + 1e-9;
    return { pass, message: () => `${received} is not ${wanted} to two places` };
  },
});

interface Matchers {
  closeToHundredths(wanted: number): unknown;
}
declare module 'vitest' {
  interface AsymmetricMatchersContaining extends Matchers {}
}

let tickets: MadeTicket[];

describe('figures of tickets', () => {
  beforeAll(async () => {
    customers = await makeCustomers(server, 12, (index) => ({
      grade: GRADES[index % 5] ?? null,
      lifecycle: GRADES[index % 5] ? 'ACTIVE' : 'LEAD',
      areaId: AREAS[index % 2]?.id ?? null,
    }));
    tickets = someTickets(700);
    await makeTickets(server, tickets.length, (index) => asRow(tickets[index] as MadeTicket));
    await server.rollUp();
  });

  it.each(['2026-09', '2026-10', '2026-11', '2026-W47', '2026-11-20', '2026-Q4', '2026', '2027-01'])(
    'of %s are those that the rows give, whole and by category, area and grade',
    async (period) => {
      const complaints = tickets.filter(({ category }) => category === 'COMPLAINT');
      const shown = await dashboard(period);
      expect(shown.tickets).toMatchObject(counted(tickets, period));
      expect(shown.complaints).toMatchObject(counted(complaints, period));
      for (const { category, ...row } of shown.tickets.byCategory) {
        expect(row, category).toMatchObject(
          counted(
            tickets.filter((ticket) => ticket.category === category),
            period,
          ),
        );
      }
      for (const { area, ...row } of shown.complaints.byArea) {
        const ofArea = complaints.filter((ticket) => AREAS[ticket.area]?.nodeId === area.id);
        expect(row, area.name).toMatchObject(counted(ofArea, period));
      }
      for (const { grade, ...row } of shown.complaints.byGrade) {
        const ofGrade = complaints.filter(({ customer }) => GRADES[customer % 5] === grade);
        expect(row, grade).toMatchObject(counted(ofGrade, period));
      }
      expect(shown.tickets.byCategory).toHaveLength(3);
      expect(shown.complaints.byArea).toHaveLength(2);
      expect(shown.complaints.byGrade).toHaveLength(4);
    },
  );

  it.each(['2026-10', '2026-Q4'])('of %s in a scope are of its tickets alone', async (period) => {
    const complaints = tickets.filter(({ category }) => category === 'COMPLAINT');
    const scopes: [Scope, (ticket: MadeTicket) => boolean][] = [
      [{ kind: 'AREA', id: areas.SOUTH.nodeId }, ({ area }) => area === 1],
      [{ kind: 'TEAM', id: teams.KEY_ACCOUNT.nodeId }, ({ team }) => team === 2],
      [{ kind: 'CUSTOMER', id: customers[3]?.nodeId ?? '' }, ({ customer }) => customer === 3],
      [{ kind: 'EMPLOYEE', id: people.CS_AGENT.nodeId }, () => false],
    ];
    for (const [scope, isWithin] of scopes) {
      const shown = await dashboard(period, scope);
      expect(shown.complaints, scope.kind).toMatchObject(counted(complaints.filter(isWithin), period));
      expect(shown.tickets, scope.kind).toMatchObject(counted(tickets.filter(isWithin), period));
    }
  });

  it('move with time alone: what is at risk falls due without anybody writing', async () => {
    for (const hours of [1, 7, 30, 100]) {
      server.clock.set(new Date(NOW + hours * HOUR).toISOString());
      await server.rollUp();
      const { complaints } = await dashboard('2026-11');
      const expected = counted(
        tickets.filter(({ category }) => category === 'COMPLAINT'),
        '2026-11',
        NOW + hours * HOUR,
      );
      expect(complaints, `${hours} hours later`).toMatchObject(expected);
    }
    server.clock.set(MONDAY_9);
    await server.services.database.query(sql`select 1 as marked from rollup_mark_all()`);
    await server.rollUp();
  });

  it('say as of when they are: marks that wait make them older, counting makes them new', async () => {
    const asOf = async () => (await dashboard('2026-11')).complaints.asOf;
    expect(await asOf()).toBe(MONDAY_9);
    await makeTickets(server, 1, asRow({ ...(tickets[0] as MadeTicket), openedAt: NOW - HOUR }));
    const [{ at } = { at: null }] = await server.services.database.query<{ at: Date | null }>(
      sql`select min(marked_at) as at from rollup_mark`,
    );
    // The clock of the tests stands in the past or future of the database's; only what lies before now is told.
    const marked = at?.getTime() ?? Number.NaN;
    expect(await asOf()).toBe(marked < NOW ? at?.toISOString() : MONDAY_9);
    await server.rollUp();
    expect(await asOf()).toBe(MONDAY_9);
    tickets.push({ ...(tickets[0] as MadeTicket), openedAt: NOW - HOUR });
  });

  it('are the same when everything is counted again, in another order or twice', async () => {
    const before = await dashboard('2026-Q4');
    await server.services.database.query(sql`select 1 as marked from rollup_mark_all()`);
    await server.rollUp();
    await server.rollUp();
    expect(await dashboard('2026-Q4')).toEqual(before);
  });

  it('follow a customer to its new grade and area, on all its days', async () => {
    const customer = customers[1];
    const received = async () => {
      const { complaints } = await dashboard('2026-10');
      return Object.fromEntries(
        complaints.byGrade.map(({ grade, received }: { grade: string; received: number }) => [
          grade,
          received,
        ]),
      );
    };
    const before = await received();
    const own = (await dashboard('2026-10', { kind: 'CUSTOMER', id: customer?.nodeId ?? '' })).complaints
      .received;
    expect(own).toBeGreaterThan(0);
    await server.services.database.transaction(({ prisma }) =>
      prisma.customer.update({ where: { id: customer?.id ?? '' }, data: { grade: 'C' } }),
    );
    await server.rollUp();
    expect(await received()).toEqual({ ...before, B: before.B - own, C: before.C + own });
    await server.services.database.transaction(({ prisma }) =>
      prisma.customer.update({ where: { id: customer?.id ?? '' }, data: { grade: 'B' } }),
    );
    await server.rollUp();
    expect(await received()).toEqual(before);
  });
});

describe('volume and key accounts', () => {
  const next = numbers(11);
  const MODES = ['ROAD', 'AIR', null] as const;
  let lines: Prisma.ShipmentCreateManyInput[];
  let account: Named;

  beforeAll(async () => {
    account = await makeKeyAccount(server, {
      customerId: customers[0]?.id ?? '',
      level: 'A',
      annualRevenueTarget: '6000000.00',
      promotedAt: new Date('2026-01-05T00:00:00Z'),
    });
    lines = Array.from({ length: 500 }, (_, index): Prisma.ShipmentCreateManyInput => {
      const acceptedAt = new Date(NOW - next(200) * DAY - next(DAY));
      const promisedAt = new Date(acceptedAt.getTime() + 2 * DAY);
      const deliveredAt = new Date(acceptedAt.getTime() + next(4 * DAY));
      const isDelivered = deliveredAt.getTime() < NOW;
      return {
        id: newId(),
        customerId: customers[index % 12]?.id ?? '',
        // Two lines make a shipment now and then.
        shipmentNumber: `S-${Math.floor(index / 2)}-${index % 12}`,
        mode: MODES[next(3)] ?? null,
        acceptedAt,
        promisedAt,
        deliveredAt: isDelivered ? deliveredAt : null,
        countedAt: acceptedAt,
        cancelledAt: next(30) === 0 ? acceptedAt : null,
        weightKg: `${next(5_000)}.${next(1_000)}`,
        revenue: `${next(9_000)}.${String(next(100)).padStart(2, '0')}`,
        createdAt: acceptedAt,
        updatedAt: acceptedAt,
      };
    });
    await server.services.database.transaction(({ prisma }) => prisma.shipment.createMany({ data: lines }));
    await server.rollUp();
  });

  function volume(of: readonly Prisma.ShipmentCreateManyInput[], start: number, end: number) {
    const within = (at: unknown) => at instanceof Date && at.getTime() >= start && at.getTime() < end;
    const real = of.filter(({ cancelledAt }) => cancelledAt === null);
    const numbersOf = new Set<string>();
    for (const line of real) {
      const first = real
        .filter(
          (other) => other.shipmentNumber === line.shipmentNumber && other.customerId === line.customerId,
        )
        .reduce((a, b) => ((b.countedAt as Date) < (a.countedAt as Date) ? b : a));
      if (within(first.countedAt)) numbersOf.add(`${line.customerId} ${line.shipmentNumber}`);
    }
    const sum = (values: string[], places: number) =>
      values.reduce((total, value) => total + Math.round(Number(value) * 10 ** places), 0) / 10 ** places;
    return {
      shipments: numbersOf.size,
      tonnes: (
        sum(
          real.filter(({ countedAt }) => within(countedAt)).map(({ weightKg }) => String(weightKg)),
          3,
        ) / 1000
      ).toFixed(3),
      revenue: {
        amount: sum(
          real.filter(({ deliveredAt }) => within(deliveredAt)).map(({ revenue }) => String(revenue)),
          2,
        ).toFixed(2),
      },
    };
  }

  it.each(['2026-09', '2026-11', '2026-Q4', '2026'])(
    '[KPI-65] of %s add up from the lines',
    async (period) => {
      const { start, end } = parsePeriod(period, ZONE);
      const shown = await dashboard(period);
      expect(shown.volume).toMatchObject(volume(lines, start, end));
      for (const row of shown.volume.byMode) {
        const { revenue } = volume(
          lines.filter(({ mode }) => mode === row.mode),
          start,
          end,
        );
        expect(row.revenue, row.mode).toEqual(revenue);
      }
      expect(shown.volume.trend).toHaveLength(12);
      for (const { month, ...row } of shown.volume.trend) {
        const span = parsePeriod(month, ZONE);
        expect(row, month).toEqual(volume(lines, span.start, span.end));
      }
      const ofAccount = lines.filter(({ customerId }) => customerId === customers[0]?.id);
      const [levelA] = shown.keyAccounts.byLevel;
      expect(levelA).toMatchObject({ level: 'A', accounts: 1, revenueTarget: { amount: '6000000.00' } });
      const { shipments, revenue } = volume(ofAccount, start, end);
      expect(levelA).toMatchObject({ shipments, revenue });
      expect(shown.keyAccounts).toMatchObject({ accounts: 1, shipments, revenue });
    },
  );

  it('[KPI-01] turnover is the revenue of what was delivered in the period', async () => {
    const { start, end } = parsePeriod('2026-10', ZONE);
    const { kpis } = await dashboard('2026-10');
    const turnover = kpis.find(({ kpi }: { kpi: { key: string } }) => kpi.key === 'KPI_01');
    expect(turnover.value).toBe(volume(lines, start, end).revenue.amount);
  });

  it('the change of a month is to the mean of the three before', async () => {
    const months = ['2026-08', '2026-09', '2026-10', '2026-11'].map((month) => {
      const { start, end } = parsePeriod(month, ZONE);
      return volume(lines, start, end).shipments;
    });
    const mean = ((months[0] ?? 0) + (months[1] ?? 0) + (months[2] ?? 0)) / 3;
    const { volume: shown } = await dashboard('2026-11');
    expect(Number(shown.change)).toBeCloseTo((((months[3] ?? 0) - mean) / mean) * 100, 1);
    expect((await dashboard('2026-W47')).volume.change).toBeNull();
  });

  it('contacts: a week counts at its Sunday, each with at most what it asked for', async () => {
    const calls = (day: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        id: newId(),
        customerId: customers[0]?.id ?? '',
        employeeId: people.KA_SPECIALIST.id,
        channel: 'PHONE' as const,
        outcome: 'REACHED' as const,
        at: new Date(`${day}T0${index}:00:00Z`),
        content: '例行联络',
        createdAt: new Date(NOW),
      }));
    // Level A and grade A ask for two calls a week: week 45 has five, week 46 one, week 47 none.
    await server.services.database.transaction(({ prisma }) =>
      prisma.contactLog.createMany({ data: [...calls('2026-11-03', 5), ...calls('2026-11-10', 1)] }),
    );
    await server.rollUp();
    expect(periodOf(Date.parse('2026-11-03T00:00:00Z'), 'WEEK', ZONE).key).toBe('2026-W45');
    const [week45, week46] = [await dashboard('2026-W45'), await dashboard('2026-W46')];
    expect(week45.keyAccounts).toMatchObject({ contactsDue: 2, contactsDone: 2 });
    expect(week46.keyAccounts).toMatchObject({ contactsDue: 2, contactsDone: 1 });
    // The running week is due too, and no week that has not begun.
    expect((await dashboard('2026-W48')).keyAccounts).toMatchObject({ contactsDue: 2, contactsDone: 0 });
    expect((await dashboard('2026-W49')).keyAccounts).toMatchObject({ contactsDue: 0, contactsDone: 0 });
    expect(account.id).toBeTruthy();
  });
});

describe('what a process keeps of figures', () => {
  it('holds until they are counted again, by whichever process, and never beyond', async () => {
    const asked = async () => {
      const { data } = await server.gql(
        'HEAD',
        '{ dashboard(period: { key: "2026-11" }) { tickets { received medianHours } } }',
      );
      return data.dashboard.tickets;
    };
    const first = await asked();
    expect(await asked()).toEqual(first);
    const { database } = server.services;
    // Figures that nobody counted are not looked at as long as the version stands.
    await database.query(
      sql`update metric_fact set denominator = denominator + 7 where source = 'receivedTickets' returning 1 as n`,
    );
    await database.query(
      sql`update metric_median set median = median + 36000000 where source = 'handlingTimes' returning 1 as n`,
    );
    expect(await asked()).toEqual(first);
    await database.query(sql`update rollup_zone set version = gen_random_uuid() returning 1 as n`);
    const { received, medianHours } = await asked();
    expect(received).toBeGreaterThan(first.received);
    expect(Number(medianHours)).toBeCloseTo(Number(first.medianHours) + 10, 2);
    await database.query(sql`select 1 as marked from rollup_mark_all()`);
    await server.rollUp();
    expect(await asked()).toEqual(first);
  });
});

describe('the cost of a dashboard', () => {
  it('is the same number of statements whatever the period, the scope and the number of tickets', async () => {
    const statements = (period: string, scope?: Scope) =>
      server.statementsDuring(() => dashboard(period, scope));
    const month = await statements('2026-11');
    // Counts and medians, whole periods, targets, key accounts, budgets.
    expect(month).toBe(5);
    expect(await statements('2026')).toBe(month);
    expect(await statements('2031-05')).toBe(month);
    await makeTickets(server, 2_000, (index) => asRow(tickets[index % 700] as MadeTicket));
    await server.rollUp();
    expect(await statements('2026-11')).toBe(month);
  });
});

describe('who may see which part', () => {
  const ALL = ['TICKETS', 'COMPLAINTS', 'KEY_ACCOUNTS', 'VOLUME', 'KPIS', 'BUDGET'];
  it.each<[Caller, Scope | undefined, string[]]>([
    ['HEAD', undefined, ALL],
    ['COMPANY_LEADER', undefined, ALL],
    ['CS_SUPERVISOR', undefined, ['TICKETS', 'COMPLAINTS', 'KEY_ACCOUNTS', 'KPIS']],
    ['KA_SUPERVISOR', undefined, ['KEY_ACCOUNTS', 'KPIS']],
    ['OPERATIONS', undefined, ['TICKETS', 'COMPLAINTS', 'KPIS']],
    ['CS_AGENT', undefined, ['KPIS']],
    [
      'CS_AGENT',
      { kind: 'EMPLOYEE', id: people.CS_AGENT.nodeId },
      ['TICKETS', 'COMPLAINTS', 'KEY_ACCOUNTS', 'VOLUME', 'KPIS'],
    ],
    ['CS_AGENT', { kind: 'EMPLOYEE', id: people.KA_SPECIALIST.nodeId }, ['KPIS']],
    ['HR', undefined, ['KPIS']],
    ['ADMIN', undefined, ['KPIS']],
  ])('%s of %j', async (caller, scope, expected) => {
    const shown = await dashboard('2026-11', scope, caller);
    const open = shown.access.filter(({ allowed }: { allowed: boolean }) => allowed);
    expect(open.map(({ part }: { part: string }) => part)).toEqual(expected);
    for (const [part, field] of [
      ['TICKETS', 'tickets'],
      ['COMPLAINTS', 'complaints'],
      ['KEY_ACCOUNTS', 'keyAccounts'],
      ['VOLUME', 'volume'],
      ['BUDGET', 'budget'],
    ] as const) {
      expect(shown[field] !== null, part).toBe(expected.includes(part));
    }
    for (const { status, value } of shown.kpis) {
      if (status === 'FORBIDDEN') expect(value).toBeNull();
    }
  });
});

describe('live', () => {
  const CHANGED = `subscription ($after: Cursor) {
    dashboardChanged(after: $after) { __typename ... on DashboardChange { cursor parts from to } ... on Heartbeat { cursor } }
  }`;

  it('dashboardChanged names the parts to read again, to those who read KPIs and nobody else', async () => {
    const [head, admin] = [wsClient(server, 'HEAD'), wsClient(server, 'ADMIN')];
    const feeds = [head, admin].map((client) => client.subscribe(CHANGED));
    await Promise.all(feeds.map((feed) => feed.ready()));
    await makeTickets(server, 1, asRow({ ...(tickets[0] as MadeTicket), openedAt: NOW }));
    await server.rollUp();
    const change = await feeds[0]?.waitFor((item) => item.__typename === 'DashboardChange');
    expect(change.parts).toEqual(['TICKETS', 'COMPLAINTS', 'KPIS']);
    expect(change.to >= '2026-11-23').toBe(true);
    expect(feeds[1]?.events).toEqual([]);
    const resumed = head.subscribe(CHANGED, { after: feeds[0]?.items[0].cursor });
    expect((await resumed.waitFor((item) => item.__typename === 'DashboardChange')).cursor).toBe(
      change.cursor,
    );
    await Promise.all([head.dispose(), admin.dispose()]);
  });

  it('[EVT-47] KPI_OFF_TARGET is told once when a value leaves its tolerance, to HEAD, DATA_ANALYST and the owner', async () => {
    const FEED = `subscription { liveEvents(where: { kind: { in: [KPI_OFF_TARGET] } }) {
      __typename ... on LiveEvent { kind message severity } } }`;
    const listeners = ['HEAD', 'DATA_ANALYST', 'CS_SUPERVISOR', 'CS_AGENT', 'FINANCE'] as const;
    const clients = listeners.map((caller) => wsClient(server, caller));
    const feeds = clients.map((client) => client.subscribe(FEED));
    await Promise.all(feeds.map((feed) => feed.ready()));
    const [late] = await makeCustomers(server, 1, {});
    const complaint = (onTime: boolean): TicketFacts => ({
      customerId: late?.id ?? null,
      category: 'COMPLAINT',
      status: 'FOLLOW_UP',
      openedAt: new Date('2025-03-03T02:00:00Z'),
      resolutionDueAt: new Date('2025-03-05T02:00:00Z'),
      resolvedAt: new Date(onTime ? '2025-03-05T02:00:00Z' : '2025-03-05T02:00:01Z'),
    });
    await makeTickets(server, 9, complaint(true));
    await server.rollUp();
    await mutate(server, 'HEAD', 'kpiTargetSet', {
      key: 'KPI_37',
      period: { key: '2025-03' },
      value: '95',
      tolerance: '5',
    });
    await makeTickets(server, 1, complaint(false));
    await server.rollUp();
    const told = () => feeds.map((feed) => feed.events.length);
    // 90 % is the edge of the tolerance.
    expect(told()).toEqual([0, 0, 0, 0, 0]);
    await makeTickets(server, 1, complaint(false));
    await server.rollUp();
    await feeds[0]?.waitFor((item) => item.__typename === 'GeneralEvent');
    expect(feeds[0]?.events[0]).toMatchObject({
      severity: 'WARNING',
      message: 'KPI_37 in 2025-03 is 81.82, its target is 95.',
    });
    await makeTickets(server, 1, complaint(false));
    await server.rollUp();
    expect(told()).toEqual([1, 1, 1, 0, 0]);
    await Promise.all(clients.map((client) => client.dispose()));
  });
});
