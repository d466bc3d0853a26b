import type { WebhookOutcome } from '../../generated/prisma/enums.ts';
import { newId } from '../../lib/ids.ts';
import type { Command } from '../../platform/command.ts';
import type { StreamHead } from '../../platform/feed.ts';
import type { OutboundAnswer } from '../../platform/outbound.ts';
import type { Settings } from '../../platform/settings-register.ts';
import { empty, type Sql, sql } from '../../platform/sql.ts';
import { isDue, LEASED_COLUMNS, type LeasedEndpoint, type NextMessage } from '../queries/delivery.ts';
import { afterFailure, afterSuccess, type RetryPolicy } from '../rules.ts';
import { WEBHOOK_SETTINGS } from '../settings.ts';

/** Beyond the time that a receiver has: for the statements around an attempt. */
const LEASE_MARGIN_MS = 15_000;

/** Until when a process that takes an endpoint now has it to itself; its death holds an endpoint up no longer. */
function leaseUntil({ now, settings }: Pick<Command, 'now' | 'settings'>): Date {
  return new Date(now.getTime() + settings.get(WEBHOOK_SETTINGS.timeoutSeconds) * 1000 + LEASE_MARGIN_MS);
}

/**
 * Takes endpoints that have something to do, those that wait longest first; those that another process takes at this
 * moment are passed over. A circuit that has been open for its time is tried with one delivery.
 */
export function leaseEndpoints(
  tx: Command,
  head: StreamHead,
  heardUpTo: number,
  most: number,
): Promise<LeasedEndpoint[]> {
  return tx.query<LeasedEndpoint>(sql`
    update webhook_endpoint w
    set lease_id = ${newId()}::uuid, lease_until = ${leaseUntil(tx)}::timestamptz,
        circuit = case when w.circuit = 'OPEN' then 'HALF_OPEN' else w.circuit end
    where w.id = any(array(
      select w.id from webhook_endpoint w where ${isDue(head, heardUpTo, tx.now)}
      order by w.next_at limit ${most}::int for update of w skip locked))
    returning ${LEASED_COLUMNS}`);
}

/** Moves the cursor over what was looked at, and lets go of the endpoint; nothing when it is no longer the lease's. */
export async function releaseEndpoint(
  tx: Command,
  endpoint: Pick<LeasedEndpoint, 'id' | 'leaseId'>,
  seq: number,
): Promise<void> {
  await tx.query(sql`
    update webhook_endpoint
    set seq = ${seq}::bigint, lease_id = null, lease_until = null,
        -- Behind those that wait already.
        next_at = greatest(next_at, ${tx.now}::timestamptz),
        -- What was to be tried has gone: the next delivery is the trial.
        circuit = case when circuit = 'HALF_OPEN' then 'OPEN' else circuit end
    where id = ${endpoint.id}::uuid and lease_id = ${endpoint.leaseId}::uuid
    returning 1 as written`);
}

export async function dropLetters(tx: Command, letterIds: readonly string[]): Promise<void> {
  if (letterIds.length === 0) return;
  await tx.query(
    sql`delete from webhook_dead_letter where id = any(${[...letterIds]}::uuid[]) returning 1 as written`,
  );
}

/** Stops an endpoint whose owner has no rights here any more, in the moment in which that is found. */
export async function disableOwnerless(tx: Command, endpoint: LeasedEndpoint): Promise<void> {
  const stopped = await tx.query(sql`
    update webhook_endpoint
    set state = 'DISABLED', state_reason = 'OWNER_WITHOUT_RIGHTS', lease_id = null, lease_until = null,
        ping_id = null, version = version + 1
    where id = ${endpoint.id}::uuid and lease_id = ${endpoint.leaseId}::uuid and state = 'ACTIVE'
    returning 1 as written`);
  if (stopped.length === 0) return;
  tx.audit({
    action: 'webhook.DISABLE',
    subjectType: 'WebhookEndpoint',
    subjectId: endpoint.id,
    before: { state: 'ACTIVE' },
    after: { state: 'DISABLED', reason: 'OWNER_WITHOUT_RIGHTS' },
  });
  tx.emit({
    kind: 'WEBHOOK_DISABLED',
    subjectId: null,
    audience: KEEPERS,
    payload: { endpointId: endpoint.id, name: endpoint.name },
  });
}

/** Who keeps webhooks, and who approves them. */
const KEEPERS = { roles: ['ADMIN', 'HEAD'] };

function retryPolicy(settings: Settings): RetryPolicy {
  return {
    maxAttempts: settings.get(WEBHOOK_SETTINGS.maxAttempts),
    retrySeconds: settings.get(WEBHOOK_SETTINGS.retrySeconds),
    retryMaxSeconds: settings.get(WEBHOOK_SETTINGS.retryMaxSeconds),
    circuitFailures: settings.get(WEBHOOK_SETTINGS.circuitFailures),
    circuitSeconds: settings.get(WEBHOOK_SETTINGS.circuitSeconds),
  };
}

export interface MadeAttempt {
  readonly endpoint: LeasedEndpoint;
  readonly message: NextMessage;
  readonly answer: OutboundAnswer;
  readonly epoch: string;
  readonly sentAt: Date;
  readonly milliseconds: number;
  /** From 0 to 1: spreads what is tried again. */
  readonly chance: number;
}

export interface KeptAttempt {
  readonly outcome: WebhookOutcome;
  /** The circuit has opened with it. */
  readonly opened: boolean;
  /** The endpoint as it goes on; null when it is no longer the lease's, or has to wait. */
  readonly endpoint: LeasedEndpoint | null;
}

/**
 * Keeps how an attempt went, in one transaction: the log, the cursor or the next try, the circuit, the dead letter. A
 * process that dies before it has sent a message that the receiver has: it is sent once more, under the same id.
 */
export async function keepAttempt(tx: Command, made: MadeAttempt): Promise<KeptAttempt> {
  const { endpoint, message, answer } = made;
  const [locked] = await tx.query<LeasedEndpoint & { readonly state: string }>(sql`
    select ${LEASED_COLUMNS}, w.state from webhook_endpoint w
    where w.id = ${endpoint.id}::uuid and w.lease_id = ${endpoint.leaseId}::uuid for update of w`);
  const delivered = 'status' in answer && answer.status >= 200 && answer.status < 300;
  const attempt = endpoint.attemptOf === message.messageId ? endpoint.attempts + 1 : 1;
  const after = delivered
    ? afterSuccess(tx.now)
    : afterFailure(
        { ...endpoint, attempt },
        retryPolicy(tx.settings),
        tx.now,
        made.chance,
        'status' in answer ? answer.retryAfter : null,
      );
  const again = message.type === 'STREAM_RESET' || (isInTurn(message) && !after.dead);
  const outcome = delivered ? 'DELIVERED' : again ? 'FAILED' : 'DEAD';
  await tx.prisma.webhookDelivery.create({
    data: {
      id: newId(),
      endpointId: endpoint.id,
      messageId: message.messageId,
      kind: message.type === 'EVENT' ? message.event.kind : message.type,
      attempt,
      at: made.sentAt,
      milliseconds: made.milliseconds,
      outcome,
      status: 'status' in answer ? answer.status : null,
      error: 'error' in answer ? answer.error : null,
    },
  });
  if (!locked) return { outcome, opened: false, endpoint: null };
  if (message.type === 'EVENT') await keepLetter(tx, made, outcome, attempt);
  const goesOn = locked.state === 'ACTIVE' && after.nextAt <= tx.now;
  const [next] = await tx.query<LeasedEndpoint>(sql`
    update webhook_endpoint w
    set ${place(made, outcome, attempt)}
        lease_id = ${goesOn ? endpoint.leaseId : null}::uuid,
        lease_until = ${goesOn ? leaseUntil(tx) : null}::timestamptz,
        -- Another heartbeat may have been asked for meanwhile.
        ping_id = case when ${message.type} = 'HEARTBEAT' and ping_id = ${endpoint.pingId}::uuid then null else ping_id end,
        last_delivered_at = case when ${delivered}::boolean then ${tx.now}::timestamptz else last_delivered_at end,
        circuit = ${after.circuit}::"WebhookCircuit", circuit_since = ${after.circuitSince}::timestamptz,
        failures = ${after.failures}::int, next_at = ${after.nextAt}::timestamptz
    where w.id = ${endpoint.id}::uuid
    returning ${LEASED_COLUMNS}`);
  if (after.opened) {
    tx.emit({
      kind: 'WEBHOOK_SUSPENDED',
      subjectId: null,
      audience: { ...KEEPERS, employees: [endpoint.ownerId] },
      payload: { endpointId: endpoint.id, name: endpoint.name, failures: after.failures },
    });
  }
  return { outcome, opened: after.opened, endpoint: goesOn ? (next ?? null) : null };
}

/**
 * An event in its turn is tried again and again. A heartbeat and a dead letter are tried once; a reset is tried until it
 * is through, for nothing may pass it.
 */
function isInTurn(message: NextMessage): boolean {
  return message.type === 'EVENT' && message.letterId === null;
}

/** The cursor moves over what is not tried again. A heartbeat or a dead letter says nothing of what waits in its turn. */
function place({ message, epoch }: MadeAttempt, outcome: WebhookOutcome, attempt: number): Sql {
  if (message.type !== 'STREAM_RESET' && !isInTurn(message)) return empty;
  if (outcome === 'FAILED') return sql`attempt_of = ${message.messageId}, attempts = ${attempt}::int,`;
  return sql`epoch = ${epoch}, seq = ${message.seq}::bigint, attempt_of = null, attempts = 0,`;
}

async function keepLetter(
  tx: Command,
  { endpoint, message, answer, epoch }: MadeAttempt,
  outcome: WebhookOutcome,
  attempts: number,
): Promise<void> {
  if (message.type !== 'EVENT') return;
  if (message.letterId !== null && outcome === 'DELIVERED') return dropLetters(tx, [message.letterId]);
  if (outcome !== 'DEAD') return;
  const { seq, kind, occurredAt } = message.event;
  const [status, error] = 'status' in answer ? [answer.status, null] : [null, answer.error];
  // One that was delivered again in vain waits for the next who asks.
  await tx.query(sql`
    insert into webhook_dead_letter as l (id, endpoint_id, epoch, seq, kind, occurred_at, dead_at, attempts, status, error)
    values (${newId()}::uuid, ${endpoint.id}::uuid, ${epoch}, ${seq}::bigint, ${kind}, ${occurredAt}::timestamptz,
            ${tx.now}::timestamptz, ${attempts}::int, ${status}::int, ${error})
    on conflict (endpoint_id, epoch, seq) do update
      set attempts = l.attempts + 1, status = excluded.status, error = excluded.error, dead_at = excluded.dead_at,
          redeliver_at = null
    returning 1 as written`);
}

/** Drops the log of deliveries beyond webhooks.logDays, and dead letters whose events are no longer kept. */
export async function dropOldDeliveries(tx: Command): Promise<void> {
  const days = tx.settings.get(WEBHOOK_SETTINGS.logDays);
  const keepSince = new Date(tx.now.getTime() - days * 86_400_000);
  // By webhook_delivery(at).
  await tx.prisma.webhookDelivery.deleteMany({ where: { at: { lt: keepSince } } });
  await tx.query(sql`
    delete from webhook_dead_letter l using event_head h
    where h.id = 1 and (l.epoch <> h.epoch or l.seq < h.oldest)
    returning 1 as written`);
}
