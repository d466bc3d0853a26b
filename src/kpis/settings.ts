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
  graceHours: setting({
    key: 'kpi.graceHours',
    description:
      'Hours after a period, or after the days that a value waits, until it is kept and no longer changed.',
    default: 6,
    origin: 'D',
    source: 'KPM-03',
    schema: z.number().int().min(0).max(240),
  }),
  abnormalSd: setting({
    key: 'kpi.abnormalSd',
    description:
      'How many sample standard deviations from the mean of the periods before a value is abnormal.',
    default: 2,
    origin: 'D',
    source: 'KPM-01',
    schema: z.number().min(0.5).max(10),
  }),
  abnormalWindow: setting({
    key: 'kpi.window',
    description: 'How many periods before it a value is compared with.',
    default: 12,
    origin: 'D',
    source: 'KPM-01',
    schema: z.number().int().min(3).max(60),
  }),
  abnormalMinimum: setting({
    key: 'kpi.minHistory',
    description: 'How many of these periods must have a value; with fewer nothing is tested.',
    default: 6,
    origin: 'D',
    source: 'KPM-01',
    schema: z.number().int().min(2).max(60),
  }),
  caseDays: setting({
    key: 'kpi.caseDays',
    description: 'Working days within which the cause of an abnormal value and a measure are due.',
    default: 5,
    origin: 'D',
    source: 'KPM-01',
    schema: z.number().int().min(1).max(60),
  }),
  warnDays: setting({
    key: 'kpi.warnDays',
    description: 'Days after a value became final within which its being abnormal is warned of in time.',
    default: 1,
    origin: 'D',
    source: 'KPI-45',
    schema: z.number().int().min(0).max(30),
  }),
  newCustomerRevenue: setting({
    key: 'kpi.newCustomerRevenue',
    description:
      'Revenue in the business currency that makes a new customer a good one within 90 days of its first deal, whatever its grade.',
    default: 50_000,
    origin: 'D',
    source: 'KPI-11',
    schema: z.number().min(0).max(1_000_000_000),
  }),
  longPeriodSeconds: setting({
    key: 'kpi.longPeriodSeconds',
    description:
      'Seconds that the middle values of a running quarter or year may be behind; they read every result of the period.',
    default: 60,
    origin: 'D',
    source: 'KPI (section 10.2)',
    schema: z.number().int().min(0).max(86_400),
  }),
  offTargetMinimum: setting({
    key: 'kpi.offTargetMinimum',
    description:
      'How many things a share or mean must be made of before a running period can be off target; a period that has ended is judged whatever its number.',
    default: 5,
    origin: 'D',
    source: 'KPM-02',
    schema: z.number().int().min(1).max(1_000_000),
  }),
} as const;
