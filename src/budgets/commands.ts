import type { BudgetState } from '../generated/prisma/enums.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import { Forbidden, invalid, Issues, NotFound, StaleVersion } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import { text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import { hasRole, type Viewer } from '../organisation/rules/viewer.ts';
import { type Command, once } from '../platform/command.ts';
import { sql } from '../platform/sql.ts';
import { constantViewer } from '../platform/visibility.ts';
import { budgetReadable } from './queries.ts';
import { type BudgetAction, type BudgetLineFacts, checkLines, checkYear, decideBudget } from './rules.ts';
import { BUDGET_SETTINGS } from './settings.ts';

interface LockedBudget {
  readonly id: string;
  readonly year: number;
  readonly departmentId: string;
  readonly state: BudgetState;
  readonly writerIds: readonly string[];
  readonly version: number;
}

export interface OnBudget {
  readonly budgetId: string;
  readonly expectedVersion: number;
}

/** Locks a budget that the viewer may see; NotFound for any other. */
async function lockBudget(tx: Command, viewer: Viewer, budgetId: string): Promise<LockedBudget> {
  const [budget] = await tx.query<LockedBudget>(sql`
    select b.id, b.year, b.department_id as "departmentId", b.state, b.writer_ids as "writerIds", b.version
    from budget b
    where b.id = ${budgetId}::uuid and ${budgetReadable(constantViewer(viewer, tx.now), sql`b`)}
    for update`);
  if (!budget) throw new NotFound(['budgetId'], text('budget', '预算'));
  return budget;
}

interface DecidedStep extends LockedBudget {
  readonly action: BudgetAction;
  readonly next: BudgetState;
}

/** A budget that the viewer may take the action on, in the version that was read, and the state it leads to. */
async function decide(
  tx: Command,
  viewer: Viewer,
  input: OnBudget,
  action: BudgetAction,
): Promise<DecidedStep> {
  const budget = await lockBudget(tx, viewer, input.budgetId);
  if (budget.version !== input.expectedVersion) throw new StaleVersion(budget.version);
  const next = decideBudget(budget, action, viewer, tx.settings.get(BUDGET_SETTINGS.draftChain));
  return { ...budget, action, next };
}

/** Writes a step with its facts, and keeps what was before. */
async function write(
  tx: Command,
  step: DecidedStep,
  facts: Readonly<{ data?: Prisma.BudgetUncheckedUpdateInput; before?: object; after?: object }> = {},
): Promise<{ budgetId: string }> {
  await tx.prisma.budget.update({
    where: { id: step.id },
    data: { ...facts.data, state: step.next, updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: `budget.${step.action}`,
    subjectType: 'Budget',
    subjectId: step.id,
    before: { state: step.state, ...facts.before },
    after: { state: step.next, ...facts.after },
  });
  return { budgetId: step.id };
}

export interface BudgetDraftInput {
  readonly year: number;
  readonly departmentId: string;
  readonly lines: readonly BudgetLineFacts[];
  readonly idempotencyKey?: string | null;
}

/** Writes the first draft of a department's budget for a year (BUD-01, BUD-04). */
export async function budgetDraft(
  tx: Command,
  viewer: Viewer,
  input: BudgetDraftInput,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ budgetId: string }> {
  const { draft } = tx.settings.get(BUDGET_SETTINGS.draftChain);
  if (!hasRole(viewer, ...draft)) throw new Forbidden(draft);
  const issues = new Issues();
  checkYear(issues, input.year);
  issues.expect(
    organisation.departments.has(input.departmentId),
    'departmentId',
    text('an existing department', '已存在的部门'),
  );
  checkLines(issues, input.lines);
  issues.throwIfAny();
  const budgetId = await once(tx, 'budgetDraft', input.idempotencyKey, input, async (id) => {
    // Two drafts at once: the second waits for the first, and then makes nothing.
    const made = await tx.query<{ id: string }>(sql`
      insert into budget (id, year, department_id, state, drafted_by_id, writer_ids, created_at, updated_at)
      values (${id}::uuid, ${input.year}::int, ${input.departmentId}::uuid, 'DRAFT', ${viewer.employeeId}::uuid,
              array[${viewer.employeeId}::uuid], ${tx.now}::timestamptz, ${tx.now}::timestamptz)
      on conflict (year, department_id) do nothing
      returning id`);
    if (made.length === 0) {
      throw invalid(
        'year',
        text(
          `a year for which the department has no budget yet; ${input.year} has one`,
          `该部门 ${input.year} 年度预算已存在`,
        ),
      );
    }
    await writeLines(tx, id, input.lines);
    tx.audit({
      action: 'budget.DRAFT',
      subjectType: 'Budget',
      subjectId: id,
      after: { state: 'DRAFT', year: input.year, departmentId: input.departmentId, lines: input.lines },
    });
  });
  return { budgetId };
}

async function writeLines(tx: Command, budgetId: string, lines: readonly BudgetLineFacts[]): Promise<void> {
  await tx.prisma.budgetLine.createMany({
    data: lines.map((line, index) => ({
      id: newId(),
      budgetId,
      number: index + 1,
      category: line.category,
      item: line.item.trim(),
      scope: line.scope.trim(),
      standard: line.standard ?? null,
      amount: line.amount,
      justification: line.justification.trim(),
    })),
  });
}

export interface BudgetReviseInput extends OnBudget {
  readonly lines: readonly BudgetLineFacts[];
}

/** Replaces the lines of a draft. Whoever does so has drafted it, too, and cannot approve it. */
export async function budgetRevise(
  tx: Command,
  viewer: Viewer,
  input: BudgetReviseInput,
): Promise<{ budgetId: string }> {
  const step = await decide(tx, viewer, input, 'REVISE');
  const issues = new Issues();
  checkLines(issues, input.lines);
  issues.throwIfAny();
  const before = await tx.prisma.budgetLine.findMany({
    where: { budgetId: step.id },
    orderBy: { number: 'asc' },
    select: { category: true, item: true, scope: true, standard: true, amount: true, justification: true },
  });
  await tx.prisma.budgetLine.deleteMany({ where: { budgetId: step.id } });
  await writeLines(tx, step.id, input.lines);
  return write(tx, step, {
    data: { writerIds: [...new Set([...step.writerIds, viewer.employeeId])] },
    before: { lines: before },
    after: { lines: input.lines },
  });
}

/** Hands a draft in for approval (BUD-04, CFL-26). */
export async function budgetSubmit(
  tx: Command,
  viewer: Viewer,
  input: OnBudget,
): Promise<{ budgetId: string }> {
  return write(tx, await decide(tx, viewer, input, 'SUBMIT'), { data: { submittedAt: tx.now } });
}

/** Takes the step of approval that is due: finance, then the company's leader (BUD-04). */
export async function budgetApprove(
  tx: Command,
  viewer: Viewer,
  input: OnBudget,
): Promise<{ budgetId: string }> {
  const step = await decide(tx, viewer, input, 'APPROVE');
  if (step.next !== 'APPROVED') return write(tx, step);
  tx.emit({
    kind: 'BUDGET_APPROVED',
    subjectId: step.id,
    audience: { roles: ['HEAD', 'SALES_SUPERVISOR', 'COMPANY_LEADER', 'FINANCE'] },
    payload: { year: step.year, departmentId: step.departmentId },
  });
  return write(tx, step, { data: { approvedAt: tx.now } });
}

export interface BudgetRefuseInput extends OnBudget {
  readonly reason: string;
}

/** Sends a budget back to its draft, with the reason. */
export async function budgetRefuse(
  tx: Command,
  viewer: Viewer,
  input: BudgetRefuseInput,
): Promise<{ budgetId: string }> {
  const step = await decide(tx, viewer, input, 'REFUSE');
  const refusalReason = input.reason.trim();
  if (refusalReason === '') throw invalid('reason', text('why it is sent back', '退回原因'));
  return write(tx, step, { data: { refusalReason, submittedAt: null }, after: { refusalReason } });
}

/** Puts an approved budget into force. */
export async function budgetActivate(
  tx: Command,
  viewer: Viewer,
  input: OnBudget,
): Promise<{ budgetId: string }> {
  return write(tx, await decide(tx, viewer, input, 'ACTIVATE'));
}

/** Ends a budget; nothing is spent from it afterwards. */
export async function budgetClose(
  tx: Command,
  viewer: Viewer,
  input: OnBudget,
): Promise<{ budgetId: string }> {
  return write(tx, await decide(tx, viewer, input, 'CLOSE'));
}
