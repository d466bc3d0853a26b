import type { CadenceDimension } from '../../generated/prisma/enums.ts';
import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations } from '../../platform/obligations.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { nextNight, watchNight } from '../../platform/standing.ts';
import { cadenceTable } from '../queries/cadence-table.ts';
import {
  type CadenceFacts,
  type CadenceTable,
  demandsOn,
  DIMENSIONS,
  missAudience,
  ROLLING,
  type Window,
  windowsBetween,
} from '../rules/cadence.ts';

/** The nightly pass over all customers. */
export const CADENCE_NIGHT = 'CADENCE_NIGHT';

/** Windows of the calendar end at midnight: the pass is due then. */
const MIDNIGHT = '00:00';

function kindOf(dimension: CadenceDimension): string {
  return `CADENCE_${dimension}`;
}

const KINDS = DIMENSIONS.map(kindOf);
const ROLLING_KINDS = ROLLING.map(kindOf);

/** Has the cadence of all customers looked after from the next night on: called when a process starts. */
export function watchCadence(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, CADENCE_NIGHT, MIDNIGHT, timeZone);
}

/** Into so many parts a pass is cut, each a transaction of its own: none holds up what people write for long. */
export const PARTS = 8;

/** The sweep's part: one pass over all customers, part by part, also after nights that were missed. */
export function sweepCadence(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const [night] = due;
    if (!night) return [];
    const part = night.step % PARTS;
    const first = night.step < PARTS;
    await refreshCadence(tx, timeZone, { part, lastPass: first ? null : night.startsAt });
    // Where the pass before stands: this one judges what has begun and ended since. A part that is late changes nothing.
    await tx.query(sql`
      update obligation set
        due_at = case when ${part}::int = 0 then ${tx.now}::timestamptz else due_at end,
        starts_at = case when ${part}::int = ${PARTS - 1}::int then due_at else starts_at end
      where id = ${night.id}::uuid
      returning 1 as written`);
    const nextAt = part === PARTS - 1 ? nextNight(tx.now, MIDNIGHT, timeZone) : tx.now;
    return [{ id: night.id, state: 'OPEN', step: night.step + 1, nextAt }];
  };
}

interface Scope {
  readonly customers: Sql;
  readonly obligations: Sql;
  /** Whether windows that were missed are judged again: for contacts recorded late. */
  readonly missed: Sql;
}

/** After contacts of some customers were recorded: what they count toward is met at once, missed windows too. */
export function refreshCadenceOf(
  tx: Command,
  timeZone: string,
  customerIds: readonly string[],
): Promise<void> {
  const ids = [...new Set(customerIds)];
  return ids.length === 0
    ? Promise.resolve()
    : refresh(tx, timeZone, null, {
        customers: sql`c.id = any(${ids}::uuid[])`,
        obligations: sql`o.subject_id = any(${ids}::uuid[])`,
        missed: sql`true`,
      });
}

/**
 * Brings what one part of all customers is owed in line with the policy: ends what is no longer asked for, opens the
 * present windows, judges all that is open from the contacts in it, and tells of what is due soon or missed. Eight
 * statements, however many customers there are.
 */
export async function refreshCadence(
  tx: Command,
  timeZone: string,
  { part, lastPass }: { readonly part: number; readonly lastPass: Date | null },
): Promise<void> {
  // The planner cannot know how many rows a policy makes of a part, takes them for a handful and would compare each with
  // each. Laterals, meant to look up row by row, do so all the same.
  await tx.query(sql`select set_config('enable_nestloop', 'off', true)`);
  await refresh(tx, timeZone, lastPass, {
    customers: sql`mod(abs(uuid_hash(c.id)::bigint), ${PARTS}::int) = ${part}::int`,
    obligations: sql`mod(abs(uuid_hash(o.subject_id)::bigint), ${PARTS}::int) = ${part}::int`,
    missed: sql`false`,
  });
  await tx.query(sql`select set_config('enable_nestloop', 'on', true)`);
}

async function refresh(tx: Command, timeZone: string, lastPass: Date | null, scope: Scope): Promise<void> {
  const table = cadenceTable(tx.settings);
  const facts = await distinctFacts(tx, scope);
  const demands = facts.flatMap((one) => demandRows(one, table));
  const windows = await windowsNow(tx, timeZone, demands, lastPass, scope);
  const wanted = wantedRelation(demands, scope);
  await cancelUnwanted(tx, wanted, windows, scope);
  await openCalendar(tx, wanted, windows, table, lastPass);
  await openRolling(tx, wanted, table, timeZone);
  await judge(tx, wanted, table, scope);
}

type FactsRow = CadenceFacts & { readonly combo: string };

/** What a customer's demands depend on, as one word. */
const COMBO = sql`concat_ws('|', c.lifecycle::text, c.business_line::text, coalesce(c.grade::text, '-'),
  coalesce(k.level::text, '-'), coalesce(k.is_special, false)::text)`;

const OF_CUSTOMERS = sql`customer c left join key_account k on k.customer_id = c.id and k.ended_at is null`;

function distinctFacts(tx: Command, scope: Scope): Promise<FactsRow[]> {
  return tx.query<FactsRow>(sql`
    select distinct ${COMBO} as combo, c.lifecycle, c.business_line as "businessLine", c.grade, k.level,
           coalesce(k.is_special, false) as "isSpecial"
    from ${OF_CUSTOMERS} where ${scope.customers}`);
}

interface DemandRow {
  readonly combo: string;
  readonly kind: string;
  readonly calendar: string | null;
  readonly months: number;
  readonly days: number;
  readonly required: number;
  readonly host: string | null;
  readonly since: string;
}

/** The calls of a key account are watched by the week as KEY_ACCOUNT_CONTACT. */
function demandRows({ combo, ...facts }: FactsRow, table: CadenceTable): DemandRow[] {
  return demandsOn(facts, table)
    .filter(({ dimension }) => dimension !== 'CALL' || facts.level === null)
    .map(({ dimension, calendar, months, days, required, host, since }) => ({
      combo,
      kind: kindOf(dimension),
      calendar,
      months,
      days,
      required,
      host,
      since,
    }));
}

/** The windows of all calendars in use, from the oldest that is still open up to the present ones. */
async function windowsNow(
  tx: Command,
  timeZone: string,
  demands: readonly DemandRow[],
  lastPass: Date | null,
  scope: Scope,
): Promise<Window[]> {
  const [oldest] = await tx.query<{ at: Date | null }>(sql`
    select min(o.starts_at) as at from obligation o
    where o.kind = any(${KINDS}::text[]) and o.state in ('OPEN', 'WARNED') and not o.kind = any(${ROLLING_KINDS}::text[])
      and o.required is not null and ${scope.obligations}`);
  const now = tx.now.getTime();
  const from = Math.min(now, oldest?.at?.getTime() ?? now, lastPass?.getTime() ?? now);
  const calendars = new Set(demands.flatMap(({ calendar }) => calendar ?? []));
  return [...calendars].flatMap((calendar) => windowsBetween(calendar, from, now, timeZone));
}

/** Every contact minimum of every customer in scope, as `wanted`. */
function wantedRelation(demands: readonly DemandRow[], scope: Scope): Sql {
  return sql`wanted as materialized (
    select c.id as customer_id, c.owner_id, d.kind, d.calendar, d.months, d.days, d.required, d.host,
           case d.since when 'PROMOTED' then k.promoted_at
                        when 'GRADED' then coalesce(c.graded_at, c.registered_at, c.created_at)
                        else coalesce(c.registered_at, c.created_at) end as since
    from ${OF_CUSTOMERS}
    join jsonb_to_recordset(${JSON.stringify(demands)}::jsonb)
      as d(combo text, kind text, calendar text, months int, days int, required int, host text, since text)
      on d.combo = ${COMBO}
    where ${scope.customers})`;
}

function windowsRelation(windows: readonly Window[], dueSoon: number): Sql {
  const rows = windows.map(({ calendar, key, start, end }) => ({
    calendar,
    key,
    starts_at: new Date(start),
    warn_at: new Date(start + Math.round((end - start) * dueSoon)),
    ends_at: new Date(end),
  }));
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
    as x(calendar text, key text, starts_at timestamptz, warn_at timestamptz, ends_at timestamptz)`;
}

/** Ends what is open and no longer asked for: of a customer who left the scope, of another grade, level or window. */
async function cancelUnwanted(
  tx: Command,
  wanted: Sql,
  windows: readonly Window[],
  scope: Scope,
): Promise<void> {
  await tx.query(sql`
    with ${wanted}, keep as (
      select w.customer_id, w.kind, x.key as period
      from wanted w join ${windowsRelation(windows, 1)} on x.calendar = w.calendar
      union all
      select w.customer_id, w.kind, null from wanted w where w.calendar is null),
    ended as (
      update obligation o set state = 'CANCELLED', next_at = null
      where o.kind = any(${KINDS}::text[]) and o.required is not null and ${scope.obligations}
        and (o.state in ('OPEN', 'WARNED') or (o.state = 'OVERDUE' and o.met_at is null and o.kind = any(${ROLLING_KINDS}::text[])))
        and not exists (
          select 1 from keep
          where keep.customer_id = o.subject_id and keep.kind = o.kind and coalesce(keep.period, o.period) = o.period)
      returning 1)
    select count(*)::int as ended from ended`);
}

/**
 * Opens the present windows, and those that began and ended since the last pass. A window that began before the customer
 * came into scope asks for nothing: the minimum is a number per window, and a share of it stands nowhere.
 */
async function openCalendar(
  tx: Command,
  wanted: Sql,
  windows: readonly Window[],
  table: CadenceTable,
  lastPass: Date | null,
): Promise<void> {
  await tx.query(sql`
    with ${wanted}, opened as (
      insert into obligation (id, kind, subject_id, period, owner_id, starts_at, warn_at, due_at, state, step, required, done)
      select gen_random_uuid(), w.kind, w.customer_id, x.key, w.owner_id, x.starts_at, x.warn_at, x.ends_at, 'OPEN', 0, w.required, 0
      from wanted w join ${windowsRelation(windows, table.dueSoon)} on x.calendar = w.calendar
      where x.starts_at >= w.since
        and (x.ends_at > ${tx.now}::timestamptz or x.starts_at > ${lastPass}::timestamptz)
      on conflict (kind, subject_id, period) do update set
        state = case when obligation.state = 'CANCELLED' then 'OPEN' else obligation.state end,
        required = excluded.required, owner_id = excluded.owner_id
      where obligation.due_at > ${tx.now}::timestamptz
        and (obligation.state = 'CANCELLED' or (obligation.required, obligation.owner_id)
          is distinct from (excluded.required, excluded.owner_id))
      returning 1)
    select count(*)::int as opened from opened`);
}

/** What counts toward an obligation of the kind, of visit `v`; the host as senior as asked (VIS-04, VIS-05, VIS-16). */
function visitCounts(kind: Sql, host: Sql, { countingVisits }: CadenceTable): Sql {
  const counting = sql`v.type::text = any(${[...countingVisits]}::text[])`;
  return sql`case ${kind}
    when 'CADENCE_VISIT' then ${counting}
    when 'CADENCE_EXECUTIVE_VISIT' then ${counting} and v.host_seniority <= ${host}::"ContactSeniority"
    when 'CADENCE_EXECUTIVE_EXCHANGE' then v.type = 'EXECUTIVE_EXCHANGE'
    when 'CADENCE_PATROL' then v.type = 'SERVICE_PATROL'
    when 'CADENCE_FOLLOW_UP' then v.type = 'FOLLOW_UP'
    when 'CADENCE_LEASE' then v.type = 'LEASE'
    else false end`;
}

/**
 * Opens what runs from the last contact that counts, and at first from the day the grade was set or the customer was
 * registered (VIS-06). Its period is that day.
 */
async function openRolling(tx: Command, wanted: Sql, table: CadenceTable, timeZone: string): Promise<void> {
  await tx.query(sql`
    with ${wanted}, anchored as (
      select w.*, coalesce(latest.at, w.since) as starts_at
      from wanted w left join lateral (
        select act.at
        from (
          select v.done_at as at from visit v
          where v.customer_id = w.customer_id and v.state = 'DONE' and ${visitCounts(sql`w.kind`, sql`w.host`, table)}
          union all
          select l.at from contact_log l
          where w.kind = 'CADENCE_FOLLOW_UP' and l.customer_id = w.customer_id
            and l.follow_up and l.channel = 'PHONE' and l.outcome = 'REACHED') act
        order by act.at desc offset w.required - 1 limit 1) latest on true
      where w.calendar is null),
    due as (
      select anchored.*, (starts_at at time zone ${timeZone} + make_interval(months => months, days => days))
        at time zone ${timeZone} as due_at
      from anchored),
    opened as (
      insert into obligation (id, kind, subject_id, period, owner_id, starts_at, warn_at, due_at, state, step, required, done)
      select gen_random_uuid(), kind, customer_id, to_char(starts_at at time zone ${timeZone}, 'YYYY-MM-DD'), owner_id,
             starts_at, starts_at + (due_at - starts_at) * ${table.dueSoon}::float8, due_at, 'OPEN', 0, 1, 0
      from due
      on conflict (kind, subject_id, period) do update set
        state = case when obligation.state = 'CANCELLED' then 'OPEN' else obligation.state end,
        owner_id = excluded.owner_id, starts_at = excluded.starts_at, warn_at = excluded.warn_at, due_at = excluded.due_at
      where obligation.state <> 'MET' and obligation.met_at is null
        and (obligation.state = 'CANCELLED' or (obligation.owner_id, obligation.starts_at, obligation.due_at)
          is distinct from (excluded.owner_id, excluded.starts_at, excluded.due_at))
      returning 1)
    select count(*)::int as opened from opened`);
}

interface Told {
  readonly dimension: CadenceDimension;
  readonly customerId: string;
  readonly accountId: string | null;
  readonly period: string;
  readonly startsAt: Date;
  readonly dueAt: Date;
  readonly verdict: 'WARNED' | 'OVERDUE';
  readonly required: number;
  readonly done: number;
  readonly grade: string | null;
  readonly level: string | null;
  readonly host: string | null;
  readonly ownerId: string | null;
  readonly specialistId: string | null;
  readonly supervisorId: string | null;
  readonly missedBefore: boolean;
}

/**
 * Judges all that is open from the contacts in it, by contact_log(customer_id, at) and visit(customer_id, done_at). What
 * rolls is met by the next contact in time; one that comes late ends the wait, and the miss stays.
 */
async function judge(tx: Command, wanted: Sql, table: CadenceTable, scope: Scope): Promise<void> {
  const now = sql`${tx.now}::timestamptz`;
  const told = await tx.query<Told>(sql`
    with ${wanted}, open as materialized (
      select o.id, o.kind, o.subject_id, o.period, o.starts_at, o.warn_at, o.due_at, o.state, o.required, o.met_at as was_met, w.host,
             o.kind = any(${ROLLING_KINDS}::text[]) as rolling
      from obligation o left join wanted w on w.customer_id = o.subject_id and w.kind = o.kind
      where o.kind = any(${KINDS}::text[]) and o.required is not null and ${scope.obligations}
        and (o.state in ('OPEN', 'WARNED')
          or (o.state = 'MET' and o.due_at > ${now} and not o.kind = any(${ROLLING_KINDS}::text[]))
          or (o.state = 'OVERDUE' and (${scope.missed} or (o.met_at is null and o.kind = any(${ROLLING_KINDS}::text[])))))),
    counted as (
      select o.*, a.done, a.times, a.ids, o.rolling and exists (
        select 1 from obligation n
        where n.kind = o.kind and n.subject_id = o.subject_id and n.starts_at > o.starts_at and n.state <> 'CANCELLED') as superseded
      from open o cross join lateral (
        select count(*)::int as done, array_agg(act.at order by act.at, act.id) as times,
               array_agg(act.id::text order by act.at, act.id) as ids
        from (
          select l.at, l.id from contact_log l
          where l.customer_id = o.subject_id and l.at >= o.starts_at and (o.rolling or l.at < o.due_at)
            and l.channel = 'PHONE' and l.outcome = 'REACHED'
            and (o.kind = 'CADENCE_CALL' or (o.kind = 'CADENCE_FOLLOW_UP' and l.follow_up and l.at > o.starts_at))
          union all
          select v.done_at, v.id from visit v
          where v.customer_id = o.subject_id and v.done_at >= o.starts_at and (v.done_at > o.starts_at or not o.rolling)
            and (o.rolling or v.done_at < o.due_at) and v.state = 'DONE' and ${visitCounts(sql`o.kind`, sql`o.host`, table)}) act) a),
    judged as (
      select c.*, case
        when c.rolling and c.times[1] < c.due_at then 'MET'
        when c.rolling and c.times[1] is not null then 'OVERDUE'
        when c.superseded and c.was_met is null then 'CANCELLED'
        when not c.rolling and c.done >= c.required then 'MET'
        when ${now} >= c.due_at then 'OVERDUE'
        when ${now} >= c.warn_at then 'WARNED'
        else 'OPEN' end as verdict,
        case when c.rolling then c.times[1] when c.done >= c.required then c.times[c.required] end as met_at,
        case when c.rolling then c.ids[1] when c.done >= c.required then c.ids[c.required] end as met_by
      from counted c),
    changed as (
      update obligation o
      set state = j.verdict::"ObligationState", done = case when j.rolling then least(j.done, 1) else j.done end,
          step = case j.verdict when 'OVERDUE' then 2 when 'WARNED' then 1 else 0 end,
          met_at = j.met_at, met_by = j.met_by
      from judged j
      where o.id = j.id and (o.state::text, o.done, o.met_at)
        is distinct from (j.verdict, case when j.rolling then least(j.done, 1) else j.done end, j.met_at)
      returning o.id)
    select substr(j.kind, 9) as dimension, j.subject_id as "customerId", k.id as "accountId", j.period,
           j.starts_at as "startsAt", j.due_at as "dueAt", j.verdict, j.required, j.done, c.grade, k.level, j.host,
           c.owner_id as "ownerId", k.specialist_id as "specialistId", k.supervisor_id as "supervisorId",
           exists (
             select 1 from obligation p
             where p.kind = j.kind and p.subject_id = j.subject_id and p.due_at = j.starts_at and p.state = 'OVERDUE') as "missedBefore"
    from judged j join changed on changed.id = j.id
    join customer c on c.id = j.subject_id left join key_account k on k.customer_id = c.id and k.ended_at is null
    where j.verdict <> j.state::text
      and (j.verdict = 'OVERDUE' or (j.verdict = 'WARNED' and j.kind = 'CADENCE_VISIT'))
      and j.kind not in ('CADENCE_PATROL', 'CADENCE_FOLLOW_UP', 'CADENCE_LEASE')
    order by j.due_at, j.subject_id`);
  tell(tx, told);
}

/** Due soon and missed are each told once; of two misses in a row the later says so. */
function tell(tx: Command, told: readonly Told[]): void {
  const missed = new Set<string>();
  for (const one of told) {
    const { dimension, customerId, accountId, period, verdict, required, done, dueAt } = one;
    const before = one.missedBefore || missed.has(`${customerId} ${dimension} ${one.startsAt.getTime()}`);
    if (verdict === 'OVERDUE') missed.add(`${customerId} ${dimension} ${dueAt.getTime()}`);
    const facts = { required, done, period, dueAt: dueAt.toISOString() };
    const event = {
      audience: missAudience({ ...one, missedBefore: before }),
      dedupeKey: `CADENCE ${dimension} ${customerId} ${period} ${verdict}`,
    };
    if (dimension === 'VISIT' && accountId !== null)
      tx.emit({
        ...event,
        kind: 'KEY_ACCOUNT_VISIT_OVERDUE',
        subjectId: accountId,
        severity: verdict === 'WARNED' ? 'WARNING' : 'HIGH',
        payload: { ...facts, level: one.level, dueSoon: verdict === 'WARNED' },
      });
    else if (dimension === 'CALL')
      tx.emit({
        ...event,
        kind: 'CUSTOMER_CONTACT_OVERDUE',
        subjectId: customerId,
        payload: { ...facts, grade: one.grade },
      });
    else
      tx.emit({
        ...event,
        kind: 'EXECUTIVE_VISIT_OVERDUE',
        subjectId: customerId,
        payload: { ...facts, grade: one.grade, seniority: one.host ?? 'EXECUTIVE_EXCHANGE' },
      });
  }
}
