-- CreateEnum
CREATE TYPE "KeyAccountCandidateState" AS ENUM ('OPEN', 'PROMOTED', 'DISMISSED', 'LAPSED');

-- CreateEnum
CREATE TYPE "KeyAccountProposalKind" AS ENUM ('PROMOTION', 'LEVEL_CHANGE');

-- CreateEnum
CREATE TYPE "KeyAccountProposalState" AS ENUM ('PENDING', 'APPROVED', 'REFUSED', 'WITHDRAWN');

-- CreateEnum
CREATE TYPE "KeyAccountCompetence" AS ENUM ('BUSINESS_KNOWLEDGE', 'QUALITY', 'RESPONSIBILITY', 'TEAM_SPIRIT', 'PLANNING', 'PRESENTATION', 'PUBLIC_RELATIONS', 'COORDINATION');

-- AlterEnum
ALTER TYPE "ApprovalChain" ADD VALUE 'KEY_ACCOUNT_RANK';

-- AlterTable
ALTER TABLE "key_account" ADD COLUMN     "industry_model_of" TEXT;

-- CreateTable
CREATE TABLE "key_account_candidate" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" "KeyAccountCandidateState" NOT NULL DEFAULT 'OPEN',
    "level" "KeyAccountLevel" NOT NULL,
    "revenue" DECIMAL(18,2) NOT NULL,
    "target" DECIMAL(18,2),
    "found_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by_id" UUID,
    "reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_candidate_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_proposal" (
    "id" UUID NOT NULL,
    "kind" "KeyAccountProposalKind" NOT NULL,
    "state" "KeyAccountProposalState" NOT NULL DEFAULT 'PENDING',
    "customer_id" UUID NOT NULL,
    "key_account_id" UUID,
    "level_before" "KeyAccountLevel",
    "level" "KeyAccountLevel" NOT NULL,
    "annual_revenue_target" DECIMAL(18,2) NOT NULL,
    "revenue" DECIMAL(18,2) NOT NULL,
    "specialist_id" UUID,
    "supervisor_id" UUID,
    "is_special" BOOLEAN,
    "service_model" "ServiceModel",
    "priority_lane" BOOLEAN,
    "hours_24" BOOLEAN,
    "partnership_status" TEXT,
    "requester_id" UUID,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_proposal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_handover" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "from_specialist_id" UUID,
    "to_specialist_id" UUID NOT NULL,
    "from_supervisor_id" UUID,
    "to_supervisor_id" UUID,
    "content" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_handover_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account_review" (
    "id" UUID NOT NULL,
    "key_account_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "assessment" TEXT NOT NULL,
    "needs" TEXT NOT NULL,
    "measures" TEXT NOT NULL,
    "level" "KeyAccountLevel" NOT NULL,
    "level_by_target" "KeyAccountLevel",
    "annual_revenue_target" DECIMAL(18,2) NOT NULL,
    "revenue" DECIMAL(18,2) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_review_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "employee_competence" (
    "id" UUID NOT NULL,
    "employee_id" UUID NOT NULL,
    "competence" "KeyAccountCompetence" NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_by_id" UUID NOT NULL,

    CONSTRAINT "employee_competence_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "key_account_candidate_found_at_id_idx" ON "key_account_candidate"("found_at", "id");

-- CreateIndex
CREATE INDEX "key_account_candidate_customer_id_idx" ON "key_account_candidate"("customer_id");

-- CreateIndex
CREATE INDEX "key_account_proposal_customer_id_idx" ON "key_account_proposal"("customer_id");

-- CreateIndex
CREATE INDEX "key_account_proposal_requested_at_id_idx" ON "key_account_proposal"("requested_at", "id");

-- CreateIndex
CREATE INDEX "key_account_handover_key_account_id_recorded_at_idx" ON "key_account_handover"("key_account_id", "recorded_at");

-- CreateIndex
CREATE INDEX "key_account_review_recorded_at_id_idx" ON "key_account_review"("recorded_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "key_account_review_key_account_id_period_key" ON "key_account_review"("key_account_id", "period");

-- CreateIndex
CREATE UNIQUE INDEX "employee_competence_employee_id_competence_key" ON "employee_competence"("employee_id", "competence");

-- One proposal waits for a customer at a time, and one candidacy is open (KEY-17).
create unique index key_account_proposal_pending_key on key_account_proposal (customer_id) where state = 'PENDING';
create unique index key_account_candidate_open_key on key_account_candidate (customer_id) where state = 'OPEN';
alter table key_account_candidate add constraint key_account_candidate_figures_not_negative check (target >= 0);
create index key_account_industry_model_idx on key_account (industry_model_of) where industry_model_of is not null;
