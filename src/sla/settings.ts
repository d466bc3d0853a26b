import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** How much work service levels may make at once; the limits themselves are versions of policies. */
export const SLA_SETTINGS = {
  recomputeBatch: setting({
    key: 'sla.recomputeBatch',
    description: 'How many open tickets a change of a policy or calendar moves in one transaction.',
    default: 500,
    origin: 'D',
    source: 'TIC-36',
    schema: z.number().int().min(10).max(2_000),
  }),
  simulateTickets: setting({
    key: 'sla.simulateTickets',
    description: 'How many closed tickets a simulation of changed service levels replays at most.',
    default: 10_000,
    origin: 'D',
    source: 'TIC-36',
    schema: z.number().int().min(1).max(50_000),
  }),
} as const;
