-- CreateEnum
CREATE TYPE "AnomalyTest" AS ENUM ('BAND', 'DROP');

-- AlterTable
ALTER TABLE "anomaly_case" ADD COLUMN     "reported_at" TIMESTAMPTZ(3),
ADD COLUMN     "reported_to_id" UUID,
ADD COLUMN     "test" "AnomalyTest" NOT NULL DEFAULT 'BAND';

-- A customer whose volume drops may be outside of the band of a target's metric in the same month.
drop index anomaly_case_scope_key;
create unique index anomaly_case_scope_key on anomaly_case
  (key, dimension_kind, coalesce(dimension_id, '00000000-0000-0000-0000-000000000000'), period, test);
-- The cases of a customer.
create index anomaly_case_customer_idx on anomaly_case (dimension_id, period) where dimension_kind = 'CUSTOMER';
