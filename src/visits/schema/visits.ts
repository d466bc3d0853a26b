import { contactById, customerById } from '../../customers/queries/customers.ts';
import { recordedRead } from '../../customers/rules.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, nestedList, rootList } from '../../graphql/lists.ts';
import { subjectLoader } from '../../graphql/live-types.ts';
import { type InputFields, mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { type ActionRight, ActionRightType } from '../../graphql/shared-types.ts';
import { sql } from '../../platform/sql.ts';
import { ticketById } from '../../tickets/queries/tickets.ts';
import { visitCancel, visitPlan, visitRecord } from '../commands/visits.ts';
import {
  lastContactAt,
  VISIT_FIELDS,
  visitById,
  visitList,
  type VisitRow,
  visitWritableBy,
} from '../queries/visits.ts';
import { visitActions } from '../rules/visits.ts';

const VisitType = builder.objectRef<VisitRow>('Visit').implement({
  description:
    "A visit to a customer, planned or done (VIS-03, FRM-23). What it says is content of the customer's file: read by whoever reads contacts there, and by its visitor below grade A.",
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    type: t.field({
      type: ENUMS.VisitType,
      description: 'What it is for; which types count toward which minimum is said by VIS-16.',
      resolve: (row) => row.type,
    }),
    state: t.field({
      type: ENUMS.VisitState,
      description: 'A planned one that is not recorded within visit.recordDays is MISSED (VIS-03).',
      resolve: (row) => row.state,
    }),
    plannedFor: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null for a visit that nobody had planned.',
      resolve: (row) => row.plannedFor,
    }),
    doneAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it took place.',
      resolve: (row) => row.doneAt,
    }),
    visitor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who visits.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.visitorId) ?? null,
    }),
    host: t.field({
      type: 'Contact' as never,
      nullable: true,
      description: 'The person visited, where the viewer may read the file.',
      resolve: async (row, _args, { read }) =>
        (row.hostId === null ? null : await contactById.load(read, row.hostId)) as never,
    }),
    hostSeniority: t.field({
      type: ENUMS.ContactSeniority,
      nullable: true,
      description: 'Of the person visited, at the time of the visit (VIS-04, VIS-05).',
      resolve: (row) => row.hostSeniority,
    }),
    purpose: t.exposeString('purpose', { description: 'What it is for.' }),
    content: t.exposeString('content', { nullable: true, description: 'What was talked about.' }),
    needs: t.exposeString('needs', { nullable: true, description: 'What the customer needs (VIS-10).' }),
    latentNeeds: t.exposeStringList('latentNeeds', {
      description: 'Needs that the customer has not voiced.',
    }),
    competitorInformation: t.exposeString('competitorInformation', {
      nullable: true,
      description: 'Where competitors stand with the customer (VIS-10).',
    }),
    promises: t.exposeString('promises', {
      nullable: true,
      description: 'What was promised to the customer.',
    }),
    nextStep: t.exposeString('nextStep', { nullable: true, description: 'What follows.' }),
    significant: t.exposeBoolean('significant', {
      description: 'Serious information; HEAD heard of it at once (CUS-33).',
    }),
    fileUpdateNeeded: t.exposeBoolean('fileUpdateNeeded', {
      description: "Something in the customer's file is no longer right.",
    }),
    overrideReason: t.exposeString('overrideReason', {
      nullable: true,
      description: 'Why HEAD let a seller patrol (VIS-02).',
    }),
    cancelReason: t.exposeString('cancelReason', { nullable: true, description: 'Why it was cancelled.' }),
    problem: t.exposeString('problem', {
      nullable: true,
      description: 'What went wrong, as a return visit has found it (VIS-11).',
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'The ticket made of that problem, where the viewer may see it.',
      resolve: (row, _args, { read }) => (row.ticketId === null ? null : ticketById.load(read, row.ticketId)),
    }),
    recordedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was recorded.',
      resolve: (row) => row.recordedAt,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was planned, or recorded without a plan.',
      resolve: (row) => row.createdAt,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with this visit, and why not.',
      resolve: async (row, _args, { read }): Promise<ActionRight[]> =>
        visitActions(row.state, await visitWritableBy.load(read, row.id)),
    }),
  }),
});
nodeBy(VisitType, visitById, recordVisitsRead);
subjectLoader('Visit', (id, context) => visitById.load(context.read, id));

/** Visits are content of the file; reads of grade A files are recorded (CUS-17). */
function recordVisitsRead(rows: readonly VisitRow[], context: Context): void {
  const files = new Map(rows.map(({ customerId, fileGrade }) => [customerId, fileGrade]));
  for (const [id, grade] of files) {
    const read = recordedRead(context.read.viewer, { id, grade }, 'contacts');
    if (read) context.recordRead(read);
  }
}

const VISIT_LIST = listTypes<VisitRow>('Visit', VisitType, VISIT_FIELDS);
rootList('visits', VISIT_LIST, {
  description: 'Visits that the viewer may read: the ledger of FRM-23.',
  source: visitList,
  onRead: recordVisitsRead,
});
nestedList('Customer', 'visits', VISIT_LIST, {
  description: 'Visits to the customer that the viewer may read.',
  source: visitList,
  parent: sql`v.customer_id = parent.id`,
  onRead: recordVisitsRead,
});
nestedList('KeyAccount', 'visits', VISIT_LIST, {
  description: "Visits to the account's customer that the viewer may read.",
  source: visitList,
  parent: sql`v.customer_id = (select a.customer_id from key_account a where a.id = parent.id)`,
  onRead: recordVisitsRead,
});

builder.objectField('Contact' as never, 'lastContactAt', (t) =>
  (t as unknown as { field: (options: unknown) => never }).field({
    type: 'DateTime',
    nullable: true,
    description: 'When the person was last reached or visited; null for never (KEY-19).',
    resolve: (row: { id: string }, _args: unknown, context: Context) =>
      lastContactAt.load(context.read, row.id),
  }),
);

const IDEMPOTENT = 'Same key and input within 24 hours: the same answer.';
const OVERRIDE = 'Why a seller patrols after all; HEAD alone may say so (VIS-02). Only for SERVICE_PATROL.';

function visitField(t: SuccessFields<{ visitId: string }>) {
  return {
    visit: t.field({
      type: VisitType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => visitById.load(read, done.visitId),
    }),
  };
}

function hostField(t: InputFields, description: string) {
  return t.id({ ...nodeIdOf('Contact'), description });
}

mutation('visitPlan', {
  description:
    'Plans a visit to a customer (VIS-03). Roles: section 23, column visits and contacts; whoever works on own customers alone plans own visits. A patrol is not made by the owner, nor by anybody who sells in the region (VIS-02).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer'), description: 'Whom to visit.' }),
    type: t.field({ type: ENUMS.VisitType, required: true, description: 'What it is for.' }),
    plannedFor: t.field({ type: 'DateTime', required: true, description: 'When; today or later.' }),
    purpose: t.string({ required: true, description: 'What it is for, at most 1,000 characters.' }),
    visitorId: t.id({ ...nodeIdOf('Employee'), description: 'Who visits; the caller without it.' }),
    hostId: hostField(t, 'The person to visit.'),
    overrideReason: t.string({ description: OVERRIDE }),
    idempotencyKey: t.string({ description: IDEMPOTENT }),
  }),
  run: (tx, viewer, input, read) => visitPlan(tx, viewer, input, read),
  success: visitField,
});

mutation('visitRecord', {
  description:
    'Records a visit that was made: a planned one by `visitId`, also one that was missed, or another by `customerId` and `type` (VIS-03, VIS-10). A significant one reaches HEAD at once (CUS-33).',
  errors: ['StaleVersion', 'IllegalTransition', 'IdempotencyConflict'],
  input: (t) => ({
    visitId: t.id({ ...nodeIdOf('Visit'), description: 'The planned visit.' }),
    expectedVersion: t.int({ description: 'Of the planned visit, as it was read.' }),
    customerId: t.id({ ...nodeIdOf('Customer'), description: 'For a visit that was not planned.' }),
    type: t.field({ type: ENUMS.VisitType, description: 'For a visit that was not planned.' }),
    doneAt: t.field({ type: 'DateTime', description: 'When it took place; now without it.' }),
    visitorId: t.id({
      ...nodeIdOf('Employee'),
      description: 'Who visited, where it was not planned; the caller without it.',
    }),
    hostId: hostField(
      t,
      'The person visited; needed for RELATION, FOLLOW_UP and EXECUTIVE_EXCHANGE unless planned.',
    ),
    hostSeniority: t.field({
      type: ENUMS.ContactSeniority,
      description: "Where it differs from the contact's own.",
    }),
    purpose: t.string({
      description:
        'Needed where it was not planned; else the plan holds unless given. At most 1,000 characters.',
    }),
    content: t.string({ required: true, description: 'What was talked about, at most 4,000 characters.' }),
    needs: t.string({ description: 'What the customer needs, at most 4,000 characters.' }),
    latentNeeds: t.stringList({
      description: 'Needs that the customer has not voiced: at most 20, each of at most 500 characters.',
    }),
    competitorInformation: t.string({
      description: 'Where competitors stand, at most 4,000 characters.',
    }),
    promises: t.string({ description: 'What was promised, at most 4,000 characters.' }),
    nextStep: t.string({ description: 'What follows, at most 4,000 characters.' }),
    significant: t.boolean({ description: 'HEAD is to hear of it at once (CUS-33). False without it.' }),
    fileUpdateNeeded: t.boolean({
      description: "Something in the customer's file is no longer right. False without it.",
    }),
    problem: t.string({
      description:
        'What went wrong, as a FOLLOW_UP has found it, in at most 4,000 characters: a ticket is made of it, once (VIS-11).',
    }),
    problemCategory: t.field({
      type: ENUMS.TicketCategory,
      description:
        'Which kind of ticket; COMPLAINT without it, which needs a person with a phone number (FRM-06). Only with a problem.',
    }),
    overrideReason: t.string({ description: OVERRIDE }),
    idempotencyKey: t.string({ description: `For a visit that was not planned. ${IDEMPOTENT}` }),
  }),
  run: (tx, viewer, input, read) => visitRecord(tx, viewer, input, read),
  success: visitField,
});

mutation('visitCancel', {
  description: 'Cancels a visit that was planned or missed, with the reason (VIS-03).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    visitId: t.id({ required: true, ...nodeIdOf('Visit'), description: 'The visit.' }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    reason: t.string({ required: true, description: 'Why, in at most 1,000 characters.' }),
  }),
  run: (tx, viewer, input) => visitCancel(tx, viewer, input),
  success: visitField,
});
