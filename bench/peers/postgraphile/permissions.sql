-- The permissions of Switchyard's `tickets` the way PostGraphile recommends them: row level security per database
-- role, computed columns. The server sets role, viewer.id, viewer.files and viewer.roles_since for each request; ROLE_PREFIX is replaced by the name of the benchmark's database, as roles belong to the whole cluster.

create role ROLE_PREFIX_cs_supervisor;
create role ROLE_PREFIX_account_manager;
grant select on ticket, customer, customer_assignment, access_grant, employee to ROLE_PREFIX_cs_supervisor, ROLE_PREFIX_account_manager;

alter table ticket enable row level security;
create policy every_ticket on ticket for select to ROLE_PREFIX_cs_supervisor using (true);
create policy own_customers_and_handled on ticket for select to ROLE_PREFIX_account_manager using (
  exists (
    select 1 from customer_assignment a
    where a.customer_id = ticket.customer_id and a.employee_id = (select current_setting('viewer.id')::uuid)
      and a.valid_from <= now() and (a.valid_to is null or a.valid_to > now())
      and (not a.dedicated or a.valid_from >= (select current_setting('viewer.roles_since')::timestamptz)))
  or exists (
    select 1 from customer o
    where o.id = ticket.customer_id and o.owner_id = (select current_setting('viewer.id')::uuid))
  or (select current_setting('viewer.id')::uuid) in (assignee_id, opened_by_id, responsible_person_id));

-- Computed columns that the planner inlines, as PostGraphile's page on performance advises: sql, stable, no subquery.
create type sla_limit_state as enum ('RUNNING', 'PAUSED', 'AT_RISK', 'OVERDUE', 'MET', 'MET_LATE', 'CANCELLED');

create function ticket_first_response_state(ticket ticket) returns sla_limit_state language sql stable as $$
  select case
    when ticket.first_response_due_at is null then 'PAUSED'
    when coalesce(ticket.first_responded_at, ticket.resolved_at) <= ticket.first_response_due_at then 'MET'
    when coalesce(ticket.first_responded_at, ticket.resolved_at) > ticket.first_response_due_at then 'MET_LATE'
    when ticket.status = 'CANCELLED' then 'CANCELLED'
    when now() >= ticket.first_response_due_at then 'OVERDUE'
    when now() >= ticket.first_response_warn_at then 'AT_RISK'
    else 'RUNNING'
  end::sla_limit_state
$$;

create function ticket_resolution_state(ticket ticket) returns sla_limit_state language sql stable as $$
  select case
    when ticket.resolution_due_at is null then 'PAUSED'
    when coalesce(ticket.resolved_at, ticket.closed_at) <= ticket.resolution_due_at then 'MET'
    when coalesce(ticket.resolved_at, ticket.closed_at) > ticket.resolution_due_at then 'MET_LATE'
    when ticket.status = 'CANCELLED' then 'CANCELLED'
    when now() >= ticket.resolution_due_at then 'OVERDUE'
    when now() >= ticket.resolution_warn_at then 'AT_RISK'
    else 'RUNNING'
  end::sla_limit_state
$$;

-- The names under which Switchyard's clients know these fields; the server adds Customer.name, masked.
comment on column customer.name is '@behavior -*';
comment on column employee.name is '@behavior -*';
comment on column employee.name_en is '@name name';
comment on constraint ticket_customer_id_fkey on ticket is '@fieldName customer';
comment on constraint ticket_assignee_id_fkey on ticket is '@fieldName assignee';
comment on constraint customer_owner_id_fkey on customer is '@fieldName owner';
