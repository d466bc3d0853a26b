import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { endedContactWeeks } from './sources/contacts.ts';

export const cadenceCompliance: KpiDefinition = {
  ...OF_SHIPMENTS,
  key: 'KPI_69',
  rule: 'KPI-69',
  title: text('Cadence compliance', '联络频次达成率'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'calls (visits apart): sum over key accounts of min(made, required) ÷ sum of required, over the weeks that ended in period',
  owner: 'owner',
  source: 'ContactLog',
  service: false,
  measure: { of: [inPeriod(endedContactWeeks)], compute: shareOf, waits: false, grows: false },
};
