import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { pendingUpdateDismiss, pendingUpdateRecord } from '../commands/pending-updates.ts';
import { changeProposalDecide, customerChangePropose } from '../commands/proposals.ts';
import { customerById } from '../queries/customers.ts';
import {
  PENDING_UPDATE_FIELDS,
  pendingUpdateById,
  pendingUpdateList,
  type PendingUpdateRow,
} from '../queries/pending-updates.ts';
import {
  CHANGE_PROPOSAL_FIELDS,
  changeProposalById,
  changeProposalList,
  type ChangeProposalRow,
} from '../queries/proposals.ts';

const PendingUpdateType = builder.objectRef<PendingUpdateRow>('PendingUpdate').implement({
  description:
    'Information that is known and was not in the file yet (CUS-20). Seen by who recorded it and by readers of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    state: t.field({ type: ENUMS.PendingUpdateState, resolve: (row) => row.state }),
    origin: t.field({
      type: ENUMS.PendingUpdateOrigin,
      description: 'Where it came up.',
      resolve: (row) => row.origin,
    }),
    infoSource: t.field({
      type: ENUMS.InfoSource,
      nullable: true,
      description: 'Where the information came from (CUS-04).',
      resolve: (row) => row.infoSource,
    }),
    content: t.exposeString('content', { description: 'What is to enter the file.' }),
    informationObtainedAt: t.field({ type: 'DateTime', resolve: (row) => row.informationObtainedAt }),
    recordedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.recordedById) ?? null,
    }),
    recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
    doneBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who entered or dismissed it.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.doneById ?? '') ?? null,
    }),
    doneAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.doneAt }),
    dismissReason: t.exposeString('dismissReason', {
      nullable: true,
      description: 'Why it does not belong into the file.',
    }),
  }),
});
nodeBy(PendingUpdateType, pendingUpdateById);
rootList(
  'pendingUpdates',
  listTypes<PendingUpdateRow>('PendingUpdate', PendingUpdateType, PENDING_UPDATE_FIELDS),
  {
    description:
      'Known information that was not in a file yet, of files that the viewer reads and of the own (CUS-20).',
    source: pendingUpdateList,
  },
);

function pendingUpdateAnswer(t: SuccessFields<{ pendingUpdateId: string }>) {
  return {
    pendingUpdate: t.field({
      type: PendingUpdateType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => pendingUpdateById.load(read, done.pendingUpdateId),
    }),
  };
}

mutation('pendingUpdateRecord', {
  description:
    'Says that something is known of a customer that its file does not say yet. Owner, keeper and clerks are warned after file.warnDays and told after file.maxDays, until a change of the file names it (CUS-20, EVT-34). For whoever may know of the customer.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    origin: t.field({ type: ENUMS.PendingUpdateOrigin, required: true, description: 'Where it came up.' }),
    infoSource: t.field({
      type: ENUMS.InfoSource,
      description: 'Where the information came from (CUS-04).',
    }),
    content: t.string({
      required: true,
      description: 'What is to enter the file, at most 5,000 characters.',
    }),
    informationObtainedAt: t.field({
      type: 'DateTime',
      required: true,
      description: 'When it was obtained: the days count from then. Not in the future.',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input) => pendingUpdateRecord(tx, viewer, input),
  success: pendingUpdateAnswer,
});

mutation('pendingUpdateDismiss', {
  description:
    'Says that something does not belong into the file after all. For who may write the file (CUS-20).',
  errors: ['IllegalTransition'],
  input: (t) => ({
    pendingUpdateId: t.id({ required: true, ...nodeIdOf('PendingUpdate') }),
    reason: t.string({ required: true }),
  }),
  run: (tx, viewer, input) => pendingUpdateDismiss(tx, viewer, input),
  success: pendingUpdateAnswer,
});

const ChangeProposalType = builder.objectRef<ChangeProposalRow>('ChangeProposal').implement({
  description:
    'A change of a file that a department without rights on it proposes (CUS-23). Seen by who proposed it and by readers of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    state: t.field({ type: ENUMS.ChangeProposalState, resolve: (row) => row.state }),
    facts: t.field({
      type: 'JSON',
      description: 'The facts as they should be, by the name of the field.',
      resolve: (row) => row.facts,
    }),
    reason: t.exposeString('reason', { description: 'How it is known.' }),
    informationObtainedAt: t.field({ type: 'DateTime', resolve: (row) => row.informationObtainedAt }),
    proposer: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.proposerId) ?? null,
    }),
    proposedAt: t.field({ type: 'DateTime', resolve: (row) => row.proposedAt }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.decidedById ?? '') ?? null,
    }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.decidedAt }),
    decisionReason: t.exposeString('decisionReason', { nullable: true }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(ChangeProposalType, changeProposalById);
rootList(
  'changeProposals',
  listTypes<ChangeProposalRow>('ChangeProposal', ChangeProposalType, CHANGE_PROPOSAL_FIELDS),
  {
    description: 'Proposed changes of files: of those that the viewer reads, and the own (CUS-23).',
    source: changeProposalList,
  },
);

function changeProposalAnswer(t: SuccessFields<{ changeProposalId: string }>) {
  return {
    changeProposal: t.field({
      type: ChangeProposalType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => changeProposalById.load(read, done.changeProposalId),
    }),
  };
}

const ProposedFacts = builder.inputType('ProposedFacts', {
  description: 'Facts of a file as they should be; one that is left out stays, one that is null is cleared.',
  fields: (t) => ({
    name: t.string(),
    contactPerson: t.string(),
    phone: t.string(),
    address: t.string(),
    businessNeeds: t.string(),
    type: t.string({ description: 'Kind of company (CUS-30).' }),
    industry: t.string({ description: 'Industry (CUS-30).' }),
    registrationNumber: t.string(),
    fax: t.string(),
    email: t.string(),
    website: t.string(),
    scopeOfBusiness: t.string(),
    mainProducts: t.string(),
    industryPosition: t.string(),
    infoSource: t.field({ type: ENUMS.InfoSource, description: 'Where the information came from (CUS-04).' }),
    invoiceTitle: t.string(),
    taxNumber: t.string(),
  }),
});

mutation('customerChangePropose', {
  description:
    'Proposes a change of a file to whoever may write it: for roles that may propose and not write (CUS-23).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    facts: t.field({ type: ProposedFacts, required: true }),
    reason: t.string({ required: true, description: 'How it is known.' }),
    informationObtainedAt: t.field({
      type: 'DateTime',
      description: 'When it was obtained; now without it.',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input) => customerChangePropose(tx, viewer, input),
  success: changeProposalAnswer,
});

mutation('changeProposalDecide', {
  description:
    'Accepts a proposed change, which then stands in the file, or refuses it. For who may write the file (CUS-23).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    changeProposalId: t.id({ required: true, ...nodeIdOf('ChangeProposal') }),
    decision: t.field({
      type: builder.enumType('ProposalDecision', {
        values: ['ACCEPT', 'REFUSE'] as const,
        description: 'What becomes of a proposed change.',
      }),
      required: true,
    }),
    reason: t.string({ required: true, description: 'Why it is decided so.' }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => changeProposalDecide(tx, viewer, input),
  success: changeProposalAnswer,
});
