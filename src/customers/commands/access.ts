import type { DecisionOnSubject, OnSubject } from '../../approvals/commands/decide.ts';
import {
  decideApproval,
  type Directory,
  fingerprintOf,
  type LockedApproval,
  lockApproval,
  lockPending,
  openApprovals,
  requireApprovalVersion,
  seatsAt,
  withdrawApproval,
} from '../../approvals/commands/requests.ts';
import { seatToDecide } from '../../approvals/rules.ts';
import type { AccessGrant } from '../../generated/prisma/client.ts';
import type { AccessGrantState, CustomerGrade } from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, Issues, NotFound } from '../../lib/errors.ts';
import { localDate } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { type Obligation, type ObligationAdvance, putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { decideGrant, grantPossible } from '../rules.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { lockCustomer, requireVersion } from './lock.ts';

export interface CustomerAccessRequestInput {
  readonly customerId: string;
  readonly reason: string;
  readonly idempotencyKey?: string | null;
}

/** Asks to read a customer's file for a time (CUS-18). Grade A files are not opened this way (CFL-09). */
export async function customerAccessRequest(
  tx: Command,
  viewer: Viewer,
  input: CustomerAccessRequestInput,
  directory: Directory,
): Promise<{ accessGrantId: string }> {
  if (!can(viewer, 'accessGrant', 'request')) throw new Forbidden(rolesWith('accessGrant', 'request'));
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  const issues = new Issues();
  issues.expect(input.reason.trim().length > 0, 'reason', text('what the file is needed for', '查阅理由'));
  issues.throwIfAny();
  const open = customer.level === LEVEL.FULL;
  if (!open && !grantPossible(customer.grade, tx.settings.get(CUSTOMER_SETTINGS.allowGrantForA))) {
    throw new Forbidden(
      ['a dedicated assignment'],
      text('Grade A files are read by dedicated staff only.', 'A 级档案仅限专属人员查阅。'),
    );
  }
  const accessGrantId = await once(tx, 'customerAccessRequest', input.idempotencyKey, input, async (id) => {
    if (open)
      throw invalid('customerId', text('a customer whose file is closed to you', '您尚无权查阅档案的客户'));
    await tx.prisma.accessGrant.create({
      data: {
        id,
        customerId: customer.id,
        requesterId: viewer.employeeId,
        reason: input.reason,
        requestedAt: tx.now,
      },
    });
    tx.audit({
      action: 'customerAccessRequest',
      subjectType: 'Customer',
      subjectId: customer.id,
      after: { accessGrantId: id, reason: input.reason },
    });
    tx.emit({
      kind: 'ACCESS_REQUESTED',
      subjectId: customer.id,
      audience: {
        roles: ['HEAD'],
        employees: [...(await deputiesOf(tx, customer.areaId)), viewer.employeeId],
      },
      payload: { accessGrantId: id, requesterId: viewer.employeeId },
    });
    const request = { id, requesterId: viewer.employeeId, reason: input.reason };
    await askForAccess(tx, [{ ...request, customerId: customer.id, grade: customer.grade }], directory);
  });
  return { accessGrantId };
}

/** Deputies to whom the area is assigned. */
async function deputiesOf(tx: Command, areaId: string | null): Promise<string[]> {
  if (areaId === null) return [];
  const rows = await tx.query<{ id: string }>(sql`
    select distinct r.employee_id as id
    from role_assignment r join employee_area a on a.employee_id = r.employee_id
    where r.role = 'DEPUTY' and a.area_id = ${areaId}::uuid
      and r.valid_from <= ${tx.now}::timestamptz and (r.valid_to is null or r.valid_to > ${tx.now}::timestamptz)`);
  return rows.map((row) => row.id);
}

/** What an approval of access holds for: this customer, for this reason, and its file below or at grade A. */
function accessFingerprint(
  grant: { readonly customerId: string; readonly reason: string },
  grade: CustomerGrade | null,
): string {
  return fingerprintOf(`${grant.customerId}\n${grant.reason}\n${grade === 'A' ? 'A' : ''}`);
}

interface OpenRequest {
  readonly id: string;
  readonly customerId: string;
  readonly requesterId: string;
  readonly reason: string;
  readonly grade: CustomerGrade | null;
}

/** Asks those who decide on access (CUS-18); a request of the same grant that waits already is void. */
async function askForAccess(
  tx: Command,
  requests: readonly OpenRequest[],
  directory: Directory,
  announced = true,
): Promise<void> {
  const { steps } = tx.settings.get(CUSTOMER_SETTINGS.approvalChain);
  await openApprovals(
    tx,
    requests.map((request) => ({
      chain: 'CUSTOMER_ACCESS',
      subjectId: request.id,
      requesterId: request.requesterId,
      fingerprint: accessFingerprint(request, request.grade),
      steps,
      voids: 'GRADE_CHANGED',
      announced,
    })),
    directory,
  );
}

/**
 * Asks anew for access to files that have become grade A or are no longer: what was asked for was another thing. The
 * customers are locked by the caller.
 */
export async function renewAccessRequests(
  tx: Command,
  customerIds: readonly string[],
  directory: Directory,
): Promise<void> {
  const requests = await tx.query<OpenRequest>(sql`
    update access_grant g set version = g.version + 1
    from customer c
    where c.id = g.customer_id and g.customer_id = any(${[...customerIds]}::uuid[]) and g.state = 'REQUESTED'
    returning g.id, g.customer_id as "customerId", g.requester_id as "requesterId", g.reason, c.grade`);
  await askForAccess(tx, requests, directory);
}

export interface CustomerAccessDecideInput {
  readonly accessGrantId: string;
  readonly decision: 'APPROVE' | 'REFUSE' | 'REVOKE';
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Approves, refuses or revokes an access request by the chain `access.approvalChain`; nobody decides their own (CUS-18). */
export async function customerAccessDecide(
  tx: Command,
  viewer: Viewer,
  input: CustomerAccessDecideInput,
  directory: Directory,
): Promise<{ accessGrantId: string }> {
  await decideAccess(tx, viewer, { ...input, approvalId: null }, directory);
  return { accessGrantId: input.accessGrantId };
}

/** The same through the door of approvals: `expectedVersion` is the approval's. */
export async function decideAccessApproval(
  tx: Command,
  viewer: Viewer,
  input: DecisionOnSubject,
  directory: Directory,
): Promise<void> {
  await decideAccess(tx, viewer, { ...input, accessGrantId: input.subjectId }, directory);
}

async function decideAccess(
  tx: Command,
  viewer: Viewer,
  input: CustomerAccessDecideInput & { readonly approvalId: string | null },
  directory: Directory,
): Promise<void> {
  const notFound = new NotFound(['accessGrantId'], text('access request', '查阅申请'));
  const grant = await tx.prisma.accessGrant.findUnique({ where: { id: input.accessGrantId } });
  if (!grant) throw notFound;
  const customer = await lockCustomer(tx, viewer, grant.customerId, 'accessGrantId', notFound);
  const inReach =
    viewer.rights.has('accessGrant:approve:ALL') ||
    (viewer.rights.has('accessGrant:approve:AREA') && viewer.areaIds.includes(customer.areaId ?? ''));
  // Locked through the customer: read again what another decision may have changed meanwhile.
  const current = await tx.prisma.accessGrant.findUniqueOrThrow({ where: { id: grant.id } });
  const approval = await approvalOf(tx, { ...current, grade: customer.grade }, input, directory);
  const seats = approval ? await seatsAt(tx, viewer, approval) : [];
  const reads = inReach || seats.length > 0 || viewer.rights.has('accessGrant:read:ALL');
  if (!reads && grant.requesterId !== viewer.employeeId) throw notFound;
  const seat = approval ? seatToDecide(seats, approval.approvers) : null;
  if (!approval) {
    if (!inReach) throw new Forbidden(rolesWith('accessGrant', 'approve'));
    if (grant.requesterId === viewer.employeeId) {
      throw new Forbidden(
        ['another approver'],
        text('Nobody decides their own request.', '不能审批自己的申请。'),
      );
    }
  }
  requireVersion(
    approval && input.approvalId !== null ? approval.version : current.version,
    input.expectedVersion,
  );
  const state = decideGrant(current.state, input.decision);
  const issues = new Issues();
  issues.expect(input.reason.trim().length > 0, 'reason', text('why it is decided so', '审批理由'));
  issues.throwIfAny();
  if (
    state === 'APPROVED' &&
    !grantPossible(customer.grade, tx.settings.get(CUSTOMER_SETTINGS.allowGrantForA))
  ) {
    throw new Forbidden(
      ['a dedicated assignment'],
      text('Grade A files are read by dedicated staff only.', 'A 级档案仅限专属人员查阅。'),
    );
  }
  if (approval && seat && input.decision !== 'REVOKE') {
    const fingerprint = accessFingerprint(current, customer.grade);
    const { decision, reason } = input;
    const ended = await decideApproval(
      tx,
      viewer,
      approval,
      { decision, reason, fingerprint, seat },
      directory,
    );
    if (ended === 'PENDING') {
      // A further step decides; who has read the request before this one reads it again.
      await tx.prisma.accessGrant.update({ where: { id: grant.id }, data: { version: { increment: 1 } } });
      return;
    }
  }
  await writeDecision(tx, viewer, { customer, current, state, reason: input.reason });
}

/**
 * The approval that a decision is about: the one that is named, else the one that waits for the grant. Of a request
 * that came without one (written past the commands) it is opened here; a revocation and what is over have none.
 */
async function approvalOf(
  tx: Command,
  grant: OpenRequest & { readonly state: AccessGrantState },
  input: { readonly decision: string; readonly approvalId: string | null },
  directory: Directory,
): Promise<LockedApproval | null> {
  if (input.approvalId !== null) return lockApproval(tx, input.approvalId);
  if (grant.state !== 'REQUESTED') return null;
  const waiting = await lockPending(tx, 'CUSTOMER_ACCESS', grant.id);
  if (waiting) return waiting;
  await askForAccess(tx, [grant], directory, false);
  return lockPending(tx, 'CUSTOMER_ACCESS', grant.id);
}

async function writeDecision(
  tx: Command,
  viewer: Viewer,
  {
    customer,
    current,
    state,
    reason,
  }: {
    readonly customer: { readonly id: string; readonly areaId: string | null };
    readonly current: AccessGrant;
    readonly state: AccessGrantState;
    readonly reason: string;
  },
): Promise<void> {
  const validUntil =
    state === 'APPROVED'
      ? new Date(tx.now.getTime() + tx.settings.get(CUSTOMER_SETTINGS.grantDays) * 86_400_000)
      : current.validUntil;
  await tx.prisma.accessGrant.update({
    where: { id: current.id },
    data: {
      state,
      decidedById: viewer.employeeId,
      decidedAt: tx.now,
      decisionReason: reason,
      validUntil,
      version: { increment: 1 },
    },
  });
  await putObligations(tx, [
    {
      kind: 'ACCESS_GRANT_EXPIRY',
      subjectId: current.id,
      period: 'validity',
      ownerId: current.requesterId,
      startsAt: tx.now,
      warnAt: null,
      dueAt: validUntil,
      nextAt: state === 'APPROVED' ? validUntil : null,
      state: state === 'APPROVED' ? 'OPEN' : 'CANCELLED',
      step: 0,
    },
  ]);
  tx.audit({
    action: 'customerAccessDecide',
    subjectType: 'Customer',
    subjectId: customer.id,
    before: { state: current.state },
    after: { state, reason },
  });
  if (state !== 'REVOKED') {
    tx.emit({
      kind: state === 'APPROVED' ? 'ACCESS_GRANTED' : 'ACCESS_DENIED',
      subjectId: customer.id,
      audience: {
        roles: ['HEAD'],
        employees: [...(await deputiesOf(tx, customer.areaId)), current.requesterId],
      },
      payload: { accessGrantId: current.id, requesterId: current.requesterId },
    });
  }
}

/** Takes back a request for access that nobody has decided; the door of approvals has found that it is the viewer's own. */
export async function withdrawAccess(tx: Command, viewer: Viewer, input: OnSubject): Promise<void> {
  const grant = await tx.prisma.accessGrant.findUniqueOrThrow({ where: { id: input.subjectId } });
  await lockCustomer(tx, viewer, grant.customerId, 'approvalId');
  const approval = await lockApproval(tx, input.approvalId);
  requireApprovalVersion(approval, input.expectedVersion);
  await withdrawApproval(tx, approval, input.reason);
  await tx.prisma.accessGrant.update({
    where: { id: grant.id },
    data: { state: decideGrant(grant.state, 'WITHDRAW'), version: { increment: 1 } },
  });
  tx.audit({
    action: 'accessGrantWithdraw',
    subjectType: 'Customer',
    subjectId: grant.customerId,
    before: { state: grant.state },
    after: { state: 'WITHDRAWN', reason: input.reason },
  });
}

/** Marks grants whose time is over; reads stop by themselves at that instant, this keeps the record true. */
export async function expireGrants(tx: Command, due: readonly Obligation[]): Promise<ObligationAdvance[]> {
  const ids = due.map((obligation) => obligation.subjectId);
  await tx.query(sql`
    update access_grant set state = 'EXPIRED', version = version + 1
    where id = any(${ids}::uuid[]) and state = 'APPROVED' and valid_until <= ${tx.now}::timestamptz
    returning id`);
  tx.audit(...ids.map((id) => ({ action: 'accessGrantExpire', subjectType: 'AccessGrant', subjectId: id })));
  return due.map(({ id }) => ({ id, state: 'MET', step: 1, nextAt: null }));
}

/**
 * Notes refused reads of files: one audit statement for the request, and ACCESS_DENIED once per viewer, customer
 * and day (PRM-05, EVT-37).
 */
export async function recordRefusedReads(
  tx: Command,
  viewer: Viewer,
  customerIds: readonly string[],
  timeZone: string,
): Promise<void> {
  if (customerIds.length === 0) return;
  const day = localDate(tx.now.getTime(), timeZone);
  const areas = await tx.query<{ id: string; deputies: string[] }>(sql`
    select c.id, coalesce(array_agg(r.employee_id) filter (where r.employee_id is not null), '{}') as deputies
    from customer c
    left join employee_area a on a.area_id = c.area_id
    left join role_assignment r on r.employee_id = a.employee_id and r.role = 'DEPUTY'
      and r.valid_from <= ${tx.now}::timestamptz and (r.valid_to is null or r.valid_to > ${tx.now}::timestamptz)
    where c.id = any(${[...customerIds]}::uuid[])
    group by c.id`);
  const deputies = new Map(areas.map((row) => [row.id, row.deputies]));
  // In one order, so that two requests that note the same refusals wait for each other instead of for ever.
  for (const id of customerIds.toSorted()) {
    tx.audit({ action: 'readRefused', subjectType: 'Customer', subjectId: id });
    tx.emit({
      kind: 'ACCESS_DENIED',
      subjectId: id,
      audience: { roles: ['HEAD'], employees: deputies.get(id) ?? [] },
      payload: { viewerId: viewer.employeeId },
      dedupeKey: `ACCESS_DENIED ${viewer.employeeId} ${id} ${day}`,
    });
  }
}
