import { customerById } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { globalId, nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import {
  patrolDailySubmit,
  patrolMonthlySubmit,
  patrolUrgentAnswer,
  patrolUrgentReport,
  visitPlanSubmit,
} from './commands.ts';
import {
  dailiesOfReport,
  type PatrolCount,
  patrolsOfReport,
  visitsOfReport,
  WORK_REPORT_FIELDS,
  workReportById,
  workReportList,
  type WorkReportRow,
} from './queries.ts';

const PatrolCountType = builder.objectRef<PatrolCount>('PatrolCount').implement({
  description: 'How often a customer was patrolled in a month (FRM-04).',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    visits: t.exposeInt('visits'),
  }),
});

const WorkReportType = builder.objectRef<WorkReportRow>('WorkReport').implement({
  description:
    'A visit plan (VIS-03), or a daily, monthly or urgent report on patrols (VIS-07, VIS-08, VIS-09). Read by its author and by whom it is for: SALES_SUPERVISOR plans, CS_SUPERVISOR patrols, HEAD all.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.WorkReportKind, resolve: (row) => row.kind }),
    period: t.exposeString('period', { description: 'A day as 2026-11-23, or a month as 2026-11.' }),
    state: t.field({ type: ENUMS.WorkReportState, resolve: (row) => row.state }),
    author: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who has to write it, or wrote it; null for a monthly report that nobody has submitted.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.authorId ?? '') ?? null,
    }),
    dueAt: t.field({
      type: 'DateTime',
      description:
        'Until when it is submitted, an urgent one answered. Later than the grace it is told as REPORT_OVERDUE (EVT-52), an urgent one at once as PATROL_URGENT_UNANSWERED.',
      resolve: (row) => row.dueAt,
    }),
    isOverdue: t.boolean({
      description: 'Whether it was due and is not submitted, an urgent one not answered.',
      resolve: (row, _args, { read }) =>
        row.dueAt <= read.now &&
        (row.kind === 'PATROL_URGENT' ? row.state === 'SUBMITTED' : row.state === 'DUE'),
    }),
    submittedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.submittedAt }),
    opinions: t.exposeString('opinions', {
      nullable: true,
      description: 'Daily: opinions, suggestions and wishes of the customers.',
    }),
    market: t.exposeString('market', {
      nullable: true,
      description: "Daily: the market, competitors' moves and other companies' sales policy.",
    }),
    effect: t.exposeString('effect', { nullable: true, description: 'Daily: what the patrols brought.' }),
    matters: t.exposeString('matters', {
      nullable: true,
      description: 'Daily: how main matters were handled, and with what result.',
    }),
    other: t.exposeString('other', { nullable: true, description: 'Daily: what else there is to say.' }),
    remark: t.string({
      nullable: true,
      description: 'On a visit plan.',
      resolve: (row) => (row.kind === 'VISIT_PLAN' ? row.other : null),
    }),
    findings: t.string({
      nullable: true,
      description: 'Monthly: the main findings.',
      resolve: (row) => (row.kind === 'PATROL_MONTHLY' ? row.findings : null),
    }),
    visitIds: t.field({
      type: ['ID'],
      description:
        'Visits of the plan, patrols of the day: ids of those that the viewer may read, in their order; `nodes` has the visits with customer and time.',
      // A day or a month of one person.
      complexity: { multiplier: 3 },
      resolve: async (row, _args, { read }) =>
        (await visitsOfReport.load(read, row.id)).map((id) => globalId('Visit', id)),
    }),
    patrols: t.field({
      type: [PatrolCountType],
      description: 'Monthly: patrols by customer, most first, as far as the viewer may read the visits.',
      complexity: { multiplier: 3 },
      resolve: (row, _args, { read }) => patrolsOfReport.load(read, row.id),
    }),
    dailyReportIds: t.field({
      type: ['ID'],
      description: 'Monthly: ids of the daily reports of the month, in their order; `nodes` has the reports.',
      complexity: { multiplier: 3 },
      resolve: async (row, _args, { read }) =>
        (await dailiesOfReport.load(read, row.id)).map((id) => globalId('WorkReport', id)),
    }),
    urgency: t.field({
      type: ENUMS.PatrolUrgency,
      nullable: true,
      description: 'Why it is urgent.',
      resolve: (row) => row.urgency,
    }),
    facts: t.string({
      nullable: true,
      description: 'Urgent: what was found.',
      resolve: (row) => (row.kind === 'PATROL_URGENT' ? row.findings : null),
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Urgent: where it was found.',
      resolve: (row, _args, { read }) => (row.customerId ? customerById.load(read, row.customerId) : null),
    }),
    competitor: t.exposeString('competitor', { nullable: true, description: 'Urgent: whom it is about.' }),
    request: t.string({
      nullable: true,
      description: 'Urgent: what HEAD is asked for.',
      resolve: (row) => (row.kind === 'PATROL_URGENT' ? row.other : null),
    }),
    answer: t.exposeString('answer', { nullable: true, description: "HEAD's answer." }),
    answeredBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.answeredById ?? '') ?? null,
    }),
    answeredAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.answeredAt }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(WorkReportType, workReportById);
rootList('workReports', listTypes<WorkReportRow>('WorkReport', WorkReportType, WORK_REPORT_FIELDS), {
  description:
    'Visit plans and patrol reports that the viewer may read, those that are due too: `where: {state: {eq: DUE}}`.',
  source: workReportList,
});

const REPORT_ERRORS = ['StaleVersion', 'IllegalTransition'] as const;
const WORDS = 'At most 10,000 characters.';

function reportField(t: SuccessFields<{ reportId: string }>) {
  return {
    report: t.field({
      type: WorkReportType,
      nullable: true,
      resolve: (done, _args, { read }) => workReportById.load(read, done.reportId),
    }),
  };
}

mutation('visitPlanSubmit', {
  description:
    'Submits the visits that are planned for a month (VIS-03), by whose plan it is; at least one is planned. More are planned as they are needed.',
  errors: REPORT_ERRORS,
  input: (t) => ({
    reportId: t.id({ required: true, description: 'A VISIT_PLAN.', ...nodeIdOf('WorkReport') }),
    remark: t.string({ description: WORDS }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input, read) => visitPlanSubmit(tx, viewer, input, read),
  success: reportField,
});

mutation('patrolDailySubmit', {
  description:
    'Reports on the patrols of a day to CS_SUPERVISOR (VIS-07, FRM-03), by who made them; due once a patrol of the day is recorded.',
  errors: REPORT_ERRORS,
  input: (t) => ({
    reportId: t.id({ required: true, description: 'A PATROL_DAILY.', ...nodeIdOf('WorkReport') }),
    opinions: t.string({ required: true, description: `Of the customers. ${WORDS}` }),
    market: t.string({ description: WORDS }),
    effect: t.string({ required: true, description: WORDS }),
    matters: t.string({ description: WORDS }),
    other: t.string({ description: WORDS }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => patrolDailySubmit(tx, viewer, input),
  success: reportField,
});

mutation('patrolMonthlySubmit', {
  description: 'Reports on the patrols of a month to HEAD (VIS-08, FRM-04), by CS_SUPERVISOR.',
  errors: REPORT_ERRORS,
  input: (t) => ({
    reportId: t.id({ required: true, description: 'A PATROL_MONTHLY.', ...nodeIdOf('WorkReport') }),
    findings: t.string({ required: true, description: WORDS }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => patrolMonthlySubmit(tx, viewer, input),
  success: reportField,
});

mutation('patrolUrgentReport', {
  description:
    'Tells HEAD at once what patrols have found and cannot wait (VIS-09, FRM-05), by CS_SUPERVISOR: PATROL_URGENT_REPORT. HEAD answers within `patrol.urgentReplyHours`.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    urgency: t.field({ type: ENUMS.PatrolUrgency, required: true }),
    facts: t.string({ required: true, description: WORDS }),
    customerId: t.id({ description: 'Where it was found.', ...nodeIdOf('Customer') }),
    competitor: t.string({ description: WORDS }),
    request: t.string({ description: `What HEAD is asked for. ${WORDS}` }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => patrolUrgentReport(tx, viewer, input, read),
  success: reportField,
});

mutation('patrolUrgentAnswer', {
  description: "HEAD's answer to an urgent report (VIS-09).",
  errors: REPORT_ERRORS,
  input: (t) => ({
    reportId: t.id({ required: true, description: 'A PATROL_URGENT.', ...nodeIdOf('WorkReport') }),
    answer: t.string({ required: true, description: WORDS }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => patrolUrgentAnswer(tx, viewer, input),
  success: reportField,
});
