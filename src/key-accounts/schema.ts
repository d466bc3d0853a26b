import { contactById, customerById } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, nestedList, rootList } from '../graphql/lists.ts';
import {
  LiveEventInterface,
  payloadInstant,
  payloadNumber,
  payloadText,
  type SeenEvent,
  subjectLoader,
} from '../graphql/live-types.ts';
import { type InputFields, mutation } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { AccessType, type ActionRight, ActionRightType, money } from '../graphql/shared-types.ts';
import type { Settings } from '../platform/settings-register.ts';
import { sql } from '../platform/sql.ts';
import { keyAccountAssignSpecialist, keyAccountEnd, keyAccountUpdate } from './commands/accounts.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import { contactLogRecord } from './commands/contacts.ts';
import { keyAccountPromote, type Promoted } from './commands/proposals.ts';
import {
  CONTACT_LOG_FIELDS,
  contactLogById,
  contactLogList,
  type ContactLogRow,
} from './queries/contact-logs.ts';
import { cadencePolicy, type ContactWeek, presentContactWeek } from './queries/contact-weeks.ts';
import { type AccountDuty, dutiesOf } from './queries/duties.ts';
import { dutyPhoneOf } from './queries/duty-phones.ts';
import {
  KEY_ACCOUNT_FIELDS,
  keyAccountByCustomer,
  keyAccountById,
  keyAccountList,
  keyAccountRights,
  type KeyAccountRow,
} from './queries/key-accounts.ts';
import { proposalById } from './queries/ranks.ts';
import { cadenceAnomalies, countsAsCall } from './rules/contact-cadence.ts';
import type { MissingCompetence } from './rules/competence.ts';
import { LEVELS } from './rules/level.ts';
import { keyAccountActions, statusOf } from './rules/rights.ts';
import { ProposalType } from './schema/ranks.ts';
import { KEY_ACCOUNT_SETTINGS } from './settings.ts';

export const KeyAccountAlertType = builder.objectRef<SeenEvent>('KeyAccountAlert').implement({
  description: 'A contact overdue of a key account (EVT-13).',
  interfaces: [LiveEventInterface],
  isTypeOf: (value) => (value as SeenEvent).__typename === 'KeyAccountAlert',
  fields: (t) => ({
    accountLevel: t.field({
      type: ENUMS.KeyAccountLevel,
      nullable: true,
      description: "The account's level when it happened.",
      resolve: (seen) => payloadText(seen, 'level') as 'A' | null,
    }),
    period: t.string({
      nullable: true,
      description: 'The week that was missed, such as 2026-W47.',
      resolve: (seen) => payloadText(seen, 'period'),
    }),
    required: t.int({
      nullable: true,
      description: 'Contacts the cadence asks for.',
      resolve: (seen) => payloadNumber(seen, 'required'),
    }),
    done: t.int({
      nullable: true,
      description: 'Contacts that counted.',
      resolve: (seen) => payloadNumber(seen, 'done'),
    }),
    dueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The end of that week.',
      resolve: (seen) => payloadInstant(seen, 'dueAt'),
    }),
  }),
});

const KeyAccountStatusType = builder.enumType('KeyAccountStatus', {
  description: 'Whether a customer is served as a key account now.',
  values: {
    ACTIVE: { description: 'It is.' },
    ENDED: { description: 'It was; it can be promoted again.' },
  } as const,
});

const ContactWeekType = builder.objectRef<ContactWeek>('KeyAccountContactWeek').implement({
  description: 'Where the phone calls of one week stand against their minimum (KEY-15, VIS-06).',
  fields: (t) => ({
    period: t.exposeString('period', {
      description: 'ISO week such as 2026-W47, Monday to Sunday in the business time zone.',
    }),
    required: t.exposeInt('required', {
      description: 'The stricter of key account level and file grade (CFL-03).',
    }),
    done: t.exposeInt('done', { description: 'Reached phone calls; nothing else counts (VIS-16).' }),
    warnAt: t.field({
      type: 'DateTime',
      description: 'From then on missing calls are due soon.',
      resolve: (week) => week.warnAt,
    }),
    dueAt: t.field({
      type: 'DateTime',
      description: 'Exclusive end of the week.',
      resolve: (week) => week.dueAt,
    }),
    state: t.field({
      type: ENUMS.ObligationState,
      description: 'OPEN, WARNED (due soon) or MET.',
      resolve: (week) => week.state,
    }),
  }),
});

const DutyType = builder.objectRef<AccountDuty>('KeyAccountDuty').implement({
  description: 'Something that is done for an account in a period, and where it stands.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'Such as KEY_ACCOUNT_REVIEW.' }),
    period: t.exposeString('period', { description: 'Such as 2026-Q4.' }),
    dueAt: t.field({ type: 'DateTime', description: 'Exclusive end.', resolve: (duty) => duty.dueAt }),
    state: t.field({ type: ENUMS.ObligationState, resolve: (duty) => duty.state }),
    metAt: t.field({ type: 'DateTime', nullable: true, resolve: (duty) => duty.metAt }),
  }),
});

const KeyAccountFileType = builder.objectRef<KeyAccountRow>('KeyAccountFile').implement({
  description:
    'The protected part of a key account; section 23, column key accounts. Content of the customer file is not in it (PRM-07).',
  fields: (t) => ({
    annualRevenueTarget: t.field({
      type: 'Money',
      description: 'What the level is computed from (KEY-03).',
      resolve: (row, _args, context) => ({
        amount: row.annualRevenueTarget,
        currency: context.currency,
      }),
    }),
    partnershipStatus: t.exposeString('partnershipStatus', { nullable: true, description: 'KEY-01.' }),
    promotedAt: t.field({
      type: 'DateTime',
      description: 'Since when it is a key account, without a break.',
      resolve: (row) => row.promotedAt,
    }),
    endedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.endedAt }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    updatedAt: t.field({ type: 'DateTime', resolve: (row) => row.updatedAt }),
    isIndustryModel: t.boolean({
      description: 'The representative account of its industry, shown for promotion (KEY-22).',
      resolve: (row) => row.industryModelOf !== null,
    }),
    duties: t.field({
      type: [DutyType],
      description: 'What is done for it again and again, the latest 50 first (KEY-10, KEY-17).',
      resolve: (row, _args, context) => dutiesOf.load(context.read, row.id),
    }),
    contactWeek: t.field({
      type: ContactWeekType,
      nullable: true,
      description:
        'Calls of the present week; null for an ended account, and in the week of the promotion, which asks for none.',
      resolve: (row, _args, context) => presentContactWeek.load(context.read, row.id),
    }),
  }),
});

/** The plugin types the parent as the model's row; ours says beside it what the viewer may see. */
function asRow(row: unknown): KeyAccountRow {
  return row as KeyAccountRow;
}

function employee(context: Context, id: string | null) {
  return context.read.organisation.employees.get(id ?? '') ?? null;
}

const DutyPhoneType = builder
  .objectRef<{ phone: string; employeeId: string; until: Date }>('KeyAccountDutyPhone')
  .implement({
    description: 'Who answers for an account at any hour, from the rota of the duty desks (KEY-24).',
    fields: (t) => ({
      phone: t.exposeString('phone'),
      employee: t.field({
        type: 'Employee',
        nullable: true,
        resolve: ({ employeeId }, _args, context) => employee(context, employeeId),
      }),
      until: t.field({
        type: 'DateTime',
        description: 'When the shift ends.',
        resolve: ({ until }) => until,
      }),
    }),
  });

const KeyAccountType = builder.prismaObject('KeyAccount', {
  description: 'A customer served as a key account. What is not on the card stands in `file`.',
  fields: (t) => ({
    level: t.field({
      type: ENUMS.KeyAccountLevel,
      description: 'By annual revenue target (KEY-03); not the file grade (CFL-02).',
      resolve: (row) => row.level,
    }),
    isSpecial: t.exposeBoolean('isSpecial', {
      description: 'Top-tier account with executive exchange (KEY-14, CFL-05).',
    }),
    status: t.field({
      type: KeyAccountStatusType,
      resolve: (row) => (statusOf(row) === 'ACTIVE' ? 'ACTIVE' : 'ENDED'),
    }),
    serviceModel: t.field({
      type: ENUMS.ServiceModel,
      description: 'How the account is served (KEY-06).',
      resolve: (row) => row.serviceModel,
    }),
    priorityLane: t.exposeBoolean('priorityLane', {
      description: 'Green lane: its tickets go to the top of the queue (KEY-11).',
    }),
    hours24: t.exposeBoolean('hours24', {
      description: 'Irregular hours: the account has a 24-hour service phone (KEY-24).',
    }),
    dutyPhone: t.field({
      type: DutyPhoneType,
      nullable: true,
      description:
        'Who answers its 24-hour phone now (KEY-24); null without 24-hour service, and while nobody is on duty.',
      resolve: async (row, _args, context) => {
        const shift = row.hours24 ? await dutyPhoneOf.load(context.read, row.specialistId ?? '') : null;
        return shift && { phone: shift.phone, employeeId: shift.employeeId, until: shift.to };
      },
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description:
        'As the viewer may see customers: a grade A file stays closed to people who are not dedicated (PRM-07).',
      resolve: (row, _args, context) => customerById.load(context.read, row.customerId),
    }),
    specialist: t.field({
      type: 'Employee',
      nullable: true,
      description: 'The dedicated person for all services (KEY-05).',
      resolve: (row, _args, context) => employee(context, row.specialistId),
    }),
    supervisor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'The KA_SUPERVISOR in charge (KEY-13).',
      resolve: (row, _args, context) => employee(context, row.supervisorId),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    access: t.field({
      type: AccessType,
      description: 'How much of this key account the viewer sees, and why.',
      resolve: (row) => {
        const level = asRow(row).access;
        return { level, reason: level === 'FULL' ? 'ALLOWED' : 'NOT_ASSIGNED' };
      },
    }),
    file: t.field({
      type: KeyAccountFileType,
      nullable: true,
      description: 'Null when the viewer may not read it; asking is then a refused read, which is recorded.',
      resolve: (parent, _args, context) => {
        const row = asRow(parent);
        if (row.access === 'FULL') return row;
        context.recordRead({ action: 'readRefused', subjectType: 'KeyAccount', subjectId: row.id });
        return null;
      },
    }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with this key account and its contacts, and why not.',
      resolve: async (row, _args, context): Promise<ActionRight[]> =>
        keyAccountActions(statusOf(row), await keyAccountRights.load(context.read, row.id)),
    }),
  }),
});
nodeBy(KeyAccountType, keyAccountById);
subjectLoader('KeyAccount', (id, context) => keyAccountById.load(context.read, id));

rootList('keyAccounts', listTypes<KeyAccountRow>('KeyAccount', KeyAccountType, KEY_ACCOUNT_FIELDS), {
  description: 'Key accounts of which the viewer may know, ended ones too.',
  source: keyAccountList,
});

builder.objectField('Customer' as never, 'keyAccount', (t) =>
  (t as unknown as { field: (options: unknown) => never }).field({
    type: KeyAccountType,
    nullable: true,
    description: 'Null when it has never been a key account, or the viewer may not know of it.',
    resolve: (row: { id: string }, _args: unknown, context: Context) =>
      keyAccountByCustomer.load(context.read, row.id),
  }),
);

const ContactLogType = builder.prismaObject('ContactLog', {
  description: "A contact with a customer. Part of the customer's file; never changed or deleted.",
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: (row, _args, context) => customerById.load(context.read, row.customerId),
    }),
    contact: t.field({
      type: 'Contact' as never,
      nullable: true,
      description: 'The person; always there for a contact by phone (VIS-16).',
      resolve: async (row, _args, context) =>
        (row.contactId === null ? null : await contactById.load(context.read, row.contactId)) as never,
    }),
    employee: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who made and recorded it.',
      resolve: (row, _args, context) => employee(context, row.employeeId),
    }),
    channel: t.field({ type: ENUMS.ContactChannel, resolve: (row) => row.channel }),
    outcome: t.field({ type: ENUMS.ContactOutcome, resolve: (row) => row.outcome }),
    at: t.field({ type: 'DateTime', description: 'When it took place.', resolve: (row) => row.at }),
    content: t.exposeString('content', { description: 'What was said.' }),
    countsAsCall: t.boolean({
      description: 'Counts toward the call minimum of its week: a reached phone call (VIS-16).',
      resolve: (row) => countsAsCall(row),
    }),
    followUp: t.exposeBoolean('followUp', {
      description: 'A return call of customer service: satisfaction, problems, change of needs (VIS-11).',
    }),
    problem: t.exposeString('problem', {
      nullable: true,
      description: 'What went wrong, as a return call has found it (VIS-11).',
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'The ticket made of that problem, where the viewer may see it.',
      resolve: (row, _args, { read }) => (row.ticketId === null ? null : ticketById.load(read, row.ticketId)),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was recorded.',
      resolve: (row) => row.createdAt,
    }),
  }),
});
nodeBy(ContactLogType, contactLogById);

const CONTACT_LOG_LIST = listTypes<ContactLogRow>('ContactLog', ContactLogType, CONTACT_LOG_FIELDS);
nestedList('Customer', 'contactLogs', CONTACT_LOG_LIST, {
  description: 'Contacts with the customer; empty where the viewer may not read the file.',
  source: contactLogList,
  parent: sql`l.customer_id = parent.id`,
});

type Level = (typeof LEVELS)[number];

const LevelPolicyType = builder
  .objectRef<{ level: Level; settings: Settings }>('KeyAccountLevelPolicy')
  .implement({
    description: 'What the register says of one level of key account.',
    fields: (t) => ({
      level: t.field({ type: ENUMS.KeyAccountLevel, resolve: ({ level }) => level }),
      threshold: t.field({
        type: 'Money',
        nullable: true,
        description: 'Annual revenue target from which the level holds (KEY-03).',
        resolve: ({ level, settings }, _args, context) =>
          money(settings.get(KEY_ACCOUNT_SETTINGS.thresholds)[level], context),
      }),
      callsPerWeek: t.int({
        description: 'KEY-15.',
        resolve: ({ level, settings }) => cadencePolicy(settings).byLevel[level].callsPerWeek,
      }),
      visitsPerMonth: t.int({
        description: 'KEY-15.',
        resolve: ({ level, settings }) => cadencePolicy(settings).byLevel[level].visitsPerMonth,
      }),
    }),
  });

const KeyAccountPolicyType = builder.objectRef<Settings>('KeyAccountPolicy').implement({
  description: 'The policy of key accounts as it stands now.',
  fields: (t) => ({
    levels: t.field({
      type: [LevelPolicyType],
      description: 'From the highest.',
      resolve: (settings) => LEVELS.map((level) => ({ level, settings })),
    }),
    warnings: t.stringList({
      description: 'What looks like a slip in the policy, such as level D with more visits than C (CFL-04).',
      resolve: (settings, _args, context) =>
        cadenceAnomalies(cadencePolicy(settings).byLevel).map(({ level, than, of }) =>
          context.locale === 'zh-CN'
            ? `${level} 级的 ${of} 高于 ${than} 级（CFL-04）`
            : `Level ${level} asks for more ${of} than level ${than} (CFL-04).`,
        ),
    }),
  }),
});

builder.queryField('keyAccountPolicy', (t) =>
  t.field({
    type: KeyAccountPolicyType,
    description: 'Thresholds of the levels and the contact minimum of each.',
    resolve: (_root, _args, context) => context.read.settings,
  }),
);

const IDEMPOTENT = 'Same key and input within 24 hours: the same answer.';

function serviceFields(t: InputFields) {
  return {
    serviceModel: t.field({
      type: ENUMS.ServiceModel,
      description: 'STANDARD unless said otherwise (KEY-06).',
    }),
    priorityLane: t.boolean({ description: 'True unless said otherwise (KEY-11).' }),
    hours24: t.boolean({ description: 'False unless said otherwise (KEY-24).' }),
    partnershipStatus: t.string({ description: 'KEY-01; null clears it.' }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function keyAccountField(t: any) {
  return t.field({
    type: KeyAccountType,
    nullable: true,
    description: 'Null when the viewer may no longer know of it.',
    resolve: (done: { keyAccountId: string }, _args: unknown, context: Context) =>
      keyAccountById.load(context.read, done.keyAccountId),
  });
}

const MissingCompetenceType = builder.objectRef<MissingCompetence>('MissingCompetence').implement({
  description: 'What the profile of a part asks of a person and nobody has confirmed (KEY-04).',
  fields: (t) => ({
    employee: t.field({
      type: 'Employee',
      nullable: true,
      resolve: ({ employeeId }, _args, context) => employee(context, employeeId),
    }),
    competences: t.field({
      type: [ENUMS.KeyAccountCompetence],
      resolve: ({ competences }) => [...competences],
    }),
  }),
});

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function missingField(t: any) {
  return t.field({
    type: [MissingCompetenceType],
    description: 'A warning, not a refusal: what the people lack of keyAccount.competenceProfile (KEY-04).',
    resolve: (done: { missing: readonly MissingCompetence[] }) => done.missing,
  });
}

mutation('keyAccountPromote', {
  description:
    'Asks to make a customer a key account, or once more after it ended. It is one when keyAccount.rankChain has approved, KA_SUPERVISOR then HEAD; a step of who asks falls away (KEY-17). The level follows from the target (KEY-03); specialist and supervisor become dedicated to the customer (PRM-07). Who approves or writes key accounts; for grade A only who may read the file.',
  errors: ['IllegalTransition', 'IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    annualRevenueTarget: t.field({
      type: 'Decimal',
      required: true,
      description: 'In the business currency; at least the threshold of level D.',
    }),
    specialistId: t.id({
      required: true,
      ...nodeIdOf('Employee'),
      description: 'A KA_SPECIALIST: the dedicated person for all services (KEY-05).',
    }),
    supervisorId: t.id({
      ...nodeIdOf('Employee'),
      description: 'A KA_SUPERVISOR. Default: the caller, when one.',
    }),
    isSpecial: t.boolean({
      description:
        'Default: true for level A while fewer than keyAccount.specialCount accounts have a higher target (CFL-05).',
    }),
    ...serviceFields(t),
    idempotencyKey: t.string({ description: IDEMPOTENT }),
  }),
  run: (tx, viewer, input, read) => keyAccountPromote(tx, viewer, input, read),
  success: (t) => ({
    proposal: t.field({
      type: ProposalType,
      nullable: true,
      description: 'What waits for approval; `approvalDecide` decides it.',
      resolve: (done, _args, context) => proposalById.load(context.read, (done as Promoted).proposalId),
    }),
    missing: missingField(t),
    keyAccount: t.field({
      type: KeyAccountType,
      nullable: true,
      description: 'Null until it is approved, but for an account that ended before.',
      // A repeated request finds the account by its customer: one that was promoted again kept its row.
      resolve: async (done, _args, context) =>
        (await keyAccountByCustomer.load(context.read, (done as Promoted).customerId)) as never,
    }),
  }),
});

mutation('keyAccountUpdate', {
  description:
    'Changes how an account is served, its target, its special rank, or whether it is the model of its industry. Another level that follows from the target is proposed, and in force when approved (KEY-03, KEY-17); the rank needs the right to approve.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    keyAccountId: t.id({ required: true, ...nodeIdOf('KeyAccount') }),
    expectedVersion: t.int({ required: true }),
    annualRevenueTarget: t.field({
      type: 'Decimal',
      description: 'At least the threshold of level D; another level is proposed (KEY-03).',
    }),
    isSpecial: t.boolean({ description: 'Special rank (CFL-05).' }),
    isIndustryModel: t.boolean({
      description: 'True where the industry has fewer models than keyAccount.modelPerIndustry (KEY-22).',
    }),
    ...serviceFields(t),
  }),
  run: (tx, viewer, input, read) => keyAccountUpdate(tx, viewer, input, read),
  success: (t) => ({ keyAccount: keyAccountField(t) }),
});

mutation('keyAccountAssignSpecialist', {
  description:
    'Hands an account over: the former person is no longer dedicated to the customer, the new one is, at once (KEY-05, PRM-07). KA_SUPERVISOR or HEAD.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    keyAccountId: t.id({ required: true, ...nodeIdOf('KeyAccount') }),
    expectedVersion: t.int({ required: true }),
    specialistId: t.id({ required: true, ...nodeIdOf('Employee'), description: 'A KA_SPECIALIST.' }),
    supervisorId: t.id({
      ...nodeIdOf('Employee'),
      description: 'Another KA_SUPERVISOR; without it the present one stays.',
    }),
    handover: t.string({
      required: true,
      description: 'Open matters, promises and needs; kept as the handover record.',
    }),
  }),
  run: (tx, viewer, input, read) => keyAccountAssignSpecialist(tx, viewer, input, read),
  success: (t) => ({ keyAccount: keyAccountField(t), missing: missingField(t) }),
});

mutation('keyAccountEnd', {
  description:
    'The customer is no longer a key account: its people are released and its contacts no longer watched. KA_SUPERVISOR or HEAD.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    keyAccountId: t.id({ required: true, ...nodeIdOf('KeyAccount') }),
    expectedVersion: t.int({ required: true }),
    reason: t.string({ required: true }),
  }),
  run: (tx, viewer, input, read) => keyAccountEnd(tx, viewer, input, read),
  success: (t) => ({ keyAccount: keyAccountField(t) }),
});

mutation('contactLogRecord', {
  description:
    'Records a contact with a customer, made by the caller. A contact by phone needs person, time and content; one that reached the person counts toward the week it took place in (VIS-16). Roles: section 23, column visits and contacts.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    contactId: t.id({ ...nodeIdOf('Contact'), description: 'Needed by phone.' }),
    channel: t.field({ type: ENUMS.ContactChannel, required: true }),
    outcome: t.field({ type: ENUMS.ContactOutcome, required: true }),
    at: t.field({
      type: 'DateTime',
      description: 'When it took place, not in the future. Needed by phone; else the default is now.',
    }),
    content: t.string({ description: 'What was said; needed.' }),
    followUp: t.boolean({
      description:
        'A return call: satisfaction, problems, change of needs (VIS-11). False unless said otherwise.',
    }),
    problem: t.string({
      description:
        'What went wrong, as a return call that reached the person has found it, in at most 4,000 characters: a ticket is made of it, once (VIS-11).',
    }),
    problemCategory: t.field({
      type: ENUMS.TicketCategory,
      description:
        'Which kind of ticket; COMPLAINT without it, which needs a person with a phone number (FRM-06). Only with a problem.',
    }),
    idempotencyKey: t.string({ description: IDEMPOTENT }),
  }),
  run: (tx, viewer, input, read) => contactLogRecord(tx, viewer, input, read),
  success: (t) => ({
    contactLog: t.field({
      type: ContactLogType,
      nullable: true,
      resolve: async (done, _args, context) =>
        (await contactLogById.load(context.read, (done as { contactLogId: string }).contactLogId)) as never,
    }),
  }),
});
