import { moveDeadlines } from '../../approvals/commands/requests.ts';
import { newId } from '../../lib/ids.ts';
import type { Command } from '../../platform/command.ts';
import {
  type Obligation,
  type ObligationState,
  obligationsOf,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import {
  type ClockFactsRow,
  clockFacts,
  loadClockFacts,
  loadServiceLevels,
  termSettings,
} from '../queries/clocks.ts';
import { limitSteps } from '../rules/escalation.ts';
import { LIMIT_KINDS, type LimitClock, type LimitKind, slaClock } from '../rules/sla-clock.ts';
import {
  type ServiceLevels,
  type TermFacts,
  type Terms,
  type TermSettings,
  termsFor,
} from '../rules/sla-terms.ts';
import { TICKET_SETTINGS } from '../settings.ts';

/** Obligation kind of a limit; the sweep of tickets works off all of them. */
export function limitObligation(kind: LimitKind): string {
  return `TICKET_${kind}`;
}

export const LIMIT_OBLIGATIONS: readonly string[] = LIMIT_KINDS.map(limitObligation);

/** The limit of an obligation's kind. */
export function limitOf(obligationKind: string): LimitKind {
  const kind = LIMIT_KINDS.find((limit) => limitObligation(limit) === obligationKind);
  if (!kind) throw new Error(`${obligationKind} is no limit of a ticket.`);
  return kind;
}

/**
 * Works out the clocks of these tickets from their facts and writes due instants and obligations, in the same
 * transaction as the change of facts. The number of statements does not depend on the number of tickets.
 */
export async function syncClocks(tx: Command, ticketIds: readonly string[], timeZone: string): Promise<void> {
  if (ticketIds.length === 0) return;
  const levels = await loadServiceLevels(tx, timeZone);
  const rows = await loadClockFacts(tx, ticketIds);
  const known = Map.groupBy(
    (await obligationsOf(tx, ticketIds)).filter((obligation) => LIMIT_OBLIGATIONS.includes(obligation.kind)),
    (obligation) => obligation.subjectId,
  );
  const changes = rows.flatMap((row) => clockChange(tx, row, levels, known.get(row.id) ?? []) ?? []);
  await writeDueInstants(tx, changes);
  await putObligations(
    tx,
    changes.flatMap((change) => change.obligations),
  );
  await moveDeadlines(tx, 'COMPLAINT_PLAN', changes.flatMap(planDeadline));
}

/** TIC-20: the limit of the decision on a plan is that of the approval that waits for it. */
function planDeadline({
  ticketId,
  limits,
}: ClockChange): { subjectId: string; warnAt: Date | null; dueAt: Date }[] {
  const limit = limits.get('DECISION');
  if (!limit || limit.metAt !== null || limit.dueAt === null) return [];
  return [{ subjectId: ticketId, warnAt: instant(limit.warnAt), dueAt: new Date(limit.dueAt) }];
}

type NewObligation = Parameters<typeof putObligations>[1][number];

interface ClockChange {
  readonly ticketId: string;
  readonly policyId: string | null;
  readonly limits: ReadonlyMap<LimitKind, LimitClock>;
  readonly obligations: readonly NewObligation[];
}

function clockChange(
  tx: Command,
  row: ClockFactsRow,
  levels: ServiceLevels,
  known: readonly Obligation[],
): ClockChange | null {
  const facts = clockFacts(row, levels, tx.settings);
  if (!facts) return null;
  const { limits } = slaClock(facts, tx.now.getTime());
  const hours = tx.settings.get(TICKET_SETTINGS.escalationHours);
  const byKey = new Map(known.map((obligation) => [`${obligation.kind} ${obligation.period}`, obligation]));
  const obligations = limits.map((limit): NewObligation => {
    const kind = limitObligation(limit.kind);
    const period = periodOfLimit(row, limit);
    // Steps already taken are never taken again, whatever the due instant becomes.
    const step = byKey.get(`${kind} ${period}`)?.step ?? 0;
    byKey.delete(`${kind} ${period}`);
    const ended = limit.metAt !== null || limit.state === 'CANCELLED';
    const next = ended
      ? undefined
      : limitSteps(limit, row.category, hours).find((candidate) => candidate.step > step);
    return {
      kind,
      subjectId: row.id,
      period,
      ownerId: row.assigneeId,
      startsAt: new Date(limit.startsAt),
      warnAt: instant(limit.warnAt),
      dueAt: instant(limit.dueAt),
      nextAt: instant(next?.at ?? null),
      state: stateOf(limit, step),
      step,
      metAt: instant(limit.metAt),
      metBy: limit.metAt === null ? null : limit.kind,
    };
  });
  // Limits that no longer run: an earlier cycle's, an earlier notice's, one that the new policy does not have.
  for (const obligation of byKey.values()) {
    if (obligation.nextAt === null) continue;
    obligations.push({
      ...obligation,
      nextAt: null,
      state: obligation.kind === limitObligation('PROGRESS') ? 'MET' : 'CANCELLED',
    });
  }
  return {
    ticketId: row.id,
    policyId: row.terms.at(-1)?.policyId ?? null,
    limits: new Map(limits.map((limit) => [limit.kind, limit])),
    obligations,
  };
}

/** Each notice and each plan starts a limit of its own; the others run once per cycle. */
function periodOfLimit(row: ClockFactsRow, limit: LimitClock): string {
  const repeats = limit.kind === 'PROGRESS' || limit.kind === 'DECISION';
  return repeats ? `${row.cycle}:${new Date(limit.startsAt).toISOString()}` : String(row.cycle);
}

function stateOf(limit: LimitClock, step: number): ObligationState {
  if (limit.state === 'CANCELLED') return 'CANCELLED';
  if (limit.metAt !== null) return 'MET';
  return step >= 2 ? 'OVERDUE' : step === 1 ? 'WARNED' : 'OPEN';
}

function instant(epochMs: number | null): Date | null {
  return epochMs === null ? null : new Date(epochMs);
}

async function writeDueInstants(tx: Command, changes: readonly ClockChange[]): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map(({ ticketId, policyId, limits }) => ({
    ...nearest([...limits.values()]),
    id: ticketId,
    policy: policyId,
    acknowledge: instant(limits.get('ACKNOWLEDGE')?.dueAt ?? null),
    response: instant(limits.get('FIRST_RESPONSE')?.dueAt ?? null),
    response_warn: instant(limits.get('FIRST_RESPONSE')?.warnAt ?? null),
    resolution: instant(limits.get('RESOLUTION')?.dueAt ?? null),
    resolution_warn: instant(limits.get('RESOLUTION')?.warnAt ?? null),
  }));
  await tx.query(sql`
    update ticket t set sla_policy_id = r.policy, acknowledge_due_at = r.acknowledge, first_response_due_at = r.response,
      first_response_warn_at = r.response_warn, resolution_due_at = r.resolution, resolution_warn_at = r.resolution_warn,
      next_due_at = r.next_due, next_warn_at = r.next_warn
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id uuid, policy uuid, acknowledge timestamptz,
      response timestamptz, response_warn timestamptz, resolution timestamptz, resolution_warn timestamptz,
      next_due timestamptz, next_warn timestamptz)
    where t.id = r.id
    returning 1 as written`);
}

/** The nearest due and warning instants of the limits that are not met: the ticket's place in its queue. */
function nearest(limits: readonly LimitClock[]): { next_due: Date | null; next_warn: Date | null } {
  const unmet = limits.filter((limit) => limit.metAt === null && limit.state !== 'CANCELLED');
  const first = (instants: readonly (number | null)[]) => {
    const known = instants.filter((at) => at !== null);
    return known.length === 0 ? null : new Date(Math.min(...known));
  };
  return {
    next_due: first(unmet.map(({ dueAt }) => dueAt)),
    next_warn: first(unmet.map(({ warnAt }) => warnAt)),
  };
}

/** A ticket, what its terms depend on, and the terms of its present cycle that were written last. */
interface TermRow extends TermFacts {
  readonly id: string;
  readonly cycle: number;
  readonly policyId: string | null;
  readonly calendarId: string | null;
  readonly factor: string | null;
  readonly pauses: boolean | null;
  readonly atRiskShare: string | null;
  readonly since: Date | null;
}

/**
 * Writes new terms for those of the tickets whose terms are no longer what they were, and moves their clocks: a change
 * of severity, grade, key account state, policy, calendar or policy number (TIC-36). Tickets without terms start their
 * clock here. Terms that were written for a later instant than that of the change stay. Answers with the tickets moved.
 */
export async function renewTerms(
  tx: Command,
  ticketIds: readonly string[],
  timeZone: string,
  change: { readonly from: Date; readonly settings: TermSettings } = {
    from: tx.now,
    settings: termSettings(tx.settings),
  },
): Promise<readonly string[]> {
  if (ticketIds.length === 0) return [];
  const { from, settings } = change;
  const levels = await loadServiceLevels(tx, timeZone);
  const rows = await tx.query<TermRow>(sql`
    select t.id, t.cycle, t.category, t.severity, c.grade, k.level as "keyAccountLevel",
           a.calendar_code as "contractCalendar",
           s.sla_policy_id as "policyId", s.calendar_id as "calendarId", s.factor::text as factor, s.pauses,
           s.at_risk_share::text as "atRiskShare", s."from" as since
    from ticket t
    left join customer c on c.id = t.customer_id
    left join key_account k on k.customer_id = t.customer_id and k.ended_at is null
    left join service_calendar a on a.customer_id = t.customer_id and a.valid_to is null
    left join lateral (
      select * from ticket_sla_term s
      where s.ticket_id = t.id and s.cycle = t.cycle order by s."from" desc, s.id desc limit 1) s on true
    where t.id = any(${[...ticketIds]}::uuid[])`);
  const renewed = rows.flatMap((row) => {
    if (row.since !== null && row.since > from) return [];
    const terms = termsFor(levels, row, from, settings);
    return isSame(row, terms) ? [] : [{ row, terms }];
  });
  await tx.prisma.ticketSlaTerm.createMany({
    data: renewed.map(({ row, terms }) => ({
      ...termColumns(terms),
      ticketId: row.id,
      cycle: row.cycle,
      from,
    })),
  });
  const moved = renewed.map(({ row }) => row.id);
  await syncClocks(tx, moved, timeZone);
  return moved;
}

function isSame(row: TermRow, terms: Terms): boolean {
  return (
    row.policyId === terms.policy.id &&
    row.calendarId === terms.calendar.id &&
    Number(row.factor) === terms.factor &&
    row.pauses === terms.pauses &&
    Number(row.atRiskShare) === terms.atRiskShare
  );
}

/** Terms as a row of `ticket_sla_term` keeps them. */
export function termColumns({ policy, calendar, factor, pauses, atRiskShare }: Terms) {
  return { id: newId(), slaPolicyId: policy.id, calendarId: calendar.id, factor, pauses, atRiskShare };
}

/** The same for all open tickets of customers whose grade has changed. */
export async function renewTermsOfCustomers(
  tx: Command,
  customerIds: readonly string[],
  timeZone: string,
): Promise<void> {
  // Locked before their obligations are written, in one order, like every command does.
  const rows = await tx.query<{ id: string }>(sql`
    select t.id from ticket t
    where t.customer_id = any(${[...customerIds]}::uuid[]) and t.status not in ('CLOSED', 'CANCELLED')
      and exists (select 1 from ticket_sla_term s where s.ticket_id = t.id and s.cycle = t.cycle)
    order by t.id
    for update`);
  await renewTerms(
    tx,
    rows.map((row) => row.id),
    timeZone,
  );
}
