import type { Prisma } from '../../src/generated/prisma/client.ts';
import type { CustomerGrade } from '../../src/generated/prisma/enums.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import {
  makeApprovals,
  makeAttachments,
  makeCustomers,
  makeKeyAccounts,
  makeShipments,
  makeTickets,
} from '../support/factories.ts';
import { areas, departments, type Named, people, teams } from '../support/people.ts';
import type { TestServer } from '../support/server.ts';
import { FILES_BELOW_A, TICKETS, type Tie, VIEWERS, type ViewerName } from './expectations.ts';

/**
 * A company of records, one for every way in which a viewer can be tied to one. Whatever a viewer may not read of a
 * record carries a secret of its own, "CSECRET17X", so that a leak is seen wherever it comes out.
 */
export interface World {
  readonly customers: readonly CustomerRecord[];
  readonly keyAccounts: readonly KeyAccountRecord[];
  readonly tickets: readonly TicketRecord[];
  readonly grants: readonly GrantRecord[];
  readonly budgets: readonly BudgetRecord[];
  readonly approvals: readonly ApprovalRecord[];
}

interface Tied {
  readonly of: ViewerName;
  readonly tie: Tie;
}

export interface CustomerRecord extends Named {
  readonly index: number;
  readonly name: string;
  readonly grade: CustomerGrade | null;
  readonly area: keyof typeof areas | null;
  readonly tied: Tied | null;
  readonly contact: Named;
  readonly contactLog: Named;
  readonly visit: Named;
  readonly shipment: Named;
}

export interface KeyAccountRecord extends Named {
  readonly index: number;
  readonly customer: CustomerRecord;
  readonly ended: boolean;
}

export interface TicketRecord extends Named {
  readonly index: number;
  readonly customer: CustomerRecord;
  readonly keyAccount: KeyAccountRecord | null;
  readonly tied: Tied | null;
  readonly teamId: string | null;
  readonly dispatchedTo: string | null;
  readonly responsibleDepartmentId: string | null;
  readonly claim: boolean;
  readonly attachment: Named;
  readonly closed?: boolean;
}

export interface GrantRecord extends Named {
  readonly customer: CustomerRecord;
  readonly requester: ViewerName;
}

/** An approval that waits for HEAD, or the DEPUTY of the area, unless it has been decided. */
export interface ApprovalRecord extends Named {
  readonly subject: TicketRecord | GrantRecord;
  readonly requester: ViewerName | null;
  readonly decidedBy: ViewerName | null;
}

export interface BudgetRecord extends Named {
  readonly index: number;
  readonly departmentId: string;
  readonly line: Named;
}

export const YEAR = 2031;

const AREA_OF: Partial<Record<ViewerName, keyof typeof areas>> = { DEPUTY: 'EAST', DEPUTY_SOUTH: 'SOUTH' };

const TIES_BELOW_A: readonly Tie[] = [
  'owner',
  'assigned',
  'assignmentOver',
  'assignmentAhead',
  'dedicated',
  'ticketNeed',
  'ticketClosed',
  'ticketInTeamQueue',
  'ticketDispatched',
  'grant',
  'grantExpired',
  'grantRevoked',
  'grantRequested',
  'specialist',
  'supervisor',
  'specialistOfEnded',
];
const TIES_A: readonly Tie[] = [
  'owner',
  'assigned',
  'dedicated',
  'dedicationOver',
  'ticketNeed',
  'ticketDispatched',
  'grant',
  'specialist',
];
/** Customers that have a key account, by what ties them. */
const ACCOUNTS_BELOW_A: readonly Tie[] = ['specialist', 'supervisor', 'specialistOfEnded'];
const ACCOUNTS_A: readonly Tie[] = ['owner', 'assigned', 'dedicated', 'dedicationOver', 'specialist'];

interface CustomerPlan {
  readonly grade: CustomerGrade | null;
  readonly area?: keyof typeof areas;
  readonly tied?: Tied;
  readonly keyAccount?: 'ACTIVE' | 'ENDED';
}

/** Where a cell reads everything, no tie adds to it. */
function plans(): CustomerPlan[] {
  const nobodys: CustomerPlan[] = [
    ...(['B', 'A', 'C', 'D', null] as const).map((grade) => ({ grade })),
    { grade: 'B', area: 'EAST' },
    { grade: 'B', area: 'SOUTH' },
    { grade: 'A', area: 'EAST', keyAccount: 'ACTIVE' },
    { grade: 'B', area: 'EAST', keyAccount: 'ACTIVE' },
    { grade: 'C', keyAccount: 'ACTIVE' },
    { grade: 'B', keyAccount: 'ENDED' },
    { grade: 'A', keyAccount: 'ENDED' },
  ];
  const below = VIEWERS.filter((viewer) => FILES_BELOW_A[viewer].opens !== 'ALL').flatMap((of) =>
    TIES_BELOW_A.map(
      (tie): CustomerPlan => ({
        grade: 'B',
        tied: { of, tie },
        ...(ACCOUNTS_BELOW_A.includes(tie)
          ? { keyAccount: tie === 'specialistOfEnded' ? 'ENDED' : 'ACTIVE' }
          : {}),
      }),
    ),
  );
  const gradeA = VIEWERS.flatMap((of) =>
    TIES_A.map(
      (tie): CustomerPlan => ({
        grade: 'A',
        tied: { of, tie },
        ...(ACCOUNTS_A.includes(tie) ? { keyAccount: 'ACTIVE' } : {}),
      }),
    ),
  );
  return [...nobodys, ...below, ...gradeA];
}

export async function makeWorld(server: TestServer): Promise<World> {
  const customers = await writeCustomers(server, plans());
  const keyAccounts = await writeKeyAccounts(server, customers);
  const tickets = await writeTickets(server, customers, keyAccounts);
  await writeAssignments(server, customers);
  const grants = await writeGrants(server, customers);
  const budgets = await writeBudgets(server);
  const approvals = await writeApprovals(server, tickets, grants);
  const records = customers.map(({ record }) => record);
  return { customers: records, keyAccounts, tickets, grants, budgets, approvals };
}

/** One for every record that can have one; some of tickets were asked for or decided by somebody who cannot read them. */
async function writeApprovals(
  server: TestServer,
  tickets: readonly TicketRecord[],
  grants: readonly GrantRecord[],
): Promise<ApprovalRecord[]> {
  const some = (index: number) => VIEWERS[index % VIEWERS.length] ?? null;
  const planned = [
    ...tickets.map((subject, index) => ({
      subject,
      requester: index % 3 === 1 ? some(index) : null,
      decidedBy: index % 3 === 2 ? some(index) : null,
    })),
    ...grants.map((subject) => ({ subject, requester: subject.requester, decidedBy: null })),
  ];
  const made = await makeApprovals(server, planned.length, (at) => {
    const { subject, requester, decidedBy } = planned[at] as (typeof planned)[number];
    const ofGrant = at >= tickets.length;
    return {
      chain: ofGrant ? 'CUSTOMER_ACCESS' : 'COMPLAINT_PLAN',
      subjectType: ofGrant ? 'AccessGrant' : 'Ticket',
      subjectId: subject.id,
      requesterId: requester && people[requester].id,
      approvers: [
        { role: 'HEAD', scope: 'ALL' },
        { role: 'DEPUTY', scope: 'AREA' },
      ],
      ...(decidedBy
        ? {
            state: 'APPROVED',
            endedAt: server.clock.now(),
            decided: { decision: 'APPROVE', decidedById: people[decidedBy].id },
          }
        : {}),
    };
  });
  return made.map((named, at) => ({ ...named, ...(planned[at] as (typeof planned)[number]) }));
}

interface Planned {
  readonly plan: CustomerPlan;
  readonly record: CustomerRecord;
}

async function writeCustomers(server: TestServer, planned: readonly CustomerPlan[]): Promise<Planned[]> {
  const now = server.clock.now();
  // The order by name is another than that by id, which masked rows have.
  const nameOf = (index: number) =>
    `${index % 5 === 0 ? 'Xylo' : '远大'} ${String((index * 7919) % 1009).padStart(4, '0')} CSECRET${index}X`;
  const made = await makeCustomers(server, planned.length, (index) => {
    const { grade, area, tied } = planned[index] as CustomerPlan;
    return {
      name: nameOf(index),
      number: `CSECRET${index}X`,
      grade,
      areaId: area ? areas[area].id : null,
      ownerId: tied?.tie === 'owner' ? people[tied.of].id : null,
      phone: '+862155550000',
      industry: `CSECRET${index}X`,
      registrationNumber: `CSECRET${index}X`,
      contactPerson: `CSECRET${index}X`,
      address: `CSECRET${index}X`,
      invoiceTitle: `Invoice ${index}`,
    };
  });
  const shipments = await makeShipments(server, made.length, (index) => ({
    customerId: made[index]?.id ?? '',
    shipmentNumber: `CSECRET${index}X`,
    goods: `CSECRET${index}X`,
    revenue: (index + 1) ** 3,
  }));
  const contacts = made.map(() => newId());
  const logs = made.map(() => newId());
  const visits = made.map(() => newId());
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.contact.createMany({
      data: made.map(({ id }, index) => ({
        id: contacts[index] ?? '',
        customerId: id,
        name: `CSECRET${index}X`,
        phone: `CSECRET${index}X`,
        createdAt: now,
        updatedAt: now,
      })),
    });
    await prisma.contactLog.createMany({
      data: made.map(({ id }, index) => ({
        id: logs[index] ?? '',
        customerId: id,
        contactId: contacts[index] ?? '',
        employeeId: people.HEAD.id,
        channel: 'PHONE',
        outcome: 'REACHED',
        at: now,
        content: `CSECRET${index}X`,
        createdAt: now,
      })),
    });
    await prisma.visit.createMany({
      data: made.map(({ id }, index) => ({
        id: visits[index] ?? '',
        customerId: id,
        hostId: contacts[index] ?? '',
        visitorId: people.HEAD.id,
        type: 'RELATION',
        state: 'DONE',
        doneAt: now,
        purpose: `CSECRET${index}X`,
        content: `CSECRET${index}X`,
        latentNeeds: [`CSECRET${index}X`],
        createdAt: now,
        updatedAt: now,
      })),
    });
  });
  return planned.map((plan, index) => ({
    plan,
    record: {
      ...(made[index] as Named),
      index,
      name: nameOf(index),
      grade: plan.grade,
      area: plan.area ?? null,
      tied: plan.tied ?? null,
      contact: named('Contact', contacts[index]),
      contactLog: named('ContactLog', logs[index]),
      visit: named('Visit', visits[index]),
      shipment: shipments[index] as Named,
    },
  }));
}

function named(entity: string, id = ''): Named {
  return { id, nodeId: globalId(entity, id) };
}

async function writeKeyAccounts(
  server: TestServer,
  customers: readonly Planned[],
): Promise<KeyAccountRecord[]> {
  const now = server.clock.now();
  const withAccount = customers.filter(({ plan }) => plan.keyAccount !== undefined);
  const made = await makeKeyAccounts(server, withAccount.length, (index) => {
    const { plan, record } = withAccount[index] as Planned;
    const { of, tie } = plan.tied ?? {};
    const served = tie === 'specialist' || tie === 'specialistOfEnded';
    return {
      customerId: record.id,
      specialistId: of && served ? people[of].id : people.KA_SPECIALIST_2.id,
      supervisorId: of && tie === 'supervisor' ? people[of].id : null,
      partnershipStatus: `KSECRET${index}X`,
      annualRevenueTarget: `${500_000 + ((index * 7919) % 1009)}.00`,
      promotedAt: new Date(now.getTime() - ((index * 7919) % 1009) * 60_000),
      endedAt: plan.keyAccount === 'ENDED' ? now : null,
    };
  });
  return withAccount.map(({ plan, record }, index) => ({
    ...(made[index] as Named),
    index,
    customer: record,
    ended: plan.keyAccount === 'ENDED',
  }));
}

type TicketPlan = Omit<TicketRecord, 'id' | 'nodeId' | 'index' | 'keyAccount' | 'attachment'> & {
  readonly closed?: boolean;
};

async function writeTickets(
  server: TestServer,
  customers: readonly Planned[],
  keyAccounts: readonly KeyAccountRecord[],
): Promise<TicketRecord[]> {
  const records = customers.map(({ record }) => record);
  const [plain, plainA] = records as [CustomerRecord, CustomerRecord];
  function plan(customer: CustomerRecord, facts: Partial<TicketPlan> = {}): TicketPlan {
    return {
      customer,
      tied: null,
      teamId: null,
      dispatchedTo: null,
      responsibleDepartmentId: null,
      claim: false,
      ...facts,
    };
  }
  const partial = VIEWERS.filter((viewer) => TICKETS[viewer].opens !== 'ALL');
  const planned: TicketPlan[] = [
    plan(plain),
    plan(plainA),
    plan(plain, { claim: true }),
    plan(plainA, { claim: true }),
    plan(plain, { teamId: teams.CUSTOMER_SERVICE_2.id }),
    plan(plainA, { teamId: teams.CUSTOMER_SERVICE.id }),
    ...records.filter(({ area, tied }) => area !== null && tied === null).map((customer) => plan(customer)),
    ...keyAccounts.filter(({ customer }) => customer.tied === null).map(({ customer }) => plan(customer)),
    ...partial.flatMap((of) => [
      plan(plain, { tied: { of, tie: 'opener' } }),
      plan(plain, { tied: { of, tie: 'responsible' } }),
      plan(plain, { responsibleDepartmentId: people[of].departmentId }),
    ]),
    ...records.flatMap((customer) => (customer.tied ? ticketsOf(customer, customer.tied, plan) : [])),
  ];
  const accountOf = new Map(keyAccounts.map((account) => [account.customer.index, account]));
  const made = await makeTickets(server, planned.length, (index) => {
    const ticket = planned[index] as TicketPlan;
    const { of, tie } = ticket.tied ?? {};
    const department = Object.entries(departments).find(([, { id }]) => id === ticket.dispatchedTo)?.[0];
    return {
      customerId: ticket.customer.id,
      keyAccountId: accountOf.get(ticket.customer.index)?.id ?? null,
      areaId: ticket.customer.area ? areas[ticket.customer.area].id : null,
      number: `TSECRET${index}X`,
      subject: `TSECRET${index}X`,
      content: `TSECRET${index}X`,
      callerName: `TSECRET${index}X`,
      status: ticket.closed ? 'CLOSED' : 'INVESTIGATING',
      teamId: ticket.teamId,
      assigneeId: of && tie === 'handler' ? people[of].id : null,
      openedById: of && tie === 'opener' ? people[of].id : null,
      responsiblePersonId: of && tie === 'responsible' ? people[of].id : null,
      responsibleDepartmentId: ticket.responsibleDepartmentId,
      claimAmount: ticket.claim ? '100.00' : null,
      ...(department ? { dispatchedTo: [department as keyof typeof departments] } : {}),
    };
  });
  const attachments = await makeAttachments(server, planned.length, (index) => ({
    subjectId: made[index]?.id ?? '',
    fileName: `TSECRET${index}X.pdf`,
    note: `TSECRET${index}X`,
  }));
  return planned.map((ticket, index) => ({
    ...ticket,
    ...(made[index] as Named),
    index,
    keyAccount: accountOf.get(ticket.customer.index) ?? null,
    attachment: attachments[index] as Named,
  }));
}

/** The tickets that a customer's tie asks for, and one of each whose tie opens tickets. */
function ticketsOf(
  customer: CustomerRecord,
  { of, tie }: Tied,
  plan: (customer: CustomerRecord, facts?: Partial<TicketPlan>) => TicketPlan,
): TicketPlan[] {
  switch (tie) {
    case 'ticketNeed':
      return [plan(customer, { tied: { of, tie: 'handler' } })];
    case 'ticketClosed':
      return [plan(customer, { tied: { of, tie: 'handler' }, closed: true })];
    case 'ticketInTeamQueue':
      return [plan(customer, { teamId: people[of].teamId })];
    case 'ticketDispatched':
      return [plan(customer, { dispatchedTo: people[of].departmentId })];
    default:
      return [plan(customer)];
  }
}

async function writeAssignments(server: TestServer, customers: readonly Planned[]): Promise<void> {
  const now = server.clock.now();
  const before = new Date(now.getTime() - 86_400_000);
  const rows = customers.flatMap(({ record }): Prisma.CustomerAssignmentCreateManyInput[] => {
    if (!record.tied) return [];
    const { of, tie } = record.tied;
    const row = { customerId: record.id, employeeId: people[of].id, validFrom: now };
    switch (tie) {
      case 'assigned':
        return [row];
      case 'dedicated':
        return [{ ...row, dedicated: true }];
      // Ends are exclusive: over at this very instant.
      case 'assignmentOver':
        return [{ ...row, validFrom: before, validTo: now }];
      case 'dedicationOver':
        return [{ ...row, validFrom: before, validTo: now, dedicated: true }];
      case 'assignmentAhead':
        return [{ ...row, validFrom: new Date(now.getTime() + 1) }];
      default:
        return [];
    }
  });
  await server.services.database.transaction(({ prisma }) =>
    prisma.customerAssignment.createMany({ data: rows }),
  );
}

async function writeGrants(server: TestServer, customers: readonly Planned[]): Promise<GrantRecord[]> {
  const now = server.clock.now();
  const later = new Date(now.getTime() + 86_400_000);
  const STATES: Partial<Record<Tie, Pick<Prisma.AccessGrantCreateManyInput, 'state' | 'validUntil'>>> = {
    grant: { state: 'APPROVED', validUntil: new Date(now.getTime() + 1) },
    // The sweep has not marked it yet: it is over all the same.
    grantExpired: { state: 'APPROVED', validUntil: now },
    grantRevoked: { state: 'REVOKED', validUntil: later },
    grantRequested: { state: 'REQUESTED', validUntil: null },
  };
  const grants = customers.flatMap(({ record }) => {
    const state = record.tied && STATES[record.tied.tie];
    return state && record.tied ? [{ id: newId(), record, of: record.tied.of, state }] : [];
  });
  await server.services.database.transaction(({ prisma }) =>
    prisma.accessGrant.createMany({
      data: grants.map(({ id, record, of, state }) => ({
        id,
        customerId: record.id,
        requesterId: people[of].id,
        reason: 'for a tender',
        requestedAt: now,
        ...state,
      })),
    }),
  );
  return grants.map(({ id, record, of }) => ({
    ...named('AccessGrant', id),
    customer: record,
    requester: of,
  }));
}

async function writeBudgets(server: TestServer): Promise<BudgetRecord[]> {
  const now = server.clock.now();
  const records = Object.values(departments).map(({ id }, index) => ({
    ...named('Budget', newId()),
    index,
    departmentId: id,
    line: named('BudgetLine', newId()),
  }));
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.budget.createMany({
      data: records.map(({ id, departmentId }) => ({
        id,
        year: YEAR,
        departmentId,
        draftedById: people.SALES_SUPERVISOR.id,
        writerIds: [people.SALES_SUPERVISOR.id],
        createdAt: now,
        updatedAt: now,
      })),
    });
    await prisma.budgetLine.createMany({
      data: records.map(({ id, index, line }) => ({
        id: line.id,
        budgetId: id,
        number: 1,
        category: 'OTHER',
        item: `BSECRET${index}X`,
        scope: `BSECRET${index}X`,
        amount: '100.00',
        justification: `BSECRET${index}X`,
      })),
    });
  });
  return records;
}

/** What ties the viewer to a customer. */
export function customerTies(
  viewer: ViewerName,
  customer: CustomerRecord,
  keyAccounts: readonly KeyAccountRecord[],
): Set<Tie> {
  const ties = new Set<Tie>();
  if (customer.tied?.of === viewer) ties.add(customer.tied.tie);
  if (customer.area !== null && customer.area === AREA_OF[viewer]) ties.add('ownArea');
  if (keyAccounts.some((account) => account.customer === customer && !account.ended)) ties.add('keyAccount');
  return ties;
}

export function ticketTies(
  viewer: ViewerName,
  ticket: TicketRecord,
  keyAccounts: readonly KeyAccountRecord[],
): Set<Tie> {
  const ties = customerTies(viewer, ticket.customer, keyAccounts);
  if (ticket.keyAccount) ties.add('keyAccount');
  if (ticket.tied?.of === viewer) ties.add(ticket.tied.tie);
  if (ticket.claim) ties.add('claim');
  const { teamId, departmentId } = people[viewer];
  if (ticket.teamId !== null && ticket.teamId === teamId) ties.add('ownTeam');
  if (ticket.dispatchedTo === departmentId) ties.add('dispatchedToOwnDepartment');
  if (ticket.responsibleDepartmentId === departmentId) ties.add('ownDepartmentResponsible');
  return ties;
}
