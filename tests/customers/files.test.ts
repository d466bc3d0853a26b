import { beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { makeContact, makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const CONTACT =
  'contact { id name title seniority phone mobile email isKeyPerson archivedAt version customer { id } }';

function create(input: object, caller: Caller = 'HEAD') {
  return mutate(server, caller, 'contactCreate', input, CONTACT);
}

function update(input: object, caller: Caller = 'HEAD') {
  return mutate(server, caller, 'contactUpdate', input, CONTACT);
}

describe('a file', () => {
  it('keeps what cannot be cleared', async () => {
    const { nodeId: customerId } = await makeCustomer(server, { grade: 'B' });
    const input = { customerId, expectedVersion: 1, businessLine: null, fax: null };
    expect(pathsOf(await mutate(server, 'HEAD', 'customerUpdate', input))).toEqual(['businessLine']);
  });
});

describe('a contact', () => {
  it('is added to a file once per key', async () => {
    const { nodeId: customerId } = await makeCustomer(server, { grade: 'B' });
    const input = { customerId, name: ' 韩梅梅 ', seniority: 'TOP_LEADER', idempotencyKey: newId() };
    const { contact } = await create(input);
    expect(contact).toMatchObject({
      name: '韩梅梅',
      seniority: 'TOP_LEADER',
      version: 1,
      customer: { id: customerId },
    });
    expect((await create(input)).contact.id).toBe(contact.id);
    expect((await create({ ...input, name: '李雷' })).__typename).toBe('IdempotencyConflict');
  });

  it('names every field that is not accepted', async () => {
    const { id, nodeId: customerId } = await makeCustomer(server, { grade: 'B' });
    const facts = { name: ' ', email: 'nobody', phone: '1'.repeat(3_000) };
    expect(pathsOf(await create({ customerId, ...facts })).sort()).toEqual(['email', 'name', 'phone']);
    const { nodeId: contactId } = await makeContact(server, { customerId: id });
    const refused = await update({
      contactId,
      expectedVersion: 1,
      ...facts,
      seniority: null,
      isKeyPerson: null,
    });
    expect(pathsOf(refused).sort()).toEqual(['email', 'isKeyPerson', 'name', 'phone', 'seniority']);
  });

  it('is changed by who has read its last version, and archived instead of deleted', async () => {
    const { id } = await makeCustomer(server, { grade: 'B' });
    const { nodeId: contactId } = await makeContact(server, { customerId: id });
    const changed = await update({ contactId, expectedVersion: 1, title: '总监', mobile: null });
    expect(changed.contact).toMatchObject({ name: '韩梅梅', title: '总监', mobile: null, version: 2 });
    expect(await update({ contactId, expectedVersion: 1, title: '经理' })).toMatchObject({
      __typename: 'StaleVersion',
      current: 2,
    });
    const archivedAt = server.clock.now().toISOString();
    const archived = await update({ contactId, expectedVersion: 2, archived: true });
    expect(archived.contact).toMatchObject({ archivedAt, title: '总监' });
    const back = await update({ contactId, expectedVersion: 3, archived: false });
    expect(back.contact.archivedAt).toBeNull();
  });

  it('is written by who may write the file, and not there for who may not read it', async () => {
    const { id, nodeId: customerId } = await makeCustomer(server, {
      grade: 'A',
      ownerId: people.SALES_REP.id,
    });
    const { nodeId: contactId } = await makeContact(server, { customerId: id });
    expect((await create({ customerId, name: '李雷' }, 'SALES_SUPERVISOR')).__typename).toBe('Forbidden');
    const change = { contactId, expectedVersion: 1, title: '总监' };
    const hidden = { __typename: 'NotFound', path: ['contactId'] };
    expect(await update(change, 'SALES_SUPERVISOR')).toMatchObject(hidden);
    expect(await update({ ...change, contactId: globalId('Contact', newId()) })).toMatchObject(hidden);
  });
});
