-- CreateEnum
CREATE TYPE "WorkReportKind" AS ENUM ('VISIT_PLAN', 'PATROL_DAILY', 'PATROL_MONTHLY', 'PATROL_URGENT');

-- CreateEnum
CREATE TYPE "WorkReportState" AS ENUM ('DUE', 'SUBMITTED', 'ANSWERED');

-- CreateEnum
CREATE TYPE "PatrolUrgency" AS ENUM ('COMPETITOR_POLICY', 'COMPETITOR_TREND', 'OWN_SERVICE_PROBLEM', 'OTHER');

-- CreateTable
CREATE TABLE "work_report" (
    "id" UUID NOT NULL,
    "kind" "WorkReportKind" NOT NULL,
    "period" TEXT NOT NULL,
    "state" "WorkReportState" NOT NULL,
    "author_id" UUID,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "submitted_at" TIMESTAMPTZ(3),
    "opinions" TEXT,
    "market" TEXT,
    "effect" TEXT,
    "matters" TEXT,
    "other" TEXT,
    "findings" TEXT,
    "urgency" "PatrolUrgency",
    "customer_id" UUID,
    "competitor" TEXT,
    "answer" TEXT,
    "answered_by_id" UUID,
    "answered_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "work_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "work_report_created_at_id_idx" ON "work_report"("created_at", "id");

-- CreateIndex
CREATE INDEX "work_report_author_id_created_at_id_idx" ON "work_report"("author_id", "created_at", "id");

-- Nobody is asked twice for the report of a period; urgent ones come as they come.
create unique index work_report_month_sql on work_report (period) where kind = 'PATROL_MONTHLY';
-- The patrols that a visitor made on a day, and in a month.
create index visit_patrol_idx on visit (done_at) where type = 'SERVICE_PATROL' and state = 'DONE';
create unique index work_report_once_sql on work_report (kind, period, author_id)
  where kind in ('VISIT_PLAN', 'PATROL_DAILY');
