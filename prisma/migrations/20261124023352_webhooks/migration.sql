-- CreateEnum
CREATE TYPE "WebhookState" AS ENUM ('PENDING', 'ACTIVE', 'REFUSED', 'DISABLED');

-- CreateEnum
CREATE TYPE "WebhookCircuit" AS ENUM ('CLOSED', 'OPEN', 'HALF_OPEN');

-- CreateEnum
CREATE TYPE "WebhookOutcome" AS ENUM ('DELIVERED', 'FAILED', 'DEAD');

-- CreateEnum
CREATE TYPE "WebhookLanguage" AS ENUM ('EN', 'ZH_CN');

-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "kinds" TEXT[],
    "language" "WebhookLanguage" NOT NULL DEFAULT 'EN',
    "owner_id" UUID NOT NULL,
    "state" "WebhookState" NOT NULL DEFAULT 'PENDING',
    "state_reason" TEXT,
    "secret_number" INTEGER NOT NULL DEFAULT 1,
    "previous_secret_until" TIMESTAMPTZ(3),
    "epoch" TEXT,
    "seq" BIGINT,
    "attempt_of" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "circuit" "WebhookCircuit" NOT NULL DEFAULT 'CLOSED',
    "circuit_since" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_delivered_at" TIMESTAMPTZ(3),
    "ping_id" UUID,
    "lease_id" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by_id" UUID NOT NULL,
    "proposed_by_id" UUID NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "message_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "milliseconds" INTEGER NOT NULL,
    "outcome" "WebhookOutcome" NOT NULL,
    "status" INTEGER,
    "error" TEXT,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_dead_letter" (
    "id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "epoch" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "dead_at" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL,
    "status" INTEGER,
    "error" TEXT,
    "redeliver_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_dead_letter_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_endpoint_owner_id_idx" ON "webhook_endpoint"("owner_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_endpoint_id_id_idx" ON "webhook_delivery"("endpoint_id", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_at_idx" ON "webhook_delivery"("at");

-- CreateIndex
CREATE INDEX "webhook_dead_letter_endpoint_id_id_idx" ON "webhook_dead_letter"("endpoint_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_dead_letter_endpoint_id_epoch_seq_key" ON "webhook_dead_letter"("endpoint_id", "epoch", "seq");

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_dead_letter" ADD CONSTRAINT "webhook_dead_letter_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a deliverer looks for: endpoints at work, by when they may be sent something next.
create index webhook_endpoint_next_at_idx on webhook_endpoint (next_at) where state = 'ACTIVE';
-- Dead letters that are to be delivered again.
create index webhook_dead_letter_redeliver_idx on webhook_dead_letter (endpoint_id, seq) where redeliver_at is not null;
alter table webhook_endpoint
  add constraint webhook_endpoint_place_is_whole check ((epoch is null) = (seq is null)),
  add constraint webhook_endpoint_active_has_place check (state <> 'ACTIVE' or (seq is not null and decided_at is not null)),
  add constraint webhook_endpoint_closed_since_nothing check ((circuit = 'CLOSED') = (circuit_since is null)),
  add constraint webhook_endpoint_lease_is_whole check ((lease_id is null) = (lease_until is null)),
  add constraint webhook_endpoint_counts_not_negative check (attempts >= 0 and failures >= 0 and secret_number >= 1);
