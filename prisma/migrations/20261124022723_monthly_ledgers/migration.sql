-- CreateTable
CREATE TABLE "monthly_ledger" (
    "id" UUID NOT NULL,
    "month" TEXT NOT NULL,
    "overall" BOOLEAN NOT NULL,
    "owner_id" UUID,
    "customers" INTEGER NOT NULL,
    "files_complete" INTEGER NOT NULL,
    "visits_done" INTEGER NOT NULL,
    "visits_missed" INTEGER NOT NULL,
    "contacts_reached" INTEGER NOT NULL,
    "complaints_received" INTEGER NOT NULL,
    "complaints_due" INTEGER NOT NULL,
    "complaints_in_time" INTEGER NOT NULL,
    "follow_ups_answered" INTEGER NOT NULL,
    "follow_ups_satisfied" INTEGER NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "monthly_ledger_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "monthly_ledger_month_id_idx" ON "monthly_ledger"("month", "id");

-- CreateIndex
CREATE INDEX "monthly_ledger_owner_id_month_id_idx" ON "monthly_ledger"("owner_id", "month", "id");

-- A month is kept once, whichever process does it and however often.
create unique index monthly_ledger_once_sql on monthly_ledger (month, overall, owner_id) nulls not distinct;
