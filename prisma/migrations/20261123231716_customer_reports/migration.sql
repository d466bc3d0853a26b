-- CreateEnum
CREATE TYPE "CustomerReportKind" AS ENUM ('REGIONAL_ANALYSIS', 'SALES_ANALYSIS', 'SUMMARY_CARD');

-- CreateEnum
CREATE TYPE "CustomerReportState" AS ENUM ('PREPARED', 'FILLED', 'REVIEWED');

-- CreateTable
CREATE TABLE "customer_report" (
    "id" UUID NOT NULL,
    "kind" "CustomerReportKind" NOT NULL,
    "year" INTEGER NOT NULL,
    "area_id" UUID,
    "state" "CustomerReportState" NOT NULL DEFAULT 'PREPARED',
    "summary" TEXT,
    "note" TEXT,
    "figures" JSONB,
    "prepared_by_id" UUID NOT NULL,
    "prepared_at" TIMESTAMPTZ(3) NOT NULL,
    "filled_by_id" UUID,
    "filled_at" TIMESTAMPTZ(3),
    "reviewed_by_id" UUID,
    "reviewed_at" TIMESTAMPTZ(3),
    "return_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "customer_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "customer_report_prepared_at_id_idx" ON "customer_report"("prepared_at", "id");

-- A year has one report of a kind for an area, and one for the company.
create unique index customer_report_scope_key on customer_report
  (kind, year, coalesce(area_id, '00000000-0000-0000-0000-000000000000'));
alter table customer_report
  add constraint customer_report_year check (year between 2000 and 2100),
  add constraint customer_report_filled
    check ((state = 'PREPARED') or (filled_by_id is not null and filled_at is not null)),
  add constraint customer_report_reviewed
    check ((state = 'REVIEWED') = (reviewed_by_id is not null) and (state = 'REVIEWED') = (reviewed_at is not null)),
  add constraint customer_report_four_eyes check (reviewed_by_id is distinct from filled_by_id or reviewed_by_id is null);
