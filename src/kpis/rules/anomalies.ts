import { fromUnits, quotient, toUnits } from '../../lib/decimal.ts';
import type { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Measured } from './figures.ts';

/** How far from the values before it a value may lie (KPM-01). */
export interface AbnormalPolicy {
  /** Sample standard deviations (`kpi.abnormalSd`). */
  readonly deviations: number;
  /** Periods that must have a value (`kpi.minHistory`). */
  readonly minimum: number;
}

/** Why a value is abnormal: what the periods before it let expect. */
export interface Abnormality {
  readonly mean: string;
  readonly lower: string;
  readonly upper: string;
  readonly periods: number;
}

const PLACES = 6;
const ONE = 10n ** BigInt(PLACES);
const SHOWN = 2;

/**
 * The values of the periods before, oldest first, without those from before the first in which anything was counted: a
 * company that did not use the product yet had no zero turnover.
 */
export function historyOf(before: readonly (Measured | null)[]): string[] {
  const first = before.findIndex(
    (one) =>
      one?.value != null && [one.numerator, one.denominator ?? '0'].some((counted) => Number(counted) !== 0),
  );
  if (first < 0) return [];
  return before.slice(first).flatMap((one) => (one?.value == null ? [] : [one.value]));
}

/**
 * Whether a value lies beyond mean ± so many sample standard deviations of the values before it; null when it does not,
 * or when there are too few of them. Compared in whole numbers: (n·v − S)²·(n − 1) > k²·Σ(n·x − S)².
 */
export function abnormality(
  value: string,
  history: readonly string[],
  { deviations, minimum }: AbnormalPolicy,
): Abnormality | null {
  if (history.length < Math.max(2, minimum)) return null;
  const count = BigInt(history.length);
  const values = history.map((one) => toUnits(one, PLACES));
  const sum = values.reduce((total, one) => total + one, 0n);
  const squares = values.reduce((total, one) => total + (count * one - sum) ** 2n, 0n);
  const gap = count * toUnits(value, PLACES) - sum;
  const factor = toUnits(deviations.toFixed(PLACES), PLACES);
  if (gap ** 2n * (count - 1n) * ONE ** 2n <= factor ** 2n * squares) return null;
  const spread = (factor * rootOf(squares / (count - 1n))) / ONE;
  const shown = (total: bigint) => quotient(total, count * ONE, SHOWN) ?? fromUnits(total / count, PLACES);
  return {
    mean: shown(sum),
    lower: shown(sum - spread),
    upper: shown(sum + spread),
    periods: history.length,
  };
}

/** The whole part of a square root. */
function rootOf(square: bigint): bigint {
  if (square < 2n) return square;
  let guess = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + square / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

const TEXT_MAX = 4_000;

/** Notes what is wrong with the findings of a case; a case is closed with its cause and a measure (KPM-01). */
export function checkFindings(
  issues: Issues,
  findings: { readonly cause?: string | null; readonly measure?: string | null },
  needed: boolean,
): void {
  const said = {
    cause: text('why the value is what it is', '异常原因'),
    measure: text('what is done about it', '改进措施'),
  };
  for (const [field, what] of Object.entries(said)) {
    const given = findings[field as 'cause' | 'measure'];
    issues.expect(
      (given == null && !needed) || (given != null && given.trim().length > 0 && given.length <= TEXT_MAX),
      field,
      text(`${what.en}, in at most ${TEXT_MAX} characters`, `${what.zh}，最多 ${TEXT_MAX} 字`),
    );
  }
}

/** What a viewer may do with a case, as data (ORG-08, CUS-32). */
export function anomalyActions({
  state,
  workable,
}: {
  readonly state: 'OPEN' | 'CLOSED';
  readonly workable: boolean;
}): { action: string; allowed: boolean; reason: string | null }[] {
  const reason = !workable ? 'FORBIDDEN' : state === 'OPEN' ? null : `STATE_${state}`;
  return ['anomalyCaseUpdate', 'anomalyCaseClose'].map((action) => ({
    action,
    allowed: reason === null,
    reason,
  }));
}
