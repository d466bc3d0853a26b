import { createHmac, randomInt } from 'node:crypto';
import type { Locale } from '../lib/text.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import type { CommandOrigin, CommandRunner } from '../platform/command.ts';
import type { RightsBySubject } from '../platform/event-rights.ts';
import { readHead, type StreamEvent, type StreamHead } from '../platform/feed.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { postOutbound } from '../platform/outbound.ts';
import type { Settings } from '../platform/settings-register.ts';
import type { SignedLinks } from '../platform/signed-links.ts';
import type { Queryable } from '../platform/sql.ts';
import type { AccessLevel } from '../platform/visibility.ts';
import {
  disableOwnerless,
  dropLetters,
  keepAttempt,
  leaseEndpoints,
  releaseEndpoint,
} from './commands/delivery.ts';
import { type LeasedEndpoint, type NextMessage, nextMessage } from './queries/delivery.ts';
import { WEBHOOK_SETTINGS } from './settings.ts';

/** Endpoints that one process serves at once; each has one delivery under way. */
const AT_ONCE = 16;
/** After so many messages an endpoint lets others pass. */
const TURN = 100;

/** An item as the feed `liveEvents` has it. */
export type WebhookItem =
  | {
      readonly type: 'EVENT';
      readonly event: StreamEvent;
      readonly level: AccessLevel;
      readonly cursor: string;
    }
  | { readonly type: 'HEARTBEAT'; readonly cursor: string; readonly at: Date }
  | { readonly type: 'STREAM_RESET'; readonly oldest: string; readonly reason: string };

export interface DelivererOptions {
  readonly database: Queryable;
  readonly runner: CommandRunner;
  readonly rights: RightsBySubject;
  readonly links: SignedLinks;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
  readonly everyMs: number;
  readonly systemOrigin: () => Promise<CommandOrigin>;
  /** An employee as they stand now; null for one who has no rights here. */
  readonly viewerOf: (employeeId: string) => Promise<Viewer | null>;
  /** What a subscriber of the feed would receive, as data. */
  readonly write: (
    item: WebhookItem,
    viewer: Viewer,
    now: Date,
    locale: Locale,
  ) => Promise<Readonly<Record<string, unknown>>>;
  /** Everything up to here has been heard by this process: it knows the rights as they stood then. */
  readonly heardUpTo: () => number;
}

export interface Deliverer {
  start(): void;
  /** Says that the stream has grown. */
  wake(): void;
  /** Lets deliveries under way finish, and starts no other. */
  stop(): Promise<void>;
  /** Delivers until nothing is due, and says how many attempts were made. */
  runOnce(): Promise<number>;
}

/**
 * Delivers the stream to webhook endpoints, each in the order of commits from its own cursor in the database. Any number
 * of processes may run one: a lease gives an endpoint to one of them at a time, and the lease of one that dies runs out.
 */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { runner, log, metrics, now } = options;
  const working = new Set<Promise<number>>();
  let timer: NodeJS.Timeout | undefined;
  let taking: Promise<number> | undefined;
  let again = false;
  let stopped = true;
  let stopping = false;

  /** Takes what is due and starts to work on it; says how much that is. One statement where nothing is. */
  async function take(): Promise<number> {
    const free = AT_ONCE - working.size;
    if (free <= 0) return 0;
    const head = await readHead(options.database);
    const leased = await runner.run(await options.systemOrigin(), (tx) =>
      leaseEndpoints(tx, head, options.heardUpTo(), free),
    );
    for (const endpoint of leased) {
      const work = serve(endpoint)
        .catch((error: unknown) => {
          log.warn(
            { err: error, endpoint: endpoint.id },
            'webhooks: an endpoint waits until its lease runs out',
          );
          return 0;
        })
        .finally(() => {
          working.delete(work);
          wake();
        });
      working.add(work);
    }
    return leased.length;
  }

  /** Sends an endpoint what is due to it, a message at a time. */
  async function serve(leased: LeasedEndpoint): Promise<number> {
    let endpoint: LeasedEndpoint | null = leased;
    for (let sent = 0; ; sent += 1) {
      if (endpoint === null) return sent;
      const current: LeasedEndpoint = endpoint;
      const viewer = await options.viewerOf(current.ownerId);
      const origin = await options.systemOrigin();
      if (!viewer) {
        await runner.run(origin, (tx) => disableOwnerless(tx, current));
        log.warn(
          { endpoint: current.id },
          'webhooks: an endpoint was disabled, its owner has no rights any more',
        );
        return sent;
      }
      const head = await readHead(options.database);
      const next = await nextMessage({
        db: options.database,
        rights: options.rights,
        endpoint: current,
        viewer,
        head,
        heardUpTo: options.heardUpTo(),
        now: origin.now,
      });
      const { message } = next;
      if (message === null || sent >= TURN || stopping) {
        await runner.run(origin, async (tx) => {
          await dropLetters(tx, next.lostLetters);
          // A dead letter, a heartbeat and a reset leave the cursor where it was.
          await releaseEndpoint(tx, current, message === null ? next.seq : current.seq);
        });
        return sent;
      }
      endpoint = await attempt(current, message, head, viewer, next.lostLetters, origin);
    }
  }

  async function attempt(
    endpoint: LeasedEndpoint,
    message: NextMessage,
    head: StreamHead,
    viewer: Viewer,
    lostLetters: readonly string[],
    { settings, now: at }: CommandOrigin,
  ): Promise<LeasedEndpoint | null> {
    const locale = endpoint.language === 'ZH_CN' ? 'zh-CN' : 'en';
    const item = itemOf(message, head, at);
    const body = JSON.stringify({
      type: message.type === 'EVENT' ? message.event.kind : message.type,
      timestamp: (message.type === 'EVENT' ? message.event.occurredAt : at).toISOString(),
      data: await options.write(item, viewer, at, locale),
    });
    const started = performance.now();
    const sentAt = now();
    const answer = await postOutbound(
      endpoint.url,
      {
        ...FIXED_HEADERS,
        ...signed(secretsOf(options.links, endpoint, sentAt), message.messageId, sentAt, body),
      },
      body,
      outboundPolicy(settings),
    );
    const milliseconds = Math.round(performance.now() - started);
    const made = { endpoint, message, answer, epoch: head.epoch, sentAt, milliseconds, chance: chance() };
    const kept = await runner.run(await options.systemOrigin(), async (tx) => {
      await dropLetters(tx, lostLetters);
      return keepAttempt(tx, made);
    });
    metrics.webhookAttempts.inc({ outcome: kept.outcome });
    metrics.webhookSeconds.observe(milliseconds / 1000);
    if (kept.outcome !== 'DELIVERED') {
      // The host alone: a path may hold what the receiver takes for a secret.
      const facts = {
        endpoint: endpoint.id,
        host: new URL(endpoint.url).host,
        message: message.messageId,
        ...answer,
      };
      log.info({ ...facts, outcome: kept.outcome }, 'webhooks: a delivery failed');
    }
    if (kept.opened) {
      log.warn(
        { endpoint: endpoint.id },
        'webhooks: an endpoint is suspended, it has failed too often in a row',
      );
    }
    return kept.endpoint;
  }

  function wake(): void {
    if (stopped) return;
    if (taking) {
      again = true;
      return;
    }
    taking = take()
      .catch((error: unknown) => {
        log.warn({ err: error }, 'webhooks: what is due could not be looked for, the next round tries again');
        return 0;
      })
      .finally(() => {
        taking = undefined;
        if (again) {
          again = false;
          wake();
        }
      });
  }

  return {
    wake,
    start() {
      stopped = false;
      timer = setInterval(wake, options.everyMs);
      wake();
    },
    async stop() {
      stopped = true;
      stopping = true;
      clearInterval(timer);
      await taking;
      await Promise.all(working);
    },
    async runOnce() {
      let attempts = 0;
      while ((await take()) > 0) {
        for (const sent of await Promise.all(working)) attempts += sent;
      }
      return attempts;
    },
  };
}

const FIXED_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'user-agent': 'Switchyard-Webhooks/1',
};

function itemOf(message: NextMessage, head: StreamHead, at: Date): WebhookItem {
  const cursor = `${head.epoch}.${message.seq}`;
  switch (message.type) {
    case 'EVENT': {
      const { event, level } = message;
      return { type: 'EVENT', event, level, cursor: `${head.epoch}.${event.seq}` };
    }
    case 'HEARTBEAT':
      return { type: 'HEARTBEAT', cursor, at };
    case 'STREAM_RESET':
      return { type: 'STREAM_RESET', oldest: `${head.epoch}.${head.oldest - 1}`, reason: message.reason };
  }
}

function outboundPolicy(settings: Settings) {
  return {
    allowHttp: settings.get(WEBHOOK_SETTINGS.allowHttp),
    allowedNetworks: settings.get(WEBHOOK_SETTINGS.allowedNetworks),
    timeoutMs: settings.get(WEBHOOK_SETTINGS.timeoutSeconds) * 1000,
  };
}

/** From 0 to 1, each process in its own way. */
function chance(): number {
  return randomInt(1_000_001) / 1_000_000;
}

/**
 * The secret of an endpoint, as receivers keep it. It is derived from the secret of the deployment and never stored: no
 * row, log or audit can give it away, and a copy of the database under another AUTH_ISSUER signs with others.
 */
export function webhookSecret(links: SignedLinks, endpointId: string, number: number): string {
  return `whsec_${links.secretOf(`webhook ${endpointId} ${number}`).toString('base64')}`;
}

function secretsOf(links: SignedLinks, endpoint: LeasedEndpoint, at: Date): string[] {
  const { id, secretNumber, previousSecretUntil } = endpoint;
  const numbers =
    previousSecretUntil !== null && at < previousSecretUntil
      ? [secretNumber, secretNumber - 1]
      : [secretNumber];
  return numbers.map((number) => webhookSecret(links, id, number));
}

/** The headers of Standard Webhooks: one signature for each secret that counts. */
function signed(
  secrets: readonly string[],
  messageId: string,
  at: Date,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': messageId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
