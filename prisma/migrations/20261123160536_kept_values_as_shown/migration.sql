-- No value has been kept before this migration.
-- AlterTable
ALTER TABLE "kpi_value" DROP COLUMN "parts",
ADD COLUMN     "shown" JSONB NOT NULL;
