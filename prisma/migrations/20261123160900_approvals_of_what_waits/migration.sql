-- What waits for a decision already gets its approval: access requests (CUS-18) and the plans of serious complaints
-- (TIC-20). Checksums are those that the commands work out.

create function pg_temp.id_at(at timestamptz) returns uuid language sql volatile as $$
  select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(r, 1, 3) || '8' || substr(r, 4, 15))::uuid
  from (select md5(gen_random_uuid()::text) as r) random
$$;

create temporary table waiting as
select pg_temp.id_at(g.requested_at) as id, 'CUSTOMER_ACCESS'::"ApprovalChain" as chain, 'AccessGrant' as subject_type,
       g.id as subject_id, g.requester_id, g.requested_at,
       encode(sha256(convert_to(
         g.customer_id::text || E'\n' || g.reason || E'\n' || case when c.grade = 'A' then 'A' else '' end, 'UTF8')), 'hex') as fingerprint,
       '[{"role": "HEAD", "scope": "ALL"}, {"role": "DEPUTY", "scope": "AREA"}]'::jsonb as approvers, 'P2D' as within,
       null::timestamptz as warn_at,
       -- Two working days from now on: nobody was told of a limit before.
       now() + interval '2 days' + case extract(isodow from now()) when 4 then interval '2 days' when 5 then interval '2 days'
         when 6 then interval '2 days' when 7 then interval '1 day' else interval '0' end as due_at,
       0 as taken
from access_grant g join customer c on c.id = g.customer_id
where g.state = 'REQUESTED';

insert into waiting
select pg_temp.id_at(coalesce(t.plan_proposed_at, t.updated_at)), 'COMPLAINT_PLAN', 'Ticket', t.id,
       (select h.actor_id from ticket_history h
        where h.ticket_id = t.id and h.action = 'PROPOSE_PLAN' order by h.at desc, h.id desc limit 1),
       coalesce(t.plan_proposed_at, t.updated_at), encode(sha256(convert_to(coalesce(t.plan, ''), 'UTF8')), 'hex'),
       '[{"role": "HEAD", "scope": "ALL"}]', 'PT4H', o.warn_at, coalesce(o.due_at, now() + interval '4 hours'),
       coalesce(least(o.step, 2), 0)
from ticket t
left join lateral (
  -- The limit that the plan has already: its clock goes on.
  select o.warn_at, o.due_at, o.step from obligation o
  where o.subject_id = t.id and o.kind = 'TICKET_DECISION' and o.state in ('OPEN', 'WARNED', 'OVERDUE')
  order by o.starts_at desc limit 1) o on true
where t.category = 'COMPLAINT' and t.severity = 'SERIOUS' and t.status = 'PLAN_PROPOSED';

-- HEAD's own plan goes to the company's leader.
update waiting w set approvers = '[{"role": "COMPANY_LEADER", "scope": "ALL"}]'
where w.chain = 'COMPLAINT_PLAN' and exists (
  select 1 from role_assignment r
  where r.employee_id = w.requester_id and r.role = 'HEAD' and r.valid_from <= now() and (r.valid_to is null or r.valid_to > now()));

insert into approval (id, chain, subject_type, subject_id, requester_id, fingerprint, requested_at)
select id, chain, subject_type, subject_id, requester_id, fingerprint, requested_at from waiting;

insert into approval_step (id, approval_id, number, approvers, within, warn_at, due_at)
select pg_temp.id_at(requested_at), id, 1, approvers, within, warn_at, due_at from waiting;

insert into approval_history (id, approval_id, at, actor_id, event, step)
select pg_temp.id_at(requested_at), id, requested_at, requester_id, 'REQUESTED', 1 from waiting;

insert into obligation (id, kind, subject_id, period, starts_at, warn_at, due_at, next_at, state, step)
select pg_temp.id_at(requested_at), 'APPROVAL_STEP', id, '1', requested_at, warn_at, due_at,
       case taken when 0 then coalesce(warn_at, due_at) when 1 then due_at end,
       (case taken when 0 then 'OPEN' when 1 then 'WARNED' else 'OVERDUE' end)::"ObligationState", taken
from waiting;

drop table waiting;
drop function pg_temp.id_at(timestamptz);
