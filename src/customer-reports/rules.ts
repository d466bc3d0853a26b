import type { CustomerReportState } from '../generated/prisma/enums.ts';
import type { Workflow } from '../lib/workflow.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';

export type ReportAction = 'FILL' | 'APPROVE' | 'RETURN';

/** A report is prepared, filled in and reviewed; who reviews may give it back (CUS-34). */
export const REPORT_WORKFLOW: Workflow<CustomerReportState, ReportAction> = {
  PREPARED: { FILL: 'FILLED' },
  FILLED: { FILL: 'FILLED', APPROVE: 'REVIEWED', RETURN: 'PREPARED' },
  REVIEWED: {},
};

/** What a viewer may do with a report, as data. Nobody reviews what they have filled in. */
export function reportActions(
  viewer: Viewer,
  { state, filledById }: { readonly state: CustomerReportState; readonly filledById: string | null },
): { action: string; allowed: boolean; reason: string | null }[] {
  const possible = REPORT_WORKFLOW[state];
  const right = (action: string, reason: string | null) => ({ action, allowed: reason === null, reason });
  const stateReason = (action: ReportAction) => (possible[action] ? null : `STATE_${state}`);
  return [
    right('customerReportFill', can(viewer, 'customerReport', 'write') ? stateReason('FILL') : 'FORBIDDEN'),
    right(
      'customerReportReview',
      !can(viewer, 'customerReport', 'approve')
        ? 'FORBIDDEN'
        : (stateReason('APPROVE') ?? (filledById === viewer.employeeId ? 'OWN_REPORT' : null)),
    ),
  ];
}
