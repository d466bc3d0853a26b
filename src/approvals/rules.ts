import type { ApprovalDecision, ApprovalState, Role } from '../generated/prisma/enums.ts';
import type { Approver, ChainStep } from '../lib/approval-chain.ts';
import type { BusinessCalendar } from '../lib/business-calendar.ts';
import { parseDuration } from '../lib/duration.ts';
import { Forbidden, IllegalTransition, Issues } from '../lib/errors.ts';
import { type Text, text } from '../lib/text.ts';
import { allowedActions, transition, type Workflow } from '../lib/workflow.ts';

type ApprovalAction = 'APPROVE' | 'REFUSE' | 'WITHDRAW' | 'VOID';

/** What has ended stays as it is: another request follows it. */
const WORKFLOW: Workflow<ApprovalState, ApprovalAction> = {
  PENDING: { APPROVE: 'APPROVED', REFUSE: 'REFUSED', WITHDRAW: 'WITHDRAWN', VOID: 'VOID' },
  APPROVED: {},
  REFUSED: {},
  VOID: {},
  WITHDRAWN: {},
};

/** What may happen to an approval; throws IllegalTransition where it has ended. */
export function endedBy(state: ApprovalState, action: ApprovalAction): ApprovalState {
  return transition(WORKFLOW, state, action);
}

/** Where a decision takes an approval: to its next step, or to its end. A refusal ends it at any step. */
export function decideStep(
  approval: { readonly state: ApprovalState; readonly step: number; readonly steps: number },
  decision: ApprovalDecision,
): { readonly state: ApprovalState; readonly step: number } {
  const ended = endedBy(approval.state, decision);
  return decision === 'APPROVE' && approval.step < approval.steps
    ? { state: 'PENDING', step: approval.step + 1 }
    : { state: ended, step: approval.step };
}

/** A way in which somebody may decide a step: by a role of their own, or by another person's that was lent to them. */
export interface Seat {
  /** Whose role it is. */
  readonly holderId: string;
  /** Null for an own role. */
  readonly delegationId: string | null;
  /** True where the approval was asked for by the person who sits here, or by the person whose power it is. */
  readonly own: boolean;
}

/** The seat by which somebody decides: an own role before a lent one. Nobody decides their own request, nor one by the power of who asked. */
export function seatToDecide(seats: readonly Seat[], approvers: readonly Approver[]): Seat {
  if (seats.length === 0) throw new Forbidden(approvers.map(({ role }) => role));
  const free = seats.filter(({ own }) => !own);
  const seat = free.find(({ delegationId }) => delegationId === null) ?? free[0];
  if (!seat) {
    throw new Forbidden(
      ['another approver'],
      text('Nobody decides their own request.', '不能审批自己的申请。'),
    );
  }
  return seat;
}

/**
 * Who decides a step instead where the person who asks holds the one role that would: plain replacement by another role
 * (BUD-07: HEAD's own goes to COMPANY_LEADER). A step that another role can decide stays as it is.
 */
export function withReplacement(
  steps: readonly ChainStep[],
  requesterRoles: readonly Role[],
  own: Role,
  replacement: Role,
): ChainStep[] {
  if (!requesterRoles.includes(own)) return [...steps];
  return steps.map((step) =>
    step.approvers.every(({ role }) => role === own)
      ? { ...step, approvers: [{ role: replacement, scope: 'ALL' }] }
      : step,
  );
}

/** When a step is due, and when its approvers are warned: `share` of its time before. */
export function stepLimit(
  within: string,
  from: number,
  calendar: BusinessCalendar,
  share: number,
): { readonly warnAt: Date; readonly dueAt: Date } {
  const { days, milliseconds } = parseDuration(within);
  if (days === 0) {
    return { warnAt: new Date(from + milliseconds * share), dueAt: new Date(from + milliseconds) };
  }
  const open = days * calendar.businessDayMs + milliseconds;
  return { warnAt: new Date(calendar.add(from, open * share)), dueAt: new Date(calendar.add(from, open)) };
}

const REASON_LENGTH = 2_000;

/** A reason in words, not too long to be read. */
export function expectReason(issues: Issues, reason: string, what: Text): void {
  issues.expect(reason.trim().length > 0, 'reason', what);
  issues.expect(
    reason.length <= REASON_LENGTH,
    'reason',
    text(`at most ${REASON_LENGTH} characters`, `最多 ${REASON_LENGTH} 字`),
  );
}

/** A delegation of the future or of now, to another person, for a time that is not too long. */
export function checkDelegation(
  delegation: {
    readonly delegatorId: string;
    readonly delegateId: string;
    readonly delegateWorks: boolean;
    readonly validFrom: Date;
    readonly validTo: Date;
    readonly reason: string;
  },
  now: Date,
  longestDays: number,
): void {
  const { delegatorId, delegateId, delegateWorks, validFrom, validTo, reason } = delegation;
  const issues = new Issues();
  issues.expect(
    delegateId !== delegatorId && delegateWorks,
    'delegateId',
    text('another person who works here and has a role', '另一位在职且有角色的员工'),
  );
  issues.expect(validFrom >= now, 'validFrom', text('now or later', '不早于当前时间'));
  issues.expect(validTo > validFrom, 'validTo', text('after validFrom', '晚于 validFrom'));
  issues.expect(
    validTo.getTime() - validFrom.getTime() <= longestDays * 86_400_000,
    'validTo',
    text(
      `at most ${longestDays} days after validFrom (approval.delegationDays)`,
      `不晚于 validFrom 之后 ${longestDays} 天（approval.delegationDays）`,
    ),
  );
  expectReason(issues, reason, text('why approvals are delegated', '委托理由'));
  issues.throwIfAny();
}

type DelegationState = 'PLANNED' | 'IN_FORCE' | 'ENDED' | 'REVOKED';

interface DelegationTimes {
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly revokedAt: Date | null;
}

/** In force from its first instant up to, not including, its last, unless it was revoked. */
export function delegationState(delegation: DelegationTimes, now: Date): DelegationState {
  if (delegation.revokedAt !== null) return 'REVOKED';
  if (now >= delegation.validTo) return 'ENDED';
  return now >= delegation.validFrom ? 'IN_FORCE' : 'PLANNED';
}

const OVER: readonly DelegationState[] = ['ENDED', 'REVOKED'];

/** A delegation is taken back before it has ended; what was decided by it stays decided. */
export function requireRevocable(delegation: DelegationTimes, now: Date): void {
  const state = delegationState(delegation, now);
  if (OVER.includes(state)) throw new IllegalTransition(state, 'REVOKE', []);
}

interface Right {
  readonly action: string;
  readonly allowed: boolean;
  readonly reason: string | null;
}

function right(action: string, reason: string | null): Right {
  return { action, allowed: reason === null, reason };
}

/** What a viewer may do with an approval, as data. `seats` are those that fit the step that is due. */
export function approvalActions(
  approval: { readonly state: ApprovalState; readonly requesterId: string | null },
  viewer: { readonly employeeId: string },
  seats: { readonly decides: boolean; readonly own: boolean },
  withdrawable: boolean,
): Right[] {
  const over = allowedActions(WORKFLOW, approval.state).length === 0 ? `STATE_${approval.state}` : null;
  const asks = approval.requesterId === viewer.employeeId;
  return [
    right('approvalDecide', over ?? (seats.decides ? null : seats.own ? 'OWN_REQUEST' : 'FORBIDDEN')),
    right('approvalWithdraw', !asks ? 'FORBIDDEN' : (over ?? (withdrawable ? null : 'NOT_WITHDRAWABLE'))),
  ];
}

/** What a viewer may do with a delegation, as data. */
export function delegationActions(
  delegation: DelegationTimes & { readonly delegatorId: string },
  viewer: { readonly employeeId: string },
  now: Date,
): Right[] {
  const state = delegationState(delegation, now);
  const over = OVER.includes(state) ? `STATE_${state}` : null;
  return [
    right('approvalDelegationRevoke', delegation.delegatorId === viewer.employeeId ? over : 'FORBIDDEN'),
  ];
}
