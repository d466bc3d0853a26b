import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import {
  makeContacts,
  makeCustomer,
  makeCustomers,
  makeEmployee,
  makeTickets,
} from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import {
  acknowledge,
  auditOf,
  create,
  created,
  exportedCsv,
  exportedXlsx,
  fetchExport,
  leaksOf,
  makeExporter,
  withSetting,
} from './kit.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(() => server.clock.set(MONDAY_9));

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Tickets that only this test's filter finds. */
async function tickets(count: number, facts: Parameters<typeof makeTickets>[2] = {}) {
  const source = newId();
  const named = await makeTickets(server, count, (index) => ({
    ...(typeof facts === 'function' ? facts(index) : facts),
    source,
    externalId: String(index),
  }));
  return { named, list: { tickets: { where: { source: { eq: source } } } } };
}

/** Tickets without what tells of customers. */
function plain(list: { tickets: object }) {
  return { tickets: { ...list.tickets, columns: ['number', 'status'] } };
}

async function exportNode(caller: string, id: string) {
  const { data } = await server.gql(
    caller,
    `query ($id: ID!) { node(id: $id) { ... on Export { id state rows rowsSent bytes checksum downloadUrl actor { id } } } }`,
    { id },
  );
  return data.node;
}

describe('a CSV file', () => {
  it('is what Chinese Excel and every parser read: BOM, quotes, exact amounts, instants on the wall', async () => {
    const content = `${'货物"破损"，客户很生气。\n'.repeat(2_000)}完`;
    const { list } = await tickets(1, {
      subject: '=cmd|"/c calc"!A1',
      content,
      callerPhone: '+8613900000000',
      claimAmount: '1200.50',
      openedAt: new Date('2026-11-22T16:30:00.250Z'),
      resolvedAt: new Date('2026-11-23T00:30:00.000Z'),
    });
    const person = await makeExporter(server);
    const { records, bytes, headers, rowId } = await exportedCsv(server, person.subject, list);
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(bytes.subarray(-2).toString()).toBe('\r\n');
    expect(records).toEqual([
      expect.objectContaining({
        subject: `'=cmd|"/c calc"!A1`,
        content,
        callerPhone: "'+8613900000000",
        claimAmount: '1200.50',
        openedAt: '2026-11-23T00:30:00.250+08:00',
        resolvedAt: '2026-11-23T08:30:00+08:00',
        resolvedOnTime: 'true',
        cycle: '0',
        category: 'COMPLAINT',
        closedAt: '',
        export: expect.stringMatching(new RegExp(`^${rowId} E\\w+ 员工 E\\w+ 2026-11-23T09:00:00\\+08:00$`)),
      }),
    ]);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="tickets-2026-11-23-${rowId}.csv"`);
    expect(headers.get('x-export-id')).toBe(rowId);
    expect(headers.get('x-export-notice')).toMatch(/^Trade secret/);
    expect(decodeURIComponent(headers.get('x-export-filter') ?? '')).toBe(JSON.stringify(list.tickets.where));
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('speaks the language of the download, or in codes', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const asked = { tickets: { ...list.tickets, columns: ['status', 'resolvedOnTime'] } };
    const heading = async (labels: boolean, language: string) => {
      const file = await exportedCsv(
        server,
        person.subject,
        asked,
        { labels },
        { 'accept-language': language },
      );
      return [file.heading.slice(0, 2), Object.values(file.records[0] ?? {})[0]];
    };
    expect(await heading(true, 'zh-CN,zh;q=0.9')).toEqual([['状态', '按时解决'], '已受理']);
    expect(await heading(true, 'en')).toEqual([['Status', 'Resolved on time'], 'Received']);
    expect(await heading(false, 'zh-CN')).toEqual([['status', 'resolvedOnTime'], 'RECEIVED']);
  });
});

describe('a workbook', () => {
  it('is read by another program with its dates, numbers, texts and truths', async () => {
    const content = `好${'客'.repeat(40_000)}`;
    const { list } = await tickets(2, (index) => ({
      subject: index === 0 ? '=1+1' : '控制\u0001字符 <&> _x0041_',
      content: index === 0 ? content : '短',
      claimAmount: index === 0 ? '1234567.89' : '9999999999999999.99',
      openedAt: new Date('2026-11-22T16:30:00.000Z'),
      resolvedAt: new Date('2026-11-23T00:30:00.000Z'),
    }));
    const person = await makeExporter(server);
    const asked = {
      tickets: {
        ...list.tickets,
        orderBy: [{ field: 'claimAmount' }],
        columns: ['subject', 'content', 'openedAt', 'claimAmount', 'resolvedOnTime', 'cycle', 'closedAt'],
      },
    };
    const file = await exportedXlsx(
      server,
      person.subject,
      asked,
      { purpose: '季度回顾' },
      { 'accept-language': 'zh-CN' },
    );
    const { workbook, about, data, rowId } = file;
    expect(data.name).toBe('工单');
    expect(data.freezePane).toMatchObject({ rows: 1 });
    expect(data.rows[0]).toEqual([
      '主题',
      '内容',
      '受理时间',
      '索赔金额',
      '按时解决',
      '重开次数',
      '关闭时间',
    ]);
    // The reader gives wall time as if it were UTC.
    const opened = new Date('2026-11-23T00:30:00.000Z');
    expect(data.rows.slice(1).map((row) => row.slice(0, 6))).toEqual([
      ['=1+1', `${content.slice(0, 32_766)}…`, opened, 1234567.89, true, 0],
      ['控制\u0001字符 <&> _x0041_', '短', opened, '9999999999999999.99', true, 0],
    ]);
    expect(file.headers.get('content-disposition')).toContain(`tickets-2026-11-23-${rowId}.xlsx`);
    const facts = Object.fromEntries(about.rows.map(([name, value]) => [name, value]));
    expect(facts).toMatchObject({
      声明: expect.stringContaining('商业秘密'),
      导出编号: rowId,
      导出人: expect.stringMatching(/^E\w+ 员工/),
      导出时间: '2026-11-23T09:00:00+08:00',
      筛选条件: JSON.stringify(list.tickets.where),
      行数: '2',
      用途: '季度回顾',
    });
    expect(workbook.properties).toMatchObject({
      creator: facts.导出人,
      description: facts.声明,
      title: '工单',
    });
    expect(JSON.stringify(data.headerFooter)).toContain('商业秘密');
    expect(JSON.stringify(data.headerFooter)).toContain(rowId);
  });

  it('without rows has its headings', async () => {
    const person = await makeExporter(server);
    const { data } = await exportedXlsx(server, person.subject, {
      tickets: { where: { number: { eq: newId() } }, columns: ['number'] },
    });
    expect(data.rows).toEqual([['Ticket number']]);
  });
});

describe('a link', () => {
  it('serves one whole download; its record has the rows, the bytes and the checksum', async () => {
    const { list } = await tickets(3);
    const person = await makeExporter(server);
    const made = await created(server, person.subject, list, { purpose: '复盘' });
    expect(made).toMatchObject({ state: 'READY', rows: null, purpose: '复盘', list: 'tickets' });
    expect(made.expiresAt).toBe(new Date(server.clock.now().getTime() + 15 * MINUTE).toISOString());
    const file = await fetchExport(server, made.downloadUrl);
    expect(file.status).toBe(200);
    expect(await exportNode(person.subject, made.id)).toMatchObject({
      state: 'FINISHED',
      rows: 3,
      rowsSent: 3,
      bytes: file.bytes.length,
      checksum: createHash('sha256').update(file.bytes).digest('hex'),
      downloadUrl: null,
    });
    expect(await fetchExport(server, made.downloadUrl)).toMatchObject({ status: 410, code: 'LINK_EXPIRED' });
    const entries = await auditOf(server, made.rowId);
    expect(entries.map(({ action, actorId }) => [action, actorId])).toEqual(
      ['exportCreate', 'exportStart', 'exportFinish'].map((action) => [action, person.id]),
    );
    expect(entries[0]?.after).toMatchObject({
      list: 'tickets',
      where: list.tickets.where,
      rows: 3,
      purpose: '复盘',
    });
    expect(entries[2]?.after).toMatchObject({
      where: list.tickets.where,
      rows: 3,
      rowsSent: 3,
      checksum: expect.any(String),
    });
  });

  it('opens until its last millisecond, and for nothing else', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const [first, second] = [
      await created(server, person.subject, plain(list)),
      await created(server, person.subject, plain(list)),
    ];
    server.clock.advance(15 * MINUTE - 1);
    expect((await fetchExport(server, first.downloadUrl)).status).toBe(200);
    server.clock.advance(1);
    expect(await fetchExport(server, second.downloadUrl)).toMatchObject({
      status: 410,
      code: 'LINK_EXPIRED',
    });
    expect((await exportNode(person.subject, second.id)).downloadUrl).toBeNull();
    expect(await fetchExport(server, `${second.downloadUrl}x`)).toMatchObject({ status: 404 });
    expect(await fetchExport(server, '/export/')).toMatchObject({ status: 404 });
    const posted = await fetch(`${server.url}${second.downloadUrl}`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
    await server.sweep();
    expect((await exportNode(person.subject, second.id)).state).toBe('EXPIRED');
    expect((await auditOf(server, second.rowId)).map(({ action }) => action)).toEqual([
      'exportCreate',
      'exportExpire',
    ]);
  });

  it('is for one person: no one else gets it, and a token beside it must be theirs', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const made = await created(server, person.subject, plain(list));
    expect(await exportNode('INTERNAL_AUDITOR', made.id)).toMatchObject({
      state: 'READY',
      downloadUrl: null,
    });
    expect(await exportNode('SALES_SUPERVISOR', made.id)).toBeNull();
    const as = async (caller: string) =>
      fetchExport(server, made.downloadUrl, { authorization: `Bearer ${await server.token(caller)}` });
    expect(await as('HEAD')).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect(
      await fetchExport(server, made.downloadUrl, { authorization: 'Bearer no.such.token' }),
    ).toMatchObject({
      status: 401,
      code: 'UNAUTHENTICATED',
    });
    expect((await as(person.subject)).status).toBe(200);
  });

  it('decides the rights again when it is opened', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const made = await created(server, person.subject, plain(list));
    const change = async (statement: ReturnType<typeof sql>) => {
      await server.services.database.transaction((tx) => tx.prisma.$executeRaw(statement));
      await server.services.directory();
    };
    // From clerk to agent: still an employee, who may read tickets but take nothing out.
    await change(sql`update role_assignment set role = 'CS_AGENT' where employee_id = ${person.id}::uuid`);
    expect(await fetchExport(server, made.downloadUrl)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    await change(
      sql`update role_assignment set valid_to = ${new Date(MONDAY_9)} where employee_id = ${person.id}::uuid`,
    );
    expect(await fetchExport(server, made.downloadUrl)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await auditOf(server, made.rowId)).map(({ action }) => action)).toEqual(['exportCreate']);
  });

  it('reads what is readable at that moment', async () => {
    const [customer] = await makeCustomers(server, 1, { name: '北方铁路有限公司' });
    const person = await makeExporter(server);
    const list = { customers: { where: { owner: { isNull: true }, name: { eq: '北方铁路有限公司' } } } };
    const made = await created(server, person.subject, list);
    await server.services.database.transaction((tx) =>
      tx.prisma.customer.update({ where: { id: customer?.id ?? '' }, data: { grade: 'A' } }),
    );
    const { bytes } = await fetchExport(server, made.downloadUrl);
    expect(bytes.toString()).not.toContain('北方铁路');
    expect(bytes.toString().trim().split('\r\n')).toHaveLength(1);
  });
});

describe('a download that breaks off', () => {
  it('stops the work, is noted with what was handed out, and can be had again', async () => {
    const { list } = await tickets(2_500, { content: '好'.repeat(4_000) });
    const person = await makeExporter(server);
    const made = await created(server, person.subject, list);
    const request = get(`${server.url}${made.downloadUrl}`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    response.pause();
    expect((await exportNode(person.subject, made.id)).state).toBe('RUNNING');
    // A second reader of the same link waits for the first.
    const busy = await fetchExport(server, made.downloadUrl);
    expect([busy.status, busy.code, busy.headers.get('retry-after')]).toEqual([429, 'QUOTA_EXCEEDED', '10']);
    response.destroy();
    await waitUntil(async () => (await exportNode(person.subject, made.id)).state === 'ABORTED');
    const aborted = await exportNode(person.subject, made.id);
    expect(aborted).toMatchObject({ rows: 2_500, checksum: null, downloadUrl: expect.any(String) });
    // Backpressure: what the client did not take was not read either.
    expect(aborted.rowsSent).toBeLessThan(2_000);
    const entries = await auditOf(server, made.rowId);
    expect(entries.map(({ action }) => action)).toEqual(['exportCreate', 'exportStart', 'exportAbort']);
    expect(entries[2]?.after).toMatchObject({ rows: 2_500, rowsSent: aborted.rowsSent, checksum: null });
    const again = await fetchExport(server, made.downloadUrl);
    expect(again.status).toBe(200);
    expect((await exportNode(person.subject, made.id)).rowsSent).toBe(2_500);
  });

  it('is ended by the sweep when its process has gone', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const made = await created(server, person.subject, plain(list));
    await server.services.database.transaction(async ({ prisma }) => {
      await prisma.export.update({
        where: { id: made.rowId },
        data: { state: 'RUNNING', startedAt: server.clock.now() },
      });
    });
    server.clock.advance(15 * MINUTE);
    await server.sweep();
    expect((await exportNode(person.subject, made.id)).state).toBe('ABORTED');
    expect((await auditOf(server, made.rowId)).map(({ action }) => action)).toEqual([
      'exportCreate',
      'exportAbort',
    ]);
  });
});

describe('bulk (export.bulkRows)', () => {
  it('51 rows of customer information raise DATA_LEAK_SUSPECTED once, 50 do not', async () => {
    const { list } = await tickets(51);
    const fifty = {
      tickets: {
        where: {
          ...list.tickets.where,
          externalId: { in: Array.from({ length: 50 }, (_, index) => String(index)) },
        },
      },
    };
    const within = await makeExporter(server);
    await exportedCsv(server, within.subject, fifty);
    expect(await leaksOf(server, within.id)).toEqual([]);
    const beyond = await makeExporter(server);
    const { rowId } = await exportedCsv(server, beyond.subject, list);
    const leaks = await leaksOf(server, beyond.id);
    expect(leaks).toEqual([
      expect.objectContaining({
        severity: 'CRITICAL',
        audience: { roles: ['HEAD', 'INTERNAL_AUDITOR'] },
        payload: expect.objectContaining({
          cause: 'BULK_EXPORT',
          actor: expect.stringMatching(/^E\w+ 员工/),
          rows: 51,
          exportId: rowId,
        }),
      }),
    ]);
    const { data } = await server.gql(
      'INTERNAL_AUDITOR',
      `{ exports(where: { actor: { eq: "${beyond.nodeId}" } }) { edges { node { leakSuspected customerRows } } } }`,
    );
    expect(data.exports.edges).toEqual([{ node: { leakSuspected: true, customerRows: 51 } }]);
  });

  it('counts what is cut into small exports within 24 hours together', async () => {
    const { list } = await tickets(26);
    const person = await makeExporter(server);
    await exportedCsv(server, person.subject, list);
    server.clock.advance(DAY - 1);
    await exportedCsv(server, person.subject, list);
    expect((await leaksOf(server, person.id)).map(({ payload }) => payload.rows)).toEqual([52]);
    server.clock.advance(DAY);
    await exportedCsv(server, person.subject, list);
    expect(await leaksOf(server, person.id)).toHaveLength(1);
  });

  it('does not count rows that tell of no customer', async () => {
    const { list } = await tickets(60);
    const person = await makeEmployee(server, { roles: ['MARKETING_CLERK'] });
    await exportedCsv(server, person.subject, plain(list));
    expect(await leaksOf(server, person.id)).toEqual([]);
  });

  it('tells of the leak before the first row leaves, and once only when it is fetched again', async () => {
    const { list } = await tickets(1_000, { content: '好'.repeat(4_000) });
    const person = await makeExporter(server);
    const made = await created(server, person.subject, list);
    const request = get(`${server.url}${made.downloadUrl}`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await leaksOf(server, person.id)).toHaveLength(1);
    response.destroy();
    await waitUntil(async () => (await exportNode(person.subject, made.id)).state === 'ABORTED');
    await fetchExport(server, made.downloadUrl);
    expect((await leaksOf(server, person.id)).map(({ payload }) => payload.rows)).toEqual([1_000]);
  });

  it('is anonymised for analysts: shortened names, nothing that identifies', async () => {
    const owner = await makeEmployee(server);
    const customers = await makeCustomers(server, 51, {
      name: '远大贸易有限公司',
      ownerId: owner.id,
      industry: '制造业',
    });
    await makeContacts(server, 51, (index) => ({ customerId: customers[index]?.id ?? '' }));
    const analyst = await makeExporter(server, ['DATA_ANALYST']);
    const all = { customers: { where: { owner: { eq: owner.nodeId } } } };
    const few = await exportedCsv(server, analyst.subject, {
      customers: { where: { number: { eq: await numberOf(customers[0]?.id ?? '') } } },
    });
    expect(few.records).toEqual([
      expect.objectContaining({ name: '远大贸易有限公司', phone: "'+862150000000" }),
    ]);
    const many = await exportedXlsx(server, analyst.subject, all, { labels: false });
    const [heading = [], ...rows] = many.data.rows;
    const records = rows.map((row) =>
      Object.fromEntries(heading.map((code, place) => [code, row[place] ?? null])),
    );
    expect(records).toHaveLength(51);
    for (const record of records) {
      expect(record).toMatchObject({
        name: '远大***',
        industry: '制造业',
        phone: null,
        number: null,
        address: null,
      });
    }
    expect(JSON.stringify(many.about.rows)).toContain('shortened');
    // Who also holds a role that takes lists out as they are gets them so.
    const clerk = await makeExporter(server, ['DATA_ANALYST', 'MARKETING_CLERK']);
    const open = await exportedCsv(server, clerk.subject, all);
    expect(new Set(open.records.map(({ name }) => name))).toEqual(new Set(['远大贸易有限公司']));
  });

  async function numberOf(id: string): Promise<string> {
    const [row] = await server.services.database.query<{ number: string }>(
      sql`select number from customer where id = ${id}::uuid`,
    );
    return row?.number ?? '';
  }
});

describe('the word of secrecy (secrecy.acknowledgeMonths)', () => {
  const VIEWER = '{ viewer { secrecyAcknowledgedUntil secrecyNotice } }';

  it('is needed for what tells of customers, and valid for twelve months', async () => {
    const { list } = await tickets(1);
    const person = await makeEmployee(server, { roles: ['MARKETING_CLERK'] });
    const refused = await create(server, person.subject, list);
    expect([refused.__typename, refused.required]).toEqual(['Forbidden', ['secrecyAcknowledge']]);
    expect((await create(server, person.subject, plain(list))).__typename).toBe('ExportCreateSuccess');
    const before = await server.gql(person.subject, VIEWER);
    expect(before.data.viewer).toEqual({
      secrecyAcknowledgedUntil: null,
      secrecyNotice: expect.stringContaining('trade secret'),
    });
    const not = await mutate(server, person.subject, 'secrecyAcknowledge', { accept: false });
    expect(pathsOf(not)).toEqual(['accept']);
    expect(await acknowledge(server, person.subject)).toMatchObject({
      validUntil: '2027-11-23T01:00:00.000Z',
    });
    const after = await server.gql(person.subject, VIEWER);
    expect(after.data.viewer.secrecyAcknowledgedUntil).toBe('2027-11-23T01:00:00.000Z');
    server.clock.set('2027-11-23T00:59:59.999Z');
    const made = await created(server, person.subject, list);
    server.clock.advance(1);
    expect(await fetchExport(server, made.downloadUrl)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await create(server, person.subject, list)).required).toEqual(['secrecyAcknowledge']);
    await acknowledge(server, person.subject);
    expect((await fetchExport(server, made.downloadUrl)).status).toBe(200);
  });

  it('is kept: nobody rewrites it', async () => {
    const person = await makeExporter(server);
    await expect(
      server.services.database.transaction((tx) =>
        tx.prisma.$executeRaw(
          sql`update secrecy_acknowledgement set valid_until = valid_until + interval '1 year' where employee_id = ${person.id}::uuid`,
        ),
      ),
    ).rejects.toThrow(/append-only/);
  });
});

describe('grade A files', () => {
  it('are recorded as reads, each once, where their content left', async () => {
    const owner = await makeEmployee(server);
    const [a, b] = await makeCustomers(server, 2, (index) => ({
      grade: index === 0 ? 'A' : 'B',
      ownerId: owner.id,
    }));
    const where = { owner: { eq: owner.nodeId } };
    const reads = async (customerId: string, actorId: string) =>
      server.services.database.query<{ after: unknown }>(sql`
        select after from audit_log
        where action = 'fileRead' and subject_id = ${customerId}::uuid and actor_id = ${actorId}::uuid`);
    await acknowledge(server, 'HEAD');
    const { rowId } = await exportedCsv(server, 'HEAD', { customers: { where } });
    expect(await reads(a?.id ?? '', people.HEAD.id)).toEqual([{ after: { part: 'file', exportId: rowId } }]);
    expect(await reads(b?.id ?? '', people.HEAD.id)).toEqual([]);
    // The card is no read of the file; neither is a masked row.
    await exportedCsv(server, 'HEAD', { customers: { where, columns: ['name', 'grade', 'owner'] } });
    const clerk = await makeExporter(server);
    await exportedCsv(server, clerk.subject, { customers: { where } });
    expect(await reads(a?.id ?? '', people.HEAD.id)).toHaveLength(1);
    expect(await reads(a?.id ?? '', clerk.id)).toEqual([]);
    await makeContacts(server, 3, { customerId: a?.id ?? '' });
    const contacts = await exportedCsv(server, 'HEAD', {
      contacts: { where: { customer: { eq: a?.nodeId } } },
    });
    expect(await reads(a?.id ?? '', people.HEAD.id)).toEqual(
      expect.arrayContaining([{ after: { part: 'contacts', exportId: contacts.rowId } }]),
    );
    expect(await reads(a?.id ?? '', people.HEAD.id)).toHaveLength(2);
    // What auditors read is recorded of every file.
    const auditor = await makeExporter(server, ['INTERNAL_AUDITOR']);
    await exportedCsv(server, auditor.subject, { customers: { where } });
    expect(await reads(b?.id ?? '', auditor.id)).toHaveLength(1);
  });
});

describe('limits', () => {
  it('export.maxRows: refused when asked for, naming the filter', async () => {
    const { list } = await tickets(3);
    const person = await makeExporter(server);
    const undo = await withSetting(server, 'export.maxRows', 2);
    const refused = await create(server, person.subject, list);
    await undo();
    expect(pathsOf(refused)).toEqual(['list.tickets.where']);
    expect(refused.issues[0].message).toContain('3 rows match, an export has at most 2');
    expect((await create(server, person.subject, list)).__typename).toBe('ExportCreateSuccess');
  });

  it('export.openAtOnce: a typed error says when to try again', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const undo = await withSetting(server, 'export.openAtOnce', 2);
    const first = await created(server, person.subject, plain(list));
    server.clock.advance(MINUTE);
    await created(server, person.subject, plain(list));
    const refused = await create(server, person.subject, plain(list));
    expect(refused).toMatchObject({
      __typename: 'QuotaExceeded',
      code: 'QUOTA_EXCEEDED',
      retryAfter: 14 * 60,
    });
    await fetchExport(server, first.downloadUrl);
    expect((await create(server, person.subject, plain(list))).__typename).toBe('ExportCreateSuccess');
    await undo();
  });

  it('what is asked for is read as the list reads it, and each mistake named', async () => {
    const person = await makeExporter(server);
    const paths = async (list: Readonly<Record<string, object>>, more: object = {}) =>
      pathsOf(await create(server, person.subject, list, more));
    expect(await paths({ tickets: { columns: ['number', 'number'] } })).toEqual(['list.tickets.columns']);
    expect(await paths({ tickets: {} }, { purpose: ' ' })).toEqual(['purpose']);
    expect(await paths({ tickets: { where: { customer: { eq: people.HEAD.nodeId } } } })).toEqual([
      'list.tickets.where.customer',
    ]);
    expect(await paths({ tickets: { where: { source: { eq: 'a\u0000b' } } } })).toEqual([
      'list.tickets.where.source.eq',
    ]);
    const two = await server.gql(
      person.subject,
      `mutation { exportCreate(input: { list: { tickets: {}, customers: {} }, format: CSV }) { __typename } }`,
    );
    expect(two.errors?.[0]?.message).toContain('exactly one');
  });

  it('the same key makes one export', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const key = { idempotencyKey: newId() };
    const [one, two] = [
      await create(server, person.subject, list, key),
      await create(server, person.subject, list, key),
    ];
    expect(two.export.id).toBe(one.export.id);
    expect((await create(server, person.subject, list, { ...key, format: 'XLSX' })).__typename).toBe(
      'IdempotencyConflict',
    );
  });
});

describe('exports are seen', () => {
  it('by who made them, and by HEAD and INTERNAL_AUDITOR', async () => {
    const { list } = await tickets(1);
    const person = await makeExporter(server);
    const made = await created(server, person.subject, plain(list));
    const seen = async (caller: string) => {
      const { data } = await server.gql(
        caller,
        `{ exports(where: { actor: { eq: "${person.nodeId}" } }) { totalCount edges { node { id actor { id } } } } }`,
      );
      return data.exports.edges.map(({ node }: { node: { id: string } }) => node.id);
    };
    expect(await seen(person.subject)).toEqual([made.id]);
    expect(await seen('HEAD')).toEqual([made.id]);
    expect(await seen('INTERNAL_AUDITOR')).toEqual([made.id]);
    for (const caller of ['SALES_SUPERVISOR', 'MARKETING_CLERK', 'COMPANY_LEADER', 'ADMIN']) {
      expect([caller, await seen(caller)]).toEqual([caller, []]);
    }
  });

  it('exportableLists names lists and columns in the language of the caller', async () => {
    const { data } = await server.gql(
      'CS_AGENT',
      '{ exportableLists { list title columns { code heading identifiesCustomer } } }',
      {},
      { headers: { 'accept-language': 'zh-CN' } },
    );
    expect(data.exportableLists.map(({ list }: { list: string }) => list)).toEqual(
      expect.arrayContaining([
        'tickets',
        'customers',
        'contacts',
        'keyAccounts',
        'contactLogs',
        'accessGrants',
        'budgetLines',
      ]),
    );
    const [ticketList] = data.exportableLists;
    expect(ticketList).toMatchObject({ title: '工单' });
    expect(ticketList.columns).toContainEqual({
      code: 'customer',
      heading: '客户',
      identifiesCustomer: true,
    });
    expect(ticketList.columns).toContainEqual({ code: 'status', heading: '状态', identifiesCustomer: false });
  });
});

describe('disclosureReport', () => {
  const REPORT = 'report { id description rows suspected { id } customer { id name } reporter { id } }';

  it('[PRM-03] any employee reports a disclosure; HEAD and INTERNAL_AUDITOR hear of it', async () => {
    const reporter = await makeEmployee(server, { roles: ['HR'] });
    const suspect = await makeEmployee(server);
    const { report } = await mutate(
      server,
      reporter.subject,
      'disclosureReport',
      { description: '客户名单出现在竞争对手手中', suspectedId: suspect.nodeId, rows: 120 },
      REPORT,
    );
    expect(report).toMatchObject({
      rows: 120,
      suspected: { id: suspect.nodeId },
      reporter: { id: reporter.nodeId },
    });
    expect(await leaksOf(server, suspect.id)).toEqual([
      expect.objectContaining({
        severity: 'CRITICAL',
        audience: { roles: ['HEAD', 'INTERNAL_AUDITOR'] },
        payload: expect.objectContaining({ cause: 'DISCLOSURE_REPORTED', rows: 120 }),
      }),
    ]);
    const seen = async (caller: string) => {
      const { data } = await server.gql(caller, 'query ($id: ID!) { node(id: $id) { id } }', {
        id: report.id,
      });
      return data.node !== null;
    };
    expect(await seen(reporter.subject)).toBe(true);
    expect(await seen('INTERNAL_AUDITOR')).toBe(true);
    expect(await seen(suspect.subject)).toBe(false);
    expect(await seen('SALES_SUPERVISOR')).toBe(false);
  });

  it('is not shown to an auditor whom it names', async () => {
    const auditor = await makeEmployee(server, { roles: ['INTERNAL_AUDITOR'] });
    const { report } = await mutate(
      server,
      'CS_AGENT',
      'disclosureReport',
      { description: '测试', suspectedId: auditor.nodeId },
      REPORT,
    );
    const { data } = await server.gql(auditor.subject, 'query ($id: ID!) { node(id: $id) { id } }', {
      id: report.id,
    });
    expect(data.node).toBeNull();
  });

  it('names each mistake; of a customer one may not know of nothing can be told', async () => {
    const customer = await makeCustomer(server, { grade: 'A' });
    const report = (caller: string, input: object) =>
      mutate(server, caller, 'disclosureReport', { description: '测试', ...input }, REPORT);
    const wrong = await report('HEAD', { description: ' ', rows: 0, occurredAt: '2026-11-23T01:00:00.001Z' });
    expect(pathsOf(wrong)).toEqual(['description', 'rows', 'occurredAt']);
    expect((await report('HR', { customerId: customer.nodeId })).__typename).toBe('NotFound');
    // The card is enough to name it, and is all that is shown.
    const { report: masked } = await report('CS_AGENT', { customerId: customer.nodeId });
    expect(masked.customer).toEqual({ id: customer.nodeId, name: '远大***' });
  });
});

it('[CUS-19] taking customers out is a right of its own, needs a yearly word, is marked, logged, and told of in bulk', async () => {
  const owner = await makeEmployee(server);
  await makeCustomers(server, 51, { ownerId: owner.id });
  const list = { customers: { where: { owner: { eq: owner.nodeId } }, columns: ['name', 'phone'] } };
  // Reading all files is not enough.
  const leader = await makeExporter(server, ['COMPANY_LEADER']);
  const { data } = await server.gql(
    leader.subject,
    'query ($where: CustomerWhere) { customers(where: $where) { totalCount edges { node { file { phone } } } } }',
    list.customers,
  );
  expect(data.customers).toMatchObject({ totalCount: 51 });
  expect(data.customers.edges[0].node.file.phone).toBe('+862150000000');
  expect((await create(server, leader.subject, list)).__typename).toBe('Forbidden');
  // The right is not enough without the word, which is kept per employee and year.
  const clerk = await makeEmployee(server, { roles: ['MARKETING_CLERK'] });
  expect((await create(server, clerk.subject, list)).required).toEqual(['secrecyAcknowledge']);
  await acknowledge(server, clerk.subject);
  const words = await server.services.database.query<{ days: number }>(sql`
    select extract(day from valid_until - acknowledged_at)::int as days from secrecy_acknowledgement
    where employee_id = ${clerk.id}::uuid`);
  expect(words).toEqual([{ days: 365 }]);
  const csv = await exportedCsv(server, clerk.subject, list);
  expect(csv.records).toHaveLength(51);
  for (const { export: mark } of csv.records) expect(mark).toContain(`${csv.rowId} E`);
  expect(csv.headers.get('x-export-notice')).toContain('trade secret');
  const xlsx = await exportedXlsx(server, clerk.subject, list, { purpose: '核对' });
  const about = JSON.stringify(xlsx.about.rows);
  for (const told of ['trade secret', xlsx.rowId, owner.id, '核对', '2026-11-23T09:00:00+08:00'])
    expect(about).toContain(told);
  for (const { rowId } of [csv, xlsx]) {
    expect((await auditOf(server, rowId)).map(({ action, actorId }) => [action, actorId])).toEqual([
      ['exportCreate', clerk.id],
      ['exportStart', clerk.id],
      ['exportFinish', clerk.id],
    ]);
  }
  expect(
    (await leaksOf(server, clerk.id)).map(({ audience, payload }) => [audience.roles, payload.rows]),
  ).toEqual([
    [['HEAD', 'INTERNAL_AUDITOR'], 51],
    [['HEAD', 'INTERNAL_AUDITOR'], 102],
  ]);
});
