// The plain way of GraphQL Yoga and graphql-ws: an execution for each subscriber and event, with a fresh context that reads
// its rows. Rights are not decided at all, which favours it.
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { useServer } from 'graphql-ws/use/ws';
import pg from 'pg';
import { WebSocketServer } from 'ws';

interface Escalated {
  readonly ticketId: string;
  readonly occurredAt: string;
  readonly level: string;
  readonly reason: string;
}

interface TicketRow {
  readonly id: string;
  readonly number: string;
  readonly resolution_due_at: Date | null;
}

interface RowContext {
  readonly tickets: DataLoader<string, TicketRow | null>;
}

// Thousands of subscribers listen to one emitter.
setMaxListeners(0);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const pubSub = createPubSub<{ escalated: [Escalated] }>();

function freshContext(): RowContext {
  return {
    tickets: new DataLoader(async (ids) => {
      const { rows } = await pool.query<TicketRow>(
        'select id, number, resolution_due_at from ticket where id = any($1::uuid[])',
        [ids],
      );
      return ids.map((id) => rows.find((row) => row.id === id) ?? null);
    }),
  };
}

const schema = createSchema<RowContext>({
  typeDefs: /* GraphQL */ `
    type Query { ready: Boolean! }
    type ComplaintEscalation {
      cursor: String! occurredAt: String! kind: String! level: String reason: String! ticketNumber: String! message: String!
      dueAt: String
    }
    type Heartbeat { cursor: String! }
    union Item = ComplaintEscalation | Heartbeat
    type Subscription { complaintEscalations: Item! }
  `,
  resolvers: {
    Query: { ready: () => true },
    Item: { __resolveType: (item: object) => ('ticketId' in item ? 'ComplaintEscalation' : 'Heartbeat') },
    ComplaintEscalation: {
      kind: () => 'COMPLAINT_ESCALATED',
      cursor: ({ occurredAt }: Escalated) => occurredAt,
      ticketNumber: async ({ ticketId }: Escalated, _args, { tickets }) =>
        (await tickets.load(ticketId))?.number,
      dueAt: async ({ ticketId }: Escalated, _args, { tickets }) =>
        (await tickets.load(ticketId))?.resolution_due_at?.toISOString(),
      message: async ({ ticketId, level }: Escalated, _args, { tickets }) =>
        `Complaint ${(await tickets.load(ticketId))?.number} was escalated to ${level}.`,
    },
    Subscription: {
      complaintEscalations: {
        async *subscribe() {
          // Speaks first, as Switchyard does: its client knows that it listens.
          const events = pubSub.subscribe('escalated');
          yield { complaintEscalations: { cursor: '' } };
          for await (const event of events) yield { complaintEscalations: event };
        },
      },
    },
  },
});

/** Each event is executed for the subscriber as if it had asked anew. */
async function* executed(args: ExecutionArgs): AsyncGenerator<ExecutionResult> {
  const events = await createSourceEventStream({ ...args, contextValue: freshContext() });
  if (!(Symbol.asyncIterator in events)) {
    yield events;
    return;
  }
  for await (const event of events)
    yield await execute({ ...args, rootValue: event, contextValue: freshContext() });
}

const yoga = createYoga({ schema, logging: false });
const server = createServer((request, response) => {
  if (request.url !== '/emit') return void yoga(request, response);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const event = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Escalated, 'occurredAt'>;
    pubSub.publish('escalated', { ...event, occurredAt: new Date().toISOString() });
    response.end();
  });
});
const sockets = new WebSocketServer({ server, path: '/graphql' });
useServer({ schema, subscribe: (args) => executed(args) }, sockets);
server.listen(Number(process.env.PORT), '127.0.0.1');
