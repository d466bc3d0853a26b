import { Forbidden, invalid, Issues, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { kpiOf } from '../definitions/index.ts';
import { watchCloses } from './close.ts';
import { judge, watchPeriodEnds } from './off-target.ts';
import { knownDimensions, lockTarget, targetsById } from '../queries/values.ts';
import { checkTarget, defaultTolerance, type KpiDimension, readPeriod } from '../rules/figures.ts';
import { KPI_SETTINGS } from '../settings.ts';

export interface KpiTargetSetInput {
  readonly key: string;
  readonly period: string;
  readonly dimension: KpiDimension;
  readonly value: string;
  readonly tolerance?: string | null;
  readonly expectedVersion?: number | null;
}

/** What was set: what `kpiTarget` reads again. */
export interface KpiTargetSet {
  readonly key: string;
  readonly period: string;
  readonly dimension: KpiDimension;
}

/** Sets the value a metric should reach in a period and a dimension (KPM-02). */
export async function kpiTargetSet(
  tx: Command,
  viewer: Viewer,
  input: KpiTargetSetInput,
  read: Pick<Reader, 'organisation' | 'sees' | 'timeZone'>,
): Promise<KpiTargetSet> {
  if (!can(viewer, 'kpiTarget', 'write')) throw new Forbidden(rolesWith('kpiTarget', 'write'));
  const definition = kpiOf(input.key);
  const period = readPeriod(input.period, read.timeZone, 'period.key');
  const [dimension] = await knownDimensions(tx, read, [input.dimension]);
  const issues = new Issues();
  issues.expect(
    definition.dimensions.includes(input.dimension.kind),
    'dimension.kind',
    text(`one of ${definition.dimensions.join(', ')}`, `可用维度：${definition.dimensions.join('、')}`),
  );
  issues.expect(dimension?.exists ?? false, 'dimension.id', text('something that exists', '已存在的对象'));
  checkTarget(issues, definition, { value: input.value, tolerance: input.tolerance ?? null });
  issues.throwIfAny();
  const scope = { key: definition.key, dimension: input.dimension, period: period.key };
  const tolerance = input.tolerance ?? defaultTolerance(input.value, tx.settings.get(KPI_SETTINGS.tolerance));
  const target = { value: input.value, tolerance, setById: viewer.employeeId, setAt: tx.now };
  const current = await lockTarget(tx, scope);
  if (!current && input.expectedVersion != null) {
    throw invalid('expectedVersion', text('nothing: no target is set yet', '尚未设定目标，不应填写'));
  }
  if (current && current.version !== input.expectedVersion) throw new StaleVersion(current.version);
  const id = current?.id ?? (await create(tx, scope, target));
  if (current) {
    await tx.prisma.kpiTarget.update({ where: { id }, data: { ...target, version: { increment: 1 } } });
  }
  await watchPeriodEnds(tx, [{ targetId: id, period }]);
  // A period that ended before anybody asked for its values stays open to late facts.
  if (period.end > tx.now.getTime()) await watchCloses(tx, [period]);
  await judge(tx, await targetsById(tx, [id]), read.timeZone);
  tx.audit({
    action: 'kpiTargetSet',
    subjectType: 'KpiTarget',
    subjectId: id,
    ...(current ? { before: { value: current.value, tolerance: current.tolerance } } : {}),
    after: { ...scope, value: target.value, tolerance },
  });
  return scope;
}

async function create(
  tx: Command,
  scope: KpiTargetSet,
  target: { value: string; tolerance: string; setById: string; setAt: Date },
): Promise<string> {
  const id = newId();
  // Of two that set the same target at once the second waits for the first, and then hears of its version.
  const made = await tx.query<{ id: string }>(sql`
    insert into kpi_target (id, key, dimension_kind, dimension_id, period, value, tolerance, set_by_id, set_at)
    values (${id}::uuid, ${scope.key}, ${scope.dimension.kind}::"KpiDimensionKind", ${scope.dimension.id}::uuid,
            ${scope.period}, ${target.value}::numeric, ${target.tolerance}::numeric, ${target.setById}::uuid,
            ${target.setAt}::timestamptz)
    on conflict do nothing
    returning id`);
  if (made.length === 0) throw new StaleVersion((await lockTarget(tx, scope))?.version ?? 1);
  return id;
}
