import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { answering } from '../../graphql/lists.ts';
import { type SeenEvent, payloadText } from '../../graphql/live-types.ts';
import { money } from '../../graphql/shared-types.ts';
import type {
  CustomerGrade,
  KeyAccountLevel,
  ShipmentMode,
  TicketCategory,
} from '../../generated/prisma/enums.ts';
import {
  type BudgetFigures,
  type BudgetPart,
  budgetPart,
  type ComplaintPart,
  complaintPart,
  type DashboardScope,
  type KeyAccountFigures,
  type KeyAccountPart,
  keyAccountPart,
  type TicketFigures,
  type TicketPart,
  ticketPart,
  type VolumeFigures,
  type VolumePart,
  volumePart,
} from '../queries/dashboard.ts';
import { knownDimension, kpiValues } from '../queries/values.ts';
import { KPIS } from '../definitions/index.ts';
import { DASHBOARD_PARTS, type DashboardPart, openParts } from '../rules/dashboard.ts';
import { type KnownDimension, readPeriod } from '../rules/figures.ts';
import { dimensionOf, KpiDimensionType, KpiKey, KpiValueType, PeriodInput, PeriodType } from './kpis.ts';

/** A dashboard as its parts read it. */
interface DashboardRoot extends DashboardScope {
  readonly dimension: KnownDimension;
  readonly open: Readonly<Record<DashboardPart, boolean>>;
}

const DashboardPartType = builder.enumType('DashboardPart', {
  description: 'What a dashboard is made of; each part is read and refetched by itself.',
  values: {
    TICKETS: { description: '`Dashboard.tickets`.' },
    COMPLAINTS: { description: '`Dashboard.complaints`.' },
    KEY_ACCOUNTS: { description: '`Dashboard.keyAccounts`.' },
    VOLUME: { description: '`Dashboard.volume`.' },
    KPIS: { description: '`Dashboard.kpis`.' },
    BUDGET: { description: '`Dashboard.budget`.' },
  } satisfies Record<DashboardPart, object>,
});

const DashboardPartAccess = builder
  .objectRef<{ part: DashboardPart; allowed: boolean }>('DashboardPartAccess')
  .implement({
    description: 'Whether a part is open to the viewer in this scope; one that is not is null.',
    fields: (t) => ({
      part: t.field({ type: DashboardPartType, resolve: ({ part }) => part }),
      allowed: t.exposeBoolean('allowed'),
    }),
  });

const TicketFiguresType = builder.interfaceRef<TicketFigures>('TicketFigures').implement({
  description:
    'Counts of tickets. Cancelled duplicates are left out. `open`, `atRisk` and `overdue` are of now, the others of the period.',
  fields: (t) => ({
    received: t.int({
      description: 'Tickets whose contact reached us in the period.',
      resolve: (row) => Number(row.received),
    }),
    open: t.int({ description: 'Not closed now.', resolve: (row) => Number(row.open) }),
    atRisk: t.int({
      description:
        'Open, unresolved, and past the warning share (`sla.atRisk`) of their final limit, not yet past the limit.',
      resolve: (row) => Number(row.atRisk),
    }),
    overdue: t.int({
      description: 'Open, unresolved, and past their final limit.',
      resolve: (row) => Number(row.overdue),
    }),
    due: t.int({
      description: 'Tickets whose first final limit fell in the period and has passed.',
      resolve: (row) => Number(row.due),
    }),
    onTime: t.int({
      description: 'Those of `due` first resolved by that limit.',
      resolve: (row) => Number(row.onTime),
    }),
    onTimeShare: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        '`onTime` of `due` in percent, two places; null when nothing was due (KPI-37 of complaints).',
      resolve: (row) => row.onTimeShare,
    }),
    resolved: t.exposeInt('resolved', { description: 'First resolved in the period.' }),
    medianHours: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'Middle value of the hours from receipt to first resolution of `resolved`, two places; null without any. Quarters and years that run may be `kpi.longPeriodSeconds` behind.',
      resolve: (row) => row.medianHours,
    }),
  }),
});

const ByCategory = builder.objectRef<TicketFigures>('TicketFiguresByCategory').implement({
  description: 'Figures of the tickets of one category.',
  interfaces: [TicketFiguresType],
  fields: (t) => ({
    category: t.field({ type: ENUMS.TicketCategory, resolve: (row) => row.cut as TicketCategory }),
  }),
});
const ByArea = builder.objectRef<TicketFigures>('ComplaintFiguresByArea').implement({
  description: 'Figures of the complaints of one area.',
  interfaces: [TicketFiguresType],
  fields: (t) => ({
    area: t.field({
      type: 'Area',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.areas.get(row.cut) ?? null,
    }),
  }),
});
const ByGrade = builder.objectRef<TicketFigures>('ComplaintFiguresByGrade').implement({
  description: 'Figures of the complaints of customers that have this file grade now.',
  interfaces: [TicketFiguresType],
  fields: (t) => ({
    grade: t.field({ type: ENUMS.CustomerGrade, resolve: (row) => row.cut as CustomerGrade }),
  }),
});

const DashboardTickets = builder.objectRef<TicketPart>('DashboardTickets').implement({
  description: 'Tickets of all categories.',
  interfaces: [TicketFiguresType],
  fields: (t) => ({
    byCategory: t.field({
      type: [ByCategory],
      description: 'Of the categories that have any.',
      resolve: (row) => [...row.byCategory],
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'Everything that was kept before this instant is counted.',
      resolve: (row) => row.asOf,
    }),
  }),
});

const DashboardComplaints = builder.objectRef<ComplaintPart>('DashboardComplaints').implement({
  description: 'Complaints: how many, how many in time, how long they took.',
  interfaces: [TicketFiguresType],
  fields: (t) => ({
    byArea: t.field({
      type: [ByArea],
      description: 'By the area of the complaint; empty for a customer or a person.',
      resolve: (row) => [...row.byArea],
    }),
    byGrade: t.field({
      type: [ByGrade],
      description: "By the customer's present file grade; empty for a customer or a person.",
      resolve: (row) => [...row.byGrade],
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'Everything that was kept before this instant is counted.',
      resolve: (row) => row.asOf,
    }),
  }),
});

const VolumeFiguresType = builder.interfaceRef<VolumeFigures>('VolumeFigures').implement({
  description: 'What was carried and earned.',
  fields: (t) => ({
    shipments: t.int({
      description: 'Shipments accepted in the period; the lines of one shipment count once.',
      resolve: (row) => Number(row.shipments),
    }),
    tonnes: t.field({
      type: 'Decimal',
      description: 'Weight of their lines where it is known, in tonnes with three places.',
      resolve: (row) => row.tonnes,
    }),
    revenue: t.field({
      type: 'Money',
      description: 'Revenue of the lines delivered in the period, when it is recognised (KPI-01).',
      resolve: (row, _args, context) => amount(row.revenue, context),
    }),
  }),
});

function amount(value: string, context: Context) {
  const converted = money(value, context);
  if (!converted) throw new Error('An amount that is there has become none.');
  return converted;
}

const VolumeMonth = builder.objectRef<VolumeFigures>('VolumeMonth').implement({
  description: 'The volume of one month.',
  interfaces: [VolumeFiguresType],
  fields: (t) => ({
    month: t.field({ type: 'YearMonth', resolve: (row) => row.month ?? '' }),
  }),
});
const VolumeByMode = builder.objectRef<VolumeFigures>('VolumeByMode').implement({
  description: 'The volume of one mode of transport.',
  interfaces: [VolumeFiguresType],
  fields: (t) => ({
    mode: t.field({ type: ENUMS.ShipmentMode, resolve: (row) => row.cut as ShipmentMode }),
  }),
});
const VolumeByArea = builder.objectRef<VolumeFigures>('VolumeByArea').implement({
  description: "The volume of one area's customers.",
  interfaces: [VolumeFiguresType],
  fields: (t) => ({
    area: t.field({
      type: 'Area',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.areas.get(row.cut) ?? null,
    }),
  }),
});
const VolumeByGrade = builder.objectRef<VolumeFigures>('VolumeByGrade').implement({
  description: 'The volume of the customers that have this file grade now.',
  interfaces: [VolumeFiguresType],
  fields: (t) => ({
    grade: t.field({ type: ENUMS.CustomerGrade, resolve: (row) => row.cut as CustomerGrade }),
  }),
});

const DashboardVolume = builder.objectRef<VolumePart>('DashboardVolume').implement({
  description: 'Volume and turnover (KPI-01, KPI-65).',
  interfaces: [VolumeFiguresType],
  fields: (t) => ({
    onTimeShare: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'Lines delivered by their promised time, in percent of those whose promise fell in the period and has passed (KPI-75).',
      resolve: (row) => row.onTimeShare,
    }),
    change: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        "Change of a month's shipments to the mean of the three months before, in percent (KPI-65); null for other periods.",
      resolve: (row) => row.change,
    }),
    trend: t.field({
      type: [VolumeMonth],
      description: 'The twelve months up to the period’s end, oldest first.',
      resolve: (row) => [...row.trend],
    }),
    byMode: t.field({
      type: [VolumeByMode],
      description: 'Of shipments whose mode is known.',
      resolve: (row) => [...row.byMode],
    }),
    byArea: t.field({
      type: [VolumeByArea],
      resolve: (row) => [...row.byArea],
    }),
    byGrade: t.field({
      type: [VolumeByGrade],
      resolve: (row) => [...row.byGrade],
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'Everything that was kept before this instant is counted.',
      resolve: (row) => row.asOf,
    }),
  }),
});

const KeyAccountFiguresType = builder.interfaceRef<KeyAccountFigures>('KeyAccountFigures').implement({
  description: 'Key accounts, the contacts they are owed, and what they bring.',
  fields: (t) => ({
    accounts: t.exposeInt('accounts', { description: 'Customers that are key accounts now.' }),
    revenueTarget: t.field({
      type: 'Money',
      description: 'Sum of their yearly revenue targets (KEY-03).',
      resolve: (row, _args, context) => amount(row.revenueTarget, context),
    }),
    contactsDue: t.int({
      description:
        'Calls that their weeks ask for: the weeks whose Sunday lies in the period, the running one included (KEY-15, KPI-69).',
      resolve: (row) => Number(row.contactsDue),
    }),
    contactsDone: t.int({
      description: 'Calls made in these weeks, of each week at most what it asked for.',
      resolve: (row) => Number(row.contactsDone),
    }),
    shipments: t.int({ description: 'Accepted in the period.', resolve: (row) => Number(row.shipments) }),
    revenue: t.field({
      type: 'Money',
      description: 'Recognised in the period.',
      resolve: (row, _args, context) => amount(row.revenue, context),
    }),
  }),
});
const KeyAccountsOfLevel = builder.objectRef<KeyAccountFigures>('KeyAccountFiguresByLevel').implement({
  description: 'Key accounts of one level.',
  interfaces: [KeyAccountFiguresType],
  fields: (t) => ({
    level: t.field({ type: ENUMS.KeyAccountLevel, resolve: (row) => row.level as KeyAccountLevel }),
  }),
});

const DashboardKeyAccounts = builder.objectRef<KeyAccountPart>('DashboardKeyAccounts').implement({
  description: 'The key accounts of the scope.',
  interfaces: [KeyAccountFiguresType],
  fields: (t) => ({
    byLevel: t.field({ type: [KeyAccountsOfLevel], resolve: (row) => [...row.byLevel] }),
    volumeTrend: t.field({
      type: [VolumeMonth],
      description: 'Their volume in the twelve months up to the period’s end, oldest first.',
      resolve: (row) => [...row.volumeTrend],
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'Everything that was kept before this instant is counted.',
      resolve: (row) => row.asOf,
    }),
  }),
});

const BudgetFiguresType = builder.interfaceRef<BudgetFigures>('BudgetFigures').implement({
  description: 'A budget and what was used of it.',
  fields: (t) => ({
    amount: t.field({ type: 'Money', resolve: (row, _args, context) => amount(row.amount, context) }),
    committed: t.field({
      type: 'Money',
      description: 'Approved and not yet paid (BUD-10).',
      resolve: (row, _args, context) => amount(row.committed, context),
    }),
    paid: t.field({ type: 'Money', resolve: (row, _args, context) => amount(row.paid, context) }),
    usedShare: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Paid and committed of the amount, in percent; null without an amount.',
      resolve: (row) => row.usedShare,
    }),
  }),
});
const BudgetOfCategory = builder.objectRef<BudgetFigures>('BudgetFiguresByCategory').implement({
  description: 'The lines of one budget category.',
  interfaces: [BudgetFiguresType],
  fields: (t) => ({
    category: t.field({ type: ENUMS.BudgetCategory, resolve: (row) => row.category as 'OTHER' }),
  }),
});

const DashboardBudget = builder.objectRef<BudgetPart>('DashboardBudget').implement({
  description:
    "Budgets in force in the period's year that the viewer may read, and their use to date (BUD-08).",
  interfaces: [BudgetFiguresType],
  fields: (t) => ({
    elapsedShare: t.field({
      type: 'Decimal',
      description:
        "How much of the year had gone by at the period's end, or has now where it runs, in percent.",
      resolve: (row) => row.elapsedShare,
    }),
    byCategory: t.field({ type: [BudgetOfCategory], resolve: (row) => [...row.byCategory] }),
    asOf: t.field({ type: 'DateTime', resolve: (row) => row.asOf }),
  }),
});

const DashboardType = builder.objectRef<DashboardRoot>('Dashboard').implement({
  description:
    'The figures of a period in a scope. What it costs does not depend on the number of tickets or shipments. A part that is not open to the viewer is null and listed in `access`.',
  fields: (t) => ({
    period: t.field({ type: PeriodType, resolve: ({ period }) => period }),
    scope: t.field({ type: KpiDimensionType, resolve: ({ dimension }) => dimension }),
    access: t.field({
      type: [DashboardPartAccess],
      resolve: ({ open }) => DASHBOARD_PARTS.map((part) => ({ part, allowed: open[part] })),
    }),
    tickets: t.field({
      type: DashboardTickets,
      nullable: true,
      resolve: (root, _args, { read }) => (root.open.TICKETS ? ticketPart(read, root) : null),
    }),
    complaints: t.field({
      type: DashboardComplaints,
      nullable: true,
      resolve: (root, _args, { read }) => (root.open.COMPLAINTS ? complaintPart(read, root) : null),
    }),
    keyAccounts: t.field({
      type: DashboardKeyAccounts,
      nullable: true,
      resolve: (root, _args, { read }) => (root.open.KEY_ACCOUNTS ? keyAccountPart(read, root) : null),
    }),
    volume: t.field({
      type: DashboardVolume,
      nullable: true,
      resolve: (root, _args, { read }) => (root.open.VOLUME ? volumePart(read, root) : null),
    }),
    kpis: t.field({
      type: [KpiValueType],
      description: 'Metrics with their targets, in the order of `keys`; without them, all that are computed.',
      args: { keys: t.arg({ type: [KpiKey] }) },
      resolve: ({ period, dimension }, { keys }, { read }) =>
        kpiValues(read, keys ?? COMPUTED, period, dimension),
    }),
    budget: t.field({
      type: DashboardBudget,
      nullable: true,
      description: 'Of the company or a department.',
      resolve: (root, _args, { read }) => (root.open.BUDGET ? budgetPart(read, root) : null),
    }),
  }),
});

const COMPUTED = KPIS.filter(({ measure }) => measure !== null).map(({ key }) => key);

const DashboardScopeInput = builder.inputType('DashboardScopeInput', {
  description: 'What a dashboard is cut by.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.KpiDimensionKind, required: true }),
    id: t.id({
      description: 'Node id of the department, team, employee, customer or area; left out for COMPANY.',
    }),
  }),
});

builder.queryField('dashboard', (t) =>
  t.field({
    type: DashboardType,
    description:
      'The figures of a period: complaints and all tickets, key accounts, volume, KPI attainment, budget. `dashboardChanged` tells which parts to read again.',
    args: {
      period: t.arg({ type: PeriodInput, required: true }),
      scope: t.arg({ type: DashboardScopeInput, description: 'Default: the whole company.' }),
    },
    resolve: (_root, { period, scope }, context) =>
      answering(context, async () => {
        const { read } = context;
        const dimension = await knownDimension(read, dimensionOf(scope, 'scope.id'));
        return {
          period: readPeriod(period.key, read.timeZone, 'period.key'),
          dimension,
          open: openParts(read.viewer, dimension),
        };
      }),
  }),
);

export const DashboardChangeType = builder.objectRef<SeenEvent>('DashboardChange').implement({
  description:
    'Figures were counted again. Read the parts that are shown; those of other days have not changed.',
  isTypeOf: (value) => (value as SeenEvent).__typename === 'DashboardChange',
  fields: (t) => ({
    cursor: t.field({
      type: 'Cursor',
      description: 'Resume after this change with it.',
      resolve: (seen) => seen.cursor,
    }),
    at: t.field({
      type: 'DateTime',
      description: 'When they were counted.',
      resolve: (seen) => seen.event.occurredAt,
    }),
    parts: t.field({
      type: [DashboardPartType],
      resolve: (seen) => (payloadText(seen, 'parts') ?? '').split(',') as DashboardPart[],
    }),
    from: t.field({
      type: 'Date',
      description: 'First business day whose figures changed.',
      resolve: (seen) => payloadText(seen, 'from') ?? '',
    }),
    to: t.field({
      type: 'Date',
      description: 'Last business day whose figures changed.',
      resolve: (seen) => payloadText(seen, 'to') ?? '',
    }),
  }),
});
