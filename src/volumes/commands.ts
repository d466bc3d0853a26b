import { CUSTOMER_SETTINGS } from '../customers/settings.ts';
import { acceptedShipments, recognisedRevenue } from '../kpis/definitions/sources/shipments.ts';
import { KPI_SETTINGS } from '../kpis/settings.ts';
import { localDate, type Period, periodOf, previousPeriod } from '../lib/periods.ts';
import { businessHours } from '../platform/calendars.ts';
import type { Command } from '../platform/command.ts';
import { nextNight, watchNight } from '../platform/standing.ts';
import type { AdvanceObligations } from '../platform/obligations.ts';
import { sql } from '../platform/sql.ts';
import { VOLUME_SETTINGS } from './settings.ts';

/** The obligation that looks at volume and sales of all customers once a night. */
export const VOLUME_WATCH = 'VOLUME_WATCH';

/** The metrics that cases of customers are about. */
const VOLUME_KEY = 'KPI_65';
const SALES_KEY = 'KPI_01';

/** Has customers looked at from the next night on: called when a process starts. */
export function watchVolumes(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, VOLUME_WATCH, tx.settings.get(VOLUME_SETTINGS.runAt), timeZone);
}

/** The sweep's part: two passes over all customers, of one statement each (CUS-32, KPM-04). */
export function sweepVolumes(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const calendar = await businessHours(tx, timeZone);
    const days = tx.settings.get(KPI_SETTINGS.caseDays);
    const dueAt = new Date(calendar.add(tx.now.getTime(), days * calendar.businessDayMs));
    await findDrops(tx, dueAt, timeZone);
    await findAbnormalSales(tx, dueAt, timeZone);
    const nextAt = nextNight(tx.now, tx.settings.get(VOLUME_SETTINGS.runAt), timeZone);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step: step + 1, nextAt }));
  };
}

interface OpenedCase {
  readonly id: string;
  readonly customerId: string;
  readonly ownerId: string | null;
  readonly actual: string;
  readonly mean: string;
  readonly lower: string;
  readonly upper: string;
  readonly change: string | null;
}

function owner({ ownerId }: OpenedCase): string[] {
  return ownerId === null ? [] : [ownerId];
}

/**
 * KPI-65 of every priority customer, D view: the shipments of the last 30 days against a third of the 90 before. A drop
 * opens one case a month and is told of once; while the case is open, shipments that come late change its figures alone
 * (EVT-15). From the counts per day, by the primary key of metric_fact.
 */
async function findDrops(tx: Command, dueAt: Date, timeZone: string): Promise<void> {
  const today = localDate(tx.now.getTime(), timeZone);
  const month = periodOf(tx.now.getTime(), 'MONTH', timeZone);
  const rule = tx.settings.get(CUSTOMER_SETTINGS.priorityRule);
  const scope: readonly string[] = tx.settings.get(CUSTOMER_SETTINGS.fileScope);
  const opened = await tx.query<OpenedCase>(sql`
    with day as (
      select ${today}::date as today, (${today}::date - interval '1 year')::date as then
    ), counted as materialized (
      select f.dimension_id as id,
             coalesce(sum(f.denominator) filter (where f.day >= d.today - 30 and f.day < d.today), 0) as recent,
             sum(f.denominator) filter (where f.day >= d.today - 120 and f.day < d.today - 30) / 3 as base,
             coalesce(sum(f.denominator) filter (where f.day >= d.then - 30 and f.day < d.then), 0) as then_recent,
             sum(f.denominator) filter (where f.day >= d.then - 120 and f.day < d.then - 30) / 3 as then_base
      from day d join metric_fact f
        on f.source = ${acceptedShipments.name} and f.dimension_kind = 'CUSTOMER' and f.cut_kind = 'NONE'
        and (f.day >= d.today - 120 and f.day < d.today or f.day >= d.then - 120 and f.day < d.then)
      group by f.dimension_id
    ), judged as materialized (
      select c.id, c.owner_id, round(n.recent, 6) as recent, round(n.base, 6) as base,
             case when n.then_base > 0 and ${tx.settings.get(VOLUME_SETTINGS.seasonal)}::boolean
                  then n.base * n.then_recent / n.then_base else n.base end as expected,
             (case when k.id is not null then ${tx.settings.get(VOLUME_SETTINGS.dropKey)}::numeric
                   else ${tx.settings.get(VOLUME_SETTINGS.drop)}::numeric end) as least
      from counted n
      join customer c on c.id = n.id
      left join key_account k on k.customer_id = c.id and k.ended_at is null
      where n.base > 0 and c.lifecycle::text = any(${[...scope]}::text[])
        and (k.id is not null and ${rule.includes('KEY_ACCOUNT')}::boolean
             or c.grade = 'A' and ${rule.includes('GRADE_A')}::boolean)
    ), refreshed as (
      update anomaly_case x
      set actual = j.recent, mean = j.base, lower = round(j.base * (1 - j.least / 100), 6), upper = j.base,
          updated_at = ${tx.now}::timestamptz
      from judged j
      where x.key = ${VOLUME_KEY} and x.dimension_kind = 'CUSTOMER' and x.dimension_id = j.id and x.test = 'DROP'
        and x.period = ${month.key} and x.state = 'OPEN' and (x.actual, x.mean) is distinct from (j.recent, j.base)
      returning 1
    ), opened as (
      insert into anomaly_case (id, key, dimension_kind, dimension_id, period, test, actual, mean, lower, upper, periods,
                                responsible_id, arose_at, opened_at, due_at, updated_at)
      select gen_random_uuid(), ${VOLUME_KEY}, 'CUSTOMER', j.id, ${month.key}, 'DROP', j.recent, j.base,
             round(j.base * (1 - j.least / 100), 6), j.base, 3, j.owner_id, ${tx.now}::timestamptz,
             ${tx.now}::timestamptz, ${dueAt}::timestamptz, ${tx.now}::timestamptz
      from judged j
      where (j.recent - j.base) * 100 <= -j.least * j.base and j.expected > 0
        and (j.recent - j.expected) * 100 <= -j.least * j.expected
      on conflict do nothing
      returning id, dimension_id, actual, mean, lower, upper
    )
    select o.id, o.dimension_id as "customerId", j.owner_id as "ownerId", trim_scale(o.actual)::text as actual,
           trim_scale(o.mean)::text as mean, trim_scale(o.lower)::text as lower, trim_scale(o.upper)::text as upper,
           trim_scale(round((j.recent - j.base) / j.base, 4))::text as change
    from opened o join judged j on j.id = o.dimension_id order by o.dimension_id`);
  for (const found of opened) {
    tx.emit({
      kind: 'KEY_ACCOUNT_VOLUME_DROP',
      subjectId: found.id,
      audience: { roles: ['KA_SUPERVISOR', 'HEAD'], employees: owner(found) },
      payload: {
        customerId: found.customerId,
        period: month.key,
        change: found.change,
        value: found.actual,
        mean: found.mean,
      },
    });
  }
}

/**
 * The sales of every customer in the month that has ended, against the band of the months before it (KPM-01). Looked at
 * again each night of the month after: shipments that come late may bring it out of the band, or change an open case, and
 * a month is told of once (EVT-16). Months before the first with sales are no history.
 */
async function findAbnormalSales(tx: Command, dueAt: Date, timeZone: string): Promise<void> {
  const ended = previousPeriod(periodOf(tx.now.getTime(), 'MONTH', timeZone), timeZone);
  const months = monthsBefore(ended, tx.settings.get(KPI_SETTINGS.abnormalWindow), timeZone);
  const first = localDate(months[0]?.start ?? ended.start, timeZone);
  const until = localDate(ended.end, timeZone);
  const scope: readonly string[] = tx.settings.get(CUSTOMER_SETTINGS.fileScope);
  const opened = await tx.query<OpenedCase>(sql`
    with sold as materialized (
      select f.dimension_id as id, to_char(f.day, 'YYYY-MM') as month, sum(f.numerator) as amount
      from metric_fact f
      where f.source = ${recognisedRevenue.name} and f.dimension_kind = 'CUSTOMER' and f.cut_kind = 'NONE'
        and f.day >= ${first}::date and f.day < ${until}::date
      group by 1, 2
    ), since as (
      select s.id, min(s.month) as first from sold s where s.month < ${ended.key} and s.amount <> 0 group by s.id
    ), band as (
      select i.id, count(*)::int as periods, avg(coalesce(s.amount, 0)) as mean,
             stddev_samp(coalesce(s.amount, 0)) * ${tx.settings.get(KPI_SETTINGS.abnormalSd)}::numeric as spread
      from since i
      join unnest(${months.map(({ key }) => key)}::text[]) m(month) on m.month >= i.first
      left join sold s on s.id = i.id and s.month = m.month
      group by i.id
      having count(*) >= greatest(2, ${tx.settings.get(KPI_SETTINGS.abnormalMinimum)}::int)
    ), judged as materialized (
      select c.id, c.owner_id, coalesce(s.amount, 0) as amount, round(b.mean, 2) as mean,
             round(b.mean - b.spread, 2) as lower, round(b.mean + b.spread, 2) as upper, b.periods,
             abs(coalesce(s.amount, 0) - b.mean) > b.spread as abnormal
      from band b
      join customer c on c.id = b.id
      left join sold s on s.id = b.id and s.month = ${ended.key}
      where c.lifecycle::text = any(${[...scope]}::text[])
    ), refreshed as (
      update anomaly_case x
      set actual = j.amount, mean = j.mean, lower = j.lower, upper = j.upper, periods = j.periods,
          updated_at = ${tx.now}::timestamptz
      from judged j
      where x.key = ${SALES_KEY} and x.dimension_kind = 'CUSTOMER' and x.dimension_id = j.id and x.test = 'BAND'
        and x.period = ${ended.key} and x.state = 'OPEN'
        and (x.actual, x.mean, x.lower) is distinct from (j.amount, j.mean, j.lower)
      returning 1
    ), opened as (
      insert into anomaly_case (id, key, dimension_kind, dimension_id, period, test, actual, mean, lower, upper, periods,
                                responsible_id, arose_at, opened_at, due_at, updated_at)
      select gen_random_uuid(), ${SALES_KEY}, 'CUSTOMER', j.id, ${ended.key}, 'BAND', j.amount, j.mean, j.lower, j.upper,
             j.periods, j.owner_id, ${tx.now}::timestamptz, ${tx.now}::timestamptz, ${dueAt}::timestamptz,
             ${tx.now}::timestamptz
      from judged j
      where j.abnormal
      on conflict do nothing
      returning id, dimension_id, actual, mean, lower, upper
    )
    select o.id, o.dimension_id as "customerId", j.owner_id as "ownerId", trim_scale(o.actual)::text as actual,
           trim_scale(o.mean)::text as mean, trim_scale(o.lower)::text as lower, trim_scale(o.upper)::text as upper,
           null as change
    from opened o join judged j on j.id = o.dimension_id order by o.dimension_id`);
  for (const found of opened) {
    tx.emit({
      kind: 'CUSTOMER_SALES_ABNORMAL',
      subjectId: found.id,
      audience: { roles: ['SALES_SUPERVISOR'], employees: owner(found) },
      payload: {
        caseId: found.id,
        customerId: found.customerId,
        period: ended.key,
        actual: found.actual,
        lower: found.lower,
        upper: found.upper,
      },
    });
  }
}

function monthsBefore(month: Period, count: number, timeZone: string): Period[] {
  const before: Period[] = [];
  for (let last = month; before.length < count; ) {
    last = previousPeriod(last, timeZone);
    before.unshift(last);
  }
  return before;
}
