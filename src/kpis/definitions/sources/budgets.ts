import { sql } from '../../../platform/sql.ts';
import type { PeriodSource } from '../definition.ts';

/**
 * Paid of the year's budgets in force, and as many twelfths of their amounts as months have begun by the period's last
 * day. Lines say what has been paid, not when: so it is known as it stands only.
 */
export const budgetToDate: PeriodSource = {
  name: 'budgetToDate',
  facts: ['budgets'],
  lookBackDays: () => 0,
  presentOnly: true,
  rows: ({ asked }) => sql`
    select a.place, 0 as position, '' as cut, sum(l.paid) as numerator,
           round(sum(l.amount) * extract(month from a.last_day) / 12, 4) as denominator, null::numeric as target
    from ${asked}
    join budget b on b.year = extract(year from a.last_day) and b.state in ('APPROVED', 'ACTIVE', 'CLOSED')
      and (a.kind = 'COMPANY' or a.kind = 'DEPARTMENT' and b.department_id = a.id)
    join budget_line l on l.budget_id = b.id
    group by a.place, a.last_day`,
};
