import type {
  BusinessLine,
  CadenceDimension,
  ContactSeniority,
  CustomerGrade,
  CustomerLifecycle,
  KeyAccountLevel,
  VisitType,
} from '../../generated/prisma/enums.ts';
import {
  type Instant,
  localDate,
  nextPeriod,
  type Period,
  type PeriodKind,
  periodOf,
  previousPeriod,
} from '../../lib/periods.ts';

/** What decides which contacts a customer is owed. */
export interface CadenceFacts {
  readonly lifecycle: CustomerLifecycle;
  readonly businessLine: BusinessLine;
  readonly grade: CustomerGrade | null;
  /** Null where it is no key account now. */
  readonly level: KeyAccountLevel | null;
  readonly isSpecial: boolean;
}

type CalendarKind = Extract<PeriodKind, 'MONTH' | 'QUARTER' | 'YEAR'>;

interface GradeCadence {
  readonly calls: number;
  readonly weeks: number;
  readonly visits: number;
  readonly months: number;
  readonly host: ContactSeniority;
}

/** The table of contact minimums, as the register has it (rulebook section 26). */
export interface CadenceTable {
  readonly byLevel: Readonly<
    Record<KeyAccountLevel, { readonly callsPerWeek: number; readonly visitsPerMonth: number }>
  >;
  readonly byGrade: Readonly<Record<CustomerGrade, GradeCadence>>;
  readonly patrol: CalendarKind;
  readonly lease: CalendarKind;
  readonly exchange: CalendarKind;
  readonly followUpDays: number;
  /** Life stages to which the grade's cadence applies (CUS-35). */
  readonly fileScope: readonly CustomerLifecycle[];
  readonly countingVisits: readonly VisitType[];
  readonly dueSoon: number;
}

/** Where a demand comes from. */
export type Basis = 'GRADE' | 'LEVEL' | 'SPECIAL' | 'ACTIVE_CUSTOMER' | 'LEASING';

export interface Source {
  readonly basis: Basis;
  /** Grade or level. */
  readonly of: string | null;
  /** So many in the window of the policy itself: 1 in WEEKS_2. */
  readonly required: number;
  readonly window: string;
  /** One whose demand is the strictest; others are met with it (CFL-03). */
  readonly strict: boolean;
}

/** Contacts of one kind that a customer is owed. */
export interface Demand {
  readonly dimension: CadenceDimension;
  /** WEEKS_1, WEEKS_2, MONTH, QUARTER, YEAR by the calendar; null for one that rolls from the last contact. */
  readonly calendar: string | null;
  readonly months: number;
  readonly days: number;
  readonly required: number;
  /** At least so senior must the person visited be. */
  readonly host: ContactSeniority | null;
  /** From when it is asked for at first. */
  readonly since: 'PROMOTED' | 'GRADED' | 'REGISTERED';
  readonly sources: readonly Source[];
}

export const DIMENSIONS: readonly CadenceDimension[] = [
  'CALL',
  'VISIT',
  'EXECUTIVE_VISIT',
  'EXECUTIVE_EXCHANGE',
  'PATROL',
  'FOLLOW_UP',
  'LEASE',
];

/** Those that run from the last contact instead of by the calendar. */
export const ROLLING: readonly CadenceDimension[] = ['EXECUTIVE_VISIT', 'FOLLOW_UP'];

/**
 * Every contact minimum that holds for a customer, from the one table: of grade and level the stricter on each
 * dimension, so that meeting it satisfies both (VIS-01, VIS-04..06, VIS-11, VIS-15, KEY-14, KEY-15, CFL-03).
 */
export function demandsOn(facts: CadenceFacts, table: CadenceTable): Demand[] {
  const active = facts.lifecycle === 'ACTIVE';
  const grade =
    facts.grade !== null && table.fileScope.includes(facts.lifecycle) ? table.byGrade[facts.grade] : null;
  const level = facts.level === null ? null : table.byLevel[facts.level];
  return [
    ...calls(facts, grade, level),
    ...(level
      ? [
          byCalendar('VISIT', 'MONTH', level.visitsPerMonth, 'PROMOTED', {
            basis: 'LEVEL',
            of: facts.level,
          }),
        ]
      : []),
    ...(grade
      ? [
          rolling('EXECUTIVE_VISIT', { months: grade.months, days: 0 }, grade.visits, 'GRADED', {
            host: grade.host,
            basis: 'GRADE',
            of: facts.grade,
          }),
        ]
      : []),
    ...(level && facts.isSpecial
      ? [byCalendar('EXECUTIVE_EXCHANGE', table.exchange, 1, 'PROMOTED', { basis: 'SPECIAL', of: null })]
      : []),
    ...(active
      ? [
          byCalendar('PATROL', table.patrol, 1, 'REGISTERED', { basis: 'ACTIVE_CUSTOMER', of: null }),
          rolling('FOLLOW_UP', { months: 0, days: table.followUpDays }, 1, 'REGISTERED', {
            host: null,
            basis: 'ACTIVE_CUSTOMER',
            of: null,
          }),
        ]
      : []),
    ...(active && facts.businessLine === 'LEASING'
      ? [byCalendar('LEASE', table.lease, 1, 'REGISTERED', { basis: 'LEASING', of: null })]
      : []),
  ].filter(({ required }) => required > 0);
}

/** A key account is called by the week, and at least as often as its grade asks. */
function calls(
  { grade: ofGrade, level: ofLevel }: CadenceFacts,
  grade: GradeCadence | null,
  level: { readonly callsPerWeek: number } | null,
): Demand[] {
  const byGrade = grade ? Math.ceil(grade.calls / grade.weeks) : 0;
  const required = level ? Math.max(level.callsPerWeek, byGrade) : (grade?.calls ?? 0);
  const calendar = level ? 'WEEKS_1' : `WEEKS_${grade?.weeks ?? 1}`;
  const sources: Source[] = [];
  if (level)
    sources.push({
      basis: 'LEVEL',
      of: ofLevel,
      required: level.callsPerWeek,
      window: 'WEEKS_1',
      strict: level.callsPerWeek >= byGrade,
    });
  if (grade)
    sources.push({
      basis: 'GRADE',
      of: ofGrade,
      required: grade.calls,
      window: `WEEKS_${grade.weeks}`,
      strict: !level || byGrade >= level.callsPerWeek,
    });
  const since = level ? 'PROMOTED' : 'GRADED';
  return [{ dimension: 'CALL', calendar, months: 0, days: 0, required, host: null, since, sources }];
}

function byCalendar(
  dimension: CadenceDimension,
  calendar: CalendarKind,
  required: number,
  since: Demand['since'],
  source: Pick<Source, 'basis' | 'of'>,
): Demand {
  const sources = [{ ...source, required, window: calendar, strict: true }];
  return { dimension, calendar, months: 0, days: 0, required, host: null, since, sources };
}

function rolling(
  dimension: CadenceDimension,
  span: { readonly months: number; readonly days: number },
  required: number,
  since: Demand['since'],
  { host, ...source }: Pick<Source, 'basis' | 'of'> & { readonly host: ContactSeniority | null },
): Demand {
  const window = span.months > 0 ? `MONTHS_${span.months}` : `DAYS_${span.days}`;
  const sources = [{ ...source, required, window, strict: true }];
  return { dimension, calendar: null, ...span, required, host, since, sources };
}

/** A window of the calendar in which contacts are counted. */
export interface Window {
  readonly calendar: string;
  readonly key: string;
  readonly start: Instant;
  readonly end: Instant;
}

/** The windows of a calendar that have begun by `until` and were still open at `from`, in order. */
export function windowsBetween(calendar: string, from: Instant, until: Instant, timeZone: string): Window[] {
  const windows: Window[] = [];
  for (
    let window = windowAt(calendar, from, timeZone);
    window.start <= until;
    window = windowAt(calendar, window.end, timeZone)
  )
    windows.push(window);
  return windows;
}

/** A Monday from which pairs and other groups of weeks are counted. */
const FIRST_MONDAY = Date.UTC(1970, 0, 5);
const WEEK_MS = 7 * 86_400_000;

function windowAt(calendar: string, at: Instant, timeZone: string): Window {
  const weeks = /^WEEKS_(\d+)$/.exec(calendar);
  if (!weeks) {
    const { key, start, end } = periodOf(at, calendar as PeriodKind, timeZone);
    return { calendar, key, start, end };
  }
  const length = Number(weeks[1]);
  let first = periodOf(at, 'WEEK', timeZone);
  while (weekNumber(first, timeZone) % length !== 0) first = previousPeriod(first, timeZone);
  let last = first;
  for (let more = 1; more < length; more++) last = nextPeriod(last, timeZone);
  return {
    calendar,
    key: length === 1 ? first.key : `${first.key}/${length}`,
    start: first.start,
    end: last.end,
  };
}

function weekNumber(week: Period, timeZone: string): number {
  return Math.round((Date.parse(localDate(week.start, timeZone)) - FIRST_MONDAY) / WEEK_MS);
}

/** What became of an obligation that somebody is to hear of. */
export interface CadenceMiss {
  readonly dimension: CadenceDimension;
  readonly ownerId: string | null;
  readonly specialistId: string | null;
  readonly supervisorId: string | null;
  /** The window before was missed, too. */
  readonly missedBefore: boolean;
}

/** Who hears of a minimum that is due soon or missed (EVT-12, EVT-13, EVT-14). */
export function missAudience(miss: CadenceMiss): { roles: string[]; employees: string[] } {
  const owner = miss.ownerId ?? miss.specialistId;
  const supervisorOfAccount =
    miss.supervisorId === null
      ? { role: ['KA_SUPERVISOR'], person: [] }
      : { role: [], person: [miss.supervisorId] };
  const people = (...ids: (string | null)[]) => [...new Set(ids)].filter((id) => id !== null);
  switch (miss.dimension) {
    case 'VISIT':
      return {
        roles: supervisorOfAccount.role,
        employees: people(miss.specialistId, ...supervisorOfAccount.person),
      };
    case 'EXECUTIVE_EXCHANGE':
      return {
        roles: ['SALES_SUPERVISOR', ...supervisorOfAccount.role],
        employees: people(owner, ...supervisorOfAccount.person),
      };
    case 'EXECUTIVE_VISIT':
      return { roles: ['SALES_SUPERVISOR'], employees: people(owner) };
    default:
      return { roles: miss.missedBefore ? ['SALES_SUPERVISOR'] : [], employees: people(owner) };
  }
}
