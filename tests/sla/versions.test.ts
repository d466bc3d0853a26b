import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount, makeTicket } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { decide } from '../key-accounts/key-account-client.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { CALENDAR, changeCalendar, changePolicy, POLICY, RECOMPUTE } from './service-level-client.ts';

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
// What a test has changed in the service levels lies in the past of the next one.
let weeks = 0;
beforeEach(() => {
  weeks += 1;
  clock.set(new Date(Date.parse(MONDAY_9) + weeks * 7 * 24 * HOUR));
});

const SLA = `sla { policy acknowledge { dueAt state } firstResponse { dueAt warnAt state } progress { dueAt state }
  resolution { dueAt warnAt state } timeline { from to kind reason } recompute { changed state } }`;

async function open(category: 'INQUIRY' | 'SHIPMENT_QUERY' | 'COMPLAINT', facts: object = {}) {
  const { nodeId: customerId } = await makeCustomer(server);
  const { ticket } = await mutate(
    server,
    'CS_SUPERVISOR',
    'ticketOpen',
    {
      category,
      subject: 'Late',
      content: 'The parcel is late.',
      channel: 'PHONE',
      callerName: 'Li Lei',
      callerPhone: '13900000000',
      customerId,
      ...facts,
    },
    `ticket { id number ${SLA} }`,
  );
  return ticket;
}

async function slaOf(id: string) {
  const { data } = await server.gql(
    'CS_SUPERVISOR',
    `query ($id: ID!) { node(id: $id) { ... on Ticket { ${SLA} } } }`,
    { id },
  );
  return data.node.sla;
}

/** Hours after an instant. */
function hoursAfter(from: number, instant: string): number {
  return (Date.parse(instant) - from) / HOUR;
}

const OFFICE = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'];

describe('a calendar', () => {
  test('has several windows a day, overnight shifts, holidays and make-up workdays, and says its hours', async () => {
    const { calendar } = await changeCalendar(server, 'NIGHT_DESK', {
      name: '夜班',
      nameEn: 'Night desk',
      weekly: [
        { weekday: 'MONDAY', windows: ['09:00-12:00', '13:00-18:00'] },
        { weekday: 'FRIDAY', windows: ['20:00-04:00'] },
      ],
      holidays: ['2026-12-21'],
      extraWorkdays: [{ day: '2026-12-19' }, { day: '2026-12-20', windows: ['10:00-11:00'] }],
    });
    expect(calendar).toMatchObject({
      code: 'NIGHT_DESK',
      version: 1,
      state: 'APPROVED',
      isInForce: true,
      validTo: null,
      timeZone: 'Asia/Shanghai',
      decidedBy: { number: expect.any(String) },
    });
    const { data } = await server.gql(
      'CS_AGENT',
      `query ($id: ID!) { node(id: $id) { ... on BusinessCalendar {
        hours(from: "2026-12-14", until: "2026-12-22") { from to } } } }`,
      { id: calendar.id },
    );
    const shown = data.node.hours.map(({ from, to }: { from: string; to: string }) =>
      [from, to].map((at) => new Date(Date.parse(at) + 8 * HOUR).toISOString().slice(5, 16)).join(' '),
    );
    expect(shown).toEqual([
      '12-14T09:00 12-14T12:00',
      '12-14T13:00 12-14T18:00',
      '12-18T20:00 12-19T04:00',
      // Make-up days of a swapped weekend; Monday the 21st is a holiday.
      '12-19T09:00 12-19T12:00',
      '12-19T13:00 12-19T18:00',
      '12-20T10:00 12-20T11:00',
    ]);
  });

  test('counts on the wall clock of its zone, daylight saving included', async () => {
    const { calendar } = await changeCalendar(server, 'NEW_YORK', {
      name: '纽约',
      nameEn: 'New York',
      timeZone: 'America/New_York',
      weekly: [{ weekday: 'SUNDAY', windows: ['00:00-06:00'] }],
    });
    const { data } = await server.gql(
      'CS_AGENT',
      `query ($id: ID!) { node(id: $id) { ... on BusinessCalendar {
        hours(from: "2027-03-07", until: "2027-03-15") { from to } } } }`,
      { id: calendar.id },
    );
    expect(
      data.node.hours.map((h: { from: string; to: string }) => hoursAfter(Date.parse(h.from), h.to)),
    ).toEqual([6, 5]);
  });

  test('is refused with everything that is wrong with it, each by its place', async () => {
    const answer = await mutate(server, 'ADMIN', 'businessCalendarPropose', {
      code: 'WRONG',
      name: '错',
      nameEn: 'Wrong',
      weekly: [
        { weekday: 'MONDAY', windows: ['08:00-12:00', '11:00-17:30'] },
        { weekday: 'SUNDAY', windows: ['22:00-08:30'] },
        { weekday: 'MONDAY', windows: [] },
      ],
      holidays: ['2026-12-25', '2027-01-01', '2026-12-25'],
      extraWorkdays: [{ day: '2027-01-01' }, { day: '2027-01-02', windows: ['8-12'] }, { day: '2027-01-02' }],
      reason: 'Try.',
    });
    expect(pathsOf(answer).sort()).toEqual([
      'extraWorkdays.0.day',
      'extraWorkdays.1.windows.0',
      'extraWorkdays.2.day',
      'holidays.2',
      'weekly.2.weekday',
    ]);
    const overlapping = await mutate(server, 'ADMIN', 'businessCalendarPropose', {
      code: 'WRONG',
      name: '错',
      nameEn: 'Wrong',
      weekly: [
        { weekday: 'SUNDAY', windows: ['22:00-08:30'] },
        { weekday: 'MONDAY', windows: ['12:00-17:30', '08:00-12:00', '11:00-13:00'] },
      ],
      reason: 'Try.',
    });
    // Noon is where one window ends and the next begins; the night shift runs into the morning.
    expect(pathsOf(overlapping).sort()).toEqual([
      'weekly.1.windows.0',
      'weekly.1.windows.1',
      'weekly.1.windows.2',
    ]);
    for (const [timeZone, path] of [
      ['Mars/Olympus', 'timeZone'],
      ['+08:00', 'timeZone'],
    ]) {
      const unknown = await mutate(server, 'ADMIN', 'businessCalendarPropose', {
        code: 'WRONG',
        name: '错',
        nameEn: 'Wrong',
        timeZone,
        weekly: [{ weekday: 'MONDAY', windows: ['08:00-12:00'] }],
        reason: 'Try.',
      });
      expect(pathsOf(unknown)).toEqual([path]);
    }
    const closed = await mutate(server, 'ADMIN', 'businessCalendarPropose', {
      code: 'WRONG',
      name: '错',
      nameEn: 'Wrong',
      weekly: [],
      reason: 'Try.',
    });
    expect(pathsOf(closed)).toEqual(['weekly']);
  });

  test('is proposed by ADMIN and approved by HEAD; both stand in its history and in the audit log', async () => {
    for (const caller of ['HEAD', 'CS_SUPERVISOR', 'MARKETING_CLERK'] as const) {
      expect(
        await mutate(server, caller, 'businessCalendarPropose', { code: 'BUSINESS_HOURS', reason: 'x' }),
      ).toMatchObject({ __typename: 'Forbidden', required: ['ADMIN'] });
    }
    const input = {
      code: 'BUSINESS_HOURS',
      reason: 'Spring Festival.',
      holidays: ['2027-02-05'],
      expectedVersion: 1,
    };
    const { calendar } = await mutate(server, 'ADMIN', 'businessCalendarPropose', input, CALENDAR);
    expect(calendar).toMatchObject({
      version: 2,
      state: 'PROPOSED',
      isInForce: false,
      weekly: OFFICE.map((weekday) => ({ weekday, windows: ['08:00-17:30'] })),
    });
    // A proposal is for those who read the register.
    const list =
      '{ businessCalendars(where: { code: { eq: "BUSINESS_HOURS" } }) { totalCount edges { node { version state } } } }';
    expect((await server.gql('CS_AGENT', list)).data.businessCalendars.totalCount).toBe(1);
    expect((await server.gql('INTERNAL_AUDITOR', list)).data.businessCalendars.totalCount).toBe(2);
    expect(
      await mutate(server, 'CS_AGENT', 'businessCalendarDecide', {
        calendarId: calendar.id,
        approve: true,
        reason: 'x',
      }),
    ).toMatchObject({ __typename: 'NotFound' });
    expect(
      await mutate(server, 'INTERNAL_AUDITOR', 'businessCalendarDecide', {
        calendarId: calendar.id,
        approve: true,
        reason: 'x',
      }),
    ).toMatchObject({ __typename: 'Forbidden' });
    const decision = { calendarId: calendar.id, approve: true, reason: 'As the State Council says.' };
    const decided = await mutate(server, 'HEAD', 'businessCalendarDecide', decision, CALENDAR);
    expect(decided.calendar).toMatchObject({
      version: 2,
      state: 'APPROVED',
      isInForce: true,
      decisionReason: 'As the State Council says.',
    });
    expect(await mutate(server, 'HEAD', 'businessCalendarDecide', decision)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'APPROVED',
    });
    expect((await server.gql('CS_AGENT', list)).data.businessCalendars.edges).toEqual([
      { node: { version: 2, state: 'APPROVED' } },
      { node: { version: 1, state: 'APPROVED' } },
    ]);
    const audit = await server.services.database.query<{ action: string; actor: string }>(sql`
      select action, actor_id as actor from audit_log where subject_type = 'BusinessCalendar' order by at, id desc`);
    expect(
      audit
        .slice(-2)
        .map(({ action, actor }) => [action, actor])
        .sort(),
    ).toEqual([
      ['businessCalendar.APPROVE', people.HEAD.id],
      ['businessCalendar.PROPOSE', people.ADMIN.id],
    ]);
    // What was decided stays as it is, whoever asks the database.
    await expect(
      server.services.database.query(
        sql`update business_calendar set holidays = '{}' where code = 'BUSINESS_HOURS' and revision = 2`,
      ),
    ).rejects.toThrow();
  });

  test('that was written over an older version is stale, or superseded', async () => {
    const propose = (expectedVersion: number | null) =>
      mutate(
        server,
        'ADMIN',
        'businessCalendarPropose',
        { code: 'BUSINESS_HOURS', reason: 'x', expectedVersion },
        CALENDAR,
      );
    const { data } = await server.gql(
      'HEAD',
      '{ businessCalendars(where: { code: { eq: "BUSINESS_HOURS" }, isInForce: { eq: true } }) { edges { node { version } } } }',
    );
    const { version } = data.businessCalendars.edges[0].node;
    expect(pathsOf(await propose(null))).toEqual(['expectedVersion']);
    expect(await propose(version - 1)).toMatchObject({ __typename: 'StaleVersion', current: version });
    const [one, other] = [await propose(version), await propose(version)];
    const approve = (calendarId: string) =>
      mutate(server, 'HEAD', 'businessCalendarDecide', { calendarId, approve: true, reason: 'x' });
    expect((await approve(one.calendar.id)).__typename).toBe('BusinessCalendarDecideSuccess');
    expect(await approve(other.calendar.id)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'SUPERSEDED',
      allowed: ['REFUSE'],
    });
  });

  test('of complaints is always open', async () => {
    expect(
      pathsOf(
        await mutate(server, 'ADMIN', 'businessCalendarPropose', {
          code: 'ALWAYS_OPEN',
          alwaysOpen: false,
          weekly: [{ weekday: 'MONDAY', windows: ['08:00-17:30'] }],
          reason: 'x',
          expectedVersion: 1,
        }),
      ),
    ).toEqual(['alwaysOpen']);
    expect(
      pathsOf(
        await mutate(server, 'ADMIN', 'slaPolicyPropose', {
          code: 'COMPLAINT_GENERAL',
          calendarCode: 'BUSINESS_HOURS',
          pauseWhileWaiting: true,
          resolution: null,
          reason: 'x',
          expectedVersion: 1,
        }),
      ).sort(),
    ).toEqual(['calendarCode', 'pauseWhileWaiting', 'resolution']);
  });
});

describe('[TIC-36] a change of terms moves the limits of open tickets', () => {
  test('of a policy: tightened counts from the change, loosened from the start, with the answer of the approval', async () => {
    const start = clock.now().getTime();
    const complaint = await open('COMPLAINT');
    const other = await open('INQUIRY');
    clock.advance(10 * HOUR);
    const { policy, recompute } = await changePolicy(server, 'COMPLAINT_GENERAL', {
      resolution: 'PT48H',
      firstResponse: 'PT30H',
    });
    expect(policy).toMatchObject({
      version: 2,
      resolution: 'PT48H',
      acknowledge: 'PT30M',
      progress: 'PT24H',
      isInForce: true,
    });
    expect(recompute).toMatchObject({
      cause: 'POLICY',
      changed: 'COMPLAINT_GENERAL',
      state: 'DONE',
      moved: 1,
    });
    const sla = await slaOf(complaint.id);
    expect(hoursAfter(start, sla.resolution.dueAt)).toBe(58);
    expect(hoursAfter(start, sla.firstResponse.dueAt)).toBe(30);
    expect(await slaOf(other.id)).toEqual({
      ...other.sla,
      resolution: { ...other.sla.resolution, state: 'AT_RISK' },
      firstResponse: { ...other.sla.firstResponse, state: 'OVERDUE' },
    });
    // A ticket that comes now has the new limits from its start.
    const later = await open('COMPLAINT');
    expect(hoursAfter(clock.now().getTime(), later.sla.resolution.dueAt)).toBe(48);
    await changePolicy(server, 'COMPLAINT_GENERAL', { resolution: 'PT72H', firstResponse: 'PT24H' });
    expect(hoursAfter(start, (await slaOf(complaint.id)).resolution.dueAt)).toBe(72);
  });

  test('of a calendar: a holiday that is announced moves what falls due after it', async () => {
    clock.advance(4 * 24 * HOUR + 7 * HOUR); // Friday, 16:00.
    const inquiry = await open('INQUIRY');
    const monday = clock.now().getTime() + 3 * 24 * HOUR;
    expect(inquiry.sla.resolution.dueAt).toBe(new Date(monday).toISOString());
    const day = new Date(monday).toISOString().slice(0, 10);
    const { recompute } = await changeCalendar(server, 'BUSINESS_HOURS', { holidays: [day] });
    expect(recompute).toMatchObject({ cause: 'CALENDAR', state: 'DONE' });
    const sla = await slaOf(inquiry.id);
    expect(sla.resolution.dueAt).toBe(new Date(monday + 24 * HOUR).toISOString());
    expect(sla.timeline.map(({ reason }: { reason: string }) => reason)).toEqual([
      'OPEN',
      'OUTSIDE_BUSINESS_HOURS',
      'NON_WORKING_DAY',
      'HOLIDAY',
      'OUTSIDE_BUSINESS_HOURS',
      'OPEN',
    ]);
    await changeCalendar(server, 'BUSINESS_HOURS', { holidays: [] });
    // Counted from the change it would be due at the same hour: nothing is later than it was promised.
    expect((await slaOf(inquiry.id)).resolution.dueAt).toBe(new Date(monday).toISOString());
  });

  test('of a policy that begins later: to the second, by the sweep', async () => {
    const start = clock.now().getTime();
    const complaint = await open('COMPLAINT');
    const from = new Date(start + 5 * HOUR + 17_000);
    const { recompute } = await changePolicy(server, 'COMPLAINT_GENERAL', {
      resolution: 'PT20H',
      validFrom: from.toISOString(),
    });
    expect(recompute).toMatchObject({ state: 'PLANNED', total: null, moved: 0 });
    clock.set(new Date(from.getTime() - 1_000));
    await server.sweep();
    expect((await slaOf(complaint.id)).recompute).toBeNull();
    expect(hoursAfter(start, (await slaOf(complaint.id)).resolution.dueAt)).toBe(72);
    // The sweep comes late; the change counts from its own instant all the same.
    clock.set(new Date(from.getTime() + 40_000));
    expect((await slaOf(complaint.id)).recompute).toMatchObject({
      changed: 'COMPLAINT_GENERAL',
      state: 'UNDER_WAY',
    });
    await server.sweep();
    const sla = await slaOf(complaint.id);
    expect(sla.resolution.dueAt).toBe(new Date(from.getTime() + 20 * HOUR).toISOString());
    expect(sla.recompute).toBeNull();
    await changePolicy(server, 'COMPLAINT_GENERAL', { resolution: 'PT72H' });
  });

  test('of the customer’s grade and of the key account’s level, where a policy has factors for them', async () => {
    await changePolicy(server, 'COMPLAINT_GENERAL', {
      gradeFactors: [{ grade: 'B', factor: '0.75' }],
      levelFactors: [
        { level: 'A', factor: '0.25' },
        { level: 'B', factor: '0.6' },
      ],
    });
    const start = clock.now().getTime();
    const customer = await makeCustomer(server, { grade: 'B' });
    const account = await makeKeyAccount(server, {
      customerId: customer.id,
      level: 'B',
      annualRevenueTarget: '2000000.00',
    });
    const keyed = await open('COMPLAINT', { customerId: customer.nodeId, severity: 'GENERAL' });
    const graded = await open('COMPLAINT', {
      customerId: (await makeCustomer(server, { grade: 'B' })).nodeId,
    });
    const first = await open('COMPLAINT', {
      customerId: (await makeCustomer(server, { grade: 'A' })).nodeId,
    });
    const hours = (sla: { resolution: { dueAt: string } }) => hoursAfter(start, sla.resolution.dueAt);
    expect([hours(keyed.sla), hours(graded.sla), hours(first.sla)]).toEqual([43.2, 54, 36]);
    clock.advance(HOUR);
    const raised = await mutate(
      server,
      'KA_SUPERVISOR',
      'keyAccountUpdate',
      { keyAccountId: account.nodeId, annualRevenueTarget: '9000000.00', expectedVersion: 1 },
      'keyAccount { level proposal { id } }',
    );
    // Another level is in force when HEAD has approved it, too (KEY-03).
    expect(raised.keyAccount.level).toBe('B');
    await decide(server, 'HEAD', raised.keyAccount.proposal.id);
    expect(hours(await slaOf(keyed.id))).toBe(19);
    await changePolicy(server, 'COMPLAINT_GENERAL', { gradeFactors: [], levelFactors: null });
    expect(hours(await slaOf(graded.id))).toBe(72);
    for (const wrong of [
      [{ grade: 'B', factor: '0' }],
      [{ grade: 'B', factor: '0.755' }],
      [{ grade: 'B', factor: '2' }],
    ]) {
      const answer = await mutate(
        server,
        'ADMIN',
        'slaPolicyPropose',
        { code: 'INQUIRY', gradeFactors: wrong, reason: 'x', expectedVersion: 1 },
        POLICY,
      );
      expect(pathsOf(answer)).toEqual(['gradeFactors']);
    }
  });

  test('of a setting that terms hold: from its approval on, by the sweep', async () => {
    const ticket = await open('INQUIRY');
    const other = await open('INQUIRY');
    clock.advance(30 * MINUTE);
    const { settingChange } = await mutate(
      server,
      'ADMIN',
      'settingPropose',
      { key: 'sla.atRisk', value: 0.5, reason: 'Warn earlier.' },
      'settingChange { id }',
    );
    await mutate(server, 'HEAD', 'settingDecide', {
      settingChangeId: settingChange.id,
      approve: true,
      reason: 'Yes.',
    });
    await server.sweep();
    const { data } = await server.gql(
      'CS_AGENT',
      `{ slaRecomputes(first: 1) { edges { node { cause changed state createdBy { number } } } } }`,
    );
    expect(data.slaRecomputes.edges[0].node).toMatchObject({
      cause: 'SETTING',
      changed: 'sla.atRisk',
      state: 'DONE',
    });
    for (const { id, sla } of [ticket, other]) {
      const now = await slaOf(id);
      expect(now.firstResponse.dueAt).toBe(sla.firstResponse.dueAt);
      expect(Date.parse(now.firstResponse.dueAt) - Date.parse(now.firstResponse.warnAt)).toBe(HOUR);
    }
    const again = await mutate(
      server,
      'ADMIN',
      'settingPropose',
      { key: 'sla.atRisk', value: 0.8, reason: 'Back.' },
      'settingChange { id }',
    );
    await mutate(server, 'HEAD', 'settingDecide', {
      settingChangeId: again.settingChange.id,
      approve: true,
      reason: 'Yes.',
    });
    await server.sweep();
  });

  test('of many tickets: a batch with the answer, the others by the sweep, and the API says how far it is', async () => {
    await server.sweep();
    const setting = await mutate(
      server,
      'ADMIN',
      'settingPropose',
      { key: 'sla.recomputeBatch', value: 10, reason: 'Few.' },
      'settingChange { id }',
    );
    await mutate(server, 'HEAD', 'settingDecide', {
      settingChangeId: setting.settingChange.id,
      approve: true,
      reason: 'Yes.',
    });
    await server.settled();
    const tickets: Awaited<ReturnType<typeof open>>[] = [];
    for (let i = 0; i < 25; i++) tickets.push(await open('SHIPMENT_QUERY'));
    // Imported history runs no clock and is passed over.
    await makeTicket(server, { category: 'SHIPMENT_QUERY', status: 'RECEIVED' });
    const before = tickets.at(-1);
    const { recompute } = await changePolicy(server, 'SHIPMENT_QUERY', { resolution: 'PT2H' });
    expect(recompute).toMatchObject({ state: 'UNDER_WAY', done: 10, finishedAt: null });
    expect(recompute.total).toBeGreaterThanOrEqual(25);
    expect(await slaOf(before.id)).toEqual({
      ...before.sla,
      recompute: { changed: 'SHIPMENT_QUERY', state: 'UNDER_WAY' },
    });
    await server.sweep();
    const { data } = await server.gql(
      'CS_AGENT',
      `query ($id: ID!) { node(id: $id) { ... on SlaRecompute { state total done moved } } }`,
      { id: recompute.id },
    );
    expect(data.node).toMatchObject({
      state: 'DONE',
      total: recompute.total,
      done: recompute.total,
      moved: 25,
    });
    const due = new Date(clock.now().getTime() + 2 * HOUR).toISOString();
    for (const { id } of tickets)
      expect(await slaOf(id)).toMatchObject({ resolution: { dueAt: due }, recompute: null });
    expect(RECOMPUTE).toContain('moved');
    await changePolicy(server, 'SHIPMENT_QUERY', { resolution: 'P1D' });
    await server.sweep();
  });

  test('a ticket that was entered while the change was made is found by the second look', async () => {
    const ticket = await open('INQUIRY');
    await changePolicy(server, 'INQUIRY', { resolution: 'PT1H' });
    // As if the command that entered it had read the old terms and committed after the first look.
    await server.services.database.query(sql`
      delete from ticket_sla_term s using ticket t where t.id = s.ticket_id and t.number = ${ticket.number}
        and s."from" >= (select max("from") from ticket_sla_term x where x.ticket_id = t.id)
        and exists (select 1 from ticket_sla_term y where y.ticket_id = t.id and y.id <> s.id and y."from" <= s."from" and y.id < s.id)`);
    clock.advance(31_000);
    await server.sweep();
    const terms = await server.services.database.query<{ code: string }>(sql`
      select p.code || ' ' || p.revision as code from ticket_sla_term s join ticket t on t.id = s.ticket_id join sla_policy p on p.id = s.sla_policy_id
      where t.number = ${ticket.number} order by s."from", s.id`);
    expect(terms.map(({ code }) => code)).toEqual(['INQUIRY 1', 'INQUIRY 2']);
    await changePolicy(server, 'INQUIRY', { resolution: 'P1D' });
  });

  test('takes as many statements for many tickets as for few', async () => {
    const setting = await mutate(
      server,
      'ADMIN',
      'settingPropose',
      { key: 'sla.recomputeBatch', value: 500, reason: 'Many.' },
      'settingChange { id }',
    );
    await mutate(server, 'HEAD', 'settingDecide', {
      settingChangeId: setting.settingChange.id,
      approve: true,
      reason: 'Yes.',
    });
    await server.sweep();
    const change = async (resolution: string) => {
      const { policy } = await mutate(
        server,
        'ADMIN',
        'slaPolicyPropose',
        { code: 'INQUIRY', resolution, reason: 'x', expectedVersion: await version() },
        POLICY,
      );
      return server.statementsDuring(() =>
        mutate(server, 'HEAD', 'slaPolicyDecide', { policyId: policy.id, approve: true, reason: 'x' }),
      );
    };
    const version = async () => {
      const { data } = await server.gql(
        'HEAD',
        '{ slaPolicies(where: { code: { eq: "INQUIRY" }, isInForce: { eq: true } }) { edges { node { version } } } }',
      );
      return data.slaPolicies.edges[0].node.version;
    };
    await open('INQUIRY');
    const few = await change('PT5H');
    for (let i = 0; i < 12; i++) await open('INQUIRY');
    expect(await change('PT6H')).toBe(few);
    await change('P1D');
  });
});
