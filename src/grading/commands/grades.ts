import { LEVEL, constantViewer } from '../../platform/visibility.ts';
import { lockCustomer, requireVersion } from '../../customers/commands/lock.ts';
import { renewAccessRequests } from '../../customers/commands/access.ts';
import { CUSTOMER_SETTINGS } from '../../customers/settings.ts';
import type { CustomerGrade, CustomerLifecycle, GradeCandidateState } from '../../generated/prisma/enums.ts';
import { Forbidden, Issues, invalid, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { transition } from '../../lib/workflow.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { renewTermsOfCustomers } from '../../tickets/commands/clock.ts';
import { candidateLevel } from '../queries/visibility.ts';
import { CANDIDATE_WORKFLOW, expectReason, type GradeDecision, mayPropose } from '../rules.ts';
import { announce, confirmBy, GRADE_CONFIRM, watchConfirmations } from './run.ts';

type Zoned = Pick<Reader, 'timeZone'>;

interface GradedCustomer {
  readonly id: string;
  readonly grade: CustomerGrade | null;
  readonly lifecycle: CustomerLifecycle;
  readonly level: number;
}

/**
 * Grades are confirmed by HEAD, SALES_SUPERVISOR and CS_SUPERVISOR (CUS-22, CFL-33). A lower grade would open the file
 * to whoever lowers it: a closed one is graded by those who read it (CUS-17).
 */
function requireConfirming(viewer: Viewer, customer: GradedCustomer): void {
  if (!can(viewer, 'grading', 'approve')) throw new Forbidden(rolesWith('grading', 'approve'));
  if (customer.level < LEVEL.FULL) {
    throw new Forbidden(
      ['HEAD', 'a dedicated assignment'],
      text('The grade of a file is set by those who may read it.', '档案等级由有权查阅该档案的人员确定。'),
    );
  }
}

/** Grades apply to the life stages of `customer.fileScope` (CUS-35). */
function expectGradable(issues: Issues, tx: Command, lifecycle: CustomerLifecycle): void {
  const scope: readonly string[] = tx.settings.get(CUSTOMER_SETTINGS.fileScope);
  issues.expect(
    scope.includes(lifecycle),
    'customerId',
    text(`a customer in ${scope.join(' or ')} (CUS-35)`, `处于 ${scope.join('、')} 阶段的客户（CUS-35）`),
  );
}

/** The one way in which a grade changes: history, what depends on it, and proposals made of the old one. */
async function setGrade(
  tx: Command,
  actorId: string,
  customer: GradedCustomer,
  { to, reason, action }: { to: CustomerGrade; reason: string; action: string },
  { timeZone }: Zoned,
): Promise<void> {
  await tx.prisma.customer.update({
    where: { id: customer.id },
    data: { grade: to, gradedAt: tx.now, updatedAt: tx.now, version: { increment: 1 } },
  });
  await tx.prisma.gradeHistory.create({
    data: { customerId: customer.id, from: customer.grade, to, reason, actorId, at: tx.now },
  });
  tx.audit({
    action,
    subjectType: 'Customer',
    subjectId: customer.id,
    before: { grade: customer.grade },
    after: { grade: to, reason },
  });
  await tx.query(sql`
    with gone as (
      update grade_candidate set state = 'SUPERSEDED', version = version + 1
      where customer_id = ${customer.id}::uuid and state = 'OPEN'
      returning id
    )
    update obligation o set state = 'CANCELLED', next_at = null
    from gone where o.kind = ${GRADE_CONFIRM} and o.subject_id = gone.id
    returning 1 as written`);
  // TIC-36, KEY-26: the limits of open tickets depend on the grade.
  await renewTermsOfCustomers(tx, [customer.id], timeZone);
  // CFL-09: access to a grade A file is another thing than what was asked for.
  if ((customer.grade === 'A') !== (to === 'A')) await renewAccessRequests(tx, [customer.id], { timeZone });
}

export interface CustomerGradeInput {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly grade: CustomerGrade;
  readonly reason: string;
}

/** Sets a customer's file grade by hand, with a reason (CUS-22, CUS-27). */
export async function customerGrade(
  tx: Command,
  viewer: Viewer,
  input: CustomerGradeInput,
  zoned: Zoned,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireConfirming(viewer, customer);
  requireVersion(customer.version, input.expectedVersion);
  const issues = new Issues();
  expectReason(issues, input.reason);
  expectGradable(issues, tx, customer.lifecycle);
  issues.throwIfAny();
  await setGrade(
    tx,
    viewer.employeeId,
    customer,
    { to: input.grade, reason: input.reason.trim(), action: 'customerGrade' },
    zoned,
  );
  return { customerId: customer.id };
}

export interface GradeProposeInput {
  readonly customerId: string;
  readonly grade: CustomerGrade;
  readonly reason: string;
  readonly idempotencyKey?: string | null;
}

/** Proposes a grade with a reason: service staff, and the account manager of the customer (CUS-25, CFL-33). */
export async function gradePropose(
  tx: Command,
  viewer: Viewer,
  input: GradeProposeInput,
  { timeZone }: Zoned,
): Promise<{ gradeCandidateId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!mayPropose(viewer, customer)) {
    throw new Forbidden([...rolesWith('grading', 'approve'), 'CS_AGENT', 'the owner of the customer']);
  }
  const issues = new Issues();
  expectReason(issues, input.reason);
  expectGradable(issues, tx, customer.lifecycle);
  issues.expect(
    input.grade !== customer.grade,
    'grade',
    text('another grade than the customer has', '与客户现有等级不同的等级'),
  );
  issues.throwIfAny();
  const gradeCandidateId = await once(tx, 'gradePropose', input.idempotencyKey, input, async (id) => {
    const dueAt = await confirmBy(tx, timeZone);
    const made = await tx.query<{ id: string }>(sql`
      insert into grade_candidate (id, customer_id, origin, "from", "to", state, proposed_by_id, reason, raised_at, due_at)
      values (${id}::uuid, ${customer.id}::uuid, 'PERSON', ${customer.grade}::"CustomerGrade",
              ${input.grade}::"CustomerGrade", 'OPEN', ${viewer.employeeId}::uuid, ${input.reason.trim()},
              ${tx.now}::timestamptz, ${dueAt}::timestamptz)
      on conflict (customer_id, origin) where state = 'OPEN' do nothing
      returning id`);
    if (made.length === 0) {
      throw invalid(
        'customerId',
        text(
          'a customer for whom no grade that somebody has proposed waits for a decision',
          '没有待确认的人工定级建议的客户',
        ),
      );
    }
    announce(
      tx,
      { id, customerId: customer.id, ownerId: customer.ownerId, from: customer.grade, to: input.grade },
      [],
      dueAt,
    );
    await watchConfirmations(tx, [id], dueAt);
    tx.audit({
      action: 'gradePropose',
      subjectType: 'Customer',
      subjectId: customer.id,
      after: { gradeCandidateId: id, grade: input.grade, reason: input.reason },
    });
  });
  return { gradeCandidateId };
}

export interface GradeCandidateDecideInput {
  readonly gradeCandidateId: string;
  readonly decision: GradeDecision;
  readonly reason?: string | null;
  readonly expectedVersion: number;
}

interface LockedCandidate {
  readonly id: string;
  readonly customerId: string;
  readonly origin: 'ENGINE' | 'PERSON';
  readonly to: CustomerGrade;
  readonly state: GradeCandidateState;
  readonly score: string | null;
  readonly rank: number | null;
  readonly population: number | null;
  readonly reason: string | null;
  readonly version: number;
}

/** Why a grade became what was proposed, where who confirmed it says nothing else. */
function proposedReason({ reason, score, rank, population }: LockedCandidate): string {
  return reason ?? `Score ${score}, rank ${rank} of ${population} (CUS-27)`;
}

/** Confirms a proposed grade, which then is the customer's, or refuses it with a reason (CUS-22). */
export async function gradeCandidateDecide(
  tx: Command,
  viewer: Viewer,
  input: GradeCandidateDecideInput,
  zoned: Zoned,
): Promise<{ gradeCandidateId: string }> {
  const notFound = new NotFound(['gradeCandidateId'], text('proposed grade', '定级建议'));
  const sees = constantViewer(viewer, tx.now);
  const [known] = await tx.query<{ customerId: string }>(sql`
    select g.customer_id as "customerId" from grade_candidate g join customer c on c.id = g.customer_id
    where g.id = ${input.gradeCandidateId}::uuid and ${candidateLevel(sees, sql`g`, sql`c`)} > 0`);
  if (!known) throw notFound;
  // The customer first: whoever sets its grade by hand holds it, too, and then decides over its candidates.
  const customer = await lockCustomer(tx, viewer, known.customerId, 'gradeCandidateId', notFound);
  const [candidate] = await tx.query<LockedCandidate>(sql`
    select g.id, g.customer_id as "customerId", g.origin, g."to", g.state, g.reason, g.version,
           trim_scale(g.score)::text as score, g.rank, g.population
    from grade_candidate g where g.id = ${input.gradeCandidateId}::uuid for update`);
  if (!candidate) throw notFound;
  requireConfirming(viewer, customer);
  requireVersion(candidate.version, input.expectedVersion);
  const state = transition(CANDIDATE_WORKFLOW, candidate.state, input.decision);
  const reason = input.reason?.trim() || null;
  const issues = new Issues();
  if (input.decision === 'REFUSE' || reason !== null) expectReason(issues, reason);
  if (input.decision === 'CONFIRM') expectGradable(issues, tx, customer.lifecycle);
  issues.throwIfAny();
  await tx.prisma.gradeCandidate.update({
    where: { id: candidate.id },
    data: {
      state,
      decidedById: viewer.employeeId,
      decidedAt: tx.now,
      decisionReason: reason,
      version: { increment: 1 },
    },
  });
  await tx.query(sql`
    update obligation set state = case when state = 'OVERDUE' then state else 'MET'::"ObligationState" end, next_at = null,
           met_at = ${tx.now}::timestamptz, met_by = ${state}
    where kind = ${GRADE_CONFIRM} and subject_id = ${candidate.id}::uuid
    returning 1 as written`);
  if (input.decision === 'CONFIRM') {
    await setGrade(
      tx,
      viewer.employeeId,
      customer,
      { to: candidate.to, reason: reason ?? proposedReason(candidate), action: 'gradeCandidateConfirm' },
      zoned,
    );
  } else {
    tx.audit({
      action: 'gradeCandidateRefuse',
      subjectType: 'Customer',
      subjectId: customer.id,
      after: { gradeCandidateId: candidate.id, grade: candidate.to, reason },
    });
  }
  return { gradeCandidateId: candidate.id };
}
