-- Calendars and service policies have versions that are proposed, decided and in force from an instant on (TIC-36,
-- section 26). What is there becomes the first version, in force since ever.
alter table business_calendar
  add column revision integer not null default 1,
  add column name text,
  add column name_en text,
  add column valid_from timestamptz(3),
  add column based_on integer,
  add column reason text,
  add column proposed_by_id uuid,
  add column proposed_at timestamptz(3),
  add column approved_by_id uuid,
  add column approved_at timestamptz(3),
  add column refused_by_id uuid,
  add column refused_at timestamptz(3),
  add column decision_reason text;
update business_calendar set
  name = case code when 'BUSINESS_HOURS' then '办公时间' when 'ALWAYS_OPEN' then '全天候' else code end,
  name_en = case code when 'BUSINESS_HOURS' then 'Office hours' when 'ALWAYS_OPEN' then 'Around the clock' else code end,
  valid_from = '2000-01-01Z', proposed_at = '2000-01-01Z', approved_at = '2000-01-01Z';
alter table business_calendar
  alter column name set not null,
  alter column name_en set not null,
  alter column valid_from set not null,
  alter column proposed_at set not null;
drop index business_calendar_code_key;
create unique index business_calendar_code_revision_key on business_calendar (code, revision);

alter table sla_policy
  add column calendar_code text,
  add column pause_while_waiting boolean,
  add column grade_factors jsonb not null default '{}',
  add column level_factors jsonb not null default '{}',
  add column based_on integer,
  add column reason text,
  add column proposed_by_id uuid,
  add column proposed_at timestamptz(3),
  add column approved_by_id uuid,
  add column approved_at timestamptz(3),
  add column refused_by_id uuid,
  add column refused_at timestamptz(3),
  add column decision_reason text;
update sla_policy p set
  calendar_code = c.code, proposed_at = p.valid_from, approved_at = p.valid_from
from business_calendar c where c.id = p.calendar_id;
alter table sla_policy
  alter column calendar_code set not null,
  alter column proposed_at set not null,
  drop constraint sla_policy_calendar_id_fkey,
  drop column calendar_id;

-- A clock ran on a version of a policy and of a calendar: what was decided stays as it is.
create function refuse_change_of_decided() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.approved_at is not null or old.refused_at is not null then
    raise exception '% % revision % is decided: a new revision changes it', tg_table_name, old.code, old.revision
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger business_calendar_decided before update or delete on business_calendar
  for each row execute function refuse_change_of_decided();
create trigger sla_policy_decided before update or delete on sla_policy
  for each row execute function refuse_change_of_decided();

alter table ticket_sla_term
  add column calendar_id uuid,
  add column pauses boolean,
  add column at_risk_share decimal(5, 4);
update ticket_sla_term s set calendar_id = c.id
from sla_policy p join business_calendar c on c.code = p.calendar_code
where p.id = s.sla_policy_id;

create type "SlaRecomputeCause" as enum ('POLICY', 'CALENDAR', 'SETTING');
create table sla_recompute (
  id uuid not null,
  cause "SlaRecomputeCause" not null,
  changed text not null,
  valid_from timestamptz(3) not null,
  created_at timestamptz(3) not null,
  created_by_id uuid,
  total integer,
  done integer not null default 0,
  moved integer not null default 0,
  cursor uuid,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  constraint sla_recompute_pkey primary key (id)
);
create index sla_recompute_created_at_idx on sla_recompute (created_at);

-- The tickets whose clocks run, in the order in which a change of terms walks them.
create index ticket_clock_sql on ticket (id)
where resolved_at is null and status not in ('CLOSED', 'CANCELLED');
