import { text } from '../../lib/text.ts';
import { sql } from '../../platform/sql.ts';
import { shareOf } from '../rules.ts';
import { type KpiDefinition, type KpiSource, OF_TICKETS } from './definition.ts';

/** Return calls of the period in which the customer answered, and those of them that found a satisfied one (TIC-25). */
const answeredFollowUps: KpiSource = {
  name: 'answeredFollowUps',
  facts: ({ start, end, within }) => sql`
    select count(*) filter (where u.result = 'SATISFIED')::int as numerator, count(*)::int as denominator
    from follow_up u join ticket t on t.id = u.ticket_id
    where u.result <> 'UNREACHABLE' and t.category = 'COMPLAINT'
      and u.at >= ${start}::timestamptz and u.at < ${end}::timestamptz and ${within}`,
};

export const complaintHandlingSatisfaction: KpiDefinition = {
  ...OF_TICKETS,
  key: 'KPI_32',
  rule: 'KPI-32',
  title: text('Complaint handling satisfaction', '投诉处理满意度'),
  unit: 'PERCENT',
  direction: 'HIGHER_IS_BETTER',
  formula: 'satisfied answers ÷ follow-ups made in period that got an answer',
  computedBy: 'CS_SUPERVISOR',
  owner: 'CS_AGENT',
  source: 'FollowUp',
  measure: { source: answeredFollowUps, compute: shareOf, waits: false },
};
