import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import {
  makeCustomer,
  makeEmployee,
  makeKeyAccount,
  makeTicket,
  makeTickets,
  type TicketFacts,
} from '../support/factories.ts';
import { promote as promoteApproved } from '../key-accounts/key-account-client.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, departments, type Named, people, type PersonName, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

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
  // Each test finds empty queues: what the others left waits for nobody.
  await server.services.database.query(
    sql`update ticket set status = 'CLOSED', closed_at = ${server.clock.now()}::timestamptz where status <> 'CLOSED' returning 1 as one`,
  );
});

const ROUTING = 'routing { team { id type } rule choice reason coordinator at }';
const TICKET = `ticket {
  id number status priority arisesDuringSale nextDueAt version team { id } assignee { id } ${ROUTING} keyAccount { id }
  sla { resolution { dueAt } } history { action note actor { id } changes }
}`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, TICKET);
}

const INQUIRY = {
  category: 'INQUIRY',
  channel: 'ONLINE',
  subject: 'How much?',
  content: 'What is the price of a parcel to Qingdao?',
};
const COMPLAINT = {
  category: 'COMPLAINT',
  channel: 'PHONE',
  subject: 'Two days late',
  content: 'The parcel came two days late.',
  callerName: 'Li Lei',
  callerPhone: '13900000000',
};

async function opened(facts: object = INQUIRY, caller: Caller = 'CS_AGENT') {
  const { ticket, ...error } = await act(caller, 'ticketOpen', facts);
  if (!ticket) throw new Error(JSON.stringify(error));
  return ticket;
}

function inQueue(facts: TicketFacts = {}): TicketFacts {
  return { teamId: teams.CUSTOMER_SERVICE.id, category: 'INQUIRY', ...facts };
}

async function take(caller: Caller = 'CS_AGENT', input: object = {}) {
  return act(caller, 'ticketTake', input);
}

interface QueuePage {
  ids: string[];
  totalCount: number;
  end: string | null;
  more: boolean;
}

async function queue(caller: Caller, args: string, variables: object = {}): Promise<QueuePage> {
  const { data, errors } = await server.gql(
    caller,
    `{ ticketQueue(${args}) { totalCount pageInfo { hasNextPage endCursor } edges { node { id } } } }`,
    { ...variables },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  const { edges, totalCount, pageInfo } = data.ticketQueue;
  return {
    ids: edges.map(({ node }: { node: Named }) => node.id),
    totalCount,
    end: pageInfo.endCursor,
    more: pageInfo.hasNextPage,
  };
}

async function overview(caller: Caller) {
  const { data } = await server.gql(
    caller,
    '{ ticketQueues { team { id } waiting inWork atRisk overdue settled oldestOpenedAt } }',
  );
  return Object.fromEntries(
    data.ticketQueues.map(({ team, ...numbers }: { team: Named | null }) => [team?.id ?? 'NONE', numbers]),
  );
}

function at(minutes: number): Date {
  return new Date(Date.parse(MONDAY_9) + minutes * MINUTE);
}

describe('the queue of a team', () => {
  test('serious ones first, then the lane of key accounts, then the nearest deadline, then age', async () => {
    const rows: TicketFacts[] = [
      { priority: 'NORMAL', nextDueAt: at(60), openedAt: at(-5) },
      { priority: 'NORMAL', nextDueAt: at(60), openedAt: at(-9) },
      { priority: 'NORMAL', nextDueAt: at(-30), openedAt: at(-1) },
      { priority: 'NORMAL', nextDueAt: null, openedAt: at(-500) },
      { priority: 'HIGH', nextDueAt: at(90), openedAt: at(-1) },
      {
        priority: 'URGENT',
        nextDueAt: at(900),
        openedAt: at(-1),
        category: 'COMPLAINT',
        severity: 'SERIOUS',
      },
      { priority: 'HIGH', nextDueAt: at(80), openedAt: at(-1) },
      {
        priority: 'URGENT',
        nextDueAt: at(800),
        openedAt: at(-1),
        category: 'COMPLAINT',
        severity: 'SERIOUS',
      },
      // Not in the queue: answered, over, or another team's.
      { priority: 'URGENT', status: 'ANSWERED' },
      { priority: 'URGENT', status: 'RESOLVED', category: 'COMPLAINT' },
      { priority: 'URGENT', status: 'FOLLOW_UP', category: 'COMPLAINT' },
      { priority: 'URGENT', status: 'CLOSED' },
      { priority: 'URGENT', status: 'CANCELLED' },
      { priority: 'URGENT', teamId: teams.CUSTOMER_SERVICE_2.id },
    ];
    const made = await makeTickets(server, rows.length, (index) => inQueue(rows[index]));
    const expected = [7, 5, 6, 4, 2, 1, 0, 3].map((index) => made[index]?.nodeId);
    const all = await queue('CS_SUPERVISOR', 'first: 20');
    expect(all).toMatchObject({ ids: expected, totalCount: 8, more: false });
    expect((await queue('HEAD', `first: 20, teamId: "${teams.CUSTOMER_SERVICE.nodeId}"`)).ids).toEqual(
      expected,
    );

    // A page at a time, forwards and backwards, with every place an edge once.
    for (const size of [1, 3]) {
      const pages: string[] = [];
      for (let after: string | null = null; ; ) {
        const page: QueuePage = await queue(
          'CS_AGENT',
          `first: ${size}${after ? `, after: "${after}"` : ''}`,
        );
        pages.push(...page.ids);
        after = page.end;
        if (!page.more) break;
      }
      expect(pages).toEqual(expected);
    }
    const third = await queue('CS_AGENT', 'first: 3');
    expect((await queue('CS_AGENT', `last: 2, before: "${third.end}"`)).ids).toEqual(expected.slice(0, 2));
  });

  test('of two tickets alike the first comes first, also across pages', async () => {
    const made = await makeTickets(server, 7, () => inQueue({ nextDueAt: at(60), openedAt: at(-5) }));
    const first = await queue('CS_AGENT', 'first: 4');
    const rest = await queue('CS_AGENT', `first: 4, after: "${first.end}"`);
    expect([...first.ids, ...rest.ids]).toEqual(made.map(({ nodeId }) => nodeId));
  });

  test('a kind of team is one queue, a filter looks through it, and a cursor of another list is none of its', async () => {
    const [one, other] = await makeTickets(server, 2, (index) =>
      inQueue({
        teamId: (index === 0 ? teams.CUSTOMER_SERVICE_2 : teams.CUSTOMER_SERVICE).id,
        assigneeId: index === 0 ? people.CS_AGENT_OTHER_TEAM.id : null,
        nextDueAt: at(index),
      }),
    );
    const both = await queue('CS_SUPERVISOR', 'teamType: CUSTOMER_SERVICE');
    expect(both.ids).toEqual([one?.nodeId, other?.nodeId]);
    const waiting = await queue('HEAD', 'where: { assignee: { isNull: true } }');
    expect(waiting.ids).toEqual([other?.nodeId]);
    expect(
      (await queue('CS_SUPERVISOR', `teamType: SALES, teamId: "${teams.CUSTOMER_SERVICE.nodeId}"`)).ids,
    ).toEqual([]);
    const list = await server.gql('HEAD', '{ tickets(first: 1) { pageInfo { endCursor } } }');
    for (const args of [
      `after: "${list.data.tickets.pageInfo.endCursor}"`,
      `teamId: "${globalId('Team', newId())}"`,
      `teamId: "${people.HEAD.nodeId}"`,
      'teamId: "x"',
    ]) {
      const { errors } = await server.gql('HEAD', `{ ticketQueue(${args}) { totalCount } }`);
      expect(errors?.[0]?.extensions.code, args).toBe('BAD_USER_INPUT');
    }
  });

  test('everybody finds in it what they may read, and the overview counts that alone', async () => {
    const customer = await makeCustomer(server, { ownerId: people.SALES_REP.id, areaId: areas.EAST.id });
    const [mine, ofOwner, claimed] = await makeTickets(server, 5, (index) =>
      inQueue({
        assigneeId: index === 0 ? people.CS_AGENT_OTHER_TEAM.id : null,
        customerId: index === 1 ? customer.id : null,
        areaId: index === 1 ? areas.EAST.id : null,
        claimAmount: index === 2 ? '5.00' : null,
      }),
    );
    const team = `teamId: "${teams.CUSTOMER_SERVICE.nodeId}"`;
    const seen: Partial<Record<PersonName, (string | undefined)[] | 'ALL'>> = {
      COMPANY_LEADER: 'ALL',
      HEAD: 'ALL',
      SALES_SUPERVISOR: 'ALL',
      DATA_ANALYST: 'ALL',
      CS_AGENT: 'ALL',
      CS_AGENT_OTHER_TEAM: [mine?.nodeId],
      DEPUTY: [ofOwner?.nodeId],
      DEPUTY_SOUTH: [],
      SALES_REP: [ofOwner?.nodeId],
      FINANCE: [claimed?.nodeId],
      KA_SUPERVISOR: [],
      OPERATIONS: [],
      HR: [],
      ADMIN: [],
    };
    for (const [caller, expected] of Object.entries(seen)) {
      const { ids, totalCount } = await queue(caller, team);
      const count = expected === 'ALL' ? 5 : expected.length;
      expect([caller, ids.length, totalCount]).toEqual([caller, count, count]);
      if (expected !== 'ALL') expect(ids).toEqual(expected);
      const standing = (await overview(caller))[teams.CUSTOMER_SERVICE.nodeId];
      expect([caller, (standing?.waiting ?? 0) + (standing?.inWork ?? 0)]).toEqual([caller, count]);
    }
    // Of a queue of which they may read nothing, they do not hear that it is there.
    for (const caller of ['HR', 'ADMIN', 'OPERATIONS', 'DEPUTY_SOUTH'])
      expect([caller, await overview(caller)]).toEqual([caller, {}]);
    expect(Object.keys(await overview('KA_SUPERVISOR'))).toEqual([teams.KEY_ACCOUNT.nodeId]);
    expect(Object.keys(await overview('HEAD'))).toEqual([
      teams.KEY_ACCOUNT.nodeId,
      teams.SALES.nodeId,
      teams.CUSTOMER_SERVICE.nodeId,
      teams.CUSTOMER_SERVICE_2.nodeId,
    ]);
  });

  test('the overview tells waiting, in work, at risk, overdue, settled and the oldest, to the millisecond', async () => {
    const due = { nextWarnAt: at(48), nextDueAt: at(60) };
    const rows: TicketFacts[] = [
      { ...due, openedAt: at(-10) },
      { ...due, openedAt: at(-20), assigneeId: people.CS_AGENT.id },
      { nextWarnAt: null, nextDueAt: null, openedAt: at(-15) },
      { status: 'ANSWERED', openedAt: at(-90), nextDueAt: null },
      { status: 'FOLLOW_UP', category: 'COMPLAINT', openedAt: at(-90), nextDueAt: null },
      { status: 'CLOSED', openedAt: at(-90) },
    ];
    await makeTickets(server, rows.length, (index) => inQueue(rows[index]));
    const common = { waiting: 2, inWork: 1, settled: 2, oldestOpenedAt: at(-20).toISOString() };
    for (const [instant, atRisk, overdue] of [
      [at(48).getTime() - 1, 0, 0],
      [at(48).getTime(), 2, 0],
      [at(60).getTime() - 1, 2, 0],
      [at(60).getTime(), 0, 2],
    ] as const) {
      server.clock.set(new Date(instant).toISOString());
      expect((await overview('HEAD'))[teams.CUSTOMER_SERVICE.nodeId]).toEqual({ ...common, atRisk, overdue });
      const { data } = await server.gql(
        'HEAD',
        `{ atRisk: tickets(where: { isAtRisk: { eq: true }, isOpen: { eq: true } }) { totalCount }
           overdue: tickets(where: { isOverdue: { eq: true }, isOpen: { eq: true } }) { totalCount }
           open: tickets(where: { isOpen: { eq: true } }) { totalCount } }`,
      );
      expect(data).toEqual({
        atRisk: { totalCount: atRisk },
        overdue: { totalCount: overdue },
        open: { totalCount: 5 },
      });
    }
  });

  test('a ticket without a team waits in no queue of a team, and the overview says so', async () => {
    await makeTicket(server, { teamId: null });
    expect((await overview('HEAD')).NONE).toMatchObject({ waiting: 1 });
    expect((await overview('CS_AGENT')).NONE).toBeUndefined();
  });

  test('its place follows its nearest limit: an answered one gives way to the next', async () => {
    const ticket = await opened();
    expect(ticket.nextDueAt).toBe('2026-11-23T03:00:00.000Z');
    const replied = await act('CS_AGENT', 'ticketReply', { ticketId: ticket.id, body: 'About 12.' });
    expect(replied.ticket.nextDueAt).toBe(replied.ticket.sla.resolution.dueAt);
    const answered = await act('CS_AGENT', 'ticketResolve', { ticketId: ticket.id, resolution: '12 yuan.' });
    expect(answered.ticket.nextDueAt).toBeNull();
  });

  test('takes the same number of statements for one ticket and for many', async () => {
    const statements = async () =>
      server.statementsDuring(async () => {
        await queue('HEAD', 'first: 50');
        await overview('HEAD');
      });
    await makeTickets(server, 1, () => inQueue());
    await statements();
    const few = await statements();
    await makeTickets(server, 60, (index) =>
      inQueue({ teamId: (Object.values(teams)[index % 5] as Named).id }),
    );
    expect(await statements()).toBe(few);
  });
});

describe('ticketTake', () => {
  test('claims the first of the queue that nobody handles, and begins the work on a question', async () => {
    const [, second, first] = await makeTickets(server, 3, (index) =>
      inQueue(
        index === 0
          ? { nextDueAt: at(1), assigneeId: people.CS_AGENT_2.id }
          : { nextDueAt: at(30 - 10 * index) },
      ),
    );
    const { ticket } = await take();
    expect(ticket).toMatchObject({
      id: first?.nodeId,
      status: 'IN_PROGRESS',
      assignee: { id: people.CS_AGENT.nodeId },
    });
    expect(ticket.history.map(({ action }: { action: string }) => action)).toEqual(['TAKE', 'INVESTIGATE']);
    expect((await take('CS_AGENT_2')).ticket.id).toBe(second?.nodeId);
    expect(await take()).toEqual({ __typename: 'TicketTakeSuccess', ticket: null });
  });

  test('a complaint is acknowledged before it is investigated, and one without a phone number stays acknowledged', async () => {
    const written = { status: 'ACKNOWLEDGED', channel: 'LETTER', callerPhone: null } as const;
    const rows: TicketFacts[] = [{ status: 'RECEIVED' }, { status: 'ACKNOWLEDGED' }, written];
    await makeTickets(server, 3, (index) =>
      inQueue({ category: 'COMPLAINT', nextDueAt: at(index), ...rows[index] }),
    );
    const states = [];
    for (let turn = 0; turn < 3; turn++) states.push((await take()).ticket.status);
    expect(states).toEqual(['RECEIVED', 'INVESTIGATING', 'ACKNOWLEDGED']);
  });

  test('two who take at once never get the same, and nobody goes away empty while something waits', async () => {
    const made = await makeTickets(server, 12, (index) => inQueue({ nextDueAt: at(index) }));
    const callers = Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? 'CS_AGENT' : 'CS_AGENT_2'));
    const answers = await Promise.all(callers.map((caller) => take(caller)));
    const taken = answers.flatMap(({ ticket }) => (ticket ? [ticket.id] : []));
    expect(new Set(taken)).toEqual(new Set(made.map(({ nodeId }) => nodeId)));
    expect(taken).toHaveLength(12);
    expect(await take()).toMatchObject({ ticket: null });
  });

  test('is from the own team, or from another of whose tickets the caller may work on some', async () => {
    const ofSales = await makeTicket(server, {
      teamId: teams.SALES.id,
      arisesDuringSale: true,
      category: 'INQUIRY',
    });
    const elsewhere = { teamId: teams.SALES.nodeId };
    expect(await take('CS_AGENT', elsewhere)).toMatchObject({ ticket: null });
    expect(await take('SALES_REP')).toMatchObject({ ticket: null });
    expect(await take('DATA_ANALYST')).toMatchObject({ __typename: 'Forbidden' });
    expect(await take('HR', elsewhere)).toMatchObject({ __typename: 'Forbidden' });
    expect(pathsOf(await take('HEAD'))).toEqual(['teamId']);
    expect(pathsOf(await take('HEAD', { teamId: globalId('Team', newId()) }))).toEqual(['teamId']);
    expect((await take('SALES_SUPERVISOR')).ticket.id).toBe(ofSales.nodeId);
  });
});

describe('giving away', () => {
  test('a ticket is assigned to whose role lets them handle it, of another team too, and stays in its queue', async () => {
    const { id: ticketId } = await opened();
    for (const name of ['HR', 'DATA_ANALYST', 'ADMIN', 'MARKET_DEVELOPER'] as const) {
      const refused = await act('CS_SUPERVISOR', 'ticketAssign', {
        ticketId,
        assigneeId: people[name].nodeId,
      });
      expect([name, pathsOf(refused)]).toEqual([name, ['assigneeId']]);
    }
    const gone = await makeEmployee(server, { leftOn: new Date('2026-11-22T00:00:00Z') });
    expect(
      pathsOf(await act('CS_SUPERVISOR', 'ticketAssign', { ticketId, assigneeId: gone.nodeId })),
    ).toEqual(['assigneeId']);
    const { ticket } = await act('CS_SUPERVISOR', 'ticketAssign', {
      ticketId,
      assigneeId: people.CS_AGENT_OTHER_TEAM.nodeId,
    });
    expect(ticket).toMatchObject({
      assignee: { id: people.CS_AGENT_OTHER_TEAM.nodeId },
      team: { id: teams.CUSTOMER_SERVICE.nodeId },
    });
    // The new handler may work on it from now on.
    expect((await act('CS_AGENT_OTHER_TEAM', 'ticketReply', { ticketId, body: 'Hello.' })).__typename).toBe(
      'TicketReplySuccess',
    );
  });

  test('a released ticket waits in its queue again', async () => {
    const { id: ticketId } = await opened();
    expect(await act('CS_AGENT', 'ticketRelease', { ticketId, reason: 'x' })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'UNASSIGNED',
    });
    await take();
    expect(pathsOf(await act('CS_AGENT', 'ticketRelease', { ticketId, reason: ' ' }))).toEqual(['reason']);
    const { ticket } = await act('CS_AGENT', 'ticketRelease', { ticketId, reason: 'End of the shift.' });
    expect(ticket).toMatchObject({ assignee: null, status: 'IN_PROGRESS' });
    expect(ticket.history.at(-1)).toMatchObject({ action: 'RELEASE', note: 'End of the shift.' });
    expect((await take('CS_AGENT_2')).ticket.id).toBe(ticketId);
  });

  test('a transferred ticket says why, and waits in the other queue or is at work with a member', async () => {
    const { id: ticketId } = await opened();
    await take();
    const to = { ticketId, teamId: teams.CUSTOMER_SERVICE_2.nodeId };
    for (const [input, path] of [
      [{ ...to, reason: ' ' }, 'reason'],
      [{ ...to, teamId: teams.CUSTOMER_SERVICE.nodeId, reason: 'x' }, 'teamId'],
      [{ ...to, teamId: teams.OFFICE.nodeId, reason: 'x' }, 'teamId'],
      [{ ...to, teamId: globalId('Team', newId()), reason: 'x' }, 'teamId'],
      [{ ...to, reason: 'x', assigneeId: people.CS_AGENT_2.nodeId }, 'assigneeId'],
      [{ ...to, reason: 'x', assigneeId: people.HR.nodeId }, 'assigneeId'],
    ] as const) {
      expect(pathsOf(await act('CS_SUPERVISOR', 'ticketTransfer', input))).toEqual([path]);
    }
    const reason = 'They speak Cantonese.';
    const { ticket } = await act('CS_SUPERVISOR', 'ticketTransfer', { ...to, reason });
    expect(ticket).toMatchObject({
      team: { id: teams.CUSTOMER_SERVICE_2.nodeId },
      assignee: null,
      routing: {
        rule: 'TRANSFER',
        choice: null,
        reason: `Transferred: ${reason}`,
        coordinator: 'CS_SUPERVISOR',
      },
    });
    expect(ticket.history.at(-1)).toMatchObject({
      action: 'TRANSFER',
      note: reason,
      changes: {
        teamId: [teams.CUSTOMER_SERVICE.id, teams.CUSTOMER_SERVICE_2.id],
        assigneeId: [people.CS_AGENT.id, null],
        routingRule: ['SERVICE', 'TRANSFER'],
        routedAt: [MONDAY_9, MONDAY_9],
      },
    });
    // The agent who entered it goes on reading it; somebody else of the former team does not.
    expect(await act('CS_AGENT_2', 'ticketReply', { ticketId, body: 'x' })).toMatchObject({
      __typename: 'NotFound',
    });
    const back = await act('CS_AGENT_OTHER_TEAM', 'ticketTransfer', {
      ticketId,
      teamId: teams.CUSTOMER_SERVICE.nodeId,
      assigneeId: people.CS_AGENT_2.nodeId,
      reason: 'It is about the first call.',
    });
    expect(back).toEqual({ __typename: 'TicketTransferSuccess', ticket: null });
    expect((await act('CS_AGENT_2', 'ticketReply', { ticketId, body: 'x' })).ticket.assignee.id).toBe(
      people.CS_AGENT_2.nodeId,
    );
  });

  test('what the facts demand stays with its kind of team', async () => {
    const account = await makeCustomer(server);
    await makeKeyAccount(server, { customerId: account.id });
    const ofAccount = await opened({ ...COMPLAINT, customerId: account.nodeId });
    const ofSale = await opened({ ...INQUIRY, arisesDuringSale: true });
    const reason = 'x';
    for (const { id: ticketId } of [ofAccount, ofSale]) {
      const refused = await act('HEAD', 'ticketTransfer', {
        ticketId,
        teamId: teams.CUSTOMER_SERVICE.nodeId,
        reason,
      });
      expect(pathsOf(refused)).toEqual(['teamId']);
    }
    const ordinary = await opened();
    const { ticket } = await act('HEAD', 'ticketTransfer', {
      ticketId: ordinary.id,
      teamId: teams.SALES.nodeId,
      reason,
    });
    expect(ticket.routing).toMatchObject({ rule: 'TRANSFER', coordinator: 'SALES_SUPERVISOR' });
  });
});

describe('the sale phase', () => {
  test('[TIC-28] what arises during the sale is in the queue of sales, from the start or as soon as it is said', async () => {
    const customer = await makeCustomer(server, { ownerId: people.SALES_REP.id });
    const first = await opened({ ...COMPLAINT, customerId: customer.nodeId, arisesDuringSale: true });
    expect(first).toMatchObject({
      team: { id: teams.SALES.nodeId },
      routing: { rule: 'SALE', choice: 'ONLY_TEAM', coordinator: 'SALES_SUPERVISOR', at: MONDAY_9 },
    });
    expect(first.routing.reason).toBe('It arose during the sale (TIC-28): the only team of its kind.');
    expect(await audienceOf(first.number, 'COMPLAINT_OPENED')).toContain('SALES_SUPERVISOR');

    const later = await opened({ ...COMPLAINT, customerId: customer.nodeId });
    expect(later.routing).toMatchObject({ rule: 'SERVICE', coordinator: 'CS_SUPERVISOR' });
    expect(await audienceOf(later.number, 'COMPLAINT_OPENED')).not.toContain('SALES_SUPERVISOR');
    await take('CS_AGENT_2');
    server.clock.advance(MINUTE);
    const input = { ticketId: later.id, arisesDuringSale: true, reason: 'The price was disputed.' };
    expect(pathsOf(await act('CS_AGENT_2', 'ticketSetSalePhase', { ...input, reason: '' }))).toEqual([
      'reason',
    ]);
    expect(
      pathsOf(await act('CS_AGENT_2', 'ticketSetSalePhase', { ...input, arisesDuringSale: false })),
    ).toEqual(['arisesDuringSale']);
    const { ticket } = await act('CS_AGENT', 'ticketSetSalePhase', input);
    expect(ticket).toMatchObject({
      arisesDuringSale: true,
      team: { id: teams.SALES.nodeId },
      assignee: null,
      routing: { rule: 'SALE', at: server.clock.now().toISOString() },
    });
    expect(ticket.history.at(-1)).toMatchObject({
      action: 'SET_SALE_PHASE',
      note: 'The price was disputed.',
      actor: { id: people.CS_AGENT.nodeId },
      changes: {
        arisesDuringSale: [false, true],
        teamId: [teams.CUSTOMER_SERVICE.id, teams.SALES.id],
        assigneeId: [people.CS_AGENT_2.id, null],
      },
    });
    // Sales works on it: its supervisor takes it, the account manager of the customer may, nobody else of the team.
    expect((await queue('SALES_SUPERVISOR', 'first: 5')).ids).toContain(ticket.id);
    expect(await act('SALES_REP_2', 'ticketReply', { ticketId: ticket.id, body: 'x' })).toMatchObject({
      __typename: 'NotFound',
    });
    expect((await act('SALES_REP', 'ticketReply', { ticketId: ticket.id, body: 'x' })).__typename).toBe(
      'TicketReplySuccess',
    );
    server.clock.advance(48 * HOUR);
    await server.sweep();
    expect(await audienceOf(ticket.number, 'COMPLAINT_OVERDUE')).toContain('SALES_SUPERVISOR');
    const back = await act('SALES_SUPERVISOR', 'ticketSetSalePhase', {
      ...input,
      arisesDuringSale: false,
      reason: 'It was after the sale.',
    });
    expect(back.ticket.routing).toMatchObject({ rule: 'SERVICE' });
  });

  test('a ticket of a key account stays with the team for them (CFL-14)', async () => {
    const customer = await makeCustomer(server);
    await makeKeyAccount(server, { customerId: customer.id });
    const { id: ticketId, routing } = await opened({ ...COMPLAINT, customerId: customer.nodeId });
    const { ticket } = await act('HEAD', 'ticketSetSalePhase', {
      ticketId,
      arisesDuringSale: true,
      reason: 'During the tender.',
    });
    expect(ticket).toMatchObject({ arisesDuringSale: true, routing });
  });

  test('is said by those who may work on the ticket, while it is open', async () => {
    const { id: ticketId } = await opened();
    const input = { ticketId, arisesDuringSale: true, reason: 'x' };
    expect(await act('DATA_ANALYST', 'ticketSetSalePhase', input)).toMatchObject({ __typename: 'Forbidden' });
    expect(await act('HR', 'ticketSetSalePhase', input)).toMatchObject({ __typename: 'NotFound' });
    await act('CS_AGENT', 'ticketResolve', { ticketId, resolution: 'Done.' });
    await act('CS_AGENT', 'ticketClose', { ticketId });
    expect(await act('CS_AGENT', 'ticketSetSalePhase', input)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'CLOSED',
    });
  });
});

async function audienceOf(number: string, kind: string): Promise<string[]> {
  await server.settled();
  const rows = await server.services.database.query<{ roles: string[] }>(sql`
    select audience -> 'roles' as roles from event
    where kind = ${kind} and payload ->> 'ticketNumber' = ${number}`);
  return rows.flatMap(({ roles }) => roles);
}

describe('key accounts', () => {
  async function promote(customer: Named, facts: object = {}): Promise<{ id: string; version: number }> {
    return (await promoteApproved(server, customer, facts, 'HEAD')).keyAccount;
  }

  async function read(id: string) {
    const { data } = await server.gql(
      'HEAD',
      `query ($id: ID!) { node(id: $id) { ... on Ticket ${TICKET.slice('ticket '.length)} } }`,
      { id },
    );
    return data.node;
  }

  test('[KEY-29] their tickets are in the queue of their team, under KA_SUPERVISOR, with a copy to CS_SUPERVISOR', async () => {
    const customer = await makeCustomer(server);
    await makeKeyAccount(server, { customerId: customer.id });
    const ticket = await opened({
      ...COMPLAINT,
      customerId: customer.nodeId,
      arisesDuringSale: true,
    });
    expect(ticket).toMatchObject({
      team: { id: teams.KEY_ACCOUNT.nodeId },
      routing: { rule: 'KEY_ACCOUNT', coordinator: 'KA_SUPERVISOR' },
    });
    expect(await audienceOf(ticket.number, 'COMPLAINT_OPENED')).toEqual(
      expect.arrayContaining(['CS_SUPERVISOR', 'HEAD', 'KA_SUPERVISOR']),
    );
    for (const caller of ['KA_SUPERVISOR', 'CS_SUPERVISOR', 'KA_SPECIALIST'] as const) {
      const seen = await queue(caller, `teamId: "${teams.KEY_ACCOUNT.nodeId}"`);
      expect([caller, seen.ids]).toEqual([caller, [ticket.id]]);
    }
    expect((await queue('KA_SPECIALIST_2', 'first: 5')).ids).toEqual([]);
    expect((await take('KA_SPECIALIST_2')).ticket).toBeNull();
    expect((await take('KA_SUPERVISOR')).ticket.assignee.id).toBe(people.KA_SUPERVISOR.nodeId);
    server.clock.advance(HOUR);
    await server.sweep();
    expect(await audienceOf(ticket.number, 'COMPLAINT_AT_RISK')).toEqual(
      expect.arrayContaining(['CS_SUPERVISOR', 'KA_SUPERVISOR']),
    );
  });

  test('the open tickets of a customer follow it into and out of the key accounts, with history', async () => {
    const customer = await makeCustomer(server);
    const ticket = await opened({ ...COMPLAINT, customerId: customer.nodeId });
    const inquiry = await opened({ ...INQUIRY, customerId: customer.nodeId });
    await act('CS_SUPERVISOR', 'ticketAssign', {
      ticketId: inquiry.id,
      assigneeId: people.CS_AGENT_2.nodeId,
    });
    const ofSale = await opened({ ...INQUIRY, customerId: customer.nodeId, arisesDuringSale: true });
    const closed = await makeTicket(server, {
      customerId: customer.id,
      status: 'CLOSED',
      teamId: teams.CUSTOMER_SERVICE.id,
    });
    server.clock.advance(MINUTE);
    const account = await promote(customer, { priorityLane: true });
    const now = server.clock.now().toISOString();
    for (const id of [ticket.id, inquiry.id, ofSale.id]) {
      expect(await read(id)).toMatchObject({
        team: { id: teams.KEY_ACCOUNT.nodeId },
        assignee: null,
        priority: 'HIGH',
        keyAccount: { id: account.id },
        routing: { rule: 'KEY_ACCOUNT', at: now },
      });
    }
    expect((await read(inquiry.id)).history.at(-1)).toMatchObject({
      action: 'ROUTE',
      // HEAD asked for it, and with the approval of KA_SUPERVISOR it is in force.
      actor: { id: people.KA_SUPERVISOR.nodeId },
      changes: {
        teamId: [teams.CUSTOMER_SERVICE.id, teams.KEY_ACCOUNT.id],
        assigneeId: [people.CS_AGENT_2.id, null],
        priority: ['NORMAL', 'HIGH'],
        routingRule: ['SERVICE', 'KEY_ACCOUNT'],
      },
    });
    // KEY-26: their limits are tightened with it.
    expect(Date.parse((await read(ticket.id)).sla.resolution.dueAt)).toBe(Date.parse(now) + 36 * HOUR);
    expect((await read(closed.nodeId)).team.id).toBe(teams.CUSTOMER_SERVICE.nodeId);

    // The lane is closed: the tickets lose their place, not their queue.
    const updated = await mutate(
      server,
      'KA_SUPERVISOR',
      'keyAccountUpdate',
      { keyAccountId: account.id, expectedVersion: account.version, priorityLane: false },
      'keyAccount { version }',
    );
    const plain = await read(ticket.id);
    expect(plain).toMatchObject({ priority: 'NORMAL', team: { id: teams.KEY_ACCOUNT.nodeId } });
    expect(plain.history.at(-1)).toMatchObject({
      action: 'PRIORITISE',
      changes: { priority: ['HIGH', 'NORMAL'] },
    });

    const taken = await act('HEAD', 'ticketTake', { teamId: teams.KEY_ACCOUNT.nodeId });
    expect(taken.ticket.assignee.id).toBe(people.HEAD.nodeId);
    await mutate(server, 'HEAD', 'keyAccountEnd', {
      keyAccountId: account.id,
      expectedVersion: updated.keyAccount.version,
      reason: 'Below every level.',
    });
    expect(await read(ticket.id)).toMatchObject({
      team: { id: teams.CUSTOMER_SERVICE.nodeId },
      assignee: null,
      keyAccount: null,
      routing: { rule: 'SERVICE' },
    });
    expect((await read(ofSale.id)).team.id).toBe(teams.SALES.nodeId);
    expect(Date.parse((await read(ticket.id)).sla.resolution.dueAt)).toBe(Date.parse(MONDAY_9) + 72 * HOUR);
  });

  test('a grade leaves a ticket where a person has transferred it', async () => {
    const customer = await makeCustomer(server);
    const { id: ticketId } = await opened({ ...INQUIRY, customerId: customer.nodeId });
    const teamId = teams.CUSTOMER_SERVICE_2.nodeId;
    await act('CS_SUPERVISOR', 'ticketTransfer', { ticketId, teamId, reason: 'x' });
    const graded = await mutate(server, 'HEAD', 'customerGrade', {
      customerId: customer.nodeId,
      expectedVersion: 1,
      grade: 'A',
      reason: 'Grown.',
    });
    expect(graded.__typename).toBe('CustomerGradeSuccess');
    expect(await read(ticketId)).toMatchObject({ team: { id: teamId }, routing: { rule: 'TRANSFER' } });
  });

  test('following takes the same number of statements for one ticket and for many', async () => {
    const statements = async (count: number) => {
      const customer = await makeCustomer(server);
      for (let made = 0; made < count; made++) await opened({ ...INQUIRY, customerId: customer.nodeId });
      return server.statementsDuring(() => promote(customer));
    };
    await statements(1);
    expect(await statements(6)).toBe(await statements(1));
  });
});

describe('ticket.assignment', () => {
  async function team(...names: string[]): Promise<{ team: Named; members: Named[] }> {
    const id = newId();
    const area = newId();
    await server.services.database.transaction(async ({ prisma }) => {
      await prisma.area.create({ data: { id: area, code: area, name: '区', nameEn: 'Area' } });
      await prisma.team.create({
        data: {
          id,
          type: 'CUSTOMER_SERVICE',
          departmentId: departments.MARKETING.id,
          name: '组',
          nameEn: 'Team',
        },
      });
      await prisma.teamArea.create({ data: { teamId: id, areaId: area } });
    });
    await server.settled();
    const members: Named[] = [];
    for (const nameEn of names) members.push(await makeEmployee(server, { teamId: id, nameEn }));
    members.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { team: { id, nodeId: globalId('Team', id) }, members: [...members, { id: area, nodeId: '' }] };
  }

  async function openInArea(areaId: string | undefined, facts: object = {}) {
    const customer = await makeCustomer(server, { areaId: areaId ?? null });
    return opened({ ...INQUIRY, customerId: customer.nodeId, ...facts });
  }

  test('MANUAL leaves tickets waiting; the team that serves the area takes them', async () => {
    const { team: own, members } = await team('one');
    const ticket = await openInArea(members.at(-1)?.id);
    expect(ticket).toMatchObject({
      assignee: null,
      team: { id: own.nodeId },
      routing: {
        choice: 'AREA',
        reason: 'Customer service takes every other ticket (CFL-14): the team that serves the area.',
      },
    });
    expect((await openInArea(undefined)).team.id).toBe(teams.CUSTOMER_SERVICE.nodeId);
  });

  test('ROUND_ROBIN gives to the members who are there by turns, and says so in the history', async () => {
    const { team: own, members } = await team('one', 'two', 'three');
    const area = members.pop()?.id;
    // Of the team, but not there: another role, a role that is over, and gone since yesterday.
    await makeEmployee(server, { teamId: own.id, roles: ['DATA_ANALYST'] });
    await makeEmployee(server, { teamId: own.id, roleTo: new Date(MONDAY_9) });
    await makeEmployee(server, { teamId: own.id, leftOn: new Date('2026-11-22T00:00:00Z') });
    await setSetting(server, 'ticket.assignment', 'ROUND_ROBIN');
    try {
      const given = [];
      for (let turn = 0; turn < 4; turn++) given.push(await openInArea(area));
      const [one, two, three] = members.map(({ nodeId }) => nodeId);
      expect(given.map(({ assignee }) => assignee.id)).toEqual([one, two, three, one]);
      expect(given[0].history.at(-1)).toEqual({
        action: 'GIVE_OUT',
        note: 'ROUND_ROBIN',
        actor: null,
        changes: { assigneeId: [null, members[0]?.id] },
      });
      // A transfer to the team is a ticket that comes to it, too.
      const elsewhere = await opened();
      const { ticket } = await act('CS_SUPERVISOR', 'ticketTransfer', {
        ticketId: elsewhere.id,
        teamId: own.nodeId,
        reason: 'x',
      });
      expect(ticket.assignee.id).toBe(two);
      // Whoever opens at once gives each member as many.
      const many = await Promise.all(Array.from({ length: 9 }, () => openInArea(area)));
      const counts = Map.groupBy(many, ({ assignee }) => assignee.id);
      expect([...counts.values()].map((tickets) => tickets.length)).toEqual([3, 3, 3]);
    } finally {
      server.clock.advance(1);
      await setSetting(server, 'ticket.assignment', 'MANUAL');
    }
  });

  test('LOAD gives to whoever has the fewest tickets in work; answered ones count no more', async () => {
    const { members } = await team('one', 'two');
    const area = members.pop()?.id;
    const [one, two] = members as [Named, Named];
    server.clock.advance(2);
    await setSetting(server, 'ticket.assignment', 'LOAD');
    try {
      await makeTickets(server, 3, (index) => ({
        category: 'INQUIRY',
        status: index === 2 ? 'ANSWERED' : 'IN_PROGRESS',
        assigneeId: (index === 1 ? two : one).id,
      }));
      await makeTicket(server, { category: 'INQUIRY', assigneeId: one.id });
      const given = [];
      for (let turn = 0; turn < 4; turn++) given.push((await openInArea(area)).assignee.id);
      expect(given).toEqual([two.nodeId, one.nodeId, two.nodeId, one.nodeId]);
    } finally {
      server.clock.advance(1);
      await setSetting(server, 'ticket.assignment', 'MANUAL');
    }
  });

  test('key account tickets are given to KA_SUPERVISOR (KEY-29), and to nobody where nobody is there', async () => {
    server.clock.advance(4);
    await setSetting(server, 'ticket.assignment', 'ROUND_ROBIN');
    try {
      const customer = await makeCustomer(server);
      await makeKeyAccount(server, { customerId: customer.id });
      const ticket = await opened({ ...COMPLAINT, customerId: customer.nodeId });
      expect(ticket.assignee.id).toBe(people.KA_SUPERVISOR.nodeId);
      const { members } = await team();
      expect((await openInArea(members.pop()?.id)).assignee).toBeNull();
    } finally {
      server.clock.advance(1);
      await setSetting(server, 'ticket.assignment', 'MANUAL');
    }
  });
});
