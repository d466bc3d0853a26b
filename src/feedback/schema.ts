import { customerById } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import { feedbackAnswer, feedbackRecord, feedbackToTicket } from './commands/feedback.ts';
import { incidentReport } from './commands/incidents.ts';
import {
  FEEDBACK_FIELDS,
  feedbackById,
  type FeedbackCount,
  feedbackDigest,
  feedbackList,
  type FeedbackRow,
  INCIDENT_FIELDS,
  incidentById,
  incidentList,
  type IncidentRow,
} from './queries.ts';

const FeedbackType = builder.objectRef<FeedbackRow>('Feedback').implement({
  description:
    "A customer's opinion or suggestion (TIC-30, FRM-39). Read and worked on by the rights on tickets: all of them, the own area's, the own team's, the own, those of own customers, those about the own department.",
  fields: (t) => ({
    state: t.field({
      type: ENUMS.FeedbackState,
      description: 'RECORDED, then ANSWERED, or TICKET once it is handled as a complaint.',
      resolve: (row) => row.state,
    }),
    topic: t.field({ type: ENUMS.FeedbackTopic, resolve: (row) => row.topic }),
    severity: t.field({
      type: ENUMS.TicketSeverity,
      description: 'A SERIOUS one is a ticket from the start, so that HEAD decides (TIC-20).',
      resolve: (row) => row.severity,
    }),
    content: t.exposeString('content', { description: 'What the customer said.' }),
    channel: t.field({ type: ENUMS.TicketChannel, resolve: (row) => row.channel }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) =>
        row.customerId === null ? null : customerById.load(read, row.customerId),
    }),
    department: t.field({
      type: 'Department',
      nullable: true,
      description: 'Whose work it is about.',
      resolve: (row, _args, { read }) => read.organisation.departments.get(row.departmentId ?? '') ?? null,
    }),
    receivedAt: t.field({
      type: 'DateTime',
      description: 'When it reached us.',
      resolve: (row) => row.receivedAt,
    }),
    recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
    recordedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.recordedById) ?? null,
    }),
    analysis: t.exposeString('analysis', { nullable: true, description: 'What lies behind it.' }),
    action: t.exposeString('action', { nullable: true, description: 'What is done about it.' }),
    noticeChannel: t.field({
      type: ENUMS.NoticeChannel,
      nullable: true,
      description: 'How the customer was told (CFL-15).',
      resolve: (row) => row.noticeChannel,
    }),
    answeredAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.answeredAt }),
    answeredBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.answeredById ?? '') ?? null,
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'As what it is handled; null for a viewer who may not read it.',
      resolve: (row, _args, { read }) => (row.ticketId === null ? null : ticketById.load(read, row.ticketId)),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(FeedbackType, feedbackById);
rootList('feedback', listTypes<FeedbackRow>('Feedback', FeedbackType, FEEDBACK_FIELDS), {
  description: 'Opinions and suggestions that the viewer may read.',
  source: feedbackList,
});

const FeedbackCountType = builder.objectRef<FeedbackCount>('FeedbackCount').implement({
  description: 'How often customers spoke of a topic, and what became of it (TIC-30).',
  fields: (t) => ({
    topic: t.field({ type: ENUMS.FeedbackTopic, resolve: (row) => row.topic }),
    count: t.exposeInt('count'),
    serious: t.exposeInt('serious', { description: 'Of them, serious ones.' }),
    answered: t.exposeInt('answered', { description: 'Of them, answered as feedback.' }),
    tickets: t.exposeInt('tickets', { description: 'Of them, handled as complaints.' }),
  }),
});

builder.queryField('feedbackDigest', (t) =>
  t.field({
    type: [FeedbackCountType],
    description:
      'Feedback received in a span that the viewer may read, by topic, the most frequent first: a month for the monthly digest (TIC-30). At most 366 days.',
    args: {
      from: t.arg({ type: 'DateTime', required: true }),
      until: t.arg({ type: 'DateTime', required: true, description: 'Exclusive.' }),
    },
    resolve: (_root, { from, until }, { read }) => {
      const days = (until.getTime() - from.getTime()) / 86_400_000;
      if (days <= 0 || days > 366)
        throw invalid('until', text('after `from`, by at most 366 days', '须晚于 from，且不超过 366 天'));
      return feedbackDigest(read, from, until);
    },
  }),
);

function feedbackField(t: SuccessFields<{ feedbackId: string }>) {
  return {
    feedback: t.field({
      type: FeedbackType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => feedbackById.load(read, done.feedbackId),
    }),
  };
}

const CALLER = {
  name: 'Needed where it becomes a complaint (FRM-06).',
  phone: 'Needed where it becomes a complaint and came by phone or on site (FRM-06).',
};

mutation('feedbackRecord', {
  description:
    'Records an opinion or suggestion of a customer (TIC-30); for those who work on tickets. A SERIOUS one opens a serious complaint at once (TIC-20) and needs what that needs: customer and caller.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    topic: t.field({ type: ENUMS.FeedbackTopic, required: true }),
    content: t.string({ required: true, description: 'What the customer said, at most 20,000 characters.' }),
    channel: t.field({ type: ENUMS.TicketChannel, required: true }),
    severity: t.field({ type: ENUMS.TicketSeverity, description: 'GENERAL without it.' }),
    customerId: t.id({ ...nodeIdOf('Customer'), description: 'Needed for a serious one.' }),
    departmentId: t.id({ ...nodeIdOf('Department'), description: 'Whose work it is about.' }),
    receivedAt: t.field({ type: 'DateTime', description: 'When it reached us; now without it.' }),
    callerName: t.string({ description: CALLER.name }),
    callerPhone: t.string({ description: CALLER.phone }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => feedbackRecord(tx, viewer, input, read),
  success: feedbackField,
});

mutation('feedbackToTicket', {
  description:
    'Handles an opinion as a complaint; its limits count from when it reached us (TIC-30). IllegalTransition where it is one already.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    feedbackId: t.id({ required: true, ...nodeIdOf('Feedback') }),
    callerName: t.string({ description: CALLER.name }),
    callerPhone: t.string({ description: CALLER.phone }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input, read) => feedbackToTicket(tx, viewer, input, read),
  success: feedbackField,
});

mutation('feedbackAnswer', {
  description:
    'Says what lies behind an opinion, what is done about it, and how the customer was told (TIC-30).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    feedbackId: t.id({ required: true, ...nodeIdOf('Feedback') }),
    analysis: t.string({ required: true, description: 'At most 5,000 characters.' }),
    action: t.string({ required: true, description: 'At most 5,000 characters.' }),
    noticeChannel: t.field({
      type: ENUMS.NoticeChannel,
      required: true,
      description: 'How the customer was told; PHONE alone is enough for feedback (CFL-15).',
    }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => feedbackAnswer(tx, viewer, input),
  success: feedbackField,
});

const IncidentType = builder.objectRef<IncidentRow>('IncidentReport').implement({
  description:
    'An urgent or sudden event at work (TIC-32). Seen by its reporter, by HEAD and by those who read the audit.',
  fields: (t) => ({
    description: t.exposeString('description', { description: 'What happened.' }),
    reporter: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.reporterId) ?? null,
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) =>
        row.customerId === null ? null : customerById.load(read, row.customerId),
    }),
    occurredAt: t.field({ type: 'DateTime', resolve: (row) => row.occurredAt }),
    reportedAt: t.field({ type: 'DateTime', resolve: (row) => row.reportedAt }),
  }),
});
nodeBy(IncidentType, incidentById);
rootList('incidentReports', listTypes<IncidentRow>('IncidentReport', IncidentType, INCIDENT_FIELDS), {
  description: "The viewer's own reports; all of them for HEAD and those who read the audit.",
  source: incidentList,
});

mutation('incidentReport', {
  description:
    'Reports an urgent or sudden event at work; open to every employee. HEAD hears of it at once (TIC-32, EVT-11).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    description: t.string({ required: true, description: 'What happened, in up to 5,000 characters.' }),
    customerId: t.id({ ...nodeIdOf('Customer'), description: 'Whom it concerns.' }),
    occurredAt: t.field({ type: 'DateTime', description: 'When; now without it, not in the future.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => incidentReport(tx, viewer, input, read),
  success: (t) => ({
    report: t.field({
      type: IncidentType,
      nullable: true,
      resolve: (done, _args, { read }) => incidentById.load(read, done.incidentReportId),
    }),
  }),
});
