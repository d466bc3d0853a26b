import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { LIMITS } from '../../src/graphql/limits.ts';
import { wsClient } from '../support/clients.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';

const FEED = 'subscription { liveEvents { __typename } }';

let server: TestServer;
const sockets: WebSocket[] = [];
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

/** A socket without a client of graphql-ws, which would keep to the protocol. */
async function connect(path = '/graphql', protocol = 'graphql-transport-ws') {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, protocol);
  sockets.push(socket);
  const messages: { type: string; id?: string; payload?: unknown }[] = [];
  socket.on('message', (data) => void messages.push(JSON.parse(String(data))));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await Promise.race([once(socket, 'open'), closed]);
  return {
    messages,
    closed,
    send: (message: object | string) =>
      socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}

async function acknowledged(caller = 'HEAD') {
  const socket = await connect();
  socket.send({
    type: 'connection_init',
    payload: { authorization: `Bearer ${await server.token(caller)}` },
  });
  await waitUntil(() => socket.messages.some((message) => message.type === 'connection_ack'));
  return socket;
}

describe('GraphQL over WebSocket', () => {
  it('answers queries and mutations like HTTP', async () => {
    const client = wsClient(server, 'HEAD');
    const document = '{ viewer { employee { id } roles permissions } }';
    const overHttp = await server.gql('HEAD', document);
    expect((await client.query(document)).data).toEqual(overHttp.data);
    const create =
      'mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { __typename ... on Error { code message } } }';
    expect((await client.query(create, { input: { name: '恒通物流' } })).data).toEqual({
      customerCreate: { __typename: 'CustomerCreateSuccess' },
    });
    const refused = await client.query(create, { input: { name: ' ' } });
    expect(refused).toMatchObject({ data: { customerCreate: { code: 'INVALID_INPUT' } } });
    await client.dispose();
  });

  it('speaks the language of the connection', async () => {
    const client = wsClient(server, 'HEAD', { acceptLanguage: 'zh-CN' });
    const { data } = await client.query('{ viewer { employee { name } } }');
    expect(data?.viewer.employee.name).toBe('HEAD 中文');
    await client.dispose();
  });

  it.each([
    ['no token', {}],
    ['a token that is none', { authorization: 'Bearer nobody' }],
    ['another scheme', { authorization: 'Basic aGVhZA==' }],
  ])('closes a connection with %s', async (_name, payload) => {
    const socket = await connect();
    socket.send({ type: 'connection_init', payload });
    expect(await socket.closed).toBe(4401);
    expect(socket.messages).toEqual([]);
  });

  it('lets a token that has expired start nothing more', async () => {
    const client = wsClient(server, null, {
      token: await server.token('HEAD', 60),
      lazy: false,
      onNonLazyError: () => undefined,
    });
    expect((await client.query('{ viewer { roles } }')).data).toBeTruthy();
    server.clock.advance(61_000);
    const open = client.subscribe(FEED);
    await open.end();
    expect(client.closed?.code).toBe(4401);
    expect(open.results).toEqual([]);
  });

  it.each([
    [
      'a subscription before the token',
      JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FEED } }),
      4401,
    ],
    ['no JSON', '{', 4400],
    ['a message of no type', '{"type":"hello"}', 4400],
    ['too much', `"${'x'.repeat(LIMITS.bodyBytes)}"`, 1009],
  ])('closes a connection that sends %s', async (_name, message, code) => {
    const socket = await connect();
    socket.send(message);
    expect(await socket.closed).toBe(code);
  });

  it('serves one address and one protocol', async () => {
    const elsewhere = new WebSocket(`${server.url.replace('http', 'ws')}/elsewhere`, 'graphql-transport-ws');
    const [error] = await once(elsewhere, 'error');
    expect(String(error)).toContain('400');
    const outdated = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-ws');
    const [reason] = await once(outdated, 'error');
    expect(String(reason)).toContain('no subprotocol');
  });

  it('bounds the operations of one socket', async () => {
    const socket = await acknowledged();
    for (let id = 1; id <= 51; id += 1)
      socket.send({ id: String(id), type: 'subscribe', payload: { query: FEED } });
    await waitUntil(() => socket.messages.some((message) => message.type === 'error'));
    const refused = socket.messages.filter((message) => message.type === 'error');
    expect(refused).toMatchObject([{ id: '51', payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }] }]);
  });

  it('runs one operation of an id, and forgets one that the client completes', async () => {
    const socket = await acknowledged();
    const before = server.services.hub.subscribers;
    socket.send({ id: '1', type: 'subscribe', payload: { query: FEED } });
    await waitUntil(() => server.services.hub.subscribers === before + 1);
    socket.send({ id: '1', type: 'complete' });
    await waitUntil(() => server.services.hub.subscribers === before);
    socket.send({ id: '1', type: 'subscribe', payload: { query: FEED } });
    await waitUntil(() => server.services.hub.subscribers === before + 1);
    socket.send({ id: '1', type: 'subscribe', payload: { query: FEED } });
    expect(await socket.closed).toBe(4409);
    await waitUntil(() => server.services.hub.subscribers === before);
  });

  it('refuses a subscription to more than one feed, or through a fragment', async () => {
    const client = wsClient(server, 'HEAD');
    const two = client.subscribe(
      'subscription { liveEvents { __typename } complaintEscalations { __typename } }',
    );
    expect(await two.end()).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const spread = client.subscribe(
      'subscription { ...F } fragment F on Subscription { liveEvents { __typename } }',
    );
    await spread.end();
    expect(spread.results).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
    const wrong = client.subscribe(
      'subscription($k: LiveEventKind) { liveEvents(where: { kind: { eq: $k } }) { __typename } }',
      { k: 'NOTHING' },
    );
    await wrong.end();
    expect(wrong.results).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
    await client.dispose();
  });
});
