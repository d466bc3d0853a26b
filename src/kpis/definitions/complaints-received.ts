import { text } from '../../lib/text.ts';
import { sql } from '../../platform/sql.ts';
import { countOf } from '../rules.ts';
import { type KpiDefinition, type KpiSource, OF_TICKETS } from './definition.ts';

/**
 * Complaints received in the period, and those of them that stand closed with the customer satisfied or, where the
 * company was not responsible, agreeing (TIC-15). Cancelled duplicates are no complaints. By ticket(opened_at, id).
 */
export const receivedComplaints: KpiSource = {
  name: 'receivedComplaints',
  facts: ({ start, end, within }) => sql`
    select count(*) filter (
             where t.status = 'CLOSED' and (
               t.satisfaction = 'SATISFIED'
               or (t.liability = 'NOT_COMPANY' and t.customer_agreed and t.satisfaction is distinct from 'NOT_SATISFIED'))
           )::int as numerator,
           count(*)::int as denominator
    from ticket t
    where t.category = 'COMPLAINT' and t.status <> 'CANCELLED'
      and t.opened_at >= ${start}::timestamptz and t.opened_at < ${end}::timestamptz and ${within}`,
};

/** The numerator of KPI-39, which waits for the number of shipments. */
export const complaintsReceived: KpiDefinition = {
  ...OF_TICKETS,
  key: 'COMPLAINTS_RECEIVED',
  rule: 'KPI-39',
  title: text('Complaints received', '投诉受理量'),
  unit: 'COUNT',
  direction: 'LOWER_IS_BETTER',
  formula: 'complaints received in period, cancelled duplicates left out',
  owner: 'CS_AGENT',
  source: 'Ticket',
  measure: { source: receivedComplaints, compute: countOf, waits: false },
};
