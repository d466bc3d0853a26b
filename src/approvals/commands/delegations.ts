import type { ApprovalChain } from '../../generated/prisma/enums.ts';
import { Forbidden, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesAt } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { type DelegationRow, delegationVisible } from '../queries/delegations.ts';
import { checkDelegation, expectReason, requireRevocable } from '../rules.ts';
import { APPROVAL_SETTINGS } from '../settings.ts';

export interface ApprovalDelegateInput {
  readonly delegateId: string;
  readonly chain?: ApprovalChain | null;
  readonly validFrom?: Date | null;
  readonly validTo: Date;
  readonly reason: string;
  readonly idempotencyKey?: string | null;
}

/**
 * Lends the caller's power to decide approvals to another person for a time (ORG-04, BUD-07). Only a power of one's own
 * can be lent: `approvers` are the roles that have one in a chain.
 */
export async function approvalDelegate(
  tx: Command,
  viewer: Viewer,
  input: ApprovalDelegateInput,
  { organisation, timeZone }: Pick<Reader, 'organisation' | 'timeZone'>,
  approvers: (chain: ApprovalChain | null) => readonly string[],
): Promise<{ delegationId: string }> {
  const chain = input.chain ?? null;
  const able = approvers(chain);
  if (!viewer.roles.some((role) => able.includes(role))) throw new Forbidden(able);
  const validFrom = input.validFrom ?? tx.now;
  checkDelegation(
    {
      delegatorId: viewer.employeeId,
      delegateId: input.delegateId,
      delegateWorks: rolesAt(organisation, input.delegateId, tx.now, timeZone).length > 0,
      validFrom,
      validTo: input.validTo,
      reason: input.reason,
    },
    tx.now,
    tx.settings.get(APPROVAL_SETTINGS.delegationDays),
  );
  const delegationId = await once(tx, 'approvalDelegate', input.idempotencyKey, input, async (id) => {
    await tx.prisma.approvalDelegation.create({
      data: {
        id,
        delegatorId: viewer.employeeId,
        delegateId: input.delegateId,
        chain,
        validFrom,
        validTo: input.validTo,
        reason: input.reason.trim(),
        createdAt: tx.now,
      },
    });
    tx.audit({
      action: 'approvalDelegate',
      subjectType: 'ApprovalDelegation',
      subjectId: id,
      after: { delegateId: input.delegateId, chain, validFrom, validTo: input.validTo, reason: input.reason },
    });
    tx.emit({
      kind: 'APPROVAL_DELEGATED',
      subjectId: null,
      audience: { employees: [input.delegateId] },
      payload: {
        delegationId: id,
        delegatorId: viewer.employeeId,
        chain,
        validFrom: validFrom.toISOString(),
        validTo: input.validTo.toISOString(),
      },
    });
  });
  return { delegationId };
}

export interface ApprovalDelegationRevokeInput {
  readonly delegationId: string;
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Takes a delegation back at once; what was decided by it stays decided. */
export async function approvalDelegationRevoke(
  tx: Command,
  viewer: Viewer,
  input: ApprovalDelegationRevokeInput,
): Promise<{ delegationId: string }> {
  const [delegation] = await tx.query<
    Pick<
      DelegationRow,
      'id' | 'delegatorId' | 'delegateId' | 'validFrom' | 'validTo' | 'revokedAt' | 'version'
    >
  >(sql`
    select d.id, d.delegator_id as "delegatorId", d.delegate_id as "delegateId", d.valid_from as "validFrom",
           d.valid_to as "validTo", d.revoked_at as "revokedAt", d.version
    from approval_delegation d
    where d.id = ${input.delegationId}::uuid and ${delegationVisible(constantViewer(viewer, tx.now), sql`d`)}
    for update`);
  if (!delegation) throw new NotFound(['delegationId'], text('delegation', '委托'));
  if (delegation.delegatorId !== viewer.employeeId) {
    throw new Forbidden(
      ['the delegator'],
      text('A delegation is revoked by whose power it is.', '只有委托人可以撤销委托。'),
    );
  }
  if (delegation.version !== input.expectedVersion) throw new StaleVersion(delegation.version);
  requireRevocable(delegation, tx.now);
  const issues = new Issues();
  expectReason(issues, input.reason, text('why it is revoked', '撤销理由'));
  issues.throwIfAny();
  await tx.prisma.approvalDelegation.update({
    where: { id: delegation.id },
    data: {
      revokedAt: tx.now,
      revokedById: viewer.employeeId,
      revokeReason: input.reason.trim(),
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'approvalDelegationRevoke',
    subjectType: 'ApprovalDelegation',
    subjectId: delegation.id,
    before: { revokedAt: null },
    after: { revokedAt: tx.now, reason: input.reason },
  });
  tx.emit({
    kind: 'APPROVAL_DELEGATION_REVOKED',
    subjectId: null,
    audience: { employees: [delegation.delegateId] },
    payload: { delegationId: delegation.id, delegatorId: delegation.delegatorId },
  });
  return { delegationId: delegation.id };
}
