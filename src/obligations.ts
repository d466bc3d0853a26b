import { expireGrants } from './customers/commands/access.ts';
import { KEY_ACCOUNT_CONTACT, sweepContactWeeks } from './key-accounts/commands/contacts.ts';
import type { Organisation } from './organisation/queries.ts';
import type { ObligationKinds } from './platform/obligations.ts';
import { LIMIT_OBLIGATIONS } from './tickets/commands/clock.ts';
import { advanceDispatches, advanceFollowUps, advanceTicketLimits } from './tickets/commands/escalation.ts';

/** What the sweep's handlers need to know of the organisation. */
export interface SweepDirectory {
  readonly organisation: Organisation;
  readonly timeZone: string;
}

/** Every kind of obligation and the area's function that works it off. */
export function OBLIGATION_KINDS({ organisation, timeZone }: SweepDirectory): ObligationKinds {
  const ticketLimits = advanceTicketLimits(organisation);
  return {
    ACCESS_GRANT_EXPIRY: expireGrants,
    [KEY_ACCOUNT_CONTACT]: sweepContactWeeks(timeZone),
    ...Object.fromEntries(LIMIT_OBLIGATIONS.map((kind) => [kind, ticketLimits])),
    TICKET_DISPATCH_CONFIRM: advanceDispatches(organisation),
    TICKET_FOLLOW_UP: advanceFollowUps,
  };
}
