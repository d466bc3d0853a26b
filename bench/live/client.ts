import WebSocket from 'ws';

/** One subscription over a socket of its own, read as text: what reads it must not be what is measured. */
export interface Listener {
  /** The cursor of the first heartbeat: where the stream stood when it began. */
  readonly cursor: string;
  close(): void;
}

/** Subscribes and hands every frame on; resolves once the feed has spoken first. */
export function listen(
  url: string,
  token: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  onFrame: (frame: string) => void,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    let closing = false;
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      if (!closing) reject(new Error(`The socket was closed with ${code} ${String(reason)}.`));
    });
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
    );
    socket.on('message', (data) => {
      const frame = String(data);
      if (frame.includes('"type":"connection_ack"')) {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
      } else if (frame.includes('"type":"ping"')) {
        socket.send('{"type":"pong"}');
      } else if (frame.includes('"type":"error"') || frame.includes('"errors"')) {
        reject(new Error(frame));
      } else if (frame.includes('"__typename":"Heartbeat"')) {
        resolve({
          cursor: /"cursor":"([^"]+)"/.exec(frame)?.[1] ?? '',
          close: () => {
            closing = true;
            socket.close();
          },
        });
      } else {
        onFrame(frame);
      }
    });
  });
}
