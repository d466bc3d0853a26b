import type { GradeCandidate, GradeHistory, GradingProfile } from '../../generated/prisma/client.ts';
import type { CustomerGrade, GradingScope } from '../../generated/prisma/enums.ts';
import { customerLevel } from '../../customers/queries/visibility.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { type AccessLevel, LEVEL, reached } from '../../platform/visibility.ts';
import type { ScoredComponent } from '../rules.ts';
import { candidateLevel } from './visibility.ts';

/** A proposed grade with what the viewer may see of it. */
export type CandidateRow = Omit<GradeCandidate, 'score' | 'components'> & {
  readonly __typename: 'GradeCandidate';
  readonly access: AccessLevel;
  /** Whether the viewer reads the customer's file. */
  readonly readable: boolean;
  /** Of the file now. */
  readonly fileGrade: CustomerGrade | null;
  readonly score: string | null;
  readonly components: readonly ScoredComponent[] | null;
};

const g = sql`g`;
const c = sql`c`;

/** Of a masked candidate there is the card alone: nothing that stands in the file leaves the database. */
function candidateSelect(reader: Reader): Sql {
  const readable = sql`${customerLevel(reader.sees, c)} = ${LEVEL.FULL}::int`;
  const content = (column: Sql) => sql`case when ${readable} then ${column} end`;
  const own = (column: Sql) =>
    sql`case when ${candidateLevel(reader.sees, g, c)} = ${LEVEL.FULL}::int then ${column} end`;
  return sql`g.id, 'GradeCandidate' as "__typename", g.customer_id as "customerId", g.origin, g."from", g."to", g.state,
    g.run_id as "runId", ${content(sql`trim_scale(g.score)::text`)} as score, ${content(sql`g.rank`)} as rank,
    ${content(sql`g.population`)} as population, ${content(sql`g.components`)} as components,
    g.proposed_by_id as "proposedById", ${own(sql`g.reason`)} as reason, g.raised_at as "raisedAt", g.due_at as "dueAt",
    g.decided_by_id as "decidedById", g.decided_at as "decidedAt", ${own(sql`g.decision_reason`)} as "decisionReason",
    g.version, c.grade as "fileGrade", ${readable} as readable,
    case ${candidateLevel(reader.sees, g, c)} when 2 then 'FULL' when 1 then 'MASKED' else 'NONE' end as access`;
}

const FROM = sql`grade_candidate g join customer c on c.id = g.customer_id`;

export const gradeCandidateById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<CandidateRow>(sql`
      select ${candidateSelect(reader)} from ${FROM}
      where g.id = any(${[...ids]}::uuid[]) and ${candidateLevel(reader.sees, g, c)} > 0`),
  ),
);

export const CANDIDATE_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`g.customer_id`, orderable: false },
  owner: { kind: 'ID', entity: 'Employee', column: sql`c.owner_id`, orderable: false },
  area: { kind: 'ID', entity: 'Area', column: sql`c.area_id`, orderable: false, protected: true },
  origin: { kind: 'Enum', enumName: 'GradeCandidateOrigin', column: sql`g.origin` },
  state: { kind: 'Enum', enumName: 'GradeCandidateState', column: sql`g.state` },
  from: { kind: 'Enum', enumName: 'CustomerGrade', column: sql`g."from"` },
  to: { kind: 'Enum', enumName: 'CustomerGrade', column: sql`g."to"` },
  score: { kind: 'Decimal', column: sql`g.score`, protected: true },
  raisedAt: { kind: 'DateTime', column: sql`g.raised_at` },
  dueAt: { kind: 'DateTime', column: sql`g.due_at` },
} as const satisfies Record<string, ListField>;

/** By the index grade_candidate(raised_at, id). */
export function candidateList(reader: Reader): ListSource {
  const level = candidateLevel(reader.sees, g, c);
  return {
    from: FROM,
    id: sql`g.id`,
    select: candidateSelect(reader),
    visible: sql`${level} > 0`,
    full: sql`${level} = ${LEVEL.FULL}::int`,
    fields: CANDIDATE_FIELDS,
  };
}

export interface GradingRunRow {
  readonly at: Date;
  readonly scope: GradingScope;
  readonly scored: number;
  readonly unscored: number;
  readonly candidates: number;
}

export interface ProposalRow {
  readonly id: string;
  readonly grade: CustomerGrade;
  readonly score: string;
  readonly rank: number;
  readonly population: number;
  readonly components: readonly ScoredComponent[];
  readonly at: Date;
  readonly scope: GradingScope;
}

/** What the last run made of customers; who asks has looked whether the viewer reads the file. By the primary key of grade_score. */
export const gradeProposalByCustomer = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ProposalRow>(sql`
      select s.customer_id as id, s.grade, trim_scale(s.score)::text as score, s.rank, s.population, s.components, r.at, r.scope
      from (select id, at, scope from grading_run order by at desc, id desc limit 1) r
      join grade_score s on s.run_id = r.id
      where s.customer_id = any(${[...ids]}::uuid[])`),
  ),
);

export type ProfileRow = GradingProfile & { readonly id: string };

/** As the proposals. */
export const gradingProfileByCustomer = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ProfileRow>(sql`
      select p.customer_id as id, p.customer_id as "customerId", p.size, p.likelihood, p.nature,
             p.updated_by_id as "updatedById", p.updated_at as "updatedAt", p.version
      from grading_profile p where p.customer_id = any(${[...ids]}::uuid[])`),
  ),
);

/** As the proposals; newest first. By the index grade_history(customer_id, at). */
export const gradeHistoryByCustomer = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<GradeHistory>(sql`
    select h.id, h.customer_id as "customerId", h."from", h."to", h.reason, h.actor_id as "actorId", h.at
    from grade_history h where h.customer_id = any(${[...ids]}::uuid[]) order by h.at desc, h.id desc`);
  const byCustomer = Map.groupBy(rows, ({ customerId }) => customerId);
  return ids.map((id) => byCustomer.get(id) ?? []);
});

/** The last runs, newest first, for those who read figures over all customers. */
export function gradingRuns(reader: Reader, first: number): Promise<GradingRunRow[]> {
  return reader.query<GradingRunRow>(sql`
    select r.at, r.scope, r.scored, r.unscored, r.candidates from grading_run r
    where ${reached(reader.sees, [['grading:read:ALL', sql`true`]])}
    order by r.at desc, r.id desc limit ${first}::int`);
}
