import { findCustomers } from '../customers/import.ts';
import {
  ContactChannel,
  ContactOutcome,
  ContactSeniority,
  VisitState,
  VisitType,
} from '../generated/prisma/enums.ts';
import { choice, instant, required, words, yesNo } from '../import/fields.ts';
import type { FieldIssue, ImportKind, RowIssue } from '../import/kind.ts';
import { resolveEmployees } from '../import/references.ts';
import { byColumn, type ImportColumns, type ImportRow, type Written } from '../import/table.ts';
import { type Text, text } from '../lib/text.ts';
import { type Queryable, sql } from '../platform/sql.ts';
import { refreshCadenceOf } from './commands/cadence.ts';
import { watchVisits } from './commands/visits.ts';

const CUSTOMER_NEEDED: FieldIssue = {
  field: 'customerNumber',
  accepted: text(
    'not empty, or a customerExternalId: it is about a customer',
    '不能为空（或填写 customerExternalId）：须属于客户',
  ),
};
const NOT_AHEAD = text('not in the future', '不能晚于当前时间');

const VISIT_FIELDS = {
  customerNumber: words(100),
  customerExternalId: words(200),
  customerSource: words(100),
  type: required(choice(VisitType)),
  state: choice(VisitState),
  plannedFor: instant(),
  doneAt: instant(),
  visitorNumber: required(words(100)),
  host: words(2_000),
  hostSeniority: choice(ContactSeniority),
  purpose: required(words(1_000)),
  content: words(4_000),
  needs: words(4_000),
  latentNeeds: words(10_100),
  competitorInformation: words(4_000),
  promises: words(4_000),
  nextStep: words(4_000),
  significant: yesNo(),
  fileUpdateNeeded: yesNo(),
  overrideReason: words(1_000),
  cancelReason: words(1_000),
  recordedAt: instant(),
} as const;

const VISIT_COLUMNS: ImportColumns = {
  customer_id: { type: 'uuid', from: ['customerNumber', 'customerExternalId'] },
  type: { type: '"VisitType"', from: ['type'] },
  state: { type: '"VisitState"', from: ['state', 'doneAt', 'cancelReason'] },
  planned_for: { type: 'timestamptz(3)', from: ['plannedFor'] },
  done_at: { type: 'timestamptz(3)', from: ['doneAt'] },
  visitor_id: { type: 'uuid', from: ['visitorNumber'] },
  host_id: { type: 'uuid', from: ['host'] },
  host_seniority: { type: '"ContactSeniority"', from: ['hostSeniority'] },
  purpose: { type: 'text', from: ['purpose'] },
  content: { type: 'text', from: ['content'] },
  needs: { type: 'text', from: ['needs'] },
  latent_needs: { type: 'text[]', from: ['latentNeeds'] },
  competitor_information: { type: 'text', from: ['competitorInformation'] },
  promises: { type: 'text', from: ['promises'] },
  next_step: { type: 'text', from: ['nextStep'] },
  significant: { type: 'boolean', from: ['significant'] },
  file_update_needed: { type: 'boolean', from: ['fileUpdateNeeded'] },
  override_reason: { type: 'text', from: ['overrideReason'] },
  cancel_reason: { type: 'text', from: ['cancelReason'] },
  recorded_at: { type: 'timestamptz(3)', from: ['recordedAt'] },
};

/** Visits of another system, or as the export of visits writes them. */
export const visitImport: ImportKind<typeof VISIT_FIELDS> = {
  name: 'visits',
  subject: 'Visit',
  fields: VISIT_FIELDS,
  keepsExtra: false,
  table: {
    name: 'visit',
    columns: VISIT_COLUMNS,
    // The entry of an import names no record.
    workedOn: sql`exists (
      select 1 from audit_log a where a.subject_type = 'Visit' and a.subject_id = t.id)`,
  },
  derive(values, now) {
    const {
      customerNumber,
      customerExternalId,
      customerSource: _source,
      visitorNumber: _visitor,
      host: _host,
      ...facts
    } = values;
    const state = values.state ?? (values.doneAt ? 'DONE' : values.cancelReason ? 'CANCELLED' : 'PLANNED');
    const issues: FieldIssue[] = [];
    function expect(condition: boolean, field: string, accepted: Text): void {
      if (!condition) issues.push({ field, accepted });
    }
    expect(
      (state === 'DONE') === (values.doneAt !== null),
      'doneAt',
      text('a time for a visit that is DONE, nothing for any other', '已完成的拜访须填写时间，其他不填'),
    );
    expect((values.doneAt ?? now) <= now, 'doneAt', NOT_AHEAD);
    expect(
      state !== 'DONE' || values.content !== null,
      'content',
      text('not empty for a visit that is DONE', '已完成的拜访不能为空'),
    );
    expect(
      values.plannedFor !== null || state === 'DONE' || state === 'CANCELLED',
      'plannedFor',
      text('not empty for a visit that is PLANNED or MISSED', '计划或错过的拜访不能为空'),
    );
    expect(
      state !== 'CANCELLED' || values.cancelReason !== null,
      'cancelReason',
      text('not empty for a visit that is CANCELLED', '已取消的拜访不能为空'),
    );
    if (customerNumber === null && customerExternalId === null) issues.push(CUSTOMER_NEEDED);
    return {
      columns: {
        ...byColumn(facts),
        state,
        latent_needs: (values.latentNeeds ?? '')
          .split(/[;；\n]/)
          .map((need) => need.trim())
          .filter((need) => need !== ''),
        significant: values.significant ?? false,
        file_update_needed: values.fileUpdateNeeded ?? false,
      },
      issues,
    };
  },
  async resolve(db, rows) {
    const { customers, issues } = await findCustomers(db, rows);
    for (const [row, customer] of customers) row.columns.customer_id = customer.id;
    return [
      ...issues,
      ...(await resolveEmployees(db, rows, 'visitorNumber', 'visitor_id')),
      ...(await resolvePersons(db, rows, 'host', 'host_id')),
    ];
  },
  complete: async () => undefined,
  async record(tx, written, { timeZone }) {
    await refreshCadenceOf(tx, timeZone, customersOf(written));
    // A visit that is still ahead is watched like one that was planned here.
    await watchVisits(
      tx,
      written.flatMap(({ id, row: { columns } }) =>
        columns.state === 'PLANNED'
          ? [
              {
                id,
                visitorId: String(columns.visitor_id),
                plannedFor: new Date(columns.planned_for as Date),
              },
            ]
          : [],
      ),
    );
  },
};

const LOG_FIELDS = {
  customerNumber: words(100),
  customerExternalId: words(200),
  customerSource: words(100),
  contact: words(2_000),
  employeeNumber: required(words(100)),
  channel: required(choice(ContactChannel)),
  outcome: required(choice(ContactOutcome)),
  at: required(instant()),
  content: required(words(4_000)),
  followUp: yesNo(),
} as const;

const LOG_COLUMNS: ImportColumns = {
  customer_id: { type: 'uuid', from: ['customerNumber', 'customerExternalId'] },
  contact_id: { type: 'uuid', from: ['contact'] },
  employee_id: { type: 'uuid', from: ['employeeNumber'] },
  channel: { type: '"ContactChannel"', from: ['channel'] },
  outcome: { type: '"ContactOutcome"', from: ['outcome'] },
  at: { type: 'timestamptz(3)', from: ['at'] },
  content: { type: 'text', from: ['content'] },
  follow_up: { type: 'boolean', from: ['followUp'] },
};

/** Contacts with customers of another system, or as the export of contact logs writes them. */
export const contactLogImport: ImportKind<typeof LOG_FIELDS> = {
  name: 'contact-logs',
  subject: 'ContactLog',
  fields: LOG_FIELDS,
  keepsExtra: false,
  table: { name: 'contact_log', columns: LOG_COLUMNS, workedOn: sql`t.source is null` },
  derive(values, now) {
    const {
      customerNumber,
      customerExternalId,
      customerSource: _source,
      contact,
      employeeNumber: _by,
      ...facts
    } = values;
    const issues: FieldIssue[] = [];
    if (customerNumber === null && customerExternalId === null) issues.push(CUSTOMER_NEEDED);
    if (values.channel === 'PHONE' && contact === null) {
      issues.push({
        field: 'contact',
        accepted: text('the person, for a contact by phone (VIS-16)', '电话联络必须填写联系人（VIS-16）'),
      });
    }
    if ((values.at ?? now) > now) issues.push({ field: 'at', accepted: NOT_AHEAD });
    return { columns: { ...byColumn(facts), follow_up: values.followUp ?? false }, issues };
  },
  async resolve(db, rows) {
    const { customers, issues } = await findCustomers(db, rows);
    for (const [row, customer] of customers) row.columns.customer_id = customer.id;
    return [
      ...issues,
      ...(await resolveEmployees(db, rows, 'employeeNumber', 'employee_id')),
      ...(await resolvePersons(db, rows, 'contact', 'contact_id')),
    ];
  },
  complete: async () => undefined,
  record: (tx, written, { timeZone }) => refreshCadenceOf(tx, timeZone, customersOf(written)),
};

/** Whose cadence the rows may meet; a row that names its customer no more keeps the one it has. */
function customersOf(written: readonly Written[]): string[] {
  return written.flatMap(({ row: { columns } }) =>
    columns.customer_id == null ? [] : [String(columns.customer_id)],
  );
}

/** The contact persons that rows name, each one of the row's customer; one statement by contact(customer_id). */
async function resolvePersons(
  db: Queryable,
  rows: readonly ImportRow[],
  field: 'host' | 'contact',
  column: string,
): Promise<RowIssue[]> {
  const naming = rows.filter(({ values, columns }) => values[field] != null && columns.customer_id != null);
  if (naming.length === 0) return [];
  const asked = naming.map((row, at) => ({
    at,
    customer_id: row.columns.customer_id,
    name: row.values[field],
  }));
  const found = await db.query<{ at: number; id: string }>(sql`
    select distinct on (k.at) k.at, p.id
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as k(at int, customer_id uuid, name text)
    join contact p on p.customer_id = k.customer_id and p.name = k.name
    order by k.at, p.archived_at is not null, p.id`);
  const ids = new Map(found.map(({ at, id }) => [at, id]));
  return naming.flatMap((row, at) => {
    const id = ids.get(at);
    if (id === undefined)
      return [{ row, field, accepted: text('the name of a contact of this customer', '该客户联系人的姓名') }];
    row.columns[column] = id;
    return [];
  });
}
