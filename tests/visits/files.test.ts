import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { created, fetchExport, makeExporter } from '../exports/kit.ts';
import { EXAMPLES, fileOf, importInto } from '../import/kit.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeContact, makeCustomer } from '../support/factories.ts';
import { people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => server.clock.set(MONDAY_9));

async function numberOf(table: 'customer' | 'employee', id: string): Promise<string> {
  const rows = await server.services.database.query<{ id: string; number: string }>(
    table === 'customer' ? sql`select id, number from customer` : sql`select id, number from employee`,
  );
  return rows.find((row) => row.id === id)?.number ?? '';
}

/** Imports the lines, exports the list in each format, and imports what was exported: it is known as it is. */
async function roundTrip(
  kind: string,
  list: string,
  header: string,
  lines: readonly string[],
  where: object,
) {
  const { database: db } = server.services;
  const first = await importInto(db, kind, fileOf(`${kind}.csv`, [header, ...lines].join('\n')));
  expect(first.told).toEqual([]);
  expect(first.counts).toMatchObject({ rows: lines.length, created: lines.length, refused: 0 });
  const exporter = await makeExporter(server, ['SALES_SUPERVISOR']);
  for (const format of ['CSV', 'XLSX'] as const) {
    const { downloadUrl } = await created(
      server,
      exporter.subject,
      { [list]: { where } },
      { format, labels: false },
    );
    const { bytes } = await fetchExport(server, downloadUrl);
    const path = fileOf(`${kind}-back.${format.toLowerCase()}`, bytes);
    const again = await importInto(db, kind, path, {
      mapping: join(EXAMPLES, `${kind}.mapping.json`),
      ...(format === 'XLSX' ? { sheet: '2' } : {}),
    });
    expect([format, again.told]).toEqual([format, []]);
    expect([format, again.counts]).toMatchObject([
      format,
      { rows: lines.length, unchanged: lines.length, refused: 0 },
    ]);
  }
}

test('visits come from files, and an export of them comes back in as it is', async () => {
  const customer = await makeCustomer(server, { grade: 'B' });
  await makeContact(server, { customerId: customer.id, name: '韩梅梅' });
  const number = await numberOf('customer', customer.id);
  const visitor = await numberOf('employee', people.SALES_REP.id);
  await roundTrip(
    'visits',
    'visits',
    'source,externalId,customerNumber,type,state,plannedFor,doneAt,visitorNumber,host,hostSeniority,purpose,content,latentNeeds,significant,cancelReason',
    [
      `switchyard,1,${number},RELATION,DONE,,2026-11-20T02:00:00Z,${visitor},韩梅梅,TOP_LEADER,Talk,Talked,packing; insurance,true,`,
      `switchyard,2,${number},LEASE,PLANNED,2026-11-25T02:00:00Z,,${visitor},,,Look,,,,`,
      `switchyard,3,${number},SERVICE_PATROL,CANCELLED,2026-11-19T02:00:00Z,,${visitor},,,Patrol,,,,ill`,
    ],
    { customer: { eq: customer.nodeId } },
  );
  // The planned one is watched as if it had been planned here.
  server.clock.set('2026-11-26T02:00:00Z');
  await server.sweep();
  const { data } = await server.gql(
    'HEAD',
    'query ($id: ID!) { node(id: $id) { ... on Customer { visits(orderBy: [{ field: type }]) { edges { node { type state latentNeeds } } } } } }',
    { id: customer.nodeId },
  );
  expect(data.node.visits.edges.map(({ node }: { node: object }) => node)).toEqual([
    { type: 'RELATION', state: 'DONE', latentNeeds: ['packing', 'insurance'] },
    { type: 'SERVICE_PATROL', state: 'CANCELLED', latentNeeds: [] },
    { type: 'LEASE', state: 'MISSED', latentNeeds: [] },
  ]);
});

test('contact logs come from files, and an export of them comes back in as it is', async () => {
  const customer = await makeCustomer(server, { grade: 'B' });
  await makeContact(server, { customerId: customer.id, name: '韩梅梅' });
  const number = await numberOf('customer', customer.id);
  const employee = await numberOf('employee', people.SALES_REP.id);
  await roundTrip(
    'contact-logs',
    'contactLogs',
    'source,externalId,customerNumber,contact,employeeNumber,channel,outcome,at,content,followUp',
    [
      `switchyard,1,${number},韩梅梅,${employee},PHONE,REACHED,2026-11-20T02:00:00Z,Asked about next week,true`,
      `switchyard,2,${number},,${employee},EMAIL,REACHED,2026-11-20T03:00:00Z,Sent the rates,false`,
    ],
    { customer: { eq: customer.nodeId } },
  );
});

test('what does not fit together in a row is refused, with what is accepted', async () => {
  const customer = await makeCustomer(server, { grade: 'B' });
  const number = await numberOf('customer', customer.id);
  const visitor = await numberOf('employee', people.SALES_REP.id);
  const visits = await importInto(
    server.services.database,
    'visits',
    fileOf(
      'wrong.csv',
      [
        'source,externalId,customerNumber,type,state,plannedFor,doneAt,visitorNumber,host,purpose,content',
        `crm,21,${number},RELATION,DONE,,,${visitor},,Talk,Talked`,
        `crm,22,${number},RELATION,PLANNED,,,${visitor},,Talk,`,
        `crm,23,,RELATION,DONE,,2026-11-20T02:00:00Z,${visitor},,Talk,Talked`,
        `crm,24,${number},RELATION,DONE,,2026-11-20T02:00:00Z,${visitor},李雷,Talk,Talked`,
      ].join('\n'),
    ),
  );
  expect(visits.told.map((told) => told.split(':')[0])).toEqual([
    '2 doneAt',
    '3 plannedFor',
    '4 customerNumber',
    '5 host',
  ]);
  const logs = await importInto(
    server.services.database,
    'contact-logs',
    fileOf(
      'wrong-logs.csv',
      [
        'source,externalId,customerNumber,employeeNumber,channel,outcome,at,content',
        `crm,31,${number},${visitor},PHONE,REACHED,2026-11-20T02:00:00Z,Talked`,
      ].join('\n'),
    ),
  );
  expect(logs.told.map((told) => told.split(':')[0])).toEqual(['2 contact']);
});
