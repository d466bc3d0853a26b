import { customerLevel } from '../../customers/queries/visibility.ts';
import { all, any, type Sql, sql } from '../../platform/sql.ts';
import { LEVEL, levelOf, reached, type ViewerSql } from '../../platform/visibility.ts';

/**
 * The one visibility fragment of proposed grades: FULL where the file is read, and for who proposed it; the card (old and
 * new grade, state) where the file is closed, for those who confirm grades; else NONE. `g` and `c` are the aliases of
 * candidate and customer.
 */
export function candidateLevel(viewer: ViewerSql, g: Sql, c: Sql): Sql {
  const level = customerLevel(viewer, c);
  return levelOf(
    any([
      sql`${level} = ${LEVEL.FULL}::int`,
      all([sql`${g}.proposed_by_id = ${viewer.employeeId}`, sql`${level} > 0`]),
    ]),
    reached(viewer, [['grading:approve:ALL', sql`${level} > 0`]]),
  );
}
