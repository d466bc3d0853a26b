import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

const points = z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/), z.number().min(0).max(100));
const service = z.object({
  careBudget: z.number().min(0).max(100_000_000),
  incentive: z.string().regex(/^[A-Z][A-Z0-9_]{0,59}$/),
});
const weight = z.number().min(0).max(100);

/** Policy numbers of grading (rulebook section 26); the shares of the grades stand with the customers' (`grading.shares`). */
export const GRADING_SETTINGS = {
  weights: setting({
    key: 'grading.weights',
    description:
      'What the components of the grade score weigh: sales of the last 12 months, growth against the 12 before, size and strength, profit contribution, likelihood of a deal, region and nature. What is not known of a customer is left out, and the others weigh more.',
    default: { sales: 30, growth: 20, size: 20, profit: 15, likelihood: 10, regionAndNature: 5 },
    origin: 'D',
    source: 'CUS-24..27',
    schema: z
      .object({
        sales: weight,
        growth: weight,
        size: weight,
        profit: weight,
        likelihood: weight,
        regionAndNature: weight,
      })
      .refine((weights) => Object.values(weights).some((one) => one > 0), 'one weight must be above 0'),
  }),
  codes: setting({
    key: 'grading.codes',
    description:
      'Codes of what people say of a customer, and the points of each: size and strength, likelihood of a deal, nature. A code that is taken out counts as not known.',
    default: {
      size: { GROUP: 100, LARGE: 80, MEDIUM: 50, SMALL: 20 },
      likelihood: { CERTAIN: 100, HIGH: 80, MEDIUM: 50, LOW: 20 },
      nature: { MANUFACTURER: 100, FOREIGN_INVESTED: 100, TRADER: 70, FORWARDER: 50, OTHER: 30 },
    },
    origin: 'D',
    source: 'CUS-24, CUS-25, CUS-27',
    schema: z.object({ size: points, likelihood: points, nature: points }),
  }),
  regionPoints: setting<Record<string, number>>({
    key: 'grading.regionPoints',
    description:
      'Points of a region by the code of its area; region and nature count as the mean of those that are known. Among the customers of one region they make no difference.',
    default: {},
    origin: 'D',
    source: 'CUS-24, CUS-27',
    schema: z.record(z.string().min(1).max(60), z.number().min(0).max(100)),
  }),
  scope: setting<'REGION' | 'COMPANY'>({
    key: 'grading.scope',
    description: 'Among whom customers are ranked: those of their region, or all.',
    default: 'REGION',
    origin: 'D',
    source: 'CUS-25',
    schema: z.enum(['REGION', 'COMPANY']),
  }),
  enableD: setting({
    key: 'grading.enableD',
    description: 'Whether the tail of the ranking is grade D; otherwise it is C.',
    default: true,
    origin: 'D',
    source: 'CFL-01',
    schema: z.boolean(),
  }),
  tailD: setting({
    key: 'grading.tailD',
    description: 'Share of all graded customers, in percent, that is grade D.',
    default: 10,
    origin: 'D',
    source: 'CUS-27, CFL-01',
    schema: z.number().min(0).max(50),
  }),
  keyAccountMinGrade: setting<'A' | 'B' | 'C' | 'D'>({
    key: 'grading.keyAccountMinGrade',
    description: 'The lowest grade that is proposed for a key account.',
    default: 'B',
    origin: 'D',
    source: 'CFL-02',
    schema: z.enum(['A', 'B', 'C', 'D']),
  }),
  servicePolicy: setting({
    key: 'grading.servicePolicy',
    description:
      'What a grade is given beside limits and cadence: the care budget of a customer for a year, in the business currency, and a code for its incentive.',
    default: {
      A: { careBudget: 5_000, incentive: 'VOLUME_REBATE_AND_PRIORITY_CAPACITY' },
      B: { careBudget: 2_000, incentive: 'VOLUME_REBATE' },
      C: { careBudget: 500, incentive: 'STANDARD_TERMS' },
      D: { careBudget: 0, incentive: 'STANDARD_TERMS' },
    },
    origin: 'D',
    source: 'CUS-26, CUS-29',
    schema: z.object({ A: service, B: service, C: service, D: service }),
  }),
  runAt: setting({
    key: 'grading.runAt',
    description: 'When customers are scored each night, on the clock of the business time zone.',
    default: '02:00',
    origin: 'D',
    source: 'CUS-22',
    schema: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  }),
  confirmDays: setting({
    key: 'grading.confirmDays',
    description: 'Working days within which a proposed grade is confirmed or refused.',
    default: 5,
    origin: 'D',
    source: 'CUS-22',
    schema: z.number().int().min(1).max(60),
  }),
  keepRuns: setting({
    key: 'grading.keepRuns',
    description:
      'Nightly runs of which the score of every customer is kept; what a proposal was made from is kept with the proposal for good.',
    default: 14,
    origin: 'D',
    source: 'CUS-22',
    schema: z.number().int().min(2).max(400),
  }),
  batch: setting({
    key: 'grading.batch',
    description:
      'Proposals that one transaction raises after a run; many more take several, so that none runs into its limit.',
    default: 10_000,
    origin: 'D',
    source: 'CUS-22',
    schema: z.number().int().min(100).max(50_000),
  }),
} as const;
