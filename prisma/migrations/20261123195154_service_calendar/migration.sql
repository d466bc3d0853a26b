-- CreateTable
CREATE TABLE "service_calendar" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "calendar_code" TEXT NOT NULL,
    "contract" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),
    "set_by_id" UUID NOT NULL,
    "ended_by_id" UUID,

    CONSTRAINT "service_calendar_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "service_calendar_customer_id_valid_from_idx" ON "service_calendar"("customer_id", "valid_from");

-- One calendar at a time.
CREATE UNIQUE INDEX service_calendar_open_sql ON service_calendar (customer_id) WHERE valid_to IS NULL;
