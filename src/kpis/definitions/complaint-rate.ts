import { text } from '../../lib/text.ts';
import { perTenThousand } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_SHIPMENTS } from './definition.ts';
import { acceptedShipments } from './sources/shipments.ts';
import { receivedComplaints } from './sources/tickets.ts';

export const complaintRate: KpiDefinition = {
  ...OF_SHIPMENTS,
  dimensions: ['COMPANY', 'CUSTOMER', 'AREA'],
  key: 'KPI_39',
  rule: 'KPI-39',
  title: text('Complaint rate', '投诉率'),
  unit: 'PER_TEN_THOUSAND',
  direction: 'LOWER_IS_BETTER',
  formula: 'complaints received ÷ shipments accepted in period, per 10,000',
  owner: 'CS_AGENT',
  source: 'Ticket, Shipment',
  service: true,
  measure: {
    of: [inPeriod(receivedComplaints), inPeriod(acceptedShipments)],
    compute: perTenThousand,
    waits: false,
    grows: false,
  },
};
