-- One mark for each day of a statement: the instant of a mark is not part of what must differ.

create or replace function rollup_append(of_facts text, instants timestamptz[]) returns void language sql
begin atomic
  insert into rollup_mark (facts, day, marked_at)
  select of_facts, d.day, clock_timestamp()
  from (
    select distinct (i at time zone z.time_zone)::date as day
    from rollup_zone z cross join unnest(instants) i
    where i is not null
  ) d;
end;

-- AlterTable
ALTER TABLE "metric_median" ADD COLUMN     "stale" BOOLEAN NOT NULL DEFAULT false,
ALTER COLUMN "median" DROP NOT NULL;

-- CreateTable
CREATE TABLE "metric_sample" (
    "source" TEXT NOT NULL,
    "dimension_kind" "KpiDimensionKind" NOT NULL,
    "dimension_id" UUID NOT NULL,
    "cut_kind" "MetricCut" NOT NULL,
    "cut" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "measured" BIGINT[],

    CONSTRAINT "metric_sample_pkey" PRIMARY KEY ("source","dimension_kind","dimension_id","cut_kind","cut","day")
);

-- DropIndex
DROP INDEX "metric_fact_source_day_idx";

-- For writing a day anew. By a number instead of the day, so that no plan takes them for reading a span of days, which
-- the primary keys are for: before its first statistics a table looks as if both would do.
create index metric_fact_day_number_idx on metric_fact (source, (day - date '2000-01-01'));
create index metric_sample_day_number_idx on metric_sample (source, (day - date '2000-01-01'));

create index metric_median_stale_idx on metric_median (period) where stale;

-- The middle value of so many measurements of some days. The k-th smallest is the least number that at least k
-- measurements do not exceed; in a sorted array that count is a binary search (width_bucket), so that the median of a
-- year with a million measurements is found without sorting them.
create function rollup_median(
  of_source text, of_kind "KpiDimensionKind", of_id uuid, of_cut_kind "MetricCut", of_cut text, from_day date, until_day date,
  measured int
) returns numeric language plpgsql stable as $$
declare
  low bigint;
  high bigint;
  middle bigint;
  rank int;
  below bigint;
  picked bigint[] := '{}';
begin
  foreach rank in array array[(measured + 1) / 2, measured / 2 + 1] loop
    select min(s.measured[1]), max(s.measured[cardinality(s.measured)]) into low, high
    from metric_sample s
    where s.source = of_source and s.dimension_kind = of_kind and s.dimension_id = of_id and s.cut_kind = of_cut_kind
      and s.cut = of_cut and s.day >= from_day and s.day < until_day;
    while low < high loop
      middle := low + (high - low) / 2;
      select sum(width_bucket(middle, s.measured)) into below
      from metric_sample s
      where s.source = of_source and s.dimension_kind = of_kind and s.dimension_id = of_id
        and s.cut_kind = of_cut_kind and s.cut = of_cut and s.day >= from_day and s.day < until_day;
      if below >= rank then high := middle; else low := middle + 1; end if;
    end loop;
    picked := picked || low;
  end loop;
  return (picked[1] + picked[2]) / 2.0;
end $$;

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "first_answer_due_at" TIMESTAMPTZ(3),
ADD COLUMN     "first_answered_at" TIMESTAMPTZ(3),
ADD COLUMN     "first_due_at" TIMESTAMPTZ(3),
ADD COLUMN     "first_reopened_at" TIMESTAMPTZ(3),
ADD COLUMN     "first_resolved_at" TIMESTAMPTZ(3);

update ticket t
set first_resolved_at = (select min(h.at) from ticket_history h where h.ticket_id = t.id and h.action = 'RESOLVE'),
    first_reopened_at = (select min(h.at) from ticket_history h where h.ticket_id = t.id and h.action = 'REOPEN'),
    first_due_at = (select o.due_at from obligation o
                    where o.subject_id = t.id and o.kind = 'TICKET_RESOLUTION' and o.period = '0'),
    first_answered_at = (select o.met_at from obligation o
                         where o.subject_id = t.id and o.kind = 'TICKET_FIRST_RESPONSE' and o.period = '0'),
    first_answer_due_at = (select o.due_at from obligation o
                           where o.subject_id = t.id and o.kind = 'TICKET_FIRST_RESPONSE' and o.period = '0')
where t.cycle > 0;

-- A reopening begins new limits in the same columns: what they held is kept, whoever reopens the ticket.
create function ticket_keep_first_result() returns trigger language plpgsql as $$
begin
  new.first_resolved_at := old.resolved_at;
  new.first_due_at := old.resolution_due_at;
  new.first_answered_at := least(old.first_responded_at, old.resolved_at);
  new.first_answer_due_at := old.first_response_due_at;
  new.first_reopened_at := new.cycle_started_at;
  return new;
end $$;

create trigger ticket_keep_first_result before update on ticket
  for each row when (old.cycle = 0 and new.cycle > 0) execute function ticket_keep_first_result();

create index ticket_first_resolved_idx on ticket (first_resolved_at) where cycle > 0;
create index ticket_first_due_idx on ticket (first_due_at) where cycle > 0;
drop index ticket_reopened_idx;

create or replace function rollup_ticket_days(ids uuid[]) returns setof timestamptz language sql stable
begin atomic
  select v.at
  from ticket t
  cross join lateral (
    select unnest(array[t.opened_at, t.resolution_due_at, t.resolved_at, t.first_due_at, t.first_resolved_at]) as at
    union all
    select f.at from follow_up f where f.ticket_id = t.id
  ) v
  where t.id = any(ids) and v.at is not null;
end;

create or replace function rollup_ticket_inserted() returns trigger language plpgsql as $$
begin
  perform rollup_append('tickets', array(
    select unnest(array[r.opened_at, r.resolution_due_at, r.resolved_at, r.first_due_at, r.first_resolved_at])
    from after_rows r));
  return null;
end $$;

drop trigger rollup_obligation_updated on obligation;
drop function rollup_obligation_updated();

create or replace function rollup_mark_all() returns void language sql
begin atomic
  delete from rollup_mark;
  insert into rollup_mark (facts, day, marked_at)
  select d.facts, d.day, clock_timestamp()
  from (
    select distinct r.facts, (r.at at time zone z.time_zone)::date as day
    from rollup_zone z cross join (
      select 'tickets' as facts,
             unnest(array[t.opened_at, t.resolution_due_at, t.resolved_at, t.first_due_at, t.first_resolved_at]) as at
      from ticket t
      union all
      select 'tickets', f.at from follow_up f
      union all
      select 'shipments', unnest(array[s.counted_at, s.delivered_at, s.promised_at]) from shipment s
      union all
      select 'contacts', l.at from contact_log l
    ) r
    where r.at is not null
  ) d;
end;
