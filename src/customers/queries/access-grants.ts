import { seatedAt } from '../../approvals/queries/seats.ts';
import type { AccessGrant } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';
import { customerLevel } from './visibility.ts';

export type AccessGrantRow = AccessGrant & { readonly __typename: 'AccessGrant' };

const g = sql`g`;

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

/**
 * Requesters see their own requests, approvers those of their reach (section 23, column access grants) and those that they
 * have decided, and whoever may decide one now by a delegation, where they may know of the customer. `g` is the alias of
 * the grant's row.
 */
export function accessGrantVisible(viewer: ViewerSql, g: Sql): Sql {
  const area = sql`(select gc.area_id from customer gc where gc.id = ${g}.customer_id)`;
  return any([
    sql`${viewer.employeeId} in (${g}.requester_id, ${g}.decided_by_id)`,
    reached(viewer, [
      ['accessGrant:read:ALL', sql`true`],
      ['accessGrant:read:AREA', sql`${area} = any(${viewer.areaIds})`],
    ]),
    sql`exists (
      select 1
      from approval ga
      join approval_step gs on gs.approval_id = ga.id and gs.number = ga.step
      join customer gc on gc.id = ${g}.customer_id
      where ga.subject_id = ${g}.id and ga.state = 'PENDING' and ${customerLevel(viewer, sql`gc`)} > 0
        and ${seatedAt(viewer, sql`ga`, sql`gs`, { area: sql`gc.area_id`, department: sql`null::uuid` })})`,
  ]);
}

export const accessGrantById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<AccessGrantRow>(sql`
      select ${GRANT_COLUMNS} from access_grant g where g.id = any(${[...ids]}::uuid[]) and ${accessGrantVisible(reader.sees, g)}`),
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
  const visible = accessGrantVisible(reader.sees, g);
  return {
    from: sql`access_grant g`,
    id: sql`g.id`,
    select: GRANT_COLUMNS,
    visible,
    full: visible,
    fields: ACCESS_GRANT_FIELDS,
  };
}
