import type { CustomerLifecycle } from '../../generated/prisma/enums.ts';
import { IllegalTransition, type InvalidInput, invalid, type Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { allowedActions, transition, type Workflow } from '../../lib/workflow.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { hasRole } from '../../organisation/rules/viewer.ts';

export type StageAction =
  | 'MAKE_LEAD'
  | 'BACK_TO_TARGET'
  | 'QUALIFY'
  | 'BACK_TO_LEAD'
  | 'REGISTER'
  | 'GO_DORMANT'
  | 'WAKE'
  | 'LOSE'
  | 'WIN_BACK';

/** Life stages follow one another as CUS-36 says. */
const STAGES: Workflow<CustomerLifecycle, StageAction> = {
  TARGET: { MAKE_LEAD: 'LEAD' },
  LEAD: { QUALIFY: 'QUALIFIED', BACK_TO_TARGET: 'TARGET' },
  QUALIFIED: { REGISTER: 'ACTIVE', BACK_TO_LEAD: 'LEAD' },
  ACTIVE: { GO_DORMANT: 'DORMANT', LOSE: 'LOST' },
  DORMANT: { WAKE: 'ACTIVE', WIN_BACK: 'ACTIVE', LOSE: 'LOST' },
  LOST: { WIN_BACK: 'ACTIVE' },
};

/** Where an action leads from a stage; IllegalTransition where it is not possible. */
export function nextStage(from: CustomerLifecycle, action: StageAction): CustomerLifecycle {
  return transition(STAGES, from, action);
}

export function stageActionPossible(from: CustomerLifecycle, action: StageAction): boolean {
  return allowedActions(STAGES, from).includes(action);
}

/** What a change of facts may do to the stage; the other stages have mutations of their own, with what they need. */
const BY_HAND: readonly StageAction[] = ['MAKE_LEAD', 'BACK_TO_TARGET', 'QUALIFY', 'BACK_TO_LEAD'];

/** The stage that a change of facts asks for; the one that stands is always possible. */
export function stageByHand(from: CustomerLifecycle, to: CustomerLifecycle): CustomerLifecycle {
  if (from === to) return to;
  const possible = BY_HAND.filter((action) => stageActionPossible(from, action)).map((action) =>
    nextStage(from, action),
  );
  if (!possible.includes(to)) throw new IllegalTransition(from, to, possible);
  return to;
}

/** CUS-06: the clerk registers. */
export const REGISTERS = ['MARKETING_CLERK'] as const;

export function registers(viewer: Viewer): boolean {
  return hasRole(viewer, ...REGISTERS);
}

const CONTRACT_NUMBER_MOST = 60;

/** A contract's number as it is kept: without blanks around it, in the letters that it is compared by. */
export function contractNumber(issues: Issues, written: string): string {
  const number = written.normalize('NFKC').trim();
  issues.expect(
    number.length > 0 && number.length <= CONTRACT_NUMBER_MOST,
    'contractNumber',
    text(
      `the number of the signed contract, at most ${CONTRACT_NUMBER_MOST} characters`,
      `已签订合同的编号，最多 ${CONTRACT_NUMBER_MOST} 字`,
    ),
  );
  return number;
}

export function contractNumberTaken(): InvalidInput {
  return invalid(
    'contractNumber',
    text('a number that no other customer has; contract numbers are unique', '未被其他客户使用的合同编号'),
  );
}

/** Who names the keeper of a file; of a grade A file HEAD alone (CUS-21, CFL-28). */
export const NAMES_CUSTODIANS = ['HEAD', 'SALES_SUPERVISOR'] as const;
