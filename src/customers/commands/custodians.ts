import { Forbidden, Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { holdersOf, type Reader } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { inFileScope } from '../definitions.ts';
import { NAMES_CUSTODIANS } from '../rules/stages.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { lockCustomer, requireVersion } from './lock.ts';

/** Assignments `a` in force that open the grade A file of `c`. */
function dedicatedTo(c: Sql, now: Date): Sql {
  return sql`a.customer_id = ${c}.id and a.dedicated and a.valid_from <= ${now}::timestamptz
    and (a.valid_to is null or a.valid_to > ${now}::timestamptz)`;
}

/**
 * Names who keeps the files that have nobody: the first holder of file.custodianRole, of a grade A file the person that
 * was dedicated to it first; one that lost the assignment is replaced (CUS-21, CFL-28). `ids` null: every file.
 */
export async function nameCustodians(
  tx: Command,
  { organisation, timeZone }: Pick<Reader, 'organisation' | 'timeZone'>,
  ids: readonly string[] | null,
): Promise<void> {
  const [keeper] = holdersOf(
    organisation,
    [tx.settings.get(CUSTOMER_SETTINGS.custodianRole)],
    tx.now,
    timeZone,
  ).toSorted((one, other) => one.number.localeCompare(other.number));
  const named = await tx.query<{ id: string; before: string | null; after: string | null }>(sql`
    with wanted as (
      select c.id, c.custodian_id as was,
             case when c.grade = 'A' is true then (
               select a.employee_id from customer_assignment a where ${dedicatedTo(sql`c`, tx.now)}
               order by (a.employee_id = c.custodian_id) is true desc, a.valid_from, a.id limit 1)
             else coalesce(
               (select e.id from employee e where e.id = c.custodian_id and e.left_on is null), ${keeper?.id ?? null}::uuid)
             end as custodian
      from customer c
      where ${inFileScope(tx.settings)} and (${ids === null}::boolean or c.id = any(${[...(ids ?? [])]}::uuid[]))
    )
    update customer c set custodian_id = w.custodian, updated_at = ${tx.now}::timestamptz, version = c.version + 1
    from wanted w
    where w.id = c.id and w.custodian is distinct from w.was
    returning c.id, w.was as "before", c.custodian_id as "after"`);
  tx.audit(
    ...named.map(({ id, before, after }) => ({
      action: 'customerCustodian',
      subjectType: 'Customer',
      subjectId: id,
      before: { custodianId: before },
      after: { custodianId: after },
    })),
  );
}

export interface CustomerCustodianSetInput {
  readonly customerId: string;
  readonly employeeId: string;
  readonly expectedVersion: number;
}

/** Names who keeps a file complete and current; of a grade A file HEAD names one of its dedicated people (CUS-21, CFL-28). */
export async function customerCustodianSet(
  tx: Command,
  viewer: Viewer,
  input: CustomerCustodianSetInput,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  const naming = customer.grade === 'A' ? (['HEAD'] as const) : NAMES_CUSTODIANS;
  if (!hasRole(viewer, ...naming)) throw new Forbidden(naming);
  requireVersion(customer.version, input.expectedVersion);
  const employee = organisation.employees.get(input.employeeId);
  const issues = new Issues();
  issues.expect(
    employee !== undefined && employee.leftOn === null,
    'employeeId',
    text('an employee of the company', '在职员工'),
  );
  if (customer.grade === 'A') {
    const [dedicated] = await tx.query<{ id: string }>(sql`
      select a.id from customer c join customer_assignment a on ${dedicatedTo(sql`c`, tx.now)}
      where c.id = ${customer.id}::uuid and a.employee_id = ${input.employeeId}::uuid limit 1`);
    issues.expect(
      dedicated !== undefined,
      'employeeId',
      text('a person dedicated to this grade A customer (CFL-28)', '该 A 级客户的专属人员（CFL-28）'),
    );
  }
  issues.throwIfAny();
  await tx.prisma.customer.update({
    where: { id: customer.id },
    data: { custodianId: input.employeeId, updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: 'customerCustodian',
    subjectType: 'Customer',
    subjectId: customer.id,
    after: { custodianId: input.employeeId },
  });
  return { customerId: customer.id };
}
