import type { CustomerGrade, CustomerLifecycle } from '../../generated/prisma/enums.ts';
import { can, hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { NAMES_CUSTODIANS, registers, type StageAction, stageActionPossible } from './stages.ts';

/** CUS-09: who makes staff correct a file. */
export const ASKS_FOR_CORRECTIONS = ['HEAD', 'SALES_SUPERVISOR'] as const;

/** CUS-07: who urges owners to complete a file. */
export const REMINDS = ['MARKETING_CLERK'] as const;

interface Told {
  readonly action: string;
  readonly allowed: boolean;
  readonly reason: string | null;
}

/** What a viewer may do with the life stage and the file of a customer, and why not. */
export function fileActions(
  viewer: Viewer,
  customer: { readonly grade: CustomerGrade | null; readonly lifecycle: CustomerLifecycle },
  writable: boolean,
): Told[] {
  function right(action: string, allowed: boolean, stage?: StageAction): Told {
    if (!allowed) return { action, allowed, reason: 'FORBIDDEN' };
    const possible = stage === undefined || stageActionPossible(customer.lifecycle, stage);
    // The life stage is content of the file: it is told to those alone who may change it.
    return { action, allowed: possible, reason: possible ? null : `LIFECYCLE_${customer.lifecycle}` };
  }
  return [
    right('customerContractSigned', writable, 'REGISTER'),
    right('customerRegister', writable && registers(viewer), 'REGISTER'),
    right('customerLose', writable, 'LOSE'),
    right('customerWinBack', writable, 'WIN_BACK'),
    right('customerVerify', writable),
    right(
      'customerCustodianSet',
      customer.grade === 'A' ? hasRole(viewer, 'HEAD') : hasRole(viewer, ...NAMES_CUSTODIANS),
    ),
    right('developmentNoteRecord', writable),
    right('pendingUpdateRecord', true),
    right('customerChangePropose', can(viewer, 'customerFile', 'propose')),
  ];
}
