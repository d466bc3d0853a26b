import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { type Queryable, type Sql, sql } from '../../platform/sql.ts';
import type { KpiDimension, Measured } from '../rules/figures.ts';
import { COMPANY_ID } from './facts.ts';

/** A value as it was kept at the close of its period, or a later correction of it (KPM-03). */
export interface KeptValue extends Measured {
  readonly correction: number;
  readonly asOf: Date;
  readonly definitionVersion: number;
}

/** Names a metric in a period and a dimension. */
export interface KpiScope {
  readonly key: string;
  readonly period: string;
  readonly dimension: KpiDimension;
}

export function scopeKey({ key, period, dimension: { kind, id } }: KpiScope): string {
  return JSON.stringify([key, period, kind, id ?? COMPANY_ID]);
}

/** Scopes as a relation `s` of `place`, `key`, `period`, `kind` and `id`, which is the nil UUID for the company. */
export function scopesRelation(encoded: readonly string[]): Sql {
  const scopes = encoded.map((one, place) => {
    const [key, period, kind, id] = JSON.parse(one) as string[];
    return { place, key, period, kind, id };
  });
  return sql`jsonb_to_recordset(${JSON.stringify(scopes)}::jsonb)
    as s(place int, key text, period text, kind "KpiDimensionKind", id uuid)`;
}

interface KeptRow extends Omit<KeptValue, keyof Measured> {
  readonly place: number;
  readonly shown: Measured;
}

/** What was kept of scopes: first the value of the close, then its corrections. By the unique index kpi_value_scope_key. */
export const keptOf = defineLoader((db: Pick<Reader, 'query'>, keys) => readKept(db, keys));

export async function readKept(db: Queryable, keys: readonly string[]): Promise<KeptValue[][]> {
  if (keys.length === 0) return [];
  const rows = await db.query<KeptRow>(sql`
    select s.place, v.correction, v.shown, v.as_of as "asOf", v.definition_version as "definitionVersion"
    from ${scopesRelation(keys)}
    join kpi_value v on v.key = s.key and v.dimension_kind = s.kind
      and coalesce(v.dimension_id, ${COMPANY_ID}::uuid) = s.id and v.period = s.period
    order by s.place, v.correction`);
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return keys.map((_, place) =>
    (byPlace.get(place) ?? []).map(({ correction, shown, asOf, definitionVersion }) => ({
      ...shown,
      correction,
      asOf,
      definitionVersion,
    })),
  );
}

/** A scope with the last that was kept of it. */
export interface LastKept extends KpiScope {
  readonly correction: number;
  readonly shown: Measured;
}

/**
 * The values in force of metrics in periods; of those without a period, of every period. By kpi_value_period_idx, and by
 * the unique index kpi_value_scope_key.
 */
export async function lastKept(
  db: Queryable,
  asked: readonly { readonly key: string; readonly period: string | null }[],
): Promise<LastKept[]> {
  if (asked.length === 0) return [];
  const rows = await db.query<
    Omit<LastKept, 'dimension'> & { readonly kind: KpiDimension['kind']; readonly id: string | null }
  >(sql`
    select distinct on (v.key, v.period, v.dimension_kind, v.dimension_id)
           v.key, v.period, v.dimension_kind as kind, v.dimension_id as id, v.correction, v.shown
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(key text, period text)
    join kpi_value v on v.key = a.key and (a.period is null or v.period = a.period)
    order by v.key, v.period, v.dimension_kind, v.dimension_id, v.correction desc`);
  return rows.map(({ kind, id, ...row }) => ({ ...row, dimension: { kind, id } }));
}
