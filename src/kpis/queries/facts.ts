import type { KpiDimensionKind, MetricCut } from '../../generated/prisma/enums.ts';
import { localDate, type Period } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import type { FactTable, KpiSource } from '../definitions/definition.ts';

/** What stands for the whole company where other dimensions have an id. */
export const COMPANY_ID = '00000000-0000-0000-0000-000000000000';

/** Which counts are asked for: a source in a dimension over business days, whole or broken down. */
export interface FactScope {
  readonly source: string;
  /** Whose marks say how old the counts are. */
  readonly facts: FactTable;
  readonly kind: KpiDimensionKind;
  readonly id: string | null;
  readonly cut: MetricCut;
  /** First business day; null for all days before `until`. */
  readonly from: string | null;
  /** Exclusive; null for all days after `from`. */
  readonly until: string | null;
  /** Sums per month of the business calendar instead of one. */
  readonly monthly: boolean;
}

/** Exact sums, as decimal text; zero where nothing was counted. */
export interface FactSum {
  /** Empty for the total. */
  readonly cut: string;
  /** The month as 2026-11; null where the sum is of the whole span. */
  readonly month: string | null;
  readonly numerator: string;
  readonly denominator: string;
}

export interface FactAnswer {
  readonly sums: readonly FactSum[];
  /** Everything that was kept before this instant is counted. */
  readonly asOf: Date;
}

export function factKey(scope: FactScope): string {
  return JSON.stringify(scope);
}

/** The whole of a source in a dimension, for a scope. */
export function totalOf(
  source: Pick<KpiSource, 'name' | 'facts'>,
  dimension: { readonly kind: KpiDimensionKind; readonly id: string | null },
): Omit<FactScope, 'from' | 'until'> {
  return {
    source: source.name,
    facts: source.facts,
    kind: dimension.kind,
    id: dimension.id,
    cut: 'NONE',
    monthly: false,
  };
}

/** The business days of a period, for a scope. */
export function daysOf(period: Period, timeZone: string): { readonly from: string; readonly until: string } {
  return { from: localDate(period.start, timeZone), until: localDate(period.end, timeZone) };
}

/** Counts for whatever a request asks, with one statement for all of it. */
export const factsOf = defineLoader((db: Pick<Reader, 'query' | 'now'>, keys) =>
  readFacts(
    db,
    keys.map((key) => JSON.parse(key) as FactScope),
    db.now,
  ),
);

/**
 * By the primary key of metric_fact: one range of days for each scope and cut. A mark that waits says that its day
 * was not counted since; so does a limit that has passed since its day was counted.
 */
async function readFacts(db: Queryable, scopes: readonly FactScope[], now: Date): Promise<FactAnswer[]> {
  if (scopes.length === 0) return [];
  const rows = await db.query<FactSum & { place: number; asOf: Date | null }>(sql`
    with asked as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(scopes.map(asAsked))}::jsonb) as a(
        place int, source text, facts text, kind "KpiDimensionKind", id uuid, cut "MetricCut", "from" date, until date,
        monthly boolean)
    ), age as materialized (
      select s.facts, s."from", s.until, least(
        (select min(m.marked_at) from rollup_mark m where m.facts = s.facts and m.day >= s."from" and m.day < s.until),
        (select min(p.next_at) from rollup_partition p
         where p.facts = s.facts and p.next_at < ${now}::timestamptz
           and p.period >= s."from"::text and p.period < s.until::text and length(p.period) = 10)) as as_of
      from (select distinct facts, "from", until from asked) s
    )
    select a.place, f.cut, f.month, f.numerator, f.denominator, g.as_of as "asOf"
    from asked a
    join age g on g.facts = a.facts and g."from" = a."from" and g.until = a.until
    left join lateral (
      select f.cut, case when a.monthly then to_char(f.day, 'YYYY-MM') end as month,
             trim_scale(sum(f.numerator))::text as numerator, trim_scale(sum(f.denominator))::text as denominator
      from metric_fact f
      where f.source = a.source and f.dimension_kind = a.kind and f.dimension_id = a.id and f.cut_kind = a.cut
        and f.day >= a."from" and f.day < a.until
      group by 1, 2
      order by 1, 2
    ) f on true
    order by a.place`);
  const sums = new Map<number, FactSum[]>();
  const ages = new Map<number, Date>();
  for (const { place, asOf, ...sum } of rows) {
    ages.set(place, asOf !== null && asOf < now ? asOf : now);
    if (sum.cut !== null) sums.set(place, [...(sums.get(place) ?? []), sum]);
  }
  return scopes.map((_, place) => ({ sums: sums.get(place) ?? [], asOf: ages.get(place) ?? now }));
}

/** For the gauge of how far behind figures are; marks are numbered as they are set. */
export const UNCOUNTED_SINCE = sql`select marked_at from rollup_mark order by id limit 1`;

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

function asAsked(scope: FactScope, place: number): object {
  return {
    ...scope,
    place,
    id: scope.id ?? COMPANY_ID,
    from: scope.from ?? FIRST_DAY,
    until: scope.until ?? LAST_DAY,
  };
}
