import { Forbidden, IllegalTransition, invalid, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { rolesAt } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { shiftVisible } from '../queries/duty.ts';
import { ACCEPTED_PHONE, checkShifts, isPhone, type RotaFacts, type ShiftDraft } from '../rules.ts';
import { watchCoverage } from './coverage.ts';
import { type Directory, lockDesk, requireRotaWriter } from './desks.ts';

export interface DutyShiftsPlanInput {
  readonly deskId: string;
  readonly shifts: readonly ShiftDraft[];
  readonly idempotencyKey?: string | null;
}

/** Enters shifts of a rota, all or none; they apply at once (DUT-01, DUT-02). */
export async function dutyShiftsPlan(
  tx: Command,
  viewer: Viewer,
  input: DutyShiftsPlanInput,
  directory: Directory,
): Promise<{ planId: string; deskId: string }> {
  const desk = await lockDesk(tx, input.deskId);
  requireRotaWriter(viewer, desk.teamId, directory);
  const planId = await once(tx, 'dutyShiftsPlan', input.idempotencyKey, input, async (id) => {
    if (desk.closedAt) throw new IllegalTransition('CLOSED', 'PLAN', []);
    checkShifts(input.shifts, await rotaFacts(tx, input.shifts, directory), tx.now);
    await tx.prisma.dutyShift.createMany({
      data: input.shifts.map(({ employeeId, from, to, phone }) => ({
        id: newId(),
        planId: id,
        deskId: desk.id,
        employeeId,
        from,
        to,
        phone,
        createdAt: tx.now,
        createdById: viewer.employeeId,
      })),
    });
    tx.audit({
      action: 'dutyShift.PLAN',
      subjectType: 'DutyDesk',
      subjectId: desk.id,
      after: { planId: id, shifts: input.shifts },
    });
    await watchCoverage(tx, [desk.id], directory.timeZone);
  });
  return { planId, deskId: desk.id };
}

/** The people of shifts, and what else they have to do at that time. */
async function rotaFacts(
  tx: Command,
  shifts: readonly ShiftDraft[],
  { organisation, timeZone }: Directory,
  exceptShiftId: string | null = null,
): Promise<RotaFacts> {
  const spans = shifts.map(({ employeeId, from, to }) => ({ employee: employeeId, from, to }));
  const taken = await tx.query<{ employeeId: string; from: Date; to: Date }>(sql`
    select distinct s.employee_id as "employeeId", s."from", s."to"
    from jsonb_to_recordset(${JSON.stringify(spans)}::jsonb) as n(employee uuid, "from" timestamptz, "to" timestamptz)
    join duty_shift s on s.employee_id = n.employee and s.cancelled_at is null and s."from" < n."to" and s."to" > n."from"
      and s.id is distinct from ${exceptShiftId}::uuid`);
  return {
    taken,
    works: (employeeId, at) => rolesAt(organisation, employeeId, at, timeZone).length > 0,
  };
}

interface LockedShift {
  readonly id: string;
  readonly deskId: string;
  readonly teamId: string;
  readonly employeeId: string;
  readonly from: Date;
  readonly to: Date;
  readonly phone: string;
  readonly handoverAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly version: number;
}

interface OnShift {
  readonly shiftId: string;
  readonly expectedVersion: number;
}

/** The desk is locked before its shifts, like when they are planned. */
async function lockShift(tx: Command, viewer: Viewer, input: OnShift): Promise<LockedShift> {
  const notFound = new NotFound(['shiftId'], text('shift', '班次'));
  const [found] = await tx.query<{ deskId: string }>(sql`
    select s.desk_id as "deskId" from duty_shift s join duty_desk d on d.id = s.desk_id
    where s.id = ${input.shiftId}::uuid and ${shiftVisible(constantViewer(viewer, tx.now), sql`s`, sql`d`)}`);
  if (!found) throw notFound;
  const desk = await lockDesk(tx, found.deskId);
  const [shift] = await tx.query<Omit<LockedShift, 'teamId'>>(sql`
    select s.id, s.desk_id as "deskId", s.employee_id as "employeeId", s."from", s."to", s.phone,
           s.handover_at as "handoverAt", s.cancelled_at as "cancelledAt", s.version
    from duty_shift s where s.id = ${input.shiftId}::uuid for update`);
  if (!shift) throw notFound;
  return { ...shift, teamId: desk.teamId };
}

function requireCurrent(shift: LockedShift, input: OnShift, action: string, now: Date): void {
  if (shift.version !== input.expectedVersion) throw new StaleVersion(shift.version);
  if (shift.cancelledAt) throw new IllegalTransition('CANCELLED', action, []);
  if (shift.to <= now) throw new IllegalTransition('OVER', action, []);
}

function requireReason(reason: string): string {
  const given = reason.trim();
  if (given === '' || given.length > 2_000)
    throw invalid('reason', text('why, at most 2,000 characters', '原因，最多 2000 字'));
  return given;
}

export interface DutyShiftSwapInput extends OnShift {
  readonly employeeId: string;
  readonly phone?: string | null;
  readonly reason: string;
}

/** Gives a shift that is not over to another person: the clerk decides a swap (DUT-02). */
export async function dutyShiftSwap(
  tx: Command,
  viewer: Viewer,
  input: DutyShiftSwapInput,
  directory: Directory,
): Promise<{ shiftId: string }> {
  const shift = await lockShift(tx, viewer, input);
  if (!can(viewer, 'duty', 'approve')) throw new Forbidden(rolesWith('duty', 'approve'));
  requireCurrent(shift, input, 'SWAP', tx.now);
  const reason = requireReason(input.reason);
  const draft: ShiftDraft = { ...shift, employeeId: input.employeeId, phone: input.phone ?? shift.phone };
  const { works, taken } = await rotaFacts(tx, [draft], directory, shift.id);
  const issues = new Issues();
  issues.expect(
    input.employeeId !== shift.employeeId,
    'employeeId',
    text('another person than the one who has it', '与当前值班人不同的员工'),
  );
  issues.expect(
    works(input.employeeId, shift.from) && works(input.employeeId, new Date(shift.to.getTime() - 1)),
    'employeeId',
    text('somebody who works here then', '届时在职的员工'),
  );
  issues.expect(
    taken.length === 0,
    'employeeId',
    text('somebody who has no other shift at that time', '该时间没有其他班次的员工'),
  );
  issues.expect(isPhone(draft.phone), 'phone', ACCEPTED_PHONE);
  issues.throwIfAny();
  await tx.prisma.dutyShift.update({
    where: { id: shift.id },
    data: {
      employeeId: draft.employeeId,
      phone: draft.phone,
      swappedFromId: shift.employeeId,
      swapReason: reason,
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'dutyShift.SWAP',
    subjectType: 'DutyShift',
    subjectId: shift.id,
    before: { employeeId: shift.employeeId, phone: shift.phone },
    after: { employeeId: draft.employeeId, phone: draft.phone, reason },
  });
  await watchCoverage(tx, [shift.deskId], directory.timeZone);
  return { shiftId: shift.id };
}

export interface DutyShiftCancelInput extends OnShift {
  readonly reason: string;
}

/** Takes a shift out of the rota; it stays in the records. A gap that this opens is told (DUT-03). */
export async function dutyShiftCancel(
  tx: Command,
  viewer: Viewer,
  input: DutyShiftCancelInput,
  directory: Directory,
): Promise<{ shiftId: string }> {
  const shift = await lockShift(tx, viewer, input);
  requireRotaWriter(viewer, shift.teamId, directory);
  requireCurrent(shift, input, 'CANCEL', tx.now);
  const reason = requireReason(input.reason);
  await tx.prisma.dutyShift.update({
    where: { id: shift.id },
    data: { cancelledAt: tx.now, cancelReason: reason, version: { increment: 1 } },
  });
  tx.audit({
    action: 'dutyShift.CANCEL',
    subjectType: 'DutyShift',
    subjectId: shift.id,
    before: { cancelledAt: null },
    after: { cancelledAt: tx.now, reason },
  });
  await watchCoverage(tx, [shift.deskId], directory.timeZone);
  return { shiftId: shift.id };
}

export interface DutyShiftHandOverInput extends OnShift {
  readonly note: string;
}

/** Writes what the next person on duty must know, once, when the shift has begun (DUT-02). */
export async function dutyShiftHandOver(
  tx: Command,
  viewer: Viewer,
  input: DutyShiftHandOverInput,
): Promise<{ shiftId: string }> {
  const shift = await lockShift(tx, viewer, input);
  if (shift.employeeId !== viewer.employeeId) {
    throw new Forbidden(
      ['the person on duty'],
      text('Who was on duty writes the handover note.', '交接记录由当班人填写。'),
    );
  }
  if (shift.version !== input.expectedVersion) throw new StaleVersion(shift.version);
  if (shift.cancelledAt) throw new IllegalTransition('CANCELLED', 'HAND_OVER', []);
  if (shift.handoverAt) throw new IllegalTransition('HANDED_OVER', 'HAND_OVER', []);
  if (shift.from > tx.now) throw new IllegalTransition('PLANNED', 'HAND_OVER', ['SWAP', 'CANCEL']);
  const note = input.note.trim();
  if (note === '' || note.length > 5_000)
    throw invalid(
      'note',
      text('what the next one must know, at most 5,000 characters', '交接内容，最多 5000 字'),
    );
  await tx.prisma.dutyShift.update({
    where: { id: shift.id },
    data: { handoverNote: note, handoverAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: 'dutyShift.HAND_OVER',
    subjectType: 'DutyShift',
    subjectId: shift.id,
    after: { handoverAt: tx.now, note },
  });
  return { shiftId: shift.id };
}
