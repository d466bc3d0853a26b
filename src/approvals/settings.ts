import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Policy of approvals that every chain shares; the chains stand beside the rules of what they decide. */
export const APPROVAL_SETTINGS = {
  atRisk: setting({
    key: 'approval.atRisk',
    description: 'Share of a step’s time after which its approvers are warned; 0.8 is 80 %.',
    default: 0.8,
    origin: 'D',
    source: 'BUD-07, EVT-45',
    schema: z.number().gt(0).lt(1),
  }),
  delegationDays: setting({
    key: 'approval.delegationDays',
    description: 'The longest time, in days, for which approvals can be delegated at once.',
    default: 92,
    origin: 'D',
    source: 'ORG-04, BUD-07',
    schema: z.number().int().min(1).max(366),
  }),
} as const;
