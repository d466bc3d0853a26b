import { customerById } from '../customers/queries/customers.ts';
import { recordedRead } from '../customers/rules.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { ActionRightType, money } from '../graphql/shared-types.ts';
import { invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { customerReportFill, customerReportPrepare, customerReportReview } from './commands.ts';
import {
  type CardFigure,
  cardFigures,
  customerReportById,
  customerReportList,
  REPORT_FIELDS,
  type RegionalRow,
  regionalRows,
  type ReportRow,
  ROWS_MAX,
  type SalesRow,
  salesRows,
} from './queries.ts';
import { reportActions } from './rules.ts';

const RegionalRowType = builder.objectRef<RegionalRow>('CustomerRegionalRow').implement({
  description: 'What a customer of a region was sold in the year (FRM-10).',
  fields: (t) => ({
    area: t.field({
      type: 'Area',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.areas.get(row.areaId ?? '') ?? null,
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    business: t.exposeString('business', {
      nullable: true,
      description: 'Kind of business: its scope, else the industry, else the kind of company.',
    }),
    product: t.exposeString('product', { nullable: true, description: 'The goods that were carried.' }),
    quantity: t.field({ type: 'Decimal', nullable: true, resolve: (row) => row.quantity }),
    shipments: t.exposeInt('shipments'),
  }),
});

const SalesPlaceType = builder.objectRef<SalesRow['places'][number]>('CustomerSalesPlace').implement({
  description: 'Revenue of a product in a region (FRM-11).',
  fields: (t) => ({
    area: t.field({
      type: 'Area',
      nullable: true,
      description: 'Null for customers without one.',
      resolve: (row, _args, { read }) => read.organisation.areas.get(row.areaId ?? '') ?? null,
    }),
    amount: t.field({
      type: 'Money',
      nullable: true,
      resolve: (row, _args, context) => money(row.amount, context),
    }),
  }),
});

const SalesRowType = builder.objectRef<SalesRow>('CustomerSalesRow').implement({
  description: 'Revenue of a product in the year, in all regions and in each (FRM-11).',
  fields: (t) => ({
    productClass: t.field({
      type: ENUMS.ShipmentMode,
      nullable: true,
      description: 'The service that was sold.',
      resolve: (row) => row.productClass,
    }),
    product: t.exposeString('product', { nullable: true, description: 'The goods that were carried.' }),
    total: t.field({
      type: 'Money',
      nullable: true,
      resolve: (row, _args, context) => money(row.total, context),
    }),
    places: t.field({ type: [SalesPlaceType], resolve: (row) => row.places }),
  }),
});

const CardFigureType = builder.objectRef<CardFigure>('CustomerSummaryFigure').implement({
  description: 'Customers and logistics operation of a region in the year (FRM-16).',
  fields: (t) => ({
    area: t.field({
      type: 'Area',
      nullable: true,
      description: 'Null for customers without one.',
      resolve: (row, _args, { read }) => read.organisation.areas.get(row.areaId ?? '') ?? null,
    }),
    customers: t.exposeInt('customers', { description: 'In `customer.fileScope`.' }),
    amount: t.field({
      type: 'Money',
      nullable: true,
      description: 'Revenue recognised in the year.',
      resolve: (row, _args, context) => money(row.amount, context),
    }),
    ratio: t.field({
      type: 'Decimal',
      nullable: true,
      description: "In percent of the company's; null without any.",
      resolve: (row) => row.ratio,
    }),
  }),
});

const first = (given: number | null | undefined): number => {
  const count = given ?? 100;
  if (count < 0 || count > ROWS_MAX)
    throw invalid('first', text(`0 to ${ROWS_MAX} rows`, `0 到 ${ROWS_MAX} 行`));
  return count;
};

const CustomerReportType = builder.objectRef<ReportRow>('CustomerReport').implement({
  description:
    'An analysis of customers for a year, with who prepared, filled in and reviewed it (CUS-34). Rows about customers are of those whose file the viewer reads.',
  fields: (t) => ({
    kind: t.field({
      type: ENUMS.CustomerReportKind,
      description: 'REGIONAL_ANALYSIS (FRM-10), SALES_ANALYSIS (FRM-11) or SUMMARY_CARD (FRM-16).',
      resolve: (row) => row.kind,
    }),
    year: t.exposeInt('year'),
    area: t.field({
      type: 'Area',
      nullable: true,
      description: 'Null for the whole company.',
      resolve: (row, _args, { read }) => read.organisation.areas.get(row.areaId ?? '') ?? null,
    }),
    state: t.field({ type: ENUMS.CustomerReportState, resolve: (row) => row.state }),
    summary: t.exposeString('summary', { nullable: true, description: 'What the figures say.' }),
    note: t.exposeString('note', { nullable: true }),
    regional: t.field({
      type: [RegionalRowType],
      nullable: true,
      complexity: { field: 50, multiplier: 1 },
      description: 'Of a REGIONAL_ANALYSIS, by region, customer and product; null for others.',
      args: { first: t.arg.int({ description: '100 without it, at most 1,000.' }) },
      resolve: async (row, args, context) => {
        if (row.kind !== 'REGIONAL_ANALYSIS') return null;
        const rows = await regionalRows(context.read, row, first(args.first));
        for (const { customerId, grade } of rows) {
          const read = recordedRead(context.read.viewer, { id: customerId, grade }, 'shipments');
          if (read) context.recordRead(read);
        }
        return rows;
      },
    }),
    sales: t.field({
      type: [SalesRowType],
      nullable: true,
      complexity: { field: 50, multiplier: 1 },
      description: 'Of a SALES_ANALYSIS, by class and product; null for others.',
      args: { first: t.arg.int({ description: '100 without it, at most 1,000.' }) },
      resolve: (row, args, { read }) =>
        row.kind === 'SALES_ANALYSIS' ? salesRows(read, row, first(args.first)) : null,
    }),
    card: t.field({
      type: [CardFigureType],
      nullable: true,
      description:
        'Of a SUMMARY_CARD, by region: as they are until it is filled in, then as they were; null for others.',
      resolve: (row, _args, { read }) =>
        row.kind === 'SUMMARY_CARD' ? (row.figures ?? cardFigures(read, row, read.timeZone)) : null,
    }),
    preparedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.preparedById) ?? null,
    }),
    preparedAt: t.field({ type: 'DateTime', resolve: (row) => row.preparedAt }),
    filledBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.filledById ?? '') ?? null,
    }),
    filledAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.filledAt }),
    reviewedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.reviewedById ?? '') ?? null,
    }),
    reviewedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.reviewedAt }),
    returnReason: t.exposeString('returnReason', {
      nullable: true,
      description: 'Why the reviewer gave it back last.',
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with this report now, and why not.',
      resolve: (row, _args, { read }) => reportActions(read.viewer, row),
    }),
  }),
});
nodeBy(CustomerReportType, customerReportById);
rootList('customerReports', listTypes<ReportRow>('CustomerReport', CustomerReportType, REPORT_FIELDS), {
  description: 'Analyses of customers that the viewer may read (CUS-34).',
  source: customerReportList,
});

function reportField(t: SuccessFields<{ customerReportId: string }>) {
  return {
    customerReport: t.field({
      type: CustomerReportType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => customerReportById.load(read, done.customerReportId),
    }),
  };
}

mutation('customerReportPrepare', {
  description:
    'Prepares an analysis of customers for a year: HEAD, the supervisors, DATA_ANALYST or MARKETING_CLERK (CUS-34). One of a kind for each year and area.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    kind: t.field({ type: ENUMS.CustomerReportKind, required: true }),
    year: t.int({ required: true, description: '2000 to 2100.' }),
    areaId: t.id({ ...nodeIdOf('Area'), description: 'The whole company without it.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => customerReportPrepare(tx, viewer, input, read),
  success: reportField,
});

mutation('customerReportFill', {
  description:
    'Fills in what the figures of a report say; again as long as it is not reviewed. A summary card keeps its figures from then on.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerReportId: t.id({ required: true, ...nodeIdOf('CustomerReport') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    summary: t.string({ required: true, description: 'What the figures say, at most 10,000 characters.' }),
    note: t.string({ description: 'At most 10,000 characters.' }),
  }),
  run: (tx, viewer, input, read) => customerReportFill(tx, viewer, input, read),
  success: reportField,
});

mutation('customerReportReview', {
  description:
    'Reviews a report that somebody else has filled in, or gives it back: HEAD or SALES_SUPERVISOR (CUS-34).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerReportId: t.id({ required: true, ...nodeIdOf('CustomerReport') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
    decision: t.field({
      type: builder.enumType('CustomerReportDecision', {
        values: ['APPROVE', 'RETURN'] as const,
        description: 'What becomes of a report that was filled in.',
      }),
      required: true,
    }),
    reason: t.string({ description: 'Needed to give it back.' }),
  }),
  run: (tx, viewer, input) => customerReportReview(tx, viewer, input),
  success: reportField,
});
