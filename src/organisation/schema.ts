import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { nodeBy } from '../graphql/node.ts';
import { defineLoader } from '../platform/loaders.ts';
import type { Role } from '../generated/prisma/enums.ts';
import {
  type Area,
  type Department,
  type Employee,
  EMPLOYEE_FIELDS,
  employeeList,
  type Reader,
  rolesNow,
  type Team,
} from './queries.ts';
import type { Viewer } from './rules/viewer.ts';

export const AreaType = builder.objectRef<Area>('Area');
export const DepartmentType = builder.objectRef<Department>('Department');
export const TeamType = builder.objectRef<Team>('Team');
export const EmployeeType = builder.objectRef<Employee>('Employee');

/** Directory entries are answered from the process's copy; being an employee is right enough to see them (ORG-22). */
function directoryLoader<Entry extends { readonly id: string }>(
  entries: (reader: Reader) => ReadonlyMap<string, Entry>,
) {
  return defineLoader(async (reader: Reader, ids) => ids.map((id) => entries(reader).get(id) ?? null));
}

AreaType.implement({
  description: "A region of the company's business (ORG-04).",
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Short code, unique in the company.' }),
    name: t.string({
      description: 'In the language of Accept-Language.',
      resolve: (area, _args, context) => (context.locale === 'zh-CN' ? area.name : area.nameEn),
    }),
  }),
});
nodeBy(
  AreaType,
  directoryLoader((reader) => reader.organisation.areas),
);

DepartmentType.implement({
  description: 'A department of the company (ORG-01).',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Short code, unique in the company.' }),
    name: t.string({
      description: 'In the language of Accept-Language.',
      resolve: (department, _args, context) =>
        context.locale === 'zh-CN' ? department.name : department.nameEn,
    }),
    manager: t.field({
      type: EmployeeType,
      nullable: true,
      description: "The department's manager, who hears of escalations at level L3 (TIC-34).",
      resolve: (department, _args, context) =>
        context.read.organisation.employees.get(department.managerId ?? '') ?? null,
    }),
  }),
});
nodeBy(
  DepartmentType,
  directoryLoader((reader) => reader.organisation.departments),
);

TeamType.implement({
  description: 'A team inside a department (ORG-02).',
  fields: (t) => ({
    type: t.field({ type: ENUMS.TeamType, resolve: (team) => team.type }),
    name: t.string({
      description: 'In the language of Accept-Language.',
      resolve: (team, _args, context) => (context.locale === 'zh-CN' ? team.name : team.nameEn),
    }),
    department: t.field({
      type: DepartmentType,
      nullable: true,
      resolve: (team, _args, context) => context.read.organisation.departments.get(team.departmentId) ?? null,
    }),
    areas: t.field({
      type: [AreaType],
      description: 'The areas whose tickets come to its queue; none: every area (CFL-14).',
      resolve: (team, _args, context) =>
        team.areaIds.flatMap((id) => context.read.organisation.areas.get(id) ?? []),
    }),
    businessLine: t.field({
      type: ENUMS.BusinessLine,
      nullable: true,
      description: 'The line of business that it serves; null: every line.',
      resolve: (team) => team.businessLine,
    }),
  }),
});
nodeBy(
  TeamType,
  directoryLoader((reader) => reader.organisation.teams),
);

EmployeeType.implement({
  description: 'A person working for the company.',
  fields: (t) => ({
    number: t.exposeString('number', { description: 'Staff number, unique in the company.' }),
    name: t.string({
      description: 'In the language of Accept-Language.',
      resolve: (employee, _args, context) => (context.locale === 'zh-CN' ? employee.name : employee.nameEn),
    }),
    email: t.exposeString('email', { nullable: true }),
    department: t.field({
      type: DepartmentType,
      nullable: true,
      resolve: (employee, _args, context) =>
        context.read.organisation.departments.get(employee.departmentId) ?? null,
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      resolve: (employee, _args, context) =>
        context.read.organisation.teams.get(employee.teamId ?? '') ?? null,
    }),
    superior: t.field({
      type: EmployeeType,
      nullable: true,
      resolve: (employee, _args, context) =>
        context.read.organisation.employees.get(employee.superiorId ?? '') ?? null,
    }),
    roles: t.field({
      type: [ENUMS.Role],
      description: 'Roles held now; empty for a person who is not employed now.',
      resolve: (employee, _args, context) => rolesNow(context.read, employee.id),
    }),
    assignedAreas: t.field({
      type: [AreaType],
      description: 'Areas in which a deputy has the rights of the head (ORG-04).',
      resolve: (employee, _args, context) => {
        const { areas, employees } = context.read.organisation;
        return (employees.get(employee.id)?.areaIds ?? []).flatMap((id) => areas.get(id) ?? []);
      },
    }),
  }),
});
nodeBy(
  EmployeeType,
  directoryLoader((reader) => reader.organisation.employees),
);

rootList('employees', listTypes('Employee', EmployeeType, EMPLOYEE_FIELDS), {
  description: 'People of the company, past and present.',
  source: employeeList,
});

const ViewerType = builder.objectRef<Viewer>('Viewer').implement({
  description: 'The caller.',
  fields: (t) => ({
    employee: t.field({
      type: EmployeeType,
      resolve: (viewer, _args, context) => {
        const employee = context.read.organisation.employees.get(viewer.employeeId);
        if (!employee) throw new Error('The viewer has left the directory.');
        return employee;
      },
    }),
    roles: t.field({
      type: [ENUMS.Role],
      description: 'Roles valid at the instant of this request.',
      resolve: (viewer) => viewer.roles as Role[],
    }),
    permissions: t.stringList({
      description:
        'Rights as "resource:verb:SCOPE", such as "ticket:read:ALL" or "customerFile:write:ASSIGNED" (rulebook section 23).',
      resolve: (viewer) => [...viewer.rights].sort(),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    description: 'Who asks, and what they may do.',
    resolve: (_root, _args, context) => context.read.viewer,
  }),
);
