import type { RootCause } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, invalid, Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { changeTicket, isComplaint, type LockedTicket, lockTicket, requireOpen } from './ticket.ts';

type Directory = Pick<Reader, 'organisation'>;

interface OnTicket {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
}

function requireComplaint(ticket: LockedTicket): void {
  if (!isComplaint(ticket)) throw invalid('ticketId', text('a complaint', '投诉'));
}

export interface TicketSetFailureResponsibleInput extends OnTicket {
  readonly employeeId: string;
  readonly reason: string;
}

/** HEAD corrects who answers for a missed limit (TIC-16); before one was missed there is nothing to answer for. */
export async function ticketSetFailureResponsible(
  tx: Command,
  viewer: Viewer,
  input: TicketSetFailureResponsibleInput,
  { organisation }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, { ...input, readOnly: true });
  if (!hasRole(viewer, 'HEAD')) throw new Forbidden(['HEAD']);
  const issues = new Issues();
  issues.expect(
    organisation.employees.has(input.employeeId),
    'employeeId',
    text('an employee of the company', '本公司员工'),
  );
  issues.expect(Boolean(input.reason.trim()), 'reason', text('why it is corrected', '更正原因'));
  issues.throwIfAny();
  if (ticket.failureResponsibleId === null) throw new IllegalTransition(ticket.status, 'SET_FAILURE', []);
  await changeTicket(tx, ticket, {
    action: 'SET_FAILURE_RESPONSIBLE',
    note: input.reason,
    data: { failureResponsibleId: input.employeeId },
  });
  return { ticketId: ticket.id };
}

export interface TicketDelegateRespectContactInput extends OnTicket {
  readonly employeeId: string;
}

/** HEAD sends a person to the customer who complained (TIC-22). */
export async function ticketDelegateRespectContact(
  tx: Command,
  viewer: Viewer,
  input: TicketDelegateRespectContactInput,
  { organisation }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, { ...input, readOnly: true });
  if (!hasRole(viewer, 'HEAD')) throw new Forbidden(['HEAD']);
  requireComplaint(ticket);
  requireOpen(ticket, 'DELEGATE_RESPECT_CONTACT');
  const employee = organisation.employees.get(input.employeeId);
  if (!employee) throw invalid('employeeId', text('an employee of the company', '本公司员工'));
  await changeTicket(tx, ticket, {
    action: 'DELEGATE_RESPECT_CONTACT',
    note: employee.number,
    data: { respectDelegateId: employee.id, respectDelegatedById: viewer.employeeId },
  });
  return { ticketId: ticket.id };
}

export interface TicketGiveOpinionInput extends OnTicket {
  readonly opinion: string;
}

/** The account manager says what they think of a complaint of their customer (TIC-27); a later opinion takes the place of an earlier one. */
export async function ticketGiveOpinion(
  tx: Command,
  viewer: Viewer,
  input: TicketGiveOpinionInput,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, { ...input, readOnly: true });
  if (viewer.employeeId !== ticket.ownerId) {
    throw new Forbidden(
      [],
      text(
        "the customer's account manager gives an opinion (TIC-27)",
        '由该客户的客户经理填写意见（TIC-27）',
      ),
    );
  }
  requireComplaint(ticket);
  if (!input.opinion.trim() || input.opinion.length > 5_000)
    throw invalid('opinion', text('1 to 5,000 characters', '1 到 5000 字'));
  await changeTicket(tx, ticket, {
    action: 'GIVE_OPINION',
    note: input.opinion,
    data: { ownerOpinion: input.opinion, ownerOpinionById: viewer.employeeId, ownerOpinionAt: tx.now },
  });
  return { ticketId: ticket.id };
}

/**
 * Tells HEAD and QUALITY when a cause has come to its number within the days set (TIC-26): once per span of that many
 * days. Called after the cause of a complaint was said; index ticket(root_cause, opened_at).
 */
export async function watchRecurrence(
  tx: Command,
  ticket: LockedTicket,
  cause: RootCause | null | undefined,
): Promise<void> {
  if (!cause || cause === ticket.rootCause || !isComplaint(ticket)) return;
  const { count: most, days } = tx.settings.get(TICKET_SETTINGS.rootCauseCount);
  const since = new Date(tx.now.getTime() - days * 86_400_000);
  const [row] = await tx.query<{ count: number }>(sql`
    select count(*)::int as count from ticket t
    where t.root_cause = ${cause}::"RootCause" and t.opened_at > ${since}::timestamptz
      and t.category = 'COMPLAINT' and t.status <> 'CANCELLED'`);
  const count = row?.count ?? 0;
  if (count < most) return;
  tx.emit({
    kind: 'RECURRING_COMPLAINT',
    subjectId: null,
    audience: { roles: ['HEAD', 'QUALITY'] },
    payload: { cause, count, days },
    dedupeKey: `RECURRING_COMPLAINT ${cause} ${Math.floor(tx.now.getTime() / (days * 86_400_000))}`,
  });
}
