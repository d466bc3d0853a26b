import type { DecisionOnSubject } from '../../approvals/commands/decide.ts';
import {
  decideApproval,
  fingerprintOf,
  lockApproval,
  openApprovals,
  requireApprovalVersion,
  seatFor,
} from '../../approvals/commands/requests.ts';
import { expectReason } from '../../approvals/rules.ts';
import { Issues } from '../../lib/errors.ts';
import { cents } from '../../lib/money.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesAt } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { remainingSteps } from '../rules/proposals.ts';
import { GIFT, INCENTIVE } from '../rules/record-specs.ts';
import type { RecordSpec } from '../rules/records.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { changeRecord, lockRecord } from './records.ts';

/** Records that wait for a chain, what it decides of them, and its setting. */
const APPROVED = {
  KEY_ACCOUNT_INCENTIVE: {
    spec: INCENTIVE,
    chain: KEY_ACCOUNT_SETTINGS.incentiveChain,
    terms: ({ period, steps }: Readonly<Record<string, unknown>>) => [period, steps],
  },
  KEY_ACCOUNT_GIFT: {
    spec: GIFT,
    chain: KEY_ACCOUNT_SETTINGS.giftChain,
    terms: ({ contactId, value }: Readonly<Record<string, unknown>>) => [
      contactId,
      cents(String(value)).toString(),
    ],
  },
} as const;

type RecordChain = keyof typeof APPROVED;

/** Has a record decided by its chain; a step of who records it falls away. */
export async function askForRecord(
  tx: Command,
  chain: RecordChain,
  record: { readonly id: string; readonly terms: readonly unknown[] },
  viewer: Viewer,
  { organisation, timeZone }: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<void> {
  await openApprovals(
    tx,
    [
      {
        chain,
        subjectId: record.id,
        requesterId: viewer.employeeId,
        fingerprint: fingerprintOf(JSON.stringify(record.terms)),
        steps: remainingSteps(
          tx.settings.get(APPROVED[chain].chain).steps,
          rolesAt(organisation, viewer.employeeId, tx.now, timeZone),
        ),
        voids: 'SUBJECT_CHANGED',
      },
    ],
    { timeZone },
  );
}

function decideBy(chain: RecordChain) {
  const { spec, terms }: { spec: RecordSpec; terms: (row: Readonly<Record<string, unknown>>) => unknown[] } =
    APPROVED[chain];
  return async (
    tx: Command,
    viewer: Viewer,
    input: DecisionOnSubject,
    directory: Pick<Reader, 'organisation' | 'timeZone'>,
  ): Promise<void> => {
    const { record } = await lockRecord(tx, viewer, spec, input.subjectId, 'approvalId');
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
        fingerprint: fingerprintOf(JSON.stringify(terms(record))),
        seat,
      },
      directory,
    );
    if (ended !== 'PENDING')
      await changeRecord(tx, spec, record, `${spec.type}.${ended}`, {
        state: ended === 'APPROVED' ? 'APPROVED' : 'REFUSED',
      });
  };
}

export const decideIncentive = decideBy('KEY_ACCOUNT_INCENTIVE');
export const decideGift = decideBy('KEY_ACCOUNT_GIFT');
