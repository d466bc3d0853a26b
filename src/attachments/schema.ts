import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { globalId, localId, nodeIdOf } from '../graphql/ids.ts';
import { listTypes, nestedList } from '../graphql/lists.ts';
import { mutation } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { ActionRightType } from '../graphql/shared-types.ts';
import type { AttachmentUpload } from '../generated/prisma/client.ts';
import { invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { can } from '../organisation/rules/viewer.ts';
import { attachmentRemove } from './commands/removal.ts';
import type { SubjectRef } from './commands/subject.ts';
import { attachmentBegin } from './commands/uploads.ts';
import { fileAddress } from './http/host.ts';
import {
  announcedUpload,
  ATTACHMENT_FIELDS,
  attachedTo,
  attachmentById,
  attachmentList,
  type AttachmentRow,
  removalRightsOf,
  SUBJECT_TYPES,
  subjectDefinition,
} from './queries.ts';
import { mayRemove, removalObstacle } from './rules.ts';
import { ATTACHMENT_SETTINGS } from './settings.ts';

const AttachmentType = builder.prismaObject('Attachment', {
  description:
    'A file attached to a record. Whoever reads the record sees it; its row stays when its content is removed.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.AttachmentKind, resolve: (row) => row.kind }),
    subject: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'The record that it is attached to.',
      resolve: async (row, _args, context) =>
        (await subjectDefinition(row.subjectType).byId.load(context.read, row.subjectId)) as never,
    }),
    fileName: t.exposeString('fileName', { description: 'As its uploader named it.' }),
    contentType: t.exposeString('contentType', {
      description: 'Media type, told by the content; not what the uploader said.',
    }),
    bytes: t.exposeInt('bytes', { description: 'Size of the content.' }),
    sha256: t.exposeString('sha256', { description: 'Checksum of the content, 64 hexadecimal digits.' }),
    note: t.exposeString('note', { nullable: true, description: 'What its uploader said of it.' }),
    uploadedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.employees.get(row.uploadedById) ?? null,
    }),
    uploadedAt: t.field({ type: 'DateTime', resolve: (row) => row.uploadedAt }),
    keepUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When its content is removed, of recordings (TIC-10, ticket.recordingMonths); null: kept as long as the record.',
      resolve: (row) => row.keepUntil,
    }),
    downloadUrl: t.string({
      nullable: true,
      description:
        'Where this viewer can fetch the content for some minutes (attachment.downloadMinutes): a path at this API’s address, which needs no Authorization header. Rights are decided again and each download is recorded when it is used. Null once the content was removed.',
      resolve: (row, _args, context) => (row.removedAt === null ? downloadAddress(row.id, context) : null),
    }),
    removedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its content was removed; null while it is there.',
      resolve: (row) => row.removedAt,
    }),
    removedBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null when the end of the retention removed it.',
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.removedById ?? '') ?? null,
    }),
    removalReason: t.exposeString('removalReason', {
      nullable: true,
      description: 'Why it was removed; RETENTION_ENDED at the end of the retention.',
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with it now, and why not.',
      resolve: async (row, _args, context) => [await removalRight(row, context)],
    }),
  }),
});
nodeBy(AttachmentType, attachmentById);

function downloadAddress(id: string, context: Context): string {
  const minutes = context.read.settings.get(ATTACHMENT_SETTINGS.downloadMinutes);
  const { employeeId } = context.read.viewer;
  const until = new Date(context.now.getTime() + minutes * 60_000);
  return fileAddress(context.links, 'download', { id, employeeId }, until);
}

async function removalRight(
  row: Pick<AttachmentRow, 'id' | 'subjectType' | 'uploadedById' | 'removedAt' | 'keepUntil'>,
  context: Context,
) {
  const { viewer, now } = context.read;
  const rights = await removalRightsOf.load(context.read, row.id);
  const allowed = mayRemove({
    writable: rights?.writable ?? false,
    isUploader: row.uploadedById === viewer.employeeId,
    approves: can(viewer, subjectDefinition(row.subjectType).resource, 'approve'),
  });
  const obstacle = removalObstacle(
    { ...row, closed: rights?.closed ?? true, restsOn: rights?.restsOn ?? true },
    now,
  );
  const reason = allowed ? obstacle && `STATE_${obstacle}` : 'FORBIDDEN';
  return { action: 'attachmentRemove', allowed: reason === null, reason };
}

const ATTACHMENT_LIST = listTypes<AttachmentRow>('Attachment', AttachmentType, ATTACHMENT_FIELDS);
for (const type of SUBJECT_TYPES) {
  nestedList(type, 'attachments', ATTACHMENT_LIST, {
    description:
      'Files attached to it, newest first unless ordered otherwise; those whose content was removed, too.',
    source: attachmentList,
    parent: attachedTo(type),
  });
}

const UploadType = builder.objectRef<AttachmentUpload>('AttachmentUpload').implement({
  description: 'A file that was announced and is now awaited.',
  fields: (t) => ({
    attachmentId: t.id({
      description: 'Id of the attachment that it becomes.',
      resolve: (upload) => globalId('Attachment', upload.id),
    }),
    url: t.string({
      description:
        'Where to send the bytes: a path at this API’s address. PUT with Content-Length and no Authorization header; answers 201 with the attachment, or `{ error { code message found accepted } }`.',
      resolve: (upload, _args, context) =>
        fileAddress(
          context.links,
          'upload',
          { id: upload.id, employeeId: upload.requestedById },
          upload.expiresAt,
        ),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the upload can begin (attachment.uploadMinutes).',
      resolve: (upload) => upload.expiresAt,
    }),
  }),
});

/** The record of a Node id of any type that files can be attached to. */
function subjectOf(id: string): SubjectRef {
  for (const type of SUBJECT_TYPES) {
    const rowId = localId(id, type);
    if (rowId !== null) return { type, id: rowId };
  }
  const types = SUBJECT_TYPES.join(', ');
  throw invalid('subjectId', text(`the id of one of ${types}`, `以下类型之一的 id：${types}`));
}

mutation('attachmentBegin', {
  description:
    'Announces a file for a record that the viewer works on, and answers with the address to send it to. It is attached once its bytes were received and checked.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    subjectId: t.id({
      required: true,
      description: `The record: ${SUBJECT_TYPES.join(', ')}.`,
      extensions: { entities: SUBJECT_TYPES },
    }),
    kind: t.field({ type: ENUMS.AttachmentKind, required: true }),
    fileName: t.string({
      required: true,
      description: 'At most 200 characters, without a path. Its extension must be that of its content.',
    }),
    bytes: t.int({
      required: true,
      description: 'Exact size; at most attachment.maxBytes of the kind. Another number of bytes is refused.',
    }),
    sha256: t.string({
      description: 'Checksum of the content, 64 hexadecimal digits; other bytes are refused.',
    }),
    note: t.string({ description: 'At most 500 characters.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, { subjectId, ...input }) =>
    attachmentBegin(tx, viewer, { ...input, subject: subjectOf(subjectId) }),
  success: (t) => ({
    upload: t.field({
      type: UploadType,
      nullable: true,
      description: 'Null for an idempotency key whose upload was long over.',
      resolve: (done, _args, context) => announcedUpload(context.read, done.uploadId),
    }),
  }),
});

mutation('attachmentRemove', {
  description:
    'Removes the content of an attachment; the row stays with who, when and why. Its uploader may, or who approves such records, while the record is open and no step of it rests on the file, or after its retention.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    attachmentId: t.id({ required: true, ...nodeIdOf('Attachment') }),
    reason: t.string({ required: true, description: 'At most 500 characters.' }),
    expectedVersion: t.int({ required: true }),
  }),
  run: (tx, viewer, input) => attachmentRemove(tx, viewer, input),
  success: (t) => ({
    attachment: t.field({
      type: AttachmentType,
      nullable: true,
      description: 'Null when the viewer may no longer read its record.',
      resolve: async (done, _args, context) =>
        (await attachmentById.load(context.read, done.attachmentId)) as never,
    }),
  }),
});
