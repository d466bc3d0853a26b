import { budgetReadable } from '../../budgets/queries.ts';
import type { BudgetCategory, KeyAccountLevel, MetricCut } from '../../generated/prisma/enums.ts';
import { percent, quotient, toUnits } from '../../lib/decimal.ts';
import { localDate, type Period, parsePeriod, periodOf, previousPeriod } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import type { FactTable, KpiSource, MedianSource } from '../definitions/definition.ts';
import { contactWeeks } from '../definitions/sources/contacts.ts';
import {
  acceptedShipments,
  promisedDeliveries,
  recognisedRevenue,
} from '../definitions/sources/shipments.ts';
import {
  complaintTimes,
  complaintsAtRisk,
  dueComplaints,
  dueTickets,
  openComplaints,
  openTickets,
  receivedComplaints,
  receivedTickets,
  handlingTimes,
  ticketsAtRisk,
} from '../definitions/sources/tickets.ts';
import type { KpiDimension } from '../rules/figures.ts';
import { daysOf, type FactSum, factsOf, totalOf } from './facts.ts';
import { mediansOf } from './medians.ts';

/** What a dashboard is asked for: a period and what it is cut by. */
export interface DashboardScope {
  readonly period: Period;
  readonly dimension: KpiDimension;
}

/** Figures of tickets, as decimal text; of a part of them where `cut` is not empty. */
export interface TicketFigures {
  readonly cut: string;
  readonly received: string;
  /** As they stand now, whatever the period. */
  readonly open: string;
  readonly atRisk: string;
  readonly overdue: string;
  /** Of the period's final limits that have passed. */
  readonly due: string;
  readonly onTime: string;
  readonly onTimeShare: string | null;
  readonly resolved: number;
  readonly medianHours: string | null;
}

interface TicketSources {
  readonly received: KpiSource;
  readonly open: KpiSource;
  readonly atRisk: KpiSource;
  readonly due: KpiSource;
  readonly times: MedianSource;
}

const TICKETS: TicketSources = {
  received: receivedTickets,
  open: openTickets,
  atRisk: ticketsAtRisk,
  due: dueTickets,
  times: handlingTimes,
};

const COMPLAINTS: TicketSources = {
  received: receivedComplaints,
  open: openComplaints,
  atRisk: complaintsAtRisk,
  due: dueComplaints,
  times: complaintTimes,
};

/** Figures of a whole and of its parts. */
export interface TicketPart extends TicketFigures {
  readonly byCategory: readonly TicketFigures[];
  readonly asOf: Date;
}

/** Figures of all tickets, whole and by category. */
export async function ticketPart(reader: Reader, scope: DashboardScope): Promise<TicketPart> {
  const [whole, byCategory] = await Promise.all([
    figuresOf(reader, TICKETS, scope, 'NONE'),
    figuresOf(reader, TICKETS, scope, 'CATEGORY'),
  ]);
  return { ...total(whole), byCategory: byCategory.rows, asOf: earliest(whole, byCategory) };
}

export interface ComplaintPart extends TicketFigures {
  readonly byArea: readonly TicketFigures[];
  readonly byGrade: readonly TicketFigures[];
  readonly asOf: Date;
}

/** Figures of complaints, whole, by area and by grade. */
export async function complaintPart(reader: Reader, scope: DashboardScope): Promise<ComplaintPart> {
  const [whole, byArea, byGrade] = await Promise.all([
    figuresOf(reader, COMPLAINTS, scope, 'NONE'),
    figuresOf(reader, COMPLAINTS, scope, 'AREA'),
    figuresOf(reader, COMPLAINTS, scope, 'GRADE'),
  ]);
  return {
    ...total(whole),
    byArea: byArea.rows,
    byGrade: byGrade.rows,
    asOf: earliest(whole, byArea, byGrade),
  };
}

interface Figures<Row> {
  readonly rows: readonly Row[];
  readonly asOf: Date;
}

function total<Row>({ rows: [row] }: Figures<Row>): Row {
  if (!row) throw new Error('The figures of a whole are always there, if only zero.');
  return row;
}

async function figuresOf(
  reader: Reader,
  sources: TicketSources,
  scope: DashboardScope,
  cut: MetricCut,
): Promise<Figures<TicketFigures>> {
  const [received, due, open, atRisk, medians] = await Promise.all([
    sumsIn(reader, sources.received, scope, cut),
    sumsIn(reader, sources.due, scope, cut),
    sumsNow(reader, sources.open, scope, cut),
    sumsNow(reader, sources.atRisk, scope, cut),
    mediansOf(reader, sources.times, scope.dimension, scope.period, cut),
  ]);
  const cuts = new Set(
    cut === 'NONE' ? [''] : [received.sums, due.sums, open.sums, medians].flat().map((row) => row.cut),
  );
  const rows = [...cuts].sort().map((one): TicketFigures => {
    const ofDue = of(due.sums, one);
    const ofOpen = of(open.sums, one);
    const median = medians.find((row) => row.cut === one);
    return {
      cut: one,
      received: of(received.sums, one).denominator,
      open: ofOpen.denominator,
      overdue: ofOpen.numerator,
      atRisk: of(atRisk.sums, one).denominator,
      due: ofDue.denominator,
      onTime: ofDue.numerator,
      onTimeShare: share(ofDue),
      resolved: median?.measured ?? 0,
      medianHours: median ? quotient(toUnits(median.median, 4), 3_600_000n * 10_000n, 2) : null,
    };
  });
  return { rows, asOf: earliest(received, due, open, atRisk) };
}

function of(sums: readonly FactSum[], cut: string): FactSum {
  return sums.find((sum) => sum.cut === cut) ?? { cut, month: null, numerator: '0', denominator: '0' };
}

function share({ numerator, denominator }: Pick<FactSum, 'numerator' | 'denominator'>): string | null {
  return percent(toUnits(numerator, 4), toUnits(denominator, 4));
}

function earliest(...answers: readonly { readonly asOf: Date }[]): Date {
  return new Date(Math.min(...answers.map(({ asOf }) => asOf.getTime())));
}

function sumsIn(
  reader: Reader,
  source: KpiSource,
  { period, dimension }: DashboardScope,
  cut: MetricCut,
  monthly = false,
) {
  return load(reader, source, dimension, cut, daysOf(period, reader.timeZone), monthly);
}

/** Sums over all days: what is open was received on some day, long ago or today. */
function sumsNow(reader: Reader, source: KpiSource, { dimension }: DashboardScope, cut: MetricCut) {
  return load(reader, source, dimension, cut, { from: null, until: null }, false);
}

function load(
  reader: Reader,
  source: { readonly name: string; readonly facts: FactTable },
  dimension: KpiDimension,
  cut: MetricCut,
  days: { readonly from: string | null; readonly until: string | null },
  monthly: boolean,
) {
  return factsOf(reader, { ...totalOf(source, dimension), cut, ...days, monthly });
}

/** What was carried, as decimal text; of a month or of a part where they are named. */
export interface VolumeFigures {
  readonly cut: string;
  readonly month: string | null;
  readonly shipments: string;
  readonly tonnes: string;
  readonly revenue: string;
}

export interface VolumePart extends VolumeFigures {
  readonly onTimeShare: string | null;
  /** Change of a month's shipments to the mean of the three months before, in percent; null for other periods. */
  readonly change: string | null;
  readonly trend: readonly VolumeFigures[];
  readonly byMode: readonly VolumeFigures[];
  readonly byArea: readonly VolumeFigures[];
  readonly byGrade: readonly VolumeFigures[];
  readonly asOf: Date;
}

/** Volume and turnover, whole, by month and by part. */
export async function volumePart(reader: Reader, scope: DashboardScope): Promise<VolumePart> {
  const { timeZone } = reader;
  const { period } = scope;
  const before = period.kind === 'MONTH' ? spanBefore(period, 3, timeZone) : null;
  const [shipments, revenue, promised, earlier, trend, byMode, byArea, byGrade] = await Promise.all([
    sumsIn(reader, acceptedShipments, scope, 'NONE'),
    sumsIn(reader, recognisedRevenue, scope, 'NONE'),
    sumsIn(reader, promisedDeliveries, scope, 'NONE'),
    before ? sumsIn(reader, acceptedShipments, { ...scope, period: before }, 'NONE') : null,
    volumeTrend(reader, scope, 'NONE'),
    volumeBy(reader, scope, 'MODE'),
    volumeBy(reader, scope, 'AREA'),
    volumeBy(reader, scope, 'GRADE'),
  ]);
  const counted = of(shipments.sums, '');
  const three = toUnits(earlier ? of(earlier.sums, '').denominator : '0', 4);
  return {
    ...volumeFigures(counted, of(revenue.sums, '')),
    onTimeShare: share(of(promised.sums, '')),
    change: percent(3n * toUnits(counted.denominator, 4) - three, three),
    trend,
    byMode,
    byArea,
    byGrade,
    asOf: earliest(shipments, revenue, promised, ...(earlier ? [earlier] : [])),
  };
}

/** The months before a month, as one span. */
function spanBefore(month: Period, count: number, timeZone: string): Period {
  let first = month;
  for (let left = count; left > 0; left -= 1) first = previousPeriod(first, timeZone);
  return { ...first, end: month.start };
}

function volumeFigures(shipments: FactSum, revenue: FactSum): VolumeFigures {
  return {
    cut: shipments.cut,
    month: shipments.month ?? revenue.month,
    shipments: shipments.denominator,
    tonnes: quotient(toUnits(shipments.numerator, 4), 1_000n * 10_000n, 3) ?? '0',
    revenue: quotient(toUnits(revenue.numerator, 4), 10_000n, 2) ?? '0',
  };
}

const TREND_MONTHS = 12;

/** Volume month by month up to the period's end, newest last; months without any are zero. */
async function volumeTrend(
  reader: Reader,
  scope: DashboardScope,
  cut: 'NONE' | 'LEVEL',
): Promise<VolumeFigures[]> {
  const { timeZone } = reader;
  const last = periodOf(scope.period.end - 1, 'MONTH', timeZone);
  const span = { ...spanBefore(last, TREND_MONTHS - 1, timeZone), end: last.end };
  const [shipments, revenue] = await Promise.all([
    sumsIn(reader, acceptedShipments, { ...scope, period: span }, cut, true),
    sumsIn(reader, recognisedRevenue, { ...scope, period: span }, cut, true),
  ]);
  const months: VolumeFigures[] = [];
  for (let month = periodOf(span.start, 'MONTH', timeZone); month.start < span.end; ) {
    months.push(volumeFigures(inMonth(shipments.sums, month.key), inMonth(revenue.sums, month.key)));
    month = periodOf(month.end, 'MONTH', timeZone);
  }
  return months;
}

/** The month's sum over all parts. */
function inMonth(sums: readonly FactSum[], month: string): FactSum {
  const parts = sums.filter((sum) => sum.month === month);
  const total = (of: 'numerator' | 'denominator') =>
    quotient(
      parts.reduce((sum, part) => sum + toUnits(part[of], 4), 0n),
      10_000n,
      4,
    ) ?? '0';
  return { cut: '', month, numerator: total('numerator'), denominator: trimZeros(total('denominator')) };
}

function trimZeros(decimal: string): string {
  return decimal.replace(/\.?0+$/, '');
}

/** Volume by part of the period: by area, grade, mode, or level of key account. */
async function volumeBy(
  reader: Reader,
  scope: DashboardScope,
  cut: 'AREA' | 'GRADE' | 'MODE' | 'LEVEL',
): Promise<VolumeFigures[]> {
  const [shipments, revenue] = await Promise.all([
    sumsIn(reader, acceptedShipments, scope, cut),
    sumsIn(reader, recognisedRevenue, scope, cut),
  ]);
  const cuts = [...new Set([...shipments.sums, ...revenue.sums].map((sum) => sum.cut))].sort();
  return cuts.map((one) => volumeFigures(of(shipments.sums, one), of(revenue.sums, one)));
}

/** Key accounts of one level, or of all where `level` is null. */
export interface KeyAccountFigures {
  readonly level: KeyAccountLevel | null;
  readonly accounts: number;
  readonly revenueTarget: string;
  readonly contactsDue: string;
  readonly contactsDone: string;
  readonly shipments: string;
  readonly revenue: string;
}

export interface KeyAccountPart extends KeyAccountFigures {
  readonly byLevel: readonly KeyAccountFigures[];
  readonly volumeTrend: readonly VolumeFigures[];
  readonly asOf: Date;
}

/** Key accounts with their contacts and volume, whole and by level. */
export async function keyAccountPart(reader: Reader, scope: DashboardScope): Promise<KeyAccountPart> {
  const [accounts, trend, contacts, shipments, revenue] = await Promise.all([
    accountsByLevel(reader, scope.dimension),
    volumeTrend(reader, scope, 'LEVEL'),
    sumsIn(reader, contactWeeks, scope, 'LEVEL'),
    sumsIn(reader, acceptedShipments, scope, 'LEVEL'),
    sumsIn(reader, recognisedRevenue, scope, 'LEVEL'),
  ]);
  const rows = accounts.map(({ level, ...counted }): KeyAccountFigures => {
    const ofLevel = (sums: readonly FactSum[]) => (level === null ? sumOf(sums) : of(sums, level));
    const calls = ofLevel(contacts.sums);
    const { shipments: carried, revenue: earned } = volumeFigures(
      ofLevel(shipments.sums),
      ofLevel(revenue.sums),
    );
    return {
      level,
      ...counted,
      contactsDue: calls.denominator,
      contactsDone: calls.numerator,
      shipments: carried,
      revenue: earned,
    };
  });
  const [, ...byLevel] = rows;
  const asOf = earliest(contacts, shipments, revenue);
  return { ...total({ rows, asOf }), byLevel, volumeTrend: trend, asOf };
}

function sumOf(sums: readonly FactSum[]): FactSum {
  const sum = (of: 'numerator' | 'denominator') => {
    const units = sums.reduce((sum, one) => sum + toUnits(one[of], 4), 0n);
    return trimZeros(quotient(units, 10_000n, 4) ?? '0');
  };
  return { cut: '', month: null, numerator: sum('numerator'), denominator: sum('denominator') };
}

/** Counts the accounts themselves: they are few, and no fact table has their targets. */
async function accountsByLevel(
  reader: Reader,
  dimension: KpiDimension,
): Promise<Pick<KeyAccountFigures, 'level' | 'accounts' | 'revenueTarget'>[]> {
  return reader.query(sql`
    select k.level, count(*)::int as accounts, coalesce(sum(k.annual_revenue_target), 0)::text as "revenueTarget"
    from key_account k join customer c on c.id = k.customer_id
    where k.ended_at is null and ${accountsWithin(dimension)}
    group by grouping sets ((), (k.level))
    order by k.level nulls first`);
}

function accountsWithin({ kind, id }: KpiDimension): Sql {
  switch (kind) {
    case 'COMPANY':
      return sql`true`;
    case 'AREA':
      return sql`c.area_id = ${id}::uuid`;
    case 'CUSTOMER':
      return sql`k.customer_id = ${id}::uuid`;
    case 'EMPLOYEE':
      return sql`k.specialist_id = ${id}::uuid`;
    default:
      return sql`false`;
  }
}

/** How a year's budget stands, as exact money; of one category where it is named. */
export interface BudgetFigures {
  readonly category: BudgetCategory | null;
  readonly amount: string;
  readonly committed: string;
  readonly paid: string;
  /** Paid and committed of the amount, in percent. */
  readonly usedShare: string | null;
}

export interface BudgetPart extends BudgetFigures {
  readonly byCategory: readonly BudgetFigures[];
  /** What share of the year has gone by at the period's end, or now where it still runs, in percent. */
  readonly elapsedShare: string;
  readonly asOf: Date;
}

/**
 * Budgets in force of the period's year that the viewer may read, whole and by category. By the unique
 * index budget(year, department_id): a company has as many budgets a year as departments.
 */
export async function budgetPart(reader: Reader, scope: DashboardScope): Promise<BudgetPart> {
  const { kind, id } = scope.dimension;
  const within =
    kind === 'DEPARTMENT' ? sql`b.department_id = ${id}::uuid` : sql`${kind === 'COMPANY'}::boolean`;
  const rows = await reader.query<Omit<BudgetFigures, 'usedShare'>>(sql`
    select l.category, coalesce(sum(l.amount), 0)::text as amount, coalesce(sum(l.committed), 0)::text as committed,
           coalesce(sum(l.paid), 0)::text as paid
    from budget b join budget_line l on l.budget_id = b.id
    where b.year = ${yearOf(scope.period, reader.timeZone)}::int and b.state in ('APPROVED', 'ACTIVE', 'CLOSED')
      and ${within} and ${budgetReadable(reader.sees, sql`b`)}
    group by grouping sets ((), (l.category))
    order by l.category nulls first`);
  const figures = rows.map((row) => ({
    ...row,
    usedShare: percent(toUnits(row.paid, 2) + toUnits(row.committed, 2), toUnits(row.amount, 2)),
  }));
  const [, ...byCategory] = figures;
  return {
    ...total({ rows: figures, asOf: reader.now }),
    byCategory,
    elapsedShare: elapsedShare(scope.period, reader.now, reader.timeZone),
    asOf: reader.now,
  };
}

/** The year that a period lies in, by its first day. */
function yearOf(period: Period, timeZone: string): number {
  return Number(localDate(period.start, timeZone).slice(0, 4));
}

function elapsedShare(period: Period, now: Date, timeZone: string): string {
  const year = parsePeriod(String(yearOf(period, timeZone)), timeZone);
  const at = Math.max(year.start, Math.min(year.end, period.end, now.getTime()));
  return percent(BigInt(at - year.start), BigInt(year.end - year.start)) ?? '0.00';
}
