import { z } from 'zod';
import { cents, isMoney } from '../lib/money.ts';
import { setting } from '../platform/settings-register.ts';

// Aborting: what is no amount is not compared with the others any more.
const amount = z.string().refine((value) => isMoney(value) && !value.startsWith('-'), {
  error: 'an amount of 0 or more with at most two places',
  abort: true,
});

/** `calls` in every `weeks`, and `visits` to a host of that seniority in every `months`. */
const gradeCadence = z.object({
  calls: z.number().int().min(0).max(50),
  weeks: z.number().int().min(1).max(52),
  visits: z.number().int().min(0).max(50),
  months: z.number().int().min(1).max(24),
  host: z.enum(['TOP_LEADER', 'DIRECTOR_OR_ABOVE', 'MIDDLE_SENIOR', 'STAFF']),
});

const levelCadence = z.object({
  visitsPerMonth: z.number().int().min(0).max(31),
  // At least one: a cadence without calls would leave a key account without any weekly deadline (VIS-06).
  callsPerWeek: z.number().int().min(1).max(50),
});

/** Policy numbers of key accounts and of the contact cadence (rulebook section 26). */
export const KEY_ACCOUNT_SETTINGS = {
  thresholds: setting({
    key: 'keyAccount.thresholds',
    description: 'Annual revenue target from which a key account has a level; strictly descending.',
    default: { A: '5000000.00', B: '2000000.00', C: '1000000.00', D: '500000.00' },
    origin: 'D',
    source: 'KEY-03',
    schema: z
      .object({ A: amount, B: amount, C: amount, D: amount })
      .refine(
        ({ A, B, C, D }) => cents(A) > cents(B) && cents(B) > cents(C) && cents(C) > cents(D),
        'thresholds that descend strictly from A to D',
      ),
  }),
  specialCount: setting({
    key: 'keyAccount.specialCount',
    description: 'So many level A accounts with the highest targets are special unless said otherwise.',
    default: 3,
    origin: 'D',
    source: 'CFL-05',
    schema: z.number().int().min(0).max(1000),
  }),
  levelCadence: setting({
    key: 'cadence.keyAccount',
    description: 'Contact minimum by key account level: visits in a month and phone calls in a week.',
    default: {
      A: { visitsPerMonth: 3, callsPerWeek: 2 },
      B: { visitsPerMonth: 2, callsPerWeek: 2 },
      C: { visitsPerMonth: 1, callsPerWeek: 2 },
      // More visits than level C: kept as the source has it (CFL-04).
      D: { visitsPerMonth: 2, callsPerWeek: 1 },
    },
    origin: 'S',
    source: 'KEY-15, VIS-06, CFL-04',
    schema: z.object({ A: levelCadence, B: levelCadence, C: levelCadence, D: levelCadence }),
  }),
  gradeCadence: setting({
    key: 'cadence.grade',
    description:
      'Contact minimum by file grade: phone calls in so many weeks, visits to a senior host in so many months.',
    default: {
      A: { calls: 1, weeks: 1, visits: 1, months: 2, host: 'TOP_LEADER' },
      B: { calls: 1, weeks: 1, visits: 1, months: 3, host: 'DIRECTOR_OR_ABOVE' },
      C: { calls: 1, weeks: 2, visits: 1, months: 4, host: 'MIDDLE_SENIOR' },
    },
    origin: 'S',
    source: 'VIS-04, VIS-05',
    schema: z.object({ A: gradeCadence, B: gradeCadence, C: gradeCadence }),
  }),
  gradeDCadence: setting({
    key: 'cadence.gradeD',
    description: 'The same for file grade D.',
    default: { calls: 1, weeks: 2, visits: 1, months: 4, host: 'MIDDLE_SENIOR' },
    origin: 'D',
    source: 'CFL-01',
    schema: gradeCadence,
  }),
  dueSoon: setting({
    key: 'cadence.dueSoon',
    description: 'Share of a period after which a contact that is still missing is due soon; 0.8 is 80 %.',
    default: 0.8,
    origin: 'D',
    source: 'VIS-06',
    schema: z.number().gt(0).lt(1),
  }),
} as const;
