import { assignToCustomer } from '../../customers/commands/assignments.ts';
import { CUSTOMER_SETTINGS } from '../../customers/settings.ts';
import type { Role } from '../../generated/prisma/enums.ts';
import type { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesAt } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { type Competences, missingCompetences, type MissingCompetence } from '../rules/competence.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import type { LockedCustomer } from './locks.ts';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

/** Only department staff can be dedicated (CUS-17), and each part needs its role. */
export function expectPerson(
  issues: Issues,
  tx: Command,
  { organisation, timeZone }: Directory,
  path: 'specialistId' | 'supervisorId',
  employeeId: string | null,
  role: Role,
): void {
  const inside: readonly string[] = tx.settings.get(CUSTOMER_SETTINGS.insideTeams);
  const team = organisation.teams.get(organisation.employees.get(employeeId ?? '')?.teamId ?? '');
  const suits =
    employeeId !== null &&
    rolesAt(organisation, employeeId, tx.now, timeZone).includes(role) &&
    team !== undefined &&
    inside.includes(team.type);
  issues.expect(
    suits,
    path,
    text(
      `a ${role} in a team inside the department: ${inside.join(', ')}`,
      `部门内团队（${inside.join('、')}）的 ${role}`,
    ),
  );
}

/** The account's people become dedicated, so that they read a grade A file (PRM-07). */
export async function dedicate(
  tx: Command,
  customerId: string,
  employeeIds: readonly (string | null)[],
): Promise<void> {
  const distinct = [...new Set(employeeIds)].filter((id) => id !== null);
  await assignToCustomer(
    tx,
    distinct.map((employeeId) => ({ customerId, employeeId, dedicated: true, validTo: null })),
  );
}

/** Dedicated assignments end at once (PRM-06); the customer's owner keeps theirs, which are not the account's. */
export async function release(
  tx: Command,
  customer: Pick<LockedCustomer, 'id' | 'ownerId'>,
  employeeIds: readonly (string | null)[],
): Promise<void> {
  const released = employeeIds.filter((id) => id !== null && id !== customer.ownerId);
  const ended = await tx.query<{ employeeId: string }>(sql`
    update customer_assignment set valid_to = ${tx.now}::timestamptz
    where customer_id = ${customer.id}::uuid and employee_id = any(${released}::uuid[]) and dedicated
      and (valid_to is null or valid_to > ${tx.now}::timestamptz)
    returning employee_id as "employeeId"`);
  tx.audit(
    ...ended.map(({ employeeId }) => ({
      action: 'customerUnassign',
      subjectType: 'Customer',
      subjectId: customer.id,
      after: { employeeId },
    })),
  );
}

/** What the profile of their part asks for and nobody has confirmed of them (KEY-04): a warning, not a refusal. */
export async function competencesMissing(
  tx: Command,
  people: { readonly specialistId: string | null; readonly supervisorId: string | null },
): Promise<MissingCompetence[]> {
  const ids = [people.specialistId, people.supervisorId].filter((id) => id !== null);
  const confirmed = await tx.query<Competences>(sql`
    select employee_id as "employeeId", competence from employee_competence where employee_id = any(${ids}::uuid[])`);
  return missingCompetences(tx.settings.get(KEY_ACCOUNT_SETTINGS.competenceProfile), confirmed, people);
}
