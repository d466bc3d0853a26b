-- AlterTable
ALTER TABLE "contact" ADD COLUMN     "external_id" TEXT,
ADD COLUMN     "source" TEXT;

-- AlterTable
ALTER TABLE "customer" ADD COLUMN     "external_id" TEXT,
ADD COLUMN     "source" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "contact_source_external_id_key" ON "contact"("source", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_source_external_id_key" ON "customer"("source", "external_id");
