import { Forbidden, IllegalTransition, Issues, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Organisation } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { endCoverage, watchCoverage } from './coverage.ts';

/** What commands know of the organisation. */
export interface Directory {
  readonly organisation: Organisation;
  readonly timeZone: string;
}

/** The rota of a team is entered by who writes all rotas, or those of the own team or department (DUT-01). */
export function requireRotaWriter(viewer: Viewer, teamId: string, { organisation }: Directory): void {
  const { rights } = viewer;
  const allowed =
    rights.has('duty:write:ALL') ||
    (rights.has('duty:write:TEAM') && viewer.teamId === teamId) ||
    (rights.has('duty:write:DEPARTMENT') &&
      organisation.teams.get(teamId)?.departmentId === viewer.departmentId);
  if (!allowed) throw new Forbidden(rolesWith('duty', 'write'));
}

export interface LockedDesk {
  readonly id: string;
  readonly teamId: string;
  readonly closedAt: Date | null;
  readonly version: number;
}

/** Rotas are written one after the other: a person can stand in several. */
async function lockRotas(tx: Command): Promise<void> {
  await tx.query(sql`select 1 as locked from pg_advisory_xact_lock(hashtext('duty rotas'))`);
}

export async function lockDesk(tx: Command, deskId: string): Promise<LockedDesk> {
  await lockRotas(tx);
  const [desk] = await tx.query<LockedDesk>(sql`
    select d.id, d.team_id as "teamId", d.closed_at as "closedAt", d.version from duty_desk d
    where d.id = ${deskId}::uuid for update`);
  if (!desk) throw new NotFound(['deskId'], text('duty desk', '值班台'));
  return desk;
}

export interface DutyDeskOpenInput {
  readonly teamId: string;
  readonly calendarCode?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Has a team's desk manned in the open time of a calendar from now on: day and night unless another is named (TIC-02). */
export async function dutyDeskOpen(
  tx: Command,
  viewer: Viewer,
  input: DutyDeskOpenInput,
  directory: Directory,
): Promise<{ deskId: string }> {
  requireRotaWriter(viewer, input.teamId, directory);
  const calendarCode = input.calendarCode ?? 'ALWAYS_OPEN';
  const deskId = await once(tx, 'dutyDeskOpen', input.idempotencyKey, input, async (id) => {
    await lockRotas(tx);
    const [known] = await tx.query<{ team: boolean; desk: boolean; calendar: boolean }>(sql`
      select exists (select 1 from team t where t.id = ${input.teamId}::uuid) as team,
             exists (select 1 from duty_desk d where d.team_id = ${input.teamId}::uuid and d.closed_at is null) as desk,
             exists (
               select 1 from business_calendar c
               where c.code = ${calendarCode} and c.approved_at is not null and c.valid_from <= ${tx.now}::timestamptz) as calendar`);
    const issues = new Issues();
    issues.expect(known?.team === true, 'teamId', text('an existing team', '已存在的团队'));
    issues.expect(known?.desk === false, 'teamId', text('a team that has no desk yet', '尚未设值班台的团队'));
    issues.expect(
      known?.calendar === true,
      'calendarCode',
      text('the code of a calendar in force', '生效中日历的代码'),
    );
    issues.throwIfAny();
    await tx.prisma.dutyDesk.create({ data: { id, teamId: input.teamId, calendarCode, openedAt: tx.now } });
    tx.audit({
      action: 'dutyDesk.OPEN',
      subjectType: 'DutyDesk',
      subjectId: id,
      after: { teamId: input.teamId, calendarCode },
    });
    await watchCoverage(tx, [id], directory.timeZone);
  });
  return { deskId };
}

export interface DutyDeskCloseInput {
  readonly deskId: string;
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Ends the watch over a desk; what was on duty there stays in its rota. */
export async function dutyDeskClose(
  tx: Command,
  viewer: Viewer,
  input: DutyDeskCloseInput,
  directory: Directory,
): Promise<{ deskId: string }> {
  const desk = await lockDesk(tx, input.deskId);
  requireRotaWriter(viewer, desk.teamId, directory);
  if (desk.version !== input.expectedVersion) throw new StaleVersion(desk.version);
  if (desk.closedAt) throw new IllegalTransition('CLOSED', 'CLOSE', []);
  if (!input.reason.trim()) throw invalid('reason', text('why it is closed', '撤销原因'));
  await tx.prisma.dutyDesk.update({
    where: { id: desk.id },
    data: { closedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: 'dutyDesk.CLOSE',
    subjectType: 'DutyDesk',
    subjectId: desk.id,
    before: { closedAt: null },
    after: { closedAt: tx.now, reason: input.reason.trim() },
  });
  await endCoverage(tx, desk.id);
  return { deskId: desk.id };
}
