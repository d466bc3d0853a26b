import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { type InputFields, mutation, type SuccessFields } from '../../graphql/mutation.ts';
import {
  ticketClose,
  ticketFollowUp,
  ticketImplement,
  ticketInvestigate,
  ticketProposePlan,
  ticketRaiseSeverity,
  ticketReopen,
  ticketResolve,
  ticketSetResponsibility,
} from '../commands/complaint.ts';
import { ticketApprovePlan } from '../commands/plan-approval.ts';
import { escalationAcknowledge, ticketEscalate } from '../commands/escalation.ts';
import {
  ticketAcknowledge,
  ticketAssign,
  ticketCancel,
  ticketDispatch,
  ticketDispatchConfirm,
  ticketLookup,
  ticketResume,
  ticketWait,
} from '../commands/handling.ts';
import {
  ticketDelegateRespectContact,
  ticketGiveOpinion,
  ticketSetFailureResponsible,
} from '../commands/coordination.ts';
import { ticketRemind } from '../commands/reminders.ts';
import { replyTemplateSet, ticketReply, ticketReplyReview } from '../commands/replies.ts';
import { ticketMark } from '../commands/evidence.ts';
import { ticketOpen } from '../commands/open.ts';
import { ticketRelease, ticketSetSalePhase, ticketTake, ticketTransfer } from '../commands/queue.ts';
import { replyTemplates } from '../queries/replies.ts';
import { escalationById, ticketById } from '../queries/tickets.ts';
import { ReplyTemplateType } from './replies.ts';
import { EscalationType } from './types.ts';

/** What every mutation of an existing ticket takes and can answer with. */
const WORK_ERRORS = ['StaleVersion', 'IllegalTransition'] as const;

function onTicket(t: InputFields) {
  return {
    ticketId: t.id({ required: true, ...nodeIdOf('Ticket') }),
    expectedVersion: t.int({
      description: "The version that was read; StaleVersion when it is no longer the ticket's.",
    }),
  };
}

function ticketField(t: SuccessFields<{ ticketId: string }>) {
  return {
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'Null when the viewer may no longer read it.',
      resolve: (done: { ticketId: string }, _args: unknown, context: Context) =>
        ticketById.load(context.read, done.ticketId),
    }),
  };
}

mutation('ticketOpen', {
  description:
    'Enters an inquiry, shipment query or complaint and starts its clock (TIC-04, TIC-12). A complaint needs the facts of FRM-06.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    category: t.field({ type: ENUMS.TicketCategory, required: true }),
    subject: t.string({ required: true, description: 'In a line, at most 200 characters.' }),
    content: t.string({ required: true, description: 'What the customer said.' }),
    channel: t.field({ type: ENUMS.TicketChannel, required: true }),
    serviceChannelId: t.id({
      ...nodeIdOf('ServiceChannel'),
      description: 'The number, mailbox or page at which it came in (TIC-01); one that is not closed.',
    }),
    customerId: t.id({ ...nodeIdOf('Customer'), description: 'Needed for a complaint.' }),
    callerName: t.string({ description: 'Needed for a complaint.' }),
    callerPhone: t.string({ description: 'Needed for a complaint by phone or on site.' }),
    callbackPhone: t.string(),
    shipmentNumber: t.string(),
    topic: t.field({
      type: ENUMS.InquiryTopic,
      description: 'Of an inquiry, of nothing else; OTHER without it (TIC-05).',
    }),
    openedAt: t.field({
      type: 'DateTime',
      description: 'When the contact reached us; now without it. All limits count from it.',
    }),
    severity: t.field({
      type: ENUMS.TicketSeverity,
      description: 'SERIOUS by hand; the facts can make it serious too (TIC-20).',
    }),
    points: t.stringList({
      description: 'The points of a complaint; the content is the only one without it (TIC-23).',
    }),
    claimAmount: t.field({
      type: 'Decimal',
      description: 'What the customer claims, in the business currency; 0 or more.',
    }),
    injury: t.boolean(),
    legalOrMediaThreat: t.boolean(),
    lossOrDamage: t.boolean({ description: 'Goods were lost or damaged.' }),
    threatToLeave: t.boolean(),
    arisesDuringSale: t.boolean({ description: 'Of the selling process; goes to sales (TIC-28).' }),
    special: t.boolean({ description: 'A special case (TIC-10).' }),
    disputed: t.boolean({ description: 'The customer disputes the facts (TIC-10).' }),
    noRecordingReason: t.string({
      description:
        'Why the call was not recorded, of a special or disputed ticket (TIC-10); at most 500 characters.',
    }),
    linkedTicketId: t.id({
      ...nodeIdOf('Ticket'),
      description: 'The ticket that this one follows (TIC-37).',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => ticketOpen(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketAcknowledge', {
  description:
    'Takes a ticket up, with the promise made to the customer (TIC-09); without a handler the caller becomes it.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    promise: t.string({ description: 'What was promised to the customer; needed for a complaint (TIC-09).' }),
    callbackPhone: t.string({
      description: 'Of a letter or e-mail, needed before the investigation (TIC-11).',
    }),
    unreachableReason: t.string({ description: 'Why no phone number can be had (TIC-11).' }),
  }),
  run: (tx, viewer, input, read) => ticketAcknowledge(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketAssign', {
  description:
    "Gives a ticket to a handler whose role lets them handle tickets; an acknowledged complaint is then under investigation. It stays in its team's queue: see `ticketTransfer`.",
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    assigneeId: t.id({ required: true, ...nodeIdOf('Employee') }),
    note: t.string(),
  }),
  run: (tx, viewer, input, read) => ticketAssign(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketInvestigate', {
  description: 'Takes an acknowledged complaint under investigation without passing it on.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    callbackPhone: t.string({
      description: 'A phone number had since the acknowledgement, of a letter or e-mail (TIC-11).',
    }),
    unreachableReason: t.string({ description: 'Why no phone number can be had (TIC-11).' }),
  }),
  run: (tx, viewer, input, read) => ticketInvestigate(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketDispatch', {
  description:
    'Passes a ticket to departments for joint investigation (TIC-14); each confirms receipt in time (TIC-18).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    departmentIds: t.idList({ required: true, ...nodeIdOf('Department') }),
    note: t.string(),
  }),
  run: (tx, viewer, input, read) => ticketDispatch(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketDispatchConfirm', {
  description: "The caller's department confirms that a dispatched ticket has arrived (TIC-14, TIC-18).",
  errors: WORK_ERRORS,
  input: onTicket,
  run: (tx, viewer, input) => ticketDispatchConfirm(tx, viewer, input),
  success: ticketField,
});

mutation('ticketReply', {
  description:
    "Records a message to or from the customer; the first one to the customer meets an inquiry's first-response limit. One about a serious complaint waits for `ticketReplyReview`, unless CS_SUPERVISOR or HEAD wrote it (TIC-13).",
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    body: t.string({
      description: 'At most 20,000 characters with the template; may be left out beside `templateCode`.',
    }),
    templateCode: t.string({
      description:
        'A template of `replyTemplates` in use, for a message to the customer: its text, filled in, stands above `body` (TIC-13).',
    }),
    templateInEnglish: t.boolean({ description: "The template's English text; the Chinese one without it." }),
    fromCustomer: t.boolean({ description: 'The customer wrote; default false.' }),
    isProgressNotice: t.boolean({ description: 'A progress notice (TIC-19); default false.' }),
    articleIds: t.idList({
      ...nodeIdOf('KnowledgeArticle'),
      description: 'Published articles that the answer rests on (TIC-05).',
    }),
  }),
  run: (tx, viewer, input, read) => ticketReply(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketReplyReview', {
  description:
    'CS_SUPERVISOR or HEAD lets a message about a serious complaint go out, or refuses it (TIC-13). What follows from a message follows when it goes out.',
  errors: ['IllegalTransition'],
  input: (t) => ({
    replyId: t.id({
      required: true,
      ...nodeIdOf('TicketReply'),
      description: '`TicketReply.id`, of one in state PENDING_REVIEW.',
    }),
    approve: t.boolean({ required: true }),
    note: t.string({ description: 'Needed when it is refused.' }),
  }),
  run: (tx, viewer, input, read) => ticketReplyReview(tx, viewer, input, read),
  success: ticketField,
});

mutation('replyTemplateSet', {
  description:
    'Adds a text to begin messages to customers with, or gives one another text; CS_SUPERVISOR and HEAD (TIC-13). CONTACT_RECEIVED is what acknowledges letters and e-mails by itself (TIC-11).',
  errors: ['StaleVersion'],
  input: (t) => ({
    code: t.string({ required: true, description: '2 to 50 capital letters, digits and _.' }),
    title: t.string({ required: true, description: 'At most 200 characters.' }),
    body: t.string({
      required: true,
      description: 'In Chinese, at most 5,000 characters; {ticketNumber} and {subject} are filled in.',
    }),
    bodyEn: t.string({ required: true, description: 'In English, with the same places.' }),
    isActive: t.boolean({ description: 'False takes it out of use; true without it.' }),
    expectedVersion: t.int({ description: 'The version that was read, of one that exists.' }),
  }),
  run: (tx, viewer, input) => replyTemplateSet(tx, viewer, input),
  success: (t) => ({
    template: t.field({
      type: ReplyTemplateType,
      nullable: true,
      resolve: async (done, _args, { read }) =>
        (await replyTemplates(read)).find(({ code }) => code === done.code) ?? null,
    }),
  }),
});

mutation('ticketRemind', {
  description:
    'Pushes somebody to act on a ticket (TIC-31). Reminders without a reaction within `ticket.reminderHours`, `ticket.reminderMax` of them in a row, bring it to the next level of the ladder.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    toId: t.id({ required: true, ...nodeIdOf('Employee'), description: 'Who is to act; not the caller.' }),
    text: t.string({ required: true, description: 'What is asked for, at most 2,000 characters.' }),
  }),
  run: (tx, viewer, input, read) => ticketRemind(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketGiveOpinion', {
  description:
    "The customer's account manager gives an opinion on a complaint (TIC-27); a later one takes its place, all of them stay in the history.",
  errors: ['StaleVersion'],
  input: (t) => ({
    ...onTicket(t),
    opinion: t.string({ required: true, description: 'At most 5,000 characters.' }),
  }),
  run: (tx, viewer, input) => ticketGiveOpinion(tx, viewer, input),
  success: ticketField,
});

mutation('ticketDelegateRespectContact', {
  description:
    'HEAD sends a person to the customer who complained (TIC-22); `ticketClose` then takes that person.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    employeeId: t.id({ required: true, ...nodeIdOf('Employee') }),
  }),
  run: (tx, viewer, input, read) => ticketDelegateRespectContact(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketSetFailureResponsible', {
  description:
    'HEAD corrects who answers for a limit that was missed (TIC-16); IllegalTransition while none was.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    employeeId: t.id({ required: true, ...nodeIdOf('Employee') }),
    reason: t.string({ required: true }),
  }),
  run: (tx, viewer, input, read) => ticketSetFailureResponsible(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketLookup', {
  description:
    'Records where a shipment query was looked up, in our system or with the carrier, and the result (TIC-07). Its answer needs one.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    source: t.field({ type: ENUMS.LookupSource, required: true }),
    carrier: t.string({
      description: 'The partner that was asked, of source CARRIER; at most 200 characters.',
    }),
    result: t.string({ required: true, description: 'What the look-up gave, at most 20,000 characters.' }),
    answeredAt: t.field({
      type: 'DateTime',
      description: 'When it gave that; now without it. Between the opening of the query and now.',
    }),
  }),
  run: (tx, viewer, input, read) => ticketLookup(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketTake', {
  description:
    'Takes the next ticket of the queue that nobody handles and that the caller may work on; a question is then in progress. Two who take at once get different tickets.',
  input: (t) => ({
    teamId: t.id({ ...nodeIdOf('Team'), description: "Whose queue; the caller's own team without it." }),
  }),
  run: (tx, viewer, input, read) => ticketTake(tx, viewer, input, read),
  success: (t) => ({
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'Null when nothing waits in the queue.',
      resolve: (done, _args, context) =>
        done.ticketId === null ? null : ticketById.load(context.read, done.ticketId),
    }),
  }),
});

mutation('ticketRelease', {
  description: "Gives a ticket back to its team's queue, where it waits for another handler.",
  errors: WORK_ERRORS,
  input: (t) => ({ ...onTicket(t), reason: t.string({ required: true }) }),
  run: (tx, viewer, input, read) => ticketRelease(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketTransfer', {
  description:
    'Hands a ticket to another team. Tickets of key accounts stay with teams for them (KEY-29), those of the sale with sales (TIC-28).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    teamId: t.id({ required: true, ...nodeIdOf('Team') }),
    assigneeId: t.id({
      ...nodeIdOf('Employee'),
      description: 'A member of that team; without it the ticket waits in its queue.',
    }),
    reason: t.string({ required: true, description: 'Why; the ticket tells it as `routing.reason`.' }),
  }),
  run: (tx, viewer, input, read) => ticketTransfer(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketSetSalePhase', {
  description:
    'Says whether a ticket arose in the selling process (TIC-28); it then goes to the queue of sales, or back. One of a key account stays there (KEY-29).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    arisesDuringSale: t.boolean({ required: true, description: 'Another value than the present one.' }),
    reason: t.string({ required: true }),
  }),
  run: (tx, viewer, input, read) => ticketSetSalePhase(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketWait', {
  description:
    'Says that the customer is awaited. Complaint clocks never pause; others only where sla.pauseWhileWaiting says so (TIC-36).',
  errors: WORK_ERRORS,
  input: (t) => ({ ...onTicket(t), reason: t.string({ required: true }) }),
  run: (tx, viewer, input, read) => ticketWait(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketResume', {
  description: 'Ends the wait for the customer.',
  errors: WORK_ERRORS,
  input: onTicket,
  run: (tx, viewer, input, read) => ticketResume(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketCancel', {
  description: 'Cancels a duplicate, with a link to the ticket it repeats; nothing else can be cancelled.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    duplicateOfId: t.id({ required: true, ...nodeIdOf('Ticket') }),
    note: t.string(),
  }),
  run: (tx, viewer, input, read) => ticketCancel(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketMark', {
  description:
    'Marks a ticket as special or disputed, or says why its call was not recorded (TIC-10). Such a ticket needs a CALL_RECORDING or the reason before its responsibility is decided and before it is closed.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    special: t.boolean({ description: 'A special case; stays as it is without it.' }),
    disputed: t.boolean({ description: 'The customer disputes the facts; stays as it is without it.' }),
    noRecordingReason: t.string({
      description: 'At most 500 characters; null takes the reason back, without it the reason stays.',
    }),
  }),
  run: (tx, viewer, input) => ticketMark(tx, viewer, input),
  success: ticketField,
});

mutation('ticketRaiseSeverity', {
  description:
    'Raises a complaint to SERIOUS by hand (TIC-20); its open limits are tightened, none is breached by that (TIC-36).',
  errors: WORK_ERRORS,
  input: (t) => ({ ...onTicket(t), reason: t.string({ required: true }) }),
  run: (tx, viewer, input, read) => ticketRaiseSeverity(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketSetResponsibility', {
  description: 'Decides whether the company is responsible (TIC-15, TIC-16).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    liability: t.field({ type: ENUMS.Liability, required: true }),
    explanation: t.string({ description: 'Given to the customer; needed for NOT_COMPANY.' }),
    customerAgreed: t.boolean({ description: 'Needed for NOT_COMPANY; when false, HEAD decides.' }),
    responsibleDepartmentId: t.id({
      ...nodeIdOf('Department'),
      description: 'Needed for COMPANY and SHARED.',
    }),
    responsiblePersonId: t.id(nodeIdOf('Employee')),
    rootCause: t.field({ type: ENUMS.RootCause }),
  }),
  run: (tx, viewer, input, read) => ticketSetResponsibility(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketProposePlan', {
  description:
    'Proposes how a complaint is to be settled (TIC-17); a serious one then waits for HEAD (TIC-20).',
  errors: WORK_ERRORS,
  input: (t) => ({ ...onTicket(t), plan: t.string({ required: true }) }),
  run: (tx, viewer, input, read) => ticketProposePlan(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketApprovePlan', {
  description:
    "HEAD, or whom HEAD has delegated it to, decides on a serious complaint's plan; a refused one is proposed anew (TIC-20). HEAD's own goes to COMPANY_LEADER. `approvalDecide` does the same.",
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    approve: t.boolean({ required: true, defaultValue: true }),
    note: t.string({ description: 'Needed when it is refused.' }),
  }),
  run: (tx, viewer, input, read) => ticketApprovePlan(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketImplement', {
  description: 'Begins to carry out the plan. `ticketResolve` does it by itself.',
  errors: WORK_ERRORS,
  input: onTicket,
  run: (tx, viewer, input, read) => ticketImplement(tx, viewer, input, read),
  success: ticketField,
});

const PointAnswer = builder.inputType('ComplaintPointAnswer', {
  description: 'The answer to one point of a complaint (TIC-23).',
  fields: (t) => ({ number: t.int({ required: true }), answer: t.string({ required: true }) }),
});

mutation('ticketResolve', {
  description:
    'Settles a ticket. A complaint needs the written notice and an answer per point (TIC-21, TIC-23), a serious one its letter (TIC-20); of an inquiry or query this is the answer, and a shipment query is looked up first (TIC-07).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    resolution: t.string({ required: true, description: 'What was done or answered.' }),
    pointAnswers: t.field({
      type: [PointAnswer],
      description: 'A complaint of one point is answered by its resolution.',
    }),
    writtenNoticeSentAt: t.field({ type: 'DateTime', description: 'Needed for a complaint.' }),
    phoneNoticeAt: t.field({
      type: 'DateTime',
      description:
        'When the customer was told by phone as well; never in place of the written notice (TIC-21).',
    }),
    letterAttachmentId: t.id({
      ...nodeIdOf('Attachment'),
      description:
        'The letter to the customer, attached to this ticket as a LETTER. A serious complaint needs this or `letter`; without either, the newest LETTER attached in this cycle counts.',
    }),
    letter: t.string({ description: 'Text of the letter to the customer; at most 20,000 characters.' }),
    rootCause: t.field({ type: ENUMS.RootCause }),
  }),
  run: (tx, viewer, input, read) => ticketResolve(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketFollowUp', {
  description: 'Records a return call after a complaint (TIC-25). NOT_SATISFIED reopens it.',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    result: t.field({ type: ENUMS.FollowUpResult, required: true }),
    note: t.string(),
  }),
  run: (tx, viewer, input, read) => ticketFollowUp(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketClose', {
  description:
    'Closes a ticket. A complaint needs its follow-up (TIC-25), the respect contact (TIC-22) and the complaint report (TIC-24).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    respectContactById: t.id({
      ...nodeIdOf('Employee'),
      description:
        "HEAD, whom HEAD sent by `ticketDelegateRespectContact`, or the handler's superior (`ticket.respectDelegate`).",
    }),
    respectContactAt: t.field({ type: 'DateTime' }),
    rootCause: t.field({ type: ENUMS.RootCause }),
    lesson: t.string(),
    note: t.string(),
  }),
  run: (tx, viewer, input, read) => ticketClose(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketReopen', {
  description:
    "Reopens a closed ticket on the customer's word within the days allowed; new limits count from now (TIC-37).",
  errors: WORK_ERRORS,
  input: (t) => ({ ...onTicket(t), reason: t.string({ required: true }) }),
  run: (tx, viewer, input, read) => ticketReopen(tx, viewer, input, read),
  success: ticketField,
});

mutation('ticketEscalate', {
  description: 'Escalates a ticket by hand to a level above the one it has reached (TIC-34).',
  errors: WORK_ERRORS,
  input: (t) => ({
    ...onTicket(t),
    level: t.field({ type: ENUMS.EscalationLevel, required: true }),
    note: t.string({ required: true, description: 'Why.' }),
  }),
  run: (tx, viewer, input, read) => ticketEscalate(tx, viewer, input, read),
  success: ticketField,
});

mutation('escalationAcknowledge', {
  description: 'A person whom the level names says that they have taken note (TIC-34).',
  errors: WORK_ERRORS,
  input: (t) => ({
    escalationId: t.id({ required: true, ...nodeIdOf('Escalation') }),
    note: t.string(),
    expectedVersion: t.int(),
  }),
  run: (tx, viewer, input, read) => escalationAcknowledge(tx, viewer, input, read),
  success: (t) => ({
    escalation: t.field({
      type: EscalationType,
      nullable: true,
      resolve: async (done, _args, context) =>
        (await escalationById.load(context.read, done.escalationId)) as never,
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      resolve: (done, _args, context) => ticketById.load(context.read, done.ticketId),
    }),
  }),
});
