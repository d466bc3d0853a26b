import { serverAudits } from 'graphql-http';
import { request as httpRequest } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/graphql/limits.ts';
import { testRedisUrl } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

/** An exchange below fetch, which adds headers and lengths of its own. */
function exchange(
  options: { method?: string; path?: string; headers?: Record<string, string> },
  ...chunks: readonly string[]
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        hostname,
        port,
        path: options.path ?? '/graphql',
        method: options.method ?? 'POST',
        headers: options.headers ?? {},
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({
    url: () => `${server.url}/graphql`,
    // A client of ours names itself where it sends no JSON; see the refusals below.
    fetchFn: (url: string, init: RequestInit) =>
      fetch(url, { ...init, headers: { 'x-graphql-yoga-csrf': '1', ...init?.headers } }),
  });

  it('is audited', () => {
    expect(audits.length).toBeGreaterThan(50);
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s %s',
    async (_id, _name, audit) => {
      const result = await audit.fn();
      expect(result.status === 'ok' ? '' : result.reason).toBe('');
    },
  );
});

describe('requests from other sites', () => {
  const query = encodeURIComponent('{ __typename }');

  it.each([
    ['a GET without a header that a form cannot set', { method: 'GET', path: `/graphql?query=${query}` }, ''],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, `query=${query}`],
    ['text/plain', { headers: { 'content-type': 'text/plain' } }, '{"query":"{ __typename }"}'],
    [
      'multipart/form-data',
      { headers: { 'content-type': 'multipart/form-data; boundary=b' } },
      '--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{ __typename }"}\r\n--b--\r\n',
    ],
  ])('are refused: %s', async (_name, options, body) => {
    const headers = {
      ...('headers' in options ? options.headers : {}),
      'content-length': String(body.length),
    };
    const answer = await exchange({ ...options, headers }, body);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).errors[0].extensions.code).toBe('CSRF_HEADER_MISSING');
  });

  it.each(['authorization', 'x-graphql-yoga-csrf', 'apollo-require-preflight'])(
    'are told apart by %s',
    async (header) => {
      const value = header === 'authorization' ? `Bearer ${await server.token('HEAD')}` : '1';
      const answer = await exchange({
        method: 'GET',
        path: `/graphql?query=${query}`,
        headers: { [header]: value },
      });
      expect(JSON.parse(answer.body)).toMatchObject({ data: { __typename: 'Query' } });
    },
  );

  it('get no CORS headers unless an origin is configured', async () => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const answer = await exchange({ method: 'OPTIONS', headers });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    const own = await startTestServer({ env: { CORS_ORIGIN: 'https://board.example, https://bi.example' } });
    try {
      const allowed = async (origin: string) =>
        (
          await fetch(`${own.url}/graphql`, { method: 'OPTIONS', headers: { ...headers, origin } })
        ).headers.get('access-control-allow-origin');
      expect(await allowed('https://bi.example')).toBe('https://bi.example');
      expect(await allowed('https://elsewhere.example')).not.toBe('https://elsewhere.example');
    } finally {
      await own.stop();
    }
  });
});

describe('bodies', () => {
  const json = { 'content-type': 'application/json' };

  it(`are accepted up to ${LIMITS.bodyBytes} bytes`, async () => {
    const start = '{"query":"{ __typename }","variables":{"x":"';
    const body = `${start}${'x'.repeat(LIMITS.bodyBytes - start.length - 3)}"}}`;
    expect(body).toHaveLength(LIMITS.bodyBytes);
    const answer = await exchange({ headers: { ...json, 'content-length': String(body.length) } }, body);
    expect(answer.status).toBe(200);
  });

  it('are refused above that, before they are read', async () => {
    const answer = await exchange(
      { headers: { ...json, 'content-length': String(LIMITS.bodyBytes + 1) } },
      '{',
    );
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body).errors[0].extensions.code).toBe('BODY_TOO_LARGE');
  });

  it('reach a client that sends the whole of a large body first', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(5 * LIMITS.bodyBytes) } }),
    });
    expect(response.status).toBe(413);
  });

  it('without a length are refused', async () => {
    const answer = await exchange(
      { headers: { ...json, 'transfer-encoding': 'chunked' } },
      '{"query":',
      '"{ __typename }"}',
    );
    expect(answer.status).toBe(411);
    expect(JSON.parse(answer.body).errors[0].extensions.code).toBe('LENGTH_REQUIRED');
  });

  it.each([
    ['no JSON', '{"query":'],
    ['no object', '"{ __typename }"'],
    ['a batch', '[{"query":"{ __typename }"},{"query":"{ __typename }"}]'],
    ['no query', '{}'],
    ['no operation', '{"query":""}'],
  ])('that hold %s are refused with a code', async (_name, body) => {
    const headers = {
      ...json,
      accept: 'application/graphql-response+json',
      'content-length': String(body.length),
    };
    const answer = await exchange({ headers }, body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).errors[0].extensions.code).toMatch(/^[A-Z_]+$/);
  });
});

describe('other addresses', () => {
  it('lead to /graphql, or say that there is nothing', async () => {
    expect(await exchange({ method: 'GET', path: '/' })).toMatchObject({
      status: 302,
      headers: { location: '/graphql' },
    });
    expect((await exchange({ method: 'GET', path: '/nothing' })).status).toBe(404);
  });

  it('tell whether the server lives and is ready', async () => {
    const live = await exchange({ method: 'GET', path: '/health/live' });
    expect([live.status, JSON.parse(live.body)]).toEqual([200, { status: 'live' }]);
    const ready = await exchange({ method: 'GET', path: '/health/ready' });
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body)).toMatchObject({
      status: 'ready',
      delivery: testRedisUrl() ? 'redis' : 'in-process',
    });
  });

  it('count operations by the names that are known', async () => {
    await server.gql('HEAD', 'query MadeUpByAClient { viewer { roles } }');
    const { body } = await exchange({ method: 'GET', path: '/metrics' });
    expect(body).toMatch(/switchyard_operations_total\{operation="other",outcome="ok"\} \d+/);
    expect(body).not.toContain('MadeUpByAClient');
    expect(body).toMatch(/switchyard_outbox_depth \d+/);
  });
});
