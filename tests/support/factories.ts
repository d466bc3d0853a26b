import type { Prisma } from '../../src/generated/prisma/client.ts';
import type { Role } from '../../src/generated/prisma/enums.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { type Named, departments, people } from './people.ts';
import type { TestServer } from './server.ts';

// Each makes rows of its own, written past the commands: only what a test says differs from the ordinary case.

const HOUR = 3_600_000;

/** Unique in the database, whatever else the tests of this worker have made in it. */
function uniqueNumber(prefix: string): string {
  return `${prefix}${newId().replaceAll('-', '')}`;
}

type Facts<Row> = Partial<Row> | ((index: number) => Partial<Row>);

/** Writes `count` rows with one statement. */
async function makeMany<Row extends { id?: string }>(
  server: TestServer,
  entity: string,
  count: number,
  facts: Facts<Row>,
  row: (now: Date) => Row,
  write: (prisma: Prisma.TransactionClient, rows: Row[]) => Promise<unknown>,
): Promise<Named[]> {
  const now = server.clock.now();
  const rows = Array.from({ length: count }, (_, index) => ({
    ...row(now),
    ...(typeof facts === 'function' ? facts(index) : facts),
  }));
  await server.services.database.transaction(({ prisma }) => write(prisma, rows));
  return rows.map(({ id = '' }) => ({ id, nodeId: globalId(entity, id) }));
}

function only([row]: readonly Named[]): Named {
  if (!row) throw new Error('Nothing was made.');
  return row;
}

export type CustomerRow = Prisma.CustomerCreateManyInput;

export function makeCustomers(
  server: TestServer,
  count: number,
  facts: Facts<CustomerRow> = {},
): Promise<Named[]> {
  return makeMany<CustomerRow>(
    server,
    'Customer',
    count,
    facts,
    (now) => ({
      id: newId(),
      number: uniqueNumber('C'),
      name: '远大贸易有限公司',
      lifecycle: 'ACTIVE',
      grade: 'B',
      contactPerson: '李雷',
      phone: '+862150000000',
      address: '上海市浦东新区世纪大道 1 号',
      businessNeeds: '每日两班干线运输',
      createdAt: now,
      updatedAt: now,
    }),
    (prisma, data) => prisma.customer.createMany({ data }),
  );
}

/** An ACTIVE customer with a grade B file and nobody in charge. */
export async function makeCustomer(server: TestServer, facts: Partial<CustomerRow> = {}): Promise<Named> {
  return only(await makeCustomers(server, 1, facts));
}

type AssignmentRow = Prisma.CustomerAssignmentCreateManyInput;

/** Assigns a person to a customer from now on; not dedicated unless said. */
export async function makeAssignment(
  server: TestServer,
  facts: Pick<AssignmentRow, 'customerId' | 'employeeId'> & Partial<AssignmentRow>,
): Promise<Named> {
  return only(
    await makeMany<AssignmentRow>(
      server,
      'CustomerAssignment',
      1,
      {},
      (now) => ({ id: newId(), validFrom: now, ...facts }),
      (prisma, data) => prisma.customerAssignment.createMany({ data }),
    ),
  );
}

type GrantRow = Prisma.AccessGrantCreateManyInput;

/** Approved access requests of 30 days. */
export function makeGrants(
  server: TestServer,
  count: number,
  facts: (index: number) => Pick<GrantRow, 'customerId' | 'requesterId'> & Partial<GrantRow>,
): Promise<Named[]> {
  return makeMany<GrantRow>(
    server,
    'AccessGrant',
    count,
    facts,
    (now) => ({
      id: newId(),
      customerId: '',
      requesterId: '',
      reason: 'Needed for a joint tender',
      state: 'APPROVED',
      requestedAt: now,
      decidedById: people.HEAD.id,
      decidedAt: now,
      decisionReason: 'The tender was agreed',
      validUntil: new Date(now.getTime() + 30 * 24 * HOUR),
    }),
    (prisma, data) => prisma.accessGrant.createMany({ data }),
  );
}

type ContactRow = Prisma.ContactCreateManyInput;

export function makeContacts(
  server: TestServer,
  count: number,
  facts: Facts<ContactRow> &
    (Pick<ContactRow, 'customerId'> | ((index: number) => Pick<ContactRow, 'customerId'>)),
): Promise<Named[]> {
  return makeMany<ContactRow>(
    server,
    'Contact',
    count,
    facts,
    (now) => ({
      id: newId(),
      customerId: '',
      name: '韩梅梅',
      title: '物流经理',
      phone: '+862150000001',
      createdAt: now,
      updatedAt: now,
    }),
    (prisma, data) => prisma.contact.createMany({ data }),
  );
}

export async function makeContact(
  server: TestServer,
  facts: Pick<ContactRow, 'customerId'> & Partial<ContactRow>,
): Promise<Named> {
  return only(await makeContacts(server, 1, facts));
}

type ShipmentRow = Prisma.ShipmentCreateManyInput;

export function makeShipments(
  server: TestServer,
  count: number,
  facts: Facts<ShipmentRow> &
    (Pick<ShipmentRow, 'customerId'> | ((index: number) => Pick<ShipmentRow, 'customerId'>)),
): Promise<Named[]> {
  return makeMany<ShipmentRow>(
    server,
    'Shipment',
    count,
    facts,
    (now) => ({
      id: newId(),
      customerId: '',
      shipmentNumber: uniqueNumber('W'),
      deliveredAt: now,
      countedAt: now,
      createdAt: now,
      updatedAt: now,
    }),
    (prisma, data) => prisma.shipment.createMany({ data }),
  );
}

type KeyAccountRow = Prisma.KeyAccountCreateManyInput;

export function makeKeyAccounts(
  server: TestServer,
  count: number,
  facts: Facts<KeyAccountRow> &
    (Pick<KeyAccountRow, 'customerId'> | ((index: number) => Pick<KeyAccountRow, 'customerId'>)),
): Promise<Named[]> {
  return makeMany<KeyAccountRow>(
    server,
    'KeyAccount',
    count,
    facts,
    (now) => ({
      id: newId(),
      customerId: '',
      level: 'B',
      specialistId: people.KA_SPECIALIST.id,
      supervisorId: people.KA_SUPERVISOR.id,
      annualRevenueTarget: '2000000.00',
      promotedAt: now,
      createdAt: now,
      updatedAt: now,
    }),
    (prisma, data) => prisma.keyAccount.createMany({ data }),
  );
}

/** A level B key account served by KA_SPECIALIST under KA_SUPERVISOR. */
export async function makeKeyAccount(
  server: TestServer,
  facts: Pick<KeyAccountRow, 'customerId'> & Partial<KeyAccountRow>,
): Promise<Named> {
  return only(await makeKeyAccounts(server, 1, facts));
}

export type TicketRow = Prisma.TicketCreateManyInput;

/** The service limits that the migrations bring, by kind of ticket. */
const POLICY_OF = {
  INQUIRY: '01900000-0000-7000-8000-000000000011',
  SHIPMENT_QUERY: '01900000-0000-7000-8000-000000000012',
  GENERAL: '01900000-0000-7000-8000-000000000013',
  SERIOUS: '01900000-0000-7000-8000-000000000014',
} as const;

export type TicketFacts = Partial<TicketRow> & {
  /** Departments that the ticket was passed to. */
  readonly dispatchedTo?: readonly (keyof typeof departments)[];
};

export async function makeTickets(
  server: TestServer,
  count: number,
  facts: TicketFacts | ((index: number) => TicketFacts) = {},
): Promise<Named[]> {
  const now = server.clock.now();
  const dispatches: Prisma.TicketDispatchCreateManyInput[] = [];
  const rows = Array.from({ length: count }, (_, index): TicketRow => {
    const { dispatchedTo = [], ...given } = typeof facts === 'function' ? facts(index) : facts;
    const id = given.id ?? newId();
    for (const code of dispatchedTo) {
      dispatches.push({
        ticketId: id,
        departmentId: departments[code].id,
        dispatchedAt: now,
        dispatchedById: people.CS_SUPERVISOR.id,
      });
    }
    return { ...ticketRow(id, given), ...given };
  });

  /** What a ticket of this kind has of its own accord; complaints have deadlines from the start (TIC-12). */
  function ticketRow(id: string, given: Partial<TicketRow>): TicketRow {
    const category = given.category ?? 'COMPLAINT';
    const severity = given.severity ?? 'GENERAL';
    const openedAt = new Date(given.openedAt ?? now);
    const hours = (count: number) => new Date(openedAt.getTime() + count * HOUR);
    const complaint = category === 'COMPLAINT';
    const serious = complaint && severity === 'SERIOUS';
    return {
      id,
      number: uniqueNumber('T'),
      category,
      severity,
      status: 'RECEIVED',
      subject: complaint ? '货物破损' : '运费咨询',
      content: '客户来电说明情况。',
      channel: 'PHONE',
      callerName: '李雷',
      callerPhone: '+8613900000000',
      openedAt,
      registeredAt: openedAt,
      cycleStartedAt: openedAt,
      slaPolicyId: POLICY_OF[category === 'COMPLAINT' ? severity : category],
      acknowledgeDueAt: complaint ? hours(serious ? 0.25 : 0.5) : null,
      firstResponseDueAt: complaint ? hours(serious ? 8 : 24) : hours(2),
      resolutionDueAt: complaint ? hours(serious ? 48 : 72) : hours(24),
      nextDueAt: complaint ? hours(serious ? 0.25 : 0.5) : hours(2),
      createdAt: openedAt,
      updatedAt: openedAt,
    };
  }

  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.ticket.createMany({ data: rows });
    if (dispatches.length > 0) await prisma.ticketDispatch.createMany({ data: dispatches });
  });
  return rows.map(({ id = '' }) => ({ id, nodeId: globalId('Ticket', id) }));
}

type GradeCandidateFacts = Pick<Prisma.GradeCandidateCreateManyInput, 'customerId'> &
  Partial<Prisma.GradeCandidateCreateManyInput>;

/** Grades that HEAD has proposed; no deadline of them is watched. */
export function makeGradeCandidates(
  server: TestServer,
  count: number,
  facts: (index: number) => GradeCandidateFacts,
): Promise<Named[]> {
  return makeMany<Prisma.GradeCandidateCreateManyInput>(
    server,
    'GradeCandidate',
    count,
    facts,
    (now) => ({
      id: newId(),
      customerId: '',
      origin: 'PERSON',
      from: 'B',
      to: 'C',
      proposedById: people.HEAD.id,
      reason: 'of a test',
      raisedAt: now,
      dueAt: new Date(now.getTime() + 7 * 24 * HOUR),
    }),
    (prisma, data) => prisma.gradeCandidate.createMany({ data }),
  );
}

export type AnomalyRow = Prisma.AnomalyCaseCreateManyInput;

/** Open cases of turnover, each in a department of its own, so that they do not collide. */
export function makeAnomalyCases(
  server: TestServer,
  count: number,
  facts: Facts<AnomalyRow> = {},
): Promise<Named[]> {
  return makeMany<AnomalyRow>(
    server,
    'AnomalyCase',
    count,
    facts,
    (now) => {
      const id = newId();
      return {
        id,
        key: 'KPI_01',
        dimensionKind: 'DEPARTMENT',
        dimensionId: id,
        period: '2026-10',
        actual: '900.00',
        mean: '500.00',
        lower: '400.00',
        upper: '600.00',
        periods: 12,
        aroseAt: now,
        openedAt: now,
        dueAt: new Date(now.getTime() + 7 * 24 * HOUR),
        updatedAt: now,
      };
    },
    (prisma, data) => prisma.anomalyCase.createMany({ data }),
  );
}

/**
 * A general complaint that was received now, with its limits; nobody handles it and no deadline of it is watched:
 * a ticket whose clock matters is opened by `ticketOpen`.
 */
export async function makeTicket(server: TestServer, facts: TicketFacts = {}): Promise<Named> {
  return only(await makeTickets(server, 1, facts));
}

export interface MadeEmployee extends Named {
  readonly subject: string;
}

type EmployeeRow = Prisma.EmployeeCreateManyInput;

/** A further person in MARKETING, whom the server knows at once. */
export async function makeEmployee(
  server: TestServer,
  facts: Partial<EmployeeRow> & {
    readonly roles?: readonly Role[];
    readonly roleFrom?: Date;
    readonly roleTo?: Date | null;
    readonly areaIds?: readonly string[];
  } = {},
): Promise<MadeEmployee> {
  const {
    roles = ['CS_AGENT'],
    roleFrom = new Date('2020-01-01T00:00:00Z'),
    roleTo = null,
    areaIds = [],
    ...given
  } = facts;
  const id = given.id ?? newId();
  const number = uniqueNumber('E');
  const row: EmployeeRow = {
    id,
    number,
    subject: `test-${number}`,
    name: `员工 ${number}`,
    nameEn: `Employee ${number}`,
    departmentId: departments.MARKETING.id,
    hiredOn: new Date('2020-01-01T00:00:00Z'),
    ...given,
  };
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.employee.createMany({ data: [row] });
    await prisma.roleAssignment.createMany({
      data: roles.map((role) => ({
        employeeId: id,
        role,
        departmentId: row.departmentId,
        validFrom: roleFrom,
        validTo: roleTo,
      })),
    });
    await prisma.employeeArea.createMany({ data: areaIds.map((areaId) => ({ employeeId: id, areaId })) });
  });
  await server.services.directory();
  return { id, nodeId: globalId('Employee', id), subject: row.subject };
}

type AttachmentFacts = Pick<Prisma.AttachmentCreateManyInput, 'subjectId'> &
  Partial<Prisma.AttachmentCreateManyInput>;

/** Letters on tickets, without their bytes: a test that reads content uploads it. */
export function makeAttachments(
  server: TestServer,
  count: number,
  facts: (index: number) => AttachmentFacts,
): Promise<Named[]> {
  return makeMany<Prisma.AttachmentCreateManyInput>(
    server,
    'Attachment',
    count,
    facts,
    (now) => {
      const sha256 = newId().replaceAll('-', '').repeat(2);
      return {
        id: newId(),
        subjectType: 'Ticket',
        subjectId: '',
        kind: 'LETTER',
        fileName: '致歉信.pdf',
        contentType: 'application/pdf',
        bytes: 1024,
        sha256,
        blobSha256: sha256,
        uploadedById: people.CS_AGENT.id,
        uploadedAt: now,
      };
    },
    async (prisma, data) => {
      await prisma.storedBlob.createMany({
        data: data.map(({ sha256, bytes, uploadedAt }) => ({ sha256, bytes, storedAt: uploadedAt })),
      });
      await prisma.attachment.createMany({ data });
    },
  );
}

type ApprovalFacts = Pick<Prisma.ApprovalCreateManyInput, 'chain' | 'subjectType' | 'subjectId'> &
  Partial<Prisma.ApprovalCreateManyInput> & {
    readonly approvers?: readonly { readonly role: Role; readonly scope: 'ALL' | 'AREA' | 'DEPARTMENT' }[];
    readonly decided?: Pick<Prisma.ApprovalStepCreateManyInput, 'decision' | 'decidedById'>;
  };

/** Approvals of one step that wait for HEAD, due in four hours; no deadline of them is watched. */
export async function makeApprovals(
  server: TestServer,
  count: number,
  facts: (index: number) => ApprovalFacts,
): Promise<Named[]> {
  const now = server.clock.now();
  const rows = Array.from({ length: count }, (_, index) => {
    const { approvers = [{ role: 'HEAD', scope: 'ALL' }], decided, ...given } = facts(index);
    const id = newId();
    const approval = {
      id,
      requesterId: people.CS_AGENT.id,
      fingerprint: 'of a test',
      requestedAt: now,
      ...given,
    };
    const step = { approvalId: id, number: 1, approvers: [...approvers], within: 'PT4H' };
    const times = {
      dueAt: new Date(now.getTime() + 4 * HOUR),
      ...(decided ? { decidedAt: now, ...decided } : {}),
    };
    return { approval, step: { ...step, ...times, reason: decided ? 'of a test' : null } };
  });
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.approval.createMany({ data: rows.map(({ approval }) => approval) });
    await prisma.approvalStep.createMany({ data: rows.map(({ step }) => step) });
    await prisma.approvalHistory.createMany({
      data: rows.map(({ approval }) => ({
        approvalId: approval.id,
        at: now,
        actorId: approval.requesterId ?? null,
        event: 'REQUESTED',
        step: 1,
      })),
    });
  });
  return rows.map(({ approval }) => ({ id: approval.id, nodeId: globalId('Approval', approval.id) }));
}

type DelegationRow = Prisma.ApprovalDelegationCreateManyInput;

/** Delegations of everything in a far future: they lend nobody anything in a database that other tests use, too. */
export function makeDelegations(
  server: TestServer,
  count: number,
  facts: (index: number) => Pick<DelegationRow, 'delegatorId' | 'delegateId'> & Partial<DelegationRow>,
): Promise<Named[]> {
  return makeMany<DelegationRow>(
    server,
    'ApprovalDelegation',
    count,
    facts,
    (now) => ({
      id: newId(),
      delegatorId: '',
      delegateId: '',
      validFrom: new Date('2090-01-01T00:00:00Z'),
      validTo: new Date('2090-02-01T00:00:00Z'),
      reason: '出差',
      createdAt: now,
    }),
    (prisma, data) => prisma.approvalDelegation.createMany({ data }),
  );
}
