import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { languageOf, withoutNames } from '../../src/knowledge/rules.ts';
import { makeContact, makeCustomer, makeTicket } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => server.clock.set(MONDAY_9));

const ARTICLE = `article {
  id state topic language question answer revision needsEditing citations version createdAt publishedAt retireReason
  author { id } publishedBy { id } ticket { id } revisions { revision question answer publishedAt }
}`;

function act(caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, ARTICLE);
}

async function read(caller: Caller, id: string) {
  const { data } = await server.gql(
    caller,
    'query ($id: ID!) { node(id: $id) { ... on KnowledgeArticle { question answer ticket { id } revisions { revision } } } }',
    { id },
  );
  return data.node;
}

async function found(caller: Caller, where: object): Promise<string[]> {
  const { data, errors } = await server.gql(
    caller,
    'query ($where: KnowledgeArticleWhere) { articles(where: $where, first: 100) { totalCount edges { node { id } } } }',
    { where },
  );
  expect(errors).toBeUndefined();
  const ids = data.articles.edges.map((edge: { node: { id: string } }) => edge.node.id);
  expect(data.articles.totalCount).toBe(ids.length);
  return ids;
}

const TEXT = {
  topic: 'TRANSIT_TIME',
  language: 'ZH',
  question: '空运到北京要几天？',
  answer: '航班起飞后 24 至 48 小时送达。',
};

/** An inquiry of a customer that has been answered with these words. */
async function answered(grade: 'A' | 'B', words: { subject: string; body: string }) {
  const customer = await makeCustomer(server, {
    grade,
    name: '上海瑞丰国际物流有限公司',
    phone: '021-88886666',
  });
  await makeContact(server, { customerId: customer.id, name: '韩梅梅', mobile: '13912345678' });
  const ticket = await makeTicket(server, {
    category: 'INQUIRY',
    status: 'IN_PROGRESS',
    topic: 'TRANSIT_TIME',
    customerId: customer.id,
    assigneeId: people.CS_AGENT.id,
    callerName: 'Li Lei',
    subject: words.subject,
  });
  const replied = await mutate(server, 'CS_AGENT', 'ticketReply', {
    ticketId: ticket.nodeId,
    body: words.body,
  });
  expect(replied.__typename).toBe('TicketReplySuccess');
  return ticket;
}

test('[FRM-38] an article keeps topic, question, answer, times and staff, and every text that was published', async () => {
  const made = await act('CS_AGENT', 'articleCreate', { ...TEXT, idempotencyKey: newId() });
  const articleId = made.article.id;
  expect(made.article).toMatchObject({
    ...TEXT,
    state: 'DRAFT',
    revision: 1,
    author: { id: people.CS_AGENT.nodeId },
    createdAt: MONDAY_9,
    publishedAt: null,
    ticket: null,
  });
  expect(pathsOf(await act('CS_AGENT', 'articleCreate', { ...TEXT, question: ' ', answer: '' }))).toEqual([
    'question',
    'answer',
  ]);
  expect((await act('CS_AGENT', 'articlePublish', { articleId })).__typename).toBe('Forbidden');
  server.clock.advance(60_000);
  const publishedAt = server.clock.now().toISOString();
  expect(
    (await act('CS_SUPERVISOR', 'articlePublish', { articleId, expectedVersion: 1 })).article,
  ).toMatchObject({
    state: 'PUBLISHED',
    publishedAt,
    publishedBy: { id: people.CS_SUPERVISOR.nodeId },
    version: 2,
  });
  expect((await act('CS_SUPERVISOR', 'articlePublish', { articleId })).__typename).toBe('IllegalTransition');

  // What it is to say later stays with its writers until it is published.
  const answer = '航班起飞后 24 小时送达。';
  const changed = await act('CS_AGENT', 'articleUpdate', { articleId, answer, expectedVersion: 2 });
  expect(changed.article).toMatchObject({ answer: TEXT.answer, revision: 1, state: 'PUBLISHED' });
  expect(changed.article.revisions).toEqual([
    { revision: 1, question: TEXT.question, answer: TEXT.answer, publishedAt },
    { revision: 2, question: TEXT.question, answer, publishedAt: null },
  ]);
  expect(await read('SALES_REP', articleId)).toMatchObject({
    answer: TEXT.answer,
    revisions: [{ revision: 1 }],
  });
  expect((await act('CS_AGENT', 'articleUpdate', { articleId, answer, expectedVersion: 2 })).__typename).toBe(
    'StaleVersion',
  );
  await act('HEAD', 'articlePublish', { articleId });
  expect(await read('SALES_REP', articleId)).toMatchObject({
    answer,
    revisions: [{ revision: 1 }, { revision: 2 }],
  });
  await expect(
    server.services.database.query(
      sql`update knowledge_revision set answer = 'x' where answer = ${answer} and published_at is not null`,
    ),
  ).rejects.toThrow('append-only');

  expect(pathsOf(await act('CS_SUPERVISOR', 'articleRetire', { articleId, reason: ' ' }))).toEqual([
    'reason',
  ]);
  expect(
    (await act('CS_SUPERVISOR', 'articleRetire', { articleId, reason: 'No flights any more' })).article,
  ).toMatchObject({ state: 'RETIRED', retireReason: 'No flights any more' });
  expect((await act('CS_AGENT', 'articleUpdate', { articleId, answer })).__typename).toBe(
    'IllegalTransition',
  );
  expect(await read('SALES_REP', articleId)).toBeNull();
});

test('[TIC-08] a common question becomes an article from its ticket, and topics are counted by month with their trend', async () => {
  const ticket = await answered('B', {
    subject: '上海瑞丰国际物流有限公司的韩梅梅问：空运几天到？',
    body: '尊敬的 Li lei，贵司 021-88886666 来电收悉。航班起飞后 24 小时送达。',
  });
  const promote = { ticketId: ticket.nodeId };
  expect((await act('SALES_REP', 'articlePromoteFromTicket', promote)).__typename).toBe('Forbidden');
  expect((await act('CS_AGENT_OTHER_TEAM', 'articlePromoteFromTicket', promote)).__typename).toBe('NotFound');
  const { article } = await act('CS_AGENT', 'articlePromoteFromTicket', promote);
  expect(article).toMatchObject({
    state: 'DRAFT',
    topic: 'TRANSIT_TIME',
    language: 'ZH',
    question: '[…]的[…]问：空运几天到？',
    answer: '尊敬的 […]，贵司 […] 来电收悉。航班起飞后 24 小时送达。',
    needsEditing: true,
    ticket: { id: ticket.nodeId },
  });
  expect(await act('CS_SUPERVISOR', 'articlePublish', { articleId: article.id })).toMatchObject({
    __typename: 'IllegalTransition',
    allowed: ['UPDATE'],
  });
  const edited = { articleId: article.id, question: '空运几天到？', answer: '航班起飞后 24 小时送达。' };
  await act('CS_AGENT', 'articleUpdate', edited);
  await act('CS_SUPERVISOR', 'articlePublish', { articleId: article.id });
  // The ticket stays with those who may read it.
  expect(await read('SALES_REP', article.id)).toMatchObject({ question: '空运几天到？', ticket: null });

  const months = [
    '2026-07-31T15:59:59Z',
    '2026-07-31T16:00:00Z',
    '2026-08-15T00:00:00Z',
    '2026-09-10T00:00:00Z',
  ];
  const customer = await makeCustomer(server, { grade: 'C', ownerId: people.SALES_REP_2.id });
  for (const openedAt of months) {
    await makeTicket(server, {
      category: 'INQUIRY',
      topic: 'COVERAGE',
      customerId: customer.id,
      openedAt: new Date(openedAt),
    });
  }
  const report = async (caller: Caller, from: string, until: string) => {
    const { data, errors } = await server.gql(
      caller,
      'query ($from: YearMonth!, $until: YearMonth!) { topicFrequency(from: $from, until: $until) { month topic count withArticle previous change } }',
      { from, until },
    );
    return errors ? errors[0]?.extensions.argument : data.topicFrequency;
  };
  const coverage = (rows: { topic: string }[]) => rows.filter(({ topic }) => topic === 'COVERAGE');
  const counted = await report('SALES_REP_2', '2026-08', '2026-10');
  expect(counted).toHaveLength(15);
  const none = { topic: 'COVERAGE', withArticle: 0 };
  expect(coverage(counted)).toEqual([
    { ...none, month: '2026-08', count: 2, previous: 1, change: 1 },
    { ...none, month: '2026-09', count: 1, previous: 2, change: -1 },
    { ...none, month: '2026-10', count: 0, previous: 1, change: -1 },
  ]);
  expect(coverage(await report('SALES_REP', '2026-08', '2026-08'))).toEqual([
    { ...none, month: '2026-08', count: 0, previous: 0, change: 0 },
  ]);
  expect(await report('HEAD', '0000-01', '0000-02')).toBe('from');
  expect(await report('HEAD', '2026-10', '2026-09')).toBe('until');
  expect(await report('HEAD', '2020-01', '2026-09')).toBe('until');
});

test('a ticket of a file that its reader may not open becomes no article by them', async () => {
  const ticket = await answered('A', { subject: '几天到？', body: '两天。' });
  const promote = { ticketId: ticket.nodeId };
  expect((await act('CS_AGENT', 'articlePromoteFromTicket', promote)).__typename).toBe('Forbidden');
  expect((await act('HEAD', 'articlePromoteFromTicket', promote)).article).toMatchObject({
    answer: '两天。',
  });
  const other = await makeTicket(server, { category: 'INQUIRY', assigneeId: people.CS_AGENT.id });
  expect(pathsOf(await act('CS_AGENT', 'articlePromoteFromTicket', { ticketId: other.nodeId }))).toEqual([
    'replyId',
  ]);
});

test('an answer cites published articles, and counts once it is sent', async () => {
  const { article } = await act('CS_AGENT', 'articleCreate', TEXT);
  const ticket = await makeTicket(server, {
    category: 'COMPLAINT',
    severity: 'SERIOUS',
    status: 'INVESTIGATING',
    assigneeId: people.CS_AGENT.id,
  });
  const reply = (input: object) =>
    mutate(
      server,
      'CS_AGENT',
      'ticketReply',
      { ticketId: ticket.nodeId, body: '两天。', articleIds: [article.id], ...input },
      'ticket { replies { id state articles { id } } }',
    );
  expect(pathsOf(await reply({}))).toEqual(['articleIds']);
  await act('CS_SUPERVISOR', 'articlePublish', { articleId: article.id });
  expect(pathsOf(await reply({ fromCustomer: true }))).toEqual(['articleIds']);
  const [waiting] = (await reply({})).ticket.replies;
  expect(waiting).toMatchObject({ state: 'PENDING_REVIEW', articles: [{ id: article.id }] });
  const citations = async () => {
    const { data } = await server.gql(
      'SALES_REP',
      'query ($id: ID!) { node(id: $id) { ... on KnowledgeArticle { citations } } }',
      { id: article.id },
    );
    return data.node.citations;
  };
  expect(await citations()).toBe(0);
  await mutate(server, 'CS_SUPERVISOR', 'ticketReplyReview', { replyId: waiting.id, approve: true });
  expect(await citations()).toBe(1);
});

test('the department reads what is published, customer service all, others nothing', async () => {
  const question = `何时截单${newId()}？`;
  const draft = (await act('CS_AGENT', 'articleCreate', { ...TEXT, question })).article.id;
  const published = (
    await act('CS_AGENT_2', 'articleCreate', {
      ...TEXT,
      question,
      answer: 'Cut-off is at NOON.',
      language: 'EN',
    })
  ).article.id;
  await act('HEAD', 'articlePublish', { articleId: published });
  const where = { text: { contains: question } };
  for (const caller of ['CS_AGENT', 'CS_SUPERVISOR', 'HEAD', 'COMPANY_LEADER', 'INTERNAL_AUDITOR'] as const) {
    expect(new Set(await found(caller, where))).toEqual(new Set([draft, published]));
  }
  for (const caller of ['SALES_REP', 'DEPUTY', 'KA_SPECIALIST', 'MARKETING_CLERK', 'DATA_ANALYST'] as const) {
    expect(await found(caller, where)).toEqual([published]);
    expect(await read(caller, draft)).toBeNull();
    expect((await act(caller, 'articleUpdate', { articleId: draft, answer: 'x' })).__typename).toBe(
      'NotFound',
    );
    expect((await act(caller, 'articleUpdate', { articleId: published, answer: 'x' })).__typename).toBe(
      'Forbidden',
    );
  }
  for (const caller of ['FINANCE', 'HR', 'OPERATIONS', 'QUALITY', 'OTHER_DEPARTMENT', 'ADMIN'] as const) {
    expect(await found(caller, where)).toEqual([]);
    expect(await read(caller, published)).toBeNull();
  }
  expect(
    await found('SALES_REP', { text: { contains: 'at noon' }, AND: [where], language: { eq: 'EN' } }),
  ).toEqual([published]);
  expect(await found('SALES_REP', { AND: [where], topic: { eq: 'PRICE' } })).toEqual([]);
});

test('what names a customer is left out, longer names first, whatever their case', () => {
  expect(withoutNames('Mail to ACME (China) Ltd., c/o acme.', ['Acme', 'Acme (China) Ltd.', 'x', ' '])).toBe(
    'Mail to […], c/o […].',
  );
  expect([languageOf('运费 USD 100 每 CBM'), languageOf('Rates for 上海 by sea')]).toEqual(['ZH', 'EN']);
});
