import { text } from '../../lib/text.ts';
import { turnoverGap } from '../rules/tables.ts';
import { acceptedShipments, recognisedRevenue } from './sources/shipments.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';

export const turnoverGapMetric: KpiDefinition = {
  ...OF_SHIPMENTS,
  computedBy: 'DATA_ANALYST',
  key: 'KPI_03',
  rule: 'KPI-03',
  title: text('Turnover gap', '营业额差距'),
  unit: 'MONEY',
  direction: 'HIGHER_IS_BETTER',
  formula:
    'turnover − its target; in percent of it; volume effect = (Qa − Qt) x Pt, price effect = (Pa − Pt) x Qa, with Q volume and P = turnover ÷ volume (both null without a target of volume)',
  owner: 'HEAD',
  source: 'Shipment, KpiTarget',
  service: false,
  measure: {
    of: [
      inPeriod(recognisedRevenue),
      inPeriod(acceptedShipments),
      { targetOf: 'KPI_01' },
      { targetOf: 'KPI_65' },
    ],
    compute: turnoverGap,
    waits: false,
    grows: true,
    signed: true,
    parts: 'GAP',
  },
};
