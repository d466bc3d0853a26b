import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { s3Store } from '../../src/platform/s3-store.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeTicket } from '../support/factories.ts';
import { askFile, attachFile, begin, downloadUrl, put, SAMPLES } from '../support/files.ts';
import { mutate } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { type OwnS3, startS3 } from '../support/s3.ts';
import { startTestServer, testEnvironment, type TestServer } from '../support/server.ts';

function checksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function keyOf(bytes: Uint8Array): string {
  const sha256 = checksum(bytes);
  return join(sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

function pdf(bytes = 500): Buffer {
  return Buffer.concat([SAMPLES.pdf, randomBytes(bytes)]);
}

function environmentOf(s3: OwnS3): Record<string, string> {
  return {
    ATTACHMENTS_S3_URL: s3.url,
    ATTACHMENTS_S3_BUCKET: s3.bucket,
    ATTACHMENTS_S3_REGION: s3.region,
    ATTACHMENTS_S3_KEY_ID: s3.keyId,
    ATTACHMENTS_S3_SECRET: s3.secret,
  };
}

/** Runs the command of an operator, on the database and store of a server. */
function verify(database: FreshDatabase) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/attachments-verify.ts'], {
    env: { PATH: process.env.PATH, ...testEnvironment({ database }) },
    encoding: 'utf8',
  });
  return { status, lines: `${stdout}${stderr}`.trim().split('\n') };
}

describe('An S3-compatible service', () => {
  let s3: OwnS3;
  let database: FreshDatabase;
  let server: TestServer;
  let ticket: Named;
  beforeAll(async () => {
    [s3, database] = await Promise.all([startS3(), freshDatabase()]);
    server = await startTestServer({ database, env: environmentOf(s3) });
  }, 60_000);
  beforeEach(async () => {
    ticket = await makeTicket(server, { assigneeId: people.CS_AGENT.id });
    s3.asked.length = 0;
    s3.trouble.times = 0;
  });
  afterAll(async () => {
    await server.stop();
    await Promise.all([s3.stop(), database.drop()]);
  });

  test('has the bytes, with a signature that covers them, and gives them back whole and in parts', async () => {
    const bytes = pdf(2_000_000);
    const id = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    const path = `/${s3.bucket}/${keyOf(bytes)}`;
    expect(s3.objects.get(path)?.equals(bytes)).toBe(true);
    expect(s3.asked).toEqual([`PUT ${path} 200`, `HEAD ${path} 200`]);
    expect(existsSync(join(database.dataDir, 'blobs'))).toBe(false);
    expect(readdirSync(join(database.dataDir, 'uploads'))).toEqual([]);
    const url = await downloadUrl(server, 'CS_AGENT', id);
    expect((await askFile(server, url)).bytes.equals(bytes)).toBe(true);
    const part = await askFile(server, url, { headers: { range: 'bytes=1000000-1000099' } });
    expect([part.status, part.bytes.equals(bytes.subarray(1_000_000, 1_000_100))]).toEqual([206, true]);
  });

  test('loses what no attachment has any more', async () => {
    const bytes = pdf();
    const attachmentId = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    await mutate(server, 'CS_AGENT', 'attachmentRemove', { attachmentId, reason: 'x', expectedVersion: 1 });
    await server.services.keepHouse();
    expect(s3.objects.has(`/${s3.bucket}/${keyOf(bytes)}`)).toBe(false);
  });

  test('that asks for patience is asked again', async () => {
    s3.trouble = { status: 503, times: 2 };
    await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, pdf());
    expect(s3.asked.map((asked) => asked.replace(/ .* /, ' '))).toEqual([
      'PUT 503',
      'PUT 503',
      'PUT 200',
      'HEAD 200',
    ]);
  });

  test('that is in trouble answers the client with a 503, and the upload can be sent again', async () => {
    const bytes = pdf();
    const { upload } = await begin(server, 'CS_AGENT', ticket.nodeId, { bytes: bytes.length });
    s3.trouble = { status: 500, times: 3 };
    const answer = await put(server, upload.url, bytes);
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'SERVICE_UNAVAILABLE' } } });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect((await put(server, upload.url, bytes)).status).toBe(201);
  });

  test('that lost an object answers with CONTENT_MISSING', async () => {
    const bytes = pdf();
    const id = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    s3.objects.delete(`/${s3.bucket}/${keyOf(bytes)}`);
    const answer = await askFile(server, await downloadUrl(server, 'CS_AGENT', id));
    expect(answer).toMatchObject({ status: 500, json: { error: { code: 'CONTENT_MISSING' } } });
  });

  test('believes no other secret', async () => {
    const stranger = s3Store({ ...s3, secret: 'another' });
    await expect(stranger.size(checksum(pdf()))).rejects.toThrow(/answered 403 to HEAD/);
  });

  test('is reached at the address of the bucket itself where no bucket is named', async () => {
    const bytes = pdf();
    await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    const direct = s3Store({ ...s3, url: `${s3.url}/${s3.bucket}/`, bucket: undefined });
    expect(await direct.size(checksum(bytes))).toBe(bytes.length);
    expect(await direct.size(checksum(pdf()))).toBeNull();
  });
});

describe('npm run attachments:verify', () => {
  test('reads every file, names what is missing or damaged, and ends with 1 then', async () => {
    const database = await freshDatabase();
    const server = await startTestServer({ database });
    const ticket = await makeTicket(server, { assigneeId: people.CS_AGENT.id });
    const [good, lost, damaged] = [pdf(), pdf(), pdf()];
    for (const bytes of [good, lost, damaged]) await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    await server.stop();
    expect(verify(database)).toEqual({ status: 0, lines: ['3 files read, 0 missing or damaged'] });
    rmSync(join(database.dataDir, 'blobs', keyOf(lost)));
    writeFileSync(join(database.dataDir, 'blobs', keyOf(damaged)), Buffer.alloc(damaged.length));
    const { status, lines } = verify(database);
    expect(status).toBe(1);
    expect(lines.at(-1)).toBe('3 files read, 2 missing or damaged');
    expect(lines.slice(0, -1).toSorted()).toEqual([
      expect.stringMatching(new RegExp(`^damaged: ${checksum(damaged)}, of attachments [0-9a-f-]{36}$`)),
      expect.stringMatching(new RegExp(`^missing: ${checksum(lost)}, of attachments [0-9a-f-]{36}$`)),
    ]);
    await database.drop();
  });
});
