import { sql } from '../../../platform/sql.ts';
import { KPI_SETTINGS } from '../../settings.ts';
import type { PeriodSource } from '../definition.ts';

/**
 * The values that were kept for the whole company's targets of the period, and the targets: one row for each metric. A
 * value that still runs is accurate about nothing yet.
 */
export const keptTargets: PeriodSource = {
  name: 'keptTargets',
  facts: [],
  lookBackDays: () => 0,
  readsKept: true,
  rows: ({ asked }) => sql`
    select a.place, 1 as position, t.key as cut, v.value as numerator, t.value as denominator, null::numeric as target
    from ${asked}
    join kpi_target t on t.period = a.period and t.dimension_kind = 'COMPANY' and t.key <> 'KPI_58'
    cross join lateral (
      select v.value from kpi_value v
      where v.key = t.key and v.dimension_kind = 'COMPANY' and v.period = t.period
      order by v.correction desc limit 1) v
    where v.value is not null`,
};

/** Cases of abnormal values that were opened in the period, and those of them opened in time. By anomaly_case(opened_at). */
export const anomalyWarnings: PeriodSource = {
  name: 'anomalyWarnings',
  facts: [],
  lookBackDays: () => 0,
  rows: ({ asked, settings }) => sql`
    select a.place, 0 as position, '' as cut,
           (x.opened_at <= x.arose_at + make_interval(days => ${settings.get(KPI_SETTINGS.warnDays)}::int))::int::numeric as numerator,
           1::numeric as denominator, null::numeric as target
    from ${asked} join anomaly_case x on x.opened_at >= a.starts_at and x.opened_at < a.ends_at`,
};
