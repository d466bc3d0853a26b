-- CreateEnum
CREATE TYPE "ExportFormat" AS ENUM ('CSV', 'XLSX');

-- CreateEnum
CREATE TYPE "ExportState" AS ENUM ('READY', 'RUNNING', 'FINISHED', 'ABORTED', 'EXPIRED');

-- CreateTable
CREATE TABLE "export" (
    "id" UUID NOT NULL,
    "list" TEXT NOT NULL,
    "format" "ExportFormat" NOT NULL,
    "state" "ExportState" NOT NULL DEFAULT 'READY',
    "where" JSONB,
    "order_by" JSONB,
    "columns" TEXT[],
    "labels" BOOLEAN NOT NULL DEFAULT true,
    "purpose" TEXT,
    "actor_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "rows" INTEGER,
    "rows_sent" INTEGER,
    "customer_rows" INTEGER NOT NULL DEFAULT 0,
    "anonymised" BOOLEAN NOT NULL DEFAULT false,
    "leak_suspected" BOOLEAN NOT NULL DEFAULT false,
    "bytes" BIGINT,
    "checksum" TEXT,

    CONSTRAINT "export_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "secrecy_acknowledgement" (
    "id" UUID NOT NULL,
    "employee_id" UUID NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3) NOT NULL,
    "valid_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "secrecy_acknowledgement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "disclosure_report" (
    "id" UUID NOT NULL,
    "reporter_id" UUID NOT NULL,
    "suspected_id" UUID,
    "customer_id" UUID,
    "description" TEXT NOT NULL,
    "rows" INTEGER,
    "occurred_at" TIMESTAMPTZ(3),
    "reported_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "disclosure_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "export_actor_id_requested_at_idx" ON "export"("actor_id", "requested_at");

-- CreateIndex
CREATE INDEX "export_requested_at_id_idx" ON "export"("requested_at", "id");

-- CreateIndex
CREATE INDEX "secrecy_acknowledgement_employee_id_valid_until_idx" ON "secrecy_acknowledgement"("employee_id", "valid_until");

-- CreateIndex
CREATE INDEX "disclosure_report_reported_at_id_idx" ON "disclosure_report"("reported_at", "id");

-- CreateIndex
CREATE INDEX "disclosure_report_reporter_id_idx" ON "disclosure_report"("reporter_id");

-- AddForeignKey
ALTER TABLE "export" ADD CONSTRAINT "export_actor_id_fkey" FOREIGN KEY ("actor_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secrecy_acknowledgement" ADD CONSTRAINT "secrecy_acknowledgement_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "disclosure_report" ADD CONSTRAINT "disclosure_report_reporter_id_fkey" FOREIGN KEY ("reporter_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "disclosure_report" ADD CONSTRAINT "disclosure_report_suspected_id_fkey" FOREIGN KEY ("suspected_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "disclosure_report" ADD CONSTRAINT "disclosure_report_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE SET NULL ON UPDATE CASCADE;

alter table export add constraint export_ends_after_start check (ended_at is null or ended_at >= started_at);
alter table export add constraint export_counts_not_negative
  check (rows >= 0 and rows_sent >= 0 and customer_rows >= 0 and bytes >= 0);
alter table export add constraint export_finished_has_checksum
  check (state <> 'FINISHED' or (checksum is not null and rows_sent = rows));
alter table secrecy_acknowledgement add constraint acknowledgement_ends_after_start check (valid_until > acknowledged_at);
alter table disclosure_report add constraint disclosure_rows_positive check (rows > 0);
create trigger secrecy_acknowledgement_append_only before update or delete on secrecy_acknowledgement
  for each row execute function refuse_change();
create trigger disclosure_report_append_only before update or delete on disclosure_report
  for each row execute function refuse_change();
