import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeEmployee } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { departments, people } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { allowLocal, ENDPOINT, makeEndpoint, openReceiver } from './receiver.ts';

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

const URL = 'https://hooks.example/in';
const INPUT = { name: 'WMS', url: URL, ownerId: people.HEAD.nodeId };

function create(facts: object = {}, caller = 'ADMIN') {
  return mutate(
    server,
    caller,
    'webhookEndpointCreate',
    { ...INPUT, ...facts },
    `secret endpoint { ${ENDPOINT} }`,
  );
}

function act(caller: string, name: string, input: object) {
  return mutate(server, caller, name, input, `endpoint { ${ENDPOINT} }`);
}

function decide(caller: string, endpointId: string, approve = true) {
  return act(caller, 'webhookEndpointDecide', { endpointId, approve, reason: 'agreed' });
}

describe('an endpoint', () => {
  test('is entered by ADMIN, approved by HEAD, changed, disabled and enabled', async () => {
    const { endpoint, secret } = await create({ kinds: ['COMPLAINT_OPENED'] });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint).toMatchObject({
      state: 'PENDING',
      cursor: null,
      circuit: 'CLOSED',
      kinds: ['COMPLAINT_OPENED'],
    });
    const { id } = endpoint;
    const approved = (await decide('HEAD', id)).endpoint;
    expect(approved).toMatchObject({
      state: 'ACTIVE',
      stateReason: 'agreed',
      decidedBy: { id: people.HEAD.nodeId },
    });
    expect(approved.cursor).toMatch(/^\w+\.\d+$/);
    const disabled = (await act('HEAD', 'webhookEndpointDisable', { endpointId: id, reason: 'Maintenance' }))
      .endpoint;
    expect(disabled).toMatchObject({ state: 'DISABLED', stateReason: 'Maintenance' });
    expect((await act('ADMIN', 'webhookEndpointEnable', { endpointId: id })).endpoint).toMatchObject({
      state: 'ACTIVE',
      cursor: approved.cursor,
    });
    const changed = (await act('ADMIN', 'webhookEndpointUpdate', { endpointId: id, url: `${URL}/2` }))
      .endpoint;
    expect(changed).toMatchObject({
      state: 'PENDING',
      url: `${URL}/2`,
      decidedBy: null,
      kinds: ['COMPLAINT_OPENED'],
    });
    expect((await decide('HEAD', id, false)).endpoint).toMatchObject({
      state: 'REFUSED',
      cursor: approved.cursor,
    });
    const { actions } = await audited(id);
    expect(actions).toEqual(
      ['CREATE', 'APPROVE', 'DISABLE', 'ENABLE', 'UPDATE', 'REFUSE'].map((name) => `webhook.${name}`),
    );
  });

  async function audited(nodeId: string) {
    const [, id] = Buffer.from(nodeId, 'base64').toString().split(':');
    const rows = await server.services.database.query<{ action: string; after: unknown }>(
      sql`select action, after from audit_log where subject_id = ${id}::uuid order by id`,
    );
    return { actions: rows.map(({ action }) => action), text: JSON.stringify(rows) };
  }

  test('shows its secret once: neither to a reader, nor in the audit, nor in the database', async () => {
    const { endpoint, secret } = await create({ idempotencyKey: 'key-1' });
    const again = await create({ idempotencyKey: 'key-1' });
    expect([again.endpoint.id, again.secret]).toEqual([endpoint.id, secret]);
    expect((await create()).secret).not.toBe(secret);
    const { data } = await server.gql('ADMIN', `{ __type(name: "WebhookEndpoint") { fields { name } } }`);
    expect(data.__type.fields.map(({ name }: { name: string }) => name).join()).not.toMatch(
      /secret(?!Until)/i,
    );
    const key = secret.slice('whsec_'.length);
    const rows = await server.services.database.query(sql`select * from webhook_endpoint`);
    expect(JSON.stringify(rows) + (await audited(endpoint.id)).text).not.toContain(key);
  });

  test.each([
    [{ name: '  ' }, ['name']],
    [{ url: 'http://hooks.example/' }, ['url']],
    [{ url: 'https://user:pass@hooks.example/' }, ['url']],
    [{ name: 'x'.repeat(201), url: 'nowhere' }, ['name', 'url']],
  ])('refuses %j', async (facts, paths) => {
    expect(pathsOf(await create(facts))).toEqual(paths);
  });

  test('has an owner who holds a role, when it is entered and when it is approved', async () => {
    const person = await makeEmployee(server, { roles: ['CS_SUPERVISOR'] });
    const { endpoint } = await create({ ownerId: person.nodeId });
    await server.services.database.query(
      sql`delete from role_assignment where employee_id = ${person.id}::uuid returning 1 as done`,
    );
    await server.settled();
    expect(pathsOf(await create({ ownerId: person.nodeId }))).toEqual(['ownerId']);
    expect(pathsOf(await decide('HEAD', endpoint.id))).toEqual(['endpointId']);
  });

  test('is not approved by who entered it', async () => {
    const both = await makeEmployee(server, {
      roles: ['ADMIN', 'HEAD'],
      departmentId: departments.QUALITY.id,
    });
    const { endpoint } = await create({}, both.subject);
    expect(await decide(both.subject, endpoint.id)).toMatchObject({
      __typename: 'Forbidden',
      required: ['another approver'],
    });
    expect((await decide('HEAD', endpoint.id)).__typename).toBe('WebhookEndpointDecideSuccess');
  });

  test('answers a change of a version that is not the present one, and what its state does not allow', async () => {
    const { endpoint } = await create();
    const { id } = endpoint;
    expect(
      await act('ADMIN', 'webhookEndpointUpdate', { endpointId: id, name: 'A', expectedVersion: 9 }),
    ).toMatchObject({
      __typename: 'StaleVersion',
      current: 1,
    });
    for (const name of ['webhookPing', 'webhookRedeliver', 'webhookEndpointEnable']) {
      expect(await mutate(server, 'ADMIN', name, { endpointId: id })).toMatchObject({
        __typename: 'IllegalTransition',
        from: 'PENDING',
      });
    }
  });
});

describe('who may', () => {
  test('read, is ADMIN, HEAD, COMPANY_LEADER, INTERNAL_AUDITOR and the owner; others know of none', async () => {
    const owner = await makeEmployee(server, { roles: ['CS_SUPERVISOR'] });
    const { endpoint } = await create({ ownerId: owner.nodeId });
    const ask = `query($id: ID!) { node(id: $id) { id } webhookEndpoints(where: { owner: { eq: "${owner.nodeId}" } }) { totalCount } }`;
    for (const caller of ['ADMIN', 'HEAD', 'COMPANY_LEADER', 'INTERNAL_AUDITOR', owner.subject]) {
      const { data } = await server.gql(caller, ask, { id: endpoint.id });
      expect(data, caller).toEqual({ node: { id: endpoint.id }, webhookEndpoints: { totalCount: 1 } });
    }
    for (const caller of ['CS_SUPERVISOR', 'SALES_SUPERVISOR', 'FINANCE', 'HR', 'OTHER_DEPARTMENT']) {
      const { data } = await server.gql(caller, ask, { id: endpoint.id });
      expect(data, caller).toEqual({ node: null, webhookEndpoints: { totalCount: 0 } });
      expect((await decide(caller, endpoint.id)).__typename).toBe('NotFound');
    }
  });

  test('write, is ADMIN; decide, HEAD', async () => {
    expect(await create({}, 'HEAD')).toMatchObject({ __typename: 'Forbidden', required: ['ADMIN'] });
    expect((await create({}, 'CS_SUPERVISOR')).__typename).toBe('Forbidden');
    const { endpoint } = await create();
    expect(await decide('ADMIN', endpoint.id)).toMatchObject({ __typename: 'Forbidden', required: ['HEAD'] });
    expect(
      (await act('INTERNAL_AUDITOR', 'webhookSecretRotate', { endpointId: endpoint.id })).__typename,
    ).toBe('Forbidden');
    const right = endpoint.viewerCan.find(
      ({ action }: { action: string }) => action === 'webhookEndpointDecide',
    );
    expect(right).toEqual({ action: 'webhookEndpointDecide', allowed: false, reason: 'FORBIDDEN' });
  });

  test('what is pending, refused or disabled is sent nothing', async () => {
    const receiver = await openReceiver();
    await allowLocal(server);
    await server.services.database.query(
      sql`update webhook_endpoint set state = 'DISABLED' where state = 'ACTIVE' returning 1 as done`,
    );
    const made = await makeEndpoint(server, receiver.url);
    await act('ADMIN', 'webhookEndpointUpdate', { endpointId: made.id, name: 'Changed' });
    await server.services.runner.run(await server.services.systemOrigin(), async (tx) =>
      tx.emit({
        kind: 'WEBHOOK_DISABLED',
        subjectId: null,
        audience: { roles: ['HEAD'] },
        payload: { name: 'x' },
      }),
    );
    await server.settled();
    expect(await server.services.webhooks.runOnce()).toBe(0);
    await decide('HEAD', made.id);
    expect(await server.services.webhooks.runOnce()).toBe(1);
    expect(receiver.got[0]?.body).toMatchObject({
      type: 'WEBHOOK_DISABLED',
      data: { __typename: 'GeneralEvent', subject: null },
    });
    await receiver.close();
  });
});
