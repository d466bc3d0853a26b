import { AwsClient } from 'aws4fetch';
import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { BlobMissing, type BlobStore, StoreUnavailable } from './blob-store.ts';

export interface S3Options {
  /** Of the service, or of the bucket itself where `bucket` is absent. */
  readonly url: string;
  readonly bucket: string | undefined;
  readonly region: string;
  readonly keyId: string;
  readonly secret: string;
}

const ANSWER_MS = 10_000;
/** A large file over a slow line; far below the hour for which its place is reserved. */
const PUT_MS = 10 * 60_000;
/** Further tries after an answer that says "later". */
const RETRIES = 2;

/**
 * An S3-compatible service (Signature Version 4). Objects lie as in a folder, `ab/cd/<checksum>`. The signature covers
 * the checksum of what is sent, so that the service itself refuses bytes that are not those.
 */
export function s3Store(options: S3Options): BlobStore {
  const client = new AwsClient({
    accessKeyId: options.keyId,
    secretAccessKey: options.secret,
    service: 's3',
    region: options.region,
    retries: RETRIES,
  });
  const base = [options.url.replace(/\/+$/, ''), ...(options.bucket ? [options.bucket] : [])].join('/');

  async function ask(sha256: string, init: RequestInit, timeoutMs = ANSWER_MS): Promise<Response> {
    const url = `${base}/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
    // Until it answers: the body of a large file may take longer.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    try {
      return await client.fetch(url, { ...init, signal: timeout.signal });
    } catch (error) {
      throw new StoreUnavailable(`${new URL(base).host} does not answer.`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async function refused(response: Response, what: string): Promise<StoreUnavailable> {
    const said = (await response.text()).slice(0, 500);
    return new StoreUnavailable(`${new URL(base).host} answered ${response.status} to ${what}: ${said}`);
  }

  return {
    async put(file, sha256) {
      const body = await openAsBlob(file);
      const headers = { 'x-amz-content-sha256': sha256, 'content-type': 'application/octet-stream' };
      const response = await ask(sha256, { method: 'PUT', headers, body }, PUT_MS);
      if (!response.ok) throw await refused(response, 'PUT');
      await response.body?.cancel();
    },
    async size(sha256) {
      const response = await ask(sha256, { method: 'HEAD' });
      if (response.status === 404) return null;
      if (!response.ok) throw await refused(response, 'HEAD');
      return Number(response.headers.get('content-length'));
    },
    async read(sha256, range) {
      const headers = range ? { range: `bytes=${range.start}-${range.end}` } : undefined;
      const response = await ask(sha256, { method: 'GET', ...(headers ? { headers } : {}) });
      if (response.status === 404) {
        await response.body?.cancel();
        throw new BlobMissing(sha256);
      }
      if (response.status !== (range ? 206 : 200)) throw await refused(response, 'GET');
      return response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]);
    },
    async delete(sha256) {
      const response = await ask(sha256, { method: 'DELETE' });
      if (!response.ok && response.status !== 404) throw await refused(response, 'DELETE');
      await response.body?.cancel();
    },
  };
}
