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

/** Which kept middle values are asked for. */
export interface MedianScope {
  readonly source: string;
  readonly kind: KpiDimensionKind;
  readonly id: string | null;
  readonly cut: MetricCut;
  /** Key of the period. */
  readonly period: string;
}

/** The middle value of what was measured in a period. */
export interface Median {
  /** Empty for the total. */
  readonly cut: string;
  /** Milliseconds, exact. */
  readonly median: string;
  readonly measured: number;
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

/** Counts of a scope; all that a request asks of the rollups is one statement. */
export function factsOf(reader: RollupReader, scope: FactScope): Promise<FactAnswer> {
  return rollups.load(reader, JSON.stringify(scope)) as Promise<FactAnswer>;
}

/** Kept middle values of a scope, by cut; nothing where nothing was measured. */
export function keptMediansOf(reader: RollupReader, scope: MedianScope): Promise<readonly Median[]> {
  return rollups.load(reader, JSON.stringify(scope)) as Promise<readonly Median[]>;
}

type RollupReader = Pick<Reader, 'query' | 'now'>;

type RollupScope = FactScope | MedianScope;

const rollups = defineLoader((db: RollupReader, keys) => readRollups(db, keys, db.now));

/** Sums or middle values of a scope, as they were read. */
type Counted = readonly (FactSum & Median)[];

/**
 * What this process has read since figures last changed. When they do, whoever shows them asks at the same moment: the
 * first has them summed up, the others are given the same sums. The database says in each statement whether they still
 * hold, so that nobody is answered with other figures than all processes have.
 */
interface Kept {
  readonly version: string;
  readonly counted: Map<string, Counted>;
}

let kept: Kept = { version: '', counted: new Map() };
/** Scopes of one version; far more than the dashboards that are open. */
const MOST_KEPT = 10_000;

interface RollupRow extends Omit<FactSum & Median, 'cut'> {
  readonly place: number;
  readonly version: string;
  readonly asOf: Date | null;
  /** Null where nothing was counted, or nothing was to be read. */
  readonly cut: string | null;
}

function isCounted(row: RollupRow): row is RollupRow & { readonly cut: string } {
  return row.cut !== null;
}

/**
 * By the primary keys of metric_fact, one range of days for each scope and cut, and of metric_median. A mark that waits
 * says that its day was not counted since; so does a limit that has passed since its day was counted
 * (rollup_partition_next_at_idx).
 */
async function readRollups(
  db: Queryable,
  keys: readonly string[],
  now: Date,
): Promise<(FactAnswer | readonly Median[])[]> {
  if (keys.length === 0) return [];
  const scopes = keys.map((key) => JSON.parse(key) as RollupScope);
  const of = <Value>(read: (scope: RollupScope) => Value) => scopes.map(read);
  // Another request may replace it meanwhile.
  const mine = kept;
  const rows = await db.query<RollupRow>(sql`
    with asked as materialized (
      select a.*, z.version, not (a.kept and z.version = ${mine.version || null}::uuid) is true as is_read
      from rollup_zone z cross join unnest(
        ${of(({ source }) => source)}::text[], ${of(({ kind }) => kind)}::"KpiDimensionKind"[],
        ${of(({ id }) => id ?? COMPANY_ID)}::uuid[], ${of(({ cut }) => cut)}::"MetricCut"[],
        ${of((scope) => ('facts' in scope ? scope.facts : null))}::text[],
        ${of((scope) => ('facts' in scope ? (scope.from ?? FIRST_DAY) : null))}::date[],
        ${of((scope) => ('facts' in scope ? (scope.until ?? LAST_DAY) : null))}::date[],
        ${of((scope) => 'facts' in scope && scope.monthly)}::boolean[],
        ${of((scope) => ('period' in scope ? scope.period : null))}::text[],
        ${keys.map((key) => mine.counted.has(key))}::boolean[]
      ) with ordinality as a(source, kind, id, cut, facts, "from", until, monthly, period, kept, place)
    ), overdue as materialized (
      select facts, period::date as day, next_at from rollup_partition
      where next_at < ${now}::timestamptz and length(period) = 10
    ), age as materialized (
      select s.facts, s."from", s.until, least(
        (select min(m.marked_at) from rollup_mark m where m.facts = s.facts and m.day >= s."from" and m.day < s.until),
        (select min(o.next_at) from overdue o where o.facts = s.facts and o.day >= s."from" and o.day < s.until)) as as_of
      from (select distinct facts, "from", until from asked where facts is not null) s
    )
    select a.place, a.version, g.as_of as "asOf", f.cut, f.month, f.numerator, f.denominator, null as median, null as measured
    from asked a
    join age g on g.facts = a.facts and g."from" = a."from" and g.until = a.until
    left join lateral (
      select f.cut, case when a.monthly then to_char(f.day, 'YYYY-MM') end as month,
             trim_scale(sum(f.numerator))::text as numerator, trim_scale(sum(f.denominator))::text as denominator
      from metric_fact f
      where f.source = a.source and f.dimension_kind = a.kind and f.dimension_id = a.id and f.cut_kind = a.cut
        and f.day >= a."from" and f.day < a.until and a.is_read
      group by 1, 2
    ) f on true
    union all
    select a.place, a.version, null, m.cut, null, null, null, trim_scale(m.median)::text, m.measured
    from asked a
    left join metric_median m on m.source = a.source and m.period = a.period and m.dimension_kind = a.kind
      and m.dimension_id = a.id and m.cut_kind = a.cut and m.measured > 0 and a.is_read
    where a.period is not null
    order by place, cut, month`);
  const version = rows[0]?.version ?? '';
  const next: Kept = version === mine.version ? mine : { version, counted: new Map() };
  const byPlace = Map.groupBy(rows, ({ place }) => place - 1);
  const answers = scopes.map((scope, place) => {
    const key = keys[place] ?? '';
    const found = byPlace.get(place) ?? [];
    const counted = next.counted.get(key) ?? found.filter(isCounted);
    if (next.counted.size < MOST_KEPT) next.counted.set(key, counted);
    if (!('facts' in scope)) return counted;
    const asOf = found[0]?.asOf ?? now;
    return { sums: counted, asOf: asOf < now ? asOf : now };
  });
  kept = next;
  return answers;
}

/** For the gauge of how far behind figures are; marks are numbered as they are set. */
export const UNCOUNTED_SINCE = sql`select marked_at from rollup_mark order by id limit 1`;

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';
