-- CreateEnum
CREATE TYPE "LossReason" AS ENUM ('PRICE', 'SERVICE', 'TIMELINESS', 'COMPETITOR', 'CREDIT', 'NO_DEMAND', 'CLOSED_DOWN', 'OTHER');

-- CreateEnum
CREATE TYPE "PendingUpdateOrigin" AS ENUM ('VISIT', 'CONTRACT', 'TICKET', 'NOTE', 'OTHER');

-- CreateEnum
CREATE TYPE "PendingUpdateState" AS ENUM ('OPEN', 'DONE', 'DISMISSED');

-- CreateEnum
CREATE TYPE "ChangeProposalState" AS ENUM ('PROPOSED', 'ACCEPTED', 'REFUSED');

-- AlterTable
ALTER TABLE "customer" ADD COLUMN     "contract_number" TEXT,
ADD COLUMN     "contract_signed_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "customer_stage_change" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "from" "CustomerLifecycle" NOT NULL,
    "to" "CustomerLifecycle" NOT NULL,
    "reason" TEXT NOT NULL,
    "actor_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "customer_stage_change_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "loss_review" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "reason" "LossReason" NOT NULL,
    "analysis" TEXT NOT NULL,
    "value_lost" DECIMAL(18,2) NOT NULL,
    "lesson" TEXT NOT NULL,
    "win_back_action" TEXT NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "loss_review_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pending_update" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" "PendingUpdateState" NOT NULL DEFAULT 'OPEN',
    "origin" "PendingUpdateOrigin" NOT NULL,
    "info_source" "InfoSource",
    "content" TEXT NOT NULL,
    "information_obtained_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "done_by_id" UUID,
    "done_at" TIMESTAMPTZ(3),
    "dismiss_reason" TEXT,

    CONSTRAINT "pending_update_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "change_proposal" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" "ChangeProposalState" NOT NULL DEFAULT 'PROPOSED',
    "facts" JSONB NOT NULL,
    "reason" TEXT NOT NULL,
    "information_obtained_at" TIMESTAMPTZ(3) NOT NULL,
    "proposer_id" UUID NOT NULL,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "decision_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "change_proposal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "customer_stage_change_customer_id_at_idx" ON "customer_stage_change"("customer_id", "at");

-- CreateIndex
CREATE INDEX "loss_review_customer_id_recorded_at_idx" ON "loss_review"("customer_id", "recorded_at");

-- CreateIndex
CREATE INDEX "loss_review_recorded_at_id_idx" ON "loss_review"("recorded_at", "id");

-- CreateIndex
CREATE INDEX "pending_update_customer_id_information_obtained_at_idx" ON "pending_update"("customer_id", "information_obtained_at");

-- CreateIndex
CREATE INDEX "change_proposal_customer_id_idx" ON "change_proposal"("customer_id");

-- CreateIndex
CREATE INDEX "change_proposal_proposer_id_idx" ON "change_proposal"("proposer_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_contract_number_key" ON "customer"("contract_number");

-- AddForeignKey
ALTER TABLE "customer_stage_change" ADD CONSTRAINT "customer_stage_change_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "loss_review" ADD CONSTRAINT "loss_review_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pending_update" ADD CONSTRAINT "pending_update_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "change_proposal" ADD CONSTRAINT "change_proposal_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Life stages, like grades, are a history.
create trigger customer_stage_change_append_only before update or delete on customer_stage_change
  for each row execute function refuse_change();
alter table customer add constraint customer_contract_number_given
  check (contract_number is null or btrim(contract_number) <> '');
alter table loss_review add constraint loss_review_not_negative check (value_lost >= 0);
alter table pending_update add constraint pending_update_state_said check (
  (state = 'OPEN' and done_at is null) or (state <> 'OPEN' and done_at is not null and done_by_id is not null));
alter table change_proposal add constraint change_proposal_state_said check (
  (state = 'PROPOSED') = (decided_at is null));

-- The daily look for customers without orders reads those of the stages that orders change.
create index customer_lifecycle_idx on customer (lifecycle, id) where lifecycle in ('ACTIVE', 'DORMANT');
