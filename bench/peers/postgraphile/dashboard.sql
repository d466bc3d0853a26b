-- The figures of ServiceDashboard from the rows of tickets in one pass, as one who writes SQL by hand would have them:
-- four ranges of indexes (three that Switchyard has and one of open tickets made for this), grouped once.
create schema bench_dashboard;
create index bench_dashboard_open_idx on ticket (opened_at) where status not in ('CLOSED', 'CANCELLED');

create type bench_dashboard.ticket_figures as (
  part text, cut text,
  received int, open int, at_risk int, overdue int, due int, on_time int, on_time_share text, resolved int, median_hours text
);

create function bench_dashboard.service_figures("from" timestamptz, until timestamptz)
returns setof bench_dashboard.ticket_figures language sql stable parallel safe as $$
  with facts as (
    select customer_id, category, area_id, 1 as received, 0 as open, 0 as at_risk, 0 as overdue, 0 as due, 0 as on_time, null::bigint as measured
    from ticket where opened_at >= "from" and opened_at < until and status <> 'CANCELLED'
    union all
    select customer_id, category, area_id, 0, 1,
           (resolved_at is null and resolution_due_at >= now() and resolution_warn_at <= now())::int,
           (resolved_at is null and resolution_due_at < now())::int, 0, 0, null
    from ticket where status not in ('CLOSED', 'CANCELLED')
    union all
    select customer_id, category, area_id, 0, 0, 0, 0, 1, (resolved_at <= resolution_due_at)::int, null
    from ticket
    where resolution_due_at >= "from" and resolution_due_at < least(until, now()) and cycle = 0 and status <> 'CANCELLED'
    union all
    select customer_id, category, area_id, 0, 0, 0, 0, 1, (first_resolved_at <= first_due_at)::int, null
    from ticket
    where first_due_at >= "from" and first_due_at < least(until, now()) and cycle > 0 and status <> 'CANCELLED'
    union all
    select customer_id, category, area_id, 0, 0, 0, 0, 0, 0, (extract(epoch from resolved_at - opened_at) * 1000)::bigint
    from ticket where resolved_at >= "from" and resolved_at < until and cycle = 0 and status <> 'CANCELLED'
    union all
    select customer_id, category, area_id, 0, 0, 0, 0, 0, 0, (extract(epoch from first_resolved_at - opened_at) * 1000)::bigint
    from ticket where first_resolved_at >= "from" and first_resolved_at < until and cycle > 0 and status <> 'CANCELLED'
  )
  select case grouping(f.category, f.area_id, c.grade) when 7 then 'ALL' when 3 then 'CATEGORY' when 1 then 'AREA' else 'GRADE' end,
         coalesce(case when grouping(f.area_id) = 0 then f.area_id::text when grouping(c.grade) = 0 then c.grade::text
                       else f.category::text end, ''),
         sum(received)::int, sum(open)::int, coalesce(sum(at_risk), 0)::int, coalesce(sum(overdue), 0)::int,
         sum(due)::int, coalesce(sum(on_time), 0)::int, round(100.0 * coalesce(sum(on_time), 0) / nullif(sum(due), 0), 2)::text,
         count(measured)::int,
         round(percentile_cont(0.5) within group (order by measured)::numeric / 3600000, 2)::text
  from facts f left join customer c on c.id = f.customer_id
  group by grouping sets ((), (f.category), (f.category, f.area_id), (f.category, c.grade))
  having grouping(f.area_id, c.grade) = 3
    or (f.category = 'COMPLAINT' and (f.area_id is not null or grouping(f.area_id) = 1) and (c.grade is not null or grouping(c.grade) = 1))
$$;
