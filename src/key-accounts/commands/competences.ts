import type { KeyAccountCompetence } from '../../generated/prisma/enums.ts';
import { Forbidden, invalid } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';

export interface CompetencesConfirmInput {
  readonly employeeId: string;
  readonly competences: readonly KeyAccountCompetence[];
}

/** Says what a person has of what key account work asks for: those named, and no others (KEY-04). Nobody does so of themselves. */
export async function competencesConfirm(
  tx: Command,
  viewer: Viewer,
  { employeeId, competences }: CompetencesConfirmInput,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ employeeId: string }> {
  if (!can(viewer, 'keyAccount', 'approve')) throw new Forbidden(rolesWith('keyAccount', 'approve'));
  if (!organisation.employees.has(employeeId) || employeeId === viewer.employeeId)
    throw invalid('employeeId', text('another person who works here', '其他在职员工'));
  const named = [...new Set(competences)];
  await tx.prisma.employeeCompetence.deleteMany({ where: { employeeId, competence: { notIn: named } } });
  await tx.prisma.employeeCompetence.createMany({
    data: named.map((competence) => ({
      employeeId,
      competence,
      confirmedAt: tx.now,
      confirmedById: viewer.employeeId,
    })),
    skipDuplicates: true,
  });
  tx.audit({
    action: 'competencesConfirm',
    subjectType: 'Employee',
    subjectId: employeeId,
    after: { competences: named },
  });
  return { employeeId };
}
