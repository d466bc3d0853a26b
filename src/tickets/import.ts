import { findCustomers } from '../customers/import.ts';
import {
  FollowUpResult,
  InquiryTopic,
  Liability,
  RootCause,
  TicketCategory,
  TicketChannel,
  TicketPriority,
  TicketSeverity,
  TicketStatus,
} from '../generated/prisma/enums.ts';
import { amount, choice, instant, required, words, yesNo } from '../import/fields.ts';
import type { ImportKind, ImportLog } from '../import/kind.ts';
import { LOGGED_AT } from '../import/mapping.ts';
import { resolveAreas, resolveEmployees } from '../import/references.ts';
import { byColumn, type ImportColumns } from '../import/table.ts';
import { newId } from '../lib/ids.ts';
import { loadTeams } from '../organisation/queries.ts';
import { sql } from '../platform/sql.ts';
import { ticketNumbers } from './numbers.ts';
import { importedState, nextDeadline, oneOfStates, statesOf } from './rules/imported.ts';
import { text } from '../lib/text.ts';
import { routeTicket } from './rules/routing.ts';
import { priorityOf } from './rules/severity.ts';

const TICKET_FIELDS = {
  category: required(choice(TicketCategory)),
  status: choice(TicketStatus),
  severity: choice(TicketSeverity),
  priority: choice(TicketPriority),
  subject: required(words(200)),
  content: words(20_000),
  channel: required(choice(TicketChannel)),
  topic: choice(InquiryTopic),
  customerNumber: words(100),
  customerExternalId: words(200),
  customerSource: words(100),
  areaCode: words(100),
  assigneeNumber: words(100),
  callerName: words(200),
  callerPhone: words(200),
  callbackPhone: words(200),
  shipmentNumber: words(200),
  claimAmount: amount(),
  injury: yesNo(),
  legalOrMediaThreat: yesNo(),
  lossOrDamage: yesNo(),
  threatToLeave: yesNo(),
  arisesDuringSale: yesNo(),
  openedAt: required(instant()),
  acknowledgedAt: instant(),
  firstRespondedAt: instant(),
  resolvedAt: instant(),
  closedAt: instant(),
  acknowledgeDueAt: instant(),
  firstResponseDueAt: instant(),
  resolutionDueAt: instant(),
  liability: choice(Liability),
  rootCause: choice(RootCause),
  resolution: words(20_000),
  lesson: words(20_000),
  satisfaction: choice(FollowUpResult),
} as const;

const TICKET_COLUMNS: ImportColumns = {
  number: { type: 'text', from: [] },
  team_id: { type: 'uuid', from: [] },
  routing_rule: { type: '"RoutingRule"', from: [] },
  routing_choice: { type: '"TeamChoice"', from: [] },
  routed_at: { type: 'timestamptz(3)', from: [] },
  key_account_id: { type: 'uuid', from: [] },
  category: { type: '"TicketCategory"', from: ['category'] },
  status: { type: '"TicketStatus"', from: ['status', 'closedAt'] },
  severity: { type: '"TicketSeverity"', from: ['severity'] },
  priority: { type: '"TicketPriority"', from: ['priority', 'severity'] },
  subject: { type: 'text', from: ['subject'] },
  content: { type: 'text', from: ['content'] },
  channel: { type: '"TicketChannel"', from: ['channel'] },
  topic: { type: '"InquiryTopic"', from: ['topic'] },
  customer_id: { type: 'uuid', from: ['customerNumber', 'customerExternalId'] },
  area_id: { type: 'uuid', from: ['areaCode'] },
  assignee_id: { type: 'uuid', from: ['assigneeNumber'] },
  caller_name: { type: 'text', from: ['callerName'] },
  caller_phone: { type: 'text', from: ['callerPhone'] },
  callback_phone: { type: 'text', from: ['callbackPhone'] },
  shipment_number: { type: 'text', from: ['shipmentNumber'] },
  claim_amount: { type: 'numeric(18, 2)', from: ['claimAmount'] },
  injury: { type: 'boolean', from: ['injury'] },
  legal_or_media_threat: { type: 'boolean', from: ['legalOrMediaThreat'] },
  loss_or_damage: { type: 'boolean', from: ['lossOrDamage'] },
  threat_to_leave: { type: 'boolean', from: ['threatToLeave'] },
  arises_during_sale: { type: 'boolean', from: ['arisesDuringSale'] },
  opened_at: { type: 'timestamptz(3)', from: ['openedAt'] },
  registered_at: { type: 'timestamptz(3)', from: ['openedAt'] },
  cycle_started_at: { type: 'timestamptz(3)', from: ['openedAt'] },
  acknowledged_at: { type: 'timestamptz(3)', from: ['acknowledgedAt'] },
  first_responded_at: { type: 'timestamptz(3)', from: ['firstRespondedAt'] },
  resolved_at: { type: 'timestamptz(3)', from: ['resolvedAt', 'closedAt'] },
  closed_at: { type: 'timestamptz(3)', from: ['closedAt'] },
  acknowledge_due_at: { type: 'timestamptz(3)', from: ['acknowledgeDueAt'] },
  first_response_due_at: { type: 'timestamptz(3)', from: ['firstResponseDueAt'] },
  resolution_due_at: { type: 'timestamptz(3)', from: ['resolutionDueAt'] },
  next_due_at: {
    type: 'timestamptz(3)',
    from: [
      'acknowledgeDueAt',
      'acknowledgedAt',
      'firstResponseDueAt',
      'firstRespondedAt',
      'resolutionDueAt',
      'resolvedAt',
      'closedAt',
    ],
  },
  liability: { type: '"Liability"', from: ['liability'] },
  root_cause: { type: '"RootCause"', from: ['rootCause'] },
  resolution: { type: 'text', from: ['resolution'] },
  lesson: { type: 'text', from: ['lesson'] },
  satisfaction: { type: '"FollowUpResult"', from: ['satisfaction'] },
  external_facts: { type: 'jsonb', from: ['extra'] },
};

/** What the other system did with its tickets: an entry of their histories each, at its own time, without an actor. */
const TICKET_LOG: ImportLog = {
  needs: ['status'],
  issues({ at, values }, now) {
    const states = statesOf(values.category as TicketCategory);
    return [
      ...(states.includes(values.status as TicketStatus)
        ? []
        : [{ field: 'status', accepted: oneOfStates(values.category as TicketCategory) }]),
      ...(at <= now ? [] : [{ field: LOGGED_AT, accepted: text('not in the future', '不能晚于当前时间') }]),
    ];
  },
  /** Entries are told apart by their place in the log: one that grew adds those that are new. */
  async record(tx, rows) {
    const entries = rows.flatMap(({ source, externalId, log }) =>
      (log ?? []).map(({ at, values, before, changes }, index) => {
        const { status, ...facts } = changes;
        return {
          id: newId(),
          source,
          external_id: externalId,
          at,
          from: before?.status ?? null,
          to: values.status,
          changes: Object.keys(facts).length > 0 ? facts : null,
          log_entry: index + 1,
        };
      }),
    );
    await tx.query(sql`
      with written as (
        insert into ticket_history (id, ticket_id, at, action, "from", "to", changes, log_entry)
        select h.id, t.id, h.at, 'CHANGED_AT_SOURCE', h."from", h."to", nullif(h.changes, 'null'::jsonb), h.log_entry
        from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
          as h(id uuid, source text, external_id text, at timestamptz, "from" "TicketStatus", "to" "TicketStatus", changes jsonb, log_entry int)
        join ticket t on t.source = h.source and t.external_id = h.external_id
        on conflict (ticket_id, log_entry) where log_entry is not null do nothing
        returning 1)
      select count(*)::int as written from written`);
  },
};

/**
 * Tickets that another system kept, as history: they come with the times and deadlines that they had there, and no
 * clock, obligation or escalation is started for them. A ticket that people have worked on here belongs to them: later
 * runs leave it alone.
 */
export const ticketImport: ImportKind<typeof TICKET_FIELDS> = {
  name: 'tickets',
  subject: 'Ticket',
  fields: TICKET_FIELDS,
  keepsExtra: true,
  log: TICKET_LOG,
  table: {
    name: 'ticket',
    columns: TICKET_COLUMNS,
    workedOn: sql`exists (select 1 from ticket_history h where h.ticket_id = t.id and h.action not in ('IMPORT', 'CHANGED_AT_SOURCE'))`,
  },
  derive(values, now) {
    const { customerNumber, customerExternalId, customerSource, areaCode, assigneeNumber, ...facts } = values;
    const { status, resolvedAt, issues } = importedState(values, now);
    const severity = values.severity ?? 'GENERAL';
    return {
      columns: {
        ...byColumn(facts),
        status,
        severity,
        priority: values.priority ?? priorityOf(severity, false),
        content: values.content ?? values.subject,
        resolved_at: resolvedAt,
        injury: values.injury ?? false,
        legal_or_media_threat: values.legalOrMediaThreat ?? false,
        loss_or_damage: values.lossOrDamage ?? false,
        threat_to_leave: values.threatToLeave ?? false,
        arises_during_sale: values.arisesDuringSale ?? false,
        registered_at: values.openedAt,
        cycle_started_at: values.openedAt,
        next_due_at: nextDeadline({ ...values, resolvedAt, status }),
      },
      issues,
    };
  },
  async resolve(db, rows) {
    const { customers, issues } = await findCustomers(db, rows);
    for (const [row, { id, areaId, keyAccountId }] of customers) {
      Object.assign(row.columns, { customer_id: id, area_id: areaId, key_account_id: keyAccountId });
    }
    return [
      ...issues,
      ...(await resolveAreas(db, rows)),
      ...(await resolveEmployees(db, rows, 'assigneeNumber', 'assignee_id')),
    ];
  },
  async complete(tx, rows) {
    const numbers = await ticketNumbers(tx, rows.length);
    const teams = await loadTeams(tx);
    rows.forEach(({ columns }, at) => {
      // History comes without the people who were in charge of its customers.
      const route = routeTicket(
        {
          isKeyAccount: columns.key_account_id != null,
          arisesDuringSale: columns.arises_during_sale === true,
          areaId: (columns.area_id as string | null | undefined) ?? null,
          businessLine: null,
          teamInCharge: null,
          departmentInCharge: null,
          openerTeam: null,
        },
        teams,
      );
      columns.number = numbers[at];
      columns.team_id = route.teamId;
      if (route.teamId === null) return;
      Object.assign(columns, {
        routing_rule: route.rule,
        routing_choice: route.choice,
        routed_at: columns.opened_at,
      });
    });
  },
  async record(tx, written, { now }) {
    const entries = written.map(({ id, row, changes }) => ({
      id: newId(),
      ticket_id: id,
      from: changes?.status?.[0] ?? (changes ? row.columns.status : null),
      to: row.columns.status,
      changes: changes && byField(changes),
    }));
    await tx.query(sql`
      with written as (
        insert into ticket_history (id, ticket_id, at, action, "from", "to", changes)
        select h.id, h.ticket_id, ${now}::timestamptz, 'IMPORT', h."from", h."to", nullif(h.changes, 'null'::jsonb)
        from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
          as h(id uuid, ticket_id uuid, "from" "TicketStatus", "to" "TicketStatus", changes jsonb)
        returning 1)
      select count(*)::int as written from written`);
  },
};

/** Histories name facts as the models do: opened_at is openedAt. */
function byField<Value>(changes: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(changes).map(([column, change]) => [
      column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      change,
    ]),
  );
}
