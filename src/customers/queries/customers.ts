import type { Contact, Customer } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';
import type { AccessLevel } from '../../platform/visibility.ts';
import { customerLevel, customerReadable, customersReadableAmong, customerWritable } from './visibility.ts';

/** A customer's card with what the viewer may see of it: all that lists and nested fields read. */
export type CustomerRow = Pick<
  Customer,
  'id' | 'name' | 'lifecycle' | 'grade' | 'areaId' | 'ownerId' | 'version'
> & {
  readonly __typename: 'Customer';
  readonly access: AccessLevel;
};

/** Everything else of a customer. */
export type CustomerFileRow = Omit<Customer, 'creditLimit'> & { readonly creditLimit: string | null };

export type ContactRow = Contact & {
  readonly __typename: 'Contact';
  /** Of the file that it is part of. */
  readonly fileGrade: Customer['grade'];
};

/** What the card and its rights are made of. */
const CARD_COLUMNS = columns('c', ['id', 'name', 'lifecycle', 'grade', 'areaId', 'ownerId', 'version']);

const FILE_COLUMNS = columns('c', [
  'id',
  'number',
  'name',
  'lifecycle',
  'grade',
  'gradedAt',
  'businessLine',
  'type',
  'industry',
  'areaId',
  'ownerId',
  'custodianId',
  'contactPerson',
  'phone',
  'address',
  'businessNeeds',
  'registrationNumber',
  'fax',
  'email',
  'website',
  'scopeOfBusiness',
  'mainProducts',
  'industryPosition',
  'infoSource',
  'informationObtainedAt',
  'verifiedAt',
  'registeredAt',
  'contractNumber',
  'contractSignedAt',
  'invoiceTitle',
  'taxNumber',
  'creditLimit',
  'paymentTermDays',
  'createdAt',
  'updatedAt',
  'version',
]);

const CONTACT_COLUMNS = sql`${columns('p', [
  'id',
  'customerId',
  'name',
  'title',
  'seniority',
  'phone',
  'mobile',
  'email',
  'isKeyPerson',
  'createdAt',
  'updatedAt',
  'archivedAt',
  'version',
])}, c.grade as "fileGrade", 'Contact' as "__typename"`;

const c = sql`c`;

function customerSelect(reader: Reader): Sql {
  return sql`${CARD_COLUMNS}, 'Customer' as "__typename",
    case ${customerLevel(reader.sees, c)} when 2 then 'FULL' when 1 then 'MASKED' else 'NONE' end as access`;
}

/**
 * Customers by id as the viewer may see them; null for those of which the viewer may not know. The id of one that was
 * merged into another answers with that one, by the unique index on customer_merge(duplicate_id).
 */
export const customerById = defineLoader(async (reader: Reader, ids): Promise<(CustomerRow | null)[]> => {
  const rows = await reader.query<CustomerRow & { readonly asked: string }>(sql`
    select * from (
      select ${customerSelect(reader)}, a.asked
      from (
        select i.id as asked, coalesce(m.survivor_id, i.id) as id
        from unnest(${[...ids]}::uuid[]) as i(id) left join customer_merge m on m.duplicate_id = i.id) a
      join customer c on c.id = a.id
    ) visible where access <> 'NONE'`);
  const byAsked = new Map(rows.map((row) => [row.asked, row]));
  return ids.map((id) => byAsked.get(id) ?? null);
});

/** The files of customers whose card says that the viewer may read them; who asks has looked. */
export const customerFileById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<CustomerFileRow>(sql`
      select ${FILE_COLUMNS} from customer c where c.id = any(${[...ids]}::uuid[])`),
  ),
);

/** Whether the viewer may change the file. */
export const customerWritableBy = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<{ id: string }>(sql`
    select c.id from customer c where c.id = any(${[...ids]}::uuid[]) and ${customerWritable(reader.sees, c)}`);
  const writable = new Set(rows.map((row) => row.id));
  return ids.map((id) => writable.has(id));
});

/** Contacts are content of the file: only where the customer is fully visible. */
export const contactById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ContactRow>(sql`
      select ${CONTACT_COLUMNS} from contact p join customer c on c.id = p.customer_id
      where p.id = any(${[...ids]}::uuid[]) and ${customerLevel(reader.sees, c)} = 2`),
  ),
);

/** The card is the name (shortened), grade and owner; every other column is protected. */
export const CUSTOMER_FIELDS = {
  grade: { kind: 'Enum', enumName: 'CustomerGrade', column: sql`c.grade` },
  owner: { kind: 'ID', entity: 'Employee', column: sql`c.owner_id`, orderable: false },
  name: { kind: 'String', column: sql`c.name`, protected: true, grams: true },
  number: { kind: 'String', column: sql`c.number`, protected: true, grams: true },
  lifecycle: { kind: 'Enum', enumName: 'CustomerLifecycle', column: sql`c.lifecycle`, protected: true },
  businessLine: { kind: 'Enum', enumName: 'BusinessLine', column: sql`c.business_line`, protected: true },
  industry: { kind: 'String', column: sql`c.industry`, protected: true },
  phone: { kind: 'String', column: sql`c.phone`, protected: true, orderable: false },
  registrationNumber: {
    kind: 'String',
    column: sql`c.registration_number`,
    protected: true,
    orderable: false,
  },
  area: { kind: 'ID', entity: 'Area', column: sql`c.area_id`, protected: true, orderable: false },
  verifiedAt: { kind: 'DateTime', column: sql`c.verified_at`, protected: true },
  registeredAt: { kind: 'DateTime', column: sql`c.registered_at`, protected: true },
  createdAt: { kind: 'DateTime', column: sql`c.created_at`, protected: true },
} as const satisfies Record<string, ListField>;

export function customerList(reader: Reader): ListSource {
  const level = customerLevel(reader.sees, c);
  return {
    from: sql`customer c`,
    id: sql`c.id`,
    select: customerSelect(reader),
    visible: sql`${level} > 0`,
    full: customerReadable(reader.sees, c),
    fullAmong: customersReadableAmong(reader.sees),
    fields: CUSTOMER_FIELDS,
  };
}

export const CONTACT_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`p.customer_id`, orderable: false },
  name: { kind: 'String', column: sql`p.name` },
  phone: { kind: 'String', column: sql`p.phone`, orderable: false },
  mobile: { kind: 'String', column: sql`p.mobile`, orderable: false },
  seniority: { kind: 'Enum', enumName: 'ContactSeniority', column: sql`p.seniority` },
  isKeyPerson: { kind: 'Boolean', column: sql`p.is_key_person`, orderable: false },
  archivedAt: { kind: 'DateTime', column: sql`p.archived_at` },
  createdAt: { kind: 'DateTime', column: sql`p.created_at` },
} as const satisfies Record<string, ListField>;

/** Contacts of customers whose file the viewer may read; of other files there are none. */
export function contactList(reader: Reader): ListSource {
  const visible = sql`${customerLevel(reader.sees, c)} = 2`;
  return {
    from: sql`contact p join customer c on c.id = p.customer_id`,
    id: sql`p.id`,
    select: CONTACT_COLUMNS,
    visible,
    full: visible,
    fields: CONTACT_FIELDS,
  };
}

/** Why the viewer sees what they see, in a word a client can show. */
export function accessReason(row: Pick<CustomerRow, 'access' | 'grade'>): string {
  if (row.access === 'FULL') return 'ALLOWED';
  return row.grade === 'A' ? 'GRADE_A_DEDICATED_ONLY' : 'NOT_ASSIGNED';
}
