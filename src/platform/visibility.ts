import { any, type Sql, sql } from './sql.ts';

/** How much of a record a viewer sees: everything, the masked card, or not that it exists. */
export type AccessLevel = 'FULL' | 'MASKED' | 'NONE';

/** The levels as SQL answers them, in rising order. */
export const LEVEL = { NONE: 0, MASKED: 1, FULL: 2 } as const;

export function accessLevel(value: number): AccessLevel {
  return value === LEVEL.FULL ? 'FULL' : value === LEVEL.MASKED ? 'MASKED' : 'NONE';
}

/**
 * A viewer as an expression of SQL: constants when one viewer reads a list, columns when one event is decided for
 * many subscribers. `holds` says whether the viewer has a right ("ticket:read:AREA"); for a constant viewer it is
 * known here and a right that is not held leaves no trace in the statement.
 */
export interface ViewerSql {
  readonly employeeId: Sql;
  readonly departmentId: Sql;
  readonly teamId: Sql;
  readonly areaIds: Sql;
  readonly now: Sql;
  /** The local day at that instant: employment is kept in days. */
  readonly today: Sql;
  /** When the last of the viewer's roles ended; an instant before all time when none has. */
  readonly rolesSince: Sql;
  holds(right: string): boolean | Sql;
}

export interface ViewerConstants {
  readonly employeeId: string;
  readonly departmentId: string;
  readonly teamId: string | null;
  readonly areaIds: readonly string[];
  readonly rolesSince: Date | null;
  /** YYYY-MM-DD */
  readonly today: string;
  readonly rights: ReadonlySet<string>;
}

/** One viewer, as constants. */
export function constantViewer(viewer: ViewerConstants, now: Date): ViewerSql {
  return {
    employeeId: sql`${viewer.employeeId}::uuid`,
    departmentId: sql`${viewer.departmentId}::uuid`,
    teamId: sql`${viewer.teamId}::uuid`,
    areaIds: sql`${[...viewer.areaIds]}::uuid[]`,
    now: sql`${now}::timestamptz`,
    today: sql`${viewer.today}::date`,
    rolesSince: sql`coalesce(${viewer.rolesSince}::timestamptz, '-infinity')`,
    holds: (right) => viewer.rights.has(right),
  };
}

/** Many viewers: a `from` item to join, and the columns of it as the viewer. The row's place is `v.place`. */
export function viewerTable(
  viewers: readonly ViewerConstants[],
  now: Date,
): { from: Sql; viewer: ViewerSql } {
  const rows = viewers.map((viewer, place) => ({
    place,
    employee_id: viewer.employeeId,
    department_id: viewer.departmentId,
    team_id: viewer.teamId,
    area_ids: viewer.areaIds,
    roles_since: viewer.rolesSince,
    today: viewer.today,
    rights: [...viewer.rights],
  }));
  return {
    from: sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as v(
      place int, employee_id uuid, department_id uuid, team_id uuid, area_ids uuid[], roles_since timestamptz, today date, rights text[])`,
    viewer: {
      employeeId: sql`v.employee_id`,
      departmentId: sql`v.department_id`,
      teamId: sql`v.team_id`,
      areaIds: sql`v.area_ids`,
      now: sql`${now}::timestamptz`,
      today: sql`v.today`,
      rolesSince: sql`coalesce(v.roles_since, '-infinity')`,
      holds: (right) => sql`${right} = any(v.rights)`,
    },
  };
}

/** A right and the rows it reaches. */
export type Reach = readonly [right: string, rows: Sql];

/** True for the rows that at least one of the viewer's rights reaches. */
export function reached(viewer: ViewerSql, reaches: readonly Reach[]): Sql {
  const conditions: Sql[] = [];
  for (const [right, rows] of reaches) {
    const held = viewer.holds(right);
    if (held === false) continue;
    conditions.push(held === true ? rows : sql`(${held} and ${rows})`);
  }
  return any(conditions);
}

/** The level of a row: FULL where `full` holds, else MASKED where `masked` holds, else NONE. */
export function levelOf(full: Sql, masked: Sql): Sql {
  return sql`(case when ${full} then 2 when ${masked} then 1 else 0 end)`;
}
