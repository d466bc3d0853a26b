import { seatAtSubject } from '../../approvals/queries/approvals.ts';
import { attachmentById } from '../../attachments/queries.ts';
import { customerById } from '../../customers/queries/customers.ts';
import { keyAccountById } from '../../key-accounts/queries/key-accounts.ts';
import { builder } from '../../graphql/builder.ts';
import type { NamedPerson } from '../rules/escalation.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { listTypes, nestedList, rootList } from '../../graphql/lists.ts';
import { subjectLoader } from '../../graphql/live-types.ts';
import { nodeBy } from '../../graphql/node.ts';
import { ActionRightType, money } from '../../graphql/shared-types.ts';
import type {
  ComplaintPoint,
  ComplaintReport,
  FollowUp,
  TicketDispatch,
  TicketHistory,
  TicketReminder,
} from '../../generated/prisma/client.ts';
import { channelById } from '../../duty/queries/channels.ts';
import { sql } from '../../platform/sql.ts';
import {
  dispatchesOfTicket,
  escalationById,
  escalationsOfTicket,
  followUpsOfTicket,
  historyOfTicket,
  pointsOfTicket,
  remindersOfTicket,
  reportsOfTicket,
  repliesOfTicket,
  TICKET_FIELDS,
  ticketById,
  ticketList,
  type TicketRow,
  ticketWritableBy,
} from '../queries/tickets.ts';
import { planDecider, ticketActions } from '../rules/actions.ts';
import { type LedgerColumnName, ledgerMissing } from '../rules/ledger.ts';
import { ReplyType } from './replies.ts';
import { lookupOf, routingOf, TicketLookupType, TicketRoutingType } from './queues.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { TicketSlaType } from './sla.ts';

/** The plugin types a parent as the model's row; rows from SQL carry amounts as text. */
function asRow(row: unknown): TicketRow {
  return row as TicketRow;
}

const HistoryType = builder.objectRef<TicketHistory>('TicketHistoryEntry').implement({
  description: 'Something that happened to a ticket; never changed afterwards (TIC-17).',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', resolve: (entry) => entry.at }),
    actor: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null when the system acted.',
      resolve: (entry, _args, context) =>
        context.read.organisation.employees.get(entry.actorId ?? '') ?? null,
    }),
    action: t.exposeString('action'),
    from: t.field({ type: ENUMS.TicketStatus, nullable: true, resolve: (entry) => entry.from }),
    to: t.field({ type: ENUMS.TicketStatus, resolve: (entry) => entry.to }),
    note: t.exposeString('note', { nullable: true }),
    changes: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'Changed facts: name to [before, after]. Facts that only the source of an imported ticket knows bear the names externalFacts.<name>.',
      resolve: (entry) => entry.changes,
    }),
    logEntry: t.exposeInt('logEntry', {
      nullable: true,
      description:
        'Place, from 1, in the log of the system that the ticket was imported from: that log may give its entries in another order than their times. Null for what happened here.',
    }),
  }),
});

const PointType = builder.objectRef<ComplaintPoint>('ComplaintPoint').implement({
  description: 'One point of a complaint and its answer (TIC-23).',
  fields: (t) => ({
    number: t.exposeInt('number'),
    text: t.exposeString('text'),
    answer: t.exposeString('answer', { nullable: true }),
  }),
});

const DispatchType = builder.objectRef<TicketDispatch>('TicketDispatch').implement({
  description: 'A ticket passed to a department for joint investigation (TIC-14).',
  fields: (t) => ({
    department: t.field({
      type: 'Department',
      nullable: true,
      resolve: (dispatch, _args, context) =>
        context.read.organisation.departments.get(dispatch.departmentId) ?? null,
    }),
    note: t.exposeString('note', { nullable: true }),
    dispatchedAt: t.field({ type: 'DateTime', resolve: (dispatch) => dispatch.dispatchedAt }),
    confirmedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the department confirmed receipt (TIC-18).',
      resolve: (dispatch) => dispatch.confirmedAt,
    }),
    confirmedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (dispatch, _args, context) =>
        context.read.organisation.employees.get(dispatch.confirmedById ?? '') ?? null,
    }),
  }),
});

const FollowUpType = builder.objectRef<FollowUp>('FollowUp').implement({
  description: "A try to confirm the customer's satisfaction (TIC-25).",
  fields: (t) => ({
    cycle: t.exposeInt('cycle', { description: '0 for the first, one more with every reopening.' }),
    attempt: t.exposeInt('attempt', { description: '1 for the first try of a cycle.' }),
    at: t.field({ type: 'DateTime', resolve: (followUp) => followUp.at }),
    result: t.field({ type: ENUMS.FollowUpResult, resolve: (followUp) => followUp.result }),
    note: t.exposeString('note', { nullable: true }),
  }),
});

const ReminderType = builder
  .objectRef<TicketReminder & { readonly answeredAt: Date | null }>('TicketReminder')
  .implement({
    description: 'A push to whoever has to act on a ticket (TIC-31).',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: (reminder) => reminder.at }),
      by: t.field({
        type: 'Employee',
        nullable: true,
        description: 'Who pushed.',
        resolve: (reminder, _args, { read }) => read.organisation.employees.get(reminder.byId) ?? null,
      }),
      to: t.field({
        type: 'Employee',
        nullable: true,
        description: 'Who is to act.',
        resolve: (reminder, _args, { read }) => read.organisation.employees.get(reminder.toId) ?? null,
      }),
      text: t.exposeString('text', { description: 'What is asked for.' }),
      dueAt: t.field({
        type: 'DateTime',
        description: 'By when a reaction is expected.',
        resolve: (reminder) => reminder.dueAt,
      }),
      answeredAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When that person next did something on the ticket; null while they have not.',
        resolve: (reminder) => reminder.answeredAt,
      }),
    }),
  });

const ReportType = builder.objectRef<ComplaintReport>('ComplaintReport').implement({
  description:
    'The written result of a complaint, archived when it was closed: cause, responsibility, action, result, lesson (TIC-24).',
  fields: (t) => ({
    cycle: t.exposeInt('cycle', { description: '0 for the first closing, one more with every reopening.' }),
    at: t.field({ type: 'DateTime', resolve: (report) => report.at }),
    author: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (report, _args, { read }) => read.organisation.employees.get(report.authorId) ?? null,
    }),
    rootCause: t.field({ type: ENUMS.RootCause, resolve: (report) => report.rootCause }),
    liability: t.field({ type: ENUMS.Liability, resolve: (report) => report.liability }),
    department: t.field({
      type: 'Department',
      nullable: true,
      description: 'The responsible one; null where the company was not.',
      resolve: (report, _args, { read }) =>
        read.organisation.departments.get(report.departmentId ?? '') ?? null,
    }),
    person: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (report, _args, { read }) => read.organisation.employees.get(report.personId ?? '') ?? null,
    }),
    action: t.exposeString('action', {
      description: 'The plan that was carried out, or the explanation given to the customer.',
    }),
    result: t.exposeString('result'),
    lesson: t.exposeString('lesson'),
    satisfaction: t.field({ type: ENUMS.FollowUpResult, resolve: (report) => report.satisfaction }),
  }),
});

const EscalationPersonType = builder.objectRef<NamedPerson>('EscalationPerson').implement({
  description: 'A person whom a level of the ladder named when it was raised.',
  fields: (t) => ({
    employee: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (person, _args, { read }) => read.organisation.employees.get(person.employeeId) ?? null,
    }),
    by: t.field({
      type: builder.enumType('EscalationNamedBy', {
        description: 'Why a level named a person; the first of several reasons.',
        values: {
          HANDLER: { description: 'Handles the ticket.' },
          ON_DUTY: { description: "On duty at the desk of the ticket's team (DUT-03)." },
          TEAM: { description: 'Of the team: nobody handles the ticket, and nobody is on duty.' },
          KEY_ACCOUNT: { description: 'Specialist of the key account (KEY-29).' },
          AREA_DEPUTY: { description: "Deputy of the ticket's area." },
          DEPARTMENT_MANAGER: { description: 'Manager of the responsible department.' },
          ROLE: { description: 'Holds a role that the level names.' },
          DELEGATION: { description: 'Decides meanwhile for somebody whom the level names.' },
        } as const satisfies Record<NamedPerson['by'], object>,
      }),
      resolve: (person) => person.by,
    }),
    role: t.field({
      type: ENUMS.Role,
      nullable: true,
      description: 'Of ROLE.',
      resolve: (person) => person.role ?? null,
    }),
    onBehalfOf: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Of DELEGATION: whose power was lent.',
      resolve: (person, _args, { read }) =>
        read.organisation.employees.get(person.onBehalfOfId ?? '') ?? null,
    }),
  }),
});

export const EscalationType = builder.prismaObject('Escalation', {
  description:
    'A rung of the ladder that a ticket has reached; raised once per cycle, never lowered (TIC-34).',
  fields: (t) => ({
    level: t.field({ type: ENUMS.EscalationLevel, resolve: (row) => row.level }),
    reason: t.field({ type: ENUMS.EscalationReason, resolve: (row) => row.reason }),
    limit: t.exposeString('limitKind', {
      nullable: true,
      description: 'The limit that caused it; null when raised by hand.',
    }),
    note: t.exposeString('note', { nullable: true }),
    cycle: t.exposeInt('cycle'),
    persons: t.field({
      type: [EscalationPersonType],
      description:
        'Whom it named when it was raised: by role, team, rota and delegation. Empty of what was raised before persons were kept.',
      resolve: (row) => [...((row.named ?? []) as unknown as readonly NamedPerson[])],
    }),
    raisedAt: t.field({ type: 'DateTime', resolve: (row) => row.raisedAt }),
    acknowledgedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.acknowledgedById ?? '') ?? null,
    }),
    acknowledgedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.acknowledgedAt }),
    acknowledgeDueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'By when one of `persons` takes note by `escalationAcknowledge`; the next level is raised otherwise. Null of tickets that are no complaints, and of what was raised before such limits were kept.',
      resolve: (row) => row.acknowledgeDueAt,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      resolve: (row, _args, context) => ticketById.load(context.read, row.ticketId),
    }),
  }),
});
nodeBy(EscalationType, escalationById);

const LedgerColumn = builder.enumType('ComplaintLedgerColumn', {
  description: 'A column of the complaint ledger (FRM-24).',
  values: {
    OPINION: { description: "The account manager's opinion." },
    HANDLING: { description: 'What was done.' },
    FEEDBACK: { description: 'What the return call found.' },
  } as const satisfies Record<LedgerColumnName, object>,
});

export const TicketType = builder.prismaObject('Ticket', {
  description: "A customer's inquiry, shipment query or complaint.",
  fields: (t) => ({
    number: t.exposeString('number', { description: 'Ticket number, unique in the company.' }),
    category: t.field({ type: ENUMS.TicketCategory, resolve: (row) => row.category }),
    priority: t.field({
      type: ENUMS.TicketPriority,
      description: 'URGENT for serious complaints, HIGH for the key account lane (TIC-20, KEY-11).',
      resolve: (row) => row.priority,
    }),
    status: t.field({ type: ENUMS.TicketStatus, resolve: (row) => row.status }),
    severity: t.field({
      type: ENUMS.TicketSeverity,
      description: 'Of complaints (TIC-20).',
      resolve: (row) => row.severity,
    }),
    subject: t.exposeString('subject'),
    content: t.exposeString('content', { description: 'What the customer said.' }),
    channel: t.field({
      type: ENUMS.TicketChannel,
      description: 'How the customer reached us (TIC-03).',
      resolve: (row) => row.channel,
    }),
    serviceChannel: t.field({
      type: 'ServiceChannel',
      nullable: true,
      description: 'The number, mailbox or page at which it came in, where that was said (TIC-01).',
      resolve: (row, _args, { read }) =>
        row.serviceChannelId === null ? null : channelById.load(read, row.serviceChannelId),
    }),
    topic: t.field({
      type: ENUMS.InquiryTopic,
      nullable: true,
      description: 'Of inquiries (TIC-05).',
      resolve: (row) => row.topic,
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it: of a grade A customer the masked card (TIC-35).',
      resolve: (row, _args, context) =>
        row.customerId === null ? null : customerById.load(context.read, row.customerId),
    }),
    keyAccount: t.field({
      type: 'KeyAccount',
      nullable: true,
      description:
        'The key account as which the customer was served when it was opened or last changed (KEY-29).',
      resolve: (row, _args, context) =>
        row.keyAccountId === null ? null : keyAccountById.load(context.read, row.keyAccountId),
    }),
    area: t.field({
      type: 'Area',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.areas.get(row.areaId ?? '') ?? null,
    }),
    team: t.field({
      type: 'Team',
      nullable: true,
      description: 'The team whose queue it is in (CFL-14).',
      resolve: (row, _args, context) => context.read.organisation.teams.get(row.teamId ?? '') ?? null,
    }),
    assignee: t.field({
      type: 'Employee',
      nullable: true,
      description: "The rulebook's handler.",
      resolve: (row, _args, context) => context.read.organisation.employees.get(row.assigneeId ?? '') ?? null,
    }),
    routing: t.field({
      type: TicketRoutingType,
      nullable: true,
      description: 'Why it stands in the queue of its team; null where no team was found for it.',
      resolve: (row) => routingOf(asRow(row)),
    }),
    nextDueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'The nearest due instant of a limit that is not met: its place in the queue. Null when none is left, or while the customer is awaited and the clock stands.',
      resolve: (row) => row.nextDueAt,
    }),
    lookup: t.field({
      type: TicketLookupType,
      nullable: true,
      description: 'Of a shipment query: where it was looked up in this cycle, and the result (TIC-07).',
      resolve: (row) => lookupOf(asRow(row)),
    }),
    openedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.employees.get(row.openedById ?? '') ?? null,
    }),
    callerName: t.exposeString('callerName', { nullable: true }),
    callerPhone: t.exposeString('callerPhone', { nullable: true }),
    callbackPhone: t.exposeString('callbackPhone', { nullable: true }),
    shipmentNumber: t.exposeString('shipmentNumber', { nullable: true }),
    claim: t.field({
      type: 'Money',
      nullable: true,
      description: 'What the customer claims.',
      resolve: (row, _args, context) => money(asRow(row).claimAmount, context),
    }),
    arisesDuringSale: t.exposeBoolean('arisesDuringSale', {
      description: 'Of the selling process; coordinated by sales (TIC-28).',
    }),
    special: t.exposeBoolean('special', {
      description: 'A special case: its call is recorded, or `noRecordingReason` says why not (TIC-10).',
    }),
    disputed: t.exposeBoolean('disputed', {
      description:
        'The customer disputes the facts: its call is recorded, or `noRecordingReason` says why not (TIC-10).',
    }),
    noRecordingReason: t.exposeString('noRecordingReason', {
      nullable: true,
      description: 'Why there is no recording of the call (TIC-10).',
    }),
    openedAt: t.field({
      type: 'DateTime',
      description: "When the contact reached us: the rulebook's receivedAt, from which all limits count.",
      resolve: (row) => row.openedAt,
    }),
    registeredAt: t.field({
      type: 'DateTime',
      description: 'When it was entered here (TIC-04).',
      resolve: (row) => row.registeredAt,
    }),
    registeredOnTime: t.boolean({
      description: 'Whether it was entered within `sla.registerMinutes` of when it reached us (TIC-04).',
      resolve: (row, _args, { read }) =>
        row.registeredAt.getTime() - row.openedAt.getTime() <=
        read.settings.get(TICKET_SETTINGS.registerMinutes) * 60_000,
    }),
    acknowledgedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.acknowledgedAt }),
    promise: t.exposeString('promise', {
      nullable: true,
      description: 'What was promised when it was acknowledged (TIC-09).',
    }),
    promiseMadeAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When that was promised (TIC-09).',
      resolve: (row) => row.promiseMadeAt,
    }),
    resolvedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.resolvedAt }),
    closedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.closedAt }),
    waitingSince: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when the customer is awaited.',
      resolve: (row) => row.waitingSince,
    }),
    cycle: t.exposeInt('cycle', { description: 'How often it was reopened (TIC-37).' }),
    sla: t.field({
      type: TicketSlaType,
      description: 'The promised limits and how they stand now.',
      resolve: (row) => asRow(row),
    }),
    liability: t.field({
      type: ENUMS.Liability,
      nullable: true,
      description: 'Who is responsible (TIC-15).',
      resolve: (row) => row.liability,
    }),
    liabilityExplanation: t.exposeString('liabilityExplanation', { nullable: true }),
    customerAgreed: t.exposeBoolean('customerAgreed', { nullable: true }),
    responsibleDepartment: t.field({
      type: 'Department',
      nullable: true,
      resolve: (row, _args, context) =>
        context.read.organisation.departments.get(row.responsibleDepartmentId ?? '') ?? null,
    }),
    responsiblePerson: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.responsiblePersonId ?? '') ?? null,
    }),
    failureResponsible: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who answers for a missed limit (TIC-16).',
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.failureResponsibleId ?? '') ?? null,
    }),
    rootCause: t.field({
      type: ENUMS.RootCause,
      nullable: true,
      description: 'Why it happened (TIC-26).',
      resolve: (row) => row.rootCause,
    }),
    plan: t.exposeString('plan', { nullable: true }),
    resolution: t.exposeString('resolution', { nullable: true, description: 'What was done or answered.' }),
    lesson: t.exposeString('lesson', { nullable: true, description: 'Of the complaint report (TIC-24).' }),
    writtenNoticeSentAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'TIC-23.',
      resolve: (row) => row.writtenNoticeSentAt,
    }),
    phoneNoticeAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the customer was told by phone, beside the written notice (TIC-21).',
      resolve: (row) => row.phoneNoticeAt,
    }),
    letter: t.exposeString('letter', {
      nullable: true,
      description: 'Text of the letter by which the outcome was sent, where it was given as text (TIC-20).',
    }),
    letterAttachment: t.field({
      type: 'Attachment',
      nullable: true,
      description: 'The letter by which the outcome was sent, where it is attached (TIC-20).',
      resolve: (row, _args, context) =>
        row.letterAttachmentId === null ? null : attachmentById.load(context.read, row.letterAttachmentId),
    }),
    respectContactAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When HEAD or a delegate spoke with the customer (TIC-22).',
      resolve: (row) => row.respectContactAt,
    }),
    respectContactBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.respectContactById ?? '') ?? null,
    }),
    respectDelegate: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Whom HEAD sends for it (TIC-22).',
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.respectDelegateId ?? '') ?? null,
    }),
    respectDelegatedBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who sent them.',
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.respectDelegatedById ?? '') ?? null,
    }),
    opinion: t.exposeString('ownerOpinion', {
      nullable: true,
      description: "The account manager's opinion on a complaint (TIC-27).",
    }),
    opinionBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who gave it.',
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.ownerOpinionById ?? '') ?? null,
    }),
    ledgerMissing: t.field({
      type: [LedgerColumn],
      description:
        'What the complaint ledger still lacks of this complaint (TIC-27, FRM-24); empty once it is complete, and of other tickets.',
      resolve: (row) => ledgerMissing(row),
    }),
    reminders: t.field({
      type: [ReminderType],
      description: 'Who was pushed to act, in order (TIC-31).',
      resolve: (row, _args, context) => remindersOfTicket.load(context.read, row.id),
    }),
    reports: t.field({
      type: [ReportType],
      description: 'The complaint reports, one of each closing (TIC-24).',
      resolve: (row, _args, context) => reportsOfTicket.load(context.read, row.id),
    }),
    satisfaction: t.field({
      type: ENUMS.FollowUpResult,
      nullable: true,
      description: 'What the follow-up found (TIC-25).',
      resolve: (row) => row.satisfaction,
    }),
    escalationLevel: t.field({
      type: ENUMS.EscalationLevel,
      nullable: true,
      description: 'The highest rung reached in this cycle.',
      resolve: (row) => row.escalationLevel,
    }),
    escalations: t.field({
      type: [EscalationType],
      resolve: async (row, _args, context) => (await escalationsOfTicket.load(context.read, row.id)) as never,
    }),
    points: t.field({
      type: [PointType],
      description: 'The points of a complaint (TIC-23).',
      resolve: (row, _args, context) => pointsOfTicket.load(context.read, row.id),
    }),
    dispatches: t.field({
      type: [DispatchType],
      resolve: (row, _args, context) => dispatchesOfTicket.load(context.read, row.id),
    }),
    followUp: t.field({
      type: [FollowUpType],
      description: 'Return calls, in order (TIC-25).',
      resolve: (row, _args, context) => followUpsOfTicket.load(context.read, row.id),
    }),
    replies: t.field({
      type: [ReplyType],
      resolve: (row, _args, context) => repliesOfTicket.load(context.read, row.id),
    }),
    history: t.field({
      type: [HistoryType],
      description: 'Everything that happened, in order.',
      resolve: (row, _args, context) => historyOfTicket.load(context.read, row.id),
    }),
    source: t.exposeString('source', { nullable: true, description: 'Where an imported ticket came from.' }),
    externalId: t.exposeString('externalId', { nullable: true, description: 'Its id there.' }),
    externalFacts: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Facts of the source without a field of their own.',
      resolve: (row) => row.externalFacts,
    }),
    linkedTicket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'Of a duplicate or a follow-on: the ticket it belongs to.',
      resolve: (row, _args, context) =>
        row.linkedTicketId === null ? null : ticketById.load(context.read, row.linkedTicketId),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description:
        'What the viewer may do with this ticket now, and why not; read from the same table as the mutations.',
      resolve: async (row, _args, { read }) => {
        const [writable, seat] = await Promise.all([
          ticketWritableBy.load(read, row.id),
          row.status === 'PLAN_PROPOSED' ? seatAtSubject.load(read, row.id) : null,
        ]);
        const decider = planDecider(read.settings.get(TICKET_SETTINGS.planChain), read.viewer, seat);
        return ticketActions(row, writable, decider);
      },
    }),
  }),
});
nodeBy(TicketType, ticketById);
subjectLoader('Ticket', (id, context) => ticketById.load(context.read, id));

export const TICKET_LIST = listTypes<TicketRow>('Ticket', TicketType, TICKET_FIELDS);
rootList('tickets', TICKET_LIST, {
  description: 'Tickets that the viewer may read, newest id first unless ordered otherwise.',
  source: ticketList,
});
nestedList('Customer', 'tickets', TICKET_LIST, {
  description: "The customer's tickets that the viewer may read.",
  source: ticketList,
  parent: sql`t.customer_id = parent.id`,
});
