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

export interface CustomerAccessDecideInput {
  readonly accessGrantId: string;
  readonly decision: 'APPROVE' | 'REFUSE' | 'REVOKE';
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Approves, refuses or revokes an access request; HEAD, or the area's DEPUTY; nobody decides their own (CUS-18). */
export async function customerAccessDecide(
  tx: Command,
  viewer: Viewer,
  input: CustomerAccessDecideInput,
): Promise<{ accessGrantId: string }> {
  const notFound = new NotFound(['accessGrantId'], text('access request', '查阅申请'));
  const grant = await tx.prisma.accessGrant.findUnique({ where: { id: input.accessGrantId } });
  if (!grant) throw notFound;
  const customer = await lockCustomer(tx, viewer, grant.customerId, 'accessGrantId', notFound);
  const approves = viewer.rights.has('accessGrant:approve:ALL');
  const inArea =
    viewer.rights.has('accessGrant:approve:AREA') && viewer.areaIds.includes(customer.areaId ?? '');
  const reads = approves || inArea || viewer.rights.has('accessGrant:read:ALL');
  if (!reads && grant.requesterId !== viewer.employeeId) throw notFound;
  if (!(approves || inArea)) throw new Forbidden(rolesWith('accessGrant', 'approve'));
  if (grant.requesterId === viewer.employeeId) {
    throw new Forbidden(
      ['another approver'],
      text('Nobody decides their own request.', '不能审批自己的申请。'),
    );
  }
  // Locked through the customer: read again what another decision may have changed meanwhile.
  const current = await tx.prisma.accessGrant.findUniqueOrThrow({ where: { id: grant.id } });
  requireVersion(current.version, input.expectedVersion);
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
  const validUntil =
    state === 'APPROVED'
      ? new Date(tx.now.getTime() + tx.settings.get(CUSTOMER_SETTINGS.grantDays) * 86_400_000)
      : current.validUntil;
  await tx.prisma.accessGrant.update({
    where: { id: grant.id },
    data: {
      state,
      decidedById: viewer.employeeId,
      decidedAt: tx.now,
      decisionReason: input.reason,
      validUntil,
      version: { increment: 1 },
    },
  });
  await putObligations(tx, [
    {
      kind: 'ACCESS_GRANT_EXPIRY',
      subjectId: grant.id,
      period: 'validity',
      ownerId: grant.requesterId,
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
    after: { state, reason: input.reason },
  });
  if (state !== 'REVOKED') {
    tx.emit({
      kind: state === 'APPROVED' ? 'ACCESS_GRANTED' : 'ACCESS_DENIED',
      subjectId: customer.id,
      audience: {
        roles: ['HEAD'],
        employees: [...(await deputiesOf(tx, customer.areaId)), grant.requesterId],
      },
      payload: { accessGrantId: grant.id, requesterId: grant.requesterId },
    });
  }
  return { accessGrantId: grant.id };
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
