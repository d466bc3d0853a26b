import { advanceApprovalSteps } from './approvals/commands/deadlines.ts';
import { APPROVAL_STEP } from './approvals/commands/requests.ts';
import { endRetention } from './attachments/commands/removal.ts';
import { ATTACHMENT_RETENTION } from './attachments/commands/uploads.ts';
import { expireGrants } from './customers/commands/access.ts';
import { FILE_CORRECTION, sweepCorrections } from './customers/commands/corrections.ts';
import { CUSTOMER_DAY, sweepCustomerDays } from './customers/commands/days.ts';
import { FILE_INTELLIGENCE, sweepIntelligence } from './customers/commands/notes.ts';
import { FILE_UPDATE, sweepPendingUpdates } from './customers/commands/pending-updates.ts';
import { CUSTOMER_REGISTRATION, sweepRegistrations } from './customers/commands/stages.ts';
import { FILE_VERIFICATION, sweepVerifications } from './customers/commands/verification.ts';
import { DUPLICATE_SEARCH, sweepDuplicates } from './duplicates/commands/find.ts';
import { advanceCoverage, DUTY_COVERAGE } from './duty/commands/coverage.ts';
import { EXPORT_END } from './exports/commands/create.ts';
import { sweepExports } from './exports/commands/download.ts';
import { advanceHandovers, HANDOVER } from './handover/commands.ts';
import { advanceImprovementPlans, IMPROVEMENT_PLAN } from './improvements/commands.ts';
import {
  advanceConfirmations,
  GRADE_CONFIRM,
  GRADING_RAISE,
  GRADING_RUN,
  sweepNights,
  sweepProposals,
} from './grading/commands/run.ts';
import { KEY_ACCOUNT_CONTACT, sweepContactWeeks } from './key-accounts/commands/contacts.ts';
import {
  advanceDuties,
  advanceUnassigned,
  DUTY_KINDS,
  KEY_ACCOUNT_UNASSIGNED,
} from './key-accounts/commands/duties.ts';
import { advanceCare, CARE_ACTION } from './key-accounts/commands/care.ts';
import {
  advanceMeetings,
  advanceMinutes,
  MEETING_MINUTES,
  MEETING_SERIES,
} from './key-accounts/commands/meetings.ts';
import { advanceReports, KEY_ACCOUNT_REVENUE } from './key-accounts/commands/reports.ts';
import { advanceSeasons, PEAK_SEASON } from './key-accounts/commands/seasons.ts';
import { KEY_ACCOUNT_NIGHT, workNight } from './key-accounts/commands/nightly.ts';
import { closePeriods, KPI_CLOSE } from './kpis/commands/close.ts';
import { judgeEndedPeriods, KPI_PERIOD_END } from './kpis/commands/off-target.ts';
import { keepLedgers, LEDGER_MONTH } from './ledgers/commands.ts';
import type { Organisation } from './organisation/queries.ts';
import type { ObligationKinds } from './platform/obligations.ts';
import { advanceRecomputes, SLA_RECOMPUTE } from './sla/commands/recompute.ts';
import { LIMIT_OBLIGATIONS } from './tickets/commands/clock.ts';
import { advanceUndispatched, TICKET_DISPATCH } from './tickets/commands/dispatch-watch.ts';
import {
  advanceDispatches,
  advanceFollowUps,
  advanceTicketLimits,
  advanceUnacknowledged,
  ESCALATION_ACKNOWLEDGE,
} from './tickets/commands/escalation.ts';
import { advanceReminders, TICKET_REMINDER } from './tickets/commands/reminders.ts';
import { CADENCE_NIGHT, sweepCadence } from './visits/commands/cadence.ts';
import { missVisits, VISIT_RECORD } from './visits/commands/visits.ts';
import { sweepVolumes, VOLUME_WATCH } from './volumes/commands.ts';
import {
  advanceReports as advanceWorkReports,
  advanceUrgent,
  askForReports,
  REPORT_MONTH,
  URGENT_ANSWER,
  WORK_REPORT,
} from './work-reports/commands.ts';

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
    [CUSTOMER_DAY]: sweepCustomerDays({ organisation, timeZone }),
    [DUPLICATE_SEARCH]: sweepDuplicates(timeZone),
    [CUSTOMER_REGISTRATION]: sweepRegistrations,
    [FILE_UPDATE]: sweepPendingUpdates,
    [FILE_CORRECTION]: sweepCorrections,
    [FILE_INTELLIGENCE]: sweepIntelligence,
    [FILE_VERIFICATION]: sweepVerifications,
    [ATTACHMENT_RETENTION]: endRetention(timeZone),
    [VOLUME_WATCH]: sweepVolumes(timeZone),
    [GRADING_RUN]: sweepNights(timeZone),
    [GRADING_RAISE]: sweepProposals(timeZone),
    [GRADE_CONFIRM]: advanceConfirmations,
    [KEY_ACCOUNT_CONTACT]: sweepContactWeeks(timeZone),
    [KEY_ACCOUNT_NIGHT]: workNight({ organisation, timeZone }),
    [KEY_ACCOUNT_UNASSIGNED]: advanceUnassigned(timeZone),
    [CARE_ACTION]: advanceCare,
    [KEY_ACCOUNT_REVENUE]: advanceReports,
    [PEAK_SEASON]: advanceSeasons,
    [MEETING_MINUTES]: advanceMinutes,
    ...Object.fromEntries(MEETING_SERIES.map((kind) => [kind, advanceMeetings])),
    ...Object.fromEntries(DUTY_KINDS.map((kind) => [kind, advanceDuties])),
    ...Object.fromEntries(LIMIT_OBLIGATIONS.map((kind) => [kind, ticketLimits])),
    [KPI_CLOSE]: closePeriods({ organisation, timeZone }),
    [LEDGER_MONTH]: keepLedgers(timeZone),
    [KPI_PERIOD_END]: judgeEndedPeriods(timeZone),
    [DUTY_COVERAGE]: advanceCoverage({ organisation, timeZone }),
    [SLA_RECOMPUTE]: advanceRecomputes(timeZone),
    TICKET_DISPATCH_CONFIRM: advanceDispatches(organisation),
    [HANDOVER]: advanceHandovers({ organisation, timeZone }),
    [TICKET_DISPATCH]: advanceUndispatched,
    [IMPROVEMENT_PLAN]: advanceImprovementPlans(organisation),
    TICKET_FOLLOW_UP: advanceFollowUps,
    [ESCALATION_ACKNOWLEDGE]: advanceUnacknowledged({ organisation, timeZone }),
    [TICKET_REMINDER]: advanceReminders({ organisation, timeZone }),
    [EXPORT_END]: sweepExports,
    [VISIT_RECORD]: missVisits,
    [REPORT_MONTH]: askForReports({ organisation, timeZone }),
    [WORK_REPORT]: advanceWorkReports,
    [URGENT_ANSWER]: advanceUrgent,
    [CADENCE_NIGHT]: sweepCadence(timeZone),
  };
}
