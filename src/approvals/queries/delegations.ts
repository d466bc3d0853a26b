import type { ApprovalDelegation } from '../../generated/prisma/client.ts';
import type { ApprovalChain } from '../../generated/prisma/enums.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { any, columns, type Queryable, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';
import { inForce } from './seats.ts';

export type DelegationRow = ApprovalDelegation & { readonly __typename: 'ApprovalDelegation' };

const DELEGATION_COLUMNS = sql`${columns('d', [
  'id',
  'delegatorId',
  'delegateId',
  'chain',
  'validFrom',
  'validTo',
  'reason',
  'createdAt',
  'revokedAt',
  'revokedById',
  'revokeReason',
  'version',
])}, 'ApprovalDelegation' as "__typename"`;

/** A delegation is seen by the two people whom it names, and by who reads them all. */
export function delegationVisible(viewer: ViewerSql, d: Sql): Sql {
  return any([
    sql`${viewer.employeeId} in (${d}.delegator_id, ${d}.delegate_id)`,
    reached(viewer, [['approvalDelegation:read:ALL', sql`true`]]),
  ]);
}

export const delegationById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<DelegationRow>(sql`
      select ${DELEGATION_COLUMNS} from approval_delegation d
      where d.id = any(${[...ids]}::uuid[]) and ${delegationVisible(reader.sees, sql`d`)}`),
  ),
);

export const DELEGATION_FIELDS = {
  delegator: { kind: 'ID', entity: 'Employee', column: sql`d.delegator_id`, orderable: false },
  delegate: { kind: 'ID', entity: 'Employee', column: sql`d.delegate_id`, orderable: false },
  chain: { kind: 'Enum', enumName: 'ApprovalChain', column: sql`d.chain` },
  validFrom: { kind: 'DateTime', column: sql`d.valid_from` },
  validTo: { kind: 'DateTime', column: sql`d.valid_to` },
  revokedAt: { kind: 'DateTime', column: sql`d.revoked_at` },
} as const satisfies Record<string, ListField>;

export function delegationList(reader: Reader): ListSource {
  const visible = delegationVisible(reader.sees, sql`d`);
  return {
    from: sql`approval_delegation d`,
    id: sql`d.id`,
    select: DELEGATION_COLUMNS,
    visible,
    full: visible,
    fields: DELEGATION_FIELDS,
  };
}

/** Who has lent the power of a chain to whom at an instant; few are in force at a time. */
export async function delegationsInForce(
  db: Queryable,
  chain: ApprovalChain,
  now: Date,
): Promise<{ readonly delegatorId: string; readonly delegateId: string }[]> {
  return db.query(sql`
    select d.delegator_id as "delegatorId", d.delegate_id as "delegateId" from approval_delegation d
    where ${inForce(sql`d`, { now: sql`${now}::timestamptz` })}
      and (d.chain is null or d.chain = ${chain}::"ApprovalChain")
    order by d.created_at, d.id`);
}
