import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Policy of metrics (rulebook section 26). */
export const KPI_SETTINGS = {
  settleDays: setting({
    key: 'kpi.settleDays',
    description: 'Days after a period for which a value that waits for later events is provisional.',
    default: 30,
    origin: 'D',
    source: 'KPI (section 10.2)',
    schema: z.number().int().min(0).max(366),
  }),
  tolerance: setting({
    key: 'kpi.tolerance',
    description:
      'Share of a target that a value may miss on the bad side where the target names no tolerance; 0.05 is 5 %.',
    default: 0.05,
    origin: 'D',
    source: 'KPM-02',
    schema: z.number().min(0).max(1),
  }),
} as const;
