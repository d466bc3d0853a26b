-- Place of an entry in the log of the system that its ticket was imported from: an import that is repeated adds none twice.
ALTER TABLE "ticket_history" ADD COLUMN "log_entry" INTEGER;
ALTER TABLE "ticket_history" ADD CONSTRAINT "ticket_history_log_entry_positive" CHECK ("log_entry" > 0);
CREATE UNIQUE INDEX "ticket_history_log_entry_key" ON "ticket_history"("ticket_id", "log_entry") WHERE "log_entry" IS NOT NULL;
