-- DropIndex
DROP INDEX "shipment_counted_at_customer_id_idx";

-- CreateIndex
CREATE INDEX "shipment_counted_at_id_customer_id_idx" ON "shipment"("counted_at", "id", "customer_id");
