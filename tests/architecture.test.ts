import {
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  isInputObjectType,
  isAbstractType,
  isLeafType,
  isRequiredArgument,
  isInterfaceType,
  isObjectType,
  isUnionType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../src/schema.ts';
import { wsClient } from './support/clients.ts';
import {
  fieldDocument,
  makeStory,
  operations,
  type Story,
  variablesFor,
  writtenArguments,
} from './support/documents.ts';
import { type FreshDatabase, freshDatabase } from './support/database.ts';
import { startTestServer, type TestServer } from './support/server.ts';

function fieldsOf(type: GraphQLObjectType | null | undefined) {
  return Object.values(type?.getFields() ?? {});
}

function namedTypeOf(type: GraphQLObjectType, name: string) {
  const field = type.getFields()[name];
  return field ? getNamedType(field.type) : null;
}

const queries = fieldsOf(schema.getQueryType());
const mutations = fieldsOf(schema.getMutationType());
const subscriptions = fieldsOf(schema.getSubscriptionType());
const lists = queries.filter((field) => getNamedType(field.type).name.endsWith('Connection'));

describe('the schema', () => {
  it('is the one that is checked in', () => {
    const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;
    // Without the difference: it may be long, and `npm run generate` writes it.
    expect(readFileSync('schema/schema.graphql', 'utf8') === printed).toBe(true);
  });

  it.each(mutations)('$name takes one input and answers with its success or typed errors', (field) => {
    const title = `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}`;
    expect(field.args.map(({ name, type }) => `${name}: ${type}`)).toEqual([`input: ${title}Input!`]);
    expect(String(field.type)).toBe(`${title}Result!`);
    const result = getNullableType(field.type);
    if (!isUnionType(result)) throw new Error(`${result} is no union.`);
    const others = result.getTypes().filter((type) => type.name !== `${title}Success`);
    expect(others).toHaveLength(result.getTypes().length - 1);
    expect(others.map((type) => type.name)).toEqual(
      expect.arrayContaining(['InvalidInput', 'NotFound', 'Forbidden']),
    );
    for (const type of others) expect(type.getInterfaces().map(({ name }) => name)).toContain('Error');
  });

  it.each(mutations)('$name can name every error that its input may cause', (field) => {
    const input = field.args[0] ? getNamedType(field.args[0].type) : null;
    const result = getNullableType(field.type);
    if (!isInputObjectType(input) || !isUnionType(result))
      throw new Error(`${field.name} is no mutation of ours.`);
    const errors = result.getTypes().map(({ name }) => name);
    const fields = input.getFields();
    expect(errors.includes('StaleVersion')).toBe('expectedVersion' in fields || 'survivorVersion' in fields);
    expect(errors.includes('IdempotencyConflict')).toBe('idempotencyKey' in fields);
  });

  it('describes every root field and every type of its own', () => {
    const silent = [...queries, ...mutations, ...subscriptions].filter((field) => !field.description?.trim());
    const ours = Object.values(schema.getTypeMap()).filter(
      (type) =>
        (isObjectType(type) || isInterfaceType(type)) &&
        !type.name.startsWith('__') &&
        !RELAY.test(type.name),
    );
    expect(silent.map((field) => field.name)).toEqual([]);
    expect(ours.filter((type) => !type.description?.trim()).map((type) => type.name)).toEqual([]);
  });

  it('never counts money or ratios in binary fractions', () => {
    const floats = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) || isInputObjectType(type) || isInterfaceType(type)
        ? Object.values(type.getFields())
            .filter((field) => /^\[*Float\b/.test(String(field.type)))
            .map((field) => `${type.name}.${field.name}`)
        : [],
    );
    expect(floats).toEqual([]);
  });
});

/** Connections, edges and roots explain themselves. */
const RELAY = /(Connection|Edge)$/;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

describe('a caller without a token', () => {
  const refused = { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] };

  it.each(queries)('is refused Query.$name', async (field) => {
    const answer = await server.gql(null, `{ ${fieldDocument(field, 0, 1)} }`);
    expect(answer).toMatchObject({ status: 401, ...refused });
    expect(answer.data ?? {}).not.toHaveProperty(field.name, expect.anything());
  });

  it.each(mutations)('is refused Mutation.$name', async (field) => {
    const answer = await server.gql(
      null,
      `mutation { ${field.name}${writtenArguments(field)} { __typename } }`,
    );
    expect(answer).toMatchObject({ status: 401, ...refused });
    expect(answer.data ?? null).toBeNull();
  });

  it.each(subscriptions)('is refused Subscription.$name', async (field) => {
    const document = `subscription { ${field.name}${writtenArguments(field)} { __typename } }`;
    const answer = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: document }),
    });
    expect(await answer.text()).toContain('UNAUTHENTICATED');
    const client = wsClient(server, null);
    const open = client.subscribe(document);
    expect(await open.end()).toMatchObject({ code: 4401 });
    expect(open.results).toEqual([]);
  });

  it('hears only which types there are', async () => {
    expect((await server.gql(null, '{ __typename }')).data).toEqual({ __typename: 'Query' });
  });
});

describe('the SQL statements of an operation do not grow with its rows', () => {
  /** Of records that an approval can be of. */
  const KINDS = 5;
  const FEW = 1;
  const SOME = 17;
  const MANY = 34;
  const MOST = 24;
  let story: Story;
  // Of its own: among the rows of other tests the first of a grade A file, whose reading is noted, may come late in a list.
  let database: FreshDatabase;
  let server: TestServer;
  beforeAll(async () => {
    database = await freshDatabase();
    // Without Redis: whoever else uses it would make the feed of this server read, and be counted.
    server = await startTestServer({ database, env: { REDIS_URL: '' } });
    story = await makeStory(server, MANY);
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  async function statements(document: string, variables: Record<string, unknown>): Promise<number> {
    return server.statementsDuring(async () => {
      const { data, errors } = await server.gql('HEAD', document, variables);
      expect(errors).toBeUndefined();
      expect(data).toBeTruthy();
    });
  }

  async function expectConstant(
    document: (rows: number) => string,
    variables: (rows: number) => Record<string, unknown>,
    kinds = 1,
  ) {
    // What the process keeps, such as the directory, is read by the first request.
    await statements(document(MANY), variables(MANY));
    const few = Math.max(
      await statements(document(FEW), variables(FEW)),
      // The first row may have nothing there that is read with statements of its own.
      await statements(document(SOME), variables(SOME)),
    );
    const many = await statements(document(MANY), variables(MANY));
    // Fewer is possible: what many rows refer to may be in the list itself.
    expect(many).toBeLessThanOrEqual(few + kinds - 1);
    expect(many).toBeLessThanOrEqual(MOST);
  }

  it.each(operations.filter((operation) => operation.kind === 'query'))(
    'trusted document $name',
    async (operation) => {
      await expectConstant(
        () => operation.text,
        (rows) => variablesFor(operation, story, rows),
        // What is found is of several kinds, and each is read with a statement of its own.
        operation.name === 'Search' ? KINDS : 1,
      );
    },
  );

  // A list that must be asked for something has a test of its own.
  const below = lists
    .filter((list) => !list.args.some(isRequiredArgument))
    .flatMap((list) => {
      const connection = getNamedType(list.type);
      const edge = isObjectType(connection) ? namedTypeOf(connection, 'edges') : null;
      const node = isObjectType(edge) ? namedTypeOf(edge, 'node') : null;
      if (!isObjectType(node)) throw new Error(`${list.name} is no list.`);
      return fieldsOf(node)
        .filter((field) => !isLeafType(getNamedType(field.type)) && !field.args.some(isRequiredArgument))
        .map((field) => ({ list: list.name, field, name: `${node.name}.${field.name}` }));
    });

  it.each(below)('$name of a list', async ({ list, field }) => {
    const isList = field.args.some((argument) => argument.name === 'first');
    const selected = fieldDocument(field, isList ? 0 : 1, 2);
    await expectConstant(
      (rows) => `{ ${list}(first: ${rows}) { edges { node { id ${selected} } } } }`,
      () => ({}),
      // Records of any kind are read with a statement for each kind, and one row shows one of them.
      isAbstractType(getNamedType(field.type)) ? KINDS : 1,
    );
  });
});
