import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { departments, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600_000;

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => server.clock.set(MONDAY_9));

const TICKET = `ticket {
  id number status waitingSince linkedTicket { id } version
  dispatches { department { id } confirmedAt }
  sla { resolution { dueAt state } timeline { from to kind reason } }
  history { action note }
}`;

function act(name: string, input: object, caller: Caller = 'CS_SUPERVISOR') {
  return mutate(server, caller, name, input, TICKET);
}

async function open(category: 'COMPLAINT' | 'INQUIRY' = 'COMPLAINT') {
  const customer = await makeCustomer(server, { grade: 'B' });
  const { ticket } = await act(
    'ticketOpen',
    {
      category,
      channel: 'PHONE',
      subject: 'Two days late',
      content: 'The parcel came two days late.',
      callerName: 'Li Lei',
      callerPhone: '13900000000',
      customerId: customer.nodeId,
    },
    'CS_AGENT',
  );
  return ticket;
}

async function investigated(...to: (keyof typeof departments)[]) {
  const { id: ticketId } = await open();
  await act('ticketAcknowledge', { ticketId, promise: 'By tomorrow.' });
  return (
    await act('ticketDispatch', { ticketId, departmentIds: to.map((code) => departments[code].nodeId) })
  ).ticket;
}

async function kindsOf(number: string): Promise<{ kind: string; departmentId: string | null }[]> {
  await server.settled();
  return server.services.database.query(sql`
    select kind, payload ->> 'departmentId' as "departmentId" from event
    where payload ->> 'ticketNumber' = ${number} order by seq`);
}

async function overdueDispatches(number: string) {
  return (await kindsOf(number))
    .filter(({ kind }) => kind === 'TICKET_DISPATCH_OVERDUE')
    .map(({ departmentId }) => departmentId)
    .sort();
}

describe('a dispatched ticket', () => {
  it('[TIC-18] is confirmed by each department within 4 hours, or CS_SUPERVISOR hears of it once', async () => {
    const ticket = await investigated('OPERATIONS', 'WAREHOUSE', 'QUALITY');
    server.clock.advance(HOUR);
    const confirmed = await act('ticketDispatchConfirm', { ticketId: ticket.id }, 'OPERATIONS');
    expect(confirmed.ticket.dispatches).toEqual(
      expect.arrayContaining([
        { department: { id: departments.OPERATIONS.nodeId }, confirmedAt: server.clock.now().toISOString() },
        { department: { id: departments.WAREHOUSE.nodeId }, confirmedAt: null },
      ]),
    );
    server.clock.advance(3 * HOUR - 1);
    await server.sweep();
    expect(await overdueDispatches(ticket.number)).toEqual([]);
    server.clock.advance(1);
    await server.sweep();
    await server.sweep();
    expect(await overdueDispatches(ticket.number)).toEqual(
      [departments.QUALITY.id, departments.WAREHOUSE.id].sort(),
    );
  });

  it('is confirmed once, and by a department that it was passed to', async () => {
    const { id: ticketId } = await investigated('OPERATIONS');
    expect(await act('ticketDispatchConfirm', { ticketId }, 'CS_SUPERVISOR')).toMatchObject({
      __typename: 'Forbidden',
    });
    expect(await act('ticketDispatchConfirm', { ticketId }, 'HR')).toMatchObject({ __typename: 'NotFound' });
    await act('ticketDispatchConfirm', { ticketId }, 'OPERATIONS');
    expect(await act('ticketDispatchConfirm', { ticketId }, 'OPERATIONS')).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'CONFIRMED',
    });
  });
});

describe('a duplicate', () => {
  it('is cancelled with a link to the ticket that it repeats, and its limits and dispatches with it', async () => {
    const original = await open();
    const duplicate = await investigated('OPERATIONS');
    const cancelled = await act('ticketCancel', {
      ticketId: duplicate.id,
      duplicateOfId: original.id,
      note: 'Called twice.',
    });
    expect(cancelled.ticket).toMatchObject({ status: 'CANCELLED', linkedTicket: { id: original.id } });
    expect(cancelled.ticket.history.at(-1)).toEqual({ action: 'CANCEL', note: 'Called twice.' });
    expect(cancelled.ticket.sla.resolution.state).toBe('CANCELLED');
    const before = await kindsOf(duplicate.number);
    server.clock.advance(30 * 24 * HOUR);
    await server.sweep();
    expect(await kindsOf(duplicate.number)).toEqual(before);
  });

  it('names another ticket, one that the caller may read', async () => {
    const { id: ticketId } = await open();
    expect(pathsOf(await act('ticketCancel', { ticketId, duplicateOfId: ticketId }))).toEqual([
      'duplicateOfId',
    ]);
    expect(await act('ticketCancel', { ticketId, duplicateOfId: globalId('Ticket', newId()) })).toMatchObject(
      { __typename: 'NotFound', path: ['duplicateOfId'] },
    );
  });

  it('is cancelled before responsibility is set, never after', async () => {
    const original = await open();
    const { id: ticketId } = await investigated('OPERATIONS');
    await act('ticketSetResponsibility', {
      ticketId,
      liability: 'COMPANY',
      responsibleDepartmentId: departments.OPERATIONS.nodeId,
    });
    expect(await act('ticketCancel', { ticketId, duplicateOfId: original.id })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'RESPONSIBILITY_SET',
    });
  });
});

describe('waiting for the customer', () => {
  it('never stops the clock of a complaint', async () => {
    const { id: ticketId, sla } = await open();
    const waiting = await act('ticketWait', { ticketId, reason: 'Photographs of the box.' });
    expect(waiting.ticket.waitingSince).toBe(server.clock.now().toISOString());
    expect(waiting.ticket.sla.resolution).toEqual(sla.resolution);
    server.clock.advance(HOUR);
    const resumed = await act('ticketResume', { ticketId });
    expect(resumed.ticket).toMatchObject({ waitingSince: null, sla: { resolution: sla.resolution } });
  });

  it('stops the clock of an inquiry where it is configured, by as long as it lasts', async () => {
    await server.services.database.query(sql`
      insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
      values (${newId()}::uuid, 'sla.pauseWhileWaiting', 'true', ${MONDAY_9}::timestamptz, ${people.ADMIN.id}::uuid,
              ${MONDAY_9}::timestamptz, 'by hand', ${people.HEAD.id}::uuid, ${MONDAY_9}::timestamptz)`);
    await server.settled();
    const { id: ticketId, sla } = await open('INQUIRY');
    const waiting = await act('ticketWait', { ticketId, reason: 'Which city?' });
    expect(waiting.ticket.sla.resolution).toEqual({ dueAt: null, state: 'PAUSED' });
    server.clock.advance(2 * HOUR);
    const { ticket } = await act('ticketResume', { ticketId });
    expect(ticket.sla.resolution.state).toBe('RUNNING');
    expect(ticket.sla.timeline.map(({ kind }: { kind: string }) => kind)).toContain('PAUSED');
    expect(Date.parse(ticket.sla.resolution.dueAt)).toBeGreaterThanOrEqual(
      Date.parse(sla.resolution.dueAt) + 2 * HOUR,
    );
  });

  it('begins with a reason, once, and ends once', async () => {
    const { id: ticketId } = await open();
    expect(pathsOf(await act('ticketWait', { ticketId, reason: ' ' }))).toEqual(['reason']);
    expect(await act('ticketResume', { ticketId })).toMatchObject({ __typename: 'IllegalTransition' });
    await act('ticketWait', { ticketId, reason: 'Photographs.' });
    expect(await act('ticketWait', { ticketId, reason: 'Photographs.' })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'WAITING',
    });
  });
});
