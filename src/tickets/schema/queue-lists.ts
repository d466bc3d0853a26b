import type { TeamType } from '../../generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { localId } from '../../graphql/ids.ts';
import { rootList } from '../../graphql/lists.ts';
import { invalid } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { type QueueOverview, ticketQueue, ticketQueues } from '../queries/queues.ts';
import type { TicketRow } from '../queries/tickets.ts';
import { TICKET_LIST } from './types.ts';

interface QueueListArguments {
  readonly teamId?: string | null;
  readonly teamType?: TeamType | null;
}

rootList<TicketRow, QueueListArguments>('ticketQueue', TICKET_LIST, {
  description:
    'The queue of a team: tickets not answered yet that the viewer may read. Serious complaints come first (TIC-20), then the lane of key accounts (KEY-11), then the nearest deadline, then the oldest. Of the own team without teamId and teamType; of all queues for a viewer without a team. Those that nobody handles: `where: { assignee: { isNull: true } }`.',
  args: (arg) => ({
    teamId: arg.id({ description: 'Whose queue.' }),
    teamType: arg({ type: ENUMS.TeamType, description: 'The queues of all teams of this kind, as one.' }),
  }),
  source: (reader, asked, { teamId, teamType }) =>
    ticketQueue(
      reader,
      { teamId: teamId == null ? null : teamOf(teamId), teamType: teamType ?? null },
      asked,
    ),
});

function teamOf(nodeId: string): string {
  const id = localId(nodeId, 'Team');
  if (id === null) throw invalid('teamId', text('the id of a Team', 'Team 的 id'));
  return id;
}

const TicketQueueType = builder.objectRef<QueueOverview>('TicketQueue').implement({
  description: 'How the queue of a team stands, counting the tickets that the viewer may read.',
  fields: (t) => ({
    team: t.field({
      type: 'Team',
      nullable: true,
      description: 'Null for tickets for which there was no team of the kind that they need.',
      resolve: (queue, _args, context) => context.read.organisation.teams.get(queue.teamId ?? '') ?? null,
    }),
    waiting: t.exposeInt('waiting', { description: 'Tickets not answered yet that nobody handles.' }),
    inWork: t.exposeInt('inWork', { description: 'Tickets not answered yet that somebody handles.' }),
    atRisk: t.exposeInt('atRisk', {
      description: 'Of both, those with a limit past its warning share and none overdue.',
    }),
    overdue: t.exposeInt('overdue', { description: 'Of both, those with a limit that has passed.' }),
    settled: t.exposeInt('settled', {
      description: 'Answered or resolved, and still to be called back or closed; not in the queue.',
    }),
    oldestOpenedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the contact of the oldest ticket in the queue reached us; null when it is empty.',
      resolve: (queue) => queue.oldestOpenedAt,
    }),
  }),
});

builder.queryField('ticketQueues', (t) =>
  t.field({
    type: [TicketQueueType],
    description:
      'The queues of all teams whose tickets the viewer may read, counting those alone; the own team’s and, for who reads all tickets, every queue, though it is empty.',
    args: { teamType: t.arg({ type: ENUMS.TeamType, description: 'Only of teams of this kind.' }) },
    resolve: (_root, { teamType }, context) => ticketQueues(context.read, { teamType: teamType ?? null }),
  }),
);
