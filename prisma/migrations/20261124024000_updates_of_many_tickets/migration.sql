-- A ticket is updated many times in its life, most often in columns that no index has: with room in its page the new row
-- goes beside the old one and no index is written.
alter table ticket set (fillfactor = 80);

-- A function keeps the plan of its first calls, which were for a row or two. Compared as sets, many rows are not joined
-- each with each whatever the plan was made for.
create or replace function rollup_ticket_updated() returns trigger language plpgsql as $$
declare
  changed uuid[];
  before_days timestamptz[];
begin
  select array_agg(b.id), array_agg(b.opened_at) || array_agg(b.resolution_due_at) || array_agg(b.resolved_at)
  into changed, before_days
  from (
    select id, category, status, team_id, assignee_id, customer_id, area_id, opened_at, first_responded_at, resolved_at,
           resolution_due_at, resolution_warn_at, first_response_due_at, liability, customer_agreed, satisfaction, cycle,
           root_cause
    from before_rows
    except
    select id, category, status, team_id, assignee_id, customer_id, area_id, opened_at, first_responded_at, resolved_at,
           resolution_due_at, resolution_warn_at, first_response_due_at, liability, customer_agreed, satisfaction, cycle,
           root_cause
    from after_rows) b;
  if changed is not null then
    perform rollup_append('tickets', before_days || array(select rollup_ticket_days(changed)));
  end if;
  return null;
end $$;

create or replace function rollup_customer_updated() returns trigger language plpgsql as $$
declare
  changed uuid[];
begin
  select array_agg(b.id) into changed
  from (select id, grade, area_id, owner_id from before_rows except select id, grade, area_id, owner_id from after_rows) b;
  if changed is not null then perform rollup_customers_changed(changed); end if;
  return null;
end $$;
