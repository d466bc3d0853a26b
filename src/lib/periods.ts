import { Temporal } from 'temporal-polyfill';
import { entryOf } from './maps.ts';

/** A point in time: milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;

export type PeriodKind = 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';

/** A business period: from its first local midnight up to, not including, that of the next. */
export interface Period {
  readonly kind: PeriodKind;
  /** '2026-11-23', '2026-W47', '2026-11', '2026-Q4' or '2026'. */
  readonly key: string;
  readonly start: Instant;
  readonly end: Instant;
}

export class InvalidPeriod extends RangeError {
  override readonly name = 'InvalidPeriod';

  constructor(key: string) {
    super(
      `"${key}" is no period; accepted are a day 2026-11-23, an ISO week 2026-W47, a month 2026-11, ` +
        'a quarter 2026-Q4 and a year 2026',
    );
  }
}

export class InvalidLocalTime extends RangeError {
  override readonly name = 'InvalidLocalTime';
}

/** The period of a kind that an instant falls into, by the calendar on the wall of the time zone. */
export function periodOf(instant: Instant, kind: PeriodKind, timeZone: string): Period {
  return periodFrom(KINDS[kind].firstDay(localDay(instant, timeZone)), kind, timeZone);
}

/** The period of a key such as '2026-11', '2026-W47' or '2026-Q4'; its form says the kind. */
export function parsePeriod(key: string, timeZone: string): Period {
  for (const kind of PERIOD_KINDS) {
    const parts = KINDS[kind].pattern.exec(key);
    if (!parts) continue;
    const firstDay = KINDS[kind].fromKey(Number(parts[1]), Number(parts[2]), Number(parts[3]));
    // A key must come back as it went in: not so month 13, 30 February or week 53 of a year of 52.
    if (firstDay && KINDS[kind].key(firstDay) === key) return periodFrom(firstDay, kind, timeZone);
  }
  throw new InvalidPeriod(key);
}

export function nextPeriod(period: Period, timeZone: string): Period {
  return periodOf(period.end, period.kind, timeZone);
}

export function previousPeriod(period: Period, timeZone: string): Period {
  return periodOf(period.start - 1, period.kind, timeZone);
}

/** The same period a year earlier; of a week the one 52 weeks before, of 29 February the 28th. */
export function yearBefore({ start, kind }: Period, timeZone: string): Period {
  const ago = kind === 'WEEK' ? { weeks: 52 } : { years: 1 };
  return periodFrom(localDay(start, timeZone).subtract(ago), kind, timeZone);
}

/** Days lately asked for in each zone: most questions are about few days, and a time zone's rules are slow to read. */
const knownDays = new Map<string, Period[]>();
const ZONES_KEPT = 50;
const DAYS_KEPT = 32;

/** The day on the wall of the time zone at an instant, as YYYY-MM-DD. */
export function localDate(instant: Instant, timeZone: string): string {
  if (knownDays.size >= ZONES_KEPT) knownDays.clear();
  const days = entryOf(knownDays, timeZone, () => []);
  const known = days.find(({ start, end }) => instant >= start && instant < end);
  if (known) return known.key;
  const day = periodOf(instant, 'DAY', timeZone);
  if (days.length >= DAYS_KEPT) days.shift();
  days.push(day);
  return day.key;
}

/** The same time of the day so many months later; of a day that the month lacks, its last day. */
export function monthsAfter(instant: Instant, months: number, timeZone: string): Instant {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).add({ months })
    .epochMilliseconds;
}

/** True for the text YYYY-MM-DD of a day that exists. */
export function isLocalDay(text: string): boolean {
  return parseLocalDay(text) !== null;
}

/** The first instant of a local day YYYY-MM-DD; not always midnight, some zones change their clocks then. */
export function startOfLocalDay(day: string, timeZone: string): Instant {
  const date = parseLocalDay(day);
  if (!date) throw new InvalidLocalTime(`"${day}" is no day; accepted is YYYY-MM-DD`);
  return startOf(date, timeZone);
}

const WALL_CLOCK = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:[0-5]\d(\.\d{1,3})?)?$/;

/**
 * The instant of a wall-clock text such as '2011-07-01 01:32:33'. A time that the clocks skip moves on by the skipped
 * span, one that they repeat means its first occurrence.
 */
export function zonedInstant(wallClock: string, timeZone: string): Instant {
  const time = WALL_CLOCK.test(wallClock)
    ? unlessRangeError(() => Temporal.PlainDateTime.from(wallClock))
    : null;
  if (!time) throw new InvalidLocalTime(`"${wallClock}" is no local time; accepted is YYYY-MM-DD HH:MM:SS`);
  return time.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
}

interface KindRules {
  readonly length: Temporal.DurationLike;
  firstDay(day: Temporal.PlainDate): Temporal.PlainDate;
  readonly pattern: RegExp;
  /** The first day by the numbers of a key, null when there is none: `second` is a month, a quarter or a week. */
  fromKey(year: number, second: number, third: number): Temporal.PlainDate | null;
  key(firstDay: Temporal.PlainDate): string;
}

const PERIOD_KINDS = ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'] as const satisfies readonly PeriodKind[];

const KINDS: Record<PeriodKind, KindRules> = {
  DAY: {
    length: { days: 1 },
    firstDay: (day) => day,
    pattern: /^(\d{4})-(\d\d)-(\d\d)$/,
    fromKey: date,
    key: (day) => day.toString(),
  },
  WEEK: {
    length: { days: 7 },
    firstDay: monday,
    pattern: /^(\d{4})-W(\d\d)$/,
    // 4 January always lies in week 1.
    fromKey: (year, week) => monday(new Temporal.PlainDate(year, 1, 4)).add({ weeks: week - 1 }),
    // The year that holds the week's Thursday: 1 January may lie in week 53 of the year before.
    key: (day) => `${digits(day.yearOfWeek, 4)}-W${digits(day.weekOfYear, 2)}`,
  },
  MONTH: {
    length: { months: 1 },
    firstDay: (day) => day.with({ day: 1 }),
    pattern: /^(\d{4})-(\d\d)$/,
    fromKey: (year, month) => date(year, month, 1),
    key: (day) => day.toString().slice(0, 7),
  },
  QUARTER: {
    length: { months: 3 },
    firstDay: (day) => day.with({ month: firstMonth(quarter(day)), day: 1 }),
    pattern: /^(\d{4})-Q(\d)$/,
    fromKey: (year, which) => date(year, firstMonth(which), 1),
    key: (day) => `${digits(day.year, 4)}-Q${quarter(day)}`,
  },
  YEAR: {
    length: { years: 1 },
    firstDay: (day) => day.with({ month: 1, day: 1 }),
    pattern: /^(\d{4})$/,
    fromKey: (year) => date(year, 1, 1),
    key: (day) => digits(day.year, 4),
  },
};

function periodFrom(firstDay: Temporal.PlainDate, kind: PeriodKind, timeZone: string): Period {
  return {
    kind,
    key: KINDS[kind].key(firstDay),
    start: startOf(firstDay, timeZone),
    end: startOf(firstDay.add(KINDS[kind].length), timeZone),
  };
}

function localDay(instant: Instant, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate();
}

function startOf(day: Temporal.PlainDate, timeZone: string): Instant {
  return day.toZonedDateTime(timeZone).epochMilliseconds;
}

function parseLocalDay(text: string): Temporal.PlainDate | null {
  const parts = KINDS.DAY.pattern.exec(text);
  return parts && date(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

function date(year: number, month: number, day: number): Temporal.PlainDate | null {
  return unlessRangeError(() => Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' }));
}

/** Temporal says "no such day" by a RangeError. */
function unlessRangeError<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function monday(day: Temporal.PlainDate): Temporal.PlainDate {
  return day.subtract({ days: day.dayOfWeek - 1 });
}

function quarter(day: Temporal.PlainDate): number {
  return Math.ceil(day.month / 3);
}

function firstMonth(which: number): number {
  return which * 3 - 2;
}

function digits(value: number | undefined, length: number): string {
  return String(value).padStart(length, '0');
}
