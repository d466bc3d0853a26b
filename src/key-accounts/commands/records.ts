import { Forbidden, IllegalTransition, invalid, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { columnName, raw, sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { recordColumns, recordReadable, type RecordRow, rowName } from '../queries/records.ts';
import { checkGiven, givenValues, type RecordSpec, type RecordValues } from '../rules/records.ts';
import { statusOf } from '../rules/rights.ts';
import { type LockedAccount, lockAccount } from './locks.ts';

export interface RecordInput extends RecordValues {
  readonly keyAccountId: string;
  readonly idempotencyKey?: string | null;
}

/** What a kind of record adds to being recorded. */
export interface Recording {
  /** Checks what its fields cannot say of themselves. */
  readonly check?: (issues: Issues, values: RecordValues, locked: LockedAccount) => void | Promise<void>;
  /** The fields that are worked out. */
  readonly facts?: (
    values: RecordValues,
    locked: LockedAccount,
    id: string,
  ) => RecordValues | Promise<RecordValues>;
  /** What follows from it. */
  readonly after?: (id: string, values: RecordValues, locked: LockedAccount) => Promise<void>;
}

/** Records something about an account that is served now; for who may write it (KEY-13). */
export async function recordCreate(
  tx: Command,
  viewer: Viewer,
  spec: RecordSpec,
  input: RecordInput,
  recording: Recording = {},
): Promise<{ recordId: string; keyAccountId: string }> {
  const locked = await lockAccount(tx, viewer, input.keyAccountId);
  const { account } = locked;
  requireWrites(locked, spec);
  const operation = `${spec.type}.record`;
  const recordId = await once(tx, operation, input.idempotencyKey, input, async (id) => {
    if (statusOf(account) !== 'ACTIVE')
      throw new IllegalTransition('ENDED', operation, ['keyAccountPromote']);
    const given = givenValues(spec, input);
    const issues = new Issues();
    checkGiven(issues, spec, given);
    await recording.check?.(issues, given, locked);
    issues.throwIfAny();
    await requireContacts(tx, spec, given, locked);
    const values = { ...given, ...(await recording.facts?.(given, locked, id)) };
    await insertRecords(tx, spec, [{ id, keyAccountId: account.id, ...values }], viewer.employeeId);
    await recording.after?.(id, values, locked);
  });
  return { recordId, keyAccountId: account.id };
}

/** Writes records with one statement. Of what is content of the file the audit says that it was written, not what. */
export async function insertRecords(
  tx: Command,
  spec: RecordSpec,
  records: readonly (RecordValues & { readonly id: string; readonly keyAccountId: string })[],
  recordedById: string | null,
): Promise<void> {
  if (records.length === 0) return;
  const rows = records.map((record) =>
    columnsOf(spec, { ...record, recordedById, recordedAt: tx.now, version: 1 }),
  );
  const table = raw(spec.table);
  await tx.query(sql`
    insert into ${table} select r.* from jsonb_populate_recordset(null::${table}, ${JSON.stringify(rows)}::jsonb) r
    returning 1 as written`);
  tx.audit(
    ...records.map(({ id, ...values }) => ({
      action: `${spec.type}.record`,
      subjectType: spec.type,
      subjectId: id,
      after: spec.ofFile ? { keyAccountId: values.keyAccountId } : values,
    })),
  );
}

function columnsOf(spec: RecordSpec, values: RecordValues): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const field = spec.fields[name];
      return [columnName(field ? rowName(name, field) : name), value];
    }),
  );
}

export interface LockedRecord extends LockedAccount {
  readonly record: RecordRow;
}

/** Locks a record through its account, in the version that was read; NotFound where the viewer may not read it. */
export async function lockRecord(
  tx: Command,
  viewer: Viewer,
  spec: RecordSpec,
  id: string,
  path: string,
  expectedVersion?: number,
): Promise<LockedRecord> {
  const notFound = new NotFound([path], spec.title);
  const sees = constantViewer(viewer, tx.now);
  const [found] = await tx.query<{ keyAccountId: string }>(sql`
    select r.key_account_id as "keyAccountId" from ${raw(spec.table)} r
    where r.id = ${id}::uuid and ${recordReadable(sees, spec, sql`r`)}`);
  if (!found) throw notFound;
  const locked = await lockAccount(tx, viewer, found.keyAccountId, { notFound, known: true });
  // Locked through the account: read only now, another command may have changed it meanwhile.
  const [record] = await tx.query<RecordRow>(sql`
    select ${recordColumns(spec)} from ${raw(spec.table)} r where r.id = ${id}::uuid`);
  if (!record) throw notFound;
  if (expectedVersion !== undefined && record.version !== expectedVersion)
    throw new StaleVersion(record.version);
  return { ...locked, record };
}

/** The same for who changes it: who writes the account, and whom `may` lets beside. */
export async function lockToChange(
  tx: Command,
  viewer: Viewer,
  spec: RecordSpec,
  id: string,
  path: string,
  expectedVersion: number,
  may: (record: RecordRow) => boolean = () => false,
): Promise<LockedRecord> {
  const locked = await lockRecord(tx, viewer, spec, id, path);
  if (!may(locked.record)) requireWrites(locked, spec);
  if (locked.record.version !== expectedVersion) throw new StaleVersion(locked.record.version);
  if (statusOf(locked.account) !== 'ACTIVE')
    throw new IllegalTransition('ENDED', `${spec.type}.change`, ['keyAccountPromote']);
  return locked;
}

function requireWrites(locked: LockedAccount, spec: RecordSpec): void {
  if (!locked.writes) throw new Forbidden(rolesWith('keyAccount', 'write'));
  if (spec.ofFile && !locked.customer.fileOpen) throw new Forbidden(['HEAD', 'a dedicated assignment']);
}

/** Changes fields of a record, and its version. */
export async function changeRecord(
  tx: Command,
  spec: RecordSpec,
  record: RecordRow,
  action: string,
  changes: RecordValues,
): Promise<void> {
  const row = columnsOf(spec, changes);
  const table = raw(spec.table);
  const set = raw(
    Object.keys(row)
      .map((column) => `"${column}" = n."${column}"`)
      .join(', '),
  );
  await tx.query(sql`
    update ${table} r set ${set}, version = r.version + 1
    from jsonb_populate_record(null::${table}, ${JSON.stringify(row)}::jsonb) n
    where r.id = ${record.id}::uuid
    returning 1 as written`);
  tx.audit({
    action,
    subjectType: spec.type,
    subjectId: record.id,
    before: { version: record.version, state: record.state ?? null },
    after: spec.ofFile ? { version: record.version + 1 } : changes,
  });
}

/** Persons at the customer are the account's own. */
async function requireContacts(
  tx: Command,
  spec: RecordSpec,
  values: RecordValues,
  { customer }: LockedAccount,
): Promise<void> {
  for (const [name, { kind }] of Object.entries(spec.fields)) {
    const id = values[name];
    if (kind !== 'CONTACT' || typeof id !== 'string') continue;
    const [found] = await tx.query<{ id: string }>(sql`
      select id from contact where id = ${id}::uuid and customer_id = ${customer.id}::uuid`);
    if (!found) throw invalid(name, text('a contact of this customer', '该客户的联系人'));
  }
}
