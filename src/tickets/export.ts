import { CUSTOMER_COLUMN, type ExportEntity, fromField, joinCustomer } from '../exports/entity.ts';
import { type Text, text } from '../lib/text.ts';
import { type Sql, sql } from '../platform/sql.ts';
import { TICKET_FIELDS, ticketList } from './queries/tickets.ts';

function field(code: keyof typeof TICKET_FIELDS, heading: Text) {
  return fromField(TICKET_FIELDS, code, heading);
}

/** What the customer or the handler wrote: it may name anybody. */
function words(code: string, heading: Text, column: Sql) {
  return { code, heading, type: 'text', sql: column, identifies: true } as const;
}

export const ticketExport: ExportEntity = {
  list: 'tickets',
  entity: 'Ticket',
  title: text('Tickets', '工单'),
  source: (reader) => ticketList(reader),
  joins: joinCustomer(sql`t.customer_id`),
  customerId: sql`t.customer_id`,
  columns: [
    field('number', text('Ticket number', '工单编号')),
    field('category', text('Category', '类别')),
    field('status', text('Status', '状态')),
    field('priority', text('Priority', '优先级')),
    field('severity', text('Severity', '严重程度')),
    words('subject', text('Subject', '主题'), sql`t.subject`),
    words('content', text('Content', '内容'), sql`t.content`),
    field('channel', text('Channel', '渠道')),
    {
      code: 'topic',
      heading: text('Topic', '咨询主题'),
      type: 'enum',
      enumName: 'InquiryTopic',
      sql: sql`t.topic`,
    },
    CUSTOMER_COLUMN,
    words('callerName', text('Caller', '来电人'), sql`t.caller_name`),
    words('callerPhone', text("Caller's phone", '来电号码'), sql`t.caller_phone`),
    words('callbackPhone', text('Phone for calling back', '回电号码'), sql`t.callback_phone`),
    {
      code: 'shipmentNumber',
      heading: text('Shipment', '运单号'),
      type: 'text',
      sql: sql`t.shipment_number`,
    },
    field('area', text('Area', '区域')),
    field('team', text('Team', '团队')),
    field('assignee', text('Handler', '处理人')),
    field('openedAt', text('Received at', '受理时间')),
    field('firstResponseDueAt', text('First response due at', '首次响应时限')),
    {
      code: 'firstRespondedAt',
      heading: text('First responded at', '首次响应时间'),
      type: 'instant',
      sql: sql`t.first_responded_at`,
    },
    field('resolutionDueAt', text('Resolution due at', '解决时限')),
    field('resolvedAt', text('Resolved at', '解决时间')),
    field('resolvedOnTime', text('Resolved on time', '按时解决')),
    field('closedAt', text('Closed at', '关闭时间')),
    field('escalationLevel', text('Escalation level', '升级层级')),
    { code: 'cycle', heading: text('Times reopened', '重开次数'), type: 'integer', sql: sql`t.cycle` },
    field('liability', text('Liability', '责任归属')),
    field('responsibleDepartment', text('Responsible department', '责任部门')),
    field('rootCause', text('Root cause', '根本原因')),
    words('resolution', text('Resolution', '处理结果'), sql`t.resolution`),
    field('claimAmount', text('Claim', '索赔金额')),
    field('satisfaction', text('Satisfaction', '满意度')),
    field('source', text('Source', '来源系统')),
    field('externalId', text('Id in the source', '来源编号')),
  ],
};
