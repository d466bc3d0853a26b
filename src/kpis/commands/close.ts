import { isDeepStrictEqual } from 'node:util';
import type { KpiDimensionKind } from '../../generated/prisma/enums.ts';
import { newId } from '../../lib/ids.ts';
import { nextPeriod, type Period, type PeriodKind, parsePeriod, periodOf } from '../../lib/periods.ts';
import { holdersOf, type Organisation } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  type Obligation,
  obligationsOf,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import {
  type FactQuery,
  factsOfQuery,
  type FactTable,
  isPresentOnly,
  type KpiQuery,
  readsKept,
} from '../definitions/definition.ts';
import { KPIS, kpiOf } from '../definitions/index.ts';
import { COMPANY_ID } from '../queries/facts.ts';
import { type LastKept, lastKept, readKept, scopeKey } from '../queries/kept-values.ts';
import { closeOf, isOffered, type MetricAsked, measureValues, targetsOfPeriods } from '../queries/values.ts';
import type { KpiDimension, Measured } from '../rules/figures.ts';
import { openCases } from './anomalies.ts';

/** The obligation that keeps the values of a period when nothing changes them any more. */
export const KPI_CLOSE = 'KPI_CLOSE';

/** Kinds of period whose values are kept for every department, team and area. */
const CLOSED_KINDS: readonly PeriodKind[] = ['MONTH', 'QUARTER', 'YEAR'];
const ALL_KINDS: readonly PeriodKind[] = ['DAY', 'WEEK', ...CLOSED_KINDS];

/** Has the running month, quarter and year closed when they end: called when a process starts. */
export function watchRunningPeriods(tx: Command, timeZone: string): Promise<void> {
  return watchCloses(
    tx,
    CLOSED_KINDS.map((kind) => periodOf(tx.now.getTime(), kind, timeZone)),
  );
}

/** Has periods closed that are not watched yet. */
export async function watchCloses(tx: Command, periods: readonly Period[]): Promise<void> {
  const watched = new Set(
    (await obligationsOf(tx, [COMPANY_ID])).flatMap(({ kind, period }) =>
      kind === KPI_CLOSE ? [period] : [],
    ),
  );
  await putObligations(
    tx,
    periods
      .filter(({ key }) => !watched.has(key))
      .map((period) => {
        const dueAt = nextClose(tx, period, new Date(period.end));
        return {
          kind: KPI_CLOSE,
          subjectId: COMPANY_ID,
          period: period.key,
          ownerId: null,
          startsAt: tx.now,
          warnAt: null,
          dueAt,
          nextAt: dueAt,
          state: 'OPEN',
          step: 0,
        };
      }),
  );
}

/** When the next values of a period are kept after an instant; null when all are. */
function nextClose(tx: Command, period: Period, after: Date): Date | null {
  const instants = KPIS.flatMap((definition) =>
    definition.measure ? [closeOf(tx, { definition, period }).getTime()] : [],
  ).filter((instant) => instant > after.getTime());
  return instants.length === 0 ? null : new Date(Math.min(...instants));
}

/**
 * Keeps the values of the periods that are due: those of the company, of every department, team and area, and of the people
 * whom a metric appraises for months, quarters and years, and those of every target (KPM-03). Then looks for abnormal ones among them (KPM-01), and has the
 * period after closed in its turn. A period some of whose counts still wait is left for the next sweep.
 */
export function closePeriods({
  organisation,
  timeZone,
}: {
  readonly organisation: Organisation;
  readonly timeZone: string;
}): AdvanceObligations {
  return async (tx, due) => {
    const closing = due.map((obligation) => ({
      obligation,
      period: parsePeriod(obligation.period, timeZone),
    }));
    const periods = closing.map(({ period }) => period);
    const targets = await targetsOfPeriods(
      tx,
      periods.map(({ key }) => key),
    );
    const asked = periods.flatMap((period) => {
      const ofTargets = targets
        .filter((target) => target.period === period.key)
        .map(({ key, dimensionKind: kind, dimensionId: id }) => ({
          definition: kpiOf(key),
          period,
          dimension: { kind, id },
        }));
      return [
        ...scopesOf(period, organisation),
        ...appraisalsOf(period, { organisation, timeZone }),
        ...ofTargets,
      ].filter(
        ({ definition }) =>
          definition.measure &&
          isOffered(definition.measure, period) &&
          closeOf(tx, { definition, period }) <= tx.now,
      );
    });
    const fresh = await notKept(tx, asked);
    const kept: Kept[] = [];
    const waiting = new Set<string>();
    // What is made of kept values comes after them.
    for (const later of [false, true]) {
      const round = fresh.filter(({ definition }) => readsKept(definition) === later);
      const found = await measured(tx, round, timeZone);
      for (const { period, asOf } of found) if (asOf < tx.now) waiting.add(period.key);
      const ready = found.filter(({ period }) => !waiting.has(period.key));
      await keep(tx, ready);
      kept.push(...ready);
    }
    const targeted = new Set(
      targets.map(({ key, period, dimensionKind: kind, dimensionId: id }) =>
        scopeKey({ key, period, dimension: { kind, id } }),
      ),
    );
    await openCases(
      tx,
      kept.filter((one) => one.dimension.kind === 'COMPANY' || targeted.has(keyOf(one))),
      timeZone,
    );
    const closed = closing.filter(({ period }) => !waiting.has(period.key));
    await watchCloses(
      tx,
      closed.flatMap(({ period }) =>
        CLOSED_KINDS.includes(period.kind) ? [nextPeriod(period, timeZone)] : [],
      ),
    );
    return closed.map(({ obligation, period }) => advanced(tx, obligation, period));
  };
}

function advanced(tx: Command, { id, step }: Obligation, period: Period) {
  const nextAt = nextClose(tx, period, tx.now);
  return { id, state: nextAt ? ('OPEN' as const) : ('MET' as const), step: step + 1, nextAt };
}

/** The metrics of a period in every dimension that the whole organisation looks at. */
function scopesOf(period: Period, organisation: Organisation): MetricAsked[] {
  if (!CLOSED_KINDS.includes(period.kind)) return [];
  const ids: readonly [KpiDimensionKind, readonly (string | null)[]][] = [
    ['COMPANY', [null]],
    ['DEPARTMENT', [...organisation.departments.keys()]],
    ['TEAM', [...organisation.teams.keys()]],
    ['AREA', [...organisation.areas.keys()]],
  ];
  const dimensions = ids.flatMap(([kind, of]) => of.map((id): KpiDimension => ({ kind, id })));
  return KPIS.flatMap((definition) =>
    dimensions
      .filter(({ kind }) => definition.dimensions.includes(kind))
      .map((dimension) => ({ definition, period, dimension })),
  );
}

/** The metrics that appraise people, of everybody who held one of the roles when the period ended. */
function appraisalsOf(
  period: Period,
  { organisation, timeZone }: { readonly organisation: Organisation; readonly timeZone: string },
): MetricAsked[] {
  if (!CLOSED_KINDS.includes(period.kind)) return [];
  const ended = new Date(period.end - 1);
  return KPIS.flatMap((definition) =>
    holdersOf(organisation, definition.appraises ?? [], ended, timeZone).map(({ id }) => ({
      definition,
      period,
      dimension: { kind: 'EMPLOYEE' as const, id },
    })),
  );
}

/** Those of which nothing is kept, each once. */
async function notKept(tx: Command, asked: readonly MetricAsked[]): Promise<MetricAsked[]> {
  const byKey = new Map(asked.map((one) => [keyOf(one), one]));
  const keys = [...byKey.keys()];
  const kept = await readKept(tx, keys);
  return keys.flatMap((key, place) => ((kept[place] ?? []).length === 0 ? (byKey.get(key) ?? []) : []));
}

function keyOf({ definition, period, dimension }: MetricAsked): string {
  return scopeKey({ key: definition.key, period: period.key, dimension });
}

/** A measured value that is to be kept. */
export interface Kept extends MetricAsked {
  readonly measured: Measured;
  readonly asOf: Date;
  readonly correction: number;
}

async function measured(tx: Command, asked: readonly MetricAsked[], timeZone: string): Promise<Kept[]> {
  const values = await measureValues(tx, asked, timeZone);
  return asked.flatMap((one, place) => {
    const found = values[place];
    if (!found) return [];
    const { asOf, ...shown } = found;
    return [{ ...one, measured: shown, asOf, correction: 0 }];
  });
}

/** Another process may have kept the same at once: the first stands. */
async function keep(tx: Command, values: readonly Kept[]): Promise<void> {
  if (values.length === 0) return;
  const rows = values.map(({ definition, period, dimension, measured: shown, correction }) => ({
    id: newId(),
    key: definition.key,
    version: definition.version,
    kind: dimension.kind,
    dimension_id: dimension.id,
    period: period.key,
    value: shown.value,
    numerator: shown.numerator,
    denominator: shown.denominator,
    shown,
    correction,
  }));
  await tx.query(sql`
    insert into kpi_value (id, key, definition_version, dimension_kind, dimension_id, period, value, numerator, denominator,
                           shown, as_of, correction)
    select v.id, v.key, v.version, v.kind::"KpiDimensionKind", v.dimension_id, v.period, v.value, v.numerator, v.denominator,
           v.shown, ${tx.now}::timestamptz, v.correction
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as v(
      id uuid, key text, version int, kind text, dimension_id uuid, period text, value numeric, numerator numeric,
      denominator numeric, shown jsonb, correction int)
    on conflict do nothing
    returning 1 as written`);
}

/**
 * Adds a correction wherever days that were counted again give another figure than the one in force of a closed period
 * (KPM-03). What was kept is never changed. As long as other days of a period wait, it is left for the pass that counts
 * them.
 */
export async function correctCounted(
  tx: Command,
  days: ReadonlyMap<FactTable, readonly string[]>,
  timeZone: string,
): Promise<void> {
  const affected = affectedBy(tx, days, timeZone);
  const kept = (await lastKept(tx, affected)).filter(
    ({ period }) => parsePeriod(period, timeZone).end <= tx.now.getTime(),
  );
  await correct(tx, kept, timeZone);
  // Then what is made of kept values.
  const made = KPIS.filter(readsKept);
  const periods = [...new Set(kept.map(({ period }) => period))];
  if (periods.length > 0) {
    await correct(
      tx,
      await lastKept(
        tx,
        made.flatMap(({ key }) => periods.map((period) => ({ key, period }))),
      ),
      timeZone,
    );
  }
}

async function correct(tx: Command, kept: readonly LastKept[], timeZone: string): Promise<void> {
  const asked = kept.map(({ key, period, dimension }) => ({
    definition: kpiOf(key),
    period: parsePeriod(period, timeZone),
    dimension,
  }));
  const values = await measureValues(tx, asked, timeZone);
  const corrections = asked.flatMap((one, place): Kept[] => {
    const [before, now] = [kept[place], values[place]];
    if (!before || !now || now.asOf < tx.now) return [];
    const { asOf, ...shown } = now;
    // As the database gives it back.
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(shown)), before.shown)) return [];
    return [{ ...one, measured: shown, asOf, correction: before.correction + 1 }];
  });
  await keep(tx, corrections);
}

/** Metrics and the ended periods whose values may follow from the days; of some every period that was kept. */
function affectedBy(
  tx: Command,
  days: ReadonlyMap<FactTable, readonly string[]>,
  timeZone: string,
): { key: string; period: string | null }[] {
  // The same days reach the same periods for most metrics.
  const reached = new Map<string, readonly string[] | null>();
  function periodsFor(facts: FactTable, query: KpiQuery): readonly string[] | null {
    const reach = reachOf(tx, query);
    const name = `${facts} ${reach}`;
    const known = reached.get(name);
    if (known !== undefined) return known;
    const found = reach === null ? null : endedPeriods(tx, days.get(facts) ?? [], reach, timeZone);
    reached.set(name, found);
    return found;
  }
  return KPIS.filter((definition) => !isPresentOnly(definition)).flatMap(({ key, measure }) => {
    const periods = new Set<string | null>();
    for (const query of measure?.of ?? []) {
      for (const facts of factsOfQuery(query).filter((one) => days.has(one))) {
        for (const period of periodsFor(facts, query) ?? [null]) periods.add(period);
      }
    }
    return periods.has(null) ? [{ key, period: null }] : [...periods].map((period) => ({ key, period }));
  });
}

/** How figures of a period look at days: its own, those of another period, so many before it, or all before it. */
type DayReach = FactQuery['span'] | number;

function reachOf({ settings }: Command, query: KpiQuery): DayReach | null {
  if ('source' in query) return query.span;
  return 'periodSource' in query ? query.periodSource.lookBackDays(settings) : 'PERIOD';
}

const DAY = 86_400_000;

/** Keys of the periods that have ended and look at one of the days. */
function endedPeriods(tx: Command, days: readonly string[], reach: DayReach, timeZone: string): string[] {
  const now = tx.now.getTime();
  // Of longer reach, neighbouring days look at mostly the same ones. Twelve hours on, no change of clocks matters.
  const noons = new Set<number>();
  for (const day of days) {
    const noon = parsePeriod(day, timeZone).start + DAY / 2;
    for (const offset of offsetsOf(reach)) if (noon + offset * DAY < now) noons.add(noon + offset * DAY);
  }
  const periods = [...noons].flatMap((noon) => ALL_KINDS.map((kind) => periodOf(noon, kind, timeZone)));
  const looking = reach === 'PREVIOUS' ? periods.map((period) => nextPeriod(period, timeZone)) : periods;
  return [...new Set(looking.filter(({ end }) => end <= now).map(({ key }) => key))];
}

/** A year is 52 weeks, 365 days or 366. */
function offsetsOf(reach: DayReach): readonly number[] {
  if (reach === 'YEAR_BEFORE') return [364, 365, 366];
  return typeof reach === 'number' ? Array.from({ length: reach + 1 }, (_, offset) => offset) : [0];
}
