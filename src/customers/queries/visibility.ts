import { all, any, empty, type Sql, sql } from '../../platform/sql.ts';
import { levelOf, type Reach, reached, type ViewerSql } from '../../platform/visibility.ts';

/** True where the viewer is assigned to the customer at the viewer's instant; a dedicated assignment is one, too. */
function assignedTo(viewer: ViewerSql, customerId: Sql, options: { dedicated: boolean }): Sql {
  return sql`exists (
    select 1 from customer_assignment a
    where a.customer_id = ${customerId} and ${inForce(viewer, options)})`;
}

/**
 * True where the viewer owns the customer or is assigned to it. The viewer's customers are one set, whose parts are read
 * from an index alone, customer_assignment(employee_id, customer_id, …) and customer(owner_id, id): a list hashes it once.
 */
export function inChargeOf(viewer: ViewerSql, customerId: Sql): Sql {
  return sql`exists (
    select 1 from (
      select a.customer_id from customer_assignment a where ${inForce(viewer, { dedicated: false })}
      union all
      select o.id from customer o where o.owner_id = ${viewer.employeeId}) own
    where own.customer_id = ${customerId})`;
}

/** The viewer's assignments in force, of `customer_assignment a`. */
function inForce(viewer: ViewerSql, { dedicated }: { dedicated: boolean }): Sql {
  return all([
    sql`a.employee_id = ${viewer.employeeId}`,
    sql`a.valid_from <= ${viewer.now}`,
    sql`(a.valid_to is null or a.valid_to > ${viewer.now})`,
    dedicated ? sql`a.dedicated and ${lasting(viewer)}` : sql`(not a.dedicated or ${lasting(viewer)})`,
  ]);
}

/**
 * PRM-06: a dedicated assignment ends with a change of role, at that instant and whoever wrote the change, also one
 * that comes by a validity running out.
 */
function lasting(viewer: ViewerSql): Sql {
  return sql`a.valid_from >= ${viewer.rolesSince}`;
}

function inCharge(viewer: ViewerSql, c: Sql): Sql {
  return any([
    sql`${c}.owner_id = ${viewer.employeeId}`,
    assignedTo(viewer, sql`${c}.id`, { dedicated: false }),
  ]);
}

function filesBelowA(viewer: ViewerSql, c: Sql, verb: 'read' | 'write'): readonly Reach[] {
  return [
    [`customerFile:${verb}:ALL`, sql`true`],
    [`customerFile:${verb}:AREA`, sql`${c}.area_id = any(${viewer.areaIds})`],
    [`customerFile:${verb}:ASSIGNED`, inCharge(viewer, c)],
    [
      `customerFile:${verb}:KEY`,
      sql`exists (select 1 from key_account k where k.customer_id = ${c}.id and k.ended_at is null)`,
    ],
    [
      `customerFile:${verb}:TICKET_NEED`,
      sql`exists (
        select 1 from ticket n
        where n.customer_id = ${c}.id and n.assignee_id = ${viewer.employeeId} and n.status not in ('CLOSED', 'CANCELLED'))`,
    ],
    [`customerFile:${verb}:GRANT`, granted(viewer, c)],
  ];
}

function granted(viewer: ViewerSql, c: Sql): Sql {
  // By the index access_grant(requester_id, customer_id).
  return sql`exists (
    select 1 from access_grant g
    where g.customer_id = ${c}.id and g.requester_id = ${viewer.employeeId} and g.state = 'APPROVED'
      and g.valid_until > ${viewer.now})`;
}

function filesOfA(viewer: ViewerSql, c: Sql, verb: 'read' | 'write'): readonly Reach[] {
  return [
    [`customerFileA:${verb}:ALL`, sql`true`],
    [`customerFileA:${verb}:DEDICATED`, assignedTo(viewer, sql`${c}.id`, { dedicated: true })],
    // Held only where access.allowGrantForA is on.
    [`customerFileA:${verb}:GRANT`, granted(viewer, c)],
  ];
}

function fileReached(viewer: ViewerSql, c: Sql, verb: 'read' | 'write'): Sql {
  return any([
    all([sql`${c}.grade is distinct from 'A'`, reached(viewer, filesBelowA(viewer, c, verb))]),
    all([sql`${c}.grade = 'A'`, reached(viewer, filesOfA(viewer, c, verb))]),
  ]);
}

/**
 * The one visibility fragment of customers: FULL, MASKED or NONE for a viewer (CUS-17, CUS-18, PRM-01, PRM-02).
 * `c` is the alias of the customer's row.
 */
export function customerLevel(viewer: ViewerSql, c: Sql): Sql {
  const card = reached(viewer, [
    ['customerFile:mask:ALL', sql`${c}.grade is distinct from 'A'`],
    ['customerFileA:mask:ALL', sql`${c}.grade = 'A'`],
    ['customerFile:read:ALL', sql`${c}.grade is distinct from 'A'`],
  ]);
  return levelOf(fileReached(viewer, c, 'read'), card);
}

/** True where customerLevel is FULL, in a form whose rows the planner can estimate. */
export function customerReadable(viewer: ViewerSql, c: Sql): Sql {
  return fileReached(viewer, c, 'read');
}

/**
 * The ids of which those of all customers are that one viewer may read, where the viewer's rights reach only single ones:
 * own, assigned, key accounts, those with a ticket to work on, those opened by a grant. Nothing for wider rights.
 */
export function customersReadableAmong(viewer: ViewerSql): Sql | undefined {
  const wide = ['customerFile:read:ALL', 'customerFile:read:AREA', 'customerFileA:read:ALL'];
  if (wide.some((right) => viewer.holds(right) !== false)) return undefined;
  return sql`
    select o.id from customer o where o.owner_id = ${viewer.employeeId}
    union all select a.customer_id from customer_assignment a where ${inForce(viewer, { dedicated: false })}
    union all select g.customer_id from access_grant g where g.requester_id = ${viewer.employeeId} and g.state = 'APPROVED'
    union all select n.customer_id from ticket n
      where n.assignee_id = ${viewer.employeeId} and n.status not in ('CLOSED', 'CANCELLED')
    ${viewer.holds('customerFile:read:KEY') === false ? empty : sql`union all select k.customer_id from key_account k where k.ended_at is null`}`;
}

/** True where the viewer may change the customer's file. */
export function customerWritable(viewer: ViewerSql, c: Sql): Sql {
  return fileReached(viewer, c, 'write');
}
