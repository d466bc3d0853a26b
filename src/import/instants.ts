import { InvalidLocalTime, periodOf, startOfLocalDay, zonedInstant } from '../lib/periods.ts';
import { type Text, text } from '../lib/text.ts';

/** Reads points in time in one way of writing them. */
export interface InstantReader {
  readonly accepted: Text;
  /** Undefined for what is not accepted. */
  read(value: string): Date | undefined;
  /** As `read`, but a day alone means its last millisecond: whoever promises a day has until its end. */
  readUntil(value: string): Date | undefined;
}

/** A time beyond these years is a slip of the pen, and databases write such years in other ways. */
const YEARS = { first: 1900, last: 2199 } as const;

const ISO = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/;

const TOKENS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  YY: '(?<shortYear>\\d\\d)',
  MMM: '(?<monthName>[A-Za-z]{3})',
  MM: '(?<month>\\d\\d)',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d\\d)',
  D: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d\\d)',
  H: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d\\d)',
  ss: '(?<second>\\d\\d)',
  SSS: '(?<fraction>\\d{3})',
};

const TOKEN = /YYYY|YY|MMM|MM?|DD?|HH?|mm|ss|SSS/g;

/** Of MMM, in any case. */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

export const ACCEPTED_FORMATS = text(
  'a format of YYYY or YY (20YY), MMM (Jan), MM or M, DD or D, HH or H, mm, ss and SSS, each once and at least the year, month and day, such as "YYYY-MM-DD HH:mm:ss"',
  '由 YYYY 或 YY（20YY）、MMM（Jan）、MM 或 M、DD 或 D、HH 或 H、mm、ss、SSS 组成的格式，各最多一次，至少含年月日，如 "YYYY-MM-DD HH:mm:ss"',
);

/** Whether a format says how times are written. */
export function isFormat(format: string): boolean {
  const tokens = format.match(TOKEN) ?? [];
  const rest = format.replace(TOKEN, '');
  const parts = tokens.map((token) => token[0]);
  return (
    new Set(parts).size === parts.length &&
    ['Y', 'M', 'D'].every((part) => parts.includes(part)) &&
    // Minutes without an hour, or a fraction without seconds, say no time.
    ['H', 'm', 's', 'S'].every(
      (part, at, order) => !parts.includes(part) || at === 0 || parts.includes(order[at - 1] as string),
    ) &&
    !/[A-Za-z]/.test(rest.replaceAll('T', ''))
  );
}

/**
 * Reads times written in a format on the wall clock of a time zone, a day alone as its first instant. Without a format
 * ISO 8601 is read; there an offset or Z says the zone. A time that the clocks repeat means its first occurrence.
 * `typed`: cells of a workbook that are dates come as ISO 8601, whatever the format of those that are text.
 */
export function instantReader(format: string | null, timeZone: string, typed = false): InstantReader {
  const instantOf = wallClockReader(timeZone);
  const formatted = format === null ? isoParts : formatParts(format);
  const parts = (value: string) => formatted(value) ?? (typed ? isoParts(value) : null);
  const written = format ?? 'YYYY-MM-DD HH:mm:ss';
  return {
    accepted: text(
      `a time written ${written} on the wall clock of ${timeZone}${format === null ? ', or in ISO 8601 with an offset' : ''}, from ${YEARS.first} to ${YEARS.last}`,
      `按 ${written} 书写的 ${timeZone} 当地时间${format === null ? '，或带时区偏移的 ISO 8601 时间' : ''}，${YEARS.first} 至 ${YEARS.last} 年`,
    ),
    read: (value) => instantIn(parts(value)),
    readUntil(value) {
      const found = parts(value);
      const start = instantIn(found);
      return found?.time !== null || start === undefined
        ? start
        : new Date(periodOf(start.getTime(), 'DAY', timeZone).end - 1);
    },
  };

  function instantIn(found: Parts | null): Date | undefined {
    if (!found) return undefined;
    const year = Number(found.day.slice(0, 4));
    if (year < YEARS.first || year > YEARS.last) return undefined;
    return found.offset === null ? instantOf(found.day, found.time) : offsetInstant(found);
  }
}

interface Parts {
  /** YYYY-MM-DD */
  readonly day: string;
  /** HH:mm, with seconds and their fraction where given; null for a day alone. */
  readonly time: string | null;
  /** Z or ±HH:mm; null on the wall clock. */
  readonly offset: string | null;
}

function isoParts(value: string): Parts | null {
  const [, day, time = null, offset = null] = ISO.exec(value) ?? [];
  return day === undefined ? null : { day, time, offset };
}

function formatParts(format: string): (value: string) => Parts | null {
  const pattern = format
    .split(new RegExp(`(${TOKEN.source})`))
    .map((part) => TOKENS[part] ?? part.replaceAll(/[^\w\s]/g, '\\$&'))
    .join('');
  const expression = new RegExp(`^${pattern}$`);
  return (value) => {
    const found = expression.exec(value)?.groups;
    if (!found) return null;
    const { year, shortYear, monthName, day = '', hour, minute = '00', second = '00', fraction } = found;
    // A name that is none becomes month 00, which no date has.
    const month = monthName ? String(MONTHS.indexOf(monthName.toLowerCase()) + 1) : (found.month ?? '');
    return {
      day: `${year ?? `20${shortYear}`}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
      time:
        hour === undefined
          ? null
          : `${hour.padStart(2, '0')}:${minute}:${second}${fraction ? `.${fraction}` : ''}`,
      offset: null,
    };
  };
}

function offsetInstant({ day, time, offset }: Parts): Date | undefined {
  const utc = unlessInvalid(() => zonedInstant(`${day}T${time}`, 'UTC'));
  if (utc === undefined || offset === null) return undefined;
  if (offset === 'Z') return new Date(utc);
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  if (hours > 14 || minutes > 59) return undefined;
  return new Date(utc - (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000);
}

const DAY_MS = 86_400_000;
const DAYS_KEPT = 20_000;

/**
 * Wall clock to instant. On the many days without a change of the clocks the time since midnight is all there is to
 * add, which takes a tenth of the time; each day's midnight is looked up once.
 */
function wallClockReader(timeZone: string): (day: string, time: string | null) => Date | undefined {
  const midnights = new Map<string, number | null>();

  /** The first instant of a day that lasts 24 hours; null for one on which the clocks change. */
  function midnight(day: string): number | null {
    const known = midnights.get(day);
    if (known !== undefined) return known;
    const start = zonedInstant(`${day}T00:00`, timeZone);
    const even = zonedInstant(`${day}T23:59`, timeZone) - start === DAY_MS - 60_000;
    if (midnights.size >= DAYS_KEPT) midnights.clear();
    midnights.set(day, even ? start : null);
    return even ? start : null;
  }

  return (day, time) =>
    unlessInvalidDate(() => {
      if (time === null) return startOfLocalDay(day, timeZone);
      const start = midnight(day);
      const sinceMidnight = start === null ? null : millisecondsOf(time);
      return start === null || sinceMidnight === null
        ? zonedInstant(`${day}T${time}`, timeZone)
        : start + sinceMidnight;
    });
}

/** Null for no time of a day. */
function millisecondsOf(time: string): number | null {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return hours < 24 && minutes < 60 && seconds < 60
    ? Math.round((hours * 3600 + minutes * 60 + seconds) * 1000)
    : null;
}

function unlessInvalidDate(read: () => number): Date | undefined {
  const instant = unlessInvalid(read);
  return instant === undefined ? undefined : new Date(instant);
}

function unlessInvalid(read: () => number): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidLocalTime) return undefined;
    throw error;
  }
}
