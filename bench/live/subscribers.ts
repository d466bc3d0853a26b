// A process of subscribers: opens sockets, subscribes, and tells its parent when the last one has had an event.
import WebSocket from 'ws';

/** What the parent asks for, as JSON in the only argument. */
export interface Subscribers {
  /** ws://… */
  readonly url: string;
  /** Sockets take turns in them. */
  readonly tokens: readonly string[];
  readonly sockets: number;
  readonly document: string;
  /** False for a server that sends frames to whoever connects. */
  readonly graphql: boolean;
}

export type Told =
  | { readonly kind: 'ready' }
  /** An event, named by its own instant, has reached every socket; `lastAt` is when it reached the last one. */
  | { readonly kind: 'event'; readonly occurredAt: number; readonly lastAt: number; readonly frame: string };

const asked = JSON.parse(process.argv[2] ?? '') as Subscribers;
const OPENING_AT_A_TIME = 50;

function tell(message: Told): void {
  process.send?.(message);
}

const arrived = new Map<string, number>();

function take(frame: string): void {
  const occurredAt = /"occurredAt":"([^"]+)"/.exec(frame)?.[1];
  if (occurredAt === undefined) return;
  const count = (arrived.get(occurredAt) ?? 0) + 1;
  arrived.set(occurredAt, count);
  if (count === asked.sockets)
    tell({ kind: 'event', occurredAt: Date.parse(occurredAt), lastAt: Date.now(), frame });
}

/** Opens one socket; ready once its subscription has spoken, which Switchyard does first of all. */
function open(place: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = asked.graphql
      ? new WebSocket(asked.url, 'graphql-transport-ws')
      : new WebSocket(asked.url);
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      console.error(`A socket was closed with ${code} ${String(reason)}.`);
      process.exit(1);
    });
    if (!asked.graphql) {
      socket.on('open', () => resolve());
      socket.on('message', (data) => take(String(data)));
      return;
    }
    socket.on('open', () => {
      const authorization = `Bearer ${asked.tokens[place % asked.tokens.length]}`;
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    });
    socket.on('message', (data) => {
      const frame = String(data);
      if (frame.includes('"type":"connection_ack"')) {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: asked.document } }));
      } else if (frame.includes('"type":"ping"')) {
        socket.send('{"type":"pong"}');
      } else if (frame.includes('"errors"') || frame.includes('"type":"error"')) {
        reject(new Error(frame));
      } else if (frame.includes('Heartbeat')) {
        resolve();
      } else {
        take(frame);
      }
    });
  });
}

for (let from = 0; from < asked.sockets; from += OPENING_AT_A_TIME) {
  const count = Math.min(OPENING_AT_A_TIME, asked.sockets - from);
  await Promise.all(Array.from({ length: count }, (_, place) => open(from + place)));
}
tell({ kind: 'ready' });
