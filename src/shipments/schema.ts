import { customerById } from '../customers/queries/customers.ts';
import { recordedRead } from '../customers/rules.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { answering, decodedWhere, listTypes, nestedList, rootList } from '../graphql/lists.ts';
import { nodeBy } from '../graphql/node.ts';
import { money } from '../graphql/shared-types.ts';
import type { CustomerGrade, ShipmentMode } from '../generated/prisma/enums.ts';
import { sql } from '../platform/sql.ts';
import { SHIPMENT_FIELDS, shipmentById, shipmentList, type ShipmentRow } from './queries/shipments.ts';
import {
  GROUPS_MAX,
  PERIOD_GROUPS,
  type ShipmentFigures,
  type ShipmentGroup,
  type ShipmentStatistics,
  shipmentStatistics,
} from './queries/statistics.ts';

/** The plugin types a shipment as the model's row; rows from SQL carry amounts as text and what is computed. */
function asShipment(row: unknown): ShipmentRow {
  return row as ShipmentRow;
}

const ShipmentType = builder.prismaObject('Shipment', {
  description:
    "A line of a shipment: what was moved for a customer under one shipment number, and what it earned. Part of the customer's file; figures of shipments are made of lines.",
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: async (row, _args, context) => await customerById.load(context.read, row.customerId),
    }),
    shipmentNumber: t.exposeString('shipmentNumber', {
      description: 'Waybill or delivery note. Lines of one customer with the same number are one shipment.',
    }),
    orderNumber: t.exposeString('orderNumber', {
      nullable: true,
      description: "The customer's order; one order may go in several shipments.",
    }),
    mode: t.field({
      type: ENUMS.ShipmentMode,
      nullable: true,
      description: 'Null where it is not known.',
      resolve: (row) => row.mode,
    }),
    goods: t.exposeString('goods', { nullable: true, description: 'What was moved.' }),
    orderedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the customer ordered it.',
      resolve: (row) => row.orderedAt,
    }),
    acceptedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was accepted for carriage.',
      resolve: (row) => row.acceptedAt,
    }),
    promisedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The delivery time that was promised; a promised day holds to its end.',
      resolve: (row) => row.promisedAt,
    }),
    deliveredAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the customer received it; null while it is under way.',
      resolve: (row) => row.deliveredAt,
    }),
    countedAt: t.field({
      type: 'DateTime',
      description: 'The instant by which volume is counted: accepted, else delivered, else promised.',
      resolve: (row) => row.countedAt,
    }),
    cancelledAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'A cancelled line counts in no figure.',
      resolve: (row) => row.cancelledAt,
    }),
    isOnTime: t.boolean({
      nullable: true,
      description:
        'Whether it was delivered by its promised time (KPI-75); false also once that has passed without a delivery. Null where nothing was promised, while the promise lies ahead, and of a cancelled line.',
      resolve: (row) => asShipment(row).isOnTime,
    }),
    daysLate: t.int({
      nullable: true,
      description:
        "Whole days, in the deployment's time zone, from the promised day to that of the delivery, of an overdue line to today; 0 for one delivered on its promised day or before. Null where isOnTime is.",
      resolve: (row) => asShipment(row).daysLate,
    }),
    lost: t.exposeBoolean('lost', { description: 'Lost on the way (KPI-76).' }),
    damaged: t.exposeBoolean('damaged', { description: 'Damaged on the way (KPI-76).' }),
    quantity: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'In the unit of the goods.',
      resolve: (row) => asShipment(row).quantity,
    }),
    weightKg: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Kilograms; null where it is not known.',
      resolve: (row) => asShipment(row).weightKg,
    }),
    revenue: t.field({
      type: 'Money',
      nullable: true,
      description: 'What is billed for it; recognised at delivery (KPI-01).',
      resolve: (row, _args, context) => money(asShipment(row).revenue, context),
    }),
    freight: t.field({
      type: 'Money',
      nullable: true,
      description: 'Direct cost of carriage; null where it is not known.',
      resolve: (row, _args, context) => money(asShipment(row).freight, context),
    }),
    goodsValue: t.field({
      type: 'Money',
      nullable: true,
      description: 'Value of the goods.',
      resolve: (row, _args, context) => money(asShipment(row).goodsValue, context),
    }),
    origin: t.exposeString('origin', { nullable: true, description: 'Where it was sent from.' }),
    destination: t.exposeString('destination', { nullable: true, description: 'Where it goes.' }),
    source: t.exposeString('source', {
      nullable: true,
      description: 'The system that an imported line came from.',
    }),
    externalId: t.exposeString('externalId', { nullable: true, description: 'Its id there.' }),
    externalFacts: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Facts of the source that have no field of their own, as imported.',
      resolve: (row) => row.externalFacts,
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    updatedAt: t.field({ type: 'DateTime', resolve: (row) => row.updatedAt }),
    version: t.exposeInt('version', { description: 'Grows with every change.' }),
  }),
});
nodeBy(ShipmentType, shipmentById, recordShipmentsRead);

/** Shipments are part of the file. */
function recordShipmentsRead(rows: readonly ShipmentRow[], context: Context): void {
  const files = new Map(rows.map(({ customerId, fileGrade }) => [customerId, fileGrade]));
  for (const [id, grade] of files) recordFileRead(context, id, grade);
}

function recordFileRead(context: Context, id: string, grade: CustomerGrade | null): void {
  const read = recordedRead(context.read.viewer, { id, grade }, 'shipments');
  if (read) context.recordRead(read);
}

const SHIPMENT_LIST = listTypes<ShipmentRow>('Shipment', ShipmentType, SHIPMENT_FIELDS);
rootList('shipments', SHIPMENT_LIST, {
  description: 'Lines of the shipments of customers whose file the viewer may read.',
  source: shipmentList,
  onRead: recordShipmentsRead,
});
nestedList('Customer', 'shipments', SHIPMENT_LIST, {
  description: 'Lines of its shipments; empty where the viewer may not read the file.',
  source: shipmentList,
  parent: sql`s.customer_id = parent.id`,
  onRead: recordShipmentsRead,
});

const ShipmentFiguresType = builder.objectRef<ShipmentFigures>('ShipmentFigures').implement({
  description: 'Exact figures of some lines of shipments.',
  fields: (t) => ({
    lines: t.exposeInt('lines', { description: 'Lines of shipments.' }),
    orders: t.exposeInt('orders', {
      description:
        'Different order numbers, told apart by customer, among these lines. An order with lines in two groups counts in both, and once in the total.',
    }),
    shipments: t.exposeInt('shipments', {
      description: 'Different shipment numbers, told apart by customer, among these lines; like `orders`.',
    }),
    revenue: t.field({
      type: 'Money',
      nullable: true,
      description: 'Sum of what is billed for the lines.',
      resolve: ({ revenue }, _args, context) => money(revenue, context),
    }),
    dueLines: t.exposeInt('dueLines', {
      description: 'Lines whose promised time has passed: the denominator of KPI-75.',
    }),
    onTimeLines: t.exposeInt('onTimeLines', {
      description: 'Due lines that were delivered by their promised time: the numerator of KPI-75.',
    }),
    onTimeShare: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'On-time lines of the due ones, in percent with two places; null where none is due.',
      resolve: ({ onTimeShare }) => onTimeShare,
    }),
    freight: t.field({
      type: 'Money',
      nullable: true,
      description: 'Cost of carriage of the lines of which it is known; null where it is known of none.',
      resolve: ({ freight }, _args, context) => money(freight, context),
    }),
    freightLines: t.exposeInt('freightLines', { description: 'Lines of which it is known.' }),
    weightKg: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Kilograms of the lines of which the weight is known; null where it is known of none.',
      resolve: ({ weightKg }) => weightKg,
    }),
    weightLines: t.exposeInt('weightLines', { description: 'Lines of which it is known.' }),
    medianDaysLate: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'Of the due lines that were not on time, the middle value of daysLate, with two places; null where none was late.',
      resolve: ({ medianDaysLate }) => medianDaysLate,
    }),
  }),
});

const ShipmentGroupType = builder.objectRef<ShipmentGroup>('ShipmentGroup').implement({
  description: 'Lines that have the same customer, mode, area or period.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Of a group by CUSTOMER.',
      resolve: async ({ groupBy, key }, _args, context) =>
        (groupBy === 'CUSTOMER' && key ? await customerById.load(context.read, key) : null) as never,
    }),
    mode: t.field({
      type: ENUMS.ShipmentMode,
      nullable: true,
      description: 'Of a group by MODE; null for lines of which it is not known.',
      resolve: ({ groupBy, key }) => (groupBy === 'MODE' ? (key as ShipmentMode | null) : null),
    }),
    area: t.field({
      type: 'Area',
      nullable: true,
      description: "The customer's area, of a group by AREA; null for customers without one.",
      resolve: ({ groupBy, key }, _args, context) =>
        (groupBy === 'AREA' && context.read.organisation.areas.get(key ?? '')) || null,
    }),
    period: t.string({
      nullable: true,
      description:
        "Of a group by DAY, MONTH, QUARTER or YEAR: 2014-02-03, 2014-02, 2014-Q1 or 2014, in the deployment's time zone; as PeriodInput takes it.",
      resolve: ({ groupBy, key }) => (PERIOD_GROUPS.has(groupBy) ? key : null),
    }),
    figures: t.field({ type: ShipmentFiguresType, resolve: (group) => group }),
  }),
});

const ShipmentStatisticsType = builder.objectRef<ShipmentStatistics>('ShipmentStatistics').implement({
  description: 'Lines of shipments summed up by groups, and all together.',
  fields: (t) => ({
    groups: t.field({ type: [ShipmentGroupType], resolve: ({ groups }) => [...groups] }),
    groupCount: t.exposeInt('groupCount', {
      description: 'How many groups there are, whatever number was asked for.',
    }),
    total: t.field({
      type: ShipmentFiguresType,
      description: 'Over the lines of all groups, also those beyond `first`.',
      resolve: ({ total }) => total,
    }),
  }),
});

const StatisticsGroupType = builder.enumType('ShipmentGroupBy', {
  description: 'What lines are grouped by.',
  values: {
    CUSTOMER: { description: 'Whose shipment it is.' },
    MODE: { description: 'How it was moved.' },
    AREA: { description: 'The area of the customer.' },
    DAY: { description: "A day of the deployment's time zone." },
    MONTH: { description: 'A month of those days.' },
    QUARTER: { description: 'Three months of a year.' },
    YEAR: { description: 'A calendar year.' },
  } as const,
});

const StatisticsDayType = builder.enumType('ShipmentDay', {
  description: 'Whose day decides into which span and period a line falls.',
  values: {
    DELIVERED: { description: 'Of the delivery, when revenue is recognised (KPI-01).' },
    PROMISED: { description: 'Of the promise, as reliability is counted (KPI-75).' },
    COUNTED: { description: 'Of the acceptance, as volume is counted (KPI-65).' },
  } as const,
});

const StatisticsOrderType = builder.enumType('ShipmentGroupOrder', {
  description: 'The order of groups.',
  values: {
    REVENUE: { description: 'The greatest revenue first.' },
    GROUP: { description: 'By name of the customer, mode, code of the area, or time.' },
  } as const,
});

builder.queryField('shipmentStatistics', (t) =>
  t.field({
    type: ShipmentStatisticsType,
    description:
      'Exact figures of the shipment lines that the viewer may read, by groups. Cancelled lines, and lines without the day that decides, are in no figure.',
    args: {
      groupBy: t.arg({ type: StatisticsGroupType, required: true }),
      day: t.arg({
        type: StatisticsDayType,
        required: true,
        defaultValue: 'DELIVERED',
        description: 'Whose day decides; also which lines are left out, those that have no such day yet.',
      }),
      from: t.arg({ type: 'Date', description: 'The first day; from the beginning without it.' }),
      until: t.arg({ type: 'Date', description: 'The day after the last; to the end without it.' }),
      where: t.arg({ type: SHIPMENT_LIST.where, description: 'Only lines that match, as in `shipments`.' }),
      orderBy: t.arg({
        type: StatisticsOrderType,
        description: 'Default: GROUP for periods, REVENUE for the others.',
      }),
      first: t.arg.int({
        required: true,
        defaultValue: 100,
        description: `How many groups, 1 to ${GROUPS_MAX}; the total counts all of them.`,
      }),
    },
    complexity: ({ first }) => ({ field: 20, multiplier: Math.max(1, first) }),
    resolve: (_root, args, context) =>
      answering(context, async () => {
        const { groupBy } = args;
        const statistics = await shipmentStatistics(context.read, {
          groupBy,
          day: args.day,
          from: args.from ?? null,
          until: args.until ?? null,
          where: decodedWhere(SHIPMENT_FIELDS, args.where, ['where']),
          orderBy: args.orderBy ?? (PERIOD_GROUPS.has(groupBy) ? 'GROUP' : 'REVENUE'),
          first: args.first,
        });
        if (groupBy === 'CUSTOMER') recordGroupsRead(statistics.groups, context);
        return statistics;
      }),
  }),
);

/** A group of one customer tells what its file holds. */
function recordGroupsRead(groups: readonly ShipmentGroup[], context: Context): void {
  for (const { key, fileGrade } of groups) if (key) recordFileRead(context, key, fileGrade);
}
