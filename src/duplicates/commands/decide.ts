import { expectWords } from '../../customers/commands/facts.ts';
import { customerWritable } from '../../customers/queries/visibility.ts';
import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { PAIRS, pairReadable } from '../queries.ts';

export interface DuplicateDismissInput {
  readonly duplicateCandidateId: string;
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Says that two customers are two: the pair is not shown again, whatever they have in common. */
export async function duplicateCandidateDismiss(
  tx: Command,
  viewer: Viewer,
  input: DuplicateDismissInput,
): Promise<{ duplicateCandidateId: string }> {
  const sees = constantViewer(viewer, tx.now);
  const [pair] = await tx.query<{ id: string; state: string; version: number; writable: boolean }>(sql`
    select d.id, d.state, d.version, ${customerWritable(sees, sql`c`)} and ${customerWritable(sees, sql`e`)} as writable
    from ${PAIRS}
    where d.id = ${input.duplicateCandidateId}::uuid and ${pairReadable(sees)}
    for update of d`);
  if (!pair) throw new NotFound(['duplicateCandidateId'], text('pair of customers', '客户对'));
  if (!pair.writable) throw new Forbidden(rolesWith('customerFile', 'write'));
  if (pair.version !== input.expectedVersion) throw new StaleVersion(pair.version);
  if (pair.state !== 'OPEN') throw new IllegalTransition(pair.state, 'DISMISS', []);
  const issues = new Issues();
  expectWords(issues, { reason: input.reason });
  issues.throwIfAny();
  await tx.prisma.duplicateCandidate.update({
    where: { id: pair.id },
    data: {
      state: 'DISMISSED',
      decidedById: viewer.employeeId,
      decidedAt: tx.now,
      decisionReason: input.reason.trim(),
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'duplicateCandidateDismiss',
    subjectType: 'DuplicateCandidate',
    subjectId: pair.id,
    after: { reason: input.reason.trim() },
  });
  return { duplicateCandidateId: pair.id };
}
