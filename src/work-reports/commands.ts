import type { PatrolUrgency, WorkReport, WorkReportKind } from '../generated/prisma/client.ts';
import { lockCustomer } from '../key-accounts/commands/locks.ts';
import { Forbidden, IllegalTransition, invalid, Issues, NotFound, StaleVersion } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import {
  localDate,
  nextPeriod,
  parsePeriod,
  type Period,
  periodOf,
  previousPeriod,
  startOfLocalDay,
  zonedInstant,
} from '../lib/periods.ts';
import { text } from '../lib/text.ts';
import { holdersOf, type Reader } from '../organisation/queries.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { hasRole, type Viewer } from '../organisation/rules/viewer.ts';
import { type Command, once } from '../platform/command.ts';
import { type AdvanceObligations, cancelObligations, openObligations } from '../platform/obligations.ts';
import { sql } from '../platform/sql.ts';
import { watchNight } from '../platform/standing.ts';
import { constantViewer } from '../platform/visibility.ts';
import { workReportReadable } from './queries.ts';
import { WORK_REPORT_SETTINGS } from './settings.ts';

/** A report that is due, told of when the grace has passed (WRK-09). */
export const WORK_REPORT = 'WORK_REPORT';
/** HEAD's answer to an urgent report (VIS-09). */
export const URGENT_ANSWER = 'PATROL_URGENT_ANSWER';
/** Asks for the reports of a month when it begins. */
export const REPORT_MONTH = 'WORK_REPORT_MONTH';

const WORDS_MOST = 10_000;
const WORDS = text('1 to 10,000 characters', '1 到 10000 字');
const PLANNERS = ['ACCOUNT_MANAGER_LOGISTICS', 'ACCOUNT_MANAGER_LEASING', 'SALES_SUPERVISOR'] as const;
const HOUR = 3_600_000;

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

/** Has the reports of every month asked for, from the next midnight on the running one's too: called when a process starts. */
export function watchReports(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, REPORT_MONTH, '00:00', timeZone);
}

/** The sweep's part: visit plans of the month, and the monthly patrol report of the one before. */
export function askForReports({ organisation, timeZone }: Directory): AdvanceObligations {
  return async (tx, due) => {
    const month = periodOf(tx.now.getTime(), 'MONTH', timeZone);
    await awaitPlans(tx, month, { organisation, timeZone });
    await awaitMonthly(tx, previousPeriod(month, timeZone), month, timeZone);
    const nextAt = new Date(nextPeriod(month, timeZone).start);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step: step + 1, nextAt }));
  };
}

/** The end of a day of a month. */
function endOfDay(month: Period, day: number, timeZone: string): Date {
  return new Date(startOfLocalDay(`${month.key}-${String(day + 1).padStart(2, '0')}`, timeZone));
}

interface Awaited {
  readonly kind: WorkReportKind;
  readonly period: string;
  readonly authorId: string | null;
  readonly dueAt: Date;
}

/** Opens reports that are not there yet, and their watch; one of whose time nothing is left is watched from now on. */
async function awaitReports(tx: Command, awaited: readonly Awaited[]): Promise<void> {
  const rows = awaited.map(({ kind, period, authorId, dueAt }) => ({
    id: newId(),
    kind,
    period,
    author_id: authorId,
    due_at: dueAt,
  }));
  const made = await tx.query<Awaited & { readonly id: string }>(sql`
    insert into work_report (id, kind, period, state, author_id, due_at, created_at)
    select a.id, a.kind::"WorkReportKind", a.period, 'DUE', a.author_id, a.due_at, ${tx.now}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as a(id uuid, kind text, period text, author_id uuid, due_at timestamptz)
    on conflict do nothing
    returning id, kind, period, author_id as "authorId", due_at as "dueAt"`);
  await openObligations(
    tx,
    made.map(({ id, kind, period, authorId, dueAt }) => ({
      kind: WORK_REPORT,
      subjectId: id,
      period,
      ownerId: authorId,
      startsAt: tx.now,
      dueAt,
      nextAt: new Date(Math.max(dueAt.getTime(), tx.now.getTime()) + graceOf(tx, kind)),
    })),
  );
}

function graceOf(tx: Command, kind: WorkReportKind): number {
  return kind === 'PATROL_DAILY'
    ? tx.settings.get(WORK_REPORT_SETTINGS.graceDaily) * HOUR
    : tx.settings.get(WORK_REPORT_SETTINGS.graceOther) * 24 * HOUR;
}

/** Every account manager and SALES_SUPERVISOR plans the month (VIS-03); not what is over when the product is set up. */
async function awaitPlans(tx: Command, month: Period, { organisation, timeZone }: Directory): Promise<void> {
  const dueAt = endOfDay(month, tx.settings.get(WORK_REPORT_SETTINGS.visitPlanDay), timeZone);
  if (dueAt <= tx.now) return;
  const planners = holdersOf(organisation, PLANNERS, tx.now, timeZone);
  await awaitReports(
    tx,
    planners.map(({ id }) => ({ kind: 'VISIT_PLAN', period: month.key, authorId: id, dueAt })),
  );
}

/** A month with patrols is reported (VIS-08), by visit_patrol_idx. */
async function awaitMonthly(tx: Command, over: Period, month: Period, timeZone: string): Promise<void> {
  const dueAt = endOfDay(month, tx.settings.get(WORK_REPORT_SETTINGS.monthlyDay), timeZone);
  if (dueAt <= tx.now) return;
  const [patrol] = await tx.query(sql`
    select 1 from visit v
    where v.type = 'SERVICE_PATROL' and v.state = 'DONE'
      and v.done_at >= ${new Date(over.start)}::timestamptz and v.done_at < ${new Date(over.end)}::timestamptz
    limit 1`);
  if (patrol) await awaitReports(tx, [{ kind: 'PATROL_MONTHLY', period: over.key, authorId: null, dueAt }]);
}

/** After a patrol was recorded: its visitor reports on the day (VIS-07). */
export async function awaitDailyReport(
  tx: Command,
  visitorId: string,
  doneAt: Date,
  timeZone: string,
): Promise<void> {
  const day = localDate(doneAt.getTime(), timeZone);
  const dueAt = new Date(zonedInstant(`${day} ${tx.settings.get(WORK_REPORT_SETTINGS.dailyTime)}`, timeZone));
  await awaitReports(tx, [{ kind: 'PATROL_DAILY', period: day, authorId: visitorId, dueAt }]);
}

/** Tells of reports that were not submitted in time: the author, and those whom they are for (EVT-52). */
export const advanceReports: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<Awaited & { readonly id: string }>(sql`
    select id, kind, period, author_id as "authorId", due_at as "dueAt" from work_report
    where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and state = 'DUE'`);
  const late = new Map(rows.map((row) => [row.id, row]));
  return due.map(({ id, subjectId, step }) => {
    const report = late.get(subjectId);
    if (!report) return { id, state: 'MET', step, nextAt: null };
    tx.emit({
      kind: 'REPORT_OVERDUE',
      subjectId: null,
      audience: { employees: report.authorId ? [report.authorId] : [], roles: SUPERIORS[report.kind] },
      payload: {
        reportId: report.id,
        report: report.kind,
        period: report.period,
        dueAt: report.dueAt.toISOString(),
      },
      dedupeKey: `REPORT_OVERDUE ${report.id}`,
    });
    return { id, state: 'OVERDUE', step: 2, nextAt: null };
  });
};

/** Who hears of a report that is late, beside its author. */
const SUPERIORS = {
  VISIT_PLAN: ['SALES_SUPERVISOR'],
  PATROL_DAILY: ['CS_SUPERVISOR'],
  PATROL_MONTHLY: ['CS_SUPERVISOR', 'HEAD'],
  PATROL_URGENT: ['HEAD'],
} as const satisfies Record<WorkReportKind, readonly string[]>;

interface OnReport {
  readonly reportId: string;
  readonly expectedVersion?: number | null;
}

export interface VisitPlanSubmitInput extends OnReport {
  readonly remark?: string | null;
}

/** Submits the visits that are planned for a month, by whose plan it is (VIS-03). More are planned as they are needed. */
export async function visitPlanSubmit(
  tx: Command,
  viewer: Viewer,
  input: VisitPlanSubmitInput,
  { timeZone }: Directory,
): Promise<{ reportId: string }> {
  const report = await lockReport(tx, viewer, input, 'VISIT_PLAN');
  requireAuthor(report, viewer);
  const month = parsePeriod(report.period, timeZone);
  const [planned] = await tx.query(sql`
    select 1 from visit v
    where v.visitor_id = ${viewer.employeeId}::uuid and v.planned_for >= ${new Date(month.start)}::timestamptz
      and v.planned_for < ${new Date(month.end)}::timestamptz and v.state <> 'CANCELLED'
    limit 1`);
  if (!planned)
    throw invalid(
      'reportId',
      text('a month for which you have planned visits (visitPlan)', '已计划拜访的月份'),
    );
  return submit(tx, report, viewer, { other: optional(input, 'remark') }, ['SALES_SUPERVISOR']);
}

export interface PatrolDailySubmitInput extends OnReport {
  readonly opinions: string;
  readonly market?: string | null;
  readonly effect: string;
  readonly matters?: string | null;
  readonly other?: string | null;
}

/** The daily report on patrols to CS_SUPERVISOR (VIS-07, FRM-03): the visits of the day say customers and times. */
export async function patrolDailySubmit(
  tx: Command,
  viewer: Viewer,
  input: PatrolDailySubmitInput,
): Promise<{ reportId: string }> {
  const report = await lockReport(tx, viewer, input, 'PATROL_DAILY');
  requireAuthor(report, viewer);
  const facts = {
    opinions: required(input, 'opinions'),
    market: optional(input, 'market'),
    effect: required(input, 'effect'),
    matters: optional(input, 'matters'),
    other: optional(input, 'other'),
  };
  return submit(tx, report, viewer, facts, ['CS_SUPERVISOR']);
}

export interface PatrolMonthlySubmitInput extends OnReport {
  readonly findings: string;
}

/** CS_SUPERVISOR's report on the patrols of a month to HEAD (VIS-08, FRM-04). */
export async function patrolMonthlySubmit(
  tx: Command,
  viewer: Viewer,
  input: PatrolMonthlySubmitInput,
): Promise<{ reportId: string }> {
  const report = await lockReport(tx, viewer, input, 'PATROL_MONTHLY');
  requirePatrolWriter(viewer);
  return submit(tx, report, viewer, { findings: required(input, 'findings') }, ['HEAD']);
}

async function submit(
  tx: Command,
  report: LockedReport,
  viewer: Viewer,
  facts: Partial<Pick<WorkReport, 'opinions' | 'market' | 'effect' | 'matters' | 'other' | 'findings'>>,
  roles: readonly string[],
): Promise<{ reportId: string }> {
  if (report.state !== 'DUE') throw new IllegalTransition(report.state, 'SUBMIT', []);
  await tx.prisma.workReport.update({
    where: { id: report.id },
    data: {
      ...facts,
      state: 'SUBMITTED',
      authorId: viewer.employeeId,
      submittedAt: tx.now,
      version: { increment: 1 },
    },
  });
  // One that was told of as late stays late.
  await cancelObligations(tx, WORK_REPORT, report.id);
  tx.audit({ action: 'workReportSubmit', subjectType: 'WorkReport', subjectId: report.id, after: facts });
  tx.emit({
    kind: 'REPORT_SUBMITTED',
    subjectId: null,
    audience: { roles },
    payload: { reportId: report.id, report: report.kind, period: report.period },
    dedupeKey: `REPORT_SUBMITTED ${report.id}`,
  });
  return { reportId: report.id };
}

export interface PatrolUrgentReportInput {
  readonly urgency: PatrolUrgency;
  readonly facts: string;
  readonly customerId?: string | null;
  readonly competitor?: string | null;
  readonly request?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Tells HEAD at once what patrols have found and CS_SUPERVISOR cannot solve (VIS-09, FRM-05). */
export async function patrolUrgentReport(
  tx: Command,
  viewer: Viewer,
  input: PatrolUrgentReportInput,
  { timeZone }: Directory,
): Promise<{ reportId: string }> {
  requirePatrolWriter(viewer);
  const customer = input.customerId ? await lockCustomer(tx, viewer, input.customerId, 'customerId') : null;
  const reportId = await once(tx, 'patrolUrgentReport', input.idempotencyKey, input, async (id) => {
    const hours = tx.settings.get(WORK_REPORT_SETTINGS.urgentReplyHours);
    const dueAt = new Date(tx.now.getTime() + hours * HOUR);
    const facts = {
      urgency: input.urgency,
      findings: required(input, 'facts'),
      customerId: customer?.id ?? null,
      competitor: optional(input, 'competitor'),
      other: optional(input, 'request'),
    };
    await tx.prisma.workReport.create({
      data: {
        ...facts,
        id,
        kind: 'PATROL_URGENT',
        period: localDate(tx.now.getTime(), timeZone),
        state: 'SUBMITTED',
        authorId: viewer.employeeId,
        dueAt,
        submittedAt: tx.now,
        createdAt: tx.now,
      },
    });
    await openObligations(tx, [
      {
        kind: URGENT_ANSWER,
        subjectId: id,
        period: 'ANSWER',
        ownerId: null,
        startsAt: tx.now,
        dueAt,
        nextAt: dueAt,
      },
    ]);
    tx.audit({ action: 'patrolUrgentReport', subjectType: 'WorkReport', subjectId: id, after: facts });
    tx.emit({
      kind: 'PATROL_URGENT_REPORT',
      subjectId: null,
      audience: { roles: ['HEAD'] },
      payload: {
        reportId: id,
        reason: input.urgency,
        facts: facts.findings,
        competitor: facts.competitor,
        dueAt: dueAt.toISOString(),
      },
      dedupeKey: `PATROL_URGENT_REPORT ${id}`,
    });
  });
  return { reportId };
}

export interface PatrolUrgentAnswerInput extends OnReport {
  readonly answer: string;
}

/** HEAD's answer to an urgent report (VIS-09). */
export async function patrolUrgentAnswer(
  tx: Command,
  viewer: Viewer,
  input: PatrolUrgentAnswerInput,
): Promise<{ reportId: string }> {
  const report = await lockReport(tx, viewer, input, 'PATROL_URGENT');
  if (!hasRole(viewer, 'HEAD')) throw new Forbidden(['HEAD']);
  if (report.state !== 'SUBMITTED') throw new IllegalTransition(report.state, 'ANSWER', []);
  const answer = required(input, 'answer');
  await tx.prisma.workReport.update({
    where: { id: report.id },
    data: {
      state: 'ANSWERED',
      answer,
      answeredById: viewer.employeeId,
      answeredAt: tx.now,
      version: { increment: 1 },
    },
  });
  await cancelObligations(tx, URGENT_ANSWER, report.id);
  tx.audit({
    action: 'patrolUrgentAnswer',
    subjectType: 'WorkReport',
    subjectId: report.id,
    after: { answer },
  });
  tx.emit({
    kind: 'PATROL_URGENT_ANSWERED',
    subjectId: null,
    audience: { employees: report.authorId ? [report.authorId] : [] },
    payload: { reportId: report.id, period: report.period },
    dedupeKey: `PATROL_URGENT_ANSWERED ${report.id}`,
  });
  return { reportId: report.id };
}

/** Tells HEAD, and who stands above, of urgent reports without an answer in time. */
export const advanceUrgent: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{ id: string; period: string; dueAt: Date }>(sql`
    select id, period, due_at as "dueAt" from work_report
    where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and state = 'SUBMITTED'`);
  const late = new Map(rows.map((row) => [row.id, row]));
  return due.map(({ id, subjectId, step }) => {
    const report = late.get(subjectId);
    if (!report) return { id, state: 'MET', step, nextAt: null };
    tx.emit({
      kind: 'PATROL_URGENT_UNANSWERED',
      subjectId: null,
      audience: { roles: ['HEAD', 'COMPANY_LEADER'] },
      payload: { reportId: report.id, period: report.period, dueAt: report.dueAt.toISOString() },
      dedupeKey: `PATROL_URGENT_UNANSWERED ${report.id}`,
    });
    return { id, state: 'OVERDUE', step: 2, nextAt: null };
  });
};

type LockedReport = Pick<WorkReport, 'id' | 'kind' | 'period' | 'state' | 'authorId' | 'version'>;

/** Locks a report of a kind that the viewer may read; NotFound for any other. */
async function lockReport(
  tx: Command,
  viewer: Viewer,
  { reportId, expectedVersion }: OnReport,
  kind: WorkReportKind,
): Promise<LockedReport> {
  const [row] = await tx.query<LockedReport>(sql`
    select r.id, r.kind, r.period, r.state, r.author_id as "authorId", r.version from work_report r
    where r.id = ${reportId}::uuid and r.kind = ${kind}::"WorkReportKind"
      and ${workReportReadable(constantViewer(viewer, tx.now), sql`r`)}
    for update of r`);
  if (!row) throw new NotFound(['reportId'], text('report', '报告'));
  if (expectedVersion != null && expectedVersion !== row.version) throw new StaleVersion(row.version);
  return row;
}

function requireAuthor({ authorId }: LockedReport, viewer: Viewer): void {
  if (authorId !== viewer.employeeId)
    throw new Forbidden(['the author'], text('A report is submitted by its author.', '报告由本人提交。'));
}

function requirePatrolWriter(viewer: Viewer): void {
  if (!viewer.rights.has('workReport:write:PATROLS')) throw new Forbidden(rolesWith('workReport', 'write'));
}

function required<Field extends string>(input: { readonly [F in Field]: string }, field: Field): string {
  const issues = new Issues();
  const words = input[field].trim();
  issues.expect(words.length > 0 && words.length <= WORDS_MOST, field, WORDS);
  issues.throwIfAny();
  return words;
}

function optional<Field extends string>(
  input: { readonly [F in Field]?: string | null },
  field: Field,
): string | null {
  const words = input[field]?.trim();
  if (!words) return null;
  if (words.length > WORDS_MOST) throw invalid(field, WORDS);
  return words;
}
