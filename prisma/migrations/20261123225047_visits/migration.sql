-- CreateEnum
CREATE TYPE "VisitType" AS ENUM ('RELATION', 'FOLLOW_UP', 'EXECUTIVE_EXCHANGE', 'SERVICE_PATROL', 'CUSTOMER_EVENT', 'LEASE');

-- CreateEnum
CREATE TYPE "VisitState" AS ENUM ('PLANNED', 'DONE', 'MISSED', 'CANCELLED');

-- AlterTable
ALTER TABLE "contact_log" ADD COLUMN     "external_id" TEXT,
ADD COLUMN     "follow_up" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "source" TEXT,
ADD COLUMN     "updated_at" TIMESTAMPTZ(3),
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "visit" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "type" "VisitType" NOT NULL,
    "state" "VisitState" NOT NULL DEFAULT 'PLANNED',
    "planned_for" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),
    "visitor_id" UUID NOT NULL,
    "host_id" UUID,
    "host_seniority" "ContactSeniority",
    "purpose" TEXT NOT NULL,
    "content" TEXT,
    "needs" TEXT,
    "latent_needs" TEXT[],
    "competitor_information" TEXT,
    "promises" TEXT,
    "next_step" TEXT,
    "significant" BOOLEAN NOT NULL DEFAULT false,
    "file_update_needed" BOOLEAN NOT NULL DEFAULT false,
    "override_reason" TEXT,
    "cancel_reason" TEXT,
    "recorded_at" TIMESTAMPTZ(3),
    "recorded_by_id" UUID,
    "source" TEXT,
    "external_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "visit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "visit_customer_id_done_at_idx" ON "visit"("customer_id", "done_at");

-- CreateIndex
CREATE INDEX "visit_host_id_done_at_idx" ON "visit"("host_id", "done_at");

-- CreateIndex
CREATE INDEX "visit_visitor_id_planned_for_id_idx" ON "visit"("visitor_id", "planned_for", "id");

-- CreateIndex
CREATE INDEX "visit_planned_for_id_idx" ON "visit"("planned_for", "id");

-- CreateIndex
CREATE UNIQUE INDEX "visit_source_external_id_key" ON "visit"("source", "external_id");

-- CreateIndex
CREATE INDEX "contact_log_contact_id_at_idx" ON "contact_log"("contact_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "contact_log_source_external_id_key" ON "contact_log"("source", "external_id");

-- AddForeignKey
ALTER TABLE "visit" ADD CONSTRAINT "visit_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visit" ADD CONSTRAINT "visit_visitor_id_fkey" FOREIGN KEY ("visitor_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visit" ADD CONSTRAINT "visit_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "contact"("id") ON DELETE SET NULL ON UPDATE CASCADE;


-- What is done has a time, what is planned has one, too, and a cancelled visit says why.
alter table visit add constraint visit_done_has_time check ((state = 'DONE') = (done_at is not null));
alter table visit add constraint visit_planned_has_time check (planned_for is not null or state in ('DONE', 'CANCELLED'));
alter table visit add constraint visit_cancelled_has_reason check (state <> 'CANCELLED' or cancel_reason is not null);
