import { CUSTOMER_SETTINGS } from '../../customers/settings.ts';
import { customerLevel } from '../../customers/queries/visibility.ts';
import type {
  BusinessLine,
  CadenceDimension,
  ContactSeniority,
  CustomerGrade,
  CustomerLifecycle,
  KeyAccountLevel,
  ObligationState,
} from '../../generated/prisma/enums.ts';
import { contactLogsReadable } from '../../key-accounts/queries/visibility.ts';
import type { Period } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { any, type Sql, sql } from '../../platform/sql.ts';
import { demandsOn, type Demand } from '../rules/cadence.ts';
import { cadenceTable } from './cadence-table.ts';

const c = sql`c`;

/** A contact that a customer is owed, as the due list shows it. */
export interface DueContactRow {
  readonly id: string;
  readonly customerId: string;
  readonly dimension: CadenceDimension;
  readonly period: string;
  readonly required: number;
  readonly done: number;
  readonly startsAt: Date;
  readonly dueAt: Date;
  readonly state: ObligationState;
}

/** Still to be made: open, due soon, or overdue and running on. */
const STILL_DUE = sql`o.required is not null and o.state in ('OPEN', 'WARNED', 'OVERDUE') and o.met_at is null
  and (o.state <> 'OVERDUE' or o.kind in ('CADENCE_EXECUTIVE_VISIT', 'CADENCE_FOLLOW_UP'))`;

const DIMENSION = sql`(case o.kind when 'KEY_ACCOUNT_CONTACT' then 'CALL' else substr(o.kind, 9) end)`;

/**
 * What the customers of one manager are owed: those owned, and key accounts served as specialist. By the indexes
 * customer(owner_id, id), key_account(specialist_id), key_account(customer_id) and obligation_cadence_idx; what lies behind
 * is in none of them.
 */
function dueContacts(managerId: string): Sql {
  return sql`(
      select m.id from customer m where m.owner_id = ${managerId}::uuid
      union
      select s.customer_id from key_account s where s.specialist_id = ${managerId}::uuid and s.ended_at is null) own
    join customer c on c.id = own.id
    cross join lateral (
      select o.* from obligation o where o.subject_id = own.id and ${STILL_DUE}
      union all
      select o.* from key_account k join obligation o on o.subject_id = k.id and ${STILL_DUE}
      where k.customer_id = own.id and k.ended_at is null) o`;
}

export const DUE_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`c.id`, orderable: false },
  dimension: { kind: 'Enum', enumName: 'CadenceDimension', column: DIMENSION, orderable: false },
  state: { kind: 'Enum', enumName: 'ObligationState', column: sql`o.state`, orderable: false },
  dueAt: { kind: 'DateTime', column: sql`o.due_at` },
} as const satisfies Record<string, ListField>;

export function dueContactList(reader: Reader, managerId: string): ListSource {
  const visible = contactLogsReadable(reader.sees, c);
  return {
    from: dueContacts(managerId),
    id: sql`o.id`,
    select: sql`o.id, c.id as "customerId", ${DIMENSION} as dimension, o.period, o.required, coalesce(o.done, 0) as done,
      o.starts_at as "startsAt", o.due_at as "dueAt", o.state`,
    visible,
    full: visible,
    fields: DUE_FIELDS,
    order: [{ expression: sql`o.due_at`, type: 'timestamptz' }],
  };
}

/** Where a customer stands on one dimension of its cadence. */
export interface CadenceStanding {
  readonly demand: Demand;
  /** Null until the first window that counts has begun. */
  readonly due: Omit<DueContactRow, 'id' | 'customerId' | 'dimension'> | null;
}

interface CustomerFacts {
  readonly id: string;
  readonly lifecycle: CustomerLifecycle;
  readonly businessLine: BusinessLine;
  readonly grade: CustomerGrade | null;
  readonly level: KeyAccountLevel | null;
  readonly isSpecial: boolean;
  readonly due: readonly (Omit<DueContactRow, 'id' | 'customerId' | 'startsAt' | 'dueAt'> & {
    readonly startsAt: string;
    readonly dueAt: string;
  })[];
}

/** All that customers are owed, and what made it strict; nothing where the viewer may not read their contacts. */
export const cadenceOf = defineLoader(
  async (reader: Reader, customerIds): Promise<readonly (readonly CadenceStanding[])[]> => {
    const table = cadenceTable(reader.settings);
    const rows = await reader.query<CustomerFacts>(sql`
      select c.id, c.lifecycle, c.business_line as "businessLine", c.grade, k.level, coalesce(k.is_special, false) as "isSpecial",
             coalesce((
               select jsonb_agg(jsonb_build_object('dimension', ${DIMENSION}, 'period', o.period, 'required', o.required,
                 'done', coalesce(o.done, 0), 'startsAt', o.starts_at, 'dueAt', o.due_at, 'state', o.state) order by o.due_at)
               from obligation o
               where o.subject_id in (c.id, k.id) and o.required is not null and o.state <> 'CANCELLED'
                 and (o.due_at > ${reader.now}::timestamptz or (o.met_at is null and o.kind in ('CADENCE_EXECUTIVE_VISIT', 'CADENCE_FOLLOW_UP')))
                 and (o.state <> 'MET' or o.kind not in ('CADENCE_EXECUTIVE_VISIT', 'CADENCE_FOLLOW_UP'))), '[]') as due
      from customer c left join key_account k on k.customer_id = c.id and k.ended_at is null
      where c.id = any(${[...customerIds]}::uuid[]) and ${contactLogsReadable(reader.sees, c)}`);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return customerIds.map((id) => {
      const row = byId.get(id);
      if (!row) return [];
      return demandsOn(row, table).map((demand) => {
        const due = row.due.find(({ dimension }) => dimension === demand.dimension);
        return {
          demand,
          due: due ? { ...due, startsAt: new Date(due.startsAt), dueAt: new Date(due.dueAt) } : null,
        };
      });
    });
  },
);

/** A line of the contact list (FRM-21). */
export interface ContactEntry {
  readonly id: string;
  readonly customerId: string;
  readonly name: string;
  readonly title: string | null;
  readonly phone: string | null;
  readonly seniority: ContactSeniority;
  readonly isKeyPerson: boolean;
  readonly lastContactAt: Date | null;
  readonly nextDueAt: Date | null;
  readonly fileGrade: CustomerGrade | null;
}

export const CONTACT_ENTRY_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`c.id`, orderable: false },
  owner: { kind: 'ID', entity: 'Employee', column: sql`c.owner_id`, orderable: false },
  grade: { kind: 'Enum', enumName: 'CustomerGrade', column: sql`c.grade` },
  name: { kind: 'String', column: sql`p.name` },
  isKeyPerson: { kind: 'Boolean', column: sql`p.is_key_person`, orderable: false },
} as const satisfies Record<string, ListField>;

/** Contact persons with their last contact and the next that is due; content of the file, like contacts themselves. */
export function contactEntries(reader: Reader): ListSource {
  const visible = sql`(p.archived_at is null and ${customerLevel(reader.sees, c)} = 2)`;
  return {
    from: sql`contact p join customer c on c.id = p.customer_id`,
    id: sql`p.id`,
    select: sql`p.id, p.customer_id as "customerId", p.name, p.title, coalesce(p.phone, p.mobile) as phone, p.seniority,
      p.is_key_person as "isKeyPerson", c.grade as "fileGrade",
      greatest(
        (select max(l.at) from contact_log l where l.contact_id = p.id and l.outcome = 'REACHED'),
        (select max(h.done_at) from visit h where h.host_id = p.id and h.state = 'DONE')) as "lastContactAt",
      (select min(o.due_at) from obligation o
       where o.subject_id in (c.id, (select k.id from key_account k where k.customer_id = c.id and k.ended_at is null))
         and ${STILL_DUE}) as "nextDueAt"`,
    visible,
    full: visible,
    fields: CONTACT_ENTRY_FIELDS,
  };
}

/** How many priority customers of a manager were called and visited in a period (VIS-14, KEY-30). */
export interface CoverageRow {
  readonly ownerId: string | null;
  readonly customers: number;
  readonly called: number;
  readonly visited: number;
  readonly neither: number;
}

/** Coverage of the priority customers whose contacts the viewer may read, by owner; customer.priorityRule says who they are. */
export function priorityCoverage(reader: Reader, { start, end }: Period): Promise<CoverageRow[]> {
  const rule = reader.settings.get(CUSTOMER_SETTINGS.priorityRule);
  const priority = any([
    ...(rule.includes('GRADE_A') ? [sql`c.grade = 'A'`] : []),
    ...(rule.includes('KEY_ACCOUNT')
      ? [sql`exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null)`]
      : []),
  ]);
  const from = sql`${new Date(start)}::timestamptz`;
  const until = sql`${new Date(end)}::timestamptz`;
  return reader.query<CoverageRow>(sql`
    select p.owner_id as "ownerId", count(*)::int as customers, (count(*) filter (where p.called))::int as called,
           (count(*) filter (where p.visited))::int as visited,
           (count(*) filter (where not p.called and not p.visited))::int as neither
    from (
      select c.owner_id,
             exists (
               select 1 from contact_log l
               where l.customer_id = c.id and l.at >= ${from} and l.at < ${until}
                 and l.channel = 'PHONE' and l.outcome = 'REACHED') as called,
             exists (
               select 1 from visit v
               where v.customer_id = c.id and v.done_at >= ${from} and v.done_at < ${until} and v.state = 'DONE') as visited
      from customer c
      where c.lifecycle <> 'LOST' and ${priority} and ${contactLogsReadable(reader.sees, c)}) p
    group by p.owner_id
    order by neither desc, p.owner_id`);
}
