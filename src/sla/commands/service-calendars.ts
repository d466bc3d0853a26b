import { lockCustomer, requireVersion } from '../../customers/commands/lock.ts';
import { Forbidden, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { renewTermsOfCustomers } from '../../tickets/commands/clock.ts';
import { newestCalendar } from '../queries/versions.ts';

export interface ServiceCalendarSetInput {
  readonly customerId: string;
  readonly calendarCode?: string | null;
  readonly contract?: string | null;
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Who signs contracts or answers for the service under them, and reads the file. */
const SETTING_ROLES = ['HEAD', 'SALES_SUPERVISOR', 'CS_SUPERVISOR'] as const;

/**
 * Has the clocks of a customer's inquiries and shipment queries run in the calendar that the contract promises, from now
 * on (CFL-25), or in their policy's again. Open tickets move with it (TIC-36).
 */
export async function serviceCalendarSet(
  tx: Command,
  viewer: Viewer,
  input: ServiceCalendarSetInput,
  { timeZone }: { readonly timeZone: string },
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!hasRole(viewer, ...SETTING_ROLES)) throw new Forbidden(SETTING_ROLES);
  if (customer.level < LEVEL.FULL) {
    throw new Forbidden(
      ['HEAD', 'a dedicated assignment'],
      text('Set by those who may read the file.', '由有权查阅该档案的人员设定。'),
    );
  }
  requireVersion(customer.version, input.expectedVersion);
  const code = input.calendarCode ?? null;
  const contract = input.contract?.trim() ?? '';
  const issues = new Issues();
  issues.expect(
    input.reason.trim() !== '' && input.reason.length <= 2_000,
    'reason',
    text('why, at most 2,000 characters', '原因，最多 2000 字'),
  );
  issues.expect(
    code === null || (contract !== '' && contract.length <= 100),
    'contract',
    text('the contract that promises it, at most 100 characters', '作出该承诺的合同，最多 100 字'),
  );
  issues.expect(
    code === null || (await newestCalendar(tx, code)) !== null,
    'calendarCode',
    text('the code of an approved calendar', '已批准日历的代码'),
  );
  issues.throwIfAny();
  const [ended] = await tx.query<{ calendarCode: string; contract: string }>(sql`
    update service_calendar set valid_to = ${tx.now}::timestamptz, ended_by_id = ${viewer.employeeId}::uuid
    where customer_id = ${customer.id}::uuid and valid_to is null
    returning calendar_code as "calendarCode", contract`);
  if (code !== null) {
    await tx.prisma.serviceCalendar.create({
      data: {
        id: newId(),
        customerId: customer.id,
        calendarCode: code,
        contract,
        reason: input.reason.trim(),
        validFrom: tx.now,
        setById: viewer.employeeId,
      },
    });
  }
  await tx.prisma.customer.update({
    where: { id: customer.id },
    data: { updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: 'serviceCalendarSet',
    subjectType: 'Customer',
    subjectId: customer.id,
    before: ended ?? null,
    after: { calendarCode: code, contract: code === null ? null : contract, reason: input.reason.trim() },
  });
  await renewTermsOfCustomers(tx, [customer.id], timeZone);
  return { customerId: customer.id };
}
