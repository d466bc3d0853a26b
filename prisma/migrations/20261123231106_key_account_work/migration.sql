-- CreateEnum
CREATE TYPE "KeyAccountProjectState" AS ENUM ('DECLARED', 'APPROVED', 'REJECTED', 'IN_PROGRESS', 'DONE');

-- CreateEnum
CREATE TYPE "InspectionResult" AS ENUM ('SATISFACTORY', 'NEEDS_IMPROVEMENT');

-- CreateEnum
CREATE TYPE "ServiceRequestMode" AS ENUM ('ON_SITE', 'PICKUP');

-- CreateEnum
CREATE TYPE "ServiceRequestState" AS ENUM ('OPEN', 'IN_PROGRESS', 'DONE', 'CANCELLED');

-- CreateEnum
CREATE TYPE "KeyAccountIncentiveState" AS ENUM ('PENDING', 'APPROVED', 'REFUSED', 'PAID');

-- CreateEnum
CREATE TYPE "CustomerRequirementState" AS ENUM ('OPEN', 'MET', 'DECLINED');

-- CreateEnum
CREATE TYPE "CareActionType" AS ENUM ('ADVICE', 'INFO_SHARE', 'FOLLOW_UP', 'ADVOCACY');

-- CreateEnum
CREATE TYPE "CareActionState" AS ENUM ('PLANNED', 'DONE', 'CANCELLED');

-- CreateEnum
CREATE TYPE "GiftKind" AS ENUM ('GIFT', 'HOSPITALITY');

-- CreateEnum
CREATE TYPE "GiftState" AS ENUM ('WITHIN_LIMIT', 'PENDING', 'APPROVED', 'REFUSED');

-- CreateEnum
CREATE TYPE "KeyAccountMeetingType" AS ENUM ('KA_SYMPOSIUM', 'KA_DEMAND_ANALYSIS', 'EXECUTIVE_SYMPOSIUM');

-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "ApprovalChain" ADD VALUE 'KEY_ACCOUNT_INCENTIVE';
ALTER TYPE "ApprovalChain" ADD VALUE 'KEY_ACCOUNT_GIFT';

-- CreateTable
CREATE TABLE "key_account_project" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "department_id" UUID,
    "due_on" DATE,
    "state" "KeyAccountProjectState" NOT NULL DEFAULT 'DECLARED',
    "milestones" JSONB NOT NULL,
    "decision_reason" TEXT,
    "progress" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_project_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_inspection" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "result" "InspectionResult" NOT NULL,
    "findings" TEXT NOT NULL,
    "measures" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "service_inspection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_plan" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "content" TEXT NOT NULL,
    "goals" TEXT NOT NULL,
    "reviewed_at" TIMESTAMPTZ(3),
    "reviewed_by_id" UUID,
    "outcome" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "service_plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_request" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "mode" "ServiceRequestMode" NOT NULL,
    "description" TEXT NOT NULL,
    "assignee_id" UUID NOT NULL,
    "state" "ServiceRequestState" NOT NULL DEFAULT 'OPEN',
    "log" JSONB NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "service_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "value_added_service" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "since" DATE NOT NULL,
    "until" DATE,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "value_added_service_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_incentive" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "steps" JSONB NOT NULL,
    "state" "KeyAccountIncentiveState" NOT NULL DEFAULT 'PENDING',
    "paid" DECIMAL(18,2),
    "paid_at" TIMESTAMPTZ(3),
    "paid_by_id" UUID,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_incentive_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer_requirement" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "contact_id" UUID,
    "content" TEXT NOT NULL,
    "proposal" TEXT,
    "state" "CustomerRequirementState" NOT NULL DEFAULT 'OPEN',
    "outcome" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "customer_requirement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "care_action" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "type" "CareActionType" NOT NULL,
    "content" TEXT NOT NULL,
    "contact_id" UUID,
    "department_id" UUID,
    "due_on" DATE NOT NULL,
    "state" "CareActionState" NOT NULL DEFAULT 'PLANNED',
    "result" TEXT,
    "ended_at" TIMESTAMPTZ(3),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "care_action_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gift_record" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "kind" "GiftKind" NOT NULL,
    "description" TEXT NOT NULL,
    "value" DECIMAL(18,2) NOT NULL,
    "given_on" DATE NOT NULL,
    "state" "GiftState" NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "gift_record_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer_stock_snapshot" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "taken_on" DATE NOT NULL,
    "goods" TEXT NOT NULL,
    "unit" TEXT NOT NULL,
    "stock" DECIMAL(18,3) NOT NULL,
    "sold" DECIMAL(18,3),
    "forecast_period" TEXT,
    "forecast" DECIMAL(18,3),
    "note" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "customer_stock_snapshot_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "peak_season" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "industry" TEXT,
    "starts_on" DATE NOT NULL,
    "ends_on" DATE NOT NULL,
    "preparation" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "cancelled_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "peak_season_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_meeting" (
    "id" UUID NOT NULL,
    "type" "KeyAccountMeetingType" NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL,
    "subject" TEXT NOT NULL,
    "participants" TEXT[],
    "key_account_ids" UUID[],
    "minutes" TEXT,
    "minutes_at" TIMESTAMPTZ(3),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_meeting_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "key_account_project_key_account_id_recorded_at_idx" ON "key_account_project"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "service_inspection_key_account_id_recorded_at_idx" ON "service_inspection"("key_account_id", "recorded_at");

-- CreateIndex
CREATE UNIQUE INDEX "service_plan_key_account_id_key" ON "service_plan"("key_account_id");

-- CreateIndex
CREATE INDEX "service_request_key_account_id_recorded_at_idx" ON "service_request"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "value_added_service_key_account_id_recorded_at_idx" ON "value_added_service"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "key_account_incentive_key_account_id_recorded_at_idx" ON "key_account_incentive"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "customer_requirement_key_account_id_recorded_at_idx" ON "customer_requirement"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "care_action_key_account_id_recorded_at_idx" ON "care_action"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "gift_record_key_account_id_recorded_at_idx" ON "gift_record"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "gift_record_contact_id_given_on_idx" ON "gift_record"("contact_id", "given_on");

-- CreateIndex
CREATE INDEX "customer_stock_snapshot_key_account_id_recorded_at_idx" ON "customer_stock_snapshot"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "peak_season_starts_on_id_idx" ON "peak_season"("starts_on", "id");

-- CreateIndex
CREATE INDEX "key_account_meeting_held_at_id_idx" ON "key_account_meeting"("held_at", "id");

alter table value_added_service add constraint value_added_service_ends_after_start check (until >= since);
alter table peak_season add constraint peak_season_ends_after_start check (ends_on >= starts_on);
alter table gift_record add constraint gift_value_positive check (value > 0);
alter table key_account_incentive add constraint incentive_paid_not_negative check (paid >= 0);
alter table customer_stock_snapshot add constraint stock_not_negative check (stock >= 0 and sold >= 0 and forecast >= 0);
