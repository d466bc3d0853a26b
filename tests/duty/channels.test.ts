import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

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

const CHANNEL = `channel {
  id kind name address calendarCode isOpen closedAt version team { id } onDuty { employee { id } phone }
}`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, CHANNEL);
}

const HOTLINE = {
  kind: 'HOTLINE',
  name: '客服热线',
  address: '400-000-0000',
  teamId: teams.CUSTOMER_SERVICE.nodeId,
  calendarCode: 'BUSINESS_HOURS',
};

test('[TIC-01] hotline, chat, mailbox and complaint line have hours and a team on duty; each ticket keeps where it came in', async () => {
  const { channel } = await act('MARKETING_CLERK', 'serviceChannelOpen', HOTLINE);
  expect(channel).toMatchObject({
    kind: 'HOTLINE',
    calendarCode: 'BUSINESS_HOURS',
    isOpen: true,
    team: { id: teams.CUSTOMER_SERVICE.nodeId },
    onDuty: [],
  });
  for (const [kind, address] of [
    ['ONLINE_CHAT', 'https://example.com/chat'],
    ['EMAIL', 'service@example.com'],
  ]) {
    const { channel: other } = await act('CS_SUPERVISOR', 'serviceChannelOpen', {
      ...HOTLINE,
      kind,
      address,
    });
    expect(other).toMatchObject({ kind, address });
  }
  // Complaints are taken day and night.
  const line = { ...HOTLINE, kind: 'COMPLAINT_LINE', name: '投诉专线' };
  expect(pathsOf(await act('HEAD', 'serviceChannelOpen', line))).toEqual(['calendarCode']);
  const { channel: complaints } = await act('HEAD', 'serviceChannelOpen', { ...line, calendarCode: null });
  expect(complaints.calendarCode).toBe('ALWAYS_OPEN');

  const { desk } = await mutate(
    server,
    'MARKETING_CLERK',
    'dutyDeskOpen',
    { teamId: teams.CUSTOMER_SERVICE.nodeId },
    'desk { id }',
  );
  const now = clock.now().getTime();
  await mutate(server, 'MARKETING_CLERK', 'dutyShiftsPlan', {
    deskId: desk.id,
    shifts: [
      {
        employeeId: people.CS_AGENT.nodeId,
        from: new Date(now + 10 * HOUR).toISOString(),
        to: new Date(now + 18 * HOUR).toISOString(),
        phone: '+86 21 5000 0000',
      },
    ],
  });
  clock.advance(11 * HOUR);
  const { data } = await server.gql(
    'FINANCE',
    '{ serviceChannels { edges { node { kind isOpen onDuty { employee { id } phone } } } } }',
  );
  const onDuty = [{ employee: { id: people.CS_AGENT.nodeId }, phone: '+86 21 5000 0000' }];
  expect(data.serviceChannels.edges.map(({ node }: { node: object }) => node)).toEqual(
    expect.arrayContaining([
      { kind: 'HOTLINE', isOpen: false, onDuty },
      { kind: 'COMPLAINT_LINE', isOpen: true, onDuty },
    ]),
  );
  expect(data.serviceChannels.edges).toHaveLength(4);

  // Out of its hours, too, what comes in is taken in (TIC-02).
  const inquiry = { category: 'INQUIRY', subject: 'Price', content: 'How much?', channel: 'PHONE' };
  const open = (serviceChannelId: string) =>
    mutate(
      server,
      'CS_AGENT',
      'ticketOpen',
      { ...inquiry, serviceChannelId },
      'ticket { serviceChannel { name } }',
    );
  expect((await open(channel.id)).ticket.serviceChannel).toEqual({ name: '客服热线' });
  expect(
    (
      await act('MARKETING_CLERK', 'serviceChannelClose', {
        channelId: channel.id,
        reason: '合并',
        expectedVersion: 1,
      })
    ).channel,
  ).toMatchObject({ closedAt: clock.now().toISOString(), isOpen: false });
  expect(pathsOf(await open(channel.id))).toEqual(['serviceChannelId']);
});

test('channels are named by who writes the rota of the team', async () => {
  for (const who of ['CS_AGENT', 'FINANCE', 'ADMIN', 'SALES_SUPERVISOR'] as const)
    expect((await act(who, 'serviceChannelOpen', HOTLINE)).__typename, who).toBe('Forbidden');
  const bad = { ...HOTLINE, name: ' ', address: '', calendarCode: 'NEVER' };
  expect(pathsOf(await act('HEAD', 'serviceChannelOpen', bad))).toEqual(['name', 'address', 'calendarCode']);
  const { channel } = await act('HEAD', 'serviceChannelOpen', HOTLINE);
  const close = { channelId: channel.id, reason: 'x', expectedVersion: 1 };
  expect((await act('SALES_SUPERVISOR', 'serviceChannelClose', close)).__typename).toBe('Forbidden');
  expect((await act('HEAD', 'serviceChannelClose', { ...close, expectedVersion: 2 })).__typename).toBe(
    'StaleVersion',
  );
  await act('HEAD', 'serviceChannelClose', close);
  expect((await act('HEAD', 'serviceChannelClose', { ...close, expectedVersion: 2 })).__typename).toBe(
    'IllegalTransition',
  );
});
