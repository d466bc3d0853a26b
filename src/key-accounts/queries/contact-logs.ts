import type { ContactLog } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { contactLogsReadable } from './visibility.ts';

export type ContactLogRow = Omit<ContactLog, 'source' | 'externalId' | 'updatedAt' | 'version'> & {
  readonly __typename: 'ContactLog';
};

const c = sql`c`;

const CONTACT_LOG_COLUMNS = sql`${columns('l', [
  'id',
  'customerId',
  'contactId',
  'employeeId',
  'channel',
  'outcome',
  'at',
  'content',
  'followUp',
  'problem',
  'ticketId',
  'createdAt',
])}, 'ContactLog' as "__typename"`;

export const contactLogById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ContactLogRow>(sql`
      select ${CONTACT_LOG_COLUMNS} from contact_log l join customer c on c.id = l.customer_id
      where l.id = any(${[...ids]}::uuid[]) and ${contactLogsReadable(reader.sees, c)}`),
  ),
);

export const CONTACT_LOG_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`l.customer_id`, orderable: false },
  contact: { kind: 'ID', entity: 'Contact', column: sql`l.contact_id`, orderable: false },
  employee: { kind: 'ID', entity: 'Employee', column: sql`l.employee_id`, orderable: false },
  channel: { kind: 'Enum', enumName: 'ContactChannel', column: sql`l.channel` },
  outcome: { kind: 'Enum', enumName: 'ContactOutcome', column: sql`l.outcome` },
  at: { kind: 'DateTime', column: sql`l.at` },
  content: { kind: 'String', column: sql`l.content`, orderable: false },
  followUp: { kind: 'Boolean', column: sql`l.follow_up`, orderable: false },
  createdAt: { kind: 'DateTime', column: sql`l.created_at` },
} as const satisfies Record<string, ListField>;

/** Contacts with customers whose file the viewer may read; of other files there are none. */
export function contactLogList(reader: Reader): ListSource {
  const visible = contactLogsReadable(reader.sees, c);
  return {
    from: sql`contact_log l join customer c on c.id = l.customer_id`,
    id: sql`l.id`,
    select: CONTACT_LOG_COLUMNS,
    visible,
    full: visible,
    fields: CONTACT_LOG_FIELDS,
  };
}
