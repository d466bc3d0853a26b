import type { CustomerLifecycle, LossReason } from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { isMoney } from '../../lib/money.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { businessHours } from '../../platform/calendars.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  cancelObligations,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { expectLeadFacts } from '../rules.ts';
import { contractNumberTaken, contractNumber, nextStage, REGISTERS, registers } from '../rules/stages.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { nameCustodians } from './custodians.ts';
import { lockCustomer, requireVersion, requireWritable } from './lock.ts';
import { watchVerification } from './verification.ts';

/** A customer whose contract is signed waits for the clerk (CUS-06). */
export const CUSTOMER_REGISTRATION = 'CUSTOMER_REGISTRATION';
const PERIOD = 'REGISTER';

export interface StageChange {
  readonly customerId: string;
  readonly from: CustomerLifecycle;
  readonly to: CustomerLifecycle;
  readonly reason: string;
}

/** Writes down which stages customers have entered (CUS-36). One statement. */
export async function recordStages(tx: Command, changes: readonly StageChange[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.prisma.customerStageChange.createMany({
    data: changes.map((change) => ({ ...change, id: newId(), actorId: tx.actorId, at: tx.now })),
  });
}

interface ContractFacts {
  readonly contractNumber: string | null;
  readonly contractSignedAt: Date | null;
  readonly registeredAt: Date | null;
}

async function contractOf(tx: Command, customerId: string): Promise<ContractFacts> {
  const [row] = await tx.query<ContractFacts>(sql`
    select contract_number as "contractNumber", contract_signed_at as "contractSignedAt", registered_at as "registeredAt"
    from customer where id = ${customerId}::uuid`);
  if (!row) throw new Error(`The customer ${customerId} was locked and is not there.`);
  return row;
}

/** No two customers have one contract; by its unique index. */
async function requireFree(tx: Command, number: string, customerId: string): Promise<void> {
  const [taken] = await tx.query<{ id: string }>(sql`
    select id from customer where contract_number = ${number} and id <> ${customerId}::uuid`);
  if (taken) throw contractNumberTaken();
}

export interface CustomerContractSignedInput {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly contractNumber: string;
  readonly signedAt?: Date | null;
}

/** Says that the contract is signed: the clerk has a working day to register the customer (CUS-06, EVT-36). */
export async function customerContractSigned(
  tx: Command,
  viewer: Viewer,
  input: CustomerContractSignedInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  nextStage(customer.lifecycle, 'REGISTER');
  requireVersion(customer.version, input.expectedVersion);
  const signedAt = input.signedAt ?? tx.now;
  const issues = new Issues();
  const number = contractNumber(issues, input.contractNumber);
  issues.expect(signedAt <= tx.now, 'signedAt', text('not in the future', '不能晚于当前时间'));
  issues.throwIfAny();
  await requireFree(tx, number, customer.id);
  await tx.prisma.customer.update({
    where: { id: customer.id },
    data: {
      contractNumber: number,
      contractSignedAt: signedAt,
      updatedAt: tx.now,
      version: { increment: 1 },
    },
  });
  const calendar = await businessHours(tx, timeZone);
  const days = tx.settings.get(CUSTOMER_SETTINGS.registrationDays);
  const dueAt = new Date(calendar.add(signedAt.getTime(), days * calendar.businessDayMs));
  await putObligations(tx, [
    {
      kind: CUSTOMER_REGISTRATION,
      subjectId: customer.id,
      period: PERIOD,
      ownerId: null,
      startsAt: signedAt,
      warnAt: null,
      dueAt,
      nextAt: dueAt,
      state: 'OPEN',
      step: 0,
    },
  ]);
  tx.audit({
    action: 'customerContractSigned',
    subjectType: 'Customer',
    subjectId: customer.id,
    after: { contractNumber: number, contractSignedAt: signedAt },
  });
  return { customerId: customer.id };
}

/** Tells the clerks of signed contracts whose customer nobody registered in time, once each (EVT-36). */
export const sweepRegistrations: AdvanceObligations = async (tx, due) => {
  const waiting = new Set(
    (
      await tx.query<{ id: string }>(sql`
        select id from customer
        where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and lifecycle = 'QUALIFIED'
          and contract_signed_at is not null`)
    ).map(({ id }) => id),
  );
  return due.map((obligation): ObligationAdvance => {
    const late = waiting.has(obligation.subjectId);
    if (late) {
      tx.emit({
        kind: 'CUSTOMER_UNREGISTERED',
        subjectId: obligation.subjectId,
        audience: { roles: [...REGISTERS] },
        payload: { signedAt: obligation.startsAt.toISOString() },
      });
    }
    return { id: obligation.id, state: late ? 'OVERDUE' : 'CANCELLED', step: 1, nextAt: null };
  });
};

export interface CustomerRegisterInput {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly contractNumber: string;
}

/**
 * The clerk registers a customer and confirms the number of its contract (CUS-06). With the registration the file
 * scheme begins: the file gets its keeper and is verified from now on (CUS-21, CUS-23, CUS-35).
 */
export async function customerRegister(
  tx: Command,
  viewer: Viewer,
  input: CustomerRegisterInput,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  if (!registers(viewer)) throw new Forbidden(REGISTERS);
  const stage = nextStage(customer.lifecycle, 'REGISTER');
  requireVersion(customer.version, input.expectedVersion);
  const issues = new Issues();
  const number = contractNumber(issues, input.contractNumber);
  expectLeadFacts(issues, stage, customer);
  issues.throwIfAny();
  const signed = await contractOf(tx, customer.id);
  if (signed.contractNumber !== null && signed.contractNumber !== number) {
    throw invalid(
      'contractNumber',
      text(
        `the number of the contract that was signed, ${signed.contractNumber}`,
        `已签合同的编号 ${signed.contractNumber}`,
      ),
    );
  }
  await requireFree(tx, number, customer.id);
  await enterStage(tx, customer, stage, `contract ${number}`, {
    contractNumber: number,
    contractSignedAt: signed.contractSignedAt ?? tx.now,
    registeredAt: tx.now,
  });
  await cancelObligations(tx, CUSTOMER_REGISTRATION, customer.id);
  await nameCustodians(tx, directory, [customer.id]);
  await watchVerification(tx, [customer.id]);
  return { customerId: customer.id };
}

interface Staged {
  readonly id: string;
  readonly lifecycle: CustomerLifecycle;
}

async function enterStage(
  tx: Command,
  customer: Staged,
  to: CustomerLifecycle,
  reason: string,
  facts: Partial<ContractFacts> = {},
): Promise<void> {
  await tx.prisma.customer.update({
    where: { id: customer.id },
    data: { ...facts, lifecycle: to, updatedAt: tx.now, version: { increment: 1 } },
  });
  await recordStages(tx, [{ customerId: customer.id, from: customer.lifecycle, to, reason }]);
  tx.audit({
    action: 'customerStage',
    subjectType: 'Customer',
    subjectId: customer.id,
    before: { lifecycle: customer.lifecycle },
    after: { ...facts, lifecycle: to, reason },
  });
}

export interface CustomerLoseInput {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly reason: LossReason;
  readonly analysis: string;
  readonly valueLost: string;
  readonly lesson: string;
  readonly winBackAction: string;
}

const TEXT_MOST = 5_000;

/** Marks a customer as lost, with the review of why (CUS-36, SUR-17). Its last grade stays for access (CUS-35). */
export async function customerLose(
  tx: Command,
  viewer: Viewer,
  input: CustomerLoseInput,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const stage = nextStage(customer.lifecycle, 'LOSE');
  requireVersion(customer.version, input.expectedVersion);
  const { reason, analysis, lesson, winBackAction, valueLost } = input;
  const issues = new Issues();
  for (const [path, value] of Object.entries({ analysis, lesson, winBackAction })) {
    issues.expect(
      value.trim().length > 0 && value.length <= TEXT_MOST,
      path,
      text(`1 to ${TEXT_MOST} characters (SUR-17)`, `1 到 ${TEXT_MOST} 字（SUR-17）`),
    );
  }
  issues.expect(
    isMoney(valueLost) && !valueLost.startsWith('-'),
    'valueLost',
    text('an amount of 0 or more with at most two places', '不小于 0、最多两位小数的金额'),
  );
  issues.throwIfAny();
  await enterStage(tx, customer, stage, reason);
  await tx.prisma.lossReview.create({
    data: {
      id: newId(),
      customerId: customer.id,
      reason,
      analysis: analysis.trim(),
      valueLost,
      lesson: lesson.trim(),
      winBackAction: winBackAction.trim(),
      recordedById: viewer.employeeId,
      recordedAt: tx.now,
    },
  });
  return { customerId: customer.id };
}

export interface CustomerWinBackInput {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly reason: string;
}

/** Takes a lost or dormant customer back on a new deal or contract (CUS-36); it counts as registered anew, so that it is active from today. */
export async function customerWinBack(
  tx: Command,
  viewer: Viewer,
  input: CustomerWinBackInput,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const stage = nextStage(customer.lifecycle, 'WIN_BACK');
  requireVersion(customer.version, input.expectedVersion);
  const issues = new Issues();
  issues.expect(
    input.reason.trim().length > 0 && input.reason.length <= TEXT_MOST,
    'reason',
    text('the new deal, in words', '新的合作内容'),
  );
  expectLeadFacts(issues, stage, customer);
  issues.throwIfAny();
  await enterStage(tx, customer, stage, input.reason.trim(), { registeredAt: tx.now });
  await nameCustodians(tx, directory, [customer.id]);
  await watchVerification(tx, [customer.id]);
  return { customerId: customer.id };
}

/**
 * Customers who had no order and no registration in the days up to and with `today` go dormant, dormant ones who had
 * one wake (CUS-36). A leasing customer is active while its contract stands. Two statements, whatever the number of
 * customers; by the indexes customer(lifecycle, id) and shipment(counted_at, id, customer_id).
 */
export async function moveByActivity(tx: Command, today: string, timeZone: string): Promise<void> {
  const days = tx.settings.get(CUSTOMER_SETTINGS.inactiveDays);
  const moved = await tx.query<StageChange>(sql`
    with ordering as materialized (
      select distinct s.customer_id as id from shipment s
      where s.cancelled_at is null
        and s.counted_at >= ((${today}::date - ${days}::int + 1)::timestamp at time zone ${timeZone}::text)
        and coalesce(s.ordered_at, s.accepted_at, s.counted_at) <= ${tx.now}::timestamptz
    ), judged as (
      select c.id, c.lifecycle as was,
             o.id is not null
             or coalesce((c.registered_at at time zone ${timeZone}::text)::date > ${today}::date - ${days}::int, false)
             or (c.business_line = 'LEASING' and c.contract_number is not null) as active
      from customer c left join ordering o on o.id = c.id
      where c.lifecycle in ('ACTIVE', 'DORMANT')
    )
    update customer c
    set lifecycle = (case when j.active then 'ACTIVE' else 'DORMANT' end)::"CustomerLifecycle",
        updated_at = ${tx.now}::timestamptz, version = c.version + 1
    from judged j
    where j.id = c.id and j.active <> (j.was = 'ACTIVE')
    returning c.id as "customerId", j.was as "from", c.lifecycle as "to",
              case when j.active then 'an order or registration' else 'no order or registration' end as reason`);
  await recordStages(tx, moved);
  tx.audit(
    ...moved.map(({ customerId, from, to }) => ({
      action: 'customerStage',
      subjectType: 'Customer',
      subjectId: customerId,
      before: { lifecycle: from },
      after: { lifecycle: to },
    })),
  );
}
