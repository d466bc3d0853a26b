-- CreateEnum
CREATE TYPE "ApprovalChain" AS ENUM ('COMPLAINT_PLAN', 'CUSTOMER_ACCESS');

-- CreateEnum
CREATE TYPE "ApprovalState" AS ENUM ('PENDING', 'APPROVED', 'REFUSED', 'VOID', 'WITHDRAWN');

-- CreateEnum
CREATE TYPE "ApprovalDecision" AS ENUM ('APPROVE', 'REFUSE');

-- CreateEnum
CREATE TYPE "ApprovalScope" AS ENUM ('ALL', 'AREA', 'DEPARTMENT');

-- CreateEnum
CREATE TYPE "ApprovalEvent" AS ENUM ('REQUESTED', 'STEP_APPROVED', 'APPROVED', 'REFUSED', 'VOIDED', 'WITHDRAWN', 'STEP_OVERDUE');

-- CreateEnum
CREATE TYPE "ApprovalVoidReason" AS ENUM ('PLAN_PROPOSED_ANEW', 'GRADE_CHANGED', 'SUBJECT_CHANGED');

-- AlterEnum
ALTER TYPE "AccessGrantState" ADD VALUE 'WITHDRAWN';

-- CreateTable
CREATE TABLE "approval" (
    "id" UUID NOT NULL,
    "chain" "ApprovalChain" NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "requester_id" UUID,
    "fingerprint" TEXT NOT NULL,
    "state" "ApprovalState" NOT NULL DEFAULT 'PENDING',
    "step" INTEGER NOT NULL DEFAULT 1,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "void_reason" "ApprovalVoidReason",
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "approval_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval_step" (
    "id" UUID NOT NULL,
    "approval_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "approvers" JSONB NOT NULL,
    "within" TEXT NOT NULL,
    "warn_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "decision" "ApprovalDecision",
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    "on_behalf_of_id" UUID,
    "delegation_id" UUID,

    CONSTRAINT "approval_step_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval_history" (
    "id" UUID NOT NULL,
    "approval_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID,
    "event" "ApprovalEvent" NOT NULL,
    "step" INTEGER NOT NULL,
    "reason" TEXT,
    "on_behalf_of_id" UUID,

    CONSTRAINT "approval_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval_delegation" (
    "id" UUID NOT NULL,
    "delegator_id" UUID NOT NULL,
    "delegate_id" UUID NOT NULL,
    "chain" "ApprovalChain",
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by_id" UUID,
    "revoke_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "approval_delegation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "approval_subject_id_id_idx" ON "approval"("subject_id", "id");

-- CreateIndex
CREATE INDEX "approval_requester_id_idx" ON "approval"("requester_id");

-- CreateIndex
CREATE INDEX "approval_step_decided_by_id_idx" ON "approval_step"("decided_by_id");

-- CreateIndex
CREATE INDEX "approval_step_on_behalf_of_id_idx" ON "approval_step"("on_behalf_of_id");

-- CreateIndex
CREATE UNIQUE INDEX "approval_step_approval_id_number_key" ON "approval_step"("approval_id", "number");

-- CreateIndex
CREATE INDEX "approval_history_approval_id_id_idx" ON "approval_history"("approval_id", "id");

-- CreateIndex
CREATE INDEX "approval_delegation_delegate_id_valid_to_idx" ON "approval_delegation"("delegate_id", "valid_to");

-- CreateIndex
CREATE INDEX "approval_delegation_delegator_id_idx" ON "approval_delegation"("delegator_id");

-- AddForeignKey
ALTER TABLE "approval_step" ADD CONSTRAINT "approval_step_approval_id_fkey" FOREIGN KEY ("approval_id") REFERENCES "approval"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approval_history" ADD CONSTRAINT "approval_history_approval_id_fkey" FOREIGN KEY ("approval_id") REFERENCES "approval"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One request of a chain waits at a time; the list of what waits looks at nothing else.
create unique index approval_pending_key on approval (subject_id, chain) where state = 'PENDING';

alter table approval add constraint approval_ends_when_decided check ((state = 'PENDING') = (ended_at is null));
alter table approval add constraint approval_void_has_reason check ((state = 'VOID') = (void_reason is not null));
alter table approval_step add constraint approval_step_decided_whole
  check ((decision is null) = (decided_by_id is null) and (decision is null) = (decided_at is null));
alter table approval_step add constraint approval_step_refused_with_reason
  check (decision is distinct from 'REFUSE' or length(trim(reason)) > 0);
alter table approval_step add constraint approval_step_delegated_whole
  check ((on_behalf_of_id is null) = (delegation_id is null) and (on_behalf_of_id is null or on_behalf_of_id <> decided_by_id));
alter table approval_delegation add constraint approval_delegation_ends_after_start check (valid_to > valid_from);
alter table approval_delegation add constraint approval_delegation_to_another check (delegator_id <> delegate_id);
alter table approval_delegation add constraint approval_delegation_revoked_whole
  check ((revoked_at is null) = (revoked_by_id is null));

create trigger approval_history_append_only before update or delete on approval_history
  for each row execute function refuse_change();
