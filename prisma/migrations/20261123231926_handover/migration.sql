-- CreateEnum
CREATE TYPE "HandoverSubject" AS ENUM ('TICKET', 'CUSTOMER_OWNER', 'CUSTOMER_CUSTODIAN');

-- CreateEnum
CREATE TYPE "HandoverReason" AS ENUM ('LEFT', 'ROLE_ENDED');

-- CreateTable
CREATE TABLE "handover_record" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "subject" "HandoverSubject" NOT NULL,
    "subject_id" UUID NOT NULL,
    "reason" "HandoverReason" NOT NULL,
    "from_id" UUID NOT NULL,
    "to_id" UUID,

    CONSTRAINT "handover_record_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "handover_record_at_id_idx" ON "handover_record"("at", "id");

-- CreateIndex
CREATE INDEX "handover_record_from_id_at_idx" ON "handover_record"("from_id", "at");

-- CreateIndex
CREATE INDEX "handover_record_to_id_at_idx" ON "handover_record"("to_id", "at");
