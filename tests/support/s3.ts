import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An S3-compatible service of the test's own, which believes no request whose signature is wrong. */
export interface OwnS3 {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly keyId: string;
  readonly secret: string;
  /** Objects by path, `/<bucket>/<key>`. */
  readonly objects: Map<string, Buffer>;
  /** What was asked, as "PUT /bucket/key 200". */
  readonly asked: string[];
  /** Answers so many further requests with this status, as a service in trouble does. */
  trouble: { status: number; times: number };
  stop(): Promise<void>;
}

export async function startS3(): Promise<OwnS3> {
  const objects = new Map<string, Buffer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    answer(s3, request, response).catch((error: unknown) => response.destroy(error as Error));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const s3: OwnS3 = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: 'switchyard-files',
    region: 'cn-shanghai',
    keyId: 'AKIDEXAMPLE',
    secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    objects,
    asked,
    trouble: { status: 503, times: 0 },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return s3;
}

async function answer(s3: OwnS3, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? '/';
  const [status, headers, body] = decide(s3, request, path, Buffer.concat(chunks));
  s3.asked.push(`${request.method} ${path} ${status}`);
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

type Decision = [status: number, headers: Record<string, string | number>, body: Buffer | string];

function decide(s3: OwnS3, request: IncomingMessage, path: string, body: Buffer): Decision {
  if (s3.trouble.times > 0) {
    s3.trouble.times -= 1;
    return [s3.trouble.status, {}, '<Error><Code>SlowDown</Code></Error>'];
  }
  const refusal = refusalOf(s3, request, path, body);
  if (refusal) return [403, {}, `<Error><Code>${refusal}</Code></Error>`];
  if (!path.startsWith(`/${s3.bucket}/`)) return [404, {}, '<Error><Code>NoSuchBucket</Code></Error>'];
  if (request.method === 'PUT') {
    if (request.headers['content-length'] === undefined)
      return [411, {}, '<Error><Code>MissingContentLength</Code></Error>'];
    s3.objects.set(path, body);
    return [200, {}, ''];
  }
  if (request.method === 'DELETE') {
    s3.objects.delete(path);
    return [204, {}, ''];
  }
  const object = s3.objects.get(path);
  if (!object) return [404, {}, '<Error><Code>NoSuchKey</Code></Error>'];
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined) return [200, { 'content-length': object.length }, object];
  const part = object.subarray(Number(first), Number(last) + 1);
  return [
    206,
    { 'content-length': part.length, 'content-range': `bytes ${first}-${last}/${object.length}` },
    part,
  ];
}

/** Signature Version 4, worked out from the specification. Null for a request that may be believed. */
function refusalOf(s3: OwnS3, request: IncomingMessage, path: string, body: Buffer): string | null {
  const { headers } = request;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (!match) return 'AccessDenied';
  const [, keyId, date = '', region, signedHeaders = '', signature] = match;
  if (keyId !== s3.keyId || region !== s3.region) return 'InvalidAccessKeyId';
  const names = signedHeaders.split(';');
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name)))
    return 'AccessDenied';
  const payload = String(headers['x-amz-content-sha256']);
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  if (request.method === 'PUT' && payload === 'UNSIGNED-PAYLOAD') return 'AccessDenied';
  const canonical = [
    request.method,
    path,
    '',
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signedHeaders,
    payload,
  ].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    `${date}/${region}/s3/aws4_request`,
    sha256(Buffer.from(canonical)),
  ].join('\n');
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part ?? ''),
    `AWS4${s3.secret}`,
  );
  return hmac(key, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch';
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
