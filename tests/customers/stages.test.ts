import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { makeCustomer, makeShipments } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { endOfToday } from './days.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

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

const FACTS = {
  contactPerson: '李雷',
  phone: '+862150000000',
  address: '上海市浦东新区世纪大道 1 号',
  businessNeeds: '每日两班干线运输',
};
const CUSTOMER = `customer { id version file {
  lifecycle contractNumber registeredAt custodian { id }
  stageHistory { from to reason actor { id } at } lossReviews { reason analysis valueLost { amount } lesson winBackAction }
} }`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, CUSTOMER);
}

async function events(kind: string, id: string) {
  await server.settled();
  return server.services.database.query<{ audience: object; severity: string; payload: object }>(sql`
    select audience, severity, payload from event where kind = ${kind} and subject_id = ${id}::uuid order by seq`);
}

async function lifecycleOf(id: string) {
  const [row] = await server.services.database.query<{ lifecycle: string }>(
    sql`select lifecycle::text as lifecycle from customer where id = ${id}::uuid`,
  );
  return row?.lifecycle;
}

const DAY = 86_400_000;
const VERSION = 'query ($id: ID!) { node(id: $id) { ... on Customer { version } } }';

/** Works off what becomes due while days pass, one local midnight after another. */
async function pass(days: number) {
  server.clock.advance(days * DAY);
  await server.sweep();
}

describe('life stages', () => {
  it('[CUS-02] a customer leaves TARGET with all five facts, and each missing one is named', async () => {
    const create = (input: object, caller: Caller = 'MARKETING_CLERK') =>
      act(caller, 'customerCreate', { name: '远大贸易', ...input });
    expect(pathsOf(await create({ lifecycle: 'LEAD', phone: ' ' })).sort()).toEqual([
      'address',
      'businessNeeds',
      'contactPerson',
      'phone',
    ]);
    const { customer } = await create({ phone: FACTS.phone });
    expect(customer.file.lifecycle).toBe('TARGET');
    const toLead = { customerId: customer.id, expectedVersion: 1, lifecycle: 'LEAD' };
    expect(pathsOf(await act('MARKETING_CLERK', 'customerUpdate', toLead)).sort()).toEqual([
      'address',
      'businessNeeds',
      'contactPerson',
    ]);
    for (const fact of Object.keys(FACTS)) {
      const cleared = await act('MARKETING_CLERK', 'customerUpdate', { ...toLead, ...FACTS, [fact]: null });
      expect(pathsOf(cleared)).toEqual([fact]);
    }
    const lead = await act('MARKETING_CLERK', 'customerUpdate', { ...toLead, ...FACTS });
    expect(lead.customer.file.lifecycle).toBe('LEAD');
    // Once it has left, no fact is cleared any more.
    const clear = { customerId: customer.id, expectedVersion: lead.customer.version, phone: null };
    expect(pathsOf(await act('MARKETING_CLERK', 'customerUpdate', clear))).toEqual(['phone']);
    // The right to create.
    for (const caller of [
      'HEAD',
      'SALES_SUPERVISOR',
      'ACCOUNT_MANAGER_LOGISTICS',
      'MARKET_DEVELOPER',
    ] as const)
      expect((await create(FACTS, caller)).__typename).toBe('CustomerCreateSuccess');
    for (const caller of ['CS_AGENT', 'FINANCE', 'OPERATIONS', 'DATA_ANALYST'] as const)
      expect((await create(FACTS, caller)).__typename).toBe('Forbidden');
  });

  it('[CUS-06] the clerk registers with the number of the contract, unique; one that is signed and not registered is told of after a working day', async () => {
    const { id, nodeId } = await makeCustomer(server, {
      lifecycle: 'LEAD',
      grade: null,
      ownerId: people.SALES_REP.id,
    });
    const early = { customerId: nodeId, expectedVersion: 1, contractNumber: 'HT-1' };
    expect(await act('MARKETING_CLERK', 'customerRegister', early)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'LEAD',
      allowed: ['QUALIFY', 'BACK_TO_TARGET'],
    });
    await act('SALES_REP', 'customerUpdate', {
      customerId: nodeId,
      expectedVersion: 1,
      lifecycle: 'QUALIFIED',
    });
    const number = `HT-${newId()}`;
    const signed = { customerId: nodeId, expectedVersion: 2, contractNumber: ` ${number} ` };
    expect((await act('SALES_REP', 'customerContractSigned', signed)).customer.file.contractNumber).toBe(
      number,
    );

    // Monday 09:00: a working day later is Tuesday 09:00.
    server.clock.advance(DAY - 60_000);
    await server.sweep();
    expect(await events('CUSTOMER_UNREGISTERED', id)).toEqual([]);
    server.clock.advance(60_000);
    await server.sweep();
    server.clock.advance(DAY);
    await server.sweep();
    expect(await events('CUSTOMER_UNREGISTERED', id)).toEqual([
      { audience: { roles: ['MARKETING_CLERK'] }, severity: 'WARNING', payload: { signedAt: MONDAY_9 } },
    ]);

    const register = { customerId: nodeId, expectedVersion: 3, contractNumber: number };
    expect((await act('SALES_REP', 'customerRegister', register)).required).toEqual(['MARKETING_CLERK']);
    expect(
      pathsOf(await act('MARKETING_CLERK', 'customerRegister', { ...register, contractNumber: 'other' })),
    ).toEqual(['contractNumber']);
    const { customer } = await act('MARKETING_CLERK', 'customerRegister', register);
    expect(customer.file).toMatchObject({
      lifecycle: 'ACTIVE',
      contractNumber: number,
      registeredAt: server.clock.now().toISOString(),
      custodian: { id: people.MARKETING_CLERK.nodeId },
    });
    const other = await makeCustomer(server, { lifecycle: 'QUALIFIED', grade: null });
    const taken = { customerId: other.nodeId, expectedVersion: 1, contractNumber: number };
    expect(pathsOf(await act('MARKETING_CLERK', 'customerRegister', taken))).toEqual(['contractNumber']);
  });

  it('[CUS-36] stages follow one another, by hand as far as no more is needed, by activity every day, and all are kept', async () => {
    const { id, nodeId: customerId } = await makeCustomer(server, { lifecycle: 'TARGET', grade: null });
    let expectedVersion = 1;
    const step = async (name: string, input: object) => {
      const answer = await act('MARKETING_CLERK', name, { customerId, expectedVersion, ...input });
      expectedVersion = answer.customer?.version ?? expectedVersion;
      return answer;
    };
    for (const [from, refused] of [
      ['LEAD', ['ACTIVE', 'LOST']],
      ['QUALIFIED', ['ACTIVE', 'DORMANT', 'LOST', 'TARGET']],
    ] as const) {
      expect((await step('customerUpdate', { lifecycle: from })).customer.file.lifecycle).toBe(from);
      for (const lifecycle of refused)
        expect((await step('customerUpdate', { lifecycle })).__typename).toBe('IllegalTransition');
    }
    const loss = {
      reason: 'PRICE',
      analysis: '竞争对手降价',
      valueLost: '120000.00',
      lesson: '提前议价',
      winBackAction: '新方案',
    };
    expect((await step('customerLose', loss)).__typename).toBe('IllegalTransition');
    await step('customerRegister', { contractNumber: `HT-${newId()}` });
    expect(await lifecycleOf(id)).toBe('ACTIVE');

    // Registered on 23 November: active up to and with the 90th day, 20 February.
    await pass(90);
    expect(await lifecycleOf(id)).toBe('ACTIVE');
    await pass(1);
    expect(await lifecycleOf(id)).toBe('DORMANT');
    const cancelled = { customerId: id, cancelledAt: server.clock.now() };
    await makeShipments(server, 1, cancelled);
    await pass(1);
    expect(await lifecycleOf(id)).toBe('DORMANT');
    await makeShipments(server, 1, { customerId: id });
    await pass(1);
    expect(await lifecycleOf(id)).toBe('ACTIVE');

    const version = await server.gql('HEAD', VERSION, { id: customerId });
    expectedVersion = version.data.node.version;
    expect(pathsOf(await step('customerLose', { ...loss, lesson: ' ', valueLost: '-1' })).sort()).toEqual([
      'lesson',
      'valueLost',
    ]);
    const lost = await step('customerLose', loss);
    expect(lost.customer.file.lossReviews).toEqual([
      {
        reason: 'PRICE',
        analysis: '竞争对手降价',
        valueLost: { amount: '120000.00' },
        lesson: '提前议价',
        winBackAction: '新方案',
      },
    ]);
    await pass(1);
    expect(await lifecycleOf(id)).toBe('LOST');
    const back = await step('customerWinBack', { reason: '新合同' });
    const clerk = { id: people.MARKETING_CLERK.nodeId };
    expect(
      back.customer.file.stageHistory.map(({ from, to, actor }: Record<string, unknown>) => ({
        from,
        to,
        actor,
      })),
    ).toEqual([
      { from: 'LOST', to: 'ACTIVE', actor: clerk },
      { from: 'ACTIVE', to: 'LOST', actor: clerk },
      { from: 'DORMANT', to: 'ACTIVE', actor: null },
      { from: 'ACTIVE', to: 'DORMANT', actor: null },
      { from: 'QUALIFIED', to: 'ACTIVE', actor: clerk },
      { from: 'LEAD', to: 'QUALIFIED', actor: clerk },
      { from: 'TARGET', to: 'LEAD', actor: clerk },
    ]);
    // A dormant one wakes by a new contract, too.
    await pass(91);
    expect(await lifecycleOf(id)).toBe('DORMANT');
    const { data } = await server.gql('HEAD', VERSION, { id: customerId });
    expectedVersion = data.node.version;
    expect((await step('customerWinBack', { reason: '续约' })).customer.file.lifecycle).toBe('ACTIVE');
    await expect(
      server.services.database.query(sql`delete from customer_stage_change where customer_id = ${id}::uuid`),
    ).rejects.toThrow();
  });

  it('[CUS-36] a leasing customer stays active while its contract stands', async () => {
    const registeredAt = server.clock.now();
    const facts = { registeredAt, businessLine: 'LEASING' as const };
    const leasing = await makeCustomer(server, { ...facts, contractNumber: `ZL-${newId()}` });
    const without = await makeCustomer(server, facts);
    await pass(91);
    expect(await lifecycleOf(leasing.id)).toBe('ACTIVE');
    expect(await lifecycleOf(without.id)).toBe('DORMANT');
  });

  it('takes as many statements for many customers as for one', async () => {
    const day = async () => {
      server.clock.advance(DAY);
      return server.statementsDuring(() => server.sweep());
    };
    await pass(1);
    const facts = {
      registeredAt: new Date(server.clock.now().getTime() - 200 * DAY),
      verifiedAt: server.clock.now(),
    };
    await makeCustomer(server, facts);
    const one = await day();
    for (let count = 0; count < 40; count++) await makeCustomer(server, facts);
    expect(await day()).toBeLessThanOrEqual(one);
  });
});
