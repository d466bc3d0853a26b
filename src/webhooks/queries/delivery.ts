import type { WebhookCircuit, WebhookLanguage } from '../../generated/prisma/enums.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import {
  decideEventLevels,
  generalKindOf,
  PUBLIC_KINDS,
  type RightsBySubject,
} from '../../platform/event-rights.ts';
import { type StreamEvent, type StreamHead, whyNotResumable } from '../../platform/feed.ts';
import { columns, type Queryable, type Sql, sql } from '../../platform/sql.ts';
import type { AccessLevel } from '../../platform/visibility.ts';
import { messageIdOf } from '../rules.ts';

/** An endpoint as its deliverer has leased it. */
export interface LeasedEndpoint {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly string[];
  readonly language: WebhookLanguage;
  readonly ownerId: string;
  readonly secretNumber: number;
  readonly previousSecretUntil: Date | null;
  readonly epoch: string;
  readonly seq: number;
  readonly attemptOf: string | null;
  readonly attempts: number;
  readonly nextAt: Date;
  readonly circuit: WebhookCircuit;
  readonly circuitSince: Date | null;
  readonly failures: number;
  readonly pingId: string | null;
  readonly leaseId: string;
}

export const LEASED_COLUMNS = columns('w', [
  'id',
  'name',
  'url',
  'kinds',
  'language',
  'ownerId',
  'secretNumber',
  'previousSecretUntil',
  'epoch',
  'seq',
  'attemptOf',
  'attempts',
  'nextAt',
  'circuit',
  'circuitSince',
  'failures',
  'pingId',
  'leaseId',
]);

/** Events of other kinds, or of no interest to the owner, that a cursor may lag behind before it is moved. */
export const WINDOW = 1_000;

/** True for events (alias `e`) of a kind that an endpoint (alias `w`) is to hear; a general kind finds its special cases. */
const IS_ASKED_FOR: Sql = sql`
  e.kind = any(${[...PUBLIC_KINDS]}::text[]) and (
    cardinality(w.kinds) = 0 or e.kind = any(w.kinds)
    or ${JSON.stringify(Object.fromEntries(PUBLIC_KINDS.map((kind) => [kind, generalKindOf(kind)])))}::jsonb ->> e.kind = any(w.kinds))`;

/**
 * Endpoints (alias `w`) that have something to do: a heartbeat asked for, dead letters, an event they may want, or a
 * cursor that is far behind or cannot be resumed. By the partial index webhook_endpoint_next_at_idx; the look into the
 * stream is at most WINDOW rows of its primary key.
 */
export function isDue(head: StreamHead, heardUpTo: number, now: Date): Sql {
  return sql`
    w.state = 'ACTIVE' and w.next_at <= ${now}::timestamptz
    and (w.lease_until is null or w.lease_until <= ${now}::timestamptz)
    and (w.ping_id is not null
      or w.epoch <> ${head.epoch} or w.seq > ${head.seq}::bigint or w.seq < ${head.oldest}::bigint - 1
      or w.seq + ${WINDOW}::int < ${heardUpTo}::bigint
      or exists (select 1 from webhook_dead_letter l where l.endpoint_id = w.id and l.redeliver_at is not null)
      or exists (select 1 from event e
                 where e.seq > w.seq and e.seq <= least(w.seq + ${WINDOW}::int, ${heardUpTo}::bigint) and ${IS_ASKED_FOR}))`;
}

/** What is to be sent next, and the cursor once it has been. */
export type NextMessage =
  | { readonly type: 'HEARTBEAT'; readonly messageId: string; readonly seq: number }
  | {
      readonly type: 'STREAM_RESET';
      readonly messageId: string;
      readonly reason: string;
      readonly seq: number;
    }
  | {
      readonly type: 'EVENT';
      readonly messageId: string;
      readonly event: StreamEvent;
      readonly level: AccessLevel;
      readonly seq: number;
      /** The dead letter that is delivered again; null for an event in its turn. */
      readonly letterId: string | null;
    };

export interface Next {
  /** Null when nothing is left to send. */
  readonly message: NextMessage | null;
  /** Everything up to here was looked at. */
  readonly seq: number;
  /** Dead letters asked for that nobody can deliver: the event is no longer kept, or no longer the owner's to see. */
  readonly lostLetters: readonly string[];
}

interface Asked {
  readonly db: Queryable;
  readonly rights: RightsBySubject;
  readonly endpoint: LeasedEndpoint;
  readonly viewer: Viewer;
  readonly head: StreamHead;
  readonly heardUpTo: number;
  readonly now: Date;
}

/**
 * The next message of an endpoint, as its owner's rights stand now. What the owner may not see is passed over, a message
 * too that was tried before the right was taken.
 */
export async function nextMessage(asked: Asked): Promise<Next> {
  const { endpoint, head } = asked;
  const { seq, pingId } = endpoint;
  if (pingId !== null) {
    const message = { type: 'HEARTBEAT', messageId: messageIdOf('ping', pingId), seq } as const;
    return { message, seq, lostLetters: [] };
  }
  const reason = whyNotResumable(endpoint, head);
  if (reason !== null) {
    // What is still kept follows: the endpoint is told of the gap, and misses nothing beside it.
    const place = Math.min(Math.max(seq, head.oldest - 1), head.seq);
    const messageId = messageIdOf('reset', `${head.epoch}_${place}`);
    return { message: { type: 'STREAM_RESET', messageId, reason, seq: place }, seq, lostLetters: [] };
  }
  const { message, lostLetters } = await nextLetter(asked);
  return message ? { message, seq, lostLetters } : { ...(await nextEvent(asked)), lostLetters };
}

const EVENT_COLUMNS = columns('e', [
  'seq',
  'kind',
  'severity',
  'occurredAt',
  'subjectType',
  'subjectId',
  'audience',
  'payload',
  'traceparent',
]);

const LETTERS = 20;

type Letter = { readonly letterId: string; readonly letterSeq: number } & StreamEvent;

/** Dead letters that are to be delivered again, oldest first; index webhook_dead_letter_redeliver_idx. */
async function nextLetter(asked: Asked): Promise<Pick<Next, 'message' | 'lostLetters'>> {
  const { db, rights, endpoint, viewer, now, head } = asked;
  const lostLetters: string[] = [];
  for (let after = 0; ; ) {
    // A letter without its event has nulls beside its id.
    const letters = await db.query<Letter>(sql`
      select l.id as "letterId", l.seq as "letterSeq", ${EVENT_COLUMNS}
      from webhook_dead_letter l
      left join event e on e.seq = l.seq and l.epoch = ${head.epoch}
      where l.endpoint_id = ${endpoint.id}::uuid and l.redeliver_at is not null and l.seq > ${after}::bigint
      order by l.seq limit ${LETTERS}::int`);
    const kept = letters.filter((letter) => letter.seq !== null);
    const levels = await decideEventLevels(db, rights, kept, [viewer], now);
    for (const letter of letters) {
      const level = letter.seq === null ? 'NONE' : levels(letter, viewer);
      if (level !== 'NONE') {
        return { message: eventMessage(asked, letter, level, endpoint.seq, letter.letterId), lostLetters };
      }
      lostLetters.push(letter.letterId);
      after = letter.letterSeq;
    }
    if (letters.length < LETTERS) return { message: null, lostLetters };
  }
}

/** Few events at first: they are decided again for each delivery, since a right may have been taken meanwhile. */
const FIRST_BATCH = 10;
const LAST_BATCH = 500;

async function nextEvent(asked: Asked): Promise<Pick<Next, 'message' | 'seq'>> {
  const { db, rights, endpoint, viewer, now, heardUpTo } = asked;
  let { seq } = endpoint;
  for (let batch = FIRST_BATCH; seq < heardUpTo; batch = Math.min(batch * 5, LAST_BATCH)) {
    const until = Math.min(seq + WINDOW, heardUpTo);
    const events = await db.query<StreamEvent>(sql`
      select ${EVENT_COLUMNS}
      from event e, webhook_endpoint w
      where w.id = ${endpoint.id}::uuid and e.seq > ${seq}::bigint and e.seq <= ${until}::bigint and ${IS_ASKED_FOR}
      order by e.seq limit ${batch}::int`);
    const levels = await decideEventLevels(db, rights, events, [viewer], now);
    for (const event of events) {
      const level = levels(event, viewer);
      if (level !== 'NONE') return { message: eventMessage(asked, event, level, event.seq, null), seq };
    }
    seq = events.length === batch ? (events.at(-1)?.seq ?? until) : until;
  }
  return { message: null, seq };
}

function eventMessage(
  { head }: Asked,
  event: StreamEvent,
  level: AccessLevel,
  seq: number,
  letterId: string | null,
): NextMessage {
  const messageId = messageIdOf('evt', `${head.epoch}_${event.seq}`);
  return { type: 'EVENT', messageId, event, level, seq, letterId };
}

/** For the figures of an operator, one statement: how old the oldest event is that an endpoint still waits for, and more. */
export const WEBHOOK_BACKLOG: Sql = sql`
  select count(*) filter (where w.circuit <> 'CLOSED')::int as suspended,
         (select count(*)::int from webhook_dead_letter) as dead,
         min((select min(e.occurred_at) from event e
              where e.seq > w.seq and e.seq <= w.seq + ${WINDOW}::int and ${IS_ASKED_FOR})) as since
  from webhook_endpoint w where w.state = 'ACTIVE'`;
