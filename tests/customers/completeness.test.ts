import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { sql } from '../../src/platform/sql.ts';
import {
  type CustomerRow,
  makeAssignment,
  makeContact,
  makeCustomer,
  makeKeyAccount,
} from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Answer, type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { endOfToday } from './days.ts';

// A database of its own: who keeps files follows from who works here.
let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(async () => {
  server.clock.set(MONDAY_9);
  await endOfToday(server);
});

const DAY = 86_400_000;

async function customerOf(caller: Caller, id: string) {
  const { data, errors } = await server.gql(
    caller,
    `query ($id: ID!) { node(id: $id) { ... on Customer { version access { level }
      completeness { complete score custodian { id } parts { part required filled missing } } } } }`,
    { id },
  );
  expect(errors).toBeUndefined();
  return data.node;
}

async function partsOf(caller: Caller, id: string) {
  const { completeness } = await customerOf(caller, id);
  const { parts, ...rest } = completeness;
  return {
    ...rest,
    parts: parts.filter(({ required }: { required: number }) => required > 0),
  };
}

const PROFILE = {
  type: 'MANUFACTURING',
  industry: 'STEEL',
  fax: '+862150000009',
  email: 'info@example.com',
  website: 'https://example.com',
  scopeOfBusiness: '钢材贸易',
  mainProducts: '热轧卷板',
  industryPosition: '华东前十',
} satisfies Partial<CustomerRow>;

describe('completeness of a file', () => {
  it('[CUS-14] is explained part by part, by what the grade asks for', async () => {
    const ofB = await makeCustomer(server, { phone: ' ', businessNeeds: null });
    expect(await partsOf('MARKETING_CLERK', ofB.nodeId)).toEqual({
      complete: false,
      score: 50,
      custodian: null,
      parts: [
        { part: 'BASIC_DATA', required: 5, filled: 3, missing: ['phone', 'businessNeeds'] },
        { part: 'CONTACTS', required: 1, filled: 0, missing: ['contact'] },
      ],
    });
    await mutate(server, 'HEAD', 'customerUpdate', {
      customerId: ofB.nodeId,
      expectedVersion: 1,
      phone: '+862150000000',
      businessNeeds: '每日两班干线运输',
    });
    const contact = await makeContact(server, { customerId: ofB.id });
    expect(await partsOf('HEAD', ofB.nodeId)).toMatchObject({ complete: true, score: 100 });

    // The same file asks for more once it is a key account's: profile, a leader with a telephone, and a
    // relationship plan.
    await makeKeyAccount(server, { customerId: ofB.id });
    expect(await partsOf('HEAD', ofB.nodeId)).toMatchObject({
      complete: false,
      // 6 of 16.
      score: 37,
      parts: [
        { part: 'BASIC_DATA', missing: [] },
        { part: 'PROFILE', required: 8, filled: 0, missing: Object.keys(PROFILE) },
        { part: 'CONTACTS', missing: [] },
        { part: 'KEY_LEADERS', required: 1, filled: 0, missing: ['keyLeaderWithPhone'] },
        { part: 'RELATIONSHIP_PLAN', required: 1, filled: 0, missing: ['relationshipPlan'] },
      ],
    });
    await mutate(server, 'HEAD', 'customerUpdate', {
      customerId: ofB.nodeId,
      expectedVersion: 2,
      ...PROFILE,
    });
    await mutate(server, 'HEAD', 'contactUpdate', {
      contactId: contact.nodeId,
      expectedVersion: 1,
      seniority: 'TOP_LEADER',
    });
    await mutate(server, 'HEAD', 'relationshipPlanCreate', {
      customerId: ofB.nodeId,
      goals: '年内签订框架协议',
      ownerId: people.SALES_REP.nodeId,
      startsOn: '2026-11-23',
      endsOn: '2026-12-31',
      actions: [{ what: '拜访采购总监', dueOn: '2026-12-10' }],
    });
    expect(await partsOf('HEAD', ofB.nodeId)).toMatchObject({ complete: true, score: 100 });
  });

  it('[CUS-35] concerns existing customers alone', async () => {
    for (const [lifecycle, asked] of [
      ['TARGET', false],
      ['LEAD', false],
      ['QUALIFIED', false],
      ['ACTIVE', true],
      ['DORMANT', true],
      ['LOST', false],
    ] as const) {
      const { id, nodeId } = await makeCustomer(server, { lifecycle, grade: asked ? 'B' : null });
      expect([lifecycle, (await customerOf('HEAD', nodeId)).completeness !== null]).toEqual([
        lifecycle,
        asked,
      ]);
      await server.clock.advance(DAY);
      await server.sweep();
      // Keeper and verification likewise.
      const [row] = await server.services.database.query<{ kept: boolean; watched: boolean }>(sql`
        select c.custodian_id is not null as kept,
               exists (select 1 from obligation o where o.kind = 'FILE_VERIFICATION' and o.subject_id = c.id) as watched
        from customer c where c.id = ${id}::uuid`);
      expect([lifecycle, row]).toEqual([lifecycle, { kept: asked, watched: asked }]);
      const graded = await mutate(server, 'HEAD', 'customerGrade', {
        customerId: nodeId,
        expectedVersion: (await customerOf('HEAD', nodeId)).version,
        grade: 'C',
        reason: '年度复核',
      });
      expect([lifecycle, graded.__typename]).toEqual([
        lifecycle,
        asked ? 'CustomerGradeSuccess' : 'InvalidInput',
      ]);
    }
  });

  it('[CUS-21] every file has a keeper: the clerk, of a grade A file the person dedicated to it', async () => {
    const ofB = await makeCustomer(server);
    const ofA = await makeCustomer(server, { grade: 'A', custodianId: people.MARKETING_CLERK.id });
    await makeAssignment(server, { customerId: ofA.id, employeeId: people.SALES_REP.id, dedicated: true });
    server.clock.advance(DAY);
    await server.sweep();
    const keeper = async (id: string) => (await customerOf('HEAD', id)).completeness.custodian?.id;
    expect(await keeper(ofB.nodeId)).toBe(people.MARKETING_CLERK.nodeId);
    expect(await keeper(ofA.nodeId)).toBe(people.SALES_REP.nodeId);

    const name = async (caller: Caller, { nodeId: customerId }: { nodeId: string }, employeeId: string) =>
      mutate(server, caller, 'customerCustodianSet', {
        customerId,
        employeeId,
        expectedVersion: (await customerOf('HEAD', customerId)).version,
      });
    expect((await name('SALES_SUPERVISOR', ofA, people.SALES_REP.nodeId)).required).toEqual(['HEAD']);
    expect(pathsOf(await name('HEAD', ofA, people.MARKETING_CLERK.nodeId))).toEqual(['employeeId']);
    expect((await name('CS_AGENT', ofB, people.CS_AGENT.nodeId)).__typename).toBe('Forbidden');
    await name('SALES_SUPERVISOR', ofB, people.CS_AGENT.nodeId);
    server.clock.advance(DAY);
    await server.sweep();
    // Who was named stays.
    expect(await keeper(ofB.nodeId)).toBe(people.CS_AGENT.nodeId);
  });

  it('of a grade A file shows the clerk what is missing, nobody else who may not read it', async () => {
    const { nodeId } = await makeCustomer(server, { grade: 'A' });
    const clerk = await customerOf('MARKETING_CLERK', nodeId);
    expect(clerk).toMatchObject({ access: { level: 'MASKED' }, completeness: { complete: false } });
    for (const caller of [
      'SALES_REP',
      'CS_AGENT',
      'SALES_SUPERVISOR',
      'FINANCE',
      'INTERNAL_AUDITOR',
    ] as const)
      expect([caller, (await customerOf(caller, nodeId)).completeness]).toEqual([caller, null]);
  });

  it('[FRM-22] stands in a ledger with its keeper, complete or not', async () => {
    const complete = await makeCustomer(server, { ownerId: people.SALES_REP.id });
    await makeContact(server, { customerId: complete.id });
    const open = await makeCustomer(server, { ownerId: people.SALES_REP.id, phone: null });
    const lead = await makeCustomer(server, { ownerId: people.SALES_REP.id, lifecycle: 'LEAD', grade: null });
    const ofA = await makeCustomer(server, { ownerId: people.SALES_REP.id, grade: 'A' });
    const others = await makeCustomer(server, { ownerId: people.SALES_REP_2.id });
    const ledger = async (caller: Caller, args: string) => {
      const found: string[] = [];
      const made = [complete, open, lead, ofA, others].map(({ nodeId }) => nodeId);
      for (let after: string | null = null; ; ) {
        const { data, errors }: Answer = await server.gql(
          caller,
          `query ($after: String) { customerLedger(first: 100, after: $after, where: { owner: { in: ["${people.SALES_REP.nodeId}", "${people.SALES_REP_2.nodeId}"] } } ${args}) {
            pageInfo { hasNextPage endCursor } edges { node { id completeness { complete } } } } }`,
          { after },
        );
        expect(errors).toBeUndefined();
        for (const { node } of data.customerLedger.edges) if (made.includes(node.id)) found.push(node.id);
        if (!data.customerLedger.pageInfo.hasNextPage) return found.sort();
        after = data.customerLedger.pageInfo.endCursor;
      }
    };
    const ids = (...rows: { nodeId: string }[]) => rows.map(({ nodeId }) => nodeId).sort();
    expect(await ledger('MARKETING_CLERK', '')).toEqual(ids(complete, open, ofA, others));
    expect(await ledger('MARKETING_CLERK', 'complete: true')).toEqual(ids(complete));
    expect(await ledger('MARKETING_CLERK', 'complete: false')).toEqual(ids(open, ofA, others));
    expect(await ledger('SALES_REP', '')).toEqual(ids(complete, open));
    expect(await ledger('HR', '')).toEqual([]);
  });
});

async function events(kind: string, id: string) {
  await server.settled();
  return server.services.database.query<{ audience: object; severity: string; payload: object }>(sql`
    select audience, severity, payload from event where kind = ${kind} and subject_id = ${id}::uuid order by seq`);
}

describe('verification and known changes', () => {
  it('[CUS-23] a file is verified every 90 days, of priority customers every 30; its keeper is told once, and departments without rights propose changes', async () => {
    const base = server.clock.now().getTime();
    const verifiedAt = new Date(base);
    const ofB = await makeCustomer(server, { verifiedAt, custodianId: people.CS_AGENT.id });
    const ofA = await makeCustomer(server, { verifiedAt, grade: 'A', custodianId: people.SALES_REP.id });
    await makeAssignment(server, { customerId: ofA.id, employeeId: people.SALES_REP.id, dedicated: true });
    const at = async (days: number, minutes = 0) => {
      server.clock.set(new Date(base + days * DAY + minutes * 60_000));
      await server.sweep();
    };
    const told = async () => [
      (await events('CUSTOMER_VERIFICATION_DUE', ofA.id)).length,
      (await events('CUSTOMER_VERIFICATION_DUE', ofB.id)).length,
    ];
    await at(1);
    await at(30, -1);
    expect(await told()).toEqual([0, 0]);
    await at(30);
    await at(31);
    expect(await told()).toEqual([1, 0]);
    await at(90, -1);
    expect(await told()).toEqual([1, 0]);
    await at(90);
    await at(92);
    expect(await events('CUSTOMER_VERIFICATION_DUE', ofB.id)).toEqual([
      {
        audience: { employees: [people.CS_AGENT.id] },
        severity: 'WARNING',
        payload: { lastVerified: verifiedAt.toISOString() },
      },
    ]);
    expect((await events('CUSTOMER_VERIFICATION_DUE', ofA.id))[0]?.audience).toEqual({
      employees: [people.SALES_REP.id],
    });

    const verify = async (caller: Caller) =>
      mutate(
        server,
        caller,
        'customerVerify',
        { customerId: ofB.nodeId, expectedVersion: (await customerOf('HEAD', ofB.nodeId)).version },
        'customer { file { verifiedAt } }',
      );
    expect((await verify('FINANCE')).__typename).toBe('Forbidden');
    expect((await verify('CS_SUPERVISOR')).customer.file.verifiedAt).toBe(server.clock.now().toISOString());
    await at(181);
    expect(await told()).toEqual([1, 1]);
    await at(182);
    expect(await told()).toEqual([1, 2]);

    const PROPOSAL = 'changeProposal { id state version facts proposer { id } decidedBy { id } }';
    const propose = (caller: Caller, facts: object) =>
      mutate(
        server,
        caller,
        'customerChangePropose',
        { customerId: ofB.nodeId, facts, reason: '送货时得知' },
        PROPOSAL,
      );
    expect((await propose('SALES_REP', { phone: '1' })).__typename).toBe('Forbidden');
    expect(pathsOf(await propose('OPERATIONS', {}))).toEqual(['facts']);
    expect(pathsOf(await propose('OPERATIONS', { email: 'nobody' }))).toEqual(['email']);
    const { changeProposal } = await propose('OPERATIONS', { address: '新地址 8 号' });
    const decide = (caller: Caller, decision: string, id = changeProposal.id) =>
      mutate(
        server,
        caller,
        'changeProposalDecide',
        { changeProposalId: id, decision, reason: '已核实', expectedVersion: 1 },
        PROPOSAL,
      );
    expect((await decide('OPERATIONS', 'ACCEPT')).__typename).toBe('Forbidden');
    expect((await decide('OPERATIONS_2', 'ACCEPT')).__typename).toBe('NotFound');
    expect((await decide('MARKETING_CLERK', 'ACCEPT')).changeProposal).toMatchObject({
      state: 'ACCEPTED',
      decidedBy: { id: people.MARKETING_CLERK.nodeId },
    });
    expect((await decide('MARKETING_CLERK', 'REFUSE')).__typename).toBe('IllegalTransition');
    const addressOf = async () => {
      const { data } = await server.gql(
        'HEAD',
        'query ($id: ID!) { node(id: $id) { ... on Customer { file { address phone } } } }',
        { id: ofB.nodeId },
      );
      return data.node.file;
    };
    expect(await addressOf()).toEqual({ address: '新地址 8 号', phone: '+862150000000' });
    const refused = await propose('QUALITY', { phone: '+862150000099' });
    expect((await decide('HEAD', 'REFUSE', refused.changeProposal.id)).changeProposal.state).toBe('REFUSED');
    expect((await addressOf()).phone).toBe('+862150000000');
  });

  it('[CUS-20] what is known is warned of after a day and makes the file stale after two, unless a change of the file names it', async () => {
    const ofB = await makeCustomer(server, {
      ownerId: people.SALES_REP.id,
      custodianId: people.CS_AGENT_2.id,
    });
    const obtained = server.clock.now();
    const record = (facts: object = {}) =>
      mutate(
        server,
        'OPERATIONS',
        'pendingUpdateRecord',
        {
          customerId: ofB.nodeId,
          origin: 'TICKET',
          infoSource: 'TRANSACTION_RECORDS',
          content: '收货地址已变更',
          informationObtainedAt: obtained.toISOString(),
          ...facts,
        },
        'pendingUpdate { id state doneBy { id } }',
      );
    expect(
      pathsOf(
        await record({ informationObtainedAt: new Date(obtained.getTime() + 1).toISOString(), content: ' ' }),
      ).sort(),
    ).toEqual(['content', 'informationObtainedAt']);
    const { pendingUpdate: late } = await record();
    const { pendingUpdate: inTime } = await record({ content: '电话已变更' });
    const at = async (milliseconds: number) => {
      server.clock.set(new Date(obtained.getTime() + milliseconds));
      await server.sweep();
      return (await events('CUSTOMER_FILE_STALE', ofB.id)).map(({ severity }) => severity);
    };
    expect(await at(DAY - 1)).toEqual([]);
    expect(await at(DAY)).toEqual(['WARNING', 'WARNING']);
    const changed = await mutate(server, 'HEAD', 'customerUpdate', {
      customerId: ofB.nodeId,
      expectedVersion: (await customerOf('HEAD', ofB.nodeId)).version,
      phone: '+862150000001',
      pendingUpdateIds: [inTime.id],
    });
    expect(changed.__typename).toBe('CustomerUpdateSuccess');
    expect(await at(2 * DAY - 1)).toHaveLength(2);
    expect(await at(2 * DAY)).toEqual(['WARNING', 'WARNING', 'HIGH']);
    expect(await at(5 * DAY)).toHaveLength(3);
    const [, , stale] = await events('CUSTOMER_FILE_STALE', ofB.id);
    expect(stale?.audience).toEqual({
      roles: ['MARKETING_CLERK'],
      employees: [people.SALES_REP.id, people.CS_AGENT_2.id],
    });
    // What is done is not done again, nor by a change of another customer.
    const again = await mutate(server, 'HEAD', 'customerUpdate', {
      customerId: ofB.nodeId,
      expectedVersion: (await customerOf('HEAD', ofB.nodeId)).version,
      pendingUpdateIds: [inTime.id],
    });
    expect(pathsOf(again)).toEqual(['pendingUpdateIds']);
    const dismiss = (caller: Caller) =>
      mutate(
        server,
        caller,
        'pendingUpdateDismiss',
        { pendingUpdateId: late.id, reason: '误报' },
        'pendingUpdate { state doneBy { id } dismissReason }',
      );
    expect((await dismiss('OPERATIONS')).__typename).toBe('Forbidden');
    expect((await dismiss('SALES_REP_2')).__typename).toBe('NotFound');
    expect((await dismiss('SALES_REP')).pendingUpdate).toEqual({
      state: 'DISMISSED',
      doneBy: { id: people.SALES_REP.nodeId },
      dismissReason: '误报',
    });
    expect((await dismiss('SALES_REP')).__typename).toBe('IllegalTransition');
  });
});
