import { setTimeout } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { CloseReason, LiveSink } from './live-hub.ts';

/** A client that has not taken this much is paused, until half of it is gone. */
const CONGESTED_BYTES = 1_000_000;
/** One that has not moved after this time is closed; it resumes after its last cursor. */
const DRAIN_TIMEOUT_MS = 15_000;
const DRAIN_POLL_MS = 25;
/**
 * What closes a stream stands behind what was sent before: a client that takes it within this time learns why, and one
 * that does not is cut off. Nothing more is sent meanwhile, so that it holds no more memory than while it was paused.
 */
export const LINGER_MS = 30_000;

/** Close codes of a live socket. After any of them, and after 1006, a client resumes with its last cursor. */
export const CLOSE_CODES: Record<CloseReason, readonly [code: number, reason: string]> = {
  TOKEN_EXPIRED: [
    4401,
    'The token has expired; connect again with a new one and resume after the last cursor.',
  ],
  NO_LONGER_ALLOWED: [4403, 'The viewer may no longer receive live events.'],
  TOO_SLOW: [4429, 'Too slow; connect again and resume after the last cursor.'],
  SHUTTING_DOWN: [1012, 'The server restarts; connect again and resume after the last cursor.'],
};

/** Frames of one subscription on a WebSocket; the socket's other messages stay with graphql-ws. */
export function webSocketSink(socket: WebSocket, id: string): LiveSink {
  const prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return {
    send(payload) {
      if (socket.readyState === socket.OPEN) socket.send(`${prefix}${payload}}`);
    },
    get congested() {
      return socket.bufferedAmount > CONGESTED_BYTES;
    },
    drained: () => drained(() => socket.bufferedAmount),
    close(reason) {
      const [code, text] = CLOSE_CODES[reason];
      // The socket's server cuts it after LINGER_MS.
      socket.close(code, text);
    },
  };
}

async function drained(buffered: () => number): Promise<boolean> {
  let least = buffered();
  for (let waited = 0; buffered() > CONGESTED_BYTES / 2; waited += DRAIN_POLL_MS) {
    if (buffered() < least) {
      least = buffered();
      waited = 0;
    }
    if (waited > DRAIN_TIMEOUT_MS) return false;
    await setTimeout(DRAIN_POLL_MS);
  }
  return true;
}

/** A result that yoga writes to an SSE stream as it stands, with the cursor as the event's id. */
export interface StreamedResult {
  readonly data: null;
  stringify(): string;
}

/**
 * Frames of one subscription on an SSE stream: a bounded queue that the response reads from. A stream that the server
 * ends says why in its last result: an error with the reason, and the close code that a WebSocket would have. `cut` ends
 * the response of a client that does not take it.
 */
export function streamSink(
  onClose: () => void,
  cut: () => unknown,
): LiveSink & AsyncIterableIterator<StreamedResult> {
  const queue: { readonly text: string }[] = [];
  let lingering: NodeJS.Timeout | undefined;
  let bytes = 0;
  let ended = false;
  let wake: (() => void) | undefined;

  function end(): void {
    ended = true;
    wake?.();
  }

  return {
    send(payload, cursor) {
      const text = `${payload}\nid: ${cursor}`;
      bytes += text.length;
      queue.push({ text });
      wake?.();
    },
    get congested() {
      return bytes > CONGESTED_BYTES;
    },
    drained: () => drained(() => bytes),
    close(reason) {
      const [closeCode, message] = CLOSE_CODES[reason];
      const text = JSON.stringify({ errors: [{ message, extensions: { code: reason, closeCode } }] });
      bytes += text.length;
      queue.push({ text });
      end();
      lingering = globalThis.setTimeout(cut, LINGER_MS).unref();
    },
    async next() {
      while (queue.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const item = queue.shift();
      if (!item) return { done: true, value: undefined };
      bytes -= item.text.length;
      return { done: false, value: { data: null, stringify: () => item.text } };
    },
    async return() {
      clearTimeout(lingering);
      end();
      onClose();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
