import { percent, quotient } from '../../lib/decimal.ts';
import { cents } from '../../lib/money.ts';

/** What the health of an account is made of. */
export type HealthComponent = 'ACHIEVEMENT' | 'GROWTH' | 'RELIABILITY' | 'COMPLAINTS' | 'CONTACT';

export type HealthWeights = Readonly<Record<HealthComponent, number>>;

/** What happened in a stretch of time, and in the one before it. */
export interface HealthFacts {
  readonly revenue: string;
  readonly revenueBefore: string;
  readonly revenueEarlier: string;
  readonly revenueOfYear: string;
  readonly revenueOfYearBefore: string;
  readonly annualTarget: string;
  readonly promised: number;
  readonly onTime: number;
  readonly promisedBefore: number;
  readonly onTimeBefore: number;
  readonly complaints: number;
  readonly complaintsBefore: number;
  readonly weeks: number;
  readonly weeksMet: number;
  readonly weeksBefore: number;
  readonly weeksMetBefore: number;
}

export interface ComponentOfHealth {
  readonly component: HealthComponent;
  /** Share of the sum in percent; those without facts are left out and the others stand for them. */
  readonly weight: number;
  /** 0 to 100; null without facts. */
  readonly value: number | null;
  /** By how much it changed; null where there was nothing to compare with. */
  readonly trend: number | null;
  /** What it adds to the score. */
  readonly points: string | null;
}

export interface Health {
  /** 0 to 100 with two places; null where nothing is known. */
  readonly score: string | null;
  readonly components: readonly ComponentOfHealth[];
}

const FULL = 100;

function bounded(value: number): number {
  return Math.max(0, Math.min(FULL, value));
}

/** A share as whole points; null without a whole. */
function share(part: bigint, whole: bigint): number | null {
  const text = percent(part, whole);
  return text === null ? null : bounded(Math.round(Number(text)));
}

/** Half of the points for what stayed the same, none for half of it, all for half as much again. */
function growth(now: string, before: string): number | null {
  const change = quotient((cents(now) - cents(before)) * 100n, cents(before), 2);
  return cents(before) <= 0n || change === null ? null : bounded(Math.round(50 + Number(change)));
}

function ratio(part: number, whole: number): number | null {
  return share(BigInt(part), BigInt(whole));
}

/** All points without complaints, a fifth less for each. */
function calm(complaints: number): number {
  return bounded(FULL - complaints * 20);
}

/** The health of an account, and how it comes about: each part with its weight, value, trend and what it adds. */
export function healthOf(facts: HealthFacts, weights: HealthWeights): Health {
  const values: readonly [HealthComponent, number | null, number | null][] = [
    [
      'ACHIEVEMENT',
      share(cents(facts.revenueOfYear), cents(facts.annualTarget)),
      share(cents(facts.revenueOfYearBefore), cents(facts.annualTarget)),
    ],
    ['GROWTH', growth(facts.revenue, facts.revenueBefore), growth(facts.revenueBefore, facts.revenueEarlier)],
    ['RELIABILITY', ratio(facts.onTime, facts.promised), ratio(facts.onTimeBefore, facts.promisedBefore)],
    ['COMPLAINTS', calm(facts.complaints), calm(facts.complaintsBefore)],
    ['CONTACT', ratio(facts.weeksMet, facts.weeks), ratio(facts.weeksMetBefore, facts.weeksBefore)],
  ];
  const counted = values.reduce(
    (sum, [component, value]) => sum + (value === null ? 0 : weights[component]),
    0,
  );
  const components = values.map(([component, value, before]): ComponentOfHealth => {
    const points =
      value === null || counted === 0
        ? null
        : quotient(BigInt(value) * BigInt(weights[component]), BigInt(counted), 2);
    return {
      component,
      weight: weights[component],
      value,
      trend: value === null || before === null ? null : value - before,
      points,
    };
  });
  const known = components.flatMap(({ value, weight }) => (value === null ? [] : [BigInt(value * weight)]));
  const sum = known.reduce((total, one) => total + one, 0n);
  return { score: counted === 0 ? null : quotient(sum, BigInt(counted), 2), components };
}
