// The limit: events read in pages and written to a socket, without rights, filters or GraphQL.
import { createServer } from 'node:http';
import pg from 'pg';
import { WebSocketServer } from 'ws';

const PAGE = 500;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const server = createServer((_request, response) => response.end());
const sockets = new WebSocketServer({ server });
sockets.on('connection', async (socket) => {
  for (let after = 0, more = true; more; ) {
    const { rows } = await pool.query<{ seq: string }>(
      'select * from event where seq > $1 order by seq limit $2',
      [after, PAGE],
    );
    for (const row of rows) socket.send(JSON.stringify(row));
    after = Number(rows.at(-1)?.seq ?? after);
    more = rows.length === PAGE;
    while (socket.bufferedAmount > 1_000_000) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
