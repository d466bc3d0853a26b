import type { ApprovalDecision } from '../../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, Issues, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { approvalVisible } from '../queries/approvals.ts';
import type { ApprovalSubjectType } from '../queries/subjects.ts';
import { expectReason } from '../rules.ts';

/** An approval that is decided or taken back through its own door. */
interface OnApproval {
  readonly approvalId: string;
  readonly reason: string;
  readonly expectedVersion: number;
}

/** The same, with what it is about. */
export interface OnSubject extends OnApproval {
  readonly subjectId: string;
}

export interface DecisionOnSubject extends OnSubject {
  readonly decision: ApprovalDecision;
}

/**
 * What an area does for approvals of its records: locks its record, decides the approval by `decideApproval`, and carries
 * out what follows, in the given transaction.
 */
interface ApprovalSubjectCommands {
  readonly decide: (
    tx: Command,
    viewer: Viewer,
    input: DecisionOnSubject,
    read: Pick<Reader, 'organisation' | 'timeZone'>,
  ) => Promise<unknown>;
  /** Null where a request is not taken back but made anew. */
  readonly withdraw: ((tx: Command, viewer: Viewer, input: OnSubject) => Promise<unknown>) | null;
}

/** Composed in src/approval-subjects.ts. */
export type ApprovalSubjects = Readonly<Record<ApprovalSubjectType, ApprovalSubjectCommands>>;

function notFound(): NotFound {
  return new NotFound(['approvalId'], text('approval', '审批'));
}

interface FoundApproval {
  readonly subjectType: ApprovalSubjectType;
  readonly subjectId: string;
  readonly requesterId: string | null;
}

/** An approval that the viewer may see; NotFound for any other. Its subject's area locks it. */
async function findApproval(tx: Command, viewer: Viewer, approvalId: string): Promise<FoundApproval> {
  const [found] = await tx.query<FoundApproval>(sql`
    select a.subject_type as "subjectType", a.subject_id as "subjectId", a.requester_id as "requesterId"
    from approval a
    where a.id = ${approvalId}::uuid and ${approvalVisible(constantViewer(viewer, tx.now), sql`a`)}`);
  if (!found) throw notFound();
  return found;
}

/** The subject is closed to whoever asked for an approval and lost the right to read it since: they may not decide it. */
async function onSubject<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof NotFound ? notFound() : error;
  }
}

export interface ApprovalDecideInput extends OnApproval {
  readonly decision: ApprovalDecision;
}

/** Decides the step of an approval that is due, whatever it is about; what follows from its end is carried out with it. */
export async function approvalDecide(
  tx: Command,
  viewer: Viewer,
  input: ApprovalDecideInput,
  read: Pick<Reader, 'organisation' | 'timeZone'>,
  subjects: ApprovalSubjects,
): Promise<{ approvalId: string }> {
  const { subjectType, subjectId } = await findApproval(tx, viewer, input.approvalId);
  await onSubject(subjects[subjectType].decide(tx, viewer, { ...input, subjectId }, read));
  return { approvalId: input.approvalId };
}

/** Takes back a request of one's own that has not been decided. */
export async function approvalWithdraw(
  tx: Command,
  viewer: Viewer,
  input: OnApproval,
  subjects: ApprovalSubjects,
): Promise<{ approvalId: string }> {
  const { subjectType, subjectId, requesterId } = await findApproval(tx, viewer, input.approvalId);
  if (requesterId !== viewer.employeeId) {
    throw new Forbidden(
      ['the requester'],
      text('A request is withdrawn by who made it.', '只有申请人可以撤回申请。'),
    );
  }
  const { withdraw } = subjects[subjectType];
  if (!withdraw) throw new IllegalTransition('PENDING', 'WITHDRAW', ['APPROVE', 'REFUSE']);
  const issues = new Issues();
  expectReason(issues, input.reason, text('why the request is withdrawn', '撤回理由'));
  issues.throwIfAny();
  await onSubject(withdraw(tx, viewer, { ...input, subjectId }));
  return { approvalId: input.approvalId };
}
