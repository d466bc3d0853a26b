import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { subjectLoader } from '../../graphql/live-types.ts';
import { type InputFields, mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { ActionRightType } from '../../graphql/shared-types.ts';
import type { Context } from '../../graphql/context.ts';
import { parsePeriod } from '../../lib/periods.ts';
import { anomalyCaseClose, anomalyCaseUpdate } from '../commands/anomalies.ts';
import { kpiOf } from '../definitions/index.ts';
import {
  ANOMALY_CASE_FIELDS,
  anomalyCaseById,
  anomalyCaseList,
  type AnomalyCaseRow,
} from '../queries/anomalies.ts';
import { anomalyActions } from '../rules/anomalies.ts';
import { KpiDefinitionType, KpiDimensionType, PeriodType } from './kpis.ts';

/** The plugin types a case as the model's row; rows from SQL carry numbers as text. */
function asCase(row: unknown): AnomalyCaseRow {
  return row as AnomalyCaseRow;
}

const AnomalyCaseType = builder.prismaObject('AnomalyCase', {
  description:
    'A value that lies beyond what the periods before it let expect, with what was found and done about it (KPM-01).',
  fields: (t) => ({
    kpi: t.field({ type: KpiDefinitionType, resolve: ({ key }) => kpiOf(key) }),
    period: t.field({
      type: PeriodType,
      resolve: ({ period }, _args, { read }) => parsePeriod(period, read.timeZone),
    }),
    dimension: t.field({
      type: KpiDimensionType,
      resolve: ({ dimensionKind: kind, dimensionId: id }) => ({ kind, id }),
    }),
    actual: t.field({
      type: 'Decimal',
      description: 'The value as it was closed, in the unit of the metric.',
      resolve: (row) => asCase(row).actual,
    }),
    mean: t.field({
      type: 'Decimal',
      description: 'Mean of the periods before.',
      resolve: (row) => asCase(row).mean,
    }),
    lower: t.field({
      type: 'Decimal',
      description: 'Lowest value that would not have been abnormal (`kpi.abnormalSd`).',
      resolve: (row) => asCase(row).lower,
    }),
    upper: t.field({
      type: 'Decimal',
      description: 'Highest such value.',
      resolve: (row) => asCase(row).upper,
    }),
    periods: t.exposeInt('periods', {
      description: 'With how many periods before it was compared (`kpi.window`, `kpi.minHistory`).',
    }),
    test: t.field({
      type: ENUMS.AnomalyTest,
      description:
        'BAND: beyond the band of the periods before. DROP: the volume of a customer is far below their mean (KPI-65); `actual` is of the last 30 days, `mean` a third of the 90 before, `lower` what was the least to be expected.',
      resolve: (row) => row.test,
    }),
    state: t.field({ type: ENUMS.AnomalyState, resolve: ({ state }) => state }),
    cause: t.exposeString('cause', { nullable: true, description: 'Why the value is what it is.' }),
    measure: t.exposeString('measure', { nullable: true, description: 'What is done about it.' }),
    responsible: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who looks into it.',
      resolve: ({ responsibleId }, _args, { read }) =>
        read.organisation.employees.get(responsibleId ?? '') ?? null,
    }),
    reportedTo: t.field({
      type: 'Employee',
      nullable: true,
      description: 'The superior to whom it was reported (CUS-32).',
      resolve: ({ reportedToId }, _args, { read }) =>
        read.organisation.employees.get(reportedToId ?? '') ?? null,
    }),
    reportedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ reportedAt }) => reportedAt }),
    aroseAt: t.field({
      type: 'DateTime',
      description: 'When the value became final.',
      resolve: ({ aroseAt }) => aroseAt,
    }),
    openedAt: t.field({ type: 'DateTime', resolve: ({ openedAt }) => openedAt }),
    dueAt: t.field({
      type: 'DateTime',
      description: 'By when cause and measure are due: `kpi.caseDays` working days.',
      resolve: ({ dueAt }) => dueAt,
    }),
    isOverdue: t.boolean({
      description: 'Still open after `dueAt`.',
      resolve: ({ state, dueAt }, _args, { read }) => state === 'OPEN' && dueAt < read.now,
    }),
    closedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ closedAt }) => closedAt }),
    closedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: ({ closedById }, _args, { read }) => read.organisation.employees.get(closedById ?? '') ?? null,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with this case now, and why not.',
      resolve: (row) => anomalyActions(asCase(row)),
    }),
  }),
});
nodeBy(AnomalyCaseType, anomalyCaseById);
subjectLoader('AnomalyCase', (id, context) => anomalyCaseById.load(context.read, id));

rootList('anomalyCases', listTypes<AnomalyCaseRow>('AnomalyCase', AnomalyCaseType, ANOMALY_CASE_FIELDS), {
  description:
    'Cases of abnormal values that the viewer may read, by the same rights as the values (KPM-01).',
  source: anomalyCaseList,
});

const onCase = (t: InputFields) => ({
  anomalyCaseId: t.id({ required: true, ...nodeIdOf('AnomalyCase') }),
  expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  cause: t.string({ description: 'Why the value is what it is; left out, it stays.' }),
  measure: t.string({ description: 'What is done about it; left out, it stays.' }),
  reportedToId: t.id({
    ...nodeIdOf('Employee'),
    description:
      'The superior to whom it was reported; left out, it stays. Needed to close a case of a customer, for others than HEAD and DATA_ANALYST (CUS-32).',
  }),
});

const success = (t: SuccessFields<{ anomalyCaseId: string }>) => ({
  anomalyCase: t.field({
    type: AnomalyCaseType,
    nullable: true,
    resolve: async ({ anomalyCaseId }, _args: unknown, context: Context) =>
      (await anomalyCaseById.load(context.read, anomalyCaseId)) as never,
  }),
});

mutation('anomalyCaseUpdate', {
  description:
    'Writes down cause, measure and who looks into an abnormal value: HEAD or DATA_ANALYST, of a customer whoever writes its file (KPM-01, ORG-08, CUS-32).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t: InputFields) => ({
    ...onCase(t),
    responsibleId: t.id({ ...nodeIdOf('Employee'), description: 'Who looks into it; left out, it stays.' }),
  }),
  run: anomalyCaseUpdate,
  success,
});

mutation('anomalyCaseClose', {
  description:
    'Closes a case whose cause and measure are known or given: HEAD or DATA_ANALYST, of a customer whoever writes its file (KPM-01, CUS-32).',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: onCase,
  run: (tx, viewer, input, read) => anomalyCaseClose(tx, viewer, input, read),
  success,
});
