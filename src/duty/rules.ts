import type { BusinessCalendar, Segment } from '../lib/business-calendar.ts';
import { Issues } from '../lib/errors.ts';
import type { Instant } from '../lib/periods.ts';
import { text } from '../lib/text.ts';

/** Days for which shifts are planned and gaps are looked for at most. */
export const ROTA_DAYS_MAX = 366;
const DAY = 86_400_000;
const SHIFT_MS_MAX = DAY;

/** What a desk must be open for that nobody is on duty in, in order; none touches the next. */
export function gapsOf(
  calendar: BusinessCalendar,
  shifts: readonly Segment[],
  from: Instant,
  to: Instant,
): Segment[] {
  const covered = shifts.toSorted((a, b) => a.from - b.from);
  return calendar.openBetween(from, to).flatMap((open) => {
    const gaps: Segment[] = [];
    let reached = open.from;
    for (const shift of covered) {
      if (shift.to <= reached) continue;
      if (shift.from >= open.to) break;
      if (shift.from > reached) gaps.push({ from: reached, to: shift.from });
      reached = shift.to;
    }
    if (reached < open.to) gaps.push({ from: reached, to: open.to });
    return gaps;
  });
}

export interface CoverageCheck {
  /** Gaps that begin within the hours looked ahead, or have begun. */
  readonly announced: readonly Segment[];
  /** When to look again: when the next gap comes near, and at least once a day, for people leave and calendars change. */
  readonly nextAt: Instant;
}

/** Which gaps are to be told now, and when to look again (DUT-03). `gaps` are those that end later than now. */
export function checkCoverage(gaps: readonly Segment[], now: Instant, lookAheadMs: number): CoverageCheck {
  const near = now + lookAheadMs;
  const coming = gaps.filter(({ from }) => from > near).map(({ from }) => from - lookAheadMs);
  return { announced: gaps.filter(({ from }) => from <= near), nextAt: Math.min(now + DAY, ...coming) };
}

export interface ShiftDraft {
  readonly employeeId: string;
  readonly from: Date;
  readonly to: Date;
  readonly phone: string;
}

/** What else is known of the people and the shifts that they have. */
export interface RotaFacts {
  /** Whether a person works here on the day of a shift. */
  works(employeeId: string, at: Date): boolean;
  readonly taken: readonly { readonly employeeId: string; readonly from: Date; readonly to: Date }[];
}

/** Refuses shifts with everything that is wrong with them, each by its place. */
export function checkShifts(shifts: readonly ShiftDraft[], { works, taken }: RotaFacts, now: Date): void {
  const issues = new Issues();
  issues.expect(
    shifts.length > 0 && shifts.length <= SHIFTS_MAX,
    'shifts',
    text(`1 to ${SHIFTS_MAX} shifts`, `1 到 ${SHIFTS_MAX} 个班次`),
  );
  shifts.forEach((shift, index) => {
    const path = `shifts.${index}`;
    const length = shift.to.getTime() - shift.from.getTime();
    issues.expect(
      length > 0 && length <= SHIFT_MS_MAX,
      `${path}.to`,
      text('after from, at most 24 hours later', '晚于开始时间，最长 24 小时'),
    );
    issues.expect(
      shift.to > now && shift.from.getTime() < now.getTime() + ROTA_DAYS_MAX * DAY,
      `${path}.from`,
      text(
        `a shift that is not over, at most ${ROTA_DAYS_MAX} days ahead`,
        `未结束且不超过 ${ROTA_DAYS_MAX} 天之后的班次`,
      ),
    );
    issues.expect(PHONE.test(shift.phone), `${path}.phone`, ACCEPTED_PHONE);
    issues.expect(
      works(shift.employeeId, shift.from) && works(shift.employeeId, new Date(shift.to.getTime() - 1)),
      `${path}.employeeId`,
      text('somebody who works here then', '届时在职的员工'),
    );
    const others = [...taken, ...shifts.slice(0, index)];
    issues.expect(
      !others.some(
        (other) => other.employeeId === shift.employeeId && other.from < shift.to && shift.from < other.to,
      ),
      `${path}.from`,
      text('a time in which this person has no other shift', '该员工没有其他班次的时间'),
    );
  });
  issues.throwIfAny();
}

const SHIFTS_MAX = 500;
const PHONE = /^\+?[0-9][0-9 -]{4,28}[0-9]$/;
export const ACCEPTED_PHONE = text(
  'a phone number of 6 to 30 digits, blanks and hyphens',
  '6 到 30 位的电话号码',
);

export function isPhone(phone: string): boolean {
  return PHONE.test(phone);
}
