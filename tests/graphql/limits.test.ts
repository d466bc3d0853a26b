import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/graphql/limits.ts';
import { PAGE_SIZE } from '../../src/platform/list.ts';
import { wsClient } from '../support/clients.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

function nested(levels: number): string {
  return `{ viewer { employee { ${'superior { '.repeat(levels)}name${' }'.repeat(levels)} } } }`;
}

function aliases(count: number): string {
  return `{ ${Array.from({ length: count }, (_, index) => `v${index}: viewer { roles }`).join(' ')} }`;
}

const PAGES =
  '{ customers(first: 100) { edges { node { contacts(first: 100) { edges { node { name } } } } } } }';

const REFUSED: readonly [name: string, document: string, code: string][] = [
  ['depth', nested(LIMITS.depth), 'QUERY_TOO_DEEP'],
  ['aliases', aliases(LIMITS.aliases + 1), 'TOO_MANY_ALIASES'],
  ['tokens', `{ viewer { ${'roles '.repeat(LIMITS.tokens)} } }`, 'TOO_MANY_TOKENS'],
  ['complexity', PAGES, 'QUERY_TOO_COMPLEX'],
];

describe('limits of an operation', () => {
  it.each(REFUSED)('refuse too much %s with a code of its own', async (_name, document, code) => {
    const { errors, data, status } = await server.gql('HEAD', document);
    expect(errors?.map((error) => error.extensions.code)).toContain(code);
    expect([data, status]).toEqual([undefined, 400]);
  });

  it.each(REFUSED)('hold over WebSocket: %s', async (_name, document, code) => {
    const client = wsClient(server, 'HEAD');
    const outcome = await client.query(document).then(
      (result) => result.errors,
      (errors: unknown) => errors,
    );
    expect(outcome).toEqual(
      expect.arrayContaining([expect.objectContaining({ extensions: expect.objectContaining({ code }) })]),
    );
    await client.dispose();
  });

  it('hold for subscriptions, which are paid for with every event', async () => {
    const client = wsClient(server, 'HEAD');
    const contacts =
      'contacts(first: 100) { edges { node { customer { contacts(first: 100) { edges { node { name } } } } } } }';
    const open = client.subscribe(
      `subscription { liveEvents { ... on LiveEvent { subject { ... on Customer { ${contacts} } } } } }`,
    );
    await open.end();
    expect(open.results).toMatchObject([{ errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] }]);
    await client.dispose();
  });

  it('accept what stays below', async () => {
    for (const document of [nested(LIMITS.depth - 4), aliases(LIMITS.aliases)]) {
      const { errors, status } = await server.gql('HEAD', document);
      expect([errors, status]).toEqual([undefined, 200]);
    }
  });

  it('count what the default of a variable asks for', async () => {
    const { errors } = await server.gql('HEAD', `query($n: Int = 100) ${PAGES.replaceAll('100', '$n')}`);
    expect(errors?.[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
  });

  it('count fragments and what variables ask for', async () => {
    const fragments =
      'query($n: Int) { customers(first: $n) { edges { node { ...C } } } } fragment C on Customer { contacts(first: $n) { edges { node { name } } } }';
    expect((await server.gql('HEAD', fragments, { n: 5 })).errors).toBeUndefined();
    expect((await server.gql('HEAD', fragments, { n: 100 })).errors?.[0]?.extensions.code).toBe(
      'QUERY_TOO_COMPLEX',
    );
  });

  it.each([
    [`more than ${PAGE_SIZE.max} rows`, { first: PAGE_SIZE.max + 1 }, 'first'],
    ['fewer than none', { first: -1 }, 'first'],
    ['too many from the end', { last: PAGE_SIZE.max + 1 }, 'last'],
    ['both ends at once', { first: 1, last: 1 }, 'last'],
    ['a cursor that is none', { after: 'somewhere' }, 'after'],
  ])('refuse a page of %s', async (_name, page, argument) => {
    const document =
      'query($first: Int, $last: Int, $after: String) { customers(first: $first, last: $last, after: $after) { edges { node { id } } } }';
    const { errors } = await server.gql('HEAD', document, page);
    expect(errors).toMatchObject([{ path: ['customers'], extensions: { code: 'BAD_USER_INPUT', argument } }]);
  });
});

describe('the cost of an operation', () => {
  it('stands in the extensions of every answer and grows with the page', async () => {
    const document = 'query($n: Int) { customers(first: $n) { edges { node { name } } } }';
    const small = (await server.gql('HEAD', document, { n: 1 })).extensions.cost;
    const large = (await server.gql('HEAD', document, { n: 100 })).extensions.cost;
    // The list itself and its edges, and for each row its node and name.
    expect(small).toEqual({ complexity: 2 + 3, depth: 4 });
    expect(large).toEqual({ complexity: 2 + 100 * 3, depth: 4 });
  });
});
