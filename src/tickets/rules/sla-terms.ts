import type {
  CustomerGrade,
  KeyAccountLevel,
  TicketCategory,
  TicketSeverity,
} from '../../generated/prisma/enums.ts';
import type { BusinessCalendar } from '../../lib/business-calendar.ts';
import type { LimitKind, SlaTerms } from './sla-clock.ts';
import type { Instant } from '../../lib/periods.ts';

/** An approved version of a service policy. */
export interface PolicyVersion {
  readonly id: string;
  readonly code: string;
  readonly revision: number;
  readonly category: TicketCategory;
  readonly severity: TicketSeverity | null;
  readonly calendarCode: string;
  readonly limits: Readonly<Partial<Record<LimitKind, string | null>>>;
  /** Null: as the setting says. */
  readonly pauseWhileWaiting: boolean | null;
  readonly gradeFactors: Readonly<Partial<Record<CustomerGrade, number>>>;
  readonly levelFactors: Readonly<Partial<Record<KeyAccountLevel, number>>>;
  readonly validFrom: Date;
}

/** An approved version of a calendar. */
export interface CalendarVersion {
  readonly id: string;
  readonly code: string;
  readonly revision: number;
  readonly validFrom: Date;
  readonly calendar: BusinessCalendar;
}

/** All approved versions, each kind in the order in which they took effect. */
export interface ServiceLevels {
  readonly policies: readonly PolicyVersion[];
  readonly calendars: readonly CalendarVersion[];
}

/** The policy numbers that terms depend on besides. */
export interface TermSettings {
  /** KEY-26: for key accounts, and for grade A customers too. */
  readonly keyAccountFactor: number;
  readonly pauseWhileWaiting: boolean;
  readonly atRisk: number;
}

/** What the terms of a ticket depend on. */
export interface TermFacts {
  readonly category: TicketCategory;
  readonly severity: TicketSeverity;
  /** Of its customer; null without one or without a grade. */
  readonly grade: CustomerGrade | null;
  /** Of its customer's key account; null where there is none. */
  readonly keyAccountLevel: KeyAccountLevel | null;
  /** Code of the calendar that the customer's contract promises; null where it promises none (CFL-25). */
  readonly contractCalendar: string | null;
}

export interface Terms {
  readonly policy: PolicyVersion;
  readonly calendar: CalendarVersion;
  readonly factor: number;
  readonly pauses: boolean;
  readonly atRiskShare: number;
}

/** The terms on which the clock of a ticket runs from an instant on (TIC-36, KEY-26). */
export function termsFor(levels: ServiceLevels, facts: TermFacts, at: Date, settings: TermSettings): Terms {
  const policy = policyFor(levels.policies, facts, at);
  return {
    policy,
    calendar: calendarAt(
      levels.calendars,
      // CFL-25: complaints are open day and night anyway.
      (facts.category === 'COMPLAINT' ? null : facts.contractCalendar) ?? policy.calendarCode,
      at,
    ),
    factor: factorOf(policy, facts, settings.keyAccountFactor),
    // TIC-36: a complaint's clock never stands.
    pauses: facts.category !== 'COMPLAINT' && (policy.pauseWhileWaiting ?? settings.pauseWhileWaiting),
    atRiskShare: settings.atRisk,
  };
}

/** Terms as the clock takes them. */
export function clockTerms(
  { policy, calendar, factor, pauses, atRiskShare }: Terms,
  from: Instant,
): SlaTerms {
  return {
    from,
    policyCode: policy.code,
    policyVersion: policy.revision,
    calendarCode: calendar.code,
    calendarVersion: calendar.revision,
    limits: policy.limits,
    factor,
    calendar: calendar.calendar,
    pauseWhileWaiting: pauses,
    atRiskShare,
  };
}

/** The policy in force for a kind of ticket: the newest that has begun. */
export function policyFor(
  policies: readonly PolicyVersion[],
  { category, severity }: Pick<TermFacts, 'category' | 'severity'>,
  at: Date,
): PolicyVersion {
  const policy = policies.findLast(
    (version) =>
      version.category === category &&
      (version.severity === null || version.severity === severity) &&
      version.validFrom <= at,
  );
  if (!policy) throw new Error(`There is no SLA policy for ${category} ${severity}.`);
  return policy;
}

/** The version of a calendar in force at an instant; its first for the time before. */
export function calendarAt(calendars: readonly CalendarVersion[], code: string, at: Date): CalendarVersion {
  const versions = calendars.filter((version) => version.code === code);
  const calendar = versions.findLast(({ validFrom }) => validFrom <= at) ?? versions[0];
  if (!calendar) throw new Error(`There is no calendar ${code}.`);
  return calendar;
}

/** The stricter of what the file grade and the key account ask for. */
export function factorOf(
  policy: Pick<PolicyVersion, 'gradeFactors' | 'levelFactors'>,
  { grade, keyAccountLevel }: Pick<TermFacts, 'grade' | 'keyAccountLevel'>,
  standard: number,
): number {
  const ofGrade = grade === null ? 1 : (policy.gradeFactors[grade] ?? (grade === 'A' ? standard : 1));
  const ofLevel = keyAccountLevel === null ? 1 : (policy.levelFactors[keyAccountLevel] ?? standard);
  return Math.min(ofGrade, ofLevel);
}
