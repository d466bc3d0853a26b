import type { KeyAccountCandidate } from '../../generated/prisma/client.ts';
import type { KeyAccountLevel } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { localDate } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { revenueBetween, yearBefore } from '../queries/revenue.ts';
import { rankReadable } from '../queries/visibility.ts';
import { levelFor } from '../rules/level.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { lockCustomer } from './locks.ts';
import { type LevelCandidate, proposeLevels } from './proposals.ts';

/**
 * Finds customers whose revenue of the last twelve months, or whose annual target, reaches level D and that are no key
 * accounts (KEY-17, EVT-32). Each is told once; one that was decided against comes back for a higher level alone, and
 * one whose figures fell again is no candidate any more. Two statements over all customers.
 */
export async function findCandidates(tx: Command, timeZone: string): Promise<void> {
  const { A, B, C, D } = tx.settings.get(KEY_ACCOUNT_SETTINGS.thresholds);
  const year = localDate(tx.now.getTime(), timeZone).slice(0, 4);
  const figures = sql`
    select c.id, coalesce(r.amount, 0) as revenue, t.value as target, greatest(coalesce(r.amount, 0), coalesce(t.value, 0)) as figure
    from customer c
    left join (${revenueBetween(sql`${yearBefore(tx.now, timeZone)}::timestamptz`, sql`${tx.now}::timestamptz`)}) r
      on r.customer_id = c.id
    left join kpi_target t
      on t.key = 'KPI_01' and t.dimension_kind = 'CUSTOMER' and t.dimension_id = c.id and t.period = ${year}
    where greatest(r.amount, t.value) >= ${D}::numeric and c.lifecycle <> 'LOST'
      and not exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null)`;
  await tx.query(sql`
    update key_account_candidate a
    set state = 'LAPSED', decided_at = ${tx.now}::timestamptz, version = a.version + 1
    where a.state = 'OPEN' and not exists (select 1 from (${figures}) f where f.id = a.customer_id)
    returning 1 as written`);
  const found = await tx.query<{
    customerId: string;
    level: KeyAccountLevel;
    revenue: string;
    target: string | null;
  }>(sql`
    with candidate as (
      select f.*, (case when f.figure >= ${A}::numeric then 'A' when f.figure >= ${B}::numeric then 'B'
                        when f.figure >= ${C}::numeric then 'C' else 'D' end)::"KeyAccountLevel" as level
      from (${figures}) f)
    insert into key_account_candidate (id, customer_id, state, level, revenue, target, found_at, version)
    select gen_random_uuid(), f.id, 'OPEN', f.level, f.revenue, f.target, ${tx.now}::timestamptz, 1
    from candidate f
    where not exists (
        select 1 from key_account_candidate a
        where a.customer_id = f.id and (a.state = 'OPEN' or a.state = 'DISMISSED' and a.level <= f.level))
      and not exists (
        select 1 from key_account_proposal p where p.customer_id = f.id and p.state = 'PENDING')
    returning customer_id as "customerId", level, revenue::text as revenue, target::text as target`);
  tx.emit(
    ...found.map(({ customerId, level, revenue, target }) => ({
      kind: 'KEY_ACCOUNT_CANDIDATE' as const,
      subjectId: customerId,
      audience: { roles: ['KA_SUPERVISOR', 'HEAD'] },
      payload: { level, revenue, target },
    })),
  );
}

/** Works out the levels of accounts again and proposes those that differ (KEY-03): at the start of a review period. */
export async function reviewLevels(
  tx: Command,
  keyAccountIds: readonly string[],
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<void> {
  if (keyAccountIds.length === 0) return;
  const thresholds = tx.settings.get(KEY_ACCOUNT_SETTINGS.thresholds);
  const accounts = await tx.query<Omit<LevelCandidate, 'level'>>(sql`
    select k.id as "keyAccountId", k.customer_id as "customerId", k.level as "levelBefore",
           k.annual_revenue_target::text as "annualRevenueTarget"
    from key_account k where k.id = any(${[...keyAccountIds]}::uuid[]) and k.ended_at is null`);
  const differing = accounts.flatMap((account) => {
    const level = levelFor(account.annualRevenueTarget, thresholds);
    return level === null || level === account.levelBefore ? [] : [{ ...account, level }];
  });
  await proposeLevels(tx, differing, null, directory);
}

export interface KeyAccountCandidateDismissInput {
  readonly candidateId: string;
  readonly expectedVersion: number;
  readonly reason: string;
}

/** Decides that a candidate becomes no key account; for who approves key accounts (KEY-17). */
export async function keyAccountCandidateDismiss(
  tx: Command,
  viewer: Viewer,
  input: KeyAccountCandidateDismissInput,
): Promise<{ candidateId: string }> {
  const candidate = await lockCandidate(tx, viewer, input.candidateId);
  if (!can(viewer, 'keyAccount', 'approve')) throw new Forbidden(rolesWith('keyAccount', 'approve'));
  if (candidate.version !== input.expectedVersion) throw new StaleVersion(candidate.version);
  if (candidate.state !== 'OPEN') throw new IllegalTransition(candidate.state, 'DISMISS', []);
  const issues = new Issues();
  issues.expect(
    input.reason.trim().length > 0 && input.reason.length <= 2_000,
    'reason',
    text('why it becomes no key account, at most 2000 characters', '不列为大客户的原因，最多 2000 字'),
  );
  issues.throwIfAny();
  await tx.prisma.keyAccountCandidate.update({
    where: { id: candidate.id },
    data: {
      state: 'DISMISSED',
      reason: input.reason,
      decidedAt: tx.now,
      decidedById: viewer.employeeId,
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'keyAccountCandidateDismiss',
    subjectType: 'KeyAccountCandidate',
    subjectId: candidate.id,
    before: { state: candidate.state },
    after: { state: 'DISMISSED', reason: input.reason },
  });
  return { candidateId: candidate.id };
}

async function lockCandidate(tx: Command, viewer: Viewer, id: string): Promise<KeyAccountCandidate> {
  const notFound = new NotFound(['candidateId'], text('candidate', '候选大客户'));
  const [found] = await tx.query<{ customerId: string }>(sql`
    select a.customer_id as "customerId" from key_account_candidate a
    where a.id = ${id}::uuid and ${rankReadable(constantViewer(viewer, tx.now), sql`a`)}`);
  if (!found) throw notFound;
  await lockCustomer(tx, viewer, found.customerId, 'candidateId', notFound);
  return tx.prisma.keyAccountCandidate.findUniqueOrThrow({ where: { id } });
}
