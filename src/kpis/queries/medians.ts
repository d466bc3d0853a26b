import type { KpiDimensionKind, MetricCut } from '../../generated/prisma/enums.ts';
import { type Period, parsePeriod } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { join, type Sql, sql } from '../../platform/sql.ts';
import type { MedianSource } from '../definitions/definition.ts';
import { MEDIAN_SOURCES } from '../definitions/sources/index.ts';
import { isWide, type KpiDimension } from '../rules/figures.ts';
import { keptMediansOf, type Median } from './facts.ts';

/** Middle values of a source, whole or broken down; nothing where nothing was measured. */
export function mediansOf(
  reader: Reader,
  source: MedianSource,
  dimension: KpiDimension,
  period: Period,
  cut: MetricCut,
): Promise<readonly Median[]> {
  const { kind, id } = dimension;
  if (isWide(kind)) return keptMediansOf(reader, { source: source.name, kind, id, cut, period: period.key });
  // The figures of one customer or person are not broken down.
  if (cut !== 'NONE' || id === null) return Promise.resolve([]);
  return ownMedians.load(reader, JSON.stringify([source.name, kind, id, period.key]));
}

type Key = readonly [source: string, kind: KpiDimensionKind, id: string, period: string];

/** Those of one customer or person are few enough to be measured when they are asked for, by the tickets' own indexes. */
const ownMedians = defineLoader(async (reader: Reader, keys): Promise<Median[][]> => {
  const selects = keys.map((key, place) => {
    const [name, kind, id, periodKey] = JSON.parse(key) as Key;
    const { start, end } = parsePeriod(periodKey, reader.timeZone);
    const source = MEDIAN_SOURCES.find((one) => one.name === name);
    if (!source) throw new Error(`${name} measures nothing.`);
    const span = sql`(select null::date as day, ${new Date(start)}::timestamptz as starts_at, ${new Date(end)}::timestamptz as ends_at) d`;
    const owner: Sql = kind === 'CUSTOMER' ? sql`r.customer_id` : sql`r.employee_id`;
    return sql`
      select ${place}::int as place, '' as cut, trim_scale(percentile_cont(0.5) within group (order by r.measured)::numeric)::text as median,
             count(*)::int as measured
      from (${source.rows(span)}) r
      where ${owner} = ${id}::uuid
      having count(*) > 0`;
  });
  return byPlace(keys.length, await reader.query<Median & { place: number }>(join(selects, ' union all ')));
});

function byPlace(count: number, rows: readonly (Median & { place: number })[]): Median[][] {
  const answers: Median[][] = Array.from({ length: count }, () => []);
  for (const { place, ...median } of rows) answers[place]?.push(median);
  return answers;
}
