import { Forbidden, IllegalTransition, invalid, type Issues } from '../../lib/errors.ts';
import { cents } from '../../lib/money.ts';
import { monthsAfter } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import { transition } from '../../lib/workflow.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { incentiveRevenues } from '../queries/incentives.ts';
import {
  INCENTIVE,
  PROJECT,
  REQUIREMENT,
  SERVICE_PLAN,
  SERVICE_REQUEST,
  VALUE_ADDED,
} from '../rules/record-specs.ts';
import {
  checkSteps,
  earnedOf,
  type IncentiveStep,
  type Milestone,
  newMilestones,
  PROJECT_DECISIONS,
  PROJECT_WORKFLOW,
  type ProjectAction,
  REQUEST_WORKFLOW,
  reportPeriod,
  type RequestAction,
  REQUIREMENT_WORKFLOW,
  type RequirementAction,
} from '../rules/work.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { askForRecord } from './record-approvals.ts';
import { dutyPeriod, meetDuty, meetPlanReviews, SERVICE_INSPECTION, watchPlanReview } from './duties.ts';
import { changeRecord, lockRecord, lockToChange, type Recording } from './records.ts';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

interface OnRecord {
  readonly recordId: string;
  readonly expectedVersion: number;
}

const NOTE = text('what happened, in up to 5000 characters', '情况说明，最多 5000 字');

function note(given: string | null | undefined, path = 'note'): string {
  const said = given?.trim() ?? '';
  if (said.length === 0 || said.length > 5_000) throw invalid(path, NOTE);
  return said;
}

/** A project is declared with its milestones. */
export function projectRecording(milestones: readonly { title: string; dueOn: string }[]): Recording {
  return {
    check: (issues: Issues) =>
      issues.expect(
        milestones.length <= 100 &&
          milestones.every(({ title }) => title.trim().length > 0 && title.length <= 200),
        'milestones',
        text('at most 100, each with a title of 1 to 200 characters', '最多 100 项，标题 1 至 200 字'),
      ),
    facts: () => ({ state: 'DECLARED', milestones: newMilestones(milestones) }),
  };
}

export interface ProjectAdvanceInput extends OnRecord {
  readonly action: ProjectAction;
  readonly note: string;
}

/** Moves a project on; who approves key accounts decides on it, and nobody on their own (KEY-20). */
export async function projectAdvance(
  tx: Command,
  viewer: Viewer,
  input: ProjectAdvanceInput,
): Promise<{ recordId: string }> {
  const decides = PROJECT_DECISIONS.includes(input.action);
  const locked = await (decides
    ? lockRecord(tx, viewer, PROJECT, input.recordId, 'keyAccountProjectId', input.expectedVersion)
    : lockToChange(tx, viewer, PROJECT, input.recordId, 'keyAccountProjectId', input.expectedVersion));
  const { record } = locked;
  if (decides) {
    if (!locked.approves) throw new Forbidden(rolesWith('keyAccount', 'approve'));
    if (record.recordedById === viewer.employeeId)
      throw new Forbidden(
        ['another approver'],
        text('Nobody decides their own request.', '不能审批自己的申请。'),
      );
  }
  const state = transition(PROJECT_WORKFLOW, record.state as keyof typeof PROJECT_WORKFLOW, input.action);
  const said = note(input.note);
  await changeRecord(tx, PROJECT, record, `KeyAccountProject.${input.action}`, {
    state,
    ...(decides ? { decisionReason: said } : { progress: said }),
  });
  return { recordId: record.id };
}

export interface MilestoneReachInput extends OnRecord {
  readonly number: number;
  readonly note?: string | null;
}

/** Says that a milestone of a project that is worked on was reached. */
export async function milestoneReach(
  tx: Command,
  viewer: Viewer,
  input: MilestoneReachInput,
): Promise<{ recordId: string }> {
  const { record } = await lockToChange(
    tx,
    viewer,
    PROJECT,
    input.recordId,
    'keyAccountProjectId',
    input.expectedVersion,
  );
  if (record.state !== 'IN_PROGRESS') throw new IllegalTransition(String(record.state), 'REACH', ['START']);
  const milestones = record.milestones as Milestone[];
  const reached = milestones.find(({ number }) => number === input.number);
  if (!reached || reached.doneAt !== null)
    throw invalid('number', text('a milestone that was not reached yet', '尚未完成的里程碑'));
  await changeRecord(tx, PROJECT, record, 'KeyAccountProject.REACH', {
    milestones: milestones.map((milestone) =>
      milestone === reached
        ? { ...milestone, doneAt: tx.now.toISOString(), note: input.note?.trim() || null }
        : milestone,
    ),
  });
  return { recordId: record.id };
}

/** The check of the period that runs; what is to be improved needs measures. */
export function inspectionRecording(tx: Command, { timeZone }: Pick<Reader, 'timeZone'>): Recording {
  const { key: period } = dutyPeriod(tx, SERVICE_INSPECTION, timeZone);
  return {
    check: (issues, { result, measures }) =>
      issues.expect(
        result !== 'NEEDS_IMPROVEMENT' || measures !== null,
        'measures',
        text('what is done where something is to be improved', '需改进时须填写改进措施'),
      ),
    facts: () => ({ period }),
    after: (id, _values, { account }) => meetDuty(tx, SERVICE_INSPECTION, account.id, period, id),
  };
}

/** An account has one plan, which is reviewed from then on (KEY-25). */
export function planRecording(tx: Command, { timeZone }: Pick<Reader, 'timeZone'>): Recording {
  return {
    check: async (issues, _values, { account }) => {
      const known = await tx.prisma.servicePlan.findUnique({ where: { keyAccountId: account.id } });
      issues.expect(
        known === null,
        'keyAccountId',
        text(
          'an account without a plan; the present one is reviewed',
          '尚无服务方案的大客户；已有方案请评审',
        ),
      );
    },
    after: async (id, _values, { account }) => {
      await meetPlanReviews(tx, account.id, id);
      await watchPlanReview(tx, account, nextPlanReview(tx, timeZone));
    },
  };
}

function nextPlanReview(tx: Command, timeZone: string): Date {
  const months = tx.settings.get(KEY_ACCOUNT_SETTINGS.planReviewMonths);
  return new Date(monthsAfter(tx.now.getTime(), months, timeZone));
}

export interface PlanReviewInput extends OnRecord {
  readonly outcome: string;
  readonly content?: string | null;
  readonly goals?: string | null;
}

/** Reviews a plan: says what was found, and changes it where needed. */
export async function planReview(
  tx: Command,
  viewer: Viewer,
  input: PlanReviewInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ recordId: string }> {
  const { record, account } = await lockToChange(
    tx,
    viewer,
    SERVICE_PLAN,
    input.recordId,
    'servicePlanId',
    input.expectedVersion,
  );
  await changeRecord(tx, SERVICE_PLAN, record, 'ServicePlan.review', {
    outcome: note(input.outcome, 'outcome'),
    reviewedAt: tx.now,
    reviewedBy: viewer.employeeId,
    ...(input.content == null ? {} : { content: note(input.content, 'content') }),
    ...(input.goals == null ? {} : { goals: note(input.goals, 'goals') }),
  });
  await meetPlanReviews(tx, account.id, record.id);
  await watchPlanReview(tx, account, nextPlanReview(tx, timeZone));
  return { recordId: record.id };
}

interface LogEntry {
  readonly at: string;
  readonly byId: string;
  readonly action: string;
  readonly note: string;
}

/** The specialist goes, unless somebody else is named (KEY-23). */
export function requestRecording(tx: Command, { organisation }: Directory, viewer: Viewer): Recording {
  return {
    check: (issues, { assignee }, { account }) => {
      const id = (assignee as string | null) ?? account.specialistId;
      issues.expect(
        id !== null && organisation.employees.has(id),
        'assignee',
        text('somebody who works here', '在职员工'),
      );
    },
    facts: ({ assignee, description }, { account }) => ({
      assignee: assignee ?? account.specialistId,
      state: 'OPEN',
      log: [
        { at: tx.now.toISOString(), byId: viewer.employeeId, action: 'OPEN', note: String(description) },
      ] satisfies LogEntry[],
    }),
  };
}

export interface RequestAdvanceInput extends OnRecord {
  readonly action: RequestAction;
  readonly note: string;
}

/** Notes what happened to a request, in its log; by who writes the account, or who goes. */
export async function requestAdvance(
  tx: Command,
  viewer: Viewer,
  input: RequestAdvanceInput,
): Promise<{ recordId: string }> {
  const { record } = await lockToChange(
    tx,
    viewer,
    SERVICE_REQUEST,
    input.recordId,
    'serviceRequestId',
    input.expectedVersion,
    (row) => row.assigneeId === viewer.employeeId,
  );
  const state = transition(REQUEST_WORKFLOW, record.state as keyof typeof REQUEST_WORKFLOW, input.action);
  const entry: LogEntry = {
    at: tx.now.toISOString(),
    byId: viewer.employeeId,
    action: input.action,
    note: note(input.note),
  };
  await changeRecord(tx, SERVICE_REQUEST, record, `ServiceRequest.${input.action}`, {
    state,
    log: [...(record.log as LogEntry[]), entry],
    ...(state === 'DONE' ? { doneAt: tx.now } : {}),
  });
  return { recordId: record.id };
}

/** A service ends no sooner than it begins. */
export function valueAddedRecording(): Recording {
  return {
    check: (issues, { since, until }) =>
      issues.expect(
        until === null || String(until) >= String(since),
        'until',
        text('no day before its first', '不早于起始日'),
      ),
  };
}

/** Says on which day a value-added service ends. */
export async function valueAddedEnd(
  tx: Command,
  viewer: Viewer,
  input: OnRecord & { readonly until: string },
): Promise<{ recordId: string }> {
  const { record } = await lockToChange(
    tx,
    viewer,
    VALUE_ADDED,
    input.recordId,
    'valueAddedServiceId',
    input.expectedVersion,
  );
  if (input.until < String(record.since))
    throw invalid('until', text('no day before its first', '不早于起始日'));
  await changeRecord(tx, VALUE_ADDED, record, 'ValueAddedService.end', { until: input.until });
  return { recordId: record.id };
}

/** An incentive waits for its chain (KEY-07). */
export function incentiveRecording(
  tx: Command,
  directory: Directory,
  viewer: Viewer,
  steps: readonly IncentiveStep[],
): Recording {
  return {
    check: (issues, { period }) => {
      issues.expect(
        reportPeriod(String(period), directory.timeZone) !== null,
        'period',
        text('a month, quarter or year such as 2026-Q4', '月、季或年，例如 2026-Q4'),
      );
      checkSteps(issues, steps);
    },
    facts: () => ({ state: 'PENDING', steps }),
    after: (id, { period }) =>
      askForRecord(tx, 'KEY_ACCOUNT_INCENTIVE', { id, terms: [period, steps] }, viewer, directory),
  };
}

export interface IncentivePayInput extends OnRecord {
  readonly amount: string;
}

/** Records that an approved incentive was paid, once its period is over: no more than was earned. By FINANCE. */
export async function incentivePay(
  tx: Command,
  viewer: Viewer,
  input: IncentivePayInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ recordId: string }> {
  const { record } = await lockRecord(
    tx,
    viewer,
    INCENTIVE,
    input.recordId,
    'keyAccountIncentiveId',
    input.expectedVersion,
  );
  if (!viewer.rights.has('keyAccountIncentive:write:ALL'))
    throw new Forbidden(rolesWith('keyAccountIncentive', 'write'));
  if (record.state !== 'APPROVED') throw new IllegalTransition(String(record.state), 'PAY', []);
  const period = reportPeriod(String(record.period), timeZone);
  if (!period || period.end > tx.now.getTime())
    throw invalid('amount', text('nothing before the period is over', '期间结束前不可支付'));
  const revenues = await incentiveRevenues(tx, [record.id], timeZone);
  const earned = earnedOf(revenues.get(record.id) ?? '0.00', record.steps as IncentiveStep[]);
  if (!/^\d{1,16}(\.\d{1,2})?$/.test(input.amount) || cents(input.amount) > cents(earned))
    throw invalid('amount', text(`an amount of at most ${earned}`, `不超过 ${earned} 的金额`));
  await changeRecord(tx, INCENTIVE, record, 'KeyAccountIncentive.PAY', {
    state: 'PAID',
    paid: input.amount,
    paidAt: tx.now,
    paidBy: viewer.employeeId,
  });
  return { recordId: record.id };
}

export interface RequirementEndInput extends OnRecord {
  readonly action: RequirementAction;
  readonly outcome: string;
}

/** Says how a requirement was met, or why it was declined (KEY-21). */
export async function requirementEnd(
  tx: Command,
  viewer: Viewer,
  input: RequirementEndInput,
): Promise<{ recordId: string }> {
  const { record } = await lockToChange(
    tx,
    viewer,
    REQUIREMENT,
    input.recordId,
    'customerRequirementId',
    input.expectedVersion,
  );
  const state = transition(
    REQUIREMENT_WORKFLOW,
    record.state as keyof typeof REQUIREMENT_WORKFLOW,
    input.action,
  );
  await changeRecord(tx, REQUIREMENT, record, `CustomerRequirement.${input.action}`, {
    state,
    outcome: note(input.outcome, 'outcome'),
  });
  return { recordId: record.id };
}

/** A forecast says of which period it is, and how much. */
export function stockRecording({ timeZone }: Pick<Reader, 'timeZone'>): Recording {
  return {
    check: (issues, { forecast, forecastPeriod }) =>
      issues.expect(
        (forecast === null) === (forecastPeriod === null) &&
          (forecastPeriod === null || reportPeriod(String(forecastPeriod), timeZone) !== null),
        'forecastPeriod',
        text('a month, quarter or year with a forecast, and nothing without', '填写预测时须填月、季或年'),
      ),
  };
}
