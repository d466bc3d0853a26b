-- CreateEnum
CREATE TYPE "KnowledgeState" AS ENUM ('DRAFT', 'PUBLISHED', 'RETIRED');

-- CreateEnum
CREATE TYPE "KnowledgeLanguage" AS ENUM ('ZH', 'EN');

-- CreateTable
CREATE TABLE "knowledge_article" (
    "id" UUID NOT NULL,
    "state" "KnowledgeState" NOT NULL DEFAULT 'DRAFT',
    "topic" "InquiryTopic" NOT NULL,
    "language" "KnowledgeLanguage" NOT NULL,
    "question" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "author_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "published_by_id" UUID,
    "published_at" TIMESTAMPTZ(3),
    "retired_by_id" UUID,
    "retired_at" TIMESTAMPTZ(3),
    "retire_reason" TEXT,
    "ticket_id" UUID,
    "needs_editing" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "knowledge_article_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "knowledge_revision" (
    "id" UUID NOT NULL,
    "article_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "topic" "InquiryTopic" NOT NULL,
    "language" "KnowledgeLanguage" NOT NULL,
    "question" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "written_by_id" UUID NOT NULL,
    "written_at" TIMESTAMPTZ(3) NOT NULL,
    "published_by_id" UUID,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "knowledge_revision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "knowledge_citation" (
    "article_id" UUID NOT NULL,
    "reply_id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "knowledge_citation_pkey" PRIMARY KEY ("article_id","reply_id")
);

-- CreateIndex
CREATE INDEX "knowledge_article_updated_at_id_idx" ON "knowledge_article"("updated_at", "id");

-- CreateIndex
CREATE INDEX "knowledge_article_ticket_id_idx" ON "knowledge_article"("ticket_id");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_revision_article_id_revision_key" ON "knowledge_revision"("article_id", "revision");

-- CreateIndex
CREATE INDEX "knowledge_citation_reply_id_idx" ON "knowledge_citation"("reply_id");

-- CreateIndex
CREATE INDEX "knowledge_citation_ticket_id_idx" ON "knowledge_citation"("ticket_id");

-- Questions and answers are searched in one.
CREATE INDEX "knowledge_article_text_grams_idx" ON "knowledge_article" USING gin (search_grams((question || ' ' || answer))) WITH (fastupdate = off);

-- An article has one draft at a time; who published is known of all that is published.
CREATE UNIQUE INDEX "knowledge_revision_draft_key" ON "knowledge_revision" (article_id) WHERE published_at IS NULL;
ALTER TABLE "knowledge_article" ADD CONSTRAINT "article_published_by" CHECK (state = 'DRAFT' OR published_at IS NOT NULL OR retired_at IS NOT NULL);
ALTER TABLE "knowledge_article" ADD CONSTRAINT "article_retired_with_reason" CHECK ((state = 'RETIRED') = (retire_reason IS NOT NULL AND retired_at IS NOT NULL));
ALTER TABLE "knowledge_revision" ADD CONSTRAINT "revision_published_by" CHECK ((published_at IS NULL) = (published_by_id IS NULL));

-- What customers were told stays as it was published.
CREATE TRIGGER knowledge_revision_append_only BEFORE UPDATE OR DELETE ON knowledge_revision
  FOR EACH ROW WHEN (old.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
