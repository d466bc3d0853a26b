import { Forbidden, invalid, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { lockCustomer } from './lock.ts';

export interface CustomerAssignInput {
  readonly customerId: string;
  readonly employeeId: string;
  readonly dedicated?: boolean | null;
  readonly validTo?: Date | null;
}

/** Assigns a person to a customer. Dedicated ones read a grade A file: only HEAD names them, only among department staff (CUS-17). */
export async function customerAssign(
  tx: Command,
  viewer: Viewer,
  input: CustomerAssignInput,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  const dedicated = input.dedicated ?? false;
  const assigning =
    dedicated || customer.grade === 'A' ? (['HEAD'] as const) : (['HEAD', 'SALES_SUPERVISOR'] as const);
  if (!hasRole(viewer, ...assigning)) throw new Forbidden(assigning);
  const employee = organisation.employees.get(input.employeeId);
  const issues = new Issues();
  issues.expect(
    employee !== undefined && employee.leftOn === null,
    'employeeId',
    text('an employee of the company', '在职员工'),
  );
  if (dedicated) {
    const team = organisation.teams.get(employee?.teamId ?? '');
    const inside: readonly string[] = tx.settings.get(CUSTOMER_SETTINGS.insideTeams);
    issues.expect(
      team !== undefined && inside.includes(team.type),
      'employeeId',
      text(
        `a member of a team inside the department: ${inside.join(', ')}`,
        `部门内团队成员：${inside.join('、')}`,
      ),
    );
  }
  issues.expect(
    input.validTo == null || input.validTo > tx.now,
    'validTo',
    text('in the future', '须晚于当前时间'),
  );
  issues.throwIfAny();
  await assignToCustomer(tx, [
    { customerId: customer.id, employeeId: input.employeeId, dedicated, validTo: input.validTo ?? null },
  ]);
  return { customerId: customer.id };
}

/** Ends open assignments of these people to these customers and writes the new ones. */
export async function assignToCustomer(
  tx: Command,
  assignments: readonly {
    customerId: string;
    employeeId: string;
    dedicated: boolean;
    validTo: Date | null;
  }[],
): Promise<void> {
  for (const { customerId, employeeId } of assignments) {
    await tx.query(sql`
      update customer_assignment set valid_to = greatest(valid_from, ${tx.now}::timestamptz)
      where customer_id = ${customerId}::uuid and employee_id = ${employeeId}::uuid
        and (valid_to is null or valid_to > ${tx.now}::timestamptz)
      returning id`);
  }
  await tx.prisma.customerAssignment.createMany({
    data: assignments.map((assignment) => ({ ...assignment, id: newId(), validFrom: tx.now })),
  });
  tx.audit(
    ...assignments.map((assignment) => ({
      action: 'customerAssign',
      subjectType: 'Customer',
      subjectId: assignment.customerId,
      after: assignment,
    })),
  );
}

export interface CustomerUnassignInput {
  readonly customerId: string;
  readonly employeeId: string;
}

/** Ends a person's assignments to a customer at once (PRM-06). */
export async function customerUnassign(
  tx: Command,
  viewer: Viewer,
  input: CustomerUnassignInput,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  const assigning = customer.grade === 'A' ? (['HEAD'] as const) : (['HEAD', 'SALES_SUPERVISOR'] as const);
  if (!hasRole(viewer, ...assigning)) throw new Forbidden(assigning);
  const ended = await tx.query<{ id: string }>(sql`
    update customer_assignment set valid_to = greatest(valid_from, ${tx.now}::timestamptz)
    where customer_id = ${customer.id}::uuid and employee_id = ${input.employeeId}::uuid
      and (valid_to is null or valid_to > ${tx.now}::timestamptz)
    returning id`);
  if (ended.length === 0)
    throw invalid('employeeId', text('a person who is assigned to the customer', '已分配到该客户的人员'));
  tx.audit({
    action: 'customerUnassign',
    subjectType: 'Customer',
    subjectId: customer.id,
    after: { employeeId: input.employeeId },
  });
  return { customerId: customer.id };
}
