import type { VisitSurvey } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { visitReadable } from './visibility.ts';

export type SurveyRow = VisitSurvey & { readonly __typename: 'VisitSurvey' };

const COLUMNS = sql`${columns('s', [
  'id',
  'visitId',
  'state',
  'opinions',
  'answers',
  'visitorComment',
  'supervisorComment',
  'createdAt',
  'closedById',
  'closedAt',
  'version',
])}, 'VisitSurvey' as "__typename"`;

const FROM = sql`visit_survey s join visit v on v.id = s.visit_id join customer c on c.id = v.customer_id`;

function readable(reader: Reader) {
  return visitReadable(reader.sees, sql`v`, sql`c`);
}

export const surveyById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<SurveyRow>(sql`
      select ${COLUMNS} from ${FROM} where s.id = any(${[...ids]}::uuid[]) and ${readable(reader)}`),
  ),
);

export const SURVEY_FIELDS = {
  state: { kind: 'Enum', enumName: 'VisitSurveyState', column: sql`s.state` },
  visitor: { kind: 'ID', entity: 'Employee', column: sql`v.visitor_id`, orderable: false },
  customer: { kind: 'ID', entity: 'Customer', column: sql`v.customer_id`, orderable: false },
  createdAt: { kind: 'DateTime', column: sql`s.created_at` },
} as const satisfies Record<string, ListField>;

/** Surveys on visits that the viewer may read. By the index visit_survey(created_at, id). */
export function surveyList(reader: Reader): ListSource {
  const visible = readable(reader);
  return { from: FROM, id: sql`s.id`, select: COLUMNS, visible, full: visible, fields: SURVEY_FIELDS };
}
