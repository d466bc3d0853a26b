import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AttachmentUpload } from '../../generated/prisma/client.ts';
import { globalId } from '../../graphql/ids.ts';
import { NotFound } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { type Locale, text } from '../../lib/text.ts';
import { answer } from '../../platform/http-answers.ts';
import { reserveBlob } from '../commands/blobs.ts';
import { attach } from '../commands/uploads.ts';
import { announcedUpload, mayAttach } from '../queries.ts';
import { FileRefused, judgeType } from '../rules.ts';
import { ATTACHMENT_SETTINGS } from '../settings.ts';
import { answerRefusal } from './answers.ts';
import { findType } from './content-type.ts';
import { type FileCaller, type FileHost, readAddress } from './host.ts';

/** The client went away, or was cut off, before all its bytes had come. */
export class UploadAborted extends Error {}

/**
 * `PUT /files/<token>`: receives an announced file. Its bytes go straight to the disk under a temporary name, are
 * checked there, and get their place in the store before a row speaks of them. A failure at any point leaves nothing.
 */
export async function receiveUpload(
  host: FileHost,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  locale: Locale,
): Promise<void> {
  const { id, employeeId } = readAddress(host, 'upload', token);
  const caller = await host.callerOf(employeeId);
  if (!caller) throw unknownUpload();
  const upload = await announcedUpload(caller.read, id);
  if (!upload) throw unknownUpload();
  // Before a byte is taken: who may not attach it does not fill our disk either.
  await mayAttach(caller.read, upload);
  const length = request.headers['content-length'];
  if (request.headers['transfer-encoding'] !== undefined || length === undefined) {
    answerRefusal(response, locale, {
      status: 411,
      code: 'LENGTH_REQUIRED',
      text: text('Send the file with a Content-Length.', '请在请求中包含 Content-Length。'),
    });
    return;
  }
  checkHeaders(request, upload, Number(length));

  const { created, ...attachment } = await takeIn(host, caller, upload, request);
  answer(response, created ? 201 : 200, { attachment });
}

/** Receives, checks and keeps the bytes; whatever happens, nothing is left in the folder of uploads. */
async function takeIn(
  host: FileHost,
  caller: FileCaller,
  upload: AttachmentUpload,
  request: IncomingMessage,
) {
  const file = join(host.store.incoming, `${newId()}.part`);
  try {
    const received = await receive(request, file, upload.bytes);
    if (upload.sha256 && upload.sha256 !== received.sha256) {
      throw new FileRefused(
        'CHECKSUM_DIFFERS',
        text(
          `The bytes have the SHA-256 ${received.sha256}, ${upload.sha256} was announced.`,
          `收到内容的 SHA-256 为 ${received.sha256}，与声明的 ${upload.sha256} 不符。`,
        ),
        { found: received.sha256, accepted: [upload.sha256] },
      );
    }
    const type = judgeType({
      found: await findType(file),
      fileName: upload.fileName,
      mediaType: request.headers['content-type'] ?? null,
      accepted: caller.read.settings.get(ATTACHMENT_SETTINGS.types)[upload.kind],
    });
    const { created } = await keep(host, caller, upload, file, { ...received, type });
    const id = globalId('Attachment', upload.id);
    return { created, id, fileName: upload.fileName, type, ...received };
  } finally {
    // Gone already where the store has taken it over.
    await rm(file, { force: true });
  }
}

function unknownUpload(): NotFound {
  return new NotFound(['token'], text('upload', '上传'));
}

function checkHeaders(request: IncomingMessage, upload: AttachmentUpload, length: number): void {
  if (length !== upload.bytes) {
    throw new FileRefused(
      'SIZE_DIFFERS',
      text(
        `${length} bytes are sent, ${upload.bytes} were announced.`,
        `发送了 ${length} 字节，与声明的 ${upload.bytes} 字节不符。`,
      ),
      { found: length, accepted: [upload.bytes] },
    );
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new FileRefused(
      'HEADER_DIFFERS',
      text(
        `Content-Encoding is ${encoding}; accepted: the file as it is.`,
        `Content-Encoding 为 ${encoding}；请直接发送文件原始内容。`,
      ),
      { found: encoding, accepted: ['identity'] },
    );
  }
}

/** Writes the body to a file, through to the disk, and counts and hashes it on its way. */
async function receive(
  request: IncomingMessage,
  file: string,
  most: number,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      // Not even where the framing lets more through than was said.
      if (bytes > most) return done(new UploadAborted('More bytes than were announced.'));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(
      // When the disk is full the connection is still needed, for the answer.
      request.iterator({ destroyOnReturn: false }),
      measured,
      createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
    );
  } catch (error) {
    if (!request.destroyed) throw error;
    throw new UploadAborted('The connection ended before the file.', { cause: error });
  }
  if (bytes !== most) throw new UploadAborted('Fewer bytes than were announced.');
  return { sha256: hash.digest('hex'), bytes };
}

/** Bytes first, then the row: a crash in between leaves bytes that are reserved and collected later, never a row without them. */
async function keep(
  host: FileHost,
  caller: FileCaller,
  upload: AttachmentUpload,
  file: string,
  received: { sha256: string; bytes: number; type: ReturnType<typeof judgeType> },
): Promise<{ created: boolean }> {
  const { runner, store } = host;
  const { sha256, bytes } = received;
  await runner.run(caller.origin(), (tx) => reserveBlob(tx, sha256, bytes));
  await store.blobs.put(file, sha256);
  // Rights as they stand when it is done, however long the bytes took.
  const now = await host.callerOf(caller.viewer.employeeId);
  if (!now) throw unknownUpload();
  return runner.run(now.origin(), (tx) =>
    attach(tx, now.viewer, upload.id, {
      ...received,
      timeZone: now.read.timeZone,
      isStored: async () => (await store.blobs.size(sha256)) === bytes,
    }),
  );
}
