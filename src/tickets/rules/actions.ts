import type { Chain } from '../../lib/approval-chain.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { decidesPlans } from './plan-approval.ts';
import { isOpen, isSettled, possibleActions, type TicketAction, type WorkflowFacts } from './workflow.ts';

/** The mutation of each action of the workflow. */
const MUTATIONS: Record<TicketAction, string> = {
  ACKNOWLEDGE: 'ticketAcknowledge',
  INVESTIGATE: 'ticketInvestigate',
  SET_RESPONSIBILITY: 'ticketSetResponsibility',
  PROPOSE_PLAN: 'ticketProposePlan',
  APPROVE_PLAN: 'ticketApprovePlan',
  REFUSE_PLAN: 'ticketApprovePlan',
  IMPLEMENT: 'ticketImplement',
  RESOLVE: 'ticketResolve',
  FOLLOW_UP: 'ticketFollowUp',
  CLOSE: 'ticketClose',
  REOPEN: 'ticketReopen',
  CANCEL: 'ticketCancel',
};

/** What can be done in any state in which work goes on. */
const WHILE_OPEN = [
  'ticketAssign',
  'ticketDispatch',
  'ticketReply',
  'ticketEscalate',
  'ticketRemind',
  'ticketMark',
  'ticketTransfer',
  'ticketSetSalePhase',
] as const;

/** What can be done in some of them. */
const SOMETIMES = ['ticketWait', 'ticketResume', 'ticketRelease', 'ticketLookup'] as const;

/** Null where the viewer decides on plans, or on the one that waits; else why not. */
export type PlanDecider = 'FORBIDDEN' | 'OWN_REQUEST' | null;

/** How a viewer stands to the decision on a ticket's plan: by the seat at the approval that waits for it, else by role. */
export function planDecider(
  chain: Chain,
  viewer: Viewer,
  seat: { readonly decides: boolean; readonly own: boolean } | null,
): PlanDecider {
  if (seat === null) return decidesPlans(chain, viewer) ? null : 'FORBIDDEN';
  if (seat.decides) return null;
  return seat.own ? 'OWN_REQUEST' : 'FORBIDDEN';
}

/** What a viewer may do with a ticket now, read from the same table as the commands. */
export function ticketActions(
  ticket: WorkflowFacts & { readonly waitingSince: Date | null; readonly assigneeId: string | null },
  writable: boolean,
  /** How the viewer stands to the decision on the plan. */
  plan: PlanDecider,
): { action: string; allowed: boolean; reason: string | null }[] {
  const possible = possibleActions(ticket);
  // A plan that may be carried out may also be resolved at once.
  if (possible.includes('IMPLEMENT')) possible.push('RESOLVE');
  // So may a question that nobody has taken up yet.
  if (ticket.category !== 'COMPLAINT' && possible.includes('INVESTIGATE')) possible.push('RESOLVE');
  const byState = new Set(possible.map((action) => MUTATIONS[action]));
  if (isOpen(ticket.status)) {
    for (const name of WHILE_OPEN) byState.add(name);
    byState.add(ticket.waitingSince ? 'ticketResume' : 'ticketWait');
    if (ticket.assigneeId !== null) byState.add('ticketRelease');
  }
  if (ticket.category === 'SHIPMENT_QUERY' && !isSettled(ticket.status)) byState.add('ticketLookup');
  const all = [...new Set([...Object.values(MUTATIONS), ...WHILE_OPEN, ...SOMETIMES])];
  return all.map((action) => {
    const refused = action === 'ticketApprovePlan' ? plan : writable ? null : 'FORBIDDEN';
    const reason = refused ?? (byState.has(action) ? null : `STATE_${ticket.status}`);
    return { action, allowed: reason === null, reason };
  });
}
