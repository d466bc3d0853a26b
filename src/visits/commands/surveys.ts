import { newId } from '../../lib/ids.ts';
import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { visitReadable } from '../queries/visibility.ts';
import { lockVisit } from './visits.ts';

const WORDS_MOST = 10_000;

/** Whose view closes a survey: the heads of those who visit. */
const SUPERVISORS = ['HEAD', 'SALES_SUPERVISOR', 'CS_SUPERVISOR', 'KA_SUPERVISOR'] as const;

function expectWords(issues: Issues, words: Readonly<Record<string, string>>): void {
  for (const [field, value] of Object.entries(words))
    issues.expect(
      value.trim().length > 0 && value.length <= WORDS_MOST,
      field,
      text('1 to 10,000 characters', '1 到 10000 字'),
    );
}

export interface VisitSurveyRecordInput {
  readonly visitId: string;
  readonly opinions: string;
  readonly answers?: string | null;
  readonly visitorComment: string;
}

/** Writes down what a customer said on a visit that was made, and what the visitor makes of it (VIS-12, FRM-08). */
export async function visitSurveyRecord(
  tx: Command,
  viewer: Viewer,
  input: VisitSurveyRecordInput,
): Promise<{ surveyId: string }> {
  const visit = await lockVisit(tx, viewer, input.visitId, null);
  if (visit.visitorId !== viewer.employeeId)
    throw new Forbidden(
      ['the visitor'],
      text('A survey is filled in by the visitor.', '调查表由拜访人填写。'),
    );
  if (visit.state !== 'DONE') throw new IllegalTransition(visit.state, 'SURVEY', []);
  const issues = new Issues();
  expectWords(issues, { opinions: input.opinions, visitorComment: input.visitorComment });
  if (input.answers != null) expectWords(issues, { answers: input.answers });
  const known = await tx.prisma.visitSurvey.count({ where: { visitId: visit.id } });
  issues.expect(known === 0, 'visitId', text('a visit without a survey', '尚无调查表的拜访'));
  issues.throwIfAny();
  const id = newId();
  await tx.prisma.visitSurvey.create({
    data: {
      id,
      visitId: visit.id,
      opinions: input.opinions.trim(),
      answers: input.answers?.trim() ?? null,
      visitorComment: input.visitorComment.trim(),
      createdAt: tx.now,
    },
  });
  // What was said is content of the file: it stands in the record alone.
  tx.audit({
    action: 'visitSurveyRecord',
    subjectType: 'VisitSurvey',
    subjectId: id,
    after: { visitId: visit.id },
  });
  return { surveyId: id };
}

export interface VisitSurveyCloseInput {
  readonly surveyId: string;
  readonly supervisorComment: string;
  readonly expectedVersion?: number | null;
}

/** Closes a survey with the view of a supervisor who did not make the visit (VIS-12). */
export async function visitSurveyClose(
  tx: Command,
  viewer: Viewer,
  input: VisitSurveyCloseInput,
): Promise<{ surveyId: string }> {
  const [survey] = await tx.query<{ id: string; state: string; version: number; visitorId: string }>(sql`
    select s.id, s.state, s.version, v.visitor_id as "visitorId"
    from visit_survey s join visit v on v.id = s.visit_id join customer c on c.id = v.customer_id
    where s.id = ${input.surveyId}::uuid and ${visitReadable(constantViewer(viewer, tx.now), sql`v`, sql`c`)}
    for update of s`);
  if (!survey) throw new NotFound(['surveyId'], text('survey', '调查表'));
  if (!SUPERVISORS.some((role) => hasRole(viewer, role)) || survey.visitorId === viewer.employeeId)
    throw new Forbidden(
      SUPERVISORS,
      text(
        'A survey is closed by a supervisor who did not make the visit.',
        '调查表由未参加拜访的主管点评。',
      ),
    );
  if (input.expectedVersion != null && input.expectedVersion !== survey.version)
    throw new StaleVersion(survey.version);
  if (survey.state !== 'OPEN') throw new IllegalTransition(survey.state, 'CLOSE', []);
  const issues = new Issues();
  expectWords(issues, { supervisorComment: input.supervisorComment });
  issues.throwIfAny();
  await tx.prisma.visitSurvey.update({
    where: { id: survey.id },
    data: {
      state: 'CLOSED',
      supervisorComment: input.supervisorComment.trim(),
      closedById: viewer.employeeId,
      closedAt: tx.now,
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'visitSurveyClose',
    subjectType: 'VisitSurvey',
    subjectId: survey.id,
    before: { state: 'OPEN' },
    after: { state: 'CLOSED' },
  });
  return { surveyId: survey.id };
}
