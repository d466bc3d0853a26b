import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { localId } from '../../src/graphql/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeEmployee, makeTicket } from '../support/factories.ts';
import { askFile, attachFile, downloadUrl, SAMPLES } from '../support/files.ts';
import { type Named, people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let database: FreshDatabase;
let server: TestServer;
let ticket: Named;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database, env: { CORS_ORIGIN: 'https://board.example' } });
}, 60_000);
beforeEach(async () => {
  server.clock.set(MONDAY_9);
  ticket = await makeTicket(server, { assigneeId: people.CS_AGENT.id });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** A recording of 1,000 bytes, each telling its place. */
const RECORDING = Buffer.concat([SAMPLES.wav, Buffer.from(Array.from({ length: 956 }, (_, i) => i % 251))]);
const SHA256 = createHash('sha256').update(RECORDING).digest('hex');

function attachRecording(fileName = '2026-11-23 客户来电.wav'): Promise<string> {
  return attachFile(server, 'CS_AGENT', ticket.nodeId, { kind: 'CALL_RECORDING', fileName }, RECORDING);
}

/** What the trail says of the record. */
function auditOf(subjectId: string) {
  return server.services.database.query<{ action: string; actor: string; after: object | null }>(sql`
    select action, actor_id as actor, after from audit_log
    where subject_id = ${subjectId}::uuid and action like 'attachment%Re%' or subject_id = ${subjectId}::uuid and action = 'attachmentDownload'
    order by id`);
}

describe('A download', () => {
  test('gives the bytes, as a file that a browser saves and never runs', async () => {
    const id = await attachRecording();
    const url = await downloadUrl(server, 'CS_AGENT', id);
    expect(url).toMatch(/^\/files\/[\w.-]+$/);
    const { status, headers, bytes } = await askFile(server, url);
    expect(status).toBe(200);
    expect(bytes.equals(RECORDING)).toBe(true);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': '1000',
      'content-disposition': `attachment; filename="2026-11-23 ____.wav"; filename*=UTF-8''2026-11-23%20%E5%AE%A2%E6%88%B7%E6%9D%A5%E7%94%B5.wav`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'private, no-cache',
      'accept-ranges': 'bytes',
      etag: `"${SHA256}"`,
      'repr-digest': `sha-256=:${Buffer.from(SHA256, 'hex').toString('base64')}:`,
    });
  });

  test.each([
    [
      "it's (100%) 'fine'; x=1.wav",
      `it's (100_) 'fine'; x=1.wav`,
      'it%27s%20%28100%25%29%20%27fine%27%3B%20x%3D1.wav',
    ],
    ['录音.wav', '__.wav', '%E5%BD%95%E9%9F%B3.wav'],
    ['📞.wav', '__.wav', '%F0%9F%93%9E.wav'],
  ])('is named as it was given: %s', async (fileName, plain, encoded) => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording(fileName));
    const { headers } = await askFile(server, url);
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    );
  });

  test('is recorded each time, with who and which part', async () => {
    const id = await attachRecording();
    const url = await downloadUrl(server, 'HEAD', id);
    await askFile(server, url);
    await askFile(server, url, { headers: { range: 'bytes=10-19' } });
    await askFile(server, url, { method: 'HEAD' });
    await askFile(server, url, { headers: { 'if-none-match': `"${SHA256}"` } });
    const attachmentId = localId(id, 'Attachment');
    expect(await auditOf(ticket.id)).toEqual([
      { action: 'attachmentDownload', actor: people.HEAD.id, after: { attachmentId, sha256: SHA256 } },
      {
        action: 'attachmentDownload',
        actor: people.HEAD.id,
        after: { attachmentId, sha256: SHA256, range: { start: 10, end: 19 } },
      },
    ]);
  });

  test.each([
    ['bytes=0-9', 0, 9],
    ['bytes=990-', 990, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=-5000', 0, 999],
    ['bytes=0-0', 0, 0],
    ['bytes=999-999', 999, 999],
  ])('of the part %s answers bytes %i to %i', async (range, start, end) => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    const { status, headers, bytes } = await askFile(server, url, { headers: { range } });
    expect([status, headers.get('content-range'), headers.get('content-length')]).toEqual([
      206,
      `bytes ${start}-${end}/1000`,
      String(end - start + 1),
    ]);
    expect(bytes.equals(RECORDING.subarray(start, end + 1))).toBe(true);
  });

  test.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])(
    'of the part %s, which is not there, is refused',
    async (range) => {
      const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
      const answer = await askFile(server, url, { headers: { range } });
      expect(answer).toMatchObject({ status: 416, json: { error: { code: 'RANGE_NOT_SATISFIABLE' } } });
      expect(answer.headers.get('content-range')).toBe('bytes */1000');
    },
  );

  test.each(['bytes=0-1,5-6', 'bytes=9-5', 'lines=1-2', 'bytes=a-b', 'bytes=-'])(
    'passes over the Range %s',
    async (range) => {
      const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
      const { status, bytes } = await askFile(server, url, { headers: { range } });
      expect([status, bytes.length]).toEqual([200, 1000]);
    },
  );

  test('goes on with a part only where the file is the same', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    const ask = (tag: string) => askFile(server, url, { headers: { range: 'bytes=5-9', 'if-range': tag } });
    expect((await ask(`"${SHA256}"`)).status).toBe(206);
    expect((await ask('"another"')).status).toBe(200);
  });

  test('of what the browser has is not sent again', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    for (const tags of [`"${SHA256}"`, `W/"${SHA256}"`, `"other", "${SHA256}"`, '*']) {
      const { status, bytes } = await askFile(server, url, { headers: { 'if-none-match': tags } });
      expect([tags, status, bytes.length]).toEqual([tags, 304, 0]);
    }
    expect((await askFile(server, url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  test('by HEAD tells the size without the bytes', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    const { status, headers, bytes } = await askFile(server, url, { method: 'HEAD' });
    expect([status, headers.get('content-length'), bytes.length]).toEqual([200, '1000', 0]);
  });

  test('is open to web pages of the origins that may use the API', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    const asked = async (origin: string, method = 'GET') =>
      (await askFile(server, url, { method, headers: { origin } })).headers;
    expect((await asked('https://board.example')).get('access-control-allow-origin')).toBe(
      'https://board.example',
    );
    expect((await asked('https://elsewhere.example')).get('access-control-allow-origin')).toBeNull();
    const preflight = await asked('https://board.example', 'OPTIONS');
    expect(preflight.get('access-control-allow-methods')).toContain('PUT');
  });

  test('of content that is missing in the store says so, and is not recorded', async () => {
    const bytes = Buffer.concat([SAMPLES.pdf, Buffer.from(ticket.id)]);
    const id = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    rmSync(join(database.dataDir, 'blobs'), { recursive: true });
    const answer = await askFile(server, await downloadUrl(server, 'CS_AGENT', id));
    expect(answer).toMatchObject({ status: 500, json: { error: { code: 'CONTENT_MISSING' } } });
    expect(await auditOf(ticket.id)).toEqual([]);
  });
});

describe('The address of a download', () => {
  test('is open until its last millisecond', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    server.clock.set('2026-11-23T01:09:59.999Z');
    expect((await askFile(server, url)).status).toBe(200);
    server.clock.set('2026-11-23T01:10:00.000Z');
    expect(await askFile(server, url)).toMatchObject({
      status: 403,
      json: {
        error: { code: 'LINK_EXPIRED', message: 'This address is no longer open; ask for a new one.' },
      },
    });
  });

  test('opens nothing once it was changed, and is refused in the language of the caller', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    const [body = '', signature = ''] = url.slice('/files/'.length).split('.');
    const [until, payload] = JSON.parse(Buffer.from(body, 'base64url').toString());
    const forged = [
      [until + 60_000, payload],
      [until, { ...payload, employeeId: people.HEAD.id }],
    ].map((part) => `/files/${Buffer.from(JSON.stringify(part)).toString('base64url')}.${signature}`);
    for (const path of [...forged, url.slice(0, -1), `${url}A`]) {
      const answer = await askFile(server, path, { headers: { 'accept-language': 'zh-CN' } });
      expect(answer).toMatchObject({
        status: 403,
        json: { error: { code: 'LINK_INVALID', message: '该地址无效。' } },
      });
    }
  });

  test('closes with the right to read the record, and the refusal is recorded', async () => {
    const id = await attachRecording();
    const url = await downloadUrl(server, 'CS_AGENT', id);
    expect((await askFile(server, url)).status).toBe(200);
    await server.services.database.transaction(({ prisma }) =>
      prisma.ticket.update({ where: { id: ticket.id }, data: { assigneeId: people.CS_AGENT_2.id } }),
    );
    const asked: Record<string, string>[] = [{}, { range: 'bytes=0-0' }, { 'if-none-match': `"${SHA256}"` }];
    for (const headers of asked) {
      const answer = await askFile(server, url, { headers });
      expect(answer).toMatchObject({ status: 404, json: { error: { code: 'NOT_FOUND' } } });
    }
    const refused = await auditOf(localId(id, 'Attachment') ?? '');
    expect(refused.map(({ action, actor }) => [action, actor])).toEqual(
      Array(3).fill(['attachmentReadRefused', people.CS_AGENT.id]),
    );
  });

  test('closes when its person has left', async () => {
    const leaver = await makeEmployee(server, { roles: ['CS_SUPERVISOR'] });
    const url = await downloadUrl(server, leaver.subject, await attachRecording());
    expect((await askFile(server, url)).status).toBe(200);
    await server.services.database.transaction(({ prisma }) =>
      prisma.employee.update({
        where: { id: leaver.id },
        data: { leftOn: new Date('2026-11-22T00:00:00Z') },
      }),
    );
    await server.services.directory();
    expect((await askFile(server, url)).status).toBe(404);
  });

  test('is each viewer’s own', async () => {
    const id = await attachRecording();
    const urls = await Promise.all(['CS_AGENT', 'HEAD'].map((caller) => downloadUrl(server, caller, id)));
    expect(urls[0]).not.toBe(urls[1]);
    await Promise.all(urls.map((url) => askFile(server, url)));
    const readers = (await auditOf(ticket.id)).map(({ actor }) => actor);
    expect(readers.toSorted()).toEqual([people.CS_AGENT.id, people.HEAD.id].toSorted());
  });

  test('does not open for an upload', async () => {
    const url = await downloadUrl(server, 'CS_AGENT', await attachRecording());
    const answer = await askFile(server, url, { method: 'PUT', body: 'x' });
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'LINK_INVALID' } } });
  });
});
