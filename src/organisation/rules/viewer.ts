import type { Role } from '../../generated/prisma/enums.ts';
import { PERMISSIONS, type Resource, type Verb } from './permissions.ts';

/** The caller of a request: an employee with the roles that are valid at the request's instant. */
export interface Viewer {
  readonly employeeId: string;
  readonly departmentId: string;
  readonly teamId: string | null;
  readonly areaIds: readonly string[];
  readonly roles: readonly Role[];
  /** When the last role ended that did not go on; null when none has. Dedicated assignments from before it are over (PRM-06). */
  readonly rolesSince: Date | null;
  /** The local day of the request, YYYY-MM-DD. */
  readonly today: string;
  /** Everything the roles allow, as "resource:verb:SCOPE". */
  readonly rights: ReadonlySet<string>;
}

export interface EmployeeFacts {
  readonly id: string;
  readonly departmentId: string;
  readonly teamId: string | null;
  /** Local days, YYYY-MM-DD. */
  readonly hiredOn: string;
  readonly leftOn: string | null;
  readonly areaIds: readonly string[];
  readonly roles: readonly { readonly role: Role; readonly validFrom: Date; readonly validTo: Date | null }[];
}

/**
 * Who an employee is to this API at an instant, `today` being its local day; null for a person who is not employed
 * then or holds no role: unknown callers get nothing (ORG-01).
 */
export function viewerOf(employee: EmployeeFacts, now: Date, today: string): Viewer | null {
  if (today < employee.hiredOn || (employee.leftOn !== null && today > employee.leftOn)) return null;
  const valid = employee.roles.filter((r) => r.validFrom <= now && (r.validTo === null || now < r.validTo));
  const roles = [...new Set(valid.map((r) => r.role))].sort();
  if (roles.length === 0) return null;
  return {
    employeeId: employee.id,
    departmentId: employee.departmentId,
    teamId: employee.teamId,
    areaIds: employee.areaIds,
    roles,
    rolesSince: lastRoleEnd(employee.roles, now),
    today,
    rights: rightsOf(roles),
  };
}

/** A role that goes on in another row has not ended. */
function lastRoleEnd(held: EmployeeFacts['roles'], now: Date): Date | null {
  const ends = held.flatMap(({ role, validTo }) => {
    if (validTo === null || validTo > now) return [];
    const goesOn = held.some(
      (other) =>
        other.role === role &&
        other.validFrom <= validTo &&
        (other.validTo === null || other.validTo > validTo),
    );
    return goesOn ? [] : [validTo.getTime()];
  });
  return ends.length === 0 ? null : new Date(Math.max(...ends));
}

const rightsByRoles = new Map<string, ReadonlySet<string>>();

/** The rights of a set of roles; few sets occur, each is worked out once. */
function rightsOf(roles: readonly Role[]): ReadonlySet<string> {
  const key = roles.join();
  const known = rightsByRoles.get(key);
  if (known) return known;
  const rights = new Set<string>();
  for (const [resource, byRole] of Object.entries(PERMISSIONS)) {
    for (const role of roles) {
      for (const [verb, scopes] of Object.entries(byRole[role])) {
        for (const scope of scopes) rights.add(`${resource}:${verb}:${scope}`);
      }
    }
  }
  rightsByRoles.set(key, rights);
  return rights;
}

export function hasRole(viewer: Viewer, ...roles: readonly Role[]): boolean {
  return viewer.roles.some((role) => roles.includes(role));
}

/** True when the viewer holds the verb on the resource in any scope. */
export function can(viewer: Viewer, resource: Resource, verb: Verb): boolean {
  const prefix = `${resource}:${verb}:`;
  for (const right of viewer.rights) if (right.startsWith(prefix)) return true;
  return false;
}
