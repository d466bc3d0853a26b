import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount } from '../support/factories.ts';
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
// Each test a day later: the limits of one do not come due in the next.
beforeEach(() => clock.advance(30 * DAY));

const PERSON = '{ id }';
const TICKET = `ticket {
  id number status severity registeredOnTime subject content channel callerName callerPhone shipmentNumber
  claim { amount } points { number text } writtenNoticeSentAt acknowledgedAt promise promiseMadeAt callbackPhone phoneNoticeAt escalationLevel
  failureResponsible ${PERSON} respectDelegate ${PERSON} respectDelegatedBy ${PERSON} respectContactBy ${PERSON}
  opinion opinionBy ${PERSON} ledgerMissing
  escalations { id level reason acknowledgeDueAt acknowledgedAt persons { employee ${PERSON} } }
  replies { id state isAutomatic isProgressNotice template body author ${PERSON} reviewedBy ${PERSON} reviewNote at }
  reminders { to ${PERSON} by ${PERSON} text dueAt answeredAt }
  reports { cycle at author ${PERSON} rootCause liability department { code } action result lesson satisfaction }
  sla { acknowledge { state } progress { dueAt } }
  history { action to note at actor ${PERSON} }
}`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, TICKET);
}

async function must(caller: Caller, name: string, input: object) {
  const { ticket, ...error } = await act(caller, name, input);
  if (!ticket) throw new Error(`${name}: ${JSON.stringify(error)}`);
  return ticket;
}

async function openComplaint(facts: object = {}, customerFacts: Parameters<typeof makeCustomer>[1] = {}) {
  const customer = await makeCustomer(server, { grade: 'B', ...customerFacts });
  return must('CS_AGENT', 'ticketOpen', {
    category: 'COMPLAINT',
    subject: 'Two days late',
    content: 'The parcel came two days late.',
    channel: 'PHONE',
    callerName: 'Li Lei',
    callerPhone: '13900000000',
    customerId: customer.nodeId,
    ...facts,
  });
}

/** Takes a complaint from RECEIVED to FOLLOW_UP with a happy customer. */
async function settle(ticketId: string, severity = 'GENERAL', cause: string | null = 'DELAY') {
  await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'An answer by tomorrow.' });
  await must('CS_SUPERVISOR', 'ticketDispatch', { ticketId, departmentIds: [departments.OPERATIONS.nodeId] });
  await must('CS_SUPERVISOR', 'ticketSetResponsibility', {
    ticketId,
    liability: 'COMPANY',
    responsibleDepartmentId: departments.OPERATIONS.nodeId,
    ...(cause ? { rootCause: cause } : {}),
  });
  await must('CS_SUPERVISOR', 'ticketProposePlan', { ticketId, plan: 'Pay back the freight.' });
  if (severity === 'SERIOUS') await must('HEAD', 'ticketApprovePlan', { ticketId });
  await must('CS_SUPERVISOR', 'ticketResolve', {
    ticketId,
    resolution: 'Paid back.',
    writtenNoticeSentAt: clock.now().toISOString(),
    letter: 'Dear customer, we have paid back the freight.',
  });
  return must('CS_SUPERVISOR', 'ticketFollowUp', { ticketId, result: 'SATISFIED' });
}

function closing(ticketId: string, respectContactById: string) {
  return {
    ticketId,
    respectContactById,
    respectContactAt: clock.now().toISOString(),
    rootCause: 'DELAY',
    lesson: 'Call before the weekend.',
  };
}

async function eventsOf(kind: string, number?: string) {
  await server.settled();
  return server.services.database.query<{
    audience: { roles?: string[]; employees?: string[] };
    payload: Record<string, unknown>;
    severity: string;
  }>(sql`
    select audience, payload, severity from event
    where kind = ${kind} and (${number ?? null}::text is null or payload ->> 'ticketNumber' = ${number ?? null})
    order by seq`);
}

describe('taking a complaint up', () => {
  test('[TIC-04] [FRM-06] a complaint is entered on its form by whoever takes it, told at once, and known as late after 15 minutes', async () => {
    const minutes = (count: number) => new Date(clock.now().getTime() - count * 60_000).toISOString();
    const customer = await makeCustomer(server, { grade: 'B' });
    const form = {
      category: 'COMPLAINT',
      channel: 'ON_SITE',
      subject: 'Three boxes',
      content: 'Three boxes are broken.',
      points: ['Three boxes', 'The driver laughed'],
      shipmentNumber: 'W1',
      claimAmount: '300.00',
      callerName: 'Li Lei',
      callerPhone: '13900000000',
      customerId: customer.nodeId,
      openedAt: minutes(15),
    };
    for (const [field, path] of [
      ['customerId', 'customerId'],
      ['callerName', 'callerName'],
      ['callerPhone', 'callerPhone'],
    ] as const) {
      expect(pathsOf(await act('CS_AGENT', 'ticketOpen', { ...form, [field]: null }))).toEqual([path]);
    }
    expect(pathsOf(await act('CS_AGENT', 'ticketOpen', { ...form, content: ' ' }))).toEqual(['content']);
    const opened = await must('CS_AGENT', 'ticketOpen', form);
    const { category: _, customerId: __, openedAt: ___, claimAmount, points, ...kept } = form;
    expect(opened).toMatchObject({
      ...kept,
      status: 'RECEIVED',
      claim: { amount: claimAmount },
      points: points.map((text, index) => ({ number: index + 1, text })),
      registeredOnTime: true,
    });
    const late = await must('CS_AGENT', 'ticketOpen', { ...form, openedAt: minutes(15 + 1 / 60) });
    expect(late.registeredOnTime).toBe(false);
    expect(await eventsOf('COMPLAINT_OPENED', opened.number)).toMatchObject([
      { severity: 'INFO', audience: { roles: ['CS_SUPERVISOR'] } },
    ]);
  });

  test('[TIC-09] a complaint is acknowledged with the promise made, and when it was made', async () => {
    const { id } = await openComplaint();
    for (const promise of [undefined, '  ']) {
      const refused = await act('CS_AGENT', 'ticketAcknowledge', { ticketId: id, promise });
      expect(pathsOf(refused)).toEqual(['promise']);
    }
    clock.advance(5 * 60_000);
    const taken = await must('CS_AGENT', 'ticketAcknowledge', { ticketId: id, promise: 'A call by noon.' });
    expect(taken).toMatchObject({
      status: 'ACKNOWLEDGED',
      promise: 'A call by noon.',
      promiseMadeAt: clock.now().toISOString(),
    });
    expect(taken.history.at(-1)).toMatchObject({ action: 'ACKNOWLEDGE', note: 'A call by noon.' });
  });

  test.each(['LETTER', 'EMAIL'])(
    '[TIC-11] a %s is acknowledged at once and asks for a phone number, without which nothing is investigated',
    async (channel) => {
      const opened = await openComplaint({ channel, callerPhone: null });
      expect(opened).toMatchObject({
        status: 'RECEIVED',
        acknowledgedAt: clock.now().toISOString(),
        sla: { acknowledge: { state: 'MET' } },
      });
      expect(opened.replies).toMatchObject([
        { isAutomatic: true, template: 'CONTACT_RECEIVED', state: 'SENT', author: null },
      ]);
      expect(opened.replies[0].body).toContain(opened.number);
      expect(opened.replies[0].body).toMatch(/电话号码[\s\S]*phone number/);
      const ticketId = opened.id;
      await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'An answer by tomorrow.' });
      const departmentIds = [departments.OPERATIONS.nodeId];
      for (const [name, input] of [
        ['ticketInvestigate', { ticketId }],
        ['ticketDispatch', { ticketId, departmentIds }],
        ['ticketAssign', { ticketId, assigneeId: people.CS_AGENT.nodeId }],
      ] as const) {
        expect(pathsOf(await act('CS_SUPERVISOR', name, input)), name).toEqual(['callbackPhone']);
      }
      // The writer has answered with a number.
      expect(
        await must('CS_AGENT', 'ticketInvestigate', { ticketId, callbackPhone: '13900000000' }),
      ).toMatchObject({ status: 'INVESTIGATING', callbackPhone: '13900000000' });
      const other = await openComplaint({ channel, callerPhone: null });
      await must('CS_AGENT', 'ticketAcknowledge', {
        ticketId: other.id,
        promise: 'An answer by letter.',
        unreachableReason: 'The sender gave no number and no address but a post box.',
      });
      expect((await must('CS_AGENT', 'ticketInvestigate', { ticketId: other.id })).status).toBe(
        'INVESTIGATING',
      );
    },
  );

  test('a complaint by phone is acknowledged by nobody but a person', async () => {
    expect(await openComplaint()).toMatchObject({ acknowledgedAt: null, replies: [] });
  });
});

describe('messages to the customer', () => {
  test('[TIC-13] begin with templates; about a serious complaint CS_SUPERVISOR reads them before they go out', async () => {
    const ticketId = (await openComplaint({ severity: 'SERIOUS' })).id;
    const before = await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'A call by noon.' });
    clock.advance(HOUR);
    const notice = {
      ticketId,
      templateCode: 'PROGRESS_NOTICE',
      templateInEnglish: true,
      body: 'On its way.',
    };
    const waiting = await must('CS_AGENT', 'ticketReply', { ...notice, isProgressNotice: true });
    const [reply] = waiting.replies;
    expect(reply).toMatchObject({
      state: 'PENDING_REVIEW',
      template: 'PROGRESS_NOTICE',
      isProgressNotice: true,
    });
    expect(reply.body).toBe(
      `Dear customer, about ${before.number}, "Two days late", this is how it stands:\n\nOn its way.`,
    );
    expect(waiting.sla.progress.dueAt).toBe(before.sla.progress.dueAt);
    const list = '{ tickets(where: { awaitsReview: { eq: true } }) { edges { node { id } } } }';
    expect((await server.gql('CS_SUPERVISOR', list)).data.tickets.edges).toEqual([
      { node: { id: ticketId } },
    ]);

    const review = { replyId: reply.id, approve: true };
    expect(await act('CS_AGENT', 'ticketReplyReview', review)).toMatchObject({
      __typename: 'Forbidden',
      required: ['CS_SUPERVISOR', 'HEAD'],
    });
    expect(await act('HR', 'ticketReplyReview', review)).toMatchObject({ __typename: 'NotFound' });
    expect(pathsOf(await act('CS_SUPERVISOR', 'ticketReplyReview', { ...review, approve: false }))).toEqual([
      'note',
    ]);
    clock.advance(HOUR);
    const sent = await must('CS_SUPERVISOR', 'ticketReplyReview', review);
    expect(sent.replies[0]).toMatchObject({
      state: 'SENT',
      at: clock.now().toISOString(),
      reviewedBy: { id: people.CS_SUPERVISOR.nodeId },
    });
    expect(Date.parse(sent.sla.progress.dueAt) - clock.now().getTime()).toBe(12 * HOUR);
    expect((await act('CS_SUPERVISOR', 'ticketReplyReview', review)).__typename).toBe('IllegalTransition');

    const blunt = await must('CS_AGENT', 'ticketReply', { ticketId, body: 'Not our fault.' });
    const refused = await must('CS_SUPERVISOR', 'ticketReplyReview', {
      replyId: blunt.replies[1].id,
      approve: false,
      note: 'Begin with an apology.',
    });
    expect(refused.replies[1]).toMatchObject({ state: 'REFUSED', reviewNote: 'Begin with an apology.' });
    const own = await must('CS_SUPERVISOR', 'ticketReply', { ticketId, body: 'We are sorry.' });
    expect(own.replies.at(-1).state).toBe('SENT');
    const general = await must('CS_AGENT', 'ticketReply', {
      ticketId: (await openComplaint()).id,
      body: 'We look into it.',
    });
    expect(general.replies[0].state).toBe('SENT');
  });

  test('[TIC-19] a progress notice is owed every 24 hours until the complaint is settled, and a missing one is told', async () => {
    const { id: ticketId, number } = await openComplaint();
    await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'A call by noon.' });
    const owed = async (hours: number) => {
      clock.advance(hours * HOUR);
      await server.sweep();
      return (await eventsOf('COMPLAINT_PROGRESS_NOTICE_DUE', number)).length;
    };
    expect([await owed(24 - 1 / HOUR), await owed(1 / HOUR), await owed(1)]).toEqual([0, 1, 1]);
    const told = await must('CS_AGENT', 'ticketReply', { ticketId, body: 'Found.', isProgressNotice: true });
    expect(Date.parse(told.sla.progress.dueAt) - clock.now().getTime()).toBe(24 * HOUR);
    expect([await owed(24 - 1 / HOUR), await owed(1 / HOUR)]).toEqual([1, 2]);
    const { id: settled, number: settledNumber } = await openComplaint();
    await settle(settled);
    await owed(72);
    expect(await eventsOf('COMPLAINT_PROGRESS_NOTICE_DUE', settledNumber)).toEqual([]);
  });

  test('the library is kept by CS_SUPERVISOR and HEAD, and read by those who read tickets', async () => {
    const template = { code: 'RAIN_DELAY', title: 'Rain', body: '因暴雨延误。', bodyEn: 'Delayed by rain.' };
    const set = (caller: Caller, facts: object = {}) =>
      mutate(
        server,
        caller,
        'replyTemplateSet',
        { ...template, ...facts },
        'template { code version isActive }',
      );
    expect((await set('CS_AGENT')).__typename).toBe('Forbidden');
    expect(pathsOf(await set('HEAD', { code: 'rain', body: ' ' }))).toEqual(['code', 'body']);
    expect((await set('CS_SUPERVISOR')).template).toEqual({ code: 'RAIN_DELAY', version: 1, isActive: true });
    expect(await set('HEAD', { isActive: false, expectedVersion: 1 })).toMatchObject({
      template: { version: 2, isActive: false },
    });
    expect((await set('HEAD', { expectedVersion: 1 })).__typename).toBe('StaleVersion');
    const { id: ticketId } = await openComplaint();
    expect(pathsOf(await act('CS_AGENT', 'ticketReply', { ticketId, templateCode: 'RAIN_DELAY' }))).toEqual([
      'templateCode',
    ]);
    const codes = async (caller: Caller) =>
      (await server.gql(caller, '{ replyTemplates { code } }')).data.replyTemplates.length;
    expect([await codes('CS_AGENT'), await codes('HR')]).toEqual([5, 0]);
  });
});

describe('who answers, and who is pushed', () => {
  test('[TIC-16] who held the open step answers for a missed limit, until HEAD corrects it', async () => {
    const { id: ticketId, number } = await openComplaint({ severity: 'SERIOUS' });
    const correction = { ticketId, employeeId: people.OPERATIONS.nodeId, reason: 'The depot lost the file.' };
    expect((await act('HEAD', 'ticketSetFailureResponsible', correction)).__typename).toBe(
      'IllegalTransition',
    );
    const other = await openComplaint();
    await must('CS_AGENT', 'ticketAcknowledge', { ticketId: other.id, promise: 'A call.' });
    clock.advance(25 * HOUR);
    await server.sweep();
    const missed = async (id: string) =>
      (await must('CS_SUPERVISOR', 'ticketReply', { ticketId: id, body: 'Sorry.' })).failureResponsible.id;
    // Nobody handled the first one: who coordinates its queue. The other one's handler had let the plan wait.
    expect(await missed(ticketId)).toBe(people.CS_SUPERVISOR.nodeId);
    expect(await missed(other.id)).toBe(people.CS_AGENT.nodeId);
    expect((await eventsOf('COMPLAINT_OVERDUE', number))[0]?.payload).toMatchObject({
      failureResponsibleId: people.CS_SUPERVISOR.id,
    });
    expect((await act('CS_SUPERVISOR', 'ticketSetFailureResponsible', correction)).required).toEqual([
      'HEAD',
    ]);
    const corrected = await must('HEAD', 'ticketSetFailureResponsible', correction);
    expect(corrected.failureResponsible.id).toBe(people.OPERATIONS.nodeId);
    expect(corrected.history.at(-1)).toMatchObject({
      action: 'SET_FAILURE_RESPONSIBLE',
      note: 'The depot lost the file.',
    });
  });

  test('[TIC-16] HEAD answers for a decision that came too late', async () => {
    const { id: ticketId } = await openComplaint({ severity: 'SERIOUS' });
    await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'A call.' });
    await must('CS_SUPERVISOR', 'ticketDispatch', {
      ticketId,
      departmentIds: [departments.OPERATIONS.nodeId],
    });
    await must('CS_SUPERVISOR', 'ticketSetResponsibility', {
      ticketId,
      liability: 'COMPANY',
      responsibleDepartmentId: departments.OPERATIONS.nodeId,
    });
    await must('CS_SUPERVISOR', 'ticketProposePlan', { ticketId, plan: 'Pay back.' });
    clock.advance(4 * HOUR);
    await server.sweep();
    const { failureResponsible } = await must('CS_SUPERVISOR', 'ticketReply', { ticketId, body: 'Soon.' });
    expect(failureResponsible.id).toBe(people.HEAD.nodeId);
  });

  test('[TIC-31] two reminders without a reaction escalate; a reaction begins the count anew', async () => {
    const { id: ticketId } = await openComplaint();
    const remind = () =>
      must('CS_SUPERVISOR', 'ticketRemind', { ticketId, toId: people.CS_AGENT.nodeId, text: 'Please call.' });
    await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'A call.' });
    const level = async () => {
      clock.advance(4 * HOUR);
      await server.sweep();
      const { data } = await server.gql(
        'CS_SUPERVISOR',
        'query ($id: ID!) { node(id: $id) { ... on Ticket { escalationLevel reminders { answeredAt } escalations { reason } } } }',
        { id: ticketId },
      );
      return data.node;
    };
    clock.advance(60_000);
    const reminded = await remind();
    expect(reminded.reminders).toMatchObject([
      {
        to: { id: people.CS_AGENT.nodeId },
        by: { id: people.CS_SUPERVISOR.nodeId },
        dueAt: new Date(clock.now().getTime() + 4 * HOUR).toISOString(),
        answeredAt: null,
      },
    ]);
    expect((await level()).escalationLevel).toBeNull();
    clock.advance(60_000);
    await must('CS_AGENT', 'ticketReply', { ticketId, body: 'I have called.' });
    clock.advance(60_000);
    await remind();
    expect((await level()).escalationLevel).toBeNull();
    await remind();
    const escalated = await level();
    expect(escalated.escalationLevel).toBe('L1');
    expect(escalated.escalations).toEqual([{ reason: 'REMINDERS_UNANSWERED' }]);
    expect(
      escalated.reminders.map(({ answeredAt }: { answeredAt: string | null }) => answeredAt !== null),
    ).toEqual([true, false, false]);
    const self = { ticketId, toId: people.CS_SUPERVISOR.nodeId, text: 'x' };
    expect(pathsOf(await act('CS_SUPERVISOR', 'ticketRemind', self))).toEqual(['toId']);
  });

  test('[TIC-27] the account manager is copied, may give an opinion though the ticket is read-only, and the ledger tells what it lacks', async () => {
    const opened = await openComplaint({}, { ownerId: people.SALES_REP.id });
    const ticketId = opened.id;
    expect((await eventsOf('COMPLAINT_OPENED', opened.number))[0]?.audience.employees).toContain(
      people.SALES_REP.id,
    );
    expect(opened.ledgerMissing).toEqual(['OPINION', 'HANDLING', 'FEEDBACK']);
    const opinion = { ticketId, opinion: 'They will leave if it happens again.' };
    expect((await act('SALES_REP', 'ticketReply', { ticketId, body: 'x' })).__typename).toBe('Forbidden');
    expect((await act('SALES_REP_2', 'ticketGiveOpinion', opinion)).__typename).toBe('NotFound');
    expect((await act('CS_SUPERVISOR', 'ticketGiveOpinion', opinion)).__typename).toBe('Forbidden');
    expect(await must('SALES_REP', 'ticketGiveOpinion', opinion)).toMatchObject({
      opinion: opinion.opinion,
      opinionBy: { id: people.SALES_REP.nodeId },
      ledgerMissing: ['HANDLING', 'FEEDBACK'],
    });
    expect((await settle(ticketId)).ledgerMissing).toEqual([]);
  });
});

describe('the ladder as a contract', () => {
  test('a level says by when somebody takes note, and goes up when nobody does', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    await makeKeyAccount(server, { customerId: customer.id });
    const { id: ticketId, number } = await openComplaint({
      customerId: customer.nodeId,
      claimAmount: '2500.00',
      openedAt: clock.now().toISOString(),
    });
    const { escalations } = await must('CS_SUPERVISOR', 'ticketEscalate', {
      ticketId,
      level: 'L1',
      note: 'Help.',
    });
    expect(escalations).toMatchObject([
      { level: 'L1', acknowledgeDueAt: new Date(clock.now().getTime() + 8 * HOUR).toISOString() },
    ]);
    expect(escalations[0].persons.length).toBeGreaterThan(0);
    const [raised] = await eventsOf('COMPLAINT_ESCALATED', number);
    expect(raised?.payload).toMatchObject({
      complaintSeverity: 'GENERAL',
      claimAmount: '2500.00',
      customerGrade: 'B',
      isKeyAccount: true,
    });
    // The limits would go up by themselves: they are out of the way, so that only silence counts.
    await server.services.database.query(sql`
      update obligation set next_at = null where kind <> 'ESCALATION_ACKNOWLEDGE' returning 1 as done`);
    const levelAfter = async (hours: number) => {
      clock.advance(hours * HOUR);
      await server.sweep();
      const { data } = await server.gql(
        'HEAD',
        'query ($id: ID!) { node(id: $id) { ... on Ticket { escalations { id level reason } } } }',
        { id: ticketId },
      );
      return data.node.escalations as { id: string; level: string; reason: string }[];
    };
    expect((await levelAfter(8 - 1 / HOUR)).at(-1)?.level).toBe('L1');
    const second = (await levelAfter(1 / HOUR)).at(-1);
    expect(second).toMatchObject({ level: 'L2', reason: 'NOT_ACKNOWLEDGED' });
    await must('HEAD', 'escalationAcknowledge', { escalationId: second?.id });
    expect((await levelAfter(100)).at(-1)?.level).toBe('L2');
    expect(await eventsOf('COMPLAINT_ESCALATED', number)).toHaveLength(2);
  });
});

describe('the end of a complaint', () => {
  test('[TIC-22] HEAD, whom HEAD sent, or the handler’s superior speaks with the customer, and nobody else', async () => {
    const { id: ticketId } = await openComplaint();
    await settle(ticketId);
    const close = (by: keyof typeof people) =>
      act('CS_SUPERVISOR', 'ticketClose', closing(ticketId, people[by].nodeId));
    for (const by of ['CS_AGENT', 'OPERATIONS', 'DEPUTY'] as const)
      expect(pathsOf(await close(by)), by).toEqual(['respectContactById']);
    const send = { ticketId, employeeId: people.DEPUTY.nodeId };
    expect((await act('CS_SUPERVISOR', 'ticketDelegateRespectContact', send)).required).toEqual(['HEAD']);
    expect(await must('HEAD', 'ticketDelegateRespectContact', send)).toMatchObject({
      respectDelegate: { id: people.DEPUTY.nodeId },
      respectDelegatedBy: { id: people.HEAD.nodeId },
    });
    expect((await close('DEPUTY')).ticket).toMatchObject({
      status: 'CLOSED',
      respectContactBy: { id: people.DEPUTY.nodeId },
    });
    for (const by of ['HEAD', 'CS_SUPERVISOR'] as const) {
      const { id } = await openComplaint();
      await settle(id);
      expect((await must('CS_SUPERVISOR', 'ticketClose', closing(id, people[by].nodeId))).status).toBe(
        'CLOSED',
      );
    }
  });

  test('[TIC-24] its report is archived with every closing, and stays as it was', async () => {
    const { id: ticketId } = await openComplaint();
    await settle(ticketId, 'GENERAL', null);
    const { lesson: _, ...without } = closing(ticketId, people.HEAD.nodeId);
    expect(pathsOf(await act('CS_SUPERVISOR', 'ticketClose', without))).toEqual(['lesson']);
    const first = await must('CS_SUPERVISOR', 'ticketClose', closing(ticketId, people.HEAD.nodeId));
    expect(first.reports).toEqual([
      {
        cycle: 0,
        at: clock.now().toISOString(),
        author: { id: people.CS_SUPERVISOR.nodeId },
        rootCause: 'DELAY',
        liability: 'COMPANY',
        department: { code: 'OPERATIONS' },
        action: 'Pay back the freight.',
        result: 'Paid back.',
        lesson: 'Call before the weekend.',
        satisfaction: 'SATISFIED',
      },
    ]);
    clock.advance(DAY);
    const reopened = await must('CS_SUPERVISOR', 'ticketReopen', { ticketId, reason: 'Late again.' });
    expect(reopened.reports).toEqual(first.reports);
  });

  test('[TIC-21] a complaint is told in writing; a call comes beside it, never in its place', async () => {
    const { id: ticketId } = await openComplaint();
    await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'x' });
    await must('CS_AGENT', 'ticketInvestigate', { ticketId });
    const liability = { liability: 'NOT_COMPANY', explanation: 'The address.', customerAgreed: true };
    await must('CS_SUPERVISOR', 'ticketSetResponsibility', { ticketId, ...liability });
    const phoneNoticeAt = clock.now().toISOString();
    const input = { ticketId, resolution: 'Explained.', phoneNoticeAt };
    expect(pathsOf(await act('CS_SUPERVISOR', 'ticketResolve', input))).toEqual(['writtenNoticeSentAt']);
    const tomorrow = new Date(clock.now().getTime() + DAY).toISOString();
    const written = { ...input, writtenNoticeSentAt: phoneNoticeAt };
    expect(
      pathsOf(await act('CS_SUPERVISOR', 'ticketResolve', { ...written, phoneNoticeAt: tomorrow })),
    ).toEqual(['phoneNoticeAt']);
    expect(await must('CS_SUPERVISOR', 'ticketResolve', written)).toMatchObject({
      status: 'RESOLVED',
      writtenNoticeSentAt: phoneNoticeAt,
      phoneNoticeAt,
    });
  });

  test('a customer who was not reached is due again a day later, until the tries are used up (TIC-25)', async () => {
    const { id: ticketId, number } = await openComplaint();
    await settle(ticketId);
    const { id: other, number: otherNumber } = await openComplaint();
    await must('CS_AGENT', 'ticketAcknowledge', { ticketId: other, promise: 'x' });
    await must('CS_AGENT', 'ticketInvestigate', { ticketId: other });
    await must('CS_SUPERVISOR', 'ticketSetResponsibility', {
      ticketId: other,
      liability: 'NOT_COMPANY',
      explanation: 'The address was wrong.',
      customerAgreed: true,
    });
    await must('CS_SUPERVISOR', 'ticketResolve', {
      ticketId: other,
      resolution: 'Explained.',
      writtenNoticeSentAt: clock.now().toISOString(),
      phoneNoticeAt: clock.now().toISOString(),
    });
    const due: number[] = [];
    for (const days of [3, 1, 1, 1]) {
      clock.advance(days * DAY);
      await server.sweep();
      due.push((await eventsOf('COMPLAINT_FOLLOW_UP_DUE', otherNumber)).length);
      if (due.length < 4)
        await must('CS_SUPERVISOR', 'ticketFollowUp', { ticketId: other, result: 'UNREACHABLE' });
    }
    expect(due).toEqual([1, 2, 3, 3]);
    expect(await eventsOf('COMPLAINT_FOLLOW_UP_DUE', number)).toEqual([]);
  });

  test('HEAD and QUALITY hear of a cause that came back five times in 30 days, once (TIC-26)', async () => {
    const told = () => eventsOf('RECURRING_COMPLAINT');
    for (let count = 1; count <= 6; count += 1) {
      const { id } = await openComplaint();
      await settle(id, 'GENERAL', 'BILLING');
      expect(await told(), `after ${count}`).toHaveLength(count >= 5 ? 1 : 0);
    }
    expect((await told())[0]).toMatchObject({
      severity: 'HIGH',
      audience: { roles: ['HEAD', 'QUALITY'] },
      payload: { cause: 'BILLING', count: 5, days: 30 },
    });
  });
});

describe('dispatch', () => {
  async function told(number: string) {
    await server.sweep();
    return server.services.database.query<{ audience: object; payload: object }>(sql`
      select audience, payload from event
      where kind = 'COMPLAINT_NOT_DISPATCHED' and payload->>'ticketNumber' = ${number}`);
  }

  test('[TIC-14] a complaint goes to the departments concerned within two hours, each confirms; one that does not is told once', async () => {
    const forgotten = await openComplaint();
    const passedOn = await openComplaint();
    await must('CS_SUPERVISOR', 'ticketDispatch', {
      ticketId: passedOn.id,
      departmentIds: [departments.OPERATIONS.nodeId, departments.QUALITY.nodeId],
    });
    clock.advance(2 * HOUR - 1000);
    expect(await told(forgotten.number)).toEqual([]);
    clock.advance(1000);
    await server.sweep();
    clock.advance(5 * HOUR);
    expect(await told(forgotten.number)).toEqual([
      {
        audience: expect.objectContaining({ roles: ['CS_SUPERVISOR'] }),
        payload: expect.objectContaining({ ticketNumber: forgotten.number }),
      },
    ]);
    expect(await told(passedOn.number)).toEqual([]);
    // Passed on late, it is with the department all the same.
    await must('CS_SUPERVISOR', 'ticketDispatch', {
      ticketId: forgotten.id,
      departmentIds: [departments.OPERATIONS.nodeId],
    });
    for (const [ticketId, who] of [
      [forgotten.id, 'OPERATIONS'],
      [passedOn.id, 'OPERATIONS'],
      [passedOn.id, 'QUALITY'],
    ] as const) {
      const { history } = await must(who, 'ticketDispatchConfirm', { ticketId });
      expect(history.at(-1)).toMatchObject({ action: 'CONFIRM_DISPATCH', actor: { id: people[who].nodeId } });
    }
    expect(await told(forgotten.number)).toHaveLength(1);
  });
});
