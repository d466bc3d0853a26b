import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';

// Inquiries and shipment queries: their states, limits and look-ups. The desk is open Monday to Friday, 08:00 to 17:30
// in Shanghai, so that 1 business day is 9.5 hours; MONDAY_9 is an hour after it opens.

const SECOND = 1_000;

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(async () => {
  server.clock.set(MONDAY_9);
  // What other tests left waits for nobody.
  await server.services.database.query(
    sql`update ticket set status = 'CANCELLED' where status <> 'CANCELLED' returning 1 as one`,
  );
});

const LIMIT = '{ dueAt warnAt metAt state }';
const TICKET = `ticket {
  id number category status topic channel cycle version escalationLevel escalations { level limit cycle }
  lookup { source carrier result answeredAt } acknowledgedAt resolvedAt closedAt waitingSince nextDueAt
  linkedTicket { id }
  sla { policy acknowledge ${LIMIT} firstResponse ${LIMIT} decision ${LIMIT} progress ${LIMIT} resolution ${LIMIT} }
  history { action from to note changes } viewerCan { action allowed reason }
}`;

function act(name: string, input: object, caller: Caller = 'CS_AGENT') {
  return mutate(server, caller, name, input, TICKET);
}

type Category = 'INQUIRY' | 'SHIPMENT_QUERY';

async function open(category: Category, facts: object = {}) {
  const { ticket, ...error } = await act('ticketOpen', {
    category,
    channel: 'ONLINE',
    subject: 'How long does it take?',
    content: 'How long does a parcel to Qingdao take?',
    ...facts,
  });
  if (!ticket) throw new Error(JSON.stringify(error));
  return ticket;
}

async function read(id: string) {
  const { data } = await server.gql(
    'HEAD',
    `query ($id: ID!) { node(id: $id) { ... on Ticket ${TICKET.slice('ticket '.length)} } }`,
    { id },
  );
  return data.node;
}

const LOOKUP = { source: 'INTERNAL', result: 'It left Jinan at 06:10.' };

/** Takes a question to its answer. */
async function answered(category: Category) {
  const { id: ticketId } = await open(category);
  if (category === 'SHIPMENT_QUERY') await act('ticketLookup', { ticketId, ...LOOKUP });
  return (await act('ticketResolve', { ticketId, resolution: 'Two days.' })).ticket;
}

interface Told {
  readonly kind: string;
  readonly limit: string | null;
  readonly roles: string[];
  readonly employees: string[];
}

async function eventsOf(number: string): Promise<Told[]> {
  await server.settled();
  return server.services.database.query<Told>(sql`
    select kind, payload ->> 'limit' as limit, coalesce(audience -> 'roles', '[]') as roles,
           coalesce(audience -> 'employees', '[]') as employees
    from event where payload ->> 'ticketNumber' = ${number} order by seq`);
}

async function toldAt(number: string, instant: number | string): Promise<string[]> {
  server.clock.set(new Date(instant).toISOString());
  await server.sweep();
  return (await eventsOf(number)).map(({ kind, limit }) => `${kind} ${limit}`);
}

describe.each(['INQUIRY', 'SHIPMENT_QUERY'] as const)('the states of an %s', (category) => {
  test('are RECEIVED, IN_PROGRESS, ANSWERED, CLOSED, whichever call takes it there', async () => {
    const calls: readonly (readonly [string, object])[] = [
      ['ticketAcknowledge', {}],
      ['ticketInvestigate', {}],
      ['ticketReply', { body: 'We look into it.' }],
      ['ticketTake', {}],
    ];
    for (const [name, input] of calls) {
      const { id: ticketId, status } = await open(category);
      expect(status).toBe('RECEIVED');
      const answer = await act(name, name === 'ticketTake' ? input : { ticketId, ...input });
      expect([name, answer.ticket.status]).toEqual([name, 'IN_PROGRESS']);
      expect(answer.ticket.id).toBe(ticketId);
    }
    const { id: ticketId, history } = await answered(category);
    expect(history.map(({ to }: { to: string }) => to)).toEqual(
      category === 'INQUIRY'
        ? ['RECEIVED', 'IN_PROGRESS', 'ANSWERED']
        : ['RECEIVED', 'IN_PROGRESS', 'IN_PROGRESS', 'ANSWERED'],
    );
    const closed = (await act('ticketClose', { ticketId })).ticket;
    expect(closed).toMatchObject({ status: 'CLOSED', closedAt: MONDAY_9 });
  });

  test('no other step is possible in them, and the error says which are', async () => {
    const inputs: Record<string, object> = {
      ticketAcknowledge: {},
      ticketInvestigate: {},
      ticketResolve: { resolution: 'Two days.' },
      ticketClose: {},
      ticketReopen: { reason: 'It took three.' },
      ticketSetResponsibility: { liability: 'COMPANY', responsibleDepartmentId: undefined },
      ticketProposePlan: { plan: 'x' },
      ticketApprovePlan: { approve: true },
      ticketImplement: {},
      ticketFollowUp: { result: 'SATISFIED' },
    };
    const possible: Record<string, readonly string[]> = {
      RECEIVED: ['ticketAcknowledge', 'ticketInvestigate', 'ticketResolve'],
      IN_PROGRESS: ['ticketResolve'],
      ANSWERED: ['ticketClose', 'ticketReopen'],
      CLOSED: ['ticketReopen'],
    };
    for (const [state, steps] of Object.entries(possible)) {
      const { id: ticketId } = state === 'RECEIVED' ? await open(category) : await inState(state);
      for (const [name, input] of Object.entries(inputs)) {
        if (steps.includes(name)) continue;
        const answer = await act(name, { ticketId, ...input }, 'HEAD');
        // Responsibility is asked for its facts before its state.
        const expected = name === 'ticketSetResponsibility' ? 'InvalidInput' : 'IllegalTransition';
        expect([state, name, answer.__typename]).toEqual([state, name, expected]);
        if (expected === 'IllegalTransition') expect(answer.from).toBe(state);
      }
    }
  });

  async function inState(state: string) {
    if (state === 'IN_PROGRESS') {
      const { id: ticketId } = await open(category);
      return (await act('ticketAcknowledge', { ticketId })).ticket;
    }
    const ticket = await answered(category);
    return state === 'ANSWERED' ? ticket : (await act('ticketClose', { ticketId: ticket.id })).ticket;
  }

  test('a duplicate is cancelled with a link, before it is answered, and not as one of a duplicate', async () => {
    const original = await open(category);
    const { id: ticketId } = await open(category);
    await act('ticketWait', { ticketId, reason: 'Which parcel?' });
    const { ticket } = await act('ticketCancel', { ticketId, duplicateOfId: original.id });
    expect(ticket).toMatchObject({
      status: 'CANCELLED',
      linkedTicket: { id: original.id },
      waitingSince: null,
      nextDueAt: null,
    });
    for (const limit of ['firstResponse', 'resolution'])
      expect([limit, ticket.sla[limit].state]).toEqual([limit, 'CANCELLED']);
    const third = await open(category);
    expect(pathsOf(await act('ticketCancel', { ticketId: third.id, duplicateOfId: ticketId }))).toEqual([
      'duplicateOfId',
    ]);
    const late = await answered(category);
    expect(await act('ticketCancel', { ticketId: late.id, duplicateOfId: original.id })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'ANSWERED',
    });
  });

  test('an answered one is reopened on the customer’s word: a new cycle, with new limits and a new ladder', async () => {
    const { id: ticketId, number } = await answered(category);
    await act('ticketClose', { ticketId });
    server.clock.set('2026-11-24T01:00:00.000Z');
    const { ticket } = await act('ticketReopen', { ticketId, reason: 'It has not come.' });
    expect(ticket).toMatchObject({
      status: 'IN_PROGRESS',
      cycle: 1,
      resolvedAt: null,
      closedAt: null,
      lookup: null,
      sla: {
        firstResponse: { dueAt: '2026-11-24T03:00:00.000Z', metAt: null, state: 'RUNNING' },
        resolution: { dueAt: '2026-11-25T01:00:00.000Z', state: 'RUNNING' },
      },
    });
    expect(
      ticket.history.find(({ action }: { action: string }) => action === 'RESOLVE').changes,
    ).toMatchObject({
      resolution: [null, 'Two days.'],
    });
    expect(await toldAt(number, '2026-11-24T03:00:00.000Z')).toEqual([
      'TICKET_AT_RISK FIRST_RESPONSE',
      'TICKET_OVERDUE FIRST_RESPONSE',
    ]);
    // From the answer on, before it is closed, as well.
    if (category === 'SHIPMENT_QUERY') await act('ticketLookup', { ticketId, ...LOOKUP });
    await act('ticketResolve', { ticketId, resolution: 'Tomorrow.' });
    expect((await act('ticketReopen', { ticketId, reason: 'Which day?' })).ticket).toMatchObject({
      cycle: 2,
    });
  });

  test('is reopened up to 30 days after it was closed, to the second', async () => {
    for (const [late, type] of [
      [0, 'TicketReopenSuccess'],
      [SECOND, 'IllegalTransition'],
    ] as const) {
      server.clock.set(MONDAY_9);
      const { id: ticketId } = await answered(category);
      await act('ticketClose', { ticketId });
      server.clock.set(new Date(Date.parse(MONDAY_9) + 30 * 86_400 * SECOND + late).toISOString());
      expect((await act('ticketReopen', { ticketId, reason: 'Again.' })).__typename).toBe(type);
    }
  });
});

describe('the limits', () => {
  test('of an inquiry: an answer in 2 business hours, the last one in 1 business day, nothing else', async () => {
    const { sla } = await open('INQUIRY');
    expect(sla).toEqual({
      policy: 'INQUIRY',
      acknowledge: null,
      decision: null,
      progress: null,
      firstResponse: {
        dueAt: '2026-11-23T03:00:00.000Z',
        warnAt: '2026-11-23T02:36:00.000Z',
        metAt: null,
        state: 'RUNNING',
      },
      // 8.5 hours are left of Monday, the last of the 9.5 is Tuesday's first.
      resolution: {
        dueAt: '2026-11-24T01:00:00.000Z',
        warnAt: '2026-11-23T08:36:00.000Z',
        metAt: null,
        state: 'RUNNING',
      },
    });
  });

  test('of a shipment query: the same, and a progress notice every business day', async () => {
    const { id: ticketId, sla } = await open('SHIPMENT_QUERY');
    expect(sla).toMatchObject({
      policy: 'SHIPMENT_QUERY',
      acknowledge: null,
      decision: null,
      firstResponse: { dueAt: '2026-11-23T03:00:00.000Z' },
      progress: { dueAt: '2026-11-24T01:00:00.000Z', warnAt: '2026-11-23T08:36:00.000Z' },
      resolution: { dueAt: '2026-11-24T01:00:00.000Z' },
    });
    server.clock.set('2026-11-27T07:00:00.000Z'); // Friday 15:00: 2.5 hours are left of the week.
    const notice = { ticketId, body: 'The carrier searches for it.', isProgressNotice: true };
    expect((await act('ticketReply', notice)).ticket.sla.progress).toMatchObject({
      dueAt: '2026-11-30T07:00:00.000Z',
      state: 'RUNNING',
    });
  });

  test.each([
    ['the clock of a night', '2026-11-23T14:00:00.000Z', '2026-11-24T02:00:00.000Z'],
    ['the clock of a weekend', '2026-11-28T04:00:00.000Z', '2026-11-30T02:00:00.000Z'],
    ['the last second of a day', '2026-11-23T09:29:59.000Z', '2026-11-24T01:59:59.000Z'],
    ['the instant at which the desk closes', '2026-11-23T09:30:00.000Z', '2026-11-24T02:00:00.000Z'],
  ])('count business hours only: %s', async (_name, openedAt, dueAt) => {
    server.clock.set(openedAt);
    expect((await open('INQUIRY')).sla.firstResponse.dueAt).toBe(dueAt);
  });

  test('of a key account or a grade A customer are half as long (KEY-26)', async () => {
    const account = await makeCustomer(server, { grade: 'C' });
    await makeKeyAccount(server, { customerId: account.id });
    const gradeA = await makeCustomer(server, { grade: 'A' });
    for (const { nodeId: customerId } of [account, gradeA]) {
      const { sla } = await open('SHIPMENT_QUERY', { customerId });
      expect(sla).toMatchObject({
        firstResponse: { dueAt: '2026-11-23T02:00:00.000Z' },
        progress: { dueAt: '2026-11-23T05:45:00.000Z' },
        resolution: { dueAt: '2026-11-23T05:45:00.000Z' },
      });
    }
  });

  test('are counted from when the contact reached us, not from its registration', async () => {
    const { sla } = await open('INQUIRY', { openedAt: '2026-11-23T00:30:00.000Z' });
    expect(sla.firstResponse.dueAt).toBe('2026-11-23T02:30:00.000Z');
  });

  test('are met at the due instant and late a second after it', async () => {
    for (const [seconds, state] of [
      [0, 'MET'],
      [1, 'MET_LATE'],
    ] as const) {
      server.clock.set(MONDAY_9);
      const { id: ticketId, sla } = await open('INQUIRY');
      server.clock.set(new Date(Date.parse(sla.firstResponse.dueAt) + seconds * SECOND).toISOString());
      expect((await act('ticketReply', { ticketId, body: 'Soon.' })).ticket.sla.firstResponse.state).toBe(
        state,
      );
      server.clock.set(new Date(Date.parse(sla.resolution.dueAt) + seconds * SECOND).toISOString());
      const { ticket } = await act('ticketResolve', { ticketId, resolution: 'Two days.' });
      expect(ticket.sla.resolution.state).toBe(state);
    }
  });

  test('a word of the customer meets none of them', async () => {
    const { id: ticketId } = await open('INQUIRY');
    const { ticket } = await act('ticketReply', { ticketId, body: 'And to Jinan?', fromCustomer: true });
    expect(ticket).toMatchObject({ status: 'RECEIVED', sla: { firstResponse: { metAt: null } } });
  });
});

describe('escalation', () => {
  test('of a shipment query: L1 at 80 % of any limit, L2 at 100 %, each told to whom the ladder names, and no further rung', async () => {
    const { id: ticketId, number } = await open('SHIPMENT_QUERY');
    await act('ticketAssign', { ticketId, assigneeId: people.CS_AGENT_2.nodeId }, 'CS_SUPERVISOR');
    const first = ['TICKET_AT_RISK FIRST_RESPONSE'];
    const overdue = [...first, 'TICKET_OVERDUE FIRST_RESPONSE'];
    const warned = [...overdue, 'TICKET_AT_RISK PROGRESS', 'TICKET_AT_RISK RESOLUTION'];
    const all = [...warned, 'TICKET_OVERDUE PROGRESS', 'TICKET_OVERDUE RESOLUTION'];
    for (const [dueAt, before, after] of [
      ['2026-11-23T02:36:00.000Z', [], first],
      ['2026-11-23T03:00:00.000Z', first, overdue],
      ['2026-11-23T08:36:00.000Z', overdue, warned],
      ['2026-11-24T01:00:00.000Z', warned, all],
    ] as const) {
      expect(await toldAt(number, Date.parse(dueAt) - SECOND)).toEqual(before);
      expect(await toldAt(number, dueAt)).toEqual(after);
    }
    expect(await toldAt(number, '2026-12-31T00:00:00.000Z')).toEqual(all);
    for (const { kind, roles, employees } of await eventsOf(number)) {
      expect(employees).toEqual([people.CS_AGENT_2.id]);
      expect(roles).toEqual(kind === 'TICKET_AT_RISK' ? ['CS_SUPERVISOR'] : ['CS_SUPERVISOR', 'HEAD']);
    }
    expect(await read(ticketId)).toMatchObject({
      escalationLevel: 'L2',
      escalations: [
        { level: 'L1', limit: 'FIRST_RESPONSE', cycle: 0 },
        { level: 'L2', limit: 'FIRST_RESPONSE', cycle: 0 },
      ],
    });
  });

  test('each progress notice of a shipment query starts a limit of its own, and a missed one is told', async () => {
    const { id: ticketId, number } = await open('SHIPMENT_QUERY');
    await act('ticketReply', { ticketId, body: 'We search.', isProgressNotice: true });
    server.clock.set('2026-11-23T07:00:00.000Z');
    await act('ticketReply', { ticketId, body: 'Still searching.', isProgressNotice: true });
    const final = ['TICKET_AT_RISK RESOLUTION', 'TICKET_OVERDUE RESOLUTION'];
    expect(await toldAt(number, '2026-11-24T01:00:00.000Z')).toEqual(final);
    expect(await toldAt(number, '2026-11-24T06:59:59.000Z')).toEqual([...final, 'TICKET_AT_RISK PROGRESS']);
    expect(await toldAt(number, '2026-11-24T07:00:00.000Z')).toEqual([
      ...final,
      'TICKET_AT_RISK PROGRESS',
      'TICKET_OVERDUE PROGRESS',
    ]);
  });

  test('an answered question warns of nothing any more', async () => {
    const { number } = await answered('SHIPMENT_QUERY');
    expect(await toldAt(number, '2026-12-31T00:00:00.000Z')).toEqual([]);
  });
});

describe('waiting for the customer', () => {
  test('stops nothing as long as the policy does not say so', async () => {
    const { id: ticketId, sla } = await open('INQUIRY');
    const { ticket } = await act('ticketWait', { ticketId, reason: 'Which city?' });
    expect(ticket.sla).toEqual(sla);
    expect(ticket.nextDueAt).toBe(sla.firstResponse.dueAt);
  });

  test('stops the clocks where sla.pauseWhileWaiting says so, for as long as it lasts, to the second', async () => {
    server.clock.set('2026-11-30T01:00:00.000Z');
    await setSetting(server, 'sla.pauseWhileWaiting', true);
    try {
      const { id: ticketId, number } = await open('SHIPMENT_QUERY');
      server.clock.set('2026-11-30T02:00:00.000Z');
      const { ticket: waiting } = await act('ticketWait', { ticketId, reason: 'Which parcel?' });
      const paused = { dueAt: null, warnAt: null, metAt: null, state: 'PAUSED' };
      expect(waiting).toMatchObject({
        nextDueAt: null,
        sla: { firstResponse: paused, progress: paused, resolution: paused },
      });
      // Past both the warning and the due instant that it had.
      expect(await toldAt(number, '2026-11-30T05:59:59.000Z')).toEqual([]);
      server.clock.set('2026-11-30T06:00:00.000Z');
      const { ticket: resumed } = await act('ticketResume', { ticketId });
      expect(resumed).toMatchObject({
        nextDueAt: '2026-11-30T07:00:00.000Z',
        sla: {
          firstResponse: { dueAt: '2026-11-30T07:00:00.000Z', warnAt: '2026-11-30T06:36:00.000Z' },
          resolution: { dueAt: '2026-12-01T05:00:00.000Z' },
        },
      });
      expect(await toldAt(number, Date.parse('2026-11-30T07:00:00.000Z') - SECOND)).toEqual([
        'TICKET_AT_RISK FIRST_RESPONSE',
      ]);
      expect(await toldAt(number, '2026-11-30T07:00:00.000Z')).toEqual([
        'TICKET_AT_RISK FIRST_RESPONSE',
        'TICKET_OVERDUE FIRST_RESPONSE',
      ]);
      // A reply of the customer ends the pause at its instant, whenever the wait is ended by hand.
      server.clock.set('2026-12-02T01:00:00.000Z');
      const { id: other } = await open('INQUIRY');
      await act('ticketWait', { ticketId: other, reason: 'Which city?' });
      server.clock.set('2026-12-02T02:00:00.000Z');
      const replied = await act('ticketReply', { ticketId: other, body: 'Qingdao.', fromCustomer: true });
      expect(replied.ticket.sla.firstResponse).toMatchObject({ dueAt: '2026-12-02T04:00:00.000Z' });
      // A complaint's clock never stands.
      const customer = await makeCustomer(server);
      const complaint = await act('ticketOpen', {
        category: 'COMPLAINT',
        channel: 'PHONE',
        subject: 'Late',
        content: 'Late.',
        customerId: customer.nodeId,
        callerName: 'Li Lei',
        callerPhone: '13900000000',
      });
      const { sla } = (await act('ticketWait', { ticketId: complaint.ticket.id, reason: 'Photographs.' }))
        .ticket;
      expect(sla).toEqual(complaint.ticket.sla);
    } finally {
      server.clock.advance(1);
      await setSetting(server, 'sla.pauseWhileWaiting', false);
    }
  });
});

describe('a shipment query', () => {
  test('[TIC-07] is looked up in our system or with the carrier before it is answered, and says so', async () => {
    const { id: ticketId, lookup } = await open('SHIPMENT_QUERY', { shipmentNumber: 'SF-1' });
    expect(lookup).toBeNull();
    const early = await act('ticketResolve', { ticketId, resolution: 'Tomorrow.' });
    expect(pathsOf(early)).toEqual(['ticketId']);
    expect(early.message).toContain('ticketLookup');
    expect((await read(ticketId)).status).toBe('RECEIVED');
    server.clock.advance(60 * SECOND);
    const first = await act('ticketLookup', { ticketId, ...LOOKUP });
    expect(first.ticket).toMatchObject({
      status: 'IN_PROGRESS',
      lookup: { ...LOOKUP, carrier: null, answeredAt: server.clock.now().toISOString() },
      // Looking it up is no answer yet.
      sla: { firstResponse: { metAt: null } },
    });
    const asked = {
      source: 'CARRIER',
      carrier: 'Yuantong',
      result: 'With the courier.',
      answeredAt: MONDAY_9,
    };
    const { ticket } = await act('ticketLookup', { ticketId, ...asked });
    expect(ticket.lookup).toEqual(asked);
    expect(ticket.history.at(-1)).toMatchObject({
      action: 'LOOKUP',
      note: 'With the courier.',
      changes: {
        lookupSource: ['INTERNAL', 'CARRIER'],
        lookupResult: [LOOKUP.result, asked.result],
        lookupAnsweredAt: [first.ticket.lookup.answeredAt, MONDAY_9],
      },
    });
    const answer = await act('ticketResolve', { ticketId, resolution: 'It comes today.' });
    expect(answer.ticket).toMatchObject({
      status: 'ANSWERED',
      sla: { firstResponse: { state: 'MET' }, resolution: { metAt: server.clock.now().toISOString() } },
    });
    expect(await act('ticketLookup', { ticketId, ...LOOKUP })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'ANSWERED',
    });
    // The answer of a new cycle needs a look-up of its own.
    await act('ticketReopen', { ticketId, reason: 'It has not come.' });
    expect(pathsOf(await act('ticketResolve', { ticketId, resolution: 'Tomorrow.' }))).toEqual(['ticketId']);
  });

  test('a look-up that says nothing, or of the wrong kind or time, is refused', async () => {
    const { id: ticketId } = await open('SHIPMENT_QUERY');
    const later = new Date(Date.parse(MONDAY_9) + 1).toISOString();
    const earlier = new Date(Date.parse(MONDAY_9) - 1).toISOString();
    for (const [input, paths] of [
      [{ ...LOOKUP, result: ' ' }, ['result']],
      [{ ...LOOKUP, result: 'x'.repeat(20_001) }, ['result']],
      [{ ...LOOKUP, carrier: 'Yuantong' }, ['carrier']],
      [{ ...LOOKUP, source: 'CARRIER', carrier: 'x'.repeat(201) }, ['carrier']],
      [{ ...LOOKUP, answeredAt: later }, ['answeredAt']],
      [{ ...LOOKUP, answeredAt: earlier }, ['answeredAt']],
    ] as const) {
      expect(pathsOf(await act('ticketLookup', { ticketId, ...input }))).toEqual(paths);
    }
    const inquiry = await open('INQUIRY');
    expect(await act('ticketLookup', { ticketId: inquiry.id, ...LOOKUP })).toMatchObject({
      __typename: 'IllegalTransition',
    });
    expect(await act('ticketLookup', { ticketId, ...LOOKUP }, 'DATA_ANALYST')).toMatchObject({
      __typename: 'Forbidden',
    });
    expect(await act('ticketLookup', { ticketId, ...LOOKUP }, 'KA_SUPERVISOR')).toMatchObject({
      __typename: 'NotFound',
    });
  });
});

describe('what is kept of a contact', () => {
  test.each(['PHONE', 'EMAIL', 'ON_SITE', 'LETTER', 'ONLINE', 'OTHER'])(
    '[TIC-03] it came by %s',
    async (channel) => {
      expect((await open('INQUIRY', { channel })).channel).toBe(channel);
    },
  );

  test('the topic of an inquiry, OTHER where it is not said, and of nothing else (TIC-05)', async () => {
    for (const topic of ['PRICE', 'TRANSIT_TIME', 'COVERAGE', 'ORDERING', 'OTHER'])
      expect((await open('INQUIRY', { topic })).topic).toBe(topic);
    expect((await open('INQUIRY')).topic).toBe('OTHER');
    expect((await open('SHIPMENT_QUERY')).topic).toBeNull();
    const refused = await act('ticketOpen', {
      category: 'SHIPMENT_QUERY',
      channel: 'PHONE',
      subject: 'x',
      content: 'x',
      topic: 'PRICE',
    });
    expect(pathsOf(refused)).toEqual(['topic']);
  });
});
