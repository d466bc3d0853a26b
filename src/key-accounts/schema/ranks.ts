import { customerById } from '../../customers/queries/customers.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { money } from '../../graphql/shared-types.ts';
import { keyAccountCandidateDismiss } from '../commands/candidates.ts';
import { competencesConfirm } from '../commands/competences.ts';
import { keyAccountById } from '../queries/key-accounts.ts';
import {
  CANDIDATE_FIELDS,
  candidateById,
  candidateList,
  type CandidateRow,
  PROPOSAL_FIELDS,
  proposalById,
  proposalList,
  proposalOfCustomer,
  type ProposalRow,
} from '../queries/ranks.ts';

function employee({ read }: Context, id: string | null) {
  return read.organisation.employees.get(id ?? '') ?? null;
}

const CandidateType = builder.objectRef<CandidateRow>('KeyAccountCandidate').implement({
  description:
    'A customer whose revenue of twelve months or annual target reaches level D and that is no key account (KEY-17). Read by who reads key accounts.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    state: t.field({
      type: ENUMS.KeyAccountCandidateState,
      description: 'OPEN, then PROMOTED, DISMISSED, or LAPSED where its figures fell again.',
      resolve: (row) => row.state,
    }),
    level: t.field({
      type: ENUMS.KeyAccountLevel,
      description: 'What its figures would give (KEY-03).',
      resolve: (row) => row.level,
    }),
    revenue: t.field({
      type: 'Money',
      nullable: true,
      description: 'Recognised in the twelve months before it was found.',
      resolve: (row, _args, context) => money(row.revenue, context),
    }),
    target: t.field({
      type: 'Money',
      nullable: true,
      description: 'Its annual turnover target; null where none is set.',
      resolve: (row, _args, context) => money(row.target, context),
    }),
    foundAt: t.field({ type: 'DateTime', resolve: (row) => row.foundAt }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.decidedAt }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => employee(context, row.decidedById),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was dismissed.' }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(CandidateType, candidateById);
rootList(
  'keyAccountCandidates',
  listTypes<CandidateRow>('KeyAccountCandidate', CandidateType, CANDIDATE_FIELDS),
  {
    description: 'Customers that reach the figures of a key account, as the viewer may read.',
    source: candidateList,
  },
);

mutation('keyAccountCandidateDismiss', {
  description:
    'Decides that a candidate becomes no key account; it comes back for a higher level alone. KA_SUPERVISOR or HEAD. One that is to be promoted is by `keyAccountPromote`.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    candidateId: t.id({ required: true, ...nodeIdOf('KeyAccountCandidate') }),
    expectedVersion: t.int({ required: true }),
    reason: t.string({ required: true, description: 'At most 2,000 characters.' }),
  }),
  run: (tx, viewer, input) => keyAccountCandidateDismiss(tx, viewer, input),
  success: (t) => ({
    candidate: t.field({
      type: CandidateType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => candidateById.load(read, done.candidateId),
    }),
  }),
});

export const ProposalType = builder.objectRef<ProposalRow>('KeyAccountProposal').implement({
  description:
    'A promotion or another level, which is in force when its approval is (KEY-03, KEY-17): `approvals` has it by its subject. Read by who asked and who reads key accounts.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.KeyAccountProposalKind, resolve: (row) => row.kind }),
    state: t.field({ type: ENUMS.KeyAccountProposalState, resolve: (row) => row.state }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    keyAccount: t.field({
      type: 'KeyAccount' as never,
      nullable: true,
      description: 'Of a change of level.',
      resolve: (row, _args, { read }) =>
        (row.keyAccountId === null ? null : keyAccountById.load(read, row.keyAccountId)) as never,
    }),
    levelBefore: t.field({
      type: ENUMS.KeyAccountLevel,
      nullable: true,
      description: 'Null for a promotion.',
      resolve: (row) => row.levelBefore,
    }),
    level: t.field({
      type: ENUMS.KeyAccountLevel,
      description: 'What the target gives (KEY-03).',
      resolve: (row) => row.level,
    }),
    annualRevenueTarget: t.field({
      type: 'Money',
      nullable: true,
      resolve: (row, _args, context) => money(row.annualRevenueTarget, context),
    }),
    revenue: t.field({
      type: 'Money',
      nullable: true,
      description: 'Recognised in the twelve months before it was proposed.',
      resolve: (row, _args, context) => money(row.revenue, context),
    }),
    specialist: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Of a promotion.',
      resolve: (row, _args, context) => employee(context, row.specialistId),
    }),
    supervisor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Of a promotion.',
      resolve: (row, _args, context) => employee(context, row.supervisorId),
    }),
    requester: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null where the review of all levels proposed it.',
      resolve: (row, _args, context) => employee(context, row.requesterId),
    }),
    requestedAt: t.field({ type: 'DateTime', resolve: (row) => row.requestedAt }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.decidedAt }),
    version: t.exposeInt('version', { description: 'Grows with every change.' }),
  }),
});
nodeBy(ProposalType, proposalById);
rootList('keyAccountProposals', listTypes<ProposalRow>('KeyAccountProposal', ProposalType, PROPOSAL_FIELDS), {
  description: 'Promotions and changes of level that the viewer may read, decided ones too.',
  source: proposalList,
});

builder.objectField('KeyAccount' as never, 'proposal', (t) =>
  (t as unknown as { field: (options: unknown) => never }).field({
    type: ProposalType,
    nullable: true,
    description: 'Another level, or a new promotion, that waits for approval.',
    resolve: (row: { customerId: string }, _args: unknown, { read }: Context) =>
      proposalOfCustomer.load(read, row.customerId),
  }),
);

mutation('competencesConfirm', {
  description:
    'Says what a person has of what key account work asks for: those named, and no others (KEY-04). Who lacks something of keyAccount.competenceProfile is assigned with a warning. KA_SUPERVISOR or HEAD, of others.',
  input: (t) => ({
    employeeId: t.id({ required: true, ...nodeIdOf('Employee') }),
    competences: t.field({ type: [ENUMS.KeyAccountCompetence], required: true }),
  }),
  run: (tx, viewer, input, read) => competencesConfirm(tx, viewer, input, read),
  success: (t) => ({
    employee: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (done, _args, context) => employee(context, done.employeeId),
    }),
  }),
});
