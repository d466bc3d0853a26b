import { inFileScope, isFileComplete } from '../customers/definitions.ts';
import { nextPeriod, type Period, periodOf, previousPeriod } from '../lib/periods.ts';
import type { Command } from '../platform/command.ts';
import type { AdvanceObligations } from '../platform/obligations.ts';
import { join, raw, type Sql, sql } from '../platform/sql.ts';
import { watchStanding } from '../platform/standing.ts';

/** The ledgers of a month are kept when it ends (CUS-08). */
export const LEDGER_MONTH = 'LEDGER_MONTH';

/** Has ledgers kept from the end of the running month on: called when a process starts. */
export function watchLedgers(tx: Command, timeZone: string): Promise<void> {
  return watchStanding(tx, LEDGER_MONTH, endOfMonth(tx.now, timeZone));
}

/** The sweep's part: the month that has just ended. Of months that were missed before it nobody knows any more how they stood. */
export function keepLedgers(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    await keepMonth(tx, previousPeriod(periodOf(tx.now.getTime(), 'MONTH', timeZone), timeZone));
    const nextAt = endOfMonth(tx.now, timeZone);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step: step + 1, nextAt }));
  };
}

function endOfMonth(now: Date, timeZone: string): Date {
  return new Date(nextPeriod(periodOf(now.getTime(), 'MONTH', timeZone), timeZone).start);
}

interface Overall {
  readonly customers: number;
  readonly filesComplete: number;
  readonly complaintsReceived: number;
}

const FIGURES = [
  'customers',
  'files_complete',
  'visits_done',
  'visits_missed',
  'contacts_reached',
  'complaints_received',
  'complaints_due',
  'complaints_in_time',
  'follow_ups_answered',
  'follow_ups_satisfied',
] as const;

/**
 * One statement over all customers, by who is in charge of them now; visits and contacts by visit(customer_id, done_at) and
 * contact_log(customer_id, at), complaints by ticket_opened_at_idx, ticket(resolution_due_at), ticket_first_due_idx and
 * follow_up_answered_idx, so that the cost is that of the customers and the month, not of the years.
 */
async function keepMonth(tx: Command, month: Period): Promise<void> {
  const [from, until] = [new Date(month.start), new Date(month.end)];
  const during = (at: Sql) => sql`${at} >= ${from}::timestamptz and ${at} < ${until}::timestamptz`;
  const [overall] = await tx.query<Overall>(sql`
    with counted (owner_id, figure, amount) as (
      select c.owner_id, v.figure, v.amount
      from customer c cross join lateral (values ('customers', 1), ('files_complete', (${isFileComplete(tx.settings)})::int)) v(figure, amount)
      where ${inFileScope(tx.settings)}
      union all
      select c.owner_id, case v.state when 'DONE' then 'visits_done' else 'visits_missed' end, 1
      from customer c join visit v on v.customer_id = c.id
        and ((v.state = 'DONE' and ${during(sql`v.done_at`)}) or (v.state = 'MISSED' and ${during(sql`v.planned_for`)}))
      union all
      select c.owner_id, 'contacts_reached', 1
      from customer c join contact_log l on l.customer_id = c.id and l.outcome = 'REACHED' and ${during(sql`l.at`)}
      union all
      select c.owner_id, 'complaints_received', 1
      from ticket t left join customer c on c.id = t.customer_id
      where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and ${during(sql`t.opened_at`)}
      union all
      select c.owner_id, v.figure, v.amount
      from (
        select t.customer_id, (t.resolved_at <= t.resolution_due_at) is true as in_time
        from ticket t where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.cycle = 0 and ${during(sql`t.resolution_due_at`)}
        union all
        select t.customer_id, (t.first_resolved_at <= t.first_due_at) is true
        from ticket t where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.cycle > 0 and ${during(sql`t.first_due_at`)}) t
      left join customer c on c.id = t.customer_id
      cross join lateral (values ('complaints_due', 1), ('complaints_in_time', t.in_time::int)) v(figure, amount)
      union all
      select c.owner_id, v.figure, v.amount
      from follow_up u join ticket t on t.id = u.ticket_id left join customer c on c.id = t.customer_id
      cross join lateral (values ('follow_ups_answered', 1), ('follow_ups_satisfied', (u.result = 'SATISFIED')::int)) v(figure, amount)
      where u.result <> 'UNREACHABLE' and ${during(sql`u.at`)}),
    kept as (
      insert into monthly_ledger (id, month, made_at, owner_id, overall, ${raw(FIGURES.join(', '))})
      select gen_random_uuid(), ${month.key}, ${tx.now}::timestamptz, owner_id, grouping(owner_id) = 1,
             ${join(FIGURES.map((figure) => sql`(coalesce(sum(amount) filter (where figure = ${figure}), 0))::int`))}
      from counted group by grouping sets ((owner_id), ())
      on conflict (month, overall, owner_id) do nothing
      returning *)
    select customers, files_complete as "filesComplete", complaints_received as "complaintsReceived" from kept where overall`);
  // Kept before, by another process.
  if (!overall) return;
  tx.emit({
    kind: 'LEDGER_MONTHLY',
    subjectId: null,
    audience: { roles: ['HEAD', 'MARKETING_CLERK'] },
    dedupeKey: `LEDGER_MONTHLY ${month.key}`,
    payload: { month: month.key, ...overall },
  });
}
