import type { LookupSource, RoutingRule, TeamChoice } from '../../generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { inLocale } from '../../lib/text.ts';
import type { TicketRow } from '../queries/tickets.ts';
import { coordinatorOf, routingReason } from '../rules/routing.ts';

interface Routing {
  readonly teamId: string;
  readonly rule: RoutingRule;
  readonly choice: TeamChoice | null;
  readonly note: string | null;
  readonly at: Date;
}

/** Null where no team was found for the ticket. */
export function routingOf(row: TicketRow): Routing | null {
  const { teamId, routingRule: rule, routingChoice: choice, routingNote: note, routedAt: at } = row;
  return teamId === null || rule === null || at === null ? null : { teamId, rule, choice, note, at };
}

export const TicketRoutingType = builder.objectRef<Routing>('TicketRouting').implement({
  description:
    'Why a ticket stands in the queue of its team (CFL-14: key account, then sale phase, then service).',
  fields: (t) => ({
    team: t.field({
      type: 'Team',
      nullable: true,
      resolve: (routing, _args, context) => context.read.organisation.teams.get(routing.teamId) ?? null,
    }),
    rule: t.field({
      type: ENUMS.RoutingRule,
      description: 'KEY_ACCOUNT (KEY-29), SALE (TIC-28), SERVICE, or TRANSFER by a person.',
      resolve: (routing) => routing.rule,
    }),
    choice: t.field({
      type: ENUMS.TeamChoice,
      nullable: true,
      description:
        'What chose the team among several of its kind; null for a transfer, and for tickets from before it was kept.',
      resolve: (routing) => routing.choice,
    }),
    reason: t.string({
      description: 'The rule and the choice in words, or why it was transferred.',
      resolve: (routing, _args, context) => inLocale(routingReason(routing), context.locale),
    }),
    coordinator: t.field({
      type: ENUMS.Role,
      nullable: true,
      description: 'The role that coordinates the tickets of this kind of team (KEY-29, TIC-28).',
      resolve: (routing, _args, context) => {
        const team = context.read.organisation.teams.get(routing.teamId);
        return team ? coordinatorOf(team.type) : null;
      },
    }),
    at: t.field({ type: 'DateTime', description: 'Since when.', resolve: (routing) => routing.at }),
  }),
});

interface Lookup {
  readonly source: LookupSource;
  readonly carrier: string | null;
  readonly result: string;
  readonly answeredAt: Date;
}

/** Null before the shipment query was looked up in this cycle. */
export function lookupOf(row: TicketRow): Lookup | null {
  const { lookupSource: source, lookupResult: result, lookupAnsweredAt: answeredAt } = row;
  if (source === null || result === null || answeredAt === null) return null;
  return { source, carrier: row.lookupCarrier, result, answeredAt };
}

export const TicketLookupType = builder.objectRef<Lookup>('TicketLookup').implement({
  description: 'Where a shipment query was looked up, and what came out (TIC-07).',
  fields: (t) => ({
    source: t.field({
      type: ENUMS.LookupSource,
      description: 'INTERNAL: our own system. CARRIER: the partner that carries the shipment.',
      resolve: (lookup) => lookup.source,
    }),
    carrier: t.exposeString('carrier', { nullable: true, description: 'The partner that was asked.' }),
    result: t.exposeString('result'),
    answeredAt: t.field({
      type: 'DateTime',
      description: 'When the look-up gave its result.',
      resolve: (lookup) => lookup.answeredAt,
    }),
  }),
});
