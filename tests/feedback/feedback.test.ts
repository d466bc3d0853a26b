import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, departments, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => server.clock.set(MONDAY_9));

const FEEDBACK = `feedback {
  id state topic severity content version analysis action noticeChannel answeredAt answeredBy { id } recordedBy { id }
  department { code } ticket { number category severity status openedAt content callerName }
}`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, FEEDBACK);
}

const SAID = { topic: 'TIMELINESS', content: 'Deliver before noon, please.', channel: 'PHONE' };

async function eventsOf(kind: string) {
  await server.settled();
  return server.services.database.query<{
    audience: object;
    severity: string;
    payload: Record<string, unknown>;
  }>(sql`select audience, severity, payload from event where kind = ${kind} order by seq`);
}

test('[TIC-30] feedback is recorded, sorted, analysed and fed back; a serious one is a serious complaint at once', async () => {
  const customer = await makeCustomer(server, { grade: 'B' });
  const departmentId = departments.OPERATIONS.nodeId;
  const { feedback } = await act('CS_AGENT', 'feedbackRecord', {
    ...SAID,
    customerId: customer.nodeId,
    departmentId,
  });
  expect(feedback).toMatchObject({
    state: 'RECORDED',
    topic: 'TIMELINESS',
    severity: 'GENERAL',
    ticket: null,
    department: { code: 'OPERATIONS' },
    recordedBy: { id: people.CS_AGENT.nodeId },
  });
  const answer = {
    feedbackId: feedback.id,
    analysis: 'The morning tour is full.',
    action: 'A second van from December on.',
    noticeChannel: 'PHONE',
  };
  expect(pathsOf(await act('CS_AGENT', 'feedbackAnswer', { ...answer, analysis: ' ' }))).toEqual([
    'analysis',
  ]);
  // The department that it is about works on it.
  expect(
    (await act('OPERATIONS', 'feedbackAnswer', { ...answer, expectedVersion: 1 })).feedback,
  ).toMatchObject({
    state: 'ANSWERED',
    analysis: answer.analysis,
    action: answer.action,
    noticeChannel: 'PHONE',
    answeredAt: server.clock.now().toISOString(),
    answeredBy: { id: people.OPERATIONS.nodeId },
  });
  expect((await act('CS_AGENT', 'feedbackAnswer', answer)).__typename).toBe('IllegalTransition');

  const serious = { ...SAID, severity: 'SERIOUS', customerId: customer.nodeId };
  expect(pathsOf(await act('CS_AGENT', 'feedbackRecord', serious))).toEqual(['callerName', 'callerPhone']);
  const caller = { callerName: 'Li Lei', callerPhone: '13900000000' };
  expect((await act('CS_AGENT', 'feedbackRecord', { ...serious, ...caller })).feedback).toMatchObject({
    state: 'TICKET',
    ticket: { category: 'COMPLAINT', severity: 'SERIOUS', status: 'RECEIVED', content: SAID.content },
  });

  const receivedAt = new Date(server.clock.now().getTime() - 3_600_000).toISOString();
  const late = await act('CS_AGENT', 'feedbackRecord', { ...SAID, customerId: customer.nodeId, receivedAt });
  const toTicket = { feedbackId: late.feedback.id, ...caller };
  expect((await act('CS_AGENT', 'feedbackToTicket', toTicket)).feedback).toMatchObject({
    state: 'TICKET',
    ticket: { severity: 'GENERAL', openedAt: receivedAt, callerName: 'Li Lei' },
  });
  expect((await act('CS_AGENT', 'feedbackToTicket', toTicket)).__typename).toBe('IllegalTransition');
  expect(
    (await act('CS_AGENT', 'feedbackAnswer', { ...answer, feedbackId: late.feedback.id })).__typename,
  ).toBe('IllegalTransition');

  const month = { from: '2026-11-01T00:00:00Z', until: '2026-12-01T00:00:00Z' };
  const digest = async (who: Caller, span = month) =>
    server.gql(
      who,
      'query ($from: DateTime!, $until: DateTime!) { feedbackDigest(from: $from, until: $until) { topic count serious answered tickets } }',
      span,
    );
  expect((await digest('CS_SUPERVISOR')).data.feedbackDigest).toEqual([
    { topic: 'TIMELINESS', count: 3, serious: 1, answered: 1, tickets: 2 },
  ]);
  expect((await digest('OPERATIONS')).data.feedbackDigest).toEqual([
    { topic: 'TIMELINESS', count: 1, serious: 0, answered: 1, tickets: 0 },
  ]);
  expect((await digest('CS_SUPERVISOR', { from: month.until, until: month.from })).errors).toHaveLength(1);
});

test('feedback is read and written by the rights on tickets', async () => {
  const customer = await makeCustomer(server, { ownerId: people.SALES_REP.id, areaId: areas.EAST.id });
  const { feedback } = await act('CS_AGENT', 'feedbackRecord', {
    ...SAID,
    topic: 'PRICE',
    customerId: customer.nodeId,
    departmentId: departments.QUALITY.nodeId,
  });
  const reads = async (who: Caller) => {
    const { data } = await server.gql(
      who,
      `query ($id: ID!) { node(id: $id) { id } feedback(where: { topic: { eq: PRICE } }) { totalCount edges { node { id } } } }`,
      { id: feedback.id },
    );
    const listed = data.feedback.edges.some(({ node }: { node: { id: string } }) => node.id === feedback.id);
    expect([data.node !== null, data.feedback.totalCount > 0], String(who)).toEqual([listed, listed]);
    return listed;
  };
  const readers: Caller[] = [
    'HEAD',
    'CS_SUPERVISOR',
    'CS_AGENT',
    'CS_AGENT_2',
    'DEPUTY',
    'SALES_REP',
    'QUALITY',
    'INTERNAL_AUDITOR',
  ];
  const others: Caller[] = [
    'CS_AGENT_OTHER_TEAM',
    'DEPUTY_SOUTH',
    'SALES_REP_2',
    'OPERATIONS',
    'FINANCE',
    'HR',
    'ADMIN',
  ];
  for (const who of readers) expect(await reads(who), String(who)).toBe(true);
  for (const who of others) expect(await reads(who), String(who)).toBe(false);

  const answer = { feedbackId: feedback.id, analysis: 'x', action: 'y', noticeChannel: 'PHONE' };
  for (const who of others) {
    const hidden = await act(who, 'feedbackAnswer', answer);
    expect(hidden.__typename, String(who)).toBe('NotFound');
    const feedbackId = Buffer.from(`Feedback:${newId()}`).toString('base64');
    expect(await act(who, 'feedbackAnswer', { ...answer, feedbackId })).toEqual(hidden);
  }
  expect((await act('SALES_REP', 'feedbackAnswer', answer)).__typename).toBe('Forbidden');
  expect((await act('HR', 'feedbackRecord', SAID)).__typename).toBe('Forbidden');
});

test('[TIC-32] whoever reports an incident reaches HEAD at once, and nobody else', async () => {
  const report = (who: Caller, facts: object = {}) =>
    mutate(
      server,
      who,
      'incidentReport',
      { description: 'A van has burnt out on the ring road.', ...facts },
      'report { id description reporter { id } occurredAt reportedAt }',
    );
  const occurredAt = new Date(server.clock.now().getTime() - 600_000).toISOString();
  const idempotencyKey = newId();
  const first = await report('OPERATIONS', { occurredAt, idempotencyKey });
  expect(first.report).toMatchObject({
    reporter: { id: people.OPERATIONS.nodeId },
    occurredAt,
    reportedAt: server.clock.now().toISOString(),
  });
  expect(await report('OPERATIONS', { occurredAt, idempotencyKey })).toEqual(first);
  expect(await eventsOf('INCIDENT_REPORTED')).toMatchObject([
    {
      severity: 'HIGH',
      audience: { roles: ['HEAD'] },
      payload: { description: 'A van has burnt out on the ring road.' },
    },
  ]);
  expect(pathsOf(await report('HR', { description: ' ', occurredAt: '2030-01-01T00:00:00Z' }))).toEqual([
    'description',
    'occurredAt',
  ]);
  const seen = async (who: Caller) =>
    (await server.gql(who, '{ incidentReports { edges { node { id } } } }')).data.incidentReports.edges.some(
      ({ node }: { node: { id: string } }) => node.id === first.report.id,
    );
  expect(
    await Promise.all((['OPERATIONS', 'HEAD', 'INTERNAL_AUDITOR', 'CS_SUPERVISOR', 'HR'] as const).map(seen)),
  ).toEqual([true, true, true, false, false]);
});
