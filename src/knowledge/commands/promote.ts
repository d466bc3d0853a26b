import { customerReadable } from '../../customers/queries/visibility.ts';
import type { InquiryTopic, KnowledgeLanguage } from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { ticketReadable } from '../../tickets/queries/visibility.ts';
import { ANSWER_MOST, languageOf, QUESTION_MOST, withoutNames } from '../rules.ts';
import { requireWriter, writeDraft } from './articles.ts';

export interface ArticlePromoteFromTicketInput {
  readonly ticketId: string;
  readonly replyId?: string | null;
  readonly topic?: InquiryTopic | null;
  readonly language?: KnowledgeLanguage | null;
  readonly idempotencyKey?: string | null;
}

interface Source {
  readonly subject: string;
  readonly topic: InquiryTopic | null;
  readonly body: string | null;
  readonly names: readonly string[];
  readonly readable: boolean;
  readonly fileReadable: boolean;
}

/**
 * A draft of what was asked in a ticket and what went out as its answer (TIC-08). What names the customer is left out,
 * which only somebody can do who may read the file: who may not would learn the names by what is missing.
 */
export async function articlePromoteFromTicket(
  tx: Command,
  viewer: Viewer,
  input: ArticlePromoteFromTicketInput,
): Promise<{ articleId: string }> {
  requireWriter(viewer);
  const source = await sourceOf(tx, viewer, input);
  if (!source?.readable) throw new NotFound(['ticketId'], text('ticket', '工单'));
  if (!source.fileReadable) throw new Forbidden(rolesWith('customerFile', 'read'));
  const { body } = source;
  if (body === null) {
    throw invalid(
      'replyId',
      text('a message of the ticket that went out to the customer', '已发给客户的工单消息'),
    );
  }
  const question = withoutNames(source.subject, source.names).slice(0, QUESTION_MOST);
  const answer = withoutNames(body, source.names).slice(0, ANSWER_MOST);
  const articleId = await once(tx, 'articlePromoteFromTicket', input.idempotencyKey, input, (id) =>
    writeDraft(
      tx,
      viewer,
      id,
      {
        topic: input.topic ?? source.topic ?? 'OTHER',
        language: input.language ?? languageOf(answer),
        question,
        answer,
      },
      input.ticketId,
    ),
  );
  return { articleId };
}

/** The message named, else the last one that a person sent; by the index ticket_reply(ticket_id, at). */
async function sourceOf(
  tx: Command,
  viewer: Viewer,
  { ticketId, replyId }: ArticlePromoteFromTicketInput,
): Promise<Source | undefined> {
  const sees = constantViewer(viewer, tx.now);
  const [source] = await tx.query<Source>(sql`
    select t.subject, t.topic,
           (select r.body from ticket_reply r
            where r.ticket_id = t.id and r.state = 'SENT' and not r.from_customer and not r.is_automatic
              and (${replyId ?? null}::uuid is null or r.id = ${replyId ?? null}::uuid)
            order by r.at desc, r.id desc limit 1) as body,
           array_remove(array[t.number, t.caller_name, t.caller_phone, t.callback_phone, t.shipment_number, c.name, c.number,
                 c.contact_person, c.phone, c.email, c.registration_number] || array(
             select fact from contact p, unnest(array[p.name, p.phone, p.mobile, p.email]) fact
             where p.customer_id = c.id), null) as names,
           ${ticketReadable(sees, sql`t`)} as readable,
           c.id is null or ${customerReadable(sees, sql`c`)} as "fileReadable"
    from ticket t left join customer c on c.id = t.customer_id
    where t.id = ${ticketId}::uuid`);
  return source;
}
