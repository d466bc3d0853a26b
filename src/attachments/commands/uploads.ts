import type { AttachmentKind } from '../../generated/prisma/enums.ts';
import { Issues, NotFound } from '../../lib/errors.ts';
import { FILE_TYPES, type FileType } from '../../lib/file-types.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { TICKET_SETTINGS } from '../../tickets/settings.ts';
import { announcedUpload } from '../queries.ts';
import { FILE_NAME_LENGTH, FileRefused, isFileName, keepUntil, nameFits, NOTE_LENGTH } from '../rules.ts';
import { ATTACHMENT_SETTINGS } from '../settings.ts';
import { holdBlob } from './blobs.ts';
import { lockSubject, type SubjectRef } from './subject.ts';

/** The obligation whose sweep removes the content of an attachment when its retention has run out. */
export const ATTACHMENT_RETENTION = 'ATTACHMENT_RETENTION';

export interface AttachmentBeginInput {
  readonly subject: SubjectRef;
  readonly kind: AttachmentKind;
  readonly fileName: string;
  readonly bytes: number;
  readonly sha256?: string | null;
  readonly note?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Announces a file for a record that the viewer works on. Its bytes are sent to an address that is signed for them. */
export async function attachmentBegin(
  tx: Command,
  viewer: Viewer,
  input: AttachmentBeginInput,
): Promise<{ uploadId: string }> {
  await lockSubject(tx, viewer, input.subject, 'subjectId');
  checkAnnouncement(tx, input);
  const uploadId = await once(tx, 'attachmentBegin', input.idempotencyKey, input, async (id) => {
    const minutes = tx.settings.get(ATTACHMENT_SETTINGS.uploadMinutes);
    await tx.prisma.attachmentUpload.create({
      data: {
        id,
        subjectType: input.subject.type,
        subjectId: input.subject.id,
        kind: input.kind,
        fileName: input.fileName,
        bytes: input.bytes,
        sha256: input.sha256?.toLowerCase() ?? null,
        note: input.note?.trim() || null,
        requestedById: viewer.employeeId,
        requestedAt: tx.now,
        expiresAt: new Date(tx.now.getTime() + minutes * 60_000),
      },
    });
  });
  return { uploadId };
}

function checkAnnouncement(tx: Command, input: AttachmentBeginInput): void {
  const most = tx.settings.get(ATTACHMENT_SETTINGS.maxBytes)[input.kind];
  const accepted = tx.settings.get(ATTACHMENT_SETTINGS.types)[input.kind];
  const issues = new Issues();
  issues.expect(
    isFileName(input.fileName),
    'fileName',
    text(
      `1 to ${FILE_NAME_LENGTH} characters, without path, control characters and \\ / : * ? " < > |`,
      `1 到 ${FILE_NAME_LENGTH} 个字符，不含路径、控制字符和 \\ / : * ? " < > |`,
    ),
  );
  issues.expect(
    nameFits(input.fileName, accepted),
    'fileName',
    text(
      `${input.kind} takes files of the types ${accepted.join(', ')}`,
      `${input.kind} 可接受的文件类型：${accepted.join('、')}`,
    ),
  );
  issues.expect(
    input.bytes >= 1 && input.bytes <= most,
    'bytes',
    text(`1 to ${most} bytes for ${input.kind}`, `${input.kind} 须为 1 到 ${most} 字节`),
  );
  issues.expect(
    input.sha256 == null || /^[0-9a-f]{64}$/i.test(input.sha256),
    'sha256',
    text('64 hexadecimal digits', '64 位十六进制数字'),
  );
  issues.expect(
    (input.note ?? '').length <= NOTE_LENGTH,
    'note',
    text(`at most ${NOTE_LENGTH} characters`, `最多 ${NOTE_LENGTH} 字`),
  );
  issues.throwIfAny();
}

/** Bytes that were received, checked, and put into the store. */
export interface Received {
  readonly sha256: string;
  readonly bytes: number;
  readonly type: FileType;
  readonly timeZone: string;
  /** Whether the store has them now. */
  readonly isStored: () => Promise<boolean>;
}

/**
 * Makes an attachment of what was announced and received. The same bytes sent again answer with what was made; others
 * are refused. Rights count as they stand now.
 */
export async function attach(
  tx: Command,
  viewer: Viewer,
  uploadId: string,
  received: Received,
): Promise<{ created: boolean }> {
  // One after the other: two requests with the same address make one attachment.
  await tx.query(sql`select 1 as locked from attachment_upload where id = ${uploadId}::uuid for update`);
  const upload = await announcedUpload(tx, uploadId);
  if (!upload) throw new NotFound(['token'], text('upload', '上传'));
  const subject = { type: upload.subjectType, id: upload.subjectId };
  await lockSubject(tx, viewer, subject, 'token');
  const made = await tx.prisma.attachment.findUnique({ where: { id: uploadId } });
  if (made) {
    if (made.sha256 === received.sha256 && made.removedAt === null) return { created: false };
    throw new FileRefused(
      'UPLOAD_USED',
      text('This address was used for another file; begin anew.', '该地址已用于其他文件，请重新开始上传。'),
    );
  }
  await holdBlob(tx, received.sha256);
  if (!(await received.isStored()))
    throw new Error(`${received.sha256} was put into the store and is not there.`);
  const until = keepUntil(upload.kind, tx.now, {
    recordingMonths: tx.settings.get(TICKET_SETTINGS.recordingMonths),
    timeZone: received.timeZone,
  });
  await tx.prisma.attachment.create({
    data: {
      id: upload.id,
      subjectType: upload.subjectType,
      subjectId: upload.subjectId,
      kind: upload.kind,
      fileName: upload.fileName,
      contentType: FILE_TYPES[received.type].mediaTypes[0],
      bytes: received.bytes,
      sha256: received.sha256,
      blobSha256: received.sha256,
      note: upload.note,
      uploadedById: viewer.employeeId,
      uploadedAt: tx.now,
      keepUntil: until,
    },
  });
  if (until) {
    await putObligations(tx, [
      {
        kind: ATTACHMENT_RETENTION,
        subjectId: upload.id,
        period: 'retention',
        ownerId: null,
        startsAt: tx.now,
        warnAt: null,
        dueAt: until,
        nextAt: until,
        state: 'OPEN',
        step: 0,
      },
    ]);
  }
  tx.audit({
    action: 'attachmentAdd',
    subjectType: upload.subjectType,
    subjectId: upload.subjectId,
    after: {
      attachmentId: upload.id,
      kind: upload.kind,
      fileName: upload.fileName,
      type: received.type,
      bytes: received.bytes,
      sha256: received.sha256,
    },
  });
  return { created: true };
}

/** Forgets announcements whose address has long been closed; says how many. */
export async function dropOldUploads(tx: Command): Promise<void> {
  const before = new Date(tx.now.getTime() - 24 * 3_600_000);
  await tx.query(sql`
    delete from attachment_upload where expires_at < ${before}::timestamptz returning 1 as deleted`);
}
