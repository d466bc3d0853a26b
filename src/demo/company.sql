-- A year of an express company's work, the same on every run: sizes and the present instant come from the session's
-- settings (seed.*), everything else follows from row numbers through a stable hash. Statements are parted by blank
-- lines with a semicolon before them, and run one after the other in one transaction.

create or replace function pg_temp.pick(i int, salt int, n int) returns int language sql immutable as
  'select (((hashint4extended(i, salt) % n) + n) % n)::int';

-- A share from 0 to 1 with four places.
create or replace function pg_temp.share(i int, salt int) returns double precision language sql immutable as
  'select (((hashint4extended(i, salt) % 10000) + 10000) % 10000) / 10000.0';

-- Ids in the order of their rows, as version 7 ids are.
create or replace function pg_temp.id(kind text, i int) returns uuid language sql immutable as
  'select (''0190'' || kind || ''-0000-7000-8000-'' || lpad(to_hex(i), 12, ''0''))::uuid';

create or replace function pg_temp.size(name text) returns int language sql stable as
  'select current_setting(''seed.'' || name)::int';

create or replace function pg_temp.present() returns timestamptz language sql stable as
  'select current_setting(''seed.now'')::timestamptz';

-- Further staff beside the one person of each role: agents, account managers, specialists.
insert into employee (id, number, subject, name, name_en, department_id, team_id, hired_on)
select pg_temp.id('e001', i), 'S' || lpad(i::text, 4, '0'), 'demo-staff-' || i,
       (array['王','李','张','刘','陈','杨','赵','黄','周','吴'])[1 + i % 10] || (array['伟','芳','娜','敏','静','强','磊','洋','艳','杰','倩'])[1 + i % 11],
       (array['Wang','Li','Zhang','Liu','Chen','Yang','Zhao','Huang','Zhou','Wu'])[1 + i % 10] || ' ' ||
         (array['Wei','Fang','Na','Min','Jing','Qiang','Lei','Yang','Yan','Jie','Qian'])[1 + i % 11],
       t.department_id, t.id, (pg_temp.present() - interval '3 years')::date
from generate_series(1, pg_temp.size('staff')) i
join team t on t.type = (case i % 4 when 2 then 'SALES' when 3 then 'KEY_ACCOUNT' else 'CUSTOMER_SERVICE' end)::"TeamType";

insert into role_assignment (id, employee_id, role, department_id, valid_from)
select pg_temp.id('f001', i), pg_temp.id('e001', i),
       (case i % 4 when 2 then 'ACCOUNT_MANAGER_LOGISTICS' when 3 then 'KA_SPECIALIST' else 'CS_AGENT' end)::"Role",
       e.department_id, pg_temp.present() - interval '400 days'
from generate_series(1, pg_temp.size('staff')) i join employee e on e.id = pg_temp.id('e001', i);

create temp table seed_person on commit drop as
select r.role, (row_number() over (partition by r.role order by e.id))::int as n, (count(*) over (partition by r.role))::int as of, e.id, e.team_id
from employee e join role_assignment r on r.employee_id = e.id
where r.role in ('CS_AGENT', 'ACCOUNT_MANAGER_LOGISTICS', 'KA_SPECIALIST');

create temp table seed_area on commit drop as
select (row_number() over (order by code))::int as n, (count(*) over ())::int as of, id from area;

-- Customers beside those of the story: 72 % active, a few on their way in, dormant or lost; grades within each area as
-- the policy wants them (CUS-24).
insert into customer (id, number, name, lifecycle, grade, graded_at, business_line, type, industry, area_id, owner_id, custodian_id,
                      contact_person, phone, address, business_needs, email, scope_of_business, main_products, info_source,
                      information_obtained_at, registered_at, verified_at, credit_limit, payment_term_days, created_at, updated_at)
select pg_temp.id('c000', i), 'C' || lpad(i::text, 7, '0'),
       case when i % 6 = 0
            then (array['Harbour','Evergreen','Northwind','Golden Bridge','Silk Road','Blue Delta','Red Lantern'])[1 + pg_temp.pick(i, 1, 7)] || ' ' ||
                 (array['Trading','Electronics','Foods','Textiles','Machinery','Books'])[1 + pg_temp.pick(i, 2, 6)] || ' ' || i || ' Ltd.'
            else (array['上海','深圳','杭州','广州','苏州','宁波','青岛','天津','北京','佛山'])[1 + pg_temp.pick(i, 1, 10)] ||
                 (array['华远','中联','顺达','宏图','东方','远洋','天成','明珠','锦绣','恒通','金桥'])[1 + pg_temp.pick(i, 2, 11)] ||
                 (array['电子商务','钢铁贸易','纺织','食品','机械制造','家具','杂货贸易','医药'])[1 + pg_temp.pick(i, 3, 8)] || i || '有限公司' end,
       s.stage::"CustomerLifecycle",
       case when s.stage in ('ACTIVE', 'DORMANT', 'LOST')
            then (case when pg_temp.pick(i, 5, 100) < 20 then 'A' when pg_temp.pick(i, 5, 100) < 60 then 'B'
                       when pg_temp.pick(i, 5, 100) < 90 then 'C' else 'D' end)::"CustomerGrade" end,
       case when s.stage in ('ACTIVE', 'DORMANT', 'LOST') then pg_temp.present() - interval '1 day' * pg_temp.pick(i, 6, 300) end,
       (case when pg_temp.pick(i, 7, 12) = 0 then 'LEASING' else 'LOGISTICS' end)::"BusinessLine",
       (array['E-COMMERCE','MANUFACTURING','TRADING','OTHER'])[1 + pg_temp.pick(i, 8, 4)],
       (array['E-COMMERCE','STEEL','TEXTILES','FOOD','MACHINERY','FURNITURE','GENERAL_CARGO','MEDICINE'])[1 + pg_temp.pick(i, 3, 8)],
       a.id, o.id, case when pg_temp.pick(i, 5, 100) < 20 then o.id else k.id end,
       (array['王经理','李主管','张总','刘女士','陈先生','Ms Yang','Mr Zhao'])[1 + pg_temp.pick(i, 9, 7)],
       '0' || (20 + pg_temp.pick(i, 10, 10)) || '-' || (50000000 + i), '工业园路 ' || i || ' 号', '干线运输、仓储与次日达 / line haul, storage, next day',
       'contact' || i || '@customer.example', '生产与销售', '主营产品 ' || i,
       (array['INTERNET','SALES_RESEARCH','TRANSACTION_RECORDS','OTHER'])[1 + pg_temp.pick(i, 11, 4)]::"InfoSource",
       pg_temp.present() - interval '1 day' * (2 + pg_temp.pick(i, 12, 60)),
       case when s.stage in ('ACTIVE', 'DORMANT', 'LOST') then pg_temp.present() - interval '1 day' * (30 + pg_temp.pick(i, 13, 900)) end,
       pg_temp.present() - interval '1 day' * pg_temp.pick(i, 14, 110),
       100000 * (1 + pg_temp.pick(i, 15, 20)), (array[15, 30, 45, 60])[1 + pg_temp.pick(i, 16, 4)],
       pg_temp.present() - interval '1 day' * (30 + pg_temp.pick(i, 13, 900)), pg_temp.present() - interval '1 day' * pg_temp.pick(i, 14, 110)
from generate_series(13, pg_temp.size('customers')) i
cross join lateral (
  select case when pg_temp.pick(i, 4, 100) < 72 then 'ACTIVE' when pg_temp.pick(i, 4, 100) < 82 then 'DORMANT'
              when pg_temp.pick(i, 4, 100) < 86 then 'LOST' when pg_temp.pick(i, 4, 100) < 90 then 'TARGET'
              when pg_temp.pick(i, 4, 100) < 96 then 'LEAD' else 'QUALIFIED' end as stage) s
join seed_area a on a.n = 1 + i % a.of
join seed_person o on o.role = 'ACCOUNT_MANAGER_LOGISTICS' and o.n = 1 + pg_temp.pick(i, 17, o.of)
join employee k on k.subject = 'demo-marketing-clerk';

select setval('customer_number_seq', pg_temp.size('customers'));

insert into contact (id, customer_id, name, title, seniority, phone, mobile, email, is_key_person, created_at, updated_at)
select pg_temp.id('c1' || lpad(n::text, 2, '0'), i), pg_temp.id('c000', i),
       (array['王芳','李娜','张伟','刘洋','陈静','Amy Yang','Tom Zhao'])[1 + pg_temp.pick(i, 20 + n, 7)],
       (array['总经理','物流总监','物流经理','财务'])[n + pg_temp.pick(i, 22, 2)],
       (array['TOP_LEADER','DIRECTOR_OR_ABOVE','MIDDLE_SENIOR','STAFF'])[n + pg_temp.pick(i, 22, 2)]::"ContactSeniority",
       '021-' || (60000000 + i), '139' || lpad((i * 3 + n)::text, 8, '0'), 'c' || i || '-' || n || '@customer.example', n = 1,
       c.created_at, c.created_at
from generate_series(13, pg_temp.size('customers')) i
cross join generate_series(1, 3) n
join customer c on c.id = pg_temp.id('c000', i)
where n = 1 or pg_temp.pick(i, 21, 3) >= n - 1;

-- The best customers are key accounts; with those of the story they make the number that was asked for.
insert into key_account (id, customer_id, level, is_special, specialist_id, supervisor_id, service_model, priority_lane,
                         annual_revenue_target, promoted_at, created_at, updated_at)
select pg_temp.id('ca00', k.n), k.id, l.level::"KeyAccountLevel", l.level = 'A' and k.n <= 2, s.id, u.id,
       (array['STANDARD','CONSULTING','ON_SITE','DOOR_TO_DOOR'])[1 + pg_temp.pick(k.n, 31, 4)]::"ServiceModel", true,
       l.least + 100000 * pg_temp.pick(k.n, 32, 12), pg_temp.present() - interval '1 day' * (40 + pg_temp.pick(k.n, 33, 600)),
       pg_temp.present() - interval '40 days', pg_temp.present() - interval '40 days'
from (
  select c.id, (row_number() over (order by c.grade, c.id))::int as n
  from customer c where c.lifecycle = 'ACTIVE' and c.id >= pg_temp.id('c000', 13)
) k
cross join lateral (
  select case when pg_temp.pick(k.n, 30, 10) < 1 then 'A' when pg_temp.pick(k.n, 30, 10) < 4 then 'B'
              when pg_temp.pick(k.n, 30, 10) < 8 then 'C' else 'D' end as level,
         case when pg_temp.pick(k.n, 30, 10) < 1 then 5000000 when pg_temp.pick(k.n, 30, 10) < 4 then 2000000
              when pg_temp.pick(k.n, 30, 10) < 8 then 1000000 else 500000 end as least) l
join seed_person s on s.role = 'KA_SPECIALIST' and s.n = 1 + pg_temp.pick(k.n, 34, s.of)
join employee u on u.subject = 'demo-ka-supervisor'
where k.n <= pg_temp.size('accounts') - 3;

-- Owners of grade A files are dedicated to them (CUS-17), and so are the people of a key account (PRM-07).
insert into customer_assignment (id, customer_id, employee_id, dedicated, valid_from)
select pg_temp.id('b000', (row_number() over (order by d.customer_id, d.employee_id))::int), d.customer_id, d.employee_id, true,
       pg_temp.present() - interval '30 days'
from (
  select c.id as customer_id, c.owner_id as employee_id from customer c where c.grade = 'A' and c.id >= pg_temp.id('c000', 13)
  union
  select k.customer_id, unnest(array[k.specialist_id, k.supervisor_id]) from key_account k where k.customer_id >= pg_temp.id('c000', 13)
) d;

-- Calls of a year: most weeks have what the cadence asks for, some accounts are neglected.
insert into contact_log (id, customer_id, employee_id, channel, outcome, at, content, created_at)
select pg_temp.id('1c00', (row_number() over (order by k.customer_id, w, n))::int), k.customer_id, k.specialist_id,
       (case when pg_temp.pick(x.seed, 42, 10) = 0 then 'EMAIL' else 'PHONE' end)::"ContactChannel",
       (case when pg_temp.pick(x.seed, 43, 12) = 0 then 'NOT_REACHED' else 'REACHED' end)::"ContactOutcome",
       x.at, '例行联络：货量、时效与需求 / volumes, transit times, needs', x.at
from (select k.*, (row_number() over (order by k.customer_id))::int as nth from key_account k) k
cross join generate_series(0, 51) w
cross join generate_series(1, 3) n
cross join lateral (
  select k.nth * 1000 + w * 10 + n as seed,
         pg_temp.present() - interval '1 week' * w - interval '1 minute' * (60 + pg_temp.pick(k.nth * 1000 + w * 10 + n, 41, 7000)) as at) x
where k.specialist_id is not null and x.at >= k.promoted_at
  and pg_temp.pick(x.seed, 40, 100) < case when k.nth % 7 = 0 then 35 else 78 end;

-- Shipments: more in November, few around the Spring Festival; each tenth customer shrinks, each eighth grows.
insert into shipment (id, customer_id, shipment_number, order_number, mode, goods, ordered_at, accepted_at, promised_at, delivered_at,
                      counted_at, lost, damaged, quantity, weight_kg, revenue, freight, goods_value, origin, destination, created_at, updated_at)
select pg_temp.id('5000', i), x.customer_id, 'W' || lpad((i - pg_temp.pick(i, 50, 2))::text, 9, '0'), 'O' || lpad((i / 3)::text, 9, '0'),
       (array['ROAD','ROAD','EXPRESS','EXPRESS','AIR','RAIL','OCEAN'])[1 + pg_temp.pick(i, 51, 7)]::"ShipmentMode",
       (array['日用百货','钢材','服装','食品','机械配件','图书','药品'])[1 + pg_temp.pick(i, 52, 7)],
       x.accepted - interval '1 minute' * (30 + pg_temp.pick(i, 53, 600)), x.accepted, x.accepted + x.transit,
       case when x.delivered < pg_temp.present() and pg_temp.pick(i, 57, 1000) > 1 then x.delivered end, x.accepted,
       pg_temp.pick(i, 57, 1000) <= 1, pg_temp.pick(i, 58, 1000) < 4,
       1 + pg_temp.pick(i, 59, 40), round((5 + pg_temp.share(i, 60) * pg_temp.share(i, 61) * 4000)::numeric, 3),
       round((80 + pg_temp.share(i, 60) * pg_temp.share(i, 61) * 9000)::numeric, 2), round((50 + pg_temp.share(i, 60) * pg_temp.share(i, 61) * 6000)::numeric, 2),
       round((500 + pg_temp.share(i, 62) * 80000)::numeric, 2),
       (array['上海','深圳','广州','天津'])[1 + pg_temp.pick(i, 63, 4)], (array['成都','武汉','西安','沈阳','昆明','Harbin'])[1 + pg_temp.pick(i, 64, 6)],
       x.accepted, x.accepted
from (
  select i, pg_temp.id('c000', nth) as customer_id, accepted, transit,
         accepted + transit * case when pg_temp.pick(i, 55, 100) < 93 then 0.4 + 0.6 * pg_temp.share(i, 56) else 1.02 + pg_temp.share(i, 56) end as delivered
  from (
    select i, nth, interval '1 hour' * (24 + 24 * pg_temp.pick(i, 54, 5)) as transit,
           date_trunc('second', pg_temp.present() - interval '1 hour' - interval '365 days' * age
             + interval '1 second' * pg_temp.pick(i, 49, 3600)) as accepted
    from (
      select i,
             -- The first customers send most: a fifth of them sends more than half.
             1 + floor(pg_temp.size('customers') * pg_temp.share(i, 46) * pg_temp.share(i, 47))::int as nth,
             case pg_temp.pick(i, 48, 8) when 0 then 0.0 + 0.06 * pg_temp.share(i, 45) else pg_temp.share(i, 45) end as age
      from generate_series(1, pg_temp.size('shipments')) i
    ) drawn
    -- Some customers have almost ceased to send, others have only begun.
    where not (nth % 10 = 4 and age < 0.15 and pg_temp.pick(i, 44, 10) < 8) and not (nth % 8 = 5 and age > 0.5 and pg_temp.pick(i, 44, 10) < 7)
  ) dated
) x
join customer c on c.id = x.customer_id and c.lifecycle in ('ACTIVE', 'DORMANT', 'LOST');

-- Working days of the desk that answers questions: 08:00 to 17:30, Monday to Friday (rulebook section 6).
create temp table seed_day on commit drop as
select d.day, d.working, (count(*) filter (where d.working) over (order by d.day))::int as n,
       (d.day + time '08:00') at time zone current_setting('seed.zone') as opens
from (
  select g::date as day, extract(isodow from g) < 6 as working
  from generate_series((pg_temp.present() - interval '400 days')::date, (pg_temp.present() + interval '30 days')::date, interval '1 day') g
) d;

create temp table seed_ticket on commit drop as
select t.i, t.opened, t.category, t.severity, t.customer_id, c.area_id, k.id as key_account_id, k.specialist_id, c.owner_id,
       case when k.id is not null or c.grade = 'A' then 0.5 else 1.0 end as factor,
       case when s.working and l.at < time '17:30' then s.n else s.n + 1 end as first_day,
       case when s.working and l.at < time '17:30' then greatest(l.at - time '08:00', interval '0') else interval '0' end as spent
from (
  select i, opened, customer_id,
         (case when pg_temp.pick(i, 71, 10) < 3 then 'COMPLAINT' when pg_temp.pick(i, 71, 10) < 7 then 'INQUIRY' else 'SHIPMENT_QUERY' end) as category,
         (case when pg_temp.pick(i, 71, 10) < 3 and pg_temp.pick(i, 72, 12) = 0 then 'SERIOUS' else 'GENERAL' end) as severity
  from (
    -- Customers of the story have no others: a third complaint in a month would make theirs serious (TIC-20).
    select i, pg_temp.id('c000', 13 + floor((pg_temp.size('customers') - 12) * pg_temp.share(i, 73) * pg_temp.share(i, 74))::int) as customer_id,
           date_trunc('second', pg_temp.present() - interval '4 hours' - interval '360 days' * (i::double precision / pg_temp.size('tickets'))
             - interval '1 second' * pg_temp.pick(i, 70, 3600)) as opened
    from generate_series(1, pg_temp.size('tickets')) i
  ) drawn
) t
join customer c on c.id = t.customer_id
left join key_account k on k.customer_id = c.id and k.ended_at is null
cross join lateral (
  select (t.opened at time zone current_setting('seed.zone'))::date as day, (t.opened at time zone current_setting('seed.zone'))::time as at) l
join seed_day s on s.day = l.day;

-- Limits as the service levels promise them: complaints by the clock on the wall, questions in business hours.
create temp table seed_limits on commit drop as
select t.*,
       case when category = 'COMPLAINT' then opened + factor * case severity when 'SERIOUS' then interval '15 minutes' else interval '30 minutes' end end as acknowledge_due,
       case when category = 'COMPLAINT' then opened + factor * case severity when 'SERIOUS' then interval '8 hours' else interval '24 hours' end
            else fd.opens + (spent + factor * interval '2 hours' - (fd.n - first_day) * interval '9 hours 30 minutes') end as answer_due,
       case when category = 'COMPLAINT' then opened + factor * case severity when 'SERIOUS' then interval '48 hours' else interval '72 hours' end
            else rd.opens + (spent + factor * interval '9 hours 30 minutes' - (rd.n - first_day) * interval '9 hours 30 minutes') end as due
from seed_ticket t
join seed_day fd on fd.working and fd.n = t.first_day + ceil(extract(epoch from t.spent + t.factor * interval '2 hours') / 34200)::int - 1
join seed_day rd on rd.working and rd.n = t.first_day + ceil(extract(epoch from t.spent + t.factor * interval '9 hours 30 minutes') / 34200)::int - 1;

drop table seed_ticket;

-- How each ticket went. What lies in the future has not happened yet.
create temp table seed_course on commit drop as
select x.*,
       case when category <> 'COMPLAINT' then resolved + interval '1 hour'
            else resolved + interval '3 days' + interval '1 minute' * pg_temp.pick(i, 85, 600) end as closed,
       case when pg_temp.pick(i, 86, 100) < 84 then 'SATISFIED' when pg_temp.pick(i, 86, 100) < 94 or opened < pg_temp.present() - interval '12 days'
                 then 'UNREACHABLE' else 'NOT_SATISFIED' end as answer
from (
  select l.*,
         opened + (acknowledge_due - opened) * (0.1 + pg_temp.share(i, 80) * case when pg_temp.pick(i, 81, 20) = 0 then 2 else 0.8 end) as acknowledged,
         opened + (answer_due - opened) * (0.1 + pg_temp.share(i, 82) * case when pg_temp.pick(i, 81, 12) = 0 then 1.6 else 0.85 end) as answered,
         opened + (due - opened) * case when pg_temp.pick(i, 83, 100) < 89 then 0.3 + 0.65 * pg_temp.share(i, 84) else 1.02 + pg_temp.share(i, 84) end as resolved
  from seed_limits l
) x;

drop table seed_limits;

-- A question is answered before it is settled, and a plan is made before a complaint is.
update seed_course set answered = least(answered, opened + (resolved - opened) * 0.8), acknowledged = greatest(opened + interval '90 seconds', least(acknowledged, opened + (resolved - opened) * 0.5));

insert into ticket (id, number, category, status, priority, severity, subject, content, channel, topic, customer_id, key_account_id, area_id,
                    team_id, assignee_id, opened_by_id, caller_name, caller_phone, callback_phone, claim_amount, loss_or_damage,
                    opened_at, registered_at, cycle_started_at, acknowledged_at, promise, first_responded_at, plan_proposed_at, plan, plan_decided_at,
                    last_progress_notice_at, resolved_at, closed_at, acknowledge_due_at, first_response_due_at, first_response_warn_at,
                    resolution_due_at, resolution_warn_at, sla_policy_id, liability, responsible_department_id, root_cause, resolution, lesson,
                    notice_channel, written_notice_sent_at, respect_contact_at, respect_contact_by_id, satisfaction, escalation_level,
                    lookup_source, lookup_result, lookup_answered_at, routing_rule, routing_choice, routed_at, created_at, updated_at)
select pg_temp.id('1000', i), 'T' || lpad(i::text, 9, '0'), category::"TicketCategory", status::"TicketStatus",
       (case when severity = 'SERIOUS' then 'URGENT' when key_account_id is not null then 'HIGH' else 'NORMAL' end)::"TicketPriority", severity::"TicketSeverity",
       case category when 'COMPLAINT' then (array['货物延误 / late delivery','外包装破损 / damaged box','司机态度差 / rude driver','账单多收 / overcharged','错送地址 / wrong address'])[1 + pg_temp.pick(i, 90, 5)]
                     when 'INQUIRY' then (array['时效咨询 / transit time','报价咨询 / price','网点覆盖 / coverage','如何下单 / how to order'])[1 + pg_temp.pick(i, 90, 4)]
                     else '运单查询 W' || lpad((1 + pg_temp.pick(i, 91, pg_temp.size('shipments')))::text, 9, '0') end,
       '客户来电说明情况，请尽快处理。/ The customer asks us to look into it.',
       (array['PHONE','PHONE','ONLINE','EMAIL'])[1 + pg_temp.pick(i, 92, 4)]::"TicketChannel",
       case when category = 'INQUIRY' then (array['TRANSIT_TIME','PRICE','COVERAGE','ORDERING'])[1 + pg_temp.pick(i, 90, 4)]::"InquiryTopic" end,
       customer_id, key_account_id, area_id, x.team_id, case when status <> 'RECEIVED' then handler_id end, handler_id,
       '王经理', '139' || lpad(i::text, 8, '0'), '139' || lpad(i::text, 8, '0'),
       case when category = 'COMPLAINT' and pg_temp.pick(i, 93, 3) = 0 then round((100 + pg_temp.share(i, 94) * case severity when 'SERIOUS' then 30000 else 9000 end)::numeric, 2) end,
       category = 'COMPLAINT' and pg_temp.pick(i, 90, 5) = 1,
       opened, opened + interval '1 minute', opened,
       case when category = 'COMPLAINT' and status <> 'RECEIVED' then acknowledged end,
       case when category = 'COMPLAINT' and status <> 'RECEIVED' then '24 小时内答复' end,
       case when status not in ('RECEIVED', 'ACKNOWLEDGED') and (category <> 'COMPLAINT' or planned) and answered <= pg_temp.present() then answered end,
       case when planned then answered end, case when planned then '赔付并回访 / compensate and call back' end,
       case when planned and severity = 'SERIOUS' then answered + interval '30 minutes' end,
       case when planned then answered end,
       case when settled then resolved end, case when status = 'CLOSED' then closed end,
       acknowledge_due, answer_due, opened + (answer_due - opened) * 0.8, due, opened + (due - opened) * 0.8,
       (case category when 'INQUIRY' then '01900000-0000-7000-8000-000000000011' when 'SHIPMENT_QUERY' then '01900000-0000-7000-8000-000000000012'
             else case severity when 'GENERAL' then '01900000-0000-7000-8000-000000000013' else '01900000-0000-7000-8000-000000000014' end end)::uuid,
       case when planned then 'COMPANY'::"Liability" end, case when planned then d.id end,
       case when settled and category = 'COMPLAINT'
            then (array['DELAY','DAMAGE','STAFF_ATTITUDE','BILLING','WRONG_DELIVERY'])[1 + pg_temp.pick(i, 90, 5)]::"RootCause" end,
       case when settled then '已按方案处理并书面告知 / settled and told in writing' end,
       case when status = 'CLOSED' and category = 'COMPLAINT' then '加强交接检查 / check at handover' end,
       case when settled and category = 'COMPLAINT' then 'WRITTEN'::"NoticeChannel" end,
       case when settled and category = 'COMPLAINT' then resolved end,
       case when status = 'CLOSED' and category = 'COMPLAINT' then resolved + interval '1 hour' end,
       case when status = 'CLOSED' and category = 'COMPLAINT' then h.id end,
       case when status = 'CLOSED' and category = 'COMPLAINT' then answer::"FollowUpResult" end,
       (case when status <> 'CLOSED' then null when resolved > due + interval '48 hours' and category = 'COMPLAINT' then 'L4'
             when resolved > due + interval '24 hours' and category = 'COMPLAINT' then 'L3' when resolved > due then 'L2'
             when resolved > opened + (due - opened) * 0.8 then 'L1' end)::"EscalationLevel",
       case when settled and category = 'SHIPMENT_QUERY' then 'INTERNAL'::"LookupSource" end,
       case when settled and category = 'SHIPMENT_QUERY' then '运输途中 / on its way' end,
       case when settled and category = 'SHIPMENT_QUERY' then answered end,
       (case when key_account_id is not null then 'KEY_ACCOUNT' else 'SERVICE' end)::"RoutingRule", 'ONLY_TEAM'::"TeamChoice", opened + interval '1 minute',
       opened + interval '1 minute', greatest(opened + interval '1 minute', least(pg_temp.present(), closed))
from (
  select c.*, p.id as handler_id, p.team_id, resolved <= pg_temp.present() as settled,
         case when category = 'COMPLAINT' then case when closed <= pg_temp.present() and answer <> 'NOT_SATISFIED' then 'CLOSED'
                                                    when resolved <= pg_temp.present() then 'RESOLVED'
                                                    when answered + interval '30 minutes' <= pg_temp.present() then 'IMPLEMENTING'
                                                    when acknowledged <= pg_temp.present() then 'ACKNOWLEDGED' else 'RECEIVED' end
              else case when closed <= pg_temp.present() then 'CLOSED' when resolved <= pg_temp.present() then 'ANSWERED'
                        when answered <= pg_temp.present() then 'IN_PROGRESS' else 'RECEIVED' end end as status,
         category = 'COMPLAINT' and answered + interval '30 minutes' <= pg_temp.present() as planned
  from seed_course c
  join seed_person p on p.role = case when c.key_account_id is not null then 'KA_SPECIALIST'::"Role" else 'CS_AGENT'::"Role" end
    and p.n = 1 + pg_temp.pick(c.i, 95, p.of)
) x
join department d on d.code = 'OPERATIONS'
join employee h on h.subject = 'demo-head';

select setval('ticket_number_seq', pg_temp.size('tickets'));

insert into ticket_sla_term (id, ticket_id, cycle, "from", sla_policy_id, calendar_id, factor, pauses, at_risk_share)
select pg_temp.id('7e00', c.i), t.id, 0, t.opened_at, t.sla_policy_id, k.id, c.factor, false, 0.8
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i)
join sla_policy p on p.id = t.sla_policy_id join business_calendar k on k.code = p.calendar_code and k.revision = 1;

-- What happened to each, step by step; big companies keep the first and the last steps only.
insert into ticket_history (id, ticket_id, at, actor_id, action, "from", "to")
select pg_temp.id('4' || lpad(s.step::text, 3, '0'), c.i), t.id, s.at, case when s.step = 1 then t.opened_by_id else coalesce(t.assignee_id, t.opened_by_id) end,
       s.action, s.before::"TicketStatus", s.after::"TicketStatus"
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i)
cross join lateral (values
  (1, 'OPEN', null, 'RECEIVED', t.registered_at, true, true),
  (2, 'ACKNOWLEDGE', 'RECEIVED', 'ACKNOWLEDGED', t.acknowledged_at, t.category = 'COMPLAINT', false),
  (3, 'INVESTIGATE', 'ACKNOWLEDGED', 'INVESTIGATING', t.acknowledged_at + (t.plan_proposed_at - t.acknowledged_at) * 0.3, t.category = 'COMPLAINT', false),
  (4, 'SET_RESPONSIBILITY', 'INVESTIGATING', 'RESPONSIBILITY_SET', t.acknowledged_at + (t.plan_proposed_at - t.acknowledged_at) * 0.7, t.category = 'COMPLAINT', false),
  (5, 'PROPOSE_PLAN', 'RESPONSIBILITY_SET', 'PLAN_PROPOSED', t.plan_proposed_at, t.category = 'COMPLAINT', false),
  (6, 'APPROVE_PLAN', 'PLAN_PROPOSED', 'PLAN_APPROVED', t.plan_decided_at, t.category = 'COMPLAINT', false),
  (7, 'IMPLEMENT', case t.severity when 'SERIOUS' then 'PLAN_APPROVED' else 'PLAN_PROPOSED' end, 'IMPLEMENTING', t.plan_proposed_at + interval '30 minutes', t.category = 'COMPLAINT', false),
  (8, 'INVESTIGATE', 'RECEIVED', 'IN_PROGRESS', t.first_responded_at, t.category <> 'COMPLAINT', false),
  (9, 'RESOLVE', case t.category when 'COMPLAINT' then 'IMPLEMENTING' else 'IN_PROGRESS' end, case t.category when 'COMPLAINT' then 'RESOLVED' else 'ANSWERED' end,
   t.resolved_at, true, true),
  (10, 'FOLLOW_UP', 'RESOLVED', 'FOLLOW_UP', t.closed_at - interval '1 minute', t.category = 'COMPLAINT', false),
  (11, 'CLOSE', case t.category when 'COMPLAINT' then 'FOLLOW_UP' else 'ANSWERED' end, 'CLOSED', t.closed_at, true, true)
) as s(step, action, before, after, at, applies, brief)
where s.applies and s.at is not null and (s.brief or current_setting('seed.detail') = 'full');

insert into complaint_point (id, ticket_id, number, text, answer)
select pg_temp.id('cf00', c.i), t.id, 1, t.content, t.resolution
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i) where t.category = 'COMPLAINT';

insert into follow_up (id, ticket_id, cycle, attempt, at, actor_id, result)
select pg_temp.id('f' || lpad(n::text, 3, '0'), c.i), t.id, 0, n, t.closed_at - interval '1 minute' - interval '1 day' * (tries.n_max - n), t.opened_by_id, t.satisfaction
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i)
cross join lateral (select case t.satisfaction when 'UNREACHABLE' then 3 else 1 end as n_max) tries
cross join lateral generate_series(1, tries.n_max) n
where t.category = 'COMPLAINT' and t.status = 'CLOSED';

insert into ticket_reply (id, ticket_id, cycle, at, actor_id, from_customer, is_progress, body)
select pg_temp.id('4e00', c.i), t.id, 0, t.first_responded_at, t.assignee_id, false, false, '已受理，答复如下。/ Here is our answer.'
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i)
where t.first_responded_at is not null and t.category <> 'COMPLAINT';

-- Rungs that closed tickets had reached; those of open ones are raised by the sweep.
insert into escalation (id, ticket_id, cycle, level, reason, limit_kind, raised_at, acknowledged_by_id, acknowledged_at)
select pg_temp.id('ec0' || r.rung, c.i), t.id, 0, r.level::"EscalationLevel", r.reason::"EscalationReason", 'RESOLUTION', r.at, s.id, r.at + interval '20 minutes'
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i)
cross join lateral (values
  (1, 'L1', 'LIMIT_AT_RISK', t.resolution_warn_at), (2, 'L2', 'LIMIT_OVERDUE', t.resolution_due_at),
  (3, 'L3', 'RESOLUTION_OVERDUE_24H', case when t.category = 'COMPLAINT' then t.resolution_due_at + interval '24 hours' end),
  (4, 'L4', 'RESOLUTION_OVERDUE_48H', case when t.category = 'COMPLAINT' then t.resolution_due_at + interval '48 hours' end)
) as r(rung, level, reason, at)
join employee s on s.subject = 'demo-cs-supervisor'
where t.status = 'CLOSED' and t.resolved_at > r.at;

insert into access_grant (id, customer_id, requester_id, reason, state, requested_at, decided_by_id, decided_at, decision_reason, valid_until)
select pg_temp.id('9000', n), c.id, e.id, '联合投标需要 / a joint tender', s.state::"AccessGrantState", s.at,
       case when s.state <> 'REQUESTED' then h.id end, case when s.state <> 'REQUESTED' then s.at + interval '3 hours' end,
       case when s.state <> 'REQUESTED' then '同意范围内使用 / for this purpose' end,
       case when s.state in ('APPROVED', 'EXPIRED') then s.at + interval '30 days' end
from (select id, (row_number() over (order by id))::int as n from customer where grade in ('B', 'C') and id >= pg_temp.id('c000', 13)) c
cross join lateral (
  select (array['REQUESTED','APPROVED','REFUSED','EXPIRED'])[1 + c.n % 4] as state,
         pg_temp.present() - case c.n % 4 when 3 then interval '60 days' else interval '1 day' * (1 + c.n % 9) end as at) s
join employee e on e.subject = 'demo-operations'
join employee h on h.subject = 'demo-head'
where c.n <= 12;

insert into kpi_target (id, key, dimension_kind, dimension_id, period, value, tolerance, set_by_id, set_at)
select pg_temp.id('6000', (row_number() over (order by p.period, k.key))::int), k.key, 'COMPANY', null, p.period, k.value, k.tolerance, h.id, pg_temp.present() - interval '300 days'
from (
  select to_char(m, 'YYYY-MM') as period
  from generate_series(date_trunc('year', pg_temp.present() at time zone current_setting('seed.zone')),
                       date_trunc('year', pg_temp.present() at time zone current_setting('seed.zone')) + interval '11 months', interval '1 month') m
  union select to_char(pg_temp.present() at time zone current_setting('seed.zone'), 'YYYY')
) p
cross join (values ('KPI_37', 90, 3), ('KPI_36', 85, 5), ('KPI_34', 92, 3), ('KPI_32', 88, 4), ('KPI_75', 95, 1), ('KPI_69', 90, 5)) as k(key, value, tolerance)
join employee h on h.subject = 'demo-head';

-- This year's budget, two thirds spent.
insert into budget (id, year, department_id, state, drafted_by_id, writer_ids, submitted_at, approved_at, created_at, updated_at)
select pg_temp.id('bd00', 1), extract(year from pg_temp.present() at time zone current_setting('seed.zone'))::int, d.id, 'ACTIVE', s.id, array[s.id],
       pg_temp.present() - interval '320 days', pg_temp.present() - interval '310 days', pg_temp.present() - interval '330 days', pg_temp.present() - interval '3 days'
from department d join employee s on s.subject = 'demo-sales-supervisor' where d.code = 'MARKETING';

insert into budget_line (id, budget_id, number, category, item, scope, standard, amount, justification, committed, paid)
select pg_temp.id('b100', l.n), pg_temp.id('bd00', 1), l.n, l.category::"BudgetCategory", l.item, '全年 / the year', l.standard, l.amount, '年度计划 / annual plan',
       round(l.amount * 0.06, 2), round(l.amount * l.spent, 2)
from (values
  (1, 'MARKET_EXPANSION', '客户拓展差旅 / travel', 3000.00, 240000.00, 0.71), (2, 'CUSTOMER_SERVICE', '客服热线 / hotline', null, 180000.00, 0.64),
  (3, 'DATA_ANALYSIS', '数据平台 / data platform', null, 120000.00, 0.82), (4, 'PROMOTION', '展会与广告 / fairs and adverts', 20000.00, 360000.00, 0.93),
  (5, 'TRAINING', '员工培训 / training', 5000.00, 90000.00, 0.38), (6, 'OTHER', '其他 / other', 1000.00, 60000.00, 0.41)
) as l(n, category, item, standard, amount, spent);

-- What the sweep watches beside the limits of open tickets: return calls, ends of grants, this week's contacts.
insert into obligation (id, kind, subject_id, period, owner_id, starts_at, due_at, next_at, state, step)
select pg_temp.id('0b01', c.i), 'TICKET_FOLLOW_UP', t.id, '0', t.assignee_id, t.resolved_at, t.resolved_at + interval '3 days',
       t.resolved_at + interval '3 days', 'OPEN'::"ObligationState", 0
from seed_course c join ticket t on t.id = pg_temp.id('1000', c.i) where t.category = 'COMPLAINT' and t.status = 'RESOLVED'
union all
select pg_temp.id('0b02', (row_number() over (order by g.id))::int), 'ACCESS_GRANT_EXPIRY', g.id, 'validity', g.requester_id, g.decided_at,
       g.valid_until, g.valid_until, 'OPEN'::"ObligationState", 0
from access_grant g where g.state = 'APPROVED'
union all
select pg_temp.id('0b03', (row_number() over (order by k.id))::int), 'KEY_ACCOUNT_CONTACT', k.id, w.key, null, w.starts, w.starts + interval '7 days',
       w.starts, 'OPEN'::"ObligationState", 0
from key_account k
cross join lateral (
  select date_trunc('week', pg_temp.present() at time zone current_setting('seed.zone')) at time zone current_setting('seed.zone') as starts,
         to_char(pg_temp.present() at time zone current_setting('seed.zone'), 'IYYY"-W"IW') as key) w
where k.promoted_at <= w.starts;
