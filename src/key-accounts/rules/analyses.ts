import type { KeyAccountAnalysisType } from '../../generated/prisma/enums.ts';
import { percent } from '../../lib/decimal.ts';
import { cents } from '../../lib/money.ts';

export interface AnalysisFacts {
  readonly level: string;
  readonly serviceModel: string;
  readonly annualTarget: string;
  readonly revenue: string;
  readonly before: string;
  readonly yearBefore: string;
  /** Of all key accounts. */
  readonly total: string;
  readonly rank: number;
  /** Revenue less freight of the lines whose freight is known; null where none is. */
  readonly contribution: string | null;
  readonly shipments: number;
  readonly activeDays: number;
  readonly promised: number;
  readonly onTime: number;
  readonly complaints: number;
  readonly satisfied: number;
  readonly answered: number;
  readonly contacts: number;
  readonly needsOpen: number;
  readonly needsMet: number;
  readonly careDone: number;
}

export interface Figure {
  readonly name: string;
  readonly value: string | null;
}

function count(name: string, value: number): Figure {
  return { name, value: String(value) };
}

function share(name: string, part: number, whole: number): Figure {
  return { name, value: percent(BigInt(part), BigInt(whole)) };
}

function change(name: string, now: string, before: string): Figure {
  return { name, value: percent(cents(now) - cents(before), cents(before)) };
}

/** What the facts of a period say of an account, by the five kinds of analysis (KEY-08). */
export function analysesOf(facts: AnalysisFacts): Record<KeyAccountAnalysisType, Figure[]> {
  return {
    GROWTH: [
      { name: 'revenue', value: facts.revenue },
      change('changeToPeriodBefore', facts.revenue, facts.before),
      change('changeToYearBefore', facts.revenue, facts.yearBefore),
    ],
    VALUE: [
      { name: 'shareOfKeyAccounts', value: percent(cents(facts.revenue), cents(facts.total)) },
      count('rank', facts.rank),
      { name: 'achievementOfAnnualTarget', value: percent(cents(facts.revenue), cents(facts.annualTarget)) },
      { name: 'contribution', value: facts.contribution },
    ],
    BEHAVIOUR: [
      count('shipmentLines', facts.shipments),
      count('daysWithDeliveries', facts.activeDays),
      share('deliveredOnTime', facts.onTime, facts.promised),
    ],
    SATISFACTION: [
      count('complaints', facts.complaints),
      share('complaintsClosedSatisfied', facts.satisfied, facts.answered),
    ],
    ONE_TO_ONE: [
      { name: 'level', value: facts.level },
      { name: 'serviceModel', value: facts.serviceModel },
      count('contactsReached', facts.contacts),
      count('needsOpen', facts.needsOpen),
      count('needsMet', facts.needsMet),
      count('careDone', facts.careDone),
    ],
  };
}
