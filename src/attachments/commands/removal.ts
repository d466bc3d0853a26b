import { Forbidden, IllegalTransition, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { cancelObligations, type Obligation, type ObligationAdvance } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { TICKET_SETTINGS } from '../../tickets/settings.ts';
import { subjectDefinition } from '../queries.ts';
import { keepUntil, mayRemove, removalObstacle } from '../rules.ts';
import { releaseBlobs } from './blobs.ts';
import { lockSubject } from './subject.ts';
import { ATTACHMENT_RETENTION } from './uploads.ts';

export interface AttachmentRemoveInput {
  readonly attachmentId: string;
  readonly reason: string;
  readonly expectedVersion: number;
}

/**
 * Removes the content of an attachment; its row stays and says who removed it, when and why. Its uploader may, or who
 * approves records of its kind, as long as the record is open and rests on it with no step, or when the retention is over.
 */
export async function attachmentRemove(
  tx: Command,
  viewer: Viewer,
  input: AttachmentRemoveInput,
): Promise<{ attachmentId: string }> {
  const notFound = new NotFound(['attachmentId'], text('attachment', '附件'));
  const found = await tx.prisma.attachment.findUnique({ where: { id: input.attachmentId } });
  if (!found) throw notFound;
  const { resource, from, closed, restsOn } = subjectDefinition(found.subjectType);
  try {
    await lockSubject(tx, viewer, { type: found.subjectType, id: found.subjectId }, 'attachmentId');
  } catch (error) {
    // In the words of what is not there: who may not read the record hears no more of its attachments.
    throw error instanceof NotFound ? notFound : error;
  }
  // Locked through its record: read again what another has changed meanwhile.
  const attachment = await tx.prisma.attachment.findUniqueOrThrow({ where: { id: found.id } });
  const isUploader = attachment.uploadedById === viewer.employeeId;
  if (!mayRemove({ writable: true, isUploader, approves: can(viewer, resource, 'approve') })) {
    throw new Forbidden(['who uploaded it', ...rolesWith(resource, 'approve')]);
  }
  if (attachment.version !== input.expectedVersion) throw new StaleVersion(attachment.version);
  const [facts] = await tx.query<{ closed: boolean; restsOn: boolean }>(sql`
    select ${closed(sql`s`)} as closed, coalesce(${restsOn(sql`s`, sql`att`)}, false) as "restsOn"
    from ${from} join attachment att on att.id = ${attachment.id}::uuid
    where s.id = att.subject_id`);
  const obstacle = removalObstacle(
    { ...attachment, closed: facts?.closed ?? true, restsOn: facts?.restsOn ?? true },
    tx.now,
  );
  if (obstacle) throw new IllegalTransition(obstacle, 'REMOVE', []);
  if (!input.reason.trim() || input.reason.length > 500) {
    throw invalid('reason', text('why it is removed, at most 500 characters', '移除原因，最多 500 字'));
  }
  // In the order of the sweep: its obligation, the attachment, the bytes.
  await cancelObligations(tx, ATTACHMENT_RETENTION, attachment.id);
  await tx.prisma.attachment.update({
    where: { id: attachment.id },
    data: {
      blobSha256: null,
      removedAt: tx.now,
      removedById: viewer.employeeId,
      removalReason: input.reason.trim(),
      version: { increment: 1 },
    },
  });
  await releaseBlobs(tx, [attachment.sha256]);
  tx.audit({
    action: 'attachmentRemove',
    subjectType: attachment.subjectType,
    subjectId: attachment.subjectId,
    before: { attachmentId: attachment.id, fileName: attachment.fileName, sha256: attachment.sha256 },
    after: { reason: input.reason.trim() },
  });
  return { attachmentId: attachment.id };
}

interface Kept {
  readonly id: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly fileName: string;
  readonly kind: 'CALL_RECORDING';
  readonly sha256: string;
  readonly uploadedAt: Date;
}

/**
 * Removes the content of attachments whose retention has run out; where ticket.recordingMonths was raised meanwhile
 * the content stays until then. The number of statements does not depend on how many they are.
 */
export function endRetention(timeZone: string) {
  return async (tx: Command, due: readonly Obligation[]): Promise<ObligationAdvance[]> => {
    const recordingMonths = tx.settings.get(TICKET_SETTINGS.recordingMonths);
    const rows = await tx.query<Kept>(sql`
      select att.id, att.subject_type as "subjectType", att.subject_id as "subjectId", att.file_name as "fileName",
             att.kind, att.sha_256 as sha256, att.uploaded_at as "uploadedAt"
      from attachment att
      where att.id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and att.removed_at is null
      order by att.id for update`);
    const later = new Map<string, Date>();
    for (const row of rows) {
      const until = keepUntil(row.kind, row.uploadedAt, { recordingMonths, timeZone });
      if (until && until > tx.now) later.set(row.id, until);
    }
    await postpone(tx, later);
    const over = rows.filter(({ id }) => !later.has(id));
    await removeContent(tx, over);
    return due.map(({ id, subjectId }) => {
      const until = later.get(subjectId);
      return until
        ? { id, state: 'OPEN', step: 0, nextAt: until }
        : { id, state: 'MET', step: 1, nextAt: null };
    });
  };
}

async function postpone(tx: Command, later: ReadonlyMap<string, Date>): Promise<void> {
  if (later.size === 0) return;
  const rows = [...later].map(([id, until]) => ({ id, until }));
  await tx.query(sql`
    update attachment att set keep_until = l.until, version = version + 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as l(id uuid, until timestamptz)
    where att.id = l.id
    returning 1 as written`);
}

async function removeContent(tx: Command, over: readonly Kept[]): Promise<void> {
  if (over.length === 0) return;
  await tx.query(sql`
    update attachment
    set blob_sha_256 = null, removed_at = ${tx.now}::timestamptz, removal_reason = 'RETENTION_ENDED', version = version + 1
    where id = any(${over.map(({ id }) => id)}::uuid[])
    returning 1 as written`);
  await releaseBlobs(
    tx,
    over.map(({ sha256 }) => sha256),
  );
  tx.audit(
    ...over.map(({ id, subjectType, subjectId, fileName, sha256 }) => ({
      action: 'attachmentRetentionEnded',
      subjectType,
      subjectId,
      before: { attachmentId: id, fileName, sha256 },
    })),
  );
}
