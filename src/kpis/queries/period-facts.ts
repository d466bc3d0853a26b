import type { KpiDimensionKind } from '../../generated/prisma/enums.ts';
import { localDate, type Period, parsePeriod } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { join, sql } from '../../platform/sql.ts';
import type { PeriodSource } from '../definitions/definition.ts';
import { PERIOD_SOURCES } from '../definitions/sources/index.ts';
import type { Counted, KpiDimension } from '../rules/figures.ts';

/** What measuring needs: a request has it, and so has a transaction of the product itself. */
export type Measuring = Pick<Reader, 'query' | 'now' | 'settings' | 'timeZone'>;

export interface PeriodAnswer extends Counted {
  readonly asOf: Date;
}

/** Names what a source is asked for to its loader. */
export function periodKey(
  source: Pick<PeriodSource, 'name'>,
  period: Period,
  { kind, id }: KpiDimension,
): string {
  return JSON.stringify([source.name, period.key, kind, id]);
}

const byName = new Map(PERIOD_SOURCES.map((source) => [source.name, source]));

interface PartRow {
  readonly place: number;
  /** Null where the source says nothing of what was asked. */
  readonly cut: string | null;
  readonly numerator: string;
  readonly denominator: string;
  readonly target: string | null;
  readonly asOf: Date | null;
}

/** What period sources say, whatever the request asks of them, with one statement. */
export const periodFactsOf = defineLoader(async (measuring: Measuring, keys): Promise<PeriodAnswer[]> => {
  const { now, timeZone, settings } = measuring;
  const asked = keys.map((key, place) => {
    const [source, period, kind, id] = JSON.parse(key) as [string, string, KpiDimensionKind, string | null];
    const { start, end } = parsePeriod(period, timeZone);
    const lastDay = localDate(Math.min(end - 1, now.getTime()), timeZone);
    return {
      place,
      source,
      facts: byName.get(source)?.facts ?? [],
      kind,
      id,
      period,
      starts_at: new Date(start),
      ends_at: new Date(end),
      first_day: localDate(start, timeZone),
      until_day: localDate(end, timeZone),
      last_day: lastDay,
      day_before: localDate(start - 1, timeZone),
    };
  });
  const selects = [...new Set(asked.map(({ source }) => source))].map((name) => {
    const source = byName.get(name);
    if (!source) throw new Error(`${name} is no source of whole periods.`);
    return sql`(${source.rows({
      asked: sql`(select * from asked where source = ${name} and starts_at <= ${now}::timestamptz) a`,
      now,
      timeZone,
      settings,
    })})`;
  });
  const rows = await measuring.query<PartRow>(sql`
    with asked as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(
        place int, source text, facts text[], kind text, id uuid, period text, starts_at timestamptz, ends_at timestamptz,
        first_day date, until_day date, last_day date, day_before date)
    )
    select a.place, f.cut, trim_scale(f.numerator)::text as numerator, trim_scale(f.denominator)::text as denominator,
           trim_scale(f.target)::text as target, g.as_of as "asOf"
    from asked a
    left join (
      select f.place, f.position, f.cut, f.target, sum(f.numerator) as numerator, sum(f.denominator) as denominator
      from (${join(selects, ' union all ')}) f
      group by f.place, f.position, f.cut, f.target
    ) f on f.place = a.place
    cross join lateral (
      select min(m.marked_at) as as_of from rollup_mark m where m.facts = any(a.facts) and m.day < a.until_day) g
    order by a.place, f.position, f.cut`);
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return keys.map((_, place) => answerOf(byPlace.get(place) ?? [], now));
});

function answerOf(rows: readonly PartRow[], now: Date): PeriodAnswer {
  const marked = rows[0]?.asOf ?? null;
  const whole = rows.find(({ cut }) => cut === '');
  return {
    numerator: whole?.numerator ?? '0',
    denominator: whole?.denominator ?? '0',
    parts: rows.flatMap(({ cut, numerator, denominator, target }) =>
      cut ? [{ key: cut, numerator, denominator, target }] : [],
    ),
    asOf: marked !== null && marked < now ? marked : now,
  };
}
