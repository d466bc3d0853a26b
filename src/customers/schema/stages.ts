import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { mutation } from '../../graphql/mutation.ts';
import { money } from '../../graphql/shared-types.ts';
import {
  customerContractSigned,
  customerLose,
  customerRegister,
  customerWinBack,
} from '../commands/stages.ts';
import type { CustomerFileRow } from '../queries/customers.ts';
import {
  lossesByCustomer,
  type LossReviewRow,
  stagesByCustomer,
  type StageChangeRow,
} from '../queries/stages.ts';
import { customerAnswer } from './shared.ts';

const StageChangeType = builder.objectRef<StageChangeRow>('CustomerStageChange').implement({
  description: 'A life stage that a customer entered (CUS-36).',
  fields: (t) => ({
    from: t.field({ type: ENUMS.CustomerLifecycle, resolve: (row) => row.from }),
    to: t.field({ type: ENUMS.CustomerLifecycle, resolve: (row) => row.to }),
    reason: t.exposeString('reason', { description: 'What led to it.' }),
    actor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null when the daily look at activity did it.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.actorId ?? '') ?? null,
    }),
    at: t.field({ type: 'DateTime', resolve: (row) => row.at }),
  }),
});

const LossReviewType = builder.objectRef<LossReviewRow>('LossReview').implement({
  description: 'Why a customer was lost, what it costs and what is learnt from it (SUR-17).',
  fields: (t) => ({
    reason: t.field({ type: ENUMS.LossReason, resolve: (row) => row.reason }),
    analysis: t.exposeString('analysis', { description: 'What happened.' }),
    valueLost: t.field({
      type: 'Money',
      nullable: true,
      description: 'Revenue a year that goes with it.',
      resolve: (row, _args, context) => money(row.valueLost, context),
    }),
    lesson: t.exposeString('lesson', { description: 'What is done otherwise from now on.' }),
    winBackAction: t.exposeString('winBackAction', {
      description: 'What is tried to win the customer back.',
    }),
    recordedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.recordedById) ?? null,
    }),
    recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
  }),
});

builder.objectFields('CustomerFile' as never, (t) => ({
  stageHistory: t.field({
    type: [StageChangeType],
    description: 'The life stages that the customer has entered, the newest first (CUS-36).',
    resolve: (row, _args, { read }) => stagesByCustomer.load(read, (row as CustomerFileRow).id),
  }),
  lossReviews: t.field({
    type: [LossReviewType],
    description: 'Why the customer was lost, each time; the newest first (SUR-17).',
    resolve: (row, _args, { read }) => lossesByCustomer.load(read, (row as CustomerFileRow).id),
  }),
}));

const CUSTOMER = { required: true, ...nodeIdOf('Customer') } as const;

mutation('customerContractSigned', {
  description:
    'Says that the contract of a QUALIFIED customer is signed; the clerk then has customer.registrationDays working days to register it (CUS-06, EVT-36). For who may write the file.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerId: t.id(CUSTOMER),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    contractNumber: t.string({
      required: true,
      description: 'Unique in the company, at most 60 characters.',
    }),
    signedAt: t.field({ type: 'DateTime', description: 'When; now without it, not in the future.' }),
  }),
  run: (tx, viewer, input, read) => customerContractSigned(tx, viewer, input, read),
  success: customerAnswer,
});

mutation('customerRegister', {
  description:
    'Registers a QUALIFIED customer, which is ACTIVE from then on, and confirms the number of its contract. MARKETING_CLERK (CUS-06).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerId: t.id(CUSTOMER),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    contractNumber: t.string({
      required: true,
      description: 'Unique in the company; that of the contract that was signed, where one was.',
    }),
  }),
  run: (tx, viewer, input, read) => customerRegister(tx, viewer, input, read),
  success: customerAnswer,
});

mutation('customerLose', {
  description:
    'Marks an ACTIVE or DORMANT customer as LOST, with the review of why (CUS-36, SUR-17). For who may write the file.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerId: t.id(CUSTOMER),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    reason: t.field({ type: ENUMS.LossReason, required: true }),
    analysis: t.string({ required: true, description: 'What happened, at most 5,000 characters.' }),
    valueLost: t.field({
      type: 'Decimal',
      required: true,
      description: 'Revenue a year that goes with it, in the business currency; 0 or more.',
    }),
    lesson: t.string({ required: true, description: 'What is done otherwise from now on.' }),
    winBackAction: t.string({ required: true, description: 'What is tried to win the customer back.' }),
  }),
  run: (tx, viewer, input) => customerLose(tx, viewer, input),
  success: customerAnswer,
});

mutation('customerWinBack', {
  description:
    'Takes a LOST or DORMANT customer back on a new deal or contract; it is ACTIVE and counts as registered from then on (CUS-36). For who may write the file.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerId: t.id(CUSTOMER),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    reason: t.string({ required: true, description: 'The new deal, in words.' }),
  }),
  run: (tx, viewer, input, read) => customerWinBack(tx, viewer, input, read),
  success: customerAnswer,
});
