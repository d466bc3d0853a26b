import { beforeAll, describe, expect, it, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { makeCustomer } from '../support/factories.ts';
import { people } from '../support/people.ts';
import { type Caller, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

async function found(caller: Caller, word: string, field: 'name' | 'number' = 'name'): Promise<string[]> {
  const { data, errors } = await server.gql(
    caller,
    'query ($where: CustomerWhere) { customers(where: $where, first: 100) { totalCount edges { node { id } } } }',
    { where: { [field]: { contains: word } } },
  );
  expect(errors).toBeUndefined();
  const ids = data.customers.edges.map((edge: { node: { id: string } }) => edge.node.id);
  expect(data.customers.totalCount).toBe(ids.length);
  return ids;
}

describe('part of a name', () => {
  /** Nobody else's name has it. */
  const odd = '龘靐';
  const names = {
    chinese: `上海${odd}国际物流有限公司`,
    english: `${odd} Mc'Quarry\\Freight & Co.`,
    wide: `${odd}ＡＢＣ　１２３物流`,
    short: odd,
  };
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    for (const [kind, name] of Object.entries(names)) {
      ids[kind] = (await makeCustomer(server, { grade: 'B', name })).nodeId;
    }
  });

  it.each<[word: string, kinds: (keyof typeof names)[]]>([
    ['龘', ['chinese', 'english', 'wide', 'short']],
    [odd, ['chinese', 'english', 'wide', 'short']],
    ['靐国', ['chinese']],
    ['靐国际物', ['chinese']],
    [names.chinese, ['chinese']],
    ["MC'QUARRY\\fr", ['english']],
    [`${odd} mc`, ['english']],
    [`${odd} \t mc`, ['english']],
    [`${odd}abc`, ['wide']],
    ['ａｂｃ 123', ['wide']],
    ['C 123物', ['wide']],
    [`${odd}国际有限`, []],
    [`${odd}${odd}`, []],
    [`${odd}' | 'abc`, []],
    [`${odd}%`, []],
  ])('%j finds %j', async (word, kinds) => {
    const ours = new Set(Object.values(ids));
    const answer = (await found('HEAD', word)).filter((id) => ours.has(id));
    expect(answer.sort()).toEqual(kinds.map((kind) => ids[kind] ?? '').sort());
  });

  it('holds every part of a text, and nothing else, by its grams', async () => {
    const text = "Ａé'\\ 上海  &华|新!:*A";
    const [row] = await server.services.database.query<{ whole: string; missed: number; wrong: number }>(sql`
      with parts as (
        select substr(search_text(${text}::text), start, size) as part
        from generate_series(1, length(search_text(${text}::text))) start, generate_series(1, 20) size
        where start + size <= length(search_text(${text}::text)) + 1)
      select search_text(${text}::text) as whole,
             (count(*) filter (where not search_grams(${text}::text) @@ search_query(part)))::int as missed,
             (count(*) filter (where search_grams(${text}::text) @@ search_query(part || '龘龘')))::int as wrong
      from parts`);
    expect(row).toEqual({ whole: "aé'\\ 上海 &华|新!:*a", missed: 0, wrong: 0 });
  });

  it('is found in texts of any length', async () => {
    const [row] = await server.services.database.query<{ found: boolean }>(sql`
      select search_grams(repeat('龘靐', 40000) || '上海') @@ search_query('靐龘') as found`);
    expect(row).toEqual({ found: true });
  });

  it('is everything where it is nothing', async () => {
    const { data } = await server.gql(
      'HEAD',
      `{ customers(where: { name: { contains: "" }, AND: [{ name: { eq: "${odd}" } }] }) { totalCount } }`,
    );
    expect(data.customers.totalCount).toBe(1);
  });
});

test('part of a number finds its customer', async () => {
  const number = `X${newId().replaceAll('-', '')}`;
  const { nodeId } = await makeCustomer(server, { grade: 'C', number });
  expect(await found('HEAD', number.slice(3, 30).toUpperCase(), 'number')).toEqual([nodeId]);
});

test('a part of a name finds no file that the viewer may not read', async () => {
  const word = `藏${newId()}`;
  const facts = { name: `${word}有限公司` };
  const open = await makeCustomer(server, { ...facts, grade: 'B', ownerId: people.SALES_REP.id });
  const closed = await makeCustomer(server, { ...facts, grade: 'B', ownerId: people.SALES_REP_2.id });
  const secret = await makeCustomer(server, { ...facts, grade: 'A', ownerId: people.SALES_REP.id });
  const dedicated = await makeCustomer(server, { ...facts, grade: 'A' });
  await server.services.database.query(sql`
    insert into customer_assignment (id, customer_id, employee_id, dedicated, valid_from)
    values (${newId()}::uuid, ${dedicated.id}::uuid, ${people.SALES_REP.id}::uuid, true, '2026-01-01Z')`);
  expect(new Set(await found('SALES_REP', word))).toEqual(new Set([open.nodeId, dedicated.nodeId]));
  expect(await found('SALES_REP_2', word)).toEqual([closed.nodeId]);
  expect(new Set(await found('CS_SUPERVISOR', word))).toEqual(new Set([open.nodeId, closed.nodeId]));
  expect((await found('HEAD', word)).length).toBe(4);
  expect(await found('HEAD', word)).toContain(secret.nodeId);
  expect(await found('FINANCE', word)).toEqual([]);
  expect(await found('ADMIN', word)).toEqual([]);
});
