import type { KpiDimensionKind, KpiDirection, KpiUnit } from '../../generated/prisma/enums.ts';
import { fromUnits, percent, quotient, toUnits } from '../../lib/decimal.ts';
import { InvalidInput, type Issues } from '../../lib/errors.ts';
import { InvalidPeriod, nextPeriod, type Period, parsePeriod } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';

/** What a source counts for a metric in a period and a dimension: exact, as decimal text. */
export interface KpiFacts {
  readonly numerator: string;
  readonly denominator: string;
}

/** What was counted for one row of a table of values. */
export interface CountedPart extends KpiFacts {
  readonly key: string;
  /** What the row should reach, where policy says so. */
  readonly target: string | null;
}

/** What was counted in the whole, and by part where it was asked for so. */
export interface Counted extends KpiFacts {
  readonly parts: readonly CountedPart[];
}

/** A measured value, exact, and what it was made of. */
export interface Measured {
  /** Null when the denominator is zero: never zero for want of data (section 10.2). */
  readonly value: string | null;
  readonly numerator: string;
  readonly denominator: string | null;
  /** Rows, of a metric that is a table of values. */
  readonly parts?: readonly MeasuredPart[];
}

/** A row of a table of values. */
export interface MeasuredPart {
  readonly key: string;
  readonly value: string | null;
  readonly numerator: string;
  readonly denominator: string | null;
  readonly target: string | null;
  /** To the period before, in the unit of the value. */
  readonly change: string | null;
  /** The value of this row and those before it together. */
  readonly cumulative: string | null;
}

const NOTHING: KpiFacts = { numerator: '0', denominator: '0' };

/** What was counted for a row; nothing where it has none. */
export function partOf({ parts }: Counted, key: string): KpiFacts {
  return parts.find((part) => part.key === key) ?? NOTHING;
}

/** Places that sums are kept with. */
const FACT_PLACES = 4;
const MEAN_PLACES = 2;

function units(value: string): bigint {
  return toUnits(value, FACT_PLACES);
}

/** Numerator of denominator, in percent. */
export function shareOf({ numerator, denominator }: KpiFacts): Measured {
  return { value: percent(units(numerator), units(denominator)), numerator, denominator };
}

/** How many there were; none is a value. */
export function countOf({ denominator }: KpiFacts): Measured {
  return { value: denominator, numerator: denominator, denominator: null };
}

/** The sum of an amount of money; none is a value. */
export function moneyOf({ numerator }: KpiFacts): Measured {
  return { value: twoPlaces(units(numerator)), numerator: twoPlaces(units(numerator)), denominator: null };
}

function twoPlaces(amount: bigint): string {
  return quotient(amount, 10n ** BigInt(FACT_PLACES), MEAN_PLACES) ?? '0.00';
}

/** A mean in a unit of so many seconds, of a sum of seconds. */
export function meanOf(seconds: bigint): (facts: KpiFacts) => Measured {
  return ({ numerator, denominator }) => ({
    value: quotient(units(numerator), seconds * units(denominator), MEAN_PLACES),
    numerator: quotient(units(numerator), seconds * 10n ** BigInt(FACT_PLACES), MEAN_PLACES) ?? '0',
    denominator,
  });
}

/** How many of one source there were for every ten thousand of another. */
export function perTenThousand(counted: KpiFacts, among: KpiFacts): Measured {
  return {
    value: quotient(units(counted.denominator) * 10_000n, units(among.denominator), MEAN_PLACES),
    numerator: counted.denominator,
    denominator: among.denominator,
  };
}

/** By what share of the earlier amount the later one is larger, in percent. */
export function growthOf(now: KpiFacts, before: KpiFacts): Measured {
  return {
    value: percent(units(now.numerator) - units(before.numerator), units(before.numerator)),
    numerator: twoPlaces(units(now.numerator)),
    denominator: twoPlaces(units(before.numerator)),
  };
}

/** What part of the denominator lies outside of the numerator, in percent. */
export function shortfallOf({ numerator, denominator }: KpiFacts): Measured {
  const missed = units(denominator) - units(numerator);
  return {
    value: percent(missed, units(denominator)),
    numerator: trimmed(missed, FACT_PLACES),
    denominator,
  };
}

/** Without the zeros that say nothing. */
export function trimmed(amount: bigint, places: number): string {
  return fromUnits(amount, places).replace(/\.?0+$/, '');
}

/** What a figure is cut by: a kind, and of which one unless it is the company. */
export interface KpiDimension {
  readonly kind: KpiDimensionKind;
  readonly id: string | null;
}

/** Dimensions of many: their figures are broken down, and their medians kept. One customer or person has neither. */
const WIDE: readonly KpiDimensionKind[] = ['COMPANY', 'DEPARTMENT', 'TEAM', 'AREA'];

export function isWide(kind: KpiDimensionKind): boolean {
  return WIDE.includes(kind);
}

/** A dimension with what rights depend on; null facts where there is no such thing or the viewer may not know of it. */
export interface KnownDimension extends KpiDimension {
  readonly exists: boolean;
  /** Of a team. */
  readonly departmentId: string | null;
  /** Of a customer. */
  readonly areaId: string | null;
  /** A customer that is a key account now. */
  readonly isKeyAccount: boolean;
}

/** Whether a viewer may read a metric in a dimension (section 23, column KPI). */
export function mayRead(
  viewer: Viewer,
  kpi: { readonly service: boolean },
  dimension: KnownDimension,
): boolean {
  if (!dimension.exists) return false;
  const { kind, id } = dimension;
  const reaches: Readonly<Record<string, boolean>> = {
    ALL: true,
    DEPARTMENT:
      (kind === 'DEPARTMENT' && id === viewer.departmentId) ||
      (kind === 'TEAM' && dimension.departmentId === viewer.departmentId),
    AREA:
      (kind === 'AREA' && viewer.areaIds.includes(id ?? '')) ||
      (kind === 'CUSTOMER' && viewer.areaIds.includes(dimension.areaId ?? '')),
    SERVICE: kpi.service && kind === 'COMPANY',
    KEY: kind === 'CUSTOMER' && dimension.isKeyAccount,
    OWN: kind === 'EMPLOYEE' && id === viewer.employeeId,
  };
  return Object.entries(reaches).some(
    ([scope, reached]) => reached && viewer.rights.has(`kpi:read:${scope}`),
  );
}

/** Targets and values keep six places. */
const PLACES = 6;

/** Where a value stands: on the good side of its target, within tolerance on the bad side, or beyond it (KPM-02). */
export type Attainment = 'REACHED' | 'TOLERATED' | 'MISSED';

export function attainmentOf(
  direction: KpiDirection,
  value: string,
  target: { readonly value: string; readonly tolerance: string },
): Attainment {
  const gap = toUnits(value, PLACES) - toUnits(target.value, PLACES);
  const shortfall = direction === 'HIGHER_IS_BETTER' ? -gap : gap;
  if (shortfall <= 0n) return 'REACHED';
  return shortfall <= toUnits(target.tolerance, PLACES) ? 'TOLERATED' : 'MISSED';
}

/** The tolerance of a target that names none: a share of its value (`kpi.tolerance`). */
export function defaultTolerance(value: string, share: number): string {
  const units = toUnits(value, PLACES);
  const parts = toUnits(share.toFixed(PLACES), PLACES);
  const tolerance = (units < 0n ? -units : units) * parts;
  return fromUnits(tolerance / 10n ** BigInt(PLACES), PLACES);
}

/** Notes what is wrong with a target's numbers. */
export function checkTarget(
  issues: Issues,
  kpi: { readonly unit: KpiUnit; readonly measure: { readonly signed?: true } | null },
  target: { readonly value: string; readonly tolerance: string | null },
): void {
  issues.expect(
    hasPlaces(target.value),
    'value',
    text('a number with at most six places', '最多六位小数的数字'),
  );
  issues.expect(
    target.tolerance === null || (hasPlaces(target.tolerance) && !target.tolerance.startsWith('-')),
    'tolerance',
    text('0 or more, with at most six places', '不小于 0、最多六位小数'),
  );
  // Of what is computed here, percentages are shares of a whole, and nothing falls below zero.
  if (kpi.measure === null || kpi.measure.signed || !hasPlaces(target.value)) return;
  const most = kpi.unit === 'PERCENT' ? toUnits('100', PLACES) : null;
  const value = toUnits(target.value, PLACES);
  issues.expect(
    value >= 0n && (most === null || value <= most),
    'value',
    most === null ? text('0 or more', '不小于 0') : text('0 to 100 percent', '0 到 100 之间的百分比'),
  );
}

function hasPlaces(value: string): boolean {
  return /^-?\d{1,16}(\.\d{1,6})?$/.test(value);
}

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Whether a value can still change: its period runs, or it waits for later events (`kpi.settleDays`). */
export function isProvisional(period: Period, waits: boolean, settleDays: number, now: Date): boolean {
  const settledAt = period.end + (waits ? settleDays * DAY : 0);
  return now.getTime() < settledAt;
}

/** How long after its period a value is waited for before it is kept (KPM-03). */
export interface ClosePolicy {
  readonly graceHours: number;
  readonly settleDays: number;
}

/** When the value of a period is kept: a little after its end, or when nothing can change it any more. */
export function closesAt(
  period: Period,
  measure: { readonly waits: boolean; readonly waitsDays?: number },
  { graceHours, settleDays }: ClosePolicy,
): Date {
  const days = measure.waits ? Math.max(settleDays, measure.waitsDays ?? 0) : 0;
  return new Date(period.end + days * DAY + graceHours * HOUR);
}

const YEARS = { first: '2000', last: '2199' } as const;

/** The business period of a key; InvalidInput naming the field when there is none. */
export function readPeriod(key: string, timeZone: string, path: string): Period {
  const year = key.slice(0, 4);
  if (year < YEARS.first || year > YEARS.last) throw noPeriod(key, path);
  try {
    return parsePeriod(key, timeZone);
  } catch (error) {
    if (error instanceof InvalidPeriod) throw noPeriod(key, path);
    throw error;
  }
}

function noPeriod(key: string, path: string): InvalidInput {
  const message = text(
    `${JSON.stringify(key)} is no period of ${YEARS.first} to ${YEARS.last}; accepted are a day 2026-11-23, an ISO week 2026-W47, a month 2026-11, a quarter 2026-Q4 and a year 2026.`,
    `${JSON.stringify(key)} 不是 ${YEARS.first} 至 ${YEARS.last} 年间的期间；可用：日 2026-11-23、ISO 周 2026-W47、月 2026-11、季度 2026-Q4、年 2026。`,
  );
  return new InvalidInput([{ path: path.split('.'), message }]);
}

/** Consecutive periods of one kind from a key to another; InvalidInput naming the field where there are none or too many. */
export function readPeriods(from: string, to: string, timeZone: string, most: number): Period[] {
  const first = readPeriod(from, timeZone, 'from.key');
  const last = readPeriod(to, timeZone, 'to.key');
  const periods: Period[] = [];
  for (let period = first; period.start <= last.start && periods.length <= most; ) {
    periods.push(period);
    period = nextPeriod(period, timeZone);
  }
  if (first.kind === last.kind && periods.length > 0 && periods.length <= most) return periods;
  throw new InvalidInput([
    {
      path: ['to', 'key'],
      message: text(
        `${JSON.stringify(to)} is not accepted after ${JSON.stringify(from)}: a period of the same kind, not before it, of at most ${most} in all.`,
        `${JSON.stringify(to)} 不可用：应与 ${JSON.stringify(from)} 同类且不早于它，总数不超过 ${most}。`,
      ),
    },
  ]);
}
