import type {
  CustomerGrade,
  GradeCandidateState,
  GradingComponent,
  GradingScope,
} from '../generated/prisma/enums.ts';
import type { Issues } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';
import type { Workflow } from '../lib/workflow.ts';

export interface GradingWeights {
  readonly sales: number;
  readonly growth: number;
  readonly size: number;
  readonly profit: number;
  readonly likelihood: number;
  readonly regionAndNature: number;
}

/** In percent of the population; D is part of C. */
export interface GradingShares {
  readonly A: number;
  readonly B: number;
  readonly C: number;
}

/** Everything that a grade follows from beside the facts (CUS-27, CFL-01, CFL-02). */
export interface GradingPolicy {
  readonly weights: GradingWeights;
  readonly shares: GradingShares;
  readonly scope: GradingScope;
  readonly enableD: boolean;
  readonly tailD: number;
  readonly keyAccountMinGrade: CustomerGrade;
}

/** A component of a score as it was counted; numbers are exact text, null where it is not known. */
export interface ScoredComponent {
  readonly component: GradingComponent;
  readonly raw: string | null;
  /** 0 to 100. */
  readonly scaled: string | null;
  /** In percent of the weights of all components that are known; null where it is missing. */
  readonly weight: string | null;
}

/** How many components are named as the reasons of a proposal. */
const REASONS = 2;

/** The components that speak most for a change: the strongest ones upward, the weakest ones downward (EVT-31). */
export function reasonsOf(
  components: readonly ScoredComponent[],
  from: CustomerGrade | null,
  to: CustomerGrade,
): GradingComponent[] {
  const downward = from !== null && to > from;
  const pull = ({ scaled, weight }: ScoredComponent) => {
    const value = Number(scaled);
    return Number(weight) * (downward ? 100 - value : value);
  };
  return components
    .filter(({ scaled }) => scaled !== null)
    .sort((one, other) => pull(other) - pull(one))
    .slice(0, REASONS)
    .map(({ component }) => component);
}

export type GradeDecision = 'CONFIRM' | 'REFUSE';

/** What is decided stays decided: another proposal follows it (CUS-22). */
export const CANDIDATE_WORKFLOW: Workflow<GradeCandidateState, GradeDecision> = {
  OPEN: { CONFIRM: 'CONFIRMED', REFUSE: 'REFUSED' },
  CONFIRMED: {},
  REFUSED: {},
  SUPERSEDED: {},
};

/** CS_AGENT proposes for whom they know of, an account manager for the customers that they own (CFL-33). */
export function mayPropose(
  viewer: Viewer,
  customer: { readonly ownerId: string | null; readonly level: number; readonly grade: CustomerGrade | null },
): boolean {
  const knows = customer.level > 1 || customer.grade !== 'A';
  if (viewer.rights.has('grading:propose:ALL')) return knows;
  return (
    viewer.rights.has('grading:propose:ASSIGNED') &&
    customer.ownerId === viewer.employeeId &&
    customer.level > 1
  );
}

/** What a viewer may do with a candidate, as data. */
export function candidateActions(
  viewer: Viewer,
  { state, readable }: { readonly state: GradeCandidateState; readonly readable: boolean },
): { action: string; allowed: boolean; reason: string | null }[] {
  const reason = !can(viewer, 'grading', 'approve')
    ? 'FORBIDDEN'
    : !readable
      ? 'GRADE_A_DEDICATED_ONLY'
      : state === 'OPEN'
        ? null
        : `STATE_${state}`;
  return [{ action: 'gradeCandidateDecide', allowed: reason === null, reason }];
}

const REASON_MAX = 2_000;

export function expectReason(issues: Issues, reason: string | null | undefined): void {
  issues.expect(
    reason != null && reason.trim().length > 0 && reason.length <= REASON_MAX,
    'reason',
    text(`why, in at most ${REASON_MAX} characters`, `原因，最多 ${REASON_MAX} 字`),
  );
}

/** What may be tried instead of the policy in force; the shares of the grades make a whole (CUS-24). */
export function checkPolicy(issues: Issues, { weights, shares }: GradingPolicy): void {
  for (const [name, weight] of Object.entries(weights)) {
    issues.expect(
      weight >= 0 && weight <= 100,
      `weights.${name}`,
      text('a weight from 0 to 100', '0 到 100 的权重'),
    );
  }
  issues.expect(
    Object.values(weights).some((weight) => weight > 0),
    'weights',
    text('one weight above 0', '至少一个权重大于 0'),
  );
  for (const grade of ['A', 'B', 'C'] as const) {
    issues.expect(
      shares[grade] >= 0 && shares[grade] <= 100,
      `shares.${grade}`,
      text('a share from 0 to 100 percent', '0 到 100 的百分比'),
    );
  }
  issues.expect(
    Math.abs(shares.A + shares.B + shares.C - 100) < 1e-9,
    'shares',
    text('shares that add up to 100; D is part of C', '各等级占比合计为 100，D 计入 C'),
  );
}
