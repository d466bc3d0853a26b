import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { type BenchDatabase, migrateAndFill, openBenchDatabase } from '../support/database.ts';
import { headersOf } from '../support/measure.ts';
import { table, writeReport } from '../support/report.ts';
import { type Contender, type RunningServer, startServer } from '../support/servers.ts';
import { SECRET, tokenOf } from '../support/token.ts';

export interface SearchOptions {
  readonly customers: number;
  readonly tickets: number;
  /** Of each kind of word, viewer and server. */
  readonly requests: number;
  readonly connections: number;
  readonly keep: boolean;
  readonly database: string | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const BENCH = join(import.meta.dirname, '..');
const ROOT = join(BENCH, '..');
const PAGE = 20;
const POOL = '10';
const WARM_UP = 10;
/** ILIKE over tickets takes seconds: so many times fewer requests are made. */
const TICKETS_LESS = 5;
/** Words of a kind that take turns. */
const WORDS = 50;

/** Milliseconds within which 95 of 100 searches are answered. */
const TARGET_MS = 50;

const VIEWERS = [
  { subject: 'bench-cs-supervisor', role: 'CS_SUPERVISOR' },
  { subject: 'bench-account-manager', role: 'ACCOUNT_MANAGER_LOGISTICS' },
] as const;

interface WordKind {
  readonly of: 'customers' | 'tickets';
  readonly kind: string;
  readonly words: string;
}

/** What people type, taken from the names and texts themselves. */
const KINDS: readonly WordKind[] = [
  {
    of: 'customers',
    kind: 'a name of two characters',
    words: `select substr(name, 3, 2) from customer where name ~ '^[一-龥]'`,
  },
  { of: 'customers', kind: 'a whole name', words: 'select name from customer' },
  {
    of: 'customers',
    kind: 'a few letters',
    words: `select upper(substr(name, 3, 8)) from customer where name ~ '^[A-Z]'`,
  },
  {
    of: 'customers',
    kind: 'one character',
    words: `select substr(name, 4, 1) from customer where name ~ '^[一-龥]'`,
  },
  {
    of: 'customers',
    kind: 'what most names have',
    words: `select unnest(array['物流', '有限公司', '贸易', '上海', 'Ltd', '公司', 'Freight'])`,
  },
  {
    of: 'customers',
    kind: 'what no name has',
    words: `select substr(name, 4, 1) || '鑫' from customer where name ~ '^[一-龥]'`,
  },
  {
    of: 'tickets',
    kind: 'two characters of few tickets',
    words: `select substr(content, strpos(content, '批号') + 3, 2) from (select content from ticket limit 10000) taken`,
  },
  {
    of: 'tickets',
    kind: 'a part of a sentence',
    words: `select substr(content, strpos(content, '批号') - 4, 12) from (select content from ticket limit 10000) taken`,
  },
  {
    of: 'tickets',
    kind: 'what many tickets have',
    words: `select unnest(array['破损', '上海', '仓库', '处理', 'rain', '海关'])`,
  },
  { of: 'tickets', kind: 'what no ticket has', words: `select '鑫' || substr(name, 4, 1) from customer` },
];

/** Asks for customers and tickets by parts of their texts, beside a plain ILIKE over the same rows. */
export async function searchBenchmark(options: SearchOptions): Promise<boolean> {
  const database = await openBenchDatabase(options.database);
  const servers: RunningServer[] = [];
  try {
    if (options.database === undefined) {
      await migrateAndFill(database, join(BENCH, 'search/customers.sql'), {
        'bench.customers': String(options.customers),
        'bench.tickets': String(options.tickets),
      });
      // In the same session, whose functions it uses.
      await database.client.query(readFileSync(join(BENCH, 'search/tickets.sql'), 'utf8'));
      await database.client.query('vacuum analyze');
      await database.client.query('checkpoint');
    }
    for (const contender of contenders(database)) {
      options.signal.throwIfAborted();
      const server = await startServer(contender);
      servers.push(server);
      server.pause();
    }
    const report = await measure(database, servers, options);
    console.log(`\n${report.text}\n`);
    writeReport('search', report.text);
    return report.met;
  } finally {
    for (const server of servers) await server.stop();
    if (options.keep || options.database !== undefined) {
      await database.client.end();
      console.log(`Kept: npm run bench -- search --database ${database.name}`);
    } else {
      await database.drop();
    }
  }
}

/** A server and how it is asked for a word. */
interface Searched extends Contender {
  readonly body: (word: string, of: WordKind['of']) => unknown;
}

function hashOf(operation: string): string {
  const document = readFileSync(join(ROOT, `schema/operations/${operation}.graphql`), 'utf8');
  return createHash('sha256').update(document).digest('hex');
}

function contenders(database: BenchDatabase): Searched[] {
  const hashes = { customers: hashOf('CustomerSearch'), tickets: hashOf('Search') };
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    DATABASE_POOL: POOL,
    AUTH_JWT_SECRET: SECRET,
  };
  return [
    {
      name: 'Switchyard',
      program: ['src/main.ts'],
      cwd: ROOT,
      env: { ...env, LOG_LEVEL: 'warn' },
      path: '/graphql',
      body: (word, of) => ({
        extensions: { persistedQuery: { version: 1, sha256Hash: hashes[of] } },
        variables:
          of === 'customers'
            ? { first: PAGE, where: { name: { contains: word } } }
            : { first: PAGE, text: word, kinds: ['TICKET'] },
      }),
    },
    {
      name: 'ILIKE',
      program: [join(BENCH, 'search/ilike.ts')],
      cwd: ROOT,
      env,
      path: '/search',
      body: (word, of) => ({ of, term: word, first: PAGE }),
    },
  ];
}

async function measure(
  database: BenchDatabase,
  servers: readonly RunningServer[],
  options: SearchOptions,
): Promise<{ text: string; met: boolean }> {
  const rows: string[][] = [];
  let met = true;
  for (const viewer of VIEWERS) {
    const token = await tokenOf(viewer.subject);
    for (const { of, kind, words } of KINDS) {
      const asked = await wordsOf(database, words);
      for (const server of servers) {
        const times = await timesOf(server, token, { of, words: asked }, options);
        const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
        if (server === servers[0] && of === 'customers') met &&= p95 < TARGET_MS;
        const line = [viewer.role, of, kind, server.contender.name, p50.toFixed(1), p95.toFixed(1)];
        rows.push(line);
        console.log(line.join(' '));
      }
    }
  }
  return { text: await describe(database, rows, options, met), met };
}

/** The same words on every run. */
async function wordsOf({ client }: BenchDatabase, words: string): Promise<string[]> {
  const { rows } = await client.query<{ word: string }>(
    `select word from (${words}) words(word) group by word order by md5(word) limit ${WORDS}`,
  );
  return rows.map(({ word }) => word);
}

/** Milliseconds of each request, as its client waits for them: some clients at a time, each asking anew once answered. */
async function timesOf(
  server: RunningServer,
  token: string,
  { of, words }: { readonly of: WordKind['of']; readonly words: readonly string[] },
  { requests: most, connections, signal }: SearchOptions,
): Promise<number[]> {
  const bodies = words.map((word) => JSON.stringify((server.contender as Searched).body(word, of)));
  const requests = of === 'customers' ? most : Math.ceil(most / TICKETS_LESS);
  const times: number[] = [];
  server.resume();
  let next = -WARM_UP;
  async function ask(): Promise<void> {
    while (next < requests) {
      const place = next++;
      const started = performance.now();
      const response = await fetch(server.url, {
        method: 'POST',
        headers: headersOf(token),
        body: bodies[Math.abs(place) % bodies.length],
        signal,
      });
      const answer = await response.text();
      if (!response.ok || answer.includes('"errors"')) throw new Error(`${server.contender.name}: ${answer}`);
      if (place >= 0) times.push(performance.now() - started);
    }
  }
  await Promise.all(Array.from({ length: connections }, ask));
  server.pause();
  return times;
}

function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

async function describe(
  { client }: BenchDatabase,
  rows: readonly (readonly string[])[],
  options: SearchOptions,
  met: boolean,
): Promise<string> {
  const { rows: facts } = await client.query<{
    server: string;
    customers: number;
    tickets: number;
    size: string;
    ticketSize: string;
    ticketTable: string;
  }>(`
    select current_setting('server_version') as server, (select count(*)::int from customer) as customers,
           (select count(*)::int from ticket) as tickets, pg_size_pretty(pg_relation_size('customer_name_grams_idx')) as size,
           pg_size_pretty(pg_relation_size('ticket_grams_idx')) as "ticketSize", pg_size_pretty(pg_relation_size('ticket')) as "ticketTable"`);
  const [fact] = facts;
  return [
    `\`npm run bench -- search --customers ${fact?.customers} --tickets ${fact?.tickets} --requests ${options.requests} --connections ${options.connections}\``,
    '',
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ` +
      `load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.versions.node}, ` +
      `PostgreSQL ${fact?.server.split(' ')[0]}; ${options.connections} clients at a time; ` +
      `the index over names has ${fact?.size}, that over tickets ${fact?.ticketSize} beside a table of ${fact?.ticketTable}.`,
    '',
    table(['viewer', 'of', 'word', 'server', 'p50 ms', 'p95 ms'], rows),
    '',
    `Target: p95 of Switchyard under ${TARGET_MS} ms of customers for every kind of word: ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
}
