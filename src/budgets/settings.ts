import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Roles that see every budget (rulebook section 23): nobody else can have a part in the chain. */
const roles = z.array(z.enum(['COMPANY_LEADER', 'HEAD', 'SALES_SUPERVISOR', 'FINANCE'])).min(1);

const chain = z.object({
  draft: roles,
  submit: roles,
  finance: roles,
  leader: roles,
  activate: roles,
  close: roles,
});

/** Policy of budgets (rulebook section 26). */
export const BUDGET_SETTINGS = {
  draftChain: setting<z.infer<typeof chain>>({
    key: 'budget.draftChain',
    description:
      'Roles that write, submit, approve (finance first, then the leader), activate and close a yearly budget.',
    default: {
      draft: ['HEAD', 'SALES_SUPERVISOR'],
      submit: ['HEAD'],
      finance: ['FINANCE'],
      leader: ['COMPANY_LEADER'],
      activate: ['HEAD', 'FINANCE'],
      close: ['HEAD', 'FINANCE'],
    },
    origin: 'D',
    source: 'BUD-04, CFL-26',
    schema: chain,
  }),
} as const;
