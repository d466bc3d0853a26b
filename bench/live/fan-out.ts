import { join } from 'node:path';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { median, table, writeReport } from '../support/report.ts';
import { type RunningServer, startServer } from '../support/servers.ts';
import {
  circumstances,
  post,
  startSubscribers,
  type SubscriberProcess,
  switchyard,
  tokens,
} from './support.ts';

export interface FanOutOptions {
  readonly subscribers: number;
  readonly rounds: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const TICKETS = 2_000;
const WARM_UP = 3;
const MOST_OF_BARE = 2;
const LEAST_OF_PLAIN = 8;

const DOCUMENT = `subscription { complaintEscalations { __typename
  ... on ComplaintEscalation { cursor occurredAt kind level reason ticketNumber message dueAt }
  ... on Heartbeat { cursor } } }`;

interface Side {
  readonly server: RunningServer;
  readonly subscribers: SubscriberProcess;
  /** Has an event sent to everybody. */
  readonly emit: (ticket: { readonly id: string; readonly nodeId: string }) => Promise<unknown>;
}

/** One event to thousands of subscribers, beside a bare broadcast of the same bytes and beside an execution for each. */
export async function fanOutBenchmark(options: FanOutOptions): Promise<boolean> {
  const database = await openBenchDatabase(options.database);
  const sides: Side[] = [];
  try {
    if (options.database === undefined) {
      await migrateAndFill(database, join(BENCH, 'nested-list/data.sql'), {
        'bench.tickets': String(TICKETS),
        'bench.newest': new Date().toISOString(),
      });
    }
    const report = await measure(database, sides, options);
    console.log(`\n${report.text}\n`);
    writeReport('fan-out', report.text);
    return report.met;
  } finally {
    for (const { server, subscribers } of sides) {
      subscribers.stop();
      await server.stop();
    }
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- fan-out --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

async function measure(
  database: BenchDatabase,
  sides: Side[],
  options: FanOutOptions,
): Promise<{ text: string; met: boolean }> {
  const tickets = await openComplaints(database);
  const ours = await startSwitchyard(database, options);
  sides.push(ours);
  // The same bytes for the bare server: a frame as a subscriber has received it.
  const [first] = tickets.splice(0, 1);
  if (!first) throw new Error('The database has no open complaints.');
  await ours.emit(first);
  const { frame } = await ours.subscribers.nextEvent();
  ours.server.pause();
  const bare = await startBare(frame, options);
  sides.push(bare);
  bare.server.pause();
  const plain = await startPlain(database, options);
  sides.push(plain);
  plain.server.pause();

  const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
  for (let round = -WARM_UP; round < options.rounds; round += 1) {
    const [ticket] = tickets.splice(0, 1);
    if (!ticket) throw new Error('The database has too few open complaints.');
    for (const side of sides) {
      options.signal.throwIfAborted();
      side.server.resume();
      await side.emit(ticket);
      const { occurredAt, lastAt } = await side.subscribers.nextEvent();
      side.server.pause();
      if (round >= 0) times.get(side)?.push(lastAt - occurredAt);
    }
  }
  const of = (side: Side) => times.get(side) ?? [];
  const ratios = (peer: Side) => median(of(ours).map((ms, round) => ms / (of(peer)[round] ?? Number.NaN)));
  const [toBare, toPlain] = [ratios(bare), 1 / ratios(plain)];
  const met = toBare <= MOST_OF_BARE && toPlain >= LEAST_OF_PLAIN;
  const rows = sides.map((side) => [
    side.server.contender.name,
    median(of(side)).toFixed(0),
    Math.min(...of(side)).toFixed(0),
    Math.max(...of(side)).toFixed(0),
  ]);
  const text = [
    `\`npm run bench -- fan-out --subscribers ${options.subscribers} --rounds ${options.rounds}\``,
    '',
    `${await circumstances(database)}; ${options.subscribers} sockets of 10 viewers in one process per server, ${Buffer.byteLength(frame)} bytes a frame; ${options.rounds} interleaved rounds.`,
    '',
    table(['server', 'median ms to the last frame', 'least', 'most'], rows),
    '',
    `Against the bare broadcast ${toBare.toFixed(2)} times the time (target: at most ${MOST_OF_BARE}), against an execution for each subscriber ${toPlain.toFixed(1)} times as fast (target: at least ${LEAST_OF_PLAIN}): ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
  return { text, met };
}

/** Complaints that can still be escalated, oldest limits last. */
async function openComplaints({ client }: BenchDatabase): Promise<{ id: string; nodeId: string }[]> {
  const { rows } = await client.query<{ id: string }>(`
    select id from ticket where category = 'COMPLAINT' and status in ('RECEIVED', 'IN_PROGRESS')
    order by opened_at desc limit 300`);
  return rows.map(({ id }) => ({ id, nodeId: Buffer.from(`Ticket:${id}`).toString('base64') }));
}

async function startSwitchyard(database: BenchDatabase, options: FanOutOptions): Promise<Side> {
  const server = await startServer(switchyard(database));
  const known = await tokens();
  return {
    server,
    subscribers: await startSubscribers({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      tokens: known,
      sockets: options.subscribers,
      document: DOCUMENT,
      graphql: true,
    }),
    emit: ({ nodeId }) =>
      post(
        server,
        '/graphql',
        {
          query: `mutation ($input: TicketEscalateInput!) { ticketEscalate(input: $input) {
            __typename ... on Error { message } } }`,
          variables: { input: { ticketId: nodeId, level: 'L1', note: 'Bench' } },
        },
        known[0],
      ),
  };
}

async function startBare(frame: string, options: FanOutOptions): Promise<Side> {
  const server = await startServer({
    name: 'bare ws',
    program: [join(import.meta.dirname, 'bare-broadcast.ts')],
    cwd: BENCH,
    env: { NODE_ENV: 'production' },
    path: '',
    body: null,
  });
  return {
    server,
    subscribers: await startSubscribers({
      url: server.url.replace('http', 'ws'),
      tokens: [],
      sockets: options.subscribers,
      document: '',
      graphql: false,
    }),
    emit: () => post(server, '/', frame),
  };
}

async function startPlain(database: BenchDatabase, options: FanOutOptions): Promise<Side> {
  const server = await startServer({
    name: 'GraphQL Yoga and graphql-ws, an execution for each',
    program: [join(import.meta.dirname, 'plain-yoga.ts')],
    cwd: BENCH,
    env: { NODE_ENV: 'production', DATABASE_URL: database.url },
    path: '',
    body: null,
  });
  return {
    server,
    subscribers: await startSubscribers({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      tokens: [''],
      sockets: options.subscribers,
      document: DOCUMENT,
      graphql: true,
    }),
    emit: ({ id }) => post(server, '/emit', { ticketId: id, level: 'L1', reason: 'MANUAL' }),
  };
}
