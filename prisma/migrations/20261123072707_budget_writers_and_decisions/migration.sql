ALTER TYPE "KpiUnit" ADD VALUE 'MINUTES';
ALTER TYPE "KpiUnit" ADD VALUE 'RATIO';
ALTER TYPE "KpiUnit" ADD VALUE 'PER_TEN_THOUSAND';

ALTER TABLE "budget" ADD COLUMN     "refusal_reason" TEXT,
ADD COLUMN     "writer_ids" UUID[];

ALTER TABLE "setting" ADD COLUMN     "decision_reason" TEXT,
ADD COLUMN     "refused_by_id" UUID;

-- KPI-38 looks at the complaints resolved in a period.
create index ticket_complaint_resolved_idx on ticket (resolved_at) where category = 'COMPLAINT';
-- The first results of reopened tickets stand in their history: few tickets, found without reading the others.
create index ticket_reopened_idx on ticket (category) where cycle > 0;
