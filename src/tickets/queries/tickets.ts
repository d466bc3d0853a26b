import type {
  ComplaintPoint,
  ComplaintReport,
  Escalation,
  FollowUp,
  Ticket,
  TicketDispatch,
  TicketHistory,
  TicketReminder,
  TicketReply,
} from '../../generated/prisma/client.ts';
import { entryOf } from '../../lib/maps.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';
import { ticketReadable, ticketWritable } from './visibility.ts';

/** A ticket's row; amounts are exact text. */
export type TicketRow = Omit<Ticket, 'claimAmount'> & {
  readonly __typename: 'Ticket';
  readonly claimAmount: string | null;
};
export type EscalationRow = Escalation & { readonly __typename: 'Escalation' };

const t = sql`t`;

const ALL_COLUMNS = [
  'id',
  'number',
  'category',
  'status',
  'priority',
  'severity',
  'subject',
  'content',
  'channel',
  'topic',
  'customerId',
  'keyAccountId',
  'areaId',
  'teamId',
  'assigneeId',
  'openedById',
  'callerName',
  'callerPhone',
  'callbackPhone',
  'unreachableReason',
  'shipmentNumber',
  'claimAmount',
  'arisesDuringSale',
  'special',
  'disputed',
  'noRecordingReason',
  'openedAt',
  'registeredAt',
  'cycle',
  'cycleStartedAt',
  'acknowledgedAt',
  'promise',
  'promiseMadeAt',
  'firstRespondedAt',
  'planProposedAt',
  'plan',
  'planDecidedAt',
  'lastProgressNoticeAt',
  'resolvedAt',
  'closedAt',
  'waitingSince',
  'lookupSource',
  'lookupCarrier',
  'lookupResult',
  'lookupAnsweredAt',
  'routingRule',
  'routingChoice',
  'routingNote',
  'routedAt',
  'nextDueAt',
  'nextWarnAt',
  'acknowledgeDueAt',
  'firstResponseDueAt',
  'firstResponseWarnAt',
  'resolutionDueAt',
  'resolutionWarnAt',
  'slaPolicyId',
  'liability',
  'liabilityExplanation',
  'customerAgreed',
  'responsibleDepartmentId',
  'responsiblePersonId',
  'failureResponsibleId',
  'rootCause',
  'resolution',
  'lesson',
  'noticeChannel',
  'writtenNoticeSentAt',
  'phoneNoticeAt',
  'letter',
  'letterAttachmentId',
  'respectContactAt',
  'respectContactById',
  'respectDelegateId',
  'respectDelegatedById',
  'ownerOpinion',
  'ownerOpinionById',
  'ownerOpinionAt',
  'satisfaction',
  'escalationLevel',
  'source',
  'externalId',
  'externalFacts',
  'linkedTicketId',
  'serviceChannelId',
  'createdAt',
  'updatedAt',
  'version',
] as const satisfies readonly (keyof TicketRow)[];

function selectColumns(fields: readonly string[]): Sql {
  return sql`${columns('t', fields)}, 'Ticket' as "__typename"`;
}

const TICKET_COLUMNS = selectColumns(ALL_COLUMNS);

/** The columns behind the fields that lists are usually asked for; a list asked for any other field reads them all. */
const COLUMNS_OF: Readonly<Record<string, readonly (typeof ALL_COLUMNS)[number][]>> = {
  __typename: [],
  id: [],
  number: ['number'],
  category: ['category'],
  priority: ['priority'],
  status: ['status'],
  severity: ['severity'],
  subject: ['subject'],
  channel: ['channel'],
  customer: ['customerId'],
  keyAccount: ['keyAccountId'],
  area: ['areaId'],
  team: ['teamId'],
  assignee: ['assigneeId'],
  routing: ['teamId', 'routingRule', 'routingChoice', 'routingNote', 'routedAt'],
  nextDueAt: ['nextDueAt'],
  waitingSince: ['waitingSince'],
  openedAt: ['openedAt'],
  resolvedAt: ['resolvedAt'],
  closedAt: ['closedAt'],
  escalationLevel: ['escalationLevel'],
  escalations: [],
  sla: [
    'slaPolicyId',
    'status',
    'waitingSince',
    'firstRespondedAt',
    'firstResponseDueAt',
    'firstResponseWarnAt',
    'resolvedAt',
    'closedAt',
    'resolutionDueAt',
    'resolutionWarnAt',
  ],
  version: ['version'],
};

/** Selections repeat with their documents; each is composed once. */
const selections = new WeakMap<ReadonlySet<string>, Sql>();

function selectFor(asked: ReadonlySet<string>): Sql {
  return entryOf(selections, asked, () => {
    const needed = [...asked].map((field) => COLUMNS_OF[field]);
    if (needed.includes(undefined)) return TICKET_COLUMNS;
    return selectColumns([...new Set(['id', ...needed.flatMap((fields) => fields ?? [])])]);
  });
}

/** Tickets by id that the viewer may read; null for the others. */
export const ticketById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<TicketRow>(sql`
      select ${TICKET_COLUMNS} from ticket t where t.id = any(${[...ids]}::uuid[]) and ${ticketReadable(reader.sees, t)}`),
  ),
);

/** Whether the viewer may work on the ticket. */
export const ticketWritableBy = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<{ id: string }>(sql`
    select t.id from ticket t where t.id = any(${[...ids]}::uuid[]) and ${ticketWritable(reader.sees, t)}`);
  const writable = new Set(rows.map((row) => row.id));
  return ids.map((id) => writable.has(id));
});

/** Resolved (or closed, for tickets that came without a resolution) by the final limit; null while either is open. */
const RESOLVED_ON_TIME = sql`(coalesce(t.resolved_at, t.closed_at) <= t.resolution_due_at)`;

/** Index ticket(opened_at, id, …) serves the plain list and its usual order. */
export const TICKET_FIELDS = {
  number: { kind: 'String', column: sql`t.number` },
  category: { kind: 'Enum', enumName: 'TicketCategory', column: sql`t.category` },
  status: { kind: 'Enum', enumName: 'TicketStatus', column: sql`t.status` },
  priority: { kind: 'Enum', enumName: 'TicketPriority', column: sql`t.priority` },
  severity: { kind: 'Enum', enumName: 'TicketSeverity', column: sql`t.severity` },
  subject: { kind: 'String', column: sql`t.subject` },
  channel: { kind: 'Enum', enumName: 'TicketChannel', column: sql`t.channel` },
  customer: { kind: 'ID', entity: 'Customer', column: sql`t.customer_id`, orderable: false },
  keyAccount: { kind: 'ID', entity: 'KeyAccount', column: sql`t.key_account_id`, orderable: false },
  assignee: { kind: 'ID', entity: 'Employee', column: sql`t.assignee_id`, orderable: false },
  team: { kind: 'ID', entity: 'Team', column: sql`t.team_id`, orderable: false },
  area: { kind: 'ID', entity: 'Area', column: sql`t.area_id`, orderable: false },
  responsibleDepartment: {
    kind: 'ID',
    entity: 'Department',
    column: sql`t.responsible_department_id`,
    orderable: false,
  },
  liability: { kind: 'Enum', enumName: 'Liability', column: sql`t.liability` },
  rootCause: { kind: 'Enum', enumName: 'RootCause', column: sql`t.root_cause` },
  satisfaction: { kind: 'Enum', enumName: 'FollowUpResult', column: sql`t.satisfaction` },
  escalationLevel: { kind: 'Enum', enumName: 'EscalationLevel', column: sql`t.escalation_level` },
  openedAt: { kind: 'DateTime', column: sql`t.opened_at` },
  resolvedAt: { kind: 'DateTime', column: sql`t.resolved_at` },
  closedAt: { kind: 'DateTime', column: sql`t.closed_at` },
  resolutionDueAt: { kind: 'DateTime', column: sql`t.resolution_due_at` },
  firstResponseDueAt: { kind: 'DateTime', column: sql`t.first_response_due_at` },
  nextDueAt: { kind: 'DateTime', column: sql`t.next_due_at` },
  resolvedOnTime: { kind: 'Boolean', column: RESOLVED_ON_TIME, orderable: false },
  arisesDuringSale: { kind: 'Boolean', column: sql`t.arises_during_sale`, orderable: false },
  /** Partial index ticket_reply_review_idx. */
  awaitsReview: {
    kind: 'Boolean',
    column: sql`exists (select 1 from ticket_reply r where r.ticket_id = t.id and r.state = 'PENDING_REVIEW')`,
    orderable: false,
  },
  ...standing(sql`now()`),
  claimAmount: { kind: 'Decimal', column: sql`t.claim_amount` },
  source: { kind: 'String', column: sql`t.source`, orderable: false },
  externalId: { kind: 'String', column: sql`t.external_id`, orderable: false },
} as const satisfies Record<string, ListField>;

/** How a ticket stands at an instant: what queues are looked through for. */
function standing(now: Sql) {
  return {
    isOpen: {
      kind: 'Boolean',
      column: sql`(t.status not in ('CLOSED', 'CANCELLED'))`,
      orderable: false,
    },
    isAtRisk: {
      kind: 'Boolean',
      column: sql`coalesce(t.next_warn_at <= ${now} and (t.next_due_at is null or t.next_due_at > ${now}), false)`,
      orderable: false,
    },
    isOverdue: { kind: 'Boolean', column: sql`coalesce(t.next_due_at <= ${now}, false)`, orderable: false },
  } as const satisfies Record<string, ListField>;
}

export function ticketList(reader: Reader, asked?: ReadonlySet<string>): ListSource {
  const visible = ticketReadable(reader.sees, t);
  return {
    from: sql`ticket t`,
    id: sql`t.id`,
    select: asked ? selectFor(asked) : TICKET_COLUMNS,
    visible,
    full: visible,
    fields: { ...TICKET_FIELDS, ...standing(reader.sees.now) },
    // Who sees but some tickets passes over many: by ticket(opened_at, id, …) alone, whose columns name the people.
    pageFirst: reader.sees.holds('ticket:read:ALL') !== true,
  };
}

/** Rows below tickets that the caller has already found readable, grouped by ticket; one statement for all of them. */
function belowTicket<Row extends { readonly ticketId: string }>(select: (ids: Sql) => Sql) {
  return defineLoader(async (reader: Reader, ids) => {
    const rows = await reader.query<Row>(select(sql`${[...ids]}::uuid[]`));
    const byTicket = Map.groupBy(rows, (row) => row.ticketId);
    return ids.map((id) => byTicket.get(id) ?? []);
  });
}

export const historyOfTicket = belowTicket<TicketHistory>(
  (ids) => sql`
    select ${columns('h', ['id', 'ticketId', 'at', 'actorId', 'action', 'from', 'to', 'note', 'changes', 'logEntry'])}
    from ticket_history h where h.ticket_id = any(${ids}) order by h.at, h.log_entry, h.id`,
);

const ESCALATION_COLUMNS = sql`${columns('e', [
  'id',
  'ticketId',
  'cycle',
  'level',
  'reason',
  'limitKind',
  'note',
  'named',
  'raisedAt',
  'acknowledgedById',
  'acknowledgedAt',
  'acknowledgeDueAt',
  'version',
])}, 'Escalation' as "__typename"`;

export const escalationsOfTicket = belowTicket<EscalationRow>(
  (ids) =>
    sql`select ${ESCALATION_COLUMNS} from escalation e where e.ticket_id = any(${ids}) order by e.raised_at, e.level`,
);

/** Escalations by id, of tickets that the viewer may read. */
export const escalationById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<EscalationRow>(sql`
      select ${ESCALATION_COLUMNS} from escalation e join ticket t on t.id = e.ticket_id
      where e.id = any(${[...ids]}::uuid[]) and ${ticketReadable(reader.sees, t)}`),
  ),
);

export const pointsOfTicket = belowTicket<ComplaintPoint>(
  (ids) => sql`
    select ${columns('p', ['id', 'ticketId', 'number', 'text', 'answer'])}
    from complaint_point p where p.ticket_id = any(${ids}) order by p.number`,
);

export const dispatchesOfTicket = belowTicket<TicketDispatch>(
  (ids) => sql`
    select ${columns('d', ['id', 'ticketId', 'departmentId', 'note', 'dispatchedAt', 'dispatchedById', 'confirmedAt', 'confirmedById'])}
    from ticket_dispatch d where d.ticket_id = any(${ids}) order by d.dispatched_at, d.id`,
);

export const followUpsOfTicket = belowTicket<FollowUp>(
  (ids) => sql`
    select ${columns('f', ['id', 'ticketId', 'cycle', 'attempt', 'at', 'actorId', 'result', 'note'])}
    from follow_up f where f.ticket_id = any(${ids}) order by f.cycle, f.attempt`,
);

export const repliesOfTicket = belowTicket<TicketReply>(
  (ids) => sql`
    select ${columns('r', ['id', 'ticketId', 'cycle', 'at', 'actorId', 'fromCustomer', 'isProgress', 'body', 'isAutomatic', 'templateCode', 'state', 'reviewedById', 'reviewedAt', 'reviewNote'])}
    from ticket_reply r where r.ticket_id = any(${ids}) order by r.at, r.id`,
);

/** Index ticket_reminder(ticket_id, at). */
export const remindersOfTicket = belowTicket<TicketReminder & { readonly answeredAt: Date | null }>(
  (ids) => sql`
    select ${columns('r', ['id', 'ticketId', 'cycle', 'at', 'byId', 'toId', 'text', 'dueAt'])},
           (select min(h.at) from ticket_history h
            where h.ticket_id = r.ticket_id and h.actor_id = r.to_id and h.at > r.at) as "answeredAt"
    from ticket_reminder r where r.ticket_id = any(${ids}) order by r.at, r.id`,
);

export const reportsOfTicket = belowTicket<ComplaintReport>(
  (ids) => sql`
    select ${columns('r', ['id', 'ticketId', 'cycle', 'at', 'authorId', 'rootCause', 'liability', 'departmentId', 'personId', 'action', 'result', 'lesson', 'satisfaction'])}
    from complaint_report r where r.ticket_id = any(${ids}) order by r.cycle`,
);
