import type { Attachment, AttachmentUpload } from '../generated/prisma/client.ts';
import { Forbidden, NotFound } from '../lib/errors.ts';
import { type Text, text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import { type Resource, rolesWith } from '../organisation/rules/permissions.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder, type Loader } from '../platform/loaders.ts';
import { any, columns, type Queryable, type Sql, sql } from '../platform/sql.ts';
import type { ViewerSql } from '../platform/visibility.ts';
import { restsOnAttachment, ticketEnded } from '../tickets/queries/evidence.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import { ticketReadable, ticketWritable } from '../tickets/queries/visibility.ts';

/** A kind of record that files can be attached to, and what decides about them; rows have the alias `s`. */
export interface AttachmentSubject {
  readonly name: Text;
  /** Whose rights count (section 23): read to see, write to attach, approve to remove what others attached. */
  readonly resource: Resource;
  readonly from: Sql;
  readonly readable: (viewer: ViewerSql, row: Sql) => Sql;
  readonly writable: (viewer: ViewerSql, row: Sql) => Sql;
  /** True for a record that is closed: nothing of it is removed any more. */
  readonly closed: (row: Sql) => Sql;
  /** True where a step of the record was taken on the strength of the attachment. */
  readonly restsOn: (row: Sql, attachment: Sql) => Sql;
  readonly byId: Loader<Reader, string, { readonly id: string } | null>;
}

/** The records that files can be attached to. A further one is a line here; its type gets the field `attachments`. */
export const SUBJECTS = {
  Ticket: {
    name: text('ticket', '工单'),
    resource: 'ticket',
    from: sql`ticket s`,
    readable: ticketReadable,
    writable: ticketWritable,
    closed: ticketEnded,
    restsOn: restsOnAttachment,
    byId: ticketById,
  },
} as const satisfies Record<string, AttachmentSubject>;

export type AttachmentSubjectType = keyof typeof SUBJECTS;

export const SUBJECT_TYPES = Object.keys(SUBJECTS) as AttachmentSubjectType[];

export function subjectDefinition(type: string): AttachmentSubject {
  return SUBJECTS[type as AttachmentSubjectType];
}

export type AttachmentRow = Attachment & { readonly __typename: 'Attachment' };

const ATTACHMENT_COLUMNS = sql`${columns('att', [
  'id',
  'subjectType',
  'subjectId',
  'kind',
  'fileName',
  'contentType',
  'bytes',
  'sha256',
  'blobSha256',
  'note',
  'uploadedById',
  'uploadedAt',
  'keepUntil',
  'removedAt',
  'removedById',
  'removalReason',
  'version',
])}, 'Attachment' as "__typename"`;

/** True where the record that it is attached to is such; each kind of record decides by its own fragment. */
function whereSubject(condition: (subject: AttachmentSubject) => Sql): Sql {
  return any(
    SUBJECT_TYPES.map((type) => {
      const subject = subjectDefinition(type);
      return sql`(att.subject_type = ${type} and exists (
        select 1 from ${subject.from} where s.id = att.subject_id and ${condition(subject)}))`;
    }),
  );
}

/** An attachment is seen by whoever reads its record; there is no masked card. */
function attachmentReadable(viewer: ViewerSql): Sql {
  return whereSubject((subject) => subject.readable(viewer, sql`s`));
}

export const attachmentById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<AttachmentRow>(sql`
      select ${ATTACHMENT_COLUMNS} from attachment att
      where att.id = any(${[...ids]}::uuid[]) and ${attachmentReadable(reader.sees)}`),
  ),
);

/** What decides whether the viewer may remove an attachment now. */
export interface RemovalRights {
  readonly writable: boolean;
  readonly closed: boolean;
  readonly restsOn: boolean;
}

export const removalRightsOf = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<RemovalRights & { id: string }>(sql`
    select att.id, ${whereSubject((subject) => subject.writable(reader.sees, sql`s`))} as writable,
           ${whereSubject((subject) => subject.closed(sql`s`))} as closed,
           ${whereSubject((subject) => subject.restsOn(sql`s`, sql`att`))} as "restsOn"
    from attachment att where att.id = any(${[...ids]}::uuid[])`);
  return inOrder(ids, rows);
});

export const ATTACHMENT_FIELDS = {
  kind: { kind: 'Enum', enumName: 'AttachmentKind', column: sql`att.kind` },
  fileName: { kind: 'String', column: sql`att.file_name` },
  contentType: { kind: 'String', column: sql`att.content_type`, orderable: false },
  bytes: { kind: 'Int', column: sql`att.bytes` },
  sha256: { kind: 'String', column: sql`att.sha_256`, orderable: false },
  uploadedBy: { kind: 'ID', entity: 'Employee', column: sql`att.uploaded_by_id`, orderable: false },
  uploadedAt: { kind: 'DateTime', column: sql`att.uploaded_at` },
  removedAt: { kind: 'DateTime', column: sql`att.removed_at` },
} as const satisfies Record<string, ListField>;

/** Index attachment(subject_id, id) finds the few rows of a record in their usual order. */
export function attachmentList(reader: Reader): ListSource {
  const visible = attachmentReadable(reader.sees);
  return {
    from: sql`attachment att`,
    id: sql`att.id`,
    select: ATTACHMENT_COLUMNS,
    visible,
    full: visible,
    fields: ATTACHMENT_FIELDS,
  };
}

/** Ties an attachment to `parent.id` of a kind of record. */
export function attachedTo(type: AttachmentSubjectType): Sql {
  return sql`att.subject_type = ${type} and att.subject_id = parent.id`;
}

/** What is on the way, as it was announced; null when there is no such upload. */
export async function announcedUpload(db: Queryable, id: string): Promise<AttachmentUpload | null> {
  const [upload] = await db.query<AttachmentUpload>(sql`
    select ${columns('u', [
      'id',
      'subjectType',
      'subjectId',
      'kind',
      'fileName',
      'bytes',
      'sha256',
      'note',
      'requestedById',
      'requestedAt',
      'expiresAt',
    ])}
    from attachment_upload u where u.id = ${id}::uuid`);
  return upload ?? null;
}

/** Whether the reader may attach to the record of an upload now: NotFound or Forbidden when not. */
export async function mayAttach(
  reader: Reader,
  upload: Pick<AttachmentUpload, 'subjectType' | 'subjectId'>,
): Promise<void> {
  const { from, readable, writable, resource } = subjectDefinition(upload.subjectType);
  const [row] = await reader.query<{ readable: boolean; writable: boolean }>(sql`
    select ${readable(reader.sees, sql`s`)} as readable, ${writable(reader.sees, sql`s`)} as writable
    from ${from} where s.id = ${upload.subjectId}::uuid`);
  if (!row?.readable) throw new NotFound(['token'], text('upload', '上传'));
  if (!row.writable) throw new Forbidden(rolesWith(resource, 'write'));
}
