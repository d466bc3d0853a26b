import type { EscalationLevel } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Organisation } from '../../organisation/queries.ts';
import { standInsAt } from '../queries/stand-ins.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations, Obligation, ObligationAdvance } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import {
  addressedBy,
  escalationSeverity,
  isHigher,
  type LimitStep,
  limitEventKind,
  limitSteps,
  type NamedPerson,
  type StandIns,
  type TicketPeople,
} from '../rules/escalation.ts';
import { LIMIT_KINDS, type LimitKind } from '../rules/sla-clock.ts';
import { isOpen } from '../rules/workflow.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { limitOf } from './clock.ts';
import { changeTicket, emitTicket, lockTicket, people } from './ticket.ts';

/** What the sweep and the ladder need to know of a ticket. */
interface TicketFacts {
  readonly id: string;
  readonly number: string;
  readonly category: 'INQUIRY' | 'SHIPMENT_QUERY' | 'COMPLAINT';
  readonly cycle: number;
  readonly assigneeId: string | null;
  readonly teamId: string | null;
  readonly areaId: string | null;
  readonly keyAccountId: string | null;
  readonly arisesDuringSale: boolean;
  readonly ownerId: string | null;
  readonly specialistId: string | null;
  readonly responsibleDepartmentId: string | null;
  readonly failureResponsibleId: string | null;
}

/** What naming people needs to know. */
interface Directory {
  readonly organisation: Organisation;
  readonly timeZone: string;
}

function ticketPeople(ticket: TicketFacts, organisation: Organisation, standIns: StandIns): TicketPeople {
  const deputies = [...organisation.employees.values()].filter(
    (employee) =>
      employee.roles.some((held) => held.role === 'DEPUTY') && employee.areaIds.includes(ticket.areaId ?? ''),
  );
  return {
    assigneeId: ticket.assigneeId,
    teamId: ticket.teamId,
    standIns,
    ownerId: ticket.ownerId,
    isKeyAccount: ticket.keyAccountId !== null,
    arisesDuringSale: ticket.arisesDuringSale,
    specialistId: ticket.specialistId,
    areaDeputies: deputies.map((employee) => employee.id),
    departmentManagerId:
      organisation.departments.get(ticket.responsibleDepartmentId ?? '')?.managerId ?? null,
  };
}

/** Tickets that another process works on are passed over; their obligations are found again by the next sweep. */
async function claimTickets(tx: Command, ids: readonly string[]): Promise<Map<string, TicketFacts>> {
  const rows = await tx.query<TicketFacts>(sql`
    select t.id, t.number, t.category, t.cycle, t.assignee_id as "assigneeId", t.team_id as "teamId", t.area_id as "areaId",
           t.key_account_id as "keyAccountId", t.arises_during_sale as "arisesDuringSale", c.owner_id as "ownerId", k.specialist_id as "specialistId",
           t.responsible_department_id as "responsibleDepartmentId", t.failure_responsible_id as "failureResponsibleId"
    from ticket t
    left join customer c on c.id = t.customer_id
    left join key_account k on k.id = t.key_account_id
    where t.id = any(${[...new Set(ids)]}::uuid[])
    order by t.id
    for update of t skip locked`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A step that a limit has reached. */
interface Reached {
  readonly ticket: TicketFacts;
  readonly limit: LimitKind;
  readonly dueAt: Date;
  readonly step: LimitStep;
}

/**
 * Works off the limits of tickets that have come to 80 %, 100 % or a rung above: raises TICKET_AT_RISK,
 * TICKET_OVERDUE (or the complaint's kinds) and the escalation ladder, each once (TIC-06, TIC-34). Steps that a
 * standstill has missed are taken one after the other.
 */
export function advanceTicketLimits(directory: Directory): AdvanceObligations {
  return async (tx, due) => {
    const tickets = await claimTickets(
      tx,
      due.map((obligation) => obligation.subjectId),
    );
    const hours = tx.settings.get(TICKET_SETTINGS.escalationHours);
    const reached: Reached[] = [];
    const advances: ObligationAdvance[] = [];
    for (const obligation of due) {
      const ticket = tickets.get(obligation.subjectId);
      if (!ticket) continue;
      const { taken, advance } = advanceLimit(obligation, ticket, hours, tx.now);
      reached.push(...taken);
      advances.push(advance);
    }
    reached.sort(inOrder);
    await raise(tx, reached, directory);
    return advances;
  };
}

/** By instant; limits that fall together in the order of LIMIT_KINDS, so that the same one always raises the rung. */
function inOrder(a: Reached, b: Reached): number {
  return a.step.at - b.step.at || LIMIT_KINDS.indexOf(a.limit) - LIMIT_KINDS.indexOf(b.limit);
}

function advanceLimit(
  obligation: Obligation,
  ticket: TicketFacts,
  hours: readonly number[],
  now: Date,
): { taken: Reached[]; advance: ObligationAdvance } {
  const limit = limitOf(obligation.kind);
  const clock = {
    kind: limit,
    warnAt: obligation.warnAt?.getTime() ?? null,
    dueAt: obligation.dueAt?.getTime() ?? null,
  };
  const left = limitSteps(clock, ticket.category, hours).filter((step) => step.step > obligation.step);
  const taken = left.filter((step) => step.at <= now.getTime());
  const next = left.find((step) => step.at > now.getTime());
  const step = taken.at(-1)?.step ?? obligation.step;
  return {
    taken: taken.map((reachedStep) => ({ ticket, limit, dueAt: obligation.dueAt ?? now, step: reachedStep })),
    advance: {
      id: obligation.id,
      step,
      state: step >= 2 ? 'OVERDUE' : step === 1 ? 'WARNED' : 'OPEN',
      nextAt: next ? new Date(next.at) : null,
    },
  };
}

/** Writes the rungs reached and what they say; a rung is written once per ticket and cycle. */
async function raise(tx: Command, reached: readonly Reached[], directory: Directory): Promise<void> {
  if (reached.length === 0) return;
  const standIns = await standInsAt(
    tx,
    reached.map(({ ticket }) => ticket.teamId),
    tx.now,
    directory,
  );
  const addressed = reached.map((one) => ({
    ...one,
    audience: addressedBy(one.step.level, ticketPeople(one.ticket, directory.organisation, standIns)),
  }));
  const written = await writeRungs(
    tx,
    addressed.map(({ ticket, limit, step, audience }) => ({
      ticket,
      level: step.level,
      reason: step.reason,
      limit,
      note: null,
      named: audience.named,
    })),
  );
  await tx.query(sql`
    update ticket t set failure_responsible_id = coalesce(t.failure_responsible_id, t.assignee_id)
    where t.id = any(${reached.filter(({ step }) => step.step >= 2).map(({ ticket }) => ticket.id)}::uuid[])
    returning 1 as written`);
  for (const { ticket, limit, dueAt, step, audience: whole } of addressed) {
    const { roles, employees } = whole;
    const audience = { roles, employees };
    const left = Math.floor((dueAt.getTime() - tx.now.getTime()) / 60_000);
    // A warning that a standstill has delayed past its limit does not promise time below zero; the next step says how late.
    const minutesLeft = step.step === 1 ? Math.max(0, left) : left;
    const payload = { limit, dueAt: dueAt.toISOString(), minutesLeft, reason: step.reason };
    const kind = limitEventKind(step, limit, ticket.category);
    if (kind) {
      emitTicket(tx, ticket, {
        kind,
        audience,
        payload: {
          ...payload,
          failureResponsibleId: step.step === 2 ? (ticket.failureResponsibleId ?? ticket.assigneeId) : null,
        },
      });
    }
    const escalationId = written.get(`${ticket.id} ${step.level}`);
    // The first limit to reach a rung raises it; a second one on the same rung is told by its own event above.
    if (escalationId && ticket.category === 'COMPLAINT') {
      written.delete(`${ticket.id} ${step.level}`);
      emitTicket(tx, ticket, {
        kind: 'COMPLAINT_ESCALATED',
        severity: escalationSeverity(step.level),
        audience,
        payload: { ...payload, level: step.level, escalationId },
      });
    }
  }
}

/** The ids of the rungs that were not there before, by ticket and level. */
async function writeRungs(
  tx: Command,
  rungs: readonly {
    ticket: TicketFacts;
    level: EscalationLevel;
    reason: string;
    limit: string | null;
    note: string | null;
    named: readonly NamedPerson[];
  }[],
): Promise<Map<string, string>> {
  const rows = rungs.map(({ ticket, level, reason, limit, note, named }) => ({
    id: newId(),
    ticket_id: ticket.id,
    cycle: ticket.cycle,
    level,
    reason,
    limit_kind: limit,
    note,
    named,
  }));
  const written = await tx.query<{ id: string; ticketId: string; level: EscalationLevel }>(sql`
    insert into escalation (id, ticket_id, cycle, level, reason, limit_kind, note, named, raised_at)
    select id, ticket_id, cycle, level::"EscalationLevel", reason::"EscalationReason", limit_kind, note, named, ${tx.now}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(id uuid, ticket_id uuid, cycle int, level text, reason text, limit_kind text, note text, named jsonb)
    on conflict (ticket_id, cycle, level) do nothing
    returning id, ticket_id as "ticketId", level`);
  // Escalation never lowers itself: the enum's order is the ladder's.
  await tx.query(sql`
    update ticket t set escalation_level = greatest(t.escalation_level, h.level)
    from (
      select e.ticket_id, max(e.level) as level from escalation e join ticket x on x.id = e.ticket_id and x.cycle = e.cycle
      where e.ticket_id = any(${written.map((row) => row.ticketId)}::uuid[]) group by e.ticket_id) h
    where t.id = h.ticket_id
    returning 1 as written`);
  return new Map(written.map((row) => [`${row.ticketId} ${row.level}`, row.id]));
}

/** A department has not confirmed a dispatched ticket in time (TIC-18, EVT-09). */
export function advanceDispatches(organisation: Organisation): AdvanceObligations {
  return async (tx, due) => {
    const tickets = await claimTickets(
      tx,
      due.map((obligation) => obligation.subjectId),
    );
    return due.flatMap((obligation) => {
      const ticket = tickets.get(obligation.subjectId);
      if (!ticket) return [];
      emitTicket(tx, ticket, {
        kind: 'TICKET_DISPATCH_OVERDUE',
        audience: {
          roles: ['CS_SUPERVISOR'],
          employees: people(organisation.departments.get(obligation.period)?.managerId ?? null),
        },
        payload: { departmentId: obligation.period },
      });
      return [{ id: obligation.id, step: 2, state: 'OVERDUE' as const, nextAt: null }];
    });
  };
}

/** A resolved complaint is due for its return call (TIC-25, EVT-70). */
export const advanceFollowUps: AdvanceObligations = async (tx, due) => {
  const tickets = await claimTickets(
    tx,
    due.map((obligation) => obligation.subjectId),
  );
  return due.flatMap((obligation) => {
    const ticket = tickets.get(obligation.subjectId);
    if (!ticket) return [];
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_FOLLOW_UP_DUE',
      audience: { roles: ['CS_AGENT'], employees: people(ticket.assigneeId) },
    });
    return [{ id: obligation.id, step: 2, state: 'OVERDUE' as const, nextAt: null }];
  });
};

export interface TicketEscalateInput {
  readonly ticketId: string;
  readonly level: EscalationLevel;
  readonly note: string;
  readonly expectedVersion?: number | null;
}

/** Escalates a ticket by hand to a level above the one it has reached; escalation never lowers itself (TIC-34). */
export async function ticketEscalate(
  tx: Command,
  viewer: Viewer,
  input: TicketEscalateInput,
  directory: Directory,
): Promise<{ ticketId: string }> {
  const locked = await lockTicket(tx, viewer, input.ticketId, input);
  if (!input.note.trim()) throw invalid('note', text('why it is escalated', '升级原因'));
  if (!isOpen(locked.status)) throw new IllegalTransition(locked.status, 'ESCALATE', []);
  if (!isHigher(input.level, locked.escalationLevel)) {
    throw new IllegalTransition(
      locked.escalationLevel ?? 'NONE',
      input.level,
      (['L1', 'L2', 'L3', 'L4'] as const).filter((level) => isHigher(level, locked.escalationLevel)),
    );
  }
  const ticket: TicketFacts = { ...locked, failureResponsibleId: null };
  const { named, ...audience } = await addressedNow(tx, input.level, ticket, directory);
  const written = await writeRungs(tx, [
    { ticket, level: input.level, reason: 'RAISED_BY_HAND', limit: null, note: input.note, named },
  ]);
  await changeTicket(tx, locked, { action: 'ESCALATE', note: `${input.level}: ${input.note}` });
  const escalationId = written.get(`${ticket.id} ${input.level}`);
  if (escalationId && ticket.category === 'COMPLAINT') {
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_ESCALATED',
      severity: escalationSeverity(input.level),
      audience,
      payload: {
        level: input.level,
        reason: 'RAISED_BY_HAND',
        escalationId,
        limit: null,
        dueAt: locked.resolutionDueAt?.toISOString() ?? null,
      },
    });
  }
  return { ticketId: ticket.id };
}

/** Whom a level of a ticket names at this instant. */
async function addressedNow(tx: Command, level: EscalationLevel, ticket: TicketFacts, directory: Directory) {
  const standIns = await standInsAt(tx, [ticket.teamId], tx.now, directory);
  return addressedBy(level, ticketPeople(ticket, directory.organisation, standIns));
}

export interface EscalationAcknowledgeInput {
  readonly escalationId: string;
  readonly note?: string | null;
  readonly expectedVersion?: number | null;
}

/** A person whom the level names says that they have taken note (TIC-34). */
export async function escalationAcknowledge(
  tx: Command,
  viewer: Viewer,
  input: EscalationAcknowledgeInput,
  directory: Directory,
): Promise<{ escalationId: string; ticketId: string }> {
  const notFound = new NotFound(['escalationId'], text('escalation', '升级记录'));
  const found = await tx.prisma.escalation.findUnique({ where: { id: input.escalationId } });
  if (!found) throw notFound;
  const ticket = await lockTicket(tx, viewer, found.ticketId, { readOnly: true }).catch((error: unknown) => {
    throw error instanceof NotFound ? notFound : error;
  });
  const { roles, employees } = await addressedNow(
    tx,
    found.level,
    { ...ticket, failureResponsibleId: null },
    directory,
  );
  // Those whom it named when it was raised, and those whom it would name now.
  const named = ((found.named ?? []) as unknown as readonly NamedPerson[]).map(
    ({ employeeId }) => employeeId,
  );
  if (![...employees, ...named].includes(viewer.employeeId) && !hasRole(viewer, ...roles))
    throw new Forbidden(roles);
  const escalation = await tx.prisma.escalation.findUniqueOrThrow({ where: { id: found.id } });
  if (input.expectedVersion != null && input.expectedVersion !== escalation.version)
    throw new StaleVersion(escalation.version);
  if (escalation.acknowledgedAt) throw new IllegalTransition('ACKNOWLEDGED', 'ACKNOWLEDGE', []);
  await tx.prisma.escalation.update({
    where: { id: escalation.id },
    data: { acknowledgedAt: tx.now, acknowledgedById: viewer.employeeId, version: { increment: 1 } },
  });
  await changeTicket(tx, ticket, {
    action: 'ACKNOWLEDGE_ESCALATION',
    note: input.note ? `${escalation.level}: ${input.note}` : escalation.level,
  });
  return { escalationId: escalation.id, ticketId: ticket.id };
}
