-- Customers as a forwarder has them, the same on every run: the number comes from the session's setting bench.customers,
-- everything else follows from row numbers through a stable hash.

create function pg_temp.pick(i int, salt int, n int) returns int language sql immutable as
  $$ select (((hashint4extended(i, salt) % n) + n) % n)::int $$;

create function pg_temp.id(kind text, i int) returns uuid language sql immutable as
  $$ select ('0190' || kind || '-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$;

insert into department (id, code, name, name_en) values (pg_temp.id('d000', 1), 'CS', '客户服务部', 'Customer service');

-- 100 people: 1 is the supervisor who asks, the others are account managers, of whom 2 asks.
insert into employee (id, number, subject, name, name_en, department_id, hired_on)
select pg_temp.id('e000', i), 'E' || i,
       case i when 1 then 'bench-cs-supervisor' when 2 then 'bench-account-manager' else 'bench-' || i end,
       '员工' || i, 'Employee ' || i, pg_temp.id('d000', 1), date '2020-01-01'
from generate_series(1, 100) i;

insert into role_assignment (id, employee_id, role, department_id, valid_from)
select pg_temp.id('f000', i), pg_temp.id('e000', i),
       (case i when 1 then 'CS_SUPERVISOR' else 'ACCOUNT_MANAGER_LOGISTICS' end)::"Role", pg_temp.id('d000', 1),
       timestamptz '2020-01-01Z'
from generate_series(1, 100) i;

-- A tenth is grade A. Four in five have a Chinese name, of a place, a word of two characters, a trade and a form.
insert into customer (id, number, name, lifecycle, grade, graded_at, owner_id, contact_person, phone, created_at, updated_at)
select pg_temp.id('c000', i), 'C' || lpad(i::text, 6, '0'),
       case when i % 5 = 0 then
         (array['Harbour', 'Pacific', 'Golden', 'Eastern', 'Union', 'Silver', 'Northern', 'Grand', 'Blue', 'Summit', 'Delta',
                'Crown', 'Royal', 'Maple', 'Falcon', 'Orchid', 'Jade', 'Lotus', 'Phoenix', 'Dragon'])[1 + pg_temp.pick(i, 1, 20)] || ' ' ||
         (array['Star', 'Gate', 'Bridge', 'River', 'Ocean', 'Field', 'Stone', 'Wing', 'Light', 'Valley', 'Point', 'Crest', 'Wave',
                'Forest', 'Island', 'Tower', 'Spring', 'Horizon', 'Anchor', 'Compass'])[1 + pg_temp.pick(i, 2, 20)] || ' ' ||
         (array['Freight', 'Logistics', 'Trading', 'Electronics', 'Textiles', 'Machinery', 'Foods', 'Chemicals'])[1 + pg_temp.pick(i, 3, 8)] ||
         (array[' Co., Ltd.', ' Ltd.', ' Inc.', ' (China) Ltd.'])[1 + pg_temp.pick(i, 4, 4)]
       else
         (array['上海', '北京', '深圳', '广州', '杭州', '宁波', '苏州', '青岛', '天津', '厦门', '南京', '武汉', '成都', '重庆', '大连',
                '无锡', '东莞', '佛山', '义乌', '温州'])[1 + pg_temp.pick(i, 1, 20)] ||
         substr('华远中联顺达宏图东方洋天成金海新世纪瑞丰泰和兴隆祥云鼎盛恒信德润嘉禾博雅明珠龙腾飞跃凯旋安邦立信康宁普惠', 1 + pg_temp.pick(i, 2, 53), 1) ||
         substr('华远中联顺达宏图东方洋天成金海新世纪瑞丰泰和兴隆祥云鼎盛恒信德润嘉禾博雅明珠龙腾飞跃凯旋安邦立信康宁普惠', 1 + pg_temp.pick(i, 3, 53), 1) ||
         (array['国际物流', '供应链管理', '进出口贸易', '电子科技', '纺织品', '机械制造', '食品', '化工', '国际货运代理', '医疗器械'])[1 + pg_temp.pick(i, 4, 10)] ||
         (array['有限公司', '有限公司', '股份有限公司', '集团有限公司'])[1 + pg_temp.pick(i, 5, 4)]
       end,
       'ACTIVE', (case pg_temp.pick(i, 6, 10) when 0 then 'A' when 1 then 'B' when 2 then 'C' else 'D' end)::"CustomerGrade",
       timestamptz '2024-01-01Z', pg_temp.id('e000', 2 + pg_temp.pick(i, 7, 99)), 'Contact ' || i, '021-' || (10000000 + i),
       timestamptz '2023-01-01Z', timestamptz '2024-01-01Z'
from generate_series(1, current_setting('bench.customers')::int) i;

-- The owner works for the customer, dedicated to every second one.
insert into customer_assignment (id, customer_id, employee_id, dedicated, valid_from)
select pg_temp.id('b000', i), pg_temp.id('c000', i), pg_temp.id('e000', 2 + pg_temp.pick(i, 7, 99)), i % 2 = 0,
       timestamptz '2024-09-01Z'
from generate_series(1, current_setting('bench.customers')::int) i;
