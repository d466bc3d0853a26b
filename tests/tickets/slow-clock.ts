import type { BusinessCalendar, CalendarDefinition } from '../../src/lib/business-calendar.ts';
import {
  LIMIT_KINDS,
  type LimitKind,
  type LimitState,
  type SlaFacts,
  type SlaTerms,
} from '../../src/tickets/rules/sla-clock.ts';

// The SLA clock a second time, slowly and without the calendar's own arithmetic, for tests to compare with.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Minute {
  readonly day: number;
  readonly weekday: number;
  readonly ofDay: number;
}

/** Days of a zone, minute by minute, and the tick in which they are counted: a minute, or a second of it. */
export interface Grid {
  readonly start: number;
  readonly minutes: readonly Minute[];
  /** Milliseconds. */
  readonly tick: number;
}

/** For each minute whether the desk is open. */
export interface PlainCalendar {
  readonly open: readonly boolean[];
  /** Minutes. */
  readonly businessDay: number;
}

export type Random = (below: number) => number;

/** What the wall clock shows in each minute, by the platform's own formatter. */
export function gridOf(timeZone: string, firstDay: string, tick: number, days = 40): Grid {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const start = Date.parse(`${firstDay}T12:00:00Z`);
  const minutes: Minute[] = [];
  // Clocks change on the full hour; one question per half hour is enough.
  for (let half = 0; half < days * 48; half++) {
    const part = Object.fromEntries(
      format.formatToParts(start + half * 30 * MINUTE).map((p) => [p.type, Number(p.value)]),
    );
    const day = Date.UTC(part.year as number, (part.month as number) - 1, part.day) / (24 * HOUR);
    for (let m = 0; m < 30; m++) {
      minutes.push({
        day,
        weekday: ((day + 3) % 7) + 1,
        ofDay: (part.hour as number) * 60 + (part.minute as number) + m,
      });
    }
  }
  return { start, minutes, tick };
}

/** Mulberry32, seeded by a text. */
export function seeded(text: string): Random {
  let state = [...text].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

export function plainCalendar(definition: CalendarDefinition, grid: Grid): PlainCalendar {
  if (definition.alwaysOpen) return { open: grid.minutes.map(() => true), businessDay: 24 * 60 };
  const weekdays = Object.values(definition.weekly);
  const usual = weekdays.find((windows) => windows.length > 0) ?? [];
  const openByDay = new Map<number, boolean[]>();
  const open = grid.minutes.map(({ day, ofDay }) => {
    if (!openByDay.has(day)) openByDay.set(day, openOn(day));
    return openByDay.get(day)?.[ofDay] === true;
  });
  const businessDay = Array.from({ length: 48 * 60 }, (_, minute) => within(usual, minute));
  return { open, businessDay: businessDay.filter(Boolean).length };

  function openOn(day: number): boolean[] {
    const [windows, before] = [windowsOf(day), windowsOf(day - 1)];
    return Array.from(
      { length: 24 * 60 },
      (_, minute) => within(windows, minute) || within(before, minute + 24 * 60),
    );
  }

  function windowsOf(day: number): readonly string[] {
    const text = dayText(day);
    if (definition.holidays.includes(text)) return [];
    const extra = definition.extraWorkdays.find((workday) => workday.day === text);
    return extra ? (extra.windows ?? usual) : (weekdays[(day + 3) % 7] ?? []);
  }

  function within(windows: readonly string[], minute: number): boolean {
    return windows.some((window) => {
      const start = Number(window.slice(0, 2)) * 60 + Number(window.slice(3, 5));
      const end = Number(window.slice(6, 8)) * 60 + Number(window.slice(9));
      return minute >= start && minute < (end <= start ? end + 24 * 60 : end);
    });
  }
}

export function dayText(day: number): string {
  return new Date(day * 24 * HOUR).toISOString().slice(0, 10);
}

/** The rules of the clock once more, as plainly as they can be put: everything is counted tick by tick. */
export function countTicks(
  facts: SlaFacts,
  now: number,
  grid: Grid,
  calendars: ReadonlyMap<BusinessCalendar, PlainCalendar>,
) {
  const { tick } = grid;
  const ticksPerMinute = MINUTE / tick;
  const horizon = grid.minutes.length * ticksPerMinute;
  const tickOf = (instant: number) => (instant - grid.start) / tick;
  const end = Math.min(facts.resolvedAt ?? Infinity, facts.cancelledAt ?? Infinity);
  const limits: { kind: LimitKind; dueAt: number | null; warnAt: number | null; state: LimitState }[] = [];
  let running: string[] = [];

  for (const kind of LIMIT_KINDS) {
    let start = facts.startedAt;
    if (kind === 'DECISION') {
      if (facts.planProposedAt === null) continue;
      start = facts.planProposedAt;
    }
    if (kind === 'PROGRESS')
      start = Math.max(start, ...facts.progressNoticesAt.filter((notice) => notice <= end));
    const answer = {
      ACKNOWLEDGE: facts.acknowledgedAt,
      FIRST_RESPONSE: facts.firstRespondedAt,
      DECISION: facts.decidedAt,
      PROGRESS: null,
      RESOLUTION: null,
    }[kind];
    const met = Math.min(
      answer !== null && answer >= start ? answer : Infinity,
      facts.resolvedAt ?? Infinity,
    );
    const cancelled = met > (facts.cancelledAt ?? Infinity);
    const ended = cancelled ? (facts.cancelledAt as number) : met;
    if (ended < start) continue;

    const awaited = new Uint8Array(horizon);
    for (const wait of facts.waits) {
      const replies = facts.customerReplies.filter(
        (reply) => reply > wait.from && reply < (wait.to ?? Infinity),
      );
      const to = Math.min(wait.to ?? Infinity, ended, ...replies);
      awaited.fill(1, Math.max(0, tickOf(wait.from)), Math.max(0, Math.min(horizon, tickOf(to))));
    }
    const runs = (at: number, terms: SlaTerms) =>
      calendars.get(terms.calendar)?.open[Math.floor(at / ticksPerMinute)] === true &&
      !(terms.pauseWhileWaiting && awaited[at] === 1);
    const granted = (terms: SlaTerms) => {
      const [, days = '0', hours = '0', minutes = '0', seconds = '0'] =
        /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(terms.limits[kind] ?? '') ?? [];
      return (
        (Number(days) * (calendars.get(terms.calendar)?.businessDay ?? 0) +
          Number(hours) * 60 +
          Number(minutes) +
          Number(seconds) / 60) *
        terms.factor *
        ticksPerMinute
      );
    };
    /** The tick at whose beginning the time has run out; Infinity when it does not within the grid. */
    const plus = (from: number, ticks: number, terms: SlaTerms) => {
      let left = Math.round(ticks);
      let at = from;
      for (; left > 0 && at < horizon; at++) if (runs(at, terms)) left--;
      return left > 0 ? Infinity : at;
    };

    let base = tickOf(start);
    let current: SlaTerms | undefined;
    let due: number | null = null;
    let counted: { from: number; terms: SlaTerms }[] = [];
    const begun = facts.terms.filter(({ from }) => from <= start).at(-1) as SlaTerms;
    for (const terms of [
      begun,
      ...facts.terms.filter(({ from }) => from > start && from <= now && from < ended),
    ]) {
      const change = Math.max(tickOf(terms.from), tickOf(start));
      const last = facts.terms.filter(({ from }) => from === terms.from).at(-1);
      if (terms !== begun && terms !== last) continue;
      if (!terms.limits[kind]) {
        due = null;
      } else if (due === null || current === undefined) {
        base = change;
        due = plus(base, granted(terms), terms);
        counted = [{ from: base, terms }];
      } else {
        const alike =
          terms.calendar === current.calendar && terms.pauseWhileWaiting === current.pauseWhileWaiting;
        const fromStart = plus(base, granted(terms), terms);
        const loosened = alike ? granted(terms) > granted(current) : fromStart > due;
        if (loosened) {
          // Loosened limits count from the start; what the change loosens only half again keeps its due instant.
          if (fromStart > due) counted = [{ from: base, terms }];
          due = Math.max(due, fromStart);
        } else {
          const fromChange = plus(change, granted(terms), terms);
          if (fromChange < due) {
            due = fromChange;
            counted = [...counted, { from: change, terms }];
          }
        }
      }
      current = terms;
    }
    if (due === null) continue;

    const until = due === Infinity ? Math.floor(tickOf(now)) : due;
    const ran: number[] = [];
    for (let at = base; at < until; at++) {
      const span = counted.findLast(({ from }) => from <= at);
      if (span && runs(at, span.terms)) ran.push(at);
    }
    if (kind === 'RESOLUTION') running = intervals(ran);
    const dueAt = due === Infinity ? null : grid.start + due * tick;
    // 80 % of n ticks lie in the tick after that many whole ones.
    const share = ran.length * 0.8;
    const warnTick = ran[Math.ceil(share) - 1] as number;
    const warnAt =
      dueAt === null ? null : grid.start + Math.round((warnTick + 1 - (Math.ceil(share) - share)) * tick);
    limits.push({ kind, dueAt, warnAt, state: state(dueAt, warnAt) });

    function state(dueAt: number | null, warnAt: number | null): LimitState {
      if (cancelled) return 'CANCELLED';
      if (dueAt === null || warnAt === null) return 'PAUSED';
      if (met < Infinity) return met <= dueAt ? 'MET' : 'MET_LATE';
      return now >= dueAt ? 'OVERDUE' : now >= warnAt ? 'AT_RISK' : 'RUNNING';
    }
  }
  return { limits, running };
}

/** Ascending ticks as "first-last" texts. */
function intervals(ticks: readonly number[]): string[] {
  const first = ticks.filter((at, i) => ticks[i - 1] !== at - 1);
  const last = ticks.filter((at, i) => ticks[i + 1] !== at + 1);
  return first.map((at, i) => `${at}-${last[i]}`);
}

/** The RUNNING segments of a timeline in the same writing. */
export function runningIntervals(
  timeline: readonly { readonly from: number; readonly to: number; readonly kind: string }[],
  grid: Grid,
): string[] {
  return timeline
    .filter((segment) => segment.kind === 'RUNNING')
    .map(({ from, to }) => `${(from - grid.start) / grid.tick}-${(to - grid.start) / grid.tick - 1}`);
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}
