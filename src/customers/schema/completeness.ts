import { builder } from '../../graphql/builder.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { mutation } from '../../graphql/mutation.ts';
import { customerCustodianSet } from '../commands/custodians.ts';
import { customerVerify } from '../commands/verification.ts';
import { type CompletenessRow, completenessById } from '../queries/completeness.ts';
import type { FilePart, PartState } from '../rules/completeness.ts';
import { customerAnswer } from './shared.ts';

const FilePartType = builder.enumType('FilePart', {
  description: 'Parts of a customer file (CUS-14).',
  values: {
    BASIC_DATA: { description: 'The five facts of CUS-02.' },
    PROFILE: { description: 'What the company is and does, and how it is reached (CUS-03).' },
    CONTACTS: { description: 'A contact person on record.' },
    KEY_LEADERS: { description: 'A leader or key person with a telephone number (CUS-03).' },
    CUSTODIAN: { description: 'Who keeps the file (CUS-21).' },
    CONTRACTS: { description: 'The number of a contract (CUS-06).' },
    TRANSACTIONS: { description: 'A shipment on record.' },
    VISITS: { description: 'A visit or another contact on record.' },
    COMPLAINTS: { description: 'A complaint on record.' },
    SATISFACTION: { description: 'What the customer said of our service.' },
    CREDIT: { description: 'Credit limit and payment term.' },
    RELATIONSHIP_PLAN: { description: 'A relationship plan on record (CUS-16).' },
  } satisfies Record<FilePart, { description: string }>,
});

const PartType = builder.objectRef<PartState>('FilePartState').implement({
  description: 'How a part of a file stands.',
  fields: (t) => ({
    part: t.field({ type: FilePartType, resolve: (row) => row.part }),
    required: t.exposeInt('required', {
      description: "Items that the customer's grade asks for; 0 for a part that is not required of it.",
    }),
    filled: t.exposeInt('filled', { description: 'Items that are there.' }),
    missing: t.stringList({
      description: 'Required items that are not there, by name.',
      resolve: (row) => [...row.missing],
    }),
  }),
});

const CompletenessType = builder.objectRef<CompletenessRow>('FileCompleteness').implement({
  description:
    'How complete a file is, explained part by part (CUS-03, CUS-14): filled of required items, by file.requiredParts and, for priority customers, file.requiredPartsPriority.',
  fields: (t) => ({
    complete: t.exposeBoolean('complete', { description: 'Every required item is there.' }),
    score: t.exposeInt('score', { description: 'Filled of required items in whole percent, rounded down.' }),
    parts: t.field({ type: [PartType], resolve: (row) => [...row.parts] }),
    custodian: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who keeps the file (CUS-21).',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.custodianId ?? '') ?? null,
    }),
  }),
});

builder.objectField('Customer', 'completeness', (t) =>
  t.field({
    type: CompletenessType,
    nullable: true,
    description:
      'For readers of the file, and for the clerk of grade A files too (CFL-28). Null for others, and outside the file scheme (CUS-35).',
    resolve: (row, _args, { read }) => completenessById.load(read, row.id),
  }),
);

mutation('customerVerify', {
  description:
    'Says that the file was verified with the customer; it is due again after file.verifyDays, of priority customers file.verifyDaysPriority (CUS-23). For who may write the file.',
  errors: ['StaleVersion'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => customerVerify(tx, viewer, input),
  success: customerAnswer,
});

mutation('customerCustodianSet', {
  description:
    'Names who keeps a file complete and current: HEAD or SALES_SUPERVISOR; of a grade A file HEAD, one of its dedicated people (CUS-21, CFL-28).',
  errors: ['StaleVersion'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    employeeId: t.id({ required: true, ...nodeIdOf('Employee') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input, read) => customerCustodianSet(tx, viewer, input, read),
  success: customerAnswer,
});
