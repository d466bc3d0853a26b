import { APPROVAL_CHAINS, APPROVAL_SUBJECTS } from '../approval-subjects.ts';
import type { ApprovalChain, Role } from '../generated/prisma/enums.ts';
import type { ApprovalHistory } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { subjectLoader } from '../graphql/live-types.ts';
import { type InputFields, mutation } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { ActionRightType } from '../graphql/shared-types.ts';
import type { Approver } from '../lib/approval-chain.ts';
import type { Settings } from '../platform/settings-register.ts';
import { approvalDecide, approvalWithdraw } from './commands/decide.ts';
import { approvalDelegate, approvalDelegationRevoke } from './commands/delegations.ts';
import {
  APPROVAL_FIELDS,
  approvalById,
  approvalList,
  type ApprovalRow,
  type ApprovalStepRow,
  historyOfApproval,
  newestOfSubject,
  pendingList,
  seatAtApproval,
  stepsOfApproval,
} from './queries/approvals.ts';
import {
  DELEGATION_FIELDS,
  delegationById,
  delegationList,
  type DelegationRow,
} from './queries/delegations.ts';
import { SUBJECT_OF, SUBJECT_TYPES, subjectReads } from './queries/subjects.ts';
import { approvalActions, delegationActions, delegationState } from './rules.ts';

function person(id: string | null, context: Context) {
  return context.read.organisation.employees.get(id ?? '') ?? null;
}

const ApproverType = builder.objectRef<Approver>('Approver').implement({
  description: 'A role that may decide a step.',
  fields: (t) => ({
    role: t.field({ type: ENUMS.Role, resolve: (approver) => approver.role as Role }),
    scope: t.field({
      type: ENUMS.ApprovalScope,
      description: 'Everywhere, in areas assigned to the person, or in the own department.',
      resolve: (approver) => approver.scope,
    }),
  }),
});

const ApprovalStepType = builder.objectRef<ApprovalStepRow>('ApprovalStep').implement({
  description: 'One step of an approval: who may decide it, until when, and what was decided.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: '1 for the first.' }),
    approvers: t.field({
      type: [ApproverType],
      description: 'One of them decides; as they were when it was asked for.',
      resolve: (step) => [...step.approvers],
    }),
    within: t.field({
      type: 'Duration',
      description:
        'Its time: hours run day and night, days are working days. The subject’s own limit comes before it.',
      resolve: (step) => step.within,
    }),
    warnAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its approvers are warned.',
      resolve: (step) => step.warnAt,
    }),
    dueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null until the step begins.',
      resolve: (step) => step.dueAt,
    }),
    decision: t.field({
      type: ENUMS.ApprovalDecision,
      nullable: true,
      description: 'Null while it is not decided.',
      resolve: (step) => step.decision,
    }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (step, _args, context) => person(step.decidedById, context),
    }),
    onBehalfOf: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Whose power a delegate used; null for a decision by an own role.',
      resolve: (step, _args, context) => person(step.onBehalfOfId, context),
    }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (step) => step.decidedAt }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was decided so.' }),
  }),
});

const ApprovalHistoryType = builder.objectRef<ApprovalHistory>('ApprovalHistory').implement({
  description: 'Something that happened to an approval.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', resolve: (entry) => entry.at }),
    event: t.field({ type: ENUMS.ApprovalEvent, resolve: (entry) => entry.event }),
    step: t.exposeInt('step', { description: 'Number of the step that was due.' }),
    actor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null for what the system did.',
      resolve: (entry, _args, context) => person(entry.actorId, context),
    }),
    onBehalfOf: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Whose power a delegate used.',
      resolve: (entry, _args, context) => person(entry.onBehalfOfId, context),
    }),
    reason: t.exposeString('reason', { nullable: true }),
  }),
});

/** The plugin types the parent as the model's row; ours says beside it when the step is due. */
function asRow(row: unknown): ApprovalRow {
  return row as ApprovalRow;
}

const ApprovalType = builder.prismaObject('Approval', {
  description:
    'Something that waits for the decisions of a chain, or has been decided. Seen by who asked, who decides or has decided, and whoever reads its subject.',
  fields: (t) => ({
    chain: t.field({ type: ENUMS.ApprovalChain, resolve: (row) => row.chain }),
    subject: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'What is decided, read as the viewer may see it now; null where that is no longer so.',
      resolve: async (row, _args, context) =>
        (await subjectReads(row.subjectType).byId.load(context.read, row.subjectId)) as never,
    }),
    requester: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null where it is not known of something imported.',
      resolve: (row, _args, context) => person(row.requesterId, context),
    }),
    state: t.field({ type: ENUMS.ApprovalState, resolve: (row) => row.state }),
    requestedAt: t.field({ type: 'DateTime', resolve: (row) => row.requestedAt }),
    step: t.exposeInt('step', { description: 'Number of the step that is due, or was the last.' }),
    dueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When that step is due.',
      resolve: (row) => asRow(row).dueAt,
    }),
    steps: t.field({
      type: [ApprovalStepType],
      description: 'In order.',
      resolve: (row, _args, context) => stepsOfApproval.load(context.read, row.id),
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null while it is PENDING.',
      resolve: (row) => row.endedAt,
    }),
    voidReason: t.field({
      type: ENUMS.ApprovalVoidReason,
      nullable: true,
      description: 'Why it is VOID: what it was about has changed.',
      resolve: (row) => row.voidReason,
    }),
    history: t.field({
      type: [ApprovalHistoryType],
      description: 'Everything that happened, in order.',
      resolve: (row, _args, context) => historyOfApproval.load(context.read, row.id),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description:
        'What the viewer may do with it now, and why not: FORBIDDEN, OWN_REQUEST (nobody decides their own), NOT_WITHDRAWABLE or the state.',
      resolve: async (row, _args, { read }) =>
        approvalActions(
          row,
          read.viewer,
          await seatAtApproval.load(read, row.id),
          APPROVAL_SUBJECTS[SUBJECT_OF[row.chain]].withdraw !== null,
        ),
    }),
  }),
});
nodeBy(ApprovalType, approvalById);
subjectLoader('Approval', (id, context) => approvalById.load(context.read, id));

const APPROVAL_LIST = listTypes<ApprovalRow>('Approval', ApprovalType, APPROVAL_FIELDS);
rootList('approvals', APPROVAL_LIST, {
  description:
    'Approvals that the viewer asked for, decides or has decided, or whose subject the viewer reads; newest first unless ordered otherwise.',
  source: approvalList,
});
rootList('approvalsPending', APPROVAL_LIST, {
  description:
    'What waits for the viewer: exactly the steps that the viewer may decide now, by an own role or a delegation, the nearest deadline first. It has no other order.',
  args: () => ({}),
  source: pendingList,
});
for (const type of SUBJECT_TYPES) {
  builder.objectField(type as never, 'approval', (t) =>
    t.field({
      type: ApprovalType,
      nullable: true,
      description:
        'Its newest approval: the one that waits, or the last; null where there is none. Earlier ones are in `approvals`.',
      resolve: async (row: { readonly id: string }, _args, context) =>
        (await newestOfSubject.load(context.read, row.id)) as never,
    }),
  );
}

const DelegationStateType = builder.enumType('ApprovalDelegationState', {
  values: ['PLANNED', 'IN_FORCE', 'ENDED', 'REVOKED'] as const,
  description: 'How a delegation stands at the instant of the request.',
});

const DelegationType = builder.prismaObject('ApprovalDelegation', {
  description:
    'The power to decide approvals, lent by one person to another for a time. The delegate decides by the roles of the delegator, never their own requests nor those of the delegator, and cannot lend it on.',
  fields: (t) => ({
    delegator: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Whose power it is.',
      resolve: (row, _args, context) => person(row.delegatorId, context),
    }),
    delegate: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who may use it.',
      resolve: (row, _args, context) => person(row.delegateId, context),
    }),
    chain: t.field({
      type: ENUMS.ApprovalChain,
      nullable: true,
      description: 'Only of this chain; null: of every chain.',
      resolve: (row) => row.chain,
    }),
    validFrom: t.field({ type: 'DateTime', description: 'Inclusive.', resolve: (row) => row.validFrom }),
    validTo: t.field({ type: 'DateTime', description: 'Exclusive.', resolve: (row) => row.validTo }),
    state: t.field({
      type: DelegationStateType,
      resolve: (row, _args, context) => delegationState(row, context.read.now),
    }),
    reason: t.exposeString('reason', { description: 'Why it was delegated.' }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    revokedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was taken back.',
      resolve: (row) => row.revokedAt,
    }),
    revokeReason: t.exposeString('revokeReason', { nullable: true }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with it now, and why not.',
      resolve: (row, _args, { read }) => delegationActions(row, read.viewer, read.now),
    }),
  }),
});
nodeBy(DelegationType, delegationById);
rootList(
  'approvalDelegations',
  listTypes<DelegationRow>('ApprovalDelegation', DelegationType, DELEGATION_FIELDS),
  {
    description:
      'Delegations by and to the viewer; all of them for COMPANY_LEADER, HEAD and INTERNAL_AUDITOR.',
    source: delegationList,
  },
);

function onApproval(t: InputFields) {
  return {
    approvalId: t.id({ required: true, ...nodeIdOf('Approval') }),
    reason: t.string({ required: true, description: 'In words, at most 2,000 characters.' }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function approvalField(t: any) {
  return {
    approval: t.field({
      type: ApprovalType,
      nullable: true,
      description: 'Null when the viewer may no longer see it.',
      resolve: (done: { approvalId: string }, _args: unknown, context: Context) =>
        approvalById.load(context.read, done.approvalId),
    }),
  };
}

mutation('approvalDecide', {
  description:
    'Decides the step of an approval that is due, by an own role or a delegation; nobody their own request. What follows from the last step is carried out with it. An approval whose subject has changed is void: StaleVersion.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    ...onApproval(t),
    decision: t.field({ type: ENUMS.ApprovalDecision, required: true }),
  }),
  run: (tx, viewer, input, read) => approvalDecide(tx, viewer, input, read, APPROVAL_SUBJECTS),
  success: approvalField,
});

mutation('approvalWithdraw', {
  description:
    'Takes back a request of one’s own that has not been decided; a plan is proposed anew instead.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: onApproval,
  run: (tx, viewer, input) => approvalWithdraw(tx, viewer, input, APPROVAL_SUBJECTS),
  success: approvalField,
});

/** Roles that a chain names, or any chain: those whose holders have a power to lend. */
function approverRoles(settings: Settings, chain: ApprovalChain | null): string[] {
  const chains = chain === null ? Object.values(APPROVAL_CHAINS) : [APPROVAL_CHAINS[chain]];
  const steps = chains.flatMap((definition) => settings.get(definition).steps);
  return [...new Set(steps.flatMap(({ approvers }) => approvers.map(({ role }) => role)))];
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function delegationField(t: any) {
  return {
    delegation: t.field({
      type: DelegationType,
      nullable: true,
      resolve: (done: { delegationId: string }, _args: unknown, context: Context) =>
        delegationById.load(context.read, done.delegationId),
    }),
  };
}

mutation('approvalDelegate', {
  description:
    'Lends the caller’s power to decide approvals to another person for a time (ORG-04, BUD-07). Whoever decides by it is named in the decision with the person whose power it is.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    delegateId: t.id({ required: true, ...nodeIdOf('Employee') }),
    chain: t.field({
      type: ENUMS.ApprovalChain,
      description: 'Only of this chain; of every chain without it.',
    }),
    validFrom: t.field({ type: 'DateTime', description: 'Inclusive; now without it, never earlier.' }),
    validTo: t.field({
      type: 'DateTime',
      required: true,
      description: 'Exclusive; at most approval.delegationDays after validFrom.',
    }),
    reason: t.string({ required: true }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) =>
    approvalDelegate(tx, viewer, input, read, (chain) => approverRoles(tx.settings, chain)),
  success: delegationField,
});

mutation('approvalDelegationRevoke', {
  description: 'Takes a delegation of one’s own back at once; what was decided by it stays decided.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    delegationId: t.id({ required: true, ...nodeIdOf('ApprovalDelegation') }),
    reason: t.string({ required: true }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => approvalDelegationRevoke(tx, viewer, input),
  success: delegationField,
});
