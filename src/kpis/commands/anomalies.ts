import { Forbidden, IllegalTransition, invalid, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import type { KpiDimensionKind } from '../../generated/prisma/enums.ts';
import { newId } from '../../lib/ids.ts';
import { type Period, previousPeriod } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { businessHours } from '../../platform/calendars.ts';
import { isPresentOnly } from '../definitions/definition.ts';
import { anomalyReadable, anomalyWorkable } from '../queries/anomalies.ts';
import { readKept, scopeKey } from '../queries/kept-values.ts';
import { closeOf, type MetricAsked, measureValues } from '../queries/values.ts';
import { abnormality, type Abnormality, checkFindings, historyOf } from '../rules/anomalies.ts';
import type { Measured } from '../rules/figures.ts';
import { offTargetAudience } from '../rules/off-target.ts';
import { KPI_SETTINGS } from '../settings.ts';

/** A value that has just been kept. */
export interface ClosedValue extends MetricAsked {
  readonly measured: Measured;
}

/**
 * Looks for abnormal values among those that were kept: each of them opens one case and is told of once (KPM-01,
 * EVT-47). As many statements for any number of values.
 */
export async function openCases(
  tx: Command,
  closed: readonly ClosedValue[],
  timeZone: string,
): Promise<void> {
  const tested = closed.filter(({ measured }) => measured.value !== null);
  if (tested.length === 0) return;
  const policy = {
    deviations: tx.settings.get(KPI_SETTINGS.abnormalSd),
    minimum: tx.settings.get(KPI_SETTINGS.abnormalMinimum),
  };
  const histories = await valuesBefore(tx, tested, timeZone);
  const found = tested.flatMap((one, place) => {
    const { value } = one.measured;
    const abnormal = value === null ? null : abnormality(value, historyOf(histories[place] ?? []), policy);
    return abnormal ? [{ ...one, value, abnormal }] : [];
  });
  await writeCases(tx, found, timeZone);
}

/** The values in force of the periods before each, oldest first; measured where nothing was kept. */
async function valuesBefore(
  tx: Command,
  tested: readonly MetricAsked[],
  timeZone: string,
): Promise<(Measured | null)[][]> {
  const window = tx.settings.get(KPI_SETTINGS.abnormalWindow);
  const asked = tested.flatMap((one) =>
    periodsBefore(one.period, window, timeZone).map((period): MetricAsked => ({ ...one, period })),
  );
  const kept = (
    await readKept(
      tx,
      asked.map(({ definition, period, dimension }) =>
        scopeKey({ key: definition.key, period: period.key, dimension }),
      ),
    )
  ).map((versions) => versions.at(-1) ?? null);
  const missing = asked.flatMap((one, place) =>
    kept[place] || isPresentOnly(one.definition) ? [] : [place],
  );
  const values = await measureValues(
    tx,
    missing.map((place) => asked[place] as MetricAsked),
    timeZone,
  );
  const measured = new Map(missing.map((place, index) => [place, values[index] ?? null]));
  const all = asked.map((_, place) => kept[place] ?? measured.get(place) ?? null);
  return tested.map((_, place) => all.slice(place * window, (place + 1) * window));
}

function periodsBefore(period: Period, count: number, timeZone: string): Period[] {
  const before: Period[] = [];
  for (let last = period; before.length < count; ) {
    last = previousPeriod(last, timeZone);
    before.unshift(last);
  }
  return before;
}

interface FoundValue extends MetricAsked {
  readonly value: string | null;
  readonly abnormal: Abnormality;
}

async function writeCases(tx: Command, found: readonly FoundValue[], timeZone: string): Promise<void> {
  if (found.length === 0) return;
  const calendar = await businessHours(tx, timeZone);
  const days = tx.settings.get(KPI_SETTINGS.caseDays);
  const dueAt = new Date(calendar.add(tx.now.getTime(), days * calendar.businessDayMs));
  const rows = found.map(({ definition, period, dimension, value, abnormal }) => ({
    id: newId(),
    key: definition.key,
    kind: dimension.kind,
    dimension_id: dimension.id,
    period: period.key,
    actual: value,
    ...abnormal,
    arose_at: closeOf(tx, { definition, period }),
  }));
  const opened = await tx.query<{ id: string }>(sql`
    insert into anomaly_case (id, key, dimension_kind, dimension_id, period, actual, mean, lower, upper, periods, arose_at,
                              opened_at, due_at, updated_at)
    select c.id, c.key, c.kind::"KpiDimensionKind", c.dimension_id, c.period, c.actual, c.mean, c.lower, c.upper, c.periods,
           c.arose_at, ${tx.now}::timestamptz, ${dueAt}::timestamptz, ${tx.now}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as c(
      id uuid, key text, kind text, dimension_id uuid, period text, actual numeric, mean numeric, lower numeric,
      upper numeric, periods int, arose_at timestamptz)
    on conflict do nothing
    returning id`);
  const made = new Set(opened.map(({ id }) => id));
  found.forEach(({ definition, period, dimension, value, abnormal: { mean, lower, upper } }, place) => {
    const id = rows[place]?.id ?? '';
    if (!made.has(id)) return;
    tx.emit({
      kind: 'KPI_ABNORMAL',
      subjectId: id,
      audience: offTargetAudience(definition, dimension),
      payload: {
        key: definition.key,
        period: period.key,
        dimensionKind: dimension.kind,
        dimensionId: dimension.id,
        actual: value,
        mean,
        lower,
        upper,
      },
    });
  });
}

export interface OnAnomaly {
  readonly anomalyCaseId: string;
  readonly expectedVersion: number;
  readonly cause?: string | null;
  readonly measure?: string | null;
  readonly reportedToId?: string | null;
}

export interface AnomalyCaseUpdateInput extends OnAnomaly {
  readonly responsibleId?: string | null;
}

interface LockedCase {
  readonly id: string;
  readonly state: 'OPEN' | 'CLOSED';
  readonly cause: string | null;
  readonly measure: string | null;
  readonly responsibleId: string | null;
  readonly reportedToId: string | null;
  readonly dimensionKind: KpiDimensionKind;
  readonly workable: boolean;
  readonly version: number;
}

/** Locks an open case that the viewer may look into, in the version that was read. */
async function lockOpen(tx: Command, viewer: Viewer, input: OnAnomaly, action: string): Promise<LockedCase> {
  const sees = constantViewer(viewer, tx.now);
  const [found] = await tx.query<LockedCase>(sql`
    select x.id, x.state, x.cause, x.measure, x.responsible_id as "responsibleId", x.reported_to_id as "reportedToId",
           x.dimension_kind as "dimensionKind", ${anomalyWorkable(sees, sql`x`)} as workable, x.version
    from anomaly_case x
    where x.id = ${input.anomalyCaseId}::uuid and ${anomalyReadable(sees, sql`x`)}
    for update`);
  if (!found) throw new NotFound(['anomalyCaseId'], text('case of an abnormal value', '指标异常'));
  if (!found.workable) throw new Forbidden(rolesWith('kpi', 'write'));
  if (found.version !== input.expectedVersion) throw new StaleVersion(found.version);
  if (found.state !== 'OPEN') throw new IllegalTransition(found.state, action, []);
  return found;
}

/** Writes down what was found about an abnormal value and who looks into it; what is left out stays (KPM-01). */
export async function anomalyCaseUpdate(
  tx: Command,
  viewer: Viewer,
  input: AnomalyCaseUpdateInput,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ anomalyCaseId: string }> {
  const found = await lockOpen(tx, viewer, input, 'UPDATE');
  const issues = new Issues();
  checkFindings(issues, input, false);
  issues.throwIfAny();
  expectEmployee(organisation, 'responsibleId', input.responsibleId);
  expectEmployee(organisation, 'reportedToId', input.reportedToId);
  return write(tx, found, {
    ...reported(tx, found, input),
    cause: input.cause?.trim() ?? found.cause,
    measure: input.measure?.trim() ?? found.measure,
    responsibleId: input.responsibleId ?? found.responsibleId,
  });
}

/** Closes a case, its cause and a measure being known (KPM-01). */
export async function anomalyCaseClose(
  tx: Command,
  viewer: Viewer,
  input: OnAnomaly,
  { organisation }: Pick<Reader, 'organisation'>,
): Promise<{ anomalyCaseId: string }> {
  const found = await lockOpen(tx, viewer, input, 'CLOSE');
  const findings = { cause: input.cause ?? found.cause, measure: input.measure ?? found.measure };
  const issues = new Issues();
  checkFindings(issues, findings, true);
  issues.expect(
    found.dimensionKind !== 'CUSTOMER' ||
      can(viewer, 'kpi', 'write') ||
      (input.reportedToId ?? found.reportedToId) !== null,
    'reportedToId',
    text('the superior to whom it was reported (CUS-32)', '已报告的上级（CUS-32）'),
  );
  issues.throwIfAny();
  expectEmployee(organisation, 'reportedToId', input.reportedToId);
  return write(tx, found, {
    ...reported(tx, found, input),
    cause: findings.cause?.trim() ?? null,
    measure: findings.measure?.trim() ?? null,
    state: 'CLOSED',
    closedAt: tx.now,
    closedById: viewer.employeeId,
  });
}

function expectEmployee(
  organisation: Reader['organisation'],
  path: string,
  employeeId: string | null | undefined,
): void {
  if (employeeId != null && !organisation.employees.has(employeeId))
    throw invalid(path, text('somebody who works here', '在职员工'));
}

/** To whom a case was reported, and when first to that person. */
function reported(
  tx: Command,
  found: LockedCase,
  { reportedToId }: OnAnomaly,
): { reportedToId?: string; reportedAt?: Date } {
  return reportedToId == null || reportedToId === found.reportedToId
    ? {}
    : { reportedToId, reportedAt: tx.now };
}

async function write(
  tx: Command,
  found: LockedCase,
  data: Partial<Pick<LockedCase, 'cause' | 'measure' | 'responsibleId' | 'state'>> & {
    reportedToId?: string;
    reportedAt?: Date;
    closedAt?: Date;
    closedById?: string;
  },
): Promise<{ anomalyCaseId: string }> {
  await tx.prisma.anomalyCase.update({
    where: { id: found.id },
    data: { ...data, updatedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: data.state === 'CLOSED' ? 'anomalyCaseClose' : 'anomalyCaseUpdate',
    subjectType: 'AnomalyCase',
    subjectId: found.id,
    before: { cause: found.cause, measure: found.measure, responsibleId: found.responsibleId },
    after: data,
  });
  return { anomalyCaseId: found.id };
}
