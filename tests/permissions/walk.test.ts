import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventKind } from '../../src/events.ts';
import { sseClient, type Subscription, wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { areas, people, teams } from '../support/people.ts';
import { type Answer, startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import {
  ACCESS_GRANTS,
  billingOpen,
  BUDGETS,
  CONTACT_LOGS,
  fileLevel,
  KEY_ACCOUNTS,
  type Level,
  levelFor,
  TICKETS,
  type Tie,
  VIEWERS,
  type ViewerName,
} from './expectations.ts';
import {
  type CustomerRecord,
  customerTies,
  type KeyAccountRecord,
  makeWorld,
  type TicketRecord,
  ticketTies,
  type World,
  YEAR,
} from './world.ts';

/**
 * Walks the table of section 23 for every role through every door of the API. Whatever a viewer may not read carries a
 * secret, and each answer is searched for secrets that are not the viewer's, cursors included.
 */
let database: FreshDatabase;
let server: TestServer;
let world: World;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  world = await makeWorld(server);
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** What one viewer is to see, by the expectation table. */
interface Expected {
  readonly customers: ReadonlyMap<string, Level>;
  readonly keyAccounts: ReadonlyMap<string, Level>;
  readonly tickets: ReadonlySet<string>;
  readonly contactLogs: ReadonlySet<string>;
  readonly grants: ReadonlySet<string>;
  readonly budgets: ReadonlySet<string>;
  /** Secrets that may come out: "C17". */
  readonly open: ReadonlySet<string>;
}

const expectations = new Map<ViewerName, Expected>();

function expectedOf(viewer: ViewerName): Expected {
  const known = expectations.get(viewer);
  if (known) return known;
  const { keyAccounts } = world;
  const ties = (customer: CustomerRecord) => customerTies(viewer, customer, keyAccounts);
  const customers = new Map(
    world.customers.map((customer) => [customer.nodeId, fileLevel(viewer, customer.grade, ties(customer))]),
  );
  const accounts = new Map(
    keyAccounts.map((account) => [
      account.nodeId,
      levelFor(KEY_ACCOUNTS, viewer, accountTies(account, ties(account.customer))),
    ]),
  );
  const tickets = world.tickets.filter(
    (ticket) =>
      levelFor(TICKETS, viewer, ticketOwnTies(ticket, ticketTies(viewer, ticket, keyAccounts))) === 'FULL',
  );
  const logs = world.customers.filter(
    (customer) =>
      customers.get(customer.nodeId) === 'FULL' && levelFor(CONTACT_LOGS, viewer, ties(customer)) === 'FULL',
  );
  const grants = world.grants.filter(
    ({ customer, requester }) =>
      requester === viewer || levelFor(ACCESS_GRANTS, viewer, ties(customer)) === 'FULL',
  );
  const budgets = world.budgets.filter(({ departmentId }) => {
    const own = new Set<Tie>(departmentId === people[viewer].departmentId ? ['ownDepartment'] : []);
    return levelFor(BUDGETS, viewer, own) === 'FULL';
  });
  const expected: Expected = {
    customers,
    keyAccounts: accounts,
    tickets: ids(tickets),
    contactLogs: new Set(logs.map(({ contactLog }) => contactLog.nodeId)),
    grants: ids(grants),
    budgets: ids(budgets),
    open: new Set([
      ...world.customers
        .filter(({ nodeId }) => customers.get(nodeId) === 'FULL')
        .map(({ index }) => `C${index}`),
      ...keyAccounts.filter(({ nodeId }) => accounts.get(nodeId) === 'FULL').map(({ index }) => `K${index}`),
      ...tickets.map(({ index }) => `T${index}`),
      ...budgets.map(({ index }) => `B${index}`),
    ]),
  };
  expectations.set(viewer, expected);
  return expected;
}

/** Being the specialist of an account that has ended ties nobody to it any more. */
function accountTies(account: KeyAccountRecord, ties: Set<Tie>): Set<Tie> {
  if (account.ended) {
    ties.delete('specialist');
    ties.delete('supervisor');
  }
  return ties;
}

function ticketOwnTies(ticket: TicketRecord, ties: Set<Tie>): Set<Tie> {
  return ticket.keyAccount ? accountTies(ticket.keyAccount, ties) : ties;
}

function ids(records: readonly { readonly nodeId: string }[]): Set<string> {
  return new Set(records.map(({ nodeId }) => nodeId));
}

function having(levels: ReadonlyMap<string, Level>, ...wanted: readonly Level[]): Set<string> {
  return new Set([...levels].filter(([, level]) => wanted.includes(level)).map(([id]) => id));
}

/** Asks as the viewer; no errors, and no secret that is not the viewer's. */
async function ask(viewer: ViewerName, document: string, variables: object = {}): Promise<Answer['data']> {
  const { data, errors } = await server.gql(viewer, document, { ...variables });
  expect(errors).toBeUndefined();
  expectNoSecrets(viewer, data);
  return data;
}

function expectNoSecrets(viewer: ViewerName, value: unknown): void {
  const { open } = expectedOf(viewer);
  const leaked = [...secretsIn(value)].filter((secret) => !open.has(secret));
  expect(leaked).toEqual([]);
}

/** Every secret in any text of the value, written plainly or inside an encoded cursor or id. */
function secretsIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value === 'string') {
    const decoded = /^[\w-]{8,}={0,2}$/.test(value) ? Buffer.from(value, 'base64url').toString('utf8') : '';
    for (const [, kind, index] of `${value} ${decoded}`.matchAll(/([CKTB])SECRET(\d+)X/g))
      found.add(`${kind}${index}`);
  } else if (value && typeof value === 'object') {
    for (const part of Object.values(value)) secretsIn(part, found);
  }
  return found;
}

interface Edge {
  readonly cursor: string;
  // biome-ignore lint/suspicious/noExplicitAny: each walk selects fields of its own.
  readonly node: any;
}

/** Every page of a root list. */
async function everyEdge(
  viewer: ViewerName,
  list: string,
  selection: string,
  { where, orderBy }: { where?: object; orderBy?: readonly object[] } = {},
): Promise<{ edges: Edge[]; totalCount: number }> {
  const type = list.charAt(0).toUpperCase() + list.slice(1, -1);
  const document = `query ($after: String, $where: ${type}Where, $orderBy: [${type}Order!], $count: Boolean!) {
    list: ${list}(first: 100, after: $after, where: $where, orderBy: $orderBy) {
      totalCount @include(if: $count) pageInfo { hasNextPage startCursor endCursor } edges { cursor node { id ${selection} } } } }`;
  const edges: Edge[] = [];
  let totalCount = 0;
  for (let after: string | null = null; ; ) {
    const count = after === null;
    const { list: page } = await ask(viewer, document, { after, where, orderBy, count });
    edges.push(...page.edges);
    if (count) totalCount = page.totalCount;
    if (!page.pageInfo.hasNextPage) return { edges, totalCount };
    after = page.pageInfo.endCursor;
  }
}

/** `nodes` for any number of ids. */
async function nodesOf(viewer: ViewerName, nodeIds: readonly string[], selection: string) {
  const nodes = [];
  for (let start = 0; start < nodeIds.length; start += 150) {
    const data = await ask(
      viewer,
      `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ${selection} } }`,
      {
        ids: nodeIds.slice(start, start + 150),
      },
    );
    nodes.push(...data.nodes);
  }
  return nodes;
}

function idsOf(edges: readonly Edge[]): Set<string> {
  return new Set(edges.map(({ node }) => node.id));
}

const CARD = 'access { level } name';

/** The card of a customer as the viewer is to see it; null where they may not know of it. */
function cardOf(viewer: ViewerName, customer: CustomerRecord): object | null {
  const level = expectedOf(viewer).customers.get(customer.nodeId);
  if (level === 'NONE') return null;
  const short = customer.name.startsWith('Xylo') ? 'Xyl***' : '远大***';
  return { id: customer.nodeId, access: { level }, name: level === 'FULL' ? customer.name : short };
}

describe.each(VIEWERS)('%s', (viewer) => {
  test('customers: list, nodes and node tell the same level', async () => {
    const { customers } = expectedOf(viewer);
    const { edges, totalCount } = await everyEdge(viewer, 'customers', CARD);
    const known = world.customers.map((customer) => cardOf(viewer, customer));
    expect(new Map(edges.map(({ node }) => [node.id, node.access.level]))).toEqual(
      new Map([...customers].filter(([, level]) => level !== 'NONE')),
    );
    expect(edges.map(({ node }) => node).toSorted(byId)).toEqual(
      known.filter((card) => card !== null).toSorted(byId as never),
    );
    expect(totalCount).toBe(edges.length);
    const nodes = await nodesOf(
      viewer,
      world.customers.map(({ nodeId }) => nodeId),
      `... on Customer { ${CARD} }`,
    );
    expect(nodes.map((node) => node && { id: node.id, access: node.access, name: node.name })).toEqual(known);
    for (const level of ['FULL', 'MASKED', 'NONE'] as const) {
      const [id] = having(customers, level);
      if (!id) continue;
      const { node } = await ask(
        viewer,
        `query ($id: ID!) { node(id: $id) { id ... on Customer { ${CARD} } } }`,
        { id },
      );
      expect(node?.access.level ?? 'NONE').toBe(level);
    }
  });

  test('customers: what hangs below one is there only where the file is open', async () => {
    const { customers, tickets, keyAccounts, contactLogs } = expectedOf(viewer);
    const { edges } = await everyEdge(
      viewer,
      'customers',
      `contacts(first: 2) { totalCount edges { node { id name customer { id ${CARD} } } } }
       shipments(first: 2) { totalCount edges { node { id goods } } }
       contactLogs(first: 2) { totalCount edges { node { id content contact { name } customer { id } } } }
       visits(first: 2) { totalCount edges { node { id purpose content latentNeeds host { name } customer { id } } } }
       tickets(first: 5) { totalCount edges { node { id } } }
       keyAccount { id access { level } customer { id ${CARD} } }`,
    );
    const byCustomer = new Map(edges.map(({ node }) => [node.id, node]));
    const ticketsOf = Map.groupBy(world.tickets, ({ customer }) => customer.nodeId);
    const accountOf = new Map(world.keyAccounts.map((account) => [account.customer.nodeId, account.nodeId]));
    for (const customer of world.customers) {
      const node = byCustomer.get(customer.nodeId);
      if (customers.get(customer.nodeId) === 'NONE') {
        expect(node).toBeUndefined();
        continue;
      }
      const open = customers.get(customer.nodeId) === 'FULL';
      const card = cardOf(viewer, customer);
      expect(node.contacts).toEqual(
        open
          ? {
              totalCount: 1,
              edges: [
                { node: { id: customer.contact.nodeId, name: `CSECRET${customer.index}X`, customer: card } },
              ],
            }
          : { totalCount: 0, edges: [] },
      );
      expect(node.shipments).toEqual(
        open
          ? {
              totalCount: 1,
              edges: [{ node: { id: customer.shipment.nodeId, goods: `CSECRET${customer.index}X` } }],
            }
          : { totalCount: 0, edges: [] },
      );
      expect(node.contactLogs.totalCount).toBe(contactLogs.has(customer.contactLog.nodeId) ? 1 : 0);
      expect(node.contactLogs.edges).toHaveLength(node.contactLogs.totalCount);
      // Visits are read where contact logs are.
      expect(idsOf(node.visits.edges)).toEqual(
        new Set(contactLogs.has(customer.contactLog.nodeId) ? [customer.visit.nodeId] : []),
      );
      expect(node.visits.totalCount).toBe(node.contactLogs.totalCount);
      const own = (ticketsOf.get(customer.nodeId) ?? []).filter(({ nodeId }) => tickets.has(nodeId));
      expect(node.tickets.totalCount).toBe(own.length);
      if (own.length <= 5) expect(idsOf(node.tickets.edges)).toEqual(ids(own));
      const account = accountOf.get(customer.nodeId);
      const level = account === undefined ? 'NONE' : keyAccounts.get(account);
      expect(node.keyAccount).toEqual(
        level === 'NONE' ? null : { id: account, access: { level }, customer: card },
      );
    }
  });

  test('customers: a filter on a protected column finds open files only', async () => {
    const { customers } = expectedOf(viewer);
    const open = having(customers, 'FULL');
    const closed = world.customers.filter(({ nodeId }) => !open.has(nodeId));
    const known = having(customers, 'FULL', 'MASKED');
    const secrets = closed.map(({ index }) => `CSECRET${index}X`);
    const now = server.clock.now();
    const filters: Record<string, object> = {
      nameContains: { name: { contains: 'secret' } },
      nameOfClosed: { name: { in: closed.map(({ name }) => name) } },
      phone: { phone: { eq: '+862155550000' } },
      number: { number: { contains: 'SECRET' } },
      numberOfClosed: { number: { in: secrets } },
      registrationNumber: { registrationNumber: { isNull: false } },
      registrationNumberOfClosed: { registrationNumber: { in: secrets } },
      industryOfClosed: { industry: { in: secrets } },
      lifecycle: { lifecycle: { in: ['ACTIVE', 'LOST'] } },
      businessLine: { businessLine: { eq: 'LOGISTICS' } },
      neverVerified: { verifiedAt: { isNull: true } },
      verified: { verifiedAt: { isNull: false } },
      created: { createdAt: { gte: new Date(now.getTime() - 1).toISOString() } },
      area: { area: { in: [areas.EAST.nodeId, areas.SOUTH.nodeId] } },
      noArea: { area: { isNull: true } },
      and: {
        AND: [
          { phone: { isNull: false } },
          { OR: [{ name: { contains: 'secret' } }, { number: { eq: '' } }] },
        ],
      },
      or: { OR: [{ name: { contains: 'secret' } }, { OR: [{ verifiedAt: { isNull: true } }] }] },
      orOfClosed: { OR: [{ number: { in: secrets } }, { AND: [{ industry: { in: secrets } }] }] },
      // Of a row that is no A file the grade says nothing, so that this finds it by its grade alone.
      card: { OR: [{ grade: { in: ['A', 'B', 'C', 'D'] } }, { name: { eq: 'nobody' } }] },
      noGrade: { grade: { isNull: true } },
      ownerOnCard: { owner: { isNull: false } },
    };
    const inArea = world.customers.filter(({ area, nodeId }) => area !== null && open.has(nodeId)).length;
    const graded = world.customers.filter(({ grade, nodeId }) => grade !== null && known.has(nodeId)).length;
    const owned = world.customers.filter(
      ({ tied, nodeId }) => tied?.tie === 'owner' && known.has(nodeId),
    ).length;
    const expected: Record<string, number> = {
      ...Object.fromEntries(Object.keys(filters).map((name) => [name, open.size])),
      ...Object.fromEntries(
        Object.keys(filters)
          .filter((name) => name.endsWith('OfClosed'))
          .map((name) => [name, 0]),
      ),
      nameOfClosed: 0,
      verified: 0,
      area: inArea,
      noArea: open.size - inArea,
      card: graded,
      noGrade: known.size - graded,
      ownerOnCard: owned,
    };
    const names = Object.keys(filters);
    const data = await ask(
      viewer,
      `query (${names.map((name) => `$${name}: CustomerWhere`).join(' ')}) {
        ${names.map((name) => `${name}: customers(where: $${name}, first: 1) { totalCount edges { node { id } } }`).join('\n')}
      }`,
      filters,
    );
    expect(Object.fromEntries(names.map((name) => [name, data[name].totalCount]))).toEqual(expected);
    for (const name of names) expect(data[name].edges).toHaveLength(Math.min(1, expected[name] ?? 0));
    for (const name of ['nameContains', 'or'] as const) {
      const { edges } = await everyEdge(viewer, 'customers', '', { where: filters[name] as object });
      expect(idsOf(edges)).toEqual(open);
    }
  });

  test('customers: an order by protected columns tells nothing of closed files', async () => {
    const { customers } = expectedOf(viewer);
    for (const direction of ['ASC', 'DESC'] as const) {
      const { edges } = await everyEdge(viewer, 'customers', 'access { level }', {
        orderBy: [{ field: 'name', direction }],
      });
      const levelOf = ({ node }: Edge) => customers.get(node.id);
      const [first, second] = direction === 'ASC' ? ['FULL', 'MASKED'] : ['MASKED', 'FULL'];
      const open = edges.filter((edge) => levelOf(edge) === first);
      const closed = edges.filter((edge) => levelOf(edge) === second);
      expect(edges.map(({ cursor }) => cursor)).toEqual([...open, ...closed].map(({ cursor }) => cursor));
      const masked = edges.filter((edge) => levelOf(edge) === 'MASKED');
      const plain = world.customers
        .map(({ nodeId }) => nodeId)
        .filter((id) => customers.get(id) === 'MASKED');
      expect(masked.map(({ node }) => node.id)).toEqual(
        direction === 'ASC' ? plain.toSorted(byRowId) : plain.toSorted(byRowId).reverse(),
      );
      expect(masked.map(({ cursor }) => keysIn(cursor))).toEqual(
        masked.map(({ node }) => [null, rowIdOf(node.id)]),
      );
    }
    const several = [
      'number',
      'lifecycle',
      'industry',
      'verifiedAt',
      'createdAt',
      'registeredAt',
      'businessLine',
    ];
    const { edges } = await everyEdge(viewer, 'customers', 'access { level }', {
      orderBy: [{ field: 'grade' }, ...several.map((field) => ({ field, direction: 'DESC' }))],
    });
    expect(idsOf(edges)).toEqual(having(customers, 'FULL', 'MASKED'));
    const masked = edges.filter(({ node }) => customers.get(node.id) === 'MASKED');
    expect(masked.map(({ cursor }) => keysIn(cursor).slice(1, -1))).toEqual(
      masked.map(() => several.map(() => null)),
    );
  });

  test('shipments and their statistics: content of open files', async () => {
    const { customers } = expectedOf(viewer);
    const open = world.customers.filter(({ nodeId }) => customers.get(nodeId) === 'FULL');
    const { edges, totalCount } = await everyEdge(viewer, 'shipments', `goods customer { id ${CARD} }`, {
      orderBy: [{ field: 'shipmentNumber' }],
    });
    expect(idsOf(edges)).toEqual(new Set(open.map(({ shipment }) => shipment.nodeId)));
    expect(totalCount).toBe(open.length);
    const nodes = await nodesOf(
      viewer,
      world.customers.map(({ shipment }) => shipment.nodeId),
      `... on Shipment { goods revenue { amount } }`,
    );
    expect(nodes.map((node) => node !== null)).toEqual(
      world.customers.map(({ nodeId }) => customers.get(nodeId) === 'FULL'),
    );
    const { all, secret, byCustomer } = await ask(
      viewer,
      `query ($numbers: [String!]) {
        all: shipmentStatistics(groupBy: YEAR) { total { lines revenue { amount } } }
        secret: shipmentStatistics(groupBy: MODE, where: { shipmentNumber: { in: $numbers } }) { total { shipments } }
        byCustomer: shipmentStatistics(groupBy: CUSTOMER, first: 500) { groupCount groups { customer { id ${CARD} } } }
      }`,
      { numbers: world.customers.map(({ index }) => `CSECRET${index}X`) },
    );
    const revenue = open.reduce((sum, { index }) => sum + (index + 1) ** 3, 0);
    expect(all.total).toEqual({ lines: open.length, revenue: { amount: `${revenue}.00` } });
    expect(secret.total).toEqual({ shipments: open.length });
    expect(byCustomer.groupCount).toBe(open.length);
    expect(
      new Set(byCustomer.groups.map(({ customer }: { customer: { id: string } }) => customer.id)),
    ).toEqual(ids(open));
  });

  test('contacts and contact logs: content of open files', async () => {
    const { customers, contactLogs } = expectedOf(viewer);
    const open = world.customers.filter(({ nodeId }) => customers.get(nodeId) === 'FULL');
    const { edges, totalCount } = await everyEdge(viewer, 'contacts', `name phone customer { id ${CARD} }`, {
      orderBy: [{ field: 'name' }],
    });
    expect(idsOf(edges)).toEqual(new Set(open.map(({ contact }) => contact.nodeId)));
    expect(totalCount).toBe(open.length);
    for (const { node } of edges) expect(node.customer.access.level).toBe('FULL');
    const secrets = world.customers.map(({ index }) => `CSECRET${index}X`);
    const found = await ask(
      viewer,
      `query ($name: [String!], $customers: [ID!]) {
        byName: contacts(where: { name: { in: $name } }, first: 1) { totalCount }
        byPhone: contacts(where: { OR: [{ phone: { contains: "secret" } }, { mobile: { isNull: true } }] }, first: 1) { totalCount }
        byCustomer: contacts(where: { customer: { in: $customers } }, first: 1) { totalCount }
      }`,
      { name: secrets, customers: world.customers.map(({ nodeId }) => nodeId) },
    );
    expect(found).toEqual({
      byName: { totalCount: open.length },
      byPhone: { totalCount: open.length },
      byCustomer: { totalCount: open.length },
    });
    const contacts = await nodesOf(
      viewer,
      world.customers.map(({ contact }) => contact.nodeId),
      `... on Contact { name customer { id } }`,
    );
    expect(contacts.map((node) => node !== null)).toEqual(
      world.customers.map(({ nodeId }) => customers.get(nodeId) === 'FULL'),
    );
    const logs = await nodesOf(
      viewer,
      world.customers.map(({ contactLog }) => contactLog.nodeId),
      `... on ContactLog { content contact { name } customer { id ${CARD} } }`,
    );
    expect(logs.map((node) => node !== null)).toEqual(
      world.customers.map(({ contactLog }) => contactLogs.has(contactLog.nodeId)),
    );
  });

  test('visits: content of open files, read where contacts are', async () => {
    const { contactLogs } = expectedOf(viewer);
    const open = world.customers.filter(({ contactLog }) => contactLogs.has(contactLog.nodeId));
    const { edges, totalCount } = await everyEdge(
      viewer,
      'visits',
      `purpose content latentNeeds host { name } customer { id ${CARD} }`,
      { orderBy: [{ field: 'doneAt' }] },
    );
    expect(idsOf(edges)).toEqual(new Set(open.map(({ visit }) => visit.nodeId)));
    expect(totalCount).toBe(open.length);
    const found = await ask(
      viewer,
      `query ($customers: [ID!]) { visits(where: { customer: { in: $customers } }, first: 1) { totalCount } }`,
      { customers: world.customers.map(({ nodeId }) => nodeId) },
    );
    expect(found).toEqual({ visits: { totalCount: open.length } });
    const visits = await nodesOf(
      viewer,
      world.customers.map(({ visit }) => visit.nodeId),
      `... on Visit { purpose content host { name } customer { id ${CARD} } }`,
    );
    expect(visits.map((node) => node !== null)).toEqual(
      world.customers.map(({ contactLog }) => contactLogs.has(contactLog.nodeId)),
    );
  });

  test('key accounts: every door tells the same level, and their customers stay guarded', async () => {
    const { keyAccounts } = expectedOf(viewer);
    const known = having(keyAccounts, 'FULL', 'MASKED');
    const open = having(keyAccounts, 'FULL');
    const selection = `access { level } customer { id ${CARD} }`;
    const { edges, totalCount } = await everyEdge(viewer, 'keyAccounts', selection, {
      orderBy: [{ field: 'annualRevenueTarget', direction: 'DESC' }, { field: 'promotedAt' }],
    });
    expect(new Map(edges.map(({ node }) => [node.id, node.access.level]))).toEqual(
      new Map([...keyAccounts].filter(([, level]) => level !== 'NONE')),
    );
    expect(totalCount).toBe(known.size);
    const customerOf = new Map(world.keyAccounts.map(({ nodeId, customer }) => [nodeId, customer]));
    for (const { node, cursor } of edges) {
      expect(node.customer).toEqual(cardOf(viewer, customerOf.get(node.id) as CustomerRecord));
      if (keyAccounts.get(node.id) !== 'MASKED') continue;
      expect(keysIn(cursor)).toEqual([null, null, rowIdOf(node.id)]);
    }
    const nodes = await nodesOf(
      viewer,
      world.keyAccounts.map(({ nodeId }) => nodeId),
      `... on KeyAccount { ${selection} }`,
    );
    expect(nodes.map((node) => node?.access.level ?? 'NONE')).toEqual(
      world.keyAccounts.map(({ nodeId }) => keyAccounts.get(nodeId)),
    );
    const found = await ask(
      viewer,
      `{ byTarget: keyAccounts(where: { annualRevenueTarget: { gte: "1" } }, first: 1) { totalCount }
         byEnd: keyAccounts(where: { OR: [{ endedAt: { isNull: true } }, { endedAt: { isNull: false } }] }, first: 1) { totalCount }
         byPromotion: keyAccounts(where: { AND: [{ promotedAt: { isNull: false } }] }, first: 1) { totalCount }
         byCard: keyAccounts(where: { level: { eq: B } }, first: 1) { totalCount } }`,
    );
    expect(found).toEqual({
      byTarget: { totalCount: open.size },
      byEnd: { totalCount: open.size },
      byPromotion: { totalCount: open.size },
      byCard: { totalCount: known.size },
    });
  });

  test('[TIC-35] tickets: list, nodes and counts agree, and a ticket shows of its customer what the viewer may see', async () => {
    const { tickets } = expectedOf(viewer);
    const selection = `subject customer { id ${CARD} } linkedTicket { id }
      attachments(first: 2) { totalCount edges { node { id fileName note downloadUrl } } }`;
    const { edges, totalCount } = await everyEdge(viewer, 'tickets', selection, {
      orderBy: [{ field: 'number', direction: 'DESC' }],
    });
    expect(idsOf(edges)).toEqual(tickets);
    expect(totalCount).toBe(tickets.size);
    const recordOf = new Map(world.tickets.map((ticket) => [ticket.nodeId, ticket]));
    for (const { node } of edges) {
      const { customer, attachment, index } = recordOf.get(node.id) as TicketRecord;
      expect(node.customer).toEqual(cardOf(viewer, customer));
      expect(node.attachments).toMatchObject({
        totalCount: 1,
        edges: [{ node: { id: attachment.nodeId, fileName: `TSECRET${index}X.pdf` } }],
      });
    }
    const attached = await nodesOf(
      viewer,
      world.tickets.map(({ attachment }) => attachment.nodeId),
      '... on Attachment { fileName note sha256 downloadUrl subject { id } viewerCan { allowed } }',
    );
    expect(attached.map((node) => node?.subject.id ?? null)).toEqual(
      world.tickets.map(({ nodeId }) => (tickets.has(nodeId) ? nodeId : null)),
    );
    const nodes = await nodesOf(
      viewer,
      world.tickets.map(({ nodeId }) => nodeId),
      `... on Ticket { ${selection} }`,
    );
    expect(nodes.map((node) => node !== null)).toEqual(
      world.tickets.map(({ nodeId }) => tickets.has(nodeId)),
    );
    const found = await ask(
      viewer,
      `query ($customers: [ID!]) {
        byNumber: tickets(where: { number: { contains: "secret" } }, first: 1) { totalCount }
        byCustomer: tickets(where: { OR: [{ customer: { in: $customers } }, { subject: { contains: "secret" } }] }, first: 1) { totalCount }
        byClaim: tickets(where: { claimAmount: { gte: "1" } }, first: 1) { totalCount } }`,
      { customers: world.customers.map(({ nodeId }) => nodeId) },
    );
    const claims = world.tickets.filter(({ claim, nodeId }) => claim && tickets.has(nodeId));
    expect(found).toEqual({
      byNumber: { totalCount: tickets.size },
      byCustomer: { totalCount: tickets.size },
      byClaim: { totalCount: claims.length },
    });
  });

  test('queues: of each team what the viewer may read, and the overview counts nothing else', async () => {
    const { tickets } = expectedOf(viewer);
    const open = world.tickets.filter(({ nodeId, closed }) => tickets.has(nodeId) && !closed);
    const byTeam = Map.groupBy(open, ({ teamId }) => teamId);
    for (const { id, nodeId } of Object.values(teams)) {
      const { ticketQueue } = await ask(
        viewer,
        `query ($teamId: ID!) { ticketQueue(teamId: $teamId, first: 100) {
          totalCount edges { cursor node { id subject routing { reason } customer { id ${CARD} } } } } }`,
        { teamId: nodeId },
      );
      const expected = byTeam.get(id) ?? [];
      expect([viewer, ticketQueue.totalCount]).toEqual([viewer, expected.length]);
      expect(idsOf(ticketQueue.edges)).toEqual(ids(expected));
    }
    const { ticketQueues } = await ask(
      viewer,
      '{ ticketQueues { team { id } waiting inWork atRisk overdue settled } }',
    );
    const counted = new Map<string | null, number>(
      ticketQueues.map((queue: { team: { id: string } | null; waiting: number; inWork: number }) => [
        queue.team && rowIdOf(queue.team.id),
        queue.waiting + queue.inWork,
      ]),
    );
    for (const [teamId, expected] of byTeam)
      expect([viewer, teamId, counted.get(teamId)]).toEqual([viewer, teamId, expected.length]);
    // Empty queues are told to who reads every ticket, and the own one to who reads any.
    const empty = [...counted].filter(([, count]) => count === 0).map(([teamId]) => teamId);
    if (TICKETS[viewer].opens !== 'ALL')
      expect(empty.filter((teamId) => teamId !== people[viewer].teamId)).toEqual([]);
    expect([...counted.keys()].filter((teamId) => (counted.get(teamId) ?? 0) > 0).toSorted()).toEqual(
      [...byTeam.keys()].toSorted(),
    );
  });

  test('access grants: of whoever asked, and of whoever decides', async () => {
    const { grants } = expectedOf(viewer);
    const { edges, totalCount } = await everyEdge(viewer, 'accessGrants', `reason customer { id ${CARD} }`);
    expect(idsOf(edges)).toEqual(grants);
    expect(totalCount).toBe(grants.size);
    const recordOf = new Map(world.grants.map((grant) => [grant.nodeId, grant.customer]));
    for (const { node } of edges) {
      expect(node.customer).toEqual(cardOf(viewer, recordOf.get(node.id) as CustomerRecord));
    }
    const nodes = await nodesOf(
      viewer,
      world.grants.map(({ nodeId }) => nodeId),
      `... on AccessGrant { reason customer { id ${CARD} } }`,
    );
    expect(nodes.map((node) => node !== null)).toEqual(world.grants.map(({ nodeId }) => grants.has(nodeId)));
  });

  test('approvals: of who asked, who decided and who reads the subject; what waits is what the viewer decides', async () => {
    const { tickets, grants } = expectedOf(viewer);
    const read = new Set([...tickets, ...grants]);
    const seen = world.approvals.filter(
      ({ subject, requester, decidedBy }) =>
        read.has(subject.nodeId) || requester === viewer || decidedBy === viewer,
    );
    const selection = 'subject { __typename id ... on Ticket { subject } ... on AccessGrant { reason } }';
    const { edges, totalCount } = await everyEdge(viewer, 'approvals', selection);
    const expected = viewer === 'INTERNAL_AUDITOR' ? world.approvals : seen;
    expect(idsOf(edges)).toEqual(ids(expected));
    expect(totalCount).toBe(expected.length);
    const subjectOf = new Map(world.approvals.map(({ nodeId, subject }) => [nodeId, subject.nodeId]));
    for (const { node } of edges) {
      const subject = subjectOf.get(node.id) ?? '';
      expect(node.subject?.id ?? null).toBe(read.has(subject) ? subject : null);
    }
    const nodes = await nodesOf(
      viewer,
      world.approvals.map(({ nodeId }) => nodeId),
      '... on Approval { viewerCan { action allowed } steps { number } history { event } }',
    );
    expect(nodes.map((node) => node !== null)).toEqual(
      world.approvals.map((approval) => expected.includes(approval)),
    );
    const inArea = ({ subject }: (typeof world.approvals)[number]) =>
      viewer.startsWith('DEPUTY') && customerTies(viewer, subject.customer, world.keyAccounts).has('ownArea');
    const decides = seen.filter(
      (approval) =>
        approval.decidedBy === null &&
        approval.requester !== viewer &&
        read.has(approval.subject.nodeId) &&
        (viewer === 'HEAD' || inArea(approval)),
    );
    const { approvalsPending } = await ask(
      viewer,
      '{ approvalsPending(first: 100) { totalCount edges { node { id } } } }',
    );
    expect(approvalsPending.totalCount).toBe(decides.length);
    if (decides.length <= 100) expect(idsOf(approvalsPending.edges)).toEqual(ids(decides));
    expect(
      nodes
        .filter((node) => node?.viewerCan[0].allowed)
        .map((node) => node.id as string)
        .toSorted(),
    ).toEqual([...ids(decides)].toSorted());
  });

  test('budgets: the list, nodes and their lines', async () => {
    const { budgets } = expectedOf(viewer);
    const data = await ask(
      viewer,
      `{ budgets(year: ${YEAR}) { id lines { id item } totals { amount { amount } } } }`,
    );
    expect(new Set(data.budgets.map((budget: { id: string }) => budget.id))).toEqual(budgets);
    for (const budget of data.budgets) expect(budget.lines).toHaveLength(1);
    const nodes = await nodesOf(
      viewer,
      world.budgets.flatMap(({ nodeId, line }) => [nodeId, line.nodeId]),
      '... on Budget { lines { item } } ... on BudgetLine { item }',
    );
    expect(nodes.map((node) => node !== null)).toEqual(
      world.budgets.flatMap(({ nodeId }) => [budgets.has(nodeId), budgets.has(nodeId)]),
    );
  });

  test('[PRM-05] files and billing open for those who may read them, by every path', async () => {
    const { customers, keyAccounts, tickets } = expectedOf(viewer);
    // Of each tie one customer: a refused read is written down each time.
    const asked = [
      ...world.customers.slice(0, 12),
      ...world.customers.filter(({ tied }) => tied?.of === viewer),
      ...world.customers.filter(({ tied }) => tied && tied.of !== viewer).slice(0, 10),
    ];
    const FILE = 'file { number registrationNumber } billing { invoiceTitle }';
    const nodes = await nodesOf(
      viewer,
      asked.map(({ nodeId }) => nodeId),
      `... on Customer { ${FILE} }`,
    );
    asked.forEach((customer, place) => {
      const level = customers.get(customer.nodeId) as Level;
      const number = `CSECRET${customer.index}X`;
      const file = level === 'FULL' ? { number, registrationNumber: number } : null;
      const billing = billingOpen(viewer, level) ? { invoiceTitle: `Invoice ${customer.index}` } : null;
      const node = nodes[place];
      expect(node && { file: node.file, billing: node.billing }).toEqual(
        level === 'NONE' ? null : { file, billing },
      );
    });
    const seenTickets = world.tickets.filter(({ nodeId }) => tickets.has(nodeId)).slice(0, 20);
    const throughTickets = await nodesOf(
      viewer,
      seenTickets.map(({ nodeId }) => nodeId),
      '... on Ticket { customer { file { number } } }',
    );
    throughTickets.forEach((node, place) => {
      const customer = seenTickets[place]?.customer as CustomerRecord;
      expect(node.customer?.file ?? null).toEqual(
        customers.get(customer.nodeId) === 'FULL' ? { number: `CSECRET${customer.index}X` } : null,
      );
    });
    const accounts = world.keyAccounts.filter(
      ({ customer }) => !customer.tied || customer.tied.of === viewer,
    );
    const throughAccounts = await nodesOf(
      viewer,
      accounts.map(({ nodeId }) => nodeId),
      '... on KeyAccount { file { partnershipStatus } customer { file { number } } }',
    );
    throughAccounts.forEach((node, place) => {
      const account = accounts[place] as KeyAccountRecord;
      const open = keyAccounts.get(account.nodeId) === 'FULL';
      expect(node?.file ?? null).toEqual(open ? { partnershipStatus: `KSECRET${account.index}X` } : null);
      expect(node?.customer?.file ?? null).toEqual(
        node && customers.get(account.customer.nodeId) === 'FULL'
          ? { number: `CSECRET${account.customer.index}X` }
          : null,
      );
    });
  });
});

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}

function rowIdOf(nodeId: string): string {
  return Buffer.from(nodeId, 'base64').toString('utf8').split(':')[1] ?? '';
}

function byRowId(one: string, other: string): number {
  return rowIdOf(one) < rowIdOf(other) ? -1 : 1;
}

/** What a cursor says of the place of its row. */
function keysIn(cursor: string): (string | null)[] {
  return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')).slice(1);
}

describe('live events', () => {
  const DOCUMENT = `subscription {
    liveEvents { __typename
      ... on LiveEvent { kind message subject { __typename id
        ... on Customer { ${CARD} }
        ... on KeyAccount { access { level } customer { id ${CARD} } }
        ... on Ticket { number customer { id ${CARD} contacts { edges { node { name } } } } }
        ... on Budget { lines { item } } } }
      ... on Heartbeat { cursor } } }`;
  const ESCALATIONS = `subscription {
    complaintEscalations { __typename
      ... on ComplaintEscalation { kind ticketNumber ticket { id number customer { id ${CARD} file { number } } } }
      ... on Heartbeat { cursor } } }`;
  const ALERTS = `subscription {
    keyAccountAlerts { __typename
      ... on KeyAccountAlert { kind required done subject { id ... on KeyAccount {
        access { level } file { partnershipStatus } customer { id ${CARD} file { number } } } } }
      ... on Heartbeat { cursor } } }`;
  /** Whose ties are told of; each frame is executed for its viewer, which takes its time. */
  const TOLD: readonly string[] = ['KA_SPECIALIST', 'SALES_REP', 'CS_AGENT', 'OPERATIONS'];
  const OVER_SSE: readonly string[] = ['CS_AGENT', 'OTHER_DEPARTMENT', 'HR'];

  test('[PRM-07] each viewer hears of what they may read, and an event shows no more than that', async () => {
    const sockets = new Map(VIEWERS.map((viewer) => [viewer, wsClient(server, viewer)]));
    const feeds = VIEWERS.map((viewer) => {
      const open = (document: string) => sockets.get(viewer)?.subscribe(document) as Subscription;
      const small = TOLD.includes(viewer);
      return {
        viewer,
        all: [
          open(DOCUMENT),
          ...(OVER_SSE.includes(viewer) ? [sseClient(server, viewer).subscribe(DOCUMENT)] : []),
        ],
        escalations: small ? open(ESCALATIONS) : null,
        alerts: small ? open(ALERTS) : null,
      };
    });
    const every = feeds.flatMap(({ all, escalations, alerts }) =>
      [...all, escalations, alerts].filter((feed) => feed !== null),
    );
    await Promise.all(every.map((feed) => feed.ready()));

    const told = ({ customer, tied }: { customer: CustomerRecord; tied?: { of: string } | null }) =>
      !(tied ?? customer.tied) || TOLD.includes((tied ?? customer.tied)?.of ?? '');
    const tickets = world.tickets.filter(told);
    const accounts = world.keyAccounts.filter(told);
    const customers = world.customers.slice(0, 12);
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) => {
      const emit = (
        kind: EventKind,
        subjectId: string,
        payload: Record<string, string | number>,
        audience = {},
      ) => tx.emit({ kind, subjectId, audience, payload });
      for (const { id, index } of tickets)
        emit('COMPLAINT_OVERDUE', id, { ticketNumber: `TSECRET${index}X` });
      for (const { id } of accounts) emit('CONTACT_OVERDUE', id, { level: 'B', required: 2, done: 1 });
      for (const { id } of customers) {
        const employees = [people.OTHER_DEPARTMENT.id, people.HR.id];
        emit('ACCESS_REQUESTED', id, {}, { roles: ['HEAD'], employees });
      }
      for (const { id } of world.budgets) emit('BUDGET_APPROVED', id, { year: YEAR });
    });
    await server.settled();
    const last = world.budgets.at(-1)?.nodeId;
    // The budgets' events are the last; whatever a batch delivers, it delivers to all before the next.
    await waitUntil(
      () =>
        feeds.every(
          ({ viewer, all }) =>
            !expectedOf(viewer).budgets.has(last ?? '') ||
            all.every((feed) => feed.events.some(({ subject }) => subject?.id === last)),
        ),
      40_000,
    );

    for (const { viewer, all, escalations, alerts } of feeds) {
      const expected = expectedOf(viewer);
      const readable = {
        Ticket: tickets.filter(({ nodeId }) => expected.tickets.has(nodeId)),
        KeyAccount: accounts.filter(({ nodeId }) => expected.keyAccounts.get(nodeId) === 'FULL'),
        // Restricted events reach their audience alone, and there only those who may know of the customer.
        Customer: viewer === 'HEAD' || viewer === 'OTHER_DEPARTMENT' ? customers : [],
        Budget: world.budgets.filter(({ nodeId }) => expected.budgets.has(nodeId)),
      };
      for (const feed of all) {
        const events = feed.events.filter(({ kind }) => kind !== 'ACCESS_DENIED');
        const subjects = Map.groupBy(events, ({ subject }) => subject.__typename);
        for (const [type, records] of Object.entries(readable)) {
          const heard = (subjects.get(type) ?? []).map(({ subject }) => subject.id);
          expect([viewer, type, heard.toSorted()]).toEqual([viewer, type, [...ids(records)].toSorted()]);
        }
        for (const { subject } of subjects.get('Customer') ?? []) {
          const customer = customers.find(({ nodeId }) => nodeId === subject.id) as CustomerRecord;
          expect(subject).toEqual({ __typename: 'Customer', ...cardOf(viewer, customer) });
        }
        expectNoSecrets(viewer, feed.results);
      }
      if (!escalations || !alerts) continue;
      expect(escalations.events.map(({ ticket }) => ticket.id).toSorted()).toEqual(
        [...ids(readable.Ticket)].toSorted(),
      );
      expect(alerts.events.map(({ subject }) => subject.id).toSorted()).toEqual(
        [...ids(readable.KeyAccount)].toSorted(),
      );
      expectNoSecrets(viewer, [escalations.results, alerts.results]);
      const records = [...readable.Ticket, ...readable.KeyAccount];
      for (const { id, customer } of [...escalations.events, ...alerts.events].map(
        ({ ticket, subject }) => ticket ?? subject,
      )) {
        const record = records.find(({ nodeId }) => nodeId === id)?.customer as CustomerRecord;
        const level = expected.customers.get(record.nodeId);
        expect(customer?.access.level ?? 'NONE').toBe(level);
        expect(customer?.file ?? null).toEqual(
          level === 'FULL' ? { number: `CSECRET${record.index}X` } : null,
        );
      }
    }
    for (const feed of every) feed.close();
    await Promise.all([...sockets.values()].map((socket) => socket.dispose()));
  }, 60_000);
});
