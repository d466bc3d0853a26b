import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTACT_COLUMNS, CUSTOMER_COLUMNS } from '../../src/duplicates/commands/relations.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import {
  makeAssignment,
  makeContact,
  makeCustomer,
  makeGradeCandidates,
  makeGrants,
  makeKeyAccount,
  makeShipments,
  makeTicket,
} from '../support/factories.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { merge, seekNow, uniqueName, uniquePhone } from './kit.ts';

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

function make(facts: object = {}) {
  return makeCustomer(server, {
    name: uniqueName(),
    phone: uniquePhone(),
    custodianId: people.MARKETING_CLERK.id,
    ...facts,
  });
}

/** How many rows of each table hold the id of a customer. */
async function rowsOf(id: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const place of Object.keys(CUSTOMER_COLUMNS)) {
    const [table, column] = place.split('.');
    const [row] = await server.services.database.withConnection((connection) =>
      connection.query<{ count: number }>(
        `select count(*)::int as count from ${table} where ${column} = '${id}'`,
      ),
    );
    if (row && row.count > 0) counts[place] = row.count;
  }
  return counts;
}

/** Columns that a foreign key ties to a table, and those that are named like its id. */
async function columnsOf(table: 'customer' | 'contact'): Promise<string[]> {
  const rows = await server.services.database.query<{ place: string }>(sql`
    select distinct t.relname || '.' || a.attname as place
    from pg_catalog.pg_class t join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_constraint f on f.conrelid = t.oid and f.contype = 'f' and a.attnum = any(f.conkey)
      and f.confrelid = ${table}::regclass
    where n.nspname = 'public' and t.relkind in ('r', 'p') and a.atttypid = 'uuid'::regtype
      and (f.oid is not null or a.attname ~ ${`(^|_)${table}_id$`})`);
  return rows.map(({ place }) => place).sort();
}

describe('the columns that hold an id', () => {
  it('of a customer are all decided on: a new one is moved, written, or left with a reason', async () => {
    const known = Object.keys(CUSTOMER_COLUMNS).filter((place) => place !== 'customer_merge.duplicate_id');
    expect(await columnsOf('customer')).toEqual(known.sort());
  });

  it('of a contact go to the person that two become', async () => {
    expect(await columnsOf('contact')).toEqual([...CONTACT_COLUMNS].sort());
  });
});

describe('a merge', () => {
  it('loses nothing: all that belonged to the duplicate is the survivor’s', async () => {
    const survivor = await make({ businessNeeds: null });
    const duplicate = await make({ number: `D${newId()}`, businessNeeds: '夜间提货', grade: 'C' });
    const third = await make({});
    const customerId = duplicate.id;
    await Promise.all([
      makeContact(server, { customerId, name: '王五' }),
      makeAssignment(server, { customerId, employeeId: people.SALES_REP.id }),
      makeGrants(server, 1, () => ({ customerId, requesterId: people.OTHER_DEPARTMENT.id })),
      makeShipments(server, 3, { customerId }),
      makeTicket(server, { customerId }),
      makeGradeCandidates(server, 1, () => ({ customerId, from: 'C', to: 'B' })),
      makeKeyAccount(server, { customerId, specialistId: people.KA_SPECIALIST.id }),
    ]);
    const now = server.clock.now();
    const by = people.HEAD.id;
    await server.services.database.transaction(async ({ prisma }) => {
      await prisma.gradeHistory.create({ data: { customerId, to: 'C', reason: 'x', actorId: by, at: now } });
      await prisma.customerStageChange.create({
        data: { customerId, from: 'LEAD', to: 'ACTIVE', reason: 'x', at: now },
      });
      await prisma.disclosureReport.create({
        data: { customerId, reporterId: by, description: 'x', reportedAt: now },
      });
      await prisma.feedback.create({
        data: {
          customerId,
          topic: 'PRICE',
          content: 'x',
          channel: 'PHONE',
          receivedAt: now,
          recordedAt: now,
          recordedById: by,
        },
      });
      await prisma.gradingProfile.create({
        data: { customerId, size: 'LARGE', updatedById: by, updatedAt: now },
      });
      await prisma.incidentReport.create({
        data: { customerId, reporterId: by, description: 'x', occurredAt: now, reportedAt: now },
      });
      await prisma.visit.create({
        data: {
          customerId,
          type: 'RELATION',
          plannedFor: now,
          visitorId: by,
          purpose: 'x',
          latentNeeds: [],
          createdAt: now,
          updatedAt: now,
        },
      });
      await prisma.duplicateCandidate.create({
        data: {
          oneId: [duplicate.id, third.id].sort()[0] ?? '',
          otherId: [duplicate.id, third.id].sort()[1] ?? '',
          reasons: ['PHONE'],
          similarity: '0.1',
          state: 'DISMISSED',
          foundAt: now,
          decidedById: by,
          decidedAt: now,
          decisionReason: 'x',
        },
      });
    });
    const before = await rowsOf(duplicate.id);
    expect(Object.keys(before).length).toBeGreaterThan(14);
    const { customer } = await merge(server, { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId });
    expect(customer).toMatchObject({ id: survivor.nodeId, version: 2, grade: 'B' });
    expect(customer.file.businessNeeds).toBe('夜间提货');
    expect(customer.file.merges).toMatchObject([
      { moved: { shipment: 3, ticket: 1 }, taken: { businessNeeds: '夜间提货' }, reason: '同一家公司' },
    ]);

    expect(await rowsOf(duplicate.id)).toEqual({ 'customer_merge.duplicate_id': 1 });
    const after = await rowsOf(survivor.id);
    for (const [place, count] of Object.entries(before)) {
      const pairs = place.startsWith('duplicate_candidate');
      expect(
        pairs
          ? (after['duplicate_candidate.one_id'] ?? 0) + (after['duplicate_candidate.other_id'] ?? 0)
          : (after[place] ?? 0),
        place,
      ).toBeGreaterThanOrEqual(count);
    }
    // A proposal made of the figures of one is void; the history says nothing else than it did.
    const [row] = await server.services.database.query<{ state: string; histories: number }>(sql`
      select (select state::text from grade_candidate where customer_id = ${survivor.id}::uuid) as state,
             (select count(*)::int from grade_history where customer_id = ${survivor.id}::uuid and reason = 'x') as histories`);
    expect(row).toEqual({ state: 'SUPERSEDED', histories: 1 });
  });

  it('leaves the duplicate’s id, number and name as ways to the survivor', async () => {
    const number = `D${newId()}`;
    const name = uniqueName();
    const survivor = await make();
    const duplicate = await make({ number, name });
    const { customer } = await merge(server, { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId });
    const { data } = await server.gql(
      'HEAD',
      `query ($id: ID!, $merge: ID!, $number: String!, $name: String!) {
        node(id: $id) { id } merge: node(id: $merge) { ... on CustomerMerge { number name formerCustomerId customer { id } } }
        customerByNumber(number: $number) { id }
        byNumber: search(text: $number) { edges { node { match node { id } } } }
        byName: search(text: $name) { edges { node { node { id } } } }
        customers(where: {name: {contains: $name}}) { totalCount } }`,
      { id: duplicate.nodeId, merge: customer.file.merges[0].id, number, name },
    );
    expect(data).toMatchObject({
      node: { id: survivor.nodeId },
      merge: { number, name, formerCustomerId: duplicate.nodeId, customer: { id: survivor.nodeId } },
      customerByNumber: { id: survivor.nodeId },
      byNumber: { edges: [{ node: { match: 'CONTAINS', node: { id: survivor.nodeId } } }] },
      byName: { edges: [{ node: { node: { id: survivor.nodeId } } }] },
      customers: { totalCount: 0 },
    });
    const written = await mutate(server, 'HEAD', 'customerUpdate', {
      customerId: duplicate.nodeId,
      expectedVersion: 1,
      fax: '1',
    });
    expect(written).toMatchObject({ __typename: 'InvalidInput', path: ['customerId'] });
    expect(
      (
        await mutate(server, 'HR', 'customerUpdate', {
          customerId: duplicate.nodeId,
          expectedVersion: 1,
          fax: '1',
        })
      ).__typename,
    ).toBe('NotFound');
    // Merged into a third, both are found there.
    const third = await make();
    await merge(server, { survivorId: third.nodeId, duplicateId: survivor.nodeId, duplicateVersion: 2 });
    const { data: later } = await server.gql(
      'HEAD',
      '($a: ID!, $b: ID!) { nodes(ids: [$a, $b]) { id } }'.replace('(', 'query ('),
      { a: duplicate.nodeId, b: survivor.nodeId },
    );
    expect(later.nodes).toEqual([{ id: third.nodeId }, { id: third.nodeId }]);
  });

  it('takes the facts that were chosen, and says how it was before', async () => {
    const survivor = await make({ phone: '021-1111111', industry: '钢铁' });
    const duplicate = await make({ phone: '021-2222222', industry: '物流' });
    const both = { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId };
    expect(pathsOf(await merge(server, { ...both, take: ['phone', 'fax'] }))).toEqual(['take']);
    expect(pathsOf(await merge(server, { ...both, take: ['grade'], reason: ' ' })).sort()).toEqual([
      'reason',
      'take',
    ]);
    const { customer } = await merge(server, { ...both, take: ['phone'] });
    expect(customer.file).toMatchObject({
      phone: '021-2222222',
      merges: [{ taken: { phone: '021-2222222' } }],
    });
  });

  it('changes nothing the second time', async () => {
    const both = { survivorId: (await make()).nodeId, duplicateId: (await make()).nodeId };
    expect((await merge(server, both)).customer.version).toBe(2);
    const again = await merge(server, both);
    expect(again.customer).toMatchObject({ id: both.survivorId, version: 2 });
    expect(again.customer.file.merges).toHaveLength(1);
    expect(pathsOf(await merge(server, { ...both, duplicateId: both.survivorId }))).toEqual(['duplicateId']);
  });

  it('makes one of a person who is a contact at both', async () => {
    const [survivor, duplicate] = [await make(), await make()];
    const name = '赵六';
    const mobile = '13911112222';
    const kept = await makeContact(server, {
      customerId: survivor.id,
      name,
      mobile,
      phone: null,
      email: null,
    });
    const folded = await makeContact(server, {
      customerId: duplicate.id,
      name: '趙六'.replace('趙', '赵'),
      mobile: '+86 139 1111 2222',
      phone: null,
      email: 'z@example.com',
    });
    const other = await makeContact(server, {
      customerId: duplicate.id,
      name,
      mobile: '13933334444',
      phone: null,
    });
    const logId = newId();
    await server.services.database.transaction(({ prisma }) =>
      prisma.contactLog.create({
        data: {
          id: logId,
          customerId: duplicate.id,
          contactId: folded.id,
          employeeId: people.HEAD.id,
          channel: 'PHONE',
          outcome: 'REACHED',
          at: server.clock.now(),
          content: 'x',
          createdAt: server.clock.now(),
        },
      }),
    );
    await merge(server, { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId });
    const rows = await server.services.database.query<Record<string, unknown>>(sql`
      select p.id, p.email, p.archived_at is null as open, count(l.id)::int as logs
      from contact p left join contact_log l on l.contact_id = p.id
      where p.customer_id = ${survivor.id}::uuid group by p.id`);
    expect(new Map(rows.map(({ id, ...row }) => [id, row]))).toEqual(
      new Map([
        [kept.id, { email: 'z@example.com', open: true, logs: 1 }],
        [folded.id, { email: 'z@example.com', open: false, logs: 0 }],
        [other.id, expect.objectContaining({ open: true, logs: 0 })],
      ]),
    );
  });

  it('counts its figures anew, and ends what was to be done for the duplicate', async () => {
    const [survivor, duplicate] = [await make(), await make()];
    await makeTicket(server, { customerId: duplicate.id });
    await server.rollUp();
    await server.services.database.query(sql`
      insert into obligation (id, kind, subject_id, period, starts_at, due_at, next_at, state, step)
      values (gen_random_uuid(), 'FILE_VERIFICATION', ${duplicate.id}::uuid, 'VERIFY', now(), now(), now(), 'OPEN', 0)
      returning 1 as written`);
    await merge(server, { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId });
    await server.rollUp();
    const facts = await server.services.database.query<{ id: string }>(sql`
      select distinct dimension_id as id from metric_fact
      where dimension_id in (${survivor.id}::uuid, ${duplicate.id}::uuid)`);
    expect(facts.map(({ id }) => id)).not.toContain(duplicate.id);
    const open = await server.services.database.query<{ kind: string }>(sql`
      select kind from obligation where subject_id = ${duplicate.id}::uuid and (next_at is not null or state = 'OPEN')`);
    expect(open).toEqual([]);
    const watched = await server.services.database.query<{ kind: string }>(sql`
      select kind from obligation where subject_id = ${survivor.id}::uuid and kind = 'FILE_VERIFICATION'`);
    expect(watched).toHaveLength(1);
  });

  it('is refused, and says why, where a decision is needed first', async () => {
    const [survivor, duplicate] = [await make(), await make()];
    for (const { id } of [survivor, duplicate]) await makeKeyAccount(server, { customerId: id });
    const both = { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId };
    expect(await merge(server, both)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'BOTH_KEY_ACCOUNTS',
      to: 'MERGE',
    });
    expect(await merge(server, { ...both, survivorVersion: 7 })).toMatchObject({
      __typename: 'StaleVersion',
      current: 1,
    });
    expect(await rowsOf(duplicate.id)).toMatchObject({ 'key_account.customer_id': 1 });
  });

  it('is for who may write both files, and HEAD where one is closed', async () => {
    const ownerId = people.SALES_REP.id;
    const [own, second, foreign, closed] = [
      await make({ ownerId }),
      await make({ ownerId }),
      await make(),
      await make({ grade: 'A' }),
    ];
    await makeAssignment(server, { customerId: closed.id, employeeId: ownerId, dedicated: true });
    const into = { survivorId: own.nodeId };
    for (const { nodeId } of [foreign, closed]) {
      const refused = await merge(server, { ...into, duplicateId: nodeId }, 'SALES_REP');
      expect(refused.__typename).toBe('Forbidden');
    }
    expect((await merge(server, { ...into, duplicateId: closed.nodeId }, 'MARKETING_CLERK')).__typename).toBe(
      'Forbidden',
    );
    const hidden = await merge(server, { ...into, duplicateId: second.nodeId }, 'HR');
    expect(hidden).toMatchObject({ __typename: 'NotFound' });
    const nobody = await merge(server, { ...into, duplicateId: globalId('Customer', newId()) });
    expect(nobody).toMatchObject({ __typename: 'NotFound', path: ['duplicateId'] });
    const done = await merge(server, { ...into, duplicateId: second.nodeId }, 'SALES_REP');
    expect(done.__typename).toBe('CustomerMergeSuccess');
    // What was in a closed file stays closed: the seller is dedicated to it, others are shut out.
    const { customer } = await merge(server, { ...into, duplicateId: closed.nodeId, survivorVersion: 2 });
    expect(customer).toMatchObject({ grade: 'A' });
    const ask = '($id: ID!) { node(id: $id) { ... on Customer { name file { merges { name } } } } }';
    const shut = await server.gql('MARKETING_CLERK', `query ${ask}`, { id: closed.nodeId });
    expect(shut.data.node.file).toBeNull();
    const open = await server.gql('SALES_REP', `query ${ask}`, { id: closed.nodeId });
    expect(open.data.node.file.merges).toHaveLength(2);
  });

  it('settles the pairs that it was found by', async () => {
    const phone = uniquePhone();
    const [one, other, third] = [await make({ phone }), await make({ phone }), await make({ phone })];
    await seekNow(server);
    await merge(server, { survivorId: one.nodeId, duplicateId: other.nodeId });
    const pairs = await server.services.database.query(sql`
      select one_id, other_id from duplicate_candidate
      where ${one.id}::uuid in (one_id, other_id) or ${other.id}::uuid in (one_id, other_id)`);
    expect(pairs).toEqual([{ one_id: one.id, other_id: third.id }]);
  });
});
