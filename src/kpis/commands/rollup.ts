import { createHash } from 'node:crypto';
import { CustomerGrade, KeyAccountLevel } from '../../generated/prisma/enums.ts';
import { cadencePolicy } from '../../key-accounts/queries/contact-weeks.ts';
import { requiredCalls } from '../../key-accounts/rules/contact-cadence.ts';
import { localDate, type PeriodKind, parsePeriod, periodOf } from '../../lib/periods.ts';
import type { Command } from '../../platform/command.ts';
import { join, type Sql, sql } from '../../platform/sql.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { TICKET_SETTINGS } from '../../tickets/settings.ts';
import type { FactTable, KpiSource, MedianSource } from '../definitions/definition.ts';
import { MEDIAN_SOURCES, SOURCES, sourcesOf } from '../definitions/sources/index.ts';
import { correctCounted } from './close.ts';
import { judgeCounted } from './off-target.ts';
import { COMPANY_ID, daysOf as daysIn } from '../queries/facts.ts';
import { KPI_SETTINGS } from '../settings.ts';
import { FACT_TABLES, partsOf } from '../rules/dashboard.ts';

/** Any number that nothing else locks: one process at a time rolls up. */
export const ROLLUP_LOCK = 724_004;
/** Days of the first pass; a longer backlog takes several passes, one transaction each, of as many days as `nextDays` says. */
export const FIRST_DAYS = 12;
const FEWEST_DAYS = 4;
const MOST_DAYS = 96;
const QUICK_MS = 1_000;
const SLOW_MS = 4_000;
/** Periods of one pass. */
const PERIODS_A_PASS = 60;

/** What a pass counted again. */
export interface RolledUp {
  /** Days and periods that were counted again; 0 when there was nothing to do. */
  readonly partitions: number;
  readonly days: ReadonlyMap<FactTable, readonly string[]>;
}

/**
 * Counts the marked days again, and those on which a limit has passed since they were counted. Whatever marks say, the
 * days are counted from the rows as they stand: doing it twice, or after a crash, changes nothing. At most `most` days.
 */
export async function rollUp(tx: Command, timeZone: string, most = FIRST_DAYS): Promise<RolledUp> {
  const none: RolledUp = { partitions: 0, days: new Map() };
  const [lock] = await tx.query<{ mine: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ROLLUP_LOCK}::bigint) as mine`,
  );
  if (!lock?.mine) return none;
  const claimed = await claimPartitions(tx, timeZone, most);
  if (claimed.length === 0) return none;
  await newVersion(tx);
  const days = daysOf(claimed);
  for (const [facts, marked] of days) await countDays(tx, facts, marked, timeZone);
  const marked = days.get('tickets') ?? [];
  if (marked.length > 0) await sampleDays(tx, marked, timeZone);
  const longer = claimed.filter(({ period }) => !isDay(period)).map(({ period }) => period);
  await findMedians(tx, [...new Set([...longer, ...periodsOf(marked, SHORT, timeZone)])], timeZone);
  await putOff(tx, [...new Set(periodsOf(marked, LONG, timeZone))]);
  if (days.size > 0) {
    await correctCounted(tx, days, timeZone);
    await judgeCounted(tx, days, timeZone);
    announce(tx, days);
  }
  return { partitions: claimed.length, days };
}

/** Readers keep what they have read until figures change. */
async function newVersion(tx: Command): Promise<void> {
  await tx.query(sql`update rollup_zone set version = gen_random_uuid() where id = 1 returning 1 as changed`);
}

/** How many days the next pass takes, so that each stays far below the limit of a transaction and few carry its overhead. */
export function nextDays(days: number, milliseconds: number): number {
  if (milliseconds < QUICK_MS) return Math.min(days * 2, MOST_DAYS);
  return milliseconds > SLOW_MS ? Math.max(Math.floor(days / 2), FEWEST_DAYS) : days;
}

interface Claimed {
  readonly facts: FactTable;
  /** A day, or the key of a longer period of medians. */
  readonly period: string;
}

function isDay(period: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(period);
}

function daysOf(claimed: readonly Claimed[]): Map<FactTable, string[]> {
  const days = new Map<FactTable, string[]>();
  for (const facts of FACT_TABLES) {
    const marked = claimed.filter((one) => one.facts === facts && isDay(one.period));
    if (marked.length > 0) days.set(facts, [...new Set(marked.map(({ period }) => period))].sort());
  }
  return days;
}

/** A week of contacts is counted on its last day. */
function lastDayOfWeek(day: string, timeZone: string): string {
  const { end } = periodOf(parsePeriod(day, timeZone).start, 'WEEK', timeZone);
  return localDate(end - 1, timeZone);
}

/**
 * Takes marked days, half of them the newest, which dashboards show, and half those marked longest ago, so that no day
 * waits for ever; and the partitions that time alone has changed. A mark that commits later stays for the
 * next pass; so does one of a transaction that is still open, whose rows are not seen here either. The present week
 * of contacts is counted whether anybody calls or not. By rollup_mark(facts, day) and rollup_partition_next_at_idx.
 */
async function claimPartitions(tx: Command, timeZone: string, most: number): Promise<Claimed[]> {
  const half = Math.ceil(most / 2);
  const thisWeek = lastDayOfWeek(localDate(tx.now.getTime(), timeZone), timeZone);
  const claimed = await tx.query<Claimed>(sql`
    with waiting as materialized (
      select facts, day, min(id) as first from rollup_mark group by facts, day
    ), marked as (
      (select facts, day from waiting order by day desc, facts limit ${half}::int)
      union
      (select facts, day from waiting order by first limit ${half}::int)
    ), gone as (
      delete from rollup_mark m using marked k where m.facts = k.facts and m.day = k.day returning 1
    ), due as (
      -- The medians of long periods wait until their days have been measured.
      select facts, period from rollup_partition
      where next_at < ${tx.now}::timestamptz and (length(period) = 10 or not exists (select 1 from rollup_mark))
      order by next_at limit ${PERIODS_A_PASS}::int
    ), taken as (
      update rollup_partition p set next_at = null from due d where p.facts = d.facts and p.period = d.period returning 1
    )
    select facts, day::text as period from marked
    union
    select facts, period from due
    union
    select 'contacts', ${thisWeek}
    where not exists (select 1 from rollup_partition where facts = 'contacts' and period = ${thisWeek})`);
  return claimed.map(({ facts, period }) => ({
    facts,
    period: facts === 'contacts' ? lastDayOfWeek(period, timeZone) : period,
  }));
}

/** Counts days of a fact table again: one statement for each of its sources, and one that notes as of when. */
async function countDays(
  tx: Command,
  facts: FactTable,
  days: readonly string[],
  timeZone: string,
): Promise<void> {
  const sources = sourcesOf(facts);
  if (sources.length === 0) return;
  await tx.query(sql`
    with gone as (
      delete from metric_fact
      where source = any(${sources.map(({ name }) => name)}::text[]) and ${isOneOf(days)}
      returning 1)
    select count(*)::int as gone from gone`);
  const nextAt = new Map<string, Date>();
  for (const source of sources) {
    for (const { day, changesAt } of await countSource(tx, source, days, timeZone)) {
      const known = nextAt.get(day);
      if (!known || changesAt < known) nextAt.set(day, changesAt);
    }
  }
  await notePartitions(
    tx,
    facts,
    days.map((period) => ({ period, nextAt: nextAt.get(period) ?? null })),
  );
}

/** Written as metric_fact_day_number_idx and metric_sample_day_number_idx have it. */
function isOneOf(days: readonly string[]): Sql {
  return sql`(day - date '2000-01-01') = any(array(select d - date '2000-01-01' from unnest(${[...days]}::date[]) d))`;
}

/** The dimensions that figures are kept for, and the columns of a source's rows that hold them. */
const DIMENSIONS = sql`(values
  ('COMPANY'::"KpiDimensionKind", ${COMPANY_ID}::uuid), ('DEPARTMENT', r.department_id), ('TEAM', r.team_id),
  ('EMPLOYEE', r.employee_id), ('CUSTOMER', r.customer_id), ('AREA', r.area_id)) as d(kind, id)`;

/** A customer lies in one area, grade and level: its figures, and those of one person, are not broken down. */
const BROKEN_DOWN = sql`('COMPANY', 'DEPARTMENT', 'TEAM', 'AREA')`;

const CUT_COLUMNS = {
  CATEGORY: sql`r.category`,
  AREA: sql`r.area`,
  GRADE: sql`r.grade`,
  MODE: sql`r.mode`,
  LEVEL: sql`r.level`,
  CAUSE: sql`r.cause`,
} as const;

function cutsOf(source: Pick<KpiSource, 'cuts'>): Sql {
  const rows = source.cuts.map((cut) => sql`(${cut}::"MetricCut", ${CUT_COLUMNS[cut]})`);
  return sql`(values ${join([sql`('NONE'::"MetricCut", '')`, ...rows])}) as c(kind, value)`;
}

const COUNTED = sql`d.id is not null and c.value is not null and (c.kind = 'NONE' or d.kind in ${BROKEN_DOWN})`;

async function countSource(
  tx: Command,
  source: KpiSource,
  days: readonly string[],
  timeZone: string,
): Promise<{ day: string; changesAt: Date }[]> {
  const rows = source.rows({
    days: daysRelation(days, timeZone),
    now: tx.now,
    reopenDays: tx.settings.get(TICKET_SETTINGS.reopenDays),
    requiredCalls: requiredCallsRelation(tx),
  });
  return tx.query(sql`
    with r as materialized (${rows}),
    made as (
      insert into metric_fact (source, dimension_kind, dimension_id, cut_kind, cut, day, numerator, denominator)
      select ${source.name}, d.kind, d.id, c.kind, c.value, r.day, sum(r.numerator), sum(r.denominator)
      from r cross join lateral ${DIMENSIONS} cross join lateral ${cutsOf(source)}
      where ${COUNTED}
      group by d.kind, d.id, c.kind, c.value, r.day
      having sum(r.numerator) <> 0 or sum(r.denominator) <> 0
      returning 1
    )
    select r.day::text as day, min(r.changes_at) as "changesAt" from r where r.changes_at is not null group by r.day`);
}

/** Business days as a relation of their first and last instants: days have 23 to 25 hours where clocks change. */
function daysRelation(days: readonly string[], timeZone: string): Sql {
  const spans = days.map((day) => {
    const { start, end } = parsePeriod(day, timeZone);
    const week = periodOf(start, 'WEEK', timeZone);
    return { day, starts_at: new Date(start), ends_at: new Date(end), week_starts_at: new Date(week.start) };
  });
  return sql`jsonb_to_recordset(${JSON.stringify(spans)}::jsonb)
    as d(day date, starts_at timestamptz, ends_at timestamptz, week_starts_at timestamptz)`;
}

/** What a week asks for, by level and grade, as the cadence stands now (VIS-06, CFL-03). */
function requiredCallsRelation(tx: Command): Sql {
  const policy = cadencePolicy(tx.settings);
  const grades = [null, ...Object.values(CustomerGrade)];
  const rows = Object.values(KeyAccountLevel).flatMap((level) =>
    grades.map((grade) => ({ level, grade, calls: requiredCalls(level, grade, policy) })),
  );
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as q(level text, grade text, calls int)`;
}

async function notePartitions(
  tx: Command,
  facts: FactTable,
  partitions: readonly { readonly period: string; readonly nextAt: Date | null }[],
): Promise<void> {
  await tx.query(sql`
    insert into rollup_partition (facts, period, as_of, next_at)
    select ${facts}, p.period, ${tx.now}::timestamptz, p."nextAt"
    from jsonb_to_recordset(${JSON.stringify(partitions)}::jsonb) as p(period text, "nextAt" timestamptz)
    on conflict (facts, period) do update set as_of = excluded.as_of, next_at = excluded.next_at
    returning 1 as written`);
}

const SHORT: readonly PeriodKind[] = ['DAY', 'WEEK', 'MONTH'];
const LONG: readonly PeriodKind[] = ['QUARTER', 'YEAR'];

/** The periods of these kinds that hold one of the days. */
function periodsOf(days: readonly string[], kinds: readonly PeriodKind[], timeZone: string): string[] {
  return days.flatMap((day) => {
    const { start } = parsePeriod(day, timeZone);
    return kinds.map((kind) => periodOf(start, kind, timeZone).key);
  });
}

/**
 * Measures days again: the samples of wide dimensions are written anew, and the medians of every period that holds one
 * of the days are stale, in the groups that had samples before as in those that have them now.
 */
async function sampleDays(tx: Command, days: readonly string[], timeZone: string): Promise<void> {
  for (const source of MEDIAN_SOURCES) {
    await markStale(tx, source, days, timeZone);
    await tx.query(sql`
      with gone as (
        delete from metric_sample where source = ${source.name} and ${isOneOf(days)} returning 1)
      select count(*)::int as gone from gone`);
    await tx.query(sql`
      with made as (
        insert into metric_sample (source, dimension_kind, dimension_id, cut_kind, cut, day, measured)
        select ${source.name}, d.kind, d.id, c.kind, c.value, r.day, array_agg(r.measured order by r.measured)
        from (${source.rows(daysRelation(days, timeZone))}) r
        cross join lateral ${DIMENSIONS} cross join lateral ${cutsOf(source)}
        where ${COUNTED} and d.kind in ${BROKEN_DOWN}
        group by d.kind, d.id, c.kind, c.value, r.day
        returning 1)
      select count(*)::int as made from made`);
    await markStale(tx, source, days, timeZone);
  }
}

async function markStale(
  tx: Command,
  source: MedianSource,
  days: readonly string[],
  timeZone: string,
): Promise<void> {
  const periods = days.flatMap((day) =>
    periodsOf([day], [...SHORT, ...LONG], timeZone).map((key) => ({ day, key })),
  );
  await tx.query(sql`
    with marked as (
      insert into metric_median (source, period, dimension_kind, dimension_id, cut_kind, cut, measured, stale)
      select distinct s.source, p.key, s.dimension_kind, s.dimension_id, s.cut_kind, s.cut, 0, true
      from jsonb_to_recordset(${JSON.stringify(periods)}::jsonb) as p(day date, key text)
      join metric_sample s on s.source = ${source.name} and (s.day - date '2000-01-01') = (p.day - date '2000-01-01')
      on conflict (source, period, dimension_kind, dimension_id, cut_kind, cut) do update set stale = true
      returning 1)
    select count(*)::int as marked from marked`);
}

/** Finds the stale medians of periods. */
async function findMedians(tx: Command, periods: readonly string[], timeZone: string): Promise<void> {
  if (periods.length === 0) return;
  const spans = periods.map((key) => ({ key, ...daysIn(parsePeriod(key, timeZone), timeZone) }));
  const samples = sql`s.source = k.source and s.dimension_kind = k.dimension_kind and s.dimension_id = k.dimension_id
        and s.cut_kind = k.cut_kind and s.cut = k.cut and s.day >= k."from" and s.day < k.until`;
  // Each group by itself, by metric_median_stale_idx and the primary key of metric_sample: few measurements are sorted
  // sooner than searched. Nobody else writes these rows meanwhile, so that their places hold.
  await tx.query(sql`
    with found as (
      update metric_median m
      set measured = f.measured, stale = false,
          median = case when f.measured < ${SEARCHED_FROM}::int then f.sorted
                        else rollup_median(m.source, m.dimension_kind, m.dimension_id, m.cut_kind, m.cut, f."from", f.until,
                                           f.measured) end
      from (
        select k.place, k."from", k.until, n.measured, (
                 select percentile_cont(0.5) within group (order by v)
                 from metric_sample s cross join unnest(s.measured) v
                 where ${samples} and n.measured < ${SEARCHED_FROM}::int) as sorted
        from (
          select m.ctid as place, m.*, p."from", p.until
          from jsonb_to_recordset(${JSON.stringify(spans)}::jsonb) as p(key text, "from" date, until date)
          join metric_median m on m.period = p.key and m.stale
        ) k
        cross join lateral (
          select coalesce(sum(cardinality(s.measured)), 0)::int as measured from metric_sample s where ${samples}) n
      ) f
      where m.ctid = f.place
      returning 1)
    select count(*)::int as found from found`);
  // A day's own partition was noted with its counts.
  const noted = periods.filter((key) => !isDay(key)).map((period) => ({ period, nextAt: null }));
  await notePartitions(tx, 'tickets', noted);
}

/** From so many measurements on, the median is searched for in the sorted days instead of sorting all of them. */
const SEARCHED_FROM = 50_000;

/**
 * Has the medians of quarters and years found later: they look at every result of the span, which must not happen with
 * every ticket, so that those found a moment ago wait (`kpi.longPeriodSeconds`).
 */
async function putOff(tx: Command, periods: readonly string[]): Promise<void> {
  if (periods.length === 0) return;
  const pause = tx.settings.get(KPI_SETTINGS.longPeriodSeconds);
  await tx.query(sql`
    insert into rollup_partition as p (facts, period, as_of, next_at)
    select 'tickets', k.period, ${NEVER}::timestamptz, ${DUE}::timestamptz from unnest(${[...periods]}::text[]) as k(period)
    on conflict (facts, period) do update set next_at = p.as_of + make_interval(secs => ${pause}::int)
    returning 1 as written`);
}

/** A period whose medians were never found is due at once. */
const NEVER = new Date(0);
const DUE = new Date(1);

/** Tells dashboards which of their parts have other figures now, and of which days. */
function announce(tx: Command, days: RolledUp['days']): void {
  const all = [...days.values()].flat().sort();
  tx.emit({
    kind: 'DASHBOARD_CHANGED',
    subjectId: null,
    audience: { roles: rolesWith('kpi', 'read') },
    payload: { parts: partsOf([...days.keys()]).join(','), from: all[0] ?? null, to: all.at(-1) ?? null },
  });
}

/**
 * Counts everything again where days were cut in another time zone or a source counts something else than before: called
 * when a process starts. The marks it leaves are worked off like any others.
 */
export async function recountIfDifferent(tx: Command, timeZone: string): Promise<boolean> {
  const sources = fingerprint(tx);
  const [changed] = await tx.query(sql`
    update rollup_zone set time_zone = ${timeZone}, sources = ${sources}
    where id = 1 and (time_zone, sources) is distinct from (${timeZone}, ${sources})
    returning 1 as changed`);
  if (!changed) return false;
  await recount(tx);
  return true;
}

/** Forgets every count and marks every day that has something to count. */
export async function recount(tx: Command): Promise<void> {
  await tx.query(sql`
    with facts as (delete from metric_fact returning 1), medians as (delete from metric_median returning 1),
         samples as (delete from metric_sample returning 1), partitions as (delete from rollup_partition returning 1)
    select 1 as forgotten`);
  await newVersion(tx);
  await tx.query(sql`select 1 as marked from rollup_mark_all()`);
}

/** Tells by the text of their SQL whether the sources count what they counted before. */
function fingerprint(tx: Command): string {
  const scope = { days: sql`d`, now: tx.now, reopenDays: 0, requiredCalls: sql`q` };
  const texts = [
    ...SOURCES.map((source) => [source.name, source.facts, ...source.cuts, source.rows(scope).text]),
    ...MEDIAN_SOURCES.map((source) => [source.name, source.facts, ...source.cuts, source.rows(sql`d`).text]),
  ];
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}
