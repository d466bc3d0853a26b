import type { BusinessCalendar } from '../../lib/business-calendar.ts';
import type { TicketCategory, TicketSeverity } from '../../generated/prisma/enums.ts';
import type { Reader } from '../../organisation/queries.ts';
import { type CalendarFacts, calendarFacts, calendarOf } from '../../platform/calendars.ts';
import { defineLoader } from '../../platform/loaders.ts';
import type { Settings } from '../../platform/settings-register.ts';
import { type Queryable, sql } from '../../platform/sql.ts';
import type { LimitKind, SlaFacts } from '../rules/sla-clock.ts';
import { TICKET_SETTINGS } from '../settings.ts';

/** A version of a policy with its calendar. */
export interface SlaPolicyEntry {
  readonly id: string;
  readonly code: string;
  readonly revision: number;
  readonly category: TicketCategory;
  readonly severity: TicketSeverity | null;
  readonly validFrom: Date;
  readonly limits: Readonly<Partial<Record<LimitKind, string | null>>>;
  readonly calendar: BusinessCalendar;
}

interface PolicyRow {
  readonly id: string;
  readonly code: string;
  readonly revision: number;
  readonly category: TicketCategory;
  readonly severity: TicketSeverity | null;
  readonly validFrom: Date;
  readonly acknowledge: string | null;
  readonly firstResponse: string | null;
  readonly decision: string | null;
  readonly progress: string | null;
  readonly resolution: string;
  readonly calendar: CalendarFacts;
}

/** All policies and calendars: some ten rows, one statement. */
export async function loadSlaPolicies(db: Queryable, timeZone: string): Promise<SlaPolicyEntry[]> {
  const rows = await db.query<PolicyRow>(sql`
    select p.id, p.code, p.revision, p.category, p.severity, p.valid_from as "validFrom", p.acknowledge,
           p.first_response as "firstResponse", p.decision, p.progress, p.resolution,
           ${calendarFacts(sql`c`)} as calendar
    from sla_policy p join business_calendar c on c.id = p.calendar_id
    order by p.valid_from, p.revision`);
  return rows.map((row) => ({
    id: row.id,
    code: row.code,
    revision: row.revision,
    category: row.category,
    severity: row.severity,
    validFrom: row.validFrom,
    limits: {
      ACKNOWLEDGE: row.acknowledge,
      FIRST_RESPONSE: row.firstResponse,
      DECISION: row.decision,
      PROGRESS: row.progress,
      RESOLUTION: row.resolution,
    },
    calendar: calendarOf(row.calendar, timeZone),
  }));
}

/** The policy in force for a kind of ticket: the newest that has begun. */
export function policyFor(
  policies: readonly SlaPolicyEntry[],
  ticket: { readonly category: TicketCategory; readonly severity: TicketSeverity },
  at: Date,
): SlaPolicyEntry {
  const fitting = policies.filter(
    (p) =>
      p.category === ticket.category &&
      (p.severity === null || p.severity === ticket.severity) &&
      p.validFrom <= at,
  );
  const policy = fitting.at(-1);
  if (!policy) throw new Error(`There is no SLA policy for ${ticket.category} ${ticket.severity}.`);
  return policy;
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
  readonly terms: readonly { readonly from: string; readonly policyId: string; readonly factor: number }[];
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
             select jsonb_agg(jsonb_build_object('from', s."from", 'policyId', s.sla_policy_id, 'factor', s.factor) order by s."from", s.id)
             from ticket_sla_term s where s.ticket_id = t.id and s.cycle = t.cycle), '[]') as terms,
           coalesce((
             select jsonb_agg(jsonb_build_object('from', w."from", 'to', w."to") order by w."from")
             from ticket_wait w where w.ticket_id = t.id and w.cycle = t.cycle), '[]') as waits,
           coalesce((
             select jsonb_agg(jsonb_build_object('at', r.at, 'customer', r.from_customer, 'progress', r.is_progress) order by r.at)
             from ticket_reply r where r.ticket_id = t.id and r.cycle = t.cycle and (r.from_customer or r.is_progress)), '[]') as replies
    from ticket t
    where t.id = any(${[...ticketIds]}::uuid[])`);
}

/** Facts as the pure clock takes them; null for a ticket whose clock was never started (imported history). */
export function clockFacts(
  row: ClockFactsRow,
  policies: readonly SlaPolicyEntry[],
  settings: Settings,
): SlaFacts | null {
  if (row.terms.length === 0) return null;
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  const cancelled = row.status === 'CANCELLED';
  return {
    startedAt: row.cycleStartedAt.getTime(),
    terms: row.terms.map((term) => {
      const policy = byId.get(term.policyId);
      if (!policy) throw new Error(`The SLA policy ${term.policyId} is gone.`);
      return {
        from: Date.parse(term.from),
        policyCode: policy.code,
        policyVersion: policy.revision,
        limits: policy.limits,
        factor: term.factor,
        calendar: policy.calendar,
        pauseWhileWaiting: row.category !== 'COMPLAINT' && settings.get(TICKET_SETTINGS.pauseWhileWaiting),
        atRiskShare: settings.get(TICKET_SETTINGS.atRisk),
      };
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
  const [policies, rows] = await Promise.all([
    loadSlaPolicies(reader, reader.timeZone),
    loadClockFacts(reader, ids),
  ]);
  const byId = new Map(rows.map((row) => [row.id, clockFacts(row, policies, reader.settings)]));
  return ids.map((id) => byId.get(id) ?? null);
});

/** Policies by id, for `sla.policy`. */
export const policyById = defineLoader(async (reader: Reader, ids) => {
  const policies = new Map(
    (await loadSlaPolicies(reader, reader.timeZone)).map((policy) => [policy.id, policy]),
  );
  return ids.map((id) => policies.get(id) ?? null);
});
