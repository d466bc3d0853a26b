import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Policy numbers of duplicate customers. */
export const DUPLICATE_SETTINGS = {
  similarity: setting({
    key: 'customer.duplicateSimilarity',
    description:
      'Share of the parts of two names, 0 to 1, from which on the names are similar enough for the customers to be one.',
    default: 0.6,
    origin: 'D',
    source: 'CUS-05',
    schema: z.number().min(0.3).max(1),
  }),
  shared: setting({
    key: 'customer.duplicateShared',
    description:
      'How many customers may share a name, number or part of a name for it to say anything; what more have is no sign of a duplicate.',
    default: 20,
    origin: 'D',
    source: 'CUS-05',
    schema: z.number().int().min(2).max(200),
  }),
} as const;
