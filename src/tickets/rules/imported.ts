import type { TicketCategory, TicketSeverity, TicketStatus } from '../../generated/prisma/enums.ts';
import { type Text, text } from '../../lib/text.ts';

/** The facts of a ticket that another system kept, as far as its state follows from them. */
export interface ImportedTicket {
  readonly category: TicketCategory | null;
  readonly severity: TicketSeverity | null;
  readonly status: TicketStatus | null;
  readonly openedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  readonly firstRespondedAt: Date | null;
  readonly resolvedAt: Date | null;
  readonly closedAt: Date | null;
  readonly resolutionDueAt: Date | null;
}

export interface ImportedState {
  readonly status: TicketStatus;
  readonly resolvedAt: Date | null;
  readonly issues: readonly { readonly field: string; readonly accepted: Text }[];
}

/** States by kind of ticket (rulebook section 6). */
const COMPLAINT_STATES: readonly TicketStatus[] = [
  'RECEIVED',
  'ACKNOWLEDGED',
  'INVESTIGATING',
  'RESPONSIBILITY_SET',
  'PLAN_PROPOSED',
  'PLAN_APPROVED',
  'IMPLEMENTING',
  'RESOLVED',
  'FOLLOW_UP',
  'CLOSED',
  'CANCELLED',
];
const QUESTION_STATES: readonly TicketStatus[] = [
  'RECEIVED',
  'IN_PROGRESS',
  'ANSWERED',
  'CLOSED',
  'CANCELLED',
];

const ENDED: readonly TicketStatus[] = ['CLOSED', 'CANCELLED'];
const SETTLED: readonly TicketStatus[] = ['RESOLVED', 'FOLLOW_UP', 'ANSWERED', 'CLOSED', 'CANCELLED'];

/** The states that a ticket of a kind can have. */
export function statesOf(category: TicketCategory | null): readonly TicketStatus[] {
  return category === 'COMPLAINT' ? COMPLAINT_STATES : QUESTION_STATES;
}

export function oneOfStates(category: TicketCategory | null): Text {
  const states = statesOf(category);
  return text(`for ${category} one of ${states.join(', ')}`, `${category} 可为 ${states.join('、')}`);
}

/**
 * The state of a ticket that comes as history, and what does not fit together in it. Without a state of its own it is
 * closed when it has a closing time, else in work. A closed one without a resolution of its own was resolved when it
 * was closed. A complaint brings its deadline (TIC-12): no clock is started that could work one out.
 */
export function importedState(ticket: ImportedTicket, now: Date): ImportedState {
  const complaint = ticket.category === 'COMPLAINT';
  const status = ticket.status ?? (ticket.closedAt ? 'CLOSED' : complaint ? 'INVESTIGATING' : 'IN_PROGRESS');
  const resolvedAt = ticket.resolvedAt ?? (status === 'CLOSED' ? ticket.closedAt : null);
  const issues: { field: string; accepted: Text }[] = [];

  function expect(condition: boolean, field: string, accepted: Text): void {
    if (!condition) issues.push({ field, accepted });
  }

  expect(statesOf(ticket.category).includes(status), 'status', oneOfStates(ticket.category));
  expect(
    status !== 'CLOSED' || ticket.closedAt !== null,
    'closedAt',
    text('not empty: a closed ticket has the time when it was closed', '不能为空：已关闭工单须有关闭时间'),
  );
  expect(
    ticket.closedAt === null || ENDED.includes(status),
    'closedAt',
    text(`empty in state ${status}`, `${status} 状态下须为空`),
  );
  expect(
    ticket.resolvedAt === null || SETTLED.includes(status),
    'resolvedAt',
    text(`empty in state ${status}`, `${status} 状态下须为空`),
  );
  expect(
    !complaint || ticket.resolutionDueAt !== null,
    'resolutionDueAt',
    text('not empty: a complaint has a deadline (TIC-12)', '不能为空：投诉必须有办结期限（TIC-12）'),
  );
  expect((ticket.openedAt ?? now) <= now, 'openedAt', text('not in the future', '不能晚于当前时间'));
  for (const field of ['acknowledgedAt', 'firstRespondedAt', 'resolvedAt', 'closedAt'] as const) {
    const at = ticket[field];
    expect(at === null || at <= now, field, text('not in the future', '不能晚于当前时间'));
    expect(
      at === null || ticket.openedAt === null || at >= ticket.openedAt,
      field,
      text('not before the ticket was opened', '不能早于受理时间'),
    );
  }
  expect(
    ticket.resolvedAt === null || ticket.closedAt === null || ticket.resolvedAt <= ticket.closedAt,
    'resolvedAt',
    text('not after the ticket was closed', '不能晚于关闭时间'),
  );
  return { status, resolvedAt, issues };
}

/** The nearest deadline that an imported ticket has not met: its place in its queue. Null once it is answered or over. */
export function nextDeadline(ticket: {
  readonly status: TicketStatus;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgeDueAt: Date | null;
  readonly firstRespondedAt: Date | null;
  readonly firstResponseDueAt: Date | null;
  readonly resolvedAt: Date | null;
  readonly resolutionDueAt: Date | null;
}): Date | null {
  if (ticket.resolvedAt !== null || SETTLED.includes(ticket.status)) return null;
  const unmet = [
    ticket.acknowledgedAt === null ? ticket.acknowledgeDueAt : null,
    ticket.firstRespondedAt === null ? ticket.firstResponseDueAt : null,
    ticket.resolutionDueAt,
  ].filter((at) => at !== null);
  return unmet.length === 0 ? null : new Date(Math.min(...unmet.map((at) => at.getTime())));
}
