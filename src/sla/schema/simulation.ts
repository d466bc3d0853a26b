import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { ERROR_TYPES } from '../../graphql/errors.ts';
import { errorResult, type SuccessFields } from '../../graphql/mutation.ts';
import { Forbidden, InvalidInput } from '../../lib/errors.ts';
import { ticketById } from '../../tickets/queries/tickets.ts';
import { slaSimulate, type Simulation } from '../queries/simulation.ts';
import {
  type ChangedOutcome,
  type SimulationFigures,
  type SimulationGroup,
  totalsOf,
} from '../rules/simulation.ts';
import { calendarChange, policyChange } from './inputs.ts';

const PolicyInput = builder.inputType('SlaPolicyChangeInput', {
  description:
    'A policy as it would be: what is not given stays as it was approved last, null takes a limit away.',
  fields: (t) => ({
    code: t.string({ required: true, description: 'Of a policy that exists, such as COMPLAINT_SERIOUS.' }),
    ...policyChange(t),
  }),
});
const CalendarInput = builder.inputType('BusinessCalendarChangeInput', {
  description:
    'A calendar as it would be: what is not given stays as it was approved last; lists are given whole.',
  fields: (t) => ({
    code: t.string({
      required: true,
      description: 'Of a calendar that exists, or of one that the policy is to use.',
    }),
    ...calendarChange(t),
  }),
});
const SimulateInput = builder.inputType('SlaSimulateInput', {
  description: 'A changed policy, a changed calendar or both, and the tickets to replay.',
  fields: (t) => ({
    policy: t.field({
      type: PolicyInput,
      description: 'Applies to every ticket that ran under this policy.',
    }),
    calendar: t.field({
      type: CalendarInput,
      description: 'Applies to every ticket that ran in this calendar, or would by the changed policy.',
    }),
    closedFrom: t.field({
      type: 'DateTime',
      required: true,
      description: 'Tickets closed at this instant or later.',
    }),
    closedUntil: t.field({
      type: 'DateTime',
      required: true,
      description:
        'And before this one. At most `sla.simulateTickets` (10,000) tickets; InvalidInput names this field for more.',
    }),
  }),
});

function figureFields(t: SuccessFields<SimulationFigures>) {
  return {
    limit: t.field({
      type: 'SlaLimitKind' as never,
      description: 'Of progress notices the last one.',
      resolve: (row: SimulationFigures) => (row as SimulationGroup).limit as never,
    }),
    limits: t.exposeInt('limits', { description: 'Limits of tickets, before the change or after it.' }),
    kept: t.exposeInt('kept', { description: 'Kept before and after.' }),
    breached: t.exposeInt('breached', { description: 'Breached before and after.' }),
    newlyBreached: t.exposeInt('newlyBreached', { description: 'Kept before, breached after.' }),
    newlyKept: t.exposeInt('newlyKept', { description: 'Breached before, kept after.' }),
    added: t.exposeInt('added', { description: 'Limits that there would be only after the change.' }),
    removed: t.exposeInt('removed', { description: 'Limits that there were only before it.' }),
  };
}

const GroupType = builder.objectRef<SimulationGroup>('SlaSimulationGroup').implement({
  description: 'How one limit of tickets of one category, severity and grade would have ended.',
  fields: (t) => ({
    category: t.field({ type: ENUMS.TicketCategory, resolve: (group) => group.category }),
    severity: t.field({
      type: ENUMS.TicketSeverity,
      nullable: true,
      description: 'Of complaints.',
      resolve: (group) => group.severity,
    }),
    grade: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: 'The file grade that the customer has now; null without one.',
      resolve: (group) => group.grade,
    }),
    ...figureFields(t as never),
  }),
});

const TotalType = builder.objectRef<SimulationFigures>('SlaSimulationTotal').implement({
  description: 'The same over every category, severity and grade.',
  fields: (t) => figureFields(t as never),
});

const OutcomeType = builder.enumType('SlaOutcome', {
  description: 'How a limit ended.',
  values: {
    KEPT: { description: 'Answered by its due instant.' },
    BREACHED: { description: 'Answered later, or not at all.' },
  } as const,
});

const ExampleType = builder.objectRef<ChangedOutcome>('SlaSimulationExample').implement({
  description: 'A limit that would have ended differently.',
  fields: (t) => ({
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      resolve: (example, _args, { read }) => ticketById.load(read, example.ticketId),
    }),
    limit: t.field({ type: 'SlaLimitKind' as never, resolve: (example) => example.limit as never }),
    before: t.field({ type: OutcomeType, resolve: (example) => example.before }),
    after: t.field({ type: OutcomeType, resolve: (example) => example.after }),
    dueBefore: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (example) => (example.dueBefore === null ? null : new Date(example.dueBefore)),
    }),
    dueAfter: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (example) => (example.dueAfter === null ? null : new Date(example.dueAfter)),
    }),
  }),
});

const SimulationType = builder.objectRef<Simulation>('SlaSimulation').implement({
  description:
    'How limits of closed tickets would have ended under other service levels. Nothing was written.',
  fields: (t) => ({
    tickets: t.exposeInt('tickets', { description: 'Tickets replayed: those that the viewer may read.' }),
    totals: t.field({ type: [TotalType], resolve: (simulated) => totalsOf(simulated.groups) }),
    groups: t.field({
      type: [GroupType],
      description: 'Per category, severity, grade and limit.',
      resolve: (simulated) => simulated.groups,
    }),
    examples: t.field({
      type: [ExampleType],
      description: 'The first 50 limits that would have ended differently, of the tickets closed last.',
      resolve: (simulated) => simulated.examples,
    }),
  }),
});

const ResultType = builder.unionType('SlaSimulateResult', {
  description: 'Answer of `slaSimulate`: what would have been, or an error to act on.',
  types: [SimulationType, ERROR_TYPES.InvalidInput, ERROR_TYPES.Forbidden] as never,
  resolveType: (value) => (value as { __typename?: string }).__typename ?? 'SlaSimulation',
});

builder.queryField('slaSimulate', (t) =>
  t.field({
    type: ResultType,
    description:
      'Replays closed tickets under a changed policy or calendar, as if it had applied all along, and answers with the difference (TIC-36). It writes nothing. Factors of grade and level are those of now where they are changed, else those that each clock had. Who reads no tickets is Forbidden.',
    complexity: { field: 1_000 },
    args: { input: t.arg({ type: SimulateInput, required: true }) },
    resolve: async (_root, { input }, context: Context) => {
      try {
        return (await slaSimulate(context.read, input as never)) as never;
      } catch (error) {
        if (error instanceof InvalidInput || error instanceof Forbidden) return errorResult(error) as never;
        throw error;
      }
    },
  }),
);
