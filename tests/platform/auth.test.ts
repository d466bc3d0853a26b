import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wsClient } from '../support/clients.ts';
import { makeEmployee } from '../support/factories.ts';
import { people } from '../support/people.ts';
import { startTestServer, TEST_SECRET, type TestServer } from '../support/server.ts';

const HOUR = 3_600;
const { subject } = people.HEAD;

/** What a good token says, at the instant of the server's clock. */
function claims(server: TestServer, change: Partial<JWTPayload> = {}): JWTPayload {
  const now = Math.floor(server.clock.now().getTime() / 1000);
  return { sub: subject, iss: 'switchyard', aud: 'switchyard', iat: now, exp: now + HOUR, ...change };
}

function sign(
  payload: JWTPayload,
  alg: string,
  key: Parameters<SignJWT['sign']>[0],
  kid?: string,
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg, typ: 'JWT', ...(kid ? { kid } : {}) }).sign(key);
}

function unsigned(payload: JWTPayload, alg: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg, typ: 'JWT' })}.${part(payload)}.`;
}

/** Asks with this Authorization header, over HTTP and over WebSocket. */
async function ask(server: TestServer, authorization: string) {
  const answer = await server.gql(null, '{ viewer { roles } }', {}, { headers: { authorization } });
  const client = wsClient(server, null, { connectionParams: { authorization } });
  const open = client.subscribe('subscription { liveEvents { __typename } }');
  const closed = await open.ready().then(
    () => null,
    () => client.closed,
  );
  await client.dispose();
  return { status: answer.status, code: answer.errors?.[0]?.extensions.code ?? null, answer, closed };
}

async function expectAccepted(server: TestServer, token: string): Promise<void> {
  const { status, answer, closed } = await ask(server, `Bearer ${token}`);
  expect([status, answer.data, closed]).toEqual([200, { viewer: { roles: ['HEAD'] } }, null]);
}

async function expectRefused(server: TestServer, authorization: string): Promise<void> {
  const { status, code, answer, closed } = await ask(server, authorization);
  expect([status, code]).toEqual([401, 'UNAUTHENTICATED']);
  expect(answer.data ?? null).toBeNull();
  expect(closed).toMatchObject({ code: 4401 });
  const said = `${JSON.stringify(answer.errors)}${closed?.reason}`;
  expect(said).not.toContain(TEST_SECRET);
  expect(said).not.toContain(authorization.slice(7) || 'nothing');
}

describe('a shared secret', () => {
  const secret = new TextEncoder().encode(TEST_SECRET);
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });

  it('accepts a good token', async () => {
    await expectAccepted(server, await sign(claims(server), 'HS256', secret));
  });

  it.each<[string, Partial<JWTPayload>]>([
    ['of another issuer', { iss: 'elsewhere' }],
    ['for another audience', { aud: 'elsewhere' }],
    ['without an issuer', { iss: undefined }],
    ['without an audience', { aud: undefined }],
    ['without an expiry', { exp: undefined }],
    ['without a subject', { sub: undefined }],
  ])('refuses a token %s', async (_name, change) => {
    await expectRefused(server, `Bearer ${await sign(claims(server, change), 'HS256', secret)}`);
  });

  it('refuses a token that has expired, but for a few seconds between the clocks', async () => {
    const now = Math.floor(server.clock.now().getTime() / 1000);
    await expectRefused(server, `Bearer ${await sign(claims(server, { exp: now - 6 }), 'HS256', secret)}`);
    const { status } = await server.gql(
      null,
      '{ viewer { roles } }',
      {},
      {
        headers: { authorization: `Bearer ${await sign(claims(server, { exp: now - 3 }), 'HS256', secret)}` },
      },
    );
    expect(status).toBe(200);
  });

  it('refuses a token before its time', async () => {
    const now = Math.floor(server.clock.now().getTime() / 1000);
    await expectRefused(server, `Bearer ${await sign(claims(server, { nbf: now + 60 }), 'HS256', secret)}`);
  });

  it('refuses a token that is signed by nothing, by another secret or by another algorithm', async () => {
    const other = new TextEncoder().encode('another-secret-that-is-long-enough-to-use');
    const { privateKey } = await generateKeyPair('RS256');
    for (const token of [
      unsigned(claims(server), 'none'),
      unsigned(claims(server), 'HS256'),
      await sign(claims(server), 'HS256', other),
      await sign(claims(server), 'HS512', new TextEncoder().encode(TEST_SECRET.repeat(2))),
      await sign(claims(server), 'RS256', privateKey),
    ]) {
      await expectRefused(server, `Bearer ${token}`);
    }
  });

  it('refuses a token whose claims were changed', async () => {
    const [header, , signature] = (await sign(claims(server), 'HS256', secret)).split('.');
    const changed = Buffer.from(JSON.stringify(claims(server, { sub: people.ADMIN.subject }))).toString(
      'base64url',
    );
    await expectRefused(server, `Bearer ${header}.${changed}.${signature}`);
  });

  it.each([
    ['no token', 'Bearer no-token-at-all'],
    ['nothing', 'Bearer '],
    ['another scheme', 'Basic aGVhZDpwYXNzd29yZA=='],
    ['something too long', `Bearer ${'a'.repeat(9_000)}`],
  ])('refuses a header that holds %s', async (_name, authorization) => {
    await expectRefused(server, authorization);
  });

  it('never takes roles from a token', async () => {
    const token = await sign(claims(server, { roles: ['ADMIN'], role: 'ADMIN' }), 'HS256', secret);
    await expectAccepted(server, token);
  });
});

describe('the subject of a good token', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });

  async function roles(caller: string) {
    const { data, errors, status } = await server.gql(caller, '{ viewer { roles } }');
    return errors ? [status, errors[0]?.extensions.code] : data.viewer.roles;
  }
  const nobody = [401, 'UNAUTHENTICATED'];

  it('is nobody when no employee has it', async () => {
    expect(await roles('stranger')).toEqual(nobody);
    const client = wsClient(server, 'stranger');
    await expect(client.query('{ viewer { roles } }')).rejects.toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    await client.dispose();
  });

  it('is nobody before the first and after the last day of employment, in the business time zone', async () => {
    const employee = await makeEmployee(server, {
      hiredOn: new Date('2026-11-23'),
      leftOn: new Date('2026-11-24'),
    });
    // Midnight in Shanghai is 16:00 UTC of the day before.
    for (const [instant, expected] of [
      ['2026-11-22T15:59:59.999Z', nobody],
      ['2026-11-22T16:00:00.000Z', ['CS_AGENT']],
      ['2026-11-24T15:59:59.999Z', ['CS_AGENT']],
      ['2026-11-24T16:00:00.000Z', nobody],
    ] as const) {
      server.clock.set(instant);
      expect([instant, await roles(employee.subject)]).toEqual([instant, expected]);
    }
  });

  it('has a role from its first instant until its last', async () => {
    const roleFrom = new Date('2026-11-23T02:00:00Z');
    const roleTo = new Date('2026-11-23T03:00:00Z');
    const employee = await makeEmployee(server, { roles: ['QUALITY', 'HR'], roleFrom, roleTo });
    for (const [instant, expected] of [
      ['2026-11-23T01:59:59.999Z', nobody],
      ['2026-11-23T02:00:00.000Z', ['HR', 'QUALITY']],
      ['2026-11-23T02:59:59.999Z', ['HR', 'QUALITY']],
      ['2026-11-23T03:00:00.000Z', nobody],
    ] as const) {
      server.clock.set(instant);
      expect([instant, await roles(employee.subject)]).toEqual([instant, expected]);
    }
  });
});

describe('a key set', () => {
  let keys: Server;
  let server: TestServer;
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let answer = { status: 200, body: '' };
  beforeAll(async () => {
    pair = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'first', alg: 'RS256', use: 'sig' };
    answer.body = JSON.stringify({ keys: [jwk] });
    keys = createServer((_request, response) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const { port } = keys.address() as AddressInfo;
    server = await startTestServer({
      env: {
        AUTH_JWT_SECRET: '',
        AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`,
        AUTH_ISSUER: 'https://id.example',
        AUTH_AUDIENCE: 'operations',
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    keys.close();
  });

  const issued = (change: Partial<JWTPayload> = {}) =>
    claims(server, { iss: 'https://id.example', aud: ['other', 'operations'], ...change });

  it('that does not answer is no fault of the token: the client may try again', async () => {
    const { body } = answer;
    const token = await sign(issued(), 'RS256', pair.privateKey, 'first');
    for (const failing of [
      { status: 503, body: 'down' },
      { status: 200, body: '<html>' },
      { status: 200, body: '{"no":"keys"}' },
    ]) {
      answer = failing;
      const { status, code, closed } = await ask(server, `Bearer ${token}`);
      expect([status, code, closed?.code]).toEqual([503, 'SERVICE_UNAVAILABLE', 1013]);
    }
    answer = { status: 200, body };
  });

  it('accepts a token that one of its keys has signed', async () => {
    await expectAccepted(server, await sign(issued(), 'RS256', pair.privateKey, 'first'));
    await expectAccepted(server, await sign(issued(), 'RS256', pair.privateKey));
  });

  it('refuses a token of another key, or of a key that it does not know', async () => {
    const other = await generateKeyPair('RS256');
    await expectRefused(server, `Bearer ${await sign(issued(), 'RS256', other.privateKey, 'first')}`);
    await expectRefused(server, `Bearer ${await sign(issued(), 'RS256', other.privateKey, 'second')}`);
  });

  it('refuses the public key as if it were a secret, and every other algorithm', async () => {
    const pem = new TextEncoder().encode(await exportSPKI(pair.publicKey));
    const ec = await generateKeyPair('ES256');
    for (const token of [
      await sign(issued(), 'HS256', pem, 'first'),
      await sign(issued(), 'HS256', pem),
      await sign(issued(), 'HS256', new TextEncoder().encode(TEST_SECRET)),
      await sign(issued(), 'ES256', ec.privateKey, 'first'),
      unsigned(issued(), 'none'),
    ]) {
      await expectRefused(server, `Bearer ${token}`);
    }
  });

  it.each<[string, Partial<JWTPayload>]>([
    ['another issuer', { iss: 'switchyard' }],
    ['another audience', { aud: ['other'] }],
    ['no expiry', { exp: undefined }],
  ])('refuses a token with %s', async (_name, change) => {
    await expectRefused(server, `Bearer ${await sign(issued(change), 'RS256', pair.privateKey, 'first')}`);
  });

  it('lets the server sign no tokens of its own', () => {
    expect(server.services.sign).toBeNull();
  });
});
