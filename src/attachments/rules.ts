import type { AttachmentKind } from '../generated/prisma/enums.ts';
import { DomainError } from '../lib/errors.ts';
import { extensionOf, type FileType, typeOfExtension, typeOfMediaType } from '../lib/file-types.ts';
import { monthsAfter } from '../lib/periods.ts';
import { type Text, text } from '../lib/text.ts';

/** Why a file is not taken or not given. */
export type FileRefusal =
  | 'LINK_INVALID'
  | 'LINK_EXPIRED'
  | 'SIZE_DIFFERS'
  | 'CHECKSUM_DIFFERS'
  | 'TYPE_NOT_ACCEPTED'
  | 'NAME_DIFFERS'
  | 'HEADER_DIFFERS'
  | 'UPLOAD_USED'
  | 'CONTENT_REMOVED';

/** A file that is not taken or not given: `details` are facts that a client can act on. */
export class FileRefused extends DomainError {
  readonly code: FileRefusal;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: FileRefusal, message: Text, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export const FILE_NAME_LENGTH = 200;
export const NOTE_LENGTH = 500;

/** A name as people give files: no path, nothing that cannot be seen, not only dots. */
export function isFileName(name: string): boolean {
  return (
    name.trim() === name &&
    name.length >= 1 &&
    name.length <= FILE_NAME_LENGTH &&
    !/[/\\<>:"|?*\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]/u.test(name) &&
    !/^\.+$/.test(name)
  );
}

/** Whether a file of this name can be of one of the types; a name without an extension says nothing. */
export function nameFits(fileName: string, accepted: readonly FileType[]): boolean {
  const extension = extensionOf(fileName);
  if (extension === null) return true;
  const type = typeOfExtension(extension);
  return type !== null && accepted.includes(type);
}

/** What was found in the bytes; `type` is null for what is none of the known types, which `name` tells all the same. */
export interface FoundType {
  readonly type: FileType | null;
  readonly name: string;
}

/** The type counts by content; a name or a header that says something else is a lie, and the file is refused. */
export function judgeType(given: {
  readonly found: FoundType;
  readonly fileName: string;
  readonly mediaType: string | null;
  readonly accepted: readonly FileType[];
}): FileType {
  const { found, accepted } = given;
  const details = { found: found.name, accepted };
  const list = accepted.join(', ');
  if (found.type === null || !accepted.includes(found.type)) {
    throw new FileRefused(
      'TYPE_NOT_ACCEPTED',
      text(`The content is ${found.name}; accepted: ${list}.`, `文件内容为 ${found.name}；可接受：${list}。`),
      details,
    );
  }
  const extension = extensionOf(given.fileName);
  if (extension !== null && typeOfExtension(extension) !== found.type) {
    throw new FileRefused(
      'NAME_DIFFERS',
      text(
        `The file is named .${extension}, its content is ${found.name}; accepted: ${list}, named as what they are.`,
        `文件扩展名为 .${extension}，内容却是 ${found.name}；可接受：${list}，且名称须与内容一致。`,
      ),
      { ...details, named: extension },
    );
  }
  const { mediaType } = given;
  if (!saysNothing(mediaType) && typeOfMediaType(mediaType ?? '') !== found.type) {
    throw new FileRefused(
      'HEADER_DIFFERS',
      text(
        `Content-Type is ${mediaType}, the content is ${found.name}; accepted: ${list}, or no Content-Type.`,
        `Content-Type 为 ${mediaType}，内容却是 ${found.name}；可接受：${list}，或不发送 Content-Type。`,
      ),
      { ...details, declared: mediaType },
    );
  }
  return found.type;
}

/** Clients that do not know what they send say so. */
function saysNothing(mediaType: string | null): boolean {
  return mediaType === null || /^(application\/octet-stream)?\s*(;|$)/i.test(mediaType.trim());
}

/** Until when the content is kept: recordings some months from their upload (TIC-10), all else as long as the record. */
export function keepUntil(
  kind: AttachmentKind,
  uploadedAt: Date,
  policy: { readonly recordingMonths: number; readonly timeZone: string },
): Date | null {
  if (kind !== 'CALL_RECORDING') return null;
  return new Date(monthsAfter(uploadedAt.getTime(), policy.recordingMonths, policy.timeZone));
}

/** What decides whether an attachment can be removed. */
export interface RemovalFacts {
  readonly removedAt: Date | null;
  readonly keepUntil: Date | null;
  /** The record that it is attached to is closed. */
  readonly closed: boolean;
  /** A step of the record was taken on the strength of it. */
  readonly restsOn: boolean;
}

/** What does not allow the content to be removed, by state; null when nothing does. A record that is closed stays as it is until the retention has run out. */
export function removalObstacle(
  facts: RemovalFacts,
  now: Date,
): 'REMOVED' | 'RECORD_CLOSED' | 'IN_USE' | null {
  if (facts.removedAt !== null) return 'REMOVED';
  if (facts.keepUntil !== null && facts.keepUntil <= now) return null;
  if (facts.closed) return 'RECORD_CLOSED';
  return facts.restsOn ? 'IN_USE' : null;
}

/** Who may remove: whoever works on the record and uploaded it, or approves records of its kind (section 23: HEAD, CS_SUPERVISOR). */
export function mayRemove(given: { writable: boolean; isUploader: boolean; approves: boolean }): boolean {
  return given.writable && (given.isUploader || given.approves);
}
