import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../src/generated/prisma/enums.ts';
import { type Sql, sql } from '../../src/platform/sql.ts';
import { closeCodeOf, sseClient, type Subscription, type WsClient, wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import {
  makeAssignment,
  makeCustomer,
  makeEmployee,
  makeGrants,
  makeKeyAccount,
  makeTicket,
} from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { areas, departments, type Named, people, teams } from '../support/people.ts';
import { startTestServer, type TestServer, waitUntil } from '../support/server.ts';

/**
 * Rights change while a subscription is open, written past the API where nobody but the database sees it: within five
 * seconds the subscription is filtered anew, or closed.
 */
const WITHIN_MS = 5_000;

const FEED = `subscription {
  liveEvents { __typename
    ... on LiveEvent { kind subject { id ... on Ticket { number customer { name access { level } file { number } } } } }
    ... on Heartbeat { cursor } } }`;

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  // As a deployment has them, so that changes travel by themselves.
  server = await startTestServer({
    database,
    env: { LIVE_POLL_SECONDS: '0.5', LIVE_HEARTBEAT_SECONDS: '1' },
  });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});

describe.each(['WebSocket', 'SSE'] as const)('%s', (transport) => {
  let clients: WsClient[];
  beforeEach(() => {
    clients = [];
    return async () => void (await Promise.all(clients.map((client) => client.dispose())));
  });

  /** An open feed of the person, and the code with which its socket was closed. */
  async function listen(
    subject: string,
    token?: string,
  ): Promise<{ feed: Subscription; code: () => number | null }> {
    if (transport === 'SSE') {
      const feed = sseClient(server, subject, token ? { token } : {}).subscribe(FEED);
      await feed.ready();
      return { feed, code: () => closeCodeOf(feed) };
    }
    const client = wsClient(server, subject, token ? { token } : {});
    clients.push(client);
    const feed = client.subscribe(FEED);
    await feed.ready();
    return { feed, code: () => client.closed?.code ?? null };
  }

  /** Writes to the database as somebody else would, without the server's doing. */
  async function write(statement: Sql): Promise<number> {
    await server.services.database.transaction((tx) => tx.prisma.$executeRaw(statement));
    return performance.now();
  }

  async function person(...roles: Role[]) {
    return makeEmployee(server, { roles, teamId: teams.SALES.id });
  }

  async function tell(ticket: Named): Promise<void> {
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) =>
      tx.emit({
        kind: 'COMPLAINT_OPENED',
        subjectId: ticket.id,
        audience: {},
        payload: { ticketNumber: 'T' },
      }),
    );
  }

  function heard(feed: Subscription, ticket: Named) {
    return feed.events.filter(({ subject }) => subject?.id === ticket.nodeId);
  }

  async function hears(feed: Subscription, ticket: Named) {
    const before = heard(feed, ticket).length;
    await tell(ticket);
    await waitUntil(() => heard(feed, ticket).length > before);
    return heard(feed, ticket).at(-1)?.subject;
  }

  /** Tells of the ticket until the listener no longer hears of it; a witness says that the telling was delivered. */
  async function fallsSilent(
    feed: Subscription,
    witness: Subscription,
    ticket: Named,
    since: number,
  ): Promise<void> {
    for (;;) {
      const [own, others] = [heard(feed, ticket).length, heard(witness, ticket).length];
      await tell(ticket);
      await waitUntil(() => heard(witness, ticket).length > others);
      // A later event that both may read passes behind it.
      await feed.waitFor((item) => item.__typename === 'Heartbeat');
      const silent = heard(feed, ticket).length === own;
      expect(performance.now() - since).toBeLessThan(WITHIN_MS);
      if (silent) return;
    }
  }

  test.each([
    [
      'its last role is taken',
      (id: string) => sql`delete from role_assignment where employee_id = ${id}::uuid`,
    ],
    [
      'its last role ends',
      (id: string) =>
        sql`update role_assignment set valid_to = ${server.clock.now()}::timestamptz where employee_id = ${id}::uuid`,
    ],
    [
      'the person has left',
      (id: string) => sql`update employee set left_on = '2026-11-22' where id = ${id}::uuid`,
    ],
  ])('is closed when %s', async (_what, statement) => {
    const { id, subject } = await person('CS_SUPERVISOR');
    const { feed, code } = await listen(subject);
    const since = await write(statement(id));
    await feed.end();
    expect(performance.now() - since).toBeLessThan(WITHIN_MS);
    expect(code()).toBe(4403);
    // And does not open again.
    const again = transport === 'SSE' ? sseClient(server, subject) : wsClient(server, subject);
    await again.subscribe(FEED).end();
  });

  test('is closed when a role’s validity runs out, by the clock alone', async () => {
    const roleTo = new Date(server.clock.now().getTime() + 60_000);
    const { subject } = await makeEmployee(server, { roles: ['CS_SUPERVISOR'], roleTo });
    const { feed, code } = await listen(subject);
    server.clock.advance(60_000);
    const since = performance.now();
    await feed.end();
    expect(performance.now() - since).toBeLessThan(WITHIN_MS);
    expect(code()).toBe(4403);
  });

  test('is closed when its token has expired; another token opens it', async () => {
    const { subject } = await person('CS_SUPERVISOR');
    const token = await server.token(subject, 600);
    const { feed, code } = await listen(subject, token);
    server.clock.advance(600_000);
    const since = performance.now();
    await feed.end();
    expect(performance.now() - since).toBeLessThan(WITHIN_MS);
    expect(code()).toBe(4401);
    await listen(subject);
  });

  test('stays open and is filtered anew when one of two roles is taken, or given', async () => {
    const witness = await listen('HEAD');
    const customer = await makeCustomer(server);
    const ticket = await makeTicket(server, { customerId: customer.id });
    const { id, subject } = await person('CS_SUPERVISOR', 'SALES_REP');
    const { feed } = await listen(subject);
    expect((await hears(feed, ticket)).customer.file).not.toBeNull();
    const since = await write(
      sql`delete from role_assignment where employee_id = ${id}::uuid and role = 'CS_SUPERVISOR'`,
    );
    await fallsSilent(feed, witness.feed, ticket, since);
    expect(feed.ended).toBe(false);
    await write(sql`
      insert into role_assignment (id, employee_id, role, valid_from)
      values (gen_random_uuid(), ${id}::uuid, 'DATA_ANALYST', '2020-01-01Z')`);
    const count = heard(feed, ticket).length;
    await waitUntil(async () => {
      await tell(ticket);
      return heard(feed, ticket).length > count;
    }, WITHIN_MS);
  });

  test('what a grant opened is closed in the next event once it is revoked', async () => {
    const customer = await makeCustomer(server);
    const ticket = await makeTicket(server, { customerId: customer.id, dispatchedTo: ['WAREHOUSE'] });
    const person = await makeEmployee(server, {
      roles: ['OTHER_DEPARTMENT'],
      departmentId: departments.WAREHOUSE.id,
    });
    const [grant] = await makeGrants(server, 1, () => ({ customerId: customer.id, requesterId: person.id }));
    const { feed } = await listen(person.subject);
    expect((await hears(feed, ticket)).customer).toMatchObject({
      access: { level: 'FULL' },
      file: { number: expect.any(String) },
    });
    const input = { accessGrantId: grant?.nodeId, decision: 'REVOKE', reason: '结束', expectedVersion: 1 };
    expect((await mutate(server, 'HEAD', 'customerAccessDecide', input)).__typename).toBe(
      'CustomerAccessDecideSuccess',
    );
    expect((await hears(feed, ticket)).customer).toEqual({
      name: '远大***',
      access: { level: 'MASKED' },
      file: null,
    });
  });

  test('what a grant opened is closed in the next event once it has run out by the clock', async () => {
    const customer = await makeCustomer(server);
    const ticket = await makeTicket(server, { customerId: customer.id, dispatchedTo: ['WAREHOUSE'] });
    const person = await makeEmployee(server, {
      roles: ['OTHER_DEPARTMENT'],
      departmentId: departments.WAREHOUSE.id,
    });
    await makeGrants(server, 1, () => ({
      customerId: customer.id,
      requesterId: person.id,
      validUntil: new Date(server.clock.now().getTime() + 60_000),
    }));
    const { feed } = await listen(person.subject);
    server.clock.advance(59_999);
    expect((await hears(feed, ticket)).customer.file).not.toBeNull();
    server.clock.advance(1);
    expect((await hears(feed, ticket)).customer).toMatchObject({ access: { level: 'MASKED' }, file: null });
    expect(feed.ended).toBe(false);
  });

  test('dedication, assignment and area end with the row', async () => {
    const witness = await listen('HEAD');
    const customer = await makeCustomer(server, { grade: 'A', areaId: areas.EAST.id });
    const ticket = await makeTicket(server, { customerId: customer.id, areaId: areas.EAST.id });
    const seller = await person('SALES_REP');
    const deputy = await makeEmployee(server, { roles: ['DEPUTY'], areaIds: [areas.EAST.id] });
    await makeAssignment(server, { customerId: customer.id, employeeId: seller.id, dedicated: true });
    const [ofSeller, ofDeputy] = await Promise.all([listen(seller.subject), listen(deputy.subject)]);
    expect((await hears(ofSeller.feed, ticket)).customer.file).not.toBeNull();
    expect((await hears(ofDeputy.feed, ticket)).customer.access.level).toBe('MASKED');
    const assignmentEnded = await write(sql`
      update customer_assignment set valid_to = ${server.clock.now()}::timestamptz where employee_id = ${seller.id}::uuid`);
    await fallsSilent(ofSeller.feed, witness.feed, ticket, assignmentEnded);
    const areaTaken = await write(sql`delete from employee_area where employee_id = ${deputy.id}::uuid`);
    await fallsSilent(ofDeputy.feed, witness.feed, ticket, areaTaken);
  });

  test('a key account’s people hear of it no more once it has ended', async () => {
    const witness = await listen('HEAD');
    const customer = await makeCustomer(server);
    const specialist = await makeEmployee(server, { roles: ['KA_SPECIALIST'], teamId: teams.KEY_ACCOUNT.id });
    const account = await makeKeyAccount(server, { customerId: customer.id, specialistId: specialist.id });
    const ticket = await makeTicket(server, { customerId: customer.id, keyAccountId: account.id });
    const { feed } = await listen(specialist.subject);
    await hears(feed, ticket);
    const input = { keyAccountId: account.nodeId, expectedVersion: 1, reason: '业务转出' };
    await mutate(server, 'HEAD', 'keyAccountEnd', input);
    await fallsSilent(feed, witness.feed, ticket, performance.now());
  });
});

test('an open socket asks as nobody once the person has left', async () => {
  const { id, subject } = await makeEmployee(server, {
    roles: ['HEAD'],
    departmentId: departments.QUALITY.id,
  });
  const client = wsClient(server, subject);
  const ask = () => client.query('{ viewer { roles } customers(first: 1) { totalCount } }');
  expect((await ask()).data?.viewer).toEqual({ roles: ['HEAD'] });
  await server.services.database.transaction((tx) =>
    tx.prisma.$executeRaw(sql`update employee set left_on = '2026-11-22' where id = ${id}::uuid`),
  );
  await waitUntil(async () => {
    const refused = await ask().then(
      () => false,
      (error: unknown) => JSON.stringify(error).includes('UNAUTHENTICATED'),
    );
    return refused;
  }, WITHIN_MS);
  expect(people.HEAD.departmentId).not.toBe(departments.QUALITY.id);
  await client.dispose();
});
