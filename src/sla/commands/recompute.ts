import type { SlaRecomputeCause } from '../../generated/prisma/enums.ts';
import { newId } from '../../lib/ids.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  type Obligation,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { loadSettingChanges } from '../../platform/settings.ts';
import { settingsAt } from '../../platform/settings-register.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { renewTerms } from '../../tickets/commands/clock.ts';
import { termSettings } from '../../tickets/queries/clocks.ts';
import { TICKET_SETTINGS } from '../../tickets/settings.ts';
import { SLA_SETTINGS } from '../settings.ts';

export const SLA_RECOMPUTE = 'SLA_RECOMPUTE';

/** Settings that are part of a ticket's terms. */
const TERM_SETTINGS: readonly string[] = [
  TICKET_SETTINGS.keyAccountFactor.key,
  TICKET_SETTINGS.pauseWhileWaiting.key,
  TICKET_SETTINGS.atRisk.key,
];

export interface TermsChange {
  readonly cause: SlaRecomputeCause;
  /** Code of the policy or calendar, or key of the setting. */
  readonly changed: string;
  readonly validFrom: Date;
}

/** Has the sweep move the clocks of open tickets, from the instant of the change on, a batch at a time (TIC-36). */
async function planRecompute(tx: Command, change: TermsChange, id: string): Promise<void> {
  await tx.prisma.slaRecompute.create({
    data: { id, ...change, createdAt: tx.now, createdById: tx.actorId },
  });
}

/**
 * Moves the clocks of open tickets to terms that have changed (TIC-36): what one batch holds in this transaction, and
 * the others by the sweep. A change that begins later waits for its instant.
 */
export async function recomputeClocks(tx: Command, change: TermsChange, timeZone: string): Promise<string> {
  const id = newId();
  await planRecompute(tx, change, id);
  const begun = change.validFrom <= tx.now;
  const step = begun ? await nextBatch(tx, id, 0, timeZone) : { step: 0, nextAt: change.validFrom };
  await watch(tx, id, change.validFrom, step);
  return id;
}

/**
 * The same after a change of a setting that terms hold. This transaction still reads the old value, so all of it is the
 * sweep's.
 */
export async function recomputeAfterSetting(
  tx: Command,
  key: string,
  validFrom: Date,
): Promise<string | null> {
  if (!TERM_SETTINGS.includes(key)) return null;
  const id = newId();
  await planRecompute(tx, { cause: 'SETTING', changed: key, validFrom }, id);
  await watch(tx, id, validFrom, { step: 0, nextAt: validFrom });
  return id;
}

async function watch(tx: Command, id: string, validFrom: Date, { step, nextAt }: Progress): Promise<void> {
  await putObligations(tx, [
    {
      kind: SLA_RECOMPUTE,
      subjectId: id,
      period: 'RUN',
      ownerId: null,
      startsAt: validFrom,
      warnAt: null,
      dueAt: validFrom,
      nextAt,
      state: nextAt === null ? 'MET' : 'OPEN',
      step,
    },
  ]);
}

/** Works off a batch of each change that is due. */
export function advanceRecomputes(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const advances: ObligationAdvance[] = [];
    // One after the other: a later change builds on the terms that an earlier one has written.
    for (const obligation of inOrder(due)) {
      const { step, nextAt } = await nextBatch(tx, obligation.subjectId, obligation.step, timeZone);
      advances.push({ id: obligation.id, step, nextAt, state: nextAt === null ? 'MET' : 'OPEN' });
    }
    return advances;
  };
}

function inOrder(due: readonly Obligation[]): Obligation[] {
  return due.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

/** Tickets whose clock runs; imported history has none. By the index ticket_clock_sql. */
const RUNS = sql`t.resolved_at is null and t.status not in ('CLOSED', 'CANCELLED')
  and exists (select 1 from ticket_sla_term s where s.ticket_id = t.id and s.cycle = t.cycle)`;

/** 0: all open tickets are walked. 1: those that were entered while the change was made are looked at once more. */
interface Progress {
  readonly step: number;
  readonly nextAt: Date | null;
}

/**
 * A command that had read the old terms commits within the 15 seconds of a transaction: after these nothing can appear
 * any more that has not heard of the change.
 */
const LATE_MS = 30_000;

async function nextBatch(tx: Command, id: string, step: number, timeZone: string): Promise<Progress> {
  const [job] = await tx.query<{
    validFrom: Date;
    cursor: string | null;
    startedAt: Date | null;
  }>(sql`
    select valid_from as "validFrom", cursor, started_at as "startedAt" from sla_recompute where id = ${id}::uuid for update`);
  if (!job) throw new Error(`The change of terms ${id} is gone.`);
  const size = tx.settings.get(SLA_SETTINGS.recomputeBatch);
  const only = step === 0 ? sql`true` : enteredDuring(job.validFrom);
  // Locked before their obligations are written, in one order, like every command does.
  const tickets = await tx.query<{ id: string }>(sql`
    select t.id from ticket t
    where ${RUNS}
      and (${job.cursor}::uuid is null or t.id > ${job.cursor}::uuid) and ${only}
    order by t.id
    limit ${size}::int
    for update of t`);
  const ids = tickets.map((ticket) => ticket.id);
  const moved = await renewTerms(tx, ids, timeZone, {
    from: job.validFrom,
    settings: termSettings(settingsAt(await loadSettingChanges(tx), job.validFrom)),
  });
  const complete = tickets.length < size;
  await tx.query(sql`
    update sla_recompute set
      total = coalesce(total, (
        select count(*)::int from ticket t where ${RUNS})),
      done = done + ${step === 0 ? tickets.length : 0}::int,
      moved = moved + ${moved.length}::int,
      cursor = ${complete ? null : (ids.at(-1) ?? null)}::uuid,
      started_at = coalesce(started_at, ${tx.now}::timestamptz),
      finished_at = coalesce(finished_at, case when ${complete}::boolean then ${tx.now}::timestamptz end)
    where id = ${id}::uuid
    returning 1 as written`);
  if (!complete) return { step, nextAt: tx.now };
  return step === 0
    ? { step: 1, nextAt: new Date(Math.max(tx.now.getTime(), job.validFrom.getTime() + LATE_MS)) }
    : { step: 2, nextAt: null };
}

function enteredDuring(validFrom: Date): Sql {
  return sql`t.registered_at > ${new Date(validFrom.getTime() - LATE_MS)}::timestamptz`;
}
