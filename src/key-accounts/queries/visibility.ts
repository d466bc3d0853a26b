import { customerLevel, inChargeOf } from '../../customers/queries/visibility.ts';
import { all, type Sql, sql } from '../../platform/sql.ts';
import { levelOf, type Reach, reached, type ViewerSql } from '../../platform/visibility.ts';

function inArea(viewer: ViewerSql, customerId: Sql): Sql {
  return sql`exists (select 1 from customer o where o.id = ${customerId} and o.area_id = any(${viewer.areaIds}))`;
}

function accounts(viewer: ViewerSql, k: Sql, verb: 'read' | 'write' | 'approve'): readonly Reach[] {
  return [
    [`keyAccount:${verb}:ALL`, sql`true`],
    [`keyAccount:${verb}:AREA`, inArea(viewer, sql`${k}.customer_id`)],
    [`keyAccount:${verb}:ASSIGNED`, inChargeOf(viewer, sql`${k}.customer_id`)],
    [
      `keyAccount:${verb}:KEY_ASSIGNED`,
      // An account that has ended has released its people.
      sql`(${k}.ended_at is null and ${viewer.employeeId} in (${k}.specialist_id, ${k}.supervisor_id))`,
    ],
  ];
}

/**
 * The one visibility fragment of key accounts: FULL, MASKED or NONE for a viewer (section 23). Their customer is
 * guarded by its own fragment, so that no account shows a grade A file (PRM-07). `k` is the alias of the row.
 */
export function keyAccountLevel(viewer: ViewerSql, k: Sql): Sql {
  const card = reached(viewer, [['keyAccount:mask:ALL', sql`true`]]);
  return levelOf(reached(viewer, accounts(viewer, k, 'read')), card);
}

/** True where the viewer may change how the account is served. */
export function keyAccountWritable(viewer: ViewerSql, k: Sql): Sql {
  return reached(viewer, accounts(viewer, k, 'write'));
}

/** True where the viewer decides on promotion, level, special rank, handover and end. */
export function keyAccountApprovable(viewer: ViewerSql, k: Sql): Sql {
  return reached(viewer, accounts(viewer, k, 'approve'));
}

/** True where the viewer may ask to make the customer a key account: who approves that, and who would serve it (KEY-17). */
export function promotionAskable(viewer: ViewerSql, c: Sql): Sql {
  return reached(viewer, [
    ['keyAccount:approve:ALL', sql`true`],
    ['keyAccount:write:ALL', sql`true`],
    ['keyAccount:write:ASSIGNED', inChargeOf(viewer, sql`${c}.id`)],
  ]);
}

/**
 * True where the viewer reads what is proposed and found of a customer's rank: who reads its key account, and who asked.
 * `p` is the alias of the row, which has a `customer_id`.
 */
export function rankReadable(viewer: ViewerSql, p: Sql): Sql {
  return reached(viewer, [
    ['keyAccount:read:ALL', sql`true`],
    ['keyAccount:read:AREA', inArea(viewer, sql`${p}.customer_id`)],
    ['keyAccount:read:ASSIGNED', inChargeOf(viewer, sql`${p}.customer_id`)],
    [
      'keyAccount:read:KEY_ASSIGNED',
      sql`exists (
        select 1 from key_account rk
        where rk.customer_id = ${p}.customer_id and rk.ended_at is null
          and ${viewer.employeeId} in (rk.specialist_id, rk.supervisor_id))`,
    ],
  ]);
}

function contacts(viewer: ViewerSql, c: Sql, verb: 'read' | 'write'): readonly Reach[] {
  const keyAccount = sql`select 1 from key_account k where k.customer_id = ${c}.id and k.ended_at is null`;
  return [
    [`contactLog:${verb}:ALL`, sql`true`],
    [`contactLog:${verb}:AREA`, sql`${c}.area_id = any(${viewer.areaIds})`],
    [`contactLog:${verb}:ASSIGNED`, inChargeOf(viewer, sql`${c}.id`)],
    [`contactLog:${verb}:KEY`, sql`exists (${keyAccount})`],
    [
      `contactLog:${verb}:KEY_ASSIGNED`,
      sql`exists (${keyAccount} and ${viewer.employeeId} in (k.specialist_id, k.supervisor_id))`,
    ],
  ];
}

/** True where the viewer may read the customer's contact logs: they are content of the file (CUS-17, section 23). */
export function contactLogsReadable(viewer: ViewerSql, c: Sql): Sql {
  return all([reached(viewer, contacts(viewer, c, 'read')), sql`${customerLevel(viewer, c)} = 2`]);
}

/** True where the viewer may record a contact with the customer. */
export function contactLogsWritable(viewer: ViewerSql, c: Sql): Sql {
  return all([reached(viewer, contacts(viewer, c, 'write')), sql`${customerLevel(viewer, c)} = 2`]);
}
