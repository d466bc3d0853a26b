// The limit: a `ws` server that sends one text to every socket, without any question.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const frame = Buffer.concat(chunks)
      .toString()
      .replace(/"occurredAt":"[^"]+"/, `"occurredAt":"${new Date().toISOString()}"`);
    for (const socket of sockets.clients) socket.send(frame);
    response.end();
  });
});
const sockets = new WebSocketServer({ server });
server.listen(Number(process.env.PORT), '127.0.0.1');
