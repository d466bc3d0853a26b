import type { ChurnReason } from '../../generated/prisma/enums.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';

/** The reasons that are looked at, in the order in which they are told. */
const REASONS: readonly ChurnReason[] = ['VOLUME_DROP', 'COMPLAINTS', 'CONTACT_OVERDUE'];

const PERCENT = 100;

/**
 * Finds customers with churn.reasons or more reasons to leave at once (EVT-33), of all customers by one statement: revenue
 * of thirty days that fell against the thirty before, complaints, and the calls of two weeks in a row that were missed.
 * A new set of reasons is told once; one that is gone ends its record. By shipment(delivered_at, customer_id).
 */
export async function findChurn(tx: Command): Promise<void> {
  const settings = tx.settings;
  const drop = settings.get(KEY_ACCOUNT_SETTINGS.churnDrop);
  const complaints = settings.get(KEY_ACCOUNT_SETTINGS.churnComplaints);
  const least = settings.get(KEY_ACCOUNT_SETTINGS.churnReasons);
  const now = sql`${tx.now}::timestamptz`;
  const found = sql`
    with volume as (
      select s.customer_id,
             coalesce(sum(s.revenue) filter (where s.delivered_at >= ${now} - make_interval(days => ${drop.days}::int)), 0) as present,
             coalesce(sum(s.revenue) filter (where s.delivered_at < ${now} - make_interval(days => ${drop.days}::int)), 0) as former
      from shipment s
      where s.delivered_at >= ${now} - make_interval(days => ${drop.days * 2}::int) and s.delivered_at < ${now}
        and s.cancelled_at is null
      group by s.customer_id),
    complaint as (
      select t.customer_id, count(*) as opened from ticket t
      where t.category = 'COMPLAINT' and t.status <> 'CANCELLED' and t.customer_id is not null
        and t.opened_at >= ${now} - make_interval(days => ${complaints.days}::int) and t.opened_at < ${now}
      group by t.customer_id),
    contact as (
      select o.subject_id as key_account_id from obligation o
      where o.kind = 'KEY_ACCOUNT_CONTACT' and o.state = 'OVERDUE' and o.due_at <= ${now} and o.due_at > ${now} - interval '14 days'
      group by o.subject_id having count(*) >= 2),
    reason as (
      select v.customer_id, 'VOLUME_DROP'::"ChurnReason" as reason
      from volume v left join key_account k on k.customer_id = v.customer_id and k.ended_at is null
      where v.former > 0 and v.present <= v.former * (100 - case when k.id is null then ${drop.others}::int else ${drop.key}::int end) / 100
      union all
      select customer_id, 'COMPLAINTS' from complaint where opened >= ${complaints.count}::int
      union all
      select k.customer_id, 'CONTACT_OVERDUE' from contact c join key_account k on k.id = c.key_account_id and k.ended_at is null),
    risk as (
      select r.customer_id, array_agg(r.reason order by r.reason) as reasons
      from reason r join customer c on c.id = r.customer_id and c.lifecycle <> 'LOST'
      group by r.customer_id having count(*) >= ${least}::int)`;
  await tx.query(sql`
    ${found}
    update churn_risk p set ended_at = ${now}
    where p.ended_at is null
      and not exists (select 1 from risk r where r.customer_id = p.customer_id and r.reasons = p.reasons)
    returning 1 as written`);
  const fresh = await tx.query<{
    customerId: string;
    reasons: ChurnReason[];
    ownerId: string | null;
    isKey: boolean;
    score: number;
  }>(sql`
    ${found},
    written as (
      insert into churn_risk (id, customer_id, reasons, score, found_at)
      select gen_random_uuid(), r.customer_id, r.reasons, cardinality(r.reasons) * ${PERCENT}::int / ${REASONS.length}::int, ${now}
      from risk r
      where not exists (select 1 from churn_risk p where p.customer_id = r.customer_id and p.ended_at is null)
      returning customer_id, reasons, score)
    select w.customer_id as "customerId", w.reasons::text[] as reasons, w.score, c.owner_id as "ownerId",
           exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null) as "isKey"
    from written w join customer c on c.id = w.customer_id`);
  tx.emit(
    ...fresh.map(({ customerId, reasons, ownerId, isKey, score }) => ({
      kind: 'CHURN_RISK' as const,
      subjectId: customerId,
      severity: isKey ? ('CRITICAL' as const) : ('HIGH' as const),
      audience: {
        employees: ownerId === null ? [] : [ownerId],
        roles: isKey ? ['KA_SUPERVISOR', 'HEAD'] : ['HEAD'],
      },
      payload: { reasons: reasons.join(', '), score },
    })),
  );
}
