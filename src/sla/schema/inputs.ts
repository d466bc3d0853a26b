import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import type { InputFields } from '../../graphql/mutation.ts';
import { WEEKDAYS } from '../rules/versions.ts';

export const WeekdayType = builder.enumType('Weekday', { description: 'Days of a week.', values: WEEKDAYS });

export const WINDOW_FORM =
  'Windows "HH:MM-HH:MM" on the wall clock of the zone, such as ["08:00-12:00", "13:00-17:30"]. 00:00-24:00 is the whole day; one that ends at or before its start runs over midnight and belongs to the day it starts on. They may touch, not overlap; at most 12.';

const WeekdayHoursInput = builder.inputType('WeekdayHoursInput', {
  description: 'When a desk is open on a weekday.',
  fields: (t) => ({
    weekday: t.field({ type: WeekdayType, required: true, description: 'Each once.' }),
    windows: t.stringList({ required: true, description: WINDOW_FORM }),
  }),
});
const ExtraWorkdayInput = builder.inputType('ExtraWorkdayInput', {
  description: 'A day with hours of its own.',
  fields: (t) => ({
    day: t.field({ type: 'Date', required: true, description: 'Each once, and no holiday.' }),
    windows: t.stringList({
      description: `${WINDOW_FORM} Without them: those of the first weekday that has any.`,
    }),
  }),
});

const GradeFactorInput = builder.inputType('SlaGradeFactorInput', {
  description: 'Multiplies the limits of customers with a file grade.',
  fields: (t) => ({
    grade: t.field({ type: ENUMS.CustomerGrade, required: true, description: 'Each once.' }),
    factor: t.field({ type: 'Decimal', required: true, description: '0.01 to 1, at most two places.' }),
  }),
});
const LevelFactorInput = builder.inputType('SlaLevelFactorInput', {
  description: 'Multiplies the limits of key accounts of a level.',
  fields: (t) => ({
    level: t.field({ type: ENUMS.KeyAccountLevel, required: true, description: 'Each once.' }),
    factor: t.field({ type: 'Decimal', required: true, description: '0.01 to 1, at most two places.' }),
  }),
});

/** What a calendar can be changed in. */
export function calendarChange(t: InputFields) {
  return {
    timeZone: t.string({
      description: 'IANA time zone such as Asia/Shanghai; null: the business time zone of the deployment.',
    }),
    alwaysOpen: t.boolean({
      description: 'Open day and night. A calendar of complaints cannot cease to be so (TIC-36).',
    }),
    weekly: t.field({ type: [WeekdayHoursInput], description: 'Weekdays that are not named are closed.' }),
    holidays: t.field({ type: ['Date'], description: 'Each once, at most 1,000.' }),
    extraWorkdays: t.field({
      type: [ExtraWorkdayInput],
      description: 'Make-up workdays of swapped weekends, or days that close early; at most 1,000.',
    }),
  };
}

/** What a policy can be changed in. */
export function policyChange(t: InputFields) {
  return {
    calendarCode: t.string({
      description: 'Of an approved calendar; complaints need one that is always open (TIC-36).',
    }),
    acknowledge: t.field({ type: 'Duration', description: 'At most 366 days, like every limit.' }),
    firstResponse: t.field({ type: 'Duration', description: 'The first answer; of a complaint the plan.' }),
    decision: t.field({ type: 'Duration', description: "HEAD's decision, from the plan on." }),
    progress: t.field({ type: 'Duration', description: 'Each progress notice, from the last one on.' }),
    resolution: t.field({
      type: 'Duration',
      description: 'The final limit; it cannot be taken away (TIC-12).',
    }),
    pauseWhileWaiting: t.boolean({
      description: 'Null: as `sla.pauseWhileWaiting` says. True is refused for complaints (TIC-36).',
    }),
    gradeFactors: t.field({ type: [GradeFactorInput], description: 'All of them; null or [] names none.' }),
    levelFactors: t.field({ type: [LevelFactorInput], description: 'All of them; null or [] names none.' }),
  };
}
