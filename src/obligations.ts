import { advanceApprovalSteps } from './approvals/commands/deadlines.ts';
import { APPROVAL_STEP } from './approvals/commands/requests.ts';
import { endRetention } from './attachments/commands/removal.ts';
import { ATTACHMENT_RETENTION } from './attachments/commands/uploads.ts';
import { expireGrants } from './customers/commands/access.ts';
import { advanceCoverage, DUTY_COVERAGE } from './duty/commands/coverage.ts';
import { EXPORT_END } from './exports/commands/create.ts';
import { sweepExports } from './exports/commands/download.ts';
import { KEY_ACCOUNT_CONTACT, sweepContactWeeks } from './key-accounts/commands/contacts.ts';
import { closePeriods, KPI_CLOSE } from './kpis/commands/close.ts';
import { judgeEndedPeriods, KPI_PERIOD_END } from './kpis/commands/off-target.ts';
import type { Organisation } from './organisation/queries.ts';
import type { ObligationKinds } from './platform/obligations.ts';
import { advanceRecomputes, SLA_RECOMPUTE } from './sla/commands/recompute.ts';
import { LIMIT_OBLIGATIONS } from './tickets/commands/clock.ts';
import {
  advanceDispatches,
  advanceFollowUps,
  advanceTicketLimits,
  advanceUnacknowledged,
  ESCALATION_ACKNOWLEDGE,
} from './tickets/commands/escalation.ts';
import { advanceReminders, TICKET_REMINDER } from './tickets/commands/reminders.ts';

/** What the sweep's handlers need to know of the organisation. */
export interface SweepDirectory {
  readonly organisation: Organisation;
  readonly timeZone: string;
}

/** Every kind of obligation and the area's function that works it off. */
export function OBLIGATION_KINDS({ organisation, timeZone }: SweepDirectory): ObligationKinds {
  const ticketLimits = advanceTicketLimits({ organisation, timeZone });
  return {
    ACCESS_GRANT_EXPIRY: expireGrants,
    [APPROVAL_STEP]: advanceApprovalSteps({ timeZone }),
    [ATTACHMENT_RETENTION]: endRetention(timeZone),
    [KEY_ACCOUNT_CONTACT]: sweepContactWeeks(timeZone),
    ...Object.fromEntries(LIMIT_OBLIGATIONS.map((kind) => [kind, ticketLimits])),
    [KPI_CLOSE]: closePeriods({ organisation, timeZone }),
    [KPI_PERIOD_END]: judgeEndedPeriods(timeZone),
    [DUTY_COVERAGE]: advanceCoverage({ organisation, timeZone }),
    [SLA_RECOMPUTE]: advanceRecomputes(timeZone),
    TICKET_DISPATCH_CONFIRM: advanceDispatches(organisation),
    TICKET_FOLLOW_UP: advanceFollowUps,
    [ESCALATION_ACKNOWLEDGE]: advanceUnacknowledged({ organisation, timeZone }),
    [TICKET_REMINDER]: advanceReminders({ organisation, timeZone }),
    [EXPORT_END]: sweepExports,
  };
}
