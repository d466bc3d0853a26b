-- CreateEnum
CREATE TYPE "ServiceChannelKind" AS ENUM ('HOTLINE', 'ONLINE_CHAT', 'EMAIL', 'COMPLAINT_LINE');

-- CreateEnum
CREATE TYPE "ImprovementPlanState" AS ENUM ('OPEN', 'CLOSED', 'DROPPED');

-- CreateEnum
CREATE TYPE "ActionItemKind" AS ENUM ('CORRECTIVE', 'PREVENTIVE');

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "service_channel_id" UUID;

-- CreateTable
CREATE TABLE "service_channel" (
    "id" UUID NOT NULL,
    "kind" "ServiceChannelKind" NOT NULL,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "calendar_code" TEXT NOT NULL,
    "team_id" UUID NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "service_channel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "improvement_plan" (
    "id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "goal" TEXT NOT NULL,
    "root_cause" "RootCause",
    "owner_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "state" "ImprovementPlanState" NOT NULL DEFAULT 'OPEN',
    "effect" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by_id" UUID NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "improvement_plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "action_item" (
    "id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" "ActionItemKind" NOT NULL,
    "measure" TEXT NOT NULL,
    "owner_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "done_by_id" UUID,
    "result" TEXT,

    CONSTRAINT "action_item_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "improvement_plan_ticket" (
    "plan_id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,

    CONSTRAINT "improvement_plan_ticket_pkey" PRIMARY KEY ("plan_id","ticket_id")
);

-- CreateIndex
CREATE INDEX "service_channel_kind_idx" ON "service_channel"("kind");

-- CreateIndex
CREATE INDEX "improvement_plan_created_at_id_idx" ON "improvement_plan"("created_at", "id");

-- CreateIndex
CREATE INDEX "improvement_plan_root_cause_created_at_idx" ON "improvement_plan"("root_cause", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "action_item_plan_id_number_key" ON "action_item"("plan_id", "number");

-- CreateIndex
CREATE INDEX "improvement_plan_ticket_ticket_id_idx" ON "improvement_plan_ticket"("ticket_id");

-- AddForeignKey
ALTER TABLE "action_item" ADD CONSTRAINT "action_item_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "improvement_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "improvement_plan_ticket" ADD CONSTRAINT "improvement_plan_ticket_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "improvement_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "improvement_plan_ticket" ADD CONSTRAINT "improvement_plan_ticket_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_service_channel_id_fkey" FOREIGN KEY ("service_channel_id") REFERENCES "service_channel"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- A service channel is closed after it was opened; an ended plan says when, by whom and what it brought.
ALTER TABLE "service_channel" ADD CONSTRAINT "service_channel_closed_after_opened" CHECK ("closed_at" >= "opened_at");
ALTER TABLE "improvement_plan" ADD CONSTRAINT "improvement_plan_ended" CHECK (
  ("state" = 'OPEN') = ("ended_at" IS NULL) AND ("ended_at" IS NULL) = ("ended_by_id" IS NULL) AND ("ended_at" IS NULL) = ("effect" IS NULL));
ALTER TABLE "action_item" ADD CONSTRAINT "action_item_done" CHECK (
  ("done_at" IS NULL) = ("done_by_id" IS NULL) AND ("done_at" IS NULL) = ("result" IS NULL));
