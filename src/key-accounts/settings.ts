import { z } from 'zod';
import { approvalChain, type Chain } from '../lib/approval-chain.ts';
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

const COMPETENCES = [
  'BUSINESS_KNOWLEDGE',
  'QUALITY',
  'RESPONSIBILITY',
  'TEAM_SPIRIT',
  'PLANNING',
  'PRESENTATION',
  'PUBLIC_RELATIONS',
  'COORDINATION',
] as const;
const profile = z.array(z.enum(COMPETENCES)).refine((all) => new Set(all).size === all.length, 'each once');
const period = z.enum(['MONTH', 'QUARTER', 'YEAR']);
const weight = z.number().int().min(0).max(1000);
type PolicyPeriod = z.infer<typeof period>;

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
  rankChain: setting<Chain>({
    key: 'keyAccount.rankChain',
    description:
      'Who approves that a customer becomes a key account, or gets another level. A step of who asks falls away: asking says yes.',
    default: {
      steps: [
        { approvers: [{ role: 'KA_SUPERVISOR', scope: 'ALL' }], within: 'P2D' },
        { approvers: [{ role: 'HEAD', scope: 'ALL' }], within: 'P2D' },
      ],
    },
    origin: 'D',
    source: 'KEY-03, KEY-17',
    schema: approvalChain(['KA_SUPERVISOR', 'HEAD', 'SALES_SUPERVISOR', 'COMPANY_LEADER']),
  }),
  reviewPeriod: setting<PolicyPeriod>({
    key: 'keyAccount.reviewPeriod',
    description: 'How often the service of every key account is reviewed, and its level worked out again.',
    default: 'QUARTER',
    origin: 'S',
    source: 'KEY-17',
    schema: period,
  }),
  incentiveChain: setting<Chain>({
    key: 'keyAccount.incentiveChain',
    description: 'Who approves an incentive of a key account. A step of who records it falls away.',
    default: {
      steps: [
        { approvers: [{ role: 'HEAD', scope: 'ALL' }], within: 'P2D' },
        { approvers: [{ role: 'FINANCE', scope: 'ALL' }], within: 'P2D' },
      ],
    },
    origin: 'D',
    source: 'KEY-07',
    schema: approvalChain(['KA_SUPERVISOR', 'HEAD', 'FINANCE', 'COMPANY_LEADER']),
  }),
  giftChain: setting<Chain>({
    key: 'keyAccount.giftChain',
    description: 'Who approves a gift or hospitality beyond gift.limit.',
    default: { steps: [{ approvers: [{ role: 'HEAD', scope: 'ALL' }], within: 'P2D' }] },
    origin: 'D',
    source: 'KEY-28',
    // Only who reads grade A files without being dedicated.
    schema: approvalChain(['HEAD']),
  }),
  giftLimit: setting({
    key: 'gift.limit',
    description: 'What one person at a customer may be given in a calendar year without approval.',
    default: '500.00',
    origin: 'D',
    source: 'KEY-28, SUR-15',
    schema: amount,
  }),
  careNoticeDays: setting({
    key: 'care.noticeDays',
    description: 'So many days before its day care of an account is told.',
    default: 3,
    origin: 'D',
    source: 'KEY-27, EVT-68',
    schema: z.number().int().min(0).max(60),
  }),
  inspection: setting<PolicyPeriod>({
    key: 'keyAccount.inspection',
    description: 'How often the service of every key account is inspected.',
    default: 'MONTH',
    origin: 'D',
    source: 'KEY-20',
    schema: period,
  }),
  planReviewMonths: setting({
    key: 'keyAccount.planReviewMonths',
    description: 'Months after which the service plan of a key account is reviewed again.',
    default: 12,
    origin: 'D',
    source: 'KEY-25',
    schema: z.number().int().min(1).max(60),
  }),
  symposiumPerYear: setting({
    key: 'keyAccount.symposiumPerYear',
    description: 'So many key account symposia in a year, one in each equal part of it.',
    default: 2,
    origin: 'S',
    source: 'KEY-18',
    schema: z
      .number()
      .int()
      .min(1)
      .max(12)
      .refine((count) => 12 % count === 0, 'a number that divides the twelve months'),
  }),
  demandMeeting: setting<PolicyPeriod>({
    key: 'keyAccount.demandMeeting',
    description: 'How often the needs of the key accounts are analysed in a meeting.',
    default: 'MONTH',
    origin: 'S',
    source: 'KEY-18',
    schema: period,
  }),
  minutesDays: setting({
    key: 'meeting.minutesDays',
    description: 'Working days within which the minutes of a meeting are written.',
    default: 1,
    origin: 'D',
    source: 'MTG-08, EVT-53',
    schema: z.number().int().min(0).max(30),
  }),
  peakNoticeDays: setting({
    key: 'keyAccount.peakNoticeDays',
    description: 'So many days before a peak season its preparation is told.',
    default: 30,
    origin: 'D',
    source: 'KEY-12, EVT-60',
    schema: z.number().int().min(0).max(366),
  }),
  revenueReportDay: setting({
    key: 'keyAccount.revenueReportDay',
    description:
      'Day of the month after a period until whose end the revenue report of key accounts is submitted.',
    default: 5,
    origin: 'D',
    source: 'KEY-16',
    schema: z.number().int().min(1).max(27),
  }),
  analysisPeriod: setting<PolicyPeriod>({
    key: 'keyAccount.analysisPeriod',
    description: 'Of which periods every key account is analysed.',
    default: 'QUARTER',
    origin: 'D',
    source: 'KEY-08',
    schema: period,
  }),
  healthDays: setting({
    key: 'keyAccount.healthDays',
    description:
      'Days whose facts make the health of a key account; the trend compares them with as many before.',
    default: 90,
    origin: 'D',
    source: 'KEY-02',
    schema: z.number().int().min(7).max(180),
  }),
  healthWeights: setting({
    key: 'keyAccount.healthWeights',
    description: 'How much each part counts in the health of a key account.',
    default: { ACHIEVEMENT: 30, GROWTH: 25, RELIABILITY: 20, COMPLAINTS: 15, CONTACT: 10 },
    origin: 'D',
    source: 'KEY-02',
    schema: z
      .object({
        ACHIEVEMENT: weight,
        GROWTH: weight,
        RELIABILITY: weight,
        COMPLAINTS: weight,
        CONTACT: weight,
      })
      .refine((weights) => Object.values(weights).some((one) => one > 0), 'one weight above 0'),
  }),
  churnReasons: setting({
    key: 'churn.reasons',
    description: 'So many reasons at once make a risk of losing a customer.',
    default: 2,
    origin: 'D',
    source: 'EVT-33',
    schema: z.number().int().min(1).max(3),
  }),
  churnComplaints: setting({
    key: 'churn.complaints',
    description: 'So many complaints within `days` are a reason to fear for a customer.',
    default: { count: 2, days: 30 },
    origin: 'D',
    source: 'EVT-33',
    schema: z.object({ count: z.number().int().min(1).max(100), days: z.number().int().min(1).max(365) }),
  }),
  churnDrop: setting({
    key: 'churn.volume',
    description:
      'A fall of the revenue of `days` by so many percent against as many days before is a reason to fear for a customer; `key` for key accounts.',
    default: { key: 20, others: 30, days: 30 },
    origin: 'D',
    source: 'EVT-15, EVT-33',
    schema: z.object({
      key: z.number().int().min(1).max(100),
      others: z.number().int().min(1).max(100),
      days: z.number().int().min(1).max(365),
    }),
  }),
  unassignedDays: setting({
    key: 'keyAccount.unassignedDays',
    description: 'Working days that a key account may be without a dedicated specialist.',
    default: 1,
    origin: 'D',
    source: 'KEY-05, EVT-65',
    schema: z.number().int().min(0).max(30),
  }),
  modelPerIndustry: setting({
    key: 'keyAccount.modelPerIndustry',
    description: 'So many key accounts of one industry can be its model at once.',
    default: 1,
    origin: 'D',
    source: 'KEY-22',
    schema: z.number().int().min(1).max(100),
  }),
  competenceProfile: setting({
    key: 'keyAccount.competenceProfile',
    description: 'What is asked of the people of a key account; who lacks some is assigned with a warning.',
    default: { KA_SPECIALIST: [...COMPETENCES], KA_SUPERVISOR: [...COMPETENCES] },
    origin: 'S',
    source: 'KEY-04',
    schema: z.object({ KA_SPECIALIST: profile, KA_SUPERVISOR: profile }),
  }),
  runAt: setting({
    key: 'keyAccount.runAt',
    description:
      'When in the night candidates, levels, duties and risks of key accounts are worked out, HH:MM.',
    default: '01:00',
    origin: 'D',
    source: 'KEY-17, EVT-32, EVT-33',
    schema: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
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
