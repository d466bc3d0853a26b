-- AlterTable
ALTER TABLE "contact_log" ADD COLUMN     "problem" TEXT,
ADD COLUMN     "ticket_id" UUID;

-- AlterTable
ALTER TABLE "visit" ADD COLUMN     "problem" TEXT,
ADD COLUMN     "ticket_id" UUID;

-- CreateIndex
CREATE UNIQUE INDEX "contact_log_ticket_id_key" ON "contact_log"("ticket_id");

-- CreateIndex
CREATE UNIQUE INDEX "visit_ticket_id_key" ON "visit"("ticket_id");

-- AddForeignKey
ALTER TABLE "contact_log" ADD CONSTRAINT "contact_log_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visit" ADD CONSTRAINT "visit_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- A ticket is made of a problem, and only return visits and return calls ask for one (VIS-11).
alter table visit add constraint visit_problem_check
  check ((ticket_id is null or problem is not null) and (problem is null or type = 'FOLLOW_UP'));
alter table contact_log add constraint contact_log_problem_check
  check ((ticket_id is null or problem is not null) and (problem is null or follow_up));
