import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import type { TicketStatus } from '../../generated/prisma/enums.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { claimTickets } from './escalation.ts';
import { emitTicket, people } from './ticket.ts';

/** A complaint that is to be passed to the departments concerned (TIC-14). */
export const TICKET_DISPATCH = 'TICKET_DISPATCH';

/** The states in which a complaint is still looked into: afterwards nobody need be asked any more. */
const LOOKED_INTO: readonly TicketStatus[] = ['RECEIVED', 'ACKNOWLEDGED', 'INVESTIGATING'];

interface Watched {
  readonly id: string;
  readonly openedAt: Date;
  readonly assigneeId: string | null;
}

function dispatchObligation(tx: Command, ticket: Watched) {
  const hours = tx.settings.get(TICKET_SETTINGS.dispatchHours);
  return {
    kind: TICKET_DISPATCH,
    subjectId: ticket.id,
    period: 'FIRST',
    ownerId: ticket.assigneeId,
    startsAt: ticket.openedAt,
    warnAt: null,
    dueAt: new Date(ticket.openedAt.getTime() + hours * 3_600_000),
  };
}

/** Has the sweep look whether a new complaint was passed on in time. */
export async function watchDispatch(tx: Command, ticket: Watched): Promise<void> {
  const obligation = dispatchObligation(tx, ticket);
  await putObligations(tx, [{ ...obligation, nextAt: obligation.dueAt, state: 'OPEN', step: 0 }]);
}

/** The first dispatch meets it, however late. */
export async function meetDispatch(tx: Command, ticket: Watched): Promise<void> {
  await putObligations(tx, [
    {
      ...dispatchObligation(tx, ticket),
      nextAt: null,
      state: 'MET',
      step: 0,
      metAt: tx.now,
      metBy: 'DISPATCHED',
    },
  ]);
}

/** A complaint that is still looked into and was passed to no department in time: once (TIC-14). */
export const advanceUndispatched: AdvanceObligations = async (tx, due) => {
  const tickets = await claimTickets(
    tx,
    due.map((obligation) => obligation.subjectId),
  );
  // By the key ticket_dispatch(ticket_id, department_id).
  const dispatched = await tx.query<{ ticketId: string }>(sql`
    select distinct d.ticket_id as "ticketId" from ticket_dispatch d
    where d.ticket_id = any(${[...tickets.keys()]}::uuid[])`);
  const passedOn = new Set(dispatched.map(({ ticketId }) => ticketId));
  return due.flatMap((obligation): ObligationAdvance[] => {
    const ticket = tickets.get(obligation.subjectId);
    if (!ticket) return [];
    if (passedOn.has(ticket.id) || !LOOKED_INTO.includes(ticket.status)) {
      return [{ id: obligation.id, step: obligation.step, state: 'CANCELLED', nextAt: null }];
    }
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_NOT_DISPATCHED',
      audience: { roles: ['CS_SUPERVISOR'], employees: people(ticket.assigneeId) },
      payload: { dueAt: obligation.dueAt?.toISOString() ?? null },
    });
    return [{ id: obligation.id, step: 2, state: 'OVERDUE', nextAt: null }];
  });
};
