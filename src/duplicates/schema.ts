import { customerById, type CustomerFileRow, type CustomerRow } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { globalId, nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { mutation } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { duplicateCandidateDismiss } from './commands/decide.ts';
import { customerMerge } from './commands/merge.ts';
import {
  customerIdByNumber,
  customerMergeById,
  type CustomerMergeRow,
  DUPLICATE_FIELDS,
  type DuplicateCandidateRow,
  duplicateById,
  duplicateList,
  mergesByCustomer,
  type PossibleDuplicate,
  possibleDuplicatesOf,
} from './queries.ts';
import { MERGED_FACTS } from './rules.ts';

const CandidateType = builder.objectRef<DuplicateCandidateRow>('DuplicateCandidate').implement({
  description:
    'Two customers that may be one (CUS-05). Seen by whoever reads both files and may write one of them.',
  fields: (t) => ({
    customers: t.field({
      type: ['Customer'],
      description: 'The two, the older record first.',
      // Two, counted as one: a page of pairs with their cards stays within what an operation may cost.
      complexity: { multiplier: 1 },
      resolve: async (row, _args, { read }) => {
        const both = await Promise.all([
          customerById.load(read, row.oneId),
          customerById.load(read, row.otherId),
        ]);
        return both.filter((customer): customer is CustomerRow => customer !== null);
      },
    }),
    reasons: t.field({
      type: [ENUMS.DuplicateReason],
      description: 'What they have in common.',
      resolve: (row) => row.reasons,
    }),
    similarity: t.field({
      type: 'Decimal',
      description: 'Share of the parts of their names that they have in common, 0 to 1.',
      resolve: (row) => row.similarity,
    }),
    state: t.field({ type: ENUMS.DuplicateState, resolve: (row) => row.state }),
    foundAt: t.field({ type: 'DateTime', resolve: (row) => row.foundAt }),
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
nodeBy(CandidateType, duplicateById);
rootList(
  'duplicateCandidates',
  listTypes<DuplicateCandidateRow>('DuplicateCandidate', CandidateType, DUPLICATE_FIELDS),
  {
    description:
      'Customers that may be one, by name, phone, and registration or tax number (CUS-05), of those whose files the viewer reads and may write. `where: {state: {eq: OPEN}}` leaves out those that somebody decided are two. Found when a night has passed since a customer or contact was written, or at once by `customerMerge`.',
    source: duplicateList,
  },
);

const PossibleDuplicateType = builder.objectRef<PossibleDuplicate>('PossibleDuplicate').implement({
  description: 'A customer that may be the same as one that was just written.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    reasons: t.field({ type: [ENUMS.DuplicateReason], resolve: (row) => [...row.reasons] }),
  }),
});

builder.objectField('CustomerCreateSuccess' as never, 'possibleDuplicates', (t) =>
  t.field({
    type: [PossibleDuplicateType],
    description:
      'Customers whose file the viewer reads and that may be the same as the new one: a warning, nothing more.',
    // A handful.
    complexity: { field: 2, multiplier: 5 },
    resolve: (done, _args, { read }) =>
      possibleDuplicatesOf.load(read, (done as { readonly customerId: string }).customerId),
  }),
);

const MergeType = builder.objectRef<CustomerMergeRow>('CustomerMerge').implement({
  description:
    'A customer that was merged into another (CUS-05): what it was, and where it went. Part of the file of the other; its id and number still find that one.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'The customer that it is now.',
      resolve: (row, _args, { read }) => customerById.load(read, row.survivorId),
    }),
    formerCustomerId: t.field({
      type: 'ID',
      description: 'The id that it had; `node` answers it with the customer that it is now.',
      resolve: (row) => globalId('Customer', row.duplicateId),
    }),
    number: t.exposeString('number', { description: 'The number that it had.' }),
    name: t.exposeString('name', { description: 'The name that it had.' }),
    facts: t.field({
      type: 'JSON',
      description: 'Its file as it was, by column.',
      resolve: (row) => row.facts,
    }),
    taken: t.field({
      type: 'JSON',
      description: 'What the merge changed in the file of the other, by field.',
      resolve: (row) => row.taken,
    }),
    moved: t.field({
      type: 'JSON',
      description: 'How many records of each kind went to the other.',
      resolve: (row) => row.moved,
    }),
    reason: t.exposeString('reason'),
    mergedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.mergedById) ?? null,
    }),
    mergedAt: t.field({ type: 'DateTime', resolve: (row) => row.mergedAt }),
  }),
});
nodeBy(MergeType, customerMergeById);

builder.objectField('CustomerFile' as never, 'merges', (t) =>
  t.field({
    type: [MergeType],
    description: 'Duplicates that were merged into this customer, the newest first (CUS-05).',
    // Hardly ever more than one.
    complexity: { multiplier: 1 },
    resolve: (row, _args, { read }) => mergesByCustomer.load(read, (row as CustomerFileRow).id),
  }),
);

builder.queryField('customerByNumber', (t) =>
  t.field({
    type: 'Customer',
    nullable: true,
    description:
      'The customer with a number, or the one that the customer with it was merged into; null where there is none whose file the viewer reads.',
    args: { number: t.arg.string({ required: true }) },
    resolve: async (_root, { number }, { read }) => {
      const id = await customerIdByNumber(read, number);
      return id === null ? null : customerById.load(read, id);
    },
  }),
);

mutation('duplicateCandidateDismiss', {
  description:
    'Says that two customers are two, and why: the pair is not shown as open again. For who may write both files (CUS-05).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    duplicateCandidateId: t.id({ required: true, ...nodeIdOf('DuplicateCandidate') }),
    reason: t.string({ required: true, description: 'At most 5,000 characters.' }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => duplicateCandidateDismiss(tx, viewer, input),
  success: (t) => ({
    duplicateCandidate: t.field({
      type: CandidateType,
      nullable: true,
      resolve: (done, _args, { read }) => duplicateById.load(read, done.duplicateCandidateId),
    }),
  }),
});

mutation('customerMerge', {
  description:
    'Merges a duplicate into the customer that stays, with everything that belongs to it: nothing is lost, and it cannot be undone. For who may write both files; HEAD where one is grade A (CUS-05, CUS-17). The further life stage and grade A count for both. Merging what is merged already changes nothing. IllegalTransition says why it is not possible now: BOTH_KEY_ACCOUNTS, KEY_ACCOUNT_PROPOSAL_PENDING or SERVICE_CALENDARS_DIFFER.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    survivorId: t.id({ required: true, description: 'The customer that stays.', ...nodeIdOf('Customer') }),
    duplicateId: t.id({
      required: true,
      description: 'The customer that is merged into it.',
      ...nodeIdOf('Customer'),
    }),
    survivorVersion: t.int({ required: true, description: 'The version that was read of the one.' }),
    duplicateVersion: t.int({ required: true, description: 'The version that was read of the other.' }),
    take: t.stringList({
      description: `Facts in which the duplicate is right, of ${MERGED_FACTS.join(', ')}. Of the others the survivor's stay; those that it does not have come from the duplicate anyhow.`,
    }),
    reason: t.string({ required: true, description: 'How it is known, in at most 5,000 characters.' }),
  }),
  run: (tx, viewer, input, read) => customerMerge(tx, viewer, input, read),
  success: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Null when the viewer may no longer know of it.',
      resolve: (done, _args, { read }) => customerById.load(read, done.customerId),
    }),
  }),
});
