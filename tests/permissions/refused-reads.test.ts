import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import { makeContact, makeCustomers, makeAssignment } from '../support/factories.ts';
import { type Named, people, type PersonName } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const FILES = `query Files($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { id file { number } } } }`;

interface Noted {
  readonly actorId: string;
  readonly action: string;
  readonly subjectId: string;
  readonly requestId: string;
  readonly part: string | null;
}

/** What the audit log says of reads of these customers' files. */
function noted(customers: readonly Named[]): Promise<Noted[]> {
  return server.services.database.query<Noted>(sql`
    select actor_id as "actorId", action, subject_id as "subjectId", request_id as "requestId", after ->> 'part' as part
    from audit_log
    where action in ('fileRead', 'readRefused') and subject_id = any(${customers.map(({ id }) => id)}::uuid[])
    order by id`);
}

/** How often ACCESS_DENIED was raised for each of these customers. */
async function denied(customers: readonly Named[], viewer?: PersonName): Promise<number[]> {
  await server.settled();
  const rows = await server.services.database.query<{ id: string; count: number }>(sql`
    select subject_id as id, count(*)::int as count from event
    where kind = 'ACCESS_DENIED' and subject_id = any(${customers.map(({ id }) => id)}::uuid[])
      and (${viewer ? people[viewer].id : null}::text is null or payload ->> 'viewerId' = ${viewer ? people[viewer].id : null}::text)
    group by subject_id`);
  const counts = new Map(rows.map((row) => [row.id, row.count]));
  return customers.map(({ id }) => counts.get(id) ?? 0);
}

function ids(customers: readonly Named[]): string[] {
  return customers.map(({ nodeId }) => nodeId);
}

test('[PRM-05] a refused read answers null and is noted, once per request however it is asked', async () => {
  const customers = await makeCustomers(server, 6, (index) => ({
    grade: index % 2 ? 'A' : 'B',
    ownerId: index === 0 ? people.SALES_REP.id : null,
  }));
  const { data, errors } = await server.gql(
    'SALES_REP',
    `query ($ids: [ID!]!) {
      nodes(ids: $ids) { ... on Customer { one: file { number } two: file { name: number } ...F billing { taxNumber } access { level reason } } }
      again: nodes(ids: $ids) { ... on Customer { billing { invoiceTitle } } }
    }
    fragment F on Customer { three: file { phone } }`,
    { ids: ids(customers) },
  );
  expect(errors).toBeUndefined();
  data.nodes.forEach((node: Record<string, unknown>, index: number) => {
    const open = index === 0;
    const file = open ? expect.objectContaining({}) : null;
    expect(node).toEqual({
      one: file,
      two: file,
      three: file,
      billing: open ? { taxNumber: null } : null,
      access: open
        ? { level: 'FULL', reason: 'ALLOWED' }
        : { level: 'MASKED', reason: index % 2 ? 'GRADE_A_DEDICATED_ONLY' : 'NOT_ASSIGNED' },
    });
  });
  const rows = await noted(customers);
  expect(rows.map(({ action, subjectId, actorId }) => [action, subjectId, actorId]).toSorted()).toEqual(
    customers
      .slice(1)
      .map(({ id }) => ['readRefused', id, people.SALES_REP.id])
      .toSorted(),
  );
  expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(1);
  expect(await denied(customers)).toEqual([0, 1, 1, 1, 1, 1]);
});

test('one refused read or fifty: the same number of statements, one of them for the audit log', async () => {
  const customers = await makeCustomers(server, 51);
  const ask = (some: readonly Named[]) => server.gql('CS_AGENT', FILES, { ids: ids(some) });
  const one = await server.statementsDuring(() => ask(customers.slice(0, 1)));
  const fifty = await server.statementsDuring(() => ask(customers.slice(1)));
  expect(fifty).toBe(one);
  expect(await noted(customers)).toHaveLength(51);
});

test('ACCESS_DENIED is raised once per viewer, customer and day of the business time zone', async () => {
  const customers = await makeCustomers(server, 2);
  const ask = (viewer: PersonName) => server.gql(viewer, FILES, { ids: ids(customers) });
  // Shanghai, 24 November, to its last millisecond.
  server.clock.set('2026-11-23T16:00:00.000Z');
  await ask('CS_AGENT');
  server.clock.set('2026-11-24T15:59:59.999Z');
  await ask('CS_AGENT');
  await ask('OPERATIONS');
  expect(await denied(customers, 'CS_AGENT')).toEqual([1, 1]);
  expect(await denied(customers, 'OPERATIONS')).toEqual([1, 1]);
  server.clock.set('2026-11-24T16:00:00.000Z');
  await ask('CS_AGENT');
  expect(await denied(customers, 'CS_AGENT')).toEqual([2, 2]);
  expect(await noted(customers)).toHaveLength(8);
  server.clock.set(MONDAY_9);
});

test('requests at the same time, in any order, raise it once and none of them fails', async () => {
  const customers = await makeCustomers(server, 12);
  const orders = Array.from({ length: 12 }, (_, turn) => [
    ...customers.slice(turn),
    ...customers.slice(0, turn),
  ]);
  const answers = await Promise.all(
    orders.map((order, turn) =>
      server.gql('CS_AGENT', FILES, { ids: ids(turn % 2 ? order.toReversed() : order) }),
    ),
  );
  expect(answers.map(({ errors, status }) => [errors, status])).toEqual(orders.map(() => [undefined, 200]));
  expect(await denied(customers)).toEqual(customers.map(() => 1));
  expect(await noted(customers)).toHaveLength(12 * 12);
});

test('a masked row in a list, its card and what is empty below it are no refused read', async () => {
  const name = `隐名 ${newId()}`;
  const customers = await makeCustomers(server, 3, (index) => ({
    name,
    ownerId: people.HEAD.id,
    grade: index ? 'A' : 'B',
  }));
  await makeContact(server, { customerId: customers[0]?.id ?? '' });
  const { data, errors } = await server.gql(
    'OTHER_DEPARTMENT',
    `query ($owner: ID!, $ids: [ID!]!) {
      customers(where: { owner: { eq: $owner } }, orderBy: [{ field: name }], first: 100) {
        totalCount edges { node { id name grade owner { id } version access { level } viewerCan { allowed }
          contacts { totalCount } contactLogs { totalCount } tickets { totalCount } keyAccount { id } } } }
      nodes(ids: $ids) { ... on Customer { id name access { level } } }
    }`,
    { owner: people.HEAD.nodeId, ids: ids(customers) },
  );
  expect(errors).toBeUndefined();
  expect(data.nodes.map((node: { access: object }) => node.access)).toEqual(
    customers.map(() => ({ level: 'MASKED' })),
  );
  expect(await noted(customers)).toEqual([]);
  expect(await denied(customers)).toEqual([0, 0, 0]);
});

test('of a customer that the viewer may not know of nothing is refused: there is none', async () => {
  const customers = await makeCustomers(server, 1, { grade: 'A' });
  const { data } = await server.gql('HR', FILES, { ids: ids(customers) });
  expect(data.nodes).toEqual([null]);
  expect(await noted(customers)).toEqual([]);
  expect(await denied(customers)).toEqual([0]);
});

test('[CUS-17] every read of a grade A file is noted, by part and once per request', async () => {
  const [a, b] = (await makeCustomers(server, 2, (index) => ({ grade: index ? 'B' : 'A' }))) as [
    Named,
    Named,
  ];
  const contact = await makeContact(server, { customerId: a.id });
  await makeAssignment(server, { customerId: a.id, employeeId: people.SALES_REP.id, dedicated: true });
  const READ = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { file { number } again: file { phone } } } }`;
  for (const viewer of ['HEAD', 'SALES_REP'] as const) await server.gql(viewer, READ, { ids: ids([a, b]) });
  const who = ({ actorId, action, part }: Noted) => [
    Object.values(people).find(({ id }) => id === actorId)?.name,
    action,
    part,
  ];
  expect((await noted([a])).map(who)).toEqual([
    ['HEAD', 'fileRead', 'file'],
    ['SALES_REP', 'fileRead', 'file'],
  ]);
  // SALES_REP may not read the other; HEAD reads files below A without a note.
  expect((await noted([b])).map(who)).toEqual([['SALES_REP', 'readRefused', null]]);

  const parts = {
    billing: [
      'FINANCE',
      `query ($id: ID!) { node(id: $id) { ... on Customer { billing { taxNumber } } } }`,
      a,
    ],
    nested: [
      'HEAD',
      `query ($id: ID!) { node(id: $id) { ... on Customer { contacts { edges { node { name } } } } } }`,
      a,
    ],
    listed: [
      'HEAD',
      `query ($id: ID!) { contacts(where: { customer: { eq: $id } }) { edges { node { phone } } } }`,
      a,
    ],
    byNode: ['HEAD', `query ($id: ID!) { node(id: $id) { ... on Contact { name } } }`, contact],
    refused: [
      'COMPANY_LEADER',
      `query ($id: ID!) { node(id: $id) { ... on Customer { file { number } contacts { totalCount } } } }`,
      a,
    ],
  } as const;
  let before = (await noted([a])).length;
  const seen: Record<string, unknown> = {};
  for (const [name, [viewer, document, { nodeId }]] of Object.entries(parts)) {
    const { errors } = await server.gql(viewer, document, { id: nodeId });
    expect(errors).toBeUndefined();
    const rows = await noted([a]);
    seen[name] = rows.slice(before).map(who);
    before = rows.length;
  }
  expect(seen).toEqual({
    billing: [['FINANCE', 'fileRead', 'billing']],
    nested: [['HEAD', 'fileRead', 'contacts']],
    listed: [['HEAD', 'fileRead', 'contacts']],
    byNode: [['HEAD', 'fileRead', 'contacts']],
    refused: [['COMPANY_LEADER', 'readRefused', null]],
  });
});

test('what an auditor reads is noted whatever the grade; a grade A file is refused to an auditor, too', async () => {
  const customers = await makeCustomers(server, 3, (index) => ({
    grade: (['B', 'A', null] as const)[index] ?? null,
  }));
  await server.gql('INTERNAL_AUDITOR', FILES, { ids: ids(customers) });
  expect((await noted(customers)).map(({ action, subjectId }) => [subjectId, action]).toSorted()).toEqual(
    customers.map(({ id }, index) => [id, index === 1 ? 'readRefused' : 'fileRead']).toSorted(),
  );
});

test('over a WebSocket, and inside the answer of a mutation, reads are noted as over HTTP', async () => {
  const customers = await makeCustomers(server, 2, { grade: 'A' });
  const client = wsClient(server, 'CS_AGENT');
  const { data } = await client.query(FILES, { ids: ids(customers) });
  expect(data?.nodes.map((node: { file: unknown }) => node.file)).toEqual([null, null]);
  await client.dispose();
  expect((await noted(customers)).map(({ action }) => action)).toEqual(['readRefused', 'readRefused']);
  const [customer] = customers as [Named, Named];
  const answer = await server.gql(
    'HEAD',
    `mutation ($input: CustomerAssignInput!) { customerAssign(input: $input) {
      ... on CustomerAssignSuccess { customer { file { number } } } ... on Error { message } } }`,
    { input: { customerId: customer.nodeId, employeeId: people.SALES_REP.nodeId } },
  );
  expect(answer.data.customerAssign.customer.file.number).toEqual(expect.any(String));
  expect((await noted([customer])).map(({ action }) => action)).toEqual(['readRefused', 'fileRead']);
});
