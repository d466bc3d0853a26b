import { customerById, type CustomerRow } from '../customers/queries/customers.ts';
import { recordedRead } from '../customers/rules.ts';
import type { GradeHistory } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { ERROR_TYPES } from '../graphql/errors.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { errorResult, mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { AccessType, ActionRightType, money } from '../graphql/shared-types.ts';
import { Forbidden, InvalidInput, invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { customerGrade, gradeCandidateDecide, gradePropose } from './commands/grades.ts';
import { gradingProfileSet } from './commands/profile.ts';
import {
  CANDIDATE_FIELDS,
  candidateList,
  type CandidateRow,
  gradeCandidateById,
  gradeHistoryByCustomer,
  gradeProposalByCustomer,
  gradingProfileByCustomer,
  type GradingRunRow,
  gradingRuns,
  type ProfileRow,
  type ProposalRow,
} from './queries/grading.ts';
import { type ServicePolicy, servicePolicies, servicePolicyOf } from './queries/service-policy.ts';
import {
  type GradingSimulation,
  gradingSimulate,
  type SimulatedCount,
  type SimulatedDifference,
} from './queries/simulation.ts';
import { candidateActions, reasonsOf, type ScoredComponent } from './rules.ts';

const ComponentType = builder.objectRef<ScoredComponent>('GradeComponent').implement({
  description: 'What a component contributed to a grade score (CUS-27).',
  fields: (t) => ({
    component: t.field({ type: ENUMS.GradingComponent, resolve: (row) => row.component }),
    raw: t.exposeString('raw', {
      nullable: true,
      description:
        'As it is known: an amount in the business currency, a growth such as 0.25, or codes; null where it is not known.',
    }),
    scaled: t.field({
      type: 'Decimal',
      nullable: true,
      description: '0 to 100: percent rank among those ranked together, or the points of the code.',
      resolve: (row) => row.scaled,
    }),
    weight: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'In percent of what is known of the customer: the weights of missing components are spread over the others.',
      resolve: (row) => row.weight,
    }),
    missing: t.boolean({
      description: 'Not known of the customer, so left out.',
      resolve: (row) => row.scaled === null,
    }),
  }),
});

const ProposalType = builder.objectRef<ProposalRow>('GradeProposal').implement({
  description: 'The grade that the last nightly run makes of a customer, and why (CUS-27).',
  fields: (t) => ({
    grade: t.field({ type: ENUMS.CustomerGrade, resolve: (row) => row.grade }),
    score: t.field({ type: 'Decimal', description: '0 to 100.', resolve: (row) => row.score }),
    rank: t.exposeInt('rank', { description: 'Best first, from 1; earlier registration first on ties.' }),
    population: t.exposeInt('population', { description: 'How many were ranked together.' }),
    components: t.field({ type: [ComponentType], resolve: (row) => row.components }),
    at: t.field({ type: 'DateTime', description: 'When the run took place.', resolve: (row) => row.at }),
    scope: t.field({
      type: ENUMS.GradingScope,
      description: 'Among whom it was ranked (`grading.scope`).',
      resolve: (row) => row.scope,
    }),
  }),
});

/** Nobody has said anything yet: version 0. */
type Profile = Pick<ProfileRow, 'size' | 'likelihood' | 'nature' | 'version'> & {
  readonly updatedAt: Date | null;
  readonly updatedById: string | null;
};
const NO_PROFILE: Profile = {
  size: null,
  likelihood: null,
  nature: null,
  updatedAt: null,
  updatedById: null,
  version: 0,
};

const ProfileType = builder.objectRef<Profile>('GradingProfile').implement({
  description: 'What is said of a customer that no figure says: codes of `grading.codes` (CUS-24, CUS-25).',
  fields: (t) => ({
    size: t.exposeString('size', { nullable: true, description: 'Size and strength.' }),
    likelihood: t.exposeString('likelihood', { nullable: true, description: 'Likelihood of a deal.' }),
    nature: t.exposeString('nature', { nullable: true, description: 'Nature of the customer.' }),
    updatedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.updatedAt }),
    updatedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.updatedById ?? '') ?? null,
    }),
    version: t.exposeInt('version', {
      description: 'For `expectedVersion`; 0 where there is no profile yet.',
    }),
  }),
});

const HistoryType = builder.objectRef<GradeHistory>('GradeChange').implement({
  description: 'A change of a file grade, with who made it and why (CUS-22).',
  fields: (t) => ({
    from: t.field({ type: ENUMS.CustomerGrade, nullable: true, resolve: (row) => row.from }),
    to: t.field({ type: ENUMS.CustomerGrade, nullable: true, resolve: (row) => row.to }),
    reason: t.exposeString('reason'),
    actor: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.actorId) ?? null,
    }),
    at: t.field({ type: 'DateTime', resolve: (row) => row.at }),
  }),
});

/** Content of a customer's file: for those who read it, and noted where reads of it are. */
function ofFile<Value>(load: (row: CustomerRow, context: Context) => Promise<Value>) {
  return async (row: CustomerRow, _args: unknown, context: Context): Promise<Value | null> => {
    if (row.access !== 'FULL') return null;
    noteRead(context, row);
    return load(row, context);
  };
}

function noteRead(context: Context, customer: Pick<CustomerRow, 'id' | 'grade'>): void {
  const read = recordedRead(context.read.viewer, customer, 'file');
  if (read) context.recordRead(read);
}

interface CustomerFields {
  field(options: {
    type: unknown;
    nullable: true;
    description: string;
    resolve: (row: CustomerRow, args: unknown, context: Context) => Promise<unknown>;
  }): never;
}

function onCustomer(name: string, field: (t: CustomerFields) => never): void {
  builder.objectField('Customer' as never, name, (t) => field(t as unknown as CustomerFields));
}

onCustomer('gradeProposal', (t) =>
  t.field({
    type: ProposalType,
    nullable: true,
    description:
      'What the last nightly run makes of the customer; null where the file is closed, and for a customer outside the file scheme or of whom nothing is known to score it by (CUS-27, CUS-35).',
    resolve: ofFile((row, { read }) => gradeProposalByCustomer.load(read, row.id)),
  }),
);
onCustomer('gradingProfile', (t) =>
  t.field({
    type: ProfileType,
    nullable: true,
    description: 'Null where the file is closed.',
    resolve: ofFile(
      async (row, { read }) => (await gradingProfileByCustomer.load(read, row.id)) ?? NO_PROFILE,
    ),
  }),
);
onCustomer('gradeHistory', (t) =>
  t.field({
    type: [HistoryType],
    nullable: true,
    description: 'Every change of the grade, newest first; null where the file is closed (CUS-22).',
    resolve: ofFile((row, { read }) => gradeHistoryByCustomer.load(read, row.id)),
  }),
);

const ServicePolicyType = builder.objectRef<ServicePolicy>('ServicePolicy').implement({
  description:
    'How customers of a file grade are served: the grade drives limits, contacts and care (CUS-26, CUS-29).',
  fields: (t) => ({
    grade: t.field({ type: ENUMS.CustomerGrade, resolve: (row) => row.grade }),
    slaFactor: t.field({
      type: 'Decimal',
      description:
        'Multiplies the limits of tickets (`sla.keyAccountFactor`), where the service policy of the ticket names no factor of its own.',
      resolve: (row) => String(row.slaFactor),
    }),
    calls: t.exposeInt('calls', { description: 'Phone calls in every `callWeeks` weeks (`cadence.grade`).' }),
    callWeeks: t.int({ resolve: (row) => row.weeks }),
    visits: t.exposeInt('visits', { description: 'Visits in every `visitMonths` months.' }),
    visitMonths: t.int({ resolve: (row) => row.months }),
    host: t.field({
      type: ENUMS.ContactSeniority,
      description: 'How senior the host of a visit is to be.',
      resolve: (row) => row.host,
    }),
    careBudget: t.field({
      type: 'Money',
      nullable: true,
      description: 'For one customer and year (`grading.servicePolicy`).',
      resolve: (row, _args, context) => money(row.careBudget, context),
    }),
    incentive: t.exposeString('incentive', { description: 'A code of `grading.servicePolicy`.' }),
  }),
});

builder.queryField('servicePolicies', (t) =>
  t.field({
    type: [ServicePolicyType],
    description: 'How customers of each file grade are served, as configuration says it.',
    resolve: (_root, _args, { read }) => servicePolicies(read.settings),
  }),
);

onCustomer('servicePolicy', (t) =>
  t.field({
    type: ServicePolicyType,
    nullable: true,
    description: 'How a customer of this grade is served; null without a grade.',
    resolve: async (row, _args, { read }) =>
      row.grade === null ? null : servicePolicyOf(read.settings, row.grade),
  }),
);

const CandidateType = builder.objectRef<CandidateRow>('GradeCandidate').implement({
  description:
    'A proposed grade that waits for HEAD, SALES_SUPERVISOR or CS_SUPERVISOR, or what became of it (CUS-22, CFL-33). Where the file is closed, those who confirm grades see old and new grade alone.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    access: t.field({
      type: AccessType,
      description: 'How much of the proposal the viewer sees.',
      resolve: (row) => ({
        level: row.access,
        reason: row.access === 'FULL' ? 'ALLOWED' : 'GRADE_A_DEDICATED_ONLY',
      }),
    }),
    origin: t.field({
      type: ENUMS.GradeCandidateOrigin,
      description: 'The nightly score, or a person.',
      resolve: (row) => row.origin,
    }),
    from: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: 'The grade when it was proposed.',
      resolve: (row) => row.from,
    }),
    to: t.field({ type: ENUMS.CustomerGrade, description: 'The proposed grade.', resolve: (row) => row.to }),
    state: t.field({
      type: ENUMS.GradeCandidateState,
      description: 'SUPERSEDED once the grade has changed otherwise, or the engine proposes another.',
      resolve: (row) => row.state,
    }),
    reasons: t.field({
      type: [ENUMS.GradingComponent],
      description:
        'The components that speak most for the change; none of a proposal by a person, and where the file is closed.',
      resolve: (row) => reasonsOf(row.components ?? [], row.from, row.to),
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'Why a person proposes it; null where the file is closed.',
    }),
    score: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Of a proposal of the engine.',
      resolve: (row) => row.score,
    }),
    rank: t.exposeInt('rank', { nullable: true }),
    population: t.exposeInt('population', { nullable: true }),
    components: t.field({
      type: [ComponentType],
      nullable: true,
      description: 'As they were when the engine proposed it; null where the file is closed.',
      resolve: (row, _args, context) => {
        if (row.components) noteRead(context, { id: row.customerId, grade: row.fileGrade });
        return row.components;
      },
    }),
    proposedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.proposedById ?? '') ?? null,
    }),
    raisedAt: t.field({ type: 'DateTime', resolve: (row) => row.raisedAt }),
    dueAt: t.field({
      type: 'DateTime',
      description: 'By when it is to be decided: `grading.confirmDays` working days.',
      resolve: (row) => row.dueAt,
    }),
    isOverdue: t.boolean({
      description: 'Still open after `dueAt`.',
      resolve: (row, _args, { read }) => row.state === 'OPEN' && row.dueAt < read.now,
    }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.decidedById ?? '') ?? null,
    }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.decidedAt }),
    decisionReason: t.exposeString('decisionReason', { nullable: true }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with this proposal now, and why not.',
      resolve: (row, _args, { read }) => candidateActions(read.viewer, row),
    }),
  }),
});
nodeBy(CandidateType, gradeCandidateById);
rootList('gradeCandidates', listTypes<CandidateRow>('GradeCandidate', CandidateType, CANDIDATE_FIELDS), {
  description:
    'Proposed grades of customers whose file the viewer reads, own proposals, and for those who confirm grades the cards of the others.',
  source: candidateList,
});

const RunType = builder.objectRef<GradingRunRow>('GradingRun').implement({
  description: 'A nightly run of the grade engine over all customers in `customer.fileScope`.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', resolve: (row) => row.at }),
    scope: t.field({ type: ENUMS.GradingScope, resolve: (row) => row.scope }),
    scored: t.exposeInt('scored', { description: 'Customers that have a score.' }),
    unscored: t.exposeInt('unscored', {
      description: 'Customers of whom nothing is known to score them by.',
    }),
    candidates: t.exposeInt('candidates', { description: 'Proposals that it has raised.' }),
  }),
});

const RUNS_MAX = 100;

builder.queryField('gradingRuns', (t) =>
  t.field({
    type: [RunType],
    description:
      'The last runs of the grade engine, newest first; none for those who may not read figures over all customers.',
    args: { first: t.arg.int({ defaultValue: 10, description: 'At most 100.' }) },
    resolve: (_root, { first }, { read }) => {
      const count = first ?? 10;
      if (count < 0 || count > RUNS_MAX)
        throw invalid('first', text(`0 to ${RUNS_MAX} runs`, `0 到 ${RUNS_MAX} 次`));
      return gradingRuns(read, count);
    },
  }),
);

const WeightsInput = builder.inputType('GradingWeightsInput', {
  description: 'Weights from 0 to 100; one that is left out stays as it is in force.',
  fields: (t) => ({
    sales: t.field({ type: 'Decimal', description: 'Sales of the last 12 months.' }),
    growth: t.field({ type: 'Decimal', description: 'Growth against the 12 months before.' }),
    size: t.field({ type: 'Decimal', description: 'Size and strength.' }),
    profit: t.field({ type: 'Decimal', description: 'Profit contribution.' }),
    likelihood: t.field({ type: 'Decimal', description: 'Likelihood of a deal.' }),
    regionAndNature: t.field({ type: 'Decimal', description: 'Region and nature.' }),
  }),
});
const SharesInput = builder.inputType('GradingSharesInput', {
  description: 'Shares of the grades in percent, 100 together; D is part of C.',
  fields: (t) => ({
    A: t.field({ type: 'Decimal', required: true }),
    B: t.field({ type: 'Decimal', required: true }),
    C: t.field({ type: 'Decimal', required: true }),
  }),
});
const SimulateInput = builder.inputType('GradingSimulateInput', {
  description: 'What is to be other than the policy in force.',
  fields: (t) => ({
    weights: t.field({ type: WeightsInput }),
    shares: t.field({ type: SharesInput }),
    scope: t.field({ type: ENUMS.GradingScope, description: 'Among whom customers are ranked.' }),
    first: t.int({ description: 'Differences to answer with: 50 without it, at most 500.' }),
  }),
});

const CountType = builder.objectRef<SimulatedCount>('GradingCount').implement({
  description: 'How many customers in scope have a grade.',
  fields: (t) => ({
    grade: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: 'Null for those without one.',
      resolve: (row) => row.grade,
    }),
    inForce: t.exposeInt('inForce', { description: 'As customers are graded now.' }),
    before: t.exposeInt('before', { description: 'As the policy in force proposes.' }),
    after: t.exposeInt('after', { description: 'As the policy tried would propose.' }),
  }),
});

const DifferenceType = builder.objectRef<SimulatedDifference>('GradingDifference').implement({
  description: 'A customer for whom another grade would be proposed.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    before: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: 'By the policy in force.',
      resolve: (row) => row.before,
    }),
    after: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: 'By the policy tried.',
      resolve: (row) => row.after,
    }),
    scoreBefore: t.field({ type: 'Decimal', nullable: true, resolve: (row) => row.scoreBefore }),
    scoreAfter: t.field({ type: 'Decimal', nullable: true, resolve: (row) => row.scoreAfter }),
  }),
});

const SimulationType = builder.objectRef<GradingSimulation>('GradingSimulation').implement({
  description: 'Grades as another policy would propose them. Nothing was written.',
  fields: (t) => ({
    counts: t.field({
      type: [CountType],
      description: 'Over all customers in scope.',
      resolve: (row) => row.counts,
    }),
    changed: t.exposeInt('changed', { description: 'Customers for whom another grade would be proposed.' }),
    differences: t.field({
      type: [DifferenceType],
      description: 'Of them, those whose file the viewer reads, the largest changes of score first.',
      resolve: (row) => row.differences,
    }),
  }),
});

const SimulateResult = builder.unionType('GradingSimulateResult', {
  description: 'Answer of `gradingSimulate`: what would be, or an error to act on.',
  types: [SimulationType, ERROR_TYPES.InvalidInput, ERROR_TYPES.Forbidden] as never,
  resolveType: (value) => (value as { __typename?: string }).__typename ?? 'GradingSimulation',
});

builder.queryField('gradingSimulate', (t) =>
  t.field({
    type: SimulateResult,
    description:
      'Scores all customers by the figures of today under other weights, shares or another scope, and answers with the difference to the policy in force (CUS-27). It writes nothing. For those who read figures over all customers.',
    complexity: { field: 1_000 },
    args: { input: t.arg({ type: SimulateInput, required: true }) },
    resolve: async (_root, { input }, context: Context) => {
      try {
        return (await gradingSimulate(context.read, input)) as never;
      } catch (error) {
        if (error instanceof InvalidInput || error instanceof Forbidden) return errorResult(error) as never;
        throw error;
      }
    },
  }),
);

function customerField(t: SuccessFields<{ customerId: string }>) {
  return {
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Null when the viewer may no longer know of it.',
      resolve: (done, _args, { read }) => customerById.load(read, done.customerId),
    }),
  };
}

function candidateField(t: SuccessFields<{ gradeCandidateId: string }>) {
  return {
    gradeCandidate: t.field({
      type: CandidateType,
      nullable: true,
      description: 'Null when the viewer may no longer see it.',
      resolve: (done, _args, { read }) => gradeCandidateById.load(read, done.gradeCandidateId),
    }),
  };
}

const ON_CUSTOMER = { required: true, ...nodeIdOf('Customer') } as const;

mutation('customerGrade', {
  description:
    'Sets the file grade by hand, with a reason. HEAD, SALES_SUPERVISOR or CS_SUPERVISOR (CUS-22, CFL-33).',
  errors: ['StaleVersion'],
  input: (t) => ({
    customerId: t.id(ON_CUSTOMER),
    expectedVersion: t.int({ required: true }),
    grade: t.field({ type: ENUMS.CustomerGrade, required: true }),
    reason: t.string({ required: true, description: 'At most 2,000 characters.' }),
  }),
  run: (tx, viewer, input, read) => customerGrade(tx, viewer, input, read),
  success: customerField,
});

mutation('gradePropose', {
  description:
    'Proposes another grade for a customer, with a reason: CS_AGENT, the account manager who owns it, or who confirms grades (CUS-25, CFL-33).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id(ON_CUSTOMER),
    grade: t.field({ type: ENUMS.CustomerGrade, required: true }),
    reason: t.string({ required: true, description: 'At most 2,000 characters.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => gradePropose(tx, viewer, input, read),
  success: candidateField,
});

mutation('gradeCandidateDecide', {
  description:
    'Confirms a proposed grade, which then is the grade of the customer, or refuses it. HEAD, SALES_SUPERVISOR or CS_SUPERVISOR (CUS-22, CFL-33).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    gradeCandidateId: t.id({ required: true, ...nodeIdOf('GradeCandidate') }),
    decision: t.field({
      type: builder.enumType('GradeDecision', {
        values: ['CONFIRM', 'REFUSE'] as const,
        description: 'What becomes of a proposed grade.',
      }),
      required: true,
    }),
    reason: t.string({ description: 'Needed to refuse; at most 2,000 characters.' }),
    expectedVersion: t.int({ required: true, description: 'The version of the proposal that was read.' }),
  }),
  run: (tx, viewer, input, read) => gradeCandidateDecide(tx, viewer, input, read),
  success: candidateField,
});

mutation('gradingProfileSet', {
  description:
    'Says what no figure says of a customer, in codes of `grading.codes`; for those who may write its file (CUS-24, CUS-25). A field that is left out stays; null clears it.',
  errors: ['StaleVersion'],
  input: (t) => ({
    customerId: t.id(ON_CUSTOMER),
    expectedVersion: t.int({ required: true, description: 'Of the profile; 0 where there is none yet.' }),
    size: t.string({ description: 'Size and strength.' }),
    likelihood: t.string({ description: 'Likelihood of a deal.' }),
    nature: t.string({ description: 'Nature of the customer.' }),
  }),
  run: (tx, viewer, input) => gradingProfileSet(tx, viewer, input),
  success: customerField,
});
