import { assignToCustomer } from '../../customers/commands/assignments.ts';
import { CUSTOMER_SETTINGS } from '../../customers/settings.ts';
import type { KeyAccountLevel, Role, ServiceModel } from '../../generated/prisma/enums.ts';
import { Forbidden, Issues, StaleVersion } from '../../lib/errors.ts';
import { isMoney } from '../../lib/money.ts';
import { type Text, text } from '../../lib/text.ts';
import { type Reader, rolesNow } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { cancelObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { followKeyAccounts } from '../../tickets/commands/queue.ts';
import { firstWeek, weekOf } from '../rules/contact-cadence.ts';
import { LEVELS, levelFor, specialByDefault } from '../rules/level.ts';
import { changeStatus, missingRight, statusOf } from '../rules/rights.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { judgeAgain, KEY_ACCOUNT_CONTACT, openContactWeek } from './contacts.ts';
import { type LockedAccount, type LockedCustomer, lockAccount, lockCustomer } from './locks.ts';

/** How an account is served; a field that is left out stays. */
export interface ServiceFacts {
  readonly serviceModel?: ServiceModel | null;
  readonly priorityLane?: boolean | null;
  readonly hours24?: boolean | null;
  readonly partnershipStatus?: string | null;
}

export interface KeyAccountPromoteInput extends ServiceFacts {
  readonly customerId: string;
  readonly annualRevenueTarget: string;
  readonly specialistId: string;
  readonly supervisorId?: string | null;
  readonly isSpecial?: boolean | null;
  readonly idempotencyKey?: string | null;
}

/** Makes a customer a key account, or once more after it ended; KA_SUPERVISOR or HEAD approves by doing so (KEY-17). */
export async function keyAccountPromote(
  tx: Command,
  viewer: Viewer,
  input: KeyAccountPromoteInput,
  read: Reader,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!can(viewer, 'keyAccount', 'approve')) throw new Forbidden(rolesWith('keyAccount', 'approve'));
  requireOpen(customer);
  const supervisorId = input.supervisorId ?? (hasRole(viewer, 'KA_SUPERVISOR') ? viewer.employeeId : null);
  await once(tx, 'keyAccountPromote', input.idempotencyKey, input, async (id) => {
    const known = await tx.prisma.keyAccount.findUnique({ where: { customerId: customer.id } });
    changeStatus(statusOf(known), 'keyAccountPromote');
    const issues = new Issues();
    issues.expect(
      customer.lifecycle !== 'LOST',
      'customerId',
      text('a customer that is not LOST', '未流失的客户'),
    );
    const level = expectTarget(issues, tx, input.annualRevenueTarget);
    expectService(issues, input);
    expectPerson(issues, tx, read, 'specialistId', input.specialistId, 'KA_SPECIALIST');
    expectPerson(issues, tx, read, 'supervisorId', supervisorId, 'KA_SUPERVISOR');
    issues.throwIfAny();
    if (level === null) throw new Error('A target that was accepted has no level.');
    const account = {
      ...service(input),
      annualRevenueTarget: input.annualRevenueTarget,
      level,
      isSpecial: input.isSpecial ?? (await specialNow(tx, level, input.annualRevenueTarget)),
      specialistId: input.specialistId,
      supervisorId,
      promotedAt: tx.now,
      endedAt: null,
      updatedAt: tx.now,
    };
    const { id: keyAccountId } = known
      ? await tx.prisma.keyAccount.update({
          where: { id: known.id },
          data: { ...account, version: { increment: 1 } },
        })
      : await tx.prisma.keyAccount.create({
          data: { ...account, id, customerId: customer.id, createdAt: tx.now },
        });
    await dedicate(tx, customer.id, [input.specialistId, supervisorId]);
    await openContactWeek(tx, keyAccountId, firstWeek(tx.now.getTime(), read.timeZone));
    // KEY-26, KEY-29: open tickets come to the key account team, and their limits are shorter from now on.
    await followKeyAccounts(tx, [customer.id], read);
    tx.audit({
      action: 'keyAccountPromote',
      subjectType: 'KeyAccount',
      subjectId: keyAccountId,
      before: known,
      after: { customerId: customer.id, ...account },
    });
  });
  return { customerId: customer.id };
}

export interface KeyAccountUpdateInput extends ServiceFacts {
  readonly keyAccountId: string;
  readonly expectedVersion: number;
  readonly annualRevenueTarget?: string | null;
  readonly isSpecial?: boolean | null;
}

/** Changes how an account is served, its target and with it its level, or its special rank (KEY-03, KEY-06, KEY-11). */
export async function keyAccountUpdate(
  tx: Command,
  viewer: Viewer,
  input: KeyAccountUpdateInput,
  read: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ keyAccountId: string }> {
  const locked = await lockAccount(tx, viewer, input.keyAccountId);
  const { account, customer } = locked;
  const issues = new Issues();
  const target = input.annualRevenueTarget ?? account.annualRevenueTarget;
  const level = input.annualRevenueTarget == null ? account.level : expectTarget(issues, tx, target);
  const isSpecial = input.isSpecial ?? account.isSpecial;
  const given = service(input);
  const missing = missingRight(
    {
      service: Object.keys(given).length > 0,
      rank: (level !== null && level !== account.level) || isSpecial !== account.isSpecial,
    },
    locked,
  );
  if (missing) throw new Forbidden(rolesWith('keyAccount', missing));
  requireVersion(locked, input.expectedVersion);
  changeStatus(statusOf(account), 'keyAccountUpdate');
  expectService(issues, input);
  issues.throwIfAny();
  const after = { ...given, annualRevenueTarget: target, level: level ?? account.level, isSpecial };
  await tx.prisma.keyAccount.update({
    where: { id: account.id },
    data: { ...after, updatedAt: tx.now, version: { increment: 1 } },
  });
  if (after.level !== account.level)
    await judgeAgain(tx, customer.id, weekOf(tx.now.getTime(), read.timeZone));
  // KEY-11: open tickets of the account change their place in the queue. TIC-36: a level may have limits of its own.
  if (
    (after.priorityLane !== undefined && after.priorityLane !== account.priorityLane) ||
    after.level !== account.level
  )
    await followKeyAccounts(tx, [customer.id], read);
  tx.audit({
    action: 'keyAccountUpdate',
    subjectType: 'KeyAccount',
    subjectId: account.id,
    before: account,
    after,
  });
  return { keyAccountId: account.id };
}

export interface KeyAccountAssignSpecialistInput {
  readonly keyAccountId: string;
  readonly expectedVersion: number;
  readonly specialistId: string;
  readonly supervisorId?: string | null;
  readonly handover: string;
}

/** Hands an account over: who gives it up is no longer dedicated, who takes it is (KEY-05, PRM-07). */
export async function keyAccountAssignSpecialist(
  tx: Command,
  viewer: Viewer,
  input: KeyAccountAssignSpecialistInput,
  read: Reader,
): Promise<{ keyAccountId: string }> {
  const locked = await lockAccount(tx, viewer, input.keyAccountId);
  const { account, customer } = locked;
  requireApproves(locked);
  requireOpen(customer);
  requireVersion(locked, input.expectedVersion);
  changeStatus(statusOf(account), 'keyAccountAssignSpecialist');
  const people = {
    specialistId: input.specialistId,
    supervisorId: input.supervisorId ?? account.supervisorId,
  };
  const issues = new Issues();
  issues.expect(
    people.specialistId !== account.specialistId || people.supervisorId !== account.supervisorId,
    'specialistId',
    text('another person than the present one', '与现任不同的人员'),
  );
  expectPerson(issues, tx, read, 'specialistId', people.specialistId, 'KA_SPECIALIST');
  if (input.supervisorId != null)
    expectPerson(issues, tx, read, 'supervisorId', people.supervisorId, 'KA_SUPERVISOR');
  expectReason(
    issues,
    'handover',
    input.handover,
    text('what is handed over: open matters, promises, needs', '交接内容：未结事项、承诺与需求'),
  );
  issues.throwIfAny();
  await tx.prisma.keyAccount.update({
    where: { id: account.id },
    data: { ...people, updatedAt: tx.now, version: { increment: 1 } },
  });
  const present = [people.specialistId, people.supervisorId];
  const former = [account.specialistId, account.supervisorId];
  await release(
    tx,
    customer,
    former.filter((id) => !present.includes(id)),
  );
  await dedicate(
    tx,
    customer.id,
    present.filter((id) => !former.includes(id)),
  );
  // The handover record of KEY-05.
  tx.audit({
    action: 'keyAccountAssignSpecialist',
    subjectType: 'KeyAccount',
    subjectId: account.id,
    before: { specialistId: account.specialistId, supervisorId: account.supervisorId },
    after: { ...people, handover: input.handover },
  });
  return { keyAccountId: account.id };
}

export interface KeyAccountEndInput {
  readonly keyAccountId: string;
  readonly expectedVersion: number;
  readonly reason: string;
}

/** The customer is no longer a key account: its people are released and its contacts no longer watched. */
export async function keyAccountEnd(
  tx: Command,
  viewer: Viewer,
  input: KeyAccountEndInput,
  read: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ keyAccountId: string }> {
  const locked = await lockAccount(tx, viewer, input.keyAccountId);
  const { account, customer } = locked;
  requireApproves(locked);
  requireVersion(locked, input.expectedVersion);
  changeStatus(statusOf(account), 'keyAccountEnd');
  const issues = new Issues();
  expectReason(issues, 'reason', input.reason, text('why it ends', '终止原因'));
  issues.throwIfAny();
  await tx.prisma.keyAccount.update({
    where: { id: account.id },
    data: { endedAt: tx.now, updatedAt: tx.now, version: { increment: 1 } },
  });
  await release(tx, customer, [account.specialistId, account.supervisorId]);
  await cancelObligations(tx, KEY_ACCOUNT_CONTACT, account.id);
  await followKeyAccounts(tx, [customer.id], read);
  tx.audit({
    action: 'keyAccountEnd',
    subjectType: 'KeyAccount',
    subjectId: account.id,
    before: account,
    after: { endedAt: tx.now, reason: input.reason },
  });
  return { keyAccountId: account.id };
}

function requireApproves({ approves }: LockedAccount): void {
  if (!approves) throw new Forbidden(rolesWith('keyAccount', 'approve'));
}

function requireOpen({ opens }: LockedCustomer): void {
  if (opens) return;
  throw new Forbidden(
    ['HEAD', 'a dedicated assignment'],
    text('This opens a grade A file, which is closed to you.', '此操作会开放 A 级档案，而您无权查阅该档案。'),
  );
}

function requireVersion({ account }: LockedAccount, expected: number): void {
  if (account.version !== expected) throw new StaleVersion(account.version);
}

/** The level of a target; an issue where the target is no amount or reaches no level. */
function expectTarget(issues: Issues, tx: Command, target: string): KeyAccountLevel | null {
  const thresholds = tx.settings.get(KEY_ACCOUNT_SETTINGS.thresholds);
  const level = isMoney(target) ? levelFor(target, thresholds) : null;
  const least = thresholds[LEVELS[LEVELS.length - 1] ?? 'D'];
  issues.expect(
    level !== null,
    'annualRevenueTarget',
    text(
      `an amount of ${least} or more with at most two places (KEY-03)`,
      `不低于 ${least}、最多两位小数的金额（KEY-03）`,
    ),
  );
  return level;
}

function expectReason(issues: Issues, path: string, reason: string, accepted: Text): void {
  issues.expect(reason.trim().length > 0 && reason.length <= 4_000, path, accepted);
}

function expectService(issues: Issues, facts: ServiceFacts): void {
  issues.expect(
    facts.partnershipStatus == null || facts.partnershipStatus.length <= 200,
    'partnershipStatus',
    text('at most 200 characters', '最多 200 字'),
  );
}

/** Only department staff can be dedicated (CUS-17), and each part needs its role. */
function expectPerson(
  issues: Issues,
  tx: Command,
  read: Reader,
  path: 'specialistId' | 'supervisorId',
  employeeId: string | null,
  role: Role,
): void {
  const { employees, teams } = read.organisation;
  const inside: readonly string[] = tx.settings.get(CUSTOMER_SETTINGS.insideTeams);
  const team = teams.get(employees.get(employeeId ?? '')?.teamId ?? '');
  const suits =
    employeeId !== null &&
    rolesNow(read, employeeId).includes(role) &&
    team !== undefined &&
    inside.includes(team.type);
  issues.expect(
    suits,
    path,
    text(
      `a ${role} in a team inside the department: ${inside.join(', ')}`,
      `部门内团队（${inside.join('、')}）的 ${role}`,
    ),
  );
}

/** What is given of the service; null clears the partnership and leaves the rest. */
function service(facts: ServiceFacts) {
  return {
    ...(facts.serviceModel == null ? {} : { serviceModel: facts.serviceModel }),
    ...(facts.priorityLane == null ? {} : { priorityLane: facts.priorityLane }),
    ...(facts.hours24 == null ? {} : { hours24: facts.hours24 }),
    ...(facts.partnershipStatus === undefined ? {} : { partnershipStatus: facts.partnershipStatus }),
  };
}

/** Whether an account of this level and target is special as things stand (CFL-05). */
async function specialNow(tx: Command, level: KeyAccountLevel, target: string): Promise<boolean> {
  const [higher] = await tx.query<{ count: number }>(sql`
    select count(*)::int as count from key_account
    where ended_at is null and level = 'A' and annual_revenue_target > ${target}::numeric`);
  return specialByDefault(level, higher?.count ?? 0, tx.settings.get(KEY_ACCOUNT_SETTINGS.specialCount));
}

/** The account's people become dedicated, so that they read a grade A file (PRM-07). */
async function dedicate(
  tx: Command,
  customerId: string,
  employeeIds: readonly (string | null)[],
): Promise<void> {
  const distinct = [...new Set(employeeIds)].filter((id) => id !== null);
  await assignToCustomer(
    tx,
    distinct.map((employeeId) => ({ customerId, employeeId, dedicated: true, validTo: null })),
  );
}

/** Dedicated assignments end at once (PRM-06); the customer's owner keeps theirs, which are not the account's. */
async function release(
  tx: Command,
  customer: LockedCustomer,
  employeeIds: readonly (string | null)[],
): Promise<void> {
  const released = employeeIds.filter((id) => id !== null && id !== customer.ownerId);
  const ended = await tx.query<{ employeeId: string }>(sql`
    update customer_assignment set valid_to = ${tx.now}::timestamptz
    where customer_id = ${customer.id}::uuid and employee_id = any(${released}::uuid[]) and dedicated
      and (valid_to is null or valid_to > ${tx.now}::timestamptz)
    returning employee_id as "employeeId"`);
  tx.audit(
    ...ended.map(({ employeeId }) => ({
      action: 'customerUnassign',
      subjectType: 'Customer',
      subjectId: customer.id,
      after: { employeeId },
    })),
  );
}
