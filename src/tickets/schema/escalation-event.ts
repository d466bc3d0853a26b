import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { money } from '../../graphql/shared-types.ts';
import { escalationById, ticketById } from '../queries/tickets.ts';
import { EscalationType } from './types.ts';
import {
  BEYOND_CARD,
  LiveEventInterface,
  payloadInstant,
  payloadNumber,
  payloadText,
  type SeenEvent,
} from '../../graphql/live-types.ts';

/** A complaint that breaches, is about to, or was escalated, as a subscriber of the live feeds receives it. */
export const ComplaintEscalationType = builder.objectRef<SeenEvent>('ComplaintEscalation').implement({
  description:
    'A complaint breached a limit, is about to, or reached a rung of the ladder (EVT-02 to EVT-04).',
  interfaces: [LiveEventInterface],
  isTypeOf: (value) => (value as SeenEvent).__typename === 'ComplaintEscalation',
  fields: (t) => ({
    ticketNumber: t.string({ resolve: (seen) => payloadText(seen, 'ticketNumber') ?? '' }),
    limit: t.string({
      nullable: true,
      description: 'ACKNOWLEDGE, FIRST_RESPONSE, DECISION, PROGRESS or RESOLUTION; null when raised by hand.',
      resolve: (seen) => payloadText(seen, 'limit'),
    }),
    dueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the limit falls or fell due.',
      resolve: (seen) => payloadInstant(seen, 'dueAt'),
    }),
    minutesLeft: t.int({
      nullable: true,
      description: 'Minutes left when it happened; negative when over.',
      resolve: (seen) => payloadNumber(seen, 'minutesLeft'),
    }),
    level: t.field({
      type: ENUMS.EscalationLevel,
      nullable: true,
      description: 'The rung reached; null for events that are no escalation.',
      resolve: (seen) => payloadText(seen, 'level') as 'L1' | null,
    }),
    reason: t.string({
      description: 'An EscalationReason: LIMIT_AT_RISK, LIMIT_OVERDUE, a rung above, or RAISED_BY_HAND.',
      resolve: (seen) => payloadText(seen, 'reason') ?? 'RAISED_BY_HAND',
    }),
    complaintSeverity: t.field({
      type: ENUMS.TicketSeverity,
      nullable: true,
      description: 'How serious the complaint is; null for events that are no escalation.',
      ...BEYOND_CARD,
      resolve: (seen) => payloadText(seen, 'complaintSeverity') as 'GENERAL' | null,
    }),
    claim: t.field({
      type: 'Money',
      nullable: true,
      description: 'What the customer claims; null without a claim, and for events that are no escalation.',
      ...BEYOND_CARD,
      resolve: (seen, _args, context) => money(payloadText(seen, 'claimAmount'), context),
    }),
    customerGrade: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: "The customer's grade when it was escalated.",
      ...BEYOND_CARD,
      resolve: (seen) => payloadText(seen, 'customerGrade') as 'A' | null,
    }),
    isKeyAccount: t.boolean({
      nullable: true,
      description: 'Whether it is a complaint of a key account; null for events that are no escalation.',
      ...BEYOND_CARD,
      resolve: ({ event }) => {
        const { isKeyAccount } = event.payload;
        return typeof isKeyAccount === 'boolean' ? isKeyAccount : null;
      },
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'Read as the viewer may see it now.',
      ...BEYOND_CARD,
      resolve: (seen, _args, context) =>
        seen.event.subjectId === null ? null : ticketById.load(context.read, seen.event.subjectId),
    }),
    escalation: t.field({
      type: EscalationType,
      nullable: true,
      description: 'The rung, to acknowledge it; null for events that are no escalation.',
      ...BEYOND_CARD,
      resolve: async (seen, _args, context) => {
        const id = payloadText(seen, 'escalationId');
        return id === null ? null : ((await escalationById.load(context.read, id)) as never);
      },
    }),
  }),
});
