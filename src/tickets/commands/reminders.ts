import { invalid, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { type AdvanceObligations, putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { levelAbove } from '../rules/escalation.ts';
import { isSettled } from '../rules/workflow.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { claimTickets, type Directory, raiseRungs } from './escalation.ts';
import { changeTicket, lockTicket, requireOpen } from './ticket.ts';

/** Obligation of whoever was reminded to react; its period is the reminder. */
export const TICKET_REMINDER = 'TICKET_REMINDER';

export interface TicketRemindInput {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
  readonly toId: string;
  readonly text: string;
}

/** Pushes whoever has to act on a ticket (TIC-31). Anything that they do on it afterwards is a reaction. */
export async function ticketRemind(
  tx: Command,
  viewer: Viewer,
  input: TicketRemindInput,
  { organisation }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'REMIND');
  const issues = new Issues();
  issues.expect(
    organisation.employees.has(input.toId),
    'toId',
    text('an employee of the company', '本公司员工'),
  );
  issues.expect(
    input.text.trim().length > 0 && input.text.length <= 2_000,
    'text',
    text('what is asked for, at most 2,000 characters', '催办内容，最多 2000 字'),
  );
  issues.throwIfAny();
  if (input.toId === viewer.employeeId) throw invalid('toId', text('somebody else', '他人'));
  const id = newId();
  const dueAt = new Date(tx.now.getTime() + tx.settings.get(TICKET_SETTINGS.reminderHours) * 3_600_000);
  await tx.prisma.ticketReminder.create({
    data: {
      id,
      ticketId: ticket.id,
      cycle: ticket.cycle,
      at: tx.now,
      byId: viewer.employeeId,
      toId: input.toId,
      text: input.text,
      dueAt,
    },
  });
  await putObligations(tx, [
    {
      kind: TICKET_REMINDER,
      subjectId: ticket.id,
      period: id,
      ownerId: input.toId,
      startsAt: tx.now,
      warnAt: null,
      dueAt,
      nextAt: dueAt,
      state: 'OPEN',
      step: 0,
    },
  ]);
  const name = organisation.employees.get(input.toId)?.number ?? '';
  await changeTicket(tx, ticket, { action: 'REMIND', note: `${name}: ${input.text}` });
  return { ticketId: ticket.id };
}

/** Reminders of one person in a row that have passed without a reaction bring the ticket to the next level (TIC-31). */
export function advanceReminders(directory: Directory): AdvanceObligations {
  return async (tx, due) => {
    const tickets = await claimTickets(
      tx,
      due.map((obligation) => obligation.subjectId),
    );
    const unanswered = await unansweredReminders(
      tx,
      due.map((obligation) => obligation.period),
    );
    const most = tx.settings.get(TICKET_SETTINGS.reminderMax);
    const late = due.filter(
      ({ subjectId, period }) =>
        !isSettled(tickets.get(subjectId)?.status ?? 'CLOSED') && (unanswered.get(period) ?? 0) >= most,
    );
    await raiseRungs(
      tx,
      late.flatMap(({ subjectId }) => {
        const ticket = tickets.get(subjectId);
        const level = !ticket
          ? null
          : ticket.escalationLevel === null
            ? 'L1'
            : levelAbove(ticket.escalationLevel);
        return ticket && level
          ? [{ ticket, level, reason: 'REMINDERS_UNANSWERED' as const, limit: null, note: null }]
          : [];
      }),
      directory,
    );
    return due.flatMap(({ id, subjectId, period }) => {
      const ticket = tickets.get(subjectId);
      if (!ticket) return [];
      const reacted = !unanswered.has(period);
      return [{ id, step: 2, state: reacted ? ('MET' as const) : ('OVERDUE' as const), nextAt: null }];
    });
  };
}

/**
 * Of reminders without a reaction: how many in a row the same person has had on that ticket up to this one. By the
 * indexes ticket_reminder(ticket_id, at) and ticket_history(ticket_id, at).
 */
async function unansweredReminders(
  tx: Command,
  reminderIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; count: number }>(sql`
    select r.id, count(e.id)::int as count
    from ticket_reminder r
    join ticket_reminder e on e.ticket_id = r.ticket_id and e.cycle = r.cycle and e.to_id = r.to_id and e.at <= r.at
    where r.id = any(${[...reminderIds]}::uuid[])
      and not exists (
        select 1 from ticket_history h where h.ticket_id = r.ticket_id and h.actor_id = r.to_id and h.at > e.at)
    group by r.id`);
  return new Map(rows.map(({ id, count }) => [id, count]));
}
