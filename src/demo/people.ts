import type { Role, TeamType } from '../generated/prisma/enums.ts';
import { ROLES } from '../organisation/rules/permissions.ts';
import type { Command } from '../platform/command.ts';

/**
 * Ids of the demo company follow from what they are of and a number, as company.sql makes them: two seeds of one size
 * agree in all of them.
 */
export function demoId(kind: string, number: number): string {
  return `0190${kind}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** The `sub` claim of the demo company's holder of a role. */
export function demoSubject(role: Role): string {
  return `demo-${role.toLowerCase().replaceAll('_', '-')}`;
}

const DEPARTMENTS = {
  MANAGEMENT: ['公司管理层', 'Management'],
  MARKETING: ['市场营销部', 'Marketing'],
  OPERATIONS: ['快递业务部', 'Express Operations'],
  QUALITY: ['质量控制部', 'Quality Control'],
  FINANCE: ['财务部', 'Finance'],
  HR: ['人力资源部', 'Human Resources'],
  IT: ['信息部', 'Information Technology'],
} as const;

const TEAMS = {
  MARKET_DEVELOPMENT: ['市场拓展组', 'Market Development'],
  SALES: ['销售组', 'Sales'],
  CUSTOMER_SERVICE: ['客户服务组', 'Customer Service'],
  DATA_ANALYSIS: ['数据分析组', 'Data Analysis'],
  KEY_ACCOUNT: ['大客户组', 'Key Accounts'],
  OTHER: ['综合组', 'Office'],
} as const satisfies Record<TeamType, readonly [string, string]>;

const AREAS = [
  ['EAST', '华东', 'East China'],
  ['SOUTH', '华南', 'South China'],
  ['NORTH', '华北', 'North China'],
] as const;

/** Who works where: one person per role. */
const STAFF: Record<
  Role,
  readonly [name: string, nameEn: string, department: keyof typeof DEPARTMENTS, team: TeamType | null]
> = {
  COMPANY_LEADER: ['陈国栋', 'Chen Guodong', 'MANAGEMENT', null],
  HEAD: ['林晓梅', 'Lin Xiaomei', 'MARKETING', null],
  DEPUTY: ['周志强', 'Zhou Zhiqiang', 'MARKETING', null],
  SALES_SUPERVISOR: ['吴建华', 'Wu Jianhua', 'MARKETING', 'SALES'],
  CS_SUPERVISOR: ['赵敏', 'Zhao Min', 'MARKETING', 'CUSTOMER_SERVICE'],
  KA_SUPERVISOR: ['孙立', 'Sun Li', 'MARKETING', 'KEY_ACCOUNT'],
  KA_SPECIALIST: ['何静', 'He Jing', 'MARKETING', 'KEY_ACCOUNT'],
  ACCOUNT_MANAGER_LOGISTICS: ['郭磊', 'Guo Lei', 'MARKETING', 'SALES'],
  ACCOUNT_MANAGER_LEASING: ['马超', 'Ma Chao', 'MARKETING', 'SALES'],
  SALES_REP: ['朱琳', 'Zhu Lin', 'MARKETING', 'SALES'],
  MARKET_DEVELOPER: ['胡军', 'Hu Jun', 'MARKETING', 'MARKET_DEVELOPMENT'],
  CS_AGENT: ['罗燕', 'Luo Yan', 'MARKETING', 'CUSTOMER_SERVICE'],
  DATA_ANALYST: ['高翔', 'Gao Xiang', 'MARKETING', 'DATA_ANALYSIS'],
  MARKETING_CLERK: ['郑洁', 'Zheng Jie', 'MARKETING', 'OTHER'],
  FINANCE: ['谢芳', 'Xie Fang', 'FINANCE', null],
  HR: ['韩雪', 'Han Xue', 'HR', null],
  OPERATIONS: ['唐勇', 'Tang Yong', 'OPERATIONS', null],
  QUALITY: ['冯涛', 'Feng Tao', 'QUALITY', null],
  OTHER_DEPARTMENT: ['于洋', 'Yu Yang', 'OPERATIONS', null],
  INTERNAL_AUDITOR: ['董洁', 'Dong Jie', 'MANAGEMENT', null],
  ADMIN: ['萧然', 'Xiao Ran', 'IT', null],
};

export interface DemoPeople {
  readonly areas: readonly string[];
  readonly departments: Readonly<Record<keyof typeof DEPARTMENTS, string>>;
  readonly teams: Readonly<Record<TeamType, string>>;
  readonly employees: Readonly<Record<Role, string>>;
}

/** Writes the organisation of the demo company. */
export async function seedPeople(tx: Command): Promise<DemoPeople> {
  const validFrom = new Date(tx.now.getTime() - 400 * 86_400_000);
  const areas = AREAS.map(([code, name, nameEn], at) => ({ id: demoId('a000', at + 1), code, name, nameEn }));
  const departments = withIds('d000', DEPARTMENTS);
  const teams = withIds('7000', TEAMS);
  const employees = Object.fromEntries(ROLES.map((role, at) => [role, demoId('e000', at + 1)])) as Record<
    Role,
    string
  >;
  await tx.prisma.area.createMany({ data: areas });
  await tx.prisma.department.createMany({
    data: Object.entries(DEPARTMENTS).map(([code, [name, nameEn]]) => ({
      id: departments[code as keyof typeof DEPARTMENTS],
      code,
      name,
      nameEn,
    })),
  });
  await tx.prisma.team.createMany({
    data: Object.entries(TEAMS).map(([type, [name, nameEn]]) => ({
      id: teams[type as TeamType],
      type: type as TeamType,
      departmentId: departments.MARKETING,
      name,
      nameEn,
    })),
  });
  await tx.prisma.employee.createMany({
    data: ROLES.map((role, index) => {
      const [name, nameEn, department, team] = STAFF[role];
      return {
        id: employees[role],
        number: `E${String(index + 1).padStart(4, '0')}`,
        subject: demoSubject(role),
        name,
        nameEn,
        departmentId: departments[department],
        teamId: team && teams[team],
        hiredOn: validFrom,
      };
    }),
  });
  await tx.prisma.roleAssignment.createMany({
    data: ROLES.map((role, at) => ({
      id: demoId('f000', at + 1),
      employeeId: employees[role],
      role,
      departmentId: departments[STAFF[role][2]],
      validFrom,
    })),
  });
  await tx.prisma.employeeArea.create({ data: { employeeId: employees.DEPUTY, areaId: areas[0]?.id ?? '' } });
  await tx.prisma.department.update({
    where: { id: departments.OPERATIONS },
    data: { managerId: employees.OPERATIONS },
  });
  await tx.prisma.department.update({
    where: { id: departments.MARKETING },
    data: { managerId: employees.HEAD },
  });
  return { areas: areas.map((area) => area.id), departments, teams, employees };
}

function withIds<Code extends string>(kind: string, table: Record<Code, unknown>): Record<Code, string> {
  return Object.fromEntries(Object.keys(table).map((code, at) => [code, demoId(kind, at + 1)])) as Record<
    Code,
    string
  >;
}
