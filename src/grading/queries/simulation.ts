import { customerLevel } from '../../customers/queries/visibility.ts';
import type { CustomerGrade, GradingScope } from '../../generated/prisma/enums.ts';
import { Forbidden, Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can } from '../../organisation/rules/viewer.ts';
import { sql } from '../../platform/sql.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { checkPolicy, type GradingShares, type GradingWeights } from '../rules.ts';
import { gradedBy, gradingDays, knownFacts, policyInForce } from './engine.ts';

export interface GradingSimulateInput {
  /** Decimal text. */
  readonly weights?: { readonly [Name in keyof GradingWeights]?: string | null } | null;
  readonly shares?: { readonly [Name in keyof GradingShares]: string } | null;
  readonly scope?: GradingScope | null;
  readonly first?: number | null;
}

export interface SimulatedCount {
  /** Null for customers without one. */
  readonly grade: CustomerGrade | null;
  readonly inForce: number;
  readonly before: number;
  readonly after: number;
}

export interface SimulatedDifference {
  readonly customerId: string;
  readonly before: CustomerGrade | null;
  readonly after: CustomerGrade | null;
  readonly scoreBefore: string | null;
  readonly scoreAfter: string | null;
}

export interface GradingSimulation {
  readonly counts: readonly SimulatedCount[];
  readonly changed: number;
  readonly differences: readonly SimulatedDifference[];
}

interface SimulationRow {
  readonly counts: readonly SimulatedCount[];
  readonly changed: number;
  readonly differences: readonly SimulatedDifference[] | null;
}

const DIFFERENCES = { default: 50, max: 500 };

/**
 * Grades as other weights, shares or another scope would make them, beside those of the policy in force: the statement of
 * the nightly run, twice over the same facts. Writes nothing. Counts are over all customers, differences of those alone
 * whose file the viewer reads, in the order in which their scores change most.
 */
export async function gradingSimulate(
  reader: Reader,
  input: GradingSimulateInput,
): Promise<GradingSimulation> {
  if (!can(reader.viewer, 'grading', 'read')) throw new Forbidden(rolesWith('grading', 'read'));
  const inForce = policyInForce(reader.settings);
  const weights = Object.fromEntries(
    Object.entries(inForce.weights).map(([name, weight]) => [
      name,
      Number(input.weights?.[name as keyof GradingWeights] ?? weight),
    ]),
  ) as unknown as GradingWeights;
  const { shares } = input;
  const tried = {
    ...inForce,
    weights,
    shares: shares ? { A: Number(shares.A), B: Number(shares.B), C: Number(shares.C) } : inForce.shares,
    scope: input.scope ?? inForce.scope,
  };
  const first = input.first ?? DIFFERENCES.default;
  const issues = new Issues();
  checkPolicy(issues, tried);
  issues.expect(
    first >= 0 && first <= DIFFERENCES.max,
    'first',
    text(`0 to ${DIFFERENCES.max} customers`, `0 到 ${DIFFERENCES.max} 个客户`),
  );
  issues.throwIfAny();
  const known = sql`known`;
  const [row] = await reader.query<SimulationRow>(sql`
    with ${knownFacts(reader.settings, gradingDays(reader.now, reader.timeZone))},
    ${gradedBy('now', inForce, known)}, ${gradedBy('then', tried, known)},
    both_grades as materialized (
      select k.id, k.grade, n.proposed as before, t.proposed as after, n.score as score_before, t.score as score_after
      from known k left join now_graded n on n.id = k.id left join then_graded t on t.id = k.id
    ), counts as (
      select v.grade, (count(*) filter (where v.what = 0))::int as in_force,
             (count(*) filter (where v.what = 1))::int as before, (count(*) filter (where v.what = 2))::int as after
      from both_grades b
      cross join lateral (values (0, b.grade), (1, b.before), (2, b.after)) as v(what, grade)
      group by v.grade
    ), shown as (
      select b.id, b.before, b.after, b.score_before, b.score_after
      from both_grades b join customer c on c.id = b.id
      where b.before is distinct from b.after and ${customerLevel(reader.sees, sql`c`)} = ${LEVEL.FULL}::int
      order by abs(coalesce(b.score_after, 0) - coalesce(b.score_before, 0)) desc, b.id
      limit ${first}::int
    )
    select (select jsonb_agg(jsonb_build_object('grade', n.grade, 'inForce', n.in_force, 'before', n.before,
                                                'after', n.after) order by n.grade nulls last) from counts n) as counts,
           (select count(*)::int from both_grades b where b.before is distinct from b.after) as changed,
           (select jsonb_agg(jsonb_build_object(
              'customerId', s.id, 'before', s.before, 'after', s.after,
              'scoreBefore', trim_scale(s.score_before)::text, 'scoreAfter', trim_scale(s.score_after)::text)
              order by abs(coalesce(s.score_after, 0) - coalesce(s.score_before, 0)) desc, s.id) from shown s) as differences`);
  return {
    counts: row?.counts ?? [],
    changed: row?.changed ?? 0,
    differences: row?.differences ?? [],
  };
}
