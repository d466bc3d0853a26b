-- CreateEnum
CREATE TYPE "DevelopmentTopic" AS ENUM ('DEVELOPMENT', 'CULTURE', 'POLICY', 'NEWS', 'ANALYSIS', 'OTHER');

-- CreateEnum
CREATE TYPE "CorrectionState" AS ENUM ('REQUESTED', 'CORRECTED');

-- CreateEnum
CREATE TYPE "DataFormState" AS ENUM ('SENT', 'RETURNED');

-- CreateTable
CREATE TABLE "development_note" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "topic" "DevelopmentTopic" NOT NULL,
    "content" TEXT NOT NULL,
    "info_source" "InfoSource" NOT NULL,
    "information_obtained_at" TIMESTAMPTZ(3) NOT NULL,
    "significant" BOOLEAN NOT NULL DEFAULT false,
    "author_id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "development_note_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer_suggestion" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "content" TEXT NOT NULL,
    "response" TEXT,
    "offered_at" TIMESTAMPTZ(3) NOT NULL,
    "author_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "customer_suggestion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "correction_request" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" "CorrectionState" NOT NULL DEFAULT 'REQUESTED',
    "content" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "requested_by_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "corrected_by_id" UUID,
    "corrected_at" TIMESTAMPTZ(3),
    "correction" TEXT,

    CONSTRAINT "correction_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "relationship_plan" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "goals" TEXT NOT NULL,
    "actions" JSONB NOT NULL,
    "owner_id" UUID NOT NULL,
    "starts_on" DATE NOT NULL,
    "ends_on" DATE NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "relationship_plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "data_form" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" "DataFormState" NOT NULL DEFAULT 'SENT',
    "sent_to" TEXT NOT NULL,
    "sent_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_by_id" UUID NOT NULL,
    "returned_at" TIMESTAMPTZ(3),
    "returned_by_id" UUID,

    CONSTRAINT "data_form_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "development_note_customer_id_information_obtained_at_idx" ON "development_note"("customer_id", "information_obtained_at");

-- CreateIndex
CREATE INDEX "customer_suggestion_customer_id_offered_at_idx" ON "customer_suggestion"("customer_id", "offered_at");

-- CreateIndex
CREATE INDEX "correction_request_customer_id_due_at_idx" ON "correction_request"("customer_id", "due_at");

-- CreateIndex
CREATE INDEX "relationship_plan_customer_id_ends_on_idx" ON "relationship_plan"("customer_id", "ends_on");

-- CreateIndex
CREATE INDEX "data_form_customer_id_sent_at_idx" ON "data_form"("customer_id", "sent_at");

-- AddForeignKey
ALTER TABLE "development_note" ADD CONSTRAINT "development_note_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer_suggestion" ADD CONSTRAINT "customer_suggestion_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "correction_request" ADD CONSTRAINT "correction_request_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "relationship_plan" ADD CONSTRAINT "relationship_plan_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "data_form" ADD CONSTRAINT "data_form_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
