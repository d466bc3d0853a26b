import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { sql } from '../../src/platform/sql.ts';
import { makeAssignment, makeContact, makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
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

async function at(days: number, milliseconds = 0) {
  server.clock.set(new Date(new Date(MONDAY_9).getTime() + days * DAY + milliseconds));
  await server.sweep();
}

async function events(kind: string, id: string) {
  await server.settled();
  return server.services.database.query<{
    audience: { roles?: string[]; employees?: string[] };
    severity: string;
    payload: Record<string, unknown>;
  }>(
    sql`select audience, severity, payload from event where kind = ${kind} and subject_id = ${id}::uuid order by seq`,
  );
}

async function read(caller: Caller, document: string) {
  const { data, errors } = await server.gql(caller, document);
  expect(errors).toBeUndefined();
  return data;
}

const SOURCES = [
  'INTERNET',
  'ADVERTISEMENT',
  'TRANSACTION_RECORDS',
  'ASSOCIATION_OR_AUTHORITY',
  'SALES_RESEARCH',
  'MAILED_FORM',
  'RESEARCH_AGENCY',
  'OTHER',
] as const;

const NOTE = { topic: 'CULTURE', content: '重视准时与绿色运输', infoSource: 'INTERNET' };

function note(caller: Caller, customerId: string, facts: object = {}) {
  return mutate(
    server,
    caller,
    'developmentNoteRecord',
    { customerId, ...NOTE, ...facts },
    'note { id topic content infoSource informationObtainedAt significant author { id } }',
  );
}

it('[CUS-03] the file has columns of its own for what a company is, and dated notes on how it develops', async () => {
  const { id, nodeId } = await makeCustomer(server, { ownerId: people.SALES_REP.id });
  const facts = {
    address: '上海市浦东新区世纪大道 2 号',
    fax: '+862150000009',
    email: 'info@example.com',
    website: 'https://example.com',
    scopeOfBusiness: '钢材贸易',
    mainProducts: '热轧卷板',
    industryPosition: '华东前十',
  };
  await mutate(server, 'SALES_REP', 'customerUpdate', { customerId: nodeId, expectedVersion: 1, ...facts });
  await makeContact(server, {
    customerId: id,
    name: '王总',
    seniority: 'TOP_LEADER',
    mobile: '+8613900000000',
  });
  const refused = await note('SALES_REP', nodeId, {
    content: ' ',
    informationObtainedAt: new Date(server.clock.now().getTime() + 1).toISOString(),
  });
  expect(pathsOf(refused).sort()).toEqual(['content', 'informationObtainedAt']);
  expect((await note('SALES_REP_2', nodeId)).__typename).toBe('Forbidden');
  const obtained = ['2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'];
  for (const [index, topic] of ['POLICY', 'DEVELOPMENT'].entries())
    await note('SALES_REP', nodeId, { topic, informationObtainedAt: obtained[index] });
  const notes = `developmentNotes(where: { customer: { eq: "${nodeId}" } }, orderBy: [{ field: informationObtainedAt }]) {
    edges { node { topic content informationObtainedAt author { id } } } }`;
  const data = await read(
    'SALES_REP',
    `{ ${notes} node(id: "${nodeId}") { ... on Customer {
      file { address fax email website scopeOfBusiness mainProducts industryPosition }
      contacts { edges { node { name seniority mobile } } } } } }`,
  );
  expect(data.node.file).toEqual(facts);
  expect(data.node.contacts.edges).toEqual([
    { node: { name: '王总', seniority: 'TOP_LEADER', mobile: '+8613900000000' } },
  ]);
  expect(data.developmentNotes.edges.map(({ node }: { node: object }) => node)).toEqual(
    ['POLICY', 'DEVELOPMENT'].map((topic, index) => ({
      topic,
      content: NOTE.content,
      informationObtainedAt: obtained[index],
      author: { id: people.SALES_REP.nodeId },
    })),
  );
  expect((await read('SALES_REP_2', `{ ${notes} }`)).developmentNotes.edges).toEqual([]);
});

it('[CUS-04] every note says which of eight channels it came by, and a mailed form is sent and returned', async () => {
  const { id, nodeId } = await makeCustomer(server);
  for (const infoSource of SOURCES)
    expect((await note('HEAD', nodeId, { infoSource })).note.infoSource).toBe(infoSource);
  const { data } = await server.gql('HEAD', '{ __type(name: "InfoSource") { enumValues { name } } }');
  expect(data.__type.enumValues.map(({ name }: { name: string }) => name).sort()).toEqual(
    [...SOURCES].sort(),
  );
  const FORM = 'dataForm { id state sentTo returnedAt }';
  const { dataForm } = await mutate(
    server,
    'HEAD',
    'dataFormSend',
    { customerId: nodeId, sentTo: '采购部王经理' },
    FORM,
  );
  expect(dataForm).toMatchObject({ state: 'SENT', sentTo: '采购部王经理', returnedAt: null });
  const back = { dataFormId: dataForm.id, content: '新增仓库地址' };
  expect((await mutate(server, 'HEAD', 'dataFormReturn', back, FORM)).dataForm).toMatchObject({
    state: 'RETURNED',
    returnedAt: server.clock.now().toISOString(),
  });
  expect((await mutate(server, 'HEAD', 'dataFormReturn', back)).__typename).toBe('IllegalTransition');
  // What it says must enter the file in time.
  const pending = await read(
    'HEAD',
    `{ pendingUpdates(where: { customer: { eq: "${nodeId}" } }) { edges { node { state infoSource content } } } }`,
  );
  expect(pending.pendingUpdates.edges).toEqual([
    { node: { state: 'OPEN', infoSource: 'MAILED_FORM', content: '新增仓库地址' } },
  ]);
  await at(2);
  expect((await events('CUSTOMER_FILE_STALE', id)).map(({ severity }) => severity)).toEqual(['HIGH']);
});

it('[CUS-28] news on a grade A customer are gathered with their source and missed after 30 days, and what is offered to it is kept', async () => {
  const gradedAt = new Date(MONDAY_9);
  const ofA = await makeCustomer(server, { grade: 'A', gradedAt, verifiedAt: gradedAt });
  const ofB = await makeCustomer(server, { gradedAt, verifiedAt: gradedAt });
  await makeAssignment(server, { customerId: ofA.id, employeeId: people.SALES_REP.id, dedicated: true });
  const missed = async () => (await events('CUSTOMER_INTELLIGENCE_MISSING', ofA.id)).length;
  await at(1);
  await at(30, -1);
  expect(await missed()).toBe(0);
  await at(30);
  await at(40);
  expect(await events('CUSTOMER_INTELLIGENCE_MISSING', ofA.id)).toEqual([
    {
      audience: { roles: ['SALES_SUPERVISOR'], employees: [people.SALES_REP.id] },
      severity: 'WARNING',
      payload: { lastNote: MONDAY_9 },
    },
  ]);
  expect((await note('SALES_REP', ofA.nodeId, { topic: 'NEWS' })).note.author.id).toBe(
    people.SALES_REP.nodeId,
  );
  await at(70, -1);
  expect(await missed()).toBe(1);
  await at(70);
  expect(await missed()).toBe(2);
  expect(await events('CUSTOMER_INTELLIGENCE_MISSING', ofB.id)).toEqual([]);

  const OFFERED = 'suggestion { id content response version }';
  const offer = { customerId: ofA.nodeId, content: '合并夜班线路' };
  expect((await mutate(server, 'CS_AGENT', 'customerSuggestionRecord', offer)).__typename).toBe('Forbidden');
  const { suggestion } = await mutate(server, 'SALES_REP', 'customerSuggestionRecord', offer, OFFERED);
  const answer = { suggestionId: suggestion.id, response: '同意试行', expectedVersion: 1 };
  expect(
    (await mutate(server, 'SALES_REP', 'customerSuggestionAnswer', answer, OFFERED)).suggestion,
  ).toMatchObject({
    content: '合并夜班线路',
    response: '同意试行',
    version: 2,
  });
  expect((await mutate(server, 'CS_AGENT', 'customerSuggestionAnswer', answer)).__typename).toBe('NotFound');
});

it('a significant note goes to HEAD at once, and one that needs another change of the file is watched', async () => {
  const { id, nodeId } = await makeCustomer(server, { ownerId: people.SALES_REP.id });
  await note('SALES_REP', nodeId);
  expect(await events('SIGNIFICANT_CUSTOMER_NOTE', id)).toEqual([]);
  const { note: serious } = await note('SALES_REP', nodeId, { significant: true, fileUpdateNeeded: true });
  expect(serious.significant).toBe(true);
  expect(await events('SIGNIFICANT_CUSTOMER_NOTE', id)).toMatchObject([
    { audience: { roles: ['HEAD'] }, severity: 'WARNING' },
  ]);
  await at(1);
  expect(await events('CUSTOMER_FILE_STALE', id)).toHaveLength(1);
});

it('[CUS-09] a correction that HEAD or SALES_SUPERVISOR asks for is tracked until it is made', async () => {
  const { id, nodeId } = await makeCustomer(server, { ownerId: people.SALES_REP.id });
  const CORRECTION = 'correctionRequest { id state overdue correction correctedBy { id } }';
  const dueAt = new Date(new Date(MONDAY_9).getTime() + 3 * DAY).toISOString();
  const ask = (caller: Caller, facts: object = {}) =>
    mutate(
      server,
      caller,
      'correctionRequest',
      { customerId: nodeId, content: '地址与营业执照不符', dueAt, ...facts },
      CORRECTION,
    );
  expect((await ask('MARKETING_CLERK')).required).toEqual(['HEAD', 'SALES_SUPERVISOR']);
  expect(pathsOf(await ask('HEAD', { content: '', dueAt: MONDAY_9 })).sort()).toEqual(['content', 'dueAt']);
  const { correctionRequest: first } = await ask('SALES_SUPERVISOR');
  const { correctionRequest: second } = await ask('HEAD');
  expect(await events('CORRECTION_REQUESTED', id)).toEqual(
    [first, second].map(() => ({
      audience: { roles: ['MARKETING_CLERK'], employees: [people.SALES_REP.id] },
      severity: 'INFO',
      payload: expect.objectContaining({ dueAt, overdue: false }),
    })),
  );
  const done = { correctionRequestId: second.id, correction: '已按执照更正' };
  expect((await mutate(server, 'SALES_REP_2', 'correctionDone', done)).__typename).toBe('NotFound');
  expect(
    (await mutate(server, 'SALES_REP', 'correctionDone', done, CORRECTION)).correctionRequest,
  ).toMatchObject({
    state: 'CORRECTED',
    correctedBy: { id: people.SALES_REP.nodeId },
  });
  expect((await mutate(server, 'SALES_REP', 'correctionDone', done)).__typename).toBe('IllegalTransition');
  await at(3, -1);
  expect(await events('CORRECTION_REQUESTED', id)).toHaveLength(2);
  await at(3);
  await at(5);
  const [, , late] = await events('CORRECTION_REQUESTED', id);
  expect(late).toMatchObject({
    audience: { roles: ['MARKETING_CLERK'], employees: [people.SALES_REP.id, people.SALES_SUPERVISOR.id] },
    severity: 'WARNING',
    payload: { overdue: true },
  });
  expect(await events('CORRECTION_REQUESTED', id)).toHaveLength(3);
  const open = await read(
    'SALES_SUPERVISOR',
    `{ correctionRequests(where: { customer: { eq: "${nodeId}" }, state: { eq: REQUESTED } }) { edges { node { id overdue } } } }`,
  );
  expect(open.correctionRequests.edges).toEqual([{ node: { id: first.id, overdue: true } }]);
});

it('[CUS-07] what is missing stands in the to-do of owner and clerk, and the clerk reminds the owner', async () => {
  const own = { ownerId: people.SALES_REP.id, phone: null };
  const { id, nodeId } = await makeCustomer(server, own);
  const complete = await makeCustomer(server, { ownerId: people.SALES_REP.id });
  await makeContact(server, { customerId: complete.id });
  await at(1);
  const todo = async (caller: Caller) => {
    const found: string[] = [];
    for (let after = ''; ; ) {
      const { customerLedger } = await read(
        caller,
        `{ customerLedger(complete: false, mine: true, first: 100 ${after}) { pageInfo { hasNextPage endCursor } edges { node { id } } } }`,
      );
      found.push(...customerLedger.edges.map(({ node }: { node: { id: string } }) => node.id));
      if (!customerLedger.pageInfo.hasNextPage)
        return found.filter((found) => found === nodeId || found === complete.nodeId);
      after = `after: "${customerLedger.pageInfo.endCursor}"`;
    }
  };
  // The clerk keeps files that nobody else was named for.
  expect(await todo('SALES_REP')).toEqual([nodeId]);
  expect(await todo('MARKETING_CLERK')).toEqual([nodeId]);
  expect(await todo('SALES_REP_2')).toEqual([]);
  const remind = (caller: Caller, customerId = nodeId) =>
    mutate(server, caller, 'fileRemind', { customerId });
  expect((await remind('SALES_SUPERVISOR')).required).toEqual(['MARKETING_CLERK']);
  expect((await remind('MARKETING_CLERK')).__typename).toBe('FileRemindSuccess');
  expect(pathsOf(await remind('MARKETING_CLERK', complete.nodeId))).toEqual(['customerId']);
  expect(await events('FILE_REMINDER', id)).toEqual([
    {
      audience: { employees: [people.SALES_REP.id] },
      severity: 'INFO',
      payload: { senderId: people.MARKETING_CLERK.id, missing: 'phone, contact' },
    },
  ]);
});

it('[CUS-16] a contact list and a relationship plan are made from the file, the plan for A and key accounts', async () => {
  const ofA = await makeCustomer(server, { grade: 'A' });
  await makeAssignment(server, { customerId: ofA.id, employeeId: people.SALES_REP.id, dedicated: true });
  await makeContact(server, { customerId: ofA.id, name: '王总' });
  const missing = async () => {
    const { node } = await read(
      'SALES_REP',
      `{ node(id: "${ofA.nodeId}") { ... on Customer { completeness { parts { part missing } } } } }`,
    );
    return node.completeness.parts.find(({ part }: { part: string }) => part === 'RELATIONSHIP_PLAN').missing;
  };
  expect(await missing()).toEqual(['relationshipPlan']);
  const PLAN = 'plan { id goals version startsOn endsOn owner { id } actions { what dueOn doneOn } }';
  const facts = {
    goals: '年内签订框架协议',
    ownerId: people.SALES_REP.nodeId,
    startsOn: '2026-11-23',
    endsOn: '2030-12-31',
    actions: [{ what: '拜访采购总监', dueOn: '2026-12-10' }],
  };
  const create = (more: object = {}) =>
    mutate(
      server,
      'SALES_REP',
      'relationshipPlanCreate',
      { customerId: ofA.nodeId, ...facts, ...more },
      PLAN,
    );
  expect(pathsOf(await create({ goals: ' ', actions: [] })).sort()).toEqual(['actions', 'goals']);
  expect(pathsOf(await create({ actions: [{ what: ' ', dueOn: '2026-11-22' }] })).sort()).toEqual([
    'actions.0.dueOn',
    'actions.0.what',
  ]);
  const { plan } = await create();
  expect(plan).toMatchObject({
    startsOn: '2026-11-23',
    endsOn: '2030-12-31',
    owner: { id: people.SALES_REP.nodeId },
  });
  expect(await missing()).toEqual([]);
  const change = {
    relationshipPlanId: plan.id,
    ...facts,
    actions: [{ what: '拜访采购总监', dueOn: '2026-12-10', doneOn: '2026-12-09' }],
  };
  const update = (caller: Caller, expectedVersion: number) =>
    mutate(server, caller, 'relationshipPlanUpdate', { ...change, expectedVersion }, PLAN);
  expect((await update('SALES_SUPERVISOR', 1)).__typename).toBe('NotFound');
  expect((await update('SALES_REP', 1)).plan.actions).toEqual(change.actions);
  expect((await update('SALES_REP', 1)).__typename).toBe('StaleVersion');
  const { contacts } = await read(
    'SALES_REP',
    `{ contacts(where: { customer: { eq: "${ofA.nodeId}" } }) { edges { node { name title phone } } } }`,
  );
  expect(contacts.edges).toEqual([{ node: { name: '王总', title: '物流经理', phone: '+862150000001' } }]);
});

it('readers of a file see who changed what, and nothing of who read or asked', async () => {
  const { nodeId } = await makeCustomer(server);
  await mutate(server, 'SALES_SUPERVISOR', 'customerUpdate', {
    customerId: nodeId,
    expectedVersion: 1,
    fax: '1',
  });
  await mutate(server, 'OTHER_DEPARTMENT', 'customerAccessRequest', {
    customerId: nodeId,
    reason: '联合投标',
  });
  await mutate(server, 'HEAD', 'customerVerify', { customerId: nodeId, expectedVersion: 2 });
  const { node } = await read(
    'HEAD',
    `{ node(id: "${nodeId}") { ... on Customer { file { changes { action actor { id } before after } } } } }`,
  );
  expect(node.file.changes).toMatchObject([
    { action: 'customerVerify', actor: { id: people.HEAD.nodeId } },
    {
      action: 'customerUpdate',
      actor: { id: people.SALES_SUPERVISOR.nodeId },
      before: { fax: null },
      after: { fax: '1' },
    },
  ]);
});
