-- CreateEnum
CREATE TYPE "AnomalyState" AS ENUM ('OPEN', 'CLOSED');

-- AlterEnum
ALTER TYPE "MetricCut" ADD VALUE 'CAUSE';

-- AlterTable
ALTER TABLE "kpi_value" ADD COLUMN     "denominator" DECIMAL(24,6),
ADD COLUMN     "numerator" DECIMAL(24,6),
ADD COLUMN     "parts" JSONB;

-- CreateTable
CREATE TABLE "anomaly_case" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "dimension_kind" "KpiDimensionKind" NOT NULL,
    "dimension_id" UUID,
    "period" TEXT NOT NULL,
    "actual" DECIMAL(24,6) NOT NULL,
    "mean" DECIMAL(24,6) NOT NULL,
    "lower" DECIMAL(24,6) NOT NULL,
    "upper" DECIMAL(24,6) NOT NULL,
    "periods" INTEGER NOT NULL,
    "state" "AnomalyState" NOT NULL DEFAULT 'OPEN',
    "cause" TEXT,
    "measure" TEXT,
    "responsible_id" UUID,
    "arose_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_by_id" UUID,
    "closed_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "anomaly_case_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "anomaly_case_opened_at_idx" ON "anomaly_case"("opened_at");

-- CreateIndex
CREATE INDEX "kpi_value_period_idx" ON "kpi_value"("period");

-- CreateIndex
CREATE INDEX "shipment_customer_id_order_number_idx" ON "shipment"("customer_id", "order_number");

-- What was kept at the close of a period stands; a correction is another row (KPM-03).
create trigger kpi_value_append_only before update or delete on kpi_value
  for each row execute function refuse_change();

-- An abnormal value has one case; a closed one says why and what was done (KPM-01).
create unique index anomaly_case_scope_key on anomaly_case
  (key, dimension_kind, coalesce(dimension_id, '00000000-0000-0000-0000-000000000000'), period);
alter table anomaly_case add constraint anomaly_closed_with_reasons check (
  (state = 'CLOSED') = (closed_at is not null)
  and (state = 'OPEN' or (cause is not null and measure is not null and closed_by_id is not null)));

-- An order is counted on the day of its last promise: a line of any of its shipments may change or move it.
create function rollup_order_days(of_customers uuid[], orders text[]) returns setof timestamptz language sql stable
begin atomic
  select s.promised_at
  from (select distinct c.id, c.number from unnest(of_customers, orders) as c(id, number)) k
  join shipment s on s.customer_id = k.id and s.order_number = k.number
  where s.promised_at is not null;
end;

create or replace function rollup_shipment_inserted() returns trigger language plpgsql as $$
begin
  perform rollup_append('shipments', array(
    select rollup_shipment_days(array_agg(r.customer_id), array_agg(r.shipment_number)) from after_rows r
    union all
    select rollup_order_days(array_agg(r.customer_id), array_agg(r.order_number)) from after_rows r));
  return null;
end $$;

create or replace function rollup_shipment_updated() returns trigger language plpgsql as $$
begin
  perform rollup_append('shipments', array(
    select unnest(array[b.counted_at, b.delivered_at, b.promised_at]) from before_rows b
    union all
    select rollup_shipment_days(array_agg(x.customer_id), array_agg(x.shipment_number))
    from (select customer_id, shipment_number from before_rows
          union all select customer_id, shipment_number from after_rows) x
    union all
    select rollup_order_days(array_agg(x.customer_id), array_agg(x.order_number))
    from (select customer_id, order_number from before_rows
          union all select customer_id, order_number from after_rows) x));
  return null;
end $$;

create or replace function rollup_shipment_deleted() returns trigger language plpgsql as $$
begin
  perform rollup_append('shipments', array(
    select unnest(array[b.counted_at, b.delivered_at, b.promised_at]) from before_rows b
    union all
    select rollup_shipment_days(array_agg(b.customer_id), array_agg(b.shipment_number)) from before_rows b
    union all
    select rollup_order_days(array_agg(b.customer_id), array_agg(b.order_number)) from before_rows b));
  return null;
end $$;
