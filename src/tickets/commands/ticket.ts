import type { Prisma } from '../../generated/prisma/client.ts';
import type {
  CustomerGrade,
  Liability,
  LookupSource,
  RootCause,
  RoutingRule,
  TeamChoice,
  TicketCategory,
  TicketSeverity,
  TicketStatus,
} from '../../generated/prisma/enums.ts';
import type { EventKind, Severity } from '../../events.ts';
import { Forbidden, IllegalTransition, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { cancelObligations } from '../../platform/obligations.ts';
import type { Audience } from '../../platform/outbox.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { ticketReadable, ticketWritable } from '../queries/visibility.ts';
import { isOpen, nextStatus, possibleActions, type TicketAction } from '../rules/workflow.ts';

/** A ticket as commands work on it: locked, with the facts that rules and events ask for. */
export interface LockedTicket {
  readonly id: string;
  readonly number: string;
  readonly category: TicketCategory;
  readonly status: TicketStatus;
  readonly severity: TicketSeverity;
  readonly channel: string;
  readonly liability: Liability | null;
  readonly customerAgreed: boolean | null;
  readonly customerId: string | null;
  readonly keyAccountId: string | null;
  readonly claimAmount: string | null;
  readonly grade: CustomerGrade | null;
  readonly ownerId: string | null;
  readonly specialistId: string | null;
  readonly areaId: string | null;
  readonly teamId: string | null;
  readonly arisesDuringSale: boolean;
  readonly routingRule: RoutingRule | null;
  readonly routingChoice: TeamChoice | null;
  readonly routingNote: string | null;
  readonly routedAt: Date | null;
  readonly lookupSource: LookupSource | null;
  readonly lookupCarrier: string | null;
  readonly lookupResult: string | null;
  readonly lookupAnsweredAt: Date | null;
  readonly assigneeId: string | null;
  readonly responsibleDepartmentId: string | null;
  readonly responsiblePersonId: string | null;
  readonly failureResponsibleId: string | null;
  readonly callbackPhone: string | null;
  readonly callerPhone: string | null;
  readonly unreachableReason: string | null;
  readonly cycle: number;
  readonly openedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly firstRespondedAt: Date | null;
  readonly closedAt: Date | null;
  readonly waitingSince: Date | null;
  readonly resolutionDueAt: Date | null;
  readonly rootCause: RootCause | null;
  readonly liabilityExplanation: string | null;
  readonly resolution: string | null;
  readonly lesson: string | null;
  readonly plan: string | null;
  readonly respectContactAt: Date | null;
  readonly respectDelegateId: string | null;
  readonly respectDelegatedById: string | null;
  readonly ownerOpinion: string | null;
  readonly satisfaction: 'SATISFIED' | 'NOT_SATISFIED' | 'UNREACHABLE' | null;
  readonly escalationLevel: 'L1' | 'L2' | 'L3' | 'L4' | null;
  readonly version: number;
  readonly writable: boolean;
}

const t = sql`t`;

/** Locks a ticket that the viewer may read; NotFound for any other, Forbidden when the viewer may not work on it. */
export async function lockTicket(
  tx: Command,
  viewer: Viewer,
  ticketId: string,
  options: {
    readonly expectedVersion?: number | null;
    readonly readOnly?: boolean;
    /** The input field that names the ticket. */
    readonly field?: string;
  } = {},
): Promise<LockedTicket> {
  const sees = constantViewer(viewer, tx.now);
  const [ticket] = await tx.query<LockedTicket & { readable: boolean }>(sql`
    select t.id, t.number, t.category, t.status, t.severity, t.channel, t.liability, t.customer_agreed as "customerAgreed",
           t.customer_id as "customerId", t.key_account_id as "keyAccountId", t.claim_amount::text as "claimAmount",
           c.grade, c.owner_id as "ownerId",
           k.specialist_id as "specialistId", t.area_id as "areaId", t.team_id as "teamId",
           t.arises_during_sale as "arisesDuringSale", t.routing_rule as "routingRule",
           t.routing_choice as "routingChoice", t.routing_note as "routingNote", t.routed_at as "routedAt",
           t.lookup_source as "lookupSource", t.lookup_carrier as "lookupCarrier", t.lookup_result as "lookupResult",
           t.lookup_answered_at as "lookupAnsweredAt", t.assignee_id as "assigneeId",
           t.responsible_department_id as "responsibleDepartmentId", t.responsible_person_id as "responsiblePersonId",
           t.failure_responsible_id as "failureResponsibleId", t.liability_explanation as "liabilityExplanation",
           t.callback_phone as "callbackPhone",
           t.caller_phone as "callerPhone", t.unreachable_reason as "unreachableReason", t.cycle,
           t.opened_at as "openedAt", t.acknowledged_at as "acknowledgedAt", t.first_responded_at as "firstRespondedAt",
           t.closed_at as "closedAt", t.waiting_since as "waitingSince", t.resolution_due_at as "resolutionDueAt",
           t.root_cause as "rootCause", t.resolution, t.lesson, t.plan, t.respect_contact_at as "respectContactAt",
           t.respect_delegate_id as "respectDelegateId", t.respect_delegated_by_id as "respectDelegatedById",
           t.owner_opinion as "ownerOpinion",
           t.satisfaction, t.escalation_level as "escalationLevel", t.version,
           ${ticketReadable(sees, t)} as readable, ${ticketWritable(sees, t)} as writable
    from ticket t
    left join customer c on c.id = t.customer_id
    left join key_account k on k.id = t.key_account_id
    where t.id = ${ticketId}::uuid
    for update of t`);
  if (!ticket?.readable) throw new NotFound([options.field ?? 'ticketId'], text('ticket', '工单'));
  if (!options.readOnly && !ticket.writable) throw new Forbidden(rolesWith('ticket', 'write'));
  if (options.expectedVersion != null && options.expectedVersion !== ticket.version)
    throw new StaleVersion(ticket.version);
  return ticket;
}

/** A change of a ticket that does not depend on its state, or the facts that go with a change of state. */
export interface TicketChange {
  /** What is written into the ticket's history; an action of the workflow, or a name of its own. */
  readonly action: string;
  readonly note?: string | null;
  readonly data?: Prisma.TicketUncheckedUpdateInput;
}

/** Takes a ticket to the next state of its workflow and writes state, history and audit together. */
export async function moveTicket(
  tx: Command,
  ticket: LockedTicket,
  action: TicketAction,
  change: Omit<TicketChange, 'action'> = {},
): Promise<LockedTicket> {
  const status = nextStatus(ticket, action);
  await writeTicket(tx, ticket, { ...change, action }, status);
  // Nobody is asked any more to confirm that a ticket has arrived on which no work is left.
  if (!isOpen(status)) await cancelObligations(tx, 'TICKET_DISPATCH_CONFIRM', ticket.id);
  return { ...ticket, ...(change.data as Partial<LockedTicket>), status, version: ticket.version + 1 };
}

/** Changes facts of a ticket without changing its state. */
export async function changeTicket(tx: Command, ticket: LockedTicket, change: TicketChange): Promise<void> {
  await writeTicket(tx, ticket, change, ticket.status);
}

async function writeTicket(
  tx: Command,
  ticket: LockedTicket,
  change: TicketChange,
  status: TicketStatus,
): Promise<void> {
  await tx.prisma.ticket.update({
    where: { id: ticket.id },
    data: { ...change.data, status, updatedAt: tx.now, version: { increment: 1 } },
  });
  const before = ticket as unknown as Record<string, unknown>;
  const changes = Object.fromEntries(
    Object.entries(change.data ?? {}).map(([name, value]) => [
      name,
      [before[name] ?? null, value instanceof Date ? value.toISOString() : (value ?? null)],
    ]),
  );
  await tx.prisma.ticketHistory.create({
    data: {
      id: newId(),
      ticketId: ticket.id,
      at: tx.now,
      actorId: tx.actorId,
      action: change.action,
      from: ticket.status,
      to: status,
      note: change.note ?? null,
      changes: JSON.parse(JSON.stringify(changes)) as Prisma.InputJsonValue,
    },
  });
  tx.audit({
    action: `ticket.${change.action}`,
    subjectType: 'Ticket',
    subjectId: ticket.id,
    before: { status: ticket.status },
    after: {
      status,
      ...Object.fromEntries(Object.entries(changes).map(([name, pair]) => [name, (pair as unknown[])[1]])),
    },
  });
}

/** Tells of a ticket; the payload always carries its number. */
export function emitTicket(
  tx: Command,
  ticket: { readonly id: string; readonly number: string },
  event: {
    readonly kind: EventKind;
    readonly audience: Audience;
    readonly payload?: Readonly<Record<string, string | number | boolean | null>>;
    readonly severity?: Severity;
    readonly dedupeKey?: string;
  },
): void {
  tx.emit({
    kind: event.kind,
    subjectId: ticket.id,
    audience: event.audience,
    payload: { ticketNumber: ticket.number, ...event.payload },
    ...(event.severity ? { severity: event.severity } : {}),
    ...(event.dedupeKey ? { dedupeKey: event.dedupeKey } : {}),
  });
}

/** Work is done on tickets that are neither closed nor cancelled. */
export function requireOpen(ticket: LockedTicket, action: string): void {
  if (!isOpen(ticket.status)) throw new IllegalTransition(ticket.status, action, possibleActions(ticket));
}

/** TIC-11: a complaint that came in writing has a phone number before it is investigated, or a reason why not. */
export function hasPhone(ticket: LockedTicket): boolean {
  const written = ticket.channel === 'LETTER' || ticket.channel === 'EMAIL';
  return (
    !isComplaint(ticket) ||
    !written ||
    Boolean(ticket.callbackPhone || ticket.callerPhone || ticket.unreachableReason)
  );
}

/** Only complaints have the events and steps of the complaint's way. */
export function isComplaint(ticket: Pick<LockedTicket, 'category'>): boolean {
  return ticket.category === 'COMPLAINT';
}

/** People that are known, without repeats. */
export function people(...ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}
