import { Forbidden } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { allowedActions, transition, type Workflow } from '../lib/workflow.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';

export type SettingChangeState = 'PROPOSED' | 'APPROVED' | 'REFUSED';
export type SettingDecision = 'APPROVE' | 'REFUSE';

/** ADMIN proposes, HEAD decides; what was decided stays as it is, another change follows it (section 26). */
const WORKFLOW: Workflow<SettingChangeState, SettingDecision> = {
  PROPOSED: { APPROVE: 'APPROVED', REFUSE: 'REFUSED' },
  APPROVED: {},
  REFUSED: {},
};

export interface ProposedChange {
  /** Null for what the product brought. */
  readonly proposedById: string | null;
  readonly approvedAt: Date | null;
  readonly refusedAt: Date | null;
}

export function stateOf({ approvedAt, refusedAt }: ProposedChange): SettingChangeState {
  if (refusedAt) return 'REFUSED';
  return approvedAt ? 'APPROVED' : 'PROPOSED';
}

/** Why a viewer cannot decide a change now; null when nothing is in the way. */
function obstacle(change: ProposedChange, viewer: Viewer): 'FORBIDDEN' | 'OWN_PROPOSAL' | 'STATE' | null {
  if (!can(viewer, 'setting', 'approve')) return 'FORBIDDEN';
  if (allowedActions(WORKFLOW, stateOf(change)).length === 0) return 'STATE';
  return change.proposedById === viewer.employeeId ? 'OWN_PROPOSAL' : null;
}

/** The state a decision leads to, or the error that says why not; nobody decides their own proposal. */
export function decideChange(
  change: ProposedChange,
  decision: SettingDecision,
  viewer: Viewer,
): SettingChangeState {
  const found = obstacle(change, viewer);
  if (found === 'FORBIDDEN') throw new Forbidden(rolesWith('setting', 'approve'));
  if (found === 'OWN_PROPOSAL') {
    throw new Forbidden(
      ['another approver'],
      text('Nobody decides their own proposal.', '不能审批自己的提议。'),
    );
  }
  return transition(WORKFLOW, stateOf(change), decision);
}

/** What a viewer may do with a change, as data. */
export function changeActions(
  change: ProposedChange,
  viewer: Viewer,
  action = 'settingDecide',
): { action: string; allowed: boolean; reason: string | null }[] {
  const found = obstacle(change, viewer);
  const reason = found === 'STATE' ? `STATE_${stateOf(change)}` : found;
  return [{ action, allowed: reason === null, reason }];
}

/** From when a change applies once it is approved: never from before that, for what was decided meanwhile stays decided. */
export function effectiveFrom(validFrom: Date, approvedAt: Date): Date {
  return validFrom > approvedAt ? validFrom : approvedAt;
}
