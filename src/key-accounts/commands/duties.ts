import { monthsAfter, type Period, periodOf, previousPeriod } from '../../lib/periods.ts';
import { businessHours } from '../../platform/calendars.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  type Obligation,
  type ObligationAdvance,
  openObligations,
} from '../../platform/obligations.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import { type DutyTerms, isAsked } from '../rules/duties.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';

export const KEY_ACCOUNT_REVIEW = 'KEY_ACCOUNT_REVIEW';
export const SERVICE_INSPECTION = 'SERVICE_INSPECTION';
export const SERVICE_PLAN_REVIEW = 'SERVICE_PLAN_REVIEW';

/** The watch over an account that nobody is dedicated to; its period is when that began. */
export const KEY_ACCOUNT_UNASSIGNED = 'KEY_ACCOUNT_UNASSIGNED';

/** What is done for every key account again and again, as the register has it now. */
function accountDuties(tx: Command): DutyTerms[] {
  return [
    { kind: KEY_ACCOUNT_REVIEW, every: tx.settings.get(KEY_ACCOUNT_SETTINGS.reviewPeriod) },
    { kind: SERVICE_INSPECTION, every: tx.settings.get(KEY_ACCOUNT_SETTINGS.inspection) },
  ];
}

/** Obligation kinds of those duties. */
export const DUTY_KINDS: readonly string[] = [KEY_ACCOUNT_REVIEW, SERVICE_INSPECTION, SERVICE_PLAN_REVIEW];

/** The period of a duty that runs now. */
export function dutyPeriod(tx: Command, kind: string, timeZone: string): Period {
  const terms = accountDuties(tx).find((duty) => duty.kind === kind);
  if (!terms) throw new Error(`${kind} is no duty of an account.`);
  return periodOf(tx.now.getTime(), terms.every, timeZone);
}

interface ServedAccount {
  readonly id: string;
  readonly promotedAt: Date;
  readonly specialistId: string | null;
}

/** Opens the duties of the periods that run now, for every account that has none yet; says which are new. */
export async function openDuties(
  tx: Command,
  timeZone: string,
): Promise<Pick<Obligation, 'kind' | 'subjectId' | 'period'>[]> {
  const accounts = await tx.query<ServedAccount>(sql`
    select id, promoted_at as "promotedAt", specialist_id as "specialistId" from key_account where ended_at is null`);
  const duties = accountDuties(tx).map(({ kind, every }) => ({
    kind,
    period: periodOf(tx.now.getTime(), every, timeZone),
  }));
  return openObligations(
    tx,
    duties.flatMap(({ kind, period }) =>
      accounts
        .filter((account) => isAsked(account, period))
        .map((account) => ({
          kind,
          subjectId: account.id,
          period: period.key,
          ownerId: account.specialistId,
          startsAt: new Date(period.start),
          dueAt: new Date(period.end),
          nextAt: new Date(period.end),
        })),
    ),
  );
}

/** Asks every account without a plan for one, so many months after it became a key account (KEY-11, KEY-25). */
export async function watchPlans(tx: Command, timeZone: string): Promise<void> {
  const without = await tx.query<ServedAccount>(sql`
    select k.id, k.promoted_at as "promotedAt", k.specialist_id as "specialistId" from key_account k
    where k.ended_at is null and not exists (select 1 from service_plan p where p.key_account_id = k.id)`);
  const months = tx.settings.get(KEY_ACCOUNT_SETTINGS.planReviewMonths);
  await openObligations(
    tx,
    without.map((account) =>
      planReviewOf(
        account,
        new Date(monthsAfter(account.promotedAt.getTime(), months, timeZone)),
        account.promotedAt,
      ),
    ),
  );
}

function planReviewOf(account: Pick<ServedAccount, 'id' | 'specialistId'>, dueAt: Date, since: Date) {
  return {
    kind: SERVICE_PLAN_REVIEW,
    subjectId: account.id,
    period: since.toISOString(),
    ownerId: account.specialistId,
    startsAt: since,
    dueAt,
    nextAt: dueAt,
  };
}

/** Has a plan reviewed by then. */
export async function watchPlanReview(
  tx: Command,
  account: Pick<ServedAccount, 'id' | 'specialistId'>,
  dueAt: Date,
): Promise<void> {
  await openObligations(tx, [planReviewOf(account, dueAt, tx.now)]);
}

/** The plan was made or reviewed: whatever waited for that is met. */
export async function meetPlanReviews(tx: Command, keyAccountId: string, metBy: string): Promise<void> {
  await tx.query(sql`
    update obligation
    set state = 'MET', next_at = null, met_at = ${tx.now}::timestamptz, met_by = ${metBy}
    where kind = ${SERVICE_PLAN_REVIEW} and subject_id = ${keyAccountId}::uuid and state not in ('MET', 'CANCELLED')
    returning 1 as written`);
}

/**
 * Tells accounts whose contacts of a day left no requirement on it (KEY-21): a contact that reached somebody is
 * followed by what was needed. Called when the day is over; told once.
 */
export async function tellUnrecorded(tx: Command, timeZone: string): Promise<void> {
  const day = previousPeriod(periodOf(tx.now.getTime(), 'DAY', timeZone), timeZone);
  const until = sql`${new Date(day.end)}::timestamptz`;
  const from = sql`${new Date(day.start)}::timestamptz`;
  const rows = await tx.query<{ id: string; specialistId: string | null; supervisorId: string | null }>(sql`
    select distinct k.id, k.specialist_id as "specialistId", k.supervisor_id as "supervisorId"
    from contact_log l join key_account k on k.customer_id = l.customer_id and k.ended_at is null
    where l.at >= ${from} and l.at < ${until} and l.outcome = 'REACHED' and k.promoted_at <= ${from}
      and not exists (
        select 1 from customer_requirement q
        where q.key_account_id = k.id and q.recorded_at >= ${from} and q.recorded_at < ${until})`);
  tx.emit(
    ...rows.map(({ id, specialistId, supervisorId }) => ({
      kind: 'KEY_ACCOUNT_DUTY_OVERDUE' as const,
      subjectId: id,
      audience: { employees: [specialistId, supervisorId].filter((one) => one !== null) },
      payload: { duty: 'CUSTOMER_REQUIREMENT', period: day.key, dueAt: new Date(day.end).toISOString() },
      dedupeKey: `CUSTOMER_REQUIREMENT ${id} ${day.key}`,
    })),
  );
}

/** What was asked of a period is done, be it late. */
export async function meetDuty(
  tx: Command,
  kind: string,
  subjectId: string,
  period: string,
  metBy: string,
): Promise<void> {
  await tx.query(sql`
    update obligation
    set state = 'MET', next_at = null, met_at = ${tx.now}::timestamptz, met_by = ${metBy}
    where kind = ${kind} and subject_id = ${subjectId}::uuid and period = ${period} and state not in ('MET', 'CANCELLED')
    returning 1 as written`);
}

/** Nothing more is asked of an account. */
export async function endDuties(tx: Command, keyAccountId: string): Promise<void> {
  await tx.query(sql`
    update obligation set state = 'CANCELLED', next_at = null
    where subject_id = ${keyAccountId}::uuid and kind = any(${[...DUTY_KINDS, KEY_ACCOUNT_UNASSIGNED]}::text[])
      and next_at is not null
    returning 1 as written`);
}

/** Tells duties of accounts whose period is over and that nobody has done. */
export const advanceDuties: AdvanceObligations = async (tx, due) => {
  const accounts = await tx.query<{
    id: string;
    specialistId: string | null;
    supervisorId: string | null;
  }>(sql`
    select id, specialist_id as "specialistId", supervisor_id as "supervisorId" from key_account
    where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and ended_at is null`);
  const served = new Map(accounts.map((account) => [account.id, account]));
  return due.map(({ id, kind, subjectId, period, dueAt, step }): ObligationAdvance => {
    const account = served.get(subjectId);
    if (!account) return { id, state: 'CANCELLED', step, nextAt: null };
    tx.emit({
      kind: 'KEY_ACCOUNT_DUTY_OVERDUE',
      subjectId,
      audience: {
        employees: [account.specialistId, account.supervisorId].filter((one) => one !== null),
        roles: ['KA_SUPERVISOR'],
      },
      payload: { duty: kind, period, dueAt: dueAt?.toISOString() ?? null },
      dedupeKey: `${kind} ${subjectId} ${period}`,
    });
    return { id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};

/**
 * Accounts to whom nobody is dedicated now, and since when: their specialist left, or is no KA_SPECIALIST any more. A
 * role that goes on in another row has not ended.
 */
async function unassigned(
  db: Queryable & { readonly now: Date },
  only: readonly string[] | null,
  timeZone: string,
): Promise<{ id: string; level: string; since: Date }[]> {
  return db.query(sql`
    select k.id, k.level, coalesce(
             least(
               (select max(r.valid_to) from role_assignment r
                where r.employee_id = k.specialist_id and r.role = 'KA_SPECIALIST' and r.valid_to <= ${db.now}::timestamptz),
               (e.left_on + 1)::timestamp at time zone ${timeZone}),
             k.updated_at) as since
    from key_account k left join employee e on e.id = k.specialist_id
    where k.ended_at is null and (${only === null} or k.id = any(${[...(only ?? [])]}::uuid[]))
      and (k.specialist_id is null
        or e.left_on < (${db.now}::timestamptz at time zone ${timeZone})::date
        or not exists (
          select 1 from role_assignment r
          where r.employee_id = k.specialist_id and r.role = 'KA_SPECIALIST' and r.valid_from <= ${db.now}::timestamptz
            and (r.valid_to is null or r.valid_to > ${db.now}::timestamptz)))`);
}

/** Has accounts without a specialist told when they have been so for keyAccount.unassignedDays (KEY-05). */
export async function watchUnassigned(tx: Command, timeZone: string): Promise<void> {
  const found = await unassigned(tx, null, timeZone);
  if (found.length === 0) return;
  const calendar = await businessHours(tx, timeZone);
  const days = tx.settings.get(KEY_ACCOUNT_SETTINGS.unassignedDays) * calendar.businessDayMs;
  await openObligations(
    tx,
    found.map(({ id, since }) => {
      const dueAt = new Date(calendar.add(since.getTime(), days));
      return {
        kind: KEY_ACCOUNT_UNASSIGNED,
        subjectId: id,
        period: since.toISOString(),
        ownerId: null,
        startsAt: since,
        dueAt,
        nextAt: dueAt,
      };
    }),
  );
}

/** Tells accounts that nobody has been dedicated to for too long (EVT-65). */
export function advanceUnassigned(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const found = await unassigned(
      tx,
      due.map(({ subjectId }) => subjectId),
      timeZone,
    );
    const still = new Map(found.map((account) => [account.id, account]));
    return due.map(({ id, subjectId, period, step }): ObligationAdvance => {
      const account = still.get(subjectId);
      if (!account) return { id, state: 'MET', step, nextAt: null };
      tx.emit({
        kind: 'KEY_ACCOUNT_UNASSIGNED',
        subjectId,
        audience: { roles: ['KA_SUPERVISOR'] },
        payload: { level: account.level, since: account.since.toISOString() },
        dedupeKey: `KEY_ACCOUNT_UNASSIGNED ${subjectId} ${period}`,
      });
      return { id, state: 'OVERDUE', step: 1, nextAt: null };
    });
  };
}
