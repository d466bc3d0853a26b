import { Forbidden, IllegalTransition, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';

import {
  localDate,
  type Period,
  type PeriodKind,
  periodOf,
  previousPeriod,
  startOfLocalDay,
} from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { type AdvanceObligations, cancelObligations, openObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { reportReadable, type ReportRow } from '../queries/reports.ts';
import { revenueBetween } from '../queries/revenue.ts';
import { reportLines } from '../rules/reports.ts';
import { reportPeriod } from '../rules/work.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';

/** A revenue report that is due. */
export const KEY_ACCOUNT_REVENUE = 'KEY_ACCOUNT_REVENUE';

const KINDS: readonly PeriodKind[] = ['MONTH', 'QUARTER', 'YEAR'];

/** Until the end of keyAccount.revenueReportDay of the month after the period. */
function dueAt(tx: Command, period: Period, timeZone: string): Date {
  const month = localDate(period.end, timeZone).slice(0, 7);
  const day = tx.settings.get(KEY_ACCOUNT_SETTINGS.revenueReportDay) + 1;
  return new Date(startOfLocalDay(`${month}-${String(day).padStart(2, '0')}`, timeZone));
}

/** Asks every specialist who serves accounts for the reports of the periods that are over (KEY-16). */
export async function openReports(tx: Command, timeZone: string): Promise<void> {
  const periods = KINDS.map((kind) => previousPeriod(periodOf(tx.now.getTime(), kind, timeZone), timeZone))
    .map((period) => ({
      key: period.key,
      ends_at: new Date(period.end),
      due_at: dueAt(tx, period, timeZone),
    }))
    .filter((period) => period.due_at > tx.now);
  const made = await tx.query<{ id: string; specialistId: string; period: string; dueAt: Date }>(sql`
    insert into key_account_revenue_report (id, specialist_id, period, state, due_at, lines, created_at, version)
    select gen_random_uuid(), k.specialist_id, p.key, 'DUE', p.due_at, '[]', ${tx.now}::timestamptz, 1
    from jsonb_to_recordset(${JSON.stringify(periods)}::jsonb) as p(key text, ends_at timestamptz, due_at timestamptz)
    join (select specialist_id, min(promoted_at) as since from key_account
          where ended_at is null and specialist_id is not null group by specialist_id) k on k.since < p.ends_at
    on conflict (specialist_id, period) do nothing
    returning id, specialist_id as "specialistId", period, due_at as "dueAt"`);
  await openObligations(
    tx,
    made.map((report) => ({
      kind: KEY_ACCOUNT_REVENUE,
      subjectId: report.id,
      period: report.period,
      ownerId: report.specialistId,
      startsAt: tx.now,
      dueAt: report.dueAt,
      nextAt: report.dueAt,
    })),
  );
}

/** Tells reports that were not submitted in time. */
export const advanceReports: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{ id: string; specialistId: string; period: string }>(sql`
    select id, specialist_id as "specialistId", period from key_account_revenue_report
    where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and state = 'DUE'`);
  const late = new Map(rows.map((row) => [row.id, row]));
  return due.map(({ id, subjectId, step }) => {
    const report = late.get(subjectId);
    if (!report) return { id, state: 'MET', step, nextAt: null };
    tx.emit({
      kind: 'KEY_ACCOUNT_REPORT_OVERDUE',
      subjectId: null,
      audience: { employees: [report.specialistId], roles: ['KA_SUPERVISOR', 'CS_SUPERVISOR'] },
      payload: { reportId: report.id, period: report.period },
      dedupeKey: `KEY_ACCOUNT_REPORT_OVERDUE ${report.id}`,
    });
    return { id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};

interface OnReport {
  readonly reportId: string;
  readonly expectedVersion: number;
}

export interface ReportSubmitInput extends OnReport {
  readonly notes?: readonly { readonly keyAccountId: string; readonly note: string }[] | null;
  readonly remark?: string | null;
}

/** Submits a report to CS_SUPERVISOR, with the figures as they stand; by the specialist whose accounts they are. */
export async function reportSubmit(
  tx: Command,
  viewer: Viewer,
  input: ReportSubmitInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ reportId: string }> {
  const report = await lockReport(tx, viewer, input);
  if (report.specialistId !== viewer.employeeId)
    throw new Forbidden(
      ['the specialist'],
      text('A report is submitted by its specialist.', '报表由专员本人提交。'),
    );
  requireVersion(report, input);
  if (report.state !== 'DUE') throw new IllegalTransition(report.state, 'SUBMIT', []);
  const long =
    (input.notes ?? []).some(({ note }) => note.length > 1_000) || (input.remark ?? '').length > 5_000;
  if (long)
    throw invalid(
      'notes',
      text('notes of 1000, a remark of 5000 characters', '备注 1000 字、说明 5000 字以内'),
    );
  const period = reportPeriod(report.period, timeZone);
  if (!period) throw new Error(`${report.period} is no period of a report.`);
  const before = previousPeriod(period, timeZone);
  const span = ({ start, end }: Period) =>
    revenueBetween(sql`${new Date(start)}::timestamptz`, sql`${new Date(end)}::timestamptz`);
  const figures = await tx.query<{
    keyAccountId: string;
    level: string;
    annualTarget: string;
    revenue: string;
    before: string;
    total: string;
  }>(sql`
    with present as (${span(period)}), former as (${span(before)})
    select k.id as "keyAccountId", k.level, k.annual_revenue_target::text as "annualTarget",
           coalesce(p.amount, 0)::numeric(18, 2)::text as revenue, coalesce(f.amount, 0)::numeric(18, 2)::text as before,
           coalesce((select sum(amount) from present), 0)::numeric(18, 2)::text as total
    from key_account k
    left join present p on p.customer_id = k.customer_id
    left join former f on f.customer_id = k.customer_id
    where k.specialist_id = ${report.specialistId}::uuid and k.promoted_at < ${new Date(period.end)}::timestamptz
      and (k.ended_at is null or k.ended_at >= ${new Date(period.start)}::timestamptz)
    order by coalesce(p.amount, 0) desc, k.id`);
  const notes = new Map((input.notes ?? []).map(({ keyAccountId, note }) => [keyAccountId, note.trim()]));
  if ([...notes.keys()].some((id) => !figures.some(({ keyAccountId }) => keyAccountId === id)))
    throw invalid('notes', text('notes on accounts of the report', '仅可对报表内的大客户填写备注'));
  await tx.prisma.keyAccountRevenueReport.update({
    where: { id: report.id },
    data: {
      state: 'SUBMITTED',
      lines: reportLines(figures, period.kind, notes).map((line) => ({ ...line })),
      remark: input.remark?.trim() || null,
      submittedAt: tx.now,
      version: { increment: 1 },
    },
  });
  await cancelObligations(tx, KEY_ACCOUNT_REVENUE, report.id);
  tell(tx, report, 'KEY_ACCOUNT_REPORT_SUBMITTED', ['CS_SUPERVISOR', 'KA_SUPERVISOR']);
  return { reportId: report.id };
}

/** CS_SUPERVISOR submits a report that was received to HEAD (CFL-22). */
export async function reportForward(
  tx: Command,
  viewer: Viewer,
  input: OnReport,
): Promise<{ reportId: string }> {
  const report = await lockReport(tx, viewer, input);
  if (!hasRole(viewer, 'CS_SUPERVISOR')) throw new Forbidden(['CS_SUPERVISOR']);
  requireVersion(report, input);
  if (report.state !== 'SUBMITTED') throw new IllegalTransition(report.state, 'FORWARD', []);
  await tx.prisma.keyAccountRevenueReport.update({
    where: { id: report.id },
    data: {
      state: 'FORWARDED',
      forwardedAt: tx.now,
      forwardedById: viewer.employeeId,
      version: { increment: 1 },
    },
  });
  tell(tx, report, 'KEY_ACCOUNT_REPORT_FORWARDED', ['HEAD']);
  return { reportId: report.id };
}

function tell(
  tx: Command,
  report: ReportRow,
  kind: 'KEY_ACCOUNT_REPORT_SUBMITTED' | 'KEY_ACCOUNT_REPORT_FORWARDED',
  roles: readonly string[],
): void {
  tx.emit({
    kind,
    subjectId: null,
    audience: { roles },
    payload: { reportId: report.id, period: report.period },
  });
  tx.audit({ action: kind, subjectType: 'KeyAccountRevenueReport', subjectId: report.id });
}

async function lockReport(tx: Command, viewer: Viewer, { reportId }: OnReport): Promise<ReportRow> {
  const [row] = await tx.query<ReportRow>(sql`
    select r.id, r.specialist_id as "specialistId", r.period, r.state, r.version from key_account_revenue_report r
    where r.id = ${reportId}::uuid and ${reportReadable(constantViewer(viewer, tx.now), sql`r`)}
    for update`);
  if (!row) throw new NotFound(['reportId'], text('revenue report', '收入报表'));
  return row;
}

function requireVersion(report: ReportRow, { expectedVersion }: OnReport): void {
  if (report.version !== expectedVersion) throw new StaleVersion(report.version);
}
