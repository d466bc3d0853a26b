import type { TeamType } from '../../generated/prisma/enums.ts';

/** The team that handles a ticket: key accounts first, then the sale phase, then customer service (CFL-14, KEY-29, TIC-28). */
export function routeTo(ticket: {
  readonly isKeyAccount: boolean;
  readonly arisesDuringSale: boolean;
}): TeamType {
  return ticket.isKeyAccount ? 'KEY_ACCOUNT' : ticket.arisesDuringSale ? 'SALES' : 'CUSTOMER_SERVICE';
}
