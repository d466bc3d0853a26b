import type {
  CustomerGrade,
  EscalationLevel,
  EscalationReason,
  TicketSeverity,
  TicketStatus,
} from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { holdersOf, type Organisation } from '../../organisation/queries.ts';
import { standInsAt } from '../queries/stand-ins.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  type Obligation,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import {
  acknowledgeHours,
  addressedBy,
  escalationSeverity,
  isHigher,
  levelAbove,
  type LimitStep,
  limitEventKind,
  limitSteps,
  type NamedPerson,
  type StandIns,
  type TicketPeople,
} from '../rules/escalation.ts';
import { LIMIT_KINDS, type LimitKind } from '../rules/sla-clock.ts';
import { coordinatorOf } from '../rules/routing.ts';
import { isOpen, isSettled } from '../rules/workflow.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { limitOf } from './clock.ts';
import { changeTicket, emitTicket, lockTicket, people } from './ticket.ts';

/** Obligation of the persons whom a rung names: one of them takes note; its period is cycle and level. */
export const ESCALATION_ACKNOWLEDGE = 'ESCALATION_ACKNOWLEDGE';

/** What the sweep and the ladder need to know of a ticket. */
export interface TicketFacts {
  readonly id: string;
  readonly number: string;
  readonly category: 'INQUIRY' | 'SHIPMENT_QUERY' | 'COMPLAINT';
  readonly status: TicketStatus;
  readonly severity: TicketSeverity;
  readonly claimAmount: string | null;
  readonly grade: CustomerGrade | null;
  readonly escalationLevel: EscalationLevel | null;
  readonly resolutionDueAt: Date | null;
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
export interface Directory {
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
export async function claimTickets(tx: Command, ids: readonly string[]): Promise<Map<string, TicketFacts>> {
  const rows = await tx.query<TicketFacts>(sql`
    select t.id, t.number, t.category, t.status, t.severity, t.claim_amount::text as "claimAmount", c.grade,
           t.escalation_level as "escalationLevel", t.resolution_due_at as "resolutionDueAt", t.cycle, t.assignee_id as "assigneeId", t.team_id as "teamId", t.area_id as "areaId",
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
  const failed = responsibleFor(tx, reached, directory);
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
    failed,
  );
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
          failureResponsibleId: step.step === 2 ? (failed.get(ticket.id) ?? null) : null,
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
        payload: { ...payload, ...weightOf(ticket), level: step.level, escalationId },
      });
    }
  }
}

/** What is at stake, told with an escalation: severity, claim, grade, whether it is a key account's. */
function weightOf(ticket: TicketFacts): Record<string, string | boolean | null> {
  return {
    complaintSeverity: ticket.severity,
    claimAmount: ticket.claimAmount,
    customerGrade: ticket.grade,
    isKeyAccount: ticket.keyAccountId !== null,
  };
}

/** Names who answers for the first limit that was missed, unless somebody does already (TIC-16); by ticket. */
function responsibleFor(
  tx: Command,
  reached: readonly Reached[],
  directory: Directory,
): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  for (const { ticket, limit, step } of reached) {
    if (step.step < 2 || holders.has(ticket.id)) continue;
    const holder = ticket.failureResponsibleId ?? stepHolder(tx, ticket, limit, directory);
    if (holder !== null) holders.set(ticket.id, holder);
  }
  return holders;
}

/** Who held the open step: of a decision HEAD, else the handler; of a ticket that nobody handles, who coordinates its queue. */
function stepHolder(
  tx: Command,
  ticket: TicketFacts,
  limit: LimitKind,
  { organisation, timeZone }: Directory,
): string | null {
  if (limit === 'DECISION') return holdersOf(organisation, ['HEAD'], tx.now, timeZone)[0]?.id ?? null;
  if (ticket.assigneeId !== null) return ticket.assigneeId;
  const team = organisation.teams.get(ticket.teamId ?? '');
  const coordinator = team ? coordinatorOf(team.type) : null;
  return coordinator ? (holdersOf(organisation, [coordinator], tx.now, timeZone)[0]?.id ?? null) : null;
}

/** A level to raise, and why. */
interface Rung {
  readonly ticket: TicketFacts;
  readonly level: EscalationLevel;
  readonly reason: EscalationReason;
  readonly limit: string | null;
  readonly note: string | null;
}

/**
 * The ids of the rungs that were not there before, by ticket and level. A rung of a complaint says by when one of those
 * whom it names takes note. The tickets get their level, and in the same update who failed: a row that is written twice in
 * a transaction has all its references checked again.
 */
async function writeRungs(
  tx: Command,
  rungs: readonly (Rung & { readonly named: readonly NamedPerson[] })[],
  failed: ReadonlyMap<string, string> = new Map(),
): Promise<Map<string, string>> {
  const hours = tx.settings.get(TICKET_SETTINGS.escalationAcknowledgeHours);
  const rows = rungs.map(({ ticket, level, reason, limit, note, named }) => ({
    acknowledge_due_at:
      ticket.category === 'COMPLAINT'
        ? new Date(tx.now.getTime() + acknowledgeHours(level, hours) * 3_600_000)
        : null,
    id: newId(),
    ticket_id: ticket.id,
    cycle: ticket.cycle,
    level,
    reason,
    limit_kind: limit,
    note,
    named,
  }));
  const written = await tx.query<{
    id: string;
    ticketId: string;
    level: EscalationLevel;
    cycle: number;
    raisedAt: Date;
    dueAt: Date | null;
  }>(sql`
    insert into escalation (id, ticket_id, cycle, level, reason, limit_kind, note, named, acknowledge_due_at, raised_at)
    select id, ticket_id, cycle, level::"EscalationLevel", reason::"EscalationReason", limit_kind, note, named,
           acknowledge_due_at, ${tx.now}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(id uuid, ticket_id uuid, cycle int, level text, reason text, limit_kind text, note text, named jsonb,
           acknowledge_due_at timestamptz)
    on conflict (ticket_id, cycle, level) do nothing
    returning id, ticket_id as "ticketId", level, cycle, raised_at as "raisedAt",
      acknowledge_due_at as "dueAt"`);
  await putObligations(tx, written.flatMap(acknowledgement));
  // Escalation never lowers itself: the enum's order is the ladder's.
  const marks = [
    ...written.map(({ ticketId, level }) => ({ ticket_id: ticketId, level, holder: null })),
    ...[...failed].map(([ticketId, holder]) => ({ ticket_id: ticketId, level: null, holder })),
  ];
  await tx.query(sql`
    update ticket t set
      escalation_level = greatest(t.escalation_level, m.level),
      failure_responsible_id = coalesce(t.failure_responsible_id, m.holder)
    from (
      select r.ticket_id, max(r.level::"EscalationLevel") as level, max(r.holder)::uuid as holder
      from jsonb_to_recordset(${JSON.stringify(marks)}::jsonb) as r(ticket_id uuid, level text, holder text)
      group by r.ticket_id) m
    where t.id = m.ticket_id
      and (greatest(t.escalation_level, m.level), coalesce(t.failure_responsible_id, m.holder))
        is distinct from (t.escalation_level, t.failure_responsible_id)
    returning 1 as written`);
  return new Map(written.map((row) => [`${row.ticketId} ${row.level}`, row.id]));
}

/** The watch over a rung of a complaint until somebody takes note of it. */
function acknowledgement(rung: {
  readonly ticketId: string;
  readonly level: EscalationLevel;
  readonly cycle: number;
  readonly raisedAt: Date;
  readonly dueAt: Date | null;
}): Parameters<typeof putObligations>[1][number][] {
  const { ticketId, level, cycle, raisedAt, dueAt } = rung;
  if (dueAt === null) return [];
  return [
    {
      kind: ESCALATION_ACKNOWLEDGE,
      subjectId: ticketId,
      period: `${cycle} ${level}`,
      ownerId: null,
      startsAt: raisedAt,
      warnAt: null,
      dueAt,
      nextAt: dueAt,
      state: 'OPEN',
      step: 0,
    },
  ];
}

/**
 * Nobody whom a rung names took note in time: the next one is raised, unless it is reached already. What is settled, or
 * of an earlier cycle, needs nobody's note any more.
 */
export function advanceUnacknowledged(directory: Directory): AdvanceObligations {
  return async (tx, due) => {
    const tickets = await claimTickets(
      tx,
      due.map((obligation) => obligation.subjectId),
    );
    const rungs: Rung[] = [];
    const advances: ObligationAdvance[] = [];
    for (const obligation of due) {
      const ticket = tickets.get(obligation.subjectId);
      if (!ticket) continue;
      const [cycle, level] = obligation.period.split(' ') as [string, EscalationLevel];
      const over = isSettled(ticket.status) || ticket.cycle !== Number(cycle);
      const above = levelAbove(level);
      if (!over && above !== null) {
        rungs.push({ ticket, level: above, reason: 'NOT_ACKNOWLEDGED', limit: null, note: null });
      }
      advances.push({
        id: obligation.id,
        step: 2,
        state: over ? 'CANCELLED' : 'OVERDUE',
        nextAt: null,
      });
    }
    await raiseRungs(tx, rungs, directory);
    return advances;
  };
}

/** Raises levels for another reason than a limit, where they are above what was reached, and tells of them. */
export async function raiseRungs(tx: Command, asked: readonly Rung[], directory: Directory): Promise<void> {
  const rungs = asked.filter(({ ticket, level }) => isHigher(level, ticket.escalationLevel));
  if (rungs.length === 0) return;
  const standIns = await standInsAt(
    tx,
    rungs.map(({ ticket }) => ticket.teamId),
    tx.now,
    directory,
  );
  const addressed = rungs.map((rung) => ({
    ...rung,
    ...addressedBy(rung.level, ticketPeople(rung.ticket, directory.organisation, standIns)),
  }));
  const written = await writeRungs(tx, addressed);
  for (const { ticket, level, reason, roles, employees } of addressed) {
    const escalationId = written.get(`${ticket.id} ${level}`);
    if (!escalationId || ticket.category !== 'COMPLAINT') continue;
    // One rung is told once, whoever else asked for it.
    written.delete(`${ticket.id} ${level}`);
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_ESCALATED',
      severity: escalationSeverity(level),
      audience: { roles, employees },
      payload: {
        ...weightOf(ticket),
        level,
        reason,
        escalationId,
        limit: null,
        dueAt: ticket.resolutionDueAt?.toISOString() ?? null,
      },
    });
  }
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
  await changeTicket(tx, locked, { action: 'ESCALATE', note: `${input.level}: ${input.note}` });
  await raiseRungs(
    tx,
    [{ ticket: locked, level: input.level, reason: 'RAISED_BY_HAND', limit: null, note: input.note }],
    directory,
  );
  return { ticketId: locked.id };
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
  const { roles, employees } = await addressedNow(tx, found.level, ticket, directory);
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
  await tx.query(sql`
    update obligation set state = 'MET', next_at = null, met_at = ${tx.now}::timestamptz, met_by = 'ACKNOWLEDGED'
    where kind = ${ESCALATION_ACKNOWLEDGE} and subject_id = ${ticket.id}::uuid
      and period = ${`${escalation.cycle} ${escalation.level}`}
    returning 1 as written`);
  await changeTicket(tx, ticket, {
    action: 'ACKNOWLEDGE_ESCALATION',
    note: input.note ? `${escalation.level}: ${input.note}` : escalation.level,
  });
  return { escalationId: escalation.id, ticketId: ticket.id };
}
