import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { setSetting } from '../support/settings.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { changePolicy } from './service-level-client.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let database: FreshDatabase;
let server: TestServer;
let clock: ManualClock;

beforeAll(async () => {
  database = await freshDatabase();
  clock = new ManualClock(MONDAY_9);
  server = await startTestServer({ database, clock });
  // Monday 09:00: inquiries answered after so many minutes, of customers of two grades and of a key account.
  for (const [minutes, grade] of [
    [30, 'B'],
    [90, 'B'],
    [150, 'B'],
    [50, 'A'],
    [70, 'A'],
  ] as const) {
    await closedInquiry(minutes, (await makeCustomer(server, { grade })).nodeId);
  }
  const keyed = await makeCustomer(server, { grade: 'C' });
  await makeKeyAccount(server, { customerId: keyed.id, level: 'A' });
  await closedInquiry(40, keyed.nodeId);
  clock.set(new Date(Date.parse(MONDAY_9) + 12 * HOUR));
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});

async function closedInquiry(minutes: number, customerId: string): Promise<void> {
  clock.set(MONDAY_9);
  const act = async (name: string, input: object) => {
    const { ticket, ...error } = await mutate(server, 'HEAD', name, input, 'ticket { id }');
    if (!ticket) throw new Error(`${name}: ${JSON.stringify(error)}`);
    return ticket.id as string;
  };
  const ticketId = await act('ticketOpen', {
    category: 'INQUIRY',
    subject: 'x',
    content: 'x',
    channel: 'PHONE',
    customerId,
  });
  clock.advance(minutes * MINUTE);
  await act('ticketReply', { ticketId, body: 'So it is.' });
  await act('ticketResolve', { ticketId, resolution: 'So it is.' });
  await act('ticketClose', { ticketId });
}

const RESULT = `__typename
  ... on InvalidInput { issues { path message } } ... on Forbidden { required }
  ... on SlaSimulation { tickets
    totals { limit limits kept breached newlyBreached newlyKept added removed }
    groups { category severity grade limit limits kept breached newlyBreached newlyKept added removed }
    examples { ticket { number } limit before after dueBefore dueAfter } }`;

async function simulate(input: object, caller: Caller = 'HEAD') {
  const { data, errors } = await server.gql(
    caller,
    `query ($input: SlaSimulateInput!) { slaSimulate(input: $input) { ${RESULT} } }`,
    { input: { closedFrom: MONDAY_9, closedUntil: '2026-11-24T01:00:00.000Z', ...input } },
  );
  expect(errors).toBeUndefined();
  return data.slaSimulate;
}

/** "grade limit: kept/breached/newly breached/newly kept/added/removed" of every group. */
function told(result: { groups: Record<string, unknown>[] }): string[] {
  return result.groups
    .map(
      (g) =>
        `${g.grade} ${g.limit}: ${[g.kept, g.breached, g.newlyBreached, g.newlyKept, g.added, g.removed].join('/')}`,
    )
    .sort();
}

describe('a simulation of changed service levels', () => {
  test('counts what the change would have breached and kept, per grade and limit, and shows examples', async () => {
    // As it is: 2 business hours, 1 for grade A and key accounts.
    const result = await simulate({ policy: { code: 'INQUIRY', firstResponse: 'PT80M' } });
    expect(result.tickets).toBe(6);
    expect(told(result)).toEqual([
      'A FIRST_RESPONSE: 0/1/1/0/0/0',
      'A RESOLUTION: 2/0/0/0/0/0',
      'B FIRST_RESPONSE: 1/1/1/0/0/0',
      'B RESOLUTION: 3/0/0/0/0/0',
      'C FIRST_RESPONSE: 1/0/0/0/0/0',
      'C RESOLUTION: 1/0/0/0/0/0',
    ]);
    expect(result.totals).toContainEqual({
      limit: 'FIRST_RESPONSE',
      limits: 6,
      kept: 2,
      breached: 2,
      newlyBreached: 2,
      newlyKept: 0,
      added: 0,
      removed: 0,
    });
    expect(result.examples).toEqual([
      {
        ticket: { number: 'T000000002' },
        limit: 'FIRST_RESPONSE',
        before: 'KEPT',
        after: 'BREACHED',
        dueBefore: '2026-11-23T03:00:00.000Z',
        dueAfter: '2026-11-23T02:20:00.000Z',
      },
      {
        ticket: { number: 'T000000004' },
        limit: 'FIRST_RESPONSE',
        before: 'KEPT',
        after: 'BREACHED',
        dueBefore: '2026-11-23T02:00:00.000Z',
        dueAfter: '2026-11-23T01:40:00.000Z',
      },
    ]);
  });

  test('keeps what a loosened limit or another factor would have kept; limits come and go', async () => {
    const loosened = await simulate({
      policy: {
        code: 'INQUIRY',
        firstResponse: 'PT3H',
        gradeFactors: [{ grade: 'A', factor: '0.4' }],
        levelFactors: [{ level: 'A', factor: '0.2' }],
      },
    });
    // 72 minutes for grade A, 36 for the key account.
    expect(told(loosened).filter((line) => line.includes('FIRST'))).toEqual([
      'A FIRST_RESPONSE: 1/0/0/1/0/0',
      'B FIRST_RESPONSE: 2/0/0/1/0/0',
      'C FIRST_RESPONSE: 0/0/1/0/0/0',
    ]);
    const other = await simulate({ policy: { code: 'INQUIRY', firstResponse: null, progress: 'PT1H' } });
    expect(
      other.totals
        .map((total: { limit: string; added: number; removed: number }) => [
          total.limit,
          total.added,
          total.removed,
        ])
        .sort(),
    ).toEqual([
      ['FIRST_RESPONSE', 0, 6],
      ['PROGRESS', 6, 0],
      ['RESOLUTION', 0, 0],
    ]);
  });

  test('replays another calendar: hours that open later would have kept them, complaints keep theirs', async () => {
    const weekly = [{ weekday: 'MONDAY', windows: ['10:30-17:30'] }];
    const result = await simulate({ calendar: { code: 'BUSINESS_HOURS', weekly } });
    expect(result.totals).toContainEqual(
      expect.objectContaining({ limit: 'FIRST_RESPONSE', kept: 4, newlyKept: 2, newlyBreached: 0 }),
    );
    // One that does not exist yet can be tried out with the policy that is to use it.
    const tried = await simulate({
      calendar: { code: 'LATE_DESK', weekly },
      policy: { code: 'INQUIRY', calendarCode: 'LATE_DESK' },
    });
    expect(tried.totals).toEqual(result.totals);
    expect(await simulate({ calendar: { code: 'ALWAYS_OPEN', alwaysOpen: false, weekly } })).toMatchObject({
      issues: [{ path: ['calendar', 'alwaysOpen'] }],
    });
  });

  test('says the same as what then happens under the changed policy', async () => {
    const change = { firstResponse: 'PT80M' };
    const { totals } = await simulate({ policy: { code: 'INQUIRY', ...change } });
    const start = clock.now();
    clock.set('2026-11-29T01:00:00.000Z');
    await changePolicy(server, 'INQUIRY', change);
    const { data: before } = await server.gql(
      'HEAD',
      '{ tickets(where: { isOpen: { eq: false } }) { totalCount } }',
    );
    const nextMonday = Date.parse(MONDAY_9) + 7 * 24 * HOUR;
    for (const [minutes, grade] of [
      [30, 'B'],
      [90, 'B'],
      [150, 'B'],
      [50, 'A'],
      [70, 'A'],
    ] as const) {
      const customer = await makeCustomer(server, { grade });
      clock.set(new Date(nextMonday));
      const { ticket } = await mutate(
        server,
        'HEAD',
        'ticketOpen',
        { category: 'INQUIRY', subject: 'x', content: 'x', channel: 'PHONE', customerId: customer.nodeId },
        'ticket { id }',
      );
      clock.advance(minutes * MINUTE);
      await mutate(server, 'HEAD', 'ticketReply', { ticketId: ticket.id, body: 'x' });
    }
    const { data } = await server.gql(
      'HEAD',
      '{ tickets(first: 5) { edges { node { sla { firstResponse { state } } } } } }',
    );
    const states = data.tickets.edges.map(
      (edge: { node: { sla: { firstResponse: { state: string } } } }) => edge.node.sla.firstResponse.state,
    );
    const first = totals.find(({ limit }: { limit: string }) => limit === 'FIRST_RESPONSE');
    // The key account's inquiry, kept both times, is left out here.
    expect(states.filter((state: string) => state === 'MET')).toHaveLength(first.kept - 1);
    expect(states.filter((state: string) => state === 'MET_LATE')).toHaveLength(
      first.breached + first.newlyBreached,
    );
    expect(before.tickets.totalCount).toBe(6);
    await changePolicy(server, 'INQUIRY', { firstResponse: 'PT2H' });
    clock.set(start);
  });

  test('writes nothing, and takes as many statements for many tickets as for few', async () => {
    const state = () =>
      server.services.database.query(sql`
        select (select count(*)::int from audit_log) as audit, (select count(*)::int from sla_policy) as policies,
               (select count(*)::int from ticket_sla_term) as terms, (select count(*)::int from sla_recompute) as recomputes,
               (select md5(string_agg(t::text, ',' order by t.id)) from ticket t) as tickets,
               (select md5(string_agg(o::text, ',' order by o.id)) from obligation o) as obligations`);
    const before = await state();
    const policy = { code: 'INQUIRY', resolution: 'PT1M' };
    const many = await server.statementsDuring(() => simulate({ policy }));
    const few = await server.statementsDuring(() =>
      simulate({ policy, closedUntil: '2026-11-23T01:35:00.000Z' }),
    );
    expect((await simulate({ policy, closedUntil: '2026-11-23T01:35:00.000Z' })).tickets).toBe(1);
    expect(many).toBe(few);
    expect(await state()).toEqual(before);
  });

  test('is bounded, and refuses with typed errors what it cannot replay', async () => {
    await setSetting(server, 'sla.simulateTickets', 3);
    const policy = { code: 'INQUIRY', resolution: 'PT1H' };
    expect(await simulate({ policy })).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['closedUntil'], message: expect.stringContaining('at most 3 tickets') }],
    });
    expect(await simulate({})).toMatchObject({ issues: [{ path: ['policy'] }] });
    expect(await simulate({ policy, closedUntil: MONDAY_9 })).toMatchObject({
      issues: [{ path: ['closedUntil'] }],
    });
    expect(await simulate({ policy: { ...policy, code: 'NONE' } })).toMatchObject({
      issues: [{ path: ['policy', 'code'] }],
    });
    expect(await simulate({ policy: { ...policy, calendarCode: 'NONE' } })).toMatchObject({
      issues: [{ path: ['policy', 'calendarCode'] }],
    });
    const windows = ['08:00-12:00', '11:00-17:30'];
    expect(
      await simulate({ calendar: { code: 'BUSINESS_HOURS', weekly: [{ weekday: 'MONDAY', windows }] } }),
    ).toMatchObject({
      issues: [{ path: ['calendar', 'weekly', '0', 'windows', '1'] }],
    });
  });

  test('counts what the viewer may read, and nothing for who reads no tickets', async () => {
    clock.advance(1);
    await setSetting(server, 'sla.simulateTickets', 10_000);
    const policy = { code: 'INQUIRY', resolution: 'PT1H' };
    expect(await simulate({ policy }, 'INTERNAL_AUDITOR')).toMatchObject({ tickets: 6 });
    expect(await simulate({ policy }, 'OPERATIONS')).toMatchObject({ tickets: 0, groups: [], examples: [] });
    expect(await simulate({ policy }, 'KA_SPECIALIST')).toMatchObject({ tickets: 1 });
    expect(await simulate({ policy }, 'HR')).toMatchObject({ __typename: 'Forbidden' });
  });
});
