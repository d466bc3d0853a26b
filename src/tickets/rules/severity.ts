import type { TicketPriority, TicketSeverity } from '../../generated/prisma/enums.ts';
import { cents } from '../../lib/money.ts';

/** What a complaint says that can make it serious. */
export interface SeverityFacts {
  readonly claimAmount: string | null;
  readonly injury: boolean;
  readonly legalOrMediaThreat: boolean;
  readonly lossOrDamage: boolean;
  readonly threatToLeave: boolean;
  readonly isKeyAccount: boolean;
  /** Complaints of the customer in the window before this one. */
  readonly earlierComplaints: number;
  readonly setByHand: TicketSeverity | null;
}

export interface SeverityPolicy {
  readonly seriousAmount: string;
  /** This many complaints in the window make the last one serious. */
  readonly repeatCount: number;
}

/**
 * A complaint is serious for its claim, injury, a legal or media threat, lost or damaged goods of a key account,
 * repetition, a threat to leave, or set by hand (TIC-20). By hand it can be raised, never lowered.
 */
export function severityOf(facts: SeverityFacts, policy: SeverityPolicy): TicketSeverity {
  const serious =
    facts.setByHand === 'SERIOUS' ||
    facts.injury ||
    facts.legalOrMediaThreat ||
    facts.threatToLeave ||
    (facts.lossOrDamage && facts.isKeyAccount) ||
    (facts.claimAmount !== null && cents(facts.claimAmount) >= cents(policy.seriousAmount)) ||
    facts.earlierComplaints + 1 >= policy.repeatCount;
  return serious ? 'SERIOUS' : 'GENERAL';
}

/** Serious complaints are handled first, then the key account lane (TIC-20, KEY-11). */
export function priorityOf(severity: TicketSeverity, priorityLane: boolean): TicketPriority {
  return severity === 'SERIOUS' ? 'URGENT' : priorityLane ? 'HIGH' : 'NORMAL';
}
