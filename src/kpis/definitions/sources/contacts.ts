import { type Sql, sql } from '../../../platform/sql.ts';
import type { KpiSource, SourceScope } from '../definition.ts';

const OF_CONTACTS = { facts: 'contacts', cuts: ['AREA', 'GRADE', 'LEVEL'] } as const;

/**
 * Calls that the weeks ending on the day asked of the key accounts, and those made, each week's at most its minimum
 * (KPI-69). A week counts once it has ended.
 */
export const endedContactWeeks: KpiSource = {
  ...OF_CONTACTS,
  name: 'endedContactWeeks',
  rows: (scope) => weekRows(scope, sql`d.ends_at <= ${scope.now}::timestamptz`),
};

/** The same with the running week, whose calls are due and may still be made. */
export const contactWeeks: KpiSource = {
  ...OF_CONTACTS,
  name: 'contactWeeks',
  rows: (scope) => weekRows(scope, sql`d.week_starts_at <= ${scope.now}::timestamptz`),
};

/**
 * The week in which an account is promoted asks for nothing, nor does the one in which it ends. Only reached phone
 * calls count (VIS-16). By contact_log(customer_id, at).
 */
function weekRows({ days, now, requiredCalls }: SourceScope, counts: Sql): Sql {
  return sql`
    select d.day, null::uuid as department_id, null::uuid as team_id, k.specialist_id as employee_id, k.customer_id, c.area_id,
           c.area_id::text as area, c.grade::text as grade, k.level::text as level,
           case when ${counts} then least(l.made, q.calls) else 0 end as numerator,
           case when ${counts} then q.calls else 0 end as denominator,
           case when d.ends_at > ${now}::timestamptz then d.ends_at end as changes_at
    from ${days}
    join key_account k on k.promoted_at <= d.week_starts_at and (k.ended_at is null or k.ended_at >= d.ends_at)
    join customer c on c.id = k.customer_id
    join ${requiredCalls} on q.level = k.level::text and q.grade is not distinct from c.grade::text
    cross join lateral (
      select count(*)::int as made
      from contact_log l
      where l.customer_id = k.customer_id and l.at >= d.week_starts_at and l.at < d.ends_at
        and l.channel = 'PHONE' and l.outcome = 'REACHED') l
    where extract(isodow from d.day) = 7`;
}
