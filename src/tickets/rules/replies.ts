import type { Role, TicketCategory, TicketSeverity } from '../../generated/prisma/enums.ts';

/** Who reviews messages about serious complaints; what they write themselves goes out at once (TIC-13). */
export const REPLY_REVIEWERS = ['CS_SUPERVISOR', 'HEAD'] as const satisfies readonly Role[];

/** Messages about serious complaints are read by a second person before they go out (TIC-13). */
export function needsReview(ticket: {
  readonly category: TicketCategory;
  readonly severity: TicketSeverity;
}): boolean {
  return ticket.category === 'COMPLAINT' && ticket.severity === 'SERIOUS';
}

/** A template's text with its places filled in; a place that it does not know stays as it is. */
export function templateText(body: string, facts: Readonly<Record<string, string>>): string {
  return body.replaceAll(/\{(\w+)\}/g, (place, name: string) => facts[name] ?? place);
}
