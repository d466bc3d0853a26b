import type { Severity, SubjectType } from '../events.ts';
import type { Database } from './database.ts';
import type { Log } from './log.ts';
import type { Audience } from './outbox.ts';
import { type Queryable, sql } from './sql.ts';

/** An event of the stream as the processes read it. */
export interface StreamEvent {
  readonly seq: number;
  readonly kind: string;
  readonly severity: Severity;
  readonly occurredAt: Date;
  readonly subjectType: SubjectType | null;
  readonly subjectId: string | null;
  readonly audience: Audience;
  readonly payload: Readonly<Record<string, string | number | boolean | null>>;
  /** The trace that caused it, as W3C writes it; null when none was kept. */
  readonly traceparent: string | null;
}

/** Which life of the database the stream belongs to, and the span of `seq` that can be read. */
export interface StreamHead {
  readonly epoch: string;
  readonly seq: number;
  readonly oldest: number;
}

const BATCH = 500;

export async function readHead(db: Queryable): Promise<StreamHead> {
  const [head] = await db.query<StreamHead>(sql`select epoch, seq, oldest from event_head where id = 1`);
  if (!head) throw new Error('The table event_head has lost its row.');
  return head;
}

/** Why a reader cannot go on after a place in the stream: the reasons of a StreamReset; null when it can. */
export function whyNotResumable(
  place: { readonly epoch: string; readonly seq: number },
  head: StreamHead,
): 'OTHER_STREAM' | 'BEYOND_HEAD' | 'RETENTION' | null {
  const { epoch, seq } = place;
  if (epoch !== head.epoch || !Number.isSafeInteger(seq) || seq < 0) return 'OTHER_STREAM';
  if (seq > head.seq) return 'BEYOND_HEAD';
  return seq < head.oldest - 1 ? 'RETENTION' : null;
}

/** Ends an epoch of the stream: cursors of it are reset from now on. Nothing when another process has ended it. */
export async function beginEpoch(db: Queryable, ended: string): Promise<void> {
  await db.query(sql`
    update event_head set epoch = substr(md5(gen_random_uuid()::text), 1, 8)
    where id = 1 and epoch = ${ended}
    returning 1 as begun`);
}

/** The next events after `seq`, by the primary key of `event`. */
export async function readEvents(db: Queryable, after: number, limit = BATCH): Promise<StreamEvent[]> {
  return db.query<StreamEvent>(sql`
    select seq, kind, severity, occurred_at as "occurredAt", subject_type as "subjectType",
           subject_id as "subjectId", audience, payload, traceparent
    from event
    where seq > ${after}::bigint
    order by seq
    limit ${limit}::int`);
}

export interface Feed {
  readonly epoch: string;
  /** Where it began to read. */
  readonly startedFrom: number;
  /** Every event up to here has been handed to the listener. */
  readonly position: number;
  /** When the stream was last read; tells how far behind this process may be. */
  readonly lastReadAt: Date | null;
  wake(): void;
  start(listener: FeedListener): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedListener {
  /** Called with each batch in order; the next one is read when it has returned. */
  onEvents(events: readonly StreamEvent[]): Promise<void>;
  /** The stream that was read is no more, since the database was restored or replaced; the feed goes on in the new one. */
  onNewStream(): Promise<void>;
}

/**
 * The one reader of the stream in this process. Woken by the bus or the own relay, and every `pollMs` without
 * a wake-up: a lost message, a reconnect or an absent Redis changes the latency, never the content.
 */
export function createFeed(options: {
  database: Database;
  now: () => Date;
  log: Log;
  pollMs: number;
  /** Called when the database answers again: begins a new epoch where it is no longer the one that it was. */
  checkStream: () => Promise<void>;
}): Feed {
  const { database, now, log, pollMs, checkStream } = options;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let epoch = '';
  let startedFrom = 0;
  let position = 0;
  let lastReadAt: Date | null = null;
  let listener: FeedListener | null = null;
  /** The database has not answered: whoever answers next may be another. */
  let mayBeAnother = false;

  async function read(): Promise<void> {
    try {
      do {
        again = false;
        if (mayBeAnother) await checkStream();
        mayBeAnother = false;
        const head = await readHead(database);
        if (head.epoch !== epoch || head.seq < position) await beginAnew(head);
        while (position < head.seq && !stopped) {
          const events = await readEvents(database, position);
          const last = events.at(-1);
          // Dropped before they were read: their time was over.
          if (!last) break;
          // Before the listener looks at its members: who joins from here on replays up to this position.
          position = last.seq;
          await listener?.onEvents(events);
        }
        lastReadAt = now();
      } while (again && !stopped);
    } catch (error) {
      mayBeAnother = true;
      log.warn({ err: error }, 'feed: the stream could not be read, the next poll tries again');
    }
  }

  /** Another epoch, or a head that has gone back: both are another life of the database. */
  async function beginAnew(found: StreamHead): Promise<void> {
    if (found.epoch === epoch) await beginEpoch(database, epoch);
    const head = await readHead(database);
    log.warn(
      { was: `${epoch}.${position}`, is: `${head.epoch}.${head.seq}` },
      'feed: the database is another one',
    );
    epoch = head.epoch;
    startedFrom = head.seq;
    position = head.seq;
    await listener?.onNewStream();
  }

  function wake(): void {
    if (stopped) return;
    if (reading) {
      again = true;
      return;
    }
    reading = read().finally(() => {
      reading = undefined;
      if (again) wake();
    });
  }

  return {
    get epoch() {
      return epoch;
    },
    get startedFrom() {
      return startedFrom;
    },
    get position() {
      return position;
    },
    get lastReadAt() {
      return lastReadAt;
    },
    wake,
    async start(given) {
      listener = given;
      const head = await readHead(database);
      epoch = head.epoch;
      startedFrom = head.seq;
      position = head.seq;
      stopped = false;
      timer = setInterval(wake, pollMs);
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await reading;
    },
  };
}
