import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import { localId } from '../../src/graphql/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeTicket } from '../support/factories.ts';
import { askFile, attachFile, begin, downloadUrl, put, SAMPLES } from '../support/files.ts';
import { mutate } from '../support/mutate.ts';
import { type Named, people } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600_000;

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

const FIELDS = 'id version downloadUrl removedAt removedBy { id } removalReason viewerCan { allowed reason }';

function remove(caller: Caller, attachmentId: string, expectedVersion = 1, reason = 'Wrong file') {
  const input = { attachmentId, reason, expectedVersion };
  return mutate(server, caller, 'attachmentRemove', input, `attachment { ${FIELDS} }`);
}

async function read(id: string) {
  const { data } = await server.gql(
    'HEAD',
    `query ($id: ID!) { node(id: $id) { ... on Attachment { ${FIELDS} } } }`,
    {
      id,
    },
  );
  return data.node;
}

/** A PDF unlike every other. */
function pdf(): Buffer {
  return Buffer.concat([SAMPLES.pdf, randomBytes(500)]);
}

/** A recording unlike every other. */
function recording(): Buffer {
  return Buffer.concat([SAMPLES.wav, randomBytes(500)]);
}

function attachRecording(to: Named = ticket, bytes = recording()): Promise<string> {
  return attachFile(server, 'CS_AGENT', to.nodeId, { kind: 'CALL_RECORDING', fileName: '通话.wav' }, bytes);
}

function isStored(bytes: Uint8Array): boolean {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return existsSync(join(database.dataDir, 'blobs', sha256.slice(0, 2), sha256.slice(2, 4), sha256));
}

function write(work: (prisma: Prisma.TransactionClient) => Promise<unknown>): Promise<unknown> {
  return server.services.database.transaction(({ prisma }) => work(prisma));
}

const closeTicket = () =>
  write((prisma) => prisma.ticket.update({ where: { id: ticket.id }, data: { status: 'CLOSED' } }));

describe('Removing an attachment', () => {
  test('keeps the row with who, when and why, and deletes the bytes', async () => {
    const bytes = pdf();
    const id = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    const url = await downloadUrl(server, 'CS_AGENT', id);
    const { attachment } = await remove('CS_AGENT', id, 1, ' Wrong customer ');
    expect(attachment).toEqual({
      id,
      version: 2,
      downloadUrl: null,
      removedAt: MONDAY_9,
      removedBy: { id: people.CS_AGENT.nodeId },
      removalReason: 'Wrong customer',
      viewerCan: [{ allowed: false, reason: 'STATE_REMOVED' }],
    });
    expect(await askFile(server, url)).toMatchObject({
      status: 410,
      json: { error: { code: 'CONTENT_REMOVED', reason: 'Wrong customer' } },
    });
    expect(isStored(bytes)).toBe(true);
    await server.services.keepHouse();
    expect(isStored(bytes)).toBe(false);
    expect(await read(id)).toMatchObject({ removalReason: 'Wrong customer' });
    const { data } = await server.gql(
      'HEAD',
      `query ($id: ID!) { node(id: $id) { ... on Ticket {
        all: attachments { totalCount } there: attachments(where: { removedAt: { isNull: true } }) { totalCount } } } }`,
      { id: ticket.nodeId },
    );
    expect(data.node).toEqual({ all: { totalCount: 1 }, there: { totalCount: 0 } });
    const trail = await server.services.database.query(
      sql`select action, after from audit_log where subject_id = ${ticket.id}::uuid order by id desc limit 1`,
    );
    expect(trail).toEqual([{ action: 'attachmentRemove', after: { reason: 'Wrong customer' } }]);
  });

  test.each([
    ['CS_AGENT', 'AttachmentRemoveSuccess'],
    ['HEAD', 'AttachmentRemoveSuccess'],
    ['CS_SUPERVISOR', 'AttachmentRemoveSuccess'],
    ['OPERATIONS', 'Forbidden'],
    ['SALES_SUPERVISOR', 'Forbidden'],
    ['DATA_ANALYST', 'Forbidden'],
    ['INTERNAL_AUDITOR', 'Forbidden'],
    ['FINANCE', 'NotFound'],
    ['CS_AGENT_OTHER_TEAM', 'NotFound'],
    ['HR', 'NotFound'],
  ])('is for its uploader and who approves: %s is answered %s', async (caller, answer) => {
    const dispatched = await makeTicket(server, {
      assigneeId: people.CS_AGENT.id,
      dispatchedTo: ['OPERATIONS'],
    });
    const id = await attachFile(server, 'CS_AGENT', dispatched.nodeId);
    expect((await remove(caller, id)).__typename).toBe(answer);
    expect((await read(id)).removedAt !== null).toBe(answer === 'AttachmentRemoveSuccess');
  });

  test('is not for an uploader who works on the record no more', async () => {
    const dispatched = await makeTicket(server, { dispatchedTo: ['OPERATIONS'], claimAmount: '10.00' });
    const id = await attachFile(server, 'OPERATIONS', dispatched.nodeId);
    await write((prisma) => prisma.ticketDispatch.deleteMany({ where: { ticketId: dispatched.id } }));
    expect((await remove('OPERATIONS', id)).__typename).toBe('NotFound');
  });

  test('ends with the closing of the record, until the retention is over', async () => {
    const [letter, call] = [await attachFile(server, 'CS_AGENT', ticket.nodeId), await attachRecording()];
    await closeTicket();
    for (const id of [letter, call]) {
      expect(await remove('HEAD', id)).toMatchObject({
        __typename: 'IllegalTransition',
        from: 'RECORD_CLOSED',
        to: 'REMOVE',
      });
      expect((await read(id)).viewerCan).toEqual([{ allowed: false, reason: 'STATE_RECORD_CLOSED' }]);
    }
    server.clock.set('2028-11-23T00:59:59.999Z');
    expect((await remove('HEAD', call)).__typename).toBe('IllegalTransition');
    server.clock.set('2028-11-23T01:00:00.000Z');
    expect((await remove('HEAD', call)).attachment.removedBy).toEqual({ id: people.HEAD.nodeId });
    // A letter is kept as long as its record.
    expect((await remove('HEAD', letter)).__typename).toBe('IllegalTransition');
  });

  test('is not possible for what a step rests on', async () => {
    await write((prisma) => prisma.ticket.update({ where: { id: ticket.id }, data: { disputed: true } }));
    const first = await attachRecording();
    await write((prisma) =>
      prisma.ticket.update({ where: { id: ticket.id }, data: { liability: 'COMPANY' } }),
    );
    expect(await remove('HEAD', first)).toMatchObject({ __typename: 'IllegalTransition', from: 'IN_USE' });
    const second = await attachRecording();
    expect((await remove('HEAD', first)).__typename).toBe('AttachmentRemoveSuccess');
    expect((await remove('HEAD', second)).__typename).toBe('IllegalTransition');
  });

  test('needs a reason, the version that was read, and content', async () => {
    const id = await attachFile(server, 'CS_AGENT', ticket.nodeId);
    expect(await remove('CS_AGENT', id, 1, '  ')).toMatchObject({ issues: [{ path: ['reason'] }] });
    expect(await remove('CS_AGENT', id, 2)).toMatchObject({ __typename: 'StaleVersion', current: 1 });
    await remove('CS_AGENT', id);
    expect(await remove('CS_AGENT', id, 2)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'REMOVED',
    });
  });

  test('and rewriting or deleting the row are refused by the database', async () => {
    const id = localId(await attachFile(server, 'CS_AGENT', ticket.nodeId), 'Attachment') ?? '';
    const refused = /never deleted or rewritten|attachment_content_or_tombstone/;
    await expect(write((prisma) => prisma.attachment.delete({ where: { id } }))).rejects.toThrow(refused);
    for (const data of [{ fileName: 'other.pdf' }, { blobSha256: null }, { uploadedById: people.HEAD.id }]) {
      await expect(write((prisma) => prisma.attachment.update({ where: { id }, data }))).rejects.toThrow(
        refused,
      );
    }
  });
});

describe('Bytes that several attachments have', () => {
  test('are deleted with the last of them', async () => {
    const bytes = pdf();
    const ids = [
      await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes),
      await attachFile(server, 'CS_AGENT', ticket.nodeId, { fileName: '副本.pdf' }, bytes),
    ] as const;
    await remove('CS_AGENT', ids[0]);
    await server.services.keepHouse();
    expect((await askFile(server, await downloadUrl(server, 'CS_AGENT', ids[1]))).bytes.equals(bytes)).toBe(
      true,
    );
    await remove('CS_AGENT', ids[1]);
    await server.services.keepHouse();
    expect(isStored(bytes)).toBe(false);
  });

  test('are there for who attaches them again, whenever that is', async () => {
    const bytes = pdf();
    const first = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    await remove('CS_AGENT', first);
    const again = await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    await server.services.keepHouse();
    expect(isStored(bytes)).toBe(true);
    await remove('CS_AGENT', again);
    // Both at once: whoever comes first, an attachment that says it has the bytes has them.
    const [, last] = await Promise.all([
      server.services.keepHouse(),
      attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes),
    ]);
    await server.services.keepHouse();
    expect((await askFile(server, await downloadUrl(server, 'CS_AGENT', last))).bytes.equals(bytes)).toBe(
      true,
    );
  });

  test('stay while an upload has announced them, and go when nothing came of it', async () => {
    const bytes = pdf();
    await attachFile(server, 'CS_AGENT', ticket.nodeId, {}, bytes);
    const orphan = pdf();
    const second = (await begin(server, 'CS_AGENT', ticket.nodeId, { bytes: orphan.length })).upload;
    expect((await put(server, second.url, orphan)).status).toBe(201);
    // Refused once its bytes were in the store: they have a row that says until when they stay.
    const other = pdf();
    const { status } = await put(server, second.url, other);
    expect([status, isStored(other)]).toEqual([409, true]);
    await server.services.keepHouse();
    expect(isStored(other)).toBe(true);
    server.clock.advance(HOUR);
    await server.services.keepHouse();
    expect([isStored(other), isStored(orphan), isStored(bytes)]).toEqual([false, true, true]);
  });
});

describe('The end of the retention', () => {
  test('removes the content of recordings after ticket.recordingMonths, once, and says so', async () => {
    const bytes = recording();
    const [call, letter] = [
      await attachRecording(ticket, bytes),
      await attachFile(server, 'CS_AGENT', ticket.nodeId),
    ];
    await closeTicket();
    server.clock.set('2028-11-23T00:59:59.999Z');
    await server.sweep();
    expect(await read(call)).toMatchObject({ removedAt: null });
    server.clock.set('2028-11-23T01:00:00.000Z');
    await server.sweep();
    await server.sweep();
    expect(await read(call)).toMatchObject({
      removedAt: '2028-11-23T01:00:00.000Z',
      removedBy: null,
      removalReason: 'RETENTION_ENDED',
      downloadUrl: null,
      version: 2,
    });
    expect(await read(letter)).toMatchObject({ removedAt: null });
    await server.services.keepHouse();
    expect(isStored(bytes)).toBe(false);
    const trail = await server.services.database.query(sql`
      select action, actor_id as actor, before from audit_log
      where subject_id = ${ticket.id}::uuid and action = 'attachmentRetentionEnded'`);
    expect(trail).toEqual([
      {
        action: 'attachmentRetentionEnded',
        actor: null,
        before: {
          attachmentId: localId(call, 'Attachment'),
          fileName: '通话.wav',
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      },
    ]);
  });

  test('comes later where the months were raised meanwhile', async () => {
    const call = await attachRecording();
    await write((prisma) =>
      prisma.setting.create({
        data: {
          key: 'ticket.recordingMonths',
          value: 36,
          validFrom: server.clock.now(),
          proposedById: people.ADMIN.id,
          proposedAt: server.clock.now(),
          reason: 'A new law',
          approvedById: people.HEAD.id,
          approvedAt: server.clock.now(),
        },
      }),
    );
    await server.services.directory();
    server.clock.set('2028-11-23T01:00:00.000Z');
    await server.sweep();
    expect(await read(call)).toMatchObject({ removedAt: null });
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Attachment { keepUntil } } }',
      {
        id: call,
      },
    );
    expect(data.node.keepUntil).toBe('2029-11-23T01:00:00.000Z');
    server.clock.set('2029-11-23T01:00:00.000Z');
    await server.sweep();
    expect(await read(call)).toMatchObject({ removalReason: 'RETENTION_ENDED' });
    await write((prisma) => prisma.setting.deleteMany({ where: { key: 'ticket.recordingMonths' } }));
    await server.services.directory();
  });

  test('passes over what was removed by hand', async () => {
    const call = await attachRecording();
    await remove('CS_AGENT', call);
    server.clock.set('2028-11-23T01:00:00.000Z');
    await server.sweep();
    expect(await read(call)).toMatchObject({ removalReason: 'Wrong file', version: 2 });
  });

  test('of many takes no more statements than of one', async () => {
    const statements = async (count: number) => {
      server.clock.set(MONDAY_9);
      for (let made = 0; made < count; made += 1) await attachRecording();
      server.clock.set('2028-11-23T01:00:00.000Z');
      return server.statementsDuring(() => server.services.sweeper.runOnce());
    };
    await statements(1);
    const one = await statements(1);
    expect(await statements(12)).toBe(one);
  });
});

describe('The housekeeping', () => {
  test('removes what a crash left of an upload after a day, and forgets announcements', async () => {
    const folder = join(database.dataDir, 'uploads');
    const now = server.clock.now();
    for (const [name, age] of [
      ['old.part', 25],
      ['young.part', 23],
    ] as const) {
      writeFileSync(join(folder, name), 'half a file');
      const at = new Date(now.getTime() - age * HOUR);
      utimesSync(join(folder, name), at, at);
    }
    const { upload } = await begin(server, 'CS_AGENT', ticket.nodeId);
    await server.services.keepHouse();
    expect(readdirSync(folder)).toEqual(['young.part']);
    server.clock.advance(25 * HOUR);
    await server.services.keepHouse();
    expect(await put(server, upload.url, SAMPLES.pdf)).toMatchObject({ status: 403 });
    const rows = await server.services.database.query(
      sql`select id from attachment_upload where subject_id = ${ticket.id}::uuid`,
    );
    expect(rows).toEqual([]);
  });
});
