import type { DecisionOnSubject, OnSubject } from '../../approvals/commands/decide.ts';
import {
  decideApproval,
  fingerprintOf,
  lockApproval,
  lockPending,
  openApprovals,
  requireApprovalVersion,
  seatFor,
  withdrawApproval,
} from '../../approvals/commands/requests.ts';
import { expectReason } from '../../approvals/rules.ts';
import type { KeyAccountProposal } from '../../generated/prisma/client.ts';
import type { KeyAccountLevel, ServiceModel } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, Issues, NotFound } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { isMoney } from '../../lib/money.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesAt } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { followKeyAccounts } from '../../tickets/commands/queue.ts';
import { revenueOfYear } from '../queries/revenue.ts';
import { firstWeek, weekOf } from '../rules/contact-cadence.ts';
import type { MissingCompetence } from '../rules/competence.ts';
import { LEVELS, levelFor, specialByDefault } from '../rules/level.ts';
import { remainingSteps, termsOf } from '../rules/proposals.ts';
import { changeStatus, statusOf } from '../rules/rights.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { judgeAgain, openContactWeek } from './contacts.ts';
import { type LockedCustomer, lockCustomer } from './locks.ts';
import { competencesMissing, dedicate, expectPerson } from './people.ts';

const CHAIN = 'KEY_ACCOUNT_RANK';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

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

export interface Promoted {
  readonly proposalId: string;
  readonly customerId: string;
  readonly missing: readonly MissingCompetence[];
}

/** Asks to make a customer a key account, or once more after it ended; it is one when the chain has approved (KEY-17). */
export async function keyAccountPromote(
  tx: Command,
  viewer: Viewer,
  input: KeyAccountPromoteInput,
  directory: Directory,
): Promise<Promoted> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!customer.asks)
    throw new Forbidden([...rolesWith('keyAccount', 'approve'), ...rolesWith('keyAccount', 'write')]);
  requireOpen(customer);
  const supervisorId = input.supervisorId ?? (hasRole(viewer, 'KA_SUPERVISOR') ? viewer.employeeId : null);
  const proposalId = await once(tx, 'keyAccountPromote', input.idempotencyKey, input, async (id) => {
    await requirePossible(tx, customer.id);
    const waiting = await pendingOf(tx, customer.id);
    if (waiting) throw new IllegalTransition('PROPOSED', 'keyAccountPromote', ['approvalWithdraw']);
    const people = { specialistId: input.specialistId, supervisorId };
    const issues = new Issues();
    const level = expectTarget(issues, tx, input.annualRevenueTarget);
    expectService(issues, input);
    expectServable(issues, tx, customer, people, directory);
    issues.throwIfAny();
    if (level === null) throw new Error('A target that was accepted has no level.');
    const revenue = await revenueOfYear(tx, [customer.id], tx.now, directory.timeZone);
    const proposal = await tx.prisma.keyAccountProposal.create({
      data: {
        id,
        kind: 'PROMOTION',
        customerId: customer.id,
        level,
        annualRevenueTarget: input.annualRevenueTarget,
        revenue: revenue.get(customer.id) ?? '0.00',
        ...people,
        isSpecial: input.isSpecial ?? null,
        serviceModel: input.serviceModel ?? null,
        priorityLane: input.priorityLane ?? null,
        hours24: input.hours24 ?? null,
        partnershipStatus: input.partnershipStatus ?? null,
        requesterId: viewer.employeeId,
        requestedAt: tx.now,
      },
    });
    tx.audit({
      action: 'keyAccountPromote',
      subjectType: 'KeyAccountProposal',
      subjectId: id,
      after: { customerId: customer.id, level, annualRevenueTarget: input.annualRevenueTarget, ...people },
    });
    await askFor(tx, [proposal], directory);
  });
  const proposed = await tx.prisma.keyAccountProposal.findUniqueOrThrow({ where: { id: proposalId } });
  return { proposalId, customerId: customer.id, missing: await competencesMissing(tx, proposed) };
}

/** A level that an account should have by its target, and the account as it is. */
export interface LevelCandidate {
  readonly keyAccountId: string;
  readonly customerId: string;
  readonly levelBefore: KeyAccountLevel;
  readonly level: KeyAccountLevel;
  readonly annualRevenueTarget: string;
}

/**
 * Proposes other levels and tells it: they are in force when approved (KEY-03, EVT-32). A change that waits for the
 * same account is replaced. Takes a set; the number of statements does not depend on it.
 */
export async function proposeLevels(
  tx: Command,
  candidates: readonly LevelCandidate[],
  requesterId: string | null,
  directory: Directory,
): Promise<void> {
  if (candidates.length === 0) return;
  const customerIds = candidates.map(({ customerId }) => customerId);
  const revenue = await revenueOfYear(tx, customerIds, tx.now, directory.timeZone);
  const waiting = await tx.prisma.keyAccountProposal.findMany({
    where: { customerId: { in: customerIds }, state: 'PENDING', kind: 'LEVEL_CHANGE' },
  });
  const known = new Map(waiting.map((proposal) => [proposal.customerId, proposal]));
  // What was proposed already waits as it is.
  const fresh = candidates.filter(({ customerId, level, annualRevenueTarget }) => {
    const other = known.get(customerId);
    return !other || other.level !== level || other.annualRevenueTarget.toFixed(2) !== annualRevenueTarget;
  });
  const rows = fresh.map((candidate) => ({
    id: known.get(candidate.customerId)?.id ?? newId(),
    customer_id: candidate.customerId,
    key_account_id: candidate.keyAccountId,
    level_before: candidate.levelBefore,
    level: candidate.level,
    target: candidate.annualRevenueTarget,
    revenue: revenue.get(candidate.customerId) ?? '0.00',
  }));
  await tx.query(sql`
    insert into key_account_proposal (id, kind, state, customer_id, key_account_id, level_before, level,
      annual_revenue_target, revenue, requester_id, requested_at, version)
    select id, 'LEVEL_CHANGE', 'PENDING', customer_id, key_account_id, level_before::"KeyAccountLevel",
      level::"KeyAccountLevel", target, revenue, ${requesterId}::uuid, ${tx.now}::timestamptz, 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as p(
      id uuid, customer_id uuid, key_account_id uuid, level_before text, level text, target numeric, revenue numeric)
    on conflict (id) do update set level = excluded.level, annual_revenue_target = excluded.annual_revenue_target,
      revenue = excluded.revenue, requester_id = excluded.requester_id, requested_at = excluded.requested_at,
      version = key_account_proposal.version + 1
    returning 1 as written`);
  const proposals = await tx.prisma.keyAccountProposal.findMany({
    where: { id: { in: rows.map(({ id }) => id) } },
  });
  await askFor(tx, proposals, directory);
  for (const row of rows) {
    tx.emit({
      kind: 'LEVEL_CHANGE_CANDIDATE',
      subjectId: row.key_account_id,
      audience: { roles: ['KA_SUPERVISOR', 'HEAD'] },
      payload: { level: row.level_before, proposed: row.level, target: row.target, revenue: row.revenue },
    });
    tx.audit({
      action: 'keyAccountLevelPropose',
      subjectType: 'KeyAccountProposal',
      subjectId: row.id,
      after: { keyAccountId: row.key_account_id, level: row.level, annualRevenueTarget: row.target },
    });
  }
}

/** Takes back a change of level that nothing speaks for any more. */
export async function dropLevelProposal(tx: Command, customerId: string, reason: string): Promise<void> {
  const waiting = await pendingOf(tx, customerId);
  if (waiting?.kind !== 'LEVEL_CHANGE') return;
  const approval = await lockPending(tx, CHAIN, waiting.id);
  if (approval) await withdrawApproval(tx, approval, reason);
  await close(tx, waiting, 'WITHDRAWN', reason);
}

async function askFor(
  tx: Command,
  proposals: readonly KeyAccountProposal[],
  { organisation, timeZone }: Directory,
): Promise<void> {
  const chain = tx.settings.get(KEY_ACCOUNT_SETTINGS.rankChain);
  await openApprovals(
    tx,
    proposals.map((proposal) => ({
      chain: CHAIN,
      subjectId: proposal.id,
      requesterId: proposal.requesterId,
      fingerprint: fingerprintOf(termsOf(plain(proposal))),
      steps: remainingSteps(
        chain.steps,
        proposal.requesterId === null ? [] : rolesAt(organisation, proposal.requesterId, tx.now, timeZone),
      ),
      voids: 'SUBJECT_CHANGED',
    })),
    { timeZone },
  );
}

function plain(proposal: KeyAccountProposal) {
  return { ...proposal, annualRevenueTarget: proposal.annualRevenueTarget.toFixed(2) };
}

async function pendingOf(tx: Command, customerId: string): Promise<KeyAccountProposal | null> {
  return tx.prisma.keyAccountProposal.findFirst({ where: { customerId, state: 'PENDING' } });
}

/** Decides a proposal by its approval; what it proposes is in force with the last step (KEY-03, KEY-17). */
export async function decideRank(
  tx: Command,
  viewer: Viewer,
  input: DecisionOnSubject,
  directory: Directory,
): Promise<void> {
  const { proposal, customer } = await lockProposal(tx, viewer, input.subjectId);
  const approval = await lockApproval(tx, input.approvalId);
  const seat = await seatFor(tx, viewer, approval);
  requireApprovalVersion(approval, input.expectedVersion);
  const issues = new Issues();
  expectReason(issues, input.reason, text('why it is decided so', '审批理由'));
  issues.throwIfAny();
  const ended = await decideApproval(
    tx,
    viewer,
    approval,
    {
      decision: input.decision,
      reason: input.reason,
      fingerprint: fingerprintOf(termsOf(plain(proposal))),
      seat,
    },
    directory,
  );
  if (ended === 'PENDING') return;
  await close(tx, proposal, ended === 'APPROVED' ? 'APPROVED' : 'REFUSED', input.reason);
  if (ended !== 'APPROVED') return;
  if (proposal.kind === 'PROMOTION') await promote(tx, proposal, customer, directory);
  else await changeLevel(tx, proposal, directory);
}

/** Takes a proposal of one's own back. */
export async function withdrawRank(tx: Command, viewer: Viewer, input: OnSubject): Promise<void> {
  const { proposal } = await lockProposal(tx, viewer, input.subjectId);
  const approval = await lockApproval(tx, input.approvalId);
  requireApprovalVersion(approval, input.expectedVersion);
  await withdrawApproval(tx, approval, input.reason);
  await close(tx, proposal, 'WITHDRAWN', input.reason);
}

async function lockProposal(
  tx: Command,
  viewer: Viewer,
  id: string,
): Promise<{ readonly proposal: KeyAccountProposal; readonly customer: LockedCustomer }> {
  const found = await tx.prisma.keyAccountProposal.findUnique({ where: { id } });
  if (!found) throw new NotFound(['approvalId'], text('proposal', '提议'));
  const customer = await lockCustomer(tx, viewer, found.customerId, 'approvalId');
  // Locked through its customer: read again what another decision may have changed meanwhile.
  const proposal = await tx.prisma.keyAccountProposal.findUniqueOrThrow({ where: { id } });
  return { proposal, customer };
}

async function close(
  tx: Command,
  proposal: KeyAccountProposal,
  state: 'APPROVED' | 'REFUSED' | 'WITHDRAWN',
  reason: string,
): Promise<void> {
  await tx.prisma.keyAccountProposal.update({
    where: { id: proposal.id },
    data: { state, decidedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: `keyAccountProposal.${state}`,
    subjectType: 'KeyAccountProposal',
    subjectId: proposal.id,
    before: { state: proposal.state },
    after: { state, reason },
  });
}

async function promote(
  tx: Command,
  proposal: KeyAccountProposal,
  customer: LockedCustomer,
  directory: Directory,
): Promise<void> {
  const { specialistId, supervisorId, level } = proposal;
  const annualRevenueTarget = proposal.annualRevenueTarget.toFixed(2);
  const known = await requirePossible(tx, customer.id);
  const issues = new Issues();
  expectServable(issues, tx, customer, proposal, directory);
  issues.throwIfAny();
  const account = {
    ...(proposal.serviceModel === null ? {} : { serviceModel: proposal.serviceModel }),
    ...(proposal.priorityLane === null ? {} : { priorityLane: proposal.priorityLane }),
    ...(proposal.hours24 === null ? {} : { hours24: proposal.hours24 }),
    ...(proposal.partnershipStatus === null ? {} : { partnershipStatus: proposal.partnershipStatus }),
    annualRevenueTarget,
    level,
    isSpecial: proposal.isSpecial ?? (await specialNow(tx, level, annualRevenueTarget)),
    specialistId,
    supervisorId,
    promotedAt: tx.now,
    endedAt: null,
    updatedAt: tx.now,
  };
  const { id } = known
    ? await tx.prisma.keyAccount.update({
        where: { id: known.id },
        data: { ...account, version: { increment: 1 } },
      })
    : await tx.prisma.keyAccount.create({ data: { ...account, customerId: customer.id, createdAt: tx.now } });
  await dedicate(tx, customer.id, [specialistId, supervisorId]);
  await openContactWeek(tx, id, firstWeek(tx.now.getTime(), directory.timeZone));
  // KEY-26, KEY-29: open tickets come to the key account team, and their limits are shorter from now on.
  await followKeyAccounts(tx, [customer.id], directory);
  await tx.query(sql`
    update key_account_candidate
    set state = 'PROMOTED', decided_at = ${tx.now}::timestamptz, decided_by_id = ${tx.actorId}::uuid, version = version + 1
    where customer_id = ${customer.id}::uuid and state = 'OPEN'
    returning 1 as written`);
  tx.audit({
    action: 'keyAccountPromoted',
    subjectType: 'KeyAccount',
    subjectId: id,
    before: known,
    after: { customerId: customer.id, ...account },
  });
}

async function changeLevel(tx: Command, proposal: KeyAccountProposal, directory: Directory): Promise<void> {
  const { customerId, level } = proposal;
  const account = await tx.prisma.keyAccount.findUniqueOrThrow({ where: { customerId } });
  changeStatus(statusOf(account), 'keyAccountUpdate');
  await tx.prisma.keyAccount.update({
    where: { id: account.id },
    data: { level, updatedAt: tx.now, version: { increment: 1 } },
  });
  await judgeAgain(tx, customerId, weekOf(tx.now.getTime(), directory.timeZone));
  // TIC-36: a level may have limits of its own.
  await followKeyAccounts(tx, [customerId], directory);
  tx.audit({
    action: 'keyAccountLevelChanged',
    subjectType: 'KeyAccount',
    subjectId: account.id,
    before: { level: account.level },
    after: { level },
  });
}

async function requirePossible(tx: Command, customerId: string) {
  const known = await tx.prisma.keyAccount.findUnique({ where: { customerId } });
  changeStatus(statusOf(known), 'keyAccountPromote');
  return known;
}

/** A customer that can be served, by people who can serve it: asked when it is proposed, and once more when approved. */
function expectServable(
  issues: Issues,
  tx: Command,
  customer: LockedCustomer,
  people: { readonly specialistId: string | null; readonly supervisorId: string | null },
  directory: Directory,
): void {
  issues.expect(
    customer.lifecycle !== 'LOST',
    'customerId',
    text('a customer that is not LOST', '未流失的客户'),
  );
  expectPerson(issues, tx, directory, 'specialistId', people.specialistId, 'KA_SPECIALIST');
  expectPerson(issues, tx, directory, 'supervisorId', people.supervisorId, 'KA_SUPERVISOR');
}

export function requireOpen({ opens }: LockedCustomer): void {
  if (opens) return;
  throw new Forbidden(
    ['HEAD', 'a dedicated assignment'],
    text('This opens a grade A file, which is closed to you.', '此操作会开放 A 级档案，而您无权查阅该档案。'),
  );
}

/** The level of a target; an issue where the target is no amount or reaches no level. */
export function expectTarget(issues: Issues, tx: Command, target: string): KeyAccountLevel | null {
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

export function expectService(issues: Issues, facts: ServiceFacts): void {
  issues.expect(
    facts.partnershipStatus == null || facts.partnershipStatus.length <= 200,
    'partnershipStatus',
    text('at most 200 characters', '最多 200 字'),
  );
}

/** Whether an account of this level and target is special as things stand (CFL-05). */
async function specialNow(tx: Command, level: KeyAccountLevel, target: string): Promise<boolean> {
  const [higher] = await tx.query<{ count: number }>(sql`
    select count(*)::int as count from key_account
    where ended_at is null and level = 'A' and annual_revenue_target > ${target}::numeric`);
  return specialByDefault(level, higher?.count ?? 0, tx.settings.get(KEY_ACCOUNT_SETTINGS.specialCount));
}
