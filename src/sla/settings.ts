import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** How much work a change of service levels does at once; the limits themselves are versions of policies. */
export const SLA_SETTINGS = {
  recomputeBatch: setting({
    key: 'sla.recomputeBatch',
    description: 'How many open tickets a change of a policy or calendar moves in one transaction.',
    default: 500,
    origin: 'D',
    source: 'TIC-36',
    schema: z.number().int().min(10).max(2_000),
  }),
} as const;
