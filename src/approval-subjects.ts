import type { ApprovalSubjects } from './approvals/commands/decide.ts';
import { decideAccessApproval, withdrawAccess } from './customers/commands/access.ts';
import { CUSTOMER_SETTINGS } from './customers/settings.ts';
import type { ApprovalChain } from './generated/prisma/enums.ts';
import type { Chain } from './lib/approval-chain.ts';
import type { SettingDefinition } from './platform/settings-register.ts';
import { decidePlanApproval } from './tickets/commands/plan-approval.ts';
import { TICKET_SETTINGS } from './tickets/settings.ts';

/** What a decision does to each kind of record that is approved; its area carries it out. */
export const APPROVAL_SUBJECTS: ApprovalSubjects = {
  // A plan is not taken back but proposed anew.
  Ticket: { decide: decidePlanApproval, withdraw: null },
  AccessGrant: { decide: decideAccessApproval, withdraw: withdrawAccess },
};

/** The setting of each chain. */
export const APPROVAL_CHAINS: Readonly<Record<ApprovalChain, SettingDefinition<Chain>>> = {
  COMPLAINT_PLAN: TICKET_SETTINGS.planChain,
  CUSTOMER_ACCESS: CUSTOMER_SETTINGS.approvalChain,
};
