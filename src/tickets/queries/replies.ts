import type { ReplyTemplate } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import { can } from '../../organisation/rules/viewer.ts';
import { columns, sql } from '../../platform/sql.ts';

/** The library of texts; none for a person who reads no tickets. A few rows: it needs no pages and no index. */
export async function replyTemplates(reader: Reader): Promise<ReplyTemplate[]> {
  if (!can(reader.viewer, 'ticket', 'read')) return [];
  return reader.query<ReplyTemplate>(sql`
    select ${columns('r', ['id', 'code', 'title', 'body', 'bodyEn', 'isActive', 'updatedAt', 'updatedById', 'version'])}
    from reply_template r order by r.code`);
}
