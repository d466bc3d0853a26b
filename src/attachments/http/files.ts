import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Locale, preferredLocale, text } from '../../lib/text.ts';
import { BlobMissing, isNoRoom, StoreUnavailable } from '../../platform/blob-store.ts';
import { isConnectionFailure } from '../../platform/database.ts';
import { answerRefusal, refusalOf } from './answers.ts';
import { sendDownload } from './download.ts';
import { type FileHost, FILES_PATH } from './host.ts';
import { receiveUpload, UploadAborted } from './upload.ts';

const METHODS = 'PUT, GET, HEAD, OPTIONS';
/** For so long a client that was refused may go on sending before it is cut off. */
const REFUSED_BODY_MS = 10_000;

export interface FileHandler {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Waits until every transfer has ended; the connections are closed by then. */
  stop(): Promise<void>;
}

/** Answers `/files/<token>`: the token is the right to it, so no Authorization header is needed. */
export function createFileHandler(host: FileHost): FileHandler {
  const running = new Set<Promise<void>>();
  return {
    async answer(request, response) {
      const transfer = answerRequest(host, request, response);
      running.add(transfer);
      try {
        await transfer;
      } finally {
        running.delete(transfer);
      }
    },
    async stop() {
      await Promise.allSettled(running);
    },
  };
}

async function answerRequest(
  host: FileHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const locale = preferredLocale(request.headers['accept-language']);
  const token = (request.url ?? '').split('?', 1)[0]?.slice(FILES_PATH.length) ?? '';
  allowOrigin(host.corsOrigin, request, response);
  try {
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else if (request.method === 'PUT') await receiveUpload(host, token, request, response, locale);
    else if (request.method === 'GET' || request.method === 'HEAD')
      await sendDownload(host, token, request, response, locale);
    else refuseMethod(response, locale);
  } catch (error) {
    answerError(host, error, response, locale);
  } finally {
    cutOffLater(request);
  }
}

function refuseMethod(response: ServerResponse, locale: Locale): void {
  response.setHeader('allow', METHODS);
  answerRefusal(response, locale, {
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    text: text(`Accepted: ${METHODS}.`, `可接受：${METHODS}。`),
  });
}

function answerError(host: FileHost, error: unknown, response: ServerResponse, locale: Locale): void {
  if (error instanceof UploadAborted) {
    host.log.debug({ err: error }, 'an upload was broken off');
    response.destroy();
    return;
  }
  if (response.headersSent) {
    // Most often a client that has heard enough; a store that fails half way looks alike.
    host.log.info({ err: error }, 'a file was not sent to its end');
    response.destroy();
    return;
  }
  const refusal = refusalOf(error);
  if (refusal) {
    answerRefusal(response, locale, refusal);
    return;
  }
  const failure = failureOf(error);
  host.log[failure.status === 503 ? 'warn' : 'error']({ err: error }, failure.text.en);
  if (failure.status === 503) response.setHeader('retry-after', '5');
  answerRefusal(response, locale, failure);
}

/** What a client hears of a failure that is not its own; the log has the whole story. */
function failureOf(error: unknown): Parameters<typeof answerRefusal>[2] {
  if (error instanceof StoreUnavailable || isConnectionFailure(error)) {
    return {
      status: 503,
      code: 'SERVICE_UNAVAILABLE',
      text: text('The service is not available for the moment; try again.', '服务暂时不可用，请稍后重试。'),
    };
  }
  if (isNoRoom(error)) {
    const message = text('There is no room left for files.', '文件存储空间不足。');
    return { status: 507, code: 'NO_ROOM', text: message };
  }
  if (error instanceof BlobMissing) {
    const message = text('The content cannot be found in the file store.', '文件存储中找不到该内容。');
    return { status: 500, code: 'CONTENT_MISSING', text: message };
  }
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', text: text('Unexpected error.', '意外错误。') };
}

/** Node passes over what is left of a refused body, so that the client reads the answer; but not for ever. */
function cutOffLater(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.destroy(), REFUSED_BODY_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
}

/** Web pages of the origins that may use the API may use its files; no cookie or header of theirs is needed. */
function allowOrigin(allowed: string | null, request: IncomingMessage, response: ServerResponse): void {
  if (allowed === null) return;
  response.setHeader('vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined) return;
  const origins = allowed.split(',').map((one) => one.trim());
  if (!origins.includes('*') && !origins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader(
    'access-control-expose-headers',
    'Content-Disposition, Content-Range, ETag, Repr-Digest',
  );
  if (request.method !== 'OPTIONS') return;
  response.setHeader('access-control-allow-methods', METHODS);
  response.setHeader('access-control-allow-headers', 'Content-Type, Range, If-None-Match, Accept-Language');
  response.setHeader('access-control-max-age', '600');
}
