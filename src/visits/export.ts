import {
  CUSTOMER_COLUMN,
  type ExportColumn,
  type ExportEntity,
  fromField,
  joinCustomer,
} from '../exports/entity.ts';
import { customerLevel } from '../customers/queries/visibility.ts';
import { type Text, text } from '../lib/text.ts';
import { raw, sql } from '../platform/sql.ts';
import { VISIT_FIELDS, visitList } from './queries/visits.ts';

function field(code: keyof typeof VISIT_FIELDS, heading: Text): ExportColumn {
  return fromField(VISIT_FIELDS, code, heading);
}

/** What was said identifies the customer: it is left out of what is anonymised. */
function words(code: string, heading: Text, column: string): ExportColumn {
  return { code, heading, type: 'text', sql: raw(`v.${column}`), identifies: true };
}

/** The visit record and ledger of FRM-23. By the codes of the import's fields, so that it comes back in as it is. */
export const visitExport: ExportEntity = {
  list: 'visits',
  entity: 'Visit',
  title: text('Visits', '拜访记录'),
  source: visitList,
  joins: sql`${joinCustomer(sql`v.customer_id`)}
    left join contact xh on xh.id = v.host_id left join employee xe on xe.id = v.visitor_id`,
  customerId: sql`v.customer_id`,
  file: { grade: sql`c.grade`, part: 'contacts' },
  columns: [
    CUSTOMER_COLUMN,
    {
      code: 'customerNumber',
      heading: text('Customer number', '客户编号'),
      type: 'text',
      sql: sql`xc.number`,
      // A visitor reads the own visits of a customer whose file is closed to them; its number is in the file.
      readable: (reader) => sql`${customerLevel(reader.sees, sql`xc`)} = 2`,
      identifies: true,
    },
    field('type', text('Type', '拜访类型')),
    field('state', text('State', '状态')),
    field('plannedFor', text('Planned for', '计划时间')),
    field('doneAt', text('Done at', '拜访时间')),
    field('visitor', text('Visitor', '拜访人')),
    {
      code: 'visitorNumber',
      heading: text("Visitor's number", '拜访人工号'),
      type: 'text',
      sql: sql`xe.number`,
    },
    {
      code: 'host',
      heading: text('Host', '受访人'),
      type: 'text',
      sql: sql`xh.name`,
      readable: (reader) => sql`${customerLevel(reader.sees, sql`xc`)} = 2`,
      identifies: true,
    },
    field('hostSeniority', text("Host's seniority", '受访人级别')),
    words('purpose', text('Purpose', '拜访目的'), 'purpose'),
    words('content', text('Content', '拜访内容'), 'content'),
    words('needs', text('Needs', '客户需求'), 'needs'),
    {
      code: 'latentNeeds',
      heading: text('Latent needs', '潜在需求'),
      type: 'text',
      sql: sql`array_to_string(v.latent_needs, '; ')`,
      identifies: true,
    },
    words('competitorInformation', text('Competitor information', '竞争对手信息'), 'competitor_information'),
    words('promises', text('Promises', '承诺事项'), 'promises'),
    words('nextStep', text('Next step', '跟进事项'), 'next_step'),
    field('significant', text('Significant', '重要信息')),
    field('fileUpdateNeeded', text('File update needed', '档案需更新')),
    words('overrideReason', text('Why a seller patrolled', '准许销售人员巡访的原因'), 'override_reason'),
    words('cancelReason', text('Why it was cancelled', '取消原因'), 'cancel_reason'),
    {
      code: 'recordedAt',
      heading: text('Recorded at', '记录时间'),
      type: 'instant',
      sql: sql`v.recorded_at`,
    },
    field('createdAt', text('Created at', '创建时间')),
    {
      code: 'source',
      heading: text('Source', '来源系统'),
      type: 'text',
      sql: sql`coalesce(v.source, 'switchyard')`,
    },
    {
      code: 'externalId',
      heading: text('Id at the source', '来源编号'),
      type: 'text',
      sql: sql`coalesce(v.external_id, v.id::text)`,
    },
  ],
};
