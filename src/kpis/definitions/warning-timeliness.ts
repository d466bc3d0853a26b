import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { anomalyWarnings } from './sources/kept-values.ts';
import { COMPANY_ONLY, type KpiDefinition } from './definition.ts';

export const warningTimeliness: KpiDefinition = {
  version: 1,
  computedBy: 'system',
  dimensions: COMPANY_ONLY,
  key: 'KPI_45',
  rule: 'KPI-45',
  title: text('Monitoring and warning timeliness', '监控预警及时率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'abnormal values found in period within kpi.warnDays of becoming final ÷ abnormal values found in period',
  owner: 'DATA_ANALYST',
  source: 'AnomalyCase',
  service: false,
  severalValues: false,
  measure: { of: [{ periodSource: anomalyWarnings }], compute: shareOf, waits: false, grows: false },
};
