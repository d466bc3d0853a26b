import { invalid } from '../lib/errors.ts';
import { isLocalDay } from '../lib/periods.ts';
import { text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import { defineLoader } from '../platform/loaders.ts';
import { sql } from '../platform/sql.ts';
import { acceptedShipments, recognisedRevenue } from '../kpis/definitions/sources/shipments.ts';

export type VolumeStep = 'DAY' | 'MONTH';

/** What a customer shipped on a day or in a month; exact text. */
export interface CustomerVolume {
  /** 2026-11-23 or 2026-11. */
  readonly period: string;
  readonly shipments: number;
  readonly tonnes: string;
  readonly revenue: string;
}

export interface VolumeSpan {
  readonly by: VolumeStep;
  /** Local days, both included. */
  readonly from: string;
  readonly to: string;
}

const DAYS_MAX = { DAY: 366, MONTH: 3_660 } as const;

export function checkSpan({ by, from, to }: VolumeSpan): void {
  if (!isLocalDay(from)) throw invalid('from', text('a day YYYY-MM-DD', '日期 YYYY-MM-DD'));
  if (!isLocalDay(to)) throw invalid('to', text('a day YYYY-MM-DD', '日期 YYYY-MM-DD'));
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  if (days < 1 || days > DAYS_MAX[by]) {
    throw invalid(
      'to',
      text(
        `a day from \`from\` on, at most ${DAYS_MAX[by]} days by ${by}`,
        `不早于 from，且不超过 ${DAYS_MAX[by]} 天`,
      ),
    );
  }
}

export function volumeKey(customerId: string, { by, from, to }: VolumeSpan): string {
  return JSON.stringify([customerId, by, from, to]);
}

/**
 * Volume per day or month, where anything was counted, for any number of customers and spans with one statement; who asks
 * has looked whether the viewer reads the file. By the primary key of metric_fact. A month counts those of its days that
 * lie in the span.
 */
export const customerVolumes = defineLoader(async (reader: Reader, keys): Promise<CustomerVolume[][]> => {
  const asked = keys.map((key, place) => {
    const [id, by, from, to] = JSON.parse(key) as [string, VolumeStep, string, string];
    return { place, id, by, from, to };
  });
  const rows = await reader.query<CustomerVolume & { place: number }>(sql`
    select a.place, to_char(f.day, case a.by when 'DAY' then 'YYYY-MM-DD' else 'YYYY-MM' end) as period,
           coalesce(sum(f.denominator) filter (where f.source = ${acceptedShipments.name}), 0)::int as shipments,
           trim_scale(coalesce(sum(f.numerator) filter (where f.source = ${acceptedShipments.name}), 0) / 1000)::text as tonnes,
           trim_scale(coalesce(sum(f.numerator) filter (where f.source = ${recognisedRevenue.name}), 0))::text as revenue
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(place int, id uuid, by text, "from" date, "to" date)
    join metric_fact f on f.source = any(${[acceptedShipments.name, recognisedRevenue.name]}::text[])
      and f.dimension_kind = 'CUSTOMER' and f.dimension_id = a.id and f.cut_kind = 'NONE'
      and f.day >= a."from" and f.day <= a."to"
    group by 1, 2 order by 1, 2`);
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return keys.map((_, place) => byPlace.get(place) ?? []);
});
