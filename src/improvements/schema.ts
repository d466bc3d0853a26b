import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { globalId, nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import {
  actionItemDone,
  actionItemsAdd,
  improvementPlanClose,
  improvementPlanDrop,
  improvementPlanOpen,
} from './commands.ts';
import {
  type CauseCount,
  complaintCauses,
  type ItemCount,
  type ItemRow,
  itemsOfPlan,
  measuresDue,
  PLAN_FIELDS,
  planById,
  planList,
  type PlanRow,
  plansOfTicket,
  ticketsOfPlan,
} from './queries.ts';

const ItemType = builder.objectRef<ItemRow>('ActionItem').implement({
  description: 'A measure of an improvement plan: corrective, or preventive (TIC-29).',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Place in the plan, from 1.' }),
    kind: t.field({ type: ENUMS.ActionItemKind, resolve: (row) => row.kind }),
    measure: t.exposeString('measure', { description: 'What is done.' }),
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who does it.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.ownerId) ?? null,
    }),
    dueAt: t.field({ type: 'DateTime', resolve: (row) => row.dueAt }),
    doneAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.doneAt }),
    doneBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.doneById ?? '') ?? null,
    }),
    result: t.exposeString('result', { nullable: true, description: 'What it brought.' }),
  }),
});

const PlanType = builder.objectRef<PlanRow>('ImprovementPlan').implement({
  description:
    'What a department does so that a missed goal or a cause of complaints does not come back (TIC-26, FRM-40). Read by those who read all tickets, by the department, and by whoever has something to do in it.',
  fields: (t) => ({
    state: t.field({ type: ENUMS.ImprovementPlanState, resolve: (row) => row.state }),
    department: t.field({
      type: 'Department',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.departments.get(row.departmentId) ?? null,
    }),
    goal: t.exposeString('goal', { description: 'The goal that was missed, or what went wrong.' }),
    rootCause: t.field({
      type: ENUMS.RootCause,
      nullable: true,
      description: 'The cause of complaints that it is to end.',
      resolve: (row) => row.rootCause,
    }),
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who answers for it.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.ownerId) ?? null,
    }),
    dueAt: t.field({
      type: 'DateTime',
      description: 'Still open then, it is told as IMPROVEMENT_PLAN_OVERDUE (EVT-62).',
      resolve: (row) => row.dueAt,
    }),
    items: t.field({
      type: [ItemType],
      description: 'Its measures, in order.',
      // A handful.
      complexity: { multiplier: 3 },
      resolve: (row, _args, { read }) => itemsOfPlan.load(read, row.id),
    }),
    ticketIds: t.field({
      type: ['ID'],
      description:
        'Ids of the complaints that it comes from, as far as the viewer may read them; `nodes` has the tickets.',
      resolve: async (row, _args, { read }) =>
        (await ticketsOfPlan.load(read, row.id)).map((id) => globalId('Ticket', id)),
    }),
    effect: t.exposeString('effect', {
      nullable: true,
      description: 'What it brought; why it was dropped.',
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    createdBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.createdById) ?? null,
    }),
    endedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.endedAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(PlanType, planById);
rootList('improvementPlans', listTypes<PlanRow>('ImprovementPlan', PlanType, PLAN_FIELDS), {
  description: 'Improvement plans that the viewer may read.',
  source: planList,
});

builder.objectField('Ticket', 'improvementPlans', (t) =>
  t.field({
    type: [PlanType],
    description: 'Plans that came of this complaint (TIC-26), as far as the viewer may read them.',
    // Hardly ever more than one.
    complexity: { multiplier: 1 },
    resolve: (row, _args, { read }) => plansOfTicket.load(read, row.id),
  }),
);

const CauseType = builder
  .objectRef<CauseCount & { readonly recurring: boolean }>('ComplaintCause')
  .implement({
    description: 'How often a cause led to a complaint.',
    fields: (t) => ({
      rootCause: t.field({
        type: ENUMS.RootCause,
        nullable: true,
        description: 'Null for those whose cause is not found yet.',
        resolve: (row) => row.rootCause,
      }),
      count: t.exposeInt('count', { description: 'Complaints received in the span.' }),
      before: t.exposeInt('before', { description: 'In the span of the same length before it: the trend.' }),
      serious: t.exposeInt('serious', { description: 'Of those of the span, serious ones.' }),
      companyLiable: t.exposeInt('companyLiable', {
        description: 'Of those of the span, where the company is liable, alone or with others.',
      }),
      recurring: t.exposeBoolean('recurring', {
        description:
          'Came to the number of `ticket.rootCauseCount` within its days at some time of the span, as far as the viewer may read the complaints.',
      }),
      openPlans: t.exposeInt('openPlans', { description: 'Improvement plans that are at work on it.' }),
    }),
  });

const MeasuresType = builder.objectRef<ItemCount>('MeasureCount').implement({
  description: 'Measures that fell due in a span.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.ActionItemKind, resolve: (row) => row.kind }),
    due: t.exposeInt('due'),
    done: t.exposeInt('done', { description: 'Of them, done.' }),
    doneLate: t.exposeInt('doneLate', { description: 'Of those, after they were due.' }),
  }),
});

interface Span {
  readonly from: Date;
  readonly until: Date;
}

const AnalysisType = builder.objectRef<Span>('ComplaintAnalysis').implement({
  description: 'Causes and trends of complaints, and what is done about them (TIC-26, TIC-29).',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (span) => span.from }),
    until: t.field({ type: 'DateTime', description: 'Exclusive.', resolve: (span) => span.until }),
    causes: t.field({
      type: [CauseType],
      description: 'By root cause, the most frequent first, those without one last.',
      resolve: ({ from, until }, _args, { read }) => complaintCauses(read, from, until),
    }),
    measures: t.field({
      type: [MeasuresType],
      description: 'Corrective and preventive measures that fell due in the span (TIC-29).',
      resolve: ({ from, until }, _args, { read }) => measuresDue(read, from, until),
    }),
  }),
});

builder.queryField('complaintAnalysis', (t) =>
  t.field({
    type: AnalysisType,
    description:
      'Complaints received in a span that the viewer may read, by cause, against the span before: a month for the monthly analysis (TIC-26). At most 366 days.',
    args: {
      from: t.arg({ type: 'DateTime', required: true }),
      until: t.arg({ type: 'DateTime', required: true, description: 'Exclusive.' }),
    },
    resolve: (_root, { from, until }) => {
      const days = (until.getTime() - from.getTime()) / 86_400_000;
      if (days <= 0 || days > 366)
        throw invalid('until', text('after `from`, by at most 366 days', '须晚于 from，且不超过 366 天'));
      return { from, until };
    },
  }),
);

const ActionItemInputType = builder.inputType('ActionItemInput', {
  description: 'A measure.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.ActionItemKind, required: true }),
    measure: t.string({ required: true, description: 'What is done, at most 5,000 characters.' }),
    ownerId: t.id({ required: true, description: 'Who does it.', ...nodeIdOf('Employee') }),
    dueAt: t.field({
      type: 'DateTime',
      required: true,
      description: 'In the future, at the latest when the plan is due.',
    }),
  }),
});

function planField(t: SuccessFields<{ planId: string }>) {
  return {
    plan: t.field({
      type: PlanType,
      nullable: true,
      resolve: (done, _args, { read }) => planById.load(read, done.planId),
    }),
  };
}

mutation('improvementPlanOpen', {
  description:
    'Opens an improvement plan (TIC-26, FRM-40): by HEAD and CS_SUPERVISOR for any department, by everybody for the own one.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    departmentId: t.id({ required: true, ...nodeIdOf('Department') }),
    goal: t.string({
      required: true,
      description: 'The goal that was missed, or what went wrong; at most 5,000 characters.',
    }),
    rootCause: t.field({ type: ENUMS.RootCause, description: 'The cause of complaints that it is to end.' }),
    ownerId: t.id({ required: true, description: 'Who answers for it.', ...nodeIdOf('Employee') }),
    dueAt: t.field({ type: 'DateTime', required: true, description: 'In the future.' }),
    items: t.field({ type: [ActionItemInputType], required: true, description: '1 to 50 measures.' }),
    ticketIds: t.idList({
      ...nodeIdOf('Ticket'),
      description: 'The complaints that it comes from, at most 200.',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => improvementPlanOpen(tx, viewer, input, read),
  success: planField,
});

const PLAN_ERRORS = ['StaleVersion', 'IllegalTransition'] as const;
const VERSION = 'The version that was read.';

mutation('actionItemsAdd', {
  description: 'Adds measures to an open plan: by its owner, and by who works on all tickets.',
  errors: PLAN_ERRORS,
  input: (t) => ({
    planId: t.id({ required: true, ...nodeIdOf('ImprovementPlan') }),
    items: t.field({ type: [ActionItemInputType], required: true }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input, read) => actionItemsAdd(tx, viewer, input, read),
  success: planField,
});

mutation('actionItemDone', {
  description: 'Says what a measure brought: by who has to do it, or works on the plan.',
  errors: PLAN_ERRORS,
  input: (t) => ({
    planId: t.id({ required: true, ...nodeIdOf('ImprovementPlan') }),
    number: t.int({ required: true, description: 'Its place in the plan.' }),
    result: t.string({ required: true, description: 'At most 5,000 characters.' }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input) => actionItemDone(tx, viewer, input),
  success: planField,
});

mutation('improvementPlanClose', {
  description: 'Ends a plan whose measures are all done, with what it brought (FRM-40).',
  errors: PLAN_ERRORS,
  input: (t) => ({
    planId: t.id({ required: true, ...nodeIdOf('ImprovementPlan') }),
    effect: t.string({ required: true, description: 'At most 5,000 characters.' }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input) => improvementPlanClose(tx, viewer, input),
  success: planField,
});

mutation('improvementPlanDrop', {
  description: 'Gives a plan up: by HEAD and CS_SUPERVISOR, with the reason.',
  errors: PLAN_ERRORS,
  input: (t) => ({
    planId: t.id({ required: true, ...nodeIdOf('ImprovementPlan') }),
    effect: t.string({ required: true, description: 'Why, in at most 5,000 characters.' }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input) => improvementPlanDrop(tx, viewer, input),
  success: planField,
});
