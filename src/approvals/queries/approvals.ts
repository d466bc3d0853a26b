import type { Approval, ApprovalHistory, ApprovalStep } from '../../generated/prisma/client.ts';
import type { Approver } from '../../lib/approval-chain.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { all, any, columns, type Sql, sql } from '../../platform/sql.ts';
import { levelOf, reached, type ViewerSql } from '../../platform/visibility.ts';
import { seatedAt, seatsOf } from './seats.ts';
import { placeOf, subjectReadable } from './subjects.ts';

export type ApprovalRow = Approval & { readonly __typename: 'Approval'; readonly dueAt: Date | null };
export type ApprovalStepRow = Omit<ApprovalStep, 'approvers'> & { readonly approvers: readonly Approver[] };

const a = sql`a`;

/** True where the viewer may decide the step that is due: a seat at it, and the subject open to them. */
export function decidable(viewer: ViewerSql, row: Sql): Sql {
  return all([
    sql`${row}.state = 'PENDING'`,
    sql`exists (
      select 1 from approval_step ds
      where ds.approval_id = ${row}.id and ds.number = ${row}.step and ${seatedAt(viewer, row, sql`ds`, placeOf(row))})`,
    subjectReadable(viewer, row),
  ]);
}

/**
 * The one visibility fragment of approvals: who asked, who may decide or has decided, whoever reads the subject, and who
 * reads them all.
 */
export function approvalVisible(viewer: ViewerSql, row: Sql): Sql {
  return any([
    reached(viewer, [['approval:read:ALL', sql`true`]]),
    sql`${row}.requester_id = ${viewer.employeeId}`,
    // By the indexes approval_step(decided_by_id) and approval_step(on_behalf_of_id).
    sql`${row}.id in (
      select ms.approval_id from approval_step ms where ms.decided_by_id = ${viewer.employeeId}
      union all
      select ms.approval_id from approval_step ms where ms.on_behalf_of_id = ${viewer.employeeId})`,
    subjectReadable(viewer, row),
  ]);
}

export function approvalLevel(viewer: ViewerSql, row: Sql): Sql {
  return levelOf(approvalVisible(viewer, row), sql`false`);
}

const APPROVAL_COLUMNS = sql`${columns('a', [
  'id',
  'chain',
  'subjectType',
  'subjectId',
  'requesterId',
  'fingerprint',
  'state',
  'step',
  'requestedAt',
  'endedAt',
  'voidReason',
  'version',
])}, cs.due_at as "dueAt", 'Approval' as "__typename"`;

/** Approvals with the step that is due, or was the last. */
const FROM = sql`approval a join approval_step cs on cs.approval_id = a.id and cs.number = a.step`;

export const approvalById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ApprovalRow>(sql`
      select ${APPROVAL_COLUMNS} from ${FROM}
      where a.id = any(${[...ids]}::uuid[]) and ${approvalVisible(reader.sees, a)}`),
  ),
);

/** The newest approval of each subject that the viewer may see. */
export const newestOfSubject = defineLoader(async (reader: Reader, subjectIds) => {
  const rows = await reader.query<ApprovalRow>(sql`
    select distinct on (a.subject_id) ${APPROVAL_COLUMNS}
    from ${FROM}
    where a.subject_id = any(${[...subjectIds]}::uuid[]) and ${approvalVisible(reader.sees, a)}
    order by a.subject_id, a.id desc`);
  const bySubject = new Map(rows.map((row) => [row.subjectId, row]));
  return subjectIds.map((id) => bySubject.get(id) ?? null);
});

export const APPROVAL_FIELDS = {
  chain: { kind: 'Enum', enumName: 'ApprovalChain', column: sql`a.chain` },
  state: { kind: 'Enum', enumName: 'ApprovalState', column: sql`a.state` },
  requester: { kind: 'ID', entity: 'Employee', column: sql`a.requester_id`, orderable: false },
  // Ids are unique in the database: the index approval(subject_id, id) finds them without their type.
  ticket: { kind: 'ID', entity: 'Ticket', column: sql`a.subject_id`, orderable: false },
  accessGrant: { kind: 'ID', entity: 'AccessGrant', column: sql`a.subject_id`, orderable: false },
  keyAccountIncentive: {
    kind: 'ID',
    entity: 'KeyAccountIncentive',
    column: sql`a.subject_id`,
    orderable: false,
  },
  giftRecord: { kind: 'ID', entity: 'GiftRecord', column: sql`a.subject_id`, orderable: false },
  keyAccountProposal: {
    kind: 'ID',
    entity: 'KeyAccountProposal',
    column: sql`a.subject_id`,
    orderable: false,
  },
  requestedAt: { kind: 'DateTime', column: sql`a.requested_at` },
  endedAt: { kind: 'DateTime', column: sql`a.ended_at` },
  dueAt: { kind: 'DateTime', column: sql`cs.due_at` },
} as const satisfies Record<string, ListField>;

export function approvalList(reader: Reader): ListSource {
  const visible = approvalVisible(reader.sees, a);
  return {
    from: FROM,
    id: sql`a.id`,
    select: APPROVAL_COLUMNS,
    visible,
    full: visible,
    fields: APPROVAL_FIELDS,
  };
}

/** What the viewer may decide now, the nearest deadline first; by the partial index approval_pending_key. */
export function pendingList(reader: Reader): ListSource {
  const visible = decidable(reader.sees, a);
  return {
    from: FROM,
    id: sql`a.id`,
    select: APPROVAL_COLUMNS,
    visible,
    full: visible,
    fields: APPROVAL_FIELDS,
    order: [{ expression: sql`cs.due_at`, type: 'timestamptz' }],
  };
}

/** Steps of approvals that the caller has already found visible. */
export const stepsOfApproval = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<ApprovalStepRow>(sql`
    select ${columns('s', [
      'id',
      'approvalId',
      'number',
      'approvers',
      'within',
      'warnAt',
      'dueAt',
      'decision',
      'decidedById',
      'decidedAt',
      'reason',
      'onBehalfOfId',
      'delegationId',
    ])}
    from approval_step s where s.approval_id = any(${[...ids]}::uuid[])
    order by s.approval_id, s.number`);
  const byApproval = Map.groupBy(rows, (row) => row.approvalId);
  return ids.map((id) => byApproval.get(id) ?? []);
});

/** What happened to approvals that the caller has already found visible. */
export const historyOfApproval = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<ApprovalHistory>(sql`
    select ${columns('h', ['id', 'approvalId', 'at', 'actorId', 'event', 'step', 'reason', 'onBehalfOfId'])}
    from approval_history h where h.approval_id = any(${[...ids]}::uuid[])
    order by h.approval_id, h.id`);
  const byApproval = Map.groupBy(rows, (row) => row.approvalId);
  return ids.map((id) => byApproval.get(id) ?? []);
});

/** How the viewer stands to the step that is due. */
export interface ViewerSeat {
  readonly decides: boolean;
  /** There is a seat, and it is closed because the request is the viewer's own. */
  readonly own: boolean;
}

const NO_SEAT: ViewerSeat = { decides: false, own: false };

export const seatAtApproval = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<ViewerSeat & { id: string }>(sql`
    select a.id, ${decidable(reader.sees, a)} as decides,
           exists (select 1 from (${seatsOf(reader.sees, a, sql`cs`, placeOf(a))}) mine where mine.own) as own
    from ${FROM} where a.id = any(${[...ids]}::uuid[])`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id): ViewerSeat => byId.get(id) ?? NO_SEAT);
});

/** How the viewer stands to the approval that waits for a subject; null where none waits. */
export const seatAtSubject = defineLoader(async (reader: Reader, subjectIds) => {
  const rows = await reader.query<ViewerSeat & { subjectId: string }>(sql`
    select a.subject_id as "subjectId", ${decidable(reader.sees, a)} as decides,
           exists (select 1 from (${seatsOf(reader.sees, a, sql`cs`, placeOf(a))}) mine where mine.own) as own
    from ${FROM} where a.subject_id = any(${[...subjectIds]}::uuid[]) and a.state = 'PENDING'`);
  const bySubject = new Map(rows.map((row) => [row.subjectId, row]));
  return subjectIds.map((id): ViewerSeat | null => bySubject.get(id) ?? null);
});
