import { builder } from '../../graphql/builder.ts';
import { clockOfTicket, policyById } from '../queries/clocks.ts';
import type { TicketRow } from '../queries/tickets.ts';
import { type LimitClock, type LimitState, slaClock, type TimelineSegment } from '../rules/sla-clock.ts';
import { limitFromColumns, resolutionFromColumns } from '../rules/sla-state.ts';

const LimitStateType = builder.enumType('SlaLimitState', {
  description: 'How a limit stands.',
  values: {
    RUNNING: { description: 'Time is left.' },
    PAUSED: { description: 'The customer is awaited; the due instant is open (TIC-36).' },
    AT_RISK: { description: 'The warning share, 80 % by default, has passed.' },
    OVERDUE: { description: 'The due instant has passed and it is not met.' },
    MET: { description: 'Met in time.' },
    MET_LATE: { description: 'Met after its due instant.' },
    CANCELLED: { description: 'The ticket was cancelled first.' },
  } as const,
});

/** A limit as clients see it. */
export interface LimitView {
  readonly dueAt: Date | null;
  readonly warnAt: Date | null;
  readonly metAt: Date | null;
  readonly state: LimitState;
}

const SlaLimitType = builder.objectRef<LimitView>('SlaLimit').implement({
  description: 'One promised limit of a ticket.',
  fields: (t) => ({
    dueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it is due; null while paused.',
      resolve: (limit) => limit.dueAt,
    }),
    warnAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'From when it is at risk.',
      resolve: (limit) => limit.warnAt,
    }),
    metAt: t.field({ type: 'DateTime', nullable: true, resolve: (limit) => limit.metAt }),
    state: t.field({ type: LimitStateType, resolve: (limit) => limit.state }),
  }),
});

const SegmentType = builder.objectRef<TimelineSegment>('SlaTimelineSegment').implement({
  description: 'A stretch of the way to the final limit; the RUNNING ones add up to the time that it grants.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (segment) => new Date(segment.from) }),
    to: t.field({ type: 'DateTime', resolve: (segment) => new Date(segment.to) }),
    kind: t.field({
      type: builder.enumType('SlaTimelineKind', {
        values: ['RUNNING', 'PAUSED', 'CLOSED'] as const,
        description: 'Whether the clock ran.',
      }),
      resolve: (segment) => segment.kind,
    }),
    reason: t.exposeString('reason', {
      description: 'OPEN, OUTSIDE_BUSINESS_HOURS, CUSTOMER_AWAITED or PAUSE_CUT_BY_REPLY.',
    }),
  }),
});

function view(limit: LimitClock | undefined): LimitView | null {
  if (!limit) return null;
  const instant = (epochMs: number | null) => (epochMs === null ? null : new Date(epochMs));
  return {
    dueAt: instant(limit.dueAt),
    warnAt: instant(limit.warnAt),
    metAt: instant(limit.metAt),
    state: limit.state,
  };
}

export const TicketSlaType = builder.objectRef<TicketRow>('TicketSla').implement({
  description: 'The promised limits of a ticket in its present cycle (rulebook section 6, TIC-36).',
  fields: (t) => ({
    policy: t.string({
      nullable: true,
      description: 'Code of the policy in force; null for imported history.',
      resolve: async (row, _args, context) =>
        row.slaPolicyId ? ((await policyById.load(context.read, row.slaPolicyId))?.code ?? null) : null,
    }),
    acknowledge: t.field({
      type: SlaLimitType,
      nullable: true,
      description: 'Of complaints.',
      resolve: async (row, _args, context) => {
        const facts = await clockOfTicket.load(context.read, row.id);
        return (
          facts &&
          view(slaClock(facts, context.now.getTime()).limits.find((limit) => limit.kind === 'ACKNOWLEDGE'))
        );
      },
    }),
    firstResponse: t.field({
      type: SlaLimitType,
      nullable: true,
      description: 'The first answer; of a complaint the plan.',
      resolve: (row, _args, context) => limitFromColumns(row, context.now),
    }),
    decision: t.field({
      type: SlaLimitType,
      nullable: true,
      description: "HEAD's decision on a serious complaint's plan; null before there is one.",
      resolve: async (row, _args, context) => {
        const facts = await clockOfTicket.load(context.read, row.id);
        return (
          facts &&
          view(slaClock(facts, context.now.getTime()).limits.find((limit) => limit.kind === 'DECISION'))
        );
      },
    }),
    progress: t.field({
      type: SlaLimitType,
      nullable: true,
      description: 'The next progress notice to the customer (TIC-19).',
      resolve: async (row, _args, context) => {
        const facts = await clockOfTicket.load(context.read, row.id);
        return (
          facts &&
          view(slaClock(facts, context.now.getTime()).limits.find((limit) => limit.kind === 'PROGRESS'))
        );
      },
    }),
    resolution: t.field({
      type: SlaLimitType,
      nullable: true,
      description: 'The final limit; null only for imported tickets that came without one (TIC-12).',
      resolve: (row, _args, context) => resolutionFromColumns(row, context.now),
    }),
    timeline: t.field({
      type: [SegmentType],
      description: 'How the final due instant comes about; empty for imported history.',
      resolve: async (row, _args, context) => {
        const facts = await clockOfTicket.load(context.read, row.id);
        return facts ? [...slaClock(facts, context.now.getTime()).timeline] : [];
      },
    }),
  }),
});
