import type { Prisma } from '../../generated/prisma/client.ts';
import type { CustomerLifecycle } from '../../generated/prisma/enums.ts';
import { Forbidden, Issues } from '../../lib/errors.ts';
import { isMoney } from '../../lib/money.ts';
import { text } from '../../lib/text.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { customerNumbers } from '../numbers.ts';
import { expectLeadFacts } from '../rules.ts';
import { stageByHand } from '../rules/stages.ts';
import { expectNotCleared, expectTexts, givenFacts, withoutNulls } from './facts.ts';
import { lockCustomer, requireWritable, requireVersion } from './lock.ts';
import { enterPendingUpdates } from './pending-updates.ts';
import { recordStages } from './stages.ts';

export interface CustomerFacts {
  readonly name?: string | null;
  readonly contactPerson?: string | null;
  readonly phone?: string | null;
  readonly address?: string | null;
  readonly businessNeeds?: string | null;
  readonly businessLine?: 'LOGISTICS' | 'LEASING' | null;
  readonly type?: string | null;
  readonly industry?: string | null;
  readonly areaId?: string | null;
  readonly registrationNumber?: string | null;
  readonly fax?: string | null;
  readonly email?: string | null;
  readonly website?: string | null;
  readonly scopeOfBusiness?: string | null;
  readonly mainProducts?: string | null;
  readonly industryPosition?: string | null;
  readonly infoSource?: Prisma.CustomerUncheckedCreateInput['infoSource'];
  readonly informationObtainedAt?: Date | null;
  readonly invoiceTitle?: string | null;
  readonly taxNumber?: string | null;
  readonly creditLimit?: string | null;
  readonly paymentTermDays?: number | null;
}

/** What may be written of a customer. */
export function checkFacts(issues: Issues, facts: CustomerFacts, now: Date): void {
  issues.expect(
    facts.creditLimit == null || (isMoney(facts.creditLimit) && !facts.creditLimit.startsWith('-')),
    'creditLimit',
    text('an amount of 0 or more with at most two places', '不小于 0、最多两位小数的金额'),
  );
  issues.expect(
    facts.paymentTermDays == null || (facts.paymentTermDays >= 0 && facts.paymentTermDays <= 365),
    'paymentTermDays',
    text('0 to 365 days', '0 到 365 天'),
  );
  issues.expect(
    facts.informationObtainedAt == null || facts.informationObtainedAt <= now,
    'informationObtainedAt',
    text('not in the future', '不能晚于当前时间'),
  );
  expectTexts(issues, facts);
}

export interface CustomerCreateInput extends CustomerFacts {
  readonly name: string;
  readonly lifecycle?: CustomerLifecycle | null;
  readonly ownerId?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Creates a TARGET, or a LEAD when the five facts of CUS-02 are given. */
export async function customerCreate(
  tx: Command,
  viewer: Viewer,
  input: CustomerCreateInput,
): Promise<{ customerId: string }> {
  const creators = [
    'HEAD',
    'SALES_SUPERVISOR',
    'ACCOUNT_MANAGER_LOGISTICS',
    'ACCOUNT_MANAGER_LEASING',
    'SALES_REP',
    'MARKET_DEVELOPER',
    'MARKETING_CLERK',
  ] as const;
  if (!hasRole(viewer, ...creators)) throw new Forbidden(creators);
  const { idempotencyKey, lifecycle, ...facts } = input;
  const stage = lifecycle ?? 'TARGET';
  const issues = new Issues();
  issues.expect(input.name.trim().length > 0, 'name', text('a company name', '公司名称'));
  issues.expect(
    stage === 'TARGET' || stage === 'LEAD',
    'lifecycle',
    text('TARGET or LEAD at creation', '新建时只能为 TARGET 或 LEAD'),
  );
  expectLeadFacts(issues, stage, input);
  checkFacts(issues, facts, tx.now);
  issues.throwIfAny();
  const customerId = await once(tx, 'customerCreate', idempotencyKey, input, async (id) => {
    await requireKnown(tx, facts.areaId, facts.ownerId);
    const [number = ''] = await customerNumbers(tx, 1);
    const ownerId =
      facts.ownerId ??
      (hasRole(viewer, 'MARKETING_CLERK', 'HEAD', 'SALES_SUPERVISOR') ? null : viewer.employeeId);
    await tx.prisma.customer.create({
      data: {
        ...withoutNulls(facts),
        id,
        number,
        name: input.name.trim(),
        lifecycle: stage,
        ownerId,
        createdAt: tx.now,
        updatedAt: tx.now,
      },
    });
    tx.audit({
      action: 'customerCreate',
      subjectType: 'Customer',
      subjectId: id,
      after: { ...facts, lifecycle: stage, ownerId },
    });
  });
  return { customerId };
}

async function requireKnown(
  tx: Command,
  areaId: string | null | undefined,
  employeeId: string | null | undefined,
): Promise<void> {
  const [found] = await tx.query<{ area: boolean; employee: boolean }>(sql`
    select ${areaId ?? null}::uuid is null or exists (select 1 from area where id = ${areaId ?? null}::uuid) as area,
           ${employeeId ?? null}::uuid is null
             or exists (select 1 from employee where id = ${employeeId ?? null}::uuid and left_on is null) as employee`);
  const issues = new Issues();
  issues.expect(found?.area ?? false, 'areaId', text('an existing area', '已存在的区域'));
  issues.expect(found?.employee ?? false, 'ownerId', text('an employee of the company', '在职员工'));
  issues.throwIfAny();
}

export interface CustomerUpdateInput extends CustomerFacts {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly lifecycle?: CustomerLifecycle | null;
  readonly pendingUpdateIds?: readonly string[] | null;
}

/**
 * Changes facts of the file; a field that is not given stays, one given as null is cleared. Known information that the
 * change enters is done with it (CUS-20). Its stage moves by hand as far as no more is needed for it (CUS-36).
 */
export async function customerUpdate(
  tx: Command,
  viewer: Viewer,
  input: CustomerUpdateInput,
): Promise<{ customerId: string }> {
  const { customerId, expectedVersion, lifecycle, pendingUpdateIds, ...facts } = input;
  const customer = await lockCustomer(tx, viewer, customerId, 'customerId');
  requireWritable(customer);
  requireVersion(customer.version, expectedVersion);
  const given: CustomerFacts = givenFacts(facts);
  const after = { ...customer, ...given };
  const stage = lifecycle ? stageByHand(customer.lifecycle, lifecycle) : customer.lifecycle;
  const issues = new Issues();
  issues.expect(
    given.name === undefined || Boolean(given.name?.trim()),
    'name',
    text('a company name', '公司名称'),
  );
  expectLeadFacts(issues, stage, after);
  expectNotCleared(issues, given, ['businessLine']);
  checkFacts(issues, given, tx.now);
  issues.throwIfAny();
  await requireKnown(tx, given.areaId, null);
  const before = await tx.prisma.customer.findUniqueOrThrow({ where: { id: customerId } });
  await tx.prisma.customer.update({
    where: { id: customerId },
    data: {
      ...(given as Prisma.CustomerUncheckedUpdateInput),
      lifecycle: stage,
      updatedAt: tx.now,
      version: { increment: 1 },
    },
  });
  await enterPendingUpdates(tx, viewer, customerId, pendingUpdateIds);
  if (stage !== customer.lifecycle) {
    await recordStages(tx, [{ customerId, from: customer.lifecycle, to: stage, reason: 'by hand' }]);
  }
  const changed = Object.keys({ ...given, lifecycle: stage }) as (keyof typeof before)[];
  tx.audit({
    action: 'customerUpdate',
    subjectType: 'Customer',
    subjectId: customerId,
    before: Object.fromEntries(changed.map((name) => [name, before[name]])),
    after: { ...given, lifecycle: stage },
  });
  return { customerId };
}
