import type { AccessGrant } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';
import { any } from '../../platform/sql.ts';
import { reached } from '../../platform/visibility.ts';

export type AccessGrantRow = AccessGrant & { readonly __typename: 'AccessGrant' };

const GRANT_COLUMNS = sql`${columns('g', [
  'id',
  'customerId',
  'requesterId',
  'reason',
  'state',
  'requestedAt',
  'decidedById',
  'decidedAt',
  'decisionReason',
  'validUntil',
  'version',
])}, 'AccessGrant' as "__typename"`;

/** Requesters see their own requests, approvers those of their reach (section 23, column access grants). */
function visible(reader: Reader): Sql {
  const area = sql`exists (select 1 from customer c where c.id = g.customer_id and c.area_id = any(${reader.sees.areaIds}))`;
  return any([
    sql`g.requester_id = ${reader.sees.employeeId}`,
    reached(reader.sees, [
      ['accessGrant:read:ALL', sql`true`],
      ['accessGrant:read:AREA', area],
    ]),
  ]);
}

export const accessGrantById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<AccessGrantRow>(sql`
      select ${GRANT_COLUMNS} from access_grant g where g.id = any(${[...ids]}::uuid[]) and ${visible(reader)}`),
  ),
);

export const ACCESS_GRANT_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`g.customer_id`, orderable: false },
  requester: { kind: 'ID', entity: 'Employee', column: sql`g.requester_id`, orderable: false },
  state: { kind: 'Enum', enumName: 'AccessGrantState', column: sql`g.state` },
  requestedAt: { kind: 'DateTime', column: sql`g.requested_at` },
  validUntil: { kind: 'DateTime', column: sql`g.valid_until` },
} as const satisfies Record<string, ListField>;

export function accessGrantList(reader: Reader): ListSource {
  return {
    from: sql`access_grant g`,
    id: sql`g.id`,
    select: GRANT_COLUMNS,
    visible: visible(reader),
    full: visible(reader),
    fields: ACCESS_GRANT_FIELDS,
  };
}
