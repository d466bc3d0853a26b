import { createHash } from 'node:crypto';
import type {
  ApprovalChain,
  ApprovalDecision,
  ApprovalEvent,
  ApprovalState,
  ApprovalVoidReason,
} from '../../generated/prisma/enums.ts';
import type { Approver, ChainStep } from '../../lib/approval-chain.ts';
import { StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { localDate } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { businessHours } from '../../platform/calendars.ts';
import type { Command } from '../../platform/command.ts';
import { type Obligation, obligationsOf, putObligations } from '../../platform/obligations.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { seats, seatsOf } from '../queries/seats.ts';
import { placeOf, SUBJECT_OF } from '../queries/subjects.ts';
import { decideStep, endedBy, type Seat, seatToDecide, stepLimit } from '../rules.ts';
import { APPROVAL_SETTINGS } from '../settings.ts';

/** What approvals need to know beside the transaction: the zone of days. */
export type Directory = Pick<Reader, 'timeZone'>;

/** Obligation kind of the step that is due. */
export const APPROVAL_STEP = 'APPROVAL_STEP';

/** The checksum of what is decided: an approval holds for exactly that, and for nothing that it becomes. */
export function fingerprintOf(facts: string): string {
  return createHash('sha256').update(facts).digest('hex');
}

/** A request for approval, as the area that owns its subject makes it. */
export interface ApprovalRequest {
  readonly chain: ApprovalChain;
  readonly subjectId: string;
  /** Null where it is not known who asks. */
  readonly requesterId: string | null;
  readonly fingerprint: string;
  /** The steps as they are for this request: the chain of the setting, changed by the area's own conditions. */
  readonly steps: readonly ChainStep[];
  /** What makes a request of the same chain void that waits for the subject already. */
  readonly voids: ApprovalVoidReason;
  /** False where the step is decided in the same breath: nobody is asked. */
  readonly announced?: boolean;
}

/**
 * Opens approvals, and makes those void that wait for the same subjects: what they were about has changed. Takes a set;
 * the number of statements does not depend on it.
 */
export async function openApprovals(
  tx: Command,
  requests: readonly ApprovalRequest[],
  directory: Directory,
): Promise<void> {
  if (requests.length === 0) return;
  await voidPending(tx, requests);
  const opened = requests.map((request) => ({ id: newId(), ...request }));
  await tx.prisma.approval.createMany({
    data: opened.map(({ id, chain, subjectId, requesterId, fingerprint }) => ({
      id,
      chain,
      subjectType: SUBJECT_OF[chain],
      subjectId,
      requesterId,
      fingerprint,
      requestedAt: tx.now,
    })),
  });
  await tx.prisma.approvalStep.createMany({
    data: opened.flatMap(({ id, steps }) =>
      steps.map(({ approvers, within }, index) => ({
        id: newId(),
        approvalId: id,
        number: index + 1,
        approvers: approvers.map(({ role, scope }) => ({ role, scope })),
        within,
      })),
    ),
  });
  await writeHistory(
    tx,
    opened.map(({ id, requesterId }) => ({
      approvalId: id,
      event: 'REQUESTED',
      step: 1,
      actorId: requesterId,
    })),
  );
  tx.audit(
    ...opened.map(({ id, chain, subjectId, requesterId, fingerprint }) => ({
      action: 'approval.REQUEST',
      subjectType: 'Approval',
      subjectId: id,
      after: { chain, subjectId, requesterId, fingerprint },
    })),
  );
  await beginSteps(
    tx,
    opened.map(({ id, chain, steps, announced = true }) => ({
      approvalId: id,
      chain,
      number: 1,
      within: steps[0]?.within ?? '',
      announced,
    })),
    directory,
  );
}

async function voidPending(
  tx: Command,
  requests: readonly Pick<ApprovalRequest, 'chain' | 'subjectId' | 'voids'>[],
): Promise<void> {
  const rows = requests.map(({ chain, subjectId, voids }) => ({
    chain,
    subject_id: subjectId,
    reason: voids,
  }));
  // By the partial index approval_pending_key.
  const voided = await tx.query<{
    id: string;
    chain: ApprovalChain;
    step: number;
    requesterId: string | null;
    reason: ApprovalVoidReason;
  }>(sql`
    update approval a
    set state = 'VOID', void_reason = r.reason, ended_at = ${tx.now}::timestamptz, version = a.version + 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(chain "ApprovalChain", subject_id uuid, reason "ApprovalVoidReason")
    where a.subject_id = r.subject_id and a.chain = r.chain and a.state = 'PENDING'
    returning a.id, a.chain, a.step, a.requester_id as "requesterId", r.reason`);
  if (voided.length === 0) return;
  await endObligations(
    tx,
    voided.map(({ id }) => id),
    'CANCELLED',
  );
  await writeHistory(
    tx,
    voided.map(({ id, step, reason }) => ({ approvalId: id, event: 'VOIDED', step, reason })),
  );
  for (const { id, chain, step, requesterId, reason } of voided) {
    tx.audit({
      action: 'approval.VOID',
      subjectType: 'Approval',
      subjectId: id,
      before: { state: 'PENDING' },
      after: { state: 'VOID', reason },
    });
    tx.emit({
      kind: 'APPROVAL_VOIDED',
      subjectId: id,
      audience: { employees: requesterId === null ? [] : [requesterId] },
      payload: { approvalId: id, chain, step, reason },
    });
  }
}

interface BeginningStep {
  readonly approvalId: string;
  readonly chain: ApprovalChain;
  readonly number: number;
  readonly within: string;
  readonly announced: boolean;
}

/** Sets the limits of steps that begin, and asks those who may decide them. */
async function beginSteps(tx: Command, steps: readonly BeginningStep[], directory: Directory): Promise<void> {
  const calendar = await businessHours(tx, directory.timeZone);
  const share = tx.settings.get(APPROVAL_SETTINGS.atRisk);
  await setLimits(
    tx,
    steps.map((step) => ({
      ...step,
      ...stepLimit(step.within, tx.now.getTime(), calendar, share),
      startsAt: tx.now,
      taken: 0,
    })),
  );
  const asked = steps.filter(({ announced }) => announced);
  const deciders = await decidersOf(
    tx,
    asked.map(({ approvalId }) => approvalId),
    directory,
  );
  for (const { approvalId, chain, number } of asked) {
    tx.emit({
      kind: 'APPROVAL_REQUESTED',
      subjectId: approvalId,
      audience: { employees: deciders.get(approvalId) ?? [] },
      payload: { approvalId, chain, step: number },
    });
  }
}

interface StepLimit {
  readonly approvalId: string;
  readonly number: number;
  readonly warnAt: Date | null;
  readonly dueAt: Date;
  readonly startsAt: Date;
  /** Steps of the deadline that were taken already: 1 warned, 2 overdue. */
  readonly taken: number;
}

async function setLimits(tx: Command, limits: readonly StepLimit[]): Promise<void> {
  const rows = limits.map(({ approvalId, number, warnAt, dueAt }) => ({
    approval_id: approvalId,
    number,
    warn_at: warnAt,
    due_at: dueAt,
  }));
  await tx.query(sql`
    update approval_step s set warn_at = r.warn_at, due_at = r.due_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(approval_id uuid, number int, warn_at timestamptz, due_at timestamptz)
    where s.approval_id = r.approval_id and s.number = r.number
    returning 1 as written`);
  await putObligations(
    tx,
    limits.map(({ approvalId, number, warnAt, dueAt, startsAt, taken }) => ({
      kind: APPROVAL_STEP,
      subjectId: approvalId,
      period: String(number),
      ownerId: null,
      startsAt,
      warnAt,
      dueAt,
      nextAt: taken === 0 ? (warnAt ?? dueAt) : taken === 1 ? dueAt : null,
      state: taken === 0 ? 'OPEN' : taken === 1 ? 'WARNED' : 'OVERDUE',
      step: taken,
    })),
  );
}

/**
 * Moves the deadlines of requests that wait to the limits that their subjects have of their own: the clock of a ticket
 * changes with its terms. What was warned of or has passed is not told again.
 */
export async function moveDeadlines(
  tx: Command,
  chain: ApprovalChain,
  limits: readonly { readonly subjectId: string; readonly warnAt: Date | null; readonly dueAt: Date }[],
): Promise<void> {
  if (limits.length === 0) return;
  const bySubject = new Map(limits.map((limit) => [limit.subjectId, limit]));
  const waiting = await tx.query<{ id: string; subjectId: string; step: number; dueAt: Date | null }>(sql`
    select a.id, a.subject_id as "subjectId", a.step, s.due_at as "dueAt"
    from approval a join approval_step s on s.approval_id = a.id and s.number = a.step
    where a.subject_id = any(${[...bySubject.keys()]}::uuid[]) and a.chain = ${chain}::"ApprovalChain" and a.state = 'PENDING'
    order by a.id
    for update of a`);
  const moved = waiting.filter(
    ({ subjectId, dueAt }) => dueAt?.getTime() !== bySubject.get(subjectId)?.dueAt.getTime(),
  );
  if (moved.length === 0) return;
  const known = new Map<string, Obligation>(
    (
      await obligationsOf(
        tx,
        moved.map(({ id }) => id),
      )
    ).map((obligation) => [`${obligation.subjectId} ${obligation.period}`, obligation]),
  );
  await setLimits(
    tx,
    moved.flatMap(({ id, subjectId, step }) => {
      const limit = bySubject.get(subjectId);
      const before = known.get(`${id} ${step}`);
      return limit
        ? [
            {
              approvalId: id,
              number: step,
              warnAt: limit.warnAt,
              dueAt: limit.dueAt,
              startsAt: before?.startsAt ?? tx.now,
              taken: before?.step ?? 0,
            },
          ]
        : [];
    }),
  );
}

/** The people who may decide the steps that are due, by approval; nobody at their own request. */
export async function decidersOf(
  tx: Command,
  approvalIds: readonly string[],
  { timeZone }: Directory,
): Promise<Map<string, string[]>> {
  if (approvalIds.length === 0) return new Map();
  const at = {
    now: sql`${tx.now}::timestamptz`,
    today: sql`${localDate(tx.now.getTime(), timeZone)}::date`,
  };
  const a = sql`a`;
  const rows = await tx.query<{ id: string; employeeIds: string[] }>(sql`
    select a.id, array_agg(distinct m.employee_id) as "employeeIds"
    from approval a
    join approval_step s on s.approval_id = a.id and s.number = a.step
    cross join lateral (${seats(a, sql`s`, placeOf(a), at, () => sql`true`)}) m
    where a.id = any(${[...approvalIds]}::uuid[]) and not m.own
    group by a.id`);
  return new Map(rows.map(({ id, employeeIds }) => [id, employeeIds]));
}

/** An approval as commands work on it: locked, with the step that is due. */
export interface LockedApproval {
  readonly id: string;
  readonly chain: ApprovalChain;
  readonly subjectId: string;
  readonly requesterId: string | null;
  readonly fingerprint: string;
  readonly state: ApprovalState;
  readonly step: number;
  readonly steps: number;
  readonly approvers: readonly Approver[];
  readonly version: number;
}

/** The approval of an id, locked. Its subject is locked before it, always in that order. */
export async function lockApproval(tx: Command, approvalId: string): Promise<LockedApproval> {
  const found = await lockWhere(tx, sql`a.id = ${approvalId}::uuid`);
  if (!found) throw new Error(`The approval ${approvalId} is gone.`);
  return found;
}

/** The approval that waits for a subject, locked; null where none does. */
export async function lockPending(
  tx: Command,
  chain: ApprovalChain,
  subjectId: string,
): Promise<LockedApproval | null> {
  return lockWhere(
    tx,
    sql`a.subject_id = ${subjectId}::uuid and a.chain = ${chain}::"ApprovalChain" and a.state = 'PENDING'`,
  );
}

async function lockWhere(tx: Command, condition: Sql): Promise<LockedApproval | null> {
  const [found] = await tx.query<LockedApproval>(sql`
    select a.id, a.chain, a.subject_id as "subjectId", a.requester_id as "requesterId", a.fingerprint, a.state, a.step,
           (select count(*)::int from approval_step n where n.approval_id = a.id) as steps, s.approvers, a.version
    from approval a join approval_step s on s.approval_id = a.id and s.number = a.step
    where ${condition}
    for update of a`);
  return found ?? null;
}

/** The viewer's seats at the step of an approval. */
export async function seatsAt(tx: Command, viewer: Viewer, approval: LockedApproval): Promise<Seat[]> {
  const a = sql`a`;
  return tx.query<Seat>(sql`
    select m.holder_id as "holderId", m.delegation_id as "delegationId", m.own
    from approval a
    join approval_step s on s.approval_id = a.id and s.number = a.step
    cross join lateral (${seatsOf(constantViewer(viewer, tx.now), a, sql`s`, placeOf(a))}) m
    where a.id = ${approval.id}::uuid
    order by m.delegation_id nulls first`);
}

/** The seat by which the viewer decides; Forbidden where there is none, or where the request is the viewer's own. */
export async function seatFor(tx: Command, viewer: Viewer, approval: LockedApproval): Promise<Seat> {
  return seatToDecide(await seatsAt(tx, viewer, approval), approval.approvers);
}

export function requireApprovalVersion(approval: LockedApproval, expectedVersion: number): void {
  if (approval.version !== expectedVersion) throw new StaleVersion(approval.version);
}

export interface StepDecision {
  readonly decision: ApprovalDecision;
  readonly reason: string | null;
  /** The checksum of what is decided as it stands now. */
  readonly fingerprint: string;
  readonly seat: Seat;
}

/**
 * Writes a decision: the next step begins, or the approval ends and the caller carries out what follows from that.
 * What has changed since it was asked for is not approved; refusing it does no harm, and lets it be asked for again.
 */
export async function decideApproval(
  tx: Command,
  viewer: Viewer,
  approval: LockedApproval,
  { decision, reason, fingerprint, seat }: StepDecision,
  directory: Directory,
): Promise<ApprovalState> {
  const next = decideStep(approval, decision);
  if (decision === 'APPROVE' && fingerprint !== approval.fingerprint)
    throw new StaleVersion(approval.version);
  const onBehalfOfId = seat.delegationId === null ? null : seat.holderId;
  await tx.prisma.approvalStep.update({
    where: { approvalId_number: { approvalId: approval.id, number: approval.step } },
    data: {
      decision,
      decidedById: viewer.employeeId,
      decidedAt: tx.now,
      reason,
      onBehalfOfId,
      delegationId: seat.delegationId,
    },
  });
  const event =
    next.state === 'PENDING' ? 'STEP_APPROVED' : next.state === 'APPROVED' ? 'APPROVED' : 'REFUSED';
  await endStep(tx, approval, { ...next, event, reason, onBehalfOfId });
  tx.audit({
    action: `approval.${decision}`,
    subjectType: 'Approval',
    subjectId: approval.id,
    before: { state: approval.state, step: approval.step },
    after: { ...next, reason, onBehalfOfId, delegationId: seat.delegationId },
  });
  if (next.state === 'PENDING') {
    const step = await tx.prisma.approvalStep.findUniqueOrThrow({
      where: { approvalId_number: { approvalId: approval.id, number: next.step } },
      select: { within: true },
    });
    const { id: approvalId, chain } = approval;
    await beginSteps(
      tx,
      [{ approvalId, chain, number: next.step, within: step.within, announced: true }],
      directory,
    );
    return next.state;
  }
  const told = [approval.requesterId, onBehalfOfId].filter((id) => id !== null);
  tx.emit({
    kind: 'APPROVAL_DECIDED',
    subjectId: approval.id,
    audience: { employees: [...new Set(told)] },
    payload: { approvalId: approval.id, chain: approval.chain, step: approval.step, state: next.state },
  });
  return next.state;
}

/** Takes a request back: nobody decides it any more. */
export async function withdrawApproval(tx: Command, approval: LockedApproval, reason: string): Promise<void> {
  const state = endedBy(approval.state, 'WITHDRAW');
  await endStep(tx, approval, { state, step: approval.step, event: 'WITHDRAWN', reason, onBehalfOfId: null });
  tx.audit({
    action: 'approval.WITHDRAW',
    subjectType: 'Approval',
    subjectId: approval.id,
    before: { state: approval.state },
    after: { state, reason },
  });
}

async function endStep(
  tx: Command,
  approval: LockedApproval,
  end: {
    readonly state: ApprovalState;
    readonly step: number;
    readonly event: ApprovalEvent;
    readonly reason: string | null;
    readonly onBehalfOfId: string | null;
  },
): Promise<void> {
  const { state, step, event, reason, onBehalfOfId } = end;
  await tx.prisma.approval.update({
    where: { id: approval.id },
    data: { state, step, version: { increment: 1 }, ...(state === 'PENDING' ? {} : { endedAt: tx.now }) },
  });
  await endObligations(tx, [approval.id], event === 'WITHDRAWN' ? 'CANCELLED' : 'MET');
  await writeHistory(tx, [
    { approvalId: approval.id, event, step: approval.step, reason, onBehalfOfId, actorId: tx.actorId },
  ]);
}

/** Ends the watch over the steps that are due; those of earlier steps have ended already. */
async function endObligations(
  tx: Command,
  approvalIds: readonly string[],
  state: 'MET' | 'CANCELLED',
): Promise<void> {
  await tx.query(sql`
    update obligation
    set state = ${state}::"ObligationState", next_at = null, met_at = case when ${state} = 'MET' then ${tx.now}::timestamptz end
    where kind = ${APPROVAL_STEP} and subject_id = any(${[...approvalIds]}::uuid[]) and state not in ('MET', 'CANCELLED')
    returning 1 as written`);
}

interface HistoryEntry {
  readonly approvalId: string;
  readonly event: ApprovalEvent;
  readonly step: number;
  readonly reason?: string | null;
  readonly onBehalfOfId?: string | null;
  readonly actorId?: string | null;
}

export async function writeHistory(tx: Command, entries: readonly HistoryEntry[]): Promise<void> {
  await tx.prisma.approvalHistory.createMany({
    data: entries.map(({ actorId = tx.actorId, ...entry }) => ({
      id: newId(),
      at: tx.now,
      actorId,
      ...entry,
    })),
  });
}
