import type { DecisionOnSubject } from '../../approvals/commands/decide.ts';
import {
  decideApproval,
  fingerprintOf,
  type LockedApproval,
  lockApproval,
  lockPending,
  openApprovals,
  requireApprovalVersion,
  seatFor,
} from '../../approvals/commands/requests.ts';
import { endedBy } from '../../approvals/rules.ts';
import { Forbidden, invalid } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesAt } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { decidesPlans, planSteps } from '../rules/plan-approval.ts';
import { nextStatus, type TicketAction } from '../rules/workflow.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { syncClocks } from './clock.ts';
import { changeTicket, type LockedTicket, lockTicket, moveTicket } from './ticket.ts';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

interface ProposedPlan {
  /** The ticket's. */
  readonly id: string;
  readonly plan: string | null;
  /** Null where it is not known who proposed it. */
  readonly proposerId: string | null;
}

/** Asks for the approval of a serious complaint's plan (TIC-20); one that waits for an earlier plan is void. */
export async function askForPlan(
  tx: Command,
  { id, plan, proposerId }: ProposedPlan,
  directory: Directory,
  announced = true,
): Promise<void> {
  const roles =
    proposerId === null ? [] : rolesAt(directory.organisation, proposerId, tx.now, directory.timeZone);
  const request = {
    chain: 'COMPLAINT_PLAN',
    subjectId: id,
    requesterId: proposerId,
    fingerprint: fingerprintOf(plan ?? ''),
    steps: planSteps(tx.settings.get(TICKET_SETTINGS.planChain), roles),
    voids: 'PLAN_PROPOSED_ANEW',
    announced,
  } as const;
  await openApprovals(tx, [request], directory);
}

/** The same for a plan that was proposed before it needed approval. */
export async function askForWaitingPlan(
  tx: Command,
  ticket: Pick<LockedTicket, 'id' | 'plan'>,
  directory: Directory,
  announced = true,
): Promise<void> {
  const [proposal] = await tx.query<{ actorId: string | null }>(sql`
    select h.actor_id as "actorId" from ticket_history h
    where h.ticket_id = ${ticket.id}::uuid and h.action = 'PROPOSE_PLAN'
    order by h.at desc, h.id desc
    limit 1`);
  await askForPlan(tx, { ...ticket, proposerId: proposal?.actorId ?? null }, directory, announced);
}

export interface TicketApprovePlanInput {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
  readonly approve: boolean;
  readonly note?: string | null;
}

/** Decides on a serious complaint's plan by the chain `ticket.planChain`; a refused one is proposed anew (TIC-20). */
export async function ticketApprovePlan(
  tx: Command,
  viewer: Viewer,
  input: TicketApprovePlanInput,
  directory: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, { ...input, readOnly: true });
  const action = input.approve ? 'APPROVE_PLAN' : 'REFUSE_PLAN';
  const approval =
    (await lockPending(tx, 'COMPLAINT_PLAN', ticket.id)) ??
    (await openForDecision(tx, viewer, ticket, action, directory));
  return decidePlan(tx, viewer, { ticket, approval, action, reason: input.note ?? null }, directory);
}

/** The same through the door of approvals. */
export async function decidePlanApproval(
  tx: Command,
  viewer: Viewer,
  input: DecisionOnSubject,
  directory: Directory,
): Promise<void> {
  const ticket = await lockTicket(tx, viewer, input.subjectId, { readOnly: true });
  const approval = await lockApproval(tx, input.approvalId);
  const action = input.decision === 'APPROVE' ? 'APPROVE_PLAN' : 'REFUSE_PLAN';
  const { reason, expectedVersion } = input;
  await decidePlan(tx, viewer, { ticket, approval, action, reason, expectedVersion }, directory);
}

/** A plan that came without a request, as imported ones do, is asked for in the moment in which it is decided. */
async function openForDecision(
  tx: Command,
  viewer: Viewer,
  ticket: LockedTicket,
  action: TicketAction,
  directory: Directory,
): Promise<LockedApproval> {
  const chain = tx.settings.get(TICKET_SETTINGS.planChain);
  if (!decidesPlans(chain, viewer)) {
    throw new Forbidden(chain.steps.flatMap(({ approvers }) => approvers.map(({ role }) => role)));
  }
  nextStatus(ticket, action);
  await askForWaitingPlan(tx, ticket, directory, false);
  const opened = await lockPending(tx, 'COMPLAINT_PLAN', ticket.id);
  if (!opened) throw new Error('The approval that was just opened is gone.');
  return opened;
}

async function decidePlan(
  tx: Command,
  viewer: Viewer,
  given: {
    readonly ticket: LockedTicket;
    readonly approval: LockedApproval;
    readonly action: 'APPROVE_PLAN' | 'REFUSE_PLAN';
    readonly reason: string | null;
    /** Of the approval, where it was named; its reason is then needed for either decision. */
    readonly expectedVersion?: number;
  },
  directory: Directory,
): Promise<{ ticketId: string }> {
  const { ticket, approval, action, reason, expectedVersion } = given;
  const decision = action === 'APPROVE_PLAN' ? 'APPROVE' : 'REFUSE';
  const seat = await seatFor(tx, viewer, approval);
  if (expectedVersion !== undefined) requireApprovalVersion(approval, expectedVersion);
  endedBy(approval.state, decision);
  nextStatus(ticket, action);
  if (!reason?.trim()) {
    if (expectedVersion !== undefined) throw invalid('reason', text('why it is decided so', '审批理由'));
    if (decision === 'REFUSE') throw invalid('note', text('why the plan is refused', '不批准的原因'));
  }
  const fingerprint = fingerprintOf(ticket.plan ?? '');
  const ended = await decideApproval(
    tx,
    viewer,
    approval,
    { decision, reason, fingerprint, seat },
    directory,
  );
  if (ended === 'PENDING') await changeTicket(tx, ticket, { action: 'APPROVE_PLAN_STEP', note: reason });
  else await moveTicket(tx, ticket, action, { note: reason, data: { planDecidedAt: tx.now } });
  await syncClocks(tx, [ticket.id], directory.timeZone);
  return { ticketId: ticket.id };
}
