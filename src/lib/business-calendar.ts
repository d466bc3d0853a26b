import { Temporal } from 'temporal-polyfill';
import { Issues } from './errors.ts';
import { type Instant, isLocalDay, localDate, zonedInstant } from './periods.ts';
import { text } from './text.ts';

/** ISO weekdays, Monday first. */
export type Weekday = '1' | '2' | '3' | '4' | '5' | '6' | '7';

/** The opening hours of a desk. */
export interface CalendarDefinition {
  readonly code: string;
  /** IANA time zone. */
  readonly timeZone: string;
  /** Open day and night; hours and holidays then do not matter, and a business day has 24 hours. */
  readonly alwaysOpen: boolean;
  /**
   * Windows per weekday, each "HH:MM-HH:MM" on the wall clock. One that ends at or before its start runs over midnight
   * and belongs to the day it starts on; "00:00-24:00" is the whole day.
   */
  readonly weekly: Readonly<Record<Weekday, readonly string[]>>;
  /** Local days YYYY-MM-DD on which no window starts. */
  readonly holidays: readonly string[];
  /**
   * Local days with hours of their own: make-up workdays for swapped weekends, or days that close early. Without
   * windows they take those of the first weekday that has any.
   */
  readonly extraWorkdays: readonly { readonly day: string; readonly windows?: readonly string[] | null }[];
}

/** An interval from an instant up to, not including, another. */
export interface Segment {
  readonly from: Instant;
  readonly to: Instant;
}

/** Why a desk is closed: by the day on the wall clock, a holiday before a day of the week without windows. */
export type ClosedReason = 'OUTSIDE_BUSINESS_HOURS' | 'NON_WORKING_DAY' | 'HOLIDAY';

/** Answers in open time. Windows are half open: at its end instant a desk is closed. */
export interface BusinessCalendar {
  /** Milliseconds of a working day by the wall clock: the hours of the first weekday that has any. */
  readonly businessDayMs: number;
  isOpen(at: Instant): boolean;
  /** The open intervals between two instants, in order, clipped to them; none touches the next. */
  openBetween(from: Instant, to: Instant): Segment[];
  /** A stretch without open time, cut where the reason for being closed changes. */
  whyClosed(from: Instant, to: Instant): (Segment & { readonly reason: ClosedReason })[];
  /** Open milliseconds between two instants; 0 when the second is not after the first. */
  elapsed(from: Instant, to: Instant): number;
  /**
   * The earliest instant at which `openMs` open milliseconds have passed since `from`: one that uses up a window is
   * the window's end, not the start of the next.
   */
  add(from: Instant, openMs: number): Instant;
  /** Whether a window starts on a local day YYYY-MM-DD. */
  isWorkingDay(localDay: string): boolean;
}

/** The calendar is closed for so long that a deadline cannot be set. */
export class NoOpenTime extends Error {
  override readonly name = 'NoOpenTime';

  constructor(code: string, from: Instant, reason: string) {
    super(
      `Calendar ${code} gives no deadline counted from ${new Date(from).toISOString()}: ${reason}. ` +
        'Check its holidays and weekly windows.',
    );
  }
}

/** The calendar of a definition; throws InvalidInput that lists everything wrong with it. */
export function businessCalendar(definition: CalendarDefinition): BusinessCalendar {
  validate(definition);
  return definition.alwaysOpen ? ALWAYS_OPEN : openByHours(definition);
}

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
const DAY = DAY_MINUTES * MINUTE;

const ALWAYS_OPEN: BusinessCalendar = {
  businessDayMs: DAY,
  isOpen: () => true,
  openBetween: (from, to) => (to > from ? [{ from, to }] : []),
  whyClosed: () => [],
  elapsed: (from, to) => Math.max(0, to - from),
  add(from, openMs) {
    requireSpan(openMs);
    return from + openMs;
  },
  isWorkingDay: () => true,
};

/**
 * Four weeks of epoch time with their windows and running totals, worked out once: additions then are two binary
 * searches, and an odd instant far away costs four weeks, not everything up to it.
 */
interface Block {
  readonly starts: readonly Instant[];
  readonly ends: readonly Instant[];
  /** Open milliseconds of the block before each window. */
  readonly before: readonly number[];
  readonly total: number;
}

const BLOCK = 28 * DAY;
/** A calendar without an open minute for three years is a mistake, not a long holiday. */
const EMPTY_BLOCKS_MAX = Math.ceil((3 * 366 * DAY) / BLOCK);
/** A deadline more than a hundred years ahead is one too. */
const BLOCKS_MAX = Math.ceil((100 * 366 * DAY) / BLOCK);

function openByHours(definition: CalendarDefinition): BusinessCalendar {
  const hours = workingHours(definition);
  const holidays = new Set(definition.holidays);
  const blocks = new Map<number, Block>();

  function closedOn(day: Temporal.PlainDate): ClosedReason {
    if (holidays.has(day.toString())) return 'HOLIDAY';
    return windowsOn(hours, day).length > 0 ? 'OUTSIDE_BUSINESS_HOURS' : 'NON_WORKING_DAY';
  }

  function block(index: number): Block {
    let known = blocks.get(index);
    if (!known) {
      known = buildBlock(hours, definition.timeZone, index * BLOCK, (index + 1) * BLOCK);
      blocks.set(index, known);
    }
    return known;
  }

  return {
    businessDayMs: hours.usual.reduce((sum, { start, end }) => sum + end - start, 0) * MINUTE,

    isOpen(at) {
      const { starts, ends } = block(blockOf(at));
      const window = lastBelow(starts, at + 1);
      return window >= 0 && at < (ends[window] as number);
    },

    openBetween(from, to) {
      const segments: Segment[] = [];
      if (to <= from) return segments;
      for (let index = blockOf(from); index <= blockOf(to); index++) {
        const { starts, ends } = block(index);
        // Blocks cut the windows that lie across their borders: the pieces are joined again.
        for (let i = 0; i < starts.length; i++) {
          appendSegment(segments, Math.max(starts[i] as number, from), Math.min(ends[i] as number, to));
        }
      }
      return segments;
    },

    whyClosed(from, to) {
      const segments: (Segment & { reason: ClosedReason })[] = [];
      let day = Temporal.PlainDate.from(localDate(from, definition.timeZone));
      for (let reached = from; reached < to; day = day.add({ days: 1 })) {
        const end = Math.min(to, wallClock(day, DAY_MINUTES, definition.timeZone));
        // A day that the zone skipped is empty.
        if (end <= reached) continue;
        const reason = closedOn(day);
        const last = segments.at(-1);
        if (last?.reason === reason) segments[segments.length - 1] = { ...last, to: end };
        else segments.push({ from: reached, to: end, reason });
        reached = end;
      }
      return segments;
    },

    elapsed(from, to) {
      if (to <= from) return 0;
      let open = -openBefore(block(blockOf(from)), from);
      for (let index = blockOf(from); index < blockOf(to); index++) open += block(index).total;
      return open + openBefore(block(blockOf(to)), to);
    },

    add(from, openMs) {
      requireSpan(openMs);
      if (openMs === 0) return from;
      const first = blockOf(from);
      let remaining = openMs + openBefore(block(first), from);
      let empty = 0;
      for (let index = first; index < first + BLOCKS_MAX; index++) {
        const { starts, before, total } = block(index);
        if (remaining <= total) {
          const window = lastBelow(before, remaining);
          return (starts[window] as number) + remaining - (before[window] as number);
        }
        remaining -= total;
        empty = total === 0 ? empty + 1 : 0;
        if (empty > EMPTY_BLOCKS_MAX)
          throw new NoOpenTime(definition.code, from, 'closed for three years on end');
      }
      throw new NoOpenTime(
        definition.code,
        from,
        `${openMs} open milliseconds take more than a hundred years`,
      );
    },

    isWorkingDay(localDay) {
      return windowsOn(hours, Temporal.PlainDate.from(localDay)).length > 0;
    },
  };
}

/** A window in minutes after the midnight that its day starts with; `end` may lie beyond the next midnight. */
interface Window {
  readonly start: number;
  readonly end: number;
}

interface WorkingHours {
  readonly weekly: readonly (readonly Window[])[];
  /** The windows of the first weekday that has any: those of a working day of which nothing else is said. */
  readonly usual: readonly Window[];
  /** Days with windows of their own; none for a holiday. */
  readonly special: ReadonlyMap<string, readonly Window[]>;
}

function workingHours({ weekly, holidays, extraWorkdays }: CalendarDefinition): WorkingHours {
  const byWeekday = WEEKDAYS.map((weekday) => readWindows(weekly[weekday]));
  const usual = byWeekday.find((windows) => windows.length > 0) ?? [];
  return {
    weekly: byWeekday,
    usual,
    special: new Map<string, readonly Window[]>([
      ...holidays.map((day) => [day, []] as const),
      ...extraWorkdays.map(({ day, windows }) => [day, windows ? readWindows(windows) : usual] as const),
    ]),
  };
}

function windowsOn(hours: WorkingHours, day: Temporal.PlainDate): readonly Window[] {
  return hours.special.get(day.toString()) ?? (hours.weekly[day.dayOfWeek - 1] as readonly Window[]);
}

function buildBlock(hours: WorkingHours, timeZone: string, from: Instant, to: Instant): Block {
  const windows: Segment[] = [];
  const lastDay = Temporal.PlainDate.from(localDate(to, timeZone));
  // The day before the first one may reach into the block with an overnight window.
  let day = Temporal.PlainDate.from(localDate(from, timeZone)).subtract({ days: 1 });
  for (; Temporal.PlainDate.compare(day, lastDay) <= 0; day = day.add({ days: 1 })) {
    for (const { start, end } of windowsOn(hours, day)) {
      windows.push({ from: wallClock(day, start, timeZone), to: wallClock(day, end, timeZone) });
    }
  }
  windows.sort((a, b) => a.from - b.from);
  const open: Segment[] = [];
  for (const window of windows) appendSegment(open, Math.max(window.from, from), Math.min(window.to, to));

  let total = 0;
  const before = open.map((window) => {
    const soFar = total;
    total += window.to - window.from;
    return soFar;
  });
  return { starts: open.map((window) => window.from), ends: open.map((window) => window.to), before, total };
}

/** The instant at which the wall clock shows `minutes` after midnight of `day`. */
function wallClock(day: Temporal.PlainDate, minutes: number, timeZone: string): Instant {
  const shown = day.add({ days: Math.floor(minutes / DAY_MINUTES) });
  const hour = String(Math.floor((minutes % DAY_MINUTES) / 60)).padStart(2, '0');
  return zonedInstant(`${shown}T${hour}:${String(minutes % 60).padStart(2, '0')}`, timeZone);
}

/** Adds an interval to ordered ones, merged with the last when they touch; a window that the clocks skip is empty. */
function appendSegment(segments: Segment[], from: Instant, to: Instant): void {
  if (to <= from) return;
  const last = segments.at(-1);
  if (last && from <= last.to) segments[segments.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  else segments.push({ from, to });
}

function blockOf(at: Instant): number {
  return Math.floor(at / BLOCK);
}

function openBefore({ starts, ends, before }: Block, at: Instant): number {
  const window = lastBelow(starts, at);
  if (window < 0) return 0;
  return (before[window] as number) + Math.min(at, ends[window] as number) - (starts[window] as number);
}

/** The index of the last of ascending values that is below `limit`; -1 when none is. */
function lastBelow(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function requireSpan(openMs: number): void {
  if (!Number.isFinite(openMs) || openMs < 0) {
    throw new RangeError(`Open time to add is a number of milliseconds from 0 on, not ${openMs}`);
  }
}

const WEEKDAYS: readonly Weekday[] = ['1', '2', '3', '4', '5', '6', '7'];

const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

/** Windows in minutes, in order, overlapping and touching ones merged. */
function readWindows(windows: readonly string[]): Window[] {
  const read = windows.map(readWindow).sort((a, b) => a.start - b.start);
  const merged: Window[] = [];
  for (const window of read) {
    const last = merged.at(-1);
    if (last && window.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, window.end) };
    } else merged.push(window);
  }
  return merged;
}

function readWindow(window: string): Window {
  const [, startHour, startMinute, endHour = '24', endMinute = '00'] = WINDOW.exec(window) ?? [];
  const start = Number(startHour) * 60 + Number(startMinute);
  const end = Number(endHour) * 60 + Number(endMinute);
  return { start, end: end > start ? end : end + DAY_MINUTES };
}

/** Where a window stands: the place in the list of its weekday. */
export interface WindowPlace {
  readonly weekday: Weekday;
  readonly index: number;
}

/**
 * The windows of a week that begin while another is open, also one that runs on over midnight. A calendar merges them;
 * whoever has entered them has made a slip. Windows that merely touch are none.
 */
export function overlappingWindows(weekly: CalendarDefinition['weekly']): WindowPlace[] {
  const windows = WEEKDAYS.flatMap((weekday, day) =>
    (weekly[weekday] ?? [])
      .map((written, index) => ({ weekday, index, ...shifted(readWindow(written), day) }))
      .filter(({ start, end }) => end > start),
  );
  const week = 7 * DAY_MINUTES;
  return windows
    .filter((window) =>
      windows.some(
        (other) =>
          other !== window &&
          // The Sunday shift may run into Monday.
          [window.start, window.start + week].some(
            (start) =>
              start >= other.start &&
              start < other.end &&
              // Of two that begin together the later in the list is the one too many.
              (start > other.start || window.index > other.index),
          ),
      ),
    )
    .map(({ weekday, index }) => ({ weekday, index }));
}

function shifted({ start, end }: Window, days: number): Window {
  return { start: start + days * DAY_MINUTES, end: end + days * DAY_MINUTES };
}

/** Whether a text is a window such as "08:00-17:30". */
export function isWindow(written: string): boolean {
  return WINDOW.test(written);
}

function validate({ timeZone, alwaysOpen, weekly, holidays, extraWorkdays }: CalendarDefinition): void {
  const issues = new Issues();
  issues.expect(
    isNamedTimeZone(timeZone),
    'timeZone',
    text('an IANA time zone such as Asia/Shanghai', 'IANA 时区，例如 Asia/Shanghai'),
  );

  for (const weekday of Object.keys(weekly)) {
    issues.expect((WEEKDAYS as readonly string[]).includes(weekday), `weekly.${weekday}`, ACCEPTED_WEEKDAYS);
  }
  for (const weekday of WEEKDAYS) {
    const windows: unknown = weekly[weekday];
    issues.expect(areWindows(windows), `weekly.${weekday}`, ACCEPTED_WINDOWS);
  }
  issues.expect(
    alwaysOpen || WEEKDAYS.some((weekday) => weekly[weekday]?.length > 0),
    'weekly',
    text('a window on at least one weekday, or alwaysOpen', '至少一个工作日有营业时段，或全天候营业'),
  );

  holidays.forEach((day, i) => {
    issues.expect(isLocalDay(day), `holidays.${i}`, ACCEPTED_DAY);
  });
  const known = new Set(holidays);
  extraWorkdays.forEach(({ day, windows }, i) => {
    issues.expect(isLocalDay(day), `extraWorkdays.${i}.day`, ACCEPTED_DAY);
    issues.expect(
      !known.has(day),
      `extraWorkdays.${i}.day`,
      text('a day that is no holiday and listed once', '非节假日且仅列出一次的日期'),
    );
    issues.expect(
      windows === undefined || windows === null || (areWindows(windows) && windows.length > 0),
      `extraWorkdays.${i}.windows`,
      ACCEPTED_WINDOWS,
    );
    known.add(day);
  });
  issues.throwIfAny();
}

const ACCEPTED_WEEKDAYS = text('weekdays 1 (Monday) to 7 (Sunday)', '星期 1（周一）至 7（周日）');
const ACCEPTED_DAY = text('a day YYYY-MM-DD', '日期 YYYY-MM-DD');
const ACCEPTED_WINDOWS = text(
  'a list of windows "HH:MM-HH:MM"; 00:00-24:00 is the whole day, an end at or before the start lies on the next day',
  '时段列表 "HH:MM-HH:MM"；00:00-24:00 为全天，结束不晚于开始表示跨到次日',
);

function areWindows(windows: unknown): windows is readonly string[] {
  return Array.isArray(windows) && windows.every((w: unknown) => typeof w === 'string' && isWindow(w));
}

/** Offsets such as +08:00 are refused: they know no daylight saving, and databases read their sign the other way. */
export function isNamedTimeZone(timeZone: string): boolean {
  try {
    new Temporal.ZonedDateTime(0n, timeZone);
    return /^[A-Za-z]/.test(timeZone);
  } catch {
    return false;
  }
}
