import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeEmployee } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people, type PersonName, teams } from '../support/people.ts';
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

const SHIFT = 'id version from to phone employee { id } handoverNote swappedFrom { id } cancelledAt';

function act(caller: Caller, name: string, input: object) {
  const success = {
    dutyDeskOpen: 'desk { id version calendarCode team { id } nextGap { from to } onDuty { phone } }',
    dutyDeskClose: 'desk { id closedAt }',
    dutyShiftsPlan: `shifts { ${SHIFT} } desk { nextGap { from to } onDuty { employee { id } phone } }`,
  }[name];
  return mutate(server, caller, name, input, success ?? `shift { ${SHIFT} }`);
}

/** An instant so many hours after the first Monday, 09:00. */
function at(hours: number): string {
  return new Date(Date.parse(MONDAY_9) + hours * HOUR).toISOString();
}

function shift(
  person: PersonName | { nodeId: string },
  from: number,
  to: number,
  phone = '+86 21 5000 0000',
) {
  const employeeId = typeof person === 'string' ? people[person].nodeId : person.nodeId;
  return { employeeId, from: at(from), to: at(to), phone };
}

async function gapsTold(deskId: string) {
  const { data } = await server.gql('HEAD', 'query ($id: ID!) { node(id: $id) { id } }', { id: deskId });
  expect(data.node.id).toBe(deskId);
  const rows = await server.services.database.query<{
    payload: { from: string; to: string };
    audience: object;
    severity: string;
  }>(sql`
    select payload, audience, severity from event where kind = 'DUTY_GAP' order by seq`);
  return rows;
}

describe('[TIC-02] [DUT-03] the complaint desk is manned day and night', () => {
  let deskId: string;

  test('a desk is opened by who writes the rota; nobody on duty is a gap at once, told to clerk and supervisor', async () => {
    expect(await act('CS_AGENT', 'dutyDeskOpen', { teamId: teams.CUSTOMER_SERVICE.nodeId })).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD', 'DEPUTY', 'SALES_SUPERVISOR', 'CS_SUPERVISOR', 'KA_SUPERVISOR', 'MARKETING_CLERK'],
    });
    expect(
      await act('KA_SUPERVISOR', 'dutyDeskOpen', { teamId: teams.CUSTOMER_SERVICE.nodeId }),
    ).toMatchObject({ __typename: 'Forbidden' });
    const clerk = wsClient(server, 'MARKETING_CLERK');
    const agent = wsClient(server, 'CS_AGENT');
    const feed =
      'subscription { liveEvents { __typename ... on LiveEvent { kind severity message } ... on Heartbeat { cursor } } }';
    const [heard, unheard] = [clerk.subscribe(feed), agent.subscribe(feed)];
    await Promise.all([heard.ready(), unheard.ready()]);
    const { desk } = await act('MARKETING_CLERK', 'dutyDeskOpen', { teamId: teams.CUSTOMER_SERVICE.nodeId });
    deskId = desk.id;
    expect(desk).toMatchObject({ calendarCode: 'ALWAYS_OPEN', onDuty: [], nextGap: { from: at(0) } });
    await server.sweep();
    expect(await heard.waitFor((item) => item.kind === 'DUTY_GAP')).toMatchObject({
      severity: 'CRITICAL',
      message: expect.stringContaining('CUSTOMER_SERVICE'),
    });
    expect(unheard.events).toEqual([]);
    await Promise.all([clerk.dispose(), agent.dispose()]);
    expect(
      pathsOf(
        await act('MARKETING_CLERK', 'dutyDeskOpen', {
          teamId: teams.CUSTOMER_SERVICE.nodeId,
          calendarCode: 'NONE',
        }),
      ).sort(),
    ).toEqual(['calendarCode', 'teamId']);
  });

  test('who is on duty is answered with a phone number at every covered instant, ends exclusive', async () => {
    const planned = await act('CS_SUPERVISOR', 'dutyShiftsPlan', {
      deskId,
      // A night shift over midnight, two together at its beginning, and an hour without anybody on Tuesday at 17:00.
      shifts: [
        shift('CS_AGENT', 0, 12, '021-500001'),
        shift('CS_AGENT_2', 11, 24),
        shift('CS_AGENT', 24, 32),
        shift('CS_AGENT_2', 33, 48),
      ],
    });
    expect(planned.shifts).toHaveLength(4);
    expect(planned.desk).toEqual({
      nextGap: { from: at(32), to: at(33) },
      onDuty: [{ employee: { id: people.CS_AGENT.nodeId }, phone: '021-500001' }],
    });
    const duty = async (hours: number) => {
      const { data } = await server.gql(
        'OTHER_DEPARTMENT',
        'query ($teamId: ID!, $at: DateTime) { currentDuty(teamId: $teamId, at: $at) { employee { id } phone to } }',
        { teamId: teams.CUSTOMER_SERVICE.nodeId, at: at(hours) },
      );
      return data.currentDuty.map((one: { employee: { id: string } }) => one.employee.id);
    };
    expect(await duty(0)).toEqual([people.CS_AGENT.nodeId]);
    expect(await duty(11)).toEqual([people.CS_AGENT_2.nodeId, people.CS_AGENT.nodeId]);
    expect(await duty(12)).toEqual([people.CS_AGENT_2.nodeId]);
    expect(await duty(31.999)).toEqual([people.CS_AGENT.nodeId]);
    expect(await duty(32)).toEqual([]);
    expect(await duty(33)).toEqual([people.CS_AGENT_2.nodeId]);
    const { data } = await server.gql(
      'CS_AGENT',
      'query ($id: ID!, $from: DateTime!, $to: DateTime!) { node(id: $id) { ... on DutyDesk { gaps(from: $from, to: $to) { from to } } } }',
      { id: deskId, from: at(-10), to: at(50) },
    );
    // Before it was opened it had not to be manned.
    expect(data.node.gaps).toEqual([
      { from: at(32), to: at(33) },
      { from: at(48), to: at(50) },
    ]);
  });

  test('DUTY_GAP comes 24 hours before the gap, once a day while it lasts, and again for the next one', async () => {
    await server.sweep();
    const before = (await gapsTold(deskId)).length;
    clock.set(new Date(Date.parse(at(8)) - 1_000));
    await server.sweep();
    expect(await gapsTold(deskId)).toHaveLength(before);
    clock.set(at(8));
    await server.sweep();
    const told = (await gapsTold(deskId)).slice(before);
    expect(told).toEqual([
      {
        severity: 'CRITICAL',
        audience: { roles: ['MARKETING_CLERK', 'CS_SUPERVISOR'] },
        payload: expect.objectContaining({ from: at(32), to: at(33) }),
      },
    ]);
    await server.sweep();
    expect(await gapsTold(deskId)).toHaveLength(before + 1);
    clock.set(at(24));
    await server.sweep();
    expect((await gapsTold(deskId)).slice(before + 1)).toEqual([
      expect.objectContaining({ payload: expect.objectContaining({ from: at(32), to: at(33) }) }),
      expect.objectContaining({ payload: expect.objectContaining({ from: at(48) }) }),
    ]);
    // Nothing is told of what the clerk has mended.
    const { shifts } = await act('MARKETING_CLERK', 'dutyShiftsPlan', {
      deskId,
      shifts: [
        shift('CS_AGENT', 32, 33),
        shift('CS_AGENT', 48, 72),
        shift('CS_AGENT_2', 72, 96),
        shift('CS_AGENT', 96, 120),
      ],
    });
    expect(shifts).toHaveLength(4);
    const after = (await gapsTold(deskId)).length;
    clock.set(at(40));
    await server.sweep();
    expect(await gapsTold(deskId)).toHaveLength(after);
    // A shift that is cancelled opens one.
    const cancelled = await act('CS_SUPERVISOR', 'dutyShiftCancel', {
      shiftId: shifts[1].id,
      reason: 'Ill.',
      expectedVersion: 1,
    });
    expect(cancelled.shift.cancelledAt).toBe(at(40));
    await server.sweep();
    expect((await gapsTold(deskId)).slice(after)).toEqual([
      expect.objectContaining({ payload: expect.objectContaining({ from: at(48), to: at(72) }) }),
    ]);
  });

  test('somebody who has left is on duty no more', async () => {
    const leaver = await makeEmployee(server, { teamId: teams.CUSTOMER_SERVICE.id });
    await act('MARKETING_CLERK', 'dutyShiftsPlan', { deskId, shifts: [shift(leaver, 48, 60)] });
    const told = (await gapsTold(deskId)).length;
    await server.services.database.query(
      sql`update employee set left_on = '2026-11-24' where id = ${leaver.id}::uuid`,
    );
    await server.settled();
    const { data } = await server.gql(
      'HR',
      'query ($id: ID!) { node(id: $id) { ... on DutyDesk { nextGap { from to } } } }',
      { id: deskId },
    );
    expect(data.node.nextGap).toEqual({ from: at(48), to: at(72) });
    // Nobody has touched the rota: the daily look finds it.
    clock.set(at(64.1));
    await server.sweep();
    expect((await gapsTold(deskId)).slice(told)).toEqual([
      expect.objectContaining({ payload: expect.objectContaining({ from: at(48), to: at(72) }) }),
    ]);
  });

  test('shifts are refused with everything that is wrong with them', async () => {
    const answer = await act('MARKETING_CLERK', 'dutyShiftsPlan', {
      deskId,
      shifts: [
        shift('CS_AGENT', 200, 225),
        shift('CS_AGENT', 300, 300),
        shift('CS_AGENT', 400, 410, 'none'),
        shift('CS_AGENT', 409, 412),
        shift('CS_AGENT_2', 95, 97),
        shift('HEAD', 1, 2),
      ],
    });
    expect(pathsOf(answer).sort()).toEqual([
      'shifts.0.to',
      'shifts.1.to',
      'shifts.2.phone',
      'shifts.3.from',
      'shifts.4.from',
      'shifts.5.from',
    ]);
    const { data } = await server.gql(
      'MARKETING_CLERK',
      '{ dutyShifts(where: { from: { gte: "2026-12-01T00:00:00Z" } }) { totalCount } }',
    );
    expect(data.dutyShifts.totalCount).toBe(0);
  });

  test('a rota is read by the team, the person and who plans; a swap needs the clerk', async () => {
    const count = async (caller: Caller) =>
      (await server.gql(caller, '{ dutyShifts { totalCount } }')).data.dutyShifts.totalCount;
    const all = await count('MARKETING_CLERK');
    expect(all).toBeGreaterThan(5);
    expect(
      await Promise.all((['HEAD', 'CS_AGENT_2', 'HR', 'INTERNAL_AUDITOR', 'DEPUTY'] as const).map(count)),
    ).toEqual([all, all, all, all, all]);
    expect(
      await Promise.all((['ADMIN', 'SALES_REP', 'CS_AGENT_OTHER_TEAM', 'OPERATIONS'] as const).map(count)),
    ).toEqual([0, 0, 0, 0]);
    const { data } = await server.gql(
      'CS_AGENT',
      `{ dutyShifts(where: { cancelledAt: { isNull: true } }, orderBy: [{ field: from, direction: DESC }], first: 1) { edges { node { ${SHIFT} } } } }`,
    );
    const last = data.dutyShifts.edges[0].node;
    const swap = {
      shiftId: last.id,
      employeeId: people.SALES_REP.nodeId,
      reason: 'A wedding.',
      expectedVersion: last.version,
    };
    expect(await act('SALES_REP', 'dutyShiftSwap', swap)).toMatchObject({ __typename: 'NotFound' });
    expect(await act('CS_SUPERVISOR', 'dutyShiftSwap', swap)).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD', 'MARKETING_CLERK'],
    });
    expect(
      pathsOf(await act('MARKETING_CLERK', 'dutyShiftSwap', { ...swap, employeeId: last.employee.id })),
    ).toEqual(['employeeId']);
    const swapped = await act('MARKETING_CLERK', 'dutyShiftSwap', swap);
    expect(swapped.shift).toMatchObject({
      employee: { id: people.SALES_REP.nodeId },
      swappedFrom: { id: last.employee.id },
      version: last.version + 1,
    });
    // Now it is the other one's own.
    expect(await count('SALES_REP')).toBe(1);
    expect(await act('MARKETING_CLERK', 'dutyShiftSwap', swap)).toMatchObject({
      __typename: 'StaleVersion',
      current: last.version + 1,
    });
    expect(
      await act('CS_AGENT', 'dutyShiftHandOver', { shiftId: last.id, note: 'x', expectedVersion: 2 }),
    ).toMatchObject({ __typename: 'Forbidden' });
    expect(
      await act('SALES_REP', 'dutyShiftHandOver', { shiftId: last.id, note: 'x', expectedVersion: 2 }),
    ).toMatchObject({ __typename: 'IllegalTransition', from: 'PLANNED' });
    clock.set(last.to);
    const done = await act('SALES_REP', 'dutyShiftHandOver', {
      shiftId: last.id,
      note: 'Two complaints are open.',
      expectedVersion: 2,
    });
    expect(done.shift).toMatchObject({ handoverNote: 'Two complaints are open.', version: 3 });
    expect(
      await act('SALES_REP', 'dutyShiftHandOver', { shiftId: last.id, note: 'More.', expectedVersion: 3 }),
    ).toMatchObject({ __typename: 'IllegalTransition', from: 'HANDED_OVER' });
    expect(await act('MARKETING_CLERK', 'dutyShiftSwap', { ...swap, expectedVersion: 3 })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'OVER',
    });
  });

  test('a desk that is closed is watched no more', async () => {
    const { desk } = await act('HEAD', 'dutyDeskClose', {
      deskId,
      reason: 'One desk for all.',
      expectedVersion: 1,
    });
    expect(desk.closedAt).toBe(clock.now().toISOString());
    const told = (await gapsTold(deskId)).length;
    clock.advance(3 * DAY);
    await server.sweep();
    expect(await gapsTold(deskId)).toHaveLength(told);
    expect(
      await act('HEAD', 'dutyShiftsPlan', { deskId, shifts: [shift('CS_AGENT', 500, 501)] }),
    ).toMatchObject({ __typename: 'IllegalTransition', from: 'CLOSED' });
    // Another one may be opened, for the office hours alone.
    const again = await act('HEAD', 'dutyDeskOpen', {
      teamId: teams.CUSTOMER_SERVICE.nodeId,
      calendarCode: 'BUSINESS_HOURS',
    });
    expect(again.desk.calendarCode).toBe('BUSINESS_HOURS');
  });
});

describe('[TIC-34] escalation names persons by role, team, rota and delegation', () => {
  test('each once, as they were when it was raised; they hear of it and may acknowledge it', async () => {
    clock.set('2026-12-07T01:00:00.000Z');
    const { data: desks } = await server.gql(
      'HEAD',
      '{ dutyDesks(where: { closedAt: { isNull: true } }) { edges { node { id version } } } }',
    );
    const { id: deskId } = desks.dutyDesks.edges[0].node;
    const now = clock.now().getTime();
    await act('MARKETING_CLERK', 'dutyShiftsPlan', {
      deskId,
      shifts: [
        {
          employeeId: people.CS_AGENT_OTHER_TEAM.nodeId,
          from: new Date(now).toISOString(),
          to: new Date(now + 20 * HOUR).toISOString(),
          phone: '021-500002',
        },
      ],
    });
    await mutate(server, 'HEAD', 'approvalDelegate', {
      delegateId: people.SALES_SUPERVISOR.nodeId,
      validTo: new Date(now + 3 * DAY).toISOString(),
      reason: 'On the road.',
    });
    const customer = await makeCustomer(server, { grade: 'B' });
    const { ticket } = await mutate(
      server,
      'CS_AGENT',
      'ticketOpen',
      {
        category: 'COMPLAINT',
        subject: 'Late',
        content: 'Late.',
        channel: 'PHONE',
        callerName: 'Li Lei',
        callerPhone: '13900000000',
        customerId: customer.nodeId,
      },
      'ticket { id number team { id } assignee { id } }',
    );
    expect(ticket).toMatchObject({ team: { id: teams.CUSTOMER_SERVICE.nodeId }, assignee: null });
    clock.advance(30 * 60_000);
    await server.sweep();
    const persons = async () => {
      const { data } = await server.gql(
        'HEAD',
        'query ($id: ID!) { node(id: $id) { ... on Ticket { escalations { id version level persons { by role employee { id } onBehalfOf { id } } } } } }',
        { id: ticket.id },
      );
      return data.node.escalations;
    };
    const nameOf = (id: string | undefined) =>
      Object.values(people).find(({ nodeId }) => nodeId === id)?.name;
    const shown = (rung: {
      persons: {
        by: string;
        role: string | null;
        employee: { id: string };
        onBehalfOf: { id: string } | null;
      }[];
    }) =>
      rung.persons.map(({ by, role, employee, onBehalfOf }) => [
        by,
        nameOf(employee.id),
        role ?? nameOf(onBehalfOf?.id) ?? null,
      ]);
    const [first, second] = await persons();
    expect(shown(first)).toEqual([
      ['ON_DUTY', 'CS_AGENT_OTHER_TEAM', null],
      ['ROLE', 'CS_SUPERVISOR', 'CS_SUPERVISOR'],
    ]);
    expect(shown(second)).toEqual([
      ['ON_DUTY', 'CS_AGENT_OTHER_TEAM', null],
      ['ROLE', 'CS_SUPERVISOR', 'CS_SUPERVISOR'],
      ['ROLE', 'HEAD', 'HEAD'],
      ['DELEGATION', 'SALES_SUPERVISOR', 'HEAD'],
    ]);
    const [escalated] = await server.services.database.query<{ audience: { employees: string[] } }>(sql`
      select audience from event where kind = 'COMPLAINT_ESCALATED' order by seq desc limit 1`);
    expect(escalated?.audience.employees).toEqual([
      people.CS_AGENT_OTHER_TEAM.id,
      people.SALES_SUPERVISOR.id,
    ]);
    const acknowledge = (caller: Caller) =>
      mutate(
        server,
        caller,
        'escalationAcknowledge',
        { escalationId: second.id, expectedVersion: second.version },
        'escalation { acknowledgedBy { id } }',
      );
    expect(await acknowledge('MARKETING_CLERK')).toMatchObject({ __typename: 'Forbidden' });
    expect((await acknowledge('SALES_SUPERVISOR')).escalation.acknowledgedBy.id).toBe(
      people.SALES_SUPERVISOR.nodeId,
    );
    // With nobody on duty and nobody handling it, it is the whole team's.
    clock.set(new Date(now + 30 * HOUR));
    const other = await mutate(
      server,
      'CS_AGENT',
      'ticketOpen',
      { category: 'INQUIRY', subject: 'x', content: 'x', channel: 'PHONE' },
      'ticket { id }',
    );
    clock.advance(3 * HOUR);
    await server.sweep();
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Ticket { escalations { level persons { by employee { id } } } } } }',
      { id: other.ticket.id },
    );
    const team = data.node.escalations[0].persons.filter(({ by }: { by: string }) => by === 'TEAM');
    expect(
      team
        .map((one: { employee: { id: string } }) => nameOf(one.employee.id))
        .filter(Boolean)
        .sort(),
    ).toEqual(
      Object.values(people)
        .filter(({ teamId }) => teamId === teams.CUSTOMER_SERVICE.id)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
