import { changeActions, stateOf } from '../../configuration/rules.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { answering, listTypes, rootList } from '../../graphql/lists.ts';
import { type InputFields, mutation } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { ActionRightType, SettingChangeStateType } from '../../graphql/shared-types.ts';
import { Issues } from '../../lib/errors.ts';
import type { Segment } from '../../lib/business-calendar.ts';
import { startOfLocalDay } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import { calendarOf } from '../../platform/calendars.ts';
import {
  businessCalendarDecide,
  businessCalendarPropose,
  slaPolicyDecide,
  slaPolicyPropose,
} from '../commands/versions.ts';
import { recomputeById } from '../queries/recomputes.ts';
import {
  CALENDAR_FIELDS,
  calendarById,
  calendarInForce,
  calendarList,
  type CalendarRow,
  POLICY_FIELDS,
  policyList,
  type PolicyRow,
  policyVersionById,
} from '../queries/versions.ts';
import { type ExtraWorkday, hoursOf, type WeekdayHours } from '../rules/versions.ts';
import { calendarChange, policyChange, WeekdayType, WINDOW_FORM } from './inputs.ts';
import { RecomputeType } from './recomputes.ts';

const WeekdayHoursType = builder.objectRef<WeekdayHours>('WeekdayHours').implement({
  description: 'When a desk is open on a weekday; a weekday that is not named is closed.',
  fields: (t) => ({
    weekday: t.field({ type: WeekdayType, resolve: (hours) => hours.weekday }),
    windows: t.stringList({ description: WINDOW_FORM, resolve: (hours) => [...hours.windows] }),
  }),
});

const ExtraWorkdayType = builder.objectRef<ExtraWorkday>('ExtraWorkday').implement({
  description:
    'A day with hours of its own: a make-up workday of a swapped weekend, or a day that closes early.',
  fields: (t) => ({
    day: t.field({ type: 'Date', resolve: (extra) => extra.day }),
    windows: t.stringList({
      nullable: true,
      description: 'Its windows; null: those of the first weekday that has any.',
      resolve: (extra) => (extra.windows ? [...extra.windows] : null),
    }),
  }),
});

const OpenIntervalType = builder.objectRef<Segment>('OpenInterval').implement({
  description: 'A stretch in which a desk is open.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (open) => new Date(open.from) }),
    to: t.field({ type: 'DateTime', description: 'Exclusive.', resolve: (open) => new Date(open.to) }),
  }),
});

function person(id: string | null, { read }: Context) {
  return read.organisation.employees.get(id ?? '') ?? null;
}

type VersionRow = CalendarRow | PolicyRow;

/** What every version says of itself. */
function versionFields<Row extends VersionRow>(
  // biome-ignore lint/suspicious/noExplicitAny: the builder of an object type differs by its rows; all have `field`.
  t: any,
  decideBy: string,
) {
  return {
    code: t.exposeString('code', { description: 'Stable; the versions of one code follow each other.' }),
    version: t.exposeInt('revision', {
      description: 'Its number among the versions of its code, refused ones included; for `expectedVersion`.',
    }),
    state: t.field({ type: SettingChangeStateType, resolve: (row: Row) => stateOf(row) }),
    isInForce: t.exposeBoolean('isInForce', { description: 'Whether it applies at this instant.' }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when it applies, once it is approved; not before that.',
      resolve: (row: Row) => row.validFrom,
    }),
    validTo: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the version after it takes over; null while there is none.',
      resolve: (row: Row) => row.validTo,
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'Why it was proposed; null for what the product brought.',
    }),
    proposedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row: Row, _args: unknown, context: Context) => person(row.proposedById, context),
    }),
    proposedAt: t.field({ type: 'DateTime', resolve: (row: Row) => row.proposedAt }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row: Row, _args: unknown, context: Context) =>
        person(row.approvedById ?? row.refusedById, context),
    }),
    decidedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (row: Row) => row.approvedAt ?? row.refusedAt,
    }),
    decisionReason: t.exposeString('decisionReason', { nullable: true }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'Whether the viewer may decide it now, and why not.',
      resolve: (row: Row, _args: unknown, { read }: Context) => changeActions(row, read.viewer, decideBy),
    }),
  };
}

/** Days of hours that one field works out. */
const HOURS_DAYS_MAX = 366;

const CalendarType = builder.objectRef<CalendarRow>('BusinessCalendar').implement({
  description:
    'A version of the opening hours of a desk, in which limits count (CFL-25). Approved ones are open to every employee, proposals to who reads the register (section 26).',
  fields: (t) => ({
    ...versionFields<CalendarRow>(t, 'businessCalendarDecide'),
    name: t.string({
      description: 'In the language of Accept-Language.',
      resolve: (row, _args, { locale }) => (locale === 'zh-CN' ? row.name : row.nameEn),
    }),
    timeZone: t.string({
      description:
        'IANA time zone whose wall clock the windows are on; daylight saving counts as the clock shows it.',
      resolve: (row, _args, { read }) => row.timeZone ?? read.timeZone,
    }),
    alwaysOpen: t.exposeBoolean('alwaysOpen', {
      description:
        'Open day and night; hours and holidays then do not matter, and a business day has 24 hours.',
    }),
    weekly: t.field({ type: [WeekdayHoursType], resolve: (row) => hoursOf(row.weekly) }),
    holidays: t.field({
      type: ['Date'],
      description: 'Local days on which no window starts, in order.',
      resolve: (row) => row.holidays,
    }),
    extraWorkdays: t.field({ type: [ExtraWorkdayType], resolve: (row) => [...row.extraWorkdays] }),
    hours: t.field({
      type: [OpenIntervalType],
      description: `The open stretches of local days, in order; none touches the next. At most ${HOURS_DAYS_MAX} days.`,
      args: {
        from: t.arg({ type: 'Date', required: true, description: 'First day, from its midnight on.' }),
        until: t.arg({ type: 'Date', required: true, description: 'The day after the last one.' }),
      },
      resolve: (row, { from, until }, context) =>
        answering(context, async () => openStretches(row, from, until, context.read.timeZone)),
    }),
  }),
});
nodeBy(CalendarType, calendarById);

function openStretches(row: CalendarRow, from: string, until: string, businessTimeZone: string): Segment[] {
  const timeZone = row.timeZone ?? businessTimeZone;
  const [start, end] = [startOfLocalDay(from, timeZone), startOfLocalDay(until, timeZone)];
  const issues = new Issues();
  issues.expect(
    end > start && end - start <= (HOURS_DAYS_MAX + 1) * 86_400_000,
    'until',
    text(`a later day, at most ${HOURS_DAYS_MAX} after from`, `晚于 from 且不超过 ${HOURS_DAYS_MAX} 天`),
  );
  issues.throwIfAny();
  return calendarOf({ ...row, extraWorkdays: [...row.extraWorkdays] }, businessTimeZone).openBetween(
    start,
    end,
  );
}

rootList('businessCalendars', listTypes<CalendarRow>('BusinessCalendar', CalendarType, CALENDAR_FIELDS), {
  description:
    'Versions of calendars, newest first unless ordered otherwise; `where: { isInForce: { eq: true } }` has those that apply now.',
  source: calendarList,
});

interface Factor<Of> {
  readonly of: Of;
  readonly factor: number;
}

const GradeFactorType = builder.objectRef<Factor<string>>('SlaGradeFactor').implement({
  description: 'Multiplies the limits of customers with a file grade.',
  fields: (t) => ({
    grade: t.field({ type: ENUMS.CustomerGrade, resolve: ({ of }) => of as 'A' }),
    factor: t.field({ type: 'Decimal', resolve: ({ factor }) => String(factor) }),
  }),
});
const LevelFactorType = builder.objectRef<Factor<string>>('SlaLevelFactor').implement({
  description: 'Multiplies the limits of key accounts of a level.',
  fields: (t) => ({
    level: t.field({ type: ENUMS.KeyAccountLevel, resolve: ({ of }) => of as 'A' }),
    factor: t.field({ type: 'Decimal', resolve: ({ factor }) => String(factor) }),
  }),
});

function factorsOf(kept: Readonly<Record<string, number>>): Factor<string>[] {
  return Object.entries(kept)
    .map(([of, factor]) => ({ of, factor }))
    .toSorted((a, b) => (a.of < b.of ? -1 : 1));
}

const LIMIT = 'A day is a business day of the calendar. Null: no such limit.';

const PolicyType = builder.objectRef<PolicyRow>('SlaPolicy').implement({
  description:
    'A version of the promised limits for one kind of ticket (rulebook section 6). Approved ones are open to every employee, proposals to who reads the register (section 26).',
  fields: (t) => ({
    ...versionFields<PolicyRow>(t, 'slaPolicyDecide'),
    category: t.field({ type: ENUMS.TicketCategory, resolve: (row) => row.category }),
    severity: t.field({
      type: ENUMS.TicketSeverity,
      nullable: true,
      description: 'Only complaints differ by severity.',
      resolve: (row) => row.severity,
    }),
    calendar: t.field({
      type: CalendarType,
      nullable: true,
      description: 'The version of its calendar that applies now; complaints have one that is always open.',
      resolve: (row, _args, { read }) => calendarInForce.load(read, row.calendarCode),
    }),
    acknowledge: t.field({
      type: 'Duration',
      nullable: true,
      description: LIMIT,
      resolve: (row) => row.acknowledge,
    }),
    firstResponse: t.field({
      type: 'Duration',
      nullable: true,
      description: `The first answer; of a complaint the plan. ${LIMIT}`,
      resolve: (row) => row.firstResponse,
    }),
    decision: t.field({
      type: 'Duration',
      nullable: true,
      description: `HEAD's decision, from the plan on. ${LIMIT}`,
      resolve: (row) => row.decision,
    }),
    progress: t.field({
      type: 'Duration',
      nullable: true,
      description: `Each progress notice, from the last one on. ${LIMIT}`,
      resolve: (row) => row.progress,
    }),
    resolution: t.field({
      type: 'Duration',
      description: 'The final limit. A day is a business day of the calendar.',
      resolve: (row) => row.resolution,
    }),
    pauseWhileWaiting: t.exposeBoolean('pauseWhileWaiting', {
      nullable: true,
      description:
        'Whether its clocks stop while the customer is awaited; null: as `sla.pauseWhileWaiting` says. Never for complaints (TIC-36).',
    }),
    gradeFactors: t.field({
      type: [GradeFactorType],
      description:
        'What is not named: grade A by `sla.keyAccountFactor`, the others 1 (KEY-26). Of grade and key account the stricter counts.',
      resolve: (row) => factorsOf(row.gradeFactors),
    }),
    levelFactors: t.field({
      type: [LevelFactorType],
      description: 'What is not named: `sla.keyAccountFactor` (KEY-26).',
      resolve: (row) => factorsOf(row.levelFactors),
    }),
  }),
});
nodeBy(PolicyType, policyVersionById);

rootList('slaPolicies', listTypes<PolicyRow>('SlaPolicy', PolicyType, POLICY_FIELDS), {
  description:
    'Versions of service policies, newest first unless ordered otherwise; `where: { isInForce: { eq: true } }` has those that apply now.',
  source: policyList,
});

function proposalFields(t: InputFields) {
  return {
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when it is to apply, not in the past; default: from its approval on.',
    }),
    reason: t.string({ required: true, description: 'Why it changes, at most 2,000 characters.' }),
    expectedVersion: t.int({
      description:
        'The version that was approved last, over which this is written; required but for a code that does not exist yet.',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function calendarField(t: any) {
  return {
    calendar: t.field({
      type: CalendarType,
      nullable: true,
      description: 'Null when the viewer may no longer read it.',
      resolve: (done: { calendarId: string }, _args: unknown, { read }: Context) =>
        calendarById.load(read, done.calendarId),
    }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function policyField(t: any) {
  return {
    policy: t.field({
      type: PolicyType,
      nullable: true,
      description: 'Null when the viewer may no longer read it.',
      resolve: (done: { policyId: string }, _args: unknown, { read }: Context) =>
        policyVersionById.load(read, done.policyId),
    }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function recomputeField(t: any) {
  return {
    recompute: t.field({
      type: RecomputeType,
      nullable: true,
      description:
        'The work of moving open tickets to it: the first batch is done with this answer, the others follow by the sweep. Null for a refusal.',
      resolve: (done: { recomputeId: string | null }, _args: unknown, { read }: Context) =>
        done.recomputeId ? recomputeById.load(read, done.recomputeId) : null,
    }),
  };
}

function decisionFields(t: InputFields) {
  return {
    approve: t.boolean({ required: true }),
    reason: t.string({ required: true, description: 'Why it is decided so, at most 2,000 characters.' }),
  };
}

mutation('businessCalendarPropose', {
  description:
    'Proposes a calendar, or other hours, holidays and make-up workdays of one: ADMIN. What is not given stays; lists are given whole. It applies once HEAD has approved it (section 26). InvalidInput names every window that overlaps, a zone nobody knows, a day given twice.',
  errors: ['StaleVersion', 'IdempotencyConflict'],
  input: (t) => ({
    code: t.string({
      required: true,
      description: 'Of a calendar that exists, or a new one: 2 to 40 of A-Z, 0-9, _.',
    }),
    name: t.string({ description: 'In Chinese; 1 to 80 characters, required for a new code.' }),
    nameEn: t.string({ description: 'In English; 1 to 80 characters, required for a new code.' }),
    ...calendarChange(t),
    ...proposalFields(t),
  }),
  run: (tx, viewer, input, read) => businessCalendarPropose(tx, viewer, input, read),
  success: calendarField,
});

mutation('businessCalendarDecide', {
  description:
    'Approves or refuses a proposed calendar, with the reason in writing: HEAD, and never the proposer (section 26). Approved, it moves the clocks of open tickets (TIC-36). IllegalTransition from SUPERSEDED when another version was approved since it was written.',
  errors: ['IllegalTransition'],
  input: (t) => ({
    calendarId: t.id({ required: true, ...nodeIdOf('BusinessCalendar') }),
    ...decisionFields(t),
  }),
  run: (tx, viewer, input, read) => businessCalendarDecide(tx, viewer, input, read),
  success: (t) => ({ ...calendarField(t), ...recomputeField(t) }),
});

mutation('slaPolicyPropose', {
  description:
    'Proposes other limits, another calendar, pause or factors of a policy: ADMIN. What is not given stays, null takes a limit away. It applies once HEAD has approved it (section 26).',
  errors: ['StaleVersion', 'IdempotencyConflict'],
  input: (t) => ({
    code: t.string({ required: true, description: 'Of a policy that exists, such as COMPLAINT_SERIOUS.' }),
    ...policyChange(t),
    ...proposalFields(t),
  }),
  run: (tx, viewer, input) => slaPolicyPropose(tx, viewer, input),
  success: policyField,
});

mutation('slaPolicyDecide', {
  description:
    'Approves or refuses a proposed policy, with the reason in writing: HEAD, and never the proposer (section 26). Approved, it moves the clocks of open tickets (TIC-36). IllegalTransition from SUPERSEDED when another version was approved since it was written.',
  errors: ['IllegalTransition'],
  input: (t) => ({
    policyId: t.id({ required: true, ...nodeIdOf('SlaPolicy') }),
    ...decisionFields(t),
  }),
  run: (tx, viewer, input, read) => slaPolicyDecide(tx, viewer, input, read),
  success: (t) => ({ ...policyField(t), ...recomputeField(t) }),
});
