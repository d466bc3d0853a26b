import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { formatDuration } from '../../lib/duration.ts';
import { clockOfTicket, policyById } from '../queries/clocks.ts';
import type { TicketRow } from '../queries/tickets.ts';
import {
  type LIMIT_KINDS,
  type LimitClock,
  type LimitState,
  type SlaClock,
  slaClock,
  type SlaFlag,
  type SlaTerms,
  type TimelineSegment,
} from '../rules/sla-clock.ts';
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
      description:
        'OPEN; of a closed calendar OUTSIDE_BUSINESS_HOURS of a working day, NON_WORKING_DAY: the weekday has no hours, or HOLIDAY; CUSTOMER_AWAITED; PAUSE_CUT_BY_REPLY: the customer was awaited, and answered before the wait was ended by hand.',
    }),
    duration: t.field({
      type: 'Duration',
      description: 'How long it is, in hours, minutes and seconds.',
      resolve: (segment) => formatDuration(segment.to - segment.from),
    }),
  }),
});

const LimitKindType = builder.enumType('SlaLimitKind', {
  description: 'The promised limits of a ticket.',
  values: {
    ACKNOWLEDGE: { description: 'Of complaints: that it has arrived.' },
    FIRST_RESPONSE: { description: 'The first answer; of a complaint the plan.' },
    DECISION: { description: "HEAD's decision on the plan, from the plan on." },
    PROGRESS: { description: 'The next progress notice, from the last one on.' },
    RESOLUTION: { description: 'The final limit.' },
  } as const satisfies Record<(typeof LIMIT_KINDS)[number], object>,
});

const FlagType = builder.objectRef<SlaFlag>('SlaFlag').implement({
  description:
    'A wait for the customer that went on after the customer had replied: it is cut there, and the clock runs from the reply on.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'PAUSE_CUT_BY_REPLY.' }),
    from: t.field({
      type: 'DateTime',
      description: 'When the wait began.',
      resolve: (flag) => new Date(flag.from),
    }),
    to: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was ended by hand; null while it was not.',
      resolve: (flag) => (flag.to === null ? null : new Date(flag.to)),
    }),
    repliedAt: t.field({
      type: 'DateTime',
      description: "The customer's first reply within it.",
      resolve: (flag) => new Date(flag.repliedAt),
    }),
  }),
});

const TermsType = builder.objectRef<SlaTerms>('SlaTerms').implement({
  description:
    'The terms on which a clock runs from an instant on. A change of severity, grade, key account, policy, calendar or setting adds one (TIC-36).',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (terms) => new Date(terms.from) }),
    policy: t.exposeString('policyCode', { description: 'Code of the policy.' }),
    policyVersion: t.exposeInt('policyVersion'),
    calendar: t.exposeString('calendarCode', { description: 'Code of the calendar.' }),
    calendarVersion: t.exposeInt('calendarVersion'),
    factor: t.field({
      type: 'Decimal',
      description: 'Multiplies every limit of the policy (KEY-26).',
      resolve: (terms) => String(terms.factor),
    }),
    pausesWhileWaiting: t.exposeBoolean('pauseWhileWaiting', {
      description: 'Whether the clock stops while the customer is awaited; never of a complaint.',
    }),
    atRiskShare: t.field({
      type: 'Decimal',
      description: 'The share of its running time after which a limit is at risk.',
      resolve: (terms) => String(terms.atRiskShare),
    }),
  }),
});

/** The clock of a ticket at the instant of the request; null for imported history. */
async function clockOf(row: TicketRow, { read }: Context): Promise<SlaClock | null> {
  const facts = await clockOfTicket.load(read, row.id);
  return facts && slaClock(facts, read.now.getTime());
}

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
      resolve: async (row, _args, context) =>
        view((await clockOf(row, context))?.limits.find((limit) => limit.kind === 'ACKNOWLEDGE')),
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
      resolve: async (row, _args, context) =>
        view((await clockOf(row, context))?.limits.find((limit) => limit.kind === 'DECISION')),
    }),
    progress: t.field({
      type: SlaLimitType,
      nullable: true,
      description: 'The next progress notice to the customer (TIC-19).',
      resolve: async (row, _args, context) =>
        view((await clockOf(row, context))?.limits.find((limit) => limit.kind === 'PROGRESS')),
    }),
    resolution: t.field({
      type: SlaLimitType,
      nullable: true,
      description: 'The final limit; null only for imported tickets that came without one (TIC-12).',
      resolve: (row, _args, context) => resolutionFromColumns(row, context.now),
    }),
    timeline: t.field({
      type: [SegmentType],
      description:
        'How the due instant of a limit comes about: segments that abut, from what it counts from to its due instant, or to now while paused. The RUNNING ones add up to the time that it grants, to the second. Empty for imported history and for a limit that the policy does not have or that has not begun.',
      args: { limit: t.arg({ type: LimitKindType, required: true, defaultValue: 'RESOLUTION' }) },
      resolve: async (row, { limit }, context) => [...((await clockOf(row, context))?.timeline(limit) ?? [])],
    }),
    flags: t.field({
      type: [FlagType],
      description: 'Waits that the customer had ended by a reply. Of a clock that pauses.',
      resolve: async (row, _args, context) => [...((await clockOf(row, context))?.flags ?? [])],
    }),
    terms: t.field({
      type: [TermsType],
      description: 'The terms of the present cycle, in the order in which they took effect.',
      resolve: async (row, _args, { read }) => [...((await clockOfTicket.load(read, row.id))?.terms ?? [])],
    }),
  }),
});
