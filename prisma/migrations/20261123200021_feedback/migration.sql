-- CreateEnum
CREATE TYPE "FeedbackTopic" AS ENUM ('SERVICE', 'TIMELINESS', 'SAFETY', 'PRICE', 'STAFF', 'BILLING', 'INFORMATION', 'OTHER');

-- CreateEnum
CREATE TYPE "FeedbackState" AS ENUM ('RECORDED', 'ANSWERED', 'TICKET');

-- CreateTable
CREATE TABLE "feedback" (
    "id" UUID NOT NULL,
    "state" "FeedbackState" NOT NULL DEFAULT 'RECORDED',
    "topic" "FeedbackTopic" NOT NULL,
    "severity" "TicketSeverity" NOT NULL DEFAULT 'GENERAL',
    "content" TEXT NOT NULL,
    "channel" "TicketChannel" NOT NULL,
    "customer_id" UUID,
    "area_id" UUID,
    "department_id" UUID,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by_id" UUID NOT NULL,
    "team_id" UUID,
    "analysis" TEXT,
    "action" TEXT,
    "notice_channel" "NoticeChannel",
    "answered_at" TIMESTAMPTZ(3),
    "answered_by_id" UUID,
    "ticket_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "feedback_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_report" (
    "id" UUID NOT NULL,
    "reporter_id" UUID NOT NULL,
    "customer_id" UUID,
    "description" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "incident_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "feedback_ticket_id_key" ON "feedback"("ticket_id");

-- CreateIndex
CREATE INDEX "feedback_received_at_id_idx" ON "feedback"("received_at", "id");

-- CreateIndex
CREATE INDEX "feedback_customer_id_received_at_idx" ON "feedback"("customer_id", "received_at");

-- CreateIndex
CREATE INDEX "incident_report_reported_at_id_idx" ON "incident_report"("reported_at", "id");

-- CreateIndex
CREATE INDEX "incident_report_reporter_id_idx" ON "incident_report"("reporter_id");
