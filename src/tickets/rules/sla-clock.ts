import type { BusinessCalendar, ClosedReason } from '../../lib/business-calendar.ts';
import { parseDuration, scaleDuration } from '../../lib/duration.ts';
import type { Instant } from '../../lib/periods.ts';

/** ACKNOWLEDGE, FIRST_RESPONSE (a complaint's plan), DECISION (HEAD's, on the plan), PROGRESS notice, RESOLUTION. */
export type LimitKind = (typeof LIMIT_KINDS)[number];

export const LIMIT_KINDS = ['ACKNOWLEDGE', 'FIRST_RESPONSE', 'DECISION', 'PROGRESS', 'RESOLUTION'] as const;

/**
 * PAUSED: the customer is awaited and the due instant is therefore open. OVERDUE: unmet at the due instant or after it.
 * MET and MET_LATE: answered by the due instant, or after it. CANCELLED: the ticket was cancelled first.
 */
export type LimitState = 'RUNNING' | 'PAUSED' | 'AT_RISK' | 'OVERDUE' | 'MET' | 'MET_LATE' | 'CANCELLED';

/** The terms in force from an instant on. A change of severity, grade, key account state, policy or calendar adds one. */
export interface SlaTerms {
  readonly from: Instant;
  readonly policyCode: string;
  readonly policyVersion: number;
  readonly calendarCode: string;
  readonly calendarVersion: number;
  /** ISO 8601 durations, days being business days of the calendar; absent or null: no such limit. */
  readonly limits: Readonly<Partial<Record<LimitKind, string | null>>>;
  /** Multiplies every limit: 0.5 for key accounts and grade A customers, else 1. */
  readonly factor: number;
  readonly calendar: BusinessCalendar;
  /** Whether time in which the customer is awaited does not count; never so for complaints. */
  readonly pauseWhileWaiting: boolean;
  /** The share of a limit's running time after which it is at risk: 0.8. */
  readonly atRiskShare: number;
}

/** What has happened to a ticket in its present cycle. Answers from before `startedAt` are those of an earlier cycle. */
export interface SlaFacts {
  /** When the contact was received, or when the ticket was reopened (TIC-37). */
  readonly startedAt: Instant;
  /** At least one, by `from`: the first apply from `startedAt` on, those of the future not yet. */
  readonly terms: readonly SlaTerms[];
  /** Spans in which the customer was awaited; `to` is null while that lasts. */
  readonly waits: readonly { readonly from: Instant; readonly to: Instant | null }[];
  readonly customerReplies: readonly Instant[];
  readonly acknowledgedAt: Instant | null;
  readonly firstRespondedAt: Instant | null;
  /** The last proposal; a decision from before it was about another plan. */
  readonly planProposedAt: Instant | null;
  readonly decidedAt: Instant | null;
  readonly progressNoticesAt: readonly Instant[];
  readonly resolvedAt: Instant | null;
  readonly cancelledAt: Instant | null;
}

export interface LimitClock {
  readonly kind: LimitKind;
  /** What the limit counts from: the start of the cycle, the plan, the last notice, or the change that brought it. */
  readonly startsAt: Instant;
  /** Null while PAUSED. */
  readonly dueAt: Instant | null;
  /** When `atRiskShare` of the running time up to `dueAt` has passed; null while PAUSED. */
  readonly warnAt: Instant | null;
  readonly metAt: Instant | null;
  readonly state: LimitState;
}

export interface TimelineSegment {
  readonly from: Instant;
  readonly to: Instant;
  readonly kind: 'RUNNING' | 'PAUSED' | 'CLOSED';
  /** PAUSE_CUT_BY_REPLY: the customer was awaited and answered before the wait was ended by hand. */
  readonly reason: 'OPEN' | ClosedReason | 'CUSTOMER_AWAITED' | 'PAUSE_CUT_BY_REPLY';
}

/** A recorded wait that went on after the customer had replied: the clock runs from the reply. */
export interface SlaFlag {
  readonly code: 'PAUSE_CUT_BY_REPLY';
  readonly from: Instant;
  readonly to: Instant | null;
  readonly repliedAt: Instant;
}

export interface SlaClock {
  /** The limits that the terms set and that have begun, in the order of LIMIT_KINDS. */
  readonly limits: readonly LimitClock[];
  /**
   * How the due instant of a limit comes about: segments that abut, from its start to its due instant, or to now while
   * paused. Those that are RUNNING add up to the time that the deadline grants. None of a limit that there is not.
   */
  timeline(kind: LimitKind): readonly TimelineSegment[];
  readonly flags: readonly SlaFlag[];
}

/**
 * The SLA clock of a ticket (TIC-36): when each limit is due, how it stands now and how it comes about.
 * A limit is overdue from its due instant on (`now >= dueAt`), as a sweep finds it; one met exactly then is met.
 */
export function slaClock(facts: SlaFacts, now: Instant): SlaClock {
  const limits = LIMIT_KINDS.flatMap((kind) => followLimit(kind, facts, now) ?? []);
  return {
    limits: limits.map((limit) => readClock(limit, now)),
    timeline(kind) {
      const limit = limits.find((followed) => followed.kind === kind);
      return limit ? explain(limit, now) : [];
    },
    flags: flagsOf(facts, now),
  };
}

/** A limit as the changes of terms up to now, or up to its end, have left it. */
interface Limit {
  readonly kind: LimitKind;
  readonly startsAt: Instant;
  readonly deadline: Deadline;
  readonly atRiskShare: number;
  readonly pauses: readonly Pause[];
  readonly metAt: Instant | null;
  readonly cancelled: boolean;
}

/** A due instant and the terms that count up to it; null while that is open because the customer is awaited. */
interface Deadline {
  readonly spans: readonly Span[];
  readonly dueAt: Instant | null;
}

/** Terms that count from an instant up to the next span or the due instant. */
interface Span {
  readonly from: Instant;
  readonly terms: SlaTerms;
}

function followLimit(kind: LimitKind, facts: SlaFacts, now: Instant): Limit | null {
  const start = startOf(kind, facts);
  if (start === null) return null;
  const { metAt, cancelledAt } = endOf(kind, start, facts);
  const endedAt = metAt ?? cancelledAt;
  if (endedAt !== null && endedAt < start) return null;

  const pauses = pausesUpTo(endedAt, facts);
  let terms = termsAt(start, facts.terms);
  let startsAt = start;
  let deadline = setDeadline(kind, start, terms, pauses);
  for (const change of changesBetween(start, Math.min(now, (endedAt ?? Infinity) - 1), facts.terms)) {
    terms = change;
    if (deadline) deadline = moveDeadline(kind, startsAt, deadline, change, pauses);
    else {
      // A limit that a change brings counts from the change, like a tightened one: it is not missed at once.
      startsAt = change.from;
      deadline = setDeadline(kind, startsAt, change, pauses);
    }
  }
  if (!deadline) return null;
  const cancelled = cancelledAt !== null;
  return { kind, startsAt, deadline, atRiskShare: terms.atRiskShare, pauses, metAt, cancelled };
}

function startOf(kind: LimitKind, facts: SlaFacts): Instant | null {
  switch (kind) {
    case 'DECISION':
      return since(facts.startedAt, facts.planProposedAt);
    case 'PROGRESS': {
      const endedAt = earlier(
        since(facts.startedAt, facts.resolvedAt),
        since(facts.startedAt, facts.cancelledAt),
      );
      return facts.progressNoticesAt.reduce(
        (last, at) => (at > last && at <= (endedAt ?? Infinity) ? at : last),
        facts.startedAt,
      );
    }
    default:
      return facts.startedAt;
  }
}

/** What ended a limit that counts from `start`: its answer, else the resolution, which answers everything; or neither. */
function endOf(
  kind: LimitKind,
  start: Instant,
  facts: SlaFacts,
): { metAt: Instant | null; cancelledAt: Instant | null } {
  const metAt = earlier(since(start, answerOf(kind, facts)), since(facts.startedAt, facts.resolvedAt));
  const cancelledAt = since(facts.startedAt, facts.cancelledAt);
  return isLater(metAt, cancelledAt) ? { metAt: null, cancelledAt } : { metAt, cancelledAt: null };
}

function answerOf(kind: LimitKind, facts: SlaFacts): Instant | null {
  switch (kind) {
    case 'ACKNOWLEDGE':
      return facts.acknowledgedAt;
    case 'FIRST_RESPONSE':
      return facts.firstRespondedAt;
    case 'DECISION':
      return facts.decidedAt;
    default:
      return null;
  }
}

function termsAt(at: Instant, terms: readonly SlaTerms[]): SlaTerms {
  const found = terms.findLast(({ from }) => from <= at) ?? terms[0];
  if (!found) throw new RangeError('A ticket has terms from its start on');
  return found;
}

/** The changes after an instant up to another; of those made at once the last counts. */
function changesBetween(after: Instant, upTo: Instant, terms: readonly SlaTerms[]): readonly SlaTerms[] {
  return terms.filter(({ from }, i) => i > 0 && from > after && from <= upTo && terms[i + 1]?.from !== from);
}

function setDeadline(
  kind: LimitKind,
  from: Instant,
  terms: SlaTerms,
  pauses: readonly Pause[],
): Deadline | null {
  const limit = terms.limits[kind];
  if (!limit) return null;
  const { days, milliseconds } = scaleDuration(parseDuration(limit), terms.factor);
  const granted = Math.round(days * terms.calendar.businessDayMs + milliseconds);
  return { spans: [{ from, terms }], dueAt: addRunning(from, granted, terms, pauses) };
}

/**
 * A deadline under changed terms (TIC-36). Loosened is what falls due later than before when counted from the start;
 * everything else counts from the change, and keeps the old due instant when that is earlier. Comparing due instants,
 * not durations, serves a change of calendar too, and keeps a limit that was tightened and then loosened a little from
 * falling due in the past.
 */
function moveDeadline(
  kind: LimitKind,
  startsAt: Instant,
  old: Deadline,
  change: SlaTerms,
  pauses: readonly Pause[],
): Deadline | null {
  const fromStart = setDeadline(kind, startsAt, change, pauses);
  const fromChange = setDeadline(kind, change.from, change, pauses);
  if (!fromStart || !fromChange) return null;
  if (isLater(fromStart.dueAt, old.dueAt)) return fromStart;
  if (!isLater(old.dueAt, fromChange.dueAt)) return old;
  return { spans: [...old.spans, ...fromChange.spans], dueAt: fromChange.dueAt };
}

function readClock(limit: Limit, now: Instant): LimitClock {
  const { kind, startsAt, metAt } = limit;
  const { dueAt } = limit.deadline;
  const warnAt = warnOf(limit);
  return { kind, startsAt, dueAt, warnAt, metAt, state: stateOf(limit, warnAt, now) };
}

function stateOf(
  { deadline: { dueAt }, metAt, cancelled }: Limit,
  warnAt: Instant | null,
  now: Instant,
): LimitState {
  if (cancelled) return 'CANCELLED';
  if (dueAt === null || warnAt === null) return 'PAUSED';
  if (metAt !== null) return metAt <= dueAt ? 'MET' : 'MET_LATE';
  if (now >= dueAt) return 'OVERDUE';
  return now >= warnAt ? 'AT_RISK' : 'RUNNING';
}

function warnOf({ deadline, atRiskShare, pauses }: Limit): Instant | null {
  const { dueAt } = deadline;
  if (dueAt === null) return null;
  const spans = boundSpans(deadline.spans, dueAt);
  const running = spans.map(({ from, to, terms }) => runningBetween(from, to, terms, pauses));
  let remaining = Math.round(running.reduce((sum, ms) => sum + ms, 0) * atRiskShare);
  for (const [i, { from, terms }] of spans.entries()) {
    const available = running[i] as number;
    if (remaining <= available) return addRunning(from, remaining, terms, pauses);
    remaining -= available;
  }
  return dueAt;
}

function explain({ deadline, pauses }: Limit, now: Instant): TimelineSegment[] {
  const timeline: TimelineSegment[] = [];
  for (const { from, to, terms } of boundSpans(deadline.spans, deadline.dueAt ?? now)) {
    for (const stretch of stretches(from, to, terms, pauses)) {
      let closedFrom = stretch.from;
      for (const open of terms.calendar.openBetween(stretch.from, stretch.to)) {
        appendClosed(timeline, closedFrom, open.from, terms.calendar);
        if (!stretch.pause) append(timeline, open.from, open.to, 'RUNNING', 'OPEN');
        else append(timeline, open.from, open.to, 'PAUSED', stretch.pause.reason);
        closedFrom = open.to;
      }
      appendClosed(timeline, closedFrom, stretch.to, terms.calendar);
    }
  }
  return timeline;
}

function appendClosed(
  timeline: TimelineSegment[],
  from: Instant,
  to: Instant,
  calendar: BusinessCalendar,
): void {
  for (const closed of calendar.whyClosed(from, to))
    append(timeline, closed.from, closed.to, 'CLOSED', closed.reason);
}

/** Adds a segment; an empty one is left out, one like the last prolongs it. */
function append(
  timeline: TimelineSegment[],
  from: Instant,
  to: Instant,
  kind: TimelineSegment['kind'],
  reason: TimelineSegment['reason'],
): void {
  if (to <= from) return;
  const last = timeline.at(-1);
  if (last?.kind === kind && last.reason === reason) timeline[timeline.length - 1] = { ...last, to };
  else timeline.push({ from, to, kind, reason });
}

function boundSpans(spans: readonly Span[], end: Instant): (Span & { readonly to: Instant })[] {
  return spans.map((span, i) => ({ ...span, to: Math.min(spans[i + 1]?.from ?? end, end) }));
}

/** A span in which the clock stands if the terms say so; `to` is Infinity while the customer is awaited. */
interface Pause {
  readonly from: Instant;
  readonly to: Instant;
  readonly reason: 'CUSTOMER_AWAITED' | 'PAUSE_CUT_BY_REPLY';
}

/** The pauses of a limit by their start; they may overlap. What comes after its end moves its due instant no more. */
function pausesUpTo(endedAt: Instant | null, { waits, customerReplies }: SlaFacts): Pause[] {
  return waits
    .map((wait): Pause => {
      const repliedAt = replyDuring(wait, customerReplies);
      const to = Math.min(repliedAt ?? wait.to ?? Infinity, endedAt ?? Infinity);
      return { from: wait.from, to, reason: to === repliedAt ? 'PAUSE_CUT_BY_REPLY' : 'CUSTOMER_AWAITED' };
    })
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
}

/** The customer's first reply within a wait. One at its first instant came before it, one at its last ended it. */
function replyDuring(wait: SlaFacts['waits'][number], replies: readonly Instant[]): Instant | null {
  const within = replies.filter((at) => at > wait.from && at < (wait.to ?? Infinity));
  return within.length > 0 ? Math.min(...within) : null;
}

function flagsOf({ startedAt, terms, waits, customerReplies }: SlaFacts, now: Instant): SlaFlag[] {
  if (!terms.some(({ from, pauseWhileWaiting }) => pauseWhileWaiting && from <= now)) return [];
  return waits.flatMap((wait) => {
    const repliedAt = replyDuring(wait, customerReplies);
    if (repliedAt === null || repliedAt <= startedAt) return [];
    return [{ code: 'PAUSE_CUT_BY_REPLY' as const, from: wait.from, to: wait.to, repliedAt }];
  });
}

/** The instant at which the clock has run for `ms` since `from`; null when that needs the end of an open pause. */
function addRunning(from: Instant, ms: number, terms: SlaTerms, pauses: readonly Pause[]): Instant | null {
  let remaining = ms;
  for (const stretch of stretches(from, Infinity, terms, pauses)) {
    if (stretch.pause) continue;
    if (stretch.to === Infinity) return terms.calendar.add(stretch.from, remaining);
    const available = terms.calendar.elapsed(stretch.from, stretch.to);
    if (remaining <= available) return terms.calendar.add(stretch.from, remaining);
    remaining -= available;
  }
  return null;
}

function runningBetween(from: Instant, to: Instant, terms: SlaTerms, pauses: readonly Pause[]): number {
  return stretches(from, to, terms, pauses).reduce(
    (sum, stretch) => (stretch.pause ? sum : sum + terms.calendar.elapsed(stretch.from, stretch.to)),
    0,
  );
}

interface Stretch {
  readonly from: Instant;
  readonly to: Instant;
  readonly pause: Pause | null;
}

/** The time between two instants, cut where pauses begin and end. */
function stretches(from: Instant, to: Instant, terms: SlaTerms, pauses: readonly Pause[]): Stretch[] {
  const cut: Stretch[] = [];
  let reached = from;
  for (const pause of terms.pauseWhileWaiting ? pauses : []) {
    if (pause.to <= reached || pause.from >= to) continue;
    if (pause.from > reached) cut.push({ from: reached, to: pause.from, pause: null });
    cut.push({ from: Math.max(pause.from, reached), to: Math.min(pause.to, to), pause });
    reached = pause.to;
  }
  if (reached < to) cut.push({ from: reached, to, pause: null });
  return cut;
}

/** The instant unless it lies before the start: what answered an earlier cycle or plan answers nothing here. */
function since(start: Instant, at: Instant | null): Instant | null {
  return at !== null && at >= start ? at : null;
}

/** Compares instants of which null is still to come. */
function isLater(a: Instant | null, b: Instant | null): boolean {
  return (a ?? Infinity) > (b ?? Infinity);
}

function earlier(a: Instant | null, b: Instant | null): Instant | null {
  return isLater(a, b) ? b : a;
}
