import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seekDuplicates } from '../../src/duplicates/commands/find.ts';
import { sql } from '../../src/platform/sql.ts';
import { makeContact, makeCustomer, makeCustomers } from '../support/factories.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { mutate } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, startTestServer, type TestServer } from '../support/server.ts';
import { seekNow, uniqueName, uniquePhone } from './kit.ts';

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

const PAIR = 'id state version similarity reasons customers { id }';

async function pairsOf(nodeId: string, caller: Caller = 'HEAD'): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let after: string | null = null;
  do {
    // biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
    const { data }: any = await server.gql(
      caller,
      `query ($after: String) { duplicateCandidates(first: 100, after: $after, where: {state: {eq: OPEN}}) {
        pageInfo { hasNextPage endCursor } edges { node { ${PAIR} } } } }`,
      { after },
    );
    const { edges, pageInfo } = data.duplicateCandidates;
    found.push(...edges.map(({ node }: { node: Record<string, unknown> }) => node));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
  return found.filter(({ customers }) => (customers as { id: string }[]).some(({ id }) => id === nodeId));
}

function make(facts: object) {
  return makeCustomer(server, { name: uniqueName(), phone: uniquePhone(), ...facts });
}

describe('the look for duplicates', () => {
  const name = () => uniqueName();
  const phone = () => uniquePhone();
  it.each([
    ['legal forms', (n: string) => [{ name: `${n}有限公司` }, { name: `${n}集团股份有限公司` }], ['NAME']],
    ['width and marks', (n: string) => [{ name: `${n}（中国）` }, { name: `${n} (中国)` }], ['NAME']],
    [
      'case and English forms',
      (n: string) => [{ name: `Ocean ${n} Co., Ltd.` }, { name: `OCEAN ${n} Company Limited` }],
      ['NAME'],
    ],
    ['a city left out', (n: string) => [{ name: `上海市${n}` }, { name: `上海${n}有限公司` }], ['NAME']],
    ['a word more', (n: string) => [{ name: `${n}商贸` }, { name: `${n}国商贸` }], ['SIMILAR_NAME']],
    [
      'registration and tax number',
      (n: string) => [
        { registrationNumber: `9131 ${n}-MA1K3XX00` },
        { taxNumber: `9131${n}ma1k3xx00`.toLowerCase() },
      ],
      null,
    ],
  ])('sees through %s', async (_title, facts, reasons) => {
    const unique = name();
    const [one, other] = facts(reasons === null ? phone() : unique) as [object, object];
    const [made, like] = [await make(one), await make(other)];
    await seekNow(server);
    const pairs = await pairsOf(made.nodeId);
    expect(pairs).toMatchObject([{ state: 'OPEN', reasons: reasons ?? ['REGISTRATION_NUMBER'] }]);
    const [{ customers } = { customers: [] }] = pairs as { customers: { id: string }[] }[];
    expect(customers.map(({ id }) => id)).toEqual([made.nodeId, like.nodeId]);
  });

  it('knows a phone in any form, and those of contacts', async () => {
    const mobile = uniquePhone();
    const one = await make({ phone: `+86 ${mobile.slice(0, 3)}-${mobile.slice(3)}` });
    const other = await make({});
    await makeContact(server, { customerId: other.id, mobile: `０${mobile}转8` });
    await seekNow(server);
    expect(await pairsOf(one.nodeId)).toMatchObject([{ reasons: ['PHONE'] }]);
  });

  it('takes nothing for a sign that many customers share', async () => {
    const phone = uniquePhone();
    const many = await makeCustomers(server, 25, () => ({ name: uniqueName(), phone }));
    await seekNow(server);
    expect(await pairsOf(many[0]?.nodeId ?? '')).toEqual([]);
  });

  it('forgets a pair that is no longer alike, and not one that was decided', async () => {
    const phone = uniquePhone();
    const [one, other] = [await make({ phone }), await make({ phone })];
    await seekNow(server);
    const change = { customerId: one.nodeId, expectedVersion: 1, phone: uniquePhone() };
    await mutate(server, 'HEAD', 'customerUpdate', change);
    await seekNow(server);
    expect(await pairsOf(other.nodeId)).toEqual([]);

    await mutate(server, 'HEAD', 'customerUpdate', { ...change, expectedVersion: 2, phone });
    await seekNow(server);
    const [pair] = await pairsOf(other.nodeId);
    const decision = { duplicateCandidateId: pair?.id, expectedVersion: 1, reason: '两家公司共用前台' };
    const dismissed = await mutate(
      server,
      'HEAD',
      'duplicateCandidateDismiss',
      decision,
      `duplicateCandidate { ${PAIR} decisionReason decidedBy { id } }`,
    );
    expect(dismissed.duplicateCandidate).toMatchObject({
      state: 'DISMISSED',
      decisionReason: '两家公司共用前台',
      decidedBy: { id: people.HEAD.nodeId },
    });
    await server.services.runner.run(await server.services.systemOrigin(), (tx) =>
      seekDuplicates(tx, [one.id, other.id]),
    );
    expect(await pairsOf(other.nodeId)).toEqual([]);
    const again = await mutate(server, 'HEAD', 'duplicateCandidateDismiss', {
      ...decision,
      expectedVersion: 2,
    });
    expect(again).toMatchObject({ __typename: 'IllegalTransition', from: 'DISMISSED' });
  });

  it('shows a pair to whoever reads both files and may write one', async () => {
    const phone = uniquePhone();
    const ownerId = people.SALES_REP.id;
    const [own, closed, foreign] = [
      await make({ phone, ownerId }),
      await make({ phone, grade: 'A' }),
      await make({ phone }),
    ];
    const second = await make({ phone, ownerId });
    await seekNow(server);
    expect(await pairsOf(own.nodeId)).toHaveLength(3);
    expect(await pairsOf(own.nodeId, 'SALES_REP')).toMatchObject([
      { customers: [{ id: own.nodeId }, { id: second.nodeId }] },
    ]);
    expect(await pairsOf(closed.nodeId, 'MARKETING_CLERK')).toEqual([]);
    // Reads all files below A and writes none.
    expect(await pairsOf(foreign.nodeId, 'DATA_ANALYST')).toEqual([]);
  });

  it('takes the same statements for one pair as for many', async () => {
    const query =
      'query ($first: Int) { duplicateCandidates(first: $first) { edges { node { customers { name } } } } }';
    const few = await server.statementsDuring(() => server.gql('HEAD', query, { first: 1 }));
    const many = await server.statementsDuring(() => server.gql('HEAD', query, { first: 50 }));
    expect(many).toBe(few);
  });

  it('works off what has changed, and nothing else', async () => {
    await seekNow(server);
    const [row] = await server.services.database.query<{ waiting: number }>(sql`
      select count(*)::int as waiting from customer_match where sought_at is null`);
    expect(row?.waiting).toBe(0);
  });
});

describe('a new customer', () => {
  it('comes with a warning of those that it may be, as far as their files are read', async () => {
    const [phone, name] = [uniquePhone(), uniqueName()];
    const known = await make({ phone, name });
    await make({ phone, grade: 'A' });
    async function create(caller: Caller) {
      const { possibleDuplicates } = await mutate(
        server,
        caller,
        'customerCreate',
        { name: `${name}股份有限公司`, phone },
        'possibleDuplicates { reasons customer { id } }',
      );
      return possibleDuplicates;
    }
    expect(await create('MARKETING_CLERK')).toEqual([
      { reasons: ['NAME', 'PHONE'], customer: { id: known.nodeId } },
    ]);
    expect(await create('MARKET_DEVELOPER')).toEqual([]);
  });
});
