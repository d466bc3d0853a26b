import type { FollowUpResult, Liability, NoticeChannel, RootCause } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, invalid, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesAt } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { cancelObligations, putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { possibleActions } from '../rules/workflow.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { askForPlan, askForWaitingPlan } from './plan-approval.ts';
import { renewTerms, syncClocks } from './clock.ts';
import { watchRecurrence } from './coordination.ts';
import { requirePhone } from './handling.ts';
import { type LetterInput, letterOf, requireRecording } from './evidence.ts';
import {
  changeTicket,
  emitTicket,
  isComplaint,
  type LockedTicket,
  lockTicket,
  moveTicket,
  people,
} from './ticket.ts';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

interface OnTicket {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
}

export interface TicketInvestigateInput extends OnTicket {
  readonly callbackPhone?: string | null;
  readonly unreachableReason?: string | null;
}

/**
 * Takes an acknowledged complaint under investigation in the own team, without passing it on. A phone number that the
 * writer of a letter has given since is said here (TIC-11).
 */
export async function ticketInvestigate(
  tx: Command,
  viewer: Viewer,
  input: TicketInvestigateInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  const given = {
    ...(input.callbackPhone?.trim() ? { callbackPhone: input.callbackPhone.trim() } : {}),
    ...(input.unreachableReason?.trim() ? { unreachableReason: input.unreachableReason.trim() } : {}),
  };
  if (possibleActions(ticket).includes('INVESTIGATE')) requirePhone({ ...ticket, ...given });
  await moveTicket(tx, ticket, 'INVESTIGATE', {
    data: { ...given, ...(ticket.assigneeId === null ? { assigneeId: viewer.employeeId } : {}) },
  });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketSetSeverityInput extends OnTicket {
  readonly reason: string;
}

/** Raises a complaint to SERIOUS by hand (TIC-20); its open limits are tightened, none is breached by that (TIC-36). */
export async function ticketRaiseSeverity(
  tx: Command,
  viewer: Viewer,
  input: TicketSetSeverityInput,
  { organisation, timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (!isComplaint(ticket))
    throw invalid('ticketId', text('a complaint; only complaints have a severity', '只有投诉才有严重程度'));
  if (ticket.severity === 'SERIOUS') throw new IllegalTransition('SERIOUS', 'RAISE_SEVERITY', []);
  if (!input.reason.trim()) throw invalid('reason', text('why it is serious', '升级原因'));
  await changeTicket(tx, ticket, {
    action: 'RAISE_SEVERITY',
    note: input.reason,
    data: { severity: 'SERIOUS', priority: 'URGENT' },
  });
  // A plan that could be carried out a moment ago waits for approval from now on.
  if (ticket.status === 'PLAN_PROPOSED') await askForWaitingPlan(tx, ticket, { organisation, timeZone });
  await renewTerms(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketSetResponsibilityInput extends OnTicket {
  readonly liability: Liability;
  readonly explanation?: string | null;
  readonly customerAgreed?: boolean | null;
  readonly responsibleDepartmentId?: string | null;
  readonly responsiblePersonId?: string | null;
  readonly rootCause?: RootCause | null;
}

/**
 * Decides whether the company is responsible (TIC-15): NOT_COMPANY needs the explanation given and the customer's
 * agreement, or HEAD's decision; COMPANY and SHARED name the responsible department (TIC-16).
 */
export async function ticketSetResponsibility(
  tx: Command,
  viewer: Viewer,
  input: TicketSetResponsibilityInput,
  { organisation, timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  const issues = new Issues();
  const notCompany = input.liability === 'NOT_COMPANY';
  issues.expect(
    !notCompany || Boolean(input.explanation?.trim()),
    'explanation',
    text('the explanation given to the customer (TIC-15)', '须记录对客户的解释（TIC-15）'),
  );
  issues.expect(
    !notCompany || input.customerAgreed != null,
    'customerAgreed',
    text('whether the customer agreed (TIC-15)', '须记录客户是否同意（TIC-15）'),
  );
  issues.expect(
    notCompany || organisation.departments.has(input.responsibleDepartmentId ?? ''),
    'responsibleDepartmentId',
    text('the department that is responsible (TIC-15)', '须填写责任部门（TIC-15）'),
  );
  issues.expect(
    !input.responsiblePersonId || organisation.employees.has(input.responsiblePersonId),
    'responsiblePersonId',
    text('an employee of the company', '本公司员工'),
  );
  issues.throwIfAny();
  if (notCompany && input.customerAgreed === false && !hasRole(viewer, 'HEAD')) {
    throw new Forbidden(
      ['HEAD'],
      text('The customer does not agree: HEAD decides (TIC-15).', '客户不同意时由部门经理决定（TIC-15）。'),
    );
  }
  if (possibleActions(ticket).includes('SET_RESPONSIBILITY')) await requireRecording(tx, ticket.id);
  await moveTicket(tx, ticket, 'SET_RESPONSIBILITY', {
    note: input.explanation ?? null,
    data: {
      liability: input.liability,
      liabilityExplanation: input.explanation ?? null,
      customerAgreed: input.customerAgreed ?? null,
      responsibleDepartmentId: notCompany ? null : (input.responsibleDepartmentId ?? null),
      responsiblePersonId: input.responsiblePersonId ?? null,
      ...(input.rootCause ? { rootCause: input.rootCause } : {}),
      // The explanation is the answer that the customer was waiting for; there will be no plan.
      ...(notCompany && ticket.firstRespondedAt === null ? { firstRespondedAt: tx.now } : {}),
    },
  });
  await watchRecurrence(tx, ticket, input.rootCause);
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketProposePlanInput extends OnTicket {
  readonly plan: string;
}

/** Proposes how the complaint is to be settled; meets the plan's limit. A serious one then waits for HEAD (TIC-20). */
export async function ticketProposePlan(
  tx: Command,
  viewer: Viewer,
  input: TicketProposePlanInput,
  { organisation, timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (!input.plan.trim()) throw invalid('plan', text('how the complaint is to be settled', '处理方案'));
  await moveTicket(tx, ticket, 'PROPOSE_PLAN', {
    note: input.plan,
    data: {
      plan: input.plan,
      planProposedAt: tx.now,
      planDecidedAt: null,
      ...(ticket.firstRespondedAt === null ? { firstRespondedAt: tx.now } : {}),
    },
  });
  if (ticket.severity === 'SERIOUS') {
    const plan = { id: ticket.id, plan: input.plan, proposerId: viewer.employeeId };
    await askForPlan(tx, plan, { organisation, timeZone });
  }
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** Begins to carry out the plan. */
export async function ticketImplement(
  tx: Command,
  viewer: Viewer,
  input: OnTicket,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  await moveTicket(tx, ticket, 'IMPLEMENT');
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketResolveInput extends OnTicket, LetterInput {
  readonly resolution: string;
  readonly pointAnswers?: readonly { readonly number: number; readonly answer: string }[] | null;
  readonly writtenNoticeSentAt?: Date | null;
  readonly phoneNoticeAt?: Date | null;
  readonly rootCause?: RootCause | null;
}

/**
 * Settles a ticket. A complaint needs the written notice and one answer per point (TIC-21, TIC-23), a serious one its
 * letter (TIC-20); a plan that may
 * be carried out is taken as carried out. Of an inquiry or query this is the answer.
 */
export async function ticketResolve(
  tx: Command,
  viewer: Viewer,
  input: TicketResolveInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  let ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (!input.resolution.trim()) throw invalid('resolution', text('what was done or answered', '处理结果'));
  if (isComplaint(ticket)) await answerPoints(tx, ticket, input);
  else ticket = await takeUpQuestion(tx, ticket);
  if (possibleActions(ticket).includes('IMPLEMENT')) ticket = await moveTicket(tx, ticket, 'IMPLEMENT');
  const letter = possibleActions(ticket).includes('RESOLVE') ? await letterOf(tx, ticket, input) : {};
  const noticeChannel: NoticeChannel = 'WRITTEN';
  await moveTicket(tx, ticket, 'RESOLVE', {
    note: input.resolution,
    data: {
      resolution: input.resolution,
      resolvedAt: tx.now,
      waitingSince: null,
      ...letter,
      ...(ticket.firstRespondedAt === null ? { firstRespondedAt: tx.now } : {}),
      ...(input.rootCause ? { rootCause: input.rootCause } : {}),
      ...(isComplaint(ticket)
        ? {
            noticeChannel,
            writtenNoticeSentAt: input.writtenNoticeSentAt ?? null,
            phoneNoticeAt: input.phoneNoticeAt ?? null,
          }
        : {}),
    },
  });
  await watchRecurrence(tx, ticket, input.rootCause);
  await tx.prisma.ticketWait.updateMany({ where: { ticketId: ticket.id, to: null }, data: { to: tx.now } });
  await syncClocks(tx, [ticket.id], timeZone);
  if (isComplaint(ticket)) {
    await scheduleFollowUp(tx, ticket, 24 * tx.settings.get(TICKET_SETTINGS.followUpDays));
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_RESOLVED',
      audience: { roles: ['CS_SUPERVISOR'], employees: people(ticket.ownerId) },
      payload: { liability: ticket.liability },
    });
  }
  return { ticketId: ticket.id };
}

/** An answer to a question passes IN_PROGRESS on the way; that to a shipment query follows a look-up (TIC-07). */
async function takeUpQuestion(tx: Command, ticket: LockedTicket): Promise<LockedTicket> {
  const possible = possibleActions(ticket);
  const taken = possible.includes('INVESTIGATE') ? await moveTicket(tx, ticket, 'INVESTIGATE') : ticket;
  const answerable = possibleActions(taken).includes('RESOLVE');
  if (answerable && ticket.category === 'SHIPMENT_QUERY' && ticket.lookupSource === null) {
    throw invalid(
      'ticketId',
      text(
        'a shipment query that was looked up, by ticketLookup (TIC-07)',
        '已通过 ticketLookup 查询的运单查询（TIC-07）',
      ),
    );
  }
  return taken;
}

async function answerPoints(tx: Command, ticket: LockedTicket, input: TicketResolveInput): Promise<void> {
  const points = await tx.prisma.complaintPoint.findMany({
    where: { ticketId: ticket.id },
    orderBy: { number: 'asc' },
  });
  const answers = new Map((input.pointAnswers ?? []).map((answer) => [answer.number, answer.answer]));
  // A complaint of a single point is answered by its resolution.
  const [only] = points;
  if (points.length === 1 && only && !answers.has(only.number)) answers.set(only.number, input.resolution);
  const issues = new Issues();
  issues.expect(
    input.writtenNoticeSentAt != null,
    'writtenNoticeSentAt',
    text('when the written notice was sent (TIC-21, TIC-23)', '书面通知发出时间（TIC-21、TIC-23）'),
  );
  issues.expect(
    input.writtenNoticeSentAt == null ||
      (input.writtenNoticeSentAt <= tx.now && input.writtenNoticeSentAt >= ticket.openedAt),
    'writtenNoticeSentAt',
    text('between the opening of the complaint and now', '须在投诉登记与当前时间之间'),
  );
  issues.expect(
    input.phoneNoticeAt == null || (input.phoneNoticeAt <= tx.now && input.phoneNoticeAt >= ticket.openedAt),
    'phoneNoticeAt',
    text('between the opening of the complaint and now', '须在投诉登记与当前时间之间'),
  );
  for (const point of points) {
    issues.expect(
      Boolean((answers.get(point.number) ?? point.answer)?.trim()),
      'pointAnswers',
      text(`point ${point.number} has no answer (TIC-23)`, `第 ${point.number} 点没有答复（TIC-23）`),
    );
  }
  for (const number of answers.keys()) {
    issues.expect(
      points.some((point) => point.number === number),
      'pointAnswers',
      text(`there is no point ${number}`, `没有第 ${number} 点`),
    );
  }
  issues.throwIfAny();
  const rows = [...answers].map(([number, answer]) => ({ number, answer }));
  await tx.query(sql`
    update complaint_point p set answer = a.answer
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as a(number int, answer text)
    where p.ticket_id = ${ticket.id}::uuid and p.number = a.number
    returning p.id`);
}

/** The customer is called back some days after RESOLVED, and again some hours after a try that failed (TIC-25). */
async function scheduleFollowUp(tx: Command, ticket: LockedTicket, hours: number): Promise<void> {
  const dueAt = new Date(tx.now.getTime() + hours * 3_600_000);
  await putObligations(tx, [
    {
      kind: 'TICKET_FOLLOW_UP',
      subjectId: ticket.id,
      period: String(ticket.cycle),
      ownerId: ticket.assigneeId,
      startsAt: tx.now,
      warnAt: null,
      dueAt,
      nextAt: dueAt,
      state: 'OPEN',
      step: 0,
    },
  ]);
}

export interface TicketFollowUpInput extends OnTicket {
  readonly result: FollowUpResult;
  readonly note?: string | null;
}

/** Records a return call. NOT_SATISFIED reopens the complaint; SATISFIED, or the last unreachable try, lets it be closed (TIC-25). */
export async function ticketFollowUp(
  tx: Command,
  viewer: Viewer,
  input: TicketFollowUpInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  const attempt =
    1 + (await tx.prisma.followUp.count({ where: { ticketId: ticket.id, cycle: ticket.cycle } }));
  const moved = await moveTicket(tx, ticket, 'FOLLOW_UP', {
    note: input.note ?? null,
    data: { satisfaction: settledBy(tx, input.result, attempt) },
  });
  await tx.prisma.followUp.create({
    data: {
      id: newId(),
      ticketId: ticket.id,
      cycle: ticket.cycle,
      attempt,
      at: tx.now,
      actorId: viewer.employeeId,
      result: input.result,
      note: input.note ?? null,
    },
  });
  if (settledBy(tx, input.result, attempt) === null) await scheduleFollowUp(tx, ticket, retryHours(tx));
  else await endFollowUps(tx, ticket, input.result);
  if (input.result === 'NOT_SATISFIED') await reopen(tx, moved, input.note ?? null, timeZone);
  return { ticketId: ticket.id };
}

function retryHours(tx: Command): number {
  return tx.settings.get(TICKET_SETTINGS.followUpRetryHours);
}

async function endFollowUps(tx: Command, ticket: LockedTicket, result: FollowUpResult): Promise<void> {
  await tx.query(sql`
    update obligation set state = 'MET', next_at = null, met_at = ${tx.now}::timestamptz, met_by = ${result}
    where kind = 'TICKET_FOLLOW_UP' and subject_id = ${ticket.id}::uuid and period = ${String(ticket.cycle)}
    returning id`);
}

/** An unreachable customer is called again until the tries are used up; not counted as satisfied (TIC-25). */
function settledBy(tx: Command, result: FollowUpResult, attempt: number): FollowUpResult | null {
  if (result !== 'UNREACHABLE') return result;
  return attempt >= tx.settings.get(TICKET_SETTINGS.followUpTries) ? 'UNREACHABLE' : null;
}

export interface TicketCloseInput extends OnTicket {
  readonly respectContactById?: string | null;
  readonly respectContactAt?: Date | null;
  readonly rootCause?: RootCause | null;
  readonly lesson?: string | null;
  readonly note?: string | null;
}

/**
 * Closes a ticket. A complaint needs its follow-up (TIC-25), the respect contact by HEAD or a delegate (TIC-22) and
 * the complaint report: cause, responsibility, action, result, lesson (TIC-24).
 */
export async function ticketClose(
  tx: Command,
  viewer: Viewer,
  input: TicketCloseInput,
  { organisation, timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (isComplaint(ticket) && possibleActions(ticket).includes('CLOSE')) {
    const issues = new Issues();
    issues.expect(
      ticket.satisfaction !== null,
      'ticketId',
      text('a follow-up that reached the customer, or all its tries (TIC-25)', '须完成回访（TIC-25）'),
    );
    issues.expect(
      mayShowRespect(tx, ticket, input.respectContactById ?? '', { organisation, timeZone }),
      'respectContactById',
      text(
        "HEAD, whom HEAD sent, or the handler's superior, who spoke with the customer (TIC-22)",
        '部门经理、其委派人员或处理人的上级（TIC-22）',
      ),
    );
    issues.expect(
      input.respectContactAt != null &&
        input.respectContactAt <= tx.now &&
        input.respectContactAt >= ticket.openedAt,
      'respectContactAt',
      text(
        'when they spoke, between the opening and now (TIC-22)',
        '尊重性联络时间，须在登记与当前时间之间（TIC-22）',
      ),
    );
    issues.expect(
      Boolean(input.rootCause ?? ticket.rootCause),
      'rootCause',
      text('the cause, for the complaint report (TIC-24)', '原因，用于投诉报告（TIC-24）'),
    );
    issues.expect(
      Boolean(input.lesson?.trim()),
      'lesson',
      text('the lesson, for the complaint report (TIC-24)', '经验教训，用于投诉报告（TIC-24）'),
    );
    issues.throwIfAny();
  }
  if (possibleActions(ticket).includes('CLOSE')) await requireRecording(tx, ticket.id);
  await moveTicket(tx, ticket, 'CLOSE', {
    note: input.note ?? null,
    data: {
      closedAt: tx.now,
      ...(isComplaint(ticket)
        ? {
            respectContactById: input.respectContactById ?? null,
            respectContactAt: input.respectContactAt ?? null,
            lesson: input.lesson ?? null,
            ...(input.rootCause ? { rootCause: input.rootCause } : {}),
          }
        : {}),
    },
  });
  if (isComplaint(ticket)) {
    await writeReport(tx, viewer, ticket, input);
    await watchRecurrence(tx, ticket, input.rootCause);
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_CLOSED',
      audience: { employees: people(ticket.ownerId), departments: people(ticket.responsibleDepartmentId) },
      payload: {
        satisfaction: ticket.satisfaction,
        minutes: Math.round((tx.now.getTime() - ticket.openedAt.getTime()) / 60_000),
      },
    });
  }
  return { ticketId: ticket.id };
}

/** HEAD, whom HEAD sent, and by default the handler's superior (TIC-22). */
function mayShowRespect(
  tx: Command,
  ticket: LockedTicket,
  employeeId: string,
  { organisation, timeZone }: Directory,
): boolean {
  if (rolesAt(organisation, employeeId, tx.now, timeZone).includes('HEAD')) return true;
  if (employeeId === ticket.respectDelegateId) return true;
  const superior = organisation.employees.get(ticket.assigneeId ?? '')?.superiorId ?? null;
  return tx.settings.get(TICKET_SETTINGS.respectDelegate) === 'SUPERVISOR' && employeeId === superior;
}

/** Archives the complaint report: cause, responsibility, action, result, lesson (TIC-24). */
async function writeReport(
  tx: Command,
  viewer: Viewer,
  ticket: LockedTicket,
  input: TicketCloseInput,
): Promise<void> {
  const rootCause = input.rootCause ?? ticket.rootCause;
  const { liability, satisfaction } = ticket;
  if (!rootCause || !liability || !satisfaction) throw new Error(`Complaint ${ticket.number} has no result.`);
  await tx.prisma.complaintReport.create({
    data: {
      id: newId(),
      ticketId: ticket.id,
      cycle: ticket.cycle,
      at: tx.now,
      authorId: viewer.employeeId,
      rootCause,
      liability,
      departmentId: ticket.responsibleDepartmentId,
      personId: ticket.responsiblePersonId,
      action: ticket.plan ?? ticket.liabilityExplanation ?? '',
      result: ticket.resolution ?? '',
      lesson: input.lesson ?? '',
      satisfaction,
    },
  });
}

export interface TicketReopenInput extends OnTicket {
  readonly reason: string;
}

/** Reopens a closed ticket on the customer's word, within the time allowed; later a new linked ticket is opened (TIC-37). */
export async function ticketReopen(
  tx: Command,
  viewer: Viewer,
  input: TicketReopenInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (!input.reason.trim()) throw invalid('reason', text("the customer's reason", '重新打开的原因'));
  const days = tx.settings.get(TICKET_SETTINGS.reopenDays);
  if (ticket.closedAt && tx.now.getTime() - ticket.closedAt.getTime() > days * 86_400_000) {
    throw new IllegalTransition(ticket.status, 'REOPEN', [
      `ticketOpen with linkedTicketId, as ${days} days have passed since it was closed`,
    ]);
  }
  await reopen(tx, ticket, input.reason, timeZone);
  return { ticketId: ticket.id };
}

/** A new cycle: limits count from now, what the first one brought stays in the history (TIC-37). */
async function reopen(
  tx: Command,
  ticket: LockedTicket,
  reason: string | null,
  timeZone: string,
): Promise<void> {
  await moveTicket(tx, ticket, 'REOPEN', {
    note: reason,
    data: {
      cycle: { increment: 1 },
      cycleStartedAt: tx.now,
      // We have just spoken with the customer; every other limit starts anew.
      acknowledgedAt: tx.now,
      firstRespondedAt: null,
      planProposedAt: null,
      plan: null,
      planDecidedAt: null,
      lastProgressNoticeAt: null,
      resolvedAt: null,
      closedAt: null,
      satisfaction: null,
      liability: null,
      customerAgreed: null,
      escalationLevel: null,
      writtenNoticeSentAt: null,
      phoneNoticeAt: null,
      // What was looked up for the first answer stays in the history.
      lookupSource: null,
      lookupCarrier: null,
      lookupResult: null,
      lookupAnsweredAt: null,
      letter: null,
      letterAttachmentId: null,
    },
  });
  await cancelObligations(tx, 'TICKET_FOLLOW_UP', ticket.id);
  await renewTerms(tx, [ticket.id], timeZone);
  if (isComplaint(ticket)) {
    emitTicket(tx, ticket, {
      kind: 'COMPLAINT_REOPENED',
      audience: { roles: ['CS_SUPERVISOR', 'HEAD'], employees: people(ticket.assigneeId) },
      payload: { reason },
    });
  }
}
