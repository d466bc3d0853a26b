import { complaintEffectiveness } from './complaint-effectiveness.ts';
import { complaintHandlingSatisfaction } from './complaint-handling-satisfaction.ts';
import { complaintResolutionRate } from './complaint-resolution-rate.ts';
import { complaintTimeliness } from './complaint-timeliness.ts';
import { complaintsReceived } from './complaints-received.ts';
import type { KpiDefinition } from './definition.ts';
import { inquiryTimeliness } from './inquiry-timeliness.ts';
import { NOT_COMPUTED } from './not-computed.ts';
import { orderStatusResponseTime } from './order-status-response-time.ts';

/** Every metric, in the order of the rulebook's catalogue; those outside of it come last. */
export const KPIS: readonly KpiDefinition[] = [
  ...NOT_COMPUTED,
  inquiryTimeliness,
  complaintHandlingSatisfaction,
  complaintResolutionRate,
  complaintTimeliness,
  complaintEffectiveness,
  complaintsReceived,
  orderStatusResponseTime,
].sort((a, b) => place(a.key) - place(b.key));

function place(key: string): number {
  return Number(/^KPI_(\d+)$/.exec(key)?.[1] ?? 1_000);
}

const byKey = new Map(KPIS.map((kpi) => [kpi.key, kpi]));

/** The metric of a key that the API has accepted. */
export function kpiOf(key: string): KpiDefinition {
  const kpi = byKey.get(key);
  if (!kpi) throw new Error(`${key} is no metric of the registry.`);
  return kpi;
}
