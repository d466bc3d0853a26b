import { lockCustomer, type LockedCustomer } from '../../key-accounts/commands/locks.ts';
import type {
  ContactSeniority,
  TicketCategory,
  VisitState,
  VisitType,
} from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { localDate, startOfLocalDay } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import { type Reader, rolesNow } from '../../organisation/queries.ts';
import { PERMISSIONS, rolesWith } from '../../organisation/rules/permissions.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { type AdvanceObligations, cancelObligations, putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { awaitDailyReport } from '../../work-reports/commands.ts';
import { visitReadable, visitWritable } from '../queries/visibility.ts';
import { expectProblem } from '../rules/problems.ts';
import {
  changeVisit,
  expectPurpose,
  expectVisitFacts,
  missedAt,
  needsHost,
  sellsTo,
  type VisitFacts,
} from '../rules/visits.ts';
import { VISIT_SETTINGS } from '../settings.ts';
import { refreshCadenceOf } from './cadence.ts';
import { problemTicket } from './problems.ts';

/** A planned visit is recorded within so many days, or counts as missed (VIS-03). */
export const VISIT_RECORD = 'VISIT_RECORD';

interface Planning {
  readonly type: VisitType;
  readonly visitorId?: string | null;
  readonly hostId?: string | null;
  readonly overrideReason?: string | null;
}

export interface VisitPlanInput extends Planning {
  readonly customerId: string;
  readonly plannedFor: Date;
  readonly purpose: string;
  readonly idempotencyKey?: string | null;
}

/** Plans a visit, for oneself or, as whoever works on more than own customers, for somebody else (VIS-03). */
export async function visitPlan(
  tx: Command,
  viewer: Viewer,
  input: VisitPlanInput,
  read: Reader,
): Promise<{ visitId: string }> {
  const customer = await requireCustomer(tx, viewer, input.customerId);
  const visitorId = input.visitorId ?? viewer.employeeId;
  requirePlans(viewer, visitorId, input);
  const visitId = await once(tx, 'visitPlan', input.idempotencyKey, input, async (id) => {
    const issues = new Issues();
    issues.expect(
      input.plannedFor.getTime() >=
        startOfLocalDay(localDate(tx.now.getTime(), read.timeZone), read.timeZone),
      'plannedFor',
      text('today or later', '今天或之后'),
    );
    expectPurpose(issues, input.purpose);
    expectVisitor(issues, viewer, visitorId, customer, input, read);
    issues.throwIfAny();
    const host = await hostOf(tx, customer.id, input.hostId);
    const visit = {
      customerId: customer.id,
      type: input.type,
      plannedFor: input.plannedFor,
      visitorId,
      ...host,
      overrideReason: input.overrideReason?.trim() ?? null,
    };
    await tx.prisma.visit.create({
      data: {
        ...visit,
        id,
        purpose: input.purpose.trim(),
        latentNeeds: [],
        createdAt: tx.now,
        updatedAt: tx.now,
      },
    });
    await watchVisits(tx, [{ id, visitorId, plannedFor: input.plannedFor }]);
    tx.audit({ action: 'visitPlan', subjectType: 'Visit', subjectId: id, after: visit });
  });
  return { visitId };
}

/** Has the sweep find visits that nobody records. */
export async function watchVisits(
  tx: Command,
  visits: readonly { readonly id: string; readonly visitorId: string; readonly plannedFor: Date }[],
): Promise<void> {
  const recordDays = tx.settings.get(VISIT_SETTINGS.recordDays);
  await putObligations(
    tx,
    visits.map(({ id, visitorId, plannedFor }) => {
      const dueAt = missedAt(plannedFor, recordDays);
      return {
        kind: VISIT_RECORD,
        subjectId: id,
        period: 'RECORD',
        ownerId: visitorId,
        startsAt: plannedFor,
        warnAt: null,
        dueAt,
        nextAt: dueAt,
        state: 'OPEN' as const,
        step: 0,
      };
    }),
  );
}

export interface VisitRecordInput extends VisitFacts {
  readonly visitId?: string | null;
  readonly expectedVersion?: number | null;
  readonly customerId?: string | null;
  readonly type?: VisitType | null;
  readonly doneAt?: Date | null;
  readonly visitorId?: string | null;
  readonly hostId?: string | null;
  readonly hostSeniority?: ContactSeniority | null;
  readonly purpose?: string | null;
  readonly significant?: boolean | null;
  readonly fileUpdateNeeded?: boolean | null;
  readonly overrideReason?: string | null;
  readonly problem?: string | null;
  readonly problemCategory?: TicketCategory | null;
  readonly idempotencyKey?: string | null;
}

/** Records a visit that was made, whether it was planned or not (VIS-03, VIS-10). */
export async function visitRecord(
  tx: Command,
  viewer: Viewer,
  input: VisitRecordInput,
  read: Reader,
): Promise<{ visitId: string }> {
  if (input.visitId != null) return recordPlanned(tx, viewer, { ...input, visitId: input.visitId }, read);
  if (input.customerId == null)
    throw invalid('visitId', text('a planned visit, or customerId and type', '已计划的拜访，或客户与类型'));
  const customer = await requireCustomer(tx, viewer, input.customerId);
  const visitorId = input.visitorId ?? viewer.employeeId;
  const { type } = input;
  if (type == null)
    throw invalid('type', text('the type, for a visit that was not planned', '未计划的拜访须填写类型'));
  requirePlans(viewer, visitorId, input);
  const visitId = await once(tx, 'visitRecord', input.idempotencyKey, input, async (id) => {
    const issues = new Issues();
    expectPurpose(issues, input.purpose);
    expectVisitor(issues, viewer, visitorId, customer, { ...input, type }, read);
    const done = await doneFacts(tx, issues, customer.id, { ...input, type }, null);
    await tx.prisma.visit.create({
      data: {
        ...done,
        ...(await ticketOf(tx, viewer, { ...input, customerId: customer.id }, done, read)),
        id,
        customerId: customer.id,
        type,
        visitorId,
        purpose: input.purpose?.trim() ?? '',
        overrideReason: input.overrideReason?.trim() ?? null,
        recordedById: viewer.employeeId,
        createdAt: tx.now,
      },
    });
    await afterRecord(tx, { id, customerId: customer.id, type, visitorId, before: null }, done, read);
  });
  return { visitId };
}

async function recordPlanned(
  tx: Command,
  viewer: Viewer,
  input: VisitRecordInput & { readonly visitId: string },
  read: Reader,
): Promise<{ visitId: string }> {
  const visit = await lockVisit(tx, viewer, input.visitId, input.expectedVersion);
  changeVisit(visit.state, 'RECORD');
  const issues = new Issues();
  for (const field of ['customerId', 'type', 'visitorId', 'overrideReason'] as const) {
    issues.expect(input[field] == null, field, text('nothing: the plan says it', '不填：以计划为准'));
  }
  if (input.purpose != null) expectPurpose(issues, input.purpose);
  const done = await doneFacts(tx, issues, visit.customerId, { ...input, type: visit.type }, visit);
  await tx.prisma.visit.update({
    where: { id: visit.id },
    data: {
      ...done,
      ...(await ticketOf(tx, viewer, { ...input, customerId: visit.customerId }, done, read)),
      ...(input.purpose == null ? {} : { purpose: input.purpose.trim() }),
      recordedById: viewer.employeeId,
      version: { increment: 1 },
    },
  });
  // One that was missed stays a miss of the deadline, though the visit was made.
  await tx.query(sql`
    update obligation set state = 'MET', next_at = null, met_at = ${tx.now}::timestamptz, met_by = ${visit.id}
    where kind = ${VISIT_RECORD} and subject_id = ${visit.id}::uuid and state = 'OPEN'
    returning 1 as written`);
  await afterRecord(tx, { ...visit, before: visit.state }, done, read);
  return { visitId: visit.id };
}

/** What a recorded visit has, after everything that is wrong with it was said. */
async function doneFacts(
  tx: Command,
  issues: Issues,
  customerId: string,
  input: VisitRecordInput & { readonly type: VisitType },
  planned: Pick<LockedVisit, 'hostId' | 'hostSeniority'> | null,
) {
  const doneAt = input.doneAt ?? tx.now;
  issues.expect(doneAt <= tx.now, 'doneAt', text('not in the future', '不能晚于当前时间'));
  expectVisitFacts(issues, input);
  expectProblem(issues, input, input.type === 'FOLLOW_UP');
  const hostId = input.hostId ?? planned?.hostId ?? null;
  issues.expect(
    hostId !== null || !needsHost(input.type),
    'hostId',
    text('the person visited, for a visit of this type', '该类拜访须填写受访人'),
  );
  issues.throwIfAny();
  const host = input.hostId == null ? null : await hostOf(tx, customerId, input.hostId);
  return {
    state: 'DONE' as const,
    doneAt,
    hostId,
    hostSeniority: input.hostSeniority ?? host?.hostSeniority ?? planned?.hostSeniority ?? null,
    content: input.content?.trim() ?? '',
    needs: filled(input.needs),
    latentNeeds: (input.latentNeeds ?? []).map((need) => need.trim()),
    competitorInformation: filled(input.competitorInformation),
    promises: filled(input.promises),
    nextStep: filled(input.nextStep),
    significant: input.significant ?? false,
    fileUpdateNeeded: input.fileUpdateNeeded ?? false,
    recordedAt: tx.now,
    updatedAt: tx.now,
  };
}

/** What a return visit has found wrong becomes a ticket in the name of the person visited (VIS-11). */
function ticketOf(
  tx: Command,
  viewer: Viewer,
  input: VisitRecordInput & { readonly customerId: string },
  { doneAt, hostId }: { readonly doneAt: Date; readonly hostId: string | null },
  read: Reader,
) {
  return problemTicket(
    tx,
    viewer,
    { ...input, contactId: hostId, contactField: 'hostId', channel: 'ON_SITE', at: doneAt },
    read,
  );
}

function filled(words: string | null | undefined): string | null {
  return words?.trim() || null;
}

async function afterRecord(
  tx: Command,
  visit: {
    readonly id: string;
    readonly customerId: string;
    readonly type: VisitType;
    readonly visitorId: string;
    readonly before: VisitState | null;
  },
  done: Awaited<ReturnType<typeof doneFacts>>,
  read: Reader,
): Promise<void> {
  const { doneAt, hostId, hostSeniority, significant, fileUpdateNeeded } = done;
  // What was said is content of the file: it stands in the record alone.
  tx.audit({
    action: 'visitRecord',
    subjectType: 'Visit',
    subjectId: visit.id,
    before: { state: visit.before },
    after: {
      state: 'DONE',
      customerId: visit.customerId,
      type: visit.type,
      visitorId: visit.visitorId,
      doneAt,
      hostId,
      hostSeniority,
      significant,
      fileUpdateNeeded,
    },
  });
  await refreshCadenceOf(tx, read.timeZone, [visit.customerId]);
  if (visit.type === 'SERVICE_PATROL') await awaitDailyReport(tx, visit.visitorId, doneAt, read.timeZone);
  if (!significant) return;
  const visitor = read.organisation.employees.get(visit.visitorId);
  tx.emit({
    kind: 'SIGNIFICANT_CUSTOMER_INFO',
    subjectId: visit.id,
    audience: { roles: ['HEAD'] },
    payload: { visitor: visitor?.number ?? null, type: visit.type, doneAt: doneAt.toISOString() },
  });
}

export interface VisitCancelInput {
  readonly visitId: string;
  readonly expectedVersion: number;
  readonly reason: string;
}

/** A planned visit is not made; it says why. */
export async function visitCancel(
  tx: Command,
  viewer: Viewer,
  input: VisitCancelInput,
): Promise<{ visitId: string }> {
  const visit = await lockVisit(tx, viewer, input.visitId, input.expectedVersion);
  const state = changeVisit(visit.state, 'CANCEL');
  const reason = input.reason.trim();
  if (reason === '' || reason.length > 1_000)
    throw invalid('reason', text('why, in 1 to 1,000 characters', '原因，1 到 1000 字'));
  await tx.prisma.visit.update({
    where: { id: visit.id },
    data: { state, cancelReason: reason, updatedAt: tx.now, version: { increment: 1 } },
  });
  await cancelObligations(tx, VISIT_RECORD, visit.id);
  tx.audit({
    action: 'visitCancel',
    subjectType: 'Visit',
    subjectId: visit.id,
    before: { state: visit.state },
    after: { state, reason },
  });
  return { visitId: visit.id };
}

/** Visits that nobody recorded in time count as missed; set-based, by the visits' ids (VIS-03). */
export const missVisits: AdvanceObligations = async (tx, due) => {
  const missed = await tx.query<{ id: string }>(sql`
    update visit set state = 'MISSED', updated_at = ${tx.now}::timestamptz, version = version + 1
    where id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and state = 'PLANNED'
    returning id`);
  const ids = new Set(missed.map(({ id }) => id));
  tx.audit(
    ...missed.map(({ id }) => ({
      action: 'visitMiss',
      subjectType: 'Visit',
      subjectId: id,
      before: { state: 'PLANNED' },
      after: { state: 'MISSED' },
    })),
  );
  return due.map(({ id, subjectId }) => ({
    id,
    state: ids.has(subjectId) ? ('OVERDUE' as const) : ('CANCELLED' as const),
    step: ids.has(subjectId) ? 2 : 0,
    nextAt: null,
  }));
};

export interface LockedVisit {
  readonly id: string;
  readonly customerId: string;
  readonly type: VisitType;
  readonly state: VisitState;
  readonly visitorId: string;
  readonly hostId: string | null;
  readonly hostSeniority: ContactSeniority | null;
  readonly version: number;
}

/** Locks a visit that the viewer may read; NotFound for any other, Forbidden for one that is not theirs to work on. */
export async function lockVisit(
  tx: Command,
  viewer: Viewer,
  id: string,
  expectedVersion: number | null | undefined,
): Promise<LockedVisit> {
  const sees = constantViewer(viewer, tx.now);
  const v = sql`v`;
  const c = sql`c`;
  const [row] = await tx.query<LockedVisit & { readable: boolean; writable: boolean }>(sql`
    select v.id, v.customer_id as "customerId", v.type, v.state, v.visitor_id as "visitorId", v.host_id as "hostId",
           v.host_seniority as "hostSeniority", v.version,
           coalesce(${visitReadable(sees, v, c)}, false) as readable,
           coalesce(${visitWritable(sees, v, c)}, false) as writable
    from visit v join customer c on c.id = v.customer_id
    where v.id = ${id}::uuid
    for update of v, c`);
  if (!row?.readable) throw new NotFound(['visitId'], text('visit', '拜访'));
  if (!row.writable) throw new Forbidden(rolesWith('contactLog', 'write'));
  if (expectedVersion != null && expectedVersion !== row.version) throw new StaleVersion(row.version);
  return row;
}

async function requireCustomer(tx: Command, viewer: Viewer, id: string): Promise<LockedCustomer> {
  const customer = await lockCustomer(tx, viewer, id, 'customerId');
  if (!customer.recordsContacts)
    throw new Forbidden(
      customer.grade === 'A' ? ['HEAD', 'a dedicated assignment'] : rolesWith('contactLog', 'write'),
    );
  return customer;
}

/** Whoever works on own customers alone plans for oneself; and only HEAD lets a seller patrol (VIS-02). */
function requirePlans(viewer: Viewer, visitorId: string, input: Planning | VisitRecordInput): void {
  const widely = (['ALL', 'AREA', 'KEY'] as const).some((scope) =>
    viewer.rights.has(`contactLog:write:${scope}`),
  );
  if (visitorId !== viewer.employeeId && !widely)
    throw new Forbidden(
      rolesWith('contactLog', 'write').filter((role) =>
        PERMISSIONS.contactLog[role].write?.some((scope) => ['ALL', 'AREA', 'KEY'].includes(scope)),
      ),
      text('Visits of other people are planned by supervisors.', '他人的拜访由主管安排。'),
    );
  if (input.overrideReason != null && !hasRole(viewer, 'HEAD'))
    throw new Forbidden(
      ['HEAD'],
      text('Only HEAD lets a seller patrol (VIS-02).', '只有部门负责人可准许销售人员巡访（VIS-02）。'),
    );
}

/** The visitor works with customers, and a patrol is not made by who sells there (VIS-02). */
function expectVisitor(
  issues: Issues,
  viewer: Viewer,
  visitorId: string,
  customer: LockedCustomer,
  input: Planning,
  read: Reader,
): void {
  const { employees, teams } = read.organisation;
  const visitor = employees.get(visitorId);
  const roles = visitor ? rolesNow(read, visitor.id) : [];
  issues.expect(
    visitorId === viewer.employeeId || roles.some((role) => PERMISSIONS.contactLog[role].write),
    'visitorId',
    text('somebody who records visits', '可记录拜访的人员'),
  );
  const reason = input.overrideReason?.trim();
  issues.expect(
    reason === undefined || (reason !== '' && reason.length <= 1_000 && input.type === 'SERVICE_PATROL'),
    'overrideReason',
    text('why a seller patrols, in 1 to 1,000 characters', '由销售人员巡访的原因，1 到 1000 字'),
  );
  if (input.type !== 'SERVICE_PATROL' || reason || !visitor) return;
  const areaIds =
    visitor.areaIds.length > 0 ? visitor.areaIds : (teams.get(visitor.teamId ?? '')?.areaIds ?? []);
  issues.expect(
    !sellsTo({ id: visitor.id, roles, areaIds }, customer),
    'visitorId',
    text(
      'for a patrol neither the owner nor somebody who sells in the region; HEAD may override it with a reason (VIS-02)',
      '巡访人不得是客户负责人或在该区域销售的人员；部门负责人可说明原因后准许（VIS-02）',
    ),
  );
}

/** The person visited, and how senior they are now; one of this customer. */
async function hostOf(
  tx: Command,
  customerId: string,
  hostId: string | null | undefined,
): Promise<{ hostId: string | null; hostSeniority: ContactSeniority | null }> {
  if (hostId == null) return { hostId: null, hostSeniority: null };
  const [host] = await tx.query<{ seniority: ContactSeniority }>(sql`
    select seniority from contact where id = ${hostId}::uuid and customer_id = ${customerId}::uuid`);
  if (!host) throw invalid('hostId', text('a contact of this customer', '该客户的联系人'));
  return { hostId, hostSeniority: host.seniority };
}
