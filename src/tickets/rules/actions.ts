import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { isOpen, possibleActions, type TicketAction, type WorkflowFacts } from './workflow.ts';

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
const WHILE_OPEN = ['ticketAssign', 'ticketDispatch', 'ticketReply', 'ticketEscalate'] as const;

/** What a viewer may do with a ticket now, read from the same table as the commands. */
export function ticketActions(
  viewer: Viewer,
  ticket: WorkflowFacts & { readonly waitingSince: Date | null },
  writable: boolean,
): { action: string; allowed: boolean; reason: string | null }[] {
  const possible = possibleActions(ticket);
  // A plan that may be carried out may also be resolved at once.
  if (possible.includes('IMPLEMENT')) possible.push('RESOLVE');
  const byState = new Set(possible.map((action) => MUTATIONS[action]));
  if (isOpen(ticket.status)) {
    for (const name of WHILE_OPEN) byState.add(name);
    byState.add(ticket.waitingSince ? 'ticketResume' : 'ticketWait');
  }
  const all = [...new Set([...Object.values(MUTATIONS), ...WHILE_OPEN, 'ticketWait', 'ticketResume'])];
  return all.map((action) => {
    const permitted = writable && (action !== 'ticketApprovePlan' || hasRole(viewer, 'HEAD'));
    const reason = !permitted ? 'FORBIDDEN' : byState.has(action) ? null : `STATE_${ticket.status}`;
    return { action, allowed: reason === null, reason };
  });
}
