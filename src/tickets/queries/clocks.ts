import type { TicketCategory } from '../../generated/prisma/enums.ts';
import type { Reader } from '../../organisation/queries.ts';
import { type CalendarFacts, calendarFacts, calendarOf } from '../../platform/calendars.ts';
import { defineLoader } from '../../platform/loaders.ts';
import type { Settings } from '../../platform/settings-register.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import type { SlaFacts } from '../rules/sla-clock.ts';
import {
  calendarAt,
  type CalendarVersion,
  clockTerms,
  type PolicyVersion,
  type ServiceLevels,
  type TermSettings,
} from '../rules/sla-terms.ts';
import { TICKET_SETTINGS } from '../settings.ts';

interface PolicyRow extends Omit<PolicyVersion, 'validFrom' | 'limits'> {
  readonly validFrom: string;
  readonly acknowledge: string | null;
  readonly firstResponse: string | null;
  readonly decision: string | null;
  readonly progress: string | null;
  readonly resolution: string;
}

interface CalendarRow {
  readonly id: string;
  readonly code: string;
  readonly revision: number;
  readonly validFrom: string;
  readonly definition: CalendarFacts;
}

/** All approved versions of policies and calendars: some dozens of rows, one statement. */
export async function loadServiceLevels(db: Queryable, timeZone: string): Promise<ServiceLevels> {
  const [row] = await db.query<{ policies: PolicyRow[]; calendars: CalendarRow[] }>(sql`
    select
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'id', p.id, 'code', p.code, 'revision', p.revision, 'category', p.category, 'severity', p.severity,
          'calendarCode', p.calendar_code, 'acknowledge', p.acknowledge, 'firstResponse', p.first_response,
          'decision', p.decision, 'progress', p.progress, 'resolution', p.resolution,
          'pauseWhileWaiting', p.pause_while_waiting, 'gradeFactors', p.grade_factors, 'levelFactors', p.level_factors,
          'validFrom', p.valid_from) order by p.valid_from, p.approved_at, p.revision)
        from sla_policy p where p.approved_at is not null), '[]') as policies,
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'id', c.id, 'code', c.code, 'revision', c.revision, 'validFrom', c.valid_from,
          'definition', ${calendarFacts(sql`c`)}) order by c.valid_from, c.approved_at, c.revision)
        from business_calendar c where c.approved_at is not null), '[]') as calendars`);
  return {
    policies: (row?.policies ?? []).map(policyVersion),
    calendars: (row?.calendars ?? []).map((calendar) => calendarVersion(calendar, timeZone)),
  };
}

function policyVersion(row: PolicyRow): PolicyVersion {
  const { acknowledge, firstResponse, decision, progress, resolution, ...version } = row;
  return {
    ...version,
    validFrom: new Date(row.validFrom),
    limits: {
      ACKNOWLEDGE: acknowledge,
      FIRST_RESPONSE: firstResponse,
      DECISION: decision,
      PROGRESS: progress,
      RESOLUTION: resolution,
    },
  };
}

/** Its hours are worked out when a clock asks for them: most versions are history. */
function calendarVersion(row: CalendarRow, timeZone: string): CalendarVersion {
  const { id, code, revision } = row;
  return {
    id,
    code,
    revision,
    validFrom: new Date(row.validFrom),
    get calendar() {
      return calendarOf(row.definition, timeZone);
    },
  };
}

/** The policy numbers that terms depend on, as they stand now. */
export function termSettings(settings: Settings): TermSettings {
  return {
    keyAccountFactor: settings.get(TICKET_SETTINGS.keyAccountFactor),
    pauseWhileWaiting: settings.get(TICKET_SETTINGS.pauseWhileWaiting),
    atRisk: settings.get(TICKET_SETTINGS.atRisk),
  };
}

/** Terms as they are kept; older ones name neither calendar nor settings. */
interface TermRow {
  readonly from: string;
  readonly policyId: string;
  readonly calendarId: string | null;
  readonly factor: number;
  readonly pauses: boolean | null;
  readonly atRiskShare: number | null;
}

/** What the clock of a ticket's present cycle is worked out from. */
export interface ClockFactsRow {
  readonly id: string;
  readonly category: TicketCategory;
  readonly cycle: number;
  readonly cycleStartedAt: Date;
  readonly status: string;
  readonly assigneeId: string | null;
  readonly acknowledgedAt: Date | null;
  readonly firstRespondedAt: Date | null;
  readonly planProposedAt: Date | null;
  readonly planDecidedAt: Date | null;
  readonly resolvedAt: Date | null;
  readonly updatedAt: Date;
  readonly terms: readonly TermRow[];
  readonly waits: readonly { readonly from: string; readonly to: string | null }[];
  readonly replies: readonly {
    readonly at: string;
    readonly customer: boolean;
    readonly progress: boolean;
  }[];
}

/** The facts of many tickets with one statement. */
export async function loadClockFacts(db: Queryable, ticketIds: readonly string[]): Promise<ClockFactsRow[]> {
  return db.query<ClockFactsRow>(sql`
    select t.id, t.category, t.cycle, t.cycle_started_at as "cycleStartedAt", t.status, t.assignee_id as "assigneeId",
           t.acknowledged_at as "acknowledgedAt", t.first_responded_at as "firstRespondedAt",
           t.plan_proposed_at as "planProposedAt", t.plan_decided_at as "planDecidedAt",
           t.resolved_at as "resolvedAt", t.updated_at as "updatedAt",
           coalesce((
             select jsonb_agg(jsonb_build_object('from', s."from", 'policyId', s.sla_policy_id, 'calendarId', s.calendar_id,
               'factor', s.factor, 'pauses', s.pauses, 'atRiskShare', s.at_risk_share) order by s."from", s.id)
             from ticket_sla_term s where s.ticket_id = t.id and s.cycle = t.cycle), '[]') as terms,
           coalesce((
             select jsonb_agg(jsonb_build_object('from', w."from", 'to', w."to") order by w."from")
             from ticket_wait w where w.ticket_id = t.id and w.cycle = t.cycle), '[]') as waits,
           coalesce((
             select jsonb_agg(jsonb_build_object('at', r.at, 'customer', r.from_customer, 'progress', r.is_progress) order by r.at)
             from ticket_reply r where r.ticket_id = t.id and r.cycle = t.cycle and r.state = 'SENT' and (r.from_customer or r.is_progress)), '[]') as replies
    from ticket t
    where t.id = any(${[...ticketIds]}::uuid[])`);
}

/** Facts as the pure clock takes them; null for a ticket whose clock was never started (imported history). */
export function clockFacts(row: ClockFactsRow, levels: ServiceLevels, settings: Settings): SlaFacts | null {
  if (row.terms.length === 0) return null;
  const policies = new Map(levels.policies.map((policy) => [policy.id, policy]));
  const calendars = new Map(levels.calendars.map((calendar) => [calendar.id, calendar]));
  const cancelled = row.status === 'CANCELLED';
  return {
    startedAt: row.cycleStartedAt.getTime(),
    terms: row.terms.map((term) => {
      const policy = policies.get(term.policyId);
      if (!policy) throw new Error(`The SLA policy ${term.policyId} is gone.`);
      const from = new Date(term.from);
      const calendar =
        calendars.get(term.calendarId ?? '') ?? calendarAt(levels.calendars, policy.calendarCode, from);
      const pauses =
        row.category !== 'COMPLAINT' && (term.pauses ?? settings.get(TICKET_SETTINGS.pauseWhileWaiting));
      const atRiskShare = term.atRiskShare ?? settings.get(TICKET_SETTINGS.atRisk);
      return clockTerms({ policy, calendar, factor: term.factor, pauses, atRiskShare }, from.getTime());
    }),
    waits: row.waits.map((wait) => ({
      from: Date.parse(wait.from),
      to: wait.to === null ? null : Date.parse(wait.to),
    })),
    customerReplies: row.replies.filter((reply) => reply.customer).map((reply) => Date.parse(reply.at)),
    acknowledgedAt: row.acknowledgedAt?.getTime() ?? null,
    firstRespondedAt: row.firstRespondedAt?.getTime() ?? null,
    planProposedAt: row.planProposedAt?.getTime() ?? null,
    decidedAt: row.planDecidedAt?.getTime() ?? null,
    progressNoticesAt: row.replies.filter((reply) => reply.progress).map((reply) => Date.parse(reply.at)),
    resolvedAt: row.resolvedAt?.getTime() ?? null,
    cancelledAt: cancelled ? row.updatedAt.getTime() : null,
  };
}

/** Facts of a ticket's clock, and the policies they refer to; two statements for any number of tickets. */
export const clockOfTicket = defineLoader(async (reader: Reader, ids) => {
  const [levels, rows] = await Promise.all([
    loadServiceLevels(reader, reader.timeZone),
    loadClockFacts(reader, ids),
  ]);
  const byId = new Map(rows.map((row) => [row.id, clockFacts(row, levels, reader.settings)]));
  return ids.map((id) => byId.get(id) ?? null);
});

/** Policies by id, for `sla.policy`. */
export const policyById = defineLoader(async (reader: Reader, ids) => {
  const { policies } = await loadServiceLevels(reader, reader.timeZone);
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  return ids.map((id) => byId.get(id) ?? null);
});
