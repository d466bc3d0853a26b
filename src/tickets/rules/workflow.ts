import type { TicketCategory, TicketSeverity, TicketStatus } from '../../generated/prisma/enums.ts';
import { allowedActions, transition, type Workflow } from '../../lib/workflow.ts';

/** What can happen to a ticket's state. */
export type TicketAction =
  | 'ACKNOWLEDGE'
  | 'INVESTIGATE'
  | 'SET_RESPONSIBILITY'
  | 'PROPOSE_PLAN'
  | 'APPROVE_PLAN'
  | 'REFUSE_PLAN'
  | 'IMPLEMENT'
  | 'RESOLVE'
  | 'FOLLOW_UP'
  | 'CLOSE'
  | 'REOPEN'
  | 'CANCEL';

type TicketWorkflow = Workflow<TicketStatus, TicketAction>;

const NEVER = {};

/** States of a complaint (rulebook section 6, TIC-17). Cancelling is for duplicates only. */
const COMPLAINT = {
  RECEIVED: { ACKNOWLEDGE: 'ACKNOWLEDGED', CANCEL: 'CANCELLED' },
  ACKNOWLEDGED: { INVESTIGATE: 'INVESTIGATING', CANCEL: 'CANCELLED' },
  INVESTIGATING: { SET_RESPONSIBILITY: 'RESPONSIBILITY_SET', CANCEL: 'CANCELLED' },
  RESPONSIBILITY_SET: { SET_RESPONSIBILITY: 'RESPONSIBILITY_SET', PROPOSE_PLAN: 'PLAN_PROPOSED' },
  PLAN_PROPOSED: { PROPOSE_PLAN: 'PLAN_PROPOSED', IMPLEMENT: 'IMPLEMENTING' },
  PLAN_APPROVED: { IMPLEMENT: 'IMPLEMENTING' },
  IMPLEMENTING: { RESOLVE: 'RESOLVED' },
  RESOLVED: { FOLLOW_UP: 'FOLLOW_UP' },
  FOLLOW_UP: { FOLLOW_UP: 'FOLLOW_UP', CLOSE: 'CLOSED', REOPEN: 'INVESTIGATING' },
  CLOSED: { REOPEN: 'INVESTIGATING' },
  CANCELLED: NEVER,
  IN_PROGRESS: NEVER,
  ANSWERED: NEVER,
} as const satisfies TicketWorkflow;

/** A serious complaint's plan is carried out only after HEAD has approved it (TIC-20). */
const SERIOUS: TicketWorkflow = {
  ...COMPLAINT,
  PLAN_PROPOSED: {
    PROPOSE_PLAN: 'PLAN_PROPOSED',
    APPROVE_PLAN: 'PLAN_APPROVED',
    REFUSE_PLAN: 'RESPONSIBILITY_SET',
  },
};

/** Where the company is not responsible there is nothing to plan: the explanation settles it (TIC-15). */
function withoutPlan(workflow: TicketWorkflow): TicketWorkflow {
  return {
    ...workflow,
    RESPONSIBILITY_SET: { SET_RESPONSIBILITY: 'RESPONSIBILITY_SET', RESOLVE: 'RESOLVED' },
  };
}

/** States of inquiries and shipment queries. */
const QUESTION: TicketWorkflow = {
  RECEIVED: { ACKNOWLEDGE: 'IN_PROGRESS', INVESTIGATE: 'IN_PROGRESS', CANCEL: 'CANCELLED' },
  IN_PROGRESS: { RESOLVE: 'ANSWERED', CANCEL: 'CANCELLED' },
  ANSWERED: { CLOSE: 'CLOSED', REOPEN: 'IN_PROGRESS' },
  CLOSED: { REOPEN: 'IN_PROGRESS' },
  CANCELLED: NEVER,
  ACKNOWLEDGED: NEVER,
  INVESTIGATING: NEVER,
  RESPONSIBILITY_SET: NEVER,
  PLAN_PROPOSED: NEVER,
  PLAN_APPROVED: NEVER,
  IMPLEMENTING: NEVER,
  RESOLVED: NEVER,
  FOLLOW_UP: NEVER,
};

/** The facts that choose a ticket's workflow. */
export interface WorkflowFacts {
  readonly category: TicketCategory;
  readonly severity: TicketSeverity;
  readonly status: TicketStatus;
  readonly liability: 'NOT_COMPANY' | 'COMPANY' | 'SHARED' | null;
}

function workflowOf(ticket: WorkflowFacts): TicketWorkflow {
  if (ticket.category !== 'COMPLAINT') return QUESTION;
  const workflow = ticket.severity === 'SERIOUS' ? SERIOUS : COMPLAINT;
  return ticket.liability === 'NOT_COMPANY' ? withoutPlan(workflow) : workflow;
}

/** The next state, or IllegalTransition with what is possible now. */
export function nextStatus(ticket: WorkflowFacts, action: TicketAction): TicketStatus {
  return transition(workflowOf(ticket), ticket.status, action);
}

export function possibleActions(ticket: WorkflowFacts): TicketAction[] {
  return allowedActions(workflowOf(ticket), ticket.status);
}

/** A ticket that has been answered or resolved, or is over: nobody waits for an answer of ours. */
export function isSettled(status: TicketStatus): boolean {
  return !isOpen(status) || status === 'RESOLVED' || status === 'FOLLOW_UP' || status === 'ANSWERED';
}

/** A ticket on which work is still to be done; its limits run until it is resolved. */
export function isOpen(status: TicketStatus): boolean {
  return status !== 'CLOSED' && status !== 'CANCELLED';
}
