import { Role } from '../generated/prisma/enums.ts';
import { choice, day, emailAddress, required, several, words } from '../import/fields.ts';
import type { ImportKind, RowIssue } from '../import/kind.ts';
import { repeatedRows } from '../import/references.ts';
import { byColumn, type ImportColumns, type ImportRow, type Written } from '../import/table.ts';
import { newId } from '../lib/ids.ts';
import { localDate } from '../lib/periods.ts';
import { type Text, text } from '../lib/text.ts';
import type { Command } from '../platform/command.ts';
import { type Queryable, sql } from '../platform/sql.ts';

const EMPLOYEE_FIELDS = {
  number: required(words(100)),
  subject: required(words(200)),
  name: required(words(2_000)),
  nameEn: words(2_000),
  email: emailAddress(),
  department: required(words(200)),
  team: words(200),
  managerNumber: words(100),
  roles: several(choice(Role)),
  areas: several(words(100)),
  hiredOn: required(day()),
  leftOn: day(),
} as const;

const EMPLOYEE_COLUMNS: ImportColumns = {
  number: { type: 'text', from: ['number'] },
  subject: { type: 'text', from: ['subject'] },
  name: { type: 'text', from: ['name'] },
  name_en: { type: 'text', from: ['nameEn'] },
  email: { type: 'text', from: ['email'] },
  department_id: { type: 'uuid', from: ['department'] },
  team_id: { type: 'uuid', from: ['team'] },
  superior_id: { type: 'uuid', from: ['managerNumber'] },
  hired_on: { type: 'date', from: ['hiredOn'] },
  left_on: { type: 'date', from: ['leftOn'] },
  roles: { type: 'text[]', from: ['roles'], beside: true },
  areas: { type: 'uuid[]', from: ['areas'], beside: true },
};

/**
 * People with their place, roles and areas (ORG-01, ORG-02, ORG-04). A file of them is the company's own register, so
 * it goes on speaking for them; departments, teams and areas are not made by it, for rights and queues hang on them.
 * Roles with an end are delegations of a person (ORG-04) and stay. Every process hears of a change through the
 * directory's triggers (PRM-05), and dedicated assignments from before a role's end are over by themselves (PRM-06).
 */
export const employeeImport: ImportKind<typeof EMPLOYEE_FIELDS> = {
  name: 'employees',
  subject: 'Employee',
  fields: EMPLOYEE_FIELDS,
  identifiedBy: ['number'],
  keepsExtra: false,
  table: {
    name: 'employee',
    columns: EMPLOYEE_COLUMNS,
    natural: {
      columns: ['number'],
      match: sql`t.number = k.number`,
      touch: () => sql``,
      // Index role_assignment(employee_id) and the key of employee_area.
      records: sql`
        select e.*,
               array(
                 select r.role || ' ' || coalesce(r.department_id, e.department_id)
                 from role_assignment r where r.employee_id = e.id and r.valid_to is null
                 order by (r.role || ' ' || coalesce(r.department_id, e.department_id)) collate "C") as roles,
               array(select a.area_id from employee_area a where a.employee_id = e.id order by 1) as areas
        from employee e`,
    },
    workedOn: sql`false`,
  },
  derive(values) {
    const { department, team, managerNumber, roles, areas, ...facts } = values;
    const leavesFirst = values.leftOn !== null && values.hiredOn !== null && values.leftOn < values.hiredOn;
    return {
      columns: { ...byColumn(facts), name_en: values.nameEn ?? values.name },
      issues: leavesFirst
        ? [{ field: 'leftOn', accepted: text('not before hiredOn', '不早于入职日期（hiredOn）') }]
        : [],
    };
  },
  async resolve(db, rows, { now, timeZone }) {
    const today = localDate(now.getTime(), timeZone);
    const directory = await directoryOf(db, rows, now);
    const issues = [...rows.flatMap((row) => place(row, directory)), ...subjectIssues(rows, directory)];
    for (const row of rows) row.columns.roles = heldBy(row, today);
    return withConsequences(rows, issues, (refused) => [
      ...managerIssues(rows, refused, directory),
      ...headIssues(rows, refused, directory),
    ]);
  },
  complete: async () => undefined,
  async record(tx, written, { timeZone }) {
    await writeRoles(tx, written, localDate(tx.now.getTime(), timeZone));
    await writeAreas(tx, written);
    tx.audit(
      ...written.map(({ id, row, changes }) => ({
        action: 'employeeImport',
        subjectType: 'Employee',
        subjectId: id,
        ...(changes ? { before: side(changes, 0), after: side(changes, 1) } : { after: row.columns }),
      })),
    );
  },
};

function side(changes: NonNullable<Written['changes']>, at: 0 | 1): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changes).map(([column, change]) => [column, change[at]]));
}

/** What rows are compared with. */
interface Directory {
  readonly departments: ReadonlyMap<string, string>;
  /** By department and name; null where the department has two of it. */
  readonly teams: ReadonlyMap<string, string | null>;
  readonly areas: ReadonlyMap<string, string>;
  readonly employees: readonly { id: string; number: string; subject: string }[];
  /** Who heads a department from now on, or will. */
  readonly heads: readonly { departmentId: string; number: string; ends: boolean }[];
}

/** Five statements, whatever the rows; departments, teams and areas are few. */
async function directoryOf(db: Queryable, rows: readonly ImportRow[], now: Date): Promise<Directory> {
  const numbers = rows.flatMap(({ values }) => [values.number, values.managerNumber ?? []].flat());
  const subjects = rows.map(({ values }) => values.subject);
  // One after the other: they may share the connection of a transaction.
  const departments = await db.query<Named>(
    sql`select id, array[code, name, name_en] as names from department`,
  );
  const teams = await db.query<Named & { departmentId: string }>(sql`
    select id, department_id as "departmentId", array[name, name_en, id::text] as names from team`);
  const areas = await db.query<Named>(sql`select id, array[code, name, name_en] as names from area`);
  // Indexes employee(number) and employee(subject).
  const employees = await db.query<Directory['employees'][number]>(sql`
    select id, number, subject from employee
    where number = any(${numbers}::text[]) or subject = any(${subjects}::text[])`);
  const heads = await db.query<Directory['heads'][number]>(sql`
    select r.department_id as "departmentId", e.number, r.valid_to is not null as ends
    from role_assignment r join employee e on e.id = r.employee_id
    where r.role = 'HEAD' and r.department_id is not null and (r.valid_to is null or r.valid_to > ${now}::timestamptz)`);
  const teamIds = new Map<string, string | null>();
  for (const { id, departmentId, names } of teams) {
    for (const name of new Set(names)) {
      const key = `${departmentId} ${name}`;
      teamIds.set(key, teamIds.has(key) ? null : id);
    }
  }
  return { departments: byName(departments), teams: teamIds, areas: byName(areas), employees, heads };
}

interface Named {
  readonly id: string;
  readonly names: readonly string[];
}

function byName(rows: readonly Named[]): Map<string, string> {
  return new Map(rows.flatMap(({ id, names }) => names.map((name): [string, string] => [name, id])));
}

/** Puts the ids of what a row names into its columns. */
function place(row: ImportRow, { departments, teams, areas }: Directory): RowIssue[] {
  const { values, columns } = row;
  const issues: RowIssue[] = [];
  const departmentId = departments.get(String(values.department));
  columns.department_id = departmentId;
  if (departmentId === undefined) {
    issues.push({
      row,
      field: 'department',
      accepted: text(
        `the code or name of a department here: ${known(departments)}`,
        `已有部门的代码或名称：${known(departments)}`,
      ),
    });
  } else if (values.team != null) {
    const teamId = teams.get(`${departmentId} ${values.team}`);
    columns.team_id = teamId;
    if (teamId == null) issues.push({ row, field: 'team', accepted: acceptedTeams(teams, departmentId) });
  }
  const areaIds = ((values.areas ?? []) as readonly string[]).map((name) => areas.get(name));
  columns.areas = [...new Set(areaIds)].toSorted();
  if (areaIds.includes(undefined)) {
    issues.push({
      row,
      field: 'areas',
      accepted: text(
        `codes or names of areas here: ${known(areas)}`,
        `已有区域的代码或名称：${known(areas)}`,
      ),
    });
  }
  return issues;
}

const LISTED = 20;

function known(names: ReadonlyMap<string, unknown>): string {
  return [...names.keys()].slice(0, LISTED).join(', ');
}

function acceptedTeams(teams: Directory['teams'], departmentId: string): Text {
  const names = [...teams.keys()]
    .filter((key) => key.startsWith(departmentId))
    .map((key) => key.slice(departmentId.length + 1));
  return text(
    `the name of one team of the department: ${names.slice(0, LISTED).join(', ')}`,
    `该部门某一团队的名称：${names.slice(0, LISTED).join('、')}`,
  );
}

/** Roles with the department they are held in; none for a person whose last day is over. */
function heldBy({ values, columns }: ImportRow, today: string): string[] {
  if (hasLeft(values, today)) return [];
  const roles = (values.roles ?? []) as readonly Role[];
  return roles.map((role) => `${role} ${columns.department_id}`).toSorted();
}

function hasLeft({ leftOn }: ImportRow['values'], today: string): boolean {
  return typeof leftOn === 'string' && leftOn < today;
}

/** A token's subject means one person. */
function subjectIssues(rows: readonly ImportRow[], { employees }: Directory): RowIssue[] {
  const owners = new Map(employees.map(({ subject, number }) => [subject, number]));
  return [
    ...repeatedRows(rows, 'subject', ({ values }) => String(values.subject)),
    ...rows
      .filter(({ values }) => (owners.get(String(values.subject)) ?? values.number) !== values.number)
      .map((row) => ({
        row,
        field: 'subject',
        accepted: text('a subject that no other employee has', '其他员工未使用的 subject'),
      })),
  ];
}

/** What is wrong with rows because others are refused, until no more are. */
function withConsequences(
  rows: readonly ImportRow[],
  issues: readonly RowIssue[],
  further: (refused: ReadonlySet<ImportRow>) => RowIssue[],
): RowIssue[] {
  const all = [...issues];
  const refused = new Set(all.map(({ row }) => row));
  for (let pass = 0; pass <= rows.length; pass += 1) {
    const more = further(refused).filter(({ row }) => !refused.has(row));
    if (more.length === 0) break;
    all.push(...more);
    for (const { row } of more) refused.add(row);
  }
  return all;
}

/** A manager is here, or comes with the same rows. */
function managerIssues(
  rows: readonly ImportRow[],
  refused: ReadonlySet<ImportRow>,
  { employees }: Directory,
): RowIssue[] {
  const ids = new Map(rows.filter((row) => !refused.has(row)).map((row) => [row.values.number, row.id]));
  for (const { number, id } of employees) ids.set(number, id);
  return rows.flatMap((row) => {
    const { managerNumber, number } = row.values;
    if (managerNumber == null) return [];
    const id = ids.get(managerNumber);
    row.columns.superior_id = id;
    if (id !== undefined && managerNumber !== number) return [];
    const accepted = text(
      'the number of another employee who is here or on an earlier line',
      '已存在或位于前面行的其他员工的工号',
    );
    return [{ row, field: 'managerNumber', accepted }];
  });
}

/** ORG-02: a department has one HEAD at a time. */
function headIssues(
  rows: readonly ImportRow[],
  refused: ReadonlySet<ImportRow>,
  { heads }: Directory,
): RowIssue[] {
  const taken = rows.filter((row) => !refused.has(row));
  const claims = new Map(taken.map((row) => [row.values.number, new Set(row.columns.roles as string[])]));
  const first = new Map<string, ImportRow>();
  return taken.flatMap((row) => {
    const claim = (row.columns.roles as string[]).find((held) => held.startsWith('HEAD '));
    if (claim === undefined) return [];
    const departmentId = claim.slice('HEAD '.length);
    const before = first.get(claim)?.values.number;
    const holder =
      before ??
      heads.find(
        (head) =>
          head.departmentId === departmentId &&
          head.number !== row.values.number &&
          (head.ends || (claims.get(head.number)?.has(claim) ?? true)),
      )?.number;
    if (holder === undefined) {
      first.set(claim, row);
      return [];
    }
    const accepted = text(
      `no second HEAD of the department, which ${holder} is (ORG-02)`,
      `同一部门只能有一名 HEAD，现为 ${holder}（ORG-02）`,
    );
    return [{ row, field: 'roles', accepted }];
  });
}

/**
 * Ends the roles that the file no longer has, at this instant, and begins the others. Who has left loses all, also
 * where the file says nothing of roles, and also those that would have ended later.
 */
async function writeRoles(tx: Command, written: readonly Written[], today: string): Promise<void> {
  const people = written.flatMap(({ id, row, changes }) => {
    const left = hasLeft(row.values, today);
    const concerned = changes === null || 'roles' in changes || (left && 'left_on' in changes);
    return concerned ? [{ id, roles: row.columns.roles as string[], left }] : [];
  });
  if (people.length === 0) return;
  // A role that would begin at this very instant or later was never held.
  await tx.query(sql`
    with i as (select * from jsonb_to_recordset(${JSON.stringify(people)}::jsonb) as i(id uuid, roles text[], "left" boolean)),
      over as (
        select r.id, r.valid_from >= ${tx.now}::timestamptz as unheld
        from role_assignment r join i on i.id = r.employee_id join employee e on e.id = r.employee_id
        where (r.valid_to is null and r.role || ' ' || coalesce(r.department_id, e.department_id) <> all(i.roles))
          or (i."left" and r.valid_to > ${tx.now}::timestamptz)),
      dropped as (delete from role_assignment r using over o where r.id = o.id and o.unheld),
      ended as (
        update role_assignment r set valid_to = ${tx.now}::timestamptz
        from over o where r.id = o.id and not o.unheld)
    select count(*)::int as over from over`);
  const begun = people.flatMap(({ id, roles }) =>
    roles.map((held) => {
      const [role, departmentId] = held.split(' ');
      return { id: newId(), employee_id: id, role, department_id: departmentId };
    }),
  );
  await tx.query(sql`
    with begun as (
      insert into role_assignment (id, employee_id, role, department_id, valid_from)
      select i.id, i.employee_id, i.role, i.department_id, ${tx.now}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(begun)}::jsonb)
        as i(id uuid, employee_id uuid, role "Role", department_id uuid)
      where not exists (
        select 1 from role_assignment r
        where r.employee_id = i.employee_id and r.role = i.role and r.valid_to is null
          and coalesce(r.department_id, i.department_id) = i.department_id)
      returning 1)
    select count(*)::int as begun from begun`);
}

async function writeAreas(tx: Command, written: readonly Written[]): Promise<void> {
  const moved = written.filter(({ changes }) => changes === null || 'areas' in changes);
  if (moved.length === 0) return;
  const areas = JSON.stringify(moved.map(({ id, row }) => ({ id, areas: row.columns.areas })));
  await tx.query(sql`
    with i as (select * from jsonb_to_recordset(${areas}::jsonb) as i(id uuid, areas uuid[])),
      dropped as (
        delete from employee_area a using i where a.employee_id = i.id and a.area_id <> all(i.areas)),
      added as (
        insert into employee_area (employee_id, area_id)
        select i.id, unnest(i.areas) from i on conflict do nothing)
    select count(*)::int as people from i`);
}
