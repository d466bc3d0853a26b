-- AlterTable
ALTER TABLE "event" ADD COLUMN     "traceparent" TEXT;

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "traceparent" TEXT;

-- Parked obligations, for the metrics; there are few.
create index obligation_parked_idx on obligation (id) where failures > 0;
