import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations, ObligationAdvance } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { isPriorityFile } from '../definitions.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { dueFiles, type FileWatch, watchFiles } from './file-watch.ts';
import { lockCustomer, requireVersion, requireWritable } from './lock.ts';

/** A file must be verified with the customer (CUS-23). */
export const FILE_VERIFICATION = 'FILE_VERIFICATION';

/** When a file was last known to be right: verified, else registered, else entered. */
const KNOWN_AT = sql`coalesce(c.verified_at, c.registered_at, c.created_at)`;

const VERIFICATION: FileWatch = {
  kind: FILE_VERIFICATION,
  period: 'VERIFY',
  since: KNOWN_AT,
  concerns: sql`true`,
  due: (settings) => sql`(${KNOWN_AT} + make_interval(days => case when ${isPriorityFile(settings)}
    then ${settings.get(CUSTOMER_SETTINGS.verifyDaysPriority)}::int else ${settings.get(CUSTOMER_SETTINGS.verifyDays)}::int end))`,
};

/** Has the sweep look at files when their verification is due (CUS-23); all of them, or some. */
export function watchVerification(tx: Command, ids: readonly string[] | null): Promise<void> {
  return watchFiles(tx, VERIFICATION, ids);
}

export interface CustomerVerifyInput {
  readonly customerId: string;
  readonly expectedVersion: number;
}

/** Says that what the file says was verified with the customer (CUS-23). */
export async function customerVerify(
  tx: Command,
  viewer: Viewer,
  input: CustomerVerifyInput,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  requireVersion(customer.version, input.expectedVersion);
  await tx.prisma.customer.update({
    where: { id: customer.id },
    data: { verifiedAt: tx.now, updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: 'customerVerify',
    subjectType: 'Customer',
    subjectId: customer.id,
    after: { verifiedAt: tx.now },
  });
  await watchVerification(tx, [customer.id]);
  return { customerId: customer.id };
}

/** Tells the keepers of files that nobody verified, once for each time that they were due (EVT-35). */
export const sweepVerifications: AdvanceObligations = async (tx, due) => {
  const files = await dueFiles(
    tx,
    VERIFICATION,
    due.map(({ subjectId }) => subjectId),
  );
  return due.map((obligation): ObligationAdvance => {
    const file = files.get(obligation.subjectId);
    if (!file?.concerned) return { id: obligation.id, state: 'CANCELLED', step: 0, nextAt: null };
    if (file.dueAt > tx.now) return { id: obligation.id, state: 'OPEN', step: 0, nextAt: file.dueAt };
    tx.emit({
      kind: 'CUSTOMER_VERIFICATION_DUE',
      subjectId: file.id,
      audience:
        file.custodianId === null
          ? { roles: [tx.settings.get(CUSTOMER_SETTINGS.custodianRole)] }
          : { employees: [file.custodianId] },
      payload: { lastVerified: file.since.toISOString() },
      dedupeKey: `CUSTOMER_VERIFICATION_DUE ${file.id} ${file.dueAt.toISOString()}`,
    });
    return { id: obligation.id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};
