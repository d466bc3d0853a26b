import type { Settings } from '../platform/settings-register.ts';
import { all, any, columnName, raw, type Sql, sql } from '../platform/sql.ts';
import { FILE_PARTS, type FileItem, type FilePart } from './rules/completeness.ts';
import { CUSTOMER_SETTINGS } from './settings.ts';

function written(field: string): Sql {
  const column = raw(`c.${columnName(field)}`);
  return sql`(${column} is not null and btrim(${column}) <> '')`;
}

/** Whether an item of the file of `c` is there. Each look into another table is by its index on the customer. */
export const IS_THERE: Readonly<Record<FileItem, Sql>> = {
  name: written('name'),
  contactPerson: written('contactPerson'),
  phone: written('phone'),
  address: written('address'),
  businessNeeds: written('businessNeeds'),
  type: written('type'),
  industry: written('industry'),
  fax: written('fax'),
  email: written('email'),
  website: written('website'),
  scopeOfBusiness: written('scopeOfBusiness'),
  mainProducts: written('mainProducts'),
  industryPosition: written('industryPosition'),
  contact: sql`exists (select 1 from contact p where p.customer_id = c.id and p.archived_at is null)`,
  keyLeaderWithPhone: sql`exists (
    select 1 from contact p
    where p.customer_id = c.id and p.archived_at is null and coalesce(p.mobile, p.phone) is not null
      and (p.is_key_person or p.seniority in ('TOP_LEADER', 'DIRECTOR_OR_ABOVE')))`,
  custodian: sql`c.custodian_id is not null`,
  contractNumber: sql`c.contract_number is not null`,
  shipment: sql`exists (select 1 from shipment s where s.customer_id = c.id)`,
  contactLog: sql`exists (select 1 from contact_log l where l.customer_id = c.id)`,
  complaint: sql`exists (select 1 from ticket t where t.customer_id = c.id and t.category = 'COMPLAINT')`,
  satisfaction: sql`exists (select 1 from ticket t where t.customer_id = c.id and t.satisfaction is not null)`,
  creditLimit: sql`c.credit_limit is not null`,
  paymentTermDays: sql`c.payment_term_days is not null`,
  relationshipPlan: sql`exists (select 1 from relationship_plan r where r.customer_id = c.id)`,
};

/** Customers `c` whose file has to hold more, and is verified more often: A and key accounts (CFL-31, CUS-16, CUS-23). */
export function isPriorityFile(settings: Settings): Sql {
  const rule = settings.get(CUSTOMER_SETTINGS.priorityRule);
  return any([
    ...(rule.includes('GRADE_A') ? [sql`c.grade = 'A' is true`] : []),
    ...(rule.includes('KEY_ACCOUNT')
      ? [sql`exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null)`]
      : []),
  ]);
}

/** Customers `c` to whom the file scheme applies (CUS-35). */
export function inFileScope(settings: Settings): Sql {
  return sql`c.lifecycle::text = any(${[...settings.get(CUSTOMER_SETTINGS.fileScope)]}::text[])`;
}

function partsThere(parts: readonly FilePart[]): Sql {
  return all(parts.flatMap((part) => FILE_PARTS[part].map((item) => IS_THERE[item])));
}

/** Whether the file of `c` has every part that is required of it (CUS-14, KPI-55). */
export function isFileComplete(settings: Settings): Sql {
  const priority = settings.get(CUSTOMER_SETTINGS.requiredPartsPriority);
  return all([
    partsThere(settings.get(CUSTOMER_SETTINGS.requiredParts)),
    ...(priority.length === 0 ? [] : [any([sql`not (${isPriorityFile(settings)})`, partsThere(priority)])]),
  ]);
}
