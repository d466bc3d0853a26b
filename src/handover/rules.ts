import type { HandoverReason } from '../generated/prisma/enums.ts';
import { can, type EmployeeFacts, viewerOf } from '../organisation/rules/viewer.ts';

/** Work that people have. */
export type Work = 'TICKET' | 'OWNER' | 'CUSTODIAN';

/**
 * Why somebody can have such work no longer; null while they can. Tickets need the right to work on them, owned customers
 * the right to write files of any grade; a keeper of a file needs a role at all, for others may enter what is known (PRM-06).
 */
export function endedBecause(
  employee: EmployeeFacts,
  work: Work,
  now: Date,
  today: string,
): HandoverReason | null {
  if (employee.leftOn !== null && today > employee.leftOn) return 'LEFT';
  const viewer = viewerOf(employee, now, today);
  if (!viewer) return 'ROLE_ENDED';
  if (work === 'CUSTODIAN') return null;
  const able =
    work === 'TICKET'
      ? can(viewer, 'ticket', 'write')
      : can(viewer, 'customerFile', 'write') || can(viewer, 'customerFileA', 'write');
  return able ? null : 'ROLE_ENDED';
}

/** The nearest superior who can have the work; null where there is none. Nobody is asked twice. */
export function successorOf(
  employeeId: string,
  superiorOf: (id: string) => string | null,
  canHave: (id: string) => boolean,
): string | null {
  const asked = new Set([employeeId]);
  for (let next = superiorOf(employeeId); next !== null && !asked.has(next); next = superiorOf(next)) {
    if (canHave(next)) return next;
    asked.add(next);
  }
  return null;
}
