import type { InfoSource, PendingUpdateOrigin } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, invalid, Issues, NotFound } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { lockCustomer, requireWritable } from './lock.ts';

/** Known information is to enter a file (CUS-20). */
export const FILE_UPDATE = 'FILE_UPDATE';
const PERIOD = 'ENTER';
const DAY = 86_400_000;
const CONTENT_MOST = 5_000;

export interface KnownInformation {
  readonly customerId: string;
  readonly origin: PendingUpdateOrigin;
  readonly infoSource: InfoSource | null;
  readonly content: string;
  readonly informationObtainedAt: Date;
}

/** Notes that something is known and not in the file, and watches that it enters it in time (CUS-20, EVT-34). */
export async function noteKnownInformation(
  tx: Command,
  viewer: Viewer,
  known: KnownInformation,
  id = newId(),
): Promise<string> {
  await tx.prisma.pendingUpdate.create({
    data: { ...known, id, recordedById: viewer.employeeId, recordedAt: tx.now },
  });
  const from = known.informationObtainedAt.getTime();
  const warnAt = new Date(from + tx.settings.get(CUSTOMER_SETTINGS.fileWarnDays) * DAY);
  await putObligations(tx, [
    {
      kind: FILE_UPDATE,
      subjectId: id,
      period: PERIOD,
      ownerId: null,
      startsAt: known.informationObtainedAt,
      warnAt,
      dueAt: new Date(from + tx.settings.get(CUSTOMER_SETTINGS.fileMaxDays) * DAY),
      nextAt: warnAt,
      state: 'OPEN',
      step: 0,
    },
  ]);
  // What is known is content of the file: it stands in the record alone.
  tx.audit({
    action: 'pendingUpdateRecord',
    subjectType: 'PendingUpdate',
    subjectId: id,
    after: {
      customerId: known.customerId,
      origin: known.origin,
      informationObtainedAt: known.informationObtainedAt,
    },
  });
  return id;
}

export interface PendingUpdateRecordInput {
  readonly customerId: string;
  readonly origin: PendingUpdateOrigin;
  readonly infoSource?: InfoSource | null;
  readonly content: string;
  readonly informationObtainedAt: Date;
  readonly idempotencyKey?: string | null;
}

/** Says that something is known of a customer that its file does not say yet; by whoever may know of the customer (CUS-20). */
export async function pendingUpdateRecord(
  tx: Command,
  viewer: Viewer,
  input: PendingUpdateRecordInput,
): Promise<{ pendingUpdateId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  const issues = new Issues();
  issues.expect(
    input.content.trim().length > 0 && input.content.length <= CONTENT_MOST,
    'content',
    text(`1 to ${CONTENT_MOST} characters`, `1 到 ${CONTENT_MOST} 字`),
  );
  issues.expect(
    input.informationObtainedAt <= tx.now,
    'informationObtainedAt',
    text('not in the future', '不能晚于当前时间'),
  );
  issues.throwIfAny();
  const pendingUpdateId = await once(tx, 'pendingUpdateRecord', input.idempotencyKey, input, async (id) => {
    await noteKnownInformation(
      tx,
      viewer,
      {
        customerId: customer.id,
        origin: input.origin,
        infoSource: input.infoSource ?? null,
        content: input.content.trim(),
        informationObtainedAt: input.informationObtainedAt,
      },
      id,
    );
  });
  return { pendingUpdateId };
}

/** A change of the file names what it enters; that is done then (CUS-20). */
export async function enterPendingUpdates(
  tx: Command,
  viewer: Viewer,
  customerId: string,
  ids: readonly string[] | null | undefined,
): Promise<void> {
  if (ids == null || ids.length === 0) return;
  const done = await tx.query<{ id: string }>(sql`
    update pending_update set state = 'DONE', done_at = ${tx.now}::timestamptz, done_by_id = ${viewer.employeeId}::uuid
    where id = any(${[...ids]}::uuid[]) and customer_id = ${customerId}::uuid and state = 'OPEN'
    returning id`);
  if (done.length < new Set(ids).size) {
    throw invalid(
      'pendingUpdateIds',
      text('open pending updates of this customer', '该客户尚未处理的待更新信息'),
    );
  }
  await endWatch(
    tx,
    viewer,
    done.map(({ id }) => id),
  );
  tx.audit(
    ...done.map(({ id }) => ({ action: 'pendingUpdateDone', subjectType: 'PendingUpdate', subjectId: id })),
  );
}

async function endWatch(tx: Command, viewer: Viewer, ids: readonly string[]): Promise<void> {
  await tx.query(sql`
    update obligation set state = 'MET', next_at = null, met_at = ${tx.now}::timestamptz, met_by = ${viewer.employeeId}
    where kind = ${FILE_UPDATE} and subject_id = any(${[...ids]}::uuid[])
    returning 1 as written`);
}

export interface PendingUpdateDismissInput {
  readonly pendingUpdateId: string;
  readonly reason: string;
}

/** Says that something does not belong into the file after all, and why; by who may write the file. */
export async function pendingUpdateDismiss(
  tx: Command,
  viewer: Viewer,
  input: PendingUpdateDismissInput,
): Promise<{ pendingUpdateId: string }> {
  const notFound = new NotFound(['pendingUpdateId'], text('pending update', '待更新信息'));
  const update = await tx.prisma.pendingUpdate.findUnique({ where: { id: input.pendingUpdateId } });
  if (!update) throw notFound;
  const customer = await lockCustomer(tx, viewer, update.customerId, 'pendingUpdateId', notFound);
  const own = update.recordedById === viewer.employeeId;
  if (customer.level < LEVEL.FULL && !own) throw notFound;
  if (!customer.writable && own) throw new Forbidden(['the right to write the file']);
  requireWritable(customer);
  const current = await tx.prisma.pendingUpdate.findUniqueOrThrow({ where: { id: update.id } });
  if (current.state !== 'OPEN') throw new IllegalTransition(current.state, 'DISMISS', []);
  const issues = new Issues();
  issues.expect(
    input.reason.trim().length > 0 && input.reason.length <= CONTENT_MOST,
    'reason',
    text('why it does not belong into the file', '不需更新档案的原因'),
  );
  issues.throwIfAny();
  await tx.prisma.pendingUpdate.update({
    where: { id: update.id },
    data: {
      state: 'DISMISSED',
      doneAt: tx.now,
      doneById: viewer.employeeId,
      dismissReason: input.reason.trim(),
    },
  });
  await endWatch(tx, viewer, [update.id]);
  tx.audit({ action: 'pendingUpdateDismiss', subjectType: 'PendingUpdate', subjectId: update.id });
  return { pendingUpdateId: update.id };
}

/**
 * Warns the owner, the keeper and the clerks of known information that is not in the file after a day, and says after two
 * that the file is stale; each once (EVT-34). One that was looked at late, after the limit, is stale at once.
 */
export const sweepPendingUpdates: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{ id: string; customerId: string; people: string[] }>(sql`
    select u.id, u.customer_id as "customerId", array_remove(array[c.owner_id, c.custodian_id], null) as people
    from pending_update u join customer c on c.id = u.customer_id
    where u.id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and u.state = 'OPEN'`);
  const open = new Map(rows.map((row) => [row.id, row]));
  return due.map((obligation): ObligationAdvance => {
    const update = open.get(obligation.subjectId);
    if (!update) return { id: obligation.id, state: 'CANCELLED', step: obligation.step, nextAt: null };
    const stale = obligation.dueAt !== null && obligation.dueAt <= tx.now;
    tx.emit({
      kind: 'CUSTOMER_FILE_STALE',
      subjectId: update.customerId,
      audience: { roles: ['MARKETING_CLERK'], employees: [...new Set(update.people)] },
      severity: stale ? 'HIGH' : 'WARNING',
      payload: {
        pendingUpdateId: update.id,
        obtainedAt: obligation.startsAt.toISOString(),
        dueAt: obligation.dueAt?.toISOString() ?? null,
      },
      dedupeKey: `CUSTOMER_FILE_STALE ${update.id} ${stale ? 'STALE' : 'WARNED'}`,
    });
    return stale
      ? { id: obligation.id, state: 'OVERDUE', step: 2, nextAt: null }
      : { id: obligation.id, state: 'WARNED', step: 1, nextAt: obligation.dueAt };
  });
};
