import {
  businessCalendar,
  type BusinessCalendar,
  type CalendarDefinition,
} from '../lib/business-calendar.ts';
import { type Queryable, type Sql, sql } from './sql.ts';

/** A calendar as its row says it; the zone of the deployment where it names none. */
export type CalendarFacts = Omit<CalendarDefinition, 'timeZone'> & { readonly timeZone: string | null };

/** `business_calendar` of an alias as one JSON value, for calendarOf. */
export function calendarFacts(c: Sql): Sql {
  return sql`jsonb_build_object('code', ${c}.code, 'timeZone', ${c}.time_zone, 'alwaysOpen', ${c}.always_open,
    'weekly', ${c}.weekly, 'holidays', to_jsonb(${c}.holidays), 'extraWorkdays', ${c}.extra_workdays)`;
}

/** A weekday that a calendar does not name is closed. */
const CLOSED_WEEK = { '1': [], '2': [], '3': [], '4': [], '5': [], '6': [], '7': [] } as const;

/** Calendars keep the days they have worked out; one object per definition serves all requests. */
const calendars = new Map<string, BusinessCalendar>();
const CALENDARS_KEPT = 200;

export function calendarOf(facts: CalendarFacts, timeZone: string): BusinessCalendar {
  const definition = {
    ...facts,
    weekly: { ...CLOSED_WEEK, ...facts.weekly },
    timeZone: facts.timeZone ?? timeZone,
  };
  const key = JSON.stringify(definition);
  const known = calendars.get(key);
  if (known) return known;
  if (calendars.size >= CALENDARS_KEPT) calendars.clear();
  const made = businessCalendar(definition);
  calendars.set(key, made);
  return made;
}

/** The hours of the offices as they are now, for deadlines in working days that are no tickets'. */
export async function businessHours(
  db: Queryable & { readonly now: Date },
  timeZone: string,
): Promise<BusinessCalendar> {
  const [row] = await db.query<{ calendar: CalendarFacts }>(sql`
    select ${calendarFacts(sql`c`)} as calendar from business_calendar c
    where c.code = 'BUSINESS_HOURS' and c.approved_at is not null and c.valid_from <= ${db.now}::timestamptz
    order by c.valid_from desc, c.approved_at desc, c.revision desc limit 1`);
  if (!row) throw new Error('The calendar BUSINESS_HOURS is gone.');
  return calendarOf(row.calendar, timeZone);
}
