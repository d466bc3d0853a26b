import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/platform/environment.ts';
import { startTestServer, TEST_SECRET, type TestServer } from '../support/server.ts';

const INTROSPECTION = '{ __schema { queryType { name } } __type(name: "Customer") { name } }';

function page(server: TestServer): Promise<Response> {
  return fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
}

describe('while it is developed', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });

  it('the page of GraphiQL needs nothing but this server', async () => {
    const response = await page(server);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    const html = await response.text();
    expect(html).toContain('Switchyard');
    expect(html.length).toBeGreaterThan(500_000);
    // What a browser would load of its own accord: scripts, styles, images, imports and fonts.
    const loaded = [
      ...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*?\s(?:src|href)\s*=\s*["']?([^"'\s>]+)/gi),
      ...html.matchAll(/@import\s+(?:url\()?\s*["']?([^"')\s;]+)/g),
      ...html.matchAll(/url\(\s*["']?(https?:[^"')\s]+)/g),
      ...html.matchAll(/<script\s+type="importmap"[^>]*>([\s\S]*?)<\/script>/g),
    ].map((match) => match[1] ?? '');
    expect(
      loaded.filter((address) => /^(https?:)?\/\//.test(address) || address.includes('imports')),
    ).toEqual([]);
  });

  it('the schema can be introspected by anybody who has a token or not', async () => {
    for (const caller of ['HEAD', null]) {
      const { data } = await server.gql(caller, INTROSPECTION);
      expect(data).toEqual({ __schema: { queryType: { name: 'Query' } }, __type: { name: 'Customer' } });
    }
  });
});

describe('in production', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { NODE_ENV: 'production' } });
  });
  afterAll(async () => {
    await server.stop();
  });

  it('there is no GraphiQL and no introspection', async () => {
    const response = await page(server);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toContain('<html');
    const { data, errors } = await server.gql('HEAD', INTROSPECTION);
    expect(data).toBeUndefined();
    expect(new Set(errors?.map((error) => error.extensions.code))).toEqual(
      new Set(['GRAPHQL_VALIDATION_FAILED']),
    );
    expect((await server.gql('HEAD', '{ __typename viewer { __typename } }')).errors).toBeUndefined();
  });

  it('suggestions do not give the schema away', async () => {
    const field = await server.gql('HEAD', '{ viewr { roles } }');
    expect(field.errors).toMatchObject([{ message: 'Cannot query field "viewr" on type "Query".' }]);
    const create = 'mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { __typename } }';
    const input = await server.gql('HEAD', create, { input: { name: '远大', creditLimi: '1' } });
    expect(input.errors?.[0]?.message).toContain('"creditLimi" is not defined');
    expect(input.errors?.[0]?.message).not.toContain('creditLimit');
  });

  it('both are there where they are enabled', () => {
    const secret = { AUTH_JWT_SECRET: TEST_SECRET };
    const off = readEnvironment({ NODE_ENV: 'production', ...secret });
    const on = readEnvironment({
      NODE_ENV: 'production',
      GRAPHIQL: 'true',
      INTROSPECTION: 'true',
      ...secret,
    });
    expect([off.GRAPHIQL, off.INTROSPECTION, on.GRAPHIQL, on.INTROSPECTION]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
