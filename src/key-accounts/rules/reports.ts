import { percent } from '../../lib/decimal.ts';
import { cents, fromCents } from '../../lib/money.ts';
import type { PeriodKind } from '../../lib/periods.ts';

export interface ReportFigures {
  readonly keyAccountId: string;
  readonly level: string;
  readonly annualTarget: string;
  readonly revenue: string;
  readonly before: string;
  /** Of all customers. */
  readonly total: string;
}

/** A line of FRM-42: account, level, target, revenue, share, change, note. */
export interface ReportLine {
  readonly keyAccountId: string;
  readonly level: string;
  /** The part of the annual target that falls on the period. */
  readonly target: string;
  readonly revenue: string;
  /** Of the revenue of all customers, in percent; null where there was none. */
  readonly share: string | null;
  /** Against the period before, in percent; null where there was none. */
  readonly change: string | null;
  readonly note: string | null;
}

const PARTS: Partial<Record<PeriodKind, bigint>> = { MONTH: 12n, QUARTER: 4n, YEAR: 1n };

export function reportLines(
  figures: readonly ReportFigures[],
  kind: PeriodKind,
  notes: ReadonlyMap<string, string>,
): ReportLine[] {
  return figures.map(({ keyAccountId, level, annualTarget, revenue, before, total }) => ({
    keyAccountId,
    level,
    target: fromCents(cents(annualTarget) / (PARTS[kind] ?? 1n)),
    revenue,
    share: percent(cents(revenue), cents(total)),
    change: percent(cents(revenue) - cents(before), cents(before)),
    note: notes.get(keyAccountId) || null,
  }));
}
