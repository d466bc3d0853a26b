import type { EventKind } from '../events.ts';
import { newId } from '../lib/ids.ts';
import type { Command, CommandOrigin, CommandRunner } from './command.ts';
import type { Log } from './log.ts';
import { type Queryable, sql } from './sql.ts';

export type ObligationState = 'OPEN' | 'WARNED' | 'OVERDUE' | 'MET' | 'CANCELLED';

/** Something that must be done by a deadline, as the sweep finds it. */
export interface Obligation {
  readonly id: string;
  readonly kind: string;
  readonly subjectId: string;
  readonly period: string;
  readonly ownerId: string | null;
  readonly startsAt: Date;
  readonly warnAt: Date | null;
  readonly dueAt: Date | null;
  readonly nextAt: Date | null;
  readonly state: ObligationState;
  readonly step: number;
  readonly failures: number;
}

/** What becomes of an obligation after its area has acted on it. */
export interface ObligationAdvance {
  readonly id: string;
  readonly state: ObligationState;
  readonly step: number;
  readonly nextAt: Date | null;
}

/**
 * What an area does when obligations of its kinds come due: reads the facts of all of them at once, decides by its
 * pure rule, writes and emits set-based. One that it leaves out is looked at again at the next sweep.
 */
export type AdvanceObligations = (tx: Command, due: readonly Obligation[]) => Promise<ObligationAdvance[]>;

export type ObligationKinds = Readonly<Record<string, AdvanceObligations>>;

/** So many obligations are worked off in one transaction. */
export const BATCH = 500;
const BACKOFF_MINUTES = [1, 5, 15, 60];

/** Writes or moves obligations in one statement; the key is kind, subject and period. */
export async function putObligations(
  db: Queryable,
  obligations: readonly (Omit<Obligation, 'id' | 'failures'> & {
    metAt?: Date | null;
    metBy?: string | null;
    required?: number;
    done?: number;
  })[],
): Promise<void> {
  if (obligations.length === 0) return;
  const rows = obligations.map((o) => ({
    id: newId(),
    kind: o.kind,
    subject_id: o.subjectId,
    period: o.period,
    owner_id: o.ownerId,
    starts_at: o.startsAt,
    warn_at: o.warnAt,
    due_at: o.dueAt,
    next_at: o.nextAt,
    state: o.state,
    step: o.step,
    met_at: o.metAt ?? null,
    met_by: o.metBy ?? null,
    required: o.required ?? null,
    done: o.done ?? null,
  }));
  await db.query(sql`
    insert into obligation (id, kind, subject_id, period, owner_id, starts_at, warn_at, due_at, next_at, state, step, met_at, met_by, required, done)
    select id, kind, subject_id, period, owner_id, starts_at, warn_at, due_at, next_at, state::"ObligationState", step, met_at, met_by, required, done
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as o(
      id uuid, kind text, subject_id uuid, period text, owner_id uuid, starts_at timestamptz, warn_at timestamptz,
      due_at timestamptz, next_at timestamptz, state text, step int, met_at timestamptz, met_by text, required int, done int)
    on conflict (kind, subject_id, period) do update set
      owner_id = excluded.owner_id, starts_at = excluded.starts_at, warn_at = excluded.warn_at,
      due_at = excluded.due_at, next_at = excluded.next_at, state = excluded.state, step = excluded.step,
      met_at = excluded.met_at, met_by = excluded.met_by, required = excluded.required, done = excluded.done, failures = 0
    returning 1 as written`);
}

/** Writes those obligations that are not there yet, whatever became of them, and says which these are; one statement. */
export async function openObligations(
  db: Queryable,
  obligations: readonly Pick<
    Obligation,
    'kind' | 'subjectId' | 'period' | 'ownerId' | 'startsAt' | 'dueAt' | 'nextAt'
  >[],
): Promise<Pick<Obligation, 'kind' | 'subjectId' | 'period'>[]> {
  if (obligations.length === 0) return [];
  const rows = obligations.map((o) => ({
    id: newId(),
    kind: o.kind,
    subject_id: o.subjectId,
    period: o.period,
    owner_id: o.ownerId,
    starts_at: o.startsAt,
    due_at: o.dueAt,
    next_at: o.nextAt,
  }));
  return db.query(sql`
    insert into obligation (id, kind, subject_id, period, owner_id, starts_at, due_at, next_at, state, step)
    select id, kind, subject_id, period, owner_id, starts_at, due_at, next_at, 'OPEN', 0
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as o(
      id uuid, kind text, subject_id uuid, period text, owner_id uuid, starts_at timestamptz, due_at timestamptz,
      next_at timestamptz)
    on conflict (kind, subject_id, period) do nothing
    returning kind, subject_id as "subjectId", period`);
}

/** Obligations of these subjects, by the index on `subject_id`. */
export async function obligationsOf(db: Queryable, subjectIds: readonly string[]): Promise<Obligation[]> {
  return db.query<Obligation>(sql`
    select id, kind, subject_id as "subjectId", period, owner_id as "ownerId", starts_at as "startsAt",
           warn_at as "warnAt", due_at as "dueAt", next_at as "nextAt", state, step, failures
    from obligation
    where subject_id = any(${[...subjectIds]}::uuid[])`);
}

/** Ends the watch over what is still to be done for a subject; what was met stays met. */
export async function cancelObligations(db: Queryable, kind: string, subjectId: string): Promise<void> {
  await db.query(sql`
    update obligation
    set state = case when state = 'MET' then state else 'CANCELLED'::"ObligationState" end, next_at = null
    where kind = ${kind} and subject_id = ${subjectId}::uuid and next_at is not null
    returning 1 as written`);
}

/** What is due, by the partial index `obligation_next_at_idx`; rows that another process works on are passed over. */
async function claimDue(tx: Command, id: string | null): Promise<Obligation[]> {
  return tx.query<Obligation>(sql`
    select id, kind, subject_id as "subjectId", period, owner_id as "ownerId", starts_at as "startsAt",
           warn_at as "warnAt", due_at as "dueAt", next_at as "nextAt", state, step, failures
    from obligation
    where next_at <= ${tx.now}::timestamptz and (${id}::uuid is null or id = ${id}::uuid)
    order by next_at
    limit ${BATCH}::int
    for update skip locked`);
}

async function advance(tx: Command, kinds: ObligationKinds, due: readonly Obligation[]): Promise<number> {
  const byHandler = new Map<AdvanceObligations, Obligation[]>();
  for (const obligation of due) {
    const handler = kinds[obligation.kind];
    if (!handler) throw new Error(`No area works off obligations of kind ${obligation.kind}.`);
    byHandler.set(handler, [...(byHandler.get(handler) ?? []), obligation]);
  }
  const advances: ObligationAdvance[] = [];
  for (const [handler, obligations] of byHandler) advances.push(...(await handler(tx, obligations)));
  if (advances.length > 0) {
    await tx.query(sql`
      update obligation o set state = a.state::"ObligationState", step = a.step, next_at = a."nextAt", failures = 0
      from jsonb_to_recordset(${JSON.stringify(advances)}::jsonb) as a(id uuid, state text, step int, "nextAt" timestamptz)
      where o.id = a.id
      returning 1 as written`);
  }
  return advances.length;
}

/**
 * Works off one batch of what is due and says how many obligations moved on. Its cost depends on what is due, not
 * on what exists. When a batch fails, its items are tried one by one, and an item that fails alone is parked with
 * backoff and an alert, so that it holds up nobody else.
 */
export async function sweepObligations(options: {
  runner: CommandRunner;
  origin: CommandOrigin;
  kinds: ObligationKinds;
  log: Log;
}): Promise<number> {
  const { runner, origin, kinds, log } = options;
  let claimed: Obligation[] = [];
  try {
    return await runner.run(origin, async (tx) => {
      claimed = await claimDue(tx, null);
      return claimed.length === 0 ? 0 : advance(tx, kinds, claimed);
    });
  } catch (error) {
    if (claimed.length === 0) throw error;
    log.warn({ err: error, items: claimed.length }, 'sweep: a batch failed, its items are tried one by one');
  }
  let moved = 0;
  for (const { id } of claimed) {
    try {
      moved += await runner.run(origin, async (tx) => advance(tx, kinds, await claimDue(tx, id)));
    } catch (error) {
      log.error({ err: error, obligation: id }, 'sweep: an obligation failed and is parked');
      moved += await runner.run(origin, (tx) => park(tx, id));
    }
  }
  return moved;
}

async function park(tx: Command, id: string): Promise<number> {
  const [row] = await tx.query<{ kind: string; failures: number }>(sql`
    select kind, failures from obligation where id = ${id}::uuid for update skip locked`);
  if (!row) return 0;
  const minutes = BACKOFF_MINUTES[Math.min(row.failures, BACKOFF_MINUTES.length - 1)] ?? 60;
  await tx.query(sql`
    update obligation
    set failures = failures + 1, next_at = ${new Date(tx.now.getTime() + minutes * 60_000)}::timestamptz
    where id = ${id}::uuid
    returning 1 as written`);
  const kind: EventKind = 'OBLIGATION_PARKED';
  tx.emit({
    kind,
    subjectId: null,
    audience: { roles: ['ADMIN', 'HEAD'] },
    payload: { kind: row.kind, obligationId: id },
  });
  return 1;
}

export interface Sweeper {
  start(): void;
  stop(): Promise<void>;
  /** Works until nothing is due; for tests, the demo and the command line. */
  runOnce(): Promise<number>;
}

/** Runs a sweep every `everyMs`, and again at once while there is more to do. */
export function createSweeper(options: {
  /** For the log. */
  name: string;
  everyMs: number;
  log: Log;
  sweep: () => Promise<number>;
  /** One that moved so many has left more behind: then two work at once, as those of two processes would. */
  full?: number;
  onRun: (milliseconds: number, moved: number) => void;
}): Sweeper {
  const { name, everyMs, log, sweep, full = Number.POSITIVE_INFINITY, onRun } = options;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let stopped = true;

  async function runOnce(): Promise<number> {
    let total = 0;
    for (let moved = -1; moved !== 0; total += moved) {
      const started = performance.now();
      const sweeps = await Promise.all(moved < full ? [sweep()] : [sweep(), sweep()]);
      moved = sweeps.reduce((sum, one) => sum + one, 0);
      onRun(performance.now() - started, moved);
    }
    return total;
  }

  function tick(): void {
    if (stopped || running) return;
    running = runOnce()
      .catch((error: unknown) => log.warn({ err: error }, `${name}: it failed, the next one tries again`))
      .finally(() => {
        running = undefined;
      });
  }

  return {
    start() {
      stopped = false;
      timer = setInterval(tick, everyMs);
      tick();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
    runOnce,
  };
}
