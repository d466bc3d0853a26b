import { newId } from '../lib/ids.ts';
import { type Queryable, sql } from './sql.ts';

/** Who did what to which record, with the state before and after. */
export interface AuditEntry {
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId: string | null;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface AuditOrigin {
  readonly actorId: string | null;
  readonly requestId: string | null;
  readonly now: Date;
}

/** Writes the entries with one statement. */
export async function writeAudit(
  db: Queryable,
  entries: readonly AuditEntry[],
  origin: AuditOrigin,
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    id: newId(),
    action: entry.action,
    subject_type: entry.subjectType,
    subject_id: entry.subjectId,
    before: entry.before ?? null,
    after: entry.after ?? null,
  }));
  await db.query(sql`
    insert into audit_log (id, at, actor_id, action, subject_type, subject_id, before, after, request_id)
    select a.id, ${origin.now}::timestamptz, ${origin.actorId}::uuid, a.action, a.subject_type, a.subject_id,
           nullif(a.before, 'null'::jsonb), nullif(a.after, 'null'::jsonb), ${origin.requestId}::text
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as a(id uuid, action text, subject_type text, subject_id uuid, before jsonb, after jsonb)
    returning 1 as written`);
}
