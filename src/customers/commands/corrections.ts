import { Forbidden, IllegalTransition, invalid, Issues, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  cancelObligations,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { ASKS_FOR_CORRECTIONS, REMINDS } from '../rules/file-actions.ts';
import { missingItems } from '../queries/completeness.ts';
import { expectWords } from './facts.ts';
import { lockCustomer, requireWritable } from './lock.ts';

/** A correction that was asked for is due (CUS-09). */
export const FILE_CORRECTION = 'FILE_CORRECTION';

export interface CorrectionRequestInput {
  readonly customerId: string;
  readonly content: string;
  readonly dueAt: Date;
  readonly idempotencyKey?: string | null;
}

/** Asks for a correction of a file until an instant: HEAD and SALES_SUPERVISOR (CUS-09, EVT-67). */
export async function correctionRequest(
  tx: Command,
  viewer: Viewer,
  input: CorrectionRequestInput,
): Promise<{ correctionRequestId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!hasRole(viewer, ...ASKS_FOR_CORRECTIONS)) throw new Forbidden(ASKS_FOR_CORRECTIONS);
  if (customer.level < LEVEL.FULL) {
    throw new Forbidden(
      ['HEAD', 'a dedicated assignment'],
      text('Corrections are asked for by who may read the file.', '由有权查阅该档案的人员提出更正。'),
    );
  }
  const issues = new Issues();
  expectWords(issues, { content: input.content });
  issues.expect(input.dueAt > tx.now, 'dueAt', text('in the future', '须晚于当前时间'));
  issues.throwIfAny();
  const correctionRequestId = await once(tx, 'correctionRequest', input.idempotencyKey, input, async (id) => {
    await tx.prisma.correctionRequest.create({
      data: {
        id,
        customerId: customer.id,
        content: input.content.trim(),
        dueAt: input.dueAt,
        requestedById: viewer.employeeId,
        requestedAt: tx.now,
      },
    });
    await putObligations(tx, [
      {
        kind: FILE_CORRECTION,
        subjectId: id,
        period: 'CORRECT',
        ownerId: customer.ownerId,
        startsAt: tx.now,
        warnAt: null,
        dueAt: input.dueAt,
        nextAt: input.dueAt,
        state: 'OPEN',
        step: 0,
      },
    ]);
    tx.audit({
      action: 'correctionRequest',
      subjectType: 'CorrectionRequest',
      subjectId: id,
      after: { customerId: customer.id, dueAt: input.dueAt },
    });
    tx.emit({
      kind: 'CORRECTION_REQUESTED',
      subjectId: customer.id,
      audience: {
        roles: ['MARKETING_CLERK'],
        employees: customer.ownerId === null ? [] : [customer.ownerId],
      },
      payload: { correctionRequestId: id, dueAt: input.dueAt.toISOString(), overdue: false },
    });
  });
  return { correctionRequestId };
}

export interface CorrectionDoneInput {
  readonly correctionRequestId: string;
  readonly correction: string;
}

/** Says what was corrected; by who may write the file (CUS-09). */
export async function correctionDone(
  tx: Command,
  viewer: Viewer,
  input: CorrectionDoneInput,
): Promise<{ correctionRequestId: string }> {
  const notFound = new NotFound(['correctionRequestId'], text('correction request', '更正要求'));
  const found = await tx.prisma.correctionRequest.findUnique({ where: { id: input.correctionRequestId } });
  if (!found) throw notFound;
  const customer = await lockCustomer(tx, viewer, found.customerId, 'correctionRequestId', notFound);
  if (customer.level < LEVEL.FULL && found.requestedById !== viewer.employeeId) throw notFound;
  requireWritable(customer);
  const request = await tx.prisma.correctionRequest.findUniqueOrThrow({ where: { id: found.id } });
  if (request.state !== 'REQUESTED') throw new IllegalTransition(request.state, 'CORRECT', []);
  const issues = new Issues();
  expectWords(issues, { correction: input.correction });
  issues.throwIfAny();
  await tx.prisma.correctionRequest.update({
    where: { id: request.id },
    data: {
      state: 'CORRECTED',
      correction: input.correction.trim(),
      correctedById: viewer.employeeId,
      correctedAt: tx.now,
    },
  });
  await cancelObligations(tx, FILE_CORRECTION, request.id);
  tx.audit({ action: 'correctionDone', subjectType: 'CorrectionRequest', subjectId: request.id });
  return { correctionRequestId: request.id };
}

/** Asks once more, and tells who asked, when a correction was not made in time (CUS-09). */
export const sweepCorrections: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{ id: string; customerId: string; people: string[] }>(sql`
    select r.id, r.customer_id as "customerId", array_remove(array[c.owner_id, r.requested_by_id], null) as people
    from correction_request r join customer c on c.id = r.customer_id
    where r.id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and r.state = 'REQUESTED'`);
  const open = new Map(rows.map((row) => [row.id, row]));
  return due.map((obligation): ObligationAdvance => {
    const request = open.get(obligation.subjectId);
    if (!request) return { id: obligation.id, state: 'CANCELLED', step: 0, nextAt: null };
    tx.emit({
      kind: 'CORRECTION_REQUESTED',
      subjectId: request.customerId,
      severity: 'WARNING',
      audience: { roles: ['MARKETING_CLERK'], employees: [...new Set(request.people)] },
      payload: {
        correctionRequestId: request.id,
        dueAt: obligation.dueAt?.toISOString() ?? null,
        overdue: true,
      },
      dedupeKey: `CORRECTION_OVERDUE ${request.id}`,
    });
    return { id: obligation.id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};

export interface FileRemindInput {
  readonly customerId: string;
}

/** The clerk reminds the owner of a file of what is missing in it (CUS-07). */
export async function fileRemind(
  tx: Command,
  viewer: Viewer,
  input: FileRemindInput,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!hasRole(viewer, ...REMINDS)) throw new Forbidden(REMINDS);
  const missing = await missingItems(tx, customer.id);
  if (customer.ownerId === null || missing.length === 0) {
    throw invalid(
      'customerId',
      text('a customer with an owner and a file that lacks something', '有负责人且档案不完整的客户'),
    );
  }
  tx.audit({
    action: 'fileRemind',
    subjectType: 'Customer',
    subjectId: customer.id,
    after: { recipientId: customer.ownerId, missing },
  });
  tx.emit({
    kind: 'FILE_REMINDER',
    subjectId: customer.id,
    audience: { employees: [customer.ownerId] },
    payload: { senderId: viewer.employeeId, missing: missing.join(', ') },
  });
  return { customerId: customer.id };
}
