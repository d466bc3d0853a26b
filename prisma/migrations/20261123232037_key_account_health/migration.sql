-- CreateEnum
CREATE TYPE "ChurnReason" AS ENUM ('VOLUME_DROP', 'COMPLAINTS', 'CONTACT_OVERDUE');

-- CreateEnum
CREATE TYPE "RevenueReportState" AS ENUM ('DUE', 'SUBMITTED', 'FORWARDED');

-- CreateEnum
CREATE TYPE "KeyAccountAnalysisType" AS ENUM ('GROWTH', 'VALUE', 'BEHAVIOUR', 'SATISFACTION', 'ONE_TO_ONE');

-- CreateTable
CREATE TABLE "churn_risk" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "reasons" "ChurnReason"[],
    "score" INTEGER NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "churn_risk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_revenue_report" (
    "id" UUID NOT NULL,
    "specialist_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "state" "RevenueReportState" NOT NULL DEFAULT 'DUE',
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lines" JSONB NOT NULL,
    "remark" TEXT,
    "submitted_at" TIMESTAMPTZ(3),
    "forwarded_at" TIMESTAMPTZ(3),
    "forwarded_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_revenue_report_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_analysis" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "type" "KeyAccountAnalysisType" NOT NULL,
    "figures" JSONB NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_analysis_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "churn_risk_customer_id_found_at_idx" ON "churn_risk"("customer_id", "found_at");

-- CreateIndex
CREATE INDEX "churn_risk_found_at_id_idx" ON "churn_risk"("found_at", "id");

-- CreateIndex
CREATE INDEX "key_account_revenue_report_due_at_id_idx" ON "key_account_revenue_report"("due_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "key_account_revenue_report_specialist_id_period_key" ON "key_account_revenue_report"("specialist_id", "period");

-- CreateIndex
CREATE INDEX "key_account_analysis_key_account_id_recorded_at_idx" ON "key_account_analysis"("key_account_id", "recorded_at");

-- CreateIndex
CREATE UNIQUE INDEX "key_account_analysis_key_account_id_period_type_key" ON "key_account_analysis"("key_account_id", "period", "type");

-- A customer is at risk for one set of reasons at a time (EVT-33).
create unique index churn_risk_open_key on churn_risk (customer_id) where ended_at is null;
alter table churn_risk add constraint churn_risk_has_reasons check (cardinality(reasons) > 0);
