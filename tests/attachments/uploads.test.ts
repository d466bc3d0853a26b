import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeTicket } from '../support/factories.ts';
import { attachFile, begin, put, SAMPLES, zip } from '../support/files.ts';
import { pathsOf } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer, waitUntil } from '../support/server.ts';

let database: FreshDatabase;
let server: TestServer;
let ticket: Named;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
}, 60_000);
beforeEach(async () => {
  server.clock.set(MONDAY_9);
  ticket = await makeTicket(server, { assigneeId: people.CS_AGENT.id });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

function checksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function placeOf(bytes: Uint8Array): string {
  const sha256 = checksum(bytes);
  return join(database.dataDir, 'blobs', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

function leftovers(): string[] {
  return readdirSync(join(database.dataDir, 'uploads'));
}

function sizeOf(leftover: string): number {
  return statSync(join(database.dataDir, 'uploads', leftover)).size;
}

async function attachmentsOf(subject: Named): Promise<{ id: string }[]> {
  return server.services.database.query(
    sql`select id from attachment where subject_id = ${subject.id}::uuid order by id`,
  );
}

/** A PDF of exactly so many bytes, unlike every other. */
function pdfOf(bytes: number): Buffer {
  return Buffer.concat([SAMPLES.pdf, randomBytes(bytes)]).subarray(0, bytes);
}

async function announced(facts: object = {}) {
  const { upload, ...error } = await begin(server, 'CS_AGENT', ticket.nodeId, { ...facts });
  if (!upload) throw new Error(JSON.stringify(error));
  return upload;
}

describe('An upload', () => {
  test('keeps the bytes under their checksum and the row with them', async () => {
    const bytes = pdfOf(3_000_000);
    const upload = await announced({
      bytes: bytes.length,
      sha256: checksum(bytes).toUpperCase(),
      note: ' 已签字 ',
    });
    expect(upload.url).toMatch(/^\/files\/[\w.-]+$/);
    expect(upload.expiresAt).toBe('2026-11-23T01:15:00.000Z');
    expect(await attachmentsOf(ticket)).toEqual([]);
    const answer = await put(server, upload.url, bytes, { 'content-type': 'application/pdf' });
    expect(answer).toMatchObject({
      status: 201,
      json: {
        attachment: {
          id: upload.attachmentId,
          fileName: '致歉信.pdf',
          type: 'pdf',
          bytes: bytes.length,
          sha256: checksum(bytes),
        },
      },
    });
    expect(readFileSync(placeOf(bytes)).equals(bytes)).toBe(true);
    expect(leftovers()).toEqual([]);
    const { data } = await server.gql(
      'CS_AGENT',
      `query ($id: ID!) { node(id: $id) { ... on Ticket { attachments { totalCount edges { node {
        id kind fileName contentType bytes sha256 note uploadedBy { id } uploadedAt keepUntil removedAt version
        subject { id } viewerCan { action allowed } } } } } } }`,
      { id: ticket.nodeId },
    );
    expect(data.node.attachments).toEqual({
      totalCount: 1,
      edges: [
        {
          node: {
            id: upload.attachmentId,
            kind: 'LETTER',
            fileName: '致歉信.pdf',
            contentType: 'application/pdf',
            bytes: bytes.length,
            sha256: checksum(bytes),
            note: '已签字',
            uploadedBy: { id: people.CS_AGENT.nodeId },
            uploadedAt: MONDAY_9,
            keepUntil: null,
            removedAt: null,
            version: 1,
            subject: { id: ticket.nodeId },
            viewerCan: [{ action: 'attachmentRemove', allowed: true }],
          },
        },
      ],
    });
    const audit = await server.services.database.query(
      sql`select action, actor_id as actor from audit_log where subject_id = ${ticket.id}::uuid`,
    );
    expect(audit).toEqual([{ action: 'attachmentAdd', actor: people.CS_AGENT.id }]);
  });

  test('of a recording says until when it is kept (TIC-10)', async () => {
    const id = await attachFile(
      server,
      'CS_AGENT',
      ticket.nodeId,
      { kind: 'CALL_RECORDING', fileName: '通话.wav' },
      SAMPLES.wav,
    );
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Attachment { contentType keepUntil } } }',
      { id },
    );
    expect(data.node).toEqual({ contentType: 'audio/wav', keepUntil: '2028-11-23T01:00:00.000Z' });
  });

  test.each([
    ['LETTER', 20_000_000],
    ['CALL_RECORDING', 100_000_000],
  ])('of a %s may have %i bytes and not one more', async (kind, most) => {
    const fileName = kind === 'LETTER' ? '信.pdf' : '录音.wav';
    expect(
      (await begin(server, 'CS_AGENT', ticket.nodeId, { kind, fileName, bytes: most })).upload.url,
    ).toMatch(/^\/files\//);
    for (const bytes of [most + 1, 0, -1]) {
      const refused = await begin(server, 'CS_AGENT', ticket.nodeId, { kind, fileName, bytes });
      expect(pathsOf(refused)).toEqual(['bytes']);
      expect(refused.message).toContain(`1 to ${most} bytes`);
    }
  });

  test('of the largest size goes straight to the disk while it comes', async () => {
    const bytes = Buffer.alloc(100_000_000);
    SAMPLES.wav.copy(bytes);
    const half = bytes.length / 2;
    const upload = await announced({ kind: 'CALL_RECORDING', fileName: '长.wav', bytes: bytes.length });
    const sent = request(`${server.url}${upload.url}`, {
      method: 'PUT',
      headers: { 'content-length': bytes.length },
    });
    const answered = once(sent, 'response');
    sent.write(bytes.subarray(0, half));
    await waitUntil(() => leftovers().some((name) => sizeOf(name) === half));
    sent.end(bytes.subarray(half));
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(201);
  });

  test.each([
    ['shorter', -1],
    ['longer', 1],
  ])(
    'that is %s than announced is refused before its body, and leaves nothing',
    async (_case, difference) => {
      const bytes = pdfOf(2_000);
      const upload = await announced({ bytes: bytes.length - difference });
      const answer = await put(server, upload.url, bytes);
      expect(answer).toMatchObject({
        status: 400,
        json: { error: { code: 'SIZE_DIFFERS', found: 2_000, accepted: [2_000 - difference] } },
      });
      expect(await attachmentsOf(ticket)).toEqual([]);
      expect([leftovers(), existsSync(placeOf(bytes))]).toEqual([[], false]);
    },
  );

  test('with other bytes than announced is refused, and leaves nothing', async () => {
    const bytes = pdfOf(2_000);
    const upload = await announced({ bytes: bytes.length, sha256: 'a'.repeat(64) });
    const answer = await put(server, upload.url, bytes);
    expect(answer).toMatchObject({
      status: 422,
      json: { error: { code: 'CHECKSUM_DIFFERS', found: checksum(bytes), accepted: ['a'.repeat(64)] } },
    });
    expect(await attachmentsOf(ticket)).toEqual([]);
    expect([leftovers(), existsSync(placeOf(bytes))]).toEqual([[], false]);
  });

  test('without a Content-Length is refused', async () => {
    const upload = await announced();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(SAMPLES.pdf));
        controller.close();
      },
    });
    const response = await fetch(`${server.url}${upload.url}`, {
      method: 'PUT',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(411);
    expect(await response.json()).toMatchObject({ error: { code: 'LENGTH_REQUIRED' } });
    expect(leftovers()).toEqual([]);
  });

  test('that is broken off leaves nothing, and can be sent again', async () => {
    const bytes = pdfOf(500_000);
    const upload = await announced({ bytes: bytes.length });
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(
      `PUT ${upload.url} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, 200_000));
    await waitUntil(() => leftovers().length === 1);
    socket.destroy();
    await waitUntil(() => leftovers().length === 0);
    expect(await attachmentsOf(ticket)).toEqual([]);
    expect(existsSync(placeOf(bytes))).toBe(false);
    expect((await put(server, upload.url, bytes)).status).toBe(201);
  });

  test('is told what it is by its content alone', async () => {
    const types = {
      CALL_RECORDING: ['wav', 'mp3', 'ogg', 'm4a', 'amr'],
      LETTER: ['pdf', 'png', 'jpeg', 'docx', 'txt'],
    } as const;
    for (const [kind, names] of Object.entries(types)) {
      for (const type of names) {
        const upload = await announced({ kind, fileName: `文件.${type}`, bytes: SAMPLES[type].length });
        const answer = await put(server, upload.url, SAMPLES[type]);
        expect([type, answer.json.attachment?.type]).toEqual([type, type]);
      }
    }
  });

  const XLSX = zip({
    '[Content_Types].xml':
      '<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    'xl/workbook.xml': '<workbook/>',
  });
  const PROGRAM = Buffer.from(`MZ${'\0'.repeat(62)}`, 'latin1');

  test.each([
    ['a program named as a letter', 'TYPE_NOT_ACCEPTED', 'exe', '信.pdf', PROGRAM, {}],
    ['a sheet named as a letter', 'TYPE_NOT_ACCEPTED', 'xlsx', '信.docx', XLSX, {}],
    ['a recording named as a letter', 'TYPE_NOT_ACCEPTED', 'wav', '信.pdf', SAMPLES.wav, {}],
    [
      'a web page named as a text',
      'TYPE_NOT_ACCEPTED',
      'xml',
      '信.txt',
      Buffer.from('<?xml version="1.0"?><a/>'),
      {},
    ],
    [
      'a text of another encoding',
      'TYPE_NOT_ACCEPTED',
      'unknown',
      '信.txt',
      Buffer.from('caf\xe9 au lait', 'latin1'),
      {},
    ],
    ['a text with control characters', 'TYPE_NOT_ACCEPTED', 'unknown', '信.txt', Buffer.from('a\0b'), {}],
    ['a picture named as a PDF', 'NAME_DIFFERS', 'png', '信.pdf', SAMPLES.png, {}],
    ['a text named as a PDF', 'NAME_DIFFERS', 'txt', '信.pdf', SAMPLES.txt, {}],
    [
      'a PDF sent as a picture',
      'HEADER_DIFFERS',
      'pdf',
      '信.pdf',
      SAMPLES.pdf,
      { 'content-type': 'image/png' },
    ],
    [
      'a PDF sent as a form',
      'HEADER_DIFFERS',
      'pdf',
      '信.pdf',
      SAMPLES.pdf,
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
  ])('that lies is refused: %s', async (_case, code, found, fileName, bytes, headers) => {
    const upload = await announced({ fileName, bytes: bytes.length });
    const answer = await put(server, upload.url, bytes, headers);
    expect(answer).toMatchObject({
      status: 415,
      json: { error: { code, found, accepted: ['pdf', 'png', 'jpeg', 'docx', 'txt'] } },
    });
    expect(answer.json.error.message).toContain(found);
    expect(await attachmentsOf(ticket)).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  test('is refused in the language of the caller', async () => {
    const upload = await announced({ bytes: SAMPLES.png.length });
    const answer = await put(server, upload.url, SAMPLES.png, { 'accept-language': 'zh-CN' });
    expect(answer.json.error.message).toBe(
      '文件扩展名为 .pdf，内容却是 png；可接受：pdf, png, jpeg, docx, txt，且名称须与内容一致。',
    );
    expect(answer.headers.get('content-language')).toBe('zh-CN');
  });

  test.each([
    '../信.pdf',
    'a/b.pdf',
    'a\\b.pdf',
    '信\u0001.pdf',
    'f\u202Egnp.pdf',
    '',
    '...',
    ' 信.pdf',
    `${'长'.repeat(197)}.pdf`,
    '信.exe',
    '信.wav',
  ])('is not announced under the name %j', async (fileName) => {
    const refused = await begin(server, 'CS_AGENT', ticket.nodeId, { fileName });
    expect(new Set(pathsOf(refused))).toEqual(new Set(['fileName']));
  });

  test('is told everything that is wrong with its announcement at once', async () => {
    const refused = await begin(server, 'CS_AGENT', ticket.nodeId, {
      fileName: '/',
      bytes: 0,
      sha256: 'xyz',
      note: '长'.repeat(501),
    });
    expect(pathsOf(refused)).toEqual(['fileName', 'bytes', 'sha256', 'note']);
  });

  test('with the same key and input has the same address; another input is refused', async () => {
    const facts = { idempotencyKey: 'letter-1' };
    const first = await announced(facts);
    expect(await announced(facts)).toEqual(first);
    expect((await begin(server, 'CS_AGENT', ticket.nodeId, { ...facts, bytes: 7 })).__typename).toBe(
      'IdempotencyConflict',
    );
  });
});

describe('The address of an upload', () => {
  test('answers alike when the same bytes are sent again, and refuses others', async () => {
    const [bytes, others] = [pdfOf(1_000), pdfOf(1_000)];
    const upload = await announced({ bytes: 1_000 });
    const first = await put(server, upload.url, bytes);
    const second = await put(server, upload.url, bytes);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
    expect(await put(server, upload.url, others)).toMatchObject({
      status: 409,
      json: { error: { code: 'UPLOAD_USED' } },
    });
    expect(await attachmentsOf(ticket)).toHaveLength(1);
  });

  test('makes one attachment, whoever of several comes first', async () => {
    const bytes = pdfOf(50_000);
    const upload = await announced({ bytes: bytes.length });
    const answers = await Promise.all(Array.from({ length: 5 }, () => put(server, upload.url, bytes)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 201]);
    expect(await attachmentsOf(ticket)).toHaveLength(1);
  });

  test('is open until its last millisecond', async () => {
    const upload = await announced({ bytes: SAMPLES.pdf.length });
    server.clock.set('2026-11-23T01:15:00.000Z');
    expect(await put(server, upload.url, SAMPLES.pdf)).toMatchObject({
      status: 403,
      json: { error: { code: 'LINK_EXPIRED' } },
    });
    server.clock.set('2026-11-23T01:14:59.999Z');
    expect((await put(server, upload.url, SAMPLES.pdf)).status).toBe(201);
  });

  test.each([
    ['changed', (url: string) => `${url.slice(0, -2)}${url.endsWith('A') ? 'BB' : 'AA'}`],
    ['cut', (url: string) => url.slice(0, -10)],
    ['empty', () => '/files/'],
    ['somebody’s guess', () => '/files/0190.abc'],
    ['a path', () => '/files/../../etc/passwd'.replaceAll('..', '%2e%2e%2f')],
  ])('that was %s opens nothing', async (_case, change) => {
    const upload = await announced();
    expect(await put(server, change(upload.url), SAMPLES.pdf)).toMatchObject({
      status: 403,
      json: { error: { code: 'LINK_INVALID' } },
    });
  });

  test('does not open for a download, nor for other methods', async () => {
    const upload = await announced();
    const response = await fetch(`${server.url}${upload.url}`);
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { error: { code: 'LINK_INVALID' } },
    ]);
    const other = await fetch(`${server.url}${upload.url}`, { method: 'POST', body: 'x' });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'PUT, GET, HEAD, OPTIONS']);
  });

  test('closes with the right to work on the record', async () => {
    const upload = await announced();
    await server.services.database.transaction(({ prisma }) =>
      prisma.ticket.update({ where: { id: ticket.id }, data: { assigneeId: people.CS_AGENT_2.id } }),
    );
    expect(await put(server, upload.url, SAMPLES.pdf)).toMatchObject({
      status: 404,
      json: { error: { code: 'NOT_FOUND' } },
    });
    expect(await attachmentsOf(ticket)).toEqual([]);
  });
});

describe('Who may attach', () => {
  test.each([
    ['CS_AGENT', 'AttachmentBeginSuccess'],
    ['CS_SUPERVISOR', 'AttachmentBeginSuccess'],
    ['HEAD', 'AttachmentBeginSuccess'],
    ['OPERATIONS', 'AttachmentBeginSuccess'],
    ['FINANCE', 'Forbidden'],
    ['DATA_ANALYST', 'Forbidden'],
    ['INTERNAL_AUDITOR', 'Forbidden'],
    ['CS_AGENT_OTHER_TEAM', 'NotFound'],
    ['QUALITY', 'NotFound'],
    ['HR', 'NotFound'],
    ['ADMIN', 'NotFound'],
  ])('is who works on the record: %s is answered %s', async (caller, answer) => {
    const claimed = await makeTicket(server, {
      assigneeId: people.CS_AGENT.id,
      claimAmount: '100.00',
      dispatchedTo: ['OPERATIONS'],
    });
    expect((await begin(server, caller, claimed.nodeId)).__typename).toBe(answer);
  });

  test('needs a record that files can be attached to', async () => {
    const refused = await begin(server, 'HEAD', globalId('Customer', ticket.id));
    expect(refused).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['subjectId'] }] });
  });
});

describe('The same content', () => {
  test('is kept once for many attachments, a row for each', async () => {
    const bytes = pdfOf(4_000);
    const other = await makeTicket(server, { assigneeId: people.CS_AGENT.id });
    await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    await attachFile(server, 'CS_AGENT', other.nodeId, { fileName: '副本.pdf' }, bytes);
    const [stored] = await server.services.database.query(sql`
      select count(*)::int as blobs, (select count(*)::int from attachment where sha_256 = ${checksum(bytes)}) as rows
      from stored_blob where sha_256 = ${checksum(bytes)} and collect_at is null`);
    expect(stored).toEqual({ blobs: 1, rows: 2 });
  });

  test('mends what was damaged in the store', async () => {
    const bytes = pdfOf(4_000);
    await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    writeFileSync(placeOf(bytes), 'damaged');
    await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    expect(readFileSync(placeOf(bytes)).equals(bytes)).toBe(true);
  });
});
