import type { ImprovementPlan } from '../generated/prisma/client.ts';
import type { ActionItemKind, RootCause } from '../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import { text } from '../lib/text.ts';
import type { Organisation, Reader } from '../organisation/queries.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import { type Command, once } from '../platform/command.ts';
import { type AdvanceObligations, cancelObligations, putObligations } from '../platform/obligations.ts';
import { sql } from '../platform/sql.ts';
import { constantViewer } from '../platform/visibility.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import { planReadable, planWritable } from './queries.ts';

/** An open plan, or a measure of one, that is late. */
export const IMPROVEMENT_PLAN = 'IMPROVEMENT_PLAN';

const WORDS_MOST = 5_000;
const ITEMS_MOST = 50;
const TICKETS_MOST = 200;
const WORDS = text('1 to 5,000 characters', '1 到 5000 字');

function isFilled(words: string): boolean {
  return words.trim().length > 0 && words.length <= WORDS_MOST;
}

export interface ActionItemInput {
  readonly kind: ActionItemKind;
  readonly measure: string;
  readonly ownerId: string;
  readonly dueAt: Date;
}

export interface ImprovementPlanOpenInput {
  readonly departmentId: string;
  readonly goal: string;
  readonly rootCause?: RootCause | null;
  readonly ownerId: string;
  readonly dueAt: Date;
  readonly items: readonly ActionItemInput[];
  readonly ticketIds?: readonly string[] | null;
  readonly idempotencyKey?: string | null;
}

/** Opens a plan with its measures, for complaints or a cause of complaints (TIC-26, TIC-29, FRM-40). */
export async function improvementPlanOpen(
  tx: Command,
  viewer: Viewer,
  input: ImprovementPlanOpenInput,
  read: Reader,
): Promise<{ planId: string }> {
  if (!mayOpen(viewer, input.departmentId)) {
    throw new Forbidden([...rolesWith('ticket', 'approve'), 'a member of the department']);
  }
  const ticketIds = [...new Set(input.ticketIds ?? [])];
  const planId = await once(tx, 'improvementPlanOpen', input.idempotencyKey, input, async (id) => {
    const issues = new Issues();
    const { departments } = read.organisation;
    issues.expect(
      departments.has(input.departmentId),
      'departmentId',
      text('an existing department', '已存在的部门'),
    );
    issues.expect(isFilled(input.goal), 'goal', WORDS);
    expectPerson(issues, 'ownerId', input.ownerId, read.organisation);
    issues.expect(input.dueAt > tx.now, 'dueAt', text('in the future', '须晚于当前时间'));
    issues.expect(
      ticketIds.length <= TICKETS_MOST,
      'ticketIds',
      text(`at most ${TICKETS_MOST} tickets`, `最多 ${TICKETS_MOST} 张工单`),
    );
    expectItems(issues, input.items, input.dueAt, tx.now, read.organisation);
    issues.throwIfAny();
    await requireComplaints(ticketIds, { ...read, query: tx.query });
    const { departmentId, rootCause = null, ownerId, dueAt } = input;
    const facts = { departmentId, goal: input.goal.trim(), rootCause, ownerId, dueAt };
    await tx.prisma.improvementPlan.create({
      data: { id, ...facts, createdAt: tx.now, createdById: viewer.employeeId },
    });
    await tx.prisma.actionItem.createMany({ data: itemRows(id, input.items, 0) });
    await tx.prisma.improvementPlanTicket.createMany({
      data: ticketIds.map((ticketId) => ({ planId: id, ticketId })),
    });
    tx.audit({
      action: 'improvementPlan.OPEN',
      subjectType: 'ImprovementPlan',
      subjectId: id,
      after: { ...facts, items: input.items.length, ticketIds },
    });
    await watchPlan(tx, { id, ownerId, createdAt: tx.now, dueAt });
  });
  return { planId };
}

/** Whoever decides on tickets, and the department for itself. */
function mayOpen(viewer: Viewer, departmentId: string): boolean {
  return viewer.rights.has('ticket:approve:ALL') || viewer.departmentId === departmentId;
}

function expectPerson(issues: Issues, field: string, id: string, organisation: Organisation): void {
  const known = organisation.employees.get(id);
  issues.expect(known !== undefined, field, text('somebody who works here', '在职员工'));
}

function expectItems(
  issues: Issues,
  items: readonly ActionItemInput[],
  planDueAt: Date,
  now: Date,
  organisation: Organisation,
): void {
  issues.expect(
    items.length > 0 && items.length <= ITEMS_MOST,
    'items',
    text(`1 to ${ITEMS_MOST} measures`, `1 到 ${ITEMS_MOST} 项措施`),
  );
  items.forEach((item, index) => {
    issues.expect(isFilled(item.measure), `items.${index}.measure`, WORDS);
    expectPerson(issues, `items.${index}.ownerId`, item.ownerId, organisation);
    issues.expect(
      item.dueAt > now && item.dueAt <= planDueAt,
      `items.${index}.dueAt`,
      text('in the future, at the latest when the plan is due', '晚于当前时间，且不晚于计划期限'),
    );
  });
}

function itemRows(planId: string, items: readonly ActionItemInput[], known: number) {
  return items.map(({ kind, measure, ownerId, dueAt }, index) => ({
    id: newId(),
    planId,
    number: known + index + 1,
    kind,
    measure: measure.trim(),
    ownerId,
    dueAt,
  }));
}

/** The tickets must be complaints that the viewer may read. */
async function requireComplaints(ticketIds: readonly string[], read: Reader): Promise<void> {
  const tickets = await Promise.all(ticketIds.map((id) => ticketById.load(read, id)));
  const at = tickets.indexOf(null);
  if (at >= 0) throw new NotFound([`ticketIds.${at}`], text('ticket', '工单'));
  const issues = new Issues();
  tickets.forEach((ticket, index) => {
    issues.expect(ticket?.category === 'COMPLAINT', `ticketIds.${index}`, text('a complaint', '投诉工单'));
  });
  issues.throwIfAny();
}

async function watchPlan(
  tx: Command,
  plan: Pick<ImprovementPlan, 'id' | 'ownerId' | 'createdAt' | 'dueAt'>,
): Promise<void> {
  await putObligations(tx, [
    {
      kind: IMPROVEMENT_PLAN,
      subjectId: plan.id,
      period: 'PLAN',
      ownerId: plan.ownerId,
      startsAt: plan.createdAt,
      warnAt: null,
      dueAt: plan.dueAt,
      nextAt: plan.dueAt,
      state: 'OPEN',
      step: 0,
    },
  ]);
}

interface OnPlan {
  readonly planId: string;
  readonly expectedVersion?: number | null;
}

/** Locks an open plan that the viewer may read; NotFound for any other, Forbidden when the viewer may not work on it. */
async function lockPlan(
  tx: Command,
  viewer: Viewer,
  input: OnPlan,
  action: string,
  field = 'planId',
): Promise<ImprovementPlan & { readonly writable: boolean }> {
  const sees = constantViewer(viewer, tx.now);
  const p = sql`p`;
  const [row] = await tx.query<{ readable: boolean; writable: boolean }>(sql`
    select ${planReadable(sees, p)} as readable, ${planWritable(sees, p)} as writable
    from improvement_plan p where p.id = ${input.planId}::uuid for update of p`);
  if (!row?.readable) throw new NotFound([field], text('improvement plan', '改进计划'));
  const plan = await tx.prisma.improvementPlan.findUniqueOrThrow({ where: { id: input.planId } });
  if (input.expectedVersion != null && input.expectedVersion !== plan.version) {
    throw new StaleVersion(plan.version);
  }
  if (plan.state !== 'OPEN') throw new IllegalTransition(plan.state, action, []);
  return { ...plan, writable: row.writable };
}

function requireWritable(plan: { readonly writable: boolean }): void {
  if (!plan.writable) throw new Forbidden([...rolesWith('ticket', 'approve'), 'the owner of the plan']);
}

export interface ActionItemsAddInput extends OnPlan {
  readonly items: readonly ActionItemInput[];
}

/** Adds measures to an open plan. */
export async function actionItemsAdd(
  tx: Command,
  viewer: Viewer,
  input: ActionItemsAddInput,
  { organisation }: Reader,
): Promise<{ planId: string }> {
  const plan = await lockPlan(tx, viewer, input, 'ADD');
  requireWritable(plan);
  const known = await tx.prisma.actionItem.count({ where: { planId: plan.id } });
  const issues = new Issues();
  expectItems(issues, input.items, plan.dueAt, tx.now, organisation);
  issues.expect(
    known + input.items.length <= ITEMS_MOST,
    'items',
    text(`at most ${ITEMS_MOST} measures in a plan`, `一个计划最多 ${ITEMS_MOST} 项措施`),
  );
  issues.throwIfAny();
  await tx.prisma.actionItem.createMany({ data: itemRows(plan.id, input.items, known) });
  await touch(tx, plan, 'ADD', { items: input.items.length });
  return { planId: plan.id };
}

export interface ActionItemDoneInput extends OnPlan {
  /** Place in the plan. */
  readonly number: number;
  readonly result: string;
}

/** Says what a measure brought: by whoever has to do it, or works on the plan. */
export async function actionItemDone(
  tx: Command,
  viewer: Viewer,
  input: ActionItemDoneInput,
): Promise<{ planId: string }> {
  const plan = await lockPlan(tx, viewer, input, 'DONE');
  const item = await tx.prisma.actionItem.findUnique({
    where: { planId_number: { planId: plan.id, number: input.number } },
  });
  if (!item) throw new NotFound(['number'], text('measure', '措施'));
  if (item.ownerId !== viewer.employeeId) requireWritable(plan);
  if (item.doneAt) throw new IllegalTransition('DONE', 'DONE', []);
  const issues = new Issues();
  issues.expect(isFilled(input.result), 'result', WORDS);
  issues.throwIfAny();
  await tx.prisma.actionItem.update({
    where: { id: item.id },
    data: { doneAt: tx.now, doneById: viewer.employeeId, result: input.result.trim() },
  });
  await touch(tx, plan, 'ITEM_DONE', { number: item.number });
  return { planId: plan.id };
}

export interface ImprovementPlanEndInput extends OnPlan {
  readonly effect: string;
}

/** Ends a plan whose measures are all done, with what it brought. */
export async function improvementPlanClose(
  tx: Command,
  viewer: Viewer,
  input: ImprovementPlanEndInput,
): Promise<{ planId: string }> {
  const plan = await lockPlan(tx, viewer, input, 'CLOSE');
  requireWritable(plan);
  const open = await tx.prisma.actionItem.count({ where: { planId: plan.id, doneAt: null } });
  const issues = new Issues();
  issues.expect(isFilled(input.effect), 'effect', WORDS);
  issues.expect(open === 0, 'planId', text('a plan whose measures are all done', '所有措施均已完成的计划'));
  issues.throwIfAny();
  return endPlan(tx, viewer, plan, 'CLOSED', input.effect);
}

/** Gives a plan up; the effect says why. */
export async function improvementPlanDrop(
  tx: Command,
  viewer: Viewer,
  input: ImprovementPlanEndInput,
): Promise<{ planId: string }> {
  const plan = await lockPlan(tx, viewer, input, 'DROP');
  if (!viewer.rights.has('ticket:approve:ALL')) throw new Forbidden(rolesWith('ticket', 'approve'));
  const issues = new Issues();
  issues.expect(isFilled(input.effect), 'effect', WORDS);
  issues.throwIfAny();
  return endPlan(tx, viewer, plan, 'DROPPED', input.effect);
}

async function endPlan(
  tx: Command,
  viewer: Viewer,
  plan: ImprovementPlan,
  state: 'CLOSED' | 'DROPPED',
  effect: string,
): Promise<{ planId: string }> {
  await tx.prisma.improvementPlan.update({
    where: { id: plan.id },
    data: {
      state,
      effect: effect.trim(),
      endedAt: tx.now,
      endedById: viewer.employeeId,
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: `improvementPlan.${state}`,
    subjectType: 'ImprovementPlan',
    subjectId: plan.id,
    before: { state: plan.state },
    after: { state, effect: effect.trim() },
  });
  await cancelObligations(tx, IMPROVEMENT_PLAN, plan.id);
  return { planId: plan.id };
}

async function touch(tx: Command, plan: ImprovementPlan, action: string, after: object): Promise<void> {
  await tx.prisma.improvementPlan.update({ where: { id: plan.id }, data: { version: { increment: 1 } } });
  tx.audit({
    action: `improvementPlan.${action}`,
    subjectType: 'ImprovementPlan',
    subjectId: plan.id,
    after: { ...after },
  });
}

/** A plan that is not closed when it is due (EVT-62): once. */
export function advanceImprovementPlans(organisation: Organisation): AdvanceObligations {
  return async (tx, due) => {
    const plans = await tx.prisma.improvementPlan.findMany({
      where: { id: { in: due.map(({ subjectId }) => subjectId) }, state: 'OPEN' },
    });
    const byId = new Map(plans.map((plan) => [plan.id, plan]));
    return due.map((obligation) => {
      const plan = byId.get(obligation.subjectId);
      if (!plan)
        return { id: obligation.id, step: obligation.step, state: 'CANCELLED' as const, nextAt: null };
      const manager = organisation.departments.get(plan.departmentId)?.managerId ?? null;
      tx.emit({
        kind: 'IMPROVEMENT_PLAN_OVERDUE',
        subjectId: null,
        audience: { roles: ['HEAD'], employees: [plan.ownerId, ...(manager === null ? [] : [manager])] },
        payload: { planId: plan.id, goal: plan.goal, dueAt: plan.dueAt.toISOString() },
      });
      return { id: obligation.id, step: 2, state: 'OVERDUE' as const, nextAt: null };
    });
  };
}
