-- CreateEnum
CREATE TYPE "LookupSource" AS ENUM ('INTERNAL', 'CARRIER');

-- CreateEnum
CREATE TYPE "RoutingRule" AS ENUM ('KEY_ACCOUNT', 'SALE', 'SERVICE', 'TRANSFER');

-- CreateEnum
CREATE TYPE "TeamChoice" AS ENUM ('ONLY_TEAM', 'PERSON_IN_CHARGE', 'AREA', 'BUSINESS_LINE', 'DEPARTMENT', 'OPENER', 'OLDEST_TEAM');

-- AlterTable
ALTER TABLE "team" ADD COLUMN     "business_line" "BusinessLine";

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "lookup_answered_at" TIMESTAMPTZ(3),
ADD COLUMN     "lookup_carrier" TEXT,
ADD COLUMN     "lookup_result" TEXT,
ADD COLUMN     "lookup_source" "LookupSource",
ADD COLUMN     "next_due_at" TIMESTAMPTZ(3),
ADD COLUMN     "next_warn_at" TIMESTAMPTZ(3),
ADD COLUMN     "routed_at" TIMESTAMPTZ(3),
ADD COLUMN     "routing_choice" "TeamChoice",
ADD COLUMN     "routing_note" TEXT,
ADD COLUMN     "routing_rule" "RoutingRule";

-- CreateTable
CREATE TABLE "team_area" (
    "team_id" UUID NOT NULL,
    "area_id" UUID NOT NULL,

    CONSTRAINT "team_area_pkey" PRIMARY KEY ("team_id","area_id")
);

-- CreateTable
CREATE TABLE "ticket_turn" (
    "team_id" UUID NOT NULL,
    "employee_id" UUID,

    CONSTRAINT "ticket_turn_pkey" PRIMARY KEY ("team_id")
);

-- AddForeignKey
ALTER TABLE "team_area" ADD CONSTRAINT "team_area_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "team_area" ADD CONSTRAINT "team_area_area_id_fkey" FOREIGN KEY ("area_id") REFERENCES "area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_turn" ADD CONSTRAINT "ticket_turn_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Which areas a team serves is part of the directory.
create trigger team_area_announced after insert or update or delete on team_area
  for each statement execute function announce_directory_change();

-- Tickets on which work is left, team by team, in the order in which they are worked on: serious ones (TIC-20), the
-- lane of key accounts (KEY-11), the nearest deadline, age. All terms rise and none is null, so that a position in the
-- queue is one comparison of rows.
create index ticket_queue_idx on ticket (
  team_id,
  (case priority when 'URGENT' then 0 when 'HIGH' then 1 else 2 end),
  (coalesce(next_due_at, 'infinity'::timestamptz)),
  opened_at,
  id)
where status not in ('RESOLVED', 'FOLLOW_UP', 'ANSWERED', 'CLOSED', 'CANCELLED');
-- The same for those that nobody handles yet: what `ticketTake` looks through, whatever stands in work before them.
create index ticket_waiting_idx on ticket (
  team_id,
  (case priority when 'URGENT' then 0 when 'HIGH' then 1 else 2 end),
  (coalesce(next_due_at, 'infinity'::timestamptz)),
  opened_at,
  id)
where status not in ('RESOLVED', 'FOLLOW_UP', 'ANSWERED', 'CLOSED', 'CANCELLED') and assignee_id is null;

-- A transfer has its reason, every other way into a queue what chose the team.
alter table ticket add constraint ticket_transfer_has_reason
  check (routing_rule is null or (routing_rule = 'TRANSFER') = (routing_note is not null));
-- TIC-07: a look-up has its result and when it was given; only a carrier is named.
alter table ticket add constraint ticket_lookup_is_whole check (
  (lookup_source is null) = (lookup_result is null) and (lookup_source is null) = (lookup_answered_at is null)
  and (lookup_carrier is null or lookup_source = 'CARRIER'));

-- Tickets from before: why they stand where they stand, and their nearest deadline.
update ticket set routed_at = opened_at, routing_rule = case
  when key_account_id is not null then 'KEY_ACCOUNT'::"RoutingRule"
  when arises_during_sale then 'SALE' else 'SERVICE' end
where team_id is not null;

update ticket t set
  next_due_at = case when o.subject_id is null then least(
      case when t.category = 'COMPLAINT' and t.acknowledged_at is null then t.acknowledge_due_at end,
      case when t.first_responded_at is null then t.first_response_due_at end,
      t.resolution_due_at)
    else o.due_at end,
  next_warn_at = case when o.subject_id is null then least(
      case when t.first_responded_at is null then t.first_response_warn_at end,
      t.resolution_warn_at)
    else o.warn_at end
from ticket x
left join (
  select subject_id, min(due_at) as due_at, min(warn_at) as warn_at
  from obligation
  where kind in ('TICKET_ACKNOWLEDGE', 'TICKET_FIRST_RESPONSE', 'TICKET_DECISION', 'TICKET_PROGRESS', 'TICKET_RESOLUTION')
    and state in ('OPEN', 'WARNED', 'OVERDUE')
  group by subject_id) o on o.subject_id = x.id
where t.id = x.id and x.resolved_at is null and x.status not in ('CLOSED', 'CANCELLED');
