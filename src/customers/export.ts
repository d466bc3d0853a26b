import {
  CUSTOMER_COLUMN,
  type ExportColumn,
  type ExportEntity,
  fromField,
  joinCustomer,
  whereFull,
} from '../exports/entity.ts';
import { type Text, text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListSource } from '../platform/list.ts';
import { any, type Sql, sql } from '../platform/sql.ts';
import { reached } from '../platform/visibility.ts';
import { ACCESS_GRANT_FIELDS, accessGrantList } from './queries/access-grants.ts';
import { CONTACT_FIELDS, CUSTOMER_FIELDS, contactList, customerList } from './queries/customers.ts';
import { LAST_PAGE, papers } from './queries/file-records.ts';
import { customerLevel } from './queries/visibility.ts';

function field(code: keyof typeof CUSTOMER_FIELDS, heading: Text): ExportColumn {
  return fromField(CUSTOMER_FIELDS, code, heading);
}

/** Something of the file that no list is filtered by. */
function fact(code: string, heading: Text, column: Sql, more: Partial<ExportColumn> = {}): ExportColumn {
  return { code, heading, type: 'text', sql: column, readable: whereFull, ...more };
}

/** What invoicing needs is open to FINANCE beside the card, as in the API's `billing` (section 23). */
function billing(code: string, heading: Text, column: Sql, more: Partial<ExportColumn> = {}): ExportColumn {
  return fact(code, heading, column, { readable: billingReadable, ...more });
}

function billingReadable(reader: Reader, source: ListSource): Sql {
  return any([source.full, reached(reader.sees, [['customerBilling:read:ALL', sql`true`]])]);
}

const IDENTIFIES = { identifies: true } as const;

export const customerExport: ExportEntity = {
  list: 'customers',
  entity: 'Customer',
  title: text('Customers', '客户'),
  source: customerList,
  customerId: sql`c.id`,
  file: { grade: sql`c.grade`, part: 'file' },
  columns: [
    { ...fromField(CUSTOMER_FIELDS, 'number', text('Customer number', '客户编号')), ...IDENTIFIES },
    {
      code: 'name',
      heading: text('Name', '名称'),
      type: 'customerName',
      sql: sql`c.name`,
      level: (reader) => customerLevel(reader.sees, sql`c`),
      ...IDENTIFIES,
    },
    field('grade', text('File grade', '档案等级')),
    field('owner', text('Owner', '客户经理')),
    field('lifecycle', text('Life stage', '生命周期')),
    field('businessLine', text('Business line', '业务线')),
    fact('type', text('Type', '客户类型'), sql`c.type`),
    field('industry', text('Industry', '行业')),
    field('area', text('Area', '区域')),
    fact('contactPerson', text('Contact person', '联系人'), sql`c.contact_person`, IDENTIFIES),
    fact('phone', text('Phone', '电话'), sql`c.phone`, IDENTIFIES),
    fact('email', text('Email', '邮箱'), sql`c.email`, IDENTIFIES),
    fact('address', text('Address', '地址'), sql`c.address`, IDENTIFIES),
    fact('businessNeeds', text('Business needs', '业务需求'), sql`c.business_needs`, IDENTIFIES),
    fact('registrationNumber', text('Registration number', '注册号'), sql`c.registration_number`, IDENTIFIES),
    fact('mainProducts', text('Main products', '主营产品'), sql`c.main_products`),
    fact('infoSource', text('Source of the information', '信息来源'), sql`c.info_source`, {
      type: 'enum',
      enumName: 'InfoSource',
    }),
    fact(
      'informationObtainedAt',
      text('Information obtained at', '信息获取时间'),
      sql`c.information_obtained_at`,
      {
        type: 'instant',
      },
    ),
    field('verifiedAt', text('Verified at', '核实时间')),
    field('registeredAt', text('Registered at', '登记时间')),
    billing('invoiceTitle', text('Invoice title', '发票抬头'), sql`c.invoice_title`, IDENTIFIES),
    billing('taxNumber', text('Tax number', '税号'), sql`c.tax_number`, IDENTIFIES),
    billing('creditLimit', text('Credit limit', '信用额度'), sql`c.credit_limit`, { type: 'money' }),
    billing('paymentTermDays', text('Payment term, days', '付款期限（天）'), sql`c.payment_term_days`, {
      type: 'integer',
    }),
    field('createdAt', text('Created at', '建档时间')),
  ],
};

function contact(code: keyof typeof CONTACT_FIELDS, heading: Text): ExportColumn {
  return fromField(CONTACT_FIELDS, code, heading);
}

export const contactExport: ExportEntity = {
  list: 'contacts',
  entity: 'Contact',
  title: text('Contacts', '联系人'),
  source: contactList,
  joins: joinCustomer(sql`p.customer_id`),
  customerId: sql`p.customer_id`,
  file: { grade: sql`c.grade`, part: 'contacts' },
  columns: [
    CUSTOMER_COLUMN,
    { ...contact('name', text('Name', '姓名')), ...IDENTIFIES },
    { code: 'title', heading: text('Title', '职务'), type: 'text', sql: sql`p.title` },
    contact('seniority', text('Seniority', '级别')),
    { ...contact('phone', text('Phone', '电话')), ...IDENTIFIES },
    { ...contact('mobile', text('Mobile', '手机')), ...IDENTIFIES },
    { code: 'email', heading: text('Email', '邮箱'), type: 'text', sql: sql`p.email`, ...IDENTIFIES },
    contact('isKeyPerson', text('Key person', '关键人物')),
    contact('createdAt', text('Created at', '创建时间')),
    contact('archivedAt', text('Archived at', '归档时间')),
  ],
};

function grant(code: keyof typeof ACCESS_GRANT_FIELDS, heading: Text): ExportColumn {
  return fromField(ACCESS_GRANT_FIELDS, code, heading);
}

export const accessGrantExport: ExportEntity = {
  list: 'accessGrants',
  entity: 'AccessGrant',
  title: text('Access grants', '查阅授权'),
  source: accessGrantList,
  joins: joinCustomer(sql`g.customer_id`),
  customerId: sql`g.customer_id`,
  columns: [
    CUSTOMER_COLUMN,
    grant('requester', text('Requester', '申请人')),
    { code: 'reason', heading: text('Reason', '申请理由'), type: 'text', sql: sql`g.reason`, ...IDENTIFIES },
    grant('state', text('State', '状态')),
    grant('requestedAt', text('Requested at', '申请时间')),
    { code: 'decidedBy', heading: text('Decided by', '审批人'), type: 'employee', sql: sql`g.decided_by_id` },
    { code: 'decidedAt', heading: text('Decided at', '审批时间'), type: 'instant', sql: sql`g.decided_at` },
    grant('validUntil', text('Valid until', '有效期至')),
  ],
};

function paper(code: 'setNumber' | 'role' | 'kind' | 'addedAt', heading: Text): ExportColumn {
  return fromField(papers.fields, code, heading);
}

/** The index of the papers of files, in file order, with the numbers of their pages (CUS-12, CUS-13). */
export const filePaperExport: ExportEntity = {
  list: 'filePapers',
  entity: 'FilePaper',
  title: text('Papers of files', '档案文件目录'),
  source: papers.list,
  joins: joinCustomer(sql`r.customer_id`),
  customerId: sql`r.customer_id`,
  file: { grade: sql`c.grade`, part: 'file' },
  columns: [
    CUSTOMER_COLUMN,
    paper('setNumber', text('Set', '组号')),
    paper('role', text('Role in the set', '组内身份')),
    paper('kind', text('Kind', '种类')),
    { code: 'title', heading: text('Title', '题名'), type: 'text', sql: sql`r.title`, identifies: true },
    { code: 'language', heading: text('Language', '语种'), type: 'text', sql: sql`r.language` },
    { code: 'copies', heading: text('Copies', '份数'), type: 'integer', sql: sql`r.copies` },
    { code: 'pageCount', heading: text('Pages', '页数'), type: 'integer', sql: sql`r.page_count` },
    {
      code: 'firstPage',
      heading: text('First page', '起页'),
      type: 'integer',
      sql: sql`(${LAST_PAGE} - r.page_count + 1)`,
    },
    { code: 'lastPage', heading: text('Last page', '止页'), type: 'integer', sql: LAST_PAGE },
    paper('addedAt', text('Added at', '归入时间')),
    {
      code: 'archivedAt',
      heading: text('Archived at', '归档时间'),
      type: 'instant',
      sql: sql`r.archived_at`,
    },
  ],
};
