import { fromUnits, percent, quotient, toUnits } from '../../lib/decimal.ts';
import { type Counted, type KpiFacts, type Measured, type MeasuredPart, partOf, trimmed } from './figures.ts';

/** Sums keep four places, targets and kept values six. */
const PLACES = 6;
const ONE = 10n ** BigInt(PLACES);
const SHOWN = 2;

function units(value: string): bigint {
  return toUnits(value, PLACES);
}

function money(amount: bigint): string {
  return quotient(amount, ONE, SHOWN) ?? '0.00';
}

const BARE = { target: null, change: null, cumulative: null } as const;

/** Numerator of denominator where both are money, in percent. */
export function moneyShareOf({ numerator, denominator }: KpiFacts): Measured {
  return {
    value: percent(units(numerator), units(denominator)),
    numerator: money(units(numerator)),
    denominator: money(units(denominator)),
  };
}

/** How many more there are at the end than at the start. */
export function growthInCount(counted: Counted): Measured {
  const start = partOf(counted, 'START').denominator;
  const end = partOf(counted, 'END').denominator;
  return { value: trimmed(units(end) - units(start), PLACES), numerator: end, denominator: start };
}

/** Those at both ends of those at the start, as facts of a share. */
export function keptOf(
  counted: Counted,
  [start, both]: readonly [string, string] = ['START', 'BOTH'],
): KpiFacts {
  return { numerator: partOf(counted, both).denominator, denominator: partOf(counted, start).denominator };
}

/** What share each grade has of all graded, beside the share it should have (KPI-64). */
export function gradeShares({ parts }: Counted): Measured {
  const grades = parts.filter(({ target }) => target !== null);
  return {
    value: null,
    numerator: '0',
    denominator: grades[0]?.denominator ?? '0',
    parts: grades.map(({ key, numerator, denominator, target }) => ({
      ...BARE,
      key,
      value: percent(units(numerator), units(denominator)),
      numerator,
      denominator,
      target: target === null ? null : trimmed(units(target), PLACES),
    })),
  };
}

/** The row of complaints whose cause is not known yet. */
export const UNKNOWN_CAUSE = 'UNKNOWN';

/** What share of all complaints each cause has, most frequent first, and by how many points that changed (KPI-40). */
export function causeShares(
  all: Counted,
  byCause: Counted,
  before: Counted,
  beforeByCause: Counted,
): Measured {
  const now = withUnknown(all, byCause);
  const earlier = withUnknown(before, beforeByCause);
  const keys = now.size === 0 ? [] : [...new Set([...now.keys(), ...earlier.keys()])];
  const rows = keys.map((key): MeasuredPart => {
    const value = share(now.get(key) ?? 0n, all);
    const previous = share(earlier.get(key) ?? 0n, before);
    return {
      ...BARE,
      key,
      value,
      numerator: trimmed(now.get(key) ?? 0n, PLACES),
      denominator: all.denominator,
      change: value === null || previous === null ? null : difference(value, previous),
    };
  });
  rows.sort((a, b) => Number(units(b.numerator) - units(a.numerator)) || (a.key < b.key ? -1 : 1));
  return { value: null, numerator: all.denominator, denominator: null, parts: rows };
}

function withUnknown(all: KpiFacts, { parts }: Counted): Map<string, bigint> {
  const counts = new Map(parts.map(({ key, denominator }) => [key, units(denominator)]));
  const unknown = [...counts.values()].reduce((left, count) => left - count, units(all.denominator));
  if (unknown > 0n) counts.set(UNKNOWN_CAUSE, unknown);
  return counts;
}

function share(count: bigint, { denominator }: KpiFacts): string | null {
  return percent(count, units(denominator));
}

function difference(one: string, other: string): string {
  return fromUnits(toUnits(one, SHOWN) - toUnits(other, SHOWN), SHOWN);
}

/** What part of all revenue the first fifth of the customers brings, and each of the first ones (KPI-66). */
export function concentrationOf(counted: Counted): Measured {
  let sum = 0n;
  return {
    ...moneyShareOf(counted),
    parts: counted.parts.map((part) => {
      sum += units(part.numerator);
      return {
        ...BARE,
        key: part.key,
        ...moneyShareOf(part),
        cumulative: percent(sum, units(part.denominator)),
      };
    }),
  };
}

/**
 * How near each kept value came to its target: 1 − |actual − target| ÷ target, not below 0; and the mean of them. A
 * target of zero can be compared with nothing (KPI-58).
 */
export function targetAccuracy({ parts }: Counted): Measured {
  const rows = parts
    .map(({ key, numerator, denominator }): MeasuredPart => {
      const target = units(denominator);
      const size = target < 0n ? -target : target;
      const gap = units(numerator) - target;
      const missed = gap < 0n ? -gap : gap;
      const value = percent(missed < size ? size - missed : 0n, size);
      return {
        ...BARE,
        key,
        value,
        numerator: trimmed(units(numerator), PLACES),
        denominator: trimmed(target, PLACES),
      };
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const known = rows.flatMap(({ value }) => (value === null ? [] : [toUnits(value, SHOWN)]));
  const sum = known.reduce((total, value) => total + value, 0n);
  const count = BigInt(known.length);
  return {
    value: quotient(sum, count * 10n ** BigInt(SHOWN), SHOWN),
    numerator: fromUnits(sum, SHOWN),
    denominator: String(count),
    parts: rows,
  };
}

/**
 * How far turnover lies from its target, and what of that comes from volume and what from price; these two are null
 * without a target of volume (KPI-03).
 */
export function turnoverGap(
  revenue: Counted,
  shipments: Counted,
  target: Counted,
  volumeTarget: Counted,
): Measured {
  const actual = units(revenue.numerator);
  const planned = units(target.numerator);
  if (target.denominator === '0') {
    return { value: null, numerator: money(actual), denominator: null };
  }
  const volume = units(shipments.denominator);
  const plannedVolume = units(volumeTarget.numerator);
  const known = volumeTarget.denominator !== '0' && plannedVolume !== 0n;
  // What the actual volume would have earned at the planned price.
  const atPlannedPrice = known ? quotient(planned * volume, plannedVolume * ONE, SHOWN) : null;
  const row = (key: string, value: string | null): MeasuredPart => ({
    ...BARE,
    key,
    value,
    numerator: money(actual),
    denominator: money(planned),
  });
  return {
    value: money(actual - planned),
    numerator: money(actual),
    denominator: money(planned),
    parts: [
      row('SHARE', percent(actual - planned, planned)),
      row('VOLUME_EFFECT', atPlannedPrice && difference(atPlannedPrice, money(planned))),
      row('PRICE_EFFECT', atPlannedPrice && difference(money(actual), atPlannedPrice)),
    ],
  };
}

/** Weights of KPI-33 for what the product knows; those of the surveys drop out and the others are scaled up. */
const LOYALTY_WEIGHTS = { TENURE: 30n, REPEAT: 25n } as const;

/** How long and how regularly customers have ordered, from 0 to 100, as the mean of the customers (KPI-33). */
export function loyaltyIndex(counted: Counted): Measured {
  const customers = units(partOf(counted, 'TENURE').denominator);
  let weighted = 0n;
  let weights = 0n;
  const parts = Object.entries(LOYALTY_WEIGHTS).map(([key, weight]): MeasuredPart => {
    const { numerator } = partOf(counted, key);
    weighted += weight * units(numerator);
    weights += weight;
    return {
      ...BARE,
      key,
      value: percent(units(numerator), customers),
      numerator: money(100n * units(numerator)),
      denominator: trimmed(customers, PLACES),
    };
  });
  return {
    value: quotient(100n * weighted, weights * customers, SHOWN),
    numerator: quotient(100n * weighted, weights * ONE, SHOWN) ?? '0.00',
    denominator: trimmed(customers, PLACES),
    parts,
  };
}
