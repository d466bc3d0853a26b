import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { nodeBy } from '../../graphql/node.ts';
import type { TicketRow } from '../../tickets/queries/tickets.ts';
import {
  RECOMPUTE_FIELDS,
  recomputeById,
  recomputeList,
  type RecomputeRow,
  recomputeUnderWay,
} from '../queries/recomputes.ts';

const StateType = builder.enumType('SlaRecomputeState', {
  description: 'How far the clocks of open tickets have been moved to changed terms.',
  values: {
    PLANNED: { description: 'The terms change later.' },
    UNDER_WAY: { description: 'Some tickets still show their old limits.' },
    DONE: { description: 'Every open ticket has its new limits.' },
  } as const,
});

export const RecomputeType = builder.objectRef<RecomputeRow>('SlaRecompute').implement({
  description:
    'The work of moving the clocks of open tickets to a changed policy, calendar or setting (TIC-36): in batches, in the order of their ids, so that a change with very many open tickets blocks nobody.',
  fields: (t) => ({
    cause: t.field({ type: ENUMS.SlaRecomputeCause, resolve: (row) => row.cause }),
    changed: t.exposeString('changed', {
      description: 'Code of the policy or calendar, or key of the setting.',
    }),
    state: t.field({
      type: StateType,
      resolve: (row, _args, { read }) =>
        row.finishedAt ? 'DONE' : row.validFrom > read.now ? 'PLANNED' : 'UNDER_WAY',
    }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when the terms are others: tightened limits count from here.',
      resolve: (row) => row.validFrom,
    }),
    total: t.exposeInt('total', {
      nullable: true,
      description: 'Tickets whose clocks ran when it began; null before.',
    }),
    done: t.exposeInt('done', {
      description: 'Tickets looked at so far; those that were opened meanwhile are among them.',
    }),
    moved: t.exposeInt('moved', { description: 'Those among them whose terms have changed.' }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    createdBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who approved the change.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.createdById ?? '') ?? null,
    }),
    startedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.startedAt }),
    finishedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.finishedAt }),
  }),
});
nodeBy(RecomputeType, recomputeById);

rootList('slaRecomputes', listTypes<RecomputeRow>('SlaRecompute', RecomputeType, RECOMPUTE_FIELDS), {
  description:
    'How far open tickets have come to changed service levels, newest first unless ordered otherwise. For every employee.',
  source: recomputeList,
});

builder.objectField('TicketSla' as never, 'recompute', (t) =>
  t.field({
    type: RecomputeType,
    nullable: true,
    description:
      'A change of policy, calendar or setting that has begun and has not reached this ticket yet: its limits are still the old ones, and may stay so. Null when nothing is under way.',
    resolve: async (row: TicketRow, _args, { read }) =>
      row.resolvedAt || !row.slaPolicyId ? null : await recomputeUnderWay.load(read, row.id),
  }),
);
