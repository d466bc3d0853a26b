import type { KnowledgeRevision } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import { articleCreate, articlePublish, articleRetire, articleUpdate } from './commands/articles.ts';
import { articlePromoteFromTicket } from './commands/promote.ts';
import {
  ARTICLE_FIELDS,
  articleById,
  articleList,
  type ArticleRow,
  articlesOfReply,
  citationsOfArticle,
  revisionsOfArticle,
} from './queries/articles.ts';
import { type TopicFrequency, topicFrequency } from './queries/topics.ts';
import { monthsBetween, MONTHS_MOST, MONTHS_SINCE } from './rules.ts';

const RevisionType = builder.objectRef<KnowledgeRevision>('KnowledgeRevision').implement({
  description: 'A text that an article has, had or is to have.',
  fields: (t) => ({
    revision: t.exposeInt('revision'),
    topic: t.field({ type: ENUMS.InquiryTopic, resolve: (row) => row.topic }),
    language: t.field({ type: ENUMS.KnowledgeLanguage, resolve: (row) => row.language }),
    question: t.exposeString('question'),
    answer: t.exposeString('answer'),
    writtenBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.writtenById) ?? null,
    }),
    writtenAt: t.field({ type: 'DateTime', resolve: (row) => row.writtenAt }),
    publishedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.publishedById ?? '') ?? null,
    }),
    publishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null while it is a draft.',
      resolve: (row) => row.publishedAt,
    }),
  }),
});

const ArticleType = builder.objectRef<ArticleRow>('KnowledgeArticle').implement({
  description:
    'A common question and its answer (TIC-08, FRM-38). The department reads what is published; customer service and HEAD read drafts and what was retired, too.',
  fields: (t) => ({
    state: t.field({
      type: ENUMS.KnowledgeState,
      description: 'DRAFT, then PUBLISHED, then RETIRED.',
      resolve: (row) => row.state,
    }),
    topic: t.field({ type: ENUMS.InquiryTopic, resolve: (row) => row.topic }),
    language: t.field({ type: ENUMS.KnowledgeLanguage, resolve: (row) => row.language }),
    question: t.exposeString('question', { description: 'Of the revision published last.' }),
    answer: t.exposeString('answer', { description: 'Of the revision published last.' }),
    revision: t.exposeInt('revision', { description: 'Grows by one with every text that is published.' }),
    revisions: t.field({
      type: [RevisionType],
      description: 'Every text that was published, and the draft of the next for those who write articles.',
      resolve: (row, _args, { read }) => revisionsOfArticle.load(read, row.id),
    }),
    author: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who wrote it first.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.authorId) ?? null,
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    updatedAt: t.field({ type: 'DateTime', resolve: (row) => row.updatedAt }),
    publishedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.publishedById ?? '') ?? null,
    }),
    publishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When what it says now was published.',
      resolve: (row) => row.publishedAt,
    }),
    retiredBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.retiredById ?? '') ?? null,
    }),
    retiredAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.retiredAt }),
    retireReason: t.exposeString('retireReason', {
      nullable: true,
      description: 'Why it is no longer used.',
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'The ticket that it was made of; null for a viewer who may not read that.',
      resolve: (row, _args, { read }) => (row.ticketId === null ? null : ticketById.load(read, row.ticketId)),
    }),
    needsEditing: t.exposeBoolean('needsEditing', {
      description: 'Taken over from a ticket; it is published once `articleUpdate` has gone over it.',
    }),
    citations: t.int({
      description: 'Answers to customers that rest on it (TIC-05).',
      resolve: (row, _args, { read }) => citationsOfArticle.load(read, row.id),
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(ArticleType, articleById);
rootList('articles', listTypes<ArticleRow>('KnowledgeArticle', ArticleType, ARTICLE_FIELDS), {
  description:
    'The knowledge base as the viewer may read it (TIC-08). `where: { text: { contains } }` searches questions and answers.',
  source: articleList,
});

builder.objectField('TicketReply', 'articles', (t) =>
  t.field({
    type: [ArticleType],
    description: 'The articles that it rests on, as far as the viewer may read them (TIC-05).',
    resolve: (reply, _args, { read }) => articlesOfReply.load(read, reply.id),
  }),
);

const TopicFrequencyType = builder.objectRef<TopicFrequency>('TopicFrequency').implement({
  description: 'How often customers asked about a topic in a month (TIC-08).',
  fields: (t) => ({
    month: t.field({
      type: 'YearMonth',
      description: '`2026-11`, in the business time zone.',
      resolve: (row) => row.month,
    }),
    topic: t.field({ type: ENUMS.InquiryTopic, resolve: (row) => row.topic }),
    count: t.exposeInt('count', { description: 'Inquiries that the viewer may read.' }),
    withArticle: t.exposeInt('withArticle', { description: 'Of them, answered with an article.' }),
    previous: t.exposeInt('previous', { description: 'The count of the month before.' }),
    change: t.int({
      description: 'The count less that of the month before: the trend.',
      resolve: (row) => row.count - row.previous,
    }),
  }),
});

builder.queryField('topicFrequency', (t) =>
  t.field({
    type: [TopicFrequencyType],
    description: `Inquiries by topic and month that the viewer may read, with their trend (TIC-08): every month from the first to the last, and every topic in each. At most ${MONTHS_MOST} months.`,
    args: {
      from: t.arg({ type: 'YearMonth', required: true, description: 'The first month, `2026-01`.' }),
      until: t.arg({ type: 'YearMonth', required: true, description: 'The last month, included.' }),
    },
    resolve: (_root, { from, until }, { read }) => {
      if (from < MONTHS_SINCE) throw invalid('from', text(`from ${MONTHS_SINCE} on`, `${MONTHS_SINCE} 起`));
      const months = monthsBetween(from, until);
      if (months < 1 || months > MONTHS_MOST)
        throw invalid(
          'until',
          text(
            `not before \`from\`, at most ${MONTHS_MOST} months in all`,
            `不早于 from，总共最多 ${MONTHS_MOST} 个月`,
          ),
        );
      return topicFrequency(read, from, until);
    },
  }),
);

function articleField(t: SuccessFields<{ articleId: string }>) {
  return {
    article: t.field({
      type: ArticleType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => articleById.load(read, done.articleId),
    }),
  };
}

const EXPECTED_VERSION = { description: 'The version that was read.' };
const KEY = { description: 'Same key and input within 24 hours: the same answer.' };
const QUESTION = { description: 'At most 500 characters; names no customer.' };
const ANSWER = { description: 'At most 20,000 characters; names no customer.' };

mutation('articleCreate', {
  description: 'Writes a draft for the knowledge base (TIC-08); customer service and HEAD.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    topic: t.field({ type: ENUMS.InquiryTopic, required: true }),
    language: t.field({ type: ENUMS.KnowledgeLanguage, required: true }),
    question: t.string({ required: true, ...QUESTION }),
    answer: t.string({ required: true, ...ANSWER }),
    idempotencyKey: t.string(KEY),
  }),
  run: (tx, viewer, input) => articleCreate(tx, viewer, input),
  success: articleField,
});

mutation('articlePromoteFromTicket', {
  description:
    "Makes a draft of a ticket's subject and of the answer that went out (TIC-08). Names and numbers of the customer, its contacts and the caller are left out, for which the caller has to be allowed to read the customer's file; the rest is the author's to edit before it is published.",
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    ticketId: t.id({ required: true, ...nodeIdOf('Ticket') }),
    replyId: t.id({
      ...nodeIdOf('TicketReply'),
      description: '`TicketReply.id` of a message that went out; the last one without it.',
    }),
    topic: t.field({ type: ENUMS.InquiryTopic, description: "The ticket's without it." }),
    language: t.field({ type: ENUMS.KnowledgeLanguage, description: "The answer's own without it." }),
    idempotencyKey: t.string(KEY),
  }),
  run: (tx, viewer, input) => articlePromoteFromTicket(tx, viewer, input),
  success: articleField,
});

mutation('articleUpdate', {
  description:
    'Changes a draft. Of a published article, writes what it is to say once `articlePublish` has let that out; until then it stays as it is.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    articleId: t.id({ required: true, ...nodeIdOf('KnowledgeArticle') }),
    topic: t.field({ type: ENUMS.InquiryTopic, description: 'As it is without it; so with the others.' }),
    language: t.field({ type: ENUMS.KnowledgeLanguage }),
    question: t.string(QUESTION),
    answer: t.string(ANSWER),
    expectedVersion: t.int(EXPECTED_VERSION),
  }),
  run: (tx, viewer, input) => articleUpdate(tx, viewer, input),
  success: articleField,
});

mutation('articlePublish', {
  description:
    'Lets the department read a draft, or the new text of a published article; CS_SUPERVISOR and HEAD. IllegalTransition where there is no draft, and for what came from a ticket and nobody has edited.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    articleId: t.id({ required: true, ...nodeIdOf('KnowledgeArticle') }),
    expectedVersion: t.int(EXPECTED_VERSION),
  }),
  run: (tx, viewer, input) => articlePublish(tx, viewer, input),
  success: articleField,
});

mutation('articleRetire', {
  description: 'Takes an article out of use; CS_SUPERVISOR and HEAD. It is kept for what cites it.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    articleId: t.id({ required: true, ...nodeIdOf('KnowledgeArticle') }),
    reason: t.string({ required: true, description: 'At most 500 characters.' }),
    expectedVersion: t.int(EXPECTED_VERSION),
  }),
  run: (tx, viewer, input) => articleRetire(tx, viewer, input),
  success: articleField,
});
