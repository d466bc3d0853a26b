import { withReplacement } from '../../approvals/rules.ts';
import type { KeyAccountLevel, Role } from '../../generated/prisma/enums.ts';
import type { ChainStep } from '../../lib/approval-chain.ts';

/**
 * The steps that a proposal still needs (KEY-17). Who asks has said yes by asking: a step that they could decide falls
 * away, so that KA_SUPERVISOR's proposal goes to HEAD, and HEAD's to KA_SUPERVISOR. Nobody decides alone: the last step of
 * who holds every role goes to COMPANY_LEADER.
 */
export function remainingSteps(steps: readonly ChainStep[], requesterRoles: readonly Role[]): ChainStep[] {
  const roles: readonly string[] = requesterRoles;
  const others = steps.filter(({ approvers }) => !approvers.some(({ role }) => roles.includes(role)));
  if (others.length > 0) return others;
  return steps
    .slice(-1)
    .flatMap((last) =>
      last.approvers.reduce<ChainStep[]>(
        (left, { role }) => withReplacement(left, requesterRoles, role as Role, 'COMPANY_LEADER'),
        [{ ...last, approvers: last.approvers.slice(0, 1) }],
      ),
    );
}

/** What an approval of a proposal holds for, and for nothing that it becomes. */
export interface ProposalTerms {
  readonly kind: string;
  readonly customerId: string;
  readonly level: KeyAccountLevel;
  readonly annualRevenueTarget: string;
  readonly specialistId: string | null;
  readonly supervisorId: string | null;
  readonly isSpecial: boolean | null;
}

export function termsOf(proposal: ProposalTerms): string {
  const { kind, customerId, level, annualRevenueTarget, specialistId, supervisorId, isSpecial } = proposal;
  return JSON.stringify([
    kind,
    customerId,
    level,
    annualRevenueTarget,
    specialistId,
    supervisorId,
    isSpecial,
  ]);
}
