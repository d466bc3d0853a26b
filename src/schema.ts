import './graphql/labels.ts';
import './graphql/scalars.ts';
import './organisation/schema.ts';
import './approvals/schema.ts';
import './attachments/schema.ts';
import './customers/schema.ts';
import './customers/schema/completeness.ts';
import './customers/schema/notes.ts';
import './customers/schema/stages.ts';
import './customers/schema/updates.ts';
import './duplicates/schema.ts';
import './budgets/schema.ts';
import './knowledge/schema.ts';
import './kpis/schema/anomalies.ts';
import './kpis/schema/kpis.ts';
import { DashboardChangeType } from './kpis/schema/dashboard.ts';
import './configuration/schema.ts';
import './exports/schema.ts';
import './search/schema.ts';
import './shipments/schema.ts';
import { KeyAccountAlertType } from './key-accounts/schema.ts';
import './key-accounts/schema/ranks.ts';
import './key-accounts/schema/reviews.ts';
import './key-accounts/schema/analyses.ts';
import './key-accounts/schema/meetings.ts';
import './key-accounts/schema/reports.ts';
import './key-accounts/schema/seasons.ts';
import './key-accounts/schema/work.ts';
import './visits/schema/cadence.ts';
import './visits/schema/visits.ts';
import './visits/schema/surveys.ts';
import './tickets/schema/mutations.ts';
import './tickets/schema/queue-lists.ts';
import './tickets/schema/types.ts';
import './duty/schema.ts';
import './feedback/schema.ts';
import './handover/schema.ts';
import './improvements/schema.ts';
import './tickets/schema/form.ts';
import './grading/schema.ts';
import './volumes/schema.ts';
import './webhooks/schema.ts';
import './customer-reports/schema.ts';
import './ledgers/schema.ts';
import './customers/schema/papers.ts';
import './work-reports/schema.ts';
import './sla/schema/versions.ts';
import './sla/schema/recomputes.ts';
import './sla/schema/service-calendars.ts';
import './sla/schema/simulation.ts';
import { ComplaintEscalationType } from './tickets/schema/escalation-event.ts';
import { ticketLevel } from './tickets/queries/visibility.ts';
import { addFeeds } from './graphql/live-types.ts';
import { resolveNodeIdsAtOnce } from './graphql/node.ts';
import { approvalLevel } from './approvals/queries/approvals.ts';
import { budgetLevel } from './budgets/queries.ts';
import { customerLevel } from './customers/queries/visibility.ts';
import { keyAccountLevel } from './key-accounts/queries/visibility.ts';
import { visitLevel } from './visits/queries/visibility.ts';
import { anomalyLevel } from './kpis/queries/anomalies.ts';
import { builder } from './graphql/builder.ts';
import type { RightsBySubject } from './platform/event-rights.ts';
import { sql } from './platform/sql.ts';

addFeeds({
  ComplaintEscalation: ComplaintEscalationType,
  KeyAccountAlert: KeyAccountAlertType,
  DashboardChange: DashboardChangeType,
});

export const schema = resolveNodeIdsAtOnce(builder.toSchema());

/** The visibility fragment of every entity that events are about. */
export const RIGHTS_BY_SUBJECT = {
  AnomalyCase: { from: sql`anomaly_case s`, level: anomalyLevel },
  Approval: { from: sql`approval s`, level: approvalLevel },
  Budget: { from: sql`budget s`, level: budgetLevel },
  Customer: { from: sql`customer s`, level: customerLevel },
  KeyAccount: { from: sql`key_account s`, level: keyAccountLevel },
  Ticket: { from: sql`ticket s`, level: ticketLevel },
  Visit: { from: sql`visit s`, level: visitLevel },
} satisfies RightsBySubject;
