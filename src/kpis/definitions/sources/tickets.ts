import { type Sql, sql } from '../../../platform/sql.ts';
import type { KpiSource, MedianSource, SourceScope } from '../definition.ts';

/** What every figure of tickets is cut by: the handling team and its department, the handler, customer and area. */
const DIMENSIONS = sql`g.department_id, t.team_id, t.assignee_id as employee_id, t.customer_id, t.area_id,
  t.category::text as category, t.area_id::text as area, c.grade::text as grade`;
const OWNERS = sql`left join team g on g.id = t.team_id left join customer c on c.id = t.customer_id`;
const NEVER = sql`null::timestamptz as changes_at`;
const COMPLAINTS = sql`t.category = 'COMPLAINT'`;
const ALL = sql`true`;
const COMPLAINT = sql`t.category = 'COMPLAINT' and t.status <> 'CANCELLED'`;

/** All tickets are broken down by category, complaints by where and how important the customer is. */
const OF_TICKETS = { facts: 'tickets', cuts: ['CATEGORY'] } as const;
const OF_COMPLAINTS = { facts: 'tickets', cuts: ['AREA', 'GRADE'] } as const;

/** Tickets that were opened in a span of time, by ticket(opened_at, …). */
function openedIn(days: Sql): Sql {
  return sql`${days} join ticket t on t.opened_at >= d.starts_at and t.opened_at < d.ends_at ${OWNERS}`;
}

/** Tickets received on the day, cancelled duplicates left out. */
export const receivedTickets: KpiSource = {
  ...OF_TICKETS,
  name: 'receivedTickets',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, 0 as numerator, 1 as denominator, ${NEVER}
    from ${openedIn(days)}
    where t.status <> 'CANCELLED'`,
};

/**
 * Complaints received on the day, and those of them that stand closed with the customer satisfied or, where the
 * company was not responsible, agreeing (TIC-15). Cancelled duplicates are no complaints.
 */
export const receivedComplaints: KpiSource = {
  ...OF_COMPLAINTS,
  cuts: [...OF_COMPLAINTS.cuts, 'CAUSE'],
  name: 'receivedComplaints',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, t.root_cause::text as cause, ((
             t.status = 'CLOSED' and (
               t.satisfaction = 'SATISFIED'
               or (t.liability = 'NOT_COMPANY' and t.customer_agreed and t.satisfaction is distinct from 'NOT_SATISFIED'))
           ) is true)::int as numerator, 1 as denominator, ${NEVER}
    from ${openedIn(days)}
    where ${COMPLAINT}`,
};

/** Tickets received on the day that are still open, and those of them whose final limit has passed unresolved. */
export const openTickets: KpiSource = {
  ...OF_TICKETS,
  name: 'openTickets',
  rows: (scope) => openRows(scope, ALL),
};

/** The same of complaints. */
export const openComplaints: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'openComplaints',
  rows: (scope) => openRows(scope, COMPLAINTS),
};

function openRows({ days, now }: SourceScope, which: Sql): Sql {
  return sql`
    select d.day, ${DIMENSIONS},
           ((t.resolved_at is null and t.resolution_due_at < ${now}::timestamptz) is true)::int as numerator, 1 as denominator,
           case when t.resolved_at is null and t.resolution_due_at >= ${now}::timestamptz then t.resolution_due_at end as changes_at
    from ${openedIn(days)}
    where t.status not in ('CLOSED', 'CANCELLED') and ${which}`;
}

/** Open tickets received on the day that have come to the warning share of their final limit and not yet to its end. */
export const ticketsAtRisk: KpiSource = {
  ...OF_TICKETS,
  name: 'ticketsAtRisk',
  rows: (scope) => atRiskRows(scope, ALL),
};

/** The same of complaints. */
export const complaintsAtRisk: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'complaintsAtRisk',
  rows: (scope) => atRiskRows(scope, COMPLAINTS),
};

function atRiskRows({ days, now }: SourceScope, which: Sql): Sql {
  return sql`
    select d.day, ${DIMENSIONS}, 0 as numerator, (t.resolution_warn_at <= ${now}::timestamptz)::int as denominator,
           case when t.resolution_warn_at > ${now}::timestamptz then t.resolution_warn_at else t.resolution_due_at end as changes_at
    from ${openedIn(days)}
    where t.status not in ('CLOSED', 'CANCELLED') and ${which} and t.resolved_at is null
      and t.resolution_warn_at is not null and t.resolution_due_at >= ${now}::timestamptz`;
}

/**
 * Tickets whose first final limit fell on the day and has passed, and those of them resolved by it. A reopened ticket
 * has a new limit (TIC-37); the first is kept beside it. By ticket(resolution_due_at) and ticket_first_due_idx.
 */
export const dueTickets: KpiSource = {
  ...OF_TICKETS,
  name: 'dueTickets',
  rows: (scope) => dueRows(scope, ALL),
};

/** The same of complaints. */
export const dueComplaints: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'dueComplaints',
  rows: (scope) => dueRows(scope, COMPLAINTS),
};

function dueRows({ days, now }: SourceScope, which: Sql): Sql {
  function rows(cycle: Sql, due: Sql, resolved: Sql): Sql {
    return sql`
      select d.day, ${DIMENSIONS}, ((${resolved} <= ${due} and ${due} < ${now}::timestamptz) is true)::int as numerator,
             (${due} < ${now}::timestamptz)::int as denominator,
             case when ${due} >= ${now}::timestamptz then ${due} end as changes_at
      from ${days} join ticket t on ${due} >= d.starts_at and ${due} < d.ends_at ${OWNERS}
      where ${which} and t.status <> 'CANCELLED' and ${cycle}`;
  }
  return sql`
    ${rows(sql`t.cycle = 0`, sql`t.resolution_due_at`, sql`t.resolved_at`)}
    union all
    ${rows(sql`t.cycle > 0`, sql`t.first_due_at`, sql`t.first_resolved_at`)}`;
}

/**
 * Complaints first resolved on the day, and those of them whose first result satisfied the customer and held: no
 * reopening within the days of TIC-37. By ticket_resolved_idx and ticket_first_resolved_idx.
 */
export const resolvedComplaints: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'resolvedComplaints',
  rows: ({ days, reopenDays }) => {
    const heldOn = sql`t.first_reopened_at > t.first_resolved_at + make_interval(days => ${reopenDays}::int)
        and exists (select 1 from follow_up u where u.ticket_id = t.id and u.cycle = 0 and u.result = 'SATISFIED')`;
    return sql`
    select d.day, ${DIMENSIONS}, ((t.satisfaction = 'SATISFIED') is true)::int as numerator, 1 as denominator, ${NEVER}
    from ${days} join ticket t on t.resolved_at >= d.starts_at and t.resolved_at < d.ends_at ${OWNERS}
    where ${COMPLAINT} and t.cycle = 0
    union all
    select d.day, ${DIMENSIONS}, ((${heldOn}) is true)::int as numerator, 1 as denominator, ${NEVER}
    from ${days} join ticket t on t.first_resolved_at >= d.starts_at and t.first_resolved_at < d.ends_at ${OWNERS}
    where ${COMPLAINT} and t.cycle > 0`;
  },
};

/** Return calls of the day that got an answer, and those of them by satisfied customers. By follow_up(at). */
export const answeredFollowUps: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'answeredFollowUps',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, (u.result = 'SATISFIED')::int as numerator, 1 as denominator, ${NEVER}
    from ${days} join follow_up u on u.at >= d.starts_at and u.at < d.ends_at
    join ticket t on t.id = u.ticket_id ${OWNERS}
    where u.result <> 'UNREACHABLE' and t.category = 'COMPLAINT'`,
};

/** When a question was first answered, and by when it should have been; of a reopened one, in its first cycle. */
const ANSWERED_AT = sql`case when t.cycle = 0 then least(t.first_responded_at, t.resolved_at) else t.first_answered_at end`;
const ANSWER_DUE_AT = sql`case when t.cycle = 0 then t.first_response_due_at else t.first_answer_due_at end`;

/** Inquiries received on the day, and those of them first answered in their limit; a result without a reply before it answers too. */
export const receivedInquiries: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'receivedInquiries',
  rows: ({ days }) => answerRows(days, 'INQUIRY'),
};

/** The same of shipment queries. */
export const receivedQueries: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'receivedQueries',
  rows: ({ days }) => answerRows(days, 'SHIPMENT_QUERY'),
};

function answerRows(days: Sql, category: 'INQUIRY' | 'SHIPMENT_QUERY'): Sql {
  return sql`
    select d.day, ${DIMENSIONS}, ((${ANSWERED_AT} <= ${ANSWER_DUE_AT}) is true)::int as numerator, 1 as denominator, ${NEVER}
    from ${openedIn(days)}
    where t.category = ${category}::"TicketCategory" and t.status <> 'CANCELLED'`;
}

/** Shipment queries received on the day and answered since, with the seconds that the first answer took. */
export const answeredQueries: KpiSource = {
  ...OF_COMPLAINTS,
  name: 'answeredQueries',
  rows: ({ days }) => sql`
    select d.day, ${DIMENSIONS}, round(extract(epoch from ${ANSWERED_AT} - t.opened_at)) as numerator, 1 as denominator, ${NEVER}
    from ${openedIn(days)}
    where t.category = 'SHIPMENT_QUERY' and t.status <> 'CANCELLED' and ${ANSWERED_AT} is not null`,
};

/** Milliseconds from receipt to the first resolution of the tickets first resolved on the day. */
export const handlingTimes: MedianSource = {
  ...OF_TICKETS,
  name: 'handlingTimes',
  rows: (days) => timeRows(days, ALL),
};

/** The same of complaints. */
export const complaintTimes: MedianSource = {
  ...OF_COMPLAINTS,
  name: 'complaintTimes',
  rows: (days) => timeRows(days, COMPLAINTS),
};

/** By ticket_resolved_idx and ticket_first_resolved_idx. */
function timeRows(days: Sql, which: Sql): Sql {
  function rows(cycle: Sql, resolved: Sql): Sql {
    return sql`
      select d.day, ${DIMENSIONS}, (extract(epoch from ${resolved} - t.opened_at) * 1000)::bigint as measured
      from ${days} join ticket t on ${resolved} >= d.starts_at and ${resolved} < d.ends_at ${OWNERS}
      where ${which} and t.status <> 'CANCELLED' and ${cycle}`;
  }
  return sql`${rows(sql`t.cycle = 0`, sql`t.resolved_at`)} union all ${rows(sql`t.cycle > 0`, sql`t.first_resolved_at`)}`;
}
