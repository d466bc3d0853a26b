import { parse } from 'csv-parse/sync';
import { readXlsx } from 'hucre';
import { localId } from '../../src/graphql/ids.ts';
import type { Role } from '../../src/generated/prisma/enums.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type MadeEmployee, makeEmployee } from '../support/factories.ts';
import { mutate, type MutationAnswer } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import type { Caller, TestServer } from '../support/server.ts';

export const EXPORT =
  'export { id list format state rows rowsSent customerRows anonymised leakSuspected bytes checksum downloadUrl expiresAt columns where purpose actor { id } }';

/** A person of these roles who has given their word; each test counts rows of its own. */
export async function makeExporter(
  server: TestServer,
  roles: readonly Role[] = ['MARKETING_CLERK'],
  facts: Parameters<typeof makeEmployee>[1] = {},
): Promise<MadeEmployee> {
  const person = await makeEmployee(server, { roles, ...facts });
  await acknowledge(server, person.subject);
  return person;
}

export function acknowledge(server: TestServer, caller: Caller): Promise<MutationAnswer> {
  return mutate(server, caller, 'secrecyAcknowledge', { accept: true }, 'validUntil');
}

export function create(
  server: TestServer,
  caller: Caller,
  list: Readonly<Record<string, object>>,
  more: object = {},
): Promise<MutationAnswer> {
  return mutate(server, caller, 'exportCreate', { list, format: 'CSV', ...more }, EXPORT);
}

/** Creates an export that must succeed. */
export async function created(
  server: TestServer,
  caller: Caller,
  list: Readonly<Record<string, object>>,
  more: object = {},
) {
  const answer = await create(server, caller, list, more);
  if (!answer.export) throw new Error(`No export: ${JSON.stringify(answer)}`);
  return { ...answer.export, rowId: localId(answer.export.id, 'Export') ?? '' };
}

export async function fetchExport(
  server: TestServer,
  downloadUrl: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${server.url}${downloadUrl}`, {
    headers: { 'accept-language': 'en', ...headers },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const { status } = response;
  return { status, headers: response.headers, bytes, code: status === 200 ? null : codeOf(bytes) };
}

function codeOf(bytes: Buffer): string {
  return JSON.parse(bytes.toString()).errors[0].extensions.code;
}

export async function exportedCsv(
  server: TestServer,
  caller: Caller,
  list: Readonly<Record<string, object>>,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
) {
  const { downloadUrl, rowId } = await created(server, caller, list, { labels: false, ...more });
  const file = await fetchExport(server, downloadUrl, headers);
  if (file.status !== 200) throw new Error(`No file: ${file.status} ${file.code}`);
  const lines: string[][] = parse(file.bytes, { bom: true });
  const [heading = [], ...rows] = lines;
  const records = rows.map((row) =>
    Object.fromEntries(heading.map((code, place) => [code, row[place] ?? ''])),
  );
  return { ...file, rowId, heading, records };
}

/** The two sheets of a workbook as an independent reader has them. */
export async function exportedXlsx(
  server: TestServer,
  caller: Caller,
  list: Readonly<Record<string, object>>,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
) {
  const { downloadUrl, rowId } = await created(server, caller, list, { format: 'XLSX', ...more });
  const file = await fetchExport(server, downloadUrl, headers);
  if (file.status !== 200) throw new Error(`No file: ${file.status} ${file.code}`);
  const workbook = await readXlsx(file.bytes);
  const [about, data] = workbook.sheets;
  if (!about || !data) throw new Error('A workbook has two sheets.');
  return { ...file, rowId, workbook, about, data };
}

export async function auditOf(server: TestServer, rowId: string) {
  return server.services.database.query<{
    action: string;
    actorId: string;
    after: Record<string, unknown>;
  }>(sql`
    select action, actor_id as "actorId", after from audit_log
    where subject_type = 'Export' and subject_id = ${rowId}::uuid order by at, id`);
}

/** Alerts of suspected leaks about a person, with their audience. */
export async function leaksOf(server: TestServer, actorId: string) {
  await server.settled();
  return server.services.database.query<{
    severity: string;
    audience: { roles: string[] };
    payload: Record<string, unknown>;
  }>(sql`
    select severity, audience, payload from event
    where kind = 'DATA_LEAK_SUSPECTED' and payload->>'actorId' = ${actorId} order by seq`);
}

/** Sets an entry of the register for a while; undone by what it returns. */
export async function withSetting(server: TestServer, key: string, value: unknown) {
  const id = newId();
  const now = server.clock.now();
  const write = async (statement: ReturnType<typeof sql>) => {
    await server.services.database.transaction((tx) => tx.prisma.$executeRaw(statement));
    await server.services.directory();
  };
  await write(sql`
    insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
    values (${id}::uuid, ${key}, ${JSON.stringify(value)}::jsonb, ${now}::timestamptz, ${people.ADMIN.id}::uuid,
            ${now}::timestamptz, 'test', ${people.HEAD.id}::uuid, ${now}::timestamptz)`);
  return () => write(sql`delete from setting where id = ${id}::uuid`);
}
