import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeContact, makeCustomer, makeEmployee } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, people, type Named } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

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
beforeEach(() => server.clock.set(MONDAY_9));

const OWNER = people.ACCOUNT_MANAGER_LOGISTICS;
const VISIT = `visit {
  id type state plannedFor doneAt visitor { id } host { id } hostSeniority purpose content needs latentNeeds
  competitorInformation promises nextStep significant fileUpdateNeeded overrideReason cancelReason version
  viewerCan { action allowed reason } }`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, VISIT);
}

const HOUR = 3_600_000;

function inHours(hours: number): string {
  return new Date(server.clock.now().getTime() + hours * HOUR).toISOString();
}

async function ownCustomer(facts: object = {}): Promise<{ customer: Named; host: Named }> {
  const customer = await makeCustomer(server, { ownerId: OWNER.id, grade: 'B', ...facts });
  const host = await makeContact(server, { customerId: customer.id, seniority: 'DIRECTOR_OR_ABOVE' });
  return { customer, host };
}

function eventsOf(kind: string) {
  return server.services.database.query<{ audience: object; payload: object; subjectType: string }>(sql`
    select audience, payload, subject_type as "subjectType" from event where kind = ${kind} order by seq`);
}

test('[VIS-10] a visit is recorded with host, purpose, needs, competitors, promises and next step, and stands in the ledger', async () => {
  const { customer, host } = await ownCustomer();
  const facts = {
    purpose: 'Learn what changes next year',
    content: 'They open a second warehouse.',
    needs: 'Daily line haul to Suzhou',
    latentNeeds: ['packing', 'insurance'],
    competitorInformation: 'A competitor quoted 5 % less.',
    promises: 'A quote by Friday',
    nextStep: 'Send the quote',
    fileUpdateNeeded: true,
  };
  const input = {
    customerId: customer.nodeId,
    type: 'RELATION',
    hostId: host.nodeId,
    doneAt: inHours(-1),
    ...facts,
  };
  const { visit } = await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', input);
  expect(visit).toMatchObject({
    ...facts,
    state: 'DONE',
    plannedFor: null,
    doneAt: inHours(-1),
    visitor: { id: OWNER.nodeId },
    host: { id: host.nodeId },
    hostSeniority: 'DIRECTOR_OR_ABOVE',
    significant: false,
  });
  // A contact who rises later does not change what the visit was.
  await server.services.database.query(sql`
    update contact set seniority = 'TOP_LEADER' where id = ${host.id}::uuid returning 1 as written`);
  const ledger = async (where: object) =>
    (
      await server.gql(
        'MARKETING_CLERK',
        `query ($where: VisitWhere) { visits(where: $where) { totalCount edges { node { id hostSeniority host { lastContactAt } } } } }`,
        { where },
      )
    ).data.visits;
  expect(
    await ledger({
      customer: { eq: customer.nodeId },
      visitor: { eq: OWNER.nodeId },
      type: { eq: 'RELATION' },
      state: { in: ['DONE'] },
      doneAt: { gte: inHours(-2), lt: inHours(0) },
    }),
  ).toEqual({
    totalCount: 1,
    edges: [
      { node: { id: visit.id, hostSeniority: 'DIRECTOR_OR_ABOVE', host: { lastContactAt: inHours(-1) } } },
    ],
  });
  expect((await ledger({ customer: { eq: customer.nodeId }, type: { eq: 'LEASE' } })).totalCount).toBe(0);

  expect(
    pathsOf(await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', { ...input, content: ' ', hostId: null })),
  ).toEqual(['content', 'hostId']);
  expect(
    pathsOf(await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', { ...input, doneAt: inHours(1) })),
  ).toEqual(['doneAt']);
  const other = await ownCustomer();
  expect(
    pathsOf(await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', { ...input, hostId: other.host.nodeId })),
  ).toEqual(['hostId']);
  expect((await act('SALES_REP', 'visitRecord', input)).__typename).toBe('Forbidden');
  expect((await act('HR', 'visitRecord', input)).__typename).toBe('NotFound');
});

test('[KEY-19] contact persons tell when they were last reached or visited', async () => {
  const { customer, host } = await ownCustomer();
  const lastContact = async () =>
    (
      await server.gql(
        'ACCOUNT_MANAGER_LOGISTICS',
        'query ($id: ID!) { node(id: $id) { ... on Contact { lastContactAt } } }',
        { id: host.nodeId },
      )
    ).data.node.lastContactAt;
  expect(await lastContact()).toBeNull();
  const call = { customerId: customer.nodeId, contactId: host.nodeId, channel: 'PHONE', content: '询价' };
  await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'contactLogRecord', {
    ...call,
    outcome: 'NOT_REACHED',
    at: inHours(-1),
  });
  expect(await lastContact()).toBeNull();
  await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'contactLogRecord', {
    ...call,
    outcome: 'REACHED',
    at: inHours(-5),
  });
  expect(await lastContact()).toBe(inHours(-5));
  await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', {
    customerId: customer.nodeId,
    type: 'RELATION',
    hostId: host.nodeId,
    purpose: 'Talk',
    content: 'Talked',
    doneAt: inHours(-3),
  });
  expect(await lastContact()).toBe(inHours(-3));
});

test('a planned visit is recorded, or missed a day after it was planned for, and then recorded late', async () => {
  const { customer, host } = await ownCustomer();
  const plan = {
    customerId: customer.nodeId,
    type: 'RELATION',
    purpose: 'Yearly talk',
    hostId: host.nodeId,
    plannedFor: inHours(24),
    idempotencyKey: 'one',
  };
  const { visit } = await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlan', plan);
  expect(visit).toMatchObject({
    state: 'PLANNED',
    doneAt: null,
    version: 1,
    hostSeniority: 'DIRECTOR_OR_ABOVE',
  });
  expect((await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlan', plan)).visit.id).toBe(visit.id);
  expect(
    pathsOf(
      await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlan', {
        ...plan,
        idempotencyKey: 'two',
        plannedFor: inHours(-24),
      }),
    ),
  ).toEqual(['plannedFor']);
  const stateOf = async () =>
    (
      await server.gql('HEAD', 'query ($id: ID!) { node(id: $id) { ... on Visit { state version } } }', {
        id: visit.id,
      })
    ).data.node;
  server.clock.advance(48 * HOUR - 1);
  await server.sweep();
  expect(await stateOf()).toEqual({ state: 'PLANNED', version: 1 });
  server.clock.advance(1);
  await server.sweep();
  expect(await stateOf()).toEqual({ state: 'MISSED', version: 2 });
  await server.sweep();
  expect(await stateOf()).toEqual({ state: 'MISSED', version: 2 });
  const record = { visitId: visit.id, content: 'Talked', doneAt: inHours(-25) };
  expect(
    (await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', { ...record, expectedVersion: 1 })).__typename,
  ).toBe('StaleVersion');
  expect(
    (await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', { ...record, expectedVersion: 2 })).visit,
  ).toMatchObject({ state: 'DONE', doneAt: inHours(-25), purpose: 'Yearly talk', version: 3 });
  expect((await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', record)).__typename).toBe(
    'IllegalTransition',
  );

  const second = await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlan', {
    ...plan,
    idempotencyKey: 'three',
    plannedFor: inHours(1),
  });
  const cancel = { visitId: second.visit.id, expectedVersion: 1, reason: 'The host is ill.' };
  expect((await act('ACCOUNT_MANAGER_LOGISTICS', 'visitCancel', cancel)).visit).toMatchObject({
    state: 'CANCELLED',
    cancelReason: 'The host is ill.',
    viewerCan: [
      { action: 'visitRecord', allowed: false, reason: 'STATE_CANCELLED' },
      { action: 'visitCancel', allowed: false, reason: 'STATE_CANCELLED' },
    ],
  });
  server.clock.advance(48 * HOUR);
  await server.sweep();
  const { data } = await server.gql('HEAD', 'query ($id: ID!) { node(id: $id) { ... on Visit { state } } }', {
    id: second.visit.id,
  });
  expect(data.node.state).toBe('CANCELLED');
});

test('[VIS-02] a patrol is not made by the owner or by who sells in the region, unless HEAD says why', async () => {
  const { customer } = await ownCustomer({ areaId: areas.EAST.id });
  const [here, elsewhere, agent] = await Promise.all([
    makeEmployee(server, { roles: ['SALES_REP'], areaIds: [areas.EAST.id] }),
    makeEmployee(server, { roles: ['SALES_REP'], areaIds: [areas.SOUTH.id] }),
    makeEmployee(server, { roles: ['CS_AGENT'], areaIds: [areas.EAST.id] }),
  ]);
  const plan = (caller: Caller, visitorId: string, more: object = {}) =>
    act(caller, 'visitPlan', {
      customerId: customer.nodeId,
      type: 'SERVICE_PATROL',
      purpose: 'Patrol',
      plannedFor: inHours(24),
      visitorId,
      ...more,
    });
  for (const visitor of [OWNER.nodeId, here.nodeId])
    expect(pathsOf(await plan('CS_SUPERVISOR', visitor))).toEqual(['visitorId']);
  // Visits of other types are the seller's own.
  expect((await plan('CS_SUPERVISOR', here.nodeId, { type: 'RELATION' })).visit.visitor).toEqual({
    id: here.nodeId,
  });
  for (const visitor of [elsewhere.nodeId, agent.nodeId])
    expect((await plan('CS_SUPERVISOR', visitor)).visit).toMatchObject({
      type: 'SERVICE_PATROL',
      overrideReason: null,
    });
  const reason = { overrideReason: 'Nobody else speaks Korean.' };
  expect(await plan('CS_SUPERVISOR', here.nodeId, reason)).toMatchObject({
    __typename: 'Forbidden',
    required: ['HEAD'],
  });
  expect(pathsOf(await plan('HEAD', here.nodeId, { overrideReason: ' ' }))).toEqual([
    'overrideReason',
    'visitorId',
  ]);
  expect((await plan('HEAD', here.nodeId, reason)).visit).toMatchObject(reason);
  // The same holds where it is recorded without a plan.
  expect(
    pathsOf(
      await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', {
        customerId: customer.nodeId,
        type: 'SERVICE_PATROL',
        purpose: 'Patrol',
        content: 'Went there',
      }),
    ),
  ).toEqual(['visitorId']);
});

test('a patrol visitor reads and records the own visit where the file is closed, and never of grade A', async () => {
  const agent = await makeEmployee(server, { roles: ['CS_AGENT'] });
  const { customer } = await ownCustomer();
  const plan = { type: 'SERVICE_PATROL', purpose: 'Patrol', plannedFor: inHours(1), visitorId: agent.nodeId };
  const { visit } = await act('CS_SUPERVISOR', 'visitPlan', { ...plan, customerId: customer.nodeId });
  const ask = async (id: string) =>
    (
      await server.gql(
        agent.subject,
        `query ($id: ID!) { node(id: $id) { ... on Visit { purpose host { id } customer { access { level } } } } }`,
        { id },
      )
    ).data.node;
  expect(await ask(visit.id)).toEqual({
    purpose: 'Patrol',
    host: null,
    customer: { access: { level: 'MASKED' } },
  });
  expect(
    (await act(agent.subject, 'visitRecord', { visitId: visit.id, content: 'All is well.' })).visit.state,
  ).toBe('DONE');
  // Somebody else's is not theirs.
  const other = await act('CS_SUPERVISOR', 'visitPlan', {
    ...plan,
    visitorId: people.CS_AGENT.nodeId,
    customerId: customer.nodeId,
  });
  expect(await ask(other.visit.id)).toBeNull();
  const { customer: gradeA } = await ownCustomer({ grade: 'A' });
  const closed = await act('HEAD', 'visitPlan', { ...plan, customerId: gradeA.nodeId });
  expect(await ask(closed.visit.id)).toBeNull();
  expect(
    (await act(agent.subject, 'visitRecord', { visitId: closed.visit.id, content: 'x' })).__typename,
  ).toBe('NotFound');
  // Who works on own customers alone sends nobody else.
  const { customer: own } = await ownCustomer();
  expect(
    (
      await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlan', {
        ...plan,
        type: 'RELATION',
        customerId: own.nodeId,
      })
    ).__typename,
  ).toBe('Forbidden');
});

test('[VIS-13] taking part in an event of the customer is a visit of its own type', async () => {
  const { customer } = await ownCustomer();
  const { visit } = await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', {
    customerId: customer.nodeId,
    type: 'CUSTOMER_EVENT',
    purpose: 'Opening of the new warehouse',
    content: 'We were guests.',
  });
  expect(visit).toMatchObject({ type: 'CUSTOMER_EVENT', state: 'DONE', host: null });
});

test('[CUS-33] a significant visit reaches HEAD at once, and its content stays in the record', async () => {
  const { customer, host } = await ownCustomer({ grade: 'A' });
  await act('HEAD', 'visitRecord', {
    customerId: customer.nodeId,
    type: 'RELATION',
    hostId: host.nodeId,
    purpose: 'Talk',
    content: 'They talk of leaving.',
    significant: true,
  });
  await server.settled();
  expect(await eventsOf('SIGNIFICANT_CUSTOMER_INFO')).toEqual([
    {
      subjectType: 'Visit',
      audience: { roles: ['HEAD'] },
      payload: {
        visitor: expect.any(String),
        type: 'RELATION',
        doneAt: server.clock.now().toISOString(),
      },
    },
  ]);
});

test('[VIS-12] the visitor fills in the survey on a visit, and a supervisor closes it with a comment', async () => {
  const { customer, host } = await ownCustomer();
  const SURVEY = `survey { id visitId state opinions answers visitorComment supervisorComment closedBy { id } closedAt version }`;
  const survey = (caller: Caller, name: string, input: object) => mutate(server, caller, name, input, SURVEY);
  const listed = async (caller: Caller) => {
    const { data, errors } = await server.gql(
      caller,
      'query ($where: VisitSurveyWhere) { visitSurveys(where: $where) { totalCount edges { node { id } } } }',
      { where: { customer: { eq: customer.nodeId } } },
    );
    expect(errors).toBeUndefined();
    return data.visitSurveys.totalCount;
  };
  const { visit: planned } = await act('ACCOUNT_MANAGER_LOGISTICS', 'visitPlan', {
    customerId: customer.nodeId,
    type: 'RELATION',
    purpose: 'Survey',
    plannedFor: inHours(1),
  });
  const filled = {
    visitId: planned.id,
    opinions: 'Too many hands.',
    answers: 'One contact from now on.',
    visitorComment: 'Worth a plan.',
  };
  const early = await survey('ACCOUNT_MANAGER_LOGISTICS', 'visitSurveyRecord', filled);
  expect(early.__typename).toBe('IllegalTransition');
  server.clock.advance(2 * HOUR);
  await act('ACCOUNT_MANAGER_LOGISTICS', 'visitRecord', {
    visitId: planned.id,
    hostId: host.nodeId,
    content: 'Talked.',
  });
  expect((await survey('HEAD', 'visitSurveyRecord', filled)).__typename).toBe('Forbidden');
  expect((await survey('FINANCE', 'visitSurveyRecord', filled)).__typename).toBe('NotFound');
  const empty = await survey('ACCOUNT_MANAGER_LOGISTICS', 'visitSurveyRecord', { ...filled, opinions: ' ' });
  expect(pathsOf(empty)).toEqual(['opinions']);
  const open = (await survey('ACCOUNT_MANAGER_LOGISTICS', 'visitSurveyRecord', filled)).survey;
  expect(open).toMatchObject({ ...filled, state: 'OPEN', supervisorComment: null, closedBy: null });
  expect(pathsOf(await survey('ACCOUNT_MANAGER_LOGISTICS', 'visitSurveyRecord', filled))).toEqual([
    'visitId',
  ]);

  const comment = { surveyId: open.id, supervisorComment: 'Name the contact this week.' };
  for (const caller of ['ACCOUNT_MANAGER_LOGISTICS', 'FINANCE'] as const) {
    const refused = await survey(caller, 'visitSurveyClose', comment);
    expect(refused.__typename).toBe(caller === 'FINANCE' ? 'NotFound' : 'Forbidden');
  }
  const bare = await survey('SALES_SUPERVISOR', 'visitSurveyClose', { ...comment, supervisorComment: '' });
  expect(pathsOf(bare)).toEqual(['supervisorComment']);
  const closed = (await survey('SALES_SUPERVISOR', 'visitSurveyClose', comment)).survey;
  expect(closed).toMatchObject({
    state: 'CLOSED',
    supervisorComment: 'Name the contact this week.',
    closedBy: { id: people.SALES_SUPERVISOR.nodeId },
    closedAt: server.clock.now().toISOString(),
  });
  expect((await survey('SALES_SUPERVISOR', 'visitSurveyClose', comment)).__typename).toBe(
    'IllegalTransition',
  );
  expect([await listed('HEAD'), await listed('ACCOUNT_MANAGER_LOGISTICS'), await listed('FINANCE')]).toEqual([
    1, 1, 0,
  ]);
});
