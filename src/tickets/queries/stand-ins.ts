import { delegationsInForce } from '../../approvals/queries/delegations.ts';
import { onDutyAt } from '../../duty/queries/duty.ts';
import type { Role } from '../../generated/prisma/enums.ts';
import { holdersOf, type Organisation, rolesAt } from '../../organisation/queries.ts';
import type { Queryable } from '../../platform/sql.ts';
import type { StandIns } from '../rules/escalation.ts';

/**
 * Who answers for teams, roles and persons at an instant: the rota, those who hold a role, and those to whom somebody
 * has lent the power to decide. Two statements for any number of tickets.
 */
export async function standInsAt(
  db: Queryable,
  teamIds: readonly (string | null)[],
  now: Date,
  { organisation, timeZone }: { readonly organisation: Organisation; readonly timeZone: string },
): Promise<StandIns> {
  const teams = teamIds.filter((id) => id !== null);
  const onDuty = Map.groupBy(await onDutyAt(db, teams, now, timeZone), ({ teamId }) => teamId);
  const lent = Map.groupBy(
    (await delegationsInForce(db, 'COMPLAINT_PLAN', now)).filter(
      ({ delegateId }) => rolesAt(organisation, delegateId, now, timeZone).length > 0,
    ),
    ({ delegatorId }) => delegatorId,
  );
  const holders = new Map<Role, readonly string[]>();
  const members = new Map<string, readonly string[]>();
  return {
    onDuty: (teamId) => (onDuty.get(teamId ?? '') ?? []).map(({ employeeId }) => employeeId),
    members(teamId) {
      if (teamId === null) return [];
      const known =
        members.get(teamId) ??
        [...organisation.employees.values()]
          .filter(
            ({ id, teamId: own }) => own === teamId && rolesAt(organisation, id, now, timeZone).length > 0,
          )
          .map(({ id }) => id);
      members.set(teamId, known);
      return known;
    },
    holders(role) {
      const known = holders.get(role) ?? holdersOf(organisation, [role], now, timeZone).map(({ id }) => id);
      holders.set(role, known);
      return known;
    },
    delegates: (employeeId) => (lent.get(employeeId) ?? []).map(({ delegateId }) => delegateId),
  };
}
