import { type Period, parsePeriod, periodOf, type PeriodKind } from '../../lib/periods.ts';
import type { Command } from '../../platform/command.ts';
import { type AdvanceObligations, putObligations } from '../../platform/obligations.ts';
import { type FactTable, factsOfQuery } from '../definitions/definition.ts';
import { kpiOf } from '../definitions/index.ts';
import { type KpiTargetRow, targetsById, targetsOfPeriods, measureValues } from '../queries/values.ts';
import type { KpiDimension } from '../rules/figures.ts';
import { isOffTarget, offTargetAudience } from '../rules/off-target.ts';
import { KPI_SETTINGS } from '../settings.ts';

/** The obligation that judges a target when its period has ended. */
export const KPI_PERIOD_END = 'KPI_PERIOD_END';

const KINDS: readonly PeriodKind[] = ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'];

/** Judges the targets whose figures were counted again, and tells of those that are off (KPM-02, EVT-47). */
export async function judgeCounted(
  tx: Command,
  days: ReadonlyMap<FactTable, readonly string[]>,
  timeZone: string,
): Promise<void> {
  const counted = [...days].filter(([facts]) => facts !== 'budgets' && facts !== 'targets');
  const keys = new Set(
    counted.flatMap(([, marked]) =>
      marked.flatMap((day) => {
        const { start } = parsePeriod(day, timeZone);
        return KINDS.map((kind) => periodOf(start, kind, timeZone).key);
      }),
    ),
  );
  const tables = new Set(counted.map(([facts]) => facts));
  const targets = await targetsOfPeriods(tx, [...keys]);
  await judge(
    tx,
    targets.filter(({ key }) =>
      kpiOf(key).measure?.of.some((query) => factsOfQuery(query).some((facts) => tables.has(facts))),
    ),
    timeZone,
  );
}

/** Judges targets as they stand. Each tells once that it is off; a target that is set anew tells again. */
export async function judge(tx: Command, targets: readonly KpiTargetRow[], timeZone: string): Promise<void> {
  if (targets.length === 0) return;
  const asked = targets.map((target) => ({
    target,
    definition: kpiOf(target.key),
    period: parsePeriod(target.period, timeZone),
    dimension: { kind: target.dimensionKind, id: target.dimensionId } satisfies KpiDimension,
  }));
  const values = await measureValues(tx, asked, timeZone);
  const minimum = tx.settings.get(KPI_SETTINGS.offTargetMinimum);
  asked.forEach(({ target, definition, period, dimension }, place) => {
    const measured = values[place];
    if (!measured || !isOffTarget(definition, measured, target, { period, now: tx.now, minimum })) return;
    tx.emit({
      kind: 'KPI_OFF_TARGET',
      subjectId: null,
      audience: offTargetAudience(definition, dimension),
      payload: {
        key: target.key,
        period: target.period,
        dimensionKind: dimension.kind,
        dimensionId: dimension.id,
        actual: measured.value,
        target: target.value,
        tolerance: target.tolerance,
      },
      dedupeKey: `KPI_OFF_TARGET ${target.id} ${target.version}`,
    });
  });
}

/** Has targets judged at the end of their periods, when every value counts. */
export async function watchPeriodEnds(
  tx: Command,
  targets: readonly { readonly targetId: string; readonly period: Period }[],
): Promise<void> {
  await putObligations(
    tx,
    targets.map(({ targetId, period }) => {
      const dueAt = new Date(period.end);
      return {
        kind: KPI_PERIOD_END,
        subjectId: targetId,
        period: period.key,
        ownerId: null,
        startsAt: tx.now,
        warnAt: null,
        dueAt,
        nextAt: dueAt > tx.now ? dueAt : null,
        state: dueAt > tx.now ? 'OPEN' : 'MET',
        step: 0,
      };
    }),
  );
}

/** Judges the targets whose periods have ended. Marks that still wait judge theirs again when they are counted. */
export function judgeEndedPeriods(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    await judge(
      tx,
      await targetsById(
        tx,
        due.map(({ subjectId }) => subjectId),
      ),
      timeZone,
    );
    return due.map(({ id }) => ({ id, state: 'MET', step: 1, nextAt: null }));
  };
}
