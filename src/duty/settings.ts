import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

export const DUTY_SETTINGS = {
  lookAheadHours: setting({
    key: 'duty.lookAheadHours',
    description: 'How many hours ahead a stretch in which nobody is on duty is told: DUTY_GAP.',
    default: 24,
    origin: 'D',
    source: 'DUT-03, EVT-57',
    schema: z
      .number()
      .int()
      .min(1)
      .max(24 * 31),
  }),
} as const;
