-- Makes every ticket an open complaint with one running limit, due in a year.
update ticket set category = 'COMPLAINT', status = 'RECEIVED', resolved_at = null, closed_at = null,
  escalation_level = null, resolution_due_at = now() + interval '1 year';

insert into obligation (id, kind, subject_id, period, owner_id, starts_at, warn_at, due_at, next_at, state, step)
select gen_random_uuid(), 'TICKET_FIRST_RESPONSE', t.id, '0', t.assignee_id, t.opened_at, now() - interval '1 hour',
       now() + interval '1 year', now() + interval '1 year', 'WARNED', 1
from ticket t;
