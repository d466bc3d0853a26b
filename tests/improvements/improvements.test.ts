import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { departments, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: FreshDatabase;
let server: TestServer;
let clock: ManualClock;

beforeAll(async () => {
  database = await freshDatabase();
  clock = new ManualClock(MONDAY_9);
  server = await startTestServer({ database, clock });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => clock.advance(90 * DAY));

const PLAN = `plan {
  id state goal rootCause effect version dueAt endedAt ticketIds department { code } owner { id } createdBy { id }
  items { number kind measure owner { id } dueAt doneAt doneBy { id } result }
}`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, PLAN);
}

function inDays(days: number): string {
  return new Date(clock.now().getTime() + days * DAY).toISOString();
}

async function complaint(cause?: string, facts: object = {}) {
  const customer = await makeCustomer(server, { grade: 'B' });
  const { ticket } = await mutate(
    server,
    'CS_AGENT',
    'ticketOpen',
    {
      category: 'COMPLAINT',
      subject: 'Late again',
      content: 'The parcel came late.',
      channel: 'EMAIL',
      callerName: 'Li Lei',
      customerId: customer.nodeId,
      ...facts,
    },
    'ticket { id }',
  );
  // The way to a root cause is another test's matter.
  if (cause) {
    await server.services.database.query(sql`
      update ticket set root_cause = ${cause}::"RootCause", liability = 'COMPANY'
      where number = (select max(number) from ticket) returning 1 as written`);
  }
  return ticket.id as string;
}

function plan(facts: object = {}) {
  return {
    departmentId: departments.OPERATIONS.nodeId,
    goal: 'Too many late deliveries in the east.',
    rootCause: 'DELAY',
    ownerId: people.OPERATIONS.nodeId,
    dueAt: inDays(30),
    items: [
      { kind: 'CORRECTIVE', measure: 'A second van.', ownerId: people.OPERATIONS.nodeId, dueAt: inDays(10) },
      {
        kind: 'PREVENTIVE',
        measure: 'Train the planners.',
        ownerId: people.QUALITY.nodeId,
        dueAt: inDays(20),
      },
    ],
    ...facts,
  };
}

async function eventsOf(kind: string) {
  await server.sweep();
  return server.services.database.query<{ audience: object; payload: object }>(
    sql`select audience, payload from event where kind = ${kind} order by seq`,
  );
}

test('a plan names department, cause, measures and complaints; its measures are done, then it is closed with its effect', async () => {
  const ticketId = await complaint();
  const input = { ...plan(), ticketIds: [ticketId], idempotencyKey: 'plan-1' };
  const { plan: opened } = await act('CS_SUPERVISOR', 'improvementPlanOpen', input);
  expect(opened).toMatchObject({
    state: 'OPEN',
    rootCause: 'DELAY',
    ticketIds: [ticketId],
    department: { code: 'OPERATIONS' },
    createdBy: { id: people.CS_SUPERVISOR.nodeId },
    items: [
      { number: 1, kind: 'CORRECTIVE', doneAt: null, owner: { id: people.OPERATIONS.nodeId } },
      { number: 2, kind: 'PREVENTIVE', doneAt: null, owner: { id: people.QUALITY.nodeId } },
    ],
  });
  expect((await act('CS_SUPERVISOR', 'improvementPlanOpen', input)).plan.id).toBe(opened.id);

  const { data } = await server.gql(
    'CS_SUPERVISOR',
    'query ($id: ID!) { node(id: $id) { ... on Ticket { improvementPlans { id goal } } } }',
    { id: ticketId },
  );
  expect(data.node.improvementPlans).toEqual([{ id: opened.id, goal: opened.goal }]);

  const planId = opened.id;
  const effect = { planId, effect: 'Half as many late deliveries.' };
  // Who has to do a measure says what it brought; nobody else of another department does.
  const done = { planId, number: 2, result: 'All trained.' };
  expect((await act('FINANCE', 'actionItemDone', done)).__typename).toBe('NotFound');
  expect((await act('QUALITY', 'actionItemDone', { ...done, number: 1 })).__typename).toBe('Forbidden');
  expect(pathsOf(await act('QUALITY', 'actionItemDone', { ...done, result: ' ' }))).toEqual(['result']);
  expect((await act('QUALITY', 'actionItemDone', done)).plan.items[1]).toMatchObject({
    doneAt: clock.now().toISOString(),
    doneBy: { id: people.QUALITY.nodeId },
    result: 'All trained.',
  });
  expect((await act('QUALITY', 'actionItemDone', done)).__typename).toBe('IllegalTransition');
  expect(pathsOf(await act('OPERATIONS', 'improvementPlanClose', effect))).toEqual(['planId']);
  const more = [
    { kind: 'PREVENTIVE', measure: 'Check weekly.', ownerId: people.QUALITY.nodeId, dueAt: inDays(5) },
  ];
  expect((await act('QUALITY', 'actionItemsAdd', { planId, items: more })).__typename).toBe('Forbidden');
  expect((await act('OPERATIONS', 'actionItemsAdd', { planId, items: more })).plan.items).toHaveLength(3);
  await act('OPERATIONS', 'actionItemDone', { planId, number: 1, result: 'It drives.' });
  const { plan: last } = await act('OPERATIONS', 'actionItemDone', { planId, number: 3, result: 'Checked.' });
  expect(
    (await act('OPERATIONS', 'improvementPlanClose', { ...effect, expectedVersion: last.version - 1 }))
      .__typename,
  ).toBe('StaleVersion');
  expect(
    (await act('OPERATIONS', 'improvementPlanClose', { ...effect, expectedVersion: last.version })).plan,
  ).toMatchObject({ state: 'CLOSED', effect: effect.effect, endedAt: clock.now().toISOString() });
  expect((await act('HEAD', 'improvementPlanDrop', effect)).__typename).toBe('IllegalTransition');

  clock.advance(31 * DAY);
  expect(await eventsOf('IMPROVEMENT_PLAN_OVERDUE')).toEqual([]);
});

test('a plan that is still open when it is due is told once, to its owner, the department and HEAD', async () => {
  const { plan: opened } = await act('OPERATIONS', 'improvementPlanOpen', plan());
  clock.advance(29 * DAY);
  expect(await eventsOf('IMPROVEMENT_PLAN_OVERDUE')).toEqual([]);
  clock.advance(2 * DAY);
  await server.sweep();
  clock.advance(30 * DAY);
  expect(await eventsOf('IMPROVEMENT_PLAN_OVERDUE')).toEqual([
    {
      audience: expect.objectContaining({
        roles: ['HEAD'],
        employees: expect.arrayContaining([people.OPERATIONS.id]),
      }),
      payload: expect.objectContaining({ goal: opened.goal, dueAt: opened.dueAt }),
    },
  ]);
  const dropped = await act('HEAD', 'improvementPlanDrop', {
    planId: opened.id,
    effect: 'The line was closed.',
  });
  expect(dropped.plan).toMatchObject({ state: 'DROPPED', effect: 'The line was closed.' });
});

test('what a plan asks for is told field by field; nobody opens one for another department or for what they may not read', async () => {
  const early = new Date(clock.now().getTime() - 1).toISOString();
  const bad = plan({
    goal: ' ',
    dueAt: early,
    items: [{ kind: 'CORRECTIVE', measure: '', ownerId: people.QUALITY.nodeId, dueAt: early }],
  });
  expect(pathsOf(await act('HEAD', 'improvementPlanOpen', bad))).toEqual([
    'goal',
    'dueAt',
    'items.0.measure',
    'items.0.dueAt',
  ]);
  expect(pathsOf(await act('HEAD', 'improvementPlanOpen', plan({ items: [] })))).toEqual(['items']);
  expect((await act('QUALITY', 'improvementPlanOpen', plan())).__typename).toBe('Forbidden');
  const ticketIds = [await complaint()];
  expect(await act('OPERATIONS', 'improvementPlanOpen', plan({ ticketIds }))).toMatchObject({
    __typename: 'NotFound',
    path: ['ticketIds.0'],
  });
  const inquiry = await mutate(
    server,
    'CS_AGENT',
    'ticketOpen',
    { category: 'INQUIRY', subject: 'Price', content: 'How much?', channel: 'PHONE' },
    'ticket { id }',
  );
  expect(pathsOf(await act('HEAD', 'improvementPlanOpen', plan({ ticketIds: [inquiry.ticket.id] })))).toEqual(
    ['ticketIds.0'],
  );
});

test('[TIC-26] causes are counted with their trend, what recurs is told, and plans are linked to complaints', async () => {
  const ANALYSIS = `query ($from: DateTime!, $until: DateTime!) { complaintAnalysis(from: $from, until: $until) {
    causes { rootCause count before serious companyLiable recurring openPlans } measures { kind due done doneLate } } }`;
  const span = { from: inDays(0), until: inDays(30) };
  clock.advance(-20 * DAY);
  await complaint('DAMAGE');
  clock.advance(21 * DAY);
  for (let at = 0; at < 4; at += 1) await complaint('DELAY');
  await complaint('DELAY', { severity: 'SERIOUS' });
  await complaint('DAMAGE');
  const ticketIds = [await complaint()];
  await act('CS_SUPERVISOR', 'improvementPlanOpen', plan({ ticketIds }));
  const analysis = async (who: Caller) => (await server.gql(who, ANALYSIS, span)).data.complaintAnalysis;
  expect((await analysis('CS_SUPERVISOR')).causes).toEqual([
    { rootCause: 'DELAY', count: 5, before: 0, serious: 1, companyLiable: 5, recurring: true, openPlans: 1 },
    {
      rootCause: 'DAMAGE',
      count: 1,
      before: 1,
      serious: 0,
      companyLiable: 1,
      recurring: false,
      openPlans: 0,
    },
    { rootCause: null, count: 1, before: 0, serious: 0, companyLiable: 0, recurring: false, openPlans: 0 },
  ]);
  // By the rights on tickets: OPERATIONS was sent none of them, and has its own plan.
  expect((await analysis('OPERATIONS')).causes).toEqual([]);
  // Five within thirty days recur, however long the span; five of which the first is older do not.
  const year = { from: inDays(-300), until: inDays(30) };
  const { data: wide } = await server.gql('CS_SUPERVISOR', ANALYSIS, year);
  const recurring = ({ causes }: { causes: { rootCause: string; recurring: boolean }[] }) =>
    causes.filter((cause) => cause.recurring).map(({ rootCause }) => rootCause);
  expect(recurring(wide.complaintAnalysis)).toEqual(['DELAY']);
  for (let at = 0; at < 2; at += 1) await complaint('DAMAGE');
  clock.advance(29 * DAY + 20 * HOUR);
  const later = async () => {
    const { data } = await server.gql('CS_SUPERVISOR', ANALYSIS, { ...year, until: inDays(1) });
    return recurring(data.complaintAnalysis);
  };
  await complaint('DAMAGE');
  expect(await later()).toEqual(['DELAY']);
  await complaint('DAMAGE');
  expect(await later()).toEqual(['DAMAGE', 'DELAY']);
  clock.advance(-29 * DAY - 20 * HOUR);
  const wrong = await server.gql('HEAD', ANALYSIS, { from: span.until, until: span.from });
  expect(wrong.errors).toHaveLength(1);

  // The cause that a person says is what counts: the sixth within 30 days is told once.
  const ticketId = await complaint();
  const step = (name: string, input: object) =>
    mutate(server, 'CS_SUPERVISOR', name, { ticketId, ...input }, 'ticket { status }');
  await step('ticketAcknowledge', { promise: 'Soon.', callbackPhone: '13900000000' });
  await step('ticketDispatch', { departmentIds: [departments.OPERATIONS.nodeId] });
  const set = await step('ticketSetResponsibility', {
    liability: 'COMPANY',
    responsibleDepartmentId: departments.OPERATIONS.nodeId,
    rootCause: 'DELAY',
  });
  expect(set).toMatchObject({ ticket: { status: 'RESPONSIBILITY_SET' } });
  expect(await eventsOf('RECURRING_COMPLAINT')).toEqual([
    {
      audience: expect.objectContaining({ roles: ['HEAD', 'QUALITY'] }),
      payload: expect.objectContaining({ cause: 'DELAY', count: 6, days: 30 }),
    },
  ]);
});

test('[TIC-29] the form of a complaint names the procedure, and preventive measures are counted', async () => {
  const FORM = `query ($category: TicketCategory!, $channel: TicketChannel!) {
    ticketForm(category: $category, channel: $channel) { requiredFields procedure { title url } } }`;
  const form = async (category: string, channel: string) =>
    (await server.gql('CS_AGENT', FORM, { category, channel })).data.ticketForm;
  expect(await form('COMPLAINT', 'PHONE')).toEqual({
    requiredFields: ['category', 'channel', 'subject', 'content', 'customerId', 'callerName', 'callerPhone'],
    procedure: { title: '投诉处理程序 Complaint procedure', url: null },
  });
  expect((await form('COMPLAINT', 'EMAIL')).requiredFields).not.toContain('callerPhone');
  expect(await form('INQUIRY', 'PHONE')).toEqual({
    requiredFields: ['category', 'channel', 'subject', 'content'],
    procedure: null,
  });

  const { plan: opened } = await act('CS_SUPERVISOR', 'improvementPlanOpen', plan());
  const span = { from: inDays(0), until: inDays(25) };
  clock.advance(21 * DAY);
  await act('QUALITY', 'actionItemDone', { planId: opened.id, number: 2, result: 'Trained, a day late.' });
  const { data } = await server.gql(
    'CS_SUPERVISOR',
    `query ($from: DateTime!, $until: DateTime!) { complaintAnalysis(from: $from, until: $until) { measures { kind due done doneLate } } }`,
    span,
  );
  expect(data.complaintAnalysis.measures).toEqual([
    { kind: 'CORRECTIVE', due: 1, done: 0, doneLate: 0 },
    { kind: 'PREVENTIVE', due: 1, done: 1, doneLate: 1 },
  ]);
});
