-- CreateTable
CREATE TABLE "rollup_zone" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "time_zone" TEXT NOT NULL,
    "sources" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "rollup_zone_pkey" PRIMARY KEY ("id")
);


-- AlterTable
ALTER TABLE "metric_fact" DROP CONSTRAINT "metric_fact_pkey",
ADD CONSTRAINT "metric_fact_pkey" PRIMARY KEY ("source", "dimension_kind", "dimension_id", "cut_kind", "day", "cut");

insert into rollup_zone (id, time_zone) values (1, 'Asia/Shanghai');
alter table rollup_zone add constraint rollup_zone_one_row check (id = 1);

-- What is due is found without walking the partitions that nothing will change.
drop index rollup_partition_next_at_idx;
create index rollup_partition_next_at_idx on rollup_partition (next_at) where next_at is not null;

-- Marks are appended by triggers, so that no command, import or repair by hand can forget them: one statement per
-- written statement, whatever the number of rows.

create function rollup_append(of_facts text, instants timestamptz[]) returns void language sql
begin atomic
  insert into rollup_mark (facts, day, marked_at)
  select distinct of_facts, (i at time zone z.time_zone)::date, clock_timestamp()
  from rollup_zone z cross join unnest(instants) i
  where i is not null;
end;

-- The days on which a ticket is counted: opened, due and resolved, of a reopened one also its first limit and result.
create function rollup_ticket_days(ids uuid[]) returns setof timestamptz language sql stable
begin atomic
  select v.at
  from ticket t
  cross join lateral (
    select unnest(array[t.opened_at, t.resolution_due_at, t.resolved_at]) as at
    union all
    select f.at from follow_up f where f.ticket_id = t.id
    union all
    select o.due_at from obligation o
    where t.cycle > 0 and o.subject_id = t.id and o.kind = 'TICKET_RESOLUTION' and o.period = '0'
    union all
    select min(h.at) from ticket_history h where t.cycle > 0 and h.ticket_id = t.id and h.action = 'RESOLVE'
  ) v
  where t.id = any(ids) and v.at is not null;
end;

create function rollup_ticket_inserted() returns trigger language plpgsql as $$
begin
  perform rollup_append('tickets', array(
    select unnest(array[r.opened_at, r.resolution_due_at, r.resolved_at]) from after_rows r));
  return null;
end $$;

create function rollup_ticket_updated() returns trigger language plpgsql as $$
declare
  changed uuid[];
  before_days timestamptz[];
begin
  select array_agg(b.id), array_agg(b.opened_at) || array_agg(b.resolution_due_at) || array_agg(b.resolved_at)
  into changed, before_days
  from before_rows b join after_rows a on a.id = b.id
  where (b.category, b.status, b.team_id, b.assignee_id, b.customer_id, b.area_id, b.opened_at, b.first_responded_at,
         b.resolved_at, b.resolution_due_at, b.resolution_warn_at, b.first_response_due_at, b.liability,
         b.customer_agreed, b.satisfaction, b.cycle, b.root_cause)
     is distinct from
        (a.category, a.status, a.team_id, a.assignee_id, a.customer_id, a.area_id, a.opened_at, a.first_responded_at,
         a.resolved_at, a.resolution_due_at, a.resolution_warn_at, a.first_response_due_at, a.liability,
         a.customer_agreed, a.satisfaction, a.cycle, a.root_cause);
  if changed is not null then
    perform rollup_append('tickets', before_days || array(select rollup_ticket_days(changed)));
  end if;
  return null;
end $$;

create trigger rollup_ticket_inserted after insert on ticket
  referencing new table as after_rows for each statement execute function rollup_ticket_inserted();
create trigger rollup_ticket_updated after update on ticket
  referencing old table as before_rows new table as after_rows for each statement execute function rollup_ticket_updated();

create function rollup_follow_up_inserted() returns trigger language plpgsql as $$
begin
  perform rollup_append('tickets', array(select r.at from after_rows r));
  return null;
end $$;

create trigger rollup_follow_up_inserted after insert on follow_up
  referencing new table as after_rows for each statement execute function rollup_follow_up_inserted();

-- A limit that is met or moved in the first cycle of a ticket that has been reopened since.
create function rollup_obligation_updated() returns trigger language plpgsql as $$
declare
  changed uuid[];
begin
  select array_agg(a.subject_id) into changed
  from before_rows b join after_rows a on a.id = b.id
  where a.kind in ('TICKET_FIRST_RESPONSE', 'TICKET_RESOLUTION') and a.period = '0'
    and (b.due_at, b.met_at) is distinct from (a.due_at, a.met_at);
  if changed is not null then
    perform rollup_append('tickets', array(select rollup_ticket_days(changed)));
  end if;
  return null;
end $$;

create trigger rollup_obligation_updated after update on obligation
  referencing old table as before_rows new table as after_rows for each statement
  execute function rollup_obligation_updated();

-- Lines of one shipment are counted together: a new line may move the count to or from another line's day.
create function rollup_shipment_days(of_customers uuid[], numbers text[]) returns setof timestamptz language sql stable
begin atomic
  select unnest(array[s.counted_at, s.delivered_at, s.promised_at])
  from (select distinct c.id, c.number from unnest(of_customers, numbers) as c(id, number)) k
  join shipment s on s.customer_id = k.id and s.shipment_number = k.number;
end;

create function rollup_shipment_inserted() returns trigger language plpgsql as $$
begin
  perform rollup_append('shipments', array(
    select rollup_shipment_days(array_agg(r.customer_id), array_agg(r.shipment_number)) from after_rows r));
  return null;
end $$;

create function rollup_shipment_updated() returns trigger language plpgsql as $$
begin
  perform rollup_append('shipments', array(
    select unnest(array[b.counted_at, b.delivered_at, b.promised_at]) from before_rows b
    union all
    select rollup_shipment_days(array_agg(x.customer_id), array_agg(x.shipment_number))
    from (select customer_id, shipment_number from before_rows
          union all select customer_id, shipment_number from after_rows) x));
  return null;
end $$;

create function rollup_shipment_deleted() returns trigger language plpgsql as $$
begin
  perform rollup_append('shipments', array(
    select unnest(array[b.counted_at, b.delivered_at, b.promised_at]) from before_rows b));
  return null;
end $$;

create trigger rollup_shipment_inserted after insert on shipment
  referencing new table as after_rows for each statement execute function rollup_shipment_inserted();
create trigger rollup_shipment_updated after update on shipment
  referencing old table as before_rows new table as after_rows for each statement execute function rollup_shipment_updated();
create trigger rollup_shipment_deleted after delete on shipment
  referencing old table as before_rows for each statement execute function rollup_shipment_deleted();

-- Figures are broken down by the grade, area and level that a customer has now: all its days follow a change.
create function rollup_customers_changed(ids uuid[]) returns void language plpgsql as $$
begin
  perform rollup_append('tickets', array(
    select rollup_ticket_days(array(select t.id from ticket t where t.customer_id = any(ids)))));
  perform rollup_append('shipments', array(
    select unnest(array[s.counted_at, s.delivered_at, s.promised_at]) from shipment s where s.customer_id = any(ids)));
end $$;

create function rollup_customer_updated() returns trigger language plpgsql as $$
declare
  changed uuid[];
begin
  select array_agg(a.id) into changed
  from before_rows b join after_rows a on a.id = b.id
  where (b.grade, b.area_id, b.owner_id) is distinct from (a.grade, a.area_id, a.owner_id);
  if changed is not null then perform rollup_customers_changed(changed); end if;
  return null;
end $$;

create trigger rollup_customer_updated after update on customer
  referencing old table as before_rows new table as after_rows for each statement execute function rollup_customer_updated();

create function rollup_key_account_written() returns trigger language plpgsql as $$
begin
  perform rollup_customers_changed(array(select r.customer_id from after_rows r));
  return null;
end $$;

create trigger rollup_key_account_inserted after insert on key_account
  referencing new table as after_rows for each statement execute function rollup_key_account_written();
create trigger rollup_key_account_updated after update on key_account
  referencing new table as after_rows for each statement execute function rollup_key_account_written();

-- What dashboards read from the rows themselves is marked as well: the mark says that they have changed.

create function rollup_contact_log_inserted() returns trigger language plpgsql as $$
begin
  perform rollup_append('contacts', array(select r.at from after_rows r));
  return null;
end $$;

create trigger rollup_contact_log_inserted after insert on contact_log
  referencing new table as after_rows for each statement execute function rollup_contact_log_inserted();

create function rollup_changed_now() returns trigger language plpgsql as $$
begin
  perform rollup_append(tg_argv[0], array[clock_timestamp()]);
  return null;
end $$;

create trigger rollup_key_account_changed after insert or update or delete on key_account
  for each statement execute function rollup_changed_now('contacts');
create trigger rollup_budget_changed after insert or update or delete on budget
  for each statement execute function rollup_changed_now('budgets');
create trigger rollup_budget_line_changed after insert or update or delete on budget_line
  for each statement execute function rollup_changed_now('budgets');
create trigger rollup_kpi_target_changed after insert or update or delete on kpi_target
  for each statement execute function rollup_changed_now('targets');

-- A team that moves to another department takes its tickets along.
create function rollup_team_updated() returns trigger language plpgsql as $$
begin
  perform rollup_append('tickets', array(
    select rollup_ticket_days(array(
      select t.id from ticket t
      join after_rows a on a.id = t.team_id join before_rows b on b.id = a.id
      where b.department_id is distinct from a.department_id))));
  return null;
end $$;

create trigger rollup_team_updated after update on team
  referencing old table as before_rows new table as after_rows for each statement execute function rollup_team_updated();

-- Everything again: after a change of time zone, a repair by hand, or a new version of a definition.
create function rollup_mark_all() returns void language sql
begin atomic
  delete from rollup_mark;
  insert into rollup_mark (facts, day, marked_at)
  select distinct d.facts, (d.at at time zone z.time_zone)::date, clock_timestamp()
  from rollup_zone z cross join (
    select 'tickets' as facts, unnest(array[t.opened_at, t.resolution_due_at, t.resolved_at]) as at from ticket t
    union all
    select 'tickets', f.at from follow_up f
    union all
    select 'tickets', o.due_at from obligation o where o.kind = 'TICKET_RESOLUTION' and o.period = '0'
    union all
    select 'tickets', h.at from ticket_history h join ticket t on t.id = h.ticket_id
    where t.cycle > 0 and h.action = 'RESOLVE'
    union all
    select 'shipments', unnest(array[s.counted_at, s.delivered_at, s.promised_at]) from shipment s
  ) d
  where d.at is not null;
end;

select rollup_mark_all();

-- Results of a span of time, for the middle value of all categories.
create index ticket_resolved_idx on ticket (resolved_at) where status <> 'CANCELLED';

-- Targets of a period, to be judged when its figures are counted again.
create index kpi_target_period_idx on kpi_target (period);
