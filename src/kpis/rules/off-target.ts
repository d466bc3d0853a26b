import type { KpiDirection, KpiUnit } from '../../generated/prisma/enums.ts';
import type { Period } from '../../lib/periods.ts';
import { PERMISSIONS, ROLES } from '../../organisation/rules/permissions.ts';
import { attainmentOf, type KpiDimension, type Measured } from './figures.ts';

/** What deciding needs to know of a metric. */
interface Judged {
  readonly unit: KpiUnit;
  readonly direction: KpiDirection;
  readonly owner: string;
  readonly service: boolean;
  readonly measure: { readonly grows: boolean } | null;
}

/**
 * Whether a value lies outside of its tolerance on the bad side (KPM-02). While its period runs, a sum that still
 * grows is not behind, and a share or mean of fewer than `minimum` things says nothing yet.
 */
export function isOffTarget(
  kpi: Judged,
  { value, denominator }: Measured,
  target: { readonly value: string; readonly tolerance: string },
  running: { readonly period: Period; readonly now: Date; readonly minimum: number },
): boolean {
  if (value === null || attainmentOf(kpi.direction, value, target) !== 'MISSED') return false;
  if (running.period.end <= running.now.getTime()) return true;
  if (kpi.measure?.grows) return kpi.direction === 'LOWER_IS_BETTER';
  return denominator === null || Number(denominator) >= running.minimum;
}

/** Who hears of it: HEAD, DATA_ANALYST and who answers for the metric, as far as they may read the figure (EVT-47). */
export function offTargetAudience(
  kpi: Judged,
  dimension: KpiDimension,
): { readonly roles: string[]; readonly employees: string[] } {
  const owners = kpi.owner.split(', ');
  const roles = ROLES.filter((role) => {
    const reach = PERMISSIONS.kpi[role].read ?? [];
    if (role !== 'HEAD' && role !== 'DATA_ANALYST' && !owners.includes(role)) return false;
    return (
      reach.includes('ALL') || (reach.includes('SERVICE') && kpi.service && dimension.kind === 'COMPANY')
    );
  });
  return { roles, employees: dimension.kind === 'EMPLOYEE' && dimension.id ? [dimension.id] : [] };
}
