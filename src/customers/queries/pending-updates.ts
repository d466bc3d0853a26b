import type { PendingUpdate } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { customerLevel } from './visibility.ts';

export type PendingUpdateRow = PendingUpdate & { readonly __typename: 'PendingUpdate' };

const PENDING_COLUMNS = sql`${columns('u', [
  'id',
  'customerId',
  'state',
  'origin',
  'infoSource',
  'content',
  'informationObtainedAt',
  'recordedById',
  'recordedAt',
  'doneById',
  'doneAt',
  'dismissReason',
])}, 'PendingUpdate' as "__typename"`;

/** What is to enter a file is content of it; who recorded it knows it anyway. */
function visible({ sees }: Reader) {
  return sql`(u.recorded_by_id = ${sees.employeeId} and ${customerLevel(sees, sql`c`)} > 0
    or ${customerLevel(sees, sql`c`)} = 2)`;
}

export const pendingUpdateById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<PendingUpdateRow>(sql`
      select ${PENDING_COLUMNS} from pending_update u join customer c on c.id = u.customer_id
      where u.id = any(${[...ids]}::uuid[]) and ${visible(reader)}`),
  ),
);

export const PENDING_UPDATE_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`u.customer_id`, orderable: false },
  state: { kind: 'Enum', enumName: 'PendingUpdateState', column: sql`u.state` },
  informationObtainedAt: { kind: 'DateTime', column: sql`u.information_obtained_at` },
} as const satisfies Record<string, ListField>;

/** By the index pending_update(customer_id, information_obtained_at). */
export function pendingUpdateList(reader: Reader): ListSource {
  return {
    from: sql`pending_update u join customer c on c.id = u.customer_id`,
    id: sql`u.id`,
    select: PENDING_COLUMNS,
    visible: visible(reader),
    full: visible(reader),
    fields: PENDING_UPDATE_FIELDS,
  };
}
