-- Customers of four hundred managers, ten contacts with each over the last ten weeks, and a visit to every fifth.
insert into department (id, code, name, name_en) values ('00000000-0000-0000-0000-0000000000d1', 'MARKETING', '市场营销部', 'Marketing');
insert into employee (id, number, subject, name, name_en, department_id, hired_on)
select md5('employee ' || n)::uuid, 'E' || n, 'bench-' || n, '经理' || n, 'Manager ' || n,
       '00000000-0000-0000-0000-0000000000d1', '2020-01-01'
from generate_series(1, 400) n;
insert into role_assignment (id, employee_id, role, department_id, valid_from)
select gen_random_uuid(), id, 'ACCOUNT_MANAGER_LOGISTICS', department_id, '2020-01-01' from employee;
insert into customer (id, number, name, lifecycle, grade, graded_at, business_line, owner_id, registered_at, created_at, updated_at)
select md5('customer ' || n)::uuid, 'C' || n, '客户' || n,
       case when n % 20 = 0 then 'DORMANT' else 'ACTIVE' end::"CustomerLifecycle",
       (array['A', 'B', 'B', 'C', 'D'])[1 + n % 5]::"CustomerGrade", '2026-06-01',
       case when n % 10 = 0 then 'LEASING' else 'LOGISTICS' end::"BusinessLine",
       md5('employee ' || (1 + (n / 20) % 400))::uuid, '2025-01-01', '2025-01-01', '2025-01-01'
from generate_series(1, current_setting('bench.customers')::int) n;
insert into customer_assignment (id, customer_id, employee_id, dedicated, valid_from)
select gen_random_uuid(), id, owner_id, true, '2026-06-01' from customer where grade = 'A';
insert into key_account (id, customer_id, level, is_special, specialist_id, annual_revenue_target, promoted_at, created_at, updated_at)
select gen_random_uuid(), md5('customer ' || n)::uuid, (array['A', 'B', 'C', 'D'])[1 + (n / 10) % 4]::"KeyAccountLevel", n % 100 = 0,
       md5('employee ' || (1 + (n / 20) % 400))::uuid, 1000000, '2026-01-01', '2026-01-01', '2026-01-01'
from generate_series(1, current_setting('bench.customers')::int, 10) n;
insert into contact_log (id, customer_id, employee_id, channel, outcome, at, content, follow_up, created_at)
select gen_random_uuid(), md5('customer ' || n)::uuid, md5('employee ' || (1 + (n / 20) % 400))::uuid,
       case when c % 4 = 3 then 'EMAIL' else 'PHONE' end::"ContactChannel",
       case when (n + c) % 7 = 0 then 'NOT_REACHED' else 'REACHED' end::"ContactOutcome",
       timestamptz '2026-12-05' - make_interval(days => 7 * c + n % 7), '联络', (n + c) % 11 = 0, '2026-12-05'
from generate_series(1, current_setting('bench.customers')::int) n, generate_series(0, 9) c;
insert into visit (id, customer_id, type, state, done_at, visitor_id, host_seniority, purpose, content, latent_needs, created_at, updated_at)
select gen_random_uuid(), md5('customer ' || n)::uuid, (array['RELATION', 'FOLLOW_UP', 'SERVICE_PATROL', 'LEASE'])[1 + (n / 5) % 4]::"VisitType",
       'DONE', timestamptz '2026-11-15' - make_interval(days => n % 60), md5('employee ' || (1 + (n / 20) % 400))::uuid,
       (array['TOP_LEADER', 'DIRECTOR_OR_ABOVE', 'MIDDLE_SENIOR', 'STAFF'])[1 + n % 4]::"ContactSeniority", '拜访', '拜访', '{}',
       '2026-11-15', '2026-11-15'
from generate_series(1, current_setting('bench.customers')::int, 5) n;
