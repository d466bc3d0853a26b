import { EVENTS, type EventKind, type Severity } from '../events.ts';
import { type Queryable, sql } from './sql.ts';
import { activeSpan } from './tracing.ts';

/** Who is addressed by an event: by role, by person, by everybody of a department. */
export interface Audience {
  readonly roles?: readonly string[];
  readonly employees?: readonly string[];
  readonly departments?: readonly string[];
}

export interface NewEvent {
  readonly kind: EventKind;
  readonly subjectId: string | null;
  readonly audience: Audience;
  /** Facts and ids; never content of a customer's file. */
  readonly payload: Readonly<Record<string, string | number | boolean | null>>;
  /** Overrides the kind's severity. */
  readonly severity?: Severity;
  /** A second event with the same key is not written. */
  readonly dedupeKey?: string;
}

/**
 * Writes events into the outbox in the transaction of the change that caused them: no event without the change,
 * no change without the event. One statement, or two when some must happen once.
 */
export async function writeOutbox(tx: Queryable, events: readonly NewEvent[], now: Date): Promise<void> {
  const fresh = await withoutRepeats(tx, events, now);
  if (fresh.length === 0) return;
  const rows = fresh.map((event) => ({
    kind: event.kind,
    severity: event.severity ?? EVENTS[event.kind].severity,
    subject_type: EVENTS[event.kind].subject,
    subject_id: event.subjectId,
    audience: event.audience,
    payload: event.payload,
  }));
  await tx.query(sql`
    insert into outbox (kind, severity, occurred_at, subject_type, subject_id, audience, payload, traceparent)
    select e.kind, e.severity, ${now}::timestamptz, e.subject_type, e.subject_id, e.audience, e.payload,
           ${activeSpan()?.traceparent ?? null}::text
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as e(kind text, severity text, subject_type text, subject_id uuid, audience jsonb, payload jsonb)
    returning 1 as written`);
}

async function withoutRepeats(tx: Queryable, events: readonly NewEvent[], now: Date): Promise<NewEvent[]> {
  const keys = [...new Set(events.flatMap((event) => event.dedupeKey ?? []))];
  if (keys.length === 0) return [...events];
  const rows = await tx.query<{ key: string }>(sql`
    insert into event_key (key, occurred_at)
    select unnest(${keys}::text[]), ${now}::timestamptz
    on conflict (key) do nothing
    returning key`);
  const unused = new Set(rows.map((row) => row.key));
  return events.filter((event) => event.dedupeKey === undefined || unused.delete(event.dedupeKey));
}
