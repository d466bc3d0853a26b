import type {
  FeedbackTopic,
  NoticeChannel,
  TicketChannel,
  TicketSeverity,
} from '../../generated/prisma/enums.ts';
import type { Feedback } from '../../generated/prisma/client.ts';
import { customerById } from '../../customers/queries/customers.ts';
import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { ticketOpen } from '../../tickets/commands/open.ts';
import { feedbackReadable, feedbackWritable } from '../queries.ts';

const CONTENT_MOST = 20_000;

/** The line that a ticket gets from what it was made of. */
const SUBJECT_MOST = 60;

export interface FeedbackRecordInput {
  readonly topic: FeedbackTopic;
  readonly content: string;
  readonly channel: TicketChannel;
  readonly severity?: TicketSeverity | null;
  readonly customerId?: string | null;
  readonly departmentId?: string | null;
  readonly receivedAt?: Date | null;
  readonly callerName?: string | null;
  readonly callerPhone?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Records an opinion or suggestion; a serious one becomes a serious complaint at once, so that HEAD decides on it (TIC-30, TIC-20). */
export async function feedbackRecord(
  tx: Command,
  viewer: Viewer,
  input: FeedbackRecordInput,
  read: Reader,
): Promise<{ feedbackId: string }> {
  if (!can(viewer, 'ticket', 'write')) throw new Forbidden(rolesWith('ticket', 'write'));
  const receivedAt = input.receivedAt ?? tx.now;
  const issues = new Issues();
  issues.expect(
    input.content.trim().length > 0 && input.content.length <= CONTENT_MOST,
    'content',
    text('what the customer said, at most 20,000 characters', '客户陈述，最多 20000 字'),
  );
  issues.expect(
    !input.departmentId || read.organisation.departments.has(input.departmentId),
    'departmentId',
    text('an existing department', '已存在的部门'),
  );
  issues.expect(receivedAt <= tx.now, 'receivedAt', text('not in the future', '不能晚于当前时间'));
  issues.throwIfAny();
  const customer = input.customerId
    ? await customerById.load({ ...read, query: tx.query }, input.customerId)
    : null;
  if (input.customerId && !customer) throw new NotFound(['customerId'], text('customer', '客户'));
  const feedbackId = await once(tx, 'feedbackRecord', input.idempotencyKey, input, async (id) => {
    const severity = input.severity ?? 'GENERAL';
    await tx.prisma.feedback.create({
      data: {
        id,
        topic: input.topic,
        severity,
        content: input.content,
        channel: input.channel,
        customerId: input.customerId ?? null,
        areaId: customer?.areaId ?? null,
        departmentId: input.departmentId ?? null,
        receivedAt,
        recordedAt: tx.now,
        recordedById: viewer.employeeId,
        teamId: viewer.teamId,
      },
    });
    tx.audit({ action: 'feedbackRecord', subjectType: 'Feedback', subjectId: id, after: { severity } });
    if (severity === 'SERIOUS') {
      const feedback = await tx.prisma.feedback.findUniqueOrThrow({ where: { id } });
      await makeTicket(tx, viewer, feedback, input, read);
    }
  });
  return { feedbackId };
}

interface OnFeedback {
  readonly feedbackId: string;
  readonly expectedVersion?: number | null;
}

/** Locks what the viewer may read; NotFound for any other, Forbidden when the viewer may not work on it. */
async function lockFeedback(tx: Command, viewer: Viewer, input: OnFeedback): Promise<Feedback> {
  const sees = constantViewer(viewer, tx.now);
  const f = sql`f`;
  const [row] = await tx.query<{ readable: boolean; writable: boolean }>(sql`
    select ${feedbackReadable(sees, f)} as readable, ${feedbackWritable(sees, f)} as writable
    from feedback f where f.id = ${input.feedbackId}::uuid for update of f`);
  if (!row?.readable) throw new NotFound(['feedbackId'], text('feedback', '反馈'));
  if (!row.writable) throw new Forbidden(rolesWith('ticket', 'write'));
  const feedback = await tx.prisma.feedback.findUniqueOrThrow({ where: { id: input.feedbackId } });
  if (input.expectedVersion != null && input.expectedVersion !== feedback.version)
    throw new StaleVersion(feedback.version);
  return feedback;
}

export interface FeedbackToTicketInput extends OnFeedback {
  readonly callerName?: string | null;
  readonly callerPhone?: string | null;
}

/** Handles an opinion as a complaint from now on: its limits count from when it reached us (TIC-30). */
export async function feedbackToTicket(
  tx: Command,
  viewer: Viewer,
  input: FeedbackToTicketInput,
  read: Reader,
): Promise<{ feedbackId: string }> {
  const feedback = await lockFeedback(tx, viewer, input);
  if (feedback.state === 'TICKET') throw new IllegalTransition('TICKET', 'TO_TICKET', []);
  await makeTicket(tx, viewer, feedback, input, read);
  return { feedbackId: feedback.id };
}

async function makeTicket(
  tx: Command,
  viewer: Viewer,
  feedback: Feedback,
  caller: { readonly callerName?: string | null; readonly callerPhone?: string | null },
  read: Reader,
): Promise<void> {
  const { ticketId } = await ticketOpen(
    tx,
    viewer,
    {
      category: 'COMPLAINT',
      channel: feedback.channel,
      subject: feedback.content.trim().slice(0, SUBJECT_MOST),
      content: feedback.content,
      customerId: feedback.customerId,
      callerName: caller.callerName ?? null,
      callerPhone: caller.callerPhone ?? null,
      severity: feedback.severity,
      openedAt: feedback.receivedAt,
    },
    read,
  );
  await tx.prisma.feedback.update({
    where: { id: feedback.id },
    data: { state: 'TICKET', ticketId, version: { increment: 1 } },
  });
  tx.audit({
    action: 'feedbackToTicket',
    subjectType: 'Feedback',
    subjectId: feedback.id,
    before: { state: feedback.state },
    after: { state: 'TICKET', ticketId },
  });
}

export interface FeedbackAnswerInput extends OnFeedback {
  readonly analysis: string;
  readonly action: string;
  readonly noticeChannel: NoticeChannel;
}

/** What lies behind an opinion, what is done about it, and how the customer was told; by phone alone is enough (TIC-30, CFL-15). */
export async function feedbackAnswer(
  tx: Command,
  viewer: Viewer,
  input: FeedbackAnswerInput,
): Promise<{ feedbackId: string }> {
  const feedback = await lockFeedback(tx, viewer, input);
  const issues = new Issues();
  for (const field of ['analysis', 'action'] as const) {
    issues.expect(
      input[field].trim().length > 0 && input[field].length <= 5_000,
      field,
      text('1 to 5,000 characters', '1 到 5000 字'),
    );
  }
  issues.throwIfAny();
  if (feedback.state !== 'RECORDED') throw new IllegalTransition(feedback.state, 'ANSWER', []);
  await tx.prisma.feedback.update({
    where: { id: feedback.id },
    data: {
      state: 'ANSWERED',
      analysis: input.analysis,
      action: input.action,
      noticeChannel: input.noticeChannel,
      answeredAt: tx.now,
      answeredById: viewer.employeeId,
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'feedbackAnswer',
    subjectType: 'Feedback',
    subjectId: feedback.id,
    before: { state: feedback.state },
    after: { state: 'ANSWERED' },
  });
  return { feedbackId: feedback.id };
}
