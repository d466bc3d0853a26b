-- Tickets of those customers, the newest a minute ago, and a message for every second one: what people wrote, put together
-- from pieces, with places and numbers that few share.
insert into ticket (id, number, category, status, priority, severity, subject, content, channel, customer_id, assignee_id,
                    opened_by_id, opened_at, registered_at, cycle_started_at, caller_name, shipment_number, created_at, updated_at)
select pg_temp.id('1000', i), 'T' || lpad(i::text, 7, '0'), 'INQUIRY', 'CLOSED', 'NORMAL', 'GENERAL',
       (array['货物破损', '运费咨询', '延误查询', '要求改派', '报关资料', 'Damaged cargo', 'Late delivery', 'Customs papers'])[1 + pg_temp.pick(i, 21, 8)]
         || ' ' || (array['上海', '北京', '深圳', '广州', '杭州', '宁波', '苏州', '青岛', '天津', '厦门'])[1 + pg_temp.pick(i, 22, 10)],
       (array['客户来电反映', '客户来信称', '经理转来：', '网上留言：', 'The customer writes: '])[1 + pg_temp.pick(i, 23, 5)]
         || (array['外包装压坏，里面的玻璃碎了', '木箱进水，机器生锈', '少了两箱，单上写十箱', '到了机场没有人提货', '司机态度不好，没有送上楼',
                   '海关要原产地证，请补寄', 'the pallet was left in the rain', 'two boxes are missing', '冷藏车温度过高，水果腐烂',
                   '发票抬头写错，要求重开'])[1 + pg_temp.pick(i, 24, 10)]
         || '，批号' || substr('甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥', 1 + pg_temp.pick(i, 25, 22), 1)
         || substr('天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳', 1 + pg_temp.pick(i, 26, 33), 1)
         || substr('云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光果珍李柰菜重芥姜', 1 + pg_temp.pick(i, 27, 33), 1)
         || pg_temp.pick(i, 28, 100000) || '，请尽快处理。',
       'PHONE', pg_temp.id('c000', 1 + pg_temp.pick(i, 29, current_setting('bench.customers')::int)),
       pg_temp.id('e000', 2 + pg_temp.pick(i, 30, 99)), pg_temp.id('e000', 2 + pg_temp.pick(i, 31, 99)),
       opened, opened, opened, '来电人' || i % 1000, 'W' || (100000000 + i), opened, opened
from (select i, now() - (current_setting('bench.tickets')::int - i + 1) * interval '1 minute' as opened
      from generate_series(1, current_setting('bench.tickets')::int) i) numbered;

insert into ticket_reply (id, ticket_id, cycle, at, actor_id, from_customer, body)
select pg_temp.id('2000', i), pg_temp.id('1000', i), 0, now(), pg_temp.id('e000', 2 + pg_temp.pick(i, 30, 99)), false,
       '已联系' || (array['仓库', '承运人', '海关', '司机', '保险公司'])[1 + pg_temp.pick(i, 32, 5)] || '，编号' || i || '，预计明日答复。'
from generate_series(1, current_setting('bench.tickets')::int, 2) i;
