import { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { articleReadable } from '../queries/visibility.ts';

/** Keeps which published articles an answer to a customer rests on (TIC-05). */
export async function citeArticles(
  tx: Command,
  viewer: Viewer,
  reply: { readonly id: string; readonly ticketId: string },
  articleIds: readonly string[],
): Promise<void> {
  if (articleIds.length === 0) return;
  const ids = [...new Set(articleIds)];
  const articles = await tx.query<{ id: string; revision: number }>(sql`
    select k.id, k.revision from knowledge_article k
    where k.id = any(${ids}::uuid[]) and k.state = 'PUBLISHED'
      and ${articleReadable(constantViewer(viewer, tx.now), sql`k`)}`);
  const issues = new Issues();
  issues.expect(
    articles.length === ids.length,
    'articleIds',
    text('published articles of the knowledge base', '知识库中已发布的条目'),
  );
  issues.throwIfAny();
  await tx.prisma.knowledgeCitation.createMany({
    data: articles.map(({ id, revision }) => ({
      articleId: id,
      replyId: reply.id,
      ticketId: reply.ticketId,
      revision,
      at: tx.now,
    })),
  });
}
