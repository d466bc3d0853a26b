import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { NotFound } from '../../lib/errors.ts';
import { isUuid } from '../../lib/ids.ts';
import { type Locale, text } from '../../lib/text.ts';
import type { ByteRange } from '../../platform/blob-store.ts';
import { attachmentById, type AttachmentRow } from '../queries.ts';
import { FileRefused } from '../rules.ts';
import { answerRefusal } from './answers.ts';
import { type FileHost, readAddress } from './host.ts';
import { askedRange } from './range.ts';

/**
 * `GET /files/<token>`: the content of an attachment, for the person whom the address names, if that person may read
 * the record now. Every answer with content is audited, before its first byte.
 */
export async function sendDownload(
  host: FileHost,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  locale: Locale,
): Promise<void> {
  const { id, employeeId } = readAddress(host, 'download', token);
  const notFound = new NotFound(['token'], text('attachment', '附件'));
  const caller = await host.callerOf(employeeId);
  if (!caller || !isUuid(id)) throw notFound;
  const { read } = caller;
  const attachment = await attachmentById.load(read, id);
  if (!attachment) {
    await host.runner.run(caller.origin(), async (tx) =>
      tx.audit({ action: 'attachmentReadRefused', subjectType: 'Attachment', subjectId: id }),
    );
    throw notFound;
  }
  if (attachment.removedAt !== null) {
    throw new FileRefused('CONTENT_REMOVED', text('The content was removed.', '附件内容已移除。'), {
      removedAt: attachment.removedAt,
      reason: attachment.removalReason,
    });
  }
  const etag = `"${attachment.sha256}"`;
  const headers = headersOf(attachment, etag);
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const range =
    ifRange === undefined || ifRange === etag ? askedRange(request.headers.range, attachment.bytes) : null;
  if (range === 'UNSATISFIABLE') {
    response.setHeader('content-range', `bytes */${attachment.bytes}`);
    answerRefusal(response, locale, {
      status: 416,
      code: 'RANGE_NOT_SATISFIABLE',
      text: text(`The file has ${attachment.bytes} bytes.`, `该文件共 ${attachment.bytes} 字节。`),
    });
    return;
  }
  if (request.method === 'HEAD') {
    response.writeHead(200, { ...headers, 'content-length': attachment.bytes }).end();
    return;
  }
  const content = await host.store.blobs.read(attachment.sha256, range ?? undefined);
  try {
    await host.runner.run(caller.origin(), async (tx) =>
      tx.audit({
        action: 'attachmentDownload',
        subjectType: attachment.subjectType,
        subjectId: attachment.subjectId,
        after: { attachmentId: attachment.id, sha256: attachment.sha256, ...(range ? { range } : {}) },
      }),
    );
  } catch (error) {
    content.destroy();
    throw error;
  }
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': range ? range.end - range.start + 1 : attachment.bytes,
    ...(range ? { 'content-range': contentRange(range, attachment.bytes) } : {}),
  });
  await pipeline(content, response);
}

function contentRange({ start, end }: ByteRange, bytes: number): string {
  return `bytes ${start}-${end}/${bytes}`;
}

/** The content is somebody else's: a browser saves it, never runs or guesses it, and tells nobody where it came from. */
function headersOf(attachment: AttachmentRow, etag: string): Record<string, string> {
  const checksum = Buffer.from(attachment.sha256, 'hex').toString('base64');
  return {
    'content-type': attachment.contentType.startsWith('text/')
      ? `${attachment.contentType}; charset=utf-8`
      : attachment.contentType,
    'content-disposition': contentDisposition(attachment.fileName),
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // Kept by the browser, asked for again each time: rights are decided anew.
    'cache-control': 'private, no-cache',
    'accept-ranges': 'bytes',
    'repr-digest': `sha-256=:${checksum}:`,
    etag,
  };
}

/** RFC 6266: the name as it is for whoever reads RFC 5987, and what ASCII can say of it for the others. */
function contentDisposition(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
