-- A year of a company's tickets, the same on every run: sizes and the newest instant come from the session's
-- settings bench.tickets and bench.newest; everything else follows from row numbers through a stable hash.

create function pg_temp.pick(i int, salt int, n int) returns int language sql immutable as
  $$ select (((hashint4extended(i, salt) % n) + n) % n)::int $$;

-- Ids in the order of their rows, as version 7 ids are.
create function pg_temp.id(kind text, i int) returns uuid language sql immutable as
  $$ select ('0190' || kind || '-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$;

insert into area (id, code, name, name_en)
select pg_temp.id('a000', i), 'AREA-' || i, '第' || i || '区', 'Area ' || i from generate_series(1, 8) i;

insert into department (id, code, name, name_en) values
  (pg_temp.id('d000', 1), 'CS', '客户服务部', 'Customer service'),
  (pg_temp.id('d000', 2), 'SALES', '销售部', 'Sales');

insert into team (id, department_id, type, name, name_en)
select pg_temp.id('7000', i), pg_temp.id('d000', 1 + i % 2),
       (case i % 2 when 0 then 'CUSTOMER_SERVICE' else 'SALES' end)::"TeamType", i || '组', 'Team ' || i
from generate_series(1, 10) i;

-- 200 people: 1 is the supervisor who asks, 2 to 121 are account managers, 122 to 191 agents, the rest supervisors.
insert into employee (id, number, subject, name, name_en, email, department_id, team_id, hired_on)
select pg_temp.id('e000', i), 'E' || lpad(i::text, 5, '0'),
       case i when 1 then 'bench-cs-supervisor' when 2 then 'bench-account-manager' else 'bench-' || i end,
       (array['王','李','张','刘','陈','杨','赵','黄'])[1 + i % 8] || (array['伟','芳','娜','敏','静','强','磊'])[1 + i % 7],
       (array['Wang','Li','Zhang','Liu','Chen','Yang','Zhao','Huang'])[1 + i % 8] || ' ' ||
         (array['Wei','Fang','Na','Min','Jing','Qiang','Lei'])[1 + i % 7] || ' ' || i,
       'e' || i || '@example.com',
       pg_temp.id('d000', case when i between 2 and 121 then 2 else 1 end),
       pg_temp.id('7000', 1 + i % 10), date '2020-01-01'
from generate_series(1, 200) i;

insert into role_assignment (id, employee_id, role, department_id, valid_from)
select pg_temp.id('f000', i), pg_temp.id('e000', i),
       (case when i between 2 and 121 then 'ACCOUNT_MANAGER_LOGISTICS' when i between 122 and 191 then 'CS_AGENT'
             else 'CS_SUPERVISOR' end)::"Role",
       pg_temp.id('d000', case when i between 2 and 121 then 2 else 1 end), timestamptz '2020-01-01Z'
from generate_series(1, 200) i;

-- Who has changed role: dedicated assignments from before have ended with it (PRM-06).
insert into role_assignment (id, employee_id, role, department_id, valid_from, valid_to)
select pg_temp.id('f001', i), pg_temp.id('e000', i), 'SALES_REP', pg_temp.id('d000', 2), timestamptz '2020-01-01Z',
       timestamptz '2024-06-01Z'
from generate_series(2, 121, 2) i;

-- 20,000 customers: a tenth grade A, two tenths B, three C, four D; four in five with a Chinese name.
insert into customer (id, number, name, lifecycle, grade, graded_at, area_id, owner_id, contact_person, phone, address,
                      business_needs, registered_at, created_at, updated_at)
select pg_temp.id('c000', i), 'C' || lpad(i::text, 6, '0'),
       case when i % 5 = 0 then 'Harbour Freight ' || i || ' Ltd.'
            else (array['华远','中联','顺达','宏图','东方','远洋','天成'])[1 + i % 7] || '物流' || i || '有限公司' end,
       'ACTIVE',
       (case when pg_temp.pick(i, 1, 10) = 0 then 'A' when pg_temp.pick(i, 1, 10) < 3 then 'B'
             when pg_temp.pick(i, 1, 10) < 6 then 'C' else 'D' end)::"CustomerGrade",
       timestamptz '2024-01-01Z', pg_temp.id('a000', 1 + i % 8), pg_temp.id('e000', 2 + pg_temp.pick(i, 2, 120)),
       'Contact ' || i, '021-' || (10000000 + i), i || ' Port Road', 'Sea freight and storage',
       timestamptz '2023-01-01Z', timestamptz '2023-01-01Z', timestamptz '2024-01-01Z'
from generate_series(1, 20000) i;

-- The owner works for the customer, dedicated to every second grade A file; one customer in five has a second person,
-- and the supervisor is dedicated to a few grade A files.
insert into customer_assignment (id, customer_id, employee_id, dedicated, valid_from)
select pg_temp.id('b000', i), pg_temp.id('c000', i), pg_temp.id('e000', 2 + pg_temp.pick(i, 2, 120)), i % 2 = 0,
       case when i % 3 = 0 then timestamptz '2024-01-01Z' else timestamptz '2024-09-01Z' end
from generate_series(1, 20000) i
union all
select pg_temp.id('b001', i), pg_temp.id('c000', i), pg_temp.id('e000', 2 + pg_temp.pick(i, 3, 120)), false,
       timestamptz '2024-01-01Z'
from generate_series(1, 20000, 5) i
union all
select pg_temp.id('b002', i), pg_temp.id('c000', i), pg_temp.id('e000', 1), true, timestamptz '2024-01-01Z'
from generate_series(1, 20000) i where pg_temp.pick(i, 1, 10) = 0 and i % 30 = 0;

-- Every fortieth customer's file is open to one more person by an approved request (CUS-18).
insert into access_grant (id, customer_id, requester_id, reason, state, requested_at, decided_at, valid_until)
select pg_temp.id('9000', i), pg_temp.id('c000', i), pg_temp.id('e000', 2 + pg_temp.pick(i, 4, 120)), 'A tender',
       'APPROVED', timestamptz '2024-01-01Z', timestamptz '2024-01-02Z', timestamptz '2100-01-01Z'
from generate_series(1, 20000, 40) i;

-- A ticket a minute up to bench.newest. How a ticket went is one of ten cases, so that the newest page shows every
-- state of a limit; of the older tickets nearly all are closed.
insert into ticket (id, number, category, status, priority, severity, subject, content, channel, customer_id, area_id,
                    team_id, assignee_id, opened_by_id, opened_at, registered_at, cycle_started_at, waiting_since,
                    first_response_due_at, first_response_warn_at, first_responded_at,
                    resolution_due_at, resolution_warn_at, resolved_at, closed_at, created_at, updated_at)
select pg_temp.id('1000', i), 'T' || lpad(i::text, 7, '0'),
       (case when course = 5 or pg_temp.pick(i, 11, 10) < 4 then 'INQUIRY' when pg_temp.pick(i, 11, 10) < 7 then 'SHIPMENT_QUERY'
             else 'COMPLAINT' end)::"TicketCategory",
       (case when course <= 1 then 'RECEIVED' when course <= 5 then 'IN_PROGRESS' when course = 8 then 'CANCELLED'
             when course = 9 then 'CLOSED' else 'RESOLVED' end)::"TicketStatus",
       (array['NORMAL', 'NORMAL', 'HIGH', 'URGENT'])[1 + pg_temp.pick(i, 12, 4)]::"TicketPriority",
       (case pg_temp.pick(i, 13, 5) when 0 then 'SERIOUS' else 'GENERAL' end)::"TicketSeverity",
       'Container ' || i || ' has not arrived at the terminal',
       'The customer reports that the container was promised for the day before and has not been seen since. Please trace it and call back.',
       (array['PHONE', 'EMAIL', 'ONLINE'])[1 + i % 3]::"TicketChannel",
       pg_temp.id('c000', 1 + pg_temp.pick(i, 14, 20000)), pg_temp.id('a000', 1 + i % 8), pg_temp.id('7000', 1 + i % 10),
       case when pg_temp.pick(i, 15, 20) > 0 then pg_temp.id('e000', 122 + pg_temp.pick(i, 16, 70)) end,
       pg_temp.id('e000', 122 + pg_temp.pick(i, 17, 70)),
       opened, opened + interval '1 minute', opened, case when course = 5 then opened + interval '30 minutes' end,
       opened + case course when 0 then interval '24 hours' when 1 then interval '24 hours' when 2 then interval '30 minutes'
                            when 4 then interval '30 minutes' else interval '2 hours' end,
       opened + case course when 0 then interval '20 hours' when 1 then interval '1 hour' else interval '24 minutes' end,
       case when course in (3, 6, 9) then opened + interval '10 minutes' when course = 4 then opened + interval '90 minutes' end,
       case when course <> 5 then
         opened + case course when 2 then interval '1 hour' when 7 then interval '40 minutes' else interval '72 hours' end end,
       case when course <> 5 then
         opened + case course when 2 then interval '48 minutes' when 4 then interval '1 hour' else interval '57 hours' end end,
       case when course in (6, 7, 9) then opened + interval '50 minutes' end,
       case when course = 9 then opened + interval '55 minutes' end,
       opened + interval '1 minute', opened + interval '55 minutes'
from (
  select i, opened,
         case when age > 10000 and pg_temp.pick(i, 18, 100) < 97 then 9 else pg_temp.pick(i, 19, 10) end as course
  from (
    select i, total - i as age, newest - (total - i) * interval '1 minute' as opened
    from (select current_setting('bench.tickets')::int as total, current_setting('bench.newest')::timestamptz as newest) given,
         generate_series(1, total) i
  ) numbered
) tickets;

analyze;
