import type { CustomerGrade } from '../../generated/prisma/enums.ts';
import { newId } from '../../lib/ids.ts';
import { businessHours } from '../../platform/calendars.ts';
import type { Command } from '../../platform/command.ts';
import { nextNight, watchNight } from '../../platform/standing.ts';
import {
  type AdvanceObligations,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { componentsOf, gradedBy, gradingDays, knownFacts, policyInForce } from '../queries/engine.ts';
import { reasonsOf, type ScoredComponent } from '../rules.ts';
import { GRADING_SETTINGS } from '../settings.ts';

/** The obligation that scores all customers once a night. */
export const GRADING_RUN = 'GRADING_RUN';
/** The obligation to raise the proposals of a run. */
export const GRADING_RAISE = 'GRADING_RAISE';
/** The obligation to confirm or refuse a proposed grade. */
export const GRADE_CONFIRM = 'GRADE_CONFIRM';

/** Has customers scored from the next night on: called when a process starts. */
export function watchNights(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, GRADING_RUN, tx.settings.get(GRADING_SETTINGS.runAt), timeZone);
}

/** The sweep's part: one pass over all customers, also after nights that were missed. */
export function sweepNights(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    await gradeAll(tx, timeZone);
    const nextAt = nextNight(tx.now, tx.settings.get(GRADING_SETTINGS.runAt), timeZone);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step: step + 1, nextAt }));
  };
}

/**
 * Scores every customer in scope (CUS-22, CUS-27) with one statement, however many there are. What follows from the scores
 * the sweep does right after, in transactions of its own.
 */
async function gradeAll(tx: Command, timeZone: string): Promise<void> {
  const runId = newId();
  await score(tx, runId, timeZone);
  await putObligations(tx, [
    {
      kind: GRADING_RAISE,
      subjectId: runId,
      period: 'RAISE',
      ownerId: null,
      startsAt: tx.now,
      warnAt: null,
      dueAt: tx.now,
      nextAt: tx.now,
      state: 'OPEN',
      step: 0,
    },
  ]);
}

/**
 * Takes back what a run does not propose any more, then raises its proposals, so many at a time. Those of a run that
 * another has followed are not raised.
 */
export function sweepProposals(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const most = tx.settings.get(GRADING_SETTINGS.batch);
    const runs = await tx.query<{ id: string }>(
      sql`select id from grading_run order by at desc, id desc limit 2`,
    );
    const [last, previous] = runs;
    const advances: ObligationAdvance[] = [];
    for (const { id, subjectId, step } of due) {
      if (subjectId !== last?.id) {
        advances.push({ id, state: 'CANCELLED', step, nextAt: null });
        continue;
      }
      if (step === 0) {
        await supersede(tx, subjectId);
        await forgetOldRuns(tx);
        advances.push({ id, state: 'OPEN', step: 1, nextAt: tx.now });
        continue;
      }
      const raised = await raise(
        tx,
        { runId: subjectId, previousRunId: previous?.id ?? null, most },
        timeZone,
      );
      await tx.query(sql`
        update grading_run set candidates = candidates + ${raised}::int where id = ${subjectId}::uuid
        returning 1 as written`);
      const more = raised === most;
      advances.push({ id, state: more ? 'OPEN' : 'MET', step: step + 1, nextAt: more ? tx.now : null });
    }
    return advances;
  };
}

const WORK_MEMORY = '64MB';

async function score(tx: Command, runId: string, timeZone: string): Promise<void> {
  const policy = policyInForce(tx.settings);
  const days = gradingDays(tx.now, timeZone);
  // Sums and sorts over all customers stay in memory; for this transaction alone.
  await tx.query(sql`select set_config('work_mem', ${WORK_MEMORY}, true) as set`);
  await tx.query(sql`
    with ${knownFacts(tx.settings, days)}, ${gradedBy('now', policy, sql`known`)},
    run as (
      insert into grading_run (id, at, day, scope, weights, shares, scored, unscored, candidates)
      select ${runId}::uuid, ${tx.now}::timestamptz, ${days.today}::date, ${policy.scope}::"GradingScope",
             ${JSON.stringify(policy.weights)}::jsonb, ${JSON.stringify(policy.shares)}::jsonb,
             (select count(*)::int from now_graded),
             (select count(*)::int from known) - (select count(*)::int from now_graded), 0
    ),
    made as (
      insert into grade_score (run_id, customer_id, rank, population, score, grade, components)
      select ${runId}::uuid, g.id, g.rank, g.population, g.score, g.proposed, ${componentsOf(policy)}
      from now_graded g
      returning 1
    )
    select count(*)::int as scored from made`);
}

/** What the engine proposed before and does not propose any more. */
async function supersede(tx: Command, runId: string): Promise<void> {
  await tx.query(sql`
    with gone as (
      update grade_candidate g set state = 'SUPERSEDED', version = g.version + 1
      where g.state = 'OPEN' and g.origin = 'ENGINE' and not exists (
        select 1 from grade_score s join customer c on c.id = s.customer_id
        where s.run_id = ${runId}::uuid and s.customer_id = g.customer_id and s.grade = g."to"
          and c.grade is not distinct from g."from")
      returning g.id
    ), ended as (
      update obligation o set state = 'CANCELLED', next_at = null
      from gone where o.kind = ${GRADE_CONFIRM} and o.subject_id = gone.id
      returning 1
    )
    select count(*)::int as gone from ended`);
}

interface Raised {
  readonly id: string;
  readonly customerId: string;
  readonly ownerId: string | null;
  readonly from: CustomerGrade | null;
  readonly to: CustomerGrade;
  readonly components: readonly ScoredComponent[];
}

/**
 * EVT-31: where a run proposes another grade than the night before and than the customer has. A grade that somebody refused,
 * or set otherwise, is proposed again only after the proposal itself has changed.
 */
async function raise(
  tx: Command,
  { runId, previousRunId, most }: { runId: string; previousRunId: string | null; most: number },
  timeZone: string,
): Promise<number> {
  const dueAt = await confirmBy(tx, timeZone);
  const raised = await tx.query<Raised>(sql`
    with made as (
      insert into grade_candidate (id, customer_id, origin, "from", "to", state, run_id, score, rank, population,
                                   components, raised_at, due_at)
      select gen_random_uuid(), s.customer_id, 'ENGINE', c.grade, s.grade, 'OPEN', s.run_id, s.score, s.rank,
             s.population, s.components, ${tx.now}::timestamptz, ${dueAt}::timestamptz
      from grade_score s
      join customer c on c.id = s.customer_id
      left join grade_score p on p.run_id = ${previousRunId}::uuid and p.customer_id = s.customer_id
      where s.run_id = ${runId}::uuid and c.grade is distinct from s.grade and p.grade is distinct from s.grade
        -- By the indexes on customer_id: what this run has raised, and what waits.
        and not exists (
          select 1 from grade_candidate g
          where g.customer_id = s.customer_id and g.origin = 'ENGINE' and (g.run_id = s.run_id or g.state = 'OPEN'))
      limit ${most}::int
      returning id, customer_id, "from", "to", components
    )
    select m.id, m.customer_id as "customerId", c.owner_id as "ownerId", m."from", m."to", m.components
    from made m join customer c on c.id = m.customer_id`);
  for (const candidate of raised) {
    announce(tx, candidate, reasonsOf(candidate.components, candidate.from, candidate.to), dueAt);
  }
  await watchConfirmations(
    tx,
    raised.map(({ id }) => id),
    dueAt,
  );
  return raised.length;
}

/** By when a grade proposed now is to be confirmed or refused. */
export async function confirmBy(tx: Command, timeZone: string): Promise<Date> {
  const calendar = await businessHours(tx, timeZone);
  const days = tx.settings.get(GRADING_SETTINGS.confirmDays);
  return new Date(calendar.add(tx.now.getTime(), days * calendar.businessDayMs));
}

/** Tells of a proposed grade. Figures of the file stay in the candidate, which is read by rights (CUS-17). */
export function announce(
  tx: Command,
  candidate: Pick<Raised, 'id' | 'customerId' | 'ownerId' | 'from' | 'to'>,
  reasons: readonly string[],
  dueAt: Date,
): void {
  tx.emit({
    kind: 'GRADE_CHANGE_CANDIDATE',
    subjectId: candidate.customerId,
    audience: {
      roles: ['SALES_SUPERVISOR', 'CS_SUPERVISOR'],
      employees: candidate.ownerId === null ? [] : [candidate.ownerId],
    },
    payload: {
      candidateId: candidate.id,
      from: candidate.from,
      to: candidate.to,
      reasons: reasons.join(', '),
      dueAt: dueAt.toISOString(),
    },
  });
}

export async function watchConfirmations(
  tx: Command,
  candidateIds: readonly string[],
  dueAt: Date,
): Promise<void> {
  await putObligations(
    tx,
    candidateIds.map((subjectId) => ({
      kind: GRADE_CONFIRM,
      subjectId,
      period: 'CONFIRM',
      ownerId: null,
      startsAt: tx.now,
      warnAt: null,
      dueAt,
      nextAt: dueAt,
      state: 'OPEN',
      step: 0,
    })),
  );
}

/** Scores of runs beyond those that are kept; runs and candidates stay. By the primary key of grade_score. */
async function forgetOldRuns(tx: Command): Promise<void> {
  await tx.query(sql`
    with gone as (
      delete from grade_score s
      using (select id from grading_run order by at desc, id desc
             offset ${tx.settings.get(GRADING_SETTINGS.keepRuns)}::int) r
      where s.run_id = r.id
      returning 1
    )
    select count(*)::int as gone from gone`);
}

/** Tells of proposed grades that nobody has decided in time, once (CUS-22). */
export const advanceConfirmations: AdvanceObligations = async (tx, due) => {
  const open = await tx.query<{
    id: string;
    customerId: string;
    from: CustomerGrade | null;
    to: CustomerGrade;
    raisedAt: Date;
  }>(sql`
    select g.id, g.customer_id as "customerId", g."from", g."to", g.raised_at as "raisedAt" from grade_candidate g
    where g.id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and g.state = 'OPEN'`);
  const byId = new Map(open.map((candidate) => [candidate.id, candidate]));
  return due.map(({ id, subjectId, dueAt }) => {
    const candidate = byId.get(subjectId);
    if (!candidate) return { id, state: 'CANCELLED', step: 0, nextAt: null };
    tx.emit({
      kind: 'GRADE_CONFIRMATION_OVERDUE',
      subjectId: candidate.customerId,
      audience: { roles: ['HEAD', 'SALES_SUPERVISOR', 'CS_SUPERVISOR'] },
      payload: {
        candidateId: candidate.id,
        from: candidate.from,
        to: candidate.to,
        dueAt: dueAt?.toISOString() ?? null,
      },
      dedupeKey: `GRADE_CONFIRMATION_OVERDUE ${candidate.id}`,
    });
    return { id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};
