import type { KeyAccountLevel } from '../../generated/prisma/enums.ts';
import { cents } from '../../lib/money.ts';

/** From the highest to the lowest. */
export const LEVELS = ['A', 'B', 'C', 'D'] as const satisfies readonly KeyAccountLevel[];

/** The annual revenue target from which each level holds (KEY-03). */
export type Thresholds = Readonly<Record<KeyAccountLevel, string>>;

/** The highest level whose threshold the target reaches; null below D, which makes no key account (KEY-03, KEY-17). */
export function levelFor(annualRevenueTarget: string, thresholds: Thresholds): KeyAccountLevel | null {
  return LEVELS.find((level) => cents(annualRevenueTarget) >= cents(thresholds[level])) ?? null;
}

/** Whether an account is special unless said otherwise: a level A account among the first by target (CFL-05). */
export function specialByDefault(
  level: KeyAccountLevel,
  higherTargets: number,
  specialCount: number,
): boolean {
  return level === 'A' && higherTargets < specialCount;
}
