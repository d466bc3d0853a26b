import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

const CALENDAR = z.enum(['MONTH', 'QUARTER', 'YEAR']);

/** Policy numbers of visits (rulebook section 26). */
export const VISIT_SETTINGS = {
  recordDays: setting({
    key: 'visit.recordDays',
    description: 'Days after the planned time within which a visit is recorded; then it counts as missed.',
    default: 1,
    origin: 'D',
    source: 'VIS-03',
    schema: z.number().int().min(1).max(30),
  }),
  patrol: setting<'MONTH' | 'QUARTER' | 'YEAR'>({
    key: 'cadence.patrolDays',
    description: 'The period in which every active customer has a service patrol.',
    default: 'QUARTER',
    origin: 'D',
    source: 'VIS-01',
    schema: CALENDAR,
  }),
  followUpDays: setting({
    key: 'cadence.followUpDays',
    description:
      'Days after the last return visit or return call within which an active customer has the next.',
    default: 90,
    origin: 'D',
    source: 'VIS-11',
    schema: z.number().int().min(1).max(730),
  }),
  leaseVisit: setting<'MONTH' | 'QUARTER' | 'YEAR'>({
    key: 'cadence.leaseVisit',
    description: 'The period in which an active leasing customer is visited.',
    default: 'MONTH',
    origin: 'D',
    source: 'VIS-15',
    schema: CALENDAR,
  }),
  executiveExchange: setting<'MONTH' | 'QUARTER' | 'YEAR'>({
    key: 'cadence.executiveExchange',
    description: 'The period in which leaders meet those of a special key account.',
    default: 'QUARTER',
    origin: 'D',
    source: 'KEY-14',
    schema: CALENDAR,
  }),
  countingVisits: setting<
    ('RELATION' | 'FOLLOW_UP' | 'EXECUTIVE_EXCHANGE' | 'SERVICE_PATROL' | 'CUSTOMER_EVENT' | 'LEASE')[]
  >({
    key: 'cadence.countingVisits',
    description: 'Types of visit that count toward the minimums of grade and level, once done.',
    default: ['RELATION', 'FOLLOW_UP', 'EXECUTIVE_EXCHANGE'],
    origin: 'D',
    source: 'VIS-16',
    schema: z
      .array(
        z.enum(['RELATION', 'FOLLOW_UP', 'EXECUTIVE_EXCHANGE', 'SERVICE_PATROL', 'CUSTOMER_EVENT', 'LEASE']),
      )
      .min(1),
  }),
} as const;
