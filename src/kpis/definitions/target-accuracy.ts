import { text } from '../../lib/text.ts';
import { targetAccuracy } from '../rules/tables.ts';
import { keptTargets } from './sources/kept-values.ts';
import { COMPANY_ONLY, type KpiDefinition } from './definition.ts';

export const targetAccuracyMetric: KpiDefinition = {
  version: 1,
  computedBy: 'DATA_ANALYST',
  dimensions: COMPANY_ONLY,
  key: 'KPI_58',
  rule: 'KPI-58',
  title: text('Accuracy of annual marketing targets', '年度营销目标准确率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'mean over the company’s targets of the year of 1 − abs(actual − target) ÷ target, not below 0; actual is the value kept at the close of the year',
  owner: 'HEAD',
  source: 'KpiTarget, KpiValue',
  service: false,
  severalValues: true,
  measure: {
    of: [{ periodSource: keptTargets }],
    compute: targetAccuracy,
    waits: true,
    grows: false,
    periods: ['YEAR'],
    parts: 'KPI',
  },
};
