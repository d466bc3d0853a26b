import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { meetingMinutes, meetingRecord } from '../commands/meetings.ts';
import { keyAccountById } from '../queries/key-accounts.ts';
import { MEETING_FIELDS, meetingById, meetingList, type MeetingRow } from '../queries/meetings.ts';

const MeetingType = builder.objectRef<MeetingRow>('KeyAccountMeeting').implement({
  description:
    'A meeting of key account work: symposium, needs analysis, executive symposium (KEY-09, KEY-18). Read by who reads all key accounts, and by KA_SPECIALISTs.',
  fields: (t) => ({
    type: t.field({ type: ENUMS.KeyAccountMeetingType, resolve: (row) => row.type }),
    heldAt: t.field({ type: 'DateTime', resolve: (row) => row.heldAt }),
    subject: t.exposeString('subject', { description: 'What it was about.' }),
    participants: t.exposeStringList('participants', { description: 'Who took part.' }),
    keyAccounts: t.field({
      type: ['KeyAccount' as never],
      description: 'The accounts that took part, of which the viewer may know.',
      // Few take part in a meeting.
      complexity: { field: 1, multiplier: 2 },
      resolve: async (row, _args, { read }) =>
        (await keyAccountById.loadMany(read, row.keyAccountIds)).filter(
          (account) => account !== null && !(account instanceof Error),
        ) as never[],
    }),
    minutes: t.exposeString('minutes', { nullable: true, description: 'Null until they are written.' }),
    minutesAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.minutesAt }),
    recordedBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who organised and recorded it.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.recordedById) ?? null,
    }),
    recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(MeetingType, meetingById);
rootList('keyAccountMeetings', listTypes<MeetingRow>('KeyAccountMeeting', MeetingType, MEETING_FIELDS), {
  description: 'Meetings of key account work that the viewer may read.',
  source: meetingList,
});

function meetingField(t: SuccessFields<{ meetingId: string }>) {
  return {
    meeting: t.field({
      type: MeetingType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => meetingById.load(read, done.meetingId),
    }),
  };
}

mutation('keyAccountMeetingRecord', {
  description:
    'Records a meeting that was held; one of a series meets what was asked of its stretch of time (KEY-18). Who writes key accounts.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    type: t.field({ type: ENUMS.KeyAccountMeetingType, required: true }),
    heldAt: t.field({ type: 'DateTime', required: true, description: 'Not in the future.' }),
    subject: t.string({ required: true, description: 'At most 500 characters.' }),
    participants: t.stringList({ required: true, description: 'At most 200 names.' }),
    keyAccountIds: t.idList({
      ...nodeIdOf('KeyAccount'),
      description: 'The accounts that took part; needed for an executive symposium (KEY-09).',
    }),
    minutes: t.string({
      description: 'At most 20,000 characters; within meeting.minutesDays working days, else MINUTES_LATE.',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => meetingRecord(tx, viewer, input, read),
  success: meetingField,
});

mutation('keyAccountMeetingMinutes', {
  description: 'Writes the minutes of a meeting, or writes them again. Who writes key accounts.',
  errors: ['StaleVersion'],
  input: (t) => ({
    meetingId: t.id({ required: true, ...nodeIdOf('KeyAccountMeeting') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    minutes: t.string({ required: true, description: 'At most 20,000 characters.' }),
  }),
  run: (tx, viewer, input) => meetingMinutes(tx, viewer, input),
  success: meetingField,
});
