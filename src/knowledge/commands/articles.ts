import type { KnowledgeArticle } from '../../generated/prisma/client.ts';
import type { InquiryTopic, KnowledgeLanguage, KnowledgeState } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { articleReadable } from '../queries/visibility.ts';
import { ANSWER_MOST, QUESTION_MOST } from '../rules.ts';

/** What an article says. */
export interface ArticleText {
  readonly topic: InquiryTopic;
  readonly language: KnowledgeLanguage;
  readonly question: string;
  readonly answer: string;
}

export interface ArticleCreateInput extends ArticleText {
  readonly idempotencyKey?: string | null;
}

/** Who may write articles at all; asked before anything else is looked at. */
export function requireWriter(viewer: Viewer): void {
  if (!can(viewer, 'knowledge', 'write')) throw new Forbidden(rolesWith('knowledge', 'write'));
}

/** Writes a draft (TIC-08). */
export async function articleCreate(
  tx: Command,
  viewer: Viewer,
  input: ArticleCreateInput,
): Promise<{ articleId: string }> {
  requireWriter(viewer);
  checkText(input);
  const articleId = await once(tx, 'articleCreate', input.idempotencyKey, input, (id) =>
    writeDraft(tx, viewer, id, input),
  );
  return { articleId };
}

/** The first text of an article; of a ticket's, somebody has to read it through before it is published. */
export async function writeDraft(
  tx: Command,
  viewer: Viewer,
  id: string,
  { topic, language, question, answer }: ArticleText,
  ticketId: string | null = null,
): Promise<void> {
  const said = { topic, language, question: question.trim(), answer: answer.trim() };
  await tx.prisma.knowledgeArticle.create({
    data: {
      id,
      ...said,
      authorId: viewer.employeeId,
      createdAt: tx.now,
      updatedAt: tx.now,
      ticketId,
      needsEditing: ticketId !== null,
    },
  });
  await tx.prisma.knowledgeRevision.create({
    data: {
      id: newId(),
      articleId: id,
      revision: 1,
      ...said,
      writtenById: viewer.employeeId,
      writtenAt: tx.now,
    },
  });
  tx.audit({
    action: ticketId === null ? 'articleCreate' : 'articlePromoteFromTicket',
    subjectType: 'KnowledgeArticle',
    subjectId: id,
    after: { topic, language, ticketId },
  });
}

function checkText({ question, answer }: Pick<ArticleText, 'question' | 'answer'>): void {
  const issues = new Issues();
  issues.expect(
    question.trim().length > 0 && question.length <= QUESTION_MOST,
    'question',
    text(`1 to ${QUESTION_MOST} characters`, `1 到 ${QUESTION_MOST} 字`),
  );
  issues.expect(
    answer.trim().length > 0 && answer.length <= ANSWER_MOST,
    'answer',
    text(`1 to ${ANSWER_MOST} characters`, `1 到 ${ANSWER_MOST} 字`),
  );
  issues.throwIfAny();
}

interface OnArticle {
  readonly articleId: string;
  readonly expectedVersion?: number | null;
}

/** Locks what the viewer may read; NotFound for any other, Forbidden when the viewer may not do this to it. */
async function lockArticle(
  tx: Command,
  viewer: Viewer,
  input: OnArticle,
  verb: 'write' | 'approve',
): Promise<KnowledgeArticle> {
  const [row] = await tx.query<{ readable: boolean }>(sql`
    select ${articleReadable(constantViewer(viewer, tx.now), sql`k`)} as readable
    from knowledge_article k where k.id = ${input.articleId}::uuid for update of k`);
  if (!row?.readable) throw new NotFound(['articleId'], text('article', '知识库条目'));
  if (!can(viewer, 'knowledge', verb)) throw new Forbidden(rolesWith('knowledge', verb));
  const article = await tx.prisma.knowledgeArticle.findUniqueOrThrow({ where: { id: input.articleId } });
  if (input.expectedVersion != null && input.expectedVersion !== article.version)
    throw new StaleVersion(article.version);
  return article;
}

export interface ArticleUpdateInput extends OnArticle {
  readonly topic?: InquiryTopic | null;
  readonly language?: KnowledgeLanguage | null;
  readonly question?: string | null;
  readonly answer?: string | null;
}

/** Gives a draft another text; of a published article, a draft that takes its place once published. */
export async function articleUpdate(
  tx: Command,
  viewer: Viewer,
  input: ArticleUpdateInput,
): Promise<{ articleId: string }> {
  const article = await lockArticle(tx, viewer, input, 'write');
  if (article.state === 'RETIRED') throw new IllegalTransition('RETIRED', 'UPDATE', []);
  const draft = await draftOf(tx, article.id);
  const from = draft ?? article;
  const said = {
    topic: input.topic ?? from.topic,
    language: input.language ?? from.language,
    question: input.question?.trim() ?? from.question,
    answer: input.answer?.trim() ?? from.answer,
  };
  checkText(said);
  const written = { ...said, writtenById: viewer.employeeId, writtenAt: tx.now };
  if (draft) {
    await tx.prisma.knowledgeRevision.update({ where: { id: draft.id }, data: written });
  } else {
    await tx.prisma.knowledgeRevision.create({
      data: { id: newId(), articleId: article.id, revision: article.revision + 1, ...written },
    });
  }
  await change(tx, article, 'articleUpdate', {
    ...(article.state === 'DRAFT' ? said : {}),
    needsEditing: false,
  });
  return { articleId: article.id };
}

function draftOf(tx: Command, articleId: string) {
  return tx.prisma.knowledgeRevision.findFirst({ where: { articleId, publishedAt: null } });
}

/** Lets the department read a draft, or what a published article is to say from now on. */
export async function articlePublish(
  tx: Command,
  viewer: Viewer,
  input: OnArticle,
): Promise<{ articleId: string }> {
  const article = await lockArticle(tx, viewer, input, 'approve');
  const draft = await draftOf(tx, article.id);
  if (!draft || article.state === 'RETIRED') throw new IllegalTransition(article.state, 'PUBLISH', []);
  // What was taken over from a ticket is read through first: it may name a customer in words that nothing finds.
  if (article.needsEditing) throw new IllegalTransition(article.state, 'PUBLISH', ['UPDATE']);
  const published = { publishedById: viewer.employeeId, publishedAt: tx.now };
  await tx.prisma.knowledgeRevision.update({ where: { id: draft.id }, data: published });
  const { topic, language, question, answer, revision } = draft;
  await change(tx, article, 'articlePublish', {
    state: 'PUBLISHED',
    topic,
    language,
    question,
    answer,
    revision,
    ...published,
  });
  return { articleId: article.id };
}

export interface ArticleRetireInput extends OnArticle {
  readonly reason: string;
}

/** Takes an article out of use; answers that cite it keep it. */
export async function articleRetire(
  tx: Command,
  viewer: Viewer,
  input: ArticleRetireInput,
): Promise<{ articleId: string }> {
  const article = await lockArticle(tx, viewer, input, 'approve');
  const issues = new Issues();
  issues.expect(
    input.reason.trim().length > 0 && input.reason.length <= QUESTION_MOST,
    'reason',
    text(`1 to ${QUESTION_MOST} characters`, `1 到 ${QUESTION_MOST} 字`),
  );
  issues.throwIfAny();
  if (article.state === 'RETIRED') throw new IllegalTransition('RETIRED', 'RETIRE', []);
  await change(tx, article, 'articleRetire', {
    state: 'RETIRED',
    retiredById: viewer.employeeId,
    retiredAt: tx.now,
    retireReason: input.reason.trim(),
  });
  return { articleId: article.id };
}

async function change(
  tx: Command,
  article: KnowledgeArticle,
  action: string,
  data: Partial<Omit<KnowledgeArticle, 'id' | 'version'>> & { readonly state?: KnowledgeState },
): Promise<void> {
  await tx.prisma.knowledgeArticle.update({
    where: { id: article.id },
    data: { ...data, updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action,
    subjectType: 'KnowledgeArticle',
    subjectId: article.id,
    before: { state: article.state, revision: article.revision },
    after: data,
  });
}
