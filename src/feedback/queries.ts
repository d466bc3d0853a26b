import { inChargeOf } from '../customers/queries/visibility.ts';
import type { Feedback, IncidentReport } from '../generated/prisma/client.ts';
import type { FeedbackTopic } from '../generated/prisma/enums.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../platform/sql.ts';
import { type Reach, reached, type ViewerSql } from '../platform/visibility.ts';

export type FeedbackRow = Feedback & { readonly __typename: 'Feedback' };
export type IncidentRow = IncidentReport & { readonly __typename: 'IncidentReport' };

/** Rulebook section 23 has one column for tickets and feedback: the same rights, on what feedback has of a ticket. */
function reaches(viewer: ViewerSql, f: Sql, verb: 'read' | 'write'): readonly Reach[] {
  return [
    [`ticket:${verb}:ALL`, sql`true`],
    [`ticket:${verb}:AREA`, sql`${f}.area_id = any(${viewer.areaIds})`],
    [`ticket:${verb}:TEAM`, sql`${f}.team_id = ${viewer.teamId}`],
    [`ticket:${verb}:HANDLER`, sql`${f}.recorded_by_id = ${viewer.employeeId}`],
    [`ticket:${verb}:CUSTOMERS`, inChargeOf(viewer, sql`${f}.customer_id`)],
    [`ticket:${verb}:DISPATCHED`, sql`${f}.department_id = ${viewer.departmentId}`],
  ];
}

export function feedbackReadable(viewer: ViewerSql, f: Sql): Sql {
  return reached(viewer, reaches(viewer, f, 'read'));
}

export function feedbackWritable(viewer: ViewerSql, f: Sql): Sql {
  return reached(viewer, reaches(viewer, f, 'write'));
}

const f = sql`f`;

const FEEDBACK_COLUMNS = sql`${columns('f', [
  'id',
  'state',
  'topic',
  'severity',
  'content',
  'channel',
  'customerId',
  'areaId',
  'departmentId',
  'receivedAt',
  'recordedAt',
  'recordedById',
  'teamId',
  'analysis',
  'action',
  'noticeChannel',
  'answeredAt',
  'answeredById',
  'ticketId',
  'version',
])}, 'Feedback' as "__typename"`;

export const feedbackById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<FeedbackRow>(sql`
      select ${FEEDBACK_COLUMNS} from feedback f
      where f.id = any(${[...ids]}::uuid[]) and ${feedbackReadable(reader.sees, f)}`),
  ),
);

export const FEEDBACK_FIELDS = {
  state: { kind: 'Enum', enumName: 'FeedbackState', column: sql`f.state` },
  topic: { kind: 'Enum', enumName: 'FeedbackTopic', column: sql`f.topic` },
  severity: { kind: 'Enum', enumName: 'TicketSeverity', column: sql`f.severity` },
  customer: { kind: 'ID', entity: 'Customer', column: sql`f.customer_id`, orderable: false },
  department: { kind: 'ID', entity: 'Department', column: sql`f.department_id`, orderable: false },
  receivedAt: { kind: 'DateTime', column: sql`f.received_at` },
} as const satisfies Record<string, ListField>;

/** By the index feedback(received_at, id). */
export function feedbackList(reader: Reader): ListSource {
  const visible = feedbackReadable(reader.sees, f);
  return {
    from: sql`feedback f`,
    id: sql`f.id`,
    select: FEEDBACK_COLUMNS,
    visible,
    full: visible,
    fields: FEEDBACK_FIELDS,
  };
}

/** How often a topic came up in a span, and what became of it. */
export interface FeedbackCount {
  readonly topic: FeedbackTopic;
  readonly count: number;
  readonly serious: number;
  readonly answered: number;
  readonly tickets: number;
}

/** What customers said between two instants that the viewer may read, by topic; index feedback(received_at, id). */
export function feedbackDigest(reader: Reader, from: Date, until: Date): Promise<FeedbackCount[]> {
  return reader.query<FeedbackCount>(sql`
    select f.topic, count(*)::int as count,
           (count(*) filter (where f.severity = 'SERIOUS'))::int as serious,
           (count(*) filter (where f.state = 'ANSWERED'))::int as answered,
           (count(*) filter (where f.state = 'TICKET'))::int as tickets
    from feedback f
    where f.received_at >= ${from}::timestamptz and f.received_at < ${until}::timestamptz
      and ${feedbackReadable(reader.sees, f)}
    group by f.topic order by count desc, f.topic`);
}

const INCIDENT_COLUMNS = sql`${columns('i', [
  'id',
  'reporterId',
  'customerId',
  'description',
  'occurredAt',
  'reportedAt',
])}, 'IncidentReport' as "__typename"`;

/** Reporters see what they reported; HEAD, to whom it is addressed, and those who read the audit see all (TIC-32). */
function incidentReadable({ sees }: Reader): Sql {
  return any([sql`i.reporter_id = ${sees.employeeId}`, reached(sees, [['auditLog:read:ALL', sql`true`]])]);
}

export const incidentById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<IncidentRow>(sql`
      select ${INCIDENT_COLUMNS} from incident_report i
      where i.id = any(${[...ids]}::uuid[]) and ${incidentReadable(reader)}`),
  ),
);

export const INCIDENT_FIELDS = {
  reporter: { kind: 'ID', entity: 'Employee', column: sql`i.reporter_id`, orderable: false },
  reportedAt: { kind: 'DateTime', column: sql`i.reported_at` },
} as const satisfies Record<string, ListField>;

/** By the index incident_report(reported_at, id). */
export function incidentList(reader: Reader): ListSource {
  const visible = incidentReadable(reader);
  return {
    from: sql`incident_report i`,
    id: sql`i.id`,
    select: INCIDENT_COLUMNS,
    visible,
    full: visible,
    fields: INCIDENT_FIELDS,
  };
}
