import type { PeriodKind } from '../../lib/periods.ts';

/** What is done for every account in every such period, until its end. */
export interface DutyTerms {
  /** Obligation kind. */
  readonly kind: string;
  readonly every: PeriodKind;
}

/** A period that has a duty: an account has it from its first full one on. */
export function isAsked(account: { readonly promotedAt: Date }, period: { readonly start: number }): boolean {
  return account.promotedAt.getTime() <= period.start;
}

const MONTHS = 12;

/** The equal part of a year that a local day is in, such as 2026/2 of two; `perYear` divides the twelve months. */
export function partOfYear(
  day: string,
  perYear: number,
): { readonly key: string; readonly firstDay: string; readonly months: number } {
  const [year = '', month = ''] = day.split('-');
  const months = MONTHS / perYear;
  const part = Math.floor((Number(month) - 1) / months);
  const firstMonth = String(part * months + 1).padStart(2, '0');
  return { key: `${year}/${part + 1}`, firstDay: `${year}-${firstMonth}-01`, months };
}
