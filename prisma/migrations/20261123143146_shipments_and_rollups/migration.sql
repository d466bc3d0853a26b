-- CreateEnum
CREATE TYPE "MetricCut" AS ENUM ('NONE', 'CATEGORY', 'AREA', 'GRADE', 'MODE', 'LEVEL');

-- CreateEnum
CREATE TYPE "ShipmentMode" AS ENUM ('ROAD', 'AIR', 'AIR_CHARTER', 'RAIL', 'OCEAN', 'EXPRESS', 'OTHER');

-- CreateTable
CREATE TABLE "metric_fact" (
    "source" TEXT NOT NULL,
    "dimension_kind" "KpiDimensionKind" NOT NULL,
    "dimension_id" UUID NOT NULL,
    "cut_kind" "MetricCut" NOT NULL,
    "cut" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "numerator" DECIMAL(24,4) NOT NULL,
    "denominator" DECIMAL(24,4) NOT NULL,

    CONSTRAINT "metric_fact_pkey" PRIMARY KEY ("source","dimension_kind","dimension_id","cut_kind","cut","day")
);

-- CreateTable
CREATE TABLE "metric_median" (
    "source" TEXT NOT NULL,
    "dimension_kind" "KpiDimensionKind" NOT NULL,
    "dimension_id" UUID NOT NULL,
    "cut_kind" "MetricCut" NOT NULL,
    "cut" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "median" DECIMAL(24,4) NOT NULL,
    "measured" INTEGER NOT NULL,

    CONSTRAINT "metric_median_pkey" PRIMARY KEY ("source","period","dimension_kind","dimension_id","cut_kind","cut")
);

-- CreateTable
CREATE TABLE "rollup_mark" (
    "id" BIGSERIAL NOT NULL,
    "facts" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "marked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rollup_mark_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollup_partition" (
    "facts" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "next_at" TIMESTAMPTZ(3),

    CONSTRAINT "rollup_partition_pkey" PRIMARY KEY ("facts","period")
);

-- CreateTable
CREATE TABLE "shipment" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "shipment_number" TEXT NOT NULL,
    "order_number" TEXT,
    "mode" "ShipmentMode",
    "goods" TEXT,
    "ordered_at" TIMESTAMPTZ(3),
    "accepted_at" TIMESTAMPTZ(3),
    "promised_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "counted_at" TIMESTAMPTZ(3) NOT NULL,
    "cancelled_at" TIMESTAMPTZ(3),
    "lost" BOOLEAN NOT NULL DEFAULT false,
    "damaged" BOOLEAN NOT NULL DEFAULT false,
    "quantity" DECIMAL(18,3),
    "weight_kg" DECIMAL(18,3),
    "revenue" DECIMAL(18,2) NOT NULL DEFAULT 0,
    "freight" DECIMAL(18,2),
    "goods_value" DECIMAL(18,2),
    "origin" TEXT,
    "destination" TEXT,
    "source" TEXT,
    "external_id" TEXT,
    "external_facts" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "shipment_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "metric_fact_source_day_idx" ON "metric_fact"("source", "day");

-- CreateIndex
CREATE INDEX "rollup_mark_facts_day_idx" ON "rollup_mark"("facts", "day");

-- CreateIndex
CREATE INDEX "rollup_partition_next_at_idx" ON "rollup_partition"("next_at");

-- CreateIndex
CREATE INDEX "shipment_customer_id_shipment_number_idx" ON "shipment"("customer_id", "shipment_number");

-- CreateIndex
CREATE INDEX "shipment_counted_at_customer_id_idx" ON "shipment"("counted_at", "customer_id");

-- CreateIndex
CREATE INDEX "shipment_delivered_at_customer_id_idx" ON "shipment"("delivered_at", "customer_id");

-- CreateIndex
CREATE INDEX "shipment_promised_at_idx" ON "shipment"("promised_at");

-- CreateIndex
CREATE UNIQUE INDEX "shipment_source_external_id_key" ON "shipment"("source", "external_id");

-- AddForeignKey
ALTER TABLE "shipment" ADD CONSTRAINT "shipment_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
