import type { DutyShift } from '../../generated/prisma/client.ts';
import type { BusinessCalendar, Segment } from '../../lib/business-calendar.ts';
import type { Reader } from '../../organisation/queries.ts';
import { type CalendarFacts, calendarFacts, calendarOf } from '../../platform/calendars.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Queryable, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';
import { gapsOf, ROTA_DAYS_MAX } from '../rules.ts';

export interface DeskRow {
  readonly __typename: 'DutyDesk';
  readonly id: string;
  readonly teamId: string;
  readonly calendarCode: string;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly version: number;
}

export type ShiftRow = DutyShift & { readonly __typename: 'DutyShift'; readonly teamId: string };

const DESK_COLUMNS = sql`${columns('d', ['id', 'teamId', 'calendarCode', 'openedAt', 'closedAt', 'version'])},
  'DutyDesk' as "__typename"`;

const SHIFT_COLUMNS = sql`${columns('s', [
  'id',
  'deskId',
  'employeeId',
  'from',
  'to',
  'phone',
  'createdAt',
  'createdById',
  'handoverNote',
  'handoverAt',
  'swappedFromId',
  'swapReason',
  'cancelledAt',
  'cancelReason',
  'version',
])}, d.team_id as "teamId", 'DutyShift' as "__typename"`;

/** Who reads a shift: a rota is the team's, and of whoever plans and reviews (section 23). */
export function shiftVisible(viewer: ViewerSql, s: Sql, d: Sql): Sql {
  return reached(viewer, [
    ['duty:read:ALL', sql`true`],
    [
      'duty:read:DEPARTMENT',
      sql`exists (select 1 from team t where t.id = ${d}.team_id and t.department_id = ${viewer.departmentId})`,
    ],
    ['duty:read:TEAM', sql`${d}.team_id = ${viewer.teamId}`],
    ['duty:read:OWN', sql`${s}.employee_id = ${viewer.employeeId}`],
  ]);
}

export const SHIFT_FIELDS = {
  desk: { kind: 'ID', entity: 'DutyDesk', column: sql`s.desk_id`, orderable: false },
  team: { kind: 'ID', entity: 'Team', column: sql`d.team_id`, orderable: false },
  employee: { kind: 'ID', entity: 'Employee', column: sql`s.employee_id`, orderable: false },
  from: { kind: 'DateTime', column: sql`s."from"` },
  to: { kind: 'DateTime', column: sql`s."to"` },
  cancelledAt: { kind: 'DateTime', column: sql`s.cancelled_at` },
} as const satisfies Record<string, ListField>;

/** By the index duty_shift(desk_id, to). */
export function shiftList(reader: Reader): ListSource {
  const visible = shiftVisible(reader.sees, sql`s`, sql`d`);
  return {
    from: sql`duty_shift s join duty_desk d on d.id = s.desk_id`,
    id: sql`s.id`,
    select: SHIFT_COLUMNS,
    visible,
    full: visible,
    fields: SHIFT_FIELDS,
  };
}

export const shiftById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ShiftRow>(sql`
      select ${SHIFT_COLUMNS} from duty_shift s join duty_desk d on d.id = s.desk_id
      where s.id = any(${[...ids]}::uuid[]) and ${shiftVisible(reader.sees, sql`s`, sql`d`)}`),
  ),
);

export const DESK_FIELDS = {
  team: { kind: 'ID', entity: 'Team', column: sql`d.team_id`, orderable: false },
  closedAt: { kind: 'DateTime', column: sql`d.closed_at` },
  openedAt: { kind: 'DateTime', column: sql`d.opened_at` },
} as const satisfies Record<string, ListField>;

/** Which desks there are, and who is reached there, is for everybody to know (DUT-03). */
export function deskList(): ListSource {
  return {
    from: sql`duty_desk d`,
    id: sql`d.id`,
    select: DESK_COLUMNS,
    visible: sql`true`,
    full: sql`true`,
    fields: DESK_FIELDS,
  };
}

export const deskById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<DeskRow>(
      sql`select ${DESK_COLUMNS} from duty_desk d where d.id = any(${[...ids]}::uuid[])`,
    ),
  ),
);

/** Somebody who is on duty. */
export interface OnDuty {
  readonly shiftId: string;
  readonly deskId: string;
  readonly teamId: string;
  readonly employeeId: string;
  readonly phone: string;
  readonly from: Date;
  readonly to: Date;
}

/**
 * Shifts that count: not cancelled, of people who work here when they begin. `from` and `to` bound them; by the index
 * duty_shift(desk_id, to).
 */
async function shiftsBetween(
  db: Queryable,
  only: Sql,
  from: Date,
  to: Date,
  timeZone: string,
): Promise<OnDuty[]> {
  return db.query<OnDuty>(sql`
    select s.id as "shiftId", s.desk_id as "deskId", d.team_id as "teamId", s.employee_id as "employeeId", s.phone,
           s."from", s."to"
    from duty_desk d
    join duty_shift s on s.desk_id = d.id and s."to" > ${from}::timestamptz and s."from" < ${to}::timestamptz
      and s.cancelled_at is null
    join employee e on e.id = s.employee_id
      and (e.left_on is null or e.left_on >= (s."from" at time zone ${timeZone})::date)
    where d.closed_at is null and ${only}
    order by s."from" desc, s.id desc`);
}

/** Who is on duty at the teams' desks at an instant, the one who came last first; one statement for all teams. */
export async function onDutyAt(
  db: Queryable,
  teamIds: readonly string[],
  at: Date,
  timeZone: string,
): Promise<OnDuty[]> {
  if (teamIds.length === 0) return [];
  const only = sql`d.team_id = any(${[...new Set(teamIds)]}::uuid[])`;
  // An end is exclusive: whoever goes at this instant is on duty no more.
  return shiftsBetween(db, only, at, new Date(at.getTime() + 1), timeZone);
}

/** A desk, its calendar as it is in force, and the shifts of a stretch of time. */
export interface Coverage {
  readonly deskId: string;
  readonly teamId: string;
  readonly openedAt: Date;
  readonly calendar: BusinessCalendar;
  readonly shifts: readonly Segment[];
}

/** What the coverage of desks is worked out from; two statements for any number of desks. Closed ones are left out. */
export async function coverageOf(
  db: Queryable,
  deskIds: readonly string[],
  span: { readonly from: Date; readonly to: Date },
  now: Date,
  timeZone: string,
): Promise<Coverage[]> {
  const only = sql`d.id = any(${[...deskIds]}::uuid[])`;
  const desks = await db.query<{
    id: string;
    teamId: string;
    openedAt: Date;
    calendar: CalendarFacts;
  }>(sql`
    select d.id, d.team_id as "teamId", d.opened_at as "openedAt", k.calendar
    from duty_desk d
    cross join lateral (
      select ${calendarFacts(sql`c`)} as calendar from business_calendar c
      where c.code = d.calendar_code and c.approved_at is not null and c.valid_from <= ${now}::timestamptz
      order by c.valid_from desc, c.approved_at desc, c.revision desc limit 1) k
    where d.closed_at is null and ${only}`);
  const shifts = Map.groupBy(
    await shiftsBetween(db, only, span.from, span.to, timeZone),
    (shift) => shift.deskId,
  );
  return desks.map((desk) => ({
    deskId: desk.id,
    teamId: desk.teamId,
    openedAt: desk.openedAt,
    calendar: calendarOf(desk.calendar, timeZone),
    shifts: (shifts.get(desk.id) ?? []).map(({ from, to }) => ({ from: from.getTime(), to: to.getTime() })),
  }));
}

const DAY = 86_400_000;
/** A gap that began longer ago is told as beginning here. */
const PAST_DAYS = 31;

/** The gaps of desks that are not over, up to the end of what can be planned. */
export async function comingGaps(
  db: Queryable,
  deskIds: readonly string[],
  now: Date,
  timeZone: string,
): Promise<{ readonly coverage: Coverage; readonly gaps: Segment[] }[]> {
  const span = {
    from: new Date(now.getTime() - PAST_DAYS * DAY),
    to: new Date(now.getTime() + ROTA_DAYS_MAX * DAY),
  };
  const desks = await coverageOf(db, deskIds, span, now, timeZone);
  return desks.map((coverage) => ({
    coverage,
    gaps: gapsOf(
      coverage.calendar,
      coverage.shifts,
      Math.max(span.from.getTime(), coverage.openedAt.getTime()),
      span.to.getTime(),
    ).filter(({ to }) => to > now.getTime()),
  }));
}

/** Who is on duty at desks at the instant of the request. */
export const onDutyNow = defineLoader(async (reader: Reader, deskIds) => {
  const rows = await shiftsBetween(
    reader,
    sql`d.id = any(${[...deskIds]}::uuid[])`,
    reader.now,
    new Date(reader.now.getTime() + 1),
    reader.timeZone,
  );
  const byDesk = Map.groupBy(rows, (row) => row.deskId);
  return deskIds.map((id) => byDesk.get(id) ?? []);
});

/** The first gap of desks from the instant of the request on. */
export const gapNow = defineLoader(async (reader: Reader, deskIds) => {
  const desks = await comingGaps(reader, deskIds, reader.now, reader.timeZone);
  const first = new Map(desks.map(({ coverage, gaps }) => [coverage.deskId, gaps[0] ?? null]));
  return deskIds.map((id) => first.get(id) ?? null);
});

/** Shifts that were planned together, in order; by the index duty_shift(plan_id). */
export const shiftsOfPlan = defineLoader(async (reader: Reader, planIds) => {
  const rows = await reader.query<ShiftRow & { readonly planId: string }>(sql`
    select ${SHIFT_COLUMNS}, s.plan_id as "planId" from duty_shift s join duty_desk d on d.id = s.desk_id
    where s.plan_id = any(${[...planIds]}::uuid[]) and ${shiftVisible(reader.sees, sql`s`, sql`d`)}
    order by s."from", s.id`);
  const byPlan = Map.groupBy(rows, (row) => row.planId);
  return planIds.map((id) => byPlan.get(id) ?? []);
});
