import type { Prisma } from '../generated/prisma/client.ts';
import type { CustomerReportKind, CustomerReportState } from '../generated/prisma/enums.ts';
import { Forbidden, Issues, invalid, NotFound, StaleVersion } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { transition } from '../lib/workflow.ts';
import type { Reader } from '../organisation/queries.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';
import { type Command, once } from '../platform/command.ts';
import { sql } from '../platform/sql.ts';
import { constantViewer } from '../platform/visibility.ts';
import { cardFigures, reportReadable } from './queries.ts';
import { REPORT_WORKFLOW } from './rules.ts';

const TEXT_MAX = 10_000;
const YEARS = { first: 2_000, last: 2_100 } as const;

function expectText(issues: Issues, path: string, given: string | null | undefined): void {
  issues.expect(
    given == null || given.length <= TEXT_MAX,
    path,
    text(`at most ${TEXT_MAX} characters`, `最多 ${TEXT_MAX} 字`),
  );
}

export interface CustomerReportPrepareInput {
  readonly kind: CustomerReportKind;
  readonly year: number;
  readonly areaId?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Prepares an analysis of customers for a year (CUS-34). */
export async function customerReportPrepare(
  tx: Command,
  viewer: Viewer,
  input: CustomerReportPrepareInput,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ customerReportId: string }> {
  if (!can(viewer, 'customerReport', 'write')) throw new Forbidden(rolesWith('customerReport', 'write'));
  const issues = new Issues();
  issues.expect(
    input.year >= YEARS.first && input.year <= YEARS.last,
    'year',
    text(`a year from ${YEARS.first} to ${YEARS.last}`, `${YEARS.first} 到 ${YEARS.last} 年`),
  );
  issues.expect(
    input.areaId == null || organisation.areas.has(input.areaId),
    'areaId',
    text('an existing area', '已存在的区域'),
  );
  issues.throwIfAny();
  const customerReportId = await once(
    tx,
    'customerReportPrepare',
    input.idempotencyKey,
    input,
    async (id) => {
      const made = await tx.query<{ id: string }>(sql`
        insert into customer_report (id, kind, year, area_id, prepared_by_id, prepared_at)
        values (${id}::uuid, ${input.kind}::"CustomerReportKind", ${input.year}::int, ${input.areaId ?? null}::uuid,
                ${viewer.employeeId}::uuid, ${tx.now}::timestamptz)
        on conflict do nothing
        returning id`);
      if (made.length === 0)
        throw invalid('year', text('a year without such a report for this area', '该区域尚无此类报表的年度'));
      tx.audit({
        action: 'customerReportPrepare',
        subjectType: 'CustomerReport',
        subjectId: id,
        after: { kind: input.kind, year: input.year, areaId: input.areaId ?? null },
      });
    },
  );
  return { customerReportId };
}

interface LockedReport {
  readonly id: string;
  readonly kind: CustomerReportKind;
  readonly year: number;
  readonly areaId: string | null;
  readonly state: CustomerReportState;
  readonly filledById: string | null;
  readonly version: number;
}

async function lockReport(tx: Command, viewer: Viewer, id: string): Promise<LockedReport> {
  const [report] = await tx.query<LockedReport>(sql`
    select r.id, r.kind, r.year, r.area_id as "areaId", r.state, r.filled_by_id as "filledById", r.version
    from customer_report r
    where r.id = ${id}::uuid and ${reportReadable(constantViewer(viewer, tx.now), sql`r`)}
    for update`);
  if (!report) throw new NotFound(['customerReportId'], text('report', '报表'));
  return report;
}

async function write(
  tx: Command,
  report: LockedReport,
  action: string,
  data: Prisma.CustomerReportUncheckedUpdateInput,
): Promise<{ customerReportId: string }> {
  await tx.prisma.customerReport.update({
    where: { id: report.id },
    data: { ...data, version: { increment: 1 } },
  });
  tx.audit({
    action,
    subjectType: 'CustomerReport',
    subjectId: report.id,
    before: { state: report.state },
    after: { state: data.state },
  });
  return { customerReportId: report.id };
}

export interface CustomerReportFillInput {
  readonly customerReportId: string;
  readonly expectedVersion: number;
  readonly summary: string;
  readonly note?: string | null;
}

/** Fills in what the figures do not say; a summary card keeps its figures from then on (FRM-16). */
export async function customerReportFill(
  tx: Command,
  viewer: Viewer,
  input: CustomerReportFillInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ customerReportId: string }> {
  const report = await lockReport(tx, viewer, input.customerReportId);
  if (!can(viewer, 'customerReport', 'write')) throw new Forbidden(rolesWith('customerReport', 'write'));
  if (report.version !== input.expectedVersion) throw new StaleVersion(report.version);
  const state = transition(REPORT_WORKFLOW, report.state, 'FILL');
  const issues = new Issues();
  issues.expect(input.summary.trim().length > 0, 'summary', text('what the figures say', '分析说明'));
  expectText(issues, 'summary', input.summary);
  expectText(issues, 'note', input.note);
  issues.throwIfAny();
  const figures = report.kind === 'SUMMARY_CARD' ? await cardFigures(tx, report, timeZone) : null;
  return write(tx, report, 'customerReportFill', {
    state,
    summary: input.summary.trim(),
    note: input.note?.trim() || null,
    ...(figures ? { figures: figures.map((figure) => ({ ...figure })) } : {}),
    filledById: viewer.employeeId,
    filledAt: tx.now,
  });
}

export interface CustomerReportReviewInput {
  readonly customerReportId: string;
  readonly expectedVersion: number;
  readonly decision: 'APPROVE' | 'RETURN';
  readonly reason?: string | null;
}

/** Reviews a report that somebody else has filled in, or gives it back with a reason. */
export async function customerReportReview(
  tx: Command,
  viewer: Viewer,
  input: CustomerReportReviewInput,
): Promise<{ customerReportId: string }> {
  const report = await lockReport(tx, viewer, input.customerReportId);
  if (!can(viewer, 'customerReport', 'approve')) throw new Forbidden(rolesWith('customerReport', 'approve'));
  if (report.filledById === viewer.employeeId) {
    throw new Forbidden(
      ['another reviewer'],
      text('Nobody reviews what they have filled in.', '填报人不能审核自己填报的报表。'),
    );
  }
  if (report.version !== input.expectedVersion) throw new StaleVersion(report.version);
  const state = transition(REPORT_WORKFLOW, report.state, input.decision);
  const issues = new Issues();
  issues.expect(
    input.decision === 'APPROVE' || Boolean(input.reason?.trim()),
    'reason',
    text('why it is given back', '退回原因'),
  );
  expectText(issues, 'reason', input.reason);
  issues.throwIfAny();
  const reviewed = input.decision === 'APPROVE';
  return write(tx, report, 'customerReportReview', {
    state,
    returnReason: reviewed ? null : input.reason?.trim(),
    reviewedById: reviewed ? viewer.employeeId : null,
    reviewedAt: reviewed ? tx.now : null,
  });
}
