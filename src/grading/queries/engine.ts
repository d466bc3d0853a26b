import { carriageMargin, recognisedRevenue } from '../../kpis/definitions/sources/shipments.ts';
import { CUSTOMER_SETTINGS } from '../../customers/settings.ts';
import { periodOf, yearBefore } from '../../lib/periods.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import type { Settings } from '../../platform/settings-register.ts';
import type { GradingPolicy } from '../rules.ts';
import { GRADING_SETTINGS } from '../settings.ts';

/** The policy in force. */
export function policyInForce(settings: Settings): GradingPolicy {
  return {
    weights: settings.get(GRADING_SETTINGS.weights),
    shares: settings.get(CUSTOMER_SETTINGS.gradeShares),
    scope: settings.get(GRADING_SETTINGS.scope),
    enableD: settings.get(GRADING_SETTINGS.enableD),
    tailD: settings.get(GRADING_SETTINGS.tailD),
    keyAccountMinGrade: settings.get(GRADING_SETTINGS.keyAccountMinGrade),
  };
}

/** The business days that figures are taken from: two years up to today, exclusive. */
export interface GradingDays {
  readonly today: string;
  readonly yearAgo: string;
  readonly twoYearsAgo: string;
}

export function gradingDays(now: Date, timeZone: string): GradingDays {
  const today = periodOf(now.getTime(), 'DAY', timeZone);
  const yearAgo = yearBefore(today, timeZone);
  return { today: today.key, yearAgo: yearAgo.key, twoYearsAgo: yearBefore(yearAgo, timeZone).key };
}

/**
 * What is known of every customer in scope, as the relation `known`: read once, whatever is made of it. Figures come
 * from the counts per day, never from shipments, by the primary key of metric_fact. A customer that was never billed has
 * no sales; one whose last bill is older than two years has sales of 0.
 */
export function knownFacts(settings: Settings, days: GradingDays): Sql {
  const codes = settings.get(GRADING_SETTINGS.codes);
  const scope: readonly string[] = settings.get(CUSTOMER_SETTINGS.fileScope);
  const pointsOf = (table: Readonly<Record<string, number>>, code: Sql) =>
    sql`(${JSON.stringify(table)}::jsonb ->> ${code})::numeric`;
  return sql`
    figures as materialized (
      select f.dimension_id as id,
             sum(f.numerator) filter (where f.source = ${recognisedRevenue.name} and f.day >= ${days.yearAgo}::date) as sales,
             sum(f.numerator) filter (where f.source = ${recognisedRevenue.name} and f.day < ${days.yearAgo}::date) as earlier,
             sum(f.numerator) filter (where f.source = ${carriageMargin.name} and f.day >= ${days.yearAgo}::date) as profit
      from metric_fact f
      where f.source = any(${[recognisedRevenue.name, carriageMargin.name]}::text[]) and f.dimension_kind = 'CUSTOMER'
        and f.cut_kind = 'NONE' and f.day >= ${days.twoYearsAgo}::date and f.day < ${days.today}::date
      group by f.dimension_id
    ), said as (
      select c.id, c.area_id, c.grade, c.registered_at, c.created_at,
             exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null) as is_key,
             case when f.id is not null then coalesce(f.sales, 0)
                  when exists (
                    select 1 from metric_fact o
                    where o.source = ${recognisedRevenue.name} and o.dimension_kind = 'CUSTOMER' and o.dimension_id = c.id
                      and o.cut_kind = 'NONE' and o.day < ${days.today}::date) then 0 end as sales,
             case when f.earlier > 0 then (coalesce(f.sales, 0) - f.earlier) / f.earlier end as growth,
             p.size as size_code, p.likelihood as likelihood_code, nullif(concat_ws(', ', a.code, p.nature), '') as nature_code,
             ${pointsOf(codes.size, sql`p.size`)} as size,
             f.profit,
             ${pointsOf(codes.likelihood, sql`p.likelihood`)} as likelihood,
             ${pointsOf(settings.get(GRADING_SETTINGS.regionPoints), sql`a.code`)} as region,
             ${pointsOf(codes.nature, sql`p.nature`)} as nature
      from customer c
      left join figures f on f.id = c.id
      left join grading_profile p on p.customer_id = c.id
      left join area a on a.id = c.area_id
      where c.lifecycle::text = any(${[...scope]}::text[])
    ), known as materialized (
      select s.*, (coalesce(s.region, 0) + coalesce(s.nature, 0))
                  / nullif((s.region is not null)::int + (s.nature is not null)::int, 0) as region_and_nature
      from said s
    )`;
}

const NUMERIC = ['sales', 'growth', 'profit'] as const;

/**
 * Scores, ranks and grades of `known` by a policy, as relations with this prefix; the last one is `<prefix>_graded`, of
 * `id`, `grade` (in force), `score`, `rank`, `population`, `proposed`, and scaled values (CUS-27). One sort for each
 * numeric component and one for the rank, whatever the number of customers.
 */
export function gradedBy(prefix: 'now' | 'then', policy: GradingPolicy, known: Sql): Sql {
  const { weights, shares } = policy;
  const name = relationsOf(prefix);
  const region = policy.scope === 'REGION' ? sql`k.area_id` : sql`null::uuid`;
  const scaled = (column: (typeof NUMERIC)[number]) => {
    const value = { sales: sql`k.sales`, growth: sql`k.growth`, profit: sql`k.profit` }[column];
    return sql`case when ${value} is not null then round((100 * percent_rank() over (
      partition by ${region}, ${value} is null order by ${value}))::numeric, 4) end`;
  };
  const parts = [
    [weights.sales, sql`s.scaled_sales`],
    [weights.growth, sql`s.scaled_growth`],
    [weights.size, sql`s.size`],
    [weights.profit, sql`s.scaled_profit`],
    [weights.likelihood, sql`s.likelihood`],
    [weights.regionAndNature, sql`s.region_and_nature`],
  ] as const;
  const sumOf = (term: (weight: number, value: Sql) => Sql) =>
    parts.map(([weight, value]) => term(weight, value)).reduce((sum, one) => sql`${sum} + ${one}`);
  const weighed = sumOf((weight, value) => sql`${weight}::numeric * coalesce(${value}, 0)`);
  const total = sumOf((weight, value) => sql`${weight}::numeric * (${value} is not null)::int`);
  const tail = policy.enableD ? 100 - policy.tailD : 100;
  return sql`
    ${name.scaled} as materialized (
      select k.*, ${region} as ranked_in, ${scaled('sales')} as scaled_sales, ${scaled('growth')} as scaled_growth,
             ${scaled('profit')} as scaled_profit
      from ${known} k
    ), ${name.scored} as (
      select s.*, ${total} as total_weight, round((${weighed}) / nullif(${total}, 0), 4) as score
      from ${name.scaled} s
    ), ${name.ranked} as materialized (
      select s.*, (row_number() over (
                     partition by s.ranked_in
                     order by s.score desc, s.registered_at nulls last, s.created_at, s.id))::int as rank,
             (count(*) over (partition by s.ranked_in))::int as population
      from ${name.scored} s where s.score is not null
    ), ${name.graded} as (
      select r.*, case when r.is_key then least(r.by_share, ${policy.keyAccountMinGrade}::"CustomerGrade")
                       else r.by_share end as proposed
      from (
        select r.*, (case when (r.rank - 1) * 100 < ${shares.A}::numeric * r.population then 'A'
                          when (r.rank - 1) * 100 < ${shares.A + shares.B}::numeric * r.population then 'B'
                          when (r.rank - 1) * 100 < ${tail}::numeric * r.population then 'C'
                          else 'D' end)::"CustomerGrade" as by_share
        from ${name.ranked} r
      ) r
    )`;
}

/** The names of the relations of a policy. */
function relationsOf(prefix: 'now' | 'then') {
  return prefix === 'now'
    ? { scaled: sql`now_scaled`, scored: sql`now_scored`, ranked: sql`now_ranked`, graded: sql`now_graded` }
    : {
        scaled: sql`then_scaled`,
        scored: sql`then_scored`,
        ranked: sql`then_ranked`,
        graded: sql`then_graded`,
      };
}

/** The components of a row `g` of a graded relation, for `grade_score.components`. */
export function componentsOf({ weights }: GradingPolicy): Sql {
  const figure = (value: Sql) => sql`trim_scale(round(${value}, 4))::text`;
  const component = (code: string, weight: number, raw: Sql, scaled: Sql) => sql`jsonb_build_object(
    'component', ${code}::text, 'raw', ${raw}, 'scaled', ${figure(scaled)},
    'weight', case when ${scaled} is not null
                   then trim_scale(round(100 * ${weight}::numeric / nullif(g.total_weight, 0), 4))::text end)`;
  return sql`jsonb_build_array(
    ${component('SALES', weights.sales, figure(sql`g.sales`), sql`g.scaled_sales`)},
    ${component('GROWTH', weights.growth, figure(sql`g.growth`), sql`g.scaled_growth`)},
    ${component('SIZE', weights.size, sql`g.size_code`, sql`g.size`)},
    ${component('PROFIT', weights.profit, figure(sql`g.profit`), sql`g.scaled_profit`)},
    ${component('LIKELIHOOD', weights.likelihood, sql`g.likelihood_code`, sql`g.likelihood`)},
    ${component('REGION_AND_NATURE', weights.regionAndNature, sql`g.nature_code`, sql`g.region_and_nature`)})`;
}
