import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { money } from '../../graphql/shared-types.ts';
import { reportForward, reportSubmit } from '../commands/reports.ts';
import { keyAccountById } from '../queries/key-accounts.ts';
import { REPORT_FIELDS, reportById, reportList, type ReportRow } from '../queries/reports.ts';
import type { ReportLine } from '../rules/reports.ts';

const LineType = builder.objectRef<ReportLine>('KeyAccountRevenueLine').implement({
  description:
    'The revenue of an account in the period of a report (FRM-42), as it stood when it was submitted.',
  fields: (t) => ({
    keyAccount: t.field({
      type: 'KeyAccount' as never,
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (line, _args, { read }) => keyAccountById.load(read, line.keyAccountId) as never,
    }),
    level: t.field({ type: ENUMS.KeyAccountLevel, resolve: (line) => line.level as 'A' }),
    target: t.field({
      type: 'Money',
      nullable: true,
      description: 'The part of the annual target that falls on the period.',
      resolve: (line, _args, context) => money(line.target, context),
    }),
    revenue: t.field({
      type: 'Money',
      nullable: true,
      resolve: (line, _args, context) => money(line.revenue, context),
    }),
    share: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Of the revenue of all customers, in percent.',
      resolve: (line) => line.share,
    }),
    change: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Against the period before, in percent; null where there was none.',
      resolve: (line) => line.change,
    }),
    note: t.exposeString('note', { nullable: true }),
  }),
});

const ReportType = builder.objectRef<ReportRow>('KeyAccountRevenueReport').implement({
  description:
    "The revenue of a specialist's accounts in a month, quarter or year (KEY-16, FRM-42). Read by the specialist and by who reads all key accounts.",
  fields: (t) => ({
    specialist: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.specialistId) ?? null,
    }),
    period: t.exposeString('period', { description: 'Such as 2026-11, 2026-Q4 or 2026.' }),
    state: t.field({
      type: ENUMS.RevenueReportState,
      description: 'DUE, SUBMITTED to CS_SUPERVISOR, FORWARDED to HEAD (CFL-22).',
      resolve: (row) => row.state,
    }),
    dueAt: t.field({ type: 'DateTime', description: 'Exclusive end.', resolve: (row) => row.dueAt }),
    lines: t.field({
      type: [LineType],
      description: 'Empty until it is submitted.',
      resolve: (row) => [...row.lines],
    }),
    remark: t.exposeString('remark', { nullable: true }),
    submittedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.submittedAt }),
    forwardedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.forwardedAt }),
    forwardedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.forwardedById ?? '') ?? null,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(ReportType, reportById);
rootList(
  'keyAccountRevenueReports',
  listTypes<ReportRow>('KeyAccountRevenueReport', ReportType, REPORT_FIELDS),
  { description: 'Revenue reports of key accounts that the viewer may read.', source: reportList },
);

function reportField(t: SuccessFields<{ reportId: string }>) {
  return {
    report: t.field({
      type: ReportType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => reportById.load(read, done.reportId),
    }),
  };
}

const NoteInput = builder.inputType('KeyAccountRevenueNoteInput', {
  fields: (t) => ({
    keyAccountId: t.id({ required: true, ...nodeIdOf('KeyAccount') }),
    note: t.string({ required: true, description: 'At most 1,000 characters.' }),
  }),
});

mutation('keyAccountRevenueReportSubmit', {
  description:
    'Submits a revenue report to CS_SUPERVISOR, with the figures as they stand; KA_SUPERVISOR hears of it (KEY-16). The specialist of it.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    reportId: t.id({ required: true, ...nodeIdOf('KeyAccountRevenueReport') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    notes: t.field({ type: [NoteInput], description: 'On accounts of the report.' }),
    remark: t.string({ description: 'At most 5,000 characters.' }),
  }),
  run: (tx, viewer, input, read) => reportSubmit(tx, viewer, input, read),
  success: reportField,
});

mutation('keyAccountRevenueReportForward', {
  description: 'Submits a report that was received to HEAD (CFL-22). CS_SUPERVISOR.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    reportId: t.id({ required: true, ...nodeIdOf('KeyAccountRevenueReport') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => reportForward(tx, viewer, input),
  success: reportField,
});
