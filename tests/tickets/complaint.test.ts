import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { departments, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

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

const TICKET = `ticket {
  id number status severity priority cycle version resolvedAt closedAt satisfaction liability team { type }
  escalationLevel escalations { id level reason limit cycle acknowledgedAt }
  sla { policy acknowledge { dueAt state } firstResponse { dueAt state } decision { dueAt state }
    progress { dueAt state } resolution { dueAt warnAt state } timeline { from to kind reason } }
  history { action from to actor { number } }
}`;

/** Runs a mutation of tickets and answers with its result, success or error. */
function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, TICKET);
}

async function openComplaint(facts: object = {}, customerFacts: Parameters<typeof makeCustomer>[1] = {}) {
  const customer = await makeCustomer(server, { grade: 'B', ...customerFacts });
  const { ticket, ...error } = await act('CS_AGENT', 'ticketOpen', {
    category: 'COMPLAINT',
    subject: 'Two days late',
    content: 'The parcel came two days late.',
    channel: 'PHONE',
    callerName: 'Li Lei',
    callerPhone: '13900000000',
    customerId: customer.nodeId,
    ...facts,
  });
  if (!ticket) throw new Error(JSON.stringify(error));
  return ticket;
}

const STEPS: Record<
  string,
  (ticketId: string) => Promise<{ __typename: string; ticket: { status: string } }>
> = {
  ticketAcknowledge: (ticketId) =>
    act('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'An answer by tomorrow.' }),
  ticketDispatch: (ticketId) =>
    act('CS_SUPERVISOR', 'ticketDispatch', { ticketId, departmentIds: [departments.OPERATIONS.nodeId] }),
  ticketSetResponsibility: (ticketId) =>
    act('CS_SUPERVISOR', 'ticketSetResponsibility', {
      ticketId,
      liability: 'COMPANY',
      responsibleDepartmentId: departments.OPERATIONS.nodeId,
    }),
  ticketProposePlan: (ticketId) =>
    act('CS_SUPERVISOR', 'ticketProposePlan', { ticketId, plan: 'Pay back the freight.' }),
  ticketApprovePlan: (ticketId) => act('HEAD', 'ticketApprovePlan', { ticketId }),
  ticketResolve: (ticketId) =>
    act('CS_SUPERVISOR', 'ticketResolve', {
      ticketId,
      resolution: 'Paid back.',
      writtenNoticeSentAt: clock.now().toISOString(),
      letter: 'Dear customer, we have paid back the freight.',
    }),
  ticketFollowUp: (ticketId) => act('CS_SUPERVISOR', 'ticketFollowUp', { ticketId, result: 'SATISFIED' }),
  ticketClose: (ticketId) =>
    act('CS_SUPERVISOR', 'ticketClose', {
      ticketId,
      respectContactById: people.HEAD.nodeId,
      respectContactAt: clock.now().toISOString(),
      rootCause: 'DELAY',
      lesson: 'Call before the weekend.',
    }),
  ticketReopen: (ticketId) => act('CS_SUPERVISOR', 'ticketReopen', { ticketId, reason: 'Late again.' }),
};

async function take(ticketId: string, ...steps: string[]) {
  let result: Awaited<ReturnType<(typeof STEPS)[string]>> | undefined;
  for (const step of steps) result = await STEPS[step]?.(ticketId);
  return result as { __typename: string; ticket: Awaited<ReturnType<typeof openComplaint>> };
}

const TO_PLAN = ['ticketAcknowledge', 'ticketDispatch', 'ticketSetResponsibility', 'ticketProposePlan'];

describe("the complaint's way", () => {
  test('[TIC-17] each step has its state, and actor, time and text in the history', async () => {
    const { id } = await openComplaint({ severity: 'SERIOUS' });
    const done = await take(
      id,
      ...TO_PLAN,
      'ticketApprovePlan',
      'ticketResolve',
      'ticketFollowUp',
      'ticketClose',
    );
    expect(done.ticket.status).toBe('CLOSED');
    expect(done.ticket.history.map((entry: { to: string }) => entry.to)).toEqual([
      'RECEIVED',
      'ACKNOWLEDGED',
      'INVESTIGATING',
      'RESPONSIBILITY_SET',
      'PLAN_PROPOSED',
      'PLAN_APPROVED',
      'IMPLEMENTING',
      'RESOLVED',
      'FOLLOW_UP',
      'CLOSED',
    ]);
    expect(done.ticket.history.every((entry: { actor: object | null }) => entry.actor !== null)).toBe(true);
  });

  /** From the states of rulebook section 6, not from the code's table. */
  const ALLOWED: Record<string, readonly string[]> = {
    RECEIVED: ['ticketAcknowledge'],
    ACKNOWLEDGED: ['ticketDispatch'],
    INVESTIGATING: ['ticketSetResponsibility', 'ticketDispatch'],
    RESPONSIBILITY_SET: ['ticketProposePlan', 'ticketSetResponsibility', 'ticketDispatch'],
    PLAN_PROPOSED: ['ticketProposePlan', 'ticketApprovePlan', 'ticketDispatch'],
    PLAN_APPROVED: ['ticketResolve', 'ticketDispatch'],
    RESOLVED: ['ticketFollowUp', 'ticketDispatch'],
    FOLLOW_UP: ['ticketFollowUp', 'ticketClose', 'ticketReopen', 'ticketDispatch'],
    CLOSED: ['ticketReopen'],
  };
  const WAY = [
    'ticketAcknowledge',
    'ticketDispatch',
    'ticketSetResponsibility',
    'ticketProposePlan',
    'ticketApprovePlan',
    'ticketResolve',
    'ticketFollowUp',
    'ticketClose',
  ];

  test.each(Object.keys(ALLOWED).map((state, index) => [state, WAY.slice(0, index)] as const))(
    'in state %s every other step is an IllegalTransition that says what is possible',
    async (state, steps) => {
      const { id } = await openComplaint({ severity: 'SERIOUS' });
      await take(id, ...steps);
      const changing = Object.keys(STEPS).filter((step) => !(ALLOWED[state] ?? []).includes(step));
      for (const step of changing) {
        const result = await STEPS[step]?.(id);
        // Dispatching is work, not a state: it is possible while work goes on, and moves nothing after the first time.
        if (step === 'ticketDispatch' && state !== 'CLOSED') continue;
        expect(result, step).toMatchObject({
          __typename: 'IllegalTransition',
          from: state,
          allowed: expect.any(Array),
        });
      }
    },
  );

  test('[TIC-12] every complaint has a deadline from creation, and the database refuses one without', async () => {
    const ticket = await openComplaint();
    expect(Date.parse(ticket.sla.resolution.dueAt) - clock.now().getTime()).toBe(72 * HOUR);
    await expect(
      server.services.database.transaction(({ prisma }) =>
        prisma.ticket.updateMany({ where: { number: ticket.number }, data: { resolutionDueAt: null } }),
      ),
    ).rejects.toThrow(/complaint_has_deadline/);
  });

  test('[TIC-15] NOT_COMPANY needs explanation and agreement, else HEAD; then it is settled without a plan', async () => {
    const { id } = await openComplaint();
    await take(id, 'ticketAcknowledge', 'ticketDispatch');
    const input = { ticketId: id, liability: 'NOT_COMPANY' };
    expect(await act('CS_SUPERVISOR', 'ticketSetResponsibility', input)).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['explanation'] }, { path: ['customerAgreed'] }],
    });
    const disagreed = { ...input, explanation: 'The address was wrong.', customerAgreed: false };
    expect(await act('CS_SUPERVISOR', 'ticketSetResponsibility', disagreed)).toMatchObject({
      required: ['HEAD'],
    });
    expect((await act('HEAD', 'ticketSetResponsibility', disagreed)).ticket.status).toBe(
      'RESPONSIBILITY_SET',
    );
    expect((await STEPS.ticketProposePlan?.(id))?.__typename).toBe('IllegalTransition');
    expect((await take(id, 'ticketResolve')).ticket.status).toBe('RESOLVED');
    const other = await openComplaint();
    await take(other.id, 'ticketAcknowledge', 'ticketDispatch');
    expect(
      await act('CS_SUPERVISOR', 'ticketSetResponsibility', { ticketId: other.id, liability: 'SHARED' }),
    ).toMatchObject({
      issues: [{ path: ['responsibleDepartmentId'] }],
    });
  });

  test.each([
    ['a claim of 10,000', { claimAmount: '10000.00' }, 'SERIOUS'],
    ['a claim of 9,999.99', { claimAmount: '9999.99' }, 'GENERAL'],
    ['injury', { injury: true }, 'SERIOUS'],
    ['a legal or media threat', { legalOrMediaThreat: true }, 'SERIOUS'],
    ['a threat to leave', { threatToLeave: true }, 'SERIOUS'],
    ['lost or damaged goods of an ordinary customer', { lossOrDamage: true }, 'GENERAL'],
    ['set by hand', { severity: 'SERIOUS' }, 'SERIOUS'],
  ])('%s makes a complaint as severe as the rule says', async (_name, facts, severity) => {
    expect((await openComplaint(facts)).severity).toBe(severity);
  });

  test('[TIC-20] serious ones go first, wait for HEAD and nobody else; key account damage and a third complaint are serious', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    await makeKeyAccount(server, { customerId: customer.id });
    const damaged = await openComplaint({ customerId: customer.nodeId, lossOrDamage: true });
    expect(damaged).toMatchObject({ severity: 'SERIOUS', priority: 'URGENT', team: { type: 'KEY_ACCOUNT' } });
    const repeating = await makeCustomer(server, { grade: 'C' });
    const three = [];
    for (let time = 0; time < 3; time += 1) three.push(await openComplaint({ customerId: repeating.nodeId }));
    expect(three.map((ticket) => ticket.severity)).toEqual(['GENERAL', 'GENERAL', 'SERIOUS']);
    const { id } = three[2];
    await take(id, ...TO_PLAN);
    expect((await STEPS.ticketResolve?.(id))?.__typename).toBe('IllegalTransition');
    expect(await act('CS_SUPERVISOR', 'ticketApprovePlan', { ticketId: id })).toMatchObject({
      required: ['HEAD'],
    });
    expect(
      (await act('HEAD', 'ticketApprovePlan', { ticketId: id, approve: false, note: 'Too little.' })).ticket
        .status,
    ).toBe('RESPONSIBILITY_SET');
    expect((await take(id, 'ticketProposePlan', 'ticketApprovePlan', 'ticketResolve')).ticket.status).toBe(
      'RESOLVED',
    );
    const general = await openComplaint();
    await take(general.id, ...TO_PLAN);
    expect((await STEPS.ticketApprovePlan?.(general.id))?.__typename).toBe('IllegalTransition');
  });

  test('[TIC-23] RESOLVED needs the written notice and one answer per point', async () => {
    const { id } = await openComplaint({ points: ['late', 'rude driver'] });
    await take(id, ...TO_PLAN);
    const input = { ticketId: id, resolution: 'Paid back.' };
    expect(await act('CS_SUPERVISOR', 'ticketResolve', input)).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['writtenNoticeSentAt'] }, { path: ['pointAnswers'] }, { path: ['pointAnswers'] }],
    });
    const notice = { ...input, writtenNoticeSentAt: clock.now().toISOString() };
    const one = { ...notice, pointAnswers: [{ number: 1, answer: 'paid' }] };
    expect(await act('CS_SUPERVISOR', 'ticketResolve', one)).toMatchObject({
      issues: [{ path: ['pointAnswers'] }],
    });
    const both = {
      ...notice,
      pointAnswers: [
        { number: 1, answer: 'paid' },
        { number: 2, answer: 'spoken to' },
      ],
    };
    expect((await act('CS_SUPERVISOR', 'ticketResolve', both)).ticket.status).toBe('RESOLVED');
  });

  test('[TIC-22] [TIC-24] CLOSED needs the respect contact and the complaint report', async () => {
    const { id } = await openComplaint();
    await take(id, ...TO_PLAN, 'ticketResolve', 'ticketFollowUp');
    expect(await act('CS_SUPERVISOR', 'ticketClose', { ticketId: id })).toMatchObject({
      issues: [
        { path: ['respectContactById'] },
        { path: ['respectContactAt'] },
        { path: ['rootCause'] },
        { path: ['lesson'] },
      ],
    });
    expect((await take(id, 'ticketClose')).ticket.status).toBe('CLOSED');
  });

  test('[TIC-25] a follow-up falls due, unhappy customers reopen, and three tries are enough', async () => {
    const { id, number } = await openComplaint();
    await take(id, ...TO_PLAN, 'ticketResolve');
    await server.sweep();
    clock.advance(3 * 24 * HOUR - 1);
    await server.sweep();
    expect(await eventsOf(number, 'COMPLAINT_FOLLOW_UP_DUE')).toHaveLength(0);
    clock.advance(1);
    await server.sweep();
    expect(await eventsOf(number, 'COMPLAINT_FOLLOW_UP_DUE')).toHaveLength(1);
    const unhappy = await act('CS_SUPERVISOR', 'ticketFollowUp', {
      ticketId: id,
      result: 'NOT_SATISFIED',
      note: 'Not paid.',
    });
    expect(unhappy.ticket).toMatchObject({ status: 'INVESTIGATING', cycle: 1 });
    await take(id, 'ticketSetResponsibility', 'ticketProposePlan', 'ticketResolve');
    for (const satisfaction of [null, null, 'UNREACHABLE']) {
      const tried = await act('CS_SUPERVISOR', 'ticketFollowUp', { ticketId: id, result: 'UNREACHABLE' });
      expect(tried.ticket).toMatchObject({ status: 'FOLLOW_UP', satisfaction });
    }
    expect((await take(id, 'ticketClose')).ticket).toMatchObject({
      status: 'CLOSED',
      satisfaction: 'UNREACHABLE',
    });
  });

  test('[TIC-37] reopening within 30 days starts a new cycle; later it is refused; the first times stay in the history', async () => {
    const { id, number } = await openComplaint();
    const closed = await take(id, ...TO_PLAN, 'ticketResolve', 'ticketFollowUp', 'ticketClose');
    clock.advance(30 * 24 * HOUR);
    const reopened = await take(id, 'ticketReopen');
    expect(reopened.ticket).toMatchObject({
      status: 'INVESTIGATING',
      cycle: 1,
      resolvedAt: null,
      escalationLevel: null,
    });
    expect(Date.parse(reopened.ticket.sla.resolution.dueAt) - clock.now().getTime()).toBe(72 * HOUR);
    expect(reopened.ticket.history.slice(0, closed.ticket.history.length)).toEqual(closed.ticket.history);
    expect(await eventsOf(number, 'COMPLAINT_REOPENED')).toHaveLength(1);
    await take(
      id,
      'ticketSetResponsibility',
      'ticketProposePlan',
      'ticketResolve',
      'ticketFollowUp',
      'ticketClose',
    );
    clock.advance(30 * 24 * HOUR + 1);
    expect((await take(id, 'ticketReopen')).__typename).toBe('IllegalTransition');
  });
});

interface StreamRow {
  readonly kind: string;
  readonly severity: string;
  readonly audience: { readonly roles?: string[]; readonly employees?: string[] };
  readonly payload: Record<string, unknown>;
}

/** The events of a ticket in the stream, in order. */
async function eventsOf(number: string, kind?: string): Promise<StreamRow[]> {
  await server.settled();
  const rows = await server.services.database.query<StreamRow>(sql`
    select kind, severity, audience, payload from event where payload ->> 'ticketNumber' = ${number} order by seq`);
  return rows.filter((row) => kind === undefined || row.kind === kind);
}

describe('the clock and the ladder', () => {
  test('[TIC-34] the ladder: L1 to L4, each once, naming whom the level names, and never lowered', async () => {
    const { id, number } = await openComplaint({}, { areaId: null });
    await act('CS_SUPERVISOR', 'ticketAssign', { ticketId: id, assigneeId: people.CS_AGENT.nodeId });
    await take(id, 'ticketAcknowledge', 'ticketDispatch', 'ticketSetResponsibility');
    const start = clock.now().getTime();
    const levels: Record<string, string[]> = {};
    // Taken note of at once, so that only the limits raise levels here.
    async function takeNote() {
      const { ticket } = await act('CS_SUPERVISOR', 'ticketReply', { ticketId: id, body: 'We are at it.' });
      for (const rung of ticket.escalations) {
        if (rung.acknowledgedAt === null)
          await act('CS_SUPERVISOR', 'escalationAcknowledge', { escalationId: rung.id });
      }
    }
    for (const hours of [57.6, 72, 96, 120]) {
      clock.set(new Date(start + hours * HOUR - 1));
      await server.sweep();
      await takeNote();
      const before = (await eventsOf(number, 'COMPLAINT_ESCALATED')).length;
      clock.set(new Date(start + hours * HOUR));
      await server.sweep();
      await server.sweep();
      levels[hours] = (await eventsOf(number, 'COMPLAINT_ESCALATED'))
        .slice(before)
        .map((event) => String(event.payload.level));
      await takeNote();
    }
    // The plan's limit of 24 hours reaches L1 and L2 first; the final limit then raises only the rungs above.
    expect(levels).toEqual({ 57.6: [], 72: [], 96: ['L3'], 120: ['L4'] });
    const escalated = await eventsOf(number, 'COMPLAINT_ESCALATED');
    expect(escalated.map((event) => [event.payload.level, event.payload.limit])).toEqual([
      ['L1', 'FIRST_RESPONSE'],
      ['L2', 'FIRST_RESPONSE'],
      ['L3', 'RESOLUTION'],
      ['L4', 'RESOLUTION'],
    ]);
    const [l1, l2, l3, l4] = escalated;
    expect(l1?.audience).toEqual({ roles: ['CS_SUPERVISOR'], employees: [people.CS_AGENT.id] });
    expect(l2?.audience.roles).toEqual(['CS_SUPERVISOR', 'HEAD']);
    expect(l3?.audience.employees).toContain(people.OPERATIONS.id);
    expect(l4?.audience.roles).toContain('COMPANY_LEADER');
    expect(escalated.map((event) => event.severity)).toEqual(['HIGH', 'HIGH', 'CRITICAL', 'CRITICAL']);
    expect(
      await act('CS_SUPERVISOR', 'ticketEscalate', { ticketId: id, level: 'L2', note: 'x' }),
    ).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'L4',
      allowed: [],
    });
  });

  test('[TIC-06] inquiries warn at 80 % and are overdue at 100 % of business time', async () => {
    clock.set('2026-11-27T09:00:00.000Z'); // Friday 17:00 in Shanghai, half an hour before the desk closes.
    const opened = await act('CS_AGENT', 'ticketOpen', {
      category: 'INQUIRY',
      subject: 'Price',
      content: 'How much?',
      channel: 'ONLINE',
    });
    const { number } = opened.ticket;
    expect(opened.ticket.sla.firstResponse.dueAt).toBe('2026-11-30T01:30:00.000Z');
    expect(opened.ticket.sla.timeline.map((segment: { reason: string }) => segment.reason)).toEqual([
      'OPEN',
      'OUTSIDE_BUSINESS_HOURS',
      'NON_WORKING_DAY',
      'OUTSIDE_BUSINESS_HOURS',
      'OPEN',
    ]);
    for (const [instant, kinds] of [
      ['2026-11-30T01:05:59.999Z', []],
      ['2026-11-30T01:06:00.000Z', ['TICKET_AT_RISK']],
      ['2026-11-30T01:29:59.999Z', ['TICKET_AT_RISK']],
      ['2026-11-30T01:30:00.000Z', ['TICKET_AT_RISK', 'TICKET_OVERDUE']],
    ] as const) {
      clock.set(instant);
      await server.sweep();
      expect((await eventsOf(number)).map((event) => event.kind)).toEqual(kinds);
    }
  });

  test('a leap of days takes every step once, in order, also when two sweepers work at once', async () => {
    const other = await startTestServer({ database, clock });
    try {
      const tickets = [];
      for (let count = 0; count < 5; count += 1) tickets.push(await openComplaint());
      clock.advance(6 * 24 * HOUR);
      await Promise.all([server.services.sweeper.runOnce(), other.services.sweeper.runOnce()]);
      await server.sweep();
      for (const { number } of tickets) {
        const events = await eventsOf(number);
        const rungs = events
          .filter((event) => event.kind === 'COMPLAINT_ESCALATED')
          .map((event) => event.payload.level);
        expect(rungs).toEqual(['L1', 'L2', 'L3', 'L4']);
        const keys = events.map((event) => `${event.kind} ${event.payload.limit} ${event.payload.level}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(
          events.filter((event) => event.kind === 'COMPLAINT_OVERDUE').map((event) => event.payload.limit),
        ).toEqual(['ACKNOWLEDGE', 'FIRST_RESPONSE', 'RESOLUTION']);
      }
    } finally {
      await other.stop();
    }
  }, 60_000);

  test('[KEY-26] key accounts and grade A customers have half of every limit', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    await makeKeyAccount(server, { customerId: customer.id });
    for (const facts of [
      { customerId: customer.nodeId },
      { customerId: (await makeCustomer(server, { grade: 'A' })).nodeId },
    ]) {
      const { sla } = await openComplaint(facts);
      const minutes = (instant: string) => (Date.parse(instant) - clock.now().getTime()) / MINUTE;
      expect([
        minutes(sla.acknowledge.dueAt),
        minutes(sla.firstResponse.dueAt),
        minutes(sla.progress.dueAt),
        minutes(sla.resolution.dueAt),
      ]).toEqual([15, 720, 720, 2160]);
    }
  });

  test('[TIC-36] a raised severity or grade tightens from the change, never at once; a loosened grade counts from the start', async () => {
    const customer = await makeCustomer(server, { grade: 'C', lifecycle: 'ACTIVE' });
    const opened = clock.now().getTime();
    const { id } = await openComplaint({ customerId: customer.nodeId });
    await take(id, 'ticketAcknowledge');
    clock.advance(60 * HOUR);
    const raised = await act('CS_SUPERVISOR', 'ticketRaiseSeverity', {
      ticketId: id,
      reason: 'The press called.',
    });
    // 48 hours from the change would be later than the 72 of the start: the old instant stays.
    expect(Date.parse(raised.ticket.sla.resolution.dueAt) - opened).toBe(72 * HOUR);
    expect(raised.ticket.sla.firstResponse.state).toBe('OVERDUE');
    const early = await openComplaint({ customerId: (await makeCustomer(server, { grade: 'C' })).nodeId });
    const start = clock.now().getTime();
    clock.advance(10 * HOUR);
    const tight = await act('CS_SUPERVISOR', 'ticketRaiseSeverity', {
      ticketId: early.id,
      reason: 'A lawyer wrote.',
    });
    expect(Date.parse(tight.ticket.sla.resolution.dueAt) - start).toBe(58 * HOUR);
    const graded = await makeCustomer(server, { grade: 'C', lifecycle: 'ACTIVE' });
    const ticket = await openComplaint({ customerId: graded.nodeId });
    const from = clock.now().getTime();
    async function grade(to: string, version: number) {
      clock.advance(1 * HOUR);
      await server.gql(
        'HEAD',
        'mutation ($input: CustomerGradeInput!) { customerGrade(input: $input) { __typename } }',
        {
          input: { customerId: graded.nodeId, expectedVersion: version, grade: to, reason: 'Sales.' },
        },
      );
      const { data } = await server.gql(
        'CS_SUPERVISOR',
        'query ($id: ID!) { node(id: $id) { ... on Ticket { sla { resolution { dueAt } } } } }',
        { id: ticket.id },
      );
      return Date.parse(data.node.sla.resolution.dueAt) - from;
    }
    expect(await grade('A', 1)).toBe(37 * HOUR);
    expect(await grade('C', 2)).toBe(72 * HOUR);
  });

  test('what a ticket says of its limits is what the sweep waits for', async () => {
    const ticket = await openComplaint({ severity: 'SERIOUS' });
    await take(ticket.id, 'ticketAcknowledge', 'ticketDispatch');
    const { data } = await server.gql(
      'CS_SUPERVISOR',
      `query ($id: ID!) { node(id: $id) { ... on Ticket { sla {
      firstResponse { dueAt warnAt } progress { dueAt warnAt } resolution { dueAt warnAt } } } } }`,
      { id: ticket.id },
    );
    const rows = await server.services.database.query<{
      kind: string;
      dueAt: Date;
      warnAt: Date;
      nextAt: Date | null;
      state: string;
    }>(sql`
      select o.kind, o.due_at as "dueAt", o.warn_at as "warnAt", o.next_at as "nextAt", o.state
      from obligation o join ticket t on t.id = o.subject_id where t.number = ${ticket.number}`);
    const byKind = new Map(rows.map((row) => [row.kind, row]));
    for (const [field, kind] of [
      ['firstResponse', 'TICKET_FIRST_RESPONSE'],
      ['progress', 'TICKET_PROGRESS'],
      ['resolution', 'TICKET_RESOLUTION'],
    ] as const) {
      expect(byKind.get(kind)?.dueAt.toISOString()).toBe(data.node.sla[field].dueAt);
      expect(byKind.get(kind)?.nextAt?.toISOString()).toBe(data.node.sla[field].warnAt);
    }
    expect(byKind.get('TICKET_ACKNOWLEDGE')).toMatchObject({ state: 'MET', nextAt: null });
  });

  test('an escalation is acknowledged once, by somebody whom its level names', async () => {
    const { id } = await openComplaint();
    const { ticket } = await act('CS_AGENT', 'ticketEscalate', { ticketId: id, level: 'L1', note: 'Help.' });
    const escalationId = ticket.escalations[0].id;
    expect(await act('SALES_SUPERVISOR', 'escalationAcknowledge', { escalationId })).toMatchObject({
      __typename: 'Forbidden',
      required: ['CS_SUPERVISOR'],
    });
    expect(await act('HR', 'escalationAcknowledge', { escalationId })).toMatchObject({
      __typename: 'NotFound',
    });
    const done = await act('CS_SUPERVISOR', 'escalationAcknowledge', { escalationId });
    expect(done.ticket.escalations[0].acknowledgedAt).toBe(clock.now().toISOString());
    expect((await act('CS_SUPERVISOR', 'escalationAcknowledge', { escalationId })).__typename).toBe(
      'IllegalTransition',
    );
  });
});
