import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type {
  CustomerGrade,
  KeyAccountLevel,
  TicketCategory,
  TicketSeverity,
} from '../../generated/prisma/enums.ts';
import { businessCalendar } from '../../lib/business-calendar.ts';
import { Forbidden, InvalidInput, Issues, invalid } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can } from '../../organisation/rules/viewer.ts';
import { sql } from '../../platform/sql.ts';
import { clockFacts, loadClockFacts, loadServiceLevels, termSettings } from '../../tickets/queries/clocks.ts';
import { ticketReadable } from '../../tickets/queries/visibility.ts';
import { calendarAt, policyFor, type ServiceLevels } from '../../tickets/rules/sla-terms.ts';
import { type SimulatedChange, simulation } from '../rules/simulation.ts';
import {
  type CalendarChange,
  checkCalendar,
  checkPolicy,
  draftCalendar,
  draftPolicy,
  type PolicyChange,
  weeklyOf,
} from '../rules/versions.ts';
import { SLA_SETTINGS } from '../settings.ts';
import { newestCalendar, newestPolicy } from './versions.ts';

export interface SlaSimulateInput {
  readonly closedFrom: Date;
  readonly closedUntil: Date;
  readonly policy?: (PolicyChange & { readonly code: string }) | null;
  readonly calendar?: (CalendarChange & { readonly code: string }) | null;
}

export type Simulation = ReturnType<ReturnType<typeof simulation>['result']>;

interface ClosedTicket {
  readonly id: string;
  readonly category: TicketCategory;
  readonly severity: TicketSeverity;
  readonly grade: CustomerGrade | null;
  readonly keyAccountLevel: KeyAccountLevel | null;
}

/** Tickets between two rests: others are served meanwhile. */
const AT_ONCE = 100;
const EXAMPLES_MAX = 50;

/**
 * How the limits of tickets that were closed in a period would have ended under another policy or calendar, counted over
 * those that the viewer may read. Writes nothing; as many statements for many tickets as for few.
 */
export async function slaSimulate(reader: Reader, input: SlaSimulateInput): Promise<Simulation> {
  if (!can(reader.viewer, 'ticket', 'read')) throw new Forbidden(rolesWith('ticket', 'read'));
  const levels = await loadServiceLevels(reader, reader.timeZone);
  const change = await simulatedChange(reader, input, levels);
  const max = reader.settings.get(SLA_SETTINGS.simulateTickets);
  // By the index ticket_closed_sql.
  const tickets = await reader.query<ClosedTicket>(sql`
    select t.id, t.category, t.severity, c.grade, k.level as "keyAccountLevel"
    from ticket t
    left join customer c on c.id = t.customer_id
    left join key_account k on k.customer_id = t.customer_id and k.ended_at is null
    where t.status = 'CLOSED' and t.closed_at >= ${input.closedFrom}::timestamptz and t.closed_at < ${input.closedUntil}::timestamptz
      and exists (select 1 from ticket_sla_term s where s.ticket_id = t.id and s.cycle = t.cycle)
      and ${ticketReadable(reader.sees, sql`t`)}
    order by t.closed_at desc, t.id desc
    limit ${max + 1}::int`);
  if (tickets.length > max) {
    throw invalid(
      'closedUntil',
      text(
        `a period in which at most ${max} tickets were closed (sla.simulateTickets)`,
        `期间内关闭的工单不超过 ${max} 张（sla.simulateTickets）`,
      ),
    );
  }
  const rows = new Map(
    (
      await loadClockFacts(
        reader,
        tickets.map(({ id }) => id),
      )
    ).map((row) => [row.id, row]),
  );
  const replayed = simulation(change, EXAMPLES_MAX);
  for (const [index, ticket] of tickets.entries()) {
    if (index % AT_ONCE === 0) await yieldToOthers();
    const row = rows.get(ticket.id);
    const facts = row && clockFacts(row, levels, reader.settings);
    if (facts) replayed.replay({ ...ticket, facts }, reader.now.getTime());
  }
  return replayed.result();
}

async function simulatedChange(
  reader: Reader,
  input: SlaSimulateInput,
  levels: ServiceLevels,
): Promise<SimulatedChange> {
  const issues = new Issues();
  issues.expect(
    Boolean(input.policy ?? input.calendar),
    'policy',
    text('a changed policy, a changed calendar, or both', '变更后的政策、日历或两者'),
  );
  issues.expect(
    input.closedFrom < input.closedUntil,
    'closedUntil',
    text('later than closedFrom', '晚于 closedFrom'),
  );
  issues.throwIfAny();
  const calendar = input.calendar ? await changedCalendar(reader, input.calendar, levels) : null;
  return {
    calendar,
    policy: input.policy ? await changedPolicy(reader, input.policy, calendar) : null,
    calendarOf: (code) => calendarAt(levels.calendars, code, reader.now).calendar,
    settings: termSettings(reader.settings),
  };
}

async function changedCalendar(
  reader: Reader,
  change: CalendarChange & { readonly code: string },
  levels: ServiceLevels,
) {
  const draft = draftCalendar(change.code, await newestCalendar(reader, change.code), {
    // A calendar that does not exist yet needs no name to be tried out.
    name: change.code,
    nameEn: change.code,
    ...change,
  });
  within('calendar', () => checkCalendar(draft, reader.timeZone, reader.now.getTime()));
  const ofComplaints = (['GENERAL', 'SERIOUS'] as const).some(
    (severity) =>
      policyFor(levels.policies, { category: 'COMPLAINT', severity }, reader.now).calendarCode === draft.code,
  );
  if (ofComplaints && !draft.alwaysOpen)
    throw invalid(
      'calendar.alwaysOpen',
      text('true: complaint clocks run 24x7 (TIC-36)', 'true：投诉时钟须 24x7 运行（TIC-36）'),
    );
  return {
    code: draft.code,
    alwaysOpen: draft.alwaysOpen,
    calendar: businessCalendar({
      ...draft,
      timeZone: draft.timeZone ?? reader.timeZone,
      weekly: weeklyOf(draft.weekly),
    }),
  };
}

async function changedPolicy(
  reader: Reader,
  change: PolicyChange & { readonly code: string },
  calendar: { readonly code: string; readonly alwaysOpen: boolean } | null,
) {
  const base = await newestPolicy(reader, change.code);
  if (!base) throw invalid('policy.code', text('the code of a policy', '服务时限政策的代码'));
  const draft = within('policy', () => draftPolicy(base, change));
  const alwaysOpen =
    draft.calendarCode === calendar?.code
      ? calendar.alwaysOpen
      : ((await newestCalendar(reader, draft.calendarCode))?.alwaysOpen ?? null);
  within('policy', () => checkPolicy(draft, alwaysOpen));
  return {
    code: change.code,
    calendarCode: base.calendarCode,
    draft,
    changesFactors: change.gradeFactors !== undefined || change.levelFactors !== undefined,
  };
}

/** What is wrong with a part of the input stands under that part. */
function within<Result>(part: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput(error.issues.map(({ path, message }) => ({ path: [part, ...path], message })));
  }
}
