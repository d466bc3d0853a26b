import type { TicketCategory, TicketChannel } from '../../generated/prisma/enums.ts';

/** A field of `ticketOpen`. */
export type FormField =
  | 'category'
  | 'channel'
  | 'subject'
  | 'content'
  | 'customerId'
  | 'callerName'
  | 'callerPhone';

/** The facts without which a contact is not taken in: those of every ticket, and of the complaint form (FRM-06). */
export function requiredFields(category: TicketCategory, channel: TicketChannel): readonly FormField[] {
  const always = ['category', 'channel', 'subject', 'content'] as const;
  if (category !== 'COMPLAINT') return always;
  const spoken = channel === 'PHONE' || channel === 'ON_SITE';
  return [...always, 'customerId', 'callerName', ...(spoken ? (['callerPhone'] as const) : [])];
}
