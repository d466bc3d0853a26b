import type {
  ContactChannel,
  ContactOutcome,
  CustomerGrade,
  KeyAccountLevel,
} from '../../generated/prisma/enums.ts';
import type { Issues } from '../../lib/errors.ts';
import { type Instant, nextPeriod, type Period, periodOf } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import { LEVELS } from './level.ts';

export interface CadencePolicy {
  readonly byLevel: Readonly<
    Record<KeyAccountLevel, { readonly callsPerWeek: number; readonly visitsPerMonth: number }>
  >;
  readonly byGrade: Readonly<Record<CustomerGrade, { readonly calls: number; readonly weeks: number }>>;
  /** Share of the week after which missing calls are due soon. */
  readonly dueSoon: number;
}

/**
 * Calls that a week asks for: the stricter of key account level and file grade (VIS-06, CFL-03). A grade that asks
 * for calls in several weeks counts with its share of one, rounded up, so that no week asks for less than the policy.
 */
export function requiredCalls(
  level: KeyAccountLevel,
  grade: CustomerGrade | null,
  policy: CadencePolicy,
): number {
  const { calls, weeks } = grade === null ? { calls: 0, weeks: 1 } : policy.byGrade[grade];
  return Math.max(policy.byLevel[level].callsPerWeek, Math.ceil(calls / weeks));
}

/** Only completed phone contacts count toward a call minimum (VIS-16). */
export function countsAsCall(log: {
  readonly channel: ContactChannel;
  readonly outcome: ContactOutcome;
}): boolean {
  return log.channel === 'PHONE' && log.outcome === 'REACHED';
}

/** Week = Monday to Sunday on the wall of the business time zone (VIS-06). */
export function weekOf(instant: Instant, timeZone: string): Period {
  return periodOf(instant, 'WEEK', timeZone);
}

/**
 * The first week whose calls are counted. The rest of the week in which an account is promoted asks for nothing: the
 * minimum is a number per week, and a share of it would be neither in the source nor understood by anybody.
 */
export function firstWeek(promotedAt: Instant, timeZone: string): Period {
  const week = weekOf(promotedAt, timeZone);
  return week.start === promotedAt ? week : nextPeriod(week, timeZone);
}

/** A week that is to be judged, and all that followed it up to the present one: each is judged once, however late. */
export function weeksSince(week: Period, now: Instant, timeZone: string): Period[] {
  const weeks = [week];
  for (let last = week; last.end <= now; weeks.push(last)) last = nextPeriod(last, timeZone);
  return weeks;
}

/** When calls that are still missing are due soon. */
export function warnAt(week: Period, dueSoon: number): Instant {
  return week.start + Math.round((week.end - week.start) * dueSoon);
}

export interface WeekVerdict {
  readonly state: 'OPEN' | 'WARNED' | 'OVERDUE' | 'MET';
  /** 0 none, 1 due soon, 2 overdue. */
  readonly step: number;
  /** When to look again; null when the week is over. */
  readonly nextAt: Instant | null;
}

/**
 * Where a week stands. One that is met is looked at again at its end, where the next one begins and the minimum is
 * that of the level and grade the account has then.
 */
export function judgeWeek(
  week: Period,
  calls: { readonly required: number; readonly done: number },
  now: Instant,
  dueSoon: number,
): WeekVerdict {
  const over = now >= week.end;
  if (calls.done >= calls.required) return { state: 'MET', step: 0, nextAt: over ? null : week.end };
  if (over) return { state: 'OVERDUE', step: 2, nextAt: null };
  const warning = warnAt(week, dueSoon);
  return now >= warning
    ? { state: 'WARNED', step: 1, nextAt: week.end }
    : { state: 'OPEN', step: 0, nextAt: warning };
}

export interface ContactFacts {
  readonly contactId?: string | null;
  readonly channel: ContactChannel;
  readonly at?: Date | null;
  readonly content?: string | null;
}

/** A contact by phone needs person, time and content (VIS-16); every contact says what it was about. */
export function expectContactFacts(issues: Issues, facts: ContactFacts, now: Date): void {
  const byPhone = facts.channel === 'PHONE';
  issues.expect(
    !byPhone || facts.contactId != null,
    'contactId',
    text('the person, for a contact by phone (VIS-16)', '电话联络必须填写联系人（VIS-16）'),
  );
  issues.expect(
    !byPhone || facts.at != null,
    'at',
    text('the time, for a contact by phone (VIS-16)', '电话联络必须填写时间（VIS-16）'),
  );
  issues.expect(facts.at == null || facts.at <= now, 'at', text('not in the future', '不能晚于当前时间'));
  const length = facts.content?.trim().length ?? 0;
  issues.expect(
    length > 0 && length <= 4_000,
    'content',
    text('what was said, in 1 to 4,000 characters', '联络内容，1 到 4000 字'),
  );
}

/** Levels of which the cadence asks more than of a higher one: a likely slip of the policy, kept as it is (CFL-04). */
export function cadenceAnomalies(
  byLevel: CadencePolicy['byLevel'],
): { level: KeyAccountLevel; than: KeyAccountLevel; of: 'visitsPerMonth' | 'callsPerWeek' }[] {
  return (['visitsPerMonth', 'callsPerWeek'] as const).flatMap((of) =>
    LEVELS.flatMap((level, index) => {
      const than = LEVELS[index - 1];
      return than !== undefined && byLevel[level][of] > byLevel[than][of] ? [{ level, than, of }] : [];
    }),
  );
}

/** Who hears of a missed minimum: the owner, and from the second miss in a row on the supervisors too (EVT-13). */
export function overdueAudience(
  account: {
    readonly ownerId: string | null;
    readonly specialistId: string | null;
    readonly supervisorId: string | null;
  },
  missedBefore: boolean,
): { roles: string[]; employees: string[] } {
  // A customer that nobody owns is in the hands of its specialist (KEY-05).
  const owner = account.ownerId ?? account.specialistId;
  const supervisor = missedBefore ? account.supervisorId : null;
  return {
    roles: !missedBefore
      ? []
      : supervisor === null
        ? ['SALES_SUPERVISOR', 'KA_SUPERVISOR']
        : ['SALES_SUPERVISOR'],
    employees: [owner, supervisor].filter((id) => id !== null),
  };
}
