import { customerLevel } from '../customers/queries/visibility.ts';
import type { KpiDimensionKind } from '../generated/prisma/enums.ts';
import { type Period, parsePeriod } from '../lib/periods.ts';
import type { Organisation, Reader } from '../organisation/queries.ts';
import { defineLoader } from '../platform/loaders.ts';
import { join, type Queryable, type Sql, sql } from '../platform/sql.ts';
import type { ViewerSql } from '../platform/visibility.ts';
import { TICKET_SETTINGS } from '../tickets/settings.ts';
import type { KpiDefinition, KpiSource } from './definitions/definition.ts';
import { kpiOf } from './definitions/index.ts';
import {
  isProvisional,
  type KnownDimension,
  type KpiDimension,
  type KpiFacts,
  type Measured,
  mayRead,
} from './rules.ts';
import { KPI_SETTINGS } from './settings.ts';

/** Why a value is there or not. */
export type KpiStatus =
  | 'OK'
  | 'NO_DENOMINATOR'
  | 'NO_DATA'
  | 'SEVERAL_VALUES'
  | 'DIMENSION_NOT_OFFERED'
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
  /** Null where none is set or the value is not open to the viewer. */
  readonly target: KpiTargetRow | null;
}

interface Asked {
  readonly definition: KpiDefinition;
  readonly period: Period;
  readonly dimension: KnownDimension;
}

/** Values of metrics in a period and a dimension; those that one request asks for are read together. */
export async function kpiValues(
  reader: Reader,
  keys: readonly string[],
  period: Period,
  dimension: KpiDimension,
): Promise<KpiValueRow[]> {
  return Promise.all(
    keys.map((key) =>
      kpiValueOf.load(reader, JSON.stringify([key, period.key, dimension.kind, dimension.id])),
    ),
  );
}

/** One statement for each source that is needed, one for the targets, whatever the number of values asked for. */
const kpiValueOf = defineLoader(async (reader: Reader, encoded) => {
  const decoded = encoded.map((key) => JSON.parse(key) as [string, string, KpiDimensionKind, string | null]);
  const dimensions = await knownDimensions(
    reader,
    reader,
    decoded.map(([, , kind, id]) => ({ kind, id })),
  );
  const asked = decoded.map(
    ([key, period], place): Asked => ({
      definition: kpiOf(key),
      period: parsePeriod(period, reader.timeZone),
      dimension: dimensions[place] as KnownDimension,
    }),
  );
  const obstacles = asked.map((one) => obstacle(reader, one));
  const [measured, targets] = await Promise.all([
    measure(reader, asked, (place) => obstacles[place] === null),
    targetsOf(reader, asked, (place) => obstacles[place] !== 'FORBIDDEN'),
  ]);
  const settleDays = reader.settings.get(KPI_SETTINGS.settleDays);
  return asked.map(({ definition, period, dimension }, place): KpiValueRow => {
    const found = measured.get(place) ?? null;
    return {
      definition,
      period,
      dimension,
      status: obstacles[place] ?? (found?.value == null ? 'NO_DENOMINATOR' : 'OK'),
      measured: found,
      asOf: reader.now,
      provisional: isProvisional(period, definition.measure?.waits ?? false, settleDays, reader.now),
      target: targets.get(place) ?? null,
    };
  });
});

/** What stands in the way of a value, before anything is counted. */
function obstacle(reader: Reader, { definition, dimension }: Asked): KpiStatus | null {
  if (!mayRead(reader.viewer, definition, dimension)) return 'FORBIDDEN';
  if (!definition.dimensions.includes(dimension.kind)) return 'DIMENSION_NOT_OFFERED';
  if (definition.severalValues) return 'SEVERAL_VALUES';
  return definition.measure ? null : 'NO_DATA';
}

/** Tickets in a dimension: those of the handling team and its department, of the handler, the customer, the area. */
function ticketsWithin({ kind, id }: KpiDimension): Sql {
  switch (kind) {
    case 'COMPANY':
      return sql`true`;
    case 'DEPARTMENT':
      return sql`t.team_id in (select g.id from team g where g.department_id = ${id}::uuid)`;
    case 'TEAM':
      return sql`t.team_id = ${id}::uuid`;
    case 'EMPLOYEE':
      return sql`t.assignee_id = ${id}::uuid`;
    case 'CUSTOMER':
      return sql`t.customer_id = ${id}::uuid`;
    case 'AREA':
      return sql`t.area_id = ${id}::uuid`;
  }
}

/** Every source with the places of what is asked of it. */
async function measure(
  reader: Reader,
  asked: readonly Asked[],
  open: (place: number) => boolean,
): Promise<Map<number, Measured>> {
  const places = new Map<KpiSource, number[]>();
  asked.forEach(({ definition }, place) => {
    if (!definition.measure || !open(place)) return;
    const { source } = definition.measure;
    places.set(source, [...(places.get(source) ?? []), place]);
  });
  const facts = await Promise.all([...places].map(([source, of]) => readSource(reader, source, asked, of)));
  return new Map(
    facts.flat().map(({ place, ...counted }) => {
      const { measure } = asked[place]?.definition ?? {};
      if (!measure) throw new Error('A source answered for what was not asked of it.');
      return [place, measure.compute(counted)];
    }),
  );
}

/** Each scope is a select of its own under one statement, so that each takes the index that fits its dimension. */
function readSource(
  reader: Reader,
  source: KpiSource,
  asked: readonly Asked[],
  places: readonly number[],
): Promise<(KpiFacts & { readonly place: number })[]> {
  const reopenDays = reader.settings.get(TICKET_SETTINGS.reopenDays);
  const scopes = places.map((place) => {
    const { period, dimension } = asked[place] as Asked;
    const facts = source.facts({
      start: new Date(period.start),
      end: new Date(period.end),
      now: reader.now,
      within: ticketsWithin(dimension),
      reopenDays,
    });
    return sql`select ${place}::int as place, f.numerator, f.denominator from (${facts}) f`;
  });
  return reader.query(join(scopes, ' union all '));
}

const NO_ID = '00000000-0000-0000-0000-000000000000';

/** By the unique index kpi_target_scope_key. */
async function targetsOf(
  reader: Reader,
  asked: readonly Asked[],
  open: (place: number) => boolean,
): Promise<Map<number, KpiTargetRow>> {
  const scopes = asked.flatMap(({ definition, period, dimension }, place) =>
    open(place)
      ? [{ place, key: definition.key, period: period.key, kind: dimension.kind, id: dimension.id ?? NO_ID }]
      : [],
  );
  if (scopes.length === 0) return new Map();
  const rows = await reader.query<KpiTargetRow & { place: number }>(sql`
    select s.place, ${TARGET_COLUMNS}
    from jsonb_to_recordset(${JSON.stringify(scopes)}::jsonb) as s(place int, key text, period text, kind text, id uuid)
    join kpi_target k on k.key = s.key and k.dimension_kind = s.kind::"KpiDimensionKind"
      and coalesce(k.dimension_id, ${NO_ID}::uuid) = s.id and k.period = s.period`);
  return new Map(rows.map((row) => [row.place, row]));
}

const TARGET_COLUMNS = sql`k.id, k.key, k.dimension_kind as "dimensionKind", k.dimension_id as "dimensionId", k.period,
  trim_scale(k.value)::text as value, trim_scale(k.tolerance)::text as tolerance, k.set_by_id as "setById",
  k.set_at as "setAt", k.version`;

/** The target of a scope, locked; null when none is set. */
export async function lockTarget(
  db: Queryable,
  scope: { readonly key: string; readonly dimension: KpiDimension; readonly period: string },
): Promise<KpiTargetRow | null> {
  const [row] = await db.query<KpiTargetRow>(sql`
    select ${TARGET_COLUMNS} from kpi_target k
    where k.key = ${scope.key} and k.dimension_kind = ${scope.dimension.kind}::"KpiDimensionKind"
      and coalesce(k.dimension_id, ${NO_ID}::uuid) = ${scope.dimension.id ?? NO_ID}::uuid and k.period = ${scope.period}
    for update`);
  return row ?? null;
}

interface CustomerFacts {
  readonly id: string;
  readonly areaId: string | null;
  readonly isKeyAccount: boolean;
}

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
