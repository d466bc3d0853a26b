import type { CustomerGrade, KeyAccountLevel } from '../../generated/prisma/enums.ts';
import type { Period } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import type { Settings } from '../../platform/settings-register.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import {
  type CadencePolicy,
  firstWeek,
  judgeWeek,
  requiredCalls,
  warnAt,
  weekOf,
  type WeekVerdict,
} from '../rules/contact-cadence.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { keyAccountLevel } from './visibility.ts';

/** The contact cadence as the register has it. */
export function cadencePolicy(settings: Settings): CadencePolicy {
  return {
    byLevel: settings.get(KEY_ACCOUNT_SETTINGS.levelCadence),
    byGrade: {
      ...settings.get(KEY_ACCOUNT_SETTINGS.gradeCadence),
      D: settings.get(KEY_ACCOUNT_SETTINGS.gradeDCadence),
    },
    dueSoon: settings.get(KEY_ACCOUNT_SETTINGS.dueSoon),
  };
}

export interface WeekOfCustomer {
  readonly customerId: string;
  readonly week: Period;
  readonly required: number;
}

export interface CallsOfWeek {
  readonly done: number;
  /** The call that reached the minimum, and when it took place; null while it is not reached. */
  readonly metBy: string | null;
  readonly metAt: Date | null;
}

/** Qualifying calls of many customers and weeks with one statement, by the index contact_log(customer_id, at). */
export async function countCalls(db: Queryable, weeks: readonly WeekOfCustomer[]): Promise<CallsOfWeek[]> {
  if (weeks.length === 0) return [];
  const asked = weeks.map(({ customerId, week, required }, place) => ({
    place,
    customer_id: customerId,
    starts_at: new Date(week.start),
    ends_at: new Date(week.end),
    required,
  }));
  return db.query<CallsOfWeek>(sql`
    select l.done, l.ids[w.required] as "metBy", l.times[w.required] as "metAt"
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
      as w(place int, customer_id uuid, starts_at timestamptz, ends_at timestamptz, required int)
    cross join lateral (
      select count(*)::int as done, array_agg(l.id order by l.at, l.id) as ids, array_agg(l.at order by l.at, l.id) as times
      from contact_log l
      where l.customer_id = w.customer_id and l.at >= w.starts_at and l.at < w.ends_at
        and l.channel = 'PHONE' and l.outcome = 'REACHED') l
    order by w.place`);
}

/** Where the calls of a key account stand in the present week. */
export interface ContactWeek {
  readonly period: string;
  readonly required: number;
  readonly done: number;
  readonly warnAt: Date;
  readonly dueAt: Date;
  readonly state: WeekVerdict['state'];
}

/** The present week of each account; null for ended ones, for those promoted during it, and without right. */
export const presentContactWeek = defineLoader(
  async (reader: Reader, ids): Promise<readonly (ContactWeek | null)[]> => {
    const now = reader.now.getTime();
    const week = weekOf(now, reader.timeZone);
    const policy = cadencePolicy(reader.settings);
    const rows = await reader.query<{
      id: string;
      level: KeyAccountLevel;
      grade: CustomerGrade | null;
      promotedAt: Date;
      done: number;
    }>(sql`
    select k.id, k.level, c.grade, k.promoted_at as "promotedAt", (
      select count(*)::int from contact_log l
      where l.customer_id = c.id and l.at >= ${new Date(week.start)}::timestamptz and l.at < ${new Date(week.end)}::timestamptz
        and l.channel = 'PHONE' and l.outcome = 'REACHED') as done
    from key_account k join customer c on c.id = k.customer_id
    where k.id = any(${[...ids]}::uuid[]) and k.ended_at is null and ${keyAccountLevel(reader.sees, sql`k`)} = 2`);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => {
      const row = byId.get(id);
      if (!row || firstWeek(row.promotedAt.getTime(), reader.timeZone).start > week.start) return null;
      const calls = { required: requiredCalls(row.level, row.grade, policy), done: row.done };
      return {
        period: week.key,
        ...calls,
        warnAt: new Date(warnAt(week, policy.dueSoon)),
        dueAt: new Date(week.end),
        state: judgeWeek(week, calls, now, policy.dueSoon).state,
      };
    });
  },
);
