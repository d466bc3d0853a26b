import { Forbidden, NotFound } from '../../lib/errors.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { subjectDefinition } from '../queries.ts';

/** A record that files are attached to. */
export interface SubjectRef {
  readonly type: string;
  readonly id: string;
}

/**
 * Locks the record for as long as the transaction lasts, so that its steps and its attachments do not change at once.
 * NotFound where the viewer may not know of it, Forbidden where the viewer may not work on it.
 */
export async function lockSubject(
  tx: Command,
  viewer: Viewer,
  subject: SubjectRef,
  field: string,
): Promise<void> {
  const { from, readable, writable, name, resource } = subjectDefinition(subject.type);
  const sees = constantViewer(viewer, tx.now);
  const [row] = await tx.query<{ readable: boolean; writable: boolean }>(sql`
    select ${readable(sees, sql`s`)} as readable, ${writable(sees, sql`s`)} as writable
    from ${from} where s.id = ${subject.id}::uuid for update of s`);
  if (!row?.readable) throw new NotFound([field], name);
  if (!row.writable) throw new Forbidden(rolesWith(resource, 'write'));
}
