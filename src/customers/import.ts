import {
  BusinessLine,
  ContactSeniority,
  CustomerGrade,
  CustomerLifecycle,
  InfoSource,
} from '../generated/prisma/enums.ts';
import {
  amount,
  choice,
  emailAddress,
  instant,
  required,
  type ValuesOf,
  wholeNumber,
  words,
  yesNo,
} from '../import/fields.ts';
import type { FieldIssue, ImportKind, RowIssue } from '../import/kind.ts';
import { resolveAreas, resolveEmployees } from '../import/references.ts';
import { byColumn, type ImportColumns, type ImportRow } from '../import/table.ts';
import { text } from '../lib/text.ts';
import { type Queryable, sql } from '../platform/sql.ts';
import { customerNumbers } from './numbers.ts';
import { canBeGraded, missingLeadFacts } from './rules.ts';

const CUSTOMER_FIELDS = {
  name: required(words(2_000)),
  lifecycle: choice(CustomerLifecycle),
  grade: choice(CustomerGrade),
  businessLine: choice(BusinessLine),
  type: words(2_000),
  industry: words(2_000),
  areaCode: words(100),
  ownerNumber: words(100),
  contactPerson: words(2_000),
  phone: words(2_000),
  address: words(2_000),
  businessNeeds: words(2_000),
  registrationNumber: words(2_000),
  fax: words(2_000),
  email: emailAddress(),
  website: words(2_000),
  scopeOfBusiness: words(2_000),
  mainProducts: words(2_000),
  industryPosition: words(2_000),
  infoSource: choice(InfoSource),
  informationObtainedAt: instant(),
  registeredAt: instant(),
  invoiceTitle: words(2_000),
  taxNumber: words(2_000),
  creditLimit: amount(),
  paymentTermDays: wholeNumber(0, 365),
} as const;

/**
 * Life stage, grade and owner are taken when a customer is new; from then on they change by the acts of people here
 * (CUS-36, CUS-22, CUS-07), not by a file.
 */
const CUSTOMER_COLUMNS: ImportColumns = {
  number: { type: 'text', from: [] },
  lifecycle: { type: '"CustomerLifecycle"', from: [] },
  grade: { type: '"CustomerGrade"', from: [] },
  graded_at: { type: 'timestamptz(3)', from: [] },
  owner_id: { type: 'uuid', from: [] },
  registered_at: { type: 'timestamptz(3)', from: [] },
  name: { type: 'text', from: ['name'] },
  business_line: { type: '"BusinessLine"', from: ['businessLine'] },
  type: { type: 'text', from: ['type'] },
  industry: { type: 'text', from: ['industry'] },
  area_id: { type: 'uuid', from: ['areaCode'] },
  contact_person: { type: 'text', from: ['contactPerson'] },
  phone: { type: 'text', from: ['phone'] },
  address: { type: 'text', from: ['address'] },
  business_needs: { type: 'text', from: ['businessNeeds'] },
  registration_number: { type: 'text', from: ['registrationNumber'] },
  fax: { type: 'text', from: ['fax'] },
  email: { type: 'text', from: ['email'] },
  website: { type: 'text', from: ['website'] },
  scope_of_business: { type: 'text', from: ['scopeOfBusiness'] },
  main_products: { type: 'text', from: ['mainProducts'] },
  industry_position: { type: 'text', from: ['industryPosition'] },
  info_source: { type: '"InfoSource"', from: ['infoSource'] },
  information_obtained_at: { type: 'timestamptz(3)', from: ['informationObtainedAt'] },
  invoice_title: { type: 'text', from: ['invoiceTitle'] },
  tax_number: { type: 'text', from: ['taxNumber'] },
  credit_limit: { type: 'numeric(18, 2)', from: ['creditLimit'] },
  payment_term_days: { type: 'int', from: ['paymentTermDays'] },
};

/** Customers of another system, with their files. */
export const customerImport: ImportKind<typeof CUSTOMER_FIELDS> = {
  name: 'customers',
  subject: 'Customer',
  fields: CUSTOMER_FIELDS,
  keepsExtra: false,
  table: {
    name: 'customer',
    columns: CUSTOMER_COLUMNS,
    workedOn: sql`exists (
      select 1 from audit_log a
      where a.subject_type = 'Customer' and a.subject_id = t.id and a.action = 'customerUpdate')`,
  },
  derive(values, now) {
    const { areaCode, ownerNumber, ...facts } = values;
    const lifecycle = values.lifecycle ?? 'TARGET';
    return {
      columns: {
        ...byColumn(facts),
        lifecycle,
        business_line: values.businessLine ?? 'LOGISTICS',
        graded_at: values.grade ? now : null,
      },
      issues: customerIssues(values, lifecycle, now),
    };
  },
  async resolve(db, rows) {
    return [
      ...(await resolveAreas(db, rows)),
      ...(await resolveEmployees(db, rows, 'ownerNumber', 'owner_id')),
      ...(await mergedAway(db, rows)),
    ];
  },
  async complete(tx, rows) {
    const numbers = await customerNumbers(tx, rows.length);
    rows.forEach((row, at) => {
      row.columns.number = numbers[at];
    });
  },
  // The audit entry of the batch is the record; customers have no history of their own.
  record: async () => undefined,
};

/** Rows of customers that were merged into others here: written anew they would be duplicates again. */
async function mergedAway(db: Queryable, rows: readonly ImportRow[]): Promise<RowIssue[]> {
  const merged = await db.query<{ at: number; number: string }>(sql`
    select k.at, c.number
    from unnest(${rows.map(({ source }) => source)}::text[], ${rows.map(({ externalId }) => externalId)}::text[])
      with ordinality as k(source, external_id, at)
    join customer_merge m on m.source = k.source and m.external_id = k.external_id
    join customer c on c.id = m.survivor_id
    where (c.source, c.external_id) is distinct from (k.source, k.external_id)`);
  return merged.map(({ at, number }) => ({
    row: rows[at - 1] as ImportRow,
    field: 'externalId',
    accepted: text(
      `a customer that was not merged into another; it is ${number} here`,
      `未被合并的客户；该客户在此已合并为 ${number}`,
    ),
  }));
}

function customerIssues(
  values: ValuesOf<typeof CUSTOMER_FIELDS>,
  lifecycle: CustomerLifecycle,
  now: Date,
): FieldIssue[] {
  const issues: FieldIssue[] = [];
  if (lifecycle !== 'TARGET') {
    for (const field of missingLeadFacts(values)) {
      issues.push({
        field,
        accepted: text(
          `not empty: needed in lifecycle ${lifecycle} (CUS-02)`,
          `${lifecycle} 阶段必填（CUS-02）`,
        ),
      });
    }
  }
  // LOST customers keep their last grade.
  if (values.grade && !canBeGraded(lifecycle) && lifecycle !== 'LOST') {
    issues.push({
      field: 'grade',
      accepted: text(
        `nothing: customers in lifecycle ${lifecycle} have no grade (CUS-35)`,
        `不填：${lifecycle} 阶段的客户不定级（CUS-35）`,
      ),
    });
  }
  for (const field of ['informationObtainedAt', 'registeredAt'] as const) {
    if ((values[field] ?? now) > now)
      issues.push({ field, accepted: text('not in the future', '不能晚于当前时间') });
  }
  return issues;
}

const CONTACT_FIELDS = {
  customerNumber: words(100),
  customerExternalId: words(200),
  customerSource: words(100),
  name: required(words(2_000)),
  title: words(2_000),
  seniority: choice(ContactSeniority),
  phone: words(2_000),
  mobile: words(2_000),
  email: emailAddress(),
  isKeyPerson: yesNo(),
} as const;

const CONTACT_COLUMNS: ImportColumns = {
  customer_id: { type: 'uuid', from: ['customerNumber', 'customerExternalId'] },
  name: { type: 'text', from: ['name'] },
  title: { type: 'text', from: ['title'] },
  seniority: { type: '"ContactSeniority"', from: ['seniority'] },
  phone: { type: 'text', from: ['phone'] },
  mobile: { type: 'text', from: ['mobile'] },
  email: { type: 'text', from: ['email'] },
  is_key_person: { type: 'boolean', from: ['isKeyPerson'] },
};

/** Persons at customers that are here already. */
export const contactImport: ImportKind<typeof CONTACT_FIELDS> = {
  name: 'contacts',
  subject: 'Contact',
  fields: CONTACT_FIELDS,
  keepsExtra: false,
  table: {
    name: 'contact',
    columns: CONTACT_COLUMNS,
    workedOn: sql`exists (
      select 1 from audit_log a
      where a.subject_type = 'Contact' and a.subject_id = t.id and a.action = 'contactUpdate')`,
  },
  derive(values) {
    const { customerNumber, customerExternalId, customerSource, ...facts } = values;
    return {
      columns: {
        ...byColumn(facts),
        seniority: values.seniority ?? 'STAFF',
        is_key_person: values.isKeyPerson ?? false,
      },
      issues:
        customerNumber === null && customerExternalId === null
          ? [
              {
                field: 'customerExternalId',
                accepted: text(
                  'not empty, or a customerNumber: a contact belongs to a customer',
                  '不能为空（或填写 customerNumber）：联系人须属于客户',
                ),
              },
            ]
          : [],
    };
  },
  async resolve(db, rows) {
    const { customers, issues } = await findCustomers(db, rows);
    for (const [row, customer] of customers) row.columns.customer_id = customer.id;
    return issues;
  },
  complete: async () => undefined,
  record: async () => undefined,
};

/** What a row takes over from the customer that it names. */
export interface NamedCustomer {
  readonly id: string;
  readonly areaId: string | null;
  /** Null where the customer is no key account now. */
  readonly keyAccountId: string | null;
}

/**
 * The customers that rows name by our number, or else by their id in another system: `customerSource`, the row's own
 * source unless given. One statement for all rows.
 */
export async function findCustomers(
  db: Queryable,
  rows: readonly ImportRow[],
): Promise<{ readonly customers: ReadonlyMap<ImportRow, NamedCustomer>; readonly issues: RowIssue[] }> {
  const naming = rows.filter(
    ({ values }) => values.customerNumber != null || values.customerExternalId != null,
  );
  if (naming.length === 0) return { customers: new Map(), issues: [] };
  const found = await db.query<NamedCustomer & { at: number }>(sql`
    select k.at, c.id, c.area_id as "areaId", a.id as "keyAccountId"
    from unnest(
      ${naming.map(({ values }) => values.customerNumber ?? null)}::text[],
      ${naming.map(({ values, source }) => values.customerSource ?? source)}::text[],
      ${naming.map(({ values }) => (values.customerNumber == null ? values.customerExternalId : null))}::text[]
    ) with ordinality as k(number, source, external_id, at)
    cross join lateral (
      select c.id, c.area_id from customer c where c.number = k.number
      union all
      select c.id, c.area_id from customer c where c.source = k.source and c.external_id = k.external_id
      union all
      -- One that was merged into another is that one now, by its number or its id at its source.
      select c.id, c.area_id from customer_merge m join customer c on c.id = m.survivor_id
      where m.number = k.number or (m.source = k.source and m.external_id = k.external_id)
      limit 1
    ) c
    left join key_account a on a.customer_id = c.id and a.ended_at is null`);
  const customers = new Map(found.map(({ at, ...customer }) => [naming[at - 1] as ImportRow, customer]));
  const issues = naming
    .filter((row) => !customers.has(row))
    .map((row) => ({
      row,
      field: row.values.customerNumber == null ? 'customerExternalId' : 'customerNumber',
      accepted: text('a customer that exists here; import the customers first', '已存在的客户；请先导入客户'),
    }));
  return { customers, issues };
}
