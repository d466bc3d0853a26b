import { Forbidden, Issues, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { type Text, text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { cancelObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { followKeyAccounts } from '../../tickets/commands/queue.ts';
import type { MissingCompetence } from '../rules/competence.ts';
import { HANDOVER } from '../rules/record-specs.ts';
import { changeStatus, missingRight, statusOf } from '../rules/rights.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { KEY_ACCOUNT_CONTACT } from './contacts.ts';
import { endDuties, KEY_ACCOUNT_UNASSIGNED } from './duties.ts';
import { type LockedAccount, lockAccount } from './locks.ts';
import { competencesMissing, dedicate, expectPerson, release } from './people.ts';
import {
  dropLevelProposal,
  expectService,
  expectTarget,
  proposeLevels,
  requireOpen,
  type ServiceFacts,
} from './proposals.ts';
import { insertRecords } from './records.ts';

export interface KeyAccountUpdateInput extends ServiceFacts {
  readonly keyAccountId: string;
  readonly expectedVersion: number;
  readonly annualRevenueTarget?: string | null;
  readonly isSpecial?: boolean | null;
  readonly isIndustryModel?: boolean | null;
}

/**
 * Changes how an account is served, its target, its special rank, or whether it is the model of its industry (KEY-03,
 * KEY-06, KEY-11, KEY-22). A level that follows from the target is proposed, and in force when approved.
 */
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
  const level = input.annualRevenueTarget == null ? null : expectTarget(issues, tx, target);
  const isSpecial = input.isSpecial ?? account.isSpecial;
  const given = service(input);
  const missing = missingRight(
    {
      service: Object.keys(given).length > 0 || input.isIndustryModel != null,
      rank: isSpecial !== account.isSpecial,
    },
    locked,
  );
  if (missing) throw new Forbidden(rolesWith('keyAccount', missing));
  requireVersion(locked, input.expectedVersion);
  changeStatus(statusOf(account), 'keyAccountUpdate');
  expectService(issues, input);
  const industryModelOf = await modelOf(tx, issues, locked, input.isIndustryModel);
  issues.throwIfAny();
  const after = { ...given, annualRevenueTarget: target, isSpecial, industryModelOf };
  await tx.prisma.keyAccount.update({
    where: { id: account.id },
    data: { ...after, updatedAt: tx.now, version: { increment: 1 } },
  });
  if (level !== null) {
    if (level === account.level) {
      await dropLevelProposal(tx, customer.id, 'The target gives the present level again.');
    } else {
      const candidate = {
        keyAccountId: account.id,
        customerId: customer.id,
        levelBefore: account.level,
        level,
        annualRevenueTarget: target,
      };
      await proposeLevels(tx, [candidate], viewer.employeeId, read);
    }
  }
  // KEY-11: open tickets of the account change their place in the queue.
  if (after.priorityLane !== undefined && after.priorityLane !== account.priorityLane)
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

/** The industry whose model the account is to be: there are so many of one industry at once (KEY-22). */
async function modelOf(
  tx: Command,
  issues: Issues,
  { account, customer }: LockedAccount,
  isIndustryModel: boolean | null | undefined,
): Promise<string | null> {
  if (isIndustryModel == null) return account.industryModelOf;
  if (!isIndustryModel) return null;
  const most = tx.settings.get(KEY_ACCOUNT_SETTINGS.modelPerIndustry);
  const [found] = await tx.query<{ industry: string | null; others: number }>(sql`
    with own as (select industry from customer where id = ${customer.id}::uuid),
         -- Two accounts of one industry must not become its model at the same time.
         alone as (select pg_advisory_xact_lock(hashtext('key_account.industry_model')))
    select own.industry, (
      select count(*)::int from key_account k
      where k.industry_model_of = own.industry and k.ended_at is null and k.id <> ${account.id}::uuid) as others
    from own cross join alone`);
  issues.expect(
    found?.industry != null && found.others < most,
    'isIndustryModel',
    text(
      `true for a customer with an industry that has fewer than ${most} model accounts (KEY-22)`,
      `仅当客户已填写行业且该行业样板大客户少于 ${most} 家时可为 true（KEY-22）`,
    ),
  );
  return found?.industry ?? null;
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
  read: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ keyAccountId: string; missing: readonly MissingCompetence[] }> {
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
  await handOver(tx, locked, people, input.handover);
  return { keyAccountId: account.id, missing: await competencesMissing(tx, people) };
}

/** Gives an account other people, with the record of it. */
export async function handOver(
  tx: Command,
  { account, customer }: Pick<LockedAccount, 'account' | 'customer'>,
  people: { readonly specialistId: string; readonly supervisorId: string | null },
  handover: string,
): Promise<void> {
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
  await insertRecords(
    tx,
    HANDOVER,
    [
      {
        id: newId(),
        keyAccountId: account.id,
        fromSpecialist: account.specialistId,
        toSpecialist: people.specialistId,
        fromSupervisor: account.supervisorId,
        toSupervisor: people.supervisorId,
        content: handover,
      },
    ],
    tx.actorId,
  );
  await cancelObligations(tx, KEY_ACCOUNT_UNASSIGNED, account.id);
  tx.audit({
    action: 'keyAccountAssignSpecialist',
    subjectType: 'KeyAccount',
    subjectId: account.id,
    before: { specialistId: account.specialistId, supervisorId: account.supervisorId },
    after: { ...people, handover },
  });
}

export interface KeyAccountEndInput {
  readonly keyAccountId: string;
  readonly expectedVersion: number;
  readonly reason: string;
}

/** The customer is no longer a key account: its people are released and nothing of it is watched any more. */
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
    data: { endedAt: tx.now, industryModelOf: null, updatedAt: tx.now, version: { increment: 1 } },
  });
  await dropLevelProposal(tx, customer.id, input.reason);
  await release(tx, customer, [account.specialistId, account.supervisorId]);
  await cancelObligations(tx, KEY_ACCOUNT_CONTACT, account.id);
  await endDuties(tx, account.id);
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

function requireVersion({ account }: LockedAccount, expected: number): void {
  if (account.version !== expected) throw new StaleVersion(account.version);
}

function expectReason(issues: Issues, path: string, reason: string, accepted: Text): void {
  issues.expect(reason.trim().length > 0 && reason.length <= 4_000, path, accepted);
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
