-- What the models cannot say: checks, partial indexes, append-only tables, the stream's head, number ranges, and
-- the reference data that every deployment starts with.

-- The stream starts here. The epoch names this life of the database.
insert into event_head (id, epoch, seq, oldest) values (1, substr(md5(gen_random_uuid()::text), 1, 8), 0, 1);

create sequence customer_number_seq;
create sequence ticket_number_seq;

-- The sweep finds what is due without looking at anything else.
create index obligation_next_at_idx on obligation (next_at) where next_at is not null;
-- Recurrence and ticket need look at open tickets only.
create index ticket_open_assignee_idx on ticket (assignee_id, customer_id) where status not in ('CLOSED', 'CANCELLED');

create unique index kpi_target_scope_key on kpi_target
  (key, dimension_kind, coalesce(dimension_id, '00000000-0000-0000-0000-000000000000'), period);
create unique index kpi_value_scope_key on kpi_value
  (key, dimension_kind, coalesce(dimension_id, '00000000-0000-0000-0000-000000000000'), period, correction);

alter table employee add constraint employee_leaves_after_hiring check (left_on is null or left_on >= hired_on);
alter table role_assignment add constraint role_ends_after_start check (valid_to is null or valid_to > valid_from);
alter table customer_assignment add constraint assignment_ends_after_start check (valid_to is null or valid_to >= valid_from);
alter table customer add constraint customer_credit_limit_not_negative check (credit_limit >= 0);
alter table customer add constraint customer_payment_term_not_negative check (payment_term_days >= 0);
alter table access_grant add constraint grant_approved_has_end check (state <> 'APPROVED' or valid_until is not null);
alter table key_account add constraint key_account_target_not_negative check (annual_revenue_target >= 0);
alter table ticket add constraint ticket_claim_not_negative check (claim_amount >= 0);
-- TIC-12: a complaint has a deadline from its creation on.
alter table ticket add constraint complaint_has_deadline check (category <> 'COMPLAINT' or resolution_due_at is not null);
alter table budget_line add constraint budget_line_not_negative
  check (amount >= 0 and paid >= 0 and committed >= 0 and (standard is null or standard >= 0));
alter table budget add constraint budget_year_plausible check (year between 2000 and 2200);
alter table kpi_target add constraint kpi_tolerance_not_negative check (tolerance >= 0);

-- Records are never rewritten (rulebook section 0, record keeping).
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger ticket_history_append_only before update or delete on ticket_history
  for each row execute function refuse_change();
create trigger audit_log_append_only before update or delete on audit_log
  for each row execute function refuse_change();
create trigger grade_history_append_only before update or delete on grade_history
  for each row execute function refuse_change();

-- ORG-02: at most one active HEAD per department. The lock orders two writers that do not see each other.
create function refuse_second_head() returns trigger language plpgsql as $$
begin
  if new.role = 'HEAD' then
    perform pg_advisory_xact_lock(724002, hashtext(coalesce(new.department_id::text, '')));
    if exists (
      select 1 from role_assignment r
      where r.id <> new.id and r.role = 'HEAD' and r.department_id is not distinct from new.department_id
        and r.employee_id <> new.employee_id
        and tstzrange(r.valid_from, r.valid_to) && tstzrange(new.valid_from, new.valid_to)
    ) then
      raise exception 'the department has a HEAD in this period' using errcode = 'exclusion_violation';
    end if;
  end if;
  return new;
end $$;
create trigger role_assignment_one_head before insert or update on role_assignment
  for each row execute function refuse_second_head();

-- Whoever changes the directory, by whatever door, every process hears of it through the stream.
create function announce_directory_change() returns trigger language plpgsql as $$
begin
  insert into outbox (kind, severity, occurred_at, audience, payload)
  values ('DIRECTORY_CHANGED', 'INFO', now(), '{}', jsonb_build_object('table', tg_table_name));
  return null;
end $$;
do $$
declare directory_table text;
begin
  foreach directory_table in array array['area', 'department', 'team', 'employee', 'role_assignment', 'employee_area',
                                         'setting', 'sla_policy', 'business_calendar'] loop
    execute format(
      'create trigger %I after insert or update or delete on %I for each statement execute function announce_directory_change()',
      directory_table || '_announced', directory_table);
  end loop;
end $$;

-- Desks (rulebook section 0: business hours Mon-Fri 08:00-17:30; TIC-02: complaints 24 hours, every day).
insert into business_calendar (id, code, time_zone, always_open, weekly, holidays) values
  ('01900000-0000-7000-8000-000000000001', 'BUSINESS_HOURS', null, false,
   '{"1":["08:00-17:30"],"2":["08:00-17:30"],"3":["08:00-17:30"],"4":["08:00-17:30"],"5":["08:00-17:30"],"6":[],"7":[]}', '{}'),
  ('01900000-0000-7000-8000-000000000002', 'ALWAYS_OPEN', null, true, '{}', '{}');

-- Service limits (rulebook section 6, DEFAULT).
insert into sla_policy
  (id, code, revision, category, severity, calendar_id, acknowledge, first_response, decision, progress, resolution, valid_from)
values
  ('01900000-0000-7000-8000-000000000011', 'INQUIRY', 1, 'INQUIRY', null,
   '01900000-0000-7000-8000-000000000001', null, 'PT2H', null, null, 'P1D', '2000-01-01Z'),
  ('01900000-0000-7000-8000-000000000012', 'SHIPMENT_QUERY', 1, 'SHIPMENT_QUERY', null,
   '01900000-0000-7000-8000-000000000001', null, 'PT2H', null, 'P1D', 'P1D', '2000-01-01Z'),
  ('01900000-0000-7000-8000-000000000013', 'COMPLAINT_GENERAL', 1, 'COMPLAINT', 'GENERAL',
   '01900000-0000-7000-8000-000000000002', 'PT30M', 'PT24H', null, 'PT24H', 'PT72H', '2000-01-01Z'),
  ('01900000-0000-7000-8000-000000000014', 'COMPLAINT_SERIOUS', 1, 'COMPLAINT', 'SERIOUS',
   '01900000-0000-7000-8000-000000000002', 'PT15M', 'PT8H', 'PT4H', 'PT12H', 'PT48H', '2000-01-01Z');
