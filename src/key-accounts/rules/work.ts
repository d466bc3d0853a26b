import type {
  CareActionState,
  CustomerRequirementState,
  KeyAccountProjectState,
  ServiceRequestState,
} from '../../generated/prisma/enums.ts';
import type { Issues } from '../../lib/errors.ts';
import { cents, fromCents, isMoney } from '../../lib/money.ts';
import { InvalidPeriod, parsePeriod, type Period } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Workflow } from '../../lib/workflow.ts';

export type ProjectAction = 'APPROVE' | 'REJECT' | 'START' | 'PROGRESS' | 'FINISH';

/** A project is declared, decided on, worked on and done (KEY-20). */
export const PROJECT_WORKFLOW: Workflow<KeyAccountProjectState, ProjectAction> = {
  DECLARED: { APPROVE: 'APPROVED', REJECT: 'REJECTED' },
  APPROVED: { START: 'IN_PROGRESS' },
  REJECTED: {},
  IN_PROGRESS: { PROGRESS: 'IN_PROGRESS', FINISH: 'DONE' },
  DONE: {},
};

/** What only who approves key accounts decides, and not of an own project. */
export const PROJECT_DECISIONS: readonly ProjectAction[] = ['APPROVE', 'REJECT'];

export type RequestAction = 'PROGRESS' | 'FINISH' | 'CANCEL';

/** A request is followed closely until it is done (KEY-23). */
export const REQUEST_WORKFLOW: Workflow<ServiceRequestState, RequestAction> = {
  OPEN: { PROGRESS: 'IN_PROGRESS', FINISH: 'DONE', CANCEL: 'CANCELLED' },
  IN_PROGRESS: { PROGRESS: 'IN_PROGRESS', FINISH: 'DONE', CANCEL: 'CANCELLED' },
  DONE: {},
  CANCELLED: {},
};

export type RequirementAction = 'MEET' | 'DECLINE';

export const REQUIREMENT_WORKFLOW: Workflow<CustomerRequirementState, RequirementAction> = {
  OPEN: { MEET: 'MET', DECLINE: 'DECLINED' },
  MET: {},
  DECLINED: {},
};

export type CareEnd = 'FINISH' | 'CANCEL';

export const CARE_WORKFLOW: Workflow<CareActionState, CareEnd> = {
  PLANNED: { FINISH: 'DONE', CANCEL: 'CANCELLED' },
  DONE: {},
  CANCELLED: {},
};

/** A step of a project: what is to be reached by when. */
export interface Milestone {
  readonly number: number;
  readonly title: string;
  /** YYYY-MM-DD. */
  readonly dueOn: string;
  readonly doneAt: string | null;
  readonly note: string | null;
}

/** The milestones of a new project, in the order of their days. */
export function newMilestones(
  given: readonly { readonly title: string; readonly dueOn: string }[],
): Milestone[] {
  return [...given]
    .sort((one, other) => (one.dueOn < other.dueOn ? -1 : one.dueOn > other.dueOn ? 1 : 0))
    .map(({ title, dueOn }, index) => ({
      number: index + 1,
      title: title.trim(),
      dueOn,
      doneAt: null,
      note: null,
    }));
}

/** From which revenue which share is paid back, in percent with two places at most. */
export interface IncentiveStep {
  readonly from: string;
  readonly percent: string;
}

export function checkSteps(issues: Issues, steps: readonly IncentiveStep[]): void {
  issues.expect(
    steps.length > 0 &&
      steps.length <= 20 &&
      steps.every(
        ({ from, percent }) =>
          isMoney(from) &&
          cents(from) >= 0n &&
          isMoney(percent) &&
          cents(percent) > 0n &&
          cents(percent) <= 10_000n,
      ) &&
      steps.every((step, at) => {
        const before = steps[at - 1];
        return (
          !before || (isMoney(before.from) && isMoney(step.from) && cents(before.from) < cents(step.from))
        );
      }),
    'steps',
    text(
      '1 to 20 steps of rising revenue, each with a percentage above 0 and up to 100',
      '1 至 20 档，营业额递增，每档返利百分比大于 0 且不超过 100',
    ),
  );
}

/** What a revenue earns: the share of the highest step that it reaches, of all of it; cut to the cent (KEY-07). */
export function earnedOf(revenue: string, steps: readonly IncentiveStep[]): string {
  const amount = cents(revenue);
  const step = steps.filter(({ from }) => cents(from) <= amount).at(-1);
  return step ? fromCents((amount * cents(step.percent)) / 10_000n) : '0.00';
}

/** A month, quarter or year by its key; null for anything else. */
export function reportPeriod(key: string, timeZone: string): Period | null {
  try {
    const period = parsePeriod(key, timeZone);
    return ['MONTH', 'QUARTER', 'YEAR'].includes(period.kind) ? period : null;
  } catch (error) {
    if (error instanceof InvalidPeriod) return null;
    throw error;
  }
}
