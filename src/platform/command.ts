import { type AuditEntry, writeAudit } from './audit.ts';
import { createHash } from 'node:crypto';
import { IdempotencyConflict } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { Database, Transaction } from './database.ts';
import { type NewEvent, writeOutbox } from './outbox.ts';
import type { Settings } from './settings-register.ts';
import { sql } from './sql.ts';
import { traced } from './tracing.ts';

/** What a command is given: an open transaction, one instant, the policy numbers, and where to say what it did. */
export interface Command extends Transaction {
  readonly now: Date;
  /** The acting employee; null when the system acts. */
  readonly actorId: string | null;
  readonly settings: Settings;
  /** Events to write with the change. */
  emit(...events: NewEvent[]): void;
  audit(...entries: AuditEntry[]): void;
}

export interface CommandOrigin {
  readonly now: Date;
  readonly actorId: string | null;
  readonly requestId: string | null;
  readonly settings: Settings;
}

export interface CommandRunner {
  run<Result>(origin: CommandOrigin, work: (tx: Command) => Promise<Result>): Promise<Result>;
}

export interface CommandRunnerOptions {
  readonly database: Database;
  /** Nudges the relay, so that events leave at once instead of at the next poll. */
  readonly afterCommit: () => void;
  /** Called after each command, whether it was kept or not. */
  readonly onRun?: (milliseconds: number, origin: CommandOrigin) => void;
}

/** Opens the one transaction of a mutation or sweep, and writes its events and audit entries at the end of it. */
export function commandRunner({ database, afterCommit, onRun }: CommandRunnerOptions): CommandRunner {
  return {
    async run(origin, work) {
      const started = performance.now();
      try {
        return await traced('command', {}, () => keep(origin, work));
      } finally {
        onRun?.(performance.now() - started, origin);
      }
    },
  };

  async function keep<Result>(
    origin: CommandOrigin,
    work: (tx: Command) => Promise<Result>,
  ): Promise<Result> {
    let emitted = false;
    const result = await database.transaction(async (transaction) => {
      const events: NewEvent[] = [];
      const entries: AuditEntry[] = [];
      const answer = await work({
        ...origin,
        prisma: transaction.prisma,
        query: (statement) => transaction.query(statement),
        emit: (...more) => void events.push(...more),
        audit: (...more) => void entries.push(...more),
      });
      await writeAudit(transaction, entries, origin);
      await writeOutbox(transaction, events, origin.now);
      emitted = events.length > 0;
      return answer;
    });
    if (emitted) afterCommit();
    return result;
  }
}

/**
 * Runs a creating command once per key and actor: the same key and input answers with the id made first, another
 * input is refused. Keys are kept for 24 hours.
 */
export async function once(
  tx: Command,
  operation: string,
  key: string | null | undefined,
  input: unknown,
  create: (id: string) => Promise<void>,
): Promise<string> {
  const id = newId();
  if (!key) {
    await create(id);
    return id;
  }
  const inputHash = createHash('sha256').update(JSON.stringify(input)).digest('hex');
  // A concurrent request with the same key waits here until the first one has committed or failed.
  const [known] = await tx.query<{ resultId: string; inputHash: string }>(sql`
    insert into idempotency_key as k (actor_id, operation, key, input_hash, result_id, created_at)
    values (${tx.actorId}::uuid, ${operation}, ${key}, ${inputHash}, ${id}::uuid, ${tx.now}::timestamptz)
    on conflict (actor_id, operation, key) do update
      set input_hash = case when k.created_at < ${dayBefore(tx.now)}::timestamptz then excluded.input_hash else k.input_hash end,
          result_id = case when k.created_at < ${dayBefore(tx.now)}::timestamptz then excluded.result_id else k.result_id end,
          created_at = case when k.created_at < ${dayBefore(tx.now)}::timestamptz then excluded.created_at else k.created_at end
    returning result_id as "resultId", input_hash as "inputHash"`);
  if (!known || known.inputHash !== inputHash) throw new IdempotencyConflict();
  if (known.resultId === id) await create(id);
  return known.resultId;
}

function dayBefore(now: Date): Date {
  return new Date(now.getTime() - 24 * 3_600_000);
}
