import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Policy numbers of the handover of work. */
export const HANDOVER_SETTINGS = {
  everyMinutes: setting({
    key: 'handover.everyMinutes',
    description:
      'Minutes after which the work of people who left or changed role is looked for again; the rights themselves end at once.',
    default: 15,
    origin: 'D',
    source: 'PRM-06',
    schema: z.number().int().min(1).max(1440),
  }),
} as const;
