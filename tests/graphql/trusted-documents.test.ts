import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryCompiler } from '../../src/graphql/trusted-documents.ts';
import { schema } from '../../src/schema.ts';
import { wsClient } from '../support/clients.ts';
import { makeStory, operations, type Story, variablesFor } from '../support/documents.ts';
import type { PersonName } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let story: Story;
beforeAll(async () => {
  server = await startTestServer();
  story = await makeStory(server, 12);
});

const queries = operations.filter((operation) => operation.kind === 'query');

function post(target: TestServer, caller: PersonName, body: object) {
  return target.token(caller).then(async (token) => {
    const response = await fetch(`${target.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...JSON.parse(await response.text()) };
  });
}

function persisted(sha256Hash: string) {
  return { persistedQuery: { version: 1, sha256Hash } };
}

describe('the trusted documents', () => {
  it('are there, and named as their files', () => {
    expect(queries.length).toBeGreaterThan(0);
  });

  it.each(operations)('$name fits the schema', ({ text }) => {
    expect(validate(schema, parse(text))).toEqual([]);
  });

  it.each(queries)('$name can be compiled', ({ name, text }) => {
    const failures: unknown[] = [];
    const compile = queryCompiler(schema, (_operation, errors) => void failures.push(...errors));
    expect([compile(parse(text), name) !== null, failures]).toEqual([true, []]);
  });

  describe.each(queries)('$name', (operation) => {
    it.each<PersonName>(['HEAD', 'CS_AGENT', 'FINANCE', 'OPERATIONS', 'KA_SPECIALIST', 'HR'])(
      'answers %s the same compiled as interpreted',
      async (caller) => {
        for (const first of [1, 10]) {
          const variables = variablesFor(operation, story, first);
          const compiled = await server.gql(caller, operation.text, variables);
          const interpreted = await server.gql(caller, `${operation.text}# not trusted`, variables);
          expect(compiled.data).toBeTruthy();
          expect(compiled.data).toEqual(interpreted.data);
          expect(compiled.errors).toEqual(interpreted.errors);
          expect(compiled.extensions).toEqual(interpreted.extensions);
          expect(compiled.status).toBe(interpreted.status);
        }
      },
    );

    it('refuses the same variables by the same codes', async () => {
      const variables = variablesFor(operation, story, 1);
      for (const { name } of operation.variables) {
        const wrong = { ...variables, [name]: { no: 'such field' } };
        const compiled = await server.gql('HEAD', operation.text, wrong);
        const interpreted = await server.gql('HEAD', `${operation.text}# not trusted`, wrong);
        const codes = ({ errors }: typeof compiled) => [
          ...new Set(errors?.map((error) => error.extensions?.code)),
        ];
        expect(codes(compiled)).toEqual(['BAD_USER_INPUT']);
        expect(codes(interpreted)).toEqual(['BAD_USER_INPUT']);
        expect(compiled.status).toBe(interpreted.status);
      }
    });
  });
});

describe('a document by its hash', () => {
  it.each(queries)('answers like its text: $name', async (operation) => {
    const variables = variablesFor(operation, story, 2);
    const byText = await post(server, 'HEAD', { query: operation.text, variables });
    const byHash = await post(server, 'HEAD', { extensions: persisted(operation.hash), variables });
    expect(byHash).toEqual(byText);
    expect(byHash).toMatchObject({ status: 200, data: expect.anything() });
  });

  it('that is none of ours is refused by a code', async () => {
    expect(await post(server, 'HEAD', { extensions: persisted('0'.repeat(64)) })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
  });
});

describe('with TRUSTED_DOCUMENTS_ONLY', () => {
  let strict: TestServer;
  beforeAll(async () => {
    strict = await startTestServer({ env: { TRUSTED_DOCUMENTS_ONLY: 'true' } });
  });
  afterAll(() => strict.stop());

  const refused = { errors: [{ extensions: { code: 'TRUSTED_DOCUMENTS_ONLY' } }] };

  it('other documents are refused over HTTP', async () => {
    expect(await post(strict, 'HEAD', { query: '{ viewer { roles } }' })).toMatchObject({
      status: 400,
      ...refused,
    });
    expect(await post(strict, 'HEAD', { query: '{ __typename }' })).toMatchObject({
      status: 400,
      ...refused,
    });
  });

  it('other documents are refused over WebSocket', async () => {
    const client = wsClient(strict, 'HEAD');
    await expect(client.query('{ viewer { roles } }')).rejects.toMatchObject(refused.errors);
    const open = client.subscribe('subscription { liveEvents { __typename } }');
    expect(await open.end()).toMatchObject(refused.errors);
    await client.dispose();
  });

  it.each(queries)('$name is answered by its hash and by its text, over both', async (operation) => {
    const variables = variablesFor(operation, story, 1);
    const answers = [
      await post(strict, 'HEAD', { extensions: persisted(operation.hash), variables }),
      await post(strict, 'HEAD', { query: operation.text, variables }),
    ];
    const client = wsClient(strict, 'HEAD');
    answers.push(await client.query(operation.text, variables));
    await client.dispose();
    for (const answer of answers) expect(answer).toMatchObject({ data: expect.anything() });
  });
});
