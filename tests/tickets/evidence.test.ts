import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { attachFile, SAMPLES } from '../support/files.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { departments, people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let database: FreshDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
}, 60_000);
beforeEach(() => server.clock.set(MONDAY_9));
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const TICKET = `ticket { id status version special disputed noRecordingReason letter letterAttachment { id }
  history { action changes } viewerCan { action allowed } }`;

function act(name: string, input: object) {
  return mutate(server, 'CS_SUPERVISOR', name, input, TICKET);
}

/** Opens a complaint and takes it to its investigation. */
async function investigated(facts: object = {}): Promise<string> {
  const customer = await makeCustomer(server);
  const { ticket, ...error } = await act('ticketOpen', {
    category: 'COMPLAINT',
    subject: '破损',
    content: '外包装破损',
    channel: 'PHONE',
    callerName: '李雷',
    callerPhone: '13900000000',
    customerId: customer.nodeId,
    ...facts,
  });
  if (!ticket) throw new Error(JSON.stringify(error));
  await act('ticketAcknowledge', { ticketId: ticket.id, promise: 'By tomorrow.' });
  await act('ticketInvestigate', { ticketId: ticket.id });
  return ticket.id;
}

function setResponsibility(ticketId: string) {
  return act('ticketSetResponsibility', {
    ticketId,
    liability: 'COMPANY',
    responsibleDepartmentId: departments.OPERATIONS.nodeId,
  });
}

function resolve(ticketId: string, facts: object = {}) {
  return act('ticketResolve', {
    ticketId,
    resolution: '已赔付',
    writtenNoticeSentAt: server.clock.now().toISOString(),
    ...facts,
  });
}

function close(ticketId: string) {
  return act('ticketClose', {
    ticketId,
    respectContactById: people.HEAD.nodeId,
    respectContactAt: server.clock.now().toISOString(),
    rootCause: 'DAMAGE',
    lesson: '加固包装',
  });
}

/** From its investigation to the step before it is resolved. */
async function planned(ticketId: string, serious = true): Promise<void> {
  await setResponsibility(ticketId);
  await act('ticketProposePlan', { ticketId, plan: '赔付' });
  if (serious) await mutate(server, 'HEAD', 'ticketApprovePlan', { ticketId });
}

function attachCall(ticketId: string): Promise<string> {
  return attachFile(
    server,
    'CS_SUPERVISOR',
    ticketId,
    { kind: 'CALL_RECORDING', fileName: '来电.amr' },
    SAMPLES.amr,
  );
}

function attachLetter(ticketId: string): Promise<string> {
  return attachFile(server, 'CS_SUPERVISOR', ticketId);
}

describe('The recording of the call (TIC-10)', () => {
  test('[TIC-10] of a special or disputed ticket is there, or a reason why not, and is kept for 24 months', async () => {
    const [recorded, excused] = [
      await investigated({ special: true }),
      await investigated({ disputed: true }),
    ];
    for (const id of [recorded, excused]) {
      expect((await setResponsibility(id)).__typename).toBe('InvalidInput');
    }
    const call = await attachCall(recorded);
    await act('ticketMark', { ticketId: excused, noRecordingReason: '客户不同意录音' });
    for (const id of [recorded, excused]) {
      expect((await setResponsibility(id)).ticket.status).toBe('RESPONSIBILITY_SET');
    }
    const removed = () =>
      server.gql('HEAD', 'query ($id: ID!) { node(id: $id) { ... on Attachment { removedAt } } }', {
        id: call,
      });
    server.clock.set('2028-11-23T00:59:59.999Z');
    await server.sweep();
    expect((await removed()).data.node.removedAt).toBeNull();
    server.clock.set('2028-11-23T01:00:00.000Z');
    await server.sweep();
    expect((await removed()).data.node.removedAt).toBe('2028-11-23T01:00:00.000Z');
  });

  test.each([{ special: true }, { disputed: true }, { special: true, disputed: true }])(
    'is needed before responsibility is decided where the ticket is %o',
    async (facts) => {
      const id = await investigated(facts);
      const refused = await setResponsibility(id);
      expect(pathsOf(refused)).toEqual(['ticketId']);
      expect(refused.message).toContain('CALL_RECORDING');
      // Another kind of attachment is no recording.
      await attachLetter(id);
      expect((await setResponsibility(id)).__typename).toBe('InvalidInput');
      await attachCall(id);
      expect((await setResponsibility(id)).ticket.status).toBe('RESPONSIBILITY_SET');
    },
  );

  test('or the reason why there is none, given at the opening or later', async () => {
    const opened = await investigated({ disputed: true, noRecordingReason: ' 客户不同意录音 ' });
    const { ticket } = await setResponsibility(opened);
    expect(ticket).toMatchObject({ status: 'RESPONSIBILITY_SET', noRecordingReason: '客户不同意录音' });
    const later = await investigated({ disputed: true });
    expect((await setResponsibility(later)).__typename).toBe('InvalidInput');
    await act('ticketMark', { ticketId: later, noRecordingReason: '来信投诉' });
    expect((await setResponsibility(later)).ticket.status).toBe('RESPONSIBILITY_SET');
  });

  test('is not asked of other tickets', async () => {
    expect((await setResponsibility(await investigated())).ticket.status).toBe('RESPONSIBILITY_SET');
  });

  test('that was removed counts no more, one whose retention ended does', async () => {
    const id = await investigated({ disputed: true });
    const attachmentId = await attachCall(id);
    await mutate(server, 'CS_SUPERVISOR', 'attachmentRemove', {
      attachmentId,
      reason: 'x',
      expectedVersion: 1,
    });
    expect((await setResponsibility(id)).__typename).toBe('InvalidInput');
    await attachCall(id);
    server.clock.set('2028-11-23T01:00:00.000Z');
    await server.sweep();
    expect((await setResponsibility(id)).ticket.status).toBe('RESPONSIBILITY_SET');
  });

  test('is asked for again before closing: a ticket can become disputed late', async () => {
    const id = await investigated();
    await planned(id, false);
    await resolve(id);
    await act('ticketFollowUp', { ticketId: id, result: 'SATISFIED' });
    await act('ticketMark', { ticketId: id, disputed: true });
    expect(pathsOf(await close(id))).toEqual(['ticketId']);
    await act('ticketMark', { ticketId: id, noRecordingReason: '录音设备故障' });
    expect((await close(id)).ticket.status).toBe('CLOSED');
  });

  test('is asked of an inquiry before it is closed', async () => {
    const { nodeId } = await makeTicket(server, { category: 'INQUIRY', status: 'ANSWERED', special: true });
    expect(pathsOf(await act('ticketClose', { ticketId: nodeId }))).toEqual(['ticketId']);
    await attachCall(nodeId);
    expect((await act('ticketClose', { ticketId: nodeId })).ticket.status).toBe('CLOSED');
  });
});

describe('ticketMark', () => {
  test('changes what it is given, and says so in the history', async () => {
    const id = await investigated({ special: true });
    const { ticket } = await act('ticketMark', { ticketId: id, disputed: true });
    expect(ticket).toMatchObject({ special: true, disputed: true, noRecordingReason: null });
    expect(ticket.history.at(-1)).toEqual({ action: 'MARK', changes: { disputed: [false, true] } });
    const reason = await act('ticketMark', { ticketId: id, special: false, noRecordingReason: '来信' });
    expect(reason.ticket).toMatchObject({ special: false, disputed: true, noRecordingReason: '来信' });
    const taken = await act('ticketMark', { ticketId: id, noRecordingReason: null });
    expect(taken.ticket.noRecordingReason).toBeNull();
  });

  test('needs something to change, the version that was read, and an open ticket', async () => {
    const id = await investigated();
    expect(pathsOf(await act('ticketMark', { ticketId: id }))).toEqual(['special']);
    const long = { ticketId: id, noRecordingReason: '长'.repeat(501) };
    expect(pathsOf(await act('ticketMark', long))).toEqual(['noRecordingReason']);
    const stale = { ticketId: id, special: true, expectedVersion: 1 };
    expect((await act('ticketMark', stale)).__typename).toBe('StaleVersion');
    const closed = await makeTicket(server, { status: 'CLOSED' });
    expect((await act('ticketMark', { ticketId: closed.nodeId, special: true })).__typename).toBe(
      'IllegalTransition',
    );
  });
});

describe('The letter of a serious complaint (TIC-20)', () => {
  test('is needed when it is resolved, and kept', async () => {
    const id = await investigated({ severity: 'SERIOUS' });
    await planned(id);
    const refused = await resolve(id);
    expect(pathsOf(refused)).toEqual(['letter']);
    expect(refused.message).toContain('TIC-20');
    const { ticket } = await resolve(id, { letter: ' 尊敬的客户：已赔付。 ' });
    expect(ticket).toMatchObject({
      status: 'RESOLVED',
      letter: '尊敬的客户：已赔付。',
      letterAttachment: null,
    });
  });

  test('can be an attachment that is named', async () => {
    const id = await investigated({ severity: 'SERIOUS' });
    await planned(id);
    const [first] = [await attachLetter(id), await attachLetter(id)];
    const { ticket } = await resolve(id, { letterAttachmentId: first });
    expect(ticket).toMatchObject({ status: 'RESOLVED', letter: null, letterAttachment: { id: first } });
    const removed = await mutate(server, 'HEAD', 'attachmentRemove', {
      attachmentId: first,
      reason: 'x',
      expectedVersion: 1,
    });
    expect(removed).toMatchObject({ __typename: 'IllegalTransition', from: 'IN_USE' });
  });

  test('is the newest LETTER attached where none is named', async () => {
    const id = await investigated({ severity: 'SERIOUS' });
    await planned(id);
    await attachLetter(id);
    server.clock.advance(60_000);
    const newest = await attachLetter(id);
    expect((await resolve(id)).ticket.letterAttachment).toEqual({ id: newest });
  });

  test('is no recording, no removed letter and no letter of another ticket', async () => {
    const [id, other] = [await investigated({ severity: 'SERIOUS' }), await investigated()];
    await planned(id);
    const call = await attachCall(id);
    const strange = await attachLetter(other);
    const removed = await attachLetter(id);
    const removal = { attachmentId: removed, reason: 'x', expectedVersion: 1 };
    await mutate(server, 'CS_SUPERVISOR', 'attachmentRemove', removal);
    for (const letterAttachmentId of [call, strange, removed]) {
      expect(pathsOf(await resolve(id, { letterAttachmentId }))).toEqual(['letterAttachmentId']);
    }
    expect(pathsOf(await resolve(id))).toEqual(['letter']);
    expect(pathsOf(await resolve(id, { letter: '长'.repeat(20_001) }))).toEqual(['letter']);
  });

  test('is a new one after a reopening', async () => {
    const id = await investigated({ severity: 'SERIOUS' });
    await planned(id);
    const first = await attachLetter(id);
    await resolve(id);
    server.clock.advance(3_600_000);
    const reopened = await act('ticketFollowUp', { ticketId: id, result: 'NOT_SATISFIED' });
    expect(reopened.ticket.letterAttachment).toBeNull();
    await planned(id);
    expect(pathsOf(await resolve(id))).toEqual(['letter']);
    const second = await attachLetter(id);
    expect((await resolve(id)).ticket.letterAttachment).toEqual({ id: second });
    expect(second).not.toBe(first);
  });

  test('is kept for a general complaint where it is given, and not asked for', async () => {
    const [plain, lettered] = [await investigated(), await investigated()];
    for (const id of [plain, lettered]) await planned(id, false);
    expect((await resolve(plain)).ticket.letter).toBeNull();
    expect((await resolve(lettered, { letter: '已赔付' })).ticket.letter).toBe('已赔付');
  });
});
