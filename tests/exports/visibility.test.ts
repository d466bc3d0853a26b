import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../src/generated/prisma/enums.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import {
  makeAssignment,
  makeContact,
  makeCustomer,
  makeCustomers,
  makeEmployee,
  makeGrants,
  makeKeyAccount,
  makeTickets,
} from '../support/factories.ts';
import { areas, departments, type Named, people, teams } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { acknowledge, create, exportedCsv, makeExporter } from './kit.ts';

/** A file has exactly the rows and columns that the list shows the same person, as far as they may take rows out. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(() => server.clock.set(MONDAY_9));

/** Who owns this test's customers: a column of the card, by which everybody can filter. */
async function makeWorld() {
  const owner = await makeEmployee(server, { roles: ['SALES_REP'], teamId: teams.SALES.id });
  const grades = ['A', 'B', 'C', null] as const;
  const customers = await makeCustomers(server, 8, (index) => ({
    ownerId: owner.id,
    areaId: index < 4 ? areas.EAST.id : areas.SOUTH.id,
    grade: grades[index % 4] ?? null,
    name: `远大第${index}贸易有限公司`,
    taxNumber: `91310000${index}`,
  }));
  return { owner, customers, mine: { owner: { eq: owner.nodeId } } };
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly level: string;
  readonly number: string | null;
}

async function listed(caller: string, mine: object): Promise<Listed[]> {
  const { data } = await server.gql(
    caller,
    `query ($where: CustomerWhere) { customers(first: 100, where: $where, orderBy: [{ field: grade }]) {
      edges { node { id name access { level } file { number } } } } }`,
    { where: mine },
  );
  return data.customers.edges.map(
    ({ node }: { node: { id: string; name: string; access: { level: string }; file: Listed | null } }) => ({
      id: node.id,
      name: node.name,
      level: node.access.level,
      number: node.file?.number ?? null,
    }),
  );
}

describe('customers', () => {
  let world: Awaited<ReturnType<typeof makeWorld>>;
  beforeAll(async () => {
    world = await makeWorld();
  });

  async function exported(caller: { readonly subject: string }) {
    const { records } = await exportedCsv(server, caller.subject, {
      customers: { where: world.mine, orderBy: [{ field: 'grade' }] },
    });
    return records;
  }

  it.each([
    'HEAD',
    'SALES_SUPERVISOR',
    'CS_SUPERVISOR',
    'KA_SUPERVISOR',
    'DATA_ANALYST',
    'MARKETING_CLERK',
    'FINANCE',
    'INTERNAL_AUDITOR',
  ] as const satisfies readonly Role[])('%s takes out what the list shows, in its order', async (role) => {
    // There is one HEAD at a time.
    const caller = role === 'HEAD' ? people.HEAD : await makeExporter(server, [role]);
    await acknowledge(server, caller.subject);
    const list = await listed(caller.subject, world.mine);
    const rows = await exported(caller);
    expect(rows.map((row) => [row.name, row.number || null])).toEqual(
      list.map((row) => [row.name, row.number]),
    );
    expect(rows).toHaveLength(8);
    for (const [place, row] of rows.entries()) {
      const open = list[place]?.level === 'FULL';
      expect(row.phone !== '').toBe(open);
      expect(row.taxNumber !== '').toBe(open || role === 'FINANCE');
      expect(row.grade).toMatch(/^[ABC]?$/);
    }
  });

  it('a deputy takes out the own area, an account manager the own customers; both see more in the list', async () => {
    const deputy = await makeExporter(server, ['DEPUTY'], { areaIds: [areas.SOUTH.id] });
    const manager = await makeExporter(server, ['ACCOUNT_MANAGER_LOGISTICS']);
    const [, b, c] = world.customers as [Named, Named, Named];
    await makeAssignment(server, { customerId: b.id, employeeId: manager.id });
    await makeAssignment(server, { customerId: c.id, employeeId: manager.id, validTo: new Date(MONDAY_9) });
    expect(await listed(deputy.subject, world.mine)).toHaveLength(8);
    expect(await listed(manager.subject, world.mine)).toHaveLength(8);
    const ofDeputy = await exported(deputy);
    expect(ofDeputy).toHaveLength(4);
    // The grade A file of the area stays closed.
    expect(ofDeputy.map(({ name }) => name).toSorted()).toEqual(
      ['远大***', '远大第5贸易有限公司', '远大第6贸易有限公司', '远大第7贸易有限公司'].toSorted(),
    );
    expect((await exported(manager)).map(({ name }) => name)).toEqual(['远大第1贸易有限公司']);
  });

  it('a dedicated person takes out the grade A file, and its content only while they are dedicated', async () => {
    const manager = await makeExporter(server, ['SALES_REP']);
    const [a] = world.customers as [Named];
    await makeAssignment(server, { customerId: a.id, employeeId: manager.id, dedicated: true });
    expect((await exported(manager)).map(({ name }) => name)).toEqual(['远大第0贸易有限公司']);
  });

  it('a filter on a protected column finds open files only', async () => {
    const clerk = await makeExporter(server);
    const { records } = await exportedCsv(server, clerk.subject, {
      customers: { where: { ...world.mine, name: { contains: '远大第' } } },
    });
    expect(records).toHaveLength(6);
  });
});

describe('the right to export', () => {
  it.each([
    'COMPANY_LEADER',
    'MARKET_DEVELOPER',
    'CS_AGENT',
    'HR',
    'OPERATIONS',
    'QUALITY',
    'OTHER_DEPARTMENT',
    'ADMIN',
  ] as const)('%s has none', async (role) => {
    const person = await makeExporter(server, [role]);
    for (const list of ['tickets', 'customers', 'budgetLines']) {
      const answer = await create(server, person.subject, { [list]: {} });
      expect([list, answer.__typename]).toEqual([list, 'Forbidden']);
      expect(answer.required).toContain('MARKETING_CLERK');
    }
  });

  it('of own customers or areas reaches no list that is about none', async () => {
    for (const role of ['SALES_REP', 'DEPUTY'] as const) {
      const person = await makeExporter(server, [role]);
      expect((await create(server, person.subject, { budgetLines: {} })).__typename).toBe('Forbidden');
      expect((await create(server, person.subject, { tickets: {} })).__typename).toBe('ExportCreateSuccess');
    }
  });
});

describe('every other list', () => {
  it('tickets: the rows of the list; of a closed file the shortened name', async () => {
    const [open, closed] = await Promise.all([
      makeCustomer(server, { name: '海润水产有限公司' }),
      makeCustomer(server, { name: '鹏程钢铁有限公司', grade: 'A' }),
    ]);
    const subject = newId();
    await makeTickets(server, 6, (index) => ({
      subject,
      customerId: [open.id, closed.id, null][index % 3] ?? null,
      teamId: index < 2 ? teams.KEY_ACCOUNT.id : null,
    }));
    const clerk = await makeExporter(server);
    const lists = { tickets: { where: { subject: { eq: subject } }, columns: ['customer', 'subject'] } };
    const ofClerk = await exportedCsv(server, clerk.subject, lists);
    expect(ofClerk.heading).toEqual(['customer', 'subject', 'export']);
    expect(ofClerk.records.map(({ customer }) => customer).toSorted()).toEqual(
      ['', '', '海润水产有限公司', '海润水产有限公司', '鹏程***', '鹏程***'].toSorted(),
    );
    // Reads the team's queue alone.
    const supervisor = await makeExporter(server, ['KA_SUPERVISOR'], { teamId: teams.KEY_ACCOUNT.id });
    expect((await exportedCsv(server, supervisor.subject, lists)).records).toHaveLength(2);
    // Own customers, of the tickets that the person reads.
    const manager = await makeExporter(server, ['ACCOUNT_MANAGER_LOGISTICS']);
    await makeAssignment(server, { customerId: open.id, employeeId: manager.id });
    expect(
      (await exportedCsv(server, manager.subject, lists)).records.map(({ customer }) => customer),
    ).toEqual(['海润水产有限公司', '海润水产有限公司']);
  });

  it('contacts, contact logs, key accounts and access grants: as the viewer reads them', async () => {
    const [open, closed] = await Promise.all([
      makeCustomer(server, { name: '海润水产有限公司' }),
      makeCustomer(server, { name: '鹏程钢铁有限公司', grade: 'A' }),
    ]);
    const at = server.clock.now();
    for (const { id } of [open, closed]) {
      const contact = await makeContact(server, { customerId: id, name: '=韩梅梅' });
      await makeKeyAccount(server, { customerId: id });
      await makeGrants(server, 1, () => ({ customerId: id, requesterId: people.OPERATIONS.id }));
      await server.services.database.transaction(({ prisma }) =>
        prisma.contactLog.create({
          data: {
            customerId: id,
            contactId: contact.id,
            employeeId: people.HEAD.id,
            channel: 'PHONE',
            outcome: 'REACHED',
            at,
            content: '月度回访',
            createdAt: at,
          },
        }),
      );
    }
    const where = { customer: { in: [open.nodeId, closed.nodeId] } };
    const clerk = await makeExporter(server);
    const auditor = await makeExporter(server, ['INTERNAL_AUDITOR']);
    const contacts = await exportedCsv(server, clerk.subject, { contacts: { where } });
    expect(contacts.records.map(({ customer, name }) => [customer, name])).toEqual([
      ['海润水产有限公司', "'=韩梅梅"],
    ]);
    const logs = await exportedCsv(server, clerk.subject, { contactLogs: { where } });
    expect(
      logs.records.map(({ customer, contact, content, employee }) => [customer, contact, content, employee]),
    ).toEqual([['海润水产有限公司', "'=韩梅梅", '月度回访', expect.any(String)]]);
    const accounts = await exportedCsv(server, clerk.subject, {
      keyAccounts: { where, columns: ['customer', 'level', 'annualRevenueTarget', 'promotedAt'] },
    });
    // The clerk sees cards of accounts: no target, no dates.
    expect(
      accounts.records
        .map(({ export: _, ...row }) => row)
        .toSorted((a, b) => (a.customer ?? '').localeCompare(b.customer ?? '')),
    ).toEqual(
      [
        { customer: '海润水产有限公司', level: 'B', annualRevenueTarget: '', promotedAt: '' },
        { customer: '鹏程***', level: 'B', annualRevenueTarget: '', promotedAt: '' },
      ].toSorted((a, b) => a.customer.localeCompare(b.customer)),
    );
    const read = await exportedCsv(server, auditor.subject, { keyAccounts: { where } });
    expect(read.records.map(({ annualRevenueTarget }) => annualRevenueTarget)).toEqual([
      '2000000.00',
      '2000000.00',
    ]);
    expect((await exportedCsv(server, clerk.subject, { accessGrants: { where } })).records).toEqual([]);
    const grants = await exportedCsv(server, auditor.subject, { accessGrants: { where } });
    expect(grants.records.map(({ state }) => state)).toEqual(['APPROVED', 'APPROVED']);
  });

  it('budget lines: exact amounts, and no word of secrecy for what tells of no customer', async () => {
    const year = 2150;
    await server.services.database.transaction(({ prisma }) =>
      prisma.budget.create({
        data: {
          year,
          departmentId: departments.QUALITY.id,
          draftedById: people.SALES_SUPERVISOR.id,
          writerIds: [people.SALES_SUPERVISOR.id],
          createdAt: server.clock.now(),
          updatedAt: server.clock.now(),
          lines: {
            create: [
              {
                number: 1,
                category: 'TRAINING',
                item: '培训',
                scope: '全员',
                amount: '9999999999999999.99',
                justification: '年度计划',
                paid: '0.01',
              },
              {
                number: 2,
                category: 'OTHER',
                item: '其他',
                scope: '零星',
                amount: '10.00',
                justification: '备用',
              },
            ],
          },
        },
      }),
    );
    const finance = await makeEmployee(server, { roles: ['FINANCE'] });
    const list = { budgetLines: { where: { year: { eq: year } }, orderBy: [{ field: 'number' }] } };
    const { records, rowId } = await exportedCsv(server, finance.subject, list);
    expect(records.map(({ item, amount, remaining }) => [item, amount, remaining])).toEqual([
      ['培训', '9999999999999999.99', '9999999999999999.98'],
      ['其他', '10.00', '10.00'],
    ]);
    const [row] = await server.services.database.query<{ count: number }>(
      sql`select customer_rows as count from export where id = ${rowId}::uuid`,
    );
    expect(row?.count).toBe(0);
    // Who may export but reads no budget gets the empty list.
    const clerk = await makeEmployee(server, { roles: ['MARKETING_CLERK'] });
    expect((await exportedCsv(server, clerk.subject, list)).records).toEqual([]);
  });
});
