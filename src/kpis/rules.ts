import type { KpiDimensionKind, KpiDirection, KpiUnit } from '../generated/prisma/enums.ts';
import { fromUnits, percent, quotient, toUnits } from '../lib/decimal.ts';
import { InvalidInput, type Issues } from '../lib/errors.ts';
import { InvalidPeriod, type Period, parsePeriod } from '../lib/periods.ts';
import { text } from '../lib/text.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';

/** What a source counts for a metric in a period and a dimension. */
export interface KpiFacts {
  readonly numerator: number;
  readonly denominator: number;
}

/** A measured value, exact, and what it was made of. */
export interface Measured {
  /** Null when the denominator is zero: never zero for want of data (section 10.2). */
  readonly value: string | null;
  readonly numerator: string;
  readonly denominator: string | null;
}

/** Numerator of denominator, in percent. */
export function shareOf({ numerator, denominator }: KpiFacts): Measured {
  return {
    value: percent(BigInt(numerator), BigInt(denominator)),
    numerator: String(numerator),
    denominator: String(denominator),
  };
}

/** How many there were; none is a value. */
export function countOf({ denominator }: KpiFacts): Measured {
  return { value: String(denominator), numerator: String(denominator), denominator: null };
}

const MEAN_PLACES = 2;

/** Mean minutes, of a sum of seconds. */
export function meanMinutesOf({ numerator, denominator }: KpiFacts): Measured {
  return {
    value: quotient(BigInt(numerator), 60n * BigInt(denominator), MEAN_PLACES),
    numerator: quotient(BigInt(numerator), 60n, MEAN_PLACES) ?? '0',
    denominator: String(denominator),
  };
}

/** What a figure is cut by: a kind, and of which one unless it is the company. */
export interface KpiDimension {
  readonly kind: KpiDimensionKind;
  readonly id: string | null;
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
  kpi: { readonly unit: KpiUnit; readonly measure: unknown },
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
  if (kpi.measure === null || !hasPlaces(target.value)) return;
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

/** Whether a value can still change: its period runs, or it waits for later events (`kpi.settleDays`). */
export function isProvisional(period: Period, waits: boolean, settleDays: number, now: Date): boolean {
  const settledAt = period.end + (waits ? settleDays * 86_400_000 : 0);
  return now.getTime() < settledAt;
}

const YEARS = { first: '2000', last: '2199' } as const;

/** The business period of a key; InvalidInput naming the field when there is none. */
export function readPeriod(key: string, timeZone: string, path: string): Period {
  const message = text(
    `${JSON.stringify(key)} is no period of ${YEARS.first} to ${YEARS.last}; accepted are a day 2026-11-23, an ISO week 2026-W47, a month 2026-11, a quarter 2026-Q4 and a year 2026.`,
    `${JSON.stringify(key)} 不是 ${YEARS.first} 至 ${YEARS.last} 年间的期间；可用：日 2026-11-23、ISO 周 2026-W47、月 2026-11、季度 2026-Q4、年 2026。`,
  );
  const refusal = new InvalidInput([{ path: path.split('.'), message }]);
  const year = key.slice(0, 4);
  if (year < YEARS.first || year > YEARS.last) throw refusal;
  try {
    return parsePeriod(key, timeZone);
  } catch (error) {
    if (error instanceof InvalidPeriod) throw refusal;
    throw error;
  }
}
