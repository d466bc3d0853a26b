import type { BusinessLine, Role, TeamType } from '../generated/prisma/enums.ts';
import { localDate } from '../lib/periods.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import type { Settings } from '../platform/settings-register.ts';
import { type Queryable, sql } from '../platform/sql.ts';
import type { ViewerSql } from '../platform/visibility.ts';
import { type EmployeeFacts, type Viewer, viewerOf } from './rules/viewer.ts';

/** What every read is given: SQL, who asks, at which instant, and the organisation and policy as they stand then. */
export interface Reader extends Queryable {
  readonly viewer: Viewer;
  /** The viewer as constants of the visibility fragments. */
  readonly sees: ViewerSql;
  readonly now: Date;
  readonly timeZone: string;
  readonly organisation: Organisation;
  readonly settings: Settings;
}

export interface Area {
  readonly __typename: 'Area' | 'Department';
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly nameEn: string;
}

export interface Department extends Area {
  readonly managerId: string | null;
}

export interface Team {
  readonly __typename: 'Team';
  readonly id: string;
  readonly departmentId: string;
  readonly type: TeamType;
  readonly name: string;
  readonly nameEn: string;
  /** The areas that it serves; none: every area. */
  readonly areaIds: readonly string[];
  /** The line that it serves; null: every line. */
  readonly businessLine: BusinessLine | null;
}

export interface Employee extends EmployeeFacts {
  readonly __typename: 'Employee';
  readonly number: string;
  readonly subject: string;
  readonly name: string;
  readonly nameEn: string;
  readonly email: string | null;
  readonly superiorId: string | null;
}

/**
 * The organisation as it stands in the database: small, rarely changed and asked for with every request, so each
 * process keeps it and reads it again when a DIRECTORY_CHANGED event arrives.
 */
export interface Organisation {
  readonly areas: ReadonlyMap<string, Area>;
  readonly departments: ReadonlyMap<string, Department>;
  readonly teams: ReadonlyMap<string, Team>;
  readonly employees: ReadonlyMap<string, Employee>;
  readonly bySubject: ReadonlyMap<string, Employee>;
}

export async function loadOrganisation(db: Queryable): Promise<Organisation> {
  const [areas, departments, teams, employees] = await Promise.all([
    db.query<Area>(sql`select 'Area' as "__typename", id, code, name, name_en as "nameEn" from area`),
    db.query<Department>(sql`
      select 'Department' as "__typename", id, code, name, name_en as "nameEn", manager_id as "managerId" from department`),
    loadTeams(db),
    db.query<
      Omit<Employee, 'roles'> & { roles: { role: Role; validFrom: string; validTo: string | null }[] }
    >(sql`
      select 'Employee' as "__typename", e.id, e.number, e.subject, e.name, e.name_en as "nameEn", e.email, e.department_id as "departmentId",
             e.team_id as "teamId", e.superior_id as "superiorId",
             e.hired_on::text as "hiredOn", e.left_on::text as "leftOn",
             coalesce((select jsonb_agg(a.area_id order by a.area_id) from employee_area a where a.employee_id = e.id), '[]') as "areaIds",
             coalesce((
               select jsonb_agg(jsonb_build_object('role', r.role, 'validFrom', r.valid_from, 'validTo', r.valid_to) order by r.id)
               from role_assignment r where r.employee_id = e.id), '[]') as roles
      from employee e`),
  ]);
  const people = employees.map(
    (employee): Employee => ({
      ...employee,
      roles: employee.roles.map((r) => ({
        role: r.role,
        validFrom: new Date(r.validFrom),
        validTo: r.validTo === null ? null : new Date(r.validTo),
      })),
    }),
  );
  return {
    areas: byId(areas),
    departments: byId(departments),
    teams: byId(teams),
    employees: byId(people),
    bySubject: new Map(people.map((employee) => [employee.subject, employee])),
  };
}

/** All teams with the areas that they serve. */
export async function loadTeams(db: Queryable): Promise<Team[]> {
  return db.query<Team>(sql`
    select 'Team' as "__typename", t.id, t.department_id as "departmentId", t.type, t.name, t.name_en as "nameEn",
           t.business_line as "businessLine",
           coalesce((select jsonb_agg(a.area_id order by a.area_id) from team_area a where a.team_id = t.id), '[]') as "areaIds"
    from team t`);
}

function byId<Row extends { readonly id: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}

/** Who a token's subject is at an instant; null for people this API does not know. */
export function findViewer(
  organisation: Organisation,
  subject: string,
  now: Date,
  timeZone: string,
): Viewer | null {
  const employee = organisation.bySubject.get(subject);
  return employee ? viewerOf(employee, now, localDate(now.getTime(), timeZone)) : null;
}

/** The people who hold one of the roles at an instant. */
export function holdersOf(
  organisation: Organisation,
  roles: readonly Role[],
  now: Date,
  timeZone: string,
): Employee[] {
  const today = localDate(now.getTime(), timeZone);
  return [...organisation.employees.values()].filter((employee) =>
    viewerOf(employee, now, today)?.roles.some((role) => roles.includes(role)),
  );
}

/** Roles that an employee holds at an instant; none for a person who is not employed then. */
export function rolesAt(
  organisation: Organisation,
  employeeId: string,
  now: Date,
  timeZone: string,
): readonly Role[] {
  const employee = organisation.employees.get(employeeId);
  return (employee && viewerOf(employee, now, localDate(now.getTime(), timeZone))?.roles) ?? [];
}

/** Roles an employee holds at the instant of the request. */
export function rolesNow(reader: Reader, employeeId: string): Role[] {
  return [...rolesAt(reader.organisation, employeeId, reader.now, reader.timeZone)];
}

export const EMPLOYEE_FIELDS = {
  number: { kind: 'String', column: sql`e.number` },
  name: { kind: 'String', column: sql`e.name` },
  nameEn: { kind: 'String', column: sql`e.name_en` },
  department: { kind: 'ID', entity: 'Department', column: sql`e.department_id`, orderable: false },
  team: { kind: 'ID', entity: 'Team', column: sql`e.team_id`, orderable: false },
} as const satisfies Record<string, ListField>;

/** Being an employee is right enough to see colleagues (ORG-22). */
export function employeeList(_reader: Reader): ListSource {
  return {
    from: sql`employee e`,
    id: sql`e.id`,
    select: sql`e.id, 'Employee' as "__typename", e.number, e.subject, e.name, e.name_en as "nameEn", e.email,
      e.department_id as "departmentId", e.team_id as "teamId", e.superior_id as "superiorId"`,
    visible: sql`true`,
    full: sql`true`,
    fields: EMPLOYEE_FIELDS,
  };
}
