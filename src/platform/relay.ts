import type { Database } from './database.ts';
import type { Log } from './log.ts';
import { type Queryable, raw, sql } from './sql.ts';
import { type Tracing, traceDone } from './tracing.ts';

const BATCH = 5_000;
/** Events per partition of `event`; retention drops whole partitions. */
const PARTITION_SIZE = 1_000_000;

export interface Relayed {
  readonly moved: number;
  /** The traces that caused them. */
  readonly causes: readonly string[];
}

/**
 * Moves a batch from `outbox` into `event`, giving each event the next `seq`. One statement: it locks the head row,
 * so two relays never interleave and `seq` grows in commit order without a gap; a relay that finds the row locked
 * leaves the work to the holder. An event of a transaction that commits late gets a later `seq`, so no cursor can
 * skip it. `= any(array(…))` keeps the plan on the primary key.
 */
export async function relayBatch(db: Queryable, now: Date, limit = BATCH): Promise<Relayed> {
  const [row] = await db.query<Relayed>(sql`
    with head as (
      select seq from event_head where id = 1 for update skip locked
    ), batch as (
      delete from outbox
      where id = any(array(select id from outbox where exists (select 1 from head) order by id limit ${limit}::int))
      returning *
    ), numbered as (
      select batch.*, head.seq + row_number() over (order by batch.id) as next_seq from batch, head
    ), written as (
      insert into event (seq, kind, severity, occurred_at, subject_type, subject_id, audience, payload, relayed_at,
        traceparent)
      select next_seq, kind, severity, occurred_at, subject_type, subject_id, audience, payload, ${now}::timestamptz,
             traceparent
      from numbered
      returning seq, traceparent
    ), moved as (
      update event_head set seq = (select max(seq) from written)
      where id = 1 and exists (select 1 from written)
      returning seq
    )
    select count(*)::int as moved,
           coalesce(array_agg(distinct traceparent) filter (where traceparent is not null), '{}') as causes
    from written`);
  return row ?? { moved: 0, causes: [] };
}

/** Makes sure that the stream can grow: the partition of the head and the next one exist. */
export async function ensureEventPartitions(database: Database): Promise<void> {
  const [head] = await database.query<{ seq: number }>(sql`select seq from event_head where id = 1`);
  const current = Math.floor((head?.seq ?? 0) / PARTITION_SIZE);
  for (const index of [current, current + 1]) {
    const name = `event_p${index}`;
    const [exists] = await database.query(sql`select 1 as found from pg_class where relname = ${name}`);
    if (exists) continue;
    await database.transaction(async (tx) => {
      await tx.query(sql`select 1 as locked from pg_advisory_xact_lock(724001)`);
      await tx.prisma.$executeRaw(
        raw(
          `create table if not exists ${name} partition of event for values from (${index * PARTITION_SIZE}) to (${(index + 1) * PARTITION_SIZE})`,
        ),
      );
    });
  }
}

/** Drops the partitions whose newest event is older than `keepSince`, and notes the oldest event still kept. */
export async function dropOldEvents(database: Database, keepSince: Date): Promise<number> {
  const partitions = await database.query<{ name: string }>(sql`
    select c.relname as name
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'event'::regclass
    order by length(c.relname), c.relname`);
  let dropped = 0;
  // The last two partitions are the ones being written.
  for (const { name } of partitions.slice(0, -2)) {
    const [newest] = await database.query<{ occurredAt: Date; seq: number }>(
      sql`select occurred_at as "occurredAt", seq from ${raw(name)} order by seq desc limit 1`,
    );
    if (newest && newest.occurredAt >= keepSince) break;
    await database.transaction(async (tx) => {
      await tx.prisma.$executeRaw(raw(`drop table ${name}`));
      if (newest)
        await tx.prisma.$executeRaw(sql`update event_head set oldest = ${newest.seq + 1} where id = 1`);
    });
    dropped += 1;
  }
  return dropped;
}

export interface Relay {
  /** Says that a commit has left events in the outbox. */
  nudge(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs the relay in this process: at once after a nudge, and every `pollMs` for events whose process died before
 * its nudge. Any number of processes may run one.
 */
export function createRelay(options: {
  database: Database;
  now: () => Date;
  log: Log;
  tracing: Tracing | null;
  pollMs: number;
  onMoved: () => void;
}): Relay {
  const { database, now, log, tracing, pollMs, onMoved } = options;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let batches = 0;

  async function drain(): Promise<void> {
    try {
      do {
        again = false;
        let moved: number;
        do {
          if (batches % 100 === 0) await ensureEventPartitions(database);
          batches += 1;
          const started = performance.now();
          const relayed = await relayBatch(database, now());
          moved = relayed.moved;
          if (moved > 0) onMoved();
          traceDone(tracing, 'relay', { 'switchyard.events': moved }, relayed.causes, started);
        } while (moved === BATCH && !stopped);
      } while (again && !stopped);
    } catch (error) {
      log.warn({ err: error }, 'relay: events wait in the outbox, the next poll tries again');
    }
  }

  function run(): void {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    running = drain().finally(() => {
      running = undefined;
      // A nudge may have come between the last look and this point.
      if (again) run();
    });
  }

  return {
    nudge: run,
    async start() {
      stopped = false;
      await ensureEventPartitions(database);
      timer = setInterval(run, pollMs);
      run();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
