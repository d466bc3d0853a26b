import { builder } from '../../graphql/builder.ts';
import { money } from '../../graphql/shared-types.ts';
import { careEnd, careRecording, giftRecording } from '../commands/care.ts';
import {
  incentivePay,
  incentiveRecording,
  inspectionRecording,
  milestoneReach,
  planRecording,
  planReview,
  projectAdvance,
  projectRecording,
  requestAdvance,
  requestRecording,
  requirementEnd,
  stockRecording,
  valueAddedEnd,
  valueAddedRecording,
} from '../commands/work.ts';
import { incentiveRevenueOf } from '../queries/incentives.ts';
import type { RecordRow } from '../queries/records.ts';
import {
  CARE,
  GIFT,
  INCENTIVE,
  INSPECTION,
  PROJECT,
  REQUIREMENT,
  SERVICE_PLAN,
  SERVICE_REQUEST,
  STOCK,
  VALUE_ADDED,
} from '../rules/record-specs.ts';
import { earnedOf, type IncentiveStep, type Milestone } from '../rules/work.ts';
import { changeMutation, recordMutation, recordType } from './records.ts';

const NOTE = 'At most 5,000 characters.';

const MilestoneType = builder.objectRef<Milestone>('KeyAccountMilestone').implement({
  description: 'What a project is to reach by when (KEY-20).',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'From 1, in the order of the days.' }),
    title: t.exposeString('title'),
    dueOn: t.field({ type: 'Date', resolve: (milestone) => milestone.dueOn }),
    doneAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null until it is reached.',
      resolve: ({ doneAt }) => (doneAt === null ? null : new Date(doneAt)),
    }),
    note: t.exposeString('note', { nullable: true }),
  }),
});

const project = recordType(PROJECT, (t) => ({
  milestones: t.field({
    type: [MilestoneType],
    description: 'What is to be reached by when.',
    resolve: (row: RecordRow) => row.milestones,
  }),
}));

const MilestoneInput = builder.inputType('KeyAccountMilestoneInput', {
  fields: (t) => ({
    title: t.string({ required: true, description: 'At most 200 characters.' }),
    dueOn: t.field({ type: 'Date', required: true }),
  }),
});

recordMutation(project, {
  description: 'Declares a large project of an account (KEY-20); KA_SUPERVISOR or HEAD decide on it.',
  inputs: (t) => ({ milestones: t.field({ type: [MilestoneInput], description: 'At most 100.' }) }),
  recording: (_tx, _read, _viewer, { milestones }) => projectRecording(milestones ?? []),
});

const ProjectAction = builder.enumType('KeyAccountProjectAction', {
  description: 'What is done with a project.',
  values: {
    APPROVE: { description: 'DECLARED to APPROVED; who approves key accounts, and not an own one.' },
    REJECT: { description: 'DECLARED to REJECTED; the same.' },
    START: { description: 'APPROVED to IN_PROGRESS.' },
    PROGRESS: { description: 'Says how far it is.' },
    FINISH: { description: 'IN_PROGRESS to DONE.' },
  } as const,
});

changeMutation(project, 'keyAccountProjectAdvance', {
  description: 'Decides on a project, starts it, says how far it is, or finishes it (KEY-20).',
  inputs: (t) => ({
    action: t.field({ type: ProjectAction, required: true }),
    note: t.string({ required: true, description: `Why, or how far. ${NOTE}` }),
  }),
  run: (tx, viewer, input) => projectAdvance(tx, viewer, input),
});

changeMutation(project, 'keyAccountMilestoneReach', {
  description: 'Says that a milestone of a project in progress was reached (KEY-20).',
  inputs: (t) => ({
    number: t.int({ required: true, description: 'Of the milestone.' }),
    note: t.string({ description: 'How it went.' }),
  }),
  run: (tx, viewer, input) => milestoneReach(tx, viewer, input),
});

recordMutation(recordType(INSPECTION), {
  description:
    'Records the inspection of the service of an account for the period that runs (KEY-20); meets its duty.',
  recording: (tx, read) => inspectionRecording(tx, read),
});

const plan = recordType(SERVICE_PLAN);
recordMutation(plan, {
  description: 'Makes the service plan of an account that has none (KEY-25).',
  recording: (tx, read) => planRecording(tx, read),
});
changeMutation(plan, 'servicePlanReview', {
  description: 'Reviews a service plan, and changes it where needed; the next review is asked for (KEY-25).',
  inputs: (t) => ({
    outcome: t.string({ required: true, description: `What was found. ${NOTE}` }),
    content: t.string({ description: 'The plan anew; without it, it stays.' }),
    goals: t.string({ description: 'The goals anew; without it, they stay.' }),
  }),
  run: (tx, viewer, input, read) => planReview(tx, viewer, input, read),
});

interface LogEntry {
  readonly at: string;
  readonly byId: string;
  readonly action: string;
  readonly note: string;
}

const RequestEntryType = builder.objectRef<LogEntry>('ServiceRequestEntry').implement({
  description: 'Something that happened to a service request.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', resolve: (entry) => new Date(entry.at) }),
    by: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (entry, _args, { read }) => read.organisation.employees.get(entry.byId) ?? null,
    }),
    action: t.exposeString('action', { description: 'OPEN, PROGRESS, FINISH or CANCEL.' }),
    note: t.exposeString('note'),
  }),
});

const request = recordType(SERVICE_REQUEST, (t) => ({
  log: t.field({
    type: [RequestEntryType],
    description: 'What happened, in order.',
    resolve: (row: RecordRow) => row.log,
  }),
}));
recordMutation(request, {
  description: 'Takes a request of an account to which somebody goes (KEY-23).',
  recording: (tx, read, viewer) => requestRecording(tx, read, viewer),
});
changeMutation(request, 'serviceRequestAdvance', {
  description:
    'Notes what happened to a request: progress, its end, or that it was cancelled (KEY-23). Who writes the account, or who goes.',
  inputs: (t) => ({
    action: t.field({
      type: builder.enumType('ServiceRequestAction', {
        description: 'What is done with a request.',
        values: ['PROGRESS', 'FINISH', 'CANCEL'] as const,
      }),
      required: true,
    }),
    note: t.string({ required: true, description: NOTE }),
  }),
  run: (tx, viewer, input) => requestAdvance(tx, viewer, input),
});

const valueAdded = recordType(VALUE_ADDED);
recordMutation(valueAdded, {
  description: 'Gives an account a value-added service (KEY-11).',
  recording: () => valueAddedRecording(),
});
changeMutation(valueAdded, 'valueAddedServiceEnd', {
  description: 'Says on which day a value-added service ends (KEY-11).',
  inputs: (t) => ({ until: t.field({ type: 'Date', required: true, description: 'Its last day.' }) }),
  run: (tx, viewer, input) => valueAddedEnd(tx, viewer, input),
});

const StepType = builder.objectRef<IncentiveStep>('KeyAccountIncentiveStep').implement({
  description: 'From which revenue which share is paid back.',
  fields: (t) => ({
    from: t.field({
      type: 'Money',
      nullable: true,
      description: 'Revenue of the period.',
      resolve: (step, _args, context) => money(step.from, context),
    }),
    percent: t.field({ type: 'Decimal', description: 'Of all revenue.', resolve: (step) => step.percent }),
  }),
});

const incentive = recordType(INCENTIVE, (t) => ({
  steps: t.field({
    type: [StepType],
    description: 'The highest step that the revenue reaches counts, for all of it.',
    resolve: (row: RecordRow) => row.steps,
  }),
  revenue: t.field({
    type: 'Money',
    nullable: true,
    description: 'Recognised in the period so far.',
    // biome-ignore lint/suspicious/noExplicitAny: the context of a field whose builder is data.
    resolve: async (row: RecordRow, _args: unknown, context: any) =>
      money(await incentiveRevenueOf.load(context.read, row.id), context),
  }),
  earned: t.field({
    type: 'Money',
    nullable: true,
    description: 'What the revenue so far earns.',
    // biome-ignore lint/suspicious/noExplicitAny: the context of a field whose builder is data.
    resolve: async (row: RecordRow, _args: unknown, context: any) =>
      money(
        earnedOf(await incentiveRevenueOf.load(context.read, row.id), row.steps as IncentiveStep[]),
        context,
      ),
  }),
}));
const StepInput = builder.inputType('KeyAccountIncentiveStepInput', {
  fields: (t) => ({
    from: t.field({ type: 'Decimal', required: true, description: 'Revenue of the period.' }),
    percent: t.field({
      type: 'Decimal',
      required: true,
      description: 'Of all revenue; above 0, up to 100, two places.',
    }),
  }),
});
recordMutation(incentive, {
  description: 'Proposes an incentive; keyAccount.incentiveChain approves it, HEAD then FINANCE (KEY-07).',
  inputs: (t) => ({
    steps: t.field({ type: [StepInput], required: true, description: '1 to 20, of rising revenue.' }),
  }),
  recording: (tx, read, viewer, { steps }) => incentiveRecording(tx, read, viewer, steps),
});
changeMutation(incentive, 'keyAccountIncentivePay', {
  description:
    'Records that an approved incentive was paid, after its period and no more than earned. FINANCE.',
  inputs: (t) => ({ amount: t.field({ type: 'Decimal', required: true, description: 'What was paid.' }) }),
  run: (tx, viewer, input, read) => incentivePay(tx, viewer, input, read),
});

const requirement = recordType(REQUIREMENT);
recordMutation(requirement, {
  description: 'Records what an account needs (KEY-21); by who reads its file.',
  recording: () => ({ facts: () => ({ state: 'OPEN' }) }),
});
changeMutation(requirement, 'customerRequirementEnd', {
  description: 'Says how a requirement was met, or why it was declined (KEY-21).',
  inputs: (t) => ({
    action: t.field({
      type: builder.enumType('CustomerRequirementAction', {
        description: 'What became of a requirement.',
        values: ['MEET', 'DECLINE'] as const,
      }),
      required: true,
    }),
    outcome: t.string({ required: true, description: NOTE }),
  }),
  run: (tx, viewer, input) => requirementEnd(tx, viewer, input),
});

const care = recordType(CARE);
recordMutation(care, {
  description: 'Plans care of an account; CARE_ACTION_DUE tells it care.noticeDays before (KEY-27).',
  recording: (tx, read) => careRecording(tx, read),
});
changeMutation(care, 'careActionEnd', {
  description: 'Says what came of care of an account, or why it was cancelled (KEY-27).',
  inputs: (t) => ({
    action: t.field({
      type: builder.enumType('CareActionEndAction', {
        description: 'How care ends.',
        values: ['FINISH', 'CANCEL'] as const,
      }),
      required: true,
    }),
    result: t.string({ required: true, description: `Opinion, answer or reason. ${NOTE}` }),
  }),
  run: (tx, viewer, input) => careEnd(tx, viewer, input),
});

recordMutation(recordType(GIFT), {
  description:
    'Enters a gift or hospitality (KEY-28). Beyond gift.limit for the person in the calendar year it waits for HEAD.',
  recording: (tx, read, viewer) => giftRecording(tx, read, viewer),
});

recordMutation(recordType(STOCK), {
  description: 'Records what an account has in stock, what it sells, and what it will need (KEY-12).',
  recording: (_tx, read) => stockRecording(read),
});
