import type { KnowledgeArticle, KnowledgeRevision } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import { can } from '../../organisation/rules/viewer.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { articleReadable } from './visibility.ts';

export type ArticleRow = KnowledgeArticle & { readonly __typename: 'KnowledgeArticle' };

const k = sql`k`;

const ARTICLE_COLUMNS = sql`${columns('k', [
  'id',
  'state',
  'topic',
  'language',
  'question',
  'answer',
  'revision',
  'authorId',
  'createdAt',
  'updatedAt',
  'publishedById',
  'publishedAt',
  'retiredById',
  'retiredAt',
  'retireReason',
  'ticketId',
  'needsEditing',
  'version',
])}, 'KnowledgeArticle' as "__typename"`;

export const articleById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ArticleRow>(sql`
      select ${ARTICLE_COLUMNS} from knowledge_article k
      where k.id = any(${[...ids]}::uuid[]) and ${articleReadable(reader.sees, k)}`),
  ),
);

export const ARTICLE_FIELDS = {
  state: { kind: 'Enum', enumName: 'KnowledgeState', column: sql`k.state` },
  topic: { kind: 'Enum', enumName: 'InquiryTopic', column: sql`k.topic` },
  language: { kind: 'Enum', enumName: 'KnowledgeLanguage', column: sql`k.language` },
  text: {
    kind: 'String',
    column: sql`(k.question || ' ' || k.answer)`,
    grams: true,
    orderable: false,
  },
  author: { kind: 'ID', entity: 'Employee', column: sql`k.author_id`, orderable: false },
  publishedAt: { kind: 'DateTime', column: sql`k.published_at` },
  updatedAt: { kind: 'DateTime', column: sql`k.updated_at` },
} as const satisfies Record<string, ListField>;

/** By the indexes knowledge_article(updated_at, id) and knowledge_article_text_grams_idx. */
export function articleList(reader: Reader): ListSource {
  const visible = articleReadable(reader.sees, k);
  return {
    from: sql`knowledge_article k`,
    id: sql`k.id`,
    select: ARTICLE_COLUMNS,
    visible,
    full: visible,
    fields: ARTICLE_FIELDS,
  };
}

/** How many answers that went out rest on each article. */
export const citationsOfArticle = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<{ id: string; count: number }>(sql`
    select c.article_id as id, count(*)::int as count
    from knowledge_citation c join ticket_reply r on r.id = c.reply_id and r.state = 'SENT'
    where c.article_id = any(${[...ids]}::uuid[]) group by c.article_id`);
  const counts = new Map(rows.map((row) => [row.id, row.count]));
  return ids.map((id) => counts.get(id) ?? 0);
});

/** The articles that a message rests on, as far as the viewer may read them; who asks may read the message. */
export const articlesOfReply = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<ArticleRow & { replyId: string }>(sql`
    select ${ARTICLE_COLUMNS}, c.reply_id as "replyId"
    from knowledge_citation c join knowledge_article k on k.id = c.article_id
    where c.reply_id = any(${[...ids]}::uuid[]) and ${articleReadable(reader.sees, k)}
    order by c.at, k.id`);
  const byReply = Map.groupBy(rows, (row) => row.replyId);
  return ids.map((id) => byReply.get(id) ?? []);
});

/** The texts of an article, the first one first; drafts for its writers only. Who asks may read the article. */
export const revisionsOfArticle = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<KnowledgeRevision>(sql`
    select ${columns('r', ['id', 'articleId', 'revision', 'topic', 'language', 'question', 'answer', 'writtenById', 'writtenAt', 'publishedById', 'publishedAt'])}
    from knowledge_revision r
    where r.article_id = any(${[...ids]}::uuid[]) and (r.published_at is not null or ${can(reader.viewer, 'knowledge', 'write')}::boolean)
    order by r.revision`);
  const byArticle = Map.groupBy(rows, (row) => row.articleId);
  return ids.map((id) => byArticle.get(id) ?? []);
});
