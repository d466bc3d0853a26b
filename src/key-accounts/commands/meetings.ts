import type { KeyAccountMeetingType } from '../../generated/prisma/enums.ts';
import { Forbidden, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { localDate, monthsAfter, periodOf, startOfLocalDay } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { businessHours } from '../../platform/calendars.ts';
import { type Command, once } from '../../platform/command.ts';
import { type AdvanceObligations, cancelObligations, openObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { meetingReadable } from '../queries/meetings.ts';
import { partOfYear } from '../rules/duties.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { keyAccountLevel } from '../queries/visibility.ts';
import { meetDuty } from './duties.ts';

/** Stands for the whole company, as the subject of what is asked of it. */
export const COMPANY = '00000000-0000-0000-0000-000000000000';

/** Meetings that come round, as obligation kinds (KEY-18). */
export const MEETING_SERIES = ['KA_SYMPOSIUM', 'KA_DEMAND_ANALYSIS'] as const;
type Series = (typeof MEETING_SERIES)[number];

export const MEETING_MINUTES = 'MEETING_MINUTES';

interface Span {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** The stretch in which a meeting of a series is held, at an instant. */
function spanOf(tx: Command, series: Series, at: Date, timeZone: string): Span {
  if (series === 'KA_DEMAND_ANALYSIS')
    return periodOf(at.getTime(), tx.settings.get(KEY_ACCOUNT_SETTINGS.demandMeeting), timeZone);
  const part = partOfYear(
    localDate(at.getTime(), timeZone),
    tx.settings.get(KEY_ACCOUNT_SETTINGS.symposiumPerYear),
  );
  const start = startOfLocalDay(part.firstDay, timeZone);
  return { key: part.key, start, end: monthsAfter(start, part.months, timeZone) };
}

/** Asks for the meetings of the stretches that run now, where there is a key account at all. */
export async function openMeetings(tx: Command, timeZone: string): Promise<void> {
  const [served] = await tx.query<{ id: string }>(sql`
    select id from key_account where ended_at is null limit 1`);
  if (!served) return;
  await openObligations(
    tx,
    MEETING_SERIES.map((kind) => {
      const { key, start, end } = spanOf(tx, kind, tx.now, timeZone);
      return {
        kind,
        subjectId: COMPANY,
        period: key,
        ownerId: null,
        startsAt: new Date(start),
        dueAt: new Date(end),
        nextAt: new Date(end),
      };
    }),
  );
}

/** Tells meetings that were not held (EVT-53): to who organises them, and HEAD. */
export const advanceMeetings: AdvanceObligations = async (tx, due) => {
  tx.emit(
    ...due.map(({ kind, period, dueAt }) => ({
      kind: 'MEETING_OVERDUE' as const,
      subjectId: null,
      audience: { roles: ['KA_SUPERVISOR', 'KA_SPECIALIST', 'HEAD'] },
      payload: { series: kind, period, dueAt: dueAt?.toISOString() ?? null },
      dedupeKey: `MEETING_OVERDUE ${kind} ${period}`,
    })),
  );
  return due.map(({ id }) => ({ id, state: 'OVERDUE', step: 1, nextAt: null }));
};

/** Tells meetings without minutes (EVT-53). */
export const advanceMinutes: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{ id: string; type: string; heldAt: Date; recordedById: string }>(sql`
    select id, type, held_at as "heldAt", recorded_by_id as "recordedById" from key_account_meeting
    where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and minutes is null`);
  const late = new Map(rows.map((row) => [row.id, row]));
  return due.map(({ id, subjectId, step }) => {
    const meeting = late.get(subjectId);
    if (!meeting) return { id, state: 'MET', step, nextAt: null };
    tx.emit({
      kind: 'MINUTES_LATE',
      subjectId: null,
      audience: { employees: [meeting.recordedById], roles: ['HEAD'] },
      payload: { meetingId: meeting.id, series: meeting.type, heldAt: meeting.heldAt.toISOString() },
      dedupeKey: `MINUTES_LATE ${meeting.id}`,
    });
    return { id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};

export interface MeetingRecordInput {
  readonly type: KeyAccountMeetingType;
  readonly heldAt: Date;
  readonly subject: string;
  readonly participants: readonly string[];
  readonly keyAccountIds?: readonly string[] | null;
  readonly minutes?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Records a meeting that was held; one of a series meets what was asked of its stretch (KEY-09, KEY-18). */
export async function meetingRecord(
  tx: Command,
  viewer: Viewer,
  input: MeetingRecordInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ meetingId: string }> {
  requireWrites(viewer);
  const keyAccountIds = [...new Set(input.keyAccountIds ?? [])];
  const meetingId = await once(tx, 'keyAccountMeetingRecord', input.idempotencyKey, input, async (id) => {
    const issues = new Issues();
    issues.expect(input.heldAt <= tx.now, 'heldAt', text('not in the future', '不晚于当前时间'));
    issues.expect(
      input.subject.trim().length > 0 && input.subject.length <= 500,
      'subject',
      text('what it was about, in up to 500 characters', '会议主题，最多 500 字'),
    );
    issues.expect(
      input.participants.length > 0 &&
        input.participants.length <= 200 &&
        input.participants.every((name) => name.trim().length > 0 && name.length <= 200),
      'participants',
      text('1 to 200 who took part', '1 至 200 名参会人'),
    );
    expectMinutes(issues, input.minutes ?? null, false);
    issues.expect(
      input.type !== 'EXECUTIVE_SYMPOSIUM' || keyAccountIds.length > 0,
      'keyAccountIds',
      text('the accounts whose leaders took part', '参会高层所属的大客户'),
    );
    issues.throwIfAny();
    await requireAccounts(tx, viewer, keyAccountIds);
    const minutes = input.minutes?.trim() || null;
    const meeting = {
      type: input.type,
      heldAt: input.heldAt,
      subject: input.subject.trim(),
      participants: [...input.participants],
      keyAccountIds,
    };
    await tx.prisma.keyAccountMeeting.create({
      data: {
        ...meeting,
        id,
        minutes,
        minutesAt: minutes === null ? null : tx.now,
        recordedAt: tx.now,
        recordedById: viewer.employeeId,
      },
    });
    if (minutes === null) await watchMinutes(tx, id, input.heldAt, timeZone);
    const series = MEETING_SERIES.find((kind) => kind === input.type);
    if (series) await meetDuty(tx, series, COMPANY, spanOf(tx, series, input.heldAt, timeZone).key, id);
    tx.audit({
      action: 'keyAccountMeetingRecord',
      subjectType: 'KeyAccountMeeting',
      subjectId: id,
      after: meeting,
    });
  });
  return { meetingId };
}

async function watchMinutes(tx: Command, id: string, heldAt: Date, timeZone: string): Promise<void> {
  const calendar = await businessHours(tx, timeZone);
  const days = tx.settings.get(KEY_ACCOUNT_SETTINGS.minutesDays) * calendar.businessDayMs;
  const dueAt = new Date(calendar.add(heldAt.getTime(), days));
  await openObligations(tx, [
    {
      kind: MEETING_MINUTES,
      subjectId: id,
      period: 'MINUTES',
      ownerId: null,
      startsAt: heldAt,
      dueAt,
      nextAt: dueAt,
    },
  ]);
}

function expectMinutes(issues: Issues, minutes: string | null, needed: boolean): void {
  issues.expect(
    minutes === null ? !needed : minutes.length <= 20_000 && (!needed || minutes.trim().length > 0),
    'minutes',
    text('what was said and decided, in up to 20000 characters', '会议纪要，最多 20000 字'),
  );
}

async function requireAccounts(tx: Command, viewer: Viewer, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await tx.query<{ id: string }>(sql`
    select k.id from key_account k
    where k.id = any(${[...ids]}::uuid[]) and ${keyAccountLevel(constantViewer(viewer, tx.now), sql`k`)} > 0`);
  if (rows.length < ids.length) throw new NotFound(['keyAccountIds'], text('key account', '大客户'));
}

function requireWrites(viewer: Viewer): void {
  if (!can(viewer, 'keyAccount', 'write')) throw new Forbidden(rolesWith('keyAccount', 'write'));
}

export interface MeetingMinutesInput {
  readonly meetingId: string;
  readonly expectedVersion: number;
  readonly minutes: string;
}

/** Writes the minutes of a meeting, or writes them again. */
export async function meetingMinutes(
  tx: Command,
  viewer: Viewer,
  input: MeetingMinutesInput,
): Promise<{ meetingId: string }> {
  const [meeting] = await tx.query<{ id: string; version: number }>(sql`
    select m.id, m.version from key_account_meeting m
    where m.id = ${input.meetingId}::uuid and ${meetingReadable(constantViewer(viewer, tx.now))}
    for update`);
  if (!meeting) throw new NotFound(['meetingId'], text('meeting', '会议'));
  requireWrites(viewer);
  if (meeting.version !== input.expectedVersion) throw new StaleVersion(meeting.version);
  const issues = new Issues();
  expectMinutes(issues, input.minutes, true);
  issues.throwIfAny();
  await tx.prisma.keyAccountMeeting.update({
    where: { id: meeting.id },
    data: { minutes: input.minutes.trim(), minutesAt: tx.now, version: { increment: 1 } },
  });
  await cancelObligations(tx, MEETING_MINUTES, meeting.id);
  tx.audit({ action: 'keyAccountMeetingMinutes', subjectType: 'KeyAccountMeeting', subjectId: meeting.id });
  return { meetingId: meeting.id };
}
