import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, observed } from '../../src/platform/database.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { EXAMPLES, fileOf, importInto, openDatabase } from './kit.ts';

const example = (name: string) => ({
  path: join(EXAMPLES, `${name}.csv`),
  mapping: { mapping: join(EXAMPLES, `${name}.mapping.json`) },
});
const PEOPLE = example('employees');
const TARGETS = example('kpi-targets');
const BUDGETS = example('budgets');

let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await openDatabase(fresh);
  await database.query(sql`
    with area_row as (insert into area (id, code, name, name_en) values (gen_random_uuid(), 'EAST', '华东', 'East')),
      department_row as (
        insert into department (id, code, name, name_en) values (gen_random_uuid(), 'MARKETING', '市场营销部', 'Marketing')
        returning id),
      customer_row as (
        insert into customer (id, number, name, lifecycle, created_at, updated_at)
        values (gen_random_uuid(), 'C0000001', '远大贸易', 'ACTIVE', now(), now()))
    insert into team (id, type, department_id, name, name_en)
    select gen_random_uuid(), 'CUSTOMER_SERVICE', id, '客户服务组', 'Service' from department_row
    returning 1 as made`);
  expect((await importInto(database, 'employees', PEOPLE.path, PEOPLE.mapping)).told).toEqual([]);
});

afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function statementsOf(kind: string, path: string, created: number): Promise<number> {
  let count = 0;
  const counted = observed(database, () => {
    count += 1;
  });
  const ran = await importInto(counted, kind, path);
  expect(ran.told).toEqual([]);
  expect(ran.counts).toMatchObject({ created });
  return count;
}

describe('Targets', () => {
  const HEADER = 'kpi,scope,scopeName,period,value,tolerance,setByNumber';
  const rows = (name: string, ...lines: string[]) => fileOf(name, [HEADER, ...lines].join('\n'));

  const target = (key: string, period: string) =>
    database.query<{ kind: string; value: string; tolerance: string; version: number; setBy: string }>(sql`
      select t.dimension_kind as kind, trim_scale(t.value)::text as value, trim_scale(t.tolerance)::text as tolerance,
             t.version, e.number as "setBy"
      from kpi_target t join employee e on e.id = t.set_by_id where t.key = ${key} and t.period = ${period}`);

  test('[KPM-02] a file sets targets as kpiTargetSet does, is watched at the end of their periods, and changes nothing again', async () => {
    expect(
      (await importInto(database, 'targets', TARGETS.path, { ...TARGETS.mapping, dryRun: true })).counts,
    ).toMatchObject({ created: 4 });
    expect(await target('KPI_37', '2026')).toEqual([]);
    const { counts, told } = await importInto(database, 'targets', TARGETS.path, TARGETS.mapping);
    expect(told).toEqual([]);
    expect(counts).toMatchObject({ created: 4 });
    expect(await target('KPI_37', '2026')).toEqual([
      { kind: 'COMPANY', value: '95', tolerance: '2', version: 1, setBy: 'S1001' },
    ]);
    expect(await target('KPI_37', '2026-Q4')).toEqual([
      { kind: 'DEPARTMENT', value: '92.5', tolerance: '4.625', version: 1, setBy: 'S1001' },
    ]);
    expect(
      await database.query(
        sql`select count(*)::int as count from obligation where kind = 'KPI_PERIOD_END' and state = 'OPEN'`,
      ),
    ).toEqual([{ count: 4 }]);
    expect((await importInto(database, 'targets', TARGETS.path, TARGETS.mapping)).counts).toMatchObject({
      unchanged: 4,
    });
  });

  test('a changed row is a new version with an audit entry; one that somebody set here since is kept', async () => {
    const file = rows('changed.csv', 'KPI_37,COMPANY,,2026,96,2,S1006');
    expect((await importInto(database, 'targets', file)).counts).toMatchObject({ changed: 1 });
    expect(await target('KPI_37', '2026')).toEqual([
      { kind: 'COMPANY', value: '96', tolerance: '2', version: 2, setBy: 'S1006' },
    ]);
    expect(
      await database.query(sql`
        select (a.before->>'value')::float as before, (a.after->>'value')::float as after from audit_log a
        where a.action = 'kpiTargetImport' and a.before is not null`),
    ).toEqual([{ before: 95, after: 96 }]);
    await database.query(sql`
      insert into audit_log (id, at, action, subject_type, subject_id)
      select gen_random_uuid(), now(), 'kpiTargetSet', 'KpiTarget', id from kpi_target where key = 'KPI_37' and period = '2026'
      returning 1 as made`);
    const again = rows('again.csv', 'KPI_37,COMPANY,,2026,97,2,S1006');
    expect((await importInto(database, 'targets', again)).counts).toMatchObject({ kept: 1, changed: 0 });
  });

  test('[KPM-02] a value off target is told at once', async () => {
    await database.query(sql`
      insert into customer (id, number, name, lifecycle, created_at, updated_at)
      values (gen_random_uuid(), 'C0000002', '远大', 'ACTIVE', now(), now()) returning 1 as made`);
    const file = rows('off.csv', 'KPI_01,CUSTOMER,C0000002,2025,1000,0,S1001');
    expect((await importInto(database, 'targets', file)).told).toEqual([]);
    expect(
      await database.query(
        sql`select payload->>'key' as key, payload->>'period' as period from outbox where kind = 'KPI_OFF_TARGET'`,
      ),
    ).toEqual([{ key: 'KPI_01', period: '2025' }]);
  });

  test('a row against the rules of its metric tells the field and what is accepted', async () => {
    const file = rows(
      'wrong.csv',
      'KPI_999,COMPANY,,2026,1,,S1001',
      'KPI_37,COMPANY,,2026-11,101,,S1001',
      'KPI_37,DEPARTMENT,仓储部,2026-11,90,,S1001',
      'KPI_37,COMPANY,,2026-13,90,,S1001',
      'KPI_37,COMPANY,,2026-10,90,-1,S1001',
      'KPI_37,COMPANY,,2026-09,90,,S1003',
      'KPI_37,DEPARTMENT,,2026-09,90,,S1001',
      'KPI_37,DEPARTMENT,MARKETING,2026-08,90,,S1001',
      'KPI_37,DEPARTMENT,市场营销部,2026-08,91,,S1001',
    );
    const { counts, told } = await importInto(database, 'targets', file);
    expect(counts).toMatchObject({ created: 1, refused: 8 });
    expect(told.map((one) => one.split(': ').slice(0, 2).join(': ').slice(0, 50))).toEqual([
      '2 kpi: one of KPI_01, KPI_02, KPI_03, KPI_04, KPI_05'.slice(0, 50),
      '3 value: 0 to 100 percent',
      '4 scopeName: the code or name of a department here',
      expect.stringMatching(/^5 period: "2026-13" is no period/),
      '6 tolerance: 0 or more, with at most six places',
      '7 setByNumber: the number of an employee who may set targets'.slice(0, 50),
      '8 scopeName: not empty',
      expect.stringMatching(/^10 kpi: each record once; it already stands on/),
    ]);
  });

  test('a batch takes the same number of statements however many rows it has', async () => {
    const file = (name: string, from: number, count: number) =>
      rows(name, ...Array.from({ length: count }, (_, at) => `KPI_37,COMPANY,,${from + at},90,,S1001`));
    expect(await statementsOf('targets', file('many.csv', 2040, 60), 60)).toBe(
      await statementsOf('targets', file('few.csv', 2110, 2), 2),
    );
  });
});

describe('Budgets', () => {
  const HEADER = 'year,department,category,item,scope,standard,amount,justification,state,drafterNumber';
  const rows = (name: string, ...lines: string[]) => fileOf(name, [HEADER, ...lines].join('\n'));

  const budget = (year: number) =>
    database.query<{ state: string; version: number; lines: string[]; writers: number }>(sql`
      select b.state, b.version, cardinality(b.writer_ids) as writers,
             (select jsonb_agg(l.number || ' ' || l.item || ' ' || l.amount order by l.number) from budget_line l
              where l.budget_id = b.id) as lines
      from budget b where b.year = ${year}`);

  const setState = (year: number, state: string) =>
    database.query(sql`
      update budget set state = ${state}::"BudgetState", approved_at = now() where year = ${year} returning 1 as made`);

  test('[BUD-01] lines come with the budget of their year and department; again they change nothing', async () => {
    expect(
      (await importInto(database, 'budgets', BUDGETS.path, { ...BUDGETS.mapping, dryRun: true })).counts,
    ).toMatchObject({ created: 4 });
    expect(await budget(2027)).toEqual([]);
    const { counts, told } = await importInto(database, 'budgets', BUDGETS.path, BUDGETS.mapping);
    expect(told).toEqual([]);
    expect(counts).toMatchObject({ created: 4 });
    expect(await budget(2027)).toEqual([
      {
        state: 'DRAFT',
        version: 1,
        writers: 1,
        lines: ['1 华东展会 240000.00', '2 回访通话费 36000.00', '3 客服技能培训 48000.00'],
      },
    ]);
    expect(await budget(2025)).toMatchObject([{ state: 'CLOSED', lines: ['1 行业媒体投放 150000.00'] }]);
    expect((await importInto(database, 'budgets', BUDGETS.path, BUDGETS.mapping)).counts).toMatchObject({
      unchanged: 4,
    });
    expect(await budget(2027)).toMatchObject([{ version: 1 }]);
  });

  test('[BUD-04] a draft takes changed and further lines, with their writer; an approved budget takes none', async () => {
    const changed = rows(
      'changed-lines.csv',
      '2027,MARKETING,CUSTOMER_SERVICE,回访通话费,重点客户每月回访,,40000,客户满意度目标 95%,,S1006',
      '2027,MARKETING,OTHER,办公用品,全部门,,5000,日常,,S1006',
    );
    expect((await importInto(database, 'budgets', changed)).counts).toMatchObject({ changed: 1, created: 1 });
    expect(await budget(2027)).toMatchObject([
      { version: 2, lines: expect.arrayContaining(['2 回访通话费 40000.00', '4 办公用品 5000.00']) },
    ]);
    await setState(2027, 'APPROVED');
    const more = rows(
      'approved.csv',
      '2027,MARKETING,CUSTOMER_SERVICE,回访通话费,重点客户每月回访,,99999,客户满意度目标 95%,,S1006',
      '2027,MARKETING,OTHER,新项目,全部门,,5000,日常,,S1006',
      '2027,MARKETING,OTHER,办公用品,全部门,,5000,日常,,S1006',
    );
    const ran = await importInto(database, 'budgets', more);
    const accepted =
      'year: a year whose budget is a draft; that of 2027 is APPROVED and changes by its own steps only (BUD-04)';
    expect(ran.told).toEqual([`2 ${accepted}`, `3 ${accepted}`]);
    expect(ran.counts).toMatchObject({ refused: 2, unchanged: 1, changed: 0 });
    await setState(2027, 'DRAFT');
  });

  test('lines that somebody has revised here since are kept', async () => {
    await database.query(sql`
      insert into audit_log (id, at, action, subject_type, subject_id)
      select gen_random_uuid(), now(), 'budget.REVISE', 'Budget', id from budget where year = 2027 returning 1 as made`);
    const file = rows(
      'revised.csv',
      '2027,MARKETING,OTHER,办公用品,全部门,,6000,日常,,S1006',
      '2027,MARKETING,OTHER,再一项,全部门,,6000,日常,,S1006',
    );
    const ran = await importInto(database, 'budgets', file);
    expect(ran.counts).toMatchObject({ kept: 1, refused: 1 });
    expect(ran.told).toEqual(['3 item: an item of the budget, which somebody has revised here since']);
  });

  test('a row against the rules tells the field and what is accepted', async () => {
    const file = rows(
      'wrong-lines.csv',
      '2028,仓储部,OTHER,甲,范围,,1,理由,,S1006',
      '2028,MARKETING,OTHER,乙,范围,,1,理由,CLOSED,S1006',
      '2028,MARKETING,OTHER,丙,范围,,1,理由,,S1002',
      '2028,MARKETING,OTHER,丁,范围,,1,理由,ACTIVE,S1006',
      '2028,MARKETING,OTHER,戊,范围,,-1,理由,,S1006',
      '2025,MARKETING,OTHER,己,范围,,1,理由,DRAFT,S1006',
      '2028,MARKETING,OTHER,庚,范围,,1,理由,,S1006',
      '2028,市场营销部,OTHER,庚,范围,,2,理由,,S1006',
    );
    const { counts, told } = await importInto(database, 'budgets', file);
    expect(counts).toMatchObject({ created: 1, refused: 7 });
    expect(told.map((one) => one.slice(0, 48))).toEqual([
      '2 department: the code or name of a department here: MARKETING'.slice(0, 48),
      '3 state: DRAFT; CLOSED for past years only',
      '4 drafterNumber: the number of an employee who may draft'.slice(0, 48),
      '5 state: one of DRAFT, CLOSED',
      '6 amount: an amount of 0 or more with at most two places'.slice(0, 48),
      '7 state: CLOSED, as the budget is here',
      '9 item: each record once; it already stands on line 8'.slice(0, 48),
    ]);
  });

  test('a budget has at most 200 lines, and a batch the same number of statements however many it has', async () => {
    const file = (name: string, year: number, count: number) =>
      rows(
        name,
        ...Array.from({ length: count }, (_, at) => `${year},MARKETING,OTHER,项目${at},范围,,1,理由,,S1006`),
      );
    expect(await statementsOf('budgets', file('many-lines.csv', 2030, 200), 200)).toBe(
      await statementsOf('budgets', file('few-lines.csv', 2031, 2), 2),
    );
    const one = rows('one-more.csv', '2030,MARKETING,OTHER,再一项,范围,,1,理由,,S1006');
    expect((await importInto(database, 'budgets', one)).told).toEqual([
      '2 item: at most 200 lines in a budget',
    ]);
  });
});
