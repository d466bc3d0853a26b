import { Temporal } from 'temporal-polyfill';

/** What the clock on the wall shows in a time zone, for very many instants: the zone's rules are read once per change. */
export interface WallClock {
  /** How far the wall is ahead of UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number;
  /** `2026-11-23T09:00:00+08:00`; with milliseconds where there are any. */
  format(instant: number): string;
}

interface Span {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
  /** `+08:00` */
  readonly suffix: string;
}

export function wallClock(timeZone: string): WallClock {
  const spans: Span[] = [];
  const days = new Map<number, string>();
  let last: Span | undefined;

  function spanAt(instant: number): Span {
    if (last && instant >= last.from && instant < last.until) return last;
    last = spans.find((span) => instant >= span.from && instant < span.until);
    if (!last) {
      last = readSpan(instant, timeZone);
      spans.push(last);
    }
    return last;
  }

  return {
    offsetAt: (instant) => spanAt(instant).offset,
    format(instant) {
      const { offset, suffix } = spanAt(instant);
      const local = instant + offset;
      const day = Math.floor(local / DAY_MS);
      const time = local - day * DAY_MS;
      const milliseconds = time % 1_000;
      const seconds = (time - milliseconds) / 1_000;
      const minutes = Math.floor(seconds / 60);
      const fraction = milliseconds === 0 ? '' : `.${String(milliseconds).padStart(3, '0')}`;
      return `${dayAt(day)}T${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}${fraction}${suffix}`;
    },
  };

  function dayAt(day: number): string {
    const known = days.get(day);
    if (known !== undefined) return known;
    if (days.size >= DAYS_KEPT) days.clear();
    const text = new Date(day * DAY_MS).toISOString().slice(0, -14);
    days.set(day, text);
    return text;
  }
}

/** Instants lie together: their days are written once. */
const DAYS_KEPT = 5_000;
const DAY_MS = 86_400_000;

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The time between the last change of the zone's offset and the next. */
function readSpan(instant: number, timeZone: string): Span {
  const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
  // The previous change lies before the instant itself; one at that very instant is what the next moment looks back to.
  const start = local.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
  const end = local.getTimeZoneTransition('next');
  const offset = local.offsetNanoseconds / 1e6;
  return {
    from: start?.epochMilliseconds ?? -Infinity,
    until: end?.epochMilliseconds ?? Infinity,
    offset,
    suffix: local.offset.slice(0, 6),
  };
}

/** The same wall clock so many calendar months later: 31 January and one month is the end of February. */
export function monthsLater(instant: Date, months: number, timeZone: string): Date {
  const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);
  return new Date(local.add({ months }).epochMilliseconds);
}
