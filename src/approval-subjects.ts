import type { ApprovalSubjects } from './approvals/commands/decide.ts';
import { decideAccessApproval, withdrawAccess } from './customers/commands/access.ts';
import { CUSTOMER_SETTINGS } from './customers/settings.ts';
import type { ApprovalChain } from './generated/prisma/enums.ts';
import type { Chain } from './lib/approval-chain.ts';
import type { SettingDefinition } from './platform/settings-register.ts';
import { decideGift, decideIncentive } from './key-accounts/commands/record-approvals.ts';
import { decideRank, withdrawRank } from './key-accounts/commands/proposals.ts';
import { KEY_ACCOUNT_SETTINGS } from './key-accounts/settings.ts';
import { decidePlanApproval } from './tickets/commands/plan-approval.ts';
import { TICKET_SETTINGS } from './tickets/settings.ts';

/** What a decision does to each kind of record that is approved; its area carries it out. */
export const APPROVAL_SUBJECTS: ApprovalSubjects = {
  // A plan is not taken back but proposed anew.
  Ticket: { decide: decidePlanApproval, withdraw: null },
  AccessGrant: { decide: decideAccessApproval, withdraw: withdrawAccess },
  // Recorded by mistake, they are refused; neither is taken back.
  KeyAccountIncentive: { decide: decideIncentive, withdraw: null },
  GiftRecord: { decide: decideGift, withdraw: null },
  KeyAccountProposal: { decide: decideRank, withdraw: withdrawRank },
};

/** The setting of each chain. */
export const APPROVAL_CHAINS: Readonly<Record<ApprovalChain, SettingDefinition<Chain>>> = {
  COMPLAINT_PLAN: TICKET_SETTINGS.planChain,
  CUSTOMER_ACCESS: CUSTOMER_SETTINGS.approvalChain,
  KEY_ACCOUNT_INCENTIVE: KEY_ACCOUNT_SETTINGS.incentiveChain,
  KEY_ACCOUNT_GIFT: KEY_ACCOUNT_SETTINGS.giftChain,
  KEY_ACCOUNT_RANK: KEY_ACCOUNT_SETTINGS.rankChain,
};
