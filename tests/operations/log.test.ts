import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeError } from '../../src/platform/log.ts';
import { sql } from '../../src/platform/sql.ts';
import { sseClient, wsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer } from '../support/factories.ts';
import { people } from '../support/people.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import { type LogLine, recordedLog } from './log-lines.ts';

const PHONE = '13912345678';
const CONTENT = 'The parcel arrived wet.';
const OPEN = 'mutation Complain($input: TicketOpenInput!) { ticketOpen(input: $input) { __typename } }';
const LIST = 'query Mine { tickets(first: 3) { totalCount } }';
const FEED = 'subscription Watch { liveEvents { __typename ... on GeneralEvent { kind } } }';

const recorded = recordedLog();
let fresh: FreshDatabase;
let server: TestServer;
let customerId: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  server = await startTestServer({ database: fresh, log: recorded.log });
  customerId = (await makeCustomer(server)).nodeId;
});
afterAll(async () => {
  await server.stop();
  await fresh.drop();
});

type Sent = Readonly<Record<string, string>>;

/** The first line that the predicate accepts among those that come from now on. */
async function nextLine(
  predicate: Readonly<Record<string, unknown>>,
  work: () => Promise<unknown>,
): Promise<LogLine> {
  const before = recorded.lines.length;
  await work();
  const found = () =>
    recorded.lines
      .slice(before)
      .filter((line) => Object.entries(predicate).every(([field, value]) => line[field] === value));
  await waitUntil(() => found().length > 0);
  const [line, ...more] = found();
  expect(more).toEqual([]);
  return line as LogLine;
}

/** The line of a request, which is found by its id: those of earlier requests may come late. */
function lineOf(work: (headers: Sent) => Promise<unknown>): Promise<LogLine> {
  const requestId = randomUUID();
  return nextLine({ msg: 'operation', requestId }, () => work({ 'x-request-id': requestId }));
}

function complaint(change: object = {}) {
  return {
    input: {
      category: 'COMPLAINT',
      channel: 'PHONE',
      customerId,
      subject: 'Wet',
      content: CONTENT,
      callerName: 'Wang',
      callerPhone: PHONE,
      ...change,
    },
  };
}

function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

describe('an operation is one line of the log', () => {
  it('that tells what was asked, by whom, and what became of it', async () => {
    const line = await lineOf((headers) => server.gql('HEAD', LIST, {}, { headers }));
    expect(line).toMatchObject({
      level: 30,
      operation: 'Mine',
      kind: 'query',
      hash: createHash('sha256').update(LIST).digest('hex'),
      viewer: people.HEAD.id,
      roles: ['HEAD'],
      transport: 'http',
      status: 200,
      outcome: 'ok',
      codes: [],
    });
    expect(line.cost).toBeGreaterThan(0);
    expect(line.statements).toBeGreaterThan(0);
    expect(line.ms).toBeGreaterThan(0);
  });

  it.each([
    ['a mutation', (headers: Sent) => server.gql('CS_AGENT', OPEN, complaint(), { headers }), 'ok', []],
    [
      'a mutation with a typed error',
      (headers: Sent) => server.gql('CS_AGENT', OPEN, complaint({ callerPhone: '' }), { headers }),
      'refused',
      ['INVALID_INPUT'],
    ],
    ['no token', (headers: Sent) => server.gql(null, LIST, {}, { headers }), 'refused', ['UNAUTHENTICATED']],
    [
      'a forged token',
      (headers: Sent) => post(JSON.stringify({ query: LIST }), { authorization: 'Bearer a.b.c', ...headers }),
      'refused',
      ['UNAUTHENTICATED'],
    ],
    [
      'an unknown field',
      (headers: Sent) => server.gql('HEAD', '{ tickets(first: 1) { wrong } }', {}, { headers }),
      'refused',
      ['GRAPHQL_VALIDATION_FAILED'],
    ],
    [
      'no GraphQL',
      (headers: Sent) => server.gql('HEAD', 'query {', {}, { headers }),
      'refused',
      ['GRAPHQL_PARSE_FAILED'],
    ],
    [
      'too much',
      (headers: Sent) =>
        server.gql(
          'HEAD',
          '{ tickets(first: 100) { edges { node { customer { tickets(first: 100) { edges { node { id } } } } } } } }',
          {},
          { headers },
        ),
      'refused',
      ['QUERY_TOO_COMPLEX'],
    ],
    [
      'a body that is too long',
      (headers: Sent) => post(`{"query":"${' '.repeat(1_000_001)}"}`, headers).catch(() => undefined),
      'refused',
      ['BODY_TOO_LARGE'],
    ],
    [
      'a form of another site',
      (headers: Sent) => post('query=1', { 'content-type': 'text/plain', ...headers }),
      'refused',
      ['CSRF_HEADER_MISSING'],
    ],
  ] as const)('%s', async (_name, work, outcome, codes) => {
    expect(await lineOf(work)).toMatchObject({ outcome, codes });
  });

  it('names the document by its hash even where it is no GraphQL', async () => {
    const line = await lineOf((headers) => server.gql('HEAD', 'query {', {}, { headers }));
    expect([line.operation, line.hash]).toEqual([null, createHash('sha256').update('query {').digest('hex')]);
  });

  it('over a WebSocket too, and a socket that is refused is a line', async () => {
    const client = wsClient(server, 'HEAD');
    const ofSocket = { msg: 'operation', transport: 'ws' };
    const line = await nextLine(ofSocket, () => client.query(LIST));
    expect(line).toMatchObject({ operation: 'Mine', transport: 'ws', outcome: 'ok', viewer: people.HEAD.id });
    const refused = await nextLine(ofSocket, () =>
      client.query('{ tickets(first: 1) { wrong } }').catch(() => undefined),
    );
    expect(refused).toMatchObject({ transport: 'ws', codes: ['GRAPHQL_VALIDATION_FAILED'] });
    await client.dispose();
    const stranger = wsClient(server, null);
    expect(await nextLine(ofSocket, () => stranger.subscribe(FEED).end())).toMatchObject({
      transport: 'ws',
      codes: ['UNAUTHENTICATED'],
    });
    await stranger.dispose();
  });

  it('probes are told of at debug only, and never with what stands behind the path', async () => {
    const probe = await nextLine({ msg: 'request', path: '/health/live' }, () =>
      fetch(`${server.url}/health/live`),
    );
    expect(probe).toMatchObject({ level: 20, path: '/health/live', status: 200 });
    const download = await nextLine({ msg: 'request', path: '/export/' }, () =>
      fetch(`${server.url}/export/the-secret-of-a-link`),
    );
    expect(download).toMatchObject({ level: 30, path: '/export/' });
    const lost = await nextLine({ msg: 'request', path: 'elsewhere' }, () =>
      fetch(`${server.url}/any/${PHONE}?token=1`),
    );
    expect(lost).toMatchObject({ path: 'elsewhere', status: 404 });
  });
});

describe('work that waits for the database', () => {
  /** Keeps everybody from the customers until it is told to let go. */
  async function lockCustomers(): Promise<() => Promise<void>> {
    let letGo = () => {};
    const released = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let done: Promise<void> = Promise.resolve();
    await new Promise<void>((locked, failed) => {
      done = server.services.database
        .transaction(async (tx) => {
          await tx.prisma.$executeRaw(sql`lock table customer in access exclusive mode`);
          locked();
          await released;
        })
        .catch(failed);
    });
    return async () => {
      letGo();
      await done;
    };
  }

  it('is told of as aborted when the caller does not wait', async () => {
    const release = await lockCustomers();
    const abort = new AbortController();
    const before = server.services.statements;
    const line = await lineOf(async (headers) => {
      const asked = fetch(`${server.url}/graphql`, {
        method: 'POST',
        signal: abort.signal,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${await server.token('HEAD')}`,
          ...headers,
        },
        body: JSON.stringify({ query: '{ customers(first: 1) { totalCount } }' }),
      });
      await waitUntil(() => server.services.statements > before);
      abort.abort();
      await expect(asked).rejects.toThrow('aborted');
    });
    await release();
    expect(line).toMatchObject({ outcome: 'aborted', viewer: people.HEAD.id });
  });

  it('is a slow command when it takes longer than a second', async () => {
    const release = await lockCustomers();
    const requestId = randomUUID();
    const line = await nextLine({ msg: 'slow command', requestId }, async () => {
      const asked = server.gql('CS_AGENT', OPEN, complaint(), { headers: { 'x-request-id': requestId } });
      await sleep(1_100);
      await release();
      await asked;
    });
    expect(line).toMatchObject({ level: 40, operation: 'Complain' });
    expect(line.ms).toBeGreaterThan(1_000);
  });
});

describe('the id of a request', () => {
  it("is the caller's, in the answer, the log and the audit log", async () => {
    const requestId = 'from-the-frontend.7f3a:1';
    const answers: Headers[] = [];
    const headers = { 'x-request-id': requestId };
    const line = await nextLine({ msg: 'operation', requestId }, async () => {
      answers.push((await server.gql('CS_AGENT', OPEN, complaint(), { headers })).headers);
    });
    expect(line.viewer).toBe(people.CS_AGENT.id);
    expect(answers[0]?.get('x-request-id')).toBe(requestId);
    const audited = await server.services.database.query(
      sql`select 1 as found from audit_log where request_id = ${requestId}`,
    );
    expect(audited.length).toBeGreaterThan(0);
  });

  it.each(['short', 'with space in it', 'x'.repeat(129), 'quote"and<tag>'])(
    'is made here instead of %j',
    async (given) => {
      const { headers } = await server.gql('HEAD', LIST, {}, { headers: { 'x-request-id': given } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('stands in refusals too', async () => {
    const response = await post('query=1', { 'content-type': 'text/plain', 'x-request-id': 'refused-0001' });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([403, 'refused-0001']);
  });
});

describe('a live subscription', () => {
  it.each(['ws', 'sse'] as const)('over %s is told of when it opens and when it ends', async (transport) => {
    const socket = wsClient(server, 'HEAD');
    const client = transport === 'ws' ? socket : sseClient(server, 'HEAD');
    const open = client.subscribe(FEED);
    const opened = await nextLine({ msg: 'subscription opened', transport }, () => open.ready());
    expect(opened).toMatchObject({
      operation: 'Watch',
      kind: 'subscription',
      transport,
      viewer: people.HEAD.id,
    });
    await server.gql('CS_AGENT', OPEN, complaint());
    await open.waitFor((item) => item.kind === 'COMPLAINT_OPENED');
    await server.settled();
    const closed = await nextLine({ msg: 'subscription closed', transport }, async () => open.close());
    expect(closed).toMatchObject({
      requestId: opened.requestId,
      reason: transport === 'ws' ? 'COMPLETED' : 'DISCONNECTED',
      events: open.events.length,
    });
    await socket.dispose();
  });

  it('that the server ends is told of with the reason', async () => {
    const client = wsClient(server, null, { token: await server.token('HEAD', 60) });
    const open = client.subscribe(FEED);
    await open.ready();
    const closed = await nextLine({ msg: 'subscription closed', transport: 'ws' }, async () => {
      server.clock.advance(61_000);
      await open.end();
    });
    expect(closed.reason).toBe('TOKEN_EXPIRED');
    await client.dispose();
  });
});

describe('the log keeps to itself', () => {
  it('tokens, inputs, variables and texts, whatever goes wrong', async () => {
    const token = await server.token('HEAD');
    await server.gql('CS_AGENT', OPEN, complaint());
    await server.gql('CS_AGENT', OPEN, complaint({ customerId: PHONE }));
    await server.gql('HEAD', `{ tickets(first: 1, where: { callerPhone: "${PHONE}" }) { totalCount } }`);
    await server.gql('HEAD', `query { "${CONTENT}" ${PHONE} `);
    await server.gql('HEAD', 'query ($n: Int!) { tickets(first: $n) { totalCount } }', { n: PHONE });
    await post(`${CONTENT} ${PHONE}`, { authorization: `Bearer ${token}` });
    await fetch(`${server.url}/graphql?query=${encodeURIComponent(`{ node(id: "${PHONE}") { id } }`)}`);
    recorded.log.error(
      { err: await failureOf((database) => database.query(sql`select ${PHONE}::uuid as id`)) },
      'a statement failed',
    );
    recorded.log.info({ headers: { authorization: `Bearer ${token}` }, token }, 'somebody was careless');
    await waitUntil(() => recorded.lines.at(-1)?.msg === 'somebody was careless');
    for (const secret of [token, token.split('.')[2] ?? '', PHONE, CONTENT, 'Wang']) {
      expect(recorded.text.includes(secret), `The log has ${secret}.`).toBe(false);
    }
  });

  it('what databases and Prisma quote in their errors', async () => {
    const errors = [
      await failureOf((database) => database.query(sql`select ${PHONE}::uuid as id`)),
      await failureOf((database) => database.transaction((tx) => tx.query(sql`select ${PHONE}::uuid as id`))),
      await failureOf((database) =>
        database.query(
          sql`insert into event_key (key, occurred_at) values (${PHONE}, now()), (${PHONE}, now())`,
        ),
      ),
      await failureOf((database) =>
        database.transaction((tx) => tx.prisma.customer.create({ data: { name: PHONE } as never })),
      ),
    ];
    for (const error of errors) {
      const described = describeError(error);
      expect(JSON.stringify(described)).not.toContain(PHONE);
      expect(described.message.length).toBeGreaterThan(10);
      expect(described.stack).toMatch(/^\s+at /);
    }
  });

  async function failureOf(
    work: (database: TestServer['services']['database']) => Promise<unknown>,
  ): Promise<Error> {
    return work(server.services.database).then(
      () => Promise.reject(new Error('It succeeded.')),
      (error: Error) => error,
    );
  }
});

describe('LOG_LEVEL', () => {
  it('warn leaves the lines of operations out', async () => {
    const quiet = recordedLog('warn');
    const database = await freshDatabase();
    const other = await startTestServer({ database, log: quiet.log });
    await other.gql('HEAD', LIST);
    await other.gql(null, LIST);
    await other.stop();
    await database.drop();
    expect(quiet.lines.filter((line) => line.level < 40)).toEqual([]);
  });
});
