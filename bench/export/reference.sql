-- The reference: the same columns of the same tickets in the same order, as PostgreSQL itself writes CSV.
copy (
  select t.number, t.category, t.status, t.priority, t.severity, t.subject, t.content, t.channel, t.topic, c.name as customer,
         t.caller_name, t.caller_phone, t.callback_phone, t.shipment_number, a.name as area, g.name as team,
         e.name as assignee, t.opened_at, t.first_response_due_at, t.first_responded_at, t.resolution_due_at, t.resolved_at,
         coalesce(t.resolved_at, t.closed_at) <= t.resolution_due_at as resolved_on_time, t.closed_at, t.escalation_level,
         t.cycle, t.liability, d.name as responsible_department, t.root_cause, t.resolution, t.claim_amount, t.satisfaction,
         t.source, t.external_id
  from ticket t
  left join customer c on c.id = t.customer_id
  left join area a on a.id = t.area_id
  left join team g on g.id = t.team_id
  left join employee e on e.id = t.assignee_id
  left join department d on d.id = t.responsible_department_id
  order by t.opened_at desc, t.id desc
) to stdout with (format csv, header)
