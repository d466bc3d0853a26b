import { invalid, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { isLocalDay } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { expectWords } from './facts.ts';
import { lockCustomer, requireWritable } from './lock.ts';
import { noteKnownInformation } from './pending-updates.ts';

const ACTIONS_MOST = 50;

export interface PlanAction {
  readonly what: string;
  readonly dueOn: string;
  readonly doneOn?: string | null;
}

interface PlanFacts {
  readonly goals: string;
  readonly actions: readonly PlanAction[];
  readonly ownerId: string;
  readonly startsOn: string;
  readonly endsOn: string;
}

function checkPlan(plan: PlanFacts, { organisation }: Pick<Reader, 'organisation'>): void {
  const { goals, actions, ownerId, startsOn, endsOn } = plan;
  const issues = new Issues();
  expectWords(issues, { goals });
  const owner = organisation.employees.get(ownerId);
  issues.expect(
    owner !== undefined && owner.leftOn === null,
    'ownerId',
    text('an employee of the company', '在职员工'),
  );
  issues.expect(endsOn >= startsOn, 'endsOn', text('not before startsOn', '不能早于开始日期'));
  issues.expect(
    actions.length > 0 && actions.length <= ACTIONS_MOST,
    'actions',
    text(`1 to ${ACTIONS_MOST} actions`, `1 到 ${ACTIONS_MOST} 项行动`),
  );
  actions.forEach(({ what, dueOn }, at) => {
    issues.expect(
      what.trim().length > 0 && what.length <= 500,
      `actions.${at}.what`,
      text('1 to 500 characters', '1 到 500 字'),
    );
    issues.expect(
      isLocalDay(dueOn) && dueOn >= startsOn && dueOn <= endsOn,
      `actions.${at}.dueOn`,
      text('a day within the plan', '计划期内的日期'),
    );
  });
  issues.throwIfAny();
}

/** A plan as its row has it; days are kept at midnight UTC, which no zone shifts. */
function planRow({ goals, actions, ownerId, startsOn, endsOn }: PlanFacts) {
  return {
    goals: goals.trim(),
    actions: actions.map(({ what, dueOn, doneOn }) => ({ what: what.trim(), dueOn, doneOn: doneOn ?? null })),
    ownerId,
    startsOn: new Date(`${startsOn}T00:00:00Z`),
    endsOn: new Date(`${endsOn}T00:00:00Z`),
  };
}

export interface RelationshipPlanCreateInput extends PlanFacts {
  readonly customerId: string;
  readonly idempotencyKey?: string | null;
}

/** Plans how the relationship with a customer is kept up (CUS-16). */
export async function relationshipPlanCreate(
  tx: Command,
  viewer: Viewer,
  input: RelationshipPlanCreateInput,
  directory: Pick<Reader, 'organisation'>,
): Promise<{ relationshipPlanId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  checkPlan(input, directory);
  const relationshipPlanId = await once(
    tx,
    'relationshipPlanCreate',
    input.idempotencyKey,
    input,
    async (id) => {
      await tx.prisma.relationshipPlan.create({
        data: { ...planRow(input), id, customerId: customer.id, updatedAt: tx.now },
      });
      tx.audit({
        action: 'relationshipPlanCreate',
        subjectType: 'RelationshipPlan',
        subjectId: id,
        after: {
          customerId: customer.id,
          ownerId: input.ownerId,
          startsOn: input.startsOn,
          endsOn: input.endsOn,
        },
      });
    },
  );
  return { relationshipPlanId };
}

export interface RelationshipPlanUpdateInput extends PlanFacts {
  readonly relationshipPlanId: string;
  readonly expectedVersion: number;
}

/** Changes a plan as a whole: goals, actions and what was done of them, owner and dates (CUS-16). */
export async function relationshipPlanUpdate(
  tx: Command,
  viewer: Viewer,
  input: RelationshipPlanUpdateInput,
  directory: Pick<Reader, 'organisation'>,
): Promise<{ relationshipPlanId: string }> {
  const notFound = new NotFound(['relationshipPlanId'], text('relationship plan', '关系维护计划'));
  const found = await tx.prisma.relationshipPlan.findUnique({ where: { id: input.relationshipPlanId } });
  if (!found) throw notFound;
  const customer = await lockCustomer(tx, viewer, found.customerId, 'relationshipPlanId', notFound);
  if (customer.level < LEVEL.FULL) throw notFound;
  requireWritable(customer);
  const plan = await tx.prisma.relationshipPlan.findUniqueOrThrow({ where: { id: found.id } });
  if (plan.version !== input.expectedVersion) throw new StaleVersion(plan.version);
  checkPlan(input, directory);
  await tx.prisma.relationshipPlan.update({
    where: { id: plan.id },
    data: { ...planRow(input), updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({ action: 'relationshipPlanUpdate', subjectType: 'RelationshipPlan', subjectId: plan.id });
  return { relationshipPlanId: plan.id };
}

export interface DataFormSendInput {
  readonly customerId: string;
  readonly sentTo: string;
  readonly idempotencyKey?: string | null;
}

/** Notes that a form for its data was mailed to a customer (CUS-04, FRM-31). */
export async function dataFormSend(
  tx: Command,
  viewer: Viewer,
  input: DataFormSendInput,
): Promise<{ dataFormId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const issues = new Issues();
  expectWords(issues, { sentTo: input.sentTo });
  issues.throwIfAny();
  const dataFormId = await once(tx, 'dataFormSend', input.idempotencyKey, input, async (id) => {
    await tx.prisma.dataForm.create({
      data: {
        id,
        customerId: customer.id,
        sentTo: input.sentTo.trim(),
        sentAt: tx.now,
        sentById: viewer.employeeId,
      },
    });
    tx.audit({
      action: 'dataFormSend',
      subjectType: 'DataForm',
      subjectId: id,
      after: { customerId: customer.id },
    });
  });
  return { dataFormId };
}

export interface DataFormReturnInput {
  readonly dataFormId: string;
  readonly content: string;
  readonly returnedAt?: Date | null;
}

/** Notes that a form came back, and what it says that the file does not say yet: that must enter it in time (CUS-20). */
export async function dataFormReturn(
  tx: Command,
  viewer: Viewer,
  input: DataFormReturnInput,
): Promise<{ dataFormId: string }> {
  const notFound = new NotFound(['dataFormId'], text('data form', '客户资料表'));
  const found = await tx.prisma.dataForm.findUnique({ where: { id: input.dataFormId } });
  if (!found) throw notFound;
  const customer = await lockCustomer(tx, viewer, found.customerId, 'dataFormId', notFound);
  if (customer.level < LEVEL.FULL) throw notFound;
  requireWritable(customer);
  const form = await tx.prisma.dataForm.findUniqueOrThrow({ where: { id: found.id } });
  if (form.state !== 'SENT') throw new IllegalTransition(form.state, 'RETURN', []);
  const returnedAt = input.returnedAt ?? tx.now;
  const issues = new Issues();
  expectWords(issues, { content: input.content });
  issues.throwIfAny();
  if (returnedAt > tx.now || returnedAt < form.sentAt) {
    throw invalid(
      'returnedAt',
      text('after it was sent, not in the future', '须在寄出之后，且不能晚于当前时间'),
    );
  }
  await tx.prisma.dataForm.update({
    where: { id: form.id },
    data: { state: 'RETURNED', returnedAt, returnedById: viewer.employeeId },
  });
  await noteKnownInformation(tx, viewer, {
    customerId: customer.id,
    origin: 'OTHER',
    infoSource: 'MAILED_FORM',
    content: input.content.trim(),
    informationObtainedAt: returnedAt,
  });
  tx.audit({ action: 'dataFormReturn', subjectType: 'DataForm', subjectId: form.id });
  return { dataFormId: form.id };
}
