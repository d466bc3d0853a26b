-- The order of the queue over all teams, for a list of several queues.
create index ticket_queues_idx on ticket (
  (case priority when 'URGENT' then 0 when 'HIGH' then 1 else 2 end),
  (coalesce(next_due_at, 'infinity'::timestamptz)),
  opened_at,
  id)
where status not in ('RESOLVED', 'FOLLOW_UP', 'ANSWERED', 'CLOSED', 'CANCELLED');
-- What the overview of queues counts, so that it reads no ticket for who may read all of them.
create index ticket_open_team_sql on ticket (team_id)
include (status, assignee_id, next_due_at, next_warn_at, opened_at)
where status not in ('CLOSED', 'CANCELLED');
