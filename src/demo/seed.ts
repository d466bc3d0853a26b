import type { CustomerGrade, Role } from '../generated/prisma/enums.ts';
import { findViewer, loadOrganisation } from '../organisation/queries.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import type { Command } from '../platform/command.ts';
import { sql } from '../platform/sql.ts';
import type { Services } from '../server.ts';
import { ticketAcknowledge, ticketAssign, ticketDispatch } from '../tickets/commands/handling.ts';
import { ticketReply } from '../tickets/commands/replies.ts';
import { ticketOpen, type TicketOpenInput } from '../tickets/commands/open.ts';
import { syncClocks } from '../tickets/commands/clock.ts';
import { seedDuty } from './duty.ts';
import { seedKnowledge } from './knowledge.ts';
import { type CompanySize, SIZES, writeCompany } from './company.ts';
import { demoId, type DemoPeople, demoSubject, seedPeople } from './people.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * A company to try the product with: people of every role, customers of every grade, a year of shipments and tickets,
 * and tickets whose limits come due while you watch. Written into an empty database only, in one transaction: whole or
 * not at all, and once where several processes start together.
 */
export async function seedDemo(services: Services): Promise<void> {
  await services.runner.run(await services.systemOrigin(), (tx) =>
    seedCompany(tx, services.timeZone, SIZES.demo),
  );
}

/** False where somebody is there already: then nothing is written. */
export async function seedCompany(tx: Command, timeZone: string, size: CompanySize): Promise<boolean> {
  await tx.query(sql`select 1 as locked from pg_advisory_xact_lock(${SEED_LOCK}::bigint)`);
  const [somebody] = await tx.query(sql`select 1 as found from employee limit 1`);
  if (somebody) return false;
  const people = await seedPeople(tx);
  const customers = await seedCustomers(tx, people);
  await writeCompany(tx, timeZone, size);
  await seedDuty(tx, people, timeZone);
  await seedKnowledge(tx, people);
  await startClocks(tx, timeZone);
  await seedTickets(tx, people, customers, timeZone);
  return true;
}

/** As many open tickets at once as their facts fit well into memory. */
const CLOCKS_AT_ONCE = 2_000;

/** Has the sweep watch the limits of the tickets that are still open. */
async function startClocks(tx: Command, timeZone: string): Promise<void> {
  const open = await tx.query<{ id: string }>(sql`
    select id from ticket where status not in ('CLOSED', 'CANCELLED') order by id`);
  for (let from = 0; from < open.length; from += CLOCKS_AT_ONCE) {
    await syncClocks(
      tx,
      open.slice(from, from + CLOCKS_AT_ONCE).map(({ id }) => id),
      timeZone,
    );
  }
}

/** Any number that nothing else locks. */
const SEED_LOCK = 724_002;

/** Name, grade, industry, area, and the level of a key account. */
const CUSTOMERS: readonly (readonly [
  name: string,
  grade: CustomerGrade,
  industry: string,
  area: number,
  level: 'A' | 'B' | 'C' | null,
])[] = [
  ['上海远航电子商务有限公司', 'A', 'E-COMMERCE', 0, 'A'],
  ['深圳鹏程钢铁贸易有限公司', 'A', 'STEEL', 1, 'B'],
  ['Northwind Trading (Tianjin) Co., Ltd.', 'A', 'TRADING', 2, null],
  ['杭州云锦纺织股份有限公司', 'B', 'MANUFACTURING', 0, 'C'],
  ['广州明珠食品有限公司', 'B', 'FOOD', 1, null],
  ['Beijing Evergreen Books Ltd.', 'B', 'E-COMMERCE', 2, null],
  ['苏州精工机械制造有限公司', 'B', 'MANUFACTURING', 0, null],
  ['佛山华艺家具厂', 'C', 'MANUFACTURING', 1, null],
  ['青岛海润水产有限公司', 'C', 'FOOD', 2, null],
  ['宁波恒通杂货贸易行', 'C', 'TRADING', 0, null],
  ['Lotus Garden Tea House', 'D', 'RETAIL', 1, null],
  ['石家庄新星文具店', 'D', 'RETAIL', 2, null],
];

const TARGETS = { A: '8000000.00', B: '2600000.00', C: '1200000.00' } as const;

async function seedCustomers(tx: Command, people: DemoPeople): Promise<string[]> {
  const { employees } = people;
  const owners = [
    employees.ACCOUNT_MANAGER_LOGISTICS,
    employees.SALES_REP,
    employees.ACCOUNT_MANAGER_LEASING,
  ];
  const rows = CUSTOMERS.map(([name, grade, industry, area, level], index) => ({
    id: demoId('c000', index + 1),
    number: `C${String(index + 1).padStart(7, '0')}`,
    name,
    grade,
    industry,
    level,
    lifecycle: 'ACTIVE' as const,
    gradedAt: tx.now,
    areaId: people.areas[area] ?? null,
    ownerId: owners[index % owners.length] ?? null,
    custodianId: grade === 'A' ? (owners[index % owners.length] ?? null) : employees.MARKETING_CLERK,
    contactPerson: '王经理',
    phone: `021-5550${String(index).padStart(4, '0')}`,
    address: `示范路 ${index + 1} 号`,
    businessNeeds: '次日达与仓储 / next-day delivery and storage',
    registeredAt: new Date(tx.now.getTime() - 300 * DAY),
    verifiedAt: new Date(tx.now.getTime() - 20 * DAY),
    createdAt: tx.now,
    updatedAt: tx.now,
  }));
  await tx.prisma.customer.createMany({ data: rows.map(({ level: _level, ...row }) => row) });
  await tx.prisma.contact.createMany({
    data: rows.flatMap((row, at) =>
      (['王芳', '李娜'] as const).map((name, index) => ({
        id: demoId(`c10${index + 1}`, at + 1),
        customerId: row.id,
        name,
        title: index === 0 ? '物流经理' : '财务',
        seniority: index === 0 ? ('DIRECTOR_OR_ABOVE' as const) : ('STAFF' as const),
        mobile: `1390000${row.number.slice(-4)}`,
        isKeyPerson: index === 0,
        createdAt: tx.now,
        updatedAt: tx.now,
      })),
    ),
  });
  const keyAccounts = rows.flatMap((row, at) =>
    row.level
      ? [
          {
            id: demoId('ca01', at + 1),
            customerId: row.id,
            level: row.level,
            isSpecial: row.level === 'A',
            specialistId: employees.KA_SPECIALIST,
            supervisorId: employees.KA_SUPERVISOR,
            annualRevenueTarget: TARGETS[row.level],
            promotedAt: new Date(tx.now.getTime() - 250 * DAY),
            createdAt: tx.now,
            updatedAt: tx.now,
          },
        ]
      : [],
  );
  await tx.prisma.keyAccount.createMany({ data: keyAccounts });
  // Owners of grade A files are dedicated to them (CUS-17), and so are the people of a key account (PRM-07).
  const dedicated = [
    ...rows.flatMap((row) =>
      row.grade === 'A' && row.ownerId ? [{ customerId: row.id, employeeId: row.ownerId }] : [],
    ),
    ...keyAccounts.flatMap(({ customerId, specialistId, supervisorId }) =>
      [specialistId, supervisorId].map((employeeId) => ({ customerId, employeeId })),
    ),
  ];
  await tx.prisma.customerAssignment.createMany({
    data: dedicated.map((assignment, at) => ({
      ...assignment,
      id: demoId('b001', at + 1),
      dedicated: true,
      validFrom: tx.now,
    })),
  });
  return rows.map((row) => row.id);
}

/** A ticket: how long ago the contact reached us, and how far its handling has come. */
interface DemoTicket extends Omit<TicketOpenInput, 'openedAt' | 'customerId'> {
  readonly customer: number;
  readonly minutesAgo: number;
  readonly steps?: readonly ('ACKNOWLEDGE' | 'ASSIGN' | 'DISPATCH' | 'REPLY')[];
}

const COMPLAINT = {
  category: 'COMPLAINT',
  channel: 'PHONE',
  callerName: '王经理',
  callerPhone: '13900000000',
} as const;
const INQUIRY = { category: 'INQUIRY', channel: 'ONLINE' } as const;

/** Acknowledge limits: 30 min for a complaint, 15 min for a serious one, half of it for grade A and key accounts. */
const TICKETS: readonly DemoTicket[] = [
  {
    ...COMPLAINT,
    customer: 4,
    minutesAgo: 23.6,
    subject: '货物延误两天 / two days late',
    content: '订单 8841 延误两天。',
  },
  {
    ...COMPLAINT,
    customer: 0,
    minutesAgo: 11.4,
    subject: '外包装破损 / damaged box',
    content: '三箱外包装破损。',
    lossOrDamage: true,
  },
  {
    ...COMPLAINT,
    customer: 7,
    minutesAgo: 29.2,
    subject: '司机态度差 / rude driver',
    content: '司机拒绝上楼。',
  },
  {
    ...COMPLAINT,
    customer: 5,
    minutesAgo: 200,
    steps: ['ACKNOWLEDGE', 'DISPATCH'],
    subject: '错送地址 / wrong address',
    content: '送到了隔壁。',
  },
  {
    ...COMPLAINT,
    customer: 1,
    minutesAgo: 300,
    steps: ['ACKNOWLEDGE', 'ASSIGN'],
    subject: '丢件索赔 / lost parcel',
    content: '丢失一件。',
    claimAmount: '12600.00',
  },
  {
    ...COMPLAINT,
    customer: 8,
    minutesAgo: 1100,
    steps: ['ACKNOWLEDGE', 'ASSIGN'],
    subject: '账单多收 / overcharged',
    content: '运费多收 300 元。',
  },
  {
    ...INQUIRY,
    customer: 9,
    minutesAgo: 10,
    subject: '广州到青岛的时效 / transit time',
    content: '几天能到？',
    topic: 'TRANSIT_TIME',
  },
  {
    ...INQUIRY,
    customer: 10,
    minutesAgo: 40,
    steps: ['REPLY'],
    subject: '冷链报价 / cold chain price',
    content: '每公斤多少钱？',
    topic: 'PRICE',
  },
  {
    ...INQUIRY,
    customer: 6,
    minutesAgo: 5,
    subject: '如何下单 / how to order',
    content: '网上如何下单？',
    topic: 'ORDERING',
  },
  {
    category: 'SHIPMENT_QUERY',
    channel: 'PHONE',
    customer: 3,
    minutesAgo: 30,
    subject: 'SF-20931 到哪了 / where is it',
    content: '请查询。',
    shipmentNumber: 'SF-20931',
  },
];

async function seedTickets(
  tx: Command,
  people: DemoPeople,
  customers: readonly string[],
  timeZone: string,
): Promise<void> {
  const organisation = await loadOrganisation(tx);
  function viewerOf(role: Role): Viewer {
    const viewer = findViewer(organisation, demoSubject(role), tx.now, timeZone);
    if (!viewer) throw new Error(`The demo company has no ${role}.`);
    return viewer;
  }
  const agent = viewerOf('CS_AGENT');
  const supervisor = viewerOf('CS_SUPERVISOR');
  const where = { organisation, timeZone };
  for (const { customer, minutesAgo, steps = [], ...facts } of TICKETS) {
    const openedAt = new Date(tx.now.getTime() - minutesAgo * MINUTE);
    const input = { ...facts, customerId: customers[customer] ?? null, openedAt };
    // Entered two minutes after the contact and taken up ten minutes after it, as a desk would.
    const entered = { ...tx, actorId: agent.employeeId, now: new Date(openedAt.getTime() + 2 * MINUTE) };
    const { ticketId } = await ticketOpen(entered, agent, input, where);
    const takenUp = {
      ...tx,
      actorId: supervisor.employeeId,
      now: new Date(openedAt.getTime() + 10 * MINUTE),
    };
    for (const step of steps) await handle(takenUp, supervisor, step, ticketId);
  }

  function handle(
    tx: Command,
    viewer: Viewer,
    step: NonNullable<DemoTicket['steps']>[number],
    ticketId: string,
  ) {
    switch (step) {
      case 'ACKNOWLEDGE':
        return ticketAcknowledge(tx, viewer, { ticketId, promise: '24 小时内答复' }, where);
      case 'ASSIGN':
        return ticketAssign(tx, viewer, { ticketId, assigneeId: agent.employeeId }, where);
      case 'DISPATCH':
        return ticketDispatch(
          tx,
          viewer,
          { ticketId, departmentIds: [people.departments.OPERATIONS] },
          where,
        );
      case 'REPLY':
        return ticketReply(tx, viewer, { ticketId, body: '已转报价组，稍后答复。' }, where);
    }
  }
}
