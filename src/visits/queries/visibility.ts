import { customerLevel } from '../../customers/queries/visibility.ts';
import { contactLogsReadable, contactLogsWritable } from '../../key-accounts/queries/visibility.ts';
import { all, any, type Sql, sql } from '../../platform/sql.ts';
import { levelOf, reached, type ViewerSql } from '../../platform/visibility.ts';

/**
 * A visitor sees the own visits, also where the file is closed to them: a patrol is made by somebody who does not serve
 * the customer (VIS-02). Not of a grade A file, whose content is for dedicated people alone (CUS-17).
 */
function ownVisit(viewer: ViewerSql, v: Sql, c: Sql, verb: 'read' | 'write'): Sql {
  return all([
    reached(viewer, [
      [`contactLog:${verb}:ASSIGNED`, sql`${v}.visitor_id = ${viewer.employeeId}`],
      [`contactLog:${verb}:KEY`, sql`${v}.visitor_id = ${viewer.employeeId}`],
    ]),
    sql`${c}.grade is distinct from 'A'`,
    sql`${customerLevel(viewer, c)} > 0`,
  ]);
}

/** True where the viewer may read a visit `v` of the customer `c`: content of its file (section 23, column visits). */
export function visitReadable(viewer: ViewerSql, v: Sql, c: Sql): Sql {
  return any([contactLogsReadable(viewer, c), ownVisit(viewer, v, c, 'read')]);
}

/** True where the viewer may record or cancel the visit. */
export function visitWritable(viewer: ViewerSql, v: Sql, c: Sql): Sql {
  return any([contactLogsWritable(viewer, c), ownVisit(viewer, v, c, 'write')]);
}

/** The same as a level, for events about visits; `v` is the alias of the row. A visit has no card. */
export function visitLevel(viewer: ViewerSql, v: Sql): Sql {
  const c = sql`vc`;
  return levelOf(
    sql`exists (select 1 from customer vc where vc.id = ${v}.customer_id and ${visitReadable(viewer, v, c)})`,
    sql`false`,
  );
}
