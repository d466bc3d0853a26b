import type { TicketCategory } from '../../generated/prisma/enums.ts';
import type { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';

/** What a return visit or return call has found wrong (VIS-11). */
export interface ProblemFacts {
  readonly problem?: string | null;
  readonly problemCategory?: TicketCategory | null;
}

/** Only a return visit, or a return call that reached somebody, asks for problems; a category needs one. */
export function expectProblem(issues: Issues, facts: ProblemFacts, asked: boolean): void {
  if (facts.problem != null) {
    const length = facts.problem.trim().length;
    issues.expect(
      asked && length > 0 && length <= 4_000,
      'problem',
      text(
        'of a return visit, or of a return call that reached the person (VIS-11), in 1 to 4,000 characters',
        '仅限回访或已接通的回访电话（VIS-11），1 到 4000 字',
      ),
    );
  }
  issues.expect(
    facts.problemCategory == null || facts.problem != null,
    'problemCategory',
    text('only with a problem', '须同时填写问题'),
  );
}

const SUBJECT_MOST = 200;

/** The line that names the ticket: the problem's first, cut where it is too long. */
export function problemSubject(problem: string): string {
  const [line = ''] = problem.trim().split('\n');
  return line.length <= SUBJECT_MOST ? line : `${line.slice(0, SUBJECT_MOST - 1)}…`;
}
