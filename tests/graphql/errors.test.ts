import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { wsClient } from '../support/clients.ts';
import { freshDatabase } from '../support/database.ts';
import { operations } from '../support/documents.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { people } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const CREATED_SINCE =
  'query($since: DateTime) { customers(where: { createdAt: { gte: $since } }) { edges { node { id } } } }';
const FIRST = 'query($n: Int!) { customers(first: $n) { edges { node { id } } } }';
const BY_OWNER =
  'query($owner: ID!) { customers(where: { owner: { eq: $owner } }) { edges { node { id } } } }';
const CREATE = `mutation($input: CustomerCreateInput!) {
  customerCreate(input: $input) {
    __typename
    ... on CustomerCreateSuccess { customer { id version file { number } } }
    ... on Error { code message path }
    ... on InvalidInput { issues { path message } }
  }
}`;
const GRADE = `mutation($input: CustomerGradeInput!) {
  customerGrade(input: $input) {
    __typename
    ... on CustomerGradeSuccess { customer { version grade } }
    ... on Error { code message path }
    ... on StaleVersion { current }
    ... on InvalidInput { issues { path message } }
  }
}`;

describe('requests that cannot be run', () => {
  it.each<[string, string, Record<string, unknown>, string]>([
    ['no GraphQL', '{ viewer', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ viewer { salary } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown argument', '{ viewer(of: 1) { roles } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an unknown enum value',
      '{ customers(where: { grade: { eq: Z } }) { edges { node { id } } } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'an enum value as a string',
      '{ customers(where: { grade: { eq: "A" } }) { edges { node { id } } } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'an unknown enum value in a variable',
      'query($g: CustomerGrade) { customers(where: { grade: { eq: $g } }) { edges { node { id } } } }',
      { g: 'Z' },
      'BAD_USER_INPUT',
    ],
    ['a variable of the wrong type', FIRST, { n: 'a' }, 'BAD_USER_INPUT'],
    ['a variable that is not whole', FIRST, { n: 1.5 }, 'BAD_USER_INPUT'],
    ['a variable that is missing', FIRST, {}, 'BAD_USER_INPUT'],
    ['an input with an unknown field', CREATE, { input: { name: '远大', colour: 'red' } }, 'BAD_USER_INPUT'],
    ['a day that does not exist', CREATED_SINCE, { since: '2026-02-30T00:00:00Z' }, 'BAD_USER_INPUT'],
    [
      'a day that does not exist, written in the document',
      '{ customers(where: { createdAt: { gte: "2026-02-30T00:00:00Z" } }) { edges { node { id } } } }',
      {},
      'BAD_USER_INPUT',
    ],
    ['an hour that does not exist', CREATED_SINCE, { since: '2026-02-28T24:00:00Z' }, 'BAD_USER_INPUT'],
    ['an instant without an offset', CREATED_SINCE, { since: '2026-02-28T08:00:00' }, 'BAD_USER_INPUT'],
    ['an instant as a number', CREATED_SINCE, { since: 1764000000 }, 'BAD_USER_INPUT'],
    [
      'an amount that is no decimal',
      CREATE,
      { input: { name: '远大', creditLimit: '1e5' } },
      'BAD_USER_INPUT',
    ],
    [
      'an amount as a binary fraction',
      CREATE,
      { input: { name: '远大', creditLimit: 0.1 } },
      'BAD_USER_INPUT',
    ],
    [
      'an id of another entity in a filter',
      BY_OWNER,
      { owner: globalId('Customer', newId()) },
      'BAD_USER_INPUT',
    ],
    ['an id that is none in a filter', BY_OWNER, { owner: 'E0001' }, 'BAD_USER_INPUT'],
    ['an id that is none', '{ node(id: "E0001") { id } }', {}, 'BAD_USER_INPUT'],
    [
      'an id of no entity',
      'query($id: ID!) { node(id: $id) { id } }',
      { id: globalId('Salary', newId()) },
      'BAD_USER_INPUT',
    ],
    [
      'an id whose row part is none',
      'query($id: ID!) { node(id: $id) { id } }',
      { id: globalId('Customer', '1') },
      'BAD_USER_INPUT',
    ],
  ])('say so by a code: %s', async (_name, document, variables, code) => {
    const { errors, data } = await server.gql('HEAD', document, variables);
    expect(errors?.map((error) => error.extensions?.code)).toEqual([code]);
    expect(data ?? { node: null }).toEqual({ node: null });
    const client = wsClient(server, 'HEAD');
    const overSocket = await client.query(document, variables).then(
      (result) => result.errors,
      (refused: unknown) => refused,
    );
    expect(overSocket).toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code }) })]);
    expect(JSON.stringify(overSocket)).not.toContain('"http"');
    await client.dispose();
  });

  it('say so when the operation that they name is not there', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await server.token('HEAD')}` },
      body: JSON.stringify({
        query: 'query A { viewer { roles } } query B { viewer { roles } }',
        operationName: 'C',
      }),
    });
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }],
    });
  });

  it('answer null, not an error, for an id that leads nowhere', async () => {
    const { data, errors } = await server.gql('HEAD', 'query($id: ID!) { node(id: $id) { id } }', {
      id: globalId('Customer', newId()),
    });
    expect([data, errors]).toEqual([{ node: null }, undefined]);
  });
});

describe('inputs that are not accepted', () => {
  it('name every field and what is accepted there', async () => {
    const input = { name: ' ', lifecycle: 'ACTIVE', creditLimit: '-1', paymentTermDays: -5, email: 'nobody' };
    const { data } = await server.gql('HEAD', CREATE, { input });
    expect(data.customerCreate).toMatchObject({
      __typename: 'InvalidInput',
      code: 'INVALID_INPUT',
      path: ['name'],
    });
    const paths = data.customerCreate.issues.map((issue: { path: string[] }) => issue.path.join('.'));
    expect(paths).toEqual(
      expect.arrayContaining(['name', 'lifecycle', 'creditLimit', 'paymentTermDays', 'email']),
    );
  });

  it('name every id that is none', async () => {
    const input = { customerId: 'C1', employeeId: globalId('Customer', newId()) };
    const document =
      'mutation($input: CustomerAssignInput!) { customerAssign(input: $input) { __typename ... on InvalidInput { issues { path } } } }';
    const { data } = await server.gql('HEAD', document, { input });
    expect(data.customerAssign).toEqual({
      __typename: 'InvalidInput',
      issues: [{ path: ['customerId'] }, { path: ['employeeId'] }],
    });
  });

  it('name every text that cannot be kept', async () => {
    const { data } = await server.gql('HEAD', CREATE, { input: { name: '上海\0远航' } });
    expect(data.customerCreate).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['name'] }] });
  });

  it('name a linked record that the caller may not read as if it were not there', async () => {
    const document =
      'mutation($input: TicketOpenInput!) { ticketOpen(input: $input) { __typename ... on Error { path } } }';
    const hidden = await makeTicket(server, { customerId: (await makeCustomer(server, { grade: 'B' })).id });
    const input = { category: 'INQUIRY', channel: 'ONLINE', subject: 'x', content: 'x' };
    const open = async (linkedTicketId: string) =>
      (await server.gql('SALES_REP', document, { input: { ...input, linkedTicketId } })).data.ticketOpen;
    const refused = { __typename: 'NotFound', path: ['linkedTicketId'] };
    expect(await open(hidden.nodeId)).toEqual(refused);
    expect(await open(globalId('Ticket', newId()))).toEqual(refused);
  });

  it('speak the language that is asked for, English when it is neither', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    const input = { customerId: customer.nodeId, expectedVersion: 7, grade: 'C', reason: '年度复核' };
    const messages: Record<string, string> = {};
    for (const language of ['zh-CN', 'zh-Hans;q=0.9, en;q=0.8', 'en-GB', 'fr', 'de, zh;q=0.5, en;q=0.9']) {
      const { data } = await server.gql(
        'HEAD',
        GRADE,
        { input },
        { headers: { 'accept-language': language } },
      );
      expect(data.customerGrade).toMatchObject({
        code: 'STALE_VERSION',
        current: 1,
        path: ['expectedVersion'],
      });
      messages[language] = data.customerGrade.message;
    }
    const en = 'Somebody changed this meanwhile; its version is now 1. Read it again.';
    const zh = '该记录已被他人修改，当前版本为 1，请重新读取。';
    expect(Object.values(messages)).toEqual([zh, zh, en, en, en]);
  });

  it('speak it in errors of lists and in labels too', async () => {
    const headers = { 'accept-language': 'zh-CN' };
    const { errors } = await server.gql(
      'HEAD',
      '{ customers(first: 500) { edges { node { id } } } }',
      {},
      { headers },
    );
    expect(errors?.[0]).toMatchObject({
      message: 'first：每页 0 到 100 行，不接受 500。',
      extensions: { code: 'BAD_USER_INPUT' },
    });
    const { data } = await server.gql('HEAD', '{ viewer { employee { name } } }', {}, { headers });
    expect(data.viewer.employee.name).toBe('HEAD 中文');
  });
});

describe('changes of the same record', () => {
  it('pass one by one: the second with the same expected version is stale and leaves nothing', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    const grade = (to: string) =>
      server.gql('HEAD', GRADE, {
        input: { customerId: customer.nodeId, expectedVersion: 1, grade: to, reason: '年度复核' },
      });
    const answers = await Promise.all([grade('C'), grade('D')]);
    const types = answers.map(({ data }) => data.customerGrade.__typename).sort();
    expect(types).toEqual(['CustomerGradeSuccess', 'StaleVersion']);
    const winner = answers.find(({ data }) => data.customerGrade.customer)?.data.customerGrade.customer;
    expect(winner.version).toBe(2);
    const { data } = await server.gql(
      'HEAD',
      'query($id: ID!) { node(id: $id) { ... on Customer { grade version } } }',
      { id: customer.nodeId },
    );
    expect(data.node).toEqual(winner);
  });
});

describe('several mutations of one request', () => {
  it('run in their order, and each answers with what it left', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    const { data } = await server.gql(
      'HEAD',
      `mutation ($first: CustomerUpdateInput!, $second: CustomerUpdateInput!) {
        first: customerUpdate(input: $first) { ...Kept }
        second: customerUpdate(input: $second) { ...Kept }
      }
      fragment Kept on CustomerUpdateResult { ... on CustomerUpdateSuccess { customer { name version } } }`,
      {
        first: { customerId: customer.nodeId, expectedVersion: 1, name: '第一' },
        second: { customerId: customer.nodeId, expectedVersion: 2, name: '第二' },
      },
    );
    expect(data).toEqual({
      first: { customer: { name: '第一', version: 2 } },
      second: { customer: { name: '第二', version: 3 } },
    });
  });
});

describe('idempotency keys', () => {
  const key = () => newId();

  it('answer the same input with the same record', async () => {
    const input = { name: '恒通物流', idempotencyKey: key() };
    const first = await server.gql('HEAD', CREATE, { input });
    const second = await server.gql('HEAD', CREATE, { input });
    expect(first.data.customerCreate.__typename).toBe('CustomerCreateSuccess');
    expect(second.data).toEqual(first.data);
  });

  it('refuse another input, and belong to one person and one mutation', async () => {
    const idempotencyKey = key();
    const first = await server.gql('HEAD', CREATE, { input: { name: '恒通物流', idempotencyKey } });
    const other = await server.gql('HEAD', CREATE, { input: { name: '恒通物流二部', idempotencyKey } });
    expect(other.data.customerCreate).toMatchObject({
      __typename: 'IdempotencyConflict',
      code: 'IDEMPOTENCY_CONFLICT',
    });
    const colleague = await server.gql('SALES_SUPERVISOR', CREATE, {
      input: { name: '恒通物流', idempotencyKey },
    });
    expect(colleague.data.customerCreate.customer.id).not.toBe(first.data.customerCreate.customer.id);
  });

  it('make one record of requests at the same moment', async () => {
    const input = { name: `并发 ${newId()}`, idempotencyKey: key() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => server.gql('HEAD', CREATE, { input })));
    const ids = new Set(answers.map(({ data }) => data.customerCreate.customer?.id));
    expect([...ids]).toEqual([expect.any(String)]);
    const { data } = await server.gql(
      'HEAD',
      'query($name: String) { customers(where: { name: { eq: $name } }) { totalCount } }',
      { name: input.name },
    );
    expect(data.customers.totalCount).toBe(1);
  });

  it('keep nothing of a request that failed', async () => {
    const idempotencyKey = key();
    const failed = await server.gql('HEAD', CREATE, {
      input: { name: '恒通物流', areaId: globalId('Area', newId()), idempotencyKey },
    });
    expect(failed.data.customerCreate.__typename).toBe('InvalidInput');
    const again = await server.gql('HEAD', CREATE, { input: { name: '恒通物流', idempotencyKey } });
    expect(again.data.customerCreate.__typename).toBe('CustomerCreateSuccess');
  });

  it('are forgotten after 24 hours', async () => {
    const input = { name: '恒通物流', idempotencyKey: key() };
    const first = await server.gql('HEAD', CREATE, { input });
    server.clock.advance(24 * 3_600_000 - 1);
    expect((await server.gql('HEAD', CREATE, { input })).data).toEqual(first.data);
    server.clock.advance(2);
    const later = await server.gql('HEAD', CREATE, { input });
    expect(later.data.customerCreate.customer.id).not.toBe(first.data.customerCreate.customer.id);
  });
});

const trusted = operations.find(({ name }) => name === 'TicketList')?.text ?? '';

describe('unexpected errors', () => {
  it('are hidden behind an id under which the log has the whole story', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn', base: null }, { write: (line: string) => void lines.push(line) });
    const database = await freshDatabase();
    const broken = await startTestServer({ database, log });
    try {
      const client = wsClient(broken, 'HEAD');
      expect((await client.query('{ viewer { roles } }')).data).toEqual({ viewer: { roles: ['HEAD'] } });
      // As a bug would: whatever asks the database from here on fails in a way that nobody has foreseen.
      await broken.services.database.close();
      const answers = [
        await broken.gql('HEAD', '{ customers { edges { node { id } } } }'),
        await broken.gql('HEAD', CREATE, { input: { name: '恒通物流' } }),
        // Compiled, which reports its errors in a way of its own.
        await broken.gql('HEAD', trusted, { first: 1 }),
        await client.query('{ customers { edges { node { id } } } }'),
      ];
      for (const { errors } of answers) {
        const [error] = errors ?? [];
        expect(error?.extensions?.code).toBe('INTERNAL_SERVER_ERROR');
        const errorId = String(error?.extensions?.errorId);
        expect(error?.message).toBe(`Unexpected error; the log has it under ${errorId}.`);
        const logged = lines.filter((line) => line.includes(errorId)).map((line) => JSON.parse(line));
        expect(logged).toMatchObject([
          { msg: 'unexpected error', err: { stack: expect.stringMatching(/closed|end/) } },
        ]);
        expect(JSON.stringify(errors)).not.toMatch(/pool|PGlite|stack|select/i);
      }
      client.dispose();
    } finally {
      await broken.stop().catch(() => undefined);
      await database.drop();
    }
  });

  it('never are the callers: a caller without a role hears that', async () => {
    const { errors, status } = await server.gql('stranger', '{ viewer { roles } }');
    expect([errors?.[0]?.extensions.code, status]).toEqual(['UNAUTHENTICATED', 401]);
    expect(people).not.toHaveProperty('stranger');
  });
});
