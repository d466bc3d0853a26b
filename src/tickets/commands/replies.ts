import { citeArticles } from '../../knowledge/commands/citations.ts';
import { Forbidden, IllegalTransition, invalid, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { needsReview, REPLY_REVIEWERS, templateText } from '../rules/replies.ts';
import { possibleActions } from '../rules/workflow.ts';
import { syncClocks } from './clock.ts';
import {
  changeTicket,
  isComplaint,
  type LockedTicket,
  lockTicket,
  moveTicket,
  requireOpen,
} from './ticket.ts';

type Directory = Pick<Reader, 'timeZone'>;

/** The most characters that a message has. */
const BODY_MOST = 20_000;

export interface TicketReplyInput {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
  readonly body?: string | null;
  readonly fromCustomer?: boolean | null;
  readonly isProgressNotice?: boolean | null;
  readonly templateCode?: string | null;
  readonly templateInEnglish?: boolean | null;
  readonly articleIds?: readonly string[] | null;
}

/**
 * Records a message to or from the customer. The first one to the customer meets the first-response limit of an
 * inquiry or query; a progress notice starts the next notice's interval (TIC-19). A message about a serious complaint
 * waits for its reviewer, unless a reviewer wrote it (TIC-13).
 */
export async function ticketReply(
  tx: Command,
  viewer: Viewer,
  input: TicketReplyInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'REPLY');
  const fromCustomer = input.fromCustomer ?? false;
  const body = await bodyOf(tx, ticket, input);
  const issues = new Issues();
  issues.expect(
    body.trim().length > 0 && body.length <= BODY_MOST,
    'body',
    text('1 to 20,000 characters', '1 到 20000 字'),
  );
  issues.expect(
    !(fromCustomer && input.isProgressNotice),
    'isProgressNotice',
    text('only for messages to the customer', '仅用于发给客户的消息'),
  );
  issues.expect(
    !(fromCustomer && input.articleIds?.length),
    'articleIds',
    text('only for messages to the customer', '仅用于发给客户的消息'),
  );
  issues.throwIfAny();
  const waits = !fromCustomer && needsReview(ticket) && !hasRole(viewer, ...REPLY_REVIEWERS);
  const id = newId();
  await tx.prisma.ticketReply.create({
    data: {
      id,
      ticketId: ticket.id,
      cycle: ticket.cycle,
      at: tx.now,
      actorId: fromCustomer ? null : viewer.employeeId,
      fromCustomer,
      isProgress: input.isProgressNotice ?? false,
      body,
      templateCode: input.templateCode ?? null,
      state: waits ? 'PENDING_REVIEW' : 'SENT',
    },
  });
  await citeArticles(tx, viewer, { id, ticketId: ticket.id }, input.articleIds ?? []);
  if (waits) await changeTicket(tx, ticket, { action: 'REPLY_FOR_REVIEW', note: body });
  else await noteSent(tx, ticket, { body, fromCustomer, isProgress: input.isProgressNotice ?? false });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** The template's text, if one is named, and below it what was written. */
async function bodyOf(tx: Command, ticket: LockedTicket, input: TicketReplyInput): Promise<string> {
  const written = input.body ?? '';
  if (!input.templateCode) return written;
  const template = await tx.prisma.replyTemplate.findUnique({ where: { code: input.templateCode } });
  if (!template?.isActive || input.fromCustomer) {
    throw invalid(
      'templateCode',
      text(
        'the code of a template in use, for a message to the customer',
        '启用中的模板代码，仅用于发给客户的消息',
      ),
    );
  }
  const { subject } = await tx.prisma.ticket.findUniqueOrThrow({
    where: { id: ticket.id },
    select: { subject: true },
  });
  const filled = templateText(input.templateInEnglish ? template.bodyEn : template.body, {
    ticketNumber: ticket.number,
    subject,
  });
  return written.trim() ? `${filled}\n\n${written}` : filled;
}

/** What follows from a message that has gone out, or come in. */
async function noteSent(
  tx: Command,
  locked: LockedTicket,
  reply: { readonly body: string; readonly fromCustomer: boolean; readonly isProgress: boolean },
): Promise<void> {
  const toCustomer = !reply.fromCustomer;
  const question = !isComplaint(locked);
  const ticket =
    question && toCustomer && possibleActions(locked).includes('INVESTIGATE')
      ? await moveTicket(tx, locked, 'INVESTIGATE')
      : locked;
  await changeTicket(tx, ticket, {
    action: reply.fromCustomer ? 'CUSTOMER_REPLY' : reply.isProgress ? 'PROGRESS_NOTICE' : 'REPLY',
    note: reply.body,
    data: {
      ...(question && toCustomer && ticket.firstRespondedAt === null ? { firstRespondedAt: tx.now } : {}),
      ...(reply.isProgress ? { lastProgressNoticeAt: tx.now } : {}),
    },
  });
}

export interface TicketReplyReviewInput {
  readonly replyId: string;
  readonly approve: boolean;
  readonly note?: string | null;
}

/** A reviewer lets a message about a serious complaint go out, or refuses it and says why (TIC-13). */
export async function ticketReplyReview(
  tx: Command,
  viewer: Viewer,
  input: TicketReplyReviewInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const notFound = new NotFound(['replyId'], text('message', '消息'));
  const found = await tx.prisma.ticketReply.findUnique({ where: { id: input.replyId } });
  if (!found) throw notFound;
  const ticket = await lockTicket(tx, viewer, found.ticketId, { readOnly: true }).catch((error: unknown) => {
    throw error instanceof NotFound ? notFound : error;
  });
  if (!hasRole(viewer, ...REPLY_REVIEWERS)) throw new Forbidden([...REPLY_REVIEWERS]);
  // Read again under the ticket's lock: somebody else may have decided meanwhile.
  const reply = await tx.prisma.ticketReply.findUniqueOrThrow({ where: { id: found.id } });
  if (reply.state !== 'PENDING_REVIEW') throw new IllegalTransition(reply.state, 'REVIEW', []);
  requireOpen(ticket, 'REVIEW');
  if (!input.approve && !input.note?.trim()) throw invalid('note', text('why it is refused', '退回原因'));
  await tx.prisma.ticketReply.update({
    where: { id: reply.id },
    data: {
      state: input.approve ? 'SENT' : 'REFUSED',
      // It goes out now, not when it was written.
      ...(input.approve ? { at: tx.now } : {}),
      reviewedAt: tx.now,
      reviewedById: viewer.employeeId,
      reviewNote: input.note ?? null,
    },
  });
  if (input.approve) await noteSent(tx, ticket, reply);
  else await changeTicket(tx, ticket, { action: 'REFUSE_REPLY', note: input.note ?? null });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** The text that acknowledges a letter or e-mail by itself (TIC-11). */
export const CONTACT_RECEIVED = 'CONTACT_RECEIVED';

/** Records the message that tells the customer that a letter or e-mail has arrived and asks for a phone number (TIC-11). */
export async function acknowledgeWritten(
  tx: Command,
  ticket: { readonly id: string; readonly number: string; readonly subject: string },
): Promise<boolean> {
  const template = await tx.prisma.replyTemplate.findUnique({ where: { code: CONTACT_RECEIVED } });
  if (!template?.isActive) return false;
  const facts = { ticketNumber: ticket.number, subject: ticket.subject };
  await tx.prisma.ticketReply.create({
    data: {
      id: newId(),
      ticketId: ticket.id,
      cycle: 0,
      at: tx.now,
      fromCustomer: false,
      isAutomatic: true,
      templateCode: template.code,
      body: `${templateText(template.body, facts)}\n\n${templateText(template.bodyEn, facts)}`,
    },
  });
  return true;
}

export interface ReplyTemplateSetInput {
  readonly code: string;
  readonly title: string;
  readonly body: string;
  readonly bodyEn: string;
  readonly isActive?: boolean | null;
  readonly expectedVersion?: number | null;
}

/** Adds a template, or gives it another text; the supervisor of customer service and HEAD keep the library (TIC-13). */
export async function replyTemplateSet(
  tx: Command,
  viewer: Viewer,
  input: ReplyTemplateSetInput,
): Promise<{ code: string }> {
  if (!hasRole(viewer, ...REPLY_REVIEWERS)) throw new Forbidden([...REPLY_REVIEWERS]);
  const issues = new Issues();
  issues.expect(
    /^[A-Z][A-Z0-9_]{1,49}$/.test(input.code),
    'code',
    text('2 to 50 capital letters, digits and _', '2 到 50 个大写字母、数字或下划线'),
  );
  issues.expect(
    input.title.trim().length > 0 && input.title.length <= 200,
    'title',
    text('1 to 200 characters', '1 到 200 字'),
  );
  for (const field of ['body', 'bodyEn'] as const) {
    issues.expect(
      input[field].trim().length > 0 && input[field].length <= 5_000,
      field,
      text('1 to 5,000 characters', '1 到 5000 字'),
    );
  }
  issues.throwIfAny();
  const known = await tx.prisma.replyTemplate.findUnique({ where: { code: input.code } });
  if (known && input.expectedVersion != null && input.expectedVersion !== known.version) {
    throw new StaleVersion(known.version);
  }
  const facts = {
    title: input.title.trim(),
    body: input.body,
    bodyEn: input.bodyEn,
    isActive: input.isActive ?? true,
    updatedAt: tx.now,
    updatedById: viewer.employeeId,
  };
  const kept = await tx.prisma.replyTemplate.upsert({
    where: { code: input.code },
    create: { id: newId(), code: input.code, ...facts },
    update: { ...facts, version: { increment: 1 } },
  });
  tx.audit({
    action: 'replyTemplateSet',
    subjectType: 'ReplyTemplate',
    subjectId: kept.id,
    before: known,
    after: facts,
  });
  return { code: input.code };
}
