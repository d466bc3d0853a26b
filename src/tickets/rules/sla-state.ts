import type { Ticket } from '../../generated/prisma/client.ts';
import type { LimitState } from './sla-clock.ts';

/** A limit with its state, from the due instants that the clock has written on the ticket. */
export interface LimitColumns {
  readonly dueAt: Date | null;
  readonly warnAt: Date | null;
  readonly metAt: Date | null;
  readonly state: LimitState;
}

type FirstResponse = Pick<
  Ticket,
  'firstResponseDueAt' | 'firstResponseWarnAt' | 'firstRespondedAt' | 'waitingSince' | 'status' | 'resolvedAt'
>;
type Resolution = Pick<
  Ticket,
  'resolutionDueAt' | 'resolutionWarnAt' | 'resolvedAt' | 'closedAt' | 'waitingSince' | 'status'
>;

/**
 * The first-response limit as it stands: the same as the SLA clock says, read from columns so that a list needs no
 * clock. A due instant that is null while the customer is awaited is a paused one.
 */
export function limitFromColumns(ticket: FirstResponse, now: Date): LimitColumns | null {
  const metAt = ticket.firstRespondedAt ?? ticket.resolvedAt;
  return read(ticket.firstResponseDueAt, ticket.firstResponseWarnAt, metAt, ticket, now);
}

/** The final limit as it stands; an imported ticket that was closed without a resolution counts as resolved then. */
export function resolutionFromColumns(ticket: Resolution, now: Date): LimitColumns | null {
  return read(
    ticket.resolutionDueAt,
    ticket.resolutionWarnAt,
    ticket.resolvedAt ?? ticket.closedAt,
    ticket,
    now,
  );
}

function read(
  dueAt: Date | null,
  warnAt: Date | null,
  metAt: Date | null,
  ticket: { readonly waitingSince: Date | null; readonly status: string },
  now: Date,
): LimitColumns | null {
  if (dueAt === null) {
    return ticket.waitingSince && metAt === null ? { dueAt, warnAt, metAt, state: 'PAUSED' } : null;
  }
  return { dueAt, warnAt, metAt, state: stateOf(dueAt, warnAt, metAt, ticket.status, now) };
}

function stateOf(
  dueAt: Date,
  warnAt: Date | null,
  metAt: Date | null,
  status: string,
  now: Date,
): LimitState {
  if (metAt !== null) return metAt <= dueAt ? 'MET' : 'MET_LATE';
  if (status === 'CANCELLED') return 'CANCELLED';
  if (now >= dueAt) return 'OVERDUE';
  return warnAt !== null && now >= warnAt ? 'AT_RISK' : 'RUNNING';
}
