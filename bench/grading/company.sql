-- Customers with two years of shipments, as many contact records, and the counts per day that the rollup makes of them.
-- Settings: bench.customers, bench.shipments (of the last 12 months; half as many lie before them), bench.contacts.
-- Nobody counts what is written here: the counts are made at the end, in one statement each.
set session_replication_role = replica;

create function pg_temp.size(name text) returns int language sql stable as $$
  select current_setting('bench.' || name)::int
$$;
create function pg_temp.id(kind text, n bigint) returns uuid language sql immutable as $$
  select ('01900000-' || kind || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
$$;
-- Between 0 and 1, the same on every run.
create function pg_temp.part(n bigint, salt text) returns double precision language sql immutable as $$
  select (('x' || substr(md5(n || salt), 1, 8))::bit(32)::bigint) / 4294967296.0
$$;

insert into area (id, code, name, name_en)
select pg_temp.id('a0ea', i), 'R' || i, '区域 ' || i, 'Region ' || i from generate_series(1, 20) i;

insert into department (id, code, name, name_en)
values (pg_temp.id('de00', 1), 'BENCH', '市场部', 'Marketing');

insert into employee (id, number, subject, name, name_en, department_id, hired_on)
select pg_temp.id('e000', i), 'BE' || i, 'bench-employee-' || i, '员工 ' || i, 'Employee ' || i, pg_temp.id('de00', 1), '2020-01-01'
from generate_series(1, 200) i;

insert into customer (id, number, name, lifecycle, grade, area_id, owner_id, registered_at, created_at, updated_at)
select pg_temp.id('c000', i), 'BC' || i, '客户 ' || i,
       (case when i % 20 = 0 then 'DORMANT' else 'ACTIVE' end)::"CustomerLifecycle", 'C',
       pg_temp.id('a0ea', 1 + (pg_temp.part(i, 'area') ^ 2 * 20)::int % 20), pg_temp.id('e000', 1 + i % 200),
       now() - (i % 3000) * interval '1 day', now() - interval '9 years', now()
from generate_series(1, pg_temp.size('customers')) i;

insert into key_account (id, customer_id, level, annual_revenue_target, promoted_at, created_at, updated_at)
select pg_temp.id('4a00', i), pg_temp.id('c000', i), 'B', 2000000, now(), now(), now()
from generate_series(50, pg_temp.size('customers'), 50) i;

insert into grading_profile (customer_id, size, likelihood, nature, updated_by_id, updated_at)
select pg_temp.id('c000', i), (array['GROUP', 'LARGE', 'MEDIUM', 'SMALL'])[1 + (pg_temp.part(i, 'size') * 4)::int % 4],
       (array['HIGH', 'MEDIUM', 'LOW', null])[1 + i % 4], (array['MANUFACTURER', 'TRADER', 'OTHER'])[1 + i % 3],
       pg_temp.id('e000', 1), now()
from generate_series(1, pg_temp.size('customers'), 2) i;

-- Some customers ship much more than others.
insert into shipment (id, customer_id, shipment_number, delivered_at, counted_at, weight_kg, revenue, freight, created_at, updated_at)
select pg_temp.id('5000', i), pg_temp.id('c000', 1 + (pg_temp.part(i, 'customer') ^ 2 * pg_temp.size('customers'))::int % pg_temp.size('customers')),
       'W' || i, t.at, t.at, 100 + i % 900, round((100 + 4900 * pg_temp.part(i, 'revenue'))::numeric, 2),
       case when i % 3 > 0 then round((80 + 4000 * pg_temp.part(i, 'freight'))::numeric, 2) end, now(), now()
from generate_series(1, pg_temp.size('shipments') * 3 / 2) i
cross join lateral (
  select now() - interval '1 day' - case when i <= pg_temp.size('shipments') then pg_temp.part(i, 'at') * interval '364 days'
                      else interval '365 days' + pg_temp.part(i, 'at') * interval '364 days' end as at) t;

insert into contact_log (id, customer_id, employee_id, channel, outcome, at, content, created_at)
select pg_temp.id('1000', i), pg_temp.id('c000', 1 + i % pg_temp.size('customers')), pg_temp.id('e000', 1 + i % 200), 'PHONE', 'REACHED',
       now() - pg_temp.part(i, 'contact') * interval '365 days', '', now()
from generate_series(1, pg_temp.size('contacts')) i;

insert into metric_fact (source, dimension_kind, dimension_id, cut_kind, cut, day, numerator, denominator)
select 'recognisedRevenue', 'CUSTOMER', customer_id, 'NONE', '', (delivered_at at time zone 'Asia/Shanghai')::date, sum(revenue), count(*)
from shipment group by customer_id, 6;

insert into metric_fact (source, dimension_kind, dimension_id, cut_kind, cut, day, numerator, denominator)
select 'carriageMargin', 'CUSTOMER', customer_id, 'NONE', '', (delivered_at at time zone 'Asia/Shanghai')::date, sum(revenue - freight), count(*)
from shipment where freight is not null group by customer_id, 6;

reset session_replication_role;
