import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

const CLOCK = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const dayOfMonth = z.number().int().min(1).max(28);

/** Policy numbers of reports (rulebook section 26). */
export const WORK_REPORT_SETTINGS = {
  dailyTime: setting({
    key: 'patrol.dailyTime',
    description: 'Until when on the same day, by the clock on the wall, a patrol visitor reports.',
    default: '18:00',
    origin: 'D',
    source: 'VIS-07',
    schema: CLOCK,
  }),
  monthlyDay: setting({
    key: 'patrol.monthlyDay',
    description:
      'The day of the month until whose end CS_SUPERVISOR reports the patrols of the month before.',
    default: 5,
    origin: 'D',
    source: 'VIS-08',
    schema: dayOfMonth,
  }),
  urgentReplyHours: setting({
    key: 'patrol.urgentReplyHours',
    description: 'Hours by the clock within which HEAD answers an urgent patrol report.',
    default: 4,
    origin: 'D',
    source: 'VIS-09',
    schema: z.number().positive().max(240),
  }),
  visitPlanDay: setting({
    key: 'report.visitPlanDay',
    description:
      'The day of the month until whose end account managers and SALES_SUPERVISOR submit its visit plan.',
    default: 3,
    origin: 'D',
    source: 'VIS-03',
    schema: dayOfMonth,
  }),
  graceDaily: setting({
    key: 'report.graceDaily',
    description: 'Hours after its due time from which a daily report is told of as overdue.',
    default: 1,
    origin: 'D',
    source: 'WRK-09',
    schema: z.number().min(0).max(24),
  }),
  graceOther: setting({
    key: 'report.graceOther',
    description: 'Days after its due time from which any other report is told of as overdue.',
    default: 1,
    origin: 'D',
    source: 'WRK-09',
    schema: z.number().min(0).max(31),
  }),
};
