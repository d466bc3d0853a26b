import type { FollowUpResult, TicketCategory, TicketStatus } from '../../generated/prisma/enums.ts';

export type LedgerColumnName = 'OPINION' | 'HANDLING' | 'FEEDBACK';

/** What the complaint ledger lacks of a ticket: opinion, handling, feedback; what was said stands in it from the start (TIC-27, FRM-24). */
export function ledgerMissing(ticket: {
  readonly category: TicketCategory;
  readonly status: TicketStatus;
  readonly ownerOpinion: string | null;
  readonly resolution: string | null;
  readonly satisfaction: FollowUpResult | null;
}): LedgerColumnName[] {
  if (ticket.category !== 'COMPLAINT' || ticket.status === 'CANCELLED') return [];
  const columns: readonly (readonly [LedgerColumnName, unknown])[] = [
    ['OPINION', ticket.ownerOpinion],
    ['HANDLING', ticket.resolution],
    ['FEEDBACK', ticket.satisfaction],
  ];
  return columns.flatMap(([column, value]) => (value === null ? [column] : []));
}
