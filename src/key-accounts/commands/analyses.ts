import { newId } from '../../lib/ids.ts';
import { type Period, periodOf, previousPeriod, yearBefore } from '../../lib/periods.ts';
import type { Command } from '../../platform/command.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { type AnalysisFacts, analysesOf } from '../rules/analyses.ts';
import { ANALYSIS } from '../rules/record-specs.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { insertRecords } from './records.ts';

/**
 * Works out the five analyses of every account for the period of keyAccount.analysisPeriod that is over, once (KEY-08):
 * one statement reads the facts of all accounts, one writes. By shipment(delivered_at, customer_id).
 */
export async function analyse(tx: Command, timeZone: string): Promise<void> {
  const every = tx.settings.get(KEY_ACCOUNT_SETTINGS.analysisPeriod);
  const period = previousPeriod(periodOf(tx.now.getTime(), every, timeZone), timeZone);
  const within = (column: Sql, { start, end }: Period) =>
    sql`${column} >= ${new Date(start)}::timestamptz and ${column} < ${new Date(end)}::timestamptz`;
  const delivered = sql`s.delivered_at`;
  const rows = await tx.query<AnalysisFacts & { id: string }>(sql`
    with account as (
      select k.id, k.customer_id, k.level, k.service_model, k.annual_revenue_target from key_account k
      where k.ended_at is null and k.promoted_at < ${new Date(period.end)}::timestamptz and not exists (
        select 1 from key_account_analysis a where a.key_account_id = k.id and a.period = ${period.key})),
    present as (
      select s.customer_id, sum(s.revenue) as revenue, sum(s.revenue - s.freight) filter (where s.freight is not null) as contribution,
             count(*)::int as shipments, count(distinct (s.delivered_at at time zone ${timeZone})::date)::int as active_days,
             (count(*) filter (where s.promised_at is not null))::int as promised,
             (count(*) filter (where s.delivered_at <= s.promised_at))::int as on_time
      from shipment s where ${within(delivered, period)} and s.cancelled_at is null group by s.customer_id),
    former as (
      select s.customer_id, sum(s.revenue) as revenue from shipment s
      where ${within(delivered, previousPeriod(period, timeZone))} and s.cancelled_at is null group by s.customer_id),
    earlier as (
      select s.customer_id, sum(s.revenue) as revenue from shipment s
      where ${within(delivered, yearBefore(period, timeZone))} and s.cancelled_at is null group by s.customer_id),
    complaint as (
      select t.customer_id, (count(*) filter (where ${within(sql`t.opened_at`, period)}))::int as opened,
             (count(*) filter (where ${within(sql`t.closed_at`, period)} and t.satisfaction = 'SATISFIED'))::int as satisfied,
             (count(*) filter (where ${within(sql`t.closed_at`, period)} and t.satisfaction in ('SATISFIED', 'NOT_SATISFIED')))::int as answered
      from ticket t join account a on a.customer_id = t.customer_id
      where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' group by t.customer_id),
    contact as (
      select l.customer_id, count(*)::int as reached from contact_log l join account a on a.customer_id = l.customer_id
      where ${within(sql`l.at`, period)} and l.outcome = 'REACHED' group by l.customer_id),
    need as (
      select q.key_account_id, (count(*) filter (where q.state = 'OPEN'))::int as open,
             (count(*) filter (where q.state = 'MET'))::int as met
      from customer_requirement q join account a on a.id = q.key_account_id group by q.key_account_id),
    care as (
      select c.key_account_id, count(*)::int as done from care_action c join account a on a.id = c.key_account_id
      where c.state = 'DONE' and ${within(sql`c.ended_at`, period)} group by c.key_account_id)
    select a.id, a.level, a.service_model as "serviceModel", a.annual_revenue_target::text as "annualTarget",
           coalesce(p.revenue, 0)::numeric(18, 2)::text as revenue, coalesce(f.revenue, 0)::numeric(18, 2)::text as before,
           coalesce(e.revenue, 0)::numeric(18, 2)::text as "yearBefore",
           coalesce(sum(p.revenue) over (), 0)::numeric(18, 2)::text as total,
           (rank() over (order by coalesce(p.revenue, 0) desc))::int as rank,
           p.contribution::numeric(18, 2)::text as contribution,
           coalesce(p.shipments, 0) as shipments, coalesce(p.active_days, 0) as "activeDays",
           coalesce(p.promised, 0) as promised, coalesce(p.on_time, 0) as "onTime",
           coalesce(t.opened, 0) as complaints, coalesce(t.satisfied, 0) as satisfied, coalesce(t.answered, 0) as answered,
           coalesce(l.reached, 0) as contacts, coalesce(n.open, 0) as "needsOpen", coalesce(n.met, 0) as "needsMet",
           coalesce(c.done, 0) as "careDone"
    from account a
    left join present p on p.customer_id = a.customer_id
    left join former f on f.customer_id = a.customer_id
    left join earlier e on e.customer_id = a.customer_id
    left join complaint t on t.customer_id = a.customer_id
    left join contact l on l.customer_id = a.customer_id
    left join need n on n.key_account_id = a.id
    left join care c on c.key_account_id = a.id`);
  await insertRecords(
    tx,
    ANALYSIS,
    rows.flatMap((facts) =>
      Object.entries(analysesOf(facts)).map(([type, figures]) => ({
        id: newId(),
        keyAccountId: facts.id,
        period: period.key,
        type,
        figures,
      })),
    ),
    null,
  );
}
