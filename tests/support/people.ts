import type { Prisma } from '../../src/generated/prisma/client.ts';
import type { Role, TeamType } from '../../src/generated/prisma/enums.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { ROLES } from '../../src/organisation/rules/permissions.ts';
import type { Services } from '../../src/server.ts';
import { sql } from '../../src/platform/sql.ts';

/** A row as tests name it: `id` in the database, `nodeId` in the API. */
export interface Named {
  readonly id: string;
  readonly nodeId: string;
}

/** Ids are fixed, so that case tables can name people before a server runs. */
function named(entity: string, group: number, index: number): Named {
  const id = `01900000-0000-7000-8000-${String(group).padStart(4, '0')}${String(index).padStart(8, '0')}`;
  return { id, nodeId: globalId(entity, id) };
}

function namedAll<Code extends string>(
  entity: string,
  group: number,
  codes: readonly Code[],
): Record<Code, Named> {
  return Object.fromEntries(codes.map((code, index) => [code, named(entity, group, index + 1)])) as Record<
    Code,
    Named
  >;
}

export const areas = namedAll('Area', 1, ['EAST', 'SOUTH']);

export const departments = namedAll('Department', 2, [
  'MANAGEMENT',
  'MARKETING',
  'OPERATIONS',
  'QUALITY',
  'WAREHOUSE',
  'FINANCE',
  'HR',
  'IT',
]);

const TEAM_TYPES = {
  SALES: 'SALES',
  CUSTOMER_SERVICE: 'CUSTOMER_SERVICE',
  CUSTOMER_SERVICE_2: 'CUSTOMER_SERVICE',
  KEY_ACCOUNT: 'KEY_ACCOUNT',
  MARKET_DEVELOPMENT: 'MARKET_DEVELOPMENT',
  DATA_ANALYSIS: 'DATA_ANALYSIS',
  OFFICE: 'OTHER',
} as const satisfies Record<string, TeamType>;
type TeamCode = keyof typeof TEAM_TYPES;

/** All in MARKETING. */
export const teams = namedAll('Team', 3, Object.keys(TEAM_TYPES) as TeamCode[]);

interface Place {
  readonly department: keyof typeof departments;
  readonly team?: TeamCode;
  readonly superior?: PersonName;
  readonly area?: keyof typeof areas;
}

/** One employee for every role, named like the role, and the second ones that tests of visibility need. */
const SECONDS = {
  DEPUTY_SOUTH: 'DEPUTY',
  CS_AGENT_2: 'CS_AGENT',
  CS_AGENT_OTHER_TEAM: 'CS_AGENT',
  KA_SPECIALIST_2: 'KA_SPECIALIST',
  ACCOUNT_MANAGER_LOGISTICS_2: 'ACCOUNT_MANAGER_LOGISTICS',
  SALES_REP_2: 'SALES_REP',
  OPERATIONS_2: 'OPERATIONS',
  OTHER_DEPARTMENT_2: 'OTHER_DEPARTMENT',
} as const satisfies Record<string, Role>;

export type PersonName = Role | keyof typeof SECONDS;

const MARKETING: Place = { department: 'MARKETING', superior: 'HEAD' };
const SALES: Place = { department: 'MARKETING', team: 'SALES', superior: 'SALES_SUPERVISOR' };
const SERVICE: Place = { department: 'MARKETING', team: 'CUSTOMER_SERVICE', superior: 'CS_SUPERVISOR' };
const KEY_ACCOUNTS: Place = { department: 'MARKETING', team: 'KEY_ACCOUNT', superior: 'KA_SUPERVISOR' };

const PLACES: Record<PersonName, Place> = {
  COMPANY_LEADER: { department: 'MANAGEMENT' },
  HEAD: { department: 'MARKETING', superior: 'COMPANY_LEADER' },
  DEPUTY: { ...MARKETING, area: 'EAST' },
  DEPUTY_SOUTH: { ...MARKETING, area: 'SOUTH' },
  SALES_SUPERVISOR: { ...MARKETING, team: 'SALES' },
  CS_SUPERVISOR: { ...MARKETING, team: 'CUSTOMER_SERVICE' },
  KA_SUPERVISOR: { ...MARKETING, team: 'KEY_ACCOUNT' },
  KA_SPECIALIST: KEY_ACCOUNTS,
  KA_SPECIALIST_2: KEY_ACCOUNTS,
  ACCOUNT_MANAGER_LOGISTICS: SALES,
  ACCOUNT_MANAGER_LOGISTICS_2: SALES,
  ACCOUNT_MANAGER_LEASING: SALES,
  SALES_REP: SALES,
  SALES_REP_2: SALES,
  MARKET_DEVELOPER: { ...MARKETING, team: 'MARKET_DEVELOPMENT' },
  CS_AGENT: SERVICE,
  CS_AGENT_2: SERVICE,
  CS_AGENT_OTHER_TEAM: { ...SERVICE, team: 'CUSTOMER_SERVICE_2' },
  DATA_ANALYST: { ...MARKETING, team: 'DATA_ANALYSIS' },
  MARKETING_CLERK: { ...MARKETING, team: 'OFFICE' },
  FINANCE: { department: 'FINANCE', superior: 'COMPANY_LEADER' },
  HR: { department: 'HR', superior: 'COMPANY_LEADER' },
  OPERATIONS: { department: 'OPERATIONS', superior: 'COMPANY_LEADER' },
  OPERATIONS_2: { department: 'OPERATIONS', superior: 'OPERATIONS' },
  QUALITY: { department: 'QUALITY', superior: 'COMPANY_LEADER' },
  OTHER_DEPARTMENT: { department: 'WAREHOUSE', superior: 'COMPANY_LEADER' },
  OTHER_DEPARTMENT_2: { department: 'WAREHOUSE', superior: 'OTHER_DEPARTMENT' },
  INTERNAL_AUDITOR: { department: 'MANAGEMENT', superior: 'COMPANY_LEADER' },
  ADMIN: { department: 'IT', superior: 'COMPANY_LEADER' },
};

/** The head of each department: named in `Department.manager`. */
const MANAGERS: Partial<Record<keyof typeof departments, PersonName>> = {
  MANAGEMENT: 'COMPANY_LEADER',
  MARKETING: 'HEAD',
  OPERATIONS: 'OPERATIONS',
  QUALITY: 'QUALITY',
  WAREHOUSE: 'OTHER_DEPARTMENT',
  FINANCE: 'FINANCE',
};

export interface Person extends Named {
  readonly name: PersonName;
  readonly subject: string;
  readonly role: Role;
  readonly departmentId: string;
  readonly teamId: string | null;
}

const NAMES: readonly PersonName[] = [...ROLES, ...(Object.keys(SECONDS) as (keyof typeof SECONDS)[])];

export const people = Object.fromEntries(
  NAMES.map((name, index): [PersonName, Person] => {
    const { department, team } = PLACES[name];
    return [
      name,
      {
        ...named('Employee', 4, index + 1),
        name,
        subject: subjectOf(name),
        role: (SECONDS as Partial<Record<PersonName, Role>>)[name] ?? (name as Role),
        departmentId: departments[department].id,
        teamId: team ? teams[team].id : null,
      },
    ];
  }),
) as Record<PersonName, Person>;

function subjectOf(name: string): string {
  return `test-${name.toLowerCase().replaceAll('_', '-')}`;
}

const SINCE = new Date('2020-01-01T00:00:00Z');

function bothNames(code: string): { name: string; nameEn: string } {
  return { name: `${code} 中文`, nameEn: code };
}

/** Writes the organisation of the tests, set-based; a database that has it stays as it is. */
export async function writeOrganisation({ database }: Pick<Services, 'database'>): Promise<void> {
  const [known] = await database.query(
    sql`select 1 as found from employee where id = ${people.HEAD.id}::uuid`,
  );
  if (known) return;
  const codes = Object.keys(departments) as (keyof typeof departments)[];
  await database.transaction(async ({ prisma }) => {
    await prisma.area.createMany({
      data: Object.entries(areas).map(([code, { id }]) => ({ id, code, ...bothNames(code) })),
    });
    await prisma.department.createMany({
      data: codes.map((code) => ({ id: departments[code].id, code, ...bothNames(code) })),
    });
    await prisma.team.createMany({
      data: (Object.entries(teams) as [TeamCode, Named][]).map(([code, { id }]) => ({
        id,
        type: TEAM_TYPES[code],
        departmentId: departments.MARKETING.id,
        ...bothNames(code),
      })),
    });
    // One statement, in which a row may refer to any other: superiors need not come first.
    await prisma.employee.createMany({
      data: NAMES.map((name, index): Prisma.EmployeeCreateManyInput => {
        const { id, subject, departmentId, teamId } = people[name];
        const { superior } = PLACES[name];
        return {
          id,
          number: `T${String(index + 1).padStart(4, '0')}`,
          subject,
          ...bothNames(name),
          departmentId,
          teamId,
          superiorId: superior ? people[superior].id : null,
          hiredOn: SINCE,
        };
      }),
    });
    await prisma.roleAssignment.createMany({
      data: NAMES.map((name) => {
        const { id, role, departmentId } = people[name];
        return { employeeId: id, role, departmentId, validFrom: SINCE };
      }),
    });
    await prisma.employeeArea.createMany({
      data: NAMES.flatMap((name) => {
        const { area } = PLACES[name];
        return area ? [{ employeeId: people[name].id, areaId: areas[area].id }] : [];
      }),
    });
    for (const [code, name] of Object.entries(MANAGERS) as [keyof typeof departments, PersonName][]) {
      await prisma.department.update({
        where: { id: departments[code].id },
        data: { managerId: people[name].id },
      });
    }
  });
}
