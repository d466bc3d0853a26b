import type { CustomerGrade, TicketCategory, TicketSeverity } from '../../generated/prisma/enums.ts';
import type { BusinessCalendar } from '../../lib/business-calendar.ts';
import type { Instant } from '../../lib/periods.ts';
import {
  type LimitClock,
  type LimitKind,
  type SlaFacts,
  slaClock,
  type SlaTerms,
} from '../../tickets/rules/sla-clock.ts';
import { factorOf, type TermFacts, type TermSettings } from '../../tickets/rules/sla-terms.ts';
import { LIMIT_FIELDS, type LimitField, type PolicyDraft } from './versions.ts';

/** A ticket that is over, with what its clock was worked out from. */
export interface ReplayedTicket extends Omit<TermFacts, 'contractCalendar'> {
  readonly id: string;
  readonly facts: SlaFacts;
}

interface PolicyAsChanged {
  readonly code: string;
  /** Code of the calendar that it has now: a ticket that ran in another one did so by its customer's contract (CFL-25). */
  readonly calendarCode: string;
  readonly draft: PolicyDraft;
  readonly changesFactors: boolean;
}

/** Other terms, as if they had applied all along. */
export interface SimulatedChange {
  /** A policy that is changed; its factors are only worked out anew where they are changed. */
  readonly policy: PolicyAsChanged | null;
  readonly calendar: { readonly code: string; readonly calendar: BusinessCalendar } | null;
  /** A calendar as it is in force. */
  calendarOf(code: string): BusinessCalendar;
  readonly settings: TermSettings;
}

export type Outcome = 'KEPT' | 'BREACHED';

export interface SimulationFigures {
  /** Limits that were there before, after, or both. */
  readonly limits: number;
  readonly kept: number;
  readonly breached: number;
  readonly newlyKept: number;
  readonly newlyBreached: number;
  /** There only after the change, or only before it; they count as neither kept nor breached. */
  readonly added: number;
  readonly removed: number;
}

export interface SimulationGroup extends SimulationFigures {
  readonly category: TicketCategory;
  readonly severity: TicketSeverity | null;
  readonly grade: CustomerGrade | null;
  readonly limit: LimitKind;
}

export interface ChangedOutcome {
  readonly ticketId: string;
  readonly limit: LimitKind;
  readonly before: Outcome;
  readonly after: Outcome;
  readonly dueBefore: Instant | null;
  readonly dueAfter: Instant | null;
}

const FIGURES = ['limits', 'kept', 'breached', 'newlyKept', 'newlyBreached', 'added', 'removed'] as const;
type Counts = Record<(typeof FIGURES)[number], number>;

/** Collects how limits of replayed tickets would have ended under other terms. */
export function simulation(change: SimulatedChange, examplesMax: number) {
  const groups = new Map<string, Omit<SimulationGroup, keyof SimulationFigures> & Counts>();
  const examples: ChangedOutcome[] = [];
  let tickets = 0;

  return {
    replay(ticket: ReplayedTicket, now: Instant): void {
      tickets += 1;
      const before = endedLimits(ticket.facts, now);
      const after = endedLimits(
        { ...ticket.facts, terms: ticket.facts.terms.map((terms) => otherTerms(terms, ticket, change)) },
        now,
      );
      for (const kind of new Set([...before.keys(), ...after.keys()])) {
        count(ticket, kind, before.get(kind), after.get(kind));
      }
    },
    result() {
      return { tickets, groups: [...groups.values()], examples };
    },
  };

  function count(
    ticket: ReplayedTicket,
    limit: LimitKind,
    before: LimitClock | undefined,
    after: LimitClock | undefined,
  ): void {
    const group = groupOf(ticket, limit);
    group.limits += 1;
    if (!before) group.added += 1;
    else if (!after) group.removed += 1;
    else {
      const [was, is] = [outcomeOf(before), outcomeOf(after)];
      if (was === is) group[is === 'KEPT' ? 'kept' : 'breached'] += 1;
      else {
        group[is === 'KEPT' ? 'newlyKept' : 'newlyBreached'] += 1;
        if (examples.length < examplesMax) {
          examples.push({
            ticketId: ticket.id,
            limit,
            before: was,
            after: is,
            dueBefore: before.dueAt,
            dueAfter: after.dueAt,
          });
        }
      }
    }
  }

  function groupOf({ category, severity, grade }: ReplayedTicket, limit: LimitKind) {
    // Only complaints differ by severity.
    const place = { category, severity: category === 'COMPLAINT' ? severity : null, grade, limit };
    const key = JSON.stringify(place);
    const known = groups.get(key) ?? {
      ...place,
      ...(Object.fromEntries(FIGURES.map((figure) => [figure, 0])) as Counts),
    };
    groups.set(key, known);
    return known;
  }
}

/** Limits that were answered, or have passed; one that was cancelled was neither kept nor breached. */
function endedLimits(facts: SlaFacts, now: Instant): Map<LimitKind, LimitClock> {
  return new Map(
    slaClock(facts, now)
      .limits.filter(({ state }) => state === 'MET' || state === 'MET_LATE' || state === 'OVERDUE')
      .map((limit) => [limit.kind, limit]),
  );
}

function outcomeOf({ state }: LimitClock): Outcome {
  return state === 'MET' ? 'KEPT' : 'BREACHED';
}

function otherTerms(terms: SlaTerms, ticket: ReplayedTicket, change: SimulatedChange): SlaTerms {
  const { policy, calendar, settings } = change;
  const calendarOf = (code: string) =>
    code === calendar?.code ? calendar.calendar : change.calendarOf(code);
  if (terms.policyCode !== policy?.code) {
    return terms.calendarCode === calendar?.code ? { ...terms, calendar: calendar.calendar } : terms;
  }
  const { draft } = policy;
  const calendarCode = terms.calendarCode === policy.calendarCode ? draft.calendarCode : terms.calendarCode;
  return {
    ...terms,
    limits: Object.fromEntries(
      (Object.keys(LIMIT_FIELDS) as LimitField[]).map((field) => [LIMIT_FIELDS[field], draft[field]]),
    ),
    calendarCode,
    calendar: calendarOf(calendarCode),
    factor: policy.changesFactors ? factorOf(draft, ticket, settings.keyAccountFactor) : terms.factor,
    pauseWhileWaiting:
      draft.category !== 'COMPLAINT' && (draft.pauseWhileWaiting ?? settings.pauseWhileWaiting),
  };
}

/** The figures of groups by limit, over every category and grade. */
export function totalsOf(groups: readonly SimulationGroup[]): (SimulationFigures & { limit: LimitKind })[] {
  return [...Map.groupBy(groups, ({ limit }) => limit)].map(([limit, ofLimit]) => ({
    limit,
    ...(Object.fromEntries(
      FIGURES.map((figure) => [figure, ofLimit.reduce((sum, group) => sum + group[figure], 0)]),
    ) as Counts),
  }));
}
