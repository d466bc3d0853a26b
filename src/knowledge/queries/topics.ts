import { InquiryTopic } from '../../generated/prisma/enums.ts';
import { nextPeriod, parsePeriod, previousPeriod } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import { sql } from '../../platform/sql.ts';
import { ticketReadable } from '../../tickets/queries/visibility.ts';

/** How often a topic was asked about in a month. */
export interface TopicFrequency {
  /** YYYY-MM */
  readonly month: string;
  readonly topic: InquiryTopic;
  readonly count: number;
  /** Of them, answered with an article. */
  readonly withArticle: number;
  /** In the month before. */
  readonly previous: number;
}

interface Count {
  readonly month: string;
  readonly topic: InquiryTopic;
  readonly count: number;
  readonly withArticle: number;
}

/**
 * Inquiries that the viewer may read by topic and month of the business time zone, from one month to another, both
 * included; months and topics without any, too. By the indexes ticket(opened_at, …) and knowledge_citation(ticket_id).
 */
export async function topicFrequency(reader: Reader, from: string, until: string): Promise<TopicFrequency[]> {
  const { timeZone } = reader;
  const [first, last] = [parsePeriod(from, timeZone), parsePeriod(until, timeZone)];
  const months: string[] = [];
  for (let month = first; month.start <= last.start; month = nextPeriod(month, timeZone))
    months.push(month.key);
  const before = previousPeriod(first, timeZone);
  const counts = await reader.query<Count>(sql`
    select to_char(t.opened_at at time zone ${timeZone}::text, 'YYYY-MM') as month, t.topic, count(*)::int as count,
           (count(*) filter (where exists (select 1 from knowledge_citation c where c.ticket_id = t.id)))::int as "withArticle"
    from ticket t
    where t.category = 'INQUIRY' and t.topic is not null and ${ticketReadable(reader.sees, sql`t`)}
      and t.opened_at >= ${new Date(before.start)}::timestamptz and t.opened_at < ${new Date(last.end)}::timestamptz
    group by 1, 2`);
  const known = new Map(counts.map((count) => [`${count.month} ${count.topic}`, count]));
  return months.flatMap((month, index) =>
    Object.values(InquiryTopic).map((topic) => {
      const counted = known.get(`${month} ${topic}`);
      return {
        month,
        topic,
        count: counted?.count ?? 0,
        withArticle: counted?.withArticle ?? 0,
        previous: known.get(`${months[index - 1] ?? before.key} ${topic}`)?.count ?? 0,
      };
    }),
  );
}
