import { text } from '../../lib/text.ts';
import { shareOf } from '../rules/figures.ts';
import { inPeriod, type KpiDefinition, OF_TICKETS } from './definition.ts';
import { answeredFollowUps } from './sources/tickets.ts';

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
  measure: { of: [inPeriod(answeredFollowUps)], compute: shareOf, waits: false, grows: false },
};
