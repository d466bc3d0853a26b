import type { LookupSource } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, invalid, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { putObligations } from '../../platform/obligations.ts';
import { isSettled, possibleActions } from '../rules/workflow.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { syncClocks } from './clock.ts';
import { meetDispatch } from './dispatch-watch.ts';
import { handlerOf } from './queue.ts';
import {
  changeTicket,
  hasPhone,
  isComplaint,
  type LockedTicket,
  lockTicket,
  moveTicket,
  requireOpen,
} from './ticket.ts';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

interface OnTicket {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
}

export interface TicketAcknowledgeInput extends OnTicket {
  readonly promise?: string | null;
  readonly callbackPhone?: string | null;
  readonly unreachableReason?: string | null;
}

/** Tells the customer that the ticket is taken up, with the promise made (TIC-09, TIC-11); a complaint's acknowledge limit is met. */
export async function ticketAcknowledge(
  tx: Command,
  viewer: Viewer,
  input: TicketAcknowledgeInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  const promise = input.promise?.trim() || null;
  if (isComplaint(ticket) && promise === null && possibleActions(ticket).includes('ACKNOWLEDGE')) {
    throw invalid('promise', text('what the customer was promised (TIC-09)', '对客户的承诺（TIC-09）'));
  }
  await moveTicket(tx, ticket, 'ACKNOWLEDGE', {
    note: promise,
    data: {
      // A letter was acknowledged when it came (TIC-11).
      acknowledgedAt: ticket.acknowledgedAt ?? tx.now,
      promise,
      promiseMadeAt: promise === null ? null : tx.now,
      ...(input.callbackPhone ? { callbackPhone: input.callbackPhone } : {}),
      ...(input.unreachableReason ? { unreachableReason: input.unreachableReason } : {}),
      // Whoever takes it up handles it, until it is assigned otherwise.
      ...(ticket.assigneeId === null ? { assigneeId: viewer.employeeId } : {}),
    },
  });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketAssignInput extends OnTicket {
  readonly assigneeId: string;
  readonly note?: string | null;
}

/**
 * Gives a ticket to a handler. An acknowledged complaint is then under investigation. A handler of another team helps out:
 * the ticket stays in its team's queue, and only a transfer or changed facts move it (CFL-14).
 */
export async function ticketAssign(
  tx: Command,
  viewer: Viewer,
  input: TicketAssignInput,
  directory: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'ASSIGN');
  const data = { assigneeId: handlerOf(tx, input.assigneeId, directory).id };
  if (ticket.status === 'ACKNOWLEDGED') {
    requirePhone(ticket);
    await moveTicket(tx, ticket, 'INVESTIGATE', { note: input.note ?? null, data });
  } else {
    await changeTicket(tx, ticket, { action: 'ASSIGN', note: input.note ?? null, data });
  }
  await syncClocks(tx, [ticket.id], directory.timeZone);
  return { ticketId: ticket.id };
}

export interface TicketDispatchInput extends OnTicket {
  readonly departmentIds: readonly string[];
  readonly note?: string | null;
}

/** Passes a ticket to departments for joint investigation (TIC-14); each confirms receipt in time (TIC-18). */
export async function ticketDispatch(
  tx: Command,
  viewer: Viewer,
  input: TicketDispatchInput,
  { organisation, timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'DISPATCH');
  const departmentIds = [...new Set(input.departmentIds)];
  const issues = new Issues();
  issues.expect(departmentIds.length > 0, 'departmentIds', text('at least one department', '至少一个部门'));
  departmentIds.forEach((id, index) => {
    issues.expect(
      organisation.departments.has(id),
      `departmentIds.${index}`,
      text('an existing department', '已存在的部门'),
    );
  });
  issues.throwIfAny();
  const known = await tx.prisma.ticketDispatch.findMany({
    where: { ticketId: ticket.id },
    select: { departmentId: true },
  });
  const fresh = departmentIds.filter((id) => !known.some((dispatch) => dispatch.departmentId === id));
  const dispatches = fresh.map((departmentId) => ({
    id: newId(),
    ticketId: ticket.id,
    departmentId,
    note: input.note ?? null,
    dispatchedAt: tx.now,
    dispatchedById: viewer.employeeId,
  }));
  await tx.prisma.ticketDispatch.createMany({ data: dispatches });
  if (isComplaint(ticket) && known.length === 0) await meetDispatch(tx, ticket);
  const dueAt = new Date(
    tx.now.getTime() + tx.settings.get(TICKET_SETTINGS.dispatchConfirmHours) * 3_600_000,
  );
  await putObligations(
    tx,
    dispatches.map((dispatch) => ({
      kind: 'TICKET_DISPATCH_CONFIRM',
      subjectId: ticket.id,
      period: dispatch.departmentId,
      ownerId: null,
      startsAt: tx.now,
      warnAt: null,
      dueAt,
      nextAt: dueAt,
      state: 'OPEN' as const,
      step: 0,
    })),
  );
  const codes = departmentIds.map((id) => organisation.departments.get(id)?.code).join(', ');
  const note = input.note ? `${codes}: ${input.note}` : codes;
  if (ticket.status === 'ACKNOWLEDGED') {
    requirePhone(ticket);
    await moveTicket(tx, ticket, 'INVESTIGATE', { note });
  } else {
    await changeTicket(tx, ticket, { action: 'DISPATCH', note });
  }
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** The caller's department confirms that a dispatched ticket has arrived (TIC-14). */
export async function ticketDispatchConfirm(
  tx: Command,
  viewer: Viewer,
  input: OnTicket,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, { ...input, readOnly: true });
  const dispatch = await tx.prisma.ticketDispatch.findUnique({
    where: { ticketId_departmentId: { ticketId: ticket.id, departmentId: viewer.departmentId } },
  });
  if (!dispatch) throw new Forbidden(['a department to which the ticket was dispatched']);
  if (dispatch.confirmedAt) throw new IllegalTransition('CONFIRMED', 'CONFIRM', []);
  await tx.prisma.ticketDispatch.update({
    where: { id: dispatch.id },
    data: { confirmedAt: tx.now, confirmedById: viewer.employeeId },
  });
  await putObligations(tx, [
    {
      kind: 'TICKET_DISPATCH_CONFIRM',
      subjectId: ticket.id,
      period: viewer.departmentId,
      ownerId: viewer.employeeId,
      startsAt: dispatch.dispatchedAt,
      warnAt: null,
      dueAt: new Date(
        dispatch.dispatchedAt.getTime() + tx.settings.get(TICKET_SETTINGS.dispatchConfirmHours) * 3_600_000,
      ),
      nextAt: null,
      state: 'MET',
      step: 0,
      metAt: tx.now,
      metBy: 'CONFIRMED',
    },
  ]);
  await changeTicket(tx, ticket, { action: 'CONFIRM_DISPATCH' });
  return { ticketId: ticket.id };
}

/** What a look-up gave. */
export interface LookupFacts {
  readonly source: LookupSource;
  readonly carrier?: string | null;
  readonly result: string;
  readonly answeredAt?: Date | null;
}

export interface TicketLookupInput extends OnTicket, LookupFacts {}

/** Records where a shipment query was looked up, in our system or with the carrier, and what came out (TIC-07). */
export async function ticketLookup(
  tx: Command,
  viewer: Viewer,
  input: TicketLookupInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  let ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (ticket.category !== 'SHIPMENT_QUERY' || isSettled(ticket.status)) {
    throw new IllegalTransition(ticket.status, 'LOOKUP', possibleActions(ticket));
  }
  const data = lookupColumns(tx, ticket, input);
  if (possibleActions(ticket).includes('INVESTIGATE')) ticket = await moveTicket(tx, ticket, 'INVESTIGATE');
  await changeTicket(tx, ticket, { action: 'LOOKUP', note: input.result, data });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** A look-up as columns of its ticket; InvalidInput names what is wrong with it. */
function lookupColumns(tx: Command, ticket: LockedTicket, lookup: LookupFacts) {
  const answeredAt = lookup.answeredAt ?? tx.now;
  const carrier = lookup.carrier?.trim() || null;
  const issues = new Issues();
  issues.expect(
    lookup.result.trim().length > 0 && lookup.result.length <= 20_000,
    'result',
    text('what the look-up gave, at most 20,000 characters', '查询结果，最多 20000 字'),
  );
  issues.expect(
    carrier === null || (lookup.source === 'CARRIER' && carrier.length <= 200),
    'carrier',
    text(
      'the name of the partner, for CARRIER only, at most 200 characters',
      '合作承运商名称，仅用于 CARRIER，最多 200 字',
    ),
  );
  issues.expect(
    answeredAt <= tx.now && answeredAt >= ticket.openedAt,
    'answeredAt',
    text('between the opening of the query and now', '须在查询登记与当前时间之间'),
  );
  issues.throwIfAny();
  return {
    lookupSource: lookup.source,
    lookupCarrier: carrier,
    lookupResult: lookup.result,
    lookupAnsweredAt: answeredAt,
  };
}

export interface TicketWaitInput extends OnTicket {
  readonly reason: string;
}

/** Says that the customer is awaited. Inquiry and query clocks pause only where sla.pauseWhileWaiting says so; complaint clocks never do (TIC-36). */
export async function ticketWait(
  tx: Command,
  viewer: Viewer,
  input: TicketWaitInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'WAIT');
  if (ticket.waitingSince) throw new IllegalTransition('WAITING', 'WAIT', ['RESUME']);
  if (!input.reason.trim())
    throw invalid('reason', text('what the customer is awaited for', '等待客户的原因'));
  await tx.prisma.ticketWait.create({
    data: { id: newId(), ticketId: ticket.id, cycle: ticket.cycle, from: tx.now, reason: input.reason },
  });
  await changeTicket(tx, ticket, { action: 'WAIT', note: input.reason, data: { waitingSince: tx.now } });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** Ends the wait for the customer; a paused clock runs again. */
export async function ticketResume(
  tx: Command,
  viewer: Viewer,
  input: OnTicket,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (!ticket.waitingSince) throw new IllegalTransition('NOT_WAITING', 'RESUME', ['WAIT']);
  await tx.prisma.ticketWait.updateMany({ where: { ticketId: ticket.id, to: null }, data: { to: tx.now } });
  await changeTicket(tx, ticket, { action: 'RESUME', data: { waitingSince: null } });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketCancelInput extends OnTicket {
  readonly duplicateOfId: string;
  readonly note?: string | null;
}

/** Cancels a duplicate, with a link to the ticket it repeats; nothing else can be cancelled (section 6). */
export async function ticketCancel(
  tx: Command,
  viewer: Viewer,
  input: TicketCancelInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (input.duplicateOfId === ticket.id) throw invalid('duplicateOfId', text('another ticket', '另一张工单'));
  const original = await lockTicket(tx, viewer, input.duplicateOfId, {
    readOnly: true,
    field: 'duplicateOfId',
  });
  if (original.status === 'CANCELLED')
    throw invalid('duplicateOfId', text('a ticket that is not cancelled itself', '未取消的工单'));
  await moveTicket(tx, ticket, 'CANCEL', {
    note: input.note ?? null,
    data: { linkedTicketId: input.duplicateOfId, waitingSince: null },
  });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export function requirePhone(ticket: LockedTicket): void {
  if (hasPhone(ticket)) return;
  throw invalid(
    'callbackPhone',
    text(
      'given to ticketAcknowledge or ticketInvestigate, or the reason why it cannot be had (TIC-11)',
      '须在 ticketAcknowledge 或 ticketInvestigate 中填写回电号码或无法取得的原因（TIC-11）',
    ),
  );
}
