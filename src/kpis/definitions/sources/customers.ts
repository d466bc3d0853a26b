import { inFileScope, isFileComplete } from '../../../customers/definitions.ts';
import { LEAD_FACTS } from '../../../customers/rules.ts';
import { CUSTOMER_SETTINGS } from '../../../customers/settings.ts';
import { any, columnName, join, raw, type Sql, sql } from '../../../platform/sql.ts';
import type { PeriodScope, PeriodSource } from '../definition.ts';
import { KPI_SETTINGS } from '../../settings.ts';
import { acceptedShipments, recognisedRevenue } from './shipments.ts';

/** Customers `c` of what a row of `a` is cut by. They are those of who owns them and where they lie now. */
export const WITHIN = sql`(
  a.kind = 'COMPANY' or a.kind = 'AREA' and c.area_id = a.id or a.kind = 'EMPLOYEE' and c.owner_id = a.id
  or a.kind = 'CUSTOMER' and c.id = a.id)`;

/** Days with figures of a customer, by the primary key of metric_fact. */
export function factsOfCustomer(source: { readonly name: string }, customerId: Sql): Sql {
  return sql`f.source = ${source.name} and f.dimension_kind = 'CUSTOMER' and f.dimension_id = ${customerId} and f.cut_kind = 'NONE'`;
}

/** Whether customer `c` had an order or was registered in the days up to and with `day` (CUS-36). */
function isActive(day: Sql, { settings, timeZone }: PeriodScope): Sql {
  const days = sql`${settings.get(CUSTOMER_SETTINGS.inactiveDays)}::int`;
  return sql`(
    exists (
      select 1 from metric_fact f
      where ${factsOfCustomer(acceptedShipments, sql`c.id`)} and f.day > ${day} - ${days} and f.day <= ${day} and f.denominator > 0)
    or ((c.registered_at at time zone ${timeZone})::date > ${day} - ${days}
        and (c.registered_at at time zone ${timeZone})::date <= ${day}))`;
}

/** Whether customer `s.id` was a priority customer at an instant, as its account and its grades of then say (CFL-31). */
function isPriority(at: Sql, { settings }: PeriodScope): Sql {
  const rule = settings.get(CUSTOMER_SETTINGS.priorityRule);
  const isKeyAccount = sql`exists (
    select 1 from key_account k
    where k.customer_id = s.id and k.promoted_at <= ${at} and (k.ended_at is null or k.ended_at > ${at}))`;
  // What it was graded to last before; else what the first grading after changed; else it never changed.
  const isGradeA = sql`(
    select g.grade from (
      (select 1 as place, h."to" as grade from grade_history h
       where h.customer_id = s.id and h.at <= ${at} order by h.at desc, h.id desc limit 1)
      union all
      (select 2, h."from" from grade_history h where h.customer_id = s.id and h.at > ${at} order by h.at, h.id limit 1)
      union all
      select 3, s.grade
    ) g order by g.place limit 1) = 'A'`;
  return any([
    ...(rule.includes('KEY_ACCOUNT') ? [isKeyAccount] : []),
    ...(rule.includes('GRADE_A') ? [isGradeA] : []),
  ]);
}

/**
 * Customers active at the start of the period (START), at its end or now (END), at both (BOTH), and of the priority
 * customers at its start those active then (PRIORITY_START) and at both (PRIORITY_BOTH). The start is the end of the day
 * before, so that one period's end is the next one's start. Each customer is looked at once for each day.
 */
export const activity: PeriodSource = {
  name: 'activity',
  facts: ['shipments'],
  lookBackDays: (settings) => settings.get(CUSTOMER_SETTINGS.inactiveDays) + 1,
  rows: (scope) => sql`
    with asked_once as materialized (select * from ${scope.asked}),
    ends as (
      select distinct e.day from asked_once a cross join lateral (values (a.day_before), (a.last_day)) as e(day)
    ),
    active as materialized (
      select e.day, c.id, c.area_id, c.owner_id, c.grade
      from ends e cross join customer c
      where exists (select 1 from asked_once a where ${WITHIN}) and ${isActive(sql`e.day`, scope)}
    )
    select a.place, 0 as position, v.cut, 0::numeric as numerator, v.count::numeric as denominator, null::numeric as target
    from asked_once a
    cross join lateral (
      select count(*) filter (where s.at_start) as at_start, count(*) filter (where s.at_end) as at_end,
             count(*) filter (where s.at_start and s.at_end) as at_both,
             count(*) filter (where s.is_priority) as priority_start,
             count(*) filter (where s.is_priority and s.at_end) as priority_both
      from (
        select s.id, s.at_start, s.at_end, s.at_start and ${isPriority(sql`a.starts_at`, scope)} as is_priority
        from (
          select c.id, c.grade, bool_or(c.day = a.day_before) as at_start, bool_or(c.day = a.last_day) as at_end
          from active c
          where c.day in (a.day_before, a.last_day) and ${WITHIN}
          group by c.id, c.grade) s) s
    ) n
    cross join lateral (values
      ('START', n.at_start), ('END', n.at_end), ('BOTH', n.at_both), ('PRIORITY_START', n.priority_start),
      ('PRIORITY_BOTH', n.priority_both)) as v(cut, count)`,
};

/** KPI-11 gives a new customer this long, counted from the day of its first deal. */
const NEW_CUSTOMER_DAYS = 90;

/**
 * Customers whose first shipment fell in the period, and those of them that are graded A or B or earned enough in their
 * first days. One look at each customer's first day.
 */
export const newCustomers: PeriodSource = {
  name: 'newCustomers',
  facts: ['shipments'],
  lookBackDays: () => null,
  rows: ({ asked, settings }) => sql`
    with asked_once as materialized (select * from ${asked}),
    firsts as materialized (
      select c.id, c.area_id, c.owner_id, c.grade, f.day
      from customer c
      cross join lateral (
        select f.day from metric_fact f
        where ${factsOfCustomer(acceptedShipments, sql`c.id`)} and f.denominator > 0
        order by f.day limit 1) f
      where exists (select 1 from asked_once a where ${WITHIN} and f.day >= a.first_day and f.day < a.until_day)
    )
    select a.place, 0 as position, '' as cut, (
             c.grade in ('A', 'B') is true or ${settings.get(KPI_SETTINGS.newCustomerRevenue)}::numeric <= (
               select coalesce(sum(f.numerator), 0) from metric_fact f
               where ${factsOfCustomer(recognisedRevenue, sql`c.id`)} and f.day >= c.day and f.day < c.day + ${NEW_CUSTOMER_DAYS}::int)
           )::int::numeric as numerator, 1::numeric as denominator, null::numeric as target
    from asked_once a join firsts c on c.day >= a.first_day and c.day < a.until_day and ${WITHIN}`,
};

const IS_FILLED = LEAD_FACTS.map((fact) => {
  const column = raw(`c.${columnName(fact)}`);
  return sql`(${column} is not null and btrim(${column}) <> '')`;
});

/**
 * How the files of existing customers stand: their mandatory facts and those that are filled (FIELDS), files and those
 * that are complete (FILES), and graded customers by grade.
 */
export const files: PeriodSource = {
  name: 'files',
  facts: [],
  lookBackDays: () => 0,
  presentOnly: true,
  rows: ({ asked, settings }) => {
    const shares = settings.get(CUSTOMER_SETTINGS.gradeShares);
    const grades = [
      { cut: 'A', is: sql`c.grade = 'A'`, target: shares.A },
      { cut: 'B', is: sql`c.grade = 'B'`, target: shares.B },
      { cut: 'C', is: sql`c.grade in ('C', 'D')`, target: shares.C },
    ].map(
      ({ cut, is, target }, index) =>
        sql`(${index + 1}, ${cut}, ${is}, c.grade is not null, ${target}::numeric)`,
    );
    return sql`
      select a.place, v.position, v.cut, coalesce(sum(v.numerator::int), 0)::numeric as numerator,
             sum(v.denominator::int)::numeric as denominator, v.target
      from ${asked} join customer c on ${WITHIN}
      cross join lateral (values
        ${join(IS_FILLED.map((filled) => sql`(0, 'FIELDS', ${filled}, true, null::numeric)`))},
        (0, 'FILES', ${isFileComplete(settings)}, true, null), ${join(grades)}) as v(position, cut, numerator, denominator, target)
      where ${inFileScope(settings)}
      group by a.place, v.position, v.cut, v.target
      having sum(v.denominator::int) > 0`;
  },
};

/** How many of the customers with the most revenue are named. */
const NAMED = 20;
/** KPI-66 takes the first fifth of the customers with revenue. */
const TOP_SHARE = 0.2;

/**
 * Revenue of the period by customer, most first: of the first fifth of the customers and of all (the whole), and of each
 * of the first ones and of all (a row).
 */
export const concentration: PeriodSource = {
  name: 'concentration',
  facts: ['shipments'],
  lookBackDays: () => 0,
  rows: ({ asked }) => sql`
    select r.place, v.position, v.cut, v.numerator, r.total as denominator, null::numeric as target
    from (
      select a.place, c.id, c.revenue, row_number() over by_revenue as rank, count(*) over (partition by a.place) as customers,
             sum(c.revenue) over (partition by a.place) as total, sum(c.revenue) over by_revenue as cumulative
      from ${asked} cross join lateral (
        select c.id, sum(f.numerator) as revenue
        from customer c join metric_fact f on ${factsOfCustomer(recognisedRevenue, sql`c.id`)}
          and f.day >= a.first_day and f.day < a.until_day
        where ${WITHIN}
        group by c.id
        having sum(f.numerator) > 0) c
      window by_revenue as (partition by a.place order by c.revenue desc, c.id)
    ) r
    cross join lateral (
      select r.rank::int as position, r.id::text as cut, r.revenue as numerator where r.rank <= ${NAMED}::int
      union all
      select 0, '', r.cumulative where r.rank = ceil(r.customers * ${TOP_SHARE}::numeric)) v`,
};

/** Months since the first deal that count as full tenure, and months that are looked at for orders (KPI-33). */
const TENURE_MONTHS = 36;
const REPEAT_MONTHS = 12;

/**
 * Of each customer with a deal: for how long (TENURE) and in how many of the last twelve months (REPEAT) it has ordered,
 * as shares of what counts fully.
 */
export const loyalty: PeriodSource = {
  name: 'loyalty',
  facts: ['shipments'],
  lookBackDays: () => null,
  rows: ({ asked }) => sql`
    select a.place, 1 as position, v.cut, sum(v.share)::numeric as numerator, count(*)::numeric as denominator, null::numeric as target
    from ${asked} join customer c on ${WITHIN}
    cross join lateral (
      select f.day from metric_fact f
      where ${factsOfCustomer(acceptedShipments, sql`c.id`)} and f.denominator > 0 and f.day <= a.last_day
      order by f.day limit 1) d
    cross join lateral (
      select extract(year from e.age) * 12 + extract(month from e.age) as months from (select age(a.last_day, d.day) as age) e) t
    cross join lateral (
      select count(*) as months
      from generate_series(0, ${REPEAT_MONTHS - 1}::int) as m(back)
      cross join lateral (select (date_trunc('month', a.last_day) - make_interval(months => m.back))::date as first_day) p
      where exists (
        select 1 from metric_fact f
        where ${factsOfCustomer(acceptedShipments, sql`c.id`)} and f.denominator > 0 and f.day >= p.first_day
          and f.day < least((p.first_day + interval '1 month')::date, a.last_day + 1))) r
    cross join lateral (values
      ('TENURE', round(least(1, t.months / ${TENURE_MONTHS}::numeric), 4)),
      ('REPEAT', round(r.months / ${REPEAT_MONTHS}::numeric, 4))) as v(cut, share)
    group by a.place, v.cut`,
};
