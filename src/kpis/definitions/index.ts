import { cadenceCompliance } from './cadence-compliance.ts';
import { complaintEffectiveness } from './complaint-effectiveness.ts';
import { complaintHandlingSatisfaction } from './complaint-handling-satisfaction.ts';
import { complaintResolutionRate } from './complaint-resolution-rate.ts';
import { complaintTimeliness } from './complaint-timeliness.ts';
import { complaintsReceived } from './complaints-received.ts';
import type { KpiDefinition } from './definition.ts';
import { inquiryTimeliness } from './inquiry-timeliness.ts';
import { NOT_COMPUTED } from './not-computed.ts';
import { orderStatusResponseTime } from './order-status-response-time.ts';
import { turnover } from './turnover.ts';
import { revenueGrowth } from './revenue-growth.ts';
import { businessGrowth } from './business-growth.ts';
import { complaintRate } from './complaint-rate.ts';
import { volume } from './volume.ts';
import { orderCycleTime } from './order-cycle-time.ts';
import { transportDelay } from './transport-delay.ts';
import { onTimeDelivery } from './on-time-delivery.ts';
import { lossAndDamage } from './loss-and-damage.ts';
import { turnoverGapMetric } from './turnover-gap.ts';
import { newCustomersMetric } from './new-customers.ts';
import { newCustomerQuality } from './new-customer-quality.ts';
import { customerGrowth } from './customer-growth.ts';
import { customerRetention } from './customer-retention.ts';
import { customerLoss } from './customer-loss.ts';
import { priorityCustomerRetention } from './priority-customer-retention.ts';
import { budgetExecution } from './budget-execution.ts';
import { loyaltyIndexMetric } from './loyalty-index.ts';
import { complaintCauses } from './complaint-causes.ts';
import { dataCompleteness } from './data-completeness.ts';
import { warningTimeliness } from './warning-timeliness.ts';
import { fileCompleteness } from './file-completeness.ts';
import { targetAccuracyMetric } from './target-accuracy.ts';
import { gradeSharesMetric } from './grade-shares.ts';
import { concentrationMetric } from './concentration.ts';
import { keyAccountAchievement } from './key-account-achievement.ts';
import { orderCompletion } from './order-completion.ts';

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
  turnover,
  revenueGrowth,
  businessGrowth,
  complaintRate,
  volume,
  orderCycleTime,
  transportDelay,
  onTimeDelivery,
  lossAndDamage,
  cadenceCompliance,
  turnoverGapMetric,
  newCustomersMetric,
  newCustomerQuality,
  customerGrowth,
  customerRetention,
  customerLoss,
  priorityCustomerRetention,
  budgetExecution,
  loyaltyIndexMetric,
  complaintCauses,
  dataCompleteness,
  warningTimeliness,
  fileCompleteness,
  targetAccuracyMetric,
  gradeSharesMetric,
  concentrationMetric,
  keyAccountAchievement,
  orderCompletion,
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
