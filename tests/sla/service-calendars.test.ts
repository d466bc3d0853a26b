import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { changePolicy } from './service-level-client.ts';

const HOUR = 3_600_000;

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

const FILE = `customer { version file { serviceCalendars { calendarCode contract reason validFrom validTo setBy { id } } } }`;

function set(caller: Caller, customer: { nodeId: string }, expectedVersion: number, change: object) {
  return mutate(
    server,
    caller,
    'serviceCalendarSet',
    { customerId: customer.nodeId, reason: 'As agreed.', expectedVersion, ...change },
    FILE,
  );
}

async function open(category: string, customer: { nodeId: string }) {
  const { ticket } = await mutate(
    server,
    'HEAD',
    'ticketOpen',
    {
      category,
      subject: 'x',
      content: 'x',
      channel: 'PHONE',
      callerName: 'Li Lei',
      callerPhone: '13900000000',
      customerId: customer.nodeId,
    },
    'ticket { id }',
  );
  return ticket.id as string;
}

async function slaOf(id: string) {
  const { data } = await server.gql(
    'HEAD',
    'query ($id: ID!) { node(id: $id) { ... on Ticket { sla { policy resolution { dueAt } terms { calendar } } } } }',
    { id },
  );
  return data.node.sla;
}

test('[CFL-25] questions of a customer whose contract is ALWAYS_OPEN run day and night, others in business hours', async () => {
  // Friday, 16:00: a business day has half an hour of it left and the weekend before it.
  clock.set('2026-11-27T08:00:00.000Z');
  const [customer, other] = [
    await makeCustomer(server, { grade: 'B' }),
    await makeCustomer(server, { grade: 'B' }),
  ];
  const always = { calendarCode: 'ALWAYS_OPEN', contract: 'HT-2026-118' };
  const inquiry = await open('INQUIRY', customer);
  const complaint = await open('COMPLAINT', customer);
  expect((await slaOf(inquiry)).resolution.dueAt).toBe('2026-11-30T08:00:00.000Z');
  clock.advance(HOUR);
  const { customer: changed } = await set('SALES_SUPERVISOR', customer, 1, always);
  expect(changed).toEqual({
    version: 2,
    file: {
      serviceCalendars: [
        {
          ...always,
          reason: 'As agreed.',
          validFrom: '2026-11-27T09:00:00.000Z',
          validTo: null,
          setBy: { id: people.SALES_SUPERVISOR.nodeId },
        },
      ],
    },
  });
  // The open one moves: 24 hours from the change are earlier than Monday.
  expect(await slaOf(inquiry)).toEqual({
    policy: 'INQUIRY',
    resolution: { dueAt: '2026-11-28T09:00:00.000Z' },
    terms: [{ calendar: 'BUSINESS_HOURS' }, { calendar: 'ALWAYS_OPEN' }],
  });
  expect((await slaOf(complaint)).terms).toHaveLength(1);
  const query = await open('SHIPMENT_QUERY', customer);
  expect((await slaOf(query)).resolution.dueAt).toBe('2026-11-28T09:00:00.000Z');
  expect((await slaOf(await open('SHIPMENT_QUERY', other))).resolution.dueAt).toBe(
    '2026-11-30T09:00:00.000Z',
  );
  // A change of the policy leaves the promise of the contract.
  await changePolicy(server, 'SHIPMENT_QUERY', { resolution: 'PT12H' });
  expect(await slaOf(query)).toMatchObject({
    resolution: { dueAt: '2026-11-27T21:00:00.000Z' },
    terms: [{ calendar: 'ALWAYS_OPEN' }, { calendar: 'ALWAYS_OPEN' }],
  });
  // It ends: what is open counts in business hours again, from its start.
  clock.advance(HOUR);
  const ended = await set('HEAD', customer, 2, { calendarCode: null });
  expect(ended.customer.file.serviceCalendars).toMatchObject([{ validTo: '2026-11-27T10:00:00.000Z' }]);
  expect((await slaOf(inquiry)).resolution.dueAt).toBe('2026-11-30T08:00:00.000Z');
  const audit = await server.services.database.query<{ before: object | null; after: object }>(sql`
    select before, after from audit_log where action = 'serviceCalendarSet' order by at`);
  expect(audit).toEqual([
    { before: null, after: { ...always, reason: 'As agreed.' } },
    { before: always, after: { calendarCode: null, contract: null, reason: 'As agreed.' } },
  ]);
});

test('it is set by supervisors who read the file, with the contract that promises it', async () => {
  const customer = await makeCustomer(server, { grade: 'B' });
  const secret = await makeCustomer(server, { grade: 'A' });
  const always = { calendarCode: 'ALWAYS_OPEN', contract: 'HT-2026-118' };
  expect(await set('CS_AGENT', customer, 1, always)).toMatchObject({
    __typename: 'Forbidden',
    required: ['HEAD', 'SALES_SUPERVISOR', 'CS_SUPERVISOR'],
  });
  expect(await set('SALES_SUPERVISOR', secret, 1, always)).toMatchObject({ __typename: 'Forbidden' });
  expect(await set('HR', customer, 1, always)).toMatchObject({ __typename: 'NotFound' });
  expect(await set('HEAD', customer, 4, always)).toMatchObject({ __typename: 'StaleVersion', current: 1 });
  expect(pathsOf(await set('HEAD', customer, 1, { calendarCode: 'NONE', reason: ' ' })).sort()).toEqual([
    'calendarCode',
    'contract',
    'reason',
  ]);
});
