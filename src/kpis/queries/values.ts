import { customerLevel } from '../../customers/queries/visibility.ts';
import type { KpiDimensionKind } from '../../generated/prisma/enums.ts';
import { type Period, previousPeriod, yearBefore } from '../../lib/periods.ts';
import type { Organisation, Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import type { ViewerSql } from '../../platform/visibility.ts';
import {
  type FactQuery,
  isPresentOnly,
  type KpiDefinition,
  type KpiMeasure,
  type KpiQuery,
} from '../definitions/definition.ts';
import { kpiOf } from '../definitions/index.ts';

import {
  closesAt,
  type Counted,
  isProvisional,
  type KnownDimension,
  type KpiDimension,
  type Measured,
  mayRead,
} from '../rules/figures.ts';
import { KPI_SETTINGS } from '../settings.ts';
import { COMPANY_ID, daysOf, factsOf, totalOf } from './facts.ts';
import { type KeptValue, keptOf, scopeKey, scopesRelation } from './kept-values.ts';
import { type Measuring, periodFactsOf, periodKey } from './period-facts.ts';

/** Why a value is there or not. */
export type KpiStatus =
  | 'OK'
  | 'NO_DENOMINATOR'
  | 'NO_DATA'
  | 'NOT_KEPT'
  | 'SEVERAL_VALUES'
  | 'DIMENSION_NOT_OFFERED'
  | 'PERIOD_NOT_OFFERED'
  | 'FORBIDDEN';

export interface KpiTargetRow {
  readonly id: string;
  readonly key: string;
  readonly dimensionKind: KpiDimensionKind;
  readonly dimensionId: string | null;
  readonly period: string;
  readonly value: string;
  readonly tolerance: string;
  readonly setById: string;
  readonly setAt: Date;
  readonly version: number;
}

/** A metric in a period and a dimension, as one viewer may see it. */
export interface KpiValueRow {
  readonly definition: KpiDefinition;
  readonly period: Period;
  readonly dimension: KpiDimension;
  readonly status: KpiStatus;
  readonly measured: Measured | null;
  readonly asOf: Date;
  readonly provisional: boolean;
  /** Of which definition the value is. */
  readonly definitionVersion: number;
  /** What was kept when the period was closed, and its corrections; empty before. The last is in force (KPM-03). */
  readonly kept: readonly KeptValue[];
  /** Null where none is set or the value is not open to the viewer. */
  readonly target: KpiTargetRow | null;
}

/** A metric in a period and a dimension. */
export interface MetricAsked {
  readonly definition: KpiDefinition;
  readonly period: Period;
  readonly dimension: KpiDimension;
}

interface Asked extends MetricAsked {
  readonly dimension: KnownDimension;
}

/**
 * Values of metrics in a period and a dimension. One statement each for the counts by day, for what is read of whole
 * periods, for targets and, where the period has ended, for kept values; whatever the number of values that a request
 * asks for.
 */
export async function kpiValues(
  reader: Reader,
  keys: readonly string[],
  period: Period,
  dimension: KnownDimension,
): Promise<KpiValueRow[]> {
  return Promise.all(keys.map((key) => kpiValue(reader, { definition: kpiOf(key), period, dimension })));
}

/** Values of a metric in consecutive periods, oldest first; as many statements as for one of them. */
export async function kpiSeries(
  reader: Reader,
  key: string,
  periods: readonly Period[],
  dimension: KnownDimension,
): Promise<KpiValueRow[]> {
  return Promise.all(
    periods.map((period) => kpiValue(reader, { definition: kpiOf(key), period, dimension })),
  );
}

async function kpiValue(reader: Reader, asked: Asked): Promise<KpiValueRow> {
  const { definition, period } = asked;
  const obstructed = obstacle(reader, asked);
  const hasEnded = period.end <= reader.now.getTime();
  const isOver = isPresentOnly(definition) && closeOf(reader, asked) <= reader.now;
  const [measured, kept, target] = await Promise.all([
    obstructed === null && !isOver ? measure(reader, asked) : null,
    obstructed === null && hasEnded ? keptOf.load(reader, scopeOf(asked)) : [],
    obstructed === 'FORBIDDEN' ? null : targetOf.load(reader, scopeOf(asked)),
  ]);
  const inForce = kept.at(-1);
  const found = inForce ?? measured;
  return {
    ...asked,
    status: obstructed ?? statusOf(definition, found),
    measured: found,
    asOf: found?.asOf ?? reader.now,
    provisional: inForce === undefined && isProvisionalNow(reader, asked),
    definitionVersion: inForce?.definitionVersion ?? definition.version,
    kept,
    target,
  };
}

function statusOf({ severalValues }: KpiDefinition, found: Measured | null): KpiStatus {
  if (found === null) return 'NOT_KEPT';
  if (found.value !== null) return 'OK';
  return severalValues && found.parts && found.parts.length > 0 ? 'SEVERAL_VALUES' : 'NO_DENOMINATOR';
}

/** When a value is kept and changed no more (KPM-03). */
export function closeOf(
  { settings }: Pick<Measuring, 'settings'>,
  { definition, period }: Pick<MetricAsked, 'definition' | 'period'>,
): Date {
  return closesAt(period, definition.measure ?? { waits: false }, {
    graceHours: settings.get(KPI_SETTINGS.graceHours),
    settleDays: settings.get(KPI_SETTINGS.settleDays),
  });
}

function isProvisionalNow({ settings, now }: Reader, { definition: { measure }, period }: Asked): boolean {
  const settleDays = Math.max(settings.get(KPI_SETTINGS.settleDays), measure?.waitsDays ?? 0);
  return isProvisional(period, measure?.waits ?? false, settleDays, now);
}

/** What stands in the way of a value, before anything is counted. */
function obstacle(reader: Reader, { definition, period, dimension }: Asked): KpiStatus | null {
  if (!mayRead(reader.viewer, definition, dimension)) return 'FORBIDDEN';
  if (!definition.dimensions.includes(dimension.kind)) return 'DIMENSION_NOT_OFFERED';
  if (!definition.measure) return 'NO_DATA';
  return isOffered(definition.measure, period) ? null : 'PERIOD_NOT_OFFERED';
}

export function isOffered({ periods }: Pick<KpiMeasure, 'periods'>, { kind }: Period): boolean {
  return periods?.includes(kind) ?? true;
}

/** A measured value and as of when. */
type MeasuredAsOf = Measured & { readonly asOf: Date };

/** The counts of a value, read together with those of all others, and what its definition makes of them. */
async function measure(
  measuring: Measuring,
  { definition, period, dimension }: MetricAsked,
): Promise<MeasuredAsOf | null> {
  if (!definition.measure) return null;
  const counted = await Promise.all(
    definition.measure.of.map((query) => countedFor(measuring, query, period, dimension)),
  );
  return {
    ...definition.measure.compute(...counted),
    asOf: new Date(Math.min(...counted.map(({ asOf }) => asOf.getTime()))),
  };
}

async function countedFor(
  measuring: Measuring,
  query: KpiQuery,
  period: Period,
  dimension: KpiDimension,
): Promise<Counted & { readonly asOf: Date }> {
  if ('periodSource' in query)
    return periodFactsOf.load(measuring, periodKey(query.periodSource, period, dimension));
  if ('targetOf' in query) {
    const target = await targetOf.load(
      measuring,
      scopeKey({ key: query.targetOf, period: period.key, dimension }),
    );
    return {
      numerator: target?.value ?? '0',
      denominator: target ? '1' : '0',
      parts: [],
      asOf: measuring.now,
    };
  }
  const { source, span, cut = 'NONE' } = query;
  const { sums, asOf } = await factsOf(measuring, {
    ...totalOf(source, dimension),
    cut,
    ...daysOf(SPANS[span](period, measuring.timeZone), measuring.timeZone),
  });
  const whole = sums.find((sum) => sum.cut === '');
  return {
    numerator: whole?.numerator ?? '0',
    denominator: whole?.denominator ?? '0',
    parts: sums.flatMap(({ cut: key, numerator, denominator }) =>
      key === '' ? [] : [{ key, numerator, denominator, target: null }],
    ),
    asOf,
  };
}

const SPANS: Readonly<Record<FactQuery['span'], (period: Period, timeZone: string) => Period>> = {
  PERIOD: (period) => period,
  YEAR_BEFORE: yearBefore,
  PREVIOUS: previousPeriod,
};

/**
 * Values for the product itself, whoever may read them, with as many statements as for one; null for what is not
 * computed.
 */
export async function measureValues(
  db: Queryable & Pick<Measuring, 'now' | 'settings'>,
  asked: readonly MetricAsked[],
  timeZone: string,
): Promise<(MeasuredAsOf | null)[]> {
  // Loaders remember what they read for as long as this object lives: nothing of it outlives the answer.
  const { now, settings } = db;
  const measuring: Measuring = { query: (statement) => db.query(statement), now, settings, timeZone };
  return Promise.all(asked.map((one) => measure(measuring, one)));
}

function scopeOf({ definition, period, dimension }: MetricAsked): string {
  return scopeKey({ key: definition.key, period: period.key, dimension });
}

/** The targets of scopes; null where none is set. By the unique index kpi_target_scope_key. */
const targetOf = defineLoader(
  async (db: Pick<Measuring, 'query'>, keys): Promise<(KpiTargetRow | null)[]> => {
    const rows = await db.query<KpiTargetRow & { place: number }>(sql`
      select s.place, ${TARGET_COLUMNS}
      from ${scopesRelation(keys)}
      join kpi_target k on k.key = s.key and k.dimension_kind = s.kind
        and coalesce(k.dimension_id, ${COMPANY_ID}::uuid) = s.id and k.period = s.period`);
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return keys.map((_, place) => byPlace.get(place) ?? null);
  },
);

const TARGET_COLUMNS = sql`k.id, k.key, k.dimension_kind as "dimensionKind", k.dimension_id as "dimensionId", k.period,
  trim_scale(k.value)::text as value, trim_scale(k.tolerance)::text as tolerance, k.set_by_id as "setById",
  k.set_at as "setAt", k.version`;

/** Every target of these periods, whatever its metric and dimension. By kpi_target_period_idx. */
export function targetsOfPeriods(db: Queryable, periods: readonly string[]): Promise<KpiTargetRow[]> {
  return db.query<KpiTargetRow>(sql`
    select ${TARGET_COLUMNS} from kpi_target k where k.period = any(${[...periods]}::text[]) order by k.id`);
}

export function targetsById(db: Queryable, ids: readonly string[]): Promise<KpiTargetRow[]> {
  return db.query<KpiTargetRow>(sql`
    select ${TARGET_COLUMNS} from kpi_target k where k.id = any(${[...ids]}::uuid[]) order by k.id`);
}

/** The target of a scope, locked; null when none is set. */
export async function lockTarget(
  db: Queryable,
  scope: { readonly key: string; readonly dimension: KpiDimension; readonly period: string },
): Promise<KpiTargetRow | null> {
  const [row] = await db.query<KpiTargetRow>(sql`
    select ${TARGET_COLUMNS} from kpi_target k
    where k.key = ${scope.key} and k.dimension_kind = ${scope.dimension.kind}::"KpiDimensionKind"
      and coalesce(k.dimension_id, ${COMPANY_ID}::uuid) = ${scope.dimension.id ?? COMPANY_ID}::uuid and k.period = ${scope.period}
    for update`);
  return row ?? null;
}

interface CustomerFacts {
  readonly id: string;
  readonly areaId: string | null;
  readonly isKeyAccount: boolean;
}

/** A dimension with what rights depend on; those that one request asks for are looked up together. */
export function knownDimension(reader: Reader, { kind, id }: KpiDimension): Promise<KnownDimension> {
  return dimensionByKey.load(reader, JSON.stringify([kind, id]));
}

const dimensionByKey = defineLoader((reader: Reader, keys) =>
  knownDimensions(
    reader,
    reader,
    keys.map((key) => {
      const [kind, id] = JSON.parse(key) as [KpiDimensionKind, string | null];
      return { kind, id };
    }),
  ),
);

/** Dimensions with what rights depend on: the directory knows all but customers, which take one statement. */
export async function knownDimensions(
  db: Queryable,
  { organisation, sees }: { readonly organisation: Organisation; readonly sees: ViewerSql },
  dimensions: readonly KpiDimension[],
): Promise<KnownDimension[]> {
  const customerIds = new Set(dimensions.flatMap(({ kind, id }) => (kind === 'CUSTOMER' && id ? [id] : [])));
  const rows =
    customerIds.size === 0
      ? []
      : await db.query<CustomerFacts>(sql`
          select c.id, c.area_id as "areaId",
                 exists (select 1 from key_account k where k.customer_id = c.id and k.ended_at is null) as "isKeyAccount"
          from customer c
          where c.id = any(${[...customerIds]}::uuid[]) and ${customerLevel(sees, sql`c`)} > 0`);
  const customers = new Map(rows.map((row) => [row.id, row]));
  return dimensions.map(({ kind, id }): KnownDimension => {
    const customer = kind === 'CUSTOMER' ? customers.get(id ?? '') : undefined;
    const exists: Readonly<Record<KpiDimensionKind, boolean>> = {
      COMPANY: id === null,
      DEPARTMENT: organisation.departments.has(id ?? ''),
      TEAM: organisation.teams.has(id ?? ''),
      EMPLOYEE: organisation.employees.has(id ?? ''),
      CUSTOMER: customer !== undefined,
      AREA: organisation.areas.has(id ?? ''),
    };
    return {
      kind,
      id,
      exists: exists[kind],
      departmentId: kind === 'TEAM' ? (organisation.teams.get(id ?? '')?.departmentId ?? null) : null,
      areaId: customer?.areaId ?? null,
      isKeyAccount: customer?.isKeyAccount ?? false,
    };
  });
}
