-- CreateEnum
CREATE TYPE "ReplyState" AS ENUM ('SENT', 'PENDING_REVIEW', 'REFUSED');

-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "EscalationReason" ADD VALUE 'NOT_ACKNOWLEDGED';
ALTER TYPE "EscalationReason" ADD VALUE 'REMINDERS_UNANSWERED';

-- AlterTable
ALTER TABLE "escalation" ADD COLUMN     "acknowledge_due_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "owner_opinion" TEXT,
ADD COLUMN     "owner_opinion_at" TIMESTAMPTZ(3),
ADD COLUMN     "owner_opinion_by_id" UUID,
ADD COLUMN     "phone_notice_at" TIMESTAMPTZ(3),
ADD COLUMN     "promise_made_at" TIMESTAMPTZ(3),
ADD COLUMN     "respect_delegate_id" UUID,
ADD COLUMN     "respect_delegated_by_id" UUID;

-- AlterTable
ALTER TABLE "ticket_reply" ADD COLUMN     "is_automatic" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "review_note" TEXT,
ADD COLUMN     "reviewed_at" TIMESTAMPTZ(3),
ADD COLUMN     "reviewed_by_id" UUID,
ADD COLUMN     "state" "ReplyState" NOT NULL DEFAULT 'SENT',
ADD COLUMN     "template_code" TEXT;

-- CreateTable
CREATE TABLE "reply_template" (
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "body_en" TEXT NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "reply_template_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_reminder" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "by_id" UUID NOT NULL,
    "to_id" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ticket_reminder_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "complaint_report" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "author_id" UUID NOT NULL,
    "root_cause" "RootCause" NOT NULL,
    "liability" "Liability" NOT NULL,
    "department_id" UUID,
    "person_id" UUID,
    "action" TEXT NOT NULL,
    "result" TEXT NOT NULL,
    "lesson" TEXT NOT NULL,
    "satisfaction" "FollowUpResult" NOT NULL,

    CONSTRAINT "complaint_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "reply_template_code_key" ON "reply_template"("code");

-- CreateIndex
CREATE INDEX "ticket_reminder_ticket_id_at_idx" ON "ticket_reminder"("ticket_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "complaint_report_ticket_id_cycle_key" ON "complaint_report"("ticket_id", "cycle");

-- CreateIndex
CREATE INDEX "ticket_root_cause_opened_at_idx" ON "ticket"("root_cause", "opened_at");

-- AddForeignKey
ALTER TABLE "ticket_reminder" ADD CONSTRAINT "ticket_reminder_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "complaint_report" ADD CONSTRAINT "complaint_report_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Messages that wait for their reviewer (TIC-13): few among all.
CREATE INDEX "ticket_reply_review_idx" ON "ticket_reply"("ticket_id") WHERE "state" = 'PENDING_REVIEW';

-- The texts to begin with (TIC-11, TIC-13); supervisors change them by replyTemplateSet.
INSERT INTO "reply_template" ("id", "code", "title", "body", "body_en", "updated_at") VALUES
  ('01900000-0000-7000-8000-000000000021', 'CONTACT_RECEIVED', '来信来函收讫 / Contact received',
   '尊敬的客户：您关于"{subject}"的来信我们已收到，编号 {ticketNumber}。给您添麻烦了，我们深表歉意，并会尽快处理。为便于与您联系，请告知一个方便接听的电话号码。',
   'Dear customer, your letter about "{subject}" has reached us; its number is {ticketNumber}. We are sorry for the trouble and take it up at once. Please tell us a phone number at which we may call you.',
   now()),
  ('01900000-0000-7000-8000-000000000022', 'PROGRESS_NOTICE', '处理进度通报 / Progress notice',
   '尊敬的客户：关于 {ticketNumber}"{subject}"，目前的进展如下：',
   'Dear customer, about {ticketNumber}, "{subject}", this is how it stands:',
   now()),
  ('01900000-0000-7000-8000-000000000023', 'APOLOGY', '致歉 / Apology',
   '尊敬的客户：对于"{subject}"（{ticketNumber}）给您造成的不便，我们诚挚道歉。',
   'Dear customer, we sincerely apologise for what happened, "{subject}" ({ticketNumber}).',
   now()),
  ('01900000-0000-7000-8000-000000000024', 'RESULT_NOTICE', '处理结果通知 / Notice of the result',
   '尊敬的客户：{ticketNumber}"{subject}"已处理完毕，逐项答复如下：',
   'Dear customer, {ticketNumber}, "{subject}", has been settled; point by point this is our answer:',
   now());
