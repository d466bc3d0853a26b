import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { LINGER_MS, streamSink } from '../../src/graphql/sinks.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type Item, wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';

const FEED = `subscription ($after: Cursor) {
  complaintEscalations(after: $after) {
    __typename
    ... on ComplaintEscalation { cursor ticketNumber reason }
    ... on Heartbeat { cursor }
  }
}`;

const EVENTS = 4_000;
/** 6 kB as UTF-8: all events together are more than the buffers of the system hold. */
const PADDING = '货'.repeat(2_000);
/** A pause begins at 1 MB, looked at after each batch of the stream (500 events). */
const PEAK_BYTES = 1_000_000 + 500 * 6_500;

let database: FreshDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({
    database,
    clock: systemClock as never,
    env: { LIVE_POLL_SECONDS: '0.2' },
  });
}, 60_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await server?.stop();
  await database?.drop();
});

/** A socket whose reading the test can stop, as a client does that has hung. */
async function rawSubscriber() {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const items: Item[] = [];
  let code: number | null = null;
  const token = await server.token('CS_SUPERVISOR');
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  });
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data));
    if (type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FEED } }));
    }
    if (type === 'next') items.push(payload.data.complaintEscalations);
  });
  socket.on('close', (given) => {
    code = given;
  });
  socket.on('error', () => {});
  await waitUntil(() => items.length > 0);
  return {
    socket,
    items,
    get code() {
      return code;
    },
  };
}

/** An SSE stream that nobody reads until the test says so. */
async function rawStream() {
  const token = await server.token('CS_SUPERVISOR');
  const sent = request(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
    },
  }).end(JSON.stringify({ query: FEED }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  response.on('error', () => {});
  await waitUntil(() => text.includes('Heartbeat'));
  response.pause();
  return {
    response,
    results: () =>
      text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : [])),
    get isComplete() {
      return text.includes('event: complete');
    },
  };
}

function numbers(items: readonly Item[]): string[] {
  return items.flatMap((item) => (item.__typename === 'ComplaintEscalation' ? [item.ticketNumber] : []));
}

test('4 of 11 subscribers that take nothing are held to a bound and closed; all are complete once resumed', {
  timeout: 150_000,
}, async () => {
  const ticket = await makeTicket(server, { customerId: (await makeCustomer(server)).id });
  await server.settled();
  const send = WebSocket.prototype.send;
  let peak = 0;
  vi.spyOn(WebSocket.prototype, 'send').mockImplementation(function (this: WebSocket, ...given: unknown[]) {
    Reflect.apply(send, this, given);
    peak = Math.max(peak, this.bufferedAmount);
  } as typeof send);

  const quick = Array.from({ length: 7 }, () => wsClient(server, 'CS_SUPERVISOR'));
  const feeds = quick.map((client) => client.subscribe(FEED));
  await Promise.all(feeds.map((feed) => feed.ready()));
  const slow = await Promise.all(Array.from({ length: 3 }, rawSubscriber));
  for (const { socket } of slow) socket.pause();
  const stream = await rawStream();

  for (let start = 0; start < EVENTS; start += 500) {
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
      for (let index = start; index < start + 500; index += 1) {
        tx.emit({
          kind: 'COMPLAINT_ESCALATED',
          subjectId: ticket.id,
          audience: {},
          payload: { ticketNumber: `${index}`, level: 'L1', reason: PADDING },
        });
      }
    });
  }
  const all = Array.from({ length: EVENTS }, (_, index) => `${index}`);
  await waitUntil(() => feeds.every((feed) => feed.events.length >= EVENTS), 60_000);
  for (const feed of feeds) expect(numbers(feed.items)).toEqual(all);

  // 15 s without a byte taken, and the server lets go of them, and of no other.
  await waitUntil(() => server.services.hub.subscribers === 7, 40_000);
  expect(peak).toBeGreaterThan(1_000_000);
  expect(peak).toBeLessThan(PEAK_BYTES);
  expect(feeds.some((feed) => feed.ended)).toBe(false);

  for (const { socket } of slow) socket.resume();
  await waitUntil(() => slow.every(({ code }) => code !== null), 20_000);
  for (const { code, items } of slow) {
    // The goodbye stands behind what was not taken, and waits for it.
    expect(code).toBe(4429);
    const before = numbers(items);
    expect(before.length).toBeLessThan(EVENTS);
    const client = wsClient(server, 'CS_SUPERVISOR');
    const resumed = client.subscribe(FEED, { after: items.at(-1).cursor });
    await waitUntil(() => resumed.events.length >= EVENTS - before.length, 30_000);
    expect([...before, ...numbers(resumed.items)]).toEqual(all);
    await client.dispose();
  }
  stream.response.resume();
  await waitUntil(() => stream.isComplete, 20_000);
  expect(stream.results().at(-1)).toEqual({
    errors: [{ message: expect.any(String), extensions: { code: 'TOO_SLOW', closeCode: 4429 } }],
  });
  expect(stream.results().length).toBeLessThan(EVENTS);
  for (const client of quick) await client.dispose();
});

describe('a stream that nobody takes', () => {
  afterEach(() => vi.useRealTimers());

  test('is cut off some time after the server has ended it, and not when it was taken', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const cut = vi.fn();
    const stalled = streamSink(() => {}, cut);
    stalled.send('{}', 'e.1');
    stalled.close('TOO_SLOW');
    vi.advanceTimersByTime(LINGER_MS - 1);
    expect(cut).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(cut).toHaveBeenCalledOnce();

    const taken = streamSink(() => {}, cut);
    taken.close('TOKEN_EXPIRED');
    const { value } = await taken.next();
    expect(JSON.parse(value.stringify()).errors[0].extensions).toEqual({
      code: 'TOKEN_EXPIRED',
      closeCode: 4401,
    });
    expect(await taken.next()).toMatchObject({ done: true });
    await taken.return?.();
    vi.advanceTimersByTime(LINGER_MS);
    expect(cut).toHaveBeenCalledOnce();
  });
});
