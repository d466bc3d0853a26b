import {
  CUSTOMER_COLUMN,
  type ExportColumn,
  type ExportEntity,
  fromField,
  joinCustomer,
  whereFull,
} from '../exports/entity.ts';
import { type Text, text } from '../lib/text.ts';
import { sql } from '../platform/sql.ts';
import { CONTACT_LOG_FIELDS, contactLogList } from './queries/contact-logs.ts';
import { KEY_ACCOUNT_FIELDS, keyAccountList } from './queries/key-accounts.ts';

function account(code: keyof typeof KEY_ACCOUNT_FIELDS, heading: Text): ExportColumn {
  return fromField(KEY_ACCOUNT_FIELDS, code, heading);
}

export const keyAccountExport: ExportEntity = {
  list: 'keyAccounts',
  entity: 'KeyAccount',
  title: text('Key accounts', '大客户'),
  source: keyAccountList,
  joins: joinCustomer(sql`k.customer_id`),
  customerId: sql`k.customer_id`,
  columns: [
    CUSTOMER_COLUMN,
    account('level', text('Level', '级别')),
    account('isActive', text('Active', '有效')),
    account('isSpecial', text('Special account', '特殊大客户')),
    account('specialist', text('Specialist', '大客户专员')),
    account('supervisor', text('Supervisor', '大客户主管')),
    account('serviceModel', text('Service model', '服务模式')),
    account('priorityLane', text('Priority lane', '绿色通道')),
    account('hours24', text('24-hour service', '24 小时服务')),
    {
      code: 'partnershipStatus',
      heading: text('Partnership', '合作状况'),
      type: 'text',
      sql: sql`k.partnership_status`,
      readable: whereFull,
      identifies: true,
    },
    account('annualRevenueTarget', text('Annual revenue target', '年度收入目标')),
    account('promotedAt', text('Key account since', '成为大客户时间')),
    account('endedAt', text('Ended at', '终止时间')),
  ],
};

function log(code: keyof typeof CONTACT_LOG_FIELDS, heading: Text): ExportColumn {
  return fromField(CONTACT_LOG_FIELDS, code, heading);
}

/** Contact logs are content of the file, like the contacts that they were held with. */
export const contactLogExport: ExportEntity = {
  list: 'contactLogs',
  entity: 'ContactLog',
  title: text('Contact logs', '联络记录'),
  source: contactLogList,
  joins: sql`${joinCustomer(sql`l.customer_id`)} left join contact xp on xp.id = l.contact_id
    left join employee xe on xe.id = l.employee_id`,
  customerId: sql`l.customer_id`,
  file: { grade: sql`c.grade`, part: 'contacts' },
  columns: [
    CUSTOMER_COLUMN,
    {
      code: 'contact',
      heading: text('Contact', '联系人'),
      type: 'text',
      sql: sql`xp.name`,
      identifies: true,
    },
    {
      code: 'customerNumber',
      heading: text('Customer number', '客户编号'),
      type: 'text',
      sql: sql`xc.number`,
      identifies: true,
    },
    log('employee', text('Employee', '员工')),
    {
      code: 'employeeNumber',
      heading: text("Employee's number", '员工工号'),
      type: 'text',
      sql: sql`xe.number`,
    },
    log('channel', text('Channel', '方式')),
    log('outcome', text('Outcome', '结果')),
    log('at', text('At', '时间')),
    { ...log('content', text('Content', '内容')), identifies: true },
    log('followUp', text('Return call', '回访')),
    log('createdAt', text('Recorded at', '记录时间')),
    {
      code: 'source',
      heading: text('Source', '来源系统'),
      type: 'text',
      sql: sql`coalesce(l.source, 'switchyard')`,
    },
    {
      code: 'externalId',
      heading: text('Id at the source', '来源编号'),
      type: 'text',
      sql: sql`coalesce(l.external_id, l.id::text)`,
    },
  ],
};
