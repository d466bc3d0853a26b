import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { correctionDone, correctionRequest, fileRemind } from '../commands/corrections.ts';
import {
  customerSuggestionAnswer,
  customerSuggestionRecord,
  developmentNoteRecord,
} from '../commands/notes.ts';
import {
  dataFormReturn,
  dataFormSend,
  type PlanAction,
  relationshipPlanCreate,
  relationshipPlanUpdate,
} from '../commands/plans.ts';
import { changesByCustomer, type FileChangeRow } from '../queries/changes.ts';
import { customerById, type CustomerFileRow } from '../queries/customers.ts';
import {
  type CorrectionRow,
  corrections,
  type DataFormRow,
  dataForms,
  type DevelopmentNoteRow,
  developmentNotes,
  type PlanRow,
  relationshipPlans,
  type SuggestionRow,
  suggestions,
} from '../queries/file-records.ts';
import { recordedRead } from '../rules.ts';
import { customerAnswer } from './shared.ts';

/** Reads of what belongs to a grade A file are noted (CUS-17). */
function recordReads(
  rows: readonly { readonly customerId: string; readonly fileGrade: 'A' | 'B' | 'C' | 'D' | null }[],
  context: Context,
): void {
  for (const { customerId, fileGrade } of rows) {
    const read = recordedRead(context.read.viewer, { id: customerId, grade: fileGrade }, 'file');
    if (read) context.recordRead(read);
  }
}

function employee(id: string | null, { read }: Context) {
  return read.organisation.employees.get(id ?? '') ?? null;
}

const AS_SEEN = 'As the viewer may see it.';
const KEY = 'Same key and input within 24 hours: the same answer.';
const CUSTOMER_ID = { required: true, ...nodeIdOf('Customer') } as const;

const NoteType = builder.objectRef<DevelopmentNoteRow>('DevelopmentNote').implement({
  description:
    'A dated note on the development of a customer, with its source (CUS-03, CUS-28). Part of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: AS_SEEN,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    topic: t.field({ type: ENUMS.DevelopmentTopic, resolve: (row) => row.topic }),
    content: t.exposeString('content', { description: 'What is known.' }),
    infoSource: t.field({
      type: ENUMS.InfoSource,
      description: 'Where the information came from (CUS-04).',
      resolve: (row) => row.infoSource,
    }),
    informationObtainedAt: t.field({ type: 'DateTime', resolve: (row) => row.informationObtainedAt }),
    significant: t.exposeBoolean('significant', { description: 'Serious; HEAD was told at once (CUS-33).' }),
    author: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => employee(row.authorId, context),
    }),
    recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
  }),
});
nodeBy(NoteType, developmentNotes.byId, recordReads);
rootList(
  'developmentNotes',
  listTypes<DevelopmentNoteRow>('DevelopmentNote', NoteType, developmentNotes.fields),
  {
    description: 'Notes on the development of the customers whose file the viewer reads.',
    source: developmentNotes.list,
    onRead: recordReads,
  },
);

mutation('developmentNoteRecord', {
  description:
    'Adds a dated note with its source to a file (CUS-03, CUS-28). A significant one goes to HEAD at once (CUS-33, EVT-39). For who may write the file.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id(CUSTOMER_ID),
    topic: t.field({ type: ENUMS.DevelopmentTopic, required: true }),
    content: t.string({ required: true, description: 'At most 5,000 characters.' }),
    infoSource: t.field({
      type: ENUMS.InfoSource,
      required: true,
      description: 'Where the information came from (CUS-04).',
    }),
    informationObtainedAt: t.field({ type: 'DateTime', description: 'Now without it, not in the future.' }),
    significant: t.boolean({ description: 'Serious information, for HEAD at once.' }),
    fileUpdateNeeded: t.boolean({
      description: 'Something else in the file must change, too: that is watched from now on (CUS-20).',
    }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input) => developmentNoteRecord(tx, viewer, input),
  success: (t) => ({
    note: t.field({
      type: NoteType,
      nullable: true,
      resolve: (done, _args, { read }) => developmentNotes.byId.load(read, done.developmentNoteId),
    }),
  }),
});

const SuggestionType = builder.objectRef<SuggestionRow>('CustomerSuggestion').implement({
  description:
    'Advice or an opening for cooperation that was offered to a customer (CUS-28). Part of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: AS_SEEN,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    content: t.exposeString('content', { description: 'What was offered.' }),
    response: t.exposeString('response', { nullable: true, description: 'What the customer made of it.' }),
    offeredAt: t.field({ type: 'DateTime', resolve: (row) => row.offeredAt }),
    author: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => employee(row.authorId, context),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(SuggestionType, suggestions.byId, recordReads);
rootList(
  'customerSuggestions',
  listTypes<SuggestionRow>('CustomerSuggestion', SuggestionType, suggestions.fields),
  {
    description: 'What was offered to the customers whose file the viewer reads.',
    source: suggestions.list,
    onRead: recordReads,
  },
);

function suggestionAnswer(t: SuccessFields<{ suggestionId: string }>) {
  return {
    suggestion: t.field({
      type: SuggestionType,
      nullable: true,
      resolve: (done, _args, { read }) => suggestions.byId.load(read, done.suggestionId),
    }),
  };
}

mutation('customerSuggestionRecord', {
  description: 'Writes down what was offered to a customer (CUS-28). For who may write the file.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id(CUSTOMER_ID),
    content: t.string({ required: true, description: 'At most 5,000 characters.' }),
    offeredAt: t.field({ type: 'DateTime', description: 'Now without it, not in the future.' }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input) => customerSuggestionRecord(tx, viewer, input),
  success: suggestionAnswer,
});

mutation('customerSuggestionAnswer', {
  description: 'Says what the customer made of a suggestion. For who may write the file.',
  errors: ['StaleVersion'],
  input: (t) => ({
    suggestionId: t.id({ required: true, ...nodeIdOf('CustomerSuggestion') }),
    response: t.string({ required: true, description: 'At most 5,000 characters.' }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => customerSuggestionAnswer(tx, viewer, input),
  success: suggestionAnswer,
});

const CorrectionType = builder.objectRef<CorrectionRow>('CorrectionRequest').implement({
  description:
    'A correction of a file that was asked for (CUS-09). Seen by readers of the file and by who asked for it.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: AS_SEEN,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    state: t.field({ type: ENUMS.CorrectionState, resolve: (row) => row.state }),
    content: t.exposeString('content', { description: 'What is wrong, and how it should be.' }),
    dueAt: t.field({ type: 'DateTime', resolve: (row) => row.dueAt }),
    overdue: t.boolean({
      description: 'Not corrected, and due.',
      resolve: (row, _args, { read }) => row.state === 'REQUESTED' && row.dueAt <= read.now,
    }),
    requestedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => employee(row.requestedById, context),
    }),
    requestedAt: t.field({ type: 'DateTime', resolve: (row) => row.requestedAt }),
    correctedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => employee(row.correctedById, context),
    }),
    correctedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.correctedAt }),
    correction: t.exposeString('correction', { nullable: true, description: 'What was corrected.' }),
  }),
});
nodeBy(CorrectionType, corrections.byId, recordReads);
rootList(
  'correctionRequests',
  listTypes<CorrectionRow>('CorrectionRequest', CorrectionType, corrections.fields),
  {
    description:
      'Corrections that were asked for, of files that the viewer reads and by the viewer (CUS-09).',
    source: corrections.list,
    onRead: recordReads,
  },
);

function correctionRequestAnswer(t: SuccessFields<{ correctionRequestId: string }>) {
  return {
    correctionRequest: t.field({
      type: CorrectionType,
      nullable: true,
      resolve: (done, _args, { read }) => corrections.byId.load(read, done.correctionRequestId),
    }),
  };
}

mutation('correctionRequest', {
  description:
    'Asks for a correction of a file until an instant: owner and clerks hear of it, once more with who asked when it was not made by then. HEAD and SALES_SUPERVISOR (CUS-09, EVT-67).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id(CUSTOMER_ID),
    content: t.string({ required: true, description: 'What is wrong, and how it should be.' }),
    dueAt: t.field({ type: 'DateTime', required: true, description: 'In the future.' }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input) => correctionRequest(tx, viewer, input),
  success: correctionRequestAnswer,
});

mutation('correctionDone', {
  description: 'Says what was corrected. For who may write the file (CUS-09).',
  errors: ['IllegalTransition'],
  input: (t) => ({
    correctionRequestId: t.id({ required: true, ...nodeIdOf('CorrectionRequest') }),
    correction: t.string({ required: true, description: 'At most 5,000 characters.' }),
  }),
  run: (tx, viewer, input) => correctionDone(tx, viewer, input),
  success: correctionRequestAnswer,
});

mutation('fileRemind', {
  description:
    'Reminds the owner of what is missing in a file, also of grade A files (CFL-28). MARKETING_CLERK (CUS-07).',
  input: (t) => ({ customerId: t.id(CUSTOMER_ID) }),
  run: (tx, viewer, input) => fileRemind(tx, viewer, input),
  success: customerAnswer,
});

const PlanActionType = builder.objectRef<PlanAction>('RelationshipAction').implement({
  description: 'Something that a relationship plan has done until a day.',
  fields: (t) => ({
    what: t.exposeString('what'),
    dueOn: t.field({ type: 'Date', resolve: (row) => row.dueOn }),
    doneOn: t.field({ type: 'Date', nullable: true, resolve: (row) => row.doneOn ?? null }),
  }),
});

const PlanType = builder.objectRef<PlanRow>('RelationshipPlan').implement({
  description:
    'How the relationship with a customer is kept up (CUS-16): required of priority files by file.requiredPartsPriority. Part of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: AS_SEEN,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    goals: t.exposeString('goals'),
    actions: t.field({ type: [PlanActionType], resolve: (row) => row.actions as unknown as PlanAction[] }),
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who answers for it.',
      resolve: (row, _args, context) => employee(row.ownerId, context),
    }),
    startsOn: t.field({ type: 'Date', resolve: (row) => row.startsOn }),
    endsOn: t.field({ type: 'Date', description: 'Its last day.', resolve: (row) => row.endsOn }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(PlanType, relationshipPlans.byId, recordReads);
rootList('relationshipPlans', listTypes<PlanRow>('RelationshipPlan', PlanType, relationshipPlans.fields), {
  description: 'Relationship plans of the customers whose file the viewer reads (CUS-16).',
  source: relationshipPlans.list,
  onRead: recordReads,
});

const PlanActionInput = builder.inputType('RelationshipActionInput', {
  description: 'Something to be done until a day.',
  fields: (t) => ({
    what: t.string({ required: true, description: 'At most 500 characters.' }),
    dueOn: t.field({ type: 'Date', required: true, description: 'Within the plan.' }),
    doneOn: t.field({ type: 'Date', description: 'Once it is done.' }),
  }),
});

function planAnswer(t: SuccessFields<{ relationshipPlanId: string }>) {
  return {
    plan: t.field({
      type: PlanType,
      nullable: true,
      resolve: (done, _args, { read }) => relationshipPlans.byId.load(read, done.relationshipPlanId),
    }),
  };
}

mutation('relationshipPlanCreate', {
  description: 'Plans how the relationship with a customer is kept up. For who may write the file (CUS-16).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id(CUSTOMER_ID),
    goals: t.string({ required: true, description: 'At most 5,000 characters.' }),
    actions: t.field({ type: [PlanActionInput], required: true, description: '1 to 50.' }),
    ownerId: t.id({ required: true, ...nodeIdOf('Employee'), description: 'Who answers for it.' }),
    startsOn: t.field({ type: 'Date', required: true }),
    endsOn: t.field({ type: 'Date', required: true, description: 'Its last day.' }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input, read) => relationshipPlanCreate(tx, viewer, input, read),
  success: planAnswer,
});

mutation('relationshipPlanUpdate', {
  description:
    'Changes a plan as a whole, with what was done of its actions. For who may write the file (CUS-16).',
  errors: ['StaleVersion'],
  input: (t) => ({
    relationshipPlanId: t.id({ required: true, ...nodeIdOf('RelationshipPlan') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    goals: t.string({ required: true, description: 'At most 5,000 characters.' }),
    actions: t.field({ type: [PlanActionInput], required: true, description: '1 to 50.' }),
    ownerId: t.id({ required: true, ...nodeIdOf('Employee'), description: 'Who answers for it.' }),
    startsOn: t.field({ type: 'Date', required: true }),
    endsOn: t.field({ type: 'Date', required: true, description: 'Its last day.' }),
  }),
  run: (tx, viewer, input, read) => relationshipPlanUpdate(tx, viewer, input, read),
  success: planAnswer,
});

const DataFormType = builder.objectRef<DataFormRow>('DataForm').implement({
  description: 'A form for its data that was mailed to a customer (CUS-04, FRM-31). Part of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: AS_SEEN,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    state: t.field({ type: ENUMS.DataFormState, resolve: (row) => row.state }),
    sentTo: t.exposeString('sentTo', { description: 'To whom, or to which address.' }),
    sentAt: t.field({ type: 'DateTime', resolve: (row) => row.sentAt }),
    sentBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => employee(row.sentById, context),
    }),
    returnedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.returnedAt }),
  }),
});
nodeBy(DataFormType, dataForms.byId, recordReads);
rootList('dataForms', listTypes<DataFormRow>('DataForm', DataFormType, dataForms.fields), {
  description: 'Forms that were mailed to the customers whose file the viewer reads (FRM-31).',
  source: dataForms.list,
  onRead: recordReads,
});

function dataFormAnswer(t: SuccessFields<{ dataFormId: string }>) {
  return {
    dataForm: t.field({
      type: DataFormType,
      nullable: true,
      resolve: (done, _args, { read }) => dataForms.byId.load(read, done.dataFormId),
    }),
  };
}

mutation('dataFormSend', {
  description:
    'Notes that a form for its data was mailed to a customer. For who may write the file (CUS-04, FRM-31).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id(CUSTOMER_ID),
    sentTo: t.string({ required: true, description: 'To whom, or to which address.' }),
    idempotencyKey: t.string({ description: KEY }),
  }),
  run: (tx, viewer, input) => dataFormSend(tx, viewer, input),
  success: dataFormAnswer,
});

mutation('dataFormReturn', {
  description:
    'Notes that a form came back, and what it says that the file does not: that is watched until it has entered it (CUS-20). For who may write the file.',
  errors: ['IllegalTransition'],
  input: (t) => ({
    dataFormId: t.id({ required: true, ...nodeIdOf('DataForm') }),
    content: t.string({
      required: true,
      description: 'What is to enter the file, at most 5,000 characters.',
    }),
    returnedAt: t.field({ type: 'DateTime', description: 'Now without it.' }),
  }),
  run: (tx, viewer, input) => dataFormReturn(tx, viewer, input),
  success: dataFormAnswer,
});

const ChangeType = builder.objectRef<FileChangeRow>('FileChange').implement({
  description: 'A change of a customer, with the state before and after.',
  fields: (t) => ({
    action: t.exposeString('action', { description: 'What was done.' }),
    at: t.field({ type: 'DateTime', resolve: (row) => row.at }),
    actor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null when the system did it.',
      resolve: (row, _args, context) => employee(row.actorId, context),
    }),
    before: t.field({ type: 'JSON', nullable: true, resolve: (row) => row.before }),
    after: t.field({ type: 'JSON', nullable: true, resolve: (row) => row.after }),
  }),
});

const CHANGES = { default: 20, most: 100 } as const;

builder.objectField('CustomerFile' as never, 'changes', (t) =>
  t.field({
    type: [ChangeType],
    description: 'Who changed what of the customer, the newest first.',
    args: { first: t.arg.int({ description: 'How many, at most 100; 20 without it.' }) },
    resolve: (row, { first }, { read }) =>
      changesByCustomer.load(
        read,
        (row as CustomerFileRow).id,
        Math.min(CHANGES.most, Math.max(1, first ?? CHANGES.default)),
      ),
  }),
);
