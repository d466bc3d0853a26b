import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { BenchDatabase } from '../support/database.ts';
import type { Contender, RunningServer } from '../support/servers.ts';
import { SECRET, tokenOf } from '../support/token.ts';
import type { Subscribers, Told } from './subscribers.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Supervisors of customer service, whose rights are decided one by one. */
const VIEWERS = ['bench-cs-supervisor', ...Array.from({ length: 9 }, (_, place) => `bench-${192 + place}`)];

export function tokens(): Promise<string[]> {
  return Promise.all(VIEWERS.map(tokenOf));
}

/** The server as it comes; sweeps and heartbeats as they are set by default. */
export function switchyard(database: BenchDatabase, env: Readonly<Record<string, string>> = {}): Contender {
  return {
    name: 'Switchyard',
    program: ['src/main.ts'],
    cwd: ROOT,
    env: {
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      AUTH_JWT_SECRET: SECRET,
      LOG_LEVEL: 'warn',
      ...env,
    },
    path: '',
    body: null,
  };
}

export interface SubscriberProcess {
  readonly pid: number;
  /** The next event that has reached every socket. */
  nextEvent(): Promise<Extract<Told, { kind: 'event' }>>;
  stop(): void;
}

export async function startSubscribers(options: Subscribers): Promise<SubscriberProcess> {
  const child = fork(join(import.meta.dirname, 'subscribers.ts'), [JSON.stringify(options)]);
  const waiting: Extract<Told, { kind: 'event' }>[] = [];
  child.on('message', (told: Told) => {
    if (told.kind === 'event') waiting.push(told);
  });
  await ready(child);
  return {
    pid: child.pid ?? 0,
    async nextEvent() {
      while (waiting.length === 0) await aliveMessage(child);
      return waiting.shift() as Extract<Told, { kind: 'event' }>;
    },
    stop: () => void child.kill(),
  };
}

async function ready(child: ChildProcess): Promise<void> {
  const [told] = await aliveMessage(child);
  if ((told as Told).kind !== 'ready') throw new Error('A subscriber heard an event before there was any.');
}

/** A message of the child; an error once it has ended. */
function aliveMessage(child: ChildProcess): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    function settle(finish: () => void): void {
      child.off('message', onMessage);
      child.off('exit', onExit);
      finish();
    }
    const onMessage = (...told: unknown[]) => settle(() => resolve(told));
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`The subscribers ended with ${code}.`)));
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

export async function post(
  server: RunningServer,
  path: string,
  body: unknown,
  token?: string,
): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok || /"errors"|"message"/.test(answer))
    throw new Error(`${server.contender.name}: ${answer}`);
  return answer === '' ? null : JSON.parse(answer);
}

export function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

/** When, on what, with which versions. */
export async function circumstances({ client }: BenchDatabase): Promise<string> {
  const { rows } = await client.query<{ server: string }>(
    "select current_setting('server_version') as server",
  );
  return (
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ` +
    `load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.versions.node}, PostgreSQL ${rows[0]?.server.split(' ')[0]}`
  );
}
