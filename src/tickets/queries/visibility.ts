import { inChargeOf } from '../../customers/queries/visibility.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { levelOf, type Reach, reached, type ViewerSql } from '../../platform/visibility.ts';

function reaches(viewer: ViewerSql, t: Sql, verb: 'read' | 'write'): readonly Reach[] {
  return [
    [`ticket:${verb}:ALL`, sql`true`],
    [`ticket:${verb}:AREA`, sql`${t}.area_id = any(${viewer.areaIds})`],
    [`ticket:${verb}:TEAM`, sql`${t}.team_id = ${viewer.teamId}`],
    [
      `ticket:${verb}:HANDLER`,
      sql`${viewer.employeeId} in (${t}.assignee_id, ${t}.opened_by_id, ${t}.responsible_person_id)`,
    ],
    [`ticket:${verb}:KEY`, sql`${t}.key_account_id is not null`],
    [
      `ticket:${verb}:KEY_ASSIGNED`,
      sql`exists (
        select 1 from key_account k
        where k.id = ${t}.key_account_id and k.ended_at is null
          and ${viewer.employeeId} in (k.specialist_id, k.supervisor_id))`,
    ],
    [`ticket:${verb}:CUSTOMERS`, inChargeOf(viewer, sql`${t}.customer_id`)],
    [`ticket:${verb}:SALE`, sql`${t}.arises_during_sale`],
    [
      `ticket:${verb}:SALE_CUSTOMERS`,
      sql`(${t}.arises_during_sale and ${inChargeOf(viewer, sql`${t}.customer_id`)})`,
    ],
    [
      `ticket:${verb}:DISPATCHED`,
      sql`(${t}.responsible_department_id = ${viewer.departmentId} or exists (
        select 1 from ticket_dispatch d
        where d.ticket_id = ${t}.id and d.department_id = ${viewer.departmentId}))`,
    ],
    [`ticket:${verb}:CLAIMS`, sql`${t}.claim_amount is not null`],
  ];
}

/**
 * The one visibility fragment of tickets: FULL or NONE for a viewer. A ticket may be visible where its customer's
 * file is not (TIC-35): the file is guarded by the customer's own fragment.
 */
export function ticketLevel(viewer: ViewerSql, t: Sql): Sql {
  return levelOf(reached(viewer, reaches(viewer, t, 'read')), sql`false`);
}

/** True where the viewer may read the ticket; for lists, which need no level. */
export function ticketReadable(viewer: ViewerSql, t: Sql): Sql {
  return reached(viewer, reaches(viewer, t, 'read'));
}

/** True where the viewer may work on the ticket. */
export function ticketWritable(viewer: ViewerSql, t: Sql): Sql {
  return reached(viewer, reaches(viewer, t, 'write'));
}
