import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import {
  makeAssignment,
  makeContact,
  makeCustomer,
  makeKeyAccount,
  makeShipments,
} from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { departments, type Named, people } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beforeFirstNight, read, readAccount, sweepAt } from './key-account-client.ts';

// A server and a database of its own: the clock moves by months, and the nightly work is over all accounts.
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

beforeEach(() => beforeFirstNight(server));

function eventsOf(kind: string, key: string) {
  return server.services.database.query<{
    audience: { employees?: string[]; roles?: string[] };
    payload: Record<string, unknown>;
  }>(sql`
    select audience, payload from event
    where kind = ${kind} and (subject_id::text = ${key} or payload::text like ${`%${key}%`}) order by seq`);
}

async function served(facts: object = {}) {
  const customer = await makeCustomer(server, { ownerId: people.ACCOUNT_MANAGER_LOGISTICS.id, ...facts });
  const contact = await makeContact(server, { customerId: customer.id });
  const account = await makeKeyAccount(server, { customerId: customer.id });
  if (!('grade' in facts))
    await makeAssignment(server, {
      customerId: customer.id,
      employeeId: people.KA_SPECIALIST.id,
      dedicated: true,
    });
  return { customer, contact, account };
}

function record(caller: string, type: string, account: Named, input: object, fields: string) {
  const name = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  return mutate(
    server,
    caller,
    `${name}Record`,
    { keyAccountId: account.nodeId, ...input },
    `${name} { id version ${fields} }`,
  );
}

function rawId(nodeId: string): string {
  return Buffer.from(nodeId, 'base64').toString('utf8').split(':')[1] ?? '';
}

async function approve(caller: string, field: string, id: string, decision = 'APPROVE') {
  const { data } = await read(
    server,
    'INTERNAL_AUDITOR',
    `query A($id: ID!) { approvals(where: { ${field}: { eq: $id } }) { edges { node { id version steps { approvers { role } } } } } }`,
    { id },
  );
  const [{ node }] = data.approvals.edges;
  const answer = await mutate(server, caller, 'approvalDecide', {
    approvalId: node.id,
    expectedVersion: node.version,
    decision,
    reason: '同意',
  });
  return {
    answer,
    roles: node.steps.map(({ approvers }: { approvers: { role: string }[] }) => approvers[0]?.role),
  };
}

describe('projects and inspections', () => {
  test('[KEY-20] a project is declared, approved by another, followed by milestones and done; service is inspected monthly', async () => {
    const { account } = await served();
    const fields =
      'state progress decisionReason department { id } milestones { number title dueOn doneAt note }';
    const declared = await record(
      'KA_SPECIALIST',
      'KeyAccountProject',
      account,
      {
        name: '华东仓网',
        content: '三仓联动',
        department: departments.OPERATIONS.nodeId,
        milestones: [
          { title: '上线', dueOn: '2027-03-01' },
          { title: '选址', dueOn: '2026-12-31' },
        ],
      },
      fields,
    );
    const project = declared.keyAccountProject;
    expect(project).toMatchObject({
      state: 'DECLARED',
      department: { id: departments.OPERATIONS.nodeId },
      milestones: [
        { number: 1, title: '选址', dueOn: '2026-12-31', doneAt: null },
        { number: 2, title: '上线', dueOn: '2027-03-01', doneAt: null },
      ],
    });
    let version = 1;
    const advance = async (caller: string, action: string, note = '说明') => {
      const answer = await mutate(
        server,
        caller,
        'keyAccountProjectAdvance',
        { keyAccountProjectId: project.id, expectedVersion: version, action, note },
        `keyAccountProject { version ${fields} }`,
      );
      version = answer.keyAccountProject?.version ?? version;
      return answer;
    };
    expect((await advance('KA_SPECIALIST', 'APPROVE')).__typename).toBe('Forbidden');
    expect((await advance('KA_SUPERVISOR', 'START')).__typename).toBe('IllegalTransition');
    expect((await advance('KA_SUPERVISOR', 'APPROVE', '值得投入')).keyAccountProject).toMatchObject({
      state: 'APPROVED',
      decisionReason: '值得投入',
    });
    expect((await advance('HEAD', 'START')).__typename).toBe('Forbidden');
    expect((await advance('KA_SPECIALIST', 'START')).keyAccountProject.state).toBe('IN_PROGRESS');
    const reach = (number: number) =>
      mutate(
        server,
        'KA_SPECIALIST',
        'keyAccountMilestoneReach',
        { keyAccountProjectId: project.id, expectedVersion: version, number, note: '已选定' },
        `keyAccountProject { version ${fields} }`,
      );
    const reached = await reach(1);
    version = reached.keyAccountProject.version;
    expect(reached.keyAccountProject.milestones[0]).toMatchObject({
      doneAt: server.clock.now().toISOString(),
      note: '已选定',
    });
    expect(pathsOf(await reach(1))).toEqual(['number']);
    expect((await advance('KA_SPECIALIST', 'PROGRESS', '过半')).keyAccountProject.progress).toBe('过半');
    expect((await advance('KA_SPECIALIST', 'FINISH')).keyAccountProject.state).toBe('DONE');
    expect((await advance('KA_SPECIALIST', 'FINISH')).__typename).toBe('IllegalTransition');
    const own = await record(
      'KA_SUPERVISOR',
      'KeyAccountProject',
      account,
      { name: '自报', content: '自报' },
      'state',
    );
    const input = {
      keyAccountProjectId: own.keyAccountProject.id,
      expectedVersion: 1,
      note: '否',
      action: 'REJECT',
    };
    expect((await mutate(server, 'KA_SUPERVISOR', 'keyAccountProjectAdvance', input)).__typename).toBe(
      'Forbidden',
    );
    expect(
      (await mutate(server, 'HEAD', 'keyAccountProjectAdvance', input, 'keyAccountProject { state }'))
        .keyAccountProject,
    ).toEqual({ state: 'REJECTED' });

    await sweepAt(server, '2026-12-01 01:00');
    const inspect = (input: object) =>
      record(
        'KA_SUPERVISOR',
        'ServiceInspection',
        account,
        { findings: '单证齐全', ...input },
        'period result',
      );
    expect(pathsOf(await inspect({ result: 'NEEDS_IMPROVEMENT' }))).toEqual(['measures']);
    expect((await inspect({ result: 'SATISFACTORY' })).serviceInspection).toMatchObject({
      period: '2026-12',
    });
    await sweepAt(server, '2027-01-01 01:00');
    await sweepAt(server, '2027-02-01 01:00');
    const duties = (await readAccount(server, 'HEAD', account.nodeId)).file.duties
      .filter(({ kind }: { kind: string }) => kind === 'SERVICE_INSPECTION')
      .map(({ period, state }: { period: string; state: string }) => `${period} ${state}`);
    expect(duties).toEqual(['2027-02 OPEN', '2027-01 OVERDUE', '2026-12 MET']);
    expect(
      (await eventsOf('KEY_ACCOUNT_DUTY_OVERDUE', account.id)).filter(
        ({ payload }) => payload.duty === 'SERVICE_INSPECTION',
      ),
    ).toMatchObject([{ payload: { period: '2027-01' } }]);
  });
});

describe('plans, requests and services', () => {
  test('[KEY-25] an account has one service plan, reviewed within a year, told when it is not', async () => {
    const { account } = await served();
    await sweepAt(server, '2026-11-24 01:00');
    const made = await record(
      'KA_SPECIALIST',
      'ServicePlan',
      account,
      { content: '专车', goals: '准时' },
      'reviewedAt',
    );
    expect(
      pathsOf(await record('KA_SPECIALIST', 'ServicePlan', account, { content: '二', goals: '二' }, '')),
    ).toEqual(['keyAccountId']);
    server.clock.set(shanghai('2027-06-01 09:00'));
    const review = (version: number, input: object) =>
      mutate(
        server,
        'KA_SPECIALIST',
        'servicePlanReview',
        { servicePlanId: made.servicePlan.id, expectedVersion: version, ...input },
        'servicePlan { version content goals outcome reviewedAt reviewedBy { id } }',
      );
    expect(pathsOf(await review(1, { outcome: ' ' }))).toEqual(['outcome']);
    expect((await review(1, { outcome: '有效', goals: '准时且低碳' })).servicePlan).toMatchObject({
      content: '专车',
      goals: '准时且低碳',
      reviewedBy: { id: people.KA_SPECIALIST.nodeId },
    });
    expect((await review(1, { outcome: '有效' })).__typename).toBe('StaleVersion');
    await sweepAt(server, '2028-06-01 08:59');
    const missed = async () =>
      (await eventsOf('KEY_ACCOUNT_DUTY_OVERDUE', account.id)).filter(
        ({ payload }) => payload.duty === 'SERVICE_PLAN_REVIEW',
      );
    expect(await missed()).toEqual([]);
    await sweepAt(server, '2028-06-01 09:00');
    await sweepAt(server, '2028-06-02 09:00');
    expect(await missed()).toHaveLength(1);
    // An account that never got a plan is told, too.
    const { account: without } = await served();
    await sweepAt(server, '2028-06-03 01:00');
    await sweepAt(server, '2029-06-02 09:00');
    expect(
      (await eventsOf('KEY_ACCOUNT_DUTY_OVERDUE', without.id)).filter(
        ({ payload }) => payload.duty === 'SERVICE_PLAN_REVIEW',
      ),
    ).toHaveLength(1);
  });

  test('[KEY-23] a request goes to the specialist or a representative, and is followed in its log until it is done', async () => {
    const { account } = await served();
    const fields = 'state mode assignee { id } doneAt log { at by { id } action note }';
    const onSite = await record(
      'KA_SUPERVISOR',
      'ServiceRequest',
      account,
      { mode: 'ON_SITE', description: '现场点货' },
      fields,
    );
    expect(onSite.serviceRequest).toMatchObject({
      state: 'OPEN',
      assignee: { id: people.KA_SPECIALIST.nodeId },
      log: [{ action: 'OPEN', note: '现场点货', by: { id: people.KA_SUPERVISOR.nodeId } }],
    });
    const pickup = await record(
      'KA_SPECIALIST',
      'ServiceRequest',
      account,
      { mode: 'PICKUP', description: '上门取件', assignee: people.SALES_REP.nodeId },
      fields,
    );
    const advance = (caller: string, version: number, action: string, note = '已出发') =>
      mutate(
        server,
        caller,
        'serviceRequestAdvance',
        { serviceRequestId: pickup.serviceRequest.id, expectedVersion: version, action, note },
        `serviceRequest { ${fields} }`,
      );
    // Who goes may say so where they read the account.
    expect((await advance('SALES_REP', 1, 'PROGRESS')).__typename).toBe('NotFound');
    expect((await advance('SALES_SUPERVISOR', 1, 'PROGRESS')).__typename).toBe('Forbidden');
    expect((await advance('KA_SPECIALIST', 1, 'PROGRESS')).serviceRequest.state).toBe('IN_PROGRESS');
    expect(pathsOf(await advance('KA_SPECIALIST', 2, 'FINISH', ''))).toEqual(['note']);
    expect((await advance('KA_SPECIALIST', 2, 'FINISH', '已取')).serviceRequest).toMatchObject({
      state: 'DONE',
      doneAt: server.clock.now().toISOString(),
      log: [{ action: 'OPEN' }, { action: 'PROGRESS', note: '已出发' }, { action: 'FINISH', note: '已取' }],
    });
    expect((await advance('KA_SPECIALIST', 3, 'CANCEL')).__typename).toBe('IllegalTransition');
  });

  test('[KEY-12] stock and forecast of an account are kept; a peak season is told 30 days before, with its accounts', async () => {
    const { account } = await served({ industry: '家电' });
    await served({ industry: '汽车' });
    const stock = (input: object) =>
      record(
        'KA_SPECIALIST',
        'CustomerStockSnapshot',
        account,
        { takenOn: '2026-11-23', goods: '空调', unit: '台', stock: '1200.5', ...input },
        'takenOn goods stock sold forecastPeriod forecast',
      );
    expect(
      (await stock({ sold: '300', forecast: '5000', forecastPeriod: '2026-12' })).customerStockSnapshot,
    ).toMatchObject({
      takenOn: '2026-11-23',
      stock: '1200.500',
      sold: '300.000',
      forecastPeriod: '2026-12',
      forecast: '5000.000',
    });
    expect(pathsOf(await stock({ forecast: '5000' }))).toEqual(['forecastPeriod']);
    expect(pathsOf(await stock({ stock: '-1' }))).toEqual(['stock']);
    const season = (caller: string, input: object = {}) =>
      mutate(
        server,
        caller,
        'peakSeasonAdd',
        {
          name: '双旦',
          industry: '家电',
          startsOn: '2026-12-31',
          endsOn: '2027-01-03',
          preparation: '加仓',
          ...input,
        },
        'peakSeason { id version name startsOn endsOn industry }',
      );
    expect((await season('KA_SPECIALIST')).__typename).toBe('Forbidden');
    expect(pathsOf(await season('KA_SUPERVISOR', { endsOn: '2026-12-30', name: ' ' }))).toEqual([
      'name',
      'endsOn',
    ]);
    const added = await season('KA_SUPERVISOR');
    const dropped = await season('HEAD', { name: '取消的旺季' });
    await mutate(server, 'HEAD', 'peakSeasonCancel', {
      peakSeasonId: dropped.peakSeason.id,
      expectedVersion: 1,
    });
    await sweepAt(server, '2026-11-30 23:59');
    expect(await eventsOf('PEAK_SEASON_PREPARATION', rawId(added.peakSeason.id))).toEqual([]);
    await sweepAt(server, '2026-12-01 00:00');
    await sweepAt(server, '2026-12-05 00:00');
    const [told, ...more] = await eventsOf('PEAK_SEASON_PREPARATION', rawId(added.peakSeason.id));
    expect(more).toEqual([]);
    expect(told).toEqual({
      audience: { roles: ['KA_SUPERVISOR', 'OPERATIONS'] },
      payload: {
        peakSeasonId: rawId(added.peakSeason.id),
        name: '双旦',
        startsOn: '2026-12-31',
        accounts: 1,
      },
    });
    expect(await eventsOf('PEAK_SEASON_PREPARATION', rawId(dropped.peakSeason.id))).toEqual([]);
  });

  test('value-added services begin and end', async () => {
    const { account } = await served();
    const give = (input: object) =>
      record(
        'KA_SUPERVISOR',
        'ValueAddedService',
        account,
        { name: '贴标', description: '出库贴标', since: '2026-12-01', ...input },
        'since until',
      );
    expect(pathsOf(await give({ until: '2026-11-30' }))).toEqual(['until']);
    const { valueAddedService } = await give({});
    const end = (until: string) =>
      mutate(
        server,
        'KA_SUPERVISOR',
        'valueAddedServiceEnd',
        { valueAddedServiceId: valueAddedService.id, expectedVersion: 1, until },
        'valueAddedService { since until }',
      );
    expect(pathsOf(await end('2026-11-30'))).toEqual(['until']);
    expect((await end('2027-01-31')).valueAddedService).toEqual({ since: '2026-12-01', until: '2027-01-31' });
  });
});

describe('incentives', () => {
  test('[KEY-07] HEAD, then FINANCE approve; what is earned follows from the revenue of the period; FINANCE pays no more', async () => {
    const { account, customer } = await served();
    await makeShipments(server, 1, {
      customerId: customer.id,
      revenue: '200000.05',
      deliveredAt: shanghai('2026-11-10 12:00'),
    });
    await makeShipments(server, 1, {
      customerId: customer.id,
      revenue: '900000.00',
      deliveredAt: shanghai('2026-12-01 00:00'),
    });
    const propose = (input: object) =>
      record(
        'KA_SUPERVISOR',
        'KeyAccountIncentive',
        account,
        {
          period: '2026-11',
          description: '阶梯返利',
          steps: [
            { from: '100000', percent: '1' },
            { from: '200000', percent: '2.5' },
            { from: '1000000', percent: '5' },
          ],
          ...input,
        },
        'state revenue { amount } earned { amount } steps { from { amount } percent } paid { amount }',
      );
    expect(pathsOf(await propose({ period: '2026-W47', steps: [] }))).toEqual(['period', 'steps']);
    expect(
      pathsOf(
        await propose({
          steps: [
            { from: '2', percent: '1' },
            { from: '1', percent: '2' },
          ],
        }),
      ),
    ).toEqual(['steps']);
    const { keyAccountIncentive } = await propose({});
    expect(keyAccountIncentive).toMatchObject({
      state: 'PENDING',
      revenue: { amount: '200000.05' },
      earned: { amount: '5000.00' },
    });
    const id = keyAccountIncentive.id;
    const pay = (caller: string, version: number, amount: string) =>
      mutate(
        server,
        caller,
        'keyAccountIncentivePay',
        { keyAccountIncentiveId: id, expectedVersion: version, amount },
        'keyAccountIncentive { state paid { amount } paidBy { id } }',
      );
    expect((await pay('FINANCE', 1, '1')).__typename).toBe('IllegalTransition');
    const first = await approve('FINANCE', 'keyAccountIncentive', id);
    expect([first.roles, first.answer.__typename]).toEqual([['HEAD', 'FINANCE'], 'Forbidden']);
    await approve('HEAD', 'keyAccountIncentive', id);
    await approve('FINANCE', 'keyAccountIncentive', id);
    expect(pathsOf(await pay('FINANCE', 2, '5000.00'))).toEqual(['amount']);
    server.clock.set(shanghai('2026-12-01 00:00'));
    expect(pathsOf(await pay('FINANCE', 2, '5000.01'))).toEqual(['amount']);
    expect((await pay('KA_SUPERVISOR', 2, '5000.00')).__typename).toBe('Forbidden');
    expect((await pay('FINANCE', 2, '5000.00')).keyAccountIncentive).toEqual({
      state: 'PAID',
      paid: { amount: '5000.00' },
      paidBy: { id: people.FINANCE.nodeId },
    });
    // FINANCE reads the incentive, and nothing else of the account.
    const { data } = await read(
      server,
      'FINANCE',
      'query F($id: ID!) { node(id: $id) { ... on KeyAccountIncentive { keyAccount { id } period } } }',
      { id },
    );
    expect(data.node).toEqual({ keyAccount: null, period: '2026-11' });
  });
});

describe('needs and care', () => {
  test('[KEY-21] needs are recorded with what became of them; a contact without any on its day is told', async () => {
    const { account, contact, customer } = await served();
    server.clock.set(shanghai('2026-11-24 09:00'));
    const { account: silent, customer: other } = await served();
    const log = (customerId: string) =>
      server.services.database.transaction(({ prisma }) =>
        prisma.contactLog.create({
          data: {
            customerId,
            employeeId: people.KA_SPECIALIST.id,
            channel: 'EMAIL',
            outcome: 'REACHED',
            at: shanghai('2026-11-25 10:00'),
            content: '来函',
            createdAt: server.clock.now(),
          },
        }),
      );
    server.clock.set(shanghai('2026-11-25 11:00'));
    await log(customer.id);
    await log(other.id);
    const made = await record(
      'KA_SPECIALIST',
      'CustomerRequirement',
      account,
      { contact: contact.nodeId, content: '夜间提货', proposal: '开夜班' },
      'state contact { id } content proposal',
    );
    expect(made.customerRequirement).toMatchObject({
      state: 'OPEN',
      contact: { id: contact.nodeId },
      content: '夜间提货',
    });
    const end = (version: number, outcome: string) =>
      mutate(
        server,
        'KA_SPECIALIST',
        'customerRequirementEnd',
        {
          customerRequirementId: made.customerRequirement.id,
          expectedVersion: version,
          action: 'MEET',
          outcome,
        },
        'customerRequirement { state outcome }',
      );
    expect((await end(1, '夜班已开')).customerRequirement).toEqual({ state: 'MET', outcome: '夜班已开' });
    expect((await end(2, '再次')).__typename).toBe('IllegalTransition');
    await sweepAt(server, '2026-11-26 01:00');
    await sweepAt(server, '2026-11-27 01:00');
    const told = async (of: Named) =>
      (await eventsOf('KEY_ACCOUNT_DUTY_OVERDUE', of.id)).filter(
        ({ payload }) => payload.duty === 'CUSTOMER_REQUIREMENT',
      );
    expect(await told(account)).toEqual([]);
    expect(await told(silent)).toMatchObject([{ payload: { period: '2026-11-25' } }]);
  });

  test('[KEY-27] care is planned, told three days before, and ends with its result; advocacy names who is asked', async () => {
    const { account, customer } = await served();
    const plan = (input: object) =>
      record(
        'KA_SPECIALIST',
        'CareAction',
        account,
        { type: 'FOLLOW_UP', content: '回访新线路', dueOn: '2026-12-10', ...input },
        'type state result department { id }',
      );
    expect(pathsOf(await plan({ type: 'ADVOCACY' }))).toEqual(['department']);
    expect(pathsOf(await plan({ dueOn: '2026-11-22' }))).toEqual(['dueOn']);
    const types: string[] = [];
    for (const type of ['ADVICE', 'INFO_SHARE', 'FOLLOW_UP'])
      types.push((await plan({ type })).careAction.type);
    expect(types).toEqual(['ADVICE', 'INFO_SHARE', 'FOLLOW_UP']);
    const { careAction } = await plan({ type: 'ADVOCACY', department: departments.OPERATIONS.nodeId });
    const { careAction: dropped } = await plan({});
    const end = (care: { id: string }, action: string, result = '运营同意优先装车') =>
      mutate(
        server,
        'KA_SPECIALIST',
        'careActionEnd',
        { careActionId: care.id, expectedVersion: 1, action, result },
        'careAction { state result }',
      );
    await end(dropped, 'CANCEL', '客户改期');
    await sweepAt(server, '2026-12-06 23:59');
    expect(await eventsOf('CARE_ACTION_DUE', account.id)).toEqual([]);
    await sweepAt(server, '2026-12-07 00:00');
    await sweepAt(server, '2026-12-08 00:00');
    const told = await eventsOf('CARE_ACTION_DUE', account.id);
    expect(told.map(({ payload }) => payload.action).sort()).toEqual([
      'ADVICE',
      'ADVOCACY',
      'FOLLOW_UP',
      'INFO_SHARE',
    ]);
    expect(told[0]?.audience).toEqual({
      employees: [people.ACCOUNT_MANAGER_LOGISTICS.id, people.KA_SPECIALIST.id],
    });
    expect((await end(careAction, 'FINISH')).careAction).toEqual({
      state: 'DONE',
      result: '运营同意优先装车',
    });
    expect(customer.id).not.toBe('');
  });

  test('[KEY-28] gifts to one person beyond 500 in a year wait for HEAD; refused ones do not count', async () => {
    const { account, contact } = await served();
    const give = (input: object) =>
      record(
        'KA_SPECIALIST',
        'GiftRecord',
        account,
        {
          contact: contact.nodeId,
          kind: 'GIFT',
          description: '中秋月饼',
          value: '300.00',
          givenOn: '2026-11-23',
          ...input,
        },
        'state value { amount }',
      );
    expect((await give({})).giftRecord).toMatchObject({ state: 'WITHIN_LIMIT', value: { amount: '300.00' } });
    expect((await give({ value: '200.00' })).giftRecord.state).toBe('WITHIN_LIMIT');
    const over = await give({ value: '0.01', kind: 'HOSPITALITY' });
    expect(over.giftRecord.state).toBe('PENDING');
    expect((await give({ givenOn: '2027-01-01', value: '500.00' })).giftRecord.state).toBe('WITHIN_LIMIT');
    expect(pathsOf(await give({ value: '0.00' }))).toEqual(['value']);
    const other = await served();
    expect(pathsOf(await give({ contact: other.contact.nodeId }))).toEqual(['contact']);
    const { answer, roles } = await approve('KA_SUPERVISOR', 'giftRecord', over.giftRecord.id);
    expect([answer.__typename, roles]).toEqual(['Forbidden', ['HEAD']]);
    await approve('HEAD', 'giftRecord', over.giftRecord.id, 'REFUSE');
    const { data } = await read(
      server,
      'KA_SPECIALIST',
      'query G($id: ID!) { node(id: $id) { ... on GiftRecord { state } } }',
      {
        id: over.giftRecord.id,
      },
    );
    expect(data.node).toEqual({ state: 'REFUSED' });
  });

  test('what customers said or got is content of the file: a grade A one is closed to who is not dedicated', async () => {
    const { account, contact, customer } = await served({ grade: 'A', ownerId: null });
    const input = { content: '夜间提货', contact: contact.nodeId };
    expect((await record('KA_SUPERVISOR', 'CustomerRequirement', account, input, '')).__typename).toBe(
      'Forbidden',
    );
    await makeAssignment(server, {
      customerId: customer.id,
      employeeId: people.KA_SPECIALIST.id,
      dedicated: true,
    });
    const made = await record('KA_SPECIALIST', 'CustomerRequirement', account, input, '');
    const plan = await record(
      'KA_SPECIALIST',
      'ServicePlan',
      account,
      { content: '专车', goals: '准时' },
      '',
    );
    for (const [caller, file, open] of [
      ['HEAD', true, true],
      ['KA_SPECIALIST', true, true],
      ['KA_SUPERVISOR', false, true],
      ['COMPANY_LEADER', false, true],
      ['INTERNAL_AUDITOR', false, true],
      ['CS_AGENT', false, false],
      ['FINANCE', false, false],
    ] as const) {
      const { data } = await read(
        server,
        caller,
        'query N($a: ID!, $b: ID!, $k: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } customerRequirements(where: { keyAccount: { eq: $k } }) { totalCount } servicePlans(where: { keyAccount: { eq: $k } }) { totalCount } }',
        {
          a: made.customerRequirement.id,
          b: plan.servicePlan.id,
          k: account.nodeId,
        },
      );
      expect([caller, data.a !== null, data.b !== null]).toEqual([caller, file, open]);
      expect([caller, data.customerRequirements.totalCount, data.servicePlans.totalCount]).toEqual([
        caller,
        Number(file),
        Number(open),
      ]);
    }
  });
});

describe('meetings', () => {
  const hold = (caller: string, input: object = {}) =>
    mutate(
      server,
      caller,
      'keyAccountMeetingRecord',
      {
        type: 'KA_DEMAND_ANALYSIS',
        heldAt: shanghai('2031-01-15 14:00').toISOString(),
        subject: '一月需求分析',
        participants: ['王主管', '李专员'],
        ...input,
      },
      'meeting { id version type minutes keyAccounts { id } recordedBy { id } }',
    );

  test('[KEY-18] a symposium in every half-year and a needs meeting in every month; missed ones are told once', async () => {
    await served();
    await sweepAt(server, '2031-01-01 01:00');
    server.clock.set(shanghai('2031-01-15 15:00'));
    expect((await hold('SALES_REP')).__typename).toBe('Forbidden');
    expect(pathsOf(await hold('KA_SPECIALIST', { participants: [], subject: ' ' }))).toEqual([
      'subject',
      'participants',
    ]);
    const held = await hold('KA_SPECIALIST');
    expect(held.meeting).toMatchObject({ type: 'KA_DEMAND_ANALYSIS', minutes: null });
    await sweepAt(server, '2031-02-01 01:00');
    await sweepAt(server, '2031-03-01 01:00');
    await sweepAt(server, '2031-07-01 01:00');
    await sweepAt(server, '2031-07-02 01:00');
    const told = (await eventsOf('MEETING_OVERDUE', 'series')).map(
      ({ payload }) => `${payload.series} ${payload.period}`,
    );
    expect(told.filter((one) => one.includes('2031'))).toEqual(
      ['KA_DEMAND_ANALYSIS 2031-02', 'KA_SYMPOSIUM 2031/1', 'KA_DEMAND_ANALYSIS 2031-03'].sort(
        (one, other) => told.indexOf(one) - told.indexOf(other),
      ),
    );
    const [late] = await eventsOf('MINUTES_LATE', rawId(held.meeting.id));
    expect(late?.audience).toEqual({ employees: [people.KA_SPECIALIST.id], roles: ['HEAD'] });
    const written = await mutate(
      server,
      'KA_SPECIALIST',
      'keyAccountMeetingMinutes',
      { meetingId: held.meeting.id, expectedVersion: 1, minutes: '三项需求' },
      'meeting { minutes minutesAt }',
    );
    expect(written.meeting).toEqual({ minutes: '三项需求', minutesAt: server.clock.now().toISOString() });
  });

  test('[KEY-09] an executive symposium names the accounts whose leaders took part', async () => {
    const { account } = await served();
    server.clock.set(shanghai('2031-01-15 15:00'));
    expect(pathsOf(await hold('KA_SUPERVISOR', { type: 'EXECUTIVE_SYMPOSIUM' }))).toEqual(['keyAccountIds']);
    const { meeting } = await hold('KA_SUPERVISOR', {
      type: 'EXECUTIVE_SYMPOSIUM',
      keyAccountIds: [account.nodeId],
      minutes: '互访约定',
    });
    expect(meeting).toMatchObject({
      type: 'EXECUTIVE_SYMPOSIUM',
      minutes: '互访约定',
      keyAccounts: [{ id: account.nodeId }],
    });
    for (const [caller, knows] of [
      ['HEAD', true],
      ['COMPANY_LEADER', true],
      ['KA_SPECIALIST_2', true],
      ['DEPUTY', false],
      ['CS_AGENT', false],
      ['HR', false],
    ] as const) {
      const { data } = await read(server, caller, 'query N($id: ID!) { node(id: $id) { id } }', {
        id: meeting.id,
      });
      expect([caller, data.node !== null]).toEqual([caller, knows]);
    }
  });
});
