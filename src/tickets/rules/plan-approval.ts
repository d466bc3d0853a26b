import { withReplacement } from '../../approvals/rules.ts';
import type { Role } from '../../generated/prisma/enums.ts';
import type { Chain, ChainStep } from '../../lib/approval-chain.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';

/** The steps of a plan's approval: a plan of HEAD's own goes to COMPANY_LEADER, as HEAD's own claims do (BUD-07). */
export function planSteps(chain: Chain, proposerRoles: readonly Role[]): ChainStep[] {
  return withReplacement(chain.steps, proposerRoles, 'HEAD', 'COMPANY_LEADER');
}

/** Whether somebody has a part in deciding plans at all, of whatever ticket. */
export function decidesPlans(chain: Chain, viewer: Pick<Viewer, 'roles'>): boolean {
  const roles: readonly string[] = viewer.roles;
  return chain.steps.some(({ approvers }) => approvers.some(({ role }) => roles.includes(role)));
}
