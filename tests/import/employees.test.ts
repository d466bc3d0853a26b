import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { observed } from '../../src/platform/database.ts';
import { sql } from '../../src/platform/sql.ts';
import { findViewer, loadOrganisation } from '../../src/organisation/queries.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import type { Database } from '../../src/platform/database.ts';
import { EXAMPLES, fileOf, importInto, NOW, openDatabase } from './kit.ts';

const FILE = join(EXAMPLES, 'employees.csv');
const MAPPING = { mapping: join(EXAMPLES, 'employees.mapping.json') };
const LATER = '2026-11-24T01:00:00.000Z';

let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await openDatabase(fresh);
  await database.query(sql`
    with area_row as (insert into area (id, code, name, name_en) values (gen_random_uuid(), 'EAST', '华东', 'East')),
      department_row as (
        insert into department (id, code, name, name_en)
        values (gen_random_uuid(), 'MARKETING', '市场营销部', 'Marketing'), (gen_random_uuid(), 'FINANCE', '财务部', 'Finance')
        returning id, code)
    insert into team (id, type, department_id, name, name_en)
    select gen_random_uuid(), 'CUSTOMER_SERVICE', id, '客户服务组', 'Service' from department_row where code = 'MARKETING'
    returning 1 as made`);
});

afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function rolesOf(subject: string, at: string): Promise<readonly string[] | null> {
  return findViewer(await loadOrganisation(database), subject, new Date(at), 'Asia/Shanghai')?.roles ?? null;
}

const HEADER = 'number,subject,name,department,team,managerNumber,roles,hiredOn,leftOn';

function rows(name: string, ...lines: string[]): string {
  return fileOf(name, [HEADER, ...lines].join('\n'));
}

test('[ORG-01] a register of people brings their place and roles; a dry run brings nothing', async () => {
  const dry = await importInto(database, 'employees', FILE, { ...MAPPING, dryRun: true });
  expect(dry.told).toEqual([]);
  expect(dry.counts).toMatchObject({ rows: 6, created: 6, refused: 0 });
  expect(await rolesOf('zhang.wei', NOW)).toBeNull();

  const { counts, told } = await importInto(database, 'employees', FILE, MAPPING);
  expect(told).toEqual([]);
  expect(counts).toMatchObject({ created: 6 });
  expect(await rolesOf('zhang.wei', NOW)).toEqual(['HEAD']);
  expect(await rolesOf('wang.fang', NOW)).toEqual(['CS_AGENT', 'CS_SUPERVISOR']);
  expect(await rolesOf('chen.jing', NOW)).toBeNull();
  expect(
    await database.query(sql`
      select r.role from role_assignment r join employee e on e.id = r.employee_id where e.number = 'S1005'`),
  ).toEqual([]);
  const [deputy] = await database.query<{ area: string; superior: string; hired: string }>(sql`
    select a.code as area, s.number as superior, e.hired_on::text as hired
    from employee e join employee s on s.id = e.superior_id
    join employee_area ea on ea.employee_id = e.id join area a on a.id = ea.area_id
    where e.number = 'S1004'`);
  expect(deputy).toEqual({ area: 'EAST', superior: 'S1001', hired: '2019-05-06' });
});

test('the same file again changes nothing and writes nothing', async () => {
  const [before] = await database.query(
    sql`select (select count(*)::int from audit_log) as audit, (select count(*)::int from outbox) as events`,
  );
  expect((await importInto(database, 'employees', FILE, MAPPING)).counts).toMatchObject({
    unchanged: 6,
    changed: 0,
  });
  expect(
    await database.query(
      sql`select (select count(*)::int from audit_log) as audit, (select count(*)::int from outbox) as events`,
    ),
  ).toEqual([before]);
});

test('[PRM-06] a change of role ends the old one at that instant, is audited, and every process hears of it', async () => {
  const heard = () =>
    database.query<{ kind: string }>(sql`select 1 as one from outbox where kind = 'DIRECTORY_CHANGED'`);
  const before = (await heard()).length;
  const file = rows('moved.csv', 'S1003,li.na,李娜,财务部,,,FINANCE,2021-09-01,');
  const { counts, told } = await importInto(database, 'employees', file, { now: LATER });
  expect(told).toEqual([]);
  expect(counts).toMatchObject({ changed: 1 });
  expect(await rolesOf('li.na', LATER)).toEqual(['FINANCE']);
  expect(findViewer(await loadOrganisation(database), 'li.na', new Date(LATER), 'UTC')?.rolesSince).toEqual(
    new Date(LATER),
  );
  expect((await heard()).length).toBeGreaterThan(before);
  const [entry] = await database.query<{ before: { roles: string[] }; after: { roles: string[] } }>(sql`
    select a.before, a.after from audit_log a join employee e on e.id = a.subject_id
    where a.action = 'employeeImport' and e.number = 'S1003' and a.before is not null`);
  expect(entry?.before.roles[0]).toMatch(/^CS_AGENT /);
  expect(entry?.after.roles[0]).toMatch(/^FINANCE /);
});

test('[PRM-06] who has left is nobody, and holds no role any more, even where the file says nothing of roles', async () => {
  expect(await rolesOf('wang.fang', LATER)).not.toBeNull();
  const file = fileOf(
    'left.csv',
    'number,subject,name,department,hiredOn,leftOn\nS1002,wang.fang,王芳,MARKETING,2018-07-16,2026-11-20',
  );
  expect((await importInto(database, 'employees', file, { now: LATER })).counts).toMatchObject({
    changed: 1,
  });
  expect(await rolesOf('wang.fang', LATER)).toBeNull();
  expect(
    await database.query(sql`
    select r.role from role_assignment r join employee e on e.id = r.employee_id
    where e.number = 'S1002' and (r.valid_to is null or r.valid_to > ${LATER}::timestamptz)`),
  ).toEqual([]);
});

test('[ORG-02] a second HEAD is refused, and one that follows another in the same file is not', async () => {
  const second = rows('second.csv', 'S2001,zhao.lei,赵磊,MARKETING,,,HEAD,2020-01-01,');
  expect((await importInto(database, 'employees', second)).told).toEqual([
    '2 roles: no second HEAD of the department, which S1001 is (ORG-02)',
  ]);
  const follows = rows(
    'follows.csv',
    'S2001,zhao.lei,赵磊,MARKETING,,S1001,HEAD,2020-01-01,',
    'S1001,zhang.wei,张伟,MARKETING,,,COMPANY_LEADER,2016-03-01,',
  );
  expect((await importInto(database, 'employees', follows, { now: LATER })).told).toEqual([]);
  expect(await rolesOf('zhao.lei', LATER)).toEqual(['HEAD']);
  expect(await rolesOf('zhang.wei', LATER)).toEqual(['COMPANY_LEADER']);
});

test('a row that names what is not here tells the field and what is accepted', async () => {
  const file = rows(
    'wrong.csv',
    'S3001,a,甲,仓储部,,,CS_AGENT,2020-01-01,',
    'S3002,b,乙,MARKETING,销售组,,CS_AGENT,2020-01-01,',
    'S3003,c,丙,MARKETING,,S9999,CS_AGENT,2020-01-01,',
    'S3004,d,丁,MARKETING,,S3003,CS_AGENT,2020-01-01,',
    'S3005,zhang.wei,戊,MARKETING,,,CS_AGENT,2020-01-01,',
    'S3006,f,己,MARKETING,,,BOSS,2020-13-01,',
    'S3007,g,庚,MARKETING,,,,2020-01-02,2020-01-01',
  );
  const { counts, told } = await importInto(database, 'employees', file);
  expect(counts).toMatchObject({ refused: 7, created: 0 });
  expect(told.map((one) => one.slice(0, 60))).toEqual([
    expect.stringMatching(/^2 department: the code or name of a department here: /),
    '3 team: the name of one team of the department: 客户服务组, Service, '.slice(0, 60),
    '4 managerNumber: the number of another employee who is here '.slice(0, 60),
    '5 managerNumber: the number of another employee who is here '.slice(0, 60),
    '6 subject: a subject that no other employee has',
    expect.stringMatching(/^7 roles: a list, parted by commas or semicolons: each one of/),
    expect.stringMatching(/^7 hiredOn: a day such as/),
    '8 leftOn: not before hiredOn',
  ]);
});

test('a batch takes the same number of statements however many rows it has', async () => {
  async function statements(people: number, prefix: string): Promise<number> {
    let count = 0;
    const counted = observed(database, () => {
      count += 1;
    });
    const lines = Array.from(
      { length: people },
      (_, at) => `${prefix}${at},${prefix}${at},某人,MARKETING,,S1001,CS_AGENT,2020-01-01,`,
    );
    expect((await importInto(counted, 'employees', rows(`${prefix}.csv`, ...lines))).counts).toMatchObject({
      created: people,
    });
    return count;
  }
  expect(await statements(200, 'M')).toBe(await statements(2, 'F'));
});
