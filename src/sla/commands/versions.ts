import type { Prisma } from '../../generated/prisma/client.ts';
import { decideChange, effectiveFrom } from '../../configuration/rules.ts';
import {
  Forbidden,
  IllegalTransition,
  InvalidInput,
  invalid,
  Issues,
  NotFound,
  StaleVersion,
} from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { newestApproved, newestCalendar, newestPolicy, versionVisible } from '../queries/versions.ts';
import {
  type CalendarChange,
  checkCalendar,
  checkPolicy,
  draftCalendar,
  draftPolicy,
  type PolicyChange,
  type PolicyDraft,
  weeklyOf,
} from '../rules/versions.ts';
import { recomputeClocks } from './recompute.ts';

/** What every proposal says beside what is to change. */
interface Proposal {
  readonly code: string;
  readonly validFrom?: Date | null;
  readonly reason: string;
  readonly expectedVersion?: number | null;
  readonly idempotencyKey?: string | null;
}

export interface BusinessCalendarProposeInput extends Proposal, CalendarChange {}

/**
 * Proposes a calendar, or other hours, holidays and make-up workdays of one; what is not given stays. ADMIN proposes,
 * HEAD approves (section 26).
 */
export async function businessCalendarPropose(
  tx: Command,
  viewer: Viewer,
  input: BusinessCalendarProposeInput,
  { timeZone }: { readonly timeZone: string },
): Promise<{ calendarId: string }> {
  requireProposer(viewer);
  const calendarId = await once(tx, 'businessCalendarPropose', input.idempotencyKey, input, async (id) => {
    const code = input.code.trim();
    const base = await newestCalendar(tx, code);
    requireBase(base, input.expectedVersion);
    const draft = draftCalendar(code, base, input);
    checkCalendar(draft, timeZone, tx.now.getTime());
    if (!draft.alwaysOpen) await refuseComplaintCalendar(tx, code);
    const proposal = proposalOf(tx, viewer, input);
    const row = {
      name: draft.name,
      nameEn: draft.nameEn,
      timeZone: draft.timeZone,
      alwaysOpen: draft.alwaysOpen,
      weekly: weeklyOf(draft.weekly) as unknown as Prisma.InputJsonObject,
      holidays: draft.holidays.toSorted(),
      extraWorkdays: draft.extraWorkdays.map(({ day, windows }) =>
        windows ? { day, windows: [...windows] } : { day },
      ),
    };
    await tx.prisma.businessCalendar.create({
      data: {
        ...row,
        ...proposal,
        id,
        code,
        revision: await nextRevision(tx, CALENDARS, code),
        basedOn: base?.revision ?? null,
      },
    });
    tx.audit({
      action: 'businessCalendar.PROPOSE',
      subjectType: 'BusinessCalendar',
      subjectId: id,
      before: base,
      after: { code, ...row, validFrom: proposal.validFrom, reason: proposal.reason },
    });
  });
  return { calendarId };
}

export interface SlaPolicyProposeInput extends Proposal, PolicyChange {}

/**
 * Proposes other limits, another calendar, pause or factors of a policy; what is not given stays, null takes a limit away.
 * ADMIN proposes, HEAD approves (section 26).
 */
export async function slaPolicyPropose(
  tx: Command,
  viewer: Viewer,
  input: SlaPolicyProposeInput,
): Promise<{ policyId: string }> {
  requireProposer(viewer);
  const policyId = await once(tx, 'slaPolicyPropose', input.idempotencyKey, input, async (id) => {
    const base = await newestPolicy(tx, input.code);
    if (!base) throw invalid('code', text('the code of a policy', '服务时限政策的代码'));
    requireBase(base, input.expectedVersion);
    const draft = draftPolicy(base, input);
    checkPolicy(draft, await isAlwaysOpen(tx, draft.calendarCode));
    const proposal = proposalOf(tx, viewer, input);
    await tx.prisma.slaPolicy.create({
      data: {
        ...draft,
        ...proposal,
        // checkPolicy has refused a policy without one.
        resolution: draft.resolution ?? '',
        id,
        code: input.code,
        severity: base.severity,
        revision: await nextRevision(tx, POLICIES, input.code),
        basedOn: base.revision,
      },
    });
    tx.audit({
      action: 'slaPolicy.PROPOSE',
      subjectType: 'SlaPolicy',
      subjectId: id,
      before: base,
      after: { code: input.code, ...draft, validFrom: proposal.validFrom, reason: proposal.reason },
    });
  });
  return { policyId };
}

interface Decision {
  readonly approve: boolean;
  readonly reason: string;
}

export interface BusinessCalendarDecideInput extends Decision {
  readonly calendarId: string;
}

export interface SlaPolicyDecideInput extends Decision {
  readonly policyId: string;
}

/** Approves or refuses a proposed calendar; approved, it moves the clocks of open tickets from its instant on (TIC-36). */
export async function businessCalendarDecide(
  tx: Command,
  viewer: Viewer,
  input: BusinessCalendarDecideInput,
  { timeZone }: { readonly timeZone: string },
): Promise<{ calendarId: string; recomputeId: string | null }> {
  const { version, data } = await decide(tx, viewer, CALENDARS, input.calendarId, input);
  if (input.approve) {
    const [kept] = await tx.query<{ alwaysOpen: boolean }>(sql`
      select always_open as "alwaysOpen" from business_calendar where id = ${version.id}::uuid`);
    if (!kept?.alwaysOpen) await refuseComplaintCalendar(tx, version.code);
  }
  await tx.prisma.businessCalendar.update({ where: { id: version.id }, data });
  return {
    calendarId: version.id,
    recomputeId: await followed(tx, 'CALENDAR', version.code, data, timeZone),
  };
}

/** The same of a policy. */
export async function slaPolicyDecide(
  tx: Command,
  viewer: Viewer,
  input: SlaPolicyDecideInput,
  { timeZone }: { readonly timeZone: string },
): Promise<{ policyId: string; recomputeId: string | null }> {
  const { version, data } = await decide(tx, viewer, POLICIES, input.policyId, input);
  if (input.approve) {
    const [kept] = await tx.query<PolicyDraft>(sql`
      select category, calendar_code as "calendarCode", acknowledge, first_response as "firstResponse", decision, progress,
             resolution, pause_while_waiting as "pauseWhileWaiting", grade_factors as "gradeFactors",
             level_factors as "levelFactors"
      from sla_policy where id = ${version.id}::uuid`);
    // Its calendar may have changed since it was proposed.
    if (kept) checkPolicy(kept, await isAlwaysOpen(tx, kept.calendarCode));
  }
  await tx.prisma.slaPolicy.update({ where: { id: version.id }, data });
  return { policyId: version.id, recomputeId: await followed(tx, 'POLICY', version.code, data, timeZone) };
}

async function followed(
  tx: Command,
  cause: 'POLICY' | 'CALENDAR',
  changed: string,
  data: DecisionColumns,
  timeZone: string,
): Promise<string | null> {
  return data.validFrom ? recomputeClocks(tx, { cause, changed, validFrom: data.validFrom }, timeZone) : null;
}

interface Versions {
  readonly table: Sql;
  readonly entity: 'BusinessCalendar' | 'SlaPolicy';
  readonly field: string;
  readonly what: ReturnType<typeof text>;
}

const CALENDARS: Versions = {
  table: sql`business_calendar`,
  entity: 'BusinessCalendar',
  field: 'calendarId',
  what: text('version of a calendar', '日历版本'),
};
const POLICIES: Versions = {
  table: sql`sla_policy`,
  entity: 'SlaPolicy',
  field: 'policyId',
  what: text('version of a policy', '政策版本'),
};

function requireProposer(viewer: Viewer): void {
  if (!can(viewer, 'setting', 'write')) throw new Forbidden(rolesWith('setting', 'write'));
}

/** A proposal says which version it was written over; a new code is written over none. */
function requireBase(base: { readonly revision: number } | null, expected: number | null | undefined): void {
  if (base && expected == null) {
    throw invalid(
      'expectedVersion',
      text(`the newest approved version, now ${base.revision}`, `最新的已批准版本，当前为 ${base.revision}`),
    );
  }
  if (expected != null && expected !== base?.revision) throw new StaleVersion(base?.revision ?? 0);
}

async function nextRevision(tx: Command, { table, entity }: Versions, code: string): Promise<number> {
  // Two proposals at once get two numbers.
  await tx.query(sql`select 1 as locked from pg_advisory_xact_lock(hashtext(${`${entity} ${code}`}))`);
  const [row] = await tx.query<{ next: number }>(sql`
    select coalesce(max(revision), 0)::int + 1 as next from ${table} where code = ${code}`);
  return row?.next ?? 1;
}

function proposalOf(tx: Command, viewer: Viewer, input: Proposal) {
  const issues = new Issues();
  issues.expect(
    input.validFrom == null || input.validFrom >= tx.now,
    'validFrom',
    text('not in the past', '不能早于当前时间'),
  );
  issues.expect(
    input.reason.trim() !== '' && input.reason.length <= 2_000,
    'reason',
    text('why it changes, at most 2,000 characters', '变更原因，最多 2000 字'),
  );
  issues.throwIfAny();
  return {
    validFrom: input.validFrom ?? tx.now,
    reason: input.reason.trim(),
    proposedById: viewer.employeeId,
    proposedAt: tx.now,
  };
}

interface ProposedVersion {
  readonly id: string;
  readonly code: string;
  readonly revision: number;
  readonly basedOn: number | null;
  readonly validFrom: Date;
  readonly proposedById: string;
  readonly approvedAt: Date | null;
  readonly refusedAt: Date | null;
}

interface DecisionColumns {
  readonly validFrom?: Date;
  readonly approvedById?: string;
  readonly approvedAt?: Date;
  readonly refusedById?: string;
  readonly refusedAt?: Date;
  readonly decisionReason: string;
}

async function decide(
  tx: Command,
  viewer: Viewer,
  versions: Versions,
  id: string,
  input: Decision,
): Promise<{ version: ProposedVersion; data: DecisionColumns }> {
  const { table, entity, field, what } = versions;
  const [version] = await tx.query<ProposedVersion>(sql`
    select v.id, v.code, v.revision, v.based_on as "basedOn", v.valid_from as "validFrom",
           v.proposed_by_id as "proposedById", v.approved_at as "approvedAt", v.refused_at as "refusedAt"
    from ${table} v
    where v.id = ${id}::uuid and ${versionVisible(constantViewer(viewer, tx.now), sql`v`)}
    for update`);
  if (!version) throw new NotFound([field], what);
  const state = decideChange(version, input.approve ? 'APPROVE' : 'REFUSE', viewer);
  const decisionReason = input.reason.trim();
  if (decisionReason === '' || decisionReason.length > 2_000)
    throw invalid('reason', text('why it is decided so, at most 2,000 characters', '审批理由，最多 2000 字'));
  if (state === 'APPROVED') {
    // What was written over another version than the newest would undo that one.
    await tx.query(
      sql`select 1 as locked from pg_advisory_xact_lock(hashtext(${`${entity} ${version.code}`}))`,
    );
    const newest = await newestApproved<object>(tx, table, version.code, []);
    if ((newest?.revision ?? null) !== version.basedOn)
      throw new IllegalTransition('SUPERSEDED', 'APPROVE', ['REFUSE']);
  }
  const data: DecisionColumns =
    state === 'APPROVED'
      ? {
          approvedById: viewer.employeeId,
          approvedAt: tx.now,
          validFrom: effectiveFrom(version.validFrom, tx.now),
          decisionReason,
        }
      : { refusedById: viewer.employeeId, refusedAt: tx.now, decisionReason };
  tx.audit({
    action: `${entity.charAt(0).toLowerCase()}${entity.slice(1)}.${input.approve ? 'APPROVE' : 'REFUSE'}`,
    subjectType: entity,
    subjectId: version.id,
    before: { code: version.code, revision: version.basedOn },
    after: { code: version.code, revision: version.revision, state, ...data },
  });
  return { version, data };
}

/** Whether the newest approved version of a calendar is always open; null where there is no such calendar. */
async function isAlwaysOpen(tx: Command, code: string): Promise<boolean | null> {
  const kept = await newestCalendar(tx, code);
  return kept?.alwaysOpen ?? null;
}

/** TIC-36: the clocks of complaints run 24x7, so the calendar of their policies cannot get hours. */
async function refuseComplaintCalendar(tx: Command, code: string): Promise<void> {
  const [policy] = await tx.query<{ code: string }>(sql`
    select p.code from sla_policy p
    where p.category = 'COMPLAINT' and p.calendar_code = ${code} and p.refused_at is null and p.approved_at is not null
      and not exists (
        select 1 from sla_policy n
        where n.code = p.code and n.approved_at is not null and n.valid_from <= ${tx.now}::timestamptz
          and (n.valid_from, n.approved_at, n.revision) > (p.valid_from, p.approved_at, p.revision))
    limit 1`);
  if (!policy) return;
  throw new InvalidInput([
    {
      path: ['alwaysOpen'],
      message: text(
        `true: ${policy.code} uses it, and complaint clocks run 24x7 (TIC-36)`,
        `true：${policy.code} 使用该日历，投诉时钟须 24x7 运行（TIC-36）`,
      ),
    },
  ]);
}
