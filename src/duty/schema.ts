import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import type { Context } from '../graphql/context.ts';
import { localId, nodeIdOf } from '../graphql/ids.ts';
import { answering, listTypes, rootList } from '../graphql/lists.ts';
import { type InputFields, mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import type { Segment } from '../lib/business-calendar.ts';
import { invalid, Issues } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { serviceChannelClose, serviceChannelOpen } from './commands/channels.ts';
import { dutyDeskClose, dutyDeskOpen } from './commands/desks.ts';
import { dutyShiftCancel, dutyShiftHandOver, dutyShiftsPlan, dutyShiftSwap } from './commands/shifts.ts';
import {
  calendarOpenNow,
  CHANNEL_FIELDS,
  channelById,
  channelList,
  type ChannelRow,
  teamsOnDuty,
} from './queries/channels.ts';
import {
  coverageOf,
  DESK_FIELDS,
  deskById,
  deskList,
  type DeskRow,
  gapNow,
  onDutyAt,
  onDutyNow,
  type OnDuty,
  SHIFT_FIELDS,
  shiftById,
  shiftList,
  type ShiftRow,
  shiftsOfPlan,
} from './queries/duty.ts';
import { gapsOf, ROTA_DAYS_MAX } from './rules.ts';

const DAY = 86_400_000;

function person(id: string | null, { read }: Context) {
  return read.organisation.employees.get(id ?? '') ?? null;
}

const GapType = builder.objectRef<Segment>('DutyGap').implement({
  description: 'A stretch in which a desk must be manned and nobody is on duty.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (gap) => new Date(gap.from) }),
    to: t.field({
      type: 'DateTime',
      description: 'Exclusive; the end of what was asked for when it lasts longer.',
      resolve: (gap) => new Date(gap.to),
    }),
  }),
});

const OnDutyType = builder.objectRef<OnDuty>('OnDuty').implement({
  description: 'Somebody who is on duty, and how to reach them (DUT-03).',
  fields: (t) => ({
    employee: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (duty, _args, context) => person(duty.employeeId, context),
    }),
    phone: t.exposeString('phone', { description: 'Where they answer.' }),
    from: t.field({ type: 'DateTime', resolve: (duty) => duty.from }),
    to: t.field({ type: 'DateTime', description: 'Exclusive.', resolve: (duty) => duty.to }),
  }),
});

const DeskType = builder.objectRef<DeskRow>('DutyDesk').implement({
  description:
    'A desk of a team at which somebody must be on duty in the open time of a calendar: the complaint desk day and night (TIC-02, DUT-03). For every employee to read.',
  fields: (t) => ({
    team: t.field({
      type: 'Team',
      nullable: true,
      resolve: (desk, _args, { read }) => read.organisation.teams.get(desk.teamId) ?? null,
    }),
    calendarCode: t.exposeString('calendarCode', {
      description: 'Code of the calendar in whose open time it must be manned.',
    }),
    openedAt: t.field({ type: 'DateTime', resolve: (desk) => desk.openedAt }),
    closedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when it need not be manned any more.',
      resolve: (desk) => desk.closedAt,
    }),
    onDuty: t.field({
      type: [OnDutyType],
      description: 'Who is on duty now, who came last first; empty while there is a gap or it is closed.',
      resolve: (desk, _args, { read }) => onDutyNow.load(read, desk.id),
    }),
    nextGap: t.field({
      type: GapType,
      nullable: true,
      description: `The first stretch without anybody from now on, up to ${ROTA_DAYS_MAX} days ahead; null when there is none.`,
      resolve: (desk, _args, { read }) => gapNow.load(read, desk.id),
    }),
    gaps: t.field({
      type: [GapType],
      description: `The stretches without anybody, in order: whether the rota covers what it must. At most ${ROTA_DAYS_MAX} days.`,
      complexity: { field: 20, multiplier: 1 },
      args: {
        from: t.arg({ type: 'DateTime', required: true }),
        to: t.arg({ type: 'DateTime', required: true, description: 'Exclusive; later than from.' }),
      },
      resolve: (desk, { from, to }, context) =>
        answering(context, async () => {
          const issues = new Issues();
          issues.expect(
            to > from && to.getTime() - from.getTime() <= ROTA_DAYS_MAX * DAY,
            'to',
            text(`later than from, at most ${ROTA_DAYS_MAX} days`, `晚于 from 且不超过 ${ROTA_DAYS_MAX} 天`),
          );
          issues.throwIfAny();
          const { read } = context;
          const [coverage] = await coverageOf(read, [desk.id], { from, to }, read.now, read.timeZone);
          if (!coverage) return [];
          return gapsOf(
            coverage.calendar,
            coverage.shifts,
            Math.max(from.getTime(), coverage.openedAt.getTime()),
            to.getTime(),
          );
        }),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(DeskType, deskById);
const DESK_LIST = listTypes<DeskRow>('DutyDesk', DeskType, DESK_FIELDS);
rootList('dutyDesks', DESK_LIST, {
  description: 'Desks that are or were to be manned, newest first unless ordered otherwise.',
  source: deskList,
});

builder.queryField('currentDuty', (t) =>
  t.field({
    type: [OnDutyType],
    description:
      'Who is on duty for a team, who came last first, each with a phone number (DUT-03). Empty where nobody is: such a stretch was told as DUTY_GAP if the team has a desk. For every employee.',
    args: {
      teamId: t.arg.id({ required: true, description: 'Whose desk.' }),
      at: t.arg({ type: 'DateTime', description: 'At which instant; now without it.' }),
    },
    resolve: (_root, { teamId, at }, context) =>
      answering(context, async () => {
        const team = localId(String(teamId), 'Team');
        if (team === null) throw invalid('teamId', text('the id of a Team', 'Team 的 id'));
        return onDutyAt(context.read, [team], at ?? context.read.now, context.read.timeZone);
      }),
  }),
);

const ShiftType = builder.objectRef<ShiftRow>('DutyShift').implement({
  description:
    'A stretch of a rota in which a person answers at a desk. Read by who plans and reviews rotas, by the team, and by the person.',
  fields: (t) => ({
    desk: t.field({
      type: DeskType,
      nullable: true,
      resolve: (shift, _args, { read }) => deskById.load(read, shift.deskId),
    }),
    employee: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (shift, _args, context) => person(shift.employeeId, context),
    }),
    phone: t.exposeString('phone', { description: 'Where the person answers.' }),
    from: t.field({ type: 'DateTime', resolve: (shift) => shift.from }),
    to: t.field({ type: 'DateTime', description: 'Exclusive.', resolve: (shift) => shift.to }),
    handoverNote: t.exposeString('handoverNote', {
      nullable: true,
      description: 'What the next one must know (DUT-02).',
    }),
    handoverAt: t.field({ type: 'DateTime', nullable: true, resolve: (shift) => shift.handoverAt }),
    swappedFrom: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who had it before the last swap.',
      resolve: (shift, _args, context) => person(shift.swappedFromId, context),
    }),
    swapReason: t.exposeString('swapReason', { nullable: true }),
    cancelledAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when it is no part of the rota.',
      resolve: (shift) => shift.cancelledAt,
    }),
    cancelReason: t.exposeString('cancelReason', { nullable: true }),
    createdAt: t.field({ type: 'DateTime', resolve: (shift) => shift.createdAt }),
    createdBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (shift, _args, context) => person(shift.createdById, context),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(ShiftType, shiftById);
rootList('dutyShifts', listTypes<ShiftRow>('DutyShift', ShiftType, SHIFT_FIELDS), {
  description: 'Shifts of the rotas that the viewer may read, newest first unless ordered otherwise.',
  source: shiftList,
});

function deskSuccess(t: { field: (options: object) => never }) {
  return {
    desk: t.field({
      type: DeskType,
      nullable: true,
      resolve: (done: { deskId: string }, _args: unknown, { read }: Context) =>
        deskById.load(read, done.deskId),
    }),
  };
}

function shiftSuccess(t: { field: (options: object) => never }) {
  return {
    shift: t.field({
      type: ShiftType,
      nullable: true,
      description: 'Null when the viewer may no longer read it.',
      resolve: (done: { shiftId: string }, _args: unknown, { read }: Context) =>
        shiftById.load(read, done.shiftId),
    }),
  };
}

function onShift(t: InputFields) {
  return {
    shiftId: t.id({ required: true, ...nodeIdOf('DutyShift') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  };
}

const KEY = 'Same key and input within 24 hours: the same answer.';
const REASON = 'In words, at most 2,000 characters.';

mutation('dutyDeskOpen', {
  description:
    'Has a team’s desk manned from now on, day and night unless another calendar is named (TIC-02): by who writes the rota (DUT-01). A stretch without anybody is told as DUTY_GAP.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    teamId: t.id({ required: true, ...nodeIdOf('Team') }),
    calendarCode: t.string({ description: 'Of a calendar in force; default ALWAYS_OPEN.' }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input, read) => dutyDeskOpen(tx, viewer, input, read),
  success: (t) => deskSuccess(t as never),
});

mutation('dutyDeskClose', {
  description: 'Ends the watch over a desk: by who writes its rota. Its shifts stay in the records.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    deskId: t.id({ required: true, ...nodeIdOf('DutyDesk') }),
    reason: t.string({ required: true, description: REASON }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input, read) => dutyDeskClose(tx, viewer, input, read),
  success: (t) => deskSuccess(t as never),
});

const ShiftInput = builder.inputType('DutyShiftInput', {
  description: 'A shift of a rota.',
  fields: (t) => ({
    employeeId: t.id({ required: true, description: 'Who works here then.', ...nodeIdOf('Employee') }),
    from: t.field({ type: 'DateTime', required: true, description: 'At most 366 days ahead.' }),
    to: t.field({ type: 'DateTime', required: true, description: 'Exclusive; at most 24 hours later.' }),
    phone: t.string({
      required: true,
      description: 'Where the person answers: 6 to 30 digits, blanks and hyphens.',
    }),
  }),
});

mutation('dutyShiftsPlan', {
  description:
    'Enters 1 to 500 shifts of a rota, all or none; they apply at once: by MARKETING_CLERK and HEAD, and for their own desks by supervisors (DUT-01, DUT-02). Several people may be on duty together, nobody in two shifts at once.',
  errors: ['IllegalTransition', 'IdempotencyConflict'],
  input: (t) => ({
    deskId: t.id({ required: true, ...nodeIdOf('DutyDesk') }),
    shifts: t.field({ type: [ShiftInput], required: true }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input, read) => dutyShiftsPlan(tx, viewer, input, read),
  success: (t) => ({
    ...deskSuccess(t as never),
    shifts: t.field({
      type: [ShiftType],
      description: 'Those that the viewer may read, in order.',
      resolve: (done: { planId: string }, _args: unknown, { read }: Context) =>
        shiftsOfPlan.load(read, done.planId),
    }),
  }),
});

mutation('dutyShiftSwap', {
  description: 'Gives a shift that is not over to another person: MARKETING_CLERK or HEAD decides (DUT-02).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    ...onShift(t),
    employeeId: t.id({
      required: true,
      description: 'Somebody who works here then and has no other shift.',
      ...nodeIdOf('Employee'),
    }),
    phone: t.string({ description: 'Where that person answers; unchanged without it.' }),
    reason: t.string({ required: true, description: REASON }),
  }),
  run: (tx, viewer, input, read) => dutyShiftSwap(tx, viewer, input, read),
  success: (t) => shiftSuccess(t as never),
});

mutation('dutyShiftCancel', {
  description: 'Takes a shift that is not over out of the rota; a gap that this opens is told (DUT-03).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({ ...onShift(t), reason: t.string({ required: true, description: REASON }) }),
  run: (tx, viewer, input, read) => dutyShiftCancel(tx, viewer, input, read),
  success: (t) => shiftSuccess(t as never),
});

mutation('dutyShiftHandOver', {
  description:
    'Writes the handover note of one’s own shift, once it has begun; it cannot be changed (DUT-02).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    ...onShift(t),
    note: t.string({ required: true, description: 'What the next one must know, at most 5,000 characters.' }),
  }),
  run: (tx, viewer, input) => dutyShiftHandOver(tx, viewer, input),
  success: (t) => shiftSuccess(t as never),
});

const ChannelType = builder.objectRef<ChannelRow>('ServiceChannel').implement({
  description:
    'A number, mailbox or page at which a team serves customers (TIC-01). For every employee to read.',
  fields: (t) => ({
    kind: t.field({
      type: ENUMS.ServiceChannelKind,
      description: 'COMPLAINT_LINE is for complaints alone and open day and night.',
      resolve: (row) => row.kind,
    }),
    name: t.exposeString('name'),
    address: t.exposeString('address', { description: 'Phone number, e-mail address or web address.' }),
    calendarCode: t.exposeString('calendarCode', {
      description: 'Code of the calendar in whose open time it is served.',
    }),
    isOpen: t.field({
      type: 'Boolean',
      description: 'Whether it is served now. Tickets are taken in at any time (TIC-02).',
      resolve: async (row, _args, { read }) =>
        row.closedAt === null && (await calendarOpenNow.load(read, row.calendarCode)) === true,
    }),
    team: t.field({
      type: 'Team',
      nullable: true,
      description: 'The team that is on duty there.',
      resolve: (row, _args, { read }) => read.organisation.teams.get(row.teamId) ?? null,
    }),
    onDuty: t.field({
      type: [OnDutyType],
      description: 'Who of the team is on duty now, who came last first.',
      resolve: (row, _args, { read }) => teamsOnDuty.load(read, row.teamId),
    }),
    openedAt: t.field({ type: 'DateTime', resolve: (row) => row.openedAt }),
    closedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when it is served no more.',
      resolve: (row) => row.closedAt,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(ChannelType, channelById);
rootList('serviceChannels', listTypes<ChannelRow>('ServiceChannel', ChannelType, CHANNEL_FIELDS), {
  description: 'How customers reach the service: hotlines, chats, mailboxes and the complaint line (TIC-01).',
  source: channelList,
});

function channelSuccess(t: SuccessFields<{ channelId: string }>) {
  return {
    channel: t.field({
      type: ChannelType,
      nullable: true,
      resolve: (done, _args, { read }) => channelById.load(read, done.channelId),
    }),
  };
}

mutation('serviceChannelOpen', {
  description:
    'Names a number, mailbox or page at which a team serves customers (TIC-01): by who writes the rota of the team.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    kind: t.field({ type: ENUMS.ServiceChannelKind, required: true }),
    name: t.string({ required: true, description: 'At most 100 characters.' }),
    address: t.string({
      required: true,
      description: 'Phone number, e-mail or web address, at most 200 characters.',
    }),
    teamId: t.id({ required: true, description: 'Who is on duty there.', ...nodeIdOf('Team') }),
    calendarCode: t.string({
      description: 'Its hours: a calendar in force, ALWAYS_OPEN without it; a COMPLAINT_LINE is always open.',
    }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input, read) => serviceChannelOpen(tx, viewer, input, read),
  success: channelSuccess,
});

mutation('serviceChannelClose', {
  description: 'Ends a channel; the tickets that came in there keep it.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    channelId: t.id({ required: true, ...nodeIdOf('ServiceChannel') }),
    reason: t.string({ required: true, description: REASON }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input, read) => serviceChannelClose(tx, viewer, input, read),
  success: channelSuccess,
});
