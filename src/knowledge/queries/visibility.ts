import type { Sql } from '../../platform/sql.ts';
import { sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';

/** The one visibility fragment of articles: FULL or NONE. The department reads what is published, its writers all. */
export function articleReadable(viewer: ViewerSql, k: Sql): Sql {
  return reached(viewer, [
    ['knowledge:read:ALL', sql`true`],
    ['knowledge:read:PUBLISHED', sql`${k}.state = 'PUBLISHED'`],
  ]);
}
