import { customerById } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { decodedWhere, listOf, listTypes, rootList } from '../graphql/lists.ts';
import { mutation } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { inLocale } from '../lib/text.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import type { OrderTerm } from '../platform/list.ts';
import { exportCreate } from './commands/create.ts';
import { disclosureReport, secrecyAcknowledge } from './commands/secrecy.ts';
import { EXPORT_LINKS, EXPORT_PATH } from './download.ts';
import { EXPORT_ENTITIES, exportEntity } from './entities.ts';
import type { ExportColumn, ExportEntity } from './entity.ts';
import {
  acknowledgedUntil,
  DISCLOSURE_REPORT_FIELDS,
  disclosureReportById,
  disclosureReportList,
  type DisclosureReportRow,
  EXPORT_FIELDS,
  exportById,
  exportList,
  type ExportRecord,
} from './queries.ts';
import { isDownloadable, SECRECY_NOTICE } from './rules.ts';

const ExportType = builder.objectRef<ExportRecord>('Export').implement({
  description:
    'A list taken out as a file (CUS-19): who, what, how much, and how it ended. Seen by who made it, and by those who read the audit.',
  fields: (t) => ({
    list: t.exposeString('list', { description: 'Name of the list, such as tickets.' }),
    format: t.field({ type: ENUMS.ExportFormat, resolve: (row) => row.format }),
    state: t.field({
      type: ENUMS.ExportState,
      description: 'READY and ABORTED can be downloaded until `expiresAt`; FINISHED was delivered whole.',
      resolve: (row) => row.state,
    }),
    where: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The filter, with ids of rows in place of Node ids; null for the whole list.',
      resolve: (row) => row.where,
    }),
    orderBy: t.field({ type: 'JSON', nullable: true, resolve: (row) => row.orderBy }),
    columns: t.stringList({ description: 'Codes, in their order.', resolve: (row) => row.columns }),
    purpose: t.exposeString('purpose', { nullable: true, description: 'What it is for.' }),
    actor: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.actorId) ?? null,
    }),
    requestedAt: t.field({ type: 'DateTime', resolve: (row) => row.requestedAt }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Exclusive end of the link.',
      resolve: (row) => row.expiresAt,
    }),
    downloadUrl: t.string({
      nullable: true,
      description:
        'Where the file is fetched with GET, relative to the address of this API; opens without a token, once, for who made it. Null for others, and when it opens nothing any more.',
      resolve: (row, _args, { read, links }) =>
        row.actorId === read.viewer.employeeId && isDownloadable(row, read.now)
          ? `${EXPORT_PATH}${links.sign(EXPORT_LINKS, { exportId: row.id, employeeId: row.actorId }, row.expiresAt)}`
          : null,
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Start of the newest download.',
      resolve: (row) => row.startedAt,
    }),
    endedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.endedAt }),
    rows: t.exposeInt('rows', {
      nullable: true,
      description: 'Rows of the file; null before its download.',
    }),
    rowsSent: t.exposeInt('rowsSent', {
      nullable: true,
      description: 'Rows handed out; fewer than `rows` when it broke off.',
    }),
    customerRows: t.exposeInt('customerRows', {
      description: 'Rows with customer information, which count toward export.bulkRows (CUS-19).',
    }),
    anonymised: t.exposeBoolean('anonymised', {
      description: 'Names were shortened and what identifies a customer was left out (section 23).',
    }),
    leakSuspected: t.exposeBoolean('leakSuspected', {
      description: 'It raised DATA_LEAK_SUSPECTED (EVT-38).',
    }),
    bytes: t.exposeInt('bytes', { nullable: true, description: 'Bytes handed out.' }),
    checksum: t.exposeString('checksum', {
      nullable: true,
      description: 'SHA-256 of the file; null while it was not delivered whole.',
    }),
  }),
});
nodeBy(ExportType, exportById);
rootList('exports', listTypes<ExportRecord>('Export', ExportType, EXPORT_FIELDS), {
  description: "The viewer's own exports; everybody's for those who read the audit (HEAD, INTERNAL_AUDITOR).",
  source: exportList,
});

const ExportColumnType = builder.objectRef<ExportColumn>('ExportColumn').implement({
  description: 'A column that a list has as a file.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable; the same in every language.' }),
    heading: t.string({
      description: 'In the language of Accept-Language.',
      resolve: ({ heading }, _args, { locale }) => inLocale(heading, locale),
    }),
    identifiesCustomer: t.boolean({
      description: 'Tells a customer or a person there apart: a file with it is a trade secret (CUS-19).',
      resolve: ({ identifies }) => identifies === true,
    }),
  }),
});

const ExportableListType = builder.objectRef<ExportEntity>('ExportableList').implement({
  description: 'A list that can be exported.',
  fields: (t) => ({
    list: t.exposeString('list', {
      description: 'Its name in this API, and its field in `ExportListInput`.',
    }),
    title: t.string({
      description: 'In the language of Accept-Language.',
      resolve: ({ title }, _args, { locale }) => inLocale(title, locale),
    }),
    columns: t.field({ type: [ExportColumnType], resolve: ({ columns }) => [...columns] }),
  }),
});

builder.queryField('exportableLists', (t) =>
  t.field({
    type: [ExportableListType],
    description: 'What can be exported, and its columns.',
    resolve: () => [...EXPORT_ENTITIES],
  }),
);

function listInput(entity: ExportEntity) {
  const title = `${entity.list.charAt(0).toUpperCase()}${entity.list.slice(1)}`;
  const column = builder.enumType(`${title}ExportColumn`, {
    description: `Columns of ${entity.list} as a file.`,
    values: entity.columns.map(({ code }) => code) as [string, ...string[]],
  });
  return builder.inputType(`${title}ExportInput`, {
    description: `Which rows and columns of ${entity.list}.`,
    fields: (t) => ({
      where: t.field({
        type: listOf(entity.entity).where,
        description: 'As in the list; without it every row.',
      }),
      orderBy: t.field({ type: [listOf(entity.entity).order], description: 'As in the list.' }),
      columns: t.field({ type: [column], description: 'In this order; without it all of them.' }),
    }),
  });
}

interface ListChoice {
  readonly where?: object | null;
  readonly orderBy?: readonly OrderTerm[] | null;
  readonly columns?: readonly string[] | null;
}

const ExportListInput = builder.inputRef<Record<string, ListChoice>>('ExportListInput');
ExportListInput.implement({
  description: 'Exactly one of the lists that can be exported.',
  isOneOf: true,
  fields: (t) =>
    Object.fromEntries(
      EXPORT_ENTITIES.map((entity) => [entity.list, t.field({ type: listInput(entity) })]),
    ) as never,
});

mutation('exportCreate', {
  description:
    'Makes a link to a list as a file, with exactly the rows and columns that the viewer may read and take out (CUS-19). Nothing is read before `downloadUrl` is opened.',
  errors: ['QuotaExceeded', 'IdempotencyConflict'],
  input: (t) => ({
    list: t.field({ type: ExportListInput, required: true }),
    format: t.field({ type: ENUMS.ExportFormat, required: true }),
    labels: t.boolean({
      defaultValue: true,
      description: 'Headings and enums in words of Accept-Language of the download; else by their codes.',
    }),
    purpose: t.string({ description: 'What it is for; stands in the file and in the audit.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => {
    const [list = '', choice] = Object.entries(input.list as Record<string, ListChoice | null>)[0] ?? [];
    const entity = exportEntity(list);
    if (!entity) throw new Error(`The list ${list} has no export.`);
    const { fields } = listOf(entity.entity);
    return exportCreate(
      tx,
      viewer,
      {
        entity,
        format: input.format,
        where: decodedWhere(fields, choice?.where, ['list', list, 'where']),
        orderBy: choice?.orderBy ?? [],
        columns: choice?.columns ?? [],
        labels: input.labels ?? true,
        purpose: input.purpose ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
      },
      read,
    );
  },
  success: (t) => ({
    export: t.field({
      type: ExportType,
      nullable: true,
      resolve: (done, _args, { read }) => exportById.load(read, done.exportId),
    }),
  }),
});

mutation('secrecyAcknowledge', {
  description: `Keeps the caller's word for the months of secrecy.acknowledgeMonths: "${SECRECY_NOTICE.en}" Needed for exports that tell of customers (CUS-19).`,
  input: (t) => ({
    accept: t.boolean({ required: true, description: 'true: `viewer.secrecyNotice` was read and is kept.' }),
  }),
  run: (tx, viewer, input, read) => secrecyAcknowledge(tx, viewer, input, read),
  success: (t) => ({ validUntil: t.field({ type: 'DateTime', resolve: ({ validUntil }) => validUntil }) }),
});

builder.objectField('Viewer' as never, 'secrecyAcknowledgedUntil', (t) =>
  t.field({
    type: 'DateTime',
    nullable: true,
    description:
      "Exclusive end of the viewer's newest acknowledgement of secrecy, past or not; null without any (CUS-19).",
    resolve: (viewer, _args, { read }) => acknowledgedUntil(read, (viewer as Viewer).employeeId),
  }),
);
builder.objectField('Viewer' as never, 'secrecyNotice', (t) =>
  t.string({
    description: 'What secrecyAcknowledge agrees to, in the language of Accept-Language.',
    resolve: (_viewer, _args, { locale }) => inLocale(SECRECY_NOTICE, locale),
  }),
);

const DisclosureReportType = builder.objectRef<DisclosureReportRow>('DisclosureReport').implement({
  description:
    'A report that customer information was disclosed (PRM-03). Seen by its reporter, and by those who read the audit unless it names them.',
  fields: (t) => ({
    description: t.exposeString('description', { description: 'What happened.' }),
    reporter: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.reporterId) ?? null,
    }),
    suspected: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who is thought to have disclosed it.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.suspectedId ?? '') ?? null,
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) =>
        row.customerId === null ? null : customerById.load(read, row.customerId),
    }),
    rows: t.exposeInt('rows', { nullable: true, description: 'Records concerned, as far as known.' }),
    occurredAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.occurredAt }),
    reportedAt: t.field({ type: 'DateTime', resolve: (row) => row.reportedAt }),
  }),
});
nodeBy(DisclosureReportType, disclosureReportById);
rootList(
  'disclosureReports',
  listTypes<DisclosureReportRow>('DisclosureReport', DisclosureReportType, DISCLOSURE_REPORT_FIELDS),
  {
    description: "The viewer's own reports; all that do not name the viewer for those who read the audit.",
    source: disclosureReportList,
  },
);

mutation('disclosureReport', {
  description:
    'Reports that customer information was disclosed, transferred or sold; open to every employee. HEAD and INTERNAL_AUDITOR hear of it at once (PRM-03, EVT-38).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    description: t.string({ required: true, description: 'What happened, in up to 5,000 characters.' }),
    suspectedId: t.id({ ...nodeIdOf('Employee'), description: 'Who is thought to have disclosed it.' }),
    customerId: t.id({ ...nodeIdOf('Customer'), description: 'Whose information it is.' }),
    rows: t.int({ description: 'Records concerned, above 0.' }),
    occurredAt: t.field({ type: 'DateTime', description: 'When; not in the future.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => disclosureReport(tx, viewer, input, read),
  success: (t) => ({
    report: t.field({
      type: DisclosureReportType,
      nullable: true,
      resolve: (done, _args, { read }) => disclosureReportById.load(read, done.disclosureReportId),
    }),
  }),
});
