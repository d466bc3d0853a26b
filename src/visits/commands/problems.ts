import type { TicketChannel } from '../../generated/prisma/enums.ts';
import { invalid } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { openTicket } from '../../tickets/commands/open.ts';
import { requiredFields } from '../../tickets/rules/form.ts';
import { type ProblemFacts, problemSubject } from '../rules/problems.ts';

interface Found extends ProblemFacts {
  readonly customerId: string;
  /** Who told of it. */
  readonly contactId?: string | null;
  /** The input's field that names them. */
  readonly contactField: 'hostId' | 'contactId';
  readonly channel: Extract<TicketChannel, 'PHONE' | 'ON_SITE' | 'EMAIL' | 'OTHER'>;
  readonly at: Date;
}

/**
 * Makes a ticket of a problem that a return visit or return call has found, and gives the record what links the two
 * (VIS-11). A complaint unless said otherwise: its limits count from when the customer told of it. Whoever records the
 * contact need not have tickets of their own. Without a problem nothing is made.
 */
export async function problemTicket(
  tx: Command,
  viewer: Viewer,
  found: Found,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ problem: string; ticketId: string } | undefined> {
  if (found.problem == null) return undefined;
  const problem = found.problem.trim();
  const category = found.problemCategory ?? 'COMPLAINT';
  const [person] = await tx.query<{ name: string; phone: string | null }>(sql`
    select name, coalesce(phone, mobile) as phone from contact
    where id = ${found.contactId ?? null}::uuid and customer_id = ${found.customerId}::uuid`);
  const needed = requiredFields(category, found.channel);
  if (
    (needed.includes('callerName') && !person) ||
    (needed.includes('callerPhone') && !person?.phone?.trim())
  )
    throw invalid(
      found.contactField,
      text(
        'who told of it, with a phone number on file: a complaint names them (FRM-06)',
        '反映问题的联系人，且档案中有电话：投诉必须填写（FRM-06）',
      ),
    );
  const ticketId = newId();
  await openTicket(
    tx,
    viewer,
    ticketId,
    {
      category,
      subject: problemSubject(problem),
      content: problem,
      channel: found.channel,
      customerId: found.customerId,
      callerName: person?.name ?? null,
      callerPhone: person?.phone ?? null,
      openedAt: found.at,
    },
    directory,
  );
  return { problem, ticketId };
}
