import { createClient } from 'redis';
import type { Log } from './log.ts';

/** Wakes the other processes when the stream has grown. It carries no content: a lost message costs only time. */
export interface Bus {
  readonly kind: 'redis' | 'in-process';
  /** False while messages cannot be exchanged; the feeds then live by polling. */
  readonly healthy: boolean;
  publish(): void;
  /** Notes outside of the database how far the stream of an epoch has come. Notes that are lost make it know less. */
  note(epoch: string, seq: number): void;
  /** How far the stream of an epoch has come at least, as was noted; null where nobody knows. */
  noted(epoch: string): Promise<number | null>;
  /** Calls back whenever what was noted can be asked for (again). */
  onReachable(callback: () => void): void;
  start(onMessage: () => void): Promise<void>;
  stop(): Promise<void>;
}

/** One process needs no bus: its own relay wakes its own feed. */
export function inProcessBus(): Bus {
  return {
    kind: 'in-process',
    healthy: true,
    publish() {},
    note() {},
    noted: async () => null,
    onReachable() {},
    async start() {},
    async stop() {},
  };
}

const CHANNEL = 'switchyard:stream';
/** A sorted set: the epochs of streams, and how far each has come. */
const HEADS = 'switchyard:stream-heads';
const RECONNECT_MAX_MS = 2_000;
/** A Redis that is silent for this long, although it is asked all the time, counts as lost: it may hang. */
const SILENT_MS = 3_000;
const PING_MS = 1_000;

export function redisBus(url: string, log: Log): Bus {
  const socket = {
    connectTimeout: 2_000,
    socketTimeout: SILENT_MS,
    reconnectStrategy: (tries: number) => Math.min(RECONNECT_MAX_MS, 50 * 2 ** Math.min(tries, 6)),
  };
  // Commands are refused at once while disconnected, instead of piling up in memory.
  const publisher = createClient({ url, socket, pingInterval: PING_MS, disableOfflineQueue: true });
  const subscriber = createClient({ url, socket, pingInterval: PING_MS });
  let wasHealthy: boolean | null = null;

  function noteHealth(error?: unknown): void {
    const healthy = publisher.isReady && subscriber.isReady;
    // At the start, the first of the two clients to be ready is no news.
    if (wasHealthy === null && !healthy && error === undefined) return;
    if (healthy !== wasHealthy) {
      if (healthy) log.info('redis: connected, live delivery is woken by messages');
      else log.warn('redis: not reachable, live delivery goes on by polling');
    }
    wasHealthy = healthy;
  }
  for (const client of [publisher, subscriber]) {
    client.on('error', noteHealth);
    client.on('ready', noteHealth);
  }

  // The newest note is enough; one is under way at a time.
  let toNote: { readonly epoch: string; readonly seq: number } | null = null;
  let noting = false;
  function note(epoch: string, seq: number): void {
    toNote = { epoch, seq };
    if (noting || !publisher.isReady) return;
    noting = true;
    const { epoch: value, seq: score } = toNote;
    toNote = null;
    publisher
      .zAdd(HEADS, { value, score }, { comparison: 'GT' })
      .catch((error: unknown) => log.debug({ err: error }, 'redis: the head of the stream was not noted'))
      .finally(() => {
        noting = false;
        if (toNote) note(toNote.epoch, toNote.seq);
      });
  }

  let publishing = false;
  let again = false;
  /** One wake-up stands for all that come while it is under way, so that nothing piles up before a Redis that hangs. */
  function publish(): void {
    if (!publisher.isReady) return;
    again = publishing;
    if (publishing) return;
    publishing = true;
    publisher
      .publish(CHANNEL, '')
      .catch((error: unknown) => {
        log.debug({ err: error }, 'redis: a wake-up was lost, the poll makes up for it');
      })
      .finally(() => {
        publishing = false;
        if (again) publish();
      });
  }

  return {
    kind: 'redis',
    get healthy() {
      return publisher.isReady && subscriber.isReady;
    },
    publish,
    note,
    noted: (epoch) => (publisher.isReady ? publisher.zScore(HEADS, epoch) : Promise.resolve(null)),
    onReachable: (callback) => void publisher.on('ready', callback),
    async start(onMessage) {
      // Not awaited: an absent Redis must not keep the server from starting. Both clients go on trying.
      for (const connecting of [
        publisher.connect(),
        subscriber.connect().then(() => subscriber.subscribe(CHANNEL, onMessage)),
      ]) {
        connecting.catch((error: unknown) => log.debug({ err: error }, 'redis: connecting failed'));
      }
    },
    async stop() {
      for (const client of [publisher, subscriber]) client.destroy();
    },
  };
}
