import { all, type Sql, sql } from '../../platform/sql.ts';
import type { ViewerSql } from '../../platform/visibility.ts';

/** Where a subject lies: its area and its department, for approvers whose power reaches no further. */
export interface SubjectPlace {
  readonly area: Sql;
  readonly department: Sql;
}

/** The instant at which seats are looked for, and its local day. */
export type SeatInstant = Pick<ViewerSql, 'now' | 'today'>;

/** A delegation in force: inclusive of its first instant, exclusive of its last. */
export function inForce(d: Sql, { now }: Pick<SeatInstant, 'now'>): Sql {
  return sql`(${d}.valid_from <= ${now} and ${d}.valid_to > ${now} and (${d}.revoked_at is null or ${d}.revoked_at > ${now}))`;
}

/**
 * Everybody's seats at a step, as rows `employee_id`, `holder_id`, `delegation_id`, `own`: by a role of one's own that
 * the step names and that reaches the subject, or by a delegation of somebody who has such a role. Lent power is not
 * lent on: a delegation gives the roles of its delegator alone. `a` and `s` are the aliases of the approval and its
 * step; `who` bounds the people. Roles are found by role_assignment(employee_id), delegations by
 * approval_delegation(delegate_id, valid_to).
 */
export function seats(
  a: Sql,
  s: Sql,
  place: SubjectPlace,
  at: SeatInstant,
  who: (employeeId: Sql) => Sql,
): Sql {
  return sql`
    select seat.employee_id, seat.holder_id, seat.delegation_id,
           coalesce(${a}.requester_id in (seat.employee_id, seat.holder_id), false) as own
    from (
      select e.id as employee_id, e.id as holder_id, null::uuid as delegation_id
      from employee e where ${who(sql`e.id`)}
      union all
      select d.delegate_id, d.delegator_id, d.id
      from approval_delegation d
      where ${all([who(sql`d.delegate_id`), inForce(sql`d`, at)])} and (d.chain is null or d.chain = ${a}.chain)
    ) seat
    join employee h on h.id = seat.holder_id
      and h.hired_on <= ${at.today} and (h.left_on is null or h.left_on >= ${at.today})
    join role_assignment r on r.employee_id = h.id
      and r.valid_from <= ${at.now} and (r.valid_to is null or r.valid_to > ${at.now})
    join jsonb_to_recordset(${s}.approvers) as p(role text, scope text) on p.role = r.role::text
    where p.scope = 'ALL'
      or (p.scope = 'AREA' and exists (
        select 1 from employee_area x where x.employee_id = h.id and x.area_id = ${place.area}))
      or (p.scope = 'DEPARTMENT' and h.department_id = ${place.department})`;
}

/** The viewer's seats at a step. */
export function seatsOf(
  viewer: Pick<ViewerSql, 'employeeId' | 'now' | 'today'>,
  a: Sql,
  s: Sql,
  place: SubjectPlace,
): Sql {
  return seats(a, s, place, viewer, (employeeId) => sql`${employeeId} = ${viewer.employeeId}`);
}

/** True where the viewer has a seat at the step by which it may be decided: never at an own request. */
export function seatedAt(viewer: ViewerSql, a: Sql, s: Sql, place: SubjectPlace): Sql {
  return sql`exists (select 1 from (${seatsOf(viewer, a, s, place)}) mine where not mine.own)`;
}
