import { beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import {
  makeAssignment,
  makeContact,
  makeCustomer,
  makeCustomers,
  makeKeyAccount,
} from '../support/factories.ts';
import { areas, people, type PersonName } from '../support/people.ts';
import { type Caller, startTestServer, type TestServer } from '../support/server.ts';
import { act, decide, promote, propose, read, readAccount, recordContact } from './key-account-client.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

const OWNER = people.ACCOUNT_MANAGER_LOGISTICS.id;

async function customerWith(facts: Parameters<typeof makeCustomer>[1] = {}) {
  return makeCustomer(server, { ownerId: OWNER, areaId: areas.EAST.id, ...facts });
}

/** What a caller sees of a customer and its file. */
async function customerSeenBy(caller: Caller, id: string) {
  const { data } = await read(
    server,
    caller,
    `query Seen($id: ID!) { node(id: $id) { ... on Customer {
      name access { level } file { number } contacts { totalCount nodes: edges { node { name } } }
      contactLogs { totalCount edges { node { content } } }
      keyAccount { id level access { level } }
    } } }`,
    { id },
  );
  return data.node;
}

function dedicatedNow(customerId: string) {
  return server.services.database.query<{ id: string }>(sql`
    select employee_id as id from customer_assignment
    where customer_id = ${customerId}::uuid and dedicated and valid_to is null order by employee_id`);
}

describe('promotion', () => {
  test('makes a customer a key account, with level, people and service', async () => {
    const customer = await customerWith();
    const { __typename, keyAccount } = await promote(server, customer, {
      annualRevenueTarget: '5000000',
      isSpecial: true,
      hours24: true,
      partnershipStatus: '战略合作',
    });
    expect(__typename).toBe('KeyAccountPromoteSuccess');
    expect(keyAccount).toMatchObject({
      level: 'A',
      isSpecial: true,
      status: 'ACTIVE',
      serviceModel: 'STANDARD',
      priorityLane: true,
      hours24: true,
      version: 1,
      specialist: { id: people.KA_SPECIALIST.nodeId },
      supervisor: { id: people.KA_SUPERVISOR.nodeId },
      customer: { id: customer.nodeId, access: { level: 'FULL' } },
      file: {
        annualRevenueTarget: { amount: '5000000.00', currency: 'CNY' },
        partnershipStatus: '战略合作',
        promotedAt: server.clock.now().toISOString(),
        endedAt: null,
      },
    });
    const seen = await customerSeenBy('KA_SUPERVISOR', customer.nodeId);
    expect(seen.keyAccount).toEqual({ id: keyAccount.id, level: 'A', access: { level: 'FULL' } });
  });

  test.each([
    ['5000000.00', 'A'],
    ['4999999.99', 'B'],
    ['1000000', 'C'],
    ['500000.00', 'D'],
  ])('a target of %s gives level %s', async (annualRevenueTarget, level) => {
    const { keyAccount } = await promote(server, await customerWith(), { annualRevenueTarget });
    expect(keyAccount.level).toBe(level);
  });

  test.each([
    ['a target below level D', { annualRevenueTarget: '499999.99' }, ['annualRevenueTarget']],
    ['a target with three places', { annualRevenueTarget: '5000000.001' }, ['annualRevenueTarget']],
    ['a specialist who is none', { specialistId: people.SALES_REP.nodeId }, ['specialistId']],
    ['a supervisor who is none', { supervisorId: people.KA_SPECIALIST.nodeId }, ['supervisorId']],
    [
      'everything at once',
      {
        annualRevenueTarget: '1',
        specialistId: people.HR.nodeId,
        supervisorId: people.HEAD.nodeId,
        partnershipStatus: 'x'.repeat(201),
      },
      ['annualRevenueTarget', 'partnershipStatus', 'specialistId', 'supervisorId'],
    ],
  ])('refuses %s by name', async (_case, input, paths) => {
    const answer = await promote(server, await customerWith(), input);
    expect(answer).toMatchObject({ __typename: 'InvalidInput', code: 'INVALID_INPUT' });
    expect(answer.issues.map((issue: { path: string[] }) => issue.path.join('.'))).toEqual(paths);
  });

  test('refuses a customer that was lost', async () => {
    const answer = await promote(server, await customerWith({ lifecycle: 'LOST' }));
    expect(answer).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['customerId'] }] });
  });

  test('without a supervisor named, the caller is it; HEAD has to name one', async () => {
    const [own, other] = [await customerWith(), await customerWith()];
    const { keyAccount } = await promote(server, own, { supervisorId: undefined });
    expect(keyAccount.supervisor.id).toBe(people.KA_SUPERVISOR.nodeId);
    const answer = await promote(server, other, { supervisorId: undefined }, 'HEAD');
    expect(answer).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['supervisorId'] }] });
    expect((await promote(server, other, {}, 'HEAD')).__typename).toBe('KeyAccountPromoteSuccess');
  });

  test.each<[PersonName, string]>([
    ['COMPANY_LEADER', 'Forbidden'],
    ['DEPUTY', 'Forbidden'],
    ['SALES_SUPERVISOR', 'Forbidden'],
    ['KA_SPECIALIST', 'Forbidden'],
    ['ACCOUNT_MANAGER_LOGISTICS', 'Forbidden'],
    ['HR', 'NotFound'],
    ['ADMIN', 'NotFound'],
  ])('%s may not promote: %s', async (caller, type) => {
    expect((await promote(server, await customerWith(), {}, caller)).__typename).toBe(type);
  });

  test('a second promotion is an illegal transition, whichever of two was first', async () => {
    const customer = await customerWith();
    const answers = await Promise.all([propose(server, customer), propose(server, customer, {}, 'HEAD')]);
    expect(answers.map((answer) => answer.__typename).sort()).toEqual([
      'IllegalTransition',
      'KeyAccountPromoteSuccess',
    ]);
    expect(answers.find((answer) => answer.__typename === 'IllegalTransition')).toMatchObject({
      from: 'PROPOSED',
      to: 'keyAccountPromote',
      allowed: ['approvalWithdraw'],
    });
    const other = await customerWith();
    await promote(server, other);
    expect(await propose(server, other)).toMatchObject({
      from: 'ACTIVE',
      to: 'keyAccountPromote',
      allowed: ['keyAccountUpdate', 'keyAccountAssignSpecialist', 'keyAccountEnd'],
    });
  });

  test('the same key and input answer alike; another input conflicts', async () => {
    const customer = await customerWith();
    const idempotencyKey = customer.id;
    const [first, second] = [
      await propose(server, customer, { idempotencyKey }),
      await propose(server, customer, { idempotencyKey }),
    ];
    expect(second).toEqual(first);
    const third = await propose(server, customer, { idempotencyKey, hours24: true });
    expect(third.__typename).toBe('IdempotencyConflict');
  });

  test('[CFL-05] the three level A accounts with the highest targets are special unless said otherwise', async () => {
    const targets = ['9000000000000001', '9000000000000002', '9000000000000003', '9000000000000000.99'];
    const special: boolean[] = [];
    for (const annualRevenueTarget of targets) {
      const { keyAccount } = await promote(server, await customerWith(), { annualRevenueTarget });
      special.push(keyAccount.isSpecial);
    }
    expect(special).toEqual([true, true, true, false]);
    const { keyAccount } = await promote(server, await customerWith(), {
      annualRevenueTarget: '9000000000000000.5',
      isSpecial: true,
    });
    expect(keyAccount.isSpecial).toBe(true);
    const levelB = await promote(server, await customerWith(), {});
    expect(levelB.keyAccount.isSpecial).toBe(false);
  });

  test('open tickets of the customer become those of a key account, and are no more when it ends', async () => {
    const customer = await customerWith();
    const opened = await server.gql(
      'CS_SUPERVISOR',
      `mutation Open($input: TicketOpenInput!) { ticketOpen(input: $input) {
        ... on TicketOpenSuccess { ticket { id sla { resolution { dueAt } } } } ... on Error { message } } }`,
      {
        input: {
          category: 'COMPLAINT',
          severity: 'GENERAL',
          subject: '货物破损',
          content: '外箱破损。',
          channel: 'PHONE',
          callerName: '李雷',
          callerPhone: '+8613900000000',
          customerId: customer.nodeId,
        },
      },
    );
    const ticket = opened.data?.ticketOpen?.ticket;
    expect(ticket, JSON.stringify(opened)).toBeTruthy();
    const dueAt = async () =>
      (
        await read(
          server,
          'HEAD',
          'query T($id: ID!) { node(id: $id) { ... on Ticket { sla { resolution { dueAt } } } } }',
          { id: ticket.id },
        )
      ).data.node.sla.resolution.dueAt;
    const ordinary = await dueAt();
    const { keyAccount } = await promote(server, customer);
    const shorter = await dueAt();
    expect(new Date(shorter).getTime()).toBeLessThan(new Date(ordinary).getTime());
    await act(server, 'HEAD', 'keyAccountEnd', {
      keyAccountId: keyAccount.id,
      expectedVersion: 1,
      reason: '降级',
    });
    expect(await dueAt()).toBe(ordinary);
  });
});

describe('what each role sees', () => {
  const SEEN: Record<string, 'FULL' | 'MASKED' | null> = {
    COMPANY_LEADER: 'FULL',
    HEAD: 'FULL',
    DEPUTY: 'FULL',
    DEPUTY_SOUTH: 'MASKED',
    SALES_SUPERVISOR: 'FULL',
    CS_SUPERVISOR: 'FULL',
    KA_SUPERVISOR: 'FULL',
    KA_SPECIALIST: 'FULL',
    KA_SPECIALIST_2: 'MASKED',
    ACCOUNT_MANAGER_LOGISTICS: 'FULL',
    ACCOUNT_MANAGER_LOGISTICS_2: 'MASKED',
    ACCOUNT_MANAGER_LEASING: 'MASKED',
    SALES_REP: 'FULL',
    SALES_REP_2: 'MASKED',
    MARKET_DEVELOPER: null,
    CS_AGENT: 'MASKED',
    DATA_ANALYST: 'FULL',
    MARKETING_CLERK: 'MASKED',
    FINANCE: null,
    HR: null,
    OPERATIONS: 'MASKED',
    QUALITY: 'MASKED',
    OTHER_DEPARTMENT: 'MASKED',
    INTERNAL_AUDITOR: 'FULL',
    ADMIN: null,
  };

  test.each(Object.entries(SEEN))('%s sees a key account: %s', async (caller, level) => {
    // Owned in EAST by ACCOUNT_MANAGER_LOGISTICS, assigned to SALES_REP.
    const customer = await customerWith();
    await makeAssignment(server, { customerId: customer.id, employeeId: people.SALES_REP.id });
    const account = await makeKeyAccount(server, { customerId: customer.id });
    const byNode = await readAccount(server, caller, account.nodeId);
    const { data } = await read(
      server,
      caller,
      `query Listed($id: ID!) {
        full: keyAccounts(where: { customer: { eq: $id }, annualRevenueTarget: { gte: "1" } }) { totalCount }
        all: keyAccounts(where: { customer: { eq: $id } }, orderBy: [{ field: annualRevenueTarget }]) { totalCount edges { node { id access { level } file { promotedAt } } } }
      }`,
      { id: customer.nodeId },
    );
    if (level === null) {
      expect(byNode).toBeNull();
      expect(data.all).toEqual({ totalCount: 0, edges: [] });
      return;
    }
    expect(byNode.access).toEqual({ level, reason: level === 'FULL' ? 'ALLOWED' : 'NOT_ASSIGNED' });
    expect(byNode.level).toBe('B');
    expect(byNode.file === null).toBe(level === 'MASKED');
    expect(data.all.totalCount).toBe(1);
    expect(data.all.edges[0].node.access.level).toBe(level);
    // A protected column finds nothing that its reader may not see.
    expect(data.full.totalCount).toBe(level === 'FULL' ? 1 : 0);
  });

  test('a refused read of the file is recorded', async () => {
    const customer = await customerWith();
    const account = await makeKeyAccount(server, { customerId: customer.id });
    await readAccount(server, 'CS_AGENT', account.nodeId);
    const refused = await server.services.database.query(sql`
      select actor_id as "actorId" from audit_log
      where action = 'readRefused' and subject_type = 'KeyAccount' and subject_id = ${account.id}::uuid`);
    expect(refused).toEqual([{ actorId: people.CS_AGENT.id }]);
  });

  test('[PRM-07] specialist and supervisor become dedicated; nobody else reads the grade A file through the account', async () => {
    const customer = await customerWith({ grade: 'A', name: '上海远大贸易有限公司' });
    const contact = await makeContact(server, { customerId: customer.id });
    const { keyAccount } = await promote(server, customer, {}, 'HEAD');
    expect(await dedicatedNow(customer.id)).toEqual(
      [people.KA_SPECIALIST.id, people.KA_SUPERVISOR.id].sort().map((id) => ({ id })),
    );
    for (const caller of ['KA_SPECIALIST', 'KA_SUPERVISOR'] as const) {
      const seen = await customerSeenBy(caller, customer.nodeId);
      expect(seen).toMatchObject({ access: { level: 'FULL' }, contacts: { totalCount: 1 } });
      const recorded = await recordContact(server, caller, {
        customerId: customer.nodeId,
        contactId: contact.nodeId,
        at: server.clock.now().toISOString(),
      });
      expect(recorded.__typename).toBe('ContactLogRecordSuccess');
    }
    // They read the account in full, and of its customer the card alone.
    for (const caller of [
      'COMPANY_LEADER',
      'SALES_SUPERVISOR',
      'DATA_ANALYST',
      'INTERNAL_AUDITOR',
      'ACCOUNT_MANAGER_LOGISTICS',
    ] as const) {
      const account = await readAccount(server, caller, keyAccount.id);
      expect(account).toMatchObject({
        access: { level: 'FULL' },
        file: { annualRevenueTarget: { amount: '2000000.00' } },
        customer: { name: '上海***', access: { level: 'MASKED' }, file: null },
      });
      const seen = await customerSeenBy(caller, customer.nodeId);
      expect(seen).toMatchObject({
        file: null,
        contacts: { totalCount: 0 },
        contactLogs: { totalCount: 0, edges: [] },
      });
    }
    expect(await readAccount(server, 'KA_SPECIALIST_2', keyAccount.id)).toMatchObject({
      access: { level: 'MASKED' },
      file: null,
      customer: { file: null },
    });
  });

  test('nobody opens a grade A file to themselves or others by promotion or handover', async () => {
    const customer = await customerWith({ grade: 'A' });
    const promotion = await promote(server, customer, {});
    expect(promotion).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD', 'a dedicated assignment'],
    });
    expect(await dedicatedNow(customer.id)).toEqual([]);
    // An account of old, whose supervisor is not dedicated.
    const account = await makeKeyAccount(server, { customerId: customer.id });
    const input = {
      keyAccountId: account.nodeId,
      expectedVersion: 1,
      specialistId: people.KA_SPECIALIST_2.nodeId,
      handover: '两项未结事项',
    };
    expect(await act(server, 'KA_SUPERVISOR', 'keyAccountAssignSpecialist', input)).toMatchObject({
      __typename: 'Forbidden',
    });
    const can = (await readAccount(server, 'KA_SUPERVISOR', account.nodeId)).viewerCan;
    expect(can).toContainEqual({
      action: 'keyAccountAssignSpecialist',
      allowed: false,
      reason: 'GRADE_A_DEDICATED_ONLY',
    });
    await makeAssignment(server, {
      customerId: customer.id,
      employeeId: people.KA_SUPERVISOR.id,
      dedicated: true,
    });
    expect(await act(server, 'KA_SUPERVISOR', 'keyAccountAssignSpecialist', input)).toMatchObject({
      __typename: 'KeyAccountAssignSpecialistSuccess',
    });
  });

  test('a page of accounts takes as many statements as one account', async () => {
    const customers = await makeCustomers(server, 8, { ownerId: OWNER });
    for (const { id } of customers) await makeKeyAccount(server, { customerId: id });
    const page = (count: number) =>
      server.statementsDuring(() =>
        read(
          server,
          'HEAD',
          `query Page($count: Int, $ids: [ID!]!) { keyAccounts(first: $count, where: { customer: { in: $ids } }) { edges { node {
            level specialist { name } supervisor { name } viewerCan { action allowed }
            customer { name file { number } keyAccount { id } contactLogs(first: 3) { edges { node { content } } } }
            file { contactWeek { done required } }
          } } } }`,
          { count, ids: customers.map(({ nodeId }) => nodeId) },
        ),
      );
    const one = await page(1);
    expect(one).toBeLessThanOrEqual(7);
    expect(await page(8)).toBe(one);
  });
});

describe('changes', () => {
  async function promoted(facts: Parameters<typeof makeCustomer>[1] = {}) {
    const customer = await customerWith(facts);
    const { keyAccount } = await promote(server, customer);
    return { customer, keyAccount };
  }

  function update(caller: Caller, keyAccount: { id: string; version: number }, input: object) {
    return act(server, caller, 'keyAccountUpdate', {
      keyAccountId: keyAccount.id,
      expectedVersion: keyAccount.version,
      ...input,
    });
  }

  test('[KEY-06] the service model is chosen by the account', async () => {
    const { keyAccount } = await promoted();
    let { version } = keyAccount;
    for (const serviceModel of ['CONSULTING', 'ON_SITE', 'DOOR_TO_DOOR', 'CUSTOM', 'STANDARD']) {
      const changed = await update('KA_SPECIALIST', { id: keyAccount.id, version }, { serviceModel });
      expect(changed.keyAccount).toMatchObject({ serviceModel, version: version + 1 });
      version += 1;
    }
    const { data } = await read(
      server,
      'KA_SUPERVISOR',
      '{ keyAccounts(where: { serviceModel: { in: [ON_SITE] }, isActive: { eq: true } }) { edges { node { serviceModel } } } }',
    );
    expect(
      data.keyAccounts.edges.every(
        (edge: { node: { serviceModel: string } }) => edge.node.serviceModel === 'ON_SITE',
      ),
    ).toBe(true);
  });

  test('lane, hours and partnership change; what is left out stays, null clears the partnership', async () => {
    const { keyAccount } = await promoted();
    const first = await update('KA_SUPERVISOR', keyAccount, {
      priorityLane: false,
      hours24: true,
      partnershipStatus: '洽谈中',
    });
    expect(first.keyAccount).toMatchObject({
      priorityLane: false,
      hours24: true,
      file: { partnershipStatus: '洽谈中' },
    });
    const second = await update('KA_SUPERVISOR', first.keyAccount, { partnershipStatus: null });
    expect(second.keyAccount).toMatchObject({
      priorityLane: false,
      hours24: true,
      file: { partnershipStatus: null },
    });
  });

  test('the target moves the level, when it is approved', async () => {
    const { keyAccount } = await promoted();
    const within = await update('KA_SPECIALIST', keyAccount, { annualRevenueTarget: '4999999.99' });
    expect(within.keyAccount).toMatchObject({
      level: 'B',
      file: { annualRevenueTarget: { amount: '4999999.99' } },
    });
    const raised = await update('HEAD', within.keyAccount, { annualRevenueTarget: '5000000' });
    expect(raised.keyAccount).toMatchObject({ level: 'B', proposal: { state: 'PENDING', level: 'A' } });
    await decide(server, 'KA_SUPERVISOR', raised.keyAccount.proposal.id);
    expect(await readAccount(server, 'HEAD', keyAccount.id)).toMatchObject({ level: 'A', proposal: null });
    const now = { ...raised.keyAccount, version: 4 };
    const tooLow = await update('KA_SUPERVISOR', now, { annualRevenueTarget: '499999.99' });
    expect(tooLow).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['annualRevenueTarget'] }] });
    const special = await update('KA_SPECIALIST', now, { isSpecial: true });
    expect(special.__typename).toBe('Forbidden');
  });

  test('HEAD approves, and leaves the service to those who write', async () => {
    const { keyAccount } = await promoted();
    const answer = await update('HEAD', keyAccount, { hours24: true });
    expect(answer).toMatchObject({ __typename: 'Forbidden', required: ['KA_SUPERVISOR', 'KA_SPECIALIST'] });
  });

  test('the thresholds of the register apply', async () => {
    const changedTo = (value: object) =>
      server.services.database.transaction(async ({ prisma }) => {
        await prisma.setting.deleteMany({ where: { key: 'keyAccount.thresholds' } });
        await prisma.setting.create({
          data: {
            key: 'keyAccount.thresholds',
            value,
            validFrom: new Date('2026-01-01T00:00:00Z'),
            proposedById: people.ADMIN.id,
            proposedAt: new Date('2026-01-01T00:00:00Z'),
            reason: '年度调整',
            approvedById: people.HEAD.id,
            approvedAt: new Date('2026-01-01T00:00:00Z'),
          },
        });
      });
    try {
      await changedTo({ A: '100.00', B: '50.00', C: '20.00', D: '10.00' });
      await server.services.directory();
      const { keyAccount } = await promote(server, await customerWith(), { annualRevenueTarget: '50' });
      expect(keyAccount.level).toBe('B');
      const { data } = await read(
        server,
        'HEAD',
        '{ keyAccountPolicy { levels { level threshold { amount } } } }',
      );
      expect(data.keyAccountPolicy.levels[3]).toEqual({ level: 'D', threshold: { amount: '10.00' } });
    } finally {
      await server.services.database.transaction(({ prisma }) =>
        prisma.setting.deleteMany({ where: { key: 'keyAccount.thresholds' } }),
      );
      await server.services.directory();
    }
  });

  test('[CFL-04] level D keeps more visits than C, and a warning says so', async () => {
    const { data } = await read(
      server,
      'KA_SUPERVISOR',
      '{ keyAccountPolicy { levels { level visitsPerMonth callsPerWeek } warnings } }',
    );
    expect(data.keyAccountPolicy).toEqual({
      levels: [
        { level: 'A', visitsPerMonth: 3, callsPerWeek: 2 },
        { level: 'B', visitsPerMonth: 2, callsPerWeek: 2 },
        { level: 'C', visitsPerMonth: 1, callsPerWeek: 2 },
        { level: 'D', visitsPerMonth: 2, callsPerWeek: 1 },
      ],
      warnings: ['Level D asks for more visitsPerMonth than level C (CFL-04).'],
    });
  });

  test.each<[PersonName, string]>([
    ['KA_SPECIALIST_2', 'Forbidden'],
    ['SALES_SUPERVISOR', 'Forbidden'],
    ['CS_AGENT', 'Forbidden'],
    ['FINANCE', 'NotFound'],
    ['HR', 'NotFound'],
  ])('%s may not change it: %s', async (caller, type) => {
    const { keyAccount } = await promoted();
    const input = { keyAccountId: keyAccount.id, expectedVersion: 1 };
    expect((await act(server, caller, 'keyAccountUpdate', { ...input, hours24: true })).__typename).toBe(
      type,
    );
    expect((await act(server, caller, 'keyAccountEnd', { ...input, reason: 'x' })).__typename).toBe(type);
    const handover = { ...input, specialistId: people.KA_SPECIALIST_2.nodeId, handover: 'x' };
    expect((await act(server, caller, 'keyAccountAssignSpecialist', handover)).__typename).toBe(type);
  });

  test('a stale version is refused with the present one', async () => {
    const { keyAccount } = await promoted();
    await update('KA_SUPERVISOR', keyAccount, { hours24: true });
    for (const [name, input] of [
      ['keyAccountUpdate', { hours24: false }],
      ['keyAccountEnd', { reason: 'x' }],
      ['keyAccountAssignSpecialist', { specialistId: people.KA_SPECIALIST_2.nodeId, handover: 'x' }],
    ] as const) {
      const answer = await act(server, 'KA_SUPERVISOR', name, {
        keyAccountId: keyAccount.id,
        expectedVersion: 1,
        ...input,
      });
      expect(answer).toMatchObject({ __typename: 'StaleVersion', current: 2 });
    }
  });

  test('a handover passes the dedicated assignment on at once, with its record', async () => {
    const { customer, keyAccount } = await promoted({ ownerId: null });
    const input = { keyAccountId: keyAccount.id, expectedVersion: 1 };
    const same = await act(server, 'KA_SUPERVISOR', 'keyAccountAssignSpecialist', {
      ...input,
      specialistId: people.KA_SPECIALIST.nodeId,
      handover: ' ',
    });
    expect(same.issues.map((issue: { path: string[] }) => issue.path[0])).toEqual([
      'specialistId',
      'handover',
    ]);
    expect((await customerSeenBy('KA_SPECIALIST', customer.nodeId)).access.level).toBe('FULL');
    const { keyAccount: handed } = await act(server, 'KA_SUPERVISOR', 'keyAccountAssignSpecialist', {
      ...input,
      specialistId: people.KA_SPECIALIST_2.nodeId,
      handover: '两项未结事项：运价复议、旺季仓位',
    });
    expect(handed).toMatchObject({ specialist: { id: people.KA_SPECIALIST_2.nodeId }, version: 2 });
    expect(await dedicatedNow(customer.id)).toEqual(
      [people.KA_SPECIALIST_2.id, people.KA_SUPERVISOR.id].sort().map((id) => ({ id })),
    );
    expect((await customerSeenBy('KA_SPECIALIST', customer.nodeId)).access.level).toBe('MASKED');
    expect((await customerSeenBy('KA_SPECIALIST_2', customer.nodeId)).access.level).toBe('FULL');
    expect((await readAccount(server, 'KA_SPECIALIST', keyAccount.id)).access.level).toBe('MASKED');
    const [record] = await server.services.database.query<{ after: object }>(sql`
      select after from audit_log where action = 'keyAccountAssignSpecialist' order by at desc, id desc limit 1`);
    expect(record?.after).toMatchObject({ handover: '两项未结事项：运价复议、旺季仓位' });
  });

  test('an ended account releases its people, changes no more, and can be promoted again', async () => {
    const { customer, keyAccount } = await promoted();
    const input = { keyAccountId: keyAccount.id, expectedVersion: 1 };
    const noReason = await act(server, 'HEAD', 'keyAccountEnd', { ...input, reason: ' ' });
    expect(noReason).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['reason'] }] });
    const { keyAccount: ended } = await act(server, 'HEAD', 'keyAccountEnd', {
      ...input,
      reason: '业务转出',
    });
    expect(ended).toMatchObject({
      status: 'ENDED',
      version: 2,
      file: { endedAt: server.clock.now().toISOString(), contactWeek: null },
    });
    expect(ended.viewerCan).toContainEqual({
      action: 'keyAccountEnd',
      allowed: false,
      reason: 'STATUS_ENDED',
    });
    expect(await dedicatedNow(customer.id)).toEqual([]);
    const late = await update('KA_SUPERVISOR', ended, { hours24: true });
    expect(late).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'ENDED',
      allowed: ['keyAccountPromote'],
    });
    const idempotencyKey = `again ${customer.id}`;
    const again = await promote(server, customer, { idempotencyKey, annualRevenueTarget: '500000' });
    expect(again.keyAccount).toMatchObject({ id: keyAccount.id, status: 'ACTIVE', level: 'D', version: 3 });
    expect(await propose(server, customer, { idempotencyKey, annualRevenueTarget: '500000' })).toMatchObject({
      proposal: { id: again.proposal.id, state: 'APPROVED' },
      keyAccount: { id: keyAccount.id, version: 3 },
    });
    expect(await dedicatedNow(customer.id)).toHaveLength(2);
  });
});

describe('contacts with customers', () => {
  async function reachable(facts: Parameters<typeof makeCustomer>[1] = {}) {
    const customer = await customerWith(facts);
    const contact = await makeContact(server, { customerId: customer.id });
    return { customer, contact };
  }

  const WHO: Record<string, string> = {
    COMPANY_LEADER: 'Forbidden',
    HEAD: 'ContactLogRecordSuccess',
    DEPUTY: 'ContactLogRecordSuccess',
    DEPUTY_SOUTH: 'Forbidden',
    SALES_SUPERVISOR: 'ContactLogRecordSuccess',
    CS_SUPERVISOR: 'ContactLogRecordSuccess',
    KA_SUPERVISOR: 'ContactLogRecordSuccess',
    KA_SPECIALIST: 'ContactLogRecordSuccess',
    KA_SPECIALIST_2: 'Forbidden',
    ACCOUNT_MANAGER_LOGISTICS: 'ContactLogRecordSuccess',
    ACCOUNT_MANAGER_LOGISTICS_2: 'Forbidden',
    SALES_REP: 'ContactLogRecordSuccess',
    SALES_REP_2: 'Forbidden',
    CS_AGENT: 'Forbidden',
    DATA_ANALYST: 'Forbidden',
    MARKETING_CLERK: 'Forbidden',
    FINANCE: 'Forbidden',
    OPERATIONS: 'Forbidden',
    INTERNAL_AUDITOR: 'Forbidden',
    HR: 'NotFound',
    ADMIN: 'NotFound',
  };

  test.each(Object.entries(WHO))('%s records one with a key account: %s', async (caller, type) => {
    const { customer, contact } = await reachable();
    await makeAssignment(server, { customerId: customer.id, employeeId: people.SALES_REP.id });
    await promote(server, customer);
    const answer = await recordContact(server, caller, {
      customerId: customer.nodeId,
      contactId: contact.nodeId,
      at: server.clock.now().toISOString(),
    });
    expect(answer.__typename).toBe(type);
    if (type === 'ContactLogRecordSuccess') {
      expect(answer.contactLog).toMatchObject({
        content: '询问下周发货计划',
        countsAsCall: true,
        contact: { id: contact.nodeId },
        employee: { id: people[caller as PersonName].nodeId },
        customer: { id: customer.nodeId },
      });
    }
  });

  test('one by phone needs person, time and content; each missing one is named', async () => {
    const { customer, contact } = await reachable();
    const future = new Date(server.clock.now().getTime() + 1).toISOString();
    const stranger = await makeContact(server, { customerId: (await customerWith()).id });
    const now = server.clock.now().toISOString();
    for (const [input, paths] of [
      [{ content: ' ' }, ['contactId', 'at', 'content']],
      [{ contactId: contact.nodeId, at: future }, ['at']],
      [{ contactId: stranger.nodeId, at: now }, ['contactId']],
    ] as const) {
      const answer = await recordContact(server, 'HEAD', { customerId: customer.nodeId, ...input });
      expect(answer.issues.map((issue: { path: string[] }) => issue.path[0])).toEqual(paths);
    }
    const byMail = await recordContact(server, 'HEAD', { customerId: customer.nodeId, channel: 'EMAIL' });
    expect(byMail.contactLog).toMatchObject({ at: now, countsAsCall: false, contact: null });
  });

  test('they are read, filtered and paged where the file is, and nowhere else', async () => {
    const { customer, contact } = await reachable();
    const at = (minutes: number) => new Date(server.clock.now().getTime() - minutes * 60_000).toISOString();
    for (const [minutes, outcome] of [
      [30, 'REACHED'],
      [20, 'NOT_REACHED'],
      [10, 'REACHED'],
    ] as const) {
      await recordContact(server, 'ACCOUNT_MANAGER_LOGISTICS', {
        customerId: customer.nodeId,
        contactId: contact.nodeId,
        at: at(minutes),
        outcome,
        content: `${minutes} 分钟前`,
      });
    }
    const query = `query Logs($id: ID!, $where: ContactLogWhere, $first: Int) { node(id: $id) { ... on Customer {
      contactLogs(where: $where, first: $first, orderBy: [{ field: at, direction: DESC }]) {
        totalCount pageInfo { hasNextPage } edges { node { id content } } } } } }`;
    const { data } = await read(server, 'DATA_ANALYST', query, {
      id: customer.nodeId,
      where: { outcome: { eq: 'REACHED' }, content: { contains: '分钟' } },
      first: 1,
    });
    expect(data.node.contactLogs).toMatchObject({
      totalCount: 2,
      pageInfo: { hasNextPage: true },
      edges: [{ node: { content: '10 分钟前' } }],
    });
    const id = data.node.contactLogs.edges[0].node.id;
    for (const caller of ['ACCOUNT_MANAGER_LOGISTICS_2', 'CS_AGENT', 'OPERATIONS', 'FINANCE'] as const) {
      const hidden = await read(server, caller, query, { id: customer.nodeId });
      expect(hidden.data.node.contactLogs).toMatchObject({ totalCount: 0, edges: [] });
      const node = await read(server, caller, 'query N($id: ID!) { node(id: $id) { id } }', { id });
      expect(node.data.node).toBeNull();
    }
  });

  test('the same key records one contact', async () => {
    const { customer, contact } = await reachable();
    const input = {
      customerId: customer.nodeId,
      contactId: contact.nodeId,
      at: server.clock.now().toISOString(),
      idempotencyKey: customer.id,
    };
    const first = await recordContact(server, 'HEAD', input);
    expect(await recordContact(server, 'HEAD', input)).toEqual(first);
    expect((await recordContact(server, 'HEAD', { ...input, content: '另一通' })).__typename).toBe(
      'IdempotencyConflict',
    );
  });
});
