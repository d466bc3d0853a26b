import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, observed, type Transaction } from '../../src/platform/database.ts';
import { type Sql, sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { fileOf, importInto, mappingOf, NOW, openDatabase } from './kit.ts';

let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await openDatabase(fresh);
  await database.query(sql`
    with area_row as (insert into area (id, code, name, name_en) values (gen_random_uuid(), 'EAST', '华东', 'East') returning id),
      department_row as (
        insert into department (id, code, name, name_en) values (gen_random_uuid(), 'MARKETING', '市场', 'Marketing') returning id),
      team_row as (
        insert into team (id, type, department_id, name, name_en)
        select gen_random_uuid(), 'CUSTOMER_SERVICE', id, '客服', 'Service' from department_row returning id)
    insert into employee (id, number, subject, name, name_en, department_id, hired_on)
    select gen_random_uuid(), 'E1', 'e1', '员工', 'Employee', id, '2020-01-01' from department_row
    returning 1 as made`);
});

afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function one<Row>(statement: Sql): Promise<Row> {
  const [row, ...more] = await database.query<Row>(statement);
  if (!row || more.length > 0) throw new Error(`${more.length + (row ? 1 : 0)} rows where one is expected`);
  return row;
}

async function countOf(
  table: 'ticket' | 'ticket_history' | 'audit_log' | 'obligation' | 'outbox',
): Promise<number> {
  const tables = {
    ticket: sql`ticket`,
    ticket_history: sql`ticket_history`,
    audit_log: sql`audit_log`,
    obligation: sql`obligation`,
    outbox: sql`outbox`,
  };
  return (await one<{ count: number }>(sql`select count(*)::int as count from ${tables[table]}`)).count;
}

interface TicketRow {
  readonly number: string;
  readonly status: string;
  readonly subject: string;
  readonly resolvedAt: Date | null;
  readonly closedAt: Date | null;
  readonly resolutionDueAt: Date | null;
  readonly version: number;
}

function ticket(source: string, externalId: string): Promise<TicketRow> {
  return one<TicketRow>(sql`
    select number, status::text as status, subject, resolved_at as "resolvedAt", closed_at as "closedAt",
           resolution_due_at as "resolutionDueAt", version
    from ticket where source = ${source} and external_id = ${externalId}`);
}

/** A mapping of `id,title,opened,due,closed` for a source of its own. */
function mapping(source: string, more: object = {}): string {
  return mappingOf(`${source}.json`, {
    kind: 'tickets',
    source,
    externalId: 'id',
    timeZone: 'UTC',
    fields: {
      category: { constant: 'INQUIRY' },
      channel: { constant: 'PHONE' },
      subject: 'title',
      openedAt: 'opened',
      resolutionDueAt: 'due',
      closedAt: 'closed',
      ...more,
    },
  });
}

const HEADER = 'id,title,opened,due,closed';

function rows(count: number, title = 'Lost parcel'): string[] {
  return Array.from(
    { length: count },
    (_, index) => `${index + 1},${title},2026-01-05 08:00,2026-01-06 08:00,2026-01-05 12:00`,
  );
}

function csv(name: string, lines: readonly string[], header = HEADER): string {
  return fileOf(`${name}.csv`, [header, ...lines].join('\n'));
}

describe('Tickets come as history', () => {
  test('closed ones with their times, open ones in work, each with a number, a team and one line of history', async () => {
    const path = csv('history', [
      '1,Where is it,2026-01-05 08:00,2026-01-06 08:00,2026-01-05 12:00',
      '2,What does it cost,2026-01-05 09:00,,',
    ]);
    const before = { obligations: await countOf('obligation'), events: await countOf('outbox') };
    const { counts } = await importInto(database, 'tickets', path, { mapping: mapping('history') });
    expect(counts).toEqual({ rows: 2, created: 2, changed: 0, unchanged: 0, kept: 0, refused: 0 });
    expect(await ticket('history', '1')).toEqual({
      number: expect.stringMatching(/^T\d{9}$/),
      status: 'CLOSED',
      subject: 'Where is it',
      resolvedAt: new Date('2026-01-05T12:00:00Z'),
      closedAt: new Date('2026-01-05T12:00:00Z'),
      resolutionDueAt: new Date('2026-01-06T08:00:00Z'),
      version: 1,
    });
    expect(await ticket('history', '2')).toMatchObject({
      status: 'IN_PROGRESS',
      resolvedAt: null,
      resolutionDueAt: null,
    });
    expect(
      await one(sql`
        select t.content, t.category::text as category, t.registered_at as "registeredAt", t.cycle_started_at as "cycleStartedAt",
               t.cycle, t.created_at as "createdAt", e.type::text as team, h.action, h."from", h."to"::text as "to", h.at
        from ticket t join team e on e.id = t.team_id join ticket_history h on h.ticket_id = t.id
        where t.source = 'history' and t.external_id = '2'`),
    ).toEqual({
      content: 'What does it cost',
      category: 'INQUIRY',
      registeredAt: new Date('2026-01-05T09:00:00Z'),
      cycleStartedAt: new Date('2026-01-05T09:00:00Z'),
      cycle: 0,
      createdAt: new Date(NOW),
      team: 'CUSTOMER_SERVICE',
      action: 'IMPORT',
      from: null,
      to: 'IN_PROGRESS',
      at: new Date(NOW),
    });
    // No clock runs for them.
    expect({ obligations: await countOf('obligation'), events: await countOf('outbox') }).toEqual(before);
    expect(
      await one(sql`select after from audit_log where action = 'import' and after->>'file' = 'history.csv'`),
    ).toEqual({
      after: { file: 'history.csv', lines: [2, 3], created: 2, changed: 0 },
    });
  });

  const refused: [string, string, string, string][] = [
    [
      'a complaint without a deadline',
      'COMPLAINT,,2026-01-05,,',
      'due',
      'not empty: a complaint has a deadline (TIC-12)',
    ],
    [
      'an answered complaint',
      'COMPLAINT,ANSWERED,2026-01-05,2026-01-06,',
      'status',
      'for COMPLAINT one of RECEIVED, ACKNOWLEDGED, ',
    ],
    [
      'an inquiry under investigation',
      'INQUIRY,INVESTIGATING,2026-01-05,,',
      'status',
      'for INQUIRY one of RECEIVED, IN_PROGRESS, ',
    ],
    [
      'closed without a time',
      'INQUIRY,CLOSED,2026-01-05,,',
      'closed',
      'not empty: a closed ticket has the time when it was closed',
    ],
    [
      'open with a closing time',
      'INQUIRY,IN_PROGRESS,2026-01-05,,2026-01-06',
      'closed',
      'empty in state IN_PROGRESS',
    ],
    [
      'closed before it was opened',
      'INQUIRY,CLOSED,2026-01-05,,2026-01-04',
      'closed',
      'not before the ticket was opened',
    ],
    ['opened in the future', 'INQUIRY,,2026-12-01,,', 'opened', 'not in the future'],
  ];
  test.each(refused)('%s is refused', async (_what, cells, column, accepted) => {
    const path = csv('state', [`1,${cells}`], 'id,category,status,opened,due,closed');
    const fields = { category: 'category', status: 'status', subject: { constant: 'x' } };
    const { counts, told } = await importInto(database, 'tickets', path, {
      mapping: mapping('state', fields),
      dryRun: true,
    });
    expect(told).toEqual([expect.stringContaining(`2 ${column}: ${accepted}`)]);
    expect(counts).toMatchObject({ created: 0, refused: 1 });
  });

  test('a complaint with its deadline is taken', async () => {
    const path = csv('complaint', ['1,Broken,2026-01-05 08:00,2026-01-08 08:00,']);
    const fields = { category: { constant: 'COMPLAINT' }, severity: { constant: 'SERIOUS' } };
    await importInto(database, 'tickets', path, { mapping: mapping('complaint', fields) });
    expect(
      await one(
        sql`select status::text as status, severity::text as severity, priority::text as priority from ticket where source = 'complaint'`,
      ),
    ).toEqual({ status: 'INVESTIGATING', severity: 'SERIOUS', priority: 'URGENT' });
  });
});

describe('Running it again', () => {
  test('changes nothing', async () => {
    const path = csv('again', rows(30));
    const first = await importInto(database, 'tickets', path, { mapping: mapping('again') });
    expect(first.counts).toMatchObject({ created: 30 });
    const tables = ['ticket', 'ticket_history', 'audit_log'] as const;
    const before = await Promise.all(tables.map(countOf));
    const second = await importInto(database, 'tickets', path, { mapping: mapping('again') });
    expect(second.counts).toEqual({ rows: 30, created: 0, changed: 0, unchanged: 30, kept: 0, refused: 0 });
    expect(await Promise.all(tables.map(countOf))).toEqual(before);
    expect(
      await one(
        sql`select max(version) as version, max(updated_at) = min(created_at) as untouched from ticket where source = 'again'`,
      ),
    ).toEqual({ version: 1, untouched: true });
  });

  test('takes over what the file says differently, with before and after in the history', async () => {
    const [first = '', second = ''] = rows(2);
    await importInto(database, 'tickets', csv('differs', [first, second]), { mapping: mapping('differs') });
    const { number } = await ticket('differs', '2');
    const reopened = second.replace('2026-01-05 12:00', '').replace('Lost', 'Late');
    const { counts } = await importInto(database, 'tickets', csv('differs', [first, reopened]), {
      mapping: mapping('differs'),
    });
    expect(counts).toEqual({ rows: 2, created: 0, changed: 1, unchanged: 1, kept: 0, refused: 0 });
    expect(await ticket('differs', '2')).toMatchObject({
      number,
      status: 'IN_PROGRESS',
      subject: 'Late parcel',
      closedAt: null,
      version: 2,
    });
    expect(
      await one(sql`
        select h."from"::text as "from", h."to"::text as "to", h.changes
        from ticket_history h join ticket t on t.id = h.ticket_id where t.source = 'differs' and h."from" is not null`),
    ).toEqual({
      from: 'CLOSED',
      to: 'IN_PROGRESS',
      changes: {
        status: ['CLOSED', 'IN_PROGRESS'],
        subject: ['Lost parcel', 'Late parcel'],
        closedAt: ['2026-01-05T12:00:00+00:00', null],
        resolvedAt: ['2026-01-05T12:00:00+00:00', null],
        // Its place in the queue that it is back in.
        nextDueAt: [null, '2026-01-06T08:00:00+00:00'],
      },
    });
  });

  test('leaves alone what the mapping does not name, and what people have worked on', async () => {
    const lines = rows(2);
    await importInto(database, 'tickets', csv('worked', lines), { mapping: mapping('worked') });
    await database.query(
      sql`update ticket set lesson = 'Ask first' where source = 'worked' returning 1 as one`,
    );
    await database.query(sql`
      insert into ticket_history (id, ticket_id, at, action, "from", "to")
      select gen_random_uuid(), id, ${new Date(NOW)}::timestamptz, 'REOPEN', 'CLOSED', 'IN_PROGRESS' from ticket
      where source = 'worked' and external_id = '2' returning 1 as one`);
    const renamed = lines.map((line) => line.replace('Lost', 'Late'));
    const { counts } = await importInto(database, 'tickets', csv('worked', renamed), {
      mapping: mapping('worked'),
    });
    expect(counts).toMatchObject({ changed: 1, kept: 1, refused: 0 });
    expect(await ticket('worked', '1')).toMatchObject({ subject: 'Late parcel' });
    expect(await ticket('worked', '2')).toMatchObject({ subject: 'Lost parcel', version: 1 });
    expect(
      await one(
        sql`select count(*)::int as kept from ticket where source = 'worked' and lesson = 'Ask first'`,
      ),
    ).toEqual({ kept: 2 });
  });

  test('a run that dies leaves whole batches; the next one goes on from there', async () => {
    const path = csv('dies', rows(2_500));
    let batches = 0;
    const dying: Database = {
      ...database,
      transaction: (work) =>
        database.transaction(async (tx: Transaction) => {
          const result = await work(tx);
          batches += 1;
          if (batches === 3) throw new Error('power cut');
          return result;
        }),
    };
    await expect(importInto(dying, 'tickets', path, { mapping: mapping('dies') })).rejects.toThrow(
      'power cut',
    );
    const whole = sql`
      select count(*)::int as tickets, count(h.id)::int as histories
      from ticket t left join ticket_history h on h.ticket_id = t.id where t.source = 'dies'`;
    expect(await one(whole)).toEqual({ tickets: 2_000, histories: 2_000 });
    const { counts } = await importInto(database, 'tickets', path, { mapping: mapping('dies') });
    expect(counts).toMatchObject({ rows: 2_500, created: 500, unchanged: 2_000 });
    expect(await one(whole)).toEqual({ tickets: 2_500, histories: 2_500 });
  });

  test('an interrupt ends it after the batch in hand', async () => {
    const interrupt = new AbortController();
    const { counts } = await importInto(database, 'tickets', csv('interrupt', rows(2_500)), {
      mapping: mapping('interrupt'),
      signal: interrupt.signal,
      onProgress: () => interrupt.abort(),
    });
    expect(counts).toMatchObject({ rows: 1_000, created: 1_000 });
  });

  test('two at once make no ticket twice', async () => {
    const path = csv('twice', rows(1_200));
    const runs = await Promise.all(
      [1, 2].map(() => importInto(database, 'tickets', path, { mapping: mapping('twice') })),
    );
    expect(runs.map(({ counts }) => counts.created + counts.unchanged)).toEqual([1_200, 1_200]);
    expect(runs.reduce((sum, { counts }) => sum + counts.created, 0)).toBe(1_200);
    expect(await one(sql`select count(*)::int as count from ticket where source = 'twice'`)).toEqual({
      count: 1_200,
    });
  });
});

describe('Rows that are not accepted', () => {
  test('are told with line, column, value and what is accepted; the others are imported', async () => {
    const path = csv('refused', [
      '1,Good,2026-01-05 08:00,,',
      '2,Bad day,2026-13-05 08:00,,2026-01-05',
      '3,"Two',
      'lines",2026-01-05 08:00,,',
      '4,,2026-01-05 08:00,,',
      '1,Again,2026-01-05 08:00,,',
      'short,row',
      '5,Good,2026-01-05 08:00,,',
    ]);
    const { counts, problems } = await importInto(database, 'tickets', path, { mapping: mapping('refused') });
    expect(counts).toEqual({ rows: 7, created: 3, changed: 0, unchanged: 0, kept: 0, refused: 4 });
    expect(problems.map(({ line, column, value, accepted }) => [line, column, value, accepted.en])).toEqual([
      [
        3,
        'opened',
        '2026-13-05 08:00',
        expect.stringMatching(/^a time written YYYY-MM-DD HH:mm:ss on the wall clock of UTC/),
      ],
      [6, 'title', '', 'not empty; at most 200 characters'],
      [7, 'id', '1', 'each id once; it already stands on line 2'],
      [8, null, 'short,row', expect.stringMatching(/^5 cells as in the first line; this row has 2/)],
    ]);
    expect(await ticket('refused', '3')).toMatchObject({ subject: 'Two\nlines' });
  });

  test('a record that a row names must exist', async () => {
    const fields = { customerExternalId: 'customer', areaCode: 'area', assigneeNumber: 'who' };
    const header = `${HEADER},customer,area,who`;
    const path = csv(
      'names',
      ['1,x,2026-01-05,,,77,WEST,E9', '2,x,2026-01-05,,,,EAST,E1', '3,x,2026-01-05,,,,,'],
      header,
    );
    const { counts, told } = await importInto(database, 'tickets', path, {
      mapping: mapping('names', fields),
    });
    expect(told).toEqual([
      '2 customer: a customer that exists here; import the customers first',
      '2 area: the code of an area',
      '2 who: the number of an employee',
    ]);
    expect(counts).toMatchObject({ created: 2, refused: 1 });
    expect(
      await one(sql`
        select a.code, e.number from ticket t join area a on a.id = t.area_id join employee e on e.id = t.assignee_id where t.source = 'names'`),
    ).toEqual({ code: 'EAST', number: 'E1' });
  });
});

describe('A dry run', () => {
  test('says what would happen and writes nothing, not even a number', async () => {
    const lines = rows(3);
    await importInto(database, 'tickets', csv('dry', lines.slice(0, 2)), { mapping: mapping('dry') });
    const tables = ['ticket', 'ticket_history', 'audit_log'] as const;
    const state = async () => [
      await Promise.all(tables.map(countOf)),
      await one(sql`select last_value as last from ticket_number_seq`),
    ];
    const before = await state();
    const changed = [lines[0]?.replace('Lost', 'Late') ?? '', lines[1] ?? '', lines[2] ?? '', lines[2] ?? ''];
    const { counts, told } = await importInto(database, 'tickets', csv('dry', changed), {
      mapping: mapping('dry'),
      dryRun: true,
    });
    expect(counts).toEqual({ rows: 4, created: 1, changed: 1, unchanged: 1, kept: 0, refused: 1 });
    expect(told).toEqual(['5 id: each id once; it already stands on line 4']);
    expect(await state()).toEqual(before);
  });
});

describe('Customers and contacts', () => {
  const CUSTOMERS =
    'source,externalId,name,lifecycle,grade,areaCode,contactPerson,phone,address,businessNeeds,creditLimit';

  test('come with their files; contacts and tickets find them by their id in the source', async () => {
    const customers = fileOf(
      'customers.csv',
      [CUSTOMERS, 'crm,7,远大贸易,ACTIVE,A,EAST,李雷,021-5,上海,干线,5000.5', 'crm,8,Small,,,,,,,,'].join(
        '\n',
      ),
    );
    const contacts = fileOf(
      'contacts.ndjson',
      [
        '{"source":"crm","externalId":"p1","customerExternalId":"7","name":"韩梅梅","isKeyPerson":true}',
        '{"source":"crm","externalId":"p2","name":"Nobody"}',
      ].join('\n'),
    );
    expect((await importInto(database, 'customers', customers)).counts).toMatchObject({
      created: 2,
      refused: 0,
    });
    const people = await importInto(database, 'contacts', contacts);
    expect(people.told).toEqual([
      '2 customerExternalId: not empty, or a customerNumber: a contact belongs to a customer',
    ]);
    const fields = { customerExternalId: 'customer', customerSource: { constant: 'crm' } };
    await importInto(database, 'tickets', csv('of-customer', ['1,x,2026-01-05,,,7'], `${HEADER},customer`), {
      mapping: mapping('of-customer', fields),
    });
    expect(
      await one(sql`
        select c.number, c.lifecycle::text as lifecycle, c.grade::text as grade, c.graded_at as "gradedAt", c.credit_limit as "creditLimit",
               p.name as contact, p.is_key_person as "isKeyPerson", p.seniority::text as seniority, a.code as area
        from customer c
        join contact p on p.customer_id = c.id
        join ticket t on t.customer_id = c.id
        join area a on a.id = t.area_id
        where c.source = 'crm'`),
    ).toEqual({
      number: expect.stringMatching(/^C\d{7}$/),
      lifecycle: 'ACTIVE',
      grade: 'A',
      gradedAt: new Date(NOW),
      creditLimit: '5000.50',
      contact: '韩梅梅',
      isKeyPerson: true,
      seniority: 'STAFF',
      area: 'EAST',
    });
    for (const [kind, path] of [
      ['customers', customers],
      ['contacts', contacts],
    ] as const) {
      expect((await importInto(database, kind, path)).counts).toMatchObject({ created: 0, changed: 0 });
    }
  });

  test('a customer beyond TARGET has the five facts, and only one that trades has a grade', async () => {
    const path = fileOf(
      'rules.csv',
      [
        CUSTOMERS,
        'crm,20,Bare,LEAD,,,Li,,Shanghai,,',
        'crm,21,Early,TARGET,B,,,,,,',
        'crm,22,Gone,LOST,C,,Li,1,Shanghai,x,',
      ].join('\n'),
    );
    const { counts, told } = await importInto(database, 'customers', path, { dryRun: true });
    expect(told).toEqual([
      '2 phone: not empty: needed in lifecycle LEAD (CUS-02)',
      '2 businessNeeds: not empty: needed in lifecycle LEAD (CUS-02)',
      '3 grade: nothing: customers in lifecycle TARGET have no grade (CUS-35)',
    ]);
    expect(counts).toMatchObject({ created: 1, refused: 2 });
  });

  test('grade and life stage change here, not by a file; a file that people have changed here stays', async () => {
    const row = (name: string, grade: string, phone: string) =>
      `crm,${name},${name},ACTIVE,${grade},,Li,${phone},Shanghai,x,`;
    const write = (...lines: string[]) => fileOf('masters.csv', [CUSTOMERS, ...lines].join('\n'));
    await importInto(
      database,
      'customers',
      write(row('30', 'B', '1'), row('31', 'B', '1'), row('32', 'B', '1')),
    );
    await database.query(sql`
      insert into audit_log (id, at, action, subject_type, subject_id)
      select gen_random_uuid(), ${new Date(NOW)}::timestamptz, 'customerUpdate', 'Customer', id from customer
      where source = 'crm' and external_id = '32' returning 1 as one`);
    const { counts } = await importInto(
      database,
      'customers',
      write(row('30', 'A', '1'), row('31', 'B', '2'), row('32', 'B', '2')),
    );
    expect(counts).toMatchObject({ changed: 1, unchanged: 1, kept: 1 });
    expect(
      await database.query(sql`
        select external_id as id, grade::text as grade, phone, version from customer
        where source = 'crm' and external_id in ('30', '31', '32') order by external_id`),
    ).toEqual([
      { id: '30', grade: 'B', phone: '1', version: 1 },
      { id: '31', grade: 'B', phone: '2', version: 2 },
      { id: '32', grade: 'B', phone: '1', version: 1 },
    ]);
  });
});

test('a batch takes the same few statements, however many rows it has', async () => {
  const statements = async (source: string, count: number) => {
    let asked = 0;
    const counting = observed(database, () => {
      asked += 1;
    });
    await importInto(counting, 'tickets', csv(source, rows(count)), { mapping: mapping(source) });
    return asked;
  };
  const few = await statements('few', 2);
  expect(await statements('many', 900)).toBe(few);
  expect(few).toBeLessThanOrEqual(8);
});

test('rows may repeat a record where the mapping says so, but not contradict it', async () => {
  const path = fileOf('repeats.csv', 'land,name\nA,Anna\nB,Berta\nA,Anna\nB,Bertha\nB,Berta\nB,Bertha\n');
  const repeating = (repeats: boolean) => ({
    mapping: mappingOf('repeats.json', {
      kind: 'customers',
      source: 'repeats',
      externalId: 'land',
      repeats,
      fields: { name: 'name' },
    }),
  });
  const { counts, told } = await importInto(database, 'customers', path, repeating(true));
  expect(counts).toEqual({ rows: 6, created: 2, changed: 0, unchanged: 2, kept: 0, refused: 2 });
  expect(told).toEqual([
    '5 land: the same values as on line 3, which has this id',
    '7 land: the same values as on line 3, which has this id',
  ]);
  const strict = await importInto(database, 'customers', path, repeating(false));
  expect(strict.counts).toMatchObject({ unchanged: 2, refused: 4 });
});

test('a shipment that people have changed here is kept as it is', async () => {
  const customers = fileOf('line-customers.csv', 'source,externalId,name\nlines,C1,Anna\n');
  await importInto(database, 'customers', customers);
  const line = (goods: string) =>
    fileOf(
      'lines.csv',
      `source,externalId,customerExternalId,shipmentNumber,goods,promisedAt\nlines,1,C1,S1,${goods},2026-12-01\n`,
    );
  expect((await importInto(database, 'shipments', line('tea'))).counts).toMatchObject({ created: 1 });
  expect((await importInto(database, 'shipments', line('cups'))).counts).toMatchObject({ changed: 1 });
  await database.query(sql`
    insert into audit_log (id, at, action, subject_type, subject_id)
    select gen_random_uuid(), ${NOW}::timestamptz, 'shipmentUpdate', 'Shipment', id from shipment
    where source = 'lines' returning 1 as written`);
  expect((await importInto(database, 'shipments', line('pots'))).counts).toMatchObject({
    kept: 1,
    changed: 0,
  });
  expect(
    await database.query(sql`
      select goods, counted_at = promised_at as "countedAsPromised" from shipment where source = 'lines'`),
  ).toEqual([{ goods: 'cups', countedAsPromised: true }]);
});
