import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { sql } from '../../platform/sql.ts';
import { type Health, type HealthFacts, healthOf } from '../rules/health.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';

/**
 * The health of accounts now, from the facts of keyAccount.healthDays and of as many days before; one statement for all.
 * Called for accounts that the viewer reads. By shipment(delivered_at, customer_id), obligation(subject_id) and the
 * tickets of a customer.
 */
export const healthOfAccounts = defineLoader(async (reader: Reader, ids): Promise<(Health | null)[]> => {
  const days = reader.settings.get(KEY_ACCOUNT_SETTINGS.healthDays);
  const weights = reader.settings.get(KEY_ACCOUNT_SETTINGS.healthWeights);
  const now = sql`${reader.now}::timestamptz`;
  const back = (times: number) => sql`(${now} - make_interval(days => ${days * times}::int))`;
  const rows = await reader.query<HealthFacts & { id: string }>(sql`
    select k.id, k.annual_revenue_target::text as "annualTarget", s.*, t.*, o.*
    from key_account k
    cross join lateral (
      select coalesce(sum(s.revenue) filter (where s.delivered_at >= ${back(1)}), 0)::numeric(18, 2)::text as revenue,
             coalesce(sum(s.revenue) filter (where s.delivered_at >= ${back(2)} and s.delivered_at < ${back(1)}), 0)::numeric(18, 2)::text as "revenueBefore",
             coalesce(sum(s.revenue) filter (where s.delivered_at >= ${back(3)} and s.delivered_at < ${back(2)}), 0)::numeric(18, 2)::text as "revenueEarlier",
             coalesce(sum(s.revenue) filter (where s.delivered_at >= ${now} - interval '1 year'), 0)::numeric(18, 2)::text as "revenueOfYear",
             coalesce(sum(s.revenue) filter (where s.delivered_at < ${now} - interval '1 year'), 0)::numeric(18, 2)::text as "revenueOfYearBefore",
             (count(*) filter (where s.promised_at is not null and s.delivered_at >= ${back(1)}))::int as promised,
             (count(*) filter (where s.delivered_at <= s.promised_at and s.delivered_at >= ${back(1)}))::int as "onTime",
             (count(*) filter (where s.promised_at is not null and s.delivered_at >= ${back(2)} and s.delivered_at < ${back(1)}))::int as "promisedBefore",
             (count(*) filter (where s.delivered_at <= s.promised_at and s.delivered_at >= ${back(2)} and s.delivered_at < ${back(1)}))::int as "onTimeBefore"
      from shipment s
      where s.customer_id = k.customer_id and s.cancelled_at is null and s.delivered_at >= ${now} - interval '2 years'
        and s.delivered_at < ${now}) s
    cross join lateral (
      select (count(*) filter (where t.opened_at >= ${back(1)}))::int as complaints,
             (count(*) filter (where t.opened_at < ${back(1)}))::int as "complaintsBefore"
      from ticket t
      where t.customer_id = k.customer_id and t.category = 'COMPLAINT' and t.status <> 'CANCELLED'
        and t.opened_at >= ${back(2)} and t.opened_at < ${now}) t
    cross join lateral (
      select (count(*) filter (where o.due_at >= ${back(1)}))::int as weeks,
             (count(*) filter (where o.due_at >= ${back(1)} and o.state = 'MET'))::int as "weeksMet",
             (count(*) filter (where o.due_at < ${back(1)}))::int as "weeksBefore",
             (count(*) filter (where o.due_at < ${back(1)} and o.state = 'MET'))::int as "weeksMetBefore"
      from obligation o
      where o.subject_id = k.id and o.kind = 'KEY_ACCOUNT_CONTACT' and o.state in ('MET', 'OVERDUE')
        and o.due_at >= ${back(2)} and o.due_at <= ${now}) o
    where k.id = any(${[...ids]}::uuid[])`);
  const byId = new Map(rows.map((row) => [row.id, healthOf(row, weights)]));
  return ids.map((id) => byId.get(id) ?? null);
});

/** What care of an account aims at (KEY-02): is it content, does it stay, may it be lost. */
export interface Indicators {
  readonly id: string;
  /** Complaints of twelve months closed as satisfied, in percent; null where none was closed. */
  readonly satisfied: string | null;
  /** Months of the last twelve with a delivery. */
  readonly activeMonths: number;
  readonly reasons: readonly string[];
}

export const indicatorsOf = defineLoader(async (reader: Reader, ids) => {
  const now = sql`${reader.now}::timestamptz`;
  const rows = await reader.query<Indicators>(sql`
    select k.id, t.satisfied::text as satisfied, s.months as "activeMonths", coalesce(r.reasons, '{}') as reasons
    from key_account k
    cross join lateral (
      select round(100.0 * count(*) filter (where t.satisfaction = 'SATISFIED') / nullif(count(*), 0), 2) as satisfied
      from ticket t
      where t.customer_id = k.customer_id and t.category = 'COMPLAINT' and t.satisfaction in ('SATISFIED', 'NOT_SATISFIED')
        and t.closed_at >= ${now} - interval '1 year') t
    cross join lateral (
      select count(distinct date_trunc('month', s.delivered_at at time zone ${reader.timeZone}))::int as months from shipment s
      where s.customer_id = k.customer_id and s.cancelled_at is null and s.delivered_at >= ${now} - interval '1 year'
        and s.delivered_at < ${now}) s
    left join lateral (
      select array_agg(u.reason::text order by u.reason) as reasons from churn_risk r cross join unnest(r.reasons) as u(reason)
      where r.customer_id = k.customer_id and r.ended_at is null) r on true
    where k.id = any(${[...ids]}::uuid[])`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
});
