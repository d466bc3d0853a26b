-- CreateIndex
CREATE INDEX "customer_custodian_id_idx" ON "customer"("custodian_id");
