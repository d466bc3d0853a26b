import { beforeAll, describe, expect, test } from 'vitest';
import { created, fetchExport, makeExporter } from '../exports/kit.ts';
import { merge } from '../duplicates/kit.ts';
import { makeAssignment, makeCustomer } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { type Named, people, type PersonName } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const PAPER = `id setNumber role kind title language copies pageCount firstPage lastPage archivedAt archivedBy { id }
  pages { number side position }`;

function add(customer: Named, role: string, more: object = {}, caller: PersonName = 'HEAD') {
  return mutate(
    server,
    caller,
    'filePaperAdd',
    { customerId: customer.nodeId, role, kind: 'OTHER', title: role, copies: 1, pageCount: 1, ...more },
    `paper { ${PAPER} }`,
  );
}

function archive(customer: Named) {
  return mutate(server, 'HEAD', 'filePapersArchive', { customerId: customer.nodeId }, 'customer { id }');
}

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
async function papersOf(customer: Named, caller: PersonName = 'HEAD'): Promise<any[]> {
  const { data, errors } = await server.gql(
    caller,
    `query ($id: ID!) { node(id: $id) { ... on Customer { papers(first: 50) { totalCount edges { node { ${PAPER} } } } } } }`,
    { id: customer.nodeId },
  );
  expect(errors).toBeUndefined();
  return data.node?.papers.edges.map(({ node }: { node: object }) => node) ?? [];
}

const rolesOf = (rows: readonly { role: string }[]) => rows.map(({ role }) => role);

test('[CUS-10] papers have kind, copies and pages; they are not archived while a required kind is missing', async () => {
  const customer = await makeCustomer(server, { grade: 'B' });
  for (const wrong of [{ copies: 0 }, { pageCount: 0 }, { copies: 101 }, { pageCount: 2_001 }]) {
    expect(pathsOf(await add(customer, 'ORIGINAL', wrong))).toEqual(Object.keys(wrong));
  }
  expect(pathsOf(await archive(customer))).toEqual(['customerId']);
  const licence = await add(customer, 'ORIGINAL', { kind: 'BUSINESS_LICENCE', copies: 2, pageCount: 3 });
  expect(licence.paper).toMatchObject({
    kind: 'BUSINESS_LICENCE',
    copies: 2,
    pageCount: 3,
    archivedAt: null,
  });
  const refused = await archive(customer);
  expect(refused.issues[0].message).toContain('CONTRACT');
  const mistaken = await add(customer, 'ORIGINAL', { kind: 'REPORT' });
  const removed = await mutate(
    server,
    'HEAD',
    'filePaperRemove',
    { paperId: mistaken.paper.id },
    'customer { id }',
  );
  expect(removed.customer.id).toBe(customer.nodeId);
  await add(customer, 'ORIGINAL', { kind: 'CONTRACT', pageCount: 12 });
  expect((await archive(customer)).customer.id).toBe(customer.nodeId);
  const rows = await papersOf(customer);
  expect(rows.map(({ kind, archivedBy }) => [kind, archivedBy.id])).toEqual([
    ['BUSINESS_LICENCE', people.HEAD.nodeId],
    ['CONTRACT', people.HEAD.nodeId],
  ]);
  const kept = await mutate(server, 'HEAD', 'filePaperRemove', { paperId: rows[0].id }, 'customer { id }');
  expect(kept.__typename).toBe('IllegalTransition');
});

describe('the order of a file', () => {
  test('[CUS-11] what belongs together is one set, with the role of each paper', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    for (const role of [
      'ORIGINAL',
      'ATTACHMENT',
      'PRINTED',
      'FINAL_DRAFT',
      'FORWARDED',
      'REQUEST',
      'REPLY',
      'LANGUAGE_VERSION',
    ]) {
      const { paper } = await add(customer, role, role === 'ORIGINAL' ? {} : { setNumber: 1 });
      expect(paper).toMatchObject({ setNumber: 1, role });
    }
    expect((await add(customer, 'ORIGINAL')).paper.setNumber).toBe(2);
    expect(pathsOf(await add(customer, 'ATTACHMENT', { setNumber: 3 }))).toEqual(['setNumber']);
    expect((await papersOf(customer)).map(({ setNumber }) => setNumber)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2]);
  });

  test('[CUS-12] in a set the reply comes before the request, the text before the attachment, the printed one before the draft', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    const sets = [
      ['REQUEST', 'REPLY'],
      ['ATTACHMENT', 'ORIGINAL'],
      ['FINAL_DRAFT', 'PRINTED'],
    ];
    for (const [place, [first = '', second = '']] of sets.entries()) {
      await add(customer, first);
      await add(customer, second, { setNumber: place + 1 });
    }
    const inOrder = ['REPLY', 'REQUEST', 'ORIGINAL', 'ATTACHMENT', 'PRINTED', 'FINAL_DRAFT'];
    expect(rolesOf(await papersOf(customer))).toEqual(inOrder);
    const { data } = await server.gql(
      'HEAD',
      'query ($where: FilePaperWhere) { filePapers(where: $where) { edges { node { role } } } }',
      { where: { customer: { eq: customer.nodeId } } },
    );
    const exporter = await makeExporter(server, ['SALES_SUPERVISOR']);
    const { downloadUrl } = await created(
      server,
      exporter.subject,
      { filePapers: { where: { customer: { eq: customer.nodeId } } } },
      { format: 'CSV', labels: false },
    );
    const file = (await fetchExport(server, downloadUrl)).bytes.toString();
    expect(file.match(/(REPLY|REQUEST|ORIGINAL|ATTACHMENT|PRINTED|FINAL_DRAFT),OTHER/g)).toEqual(
      inOrder.map((role) => `${role},OTHER`),
    );
    expect(rolesOf(data.filePapers.edges.map(({ node }: { node: { role: string } }) => node))).toEqual(
      inOrder,
    );
  });

  test('[CUS-13] pages are numbered through the file in its order, top right on the front and top left on the back', async () => {
    const customer = await makeCustomer(server, { grade: 'B' });
    await add(customer, 'REQUEST', { pageCount: 3 });
    await add(customer, 'REPLY', { pageCount: 2, setNumber: 1, copies: 5 });
    await add(customer, 'ORIGINAL', { pageCount: 1 });
    const rows = await papersOf(customer);
    expect(rows.map(({ role, firstPage, lastPage }) => [role, firstPage, lastPage])).toEqual([
      ['REPLY', 1, 2],
      ['REQUEST', 3, 5],
      ['ORIGINAL', 6, 6],
    ]);
    expect(rows.flatMap(({ pages }) => pages)).toEqual([
      { number: 1, side: 'FRONT', position: 'TOP_RIGHT' },
      { number: 2, side: 'BACK', position: 'TOP_LEFT' },
      { number: 3, side: 'FRONT', position: 'TOP_RIGHT' },
      { number: 4, side: 'BACK', position: 'TOP_LEFT' },
      { number: 5, side: 'FRONT', position: 'TOP_RIGHT' },
      { number: 6, side: 'FRONT', position: 'TOP_RIGHT' },
    ]);
  });
});

test('papers are read and written where the file is', async () => {
  const customer = await makeCustomer(server, { grade: 'A' });
  await makeAssignment(server, { customerId: customer.id, employeeId: people.SALES_REP.id, dedicated: true });
  const { paper } = await add(customer, 'ORIGINAL', {}, 'SALES_REP');
  expect(paper.role).toBe('ORIGINAL');
  expect(await papersOf(customer, 'SALES_REP')).toHaveLength(1);
  for (const caller of ['ACCOUNT_MANAGER_LOGISTICS', 'CS_AGENT', 'FINANCE'] as const) {
    expect(await papersOf(customer, caller)).toEqual([]);
    const { data } = await server.gql(caller, 'query ($id: ID!) { nodes(ids: [$id]) { id } }', {
      id: paper.id,
    });
    expect(data.nodes).toEqual([null]);
    expect((await add(customer, 'ORIGINAL', {}, caller)).__typename).toBe('Forbidden');
    const removed = await mutate(server, caller, 'filePaperRemove', { paperId: paper.id }, 'customer { id }');
    expect(removed.__typename).toBe('NotFound');
  }
});

test('papers of a file that is merged into another follow there, in sets of their own', async () => {
  const [survivor, duplicate] = [await makeCustomer(server), await makeCustomer(server)];
  await add(survivor, 'ORIGINAL', { pageCount: 4 });
  await add(duplicate, 'REPLY');
  await add(duplicate, 'REQUEST', { setNumber: 1 });
  await merge(server, { survivorId: survivor.nodeId, duplicateId: duplicate.nodeId });
  expect(
    (await papersOf(survivor)).map(({ setNumber, role, firstPage }) => [setNumber, role, firstPage]),
  ).toEqual([
    [1, 'ORIGINAL', 1],
    [2, 'REPLY', 5],
    [2, 'REQUEST', 6],
  ]);
});
