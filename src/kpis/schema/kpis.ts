import { customerById } from '../../customers/queries/customers.ts';
import { shortenedName } from '../../customers/rules.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { globalId, localId } from '../../graphql/ids.ts';
import { enumLabel } from '../../graphql/labels.ts';
import { answering } from '../../graphql/lists.ts';
import { mutation } from '../../graphql/mutation.ts';
import type { KpiDimensionKind } from '../../generated/prisma/enums.ts';
import { invalid } from '../../lib/errors.ts';
import type { Period } from '../../lib/periods.ts';
import { inLocale, type Text, text } from '../../lib/text.ts';
import { type KpiTargetSet, kpiTargetSet } from '../commands/targets.ts';
import type { KpiDefinition, KpiPartKind } from '../definitions/definition.ts';
import { KPIS, kpiOf } from '../definitions/index.ts';
import type { KeptValue } from '../queries/kept-values.ts';
import {
  type KpiStatus,
  type KpiTargetRow,
  type KpiValueRow,
  knownDimension,
  kpiSeries,
  kpiValues,
} from '../queries/values.ts';
import {
  attainmentOf,
  type KpiDimension,
  type MeasuredPart,
  readPeriod,
  readPeriods,
} from '../rules/figures.ts';
import { UNKNOWN_CAUSE } from '../rules/tables.ts';

export const KpiKey = builder.enumType('KpiKey', {
  description: 'Metrics by the number of the rulebook’s catalogue (section 10.2): KPI_37 is KPI-37.',
  values: Object.fromEntries(
    KPIS.map(({ key, title }) => [key, { description: `${title.en} (${title.zh})` }]),
  ) as Record<string, { description: string }>,
});

export const KpiDefinitionType = builder.objectRef<KpiDefinition>('KpiDefinition').implement({
  description: 'What a metric means, how it is computed and who answers for it (KPM-03).',
  fields: (t) => ({
    key: t.field({ type: KpiKey, resolve: (kpi) => kpi.key }),
    rule: t.exposeString('rule', { description: 'The rule that asks for it.' }),
    title: t.string({
      description: 'In the language of Accept-Language.',
      resolve: (kpi, _args, context) => inLocale(kpi.title, context.locale),
    }),
    unit: t.field({ type: ENUMS.KpiUnit, resolve: (kpi) => kpi.unit }),
    direction: t.field({ type: ENUMS.KpiDirection, resolve: (kpi) => kpi.direction }),
    formula: t.exposeString('formula', { description: 'Numerator ÷ denominator, where it is a share.' }),
    source: t.exposeString('source', { description: 'The data it is made of.' }),
    computedBy: t.exposeString('computedBy', { description: 'Who computes it, or system.' }),
    owner: t.exposeString('owner', { description: 'Who answers for it.' }),
    version: t.exposeInt('version', { description: 'Grows when formula or source change.' }),
    dimensions: t.field({
      type: [ENUMS.KpiDimensionKind],
      description: 'What it can be cut by.',
      resolve: (kpi) => [...kpi.dimensions],
    }),
    missingData: t.string({
      nullable: true,
      description: 'What is not in the product yet; null for a metric that is computed.',
      resolve: ({ measure, source, missing = source }) => (measure ? null : missing),
    }),
    isComputed: t.boolean({
      description: 'False for a metric that is registered but has no value yet: its status is then NO_DATA.',
      resolve: (kpi) => kpi.measure !== null,
    }),
  }),
});

builder.queryField('kpiDefinitions', (t) =>
  t.field({
    type: [KpiDefinitionType],
    description:
      'All metrics, in the order of the catalogue. Definitions are open to everybody; values follow section 23.',
    resolve: () => [...KPIS],
  }),
);

const PeriodKindType = builder.enumType('PeriodKind', {
  values: ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'] as const,
});

export const PeriodType = builder.objectRef<Period>('Period').implement({
  description: "A business period, cut in the deployment's time zone.",
  fields: (t) => ({
    key: t.exposeString('key', { description: '2026-11-23, 2026-W47, 2026-11, 2026-Q4 or 2026.' }),
    kind: t.field({ type: PeriodKindType, resolve: (period) => period.kind }),
    start: t.field({ type: 'DateTime', resolve: (period) => new Date(period.start) }),
    end: t.field({ type: 'DateTime', description: 'Exclusive.', resolve: (period) => new Date(period.end) }),
  }),
});

export const PeriodInput = builder.inputType('PeriodInput', {
  description: "A business period, cut in the deployment's time zone.",
  fields: (t) => ({
    key: t.string({
      required: true,
      description:
        'A day 2026-11-23, an ISO week 2026-W47, a month 2026-11, a quarter 2026-Q4 or a year 2026; its form says which.',
    }),
  }),
});

const KpiDimensionInput = builder.inputType('KpiDimensionInput', {
  description: 'What a figure is cut by.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.KpiDimensionKind, required: true }),
    id: t.id({
      description: 'Node id of the department, team, employee, customer or area; left out for COMPANY.',
    }),
  }),
});

export const KpiDimensionType = builder.objectRef<KpiDimension>('KpiDimension').implement({
  description:
    'What a figure is cut by. Figures of tickets: the handling team and its department, the handler, the customer, the area.',
  fields: (t) => ({
    kind: t.field({ type: ENUMS.KpiDimensionKind, resolve: (dimension) => dimension.kind }),
    id: t.id({
      nullable: true,
      description: 'Node id; null for the company.',
      resolve: ({ kind, id }) => (id === null ? null : globalId(ENTITY[kind], id)),
    }),
  }),
});

const ENTITY: Readonly<Record<KpiDimensionKind, string>> = {
  COMPANY: '',
  DEPARTMENT: 'Department',
  TEAM: 'Team',
  EMPLOYEE: 'Employee',
  CUSTOMER: 'Customer',
  AREA: 'Area',
};

/** A dimension as clients give it; the whole company when they give none. */
export function dimensionOf(
  given: { kind: KpiDimensionKind; id?: string | null } | null | undefined,
  path: string,
): KpiDimension {
  if (!given || given.kind === 'COMPANY') {
    if (given?.id != null) throw invalid(path, text('nothing for COMPANY', 'COMPANY 维度不应填写 id'));
    return { kind: 'COMPANY', id: null };
  }
  const entity = ENTITY[given.kind];
  const id = given.id == null ? null : localId(given.id, entity);
  if (id === null) throw invalid(path, text(`the id of a ${entity}`, `${entity} 的 id`));
  return { kind: given.kind, id };
}

const KpiStatusType = builder.enumType('KpiStatus', {
  description: 'Why a value is there or not.',
  values: {
    OK: {},
    NO_DENOMINATOR: { description: 'Nothing that could be counted fell in the period: null, never zero.' },
    NO_DATA: {
      description:
        'The metric is registered, but its source data are not in the product: `kpi.missingData` names them.',
    },
    NOT_KEPT: {
      description: 'The metric is known only as it stands, and nothing was kept at the close of this period.',
    },
    SEVERAL_VALUES: {
      description: 'The metric is a table of values, such as one for each cause: they stand in `breakdown`.',
    },
    DIMENSION_NOT_OFFERED: { description: 'The metric cannot be cut this way.' },
    PERIOD_NOT_OFFERED: { description: 'Its formula says nothing of periods of this kind.' },
    FORBIDDEN: { description: 'Not open to the viewer in this dimension, or there is no such thing.' },
  } as const,
});

const REASONS: Readonly<Record<Exclude<KpiStatus, 'OK'>, (kpi: KpiDefinition) => Text>> = {
  NO_DENOMINATOR: () => text('There was nothing to count in this period.', '本期间没有可统计的数据。'),
  NO_DATA: ({ source, missing = source }) =>
    text(`Not computed: needs ${missing}.`, `暂未计算，需要数据：${missing}。`),
  NOT_KEPT: () =>
    text(
      'It is known only as it stands, and nothing was kept when this period was closed.',
      '该指标仅反映当前状态，本期间结账时未留存数值。',
    ),
  SEVERAL_VALUES: () => text('It is a table of values, not one.', '该指标为一组数值，而非单一数值。'),
  DIMENSION_NOT_OFFERED: ({ dimensions }) =>
    text(`It is offered by ${dimensions.join(', ')}.`, `可用维度：${dimensions.join('、')}。`),
  PERIOD_NOT_OFFERED: ({ measure }) => {
    const periods = measure?.periods ?? [];
    return text(`It is offered for ${periods.join(', ')}.`, `可用期间：${periods.join('、')}。`);
  },
  FORBIDDEN: () =>
    text(
      'There is no such thing, or its figures are not open to your roles (rulebook section 23).',
      '没有该对象，或其数据不对您的角色开放（制度第 23 节）。',
    ),
};

const KpiTargetType = builder.objectRef<KpiTargetRow>('KpiTarget').implement({
  description: 'The value a metric should reach (KPM-02).',
  fields: (t) => ({
    value: t.field({
      type: 'Decimal',
      description: "In the metric's unit.",
      resolve: (target) => target.value,
    }),
    tolerance: t.field({
      type: 'Decimal',
      description: "How far a value may lie on the bad side, in the metric's unit.",
      resolve: (target) => target.tolerance,
    }),
    setBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (target, _args, context) => context.read.organisation.employees.get(target.setById) ?? null,
    }),
    setAt: t.field({ type: 'DateTime', resolve: (target) => target.setAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});

const KpiAttainmentType = builder.enumType('KpiAttainment', {
  description: 'Where a value stands to its target, in the direction that is better (KPM-02).',
  values: {
    REACHED: { description: 'At the target or on its good side.' },
    TOLERATED: { description: 'On the bad side, within the tolerance.' },
    MISSED: { description: 'Beyond the tolerance.' },
  } as const,
});

interface LabelledPart extends MeasuredPart {
  readonly kind: KpiPartKind | null;
}

const PART_LABELS: Readonly<Record<string, Text>> = {
  [UNKNOWN_CAUSE]: text('Not known yet', '尚未查明'),
  A: text('A', 'A 级'),
  B: text('B', 'B 级'),
  C: text('C and D', 'C 级与 D 级'),
  SHARE: text('Gap in percent of the target', '差距占目标的百分比'),
  VOLUME_EFFECT: text('Effect of volume', '业务量影响额'),
  PRICE_EFFECT: text('Effect of price', '价格影响额'),
  TENURE: text('Tenure', '合作时长'),
  REPEAT: text('Repeat orders', '重复下单'),
};

/** What a row is called for this viewer: customers as their card calls them. */
async function partLabel({ key, kind }: LabelledPart, context: Context): Promise<string> {
  if (kind === 'CUSTOMER') {
    const customer = await customerById.load(context.read, key);
    if (!customer) return '***';
    return customer.access === 'FULL' ? customer.name : shortenedName(customer.name);
  }
  if (kind === 'KPI') return inLocale(kpiOf(key).title, context.locale);
  const own = PART_LABELS[key];
  return own ? inLocale(own, context.locale) : enumLabel('RootCause', key, context.locale);
}

const KpiPartType = builder.objectRef<LabelledPart>('KpiPart').implement({
  description: 'A row of a metric that is a table of values.',
  fields: (t) => ({
    key: t.string({
      description:
        'What the row stands for: a grade, a root cause or UNKNOWN, the key of a metric, a part of a gap or index, the Node id of a customer.',
      resolve: ({ key, kind }) => (kind === 'CUSTOMER' ? globalId('Customer', key) : key),
    }),
    label: t.string({
      description:
        'For a person, in the language of Accept-Language; the name of a customer whose file is closed to the viewer is shortened (CUS-17).',
      resolve: (part, _args, context) => partLabel(part, context),
    }),
    node: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'The customer that the row stands for, as the viewer may see it; null for other rows.',
      resolve: async ({ key, kind }, _args, { read }) =>
        kind === 'CUSTOMER' ? ((await customerById.load(read, key)) as never) : null,
    }),
    value: t.field({ type: 'Decimal', nullable: true, resolve: ({ value }) => value }),
    numerator: t.field({ type: 'Decimal', resolve: ({ numerator }) => numerator }),
    denominator: t.field({ type: 'Decimal', nullable: true, resolve: ({ denominator }) => denominator }),
    target: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What the row should reach by policy; null where that says nothing of it.',
      resolve: ({ target }) => target,
    }),
    change: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Change to the period before, in points; null where the metric has none.',
      resolve: ({ change }) => change,
    }),
    cumulative: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Value of this row and those before it together; null where that says nothing.',
      resolve: ({ cumulative }) => cumulative,
    }),
  }),
});

const KpiCorrectionType = builder.objectRef<KeptValue>('KpiCorrection').implement({
  description: 'What a later count gave for a closed period (KPM-03).',
  fields: (t) => ({
    number: t.int({ description: 'From 1.', resolve: ({ correction }) => correction }),
    value: t.field({ type: 'Decimal', nullable: true, resolve: ({ value }) => value }),
    numerator: t.field({ type: 'Decimal', nullable: true, resolve: ({ numerator }) => numerator }),
    denominator: t.field({ type: 'Decimal', nullable: true, resolve: ({ denominator }) => denominator }),
    asOf: t.field({
      type: 'DateTime',
      description: 'When it was counted and kept.',
      resolve: ({ asOf }) => asOf,
    }),
    definitionVersion: t.exposeInt('definitionVersion', {
      description: 'By which version of the definition.',
    }),
  }),
});

export const KpiValueType = builder.objectRef<KpiValueRow>('KpiValue').implement({
  description: 'A metric in a period and a dimension.',
  fields: (t) => ({
    kpi: t.field({ type: KpiDefinitionType, resolve: (row) => row.definition }),
    period: t.field({ type: PeriodType, resolve: (row) => row.period }),
    dimension: t.field({ type: KpiDimensionType, resolve: (row) => row.dimension }),
    value: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'In the unit of the metric; shares in percent with two places. Null unless `status` is OK.',
      resolve: (row) => row.measured?.value ?? null,
    }),
    numerator: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What the value was made of, or what was counted.',
      resolve: (row) => row.measured?.numerator ?? null,
    }),
    denominator: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Null where the value is no quotient.',
      resolve: (row) => row.measured?.denominator ?? null,
    }),
    status: t.field({ type: KpiStatusType, resolve: (row) => row.status }),
    reason: t.string({
      nullable: true,
      description: 'Why there is no value, for a person; null when there is one.',
      resolve: (row, _args, context) =>
        row.status === 'OK' ? null : inLocale(REASONS[row.status](row.definition), context.locale),
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'The instant the figures are of.',
      resolve: (row) => row.asOf,
    }),
    isProvisional: t.boolean({
      description: 'The period runs, or the value waits for later events and may change (`kpi.settleDays`).',
      resolve: (row) => row.provisional,
    }),
    definitionVersion: t.int({
      description: 'By which version of the definition the value was made.',
      resolve: (row) => row.definitionVersion,
    }),
    breakdown: t.field({
      type: [KpiPartType],
      description:
        'Rows of a metric that is a table of values, or that shows what its value is made of; empty for others.',
      resolve: ({ definition: { measure }, measured }) =>
        (measured?.parts ?? []).map((part) => ({ ...part, kind: measure?.parts ?? null })),
    }),
    closedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the value was kept after its period, not to be changed again; null before. Values of the company, of departments, teams and areas are kept for months, quarters and years, others where they have a target.',
      resolve: ({ kept }) => kept[0]?.asOf ?? null,
    }),
    closedValue: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'The value as it was closed, whatever was corrected since.',
      resolve: ({ kept }) => kept[0]?.value ?? null,
    }),
    corrections: t.field({
      type: [KpiCorrectionType],
      description:
        'What later counts gave instead, oldest first; `value` is the last of them. The closed value itself is never changed.',
      resolve: ({ kept }) => kept.slice(1),
    }),
    target: t.field({
      type: KpiTargetType,
      nullable: true,
      description: 'Null where none is set for this period and dimension.',
      resolve: (row) => row.target,
    }),
    attainment: t.field({
      type: KpiAttainmentType,
      nullable: true,
      description: 'Null without a value or a target.',
      resolve: ({ definition, measured, target }) =>
        measured?.value != null && target ? attainmentOf(definition.direction, measured.value, target) : null,
    }),
  }),
});

builder.queryField('kpis', (t) =>
  t.field({
    type: [KpiValueType],
    description:
      'Values of metrics, in the order of `keys`; of all metrics without them. What is not open to the viewer says so in its status and hides nothing else.',
    args: {
      keys: t.arg({ type: [KpiKey] }),
      period: t.arg({ type: PeriodInput, required: true }),
      dimension: t.arg({ type: KpiDimensionInput, description: 'Default: the whole company.' }),
    },
    resolve: (_root, { keys, period, dimension }, context) =>
      answering(context, async () => {
        const { read } = context;
        const within = readPeriod(period.key, read.timeZone, 'period.key');
        const known = await knownDimension(read, dimensionOf(dimension, 'dimension.id'));
        return kpiValues(read, keys ?? KPIS.map(({ key }) => key), within, known);
      }),
  }),
);

const SERIES_MOST = 60;

builder.queryField('kpiSeries', (t) =>
  t.field({
    type: [KpiValueType],
    description: `Values of a metric in consecutive periods of one kind, oldest first, at most ${SERIES_MOST}: for charts (KPM-04).`,
    complexity: { field: 5, multiplier: 12 },
    args: {
      key: t.arg({ type: KpiKey, required: true }),
      from: t.arg({ type: PeriodInput, required: true, description: 'The first period.' }),
      to: t.arg({
        type: PeriodInput,
        required: true,
        description: 'The last period, of the same kind as the first.',
      }),
      dimension: t.arg({ type: KpiDimensionInput, description: 'Default: the whole company.' }),
    },
    resolve: (_root, { key, from, to, dimension }, context) =>
      answering(context, async () => {
        const { read } = context;
        const periods = readPeriods(from.key, to.key, read.timeZone, SERIES_MOST);
        const known = await knownDimension(read, dimensionOf(dimension, 'dimension.id'));
        return kpiSeries(read, key, periods, known);
      }),
  }),
);

mutation('kpiTargetSet', {
  description:
    'Sets the value that a metric should reach in a period and a dimension, or changes it: HEAD or SALES_SUPERVISOR (KPM-02).',
  errors: ['StaleVersion'],
  input: (t) => ({
    key: t.field({ type: KpiKey, required: true }),
    period: t.field({ type: PeriodInput, required: true }),
    dimension: t.field({ type: KpiDimensionInput, description: 'Default: the whole company.' }),
    value: t.field({
      type: 'Decimal',
      required: true,
      description: "In the metric's unit, at most six places.",
    }),
    tolerance: t.field({
      type: 'Decimal',
      description:
        'How far a value may lie on the bad side; default: the share `kpi.tolerance` of the value.',
    }),
    expectedVersion: t.int({ description: 'The version that was read, where a target is set already.' }),
  }),
  run: (tx, viewer, { period, dimension, ...input }, read) =>
    kpiTargetSet(
      tx,
      viewer,
      { ...input, period: period.key, dimension: dimensionOf(dimension, 'dimension.id') },
      read,
    ),
  success: (t) => ({
    kpiValue: t.field({
      type: KpiValueType,
      description: 'The metric with its target, as it stands.',
      resolve: async ({ key, period, dimension }: KpiTargetSet, _args: unknown, { read }: Context) => {
        const [value] = await kpiValues(
          read,
          [key],
          readPeriod(period, read.timeZone, 'period.key'),
          await knownDimension(read, dimension),
        );
        if (!value) throw new Error('A metric has a value row for every period and dimension.');
        return value;
      },
    }),
  }),
});
