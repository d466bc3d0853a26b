import { beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { snippetOf } from '../../src/search/rules.ts';
import { makeAssignment, makeContact, makeCustomer, makeTicket } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => server.clock.set(MONDAY_9));

const SEARCH = `query ($text: String!, $kinds: [SearchKind!], $customerId: ID, $first: Int, $after: String) {
  search(text: $text, kinds: $kinds, customerId: $customerId, first: $first, after: $after) {
    edges { cursor node { kind match node { id __typename } snippet { field parts { text match } } } }
    hasNextPage endCursor
  }
}`;

interface FoundHit {
  readonly kind: string;
  readonly match: string;
  readonly node: { readonly id: string; readonly __typename: string };
  readonly snippet: { readonly field: string; readonly parts: { text: string; match: boolean }[] } | null;
}

async function page(caller: Caller, variables: Readonly<Record<string, unknown>>) {
  const { data, errors } = await server.gql(caller, SEARCH, variables);
  expect(errors).toBeUndefined();
  const { edges, hasNextPage, endCursor } = data.search;
  return { hits: edges.map((edge: { node: FoundHit }) => edge.node) as FoundHit[], hasNextPage, endCursor };
}

async function find(caller: Caller, text: string, more: object = {}): Promise<FoundHit[]> {
  return (await page(caller, { text, first: 100, ...more })).hits;
}

/** As `CUSTOMER EXACT NAME 上[海]`. */
function told({ kind, match, snippet }: FoundHit): string {
  const text = snippet?.parts.map((part) => (part.match ? `[${part.text}]` : part.text)).join('');
  return [kind, match, snippet?.field, text].join(' ');
}

async function makeLog(customerId: string, content: string): Promise<string> {
  const id = newId();
  await server.services.database.transaction(({ prisma }) =>
    prisma.contactLog.create({
      data: {
        id,
        customerId,
        employeeId: people.HEAD.id,
        channel: 'PHONE',
        outcome: 'REACHED',
        at: server.clock.now(),
        content,
        createdAt: server.clock.now(),
      },
    }),
  );
  return globalId('ContactLog', id);
}

async function makeReply(ticketId: string, body: string, state: 'SENT' | 'PENDING_REVIEW' | 'REFUSED') {
  await server.services.database.transaction(({ prisma }) =>
    prisma.ticketReply.create({
      data: { id: newId(), ticketId, cycle: 0, at: server.clock.now(), fromCustomer: false, body, state },
    }),
  );
}

test('[CUS-15] all that a file holds is found in one search, by whoever may read it', async () => {
  // A word of two characters that nothing else has.
  const word = '麤灪';
  const owner = { ownerId: people.SALES_REP.id, grade: 'B' } as const;
  const exact = await makeCustomer(server, { ...owner, name: word });
  const prefix = await makeCustomer(server, { ...owner, name: `${word}物流有限公司` });
  const inName = await makeCustomer(server, { ...owner, name: `上海${word}物流有限公司` });
  const inFile = await makeCustomer(server, { ...owner, businessNeeds: `每月运往${word}港的集装箱` });
  const person = await makeContact(server, { customerId: exact.id, name: '韩梅梅', title: `${word}部 经理` });
  const ticket = await makeTicket(server, {
    customerId: exact.id,
    subject: '破损',
    content: `货到${word}时破损`,
  });
  const replied = await makeTicket(server, { customerId: exact.id });
  await makeReply(replied.id, `已联系${word}港，明日送达。`, 'SENT');
  const log = await makeLog(exact.id, `${word} 方面要求改期`);
  const { article } = await mutate(
    server,
    'CS_AGENT',
    'articleCreate',
    { topic: 'OTHER', language: 'ZH', question: `${word}港何时截单？`, answer: '每日十二点。' },
    'article { id }',
  );
  await mutate(server, 'CS_SUPERVISOR', 'articlePublish', { articleId: article.id });

  const hits = await find('SALES_REP', ` ${word}\t`);
  expect(hits.map(told)).toEqual([
    `CUSTOMER EXACT NAME [${word}]`,
    `CUSTOMER PREFIX NAME [${word}]物流有限公司`,
    `CUSTOMER CONTAINS BUSINESS_NEEDS 每月运往[${word}]港的集装箱`,
    `CUSTOMER CONTAINS NAME 上海[${word}]物流有限公司`,
    `CONTACT CONTAINS TITLE [${word}]部 经理`,
    `TICKET CONTAINS CONTENT 货到[${word}]时破损`,
    `CONTACT_LOG CONTAINS CONTENT [${word}] 方面要求改期`,
    `ARTICLE CONTAINS QUESTION [${word}]港何时截单？`,
    `TICKET REPLY REPLY 已联系[${word}]港，明日送达。`,
  ]);
  expect(hits.map(({ node }) => node.id)).toEqual([
    exact.nodeId,
    prefix.nodeId,
    inFile.nodeId,
    inName.nodeId,
    person.nodeId,
    ticket.nodeId,
    log,
    article.id,
    replied.nodeId,
  ]);
  // Other people: files, contacts and what was said only where the file is open; tickets by the rights on tickets.
  expect((await find('SALES_REP_2', word)).map(told)).toEqual([
    `ARTICLE CONTAINS QUESTION [${word}]港何时截单？`,
  ]);
  expect(await find('HR', word)).toEqual([]);
  expect((await find('MARKETING_CLERK', word)).length).toBe(9);
  expect(
    (await find('DATA_ANALYST', word, { kinds: ['TICKET', 'CONTACT'] })).map(({ kind }) => kind),
  ).toEqual(['CONTACT', 'TICKET', 'TICKET']);
  // In one customer's file.
  const within = await find('SALES_REP', word, { customerId: inFile.nodeId });
  expect(within.map(({ node }) => node.id)).toEqual([inFile.nodeId]);
  expect(await find('SALES_REP_2', word, { customerId: inFile.nodeId })).toEqual([]);

  // Page by page the same, and no more statements for more finds.
  const paged: FoundHit[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const next = await page('SALES_REP', { text: word, first: 2, after });
    expect(next.hits.length).toBeLessThanOrEqual(2);
    paged.push(...next.hits);
    [after, more] = [next.endCursor, next.hasNextPage];
  }
  expect(paged).toEqual(hits);
  const one = await server.statementsDuring(() =>
    page('SALES_REP', { text: word, kinds: ['CUSTOMER'], first: 1 }),
  );
  const four = await server.statementsDuring(() =>
    page('SALES_REP', { text: word, kinds: ['CUSTOMER'], first: 9 }),
  );
  expect(four).toBe(one);
});

test('a grade A file is found by its own people, and finding a piece of it is recorded', async () => {
  const word = `密${newId()}`;
  const customer = await makeCustomer(server, {
    grade: 'A',
    name: `${word}集团`,
    address: `${word}路 1 号`,
    ownerId: people.SALES_REP.id,
  });
  await makeContact(server, { customerId: customer.id, title: word });
  await makeLog(customer.id, word);
  const ticket = await makeTicket(server, { customerId: customer.id, assigneeId: people.CS_AGENT.id });
  const kinds = ['CUSTOMER', 'CONTACT', 'CONTACT_LOG'];
  for (const caller of ['SALES_REP', 'CS_SUPERVISOR', 'CS_AGENT', 'FINANCE', 'ADMIN'] as const) {
    expect(await find(caller, word, { kinds })).toEqual([]);
  }
  // The ticket is open to its agent, the name of its customer is not part of it.
  expect(await find('CS_AGENT', word)).toEqual([]);
  await makeAssignment(server, { customerId: customer.id, employeeId: people.SALES_REP.id, dedicated: true });
  const recorded = () =>
    server.services.database.query<{ part: string }>(sql`
      select after ->> 'part' as part from audit_log
      where action = 'fileRead' and subject_id = ${customer.id}::uuid order by 1`);
  expect(await recorded()).toEqual([]);
  expect((await find('SALES_REP', `${word}路`)).map(told)).toEqual([
    `CUSTOMER CONTAINS ADDRESS [${word}路] 1 号`,
  ]);
  expect((await find('SALES_REP', word, { kinds })).map(({ kind }) => kind)).toEqual([
    'CUSTOMER',
    'CONTACT',
    'CONTACT_LOG',
  ]);
  expect((await recorded()).map(({ part }) => part)).toEqual(['contacts', 'file', 'file']);
  expect(ticket.id).toBeDefined();
});

test('messages that wait for their reviewer, or were refused, are found by nobody', async () => {
  const word = `候审${newId()}`;
  const ticket = await makeTicket(server, { category: 'COMPLAINT', severity: 'SERIOUS' });
  await makeReply(ticket.id, word, 'PENDING_REVIEW');
  await makeReply(ticket.id, word, 'REFUSED');
  for (const caller of ['HEAD', 'CS_SUPERVISOR', 'INTERNAL_AUDITOR'] as const) {
    expect(await find(caller, word)).toEqual([]);
  }
  await makeReply(ticket.id, word, 'SENT');
  expect((await find('CS_SUPERVISOR', word)).map(told)).toEqual([`TICKET REPLY REPLY [${word}]`]);
});

test('a ticket is found first by its number, and by caller and shipment', async () => {
  const shipmentNumber = `SF${newId()}`;
  const number = `T${newId()}`.toUpperCase();
  const ticket = await makeTicket(server, { number, shipmentNumber, callerPhone: '13900001111' });
  const [hit] = await find('CS_SUPERVISOR', number.toLowerCase());
  expect(hit).toMatchObject({ match: 'EXACT', node: { id: ticket.nodeId } });
  expect((await find('CS_SUPERVISOR', shipmentNumber.slice(0, 30))).map(told)).toEqual([
    `TICKET CONTAINS SHIPMENT_NUMBER [${shipmentNumber.slice(0, 30)}]${shipmentNumber.slice(30)}`,
  ]);
});

describe('what is no search', () => {
  it.each<[Readonly<Record<string, unknown>>, argument: string]>([
    [{ text: ' ' }, 'text'],
    [{ text: 'x'.repeat(201) }, 'text'],
    [{ text: 'a\u0000' }, 'text'],
    [{ text: 'a', first: 101 }, 'first'],
    [{ text: 'a', first: -1 }, 'first'],
    [{ text: 'a', after: 'x' }, 'after'],
    [{ text: 'a', after: Buffer.from('[1,2,"x"]').toString('base64url') }, 'after'],
    [{ text: 'a', after: Buffer.from(`[9,0,"${newId()}"]`).toString('base64url') }, 'after'],
    [{ text: 'a', customerId: people.HEAD.nodeId }, 'customerId'],
  ])('%j is refused', async (variables, argument) => {
    const { errors } = await server.gql('HEAD', SEARCH, variables);
    expect(errors?.map(({ extensions }) => [extensions.code, extensions.argument])).toEqual([
      ['BAD_USER_INPUT', argument],
    ]);
  });
});

describe('a snippet', () => {
  const shown = (text: string, word: string) =>
    snippetOf(text, word)
      .map((part) => (part.match ? `[${part.text}]` : part.text))
      .join('');

  it.each([
    ['华新华新物流', '华新', '[华新][华新]物流'],
    ['ＡＢＣ　物流', 'abc 物', '[ＡＢＣ 物]流'],
    ['one  two\nthree', 'TWO THREE', 'one [two three]'],
    [`${'前'.repeat(50)}中${'后'.repeat(100)}`, '中', `…${'前'.repeat(30)}[中]${'后'.repeat(60)}…`],
    ['㎏ 100', 'kg', '[㎏] 100'],
    ['𠮷野家', '野', '𠮷[野]家'],
    ['nothing', '无', 'nothing'],
  ])('of %j for %j is %j', (text, word, expected) => {
    expect(shown(text, word)).toBe(expected);
  });
});
